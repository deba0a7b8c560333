"""DamagedRoads: roads of which only some parts ever change, searched anew only where a change can matter.

Repair asks for travel times in thousands of states that differ in a few parts of roads. The tree of a place is carried
from state to state; each answer is the same as that of a search in the state itself, to the tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InvariantError
from rescuesim.network import NetworkState
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.states import Closure
from rescuesim.travel import SplitGraph
from rescuesim.travel.broken_pieces import broken_pieces
from rescuesim.travel.changing_trees import FARTHEST, ChangingTrees, GrownTree

__all__ = ["ONE_LANE", "OPEN", "SHUT", "DamagedRoads", "Leg", "Slowed", "level_of", "slow_state"]

OPEN, ONE_LANE, SHUT = 0, 1, 2
Slowed = tuple[tuple[int, float], ...]  # roads that are slower, and by what factor, ascending

_MOST_KEPT = 8_000_000  # numbers in the rows that are kept, and in the states: 32 MB each


def level_of(closure: Closure) -> int:
    """Return what a closure means to vehicles: `OPEN`, `ONE_LANE` or `SHUT`."""
    return SHUT if closure.shuts else ONE_LANE if closure.level == "one_lane" else OPEN


def slow_state(closures: Sequence[Closure], slowed: Slowed) -> NetworkState:
    """Return the state of the network with these closures and slow roads."""
    return NetworkState(closures=tuple(closures), slow_downs=dict(slowed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A stretch of a way: one piece that a damage touches, or all up to the next one.

    Parameters
    ----------
    from_node, to_node : int
    ticks : int
        From the origin of the way to the end of the leg.
    arcs : ndarray of int64, shape (n,)
    """

    from_node: int
    to_node: int
    ticks: int
    arcs: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedRoads:
    """A split graph of which only the pieces that damages touch, or slow roads, change.

    Parameters
    ----------
    graph : SplitGraph
    closures : tuple of Closure
        One a damage.
    trees : ChangingTrees
        On the pieces as arcs; after the nodes of the graph comes one for each group of starts.
    arc_of_piece : ndarray of int64, shape (n_pieces,)
    start_arc, start_ticks : ndarray of int64 and int32
        Arcs from groups of starts to their nodes, and what they take.
    hit_damage, hit_arc : ndarray of int64, shape (n_hits,)
        Arcs that each damage touches; damages ascending.
    damages_on : dict of int to list of int
        Damages by road.

    Examples
    --------
    See `rescuesim.repair_roads`, which asks it for every trip of a crew.
    """

    graph: SplitGraph
    closures: tuple[Closure, ...]
    trees: ChangingTrees
    arc_of_piece: NDArray[np.int64]
    start_arc: NDArray[np.int64]
    start_ticks: NDArray[np.int32]
    hit_damage: NDArray[np.int64]
    hit_arc: NDArray[np.int64]
    damages_on: dict[int, list[int]]
    _slow: dict[Slowed, NDArray[np.int32]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _narrow: dict[tuple[int, bytes, Slowed], tuple[NDArray[np.int64], NDArray[np.int32]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _states: dict[tuple[bytes, Slowed], NDArray[np.int32]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _rows: dict[tuple[int, int, bytes, Slowed], NDArray[np.int32]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _last: dict[tuple[int, int], GrownTree] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        graph: SplitGraph,
        closures: Sequence[Closure],
        starts: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]] = (),
    ) -> DamagedRoads:
        """Find what the closures touch.

        Parameters
        ----------
        graph : SplitGraph
        closures : sequence of Closure
        starts : sequence of (nodes, ticks), optional
            Groups of nodes that are searched from together, each with what it takes to set out there. Group k is asked
            for as node ``graph.n_nodes + k``.
        """
        n_pieces = len(graph.tail)
        group = np.repeat(np.arange(len(starts)), [len(nodes) for nodes, _ in starts])
        trees = ChangingTrees.of(
            np.r_[graph.tail, graph.n_nodes + group],
            np.concatenate([graph.head, *(nodes for nodes, _ in starts)]),
            graph.n_nodes + len(starts),
        )
        arc = trees.arc_of
        each = [NetworkState(closures=(Closure(road=one.road, from_m=one.from_m, to_m=one.to_m),)) for one in closures]
        hits = np.empty((0, 2), dtype=np.int64)
        if each:
            broken = broken_pieces(graph, each)
            hits = np.unique(np.column_stack([broken.state, arc[broken.piece]]), axis=0)
        damages_on: dict[int, list[int]] = {}
        for number, closure in enumerate(closures):
            damages_on.setdefault(closure.road, []).append(number)
        return cls(
            graph=graph,
            closures=tuple(closures),
            trees=trees,
            arc_of_piece=arc[:n_pieces],
            start_arc=arc[n_pieces:],
            start_ticks=np.concatenate([np.empty(0), *(ticks for _, ticks in starts)]).astype(np.int32),
            hit_damage=hits[:, 0],
            hit_arc=hits[:, 1],
            damages_on=damages_on,
        )

    def arcs_of(self, number: int) -> NDArray[np.int64]:
        """Return the arcs that a damage touches."""
        low, high = np.searchsorted(self.hit_damage, [number, number + 1])
        return self.hit_arc[low:high]

    def ticks_in(self, levels: bytes, slowed: Slowed) -> NDArray[np.int32]:
        """Ticks of all arcs in a state.

        Parameters
        ----------
        levels : bytes, length n_damages
            `OPEN`, `ONE_LANE` or `SHUT` of each damage.
        slowed : tuple
            Roads that are slower, with their factors.

        Returns
        -------
        ndarray of int32, shape (n_arcs,)
            2^30 - 1 where shut; to be read only.
        """
        key = levels, slowed
        if key not in self._states:
            if slowed not in self._slow:
                whole = np.empty(len(self.trees.tail), dtype=np.int32)
                whole[self.arc_of_piece] = self.graph.piece_ticks(slow_state((), slowed))
                whole[self.start_arc] = self.start_ticks
                self._slow[slowed] = whole
            made = self._slow[slowed].copy()
            level = np.frombuffer(levels, dtype=np.uint8)
            narrow = np.flatnonzero(level == ONE_LANE).tolist()
            for road in sorted({self.closures[number].road for number in narrow}):
                arcs, ticks = self._narrowed(road, levels, slowed)
                made[arcs] = ticks
            made[self.hit_arc[level[self.hit_damage] == SHUT]] = UNREACHABLE
            if (len(self._states) + 1) * len(made) > _MOST_KEPT:
                self._states.clear()
            self._states[key] = made
        return self._states[key]

    def _narrowed(self, road: int, levels: bytes, slowed: Slowed) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Arcs of a road that has one lane somewhere, and their ticks."""
        which = self.damages_on[road]
        own = tuple(pair for pair in slowed if pair[0] == road)
        key = road, bytes(levels[number] for number in which), own
        if key not in self._narrow:
            closures = [
                Closure(road=road, from_m=one.from_m, to_m=one.to_m, level="one_lane")
                for one in (self.closures[number] for number in which if levels[number] == ONE_LANE)
            ]
            pieces, ticks = self.graph.changes(slow_state(closures, own))
            self._narrow[key] = self.arc_of_piece[pieces], ticks
        return self._narrow[key]

    def ticks_from(self, node: int, levels: bytes, slowed: Slowed, *, limit: int = FARTHEST) -> NDArray[np.int32]:
        """Ticks from a node to all.

        Parameters
        ----------
        node : int
        levels, slowed
            As in `ticks_in`.
        limit : int, optional
            Nodes that are farther may be left out.

        Returns
        -------
        ndarray of int32, shape (n_nodes,)
            2^30 - 1 where cut off or left out; to be read only. The same array as before while nothing changes.
        """
        key = node, limit, levels, slowed
        if key not in self._rows:
            ticks = self.ticks_in(levels, slowed)
            before = self._last.get((node, limit))
            tree = (
                self.trees.regrown(before, ticks) if before is not None else self.trees.grown(node, ticks, limit=limit)
            )
            if 2 * (len(self._rows) + 1) * self.trees.n_nodes > _MOST_KEPT:
                self._rows.clear()
                self._last.clear()
            self._last[node, limit] = tree
            self._rows[key] = tree.found
        return self._rows[key]

    def way(self, origin: int, target: int, levels: bytes, slowed: Slowed) -> list[Leg]:
        """Return a fastest way, as it is cut by the pieces that damages touch.

        Raises
        ------
        InvariantError
            If there is none.
        """
        tree = self.trees.grown(origin, self.ticks_in(levels, slowed))  # not one that was carried here: equal paths
        found, via, tail, head = tree.found, tree.via, self.trees.tail, self.trees.head
        if found[target] == UNREACHABLE:
            raise InvariantError(f"no way from node {origin} to {target}: expected one, a crew is on it")
        arcs, at = [], target
        while via[at] >= 0:
            arcs.append(int(via[at]))
            at = int(tail[arcs[-1]])
        arcs.reverse()
        touched = np.isin(arcs, self.hit_arc).tolist()
        legs: list[Leg] = []
        begin = 0
        for end in range(1, len(arcs) + 1):
            if end == len(arcs) or touched[end] or touched[end - 1]:
                some = np.array(arcs[begin:end], dtype=np.int64)
                to_node = int(head[some[-1]])
                from_node = int(tail[some[0]])
                legs.append(Leg(from_node=from_node, to_node=to_node, ticks=int(found[to_node]), arcs=some))
                begin = end
        return legs
