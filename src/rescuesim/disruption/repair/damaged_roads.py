"""DamagedRoads: roads of which only some parts ever change, reduced to the places where they do.

Repair asks for travel times in thousands of states that differ in a few parts of roads. What no damage touches is
searched once: from every end of a touched piece, over all the rest. A path in any state is made of such stretches and
of touched pieces that are open then, so that times between the kept places, to the tick, come from a matrix of a few
dozen rows instead of the county (the overlay graph of partitioned shortest paths).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim.errors import InvariantError
from rescuesim.network import NetworkState
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.states import Closure
from rescuesim.travel import SplitGraph

__all__ = ["ONE_LANE", "OPEN", "SHUT", "DamagedRoads", "Slowed", "Undamaged", "fastest_ways", "level_of", "slow_state"]

OPEN, ONE_LANE, SHUT = 0, 1, 2
Slowed = tuple[tuple[int, float], ...]  # roads that are slower, and by what factor, ascending

_AT_ONCE = 64  # searches whose rows over all nodes are held
_MOST_KEPT = 8_000_000  # numbers in the matrices of states that are kept: 64 MB


def level_of(closure: Closure) -> int:
    """Return what a closure means to vehicles: `OPEN`, `ONE_LANE` or `SHUT`."""
    return SHUT if closure.shuts else ONE_LANE if closure.level == "one_lane" else OPEN


def slow_state(closures: Sequence[Closure], slowed: Slowed) -> NetworkState:
    """Return the state of the network with these closures and slow roads."""
    return NetworkState(closures=tuple(closures), slow_downs=dict(slowed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Undamaged:
    """What no damage touches, for one set of slow roads.

    Parameters
    ----------
    matrix : csr_array of float64, shape (n_nodes, n_nodes)
        Ticks of the pieces that no damage touches.
    between : ndarray of float64, shape (n_kept, n_kept)
        Ticks from each kept node to each over them; ``inf`` where there is no such way.
    """

    matrix: csr_array
    between: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedRoads:
    """A split graph of which only the pieces that damages touch change.

    Parameters
    ----------
    graph : SplitGraph
    closures : tuple of Closure
        One a damage.
    nodes : ndarray of int64, shape (n_kept,)
        Nodes of the graph that are kept: the ends of touched pieces and those that were asked for; ascending.
    pieces : ndarray of int64, shape (n_touched,)
        The touched pieces, ascending.
    free_ticks : ndarray of float64, shape (n_touched,)
        Of these on intact roads.

    Examples
    --------
    See `rescuesim.repair_roads`, which asks it for every trip of a crew.
    """

    graph: SplitGraph
    closures: tuple[Closure, ...]
    nodes: NDArray[np.int64]
    pieces: NDArray[np.int64]
    free_ticks: NDArray[np.float64]
    _undamaged: dict[Slowed, Undamaged] = field(default_factory=dict, init=False, repr=False, compare=False)
    _of_road: dict[int, tuple[list[int], NDArray[np.int64]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _ticks: dict[tuple[int, bytes, Slowed], NDArray[np.float64]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _legs: dict[tuple[bytes, Slowed], NDArray[np.float64]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _rows: dict[tuple[int, bytes, Slowed], NDArray[np.float64]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    _ends: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def of(cls, graph: SplitGraph, closures: Sequence[Closure], asked: NDArray[np.int64]) -> DamagedRoads:
        """Find what the closures touch.

        Parameters
        ----------
        graph : SplitGraph
        closures : sequence of Closure
        asked : ndarray of int64, shape (n,)
            Nodes that times are asked from or to; -1 is left out.
        """
        shut = [Closure(road=one.road, from_m=one.from_m, to_m=one.to_m) for one in closures]
        pieces = np.flatnonzero(~graph.open_pieces(slow_state(shut, ()))) if shut else np.empty(0, dtype=np.int64)
        ends = np.r_[graph.tail[pieces], graph.head[pieces], asked].astype(np.int64)
        made = cls(
            graph=graph,
            closures=tuple(closures),
            nodes=np.unique(ends[ends >= 0]),
            pieces=pieces,
            free_ticks=graph.piece_ticks()[pieces].astype(np.float64),
        )
        place_in_pieces = graph.road[pieces]
        for road in sorted({closure.road for closure in closures}):
            which = [number for number, closure in enumerate(closures) if closure.road == road]
            made._of_road[road] = which, np.flatnonzero(place_in_pieces == road)
        return made

    def place(self, nodes: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the places of nodes among the kept ones; -1 for -1."""
        found = np.searchsorted(self.nodes, nodes)
        return np.where(nodes >= 0, found, -1).astype(np.int64)

    def undamaged(self, slowed: Slowed) -> Undamaged:
        """Search what no damage touches; kept for each set of slow roads."""
        if slowed not in self._undamaged:
            shut = [Closure(road=one.road, from_m=one.from_m, to_m=one.to_m) for one in self.closures]
            matrix = self.graph.matrix(slow_state(shut, slowed))
            between = _searched(matrix, self.nodes, self.nodes)
            self._undamaged[slowed] = Undamaged(matrix=matrix, between=between)
        return self._undamaged[slowed]

    def undamaged_ticks(self, targets: NDArray[np.int64], slowed: Slowed) -> NDArray[np.float64]:
        """Ticks from each kept node to nodes of the graph, over what no damage touches.

        Returns
        -------
        ndarray of float64, shape (n_kept, n_targets)
        """
        return _searched(self.undamaged(slowed).matrix, self.nodes, targets)

    def undamaged_from(self, nodes: NDArray[np.int64], ticks: NDArray[np.int64], slowed: Slowed) -> NDArray[np.float64]:
        """Ticks to every node of the graph from the nearest of some, each with what it takes to set out there.

        Returns
        -------
        ndarray of float64, shape (n_nodes,)
        """
        n = self.graph.n_nodes
        if not len(nodes):
            return np.full(n, np.inf)
        least = np.full(n, np.iinfo(np.int64).max)
        np.minimum.at(least, nodes, ticks)
        entries = np.unique(nodes)
        matrix = self.undamaged(slowed).matrix
        # an explicit zero is a way that takes no time: the rows are put together by hand, to keep them
        whole = csr_array(
            (
                np.r_[matrix.data, least[entries]],
                np.r_[matrix.indices, entries],
                np.r_[matrix.indptr, matrix.indptr[-1] + len(entries)],
            ),
            shape=(n + 1, n + 1),
        )
        return np.asarray(dijkstra(whole, directed=True, indices=np.array([n]))[0, :n])

    def legs(self, levels: bytes, slowed: Slowed) -> NDArray[np.float64]:
        """Ticks of the stretches between kept nodes: over what is undamaged, or one touched piece.

        Parameters
        ----------
        levels : bytes, length n_damages
            `OPEN`, `ONE_LANE` or `SHUT` of each damage.
        slowed : tuple
            Roads that are slower, with their factors.

        Returns
        -------
        ndarray of float64, shape (n_kept, n_kept)
            To be read only.
        """
        key = levels, slowed
        if key not in self._legs:
            made = self.undamaged(slowed).between.copy()
            if len(self.pieces):
                tail, head = (self.place(end[self.pieces]) for end in (self.graph.tail, self.graph.head))
                ticks = np.empty(len(self.pieces))
                for road, (which, at) in self._of_road.items():
                    ticks[at] = self._ticks_on(road, bytes(levels[number] for number in which), slowed)
                np.minimum.at(made, (tail, head), ticks)
            if (len(self._legs) + 1) * made.size > _MOST_KEPT:
                self._legs.clear()
            self._legs[key] = made
        return self._legs[key]

    def ticks_from(self, place: int, levels: bytes, slowed: Slowed) -> NDArray[np.float64]:
        """Ticks from one kept node to all; float64, shape (n_kept,), to be read only."""
        key = place, levels, slowed
        if key not in self._rows:
            start = np.full((1, len(self.nodes)), np.inf)
            start[0, place] = 0.0
            if (len(self._rows) + 1) * len(self.nodes) > _MOST_KEPT:
                self._rows.clear()
            self._rows[key] = self.spread(start, levels, slowed)[0]
        return self._rows[key]

    def spread(self, start: NDArray[np.float64], levels: bytes, slowed: Slowed) -> NDArray[np.float64]:
        """Carry ticks on along the roads until nothing gets less.

        Parameters
        ----------
        start : ndarray of float64, shape (n, n_kept)
            Ticks at which each of n searches reaches the kept nodes so far.
        levels, slowed
            As in `legs`.

        Returns
        -------
        ndarray of float64, shape (n, n_kept)
        """
        legs = self.legs(levels, slowed)
        made = start
        while True:
            further = np.minimum(made, np.array([(row[:, None] + legs).min(axis=0) for row in made]))
            if np.array_equal(further, made):
                return made
            made = further

    def way(self, origin: int, target: int, levels: bytes, slowed: Slowed) -> list[tuple[int, float]]:
        """Return the kept nodes on a fastest way with the ticks at which it reaches them, the origin first."""
        start = np.full(len(self.nodes), np.inf)
        start[origin] = 0.0
        ticks, before = fastest_ways(start, self.legs(levels, slowed))
        if not np.isfinite(ticks[target]):
            raise InvariantError(f"no way from kept node {origin} to {target}: expected one, a crew is on it")
        way, at = [(target, float(ticks[target]))], target
        while before[at] >= 0:
            at = int(before[at])
            way.append((at, float(ticks[at])))
        return way[::-1]

    def ends_of(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Kept nodes at the tails and heads of the pieces that a damage touches."""
        if number not in self._ends:
            one = self.closures[number]
            shut = Closure(road=one.road, from_m=one.from_m, to_m=one.to_m)
            pieces = np.flatnonzero(~self.graph.open_pieces(slow_state((shut,), ())))
            self._ends[number] = self.place(self.graph.tail[pieces]), self.place(self.graph.head[pieces])
        return self._ends[number]

    def _ticks_on(self, road: int, levels: bytes, slowed: Slowed) -> NDArray[np.float64]:
        """Ticks of the touched pieces of one road; ``inf`` where shut."""
        key = road, levels, slowed
        if key not in self._ticks:
            which, at = self._of_road[road]
            closures = []
            for number, level in zip(which, levels, strict=True):
                one = self.closures[number]
                if level != OPEN:
                    shape = "one_lane" if level == ONE_LANE else "closed"
                    closures.append(Closure(road=road, from_m=one.from_m, to_m=one.to_m, level=shape))
            state = slow_state(closures, tuple(pair for pair in slowed if pair[0] == road))
            ticks = self.free_ticks[at].copy()
            if closures or state.slow_downs:
                changed, then = self.graph.changes(state)
                place = np.minimum(np.searchsorted(changed, self.pieces[at]), max(len(changed) - 1, 0))
                known = changed[place] == self.pieces[at] if len(changed) else np.zeros(len(at), dtype=np.bool_)
                ticks[known] = np.where(then[place[known]] < UNREACHABLE, then[place[known]], np.inf)
            self._ticks[key] = ticks
        return self._ticks[key]


def fastest_ways(
    start: NDArray[np.float64], legs: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Run Dijkstra's algorithm on a full matrix.

    Parameters
    ----------
    start : ndarray of float64, shape (n,)
        What it takes to be at each node from outside; ``inf`` where no way begins.
    legs : ndarray of float64, shape (n, n)
        0 or more; ``inf`` where there is no leg.

    Returns
    -------
    reached : ndarray of float64, shape (n,)
    before : ndarray of int64, shape (n,)
        The node before on the way; -1 where the way begins, or none leads.
    """
    reached, before = start.copy(), np.full(len(start), -1, dtype=np.int64)
    settled = np.zeros(len(start), dtype=np.bool_)
    for _ in range(len(start)):
        at = int(np.argmin(np.where(settled, np.inf, reached)))
        if settled[at] or not np.isfinite(reached[at]):
            break
        settled[at] = True
        sooner = ~settled & (reached[at] + legs[at] < reached)
        reached[sooner], before[sooner] = reached[at] + legs[at][sooner], at
    return reached, before


def _searched(matrix: csr_array, origins: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Search from origins, some at a time; float64, shape (n_origins, n_targets)."""
    found = np.empty((len(origins), len(targets)))
    for start in range(0, len(origins), _AT_ONCE):
        some = origins[start : start + _AT_ONCE]
        found[start : start + len(some)] = dijkstra(matrix, directed=True, indices=some)[:, targets]
    return found
