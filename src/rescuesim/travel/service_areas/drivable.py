"""The roads of a state as they are driven from, or to, the sites: pieces by the node where they are entered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.quality import SnappedPoints
from rescuesim.travel.broken_pieces import expanded
from rescuesim.travel.split_graph import SplitGraph, build_split_graph
from rescuesim.travel.times import Towards

__all__ = ["DrivableRoads", "drivable_roads", "slowing_on"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivableRoads:
    """Pieces of a split graph in one state, turned so that they lead away from the sites.

    A piece is entered where it is nearest to the sites in time: at its tail when crews drive towards the demand, at
    its head when they drive back. It may be open from there up to a closure only.

    Parameters
    ----------
    network : RoadNetwork
    graph : SplitGraph
        Cut at the sites and at the ends of slowed parts, so that the time along a piece is linear but for rounding.
    state : NetworkState or None
    towards : {'demand', 'sites'}
    length_m : ndarray of float64, shape (n_roads,)
    entry, exit : ndarray of int32, shape (n_pieces,)
        Nodes.
    entry_m, exit_m : ndarray of float64, shape (n_pieces,)
        Their positions on the road.
    rising : ndarray of bool, shape (n_pieces,)
        Whether positions grow on the way in.
    ticks : ndarray of int64, shape (n_pieces,)
        Of the whole piece.
    is_open : ndarray of bool, shape (n_pieces,)
        Whether no closure touches the piece.
    stop_m : ndarray of float64, shape (n_pieces,)
        The last open position on the way in; beyond `entry_m` where the piece is closed where it is entered.
    opposite : ndarray of int64, shape (n_pieces,)
        The piece between the same places in the other direction; -1 if there is none.
    first_by_entry : ndarray of int64, shape (n_nodes + 1,)
    pieces_by_entry : ndarray of int64, shape (n_pieces,)
        Those entered at node v are ``pieces_by_entry[first_by_entry[v]:first_by_entry[v + 1]]``.
    matrix : csr_array of float64, shape (n_nodes, n_nodes)
        Ticks of the open pieces, the fastest of parallel ones; explicit zeros are pieces that take no time.
    matrix_m : ndarray of float64
        Metres of its entries.
    """

    network: RoadNetwork
    graph: SplitGraph
    state: NetworkState | None
    towards: Towards
    length_m: NDArray[np.float64]
    entry: NDArray[np.int32]
    exit: NDArray[np.int32]
    entry_m: NDArray[np.float64]
    exit_m: NDArray[np.float64]
    rising: NDArray[np.bool_]
    ticks: NDArray[np.int64]
    is_open: NDArray[np.bool_]
    stop_m: NDArray[np.float64]
    opposite: NDArray[np.int64]
    first_by_entry: NDArray[np.int64]
    pieces_by_entry: NDArray[np.int64]
    matrix: csr_array
    matrix_m: NDArray[np.float64]

    @property
    def enterable(self) -> NDArray[np.bool_]:
        """Pieces that have a length and are open where they are entered; bool, shape (n_pieces,)."""
        opens = np.where(self.rising, self.stop_m >= self.entry_m, self.stop_m <= self.entry_m)
        return np.asarray(opens & (self.entry_m != self.exit_m))


def drivable_roads(
    network: RoadNetwork, sites: SnappedPoints, *, state: NetworkState | None, towards: Towards
) -> DrivableRoads:
    """Cut the roads at the sites and turn them the way that is asked for.

    Parameters
    ----------
    network : RoadNetwork
    sites : SnappedPoints
        The first points of the graph.
    state : NetworkState or None
    towards : {'demand', 'sites'}

    Returns
    -------
    DrivableRoads
    """
    length = network.road_length_m
    graph = build_split_graph(network, sites, _ends_of_slowed_parts(state, length))
    away = towards == "demand"
    entry, exit_ = (graph.tail, graph.head) if away else (graph.head, graph.tail)
    rising = graph.forward == away
    entry_m, exit_m = (np.where(rising, *ends) for ends in ((graph.from_m, graph.to_m), (graph.to_m, graph.from_m)))
    ticks, is_open = graph.piece_ticks(state), graph.open_pieces(state)
    order = np.argsort(entry, kind="stable")
    matrix, matrix_m = _fastest(graph.n_nodes, entry, exit_, ticks, np.abs(exit_m - entry_m), is_open)
    return DrivableRoads(
        network=network,
        graph=graph,
        state=state,
        towards=towards,
        length_m=length,
        entry=entry,
        exit=exit_,
        entry_m=entry_m,
        exit_m=exit_m,
        rising=rising,
        ticks=ticks,
        is_open=is_open,
        stop_m=_last_open_m(graph, state, rising, exit_m),
        opposite=_opposites(graph),
        first_by_entry=np.r_[0, np.cumsum(np.bincount(entry, minlength=graph.n_nodes))].astype(np.int64),
        pieces_by_entry=order,
        matrix=matrix,
        matrix_m=matrix_m,
    )


def _ends_of_slowed_parts(state: NetworkState | None, length_m: NDArray[np.float64]) -> SnappedPoints:
    """Return the places inside roads at which the speed changes, as points on them."""
    places = [
        (road, at)
        for road, parts in (state.slow_parts if state is not None else {}).items()
        for part in parts
        for at in part[:2]
        if 0 < at < length_m[road]
    ]
    road, metres = (np.array([place[k] for place in places], dtype=kind) for k, kind in enumerate((np.int32, float)))
    nothing = np.zeros(len(places))
    return SnappedPoints(road=road, position_m=metres, access_m=nothing, access_ticks=nothing.astype(np.int32))


def _last_open_m(
    graph: SplitGraph, state: NetworkState | None, rising: NDArray[np.bool_], exit_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far each piece is open on the way in: up to the last number before the nearest closure.

    A closure holds at both of its ends, so that the open part has no last position but in floating-point numbers.
    """
    first_shut, last_shut = np.full(len(rising), np.inf), np.full(len(rising), -np.inf)
    shut = [closure for closure in (state.closures if state is not None else ()) if closure.shuts]
    if shut:
        road = np.array([closure.road for closure in shut])
        which, place = expanded(graph.first_of_road[road], graph.first_of_road[road + 1])
        piece = graph.pieces_by_road[place]
        from_m, to_m = np.array([(closure.from_m, closure.to_m) for closure in shut]).T[:, which]
        touched = (graph.from_m[piece] <= to_m) & (graph.to_m[piece] >= from_m)
        np.minimum.at(first_shut, piece[touched], from_m[touched])
        np.maximum.at(last_shut, piece[touched], to_m[touched])
    return np.where(
        rising,
        np.where(first_shut < np.inf, np.nextafter(first_shut, -np.inf), exit_m),
        np.where(last_shut > -np.inf, np.nextafter(last_shut, np.inf), exit_m),
    )


def _opposites(graph: SplitGraph) -> NDArray[np.int64]:
    """Pair the pieces of two-way roads."""
    found = np.full(len(graph.road), -1, dtype=np.int64)
    order = np.lexsort((graph.forward, graph.to_m, graph.from_m, graph.road))
    one, other = order[:-1], order[1:]
    pair = (
        (graph.road[one] == graph.road[other])
        & (graph.from_m[one] == graph.from_m[other])
        & (graph.to_m[one] == graph.to_m[other])
        & (graph.forward[one] != graph.forward[other])
    )
    found[one[pair]], found[other[pair]] = other[pair], one[pair]
    return found


def _fastest(
    n_nodes: int,
    entry: NDArray[np.int32],
    exit_: NDArray[np.int32],
    ticks: NDArray[np.int64],
    metres: NDArray[np.float64],
    is_open: NDArray[np.bool_],
) -> tuple[csr_array, NDArray[np.float64]]:
    """Put the open pieces into a matrix; of parallel ones the fastest, of those the shortest."""
    keep = np.flatnonzero(is_open)
    keep = keep[np.lexsort((metres[keep], ticks[keep], exit_[keep], entry[keep]))]
    first = np.ones(len(keep), dtype=np.bool_)
    first[1:] = (entry[keep[1:]] != entry[keep[:-1]]) | (exit_[keep[1:]] != exit_[keep[:-1]])
    keep = keep[first]
    indptr = np.r_[0, np.cumsum(np.bincount(entry[keep], minlength=n_nodes))].astype(np.int32)
    matrix = csr_array((ticks[keep].astype(np.float64), exit_[keep], indptr), shape=(n_nodes, n_nodes))
    return matrix, metres[keep]


def slowing_on(state: NetworkState | None, roads: Iterable[int]) -> NetworkState | None:
    """Return what of a state slows some roads, and closes none of them."""
    if state is None:
        return None
    here = set(roads)
    return NetworkState(
        closures=tuple(closure for closure in state.closures if closure.road in here and not closure.shuts),
        slow_downs={road: factor for road, factor in state.slow_downs.items() if road in here},
    )
