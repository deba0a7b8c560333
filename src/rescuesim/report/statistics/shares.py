"""Intervals of shares of calls: within 0 and 1, and never certain of either."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from rescuesim.errors import InputError
from rescuesim.report.statistics.intervals import (
    Interval,
    Method,
    by_t,
    check_options,
    clustered_interval,
    left_out_error,
    pooled_share,
)

__all__ = ["share_bounds", "share_interval"]


def share_interval(
    kept: ArrayLike, calls: ArrayLike, *, confidence: float = 0.95, method: Method = "t", seed: int = 0
) -> Interval:
    """Estimate the share of all calls that were kept, calls of one replication not being independent.

    Parameters
    ----------
    kept, calls : array_like of int, shape (replications,)
    confidence : float, optional
    method : {'t', 'bca', 'percentile'}, optional
    seed : int, optional

    Returns
    -------
    Interval
        Within 0 and 1: the t interval is taken on the logit scale, since near 0 and 1 a symmetric one holds the share
        too seldom, most of all where a run stops by it. Where every call was kept, or none, replications show no
        spread; then the bound is that of the probability that a replication is all kept (or all missed), which a
        mean share cannot fall short of: ``((1 - confidence) / 2) ** (1 / n)`` with n replications that had calls.
        ``method`` is then ``exact``.

    Raises
    ------
    InputError
        If more calls are kept than there were, or a number is negative.

    Examples
    --------
    >>> found = share_interval([3, 5, 4], [3, 5, 4])
    >>> found.value, round(found.low, 3), found.high, found.method
    (1.0, 0.292, 1.0, 'exact')

    References
    ----------
    Brown, L. D., Cai, T. T., DasGupta, A. (2001). Interval estimation for a binomial proportion. Statistical Science
    16(2), 101-133. doi:10.1214/ss/1009213286. Clopper, C. J., Pearson, E. S. (1934). The use of confidence or
    fiducial limits illustrated in the case of the binomial. Biometrika 26(4), 404-413. doi:10.1093/biomet/26.4.404
    """
    rows = np.stack([np.asarray(kept, dtype=np.float64), np.asarray(calls, dtype=np.float64)], axis=1)
    if (rows < 0).any() or (rows[:, 0] > rows[:, 1]).any():
        raise InputError("kept and calls: expected 0 or more, and no more kept than called")
    clusters = int((rows[:, 1] > 0).sum())
    if method != "t":
        return share_bounds(
            clustered_interval(pooled_share, rows, confidence=confidence, method=method, seed=seed), clusters
        )
    check_options(confidence, method, 100)
    total, error = rows.sum(axis=0), math.nan
    left = total - rows
    if len(rows) > 1 and (left[:, 1] > 0).all():
        error = left_out_error(left[:, 0] / left[:, 1])
    return share_bounds(by_t(pooled_share(total), error, confidence, len(rows)), clusters)


def share_bounds(found: Interval, clusters: int) -> Interval:
    """Bound the interval of a share by 0 and 1, and give a share of 0 or 1 the bound that its replications leave.

    Parameters
    ----------
    found : Interval
        One by ``t`` is taken over to the logit scale.
    clusters : int
        Replications that had calls.

    Returns
    -------
    Interval
    """
    value, low, high, method = found.value, found.low, found.high, found.method
    if clusters >= 1 and value in (0.0, 1.0):
        least = ((1 - found.confidence) / 2) ** (1 / clusters)
        low, high = (least, 1.0) if value == 1.0 else (0.0, 1 - least)
        method = "exact"
    elif method == "t" and 0 < value < 1:
        reach = (high - value) / (value * (1 - value))
        low, high, method = float(expit(logit(value) - reach)), float(expit(logit(value) + reach)), "logit"
        low, high = min(low, value), max(high, value)
    elif not math.isnan(low):
        low, high = max(low, 0.0), min(high, 1.0)
    return Interval(value=value, low=low, high=high, confidence=found.confidence, n=found.n, method=method)
