"""Replication: the clock, the units, the line of waiting missions, and all that the stories share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from simpy.events import URGENT

from rescuesim.demand import DemandPoints
from rescuesim.disruption import ChannelOutage, ContactSpell, FirstContact
from rescuesim.errors import InputError
from rescuesim.simulation.calls import CallLog
from rescuesim.simulation.clock import Clock, Steps
from rescuesim.simulation.duties import EvacuationTask
from rescuesim.simulation.engine import incident as incidents
from rescuesim.simulation.engine import scene
from rescuesim.simulation.engine.alerting import Alerting
from rescuesim.simulation.engine.choosing import ANYBODY, asked_of, cannot_go, choices
from rescuesim.simulation.engine.crews import Crews
from rescuesim.simulation.engine.draws import Draws
from rescuesim.simulation.engine.driving import Driving
from rescuesim.simulation.engine.duty import Evacuation, MoveUp
from rescuesim.simulation.engine.given import Given, call_plan, check_fit, places_of
from rescuesim.simulation.engine.hearing import hear
from rescuesim.simulation.engine.incident import Incident
from rescuesim.simulation.engine.line import Line
from rescuesim.simulation.engine.mission import NO_WAY, Mission
from rescuesim.simulation.engine.recording import Record, trajectory_of
from rescuesim.simulation.engine.situation import Situation
from rescuesim.simulation.engine.unit_story import home_story
from rescuesim.simulation.fleet import Fleet, ShiftTimeline, Unit
from rescuesim.simulation.packages import ResponsePackage
from rescuesim.simulation.policies import (
    DispatchPolicy,
    MoveUpPolicy,
    NearestAvailable,
    OrderedCall,
    Reach,
    most_parallel,
    queue_policy,
)
from rescuesim.simulation.policies.asking import ask_also, ask_key, where
from rescuesim.simulation.roads import BelievedTimes, RoadTimes
from rescuesim.simulation.setting import Setting
from rescuesim.simulation.trajectory import Trajectory, checked

__all__ = ["Replication", "run_replication"]


def run_replication(
    fleet: Fleet,
    calls: CallLog,
    roads: RoadTimes,
    setting: Setting,
    *,
    replication: int = 0,
    policy: DispatchPolicy | None = None,
    channels: Sequence[ChannelOutage] = (),
    contacts: Sequence[ContactSpell] = (),
    found: Sequence[FirstContact] = (),
    reach: Reach | None = None,
    believed: BelievedTimes | None = None,
    demand: DemandPoints | None = None,
    move_up: MoveUpPolicy | None = None,
    evacuation: Sequence[EvacuationTask] = (),
) -> Trajectory:
    """Run one replication on plain artefacts, without a plan or a network.

    Parameters
    ----------
    fleet : Fleet
    calls : CallLog
        All before the horizon.
    roads : RoadTimes
        Its sites and points include those of the fleet and the calls.
    setting : Setting
    replication : int, optional
        Part of the key of the absences.
    policy : DispatchPolicy, optional
        `NearestAvailable` if absent.
    channels : sequence of ChannelOutage, optional
        Where several cut a site off at once, the first given holds.
    contacts : sequence of ContactSpell, optional
        What carries calls and orders where the public network does not.
    found : sequence of FirstContact, optional
        When somebody comes to look at silent places, as `reconnaissance` draws it.
    reach : Reach, optional
        Of the same fleet and roads, to be shared by replications.
    believed : BelievedTimes, optional
        The roads themselves, of the same sites and points. Needed where units drive by what they believe, or can be
        diverted.
    demand : DemandPoints, optional
        Tells policies the township and the zone of a call.
    move_up : MoveUpPolicy, optional
        Needs `RoadTimes.between_s`. Nobody moves if absent.
    evacuation : sequence of EvacuationTask, optional

    Returns
    -------
    Trajectory

    Raises
    ------
    InputError
        If ids do not match, a call rings after the horizon, packages lack draws, or a policy chooses a unit that
        cannot go.

    Examples
    --------
    >>> from rescuesim.crew import Lognormal, default_crews
    >>> from rescuesim.simulation import Unit
    >>> nothing, exactly = Lognormal(median=0.0, p90=0.0), Lognormal(median=1.0, p90=1.0)
    >>> chain = {"answering": nothing, "order": nothing, "set_up": nothing, "variation": exactly}
    >>> fleet = Fleet(units=(Unit(id="s#1", site="s", crew=default_crews()["brigade"]),))
    >>> calls = CallLog.from_draws(["a"], ["fire"], arrived_at_s=[0.0, 30.0], on_scene_s=[600.0, 600.0])
    >>> roads = RoadTimes.from_matrix([[100.0]], sites=["s"], points=["a"])
    >>> trajectory = run_replication(fleet, calls, roads, Setting(chain=chain, horizon_s=3600.0))
    >>> trajectory.at_s("handling").round(3).tolist()
    [150.0, 1000.0]
    """
    used = policy or NearestAvailable()
    check_fit(fleet, calls, roads, setting, believed, most_parallel(used))
    given = Given(
        fleet=fleet,
        calls=calls,
        roads=roads,
        setting=setting,
        replication=replication,
        policy=used,
        channels=tuple(channels),
        contacts=tuple(contacts),
        found=tuple(found),
        reach=reach or Reach(fleet, roads),
        believed=believed,
        demand=demand,
        move_up=move_up,
        evacuation=tuple(evacuation),
    )
    return checked(Replication(given).play())


class Replication:
    """One replication: what all its stories share.

    Parameters
    ----------
    given : Given
    """

    def __init__(self, given: Given) -> None:
        fleet, calls, setting = given.fleet, given.calls, given.setting
        self.clock, self.given, self.fleet, self.calls, self.setting = Clock(), given, fleet, calls, setting
        self.policy, self.reach = given.policy, given.reach
        self.takes_first = type(given.policy) is NearestAvailable  # it would look at one choice of those it is offered
        timeline = ShiftTimeline.until(setting.horizon_s, start_h=calls.start_h)
        absences = fleet.absences(timeline, seed=setting.seed, replication=given.replication)
        if setting.muster:
            absences[:, fleet.with_roster()] = False
        self.now = Situation(given.roads, timeline, absences)
        self.alerting = Alerting(fleet, calls, given.channels, given.contacts)
        queue = queue_policy(setting.queue)
        self.loss, self.preemptive = not queue.waits, queue.preempts
        # first asked first served by name; by an object also who asks anew goes by its order
        self.line = Line(None if setting.queue == "fifo" else lambda mission: ask_key(queue, asked_of(self, mission)))

        # calls
        self.heard = hear(calls, setting, contacts=given.contacts, found=given.found, replication=given.replication)
        self.ordered: list[float] = self.heard.ordered_s.tolist()
        column = {point: index for index, point in enumerate(given.roads.points)}
        ids = calls.demand_ids
        self.column = [column[ids[point]] for point in calls.point.tolist()]
        self.demand_id = [ids[point] for point in calls.point.tolist()]
        self.place_of = places_of(calls, given.demand)
        self.type_code: list[int] = calls.type_code.tolist()
        self.type = [calls.types[code] for code in self.type_code]
        self.priority: list[int] = calls.priority.tolist()
        self.severity: list[float] = calls.severity.tolist()
        self.plans = [call_plan(setting.packages, name, given.policy, fleet) for name in calls.types]
        self.alerts_in_parallel = most_parallel(given.policy) > 0
        self.record = Record(len(calls))

        # draws
        slots = max((len(plan.needs) for plan in self.plans), default=1) + most_parallel(given.policy)
        self.draws = Draws(calls, setting, fleet, slots, replication=given.replication)
        self.set_up_s, self.variation = self.draws.set_up_s, self.draws.variation
        self.on_scene_s, self.turnout_s = self.draws.on_scene_s, self.draws.turnout_s

        # units
        n_units = len(fleet.units)
        self.unit_row = {unit.id: index for index, unit in enumerate(fleet.units)}
        self.site_of, self.road_row = fleet.site_rows().tolist(), given.reach.road_row.tolist()
        self.median_turnout_s = {name: values.tolist() for name, values in given.reach.turnout_s.items()}
        self.stands_at = [unit.site for unit in fleet.units]
        self.people_of = [unit.crew.people or 0 for unit in fleet.units]
        self.free, self.n_free, self.n_elsewhere = [True] * n_units, n_units, 0
        self.doing: list[Mission | None] = [None] * n_units
        self.n_missions = 0
        self.returning: dict[int, Mission] = {}  # units on the road that can be diverted
        self.crews = Crews(fleet) if setting.muster or not self.alerting.always_public else None
        self.driving = None if given.believed is None else Driving(given.believed, self)
        self.home_row, self.can_divert = list(self.road_row), setting.divertible and self.driving is not None
        self.move_up = None if given.move_up is None else MoveUp(self, given.move_up)
        self.evacuation = Evacuation(self, given.evacuation) if given.evacuation else None

    # -- the stories of the county -----------------------------------------------------------------------

    def play(self) -> Trajectory:
        """Let everything happen until the horizon."""
        self.clock.tell(self.world_changes())
        self.clock.tell(self.orders())
        self.clock.play(self.setting.horizon_s)
        self.line.close(self.setting.horizon_s)
        return trajectory_of(self)

    def world_changes(self) -> Steps:
        """Change roads and shifts at their moments, and try the calls that wait."""
        for moment in self.now.moments_s(self.setting.horizon_s):
            yield self.clock.at(moment, URGENT)
            self.now.enter(moment)
            if self.driving is not None:
                self.driving.roads_changed(moment)
            self.serve_waiting()

    def orders(self) -> Steps:
        """Order the calls one after the other; each order begins an incident."""
        ordered = self.ordered
        for call in np.argsort(self.heard.ordered_s, kind="stable").tolist():
            if (
                not ordered[call] < math.inf
            ):  # nobody answered, or it is about an incident that is known; they stand last
                return
            yield ordered[call]
            incidents.begin(self, call)

    # -- units -------------------------------------------------------------------------------------------

    def occupy(self, unit: int, mission: Mission) -> None:
        """Let a unit be on a mission."""
        self.free[unit] = False
        self.n_free -= 1
        self.doing[unit] = mission
        if self.move_up is not None and self.road_row[unit] != self.home_row[unit]:
            self.n_elsewhere -= 1

    def make_free(self, unit: int) -> None:
        """Let a unit be free again."""
        self.doing[unit] = None
        self.free[unit] = True
        self.n_free += 1
        if self.move_up is not None and self.road_row[unit] != self.home_row[unit]:
            self.n_elsewhere += 1

    def end(self, mission: Mission) -> None:
        """Let nothing more happen on a mission."""
        mission.until_s = self.clock.now
        self.record.ended(mission)

    def release(self, mission: Mission) -> None:
        """End a mission with its unit at home, and try the calls that wait."""
        mission.until_s = self.clock.now
        self.record.ended(mission)
        self.make_free(mission.unit)
        if self.evacuation is not None:
            self.evacuation.fill()
        if self.line.missions:
            incidents.serve(self)
        if self.move_up is not None:
            self.move_up.consider()

    def stand_at(self, unit: int, row: int) -> None:
        """Let a unit stand at a site, its own or another."""
        self.road_row[unit], self.stands_at[unit] = row, self.given.roads.sites[row]

    def go_home(self, mission: Mission) -> Steps:
        """Drive home, as soon as there is a way; on the way another call may take the unit."""
        mission.going_home = True
        if self.move_up is not None:
            self.stand_at(mission.unit, self.home_row[mission.unit])
        return self._drive_home(mission) if self.driving is None else self.driving.drive_home(self, mission)

    def _drive_home(self, mission: Mission) -> Steps:
        while (back_s := self.back_s(mission)) == math.inf:
            yield self.next_road_change_s()
        yield self.clock.now + back_s * self.variation_of(mission)
        if mission.cleared_s == mission.cleared_s:
            mission.available_s = self.clock.now

    def variation_of(self, mission: Mission) -> float:
        """Return the factor on the drives of a mission."""
        return 1.0 if mission.call < 0 else self.variation[mission.slot][mission.call]

    def look(self) -> None:
        """Let the desk go by what it believes now."""
        if self.driving is not None:
            self.driving.update(self.now, self.clock.now)

    def stand_down(self, mission: Mission, why: int) -> None:
        """Take an order back before its unit has left, and ask for another."""
        now, incident = self.clock.now, mission.incident
        mission.ended, mission.ended_s = why, now
        if why != NO_WAY or self.driving is not None:
            self.exclude(incident, mission.unit)
        if mission.taken_from is not None and mission.taken_from.rolling_s <= now:
            raise AssertionError("a unit on the road does not stand down")
        self.release(mission)
        incidents.ask_again(self, mission)

    def no_way(self, mission: Mission) -> None:
        """Let a unit that finds no way stand down, or drive home if it is on the road already."""
        if mission.taken_from is None:
            self.stand_down(mission, NO_WAY)
            return
        mission.ended, mission.ended_s = NO_WAY, self.clock.now
        self.exclude(mission.incident, mission.unit)
        mission.story = self.clock.tell(home_story(self, mission))
        incidents.ask_again(self, mission)

    def exclude(self, incident: Incident, unit: int) -> None:
        """Do not send a unit to a call again until roads or shifts change."""
        if incident.excluded is None:
            incident.excluded = {}
        incident.excluded[unit] = self.now.changes

    def is_excluded(self, incident: Incident, unit: int) -> bool:
        """Whether a unit could not come to a call since roads and shifts last changed."""
        return incident.excluded is not None and incident.excluded.get(unit) == self.now.changes

    def serve_waiting(self) -> None:
        """Offer the free units to the missions that wait."""
        if self.line:
            incidents.serve(self)

    def turn_round(self, mission: Mission) -> None:
        """Take a unit off its way home, for another call."""
        mission.story.break_off()
        mission.available_s = self.clock.now if mission.cleared_s == mission.cleared_s else math.nan
        self.end(mission)
        assert self.driving is not None
        self.driving.learned(mission, self.clock.now)
        self.driving.off_the_road(self, mission)
        self.make_free(mission.unit)

    # -- times of a mission ------------------------------------------------------------------------------

    def turnout_from(self, from_s: float, mission: Mission) -> float:
        """Return the turnout of a crew in the shift of the moment at which it begins; 0 for a unit on the road."""
        if mission.taken_from is not None:
            return 0.0
        return self.turnout_s[mission.slot][mission.unit][self.now.shift_at(from_s)][mission.call]

    def way_s(self, mission: Mission) -> float:
        """Return the undisturbed drive of a unit to its call, on the roads of now."""
        drive_s = self.now.out_s(self.road_row[mission.unit], mission.incident.column)
        return drive_s if mission.taken_from is None else drive_s + self.back_s(mission.taken_from)

    def back_s(self, mission: Mission) -> float:
        """Return the undisturbed drive home: from the call, or as far as the unit had come towards it.

        Travel times alone know no places between, so a unit that turned round on the way has the share of the way back
        that it has driven.
        """
        if mission.taken_from is not None and mission.rolling_s != mission.rolling_s:  # it never set out for the call
            return self.back_s(mission.taken_from)
        column = mission.column if mission.call < 0 else mission.incident.column
        whole = self.now.back_s(self.road_row[mission.unit], column)
        if mission.on_scene_s == mission.on_scene_s:
            return whole
        return whole * mission.share_driven

    def column_of(self, mission: Mission) -> int:
        """Return the point at which a mission ends."""
        return mission.column if mission.call < 0 else mission.incident.column

    def way_from_s(self, mission: Mission, column: int) -> float:
        """Return how far a unit that is out is from a point, as the desk believes."""
        if self.driving is not None:
            return self.driving.believed_s(mission, column, self.clock.now)
        home_s = self.now.back_s(self.road_row[mission.unit], self.column_of(mission))
        if mission.on_scene_s > self.clock.now:
            home_s *= mission.share_by(self.clock.now)
        return home_s + self.now.out_s(self.road_row[mission.unit], column)

    def next_road_change_s(self) -> float:
        """Return the next moment at which the roads change, ``inf`` if they never do again."""
        return self.now.next_road_change_s(self.clock.now)

    def done_s(self, mission: Mission, begins_s: float) -> float:
        """Return when a unit is done that begins to work.

        How long a call takes is one draw, whoever comes: a unit that comes later works for what is left of it.
        """
        incident, slot = mission.incident, mission.slot
        if incident.alone:
            # a unit alone asks as it leaves, and may be taken again on the way: what is left stays noted
            left = incident.remaining
            return begins_s + (left[slot] if left and slot in left else self.on_scene_s[slot][mission.call])
        if incident.stopped_s is not None:
            incident.due_s, incident.stopped_s = begins_s + incident.stopped_s, None
        elif incident.due_s != incident.due_s:
            incident.due_s = incident.handling_s + self.on_scene_s[0][mission.call]
        return max(incident.due_s, begins_s)

    def ask_again(self, mission: Mission) -> None:
        """Ask anew for the slot of a unit that could not come."""
        incidents.ask_again(self, mission)

    # -- on the scene --------------------------------------------------------------------------------------

    def joined(self, mission: Mission) -> bool:
        """Count a unit that is ready; see `incident.joined`."""
        return incidents.joined(self, mission)

    def count(self, mission: Mission) -> None:
        """Let a unit be found to bring fewer people than were asked for, as it arrives; see `scene.counted`."""
        self.clock.tell(scene.counted(self, mission))

    def complete(self, incident: Incident) -> None:
        """Ask for further units where those who came are too few; see `scene.complete`."""
        scene.complete(self, incident)

    def hold(self, incident: Incident) -> None:
        """Let those who are too few to begin wait for others; see `scene.hold`."""
        scene.hold(self, incident)

    def take_back(self, mission: Mission) -> None:
        """Take back what lies ahead: a call of one unit is stamped to its end when the unit leaves."""
        incident, record, call = mission.incident, self.record, mission.call
        if record.lead[call] == mission.number and mission.ready_s > self.clock.now:
            incident.lead_slot, incident.handling_s = -1, math.nan
            record.not_begun(call)
        if record.finisher[call] == mission.number:
            record.finisher[call] = -1
        mission.cut(self.clock.now)

    def left(self, mission: Mission) -> None:
        """End the work of a unit; see `incident.left`."""
        incidents.left(self, mission)

    def can_start(self, mission: Mission) -> bool:
        """Whether the people of a unit count towards those who start the first action."""
        return bool(self.reach.capable(mission.incident.plan.package.starts_with)[mission.unit])

    def severity_at(self, call: int, handling_s: float) -> float:
        """Return how severe a call has become by its first action."""
        response_s = handling_s - float(self.calls.arrived_at_s[call])
        growth = self.setting.growth[self.type[call]]
        return float(growth.severity(self.calls.detected_s[call], response_s))

    def command_post_s(self, package: ResponsePackage, call: int) -> float:
        """Return how long setting up the command post takes."""
        return float(package.command_post.from_normal(self.draws.command_post_z[call]))

    def sent(self, incident: Incident) -> tuple[Unit, ...]:
        """Return the units that have their orders for a call."""
        if incident.alone:
            return ()
        return tuple(self.fleet.units[mission.unit] for mission in incident.missions)

    def parallel_units(self, incident: Incident) -> list[int]:
        """Return the units that the policy alerts besides those of the package."""
        mission = Mission()
        mission.incident, mission.call, mission.need = incident, incident.call, incident.plan.needs[0]
        if self.driving is not None:
            self.driving.update(self.now, self.clock.now)
        asked: OrderedCall = asked_of(self, mission)
        mission.need = ANYBODY
        chosen = []
        for unit in ask_also(self.policy, asked, choices(self, mission)):
            row = self.unit_row.get(unit.id, -1)
            if (reason := cannot_go(self, mission, row)) or row in chosen:
                policy, name = type(self.policy).__name__, unit.id
                named = f"policy {policy} alerts unit {name!r}, which {reason or 'it names twice'}"
                raise InputError(f"{named}; expected one on offer; asked {where(asked)}")
            chosen.append(row)
        most = self.calls.n_slots - incident.plan.package.n_slots
        if len(chosen) > most:
            raise InputError(
                f"policy {type(self.policy).__name__} alerts {len(chosen)} units besides the package, but calls are "
                f"drawn for {most} more; expected CallModel(n_slots=...) of all"
            )
        return chosen
