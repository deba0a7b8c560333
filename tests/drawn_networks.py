"""Small networks, states and positions drawn by hypothesis: one-ways, parallels, loops, roads of no length or time."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import strategies as st
from ways_by_hand import METRIC, ORIGIN

from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.coordinates.crs import unproject
from rescuesim.network.road_network import NetworkSummary
from rescuesim.network.states import LEVELS, Closure

_SUMMARY = NetworkSummary(
    nodes=0,
    edges=0,
    roads=0,
    length_km=0.0,
    length_km_by_class={},
    bridges=0,
    tunnels=0,
    dropped_nodes=0,
    dropped_edges=0,
    maxspeed_share=0.0,
    notes=(),
)


@st.composite
def networks(draw: st.DrawFn) -> RoadNetwork:
    """Draw a network of up to eight junctions, not necessarily connected."""
    coordinate = st.integers(0, 12).map(lambda step: step * 73.0)
    places = draw(st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=8))
    node = st.integers(0, len(places) - 1)
    road = st.tuples(node, node, st.booleans(), st.sampled_from(["straight", "bent"]), st.integers(0, 400_000))
    roads = draw(st.lists(road, min_size=1, max_size=14))
    lines, tail, head, of_road, forward, ticks = [], [], [], [], [], []
    for number, (a, b, two_way, shape, time) in enumerate(roads):
        bend = [] if shape == "straight" else [(places[a][0] + 151.3 + number, places[b][1] - 87.1)]
        xy = np.array([places[a], *bend, places[b]]) + ORIGIN
        lines.append(xy)
        back = draw(st.integers(0, 400_000)) if two_way else None
        for start, end, along, took in ((a, b, True, time), (b, a, False, back)):
            if took is not None:
                tail.append(start), head.append(end), of_road.append(number), forward.append(along), ticks.append(took)
    x, y = (np.array(places, dtype=np.float64) + ORIGIN).T
    length = np.array([np.hypot(*np.diff(xy, axis=0).T).sum() for xy in lines])[of_road]
    n, lon_lat = len(tail), unproject(x, y, METRIC)
    return RoadNetwork(
        node_id=np.arange(1, len(places) + 1),
        lon=lon_lat[0],
        lat=lon_lat[1],
        x_m=x,
        y_m=y,
        tail=np.array(tail, dtype=np.int32),
        head=np.array(head, dtype=np.int32),
        road=np.array(of_road, dtype=np.int32),
        forward=np.array(forward),
        length_m=length,
        speed_kph=np.full(n, 36.0),
        ticks=np.array(ticks, dtype=np.int32),
        delay_s=np.zeros(n),
        road_class=np.array(draw(st.lists(st.sampled_from(["primary", "tertiary"]), min_size=n, max_size=n))),
        bridge=np.zeros(n, dtype=np.bool_),
        tunnel=np.zeros(n, dtype=np.bool_),
        road_name=np.full(len(roads), ""),
        surface=np.full(len(roads), ""),
        width_m=np.full(len(roads), np.nan),
        lanes=np.full(len(roads), np.nan),
        road_ways=tuple((number,) for number in range(len(roads))),
        road_line=np.array([shapely.LineString(np.column_stack(unproject(*xy.T, METRIC))) for xy in lines]),
        crs=METRIC,
        summary_=_SUMMARY,
        start_up_s=draw(st.sampled_from([0.0, 3.0, 18.5])),
        launch_s=draw(st.sampled_from([0.0, 0.0, 7.5])),
    )


@st.composite
def states(draw: st.DrawFn, network: RoadNetwork, marks_m: list[float]) -> NetworkState:
    """Draw closures of roads and of parts, some of which begin or end at marks, and slow-downs."""
    road = st.integers(0, network.n_roads - 1)
    closures = []
    for on in draw(st.lists(road, max_size=5)):
        length = float(network.road_length_m[on])
        at = st.one_of(
            st.sampled_from([0.0, length, *[mark for mark in marks_m if mark <= length]]),
            st.floats(0.0, 1.0).map(lambda share, whole=length: min(share * whole, whole)),  # type: ignore[misc]
        )
        level = draw(st.sampled_from([*LEVELS, "closed", "one_lane"]))
        if draw(st.booleans()) and draw(st.booleans()):
            closures.append(Closure(road=on, level=level))
            continue
        ends = sorted([draw(at), draw(at)])
        closures.append(Closure(road=on, from_m=ends[0], to_m=ends[1], level=level))
    slow = draw(st.dictionaries(road, st.floats(1.0, 4.0), max_size=3))
    return NetworkState(closures=tuple(closures), slow_downs=slow)
