"""Symbolic elimination: which shortcut arcs an order leaves, and the tree that they hang on.

Nodes are eliminated one after the other; the later neighbours of a node become neighbours of each other. What is left
are the upper arcs of each node, to nodes that come later. The lowest upper neighbour is the parent in the elimination
tree, and all upper neighbours are ancestors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.travel.compiled import compiled

__all__ = ["Elimination", "eliminate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Elimination:
    """Upper arcs and elimination tree, by rank.

    Ranks are a postorder of the tree: the subtree of rank k is ``k - subtree_size[k] + 1`` to k. A graph in several
    parts has as many trees.

    Parameters
    ----------
    rank : ndarray of int32, shape (n_nodes,)
        Of each node.
    first : ndarray of int64, shape (n_nodes + 1,)
    head : ndarray of int32, shape (n_arcs,)
        The upper neighbours of rank k are ``head[first[k]:first[k + 1]]``, ascending.
    parent : ndarray of int32, shape (n_nodes,)
        The lowest upper neighbour; -1 at roots.
    subtree_size : ndarray of int32, shape (n_nodes,)
        Nodes of the subtree, its own root included.
    depth : ndarray of int32, shape (n_nodes,)
        Number of ancestors.
    """

    rank: NDArray[np.int32]
    first: NDArray[np.int64]
    head: NDArray[np.int32]
    parent: NDArray[np.int32]
    subtree_size: NDArray[np.int32]
    depth: NDArray[np.int32]

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.rank)

    @property
    def n_arcs(self) -> int:
        """Number of upper arcs, those of the graph and the shortcuts."""
        return len(self.head)

    @property
    def n_triangles(self) -> int:
        """Number of pairs of upper neighbours: what there is to relax when weights change."""
        upper = np.diff(self.first)
        return int((upper * (upper - 1) // 2).sum())

    @property
    def order(self) -> NDArray[np.int32]:
        """Node of each rank; int32, shape (n_nodes,)."""
        order = np.empty(self.n_nodes, dtype=np.int32)
        order[self.rank] = np.arange(self.n_nodes, dtype=np.int32)
        return order

    def arcs_above(self) -> NDArray[np.int64]:
        """Count the upper arcs of each rank and of all its ancestors: what a search from there looks at.

        Returns
        -------
        ndarray of int64, shape (n_nodes,)
        """
        return _arcs_above(self.first, self.parent)


def eliminate(n_nodes: int, tail: NDArray[np.int32], head: NDArray[np.int32], order: NDArray[np.int32]) -> Elimination:
    """Eliminate the nodes of a graph in an order.

    Parameters
    ----------
    n_nodes : int
    tail, head : ndarray of int32, shape (n_given_arcs,)
        Directions do not matter; parallel arcs and self loops may stand.
    order : ndarray of int32, shape (n_nodes,)
        ``order[k]`` is the node to eliminate k-th. Where subtrees are not contiguous in it, ranks differ from it, but
        the arcs are the same.

    Returns
    -------
    Elimination

    Raises
    ------
    InputError
        If the order is not one of all nodes, or an arc ends outside of the graph.

    Notes
    -----
    Time and memory are proportional to the arcs, given and returned. A node has an arc to rank i where it lies, in the
    elimination tree, between a lower neighbour of i and i.

    Examples
    --------
    A square, corner by corner; eliminating the first corner joins its neighbours:

    >>> square = eliminate(4, np.array([0, 1, 2, 3]), np.array([1, 2, 3, 0]), np.array([0, 1, 2, 3]))
    >>> [square.head[low:high].tolist() for low, high in zip(square.first, square.first[1:])]
    [[1, 3], [2, 3], [3], []]

    References
    ----------
    Liu, J. W. H. (1990). The role of elimination trees in sparse factorization. SIAM Journal on Matrix Analysis and
    Applications 11(1), 134-172. doi:10.1137/0611010

    Dibbelt, J., Strasser, B., & Wagner, D. (2016). Customizable contraction hierarchies. ACM Journal of Experimental
    Algorithmics 21, 1.5. doi:10.1145/2886843
    """
    tail, head = np.asarray(tail, dtype=np.int32), np.asarray(head, dtype=np.int32)
    ends = np.r_[tail, head]
    if ends.size and not 0 <= ends.min() <= ends.max() < n_nodes:
        raise InputError(f"arcs end at nodes {ends.min()} to {ends.max()}, expected 0 to {n_nodes - 1}")
    order = np.asarray(order, dtype=np.int32)
    if len(order) != n_nodes or not np.array_equal(np.sort(order), np.arange(n_nodes)):
        raise InputError(f"order of {len(order)} nodes, expected each of the {n_nodes} nodes once")
    rank = np.empty(n_nodes, dtype=np.int32)
    rank[order] = np.arange(n_nodes, dtype=np.int32)
    first_lower, lower = _lower_neighbours(n_nodes, rank[tail], rank[head])
    parent = _elimination_tree(first_lower, lower)
    place = _postorder(parent)

    rank = place[rank]
    first_lower, lower = _lower_neighbours(n_nodes, rank[tail], rank[head])
    moved = np.full(n_nodes, -1, dtype=np.int32)
    moved[place] = np.where(parent >= 0, place[parent], -1)
    first, upper = _upper_arcs(first_lower, lower, moved)
    size, depth = _sizes_and_depths(moved)
    return Elimination(rank=rank, first=first, head=upper, parent=moved, subtree_size=size, depth=depth)


@compiled
def _lower_neighbours(
    n_nodes: int, tail: NDArray[np.int32], head: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """List the lower neighbours of each rank, parallel ones as often as they stand."""
    first = np.zeros(n_nodes + 1, dtype=np.int64)
    for arc in range(len(tail)):
        if tail[arc] != head[arc]:
            first[max(tail[arc], head[arc]) + 1] += 1
    for k in range(n_nodes):
        first[k + 1] += first[k]
    filled = first[:-1].copy()
    lower = np.empty(first[n_nodes], dtype=np.int32)
    for arc in range(len(tail)):
        if tail[arc] != head[arc]:
            high = max(tail[arc], head[arc])
            lower[filled[high]] = min(tail[arc], head[arc])
            filled[high] += 1
    return first, lower


@compiled
def _elimination_tree(first_lower: NDArray[np.int64], lower: NDArray[np.int32]) -> NDArray[np.int32]:
    """Find the parent of each rank: the next one that a path through lower ranks leads to."""
    n_nodes = len(first_lower) - 1
    parent = np.full(n_nodes, -1, dtype=np.int32)
    shortcut = np.full(n_nodes, -1, dtype=np.int32)  # an ancestor, to climb in few steps
    for k in range(n_nodes):
        for arc in range(first_lower[k], first_lower[k + 1]):
            at = lower[arc]
            while at != k:
                above = shortcut[at]
                shortcut[at] = k
                if above == -1:
                    parent[at] = k
                    break
                at = above
    return parent


@compiled
def _postorder(parent: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give each node of the tree a number: subtrees contiguous, children in the order in which they stood."""
    n_nodes = len(parent)
    first_child = np.full(n_nodes, -1, dtype=np.int32)
    sibling = np.full(n_nodes, -1, dtype=np.int32)
    for k in range(n_nodes - 1, -1, -1):
        if parent[k] >= 0:
            sibling[k] = first_child[parent[k]]
            first_child[parent[k]] = k
    place = np.empty(n_nodes, dtype=np.int32)
    count = 0
    for root in range(n_nodes):
        if parent[root] >= 0:
            continue
        at = root
        while at >= 0:
            while first_child[at] >= 0:
                at = first_child[at]
            # done with `at`: to the next sibling, or up to the first ancestor that has one
            while at >= 0:
                place[at] = count
                count += 1
                if sibling[at] >= 0:
                    at = sibling[at]
                    break
                at = parent[at]
    return place


@compiled
def _upper_arcs(
    first_lower: NDArray[np.int64], lower: NDArray[np.int32], parent: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """List the upper neighbours of each rank, ascending: counted first, then filled."""
    n_nodes = len(parent)
    first = np.zeros(n_nodes + 1, dtype=np.int64)
    seen = np.full(n_nodes, -1, dtype=np.int32)
    for k in range(n_nodes):
        seen[k] = k
        for arc in range(first_lower[k], first_lower[k + 1]):
            at = lower[arc]
            while seen[at] != k:
                seen[at] = k
                first[at + 1] += 1
                at = parent[at]
    for k in range(n_nodes):
        first[k + 1] += first[k]
    head = np.empty(first[n_nodes], dtype=np.int32)
    filled = first[:-1].copy()
    seen[:] = -1
    for k in range(n_nodes):
        seen[k] = k
        for arc in range(first_lower[k], first_lower[k + 1]):
            at = lower[arc]
            while seen[at] != k:
                seen[at] = k
                head[filled[at]] = k
                filled[at] += 1
                at = parent[at]
    return first, head


@compiled
def _sizes_and_depths(parent: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Count the nodes of each subtree and the ancestors of each rank."""
    n_nodes = len(parent)
    size = np.ones(n_nodes, dtype=np.int32)
    depth = np.zeros(n_nodes, dtype=np.int32)
    for k in range(n_nodes):
        if parent[k] >= 0:
            size[parent[k]] += size[k]
    for k in range(n_nodes - 1, -1, -1):
        if parent[k] >= 0:
            depth[k] = depth[parent[k]] + 1
    return size, depth


@compiled
def _arcs_above(first: NDArray[np.int64], parent: NDArray[np.int32]) -> NDArray[np.int64]:
    """Sum the upper arcs from each rank to its root."""
    n_nodes = len(parent)
    arcs = np.zeros(n_nodes, dtype=np.int64)
    for k in range(n_nodes - 1, -1, -1):
        arcs[k] = first[k + 1] - first[k]
        if parent[k] >= 0:
            arcs[k] += arcs[parent[k]]
    return arcs
