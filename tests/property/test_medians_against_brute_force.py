"""p-median, p-center and capacitated models against brute force on small drawn problems."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_siting_medians import Case, best_capacitated, best_center, best_median, reachable

from rescuesim.errors import InputError
from rescuesim.siting import (
    CapacitatedLocation,
    CapacitatedMedian,
    MinMaxTime,
    MinMeanTime,
    SitingConstraints,
    SitingSolution,
    site,
)
from rescuesim.siting.conditions import GroupLimit
from rescuesim.travel import TravelTimes

TOWNSHIPS = ("east", "west")


@st.composite
def cases(draw: st.DrawFn, most_sites: int = 8, most_points: int = 12) -> tuple[Case, TravelTimes, SitingConstraints]:
    """Draw sites, points and side conditions: ties, weights of 0, pairs and points out of reach."""
    n_sites, n_points = draw(st.integers(1, most_sites)), draw(st.integers(1, most_points))
    time = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 40.0, math.inf])
    times = draw(st.lists(st.lists(time, min_size=n_points, max_size=n_points), min_size=n_sites, max_size=n_sites))
    each = {"min_size": n_sites, "max_size": n_sites}
    status = draw(st.lists(st.sampled_from(["candidate"] * 5 + ["existing", "closed"]), **each))
    cost = draw(st.lists(st.sampled_from([0.0, 1.0, 2.5, 10.0]), **each))
    capacity = draw(st.lists(st.sampled_from([0.0, 4.0, 9.0, 15.0, math.inf]), **each))
    town = draw(st.lists(st.sampled_from(TOWNSHIPS), **each))
    weights = draw(st.lists(st.sampled_from([0.0, 1.0, 2.0, 5.0]), min_size=n_points, max_size=n_points))
    budget = draw(st.sampled_from([None, None, 3.5, 12.0]))
    least, most = draw(st.sampled_from([(None, None), (1, None), (None, 1), (None, 2)]))
    apart = draw(st.lists(st.integers(0, n_sites - 1), min_size=2, max_size=2, unique=True)) if n_sites > 1 else []
    apart = apart if draw(st.booleans()) else []

    def allowed(opened: tuple[int, ...]) -> bool:
        inside = [j for j in opened if town[j] == "east"]
        return (
            (budget is None or sum(cost[j] for j in opened) <= budget)
            and (least is None or len(inside) >= least)
            and (most is None or len(inside) <= most)
            and len(set(apart) & set(opened)) < 2
        )

    ids = [f"s{j}" for j in range(n_sites)]
    sites = pd.DataFrame({"id": ids, "status": status, "cost": cost, "township": town, "capacity": capacity})
    sites["capacity"] = sites["capacity"].where(sites["capacity"] < math.inf)
    demand = pd.DataFrame({"id": [f"d{i}" for i in range(n_points)], "weight": weights})
    group = [j for j in range(n_sites) if town[j] == "east"]
    groups = ()
    if group and (least, most) != (None, None):
        groups = (GroupLimit(sites=[ids[j] for j in group], name="east", at_least=least, at_most=most),)
    if not group and least:
        least = None
    constraints = SitingConstraints(budget=budget, groups=groups, conflicts=[[ids[j] for j in apart]] if apart else ())
    case = Case(times=times, weights=weights, status=status, cost=cost, capacity=capacity, allowed=allowed)
    return case, TravelTimes.from_matrix(times, sites=sites, demand=demand), constraints


def asked(times: TravelTimes, objective: object, constraints: SitingConstraints) -> SitingSolution | None:
    """Solve, or return None where the conditions contradict each other outright, which is a message."""
    try:
        return site(times, objective, constraints=constraints)
    except InputError:
        return None


def check(solution: SitingSolution | None, best: float | None, case: Case) -> None:
    """Compare status, objective and bound."""
    if best is None:
        assert solution is None or solution.status == "infeasible"
        if solution is not None:
            assert solution.message
        return
    assert solution is not None
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(best, rel=1e-9, abs=1e-9)
    assert solution.best_bound == pytest.approx(best, rel=1e-9, abs=1e-9)
    opened = tuple(sorted(int(id_[1:]) for id_ in solution.opened))
    assert case.allowed(opened)
    assert all((status != "existing") or j in opened for j, status in enumerate(case.status))


@pytest.mark.slow
@settings(max_examples=100)
@given(cases(), st.data())
def test_the_median_is_the_best_of_all_plans(
    drawn: tuple[Case, TravelTimes, SitingConstraints], data: st.DataObject
) -> None:
    case, times, constraints = drawn
    openable = sum(status != "closed" for status in case.status)
    if not openable:
        return
    p = data.draw(st.integers(1, openable))
    points = reachable(case)
    if points and sum(case.weights[i] for i in points) == 0:
        with pytest.raises(InputError):
            site(times, MinMeanTime(p), constraints=constraints)
        return
    solution = asked(times, MinMeanTime(p), constraints)
    check(solution, best_median(case, p), case)
    if solution is not None and solution.status == "optimal":
        assert set(solution.points.loc[solution.points["covered"], "id"]) == {f"d{i}" for i in points}
        assert len(solution.uncoverable) == len(case.weights) - len(points)


@pytest.mark.slow
@settings(max_examples=100)
@given(cases(), st.booleans(), st.data())
def test_the_center_is_the_best_of_all_plans(
    drawn: tuple[Case, TravelTimes, SitingConstraints], weighted: bool, data: st.DataObject
) -> None:
    case, times, constraints = drawn
    openable = sum(status != "closed" for status in case.status)
    if openable:
        p = data.draw(st.integers(1, openable))
        check(
            asked(times, MinMaxTime(p, weighted=weighted), constraints), best_center(case, p, weighted=weighted), case
        )


@pytest.mark.slow
@settings(max_examples=100)
@given(cases(most_sites=4, most_points=5), st.booleans(), st.booleans(), st.data())
def test_capacity_serves_most_and_that_at_least_cost(
    drawn: tuple[Case, TravelTimes, SitingConstraints], single_source: bool, charges: bool, data: st.DataObject
) -> None:
    case, times, constraints = drawn
    openable = sum(status != "closed" for status in case.status)
    points = reachable(case)
    total = sum(case.weights[i] for i in points)
    if not openable or (total == 0 and points and not charges):
        return
    p = data.draw(st.integers(1, openable))
    objective = (
        CapacitatedLocation(single_source=single_source, n_sites=p)
        if charges
        else CapacitatedMedian(p, single_source=single_source)
    )
    solution = asked(times, objective, constraints)
    best = best_capacitated(case, p, single_source=single_source, charges=charges) if points else None
    if best is None:
        check(solution, None, case)
        return
    served, cost = best
    value = cost if charges else cost / served if served else 0.0
    check(solution, value, case)
    assert solution is not None
    assert solution.allocation is not None
    assert solution.allocation["weight"].sum() == pytest.approx(served, abs=1e-6)
    loads = solution.allocation.groupby("site")["weight"].sum()
    for id_, load in loads.items():
        assert load <= case.capacity[int(str(id_)[1:])] + 1e-6
    if served < total:
        assert set(solution.points.loc[~solution.points["covered"], "reason"]) <= {"full", "not_given", "no_site"}
        assert solution.message
