"""UnitsOnRoad: where units that can be diverted drive, so that the nearest of them is found in one go.

Placing each by itself and asking how far it is costs ten times as much. The plain way, `Leg.place_at` and
`Belief.ticks`, is the reference, and serves where kernels or trees are missing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rescuesim.simulation.believed_roads.belief import Belief
from rescuesim.simulation.believed_roads.drive import Drive
from rescuesim.simulation.believed_roads.placed_roads import PlacedRoads
from rescuesim.simulation.believed_roads.places import Place
from rescuesim.travel.trees import compiled_trees

__all__ = ["UnitsOnRoad"]

_AWAY, _ON_ROAD, _TO_ASK = range(3)


class UnitsOnRoad:
    """Where units that can be diverted drive.

    Parameters
    ----------
    roads : PlacedRoads
    n_units : int
    """

    def __init__(self, roads: PlacedRoads, n_units: int) -> None:
        graph = roads.graph
        self._roads, self._sides = roads, roads.sides
        self._arcs = roads.arcs(towards=True)
        self._of_piece = np.column_stack((graph.road, graph.forward, graph.edge)).astype(np.int32)
        self._numbers, self._codes = np.zeros((n_units, 6)), np.zeros((n_units, 8), dtype=np.int64)
        self._to_ask = np.empty(n_units, dtype=np.int64)
        self._make_room(n_units, 64)

    @staticmethod
    def serves(roads: PlacedRoads) -> bool:
        """Whether kernels and trees are there."""
        return compiled_trees() and roads.keeps_trees_of_points

    def _make_room(self, n_units: int, n_steps: int) -> None:
        self._before = np.zeros((n_units, n_steps + 1), dtype=np.int64)
        self._position_m = np.zeros((2, n_units, n_steps))
        self._driven = np.zeros((n_units, n_steps), dtype=np.int32)

    def sets_out(self, unit: int, drive: Drive) -> None:
        """Let a unit drive; one that turns back, is slowed down or stands has to be asked for by itself."""
        codes = self._codes[unit]
        codes[0] = _TO_ASK
        if len(drive.legs) != 1:
            return
        leg = drive.legs[0]
        way = leg.way
        if leg.stopped_at is not None or leg.slowed or leg.variation <= 0:
            return
        roads, start, size = self._roads, way.start, len(way.piece)
        if size > self._driven.shape[1]:
            before = self._before, self._position_m, self._driven
            self._make_room(len(self._codes), 2 * size)
            held = before[2].shape[1]
            self._before[:, : held + 1], self._position_m[:, :, :held], self._driven[:, :held] = before
        if isinstance(start, Place):
            at = start.road, start.position_m, -1 if start.along is None else int(start.along)
            retreat_m = math.nan if start.retreat_m is None else start.retreat_m
        else:
            at, retreat_m = (roads.stop_road.item(start), roads.stop_m.item(start), -1), math.nan
        target = way.target
        self._numbers[unit] = (
            leg.depart_s,
            leg.arrives_s,
            leg.variation,
            at[1],
            roads.stop_m.item(target),
            retreat_m,
        )
        codes[:] = (
            _ON_ROAD,
            size,
            leg.launch,
            way.access_ticks,
            way.final_ticks,
            at[0],
            roads.stop_road.item(target),
            at[2],
        )
        self._before[unit, : size + 1] = way.before
        self._position_m[0, unit, :size] = way.enter_m
        self._position_m[1, unit, :size] = way.leave_m
        self._driven[unit, :size] = way.driven

    def leaves(self, unit: int) -> None:
        """Let a unit be neither on the road nor free for another call there."""
        self._codes[unit, 0] = _AWAY

    def nearest(
        self, stop: int, belief: Belief, now_s: float, may_go: NDArray[np.bool_], best: tuple[int, float]
    ) -> tuple[int, float, list[int]]:
        """Find the unit that is nearest to a stop as believed, of one given and those on the road.

        Parameters
        ----------
        stop : int
        belief : Belief
        now_s : float
        may_go : ndarray of bool, shape (n_units,)
        best : tuple of int and float
            The unit given and its seconds; -1 and ``inf`` for none.

        Returns
        -------
        unit, seconds, to_ask : int, float and list of int
            Of equally near ones the first of the fleet; and who could be nearer but has to be asked for by itself.
        """
        if belief.closes(stop):
            return *best, []
        from rescuesim.simulation.believed_roads.search_kernels import nearest_on_road

        roads, graph, sides, arcs = self._roads, self._roads.graph, self._sides, self._arcs
        node = graph.point_node.item(stop)
        unit, seconds, n_to_ask = nearest_on_road(
            now_s,
            self._numbers,
            self._codes,
            self._before,
            self._position_m,
            self._driven,
            self._of_piece,
            *sides,
            roads.loss_ticks,
            (node, roads.stop_road.item(stop), roads.stop_m.item(stop), roads.stop_access_ticks.item(stop)),
            roads.tree(node, towards=True),
            (arcs.first, arcs.other, arcs.piece, belief.ticks_towards),
            graph.head,
            belief.marked,
            may_go,
            best,
            self._to_ask,
        )
        return unit, seconds, self._to_ask[:n_to_ask].tolist() if n_to_ask else []
