"""Explanation: everything that can be said about a siting, as tables; the words for it stand in the report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.siting.coverage import point_coverage
from rescuesim.siting.explain.choices import margin_of
from rescuesim.siting.explain.cover_counts import cover_counts
from rescuesim.siting.explain.crew_changes import crew_changes
from rescuesim.siting.explain.crew_limits import crew_limits
from rescuesim.siting.explain.drives import drives_of
from rescuesim.siting.explain.fixes import point_fixes
from rescuesim.siting.explain.mean_times import nearest_times
from rescuesim.siting.explain.measures import MEASURE_COLUMNS, measures
from rescuesim.siting.explain.opened_sites import Swaps, opened_sites, swaps_by_cover, swaps_by_time
from rescuesim.siting.explain.over_states import StateView, over_states
from rescuesim.siting.limits import AnyTimes, PairLimits, covered_points
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import AmountLimit
from rescuesim.siting.whole_rows import as_decimal

if TYPE_CHECKING:
    from rescuesim.siting.solution import Asked

__all__ = ["Explanation", "explain"]

WITHIN = 0.01  # a plan that keeps all but this share is listed as an alternative
_LISTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why points are not covered, what would help, what each site is there for, and how sure the plan is.

    Parameters
    ----------
    counted : {'weight', 'points', 'time', ''}
        What `value` is: covered weight; covered points, where all that can be covered must be; weight times time from
        the nearest open site; empty where plans cannot be compared without solving anew.
    value : float
    total : float
        Weight, or points, that any standard holds for; NaN for times.
    people, people_covered : float
        In zones with a standard; on unbroken roads, where there are states.
    people_only_just : float
        Of those covered, who would not be were every drive longer by the margin.
    margin_s : float
        A drive within its limit by less is only just so: ``explanation.drive_margin`` of the defaults, 10 s; 0
        for times in another unit.
    points : DataFrame
        Uncovered points with cause and fix; see `rescuesim.siting.explain.fixes.point_fixes`.
    measures : DataFrame
        Single measures and what each would bring; see `rescuesim.siting.explain.measures.measures`.
    sites : DataFrame
        Open sites; see `rescuesim.siting.explain.opened_sites.opened_sites`.
    alternatives : DataFrame
        ``shut, opened, value, share, cost``: plans that differ by one site and keep nearly all, the best first, at
        most twenty; ``opened`` is empty where the site is just left out.
    n_alternatives : int
        How many there are.
    within : float
        The share of the value that an alternative may lose.
    states : StateView or None
        Where times over states of a network were asked: what is covered in each, and which points are missed how often
        and why. All else is then of unbroken roads.
    """

    counted: Literal["weight", "points", "time", ""]
    value: float
    total: float
    people: float
    people_covered: float
    people_only_just: float
    margin_s: float
    points: pd.DataFrame
    measures: pd.DataFrame
    sites: pd.DataFrame
    alternatives: pd.DataFrame
    n_alternatives: int
    within: float
    states: StateView | None = None

    def to_frames(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name."""
        frames = {
            "uncovered": self.points,
            "measures": self.measures,
            "opened_sites": self.sites,
            "alternatives": self.alternatives,
        }
        if self.states is not None:
            frames |= {"states": self.states.table, "missed_by_state": self.states.points}
        return frames


def explain(asked: Asked) -> Explanation:
    """Explain the plan that was found, or, where there is none, what the sites that must be open cover.

    Parameters
    ----------
    asked : Asked

    Returns
    -------
    Explanation

    Examples
    --------
    >>> from rescuesim.siting import MaxCoverage, site
    >>> from rescuesim.travel import TravelTimes
    >>> times = TravelTimes.from_matrix([[60, 400, 400], [400, 90, 400]],
    ...     sites=pd.DataFrame({"id": ["a", "b"], "cost": [3, 5]}),
    ...     demand=pd.DataFrame({"id": [1, 2, 3], "people": [50, 20, 20]}))
    >>> found = site(times, MaxCoverage(1), limit_s=100).explain()
    >>> found.points[["id", "cause", "fix", "fix_site", "over_s"]].values.tolist()
    [['2', 'limit', 'open', 'b', -10.0], ['3', 'no_candidate', 'none', '', 300.0]]
    """
    problem = asked.problem
    opened = problem.must_open if asked.found.opened is None else asked.found.opened
    if problem.limits is None:
        return _by_time(asked, opened)
    counted: Literal["weight", "points"] = "points" if asked.model.sense == "min" else "weight"
    demand = problem.demand
    weight = np.ones(len(demand)) if counted == "points" else demand.weights
    counts = cover_counts(problem.limits, opened, weight)
    drives = drives_of(problem.times)
    zones = tuple(dict.fromkeys(demand.zones))
    crews = None if asked.standard is None else crew_limits(asked.standard, zones)
    told = point_coverage(problem.times, problem.limits, opened)
    all_open = point_coverage(problem.times, problem.limits, ~problem.must_close)
    changes, margin_s = crew_changes(asked), margin_of(problem)
    swaps = swaps_by_cover(problem, counts)
    within = WITHIN if counted == "weight" else 0.0
    listed, number = _alternatives(asked, opened, swaps, within)
    inside = problem.limits.in_standard
    return Explanation(
        counted=counted,
        value=counts.value,
        total=float(counts.weight[inside].sum()),
        people=float(demand.people[inside].sum()),
        people_covered=float(demand.people[counts.covered].sum()),
        people_only_just=float(demand.people[counts.covered & ~_surely(problem, opened, margin_s)].sum()),
        margin_s=margin_s,
        points=point_fixes(problem, counts, drives, crews, told, changes=changes, all_open=all_open),
        measures=measures(problem, counts, drives, crews, changes=changes, margin_s=margin_s),
        sites=opened_sites(problem, opened, counts, swaps, lambda after: _promised(asked, after)),
        alternatives=listed,
        n_alternatives=number,
        within=within,
        states=None if problem.states is None else over_states(problem, opened),
    )


def _surely(problem: SitingProblem, opened: NDArray[np.bool_], margin_s: float) -> NDArray[np.bool_]:
    """Mark the points that would still be covered were every drive longer by the margin."""
    assert problem.limits is not None
    return covered_points(_shorter(problem.limits, problem.times, margin_s), opened)


def _shorter(limits: PairLimits, times: AnyTimes, margin_s: float) -> PairLimits:
    """Return who is in time with all limits shorter by some."""
    first, second = (replace(one, table=one.table - margin_s) for one in (limits.limit_s, limits.second_limit_s))
    return replace(
        limits,
        limit_s=first,
        second_limit_s=second,
        covers=first.covering(times),
        covers_second=second.covering(times),
    )


def _by_time(asked: Asked, opened: NDArray[np.bool_]) -> Explanation:
    """Explain a plan without limits: what counts is the time from the nearest open site."""
    problem = asked.problem
    demand = problem.demand
    values = drives_of(problem.times).seconds(np.arange(len(demand)))
    reached = np.isfinite(np.where(opened[:, None], values, np.inf).min(axis=0, initial=np.inf))
    by_mean = asked.model.name == "min_mean_time"
    nearest = nearest_times(values, demand.weights, opened) if by_mean else None
    swaps = None if nearest is None else swaps_by_time(problem, opened, nearest)
    none = pd.DataFrame(columns=["shut", "opened", "value", "share", "cost"])
    listed, number = (none, 0) if swaps is None else _alternatives(asked, opened, swaps, WITHIN)
    told = pd.DataFrame(
        {
            "id": demand.ids,
            "name": demand.names,
            "township": demand.townships,
            "zone": demand.zones,
            "people": demand.people,
            "weight": demand.weights,
            "reason": "no_path" if opened.any() else "no_site",
            "cause": "road" if opened.any() else "limit",
            "fix": "none",
        }
    )[~reached]
    return Explanation(
        counted="time" if swaps is not None else "",
        value=np.nan if nearest is None else nearest.total,
        total=np.nan,
        people=float(demand.people.sum()),
        people_covered=float(demand.people[reached].sum()),
        people_only_just=0.0,
        margin_s=0.0,
        points=told.reset_index(drop=True),
        measures=pd.DataFrame(columns=list(MEASURE_COLUMNS)),
        sites=opened_sites(problem, opened, None, swaps, lambda after: _promised(asked, after)),
        alternatives=listed,
        n_alternatives=number,
        within=WITHIN,
    )


def _promised(asked: Asked, opened: NDArray[np.bool_]) -> bool:
    """Whether a set of open sites keeps all conditions, and what the objective itself limits: number and budget."""
    return asked.problem.keeps(opened) and all(
        _kept_by(objective, asked.problem, opened) for objective in _objectives(asked.objective)
    )


def _objectives(objective: Any) -> list[Any]:
    return list(getattr(objective, "objectives", [objective]))


def _kept_by(objective: Any, problem: SitingProblem, opened: NDArray[np.bool_]) -> bool:
    number, budget = getattr(objective, "n_sites", None), getattr(objective, "budget", None)
    few = number is None or int(opened.sum()) <= number
    return few and (budget is None or AmountLimit(problem.costs, as_decimal(float(budget))).kept(opened))


def _alternatives(asked: Asked, opened: NDArray[np.bool_], swaps: Swaps, within: float) -> tuple[pd.DataFrame, int]:
    """List the plans that differ by one site and keep nearly all, and count them."""
    problem = asked.problem
    ids = np.array(problem.sites.ids, dtype=object)
    cost = float(problem.sites.cost[opened].sum())
    # the value may get worse by so much
    room = within * abs(swaps.value) + 1e-9 * max(abs(swaps.value), 1.0)
    loss = swaps.better * (swaps.value - swaps.swapped)
    shut, put = np.nonzero(loss <= room)
    found = [
        (swaps.shut[a], int(swaps.put[b]), swaps.swapped[a, b])
        for a, b in zip(shut.tolist(), put.tolist(), strict=True)
    ]
    alone = swaps.better * (swaps.value - swaps.without) <= room
    found += [(swaps.shut[a], -1, swaps.without[a]) for a in np.flatnonzero(alone).tolist()]
    rows = []
    for out, into, value in found:
        after = opened.copy()
        after[out] = False
        if into >= 0:
            after[into] = True
        if _promised(asked, after):
            change = (problem.sites.cost[into] if into >= 0 else 0.0) - problem.sites.cost[out]
            share = value / swaps.value if swaps.better > 0 else swaps.value / value if value else 1.0
            rows.append(
                (ids[out], ids[into] if into >= 0 else "", float(value), float(share), round(cost + float(change), 6))
            )
    frame = pd.DataFrame(rows, columns=["shut", "opened", "value", "share", "cost"])
    frame = frame.sort_values(["share", "cost", "shut", "opened"], ascending=[False, True, True, True])
    return frame.head(_LISTED).reset_index(drop=True), len(frame)
