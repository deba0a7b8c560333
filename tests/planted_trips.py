"""Trips on a network whose true factors are known, with the times of `travel_times`, noise and slips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import shapely

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import unproject
from rescuesim.network.road_network import TICKS_PER_SECOND, to_ticks
from rescuesim.network.vehicles.speeds import class_group
from rescuesim.travel import travel_times

HOURS = {"day": "2024-05-01 12:10", "peak": "8:05", "night": "23"}


def with_delays(network: RoadNetwork, *, start_up_s: float = 18.5, seed: int = 0) -> RoadNetwork:
    """Put signals and junction delays on some of the edges, and a start-up loss."""
    rng = np.random.default_rng(seed)
    delay = np.where(rng.uniform(size=network.n_edges) < 0.15, 15.0, 2.0)
    ticks = to_ticks(network.length_m * 3.6 / network.speed_kph + delay)
    return replace(network, delay_s=delay, ticks=ticks, start_up_s=start_up_s)


def true_network(network: RoadNetwork, factor: Mapping[str, float]) -> RoadNetwork:
    """Multiply the driving time of each class; written without the package's own helpers."""
    by = np.array([factor.get(class_group(str(name)), 1.0) for name in network.road_class])
    moving = (network.ticks / TICKS_PER_SECOND - network.delay_s) * by
    return replace(network, ticks=to_ticks(moving + network.delay_s), speed_kph=network.speed_kph / by)


def beside_roads(network: RoadNetwork, n: int, rng: np.random.Generator, *, reach_m: float = 60.0) -> pd.DataFrame:
    """Draw places beside roads, long roads more often."""
    length = network.road_length_m
    road = rng.choice(network.n_roads, n, p=length / length.sum())
    lines = network.projected_lines()[road]
    at = shapely.line_interpolate_point(lines, rng.uniform(0, 1, n), normalized=True)
    off = rng.uniform(-reach_m, reach_m, (2, n)) * (rng.uniform(size=n) < 0.6)
    lon, lat = unproject(shapely.get_x(at) + off[0], shapely.get_y(at) + off[1], network.crs)
    return pd.DataFrame({"id": [str(k) for k in range(n)], "lon": lon, "lat": lat})


def planted_trips(
    network: RoadNetwork,
    factors: Mapping[str, Mapping[str, float]],
    n: int,
    *,
    seed: int,
    stations: int = 12,
    noise: float = 0.25,
    slips: float = 0.05,
) -> tuple[pd.DataFrame, set[str]]:
    """Drive n trips for each class of hours of `factors`; ``any`` has no start time.

    Returns the table of trips and the ids of those whose time is a gross slip.
    """
    tables = []
    wrong: set[str] = set()
    for number, (hour, factor) in enumerate(factors.items()):
        rng = np.random.default_rng([seed, number])
        begins, ends = beside_roads(network, stations, rng), beside_roads(network, n, rng)
        times = travel_times(true_network(network, factor), load_sites(begins), load_demand(ends), snap_limit_m=300)
        station = rng.integers(0, stations, n)
        seconds = times.values[station, np.arange(n)]
        slip = rng.uniform(size=n) < slips
        seconds = seconds * rng.lognormal(0, noise, n) * np.where(slip, rng.choice([0.3, 5.0], n), 1.0)
        ids = [f"{hour}-{k}" for k in range(n)]
        wrong |= {ids[k] for k in np.flatnonzero(slip)}
        table = pd.DataFrame(
            {
                "id": ids,
                "from_lon": begins["lon"].to_numpy()[station],
                "from_lat": begins["lat"].to_numpy()[station],
                "to_lon": ends["lon"],
                "to_lat": ends["lat"],
                "seconds": seconds,
                "started_at": HOURS.get(hour, ""),
            }
        )
        tables.append(table[np.isfinite(seconds) & (seconds > 1)])
    return pd.concat(tables, ignore_index=True), wrong
