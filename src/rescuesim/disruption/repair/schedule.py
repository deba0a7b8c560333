"""Who mends what and when: crews that choose by a rule, drive on the roads as they are, and work.

Moments follow each other: something breaks or passes, a crew arrives, a stage of work is done. After each, crews that
are free choose what to do next. Nobody knows of a damage before it happens.

A crew goes where it can drive; what it cannot reach yet waits. It leaves so that it need not wait on the spot for
water or an unstable slope, if it has nothing else to do before. A way that breaks while a crew is on it is driven up to
the last place before the break, where the crew chooses anew. Two crews work on one damage from its two ends; the second
sets out only if it comes before the first is done. Unless told otherwise, a crew that has one lane open goes on to the
next road that is shut, and a crew that widens a road leaves it for one that is shut: its work is not lost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from rescuesim.disruption.repair.damaged_roads import OPEN, SHUT, Slowed
from rescuesim.disruption.repair.jobs import Setting

__all__ = ["Candidate", "Done", "Rule", "Schedule", "Situation", "Spell", "work_out"]

_NOBODY = -1
_SLACK_S = 1e-6  # sums of floats that are meant to be the same moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A job that a crew could take up now.

    Parameters
    ----------
    crew, job, front : int
    arrives_s : float
        When it would be there.
    """

    crew: int
    job: int
    front: int
    arrives_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a rule may look at: nothing that is yet to happen.

    Parameters
    ----------
    at_s : float
    levels : bytes
        What each damage means to the road now.
    slowed : tuple
    left_s : tuple of float
        Seconds of one machine pair until each job's road is passable (or its work done); ``inf`` where unknown or
        nobody can. Empty for a rule that does not look at it.
    """

    at_s: float
    levels: bytes
    slowed: Slowed
    left_s: tuple[float, ...]


class Rule(Protocol):
    """Says which of several candidates is taken: the one with the least key."""

    @property
    def looks_at_work(self) -> bool:
        """Whether it asks how much work is left; it is not worked out if not."""
        ...

    def __call__(self, candidate: Candidate, situation: Situation) -> tuple[float, ...]:
        """Return the key of a candidate."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """What a crew does for a time: ``travel`` or ``work``, waiting for daylight on the spot included."""

    crew: int
    job: int
    doing: str
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The end of a stage: when, and by which crews; nobody if it passed by itself."""

    job: int
    stage: int
    at_s: float
    crews: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What came of it.

    Parameters
    ----------
    spells : tuple of Spell
    done : tuple of Done
    levels : tuple
        From when on each damage means what to its road, the first from 0 s.
    begun : tuple of int
        Jobs in the order in which crews set out for them first.
    """

    spells: tuple[Spell, ...]
    done: tuple[Done, ...]
    levels: tuple[tuple[float, bytes], ...]
    begun: tuple[int, ...]


class _Crew:
    """Where a crew is and what it does."""

    __slots__ = (
        "access",  # ticks from where it stands to the road
        "access_before",  # of this trip
        "arrives",
        "departs",
        "from_s",
        "front",
        "job",
        "number",
        "origin",
        "place",
        "roads",
        "state",
    )

    def __init__(self, number: int, place: int, access: int, from_s: float) -> None:
        self.number, self.place, self.access, self.from_s = number, place, access, from_s
        self.access_before = 0
        self.state = "idle"  # moving, working
        self.job = self.front = _NOBODY
        self.origin, self.departs, self.arrives = place, 0.0, 0.0
        self.roads: tuple[bytes, Slowed] = b"", ()


class _Course:
    """The jobs and crews as time goes on."""

    def __init__(self, setting: Setting, rule: Rule) -> None:
        self.setting, self.rule = setting, rule
        n = len(setting.jobs)
        self.n_roads = len(setting.roads.closures)
        self.stage = [-1] * n  # not yet broken
        self.over = [False] * n
        self.mended = [False] * n
        self.worked = [0.0] * n
        self.counted_at = [0.0] * n
        self.rates = [0] * n
        self.due = [math.inf] * n
        self.fronts: list[dict[int, int]] = [{} for _ in range(n)]  # crew at or on its way to each front
        self.crews = [
            _Crew(number, setting.bases[number], setting.access_ticks[number], crew.from_s)
            for number, crew in enumerate(setting.crews)
        ]
        self.levels = bytes(self.n_roads)
        self.slowed = setting.slowed_at(0.0)
        self.wake = math.inf
        self.changed = True  # what roads mean, since they were last looked at
        self.spells: list[Spell] = []
        self.done: list[Done] = []
        self.history: list[tuple[float, bytes]] = []
        self.begun: list[int] = []

    def run(self) -> Schedule:
        t = 0.0
        while True:
            self._happen(t)
            self._choose(t)
            t = self._next(t)
            if not t <= self.setting.horizon_s:
                break
        for crew in self.crews:
            if crew.state != "idle":
                since = crew.departs if crew.state == "moving" else crew.arrives
                doing = "travel" if crew.state == "moving" else "work"
                self._note(crew, crew.job, doing, since, self.setting.horizon_s)
        return Schedule(
            spells=tuple(sorted(self.spells, key=lambda one: (one.from_s, one.crew, one.until_s))),
            done=tuple(self.done),
            levels=tuple(self.history),
            begun=tuple(self.begun),
        )

    # --- what happens ----------------------------------------------------------------------------

    def _happen(self, t: float) -> None:
        jobs = self.setting.jobs
        for crew in self.crews:
            if crew.state == "moving" and crew.arrives <= t:
                self._arrive(crew)
        for number, job in enumerate(jobs):
            if self._is_broken(number) and job.passes_s <= t:
                self._finish(number, t, ())
            while self._is_broken(number) and self.due[number] <= t:
                self._end_stage(number, t)
        for number, job in enumerate(jobs):
            if self.stage[number] < 0 and job.at_s <= t:
                self.stage[number] = 0
                self.changed = True
        self.slowed = self.setting.slowed_at(t)
        if not self.changed and self.history:
            return
        self.changed = False
        levels = bytes(self._level(number) for number in range(self.n_roads))
        if levels != self.levels or not self.history:
            worse = any(now > before for now, before in zip(levels, self.levels, strict=True))
            self.levels = levels
            self.history.append((t, levels))
            if worse:
                for crew in self.crews:
                    if crew.state == "moving":
                        self._meet_a_break(crew, t)

    def _is_broken(self, number: int) -> bool:
        return self.stage[number] >= 0 and not self.over[number]

    def _level(self, number: int) -> int:
        job = self.setting.jobs[number]
        if self.mended[number]:
            return job.levels[len(job.stages_s)]
        return job.levels[self.stage[number]] if self._is_broken(number) else OPEN

    def _arrive(self, crew: _Crew) -> None:
        self._note(crew, crew.job, "travel", crew.departs, crew.arrives)
        crew.state = "idle" if crew.job == _NOBODY else "working"
        if crew.job != _NOBODY:
            crew.access = self.setting.jobs[crew.job].access_ticks
            self._recount(crew.job, crew.arrives)

    def _end_stage(self, number: int, t: float) -> None:
        self.changed = True
        job, stage = self.setting.jobs[number], self.stage[number]
        crews = tuple(sorted(one for one in self.fronts[number].values() if self.crews[one].state == "working"))
        if stage + 1 == len(job.stages_s):
            self.mended[number] = True
            self._finish(number, t, crews)
            return
        self.done.append(Done(job=number, stage=stage, at_s=t, crews=crews))
        self.worked[number], self.counted_at[number] = job.stages_s[stage], t
        self.stage[number] = stage + 1
        if self.setting.widen_at_once:
            self._recount(number, t)
        else:
            self._release(number, t)

    def _finish(self, number: int, t: float, crews: tuple[int, ...]) -> None:
        self.done.append(Done(job=number, stage=self.stage[number], at_s=t, crews=crews))
        self.over[number] = self.changed = True
        self._release(number, t)
        self.due[number] = math.inf

    def _release(self, number: int, t: float) -> None:
        """Let all crews of a job go."""
        for one in list(self.fronts[number].values()):
            self._leave(self.crews[one], t)

    def _leave(self, crew: _Crew, t: float) -> None:
        """Take a crew off its job; one on its way drives on to the next place."""
        job = crew.job
        del self.fronts[job][crew.front]
        if crew.state == "working":
            self._note(crew, job, "work", crew.arrives, t)
            crew.state, crew.job = "idle", _NOBODY
        else:
            way = self._way(crew)
            place, at_s = next((step for step in way if step[1] >= t), (crew.place, crew.arrives))
            self._redirect(crew, place, at_s)
        self._recount(job, t)

    def _meet_a_break(self, crew: _Crew, t: float) -> None:
        """Send a crew whose way ahead has broken or slowed to the last place before that, to choose anew there."""
        roads = self.setting.roads
        took, takes = (
            roads.ticks_from(crew.origin, *some)[crew.place] for some in (crew.roads, (self.levels, self.slowed))
        )
        if took == takes:
            return
        before, now = roads.legs(*crew.roads), roads.legs(self.levels, self.slowed)
        way = self._way(crew)
        for (place, at_s), (following, then_s) in pairwise(way):
            if then_s <= t or not now[place, following] > before[place, following]:
                continue
            job = crew.job
            if job != _NOBODY:
                del self.fronts[job][crew.front]
            self._redirect(crew, place, at_s if at_s >= t else t + (t - at_s))  # or it turns back
            if job != _NOBODY:
                self._recount(job, t)
            return

    def _way(self, crew: _Crew) -> list[tuple[int, float]]:
        """Places on a crew's way, and when it is there."""
        way = self.setting.roads.way(crew.origin, crew.place, *crew.roads)
        trip_s = self.setting.trip_s
        return [(place, crew.departs + (trip_s(ticks + crew.access_before) if ticks else 0.0)) for place, ticks in way]

    def _redirect(self, crew: _Crew, place: int, arrives: float) -> None:
        """Let a crew on its way drive to a place without a job."""
        crew.job = crew.front = _NOBODY
        crew.place, crew.arrives = place, arrives

    # --- who does what ---------------------------------------------------------------------------

    def _choose(self, t: float) -> None:
        while True:
            self.wake = math.inf
            found = self._candidates(t)
            if not found:
                return
            left_s = self._left(t) if self.rule.looks_at_work else ()
            situation = Situation(at_s=t, levels=self.levels, slowed=self.slowed, left_s=left_s)
            best = min(found, key=lambda one: (*self.rule(one, situation), one.arrives_s, one.job, one.crew, one.front))
            self._take(best, t)

    def _candidates(self, t: float) -> list[Candidate]:
        """List what could be taken up now: shut roads and what is not a road first, wide roads after."""
        setting = self.setting
        urgent: list[Candidate] = []
        other: list[Candidate] = []
        free = [crew for crew in self.crews if crew.state != "moving" and t >= crew.from_s and self._may_leave(crew)]
        if not free:
            return []
        wanted = [
            (number, job, setting.widen_at_once or self._is_urgent(number))
            for number, job in enumerate(setting.jobs)
            if self._is_broken(number) and job.stages_s and len(self.fronts[number]) < job.most_crews
        ]
        for crew in free:
            kind, gives_way = setting.crews[crew.number].kind, crew.state == "working"
            ticks = setting.roads.ticks_from(crew.place, self.levels, self.slowed)
            for number, job, is_urgent in wanted:
                if job.kind != kind or (gives_way and not is_urgent):
                    continue
                latest = None
                for front, place in enumerate(job.fronts):
                    if place < 0 or front in self.fronts[number] or not ticks[place] < math.inf:
                        continue
                    trip_s = setting.trip_s(float(ticks[place]) + crew.access + job.access_ticks)
                    if t + trip_s < job.ready_s - _SLACK_S:
                        self.wake = min(self.wake, job.ready_s - trip_s)
                        continue
                    if latest is None:
                        latest = min(self._expected(number), job.passes_s)
                    if t + trip_s < latest:
                        made = Candidate(crew=crew.number, job=number, front=front, arrives_s=t + trip_s)
                        (urgent if is_urgent else other).append(made)
        return urgent or other

    def _may_leave(self, crew: _Crew) -> bool:
        """Whether a crew that does not drive has nothing better to do: widening gives way to what is shut."""
        return crew.state == "idle" or not (self.setting.widen_at_once or self._is_urgent(crew.job))

    def _is_urgent(self, number: int) -> bool:
        return number >= self.n_roads or self._level(number) == SHUT

    def _expected(self, number: int) -> float:
        """When the stage would be done by those who are there or on their way."""
        due = self.due[number]
        for one in self.fronts[number].values():
            if self.crews[one].state == "moving":
                arrives = self.crews[one].arrives
                left = self._left_of(number, arrives) / self._pairs(number, one)
                due = min(due, self._done_at(number, arrives, left))
        return due if self.fronts[number] else math.inf

    def _take(self, chosen: Candidate, t: float) -> None:
        crew, job = self.crews[chosen.crew], self.setting.jobs[chosen.job]
        if crew.state == "working":
            self._leave(crew, t)
        if chosen.job not in self.begun:
            self.begun.append(chosen.job)
        crew.origin, crew.place, crew.departs = crew.place, job.fronts[chosen.front], t
        crew.arrives, crew.roads = chosen.arrives_s, (self.levels, self.slowed)
        crew.access_before, crew.access = crew.access, 0
        crew.state, crew.job, crew.front = "moving", chosen.job, chosen.front
        self.fronts[chosen.job][chosen.front] = chosen.crew
        if crew.arrives <= t:
            self._arrive(crew)

    # --- work ------------------------------------------------------------------------------------

    def _pairs(self, number: int, one: int) -> int:
        if self.setting.jobs[number].by_calendar or self.setting.crews[one].kind != "road":
            return 1
        return min(self.setting.crews[one].machines, self.setting.pairs_at_front)

    def _rate(self, number: int) -> int:
        at_work = [one for one in self.fronts[number].values() if self.crews[one].state == "working"]
        return sum(self._pairs(number, one) for one in at_work)

    def _recount(self, number: int, t: float) -> None:
        """Set down what has been worked up to now, before the crews at work change, and when it will be done."""
        job = self.setting.jobs[number]
        if not self._is_broken(number):
            return
        self.worked[number] = self._worked_by(number, t)
        self.counted_at[number] = t
        self.rates[number] = rate = self._rate(number)
        left = job.stages_s[self.stage[number]] - self.worked[number]
        self.due[number] = self._done_at(number, t, left / rate) if rate else math.inf

    def _worked_by(self, number: int, t: float) -> float:
        since = self.counted_at[number]
        took = t - since if self.setting.jobs[number].by_calendar else self.setting.clock.worked(since, t)
        return self.worked[number] + took * self.rates[number]

    def _done_at(self, number: int, from_s: float, work_s: float) -> float:
        from_s = max(from_s, self.setting.jobs[number].ready_s)
        return from_s + work_s if self.setting.jobs[number].by_calendar else self.setting.clock.done_at(from_s, work_s)

    def _left_of(self, number: int, t: float) -> float:
        """Seconds of one machine pair until the end of the stage; ``inf`` where nobody can or nothing is broken."""
        job = self.setting.jobs[number]
        if not self._is_broken(number) or not job.stages_s:
            return math.inf
        return max(job.stages_s[self.stage[number]] - self._worked_by(number, t), 0.0)

    def _left(self, t: float) -> tuple[float, ...]:
        return tuple(self._left_of(number, t) for number in range(len(self.setting.jobs)))

    # --- time ------------------------------------------------------------------------------------

    def _next(self, t: float) -> float:
        """Return the next moment at which anything changes; ``inf`` if nothing does any more."""
        if any(due <= t for due in self.due) or any(
            crew.state == "moving" and crew.arrives <= t for crew in self.crews
        ):
            return t
        moments = [self.wake, *self.due]
        for number, job in enumerate(self.setting.jobs):
            if self.stage[number] < 0:
                moments.append(job.at_s)
            elif not self.over[number]:
                moments += [job.passes_s, job.ready_s]
        moments += [crew.arrives for crew in self.crews if crew.state == "moving"]
        moments += [crew.from_s for crew in self.crews]
        moments += [from_s for from_s, _ in self.setting.slow]
        return min((moment for moment in moments if moment > t), default=math.inf)

    def _note(self, crew: _Crew, job: int, doing: str, from_s: float, until_s: float) -> None:
        if until_s > from_s:
            self.spells.append(Spell(crew=crew.number, job=job, doing=doing, from_s=from_s, until_s=until_s))


def work_out(setting: Setting, rule: Rule) -> Schedule:
    """Work out who mends what and when.

    Parameters
    ----------
    setting : Setting
    rule : Rule
        By which crews choose; of equal keys the crew that arrives first, then the first job, crew and front.

    Returns
    -------
    Schedule
    """
    return _Course(setting, rule).run()
