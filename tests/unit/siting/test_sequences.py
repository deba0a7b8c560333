"""Objectives in sequence, frontiers and build orders, by hand and against plans worked out one by one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from oracles_siting_conditions import covered_weight

from rescuesim.errors import InputError
from rescuesim.report.frontier import plot_frontier
from rescuesim.siting import (
    GroupLimit,
    Lexicographic,
    MaxCoverage,
    MinMaxTime,
    MinMeanTime,
    MinSites,
    SitingConstraints,
    Tolerance,
    frontier,
    phases,
    site,
)
from rescuesim.siting.shared_bounds import SharedBounds
from rescuesim.solver.mixed_program import MixedSolution
from rescuesim.standard import load_standard
from rescuesim.travel import TravelTimes


def drawn_times(seed: int, n_sites: int, n_demand: int, n_existing: int = 0) -> TravelTimes:
    rng = np.random.default_rng(seed)
    at, to = rng.uniform(0, 1, (n_sites, 1, 2)), rng.uniform(0, 1, (1, n_demand, 2))
    sites = {
        "id": [f"s{j}" for j in range(n_sites)],
        "status": ["existing"] * n_existing + ["candidate"] * (n_sites - n_existing),
        "cost": rng.integers(1, 9, n_sites) / 4,
        "township": [("A", "B", "C")[j % 3] for j in range(n_sites)],
    }
    demand = {"id": [f"d{i}" for i in range(n_demand)], "people": rng.integers(1, 90, n_demand)}
    rows = np.hypot(*(at - to).transpose(2, 0, 1)) * 1000
    return TravelTimes.from_matrix(rows, sites=pd.DataFrame(sites), demand=pd.DataFrame(demand))


def best_by_number(times: TravelTimes, limit_s: float, n_sites: int) -> float:
    fixed = {j for j, status in enumerate(times.sites.statuses) if status == "existing"}
    return max(
        covered_weight(frozenset(plan) | fixed, times, limit_s)
        for plan in itertools.combinations(range(len(times.sites)), n_sites - len(fixed))
    )


def test_a_tolerance_of_coverage_buys_fewer_sites() -> None:
    times = drawn_times(1, 9, 40)
    strict = site(times, Lexicographic([MaxCoverage(9), MinSites()]), limit_s=300)
    loose = site(times, Lexicographic([MaxCoverage(9), MinSites()], tolerances=[0.1]), limit_s=300)
    amount = Tolerance(amount=0.1 * strict.objective)
    same = site(times, Lexicographic([MaxCoverage(9), MinSites()], tolerances=[amount]), limit_s=300)
    assert strict.status == loose.status == "optimal"
    assert len(loose.opened) < len(strict.opened)
    assert loose.objective >= 0.9 * strict.objective
    assert len(same.opened) == len(loose.opened)
    first, second = loose.stages
    assert (first.value, first.gap, first.final) == (strict.objective, 0.0, loose.objective)
    assert (second.value, second.best_bound) == (len(loose.opened), len(loose.opened))


def test_a_sequence_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(InputError, match="two or more"):
        Lexicographic([MaxCoverage(1)])
    with pytest.raises(InputError, match="one for each objective"):
        Lexicographic([MaxCoverage(1), MinSites()], tolerances=[0.1, 0.1])
    with pytest.raises(InputError, match="under 1"):
        Lexicographic([MaxCoverage(1), MinSites()], tolerances=[1.5])
    with pytest.raises(InputError, match="expected one of"):
        Lexicographic([MaxCoverage(1), "cost"])


def test_every_point_of_a_frontier_is_the_best_of_its_number() -> None:
    times = drawn_times(2, 9, 60, n_existing=2)
    found = frontier(times, MaxCoverage(1), limit_s=250, relative_gap=0.0)
    points = found.points
    assert points["amount"].tolist()[0] == 2
    assert points["objective"].tolist() == [best_by_number(times, 250, int(n)) for n in points["amount"]]
    assert points["best_bound"].tolist() == points["objective"].tolist()
    assert found.largest_gap == 0
    everything = covered_weight(frozenset(range(9)), times, 250)
    assert points["objective"].iloc[-1] == everything
    assert [len(plan.opened) for plan in found.plans if plan is not None] == points["n_sites"].tolist()


@pytest.mark.parametrize("over", ["cost", "people"])
def test_a_frontier_over_money_or_people_is_the_siting_with_that_much_of_it(over: str) -> None:
    times = drawn_times(3, 10, 60)
    found = frontier(times, MaxCoverage(10), over=over, limit_s=250, n_points=6, relative_gap=0.0)  # type: ignore[arg-type]
    assert (found.points["used"] <= found.points["amount"]).all()
    for amount, value in found.points[["amount", "objective"]].to_numpy()[1:]:
        asked = SitingConstraints(budget=amount) if over == "cost" else SitingConstraints(people=int(amount))
        assert site(times, MaxCoverage(10), limit_s=250, constraints=asked).objective == value


def test_a_frontier_keeps_the_side_conditions_and_says_where_they_cannot_be_kept() -> None:
    times = drawn_times(4, 9, 30)
    asked = SitingConstraints(groups=[GroupLimit(per="township", at_least=1)])
    found = frontier(times, MaxCoverage(1), limit_s=250, amounts=[1, 2, 3, 4], constraints=asked)
    assert found.points["status"].tolist()[:2] == ["infeasible", "infeasible"]
    assert np.isnan(found.points["objective"].tolist()[:2]).all()
    assert found.plans[0] is None
    for plan in found.plans[2:]:
        assert plan is not None
        assert {one.township for one in plan.sites} == {"A", "B", "C"}


def test_shared_prices_bound_every_amount_and_never_fall_below_the_best() -> None:
    times = drawn_times(5, 10, 80)
    covers = (times.values <= 250).T
    none = np.zeros(10, dtype=bool)
    amounts = np.arange(1.0, 7.0)
    from scipy.sparse import csr_array

    shared = SharedBounds(csr_array(covers.astype(float)), times.demand.weights, np.ones(10), none, none, amounts)
    best = np.array([best_by_number(times, 250, int(n)) for n in amounts])
    for at in (1, 3, 5):
        shared.improve(at, float(best[at]))
        assert (shared.bounds >= best - 1e-6).all()
        assert shared.bounds[at] <= 1.01 * best[at]
    assert (shared.bounds[1:] <= 1.1 * best[1:]).all()


def test_a_frontier_refuses_amounts_that_are_none() -> None:
    times = drawn_times(6, 4, 5)
    for amounts in ([], [-1], [1.5], ["3"]):
        with pytest.raises(InputError, match="amounts"):
            frontier(times, MaxCoverage(1), limit_s=250, amounts=amounts)
    with pytest.raises(InputError, match="over"):
        frontier(times, MaxCoverage(1), limit_s=250, over="sites")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="number of sites"):
        frontier(times, MinSites(), limit_s=250)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_figure_of_a_frontier_has_its_points_and_says_its_largest_gap(lang: str) -> None:
    found = frontier(drawn_times(2, 9, 60), MaxCoverage(1), limit_s=250)
    ax = plot_frontier(found, lang=lang)  # type: ignore[arg-type]
    assert len(ax.lines[0].get_xdata()) == len(found.points)
    assert "0.0" in ax.get_title() or "0 %" in ax.get_title()
    assert plot_frontier(found, ax=ax) is ax


def test_every_phase_adds_to_the_one_before_and_says_what_it_loses() -> None:
    times = drawn_times(7, 9, 60, n_existing=1)
    found = phases(times, MaxCoverage(1), [2, 4, 6], limit_s=250)
    assert found.status == "feasible"
    opened = [set(plan.opened) for plan in found.plans]
    assert opened[0] < opened[1] < opened[2]
    own = [best_by_number(times, 250, n) for n in (2, 4, 6)]
    assert found.table["own_best"].tolist() == own
    for plan, row, best in zip(found.plans, found.table.itertuples(), own, strict=True):
        index = frozenset(times.sites.ids.index(id_) for id_ in plan.opened)
        assert row.objective == covered_weight(index, times, 250)
        assert row.loss == pytest.approx(1 - row.objective / best)
    assert {id_ for one in found.table["opens"] for id_ in one} == opened[2] - {"s0"}


def test_a_build_order_is_better_than_greed() -> None:
    # greed opens the middle first, which the best pair does not want
    values = [[10, 10, 10, 10, 99], [10, 10, 99, 99, 10], [99, 99, 10, 10, 99]]
    times = TravelTimes.from_matrix(
        np.array(values) * 1.0,
        sites=pd.DataFrame({"id": ["middle", "left", "right"]}),
        demand=pd.DataFrame({"id": list("abcde"), "people": [9, 9, 9, 9, 5]}),
    )
    found = phases(times, MaxCoverage(1), [1, 2], limit_s=50)
    assert found.table["loss"].max() <= 1 - 36 / 41 + 1e-9


def test_what_must_be_open_is_asked_of_the_last_phase_and_the_rest_of_all() -> None:
    times = drawn_times(8, 9, 40)
    asked = SitingConstraints(
        groups=[GroupLimit(per="township", at_least=1)], required=["s3"], conflicts=[["s0", "s1", "s2"]]
    )
    found = phases(times, MaxCoverage(1), [1, 5], limit_s=250, constraints=asked)
    last = found.plans[-1]
    assert "s3" in last.opened
    assert {one.township for one in last.sites} == {"A", "B", "C"}
    assert all(len({"s0", "s1", "s2"} & set(plan.opened)) <= 1 for plan in found.plans)
    none = phases(times, MaxCoverage(1), [1, 2], limit_s=250, constraints=asked)
    assert none.status == "infeasible"
    assert "phase 2" in none.message
    with pytest.raises(InputError, match="rising"):
        phases(times, MaxCoverage(1), [3, 2], limit_s=250)


@pytest.mark.parametrize("mixed_crews", [False, True])
def test_prices_on_what_is_left_uncovered_bound_the_mean_time_and_keep_the_coverage(
    mixed_crews: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        times = drawn_times(seed, 9, 40)
        crews = rng.choice(["micro_station", "village_on_call"], 9) if mixed_crews else ["micro_station"] * 9
        times = TravelTimes.from_matrix(
            times.values,
            sites=times.sites.to_frame().assign(crew=crews),
            demand=times.demand.to_frame().assign(zone="suburb") if mixed_crews else times.demand,
        )
        asked = {"standard": load_standard()} if mixed_crews else {"limit_s": 250.0}
        sequence = Lexicographic([MaxCoverage(4), MinMeanTime(4)], tolerances=[0.02])
        exact = site(times, sequence, **asked)  # type: ignore[arg-type]
        with monkeypatch.context() as patch:
            patch.setattr("rescuesim.siting.mean_time_stage._SMALL", 0)
            priced = site(times, sequence, **asked)  # type: ignore[arg-type]
        least, found = exact.stages[1], priced.stages[1]
        assert exact.status == "optimal"
        assert found.best_bound <= least.value + 1e-6 <= found.value + 2e-6
        assert found.gap < 0.1
        assert priced.stages[0].final >= priced.stages[0].kept_at - 1e-6


def test_what_the_figure_says_is_out_of_reach_is_so_between_the_amounts_too() -> None:
    times = drawn_times(4, 12, 80)
    found = frontier(times, MaxCoverage(12), limit_s=250, amounts=[2, 8])
    between = site(times, MaxCoverage(7), limit_s=250)
    area = plot_frontier(found).collections[0].get_paths()[0]
    assert between.objective > found.points["best_bound"].iloc[0]
    share = 100 * between.objective / found.weight
    assert not area.contains_point((7.0, share - 1e-6))
    assert area.contains_point((7.0, 100 * found.points["best_bound"].iloc[1] / found.weight + 1e-3))


@pytest.mark.parametrize("small", [0, 10**9])
def test_a_later_objective_may_ask_for_fewer_sites_than_an_earlier_one_opened(
    small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rescuesim.siting.mean_time_stage._SMALL", small)
    times = drawn_times(2, 9, 40)
    goals = [MaxCoverage(5), MinMeanTime(3)]
    none = site(times, Lexicographic(goals), limit_s=250)
    assert none.status == "infeasible"
    assert "min_mean_time, cannot be met" in none.message
    found = site(times, Lexicographic(goals, tolerances=[0.5]), limit_s=250)
    assert found.status == "optimal"
    assert len(found.opened) <= 3


@pytest.mark.parametrize("second", [MinMeanTime(6), MinMaxTime(6), MaxCoverage(4)])
def test_a_sequence_that_stops_before_a_later_objective_has_a_plan_keeps_that_of_the_earlier_ones(
    second: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = MixedSolution(status="unknown", x=None, objective=math.nan, best_bound=-math.inf, bound_source="")
    monkeypatch.setattr("rescuesim.siting.sequence.solve_mixed", lambda *_, **__: nothing)
    times = drawn_times(2, 12, 40)
    first = site(times, MaxCoverage(8), limit_s=250)
    assert len(first.opened) > 6
    found = site(times, Lexicographic([MaxCoverage(8), second]), limit_s=250)
    assert (found.status, found.objective, len(found.stages)) == ("feasible", first.objective, 1)
    assert "stopped before objective 2" in found.message


@pytest.mark.parametrize("second", [MinMeanTime(1), MinMaxTime(1)])
def test_times_after_another_objective_are_not_asked_where_nobody_can_be_reached(second: object) -> None:
    rows = np.full((2, 3), np.inf)
    times = TravelTimes.from_matrix(
        rows, sites=pd.DataFrame({"id": ["a", "b"]}), demand=pd.DataFrame({"id": [1, 2, 3], "people": [5, 2, 1]})
    )
    found = site(times, Lexicographic([MaxCoverage(1), second]), limit_s=100)
    assert found.status == "infeasible"
    assert "no openable site reaches any point" in found.message
