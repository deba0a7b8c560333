"""Given: what a replication is made of, and whether it fits together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rescuesim.demand import DemandPoints
from rescuesim.disruption import ChannelOutage, ContactSpell, FirstContact
from rescuesim.errors import InputError
from rescuesim.simulation.calls import CallLog
from rescuesim.simulation.checks.given import counted_in_words
from rescuesim.simulation.checks.packages import crews_of, package_faults
from rescuesim.simulation.duties import EvacuationTask
from rescuesim.simulation.engine.incident import CallPlan
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.packages import ResponsePackage
from rescuesim.simulation.policies import DispatchPolicy, MoveUpPolicy, Reach, most_parallel
from rescuesim.simulation.roads import BelievedTimes, RoadTimes
from rescuesim.simulation.setting import Setting

__all__ = ["Given", "call_plan", "check_fit", "places_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """What a replication is made of; as in `run_replication`."""

    fleet: Fleet
    calls: CallLog
    roads: RoadTimes
    setting: Setting
    replication: int
    policy: DispatchPolicy
    channels: tuple[ChannelOutage, ...]
    contacts: tuple[ContactSpell, ...]
    found: tuple[FirstContact, ...]
    reach: Reach
    believed: BelievedTimes | None = None
    demand: DemandPoints | None = None
    move_up: MoveUpPolicy | None = None
    evacuation: tuple[EvacuationTask, ...] = ()


def check_fit(
    fleet: Fleet, calls: CallLog, roads: RoadTimes, setting: Setting, believed: BelievedTimes | None, parallel: int
) -> None:
    """Refuse what does not fit together, before the first event."""
    if unknown := sorted(set(fleet.sites) - set(roads.sites)):
        raise InputError(f"roads: expected travel times of site {unknown[0]!r}")
    called = {calls.demand_ids[point] for point in np.unique(calls.point)}
    if unknown := sorted(called - set(roads.points)):
        raise InputError(f"roads: expected travel times of demand point {unknown[0]!r}")
    late = np.flatnonzero(calls.arrived_at_s >= setting.horizon_s)
    if late.size:
        moment = calls.arrived_at_s[late[0]]
        raise InputError(f"call {late[0]} at {moment} s: expected before the horizon of {setting.horizon_s} s")
    many = np.bincount(calls.type_code, minlength=len(calls.types)).tolist()
    faults = package_faults(
        setting.packages,
        calls=counted_in_words(dict(zip(calls.types, many, strict=True))),
        crews=crews_of(unit.crew for unit in fleet.units),
        n_slots=calls.n_slots,
        parallel=parallel,
        muster=setting.muster,
        may_wait=setting.nobody_capable == "wait",
    )
    if faults:
        raise InputError(faults)
    if believed is None and (setting.divertible or setting.information != "complete"):
        what = "divertible" if setting.divertible else f"information {setting.information!r}"
        raise InputError(f"{what}: expected believed=, the roads themselves; travel times alone have no positions")
    if believed is not None and (believed.sites, believed.points) != (roads.sites, roads.points):
        raise InputError("believed: expected the sites and points of roads, in their order")


def call_plan(packages: Mapping[str, ResponsePackage], name: str, policy: DispatchPolicy, fleet: Fleet) -> CallPlan:
    """Return the package of a type as the engine wants it."""
    package = packages[name]
    needs = package.needs
    # a unit alone starts as it is ready, so whoever may be sent has to bring the people that the start takes
    enough = all((unit.crew.people or package.people_to_start) >= package.people_to_start for unit in fleet.units)
    alone = len(needs) == 1 and not most_parallel(policy) and enough
    return CallPlan(package=package, needs=needs, alone=alone)


def places_of(calls: CallLog, demand: DemandPoints | None) -> list[tuple[str, str]]:
    """Return township and zone of each call."""
    if demand is None:
        return [("", "")] * len(calls)
    row = {id_: index for index, id_ in enumerate(demand.ids)}
    by_point = [
        (demand.townships[row[id_]], demand.zones[row[id_]]) if id_ in row else ("", "") for id_ in calls.demand_ids
    ]
    return [by_point[point] for point in calls.point.tolist()]
