"""How far trucks and runners have it in each state of the roads, against other ways to reckon it."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest
from small_networks import points_beside, small_network

from rescuesim.disruption import RoadOutage
from rescuesim.disruption.routes_over_time import closure_spans, fuel_truck_roads, snapped, walking_roads
from rescuesim.network import NetworkState
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.states import Closure
from rescuesim.travel.dijkstra import shortest_ticks


def drawn_outages(n_roads: int, length_m: np.ndarray, rng: np.random.Generator) -> list[RoadOutage]:
    made = []
    for _ in range(5):
        road = int(rng.integers(0, n_roads))
        level = str(rng.choice(["closed", "on_foot", "one_lane"]))
        from_m = float(rng.choice([0.0, 0.4])) * float(length_m[road])
        from_s = float(rng.integers(0, 10))
        made.append(
            RoadOutage(closure=Closure(road=road, from_m=from_m, level=level), from_s=from_s, until_s=from_s + 5)
        )
    return made


@pytest.mark.parametrize("seed", range(12))
def test_a_truck_drives_what_travel_times_say_at_its_speed(seed: int) -> None:
    network = small_network(seed, tick_s=10.0, tau_s=0.0)
    if network is None:
        pytest.skip("no network drawn")
    rng = np.random.default_rng(seed)
    from_, to = points_beside(network, 2, rng, "d"), points_beside(network, 6, rng, "t")
    source = fuel_truck_roads(network, snapped(network, from_.lon, from_.lat), snapped(network, to.lon, to.lat))
    outages = drawn_outages(network.n_roads, network.road_length_m, rng)
    spans = closure_spans(outages, source, horizon_s=100.0)
    found = source.seconds(spans)
    for row, (at, closures) in enumerate(spans):
        held = {one.closure for one in outages if one.from_s <= at < one.until_s and one.closure.shuts}
        assert set(closures) == held
        state = NetworkState(closures=closures)
        usable, node = ~source.graph.closed_points(state), source.graph.point_node
        ticks = shortest_ticks(
            source.graph.matrix(state), node[:2], node[2:], usable[:2], usable[2:], limit=UNREACHABLE - 1
        ).min(axis=0)
        expected = np.where(ticks == UNREACHABLE, math.inf, ticks / 8500) + source.access_s
        np.testing.assert_allclose(found[row], expected)


@pytest.mark.parametrize("seed", range(12))
def test_a_runner_takes_the_shortest_way_that_is_not_closed_to_feet(seed: int) -> None:
    network = small_network(seed, tick_s=10.0, tau_s=0.0)
    if network is None:
        pytest.skip("no network drawn")
    rng = np.random.default_rng(seed)
    from_, to = points_beside(network, 2, rng, "p"), points_beside(network, 6, rng, "v")
    source = walking_roads(network, snapped(network, from_.lon, from_.lat), snapped(network, to.lon, to.lat))
    outages = drawn_outages(network.n_roads, network.road_length_m, rng)
    spans = closure_spans(outages, source, horizon_s=100.0)
    found, graph = source.seconds(spans), source.graph
    for row, (_, closures) in enumerate(spans):
        assert {one.level for one in closures} <= {"closed"}
        state = NetworkState(closures=closures)
        is_open, closed = graph.open_pieces(state), graph.closed_points(state)
        roads: nx.Graph[int] = nx.Graph()
        roads.add_nodes_from(range(graph.n_nodes))
        for piece in np.flatnonzero(is_open).tolist():
            tail, head = int(graph.tail[piece]), int(graph.head[piece])
            metres = float(graph.to_m[piece] - graph.from_m[piece])
            known = roads.get_edge_data(tail, head, {"weight": math.inf})["weight"]
            roads.add_edge(tail, head, weight=min(known, metres / 4 * 3.6))
        posts = {int(node) for at, node in enumerate(graph.point_node[:2]) if not closed[at]}
        reached = nx.multi_source_dijkstra_path_length(roads, posts) if posts else {}
        for at, node in enumerate(graph.point_node[2:].tolist()):
            expected = math.inf if closed[2 + at] else reached.get(node, math.inf) + float(source.access_s[at])
            assert found[row, at] == pytest.approx(expected, abs=0.02)  # whole milliseconds a piece


def test_states_in_which_nobody_asks_are_not_searched() -> None:
    network = small_network(3, tick_s=10.0, tau_s=0.0)
    assert network is not None
    rng = np.random.default_rng(0)
    from_, to = points_beside(network, 1, rng, "p"), points_beside(network, 3, rng, "v")
    source = walking_roads(network, snapped(network, from_.lon, from_.lat), snapped(network, to.lon, to.lat))
    slide = RoadOutage(closure=Closure(road=0), from_s=10, until_s=20)
    spans = closure_spans([slide], source, horizon_s=100.0)
    assert [at for at, _ in spans] == [0.0, 10, 20]
    some, every = source.seconds(spans, [0, 2]), source.seconds(spans)
    np.testing.assert_array_equal(some[[0, 2]], every[[0, 2]])
    assert np.isinf(some[1]).all()
    np.testing.assert_array_equal(every[0], every[2])
