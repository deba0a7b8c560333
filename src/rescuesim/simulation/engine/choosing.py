"""Choosing: what the desk offers to the policy, and whether the unit it chose can go."""

from __future__ import annotations

import math
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from rescuesim.errors import InputError
from rescuesim.simulation.packages import UnitNeed
from rescuesim.simulation.policies import Choice, OrderedCall
from rescuesim.simulation.policies.asking import ask_unit, where

if TYPE_CHECKING:
    from rescuesim.simulation.engine.mission import Mission
    from rescuesim.simulation.engine.replication import Replication

__all__ = ["ANYBODY", "Anybody", "asked_of", "cannot_go", "choices", "choose", "take_from_less_urgent"]


class Anybody(NamedTuple):
    """What units that are alerted in parallel are wanted for: any capability, at least one of them."""

    capabilities: frozenset[str] = frozenset()
    people: int = 1


ANYBODY = Anybody()


def asked_of(run: Replication, mission: Mission) -> OrderedCall:
    """Return what a policy knows of a mission."""
    call, need = mission.call, mission.need
    assert isinstance(need, UnitNeed)
    township, zone = run.place_of[call]
    return OrderedCall(
        run.demand_id[call],
        run.type[call],
        run.ordered[call],
        run.clock.now,
        mission.slot,
        need,
        township,
        zone,
        mission.incident.priority,
        run.severity[call],
        run.sent(mission.incident),
    )


def choices(run: Replication, mission: Mission) -> Iterator[Choice]:
    """Offer the units that could go now, nearest first."""
    if run.n_elsewhere:
        yield from _with_those_elsewhere(run, mission)
        return
    incident, now, free, absent, site_of = mission.incident, run.now, run.free, run.now.absent, run.site_of
    column, excluded = incident.column, incident.excluded
    nearest = nearest_first(run, column, mission.need.capabilities)
    for unit in nearest:
        if free[unit] and not absent[site_of[unit]] and (excluded is None or not run.is_excluded(incident, unit)):
            one = run.fleet.units[unit]
            turnout_s = run.median_turnout_s[now.shift][unit]
            yield Choice(one, turnout_s, now.out_s(run.road_row[unit], column), False, one.site)


def first_at_home(run: Replication, mission: Mission) -> int | None:
    """Return the first unit that `choices` would offer while nobody is elsewhere."""
    incident, free, absent, site_of = mission.incident, run.free, run.now.absent, run.site_of
    excluded = incident.excluded
    for unit in nearest_first(run, incident.column, mission.need.capabilities):
        if free[unit] and not absent[site_of[unit]] and (excluded is None or not run.is_excluded(incident, unit)):
            return unit
    return None


def first_of_all(run: Replication, mission: Mission) -> int | None:
    """Return the first unit that `choices` would offer, those on their way home among them."""
    driving, incident = run.driving, mission.incident
    assert driving is not None
    column, excluded, needs = incident.column, incident.excluded, mission.need.capabilities
    first, expected_s = first_at_home(run, mission), math.inf
    if first is not None:
        expected_s = run.median_turnout_s[run.now.shift][first] + run.now.out_s(run.road_row[first], column)
    may_go = run.reach.capable(needs)
    if excluded is not None:
        may_go = may_go.copy()
        may_go[[unit for unit in excluded if run.is_excluded(incident, unit)]] = False
    unit, _ = driving.nearest(run, column, may_go, (-1 if first is None else first, expected_s))
    return None if unit < 0 else unit


def nearest_first(run: Replication, column: int, needs: frozenset[str]) -> list[int]:
    """Return the units that reach a point from their sites as the desk believes, nearest first."""
    now = run.now
    found = now.nearest.get((column, needs))
    if found is None:
        found = run.reach.nearest_first(now.state, column, needs, now.shift, out_s=now.believed_s)
        now.nearest[column, needs] = found
    return found


def _with_those_elsewhere(run: Replication, mission: Mission) -> Iterator[Choice]:
    """Offer units wherever they stand or drive, nearest first, ties in the order of the fleet.

    How far a unit on the road is costs a search, so it stands in the heap with a lower bound until that comes first.
    """
    incident, units = mission.incident, run.fleet.units
    column, median_s = incident.column, run.median_turnout_s[run.now.shift]
    nearest = nearest_first(run, column, mission.need.capabilities)
    at_home = (unit for unit in nearest if run.free[unit] and run.road_row[unit] == run.home_row[unit])
    heap: list[tuple[float, int, int]] = []  # seconds, unit, and whether these are known

    def next_at_home() -> None:
        for unit in at_home:
            travel_s = _travel_s(run, mission, unit)
            if travel_s < math.inf:
                heappush(heap, (median_s[unit] + travel_s, unit, 1))
                return

    if run.move_up is not None:
        for unit, doing in enumerate(run.doing):
            if doing is None and run.road_row[unit] != run.home_row[unit]:
                heappush(heap, (median_s[unit] + _travel_s(run, mission, unit), unit, 2))
    capable = run.reach.capable(mission.need.capabilities)
    for unit, doing in run.returning.items():
        if capable[unit]:
            heappush(heap, (run.driving.at_least_s(run, doing, column), unit, 0))  # type: ignore[union-attr]
    next_at_home()
    while heap:
        expected_s, unit, known = heappop(heap)
        if known == 0:
            heappush(heap, (_travel_s(run, mission, unit), unit, 2))
            continue
        if expected_s == math.inf:
            return
        if known == 1:
            next_at_home()
        on_road = run.doing[unit] is not None
        turnout_s = 0.0 if on_road else median_s[unit]
        yield Choice(units[unit], turnout_s, _travel_s(run, mission, unit), on_road, run.stands_at[unit])


def _travel_s(run: Replication, mission: Mission, unit: int) -> float:
    """Return how far a unit is from a call, ``inf`` if it cannot go."""
    incident = mission.incident
    if not run.reach.capable(mission.need.capabilities)[unit] or run.is_excluded(incident, unit):
        return math.inf
    doing = run.doing[unit]
    if run.free[unit]:
        if run.now.absent[run.site_of[unit]]:
            return math.inf
        return run.now.out_s(run.road_row[unit], incident.column)
    if doing is None or not doing.going_home or run.driving is None or not run.can_divert:
        return math.inf
    return run.driving.believed_s(doing, incident.column, run.clock.now)


def choose(run: Replication, mission: Mission) -> int | None:
    """Ask the policy for a unit, and make sure that the unit can go."""
    if not (run.n_free or run.n_elsewhere):
        return None
    if run.driving is not None:
        run.look()
    if run.takes_first:
        if not run.n_elsewhere:
            return first_at_home(run, mission)
        if run.move_up is None:
            return first_of_all(run, mission)
    asked = asked_of(run, mission)
    chosen = ask_unit(run.policy, asked, choices(run, mission))
    if chosen is None:
        return None
    unit = run.unit_row.get(chosen.id, -1)
    if reason := cannot_go(run, mission, unit):
        named = f"policy {type(run.policy).__name__} chose unit {chosen.id!r}, which {reason}"
        raise InputError(f"{named}; expected one on offer; asked {where(asked)}")
    return unit


def cannot_go(run: Replication, mission: Mission, unit: int) -> str:
    """Say why a unit cannot take a mission; nothing if it can."""
    if unit < 0:
        return "is no unit of the fleet"
    if not run.free[unit]:
        if run.n_elsewhere and _travel_s(run, mission, unit) < math.inf:
            return ""
        return "is busy"
    if run.now.absent[run.site_of[unit]]:
        return "is absent in this shift"
    if not run.reach.capable(mission.need.capabilities)[unit]:
        return f"is not capable of a call of type {run.type[mission.call]}, slot {mission.slot}"
    if run.is_excluded(mission.incident, unit):
        return "could not come to this call a moment ago"
    return "" if run.now.out_s(run.road_row[unit], mission.incident.column) < math.inf else "has no way to the call"


def take_from_less_urgent(run: Replication, mission: Mission) -> Mission | None:
    """Return the mission whose unit an urgent call takes: of the least urgent call, of these the nearest unit."""
    found = []
    now, incident, site_turnout = run.clock.now, mission.incident, run.median_turnout_s[run.now.shift]
    capable = run.reach.capable(mission.need.capabilities)
    for unit, doing in enumerate(run.doing):
        if doing is None or doing.going_home or doing.call < 0 or not capable[unit] or run.is_excluded(incident, unit):
            continue
        if doing.incident.priority <= incident.priority:
            continue
        if doing.on_scene_s <= now and not run.setting.preempt_on_scene:
            continue
        rolled = doing.rolling_s <= now
        travel_s = (
            run.way_from_s(doing, incident.column) if rolled else run.now.out_s(run.road_row[unit], incident.column)
        )
        expected_s = travel_s if rolled else travel_s + site_turnout[unit]
        if expected_s < math.inf:
            found.append((-doing.incident.priority, expected_s, unit, doing))
    return min(found, key=lambda one: one[:3])[3] if found else None
