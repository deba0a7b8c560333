"""Backup, available, expected, reliable and equitable coverage through rs.site: bad input, growth, side conditions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rescuesim.crew import default_crews
from rescuesim.errors import InputError
from rescuesim.siting import (
    GroupLimit,
    MaxAvailableCoverage,
    MaxBackupCoverage,
    MaxCoverage,
    MaxExpectedCoverage,
    MaxMinCoverage,
    MaxReliableCoverage,
    SitingConstraints,
    available_share,
    coverage_by_township,
    gini,
    pair_limits,
    site,
    site_mask,
)
from rescuesim.siting.constraints import siting_problem
from rescuesim.siting.models.malp import local_workload, units_needed
from rescuesim.standard import load_standard
from rescuesim.travel import TravelTimePairs, TravelTimes

STANDARD = load_standard(inner="fire_station_5min")


def plane(seed: int, n_sites: int = 14, n_demand: int = 60, **demand: object) -> TravelTimes:
    rng = np.random.default_rng(seed)
    at, to = rng.uniform(0, 1, (n_sites, 1, 2)), rng.uniform(0, 1, (1, n_demand, 2))
    return TravelTimes.from_matrix(
        np.hypot(*(at - to).transpose(2, 0, 1)) * 1000,
        sites=pd.DataFrame(
            {
                "id": [f"s{j}" for j in range(n_sites)],
                "crew": rng.choice(["brigade", "micro_station", "township_duty"], n_sites),
            }
        ),
        demand=pd.DataFrame(
            {
                "id": [f"d{i}" for i in range(n_demand)],
                "people": rng.integers(0, 300, n_demand),
                "zone": rng.choice(["built_up", "suburb", "dense_rural"], n_demand),
                "township": rng.choice(["城关", "山口", "河东"], n_demand),
                **demand,
            }
        ),
    )


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        (lambda: MaxBackupCoverage(0), "n_sites 0: expected a whole number of 1 or more"),
        (lambda: MaxBackupCoverage(cover_all=False, backup_share=0.5), "n_sites None: expected a number of sites"),
        (lambda: MaxBackupCoverage(3, backup_share=0.5), "backup_share 0.5: expected just with cover_all=False"),
        (lambda: MaxBackupCoverage(3, cover_all=False, backup_share=2), "backup_share 2: expected from 0 to 1"),
        (lambda: MaxAvailableCoverage(True), "n_sites True: expected a whole number"),
        (lambda: MaxExpectedCoverage(n_units=0, busy_fraction=1.0), "n_units 0: .*; busy_fraction 1.0: expected 0 or"),
        (lambda: MaxReliableCoverage(n_units=3, reliability=1.0), "reliability 1.0: .*; expected either busy_fraction"),
        (lambda: MaxReliableCoverage(n_units=3, service_hours=-1.0), "service_hours -1.0: expected above 0"),
        (lambda: MaxMinCoverage(0), "n_sites 0: expected a whole number of 1 or more"),
        (lambda: MaxCoverage(3, risk="median"), "risk 'median': expected mean, cvar, worst"),
        (lambda: MaxCoverage(3, risk="cvar"), "tail None: expected with risk='cvar'"),
        (lambda: MaxCoverage(3, risk="cvar", tail=0.0), "tail 0.0: expected above 0"),
        (lambda: MaxCoverage(3, tail=0.1), "tail 0.1: expected with risk='cvar', and with nothing else"),
    ],
)
def test_objectives_that_make_no_sense_are_refused(wanted: object, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        wanted()  # type: ignore[operator]


def test_problems_that_a_model_cannot_be_asked_about_are_refused() -> None:
    times = plane(0)
    asked = [
        (MaxBackupCoverage(15), {"limit_s": 300}, "expected at most the 14 sites that may be open"),
        (MaxAvailableCoverage(3), {"limit_s": 300}, "expected a standard, whose crews have their availability"),
        (MaxExpectedCoverage(n_units=29, busy_fraction=0.1, units_per_site=2), {"limit_s": 300}, "at most the 28"),
        (
            MaxReliableCoverage(n_units=3, service_hours=1.0),
            {"limit_s": 300},
            "calls_per_year of every point",
        ),
        (
            MaxExpectedCoverage(n_units=3, busy_fraction=0.1),
            {"standard": load_standard(inner="micro_station_135")},
            "wants a second unit from another site",
        ),
        (MaxCoverage(3, risk="mean"), {"limit_s": 300}, "expected times over states of a network"),
    ]
    for objective, options, fault in asked:
        with pytest.raises(InputError, match=fault):
            site(times, objective, **options)


@pytest.mark.parametrize(
    "objective",
    [
        MaxBackupCoverage(2, cover_all=False, backup_share=0.4),
        MaxAvailableCoverage(2),
        MaxExpectedCoverage(n_units=2, busy_fraction=0.2),
        MaxReliableCoverage(n_units=2, busy_fraction=0.2),
        MaxMinCoverage(2),
    ],
)
def test_where_nothing_can_be_covered_nothing_is(objective: object) -> None:
    frames = {"sites": pd.DataFrame({"id": ["a", "b"]}), "demand": pd.DataFrame({"id": [1, 2], "zone": ["suburb"] * 2})}
    named = frames["demand"].assign(township="城关")
    times = TravelTimes.from_matrix(np.full((2, 2), np.inf), sites=frames["sites"], demand=named)
    solution = site(times, objective, standard=STANDARD)
    assert (solution.status, solution.objective, solution.gap) == ("optimal", 0.0, 0.0)
    assert len(solution.uncoverable) == 2


@pytest.mark.parametrize(
    "objective",
    [
        MaxBackupCoverage(1, cover_all=False, backup_share=0.4),
        MaxAvailableCoverage(1),
        MaxExpectedCoverage(n_units=1, busy_fraction=0.2),
        MaxMinCoverage(1),
    ],
)
def test_more_existing_sites_than_allowed_are_infeasible_and_said(objective: object) -> None:
    sites = pd.DataFrame({"id": ["a", "b"], "status": ["existing"] * 2})
    demand = pd.DataFrame({"id": [1], "zone": ["suburb"], "township": ["城关"]})
    solution = site(TravelTimes.from_matrix([[60], [60]], sites=sites, demand=demand), objective, standard=STANDARD)
    assert solution.status == "infeasible"
    assert "1 is less than the 2 existing and required sites" in solution.message


def test_values_never_fall_as_sites_and_limits_grow() -> None:
    times = plane(1)
    by_number = {
        "backup": lambda n: MaxBackupCoverage(n, cover_all=False, backup_share=0.6),
        "available": MaxAvailableCoverage,
        "expected": lambda n: MaxExpectedCoverage(n_units=n, busy_fraction=0.3),
        "reliable": lambda n: MaxReliableCoverage(n_units=n, busy_fraction=0.3),
        "worst township": MaxMinCoverage,
    }
    for name, objective in by_number.items():
        values = [site(times, objective(n), standard=STANDARD).objective for n in (1, 2, 4, 7)]
        assert np.diff(values).min() >= -1e-9, name
        assert values[-1] > values[0], name
        if name != "available":
            wider = [site(times, objective(3), limit_s=limit).objective for limit in (100, 200, 400, 800)]
            assert np.diff(wider).min() >= -1e-9, name


def test_available_coverage_is_the_available_share_and_never_more_than_what_is_built() -> None:
    times = plane(2)
    solution = site(times, MaxAvailableCoverage(4), standard=STANDARD)
    limits = pair_limits(times, standard=STANDARD)
    share = available_share(times, limits, STANDARD, site_mask(times, solution.opened))
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(times.demand.weights @ share.mean(axis=1))  # two shifts of 12 hours
    assert solution.objective < site(times, MaxCoverage(4), standard=STANDARD).objective
    always = {name: replace(crew, availability={"day": 1.0, "night": 1.0}) for name, crew in default_crews().items()}
    sure = load_standard(inner="fire_station_5min", crews=always)
    built = site(times, MaxCoverage(4), standard=sure).objective
    assert site(times, MaxAvailableCoverage(4), standard=sure).objective == pytest.approx(built)


def test_a_limit_returns_a_plan_with_an_honest_bound() -> None:
    times = plane(3, n_sites=60, n_demand=300)
    best = site(times, MaxAvailableCoverage(8), standard=STANDARD, relative_gap=0.02)
    cut = site(times, MaxAvailableCoverage(8), standard=STANDARD, solve_limit_s=0.05)
    assert cut.status in ("feasible", "optimal")
    assert cut.best_bound >= best.objective - 1e-6
    assert best.best_bound >= cut.objective - 1e-6
    assert best.gap <= 0.02


def test_required_and_closed_sites_hold_in_every_model() -> None:
    times = plane(4)
    held = SitingConstraints(required=["s0"], closed=["s1"])
    for objective in (
        MaxBackupCoverage(4, cover_all=False, backup_share=0.7),
        MaxAvailableCoverage(4),
        MaxExpectedCoverage(n_units=4, busy_fraction=0.2),
        MaxReliableCoverage(n_units=4, busy_fraction=0.2),
        MaxMinCoverage(4),
    ):
        opened = site(times, objective, standard=STANDARD, constraints=held).opened
        assert "s0" in opened
        assert "s1" not in opened


def test_units_needed_grow_with_work_and_reliability() -> None:
    assert units_needed(None, 0.0, 0.999).tolist() == [1]
    assert units_needed(None, 0.5, 0.9).tolist() == [4]  # 1 - 0.5 ** 4 = 0.94
    load = units_needed(np.array([0.05, 0.1, 0.5, 2.0, 8.0]), None, 0.95)
    assert load.tolist() == sorted(load.tolist())
    # 1 - (2 / 5) ** 5 = 0.990, with four 0.938
    assert load[3] == 5


def test_work_around_a_point_is_that_of_its_nearest_site() -> None:
    sites = pd.DataFrame({"id": ["a", "b"]})
    demand = pd.DataFrame({"id": [1, 2, 3], "people": [1, 1, 1], "calls_per_year": [876.0, 876.0, 0.0]})
    times = TravelTimes.from_matrix([[0, 50, 90], [95, 60, 10]], sites=sites, demand=demand)
    for given in (times, TravelTimePairs.from_times(times)):
        problem = siting_problem(given, pair_limits(given, limit_s=92), SitingConstraints())
        # two hours a call: a covers points 1, 2 and 3, b covers 2 and 3
        assert local_workload(problem, 2.0).tolist() == pytest.approx([0.4, 0.4, 0.2])
    solution = site(times, MaxReliableCoverage(n_units=2, reliability=0.8, service_hours=2.0), limit_s=92)
    assert solution.objective == 3
    assert solution.plan.units == {"a": 2}


def test_townships_are_told_apart_with_their_gini() -> None:
    times = plane(5)
    limits = pair_limits(times, limit_s=250)
    solution = site(times, MaxMinCoverage(3), limit_s=250)
    table = coverage_by_township(times, limits, site_mask(times, solution.opened))
    assert table["share"].min() == pytest.approx(solution.objective)
    assert table["weight"].sum() == times.demand.weights.sum()
    assert 0 <= gini(table["share"], table["weight"]) < 0.5
    most = site(times, MaxCoverage(3), limit_s=250)
    uneven = coverage_by_township(times, limits, site_mask(times, most.opened))
    assert uneven["share"].min() <= table["share"].min()
    assert uneven["covered"].sum() >= table["covered"].sum()


def test_too_few_sites_for_full_first_cover_are_told_how_many_it_takes_and_what_else_to_ask() -> None:
    apart = np.where(np.eye(4) > 0, 50.0, 400.0)
    frames = {"sites": pd.DataFrame({"id": list("abcd")}), "demand": pd.DataFrame({"id": range(4), "people": 10})}
    times = TravelTimes.from_matrix(apart, **frames)
    few = site(times, MaxBackupCoverage(2), limit_s=100)
    assert few.status == "infeasible"
    assert "n_sites of 4 or more, or cover_all=False" in few.message
    assert site(times, MaxBackupCoverage(4), limit_s=100).status == "optimal"
    weighed = site(times, MaxBackupCoverage(2, cover_all=False), limit_s=100)
    assert (weighed.status, weighed.objective) == ("optimal", 10.0)  # half of 20 covered
    never = SitingConstraints(groups=[GroupLimit(sites=["a", "b"], at_most=1)])
    none = site(times, MaxBackupCoverage(4), limit_s=100, constraints=never)
    assert "nor does any number: expected cover_all=False" in none.message
