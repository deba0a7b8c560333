"""What fields and damage must look like, computed without the library: covariances, bounds, joint chances."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, multivariate_normal, norm

__all__ = ["both_below", "covariance_by_definition", "falls_within_binomial", "lognormal_chance", "slide_state_chance"]


def covariance_by_definition(
    x: NDArray[np.float64], y: NDArray[np.float64], length: float, nu: float
) -> NDArray[np.float64]:
    """The Matérn correlation of every pair by its general formula with the Bessel function (nu 0.5: exponential)."""
    from scipy.special import gamma, kv

    distance = np.hypot(x[:, None] - x, y[:, None] - y)
    scaled = np.sqrt(2 * nu) * np.where(distance == 0, 1.0, distance) / length
    value = 2 ** (1 - nu) / gamma(nu) * scaled**nu * kv(nu, scaled)
    return np.where(distance == 0, 1.0, value)


def lognormal_chance(intensity: float, median: float, beta: float) -> float:
    """Chance of reaching a state with a lognormal capacity."""
    return float(norm.cdf(math.log(intensity / median) / beta))


def slide_state_chance(volume_median: float, volume_p90: float, median: float, beta: float) -> float:
    """Chance of a state, over lognormal volumes and a lognormal curve."""
    sigma = math.log(volume_p90 / volume_median) / norm.ppf(0.9)
    return float(norm.cdf(math.log(volume_median / median) / math.hypot(beta, sigma)))


def falls_within_binomial(count: int, n: int, chance: float, *, alpha: float) -> bool:
    """Whether a count is inside the central interval of a binomial distribution."""
    low, high = binom.ppf(alpha / 2, n, chance), binom.ppf(1 - alpha / 2, n, chance)
    return bool(low <= count <= high)


def both_below(chance_a: float, chance_b: float, correlation: float) -> float:
    """Chance that two correlated standard normal values lie below their quantiles."""
    at = [norm.ppf(chance_a), norm.ppf(chance_b)]
    return float(multivariate_normal.cdf(at, mean=[0, 0], cov=[[1, correlation], [correlation, 1]]))
