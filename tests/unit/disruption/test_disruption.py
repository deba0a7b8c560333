"""Timelines, moments of them as states, and tables of closures."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from rescuesim.disruption import (
    ChannelOutage,
    Disruption,
    RoadOutage,
    SiteOutage,
    load_closures,
    network_states,
    states_over_time,
)
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.states import Closure


def outage(road: int, from_s: float, until_s: float) -> RoadOutage:
    return RoadOutage(closure=Closure(road=road), from_s=from_s, until_s=until_s)


STORM = Disruption(
    label="storm",
    roads=(outage(1, 100, 300), outage(2, 200, math.inf)),
    sites=(SiteOutage(site="s1", from_s=0, until_s=50),),
)


def test_an_outage_holds_from_its_start_to_before_its_end() -> None:
    assert STORM.changes_s() == (0, 50, 100, 200, 300)
    closed = {at: [c.road for c in STORM.state_at(at).closures] for at in (0, 99, 100, 250, 300, 1e9)}
    assert closed == {0: [], 99: [], 100: [1], 250: [1, 2], 300: [2], 1e9: [2]}
    assert STORM.state_at(49).unusable_sites == {"s1"}
    assert STORM.state_at(50).unusable_sites == frozenset()


def test_moments_share_the_probability_of_their_disruption() -> None:
    rare = Disruption(label="rare", roads=(outage(3, 0, 10),), probability=0.25)
    states = network_states([rare, Disruption(label="often", probability=0.75)], at_s=[0, 60])
    assert [state.probability for state in states] == [0.125, 0.125, 0.375, 0.375]
    assert states.labels[0] == "rare + 0 h"


def test_states_over_time_weigh_each_stretch_by_its_length() -> None:
    states = states_over_time(STORM, until_s=400)
    assert [state.probability for state in states] == pytest.approx(
        [50 / 400, 50 / 400, 100 / 400, 100 / 400, 100 / 400]
    )
    assert [len(state.closures) for state in states] == [0, 0, 1, 2, 1]
    assert len(states_over_time(STORM, until_s=60)) == 2


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="0 <= from < until"):
        outage(1, 5, 5)
    with pytest.raises(InputError, match="0 <= from <= to"):
        Closure(road=1, from_m=5, to_m=4)
    with pytest.raises(InputError, match="one of passable"):
        Closure(road=1, level="shut")
    with pytest.raises(InputError, match="factors of 1 or more"):
        NetworkState(slow_downs={1: 0.5})
    with pytest.raises(InputError, match="sum to"):
        NetworkStates(states=(NetworkState(probability=0.4),))
    with pytest.raises(InputError, match="at least one"):
        NetworkStates(states=())
    with pytest.raises(UnknownIdError, match="expected one of beidou"):
        ChannelOutage(from_s=0, until_s=1, fallback="public_network")
    with pytest.raises(UnknownIdError, match="did you mean satellite_phone"):
        ChannelOutage(from_s=0, until_s=1, fallback="satelite_phone")
    for label in ("", "intact"):
        with pytest.raises(InputError, match="a name of its own"):
            Disruption(label=label)
    with pytest.raises(InputError, match="whole number of a road"):
        Closure(road=0.5)  # type: ignore[arg-type]
    for wrong in (0, -1, math.inf, math.nan):
        with pytest.raises(InputError, match="until_s"):
            states_over_time(STORM, until_s=wrong)


def test_a_channel_outage_cuts_its_townships_and_sites_or_everything() -> None:
    some = ChannelOutage(townships=frozenset({"上乡"}), sites=frozenset({"s9"}), from_s=0, until_s=1)
    assert some.cuts("s1", "上乡")
    assert some.cuts("s9", "下乡")
    assert not some.cuts("s1", "下乡")
    assert ChannelOutage(from_s=0, until_s=1).cuts("s1", "")


def test_closures_are_placed_by_a_point_or_by_a_road(town: RoadNetwork) -> None:
    dead_end = int(town.edges.query("tail == 3 and head == 6")["road"].item())
    frame = pd.DataFrame(
        {
            "label": ["塌方", "全路", ""],
            "lon": [119.32, None, None],
            "lat": [28.7101, None, None],
            "length_m": [60, None, None],
            "road": [None, 0, 1],
            "from_m": [None, None, 10],
            "to_m": [None, None, 20],
            "closed_at_h": [2, 0, 1],
            "reopened_at_h": [8, None, 3],
            "level": ["", "one_lane", "on_foot"],
        }
    )
    slide, whole, part = load_closures(frame, town)
    middle = town.road_length_m[dead_end] / 2
    assert slide.closure.road == dead_end
    assert (slide.closure.from_m, slide.closure.to_m) == pytest.approx((middle - 30, middle + 30), abs=1)
    assert (slide.from_s, slide.until_s, slide.label) == (7200, 28_800, "塌方")
    assert (whole.closure.from_m, whole.closure.to_m, whole.closure.level) == (0, math.inf, "one_lane")
    assert whole.until_s == math.inf
    assert (part.closure.from_m, part.closure.to_m, part.label) == (10, 20, "road 1")


def test_every_fault_in_a_closure_table_is_reported(town: RoadNetwork) -> None:
    frame = pd.DataFrame(
        {
            "lon": [119.35, None, None, None, 119.32, 119.32, None],
            "lat": [28.9, None, None, None, 28.71, 28.71, None],
            "road": [None, 99, 1, None, None, 0, 0],
            "from_m": [None, None, 99_999, None, None, None, None],
            "length_m": [None, None, None, None, None, None, 60],
            "closed_at_h": [2, 0, 1, 1, 5, 1, 1],
            "reopened_at_h": [8, 1, 3, 2, 4, 2, 2],
        }
    )
    with pytest.raises(InputError) as caught:
        load_closures(frame, town)
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [
        (1, "lon"),
        (2, "road"),
        (3, "from_m"),
        (4, "lon"),
        (5, "reopened_at_h"),
        (6, "road"),
        (7, "length_m"),
    ]


def test_moments_may_be_an_array_and_are_finite() -> None:
    assert len(network_states(STORM, at_s=np.array([0.0, 60.0])).states) == 2
    with pytest.raises(InputError, match="moments of 0 s or later, finite"):
        network_states(STORM, at_s=[math.inf])
    with pytest.raises(InputError, match="probability inf, expected 0 or more, finite"):
        Disruption(label="sure", probability=math.inf)
