"""Differences between plans that were run on the same calls and draws."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rescuesim.errors import InputError
from rescuesim.report.statistics.intervals import (
    Interval,
    Method,
    Statistic,
    clustered_interval,
    standard_error,
    t_quantile,
)

__all__ = ["PairedDifference", "paired_difference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """How much two plans differ, replication by replication on common random numbers.

    Parameters
    ----------
    paired : Interval
        Of the difference, second from first.
    unpaired : Interval
        The same difference as if each plan had had its own calls: what pairing saved.

    Examples
    --------
    >>> found = paired_difference(lambda t: t[0] / t[1], [[9, 10], [5, 10], [8, 10]], [[8, 10], [4, 10], [7, 10]])
    >>> round(found.paired.value, 3), found.clear
    (0.1, True)
    """

    paired: Interval
    unpaired: Interval

    @property
    def variance_ratio(self) -> float:
        """How many times as many replications unpaired plans would need for the same half-width."""
        if not self.paired.half_width > 0:
            return math.inf if self.unpaired.half_width > 0 else math.nan
        return (self.unpaired.half_width / self.paired.half_width) ** 2

    @property
    def clear(self) -> bool:
        """Whether the interval of the difference leaves 0 out."""
        return self.paired.low > 0 or self.paired.high < 0


def paired_difference(
    statistic: Statistic,
    first: ArrayLike,
    second: ArrayLike,
    *,
    confidence: float = 0.95,
    method: Method = "t",
    seed: int = 0,
) -> PairedDifference:
    """Estimate what the first plan gains over the second on the same calls.

    Parameters
    ----------
    statistic : callable
        As in `clustered_interval`.
    first, second : array_like of float, shape (replications, ...)
        Row r of both is of replication r, with the same calls and draws.
    confidence : float, optional
    method : {'t', 'bca', 'percentile'}, optional
    seed : int, optional

    Returns
    -------
    PairedDifference

    Raises
    ------
    InputError
        If the two are not of the same shape.

    References
    ----------
    Glasserman, P., Yao, D. D. (1992). Some guidelines and guarantees for common random numbers. Management Science
    38(6), 884-908. doi:10.1287/mnsc.38.6.884
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != other.shape:
        raise InputError(f"plans of {one.shape} and {other.shape}: expected the same replications to be paired")
    both = np.stack([one, other], axis=1)
    paired = clustered_interval(
        lambda total: statistic(total[0]) - statistic(total[1]), both, confidence=confidence, method=method, seed=seed
    )
    error = math.hypot(standard_error(statistic, one), standard_error(statistic, other))
    # two independent samples of the same size: Welch's degrees of freedom lie between n - 1 and 2 (n - 1)
    half = t_quantile(confidence, max(2 * len(one) - 2, 1)) * error
    apart = Interval(
        value=paired.value,
        low=paired.value - half,
        high=paired.value + half,
        confidence=confidence,
        n=len(one),
        method="" if math.isnan(half) else "t",
    )
    return PairedDifference(paired=paired, unpaired=apart)
