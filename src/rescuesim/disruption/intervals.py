"""Sets of time as sorted intervals, and stores that run dry: batteries and tanks.

An interval holds from its start to before its end, in seconds after the onset; the end may be ``inf``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

__all__ = ["Intervals", "beyond_horizon", "complement", "empty_while", "intersection", "union"]

Intervals = tuple[tuple[float, float], ...]


def union(intervals: Iterable[tuple[float, float]]) -> Intervals:
    """Put intervals into order and join those that touch.

    Examples
    --------
    >>> union([(5.0, 7.0), (0.0, 2.0), (2.0, 3.0), (6.0, 9.0)])
    ((0.0, 3.0), (5.0, 9.0))
    """
    joined: list[tuple[float, float]] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def complement(intervals: Intervals) -> Intervals:
    """Return the time from the onset on that sorted, disjoint intervals leave.

    Examples
    --------
    >>> complement(((0.0, 3.0), (5.0, 9.0)))
    ((3.0, 5.0), (9.0, inf))
    """
    left, at = [], 0.0
    for start, end in intervals:
        if at < start:
            left.append((at, start))
        at = max(at, end)
    return (*left, (at, math.inf)) if at < math.inf else tuple(left)


def intersection(some: Intervals, others: Intervals) -> Intervals:
    """Return the time that lies in both.

    Examples
    --------
    >>> intersection(((0.0, 3.0), (5.0, 9.0)), ((2.0, 6.0),))
    ((2.0, 3.0), (5.0, 6.0))
    """
    return union(
        (max(a, c), min(b, d)) for a, b in some for c, d in others if max(a, c) < min(b, d)
    )  # a handful each: the square costs nothing


def beyond_horizon(intervals: Intervals, horizon_s: float) -> Intervals:
    """Drop what begins after the horizon; what lasts beyond it ends at ``inf``: not back within the horizon.

    Examples
    --------
    >>> beyond_horizon(((0.0, 3.0), (5.0, 9.0), (12.0, 13.0)), 8.0)
    ((0.0, 3.0), (5.0, inf))
    """
    return tuple((start, end if end < horizon_s else math.inf) for start, end in intervals if start < horizon_s)


def empty_while(drained: Intervals, store_s: float, *, filled: Intervals = (), recharge: float = math.inf) -> Intervals:
    """Say when a store is empty while it is drawn on.

    Parameters
    ----------
    drained : Intervals
        When it is drawn on, one second a second.
    store_s : float
        What it holds when full; it is full at the onset.
    filled : Intervals
        When it is kept full, whether drawn on or not.
    recharge : float, optional
        Seconds that it gains a second while it is not drawn on; 0 for a tank, ``inf`` for full at once.

    Returns
    -------
    Intervals
        Within `drained`. The more is drained and the less filled, the longer it is, at every moment.

    Examples
    --------
    >>> empty_while(((10.0, 100.0),), 20.0)
    ((30.0, 100.0),)
    >>> empty_while(((10.0, 100.0),), 20.0, filled=((25.0, 40.0), (70.0, 71.0)))
    ((60.0, 70.0), (91.0, 100.0))
    >>> empty_while(((0.0, 15.0), (50.0, 70.0)), 20.0, recharge=0.0)
    ((55.0, 70.0),)
    """
    if store_s == math.inf:
        return ()
    cuts: list[float] = sorted({0.0, *(edge for interval in (*drained, *filled) for edge in interval)} - {math.inf})
    empty, level = [], store_s
    draining, filling = _Sweep(drained), _Sweep(filled)
    for start, end in zip(cuts, [*cuts[1:], math.inf], strict=True):
        if filling.holds(start):
            level = store_s
        elif draining.holds(start):
            if level < end - start:
                empty.append((start + level, end))
            level = max(level - (end - start), 0.0)
        elif recharge > 0:
            level = min(store_s, level + recharge * (end - start))
    return union(empty)


class _Sweep:
    """Asks sorted intervals about moments in ascending order."""

    def __init__(self, intervals: Sequence[tuple[float, float]]) -> None:
        self.intervals, self.at = intervals, 0

    def holds(self, moment: float) -> bool:
        while self.at < len(self.intervals) and self.intervals[self.at][1] <= moment:
            self.at += 1
        return self.at < len(self.intervals) and self.intervals[self.at][0] <= moment
