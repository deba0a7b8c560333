"""The log of a replication: what happened when, to whom, one line an event."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from rescuesim.simulation.calls import CallLog
from rescuesim.simulation.engine.alerting import PUBLIC_NETWORK
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.missions import ENDED, MISSION_STAMPS, TIERS
from rescuesim.simulation.trajectory import STAMPS, Trajectory

__all__ = ["event_lines", "event_log"]

Row = tuple[float, int, int, int, str, str]  # moment, rank, call, unit, event, detail
# what happens at one moment stands in this order
_RANKS = (
    "rings", "answered", "ordered", "no way", "refused", "not mustered", "not told", "diverted", "recalled",
    "available", "waits", "waits no more", "dispatched", "alerted", "rolling", "block", "on scene", "ready",
    "first action", "cleared", "closed", "evacuation", "moves", "there",
)  # fmt: skip
_RANK = {name: rank for rank, name in enumerate(_RANKS)}
_STEPS = ("dispatched", "alerted", "rolling", "on_scene", "ready", "cleared", "available")


def event_log(trajectory: Trajectory, fleet: Fleet, calls: CallLog) -> pd.DataFrame:
    """List everything that happened in a replication.

    Parameters
    ----------
    trajectory : Trajectory
    fleet : Fleet
    calls : CallLog
        Those of the trajectory.

    Returns
    -------
    DataFrame
        ``at_s, event, call`` (-1 for none), ``unit`` (empty for none) and ``detail``, in the order of time; at one
        moment causes before what follows from them, then by call and unit. Waits of no time are left out.

    Examples
    --------
    >>> from rescuesim.crew import Lognormal, default_crews
    >>> from rescuesim.simulation import RoadTimes, Setting, Unit, run_replication
    >>> nothing, exactly = Lognormal(median=0.0, p90=0.0), Lognormal(median=1.0, p90=1.0)
    >>> chain = {"answering": nothing, "order": nothing, "set_up": nothing, "variation": exactly}
    >>> fleet = Fleet(units=(Unit(id="s#1", site="s", crew=default_crews()["brigade"]),))
    >>> calls = CallLog.from_draws(["a"], ["fire"], arrived_at_s=[0.0], on_scene_s=[600.0])
    >>> roads = RoadTimes.from_matrix([[100.0]], sites=["s"], points=["a"])
    >>> played = run_replication(fleet, calls, roads, Setting(chain=chain, horizon_s=3600.0))
    >>> print(event_lines(event_log(played, fleet, calls).iloc[[3, 5, 6, -1]]))
    0:00:00.0  call 0  s#1  dispatched
    0:00:50.0  call 0  s#1  rolling
    0:02:30.0  call 0  s#1  on scene
    0:14:10.0  call 0  s#1  available
    """
    rows = [*_calls(trajectory, calls), *_missions(trajectory), *_others(trajectory)]
    rows.sort(key=lambda row: row[:4])
    ids = [unit.id for unit in fleet.units]
    return pd.DataFrame(
        {
            "at_s": np.array([row[0] for row in rows], dtype=np.float64),
            "event": [row[4] for row in rows],
            "call": np.array([row[2] for row in rows], dtype=np.int64),
            "unit": [ids[row[3]] if row[3] >= 0 else "" for row in rows],
            "detail": [row[5] for row in rows],
        }
    )


def event_lines(log: pd.DataFrame) -> str:
    """Write a log as text, one line an event, with hours, minutes and seconds from the start."""
    lines = []
    for at_s, event, call, unit, detail in log.itertuples(index=False):
        hours, rest = divmod(at_s, 3600.0)
        minutes, seconds = divmod(rest, 60.0)
        parts = [
            f"{hours:.0f}:{minutes:02.0f}:{seconds:04.1f}",
            f"call {call}" if call >= 0 else "",
            unit,
            event,
            detail,
        ]
        lines.append("  ".join(part for part in parts if part))
    return "\n".join(lines)


def _row(at_s: float, event: str, call: int = -1, unit: int = -1, detail: str = "") -> Row:
    return float(at_s), _RANK[event], call, unit, event, detail


def _calls(trajectory: Trajectory, calls: CallLog) -> list[Row]:
    rows = []
    stamps = {name: trajectory.at_s(name) for name in STAMPS}
    outcomes = trajectory.outcomes()
    for call, outcome in enumerate(outcomes):
        place, type_ = calls.demand_ids[calls.point[call]], calls.types[calls.type_code[call]]
        unheard = f", {outcome}" if outcome in ("abandoned", "unheard") else ""
        rows.append(_row(stamps["arrived"][call], "rings", call, detail=f"{type_} at {place}{unheard}"))
        ended = outcome if outcome in ("duplicate", "lost") else ""
        rings = int(trajectory.rings[call])
        said = ", ".join(part for part in (f"ring {rings}" if rings > 1 else "", ended) if part)
        if not math.isnan(stamps["answered"][call]):
            rows.append(_row(stamps["answered"][call], "answered", call, detail=said))
        if not math.isnan(stamps["ordered"][call]):
            rows.append(_row(stamps["ordered"][call], "ordered", call))
        if not math.isnan(stamps["handling"][call]):
            unit = int(trajectory.unit[call])
            rows.append(_row(stamps["handling"][call], "first action", call, unit))
        if trajectory.closed_s[call] > stamps["cleared"][call]:
            rows.append(_row(trajectory.closed_s[call], "closed", call))
    return rows


def _missions(trajectory: Trajectory) -> list[Row]:
    missions, rows = trajectory.missions, []
    stamps = {name: missions.at_s(name) for name in MISSION_STAMPS}
    for number in range(len(missions)):
        call, unit = int(missions.call[number]), int(missions.unit[number])
        tier = TIERS[missions.tier[number]]
        for name in _STEPS:
            at_s = stamps[name][number]
            if math.isnan(at_s):
                continue
            channel = missions.channel[number]
            detail = tier if name == "dispatched" and tier != "first" else ""
            if name == "alerted" and channel != PUBLIC_NETWORK:
                detail = f"by {channel}"
            rows.append(_row(at_s, name.replace("_", " "), call, unit, detail))
        ended = ENDED[missions.ended[number]]
        if ended not in ("completed", "under_way"):
            over = _row(missions.ended_s[number], ended.replace("_", " "), call, unit)
            at_once = missions.ended_s[number] == stamps["dispatched"][number]
            rows.append((over[0], len(_RANKS), *over[2:]) if at_once else over)
            if ended != "diverted" and missions.until_s[number] < trajectory.horizon_s:
                back = _row(missions.until_s[number], "available", call, unit)
                rows.append((back[0], len(_RANKS) + 1, *back[2:]) if at_once else back)
    return rows


def _others(trajectory: Trajectory) -> list[Row]:
    rows = []
    waits = zip(trajectory.wait_call, trajectory.wait_from_s, trajectory.wait_until_s, strict=True)
    for call, from_s, until_s in waits:
        if until_s > from_s:
            rows.append(_row(from_s, "waits", int(call)))
            if until_s < trajectory.horizon_s:
                rows.append(_row(until_s, "waits no more", int(call)))
    rows += [
        _row(block.at_s, "block", block.call, block.unit, f"road {block.road} at {block.position_m:.0f} m")
        for block in trajectory.blocks
        if block.at_s < trajectory.horizon_s
    ]
    for duty in trajectory.duties:
        event = "evacuation" if duty.kind == "evacuation" else "moves"
        rows.append(_row(duty.from_s, event, -1, duty.unit, f"to {duty.place}"))
        if not math.isnan(duty.arrived_s):
            rows.append(_row(duty.arrived_s, "there", -1, duty.unit, duty.place))
        if duty.kind == "evacuation" and duty.until_s < trajectory.horizon_s:
            rows.append(_row(duty.until_s, "available", -1, duty.unit))
    return rows
