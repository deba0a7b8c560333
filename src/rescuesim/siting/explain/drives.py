"""Drives: the travel times of some points at a time, in the unit in which they are compared with limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE, limit_ticks
from rescuesim.travel import TravelTimePairs, TravelTimes

__all__ = ["Drives", "drives_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drives:
    """Travel times, dense or by pairs.

    Parameters
    ----------
    times : TravelTimes or None
    pairs : csr_array of int64, shape (n_sites, n_demand), or None
        Ticks plus 1, so that a time of 0 is kept.
    """

    times: TravelTimes | None
    pairs: csr_array | None

    def seconds(self, points: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values of some points, ``inf`` where unreachable; shape (n_sites, n_points)."""
        if self.times is not None:
            return np.asarray(self.times.values[:, points])
        ticks = self._ticks(points)
        return np.asarray(np.where(ticks == UNREACHABLE, np.inf, ticks / TICKS_PER_SECOND))

    def _ticks(self, points: NDArray[np.int64], rows: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        assert self.pairs is not None
        some = self.pairs if rows is None else self.pairs[rows]
        ticks = some[:, points].toarray() - 1
        return np.asarray(np.where(ticks < 0, UNREACHABLE, ticks))

    def within(
        self, rows: NDArray[np.int64], points: NDArray[np.int64], limit: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Decide which sites are in time for which points, as the times themselves decide it.

        Parameters
        ----------
        rows, points : ndarray of int64
            Indices.
        limit : ndarray of float64, shape (n_rows, n_points)
        """
        if self.times is not None and self.times.unit != "s":
            values = self.times.values[np.ix_(rows, points)]
            return np.asarray((values <= limit) & np.isfinite(values))
        ticks = self.times.ticks[np.ix_(rows, points)] if self.times is not None else self._ticks(points, rows)
        return np.asarray(ticks <= limit_ticks(limit))


def drives_of(times: TravelTimes | TravelTimePairs) -> Drives:
    """Make the times ready to be asked point by point."""
    if isinstance(times, TravelTimes):
        return Drives(times=times, pairs=None)
    shape = (len(times.sites), len(times.demand))
    return Drives(
        times=None, pairs=csr_array((times.ticks.astype(np.int64) + 1, (times.site, times.point)), shape=shape)
    )
