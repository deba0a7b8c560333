"""Exact moments: events at absolute times, and stories that wait for them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from heapq import heappop, heappush
from typing import Any, cast

import simpy
from simpy.events import NORMAL, Event, EventPriority

__all__ = ["Clock", "Steps", "Story"]

Steps = Generator[Any, None, None]  # of moments in seconds, and of events


class Clock(simpy.Environment):
    """A SimPy environment whose events can be set for a moment instead of a delay.

    ``timeout(moment - now)`` would fire at ``now + (moment - now)``, which rounding can move off the moment.
    """

    now: float = 0.0  # a plain attribute: it is read a dozen times a call

    def at(self, moment_s: float, priority: EventPriority = NORMAL) -> Event:
        """Return an event that happens at exactly `moment_s`."""
        event = Event(self)
        event._ok, event._value = True, None
        heappush(self._queue, (moment_s, priority, next(self._eid), event))
        return event

    def tell(self, steps: Steps) -> Story:
        """Begin a story now."""
        return Story(self, steps)

    def step(self) -> None:
        """Let the next thing happen; as `simpy.Environment.step`, for stories as well."""
        if self._queue:
            moment, event = self._queue[0][0], cast(Any, self._queue[0][3])
            self.now = self._now = moment
            if event.__class__ is Story:
                heappop(self._queue)
                event.go_on()
                return
        super().step()

    def play(self, until_s: float) -> None:
        """Let everything happen before a moment, in the order of moment, priority and number.

        As `run`, without the calls in between where a story comes up.
        """
        queue, number = self._queue, self._eid
        while queue and queue[0][0] < until_s:
            event = cast(Any, queue[0][3])
            if event.__class__ is not Story:
                self.step()
                continue
            moment = heappop(queue)[0]
            send = event.send
            if send is None:  # broken off
                continue
            self.now = self._now = moment
            try:
                moment = send(None)
            except StopIteration:
                event.send = None
                continue
            if moment.__class__ is float:
                heappush(queue, (moment, NORMAL, next(number), event))  # type: ignore[misc]
            else:
                event.wait(moment)
        self.now = self._now = until_s


class Story:
    """A generator that waits for moments or events, as a SimPy process does, and that can be broken off.

    It yields a moment in seconds, and goes on exactly then, or an event, and goes on when that happens. It begins at
    once and leaves no event when it ends. On the queue of the clock it stands itself, so that waiting makes no objects:
    with a process and a timeout for each stage, a call costs half as much again.

    Parameters
    ----------
    clock : Clock
    steps : generator of float and Event

    Attributes
    ----------
    send : callable or None
        Goes on with the generator; None when it has ended or was broken off.
    """

    __slots__ = ("_clock", "_steps", "_waits_for", "send")

    def __init__(self, clock: Clock, steps: Steps) -> None:
        self._clock, self._steps = clock, steps
        self.send: Callable[[None], Any] | None = steps.send
        self._waits_for: Event | None = None
        self.go_on()

    def go_on(self, _happened: object = None) -> None:
        """Go on until there is something to wait for; nothing if it was broken off."""
        if self.send is None:
            return
        try:
            moment = self.send(None)
        except StopIteration:
            self.send = None
            return
        self.wait(moment)

    def wait(self, until: Any) -> None:
        """Wait for a moment or an event."""
        if isinstance(until, Event):
            self._waits_for = until
            assert until.callbacks is not None
            until.callbacks.append(self.go_on)
        else:
            clock = self._clock
            heappush(clock._queue, (until, NORMAL, next(clock._eid), self))  # type: ignore[misc]

    def break_off(self) -> None:
        """Wait for nothing any more, and end where the story stands."""
        self.send = None
        event, self._waits_for = self._waits_for, None
        if event is not None and event.callbacks:
            event.callbacks = [one for one in event.callbacks if getattr(one, "__self__", None) is not self]
        self._steps.close()
