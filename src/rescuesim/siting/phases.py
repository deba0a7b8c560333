"""`rescuesim.phases`: a build order whose every prefix is good (R67), and what each prefix loses against its own best.

The best plans of two years are seldom one inside the other. From the best plan of each phase a whole order is made:
later phases add to it, earlier ones leave out of it, each at its best. Of these orders the one with the smallest
largest loss is taken. Each loss is measured against the proved bound of its phase, so it is never understated.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.plan import Plan
from rescuesim.siting.amounts import Along, amount_faults, asked_along
from rescuesim.siting.constraints import SitingConstraints
from rescuesim.siting.found import Clock, Found
from rescuesim.siting.limits import AnyTimes
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.resources import Over
from rescuesim.solver.binary_program import NO_BOUND
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimesEnsemble

__all__ = ["Phases", "phases"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Result of `rescuesim.phases`.

    Parameters
    ----------
    objective_name : str
    sense : {'max', 'min'}
    over : {'n_sites', 'people', 'cost'}
    table : DataFrame
        One row a phase: ``phase, amount, used, opens`` (ids that are new in it), ``objective, own_best, own_bound``
        and ``loss``, the share that the objective is at most worse than the best plan of this phase alone.
    plans : tuple of Plan
        All that is open at the end of each phase; empty if no order keeps the side conditions.
    status : {'feasible', 'infeasible', 'unknown'}
    message : str
    runtime_s : float
    notes : tuple of str
        Which amounts of the objective are not asked, and which limits hold in every phase.
    """

    objective_name: str
    sense: Literal["max", "min"]
    over: Over
    table: pd.DataFrame
    plans: tuple[Plan, ...]
    status: Literal["feasible", "infeasible", "unknown"]
    message: str
    runtime_s: float
    notes: tuple[str, ...] = ()


def phases(
    times: AnyTimes | TravelTimesEnsemble,
    objective: Any,
    amounts: Sequence[float],
    *,
    over: Over = "n_sites",
    standard: ResponseStandard | None = None,
    limit_s: float | None = None,
    constraints: SitingConstraints | None = None,
    solve_limit_s: float = 120.0,
    relative_gap: float = 0.0,
    workers: int = 1,
    seed: int = 0,
) -> Phases:
    """Order what is built so that the plan is good at the end of every phase.

    Parameters
    ----------
    times : TravelTimes, TravelTimePairs or TravelTimesEnsemble
        Over states of a broken network, an objective with a risk is asked.
    objective : object
        Of `rescuesim.siting.models`. Its own number of sites is not asked, whatever is spent, nor its budget over
        ``cost``: the amounts stand in their place, and the notes of the result say so.
    amounts : sequence of float
        What is there by the end of each phase, all phases before included, rising: numbers of open sites, people on
        rosters, or money after subsidies.
    over : {'n_sites', 'people', 'cost'}, optional
    standard, limit_s, constraints, relative_gap, workers, seed
        As in `rescuesim.site`. Existing sites that are kept are open from the first phase. Conditions that ask for
        something to be open (required sites, at least so many of a group) hold in the last phase; all others in
        every phase.
    solve_limit_s : float, optional
        For all phases together.

    Returns
    -------
    Phases

    Raises
    ------
    InputError

    Examples
    --------
    >>> from rescuesim.siting import MaxCoverage
    >>> from rescuesim.travel import TravelTimes
    >>> times = TravelTimes.from_matrix([[60, 400, 400], [400, 90, 80]],
    ...     sites=pd.DataFrame({"id": ["a", "b"]}), demand=pd.DataFrame({"id": [1, 2, 3], "people": [50, 20, 20]}))
    >>> found = phases(times, MaxCoverage(1), [1, 2], limit_s=100)
    >>> found.table[["opens", "objective", "loss"]].values.tolist()
    [[('a',), 50.0, 0.0], [('b',), 90.0, 0.0]]
    """
    faults = amount_faults(amounts, over) or _order_faults(amounts, over)
    along = asked_along(
        times,
        objective,
        over=over,
        standard=standard,
        limit_s=limit_s,
        constraints=constraints,
        solve_limit_s=solve_limit_s,
        relative_gap=relative_gap,
        workers=workers,
        seed=seed,
        amounts=None,
        further=faults,
    )
    ends = [float(one) for one in amounts]
    early = _without_demands(along.problem, constraints or SitingConstraints())
    order = _Order(along=along, early=early, amounts=ends, n_solves=len(ends) ** 2)
    sites = along.problem.times.sites
    own = [order.solve(k) for k in range(len(ends))]
    chain = None if any(one.opened is None for one in own) else order.best(own)
    status, message = _outcome(chain, own)
    return Phases(
        objective_name=along.model.name,
        sense=along.model.sense,
        over=over,
        table=order.table(chain, own),
        plans=() if chain is None else tuple(order.plan(sites, k, one) for k, one in enumerate(chain)),
        status=status,
        message=message,
        runtime_s=along.run.clock.elapsed_s(),
        notes=along.notes,
    )


def _outcome(
    chain: Sequence[Found] | None, own: Sequence[Found]
) -> tuple[Literal["feasible", "infeasible", "unknown"], str]:
    """Return the status, and say why there is no order: a phase without a plan, or phases that do not fit together."""
    if chain is not None:
        return "feasible", ""
    failed = [k for k, one in enumerate(own) if one.opened is None]
    proved = any(own[k].status == "infeasible" for k in failed)
    which = f"phase {failed[0] + 1} by itself" if failed else "an order in which every phase adds to the one before"
    message = f"{which}: no plan that keeps the side conditions" + ("" if proved else " was found")
    return "infeasible" if proved else "unknown", message


def _order_faults(amounts: Sequence[float], over: Over) -> list[str]:
    """Say of numbers why they are no ends of phases."""
    faults = []
    if any(b < a for a, b in itertools.pairwise(amounts)):
        faults.append(f"amounts {list(amounts)!r}: expected rising amounts, earlier phases included")
    if over == "n_sites" and any(one < 1 for one in amounts):
        faults.append(f"amounts {list(amounts)!r}: expected at least 1 site in the first phase")
    return faults


def _without_demands(problem: SitingProblem, constraints: SitingConstraints) -> SitingProblem:
    """Return the problem of an early phase, which need not have all that the last one must have."""
    side = problem.rows
    negative = np.asarray((side.rows < 0).sum(axis=1)).ravel() > 0  # of the form "a only with b": asked in all phases
    keeps_existing = np.array([label.endswith("existing sites moved") for label in side.labels], dtype=np.bool_)
    lower = np.where(negative | keeps_existing, side.lower, -NO_BOUND)
    rows = replace(side, lower=lower)
    exists = problem.sites.with_status("existing") & (constraints.existing == "keep")
    return replace(problem, must_open=problem.must_open & exists, rows=rows)


def _at_most(objective: Any, openable: int) -> Any:
    """Lower the number of an objective to what so many sites can hold."""
    if getattr(objective, "n_sites", None) is not None:
        objective = replace(objective, n_sites=min(int(objective.n_sites), openable))
    if hasattr(objective, "n_units"):
        objective = replace(objective, n_units=min(int(objective.n_units), openable * int(objective.most)))
    return objective


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """All that the phases of one order share."""

    along: Along
    early: SitingProblem
    amounts: list[float]
    n_solves: int

    def solve(self, k: int, inside: NDArray[np.bool_] | None = None, around: NDArray[np.bool_] | None = None) -> Found:
        """Solve a phase; its plan lies inside one set of sites and around another, where given."""
        along = self.along
        problem = along.problem if k == len(self.amounts) - 1 else self.early
        if inside is not None:
            problem = replace(problem, must_close=problem.must_close | ~inside)
        if around is not None:
            problem = replace(problem, must_open=problem.must_open | around)
        if (problem.must_open & problem.must_close).any():
            return Found(status="infeasible", opened=None, objective=math.nan, best_bound=math.nan)
        problem, objective = along.at(self.amounts[k], problem)
        if inside is not None:
            objective = _at_most(objective, int((~problem.must_close).sum()))
        part = Clock(limit_s=max(along.run.clock.left_s() / max(self.n_solves / 2, 1), 0.05))
        return along.solved(problem, objective, replace(along.run, clock=part))

    def chain(self, own: Sequence[Found], start: int) -> list[Found] | None:
        """Make the order that goes through the best plan of one phase; None if it breaks off."""
        made = list(own)
        for k in range(start + 1, len(own)):
            before = made[k - 1].opened
            made[k] = self.solve(k, around=before)
            if made[k].opened is None:
                return None
        for k in range(start - 1, -1, -1):
            outer = made[k + 1].opened
            assert outer is not None
            if not outer.any():  # it opens nothing though it may spend more: it is the only plan inside itself
                made[k] = made[k + 1]
                continue
            made[k] = self.solve(k, inside=outer)
            if made[k].opened is None:
                return None
        return made

    def best(self, own: Sequence[Found]) -> list[Found] | None:
        """Return the order with the smallest largest loss, then the smallest sum of losses."""
        chains = [self.chain(own, start) for start in range(len(own))]
        whole = [one for one in chains if one is not None]

        def losses(chain: list[Found]) -> tuple[float, float]:
            lost = [self.loss(one, alone) for one, alone in zip(chain, own, strict=True)]
            return max(lost), sum(lost)

        return min(whole, key=losses) if whole else None

    def loss(self, found: Found, own: Found) -> float:
        """Return the share that a plan is at most worse than the best of its phase."""
        best = own.objective if own.status == "optimal" else own.best_bound
        lost = best - found.objective if self.along.model.sense == "max" else found.objective - best
        return max(lost, 0.0) / (abs(best) or 1e-9)

    def plan(self, sites: CandidateSites, k: int, found: Found) -> Plan:
        """Return the plan of a phase."""
        assert found.opened is not None
        ids = [id_ for id_, is_open in zip(sites.ids, found.opened, strict=True) if is_open]
        return Plan.from_opened(sites, ids, name=f"phase {k + 1}")

    def table(self, chain: Sequence[Found] | None, own: Sequence[Found]) -> pd.DataFrame:
        """Return one row a phase."""
        rows, factor = [], self.along.factor
        before = np.zeros(self.along.problem.n_sites, dtype=np.bool_)
        for k, (one, alone) in enumerate(zip(chain or (), own, strict=False)):
            assert one.opened is not None
            new = one.opened & ~before & ~(self.early.must_open if k == 0 else False)
            rows.append(
                {
                    "phase": k + 1,
                    "amount": self.amounts[k],
                    "used": self.along.resource.used(one.opened),
                    "opens": tuple(self.along.problem.sites.ids[j] for j in np.flatnonzero(new)),
                    "objective": one.objective / factor,
                    "own_best": alone.objective / factor,
                    "own_bound": (alone.objective if alone.status == "optimal" else alone.best_bound) / factor,
                    "loss": self.loss(one, alone),
                }
            )
            before = one.opened
        columns = ["phase", "amount", "used", "opens", "objective", "own_best", "own_bound", "loss"]
        return pd.DataFrame(rows, columns=columns)
