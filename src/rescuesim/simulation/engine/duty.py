"""Duties of units besides calls: evacuation before the impact (R13), and moves to other sites."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rescuesim._defaults import default
from rescuesim.errors import InputError, nearest_name
from rescuesim.simulation.duties import EvacuationTask
from rescuesim.simulation.engine.mission import Mission
from rescuesim.simulation.policies import FleetView, Move, MoveUpPolicy
from rescuesim.simulation.policies.asking import ask_moves

if TYPE_CHECKING:
    from rescuesim.simulation.clock import Steps
    from rescuesim.simulation.engine.replication import Replication

__all__ = ["DutyMission", "Evacuation", "MoveUp"]


class DutyMission(Mission):
    """A duty; it has no call."""

    call = -1
    kind = ""
    place = ""
    arrived_s = math.nan


class Evacuation:
    """Evacuation tasks, and the units that help with them.

    Parameters
    ----------
    run : Replication
    tasks : sequence of EvacuationTask
    """

    def __init__(self, run: Replication, tasks: Sequence[EvacuationTask]) -> None:
        self._run = run
        self._column = {point: index for index, point in enumerate(run.given.roads.points)}
        self._open: list[tuple[EvacuationTask, int]] = []  # and the people who are still wanted
        for task in tasks:
            if task.place not in self._column:
                raise InputError(f"evacuation of {task.place!r}: expected a point of the roads")
            if not any(unit.crew.name in task.crews for unit in run.fleet.units):
                raise InputError(f"evacuation of {task.place!r}: nobody of {', '.join(task.crews)} in the fleet")
        for task in sorted(tasks, key=lambda task: (task.from_s, task.place)):
            run.clock.tell(self._begins(task))

    def _begins(self, task: EvacuationTask) -> Steps:
        yield float(task.from_s)
        self._open.append((task, task.people))
        self.fill()

    def fill(self) -> None:
        """Send free units to the tasks that want people, the task that began first is first served."""
        if not self._open:
            return
        now, still = self._run.clock.now, []
        for task, wanted in self._open:
            while wanted > 0 and task.until_s > now and (unit := self._nearest(task)) is not None:
                wanted -= self._run.people_of[unit] or 1
                self._send(unit, task)
            if wanted > 0 and task.until_s > now:
                still.append((task, wanted))
        self._open = still

    def _nearest(self, task: EvacuationTask) -> int | None:
        run, column = self._run, self._column[task.place]
        run.look()
        found = [
            (run.median_turnout_s[run.now.shift][row] + run.now.out_s(run.road_row[row], column), row)
            for row, unit in enumerate(run.fleet.units)
            if run.free[row] and not run.now.absent[run.site_of[row]] and unit.crew.name in task.crews
        ]
        expected_s, row = min(found, default=(math.inf, -1))
        return row if expected_s < math.inf else None

    def _send(self, unit: int, task: EvacuationTask) -> None:
        mission = DutyMission()
        mission.kind, mission.place, mission.column = "evacuation", task.place, self._column[task.place]
        mission.unit, mission.dispatched_s = unit, self._run.clock.now
        self._run.occupy(unit, mission)
        mission.story = self._run.clock.tell(self._helps(mission, task))

    def _helps(self, mission: DutyMission, task: EvacuationTask) -> Steps:
        run = self._run
        yield run.clock.now + run.median_turnout_s[run.now.shift][mission.unit]
        if run.driving is None:
            drive_s = run.now.out_s(run.road_row[mission.unit], mission.column)
            arrives = drive_s < math.inf
            if arrives:
                mission.rolling_s = run.clock.now
                yield run.clock.now + drive_s
        else:
            arrives = yield from run.driving.drive_to_duty(run, mission)
        if arrives:
            mission.on_scene_s = mission.arrived_s = run.clock.now
            yield max(float(task.until_s), run.clock.now)
        if mission.rolling_s == mission.rolling_s:
            yield from run.go_home(mission)
        run.release(mission)


class MoveUp:
    """Moves free units between sites, as a policy says.

    Parameters
    ----------
    run : Replication
    policy : MoveUpPolicy

    Notes
    -----
    The policy is asked after each order, release and arrival. A unit that moves takes no call until it has arrived,
    unless units can be diverted on the road; then it is as one on its way home. It stands at its new site until it
    moves again or goes to a call, from which it returns to its own site.
    """

    def __init__(self, run: Replication, policy: MoveUpPolicy) -> None:
        self._run, self._policy, self._asking = run, policy, False
        self._sites = run.given.roads.sites
        self._row = {site: row for row, site in enumerate(self._sites)}
        if run.given.roads.between_s is None:
            raise InputError("move_up: expected roads with between_s, the times from site to site")
        demand = run.given.demand
        weight = {} if demand is None else dict(zip(demand.ids, demand.weights.tolist(), strict=True))
        self._weights = np.array(
            [weight.get(point, 1.0 if demand is None else 0.0) for point in run.given.roads.points]
        )
        self._limit_s = default("dispatch.move_up_limit_s").number

    def view(self) -> FleetView:
        """Return where every unit stands now."""
        run = self._run
        run.look()
        moving = [isinstance(doing, DutyMission) and doing.kind == "move" for doing in run.doing]
        free = [
            (is_free or moves) and not run.now.absent[site]
            for is_free, moves, site in zip(run.free, moving, run.site_of, strict=True)
        ]
        at = [
            self._row[doing.place]
            if moves and isinstance(doing, DutyMission)
            else run.road_row[row]
            if free[row]
            else -1
            for row, (doing, moves) in enumerate(zip(run.doing, moving, strict=True))
        ]
        between_s = run.given.roads.between_s
        assert between_s is not None
        state = run.given.roads.states[run.now.epoch]
        return FleetView(
            now_s=run.clock.now,
            fleet=run.fleet,
            sites=self._sites,
            points=run.given.roads.points,
            free=free,
            moving=moving,
            at=at,
            between_s=between_s[state],
            out_s=run.now.matrix(),
            turnout_s=run.given.reach.turnout_s[run.now.shift],
            weights=self._weights,
            limit_s=self._limit_s,
        )

    def consider(self) -> None:
        """Ask the policy, and let units leave."""
        if self._asking:
            return
        self._asking = True
        view = self.view()
        for move in ask_moves(self._policy, view):
            unit = self._run.unit_row.get(move.unit.id, -1)
            if reason := self._cannot_move(unit, move, view):
                named = f"move_up {type(self._policy).__name__} at {view.now_s:.6g} s moves unit {move.unit.id!r}"
                raise InputError(f"{named} to {move.site!r}: {reason}")
            self._leave(unit, move.site)
        self._asking = False

    def _cannot_move(self, unit: int, move: Move, view: FleetView) -> str:
        """Say what is wrong with a move; nothing if it can be made."""
        if unit < 0:
            return "it is no unit of the fleet"
        if not self._run.free[unit]:
            return "it stands at no site; expected a free one"
        if move.site not in self._row:
            return f"expected a site of the roads, {nearest_name(move.site, self._sites)}"
        if view.between_s[self._run.road_row[unit], self._row[move.site]] == math.inf:
            return "expected a site with a way"
        return ""

    def _leave(self, unit: int, site: str) -> None:
        run = self._run
        mission = DutyMission()
        mission.kind, mission.place, mission.unit = "move", site, unit
        mission.dispatched_s = mission.rolling_s = run.clock.now
        run.occupy(unit, mission)
        mission.going_home = True  # can be diverted as a unit on its way home
        mission.story = run.clock.tell(self._moves(mission))

    def _moves(self, mission: DutyMission) -> Steps:
        run, row = self._run, self._row[mission.place]
        if run.driving is None:
            between_s = run.given.roads.between_s
            assert between_s is not None
            yield run.clock.now + float(
                between_s[run.given.roads.states[run.now.epoch]][run.road_row[mission.unit], row]
            )
        else:
            yield from run.driving.drive_to_site(run, mission, row)
        mission.arrived_s = run.clock.now
        run.stand_at(mission.unit, row)
        run.release(mission)
