"""Where the clock starts, which calls are in the denominator, and which outcomes are failures."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from attained_calls import IN_TIME, call, result_of

from rescuesim.errors import InputError
from rescuesim.report.attainment import attained, attainment_counts, clock_from_s, counted_calls, miss_reasons
from rescuesim.standard import load_standard

STANDARD = load_standard()


def silent(number: int, onset_before_s: float, **other: object) -> dict[str, object]:
    one = call(0, number, "city", IN_TIME, silent=True, **other)
    return one | {"onset_at_s": 100.0 * number - onset_before_s}


def test_the_clock_of_a_silent_place_runs_from_the_onset() -> None:
    # handling comes 221 s after the attempt that could not get through
    calls = pd.DataFrame([silent(1, 60.0), silent(2, 80.0), {**call(0, 3, "city", IN_TIME), "silent": False}])
    assert clock_from_s(calls).tolist() == [40.0, 120.0, 300.0]
    # rolling 91 s and handling 221 s after the attempt, answered 6 s after it: 60 s of silence miss the first minute
    assert attained(calls, STANDARD).tolist() == [False, False, True]
    close = pd.DataFrame([silent(1, 54.0), silent(2, 54.5)])
    assert attained(close, STANDARD).tolist() == [True, False]


def test_a_call_of_a_silent_place_without_an_onset_is_refused() -> None:
    unheard = call(0, 0, "city", [], outcome="unheard", unit="", site="", crew="")
    with pytest.raises(InputError, match="expected onset_at_s"):
        clock_from_s(pd.DataFrame([unheard]))
    with pytest.raises(InputError, match="a moment for every call"):
        clock_from_s(pd.DataFrame([{**unheard, "onset_at_s": math.nan}]))


def test_a_reading_from_ignition_does_not_count_the_discovery_twice() -> None:
    standard = load_standard(inner="fire_15min")  # 690 s on scene from ignition, 240 s of them assumed discovery
    # on scene 191 s after the attempt: the onset is 499 s before it at the latest
    calls = pd.DataFrame([silent(10, 499.0), silent(11, 500.0), {**call(0, 3, "city", IN_TIME), "silent": False}])
    assert attained(calls, standard).tolist() == [True, False, True]


def test_every_genuine_incident_counts_whatever_became_of_it() -> None:
    nobody = {"unit": "", "site": "", "crew": ""}
    calls = [
        call(0, 0, "city", IN_TIME),
        call(0, 1, "city", [], outcome="abandoned", **nobody),
        {**call(0, 2, "city", [], outcome="unheard", **nobody), "onset_at_s": 10.0},
        call(0, 3, "city", [6, 35], outcome="waiting", **nobody),
        call(0, 4, "city", [6, 35], outcome="lost", **nobody),
        call(0, 5, "city", [6, 35, 0, 0, 50], outcome="under_way"),
        call(0, 6, "city", [], outcome="duplicate", genuine=False, **nobody),
        call(0, 7, "city", IN_TIME, genuine=False, type="false"),
    ]
    result = result_of(calls, replications=1)
    kept, counted = attainment_counts(result)
    assert (kept.sum(), counted.sum()) == (1, 6)
    assert miss_reasons(result).to_dict() == {
        "abandoned": 1,
        "lost": 1,
        "no_message": 1,
        "under_way": 1,
        "waiting": 1,
    }


def test_an_incident_that_was_given_up_is_a_failure_even_where_a_unit_had_come() -> None:
    given_up = call(0, 0, "village", [6, 35, 0, 0, 50, 100], outcome="abandoned")
    assert attained(pd.DataFrame([given_up]), STANDARD).tolist() == [False]


def test_a_silent_incident_whose_time_was_up_before_the_horizon_counts_though_it_was_tried_late() -> None:
    late = {**silent(10, 500.0), "outcome": "unheard"}
    # its clock runs from 500 s and needs 540 s: decided at 1040 s, whenever the attempt was
    assert len(counted_calls(result_of([late], replications=1, horizon_s=1040.0))) == 1
    assert len(counted_calls(result_of([late], replications=1, horizon_s=1039.0))) == 0


def test_replications_of_a_later_block_keep_their_rows() -> None:
    calls = [call(12, 0, "city", IN_TIME), call(11, 0, "village", IN_TIME)]
    kept, counted = attainment_counts(result_of(calls, replications=2))
    assert counted.tolist() == [[0, 1, 0], [1, 0, 0]]
    assert kept.tolist() == counted.tolist()
    with pytest.raises(InputError, match="expected 3 of them"):
        attainment_counts(result_of(calls, replications=3))
