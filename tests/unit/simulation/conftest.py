"""A valley of one road, s1 -- 100 s -- d -- 300 s -- s2, with exact durations."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import shapely

from rescuesim.crew import CrewType, Lognormal
from rescuesim.demand import load_demand
from rescuesim.network.road_network import TICKS_PER_SECOND, NetworkSummary, RoadNetwork
from rescuesim.plan import Plan, PlanSite
from rescuesim.simulation import CallLog
from rescuesim.standard import load_standard

LON, LAT = (119.30, 119.31, 119.32), 28.70
DRIVE_S = (100.0, 300.0)  # of road 0 and road 1


def exactly(value: float) -> Lognormal:
    return Lognormal(median=value, p90=value)


def crew(name: str, *, turnout: float = 60.0, present: float = 1.0, can: str = "assist fire rescue") -> CrewType:
    return CrewType(
        name=name,
        turnout={"day": exactly(turnout), "night": exactly(2 * turnout)},
        availability={"day": present, "night": present},
        capabilities=frozenset(can.split()),
    )


def one_road() -> RoadNetwork:
    lines = [shapely.LineString([(LON[i], LAT), (LON[i + 1], LAT)]) for i in range(2)]
    seconds = np.array([DRIVE_S[0], DRIVE_S[0], DRIVE_S[1], DRIVE_S[1]])
    from rescuesim.network.coordinates.crs import project

    x, y = project(np.array(LON), np.full(3, LAT), "EPSG:32650")
    length = np.hypot(np.diff(x), np.diff(y))
    roads = np.empty(2, dtype=object)
    roads[:] = lines
    summary = NetworkSummary(
        nodes=3, edges=4, roads=2, length_km=2.0, length_km_by_class={}, bridges=0, tunnels=0,
        dropped_nodes=0, dropped_edges=0, maxspeed_share=0.0, notes=(),
    )  # fmt: skip
    return RoadNetwork(
        node_id=np.arange(3),
        lon=np.array(LON),
        lat=np.full(3, LAT),
        x_m=x,
        y_m=y,
        tail=np.array([0, 1, 1, 2], dtype=np.int32),
        head=np.array([1, 0, 2, 1], dtype=np.int32),
        road=np.array([0, 0, 1, 1], dtype=np.int32),
        forward=np.array([True, False, True, False]),
        length_m=np.repeat(length, 2),
        speed_kph=np.repeat(length / np.array(DRIVE_S) * 3.6, 2),
        ticks=(seconds * TICKS_PER_SECOND).astype(np.int32),
        delay_s=np.zeros(4),
        road_class=np.array(["primary"] * 4),
        bridge=np.zeros(4, dtype=bool),
        tunnel=np.zeros(4, dtype=bool),
        road_name=np.array(["", ""]),
        surface=np.array(["", ""]),
        width_m=np.full(2, np.nan),
        lanes=np.full(2, np.nan),
        road_ways=((1,), (2,)),
        road_line=roads,
        crs="EPSG:32650",
        summary_=summary,
    )


def make_plan(*sites: str, units: int = 1, crew: str = "brigade", name: str = "plan") -> Plan:
    lon = {"s1": LON[0], "s2": LON[2]}
    return Plan(
        name=name,
        sites=tuple(
            PlanSite(id=s, name=s, crew=crew, status="existing", units=units, township="T", lon=lon[s], lat=LAT)
            for s in sites
        ),
    )


def make_calls(*arrived_at_s: float, on_scene_s: float = 600.0, type_: str = "fire", **draws: list[float]) -> CallLog:
    given = {"on_scene_s": [on_scene_s] * len(arrived_at_s), **draws}
    return CallLog.from_draws(["d"], [type_], arrived_at_s=list(arrived_at_s), **given)


@pytest.fixture(scope="session")
def valley() -> SimpleNamespace:
    """Exact chain: answering 10 s, order 20 s, set-up 30 s; turnout 60 s by day and 120 s by night."""
    chain = {"answering": exactly(10), "order": exactly(20), "set_up": exactly(30), "variation": exactly(1)}
    crews = {
        "brigade": crew("brigade"),
        "township_duty": crew("township_duty", can="assist"),
        "never_there": crew("never_there", present=0.0),
        "half_there": crew("half_there", present=0.5),
    }
    demand = load_demand(pd.DataFrame({"id": ["d"], "lon": [LON[1]], "lat": [LAT], "people": [50_000]}))
    return SimpleNamespace(
        network=one_road(),
        demand=demand,
        standard=replace(load_standard(), chain=chain, crews=crews),
        plan=make_plan,
        calls=make_calls,
        exactly=exactly,
    )
