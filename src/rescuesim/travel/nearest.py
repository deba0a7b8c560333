"""The nearest and the second nearest open site of each point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.times import in_seconds

__all__ = ["NearestSites", "nearest_two"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestSites:
    """Who comes first to each point, and who second, in one state of the network.

    Parameters
    ----------
    sites : CandidateSites
    demand : DemandPoints
    first, second : ndarray of int32, shape (n_demand,)
        Index of the site; -1 where nobody comes within the cutoff. Of equally near sites, the one that stands first in
        the table.
    first_ticks, second_ticks : ndarray of int32, shape (n_demand,)
        Units of 0.1 ms; 2^30 - 1 where nobody comes.
    """

    sites: CandidateSites
    demand: DemandPoints
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    first_ticks: NDArray[np.int32]
    second_ticks: NDArray[np.int32]

    def to_frame(self) -> pd.DataFrame:
        """Return a table: ``id, nearest_site, nearest_s, second_site, second_s``, in the order of the points."""
        names = np.array([*self.sites.ids, ""], dtype=object)
        return pd.DataFrame(
            {
                "id": self.demand.ids,
                "nearest_site": names[self.first],
                "nearest_s": in_seconds(self.first_ticks),
                "second_site": names[self.second],
                "second_s": in_seconds(self.second_ticks),
            }
        )


def nearest_two(
    first_pair: NDArray[np.int64], point: NDArray[np.int32], ticks: NDArray[np.int32], n_demand: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Find the two least ticks of each point over the sites.

    Parameters
    ----------
    first_pair : ndarray of int64, shape (n_sites + 1,)
    point, ticks : ndarray of int32, shape (n_pairs,)
        Each point at most once a site.
    n_demand : int

    Returns
    -------
    first, second, first_ticks, second_ticks : ndarray of int32, shape (n_demand,)
        As in `NearestSites`.
    """
    site = np.repeat(np.arange(len(first_pair) - 1, dtype=np.int32), np.diff(first_pair))
    reached = np.flatnonzero(ticks < UNREACHABLE)
    order = reached[np.lexsort((site[reached], ticks[reached], point[reached]))]
    of, by = point[order], site[order]
    starts = np.flatnonzero(np.r_[True, of[1:] != of[:-1]]) if len(of) else np.empty(0, dtype=np.int64)
    then = starts + 1
    then = then[(then < len(of)) & (of[np.minimum(then, len(of) - 1)] == of[then - 1])] if len(of) else then
    made = [np.full(n_demand, fill, dtype=np.int32) for fill in (-1, -1, UNREACHABLE, UNREACHABLE)]
    for sites_, ticks_, rows in ((made[0], made[2], starts), (made[1], made[3], then)):
        sites_[of[rows]], ticks_[of[rows]] = by[rows], ticks[order[rows]]
    return made[0], made[1], made[2], made[3]
