"""Available coverage: as much weight as possible covered by crews that are there, by shift.

    max sum_i w_i sum_h s_h P_ih(x),   P_ih(x) = 1 - prod_{j covers i} (1 - a_jh x_j)

h: shifts, s_h their share of the day; a_jh: probability that the crew of site j can turn out in shift h. All units of
a site are away together and the crews of a shift share its availability, so that absence is correlated by shift; given
the shift, sites are independent. Where a second unit is wanted, P_ih is the probability that a site in time as first
and another in time as second are both there.

Solved exactly by outer approximation: for any set S of open sites and any x,

    P_ih(x) <= P_ih(S) + (1 - P_ih(S)) sum_{j not in S} a_jh x_j,

because one more crew helps only if it is there and the others do not do. These rows are added where the program claims
more than its sites are worth, until it claims no more anywhere. Groups whose sites all have crews of one availability
are written out in full: a k-th site is worth w_i sum_h s_h a_h (1 - a_h)^(k-1).

References
----------
Daskin, M. S. (1983). A maximum expected covering location model. Transportation Science 17(1), 48-70.
doi:10.1287/trsc.17.1.48 (units are busy there; here whole sites are away, each with its own probability)
Nemhauser, G. L., Wolsey, L. A. (1981). Maximizing submodular set functions: formulations and analysis of algorithms.
North-Holland Mathematics Studies 59, 279-301. doi:10.1016/S0304-0208(08)73471-6
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, vstack

from rescuesim.errors import InputError, SolverError
from rescuesim.siting.availability import AvailableWorth, availability
from rescuesim.siting.formulation import Formulation, mixed_program
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.limits import available_share
from rescuesim.siting.models.model import Model
from rescuesim.siting.placing import SEARCH_SHARE, first_feasible, place
from rescuesim.siting.point_groups import point_groups
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.started import found_units
from rescuesim.siting.unit_counts import StepColumns, step_columns
from rescuesim.solver import solve_linear, solve_mixed

__all__ = ["AVAILABLE", "MaxAvailableCoverage"]

_SAME = 1e-6  # share of the objective, and of a group, that the solver's tolerance lets pass
_LINEAR_ROUNDS = 6
_LINEAR_SHARE = 0.3  # of the time


@dataclass(frozen=True, slots=True)
class MaxAvailableCoverage:
    """Cover as much weight as possible with crews that are there, by shift (可用覆盖率).

    Parameters
    ----------
    n_sites : int
        Largest number of open sites, existing and required ones included.

    Examples
    --------
    >>> import pandas as pd
    >>> from rescuesim.siting import site
    >>> from rescuesim.standard import load_standard
    >>> from rescuesim.travel import TravelTimes
    >>> times = TravelTimes.from_matrix([[60], [60]], sites=pd.DataFrame({"id": ["a", "b"],
    ...     "crew": ["township_duty", "brigade"]}), demand=pd.DataFrame({"id": [1], "people": [90],
    ...     "zone": ["suburb"]}))
    >>> site(times, MaxAvailableCoverage(1), standard=load_standard()).opened
    ('b',)
    """

    n_sites: int

    def __post_init__(self) -> None:
        if isinstance(self.n_sites, bool) or not isinstance(self.n_sites, Integral) or self.n_sites < 1:
            raise InputError(f"n_sites {self.n_sites!r}: expected a whole number of 1 or more")


def _check(problem: SitingProblem, objective: MaxAvailableCoverage) -> list[str]:
    faults = []
    openable = int((~problem.must_close).sum())
    if objective.n_sites > openable:
        faults.append(f"n_sites {objective.n_sites}: expected at most the {openable} sites that may be open")
    if problem.standard is None:
        faults.append("available coverage: expected a standard, whose crews have their availability by shift")
    return faults


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Groups of a problem, those written out in full apart from those that are approximated by rows."""

    worth: AvailableWorth
    full: NDArray[np.int64]
    steps: StepColumns
    rest: NDArray[np.int64]
    n_sites: int

    def filled(self, opened: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the values of all columns, the approximated ones at their true share."""
        count = np.asarray(self.worth.groups.first[self.full] @ opened.astype(np.int64)).astype(np.int64)
        share = self.worth.by_shift(opened)[self.rest] @ self.worth.hours
        return np.asarray(np.r_[opened.astype(np.float64), self.steps.filled(count), share])


def _parts(problem: SitingProblem, objective: MaxAvailableCoverage) -> _Parts:
    there, hours = availability(problem)
    groups = point_groups(problem)
    worth = AvailableWorth(groups=groups, there=there, hours=hours)
    alike = ~groups.wants_second
    starts = groups.first.indptr[:-1]
    of_group = np.zeros((len(groups), len(hours)))
    for shift in range(len(hours) if len(groups) else 0):
        of_entry = there[groups.first.indices, shift]
        low, high = np.minimum.reduceat(of_entry, starts), np.maximum.reduceat(of_entry, starts)
        alike &= low == high
        of_group[:, shift] = low
    full, rest = np.flatnonzero(alike), np.flatnonzero(~alike)
    reach = np.diff(groups.first.indptr)[full]
    n_steps = int(min(reach.max(initial=1), objective.n_sites))
    away = (1 - of_group[full])[:, None, :] ** np.arange(n_steps)[None, :, None]
    step = (of_group[full][:, None, :] * away) @ hours
    steps = step_columns(np.minimum(reach, objective.n_sites), groups.weight[full][:, None] * step)
    return _Parts(worth=worth, full=full, steps=steps, rest=rest, n_sites=objective.n_sites)


def _program(parts: _Parts, cuts: list[csr_array], constants: list[NDArray[np.float64]]) -> Formulation:
    """Write the program with the rows found so far: ``share <= constant + factors @ x``."""
    groups, steps = parts.worth.groups, parts.steps
    n, n_steps, n_rest = groups.n_sites, len(steps.group), len(parts.rest)
    number = csr_array(np.r_[np.ones(n), np.zeros(n_steps + n_rest)][None, :])
    full = block_array([[groups.first[parts.full], -steps.rows, csr_array((len(parts.full), n_rest))]])
    best = parts.worth.by_shift(np.ones(n, dtype=np.bool_))[parts.rest] @ parts.worth.hours
    return Formulation(
        sense="max",
        objective=np.r_[np.zeros(n), steps.worth, groups.weight[parts.rest]],
        rows=csr_array(vstack([number, full, *cuts])),
        lower=np.r_[-np.inf, np.zeros(len(parts.full)), *(-one for one in constants)],
        upper=np.r_[parts.n_sites, np.full(len(parts.full) + sum(map(len, constants)), np.inf)],
        low=np.zeros(n_steps + n_rest),
        high=np.r_[np.ones(n_steps), np.minimum(best + 1e-12, 1.0)],
        whole=np.zeros(n_steps + n_rest, dtype=np.bool_),
    )


def _cut(parts: _Parts, opened: NDArray[np.bool_], of: NDArray[np.int64]) -> tuple[csr_array, NDArray[np.float64]]:
    """Rows that hold for any sites and are exact for these, of some of the approximated groups (places in `rest`)."""
    worth = parts.worth
    share = worth.by_shift(opened)[parts.rest[of]]
    factors = worth.groups.either[parts.rest[of]].tocsr(copy=True)
    row = np.repeat(np.arange(len(of)), np.diff(factors.indptr))
    by_entry = (((1 - share) * worth.hours)[row] * worth.there[factors.indices]).sum(axis=1)
    factors.data = by_entry * ~opened[factors.indices]
    return _as_rows(parts, factors, of), share @ worth.hours


def _as_rows(parts: _Parts, factors: csr_array, of: NDArray[np.int64]) -> csr_array:
    """Put factors of the sites in front of minus the share of the groups."""
    n_steps, n_rest = len(parts.steps.group), len(parts.rest)
    minus = csr_array((-np.ones(len(of)), (np.arange(len(of)), of)), shape=(len(of), n_rest))
    return csr_array(block_array([[factors, csr_array((len(of), n_steps)), minus]], format="csr"))


def _tangents(parts: _Parts, x: NDArray[np.float64], of: NDArray[np.int64]) -> tuple[csr_array, NDArray[np.float64]]:
    """Rows that touch 1 - exp(-sum of -log(1 - a)) at any x, of some of the approximated groups.

    The function lies on or over the share at whole x, and is concave; a crew that is never away counts as one that is
    away once in a million.
    """
    worth = parts.worth
    rate = -np.log1p(-np.minimum(worth.there, 1 - 1e-6))
    factors = worth.groups.first[parts.rest[of]].tocsr(copy=True)
    total = np.asarray(factors @ (rate * x[:, None]))
    missed = np.exp(-total)
    row = np.repeat(np.arange(len(of)), np.diff(factors.indptr))
    factors.data = ((missed * worth.hours)[row] * rate[factors.indices]).sum(axis=1)
    constant = (1 - missed * (1 + total)) @ worth.hours
    # a million to one that is left out is allowed for
    return _as_rows(parts, factors, of), constant + 1e-6


def _first_cuts(parts: _Parts, opened: NDArray[np.bool_]) -> tuple[list[csr_array], list[NDArray[np.float64]]]:
    """Rows at no site and at the sites of a plan."""
    every = np.arange(len(parts.rest))
    made = [_cut(parts, none, every) for none in (np.zeros_like(opened), opened)]
    return [row for row, _ in made], [constant for _, constant in made]


def _formulate(problem: SitingProblem, objective: MaxAvailableCoverage) -> Formulation:
    """Write the program that `_solve` ends with; where groups are approximated, that takes a solve of its own."""
    parts = _parts(problem, objective)
    cuts, constants = _first_cuts(parts, problem.must_open)
    if len(parts.rest):
        run = Run(clock=Clock(limit_s=math.inf))
        _outer(problem, parts, cuts, constants, problem.must_open, run)
    return _program(parts, cuts, constants)


def _solve(problem: SitingProblem, objective: MaxAvailableCoverage, run: Run) -> Found:
    """Place sites by swaps, then prove by outer approximation."""
    first = first_feasible(problem, objective.n_sites, run)
    if isinstance(first, Found):
        return first
    parts = _parts(problem, objective)
    placed = place(problem, parts.worth, first, run.part(SEARCH_SHARE), n_units=objective.n_sites)
    if placed.interrupted:
        bound, value = float(parts.worth.groups.weight.sum()), parts.worth.value(placed.units)
        return found_units(placed.units, value, bound, status="feasible", bound_source="sum of weights")
    cuts, constants = _first_cuts(parts, placed.opened)
    return _outer(problem, parts, cuts, constants, placed.opened, run)


def _outer(
    problem: SitingProblem,
    parts: _Parts,
    cuts: list[csr_array],
    constants: list[NDArray[np.float64]],
    opened: NDArray[np.bool_],
    run: Run,
) -> Found:
    """Solve, add rows where more is claimed than true, and solve again, until nothing is claimed or the time is up."""
    worth, cut_at = parts.worth, {opened.tobytes()}
    best, value = opened, worth.value(opened.astype(np.int64))
    bound, source = float(worth.groups.weight.sum()), "sum of weights"
    if len(parts.rest):
        _linear_rounds(problem, parts, cuts, constants, run)
    while True:
        program = mixed_program(problem, _program(parts, cuts, constants))
        found = solve_mixed(
            program,
            hint=parts.filled(best),
            limit_s=run.clock.left_s(),
            seed=run.seed,
            relative_gap=run.relative_gap,
        )
        if -found.best_bound < bound:
            bound, source = -found.best_bound, found.bound_source
        if found.x is None:
            break
        asked = found.x[: problem.n_sites] > 0.5
        if problem.keeps(asked) and worth.value(asked.astype(np.int64)) > value:
            best, value = asked, worth.value(asked.astype(np.int64))
        gap = bound - value
        if gap <= max(_SAME, run.relative_gap) * max(1.0, abs(value)) or found.status != "optimal":
            break
        if asked.tobytes() in cut_at:  # all rows of these sites are there: what is claimed over them is tolerance
            break
        cut_at.add(asked.tobytes())
        if run.clock.left_s() <= 0.01 or not _add_cuts(parts, cuts, constants, found.x, asked):
            break
    if bound - value <= _SAME * max(1.0, abs(value)):
        bound = value
    return found_units(best.astype(np.int64), value, bound, status="feasible", bound_source=source)


def _add_cuts(
    parts: _Parts,
    cuts: list[csr_array],
    constants: list[NDArray[np.float64]],
    x: NDArray[np.float64],
    opened: NDArray[np.bool_],
) -> bool:
    """Add the rows of the groups that claim more than is true; False if none does."""
    claimed = x[len(x) - len(parts.rest) :]
    true = parts.worth.by_shift(opened)[parts.rest] @ parts.worth.hours
    over = np.flatnonzero(claimed > true + _SAME)
    if not len(over):
        return False
    row, constant = _cut(parts, opened, over)
    cuts.append(row)
    constants.append(constant)
    return True


def _linear_rounds(
    problem: SitingProblem, parts: _Parts, cuts: list[csr_array], constants: list[NDArray[np.float64]], run: Run
) -> None:
    """Add rows that cut off what the linear relaxation claims, so that the program starts from a fair bound."""
    n, single = problem.n_sites, np.flatnonzero(~parts.worth.groups.wants_second[parts.rest])
    until_s = run.clock.elapsed_s() + _LINEAR_SHARE * run.clock.left_s()
    for _ in range(_LINEAR_ROUNDS):
        program = mixed_program(problem, _program(parts, cuts, constants))
        left_s = min(until_s - run.clock.elapsed_s(), run.clock.left_s())
        if left_s <= 0.01:
            return
        found = solve_linear(program, limit_s=left_s)
        if found.x is None:
            return
        x, claimed = found.x[:n], found.x[len(found.x) - len(parts.rest) :]
        every = np.arange(len(parts.rest))
        largest = np.argsort(-x, kind="stable")
        offered = [
            (every, *_cut(parts, np.isin(np.arange(n), largest[:size]) & (x > 1e-6), every))
            for size in (parts.n_sites, parts.n_sites // 2)
        ]
        offered.append((single, *_tangents(parts, x, single)))
        added = False
        for of, row, constant in offered:
            broken = np.flatnonzero(claimed[of] > constant + row[:, :n] @ x + 1e-4)
            if len(broken):
                cuts.append(csr_array(row[broken]))
                constants.append(constant[broken])
                added = True
        if not added:
            return


def _value(problem: SitingProblem, objective: MaxAvailableCoverage, found: Found) -> float:
    """Weigh `available_share`, which goes through the open sites one by one, with the hours of the shifts."""
    assert found.opened is not None
    assert problem.limits is not None
    assert problem.standard is not None
    if int(found.opened.sum()) > objective.n_sites:
        raise SolverError(f"{int(found.opened.sum())} sites are open, expected at most {objective.n_sites}")
    share = available_share(problem.times, problem.limits, problem.standard, found.opened)
    _, hours = availability(problem)
    return float(problem.demand.weights @ (share @ hours))


AVAILABLE = Model(
    name="max_available_coverage",
    sense="max",
    uses_limits=True,
    check=_check,
    formulate=_formulate,
    solve=_solve,
    value=_value,
    sums_weights=lambda _: True,
)
