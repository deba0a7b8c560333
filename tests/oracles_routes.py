"""Slow, obvious checks of routes: a path walked piece by piece, and every condition of an alternative."""

from __future__ import annotations

import itertools
from dataclasses import replace

import networkx as nx
import numpy as np
import shapely
from ways_by_hand import ways_of

from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.build import build_network
from rescuesim.network.ways import great_circle_m
from rescuesim.travel import Route, Routes, SplitGraph


def grid_network(seed: int, *, side: int = 4, step_m: float = 400.0, even: bool = False) -> RoadNetwork:
    """Make streets with one-ways, parallel roads, loops and roads of no length; even ones make many ties."""
    rng = np.random.default_rng(seed)
    shake = 0.0 if even else 120.0
    spots = [(x * step_m, y * step_m) for x in range(side) for y in range(side)]
    places = [tuple(np.array(at) + rng.uniform(-shake, shake, 2)) for at in spots]
    twin = len(places)
    places += [places[int(rng.integers(twin))]]  # a second node at the same place
    lines = []
    for x, y in itertools.product(range(side), range(side)):
        here = x * side + y
        lines += [[here, here + 1]] if y + 1 < side else []
        lines += [[here, here + side]] if x + 1 < side else []
    for line in [lines[int(k)] for k in rng.integers(0, len(lines), 4)]:
        places.append(tuple((np.array(places[line[0]]) + np.array(places[line[1]])) / 2 + 30.0))
        lines += [[line[0], len(places) - 1, line[1]], list(line)]  # a parallel road, and one over the same nodes
    same = next(k for k in range(twin) if places[k] == places[twin])
    lines += [[same, twin], [twin, int(rng.integers(twin))]]
    oneway = [bool(flag) for flag in rng.uniform(size=len(lines)) < (0.0 if even else 0.25)]
    network = build_network(ways_of(places, lines, road_class="tertiary", oneway=oneway))
    if even:
        # lengths on the globe are never quite the same: whole multiples of ten seconds are
        ticks = (np.rint(network.length_m / step_m * 4) * 100_000).astype(np.int32)
        network = replace(network, ticks=ticks, delay_s=np.zeros(network.n_edges), start_up_s=0.0)
    return network


def check_route(routes: Routes, found: Route, state: NetworkState | None) -> None:
    """Walk a route that exists: open pieces, end to end, ticks, metres and line as they should be."""
    network, graph = routes.network, routes.graph
    nodes = walked_nodes(graph, found, int(graph.point_node[0]))
    assert nodes[0] == graph.point_node[0]
    assert nodes[-1] == graph.point_node[1]
    assert len(set(nodes)) == len(nodes)
    assert graph.open_pieces(state)[found.pieces].all()
    assert found.road_ticks == int(graph.piece_ticks(state)[found.pieces].sum())
    assert found.road_ticks - found.slowed_ticks == int(graph.piece_ticks()[found.pieces].sum())
    assert found.road_ticks + found.access_ticks + found.start_up_ticks == found.ticks
    assert found.access_ticks == int(routes.snap.access_ticks.sum())
    metres = [float(network.length_m[graph.edge[p]] * (graph.end[p] - graph.begin[p])) for p in found.pieces]
    assert abs(found.length_m - sum(metres)) < 1e-6
    assert abs(sum(leg.length_m for leg in found.legs) - sum(metres)) < 1e-6
    assert sum(leg.ticks for leg in found.legs) == found.road_ticks
    drawn = line_metres(found.geometry)
    # positions are shares of the line in projected metres: on a bent road these and great circles part by some 0.3 %
    assert abs(drawn - found.length_m) <= 6e-3 * found.length_m + 0.01
    roads = [int(road) for road, _ in itertools.groupby(graph.road[found.pieces].tolist())]
    assert list(found.roads) == roads
    if not found.geometry.is_empty:
        ends = shapely.get_coordinates(found.geometry)[[0, -1]]
        for leg, end, at in ((found.access_from, ends[0], -1), (found.access_to, ends[1], 0)):
            if not leg.is_empty:
                assert np.allclose(shapely.get_coordinates(leg)[at], end, atol=1e-9)


def walked_nodes(graph: SplitGraph, found: Route, start: int) -> list[int]:
    nodes = [start]
    for piece in found.pieces.tolist():
        assert graph.tail[piece] == nodes[-1]
        nodes.append(int(graph.head[piece]))
    return nodes


def line_metres(line: shapely.LineString) -> float:
    """Great-circle length of a line in degrees."""
    at = shapely.get_coordinates(line)
    return float(great_circle_m(at[:-1, 0], at[:-1, 1], at[1:, 0], at[1:, 1]).sum()) if len(at) else 0.0


def digraph(graph: SplitGraph, state: NetworkState | None) -> nx.DiGraph:
    """Open pieces as a graph, the fastest of parallel ones."""
    made = nx.DiGraph()
    made.add_nodes_from(range(graph.n_nodes))
    ticks, is_open = graph.piece_ticks(state).tolist(), graph.open_pieces(state)
    for piece in np.flatnonzero(is_open).tolist():
        tail, head = int(graph.tail[piece]), int(graph.head[piece])
        if not made.has_edge(tail, head) or made[tail][head]["ticks"] > ticks[piece]:
            made.add_edge(tail, head, ticks=ticks[piece])
    return made


def check_alternative(routes: Routes, state: NetworkState | None, best: Route, other: Route, *, share: float) -> None:
    """Every stretch of at most `share` of the fastest time is a shortest path, by networkx."""
    graph = digraph(routes.graph, state)
    ticks = routes.graph.piece_ticks(state)
    nodes = walked_nodes(routes.graph, other, int(routes.graph.point_node[0]))
    gone = [0, *itertools.accumulate(ticks[other.pieces].tolist())]
    for low in range(len(nodes)):
        known = nx.single_source_dijkstra_path_length(graph, nodes[low], weight="ticks")
        for high in range(low + 1, len(nodes)):
            if gone[high] - gone[low] <= share * best.road_ticks:
                assert gone[high] - gone[low] == known[nodes[high]]
