"""Exact moments: events at absolute times, stories that wait for them, and when calls have been answered."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from heapq import heappush, heapreplace
from typing import Any

import simpy
from simpy.events import NORMAL, Event, EventPriority

__all__ = ["Clock", "Steps", "Story", "answered_at_s"]

Steps = Generator[Any, None, None]  # of moments in seconds, and of events


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

    def tell(self, steps: Steps) -> Story:
        """Begin a story now."""
        return Story(self, steps)


class Story:
    """A generator that waits for moments or events, as a SimPy process does, and that can be broken off.

    It yields a moment in seconds, and goes on exactly then, or an event, and goes on when that happens. It begins at
    once and leaves no event when it ends. On the queue of the clock it is itself the event of its next moment, so that
    waiting makes no objects: with a process and a timeout for each stage, a call costs half as much again.

    Parameters
    ----------
    clock : Clock
    steps : generator of float and Event
    """

    __slots__ = ("_clock", "_go", "_send", "_steps", "_waits_for", "callbacks")
    _ok, _value = True, None  # what SimPy looks at in an event

    def __init__(self, clock: Clock, steps: Steps) -> None:
        self._clock, self._steps, self._send = clock, steps, steps.send
        self._go = [self._go_on]
        self.callbacks: Sequence[Callable[[Any], None]] | None = None
        self._waits_for: Event | None = None
        self._go_on(self)

    def _go_on(self, happened: object) -> None:
        try:
            moment = self._send(None)
        except StopIteration:
            self._go = []  # no circle that only the garbage collector would find
            return
        if isinstance(moment, Event):
            self._waits_for = moment
            moment.callbacks.append(self._go_on)
            return
        self.callbacks = self._go
        clock = self._clock
        heappush(clock._queue, (moment, NORMAL, next(clock._eid), self))  # type: ignore[misc]

    def break_off(self) -> None:
        """Wait for nothing any more, and end where the story stands."""
        self.callbacks, self._go = (), []
        event, self._waits_for = self._waits_for, None
        if event is not None and event.callbacks:
            event.callbacks = [one for one in event.callbacks if getattr(one, "__self__", None) is not self]
        self._steps.close()


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
