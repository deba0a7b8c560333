"""Durations: any distribution that turns draws made in advance into seconds.

A draw is a standard normal or a uniform number that belongs to the call, so another distribution, plan or
disruption meets the same draw (common random numbers). A frozen ``scipy.stats`` distribution, records of a bureau
and `Lognormal` all serve.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from rescuesim.crew import Lognormal
from rescuesim.errors import InputError, nearest_name

__all__ = ["FAMILIES", "Duration", "Empirical", "Frozen", "as_duration", "duration_from_table"]

FAMILIES = ("exponential", "fixed", "gamma", "loglogistic", "lognormal", "weibull")


@runtime_checkable
class Duration(Protocol):
    """A distribution of seconds of 0 or more, or of a factor; `Lognormal`, `Frozen` and `Empirical` are such."""

    def ppf(self, q: ArrayLike, /) -> NDArray[np.float64]:
        """Return the values that are not exceeded with the probabilities `q`, elementwise."""
        ...

    def from_normal(self, z: ArrayLike, /) -> NDArray[np.float64]:
        """Turn standard normal draws into draws of this distribution, of the same shape; rising in `z`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frozen:
    """A frozen ``scipy.stats`` distribution as a duration.

    Parameters
    ----------
    distribution : frozen distribution of scipy.stats
        Of values that are finite and never under 0.

    Raises
    ------
    InputError
        If it is no such distribution, or values under 0 can be drawn.

    Examples
    --------
    >>> from scipy import stats
    >>> waiting = Frozen(distribution=stats.expon(scale=60.0))
    >>> waiting.from_normal([0.0]).round(3).tolist(), waiting.ppf(0.5).round(3).item()
    ([41.589], 41.589)
    """

    distribution: Any

    def __post_init__(self) -> None:
        if not all(callable(getattr(self.distribution, name, None)) for name in ("ppf", "isf", "support")):
            found = type(self.distribution).__name__
            raise InputError(f"distribution {found}: expected a frozen distribution of scipy.stats, a Lognormal")
        low, _ = self.distribution.support()
        middle = np.asarray(self.distribution.ppf([0.01, 0.5, 0.99]), dtype=np.float64)
        if not np.isfinite(middle).all():
            raise InputError(f"distribution {self}: its parameters give no finite values")
        if not low >= 0:
            raise InputError(f"distribution {self}: values from {low:g} on; expected seconds of 0 or more")

    def __str__(self) -> str:
        known = getattr(getattr(self.distribution, "dist", None), "name", type(self.distribution).__name__)
        return f"{known}{getattr(self.distribution, 'args', ())}{getattr(self.distribution, 'kwds', {})}"

    def ppf(self, q: ArrayLike, /) -> NDArray[np.float64]:
        """Return the values that are not exceeded with the probabilities `q`, elementwise."""
        return np.asarray(self.distribution.ppf(np.asarray(q, dtype=np.float64)), dtype=np.float64)

    def from_normal(self, z: ArrayLike, /) -> NDArray[np.float64]:
        """Turn standard normal draws into draws of this distribution, of the same shape."""
        normal = np.asarray(z, dtype=np.float64)
        # the upper half by the survival function: 1 - tiny is 1 in floating point, and its quantile infinite
        upper = np.asarray(self.distribution.isf(ndtr(-np.maximum(normal, 0.0))), dtype=np.float64)
        return np.where(normal > 0, upper, self.ppf(ndtr(np.minimum(normal, 0.0))))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Empirical:
    """Recorded durations: each is drawn as often as it stands there.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Seconds of 0 or more, in any order; kept ascending.

    Examples
    --------
    >>> Empirical(values=np.array([30.0, 10.0, 20.0])).ppf([0.0, 0.4, 1.0]).tolist()
    [10.0, 20.0, 30.0]
    """

    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        values = np.sort(np.asarray(self.values, dtype=np.float64).ravel())
        wrong = values[~(np.isfinite(values) & (values >= 0))]
        if not values.size or wrong.size:
            found = f"value {wrong[0]}" if wrong.size else "no values"
            raise InputError(f"empirical duration, {found}: expected at least one, finite seconds of 0 or more")
        object.__setattr__(self, "values", values)

    def ppf(self, q: ArrayLike, /) -> NDArray[np.float64]:
        """Return the values that are not exceeded with the probabilities `q`, elementwise."""
        size = len(self.values)
        at = np.ceil(np.asarray(q, dtype=np.float64) * size).astype(np.int64) - 1
        return np.asarray(self.values[np.clip(at, 0, size - 1)], dtype=np.float64)

    def from_normal(self, z: ArrayLike, /) -> NDArray[np.float64]:
        """Turn standard normal draws into draws of this distribution, of the same shape."""
        return self.ppf(ndtr(np.asarray(z, dtype=np.float64)))


def as_duration(distribution: object) -> Duration:
    """Take a duration as it is, wrap a frozen ``scipy.stats`` distribution, and make a number exact.

    Raises
    ------
    InputError
        If it is none of them, or values under 0 can be drawn.

    Examples
    --------
    >>> as_duration(30).ppf([0.1, 0.9]).tolist()
    [30.0, 30.0]
    """
    if isinstance(distribution, int | float):
        return Lognormal(median=float(distribution), p90=float(distribution))
    return distribution if isinstance(distribution, Duration) else Frozen(distribution=distribution)


def duration_from_table(
    entry: Mapping[str, object], *, records: pd.DataFrame | None = None, name: str = ""
) -> Duration:
    """Make a duration of an entry in a file.

    Parameters
    ----------
    entry : mapping
        ``{family, median_s, p90_s}`` with a family of `FAMILIES` (lognormal if absent; ``exponential`` and ``fixed``
        take no ``p90_s``), or ``{column}``: the numbers that are given in that column of `records`, seconds.
    records : DataFrame, optional
    name : str, optional
        What the duration is called in messages.

    Returns
    -------
    Duration

    Raises
    ------
    InputError
        If a key is unknown or missing, the column is absent, or no such distribution exists.

    Examples
    --------
    >>> duration_from_table({"family": "weibull", "median_s": 60, "p90_s": 180}).ppf([0.5, 0.9]).round(6).tolist()
    [60.0, 180.0]
    """
    place = f"duration {name}".rstrip()
    known = ("column", "family", "median_s", "p90_s")
    if unknown := sorted(set(entry) - set(known)):
        raise InputError(f"{place}, key {unknown[0]!r}: expected {nearest_name(unknown[0], known)}")
    if "column" in entry:
        return _from_column(str(entry["column"]), len(entry), records, place)
    family = str(entry.get("family", "lognormal"))
    if family not in FAMILIES:
        raise InputError(f"{place}, family {family!r}: expected {nearest_name(family, FAMILIES)}")
    median, p90 = _seconds(entry, "median_s", place), math.nan
    if family in ("exponential", "fixed"):
        if "p90_s" in entry:
            raise InputError(f"{place}, p90_s: expected none, the median says all of family {family}")
        if family == "fixed":
            return Lognormal(median=median, p90=median)
    else:
        p90 = _seconds(entry, "p90_s", place)
        if family == "lognormal":
            return Lognormal(median=median, p90=p90)
        if not 0 < median < p90:
            raise InputError(f"{place}, median_s {median:g}, p90_s {p90:g}: expected 0 < median_s < p90_s")
    if median <= 0:
        raise InputError(f"{place}, median_s {median:g}: expected seconds above 0")
    return Frozen(distribution=_fitted(family, median, p90))


def _from_column(column: str, keys: int, records: pd.DataFrame | None, place: str) -> Empirical:
    if keys > 1:
        raise InputError(f"{place}, column {column!r}: expected no family, median_s or p90_s beside it")
    if records is None or column not in records:
        listed = ", ".join(map(str, records.columns)) if records is not None else "no records"
        raise InputError(f"{place}, column {column!r}: expected a column of the records; there are {listed}")
    try:
        return Empirical(values=records[column].dropna().to_numpy(dtype=np.float64))
    except ValueError as error:
        raise InputError(f"{place}, column {column!r}: {error}") from None


def _seconds(entry: Mapping[str, object], key: str, place: str) -> float:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise InputError(f"{place}, {key} {value!r}: expected finite seconds of 0 or more")
    return float(value)


def _fitted(family: str, median: float, p90: float) -> object:
    """Return the frozen distribution of a family with a median and, where it has a shape, a 90th percentile."""
    from scipy import optimize, stats

    if family == "exponential":
        return stats.expon(scale=median / math.log(2))
    ratio = p90 / median
    if family == "weibull":
        shape = math.log(math.log(10) / math.log(2)) / math.log(ratio)
        return stats.weibull_min(shape, scale=median / math.log(2) ** (1 / shape))
    if family == "loglogistic":
        return stats.fisk(math.log(9) / math.log(ratio), scale=median)

    def miss(log_shape: float) -> float:
        shape = math.exp(log_shape)
        return float(math.log(stats.gamma.ppf(0.9, shape) / stats.gamma.ppf(0.5, shape)) - math.log(ratio))

    low, high = math.log(0.02), math.log(1e6)
    if miss(low) < 0 or miss(high) > 0:
        raise InputError(f"gamma, p90_s / median_s {ratio:g}: expected a ratio that a shape from 0.02 to 1e6 has")
    shape = math.exp(optimize.brentq(miss, low, high, xtol=1e-13))
    return stats.gamma(shape, scale=median / stats.gamma.ppf(0.5, shape))
