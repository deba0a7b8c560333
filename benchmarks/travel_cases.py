"""Cases of the travel benchmarks: networks, points on their junctions, and states with broken roads."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

import rescuesim as rs
from rescuesim.network import NetworkState, NetworkStates
from rescuesim.network.states import Closure

SHARED = Path(os.environ.get("RESCUESIM_SHARED", "../shared")) / "data"
WUHAN = SHARED / "wuhan_fua/wuhan_drive.graphml.gz"
PORTO = SHARED / "porto_metro/porto_drive.osm.gz"


def county(folder: Path) -> tuple[rs.RoadNetwork, rs.CandidateSites, rs.DemandPoints]:
    """Load the embedded county."""
    scenario = rs.write_demo_county(folder)
    network = rs.load_network(folder / "county.osm")
    return network, rs.load_sites(scenario.parent / "sites.csv"), rs.load_demand(scenario.parent / "demand.csv")


def drawn(network: rs.RoadNetwork, n_sites: int, n_demand: int) -> tuple[rs.CandidateSites, rs.DemandPoints]:
    """Place sites and points on junctions of a network."""
    rng = np.random.default_rng(0)
    frames = []
    # no point opens into a motorway
    nodes = np.unique(network.tail[~np.isin(network.road_class, ["motorway", "motorway_link"])])
    for prefix, size in (("s", n_sites), ("d", n_demand)):
        node = rng.choice(nodes, size, replace=False)
        ids = [f"{prefix}{k}" for k in range(size)]
        frames.append(pd.DataFrame({"id": ids, "lon": network.lon[node], "lat": network.lat[node]}))
    return rs.load_sites(frames[0]), rs.load_demand(frames[1])


def broken(network: rs.RoadNetwork, n_states: int) -> NetworkStates:
    """Draw states in which 1 to 5 % of the roads are closed and 2 % take three times as long."""
    rng = np.random.default_rng(1)
    made = []
    for number in range(n_states):
        closed = rng.choice(network.n_roads, int(rng.uniform(0.01, 0.05) * network.n_roads), replace=False)
        slow = rng.choice(network.n_roads, int(0.02 * network.n_roads), replace=False)
        made.append(
            NetworkState(
                closures=tuple(Closure(road=road) for road in np.sort(closed).tolist()),
                slow_downs=dict.fromkeys(np.sort(slow).tolist(), 3.0),
                label=f"state {number}",
                probability=1 / n_states,
            )
        )
    return NetworkStates(states=tuple(made))
