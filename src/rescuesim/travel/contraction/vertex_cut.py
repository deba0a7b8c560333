"""Small sets of nodes that cut a graph into two parts, found by flows between its ends.

A flow of paths that share no node runs between two ends; as many paths as there are, so many nodes cut them all. The
lighter end then takes in all that its cut leaves to it, and one node of the cut, and the flow goes on: cuts come in the
order of their sizes, each more even than the one before, and the best of them is kept.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rescuesim.travel.compiled import compiled

__all__ = ["FIRST_PART", "IN_CUT", "SECOND_PART", "best_cut"]

FIRST_PART, SECOND_PART, IN_CUT = 0, 1, 2

# What is known of nodes from one end of the graph: rows of an array over nodes. A node that the end has entered but
# cannot pass is in its cut. A path through a node comes BACK from a neighbour; -1 where there is none. ROOT is the held
# node that a search began at; a root is SPENT once a path from it was found. REACHED lists the nodes passed, RIM those
# entered, in their order. One kind of array for all keeps compilation short.
_HELD, _LEVEL, _BACK, _ENTERED_FROM, _LEFT_BY, _ROOT, _SPENT, _REACHED, _RIM = range(9)
_UNSEEN, _ENTERED, _PASSED = 0, 1, 2
_FORWARD, _CANCELLED = np.int32(-2), np.int32(-3)
_N_DONE, _N_REACHED, _N_RIM, _N_HELD, _N_WEIGHED = range(5)


@compiled
def best_cut(
    first: NDArray[np.int64],
    near: NDArray[np.int32],
    weight: NDArray[np.float64],
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    n_directions: int,
    end_share: float,
    least_share: float,
    evenness: float,
) -> NDArray[np.int8]:
    """Cut a connected graph between its ends in several directions, and keep the best of all cuts.

    Parameters
    ----------
    first : ndarray of int64, shape (n_nodes + 1,)
    near : ndarray of int32, shape (n_ends,)
        Neighbours, each arc from both of its ends.
    weight : ndarray of float64, shape (n_nodes,)
        What the parts shall have about the same of.
    x_m, y_m : ndarray of float64, shape (n_nodes,)
    n_directions : int
    end_share : float
        Share of the extent that each end holds to begin with.
    least_share : float
        Share of the weight that a part has at least.
    evenness : float
        The cost of a cut is its size, divided by the weight of the lighter part to this power.

    Returns
    -------
    ndarray of int8, shape (n_nodes,)
        `FIRST_PART`, `SECOND_PART` or `IN_CUT`; no arc runs between the parts. All are -1 where there is no such cut:
        in a clique, or where all nodes lie at one place.

    Notes
    -----
    Time is proportional to the arcs times the size of the largest cut, in the worst case.

    References
    ----------
    Hamann, M., & Strasser, B. (2018). Graph bisection with Pareto optimization. ACM Journal of Experimental
    Algorithmics 23, 1.2. doi:10.1145/3173045

    Gottesbüren, L., Hamann, M., Uhl, T. N., & Wagner, D. (2019). Faster and better nested dissection orders for
    customizable contraction hierarchies. Algorithms 12(9), 196. doi:10.3390/a12090196
    """
    n_nodes = len(weight)
    part, key = np.empty(n_nodes, dtype=np.int8), np.empty(n_nodes)
    part[:] = -1
    best = np.inf
    for direction in range(n_directions):
        angle = math.pi * direction / n_directions
        for node in range(n_nodes):
            key[node] = math.cos(angle) * x_m[node] + math.sin(angle) * y_m[node]
        best = _improve(first, near, weight, key, end_share, least_share, evenness, best, part)
    return part


@compiled
def _improve(
    first: NDArray[np.int64],
    near: NDArray[np.int32],
    weight: NDArray[np.float64],
    key: NDArray[np.float64],
    end_share: float,
    least_share: float,
    evenness: float,
    best: float,
    part: NDArray[np.int8],
) -> float:
    """Cut between the lowest and the highest keys; write down and return what is better than the best."""
    n_nodes = len(key)
    ends, counts = np.zeros((2, 9, n_nodes), dtype=np.int32), np.zeros((2, 5), dtype=np.int64)
    if not _hold_extremes(first, near, key, end_share, ends):
        return best
    whole = 0.0
    for node in range(n_nodes):
        whole += weight[node]
        ends[0, _BACK, node] = ends[1, _BACK, node] = -1
    passed = np.zeros(2)
    side, size = 0, 0
    _restart(ends[0], counts[0])
    _restart(ends[1], counts[1])
    while True:
        found = size
        size += _flow(first, near, ends[side], counts[side], ends[1 - side])
        if size / (whole / 2) ** evenness >= best:
            return best
        if size > found:
            _restart(ends[1 - side], counts[1 - side])
            _grow(first, near, ends[1 - side], counts[1 - side], ends[side])
        for end in range(2):
            passed[end] = _weighed(ends[end], counts[end], weight, passed[end])
        side = 0 if passed[0] <= passed[1] else 1
        in_cut = _trim(ends[side], counts[side], weight)
        lighter = min(passed[side], whole - in_cut - passed[side])
        if lighter >= least_share * whole and size / lighter**evenness < best:
            best = size / lighter**evenness
            _write_parts(ends[side, _LEVEL], side, part)
        if 2 * passed[side] + in_cut >= whole or not _pierce(first, near, key, side, ends, counts[side]):
            return best


@compiled
def _hold_extremes(
    first: NDArray[np.int64], near: NDArray[np.int32], key: NDArray[np.float64], share: float, ends: NDArray[np.int32]
) -> bool:
    """Give each end the nodes near its extreme, none beside one of the other end; False where one gets nothing."""
    low = high = key[0]
    for node in range(len(key)):
        low, high = min(low, key[node]), max(high, key[node])
    reach = share * (high - low)
    if not reach > 0:
        return False
    some = False
    for node in range(len(key)):
        if key[node] <= low + reach:
            ends[0, _HELD, node] = 1
    for node in range(len(key)):
        if key[node] >= high - reach and not _is_beside(first, near, ends[0, _HELD], node):
            ends[1, _HELD, node] = 1
            some = True
    return some


@compiled
def _is_beside(first: NDArray[np.int64], near: NDArray[np.int32], held: NDArray[np.int32], node: int) -> bool:
    """Tell whether an end holds a neighbour of the node."""
    for arc in range(first[node], first[node + 1]):  # noqa: SIM110 - a generator does not compile
        if held[near[arc]]:
            return True
    return False


@compiled
def _restart(end: NDArray[np.int32], counts: NDArray[np.int64]) -> None:
    """Forget what is reached from an end but the nodes that it holds."""
    count = 0
    for node in range(end.shape[1]):
        end[_SPENT, node] = 0
        end[_LEVEL, node] = _UNSEEN
        if end[_HELD, node]:
            end[_LEVEL, node] = _PASSED
            end[_ROOT, node] = node
            end[_REACHED, count] = node
            count += 1
    counts[_N_DONE] = counts[_N_RIM] = counts[_N_WEIGHED] = 0
    counts[_N_REACHED] = counts[_N_HELD] = count


@compiled
def _flow(
    first: NDArray[np.int64],
    near: NDArray[np.int32],
    end: NDArray[np.int32],
    counts: NDArray[np.int64],
    other: NDArray[np.int32],
) -> int:
    """Add paths from an end to the other until there are no more; return how many."""
    total = 0
    while True:
        paths = _grow(first, near, end, counts, other)
        if paths == 0:
            return total
        total += paths
        _restart(end, counts)


@compiled
def _grow(
    first: NDArray[np.int64],
    near: NDArray[np.int32],
    end: NDArray[np.int32],
    counts: NDArray[np.int64],
    other: NDArray[np.int32],
) -> int:
    """Reach as far as the paths allow, and add every path to the other end that is met.

    A node carries one path at most. Where a path runs, a search can enter a node only to go back along it, and may pass
    the node before. A search that met the other end is over, as what it reached has changed; those from other held
    nodes have not been there and go on. Everything is reached only where no path was added.
    """
    paths = 0
    while counts[_N_DONE] < counts[_N_REACHED]:
        node = end[_REACHED, counts[_N_DONE]]
        counts[_N_DONE] += 1
        root = end[_ROOT, node]
        if end[_SPENT, root]:
            continue
        for arc in range(first[node], first[node + 1]):
            to = near[arc]
            if other[_HELD, to]:
                _add_path(node, to, end, other)
                end[_SPENT, root] = 1
                paths += 1
                break
            if end[_LEVEL, to] == _UNSEEN:
                end[_ENTERED_FROM, to] = node
                if end[_BACK, to] < 0:
                    _pass(end, counts, to, _FORWARD, root)
                else:
                    _go_back(end, counts, to, root)
    return paths


@compiled
def _pass(end: NDArray[np.int32], counts: NDArray[np.int64], node: np.int32, left_by: np.int32, root: np.int32) -> None:
    """Note that a search goes on from a node."""
    end[_LEVEL, node] = _PASSED
    end[_LEFT_BY, node] = left_by
    end[_ROOT, node] = root
    end[_REACHED, counts[_N_REACHED]] = node
    counts[_N_REACHED] += 1


@compiled
def _go_back(end: NDArray[np.int32], counts: NDArray[np.int64], node: np.int32, root: np.int32) -> None:
    """Go back along the path through a node that has just been entered, as far as no search has been."""
    end[_LEVEL, node] = _ENTERED
    end[_RIM, counts[_N_RIM]] = node
    counts[_N_RIM] += 1
    while True:
        before = end[_BACK, node]
        was = end[_LEVEL, before]
        if was == _PASSED:
            return
        _pass(end, counts, before, node, root)
        if was == _ENTERED:
            return
        end[_ENTERED_FROM, before] = _CANCELLED
        node = before


@compiled
def _add_path(node: np.int32, to: np.int32, end: NDArray[np.int32], other: NDArray[np.int32]) -> None:
    """Lead a path from the root of a search to where it met the other end, and take back what it cancels."""
    root = end[_ROOT, node]
    while True:
        other[_BACK, node], end[_BACK, to] = to, node
        if node == root:
            return
        if end[_LEFT_BY, node] == _FORWARD:
            to = node
        else:
            to = end[_LEFT_BY, node]
            while end[_ENTERED_FROM, to] == _CANCELLED:
                end[_BACK, to] = other[_BACK, to] = -1
                to = end[_LEFT_BY, to]
        node = end[_ENTERED_FROM, to]


@compiled
def _weighed(end: NDArray[np.int32], counts: NDArray[np.int64], weight: NDArray[np.float64], before: float) -> float:
    """Add the weights of the nodes passed since they were last summed."""
    total = before if counts[_N_WEIGHED] else 0.0
    for place in range(counts[_N_WEIGHED], counts[_N_REACHED]):
        total += weight[end[_REACHED, place]]
    counts[_N_WEIGHED] = counts[_N_REACHED]
    return total


@compiled
def _trim(end: NDArray[np.int32], counts: NDArray[np.int64], weight: NDArray[np.float64]) -> float:
    """Keep in the rim only what is in the cut still, and sum its weights."""
    total, kept = 0.0, 0
    for place in range(counts[_N_RIM]):
        node = end[_RIM, place]
        if end[_LEVEL, node] == _ENTERED:
            end[_RIM, kept] = node
            kept += 1
            total += weight[node]
    counts[_N_RIM] = kept
    return total


@compiled
def _write_parts(level: NDArray[np.int32], side: int, part: NDArray[np.int8]) -> None:
    """Write down the part of each node, as an end sees it."""
    for node in range(len(level)):
        if level[node] == _ENTERED:
            part[node] = IN_CUT
        else:
            part[node] = side if level[node] == _PASSED else 1 - side


@compiled
def _pierce(
    first: NDArray[np.int64],
    near: NDArray[np.int32],
    key: NDArray[np.float64],
    side: int,
    ends: NDArray[np.int32],
    counts: NDArray[np.int64],
) -> bool:
    """Let an end hold all that it passed and one node of its cut; False where it can have none.

    A node that the other end does not reach costs no further path; of several, take the one nearest to the own end.
    """
    end, other = ends[side], ends[1 - side]
    chosen, is_free, least = np.int32(-1), False, np.inf
    for place in range(counts[_N_RIM]):
        node = end[_RIM, place]
        free = other[_LEVEL, node] == _UNSEEN
        distance = key[node] if side == 0 else -key[node]
        if (
            ((free and not is_free) or (free == is_free and distance < least))
            and not other[_HELD, node]
            and not _is_beside(first, near, other[_HELD], node)
        ):
            chosen, is_free, least = node, free, distance
    if chosen < 0:
        return False
    for place in range(counts[_N_HELD], counts[_N_REACHED]):
        end[_HELD, end[_REACHED, place]] = 1
    _pass(end, counts, chosen, _FORWARD, chosen)
    end[_HELD, chosen] = 1
    counts[_N_HELD] = counts[_N_REACHED]
    return True
