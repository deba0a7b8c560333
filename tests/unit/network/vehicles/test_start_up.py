"""Start-up loss: the RAND form in integers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rescuesim.errors import InputError
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE
from rescuesim.network.vehicles.profiles import travel_profile
from rescuesim.network.vehicles.start_up import with_start_up_s, with_start_up_slope, with_start_up_ticks


def test_it_is_the_distance_form_of_kolesar_and_walker() -> None:
    acceleration, speed = 0.6, 40 / 3.6
    tau = speed / acceleration
    for metres in (10.0, 100.0, speed**2 / acceleration, 500.0, 5000.0):
        far = metres > speed**2 / acceleration
        theory = speed / acceleration + metres / speed if far else 2 * math.sqrt(metres / acceleration)
        assert with_start_up_s(metres / speed, tau) == pytest.approx(theory, rel=1e-12)
        ticks = with_start_up_ticks(round(metres / speed * TICKS_PER_SECOND), tau)
        assert ticks / TICKS_PER_SECOND == pytest.approx(theory, abs=2e-3)


def test_the_two_branches_meet_with_one_slope() -> None:
    tau, step = 20.0, 1e-5
    below, above = with_start_up_s([tau - step, tau + step], tau)
    assert below == pytest.approx(above, abs=3 * step)
    slopes = np.diff(with_start_up_s([tau - 2 * step, tau - step, tau + step, tau + 2 * step], tau))[[0, 2]] / step
    assert slopes.tolist() == pytest.approx([1, 1], abs=1e-5)
    assert with_start_up_slope([tau - step, tau + step], tau).tolist() == pytest.approx([1, 1], abs=1e-5)


def test_the_slope_is_the_derivative() -> None:
    at, step = np.array([0.5, 3.0, 19.0, 21.0, 300.0]), 1e-6
    numeric = (with_start_up_s(at + step, 20.0) - with_start_up_s(at - step, 20.0)) / (2 * step)
    assert with_start_up_slope(at, 20.0).tolist() == pytest.approx(numeric.tolist(), rel=1e-6)


def test_nothing_and_nowhere_stay_what_they_are() -> None:
    assert with_start_up_ticks([0, UNREACHABLE], 18.5, launch_s=1200).tolist() == [0, UNREACHABLE]
    assert with_start_up_ticks([0, 1, 5, UNREACHABLE], 0.0).tolist() == [0, 1, 5, UNREACHABLE]


def test_what_the_loss_lifts_beyond_the_range_is_unreachable() -> None:
    assert with_start_up_ticks([UNREACHABLE - 2], 18.5).tolist() == [UNREACHABLE]


def test_a_launch_is_added_to_every_trip_that_takes_time() -> None:
    boat = travel_profile("boat")
    plain = with_start_up_ticks([0, 1, 10**6], boat.start_up_s)
    launched = with_start_up_ticks([0, 1, 10**6], boat.start_up_s, launch_s=boat.launch_s)
    assert (launched - plain).tolist() == [0, 1200 * TICKS_PER_SECOND, 1200 * TICKS_PER_SECOND]


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf, 4000.0])
def test_a_loss_that_is_none_is_refused(wrong: float) -> None:
    with pytest.raises(InputError, match="start_up_s"):
        with_start_up_ticks([1], wrong)
    with pytest.raises(InputError, match="launch_s"):
        with_start_up_ticks([1], 1.0, launch_s=wrong)
