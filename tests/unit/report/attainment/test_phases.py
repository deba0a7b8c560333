"""A disaster by phase: which call is in which, times that count who was never helped, thin figures withheld."""

from __future__ import annotations

import math

import numpy as np
import pytest
from attained_calls import IN_TIME, call, result_of

from rescuesim.errors import InputError
from rescuesim.report.attainment import DEFAULT_PHASES, DisasterPhase, attainment_by_phase
from rescuesim.report.attainment.phases import percentile_s
from rescuesim.simulation import SimulationResult

HOUR_S = 3600.0


def at(moment_s: float, number: int, spent: list[float], **other: object) -> dict[str, object]:
    """Write a call that rings at a moment."""
    one = call(0, number, "city", spent, **other)
    moved = moment_s - 100.0 * number
    return {name: value + moved if name.endswith("_at_s") else value for name, value in one.items()}  # type: ignore[operator]


def storm(calls: list[dict[str, object]], **other: object) -> SimulationResult:
    return result_of(calls, replications=1, condition="storm", **other)  # type: ignore[arg-type]


LATE = [6.0, 35.0, 0.0, 0.0, 50.0, 400.0, 30.0, 600.0, 100.0]


def test_a_call_belongs_to_the_phase_in_which_its_clock_starts() -> None:
    calls = [
        at(0.5 * HOUR_S, 0, IN_TIME),
        at(1 * HOUR_S, 1, LATE),  # exactly at the impact: after it
        at(7 * HOUR_S - 1, 2, IN_TIME),
        at(7 * HOUR_S, 3, IN_TIME),
        at(80 * HOUR_S, 4, [6, 35], outcome="waiting"),
    ]
    table = attainment_by_phase(storm(calls), impact_s=HOUR_S).set_index("phase")
    assert table["calls"].tolist() == [1, 2, 1, 0, 1]
    assert table["attained"].tolist() == [1, 1, 1, 0, 0]
    assert table["reason"].tolist() == ["", "travel", "", "", "waiting"]
    assert table.loc["first_6_h", "share"] == 0.5
    assert table.loc["first_6_h", "p50_s"] == 221.0
    assert table.loc["after_72_h", "p50_s"] == math.inf  # the one call was never acted on
    assert table["p90_s"].isna().all()  # never 50 of them


def test_phases_after_the_horizon_are_left_out_and_one_can_name_ones_own() -> None:
    calls = [at(100.0, 0, IN_TIME)]
    table = attainment_by_phase(storm(calls, horizon_s=24 * HOUR_S))
    assert table["phase"].tolist() == ["before_impact", "first_6_h", "6_to_24_h"]
    own = (DisasterPhase(name="golden hour", from_s=0.0, until_s=HOUR_S),)
    assert attainment_by_phase(storm(calls), phases=own)["calls"].tolist() == [1]


def test_a_percentile_counts_who_was_never_helped() -> None:
    spent = np.concatenate([np.arange(1.0, 46.0), np.full(5, math.nan)])
    assert percentile_s(spent, 0.9) == 45.0
    assert percentile_s(np.append(spent, math.nan), 0.9) == math.inf
    assert math.isnan(percentile_s(spent[1:], 0.9))
    assert math.isnan(percentile_s(np.zeros(0), 0.5))


def test_normal_days_are_refused_and_phases_must_follow_one_another() -> None:
    normal = result_of([call(0, 0, "city", IN_TIME)], replications=1)
    with pytest.raises(InputError, match="never pooled"):
        attainment_by_phase(normal)
    twice = (*DEFAULT_PHASES[1:3], DisasterPhase(name="first_6_h", from_s=HOUR_S, until_s=2 * HOUR_S))
    with pytest.raises(InputError, match="2 faults"):
        attainment_by_phase(storm([at(0.0, 0, IN_TIME)]), phases=twice)
    with pytest.raises(InputError, match="end after it begins"):
        DisasterPhase(name="none", from_s=5.0, until_s=5.0)
    with pytest.raises(InputError, match="impact_s"):
        attainment_by_phase(storm([at(0.0, 0, IN_TIME)]), impact_s=-1.0)
