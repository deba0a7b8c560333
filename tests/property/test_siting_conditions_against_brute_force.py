"""Side conditions, drawn at random, against brute force: objective, status, feasibility, sequences, relaxation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_siting_conditions import best_value, covered_weight, is_allowed, net_total, plans

from rescuesim.errors import InputError
from rescuesim.siting import (
    GroupLimit,
    Lexicographic,
    MaxCoverage,
    MinCost,
    MinMeanTime,
    MinSites,
    Separation,
    SitingConstraints,
    Subsidy,
    Tolerance,
    people_needed,
    site,
)
from rescuesim.travel import TravelTimes

LIMIT_S = 100.0
CREWS = ("brigade", "micro_station", "village_on_call")


@st.composite
def problems(draw: st.DrawFn) -> TravelTimes:
    """Draw up to 8 sites and 10 points, with costs in cents, townships, hosts, crews and statuses."""
    n_sites, n_demand = draw(st.integers(2, 8)), draw(st.integers(1, 10))
    seconds = st.sampled_from([50.0, 100.0, 150.0, 400.0, np.inf])
    rows = draw(st.lists(st.lists(seconds, min_size=n_demand, max_size=n_demand), min_size=n_sites, max_size=n_sites))

    def column(*values: object) -> list[object]:
        return [draw(st.sampled_from(values)) for _ in range(n_sites)]

    sites = pd.DataFrame(
        {
            "id": [f"s{j}" for j in range(n_sites)],
            "status": column("candidate", "candidate", "candidate", "candidate", "existing", "required", "closed"),
            "kind": column("station", "station", "station", "depot"),
            "crew": column(*CREWS),
            "township": column("A", "B"),
            "host": column("village", "township", "enterprise"),
            "cost": column(0, 1.1, 2.25, 10),
            "roster": column(0, 0, 25),
        }
    )
    people = [draw(st.integers(0, 50)) for _ in range(n_demand)]
    demand = pd.DataFrame({"id": [f"d{i}" for i in range(n_demand)], "people": people})
    return TravelTimes.from_matrix(rows, sites=sites, demand=demand)


def conditions(times: TravelTimes, draw: st.DataObject) -> SitingConstraints:
    """Draw a few side conditions."""
    ids = times.sites.ids
    some = st.lists(st.sampled_from(ids), min_size=2, max_size=3, unique=True)
    asked: dict[str, object] = {}
    for name in draw.draw(
        st.lists(
            st.sampled_from(
                ["closed", "required", "free", "new", "budget", "people", "groups", "near", "conflict", "implies"]
            ),
            max_size=4,
            unique=True,
        )
    ):
        if name in ("closed", "required"):
            asked[name] = [draw.draw(st.sampled_from(ids))]
        elif name == "free":
            asked |= {"existing": "free", "max_relocated": draw.draw(st.sampled_from([None, 0, 1]))}
        elif name == "new":
            asked["n_new_sites"] = draw.draw(st.integers(0, 4))
        elif name == "budget":
            asked["budget"] = draw.draw(st.sampled_from([0.0, 1.1, 3.35, 4.4, 12.25]))
            village = Subsidy(name="v", share=0.3, amount=0.1, cap=1.0, hosts=["village"])
            fund = Subsidy(name="f", share=0.5, fund=draw.draw(st.sampled_from([0.5, 2.0])), sites=ids[:3])
            asked["subsidies"] = draw.draw(st.sampled_from([(), (village,), (village, fund)]))
        elif name == "people":
            asked["people"] = draw.draw(st.integers(0, 120))
        elif name == "groups":
            limit = st.sampled_from([(1, None), (None, 1), (1, 2), (None, 2)])
            low, high = draw.draw(limit)
            per = draw.draw(st.sampled_from(["township", "host", "crew", None]))
            group = draw.draw(some) if per is None else None
            asked["groups"] = [GroupLimit(at_least=low, at_most=high, per=per, sites=group)]
        elif name == "near":
            n = len(ids)
            gaps = draw.draw(st.lists(st.sampled_from([100.0, 300.0, np.inf]), min_size=n * n, max_size=n * n))
            between = pd.DataFrame(np.reshape(gaps, (n, n)), index=list(ids), columns=list(ids))
            asked["separation"] = Separation(at_least_s=300, between=between)
        elif name == "conflict":
            asked["conflicts"] = [draw.draw(some)]
        else:
            first, *others = draw.draw(some)
            asked["implications"] = [(first, others)]
    return SitingConstraints(**asked)  # type: ignore[arg-type]


def may_open(times: TravelTimes, asked: SitingConstraints) -> frozenset[int]:
    return frozenset(
        j
        for j, (status, kind) in enumerate(zip(times.sites.statuses, times.sites.kinds, strict=True))
        if status != "closed" and kind == "station" and times.sites.ids[j] not in asked.closed
    )


def covers_all(opened: frozenset[int], times: TravelTimes, asked: SitingConstraints) -> bool:
    return covered_points(opened, times) == covered_points(may_open(times, asked), times)


def covered_points(opened: frozenset[int], times: TravelTimes) -> set[int]:
    return {i for i in range(len(times.demand)) if any(times.values[j, i] <= LIMIT_S for j in opened)}


@pytest.mark.slow
@settings(max_examples=300)
@given(problems(), st.data())
def test_the_best_plan_under_drawn_conditions_is_that_of_brute_force(times: TravelTimes, data: st.DataObject) -> None:
    asked = conditions(times, data)
    people = people_needed(times.sites)[0].tolist()
    openable = len(may_open(times, asked))
    n_sites = data.draw(st.integers(1, max(openable, 1)))
    objective = data.draw(st.sampled_from([MaxCoverage(n_sites), MinSites()])) if openable else MinSites()

    def value(opened: frozenset[int]) -> float | None:
        if isinstance(objective, MinSites):
            return -float(len(opened)) if covers_all(opened, times, asked) else None
        return covered_weight(opened, times, LIMIT_S) if len(opened) <= n_sites else None

    best = best_value(times, asked, people, value)
    try:
        solution = site(times, objective, limit_s=LIMIT_S, constraints=asked)
    except InputError:
        assert best is None  # what is refused outright has no plan
        return
    if best is None:
        assert solution.status == "infeasible"
        assert solution.relaxation is not None
        assert "smallest change" in solution.message
        return
    opened = frozenset(times.sites.ids.index(id_) for id_ in solution.opened)
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(abs(best))
    assert is_allowed(opened, asked, times, people)


@pytest.mark.slow
@settings(max_examples=80)
@given(problems(), st.data())
def test_a_sequence_gives_the_best_of_each_objective_among_the_plans_that_keep_those_before(
    times: TravelTimes, data: st.DataObject
) -> None:
    asked = conditions(times, data)
    people = people_needed(times.sites)[0].tolist()
    allowed = data.draw(st.sampled_from([Tolerance(share=0.0), Tolerance(share=0.2), Tolerance(amount=15)]))
    if not may_open(times, asked):
        return
    sequence = Lexicographic([MaxCoverage(len(may_open(times, asked))), MinSites()], tolerances=[allowed])
    may = [plan for plan in plans(len(times.sites)) if is_allowed(plan, asked, times, people)]
    try:
        solution = site(times, sequence, limit_s=LIMIT_S, constraints=asked)
    except InputError:
        assert not may
        return
    if not may:
        assert solution.status == "infeasible"
        return
    best = max(covered_weight(plan, times, LIMIT_S) for plan in may)
    least = best - allowed.of(best) - 1e-6
    fewest = min(len(plan) for plan in may if covered_weight(plan, times, LIMIT_S) >= least)
    assert solution.status == "optimal"
    assert [stage.value for stage in solution.stages] == pytest.approx([best, fewest])
    assert len(solution.opened) == fewest
    assert solution.stages[0].final == pytest.approx(solution.objective)
    assert solution.objective >= least


def mean_time(opened: frozenset[int], times: TravelTimes, asked: SitingConstraints) -> float:
    """Weighted mean time to the nearest open site; infinite if a point that could be reached is not."""
    may, total = may_open(times, asked), 0.0
    weights = times.demand.weights
    reached = [i for i in range(len(weights)) if min(times.values[sorted(may), i]) < np.inf]
    for i in reached:
        total += weights[i] * min((times.values[j, i] for j in opened), default=np.inf) if weights[i] else 0.0
        if min((times.values[j, i] for j in opened), default=np.inf) == np.inf:
            return float("inf")
    return total / sum(weights[i] for i in reached)


@pytest.mark.slow
@settings(max_examples=60)
@given(problems(), st.data())
def test_coverage_then_cost_then_mean_time_is_what_brute_force_gives(times: TravelTimes, data: st.DataObject) -> None:
    asked = conditions(times, data)
    may = may_open(times, asked)
    reached = [i for i in range(len(times.demand)) if may and min(times.values[sorted(may), i]) < np.inf]
    if not reached or not times.demand.weights[reached].sum() > 0 or asked.has_funds:
        return
    people = people_needed(times.sites)[0].tolist()
    n_sites = data.draw(st.integers(1, len(may)))
    by_cost = data.draw(st.booleans())
    middle = [MinCost()] if by_cost else []
    sequence = Lexicographic([MaxCoverage(n_sites), *middle, MinMeanTime(n_sites)])
    plans_left = [
        plan for plan in plans(len(times.sites)) if len(plan) <= n_sites and is_allowed(plan, asked, times, people)
    ]
    try:
        solution = site(times, sequence, limit_s=LIMIT_S, constraints=asked)
    except InputError:
        assert not plans_left
        return
    if not plans_left:
        assert solution.status == "infeasible"
        return
    expected = []
    values = [
        (lambda plan: -covered_weight(plan, times, LIMIT_S)),
        *([lambda plan: float(net_total(plan, asked, times))] if by_cost else []),
        (lambda plan: mean_time(plan, times, asked)),
    ]
    for value in values:
        best = min(map(value, plans_left))
        expected.append(best)
        plans_left = [plan for plan in plans_left if value(plan) <= best + 1e-6]
    if expected[-1] == np.inf:
        assert solution.status in ("infeasible", "feasible")
        return
    assert solution.status == "optimal"
    found = [stage.value for stage in solution.stages]
    assert found == pytest.approx([-expected[0], *expected[1:]], rel=1e-6, abs=1e-6)


@settings(max_examples=60)
@given(problems(), st.data())
def test_what_the_smallest_relaxation_asks_for_is_enough(times: TravelTimes, data: st.DataObject) -> None:
    budget = data.draw(st.sampled_from([0.0, 1.1, 2.2]))
    asked = SitingConstraints(budget=budget, required=list(times.sites.ids[:2]))
    n_sites = len(may_open(times, asked))
    if n_sites == 0 or not set(asked.required) <= {times.sites.ids[j] for j in may_open(times, asked)}:
        return
    solution = site(times, MaxCoverage(n_sites), limit_s=LIMIT_S, constraints=asked)
    if solution.status != "infeasible":
        return
    assert solution.relaxation is not None
    row = solution.relaxation.iloc[0]
    if row["condition"].startswith("budget"):
        more = SitingConstraints(budget=float(row["needed"]), required=asked.required)
        assert site(times, MaxCoverage(n_sites), limit_s=LIMIT_S, constraints=more).status == "optimal"
        cheapest = min(
            net_total(plan, asked, times)
            for plan in plans(len(times.sites))
            if is_allowed(plan, SitingConstraints(required=asked.required), times, [0] * len(times.sites))
        )
        assert row["needed"] == pytest.approx(float(cheapest))
