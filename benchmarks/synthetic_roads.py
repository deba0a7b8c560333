"""A made-up region of any size for benchmarks of growth: towns of all sizes on a plain, joined by country roads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial import Delaunay


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticRoads:
    """Directed pieces between nodes, strongly connected.

    Parameters
    ----------
    n_nodes : int
    tail, head, ticks : ndarray of int32, shape (n_pieces,)
    x_m, y_m : ndarray of float64, shape (n_nodes,)
    """

    n_nodes: int
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    ticks: NDArray[np.int32]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]


def synthetic_roads(n_nodes: int, *, seed: int = 0) -> SyntheticRoads:
    """Draw a region: three fifths of the junctions in towns, 1.3 roads a junction, one road in seven one-way.

    Parameters
    ----------
    n_nodes : int
        Before the largest strongly connected part is taken.
    seed : int, optional
    """
    rng = np.random.default_rng(seed)
    side_m = 230.0 * np.sqrt(n_nodes)
    size = rng.pareto(1.1, max(n_nodes // 4000, 1)) + 0.2
    town = rng.choice(len(size), int(0.6 * n_nodes), p=size / size.sum())
    spread_m = 55.0 * np.sqrt(np.bincount(town, minlength=len(size)))[town]
    centre = rng.uniform(0.1 * side_m, 0.9 * side_m, (len(size), 2))
    place = np.r_[
        centre[town] + rng.normal(size=(len(town), 2)) * spread_m[:, None],
        rng.uniform(0, side_m, (n_nodes - len(town), 2)),
    ]
    corners = Delaunay(place).simplices
    pairs = np.unique(np.sort(np.r_[corners[:, :2], corners[:, 1:], corners[:, ::2]], axis=1), axis=0)
    length_m = np.hypot(*(place[pairs[:, 0]] - place[pairs[:, 1]]).T)
    weights = csr_array((length_m, (pairs[:, 0], pairs[:, 1])), shape=(n_nodes, n_nodes))
    tree = minimum_spanning_tree(weights).tocoo()
    key = pairs[:, 0].astype(np.int64) * n_nodes + pairs[:, 1]
    in_tree = np.isin(key, np.minimum(tree.row, tree.col).astype(np.int64) * n_nodes + np.maximum(tree.row, tree.col))
    rank = np.argsort(np.where(in_tree, -1.0, length_m * rng.uniform(0.6, 1.8, len(length_m))), kind="stable")
    chosen = rank[: int(1.3 * n_nodes)]
    pairs, length_m, in_tree = pairs[chosen], length_m[chosen], in_tree[chosen]
    speed_mps = np.where(
        length_m > 400, rng.choice([14.0, 17.0, 22.0], len(pairs)), rng.choice([8.0, 11.0], len(pairs))
    )
    ticks = np.rint(length_m * 1.15 / speed_mps * 10_000).astype(np.int32)
    both = in_tree | (rng.uniform(size=len(pairs)) > 0.3)
    tail, head = np.r_[pairs[:, 0], pairs[both, 1]], np.r_[pairs[:, 1], pairs[both, 0]]
    return _strong(n_nodes, tail, head, np.r_[ticks, ticks[both]], place)


def _strong(
    n_nodes: int, tail: NDArray[np.int64], head: NDArray[np.int64], ticks: NDArray[np.int32], place: NDArray[np.float64]
) -> SyntheticRoads:
    """Keep the largest strongly connected part."""
    graph = csr_array((np.ones(len(tail)), (tail, head)), shape=(n_nodes, n_nodes))
    part = connected_components(graph, connection="strong")[1]
    kept = part == np.bincount(part).argmax()
    number = np.cumsum(kept) - 1
    inside = kept[tail] & kept[head]
    return SyntheticRoads(
        n_nodes=int(kept.sum()),
        tail=number[tail[inside]].astype(np.int32),
        head=number[head[inside]].astype(np.int32),
        ticks=ticks[inside],
        x_m=place[kept, 0],
        y_m=place[kept, 1],
    )
