"""Compiled kernels of shortest-path trees: grow one, list the roads on its paths, mend it with a road closed.

All of them work on the arrays of `rescuesim.travel.trees.Arcs`. Ticks are whole; of two paths of the same ticks the
one found first is kept, nodes of the same ticks being settled by number, so that trees are the same on every machine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.compiled import compiled

__all__ = ["grow_tree", "lay_out_tree", "mend_tree", "regrow_tree", "roads_on_paths"]

_NODES = 2**31  # a heap entry is ticks * _NODES + node: ticks are under 2^30, so it fits int64


@compiled
def _push(heap: NDArray[np.int64], size: int, entry: int) -> int:
    """Put an entry on a binary heap; return its new size."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if heap[above] <= entry:
            break
        heap[at] = heap[above]
        at = above
    heap[at] = entry
    return size + 1


@compiled
def _pop(heap: NDArray[np.int64], size: int) -> int:
    """Take the least entry, ``heap[0]``, off a binary heap; return its new size."""
    size -= 1
    entry = heap[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= entry:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = entry
    return size


@compiled
def grow_tree(
    first_out: NDArray[np.int64],
    head: NDArray[np.int32],
    ticks: NDArray[np.int32],
    origin: int,
    limit: int,
    heap: NDArray[np.int64],
    found: NDArray[np.int32],
    via: NDArray[np.int32],
    settled: NDArray[np.int32],
) -> int:
    """Grow the shortest-path tree of a node up to a limit; O((m + n) log n) in what it reaches.

    Parameters
    ----------
    first_out : ndarray of int64, shape (n_nodes + 1,)
        Arcs of node v are ``first_out[v]`` to ``first_out[v + 1] - 1``.
    head, ticks : ndarray of int32, shape (n_arcs,)
    origin, limit : int
    heap : ndarray of int64, shape (n_arcs + 1,)
        Scratch.
    found : ndarray of int32, shape (n_nodes,)
        All 2^30 - 1; set to the ticks of the nodes within the limit.
    via : ndarray of int32, shape (n_nodes,)
        All -1; set to the arc by which the tree enters each node; -1 for the origin.
    settled : ndarray of int32, shape (n_nodes,)
        Set to the nodes of the tree, each after the one it hangs on.

    Returns
    -------
    int
        Number of nodes in the tree.
    """
    size = 0
    n_settled = 0
    if limit >= 0:
        found[origin] = 0
        size = _push(heap, size, origin)
    while size > 0:
        entry = heap[0]
        size = _pop(heap, size)
        here = entry // _NODES
        node = entry - here * _NODES
        if found[node] != here:  # it was reached sooner since
            continue
        settled[n_settled] = node
        n_settled += 1
        for arc in range(first_out[node], first_out[node + 1]):
            there = here + ticks[arc]
            if there <= limit and there < found[head[arc]]:
                found[head[arc]] = there
                via[head[arc]] = arc
                size = _push(heap, size, there * _NODES + head[arc])
    return n_settled


@compiled
def lay_out_tree(
    tail: NDArray[np.int32],
    via: NDArray[np.int32],
    settled: NDArray[np.int32],
    place: NDArray[np.int32],
    below: NDArray[np.int32],
    node_at: NDArray[np.int32],
) -> None:
    """Put the nodes of a tree in an order in which what hangs on a node stands together, right after it.

    Parameters
    ----------
    tail : ndarray of int32, shape (n_arcs,)
    via : ndarray of int32, shape (n_nodes,)
    settled : ndarray of int32, shape (n_tree,)
        As `grow_tree` sets them.
    place, below : ndarray of int32, shape (n_nodes,)
        Set for the nodes of the tree: where each stands, and how many stand there that hang on it, itself included.
    node_at : ndarray of int32, shape (n_tree,)
        Set to the node at each place.
    """
    n_tree = len(settled)
    for at in range(n_tree):
        below[settled[at]] = 1
    for at in range(n_tree - 1, 0, -1):
        below[tail[via[settled[at]]]] += below[settled[at]]
    free = np.empty(n_tree, dtype=np.int32)  # by place: where the next node that hangs on the one there goes
    for at in range(n_tree):
        node = settled[at]
        if at == 0:
            place[node] = 0
        else:
            on = place[tail[via[node]]]
            place[node] = free[on]
            free[on] += below[node]
        free[place[node]] = place[node] + 1
        node_at[place[node]] = node


@compiled
def roads_on_paths(
    tail: NDArray[np.int32],
    road: NDArray[np.int32],
    via: NDArray[np.int32],
    nodes: NDArray[np.int32],
    n_roads: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """List the roads on the paths of a tree to some of its nodes, each road once a path; O(length of the paths).

    Returns
    -------
    which, road : ndarray of int32, shape (n_found,)
        Place in `nodes`, ascending, and a road on the path to it.
    """
    n_steps = 0
    for k in range(len(nodes)):
        arc = via[nodes[k]]
        last = -1
        while arc >= 0:
            n_steps += road[arc] != last
            last = road[arc]
            arc = via[tail[arc]]
    which = np.empty(n_steps, dtype=np.int32)
    on = np.empty(n_steps, dtype=np.int32)
    seen = np.full(n_roads, -1, dtype=np.int32)
    size = 0
    for k in range(len(nodes)):
        arc = via[nodes[k]]
        while arc >= 0:
            if seen[road[arc]] != k:
                seen[road[arc]] = k
                which[size], on[size] = k, road[arc]
                size += 1
            arc = via[tail[arc]]
    return which[:size], on[:size]


@compiled
def mend_tree(
    first_out: NDArray[np.int64],
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    ticks: NDArray[np.int32],
    road: NDArray[np.int32],
    first_in: NDArray[np.int64],
    arc_in: NDArray[np.int32],
    first_of_road: NDArray[np.int64],
    arc_of_road: NDArray[np.int32],
    found: NDArray[np.int32],
    via: NDArray[np.int32],
    place: NDArray[np.int32],
    below: NDArray[np.int32],
    node_at: NDArray[np.int32],
    heap: NDArray[np.int64],
    closed: NDArray[np.int32],
    nodes: NDArray[np.int32],
    limits: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Compute ticks of shortest paths that avoid a road, for many roads one after the other.

    Only what hangs on the road's arcs can change, and every way there comes from the rest of the tree, whose ticks
    stay: so the search starts from the arcs that lead in and stays inside.

    Parameters
    ----------
    closed, nodes, limits : ndarray of int32, shape (n_asked,)
        Road to avoid, equal ones together; node of the tree; and the ticks beyond which a path is not wanted, no more
        than the limit of the tree.

    Returns
    -------
    ndarray of int32, shape (n_asked,)
        2^30 - 1 where no path is within the largest limit that is asked for with the road.
    """
    again = np.empty(len(found), dtype=np.int32)
    cut_by = np.full(len(found), -1, dtype=np.int32)  # the road last closed that cut the node off the tree
    cut = np.empty(len(node_at), dtype=np.int32)
    answer = np.empty(len(nodes), dtype=np.int32)
    start = 0
    while start < len(nodes):
        shut = closed[start]
        stop, limit = start, np.int64(0)
        while stop < len(nodes) and closed[stop] == shut:
            limit = max(limit, np.int64(limits[stop]))
            stop += 1
        n_cut = 0
        for k in range(first_of_road[shut], first_of_road[shut + 1]):
            top = head[arc_of_road[k]]
            if via[top] == arc_of_road[k] and cut_by[top] != shut:
                for at in range(place[top], place[top] + below[top]):
                    node = node_at[at]
                    if cut_by[node] != shut:
                        cut_by[node] = shut
                        again[node] = UNREACHABLE
                        cut[n_cut] = node
                        n_cut += 1
        size = 0
        for k in range(n_cut):
            node = cut[k]
            best = np.int64(UNREACHABLE)
            for j in range(first_in[node], first_in[node + 1]):
                arc = arc_in[j]
                if road[arc] != shut and cut_by[tail[arc]] != shut and found[tail[arc]] < UNREACHABLE:
                    best = min(best, np.int64(found[tail[arc]]) + ticks[arc])
            if best <= limit:
                again[node] = best
                size = _push(heap, size, best * _NODES + node)
        while size > 0:
            entry = heap[0]
            size = _pop(heap, size)
            here = entry // _NODES
            node = entry - here * _NODES
            if again[node] != here:
                continue
            for arc in range(first_out[node], first_out[node + 1]):
                there = here + ticks[arc]
                if road[arc] != shut and cut_by[head[arc]] == shut and there <= limit and there < again[head[arc]]:
                    again[head[arc]] = there
                    size = _push(heap, size, there * _NODES + head[arc])
        for k in range(start, stop):
            answer[k] = again[nodes[k]] if cut_by[nodes[k]] == shut else found[nodes[k]]
        start = stop
    return answer


@compiled
def regrow_tree(
    first_out: NDArray[np.int64],
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    first_in: NDArray[np.int64],
    arc_in: NDArray[np.int32],
    before: NDArray[np.int32],
    ticks: NDArray[np.int32],
    limit: int,
    heap: NDArray[np.int64],
    found: NDArray[np.int32],
    via: NDArray[np.int32],
    cut: NDArray[np.bool_],
    nodes: NDArray[np.int32],
) -> int:
    """Make the tree of one state of the arcs into that of another; O(m) to compare them, and what really changes.

    What hangs on an arc that got slower is cut off and searched from what still stands; so is whatever an arc that got
    faster brings nearer.

    Parameters
    ----------
    before, ticks : ndarray of int32, shape (n_arcs,)
        Then and now; 2^30 - 1 where shut.
    limit : int
        Of the tree, as it was grown.
    heap : ndarray of int64, shape (2 n_arcs + n_nodes + 1,)
        Scratch.
    found, via : ndarray of int32, shape (n_nodes,)
        As `grow_tree` gives; changed in place.
    cut : ndarray of bool, shape (n_nodes,)
        All False; marks what was cut off.
    nodes : ndarray of int32, shape (n_nodes,)
        Scratch.

    Returns
    -------
    int
        Nodes that were cut off or come nearer; 0 if the tree stays as it is.
    """
    n_cut = 0
    for arc in range(len(ticks)):
        if ticks[arc] > before[arc] and via[head[arc]] == arc and not cut[head[arc]]:
            cut[head[arc]] = True
            nodes[n_cut] = head[arc]
            n_cut += 1
    at = 0
    while at < n_cut:
        node = nodes[at]
        at += 1
        for arc in range(first_out[node], first_out[node + 1]):
            if via[head[arc]] == arc and not cut[head[arc]]:
                cut[head[arc]] = True
                nodes[n_cut] = head[arc]
                n_cut += 1
    for k in range(n_cut):
        found[nodes[k]] = UNREACHABLE
        via[nodes[k]] = -1
    size = 0
    n_changed = n_cut
    for k in range(n_cut):
        node = nodes[k]
        for j in range(first_in[node], first_in[node + 1]):
            arc = arc_in[j]
            there = np.int64(found[tail[arc]]) + ticks[arc]
            if not cut[tail[arc]] and there <= limit and there < found[node]:
                found[node] = there
                via[node] = arc
        if found[node] < UNREACHABLE:
            size = _push(heap, size, np.int64(found[node]) * _NODES + node)
    for arc in range(len(ticks)):
        if ticks[arc] < before[arc]:
            there = np.int64(found[tail[arc]]) + ticks[arc]
            if there <= limit and there < found[head[arc]]:
                found[head[arc]] = there
                via[head[arc]] = arc
                size = _push(heap, size, there * _NODES + head[arc])
                n_changed += 1
    while size > 0:
        entry = heap[0]
        size = _pop(heap, size)
        here = entry // _NODES
        node = entry - here * _NODES
        if found[node] != here:
            continue
        for arc in range(first_out[node], first_out[node + 1]):
            there = here + ticks[arc]
            if there <= limit and there < found[head[arc]]:
                found[head[arc]] = there
                via[head[arc]] = arc
                size = _push(heap, size, there * _NODES + head[arc])
    return n_changed
