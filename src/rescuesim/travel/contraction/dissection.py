"""Nested dissection: cut the graph in two by few nodes, put those last, and do the same with both parts.

Shortcuts never cross the nodes of a cut, so that few are made, and the elimination tree is as flat as cuts are even.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.travel.compiled import compiled
from rescuesim.travel.contraction.vertex_cut import FIRST_PART, IN_CUT, SECOND_PART, best_cut

__all__ = ["dissection_depths"]

# `elimination_order` says what they were chosen by
_DIRECTIONS = 8
_LEAF = 20  # parts of at most so many nodes are not cut
_END_SHARE = 0.05  # of the extent
_LEAST_SHARE = 0.25  # of the weight, in the lighter part
_EVENNESS = 0.7
_BORDER_WEIGHT = 20.0  # of an arc to a node of an earlier cut, in nodes


def dissection_depths(
    first: NDArray[np.int64], near: NDArray[np.int32], x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> NDArray[np.int32]:
    """Tell at which depth of the dissection each node is in a cut.

    Parameters
    ----------
    first : ndarray of int64, shape (n_nodes + 1,)
    near : ndarray of int32, shape (n_ends,)
        Neighbours, each arc from both of its ends.
    x_m, y_m : ndarray of float64, shape (n_nodes,)

    Returns
    -------
    ndarray of int32, shape (n_nodes,)
        0 for the cut of the whole, 1 for those of its parts; -1 for nodes in no cut. Two nodes of one depth are in the
        same cut, or every path between them leads through a node of less depth.
    """
    n_nodes, degree = len(x_m), np.diff(first)
    depth = np.full(n_nodes, -1, dtype=np.int32)
    place = np.full(n_nodes, -1, dtype=np.int32)
    parts = [(np.arange(n_nodes, dtype=np.int32), 0)]
    while parts:
        part, at = parts.pop()
        for nodes in np.split(part, _gather_connected(first, near, part, place)):
            if len(nodes) <= _LEAF:
                continue
            inner_first, inner_near = _inner_graph(first, near, nodes, place)
            weight = 1 + _BORDER_WEIGHT * (degree[nodes] - np.diff(inner_first))
            side = best_cut(
                inner_first, inner_near, weight, x_m[nodes], y_m[nodes],
                _DIRECTIONS, _END_SHARE, _LEAST_SHARE, _EVENNESS,
            )  # fmt: skip
            depth[nodes[side == IN_CUT]] = at
            parts += [(nodes[side == one], at + 1) for one in (FIRST_PART, SECOND_PART)]
    return depth


@compiled
def _gather_connected(
    first: NDArray[np.int64], near: NDArray[np.int32], some: NDArray[np.int32], place: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Put nodes that are connected beside each other; return where each lot but the first begins."""
    for node in some:
        place[node] = 0
    reached = np.empty(len(some), dtype=np.int32)
    begins = np.empty(len(some), dtype=np.int64)
    n_lots, count, at = 0, 0, 0
    for node in some:
        if place[node] != 0:
            continue
        place[node] = 1
        begins[n_lots], reached[count] = count, node
        n_lots += 1
        count += 1
        while at < count:
            for arc in range(first[reached[at]], first[reached[at] + 1]):
                other = near[arc]
                if place[other] == 0:
                    place[other] = 1
                    reached[count] = other
                    count += 1
            at += 1
    for k in range(len(some)):
        some[k] = reached[k]
        place[some[k]] = -1
    return begins[1:n_lots]


@compiled
def _inner_graph(
    first: NDArray[np.int64], near: NDArray[np.int32], some: NDArray[np.int32], place: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """List the neighbours of some nodes among themselves, by their places."""
    for k in range(len(some)):
        place[some[k]] = k
    inner_first = np.zeros(len(some) + 1, dtype=np.int64)
    for k in range(len(some)):
        inner_first[k + 1] = inner_first[k]
        for arc in range(first[some[k]], first[some[k] + 1]):
            if place[near[arc]] >= 0:
                inner_first[k + 1] += 1
    inner_near = np.empty(inner_first[-1], dtype=np.int32)
    count = 0
    for node in some:
        for arc in range(first[node], first[node + 1]):
            if place[near[arc]] >= 0:
                inner_near[count] = place[near[arc]]
                count += 1
    for node in some:
        place[node] = -1
    return inner_first, inner_near
