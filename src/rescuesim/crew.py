"""Crews: who turns out, how long it takes, when they are there and what they can take on.

Staff, not sites, is scarce: the crew type of a site sets its turnout time, its availability by shift
and its capabilities, and so decides which points the site can cover at all (R07, R16-R19, R23, R24,
R30, R69, R70).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from rescuesim._defaults import Default, default, defaults_under
from rescuesim.errors import InputError, UnknownIdError, nearest_name

__all__ = [
    "CAPABILITIES",
    "CrewType",
    "Lognormal",
    "Shift",
    "crew_type",
    "default_crews",
    "default_shifts",
    "shift_at",
]

_Z90 = 1.2815515655446004  # standard normal quantile of 0.9
CAPABILITIES = ("assist", "fire", "rescue", "medical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lognormal:
    """A duration or factor, lognormal, given by its median and its 90th percentile.

    Parameters
    ----------
    median : float
        Median, in the unit of the quantity; 0 means that the quantity is exactly 0.
    p90 : float
        90th percentile, at least the median.

    Examples
    --------
    >>> turnout = Lognormal(median=50.0, p90=70.0)
    >>> round(turnout.quantile(0.9), 6)
    70.0
    >>> float(turnout.cdf(50.0))
    0.5
    """

    median: float
    p90: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.median) and math.isfinite(self.p90) and 0 <= self.median <= self.p90):
            raise InputError(f"median {self.median}, P90 {self.p90}: expected finite, 0 <= median <= P90")
        if self.median == 0 and self.p90 > 0:
            raise InputError(f"median 0, P90 {self.p90}: expected a median above 0, or both 0")

    @classmethod
    def from_default(cls, entry: Default) -> Lognormal:
        """Take the distribution of a default that has median and P90 (or sigma), or a fixed value."""
        if entry.median is None:
            return cls(median=entry.number, p90=entry.number)
        if entry.p90 is None:
            return cls(median=entry.median, p90=entry.median * math.exp((entry.sigma or 0.0) * _Z90))
        return cls(median=entry.median, p90=entry.p90)

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm."""
        return math.log(self.p90 / self.median) / _Z90 if self.median > 0 else 0.0

    @property
    def mean(self) -> float:
        """Expected value."""
        return self.median * math.exp(self.sigma**2 / 2)

    def from_normal(self, z: ArrayLike) -> NDArray[np.float64]:
        """Turn standard normal draws into draws of this distribution, of the same shape."""
        return self.median * np.exp(self.sigma * np.asarray(z, dtype=np.float64))

    def cdf(self, x: ArrayLike) -> NDArray[np.float64]:
        """Probability of at most `x`, elementwise."""
        values = np.asarray(x, dtype=np.float64)
        if self.sigma == 0:
            return (values >= self.median).astype(np.float64)
        with np.errstate(divide="ignore"):
            return np.asarray(ndtr(np.log(np.maximum(values, 0) / self.median) / self.sigma), dtype=np.float64)

    def ppf(self, q: ArrayLike) -> NDArray[np.float64]:
        """Values that are not exceeded with the probabilities `q`, elementwise; as of a SciPy distribution."""
        probabilities = np.asarray(q, dtype=np.float64)
        return self.from_normal(ndtri(probabilities)) if self.sigma > 0 else np.full(probabilities.shape, self.median)

    def quantile(self, q: float) -> float:
        """Value that is not exceeded with probability `q`."""
        return float(self.from_normal(ndtri(q)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A part of the day in which the same crews are on duty.

    Parameters
    ----------
    name : str
    start_h, end_h : float
        Hours of the day, from 0 to 24; a shift whose end is before its start runs past midnight.
    """

    name: str
    start_h: float
    end_h: float

    @property
    def hours(self) -> float:
        """Length in hours."""
        return (self.end_h - self.start_h) % 24 or 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewType:
    """A kind of crew, with what planning and simulation both need to know of it.

    Parameters
    ----------
    name : str
        For instance ``"brigade"``.
    turnout : mapping of str to Lognormal
        Seconds from the order to rolling, by shift.
    availability : mapping of str to float
        Probability that the crew can turn out, by shift.
    capabilities : frozenset of str
        What it may take on, from `CAPABILITIES`.
    people : int, optional
        Who come with a unit; as many as are asked for if absent.
    roster : int, optional
        People who are called up for each order and come each on their own; absent for a crew that is on duty.
    attends : mapping of str to float
        Probability that one of the roster comes, by shift.
    accepts : float
        Probability that a crew that is asked takes the order.
    acceptance : Lognormal, optional
        Seconds until it has answered; absent for a crew that is ordered and not asked.
    """

    name: str
    turnout: Mapping[str, Lognormal]
    availability: Mapping[str, float]
    capabilities: frozenset[str]
    people: int | None = None
    roster: int | None = None
    attends: Mapping[str, float] = field(default_factory=dict)
    accepts: float = 1.0
    acceptance: Lognormal | None = None

    def __post_init__(self) -> None:
        if set(self.turnout) != set(self.availability):
            raise InputError(f"crew {self.name}: expected turnout and availability for the same shifts")
        wrong = {shift: p for shift, p in self.availability.items() if not 0 <= p <= 1}
        if wrong:
            raise InputError(f"crew {self.name}: availability {wrong}, expected between 0 and 1")
        if unknown := self.capabilities - set(CAPABILITIES):
            raise InputError(f"crew {self.name}: capabilities {sorted(unknown)}, expected of {CAPABILITIES}")
        for what, number in (("people", self.people), ("roster", self.roster)):
            if number is not None and (not isinstance(number, int) or number < 1):
                raise InputError(f"crew {self.name}: {what} {number}, expected a whole number of 1 or more")
        wrong = {shift: p for shift, p in {**self.attends, "accepts": self.accepts}.items() if not 0 <= p <= 1}
        if wrong:
            raise InputError(f"crew {self.name}: {wrong}, expected probabilities between 0 and 1")
        if self.roster is not None and set(self.attends) != set(self.turnout):
            raise InputError(f"crew {self.name}: expected attends for the shifts {', '.join(sorted(self.turnout))}")
        if self.accepts < 1 and self.acceptance is None:
            raise InputError(f"crew {self.name}: accepts {self.accepts}, expected acceptance, the time of its answer")

    def can(self, needs: frozenset[str]) -> bool:
        """Whether the crew is capable of all that is needed."""
        return needs <= self.capabilities


@functools.cache
def default_shifts() -> tuple[Shift, ...]:
    """Return the shifts of ``defaults.toml``: day 08-20 h and night 20-08 h."""
    return tuple(
        Shift(
            name=name,
            start_h=default(f"shift.{name}.start_h").number,
            end_h=default(f"shift.{name}.end_h").number,
        )
        for name in ("day", "night")
    )


def shift_at(hour: ArrayLike, shifts: tuple[Shift, ...] | None = None) -> NDArray[np.int64]:
    """Return the index of the shift on duty at each hour of the day.

    Parameters
    ----------
    hour : array_like of float
        Hours since midnight, any day.
    shifts : tuple of Shift, optional
        The default shifts if absent.

    Returns
    -------
    ndarray of int64, same shape

    Examples
    --------
    >>> shift_at([7.9, 8.0, 19.99, 20.0]).tolist()
    [1, 0, 0, 1]
    """
    known = shifts or default_shifts()
    hours = np.asarray(hour, dtype=np.float64) % 24
    found = np.full(hours.shape, -1, dtype=np.int64)
    for index, shift in enumerate(known):
        found[(hours - shift.start_h) % 24 < shift.hours] = index
    return found


def default_crews() -> dict[str, CrewType]:
    """Return the crew types of ``defaults.toml``, by name.

    Examples
    --------
    >>> sorted(default_crews())
    ['ambulance', 'brigade', 'micro_station', 'social_team', 'township_duty', 'village_on_call']
    """
    return dict(_default_crews())


@functools.cache
def _default_crews() -> dict[str, CrewType]:
    crews = {}
    for name, turnout in defaults_under("turnout").items():
        availability = {shift: entry.number for shift, entry in defaults_under(f"availability.{name}").items()}
        crews[name] = CrewType(
            name=name,
            turnout={shift: Lognormal.from_default(turnout) for shift in availability},
            availability=availability,
            capabilities=frozenset(default(f"capabilities.{name}").words),
            **_muster(name),
        )
    return crews


def _muster(name: str) -> dict[str, Any]:
    """Return how a crew that is not on duty musters; nothing for one that is."""
    if not defaults_under(f"muster.{name}"):
        return {}
    attends = {shift: entry.number for shift, entry in defaults_under(f"staffing.{name}.turn_out").items()}
    return {
        "roster": int(default(f"muster.{name}.roster").number),
        "attends": attends,
        "accepts": default(f"muster.{name}.accepts").number,
        "acceptance": Lognormal.from_default(default(f"muster.{name}.acceptance")),
    }


def crew_type(name: str, crews: Mapping[str, CrewType] | None = None) -> CrewType:
    """Look a crew type up by name.

    Raises
    ------
    UnknownIdError
        If there is none of that name; the message names the nearest.
    """
    known = crews if crews is not None else default_crews()
    try:
        return known[name]
    except KeyError:
        raise UnknownIdError(f"crew {name!r}: expected {nearest_name(name, known)}") from None
