from __future__ import annotations

import itertools

import numpy as np
import pytest
from oracles_crs import bd09_of, gcj02_of

from rescuesim.errors import InputError
from rescuesim.network.coordinates.crs import (
    CHINA_BOX,
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    in_china_box,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from rescuesim.network.ways import great_circle_m

TO_AND_BACK = [(wgs84_to_gcj02, gcj02_to_wgs84), (gcj02_to_bd09, bd09_to_gcj02), (wgs84_to_bd09, bd09_to_wgs84)]


def places(n: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.uniform(73, 135.1, n), draw.uniform(3, 53.6, n)


def test_the_offset_of_beijing_is_some_five_hundred_metres_to_the_east() -> None:
    lon, lat = np.array([116.391]), np.array([39.907])
    to_lon, to_lat = wgs84_to_gcj02(lon, lat)
    assert 400 < great_circle_m(lon, lat, to_lon, to_lat)[0] < 700
    assert to_lon > lon


def test_the_forward_formulas_equal_the_public_ones_a_place_at_a_time() -> None:
    lon, lat = places(5000)
    gcj02, bd09 = wgs84_to_gcj02(lon, lat), wgs84_to_bd09(lon, lat)
    for at, place in enumerate(zip(lon.tolist(), lat.tolist(), strict=True)):
        by_hand = gcj02_of(*place)
        assert np.allclose((gcj02[0][at], gcj02[1][at]), by_hand, rtol=0, atol=1e-12)
        assert np.allclose((bd09[0][at], bd09[1][at]), bd09_of(*by_hand), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("to", "back"), TO_AND_BACK)
def test_the_way_back_meets_its_image_within_a_hundredth_of_a_millimetre(to, back) -> None:  # type: ignore[no-untyped-def]
    lon, lat = places(50_000)
    there = to(lon, lat)
    again = to(*back(*there))
    assert great_circle_m(*there, *again).max() < 1e-5
    assert great_circle_m(lon, lat, *back(*there)).max() < 1e-5


@pytest.mark.parametrize(("to", "back"), TO_AND_BACK)
def test_the_way_back_converges_at_the_cusp_of_the_formula(to, back) -> None:  # type: ignore[no-untyped-def]
    lon = 105 + np.r_[0, np.logspace(-16, -2, 300), -np.logspace(-16, -2, 300)]
    lat = np.full(len(lon), 33.1)
    assert great_circle_m(lon, lat, *back(*to(lon, lat))).max() < 1e-5


@pytest.mark.parametrize(("to", "back"), [TO_AND_BACK[0], TO_AND_BACK[2]])
def test_every_place_in_the_box_makes_the_round_trip_up_to_its_border(to, back) -> None:  # type: ignore[no-untyped-def]
    west, south, east, north = CHINA_BOX
    draw = np.random.default_rng(1)
    near = draw.uniform(0, 0.02, (8, 2000))
    along_lon, along_lat = draw.uniform(west, east, (4, 2000)), draw.uniform(south, north, (4, 2000))
    corners = np.array(list(itertools.product((west, east), (south, north))))
    lon = np.r_[west + near[0], east - near[1], along_lon[0], along_lon[1], corners[:, 0]]
    lat = np.r_[along_lat[0], along_lat[1], south + near[2], north - near[3], corners[:, 1]]
    assert in_china_box(lon, lat).all()
    assert great_circle_m(lon, lat, *back(*to(lon, lat))).max() < 1e-5


@pytest.mark.parametrize(("to", "back"), [TO_AND_BACK[0], TO_AND_BACK[2]])
def test_outside_the_box_nothing_moves_either_way(to, back) -> None:  # type: ignore[no-untyped-def]
    lon, lat = (
        np.array([-8.6, 72.0039, 137.8348, 100.0, 100.0, 0.0]),
        np.array([41.1, 40.0, 40.0, 0.8292, 55.8272, 0.0]),
    )
    assert not in_china_box(lon, lat).any()
    assert np.array_equal(to(lon, lat), (lon, lat))
    far = np.array([0, 5])  # the others lie in the strip where an image of a place inside may be
    assert np.array_equal(back(lon[far], lat[far]), (lon[far], lat[far]))


def test_the_strip_outside_the_border_that_does_not_come_back_is_under_a_kilometre_and_a_half_wide() -> None:
    draw = np.random.default_rng(2)
    _, south, east, north = CHINA_BOX
    lon, lat = east + draw.uniform(1e-9, 0.05, 20_000), draw.uniform(south, north, 20_000)
    for to, back in (TO_AND_BACK[0], TO_AND_BACK[2]):
        lost = great_circle_m(lon, lat, *back(*to(lon, lat))) > 0.01
        assert lost.any()
        assert great_circle_m(lon[lost], lat[lost], np.full(lost.sum(), east), lat[lost]).max() < 1500


def test_hong_kong_and_taipei_are_moved_like_the_rest() -> None:
    lon, lat = np.array([114.17, 121.56]), np.array([22.30, 25.04])
    assert (great_circle_m(lon, lat, *wgs84_to_gcj02(lon, lat)) > 100).all()


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 4), (8193,)])
def test_arrays_of_any_shape_keep_it(shape: tuple[int, ...]) -> None:
    lon, lat = np.full(shape, 119.3), np.full(shape, 28.7)
    for to, back in TO_AND_BACK:
        there = to(lon, lat)
        assert there[0].shape == there[1].shape == shape
        assert np.allclose(back(*there), (lon, lat), rtol=0, atol=1e-10)


def test_the_arrays_handed_in_are_left_alone() -> None:
    lon, lat = np.array([119.3]), np.array([28.7])
    for to, back in TO_AND_BACK:
        to(lon, lat)
        back(lon, lat)
    assert (lon[0], lat[0]) == (119.3, 28.7)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused(bad: float) -> None:
    for move in itertools.chain(*TO_AND_BACK):
        with pytest.raises(InputError, match="finite"):
            move([119.3, bad], [28.7, 28.7])
