"""Points placed beside and on roads, and drawn states of a network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.coordinates.crs import unproject
from rescuesim.network.road_network import to_ticks
from rescuesim.network.states import LEVELS, Closure


def moving_only(network: RoadNetwork) -> RoadNetwork:
    """Take waiting at junctions and the start-up loss away, to look at driving alone."""
    ticks = to_ticks(network.length_m * 3.6 / network.speed_kph)
    return replace(network, ticks=ticks, delay_s=np.zeros(network.n_edges), start_up_s=0.0, launch_s=0.0)


def places(network: RoadNetwork, n: int, seed: int, prefix: str) -> pd.DataFrame:
    """Draw points beside roads, some exactly on them, some on nodes."""
    rng = np.random.default_rng(seed)
    road = rng.integers(0, network.n_roads, n)
    lines = network.projected_lines()[road]
    at = [line.interpolate(share, normalized=True) for line, share in zip(lines, rng.uniform(0, 1, n), strict=True)]
    off = np.where(rng.uniform(size=n) < 0.3, 0.0, rng.uniform(-120, 120, n))
    lon, lat = unproject([p.x for p in at] + off, [p.y for p in at] - off / 2, network.crs)
    on_node = rng.uniform(size=n) < 0.2
    node = rng.integers(0, network.n_nodes, n)
    lon, lat = np.where(on_node, network.lon[node], lon), np.where(on_node, network.lat[node], lat)
    return pd.DataFrame({"id": [f"{prefix}{k}" for k in range(n)], "lon": lon, "lat": lat})


def random_state(network: RoadNetwork, seed: int) -> NetworkState:
    """Draw closures of whole roads and of parts, and slow-downs."""
    rng = np.random.default_rng(seed)
    length = network.road_length_m
    roads = rng.choice(network.n_roads, max(network.n_roads // 25, 2), replace=False)
    closures = []
    for road in roads.tolist():
        begin = rng.uniform(0, length[road])
        closures.append(
            Closure(road=road)
            if rng.uniform() < 0.5
            else Closure(road=road, from_m=begin, to_m=begin + rng.uniform(0, 80), level=str(rng.choice(LEVELS)))
        )
    slow = rng.choice(network.n_roads, max(network.n_roads // 50, 1), replace=False)
    return NetworkState(closures=tuple(closures), slow_downs={int(r): float(rng.uniform(1, 3)) for r in slow})


def on_road(network: RoadNetwork, road: int, metres: list[float], prefix: str) -> pd.DataFrame:
    """Place points on a road at given positions."""
    line = network.projected_lines()[road]
    share = np.array(metres) / network.road_length_m[road]
    at = [line.interpolate(s, normalized=True) for s in share]
    lon, lat = unproject([p.x for p in at], [p.y for p in at], network.crs)
    return pd.DataFrame({"id": [f"{prefix}{k}" for k in range(len(at))], "lon": lon, "lat": lat})
