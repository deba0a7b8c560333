"""SimulationResult: one flat record a call and one a unit, from which every indicator is computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.demand import DemandPoints
from rescuesim.plan import Plan
from rescuesim.simulation.calls import CallLog
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.held import HELD_BY
from rescuesim.simulation.missions import ENDED, MISSION_STAMPS, TIERS
from rescuesim.simulation.trajectory import OUTCOMES, STAMPS, Trajectory
from rescuesim.standard import ResponseStandard

__all__ = ["SimulationResult", "after_warm_up", "call_records", "mission_records", "unit_records"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulationResult:
    """What a simulation found, call by call and unit by unit.

    Parameters
    ----------
    plan : Plan
    standard : ResponseStandard
    demand : DemandPoints
    condition : str
        ``intact``, or the labels of the disruptions joined by `` | ``.
    replications : int
    horizon_s : float
        Length of each replication, seconds.
    seed : int
    records : DataFrame
        One row a call, in the order of replications and arrivals:

        - ``replication``, ``call`` (number within the replication), ``demand_id``, ``zone``, ``township``,
          ``type``, ``genuine`` (False for a false call and for a duplicate of an earlier one);
        - ``arrived_at_s`` (first ring), ``answered_at_s``, ``ordered_at_s``, ``dispatched_at_s`` (a unit is
          assigned), ``alerted_at_s``, ``rolling_at_s``, ``on_scene_at_s``, ``handling_at_s`` (first action),
          ``cleared_at_s``, ``available_at_s`` (the unit is back), in seconds from the start of the
          replication; NaN where a milestone was not reached before the horizon;
        - ``unit``, ``site``, ``crew``, ``channel`` (``public_network`` or the fallback that carried the
          order), empty without a unit;
        - ``redispatched``: how often a unit found the road closed at departure and stood down. The call then
          waited for another; ``dispatched_at_s`` and all later stamps are those of the last unit;
        - ``outcome``: ``handled`` (the first action came before the horizon), ``lost``, ``waiting`` (no unit
          yet at the horizon), ``under_way``, ``abandoned`` (the caller gave up for good), ``duplicate`` (answered,
          about an incident that stands in an earlier row) or ``unheard`` (no message reached the desk);
        - ``rings``, ``guided`` (by telephone), ``priority`` (0 the most urgent), ``severity_at_action``, ``units``
          (sent to the call, those that did not arrive included), ``closed_at_s`` (the last unit there is done);
        - ``onset_at_s`` (when the incident began) and ``silent`` (no channel carried calls from the place at the
          first attempt): there the clock runs from the onset;
        - ``held_by``: why no unit went at the order (``busy``, ``absent``, ``no_way``, ``not_told``,
          ``not_capable``), or ``too_few`` if those who came could not begin, see `held.held_by`; empty if neither.

        Of several units the row shows the one whose readiness let the first action start.
    unit_records : DataFrame
        One row a unit and replication: ``replication, unit, site, crew, calls`` (orders taken, those from
        which it stood down included), ``busy_s`` (on calls and in evacuation, from dispatch to return, cut at the
        horizon) and ``moves`` (to other sites).
    mission_records : DataFrame
        One row for each unit that was sent, in the order of replications and dispatches: ``replication, call, slot,
        tier, unit, site, crew, township, channel``, the stamps ``asked_at_s, dispatched_at_s, alerted_at_s,
        rolling_at_s, on_scene_at_s, ready_at_s, cleared_at_s, available_at_s``, ``people``, ``blocks`` (closures met),
        ``distance_m`` (to the call; NaN where only travel times are known), ``ended_at_s`` and ``ended``, one of
        `missions.ENDED`.
    notes : tuple of str
        What was odd in the input and was simulated all the same.
    """

    plan: Plan
    standard: ResponseStandard
    demand: DemandPoints
    condition: str
    replications: int
    horizon_s: float
    seed: int
    records: pd.DataFrame
    unit_records: pd.DataFrame
    mission_records: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        outcome = self.records["outcome"].astype(str)
        found = [(name.replace("_", " "), int((outcome == name).sum())) for name in OUTCOMES]
        counts = ", ".join(f"{number} {name}" for name, number in found if number)
        return (
            f"plan {self.plan.name}, {self.condition}: {self.replications} replications of "
            f"{self.horizon_s / 86400:g} days, {len(self.records)} calls ({counts or 'none'})"
        )


def after_warm_up(result: SimulationResult, warm_up_s: float) -> SimulationResult:
    """Leave out the calls that rang during the warm-up.

    Parameters
    ----------
    result : SimulationResult
    warm_up_s : float

    Returns
    -------
    SimulationResult
        Records of the later calls. Records of units are sums over the whole horizon and cannot be cut: they are left
        out.
    """
    later = result.records[result.records["arrived_at_s"] >= warm_up_s].reset_index(drop=True)
    return replace(result, records=later, unit_records=result.unit_records.iloc[:0])


def _words(codes: NDArray[np.int64], names: Iterable[str]) -> pd.Categorical[str]:
    """Turn indices into `names` into words; -1 and repeated names are allowed, -1 is empty."""
    listed = list(names)
    distinct = list(dict.fromkeys(("", *listed)))
    place = {name: index for index, name in enumerate(distinct)}
    lookup = np.array([place[name] for name in listed] + [0], dtype=np.int64)
    return _coded(np.asarray(lookup[codes], dtype=np.int64), distinct)


def _coded(codes: NDArray[np.int64], names: Sequence[str]) -> pd.Categorical[str]:
    return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype=str))


def call_records(
    fleet: Fleet,
    demand: DemandPoints,
    channels: Sequence[str],
    played: Sequence[tuple[int, CallLog, Trajectory]],
) -> pd.DataFrame:
    """Make one table of all calls of all replications.

    Parameters
    ----------
    fleet : Fleet
    demand : DemandPoints
    channels : sequence of str
        All that an order can have gone by.
    played : sequence of (int, CallLog, Trajectory)
        Number, calls and trajectory of each replication, in order.

    Returns
    -------
    DataFrame
        As in `SimulationResult`.
    """
    types = list(dict.fromkeys(name for _, calls, _ in played for name in calls.types))
    row = {id_: index for index, id_ in enumerate(demand.ids)}
    channel_code = {"": -1, **{name: index for index, name in enumerate(channels)}}
    points, codes, channel = [], [], []
    rows_of: dict[tuple[str, ...], NDArray[np.int64]] = {}
    for _, calls, trajectory in played:
        if calls.demand_ids not in rows_of:
            rows_of[calls.demand_ids] = np.array([row.get(id_, -1) for id_ in calls.demand_ids], dtype=np.int64)
        points.append(rows_of[calls.demand_ids][calls.point])
        codes.append(np.array([types.index(name) for name in calls.types], dtype=np.int64)[calls.type_code])
        channel.append(np.array([channel_code[name] for name in trajectory.channel], dtype=np.int64))
    point, code, unit = (
        _joined(points),
        _joined(codes),
        _joined([trajectory.unit for *_, trajectory in played]),
    )
    stamps = np.concatenate([trajectory.stamps for *_, trajectory in played], axis=1)
    sizes = [len(calls) for _, calls, _ in played]
    genuine = np.array([name != "false" for name in types], dtype=np.bool_)
    return pd.DataFrame(
        {
            "replication": np.repeat([number for number, *_ in played], sizes),
            "call": np.concatenate([np.arange(size) for size in sizes]),
            "demand_id": _words(point, demand.ids),
            "zone": _words(point, demand.zones),
            "township": _words(point, demand.townships),
            "type": _words(code, types),
            "genuine": genuine[code] & ~_joined_duplicates(played),
            **{f"{name}_at_s": stamps[index] for index, name in enumerate(STAMPS)},
            "unit": _words(unit, (unit.id for unit in fleet.units)),
            "site": _words(unit, (unit.site for unit in fleet.units)),
            "crew": _words(unit, (unit.crew.name for unit in fleet.units)),
            "channel": _words(_joined(channel), channels),
            "redispatched": _joined([trajectory.redispatched for *_, trajectory in played]),
            "outcome": _coded(_joined([trajectory.outcome for *_, trajectory in played]), OUTCOMES),
            "rings": _joined([trajectory.rings for *_, trajectory in played]),
            "guided": np.concatenate([trajectory.guided for *_, trajectory in played]),
            "priority": _joined([calls.priority for _, calls, _ in played]),
            "severity_at_action": np.concatenate([trajectory.severity_at_action for *_, trajectory in played]),
            "units": _joined(
                [np.bincount(trajectory.missions.call, minlength=len(calls)) for _, calls, trajectory in played]
            ),
            "closed_at_s": np.concatenate([trajectory.closed_s for *_, trajectory in played]),
            "onset_at_s": np.concatenate([calls.arrived_at_s - calls.detected_s for _, calls, _ in played]),
            "silent": np.concatenate([_silent(calls, trajectory) for _, calls, trajectory in played]),
            "held_by": _coded(
                _joined([_held_codes(calls, trajectory) for _, calls, trajectory in played]),
                HELD_BY,
            ),
        }
    )


def _silent(calls: CallLog, trajectory: Trajectory) -> NDArray[np.bool_]:
    return np.zeros(len(calls), dtype=np.bool_) if trajectory.silent is None else trajectory.silent


def _held_codes(calls: CallLog, trajectory: Trajectory) -> NDArray[np.int64]:
    return np.array([HELD_BY.index(why) for why in trajectory.held_by or ("",) * len(calls)], dtype=np.int64)


def _joined_duplicates(played: Sequence[tuple[int, CallLog, Trajectory]]) -> NDArray[np.bool_]:
    """Whether each call is about an incident that had been called in before."""
    return np.concatenate([calls.duplicate_of >= 0 for _, calls, _ in played])


def _joined(parts: Sequence[NDArray[np.integer]]) -> NDArray[np.int64]:
    return np.concatenate([np.asarray(part, dtype=np.int64) for part in parts])


def unit_records(fleet: Fleet, played: Sequence[tuple[int, CallLog, Trajectory]]) -> pd.DataFrame:
    """Make one table of all units in all replications.

    Parameters
    ----------
    fleet : Fleet
    played : sequence of (int, CallLog, Trajectory)

    Returns
    -------
    DataFrame
        As in `SimulationResult`.
    """
    size = len(fleet.units)
    orders = [np.bincount(trajectory.missions.unit, minlength=size) for *_, trajectory in played]
    moves = [
        np.bincount(
            np.array([duty.unit for duty in trajectory.duties if duty.kind == "move"], dtype=np.int64), minlength=size
        )
        for *_, trajectory in played
    ]
    busy = [
        np.bincount(trajectory.task_unit, trajectory.task_until_s - trajectory.task_from_s, minlength=size)
        for *_, trajectory in played
    ]
    each = np.tile(np.arange(size), len(played))
    return pd.DataFrame(
        {
            "replication": np.repeat([number for number, *_ in played], size),
            "unit": _words(each, (unit.id for unit in fleet.units)),
            "site": _words(each, (unit.site for unit in fleet.units)),
            "crew": _words(each, (unit.crew.name for unit in fleet.units)),
            "calls": np.concatenate(orders).astype(np.int64),
            "busy_s": np.concatenate(busy),
            "moves": np.concatenate(moves).astype(np.int64),
        }
    )


def mission_records(
    fleet: Fleet, channels: Sequence[str], played: Sequence[tuple[int, CallLog, Trajectory]]
) -> pd.DataFrame:
    """Make one table of all missions of all replications.

    Parameters
    ----------
    fleet : Fleet
    channels : sequence of str
        All that an order can have gone by.
    played : sequence of (int, CallLog, Trajectory)

    Returns
    -------
    DataFrame
        As in `SimulationResult`.
    """
    made = [trajectory.missions for *_, trajectory in played]
    unit = _joined([missions.unit for missions in made])
    code = {name: index for index, name in enumerate(channels)}
    channel = [np.array([code[name] for name in missions.channel], dtype=np.int64) for missions in made]
    stamps = np.concatenate([missions.stamps for missions in made], axis=1)
    return pd.DataFrame(
        {
            "replication": np.repeat([number for number, *_ in played], [len(missions) for missions in made]),
            "call": _joined([missions.call for missions in made]),
            "slot": _joined([missions.slot for missions in made]),
            "tier": _coded(_joined([missions.tier for missions in made]), TIERS),
            "unit": _words(unit, (unit.id for unit in fleet.units)),
            "site": _words(unit, (unit.site for unit in fleet.units)),
            "crew": _words(unit, (unit.crew.name for unit in fleet.units)),
            "township": _words(unit, (unit.township for unit in fleet.units)),
            "channel": _words(_joined(channel), channels),
            **{f"{name}_at_s": stamps[index] for index, name in enumerate(MISSION_STAMPS)},
            "people": _joined([missions.people for missions in made]),
            "blocks": _joined([missions.blocks for missions in made]),
            "distance_m": np.concatenate([missions.distance_m for missions in made]),
            "ended_at_s": np.concatenate([missions.ended_s for missions in made]),
            "ended": _coded(_joined([missions.ended for missions in made]), ENDED),
        }
    )
