"""What crews have to do about damaged roads."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.disruption.outages import RoadDamage
from rescuesim.disruption.repair.crews import CREW_KIND_WORDS, RepairCrew
from rescuesim.disruption.repair.damaged_roads import ONE_LANE, OPEN, SHUT, level_of
from rescuesim.disruption.repair.jobs import Job, Setting
from rescuesim.disruption.streams import Draw, draws
from rescuesim.network import RoadNetwork
from rescuesim.network.states import Closure

__all__ = ["fronts_of", "job_notes", "job_of", "too_long_notes"]


def job_of(damage: RoadDamage, seed: int, sample: int, bridge_kind: str) -> Job:
    """Say what is to be done about a damage, and what each stage of it is worth to the road."""
    level, fronts = level_of(damage.closure), 2
    stages: tuple[float, ...] = ()
    levels = bytes([level])
    if damage.bridge and level == SHUT:
        stages, levels, fronts = (_bridge_days(damage, seed, sample) * 86_400,), bytes([SHUT, ONE_LANE]), 1
    elif level == SHUT and 0 < damage.one_lane_h < damage.work_h:
        stages = damage.one_lane_h * 3600, damage.work_h * 3600
        levels = bytes([SHUT, ONE_LANE, OPEN])
    elif level != OPEN and damage.work_h > 0:
        stages, levels = (damage.work_h * 3600,), bytes([level, OPEN])
    return Job(
        label=damage.label,
        kind=bridge_kind if damage.bridge and level == SHUT else "road",
        fronts=(),
        most_crews=fronts,
        at_s=damage.at_s,
        ready_s=damage.at_s + damage.hold_s,
        passes_s=damage.passes_s,
        stages_s=stages,
        levels=levels,
        by_calendar=damage.bridge and level == SHUT,
    )


def _bridge_days(damage: RoadDamage, seed: int, sample: int) -> float:
    """Draw how long a temporary bridge takes: triangular from the least to the most, peaked at the usual."""
    days = default("clearing.temporary_bridge_days")
    assert days.low is not None
    assert days.high is not None
    of = f"temporary bridge on road {damage.closure.road} at {damage.closure.from_m:.1f} m"
    drawn = draws(Draw.RESTORATION, seed=seed, sample=sample, of=of).triangular(days.low, days.number, days.high)
    return float(drawn)


def fronts_of(network: RoadNetwork, closures: Sequence[Closure]) -> list[list[tuple[int, float]]]:
    """Where machines stand: just before each damage and just after it."""
    length, stand_m = network.road_length_m, default("clearing.front_m").number
    return [
        [
            (closure.road, max(closure.from_m - stand_m, 0.0)),
            (closure.road, min(closure.to_m + stand_m, float(length[closure.road]))),
        ]
        for closure in closures
    ]


def job_notes(damages: Sequence[RoadDamage], jobs: Sequence[Job], team: Sequence[RepairCrew]) -> list[str]:
    """Say what becomes of damages that nobody mends, and of bridges."""
    notes: list[str] = []
    stuck = sum(
        1
        for damage, job in zip(damages, jobs, strict=True)
        if not job.stages_s and job.levels[0] != OPEN and damage.passes_s == math.inf
    )
    if stuck:
        notes.append(
            Note(
                f"{stuck} damages without hours of work that do not pass by themselves: they stay as they are",
                f"{stuck} 处损坏未给出工时，也不会自行恢复：一直保持原状",
            )
        )
    bridges = sum(1 for job in jobs if job.by_calendar)
    if bridges:
        notes.append(
            Note(
                f"{bridges} bridges down: a temporary one of one lane in 1 to 3 days, widened beyond the horizon",
                f"{bridges} 座桥梁损毁：1 至 3 天架设单车道便桥，计算时段内不再拓宽",
            )
        )
    for kind in sorted({job.kind for job in jobs if job.stages_s} - {crew.kind for crew in team}):
        notes.append(
            Note(
                f"no {kind} crew: what it would mend stays until it passes by itself",
                f"未设{CREW_KIND_WORDS[kind]}队伍：相应损坏待其自行恢复",
            )
        )
    return notes


def too_long_notes(setting: Setting) -> list[str]:
    """Say how many jobs nobody could finish before the horizon, not even all crews that find room."""
    if not setting.crews:
        return []
    n = sum(bool(ends) and ends[0] == math.inf for ends in setting.soonest_s())
    hours = setting.horizon_s / 3600
    said = Note(
        f"{n} damages take longer than the {hours:g} h looked at, whoever works on them: they are begun last",
        f"{n} 处损坏无论投入多少队伍，在所计算的 {hours:g} 小时内都无法抢通：最后才安排",
    )
    return [said] if n else []
