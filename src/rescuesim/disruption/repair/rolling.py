"""Lists of repair by a rolling horizon: plan a window, work it out, plan the next from where that leads.

What is planned at a moment knows of what has broken by then, and no more. Each list is one more start beside those of
the simple rules; `best_order` keeps whatever is worth most when it is worked out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence, Set

import numpy as np

from rescuesim.disruption.repair.choosing import Schedule
from rescuesim.disruption.repair.covered_people import PeopleCovered
from rescuesim.disruption.repair.damaged_roads import OPEN, SHUT
from rescuesim.disruption.repair.jobs import Setting
from rescuesim.disruption.repair.optimised import Judged
from rescuesim.disruption.repair.ways_back import PeopleBehind, WorkTrees, people_behind
from rescuesim.disruption.repair.window_plan import Approach, plan_window
from rescuesim.network.road_network import TICKS_PER_SECOND

__all__ = ["rolling_plans"]

_WINDOWS_H = (6.0, 16.0, 48.0)
_SLOTS = 6
_EFFORT = 0.5  # deterministic seconds of the solver for a window
_MOST_JOBS = 60  # in a window: those that bring most people back for their work


def rolling_plans(
    setting: Setting, people: PeopleCovered, judge: Callable[[Sequence[int]], Judged], *, left_s: Callable[[], float]
) -> Iterator[tuple[list[int], Judged]]:
    """Give lists of all jobs, planned window by window, and what each is worth.

    Parameters
    ----------
    setting : Setting
    people : PeopleCovered
    judge : callable
        From a list to what the crews make of it.
    left_s : callable
        Seconds of wall time that are left.

    Yields
    ------
    listed : list of int
        All jobs: those that are begun by now, those of the plan, those of the plan before, all others.
    judged : Judged
    """
    n = len(setting.jobs)
    free = [number for number in range(n) if setting.jobs[number].stages_s]
    soonest = setting.soonest_s()
    able = [number for number in free if soonest[number][0] < math.inf]
    rest_last = sorted(set(range(n)) - set(able))
    for window_h in _WINDOWS_H:
        listed: list[int] = []
        schedule: Schedule | None = None
        at_s = 0.0
        while at_s < setting.horizon_s and left_s() > 0:
            planned = _planned(setting, people, schedule, able, at_s, window_h, limit_s=left_s())
            begun = [] if schedule is None else _begun_by(schedule, at_s, able)
            fresh = [*begun, *(job for job in planned if job not in begun)]
            fresh += [job for job in listed if job not in fresh]
            if fresh != listed:
                listed = fresh
                whole = [*listed, *(job for job in able if job not in listed), *rest_last]
                judged = judge(whole)
                schedule = judged.schedule
                yield whole, judged
            at_s += window_h / 2 * 3600


def _begun_by(schedule: Schedule, at_s: float, able: Sequence[int]) -> list[int]:
    """Return the jobs that crews have set out for by a moment, in that order."""
    begun: list[int] = []
    for spell in schedule.spells:
        if spell.from_s < at_s and spell.job in able and spell.job not in begun:
            begun.append(spell.job)
    return begun


def _planned(
    setting: Setting,
    people: PeopleCovered,
    schedule: Schedule | None,
    able: Sequence[int],
    at_s: float,
    window_h: float,
    *,
    limit_s: float,
) -> list[int]:
    """Plan the window from a moment on."""
    jobs, begun = setting.jobs, set[int]() if schedule is None else set(_begun_by(schedule, at_s, able))
    ends_s = min(at_s + window_h * 3600, setting.horizon_s)
    known = {number for number in range(len(jobs)) if jobs[number].at_s <= at_s}
    levels = bytearray(len(jobs))
    for number in known:
        passed = jobs[number].passes_s <= at_s or number in begun
        levels[number] = OPEN if passed or not jobs[number].levels else jobs[number].levels[0]
    todo = [number for number in able if number in known and levels[number] == SHUT and jobs[number].ready_s < ends_s]
    if not todo:
        return []
    now = bytes(levels)
    slowed = setting.slowed_at(at_s)
    work_s = [math.inf] * len(jobs)
    for number in todo:
        work_s[number] = jobs[number].stages_s[0]
    behind = people_behind(people, now, slowed, work_s)
    wanted = _worth_it(behind, work_s)
    if not wanted:
        return []
    slot_s = [at_s + (ends_s - at_s) * (slot + 1) / _SLOTS for slot in range(_SLOTS)]
    ways = WorkTrees.of(setting.roads, now, slowed, work_s)
    approaches: list[Approach] = []
    hours_by = np.zeros((len(setting.crews), _SLOTS))
    for crew in range(len(setting.crews)):
        place, from_s = _where(setting, schedule, crew, at_s)
        hours_by[crew] = [max(setting.clock.worked(from_s, end), 0.0) / 3600 for end in slot_s]
        approaches += _approaches(setting, ways, crew, place, wanted, work_s, from_s, slot_s)
    if not approaches:
        return []
    lengths = [(after - end) / 3600 for end, after in zip(slot_s, [*slot_s[1:], slot_s[-1] + 3600], strict=True)]
    lengths[-1] = max((setting.horizon_s - ends_s) / 3600, lengths[-1]) / 2  # what is open at the end stays so
    found = plan_window(approaches, behind, hours_by, lengths, effort=_EFFORT, limit_s=max(limit_s, 0.01), seed=0)
    return list(found.jobs)


def _worth_it(behind: Sequence[PeopleBehind], work_s: Sequence[float]) -> set[int]:
    """Return the closures on ways back, at most so many: those of the ways with most people for their work."""
    rated: dict[frozenset[int], float] = {}
    for some in behind:
        for way in some.ways:
            rated[way] = rated.get(way, 0.0) + some.people
    best = sorted(rated, key=lambda way: (-rated[way] / (1 + sum(work_s[job] for job in way)), sorted(way)))
    chosen: set[int] = set()
    for way in best:
        if len(chosen | way) <= _MOST_JOBS:
            chosen |= way
    return chosen


def _where(setting: Setting, schedule: Schedule | None, crew: int, at_s: float) -> tuple[int, float]:
    """Return where a crew is free from a moment on, and when: at the last job that it had begun."""
    place, from_s = setting.bases[crew], max(setting.crews[crew].from_s, at_s)
    for spell in schedule.spells if schedule is not None else ():
        if spell.crew == crew and spell.from_s < at_s and spell.job >= 0:
            front = next((node for node in setting.jobs[spell.job].fronts if node >= 0), place)
            place = front
            if spell.doing == "work":
                from_s = max(from_s, min(spell.until_s, setting.horizon_s))
    return place, from_s


def _approaches(
    setting: Setting,
    ways: WorkTrees,
    crew: int,
    place: int,
    wanted: Set[int],
    work_s: Sequence[float],
    from_s: float,
    slot_s: Sequence[float],
) -> list[Approach]:
    """Find how a crew gets to each job, and what it would take it."""
    reached, entered = ways.from_node(place, 1.0)
    team = setting.crews[crew]
    pairs = min(team.machines, setting.pairs_at_front) if team.kind == "road" else 1
    made = []
    for job in sorted(wanted):
        one = setting.jobs[job]
        nodes = [node for node in one.fronts if node >= 0 and math.isfinite(reached[node])]
        if one.kind != team.kind or not nodes:
            continue
        drive, before = ways.way(min(nodes, key=lambda node: (reached[node], node)), entered)
        if job in before or not before <= wanted:
            continue
        drive_s = setting.trip_s(drive * TICKS_PER_SECOND)
        takes_s = work_s[job] if one.by_calendar else work_s[job] / pairs
        begins = max(from_s + drive_s, one.ready_s)
        ends = begins + takes_s if one.by_calendar else setting.clock.done_at(begins, takes_s)
        slot = next((number for number, end in enumerate(slot_s) if ends <= end), None)
        if slot is not None:
            hours = (drive_s + takes_s) / 3600
            made.append(Approach(crew=crew, job=job, hours=hours, from_slot=slot, before=before))
    return made
