"""rescuesim.site as a whole on bad or odd input: a clear status or message, never a wrong claim of optimality."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import rescuesim as rs
from rescuesim.errors import InputError
from rescuesim.siting.models.equity import gini
from rescuesim.siting.models.malp import units_needed
from rescuesim.siting.staffing import roster_for


def times_of(
    rows: object, *, sites: dict[str, Any] | None = None, demand: dict[str, Any] | None = None
) -> rs.TravelTimes:
    matrix = np.asarray(rows, dtype=float)
    n_sites, n_demand = matrix.shape
    return rs.TravelTimes.from_matrix(
        matrix,
        sites=pd.DataFrame({"id": [f"s{j}" for j in range(n_sites)], **(sites or {})}),
        demand=pd.DataFrame({"id": [f"d{i}" for i in range(n_demand)], "people": 1, **(demand or {})}),
    )


OBJECTIVES = [rs.MaxCoverage(1), rs.MinSites(), rs.MinCost(), rs.MinMeanTime(1), rs.MinMaxTime(1)]


def limit_of(objective: object, limit_s: float = 100.0) -> dict[str, Any]:
    """Return a limit for models that have one."""
    return {} if isinstance(objective, (rs.MinMeanTime, rs.MinMaxTime)) else {"limit_s": limit_s}


@pytest.mark.parametrize("wrong", [-1.0, math.nan, -math.inf])
def test_negative_times_and_nan_are_refused_with_their_place(wrong: float) -> None:
    with pytest.raises(InputError, match="site s1, point d0"):
        times_of([[1.0], [wrong]])


@pytest.mark.parametrize("kind", [rs.MaxCoverage, rs.MinMeanTime, rs.MinMaxTime])
@pytest.mark.parametrize("number", [0, -3, 1.5, math.nan, True, "2"])
def test_a_number_of_sites_that_is_none_is_refused(kind: Any, number: Any) -> None:
    with pytest.raises(InputError, match="n_sites"):
        kind(number)


@pytest.mark.parametrize("kind", [rs.MaxCoverage, rs.MinMeanTime, rs.MinMaxTime])
def test_more_sites_than_may_be_open_are_refused(kind: Any) -> None:
    objective = kind(3)
    with pytest.raises(InputError, match=r"n_sites 3.*2 sites"):
        rs.site(times_of([[10.0], [20.0]]), objective, **limit_of(objective))


def test_contradictory_side_conditions_are_told_together() -> None:
    with pytest.raises(InputError) as caught:
        rs.site(
            times_of([[10.0], [20.0]]),
            rs.MaxCoverage(1),
            limit_s=100,
            constraints=rs.SitingConstraints(required=["s0", "s1", "x"], closed=["s1", "y"]),
        )
    said = str(caught.value)
    assert all(f"'{name}'" in said for name in ("x", "y", "s1"))


def test_conditions_that_cannot_be_kept_are_infeasible_and_say_what_would_have_to_give() -> None:
    solution = rs.site(
        times_of([[10.0, 500.0], [500.0, 10.0]], sites={"cost": [5, 7]}),
        rs.MaxCoverage(2),
        limit_s=100,
        constraints=rs.SitingConstraints(
            budget=4.0, groups=[rs.GroupLimit(sites=["s0", "s1"], name="both", at_least=1)]
        ),
    )
    assert solution.status == "infeasible"
    assert solution.relaxation is not None
    assert len(solution.relaxation) == 1
    assert solution.message
    assert "There is no plan" in rs.explanation_in_words(solution, lang="en")
    assert str(solution).startswith("max_coverage: infeasible")


def test_where_nothing_can_be_covered_the_optimum_is_nothing_and_every_point_says_why() -> None:
    times = times_of([[500.0, math.inf], [900.0, math.inf]])
    for objective in (rs.MaxCoverage(1), rs.MinSites(), rs.MinCost()):
        solution = rs.site(times, objective, limit_s=100)
        assert (solution.status, solution.objective, solution.opened) == ("optimal", 0, ())
        assert solution.uncoverable["reason"].tolist() == ["limit", "not_given"]
        told = solution.explain()
        assert told.points["cause"].tolist() == ["no_candidate", "road"]
        assert told.points["fix"].tolist() == ["none", "none"]
        assert "400 s over" in rs.explanation_in_words(solution, lang="en")


def test_weights_of_zero_are_answered_or_refused_and_no_mean_is_made_up() -> None:
    times = times_of([[10.0, 20.0], [30.0, 5.0]], demand={"weight": [0, 0]})
    solution = rs.site(times, rs.MaxCoverage(1), limit_s=100)
    assert (solution.status, solution.objective, solution.gap) == ("optimal", 0, 0)
    assert rs.explanation_in_words(solution, lang="zh")
    with pytest.raises(InputError, match="expected some above 0, to take a mean"):
        rs.site(times, rs.MinMeanTime(1))


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda one: type(one).__name__)
def test_massive_ties_are_broken_by_cost_and_order(objective: Any) -> None:
    n = 30
    times = times_of(np.full((n, 40), 60.0), sites={"cost": [3.0] * 10 + [2.0] * (n - 10)})
    solution = rs.site(times, objective, **limit_of(objective))
    assert solution.status == "optimal"
    assert len(solution.opened) == 1
    assert solution.ties_broken is False or solution.opened == ("s10",)
    assert solution.best_bound == pytest.approx(solution.objective)
    told = solution.explain()
    if told.counted:
        assert told.n_alternatives >= n - 1


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda one: type(one).__name__)
def test_one_site_and_one_point_are_enough(objective: Any) -> None:
    solution = rs.site(times_of([[60.0]]), objective, **limit_of(objective))
    assert (solution.status, solution.opened, solution.gap) == ("optimal", ("s0",), 0.0)
    assert set(solution.to_frames()) >= {"summary", "sites", "points", "uncoverable"}
    assert solution.explain().points.empty


@pytest.mark.parametrize("objective", [rs.MinMeanTime(1), rs.MinMaxTime(1)], ids=["median", "center"])
def test_a_median_does_not_take_the_cutoff_for_no_road(objective: Any) -> None:
    from dataclasses import replace

    times = replace(times_of([[60.0, math.inf]]), cutoff_s=90.0)
    with pytest.raises(InputError, match=r"cutoff|cut off"):
        rs.site(times, objective)


def test_full_cover_is_told_as_a_count_and_never_as_all_of_it() -> None:
    solution = rs.site(times_of([[60.0]]), rs.MaxCoverage(1), limit_s=100)
    for lang in ("zh", "en"):
        said = rs.explanation_in_words(solution, lang=lang)  # type: ignore[arg-type]
        assert "100%" not in said
        assert "1/1" in said or "1 of 1" in said


TWO = [[50.0, 400.0], [400.0, 90.0]]
MODELS_BY_NAME = {
    "coverage": rs.MaxCoverage(1),
    "median": rs.MinMeanTime(1),
    "centre": rs.MinMaxTime(1),
    "expected": rs.MaxExpectedCoverage(n_units=1, busy_fraction=0.3),
}


@pytest.mark.parametrize("objective", MODELS_BY_NAME.values(), ids=MODELS_BY_NAME)
@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("limit_s", "100", "expected 0 or more, and finite"),
        ("limit_s", True, "expected 0 or more, and finite"),
        ("limit_s", math.nan, "expected 0 or more, and finite"),
        ("relative_gap", "0.1", "expected 0 or more, and under 1"),
        ("relative_gap", None, "expected 0 or more, and under 1"),
        ("solve_limit_s", None, "expected a number of seconds above 0"),
        ("solve_limit_s", "5", "expected a number of seconds above 0"),
        ("solve_limit_s", 0, "expected a number of seconds above 0"),
        ("seed", None, "expected a whole number of 0 or more"),
        ("seed", "x", "expected a whole number of 0 or more"),
        ("seed", -1, "expected a whole number of 0 or more"),
        ("workers", 0, "expected a whole number of 1 or more"),
        ("workers", 1.5, "expected a whole number of 1 or more"),
        ("units_per_new_site", True, "expected a whole number of 1 or more"),
        ("constraints", {"budget": 3}, "expected SitingConstraints"),
        ("constraints", {}, "expected SitingConstraints"),
    ],
)
def test_options_that_are_none_are_refused_by_every_model(
    objective: Any, option: str, value: Any, expected: str
) -> None:
    with pytest.raises(InputError) as caught:
        rs.site(times_of(TWO), objective, **{**limit_of(objective), option: value})
    assert str(caught.value) == f"{option} {value!r}: {expected}"


def test_all_wrong_options_are_told_together() -> None:
    with pytest.raises(InputError) as caught:
        rs.site(None, rs.MaxCoverage(1), limit_s="1", workers=0, seed=None, relative_gap=2)  # type: ignore[arg-type]
    assert [one.split()[0] for one in str(caught.value).split("; ")] == [
        "times",
        "limit_s",
        "relative_gap",
        "workers",
        "seed",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("implications", [None]),
        ("implications", [("a", 3)]),
        ("implications", [(["a"], "b")]),
        ("implications", 3),
        ("conflicts", [3]),
        ("conflicts", None),
        ("groups", None),
        ("subsidies", None),
        ("separation", 5),
        ("muster_confidence", "x"),
        ("closed", None),
        ("required", None),
        ("required", [["a"]]),
        ("staffing", {"volunteer": 3}),
    ],
)
def test_a_side_condition_of_the_wrong_kind_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"^{name} .*: expected "):
        rs.SitingConstraints(**{name: value})


def test_a_shift_that_there_is_not_is_refused_without_people_too() -> None:
    with pytest.raises(InputError, match="staffed_shifts 'noon': expected "):
        rs.SitingConstraints(staffed_shifts=["noon"])


@pytest.mark.parametrize("arguments", [(5, 0.5, "x"), (5, "x", 0.9), ("x", 0.5, 0.9), (5, math.nan, 0.9)])
def test_a_roster_is_not_worked_out_from_what_is_no_number(arguments: Any) -> None:
    with pytest.raises(InputError, match="expected"):
        roster_for(*arguments)


def test_a_truth_value_is_no_crew_even_after_a_crew_of_one_was_asked_for() -> None:
    assert roster_for(1, 0.5, 0.9) == 4
    with pytest.raises(InputError, match="crew_size True"):
        roster_for(True, 0.5, 0.9)


def test_shares_that_are_no_numbers_have_no_gini() -> None:
    with pytest.raises(InputError, match="expected a list of numbers"):
        gini(["a"], [1])


def test_a_sequence_takes_tolerances_as_a_list_and_a_risk_over_states_alone() -> None:
    with pytest.raises(InputError, match=r"tolerances 0\.1: expected a list"):
        rs.Lexicographic([rs.MaxCoverage(1), rs.MinCost()], tolerances=0.1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="risk 'mean': expected times over states"):
        rs.site(times_of(TWO), rs.Lexicographic([rs.MaxCoverage(1, risk="mean"), rs.MinCost()]), limit_s=100)


def test_a_reliability_that_no_fleet_gives_is_answered_at_once() -> None:
    wanted = rs.MaxReliableCoverage(n_units=1, reliability=1 - 1e-12, busy_fraction=1 - 1e-9)
    solution = rs.site(times_of(TWO), wanted, limit_s=100)
    assert (solution.status, solution.objective) == ("optimal", 0)


@pytest.mark.parametrize("reliability", [1e-13, 0.3, 0.9, 0.999])
def test_the_fewest_units_are_those_that_counting_up_finds(reliability: float) -> None:
    def counted(busy: Any) -> int:
        return next(n for n in range(1, 10_000) if 1 - busy(n) ** n >= reliability - 1e-12)

    for q in (0.0, 0.3, 0.9, 0.99):
        assert units_needed(None, q, reliability).tolist() == [counted(lambda n, q=q: q)]
    load = np.array([0.0, 0.2, 1.0, 1.5, 7.3, 40.0])
    by_load = [counted(lambda n, r=r: min(r / n, 1.0)) for r in load.tolist()]
    assert units_needed(load, None, reliability).tolist() == by_load


def test_work_beyond_any_number_of_units_is_refused() -> None:
    with pytest.raises(InputError, match=r"workload 1e\+300"):
        units_needed(np.array([1e300]), None, 0.9)
