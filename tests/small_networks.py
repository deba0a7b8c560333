"""Small networks at random: one-ways, loops, parallel roads, ties, roads without length or time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from ways_by_hand import ways_of

from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.build import build_network
from rescuesim.network.coordinates.crs import unproject

STEP_M = 400.0


def small_network(seed: int, *, tick_s: float, tau_s: float) -> RoadNetwork | None:
    """Draw a network of up to sixteen junctions; None where no two places can reach each other both ways.

    Edges take 0 to 3 times `tick_s` whatever their length, so that equal times are common; now and then a tick more.
    """
    rng = np.random.default_rng(seed)
    side = int(rng.integers(2, 5))
    grid = [(STEP_M * (k % side), STEP_M * (k // side)) for k in range(side * side)]
    places, lines = list(grid), []
    for k in range(len(grid)):
        for other in (k + 1 if (k + 1) % side else -1, k + side):
            if 0 <= other < len(grid) and rng.uniform() < 0.8:
                lines.append([k, other])
                if rng.uniform() < 0.2:  # a second road between the same places, over a bend of its own
                    places.append(((grid[k][0] + grid[other][0]) / 2 + 60, (grid[k][1] + grid[other][1]) / 2 + 60))
                    lines.append([k, len(places) - 1, other])
        if rng.uniform() < 0.1 and (k + 1) % side:  # a road without length, and one on from its end
            places.append(grid[k])
            lines += [[k, len(places) - 1], [len(places) - 1, k + 1]]
        if rng.uniform() < 0.15:  # a loop
            places += [(grid[k][0] + 90, grid[k][1] + 50), (grid[k][0] + 50, grid[k][1] + 90)]
            lines.append([k, len(places) - 2, len(places) - 1, k])
    if not lines:
        return None
    try:
        network = build_network(ways_of(places, lines, oneway=(rng.uniform(size=len(lines)) < 0.25).tolist()))
    except InputError:
        return None
    ticks = rng.integers(0, 4, network.n_edges) * round(tick_s * 10_000) + (rng.uniform(size=network.n_edges) < 0.1)
    return replace(network, ticks=ticks.astype(np.int32), start_up_s=tau_s)


def points_beside(network: RoadNetwork, n: int, rng: np.random.Generator, prefix: str) -> pd.DataFrame:
    """Place points on and beside roads, often at the same few positions, the ends among them."""
    lines, road = network.projected_lines(), rng.integers(0, network.n_roads, n)
    share = rng.choice([0.0, 0.25, 0.5, 0.5, 0.75, 1.0, rng.uniform()], n)
    at = [lines[r].interpolate(s, normalized=True) for r, s in zip(road.tolist(), share.tolist(), strict=True)]
    off = np.where(rng.uniform(size=n) < 0.6, 0.0, rng.uniform(-30, 30, n))
    lon, lat = unproject([p.x for p in at] + off, [p.y for p in at] - off / 2, network.crs)
    return pd.DataFrame({"id": [f"{prefix}{k}" for k in range(n)], "lon": lon, "lat": lat})
