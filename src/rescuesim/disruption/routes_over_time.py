"""How long it takes from the nearest of some places in each state that the roads go through: trucks and runners."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim._defaults import default
from rescuesim.disruption.outages import RoadOutage
from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.road_network import TICKS_PER_SECOND
from rescuesim.network.states import Closure
from rescuesim.quality import SnappedPoints, snap_points
from rescuesim.travel import SplitGraph, build_split_graph
from rescuesim.travel.broken_pieces import broken_pieces

__all__ = ["NearestSource", "Spans", "closure_spans", "fuel_truck_roads", "snapped", "walking_roads"]

_LONGEST_S = 200 * 3600.0  # nobody walks or drives longer than this for one message or one tank
Spans = tuple[tuple[float, tuple[Closure, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestSource:
    """Roads prepared for asking, state by state, how far the nearest source is from each target.

    Parameters
    ----------
    graph : SplitGraph
        Sources first, targets after.
    matrix : csr_array of float64
        Seconds; parallel roads may stand twice.
    entry_of_piece : ndarray of int64, shape (n_pieces, 2)
        Where each piece of the graph stands in the matrix; -1 where it does not.
    n_sources : int
    access_s : ndarray of float64, shape (n_targets,)
        From the road to each target.
    levels : frozenset of str
        Levels of closures that stop it.
    passes : ndarray of bool, shape (n_roads,)
        Roads that nothing closes for it: paths.
    """

    graph: SplitGraph
    matrix: csr_array
    entry_of_piece: NDArray[np.int64]
    n_sources: int
    access_s: NDArray[np.float64]
    levels: frozenset[str]
    passes: NDArray[np.bool_]
    _intact: list[NDArray[np.float64]] = field(default_factory=list, init=False, repr=False, compare=False)

    def relevant(self, closures: Iterable[Closure]) -> tuple[Closure, ...]:
        """Keep the closures that stop it."""
        return tuple(one for one in closures if one.level in self.levels and not self.passes[one.road])

    def seconds(self, spans: Spans, wanted: Iterable[int] | None = None) -> NDArray[np.float64]:
        """Seconds from the nearest source to each target.

        Parameters
        ----------
        spans : tuple of (from_s, closures)
            As `closure_spans` gives.
        wanted : iterable of int, optional
            Spans to search; all if absent.

        Returns
        -------
        ndarray of float64, shape (n_spans, n_targets)
            ``inf`` where cut off, and in spans that are not wanted.
        """
        rows = list(range(len(spans)) if wanted is None else wanted)
        found = np.full((len(spans), len(self.access_s)), np.inf)
        hit = self._hit({closure for row in rows for closure in spans[row][1]})
        own = self.matrix.copy()  # whose roads are shut and opened again in turn
        for row in rows:
            if spans[row][1]:
                found[row] = self._searched(own, [hit[closure] for closure in spans[row][1]])
            else:
                if not self._intact:
                    self._intact.append(self._searched(own, []))
                found[row] = self._intact[0]
        return found

    def _hit(self, closures: Iterable[Closure]) -> dict[Closure, tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Entries of the matrix and points that each closure shuts."""
        each = list(closures)
        if not each:
            return {}
        broken = broken_pieces(self.graph, [NetworkState(closures=(closure,)) for closure in each])
        made = {}
        for at, closure in enumerate(each):
            entries = self.entry_of_piece[broken.piece[broken.state == at]].ravel()
            made[closure] = entries[entries >= 0], broken.point[broken.point_state == at]
        return made

    def _searched(
        self, matrix: csr_array, shut: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]
    ) -> NDArray[np.float64]:
        node, n = self.graph.point_node, self.n_sources
        usable = node >= 0
        entries = np.concatenate([np.empty(0, dtype=np.int64), *(some for some, _ in shut)])
        matrix.data[entries] = np.inf
        for _, points in shut:
            usable[points] = False
        sources = np.unique(node[:n][usable[:n]])
        found = np.full(len(node) - n, np.inf)
        if len(sources):
            seconds = dijkstra(matrix, indices=sources, min_only=True, limit=_LONGEST_S)
            found[usable[n:]] = seconds[node[n:][usable[n:]]]
        matrix.data[entries] = self.matrix.data[entries]
        return found + self.access_s


def walking_roads(network: RoadNetwork, posts: SnappedPoints, targets: SnappedPoints) -> NearestSource:
    """Prepare the roads for runners: both ways on every road, 4 km/h on roads and 3 km/h on paths.

    Only a closure of level ``closed`` stops a runner, and none on a path. Climbs are not counted: they are not known.
    """
    graph = build_split_graph(network, posts, targets)
    is_path = np.zeros(network.n_roads, dtype=np.bool_)
    is_path[network.road] = np.isin(network.road_class, default("profile.on_foot.path_classes").words)
    kph = np.where(is_path, default("channel.runner_path_kph").number, default("channel.runner_road_kph").number)
    # each part of a road once, whichever of its directions is drawn, then both ways
    _, part, part_of = np.unique(
        np.column_stack([graph.road.astype(np.float64), graph.from_m]), axis=0, return_index=True, return_inverse=True
    )
    seconds = (graph.to_m - graph.from_m)[part] / kph[graph.road[part]] * 3.6
    tail, head = np.r_[graph.tail[part], graph.head[part]], np.r_[graph.head[part], graph.tail[part]]
    matrix, entry = _sparse(tail, head, np.r_[seconds, seconds], graph.n_nodes)
    there_and_back = np.column_stack([entry[: len(part)], entry[len(part) :]])[part_of.ravel()]
    path_kph = default("channel.runner_path_kph").number
    return NearestSource(
        graph=graph,
        matrix=matrix,
        entry_of_piece=there_and_back,
        n_sources=len(posts),
        access_s=np.where(np.isfinite(targets.access_m), targets.access_m, 0.0) / path_kph * 3.6,
        levels=frozenset({"closed"}),
        passes=is_path,
    )


def fuel_truck_roads(network: RoadNetwork, depots: SnappedPoints, targets: SnappedPoints) -> NearestSource:
    """Prepare the roads for heavy trucks, in the directions of traffic; what shuts a road to vehicles stops them."""
    graph = build_split_graph(network, depots, targets)
    factor = default("speed_factor.heavy_truck").number * TICKS_PER_SECOND
    matrix, entry = _sparse(graph.tail, graph.head, graph.piece_ticks() / factor, graph.n_nodes)
    return NearestSource(
        graph=graph,
        matrix=matrix,
        entry_of_piece=entry[:, None],
        n_sources=len(depots),
        access_s=targets.access_ticks / factor,
        levels=frozenset({"closed", "on_foot"}),
        passes=np.zeros(network.n_roads, dtype=np.bool_),
    )


def snapped(network: RoadNetwork, lon: ArrayLike, lat: ArrayLike) -> SnappedPoints:
    """Snap places that may lie on any road."""
    return snap_points(network, np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64), any_road=True)


def _sparse(
    tail: NDArray[np.int32], head: NDArray[np.int32], seconds: NDArray[np.float64], n_nodes: int
) -> tuple[csr_array, NDArray[np.int64]]:
    """Put pieces into a sparse matrix, parallel ones kept apart; say where each one stands."""
    order = np.lexsort((head, tail))
    indptr = np.zeros(n_nodes + 1, dtype=np.int32)
    np.cumsum(np.bincount(tail, minlength=n_nodes), out=indptr[1:])
    matrix = csr_array((seconds[order], head[order].astype(np.int32), indptr), shape=(n_nodes, n_nodes))
    entry = np.empty(len(order), dtype=np.int64)
    entry[order] = np.arange(len(order))
    return matrix, entry


def closure_spans(roads: Iterable[RoadOutage], source: NearestSource, *, horizon_s: float) -> Spans:
    """List from when which closures hold that stop somebody.

    Parameters
    ----------
    roads : iterable of RoadOutage
    source : NearestSource
    horizon_s : float

    Returns
    -------
    tuple of (from_s, closures)
        From the onset on, ascending; each holds until the next.
    """
    stopping = [one for one in roads if source.relevant((one.closure,)) and one.from_s < horizon_s]
    moments = sorted({0.0, *(edge for one in stopping for edge in (one.from_s, one.until_s) if edge < horizon_s)})
    spans: list[tuple[float, tuple[Closure, ...]]] = []
    for moment in moments:
        closures = tuple(
            sorted(
                {one.closure for one in stopping if one.from_s <= moment < one.until_s},
                key=lambda closure: (closure.road, closure.from_m, closure.to_m, closure.level),
            )
        )
        if not spans or spans[-1][1] != closures:
            spans.append((moment, closures))
    return tuple(spans)
