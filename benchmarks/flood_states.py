"""Flood states by lot: one correlated field over the bridges and low roads of a network, drawn anew for each state.

A road closes where the water rises above it: how far it stands above the water of a usual flood is its own, fixed
strength, and the water is the severity of the state and a Gaussian field over the county, so that neighbours close
together. Networks without bridges and heights, as Wuhan's, get a lowland of their own by lot, once and for all.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

import rescuesim as rs
from rescuesim.disruption.streams import Draw, draws
from rescuesim.network import NetworkState, NetworkStates
from rescuesim.network.states import Closure

CORRELATION_M = 6000.0
CELLS = 24  # of the field, along each side
SEVERITY, FIELD, OWN = 0.6, 0.7, 0.39  # standard deviations; their squares sum to 1
BRIDGE_STRENGTH, LOW_STRENGTH = 1.3, 0.9
LOWLAND_SHARE = 0.15


def low_roads(network: rs.RoadNetwork, zones: Path | None) -> NDArray[np.float64]:
    """Return how far each road stands above a usual flood, in standard deviations; ``inf`` on high ground."""
    strength = np.full(network.n_roads, np.inf)
    if zones is not None:
        features = json.loads(zones.read_text(encoding="utf-8"))["features"]
        wet = [
            shapely.geometry.shape(one["geometry"]) for one in features if one["properties"]["kind"] == "flood_depth_m"
        ]
        strength[shapely.intersects(shapely.union_all(wet), network.road_line)] = LOW_STRENGTH
    else:
        ground = _fields(network, 1, seed=2026)[0]
        strength[ground <= np.quantile(ground, LOWLAND_SHARE)] = LOW_STRENGTH
    strength[np.unique(network.road[network.bridge])] = BRIDGE_STRENGTH
    return strength


def _middles(network: rs.RoadNetwork) -> NDArray[np.float64]:
    """Return the middle of each road in metres; float64, shape (n_roads, 2)."""
    count = np.bincount(network.road, minlength=network.n_roads)
    ends = (
        network.x_m[network.tail] + network.x_m[network.head],
        network.y_m[network.tail] + network.y_m[network.head],
    )
    return np.column_stack([np.bincount(network.road, one / 2, network.n_roads) / count for one in ends])


def _fields(network: rs.RoadNetwork, n: int, seed: int) -> NDArray[np.float64]:
    """Draw standard Gaussian fields with exponential correlation, at the middles of roads; shape (n, n_roads)."""
    at = _middles(network)
    low, high = at.min(axis=0), at.max(axis=0)
    cell = np.minimum(((at - low) / (high - low) * CELLS).astype(np.int64), CELLS - 1) @ np.array([CELLS, 1])
    grid = low + (np.indices((CELLS, CELLS)).reshape(2, -1).T + 0.5) / CELLS * (high - low)
    apart = np.linalg.norm(grid[:, None] - grid[None, :], axis=2)
    root = np.linalg.cholesky(np.exp(-apart / CORRELATION_M) + 1e-9 * np.eye(len(grid)))
    lots = np.array([draws(Draw.FIELD, seed=seed, sample=k, of="flood").standard_normal(len(grid)) for k in range(n)])
    return np.asarray((lots @ root.T)[:, cell])


def flood_states(network: rs.RoadNetwork, strength: NDArray[np.float64], n: int, seed: int) -> NetworkStates:
    """Draw states; the same seed gives the same ones.

    Parameters
    ----------
    network : RoadNetwork
    strength : ndarray of float64, shape (n_roads,)
    n : int
    seed : int
    """
    weak = np.flatnonzero(np.isfinite(strength))
    fields = _fields(network, n, seed)[:, weak]
    shut = {road: Closure(road=road) for road in weak.tolist()}
    made = []
    for number in range(n):
        rng = draws(Draw.SEVERITY, seed=seed, sample=number, of="flood")
        water = SEVERITY * rng.standard_normal() + FIELD * fields[number] + OWN * rng.standard_normal(len(weak))
        closed = weak[water > strength[weak]].tolist()
        made.append(
            NetworkState(closures=tuple(shut[road] for road in closed), label=f"flood {number}", probability=1 / n)
        )
    return NetworkStates(states=tuple(made))
