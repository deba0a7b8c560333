"""Drive: a journey as it went, leg by leg, from where it began to the target or to where no way was left."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import TICKS_PER_SECOND
from rescuesim.simulation.believed_roads.knowledge import News, RoadKnowledge
from rescuesim.simulation.believed_roads.placed_roads import PlacedRoads
from rescuesim.simulation.believed_roads.places import Place, Way

__all__ = ["Block", "Drive", "Leg"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A closure met on the way.

    Parameters
    ----------
    condition : int
        Place in `RoadTruth.conditions`.
    road : int
    position_m : float
        Where the unit came to it.
    at_s : float
    """

    condition: int
    road: int
    position_m: float
    at_s: float


@dataclass(slots=True, kw_only=True, eq=False)  # not frozen: that would make it three times as dear, twice a call
class Leg:
    """A part of a journey driven in one go: from setting out, or turning back, to arriving, or to a block.

    Parameters
    ----------
    roads : PlacedRoads
    way : Way
        As it was meant to be driven; the leg may end before.
    depart_s, arrives_s : float
        From standing still to standing still; the start-up loss is in between.
    believed : frozenset of int
        Conditions that the unit believed to hold as it set out.
    variation : float
        Factor on all times.
    launch : bool
        Whether a launch is part of it.
    slowed : tuple of (int, int)
        Steps that took longer than on intact roads, and by how many ticks.
    stopped_at : tuple of (int, float, int) or None
        Step on which a block was met, the position there and the ticks from the beginning of that step; step -1 if
        the stop itself lies in a closed part.
    """

    roads: PlacedRoads
    way: Way
    depart_s: float
    arrives_s: float
    believed: frozenset[int] = frozenset()
    variation: float = 1.0
    launch: bool = True
    slowed: tuple[tuple[int, int], ...] = ()
    stopped_at: tuple[int, float, int] | None = None

    @property
    def n_steps(self) -> int:
        """Steps driven, the one that ended before a block included."""
        return len(self.way.piece) if self.stopped_at is None else self.stopped_at[0] + 1

    @property
    def pieces(self) -> NDArray[np.int32]:
        """Pieces of the split graph in the order of driving; int32, shape (n_steps,)."""
        return self.way.piece[: self.n_steps]

    @property
    def entered_ticks(self) -> NDArray[np.int64]:
        """Free ticks since the road was reached at which each step began, and the last ended; shape (n_steps + 1,)."""
        ticks = self.way.before[: self.n_steps + 1].copy()
        for step, more in self.slowed:
            ticks[step + 1 :] += more
        if self.stopped_at is not None and self.n_steps:
            ticks[-1] = ticks[-2] + self.stopped_at[2]
        return ticks

    @property
    def entered_s(self) -> NDArray[np.float64]:
        """Moments at which each step began, and the last ended; float64, shape (n_steps + 1,)."""
        free = self.way.access_ticks + self.entered_ticks
        trips = [self.roads.trip_ticks(ticks, launch=self.launch) for ticks in free.tolist()]
        return self.depart_s + np.array(trips, dtype=np.float64) / TICKS_PER_SECOND * self.variation

    @property
    def leaves_m(self) -> NDArray[np.float64]:
        """Positions at which each step ended; float64, shape (n_steps,)."""
        leave = self.way.leave_m[: self.n_steps].copy()
        if self.stopped_at is not None and self.n_steps:
            leave[-1] = self.stopped_at[1]
        return leave

    @property
    def distance_m(self) -> float:
        """Metres driven on roads."""
        if self.stopped_at is None:
            return self.way.length_m
        return float(np.abs(self.leaves_m - self.way.enter_m[: self.n_steps]).sum())

    def place_at(self, at_s: float) -> Place:
        """Return where the unit is at a moment of the leg; linear in time within a step."""
        way, roads = self.way, self.roads
        plain = self.stopped_at is None and not self.slowed
        entered = way.before if plain else self.entered_ticks
        trip = (min(max(at_s, self.depart_s), self.arrives_s) - self.depart_s) / self.variation * TICKS_PER_SECOND
        done = roads.free_ticks_at(trip, launch=self.launch) if self.variation > 0 else 0.0
        if at_s >= self.arrives_s:
            done = math.inf
        on_road = done - way.access_ticks
        if on_road <= 0 and done < math.inf:
            left = math.ceil(-on_road)
            if isinstance(way.start, Place):
                return Place(
                    road=way.start.road,
                    position_m=way.start.position_m,
                    along=way.start.along,
                    retreat_m=way.start.retreat_m,
                    access_ticks=left,
                )
            return roads.place_of(way.start, access_ticks=left)
        last, n_steps = entered.item(-1), len(entered) - 1
        if on_road >= last and self.stopped_at is None:
            back = way.final_ticks if done == math.inf else math.ceil(on_road - last)
            return roads.place_of(way.target, access_ticks=min(back, way.final_ticks))
        if not n_steps:  # met at the very start
            return roads.place_of(way.start) if not isinstance(way.start, Place) else way.start
        on_road = min(on_road, last)
        step = min(int(entered.searchsorted(on_road, side="right")) - 1, n_steps - 1)
        since = entered.item(step)
        took = entered.item(step + 1) - since
        share = (on_road - since) / took if took > 0 else 1.0
        enter = way.enter_m.item(step)
        leave = way.leave_m.item(step) if plain else self.leaves_m.item(step)
        position = leave if share >= 1 else enter + share * (leave - enter)
        return self._place_on(step, position)

    def _place_on(self, step: int, position_m: float) -> Place:
        """Return a place on a step, with how far back the unit came along the road in one go."""
        way, graph = self.way, self.roads.graph
        piece, up = way.piece.item(step), way.up.item(step)
        road = graph.road.item(piece)
        start = way.start if isinstance(way.start, Place) and way.start.road == road else None
        if up != graph.forward.item(piece):  # backing out of a one-way road
            retreat = None if start is None else start.retreat_m
            return Place(road=road, position_m=position_m, along=not up, retreat_m=retreat)
        first = step
        edge = graph.edge.item(piece)
        while first > 0 and graph.edge.item(way.piece.item(first - 1)) == edge:
            if way.leave_m.item(first - 1) != way.enter_m.item(first):  # round a loop and onto the road again
                break
            first -= 1
        behind = way.enter_m.item(first)
        if first == 0 and start is not None and start.along == up and start.retreat_m is not None:
            behind = start.retreat_m
        return Place(road=road, position_m=position_m, along=up, retreat_m=behind)


@dataclass(slots=True, kw_only=True, eq=False)  # not frozen: that would make it three times as dear, twice a call
class Drive:
    """A journey as it went.

    Parameters
    ----------
    depart_s : float
    arrives_s : float
        ``inf`` if the unit did not find a way.
    reason : str
        Why it did not: ``no_road``, ``road_closed`` (the start or the target lies on a closed part) or
        ``no_way_believed``; empty if it arrived.
    legs : tuple of Leg
        None if it never set out.
    blocks : tuple of Block
        Met on the way, in order; each but perhaps the last made the unit turn back.
    learned : tuple of News
        What it saw on the way, each at its moment, in order.
    knowledge : RoadKnowledge
        What the unit knows at the end.
    stands : int or Place
        Where it is at the end: the target; the last block; the start if it never set out.
    """

    depart_s: float
    arrives_s: float
    reason: str = ""
    legs: tuple[Leg, ...]
    blocks: tuple[Block, ...] = ()
    learned: tuple[News, ...] = ()
    knowledge: RoadKnowledge
    stands: int | Place

    @property
    def ends_s(self) -> float:
        """When it arrived, or came to stand without a way."""
        return self.legs[-1].arrives_s if self.legs else self.depart_s

    @property
    def distance_m(self) -> float:
        """Metres driven on roads, up to blocks and back included."""
        legs = self.legs
        return legs[0].distance_m if len(legs) == 1 else sum(leg.distance_m for leg in legs)

    def position_at(self, at_s: float) -> int | Place:
        """Return where the unit is at a moment: a start for another drive.

        Returns
        -------
        int or Place
            `stands` from the end on; the start up to departure.
        """
        if not self.legs or at_s >= self.ends_s:
            return self.stands
        if at_s <= self.depart_s:
            return self.legs[0].way.start
        if len(self.legs) == 1:
            return self.legs[0].place_at(at_s)
        leg = next(leg for leg in self.legs if at_s < leg.arrives_s)
        return leg.place_at(at_s)

    def learned_by(self, at_s: float) -> tuple[News, ...]:
        """Return what it had seen by a moment: all that a unit diverted then has learned."""
        return tuple(news for news in self.learned if news.at_s <= at_s)
