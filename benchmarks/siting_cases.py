"""Cases of the siting benchmarks: towns and scattered villages on a thinned triangulation of roads.

There are two draws of the same kind: those made here, and those of the laboratory's own generator, read where
``RESCUESIM_SHARED`` names it. Ours have larger towns, whose sites overlap more: they are the harder ones.

Sizes: S of 500 x 5,000, M of 2,000 x 20,000, L of 5,000 x 100,000 sites and points. The limit is the one at which
a site reaches a given share of the points: 2, 1 and 0.7 per cent.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree
from scipy.spatial import Delaunay

import rescuesim as rs
from rescuesim.demand import read_demand
from rescuesim.network.road_network import TICKS_PER_SECOND

SIZES = {
    "XS": (150, 1_500, 0.04, 10),
    "S": (500, 5_000, 0.02, 20),
    "M": (2_000, 20_000, 0.01, 60),
    "L": (5_000, 100_000, 0.007, 160),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Times of the pairs within the limit, the limit, and a number of sites to ask for."""

    name: str
    times: rs.TravelTimePairs
    limit_s: float
    n_sites: int


def case(name: str, *, seed: int = 1) -> Case:
    """Draw the case of a size; the same for the same seed on every machine."""
    n_sites, n_demand, share, p = SIZES[name]
    rng = np.random.default_rng([seed, n_demand])
    graph = _roads(n_demand, rng)
    people = np.ceil(rng.lognormal(2.0, 1.0, n_demand))
    at = np.sort(rng.choice(n_demand, n_sites, replace=False))
    some = dijkstra(graph, indices=rng.choice(at, min(60, n_sites), replace=False))
    limit_s = float(np.ceil(np.quantile(some[np.isfinite(some)], share)))
    return Case(name=name, times=_pairs(graph, at, people, limit_s), limit_s=limit_s, n_sites=p)


def laboratory() -> Path | None:
    """Return the generator of the laboratory, or None where there is none."""
    path = Path(os.environ.get("RESCUESIM_SHARED", "")) / "lab" / "siting" / "gen.py"
    return path if "RESCUESIM_SHARED" in os.environ and path.exists() else None


def laboratory_case(name: str, *, seed: int = 1) -> Case:
    """Draw the case of a size by the laboratory's generator, which gives minutes."""
    path = laboratory()
    assert path is not None, "no generator under RESCUESIM_SHARED"
    found = importlib.util.spec_from_file_location("laboratory_generator", path)
    assert found is not None
    assert found.loader is not None
    generator: Any = importlib.util.module_from_spec(found)
    found.loader.exec_module(generator)
    n_sites, n_demand, share, p = SIZES[name]
    # it keeps what it drew where it is run, and talks
    with tempfile.TemporaryDirectory() as folder, chdir(folder), redirect_stdout(sys.stderr):
        drawn = generator.instance(name, n_sites, n_demand, share, seed)
    ticks = np.rint(drawn["v"].astype(np.float64) * 60 * TICKS_PER_SECOND).astype(np.int32)
    limit_s = float(ticks.max()) / TICKS_PER_SECOND  # all pairs that it gives are within its limit
    first = np.concatenate([[0], np.cumsum(np.bincount(drawn["r"], minlength=n_sites))])
    times = _times(first, drawn["c"].astype(np.int32), ticks, drawn["pop"].astype(np.float64), limit_s)
    return Case(name=name, times=times, limit_s=limit_s, n_sites=p)


def _roads(n: int, rng: np.random.Generator) -> csr_array:
    """Draw a connected road graph: seven in ten junctions in towns of very different sizes; seconds on the edges."""
    n_towns, side_km = max(4, int(np.sqrt(n) / 6)), 60 * np.sqrt(n / 5000)
    size = rng.pareto(1.2, n_towns) + 0.3
    size /= size.sum()
    n_urban = int(0.7 * n)
    town = rng.choice(n_towns, n_urban, p=size)
    centre = rng.uniform(0, side_km, (n_towns, 2))
    spread = 1 + 6 * np.sqrt(size)
    urban = centre[town] + rng.normal(size=(n_urban, 2)) * spread[town, None]
    place = np.vstack([urban, rng.uniform(0, side_km, (n - n_urban, 2))])
    corners = Delaunay(place).simplices
    edges = np.unique(np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1), axis=0)
    tail, head = edges.T
    km = np.hypot(*(place[tail] - place[head]).T)
    kph = rng.choice([30.0, 42.0, 72.0], len(km), p=[0.6, 0.3, 0.1])
    seconds = 1.2 * km / kph * 3600
    # a third of the roads is not there, but none without which a place would be cut off
    tree = minimum_spanning_tree(csr_array(coo_array((km, (tail, head)), shape=(n, n)))).tocoo()
    kept = rng.random(len(km)) > 0.35
    kept |= np.isin(tail * np.int64(n) + head, tree.row.astype(np.int64) * n + tree.col)
    one_way = coo_array((seconds[kept], (tail[kept], head[kept])), shape=(n, n))
    return csr_array(one_way + one_way.T)


def _pairs(graph: csr_array, at: NDArray[np.int64], people: NDArray[np.float64], limit_s: float) -> rs.TravelTimePairs:
    """Search from all sites up to the limit and keep what is reached."""
    count, points, ticks = [0], [], []
    for begin in range(0, len(at), 200):
        seconds = dijkstra(graph, indices=at[begin : begin + 200], limit=limit_s)
        row, point = np.nonzero(np.isfinite(seconds))
        count += np.bincount(row, minlength=len(seconds)).tolist()
        points.append(point.astype(np.int32))
        ticks.append(np.rint(seconds[row, point] * TICKS_PER_SECOND).astype(np.int32))
    return _times(np.cumsum(count), np.concatenate(points), np.concatenate(ticks), people, limit_s)


def _times(
    first: NDArray[np.int64],
    point: NDArray[np.int32],
    ticks: NDArray[np.int32],
    people: NDArray[np.float64],
    limit_s: float,
) -> rs.TravelTimePairs:
    """Put pairs, sites and people together."""
    without = rs.TravelTimes.from_matrix(
        np.full((len(first) - 1, 1), np.inf),
        sites=pd.DataFrame({"id": [f"s{j}" for j in range(len(first) - 1)]}),
        demand=pd.DataFrame({"id": ["d"]}),
    )
    table = pd.DataFrame({"id": [f"d{i}" for i in range(len(people))], "people": people})
    demand, faults = read_demand(table, positions=False)
    assert demand is not None, faults
    return rs.TravelTimePairs(
        first=first,
        point=point,
        ticks=ticks,
        without_ticks=replace(without, demand=demand, ticks=np.zeros((0, 0), dtype=np.int32), cutoff_s=limit_s),
    )
