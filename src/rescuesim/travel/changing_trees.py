"""ChangingTrees: shortest-path trees on arcs whose ticks change from state to state, each made from the one before.

States of damaged roads follow each other in hundreds and differ in a few arcs. A tree is carried from one to the next:
only what hangs on arcs that got slower, and what arcs that got faster bring nearer, is searched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.trees import compiled_trees

__all__ = ["FARTHEST", "ChangingTrees", "GrownTree", "grow_plainly"]

FARTHEST = UNREACHABLE - 1  # ticks: what is farther counts as cut off, as everywhere in travel times


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GrownTree:
    """The tree of a node in one state.

    Parameters
    ----------
    ticks : ndarray of int32, shape (n_arcs,)
        Of the state.
    found : ndarray of int32, shape (n_nodes,)
        2^30 - 1 where cut off; to be read only.
    via : ndarray of int32, shape (n_nodes,)
        An arc by which a shortest path enters each node; -1 for the origin and what is cut off.
    limit : int
    """

    ticks: NDArray[np.int32]
    found: NDArray[np.int32]
    via: NDArray[np.int32]
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChangingTrees:
    """Arcs, listed by the node that they leave.

    Parameters
    ----------
    n_nodes : int
    first_out : ndarray of int64, shape (n_nodes + 1,)
    tail, head : ndarray of int32, shape (n_arcs,)
    first_in : ndarray of int64, shape (n_nodes + 1,)
    arc_in : ndarray of int32, shape (n_arcs,)
    arc_of : ndarray of int64, shape (n_arcs,)
        Where each arc stands that was given.
    compiled : bool
        Whether kernels are used.

    Examples
    --------
    >>> trees = ChangingTrees.of(np.array([0, 1, 0]), np.array([1, 2, 2]), 3)
    >>> ticks = trees.in_order(np.array([10, 10, 50]))
    >>> tree = trees.grown(0, ticks)
    >>> tree.found.tolist(), trees.regrown(tree, trees.in_order(np.array([10, 90, 50]))).found.tolist()
    ([0, 10, 20], [0, 10, 50])
    """

    n_nodes: int
    first_out: NDArray[np.int64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    first_in: NDArray[np.int64]
    arc_in: NDArray[np.int32]
    arc_of: NDArray[np.int64]
    compiled: bool
    _heap: NDArray[np.int64] = field(repr=False)

    @classmethod
    def of(
        cls, tail: NDArray[np.integer], head: NDArray[np.integer], n_nodes: int, *, compiled: bool | None = None
    ) -> ChangingTrees:
        """Put arcs in the order of their tails, then of their heads.

        Parameters
        ----------
        tail, head : ndarray of int, shape (n_arcs,)
        n_nodes : int
        compiled : bool, optional
            Kernels where numba is installed, if absent.
        """
        order = np.lexsort((head, tail))
        arc_of = np.empty(len(order), dtype=np.int64)
        arc_of[order] = np.arange(len(order))
        first_out, first_in = (
            np.r_[0, np.cumsum(np.bincount(ends, minlength=n_nodes))].astype(np.int64) for ends in (tail, head)
        )
        return cls(
            n_nodes=n_nodes,
            first_out=first_out,
            tail=tail[order].astype(np.int32),
            head=head[order].astype(np.int32),
            first_in=first_in,
            arc_in=np.argsort(head[order], kind="stable").astype(np.int32),
            arc_of=arc_of,
            compiled=compiled_trees() if compiled is None else compiled,
            _heap=np.empty(2 * len(order) + n_nodes + 1, dtype=np.int64),
        )

    def in_order(self, ticks: NDArray[np.integer]) -> NDArray[np.int32]:
        """Put the ticks of the arcs that were given into the order of the arcs here."""
        made = np.empty(len(ticks), dtype=np.int32)
        made[self.arc_of] = ticks
        return made

    def grown(self, node: int, ticks: NDArray[np.int32], *, limit: int = FARTHEST) -> GrownTree:
        """Search from a node; of equal paths the one found first, so that a state always has the same tree."""
        found = np.full(self.n_nodes, UNREACHABLE, dtype=np.int32)
        via = np.full(self.n_nodes, -1, dtype=np.int32)
        if self.compiled:
            from rescuesim.travel.tree_kernels import grow_tree

            settled = np.empty(self.n_nodes, dtype=np.int32)
            grow_tree(self.first_out, self.head, ticks, node, limit, self._heap, found, via, settled)
        else:
            grow_plainly(self.first_out, self.head, ticks, node, limit, found, via)
        return GrownTree(ticks=ticks, found=found, via=via, limit=limit)

    def regrown(self, tree: GrownTree, ticks: NDArray[np.int32]) -> GrownTree:
        """Carry a tree over to another state.

        Returns
        -------
        GrownTree
            Its ticks to all nodes are those of the state; of equal paths it may keep another one than a new search.
            The same array of ticks where nothing changes.
        """
        if not self.compiled:
            return self._searched_again(tree, ticks)
        from rescuesim.travel.tree_kernels import regrow_tree

        found, via = tree.found.copy(), tree.via.copy()
        changed = regrow_tree(
            self.first_out,
            self.tail,
            self.head,
            self.first_in,
            self.arc_in,
            tree.ticks,
            ticks,
            tree.limit,
            self._heap,
            found,
            via,
            np.zeros(self.n_nodes, dtype=np.bool_),
            np.empty(self.n_nodes, dtype=np.int32),
        )
        if not changed:
            return GrownTree(ticks=ticks, found=tree.found, via=tree.via, limit=tree.limit)
        return GrownTree(ticks=ticks, found=found, via=via, limit=tree.limit)

    def _searched_again(self, tree: GrownTree, ticks: NDArray[np.int32]) -> GrownTree:
        origin = int(np.flatnonzero((tree.found == 0) & (tree.via < 0))[0])
        made = self.grown(origin, ticks, limit=tree.limit)
        if np.array_equal(made.found, tree.found):
            return GrownTree(ticks=ticks, found=tree.found, via=made.via, limit=tree.limit)
        return made


def grow_plainly(
    first_out: NDArray[np.int64],
    head: NDArray[np.int32],
    ticks: NDArray[np.int32],
    origin: int,
    limit: int,
    found: NDArray[np.int32],
    via: NDArray[np.int32],
) -> None:
    """Do what `grow_tree` does where kernels cannot be had: the same ticks and the same arcs, slowly."""
    found[origin] = 0
    queue = [(0, origin)]
    while queue:
        here, node = heappop(queue)
        if found[node] != here:
            continue
        for arc in range(int(first_out[node]), int(first_out[node + 1])):
            there, to = here + int(ticks[arc]), int(head[arc])
            if there <= limit and there < found[to]:
                found[to], via[to] = there, arc
                heappush(queue, (there, to))
