"""Limits of every pair, and what a set of open sites covers: built and available coverage.

Both circles, all crews and all shifts are one model because each pair has its own limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.crew import default_shifts
from rescuesim.errors import InputError, UnknownIdError, nearest_name
from rescuesim.standard import CANNOT, ResponseStandard
from rescuesim.travel import TravelTimePairs, TravelTimes

__all__ = ["AnyTimes", "CrewZoneLimits", "PairLimits", "available_share", "covered_points", "pair_limits", "site_mask"]


AnyTimes = TravelTimes | TravelTimePairs


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewZoneLimits:
    """Limits of all pairs, kept as a small table by crew and zone; reads like an array of (n_sites, n_demand).

    Parameters
    ----------
    table : ndarray of float64, shape (n_crews, n_zones)
        Seconds, or the unit of the times; ``-inf`` where the crew cannot serve the zone at all.
    crew : ndarray of int64, shape (n_sites,)
        Row of each site.
    zone : ndarray of int64, shape (n_demand,)
        Column of each point.

    Examples
    --------
    >>> limits = CrewZoneLimits(table=np.array([[60.0, 90.0]]), crew=np.array([0, 0]), zone=np.array([0, 1, 1]))
    >>> float(limits[1, 2]), limits[[0, 1], [0, 1]].tolist(), limits[[1]].tolist()
    (90.0, [60.0, 90.0], [[60.0, 90.0, 90.0]])
    """

    table: NDArray[np.float64]
    crew: NDArray[np.int64]
    zone: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of sites and points."""
        return len(self.crew), len(self.zone)

    def __getitem__(self, at: Any) -> Any:
        """Limits of pairs ``[sites, points]``, or of some sites ``[sites]`` and all points."""
        if isinstance(at, tuple):
            sites, points = at
            return self.table[self.crew[sites], self.zone[points]]
        return self.table[self.crew[at]][..., self.zone]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.float64]:
        """Limits of all pairs as an array; large."""
        return np.asarray(self.table[np.ix_(self.crew, self.zone)], dtype=dtype)

    def max(self) -> float:
        """Return the longest limit of a pair; ``-inf`` without pairs."""
        if not (len(self.crew) and len(self.zone)):
            return CANNOT
        return float(self.table[np.ix_(np.unique(self.crew), np.unique(self.zone))].max())

    def covering(self, times: AnyTimes) -> csr_array:
        """Return who is in time for whom; csr_array of bool, shape (n_demand, n_sites)."""
        n_sites, n_demand = self.shape
        sites, points = [np.empty(0, dtype=np.int32)], [np.empty(0, dtype=np.int32)]
        for row in np.unique(self.crew).tolist():
            longest = self.table[row, self.zone]
            if not (longest > CANNOT).any():
                continue
            of_row = self.crew == row
            if isinstance(times, TravelTimePairs):
                kept = times.within(longest) & of_row[times.site]
                some_sites, some_points = times.site[kept], times.point[kept]
            else:
                at = np.flatnonzero(of_row)
                which, some_points = np.nonzero(times.within(longest).T[at])
                some_sites = at[which]
            sites.append(some_sites.astype(np.int32))
            points.append(some_points.astype(np.int32))
        site, point = np.concatenate(sites), np.concatenate(points)
        found = csr_array((np.ones(len(site), dtype=np.bool_), (point, site)), shape=(n_demand, n_sites))
        found.sort_indices()
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLimits:
    """Who is in time for whom.

    Parameters
    ----------
    limit_s : CrewZoneLimits
        Longest drive in the worst shift, of each pair; ``-inf`` where the crew cannot serve the point at all.
    second_limit_s : CrewZoneLimits
        Longest drive of a second unit, no less than the first; ``-inf`` where none is wanted.
    covers : csr_array of bool, shape (n_demand, n_sites)
        The site reaches the point in time, in every shift.
    covers_second : csr_array of bool, shape (n_demand, n_sites)
        The site could send a second unit in time; includes `covers`, empty where none is wanted.
    wants_second : ndarray of bool, shape (n_demand,)
        Points whose reading asks for a second unit.
    in_standard : ndarray of bool, shape (n_demand,)
        Points whose zone has a reading; the others are reported and never planned for.
    """

    limit_s: CrewZoneLimits
    second_limit_s: CrewZoneLimits
    covers: csr_array
    covers_second: csr_array
    wants_second: NDArray[np.bool_]
    in_standard: NDArray[np.bool_]


def _crew_zone_limits(times: AnyTimes, standard: ResponseStandard) -> tuple[CrewZoneLimits, CrewZoneLimits]:
    """Limits by crew and zone in the worst shift, of first and second units; the last row is of other kinds."""
    crews, crew = np.unique(np.array(times.sites.crews, dtype=str), return_inverse=True)
    zones, zone = np.unique(np.array(times.demand.zones, dtype=str), return_inverse=True)
    first, second = (
        np.array(
            [
                [standard.worst_shift_limit_s(name, where, unit_rank=rank) for where in zones.tolist()]
                for name in crews.tolist()
            ]
            + [[CANNOT] * len(zones)],
            dtype=np.float64,
        )
        for rank in (1, 2)
    )
    wants = np.array([standard.wants_second_unit(where) for where in zones.tolist()], dtype=np.bool_)
    # who is in time as the first unit is so as the second
    second = np.where(wants, np.maximum(first, second), CANNOT)
    row = np.where(_of_kind(times, "station"), crew, len(crews))
    return CrewZoneLimits(table=first, crew=row, zone=zone), CrewZoneLimits(table=second, crew=row, zone=zone)


def _of_kind(times: AnyTimes, kind: str) -> NDArray[np.bool_]:
    return np.array([one == kind for one in times.sites.kinds], dtype=np.bool_)


def pair_limits(
    times: AnyTimes,
    *,
    standard: ResponseStandard | None = None,
    limit_s: float | None = None,
    kind: str = "station",
) -> PairLimits:
    """Work out who covers whom.

    Parameters
    ----------
    times : TravelTimes or TravelTimePairs
    standard : ResponseStandard, optional
        Limits by crew and zone; needs times in seconds.
    limit_s : float, optional
        One limit for all pairs instead, in the unit of the times.
    kind : str, optional
        Only sites of this kind cover anything. Depots and hubs have no crews that turn out: no standard holds for
        them.

    Returns
    -------
    PairLimits

    Raises
    ------
    InputError
        If not exactly one of standard and limit is given, or the cutoff of the times lies under a limit.
    """
    if (standard is None) == (limit_s is None):
        raise InputError("expected either a standard or limit_s")
    if standard is not None and kind != "station":
        raise InputError(f"kind {kind!r}: expected limit_s and no standard, which sets limits for crews of stations")
    n_demand = len(times.demand)
    if limit_s is not None:
        if not 0 <= limit_s < np.inf:
            raise InputError(f"limit_s {limit_s}: expected 0 or more, and finite")
        row, zone = np.where(_of_kind(times, kind), 0, 1), np.zeros(n_demand, dtype=np.int64)
        limits = CrewZoneLimits(table=np.array([[limit_s], [CANNOT]]), crew=row, zone=zone)
        second = CrewZoneLimits(table=np.full((2, 1), CANNOT), crew=row, zone=zone)
        wants = np.zeros(n_demand, dtype=np.bool_)
        inside = np.ones(n_demand, dtype=np.bool_)
    else:
        assert standard is not None
        if times.unit != "s":
            raise InputError(f"times in unit {times.unit!r}: a standard needs seconds")
        limits, second = _crew_zone_limits(times, standard)
        wanted = {zone: standard.wants_second_unit(zone) for zone in set(times.demand.zones)}
        wants = np.array([wanted[zone] for zone in times.demand.zones], dtype=np.bool_)
        inside = np.array([zone in standard.presets for zone in times.demand.zones], dtype=np.bool_)
    longest = max(limits.max(), second.max())
    if times.cutoff_s < longest:
        raise InputError(f"times cut off at {times.cutoff_s:g} s: expected at least the largest limit, {longest:.0f} s")
    return PairLimits(
        limit_s=limits,
        second_limit_s=second,
        covers=limits.covering(times),
        covers_second=second.covering(times),
        wants_second=wants,
        in_standard=inside,
    )


def site_mask(times: AnyTimes, opened: Iterable[str]) -> NDArray[np.bool_]:
    """Mark the open sites by id; bool array, shape (n_sites,).

    Raises
    ------
    UnknownIdError
        If an id is not among the sites.
    """
    if isinstance(opened, str):
        raise InputError(f"opened {opened!r}: expected a list of ids")
    wanted = set(opened)
    if unknown := wanted - set(times.sites.ids):
        first = sorted(unknown)[0]
        raise UnknownIdError(f"site {first!r}: expected {nearest_name(first, times.sites.ids)}")
    return np.array([id_ in wanted for id_ in times.sites.ids], dtype=np.bool_)


def covered_points(limits: PairLimits, opened: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the points that the open sites cover.

    Parameters
    ----------
    limits : PairLimits
    opened : ndarray of bool, shape (n_sites,)

    Returns
    -------
    ndarray of bool, shape (n_demand,)
        Where a second unit is wanted, another open site must reach the point within its limit too.
    """
    x = opened.astype(np.int32)
    first = limits.covers @ x > 0
    twice = limits.covers_second @ x >= 2
    return np.asarray(first & (twice | ~limits.wants_second) & limits.in_standard)


def available_share(
    times: AnyTimes, limits: PairLimits, standard: ResponseStandard, opened: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Probability that a point is covered by crews that are there, by shift.

    Parameters
    ----------
    times : TravelTimes
        In seconds.
    limits : PairLimits
        Of these times and this standard.
    standard : ResponseStandard
    opened : ndarray of bool, shape (n_sites,)

    Returns
    -------
    ndarray of float64, shape (n_demand, n_shifts)
        In the order of `default_shifts`; never above 1 where `covered_points` holds, 0 elsewhere. Crews of
        different sites are absent independently, all units of a site together.
    """
    shifts, at = default_shifts(), np.arange(len(times.demand))
    sites = np.flatnonzero(opened)
    is_first, is_second = limits.covers[:, sites].toarray(), limits.covers_second[:, sites].toarray()
    share = np.zeros((len(times.demand), len(shifts)))
    for column, shift in enumerate(shifts):
        # probability of [a site that covers is there] x [0, 1, 2 or more that can be first or second are there]
        chance = np.zeros((2, 3, len(at)))
        chance[0, 0] = 1.0
        for column_of, site in enumerate(sites.tolist()):
            first, either = is_first[:, column_of], is_first[:, column_of] | is_second[:, column_of]
            there = standard.crews[times.sites.crews[site]].availability[shift.name]
            moved = (1 - there) * chance
            for has_first in (0, 1):
                for count in (0, 1, 2):
                    goes = np.where(first, 1, has_first)
                    more = np.minimum(count + either, 2)
                    moved[goes, more, at] += there * chance[has_first, count]
            chance = moved
        once, twice = chance[1].sum(axis=0), chance[1, 2]
        share[:, column] = np.where(limits.wants_second, twice, once) * limits.in_standard
    return share
