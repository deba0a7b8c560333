"""Covering by cost and within a budget, and from the pairs within a cutoff alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rescuesim.errors import InputError
from rescuesim.siting import MaxCoverage, MinCost, MinSites, SitingConstraints, site
from rescuesim.standard import load_standard
from rescuesim.travel import TravelTimePairs, TravelTimes


def times_of(rows: object, sites: dict[str, list[object]], demand: dict[str, list[object]]) -> TravelTimes:
    matrix = np.asarray(rows, dtype=float)
    return TravelTimes.from_matrix(
        matrix,
        sites=pd.DataFrame({"id": [f"s{j}" for j in range(matrix.shape[0])], **sites}),
        demand=pd.DataFrame({"id": [f"d{i}" for i in range(matrix.shape[1])], **demand}),
    )


def town(seed: int, n_sites: int = 25, n_demand: int = 150) -> TravelTimes:
    random = np.random.default_rng(seed)
    seconds = random.uniform(0, 2000, (n_sites, n_demand))
    seconds[seconds > 1700] = np.inf
    zones = random.choice(["built_up", "suburb", "dense_rural", "rural"], n_demand).tolist()
    crews = random.choice(["brigade", "micro_station", "township_duty"], n_sites).tolist()
    kinds = ["station"] * (n_sites - 2) + ["depot"] * 2
    return times_of(
        seconds,
        {"crew": crews, "kind": kinds, "cost": random.integers(1, 6, n_sites).tolist()},
        {"zone": zones, "people": random.integers(1, 90, n_demand).tolist()},
    )


def test_one_dear_site_loses_against_two_cheap_ones_by_cost_and_wins_by_number() -> None:
    times = times_of([[1, 1], [1, 9], [9, 1]], {"cost": [5.0, 2.0, 2.5]}, {})
    by_cost, by_number = (site(times, objective, limit_s=5) for objective in (MinCost(), MinSites()))
    assert (by_cost.opened, by_cost.objective, by_cost.objective_name) == (("s1", "s2"), 4.5, "min_cost")
    assert (by_number.opened, by_number.objective) == (("s0",), 1.0)
    assert by_cost.best_bound == 4.5
    assert by_cost.ties_broken


def test_a_budget_is_spent_to_the_last_coin_and_never_more() -> None:
    times = times_of([[1, 9, 9], [9, 1, 9], [9, 9, 1]], {"cost": [0.1, 0.2, 0.3]}, {"people": [5, 6, 7]})
    for budget, opened in ((0.3, ("s0", "s1")), (0.29, ("s1",)), (0.6, ("s0", "s1", "s2")), (0.0, ())):
        solution = site(times, MaxCoverage(budget=budget), limit_s=5)
        assert (solution.status, solution.opened) == ("optimal", opened)
    both = site(times, MaxCoverage(1, budget=0.5), limit_s=5)
    assert both.opened == ("s2",)


def test_a_budget_under_what_existing_sites_cost_is_infeasible_and_says_so() -> None:
    times = times_of([[1], [1]], {"status": ["existing", "candidate"], "cost": [3.0, 1.0]}, {})
    solution = site(times, MaxCoverage(budget=2.0), limit_s=5)
    assert solution.status == "infeasible"
    assert "budget 2 is less than the cost of existing and required sites, 3" in solution.message
    free = times_of([[1], [1]], {"status": ["existing", "candidate"]}, {})
    assert site(free, MaxCoverage(budget=0), limit_s=5).opened == ("s0",)


@pytest.mark.parametrize("wrong", [{}, {"budget": -1.0}, {"budget": float("nan")}, {"budget": "all"}, {"n_sites": 0}])
def test_a_coverage_without_number_and_budget_or_with_impossible_ones_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="expected"):
        MaxCoverage(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("inner", ["quick_rescue_135", "micro_station_135"])
@pytest.mark.parametrize("objective", [MaxCoverage(6), MinSites(), MinCost(), MaxCoverage(budget=9)])
def test_pairs_within_reach_give_the_plan_that_the_whole_matrix_gives(inner: str, objective: object) -> None:
    times, standard = town(4), load_standard(inner=inner)
    whole = site(times, objective, standard=standard)
    pairs = site(TravelTimePairs.from_times(times), objective, standard=standard)
    assert pairs.opened == whole.opened
    assert (pairs.status, pairs.objective, pairs.best_bound) == ("optimal", whole.objective, whole.best_bound)
    pd.testing.assert_frame_equal(pairs.points, whole.points)
    pd.testing.assert_frame_equal(pairs.uncoverable, whole.uncoverable)


def test_a_gap_that_is_asked_for_stops_the_search_and_the_message_says_so() -> None:
    random = np.random.default_rng(2)
    seconds = np.hypot(*(random.uniform(0, 1, (400, 1, 2)) - random.uniform(0, 1, (1, 4000, 2))).transpose(2, 0, 1))
    times = times_of(seconds * 1000, {}, {"people": random.integers(1, 90, 4000).tolist()})
    solution = site(times, MaxCoverage(25), limit_s=90, relative_gap=0.05)
    assert solution.status in ("feasible", "optimal")
    assert solution.gap <= 0.05
    assert solution.best_bound >= solution.objective
    if solution.status == "feasible":
        assert solution.message == "stopped at the gap that was asked for"


@pytest.mark.parametrize("of_the_objective", [False, True])
def test_stand_ins_and_alternatives_keep_a_budget_to_the_last_digit(of_the_objective: bool) -> None:
    sites = pd.DataFrame({"id": ["a", "b"], "cost": [1e9, 1e9 + 1e-6]})
    demand = pd.DataFrame({"id": ["x"], "people": [5]})
    times = TravelTimes.from_matrix([[50.0], [50.0]], sites=sites, demand=demand)
    objective = MaxCoverage(budget=1e9) if of_the_objective else MaxCoverage(1)
    conditions = SitingConstraints(budget=None if of_the_objective else 1e9)
    told = site(times, objective, limit_s=100, constraints=conditions).explain()
    assert told.sites["replacement"].tolist() == [""]
    assert told.n_alternatives == 0


def test_sites_that_all_cost_nothing_are_a_cover_like_any_other() -> None:
    rows = [[1, 1, 9, 9], [9, 1, 1, 9], [9, 9, 1, 1], [1, 9, 9, 1]]
    found = site(times_of(rows, {"cost": [0.0] * 4}, {}), MinCost(), limit_s=5)
    assert (found.status, found.objective, found.best_bound, found.opened) == ("optimal", 0.0, 0.0, ("s0", "s2"))
