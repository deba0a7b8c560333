"""Slow, obvious versions of the steps of the contraction engine."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.contraction.elimination import Elimination

Arcs = dict[tuple[int, int], int]


def arcs_by_rank(tree: Elimination, tail: NDArray[np.int32], head: NDArray[np.int32], ticks: Iterable[int]) -> Arcs:
    """Return the fastest of parallel pieces, by the ranks of their ends."""
    arcs: Arcs = {}
    for a, b, took in zip(tree.rank[tail].tolist(), tree.rank[head].tolist(), ticks, strict=True):
        if a != b:
            arcs[a, b] = min(arcs.get((a, b), UNREACHABLE), int(took))
    return arcs


def shortest(arcs: Arcs, source: int, *, below: int | None = None) -> dict[int, int]:
    """Dijkstra; with `below`, only ranks under it may lie between the source and where a way ends."""
    neighbours: dict[int, list[tuple[int, int]]] = {}
    for (a, b), took in arcs.items():
        neighbours.setdefault(a, []).append((b, took))
    best, queue = {source: 0}, [(0, source)]
    while queue:
        ticks, node = heapq.heappop(queue)
        if ticks > best[node] or (below is not None and node >= below and node != source):
            continue
        for other, took in neighbours.get(node, []):
            if took < UNREACHABLE and ticks + took < best.get(other, UNREACHABLE):
                best[other] = ticks + took
                heapq.heappush(queue, (ticks + took, other))
    return best


def weight_by_hand(arcs: Arcs, begin: int, end: int) -> int:
    """Ticks of the shortest way whose inner nodes all have lower ranks than both ends."""
    return shortest(arcs, begin, below=min(begin, end)).get(end, UNREACHABLE)


def way_up_or_down(arcs: Arcs, tree: Elimination, source: int, *, up: bool) -> dict[int, int]:
    """Shortest ways over customised arcs that only go up, or against arcs that only come down, from a rank."""
    steps: Arcs = {}
    for k in range(tree.n_nodes):
        for high in tree.head[tree.first[k] : tree.first[k + 1]].tolist():
            steps[k, high] = weight_by_hand(arcs, k, high) if up else weight_by_hand(arcs, high, k)
    return shortest(steps, source)
