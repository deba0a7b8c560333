"""Shortest paths over pieces of roads, from one node or to one, with ties broken alike by both engines.

The compiled search and the plain one settle nodes in the order of (ticks, node) and keep the path found first, so that
they return the same paths, not only the same ticks: which of two equally long ways a unit takes decides which block it
meets.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel import SplitGraph
from rescuesim.travel.trees import compiled_trees

__all__ = ["Arcs", "Found", "search", "search_plainly"]

Found = tuple[NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arcs:
    """The pieces of a split graph as a search wants them.

    Parameters
    ----------
    towards : bool
        Whether the search follows pieces backwards, to find the ways to its root.
    first : ndarray of int64, shape (n_nodes + 1,)
        Arcs at node v are ``first[v]`` to ``first[v + 1] - 1``.
    other, piece, ticks : ndarray of int32, shape (n_arcs,)
        The node that an arc leads to, its piece, and the ticks of the intact piece.
    arc_of : ndarray of int32, shape (n_pieces,)
        The arc of each piece.
    """

    towards: bool
    first: NDArray[np.int64]
    other: NDArray[np.int32]
    piece: NDArray[np.int32]
    ticks: NDArray[np.int32]
    arc_of: NDArray[np.int32]

    @classmethod
    def of(cls, graph: SplitGraph, *, towards: bool) -> Arcs:
        """List the pieces by the node that they leave, or enter; parallel ones by index."""
        at, other = (graph.head, graph.tail) if towards else (graph.tail, graph.head)
        order = np.lexsort((other, at)).astype(np.int32)
        first = np.zeros(graph.n_nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(at, minlength=graph.n_nodes), out=first[1:])
        arc_of = np.empty(len(order), dtype=np.int32)
        arc_of[order] = np.arange(len(order), dtype=np.int32)
        return cls(
            towards=towards,
            first=first,
            other=other[order],
            piece=order,
            ticks=graph.piece_ticks()[order].astype(np.int32),
            arc_of=arc_of,
        )

    def changed(self, pieces: NDArray[np.int64], ticks: NDArray[np.int32]) -> NDArray[np.int32]:
        """Ticks of the arcs where some pieces take longer or are closed; int32, shape (n_arcs,)."""
        made = self.ticks.copy()
        made[self.arc_of[pieces]] = ticks
        return made

    def pieces_between(self, found: Found, graph: SplitGraph, node: int) -> list[int]:
        """List the pieces on the path between the root of a search and a node it reached, as they are driven."""
        via, next_node = found[1], graph.head if self.towards else graph.tail
        if compiled_trees():
            from rescuesim.simulation.believed_roads.search_kernels import pieces_to_root

            listed: list[int] = pieces_to_root(via, self.piece, next_node, node).tolist()
            return listed if self.towards else listed[::-1]
        return self.pieces_plainly(via, next_node, node)

    def pieces_plainly(self, via: NDArray[np.int32], next_node: NDArray[np.int32], node: int) -> list[int]:
        """List the pieces as `pieces_between` does, in plain Python: the reference."""
        pieces, arc = [], via.item(node)
        while arc >= 0:
            piece = self.piece.item(arc)
            pieces.append(piece)
            arc = via.item(next_node.item(piece))
        return pieces if self.towards else pieces[::-1]


def search(arcs: Arcs, ticks: NDArray[np.int32], root: int, wanted: list[int]) -> Found:
    """Find the shortest paths between a root and nodes, compiled where numba is installed.

    Parameters
    ----------
    arcs : Arcs
    ticks : ndarray of int32, shape (n_arcs,)
        2^30 - 1 where closed.
    root : int
    wanted : list of int
        The search ends when these are settled; with none it goes everywhere.

    Returns
    -------
    found, via : ndarray of int32, shape (n_nodes,)
        Ticks, 2^30 - 1 where unreachable, and the arc by which each node was reached, -1 at the root; both are
        final for the nodes that are wanted and those on the paths to them.

    References
    ----------
    Dijkstra, E. W. (1959). A note on two problems in connexion with graphs. Numerische Mathematik 1, 269-271.
    doi:10.1007/BF01386390
    """
    if compiled_trees():
        from rescuesim.simulation.believed_roads.search_kernels import search_arcs

        return search_arcs(arcs.first, arcs.other, ticks, root, np.array(sorted(set(wanted)), dtype=np.int64))
    return search_plainly(arcs, ticks, root, wanted)


def search_plainly(arcs: Arcs, ticks: NDArray[np.int32], root: int, wanted: list[int]) -> Found:
    """Find the shortest paths as `search` does, in plain Python: the reference."""
    found, via = {root: 0}, {root: -1}
    heap, missing = [(0, root)], set(wanted)
    first, other = arcs.first, arcs.other
    while heap:
        here, node = heappop(heap)
        if found[node] != here:
            continue
        if node in missing:
            missing.discard(node)
            if not missing:
                break
        for arc in range(first.item(node), first.item(node + 1)):
            there, head = here + ticks.item(arc), other.item(arc)
            if there < found.get(head, UNREACHABLE):
                found[head], via[head] = there, arc
                heappush(heap, (there, head))
    n_nodes = len(first) - 1
    all_found = np.full(n_nodes, UNREACHABLE, dtype=np.int32)
    all_via = np.full(n_nodes, -1, dtype=np.int32)
    nodes = list(found)
    all_found[nodes], all_via[nodes] = list(found.values()), list(via.values())
    return all_found, all_via
