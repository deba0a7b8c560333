"""Who serves a point, where a model allocates points to sites, and why nobody does: full or unreachable."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.siting.found import Found
from rescuesim.siting.medians.allocation import all_times, nearest_open
from rescuesim.siting.problem import SitingProblem

__all__ = ["allocation_table", "point_allocation", "shares_of"]

_WHOLE = 1e-6  # of a point's demand, that may be missing for it to count as served


def shares_of(problem: SitingProblem, found: Found, opened: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the share of each point that each site serves; shape (n_sites, n_demand)."""
    if found.shares is not None and found.opened is not None:
        return found.shares
    shares = np.zeros((problem.n_sites, len(problem.demand)))
    nearest = nearest_open(problem, opened) if found.allocation is None else found.allocation
    served = np.flatnonzero(nearest >= 0)
    shares[nearest[served], served] = 1.0
    return shares


def point_allocation(problem: SitingProblem, opened: NDArray[np.bool_], shares: NDArray[np.float64]) -> pd.DataFrame:
    """Say for each demand point whether all of it is served, from where, and if not why.

    Parameters
    ----------
    problem : SitingProblem
    opened : ndarray of bool, shape (n_sites,)
    shares : ndarray of float64, shape (n_sites, n_demand)

    Returns
    -------
    DataFrame
        As of `point_coverage`: ``id, covered, nearest_site, nearest_s, limit_s, reason``. ``covered`` is whether all of
        the demand is served; the site is the one that serves most of it, else the nearest open one; there is no limit.
        A reason of ``full`` says that open sites reach the point and have no room for all of it.
    """
    times = all_times(problem)
    values, n_demand = times.values, len(problem.demand)
    covered = shares.sum(axis=0) >= 1 - _WHOLE
    nearest = nearest_open(problem, opened)
    site = np.where(shares.any(axis=0), shares.argmax(axis=0), nearest)
    reached = nearest >= 0
    at = np.arange(n_demand)
    reason = np.where(covered, "", np.where(reached, "full", "no_site")).astype("U15")
    rows = np.flatnonzero(opened)
    if len(rows) and not reached.all():
        why = times.reasons()[rows]
        for point in np.flatnonzero(~reached):
            found, counts = np.unique(why[:, point], return_counts=True)
            reason[point] = found[counts.argmax()]
    return pd.DataFrame(
        {
            "id": problem.demand.ids,
            "covered": covered,
            "nearest_site": np.where(reached, np.array(problem.sites.ids, dtype=object)[site], ""),
            "nearest_s": np.where(reached, values[site, at], np.inf),
            "limit_s": np.full(n_demand, np.nan),
            "reason": reason,
        }
    )


def allocation_table(problem: SitingProblem, shares: NDArray[np.float64]) -> pd.DataFrame:
    """Return who serves whom.

    Returns
    -------
    DataFrame
        One row a pair: ``point, site, share, weight, time``, in the order of the points; ``weight`` is what the site
        serves of the point, ``time`` in the unit of the travel times.
    """
    point, site = np.nonzero(shares.T)
    share = shares[site, point]
    return pd.DataFrame(
        {
            "point": np.array(problem.demand.ids, dtype=object)[point],
            "site": np.array(problem.sites.ids, dtype=object)[site],
            "share": share,
            "weight": share * problem.demand.weights[point],
            "time": all_times(problem).values[site, point],
        }
    )
