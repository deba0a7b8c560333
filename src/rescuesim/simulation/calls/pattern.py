"""CallPattern: how the calls of a year spread over its months, the days of the week and the hours."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.errors import Fault, InputError

__all__ = ["CallPattern"]

_DAY_S, _HOUR_S, _YEAR_DAYS = 86400.0, 3600.0, 365.25
_MONTH_DAYS = (31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SUMMER = (5, 6, 7)  # June to August, counted from 0
_DAY_PART = (8, 20)  # hours between which `share_08_to_20_h` of the calls ring


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPattern:
    """How the calls of a year spread over its months, the days of the week and the hours.

    The three multiply. Inside an hour, or inside the parts of the day where no hours are given, the rate is constant.

    Parameters
    ----------
    share_08_to_20_h : float, optional
        ``calls.pattern.share_08_to_20_h`` if absent.
    share_june_to_august : float, optional
        ``calls.pattern.share_june_to_august`` if absent.
    hours : tuple of float, length 24, optional
        Relative rates of the hours instead of `share_08_to_20_h`.
    weekdays : tuple of float, length 7, optional
        Relative rates from Monday to Sunday; ``calls.pattern.weekday`` if absent.
    months : tuple of float, length 12, optional
        Relative calls of the months instead of `share_june_to_august`.

    Raises
    ------
    InputError
        With all that is out of bounds.

    Examples
    --------
    Half a day from noon on, of which 8 hours are by day:

    >>> edges_s, per_s = CallPattern().rates(None, 43200.0, start_h=12.0)
    >>> edges_s.tolist(), (per_s * 3600).round(4).tolist()
    ([0.0, 28800.0, 43200.0], [0.0583, 0.025])
    """

    share_08_to_20_h: float | None = None
    share_june_to_august: float | None = None
    hours: tuple[float, ...] | None = None
    weekdays: tuple[float, ...] | None = None
    months: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        faults = []
        for name, other in (("share_08_to_20_h", "hours"), ("share_june_to_august", "months")):
            share = getattr(self, name)
            if share is not None and not 0 <= share <= 1:
                faults.append(Fault(column=name, value=str(share), expected="from 0 to 1"))
            if share is not None and getattr(self, other) is not None:
                faults.append(Fault(column=other, expected=f"{other} or {name}, not both"))
        for name, size in (("hours", 24), ("weekdays", 7), ("months", 12)):
            rates = getattr(self, name)
            if rates is None:
                continue
            good = len(rates) == size and all(0 <= rate < math.inf for rate in rates) and math.fsum(rates) > 0
            if not good:
                expected = f"{size} finite numbers of 0 or more, one above 0"
                faults.append(Fault(column=name, value=str(rates), expected=expected))
        if faults:
            raise InputError(faults)

    @property
    def day_share(self) -> float:
        """Share of the calls between 08 and 20 h, default filled in; of the `hours` where they are given."""
        if self.hours is not None:
            return math.fsum(self.hours[slice(*_DAY_PART)]) / math.fsum(self.hours)
        if self.share_08_to_20_h is not None:
            return self.share_08_to_20_h
        return default("calls.pattern.share_08_to_20_h").number

    def day_factor(self, day: datetime.date) -> float:
        """Return the calls of a day relative to an average day of the year.

        Examples
        --------
        >>> round(CallPattern().day_factor(datetime.date(2026, 7, 1)), 3)
        1.112
        """
        if self.months is not None:
            share = self.months[day.month - 1] / math.fsum(self.months)
            season = share * _YEAR_DAYS / _MONTH_DAYS[day.month - 1]
        else:
            given = self.share_june_to_august
            summer = default("calls.pattern.share_june_to_august").number if given is None else given
            days = sum(_MONTH_DAYS[month] for month in _SUMMER)
            is_summer = day.month - 1 in _SUMMER
            season = summer / days * _YEAR_DAYS if is_summer else (1 - summer) / (_YEAR_DAYS - days) * _YEAR_DAYS
        weights = self.weekdays if self.weekdays is not None else _default_weekdays()
        return season * 7 * weights[day.weekday()] / math.fsum(weights)

    def rates(
        self, first_day: datetime.date | None, horizon_s: float, *, start_h: float = 0.0
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where the rate changes and what it is in between.

        Parameters
        ----------
        first_day : date or None
            Without it, every day is an average one.
        horizon_s : float
        start_h : float, optional
            Hour of the first day at which the clock starts.

        Returns
        -------
        edges_s : ndarray of float64, shape (n + 1,)
            From 0 to the horizon.
        per_s : ndarray of float64, shape (n,)
            Calls a second, of one call on an average day.
        """
        began_s = start_h * _HOUR_S
        steps = np.arange(24) * _HOUR_S if self.hours is not None else np.array([0.0, *_DAY_PART]) * [1, 3600, 3600]
        midnights = np.arange(0.0, horizon_s + began_s, _DAY_S)
        edges = np.concatenate([midnights + step - began_s for step in steps])
        edges = np.unique(np.concatenate([[0.0, horizon_s], edges[(edges > 0) & (edges < horizon_s)]]))
        inside_s = (edges[:-1] + edges[1:]) / 2 + began_s  # the middle, so that rounding crosses no edge
        second = inside_s % _DAY_S
        if self.hours is not None:
            per_hour = np.array(self.hours) / math.fsum(self.hours)
            per_s = per_hour[(second // _HOUR_S).astype(np.int64)] / _HOUR_S
        else:
            start_s, end_s = (hour * _HOUR_S for hour in _DAY_PART)
            by_day, share = (second >= start_s) & (second < end_s), self.day_share
            per_s = np.where(by_day, share / (end_s - start_s), (1 - share) / (_DAY_S - end_s + start_s))
        if first_day is not None:
            days = (inside_s // _DAY_S).astype(np.int64)
            factor = [self.day_factor(first_day + datetime.timedelta(days=day)) for day in range(int(days[-1]) + 1)]
            per_s = per_s * np.array(factor)[days]
        return edges, per_s


def _default_weekdays() -> tuple[float, ...]:
    value = default("calls.pattern.weekday").value
    if not isinstance(value, list):
        raise TypeError("default calls.pattern.weekday is no list")
    return tuple(float(one) for one in value)
