"""Limits of every pair, and what a set of open sites covers: built and available coverage.

Both circles, all crews and all shifts are one model because each pair has its own limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.crew import default_shifts
from rescuesim.errors import InputError, UnknownIdError, nearest_name
from rescuesim.standard import CANNOT, ResponseStandard
from rescuesim.travel import TravelTimes

__all__ = ["PairLimits", "available_share", "covered_points", "pair_limits", "site_mask"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLimits:
    """Who is in time for whom.

    Parameters
    ----------
    limit_s : ndarray of float64, shape (n_sites, n_demand)
        Longest drive in the worst shift; ``-inf`` where the crew cannot serve the point at all.
    second_limit_s : ndarray of float64, shape (n_sites, n_demand)
        Longest drive of a second unit, no less than the first; ``-inf`` where none is wanted.
    covers : ndarray of bool, shape (n_demand, n_sites)
        The site reaches the point in time, in every shift.
    covers_second : ndarray of bool, shape (n_demand, n_sites)
        The site could send a second unit in time; includes `covers`, all False where none is wanted.
    wants_second : ndarray of bool, shape (n_demand,)
        Points whose reading asks for a second unit.
    in_standard : ndarray of bool, shape (n_demand,)
        Points whose zone has a reading; the others are reported and never planned for.
    """

    limit_s: NDArray[np.float64]
    second_limit_s: NDArray[np.float64]
    covers: NDArray[np.bool_]
    covers_second: NDArray[np.bool_]
    wants_second: NDArray[np.bool_]
    in_standard: NDArray[np.bool_]


def _of_kind(times: TravelTimes, kind: str) -> NDArray[np.bool_]:
    return np.array([one == kind for one in times.sites.kinds], dtype=np.bool_)


def _crew_zone_limits(times: TravelTimes, standard: ResponseStandard, unit_rank: int) -> NDArray[np.float64]:
    """Limits of each pair by crew and zone, in the worst shift; float64, shape (n_sites, n_demand)."""
    crews, crew_at = np.unique(np.array(times.sites.crews), return_inverse=True)
    zones, zone_at = np.unique(np.array(times.demand.zones), return_inverse=True)
    table = np.array(
        [
            [standard.worst_shift_limit_s(crew, zone, unit_rank=unit_rank) for zone in zones.tolist()]
            for crew in crews.tolist()
        ]
    )
    return np.where(_of_kind(times, "station")[:, None], table[np.ix_(crew_at, zone_at)], CANNOT)


def pair_limits(
    times: TravelTimes,
    *,
    standard: ResponseStandard | None = None,
    limit_s: float | None = None,
    kind: str = "station",
) -> PairLimits:
    """Work out who covers whom.

    Parameters
    ----------
    times : TravelTimes
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
        limits = np.where(_of_kind(times, kind)[:, None], limit_s, CANNOT) * np.ones(n_demand)
        second = np.full_like(limits, CANNOT)
        wants = np.zeros(n_demand, dtype=np.bool_)
        inside = np.ones(n_demand, dtype=np.bool_)
    else:
        assert standard is not None
        if times.unit != "s":
            raise InputError(f"times in unit {times.unit!r}: a standard needs seconds")
        limits = _crew_zone_limits(times, standard, 1)
        # who is in time as the first unit is so as the second
        second = np.maximum(limits, _crew_zone_limits(times, standard, 2))
        wants = np.array([standard.wants_second_unit(zone) for zone in times.demand.zones], dtype=np.bool_)
        second = np.where(wants, second, CANNOT)
        inside = np.array([zone in standard.presets for zone in times.demand.zones], dtype=np.bool_)
    longest = max(limits.max(initial=CANNOT), second.max(initial=CANNOT))
    if times.cutoff_s < longest:
        raise InputError(f"times cut off at {times.cutoff_s:g} s: expected at least the largest limit, {longest:.0f} s")
    return PairLimits(
        limit_s=limits,
        second_limit_s=second,
        covers=times.within(limits),
        covers_second=times.within(second),
        wants_second=wants,
        in_standard=inside,
    )


def site_mask(times: TravelTimes, opened: Iterable[str]) -> NDArray[np.bool_]:
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
    first = limits.covers[:, opened].any(axis=1)
    twice = limits.covers_second[:, opened].sum(axis=1) >= 2
    return np.asarray(first & (twice | ~limits.wants_second) & limits.in_standard)


def available_share(
    times: TravelTimes, limits: PairLimits, standard: ResponseStandard, opened: NDArray[np.bool_]
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
    share = np.zeros((len(times.demand), len(shifts)))
    for column, shift in enumerate(shifts):
        # probability of [a site that covers is there] x [0, 1, 2 or more that can be first or second are there]
        chance = np.zeros((2, 3, len(at)))
        chance[0, 0] = 1.0
        for site in np.flatnonzero(opened):
            there = standard.crews[times.sites.crews[site]].availability[shift.name]
            moved = (1 - there) * chance
            for has_first in (0, 1):
                for count in (0, 1, 2):
                    goes = np.where(limits.covers[:, site], 1, has_first)
                    more = np.minimum(count + (limits.covers[:, site] | limits.covers_second[:, site]), 2)
                    moved[goes, more, at] += there * chance[has_first, count]
            chance = moved
        once, twice = chance[1].sum(axis=0), chance[1, 2]
        share[:, column] = np.where(limits.wants_second, twice, once) * limits.in_standard
    return share
