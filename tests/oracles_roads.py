"""Slow, obvious answers to compare the engine with: a split graph by hand and networkx on it."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import networkx as nx

from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE
from rescuesim.quality import SnappedPoints

Place = tuple[str, float]


def split_graph_by_hand(
    network: RoadNetwork, snapped: SnappedPoints, state: NetworkState | None = None
) -> tuple[nx.DiGraph, list[object], list[bool]]:
    """Cut each edge at the points on its road, one edge at a time, from the table of edges.

    Returns the graph with ``ticks`` on its arcs, the node of each point (None without a road) and whether
    each point lies on a closed part of a road.
    """
    edges = network.edges
    road_m = network.road_length_m
    cuts: dict[int, set[float]] = defaultdict(set)
    for road, metres in zip(snapped.road.tolist(), snapped.position_m.tolist(), strict=True):
        if road >= 0 and 0 < metres < road_m[road]:
            cuts[road].add(metres)
    slow = {road: [(0.0, float("inf"), factor)] for road, factor in (state.slow_downs if state else {}).items()}
    for closure in state.closures if state else ():
        if closure.level == "one_lane":
            slow.setdefault(closure.road, []).append((closure.from_m, closure.to_m, 2.0))
    shut = [closure for closure in (state.closures if state else ()) if closure.shuts]
    graph = nx.DiGraph()
    ends: dict[int, tuple[object, object]] = {}
    for number, edge in enumerate(edges.itertuples()):
        road, length = int(edge.road), float(road_m[edge.road])
        forward = bool(network.forward[number])
        if forward:
            ends[road] = (edge.tail, edge.head)
        stops = [0.0, *sorted(cuts[road]), length]
        names = [
            edge.tail if forward else edge.head,
            *[("cut", road, m) for m in stops[1:-1]],
            edge.head if forward else edge.tail,
        ]
        if not forward:
            stops, names = stops[::-1], names[::-1]
        total = round(edge.travel_time_s * TICKS_PER_SECOND)
        free = [total * abs(stop - stops[0]) / (length or 1.0) for stop in stops]
        free[-1] = float(total)
        lost = [total * _lost_metres(slow.get(road, []), stops[0], stop) / (length or 1.0) for stop in stops]
        for at in range(len(stops) - 1):
            low, high = min(stops[at], stops[at + 1]), max(stops[at], stops[at + 1])
            if any(c.road == road and low <= c.to_m and high >= c.from_m for c in shut):
                continue
            ticks = round(free[at + 1]) - round(free[at]) + round(lost[at + 1]) - round(lost[at])
            if not graph.has_edge(names[at], names[at + 1]) or graph[names[at]][names[at + 1]]["ticks"] > ticks:
                graph.add_edge(names[at], names[at + 1], ticks=ticks)
    nodes: list[object] = []
    closed: list[bool] = []
    for road, metres in zip(snapped.road.tolist(), snapped.position_m.tolist(), strict=True):
        inside = road >= 0 and 0 < metres < road_m[road]
        if road < 0:
            nodes.append(None)
        elif inside:
            nodes.append(("cut", road, metres))
        else:
            nodes.append(ends[road][0 if metres <= 0 else 1])
        closed.append(inside and any(c.road == road and c.from_m <= metres <= c.to_m for c in shut))
    return graph, nodes, closed


def _lost_metres(parts: list[tuple[float, float, float]], start: float, stop: float) -> float:
    """Metres from start to stop on slowed parts, times what their largest factor adds."""
    low, high = min(start, stop), max(start, stop)
    edges = sorted({low, high, *[min(max(edge, low), high) for part in parts for edge in part[:2]]})
    metres = 0.0
    for begin, end in itertools.pairwise(edges):
        middle = (begin + end) / 2
        metres += (end - begin) * (max([1.0, *[f for a, b, f in parts if a <= middle <= b]]) - 1)
    return metres


def shortest_by_networkx(
    network: RoadNetwork,
    sites: SnappedPoints,
    demand: SnappedPoints,
    pairs: list[tuple[int, int]],
    state: NetworkState | None = None,
) -> list[int | None]:
    """Ticks of each pair of site and point, access legs and start-up loss included; None where there is no way."""
    both = SnappedPoints(
        road=_joined(sites.road, demand.road),
        position_m=_joined(sites.position_m, demand.position_m),
        access_m=_joined(sites.access_m, demand.access_m),
        access_ticks=_joined(sites.access_ticks, demand.access_ticks),
    )
    graph, nodes, closed = split_graph_by_hand(network, both, state)
    found: list[int | None] = []
    lengths: dict[object, dict[object, int]] = {}
    for site, point in pairs:
        origin, target = nodes[site], nodes[len(sites) + point]
        if origin is None or target is None or closed[site] or closed[len(sites) + point]:
            found.append(None)
            continue
        if origin not in lengths:
            known = origin in graph
            lengths[origin] = (
                nx.single_source_dijkstra_path_length(graph, origin, weight="ticks") if known else {origin: 0}
            )
        ticks = lengths[origin].get(target)
        legs = int(sites.access_ticks[site]) + int(demand.access_ticks[point])
        found.append(None if ticks is None else start_up_by_hand(network, ticks + legs))
    return found


def start_up_by_hand(network: RoadNetwork, free: int) -> int | None:
    """Add start-up loss and launch to the ticks of one trip, in whole numbers of any size."""
    tau, launch = (round(seconds * TICKS_PER_SECOND) for seconds in (network.start_up_s, network.launch_s))
    if free == 0:
        return 0
    if free <= tau:
        square = 4 * free * tau
        root = math.isqrt(square)
        driven = root + (square > root * root + root)  # above the middle between two whole numbers
    else:
        driven = free + tau
    return driven + launch if driven + launch < UNREACHABLE else None


def _joined(first, second):  # type: ignore[no-untyped-def]
    import numpy as np

    return np.concatenate([first, second])
