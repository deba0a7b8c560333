"""Rules by which crews choose what to mend next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim._defaults import defaults_under
from rescuesim.disruption.repair.choosing import Candidate, Situation
from rescuesim.disruption.repair.covered_people import PeopleCovered
from rescuesim.disruption.repair.damaged_roads import OPEN, SHUT, Slowed
from rescuesim.network import RoadNetwork
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE

_LEAST_H = 1e-9  # no division by 0 where the crew stands there and nothing is left to do

__all__ = ["ByOrder", "IsolatedFirst", "MostPeople", "NearestFirst", "TrunkFirst", "class_ranks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByOrder:
    """Takes what stands first in a list; of the crews that could, the one that is there first.

    Parameters
    ----------
    rank : tuple of int
        Place in the list of each job.
    """

    rank: tuple[int, ...]

    @classmethod
    def of(cls, order: Sequence[int]) -> ByOrder:
        """Take the jobs as they stand in a list."""
        rank = [0] * len(order)
        for place, job in enumerate(order):
            rank[job] = place
        return cls(rank=tuple(rank))

    @property
    def looks_at_work(self) -> bool:
        """See `Rule`."""
        return False

    @property
    def looks_ahead(self) -> bool:
        """See `Rule`."""
        return False

    def __call__(self, candidate: Candidate, situation: Situation) -> tuple[float, ...]:
        """See `Rule`."""
        return (self.rank[candidate.job],)


class NearestFirst:
    """Takes what a crew reaches first."""

    @property
    def looks_at_work(self) -> bool:
        """See `Rule`."""
        return False

    @property
    def looks_ahead(self) -> bool:
        """See `Rule`."""
        return False

    def __call__(self, candidate: Candidate, situation: Situation) -> tuple[float, ...]:
        """See `Rule`."""
        return (candidate.arrives_s,)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkFirst:
    """Takes the road of the highest class, of those the nearest; what can wait goes last, whatever its class.

    What can wait: a road that vehicles get around in little time (a detour), and a job that the crew, with those who
    are there, cannot finish before the horizon, such as a trunk road washed out over a long stretch.

    Parameters
    ----------
    rank : tuple of int
        Of each job's road, 0 for the highest class.
    detour_s : float
        More than this to the other side of a damage is no detour.
    """

    rank: tuple[int, ...]
    detour_s: float

    @property
    def looks_at_work(self) -> bool:
        """See `Rule`."""
        return False

    @property
    def looks_ahead(self) -> bool:
        """See `Rule`."""
        return True

    def __call__(self, candidate: Candidate, situation: Situation) -> tuple[float, ...]:
        """See `Rule`."""
        can_wait = candidate.done_s == math.inf or abs(candidate.around_s) <= self.detour_s
        return float(can_wait), self.rank[candidate.job], candidate.arrives_s


def class_ranks(network: RoadNetwork, roads: Sequence[int]) -> tuple[int, ...]:
    """Return the rank of the class of each road, 0 for the highest; links rank as what they link."""
    order = {name: place for place, name in enumerate(defaults_under("speed_kph"))}
    class_of = dict(zip(network.road.tolist(), network.road_class.tolist(), strict=True))
    return tuple(order.get(class_of[road].removesuffix("_link"), len(order)) for road in roads)


@dataclass(frozen=True, slots=True, kw_only=True)
class MostPeople:
    """Takes what brings most people back for each hour until it is open, travel included.

    Where people are cut off behind several damages, each damage on the way out that takes the least work counts all of
    them, over the work of the whole way. People who are not cut off but not covered count where this damage alone
    brings them back within their limit.

    Parameters
    ----------
    people : PeopleCovered
    weight : ndarray of float64, shape (n_demand,)
        Of those cut off.
    """

    people: PeopleCovered
    weight: NDArray[np.float64]
    _gained: dict[tuple[bytes, Slowed, int], float] = field(default_factory=dict, init=False, repr=False, compare=False)
    _ways: dict[Situation, list[tuple[float, float, tuple[int, ...]]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def looks_at_work(self) -> bool:
        """See `Rule`."""
        return True

    @property
    def looks_ahead(self) -> bool:
        """See `Rule`."""
        return False

    def __call__(self, candidate: Candidate, situation: Situation) -> tuple[float, ...]:
        """See `Rule`."""
        job, now = candidate.job, situation
        key = now.levels, now.slowed, job
        travel_h = (candidate.arrives_s - now.at_s) / 3600
        if key not in self._gained:
            levels = bytearray(now.levels)
            levels[job] = OPEN
            before, after = (self.people.covered(some, now.slowed) for some in (now.levels, bytes(levels)))
            self._gained[key] = after - before
        per_hour = self._gained[key] / max(travel_h + now.left_s[job] / 3600, _LEAST_H)
        for weight, hours, damages in self._ways_out(now):
            if job in damages:
                per_hour += weight / max(travel_h + hours, _LEAST_H)
        return (-per_hour,)

    def _ways_out(self, now: Situation) -> list[tuple[float, float, tuple[int, ...]]]:
        if now not in self._ways:
            self._ways.clear()
            self._ways[now] = ways_out(self.people, self.weight, now.levels, now.slowed, now.left_s)
        return self._ways[now]


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedFirst:
    """Takes what lies on the way to the isolated place of the highest weight; of equal ones that of the least work.

    Places that a crew of rescuers already reaches are left alone; with no isolated place left, most people come first.

    Parameters
    ----------
    people : PeopleCovered
    weight : ndarray of float64, shape (n_demand,)
        Patients or whatever makes a place urgent; 0 for places that do not count.
    otherwise : MostPeople
    """

    people: PeopleCovered
    weight: NDArray[np.float64]
    otherwise: MostPeople
    _ways: dict[Situation, list[tuple[float, float, tuple[int, ...]]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def looks_at_work(self) -> bool:
        """See `Rule`."""
        return True

    @property
    def looks_ahead(self) -> bool:
        """See `Rule`."""
        return False

    def __call__(self, candidate: Candidate, situation: Situation) -> tuple[float, ...]:
        """See `Rule`."""
        if situation not in self._ways:
            self._ways.clear()
            self._ways[situation] = ways_out(
                self.people, self.weight, situation.levels, situation.slowed, situation.left_s
            )
        own = [(-weight, hours) for weight, hours, damages in self._ways[situation] if candidate.job in damages]
        first = min(own, default=(0.0, math.inf))
        return (*first, *self.otherwise(candidate, situation))


def ways_out(
    people: PeopleCovered, weight: NDArray[np.float64], levels: bytes, slowed: Slowed, left_s: Sequence[float]
) -> list[tuple[float, float, tuple[int, ...]]]:
    """Find how isolated points are reached with the least work.

    Parameters
    ----------
    people : PeopleCovered
    weight : ndarray of float64, shape (n_demand,)
    levels, slowed
        The roads now.
    left_s : sequence of float, one a damage
        Seconds of work until each is passable; ``inf`` where nobody can.

    Returns
    -------
    list of tuple
        Weight, hours of work and the damages on the way, of each set of damages, points behind the same ones together.
    """
    wanted = np.flatnonzero(people.isolated(levels, slowed) & (weight > 0))
    if not len(wanted):
        return []
    roads, trees = people.roads, people.roads.trees
    now, whole = roads.ticks_in(levels, slowed), roads.ticks_in(bytes(len(levels)), slowed)
    cost = np.where(now < UNREACHABLE, now / TICKS_PER_SECOND, np.inf)
    crossed = np.full(len(cost), -1)
    for number, level in enumerate(levels):
        if level == SHUT:
            arcs = roads.arcs_of(number)
            # the work is shared among the pieces of each direction, of which a way takes all
            ends = zip(trees.tail[arcs].tolist(), trees.head[arcs].tolist(), strict=True)
            with_work = whole[arcs] / TICKS_PER_SECOND + left_s[number] / max(
                len({frozenset(pair) for pair in ends}), 1
            )
            less = with_work < cost[arcs]
            cost[arcs[less]], crossed[arcs[less]] = with_work[less], number
    shape = trees.n_nodes, trees.n_nodes
    matrix = csr_array((cost, trees.head, trees.first_out.astype(np.int32)), shape=shape)
    starts = np.arange(roads.graph.n_nodes, trees.n_nodes)
    reached, before, _ = dijkstra(matrix, indices=starts, min_only=True, return_predecessors=True)
    entered = np.full(trees.n_nodes, -1)
    by = np.flatnonzero((before[trees.head] == trees.tail) & (reached[trees.tail] + cost == reached[trees.head]))
    entered[trees.head[by[::-1]]] = by[::-1]
    behind: dict[int, frozenset[int]] = {}
    found: dict[tuple[int, ...], float] = {}
    for point in wanted.tolist():
        node = int(people.point_node[point])
        if node >= 0 and math.isfinite(reached[node]):
            damages = tuple(sorted(_crossed_on_the_way(node, trees.tail, entered, crossed, behind)))
            found[damages] = found.get(damages, 0.0) + float(weight[point])
    return [(total, math.fsum(left_s[number] for number in key) / 3600, key) for key, total in sorted(found.items())]


def _crossed_on_the_way(
    last: int,
    tail: NDArray[np.int32],
    entered: NDArray[np.int64],
    crossed: NDArray[np.int64],
    behind: dict[int, frozenset[int]],
) -> frozenset[int]:
    """Collect the damages on the way to a node, and keep those of the nodes before it."""
    way, at = [], last
    while at not in behind and entered[at] >= 0:
        way.append(int(entered[at]))
        at = int(tail[way[-1]])
    damages = behind.setdefault(at, frozenset())
    heads = [int(tail[arc]) for arc in way[:-1]]
    for arc, node in zip(way[::-1], [*heads[::-1], last], strict=False):
        if crossed[arc] >= 0:
            damages = damages | {int(crossed[arc])}
        behind[node] = damages
    return damages
