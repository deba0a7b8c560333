"""Belief: the roads as somebody believes them to be, and the shortest ways over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.network import NetworkState
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.states import Closure
from rescuesim.simulation.believed_roads.extents import Extent, met_at
from rescuesim.simulation.believed_roads.placed_roads import PlacedRoads, SlowParts
from rescuesim.simulation.believed_roads.places import Place, Step, Way
from rescuesim.simulation.believed_roads.search import Found, search

__all__ = ["Belief"]

_Exit = tuple[int, list[Step], int]  # node, steps to it, ticks as believed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Belief:
    """The roads as somebody believes them to be.

    Parameters
    ----------
    roads : PlacedRoads
    state : NetworkState
        What is believed to hold.
    changed : dict of int to int
        Ticks of the pieces that it closes (2^30 - 1) or slows.
    closed_stop : ndarray of bool, shape (n_stops,)
    shut_on : dict of int to tuple of Extent
        Believed closures by road.
    """

    roads: PlacedRoads
    state: NetworkState
    changed: dict[int, int]
    closed_stop: NDArray[np.bool_]
    shut_on: dict[int, tuple[Extent, ...]]
    _slow: dict[int, SlowParts] = field(default_factory=dict, init=False, repr=False)
    _roads_changed: set[int] = field(default_factory=set, init=False, repr=False)
    _ticks: dict[bool, NDArray[np.int32]] = field(default_factory=dict, init=False, repr=False)
    _marked: list[tuple[NDArray[np.bool_], NDArray[np.bool_], bool]] = field(
        default_factory=list, init=False, repr=False
    )

    @classmethod
    def of(cls, roads: PlacedRoads, state: NetworkState) -> Belief:
        """Work out what a state does to the pieces."""
        piece, ticks = roads.graph.changes(state)
        shut_on: dict[int, tuple[Extent, ...]] = {}
        for closure in state.closures:
            if closure.shuts:
                extent = _always(closure, roads.length_m(closure.road))
                shut_on[closure.road] = (*shut_on.get(closure.road, ()), extent)
        made = cls(
            roads=roads,
            state=state,
            changed=dict(zip(piece.tolist(), ticks.tolist(), strict=True)),
            closed_stop=roads.graph.closed_points(state),
            shut_on=shut_on,
        )
        made._slow.update(state.slow_parts)
        made._roads_changed.update(shut_on, made._slow, roads.graph.road[piece].tolist())
        return made

    def way(self, start: int | Place, target: int) -> Way:
        """Find the shortest way under this belief.

        Parameters
        ----------
        start : int or Place
        target : int
            A stop.

        Returns
        -------
        Way
            Of equally short ones always the same, whatever was asked before: the one of the intact roads where
            nothing on it is believed closed or slow, else the first that the search over the believed roads finds.
        """
        roads = self.roads
        places = (target,) if isinstance(start, Place) else (start, target)
        if any(roads.stop_road.item(stop) < 0 for stop in places):
            return Way.none(start, target, "no_road")
        if any(self.closed_stop.item(stop) for stop in places):
            return Way.none(start, target, "road_closed")
        intact = None if isinstance(start, Place) else roads.intact_way(start, target)
        if intact is not None and not (self.changed and self.marked[0][intact.piece].any()):
            return intact
        way = self._shortest(start, target)
        return Way.none(start, target, "no_way_believed") if way is None or roads.is_too_long(way) else way

    def ticks(self, start: Place, target: int) -> int | None:
        """Return the ticks of the shortest way as believed, None without one; as of `way`, which it seldom asks.

        Parameters
        ----------
        start : Place
        target : int
            A stop.

        Notes
        -----
        The way of the intact tree is the shortest if nothing on it is closed or slow; else a search tells. Where the
        place itself lies on a road that is not as usual, or a unit may back out of a one-way road, `way` is asked.
        """
        roads = self.roads
        if self.closes(target):
            return None
        found: int | None
        if (start.road, start.position_m) == (roads.stop_road.item(target), roads.stop_m.item(target)):
            found = 0
        elif (exits := self._usual_exits(start)) is None:
            way = self.way(start, target)
            return None if way.reason else way.free_ticks + self.slower_by(way)
        else:
            found = self._ticks_by(exits, roads.graph.point_node.item(target))
            if found is None:
                way = self.way(start, target)
                return None if way.reason else way.free_ticks + self.slower_by(way)
        found += start.access_ticks + roads.stop_access_ticks.item(target)
        return None if found >= UNREACHABLE or roads.trip_ticks(found, launch=True) >= UNREACHABLE else found

    def _ticks_by(self, exits: list[_Exit], root: int) -> int | None:
        """Return the ticks to a node by the best exit, 2^30 - 1 or more without one; None where only `way` can tell."""
        if not exits:
            return UNREACHABLE
        if not self.roads.keeps_trees_of_points:
            return None
        found, via = self.roads.tree(root, towards=True)
        ticks, node = min([(before + found.item(node), node) for node, _, before in exits])
        if self.changed and ticks < UNREACHABLE:
            arcs = self.roads.arcs(towards=True)
            if self._touches(arcs.pieces_between((found, via), self.roads.graph, node)):
                if self._slow:
                    return None
                found = self._search(root, [one[0] for one in exits], towards=True)[0]
                return min(before + found.item(node) for node, _, before in exits)
        return ticks

    def _usual_exits(self, place: Place) -> list[_Exit] | None:
        """Give the exits as `_exits` does; None on a road that is not as usual, or where a unit may back out."""
        if place.road in self._roads_changed:
            return None
        road, at = self.roads.ends(place.road), place.position_m
        length = road.length_m
        if length <= 0:
            return None
        exits: list[_Exit] = []
        for up in (True, False):
            end = length if up else 0.0
            if at == end:
                exits.append((road.end_node[up], [], 0))
            elif road.pieces[up]:
                for piece, low, high, head, total, along in road.pieces[up]:
                    if (high > at) if up else (low < at):
                        enter, leave = (max(low, at), high) if up else (min(high, at), low)
                        if along:  # as `step_ticks`
                            ticks = abs(round(total * (leave / length)) - round(total * (enter / length)))
                        else:
                            ticks = abs(
                                round(total * ((length - leave) / length)) - round(total * ((length - enter) / length))
                            )
                        exits.append((head, [Step(piece, place.road, enter, leave, up)], ticks))
                        break
            elif place.retreat_m == end and place.along != up:
                return None
        return exits

    def slower_by(self, way: Way) -> int:
        """Ticks that a way takes more than on intact roads, as believed."""
        if not self._slow:
            return 0
        roads = self.roads.graph.road[way.piece].tolist()
        steps = (self.roads.step_of(way, number) for number, road in enumerate(roads) if road in self._slow)
        return sum(self.roads.slower_by(step, self.changed, self._slow[step.road]) for step in steps)

    def _shortest(self, start: int | Place, target: int) -> Way | None:
        roads, graph = self.roads, self.roads.graph
        node = graph.point_node.item(target)
        n_sites = len(roads.sites)
        if isinstance(start, Place):
            if (start.road, start.position_m) == (roads.stop_road.item(target), roads.stop_m.item(target)):
                return roads.way(start, target, [], [])
            try_intact = target < n_sites or roads.keeps_trees_of_points
            if try_intact and start.road not in self._roads_changed:
                way = roads.way_from_place(start, target, self.marked[0])
                if way is not None:
                    return way
            exits = self._usual_exits(start)
            exits = list(self._exits(start)) if exits is None else exits
            return self._to(node, exits, start, target, try_intact=try_intact)
        origin = graph.point_node.item(start)
        if start >= n_sites:
            return self._to(node, [(origin, [], 0)], start, target, try_intact=False)
        found = self._search(origin, [node], towards=False)
        if found[0].item(node) >= UNREACHABLE:
            return None
        return roads.way(start, target, [], roads.arcs(towards=False).pieces_between(found, graph, node))

    def _to(self, node: int, exits: list[_Exit], start: int | Place, target: int, *, try_intact: bool) -> Way | None:
        """Way to a node by the exit that makes it shortest, the first of equal ones."""
        roads, arcs = self.roads, self.roads.arcs(towards=True)
        if not exits:
            return None
        for intact in (True, False) if try_intact else (False,):
            if intact:
                found = roads.tree(node, towards=True)
            else:
                found = self._search(node, [one[0] for one in exits], towards=True)
            ticks, best = min((one[2] + found[0].item(one[0]), number) for number, one in enumerate(exits))
            if ticks >= UNREACHABLE:
                return None
            pieces = arcs.pieces_between(found, roads.graph, exits[best][0])
            if not intact or not self._touches(pieces):
                return roads.way(start, target, exits[best][1], pieces)
        return None

    def _touches(self, pieces: list[int]) -> bool:
        return bool(self.changed) and not self.changed.keys().isdisjoint(pieces)

    def _search(self, root: int, wanted: list[int], *, towards: bool) -> Found:
        return search(self.roads.arcs(towards=towards), self._arc_ticks(towards=towards), root, wanted)

    def _arc_ticks(self, *, towards: bool) -> NDArray[np.int32]:
        found = self._ticks.get(towards)
        if found is None:
            arcs = self.roads.arcs(towards=towards)
            pieces = np.fromiter(self.changed, np.int64, len(self.changed))
            ticks = np.fromiter(self.changed.values(), np.int32, len(self.changed))
            found = arcs.changed(pieces, ticks) if self.changed else arcs.ticks
            self._ticks[towards] = found
        return found

    # -- for the kernel that looks at all units on the road ------------------------------------------------

    def closes(self, stop: int) -> bool:
        """Whether nobody can come to a stop: it has no road, or lies in a part that is believed closed."""
        return self.roads.stop_road.item(stop) < 0 or self.closed_stop.item(stop)

    @property
    def ticks_towards(self) -> NDArray[np.int32]:
        """Ticks of the arcs towards nodes as believed; int32, shape (n_arcs,)."""
        return self._arc_ticks(towards=True)

    @property
    def marked(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_], bool]:
        """Which pieces and which roads are not as usual, and whether any is slow.

        Bool of shapes (n_pieces,) and (n_roads,), and one for all.
        """
        if not self._marked:
            graph = self.roads.graph
            pieces = np.zeros(len(graph.tail), dtype=np.bool_)
            roads = np.zeros(len(graph.first_of_road) - 1, dtype=np.bool_)
            pieces[list(self.changed)] = True
            roads[list(self._roads_changed)] = True
            self._marked.append((pieces, roads, bool(self._slow)))
        return self._marked[0]

    # -- leaving a place on a road ---------------------------------------------------------------------

    def _exits(self, place: Place) -> Iterator[_Exit]:
        """Give the nodes that a unit can come to from a place on a road, up the road and down."""
        roads, length = self.roads, self.roads.length_m(place.road)
        if length <= 0:  # both junctions lie at 0 m; the unit has not passed
            yield roads.road_end(place.road, up=place.along is False), [], 0
            return
        for up in (True, False):
            if place.position_m == (length if up else 0.0):
                yield roads.road_end(place.road, up=up), [], 0
            elif (steps := self._steps(place, up=up)) and self._is_open(steps, place):
                node = roads.graph.head.item(steps[-1].piece)
                if steps[-1].up != roads.graph.forward.item(steps[-1].piece):
                    node = roads.graph.tail.item(steps[-1].piece)
                slow = self._slow.get(place.road)
                ticks = sum(roads.step_ticks(step.piece, step.enter_m, step.leave_m, slow) for step in steps)
                yield node, steps, ticks

    def _steps(self, place: Place, *, up: bool) -> list[Step]:
        """List the steps from a place, up or down its road, to the first node, or out of the closures it stands in."""
        roads, length = self.roads, self.roads.length_m(place.road)
        pieces = roads.pieces_in(place.road, forward=up)
        backs_out = False
        if not pieces:
            # a one-way road: back to the junction that the unit came from
            end = length if up else 0.0
            if place.retreat_m != end or place.along == up:
                return []
            pieces, backs_out = roads.pieces_in(place.road, forward=not up)[::-1], True
        around = [
            extent for extent in self.shut_on.get(place.road, ()) if extent.from_m <= place.position_m <= extent.to_m
        ]
        steps: list[Step] = []
        for piece in pieces:
            low, high = roads.graph.from_m.item(piece), roads.graph.to_m.item(piece)
            enter, leave = (max(low, place.position_m), high) if up else (min(high, place.position_m), low)
            if (leave <= place.position_m) if up else (leave >= place.position_m):
                continue
            steps.append(Step(piece, place.road, enter, leave, up))
            if not backs_out and not any(extent.from_m <= leave <= extent.to_m for extent in around):
                break
        return steps

    def _is_open(self, steps: list[Step], place: Place) -> bool:
        """Whether nothing on the steps is believed closed, but for what the unit is inside of."""
        for number, step in enumerate(steps):
            for extent in self.shut_on.get(place.road, ()):
                if met_at(extent, step, place if number == 0 else None) not in (None, "inside"):
                    return False
        return True


def _always(closure: Closure, length: float) -> Extent:
    whole = replace(closure, to_m=min(closure.to_m, length))
    return Extent(-1, True, whole.from_m, whole.to_m, 0.0, float("inf"))
