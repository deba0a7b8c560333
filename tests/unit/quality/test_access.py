"""The way from a point to its road: at the vehicle's speed, in its weather, and never onto a motorway."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ways_by_hand import ways_of

from rescuesim.errors import UnknownIdError
from rescuesim.network.build import build_network
from rescuesim.network.coordinates.crs import unproject
from rescuesim.network.vehicles.conditions import TravelConditions
from rescuesim.network.vehicles.profiles import travel_profile
from rescuesim.quality import nearest_roads, snap_points

PLACES = [(0.0, 0.0), (2000.0, 0.0), (0.0, 300.0), (2000.0, 300.0), (-500.0, 0.0), (2500.0, 300.0)]
LINES = [[0, 1], [2, 3], [0, 2], [1, 3], [4, 0], [3, 5]]


def beside(x_m: float, y_m: float) -> tuple[np.ndarray, np.ndarray]:
    from ways_by_hand import METRIC, ORIGIN

    lon, lat = unproject([x_m + ORIGIN[0]], [y_m + ORIGIN[1]], METRIC)
    return lon, lat


def test_the_access_leg_is_gone_at_the_speed_of_the_profile_in_its_weather() -> None:
    ways, point = ways_of(PLACES, LINES), beside(1000.0, -180.0)
    expected = {"rescue_car": 180 / 12 * 3.6, "on_foot": 180 / 3 * 3.6}
    for name, seconds in expected.items():
        snapped = snap_points(build_network(ways, profile=travel_profile(name)), *point)
        assert snapped.access_ticks[0] / 10_000 == pytest.approx(seconds, rel=2e-3)
    dry = build_network(ways)
    ice = build_network(ways, conditions=TravelConditions(weather="ice"))
    factor = travel_profile("rescue_car").ice_factor
    assert ice.access_kph == pytest.approx(dry.access_kph * factor)
    assert dry.under(weather="ice").access_kph == ice.access_kph


def test_a_village_beside_a_motorway_uses_the_road_behind_it_and_a_closure_may_lie_on_it() -> None:
    network = build_network(ways_of(PLACES, LINES, road_class=["motorway", *["tertiary"] * 5]))
    point = beside(1000.0, 100.0)
    road = snap_points(network, *point).road[0]
    assert network.road_class[network.road == road][0] == "tertiary"
    assert network.road_class[network.road == snap_points(network, *point, any_road=True).road[0]][0] == "motorway"
    only = build_network(ways_of(PLACES, LINES, road_class="motorway"))
    assert nearest_roads(only, *point).access_m[0] == pytest.approx(100, abs=1)


def test_the_factors_of_a_changed_profile_are_not_those_of_the_one_it_came_from() -> None:
    changed = replace(travel_profile("rescue_car"), ice_factor=0.2)
    network = build_network(ways_of(PLACES, LINES), profile=changed)
    with pytest.raises(UnknownIdError, match="changed"):
        network.under(weather="ice")
    under = network.under(weather="ice", profile=changed)
    assert (
        under.ticks == build_network(ways_of(PLACES, LINES), profile=changed, conditions=under.conditions).ticks
    ).all()
    assert sum("travel times" in note for note in under.summary().notes) == 1
