"""TravelTimePairs: the travel times of the pairs within a cutoff, site by site."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.errors import InputError
from rescuesim.network import NetworkState
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE, limit_ticks
from rescuesim.travel.times import TravelTimes, check_sites_of
from rescuesim.travel.trips import row_blocks, trip_ticks_by_rows

__all__ = ["TravelTimePairs", "pairs_in_state"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelTimePairs:
    """The pairs of site and point within the cutoff, as compressed sparse rows.

    Parameters
    ----------
    first : ndarray of int64, shape (n_sites + 1,)
        The pairs of site i are entries ``first[i]`` to below ``first[i + 1]``.
    point : ndarray of int32, shape (n_pairs,)
        Index of the demand point; ascending within a site.
    ticks : ndarray of int32, shape (n_pairs,)
        Units of 0.1 ms, access legs and start-up loss included.
    without_ticks : TravelTimes
        Sites, points, roads, cutoff, direction and engine of the times; its own ticks are empty.

    Examples
    --------
    >>> frames = {"sites": pd.DataFrame({"id": ["s", "t"]}), "demand": pd.DataFrame({"id": ["a", "b"]})}
    >>> pairs = TravelTimePairs.from_times(TravelTimes.from_matrix([[60, np.inf], [7.5, 0]], **frames))
    >>> pairs.to_frame().to_numpy().tolist()
    [['s', 'a', 60.0], ['t', 'a', 7.5], ['t', 'b', 0.0]]
    """

    first: NDArray[np.int64]
    point: NDArray[np.int32]
    ticks: NDArray[np.int32]
    without_ticks: TravelTimes

    def __len__(self) -> int:
        return len(self.point)

    @property
    def sites(self) -> CandidateSites:
        """The sites, in the order of the rows."""
        return self.without_ticks.sites

    @property
    def demand(self) -> DemandPoints:
        """The points that `point` counts."""
        return self.without_ticks.demand

    @property
    def unit(self) -> Literal["s", "m", "cost"]:
        """Pairs are of times in seconds."""
        return self.without_ticks.unit

    @property
    def cutoff_s(self) -> float:
        """Pairs that take longer are left out."""
        return self.without_ticks.cutoff_s

    @property
    def engine(self) -> str:
        """What computed the paths."""
        return self.without_ticks.engine

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of how they were computed."""
        return self.without_ticks.notes

    @property
    def site(self) -> NDArray[np.int32]:
        """Index of the site of each pair; int32, shape (n_pairs,)."""
        return np.repeat(np.arange(len(self.sites), dtype=np.int32), np.diff(self.first))

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Time of each pair; float64, shape (n_pairs,)."""
        return np.asarray(self.ticks / TICKS_PER_SECOND)

    @classmethod
    def from_times(cls, times: TravelTimes) -> TravelTimePairs:
        """Take the pairs that are reached out of a matrix.

        Raises
        ------
        InputError
            If the matrix is not of times.
        """
        if times.unit != "s":
            raise InputError(f"times in unit {times.unit!r}: pairs are of seconds")
        blocks = ((rows, times.ticks[rows]) for rows in row_blocks(len(times.sites), len(times.demand)))
        return cls._of(blocks, times)

    @classmethod
    def _of(cls, blocks: Iterable[tuple[slice, NDArray[np.int32]]], times: TravelTimes) -> TravelTimePairs:
        """Keep what is reached of each block of rows."""
        count = np.zeros(len(times.sites) + 1, dtype=np.int64)
        points, ticks = [np.empty(0, dtype=np.int32)], [np.empty(0, dtype=np.int32)]
        for rows, some in blocks:
            site, point = np.nonzero(some < UNREACHABLE)
            count[rows.start + 1 : rows.stop + 1] = np.bincount(site, minlength=rows.stop - rows.start)
            points.append(point.astype(np.int32))
            ticks.append(some[site, point])
        empty = np.zeros((0, 0), dtype=np.int32)
        return cls(
            first=np.cumsum(count),
            point=np.concatenate(points),
            ticks=np.concatenate(ticks),
            without_ticks=replace(times, ticks=empty),
        )

    def within(self, limit: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Decide which pairs are in time, as `TravelTimes.within`.

        Parameters
        ----------
        limit : ndarray of float64, shape (n_sites, n_demand) or one that broadcasts to it
            Seconds; a negative limit is never kept.

        Returns
        -------
        ndarray of bool, shape (n_pairs,)
        """
        if np.isnan(limit).any():
            raise InputError("limit: NaN, expected seconds, or -inf where nobody is in time")
        limits = np.broadcast_to(limit, (len(self.sites), len(self.demand)))
        return np.asarray(self.ticks <= limit_ticks(limits[self.site, self.point]))

    def reasons_of(self, sites: NDArray[np.int64], points: NDArray[np.int64]) -> NDArray[np.str_]:
        """Say why sites and points have no pair, as `TravelTimes.reasons`.

        Parameters
        ----------
        sites, points : ndarray of int64
            Indices.

        Returns
        -------
        ndarray of str, shape (n_sites asked, n_points asked)
            Empty where there is a pair.

        Notes
        -----
        Times that were cut off are computed anew without the cutoff, from all sites: what lies beyond it and what has
        no path cannot be told apart otherwise.
        """
        times, wanted = self.without_ticks, np.zeros(len(self.sites), dtype=np.bool_)
        wanted[sites] = True
        place = np.full(len(self.demand), -1, dtype=np.int64)
        place[points] = np.arange(len(points))
        kept = wanted[self.site] & (place[self.point] >= 0)
        row = np.full(len(self.sites), -1, dtype=np.int64)
        row[sites] = np.arange(len(sites))
        out = np.ones((len(sites), len(points)), dtype=np.bool_)
        out[row[self.site[kept]], place[self.point[kept]]] = False
        if times.graph is None or times.site_snap is None or times.demand_snap is None:
            return np.where(out, "not_given", "").astype("U13")
        found = np.where(out, "no_path", "").astype("U13")
        if self.cutoff_s < math.inf and out.any():
            for rows, ticks in trip_ticks_by_rows(times, times.state, cutoff_s=math.inf):
                some = np.flatnonzero(wanted[rows]) + rows.start
                reached = ticks[some - rows.start][:, points] < UNREACHABLE
                found[row[some]] = np.where(out[row[some]] & reached, "beyond_cutoff", found[row[some]])
        closed = times.graph.closed_points(times.state)
        n_sites = len(self.sites)
        unusable = np.array([id_ in (times.state.unusable_sites if times.state else ()) for id_ in self.sites.ids])
        found[out & unusable[sites][:, None]] = "site_unusable"
        found[out & (closed[:n_sites][sites][:, None] | closed[n_sites:][points])] = "road_closed"
        found[out & ~(times.site_snap.in_range[sites][:, None] & times.demand_snap.in_range[points])] = "no_road"
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return the pairs as a long table by id: ``site, point, seconds``."""
        sites, points = np.array(self.sites.ids, dtype=object), np.array(self.demand.ids, dtype=object)
        return pd.DataFrame({"site": sites[self.site], "point": points[self.point], "seconds": self.seconds})

    def to_times(self) -> TravelTimes:
        """Return the matrix of all pairs."""
        ticks = np.full((len(self.sites), len(self.demand)), UNREACHABLE, dtype=np.int32)
        ticks[self.site, self.point] = self.ticks
        return replace(self.without_ticks, ticks=ticks)


def pairs_in_state(times: TravelTimes, state: NetworkState | None) -> TravelTimePairs:
    """Compute the pairs within the cutoff in a state of the network.

    Parameters
    ----------
    times : TravelTimes
        Whose points, roads, cutoff, direction and engine are taken; its ticks are not looked at.
    state : NetworkState or None

    Returns
    -------
    TravelTimePairs
    """
    check_sites_of(state, times.sites)
    blocks = trip_ticks_by_rows(times, state, cutoff_s=times.cutoff_s)
    return TravelTimePairs._of(blocks, replace(times, state=state))
