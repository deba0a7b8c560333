"""Exact moments: events at absolute times, and the moments at which calls have been answered."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappush, heapreplace

import simpy
from simpy.events import NORMAL, Event, EventPriority

__all__ = ["Clock", "answered_at_s"]


class Clock(simpy.Environment):
    """A SimPy environment whose events can be set for a moment instead of a delay.

    ``timeout(moment - now)`` would fire at ``now + (moment - now)``, which rounding can move off the moment.
    """

    def at(self, moment_s: float, priority: EventPriority = NORMAL) -> Event:
        """Return an event that happens at exactly `moment_s`."""
        event = Event(self)
        event._ok, event._value = True, None
        heappush(self._queue, (moment_s, priority, next(self._eid), event))
        return event


def answered_at_s(arrived_s: Sequence[float], answering_s: Sequence[float], seats: int) -> list[float]:
    """Answer calls in the order of arrival at a number of seats; exact, since units play no part.

    Parameters
    ----------
    arrived_s : sequence of float, ascending
    answering_s : sequence of float
        Seconds that answering holds a seat.
    seats : int

    Returns
    -------
    list of float
        The moment at which each call has been answered.

    Examples
    --------
    >>> answered_at_s([0.0, 1.0, 2.0], [10.0, 10.0, 10.0], 2)
    [10.0, 11.0, 20.0]
    """
    free_from = [0.0] * seats
    answered = []
    for rings, takes in zip(arrived_s, answering_s, strict=True):
        done = max(rings, free_from[0]) + takes
        heapreplace(free_from, done)
        answered.append(done)
    return answered
