"""Travel times of one state: against networkx on the same split graph, and the bucket engine against SciPy.

The embedded county, and Wuhan and Porto where the shared data is there (RESCUESIM_SHARED).
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from runner import Row, against, main
from travel_cases import PORTO, WUHAN, county, drawn

import rescuesim as rs
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.times import times_in_state


def by_rescuesim(
    network: rs.RoadNetwork, sites: rs.CandidateSites, demand: rs.DemandPoints, cutoff_s: float
) -> NDArray[np.int64]:
    """Ask rescuesim for the matrix: snapping and splitting of the roads included."""
    return rs.travel_times(network, sites, demand, cutoff_s=cutoff_s).ticks.astype(np.int64)


def by_networkx(times: rs.TravelTimes, cutoff_s: float) -> NDArray[np.int64]:
    """Ask networkx for the same matrix, site by site, over the pieces that were driven."""
    split, site_snap, demand_snap = times.graph, times.site_snap, times.demand_snap
    assert split is not None
    assert site_snap is not None
    assert demand_snap is not None
    graph = nx.DiGraph()
    for tail, head, ticks in zip(split.tail.tolist(), split.head.tolist(), split.piece_ticks().tolist(), strict=True):
        if not graph.has_edge(tail, head) or graph[tail][head]["ticks"] > ticks:
            graph.add_edge(tail, head, ticks=ticks)
    n_sites = len(times.sites)
    cutoff = int(cutoff_s * 10_000)
    found = np.full(times.ticks.shape, UNREACHABLE, dtype=np.int64)
    for site in range(n_sites):
        reached = nx.single_source_dijkstra_path_length(
            graph, int(split.point_node[site]), cutoff=cutoff, weight="ticks"
        )
        for point, node in enumerate(split.point_node[n_sites:].tolist()):
            legs = int(site_snap.access_ticks[site]) + int(demand_snap.access_ticks[point])
            if node in reached and (total := with_loss(times, reached[node] + legs)) <= cutoff:
                found[site, point] = total
    return found


def with_loss(times: rs.TravelTimes, free: int) -> int:
    """Add the start-up loss to the ticks of one trip, in whole numbers."""
    tau, launch = round(times.start_up_s * 10_000), round(times.launch_s * 10_000)
    if free == 0:
        return 0
    if free > tau:
        return free + tau + launch
    root = math.isqrt(4 * free * tau)
    return root + (4 * free * tau > root * root + root) + launch


def both_engines(case: str, network: rs.RoadNetwork, n_sites: int, n_demand: int, cutoff_s: float) -> Row:
    """Compare the bucket engine with the SciPy reference: paths and whole trips, on roads that are split already."""
    sites, demand = drawn(network, n_sites, n_demand)
    times = rs.travel_times(network, sites, demand, cutoff_s=cutoff_s, engine="bucket")
    return against(
        case,
        "SciPy reference",
        partial(times_in_state, times, None),
        partial(times_in_state, replace(times, engine="scipy"), None),
        same=lambda a, b: bool(np.array_equal(a.ticks, b.ticks)),
        repeats=3,
    )


def bench(quick: bool) -> list[Row]:
    """Compare on the county; on Wuhan and Porto too unless quick."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        cases = [("county 174 x 431, 15 min", *county(Path(folder)))]
        if not quick and WUHAN.exists():
            network = rs.load_network(WUHAN)
            cases.append(("Wuhan 200 x 4,000, 15 min", network, *drawn(network, 200, 4000)))
        for case, network, sites, demand in cases:
            times = rs.travel_times(network, sites, demand, cutoff_s=900)
            rows.append(
                against(
                    case,
                    "networkx",
                    partial(by_rescuesim, network, sites, demand, 900),
                    partial(by_networkx, times, 900),
                    same=lambda a, b: bool(np.array_equal(a, b)),
                    repeats=1 if quick else 3,
                )
            )
    if quick or not WUHAN.exists() or not PORTO.exists():
        return rows
    for city, path, sizes in (("Wuhan", WUHAN, [(200, 4000)]), ("Porto", PORTO, [(200, 10_000), (1000, 10_000)])):
        network = rs.load_network(path)
        for n_sites, n_demand in sizes:
            for minutes in (5, 15, 30):
                case = f"{city} {n_sites:,} x {n_demand:,}, {minutes} min, bucket queue"
                rows.append(both_engines(case, network, n_sites, n_demand, 60 * minutes))
    return rows


if __name__ == "__main__":
    main("travel", ["numpy", "scipy", "networkx", "numba"], bench)
