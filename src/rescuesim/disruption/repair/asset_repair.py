"""repair_assets: tower and power crews that drive to what is down, on roads that break and open as they are told."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.disruption.outages import RoadOutage, RoadSlowing
from rescuesim.disruption.repair.choosing import Rule
from rescuesim.disruption.repair.crews import CREW_KIND_WORDS, RepairCrew, crew_positions
from rescuesim.disruption.repair.damaged_roads import level_of
from rescuesim.disruption.repair.jobs import Job, build_setting
from rescuesim.disruption.repair.road_options import damage_faults
from rescuesim.disruption.repair.rules import ByOrder, NearestFirst
from rescuesim.disruption.repair.schedule import work_out
from rescuesim.disruption.repair.work_clock import hours_of_work
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network import RoadNetwork
from rescuesim.quality import snap_points

__all__ = ["ASSET_ORDERS", "AssetOrder", "AssetRepairs", "AssetTask", "repair_assets"]

AssetOrder = Literal["nearest_first", "heaviest_first", "given"]
ASSET_ORDERS: tuple[AssetOrder, ...] = get_args(AssetOrder)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetTask:
    """Something beside a road that a crew must come to: a base station without power, a feeder.

    Parameters
    ----------
    id : str
    kind : {'tower', 'power'}
        Of the crews that mend it.
    lon, lat : float
        WGS84 degrees.
    from_s : float
        Seconds after the onset at which it goes out.
    passes_s : float
        When it is back without a crew, as with the grid; ``inf`` if never.
    work_h : float or None
        Hours of one crew; a generator on a tower takes ``power.tower_crew_h_per_site`` if None.
    hold_s : float
        Seconds after it went out before work may begin.
    weight : float
        What counts with ``heaviest_first``, people as a rule.
    """

    id: str
    kind: Literal["tower", "power"]
    lon: float
    lat: float
    from_s: float = 0.0
    passes_s: float = math.inf
    work_h: float | None = None
    hold_s: float = 0.0
    weight: float = 1.0

    def __post_init__(self) -> None:
        faults = []
        if self.kind not in ("tower", "power"):
            faults.append(Fault(column="kind", value=self.kind, expected="tower or power"))
        if not 0 <= self.from_s < self.passes_s:
            what = f"out from {self.from_s} s, back at {self.passes_s} s"
            faults.append(Fault(column="from_s, passes_s", value=what, expected="0 <= out < back"))
        if self.work_h is None and self.kind == "power":
            faults.append(Fault(column="work_h", value="None", expected="hours; only a tower has a default"))
        if self.work_h is not None and not 0 < self.work_h < math.inf:
            faults.append(Fault(column="work_h", value=str(self.work_h), expected="hours above 0"))
        for name, value in (("hold_s", self.hold_s), ("weight", self.weight)):
            if not 0 <= value < math.inf:
                faults.append(Fault(column=name, value=str(value), expected="a number of 0 or more"))
        if faults:
            raise InputError([Fault(problem=f"task {self.id!r}: {fault}") for fault in faults])


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRepairs:
    """When each task is done, and by whom.

    Parameters
    ----------
    until_s : dict of str to float
        By the id of the task; ``inf`` where the horizon comes first.
    repaired_by : dict of str to str
        Crew; empty where it came back by itself or nobody came.
    work : DataFrame
        ``crew, task, doing, from_h, until_h``.
    notes : tuple of str
    """

    until_s: dict[str, float]
    repaired_by: dict[str, str]
    work: pd.DataFrame
    notes: tuple[str, ...] = ()


def repair_assets(
    network: RoadNetwork,
    tasks: Sequence[AssetTask],
    crews: Sequence[RepairCrew],
    *,
    horizon_s: float,
    order: AssetOrder = "nearest_first",
    given: Sequence[str] | None = None,
    roads: Sequence[RoadOutage] = (),
    slowings: Sequence[RoadSlowing] = (),
    sites: CandidateSites | None = None,
    crew_network: RoadNetwork | None = None,
    onset_h: float | None = None,
    night_work: bool = True,
    stopped_s: Sequence[tuple[float, float]] = (),
) -> AssetRepairs:
    """Send tower and power crews to what is down.

    They choose and drive as road crews do (`repair_roads`); the roads are what is given, and nobody here mends them. A
    task that cannot be reached by road waits until a road is open.

    Parameters
    ----------
    network : RoadNetwork
    tasks : sequence of AssetTask
    crews : sequence of RepairCrew
        Those of kind ``tower`` and ``power`` work here, each on tasks of its kind.
    horizon_s : float
    order : {'nearest_first', 'heaviest_first', 'given'}, optional
    given : sequence of str, optional
        With ``given``: the ids of all tasks, first to be done first.
    roads : sequence of RoadOutage, optional
    slowings : sequence of RoadSlowing, optional
    sites : CandidateSites, optional
        From which crews may start.
    crew_network, onset_h, stopped_s
        As in `repair_roads`.
    night_work : bool, optional
        True, unlike for road crews: nobody stands under a slope.

    Returns
    -------
    AssetRepairs

    Raises
    ------
    InputError
        With everything that is wrong.
    """
    team = [crew for crew in crews if crew.kind in ("tower", "power")]
    bases, faults = crew_positions(network, team, sites)
    faults += _task_faults(tasks, order, given)
    snapped = snap_points(
        network,
        np.array([task.lon for task in tasks], dtype=float),
        np.array([task.lat for task in tasks], dtype=float),
    )
    for number in np.flatnonzero(~snapped.in_range).tolist():
        away = f"the nearest road is {snapped.access_m[number]:.0f} m away"
        faults.append(Fault(problem=f"task {tasks[number].id!r}: {away}, expected one that a crew can drive to"))
    faults += damage_faults(network, roads, slowings)
    if faults or bases is None:
        raise InputError(faults)
    clock, notes = hours_of_work(horizon_s=horizon_s, onset_h=onset_h, night_work=night_work, stopped_s=stopped_s)
    usual_h = default("power.tower_crew_h_per_site").number
    n = len(roads)
    setting = build_setting(
        network,
        crew_network,
        closures=[one.closure for one in roads],
        jobs=[*(_closed(one) for one in roads), *(_task_job(task, usual_h) for task in tasks)],
        fronts=[
            *([] for _ in roads),
            *([place] for place in zip(snapped.road.tolist(), snapped.position_m.tolist(), strict=True)),
        ],
        crews=team,
        bases=bases,
        clock=clock,
        slowings=slowings,
        widen_at_once=False,
        horizon_s=float(horizon_s),
        access_ticks=[*(0 for _ in roads), *snapped.access_ticks.tolist()],
    )
    schedule = work_out(setting, _asset_rule(order, given, tasks, n))
    until = {task.id: task.passes_s for task in tasks}
    by = dict.fromkeys(until, "")
    for done in schedule.done:
        if done.job >= n:
            id_ = tasks[done.job - n].id
            until[id_], by[id_] = done.at_s, " + ".join(team[crew].id for crew in done.crews)
    rows = [
        (
            team[one.crew].id,
            tasks[one.job - n].id if one.job >= n else "",
            one.doing,
            one.from_s / 3600,
            one.until_s / 3600,
        )
        for one in schedule.spells
    ]
    notes += [
        Note(
            f"no {kind} crew: what it would mend stays out until it comes back by itself",
            f"未设{CREW_KIND_WORDS[kind]}队伍：相应设施待其自行恢复",
        )
        for kind in sorted({task.kind for task in tasks} - {crew.kind for crew in team})
    ]
    if any(task.work_h is None for task in tasks):
        notes.append(
            Note(f"hours of work not stated: {usual_h:g} h a tower", f"未给出工时，按每座基站 {usual_h:g} 小时计")
        )
    return AssetRepairs(
        until_s=until,
        repaired_by=by,
        work=pd.DataFrame(rows, columns=["crew", "task", "doing", "from_h", "until_h"]),
        notes=tuple(notes),
    )


def _task_faults(tasks: Sequence[AssetTask], order: str, given: Sequence[str] | None) -> list[Fault]:
    ids = [task.id for task in tasks]
    faults = [
        Fault(problem=f"task {id_!r} stands twice; expected ids of their own")
        for id_ in sorted(set(ids))
        if ids.count(id_) > 1
    ]
    if order not in ASSET_ORDERS:
        faults.append(Fault(problem=f"order {order!r}: expected {nearest_name(order, ASSET_ORDERS)}"))
    if (order == "given") != (given is not None):
        faults.append(Fault(problem=f"order {order!r}: expected a list in given with 'given', and none otherwise"))
    if given is not None:
        faults += [
            Fault(problem=f"given: {id_!r}, expected {nearest_name(id_, ids)}") for id_ in given if id_ not in ids
        ]
        if twice := sorted({id_ for id_ in given if list(given).count(id_) > 1}):
            faults.append(Fault(problem=f"given: tasks {', '.join(twice[:5])} stand twice, expected each once"))
        if missing := [id_ for id_ in ids if id_ not in given]:
            faults.append(Fault(problem=f"given: tasks {', '.join(missing[:5])} are missing, expected all of them"))
    return faults


def _closed(outage: RoadOutage) -> Job:
    return Job(
        label=outage.label,
        kind="",
        fronts=(),
        most_crews=0,
        at_s=outage.from_s,
        ready_s=outage.from_s,
        passes_s=outage.until_s,
        stages_s=(),
        levels=bytes([level_of(outage.closure)]),
    )


def _task_job(task: AssetTask, usual_h: float) -> Job:
    return Job(
        label=task.id,
        kind=task.kind,
        fronts=(),
        most_crews=1,
        at_s=task.from_s,
        ready_s=task.from_s + task.hold_s,
        passes_s=task.passes_s,
        stages_s=((task.work_h if task.work_h is not None else usual_h) * 3600,),
    )


def _asset_rule(order: str, given: Sequence[str] | None, tasks: Sequence[AssetTask], n_roads: int) -> Rule:
    if order == "nearest_first":
        return NearestFirst()
    if given is not None:
        ids = [task.id for task in tasks]
        chosen = [ids.index(id_) for id_ in given]
    else:
        chosen = sorted(range(len(tasks)), key=lambda number: (-tasks[number].weight, number))
    return ByOrder.of([*range(n_roads), *(n_roads + number for number in chosen)])
