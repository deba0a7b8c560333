"""Weights and costs as whole numbers, so that solvers add them up exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["LARGEST_SUM", "WholeNumbers", "tie_factors", "whole_numbers", "whole_scale"]

LARGEST_SUM = NO_BOUND / 8  # of an objective in whole numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeNumbers:
    """Numbers times a scale, rounded.

    Parameters
    ----------
    values : ndarray of int64
    scale : float
    exact : bool
        Whether nothing was rounded.
    """

    values: NDArray[np.int64]
    scale: float
    exact: bool


def whole_scale(values: NDArray[np.float64], largest_sum: float = LARGEST_SUM) -> float:
    """Return what to multiply numbers with to solve in whole ones: 1, a power of ten, or as fine as fits.

    Examples
    --------
    >>> whole_scale(np.array([3.0, 40.0])), whole_scale(np.array([2.5, 0.04]))
    (1.0, 100.0)
    """
    total = float(values.sum())
    for power in range(16):
        scale = 10.0**power
        if total * scale >= largest_sum:
            break
        if np.array_equal(np.rint(values * scale) / scale, values):
            return scale
    return float(2.0 ** np.floor(np.log2(largest_sum / total))) if total > 0 else 1.0


def whole_numbers(values: NDArray[np.float64], largest_sum: float = LARGEST_SUM) -> WholeNumbers:
    """Scale numbers of 0 or more to whole ones whose sum stays under a limit."""
    scale = whole_scale(values, largest_sum)
    whole = np.rint(values * scale)
    return WholeNumbers(values=whole.astype(np.int64), scale=scale, exact=np.array_equal(whole / scale, values))


def tie_factors(cost: NDArray[np.float64]) -> WholeNumbers:
    """Return the second objective as whole numbers: lowest cost, then first in the table (lowest sum of ranks).

    Parameters
    ----------
    cost : ndarray of float64, shape (n_sites,)

    Returns
    -------
    WholeNumbers
        Scaled costs times a factor that no sum of ranks reaches, plus the rank; not exact if sums of costs may be told
        apart that these do not.
    """
    n = len(cost)
    ranks = n * (n + 1) // 2 + 1
    whole = whole_numbers(cost, LARGEST_SUM / ranks / 2)
    return WholeNumbers(values=whole.values * ranks + np.arange(1, n + 1), scale=whole.scale * ranks, exact=whole.exact)
