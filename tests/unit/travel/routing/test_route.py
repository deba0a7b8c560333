"""Routes between two places: the same times as travel_times, over open pieces, drawn along the roads."""

from __future__ import annotations

import itertools
import math
import pickle
from dataclasses import replace
from pathlib import Path

import geopandas
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from oracles_roads import shortest_by_networkx
from oracles_routes import check_route, digraph, grid_network, line_metres, walked_nodes
from placed_points import moving_only, on_road, places, random_state

import rescuesim as rs
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.states import Closure
from rescuesim.travel import Routes, TravelTimes


def at(frame: pd.DataFrame, row: int) -> tuple[float, float]:
    return float(frame["lon"].iloc[row]), float(frame["lat"].iloc[row])


def times_of(network: RoadNetwork, a: pd.DataFrame, b: pd.DataFrame, states: NetworkStates | None) -> list[TravelTimes]:
    found = rs.travel_times(network, rs.load_sites(a), rs.load_demand(b), states=states)
    return [found] if isinstance(found, TravelTimes) else list(found)


@pytest.mark.parametrize("launch_s", [0.0, 90.0])
def test_routes_take_exactly_the_travel_time_in_every_state(guixi: RoadNetwork, launch_s: float) -> None:
    network = replace(guixi, start_up_s=18.5, launch_s=launch_s)
    a, b = places(network, 12, 31, "a"), places(network, 12, 32, "b")
    states = NetworkStates(states=tuple(replace(random_state(network, k), probability=1 / 3) for k in range(3)))
    times = times_of(network, a, b, states)
    seen = 0
    for row in range(12):
        routes = rs.route(network, at(a, row), at(b, row), states=states)
        for number, (state, found) in enumerate(zip(states, routes, strict=True)):
            assert found.ticks == times[number].ticks[row, row]
            assert found.travel_time_s == times[number].values[row, row]
            assert found.reason == times[number].reasons()[row, row]
            if found.reachable:
                check_route(routes, found, state)
                seen += 1
            else:
                assert found.geometry.is_empty
                assert found.length_m == math.inf
    assert seen > 20


def test_the_pieces_are_a_shortest_path_of_networkx(guixi: RoadNetwork) -> None:
    a, b = places(guixi, 10, 33, "a"), places(guixi, 10, 34, "b")
    state = random_state(guixi, 5)
    for row in range(10):
        routes = rs.route(guixi, at(a, row), at(b, row), states=NetworkStates(states=(state,)))
        one = [replace(routes.snap, **{k: getattr(routes.snap, k)[[end]] for k in FIELDS}) for end in (0, 1)]
        expected = shortest_by_networkx(guixi, one[0], one[1], [(0, 0)], state)[0]
        assert routes[0].ticks == (UNREACHABLE if expected is None else expected)


FIELDS = ("road", "position_m", "access_m", "access_ticks")


@pytest.fixture(scope="module")
def moving(town: RoadNetwork) -> RoadNetwork:
    """Return the town without waiting and start-up loss."""
    return moving_only(town)


@pytest.fixture(scope="module")
def one_way(moving: RoadNetwork) -> int:
    return int(moving.edges.query("tail == 4 and head == 1")["road"].item())


@pytest.fixture(scope="module")
def dead_end(moving: RoadNetwork) -> int:
    return int(moving.edges.query("tail == 3 and head == 6")["road"].item())


def test_along_a_one_way_street_it_is_near_and_against_it_all_the_way_round(moving: RoadNetwork, one_way: int) -> None:
    both = on_road(moving, one_way, [300.0, 700.0], "p")
    along, against = rs.route(moving, at(both, 0), at(both, 1))[0], rs.route(moving, at(both, 1), at(both, 0))[0]
    assert along.roads == (one_way,)
    assert along.length_m == pytest.approx(400, abs=0.1)
    assert against.roads[0] == against.roads[-1] == one_way
    assert len(against.roads) > 2
    circle = float(moving.length_m[moving.road == one_way].item()) - 400
    assert against.length_m > circle
    assert line_metres(against.geometry) == pytest.approx(against.length_m, rel=1e-4)


def test_on_a_two_way_road_both_directions_stay_on_it(moving: RoadNetwork, dead_end: int) -> None:
    both = on_road(moving, dead_end, [300.0, 700.0], "p")
    there, back = rs.route(moving, at(both, 0), at(both, 1))[0], rs.route(moving, at(both, 1), at(both, 0))[0]
    assert there.roads == back.roads == (dead_end,)
    assert there.ticks == back.ticks
    assert shapely.equals_exact(there.geometry, shapely.reverse(back.geometry), tolerance=1e-9)


def test_from_a_place_to_itself_nothing_is_driven_but_the_access_legs(moving: RoadNetwork, dead_end: int) -> None:
    spot = on_road(moving, dead_end, [400.0], "p")
    here = rs.route(moving, at(spot, 0), at(spot, 0), alternatives=3)[0]
    assert here.reachable
    assert len(here.pieces) == 0
    assert here.geometry.is_empty
    assert (here.length_m, here.alternatives) == (0.0, ())
    off = (float(spot["lon"].iloc[0]), float(spot["lat"].iloc[0]) + 50 / 111_000)
    legs = rs.route(moving, off, off)[0]
    assert legs.ticks == legs.access_ticks > 0
    assert legs.access_m == pytest.approx(100, rel=0.01)
    assert "离开道路" in legs.in_language("zh")


def test_at_one_junction_nothing_is_driven(moving: RoadNetwork) -> None:
    junction = 119.310, 28.710
    found = rs.route(moving, junction, junction)[0]
    assert (found.ticks, found.roads, found.legs) == (0, (), ())


def test_a_piece_of_no_length_is_driven_without_a_line() -> None:
    for seed in range(6):
        network = grid_network(seed)
        short = np.flatnonzero(network.length_m == 0)
        if not len(short):
            continue
        edge = int(short[0])
        ends = [(float(network.lon[n]), float(network.lat[n])) for n in (network.tail[edge], network.head[edge])]
        routes = rs.route(network, *ends)
        assert routes[0].reachable
        assert routes[0].length_m == 0
        return
    pytest.fail("no road of no length")


def test_a_closed_section_is_driven_round_or_is_said(moving: RoadNetwork, dead_end: int) -> None:
    spots = on_road(moving, dead_end, [300.0, 1000.0, 1500.0], "d")
    slide = NetworkState(closures=(Closure(road=dead_end, from_m=980, to_m=1040),), label="滑坡", probability=0.5)
    states = NetworkStates(states=(NetworkState(label="open", probability=0.5), slide))
    reasons = [rs.route(moving, (119.31, 28.71), at(spots, row), states=states) for row in range(3)]
    assert [[way.reason for way in routes] for routes in reasons] == [["", ""], ["", "road_closed"], ["", "no_path"]]
    assert [(way.state, way.probability) for way in reasons[0]] == [("open", 0.5), ("滑坡", 0.5)]
    assert "没有可通行的道路" in reasons[2][1].in_language("zh")
    assert reasons[2][1].travel_time_s == math.inf


def test_slow_downs_are_part_of_the_time_and_are_told(moving: RoadNetwork, dead_end: int) -> None:
    spots = on_road(moving, dead_end, [300.0, 1300.0], "d")
    state = NetworkState(closures=(Closure(road=dead_end, from_m=500, to_m=1000, level="one_lane"),))
    slowed = rs.route(moving, at(spots, 0), at(spots, 1), states=NetworkStates(states=(state,)))
    free = rs.route(moving, at(spots, 0), at(spots, 1))
    assert slowed[0].slowed_ticks == slowed[0].ticks - free[0].ticks
    assert slowed[0].slowed_ticks == pytest.approx(free[0].ticks * 0.5, rel=1e-3)
    check_route(slowed, slowed[0], state)


def test_a_place_without_a_road_and_a_site_out_of_use_are_said(town: RoadNetwork) -> None:
    far = rs.route(town, (119.31, 28.71), (119.31, 28.75), snap_limit_m=500)[0]
    assert far.reason == "no_road"
    assert far.access_to_m > 3000
    assert far.access_to.is_empty
    site = rs.load_sites(pd.DataFrame({"id": ["s"], "lon": [119.31], "lat": [28.71]}))
    village = rs.load_demand(pd.DataFrame({"id": ["v"], "lon": [119.30], "lat": [28.70]}))
    states = NetworkStates(states=(NetworkState(unusable_sites=frozenset({"s", "other"})),))
    assert rs.route(town, site, village, states=states)[0].reason == "site_unusable"
    assert rs.route(town, village, site, states=states)[0].reason == "site_unusable"
    assert rs.route(town, village, village, states=states)[0].reachable


def test_of_equally_fast_ways_the_one_over_the_fewest_junctions_and_pieces_is_taken() -> None:
    checked = 0
    for seed in range(5):
        network = grid_network(seed, even=True)
        corner = [(float(network.lon[n]), float(network.lat[n])) for n in (0, network.n_nodes - 3)]
        routes = rs.route(network, *corner)
        graph = routes.graph
        ticks = graph.piece_ticks()
        between: dict[tuple[int, int], tuple[int, int]] = {}
        for piece in range(len(ticks)):
            ends, size = (int(graph.tail[piece]), int(graph.head[piece])), (int(ticks[piece]), piece)
            between[ends] = min(between.get(ends, size), size)
        keys = []
        for nodes in nx.all_shortest_paths(digraph(graph, None), *graph.point_node.tolist(), weight="ticks"):
            # each node of the network that is left is a junction
            junctions = sum(node < network.n_nodes for node in nodes[:-1])
            keys.append((junctions, len(nodes) - 1, [between[ends][1] for ends in itertools.pairwise(nodes)]))
        assert routes[0].pieces.tolist() == min(keys)[2]
        checked += len(keys) > 1
    assert checked


def test_of_parallel_roads_the_faster_one_is_driven_and_the_other_when_it_is_closed() -> None:
    network = moving_only(grid_network(1))
    pairs = pd.DataFrame({"tail": network.tail, "head": network.head}).groupby(["tail", "head"]).size()
    tail, head = pairs[pairs > 1].index[0]
    both = np.flatnonzero((network.tail == tail) & (network.head == head))
    fastest = int(both[np.argmin(network.ticks[both])])
    ends = [(float(network.lon[n]), float(network.lat[n])) for n in (tail, head)]
    first = rs.route(network, *ends)[0]
    assert first.ticks <= network.ticks[fastest]
    shut = NetworkStates.from_closures([set(first.roads)])
    second = rs.route(network, *ends, states=shut)
    assert not set(second[0].roads) & set(first.roads)
    check_route(second, second[0], shut[0])


def test_bridges_names_and_turns_are_told_in_both_languages(town: RoadNetwork) -> None:
    found = rs.route(town, (119.305, 28.6999), (119.33, 28.71))[0]
    assert [leg.name for leg in found.legs] == ["人民路", "溪滨路"]
    assert found.bridges == (int(town.edges.query("tail == 1 and head == 3")["road"].item()),)
    assert found.tunnels == ()
    assert found.in_language("zh").endswith(
        "到道路 10 米，然后沿人民路向东 1.6 公里（过桥），然后右转，沿溪滨路 2.0 公里"
    )
    unnamed = str(rs.route(town, (119.31, 28.705), (119.30, 28.71))[0])
    assert (
        "along 人民路 north for 550 m (bridge), then turn left along an unnamed residential street for 980" in unnamed
    )


def test_the_table_has_a_row_for_every_way_and_is_written(guixi: RoadNetwork, tmp_path: Path) -> None:
    shut = NetworkState(closures=tuple(Closure(road=r) for r in range(guixi.n_roads)), probability=0.5, label="全断")
    states = NetworkStates(states=(NetworkState(probability=0.5, label="通"), shut))
    a, b = places(guixi, 1, 41, "a"), places(guixi, 1, 42, "b")
    routes = rs.route(guixi, at(a, 0), at(b, 0), states=states, alternatives=2)
    frame = routes.to_frame(lang="zh")
    assert len(frame) == 2 + len(routes[0].alternatives)
    assert frame.crs == "EPSG:4326"
    assert "OpenStreetMap" in frame.attrs["attribution"]
    cut = frame.iloc[-1]
    assert (cut["state"], cut["reachable"], cut["reason"]) == ("全断", False, "road_closed")
    assert math.isnan(cut["travel_time_s"])
    assert cut.geometry is None
    for name in ("r.gpkg", "r.geojson"):
        back = geopandas.read_file(routes.write_layer(tmp_path / name))
        assert len(back) == len(frame)
        assert back["travel_time_s"].iloc[0] == pytest.approx(routes[0].travel_time_s)
        assert shapely.equals_exact(back.geometry.iloc[0], routes[0].geometry, tolerance=1e-6)
    with pytest.raises(InputError, match=r"\.gpkg or \.geojson"):
        routes.write_layer(tmp_path / "r.shp")


@pytest.mark.parametrize(
    ("a", "b", "match"),
    [
        ((28.7, 119.3), (119.3, 28.7), "in this order"),
        ((119.3, math.nan), (119.3, 28.7), "WGS84"),
        ((119.3, 28.7), (math.inf, 28.7), "WGS84"),
        ((119.3,), (119.3, 28.7), "longitude and latitude"),
        ("ab", (119.3, 28.7), "longitude and latitude"),
        ((119.3, 28.7), None, "longitude and latitude"),
    ],
)
def test_a_place_that_is_none_is_refused(town: RoadNetwork, a: object, b: object, match: str) -> None:
    with pytest.raises(InputError, match=match):
        rs.route(town, a, b)  # type: ignore[arg-type]


def test_tables_of_several_rows_and_roads_that_do_not_exist_are_refused(town: RoadNetwork) -> None:
    two = rs.load_demand(pd.DataFrame({"id": ["a", "b"], "lon": [119.3, 119.31], "lat": [28.7, 28.7]}))
    with pytest.raises(InputError, match="2 rows"):
        rs.route(town, two, (119.3, 28.7))
    with pytest.raises(UnknownIdError, match="road 999"):
        rs.route(town, (119.3, 28.7), (119.31, 28.7), states=NetworkStates.from_closures([{999}]))
    for wrong in (-1, 1.5, True):
        with pytest.raises(InputError, match="alternatives"):
            rs.route(town, (119.3, 28.7), (119.31, 28.7), alternatives=wrong)  # type: ignore[arg-type]


def test_a_walking_network_says_that_roads_open_on_foot_count_as_closed(town_file: Path) -> None:
    walking = rs.load_network(town_file, profile="on_foot")
    states = NetworkStates(states=(NetworkState(closures=(Closure(road=0, level="on_foot"),)),))
    found = rs.route(walking, (119.3, 28.7), (119.33, 28.71), states=states)
    assert any("on foot" in note for note in found.notes)
    assert not rs.route(walking, (119.3, 28.7), (119.33, 28.71)).notes


def test_routes_are_a_sequence_of_routes(town: RoadNetwork) -> None:
    states = NetworkStates.from_closures([set(), {1}, {2}])
    routes = rs.route(town, (119.3, 28.7), (119.33, 28.71), states=states)
    assert isinstance(routes, Routes)
    assert len(routes) == len(list(routes)) == 3
    assert routes[-1] is routes[2]
    assert routes[:2] == (routes[0], routes[1])
    nodes = walked_nodes(routes.graph, routes[0], int(routes.graph.point_node[0]))
    assert all(a != b for a, b in itertools.pairwise(nodes))


def test_routes_travel_to_workers(town: RoadNetwork) -> None:
    routes = rs.route(town, (119.3, 28.7), (119.33, 28.71))
    again = pickle.loads(pickle.dumps(routes))
    assert again[0].ticks == routes[0].ticks
    assert again.in_language("zh") == routes.in_language("zh")
