"""Frontiers and build orders at their edges: nothing to spend, costs without an end, models that ask for more."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rescuesim.errors import InputError
from rescuesim.siting import (
    MaxAvailableCoverage,
    MaxBackupCoverage,
    MaxCoverage,
    MaxExpectedCoverage,
    MinCost,
    MinMeanTime,
    SitingConstraints,
    frontier,
    pair_limits,
    phases,
    site,
)
from rescuesim.siting.constraints import siting_problem
from rescuesim.siting.resources import resource_of
from rescuesim.standard import load_standard
from rescuesim.travel import TravelTimes, TravelTimesEnsemble


def times_of(rows: object, cost: object = 0.0) -> TravelTimes:
    matrix = np.asarray(rows, dtype=float)
    n_sites, n_demand = matrix.shape
    sites = pd.DataFrame({"id": [f"s{j}" for j in range(n_sites)], "cost": cost})
    demand = pd.DataFrame({"id": [f"d{i}" for i in range(n_demand)], "people": 5 + np.arange(n_demand)})
    return TravelTimes.from_matrix(matrix, sites=sites, demand=demand)


TWO = times_of([[60, 400], [80, 90]], cost=[1.0, 2.0])
APART = np.where(np.eye(6) > 0, 50, 400)


def test_no_site_at_all_is_infeasible_where_every_point_must_be_covered() -> None:
    found = frontier(TWO, MaxBackupCoverage(2), limit_s=100, amounts=[0, 1, 2])
    assert found.points["amount"].tolist() == [0, 1, 2]
    assert found.points["status"].tolist() == ["infeasible", "optimal", "optimal"]
    assert found.points["objective"].tolist()[1:] == [0, 5]
    assert found.plans[0] is None
    assert frontier(TWO, MaxBackupCoverage(2), limit_s=100).points["status"].tolist() == ["infeasible", "optimal"]
    weighed = frontier(TWO, MaxBackupCoverage(2, cover_all=False, backup_share=0.5), limit_s=100)
    assert weighed.points["objective"].tolist()[0] == 0


def test_no_site_at_all_covers_everything_where_nothing_can_be_covered() -> None:
    found = frontier(times_of([[400], [500]]), MaxBackupCoverage(1), limit_s=100, amounts=[0])
    assert found.points[["status", "objective"]].to_numpy().tolist() == [["optimal", 0.0]]


def test_the_standard_is_handed_to_models_of_availability() -> None:
    times, standard = times_of(APART[:3, :3]), load_standard()
    points = frontier(times, MaxAvailableCoverage(1), standard=standard, amounts=[1, 2]).points
    chain = phases(times, MaxAvailableCoverage(1), [1, 2], standard=standard)
    for amount in (1, 2):
        best = site(times, MaxAvailableCoverage(amount), standard=standard).objective
        assert points.set_index("amount")["objective"][amount] == pytest.approx(best)
        assert chain.table["own_best"].iloc[amount - 1] == pytest.approx(best)
    for solve in (frontier, phases):
        with pytest.raises(InputError, match="expected a standard"):
            solve(times, MaxAvailableCoverage(1), amounts=[1, 2], limit_s=100)


@pytest.mark.parametrize(
    "objective", [MaxCoverage(5), MinMeanTime(5), MaxExpectedCoverage(n_units=6, busy_fraction=0.2, units_per_site=1)]
)
def test_an_earlier_phase_is_sought_inside_a_plan_of_fewer_sites_than_the_number(objective: Any) -> None:
    rows = APART if not isinstance(objective, MinMeanTime) else APART + np.arange(6)
    asked = {} if isinstance(objective, MinMeanTime) else {"limit_s": 100.0}
    found = phases(times_of(rows, cost=2.0), objective, [2, 4, 6], over="cost", **asked)  # type: ignore[arg-type]
    assert found.status == "feasible"
    assert [len(plan.opened) for plan in found.plans] == [1, 2, 3]


def test_units_that_no_choice_of_sites_can_hold_are_refused_along_all_amounts() -> None:
    units = MaxExpectedCoverage(n_units=7, busy_fraction=0.2, units_per_site=1)
    with pytest.raises(InputError, match="7: expected at most"):
        phases(times_of(APART), units, [2, 4], over="cost", limit_s=100.0)


@pytest.mark.parametrize("solve", [frontier, phases])
def test_along_money_the_number_of_the_objective_is_no_second_limit_and_the_result_says_so(solve: Any) -> None:
    times = times_of(APART, cost=2.0)
    found = solve(times, MaxCoverage(2, budget=6.0), amounts=[2, 4, 12], over="cost", limit_s=100.0)
    assert [len(plan.opened) for plan in found.plans] == [1, 2, 6]
    assert [note.split(" of ")[0] for note in found.notes] == ["n_sites 2", "budget 6"]
    assert "SitingConstraints(n_new_sites=...)" in found.notes[0]
    by_number = solve(times, MaxCoverage(2, budget=6.0), amounts=[2, 6], limit_s=100.0)
    assert [len(plan.opened) for plan in by_number.plans] == [2, 3]
    assert by_number.notes == ("budget 6 of the objective holds at every amount",)


def test_phases_without_money_open_nothing() -> None:
    times = times_of(APART, cost=2.0)
    found = phases(times, MaxCoverage(3), [0, 0, 2], over="cost", limit_s=100)
    assert [plan.opened for plan in found.plans][:2] == [(), ()]
    assert found.table["objective"].tolist() == [0, 0, 10]
    none = phases(times_of(APART * 100), MaxCoverage(3), [1, 2], limit_s=100)
    assert none.table["objective"].tolist() == [0, 0]


@pytest.mark.parametrize("cost", [1 / 3, 100 / 3, 0.1, 12345.678 / 7])
def test_what_sites_cost_is_enough_for_them_however_the_costs_are_written(cost: float) -> None:
    times = times_of(APART, cost=[cost * (1 + j % 3) for j in range(6)])
    rest = SitingConstraints(required=["s1", "s2", "s4"])
    found = frontier(times, MaxCoverage(6), over="cost", limit_s=100, n_points=4, constraints=rest, relative_gap=0.0)
    assert set(found.points["status"]) == {"optimal"}
    assert found.points["objective"].iloc[-1] == times.demand.weights.sum()
    assert (found.points["used"] <= found.points["amount"]).all()
    assert (found.points["cost"] == found.points["used"]).all()
    bought = frontier(times, MinCost(), over="cost", limit_s=100, n_points=2)
    assert bought.points["status"].iloc[-1] == "optimal"


def test_an_amount_that_is_enough_for_a_plan_is_hardly_more_than_it_uses() -> None:
    times = times_of(np.full((40, 1), 5.0), cost=np.random.default_rng(3).uniform(0, 9e5, 40) / 7)
    resource = resource_of(
        siting_problem(times, pair_limits(times, limit_s=9), SitingConstraints()), "cost", SitingConstraints()
    )
    for seed in range(5):
        opened = np.random.default_rng(seed).random(40) < 0.5
        amount = resource.enough_for(opened)
        assert resource.row(amount).kept(opened).all()
        assert resource.used(opened) <= amount <= resource.used(opened) + 1e-4
    tenths = resource_of(
        siting_problem(times_of([[5], [5]], cost=[0.1, 0.2]), None, SitingConstraints()), "cost", SitingConstraints()
    )
    assert tenths.enough_for(np.ones(2, dtype=np.bool_)) == 0.3


def test_bounds_hold_for_all_that_keeps_the_rounded_row_of_an_amount() -> None:
    times = times_of(np.full((12, 1), 5.0), cost=np.random.default_rng(4).uniform(0, 1, 12) / 7)
    none = SitingConstraints()
    resource = resource_of(siting_problem(times, pair_limits(times, limit_s=9), none), "cost", none)
    plans = [np.random.default_rng(seed).random(12) < 0.5 for seed in range(20)]
    levels = sorted(math.nextafter(resource.used(opened), 0) for opened in plans)
    use, amounts = resource.as_rows_have_it(levels)
    assert amounts == pytest.approx(levels, abs=1e-4)
    for level, amount in zip(levels, amounts, strict=True):
        row = resource.row(level)
        assert all(use[opened].sum() <= amount + 1e-12 for opened in plans if row.kept(opened).all())


def test_rounded_amounts_between_stay_between_the_smallest_and_the_largest() -> None:
    times = times_of(APART, cost=[0.014, 0.001, 0.001, 0.001, 0.001, 0.001])
    asked = SitingConstraints(required=["s0"])
    points = frontier(times, MaxCoverage(6), over="cost", limit_s=100, n_points=5, constraints=asked).points
    assert points["amount"].is_monotonic_increasing
    assert points["amount"].iloc[0] == 0.014
    assert points["amount"].iloc[-1] == 0.019
    assert "infeasible" not in set(points["status"])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"solve_limit_s": 0}, "solve_limit_s 0"),
    ({"solve_limit_s": -5}, "solve_limit_s -5"),
    ({"solve_limit_s": math.nan}, "solve_limit_s nan"),
    ({"solve_limit_s": None}, "solve_limit_s None"),
    ({"solve_limit_s": "5"}, "solve_limit_s '5'"),
    ({"relative_gap": 1}, "relative_gap 1"),
    ({"relative_gap": -0.1}, "relative_gap -0.1"),
    ({"relative_gap": math.nan}, "relative_gap nan"),
    ({"relative_gap": "0.1"}, "relative_gap '0.1'"),
    ({"amounts": [None]}, r"amounts \[None\]"),
    ({"amounts": [1, math.nan]}, r"amounts \[nan\]"),
    ({"amounts": [math.inf]}, r"amounts \[inf\]"),
    ({"amounts": ["2"]}, r"amounts \['2'\]"),
    ({"amounts": "12"}, "amounts '12'"),
    ({"amounts": 2}, "amounts 2"),
    ({"amounts": []}, "amounts"),
    ({"amounts": [1, 1.5]}, r"amounts \[1.5\]"),
    ({"over": "sites"}, "over 'sites'"),
    ({"objective": MaxCoverage(1, risk="mean")}, "risk 'mean'"),
    ({"objective": "coverage"}, "objective 'coverage'"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG)
def test_what_makes_no_sense_is_refused_by_frontiers_and_build_orders(wrong: dict[str, Any], said: str) -> None:
    asked = {"objective": MaxCoverage(1), "amounts": [1, 2], "limit_s": 100.0, **wrong}
    for solve in (frontier, phases):
        with pytest.raises(InputError, match=said):
            solve(TWO, **asked)


def test_phases_need_amounts_and_frontiers_a_number_of_points() -> None:
    with pytest.raises(InputError, match="amounts None"):
        phases(TWO, MaxCoverage(1), None, limit_s=100)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="n_points 1"):
        frontier(TWO, MaxCoverage(1), limit_s=100, n_points=1)


def test_all_options_that_make_no_sense_are_told_together() -> None:
    for solve in (frontier, phases):
        with pytest.raises(InputError) as caught:
            solve(TWO, MaxCoverage(1, risk="mean"), amounts=[None], limit_s=100, solve_limit_s=0, relative_gap=2)  # type: ignore[list-item]
        assert all(one in str(caught.value) for one in ("risk", "amounts", "solve_limit_s", "relative_gap"))


@pytest.mark.parametrize("solve", [frontier, phases])
def test_an_objective_without_a_risk_is_refused_over_states(solve: Any) -> None:
    states = TravelTimesEnsemble.__new__(TravelTimesEnsemble)
    with pytest.raises(InputError, match="risk None: expected mean, cvar or worst"):
        solve(states, MaxCoverage(1), amounts=[1], limit_s=100)
    with pytest.raises(InputError, match="MinMeanTime: over states of a network expected MaxCoverage with a risk"):
        solve(states, MinMeanTime(1), amounts=[1])


def test_amounts_of_numpy_are_numbers() -> None:
    for amounts in (np.array([1, 2]), np.array([1.0, 2.0])):
        assert frontier(TWO, MaxCoverage(1), limit_s=100, amounts=amounts).points["amount"].tolist() == [1, 2]  # type: ignore[arg-type]
        assert phases(TWO, MaxCoverage(1), amounts, limit_s=100).status == "feasible"  # type: ignore[arg-type]
