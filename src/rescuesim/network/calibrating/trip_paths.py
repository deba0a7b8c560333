"""Fastest paths of recorded trips, and how long each spends on each class of road."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim.errors import InvariantError
from rescuesim.network.calibrating.trips import RecordedTrips, TripEnds
from rescuesim.network.road_network import RoadNetwork

__all__ = ["TripPaths", "TripRoads", "fastest_paths"]

_ROWS_AT_ONCE = 64  # SciPy returns dense rows over all nodes for each origin
_LEAST_S = 1e-6  # an edge that takes no time still is one
_GUESS_KPH = 8.0  # a first guess of how far to search: this slow as the crow flies


@dataclass(frozen=True, slots=True, kw_only=True)
class TripRoads:
    """The edges of a network as trips use them.

    Parameters
    ----------
    network : RoadNetwork
    moving_s : ndarray of float64, shape (n_edges,)
        Driving time at the plain speeds.
    group : ndarray of int64, shape (n_edges,)
        Class of the speed table, as an index.
    n_groups : int
    """

    network: RoadNetwork
    moving_s: NDArray[np.float64]
    group: NDArray[np.int64]
    n_groups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TripPaths:
    """What the paths of trips are made of.

    Parameters
    ----------
    moving_s : ndarray of float64, shape (n_trips, n_groups)
        Driving time at the plain speeds, by class.
    metres : ndarray of float64, shape (n_trips, n_groups)
    delay_s : ndarray of float64, shape (n_trips,)
        Waiting at signals and junctions.
    """

    moving_s: NDArray[np.float64]
    metres: NDArray[np.float64]
    delay_s: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Gates:
    """Ways from the places of trips to nodes, or from nodes to them: up to two a trip.

    Parameters
    ----------
    node : ndarray of int64, shape (n_trips, 2)
        -1 where there is no such way.
    edge : ndarray of int64, shape (n_trips, 2)
        Edge of which a part is driven; -1 at nodes.
    share : ndarray of float64, shape (n_trips, 2)
        The part that is driven.
    at : ndarray of float64, shape (n_trips, 2)
        Share of the edge, from its tail, at which the place lies.
    """

    node: NDArray[np.int64]
    edge: NDArray[np.int64]
    share: NDArray[np.float64]
    at: NDArray[np.float64]

    @classmethod
    def of(cls, network: RoadNetwork, ends: TripEnds, *, leaving: bool) -> _Gates:
        n = len(ends.node)
        node, edge = np.full((n, 2), -1, dtype=np.int64), np.full((n, 2), -1, dtype=np.int64)
        share, at = np.zeros((n, 2)), np.zeros((n, 2))
        node[:, 0] = ends.node
        of_road = np.full((network.n_roads, 2), -1, dtype=np.int64)
        every = np.arange(network.n_edges)
        of_road[network.road[network.forward], 0] = every[network.forward]
        of_road[network.road[~network.forward], 1] = every[~network.forward]
        inside = np.flatnonzero(ends.road >= 0)
        part = ends.position_m[inside] / network.road_length_m[ends.road[inside]]
        for way in (0, 1):
            here = of_road[ends.road[inside], way]
            some, on, from_tail = inside[here >= 0], here[here >= 0], (part if way == 0 else 1 - part)[here >= 0]
            edge[some, way] = on
            node[some, way] = (network.head if leaving else network.tail)[on]
            share[some, way] = 1 - from_tail if leaving else from_tail
            at[some, way] = from_tail
        return cls(node, edge, share, at)

    def cost(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds of each way; inf where there is none."""
        part = np.where(self.edge >= 0, weight[self.edge] * self.share, 0.0)
        return np.where(self.node >= 0, part, np.inf)


class _Sums:
    """Adds parts of edges to the paths of trips."""

    def __init__(self, roads: TripRoads, n_trips: int) -> None:
        self.roads = roads
        self.moving_s = np.zeros((n_trips, roads.n_groups))
        self.metres = np.zeros((n_trips, roads.n_groups))
        self.delay_s = np.zeros(n_trips)

    def add(self, trip: NDArray[np.int64], edge: NDArray[np.int64], share: NDArray[np.float64]) -> None:
        """Add a share of one edge to each of some trips, each trip once."""
        network, group = self.roads.network, self.roads.group[edge]
        self.moving_s[trip, group] += self.roads.moving_s[edge] * share
        self.metres[trip, group] += network.length_m[edge] * share
        self.delay_s[trip] += network.delay_s[edge] * share

    def paths(self) -> TripPaths:
        """Return what was added."""
        return TripPaths(moving_s=self.moving_s, metres=self.metres, delay_s=self.delay_s)


def fastest_paths(
    roads: TripRoads, trips: RecordedTrips, factor: NDArray[np.float64], *, before: TripPaths | None = None
) -> TripPaths:
    """Find the fastest path of each trip, where the edges it drove are not given.

    Parameters
    ----------
    roads : TripRoads
    trips : RecordedTrips
    factor : ndarray of float64, shape (n_hours + 1, n_groups)
        On the driving time; the last row is for trips whose hour is not known.
    before : TripPaths, optional
        Paths of the same trips found earlier; they bound the search.

    Returns
    -------
    TripPaths

    Notes
    -----
    One bounded Dijkstra (SciPy) for each distinct beginning and class of hours.
    """
    sums = _Sums(roads, len(trips))
    known = np.array([bool(path) for path in trips.edges], dtype=np.bool_)
    for trip in np.flatnonzero(known):
        for edge in trips.edges[trip]:
            sums.add(np.array([trip]), np.array([edge]), np.ones(1))
    leave = _Gates.of(roads.network, trips.begins, leaving=True)
    enter = _Gates.of(roads.network, trips.ends, leaving=False)
    for row in range(len(factor)):
        hour = row if row < len(factor) - 1 else -1
        some = np.flatnonzero(~known & (trips.hour == hour))
        if len(some):
            weight = np.maximum(roads.moving_s * factor[row][roads.group] + roads.network.delay_s, _LEAST_S)
            limit = None
            if before is not None:
                limit = before.moving_s[some] @ factor[row] + before.delay_s[some]
            _hour_paths(roads, trips, some, weight, leave, enter, limit, sums)
    return sums.paths()


def _hour_paths(
    roads: TripRoads,
    trips: RecordedTrips,
    some: NDArray[np.int64],
    weight: NDArray[np.float64],
    leave: _Gates,
    enter: _Gates,
    limit: NDArray[np.float64] | None,
    sums: _Sums,
) -> None:
    """Add the fastest paths of the trips of one class of hours to the sums."""
    graph = _Graph.of(roads.network, weight)
    out, into = leave.cost(weight)[some], enter.cost(weight)[some]
    if limit is None:
        network = roads.network
        begin, end = leave.node[some].max(axis=1), enter.node[some].max(axis=1)
        straight = np.hypot(network.x_m[begin] - network.x_m[end], network.y_m[begin] - network.y_m[end])
        limit = straight / _GUESS_KPH * 3.6 + 600.0
    direct = _direct(roads, leave, enter, some, weight)
    todo = np.arange(len(some))
    reach = limit * (1 + 1e-9) + 1e-3
    while len(todo):
        left = []
        for part in _chunks(todo, leave.node[some[todo]], reach[todo]):
            bound = float(reach[part].max())
            found = graph.join(some[part], leave, enter, out[part], into[part], direct[part], bound, sums)
            left.append(part[~found])
        todo = np.concatenate(left)
        reach = reach * 4
        if len(todo) and (reach[todo] > 1e9).any():
            first = trips.ids[some[todo[0]]]
            raise InvariantError(f"trip {first}: no way to its end in a network that should be strongly connected")


def _chunks(
    todo: NDArray[np.int64], gates: NDArray[np.int64], reach: NDArray[np.float64]
) -> Iterator[NDArray[np.int64]]:
    """Split trips so that each beginning is searched from once, and short searches are not made long by others."""
    _, place = np.unique(gates, axis=0, return_inverse=True)
    place = place.ravel()
    farthest = np.zeros(int(place.max()) + 1)
    np.maximum.at(farthest, place, reach)
    rank = np.empty(len(farthest), dtype=np.int64)
    rank[np.argsort(farthest, kind="stable")] = np.arange(len(farthest))
    chunk = rank[place] // (_ROWS_AT_ONCE // 2)  # two nodes a beginning at most
    order = np.argsort(chunk, kind="stable")
    yield from np.split(todo[order], np.flatnonzero(np.diff(chunk[order])) + 1)


def _direct(
    roads: TripRoads, leave: _Gates, enter: _Gates, some: NDArray[np.int64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Seconds of trips that stay on one edge, by the two ways to leave; inf where there is no such trip."""
    same = (leave.edge[some] == enter.edge[some]) & (leave.edge[some] >= 0)
    forth = enter.at[some] - leave.at[some]
    return np.where(same & (forth >= 0), forth * weight[leave.edge[some]], np.inf)


@dataclass(frozen=True, slots=True)
class _Graph:
    """The network as a sparse matrix, with the edge behind each entry: the fastest of parallel ones."""

    matrix: csr_array
    key: NDArray[np.int64]
    edge: NDArray[np.int64]
    n_nodes: int

    @classmethod
    def of(cls, network: RoadNetwork, weight: NDArray[np.float64]) -> _Graph:
        n = network.n_nodes
        key = network.tail.astype(np.int64) * n + network.head
        order = np.lexsort((weight, key))
        first = np.flatnonzero(np.r_[True, np.diff(key[order]) > 0])
        edge = order[first]
        indptr = np.r_[0, np.cumsum(np.bincount(network.tail[edge], minlength=n))].astype(np.int32)
        matrix = csr_array((weight[edge], network.head[edge].astype(np.int32), indptr), shape=(n, n))
        return cls(matrix, key[edge], edge, n)

    def join(
        self,
        trip: NDArray[np.int64],
        leave: _Gates,
        enter: _Gates,
        out: NDArray[np.float64],
        into: NDArray[np.float64],
        direct: NDArray[np.float64],
        limit: float,
        sums: _Sums,
    ) -> NDArray[np.bool_]:
        """Add the fastest paths of some trips to the sums; say which were found within the limit."""
        sources = np.unique(leave.node[trip][leave.node[trip] >= 0])
        seconds, previous = dijkstra(self.matrix, directed=True, indices=sources, limit=limit, return_predecessors=True)
        row = np.searchsorted(sources, np.maximum(leave.node[trip], sources[0]))
        # all four ways round: by which end it leaves and by which it arrives
        total = out[:, :, None] + into[:, None, :]
        total = total + seconds[row[:, :, None], np.maximum(enter.node[trip], 0)[:, None, :]]
        flat = total.reshape(len(trip), 4)
        best = np.argmin(flat, axis=1)
        around = flat[np.arange(len(trip)), best]
        stays = np.isfinite(direct).any(axis=1) & (direct.min(axis=1) <= around)
        found = stays | np.isfinite(around)
        self._add_direct(trip[stays], direct[stays], leave, enter, sums)
        goes = np.flatnonzero(found & ~stays)
        by, to = best[goes] // 2, best[goes] % 2
        for gates, way in ((leave, by), (enter, to)):
            edge, share = gates.edge[trip[goes], way], gates.share[trip[goes], way]
            part = edge >= 0
            sums.add(trip[goes][part], edge[part], share[part])
        self._walk(trip[goes], previous, row[goes, by], enter.node[trip[goes], to], sources, sums)
        return np.asarray(found)

    def _add_direct(
        self, trip: NDArray[np.int64], direct: NDArray[np.float64], leave: _Gates, enter: _Gates, sums: _Sums
    ) -> None:
        way = np.argmin(direct, axis=1) if len(trip) else np.zeros(0, dtype=np.int64)
        sums.add(trip, leave.edge[trip, way], enter.at[trip, way] - leave.at[trip, way])

    def _walk(
        self,
        trip: NDArray[np.int64],
        previous: NDArray[np.int32],
        row: NDArray[np.int64],
        node: NDArray[np.int64],
        sources: NDArray[np.int64],
        sums: _Sums,
    ) -> None:
        """Walk back from the last node of each trip to its first, all trips a step at a time."""
        at = node.copy()
        on_way = np.flatnonzero(at != sources[row])
        while len(on_way):
            here = at[on_way]
            back = previous[row[on_way], here].astype(np.int64)
            edge = self.edge[np.searchsorted(self.key, back * self.n_nodes + here)]
            sums.add(trip[on_way], edge, np.ones(len(edge)))
            at[on_way] = back
            on_way = on_way[back != sources[row[on_way]]]
