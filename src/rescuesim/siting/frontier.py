"""`rescuesim.frontier`: an objective against the number of sites, people or cost, each point with its bound."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.errors import InputError
from rescuesim.plan import Plan
from rescuesim.siting.amounts import Over, amount_faults, asked_problem, check_asked
from rescuesim.siting.constraints import SitingConstraints
from rescuesim.siting.cover_groups import build_problem
from rescuesim.siting.covering import Cover, maximise
from rescuesim.siting.formulation import solve_formulation
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.limits import AnyTimes
from rescuesim.siting.models import MODELS, MinSites, Model
from rescuesim.siting.point_groups import point_groups
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.shared_bounds import SharedBounds
from rescuesim.siting.site_rows import SiteRows, row_of, stacked
from rescuesim.siting.staffing import people_needed
from rescuesim.siting.verification import verified
from rescuesim.siting.warm_up import clock_once_compiled
from rescuesim.siting.whole_rows import as_decimal, at_most_row
from rescuesim.standard import ResponseStandard

__all__ = ["Frontier", "Over", "Resource", "frontier", "resource_of"]

logger = logging.getLogger(__name__)
_PLACES = 60  # digits that sums of amounts are kept to


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What is spent along a frontier.

    Parameters
    ----------
    over : {'n_sites', 'people', 'cost'}
    use : ndarray of float64, shape (n_sites,)
        Of each site.
    """

    over: Over
    use: NDArray[np.float64]

    def row(self, amount: float) -> SiteRows:
        """Ask that the open sites use at most an amount."""
        if self.over == "n_sites":
            return row_of(self.use.astype(np.int64), f"n_sites {amount:g}", upper=int(amount))
        name = "budget" if self.over == "cost" else "people"
        return at_most_row([as_decimal(one) for one in self.use], as_decimal(amount), f"{name} {amount:.15g}")[0]

    def used(self, opened: NDArray[np.bool_]) -> float:
        """Return what a plan uses, as the sum of the decimals that the uses are written as."""
        with localcontext(Context(prec=_PLACES)):
            return float(sum((as_decimal(one) for one in self.use[opened]), Decimal(0)))

    def as_rows_have_it(self, amounts: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return uses and amounts such that what keeps the row of an amount, as it is rounded, uses no more than it."""
        if self.over == "n_sites":
            return self.use, np.array(amounts)
        rows = [self.row(one) for one in amounts]
        uses = [row.rows.toarray().ravel() / row.scales[0] for row in rows]
        return np.min(uses, axis=0), np.array([row.upper[0] / row.scales[0] for row in rows])

    def enough_for(self, opened: NDArray[np.bool_]) -> float:
        """Return about the smallest amount whose row a plan keeps: rows round uses up where they cannot be exact."""
        amount = self.used(opened)
        if self.over == "n_sites":
            return amount
        while not (row := self.row(amount)).kept(opened).all():
            beyond = int((row.rows @ opened.astype(np.int64))[0] - row.upper[0])
            amount = math.nextafter(amount + beyond / row.scales[0], math.inf)
        return amount


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
        Of all demand points together, to turn covered weight into a share.
    runtime_s : float
    """

    objective_name: str
    sense: Literal["max", "min"]
    over: Over
    points: pd.DataFrame
    plans: tuple[Plan | None, ...]
    weight: float
    runtime_s: float

    @property
    def largest_gap(self) -> float:
        """The largest gap of all points that have a plan; 0 without any."""
        gaps = self.points["gap"].dropna()
        return float(gaps.max()) if len(gaps) else 0.0


def resource_of(problem: SitingProblem, over: Over, constraints: SitingConstraints) -> Resource:
    """Return what each site uses of a resource.

    Raises
    ------
    InputError
        If `over` is unknown, or costs are asked for where a fund leaves no site a cost of its own.
    """
    if over == "n_sites":
        return Resource(over=over, use=np.ones(problem.n_sites))
    if over == "cost":
        if constraints.has_funds:
            raise InputError("over cost: expected subsidies without a fund, since no site has a cost of its own")
        return Resource(over=over, use=problem.sites.cost.astype(np.float64))
    if over != "people":
        raise InputError(f"over {over!r}: expected n_sites, people or cost")
    need, _ = people_needed(
        problem.sites,
        staffed_shifts=constraints.staffed_shifts,
        staffing=constraints.staffing,
        confidence=constraints.muster_confidence,
    )
    return Resource(over=over, use=need.astype(np.float64))


def frontier(
    times: AnyTimes,
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
    times : TravelTimes or TravelTimePairs
    objective : object
        Of `rescuesim.siting.models`; over ``n_sites`` its own number does not matter.
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
    check_asked(times, objective, over=over, solve_limit_s=solve_limit_s, relative_gap=relative_gap, further=faults)
    clock = clock_once_compiled(solve_limit_s, len(times.sites), len(times.demand))
    model, asked = MODELS[type(objective)], constraints or SitingConstraints()
    given = None if amounts is None else sorted({float(one) for one in amounts})
    most = None if given is None else given[-1]
    problem = asked_problem(
        times, objective, over=over, most=most, standard=standard, limit_s=limit_s, constraints=asked
    )
    resource = resource_of(problem, over, asked)
    run = Run(clock=clock, workers=workers, seed=seed, relative_gap=relative_gap)
    levels = given or _levels(problem, resource, model, run, n_points)
    walk = _Walk(problem=problem, model=model, objective=objective, resource=resource, levels=levels)
    found = walk.solved(run)
    rows = [walk.row(at, one) for at, one in enumerate(found)]
    plans = tuple(
        None if one.opened is None else _plan(times.sites, one.opened, a) for one, a in zip(found, levels, strict=True)
    )
    return Frontier(
        objective_name=model.name,
        sense=model.sense,
        over=over,
        points=pd.DataFrame(rows),
        plans=plans,
        weight=float(problem.demand.weights.sum()),
        runtime_s=clock.elapsed_s(),
    )


def _number_faults(n_points: object) -> list[str]:
    wrong = isinstance(n_points, bool) or not isinstance(n_points, int) or n_points < 2
    return [f"n_points {n_points!r}: expected 2 or more"] if wrong else []


def _levels(problem: SitingProblem, resource: Resource, model: Model, run: Run, n_points: int) -> list[float]:
    """Choose amounts from what must be used to what saturates."""
    least = resource.enough_for(problem.must_open)
    most = resource.enough_for(~problem.must_close)
    if model.uses_limits and problem.limits is not None:
        most = min(most, max(least, _saturating(problem, resource, run)))
    levels = np.linspace(least, most, n_points)
    if resource.over == "cost":
        return sorted({least, *(one for one in np.round(levels[1:-1], 2).tolist() if least < one < most), most})
    if most - least + 1 <= n_points:
        return [float(one) for one in range(int(least), int(most) + 1)]
    return sorted(set(np.rint(levels).tolist()))


def _saturating(problem: SitingProblem, resource: Resource, run: Run) -> float:
    """Return an amount that is enough to cover all that can be covered, about the smallest."""
    part = replace(
        run, clock=Clock(limit_s=max(run.clock.left_s() / 20, 0.5)), relative_gap=max(run.relative_gap, 0.01)
    )
    if resource.over == "n_sites":
        found = MODELS[MinSites].solve(problem, MinSites(), part)
    else:
        program = MODELS[MinSites].formulate(problem, MinSites())
        found = solve_formulation(problem, replace(program, objective=resource.use), part)
    return math.inf if found.opened is None else resource.enough_for(found.opened)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """The points of a frontier, solved from the smallest amount to the largest."""

    problem: SitingProblem
    model: Model
    objective: Any
    resource: Resource
    levels: list[float]

    def at(self, amount: float) -> tuple[SitingProblem, Any]:
        """Return the problem and the objective of one amount."""
        if self.resource.over == "n_sites":
            return self.problem, replace(self.objective, n_sites=max(int(amount), 1))
        rows = stacked([self.problem.rows, self.resource.row(amount)])
        return replace(self.problem, rows=rows), self.objective

    def solved(self, run: Run) -> list[Found]:
        """Solve all points; plans are handed on to larger amounts, bounds to smaller ones."""
        sign = 1.0 if self.model.sense == "max" else -1.0
        shared = self._shared()
        whole = self._whole_value() if self.model.uses_limits and sign > 0 else math.inf
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
        problem, objective = self.at(amount)
        if self.resource.over == "n_sites" and amount < 1:
            nothing = np.zeros(problem.n_sites, dtype=np.bool_)
            asks_all = getattr(objective, "cover_all", False) and len(point_groups(problem)) > 0
            if self.model.sense == "min" or asks_all or not problem.keeps(nothing):
                return Found(status="infeasible", opened=None, objective=math.nan, best_bound=math.nan)
            found = Found(status="optimal", opened=nothing, objective=0.0, best_bound=0.0, bound_source="no site")
            return replace(found, objective=verified(problem, self.model, objective, found))
        if faults := self.model.check(problem, objective):
            raise InputError("; ".join(faults))
        found = self._solve(problem, objective, amount, run, before)
        value = verified(problem, self.model, objective, found)
        if found.opened is None:
            return replace(found, objective=math.nan)
        return replace(found, objective=value, best_bound=value if found.status == "optimal" else found.best_bound)

    def _solve(self, problem: SitingProblem, objective: Any, amount: float, run: Run, before: Found | None) -> Found:
        """Solve one point; coverage from the plan of the amount before it."""
        if self.model.name != "max_coverage" or problem.limits is None or problem.limits.wants_second.any():
            return self.model.solve(problem, objective, run)
        groups = build_problem(problem)
        if groups.rounded:
            return self.model.solve(problem, objective, run)
        parts = [problem.rows]
        if (n_sites := getattr(objective, "n_sites", None)) is not None:
            parts.append(row_of(np.ones(problem.n_sites, dtype=np.int64), f"n_sites {n_sites}", upper=int(n_sites)))
        if (budget := getattr(objective, "budget", None)) is not None:
            parts.append(self._cost().row(budget))
        cover = Cover.of(
            groups.first,
            groups.weight / groups.scale,
            rows=stacked(parts),
            must_open=problem.must_open,
            must_close=problem.must_close,
        )
        return maximise(cover, run, None if before is None else before.opened)

    def _shared(self) -> SharedBounds | None:
        """Prices that bound all points of a covering model at once."""
        if self.model.name != "max_coverage":
            return None
        groups = build_problem(self.problem)
        if groups.rounded:
            return None
        use, amounts = self.resource.as_rows_have_it(self.levels)
        return SharedBounds(
            groups.first,
            groups.weight / groups.scale,
            use,
            self.problem.must_open,
            self.problem.must_close,
            amounts,
        )

    def _whole_value(self) -> float:
        """Return what all sites that may be open would reach together."""
        if self.model.name != "max_coverage":
            return math.inf
        groups = build_problem(self.problem)
        return math.inf if groups.rounded else float(groups.weight.sum()) / groups.scale

    def _cost(self) -> Resource:
        return Resource(over="cost", use=self.problem.sites.cost.astype(np.float64))

    def row(self, at: int, found: Found) -> dict[str, Any]:
        """Return one row of the table."""
        value, bound = found.objective, found.best_bound
        gap = (
            math.nan if found.opened is None else 0.0 if value == bound else abs(bound - value) / max(abs(value), 1e-9)
        )
        opened = found.opened
        return {
            "amount": self.levels[at],
            "used": math.nan if opened is None else self.resource.used(opened),
            "objective": value if opened is not None else math.nan,
            "best_bound": bound if opened is not None else math.nan,
            "gap": gap,
            "status": "optimal" if gap == 0 else found.status,
            "n_sites": 0 if opened is None else int(opened.sum()),
            "cost": math.nan if opened is None else self._cost().used(opened),
        }


def _plan(sites: CandidateSites, opened: NDArray[np.bool_], amount: float) -> Plan:
    ids = [id_ for id_, is_open in zip(sites.ids, opened, strict=True) if is_open]
    return Plan.from_opened(sites, ids, name=f"plan {amount:g}")
