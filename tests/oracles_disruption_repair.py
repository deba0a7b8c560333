"""Repair worked out by hand: whole roads shut, crews that clear them in the order of a list, people covered meanwhile.

Nothing here is shared with the library: its own shortest paths on the edges, its own events.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from rescuesim.network import RoadNetwork

Edge = tuple[int, int, int, float]  # tail, head, road, seconds


@dataclass
class Roads:
    """Edges in seconds, and the junctions at the two ends of every road."""

    edges: list[Edge]
    ends: dict[int, tuple[int, int]]

    @classmethod
    def of(cls, network: RoadNetwork) -> Roads:
        edges, ends = [], {}
        for edge in range(network.n_edges):
            tail, head, road = int(network.tail[edge]), int(network.head[edge]), int(network.road[edge])
            edges.append((tail, head, road, int(network.ticks[edge]) / 10_000))
            if network.forward[edge]:
                ends[road] = (tail, head)
        return cls(edges=edges, ends=ends)

    def seconds_from(self, node: int, shut: set[int]) -> dict[int, float]:
        out: dict[int, list[tuple[int, float]]] = {}
        for tail, head, road, seconds in self.edges:
            if road not in shut:
                out.setdefault(tail, []).append((head, seconds))
        found, queue = {}, [(0.0, node)]
        while queue:
            so_far, at = heapq.heappop(queue)
            if at not in found:
                found[at] = so_far
                for head, seconds in out.get(at, []):
                    heapq.heappush(queue, (so_far + seconds, head))
        return found


@dataclass
class County:
    """What is to be mended and who is to be covered; all damages are there from the onset."""

    roads: Roads
    shut: list[int]
    work_s: list[float]
    bases: list[int]
    sites: list[int]
    points: list[int]
    people: list[float]
    limit_s: float
    horizon_s: float
    _covered: dict[frozenset[int], float] = field(default_factory=dict)

    def covered(self, shut: frozenset[int]) -> float:
        if shut not in self._covered:
            ways = [self.roads.seconds_from(site, set(shut)) for site in self.sites]
            self._covered[shut] = sum(
                n
                for point, n in zip(self.points, self.people, strict=True)
                if min(way.get(point, math.inf) for way in ways) <= self.limit_s + 1e-6
            )
        return self._covered[shut]


def opened_at(county: County, order: Sequence[int]) -> list[float]:
    """When each damage is open if crews, as soon as they are free, take the first in the list that they can.

    Up to two crews work on one damage, one from each end; nobody sets out who would come too late to help. Of two
    crews that could take the same, the one that is there first does.
    """
    n = len(county.shut)
    left, opened = list(county.work_s), [math.inf] * n
    place, free = list(county.bases), [True] * len(county.bases)
    # who is at or on the way to which end of what: crew, end -> from when at work
    at_work: list[dict[int, tuple[int, float]]] = [{} for _ in range(n)]
    now = 0.0

    def done_when(job: int) -> float:
        remaining, since = left[job], now
        for arrives in sorted(max(arrives, now) for _, arrives in at_work[job].values()):
            n_there = sum(1 for _, other in at_work[job].values() if max(other, now) < arrives)
            if n_there and since + remaining / n_there <= arrives:
                return since + remaining / n_there
            remaining -= (arrives - since) * n_there
            since = arrives
        return since + remaining / len(at_work[job]) if at_work[job] else math.inf

    def first_alone(job: int) -> float:
        """When the crews that are there now, or one of those on the way alone, would be done."""
        there = [one for one in at_work[job].values() if one[1] <= now]
        ends = [now + left[job] / len(there)] if there else []
        ends += [
            one[1] + max(left[job] - len(there) * (one[1] - now), 0.0) for one in at_work[job].values() if one[1] > now
        ]
        return min(ends, default=math.inf)

    while True:
        while True:
            shut = {county.shut[job] for job in range(n) if opened[job] == math.inf}
            best = None
            for crew in range(len(place)):
                if not free[crew]:
                    continue
                ways = county.roads.seconds_from(place[crew], shut)
                for rank, job in enumerate(order):
                    if opened[job] < math.inf:
                        continue
                    for end, node in enumerate(county.roads.ends[county.shut[job]]):
                        arrives = now + ways.get(node, math.inf)
                        if end in at_work[job] or arrives == math.inf or arrives >= first_alone(job):
                            continue
                        best = min(best or (math.inf,), (rank, arrives, job, crew, end))
            if best is None:
                break
            _, arrives, job, crew, end = best
            at_work[job][end] = crew, arrives
            free[crew], place[crew] = False, county.roads.ends[county.shut[job]][end]
        moments = [done_when(job) for job in range(n) if opened[job] == math.inf]
        arrivals = [one[1] for some in at_work for one in some.values() if one[1] > now]
        then = min(moments + arrivals, default=math.inf)
        if not then <= county.horizon_s:
            return opened
        ended = [job for job in range(n) if opened[job] == math.inf and done_when(job) <= then]
        for job in range(n):
            there = sum(1 for _, arrives in at_work[job].values() if arrives <= now)
            left[job] -= there * (then - now)
        now = then
        for job in ended:
            opened[job], left[job] = now, 0.0
            for crew, arrives in at_work[job].values():
                free[crew] = True
                if arrives > now:
                    raise AssertionError("a crew on its way is needed: expected none that comes too late")
            at_work[job] = {}


def area_person_h(county: County, opened: Sequence[float]) -> float:
    """Person-hours of cover up to the horizon."""
    moments = sorted({0.0, county.horizon_s, *(moment for moment in opened if moment < county.horizon_s)})
    total = 0.0
    for moment, following in itertools.pairwise(moments):
        shut = frozenset(road for road, end in zip(county.shut, opened, strict=True) if end > moment)
        total += county.covered(shut) * (following - moment)
    return total / 3600


def best_window(
    takes: dict[tuple[int, int], tuple[float, int, frozenset[int]]],
    behind: Sequence[tuple[float, Sequence[frozenset[int]]]],
    hours_by: Sequence[Sequence[float]],
    slot_h: Sequence[float],
) -> float:
    """Try every way to give jobs to crews and slots; `takes`: hours, first slot, what lies before, by crew and job."""
    jobs = sorted({job for _, job in takes})
    choices = [
        [
            None,
            *(
                (crew, slot)
                for (crew, other), some in takes.items()
                if other == job
                for slot in range(some[1], len(slot_h))
            ),
        ]
        for job in jobs
    ]
    best = 0.0
    for picked in itertools.product(*choices):
        chosen = {job: one for job, one in zip(jobs, picked, strict=True) if one is not None}
        fits = all(
            sum(takes[crew, job][0] for job, (other, when) in chosen.items() if other == crew and when <= slot) <= hours
            for crew, row in enumerate(hours_by)
            for slot, hours in enumerate(row)
        )
        in_reach = all(
            before in chosen and chosen[before][1] <= slot
            for job, (crew, slot) in chosen.items()
            for before in takes[crew, job][2]
        )
        if fits and in_reach:
            worth = 0.0
            for people, ways in behind:
                opened = [max(chosen[job][1] for job in way) for way in ways if all(job in chosen for job in way)]
                if opened:
                    worth += people * sum(slot_h[min(opened) :])
            best = max(best, worth)
    return best


def best_of_all_orders(county: County) -> float:
    """Person-hours of the best of all lists."""
    orders = itertools.permutations(range(len(county.shut)))
    return max(area_person_h(county, opened_at(county, order)) for order in orders)
