"""The busiest bridge of a small network, by walking every quickest path; shares no code with the library."""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def quickest_way(arcs: Sequence[tuple[int, int, int, int]], start: int, goal: int) -> list[int]:
    """Return the roads of the quickest way over arcs (tail, head, ticks, road); empty if there is none.

    Each arc takes a tick more than it says, so that no way over roads of no length is free.
    """
    queue: list[tuple[int, int, list[int]]] = [(0, start, [])]
    seen: set[int] = set()
    while queue:
        spent, node, way = heapq.heappop(queue)
        if node == goal:
            return way
        if node in seen:
            continue
        seen.add(node)
        for tail, head, ticks, road in arcs:
            if tail == node and head not in seen:
                heapq.heappush(queue, (spent + ticks + 1, head, [*way, road]))
    return []


def people_over(arcs: Sequence[tuple[int, int, int, int]], people: dict[int, float], seat: int) -> dict[int, float]:
    """Return how many people pass each road on their way to the seat."""
    passing: dict[int, float] = {}
    for node, count in people.items():
        for road in set(quickest_way(arcs, node, seat)):
            passing[road] = passing.get(road, 0.0) + count
    return passing
