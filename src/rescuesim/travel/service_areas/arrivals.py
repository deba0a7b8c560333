"""Earliest arrivals: one bounded Dijkstra for each group of sites, access legs at the start counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim.travel.service_areas.drivable import DrivableRoads

__all__ = ["Arrivals", "earliest_arrivals"]

_NUMBERS_AT_ONCE = 1_000_000  # SciPy returns dense rows over all nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Nodes that groups of sites reach, by group and node.

    Parameters
    ----------
    group, node : ndarray of int64, shape (n_arrivals,)
    ticks : ndarray of int64, shape (n_arrivals,)
        Free time from the first site that gets there, its access leg included, start-up loss not.
    driven_m : ndarray of float64, shape (n_arrivals,)
        Metres of road on that way.
    first_group, end_group : int
        Of the groups that were searched, also those that reach nothing; the end does not belong to them.
    """

    group: NDArray[np.int64]
    node: NDArray[np.int64]
    ticks: NDArray[np.int64]
    driven_m: NDArray[np.float64]
    first_group: int
    end_group: int

    def within(self, limit: NDArray[np.int64]) -> Arrivals:
        """Keep what is reached within the limits of the groups; `limit` of shape (n_groups,)."""
        return self._take(np.flatnonzero(self.ticks <= limit[self.group]))

    def of(self, group: int) -> Arrivals:
        """Keep what one group reaches."""
        return self._take(np.arange(*np.searchsorted(self.group, [group, group + 1])))

    def _take(self, which: NDArray[np.int64]) -> Arrivals:
        return replace(
            self,
            group=self.group[which],
            node=self.node[which],
            ticks=self.ticks[which],
            driven_m=self.driven_m[which],
        )


def earliest_arrivals(
    roads: DrivableRoads,
    groups: Sequence[NDArray[np.int64]],
    access_ticks: NDArray[np.int32],
    limit: NDArray[np.int64],
) -> Iterator[Arrivals]:
    """Find the nodes that each group of sites reaches within its limit.

    Parameters
    ----------
    roads : DrivableRoads
    groups : sequence of ndarray of int64
        Sites of each group, all on open roads; the first of them to arrive counts.
    access_ticks : ndarray of int32, shape (n_sites,)
    limit : ndarray of int64, shape (n_groups,)
        Free ticks; where negative, nothing is reached.

    Yields
    ------
    Arrivals
        Of some groups at a time, in their order.

    Notes
    -----
    Each group is a node of its own whose arcs lead to its sites and take the time of their access legs, so that one
    run serves all of them; O(reached pieces x log) a group.
    """
    n_nodes, n_groups = roads.graph.n_nodes, len(groups)
    matrix = _with_starts(roads, groups, access_ticks)
    at_once = max(_NUMBERS_AT_ONCE // (n_nodes + n_groups), 1)
    for first in range(0, n_groups, at_once):
        yield _some_arrivals(roads, matrix, np.arange(first, min(first + at_once, n_groups)), limit)


def _with_starts(roads: DrivableRoads, groups: Sequence[NDArray[np.int64]], access: NDArray[np.int32]) -> csr_array:
    """Add a node for each group, with arcs to the nodes of its sites."""
    head, ticks, counts = [roads.matrix.indices], [roads.matrix.data], []
    for sites in groups:
        nodes, which = np.unique(roads.graph.point_node[sites], return_inverse=True)
        least = np.full(len(nodes), np.inf)
        np.minimum.at(least, which, access[sites].astype(np.float64))
        head.append(nodes.astype(np.int32))
        ticks.append(least)
        counts.append(len(nodes))
    first = roads.matrix.indptr
    indptr = np.r_[first, first[-1] + np.cumsum(counts, dtype=np.int64)].astype(np.int32)
    size = roads.graph.n_nodes + len(groups)
    return csr_array((np.concatenate(ticks), np.concatenate(head), indptr), shape=(size, size))


def _some_arrivals(
    roads: DrivableRoads, matrix: csr_array, groups: NDArray[np.int64], limit: NDArray[np.int64]
) -> Arrivals:
    n_nodes, most = roads.graph.n_nodes, float(max(limit[groups].max(), 0))
    ticks, before = dijkstra(matrix, indices=n_nodes + groups, limit=most, return_predecessors=True)
    row, node = np.nonzero(ticks[:, :n_nodes] <= limit[groups, None])
    came_from = before[row, node].astype(np.int64)
    is_start = came_from >= n_nodes
    place = np.zeros((len(groups), n_nodes), dtype=np.int32)
    place[row, node] = np.arange(len(row))
    parent = np.where(is_start, np.arange(len(row)), place[row, np.where(is_start, 0, came_from)])
    step = np.zeros(len(row))
    step[~is_start] = _metres_between(roads, came_from[~is_start], node[~is_start])
    return Arrivals(
        group=groups[row],
        node=node,
        ticks=ticks[row, node].astype(np.int64),
        driven_m=_sums_to_root(parent, step),
        first_group=int(groups[0]),
        end_group=int(groups[-1]) + 1,
    )


def _metres_between(roads: DrivableRoads, tail: NDArray[np.int64], head: NDArray[np.int64]) -> NDArray[np.float64]:
    n_nodes = roads.graph.n_nodes
    key = np.repeat(np.arange(n_nodes), np.diff(roads.matrix.indptr)) * n_nodes + roads.matrix.indices
    return roads.matrix_m[np.searchsorted(key, tail * n_nodes + head)]


def _sums_to_root(parent: NDArray[np.int64], step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up the steps from each entry of a forest to its root, which is its own parent and has no step.

    Each round doubles the reach: O(n log depth).
    """
    total = step.copy()
    while True:
        total = total + total[parent]
        farther = parent[parent]
        if np.array_equal(farther, parent):
            return total
        parent = farther
