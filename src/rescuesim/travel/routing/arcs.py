"""Arcs: the open pieces of a split graph in one state, the fastest of parallel ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.network import NetworkState
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.split_graph import SplitGraph

__all__ = ["Arcs", "ParallelPieces"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arcs:
    """What can be driven in one state: at most one arc from a node to another.

    Parameters
    ----------
    n_nodes : int
    tail, head : ndarray of int64, shape (n_arcs,)
    ticks : ndarray of int64, shape (n_arcs,)
    piece : ndarray of int64, shape (n_arcs,)
        Of the split graph.
    leaves_junction : ndarray of bool, shape (n_arcs,)
        Whether the piece begins its edge: a path has as many of them as junctions that it leaves.
    """

    n_nodes: int
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    ticks: NDArray[np.int64]
    piece: NDArray[np.int64]
    leaves_junction: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelPieces:
    """The pieces of a split graph, grouped by where they lead from and to; worked out once for all states.

    Parameters
    ----------
    graph : SplitGraph
    order : ndarray of int64, shape (n_pieces,)
        Pieces by tail and head, of parallel ones the lowest first.
    first : ndarray of int64, shape (n_groups,)
        Where each group begins in `order`.
    free_ticks : ndarray of int64, shape (n_pieces,)
        Of the pieces on intact roads.
    """

    graph: SplitGraph
    order: NDArray[np.int64]
    first: NDArray[np.int64]
    free_ticks: NDArray[np.int64]

    @classmethod
    def of(cls, graph: SplitGraph) -> ParallelPieces:
        """Group the pieces."""
        order = np.lexsort((np.arange(len(graph.tail)), graph.head, graph.tail))
        tail, head = graph.tail[order], graph.head[order]
        first = np.flatnonzero(np.r_[True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])])
        return cls(graph=graph, order=order, first=first, free_ticks=graph.piece_ticks())

    def arcs(self, state: NetworkState | None = None) -> Arcs:
        """Return what can be driven in a state: of parallel pieces the fastest, of those the lowest."""
        graph = self.graph
        ticks = self.free_ticks.copy()
        if state is not None:
            piece, changed = graph.changes(state)
            ticks[piece] = changed
        sorted_ticks = ticks[self.order]
        least = np.minimum.reduceat(sorted_ticks, self.first)
        size = np.diff(np.r_[self.first, len(self.order)])
        place = np.where(sorted_ticks == np.repeat(least, size), np.arange(len(self.order)), len(self.order))
        piece = self.order[np.minimum.reduceat(place, self.first)[least < UNREACHABLE]]
        return Arcs(
            n_nodes=graph.n_nodes,
            tail=graph.tail[piece].astype(np.int64),
            head=graph.head[piece].astype(np.int64),
            ticks=ticks[piece],
            piece=piece,
            leaves_junction=graph.begin[piece] == 0,
        )
