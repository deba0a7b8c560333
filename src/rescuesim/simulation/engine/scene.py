"""Scene: what becomes of a call where those who came are too few to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rescuesim._defaults import default
from rescuesim.simulation.engine import incident as incidents

if TYPE_CHECKING:
    from rescuesim.simulation.clock import Steps
    from rescuesim.simulation.engine.incident import Incident
    from rescuesim.simulation.engine.mission import Mission
    from rescuesim.simulation.engine.replication import Replication

__all__ = ["complete", "counted", "hold"]


def counted(run: Replication, mission: Mission) -> Steps:
    """Count the people of a unit on the scene that are fewer than its slot asks for, and report them.

    The desk expects of a unit what its slot asks for until it is told otherwise, by the channel that works then. Where
    nothing does, the unit tells it as soon as something does.
    """
    yield mission.on_scene_s
    incident, now = mission.incident, run.clock.now
    if mission.counted or not mission.on_scene_s <= now or mission not in incident.missions:
        return
    if not run.can_start(mission):
        return
    starts = incident.plan.package.starts_with <= mission.need.capabilities
    # who came for another slot and counts all the same is made up for by a unit of the first
    mission.counted, incident.short_slot = True, mission.slot if starts else 0
    if not _too_few(run, incident):
        return
    through_s = run.alerting.report_s(mission.unit, mission.call, now)
    if through_s > now:
        yield through_s
    complete(run, incident)


def complete(run: Replication, incident: Incident) -> None:
    """Ask for further units until those who are there, come and are waited for can begin.

    If every capable unit of the fleet is there or on its way, nobody can be asked, and the call is given up.
    """
    while _too_few(run, incident):
        missing = _people_missing(run, incident)
        if _anybody_else(run, incident):
            incidents.ask(run, incident, incident.short_slot, incidents.FURTHER)
            if _people_missing(run, incident) < missing:
                continue
        if not _begun_or_over(incident):
            incidents.abandon(run, incident)


def _too_few(run: Replication, incident: Incident) -> bool:
    """Whether more people have to be asked for; from then on those on the scene are held."""
    if _begun_or_over(incident) or not _people_missing(run, incident):
        return False
    run.record.too_few[incident.call] = True
    hold(run, incident)
    return True


def _begun_or_over(incident: Incident) -> bool:
    return incident.over or incident.handling_s == incident.handling_s


def _people_missing(run: Replication, incident: Incident) -> int:
    """Return how many people more the start takes than the desk expects to come together."""
    package = incident.plan.package
    expected = sum(
        mission.people if mission.counted else max(mission.people, mission.need.people)
        for mission in incident.missions
        if run.can_start(mission)
    )
    expected += sum(
        mission.need.people
        for mission in run.line.missions
        if mission.incident is incident and package.starts_with <= mission.need.capabilities
    )
    return max(package.people_to_start - expected, 0)


def _anybody_else(run: Replication, incident: Incident) -> bool:
    """Whether the fleet has a unit that could take the slot, now or later, and is not on the call already."""
    sent = {mission.unit for mission in incident.missions}
    capable = run.reach.capable(incident.plan.needs[incident.short_slot].capabilities)
    return any(can and unit not in sent for unit, can in enumerate(capable))


def hold(run: Replication, incident: Incident) -> None:
    """Hold those who have come and are too few, but not for ever: two calls may wait for each other's units."""
    if not incident.held:
        incident.held = True
        run.clock.tell(_held(run, incident, run.clock.now))


def _held(run: Replication, incident: Incident, since_s: float) -> Steps:
    """Hold those who are too few on the scene; after each spell of patience, give up if too few are on their way."""
    hold_s = default("dispatch.hold_at_scene_s").number
    while True:
        since_s += hold_s
        yield since_s
        if _begun_or_over(incident):
            return
        if not any(mission.on_scene_s <= since_s for mission in incident.missions):  # taken away: nobody is held
            incident.held = False
            return
        coming = sum(mission.people for mission in incident.missions if run.can_start(mission))
        if coming < incident.plan.package.people_to_start:
            run.record.too_few[incident.call] = True
            incidents.abandon(run, incident)
            return
