"""PlacedRoads: the roads with the stops of a simulation on them, and the ways that are shortest while nothing is wrong.

Stops are the sites, then the points, numbered as in `SplitGraph.point_node`.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim.errors import InputError, UnknownIdError, nearest_name
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE
from rescuesim.simulation.believed_roads.places import Place, Step, Way
from rescuesim.simulation.believed_roads.road_sides import RoadSides
from rescuesim.simulation.believed_roads.search import Arcs, Found, search
from rescuesim.travel import SplitGraph, TravelTimes
from rescuesim.travel.broken_pieces import lost_share
from rescuesim.travel.trees import compiled_trees

__all__ = ["PlacedRoads", "SlowParts"]

SlowParts = list[tuple[float, float, float]]  # from and to in metres, factor on the time

_MOST_TREES_BYTES = 2**28
_MOST_WAYS = 100_000


class Driven(NamedTuple):
    """Whole pieces as they are driven: where they are entered and left, whether upwards, and their ticks."""

    enter_m: NDArray[np.float64]
    leave_m: NDArray[np.float64]
    up: NDArray[np.bool_]
    ticks: NDArray[np.int64]


Driving = tuple[
    NDArray[np.int32], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]
]  # piece, enter_m, leave_m, up and before of a way


def drive_whole_plainly(listed: NDArray[np.int32], at: int, driven: Driven, made: Driving) -> None:
    """Write down that whole pieces are driven, from a step on; the reference of `drive_whole`.

    Parameters
    ----------
    listed : ndarray of int32, shape (n_listed,)
    at : int
        Steps before them, which are written down.
    driven : Driven
        Of all pieces.
    made : tuple of ndarray
        Piece, enter_m, leave_m, up and before of the way: written into.
    """
    piece, enter_m, leave_m, up, before = made
    piece[at:], enter_m[at:], leave_m[at:] = listed, driven.enter_m[listed], driven.leave_m[listed]
    up[at:] = driven.up[listed]
    before[at + 1 :] = before[at] + np.cumsum(driven.ticks[listed])


class RoadPiece(NamedTuple):
    """A piece of a road: between which positions it lies, where it leads, and the ticks of its edge."""

    piece: int
    low_m: float
    high_m: float
    head: int
    edge_ticks: float
    along: bool


class RoadEnds(NamedTuple):
    """What leads to the two ends of a road: down, then up.

    Attributes
    ----------
    length_m : float
    end_node : tuple of int
    pieces : tuple of tuple of RoadPiece
        In the order of driving. Empty against a one-way road.
    """

    length_m: float
    end_node: tuple[int, int]
    pieces: tuple[tuple[RoadPiece, ...], tuple[RoadPiece, ...]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedRoads:
    """The intact roads with sites and points on them; shared by all disruptions, replications and threads.

    Parameters
    ----------
    graph : SplitGraph
        Its points are the sites, then the points.
    sites, points : tuple of str
        Their ids.
    stop_road : ndarray of int32, shape (n_stops,)
        Road of each stop; -1 without one.
    stop_m : ndarray of float64, shape (n_stops,)
    stop_access_ticks : ndarray of int32, shape (n_stops,)
    start_up_s, launch_s : float
        As in `TravelTimes`.
    """

    graph: SplitGraph
    sites: tuple[str, ...]
    points: tuple[str, ...]
    stop_road: NDArray[np.int32]
    stop_m: NDArray[np.float64]
    stop_access_ticks: NDArray[np.int32]
    start_up_s: float = 0.0
    launch_s: float = 0.0
    _arcs: dict[bool, Arcs] = field(default_factory=dict, init=False, repr=False)
    _trees: OrderedDict[tuple[int, bool], Found] = field(default_factory=OrderedDict, init=False, repr=False)
    _stop: dict[tuple[str, str], int] = field(default_factory=dict, init=False, repr=False)
    _length: list[NDArray[np.float64]] = field(default_factory=list, init=False, repr=False)
    _loss: list[int] = field(default_factory=list, init=False, repr=False)
    _driven: list[Driven] = field(default_factory=list, init=False, repr=False)
    _ways: dict[tuple[int, int], Way | None] = field(default_factory=dict, init=False, repr=False)
    _ends: dict[int, RoadEnds] = field(default_factory=dict, init=False, repr=False)
    _sides: list[RoadSides] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        self._stop.update({("site", id_): stop for stop, id_ in enumerate(self.sites)})
        self._stop.update({("point", id_): len(self.sites) + at for at, id_ in enumerate(self.points)})
        self._loss.extend(round(seconds * TICKS_PER_SECOND) for seconds in (self.start_up_s, self.launch_s))
        length = np.zeros(len(self.graph.first_of_road) - 1)
        np.maximum.at(length, self.graph.road, self.graph.to_m)
        self._length.append(length)
        graph = self.graph
        enter_m, leave_m = np.where(graph.forward, (graph.from_m, graph.to_m), (graph.to_m, graph.from_m))
        self._driven.append(Driven(enter_m, leave_m, graph.forward, graph.piece_ticks()))

    def __reduce__(self) -> tuple[Callable[..., PlacedRoads], tuple[object, ...]]:
        given = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        return partial(PlacedRoads, **given), ()  # trees are grown anew where it is sent

    @classmethod
    def of(cls, times: TravelTimes) -> PlacedRoads:
        """Take the roads and places of travel times, as `Journeys.out` holds them.

        Raises
        ------
        InputError
            If the times were given as a matrix, without roads.
        """
        if times.graph is None or times.site_snap is None or times.demand_snap is None:
            raise InputError("travel times given as a matrix: expected times on a network; a drive needs roads")
        snaps = times.site_snap, times.demand_snap
        return cls(
            graph=times.graph,
            sites=times.sites.ids,
            points=times.demand.ids,
            stop_road=np.concatenate([snap.road for snap in snaps]),
            stop_m=np.concatenate([snap.position_m for snap in snaps]),
            stop_access_ticks=np.concatenate([snap.access_ticks for snap in snaps]),
            start_up_s=times.start_up_s,
            launch_s=times.launch_s,
        )

    def site(self, id_: str) -> int:
        """Return the stop of a site."""
        return self._stop_of("site", id_, self.sites)

    def point(self, id_: str) -> int:
        """Return the stop of a demand point."""
        return self._stop_of("point", id_, self.points)

    def _stop_of(self, kind: str, id_: str, known: Sequence[str]) -> int:
        if (kind, id_) not in self._stop:
            raise UnknownIdError(f"{kind} {id_!r}: expected {nearest_name(id_, known)}")
        return self._stop[kind, id_]

    def length_m(self, road: int) -> float:
        """Return the length of a road."""
        return self._length[0].item(road)

    def place_of(self, stop: int, *, access_ticks: int = 0) -> Place:
        """Return where a stop meets its road."""
        return Place(road=self.stop_road.item(stop), position_m=self.stop_m.item(stop), access_ticks=access_ticks)

    # -- time ------------------------------------------------------------------------------------------

    @property
    def loss_ticks(self) -> tuple[int, int]:
        """Ticks that start-up and launch lose."""
        return self._loss[0], self._loss[1]

    def trip_ticks(self, free_ticks: int, *, launch: bool) -> int:
        """Add the start-up loss to a trip, as `with_start_up_ticks` for a single number."""
        if free_ticks <= 0:
            return free_ticks
        loss = self._loss[0]
        driven = round(math.sqrt(4.0 * free_ticks * loss)) if free_ticks <= loss else free_ticks + loss
        return driven + self._loss[1] if launch else driven

    def free_ticks_at(self, trip_ticks: float, *, launch: bool) -> float:
        """Return how far a unit has come after some ticks of a trip: the inverse of `trip_ticks`, not rounded."""
        driven, loss = trip_ticks - (self._loss[1] if launch else 0), self._loss[0]
        if driven <= 0:
            return 0.0
        return driven * driven / (4 * loss) if driven <= 2 * loss else driven - loss

    def step_ticks(self, piece: int, from_m: float, to_m: float, slow: SlowParts | None = None) -> int:
        """Ticks of a part of a piece, rounded as the pieces of a split graph are.

        Parameters
        ----------
        piece : int
        from_m, to_m : float
            Positions on its road, in either order.
        slow : list, optional
            Slowed parts of the road.
        """
        graph, length = self.graph, self.length_m(self.graph.road.item(piece))
        total, along = float(graph.edge_ticks.item(graph.edge.item(piece))), graph.forward.item(piece)
        whole = length if length > 0 else 1.0
        if length <= 0:  # the piece is all of the road, and nowhere is between its ends
            shares = [graph.begin.item(piece), graph.end.item(piece)]
        else:
            shares = [(at if along else length - at) / whole for at in (from_m, to_m)]
        free = abs(round(total * shares[1]) - round(total * shares[0]))
        if not slow:
            return free
        breaks, until = lost_share(slow, length, along=along)
        lost = np.interp(shares, breaks, until)
        return free + abs(round(total * lost.item(1)) - round(total * lost.item(0)))

    def step_of(self, way: Way, number: int) -> Step:
        """Return a step of a way."""
        piece = way.piece.item(number)
        enter, leave = way.enter_m.item(number), way.leave_m.item(number)
        return Step(piece, self.graph.road.item(piece), enter, leave, way.up.item(number))

    def slower_by(self, step: Step, ticks: Mapping[int, int], parts: SlowParts) -> int:
        """Ticks that a step takes more than on intact roads.

        Parameters
        ----------
        step : Step
        ticks : mapping of int to int
            Of whole pieces that are slow.
        parts : list
            Slowed parts of its road.
        """
        low, high = min(step.enter_m, step.leave_m), max(step.enter_m, step.leave_m)
        free = self.step_ticks(step.piece, low, high)
        whole = ticks.get(step.piece, free)
        is_whole = (low, high) == (self.graph.from_m.item(step.piece), self.graph.to_m.item(step.piece))
        if is_whole and whole < UNREACHABLE:  # who drives out of a closed part knows how slow the rest of it is
            return whole - free
        return self.step_ticks(step.piece, low, high, parts) - free

    # -- ways ------------------------------------------------------------------------------------------

    def arcs(self, *, towards: bool) -> Arcs:
        """Return the pieces as arcs, made when first asked for."""
        if towards not in self._arcs:
            self._arcs[towards] = Arcs.of(self.graph, towards=towards)
        return self._arcs[towards]

    def intact_way(self, start: int, target: int) -> Way | None:
        """Return the shortest way between two stops on intact roads; None without one, or if it takes too long.

        Ways from a site are taken off its tree, others off the tree towards their target; ways from point to point
        are not kept where there is no room for the trees of all points.
        """
        key = start, target
        if key in self._ways:
            return self._ways[key]
        from_site = start < len(self.sites)
        if not from_site and target >= len(self.sites) and not self.keeps_trees_of_points:
            return None
        nodes = self.graph.point_node
        root, node = (start, target) if from_site else (target, start)
        found = self.tree(nodes.item(root), towards=not from_site)
        way = None
        if found[0].item(nodes.item(node)) < UNREACHABLE:
            arcs = self.arcs(towards=not from_site)
            way = self.way(start, target, [], arcs.pieces_between(found, self.graph, nodes.item(node)))
            way = None if self.is_too_long(way) else way
        if len(self._ways) >= _MOST_WAYS:
            self._ways.clear()
        self._ways[key] = way
        return way

    def kept_way(self, start: int, target: int) -> Way | None:
        """Return the intact way between two stops if it is kept already."""
        return self._ways.get((start, target))

    @property
    def keeps_trees_of_points(self) -> bool:
        """Whether there is room for an intact tree towards and from every stop, so that no search is made twice."""
        return 16 * self.graph.n_nodes * (len(self.stop_road) + 64) <= _MOST_TREES_BYTES

    def tree(self, root: int, *, towards: bool) -> Found:
        """Return the shortest paths between a node and all others on intact roads; the last used are kept."""
        key = root, towards
        found = self._trees.get(key)
        if found is None:
            arcs = self.arcs(towards=towards)
            found = search(arcs, arcs.ticks, root, [])
            most = max(_MOST_TREES_BYTES // (8 * self.graph.n_nodes), 2)
            if len(self._trees) >= most:
                self._trees.clear()
            self._trees[key] = found
        return found

    def way(self, start: int | Place, target: int, steps: Iterable[Step], pieces: ArrayLike) -> Way:
        """Put a way together from single steps and whole pieces after them."""
        first, driven = list(steps), self._driven[0]
        listed = np.asarray(pieces, dtype=np.int32)
        size = len(first) + len(listed)
        piece, forward = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.bool_)
        enter_m, leave_m, before = np.empty(size), np.empty(size), np.zeros(size + 1, dtype=np.int64)
        for at, step in enumerate(first):
            piece[at], enter_m[at], leave_m[at], forward[at] = step.piece, step.enter_m, step.leave_m, step.up
            before[at + 1] = before[at] + self.step_ticks(step.piece, step.enter_m, step.leave_m)
        self._drive_whole(listed, len(first), driven, (piece, enter_m, leave_m, forward, before))
        access = start.access_ticks if isinstance(start, Place) else self.stop_access_ticks.item(start)
        return Way(
            start=start,
            target=target,
            access_ticks=access,
            final_ticks=self.stop_access_ticks.item(target),
            piece=piece,
            enter_m=enter_m,
            leave_m=leave_m,
            up=forward,
            before=before,
        )

    def way_from_place(self, start: Place, target: int, changed: NDArray[np.bool_]) -> Way | None:
        """Put the shortest way from a place on a usual road together if it is that of the intact tree.

        Parameters
        ----------
        start : Place
        target : int
        changed : ndarray of bool, shape (n_pieces,)
            Pieces that must not be on it.

        Returns
        -------
        Way or None
            None without kernels, without a way, over a changed piece, or where a unit may back out of its road.
        """
        if not compiled_trees():
            return None
        from rescuesim.simulation.believed_roads.place_kernels import way_from_place

        write_down: Any = way_from_place  # its arguments come in tuples of what does not change
        found = write_down(
            start.road,
            start.position_m,
            -1 if start.along is None else int(start.along),
            math.nan if start.retreat_m is None else start.retreat_m,
            *self.sides,
            *self.tree(self.graph.point_node.item(target), towards=True),
            self.arcs(towards=True).piece,
            self.graph.head,
            changed,
            *self._driven[0],
        )
        if not found[-1]:
            return None
        piece, enter_m, leave_m, up, before, length_m, _ = found
        return Way(
            start=start,
            target=target,
            access_ticks=start.access_ticks,
            final_ticks=self.stop_access_ticks.item(target),
            piece=piece,
            enter_m=enter_m,
            leave_m=leave_m,
            up=up,
            before=before,
            _length_m=length_m,
        )

    @staticmethod
    def _drive_whole(listed: NDArray[np.int32], at: int, driven: Driven, made: Driving) -> None:
        """Write down that whole pieces are driven, from a step on."""
        if compiled_trees():
            from rescuesim.simulation.believed_roads.search_kernels import drive_whole

            piece, enter_m, leave_m, up, before = made
            drive_whole(listed, at, *driven, piece, enter_m, leave_m, up, before)
        else:
            drive_whole_plainly(listed, at, driven, made)

    def is_too_long(self, way: Way) -> bool:
        """Whether a way takes 29.8 hours or more, which counts as unreachable everywhere."""
        return self.trip_ticks(way.free_ticks, launch=True) >= UNREACHABLE

    def pieces_in(self, road: int, *, forward: bool) -> list[int]:
        """List the pieces of one direction of a road in the order of driving."""
        graph = self.graph
        here = graph.pieces_by_road[graph.first_of_road[road] : graph.first_of_road[road + 1]]
        here = here[graph.forward[here] == forward]
        ordered: list[int] = here[np.argsort(graph.begin[here], kind="stable")].tolist()
        return ordered

    def ends(self, road: int) -> RoadEnds:
        """Return what leads to the two ends of a road; kept."""
        found = self._ends.get(road)
        if found is None:
            found = RoadEnds(
                length_m=self.length_m(road),
                end_node=(self.road_end(road, up=False), self.road_end(road, up=True)),
                pieces=(self._towards_end(road, up=False), self._towards_end(road, up=True)),
            )
            self._ends[road] = found
        return found

    @property
    def sides(self) -> RoadSides:
        """What leads to the ends of all roads, in tables; made when first asked for."""
        if not self._sides:
            self._sides.append(RoadSides.of(self.graph, self._length[0]))
        return self._sides[0]

    def _towards_end(self, road: int, *, up: bool) -> tuple[RoadPiece, ...]:
        graph = self.graph
        return tuple(
            RoadPiece(
                piece,
                graph.from_m.item(piece),
                graph.to_m.item(piece),
                graph.head.item(piece),
                float(graph.edge_ticks.item(graph.edge.item(piece))),
                graph.forward.item(piece),
            )
            for piece in self.pieces_in(road, forward=up)
        )

    def road_end(self, road: int, *, up: bool) -> int:
        """Return the junction at the far end of a road, or at its beginning."""
        pieces = self.pieces_in(road, forward=True)
        return self.graph.head.item(pieces[-1]) if up else self.graph.tail.item(pieces[0])
