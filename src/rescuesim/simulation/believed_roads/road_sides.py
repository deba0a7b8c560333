"""RoadSides: what leads to the two ends of all roads, in tables for kernels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescuesim.travel import SplitGraph

__all__ = ["RoadSides"]


class RoadSides(NamedTuple):
    """What leads to the two ends of all roads, as `RoadEnds`, in tables.

    Attributes
    ----------
    first : ndarray of int64, shape (2 n_roads + 1,)
        Pieces that lead down road r are ``first[2 r]`` to ``first[2 r + 1] - 1``, those that lead up follow.
    metres : ndarray of float64, shape (n_pieces, 3)
        From where to where each lies, and the ticks of its edge.
    leads : ndarray of int32, shape (n_pieces, 3)
        The node that it leads to, whether it is driven along the edge, and the piece.
    end_node : ndarray of int32, shape (n_roads, 2)
    length_m : ndarray of float64, shape (n_roads,)
    """

    first: NDArray[np.int64]
    metres: NDArray[np.float64]
    leads: NDArray[np.int32]
    end_node: NDArray[np.int32]
    length_m: NDArray[np.float64]

    @classmethod
    def of(cls, graph: SplitGraph, length_m: NDArray[np.float64]) -> RoadSides:
        """List the pieces of all roads by direction, in the order of driving."""
        n_roads = len(graph.first_of_road) - 1
        side = 2 * graph.road.astype(np.int64) + graph.forward
        by_road = np.empty(len(side), dtype=np.int64)
        by_road[graph.pieces_by_road] = np.arange(len(side))
        order = np.lexsort((by_road, graph.begin, side))
        first = np.zeros(2 * n_roads + 1, dtype=np.int64)
        np.cumsum(np.bincount(side, minlength=2 * n_roads), out=first[1:])
        metres = np.column_stack((graph.from_m, graph.to_m, graph.edge_ticks[graph.edge]))[order].astype(np.float64)
        leads = np.column_stack((graph.head[order], graph.forward[order], order)).astype(np.int32)
        up = first[1::2], first[2::2]
        end_node = np.column_stack((graph.tail[order[up[0]]], graph.head[order[up[1] - 1]])).astype(np.int32)
        return cls(first, metres, leads, end_node, length_m)
