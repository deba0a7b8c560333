"""Random roads clipped and added to: nothing of the base is lost, moved or made longer."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rescuesim.errors import InputError
from rescuesim.network.editing.clip import clip_ways
from rescuesim.network.editing.supplement import with_supplement
from rescuesim.network.reading.lines import ways_from_lines
from rescuesim.network.ways import Ways

COORDINATES = st.tuples(st.integers(0, 4000), st.integers(0, 4000))  # steps of about a metre
LINES = st.lists(st.lists(COORDINATES, min_size=2, max_size=5, unique=True), min_size=1, max_size=8)


def roads(lines: list[list[tuple[int, int]]], road_class: str = "tertiary") -> Ways:
    shapes = [shapely.LineString([(119.3 + x * 1e-5, 28.7 + y * 1e-5) for x, y in line]) for line in lines]
    return ways_from_lines(gpd.GeoDataFrame({"highway": [road_class] * len(lines)}, geometry=shapes, crs="EPSG:4326"))


@settings(max_examples=80)
@given(LINES, LINES, st.sampled_from([0.0, 20.0, 300.0]))
def test_a_supplement_never_changes_a_length_of_the_base(
    base_lines: list[list[tuple[int, int]]], extra_lines: list[list[tuple[int, int]]], snap_m: float
) -> None:
    base, extra = roads(base_lines), roads(extra_lines, "residential")
    try:
        both = with_supplement(base, extra, snap_m=snap_m)
    except InputError:
        assume(False)
    assert both.n_ways >= base.n_ways
    places = dict(zip(both.node_id.tolist(), zip(both.lon.tolist(), both.lat.tolist(), strict=True), strict=True))
    for number, lon, lat in zip(base.node_id.tolist(), base.lon.tolist(), base.lat.tolist(), strict=True):
        assert places[number] == (lon, lat)
    for way in range(base.n_ways):
        before = slice(int(base.first[way]), int(base.first[way + 1]))
        after = slice(int(both.first[way]), int(both.first[way + 1]))
        # to the last bit, and over the same nodes in the same order
        assert math.fsum(both.step_m[after]) == math.fsum(base.step_m[before])
        old = both.node_id[both.at[after]]
        assert old[old > 0].tolist() == base.node_id[base.at[before]].tolist()
        assert both.road_class[way] == base.road_class[way]
    assert (np.diff(both.node_id) > 0).all()
    assert set(both.road_class[base.n_ways :].tolist()) <= {"residential"}
    assert (both.node_id[np.isin(both.node_id, base.node_id, invert=True)] < 0).all()


@settings(max_examples=40)
@given(LINES, LINES)
def test_an_added_road_is_never_shorter_than_what_was_drawn_by_more_than_it_was_moved(
    base_lines: list[list[tuple[int, int]]], extra_lines: list[list[tuple[int, int]]]
) -> None:
    base, extra = roads(base_lines), roads(extra_lines, "residential")
    try:
        both = with_supplement(base, extra, snap_m=25.0)
    except InputError:
        assume(False)
    drawn = np.add.reduceat(extra.step_m, extra.first[:-1])
    for way in range(base.n_ways, both.n_ways):
        length = float(both.step_m[both.first[way] : both.first[way + 1]].sum())
        nodes = int(both.first[way + 1] - both.first[way])
        own = float(drawn[list(extra.way_id).index(-int(both.way_id[way]))])
        # each end may have moved by 25 m (a per mille more on the other ellipsoid), other vertices by a metre
        assert abs(length - own) <= 2 * (2 * 25.1 + nodes)


@settings(max_examples=60)
@given(LINES, st.sampled_from([5e5, 5e6, 2e7]))
def test_a_buffer_that_reaches_everything_clips_nothing(lines: list[list[tuple[int, int]]], buffer_m: float) -> None:
    ways = roads(lines)
    lon, lat = float(ways.lon[ways.at[0]]), float(ways.lat[ways.at[0]])
    clipped = clip_ways(ways, (lon - 1e-4, lat - 1e-4, lon + 1e-4, lat + 1e-4), buffer_m=buffer_m)
    for field in ("node_id", "lon", "lat", "first", "at", "step_m", "way_id", "road_class", "oneway"):
        np.testing.assert_array_equal(getattr(clipped, field), getattr(ways, field))


@settings(max_examples=60)
@given(LINES, COORDINATES, COORDINATES, st.sampled_from([0.0, 50.0, 400.0]))
def test_clipping_twice_is_clipping_once_and_every_node_inside_stays(
    lines: list[list[tuple[int, int]]], one: tuple[int, int], other: tuple[int, int], buffer_m: float
) -> None:
    assume(one[0] != other[0] and one[1] != other[1])
    low, high = np.minimum(one, other), np.maximum(one, other)
    box = (119.3 + low[0] * 1e-5, 28.7 + low[1] * 1e-5, 119.3 + high[0] * 1e-5, 28.7 + high[1] * 1e-5)
    ways = roads(lines)
    try:
        clipped = clip_ways(ways, box, buffer_m=buffer_m)
    except InputError:
        assume(False)
    again = clip_ways(clipped, box, buffer_m=buffer_m)
    np.testing.assert_array_equal(again.at, clipped.at)
    inside = (ways.lon > box[0]) & (ways.lon < box[2]) & (ways.lat > box[1]) & (ways.lat < box[3])
    assert set(ways.node_id[inside].tolist()) <= set(clipped.node_id.tolist())
    assert clipped.step_m.sum() <= ways.step_m.sum() + 1e-6
