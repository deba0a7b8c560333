"""Fragility curves: what was published, and what every curve must do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from rescuesim.disruption import fragility
from rescuesim.errors import InputError

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]
CURVES: dict[str, Curve] = {
    "bridge_shaking": fragility.bridge_shaking,
    "bridge_displacement": fragility.bridge_displacement,
    "tunnel_shaking": fragility.tunnel_shaking,
    "tunnel_displacement": fragility.tunnel_displacement,
    "road_major": lambda pgd: fragility.road_displacement(pgd, True),
    "road_urban": lambda pgd: fragility.road_displacement(pgd, False),
    "embankment": lambda pga: fragility.embankment_shaking(pga, 400.0),
    "slide": lambda index: fragility.slide(np.minimum(index, 1.0), 500.0),
    "debris_low": lambda volume: fragility.debris_flow(volume * 100, False),
    "debris_high": lambda volume: fragility.debris_flow(volume * 100, True),
    "washout": lambda depth: fragility.washout(depth, 500.0, paved=True),
    "washout_unpaved": lambda depth: fragility.washout(depth, 300.0, paved=False),
    "washout_culvert": lambda depth: fragility.washout(depth, 60.0, paved=True, culvert=True),
    "wind": lambda force: fragility.fallen_by_wind(np.minimum(force, 17.0), 800.0),
    "ice": lambda ice: fragility.fallen_by_ice(ice, 800.0),
}


@pytest.mark.parametrize("name", sorted(CURVES))
def test_chances_rise_with_intensity_and_fall_from_state_to_state(name: str) -> None:
    chances = CURVES[name](np.linspace(0.0, 100.0, 2001))
    assert (chances >= 0).all()
    assert (chances <= 1).all()
    assert (np.diff(chances, axis=1) >= 0).all()
    assert (np.diff(chances, axis=0) <= 0).all()
    assert chances[:, 0].max() == 0


@pytest.mark.parametrize("name", sorted(CURVES))
@pytest.mark.parametrize("wrong", [np.nan, -0.1, np.inf])
def test_what_is_no_intensity_is_refused(name: str, wrong: float) -> None:
    if name in ("slide", "wind"):  # cut to their own range above
        wrong = min(wrong, -0.1) if np.isfinite(wrong) else np.nan
    with pytest.raises(InputError, match="expected numbers"):
        CURVES[name](np.array([0.1, wrong]))


def test_half_of_the_elements_reach_a_state_at_its_median() -> None:
    medians = np.array([0.25, 0.35, 0.45, 0.70])
    assert np.diag(fragility.bridge_shaking(medians)) == pytest.approx(0.5)
    assert np.diag(fragility.road_displacement(np.array([12.0, 24.0, 60.0]), True)) == pytest.approx(0.5)
    assert np.diag(fragility.road_displacement(np.array([6.0, 12.0, 24.0]), False)) == pytest.approx(0.5)


def test_a_probability_over_one_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"landslide_susceptibility: 1 values such as 1.5, expected numbers from 0 to 1"
    ):
        fragility.slide([0.5, 1.5], 500.0)


def test_two_halves_of_a_road_are_hit_as_often_as_the_whole() -> None:
    whole, half = fragility.over_length(0.3, 400.0), fragility.over_length(0.3, 200.0)
    assert 1 - (1 - half) ** 2 == pytest.approx(whole)
    assert fragility.over_length(0.3, 0.0) == 0
    assert fragility.over_length(1.0, [0.0, 10.0]).tolist() == [0.0, 1.0]


def test_an_unpaved_road_washes_out_twice_as_often() -> None:
    paved = fragility.washout(0.5, 500.0, paved=True)
    assert fragility.washout(0.5, 500.0, paved=False) == pytest.approx(2 * paved)


def test_falls_along_a_road_are_poisson() -> None:
    assert fragility.fallen_by_wind(14.0, 2500.0) == pytest.approx(1 - np.exp(-0.3 * 2.5))


def test_water_stops_a_car_at_three_hundred_millimetres_where_the_curve_would_turn_up() -> None:
    depth = np.linspace(0.0, 1.0, 501)
    speed = fragility.flood_speed_kph(depth, 80.0)
    assert (np.diff(speed) <= 0).all()
    assert speed[depth >= 0.3].max() == 0
    assert speed[depth < 0.3].min() > 0
    assert fragility.flood_speed_kph(0.15, 80.0) == pytest.approx(0.0009 * 150**2 - 0.5529 * 150 + 86.9448)
    assert fragility.flood_speed_kph(0.15, 20.0) == 20.0
