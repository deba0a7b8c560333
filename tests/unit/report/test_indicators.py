"""Attainment from records, its denominator, intervals and reasons, on records written by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from attained_calls import DEMAND, IN_TIME, call, result_of

from rescuesim.errors import InputError
from rescuesim.network import NetworkState, NetworkStates
from rescuesim.report import compare
from rescuesim.report.attainment import attained, attainment_counts, miss_reasons
from rescuesim.report.indicators import stage_table
from rescuesim.report.statistics import clustered_interval
from rescuesim.standard import load_standard
from rescuesim.travel import TravelTimes, TravelTimesEnsemble

CALLS = [
    call(0, 0, "city", IN_TIME),
    call(0, 1, "city", [6, 35, 0, 0, 139, 60, 60, 600, 100]),  # rolling at 180, handling at 300: both exactly kept
    call(0, 2, "city", [6, 35, 0, 0, 139, 60, 60.5, 600, 100]),  # half a second late
    call(0, 3, "city", IN_TIME, genuine=False, type="false"),
    call(0, 4, "village", [6, 35, 0, 0, 400, 459, 60, 600, 100]),  # on scene at 900 exactly
    call(1, 0, "village", [6, 35, 0, 0, 400, 460, 60, 600, 100]),
    call(1, 1, "hills", IN_TIME),
    call(1, 2, "city", [6, 35], outcome="waiting", unit="", site="", crew=""),
    call(1, 3, "city", [6, 35, 500, 0, 50, 30, 30, 600, 100]),
    call(1, 4, "city", [6, 35, 0, 900, 50, 30, 30, 600, 100], channel="satellite_phone"),
]


def test_every_stage_must_be_kept_with_the_limit_included() -> None:
    kept = attained(pd.DataFrame(CALLS), load_standard())
    assert kept.tolist() == [True, True, False, True, True, False, False, False, False, False]


def test_false_calls_and_zones_without_a_standard_do_not_count_and_waiting_ones_do() -> None:
    kept, calls = attainment_counts(result_of(CALLS))
    assert calls.tolist() == [[3, 1, 0], [3, 1, 0]]
    assert kept.tolist() == [[2, 1, 0], [0, 0, 0]]


def test_missed_calls_say_what_made_them_late() -> None:
    expected = {"alerting": 1, "queueing": 1, "turnout": 2, "waiting": 1}
    assert miss_reasons(result_of(CALLS)).to_dict() == expected


def test_staged_readings_count_each_stage_from_its_own_start() -> None:
    slow_answer = call(0, 0, "city", [6, 300, 0, 0, 50, 100, 30, 1, 1])
    staged = load_standard(inner="quick_rescue_135_staged")
    frame = pd.DataFrame([slow_answer, call(0, 1, "city", [61, 30, 0, 0, 50, 100, 30, 1, 1])])
    assert attained(frame, staged).tolist() == [True, False]
    assert attained(frame, load_standard()).tolist() == [False, False]
    on_time = call(0, 0, "city", [6, 35, 0, 0, 50, 100, 30, 1, 1])
    assert attained(pd.DataFrame([on_time]), load_standard(inner="fire_15min")).tolist() == [True]
    late = call(0, 0, "city", [6, 35, 0, 0, 50, 360, 30, 1, 1])
    assert attained(pd.DataFrame([late]), load_standard(inner="fire_15min")).tolist() == [False]


def test_the_interval_of_a_pooled_share_is_that_of_the_ratio_of_means() -> None:
    rng = np.random.default_rng(0)
    calls = rng.poisson(20, 40).astype(float)
    kept = rng.binomial(calls.astype(int), 0.7).astype(float)
    found = clustered_interval(lambda c: float(c[0] / c[1]), np.stack([kept, calls], axis=1))
    value, low, high = found.value, found.low, found.high
    assert value == kept.sum() / calls.sum()
    residual = kept - value * calls
    linear = math.sqrt(40 / 39 * (residual**2).sum()) / calls.sum()
    assert (high - low) / 2 / 2.0227 == pytest.approx(linear, rel=0.03)
    assert math.isnan(clustered_interval(lambda c: float(c[0] / c[1]), np.array([[3.0, 4.0]])).low)


def test_planned_and_simulated_stages_agree_where_nothing_waits() -> None:
    standard = load_standard()
    rng = np.random.default_rng(1)
    calls = []
    for number in range(3000):
        z = rng.standard_normal(5)
        chain = standard.chain
        spent = [
            float(chain["answering"].from_normal(z[0])),
            float(chain["order"].from_normal(z[1])),
            0.0,
            0.0,
            float(standard.crews["brigade"].turnout["day"].from_normal(z[2])),
            float(200 * chain["variation"].from_normal(z[3])),
            float(chain["set_up"].from_normal(z[4])),
            1.0,
            1.0,
        ]
        calls.append(call(0, number, "city", spent))
    table = stage_table(result_of(calls, replications=1), {"city": 200.0}).set_index("stage")
    for stage in ("answering", "order", "turnout", "travel", "set_up", "total"):
        row = table.loc[stage]
        assert row["simulated_p50_s"] == pytest.approx(row["planned_p50_s"], rel=0.04)
        assert row["simulated_p90_s"] == pytest.approx(row["planned_p90_s"], rel=0.05)
    assert math.isnan(table.loc["queueing", "planned_p50_s"])
    assert table.loc["queueing", "simulated_p90_s"] == 0


def test_the_comparison_keeps_the_three_figures_apart_and_pairs_the_differences() -> None:
    matrix = [[100.0, 500.0, 10.0]]
    times = TravelTimes.from_matrix(matrix, sites=pd.DataFrame({"id": ["s1"], "crew": ["brigade"]}), demand=DEMAND)
    better = [dict(row) for row in CALLS]
    better[2] = call(0, 2, "city", IN_TIME)
    table = compare({"today": result_of(CALLS), "plan": result_of(better)}, times=times)
    assert table.value("intact", "today", "built_coverage", "people") == 1.0
    assert table.value("intact", "today", "available_coverage", "people") == pytest.approx(0.98)
    assert table.value("intact", "today", "attainment", "calls") == 3 / 8
    assert table.value("intact", "today", "attainment", "people") == pytest.approx((1000 * 2 / 6 + 300 / 2) / 1300)
    assert table.value("intact", "today", "attainment", "points") == pytest.approx((2 / 6 + 1 / 2) / 2)
    gain = table.differences.set_index(["figure", "counted"]).loc[("attainment", "calls")]
    assert gain["difference"] == pytest.approx(1 / 8)
    assert gain["low"] < 1 / 8 < gain["high"]
    assert "1 points with 50 people" in table.notes[0]
    towns = table.townships.query("plan == 'today'").set_index("township")
    assert towns.loc["上乡", "people"] == 300
    assert towns.loc["城关镇", "attainment"] == 2 / 6


def test_plans_on_other_calls_standards_or_points_are_not_compared() -> None:
    times = TravelTimes.from_matrix([[1.0, 1.0, 1.0]], sites=pd.DataFrame({"id": ["s1"]}), demand=DEMAND)
    with pytest.raises(InputError, match="same calls"):
        compare({"today": result_of(CALLS), "plan": result_of(CALLS[:-1])}, times=times)
    other = load_standard(inner="fire_station_5min")
    with pytest.raises(InputError, match="another standard"):
        compare({"today": result_of(CALLS), "plan": result_of(CALLS, standard=other)}, times=times)
    apart = {"today": {"intact": result_of(CALLS), "storm": result_of(CALLS, standard=other)}}
    with pytest.raises(InputError, match="today, storm: simulated under another standard"):
        compare(apart, times=times)
    with pytest.raises(InputError, match="no travel times for"):
        compare({"today": result_of(CALLS)}, times={"storm": times})
    with pytest.raises(InputError, match="at least one plan"):
        compare({}, times=times)


def test_waiting_for_a_unit_counts_where_the_clock_starts_at_the_order() -> None:
    waited = call(0, 0, "city", [6, 35, 10_800, 0, 40, 30, 30, 1, 1])
    result = result_of([waited], standard=load_standard(inner="fire_station_5min"))
    assert attained(result.records, result.standard).tolist() == [False]
    assert miss_reasons(result).to_dict() == {"queueing": 1}


def test_a_miss_is_put_down_to_an_interval_that_the_clock_counts() -> None:
    # answering took longest, but the clock of the reading starts at the order
    slow = call(0, 0, "city", [900, 35, 0, 0, 90, 30, 30, 1, 1])
    result = result_of([slow], standard=load_standard(inner="fire_station_5min"))
    assert miss_reasons(result).to_dict() == {"turnout": 1}
    again = call(0, 0, "city", [6, 35, 900, 0, 50, 30, 30, 1, 1], redispatched=1)
    assert miss_reasons(result_of([again])).to_dict() == {"redispatched": 1}


def test_calls_that_ring_too_late_to_be_handled_before_the_end_are_left_out_whatever_became_of_them() -> None:
    late = [call(0, 10, "city", IN_TIME), call(0, 11, "city", [6, 35], outcome="waiting", unit="", site="", crew="")]
    _, calls = attainment_counts(result_of(late, horizon_s=1100.0 + 60 + 180 + 300))
    assert calls.sum() == 2
    _, calls = attainment_counts(result_of(late, horizon_s=1100.0 + 60 + 180 + 299))
    assert calls.sum() == 1


def test_coverage_over_states_is_weighted_and_the_points_are_those_of_the_worst() -> None:
    sites = pd.DataFrame({"id": ["s1"], "crew": ["brigade"]})
    good = TravelTimes.from_matrix([[100.0, 500.0, 10.0]], sites=sites, demand=DEMAND)
    bad = TravelTimes.from_matrix([[np.inf, 500.0, 10.0]], sites=sites, demand=DEMAND)
    states = NetworkStates(states=(NetworkState(probability=0.2), NetworkState(probability=0.8)))

    class Two(TravelTimesEnsemble):
        def __getitem__(self, index: int) -> TravelTimes:
            return (bad, good)[index]

    table = compare({"plan": result_of(CALLS)}, times=Two(intact=good, states=states))
    assert table.value("intact", "plan", "built_coverage", "people") == pytest.approx((0.8 * 1000 + 300) / 1300)
    assert table.value("intact", "plan", "available_coverage", "points") == pytest.approx(0.98 * (0.8 + 1) / 2)
    assert table.points.set_index("id")["reason"].to_dict() == {
        "city": "not_given",
        "village": "",
        "hills": "not_in_standard",
    }


def test_a_paired_difference_is_paired_by_replication() -> None:
    base, better = [], []
    for replication in range(6):
        kept = [IN_TIME] * (replication + 1) + [[6.0, 35.0, 999.0, 0.0, 50.0, 100.0, 30.0, 600.0, 100.0]] * 6
        base += [call(replication, k, "city", spent) for k, spent in enumerate(kept)]
        better += [call(replication, k, "city", IN_TIME if k == 0 or k == 6 else spent) for k, spent in enumerate(kept)]
    times = TravelTimes.from_matrix([[1.0, 1.0, 1.0]], sites=pd.DataFrame({"id": ["s1"]}), demand=DEMAND)
    pair = {"a": result_of(base, replications=6), "b": result_of(better, replications=6)}
    row = compare(pair, times=times).differences.set_index(["figure", "counted"]).loc[("attainment", "calls")]
    kept_base = np.array([replication + 1 for replication in range(6)])
    calls = kept_base + 6
    gained = np.ones(6)  # call 6 is missed in every replication and kept by the other plan
    left_out = [gained[np.arange(6) != r].sum() / calls[np.arange(6) != r].sum() for r in range(6)]
    error = math.sqrt(5 / 6 * ((np.array(left_out) - np.mean(left_out)) ** 2).sum())
    assert row["difference"] == pytest.approx(gained.sum() / calls.sum())
    assert (row["high"] - row["low"]) / 2 == pytest.approx(2.570582 * error, rel=1e-5)
