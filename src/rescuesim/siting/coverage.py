"""What a plan covers, point by point, and why it misses a point: crew, road or limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.siting.limits import AnyTimes, PairLimits, covered_points
from rescuesim.travel import TravelTimePairs

__all__ = ["POINT_REASONS", "point_coverage"]

POINT_REASONS = (
    "",  # covered
    "not_in_standard",  # no standard holds in its zone
    "no_crew",  # no open site has a crew that could meet the standard: fix staffing
    "limit",  # too far from every open site with a crew that could
    "full",  # open sites reach it and have no room for all of it: models with capacities
    "second_unit",  # no second unit from another site in time
    "no_road",
    "road_closed",
    "no_site",  # no site is open
    "no_path",  # cut off from every open site
    "site_unusable",
    "beyond_cutoff",
    "not_given",
)


def point_coverage(
    times: AnyTimes, limits: PairLimits, opened: NDArray[np.bool_], *, points: NDArray[np.bool_] | None = None
) -> pd.DataFrame:
    """Say for each demand point whether it is covered, by whom, and if not why.

    Parameters
    ----------
    times : TravelTimes or TravelTimePairs
    limits : PairLimits
    opened : ndarray of bool, shape (n_sites,)
    points : ndarray of bool, shape (n_demand,), optional
        Only these points.

    Returns
    -------
    DataFrame
        ``id, covered, nearest_site, nearest_s, limit_s, reason``, in the order of the points. The nearest
        site is the one with the most time to spare (least late) among those whose crew could meet the
        standard, else the nearest of all; ``inf`` and an empty site if none of these reaches the point. Reasons are
        those of `POINT_REASONS`.
    """
    if not isinstance(limits, PairLimits):
        raise InputError("limits: expected what pair_limits makes of times and a standard")
    asked = np.arange(len(times.demand)) if points is None else np.flatnonzero(points)
    ids = np.array(times.demand.ids, dtype=object)[asked]
    covered, inside = covered_points(limits, opened)[asked], limits.in_standard[asked]
    rows = np.flatnonzero(opened)
    reason = np.where(inside, "limit", "not_in_standard").astype("U15")
    if not len(rows):
        reason[inside] = "no_site"
        empty = {"nearest_site": "", "nearest_s": np.inf, "limit_s": -np.inf}
        return pd.DataFrame({"id": ids, "covered": covered, **empty, "reason": reason})
    nearest = _nearest(times, limits, rows, asked)
    nobody = nearest.site < 0
    if (cut_off := nobody & inside).any():
        reason[cut_off] = _cut_off_reasons(times, limits, rows, asked[cut_off], nearest.nobody_able[cut_off])
    reason[inside & nearest.nobody_able & (reason != "no_road")] = "no_crew"
    first = np.asarray(limits.covers @ opened.astype(np.int32) > 0)
    reason[inside & first[asked] & ~covered] = "second_unit"
    reason[covered] = ""
    names = np.array([*times.sites.ids, ""], dtype=object)
    return pd.DataFrame(
        {
            "id": ids,
            "covered": covered,
            "nearest_site": names[nearest.site],
            "nearest_s": nearest.value,
            "limit_s": limits.limit_s[np.where(nobody, rows[0], nearest.site), asked],
            "reason": reason,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nearest:
    """Who speaks for each point asked about.

    Parameters
    ----------
    site : ndarray of int64, shape (n_asked,)
        -1 where nobody who could speak for the point reaches it.
    value : ndarray of float64, shape (n_asked,)
    nobody_able : ndarray of bool, shape (n_asked,)
        Whether no open site has a crew that could meet the standard; then all of them speak for the point.
    """

    site: NDArray[np.int64]
    value: NDArray[np.float64]
    nobody_able: NDArray[np.bool_]


def _nearest(times: AnyTimes, limits: PairLimits, rows: NDArray[np.int64], asked: NDArray[np.int64]) -> _Nearest:
    """Find the site with most time to spare among those that speak for a point; ties go to the first."""
    table = limits.limit_s
    some_able = np.asarray(np.isfinite(table.table[np.unique(table.crew[rows])]).any(axis=0))
    nobody_able = ~some_able[table.zone[asked]]
    site, place, value = _reached(times, rows, asked)
    limit = table[site, asked[place]]
    able = np.isfinite(limit)
    speaks = able | nobody_able[place]
    site, place, value = site[speaks], place[speaks], value[speaks]
    spare = np.where(able[speaks], limit[speaks], 0.0) - value
    order = np.lexsort((site, -spare, place))
    lead = order[np.r_[True, np.diff(place[order]) > 0]] if len(order) else order
    best, time = np.full(len(asked), -1, dtype=np.int64), np.full(len(asked), np.inf)
    best[place[lead]], time[place[lead]] = site[lead], value[lead]
    return _Nearest(site=best, value=time, nobody_able=nobody_able)


def _reached(
    times: AnyTimes, rows: NDArray[np.int64], asked: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """List who reaches whom of some sites and points: site, place among the asked, value."""
    if isinstance(times, TravelTimePairs):
        is_open, place = np.zeros(len(times.sites), dtype=np.bool_), np.full(len(times.demand), -1, dtype=np.int64)
        is_open[rows], place[asked] = True, np.arange(len(asked))
        kept = is_open[times.site] & (place[times.point] >= 0)
        return times.site[kept].astype(np.int64), place[times.point[kept]], times.seconds[kept]
    block = times.values[np.ix_(rows, asked)]
    which, at = np.nonzero(np.isfinite(block))
    return rows[which], at, block[which, at]


def _cut_off_reasons(
    times: AnyTimes,
    limits: PairLimits,
    rows: NDArray[np.int64],
    points: NDArray[np.int64],
    nobody_able: NDArray[np.bool_],
) -> NDArray[np.str_]:
    """Say why points are reached by nobody: the cause that holds for most of the sites that speak for them."""
    if isinstance(times, TravelTimePairs) and times.without_ticks.graph is None:
        # of pairs that were given nothing more is known, and sites times points may be very many
        return np.full(len(points), "not_given", dtype="U13")
    why = _pair_reasons(times, rows, points)
    speaks = np.isfinite(limits.limit_s[rows[:, None], points]) | nobody_able
    causes = np.unique(why)
    counts = np.array([((why == cause) & speaks).sum(axis=0) for cause in causes])
    return np.asarray(causes[counts.argmax(axis=0)])


def _pair_reasons(times: AnyTimes, rows: NDArray[np.int64], points: NDArray[np.int64]) -> NDArray[np.str_]:
    """Say of sites and points without a path why they have none; str, shape (n_rows, n_points)."""
    if isinstance(times, TravelTimePairs):
        return times.reasons_of(rows, points)
    return np.asarray(times.reasons()[np.ix_(rows, points)])
