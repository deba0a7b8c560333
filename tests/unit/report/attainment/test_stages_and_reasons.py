"""Who kept which stage, which one binds, and why calls were missed, with figures worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from attained_calls import DEMAND, IN_TIME, call, result_of
from hypothesis import given
from hypothesis import strategies as st
from oracles_simulation_statistics import binding

from rescuesim.report.attainment import binding_stage, figures_by_place, miss_reasons, stage_attainment
from rescuesim.report.attainment.reasons import call_reasons
from rescuesim.report.static_coverage import StaticCoverage
from rescuesim.standard import load_standard

NOBODY = {"unit": "", "site": "", "crew": ""}
CALLS = [
    call(0, 0, "city", IN_TIME),
    call(0, 1, "city", [61, 10, 0, 0, 50, 100, 30, 600, 100]),  # answered a second late, all else in time
    call(0, 2, "city", [6, 35, 0, 0, 50, 300, 30, 600, 100]),  # the drive: handling late
    call(0, 3, "city", [6, 35, 0, 0, 50, 310, 30, 600, 100]),
    call(1, 0, "city", [6, 35], outcome="waiting", **NOBODY),  # rolling and handling missed
    call(1, 1, "city", [6, 35, 0, 0, 150, 50, 30, 600, 100]),  # rolling late, handling in time
    call(1, 2, "village", [6, 35, 0, 0, 50, 100, 30, 600, 100]),
]


def test_each_stage_and_all_of_them_are_counted_by_reading() -> None:
    table = stage_attainment(result_of(CALLS)).set_index(["reading", "stage"])
    inner = table.loc["quick_rescue_135"]
    assert inner["calls"].tolist() == [6, 6, 6, 6]
    assert inner["kept"].to_dict() == {"answered": 5, "rolling": 4, "handling": 3, "all": 1}
    assert inner["missed_alone"].to_dict() == {"answered": 1, "rolling": 1, "handling": 2, "all": 0}
    assert inner["binding"].to_dict() == {"answered": False, "rolling": False, "handling": True, "all": False}
    outer = table.loc["circle_15min"]
    assert outer["share"].tolist() == [1.0, 1.0]
    assert not outer["binding"].any()
    assert ((table["low"] <= table["share"]) & (table["share"] <= table["high"])).all()


@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=9))
def test_the_binding_stage_is_the_one_that_would_gain_most_if_it_alone_were_lifted(calls: list[list[bool]]) -> None:
    kept = np.array(calls).T
    assert binding_stage(kept) == binding(kept.tolist())


def test_a_reading_without_calls_has_no_share() -> None:
    table = stage_attainment(result_of([call(0, 0, "village", IN_TIME)], replications=1))
    inner = table[table["reading"] == "quick_rescue_135"]
    assert inner["calls"].tolist() == [0, 0, 0, 0]
    assert inner["share"].isna().all()


@pytest.mark.parametrize(
    ("held_by", "reason"),
    [
        ("busy", "no_unit"),
        ("absent", "no_crew"),
        ("not_capable", "no_crew"),
        ("no_way", "no_road"),
        ("not_told", "no_message"),
        ("too_few", "too_few"),
        ("", "waiting"),
    ],
)
def test_a_call_that_waited_for_ever_says_what_was_missing(held_by: str, reason: str) -> None:
    waiting = call(0, 0, "city", [6, 35], outcome="waiting", held_by=held_by, **NOBODY)
    assert miss_reasons(result_of([waiting], replications=1)).to_dict() == {reason: 1}


@pytest.mark.parametrize("outcome", ["lost", "under_way"])
def test_a_call_whose_units_were_too_few_to_begin_says_so(outcome: str) -> None:
    stuck = call(0, 0, "city", [6, 35], outcome=outcome, held_by="too_few", **NOBODY)
    assert miss_reasons(result_of([stuck], replications=1)).to_dict() == {"too_few": 1}
    coming = call(0, 0, "city", [6, 35], outcome="under_way", held_by="busy", **NOBODY)
    assert miss_reasons(result_of([coming], replications=1)).to_dict() == {"under_way": 1}


def test_a_call_that_queued_too_long_says_what_it_waited_for() -> None:
    slow = [6, 35, 500, 0, 50, 30, 30, 600, 100]
    calls = [
        call(0, 0, "city", slow, held_by="busy"),
        call(0, 1, "city", slow, held_by=""),
        call(0, 2, "city", slow, held_by="", redispatched=1),
        # it had to wait, but not long: the drive made it late
        call(0, 3, "city", [6, 35, 5, 0, 50, 400, 30, 600, 100], held_by="busy"),
    ]
    result = result_of(calls, replications=1)
    assert miss_reasons(result).to_dict() == {"no_unit": 1, "queueing": 1, "redispatched": 1, "travel": 1}


def test_missions_that_came_to_nothing_tell_the_reason_by_the_last_of_them() -> None:
    calls = [call(0, number, "city", [6, 35], outcome="waiting", **NOBODY) for number in range(5)]
    missions = pd.DataFrame(
        [
            (0, 0, "no_way"),
            (0, 1, "not_mustered"),
            (0, 2, "no_way"),
            (0, 2, "refused"),
            (0, 3, "not_told"),
            (1, 4, "no_way"),  # of another replication
        ],
        columns=["replication", "call", "ended"],
    )
    found = call_reasons(pd.DataFrame(calls), load_standard(), missions)
    assert found.tolist() == ["no_road", "no_crew", "no_crew", "no_message", "waiting"]


def test_the_silence_of_a_village_is_the_reason_though_every_stage_went_well_after_it() -> None:
    quiet = {**call(0, 10, "city", IN_TIME, silent=True), "onset_at_s": 400.0}
    # the engine may stamp the answer late instead: the message came hours after the first attempt
    later = {**call(0, 11, "city", [7200, 35, 0, 0, 50, 100, 30, 600, 100], silent=True), "onset_at_s": 1095.0}
    heard = {**call(0, 12, "city", [7200, 35, 0, 0, 50, 100, 30, 600, 100], silent=False), "onset_at_s": 1195.0}
    assert miss_reasons(result_of([quiet, later, heard], replications=1)).to_dict() == {"no_message": 2, "answering": 1}


def test_the_three_figures_stand_side_by_side_by_zone_and_township() -> None:
    static = StaticCoverage(
        built=np.array([1.0, 0.5, 1.0]),
        available=np.array([0.9, 0.25, 1.0]),
        worst=pd.DataFrame(),
        planned_drive_s={},
    )
    result = result_of(CALLS)
    zones = figures_by_place(result, static, by="zone").set_index("zone")
    assert zones.index.tolist() == ["built_up", "dense_rural"]  # none for the sparse hills
    assert zones.loc["built_up", ["people", "built_coverage", "available_coverage"]].tolist() == [1000, 1.0, 0.9]
    assert zones.loc["built_up", "attainment"] == pytest.approx(1 / 6)
    assert zones.loc["dense_rural", ["built_coverage", "attainment", "calls"]].tolist() == [0.5, 1.0, 1]
    towns = figures_by_place(result, static, by="township").set_index("township")
    assert towns.loc["上乡", ["people", "built_coverage", "calls"]].tolist() == [300, 0.5, 1]
    assert math.isnan(
        figures_by_place(result_of(CALLS[:3]), static, by="zone").set_index("zone").loc["dense_rural", "low"]
    )
    assert set(towns.index) == set(DEMAND.townships)
