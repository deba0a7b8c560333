"""Dispatch as plain lists of events: first asked, by priority, loss, pre-emptive; no code is shared with the library.

A case is a `Case` of lists and numbers. Every call is ordered at a moment that is given. Travel is a matrix out and one
back; a drive takes its entry times the factor of the call (and slot). Units are preferred by turnout and drive, then by
their number.
"""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass, field


@dataclass
class Case:
    """What is simulated; `needs` has, by type of call, pairs of what a unit must be able to do and how many people."""

    queue: str
    horizon: float
    site: list  # of each unit
    can: list  # of each site, a set of abilities
    people: list  # of each site, None: as many as are asked for
    turnout: list  # of each site
    out: list  # [site][point]
    back: list
    ordered: list  # of each call
    point: list
    type: list
    priority: list
    factor: list  # [call][slot]
    work: list  # of each call
    needs: dict
    start_with: dict  # people to start, by type
    more_after: float = math.inf  # fires get one more `assist` so long after the first action
    take_working: bool = True  # pre-emptive: also from the scene
    set_up: float = 30.0


@dataclass
class Sent:
    """One unit on its way to one slot of one call."""

    call: int
    slot: int
    unit: int
    people: int
    dispatched: float
    rolling: float
    on_scene: float
    ready: float
    cleared: float = math.nan
    ended: str = "under_way"
    cut: float = math.inf  # when it was broken off: nothing that lies later has happened

    def stamp(self, name, horizon):
        """Return a moment, NaN if it was not reached."""
        at = getattr(self, name)
        return at if at <= self.cut and at < horizon else math.nan


@dataclass
class Called:
    """A call that was ordered."""

    there: list = field(default_factory=list)  # units that are sent and not done
    ready: int = 0  # people who can start
    began: float = math.nan
    due: float = math.nan
    closed: float = math.nan
    lost: bool = False

    @property
    def over(self):
        return self.lost or not math.isnan(self.closed)


class Events:
    """Moments in their order; of equal ones the first that was put in."""

    def __init__(self):
        self._heap, self._number = [], itertools.count()

    def put(self, at, act, *given):
        heapq.heappush(self._heap, (at, next(self._number), act, given))

    def play(self, horizon):
        while self._heap and self._heap[0][0] < horizon:
            at, _, act, given = heapq.heappop(self._heap)
            act(at, *given)


class Formations:
    """First asked, by priority or loss; calls take several units, start with enough people and end together."""

    def __init__(self, case):
        self.case, self.events = case, Events()
        self.free = [True] * len(case.site)
        self.waiting = []  # (key, call, slot)
        self.entered = itertools.count()
        self.sent, self.calls = [], {}
        for call in sorted(range(len(case.ordered)), key=lambda one: (case.ordered[one], one)):
            self.events.put(case.ordered[call], self.order, call)
        self.events.play(case.horizon)

    def need(self, call, slot):
        first = self.case.needs[self.case.type[call]]
        return first[slot] if slot < len(first) else ("assist", 1)

    def starts(self, one):
        """Whether a unit is of those who can start."""
        ability = self.need(one.call, 0)[0]
        return ability in self.case.can[self.case.site[one.unit]]

    def order(self, now, call):
        self.calls[call] = Called()
        for slot in range(len(self.case.needs[self.case.type[call]])):
            if not self.calls[call].over:
                self.ask(now, call, slot)

    def nearest(self, call, slot):
        case, best = self.case, None
        for unit, site in enumerate(case.site):
            drive = case.out[site][case.point[call]]
            if self.free[unit] and drive < math.inf and self.need(call, slot)[0] in case.can[site]:
                rank = (case.turnout[site] + drive, unit)
                best = rank if best is None else min(best, rank)
        return None if best is None else best[1]

    def ask(self, now, call, slot):
        unit = self.nearest(call, slot)
        if unit is not None:
            self.send(now, call, slot, unit)
        elif self.case.queue == "loss":
            self.go_without(now, call, slot)
        else:
            urgent = (self.case.priority[call], self.case.ordered[call]) if self.case.queue == "priority" else ()
            self.waiting.append(((urgent, next(self.entered)), call, slot))

    def send(self, now, call, slot, unit):
        case, site = self.case, self.case.site[unit]
        rolling = now + case.turnout[site]
        on_scene = rolling + case.out[site][case.point[call]] * case.factor[call][slot]
        people = case.people[site] or self.need(call, slot)[1]
        one = Sent(call, slot, unit, people, now, rolling, on_scene, on_scene + case.set_up)
        self.free[unit] = False
        self.sent.append(one)
        self.calls[call].there.append(one)
        self.events.put(one.ready, self.is_ready, one)

    def go_without(self, now, call, slot):
        case, state = self.case, self.calls[call]
        wanted = case.start_with[case.type[call]]
        if state.over or not math.isnan(state.began):
            return
        coming = sum(one.people for one in state.there if self.starts(one))
        first = case.needs[case.type[call]]
        coming += sum(people for ability, people in first[slot + 1 :] if ability == first[0][0])
        if len(first) > 1 and coming >= wanted:
            return
        state.lost = True
        self.send_home(now, call)

    def send_home(self, now, call):
        """Nobody is wanted any more: neither who is waited for nor who is there or on the way."""
        self.waiting = [entry for entry in self.waiting if entry[1] != call]
        for one in list(self.calls[call].there):
            self.calls[call].there.remove(one)
            one.ended, one.cut = "recalled", now
            if now < one.rolling:
                self.home(now, one)
            else:
                way = one.on_scene - one.rolling
                share = min((now - one.rolling) / way, 1.0) if way > 0 else 1.0
                self.drive_home(now, one, share)

    def drive_home(self, now, one, share):
        case = self.case
        back = case.back[case.site[one.unit]][case.point[one.call]] * share
        self.events.put(now + back * case.factor[one.call][one.slot], self.home, one)

    def home(self, now, one):
        self.free[one.unit] = True
        for entry in sorted(self.waiting):
            unit = self.nearest(*entry[1:]) if entry in self.waiting else None
            if unit is not None:
                self.waiting.remove(entry)
                self.send(now, *entry[1:], unit)

    def is_ready(self, now, one):
        case, state = self.case, self.calls[one.call]
        if now > one.cut or one.ended == "recalled":
            return
        if math.isnan(state.began):
            state.ready += one.people if self.starts(one) else 0
            if state.ready < case.start_with[case.type[one.call]]:
                return
            state.began, state.due = now, now + case.work[one.call]
            if case.type[one.call] == "fire" and case.more_after < math.inf:
                self.events.put(now + case.more_after, self.send_more, one.call)
            for other in state.there:
                if other.ready <= now:
                    self.events.put(state.due, self.is_done, other)
        else:
            self.events.put(max(state.due, now), self.is_done, one)

    def send_more(self, now, call):
        if not self.calls[call].over:
            self.ask(now, call, len(self.case.needs[self.case.type[call]]))

    def is_done(self, now, one):
        state = self.calls[one.call]
        one.cleared, one.ended = now, "completed"
        state.there.remove(one)
        if not any(other.on_scene <= now for other in state.there):
            state.closed = now
            self.send_home(now, one.call)
        self.drive_home(now, one, 1.0)


class Preemption:
    """One unit a call; an urgent call takes a unit of a less urgent one, whose work goes on where it was left."""

    def __init__(self, case):
        self.case, self.events = case, Events()
        self.doing = [None] * len(case.site)
        self.waiting, self.entered = [], itertools.count()
        self.left, self.began, self.closed, self.sent = {}, {}, {}, []
        for call in sorted(range(len(case.ordered)), key=lambda one: (case.ordered[one], one)):
            self.events.put(case.ordered[call], self.ask, call)
        self.events.play(case.horizon)

    def able(self, unit, call):
        return self.case.needs[self.case.type[call]][0][0] in self.case.can[self.case.site[unit]]

    def out(self, unit, call):
        return self.case.out[self.case.site[unit]][self.case.point[call]]

    def nearest(self, call):
        turnout = self.case.turnout
        found = [
            (turnout[site] + self.out(unit, call), unit)
            for unit, site in enumerate(self.case.site)
            if self.doing[unit] is None and self.able(unit, call) and self.out(unit, call) < math.inf
        ]
        return min(found)[1] if found else None

    def ask(self, now, call):
        unit = self.nearest(call)
        if unit is not None:
            self.send(now, call, unit)
            return
        taken = self.less_urgent(now, call)
        if taken is None:
            self.waiting.append((self.case.priority[call], self.case.ordered[call], next(self.entered), call))
            return
        unit, way_back = taken
        before = self.doing[unit]
        before.ended, before.cut = "diverted", now
        if before.ready <= now:
            self.left[before.call] = before.cleared - now
        self.send(now, call, unit, way_back)
        self.ask(now, before.call)

    def less_urgent(self, now, call):
        """Return a unit on a less urgent call and its way back from there, None if it has not left."""
        case, found = self.case, []
        for unit, one in enumerate(self.doing):
            if one is None or one.cleared <= now or not self.able(unit, call):
                continue
            if case.priority[one.call] <= case.priority[call] or (one.on_scene <= now and not case.take_working):
                continue
            site, way_back = case.site[unit], None
            expected = case.turnout[site] + self.out(unit, call)
            if one.rolling <= now:
                way = one.on_scene - one.rolling
                share = min((now - one.rolling) / way, 1.0) if way > 0 else 1.0
                way_back = case.back[site][case.point[one.call]] * share
                expected = way_back + self.out(unit, call)
            if expected < math.inf:
                found.append((-case.priority[one.call], expected, unit, way_back))
        return min(found, key=lambda one: one[:3])[2:] if found else None

    def send(self, now, call, unit, way_back=None):
        case, site = self.case, self.case.site[unit]
        rolling = now if way_back is not None else now + case.turnout[site]
        on_scene = rolling + (self.out(unit, call) + (way_back or 0.0)) * case.factor[call][0]
        one = Sent(call, 0, unit, 1, now, rolling, on_scene, on_scene + case.set_up)
        one.cleared = one.ready + self.left.get(call, case.work[call])
        self.doing[unit] = one
        self.sent.append(one)
        self.events.put(one.ready, self.is_ready, one)
        self.events.put(one.cleared, self.is_done, one)

    def is_ready(self, now, one):
        if one.ended != "diverted":
            self.began.setdefault(one.call, now)

    def is_done(self, now, one):
        if one.ended == "diverted":
            return
        one.ended, self.closed[one.call] = "completed", now
        case = self.case
        back = case.back[case.site[one.unit]][case.point[one.call]] * case.factor[one.call][0]
        self.events.put(now + back, self.home, one)

    def home(self, now, one):
        self.doing[one.unit] = None
        for entry in sorted(self.waiting):
            unit = self.nearest(entry[-1])
            if unit is not None:
                self.waiting.remove(entry)
                self.send(now, entry[-1], unit)
