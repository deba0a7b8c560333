"""Elimination by the smallest degree: the game of elimination, played on lists of neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.travel.compiled import compiled

__all__ = ["core", "neighbours", "order_by_degree"]

_START, _SIZE, _ROOM = range(3)  # of the list of a node in the pool
_FIRST, _LAST = range(2)  # in the queue of a degree
_BEFORE, _AFTER, _DEGREE = range(3)  # of a node in its queue; the degree is -1 where it is in none


@compiled
def neighbours(
    n_nodes: int, tail: NDArray[np.int32], head: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """List the neighbours of each node, whatever the direction, each once and without the node itself.

    Parameters
    ----------
    n_nodes : int
    tail, head : ndarray of int32, shape (n_arcs,)

    Returns
    -------
    first : ndarray of int64, shape (n_nodes + 1,)
    near : ndarray of int32, shape (n_ends,)
        Those of node v are ``near[first[v]:first[v + 1]]``.
    """
    first = np.zeros(n_nodes + 1, dtype=np.int64)
    for arc in range(len(tail)):
        if tail[arc] != head[arc]:
            first[tail[arc] + 1] += 1
            first[head[arc] + 1] += 1
    for node in range(n_nodes):
        first[node + 1] += first[node]
    near = np.empty(first[n_nodes], dtype=np.int32)
    filled = first[:-1].copy()
    for arc in range(len(tail)):
        if tail[arc] != head[arc]:
            near[filled[tail[arc]]] = head[arc]
            filled[tail[arc]] += 1
            near[filled[head[arc]]] = tail[arc]
            filled[head[arc]] += 1
    seen_by = np.empty(n_nodes, dtype=np.int32)
    seen_by[:] = -1
    begin, kept = 0, 0
    for node in range(n_nodes):
        end = first[node + 1]
        for arc in range(begin, end):
            if seen_by[near[arc]] != node:
                seen_by[near[arc]] = node
                near[kept] = near[arc]
                kept += 1
        begin, first[node + 1] = end, kept
    return first, near[:kept].copy()


def core(
    first: NDArray[np.int64], near: NDArray[np.int32], degree: int
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
    """Eliminate nodes until all that are left have at least some degree.

    Parameters
    ----------
    first, near
        As from `neighbours`.
    degree : int

    Returns
    -------
    node : ndarray of int32, shape (n_left,)
        The nodes that are left, ascending.
    first, near
        Their neighbours, shortcuts included, as places in `node`.
    """
    n_nodes = len(first) - 1
    nobody = np.zeros(n_nodes, dtype=np.int32)
    order, lists, pool = _play(first, near, np.arange(n_nodes), nobody, nobody, 0, degree)
    left = np.ones(n_nodes, dtype=np.bool_)
    left[order] = False
    node = np.flatnonzero(left).astype(np.int32)
    place = np.cumsum(left) - 1
    start, size = lists[node, _START], lists[node, _SIZE]
    first_left = np.r_[0, np.cumsum(size)]
    within = np.arange(first_left[-1]) - np.repeat(first_left[:-1], size)
    return node, first_left, place[pool[np.repeat(start, size) + within]].astype(np.int32)


def order_by_degree(
    first: NDArray[np.int64],
    near: NDArray[np.int32],
    group: NDArray[np.int32],
    point: NDArray[np.bool_],
    delay: int,
) -> NDArray[np.int32]:
    """Eliminate group by group, in each the node with the smallest degree first.

    Parameters
    ----------
    first, near
        As from `neighbours`.
    group : ndarray of int32, shape (n_nodes,)
        No node is eliminated before all of lower groups.
    point : ndarray of bool, shape (n_nodes,)
        Points, and in the course of the game the nodes that become their ancestors, count as having ...
    delay : int
        ... so many neighbours more than they have.

    Returns
    -------
    ndarray of int32, shape (n_nodes,)
    """
    sequence = np.argsort(group, kind="stable")
    return _play(first, near, sequence, group, point.astype(np.int32), delay, len(group) + delay)[0]


@compiled
def _play(
    first: NDArray[np.int64],
    near: NDArray[np.int32],
    sequence: NDArray[np.int64],
    group: NDArray[np.int32],
    point: NDArray[np.int32],
    delay: int,
    end_degree: int,
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
    """Eliminate until the smallest degree of the group is `end_degree`; return what has been, and what is left.

    Nodes of the same degree stand in a queue, and those whose neighbours change go to its end: so a chain of nodes is
    eliminated by halves, and not from one end to the other.
    """
    n_nodes = len(group)
    lists = np.empty((n_nodes, 3), dtype=np.int64)
    pool = np.empty(2 * len(near) + 64, dtype=np.int32)
    used = len(near)
    for arc in range(used):
        pool[arc] = near[arc]
    links = np.empty((n_nodes, 3), dtype=np.int32)
    queues = np.empty((n_nodes + delay + 1, 2), dtype=np.int32)
    queues[:] = -1
    is_point, seen = np.empty(n_nodes, dtype=np.int32), np.empty(n_nodes, dtype=np.int64)
    for node in range(n_nodes):
        lists[node, _START] = first[node]
        lists[node, _SIZE] = lists[node, _ROOM] = first[node + 1] - first[node]
        links[node, _DEGREE] = seen[node] = -1
        is_point[node] = point[node]
    order = np.empty(n_nodes, dtype=np.int32)
    stamp, count, begin = 0, 0, 0
    while begin < n_nodes:
        end = begin
        while end < n_nodes and group[sequence[end]] == group[sequence[begin]]:
            node = sequence[end]
            _list_under(lists[node, _SIZE] + delay * is_point[node], node, queues, links)
            end += 1
        least = 0
        while begin < end:
            while queues[least, _FIRST] < 0:
                least += 1
            if least >= end_degree:
                return order[:count], lists, pool
            node = int(queues[least, _FIRST])
            _unlist(node, queues, links)
            order[count] = node
            count += 1
            begin += 1
            for place in range(lists[node, _START], lists[node, _START] + lists[node, _SIZE]):
                other = int(pool[place])
                stamp += 1
                pool, used = _join(other, node, lists, pool, used, seen, stamp)
                is_point[other] |= is_point[node]
                if links[other, _DEGREE] >= 0:
                    degree = lists[other, _SIZE] + delay * is_point[other]
                    _unlist(other, queues, links)
                    _list_under(degree, other, queues, links)
                    least = min(least, degree)
    return order[:count], lists, pool


@compiled
def _list_under(degree: int, node: int, queues: NDArray[np.int32], links: NDArray[np.int32]) -> None:
    """Put a node at the end of the queue of a degree."""
    before = queues[degree, _LAST]
    links[node, _BEFORE], links[node, _AFTER], links[node, _DEGREE] = before, -1, degree
    if before >= 0:
        links[before, _AFTER] = node
    else:
        queues[degree, _FIRST] = node
    queues[degree, _LAST] = node


@compiled
def _unlist(node: int, queues: NDArray[np.int32], links: NDArray[np.int32]) -> None:
    """Take a node out of the queue that it stands in."""
    before, after, degree = links[node, _BEFORE], links[node, _AFTER], links[node, _DEGREE]
    if before >= 0:
        links[before, _AFTER] = after
    else:
        queues[degree, _FIRST] = after
    if after >= 0:
        links[after, _BEFORE] = before
    else:
        queues[degree, _LAST] = before
    links[node, _DEGREE] = -1


@compiled
def _join(
    node: int,
    gone: int,
    lists: NDArray[np.int64],
    pool: NDArray[np.int32],
    used: int,
    seen: NDArray[np.int64],
    stamp: int,
) -> tuple[NDArray[np.int32], int]:
    """Take an eliminated neighbour off the list of a node and add that one's neighbours; the list may have to move."""
    start, size = lists[node, _START], 0
    seen[node] = stamp
    for place in range(start, start + lists[node, _SIZE]):
        other = pool[place]
        if other != gone:
            seen[other] = stamp
            pool[start + size] = other
            size += 1
    for place in range(lists[gone, _START], lists[gone, _START] + lists[gone, _SIZE]):
        other = pool[place]
        if seen[other] == stamp:
            continue
        if size == lists[node, _ROOM]:
            room = size + size // 2 + 4
            if used + room > len(pool):
                larger = np.empty(2 * len(pool) + room, dtype=np.int32)
                for at in range(used):
                    larger[at] = pool[at]
                pool = larger
            for at in range(size):
                pool[used + at] = pool[start + at]
            start, lists[node, _ROOM] = used, room
            used += room
        pool[start + size] = other
        size += 1
    lists[node, _START], lists[node, _SIZE] = start, size
    return pool, used
