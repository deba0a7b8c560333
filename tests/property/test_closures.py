"""What closing roads can and cannot do, for drawn closures on drawn points."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.coordinates.crs import unproject
from rescuesim.network.states import Closure
from rescuesim.travel import TravelTimes, travel_times


def points_on(network: RoadNetwork, places: list[tuple[int, float]], prefix: str) -> pd.DataFrame:
    """Place points at shares of the length of roads."""
    lines = network.projected_lines()
    at = [lines[road].interpolate(share, normalized=True) for road, share in places]
    lon, lat = unproject([p.x for p in at], [p.y for p in at], network.crs)
    return pd.DataFrame({"id": [f"{prefix}{k}" for k in range(len(at))], "lon": lon, "lat": lat})


def broken(
    network: RoadNetwork, places: list[tuple[int, float]], closures: list[Closure]
) -> tuple[TravelTimes, TravelTimes]:
    """Times between all the places, intact and broken."""
    frame = points_on(network, places, "p")
    state = NetworkState(closures=tuple(closures))
    states = NetworkStates(states=(state,))
    ensemble = travel_times(network, load_sites(frame), load_demand(frame), states=states)
    return ensemble.intact, ensemble[0]


@st.composite
def closures_of(draw: st.DrawFn, network: RoadNetwork) -> Closure:
    """Draw a closure of a whole road or a part of it."""
    road, level = (
        draw(st.integers(0, network.n_roads - 1)),
        draw(st.sampled_from(["closed", "on_foot", "one_lane", "passable"])),
    )
    if draw(st.booleans()):
        return Closure(road=road, level=level)
    begin = draw(st.floats(0, float(network.road_length_m[road])))
    return Closure(road=road, from_m=begin, to_m=begin + draw(st.floats(0, 500)), level=level)


@settings(max_examples=60)
@given(st.data())
def test_closing_a_road_or_a_part_of_it_never_shortens_a_path(guixi: RoadNetwork, data: st.DataObject) -> None:
    share = st.floats(0, 1)
    places = data.draw(st.lists(st.tuples(st.integers(0, guixi.n_roads - 1), share), min_size=2, max_size=12))
    first = data.draw(st.lists(closures_of(guixi), max_size=30))
    more = data.draw(st.lists(closures_of(guixi), max_size=30))
    intact, some = broken(guixi, places, first)
    _, all_of_them = broken(guixi, places, first + more)
    assert (some.ticks >= intact.ticks).all()
    assert (all_of_them.ticks >= some.ticks).all()


@settings(max_examples=80)
@given(st.data())
def test_a_village_before_the_slide_keeps_its_road_and_one_behind_it_loses_it(
    town: RoadNetwork, data: st.DataObject
) -> None:
    dead_end = int(town.edges.query("tail == 3 and head == 6")["road"].item())
    length = float(town.road_length_m[dead_end])
    villages = sorted(data.draw(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=6, unique=True)))
    begin = data.draw(st.floats(0, length))
    end = data.draw(st.floats(begin, length))
    station = (int(town.edges.query("tail == 1 and head == 3")["road"].item()), 0.3)
    slide = Closure(road=dead_end, from_m=begin, to_m=end)
    intact, after = broken(town, [station, *[(dead_end, share) for share in villages]], [slide])
    assert after.demand_snap is not None
    for row, metres in enumerate(after.demand_snap.position_m[1:], 1):
        if metres < begin:
            assert after.ticks[0, row] == intact.ticks[0, row]
        else:
            assert np.isinf(after.values[0, row])


@settings(max_examples=40)
@given(st.data())
def test_pieces_between_two_points_add_up_and_the_access_leg_never_shortens(
    guixi: RoadNetwork, data: st.DataObject
) -> None:
    places = data.draw(st.lists(st.tuples(st.integers(0, guixi.n_roads - 1), st.floats(0, 1)), min_size=3, max_size=6))
    frame = points_on(guixi, places, "p")
    near = travel_times(guixi, load_sites(frame), load_demand(frame))
    triangle = near.ticks[:, :, None].astype(np.int64) + near.ticks[None, :, :]
    # the way over a third point is no shorter, its access legs counted twice
    assert (near.ticks[:, None, :] <= triangle).all()
    assert near.demand_snap is not None
    aside = frame.assign(lat=frame["lat"] + data.draw(st.floats(0, 0.0005)))
    far = travel_times(guixi, load_sites(frame), load_demand(aside))
    assert far.demand_snap is not None
    assert (far.ticks >= far.demand_snap.access_ticks[None, :]).all()
