"""What one unit does on one call: from the order over the road and the work to its return."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rescuesim.simulation.engine.mission import COMPLETED, Mission

if TYPE_CHECKING:
    from rescuesim.simulation.believed_roads import Place
    from rescuesim.simulation.clock import Steps
    from rescuesim.simulation.engine.replication import Replication

__all__ = ["home_story", "unit_story"]


def unit_story(run: Replication, mission: Mission, rolling_from: Place | int | None = None) -> Steps:
    """Turn out, drive, set up, work, and drive home; a unit that is rolling goes on from where it is."""
    call, slot, incident = mission.call, mission.slot, mission.incident
    if rolling_from is None:
        if run.crews is None:
            yield mission.alerted_s + run.turnout_from(mission.alerted_s, mission)
        elif not (yield from run.crews.turn_out(run, mission)):
            return

    if run.driving is None:
        drive_s = run.way_s(mission)
        if drive_s == math.inf:
            run.no_way(mission)
            return
        mission.rolling_s = departs = run.clock.now
        mission.on_scene_s = departs + drive_s * run.variation[slot][call]
    elif not (yield from run.driving.drive_to_call(run, mission, rolling_from)):
        return

    mission.ready_s = mission.on_scene_s + run.set_up_s[slot][call]
    if incident.alone:
        if incident.lead_slot < 0:
            incident.lead_slot, incident.handling_s = slot, mission.ready_s
            run.record.began(mission, mission.ready_s)
        run.record.finisher[call] = mission.number
        mission.cleared_s = cleared = run.done_s(mission, mission.ready_s)
        yield cleared
        mission.ended, mission.ended_s = COMPLETED, cleared
        incident.cleared_s = run.record.closed_s[call] = cleared
    else:
        if mission.people < mission.need.people:
            run.count(mission)
        yield mission.ready_s
        if not run.joined(mission):
            yield incident.begins
        mission.cleared_s = run.done_s(mission, run.clock.now)
        yield mission.cleared_s
        run.left(mission)
    yield from run.go_home(mission)
    run.release(mission)


def home_story(run: Replication, mission: Mission) -> Steps:
    """Drive home, as soon as there is a way; on the way another call may take the unit."""
    yield from run.go_home(mission)
    run.release(mission)
