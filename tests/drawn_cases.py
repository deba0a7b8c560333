"""Small networks drawn by hypothesis, with all that makes paths awkward, and their times by SciPy and whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import shapely
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles_roads import start_up_by_hand
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim.candidates import CandidateSites, load_sites
from rescuesim.demand import DemandPoints, load_demand
from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.road_network import UNREACHABLE, NetworkSummary, limit_ticks
from rescuesim.network.states import LEVELS, Closure
from rescuesim.quality import SnappedPoints
from rescuesim.travel.split_graph import build_split_graph
from rescuesim.travel.times import Towards, TravelTimes

LENGTHS_M = (0.0, 1.0, 100.0, 1234.5)
TICKS = (0, 0, 1, 2, 3, 10, 1000, 250_000, 2**29, UNREACHABLE - 1)
SHARES = (0.0, 0.25, 1 / 3, 0.5, 0.5, 1.0)
ACCESS = (0, 0, 1, 999, 2**28)
CUTOFFS_S = (0.0, 0.0001, 0.0003, 1.0, 30.0, 900.0, 50_000.0, 107_374.1822, np.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCase:
    """A network, points on it, a state of it and what is asked."""

    network: RoadNetwork
    times: TravelTimes  # without ticks
    state: NetworkState | None


@st.composite
def networks(draw: st.DrawFn) -> RoadNetwork:
    """Draw one-way, parallel, circular and zero-length roads; parts need not hang together."""
    n_nodes = draw(st.integers(2, 7))
    node = st.integers(0, n_nodes - 1)
    road = st.tuples(node, node, st.booleans(), *[st.sampled_from(some) for some in (LENGTHS_M, TICKS, TICKS)])
    roads = draw(st.lists(road, min_size=1, max_size=12))
    edges = []  # tail, head, road, forward, metres, ticks
    for number, (a, b, both, metres, there, back) in enumerate(roads):
        edges.append((a, b, number, True, metres, there))
        if both:
            edges.append((b, a, number, False, metres, back))
    tail, head, on, forward, length, ticks = (np.array(column) for column in zip(*edges, strict=True))
    places = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=n_nodes, max_size=n_nodes))
    x, y = (np.array([place[axis] * 100.0 for place in places]) for axis in (0, 1))
    n_edges, n_roads = len(edges), len(roads)
    summary = NetworkSummary(
        nodes=n_nodes,
        edges=n_edges,
        roads=n_roads,
        length_km=0.0,
        length_km_by_class={},
        bridges=0,
        tunnels=0,
        dropped_nodes=0,
        dropped_edges=0,
        maxspeed_share=0.0,
        notes=(),
    )
    return RoadNetwork(
        node_id=np.arange(n_nodes),
        lon=np.full(n_nodes, 119.3),
        lat=np.full(n_nodes, 28.7),
        x_m=x,
        y_m=y,
        tail=tail.astype(np.int32),
        head=head.astype(np.int32),
        road=on.astype(np.int32),
        forward=forward.astype(np.bool_),
        length_m=length.astype(np.float64),
        speed_kph=np.full(n_edges, 36.0),
        ticks=ticks.astype(np.int32),
        delay_s=np.zeros(n_edges),
        road_class=np.full(n_edges, "residential"),
        bridge=np.zeros(n_edges, dtype=np.bool_),
        tunnel=np.zeros(n_edges, dtype=np.bool_),
        road_name=np.full(n_roads, ""),
        surface=np.full(n_roads, ""),
        width_m=np.full(n_roads, np.nan),
        lanes=np.full(n_roads, np.nan),
        road_ways=tuple((number,) for number in range(n_roads)),
        road_line=np.array([shapely.LineString([(0, 0), (1, 1)])] * n_roads, dtype=object),
        crs="EPSG:32650",
        summary_=summary,
        start_up_s=draw(st.sampled_from([0.0, 0.0001, 18.5])),
        launch_s=draw(st.sampled_from([0.0, 60.0])),
    )


@st.composite
def points_on(draw: st.DrawFn, network: RoadNetwork, most: int) -> SnappedPoints:
    """Draw points on roads, several on one edge and at one place, some without a road."""
    point = st.tuples(st.integers(-1, network.n_roads - 1), st.sampled_from(SHARES), st.sampled_from(ACCESS))
    drawn = draw(st.lists(point, min_size=1, max_size=most))
    road = np.array([each[0] for each in drawn], dtype=np.int32)
    share = np.array([each[1] for each in drawn])
    return SnappedPoints(
        road=road,
        position_m=np.where(road >= 0, share * network.road_length_m[road], 0.0),
        access_m=np.zeros(len(drawn)),
        access_ticks=np.array([each[2] for each in drawn], dtype=np.int32),
    )


@st.composite
def states_of(draw: st.DrawFn, network: RoadNetwork, n_sites: int) -> NetworkState | None:
    """Draw the intact state, all roads closed, or closures of roads and parts, slow-downs and unusable sites."""
    kind = draw(st.sampled_from(["intact", "all_closed", "some", "some", "some"]))
    if kind == "intact":
        return None
    if kind == "all_closed":
        return NetworkState(closures=tuple(Closure(road=road) for road in range(network.n_roads)))
    road = st.integers(0, network.n_roads - 1)
    slowest = np.zeros(network.n_roads, dtype=np.int64)
    np.maximum.at(slowest, network.road, network.ticks)
    closures = []
    for at, level, share in draw(
        st.lists(st.tuples(road, st.sampled_from(LEVELS), st.sampled_from(SHARES)), max_size=5)
    ):
        length = float(network.road_length_m[at])
        if level == "one_lane" and slowest[at] >= 2**29:
            level = "closed"
        part = (
            {} if draw(st.booleans()) else {"from_m": share * length, "to_m": share * length + draw(st.floats(0, 50))}
        )
        closures.append(Closure(road=at, level=level, **part))
    slow = draw(st.dictionaries(road, st.floats(1, 3), max_size=3))
    unusable = draw(st.sets(st.integers(0, n_sites - 1), max_size=1))
    return NetworkState(
        closures=tuple(closures),
        slow_downs={at: factor for at, factor in slow.items() if slowest[at] < 2**28},
        unusable_sites=frozenset(f"s{k}" for k in unusable),
    )


@cache
def tables(n_sites: int, n_demand: int) -> tuple[CandidateSites, DemandPoints]:
    """Return sites s0, s1, … and points d0, d1, …"""
    place = {"lon": 119.3, "lat": 28.7}
    sites = load_sites(pd.DataFrame({"id": [f"s{k}" for k in range(n_sites)], **place}))
    return sites, load_demand(pd.DataFrame({"id": [f"d{k}" for k in range(n_demand)], **place}))


@st.composite
def cases(draw: st.DrawFn) -> DrawnCase:
    """Draw everything that travel times depend on."""
    network = draw(networks())
    site_snap, demand_snap = draw(points_on(network, 4)), draw(points_on(network, 8))
    sites, demand = tables(len(site_snap), len(demand_snap))
    towards: Towards = draw(st.sampled_from(["demand", "sites"]))
    times = TravelTimes(
        sites=sites,
        demand=demand,
        ticks=np.zeros((0, 0), dtype=np.int32),
        cutoff_s=draw(st.sampled_from(CUTOFFS_S)),
        towards=towards,
        graph=build_split_graph(network, site_snap, demand_snap),
        site_snap=site_snap,
        demand_snap=demand_snap,
        start_up_s=network.start_up_s,
        launch_s=network.launch_s,
    )
    return DrawnCase(network=network, times=times, state=draw(states_of(network, len(sites))))


def paths_by_scipy(case: DrawnCase) -> NDArray[np.float64]:
    """Ticks of paths between all nodes: `scipy.sparse.csgraph.dijkstra` on the fastest of parallel open pieces."""
    graph = case.times.graph
    assert graph is not None
    fastest: dict[tuple[int, int], int] = {}
    given = zip(graph.tail, graph.head, graph.piece_ticks(case.state), graph.open_pieces(case.state), strict=True)
    for tail, head, ticks, is_open in given:
        at = (int(tail), int(head)) if case.times.towards == "demand" else (int(head), int(tail))
        if is_open:
            fastest[at] = min(fastest.get(at, UNREACHABLE), int(ticks))
    pairs = np.array(sorted(fastest), dtype=np.int64).reshape(-1, 2)
    ticks = np.array([fastest[tail, head] for tail, head in pairs.tolist()], dtype=np.float64)
    matrix = csr_array((ticks, (pairs[:, 0], pairs[:, 1])), shape=(graph.n_nodes, graph.n_nodes))
    return np.asarray(dijkstra(matrix, directed=True))


def times_by_hand(case: DrawnCase) -> list[list[int]]:
    """Ticks of every pair, in whole numbers of any size; 2^30 - 1 where unreachable or beyond the cutoff."""
    times, graph = case.times, case.times.graph
    assert graph is not None
    assert times.site_snap is not None
    assert times.demand_snap is not None
    paths, closed = paths_by_scipy(case), graph.closed_points(case.state)
    cutoff, n_sites = int(limit_ticks(times.cutoff_s)), len(times.sites)
    shut = case.state.unusable_sites if case.state else frozenset()
    found = [[UNREACHABLE] * len(times.demand) for _ in range(n_sites)]
    for site, point in np.ndindex(n_sites, len(times.demand)):
        a, b = int(graph.point_node[site]), int(graph.point_node[n_sites + point])
        if a < 0 or b < 0 or closed[site] or closed[n_sites + point] or times.sites.ids[site] in shut:
            continue
        if np.isfinite(paths[a, b]):
            legs = int(times.site_snap.access_ticks[site]) + int(times.demand_snap.access_ticks[point])
            whole = start_up_by_hand(case.network, int(paths[a, b]) + legs)
            if whole is not None and whole <= cutoff:
                found[site][point] = whole
    return found
