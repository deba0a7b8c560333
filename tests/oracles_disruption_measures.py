"""Plain arithmetic for what disruptions mean: arrivals tried moment by moment, walks by a search of two layers.

Shares no code with the library.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence

Arc = tuple[int, int, float]  # tail, head, seconds


def first_arrival(begins: Sequence[float], until: float, took: Sequence[float], since: Sequence[bool]) -> float:
    """Try every stretch as the one to leave in; a crew that meets a slower way than it left for does not arrive."""
    best = math.inf
    first = next((row for row, held in enumerate(since) if held), len(begins))
    for row in range(first, len(begins)):
        arrives = begins[row] + took[row]
        met = [took[later] for later in range(row, len(begins)) if begins[later] < arrives or later == row]
        if arrives <= until and max(met) <= took[row]:
            best = min(best, arrives)
    return best


def walked(n: int, driven: Sequence[Arc], walked_arcs: Sequence[Arc], starts: Mapping[int, float], end: int) -> float:
    """Search over (node, on foot) by a heap; vehicles may be left at any node, and never taken again."""
    out: dict[tuple[int, bool], list[tuple[tuple[int, bool], float]]] = {}
    for tail, head, seconds in driven:
        out.setdefault((tail, False), []).append(((head, False), seconds))
    for tail, head, seconds in walked_arcs:
        out.setdefault((tail, True), []).append(((head, True), seconds))
        out.setdefault((head, True), []).append(((tail, True), seconds))
    for node in range(n):
        out.setdefault((node, False), []).append(((node, True), 0.0))
    best: dict[tuple[int, bool], float] = {}
    queue = [(seconds, (node, False)) for node, seconds in starts.items()]
    heapq.heapify(queue)
    while queue:
        seconds, at = heapq.heappop(queue)
        if at in best:
            continue
        best[at] = seconds
        for to, more in out.get(at, []):
            heapq.heappush(queue, (seconds + more, to))
    return best.get((end, True), math.inf)


def tail_of(values: Sequence[float], chances: Sequence[float], tail: float) -> float:
    """Average the lowest values until their chances reach the tail."""
    left, total = tail, 0.0
    for value, chance in sorted(zip(values, chances, strict=True)):
        taken = min(chance, left)
        total, left = total + taken * value, left - taken
    return total / (tail - left)


def is_mute(channels: Sequence[str]) -> bool:
    """Tell a place that cannot telephone: of all that carries its calls nothing but a runner is there."""
    return not [name for name in channels if name and name != "runner"]


def heard_of(
    begins: Sequence[float],
    until: float,
    channel: Sequence[tuple[str, float]],
    cut: Sequence[bool],
    took: Sequence[float],
) -> float:
    """Try every stretch as the one in which a message, a runner or a crew sets out; NaN if nothing befell the place.

    `channel` says what carries calls in each stretch and how long it takes; nothing is ``("", inf)``.
    """
    mute = [is_mute([name]) for name, _ in channel]
    if not any(mute) and not any(cut):
        return math.nan
    first = mute.index(True) if any(mute) else list(cut).index(True)
    moments = [begins[row] + channel[row][1] for row in range(first, len(begins))]
    if any(mute):
        moments.append(first_arrival(begins, until, took, mute))
    return min((moment for moment in moments if moment <= until), default=math.inf)
