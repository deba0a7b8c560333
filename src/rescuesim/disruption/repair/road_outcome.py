"""RoadRepairs: closures with their ends, who did it, and what it was worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from rescuesim.disruption.outages import RoadDamage, RoadOutage
from rescuesim.disruption.repair.choosing import Schedule
from rescuesim.disruption.repair.covered_people import CoveredPeopleCurve, PeopleCovered
from rescuesim.disruption.repair.damaged_roads import ONE_LANE, OPEN, SHUT
from rescuesim.disruption.repair.jobs import Setting
from rescuesim.errors import InputError
from rescuesim.network.states import Closure

__all__ = ["RoadRepairs", "curve_of", "repairs_of", "unmended_outages"]

_LEVEL_WORDS = {OPEN: "passable", ONE_LANE: "one_lane", SHUT: "closed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadRepairs:
    """Closures with their ends, and who worked where and when.

    Parameters
    ----------
    outages : tuple of RoadOutage
        Of each damage the time until one lane is open, then the time until all of it is; in the order of the damages.
        ``until_s`` is ``inf`` where the horizon comes first.
    order : str
        Policy that the crews followed.
    sequence : tuple of int
        Damages in the order in which crews set out for them first.
    work : DataFrame
        Who was where, from when until when: ``crew, damage, road, label, doing, from_h, until_h``.
    curve : CoveredPeopleCurve or None
        Covered people over time; None without demand, sites and limit.
    status : {'rule', 'optimal', 'feasible'}
        Whether a rule was followed; or the best of all orders found; or the best of those that were tried.
    best_bound : float
        Person-hours that no order can pass; ``inf`` without a curve.
    bound_source : str
    tried : int
        Schedules that were worked out.
    came_from : str
        Where the optimised order comes from: a rule, or ``search``.
    simple_area_person_h : dict of str to float
        With ``optimised``: person-hours of each simple rule on the same damages, for comparison.
    notes : tuple of str
        Defaults that were taken, to be said aloud.
    """

    outages: tuple[RoadOutage, ...]
    order: str
    sequence: tuple[int, ...]
    work: pd.DataFrame
    curve: CoveredPeopleCurve | None
    status: Literal["rule", "optimal", "feasible"]
    best_bound: float
    bound_source: str
    tried: int
    came_from: str
    simple_area_person_h: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def area_person_h(self) -> float:
        """Person-hours under the curve of covered people."""
        if self.curve is None:
            raise InputError("area under the curve: expected demand, sites and limit_s in repair_roads")
        return self.curve.area_person_h


def curve_of(schedule: Schedule, setting: Setting, people: PeopleCovered) -> CoveredPeopleCurve:
    """Follow the covered people through a schedule."""
    horizon_s = setting.horizon_s
    moments = {from_s for from_s, _ in schedule.levels} | {from_s for from_s, _ in setting.slow}
    times = sorted(moment for moment in moments if moment < horizon_s)
    covered, place = [], 0
    for moment in times:
        while place + 1 < len(schedule.levels) and schedule.levels[place + 1][0] <= moment:
            place += 1
        covered.append(people.covered(schedule.levels[place][1], setting.slowed_at(moment)))
    return CoveredPeopleCurve(
        times_s=np.array(times),
        people=np.array(covered),
        horizon_s=horizon_s,
        intact_people=people.covered(bytes(len(setting.roads.closures)), ()),
    )


def _bound(setting: Setting, people: PeopleCovered) -> float:
    """Area if each damage were worked on from the first moment that it may be, by the strongest crews, at no drive."""
    changes: list[tuple[float, int, int]] = []
    for number, (job, ends) in enumerate(zip(setting.jobs, setting.soonest_s(), strict=True)):
        changes.append((job.at_s, number, job.levels[0]))
        for stage, end in enumerate(ends):
            if end < job.passes_s:
                changes.append((end, number, job.levels[stage + 1]))
        changes.append((job.passes_s, number, OPEN))
    levels, history = bytearray(len(setting.jobs)), []
    for at_s, number, level in sorted(changes, key=lambda change: change[:1]):
        levels[number] = level
        if at_s <= setting.horizon_s:
            history.append((at_s, bytes(levels)))
    merged = {0.0: bytes(len(setting.jobs))} | dict(history)  # the last of each moment
    ideal = Schedule(spells=(), done=(), levels=tuple(sorted(merged.items())), begun=())
    return curve_of(ideal, setting, people).area_person_h


def repairs_of(
    damages: Sequence[RoadDamage],
    setting: Setting,
    schedule: Schedule,
    people: PeopleCovered | None,
    *,
    order: str,
    notes: Sequence[str],
    status: Literal["rule", "optimal", "feasible"] = "rule",
    tried: int = 1,
    came_from: str = "",
    simple: Mapping[str, float] | None = None,
) -> RoadRepairs:
    """Put a schedule into records, tables and a curve."""
    rows = [
        {
            "crew": setting.crews[spell.crew].id,
            "damage": spell.job,
            "road": damages[spell.job].closure.road if spell.job >= 0 else -1,
            "label": damages[spell.job].label if spell.job >= 0 else "",
            "doing": spell.doing,
            "from_h": spell.from_s / 3600,
            "until_h": spell.until_s / 3600,
        }
        for spell in schedule.spells
    ]
    return RoadRepairs(
        outages=_outages(damages, setting, schedule),
        order=order,
        sequence=schedule.begun,
        work=pd.DataFrame(rows, columns=["crew", "damage", "road", "label", "doing", "from_h", "until_h"]),
        curve=curve_of(schedule, setting, people) if people is not None else None,
        status=status,
        best_bound=_bound(setting, people) if people is not None else math.inf,
        bound_source="every damage worked on at once, at no drive" if people is not None else "",
        tried=tried,
        came_from=came_from or order,
        simple_area_person_h=dict(simple or {}),
        notes=tuple(notes),
    )


def unmended_outages(damages: Sequence[RoadDamage]) -> tuple[RoadOutage, ...]:
    """Return the closures of damages that no crew comes to: each holds until it passes by itself.

    The same as `repair_roads` gives without road and bridge crews, without a look at any way.
    """
    return tuple(
        RoadOutage(closure=one.closure, from_s=one.at_s, until_s=one.passes_s, label=one.label, cause=one.cause)
        for one in damages
    )


def _outages(damages: Sequence[RoadDamage], setting: Setting, schedule: Schedule) -> tuple[RoadOutage, ...]:
    """Write the time of each stage of each damage as a closure of its own."""
    ends: list[list[tuple[float, str]]] = [[] for _ in damages]
    passed, mended = set(), [0] * len(damages)
    for done in schedule.done:
        names = " + ".join(setting.crews[crew].id for crew in done.crews)
        ends[done.job].append((done.at_s, names))
        if done.crews:
            mended[done.job] += 1
        else:
            passed.add(done.job)
    made = []
    for number, (damage, job, some) in enumerate(zip(damages, setting.jobs, ends, strict=True)):
        since, all_done = damage.at_s, 0 < len(job.stages_s) == mended[number]
        if all_done and job.levels[-1] != OPEN:
            some = [*some, (math.inf, "")]  # a temporary bridge stays
        elif not all_done and number not in passed:
            some = [*some, (damage.passes_s, "")]  # nobody is done before the horizon
        for stage, (until_s, names) in enumerate(some):
            level = job.levels[min(stage, len(job.levels) - 1)]
            one = damage.closure
            closure = (
                one
                if stage == 0
                else Closure(road=one.road, from_m=one.from_m, to_m=one.to_m, level=_LEVEL_WORDS[level])
            )
            if until_s > since:
                made.append(
                    RoadOutage(
                        closure=closure,
                        from_s=since,
                        until_s=until_s,
                        label=damage.label,
                        cause=damage.cause,
                        repaired_by=names,
                    )
                )
            since = max(since, until_s)
    return tuple(made)
