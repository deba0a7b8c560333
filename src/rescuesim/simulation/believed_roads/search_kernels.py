"""Compiled search over pieces of roads; `rescuesim.simulation.believed_roads.search` holds the plain one beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.compiled import compiled

__all__ = ["drive_whole", "pieces_to_root", "search_arcs", "settled"]

_NODES = 2**31  # an entry is ticks * _NODES + node: ticks are under 2^30, so it fits int64


@compiled
def search_arcs(
    first: NDArray[np.int64],
    other: NDArray[np.int32],
    ticks: NDArray[np.int32],
    root: int,
    wanted: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Find the shortest paths between a root and the nodes that are wanted; as `search_plainly`.

    Parameters
    ----------
    first : ndarray of int64, shape (n_nodes + 1,)
    other, ticks : ndarray of int32, shape (n_arcs,)
    root : int
    wanted : ndarray of int64, shape (n_wanted,)
        Each once; all nodes if empty.

    Returns
    -------
    found, via : ndarray of int32, shape (n_nodes,)
    """
    return settled(first, other, ticks, root, wanted, UNREACHABLE)


@compiled
def settled(
    first: NDArray[np.int64],
    other: NDArray[np.int32],
    ticks: NDArray[np.int32],
    root: int,
    wanted: NDArray[np.int64],
    most: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Search as `search_arcs` does, but not beyond some ticks: what is found above them is not final.

    Parameters
    ----------
    first, other, ticks, root, wanted
        As in `search_arcs`.
    most : int

    Returns
    -------
    found, via : ndarray of int32, shape (n_nodes,)
    """
    n_nodes = len(first) - 1
    found = np.full(n_nodes, np.int32(UNREACHABLE), dtype=np.int32)
    via = np.full(n_nodes, np.int32(-1), dtype=np.int32)
    is_wanted = np.zeros(n_nodes if len(wanted) else 0, dtype=np.bool_)
    for node in wanted:
        is_wanted[node] = True
    missing = len(wanted)
    heap = np.empty(1024, dtype=np.int64)
    heap[0] = root
    size = 1
    found[root] = 0
    while size > 0:
        entry = heap[0]
        size -= 1
        # sink the last entry from the top
        moved = heap[size]
        at = 0
        while 2 * at + 1 < size:
            below = 2 * at + 1
            if below + 1 < size and heap[below + 1] < heap[below]:
                below += 1
            if heap[below] >= moved:
                break
            heap[at] = heap[below]
            at = below
        heap[at] = moved
        here = entry // _NODES
        node = entry - here * _NODES
        if here > most:
            break
        if found[node] != here:  # it was reached sooner since
            continue
        if len(wanted) and is_wanted[node]:
            is_wanted[node] = False
            missing -= 1
            if missing == 0:
                break
        for arc in range(first[node], first[node + 1]):
            there = here + ticks[arc]
            if there < found[other[arc]]:
                found[other[arc]] = there
                via[other[arc]] = arc
                if size == len(heap):
                    larger = np.empty(2 * size, dtype=np.int64)
                    larger[:size] = heap
                    heap = larger
                entry = there * _NODES + other[arc]
                at = size
                size += 1
                while at > 0 and heap[(at - 1) // 2] > entry:
                    heap[at] = heap[(at - 1) // 2]
                    at = (at - 1) // 2
                heap[at] = entry
    return found, via


@compiled
def pieces_to_root(
    via: NDArray[np.int32], piece: NDArray[np.int32], next_node: NDArray[np.int32], node: int
) -> NDArray[np.int32]:
    """List the pieces from a node to the root of a search; as `Arcs.pieces_plainly` before it turns them round.

    Parameters
    ----------
    via : ndarray of int32, shape (n_nodes,)
    piece : ndarray of int32, shape (n_arcs,)
    next_node : ndarray of int32, shape (n_pieces,)
    node : int

    Returns
    -------
    ndarray of int32, shape (n_steps,)
    """
    listed = np.empty(64, dtype=np.int32)
    size = 0
    arc = via[node]
    while arc >= 0:
        if size == len(listed):
            larger = np.empty(2 * size, dtype=np.int32)
            larger[:size] = listed
            listed = larger
        listed[size] = piece[arc]
        arc = via[next_node[piece[arc]]]
        size += 1
    return listed[:size]


@compiled
def drive_whole(
    listed: NDArray[np.int32],
    at: int,
    driven_enter_m: NDArray[np.float64],
    driven_leave_m: NDArray[np.float64],
    driven_up: NDArray[np.bool_],
    driven_ticks: NDArray[np.int64],
    piece: NDArray[np.int32],
    enter_m: NDArray[np.float64],
    leave_m: NDArray[np.float64],
    up: NDArray[np.bool_],
    before: NDArray[np.int64],
) -> None:
    """Write down that whole pieces are driven, from a step on; as `placed_roads.drive_whole_plainly`.

    Parameters
    ----------
    listed : ndarray of int32, shape (n_listed,)
    at : int
    driven_enter_m, driven_leave_m, driven_up, driven_ticks : ndarray, shape (n_pieces,)
    piece, enter_m, leave_m, up, before : ndarray
        Written into.
    """
    for number in range(len(listed)):
        one = listed[number]
        piece[at] = one
        enter_m[at] = driven_enter_m[one]
        leave_m[at] = driven_leave_m[one]
        up[at] = driven_up[one]
        before[at + 1] = before[at] + driven_ticks[one]
        at += 1
