"""Who the model has go to each recorded incident, how far the drive is, and which roads and units were in the way."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rescuesim.crew import Lognormal, default_shifts, shift_at
from rescuesim.demand import load_demand
from rescuesim.disruption import Disruption, RoadOutage
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.plan import Plan
from rescuesim.simulation.calls import call_needs
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.packages import UnitNeed
from rescuesim.simulation.policies import Choice, DispatchPolicy, OrderedCall, Reach
from rescuesim.simulation.replay.recorded import RecordedIncidents
from rescuesim.simulation.roads import Journeys, RoadTimes
from rescuesim.standard import ResponseStandard

__all__ = ["Sent", "roads_of_days", "send_units"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Who goes to an incident.

    Attributes
    ----------
    unit : int
        Row of the fleet; -1 if nobody can.
    by : str
        ``record`` where the station is recorded, else ``policy``; ``nobody`` where no unit is known to have gone.
    ordered_s, departs_s : float
        Order and departure, seconds from the start: as recorded, else by the medians of the stages before.
    shift : str
        On duty at the order.
    drive_s : float
        Undisturbed drive on the roads open at departure; ``inf`` where there is no way.
    intact_s : float
        The same without any closure.
    busy_with : tuple of int
        Incidents on which the unit still was at the order.
    site_busy_with : tuple of int
        Incidents that other units of the station were on.
    nearer : int
        Row of the unit that the policy would have sent instead; -1 if it is of the same station.
    closed : tuple of int
        Closures in force at departure.
    """

    unit: int
    by: str
    ordered_s: float
    departs_s: float
    shift: str
    drive_s: float
    intact_s: float
    busy_with: tuple[int, ...] = ()
    site_busy_with: tuple[int, ...] = ()
    nearer: int = -1
    closed: tuple[int, ...] = ()


def roads_of_days(
    recorded: RecordedIncidents,
    plan: Plan,
    network: RoadNetwork,
    closures: Sequence[RoadOutage],
    snap_limit_m: float | None,
) -> tuple[RoadTimes, RoadTimes, tuple[str, ...]]:
    """Compute the drives from every station to every incident.

    Returns
    -------
    during, intact : RoadTimes
        With the closures, and without any.
    point : tuple of str, length n
        Point of the times of each incident.
    """
    at = list(zip(recorded.lon.tolist(), recorded.lat.tolist(), strict=True))
    number = {place: f"p{row}" for row, place in enumerate(dict.fromkeys(at))}
    cells = {"id": list(number.values()), "lon": [lon for lon, _ in number], "lat": [lat for _, lat in number]}
    places = load_demand(pd.DataFrame(cells), crs="wgs84")
    journeys = Journeys.on(network, plan, places, np.arange(len(places)), snap_limit_m=snap_limit_m)
    intact = journeys.during(None)
    during = journeys.during(Disruption(label="recorded", roads=tuple(closures))) if closures else intact
    return during, intact, tuple(number[place] for place in at)


def send_units(
    recorded: RecordedIncidents,
    fleet: Fleet,
    standard: ResponseStandard,
    during: RoadTimes,
    intact: RoadTimes,
    point: Sequence[str],
    closures: Sequence[RoadOutage],
    policy: DispatchPolicy,
    on_scene: dict[str, Lognormal],
) -> list[Sent]:
    """Find who goes to each incident: the recorded station, else whom the policy sends of those not on another.

    Parameters
    ----------
    recorded : RecordedIncidents
    fleet : Fleet
    standard : ResponseStandard
    during, intact : RoadTimes
    point : sequence of str, length n
        Point of each incident in the times.
    closures : sequence of RoadOutage
    policy : DispatchPolicy
    on_scene : dict of str to Lognormal
        By call type, for incidents without a record of when they were cleared.

    Returns
    -------
    list of Sent, length n
    """
    desk = _Desk(recorded, fleet, standard, during, intact, point, closures, policy, on_scene)
    return [desk.send(at) for at in range(len(recorded))]


class _Desk:
    """Keeps which unit is on which incident until when, as far as the records and the medians say."""

    def __init__(
        self,
        recorded: RecordedIncidents,
        fleet: Fleet,
        standard: ResponseStandard,
        during: RoadTimes,
        intact: RoadTimes,
        point: Sequence[str],
        closures: Sequence[RoadOutage],
        policy: DispatchPolicy,
        on_scene: dict[str, Lognormal],
    ) -> None:
        self.recorded, self.fleet, self.standard, self.policy = recorded, fleet, standard, policy
        self.during, self.intact, self.closures, self.on_scene = during, intact, closures, on_scene
        self.reach = Reach(fleet, during)
        column = {name: at for at, name in enumerate(during.points)}
        self.column = [column[name] for name in point]
        self.tasks: list[tuple[int, float, float, int]] = []  # unit, from, until, incident
        self.shifts = default_shifts()

    def shift_of(self, at_s: float) -> str:
        """Return the shift on duty at a moment; midnight is 0 s."""
        return self.shifts[int(shift_at(at_s / 3600.0))].name

    def send(self, at: int) -> Sent:
        """Find who goes to one incident, and keep that unit busy."""
        ordered_s = self._ordered_s(at)
        who, shift = self.recorded.who[at], self.shift_of(ordered_s)
        chosen = self._chosen(at, ordered_s, shift)
        unit, by = chosen, "policy"
        if who.site:
            unit, by = self._unit_of(who.site, who.unit, ordered_s), "record"
        if unit < 0:
            nan = math.nan
            return Sent(unit=-1, by="nobody", ordered_s=nan, departs_s=nan, shift=shift, drive_s=nan, intact_s=nan)
        crew = self.fleet.units[unit].crew
        departs_s = self.recorded.moment_s[at, 3]
        if math.isnan(departs_s):
            departs_s = ordered_s + crew.turnout[shift].median
        row, column = int(self.reach.road_row[unit]), self.column[at]
        drive_s = float(self.during.out_s[self._state(departs_s)][row, column])
        others = [task for task in self.tasks if task[1] <= ordered_s < task[2]]
        site = self.fleet.units[unit].site
        sent = Sent(
            unit=unit,
            by=by,
            ordered_s=ordered_s,
            departs_s=float(departs_s),
            shift=shift,
            drive_s=drive_s,
            intact_s=float(self.intact.out_s[0][row, column]),
            busy_with=tuple(task[3] for task in others if task[0] == unit),
            site_busy_with=tuple(
                task[3] for task in others if task[0] != unit and self.fleet.units[task[0]].site == site
            ),
            nearer=chosen if chosen >= 0 and self.fleet.units[chosen].site != site else -1,
            closed=tuple(number for number, one in enumerate(self.closures) if one.from_s <= departs_s < one.until_s),
        )
        self.tasks = [task for task in self.tasks if task[2] > ordered_s - 86400.0]
        self.tasks.append((unit, ordered_s, self._until_s(at, sent), at))
        return sent

    def _ordered_s(self, at: int) -> float:
        moments, chain = self.recorded.moment_s[at], self.standard.chain
        if not math.isnan(moments[2]):
            return float(moments[2])
        answered = moments[1] if not math.isnan(moments[1]) else moments[0] + chain["answering"].median
        return float(answered + chain["order"].median)

    def _state(self, at_s: float) -> int:
        return self.during.states[max(bisect_right(self.during.starts_s, at_s) - 1, 0)]

    def _until_s(self, at: int, sent: Sent) -> float:
        """Return when the unit is back: as recorded and by the drive back, else by medians."""
        moments, type_ = self.recorded.moment_s[at], self.recorded.types[at]
        row, column = int(self.reach.road_row[sent.unit]), self.column[at]
        back_s = float(self.intact.back_s[0][row, column])
        back_s = back_s if math.isfinite(back_s) else 0.0
        if not math.isnan(moments[6]):
            return float(moments[6]) + back_s
        drive_s = sent.drive_s if math.isfinite(sent.drive_s) else 0.0
        on_scene_s = moments[4] if not math.isnan(moments[4]) else sent.departs_s + drive_s
        handled_s = self.on_scene[type_].median if type_ else 0.0
        return float(on_scene_s + self.standard.chain["set_up"].median + handled_s + back_s)

    def _busy(self, ordered_s: float) -> set[int]:
        return {unit for unit, from_s, until_s, _ in self.tasks if from_s <= ordered_s < until_s}

    def _unit_of(self, site: str, unit: str, ordered_s: float) -> int:
        """Return the unit of a station: the recorded one, else one that is not on another incident, else its first."""
        own = [row for row, one in enumerate(self.fleet.units) if one.site == site]
        named = [row for row in own if self.fleet.units[row].id == unit]
        busy = self._busy(ordered_s)
        return next(iter([*named, *(row for row in own if row not in busy), *own]))

    def _chosen(self, at: int, ordered_s: float, shift: str) -> int:
        """Ask the policy; -1 where the type is not recorded or nobody can go."""
        type_ = self.recorded.types[at]
        if not type_:
            return -1
        need = UnitNeed(capabilities=call_needs()[type_])
        point, township = self.during.points[self.column[at]], self.recorded.townships[at]
        call = OrderedCall(point, type_, ordered_s, ordered_s, need=need, township=township)
        chosen = self.policy.choose(call, self._choices(at, ordered_s, shift))
        if chosen is None:
            return -1
        rows = [row for row, unit in enumerate(self.fleet.units) if unit.id == getattr(chosen, "id", "")]
        if not rows:
            name, policy = getattr(chosen, "id", chosen), type(self.policy).__name__
            raise InputError(
                f"policy {policy} chose unit {name!r}, which is no unit of the fleet; expected one on offer"
            )
        return rows[0]

    def _choices(self, at: int, ordered_s: float, shift: str) -> Iterator[Choice]:
        column, busy, crew = self.column[at], self._busy(ordered_s), self.recorded.who[at].crew
        state, site = self._state(ordered_s), self.recorded.who[at].site
        for unit in self.reach.nearest_first(state, column, call_needs()[self.recorded.types[at]], shift):
            one = self.fleet.units[unit]
            if unit in busy or (crew and not site and one.crew.name != crew):
                continue
            travel_s = float(self.during.out_s[state][int(self.reach.road_row[unit]), column])
            yield Choice(one, float(self.reach.turnout_s[shift][unit]), travel_s)
