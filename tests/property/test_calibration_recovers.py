"""Calibration finds factors that were planted, through noise, gross slips, delays, start-up loss and route choice.

The tolerance is the standard errors that a calibration states. On a small network they are right: over 150 factors of
30 drawn sets the errors had mean 0.0 and standard deviation 1.0 in units of them. On a large one trips can go round
a class that is slow, and the likelihood is not quadratic: there the planted factors are mild and the test is of the
whole: the sum of the squares against chi-square.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_trips import planted_trips, with_delays
from scipy.stats import chi2

from rescuesim.network import RoadNetwork
from rescuesim.network.calibrating.calibration import Calibration

CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary", "residential", "unclassified")
LOG_FACTOR = st.floats(-0.7, 0.7)


def deviations(made: Calibration, planted: dict[str, dict[str, float]]) -> np.ndarray:
    """Errors of the logarithms of the supported factors, in units of the standard errors stated."""
    found = []
    for place, (name, hour) in enumerate(zip(made.road_class, made.hour_class, strict=True)):
        unsupported = name if hour == "any" else f"{name} ({hour})"
        if hour in planted and name in planted[hour] and not {name, unsupported} & set(made.unsupported):
            error = np.log(made.time_factor[place] / planted[hour][name])
            found.append(error / made.standard_error[place])
    return np.array(found)


@settings(max_examples=12)
@given(st.tuples(*[LOG_FACTOR] * len(CLASSES)), st.floats(-0.4, 0.4), st.integers(0, 10**6))
def test_planted_factors_by_class_and_hour_are_recovered_on_a_town(
    guixi: RoadNetwork, logs: tuple[float, ...], peak: float, seed: int
) -> None:
    network = with_delays(guixi, seed=seed % 7)
    day = {name: float(np.exp(log)) for name, log in zip(CLASSES, logs, strict=True)}
    planted = {"day": day, "peak": {name: factor * float(np.exp(peak)) for name, factor in day.items()}}
    trips, _ = planted_trips(network, planted, 250, seed=seed)
    made = network.calibrate(trips)
    apart = deviations(made, planted)
    assert len(apart) >= 6
    # some 120 factors: one in 150,000 normal errors is larger than 4.5
    assert np.abs(apart).max() < 4.5
    assert made.after.median_relative < made.before.median_relative + 0.02


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_factors_are_recovered_in_a_metropolis(wuhan: RoadNetwork, seed: int) -> None:
    network = with_delays(wuhan, seed=seed)
    rng = np.random.default_rng([41, seed])
    planted = {"any": {name: float(np.exp(rng.normal(0, 0.2))) for name in CLASSES}}
    trips, _ = planted_trips(network, planted, 400, seed=seed)
    made = network.calibrate(trips)
    apart = deviations(made, planted)
    assert len(apart) >= 6
    assert np.abs(apart).max() < 4.5
    assert (apart**2).sum() < 1.5 * chi2.ppf(0.999, len(apart))
    assert made.after.median_ratio == pytest.approx(1, abs=0.06)
