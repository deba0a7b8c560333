"""Who mends what and when: crews that choose by a rule, drive on the roads as they are, and work.

Moments follow each other: something breaks or passes, a crew arrives, a stage of work is done. After each, crews that
are free choose what to do next. Nobody knows of a damage before it happens.

A crew goes where it can drive; what it cannot reach yet waits. It leaves so that it need not wait on the spot for
water or an unstable slope, if it has nothing else to do before. A way that breaks while a crew is on it is driven up to
the last place before the break, where the crew chooses anew. Two crews work on one damage from its two ends; the second
sets out only if it comes before the first is done. Unless told otherwise, a crew that has one lane open goes on to the
next road that is shut, and a crew that widens a road leaves it for one that is shut: its work is not lost. What all the
crews that find room could not finish before the horizon goes last, whatever the rule: a crew sets out for it only if
there is nothing else, and leaves it for anything else.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.disruption.repair.choosing import Candidate, Done, Rule, Schedule, Situation, Spell
from rescuesim.disruption.repair.damaged_roads import OPEN, SHUT, Slowed
from rescuesim.disruption.repair.jobs import Setting
from rescuesim.disruption.repair.open_fronts import OpenFronts
from rescuesim.network.road_network import UNREACHABLE

__all__ = ["work_out"]

_NOBODY = -1
_SLACK_S = 1e-6  # sums of floats that are meant to be the same moment


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
        self.breaking = sorted(range(n), key=lambda number: -setting.jobs[number].at_s)  # the next one last
        self.passing = sorted(
            (number for number in range(n) if setting.jobs[number].passes_s < math.inf),
            key=lambda number: -setting.jobs[number].passes_s,
        )
        self.at_work: set[int] = set()  # jobs with a moment at which they are due
        self.open_fronts = OpenFronts.of(setting.jobs)
        self.too_long = [tuple(end > setting.horizon_s for end in ends) for ends in setting.soonest_s()]
        self.wake = math.inf
        self.touched: set[int] = set()  # jobs whose roads may mean something else, since they were last looked at
        self.news = True  # something besides the roads that free crews have to know
        self.seen: list[tuple[int, NDArray[np.int32]]] = []  # by free crews when they last found nothing to do
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
        ended = {number for number in self.at_work if self.due[number] <= t}
        while self.passing and jobs[self.passing[-1]].passes_s <= t:
            ended.add(self.passing.pop())
        for number in sorted(ended):
            if self._is_broken(number) and jobs[number].passes_s <= t:
                self._finish(number, t, ())
            while self._is_broken(number) and self.due[number] <= t:
                self._end_stage(number, t)
        while self.breaking and jobs[self.breaking[-1]].at_s <= t:
            number = self.breaking.pop()
            self.stage[number] = 0
            self._change(number)
        self.slowed = self.setting.slowed_at(t)
        if not self.touched and self.history:
            return
        made, worse = bytearray(self.levels), False
        for number in self.touched:
            if number < self.n_roads:
                made[number] = self._level(number)
                worse = worse or made[number] > self.levels[number]
        self.touched.clear()
        levels = bytes(made)
        if levels != self.levels or not self.history:
            self.levels = levels
            self.history.append((t, levels))
            if worse:
                for crew in self.crews:
                    if crew.state == "moving":
                        self._meet_a_break(crew, t)

    def _change(self, number: int) -> None:
        """Note that a job is at another stage."""
        self.touched.add(number)
        job = self.setting.jobs[number]
        if job.stages_s:
            self.news = True
            is_wanted = self._is_broken(number) and len(self.fronts[number]) < job.most_crews
            self.open_fronts.mark(number, self.fronts[number] if is_wanted else None)

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
        self.news = True
        if crew.job != _NOBODY:
            crew.access = self.setting.jobs[crew.job].access_ticks
            self._recount(crew.job, crew.arrives)

    def _end_stage(self, number: int, t: float) -> None:
        job, stage = self.setting.jobs[number], self.stage[number]
        crews = tuple(sorted(one for one in self.fronts[number].values() if self.crews[one].state == "working"))
        if stage + 1 == len(job.stages_s):
            self.mended[number] = True
            self._finish(number, t, crews)
            return
        self.done.append(Done(job=number, stage=stage, at_s=t, crews=crews))
        self.worked[number], self.counted_at[number] = job.stages_s[stage], t
        self.stage[number] = stage + 1
        self._change(number)
        if self.setting.widen_at_once:
            self._recount(number, t)
        else:
            self._release(number, t)

    def _finish(self, number: int, t: float, crews: tuple[int, ...]) -> None:
        self.done.append(Done(job=number, stage=self.stage[number], at_s=t, crews=crews))
        self.over[number] = True
        self._release(number, t)
        self.due[number] = math.inf
        self.at_work.discard(number)
        self._change(number)

    def _release(self, number: int, t: float) -> None:
        """Let all crews of a job go."""
        for one in list(self.fronts[number].values()):
            self._leave(self.crews[one], t)

    def _leave(self, crew: _Crew, t: float) -> None:
        """Take a crew off its job; one on its way drives on to the next place."""
        job = crew.job
        self._free_front(crew)
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
        before, now = roads.ticks_in(*crew.roads), roads.ticks_in(self.levels, self.slowed)
        place, at_s = crew.origin, crew.departs
        for leg in roads.way(crew.origin, crew.place, *crew.roads):
            then_s = self._along(crew, leg.ticks)
            if then_s > t and now[leg.arcs].sum(dtype=np.int64) > before[leg.arcs].sum(dtype=np.int64):
                job = crew.job
                if job != _NOBODY:
                    self._free_front(crew)
                self._redirect(crew, place, at_s if at_s >= t else t + (t - at_s))  # or it turns back
                if job != _NOBODY:
                    self._recount(job, t)
                return
            place, at_s = leg.to_node, then_s

    def _free_front(self, crew: _Crew) -> None:
        del self.fronts[crew.job][crew.front]
        self._change(crew.job)

    def _way(self, crew: _Crew) -> list[tuple[int, float]]:
        """Places on a crew's way, and when it is there."""
        legs = self.setting.roads.way(crew.origin, crew.place, *crew.roads)
        return [(crew.origin, crew.departs), *((leg.to_node, self._along(crew, leg.ticks)) for leg in legs)]

    def _along(self, crew: _Crew, ticks: int) -> float:
        """When a crew has driven so far on its way."""
        return crew.departs + (self.setting.trip_s(ticks + crew.access_before) if ticks else 0.0)

    def _redirect(self, crew: _Crew, place: int, arrives: float) -> None:
        """Let a crew on its way drive to a place without a job."""
        crew.job = crew.front = _NOBODY
        crew.place, crew.arrives = place, arrives

    # --- who does what ---------------------------------------------------------------------------

    def _choose(self, t: float) -> None:
        """Let free crews take up what they can; nothing is looked at where nothing that matters has changed."""
        while True:
            free = [
                crew for crew in self.crews if crew.state != "moving" and t >= crew.from_s and self._may_leave(crew)
            ]
            free = [crew for crew in free if self.open_fronts.any(self.setting.crews[crew.number].kind)]
            roads = self.setting.roads
            rows = [roads.ticks_from(crew.place, self.levels, self.slowed) for crew in free]
            seen = [(crew.number, row) for crew, row in zip(free, rows, strict=True)]
            same = len(seen) == len(self.seen) and all(
                now[0] == then[0] and now[1] is then[1] for now, then in zip(seen, self.seen, strict=True)
            )
            if same and not self.news and t < self.wake:
                return
            self.wake, self.seen, self.news = math.inf, seen, False
            found = self._candidates(t, free, rows)
            if not found:
                return
            left_s = self._left(t) if self.rule.looks_at_work else ()
            situation = Situation(at_s=t, levels=self.levels, slowed=self.slowed, left_s=left_s)
            best = min(found, key=lambda one: (*self.rule(one, situation), one.arrives_s, one.job, one.crew, one.front))
            self._take(best, t)

    def _candidates(self, t: float, free: list[_Crew], rows: list[NDArray[np.int32]]) -> list[Candidate]:
        """List what could be taken up now: shut roads and what is not a road first, wide roads after."""
        setting, fronts = self.setting, self.open_fronts
        urgent: list[Candidate] = []
        other: list[Candidate] = []
        last: list[Candidate] = []
        for crew, row in zip(free, rows, strict=True):
            gives_way = crew.state == "working"
            in_vain = gives_way and self._is_in_vain(crew.job)
            which = fronts.of_kind(setting.crews[crew.number].kind)
            ticks = row[fronts.node[which]]
            reached = ticks < UNREACHABLE
            for place, driven in zip(which[reached].tolist(), ticks[reached].tolist(), strict=True):
                number, front = fronts.job[place], fronts.front[place]
                job = setting.jobs[number]
                is_urgent = setting.widen_at_once or self._is_urgent(number)
                is_last = self._is_in_vain(number)
                if gives_way and (is_last or not (is_urgent or in_vain)):
                    continue
                trip_s = setting.trip_s(float(driven + crew.access + job.access_ticks))
                if t + trip_s < job.ready_s - _SLACK_S:
                    self.wake = min(self.wake, job.ready_s - trip_s)
                elif t + trip_s < min(self._expected(number), job.passes_s):
                    made = Candidate(crew=crew.number, job=number, front=front, arrives_s=t + trip_s)
                    if self.rule.looks_ahead:
                        made = self._with_prospects(made, row)
                    (last if is_last else urgent if is_urgent else other).append(made)
        return urgent or other or last

    def _with_prospects(self, made: Candidate, row: NDArray[np.int32]) -> Candidate:
        """Add when a job would be done and how far it is around."""
        job, access = self.setting.jobs[made.job], self.crews[made.crew].access
        rate = self._pairs(made.job, made.crew) + (0 if job.by_calendar else self.rates[made.job])
        done = self._done_at(made.job, made.arrives_s, self._left_of(made.job, made.arrives_s) / rate)
        around = math.inf
        if len(job.fronts) == 2 and (there := job.fronts[1 - made.front]) >= 0 and row[there] < UNREACHABLE:
            here, other = (self.setting.trip_s(float(row[node] + access)) for node in (job.fronts[made.front], there))
            around = other - here
        return replace(made, done_s=done if done <= self.setting.horizon_s else math.inf, around_s=around)

    def _may_leave(self, crew: _Crew) -> bool:
        """Whether a crew that does not drive has nothing better to do: widening gives way to what is shut."""
        if crew.state == "idle" or self._is_in_vain(crew.job):
            return True
        return not (self.setting.widen_at_once or self._is_urgent(crew.job))

    def _is_in_vain(self, number: int) -> bool:
        """Whether nobody could finish the stage of a job before the horizon, not even all who find room there."""
        return self._is_broken(number) and self.too_long[number][self.stage[number]]

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
        self._change(chosen.job)
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
        (self.at_work.add if rate else self.at_work.discard)(number)

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
        due = [self.due[number] for number in self.at_work]
        arrivals = [crew.arrives for crew in self.crews if crew.state == "moving"]
        if any(moment <= t for moment in (*due, *arrivals)):
            return t
        jobs = self.setting.jobs
        while self.passing and self.over[self.passing[-1]]:
            self.passing.pop()
        moments = [self.wake, *due, *arrivals, *(crew.from_s for crew in self.crews)]
        moments += [
            jobs[some[-1]].passes_s if some is self.passing else jobs[some[-1]].at_s
            for some in (self.passing, self.breaking)
            if some
        ]
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
