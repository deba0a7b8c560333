"""Travel times: the SciPy reference engine against networkx on the same split graph.

The embedded county, and Wuhan where the shared data is there (RESCUESIM_SHARED).
"""

from __future__ import annotations

import math
import os
import tempfile
from functools import partial
from pathlib import Path

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from runner import Row, against, main

import rescuesim as rs
from rescuesim.network.road_network import UNREACHABLE


def county(folder: Path) -> tuple[rs.RoadNetwork, rs.CandidateSites, rs.DemandPoints]:
    """Load the embedded county."""
    scenario = rs.write_demo_county(folder)
    network = rs.load_network(folder / "county.osm")
    return network, rs.load_sites(scenario.parent / "sites.csv"), rs.load_demand(scenario.parent / "demand.csv")


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


def bench(quick: bool) -> list[Row]:
    """Compare on the county, and on Wuhan unless quick."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        cases = [("county 174 x 431, 15 min", *county(Path(folder)))]
        wuhan = Path(os.environ.get("RESCUESIM_SHARED", "../shared")) / "data/wuhan_fua/wuhan_drive.graphml.gz"
        if not quick and wuhan.exists():
            network = rs.load_network(wuhan)
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
    return rows


def drawn(network: rs.RoadNetwork, n_sites: int, n_demand: int) -> tuple[rs.CandidateSites, rs.DemandPoints]:
    """Place sites and points on nodes of a network."""
    import pandas as pd

    rng = np.random.default_rng(0)
    frames = []
    # no point opens into a motorway
    nodes = np.unique(network.tail[~np.isin(network.road_class, ["motorway", "motorway_link"])])
    for prefix, size in (("s", n_sites), ("d", n_demand)):
        node = rng.choice(nodes, size, replace=False)
        ids = [f"{prefix}{k}" for k in range(size)]
        frames.append(pd.DataFrame({"id": ids, "lon": network.lon[node], "lat": network.lat[node]}))
    return rs.load_sites(frames[0]), rs.load_demand(frames[1])


if __name__ == "__main__":
    main("travel", ["numpy", "scipy", "networkx"], bench)
