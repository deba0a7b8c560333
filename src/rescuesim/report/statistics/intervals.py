"""Intervals of figures that are computed from all replications together, clustered by replication."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from scipy.stats import bootstrap
from scipy.stats import t as student_t

from rescuesim.errors import Fault, InputError

__all__ = [
    "Interval",
    "Method",
    "Statistic",
    "clustered_interval",
    "mean_interval",
    "share_bounds",
    "share_interval",
    "standard_error",
]

Method = Literal["t", "bca", "percentile"]
Statistic = Callable[[NDArray[np.float64]], float]
_BOOTSTRAP_BATCH = 256  # resamples whose indices are held at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure with the interval that its replications leave it.

    Parameters
    ----------
    value, low, high : float
        NaN bounds where there are fewer than two replications, or the figure cannot be computed without one
        of them.
    confidence : float
    n : int
        Replications.
    method : str
        ``t``; ``logit`` for a share, by t on the logit scale; ``bca``, ``percentile``; ``exact`` for a share of 0 or 1;
        empty without bounds.

    Examples
    --------
    >>> Interval(value=0.5, low=0.4, high=0.7, confidence=0.95, n=20, method="bca").half_width
    0.2
    """

    value: float
    low: float
    high: float
    confidence: float
    n: int
    method: str

    @property
    def half_width(self) -> float:
        """The longer arm of the interval; NaN without bounds."""
        return round(max(self.high - self.value, self.value - self.low), 15)


def _check(confidence: float, method: str, resamples: int) -> None:
    faults = []
    if not 0 < confidence < 1:
        faults.append(Fault(column="confidence", value=str(confidence), expected="above 0 and below 1"))
    if method not in ("t", "bca", "percentile"):
        faults.append(Fault(column="method", value=str(method), expected="t, bca or percentile"))
    if resamples < 100:
        faults.append(Fault(column="resamples", value=str(resamples), expected="a whole number of 100 or more"))
    if faults:
        raise InputError(faults)


@functools.lru_cache(maxsize=4096)
def t_quantile(confidence: float, freedom: int) -> float:
    """Return how many standard errors an interval reaches on either side, by Student's t."""
    return float(student_t.ppf((1 + confidence) / 2, freedom))


def standard_error(statistic: Statistic, sums: NDArray[np.float64]) -> float:
    """Estimate the standard error of a statistic of summed rows by leaving out one row at a time.

    Parameters
    ----------
    statistic : callable
        From the sum over replications, shape ``sums.shape[1:]``, to a number.
    sums : ndarray of float64, shape (replications, ...)

    Returns
    -------
    float
        NaN with fewer than two replications, or where the statistic cannot do without one.

    References
    ----------
    Efron, B., Stein, C. (1981). The jackknife estimate of variance. Annals of Statistics 9(3), 586-596.
    doi:10.1214/aos/1176345462
    """
    n, total = len(sums), sums.sum(axis=0)
    if n < 2:
        return math.nan
    return _spread(np.array([statistic(total - sums[row]) for row in range(n)]))


def _spread(left_out: NDArray[np.float64]) -> float:
    n = len(left_out)
    return math.sqrt((n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum()))


def clustered_interval(
    statistic: Statistic,
    sums: ArrayLike,
    *,
    confidence: float = 0.95,
    method: Method = "t",
    resamples: int = 2_000,
    seed: int = 0,
) -> Interval:
    """Estimate a statistic of sums over replications with an interval in which whole replications vary.

    Parameters
    ----------
    statistic : callable
        From the sum over replications, shape ``sums.shape[1:]``, to a number.
    sums : array_like of float, shape (replications, ...)
        What each replication adds, such as its attained calls and its calls.
    confidence : float, optional
    method : {'t', 'bca', 'percentile'}, optional
        Jackknife error with a t quantile; or a bootstrap that draws whole replications, bias corrected and
        accelerated or plain.
    resamples, seed : int, optional
        Of the bootstrap; the same seed gives the same bounds.

    Returns
    -------
    Interval

    Raises
    ------
    InputError
        If an option is out of range or a number is not finite.

    Examples
    --------
    >>> kept_and_calls = [[8, 10], [17, 20], [9, 10]]
    >>> found = clustered_interval(lambda total: total[0] / total[1], kept_and_calls)
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (0.85, 0.767, 0.933)

    References
    ----------
    Efron, B. (1987). Better bootstrap confidence intervals. JASA 82(397), 171-185.
    doi:10.1080/01621459.1987.10478410. Field, C. A., Welsh, A. H. (2007). Bootstrapping clustered data. Journal of
    the Royal Statistical Society B 69(3), 369-390. doi:10.1111/j.1467-9868.2007.00593.x
    """
    _check(confidence, method, resamples)
    rows = np.asarray(sums, dtype=np.float64)
    if rows.ndim < 1 or not np.isfinite(rows).all():
        raise InputError("sums of replications: expected finite numbers, one row a replication")
    n = len(rows)
    value = float(statistic(rows.sum(axis=0))) if n else math.nan
    error = standard_error(statistic, rows)
    if method == "t" or not error > 0:  # a bootstrap of equal replications has no spread to resample
        return _by_t(value, error, confidence, n)
    low, high = _bootstrapped(statistic, rows, confidence, method, resamples, seed)
    return Interval(value=value, low=low, high=high, confidence=confidence, n=n, method=method)


def _by_t(value: float, error: float, confidence: float, n: int) -> Interval:
    if math.isnan(value) or math.isnan(error):
        return Interval(value=value, low=math.nan, high=math.nan, confidence=confidence, n=n, method="")
    half = t_quantile(confidence, n - 1) * error
    return Interval(value=value, low=value - half, high=value + half, confidence=confidence, n=n, method="t")


def _bootstrapped(
    statistic: Statistic, rows: NDArray[np.float64], confidence: float, method: str, resamples: int, seed: int
) -> tuple[float, float]:
    flat = rows.reshape(len(rows), -1)

    def of_drawn(drawn: NDArray[np.int64], axis: int = -1) -> NDArray[np.float64]:
        """Return the statistic of each set of drawn replications; these lie along the last axis."""
        many = np.moveaxis(np.atleast_2d(drawn), axis, -1).reshape(-1, drawn.shape[axis])
        times = np.zeros((len(many), len(flat)))
        np.add.at(times, (np.arange(len(many))[:, None], many), 1.0)
        sums = (times @ flat).reshape(-1, *rows.shape[1:])
        found = np.array([statistic(one) for one in sums])
        return found.reshape(drawn.shape[:-1]) if drawn.ndim > 1 else found[0]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a degenerate draw gives NaN bounds, which are returned as such
        found = bootstrap(
            (np.arange(len(flat)),),
            of_drawn,
            n_resamples=resamples,
            batch=_BOOTSTRAP_BATCH,
            vectorized=True,
            confidence_level=confidence,
            method="BCa" if method == "bca" else "percentile",
            rng=np.random.default_rng(seed),
        )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def mean_interval(values: ArrayLike, *, confidence: float = 0.95, method: Method = "t", seed: int = 0) -> Interval:
    """Estimate the mean over replications.

    Parameters
    ----------
    values : array_like of float, shape (replications,)
    confidence : float, optional
    method : {'t', 'bca', 'percentile'}, optional
    seed : int, optional

    Returns
    -------
    Interval

    Examples
    --------
    >>> found = mean_interval([4.0, 5.0, 6.0])
    >>> round(found.low, 3), found.value, round(found.high, 3)
    (2.516, 5.0, 7.484)
    """
    rows = np.asarray(values, dtype=np.float64)
    if method == "t" and len(rows) > 1 and np.isfinite(rows).all():
        _check(confidence, method, 100)
        # the jackknife error of a mean is its standard error
        return _by_t(float(rows.mean()), float(rows.std(ddof=1)) / math.sqrt(len(rows)), confidence, len(rows))
    counted = np.stack([rows, np.ones(len(rows))], axis=1)
    return clustered_interval(_ratio, counted, confidence=confidence, method=method, seed=seed)


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
        return share_bounds(clustered_interval(_ratio, rows, confidence=confidence, method=method, seed=seed), clusters)
    _check(confidence, method, 100)
    total, error = rows.sum(axis=0), math.nan
    left = total - rows
    if len(rows) > 1 and (left[:, 1] > 0).all():
        error = _spread(left[:, 0] / left[:, 1])
    return share_bounds(_by_t(_ratio(total), error, confidence, len(rows)), clusters)


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


def _ratio(total: NDArray[np.float64]) -> float:
    return float(total[0] / total[1]) if total[1] > 0 else math.nan
