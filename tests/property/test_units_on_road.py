"""The nearest of all units on the road, found in one go, against placing each and asking how far it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from drawn_drives import worlds
from hypothesis import given, settings
from hypothesis import strategies as st

from rescuesim.network import RoadNetwork
from rescuesim.simulation.believed_roads import Drive, RoadKnowledge, RoadTruth, UnitsOnRoad
from rescuesim.travel.trees import compiled_trees

World = tuple[RoadNetwork, RoadTruth, RoadKnowledge, int, int, float]
pytestmark = pytest.mark.skipif(not compiled_trees(), reason="numba is not installed")


def drives_of(world: World, data: st.DataObject) -> list[Drive]:
    """Let units set out one after the other, some of them anew from where they are."""
    _, truth, knowledge, _, _, depart_s = world
    stops = st.integers(0, len(truth.roads.stop_road) - 1)
    factors = st.sampled_from([0.5, 1.0, 1.3])
    found: list[Drive] = []
    for _ in range(data.draw(st.integers(1, 6))):
        start, target, factor = data.draw(stops), data.draw(stops), data.draw(factors)
        drive = truth.drive(start, target, depart_s, knowledge, variation=factor)
        if drive.legs and data.draw(st.booleans()):
            at_s = depart_s + data.draw(st.floats(0.0, 1.0)) * (drive.ends_s - depart_s)
            drive = truth.drive(drive.position_at(at_s), data.draw(stops), at_s, drive.knowledge, variation=factor)
        found.append(drive)
    return found


def is_plain(drive: Drive, now_s: float) -> bool:
    """Whether a unit drives in one go, as on intact roads."""
    one = len(drive.legs) == 1 and drive.legs[0].stopped_at is None and not drive.legs[0].slowed
    return one and now_s < drive.arrives_s


@settings(max_examples=150)
@given(worlds(), st.data())
def test_the_nearest_unit_is_that_of_asking_for_each(world: World, data: st.DataObject) -> None:
    _, truth, knowledge, *_ = world
    drives = drives_of(world, data)
    begun_s, ends_s = max(drive.depart_s for drive in drives), max(drive.ends_s for drive in drives)
    now_s = begun_s + data.draw(st.floats(0.0, 1.0)) * max(ends_s - begun_s, 0.0)
    stop = data.draw(st.integers(0, len(truth.roads.stop_road) - 1))
    everything = RoadKnowledge(seen_s=dict.fromkeys(range(len(truth.conditions)), 0.0))
    told = data.draw(st.sampled_from([RoadKnowledge(), knowledge, everything]))
    on_road, belief = UnitsOnRoad(truth.roads, len(drives)), truth.belief(told.believed)
    for unit, drive in enumerate(drives):
        on_road.sets_out(unit, drive)
    expected_s = [truth.believed_s(drive.position_at(now_s), stop, told) for drive in drives]
    nobody = (-1, math.inf)

    asked = set()
    for unit, drive in enumerate(drives):
        alone = np.arange(len(drives)) == unit
        nearest, seconds, to_ask = on_road.nearest(stop, belief, now_s, alone, nobody)
        if to_ask:
            assert to_ask == [unit]
            asked.add(unit)
            assert not is_plain(drive, now_s) or truth.conditions
        else:
            assert (nearest, seconds) == ((unit, expected_s[unit]) if expected_s[unit] < math.inf else nobody)

    given_s = data.draw(st.sampled_from([math.inf, *expected_s, 60.0]))
    first = (-1 if given_s == math.inf else len(drives) - 1, given_s)
    found = on_road.nearest(stop, belief, now_s, np.ones(len(drives), dtype=np.bool_), first)
    known = [(seconds, unit) for unit, seconds in enumerate(expected_s) if unit not in asked and seconds < math.inf]
    best_s, best = min([*known, *([(given_s, first[0])] if first[0] >= 0 else [])], default=(math.inf, -1))
    assert found[:2] == (best, best_s)
    assert set(found[2]) <= asked


def test_a_unit_that_has_left_the_road_is_not_found() -> None:
    from rescuesim.simulation.believed_roads import PlacedRoads
    from rescuesim.travel import travel_times
    from rescuesim.travel.warm_up import tiny_case

    truth = RoadTruth(roads=PlacedRoads.of(travel_times(*tiny_case())))
    here, there = truth.roads.point("d0"), truth.roads.point("d2")
    drive = truth.drive(here, there, 0.0, RoadKnowledge())
    on_road, everybody = UnitsOnRoad(truth.roads, 1), np.ones(1, dtype=np.bool_)
    question = there, truth.belief(frozenset()), drive.ends_s / 2, everybody, (-1, math.inf)
    assert on_road.nearest(*question) == (-1, math.inf, [])
    on_road.sets_out(0, drive)
    unit, seconds, to_ask = on_road.nearest(*question)
    assert (unit, to_ask) == (0, [])
    assert 0 < seconds < drive.ends_s
    on_road.leaves(0)
    assert on_road.nearest(*question) == (-1, math.inf, [])
