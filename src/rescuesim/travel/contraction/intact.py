"""Shortest ways over the arcs of the contraction on intact roads: what bounds every broken state from below.

A state only closes roads and slows them, so no way is ever shorter than on intact roads. What is too long there need
not be looked at in any state.

A *directed arc* is ``2 a`` on the way up arc a, from its lower end to its upper end, and ``2 a + 1`` on the way down.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.compiled import compiled

__all__ = ["directed_arcs", "intact_weights", "reversed_weights", "shortest_from", "shortest_upward", "subtree_needs"]

_INF = np.int32(UNREACHABLE)


@compiled
def directed_arcs(
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    rank: NDArray[np.int32],
    first: NDArray[np.int64],
    upper: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Find the directed arc of each piece.

    Parameters
    ----------
    tail, head : ndarray of int32, shape (n_pieces,)
        Nodes.
    rank, first, upper : ndarray
        Of the `Elimination`: rank of each node, and the upper neighbours by rank.

    Returns
    -------
    ndarray of int32, shape (n_pieces,)
        -1 where a piece ends where it begins.
    """
    found = np.full(len(tail), -1, dtype=np.int32)
    for piece in range(len(tail)):
        low, high = rank[tail[piece]], rank[head[piece]]
        if low == high:
            continue
        down = low > high
        if down:
            low, high = high, low
        begin, end = first[low], first[low + 1]
        while begin < end:
            middle = (begin + end) >> 1
            if upper[middle] < high:
                begin = middle + 1
            else:
                end = middle
        found[piece] = 2 * begin + down
    return found


@compiled
def intact_weights(
    first: NDArray[np.int64], upper: NDArray[np.int32], arc_of_piece: NDArray[np.int32], ticks: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Customise for one state: the ticks of the shortest way over lower ranks, for each directed arc.

    Parameters
    ----------
    first, upper : ndarray
        Of the `Elimination`.
    arc_of_piece, ticks : ndarray of int32, shape (n_pieces,)

    Returns
    -------
    ndarray of int32, shape (2 * n_arcs,)
        2^30 - 1 where there is no way.
    """
    weight = np.full(2 * len(upper), _INF, dtype=np.int32)
    for piece in range(len(ticks)):
        if arc_of_piece[piece] >= 0:
            weight[arc_of_piece[piece]] = min(weight[arc_of_piece[piece]], ticks[piece])
    for k in range(len(first) - 1):
        for one in range(first[k], first[k + 1]):
            across = first[upper[one]]
            for other in range(one + 1, first[k + 1]):
                while upper[across] < upper[other]:
                    across += 1
                weight[2 * across] = min(weight[2 * across], weight[2 * one + 1] + weight[2 * other])
                weight[2 * across + 1] = min(weight[2 * across + 1], weight[2 * other + 1] + weight[2 * one])
    return weight


def reversed_weights(weight: NDArray[np.int32]) -> NDArray[np.int32]:
    """Turn all directed arcs round; int32, shape (2 * n_arcs,)."""
    return np.ascontiguousarray(weight.reshape(-1, 2)[:, ::-1]).ravel()


@compiled
def shortest_upward(
    first: NDArray[np.int64],
    upper: NDArray[np.int32],
    weight: NDArray[np.int32],
    source: NDArray[np.int32],
    ticks: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Ticks of the shortest way from any source that only goes up; int32, shape (n_nodes,), by rank.

    Parameters
    ----------
    first, upper, weight : ndarray
    source : ndarray of int32, shape (n_sources,)
        Ranks.
    ticks : ndarray of int32, shape (n_sources,)
        What each source begins with.
    """
    reached = np.full(len(first) - 1, _INF, dtype=np.int32)
    for number in range(len(source)):
        reached[source[number]] = min(reached[source[number]], ticks[number])
    for k in range(len(first) - 1):
        if reached[k] < _INF:
            for arc in range(first[k], first[k + 1]):
                reached[upper[arc]] = min(reached[upper[arc]], reached[k] + weight[2 * arc])
    return reached


@compiled
def shortest_from(
    first: NDArray[np.int64],
    upper: NDArray[np.int32],
    weight: NDArray[np.int32],
    source: NDArray[np.int32],
    ticks: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Ticks of the shortest way from any source: up, then down; int32, shape (n_nodes,), by rank.

    Parameters are those of `shortest_upward`.
    """
    reached = shortest_upward(first, upper, weight, source, ticks)
    for k in range(len(first) - 2, -1, -1):
        for arc in range(first[k], first[k + 1]):
            reached[k] = min(reached[k], reached[upper[arc]] + weight[2 * arc + 1])
    return reached


@compiled
def subtree_needs(
    first: NDArray[np.int64],
    upper: NDArray[np.int32],
    parent: NDArray[np.int32],
    weight: NDArray[np.int32],
    to_target: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Ticks from the upper end of an arc into the subtree below it and on to a target, by arcs down alone.

    Parameters
    ----------
    first, upper, parent, weight : ndarray
    to_target : ndarray of int32, shape (n_nodes,)
        From each rank to the nearest target by arcs down alone.

    Returns
    -------
    ndarray of int32, shape (n_arcs,)
        Of arc (k, h): the least over all nodes of the subtree of k that have an arc to h.

    Notes
    -----
    A subtree can be left out where none of these needs can be met: the upper neighbours of its nodes that lie outside
    of it are upper neighbours of its root.
    """
    need = np.full(len(upper), _INF, dtype=np.int32)
    for k in range(len(first) - 1):
        for arc in range(first[k], first[k + 1]):
            need[arc] = min(need[arc], weight[2 * arc + 1] + to_target[k])
        if parent[k] >= 0:
            above = first[parent[k]]
            for arc in range(first[k] + 1, first[k + 1]):
                while upper[above] < upper[arc]:
                    above += 1
                need[above] = min(need[above], need[arc])
    return need
