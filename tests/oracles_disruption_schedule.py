"""The plain course of repair: everything is looked at anew at every moment, on ways that are searched each time."""

from __future__ import annotations

import math

import numpy as np
from scipy.sparse.csgraph import dijkstra

from rescuesim.disruption.repair import schedule
from rescuesim.disruption.repair.damaged_roads import DamagedRoads, Slowed, slow_state
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.states import Closure

LEVELS = {1: "one_lane", 2: "closed"}


def plain_ticks(roads: DamagedRoads, node: int, levels: bytes, slowed: Slowed) -> np.ndarray:
    """Ticks from a node in a state, by SciPy on the split graph of that very state."""
    closures = [
        Closure(road=one.road, from_m=one.from_m, to_m=one.to_m, level=LEVELS[level])
        for one, level in zip(roads.closures, levels, strict=True)
        if level
    ]
    matrix = roads.graph.matrix(slow_state(closures, slowed))
    found = dijkstra(matrix, indices=node)
    return np.where(np.isfinite(found), found, UNREACHABLE)


def in_vain(course: schedule._Course, number: int) -> bool:
    """Whether the horizon comes before even all crews that find room could be done."""
    setting = course.setting
    job, stage = setting.jobs[number], course.stage[number]
    if stage < 0 or course.over[number] or not job.stages_s:
        return False
    pairs = sorted((min(crew.machines, 2) for crew in setting.crews), reverse=True)[: job.most_crews]
    begins = max(job.ready_s, min(crew.from_s for crew in setting.crews))
    work_s = job.stages_s[stage]
    end = begins + work_s if job.by_calendar else setting.clock.done_at(begins, work_s / sum(pairs))
    return end > setting.horizon_s


class PlainCourse(schedule._Course):
    """Asks all crews about all jobs at all moments at which anything is set to happen."""

    def _choose(self, t: float) -> None:
        while True:
            self.wake, found = math.inf, []
            urgent_first = [[], [], []]
            for crew in self.crews:
                if crew.state == "moving" or t < crew.from_s or not self._may_leave(crew):
                    continue
                gives_way = crew.state == "working"
                leaves_all = gives_way and in_vain(self, crew.job)
                row = plain_ticks(self.setting.roads, crew.place, self.levels, self.slowed)
                for number, job in enumerate(self.setting.jobs):
                    urgent = self.setting.widen_at_once or self._is_urgent(number)
                    if not self._is_broken(number) or not job.stages_s or len(self.fronts[number]) >= job.most_crews:
                        continue
                    last = in_vain(self, number)
                    if job.kind != self.setting.crews[crew.number].kind or (gives_way and last):
                        continue
                    if gives_way and not urgent and not leaves_all:
                        continue
                    for front, place in enumerate(job.fronts):
                        if place < 0 or front in self.fronts[number] or row[place] >= UNREACHABLE:
                            continue
                        trip_s = self.setting.trip_s(float(row[place]) + crew.access + job.access_ticks)
                        if t + trip_s < job.ready_s - 1e-6:
                            self.wake = min(self.wake, job.ready_s - trip_s)
                        elif t + trip_s < min(self._expected(number), job.passes_s):
                            made = schedule.Candidate(
                                crew=crew.number,
                                job=number,
                                front=front,
                                arrives_s=t + trip_s,
                                done_s=self.plainly_done(crew, number, t + trip_s),
                                around_s=self.plainly_around(crew, row, number, front),
                            )
                            urgent_first[2 if last else 0 if urgent else 1].append(made)
            found = urgent_first[0] or urgent_first[1] or urgent_first[2]
            if not found:
                return
            left_s = self._left(t) if self.rule.looks_at_work else ()
            now = schedule.Situation(at_s=t, levels=self.levels, slowed=self.slowed, left_s=left_s)
            best = min(found, key=lambda one: (*self.rule(one, now), one.arrives_s, one.job, one.crew, one.front))
            self._take(best, t)

    def plainly_done(self, crew, number, arrives):
        """When a job is done by a crew and by those who are at work there now, second by second of the work clock."""
        job = self.setting.jobs[number]
        machines = [crew.number] if job.by_calendar else [crew.number, *self.at_work_on(number)]
        pairs = sum(1 if job.by_calendar else min(self.setting.crews[one].machines, 2) for one in machines)
        left = self._left_of(number, arrives) / pairs
        from_s = max(arrives, job.ready_s)
        end = from_s + left if job.by_calendar else self.setting.clock.done_at(from_s, left)
        return end if end <= self.setting.horizon_s else math.inf

    def at_work_on(self, number):
        return [one for one in self.fronts[number].values() if self.crews[one].state == "working"]

    def plainly_around(self, crew, row, number, front):
        fronts = self.setting.jobs[number].fronts
        if len(fronts) < 2 or fronts[1 - front] < 0 or row[fronts[1 - front]] >= UNREACHABLE:
            return math.inf
        here, there = (self.setting.trip_s(float(row[fronts[k]]) + crew.access) for k in (front, 1 - front))
        return there - here

    def _next(self, t: float) -> float:
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


def plain_work_out(setting: schedule.Setting, rule: schedule.Rule) -> schedule.Schedule:
    return PlainCourse(setting, rule).run()
