"""Trees of fastest paths with ties broken by a rule, and the second nearest root of every node.

Dijkstra's algorithm (through SciPy) gives the ticks; which of several equally fast paths is meant is decided
afterwards, among the arcs that lie on one. So nothing depends on the order in which a heap gives its entries back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.routing.arcs import Arcs

__all__ = ["Tree", "fastest_tree", "second_roots", "walked"]

_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Fastest paths between every node and the nearest of some roots.

    Parameters
    ----------
    ticks : ndarray of int64, shape (n_nodes,)
        What the root itself takes included; 2^30 - 1 where no root is reached.
    root : ndarray of int64, shape (n_nodes,)
        Place of the nearest root in the list of roots, the first of equally near ones; -1 where none is reached.
    arc : ndarray of int64, shape (n_nodes,)
        The first arc towards the root (or the last one from it); -1 at roots and where none is reached.
    """

    ticks: _Ints
    root: _Ints
    arc: _Ints


@dataclass(frozen=True, slots=True)
class _Entries:
    """Nodes at which paths begin, with what they have taken so far and the root that this is of; one a node."""

    node: _Ints
    ticks: _Ints
    root: _Ints

    @classmethod
    def of(cls, node: _Ints, ticks: _Ints, root: _Ints) -> _Entries:
        """Keep of each node the entry of the fewest ticks, of those the one of the first root."""
        order = np.lexsort((root, ticks, node))
        order = order[np.r_[True, np.diff(node[order]) > 0]] if len(order) else order
        return cls(node[order], ticks[order], root[order])


def fastest_tree(arcs: Arcs, roots: NDArray[np.int64], root_ticks: NDArray[np.int64], *, towards: bool) -> Tree:
    """Find the fastest path between every node and the nearest root.

    Parameters
    ----------
    arcs : Arcs
    roots : ndarray of int64, shape (n_roots,)
        Nodes; several roots may stand at one.
    root_ticks : ndarray of int64, shape (n_roots,)
        What each root takes besides, such as its access leg.
    towards : bool
        Whether paths lead to the roots, or from them.

    Returns
    -------
    Tree

    Notes
    -----
    Of equally near roots the first in the list is taken; of equally fast paths to it the one that leaves the fewest
    junctions, then the one of the fewest pieces, then at each node the piece of the lowest index.

    References
    ----------
    Dijkstra, E. W. (1959). A note on two problems in connexion with graphs. Numerische Mathematik 1, 269-271.
    doi:10.1007/BF01386390 (through scipy.sparse.csgraph)
    """
    begin, end = (arcs.head, arcs.tail) if towards else (arcs.tail, arcs.head)
    n = arcs.n_nodes
    entries = _Entries.of(roots, root_ticks, np.arange(len(roots)))
    ticks, arc, entry = _least(n, begin, end, arcs.ticks, entries, entries.ticks)
    root, kept, entry = _first_roots(n, begin[arc], end[arc], entries, entry)
    arc = arc[kept]
    steps = arcs.leaves_junction[arc] * np.int64(n + 1) + 1  # junctions first, then pieces
    _, kept, _ = _least(n, begin[arc], end[arc], steps, entries, np.where(entry, 0, UNREACHABLE), limited=False)
    arc = arc[kept]
    arc = arc[np.lexsort((arcs.piece[arc], end[arc]))]
    node, first = np.unique(end[arc], return_index=True)
    chosen = np.full(n, -1, dtype=np.int64)
    chosen[node] = arc[first]
    return Tree(ticks=ticks, root=root, arc=chosen)


def second_roots(
    arcs: Arcs, tree: Tree, roots: NDArray[np.int64], root_ticks: NDArray[np.int64], *, towards: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find for every node the nearest root that is not the nearest of all.

    Parameters
    ----------
    arcs : Arcs
    tree : Tree
        Of the same roots and direction.
    roots, root_ticks, towards
        As in `fastest_tree`.

    Returns
    -------
    ticks : ndarray of int64, shape (n_nodes,)
        2^30 - 1 where no second root is reached.
    root : ndarray of int64, shape (n_nodes,)
        The first of equally near ones; -1 where there is none.

    Notes
    -----
    The path to a second root runs through nodes of the same nearest root up to the first that has another one, and from
    there along the tree. So it is one more run, over arcs within the areas of the roots, entered where areas meet.
    """
    begin, end = (arcs.head, arcs.tail) if towards else (arcs.tail, arcs.head)
    known = (tree.root[begin] >= 0) & (tree.root[end] >= 0)
    meets = known & (tree.root[begin] != tree.root[end])
    inside = known & ~meets
    other = np.flatnonzero(tree.root[roots] != np.arange(len(roots))) if len(roots) else np.zeros(0, dtype=np.int64)
    entries = _Entries.of(
        np.r_[end[meets], roots[other]],
        np.r_[tree.ticks[begin[meets]] + arcs.ticks[meets], root_ticks[other]],
        np.r_[tree.root[begin[meets]], other],
    )
    begin, end = begin[inside], end[inside]
    ticks, arc, entry = _least(arcs.n_nodes, begin, end, arcs.ticks[inside], entries, entries.ticks)
    root, _, _ = _first_roots(arcs.n_nodes, begin[arc], end[arc], entries, entry)
    return ticks, root


def _first_roots(
    n: int, begin: _Ints, end: _Ints, entries: _Entries, entry: NDArray[np.bool_]
) -> tuple[_Ints, _Ints, NDArray[np.bool_]]:
    """Carry the first of the roots along arcs that lie on fastest paths.

    Returns
    -------
    root : ndarray of int64, shape (n,)
    arc : ndarray of int64
        The arcs that lie on a fastest path to the first root.
    entry : ndarray of bool, shape (n_entries,)
        The entries at which such a path begins.
    """
    # what is added up along a path is the place of its root, once, and zeros
    cost = np.where(entry, entries.root, UNREACHABLE)
    root, arc, entry = _least(n, begin, end, np.zeros(len(begin), dtype=np.int64), entries, cost)
    return np.where(root < UNREACHABLE, root, -1), arc, entry


def _least(
    n: int, begin: _Ints, end: _Ints, cost: _Ints, entries: _Entries, entry_cost: _Ints, *, limited: bool = True
) -> tuple[_Ints, _Ints, NDArray[np.bool_]]:
    """Run Dijkstra's algorithm from the entries.

    Returns
    -------
    least : ndarray of int64, shape (n,)
        2^30 - 1 where nothing leads.
    arc : ndarray of int64
        The arcs that lie on a least path.
    entry : ndarray of bool, shape (n_entries,)
        The entries at which a least path begins.
    """
    used = entry_cost < UNREACHABLE
    rows = np.r_[begin, np.full(int(used.sum()), n)]
    columns, data = np.r_[end, entries.node[used]], np.r_[cost, entry_cost[used]].astype(np.float64)
    matrix = csr_array((data, (rows.astype(np.int32), columns.astype(np.int32))), shape=(n + 1, n + 1))
    limit = UNREACHABLE - 1.0 if limited else np.inf
    found = dijkstra(matrix, directed=True, indices=np.array([n]), limit=limit)[0, :n]
    there = np.isfinite(found)
    least = np.where(there, found, 2.0**62).astype(np.int64)
    arc = np.flatnonzero(there[begin] & (least[begin] + cost == least[end]))
    entry = used & (least[entries.node] == entry_cost)
    return np.where(there, least, UNREACHABLE), arc, entry


def walked(tree: Tree, arcs: Arcs, start: NDArray[np.int64], *, towards: bool) -> tuple[_Ints, _Ints]:
    """Follow the tree from some nodes to their roots, all of them a step at a time.

    Parameters
    ----------
    tree : Tree
    arcs : Arcs
    start : ndarray of int64, shape (n,)
        Nodes; -1 for none.
    towards : bool
        As the tree was made.

    Returns
    -------
    first : ndarray of int64, shape (n + 1,)
        The path of ``start[k]`` is ``arc[first[k]:first[k + 1]]``.
    arc : ndarray of int64, shape (n_steps,)
        In the direction of driving.
    """
    next_node = arcs.head if towards else arcs.tail
    owners, steps = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    owner = np.flatnonzero(start >= 0)
    at = start[owner]
    while len(owner):
        arc = tree.arc[at]
        goes = arc >= 0
        owner, arc = owner[goes], arc[goes]
        owners.append(owner)
        steps.append(arc)
        at = next_node[arc]
    of = np.concatenate(owners)
    order = np.argsort(of, kind="stable")
    path = np.concatenate(steps)[order]
    first = np.r_[0, np.cumsum(np.bincount(of, minlength=len(start)))].astype(np.int64)
    if not towards and len(path):
        # found from the end to the beginning: turn each path round
        size = np.repeat(np.diff(first), np.diff(first))
        place = np.arange(len(path)) - np.repeat(first[:-1], np.diff(first))
        path = path[np.repeat(first[:-1], np.diff(first)) + size - 1 - place]
    return first, path
