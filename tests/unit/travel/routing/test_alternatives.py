"""Alternative routes: simple, apart from each other, no detours, and locally the fastest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from oracles_routes import check_alternative, check_route, grid_network
from placed_points import places, random_state

import rescuesim as rs
from rescuesim.errors import InputError
from rescuesim.network import NetworkStates, RoadNetwork
from rescuesim.travel.routing import AlternativeLimits
from rescuesim.travel.routing.route import Route


def shared_ticks(routes: rs.Routes, one: Route, other: Route, ticks: np.ndarray) -> int:
    return int(ticks[sorted(set(one.pieces.tolist()) & set(other.pieces.tolist()))].sum())


@pytest.mark.parametrize("name", ["guixi", "grid"])
def test_alternatives_keep_every_limit(name: str, request: pytest.FixtureRequest) -> None:
    network = grid_network(3, side=9) if name == "grid" else request.getfixturevalue("guixi")
    limits = AlternativeLimits.usual()
    a, b = places(network, 14, 51, "a"), places(network, 14, 52, "b")
    states = NetworkStates(states=tuple(replace(random_state(network, k), probability=0.5) for k in range(2)))
    found = 0
    for row in range(14):
        ends = [(float(frame["lon"].iloc[row]), float(frame["lat"].iloc[row])) for frame in (a, b)]
        routes = rs.route(network, ends[0], ends[1], states=states, alternatives=3)
        for state, best in zip(states, routes, strict=True):
            ways = (best, *best.alternatives)
            ticks = routes.graph.piece_ticks(state)
            assert [way.ticks for way in ways] == sorted(way.ticks for way in ways)
            for way in best.alternatives:
                check_route(routes, way, state)
                check_alternative(routes, state, best, way, share=limits.local_optimality)
                assert way.road_ticks <= best.road_ticks * (1 + limits.stretch)
                shares = [
                    shared_ticks(routes, way, other, ticks) / min(way.road_ticks, other.road_ticks)
                    for other in ways
                    if other is not way
                ]
                assert max(shares) == pytest.approx(way.sharing)
                assert way.sharing <= limits.sharing
                found += 1
    assert found > 5


def test_a_note_says_where_fewer_are_worth_showing(town: RoadNetwork) -> None:
    routes = rs.route(town, (119.31, 28.71), (119.33, 28.71), alternatives=2)
    assert routes[0].alternatives == ()
    assert any("2 alternatives asked for, 0 worth showing" in note for note in routes.notes)
    assert "要求 2 条备选路线，只有 0 条" in routes.in_language("zh")


def test_wider_limits_show_more_and_no_sharing_shows_ways_that_have_nothing_in_common() -> None:
    network = grid_network(7, side=8)
    ends = [(float(network.lon[n]), float(network.lat[n])) for n in (9, network.n_nodes - 15)]
    usual = rs.route(network, ends[0], ends[1], alternatives=8)[0]
    wide = AlternativeLimits(sharing=0.95, stretch=0.5, local_optimality=0.05, tried=2000)
    apart = AlternativeLimits(sharing=0.0, stretch=1.0, local_optimality=0.0, tried=2000)
    many = rs.route(network, ends[0], ends[1], alternatives=8, limits=wide)[0]
    assert len(many.alternatives) >= len(usual.alternatives)
    none = rs.route(network, ends[0], ends[1], alternatives=8, limits=apart)[0]
    assert none.alternatives
    driven = [set(way.pieces.tolist()) for way in (none, *none.alternatives)]
    assert sum(len(pieces) for pieces in driven) == len(set.union(*driven))
    assert rs.route(network, ends[0], ends[1], alternatives=0)[0].alternatives == ()


def test_limits_out_of_range_are_refused() -> None:
    usual = AlternativeLimits.usual()
    for wrong in ({"sharing": 1.5}, {"stretch": -0.1}, {"local_optimality": float("nan")}, {"tried": -1}):
        with pytest.raises(InputError, match="expected shares"):
            replace(usual, **wrong)  # type: ignore[arg-type]
