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
from scipy.stats import bootstrap
from scipy.stats import t as student_t

from rescuesim.errors import Fault, InputError

__all__ = [
    "Interval",
    "Method",
    "Statistic",
    "by_t",
    "check_options",
    "clustered_interval",
    "left_out_error",
    "mean_interval",
    "pooled_share",
    "standard_error",
    "t_quantile",
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


def check_options(confidence: float, method: str, resamples: int) -> None:
    """Raise InputError, with all faults, if an option of an interval is out of range."""
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
    return left_out_error(np.array([statistic(total - sums[row]) for row in range(n)]))


def left_out_error(left_out: NDArray[np.float64]) -> float:
    """Return the jackknife error of a statistic from its values with each replication left out."""
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
    check_options(confidence, method, resamples)
    rows = np.asarray(sums, dtype=np.float64)
    if rows.ndim < 1 or not np.isfinite(rows).all():
        raise InputError("sums of replications: expected finite numbers, one row a replication")
    n = len(rows)
    value = float(statistic(rows.sum(axis=0))) if n else math.nan
    error = standard_error(statistic, rows)
    if method == "t" or not error > 0:  # a bootstrap of equal replications has no spread to resample
        return by_t(value, error, confidence, n)
    low, high = _bootstrapped(statistic, rows, confidence, method, resamples, seed)
    return Interval(value=value, low=low, high=high, confidence=confidence, n=n, method=method)


def by_t(value: float, error: float, confidence: float, n: int) -> Interval:
    """Make the interval of a value with a standard error from n replications, by Student's t."""
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
        check_options(confidence, method, 100)
        # the jackknife error of a mean is its standard error
        return by_t(float(rows.mean()), float(rows.std(ddof=1)) / math.sqrt(len(rows)), confidence, len(rows))
    counted = np.stack([rows, np.ones(len(rows))], axis=1)
    return clustered_interval(pooled_share, counted, confidence=confidence, method=method, seed=seed)


def pooled_share(total: NDArray[np.float64]) -> float:
    """Return the share that two sums make, NaN of nothing."""
    return float(total[0] / total[1]) if total[1] > 0 else math.nan
