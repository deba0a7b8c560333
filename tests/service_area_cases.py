"""Travel times to exact positions on roads, to compare service areas with."""

from __future__ import annotations

import numpy as np

from rescuesim.demand import DemandPoints
from rescuesim.quality import SnappedPoints
from rescuesim.travel import TravelTimes, build_split_graph
from rescuesim.travel.service_areas import ServiceArea
from rescuesim.travel.times import times_in_state


def on_the_road(road: list[int], position_m: list[float]) -> SnappedPoints:
    """Points that lie exactly at positions on roads."""
    nothing = np.zeros(len(road))
    return SnappedPoints(
        road=np.array(road, dtype=np.int32),
        position_m=np.array(position_m, dtype=np.float64),
        access_m=nothing,
        access_ticks=nothing.astype(np.int32),
    )


def nobody(n: int) -> DemandPoints:
    """Demand points whose places on the roads are known already."""
    texts, nothing = tuple(str(k) for k in range(n)), np.zeros(n)
    return DemandPoints(
        ids=texts,
        names=texts,
        lon=None,
        lat=None,
        zones=texts,
        people=nothing,
        calls_per_year=nothing,
        calls_given=nothing > 0,
        weights=nothing,
        townships=texts,
        kinds=texts,
    )


def ticks_to(area: ServiceArea, points: SnappedPoints) -> np.ndarray:
    """Ticks of travel_times between the sites of an area and points that are on roads already."""
    frame = TravelTimes(
        sites=area.sites,
        demand=nobody(len(points)),
        ticks=np.zeros((0, 0), dtype=np.int32),
        towards=area.towards,
        graph=build_split_graph(area.network, area.site_snap, points),
        site_snap=area.site_snap,
        demand_snap=points,
        start_up_s=area.network.start_up_s,
        launch_s=area.network.launch_s,
    )
    return times_in_state(frame, area.state).ticks
