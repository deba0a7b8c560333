"""Places units one at a time where they are worth most, then moves them while that helps; keeps all side conditions.

Serves every model whose worth can be said for one more unit at each site at once; what it finds is where the solver
starts, and what is left at a limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rescuesim.siting.found import Found, Run
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import SiteRows, row_of, stacked
from rescuesim.solver import BinaryProgram, solve_binary
from rescuesim.solver.binary_program import Status

__all__ = ["SEARCH_SHARE", "Placed", "Worth", "first_feasible", "place"]

SEARCH_SHARE = 0.3  # of the time that is left, before the proof begins
_KICKS = 4
_MOVED_BY_KICK = 3


class Worth(Protocol):
    """What units at the sites are worth, to be made as large as possible."""

    def value(self, units: NDArray[np.int64]) -> float:
        """Return the worth of the units at each site; int64, shape (n_sites,)."""
        ...

    def gains(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what one more unit at each site would add; float64, shape (n_sites,)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Units that keep all side conditions.

    Parameters
    ----------
    units : ndarray of int64, shape (n_sites,)
    interrupted : bool
        Whether Ctrl-C ended the search.
    """

    units: NDArray[np.int64]
    interrupted: bool = False

    @property
    def opened(self) -> NDArray[np.bool_]:
        """Sites with a unit."""
        return np.asarray(self.units > 0)


def first_feasible(
    problem: SitingProblem, most_sites: int, run: Run, name: str = "n_sites"
) -> NDArray[np.bool_] | Found:
    """Open as few sites as keep all side conditions.

    Parameters
    ----------
    problem : SitingProblem
    most_sites : int
    run : Run
    name : str, optional
        What the planner calls the largest number.

    Returns
    -------
    ndarray of bool, shape (n_sites,), or Found
        The latter says that no sites do, or that none were found in time.
    """
    fixed = int(problem.must_open.sum())
    if fixed > most_sites:
        return _none(
            "infeasible", f"{name} {most_sites} is less than the {fixed} existing and required sites, which stay open"
        )
    if problem.keeps(problem.must_open):
        return problem.must_open.copy()
    side = stacked([problem.rows, row_of(np.ones(problem.n_sites, dtype=np.int64), "number", upper=most_sites)])
    side = stacked([side, _status_rows(problem)])
    program = BinaryProgram(
        objective=-np.ones(problem.n_sites, dtype=np.int64), rows=side.rows, lower=side.lower, upper=side.upper
    )
    found = solve_binary(program, limit_s=run.clock.left_s(), workers=run.workers, seed=run.seed)
    if found.x is None:
        message = "no choice of sites keeps all side conditions" if found.status == "infeasible" else ""
        return _none(found.status, message)
    return found.x


def _none(status: Status, message: str) -> Found:
    """Say that there is no plan."""
    bound = -math.inf if status == "infeasible" else math.inf
    return Found(status=status, opened=None, objective=math.nan, best_bound=bound, message=message)


def place(
    problem: SitingProblem,
    worth: Worth,
    start: NDArray[np.bool_],
    run: Run,
    *,
    n_units: int,
    most: int = 1,
    kicks: int = _KICKS,
) -> Placed:
    """Place units greedily, then move them one at a time; kicked loose a few times.

    Parameters
    ----------
    problem : SitingProblem
    worth : Worth
    start : ndarray of bool, shape (n_sites,)
        Open sites that keep all side conditions, no more than units; each gets a unit.
    run : Run
    n_units : int
        Most units in all.
    most : int, optional
        Most units of a site; with 1 the units are the open sites.
    kicks : int, optional
        How often to move some units at random and search again.

    Returns
    -------
    Placed
        Deterministic for a seed unless the limit is met; ties go to the first site in the table.
    """
    rules = _Rules(problem, n_units, most)
    rng = np.random.default_rng(run.seed)
    best = start.astype(np.int64)
    try:
        best = current = _improved(best, worth, rules, run)
        value = worth.value(best)
        for _ in range(kicks):
            if run.clock.left_s() <= 0.01:
                break
            current = _improved(_kicked(best, rules, rng), worth, rules, run)
            if worth.value(current) > value + 1e-9 * max(1.0, abs(value)):
                best, value = current, worth.value(current)
    except KeyboardInterrupt:
        return Placed(units=best, interrupted=True)
    return Placed(units=best)


class _Rules:
    """Which site may take one more unit, and which may give one up."""

    def __init__(self, problem: SitingProblem, n_units: int, most: int) -> None:
        self.problem, self.n_units, self.most = problem, n_units, most
        self.rows = problem.rows.rows.toarray()

    def may_take(self, units: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Mark the sites that may take one more unit; bool, shape (n_sites,)."""
        if units.sum() >= self.n_units:
            return np.zeros(len(units), dtype=np.bool_)
        side = self.problem.rows
        activity = self.rows @ (units > 0)
        kept_now = bool(((activity >= side.lower) & (activity <= side.upper)).all())
        opened = activity[:, None] + self.rows
        kept = ((opened >= side.lower[:, None]) & (opened <= side.upper[:, None])).all(axis=0)
        return np.asarray(np.where(units > 0, kept_now, kept) & (units < self.most) & ~self.problem.must_close)

    def may_give(self, units: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Mark the sites that may give a unit up, if another site takes it; bool, shape (n_sites,)."""
        return units > self.problem.must_open

    def kept(self, units: NDArray[np.int64]) -> bool:
        """Whether the units keep all side conditions."""
        return int(units.sum()) <= self.n_units and self.problem.keeps(units > 0)


def _improved(units: NDArray[np.int64], worth: Worth, rules: _Rules, run: Run) -> NDArray[np.int64]:
    """Add units while that helps, then move them, site after site, until a whole round moves none."""
    units = _filled(units, worth, rules)
    value, since_moved, site = worth.value(units), 0, -1
    while since_moved < len(units) and run.clock.left_s() > 0.01:
        site, since_moved = (site + 1) % len(units), since_moved + 1
        if not rules.may_give(units)[site]:
            continue
        without = units.copy()
        without[site] -= 1
        gains = np.where(rules.may_take(without), worth.gains(without), -np.inf)
        to = int(np.argmax(gains))
        if worth.value(without) + gains[to] > value + 1e-9 * max(1.0, abs(value)):
            without[to] += 1
            units, since_moved = _filled(without, worth, rules), 0
            value = worth.value(units)
    return units


def _filled(units: NDArray[np.int64], worth: Worth, rules: _Rules) -> NDArray[np.int64]:
    """Add the unit that is worth most until none is worth anything."""
    units = units.copy()
    while (free := rules.may_take(units)).any():
        gains = np.where(free, worth.gains(units), -np.inf)
        best = int(np.argmax(gains))
        if gains[best] <= 1e-12:
            break
        units[best] += 1
    return units


def _kicked(units: NDArray[np.int64], rules: _Rules, rng: np.random.Generator) -> NDArray[np.int64]:
    """Move some units to sites drawn at random."""
    for _ in range(_MOVED_BY_KICK):
        if not len(give := np.flatnonzero(rules.may_give(units))):
            break
        moved = units.copy()
        moved[rng.choice(give)] -= 1
        if not len(take := np.flatnonzero(rules.may_take(moved))):
            continue
        moved[rng.choice(take)] += 1
        units = moved if rules.kept(moved) else units
    return units


def _status_rows(problem: SitingProblem) -> SiteRows:
    """Return the statuses of the sites as two rows."""
    n = int(problem.must_open.sum())
    must = row_of(problem.must_open.astype(np.int64), "required", lower=n)
    return stacked([must, row_of(problem.must_close.astype(np.int64), "closed", upper=0)])
