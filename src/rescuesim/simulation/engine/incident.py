"""Incident: what the units of a call share, from the order to the moment at which all are done."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rescuesim.simulation.engine.choosing import ANYBODY, choose, take_from_less_urgent
from rescuesim.simulation.engine.mission import COMPLETED, DIVERTED, RECALLED, Mission
from rescuesim.simulation.engine.unit_story import home_story, unit_story
from rescuesim.simulation.packages import ResponsePackage, Tier, UnitNeed

if TYPE_CHECKING:
    from simpy.events import Event

    from rescuesim.simulation.clock import Steps
    from rescuesim.simulation.engine.replication import Replication

__all__ = [
    "FURTHER",
    "CallPlan",
    "Incident",
    "abandon",
    "ask",
    "ask_again",
    "begin",
    "break_off",
    "dispatch",
    "joined",
    "left",
    "serve",
]

FIRST, REINFORCEMENT, ESCALATION, PARALLEL, FURTHER = range(5)
_LATER: tuple[tuple[Tier, int], ...] = (("reinforcement", REINFORCEMENT), ("escalation", ESCALATION))


@dataclass(frozen=True, slots=True)
class CallPlan:
    """A response package as the engine wants it.

    Parameters
    ----------
    package : ResponsePackage
    needs : tuple of UnitNeed
    alone : bool
        Whether one unit is all that is ever sent: the call then needs no event at its first action.
    """

    package: ResponsePackage
    needs: tuple[UnitNeed, ...]
    alone: bool


class Incident:
    """A call that has been ordered.

    What has not happened stands as in the class. The work takes the draw of the first slot from the first action on,
    however many come; a unit that is ready later works for what is left. It stands still while all who worked have been
    taken away. The call is cleared when it is done; who is on the way then is recalled, who is waited for is wanted no
    more.
    """

    call: int
    column: int
    plan: CallPlan
    priority = 0
    alone = True
    people = 0  # of those who are ready and can start
    handling_s = math.nan
    cleared_s = math.nan
    lost = False
    lead_slot = -1  # of the unit whose readiness let the first action start
    begins: Event | None = None
    missions: list[Mission]
    due_s = math.nan  # when the work of several units is done
    stopped_s: float | None = None  # work that is left while nobody does it; seconds
    remaining: dict[int, float] | None = None  # the same of a unit alone, by slot
    excluded: dict[int, int] | None = None  # units that could not come, until something changes
    others_to_come = False  # those alerted in parallel are still to be asked
    left_empty = -1  # a slot that stays empty, while they are
    short_slot = -1  # whose unit came with too few people, for which further units are asked
    held = False  # whether those who came stay on the scene though they cannot begin

    def __init__(self, call: int, column: int, plan: CallPlan, priority: int) -> None:
        self.call, self.column, self.plan, self.priority, self.alone = call, column, plan, priority, plan.alone
        if not plan.alone:
            self.missions = []

    @property
    def over(self) -> bool:
        """Whether nobody is wanted any more."""
        return self.lost or self.cleared_s == self.cleared_s

    def work_left(self) -> dict[int, float]:
        """Return what was broken off, by slot; seconds."""
        if self.remaining is None:
            self.remaining = {}
        return self.remaining


# -- asking for units ----------------------------------------------------------------------------------


def begin(run: Replication, call: int) -> None:
    """Order the first units of a call, and those that the policy alerts besides."""
    plan = run.plans[run.type_code[call]]
    incident = Incident(call, run.column[call], plan, run.priority[call])
    if plan.alone:
        ask(run, incident, 0, FIRST)
        if run.move_up is not None:
            run.move_up.consider()
        return
    incident.others_to_come = run.alerts_in_parallel
    for slot in plan.package.slots("first"):
        if not incident.over:
            ask(run, incident, slot, FIRST)
    if run.alerts_in_parallel:
        for number, unit in enumerate(run.parallel_units(incident)):
            mission = _mission(run, incident, plan.package.n_slots + number, PARALLEL)
            mission.need = ANYBODY
            dispatch(run, mission, unit)
        incident.others_to_come = False
        if incident.left_empty >= 0:
            _do_without(run, incident, incident.left_empty)
    if run.move_up is not None:
        run.move_up.consider()


def ask(run: Replication, incident: Incident, slot: int, tier: int) -> None:
    """Ask for a unit for a slot: send one, take one from a less urgent call, wait, or do without."""
    mission = _mission(run, incident, slot, tier)
    unit = choose(run, mission)
    if unit is not None:
        dispatch(run, mission, unit)
    elif run.preemptive and (taken := take_from_less_urgent(run, mission)) is not None:
        _preempt(run, mission, taken)
    elif run.loss:
        _do_without(run, incident, slot)
    else:
        run.line.enter(mission, run.clock.now)


def _mission(run: Replication, incident: Incident, slot: int, tier: int) -> Mission:
    mission = Mission()
    mission.incident, mission.call, mission.slot, mission.tier = incident, incident.call, slot, tier
    needs = incident.plan.needs
    mission.need = needs[slot] if slot < len(needs) else needs[0]
    mission.asked_s = run.clock.now
    return mission


def dispatch(run: Replication, mission: Mission, unit: int) -> None:
    """Give a unit its order."""
    now, before = run.clock.now, run.doing[unit]
    if before is not None:  # on its way home
        run.turn_round(before)
        mission.taken_from = before
    run.occupy(unit, mission)
    mission.unit, mission.number, mission.dispatched_s = unit, run.n_missions, now
    run.n_missions += 1
    if run.alerting.always_public:
        mission.alerted_s = now
    else:
        mission.channel, mission.alerted_s = run.alerting.message(unit, mission.call, now)
    mission.people = run.people_of[unit] or mission.need.people
    if not mission.incident.alone:
        mission.incident.missions.append(mission)
    if run.driving is not None:
        run.driving.tell(unit, now, mission.alerted_s)
    mission.story = run.clock.tell(unit_story(run, mission))


def ask_again(run: Replication, mission: Mission) -> None:
    """Ask anew for the slot of a unit that could not come."""
    incident = mission.incident
    run.record.redispatched[mission.call] += 1
    if not incident.alone and mission in incident.missions:
        incident.missions.remove(mission)
    # who was alerted in parallel is not replaced, but work that was begun has to be finished by somebody
    begun = incident.stopped_s is not None
    if incident.over:
        return
    if mission.tier != PARALLEL or begun:
        ask(run, incident, mission.slot, mission.tier)
    elif run.loss:
        _do_without(run, incident, mission.slot)
    elif incident.short_slot >= 0:
        run.complete(incident)


def serve(run: Replication) -> None:
    """Offer the free units to the missions that wait, the first in line first.

    `NearestAvailable` goes by point and capabilities alone: where it found nobody for one mission it finds nobody for
    another of the same. A policy of the user's may tell calls apart, and is asked for each.
    """
    nobody: set[tuple[int, frozenset[str]]] = set()  # who goes leaves nobody nearer for those behind in line
    for mission in run.line:
        if not (run.n_free or run.n_elsewhere):
            return
        wanted = mission.incident.column, mission.need.capabilities
        if wanted in nobody and mission.incident.excluded is None:
            continue
        unit = choose(run, mission)
        if unit is not None:
            run.line.leave(mission, run.clock.now)
            dispatch(run, mission, unit)
        elif run.takes_first and mission.incident.excluded is None:
            nobody.add(wanted)


# -- breaking off --------------------------------------------------------------------------------------


def break_off(run: Replication, mission: Mission, why: int) -> None:
    """Take a unit from its call, wherever it is; what it does next is the caller's."""
    now, incident = run.clock.now, mission.incident
    mission.story.break_off()
    if mission.ready_s <= now:
        if incident.handling_s <= now:
            if mission.cleared_s == mission.cleared_s:  # else it begins at this very moment
                _stop_work(incident, mission, now)
        elif run.can_start(mission):
            incident.people -= mission.people
    run.take_back(mission)
    if not incident.alone:
        incident.missions.remove(mission)
    mission.ended, mission.ended_s = why, now
    if run.driving is not None:
        run.driving.learned(mission, now)


def _stop_work(incident: Incident, mission: Mission, now: float) -> None:
    """Note what a unit leaves undone; nothing, where others go on with it."""
    if incident.alone:
        incident.work_left()[mission.slot] = mission.cleared_s - now
    elif not any(other is not mission and other.ready_s <= now for other in incident.missions):
        incident.stopped_s = mission.cleared_s - now


def _preempt(run: Replication, mission: Mission, taken: Mission) -> None:
    """Give a mission the unit of a less urgent one, which is asked for anew."""
    break_off(run, taken, DIVERTED)
    run.end(taken)
    run.make_free(taken.unit)
    if taken.rolling_s == taken.rolling_s:  # else it has not left, and leaves for the other call
        mission.taken_from = taken
    dispatch(run, mission, taken.unit)
    ask_again(run, taken)


def _recall(run: Replication, mission: Mission) -> None:
    """Send a unit home that is wanted no more."""
    break_off(run, mission, RECALLED)
    if mission.rolling_s == mission.rolling_s:
        mission.story = run.clock.tell(home_story(run, mission))
    else:
        run.release(mission)


def _do_without(run: Replication, incident: Incident, slot: int) -> None:
    """Leave a slot empty; the call is lost if it cannot start any more."""
    if incident.handling_s == incident.handling_s or incident.over:
        return
    if incident.others_to_come:
        incident.left_empty = slot
        return
    if not incident.alone:
        coming = sum(mission.people for mission in incident.missions if run.can_start(mission))
        asked = incident.plan.package.people_to_start
        if coming >= asked or _may_still_come(run, incident, slot, asked - coming):
            return
    abandon(run, incident)


def abandon(run: Replication, incident: Incident) -> None:
    """Let a call be lost: whoever has his orders goes home, and nobody is waited for."""
    incident.lost = run.record.lost[incident.call] = True
    if not incident.alone:
        _dismiss(run, incident)


def _dismiss(run: Replication, incident: Incident) -> None:
    # who is waited for is wanted no more before the first of the others comes free
    for waiting in run.line:
        if waiting.incident is incident:
            run.line.leave(waiting, run.clock.now)
    for mission in tuple(incident.missions):
        _recall(run, mission)


def _may_still_come(run: Replication, incident: Incident, slot: int, people: int) -> bool:
    """Whether slots that are asked for after this one can bring the people who are missing at the start."""
    if run.clock.now > run.ordered[incident.call] or run.record.redispatched[incident.call]:
        return False
    later = (other for other in incident.plan.package.slots("first") if other > slot)
    needs, starts_with = incident.plan.needs, incident.plan.package.starts_with
    return sum(needs[other].people for other in later if starts_with <= needs[other].capabilities) >= people


# -- on the scene --------------------------------------------------------------------------------------


def joined(run: Replication, mission: Mission) -> bool:
    """Count a unit that is ready; return whether the first action has begun, perhaps by this."""
    incident, now = mission.incident, run.clock.now
    if incident.handling_s <= now:
        return True
    package = incident.plan.package
    if run.can_start(mission):
        incident.people += mission.people
    if incident.people < package.people_to_start:
        if incident.begins is None:
            incident.begins = run.clock.event()
        if run.can_start(mission):
            run.hold(incident)
        return False
    incident.handling_s, incident.lead_slot = now, mission.slot
    run.record.began(mission, now)
    if incident.begins is not None:
        incident.begins.succeed()
    severity = run.severity_at(incident.call, now) if package.heeds_severity else 0.0
    for tier, code in _LATER:
        after_s = package.asked_after_s(tier, severity=severity)
        if tier == "escalation" and after_s < math.inf:
            after_s += run.command_post_s(package, incident.call)
        if after_s < math.inf:
            run.clock.tell(_later_tier(run, incident, tier, code, now + after_s))
    return True


def _later_tier(run: Replication, incident: Incident, tier: Tier, code: int, at_s: float) -> Steps:
    """Ask for reinforcement, or the superior level, if the call is not cleared by then."""
    yield at_s
    for slot in incident.plan.package.slots(tier):
        if not incident.over:
            ask(run, incident, slot, code)


def left(run: Replication, mission: Mission) -> None:
    """End the work of a unit, and the call with the last."""
    incident, now = mission.incident, run.clock.now
    mission.ended, mission.ended_s = COMPLETED, now
    record, call = run.record, mission.call
    # a further unit of the slot does not stand for the one that let it begin, if that stays to the end
    if incident.lead_slot == mission.slot and (record.finisher[call] < 0 or record.finisher[call] != record.lead[call]):
        record.finisher[call] = mission.number
    incident.missions.remove(mission)
    if incident.stopped_s is not None or any(other.on_scene_s <= now for other in incident.missions):
        return
    incident.cleared_s = run.record.closed_s[mission.call] = now
    _dismiss(run, incident)
