"""`rescuesim.frontier`: an objective against the number of sites, people or cost, each point with its bound."""

from __future__ import annotations

import logging
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
from rescuesim.siting.cover_groups import build_problem
from rescuesim.siting.covering import Cover, maximise
from rescuesim.siting.formulation import solve_formulation
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.limits import AnyTimes
from rescuesim.siting.models import MODELS, MinSites
from rescuesim.siting.models.mclp import number_and_budget
from rescuesim.siting.models.states import STATES, every_state, solve_from
from rescuesim.siting.point_groups import point_groups
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.resources import Over, Resource
from rescuesim.siting.shared_bounds import SharedBounds
from rescuesim.siting.site_rows import stacked
from rescuesim.siting.verification import verified
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimesEnsemble

__all__ = ["Frontier", "frontier"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """Result of `rescuesim.frontier`.

    Parameters
    ----------
    objective_name : str
    sense : {'max', 'min'}
    over : {'n_sites', 'people', 'cost'}
    points : DataFrame
        One row an amount, rising: ``amount, used, objective, best_bound, gap, status, n_sites, cost``. The cost is
        net of subsidies. Without a plan that keeps the side conditions the objective is NaN.
    plans : tuple of Plan or None
        In the order of the points; None where there is no plan.
    weight : float
        Of the demand points with a standard together (of all where the model has no limits), to turn covered weight
        into a share.
    weighs_people : bool
        Whether that weight is their people: the share is 建成覆盖率 then.
    runtime_s : float
    notes : tuple of str
        Which amounts of the objective are not asked along the frontier, and which limits hold at every amount.
    """

    objective_name: str
    sense: Literal["max", "min"]
    over: Over
    points: pd.DataFrame
    plans: tuple[Plan | None, ...]
    weight: float
    runtime_s: float
    weighs_people: bool = False
    notes: tuple[str, ...] = ()

    @property
    def largest_gap(self) -> float:
        """The largest gap of all points that have a plan; 0 without any."""
        gaps = self.points["gap"].dropna()
        return float(gaps.max()) if len(gaps) else 0.0


def frontier(
    times: AnyTimes | TravelTimesEnsemble,
    objective: Any,
    *,
    over: Over = "n_sites",
    amounts: Sequence[float] | None = None,
    n_points: int = 40,
    standard: ResponseStandard | None = None,
    limit_s: float | None = None,
    constraints: SitingConstraints | None = None,
    solve_limit_s: float = 120.0,
    relative_gap: float = 0.005,
    workers: int = 1,
    seed: int = 0,
) -> Frontier:
    """Solve a model for one amount of sites, people or money after the other, from nothing to saturation.

    Parameters
    ----------
    times : TravelTimes, TravelTimePairs or TravelTimesEnsemble
        Over states of a broken network, an objective with a risk is asked.
    objective : object
        Of `rescuesim.siting.models`. Its own number of sites is not asked, whatever is spent, nor its budget over
        ``cost``: the amounts stand in their place, and the notes of the result say so.
    over : {'n_sites', 'people', 'cost'}, optional
        What is spent; people as `people_needed` has it, cost net of subsidies.
    amounts : sequence of float, optional
        From what the sites that must be open use to what covers all that can be covered, if absent.
    n_points : int, optional
        Largest number of amounts, where they are not given.
    standard, limit_s, constraints, workers, seed
        As in `rescuesim.site`.
    solve_limit_s : float, optional
        For all points together.
    relative_gap : float, optional
        A point whose plan is proved to be so close to the best is done.

    Returns
    -------
    Frontier
        More never gives less: a plan counts for all larger amounts, a bound for all smaller ones.

    Raises
    ------
    InputError

    Examples
    --------
    >>> from rescuesim.siting import MaxCoverage
    >>> from rescuesim.travel import TravelTimes
    >>> times = TravelTimes.from_matrix([[60, 400, 400], [400, 90, 80]],
    ...     sites=pd.DataFrame({"id": ["a", "b"]}), demand=pd.DataFrame({"id": [1, 2, 3], "people": [50, 20, 20]}))
    >>> frontier(times, MaxCoverage(1), limit_s=100).points[["amount", "objective", "best_bound"]].values.tolist()
    [[0.0, 0.0, 0.0], [1.0, 50.0, 50.0], [2.0, 90.0, 90.0]]
    """
    faults = _number_faults(n_points) if amounts is None else amount_faults(amounts, over)
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
        amounts=amounts,
        further=faults,
    )
    given = None if amounts is None else sorted({float(one) for one in amounts})
    walk = _Walk(along=along, levels=given or _levels(along, n_points))
    found = walk.solved()
    sites = along.problem.times.sites
    weight, weighs_people = _weight_in_standard(along.problem)
    return Frontier(
        objective_name=along.model.name,
        sense=along.model.sense,
        over=over,
        points=pd.DataFrame([walk.row(at, one) for at, one in enumerate(found)]),
        plans=tuple(
            None if one.opened is None else _plan(sites, one.opened, amount)
            for one, amount in zip(found, walk.levels, strict=True)
        ),
        weight=weight,
        weighs_people=weighs_people,
        runtime_s=along.run.clock.elapsed_s(),
        notes=along.notes,
    )


def _weight_in_standard(problem: SitingProblem) -> tuple[float, bool]:
    """Return the weight that can count at all, and whether it is the people of zones with a standard."""
    demand, limits = problem.times.demand, problem.limits
    if limits is None:
        return float(demand.weights.sum()), False
    inside = limits.in_standard
    weights, people = demand.weights[inside], demand.people[inside]
    return float(weights.sum()), bool(np.array_equal(weights, people))


def _number_faults(n_points: object) -> list[str]:
    wrong = isinstance(n_points, bool) or not isinstance(n_points, int) or n_points < 2
    return [f"n_points {n_points!r}: expected 2 or more"] if wrong else []


def _levels(along: Along, n_points: int) -> list[float]:
    """Choose amounts from what must be used to what saturates."""
    problem, resource = along.problem, along.resource
    least = resource.enough_for(problem.must_open)
    most = resource.enough_for(~problem.must_close)
    if along.model.uses_limits and problem.limits is not None:
        most = min(most, max(least, _saturating(along)))
    levels = np.linspace(least, most, n_points)
    if resource.over == "cost":
        return sorted({least, *(one for one in np.round(levels[1:-1], 2).tolist() if least < one < most), most})
    if most - least + 1 <= n_points:
        return [float(one) for one in range(int(least), int(most) + 1)]
    return sorted(set(np.rint(levels).tolist()))


def _saturating(along: Along) -> float:
    """Return an amount that is enough to cover all that can be covered, about the smallest."""
    problem, run = along.problem, along.run
    part = replace(
        run, clock=Clock(limit_s=max(run.clock.left_s() / 20, 0.5)), relative_gap=max(run.relative_gap, 0.01)
    )
    over_states = problem.states is not None
    if along.resource.over == "n_sites" and not over_states:
        found = MODELS[MinSites].solve(problem, MinSites(), part)
    else:
        program = every_state(problem) if over_states else MODELS[MinSites].formulate(problem, MinSites())
        use = np.array([float(one) for one in along.resource.use])
        found = solve_formulation(problem, replace(program, objective=use), part)
    return math.inf if found.opened is None else along.resource.enough_for(found.opened)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """The points of a frontier, solved from the smallest amount to the largest."""

    along: Along
    levels: list[float]

    def solved(self) -> list[Found]:
        """Solve all points; plans are handed on to larger amounts, bounds to smaller ones."""
        run = self.along.run
        sign = 1.0 if self.along.model.sense == "max" else -1.0
        shared = self._shared()
        whole = self._whole_value() if self.along.model.uses_limits and sign > 0 else math.inf
        found: list[Found] = []
        before: Found | None = None
        for k, amount in enumerate(self.levels):
            if before is not None and before.objective >= whole:  # nothing is left to cover
                found.append(replace(before, status="optimal", best_bound=before.objective, bound_source="all covered"))
                continue
            share = Clock(limit_s=run.clock.left_s() / (len(self.levels) - k))
            one = self._one(amount, replace(run, clock=share), before)
            if before is not None and (one.opened is None or sign * one.objective < sign * before.objective):
                assert one.status != "infeasible"
                one = replace(one, status="feasible", opened=before.opened, objective=before.objective)
            if shared is not None and one.opened is not None and one.status != "optimal":
                shared.improve(k, one.objective, enough=run.relative_gap)
            found.append(one)
            before = one if one.opened is not None else before
        bounds = np.array([sign * one.best_bound for one in found])
        if shared is not None:
            bounds = np.where([one.opened is None for one in found], bounds, np.minimum(bounds, shared.bounds))
        last = math.inf
        for k in range(len(found) - 1, -1, -1):
            if found[k].opened is None:
                continue
            last = min(last, max(float(bounds[k]), sign * found[k].objective))
            if last < sign * found[k].best_bound:
                source = found[k].bound_source if last == bounds[k] == sign * found[k].best_bound else "other amounts"
                found[k] = replace(found[k], best_bound=sign * last, bound_source=source)
        return found

    def _one(self, amount: float, run: Run, before: Found | None) -> Found:
        """Solve one point and recompute its objective."""
        along = self.along
        problem, objective = along.at(amount)
        if along.resource.over == "n_sites" and amount < 1:
            nothing = np.zeros(problem.n_sites, dtype=np.bool_)
            asks_all = getattr(objective, "cover_all", False) and len(point_groups(problem)) > 0
            if along.model.sense == "min" or asks_all or not problem.keeps(nothing):
                return Found(status="infeasible", opened=None, objective=math.nan, best_bound=math.nan)
            found = Found(status="optimal", opened=nothing, objective=0.0, best_bound=0.0, bound_source="no site")
            return replace(found, objective=verified(problem, along.model, objective, found))

        def solve(exactly: SitingProblem, asked: Any, part: Run) -> Found:
            return self._solve(exactly, asked, part, before)

        return along.solved(problem, objective, run, solve)

    def _solve(self, problem: SitingProblem, objective: Any, run: Run, before: Found | None) -> Found:
        """Solve one point; coverage from the plan of the amount before it."""
        if self.along.model is STATES:
            return solve_from(problem, objective, run, None if before is None else before.opened)
        if self.along.model.name != "max_coverage" or problem.limits is None or problem.limits.wants_second.any():
            return self.along.model.solve(problem, objective, run)
        groups = build_problem(problem)
        if groups.rounded:
            return self.along.model.solve(problem, objective, run)
        cover = Cover.of(
            groups.first,
            groups.weight / groups.scale,
            rows=stacked([problem.rows, number_and_budget(problem, objective)]),
            must_open=problem.must_open,
            must_close=problem.must_close,
        )
        return maximise(cover, run, None if before is None else before.opened)

    def _shared(self) -> SharedBounds | None:
        """Prices that bound all points of a covering model at once."""
        if self.along.model.name != "max_coverage":
            return None
        groups = build_problem(self.along.problem)
        if groups.rounded:
            return None
        use, amounts = self.along.resource.as_rows_have_it(self.levels)
        return SharedBounds(
            groups.first,
            groups.weight / groups.scale,
            use,
            self.along.problem.must_open,
            self.along.problem.must_close,
            amounts,
        )

    def _whole_value(self) -> float:
        """Return what all sites that may be open would reach together."""
        if self.along.model.name != "max_coverage":
            return math.inf
        groups = build_problem(self.along.problem)
        return math.inf if groups.rounded else float(groups.weight.sum()) / groups.scale

    def row(self, at: int, found: Found) -> dict[str, Any]:
        """Return one row of the table."""
        value, bound = found.objective / self.along.factor, found.best_bound / self.along.factor
        gap = math.nan if found.opened is None else 0.0 if value == bound else abs(bound - value) / (abs(value) or 1e-9)
        opened = found.opened
        return {
            "amount": self.levels[at],
            "used": math.nan if opened is None else self.along.resource.used(opened),
            "objective": value if opened is not None else math.nan,
            "best_bound": bound if opened is not None else math.nan,
            "gap": gap,
            "status": "optimal" if gap == 0 else found.status,
            "n_sites": 0 if opened is None else int(opened.sum()),
            "cost": math.nan if opened is None else self._cost_of(opened),
        }

    def _cost_of(self, opened: NDArray[np.bool_]) -> float:
        return Resource(over="cost", use=self.along.problem.costs).used(opened)


def _plan(sites: CandidateSites, opened: NDArray[np.bool_], amount: float) -> Plan:
    ids = [id_ for id_, is_open in zip(sites.ids, opened, strict=True) if is_open]
    return Plan.from_opened(sites, ids, name=f"plan {amount:g}")
