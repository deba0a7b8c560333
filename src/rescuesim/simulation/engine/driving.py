"""Driving: units on roads they know in part, what they learn, whom they tell, and where they are."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import TICKS_PER_SECOND
from rescuesim.simulation.believed_roads import DESK, Drive, KnowledgeBoard, News, Place, UnitsOnRoad
from rescuesim.simulation.engine.mission import NO_WAY, Mission
from rescuesim.simulation.engine.situation import Situation
from rescuesim.simulation.engine.unit_story import home_story, unit_story
from rescuesim.simulation.roads import BelievedTimes

if TYPE_CHECKING:
    from rescuesim.simulation.clock import Steps
    from rescuesim.simulation.engine.duty import DutyMission
    from rescuesim.simulation.engine.replication import Replication

__all__ = ["Driving"]


class Driving:
    """Drives of all units of a replication (R53).

    Parameters
    ----------
    times : BelievedTimes
    run : Replication

    Notes
    -----
    - The desk offers units by what it believes. It tells each unit with its order what it knows, where the level of
      information lets it.
    - A unit reports a block as it meets it, if a channel carries messages at its station. At the level ``platform``
      every unit on its way to a call then thinks its way over.
    - The desk hears of a road that is open again when that happens, since crews who clear roads report it.
    - Who believes that there is no way asks and looks before giving up: what it believes closed and is not, it drops.
    - A unit that finds no way to its call drives home, another is asked for, and it is not asked for this call again
      until roads or shifts change. One that finds no way home waits where it is until the roads change.
    """

    def __init__(self, times: BelievedTimes, run: Replication) -> None:
        self.times, self.truth, self._run = times, times.truth, run
        level = run.setting.information
        self.level = level
        self.board = KnowledgeBoard(level=level, truth=self.truth.knowledge_at)
        roads = self.truth.roads
        self._point: list[int] = [roads.point(id_) for id_ in roads.points]
        self._site: list[int] = [roads.site(id_) for id_ in roads.sites]
        self._node: list[int] = roads.graph.point_node.tolist()
        self.blocks: list[tuple[int, int, int, float, float]] = []  # unit, call, road, position, moment
        self._asked: tuple[tuple[int, int, float], float] | None = None
        self._believed: tuple[frozenset[int], int] | None = None
        self._belief = frozenset[int](), self.truth.belief(frozenset())
        at_once = run.setting.divertible and UnitsOnRoad.serves(roads)
        self._on_road = UnitsOnRoad(roads, len(run.fleet.units)) if at_once else None

    # -- what the desk believes ----------------------------------------------------------------------------

    def update(self, now: Situation, at_s: float) -> None:
        """Let the desk go by what it believes now; with complete information it goes by `RoadTimes`."""
        if self.level == "complete":
            return
        believed = self.board.of(DESK, at_s).believed
        if self._believed == (believed, now.epoch) and now.believed_s is not None:
            return
        self._believed = believed, now.epoch
        now.believe((believed, self.times.shut[now.epoch]), self.times.out_s(believed, now.epoch))

    def believed_s(self, mission: Mission, column: int, now_s: float) -> float:
        """Return how far a unit that is out is from a point, as the desk believes."""
        key = mission.unit, column, now_s
        if self._asked is None or self._asked[0] != key:
            start = self._position(mission, now_s)
            self._asked = key, self.truth.believed_s(start, self._point[column], self.board.of(DESK, now_s))
        return self._asked[1]

    def nearest(
        self, run: Replication, column: int, may_go: NDArray[np.bool_], best: tuple[int, float]
    ) -> tuple[int, float]:
        """Return who is nearest to a point as the desk believes, of a unit given and those on their way home.

        Parameters
        ----------
        run : Replication
        column : int
        may_go : ndarray of bool, shape (n_units,)
        best : tuple of int and float
            The unit given and its seconds; -1 and ``inf`` for none.

        Returns
        -------
        tuple of int and float
            Of equally near ones the first of the fleet.
        """
        now_s = run.clock.now
        unit, seconds = best
        if self._on_road is None:
            asked = [(bound_s, other) for bound_s, other in self._bounds_s(run, column, seconds) if may_go[other]]
        else:
            believed = self.board.of(DESK, now_s).believed
            if believed is not self._belief[0]:
                self._belief = believed, self.truth.belief(believed)
            unit, seconds, others = self._on_road.nearest(self._point[column], self._belief[1], now_s, may_go, best)
            asked = [(0.0, other) for other in others]
        for bound_s, other in asked:
            if bound_s > seconds:
                break
            travel_s = self.believed_s(run.returning[other], column, now_s)
            if travel_s < seconds or (travel_s == seconds < math.inf and (unit < 0 or other < unit)):
                unit, seconds = other, travel_s
        return unit, seconds

    def at_least_s(self, run: Replication, mission: Mission, column: int) -> float:
        """Return a lower bound of `believed_s` for a unit that drives to a site.

        It cannot be nearer than its last call is, on intact roads, less what it has driven from there.
        """
        drive = mission.drive
        if drive is None or len(drive.legs) != 1 or mission.call < 0:
            return 0.0
        leg, now_s = drive.legs[0], run.clock.now
        if leg.variation <= 0 or leg.way.start != self._point[run.column_of(mission)]:
            return 0.0
        driven_s = (now_s - leg.depart_s) / leg.variation
        return max(self.times.at_least_s(leg.way.start, self._point[column]) - driven_s, 0.0)

    def _bounds_s(self, run: Replication, column: int, most_s: float) -> list[tuple[float, int]]:
        """Return lower bounds of `believed_s` for the units on their way home, ascending, if at most a number."""
        target, now_s, roads = self._point[column], run.clock.now, self.truth.roads
        found = roads.tree(self._node[target], towards=True)[0] if roads.keeps_trees_of_points else None
        bounds = []
        for unit, mission in run.returning.items():
            drive = mission.drive
            if found is None or drive is None or len(drive.legs) != 1 or mission.call < 0:
                bound_s = self.at_least_s(run, mission, column)
            else:
                leg = drive.legs[0]
                start = self._point[mission.incident.column]
                if leg.variation <= 0 or leg.way.start != start:
                    bound_s = 0.0
                else:
                    driven_s = (now_s - leg.depart_s) / leg.variation
                    bound_s = max(found.item(self._node[start]) / TICKS_PER_SECOND - driven_s, 0.0)
            if bound_s <= most_s:
                bounds.append((bound_s, unit))
        bounds.sort()
        return bounds

    def tell(self, unit: int, now_s: float, through_s: float) -> None:
        """Tell a unit with its order what the desk knows."""
        if self.level != "complete":
            self.board.share(DESK, unit, now_s, delay_s=through_s - now_s)

    def roads_changed(self, now_s: float) -> None:
        """Let the desk hear of roads that are open again."""
        if self.level in ("desk", "platform"):
            over = [News(now_s, one, False) for one in self._over(DESK, now_s)]
            if over:
                self.board.learn(DESK, over)

    def _over(self, holder: object, now_s: float) -> list[int]:
        believed = self.board.of(holder, now_s).believed
        return sorted(one for one in believed if self.truth.conditions[one].until_s <= now_s)

    # -- drives --------------------------------------------------------------------------------------------

    def _drive(self, unit: int, start: int | Place, target: int, variation: float) -> Drive:
        now_s = self._run.clock.now
        drive = self.truth.drive(start, target, now_s, self.board.of(unit, now_s), variation=variation)
        if not drive.legs and self.level != "complete" and (over := self._over(unit, now_s)):
            self.board.learn(unit, [News(now_s, one, False) for one in over])
            drive = self.truth.drive(start, target, now_s, self.board.of(unit, now_s), variation=variation)
        return drive

    def _position(self, mission: Mission, now_s: float) -> int | Place:
        """Return where a unit on a mission is."""
        if mission.drive is None or mission.rolling_s != mission.rolling_s:
            return self._home(mission.unit)
        return mission.drive.position_at(now_s)

    def _start(self, mission: Mission) -> int | Place:
        if mission.taken_from is not None:
            return self._position(mission.taken_from, self._run.clock.now)
        return self._home(mission.unit)

    def _home(self, unit: int) -> int:
        """Return the stop at which a unit stands when it is free."""
        row: int = self._run.road_row[unit]
        return self._site[row]

    def drive_to_call(
        self, run: Replication, mission: Mission, rolling_from: int | Place | None
    ) -> Generator[float, None, bool]:
        """Drive to the call; False if there is no way, after which the unit is sent home."""
        start = self._start(mission) if rolling_from is None else rolling_from
        if rolling_from is None:
            mission.rolling_s = run.clock.now
        target = self._point[mission.incident.column]
        drive = self._drive(mission.unit, start, target, run.variation[mission.slot][mission.call])
        mission.drive = drive
        if not drive.legs and mission.taken_from is None and rolling_from is None:  # it does not leave
            mission.rolling_s = math.nan
            self.board.learn(mission.unit, drive.learned)
            run.stand_down(mission, NO_WAY)
            return False
        mission.on_scene_s = drive.arrives_s
        mission.distance_m = drive.distance_m
        if drive.blocks:
            yield from self._meet_blocks(run, mission, drive)
        if drive.arrives_s < math.inf:
            return True
        yield drive.ends_s
        self.learned(mission, run.clock.now)
        self._give_up(run, mission)
        return False

    def _give_up(self, run: Replication, mission: Mission) -> None:
        """Ask for another unit, and drive home from where no way was left."""
        mission.on_scene_s, mission.ended = math.nan, NO_WAY
        run.exclude(mission.incident, mission.unit)
        mission.ended_s = run.clock.now
        mission.story = run.clock.tell(home_story(run, mission))
        run.ask_again(mission)

    def drive_home(self, run: Replication, mission: Mission) -> Generator[float, None, None]:
        """Drive home from wherever the unit is, waiting where there is no way."""
        yield from self.drive_to_site(run, mission, run.road_row[mission.unit])
        mission.available_s = run.clock.now if mission.cleared_s == mission.cleared_s else math.nan

    def drive_to_site(self, run: Replication, mission: Mission, row: int) -> Generator[float, None, None]:
        """Drive to a site from wherever the unit is, waiting where there is no way; it can be diverted meanwhile."""
        if run.can_divert:
            run.n_elsewhere += 1
            run.returning[mission.unit] = mission
        start = self._position(mission, run.clock.now)
        self.learned(mission, run.clock.now)
        while True:
            drive = self._drive(mission.unit, start, self._site[row], run.variation_of(mission))
            mission.drive = drive
            if self._on_road is not None:
                self._on_road.sets_out(mission.unit, drive)
            if drive.blocks:
                yield from self._meet_blocks(run, mission, drive)
            yield drive.ends_s
            self.learned(mission, run.clock.now)
            if drive.arrives_s < math.inf:
                break
            start = drive.stands
            yield run.next_road_change_s()
        if run.can_divert:
            self.off_the_road(run, mission)

    def off_the_road(self, run: Replication, mission: Mission) -> None:
        """Let a unit not be on its way home any more: it has come there, or another call takes it."""
        run.n_elsewhere -= 1
        del run.returning[mission.unit]
        if self._on_road is not None:
            self._on_road.leaves(mission.unit)

    def drive_to_duty(self, run: Replication, mission: DutyMission) -> Generator[float, None, bool]:
        """Drive to a place without a call; False if there is no way."""
        start, target = self._home(mission.unit), self._point[mission.column]
        drive = self._drive(mission.unit, start, target, 1.0)
        if not drive.legs:
            return False
        mission.rolling_s, mission.drive = run.clock.now, drive
        yield from self._meet_blocks(run, mission, drive)
        yield drive.ends_s
        return drive.arrives_s < math.inf

    def _meet_blocks(self, run: Replication, mission: Mission, drive: Drive) -> Generator[float, None, None]:
        """Learn of each block as it is met, and report it."""
        for block in drive.blocks:
            yield block.at_s
            mission.blocks += not mission.going_home
            self.blocks.append((mission.unit, mission.call, block.road, block.position_m, block.at_s))
            self.learned(mission, run.clock.now)
            self._report(run, mission)

    # -- news ----------------------------------------------------------------------------------------------

    def learned(self, mission: Mission, now_s: float) -> None:
        """Let a unit know what it has seen up to now."""
        if self.level != "complete" and mission.drive is not None and mission.drive.learned:
            self.board.learn(mission.unit, mission.drive.learned_by(now_s))

    def _report(self, run: Replication, mission: Mission) -> None:
        """Report what a unit knows, to the desk or to all."""
        now_s = run.clock.now
        if self.level not in ("desk", "platform"):
            return
        delay_s = run.alerting.carries_s(mission.unit, now_s)
        self.board.share(mission.unit, DESK, now_s, delay_s=delay_s)
        if self.level == "platform" and delay_s < math.inf:
            for other in range(len(run.fleet.units)):
                if other != mission.unit:
                    self.board.share(mission.unit, other, now_s, delay_s=delay_s)
            run.clock.tell(self._think_over(run, now_s + delay_s))

    def _think_over(self, run: Replication, at_s: float) -> Steps:
        """Let units that are on their way to a call take another way, now that they know more."""
        yield at_s
        for mission in run.doing:
            if (
                mission is None
                or mission.going_home
                or mission.call < 0
                or not mission.rolling_s <= at_s < mission.on_scene_s
            ):
                continue
            drive = mission.drive
            known = self.board.of(mission.unit, at_s)
            if drive is None or known.believed <= _knew(drive, at_s):
                continue
            place = drive.position_at(at_s)
            mission.story.break_off()
            self.learned(mission, at_s)
            run.take_back(mission)
            mission.story = run.clock.tell(unit_story(run, mission, place))


def _knew(drive: Drive, at_s: float) -> frozenset[int]:
    """Return what a unit believed closed as it set out, and has seen since."""
    return drive.legs[0].believed | {news.condition for news in drive.learned_by(at_s) if news.holds}
