"""Shortest-path trees of single nodes: ticks, the roads on the way, and ticks where one road is closed.

Two engines answer the same questions with the same integers: compiled kernels, and SciPy, which closes each road and
searches anew. Where paths take the same time, the two may know different ones; the ticks are equal all the same.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from rescuesim.errors import InputError
from rescuesim.network import NetworkState
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.states import Closure
from rescuesim.travel.split_graph import SplitGraph

__all__ = ["TreeArcs", "TreeEngine", "TreeGrower", "compiled_trees", "tree_grower"]

TreeEngine = Literal["auto", "scipy"]


class ShortestPathTree(Protocol):
    """The shortest paths from one node to all nodes within a limit."""

    def ticks_to(self, nodes: NDArray[np.int32]) -> NDArray[np.int64]:
        """Ticks to nodes; 2^30 - 1 beyond the limit."""

    def roads_to(self, nodes: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """List the roads on the way to nodes of the tree.

        Returns
        -------
        which, road : ndarray of int32, shape (n_found,)
            Place in `nodes` and a road on one shortest path there, each pair once, by place.
        """

    def ticks_avoiding(
        self, roads: NDArray[np.int32], nodes: NDArray[np.int32], limits: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """Ticks where one road is closed, in both directions and along all of it.

        Parameters
        ----------
        roads, nodes, limits : ndarray of int32, shape (n_asked,)
            The closed road, ascending; a node of the tree; and the ticks beyond which the answer does not matter, no
            more than the limit of the tree.

        Returns
        -------
        ndarray of int64, shape (n_asked,)
            Exact up to the limit, above the limit where the ticks are.
        """


class TreeGrower(Protocol):
    """Grows the tree of a node up to a limit in ticks."""

    def __call__(self, origin: int, limit: int) -> ShortestPathTree:
        """Grow a tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeArcs:
    """The pieces of a split graph as arcs in the order of their tails, and where to find them.

    Parameters
    ----------
    n_nodes : int
    first_out : ndarray of int64, shape (n_nodes + 1,)
        TreeArcs that leave node v are ``first_out[v]`` to ``first_out[v + 1] - 1``.
    tail, head, ticks, road : ndarray of int32, shape (n_arcs,)
    first_in : ndarray of int64, shape (n_nodes + 1,)
    arc_in : ndarray of int32, shape (n_arcs,)
        TreeArcs that enter node v are ``arc_in[first_in[v]:first_in[v + 1]]``.
    first_of_road : ndarray of int64, shape (n_roads + 1,)
    arc_of_road : ndarray of int32, shape (n_arcs,)
        TreeArcs of road r are ``arc_of_road[first_of_road[r]:first_of_road[r + 1]]``.
    """

    n_nodes: int
    first_out: NDArray[np.int64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    ticks: NDArray[np.int32]
    road: NDArray[np.int32]
    first_in: NDArray[np.int64]
    arc_in: NDArray[np.int32]
    first_of_road: NDArray[np.int64]
    arc_of_road: NDArray[np.int32]

    @classmethod
    def of(cls, graph: SplitGraph) -> TreeArcs:
        """Put the intact pieces of a split graph in order."""
        order = np.lexsort((graph.head, graph.tail))
        tail, head, road = graph.tail[order], graph.head[order], graph.road[order]
        return cls(
            n_nodes=graph.n_nodes,
            first_out=_starts(tail, graph.n_nodes),
            tail=tail,
            head=head,
            ticks=graph.piece_ticks()[order].astype(np.int32),
            road=road,
            first_in=_starts(head, graph.n_nodes),
            arc_in=np.argsort(head, kind="stable").astype(np.int32),
            first_of_road=graph.first_of_road,
            arc_of_road=np.argsort(road, kind="stable").astype(np.int32),
        )


def _starts(group: NDArray[np.int32], size: int) -> NDArray[np.int64]:
    """Where each group starts when its members stand together; int64, shape (size + 1,)."""
    starts = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(group, minlength=size), out=starts[1:])
    return starts


def compiled_trees() -> bool:
    """Whether the compiled kernels can be had: numba may be installed and refuse to load."""
    if sys.modules.get("numba") is not None:
        return True
    try:
        importlib.import_module("numba")
    except ImportError:
        return False
    return True


def tree_grower(graph: SplitGraph, *, engine: TreeEngine = "auto") -> TreeGrower:
    """Choose what grows the shortest-path trees of a split graph.

    Parameters
    ----------
    graph : SplitGraph
    engine : {'auto', 'scipy'}, optional
        Compiled kernels where numba is installed, or SciPy in any case.

    Returns
    -------
    TreeGrower
        Its trees share scratch: it and they belong to one thread.

    Raises
    ------
    InputError
        If there is no such engine.

    References
    ----------
    Ramalingam, G., & Reps, T. (1996). An Incremental Algorithm for a Generalization of the Shortest-Path Problem.
    Journal of Algorithms 21(2), 267-305. doi:10.1006/jagm.1996.0046 (mending what a closure cuts off)
    """
    if engine not in ("auto", "scipy"):
        raise InputError(f"engine {engine!r}: expected auto or scipy")
    if engine == "auto" and compiled_trees():
        return _CompiledGrower(TreeArcs.of(graph))
    return _ScipyGrower(graph)


# --- compiled ------------------------------------------------------------------------------------


class _CompiledGrower:
    def __init__(self, arcs: TreeArcs) -> None:
        self._arcs = arcs
        self._heap = np.empty(len(arcs.tail) + arcs.n_nodes + 1, dtype=np.int64)

    def __call__(self, origin: int, limit: int) -> ShortestPathTree:
        from rescuesim.travel.tree_kernels import grow_tree, lay_out_tree

        arcs, n_nodes = self._arcs, self._arcs.n_nodes
        found = np.full(n_nodes, UNREACHABLE, dtype=np.int32)
        via = np.full(n_nodes, -1, dtype=np.int32)
        settled = np.empty(n_nodes, dtype=np.int32)
        size = grow_tree(
            arcs.first_out, arcs.head, arcs.ticks, origin, min(limit, UNREACHABLE - 1), self._heap, found, via, settled
        )
        place, below, node_at = (np.empty(n, dtype=np.int32) for n in (n_nodes, n_nodes, size))
        lay_out_tree(arcs.tail, via, settled[:size], place, below, node_at)
        return _CompiledTree(
            arcs=arcs, found=found, via=via, place=place, below=below, node_at=node_at, heap=self._heap
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _CompiledTree:
    arcs: TreeArcs
    found: NDArray[np.int32]
    via: NDArray[np.int32]
    place: NDArray[np.int32]
    below: NDArray[np.int32]
    node_at: NDArray[np.int32]
    heap: NDArray[np.int64]

    def ticks_to(self, nodes: NDArray[np.int32]) -> NDArray[np.int64]:
        return self.found[nodes].astype(np.int64)

    def roads_to(self, nodes: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        from rescuesim.travel.tree_kernels import roads_on_paths

        return roads_on_paths(self.arcs.tail, self.arcs.road, self.via, nodes, len(self.arcs.first_of_road) - 1)

    def ticks_avoiding(
        self, roads: NDArray[np.int32], nodes: NDArray[np.int32], limits: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        from rescuesim.travel.tree_kernels import mend_tree

        arcs = self.arcs
        return mend_tree(
            arcs.first_out,
            arcs.tail,
            arcs.head,
            arcs.ticks,
            arcs.road,
            arcs.first_in,
            arcs.arc_in,
            arcs.first_of_road,
            arcs.arc_of_road,
            self.found,
            self.via,
            self.place,
            self.below,
            self.node_at,
            self.heap,
            roads,
            nodes,
            limits,
        ).astype(np.int64)


# --- SciPy ---------------------------------------------------------------------------------------


class _ScipyGrower:
    def __init__(self, graph: SplitGraph) -> None:
        self._graph = graph
        self._matrix = graph.matrix()
        # the fastest of parallel pieces, the one that the matrix holds, by tail and head
        order = np.lexsort((graph.piece_ticks(), graph.head, graph.tail))
        key = graph.tail[order].astype(np.int64) * graph.n_nodes + graph.head[order]
        self._key, first = np.unique(key, return_index=True)
        self._road = graph.road[order][first]

    def __call__(self, origin: int, limit: int) -> ShortestPathTree:
        found, before = dijkstra(
            self._matrix, directed=True, indices=np.array([origin]), limit=float(limit), return_predecessors=True
        )
        found, before = found[0], before[0]
        node = np.flatnonzero(before >= 0)
        road = np.full(self._graph.n_nodes, -1, dtype=np.int32)
        road[node] = self._road[np.searchsorted(self._key, before[node].astype(np.int64) * self._graph.n_nodes + node)]
        return _ScipyTree(graph=self._graph, origin=origin, found=_whole(found), before=before, road=road)


def _whole(found: NDArray[np.float64]) -> NDArray[np.int64]:
    """Turn SciPy's ticks, whole numbers or infinite, into integers."""
    return np.where(np.isfinite(found), found, UNREACHABLE).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ScipyTree:
    graph: SplitGraph
    origin: int
    found: NDArray[np.int64]
    before: NDArray[np.int32]
    road: NDArray[np.int32]

    def ticks_to(self, nodes: NDArray[np.int32]) -> NDArray[np.int64]:
        return self.found[nodes]

    def roads_to(self, nodes: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        which, at = np.arange(len(nodes)), nodes
        pairs = [np.empty(0, dtype=np.int64)]
        n_roads = len(self.graph.first_of_road) - 1
        while (goes_on := self.before[at] >= 0).any():
            which, at = which[goes_on], at[goes_on]
            pairs.append(np.unique(which * n_roads + self.road[at]))
            at = self.before[at]
        pair = np.unique(np.concatenate(pairs))
        return (pair // n_roads).astype(np.int32), (pair % n_roads).astype(np.int32)

    def ticks_avoiding(
        self, roads: NDArray[np.int32], nodes: NDArray[np.int32], limits: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        answer = np.empty(len(nodes), dtype=np.int64)
        closed, start = np.unique(roads, return_index=True)
        for road, asked in zip(closed.tolist(), np.split(np.arange(len(nodes)), start[1:]), strict=True):
            matrix = self.graph.matrix(NetworkState(closures=(Closure(road=road),)))
            found = dijkstra(matrix, directed=True, indices=np.array([self.origin]), limit=float(limits[asked].max()))
            answer[asked] = _whole(found[0])[nodes[asked]]
        return answer
