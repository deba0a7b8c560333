"""How long it takes from the nearest of some places in each state that the roads go through: trucks and runners."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim._defaults import default
from rescuesim.disruption.outages import RoadOutage
from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE
from rescuesim.network.states import Closure
from rescuesim.quality import SnappedPoints, snap_points
from rescuesim.travel import SplitGraph, build_split_graph
from rescuesim.travel.broken_pieces import BrokenPieces, broken_pieces
from rescuesim.travel.changing_trees import FARTHEST, ChangingTrees, GrownTree

__all__ = ["NearestSource", "Spans", "closure_spans", "fuel_truck_roads", "snapped", "walking_roads"]

_LONGEST_S = 200 * 3600.0  # nobody walks or drives longer than this for one message or one tank
_WALKING_UNIT_S = 1e-3  # of a runner's tick: 200 hours fit
Spans = tuple[tuple[float, tuple[Closure, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestSource:
    """Roads prepared for asking, state by state, how far the nearest source is from each target.

    Parameters
    ----------
    graph : SplitGraph
        Sources first, targets after.
    trees : ChangingTrees
        On the pieces as arcs, each piece in one or both directions; the last node is one from which arcs lead to all
        sources.
    ticks : ndarray of int32, shape (n_arcs,)
        On whole roads.
    unit_s : float
        Seconds of a tick.
    arc_of_piece : ndarray of int64, shape (n_pieces, 1 or 2)
        Arcs of each piece of the graph.
    source_arc : ndarray of int64, shape (n_sources,)
        Arc to each source; -1 to one without a road.
    n_sources : int
    access_s : ndarray of float64, shape (n_targets,)
        From the road to each target.
    levels : frozenset of str
        Levels of closures that stop it.
    passes : ndarray of bool, shape (n_roads,)
        Roads that nothing closes for it: paths.
    """

    graph: SplitGraph
    trees: ChangingTrees
    ticks: NDArray[np.int32]
    unit_s: float
    arc_of_piece: NDArray[np.int64]
    source_arc: NDArray[np.int64]
    n_sources: int
    access_s: NDArray[np.float64]
    levels: frozenset[str]
    passes: NDArray[np.bool_]
    _intact: list[GrownTree] = field(default_factory=list, init=False, repr=False, compare=False)

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
        # the closures of different spans mostly are the same objects, and looked up faster as such
        each = {id(closure): closure for row in rows for closure in spans[row][1]}
        place = {id_: at for at, id_ in enumerate(each)}
        states = [NetworkState(closures=(closure,)) for closure in each.values()]
        broken = broken_pieces(self.graph, states) if states else BrokenPieces.none()
        start = broken.point < self.n_sources
        start_of, target_of = broken.point_state[start], broken.point_state[~start]
        arc_of = np.repeat(broken.state, self.arc_of_piece.shape[1])
        arc = self.arc_of_piece[broken.piece].ravel()
        target, start_arc = broken.point[~start] - self.n_sources, self.source_arc[broken.point[start]]
        node = self.graph.point_node[self.n_sources :]
        if rows and not self._intact:
            limit = min(int(_LONGEST_S / self.unit_s), FARTHEST)
            self._intact.append(self.trees.grown(self.trees.n_nodes - 1, self.ticks, limit=limit))
        tree = self._intact[0] if self._intact else None
        for row in rows:
            assert tree is not None
            holds = np.zeros(len(each), dtype=np.bool_)
            holds[[place[id(closure)] for closure in spans[row][1]]] = True
            ticks, usable = self.ticks.copy(), node >= 0
            ticks[arc[holds[arc_of]]] = UNREACHABLE
            ticks[start_arc[holds[start_of]]] = UNREACHABLE
            usable[target[holds[target_of]]] = False
            tree = self.trees.regrown(tree, ticks)
            there = tree.found[node]
            usable &= there < UNREACHABLE
            found[row, usable] = there[usable] * self.unit_s
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
    both = np.arange(len(part))[part_of.ravel()]
    ticks = np.minimum(np.rint(np.r_[seconds, seconds] / _WALKING_UNIT_S), UNREACHABLE).astype(np.int32)
    arcs = _arcs(graph, tail, head, ticks, np.column_stack([both, both + len(part)]), len(posts))
    path_kph = default("channel.runner_path_kph").number
    return NearestSource(
        graph=graph,
        trees=arcs.trees,
        ticks=arcs.ticks,
        arc_of_piece=arcs.arc_of_piece,
        source_arc=arcs.source_arc,
        n_sources=len(posts),
        unit_s=_WALKING_UNIT_S,
        access_s=np.where(np.isfinite(targets.access_m), targets.access_m, 0.0) / path_kph * 3.6,
        levels=frozenset({"closed"}),
        passes=is_path,
    )


def fuel_truck_roads(network: RoadNetwork, depots: SnappedPoints, targets: SnappedPoints) -> NearestSource:
    """Prepare the roads for heavy trucks, in the directions of traffic; what shuts a road to vehicles stops them."""
    graph = build_split_graph(network, depots, targets)
    factor = default("speed_factor.heavy_truck").number * TICKS_PER_SECOND
    pieces = np.arange(len(graph.tail))
    arcs = _arcs(graph, graph.tail, graph.head, graph.piece_ticks(), pieces[:, None], len(depots))
    return NearestSource(
        graph=graph,
        trees=arcs.trees,
        ticks=arcs.ticks,
        arc_of_piece=arcs.arc_of_piece,
        source_arc=arcs.source_arc,
        n_sources=len(depots),
        unit_s=1 / factor,
        access_s=targets.access_ticks / factor,
        levels=frozenset({"closed", "on_foot"}),
        passes=np.zeros(network.n_roads, dtype=np.bool_),
    )


def snapped(network: RoadNetwork, lon: ArrayLike, lat: ArrayLike) -> SnappedPoints:
    """Snap places that may lie on any road."""
    return snap_points(network, np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64), any_road=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arcs:
    """Arcs of a graph and to its sources, in order."""

    trees: ChangingTrees
    ticks: NDArray[np.int32]
    arc_of_piece: NDArray[np.int64]
    source_arc: NDArray[np.int64]


def _arcs(
    graph: SplitGraph,
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    ticks: NDArray[np.integer],
    arc_of_piece: NDArray[np.int64],
    n_sources: int,
) -> _Arcs:
    """Add a node from which arcs that take no time lead to all sources, and put all in order."""
    node = graph.point_node[:n_sources]
    with_road = np.flatnonzero(node >= 0)
    trees = ChangingTrees.of(
        np.r_[tail, np.full(len(with_road), graph.n_nodes)], np.r_[head, node[with_road]], graph.n_nodes + 1
    )
    arc = trees.arc_of
    source_arc = np.full(n_sources, -1, dtype=np.int64)
    source_arc[with_road] = arc[len(tail) :]
    return _Arcs(
        trees=trees,
        ticks=trees.in_order(np.r_[ticks, np.zeros(len(with_road), dtype=np.int64)]),
        arc_of_piece=arc[arc_of_piece],
        source_arc=source_arc,
    )


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
    closures = sorted(
        {one.closure for one in stopping},
        key=lambda closure: (closure.road, closure.from_m, closure.to_m, closure.level),
    )
    place = {closure: at for at, closure in enumerate(closures)}
    which = np.array([place[one.closure] for one in stopping], dtype=np.int64)
    from_s, until_s = np.array([(one.from_s, one.until_s) for one in stopping]).reshape(-1, 2).T
    spans: list[tuple[float, tuple[Closure, ...]]] = []
    before: list[int] | None = None
    for moment in moments:
        holding = np.unique(which[(from_s <= moment) & (moment < until_s)]).tolist()
        if holding != before:
            spans.append((moment, tuple(closures[at] for at in holding)))
            before = holding
    return tuple(spans)
