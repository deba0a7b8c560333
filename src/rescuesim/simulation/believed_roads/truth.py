"""RoadTruth: the roads as they are over time, and drives of those who do not know all of it.

A drive takes the shortest way under what its unit believes. Each closure on it is looked at in the moment in which the
unit comes to the near end of it; if it holds, the unit has learned of it, with its whole extent, and turns back.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescuesim.disruption import Disruption
from rescuesim.disruption.outages import RoadOutage, RoadSlowing
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network import NetworkState
from rescuesim.network.road_network import TICKS_PER_SECOND
from rescuesim.simulation.believed_roads.belief import Belief
from rescuesim.simulation.believed_roads.drive import Block, Drive, Leg
from rescuesim.simulation.believed_roads.extents import Extent, met_at
from rescuesim.simulation.believed_roads.knowledge import News, RoadKnowledge
from rescuesim.simulation.believed_roads.placed_roads import PlacedRoads, SlowParts
from rescuesim.simulation.believed_roads.places import Place, Way

__all__ = ["Condition", "RoadTruth"]

Condition = RoadOutage | RoadSlowing

_MOST_BELIEFS = 512
_MOST_WAYS = 200_000


class _Known(NamedTuple):
    """A way under a belief, and what on it must be looked at."""

    way: Way
    belief: Belief
    concerns: tuple[int, ...]
    trip_s: float
    start_road: int


class _Slow(NamedTuple):
    """What is slow in one stretch of time."""

    ticks: dict[int, int]
    parts: dict[int, SlowParts]


class _Walked(NamedTuple):
    leg: Leg
    block: Block | None
    news: list[News]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoadTruth:
    """The roads over time under a disruption.

    Parameters
    ----------
    roads : PlacedRoads
    conditions : tuple of RoadOutage and RoadSlowing
        What closes or slows roads, each with its interval; their places are the ids that knowledge and news speak of.
        Closures that are ``passable`` are among them and matter to nobody.

    Notes
    -----
    Sites that cannot be left are no matter of roads: who may leave is decided before a drive is asked for.

    What is kept depends on what was asked; what is returned does not.

    Examples
    --------
    >>> from rescuesim.travel.warm_up import tiny_case
    >>> from rescuesim.travel import travel_times
    >>> network, sites, demand = tiny_case()
    >>> roads = PlacedRoads.of(travel_times(network, sites, demand))
    >>> truth = RoadTruth.under(roads, None)
    >>> drive = truth.drive(roads.site("s0"), roads.point("d1"), 100.0, RoadKnowledge())
    >>> drive.arrives_s == 100.0 + travel_times(network, sites, demand).values.item(0, 1), drive.learned
    (True, ())
    """

    roads: PlacedRoads
    conditions: tuple[Condition, ...] = ()
    _on_road: dict[int, tuple[Extent, ...]] = field(default_factory=dict, init=False, repr=False)
    _changes_s: list[float] = field(default_factory=list, init=False, repr=False)
    _slow_at: dict[int, _Slow] = field(default_factory=dict, init=False, repr=False)
    _beliefs: OrderedDict[frozenset[int], tuple[Belief, dict[tuple[int, int], _Known]]] = field(
        default_factory=OrderedDict, init=False, repr=False
    )
    _looked: dict[tuple[int, int], _Known] = field(default_factory=dict, init=False, repr=False)
    _unaffected: dict[tuple[int, int], _Known] = field(default_factory=dict, init=False, repr=False)
    _ever_changes: list[NDArray[np.bool_]] = field(default_factory=list, init=False, repr=False)  # by piece
    _knowledge: dict[int, RoadKnowledge] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        everything = NetworkState(closures=tuple(one.closure for one in self._outages()))
        self.roads.graph.changes(everything)  # refuses roads and positions that there are not
        moments = {0.0}
        on_road: dict[int, list[Extent]] = {}
        for number, one in enumerate(self.conditions):
            moments |= {float(one.from_s), float(one.until_s)}
            if isinstance(one, RoadSlowing):
                if not 0 <= one.road < len(self.roads.graph.first_of_road) - 1:
                    raise UnknownIdError(f"slowing of road {one.road}: expected a road of the network")
                extent = Extent(number, False, 0.0, self.roads.length_m(one.road), one.from_s, one.until_s)
                on_road.setdefault(one.road, []).append(extent)
            elif one.closure.level != "passable":
                part, length = one.closure, self.roads.length_m(one.closure.road)
                extent = Extent(number, part.shuts, part.from_m, min(part.to_m, length), one.from_s, one.until_s)
                on_road.setdefault(part.road, []).append(extent)
        self._on_road.update({road: tuple(extents) for road, extents in on_road.items()})
        ever = np.zeros(len(self.roads.graph.first_of_road) - 1, dtype=np.bool_)
        ever[list(on_road)] = True
        self._ever_changes.append(ever[self.roads.graph.road])
        self._changes_s.extend(sorted(moment for moment in moments if moment < math.inf))

    def __reduce__(self) -> tuple[Callable[..., RoadTruth], tuple[PlacedRoads, tuple[Condition, ...]]]:
        return _unpacked, (self.roads, self.conditions)  # what is kept stays here

    @classmethod
    def under(cls, roads: PlacedRoads, disruption: Disruption | None) -> RoadTruth:
        """Take the roads of a disruption; closures come first among the conditions, then slowings."""
        if disruption is None:
            return cls(roads=roads)
        return cls(roads=roads, conditions=(*disruption.roads, *disruption.slowings))

    def _outages(self) -> list[RoadOutage]:
        return [one for one in self.conditions if isinstance(one, RoadOutage)]

    # -- what is so, and what is known -----------------------------------------------------------------

    def knowledge_at(self, at_s: float) -> RoadKnowledge:
        """Return full knowledge of a moment: all that has begun, and all that is over."""
        epoch = bisect_right(self._changes_s, at_s) - 1
        if epoch not in self._knowledge:
            begun = {number: one.from_s for number, one in enumerate(self.conditions) if one.from_s <= at_s}
            over = {number: one.until_s for number, one in enumerate(self.conditions) if one.until_s <= at_s}
            self._knowledge[epoch] = RoadKnowledge(seen_s=begun, over_s=over)
        return self._knowledge[epoch]

    def believed_state(self, believed: frozenset[int]) -> NetworkState:
        """Return the state of the network in which just these conditions hold."""
        if believed and not (min(believed) >= 0 and max(believed) < len(self.conditions)):
            raise UnknownIdError(f"believed conditions {sorted(believed)}: expected 0 to {len(self.conditions) - 1}")
        return self._state([self.conditions[number] for number in sorted(believed)])

    def _state(self, holding: list[Condition]) -> NetworkState:
        slow: dict[int, float] = {}
        for one in holding:
            if isinstance(one, RoadSlowing):
                slow[one.road] = max(one.factor, slow.get(one.road, 1.0))
        closures = tuple(one.closure for one in holding if isinstance(one, RoadOutage))
        return NetworkState(closures=closures, slow_downs=slow)

    def _slow(self, at_s: float) -> _Slow:
        """Return what is slow at a moment; worked out once for each stretch between two changes."""
        epoch = bisect_right(self._changes_s, at_s) - 1
        if epoch not in self._slow_at:
            holding = [
                one
                for one in self.conditions
                if one.from_s <= at_s < one.until_s
                and (isinstance(one, RoadSlowing) or one.closure.level == "one_lane")
            ]
            state = self._state(holding)
            piece, ticks = self.roads.graph.changes(state)
            self._slow_at[epoch] = _Slow(dict(zip(piece.tolist(), ticks.tolist(), strict=True)), state.slow_parts)
        return self._slow_at[epoch]

    # -- ways ------------------------------------------------------------------------------------------

    def way(self, start: int | Place, target: int, knowledge: RoadKnowledge) -> Way:
        """Return the shortest way under a belief; kept by start, target and what is believed."""
        return self._known(start, target, knowledge.believed).way

    def believed_s(self, start: int | Place, target: int, knowledge: RoadKnowledge) -> float:
        """Return how long the way takes if all is as believed; ``inf`` without one."""
        if isinstance(start, Place):
            free_ticks = self.belief(knowledge.believed).ticks(start, target)
            if free_ticks is None:
                return math.inf
            return self.roads.trip_ticks(free_ticks, launch=False) / TICKS_PER_SECOND
        known = self._known(start, target, knowledge.believed)
        if known.way.reason:
            return math.inf
        free_ticks = known.way.free_ticks + known.belief.slower_by(known.way)
        return self.roads.trip_ticks(free_ticks, launch=True) / TICKS_PER_SECOND

    def belief(self, believed: frozenset[int]) -> Belief:
        """Return the roads as somebody believes them to be; kept."""
        return self._belief(believed)[0]

    def _belief(self, believed: frozenset[int]) -> tuple[Belief, dict[tuple[int, int], _Known]]:
        kept = self._beliefs.get(believed)
        if kept is None:
            if len(self._beliefs) >= _MOST_BELIEFS:
                self._beliefs.popitem(last=False)
            kept = Belief.of(self.roads, self.believed_state(believed)), {}
            self._beliefs[believed] = kept
        return kept

    def _known(self, start: int | Place, target: int, believed: frozenset[int]) -> _Known:
        belief, ways = self._belief(believed)
        if isinstance(start, Place):  # nobody comes to stand at just this place again
            return self._looked_over(belief.way(start, target), belief)
        known = self._unaffected.get((start, target)) or ways.get((start, target))
        if known is None:
            if len(ways) >= _MOST_WAYS:
                ways.clear()
            known = self._looked_over(belief.way(start, target), belief)
            ways[start, target] = known
        return known

    def _looked_over(self, way: Way, belief: Belief) -> _Known:
        """Mark the steps of a way on roads that ever change."""
        if isinstance(way.start, Place):
            return self._looked_over_once(way, belief)
        known = self._looked.get((way.start, way.target))
        if known is None or known.way is not way:
            known = self._looked_over_once(way, belief)
            if way is self.roads.kept_way(way.start, way.target):
                self._looked[way.start, way.target] = known
                ends_road = self.roads.graph.point_road.item(way.target)
                if not known.concerns and known.start_road < 0 and ends_road not in self._on_road:
                    # the shortest of the intact roads, and nothing on it ever changes: so it is under any belief
                    self._unaffected[way.start, way.target] = known
        return known._replace(belief=belief)

    def _looked_over_once(self, way: Way, belief: Belief) -> _Known:
        concerns = tuple(self._ever_changes[0][way.piece].nonzero()[0].tolist()) if self._on_road else ()
        start_road = -1
        if not isinstance(way.start, Place) and self.roads.graph.point_road.item(way.start) in self._on_road:
            start_road = self.roads.graph.point_road.item(way.start)
        ticks = self.roads.trip_ticks(way.free_ticks, launch=not isinstance(way.start, Place))
        return _Known(way, belief, concerns, ticks / TICKS_PER_SECOND, start_road)

    # -- driving ---------------------------------------------------------------------------------------

    def drive(
        self,
        start: int | Place,
        target: int,
        depart_s: float,
        knowledge: RoadKnowledge,
        *,
        variation: float = 1.0,
    ) -> Drive:
        """Drive to a stop by what is believed, and find out what is so.

        Parameters
        ----------
        start : int or Place
            A stop (`PlacedRoads.site`, `PlacedRoads.point`), or a place on a road such as `Drive.position_at` gives.
        target : int
            A stop.
        depart_s : float
            Seconds after the onset.
        knowledge : RoadKnowledge
            Of the unit as it sets out. Messages that reach it on the way are the caller's: drive anew from
            `Drive.position_at` with what is known then.
        variation : float, optional
            Factor on the time of every leg, 0 or more.

        Returns
        -------
        Drive
            If the unit knows all there is and nothing changes, it arrives after exactly the time of `TravelTimes` in
            that state (times the factor).

        Raises
        ------
        InputError
            If the departure is not a finite moment, or the factor is negative or not finite.
        UnknownIdError
            If a condition is believed that there is not.

        Notes
        -----
        - A closure is met at the end of its extent that the unit comes to first, if it holds in that moment. What
          opens before is open; what closes behind, or while the unit is inside, does not stop it.
        - At a block the unit learns of all that holds there, with the whole extents, turns and takes the shortest way
          under what it believes then, at once: a leg begins and ends standing still, so each has its own start-up
          loss, and a launch is paid once, on leaving a stop.
        - From a one-way road it may turn back to the junction at which it came onto the road, against the direction,
          in the time that it took forward (Road Traffic Safety Law of the PRC, art. 53: vehicles on an emergency run
          are not bound to directions).
        - How slow a piece is, is taken as the unit comes onto it. A slowing or a lane is learned by driving over it,
          and does not make the unit think its way over.
        - A closure that is over is found out only by who drives there: who believes it goes round.
        """
        if not math.isfinite(depart_s) or not (math.isfinite(variation) and variation >= 0):
            raise InputError(
                f"drive at {depart_s} s, variation {variation}: expected a finite moment and a factor of 0 or more"
            )
        known = self._known(start, target, knowledge.believed)
        if not known.concerns and known.start_road < 0 and not known.way.reason:
            arrives = depart_s + known.trip_s * variation
            leg = Leg(
                roads=self.roads,
                way=known.way,
                depart_s=depart_s,
                arrives_s=arrives,
                believed=knowledge.believed,
                variation=variation,
                launch=not isinstance(start, Place),
            )
            return Drive(depart_s=depart_s, arrives_s=arrives, legs=(leg,), knowledge=knowledge, stands=target)
        return self._discover(known, depart_s, knowledge, variation)

    def _discover(self, known: _Known, depart_s: float, knowledge: RoadKnowledge, variation: float) -> Drive:
        target, stands = known.way.target, known.way.start
        legs: list[Leg] = []
        blocks: list[Block] = []
        learned: list[News] = []
        now, reason = depart_s, ""
        while not (reason := known.way.reason):
            walked = self._walk(known, now, knowledge.believed, variation)
            legs.append(walked.leg)
            learned += walked.news
            knowledge = knowledge.with_news(walked.news)
            now = walked.leg.arrives_s
            if walked.block is None:
                stands = target
                break
            blocks.append(walked.block)
            if not walked.leg.n_steps:  # the stop lies in the closed part: nobody leaves it
                reason = "road_closed"
                break
            stands = walked.leg.place_at(math.inf)
            known = self._known(stands, target, knowledge.believed)
        return Drive(
            depart_s=depart_s,
            arrives_s=math.inf if reason else now,
            reason=reason,
            legs=tuple(legs),
            blocks=tuple(blocks),
            learned=tuple(learned),
            knowledge=knowledge,
            stands=stands,
        )

    def _walk(self, known: _Known, depart_s: float, believed: frozenset[int], variation: float) -> _Walked:
        """Go along a way step by step, up to its end or to the first block."""
        way, roads = known.way, self.roads
        launch = not isinstance(way.start, Place)
        slowed: list[tuple[int, int]] = []
        news: list[News] = []

        def moment(free_ticks: int) -> float:
            return depart_s + roads.trip_ticks(free_ticks, launch=launch) / TICKS_PER_SECOND * variation

        def leg(free_ticks: int, stopped_at: tuple[int, float, int] | None) -> Leg:
            return Leg(
                roads=roads,
                way=way,
                depart_s=depart_s,
                arrives_s=moment(free_ticks),
                believed=believed,
                variation=variation,
                launch=launch,
                slowed=tuple(slowed),
                stopped_at=stopped_at,
            )

        if known.start_road >= 0 and not isinstance(way.start, Place):
            at_s, position = moment(way.access_ticks), roads.stop_m.item(way.start)
            if (block := self._block_at(known.start_road, position, at_s)) is not None:
                news += self._seen(known.start_road, position, at_s, believed)
                return _Walked(leg(way.access_ticks, (-1, position, 0)), block, _once(news))
        extra = 0
        for at in known.concerns:
            step = roads.step_of(way, at)
            ticks = way.access_ticks + way.before.item(at) + extra
            now = moment(ticks)
            slow = self._slow(now)
            parts = slow.parts.get(step.road)
            gates: list[tuple[float, int, float, Extent]] = []
            for extent in self._on_road[step.road]:
                if not extent.touches(step):
                    continue
                where = met_at(extent, step, way.start if at == 0 else None) if extent.shuts else "inside"
                if where is None or where == "inside":
                    news += _noticed(extent, now, believed)
                else:
                    gates.append((abs(where - step.enter_m), extent.condition, where, extent))
            for _, _, position, extent in sorted(gates, key=lambda gate: gate[:2]):
                into = roads.step_ticks(step.piece, step.enter_m, position, parts)
                at_s = moment(ticks + into)
                if extent.holds(at_s):
                    news += self._seen(step.road, position, at_s, believed)
                    block = Block(condition=extent.condition, road=step.road, position_m=position, at_s=at_s)
                    return _Walked(leg(ticks + into, (at, position, into)), block, _once(news))
                news += _noticed(extent, at_s, believed)
            if parts is not None:
                more = roads.slower_by(step, slow.ticks, parts)
                if more:
                    slowed.append((at, more))
                    extra += more
        return _Walked(leg(way.free_ticks + extra, None), None, _once(news))

    def _block_at(self, road: int, position_m: float, at_s: float) -> Block | None:
        for extent in self._on_road[road]:
            if extent.shuts and extent.from_m <= position_m <= extent.to_m and extent.holds(at_s):
                return Block(condition=extent.condition, road=road, position_m=position_m, at_s=at_s)
        return None

    def _seen(self, road: int, position_m: float, at_s: float, believed: frozenset[int]) -> list[News]:
        """Return what a unit that comes to a place on a road finds out there."""
        return [
            news
            for extent in self._on_road[road]
            if extent.from_m <= position_m <= extent.to_m
            for news in _noticed(extent, at_s, believed)
        ]


def _unpacked(roads: PlacedRoads, conditions: tuple[Condition, ...]) -> RoadTruth:
    return RoadTruth(roads=roads, conditions=conditions)


def _noticed(extent: Extent, at_s: float, believed: frozenset[int]) -> list[News]:
    """Return what somebody there finds out of a condition: that it holds, or that it is over."""
    if extent.holds(at_s):
        return [] if extent.condition in believed else [News(at_s, extent.condition, True)]
    return [News(at_s, extent.condition, False)] if extent.condition in believed and at_s >= extent.until_s else []


def _once(news: list[News]) -> list[News]:
    """Keep the first news of each condition, in the order of time."""
    first: dict[tuple[int, bool], News] = {}
    for one in sorted(news):
        first.setdefault((one.condition, one.holds), one)
    return list(first.values())
