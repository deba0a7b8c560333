"""rs.site: limits, reasons, ties, time limits and bad input."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from oracles_siting import coverage_share

from rescuesim.crew import Lognormal, default_crews
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.plan import Plan
from rescuesim.simulation import Fleet
from rescuesim.siting import (
    MaxBackupCoverage,
    MaxCoverage,
    MaxExpectedCoverage,
    MinCost,
    MinSites,
    available_share,
    covered_points,
    pair_limits,
    point_coverage,
    site,
    site_mask,
    warm_up,
)
from rescuesim.siting.constraints import SitingConstraints, siting_problem
from rescuesim.siting.found import Clock, Run
from rescuesim.siting.models import MODELS
from rescuesim.standard import load_standard
from rescuesim.travel import TravelTimes


def times_of(rows: object, sites: dict[str, list[object]], demand: dict[str, list[object]]) -> TravelTimes:
    matrix = np.asarray(rows, dtype=float)
    return TravelTimes.from_matrix(
        matrix,
        sites=pd.DataFrame({"id": [f"s{j}" for j in range(matrix.shape[0])], **sites}),
        demand=pd.DataFrame({"id": [f"d{i}" for i in range(matrix.shape[1])], **demand}),
    )


def random_times(seed: int, n_sites: int = 40, n_demand: int = 200) -> TravelTimes:
    rng = np.random.default_rng(seed)
    at, to = rng.uniform(0, 1, (n_sites, 1, 2)), rng.uniform(0, 1, (1, n_demand, 2))
    return times_of(
        np.hypot(*(at - to).transpose(2, 0, 1)) * 1200,
        {
            "status": ["existing"] * 4 + ["candidate"] * (n_sites - 4),
            "cost": rng.integers(1, 9, n_sites).tolist(),
        },
        {
            "people": rng.integers(1, 900, n_demand).tolist(),
            "zone": rng.choice(["built_up", "suburb", "dense_rural", "rural"], n_demand).tolist(),
        },
    )


def test_every_uncovered_point_says_why() -> None:
    times = times_of(
        [[50, 400, np.inf, 50, 700, 50], [2000, 2000, np.inf, 2000, 100, 2000]],
        {"crew": ["micro_station", "township_duty"], "status": ["existing", "existing"]},
        {"zone": ["built_up", "built_up", "suburb", "rural", "suburb", "suburb"]},
    )
    solution = site(times, MinSites(), standard=load_standard())
    assert solution.points["reason"].tolist() == ["", "limit", "not_given", "not_in_standard", "", ""]
    assert solution.points["nearest_site"].tolist()[4] == "s1"
    only_crew = times_of([[50]], {"crew": ["township_duty"]}, {"zone": ["built_up"]})
    assert site(only_crew, MinSites(), standard=load_standard()).uncoverable["reason"].tolist() == ["no_crew"]


def test_a_second_unit_must_come_from_another_site() -> None:
    standard = load_standard(inner="micro_station_135")
    one = times_of([[10]], {}, {"zone": ["built_up"]})
    assert site(one, MinSites(), standard=standard).points["covered"].tolist() == [False]
    two = times_of([[10], [150]], {}, {"zone": ["built_up"]})
    solution = site(two, MaxCoverage(2), standard=standard)
    assert solution.opened == ("s0", "s1")
    nobody = site(two, MaxCoverage(1), standard=standard)
    assert (nobody.opened, nobody.points["reason"].tolist()) == ((), ["no_site"])
    assert nobody.uncoverable.empty


def test_ties_go_to_the_cheapest_and_then_to_the_first_in_the_table() -> None:
    cheap = times_of([[10], [10], [10]], {"cost": [5, 2, 2]}, {"zone": ["suburb"]})
    assert site(cheap, MaxCoverage(1), standard=load_standard()).opened == ("s1",)
    assert site(cheap, MaxCoverage(3), standard=load_standard()).opened == ("s1",)


def test_existing_sites_stay_open_and_count_and_closed_ones_stay_shut() -> None:
    times = times_of([[900], [10], [10]], {"status": ["existing", "closed", "candidate"]}, {"zone": ["suburb"]})
    solution = site(times, MaxCoverage(2), standard=load_standard())
    assert solution.opened == ("s0", "s2")
    short = site(times_of([[1], [1]], {"status": ["existing"] * 2}, {}), MaxCoverage(1), limit_s=5)
    assert short.status == "infeasible"
    assert "2 existing" in short.message


def test_new_sites_take_the_units_they_are_given() -> None:
    times = times_of([[10], [10]], {"status": ["existing", "candidate"], "units": [3, 1]}, {"zone": ["suburb"]})
    far = times_of(
        [[999, 10], [10, 999]],
        {"status": ["existing", "candidate"], "units": [3, 1]},
        {"zone": ["suburb"] * 2},
    )
    assert site(far, MaxCoverage(2), standard=load_standard(), units_per_new_site=2).plan.units == {
        "s0": 3,
        "s1": 2,
    }
    assert site(times, MaxCoverage(2), standard=load_standard()).plan.units == {"s0": 3}


def test_a_time_limit_returns_a_plan_with_a_bound_and_a_gap() -> None:
    times = random_times(3, n_sites=150, n_demand=3000)
    solution = site(times, MaxCoverage(30), standard=load_standard(), solve_limit_s=0.05)
    assert solution.status in ("feasible", "optimal")
    assert len(solution.opened) <= 30
    assert solution.objective > 0
    assert solution.best_bound >= solution.objective
    assert solution.gap == pytest.approx((solution.best_bound - solution.objective) / solution.objective)


def test_the_same_input_gives_the_same_plan_and_more_workers_the_same_value() -> None:
    times = random_times(5)
    first, again = (site(times, MaxCoverage(12), standard=load_standard(), seed=3) for _ in range(2))
    assert first.opened == again.opened
    assert site(times, MaxCoverage(12), standard=load_standard(), workers=2).objective == first.objective


def test_coverage_is_what_an_independent_count_gives() -> None:
    times, standard = random_times(6), load_standard()
    solution = site(times, MaxCoverage(10), standard=standard)
    opened = [times.sites.ids.index(id_) for id_ in solution.opened]
    share = coverage_share(opened, times.values, times.sites, times.demand, standard, times.demand.weights)
    inside = np.array([zone in standard.presets for zone in times.demand.zones])
    assert solution.objective / times.demand.weights[inside].sum() == pytest.approx(share, abs=1e-12)


def test_available_coverage_is_the_chance_that_a_crew_in_reach_is_there() -> None:
    standard = load_standard()
    times = times_of(
        [[10, 10, 10], [10, 9999, 10]],
        {"crew": ["brigade", "micro_station"]},
        {"zone": ["built_up", "built_up", "rural"]},
    )
    share = available_share(times, pair_limits(times, standard=standard), standard, np.array([True, True]))
    assert share[0].tolist() == pytest.approx([1 - 0.02 * 0.15] * 2)
    assert share[1].tolist() == pytest.approx([0.98] * 2)
    assert share[2].tolist() == [0, 0]


def test_available_coverage_by_two_units_is_summed_over_who_is_there() -> None:
    standard = load_standard(inner="micro_station_135")
    times = times_of([[10], [60], [150]], {"crew": ["micro_station"] * 3}, {"zone": ["built_up"]})
    limits = pair_limits(times, standard=standard)
    share = available_share(times, limits, standard, np.ones(3, dtype=bool))[0, 0]
    p, expected = 0.85, 0.0
    for a in (0, 1):
        for b in (0, 1):
            for c in (0, 1):
                if (a or b) and a + b + c >= 2:
                    expected += np.prod([p if up else 1 - p for up in (a, b, c)])
    assert share == pytest.approx(expected)


@pytest.mark.parametrize("inner", ["quick_rescue_135", "micro_station_135"])
def test_available_coverage_never_exceeds_built_coverage(inner: str) -> None:
    slow_nights = {"day": Lognormal(median=45, p90=60), "night": Lognormal(median=100, p90=140)}
    crews = {name: replace(crew, turnout=slow_nights) for name, crew in default_crews().items()}
    times, standard = random_times(8), load_standard(inner=inner, crews=crews)
    opened = site_mask(times, times.sites.ids[:15])
    limits = pair_limits(times, standard=standard)
    built = covered_points(limits, opened)
    share = available_share(times, limits, standard, opened)
    assert (share <= built[:, None] + 1e-12).all()
    assert ((share > 0) == built[:, None]).all()


def test_the_limit_of_a_crew_is_that_of_its_slowest_shift() -> None:
    slow_nights = {"day": Lognormal(median=45, p90=60), "night": Lognormal(median=100, p90=140)}
    crews = {name: replace(crew, turnout=slow_nights) for name, crew in default_crews().items()}
    standard = load_standard(crews=crews)
    by_day, by_night = (standard.limit_s("brigade", "suburb", shift) for shift in ("day", "night"))
    between = (by_day + by_night) / 2
    assert by_night < between < by_day
    times = times_of([[between, by_night]], {"crew": ["brigade"]}, {"zone": ["suburb", "suburb"]})
    assert pair_limits(times, standard=standard).covers.toarray().ravel().tolist() == [False, True]


def test_a_plan_without_sites_covers_nothing() -> None:
    times = times_of([[10]], {}, {"zone": ["suburb"]})
    limits = pair_limits(times, standard=load_standard())
    assert not point_coverage(times, limits, np.array([False]))["covered"].any()


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e-9, 1e3])
def test_weights_that_are_not_whole_give_the_same_plan_and_a_bound(scale: float) -> None:
    weights = np.array([0.1234567891, 0.1234567890, 0.3 / 7]) * scale
    times = times_of([[10, 900, 900], [900, 10, 900]], {}, {"weight": weights.tolist(), "zone": ["suburb"] * 3})
    solution = site(times, MaxCoverage(1), standard=load_standard())
    assert solution.opened == ("s0",)
    assert solution.objective == pytest.approx(weights[0], rel=1e-12)
    assert 0 <= solution.best_bound - solution.objective <= 1e-9 * scale


def test_small_differences_of_cost_decide_a_tie() -> None:
    times = times_of([[10], [10]], {"cost": [0.004, 0.001]}, {"zone": ["suburb"]})
    solution = site(times, MaxCoverage(1), standard=load_standard())
    assert (solution.opened, solution.ties_broken) == (("s1",), True)
    rough = times_of([[10], [10]], {"cost": [1 / 3, 1e12]}, {"zone": ["suburb"]})
    solution = site(rough, MaxCoverage(1), standard=load_standard())
    assert (solution.opened, solution.ties_broken) == (("s0",), False)


def test_a_point_cut_off_from_every_capable_crew_is_not_called_far() -> None:
    times = times_of([[np.inf], [10]], {"crew": ["brigade", "township_duty"]}, {"zone": ["built_up"]})
    limits = pair_limits(times, standard=load_standard())
    row = point_coverage(times, limits, np.array([True, True])).iloc[0]
    assert (row["reason"], row["nearest_site"], row["nearest_s"]) == ("not_given", "", np.inf)


def test_depots_neither_cover_nor_send_units() -> None:
    times = times_of([[10], [10]], {"kind": ["depot", "station"], "status": ["existing"] * 2}, {"zone": ["suburb"]})
    assert site(times, MaxCoverage(1), standard=load_standard()).opened == ("s1",)
    today = Plan.today(times.sites)
    assert today.opened == ("s0", "s1")
    assert [unit.site for unit in Fleet.from_plan(today, default_crews()).units] == ["s1"]


def test_a_limit_includes_times_that_round_to_it() -> None:
    times = times_of([[100.00004, 100.00006, np.inf]], {}, {})
    solution = site(times, MaxCoverage(1), limit_s=100.0)
    assert solution.points["covered"].tolist() == [True, False, False]
    metres = TravelTimes.from_matrix(
        [[np.inf, 5.0]], sites=pd.DataFrame({"id": ["s"]}), demand=pd.DataFrame({"id": [1, 2]}), unit="m"
    )
    assert site(metres, MaxCoverage(1), limit_s=1e9).points["covered"].tolist() == [False, True]
    with pytest.raises(InputError, match="finite"):
        site(metres, MaxCoverage(1), limit_s=np.inf)


def test_all_weights_zero_and_nothing_coverable_are_answered_honestly() -> None:
    nothing = times_of([[10]], {}, {"people": [0], "zone": ["suburb"]})
    assert site(nothing, MaxCoverage(1), standard=load_standard()).objective == 0
    far = site(times_of([[9999]], {}, {"zone": ["suburb"]}), MinSites(), standard=load_standard())
    assert (far.status, far.objective, far.opened) == ("optimal", 0, ())
    assert far.uncoverable["reason"].tolist() == ["limit"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"standard": None}, "either a standard or limit_s"),
        ({"limit_s": 3.0}, "either a standard or limit_s"),
        ({"solve_limit_s": 0}, "solve_limit_s"),
        ({"units_per_new_site": 0}, "units_per_new_site"),
        ({"workers": 0}, "workers"),
    ],
)
def test_contradictory_options_are_refused(options: dict[str, object], message: str) -> None:
    times = times_of([[10]], {}, {"zone": ["suburb"]})
    with pytest.raises(InputError, match=message):
        site(times, MaxCoverage(1), **{"standard": load_standard(), **options})  # type: ignore[arg-type]


def test_impossible_numbers_and_cutoffs_are_refused() -> None:
    times = times_of([[10]], {}, {"zone": ["suburb"]})
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(InputError, match="n_sites"):
            MaxCoverage(wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at most the 1 sites"):
        site(times, MaxCoverage(2), standard=load_standard())
    with pytest.raises(InputError, match="cut off at 60"):
        site(replace(times, cutoff_s=60.0), MaxCoverage(1), standard=load_standard())
    with pytest.raises(InputError, match="needs seconds"):
        site(replace(times, unit="m"), MaxCoverage(1), standard=load_standard())
    with pytest.raises(InputError, match="limit_s"):
        pair_limits(times, limit_s=-1.0)
    with pytest.raises(UnknownIdError, match="expected one of s0"):
        site_mask(times, ["s9"])


def test_a_siting_leaves_the_limits_that_it_was_given_as_they_are() -> None:
    times = random_times(3)
    closed = replace(times, sites=replace(times.sites, statuses=("closed",) * 10 + times.sites.statuses[10:]))
    limits = pair_limits(closed, standard=load_standard(inner="micro_station_135"))
    before = [matrix.toarray() for matrix in (limits.covers, limits.covers_second)]
    problem = siting_problem(closed, limits, SitingConstraints())
    busy = MaxExpectedCoverage(n_units=8, busy_fraction=0.2)
    for objective in (MaxCoverage(8), MinSites(), MinCost(), MaxBackupCoverage(8), busy):
        model = MODELS[type(objective)]
        if not model.check(problem, objective):
            model.solve(problem, objective, Run(clock=Clock(limit_s=20.0)))
        after = [matrix.toarray() for matrix in (limits.covers, limits.covers_second)]
        assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


def test_a_limit_counts_from_when_the_kernels_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []
    monkeypatch.setattr(warm_up, "_compile_once", lambda: compiled.append(time.perf_counter()))
    for limit_s, n_points in ((math.inf, 10**6), (9.0, 3), (9.0, 10**6)):
        clock = warm_up.clock_once_compiled(limit_s, 100, n_points)
        assert clock.limit_s == limit_s
    assert len(compiled) == 1  # for the large problem with a limit alone
    assert clock.began_s >= compiled[0]
