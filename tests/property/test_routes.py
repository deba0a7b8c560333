"""Routes on drawn street networks with drawn closures: the same times as every other way to ask, over open roads."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_roads import shortest_by_networkx
from oracles_routes import check_route, grid_network
from placed_points import places

import rescuesim as rs
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.states import LEVELS, Closure
from rescuesim.travel.routing import AlternativeLimits

streets = functools.cache(grid_network)
SHARES = st.floats(0, 1)


@st.composite
def states_of(draw: st.DrawFn, network: RoadNetwork) -> NetworkState:
    """Close or slow whole roads and parts of them, from none to all."""
    length = network.road_length_m
    some = draw(st.lists(st.integers(0, network.n_roads - 1), max_size=8, unique=True))
    closures = []
    for road in some:
        low, high = sorted((draw(SHARES), draw(SHARES)))
        whole = draw(st.booleans())
        part = {} if whole else {"from_m": low * length[road], "to_m": high * length[road]}
        closures.append(Closure(road=road, level=draw(st.sampled_from(LEVELS)), **part))
    if draw(st.integers(0, 19)) == 0:
        closures = [Closure(road=road) for road in range(network.n_roads)]
    slow = draw(st.dictionaries(st.integers(0, network.n_roads - 1), st.floats(1, 4), max_size=4))
    return NetworkState(closures=tuple(closures), slow_downs=slow)


def spot(draw: st.DrawFn, network: RoadNetwork, road: int | None = None) -> tuple[float, float]:
    """Place a point on or beside a road, or at a junction."""
    seed = draw(st.integers(0, 10**6))
    if road is None:
        frame = places(network, 1, seed, "p")
        return float(frame["lon"].iloc[0]), float(frame["lat"].iloc[0])
    at = network.road_line[road].interpolate(draw(SHARES), normalized=True)
    return float(at.x), float(at.y)


@settings(max_examples=150)
@given(st.data())
def test_a_route_takes_what_travel_times_and_networkx_say(data: st.DataObject) -> None:
    network = streets(data.draw(st.integers(0, 7)), even=data.draw(st.booleans()))
    network = replace(network, start_up_s=data.draw(st.sampled_from([0.0, 18.5])))
    same_road = data.draw(st.one_of(st.none(), st.integers(0, network.n_roads - 1)))
    a, b = spot(data.draw, network, same_road), spot(data.draw, network, same_road)
    state = data.draw(states_of(network))
    routes = rs.route(network, a, b, states=NetworkStates(states=(state,)))
    found = routes[0]
    sites = rs.load_sites(pd.DataFrame({"id": ["a"], "lon": [a[0]], "lat": [a[1]]}))
    point = rs.load_demand(pd.DataFrame({"id": ["b"], "lon": [b[0]], "lat": [b[1]]}))
    times = rs.travel_times(network, sites, point, states=NetworkStates(states=(state,)))[0]
    assert found.ticks == times.ticks[0, 0]
    assert found.reason == times.reasons()[0, 0]
    assert times.site_snap is not None
    assert times.demand_snap is not None
    expected = shortest_by_networkx(network, times.site_snap, times.demand_snap, [(0, 0)], state)[0]
    assert found.ticks == (UNREACHABLE if expected is None else expected)
    if found.reachable:
        check_route(routes, found, state)


@settings(max_examples=80)
@given(st.data())
def test_evacuation_takes_the_least_of_travel_times_and_the_path_of_route(data: st.DataObject) -> None:
    network = streets(data.draw(st.integers(0, 7)), even=data.draw(st.booleans()))
    n, m, seed = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 5)), data.draw(st.integers(0, 10**6))
    villages = rs.load_demand(places(network, n, seed, "v"))
    table = places(network, m, seed + 1, "s").assign(kind="shelter")
    shelters = rs.load_sites(
        pd.concat([table, table.iloc[:1].assign(id="twin")]) if data.draw(st.booleans()) else table
    )
    shut = data.draw(st.sets(st.sampled_from(shelters.ids)))
    states = NetworkStates(states=(replace(data.draw(states_of(network)), unusable_sites=frozenset(shut)),))
    found = rs.evacuation_routes(network, villages, shelters, states=states)
    ensemble = rs.travel_times(network, shelters, villages, states=states, towards="sites")
    for state, times in zip(found.every_state, (ensemble.intact, ensemble[0]), strict=True):
        ticks = times.ticks.copy()
        assert np.array_equal(state.ticks, ticks.min(axis=0))
        assert np.array_equal(state.nearest, np.where(state.reached, ticks.argmin(axis=0), -1))
        some = np.flatnonzero(state.reached)
        ticks[state.nearest[some], some] = UNREACHABLE
        assert np.array_equal(state.second_ticks, ticks.min(axis=0))
        assert np.array_equal(state.second, np.where(ticks.min(axis=0) < UNREACHABLE, ticks.argmin(axis=0), -1))
        is_open, graph = found.graph.open_pieces(state.network_state), found.graph
        for village in range(n):
            path, node = found.path(state, village), int(graph.point_node[len(found.chosen) + village])
            assert is_open[path].all()
            for piece in path.tolist():
                assert graph.tail[piece] == node
                node = int(graph.head[piece])
            if state.reached[village]:
                assert node == graph.point_node[state.nearest[village]]


@settings(max_examples=40)
@given(st.data())
def test_alternatives_are_simple_apart_and_no_detours(data: st.DataObject) -> None:
    network = streets(data.draw(st.integers(0, 3)), side=7)
    limits = AlternativeLimits(
        sharing=data.draw(st.sampled_from([0.0, 0.5, 0.8, 1.0])),
        stretch=data.draw(st.sampled_from([0.0, 0.25, 1.0])),
        local_optimality=data.draw(st.sampled_from([0.0, 0.25, 1.0])),
        tried=100,
    )
    a, b = spot(data.draw, network), spot(data.draw, network)
    state = data.draw(states_of(network))
    routes = rs.route(network, a, b, states=NetworkStates(states=(state,)), alternatives=3, limits=limits)
    best = routes[0]
    ticks = routes.graph.piece_ticks(state)
    ways = (best, *best.alternatives)
    assert len({way.pieces.tobytes() for way in ways}) == len(ways)
    for way in best.alternatives:
        check_route(routes, way, state)
        assert best.road_ticks <= way.road_ticks <= best.road_ticks * (1 + limits.stretch)
        for other in ways:
            if other is not way:
                common = int(ticks[np.intersect1d(way.pieces, other.pieces)].sum())
                assert common <= limits.sharing * min(way.road_ticks, other.road_ticks)
