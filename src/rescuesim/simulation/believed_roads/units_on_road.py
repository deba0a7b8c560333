"""UnitsOnRoad: where units that can be diverted drive, so that the nearest of them is found in one go.

Placing each by itself and asking how far it is costs ten times as much. The plain way, `Leg.place_at` and
`Belief.ticks`, is the reference, and serves where kernels or trees are missing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescuesim.simulation.believed_roads.belief import Belief
from rescuesim.simulation.believed_roads.drive import Drive
from rescuesim.simulation.believed_roads.placed_roads import PlacedRoads
from rescuesim.simulation.believed_roads.places import Place
from rescuesim.travel.trees import compiled_trees

__all__ = ["UnitsOnRoad"]

_AWAY, _TO_ASK = 0, 2  # as in the kernels; 1 for a unit on the road


class UnitsOnRoad:
    """Where units that can be diverted drive.

    Parameters
    ----------
    roads : PlacedRoads
    n_units : int
    """

    def __init__(self, roads: PlacedRoads, n_units: int) -> None:
        from rescuesim.simulation.believed_roads.place_kernels import nearest_on_road, write_down

        self._roads, self._write_down = roads, write_down
        self._nearest: Any = nearest_on_road  # its arguments come in tuples of what does not change
        graph = roads.graph
        arcs = roads.arcs(towards=True)
        of_piece = np.column_stack((graph.road, graph.forward, graph.edge)).astype(np.int32)
        self._codes = np.zeros((n_units, 8), dtype=np.int64)
        self._driven = np.zeros((n_units, 0), dtype=np.int32)
        before, position_m = np.zeros((n_units, 1), dtype=np.int64), np.zeros((2, n_units, 0))
        self._tables = np.zeros((n_units, 6)), self._codes, before, position_m, self._driven
        self._make_room(64)
        self._to_ask = np.empty(n_units, dtype=np.int64)
        ends = arcs.first, arcs.other, arcs.piece, graph.head
        self._of_roads = of_piece, *roads.sides, *roads.loss_ticks, *ends, self._to_ask
        self._of_stop: dict[int, tuple[int, int, float, int]] = {}

    @staticmethod
    def serves(roads: PlacedRoads) -> bool:
        """Whether kernels and trees are there."""
        return compiled_trees() and roads.keeps_trees_of_points

    def _stop(self, stop: int) -> tuple[int, int, float, int]:
        """Return the node, the road, the position and the access ticks of a stop."""
        found = self._of_stop.get(stop)
        if found is None:
            roads = self._roads
            at = roads.stop_road.item(stop), roads.stop_m.item(stop), roads.stop_access_ticks.item(stop)
            found = self._of_stop[stop] = (roads.graph.point_node.item(stop), *at)
        return found

    def _make_room(self, n_steps: int) -> None:
        """Hold ways of more steps; those that are held stay."""
        n_units = len(self._codes)
        before = np.zeros((n_units, n_steps + 1), dtype=np.int64)
        position_m = np.zeros((2, n_units, n_steps))
        driven = np.zeros((n_units, n_steps), dtype=np.int32)
        held = self._driven.shape[1]
        before[:, : held + 1], position_m[:, :, :held], driven[:, :held] = self._tables[2:]
        self._driven, self._tables = driven, (*self._tables[:2], before, position_m, driven)

    def sets_out(self, unit: int, drive: Drive) -> None:
        """Let a unit drive; one that turns back, is slowed down or stands has to be asked for by itself."""
        self._codes[unit, 0] = _TO_ASK
        leg = drive.legs[0] if len(drive.legs) == 1 else None
        if leg is None or leg.stopped_at is not None or leg.slowed or leg.variation <= 0:
            return
        way = leg.way
        start, stop = way.start, way.target
        if len(way.piece) > self._driven.shape[1]:
            self._make_room(2 * len(way.piece))
        along, retreat_m = -1, math.nan
        if isinstance(start, Place):
            start_road, start_m = start.road, start.position_m
            if start.along is not None:
                along = int(start.along)
            if start.retreat_m is not None:
                retreat_m = start.retreat_m
        else:
            _, start_road, start_m, _ = self._stop(start)
        _, road, at_m, _ = self._stop(stop)
        self._write_down(
            unit,
            *self._tables,
            (float(leg.depart_s), float(leg.arrives_s), float(leg.variation), start_m, at_m, retreat_m),
            (int(leg.launch), way.access_ticks, way.final_ticks, start_road, road, along),
            way.before,
            way.enter_m,
            way.leave_m,
            way.piece,
            way.up,
        )

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
        of_stop = self._stop(stop)
        unit, seconds, n_to_ask = self._nearest(
            now_s,
            *self._tables,
            *self._of_roads,
            *of_stop,
            *self._roads.tree(of_stop[0], towards=True),
            belief.ticks_towards,
            *belief.marked,
            may_go,
            *best,
        )
        return unit, seconds, self._to_ask[:n_to_ask].tolist() if n_to_ask else []
