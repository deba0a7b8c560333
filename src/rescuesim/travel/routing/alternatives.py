"""Alternative routes: other ways that are worth driving, not the fastest one with a corner cut.

A way through a node v is the fastest path from the origin to v and the fastest path from there on. It is *admissible*
if it shares little with the routes that are there already, makes no unreasonable detour, and is locally optimal: no
short stretch of it could be driven faster another way. Of the ways through one *plateau*, a stretch that lies both on
fastest paths from the origin and on fastest paths to the target, there is only one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim._defaults import default
from rescuesim.errors import InputError
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.routing.arcs import Arcs
from rescuesim.travel.routing.trees import Tree, fastest_tree, walked

__all__ = ["AlternativeLimits", "alternative_paths"]

_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternativeLimits:
    """What makes another way worth showing; the defaults stand in ``defaults.toml``.

    Parameters
    ----------
    sharing : float
        Largest share of the driving time that two routes may have in common, of either one.
    stretch : float
        A route may take this much longer than the fastest, as a share; where it leaves it too.
    local_optimality : float
        Every stretch of this share of the fastest time is itself driven the fastest way.
    tried : int
        Ways that are looked at before the search is given up.
    """

    sharing: float
    stretch: float
    local_optimality: float
    tried: int

    def __post_init__(self) -> None:
        if not (0 <= self.sharing <= 1 and self.stretch >= 0 and 0 <= self.local_optimality <= 1 and self.tried >= 0):
            raise InputError(f"{self}: expected shares from 0 to 1, a stretch and a number of 0 or more")

    @classmethod
    def usual(cls) -> AlternativeLimits:
        """Return those of ``defaults.toml``."""
        return cls(
            sharing=default("alternatives.sharing").number,
            stretch=default("alternatives.stretch").number,
            local_optimality=default("alternatives.local_optimality").number,
            tried=int(default("alternatives.tried").number),
        )


def alternative_paths(
    arcs: Arcs, origin: int, target: int, best: _Ints, limits: AlternativeLimits, count: int
) -> list[_Ints]:
    """Find other ways from a node to another.

    Parameters
    ----------
    arcs : Arcs
    origin, target : int
        Nodes.
    best : ndarray of int64
        Arcs of the fastest path.
    limits : AlternativeLimits
    count : int
        At most so many are returned.

    Returns
    -------
    list of ndarray of int64
        Arcs of each, fastest first, the first found of equally fast ones first. No path meets a node twice.

    Notes
    -----
    Ways are tried in the order of Abraham et al.: twice the time, plus what is shared with the fastest path, less the
    length of the plateau. Local optimality is certified by one search from an end of the stretch in question to the
    other.

    References
    ----------
    Abraham, I., Delling, D., Goldberg, A. V., & Werneck, R. F. (2013). Alternative routes in road networks. ACM Journal
    of Experimental Algorithmics 18, 1.3. doi:10.1145/2444016.2444019
    """
    fastest = int(arcs.ticks[best].sum())
    if count <= 0 or fastest == 0:
        return []
    zero = np.zeros(1, dtype=np.int64)
    out = fastest_tree(arcs, np.array([origin]), zero, towards=False)
    back = fastest_tree(arcs, np.array([target]), zero, towards=True)
    matrix = csr_array(
        (arcs.ticks.astype(np.float64), (arcs.tail.astype(np.int32), arcs.head.astype(np.int32))),
        shape=(arcs.n_nodes, arcs.n_nodes),
    )
    kept = [best]
    for tried, (path, begin, end) in enumerate(_ways(arcs, out, back, origin, target, best, limits)):
        if tried >= limits.tried or len(kept) > count:
            break
        if _is_simple(arcs, path) and _is_apart(arcs, path, kept, limits) and _is_no_detour(arcs, path, best, limits):
            reach = limits.local_optimality * fastest
            if _is_locally_optimal(arcs, matrix, path, begin, end, reach):
                kept.append(path)
    return sorted(kept[1:], key=lambda path: int(arcs.ticks[path].sum()))


def _ways(
    arcs: Arcs, out: Tree, back: Tree, origin: int, target: int, best: _Ints, limits: AlternativeLimits
) -> Iterator[tuple[_Ints, int, int]]:
    """Yield the ways through the plateaus, most promising first: arcs, first and last node of the plateau."""
    n, fastest = arcs.n_nodes, int(arcs.ticks[best].sum())
    node = np.arange(n)
    there = (out.ticks < UNREACHABLE) & (back.ticks < UNREACHABLE)
    whole = out.ticks + back.ticks
    both = np.flatnonzero(
        (out.arc[arcs.head] == np.arange(len(arcs.tail))) & (back.arc[arcs.tail] == np.arange(len(arcs.tail)))
    )
    begin, end = node.copy(), node.copy()
    begin[arcs.head[both]], end[arcs.tail[both]] = arcs.tail[both], arcs.head[both]
    begin, end = _followed(begin), _followed(end)
    on_best = np.zeros(n, dtype=np.bool_)
    on_best[[origin, target, *arcs.head[best].tolist()]] = True
    shared = _shared_ticks(out, arcs.tail, on_best) + _shared_ticks(back, arcs.head, on_best)
    plateau = out.ticks[end] - out.ticks[begin]
    promising = there & ~on_best & (begin == node) & (whole <= fastest * (1 + limits.stretch))
    # but for ties this is what is shared; the path itself is looked at later
    promising &= shared <= limits.sharing * whole
    found = np.flatnonzero(promising)
    worth = 2 * whole[found] + shared[found] - plateau[found]
    for via in found[np.lexsort((found, worth))].tolist():
        start = np.array([via])
        path = np.r_[walked(out, arcs, start, towards=False)[1], walked(back, arcs, start, towards=True)[1]]
        yield path, via, int(end[via])


def _followed(pointer: _Ints) -> _Ints:
    """Follow pointers to where they stand still, in a number of steps that is the logarithm of the longest way."""
    while not np.array_equal(further := pointer[pointer], pointer):
        pointer = further
    return pointer


def _shared_ticks(tree: Tree, other_end: _Ints, on_best: NDArray[np.bool_]) -> _Ints:
    """Ticks from the root of a tree to where the path of each node leaves the fastest path."""
    node = np.arange(len(tree.arc))
    before = np.where((tree.arc >= 0) & ~on_best, other_end[tree.arc], node)
    return np.where(tree.ticks < UNREACHABLE, tree.ticks[_followed(before)], 0)


def _is_simple(arcs: Arcs, path: _Ints) -> bool:
    nodes = np.r_[arcs.tail[path[:1]], arcs.head[path]]
    return len(np.unique(nodes)) == len(nodes)


def _is_apart(arcs: Arcs, path: _Ints, kept: list[_Ints], limits: AlternativeLimits) -> bool:
    """Whether the path has little enough in common with each of the others, as a share of either one."""
    own = int(arcs.ticks[path].sum())
    for other in kept:
        common = int(arcs.ticks[np.intersect1d(path, other)].sum())
        if common > limits.sharing * min(own, int(arcs.ticks[other].sum())):
            return False
    return True


def _is_no_detour(arcs: Arcs, path: _Ints, best: _Ints, limits: AlternativeLimits) -> bool:
    """Whether the parts off the fastest path take not much longer than those of it that they stand for."""
    off = int(arcs.ticks[np.setdiff1d(path, best)].sum())
    instead = int(arcs.ticks[np.setdiff1d(best, path)].sum())
    return off <= instead * (1 + limits.stretch)


def _is_locally_optimal(arcs: Arcs, matrix: csr_array, path: _Ints, begin: int, end: int, reach: float) -> bool:
    """Whether every stretch of at most `reach` ticks is a fastest path.

    Up to the end of the plateau the path is one, and from its beginning on. So a stretch that is none holds the
    plateau; of such stretches only those within `reach` before its end and after its beginning are short enough, and
    all of these lie in one, which is looked at.
    """
    nodes = np.r_[arcs.tail[path[:1]], arcs.head[path]]
    gone = np.r_[0, np.cumsum(arcs.ticks[path])]
    first, last = int(np.flatnonzero(nodes == begin)[0]), int(np.flatnonzero(nodes == end)[0])
    low = int(np.flatnonzero((gone <= gone[last] - reach) | (np.arange(len(gone)) == 0))[-1])
    high = int(np.flatnonzero((gone >= gone[first] + reach) | (np.arange(len(gone)) == len(gone) - 1))[0])
    if low >= first or high <= last:
        return True
    stretch = int(gone[high] - gone[low])
    ticks = dijkstra(matrix, directed=True, indices=nodes[[low]], limit=float(stretch))
    return bool(ticks[0, nodes[high]] == stretch)
