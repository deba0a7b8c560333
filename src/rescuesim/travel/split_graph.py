"""The split graph: roads cut into pieces at every snapped point.

A piece keeps the id of its road. The ticks of the pieces of an edge are differences of rounded cumulative
ticks, and so is what a slow-down adds to them, so that they sum to the ticks of the edge exactly and nothing
gets faster when something slows down. One-way roads, two points
on one edge and directions that are closed are cases of this one rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.errors import InputError
from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.quality import SnappedPoints
from rescuesim.travel.broken_pieces import broken_pieces, driven_ticks
from rescuesim.travel.forward_star import ForwardStar, build_forward_star

__all__ = ["SplitGraph", "build_split_graph", "road_ends"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NodePairs:
    """Arcs sorted by their ends once, so that each set of weights becomes a matrix without another sort.

    Parameters
    ----------
    n_nodes : int
    order : ndarray of int64, shape (n_arcs,)
        Arcs by tail and head.
    first : ndarray of int64, shape (n_pairs,)
        Place in `order` of the first arc of each pair of ends.
    tail, head : ndarray of int32, shape (n_pairs,)

    Examples
    --------
    >>> ends = np.array([0, 1, 0]), np.array([1, 0, 1])
    >>> NodePairs.of(*ends, 2).least(np.array([7.0, np.inf, 5.0])).toarray().tolist()
    [[0.0, 5.0], [0.0, 0.0]]
    """

    n_nodes: int
    order: NDArray[np.int64]
    first: NDArray[np.int64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]

    @classmethod
    def of(cls, tail: NDArray[np.integer], head: NDArray[np.integer], n_nodes: int) -> NodePairs:
        """Sort arcs by their ends."""
        order = np.lexsort((head, tail))
        start, end = tail[order].astype(np.int32), head[order].astype(np.int32)
        is_first = np.ones(len(order), dtype=np.bool_)
        is_first[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
        first = np.flatnonzero(is_first)
        return cls(n_nodes=n_nodes, order=order, first=first, tail=start[first], head=end[first])

    def least(self, weight: NDArray[np.float64]) -> csr_array:
        """Return the least weight between each pair of ends, without those of ``inf``.

        Parameters
        ----------
        weight : ndarray of float64, shape (n_arcs,)
            An explicit zero stays one.

        Returns
        -------
        csr_array of float64, shape (n_nodes, n_nodes)
        """
        least = np.minimum.reduceat(weight[self.order], self.first) if len(self.first) else np.empty(0)
        keep = np.isfinite(least)
        indptr = np.zeros(self.n_nodes + 1, dtype=np.int32)
        np.cumsum(np.bincount(self.tail[keep], minlength=self.n_nodes), out=indptr[1:])
        return csr_array((least[keep], self.head[keep], indptr), shape=(self.n_nodes, self.n_nodes))


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitGraph:
    """Pieces of edges between nodes; nodes of the network come first, split points after.

    Parameters
    ----------
    n_nodes : int
    tail, head : ndarray of int32, shape (n_pieces,)
    edge, road : ndarray of int32, shape (n_pieces,)
        Of the network.
    forward : ndarray of bool, shape (n_pieces,)
        Whether the piece runs along the positions of its road.
    begin, end : ndarray of float64, shape (n_pieces,)
        Shares of the edge, from its tail, at which the piece begins and ends.
    from_m, to_m : ndarray of float64, shape (n_pieces,)
        Positions on the road, ``from_m <= to_m``.
    edge_ticks : ndarray of int32, shape (n_edges,)
        Of the network.
    point_node : ndarray of int32, shape (n_points,)
        Node of each snapped point; -1 without a road.
    point_road : ndarray of int32, shape (n_points,)
        Road of each point that lies between junctions; -1 for the others.
    point_m : ndarray of float64, shape (n_points,)
        Its position there.
    node_x_m, node_y_m : ndarray of float64, shape (n_nodes,)
        Where nodes lie, split points on the straight line between the junctions: good enough to put nodes in order.
    first_of_road : ndarray of int64, shape (n_roads + 1,)
    pieces_by_road : ndarray of int32, shape (n_pieces,)
        The pieces of road r are ``pieces_by_road[first_of_road[r]:first_of_road[r + 1]]``.
    """

    n_nodes: int
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    edge: NDArray[np.int32]
    road: NDArray[np.int32]
    forward: NDArray[np.bool_]
    begin: NDArray[np.float64]
    end: NDArray[np.float64]
    from_m: NDArray[np.float64]
    to_m: NDArray[np.float64]
    edge_ticks: NDArray[np.int32]
    point_node: NDArray[np.int32]
    point_road: NDArray[np.int32]
    point_m: NDArray[np.float64]
    node_x_m: NDArray[np.float64]
    node_y_m: NDArray[np.float64]
    first_of_road: NDArray[np.int64]
    pieces_by_road: NDArray[np.int32]
    _stars: dict[str, ForwardStar] = field(default_factory=dict, init=False, repr=False, compare=False)
    _pairs: list[NodePairs] = field(default_factory=list, init=False, repr=False, compare=False)

    def piece_ticks(self, state: NetworkState | None = None) -> NDArray[np.int64]:
        """Ticks of each piece, slowed parts of the state included; int64, shape (n_pieces,)."""
        ticks = driven_ticks(self, np.arange(len(self.road)))
        if state is not None:
            piece, changed = self.changes(state)
            slowed = changed < UNREACHABLE
            ticks[piece[slowed]] = changed[slowed]
        return ticks

    def open_pieces(self, state: NetworkState | None = None) -> NDArray[np.bool_]:
        """Mark the pieces that no closure touches; bool, shape (n_pieces,)."""
        is_open = np.ones(len(self.road), dtype=np.bool_)
        if state is not None:
            piece, changed = self.changes(state)
            is_open[piece[changed == UNREACHABLE]] = False
        return is_open

    def changes(self, state: NetworkState) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """List the pieces that a state closes or slows.

        Parameters
        ----------
        state : NetworkState

        Returns
        -------
        piece : ndarray of int64, shape (n_changes,)
            Ascending, each once.
        ticks : ndarray of int32, shape (n_changes,)
            2^30 - 1 where closed. Never below the ticks of the intact piece.
        """
        broken = broken_pieces(self, [state])
        piece, last = np.unique(broken.piece[::-1], return_index=True)
        return piece, broken.ticks[::-1][last]

    def closed_points(self, state: NetworkState | None = None) -> NDArray[np.bool_]:
        """Mark the points that lie on a closed part of a road; bool, shape (n_points,)."""
        closed = np.zeros(len(self.point_node), dtype=np.bool_)
        if state is not None:
            closed[broken_pieces(self, [state]).point] = True
        return closed

    def forward_star(self, towards: Literal["demand", "sites"] = "demand") -> ForwardStar:
        """Return the pieces by the node that they leave, for compiled searches; made when first asked for."""
        if towards not in self._stars:
            self._stars[towards] = build_forward_star(self, towards)
        return self._stars[towards]

    def matrix(self, state: NetworkState | None = None) -> csr_array:
        """Return the open pieces as a sparse matrix of ticks, the fastest of parallel ones.

        Returns
        -------
        csr_array of float64, shape (n_nodes, n_nodes)
            Whole numbers; an explicit zero is a piece that takes no time.
        """
        ticks = driven_ticks(self, np.arange(len(self.road))).astype(np.float64)
        if state is not None:
            piece, changed = self.changes(state)
            ticks[piece] = np.where(changed < UNREACHABLE, changed, np.inf)
        if not self._pairs:
            self._pairs.append(NodePairs.of(self.tail, self.head, self.n_nodes))
        return self._pairs[0].least(ticks)


def build_split_graph(network: RoadNetwork, *points: SnappedPoints) -> SplitGraph:
    """Cut the roads at the snapped points.

    Parameters
    ----------
    network : RoadNetwork
    *points : SnappedPoints
        Groups of points; `SplitGraph.point_node` lists them one after the other.

    Returns
    -------
    SplitGraph
    """
    road = np.concatenate([group.road for group in points]).astype(np.int64)
    metres = np.concatenate([group.position_m for group in points])
    length = network.road_length_m
    if road.size and road.max(initial=-1) >= network.n_roads:
        raise InputError("snapped points of another network")
    inside = (road >= 0) & (metres > 0) & (metres < length[road])
    places, place_of = np.unique(np.column_stack([road[inside], metres[inside]]), axis=0, return_inverse=True)
    place_road, place_m = places[:, 0].astype(np.int64), places[:, 1]
    per_road = np.bincount(place_road, minlength=network.n_roads)
    first_place = np.r_[0, np.cumsum(per_road)[:-1]]

    pieces = per_road[network.road] + 1  # of each edge
    edge = np.repeat(np.arange(network.n_edges), pieces)
    step = np.arange(len(edge)) - np.repeat(np.r_[0, np.cumsum(pieces)[:-1]], pieces)
    on, count = network.road[edge].astype(np.int64), pieces[edge] - 1
    forward = network.forward[edge]
    # the k-th cut from the tail is place k on the way forward and place count - 1 - k on the way back
    cut_before = first_place[on] + np.where(forward, step - 1, count - step)
    cut_after = first_place[on] + np.where(forward, step, count - step - 1)
    starts, ends = step == 0, step == count
    clip = max(len(place_m) - 1, 0)
    position = np.r_[place_m, 0.0]
    before_m = position[np.clip(cut_before, 0, clip)]
    after_m = position[np.clip(cut_after, 0, clip)]
    road_m = length[on]
    before_m = np.where(starts, np.where(forward, 0.0, road_m), before_m)
    after_m = np.where(ends, np.where(forward, road_m, 0.0), after_m)
    whole = np.where(road_m > 0, road_m, 1.0)
    begin = np.where(starts, 0.0, np.where(forward, before_m, road_m - before_m) / whole)
    end = np.where(ends, 1.0, np.where(forward, after_m, road_m - after_m) / whole)

    node = np.full(len(road), -1, dtype=np.int64)
    node[inside] = network.n_nodes + place_of.ravel()
    road_start, road_end = road_ends(network)
    at_start, at_end = (road >= 0) & ~inside & (metres <= 0), (road >= 0) & ~inside & (metres > 0)
    node[at_start], node[at_end] = road_start[road[at_start]], road_end[road[at_end]]
    share = place_m / length[place_road]
    return SplitGraph(
        n_nodes=network.n_nodes + len(places),
        tail=np.where(starts, network.tail[edge], network.n_nodes + cut_before).astype(np.int32),
        head=np.where(ends, network.head[edge], network.n_nodes + cut_after).astype(np.int32),
        edge=edge.astype(np.int32),
        road=on.astype(np.int32),
        forward=forward,
        begin=begin,
        end=end,
        from_m=np.minimum(before_m, after_m),
        to_m=np.maximum(before_m, after_m),
        edge_ticks=network.ticks,
        point_node=node.astype(np.int32),
        point_road=np.where(inside, road, -1).astype(np.int32),
        point_m=metres,
        node_x_m=np.r_[network.x_m, _between(network.x_m, road_start, road_end, place_road, share)],
        node_y_m=np.r_[network.y_m, _between(network.y_m, road_start, road_end, place_road, share)],
        first_of_road=np.r_[0, np.cumsum(np.bincount(on, minlength=network.n_roads))].astype(np.int64),
        pieces_by_road=np.argsort(on, kind="stable").astype(np.int32),
    )


def _between(
    value: NDArray[np.float64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    road: NDArray[np.int64],
    share: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Interpolate a coordinate between the ends of roads."""
    return value[start[road]] * (1 - share) + value[end[road]] * share


def road_ends(network: RoadNetwork) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the nodes at which each road's positions begin and end."""
    start, end = np.zeros(network.n_roads, dtype=np.int64), np.zeros(network.n_roads, dtype=np.int64)
    first = network.forward
    start[network.road[first]], end[network.road[first]] = network.tail[first], network.head[first]
    return start, end
