"""Roads put together by hand with exact times: straight lines between places in metres, stops at positions on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely
from ways_by_hand import METRIC, ORIGIN

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.network.coordinates.crs import unproject
from rescuesim.network.road_network import TICKS_PER_SECOND, NetworkSummary, RoadNetwork
from rescuesim.travel import TravelTimes, travel_times

_SUMMARY = NetworkSummary(
    nodes=0, edges=0, roads=0, length_km=0.0, length_km_by_class={}, bridges=0, tunnels=0,
    dropped_nodes=0, dropped_edges=0, maxspeed_share=0.0, notes=(),
)  # fmt: skip


def roads_by_hand(
    places: Sequence[tuple[float, float]],
    roads: Sequence[tuple[int, int, float, float | None]],
    *,
    start_up_s: float = 0.0,
    launch_s: float = 0.0,
) -> RoadNetwork:
    """Make a network of roads, each with two places and seconds along and back (None: one-way)."""
    tail, head, of_road, forward, seconds, length = [], [], [], [], [], []
    for number, (a, b, along_s, back_s) in enumerate(roads):
        for start, end, along, took in ((a, b, True, along_s), (b, a, False, back_s)):
            if took is not None:
                tail.append(start), head.append(end), of_road.append(number), forward.append(along)
                seconds.append(took), length.append(float(np.hypot(*np.subtract(places[a], places[b]))))
    x, y = (np.array(places, dtype=np.float64) + ORIGIN).T
    lon, lat = unproject(x, y, METRIC)
    n = len(tail)
    lines = np.empty(len(roads), dtype=object)
    lines[:] = [shapely.LineString([(lon[a], lat[a]), (lon[b], lat[b])]) for a, b, _, _ in roads]
    return RoadNetwork(
        node_id=np.arange(1, len(places) + 1),
        lon=lon,
        lat=lat,
        x_m=x,
        y_m=y,
        tail=np.array(tail, dtype=np.int32),
        head=np.array(head, dtype=np.int32),
        road=np.array(of_road, dtype=np.int32),
        forward=np.array(forward),
        length_m=np.array(length),
        speed_kph=np.full(n, 36.0),
        ticks=np.rint(np.array(seconds) * TICKS_PER_SECOND).astype(np.int32),
        delay_s=np.zeros(n),
        road_class=np.full(n, "tertiary"),
        bridge=np.zeros(n, dtype=np.bool_),
        tunnel=np.zeros(n, dtype=np.bool_),
        road_name=np.full(len(roads), ""),
        surface=np.full(len(roads), ""),
        width_m=np.full(len(roads), np.nan),
        lanes=np.full(len(roads), np.nan),
        road_ways=tuple((number,) for number in range(len(roads))),
        road_line=lines,
        crs=METRIC,
        summary_=_SUMMARY,
        start_up_s=start_up_s,
        launch_s=launch_s,
    )


def times_between(
    network: RoadNetwork,
    sites: Sequence[tuple[float, float]],
    points: Sequence[tuple[float, float]],
) -> tuple[TravelTimes, TravelTimes]:
    """Times out and back between sites ``s0, ...`` and points ``d0, ...`` at places in metres."""

    def table(places: Sequence[tuple[float, float]], prefix: str) -> pd.DataFrame:
        x, y = (np.array(places, dtype=np.float64) + ORIGIN).T
        lon, lat = unproject(x, y, METRIC)
        return pd.DataFrame({"id": [f"{prefix}{k}" for k in range(len(places))], "lon": lon, "lat": lat})

    given = load_sites(table(sites, "s")), load_demand(table(points, "d"))
    return travel_times(network, *given), travel_times(network, *given, towards="sites")
