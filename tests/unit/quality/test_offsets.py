from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import shapely

from rescuesim._words import in_language
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import (
    bd09_to_wgs84,
    gcj02_to_wgs84,
    project,
    unproject,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from rescuesim.quality import detect_offset

Places = tuple[np.ndarray, np.ndarray]


def beside_roads(network: RoadNetwork, n: int, *, least_m: float, most_m: float, seed: int) -> Places:
    """Points at roads drawn by length, moved by a distance between the two in any direction."""
    draw = np.random.default_rng(seed)
    lines = network.projected_lines()
    length = shapely.length(lines)
    chosen = draw.choice(len(lines), n, p=length / length.sum())
    at = shapely.line_interpolate_point(lines[chosen], draw.uniform(0, 1, n), normalized=True)
    metres, angle = draw.uniform(least_m, most_m, n), draw.uniform(0, 2 * np.pi, n)
    x, y = shapely.get_x(at) + metres * np.cos(angle), shapely.get_y(at) + metres * np.sin(angle)
    return unproject(x, y, network.crs)


def anywhere(network: RoadNetwork, n: int, *, seed: int) -> Places:
    draw = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(network.projected_lines())
    return unproject(draw.uniform(west, east, n), draw.uniform(south, north, n), network.crs)


REALLY: list[tuple[str, str, Callable[..., Places]]] = [
    # what the table says, what it is, and what the loader makes of true places that way
    ("wgs84", "gcj02", wgs84_to_gcj02),
    ("wgs84", "bd09", wgs84_to_bd09),
    ("EPSG:4490", "gcj02", wgs84_to_gcj02),
    ("gcj02", "wgs84", gcj02_to_wgs84),
    ("bd09", "wgs84", bd09_to_wgs84),
    ("gcj02", "bd09", lambda lon, lat: gcj02_to_wgs84(*wgs84_to_bd09(lon, lat))),
    ("bd09", "gcj02", lambda lon, lat: bd09_to_wgs84(*wgs84_to_gcj02(lon, lat))),
]


@pytest.mark.shared
@pytest.mark.parametrize(("declared", "really", "loaded"), REALLY)
@pytest.mark.parametrize(("least_m", "most_m"), [(0, 20), (5, 150)])
def test_points_in_another_system_are_told_which_in_a_county_seat(
    guixi: RoadNetwork, declared: str, really: str, loaded: Callable[..., Places], least_m: float, most_m: float
) -> None:
    for seed in range(2):
        true = beside_roads(guixi, 300, least_m=least_m, most_m=most_m, seed=seed)
        found = detect_offset(guixi, *loaded(*true), declared_crs=declared)
        assert found is not None
        assert (found.declared, found.best, found.rival) == (declared, really, "")
        assert found.best_median_m < 0.7 * found.declared_median_m
        assert found.p_value < 1e-3


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(("declared", "really", "loaded"), REALLY[:2] + REALLY[3:4])
def test_points_in_another_system_are_told_which_in_a_big_city(
    wuhan: RoadNetwork, declared: str, really: str, loaded: Callable[..., Places]
) -> None:
    true = beside_roads(wuhan, 300, least_m=5, most_m=100, seed=1)
    found = detect_offset(wuhan, *loaded(*true), declared_crs=declared)
    assert found is not None
    assert (found.best, found.rival) == (really, "")


@pytest.mark.shared
@pytest.mark.parametrize("declared", ["wgs84", "gcj02", "bd09"])
@pytest.mark.parametrize("most_m", [20, 150, 600])
def test_points_that_are_what_they_are_declared_raise_no_suspicion(
    guixi: RoadNetwork, declared: str, most_m: float
) -> None:
    for seed in range(2):
        true = beside_roads(guixi, 300, least_m=5, most_m=most_m, seed=seed)
        assert detect_offset(guixi, *true, declared_crs=declared) is None


@pytest.mark.shared
@pytest.mark.parametrize("seeds", [range(6), pytest.param(range(6, 80), marks=pytest.mark.slow)])
def test_points_scattered_at_random_raise_no_suspicion(guixi: RoadNetwork, seeds: range) -> None:
    for seed in seeds:
        n = (30, 100, 300)[seed % 3]
        declared = ("wgs84", "gcj02")[seed % 2]
        assert detect_offset(guixi, *anywhere(guixi, n, seed=seed), declared_crs=declared) is None


@pytest.mark.shared
def test_villages_two_hundred_metres_off_the_roads_raise_no_suspicion(guixi: RoadNetwork) -> None:
    for seed in range(4):
        scattered = beside_roads(guixi, 200, least_m=150, most_m=250, seed=seed)
        assert detect_offset(guixi, *scattered) is None


@pytest.mark.shared
@pytest.mark.parametrize("seeds", [range(4), pytest.param(range(4, 40), marks=pytest.mark.slow)])
def test_many_points_of_a_few_villages_raise_no_suspicion(guixi: RoadNetwork, seeds: range) -> None:
    draw = np.random.default_rng(4)
    for seed in seeds:
        x, y = project(*anywhere(guixi, 12, seed=seed), guixi.crs)
        village = draw.integers(0, 12, 300)
        scattered = unproject(x[village] + draw.normal(0, 150, 300), y[village] + draw.normal(0, 150, 300), guixi.crs)
        assert detect_offset(guixi, *scattered, declared_crs=("wgs84", "gcj02")[seed % 2]) is None


@pytest.mark.shared
def test_a_common_shift_of_another_datum_is_found_with_its_direction(guixi: RoadNetwork) -> None:
    true = beside_roads(guixi, 400, least_m=0, most_m=20, seed=2)
    x, y = project(*true, guixi.crs)
    found = detect_offset(guixi, *unproject(x + 70, y - 110, guixi.crs))
    assert found is not None
    assert found.best == "shift"
    assert np.allclose(found.shift_m, (-70, 110), atol=20)
    assert "shifted by" in found.note


@pytest.mark.shared
@pytest.mark.parametrize("n", [3, 200])
@pytest.mark.parametrize(
    ("really", "lost"),
    [
        ("negative_lon", lambda lon, lat: (-lon, lat)),
        ("negative_lat", lambda lon, lat: (lon, -lat)),
    ],
)
def test_points_that_lost_a_sign_are_told_so(
    guixi: RoadNetwork, n: int, really: str, lost: Callable[..., Places]
) -> None:
    found = detect_offset(guixi, *lost(*beside_roads(guixi, n, least_m=5, most_m=100, seed=0)))
    assert found is not None
    assert found.best == really
    assert np.isnan(found.p_value)


def test_exchanged_columns_are_told_where_both_orders_lie_on_earth(town: RoadNetwork) -> None:
    from dataclasses import replace

    from rescuesim.network.coordinates.crs import metric_crs

    # the same streets in the south of Brazil, where longitude and latitude look alike
    west = shapely.transform(town.road_line, lambda xy: xy - np.array([170.3, 58.7]))
    brazil = replace(town, road_line=west, crs=metric_crs([-51.0], [-30.0]))
    lon, lat = np.array([-51.0, -50.995, -50.99]), np.array([-30.0, -30.0, -29.995])
    assert detect_offset(brazil, lon, lat) is None
    found = detect_offset(brazil, lat, lon)
    assert found is not None
    assert found.best == "exchanged"
    assert "lon and lat exchanged" in found.note


@pytest.mark.shared
def test_too_few_points_say_nothing(guixi: RoadNetwork) -> None:
    true = beside_roads(guixi, 12, least_m=0, most_m=10, seed=0)
    assert detect_offset(guixi, *wgs84_to_gcj02(*true)) is None
    assert detect_offset(guixi, np.array([]), np.array([])) is None
    assert detect_offset(guixi, true[0][:1], true[1][:1]) is None


@pytest.mark.shared
def test_points_far_from_the_network_say_nothing(guixi: RoadNetwork) -> None:
    draw = np.random.default_rng(0)
    assert detect_offset(guixi, draw.uniform(90, 91, 50), draw.uniform(40, 41, 50)) is None
    assert detect_offset(guixi, np.full(50, 117.2), np.full(50, 28.3)) is None  # all at one place


@pytest.mark.shared
def test_the_suspicion_is_the_same_each_time_and_speaks_two_languages(guixi: RoadNetwork) -> None:
    shifted = wgs84_to_gcj02(*beside_roads(guixi, 5000, least_m=0, most_m=20, seed=3))
    first, second = detect_offset(guixi, *shifted), detect_offset(guixi, *shifted)
    assert first is not None
    assert first == second
    assert first.n_points == 2000
    assert "your points fit the roads best as gcj02: median" in first.note
    assert "按 gcj02 解读时与道路最吻合" in in_language(first.note, "zh")


def test_a_place_that_is_none_is_refused(town: RoadNetwork) -> None:
    with pytest.raises(InputError, match="finite"):
        detect_offset(town, np.array([np.nan]), np.array([28.7]))
