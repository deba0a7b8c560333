"""What a plan covers, point by point, and why it misses a point: crew, road or limit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.siting.limits import PairLimits, covered_points
from rescuesim.travel import TravelTimes

__all__ = ["POINT_REASONS", "point_coverage"]

POINT_REASONS = (
    "",  # covered
    "not_in_standard",  # no standard holds in its zone
    "no_crew",  # no open site has a crew that could meet the standard: fix staffing
    "limit",  # too far from every open site with a crew that could
    "second_unit",  # no second unit from another site in time
    "no_road",
    "road_closed",
    "no_site",  # no site is open
    "no_path",  # cut off from every open site
    "site_unusable",
    "beyond_cutoff",
    "not_given",
)


def point_coverage(times: TravelTimes, limits: PairLimits, opened: NDArray[np.bool_]) -> pd.DataFrame:
    """Say for each demand point whether it is covered, by whom, and if not why.

    Parameters
    ----------
    times : TravelTimes
    limits : PairLimits
    opened : ndarray of bool, shape (n_sites,)

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
    n_demand = len(times.demand)
    covered = covered_points(limits, opened)
    rows = np.flatnonzero(opened)
    reason = np.where(limits.in_standard, "limit", "not_in_standard").astype("U15")
    if not len(rows):
        reason[limits.in_standard] = "no_site"
        empty = {"nearest_site": "", "nearest_s": np.inf, "limit_s": -np.inf}
        return pd.DataFrame({"id": times.demand.ids, "covered": covered, **empty, "reason": reason})
    value, limit = times.values[rows], limits.limit_s[rows]
    able = np.isfinite(limit)
    reached = np.isfinite(value)
    nobody_able = ~able.any(axis=0)
    # the sites that speak for a point: those whose crew could meet the standard, else all
    speaks = able | nobody_able
    spare = np.where(able, limit, 0.0) - np.where(reached, value, 0.0)
    best = np.where(speaks & reached, spare, -np.inf).argmax(axis=0)
    at = np.arange(n_demand)
    nobody = ~(speaks & reached).any(axis=0)
    nearest = np.where(nobody, np.inf, value[best, at])
    names = np.array(times.sites.ids, dtype=object)[rows][best]
    cut_off = nobody & limits.in_standard
    if cut_off.any():
        why = times.reasons()[rows]
        # each of these sites is cut off; the cause that holds for most of them speaks for the point
        for point in np.flatnonzero(cut_off):
            found, counts = np.unique(why[speaks[:, point], point], return_counts=True)
            reason[point] = found[counts.argmax()]
    reason[limits.in_standard & nobody_able & ~np.isin(reason, ["no_road"])] = "no_crew"
    first = limits.covers[:, rows].any(axis=1)
    reason[limits.in_standard & first & ~covered] = "second_unit"
    reason[covered] = ""
    return pd.DataFrame(
        {
            "id": times.demand.ids,
            "covered": covered,
            "nearest_site": np.where(nobody, "", names),
            "nearest_s": nearest,
            "limit_s": limit[best, at],
            "reason": reason,
        }
    )
