"""NearestTimes: the nearest and second nearest open site of each point, and what a swap does to the mean time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["NearestTimes", "nearest_times"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestTimes:
    """Weighted times from the nearest open site.

    Parameters
    ----------
    times : ndarray of float64, shape (n_sites, n_points)
        Of the points that have weight and that an open site reaches.
    weight : ndarray of float64, shape (n_points,)
    nearest : ndarray of int64, shape (n_points,)
        Index of the nearest open site.
    first, second : ndarray of float64, shape (n_points,)
        Times from the nearest and the second nearest; ``inf`` if there is no second.
    """

    times: NDArray[np.float64]
    weight: NDArray[np.float64]
    nearest: NDArray[np.int64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    @property
    def total(self) -> float:
        """Sum of weight times time."""
        return float(self.weight @ self.first)

    def total_without(self, site: int) -> float:
        """Sum of weight times time without an open site; ``inf`` if a point is then out of reach."""
        return float(self.weight @ np.where(self.nearest == site, self.second, self.first))

    def totals_swapped(self, without: int) -> NDArray[np.float64]:
        """Sum of weight times time with each site in the place of an open one; shape (n_sites,)."""
        left = np.where(self.nearest == without, self.second, self.first)
        return np.asarray(np.minimum(self.times, left) @ self.weight)


def nearest_times(
    values: NDArray[np.float64], weight: NDArray[np.float64], opened: NDArray[np.bool_]
) -> NearestTimes | None:
    """Find the nearest and second nearest open sites; None where no site is open or nobody is reached.

    Parameters
    ----------
    values : ndarray of float64, shape (n_sites, n_demand)
        ``inf`` where unreachable.
    weight : ndarray of float64, shape (n_demand,)
    opened : ndarray of bool, shape (n_sites,)
    """
    rows = np.flatnonzero(opened)
    if not len(rows):
        return None
    kept = (weight > 0) & np.isfinite(values[rows].min(axis=0))
    if not kept.any():
        return None
    times = values[:, kept]
    order = np.argsort(times[rows], axis=0, kind="stable")[:2]
    at = np.arange(times.shape[1])
    nearest = rows[order[0]]
    second = times[rows[order[1]], at] if len(rows) > 1 else np.full(len(at), np.inf)
    return NearestTimes(times=times, weight=weight[kept], nearest=nearest, first=times[nearest, at], second=second)
