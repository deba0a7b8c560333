"""rescuesim.site as a whole on bad or odd input: a clear status or message, never a wrong claim of optimality."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import rescuesim as rs
from rescuesim.errors import InputError


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
