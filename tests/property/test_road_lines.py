"""Random road layers: the order of rows and the drawing of two-way lines do not matter."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from rescuesim.network.reading.lines import ways_from_lines
from rescuesim.network.ways import Ways

GRID = [(119.3 + column / 200, 28.7 + row / 300) for column in range(5) for row in range(4)]
ROWS = st.lists(
    st.tuples(
        st.lists(st.integers(0, len(GRID) - 1), min_size=2, max_size=6),
        st.sampled_from(["primary", "tertiary", "residential", "footway"]),
        st.sampled_from(["no", "yes", "-1"]),
        st.sampled_from([None, "40", "60"]),
    ),
    min_size=1,
    max_size=14,
)


def drawn(rows: list[tuple[list[int], str, str, str | None]], order: list[int], turned: list[bool]) -> Ways:
    """The rows as a layer, in an order, some of them drawn the other way (with their direction turned too)."""
    lines, table = [], {"highway": [], "oneway": [], "maxspeed": [], "id": []}
    for number in order:
        path, road_class, oneway, speed = rows[number]
        if turned[number]:
            path, oneway = path[::-1], {"no": "no", "yes": "-1", "-1": "yes"}[oneway]
        lines.append(shapely.LineString([GRID[place] for place in path]))
        for key, value in zip(table, (road_class, oneway, speed, number), strict=True):
            table[key].append(value)
    # a road that is always there, so that no layer is without one
    lines.append(shapely.LineString([(119.0, 28.0), (119.0, 28.1)]))
    for key, value in zip(table, ("primary", "no", None, 999), strict=True):
        table[key].append(value)
    return ways_from_lines(gpd.GeoDataFrame(table, geometry=lines, crs="EPSG:4326"))


@settings(max_examples=60)
@given(ROWS, st.data())
def test_rows_in_another_order_and_lines_drawn_the_other_way_give_the_same_ways(
    rows: list[tuple[list[int], str, str, str | None]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(rows))))
    turned = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    first = drawn(rows, list(range(len(rows))), [False] * len(rows))
    second = drawn(rows, list(order), turned)
    for field in (
        "node_id",
        "lon",
        "lat",
        "first",
        "at",
        "step_m",
        "oneway",
        "road_class",
        "maxspeed_kph",
        "way_id",
        "bridge",
    ):
        np.testing.assert_array_equal(getattr(first, field), getattr(second, field), err_msg=field)
    assert sorted(first.notes) == sorted(second.notes)


@settings(max_examples=60)
@given(ROWS)
def test_every_step_of_every_road_is_there_in_the_directions_that_it_is_driven(
    rows: list[tuple[list[int], str, str, str | None]],
) -> None:
    ways = drawn(rows, list(range(len(rows))), [False] * len(rows))
    expected = {((119.0, 28.0), (119.0, 28.1)), ((119.0, 28.1), (119.0, 28.0))}
    for path, road_class, oneway, _ in rows:
        for start, end in itertools.pairwise(path):
            if start != end and road_class != "footway":
                expected |= {(GRID[start], GRID[end])} if oneway != "-1" else set()
                expected |= {(GRID[end], GRID[start])} if oneway != "yes" else set()
    found = set()
    places = list(zip(ways.lon.tolist(), ways.lat.tolist(), strict=True))
    for ref in np.flatnonzero(~ways.is_last).tolist():
        pair = (places[ways.at[ref]], places[ways.at[ref + 1]])
        found |= {pair} if ways.oneway[ways.way_of[ref]] else {pair, pair[::-1]}
    assert found == expected
