"""Which closures must be open for people to be covered again: a few of the cheapest ways for each group of them.

A point is back when all closures on one of its ways are open, so people belong to sets of closures, not to single ones.
There are too many ways to list; a few are found by searches in which an hour of work costs more and more of the drive:
from the fastest way of all, through those that cross less, to the one that takes the least work.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim.disruption.repair.covered_people import PeopleCovered
from rescuesim.disruption.repair.damaged_roads import SHUT, DamagedRoads, Slowed
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE

__all__ = ["PeopleBehind", "WorkTrees", "people_behind"]

# seconds of drive that a second of work is worth; from nearly none, where the fastest way counts, to all of it
_WORTH = (1e-6, 1e-3, 1e-2, 0.1, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleBehind:
    """People who are covered again when all closures of one of some sets are open.

    Parameters
    ----------
    people : float
    ways : tuple of frozenset of int
        Damages; none of the sets holds another.
    """

    people: float
    ways: tuple[frozenset[int], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorkTrees:
    """Cheapest ways from a node to all, on roads whose closures can be crossed at the cost of their work.

    Parameters
    ----------
    roads : DamagedRoads
    ticks : ndarray of float64, shape (n_arcs,)
        Drive on each arc, as if its closures were open; ``inf`` where nobody can open it.
    hits : dict of int to tuple of int
        All closures on each arc.
    work : ndarray of float64, shape (n_arcs,)
        Seconds of work on each arc; of a closure, its share of all the work.
    """

    roads: DamagedRoads
    ticks: NDArray[np.float64]
    hits: dict[int, tuple[int, ...]]
    work: NDArray[np.float64]

    @classmethod
    def of(cls, roads: DamagedRoads, levels: bytes, slowed: Slowed, left_s: Sequence[float]) -> WorkTrees:
        """Put the work that is left on the arcs of a state.

        Parameters
        ----------
        roads : DamagedRoads
        levels, slowed
            As in `DamagedRoads.ticks_in`.
        left_s : sequence of float
            Seconds of work until each damage is passable; ``inf`` where nobody can open it.
        """
        opened = bytes(level if level != SHUT else 0 for level in levels)
        now = roads.ticks_in(opened, slowed)
        ticks = np.where(now < UNREACHABLE, now / TICKS_PER_SECOND, np.inf)
        work, hits = np.zeros(len(ticks)), dict[int, tuple[int, ...]]()
        for number, level in enumerate(levels):
            if level == SHUT:
                arcs = roads.arcs_of(number)
                # a way takes all pieces of a closure in one direction
                work[arcs] += left_s[number] / max(len(arcs) / 2, 1)
                for arc in arcs.tolist():
                    hits[arc] = (*hits.get(arc, ()), number)
        ticks[np.isinf(work)] = np.inf
        work[np.isinf(work)] = 0.0
        return cls(roads=roads, ticks=ticks, hits=hits, work=work)

    def from_node(self, node: int, worth: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Search from a node, where a second of work costs so many seconds of drive.

        Returns
        -------
        reached : ndarray of float64, shape (n_nodes,)
            Seconds; ``inf`` where cut off for good.
        entered : ndarray of int64, shape (n_nodes,)
            Arc of the cheapest way to each node; -1 for the origin and what is cut off.
        """
        trees = self.roads.trees
        cost = self.ticks + worth * self.work
        shape = trees.n_nodes, trees.n_nodes
        matrix = csr_array((cost, trees.head, trees.first_out.astype(np.int32)), shape=shape)
        rows = dijkstra(matrix, indices=np.array([node]), return_predecessors=True)
        reached, before = rows[0][0], rows[1][0]
        entered = np.full(trees.n_nodes, -1, dtype=np.int64)
        by = np.flatnonzero((before[trees.head] == trees.tail) & (reached[trees.tail] + cost <= reached[trees.head]))
        entered[trees.head[by[::-1]]] = by[::-1]
        return reached, entered

    def way(self, node: int, entered: NDArray[np.int64]) -> tuple[float, frozenset[int]]:
        """Return the seconds of drive to a node, and the closures on the way."""
        drive, crossed, at = 0.0, set[int](), node
        while entered[at] >= 0:
            arc = int(entered[at])
            drive += float(self.ticks[arc])
            crossed.update(self.hits.get(arc, ()))
            at = int(self.roads.trees.tail[arc])
        return drive, frozenset(crossed)


def people_behind(
    people: PeopleCovered, levels: bytes, slowed: Slowed, left_s: Sequence[float]
) -> tuple[PeopleBehind, ...]:
    """Find for everybody who is not covered now the sets of closures that bring cover back.

    Parameters
    ----------
    people : PeopleCovered
    levels, slowed
        The roads now.
    left_s : sequence of float
        Seconds of work until each damage is passable; ``inf`` where nobody can open it.

    Returns
    -------
    tuple of PeopleBehind
        Those with the same sets together; who can be brought back by no way that was found is left out.

    References
    ----------
    Aksu, D. T., & Ozdamar, L. (2014). A mathematical model for post-disaster road restoration: enabling accessibility
    and evacuation. Transportation Research Part E 61, 56-67 (paths of closures, listed before the model is solved).
    """
    covered = (people.ticks(levels, slowed, within_limits=True) <= people.most).any(axis=0)
    wanted = np.flatnonzero(~covered & (people.people > 0) & (people.point_node >= 0)).tolist()
    own: dict[int, set[int]] = {}
    for number, point in people.on_part.tolist():
        if levels[number] == SHUT:
            own.setdefault(point, set()).add(number)
    trees = WorkTrees.of(people.roads, levels, slowed, left_s)
    found: dict[int, set[frozenset[int]]] = {point: set() for point in wanted}
    for group, most in enumerate(people.most):
        for worth in _WORTH:
            reached, entered = trees.from_node(people.roads.graph.n_nodes + group, worth)
            for point in wanted:
                node = int(people.point_node[point])
                if not math.isfinite(reached[node]):
                    continue
                drive, crossed = trees.way(node, entered)
                if drive * TICKS_PER_SECOND + float(people.point_access[point]) <= float(most[point]) + 0.5:
                    found[point].add(crossed | own.get(point, set()))
    together: dict[tuple[frozenset[int], ...], float] = {}
    for point, ways in found.items():
        least = sorted((way for way in ways if not any(other < way for other in ways)), key=sorted)
        able = tuple(way for way in least if all(math.isfinite(left_s[number]) for number in way))
        if able:
            together[able] = together.get(able, 0.0) + float(people.people[point])
    return tuple(PeopleBehind(people=total, ways=ways) for ways, total in together.items())
