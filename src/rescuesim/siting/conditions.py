"""What side conditions are made of: groups of sites with a least or largest number, separation, subsidies."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal

import pandas as pd

from rescuesim.errors import InputError
from rescuesim.travel import TravelTimes

__all__ = ["GroupLimit", "Separation", "Subsidy", "is_number", "list_of_ids", "whole_number"]


def whole_number(name: str, value: Any, least: int = 0) -> list[str]:
    """Say what is wrong with a number that must be whole; an empty list if nothing is."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        return [f"{name} {value!r}: expected a whole number of {least} or more"]
    return []


def is_number(value: object) -> bool:
    """Whether a value is a number that can be compared: no text, no truth value, no NaN."""
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)


def list_of_ids(value: object) -> bool:
    """Whether a value is a list of what may be ids; a single text is none, and a generator cannot be read twice."""
    if isinstance(value, str) or not isinstance(value, Collection):
        return False
    return all(isinstance(one, (str, Integral)) for one in value)


def _amount(name: str, value: Any, most: float = math.inf, *, finite: bool = True) -> list[str]:
    """Say what is wrong with an amount of money, metres, seconds or a share."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= most or (finite and math.isinf(value)):
        upto = f" to {most:g}" if math.isfinite(most) else " or more"
        return [f"{name} {value!r}: expected a number of 0{upto}"]
    return []


def _texts(name: str, values: Any) -> list[str]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [f"{name} {values!r}: expected a list"]
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLimit:
    """At least or at most so many open sites in each township, host, crew type or named group (R15, R20, R42).

    Parameters
    ----------
    at_least, at_most : int, optional
        At least one of the two.
    per : {'township', 'host', 'crew'}, optional
        One condition for each value of this column of the site table. With `at_least` and ``township``, townships
        that have demand points and no site that may be open are a fault, not a silence.
    of : sequence of str, optional
        Only for these values of the column; all if absent.
    sites : sequence of str, optional
        Instead of `per`: the ids of one group.
    name : str, optional
        Of that group, in messages.
    crews : sequence of str, optional
        Only open sites with these crew types are counted, such as ``["micro_station"]`` where a township's duty team
        (专职队) is not to stand for its micro station; sites of all crews if absent, existing ones included. Sites of
        another kind than the one that is sited, such as depots, never count.

    Raises
    ------
    InputError
        If not exactly one of `per` and `sites` is given, or the numbers contradict each other.

    Examples
    --------
    >>> GroupLimit(per="township", at_least=1).at_least
    1
    >>> GroupLimit(sites=["s1", "s2"], name="port", at_most=1).name
    'port'
    >>> GroupLimit(per="township", at_most=1, crews=["micro_station"]).crews
    ['micro_station']
    """

    at_least: int | None = None
    at_most: int | None = None
    per: Literal["township", "host", "crew"] | None = None
    of: Sequence[str] | None = None
    sites: Sequence[str] | None = None
    name: str = ""
    crews: Sequence[str] | None = None

    def __post_init__(self) -> None:
        faults = []
        if (self.per is None) == (self.sites is None):
            faults.append("group: expected either per or sites")
        if self.per not in (None, "township", "host", "crew"):
            faults.append(f"per {self.per!r}: expected township, host or crew")
        if self.of is not None and self.per is None:
            faults.append("group: of goes with per")
        for name, values in (("of", self.of), ("sites", self.sites), ("crews", self.crews)):
            faults += [] if values is None else _texts(name, values)
        numbers = [(n, v) for n, v in (("at_least", self.at_least), ("at_most", self.at_most)) if v is not None]
        if not numbers:
            faults.append("group: expected at_least or at_most")
        wrong = [fault for name, value in numbers for fault in whole_number(name, value)]
        if not wrong and len(numbers) == 2 and numbers[0][1] > numbers[1][1]:
            wrong.append(f"at_least {self.at_least}: expected no more than at_most {self.at_most}")
        if faults + wrong:
            raise InputError("; ".join(faults + wrong))


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """Two open sites are no nearer to each other than this, on the road or as the crow flies.

    Sites that must both be open are not asked: nothing can be done about them.

    Parameters
    ----------
    at_least_s : float, optional
        Seconds on the road, in the quicker of the two directions; needs `between`.
    between : TravelTimes or DataFrame, optional
        From every site to every site, by id: ``rs.travel_times(network, sites, sites_as_points)``, or a table with
        the ids of the sites as index and columns.
    at_least_m : float, optional
        Metres as the crow flies instead; needs positions.

    Raises
    ------
    InputError
        If not exactly one of the two is given.

    Examples
    --------
    >>> Separation(at_least_m=800).at_least_m
    800
    """

    at_least_s: float | None = None
    between: TravelTimes | pd.DataFrame | None = None
    at_least_m: float | None = None

    def __post_init__(self) -> None:
        if (self.at_least_s is None) == (self.at_least_m is None):
            raise InputError("separation: expected either at_least_s, with between, or at_least_m")
        if (self.at_least_s is None) != (self.between is None):
            raise InputError("separation: at_least_s and between, the times from site to site, go together")
        name, value = ("at_least_s", self.at_least_s) if self.at_least_m is None else ("at_least_m", self.at_least_m)
        if faults := _amount(name, value):
            raise InputError(f"separation: {faults[0]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subsidy:
    """Money from above that lowers what a site costs the bureau (以奖代补, R66).

    Parameters
    ----------
    name : str
    share : float, optional
        Of the site's cost, 0 to 1.
    amount : float, optional
        For each site, besides the share.
    cap : float, optional
        Largest sum for one site.
    fund : float, optional
        Largest sum for all open sites together; what they would get beyond it the bureau pays.
    hosts, sites : sequence of str, optional
        Only for sites with these hosts, only for these ids; all sites if neither is given.

    Examples
    --------
    >>> Subsidy(name="village prize", share=0.5, cap=100_000, hosts=["village"]).cap
    100000
    """

    name: str
    share: float = 0.0
    amount: float = 0.0
    cap: float = math.inf
    fund: float = math.inf
    hosts: Sequence[str] | None = None
    sites: Sequence[str] | None = None

    def __post_init__(self) -> None:
        faults = _amount("share", self.share, 1.0) + _amount("amount", self.amount)
        faults += _amount("cap", self.cap, finite=False) + _amount("fund", self.fund, finite=False)
        for name, values in (("hosts", self.hosts), ("sites", self.sites)):
            faults += [] if values is None else _texts(name, values)
        if not faults and self.share == 0 and self.amount == 0:
            faults = ["expected a share or an amount above 0"]
        if faults:
            raise InputError(f"subsidy {self.name!r}: " + "; ".join(faults))
