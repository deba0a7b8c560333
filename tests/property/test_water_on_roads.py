"""Water on roads against brute force: every piece at every moment, one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_disruption_water import closed_pieces, true_factor

from rescuesim.disruption import Disruption, RoadOutage, Timing
from rescuesim.disruption.road_elements import RoadElements
from rescuesim.disruption.water import flooded_parts, water_slowings

DEPTHS = st.lists(st.floats(0.0, 2.0, allow_nan=False), min_size=1, max_size=12)
TIMES = st.tuples(*[st.integers(0, 5000)] * 4).filter(lambda some: sum(some[1:]) > 0)
KINDS = st.lists(st.sampled_from([0, 0, 0, 1, 2]), min_size=12, max_size=12)


def pieces_of(depths: list[float], kinds: list[int], *, road_of: int = 5) -> tuple[RoadElements, np.ndarray]:
    """Pieces of 100 m, five to a road and two or three to an element."""
    n = len(depths)
    number = np.arange(n)
    road, place = number // road_of, number % road_of
    length = np.bincount(road)[road] * 100.0
    first = np.flatnonzero((place == 0) | (place == 2))
    pieces = RoadElements(
        road=road,
        from_m=place * 100.0,
        to_m=place * 100.0 + 100.0,
        kind=np.array(kinds[:n], dtype=np.int8),
        x_m=place * 100.0,
        y_m=np.zeros(n),
        major=np.zeros(n, dtype=bool),
        high_speed=np.zeros(n, dtype=bool),
        paved=np.ones(n, dtype=bool),
        side_slope=np.full(n, np.nan),
        free_kph=np.full(n, 40.0),
        road_length_m=length,
    )
    return pieces, first


@settings(max_examples=60)
@given(depths=DEPTHS, times=TIMES, kinds=KINDS)
def test_a_piece_is_closed_just_while_the_deepest_of_its_run_is_too_deep(
    depths: list[float], times: tuple[int, int, int, int], kinds: list[int]
) -> None:
    timing = Timing(from_s=times[0], rise_s=times[1], peak_s=times[2], fall_s=times[3])
    pieces, first = pieces_of(depths, kinds)
    parts = flooded_parts(pieces, first, np.array(depths), timing, vehicle="rescue_car", horizon_s=1e9)
    outages = tuple(
        RoadOutage(closure=part.closure, from_s=part.at_s, until_s=part.passes_s, cause="flood") for part in parts
    )
    storm = Disruption(label="flood", roads=outages)
    for at in np.linspace(0, sum(times) + 10, 23) + 0.123:
        state = storm.state_at(float(at))
        shut = {
            number
            for number in range(len(depths))
            for closure in state.closures
            if closure.road == pieces.road[number] and closure.from_m <= pieces.from_m[number] + 50 <= closure.to_m
        }
        assert shut == closed_pieces(depths, kinds, first.tolist(), times, float(at), limit=0.3)


@settings(max_examples=60)
@given(depths=DEPTHS, times=TIMES, kinds=KINDS)
def test_a_road_is_never_faster_than_the_water_on_its_open_parts_allows(
    depths: list[float], times: tuple[int, int, int, int], kinds: list[int]
) -> None:
    timing = Timing(from_s=times[0], rise_s=times[1], peak_s=times[2], fall_s=times[3])
    pieces, _ = pieces_of(depths, kinds)
    slowings = water_slowings(pieces, np.array(depths), timing, vehicle="rescue_car", horizon_s=1e9)
    storm = Disruption(label="flood", slowings=tuple(slowings))
    for at in np.linspace(0, sum(times) + 10, 23) + 0.123:
        factors = storm.state_at(float(at)).slow_downs
        for road in np.unique(pieces.road).tolist():
            on = pieces.road == road
            least = true_factor(np.array(depths)[on], pieces.kind[on], times, float(at), free_kph=40.0)
            assert factors.get(road, 1.0) * 1.05 >= least * (1 - 1e-9)
