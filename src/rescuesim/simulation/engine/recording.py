"""Recording: turns what the stories stamped into arrays."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rescuesim.simulation.duties import Duty
from rescuesim.simulation.engine.duty import DutyMission
from rescuesim.simulation.engine.mission import UNDER_WAY, Mission
from rescuesim.simulation.missions import MISSION_STAMPS, Missions
from rescuesim.simulation.trajectory import OUTCOMES, STAMPS, BlockMet, Trajectory

if TYPE_CHECKING:
    from rescuesim.simulation.engine.replication import Replication

__all__ = ["Record", "trajectory_of"]


_NAMES = (
    "number", "call", "slot", "tier", "unit", "people", "blocks", "ended", "distance_m", "until_s", "ended_s",
    "channel", *(f"{name}_s" for name in MISSION_STAMPS),
)  # fmt: skip
_row = attrgetter(*_NAMES)


class Record:
    """What has happened, as flat numbers: stories and their objects vanish as soon as they end.

    Objects that stay would cost as much as all the stories: the garbage collector walks over them again and again.

    Attributes
    ----------
    lead, finisher : list of int
        By call: the mission whose readiness let the first action start, and the one that ended its slot; -1 for none.
    handling_s, closed_s : list of float
    redispatched : list of int
    lost, too_few : list of bool
        The latter: those who came were too few to begin, at least for a while.
    missions : list of tuple
        One for each mission that has ended.
    duties : list of Duty
    """

    def __init__(self, n_calls: int) -> None:
        self.lead, self.finisher = [-1] * n_calls, [-1] * n_calls
        self.handling_s, self.closed_s = [math.nan] * n_calls, [math.nan] * n_calls
        self.redispatched, self.lost, self.too_few = [0] * n_calls, [False] * n_calls, [False] * n_calls
        self.missions: list[tuple[float, ...]] = []
        self.duties: list[Duty] = []

    def began(self, mission: Mission, at_s: float) -> None:
        """Note the first action of a call, and by whom."""
        self.lead[mission.call], self.handling_s[mission.call] = mission.number, at_s

    def not_begun(self, call: int) -> None:
        """Take back a first action that lay ahead."""
        self.lead[call], self.handling_s[call] = -1, math.nan

    def ended(self, mission: Mission) -> None:
        """Note a mission on which nothing more happens."""
        if isinstance(mission, DutyMission):
            duty = mission.kind, mission.unit, mission.place, mission.dispatched_s, mission.arrived_s, mission.until_s
            self.duties.append(Duty(*duty))
        else:
            self.missions.append(_row(mission))


def trajectory_of(run: Replication) -> Trajectory:
    """Make the trajectory of a replication that has been played; what lies at or after the horizon is cut."""
    horizon_s, calls, heard = run.setting.horizon_s, run.calls, run.heard
    for mission in run.doing:
        if mission is not None:
            run.record.ended(mission)
    duties = tuple(_cut(duty, horizon_s) for duty in run.record.duties)
    missions, record = _missions(run.record.missions, run.alerting.channels, horizon_s), run.record
    size = len(calls)
    lead, finisher = _leads(run, missions), np.array(record.finisher, dtype=np.int64)
    stamps = np.full((len(STAMPS), size), np.nan)
    stamps[0], stamps[1], stamps[2] = calls.arrived_at_s, heard.answered_s, heard.ordered_s
    has, done = lead >= 0, finisher >= 0
    own = missions.stamps[:, lead[has]]
    # dispatched, alerted, rolling, on scene, and the first action for ready
    stamps[3:8, has] = own[1:6]
    stamps[7] = record.handling_s
    stamps[8:10, done] = missions.stamps[6:8, finisher[done]]
    stamps = np.where(stamps < horizon_s, stamps, np.nan)
    unit = np.full(size, -1, dtype=np.int32)
    unit[has] = missions.unit[lead[has]]
    channel = np.full(size, "", dtype=object)
    channel[has] = np.array(missions.channel, dtype=object)[lead[has]]
    severity = np.full(size, np.nan)
    for code, name in enumerate(calls.types):
        rows = (calls.type_code == code) & ~np.isnan(stamps[7])
        response_s = stamps[7, rows] - calls.arrived_at_s[rows]
        severity[rows] = run.setting.growth[name].severity(calls.detected_s[rows], response_s)
    closed = np.array(record.closed_s, dtype=np.float64)
    waits = np.array(run.line.waits, dtype=np.float64).reshape(-1, 3)
    return Trajectory(
        stamps=stamps,
        unit=unit,
        channel=tuple(channel.tolist()),
        redispatched=np.array(record.redispatched, dtype=np.int32),
        outcome=_outcomes(run, stamps, missions, lead),
        task_unit=np.r_[missions.unit, np.array([one.unit for one in duties], dtype=np.int32)],
        task_call=np.r_[missions.call, np.full(len(duties), -1, dtype=np.int32)],
        task_from_s=np.r_[missions.at_s("dispatched"), [one.from_s for one in duties]],
        task_until_s=np.r_[missions.until_s, [one.until_s for one in duties]],
        duties=duties,
        blocks=() if run.driving is None else tuple(BlockMet(*one) for one in run.driving.blocks),
        missions=missions,
        rings=heard.rings,
        guided=heard.guided,
        severity_at_action=severity,
        closed_s=np.where(closed < horizon_s, closed, np.nan),
        wait_call=waits[:, 0].astype(np.int32),
        wait_from_s=waits[:, 1],
        wait_until_s=waits[:, 2],
        line_area_s=run.line.area_s,
        horizon_s=horizon_s,
        too_few=np.array(record.too_few, dtype=np.bool_),
    )


def _missions(rows: list[tuple[float, ...]], channels: list[str], horizon_s: float) -> Missions:
    """Put the missions into the order of their dispatch."""
    table = np.array(rows, dtype=np.float64).reshape(-1, len(_NAMES))
    column = dict(zip(_NAMES, table[np.argsort(table[:, 0])].T, strict=True))
    stamps = np.array([column[f"{name}_s"] for name in MISSION_STAMPS])
    return Missions(
        call=column["call"].astype(np.int32),
        slot=column["slot"].astype(np.int32),
        unit=column["unit"].astype(np.int32),
        tier=column["tier"].astype(np.int8),
        stamps=np.where(stamps < horizon_s, stamps, np.nan),
        until_s=np.minimum(column["until_s"], horizon_s),
        ended_s=np.where(column["ended_s"] < horizon_s, column["ended_s"], np.nan),
        channel=tuple(channels[int(number)] for number in column["channel"].tolist()),
        people=column["people"].astype(np.int32),
        blocks=column["blocks"].astype(np.int32),
        distance_m=column["distance_m"],
        ended=column["ended"].astype(np.int8),
    )


def _cut(duty: Duty, horizon_s: float) -> Duty:
    arrived_s = duty.arrived_s if duty.arrived_s < horizon_s else math.nan
    return duty._replace(arrived_s=arrived_s, until_s=min(duty.until_s, horizon_s))


def _leads(run: Replication, missions: Missions) -> NDArray[np.int64]:
    """Return the mission that stands in the row of each call: before a first action the one on its way, slot first."""
    lead = np.array(run.record.lead, dtype=np.int64)
    going = np.flatnonzero(missions.ended == UNDER_WAY)
    for number in going[np.argsort(missions.slot[going], kind="stable")].tolist():
        if lead[missions.call[number]] < 0:
            lead[missions.call[number]] = number
    return lead


def _outcomes(
    run: Replication, stamps: NDArray[np.float64], missions: Missions, lead: NDArray[np.int64]
) -> NDArray[np.int8]:
    """Name the one outcome of each call."""
    heard = run.heard
    lost = np.array(run.record.lost, dtype=np.bool_)
    handled = ~np.isnan(stamps[STAMPS.index("handling")])
    under_way = lead >= 0
    abandoned = np.isnan(heard.answered_s) & ~heard.unheard
    cases = [handled, lost, heard.duplicate, heard.unheard, abandoned, under_way]
    names = ("handled", "lost", "duplicate", "unheard", "abandoned", "under_way")
    found = np.select(cases, [OUTCOMES.index(name) for name in names], default=OUTCOMES.index("waiting"))
    return found.astype(np.int8)
