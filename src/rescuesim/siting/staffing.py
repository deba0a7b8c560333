"""How many people a site must have on its roster, so that enough of them come (R16-R18, R30).

A roster is not a turnout. Of n people on a roster each comes within the turnout time with probability p, so the
number that comes is binomial, and the roster must be so long that a crew of k musters with the wanted confidence.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from rescuesim._defaults import default, defaults_under
from rescuesim.candidates import CandidateSites
from rescuesim.crew import default_crews, default_shifts
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.siting.conditions import is_number, whole_number

__all__ = ["CrewStaffing", "default_staffing", "muster_probability", "people_needed", "roster_for"]

_LONGEST_ROSTER = 1_000_000


def muster_probability(roster: int, crew_size: int, turn_out: float) -> float:
    """Probability that at least a crew's worth of people come, each independently of the others.

    Parameters
    ----------
    roster, crew_size : int
    turn_out : float
        Probability that one of the roster comes in time.

    Returns
    -------
    float

    Examples
    --------
    >>> round(muster_probability(3, 2, 0.5), 6)  # 3/8 + 1/8
    0.5
    """
    faults = whole_number("roster", roster) + whole_number("crew_size", crew_size)
    if not (is_number(turn_out) and 0 <= turn_out <= 1):
        faults.append(f"turn_out {turn_out!r}: expected between 0 and 1")
    if faults:
        raise InputError("; ".join(faults))
    return float(binom.sf(crew_size - 1, roster, turn_out))


def roster_for(crew_size: int, turn_out: float, confidence: float) -> int:
    """Shortest roster of which a crew musters with the wanted confidence.

    Parameters
    ----------
    crew_size : int
    turn_out : float
        Probability that one of the roster comes in time, above 0.
    confidence : float
        Above 0 and under 1.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If no roster of up to a million people is long enough.

    Examples
    --------
    >>> roster_for(5, 0.5, 0.9)
    14
    """
    faults = whole_number("crew_size", crew_size)
    if not (is_number(turn_out) and 0 < turn_out <= 1):
        faults.append(f"turn_out {turn_out!r}: expected above 0, and 1 at most")
    if not (is_number(confidence) and 0 < confidence < 1):
        faults.append(f"confidence {confidence!r}: expected above 0 and under 1")
    if faults:
        raise InputError("; ".join(faults))
    return _shortest_roster(crew_size, turn_out, confidence)


@functools.cache
def _shortest_roster(crew_size: int, turn_out: float, confidence: float) -> int:
    """Search by halves."""
    low, high = crew_size - 1, max(crew_size, 1)
    while muster_probability(high, crew_size, turn_out) < confidence:
        low, high = high, high * 2
        if high > _LONGEST_ROSTER:
            raise InputError(f"turn_out {turn_out}: no roster of up to {_LONGEST_ROSTER:,} people is long enough")
    while high - low > 1:
        middle = (low + high) // 2
        enough = middle >= crew_size and muster_probability(middle, crew_size, turn_out) >= confidence
        low, high = (low, middle) if enough else (middle, high)
    return high


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewStaffing:
    """How a crew type is staffed.

    Parameters
    ----------
    crew_size : int
        People who must come to make one unit's crew.
    roster_min : int
        Shortest roster that the rules allow (R16-R18), whatever the muster.
    by_shift : bool
        Each shift has people of its own, so their rosters add up; else the same people are called in all shifts,
        and the longest roster counts.
    turn_out : mapping of str to float
        Probability that one of the roster comes within the turnout time, by shift.
    """

    crew_size: int
    roster_min: int
    by_shift: bool
    turn_out: Mapping[str, float]

    def __post_init__(self) -> None:
        faults = whole_number("crew_size", self.crew_size, 1) + whole_number("roster_min", self.roster_min)
        turn_out: Any = self.turn_out
        if not isinstance(turn_out, Mapping):
            faults.append(f"turn_out {turn_out!r}: expected a probability by shift")
            turn_out = {}
        faults += [
            f"turn_out {shift} {chance!r}: expected above 0, and 1 at most"
            for shift, chance in turn_out.items()
            if not (is_number(chance) and 0 < chance <= 1)
        ]
        if faults:
            raise InputError("; ".join(faults))

    def people(self, units: int, shifts: Sequence[str], confidence: float) -> int:
        """People on the roster of a site with so many units, so that it musters in each of the shifts.

        Examples
        --------
        >>> CrewStaffing(crew_size=3, roster_min=6, by_shift=True, turn_out={"day": 1, "night": 1}).people(
        ...     1, ("day", "night"), 0.9)
        6
        """
        rosters = [roster_for(self.crew_size * units, self.turn_out[shift], confidence) for shift in shifts]
        return max(self.roster_min, sum(rosters) if self.by_shift else max(rosters))


@functools.cache
def default_staffing() -> Mapping[str, CrewStaffing]:
    """Return the staffing of ``defaults.toml``, by crew type.

    Examples
    --------
    >>> default_staffing()["village_on_call"].roster_min
    10
    """
    shifts = [shift.name for shift in default_shifts()]
    return {
        crew: CrewStaffing(
            crew_size=int(default(f"staffing.{crew}.crew_size").number),
            roster_min=int(default(f"staffing.{crew}.roster_min").number),
            by_shift=bool(default(f"staffing.{crew}.by_shift").number),
            turn_out={shift: defaults_under(f"staffing.{crew}.turn_out")[shift].number for shift in shifts},
        )
        for crew in default_crews()
    }


def people_needed(
    sites: CandidateSites,
    *,
    staffed_shifts: Sequence[str] | None = None,
    staffing: Mapping[str, CrewStaffing] | None = None,
    confidence: float | None = None,
    units: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Work out how many people each site needs on its roster when it is open.

    Parameters
    ----------
    sites : CandidateSites
        Where its column ``roster`` says more than the muster needs, that counts.
    staffed_shifts : sequence of str, optional
        All shifts of ``defaults.toml`` if absent.
    staffing : mapping of str to CrewStaffing, optional
        By crew type; `default_staffing` if absent.
    confidence : float, optional
        That enough people come; ``staffing.confidence`` of ``defaults.toml`` if absent.
    units : ndarray of int64, shape (n_sites,), optional
        Instead of those of the site table.

    Returns
    -------
    people : ndarray of int64, shape (n_sites,)
    notes : tuple of str
        Sites whose given roster is too short to muster; what they need is counted.

    Raises
    ------
    InputError
        If a shift or the staffing of a crew type is not known.
    """
    known = default_staffing() if staffing is None else staffing
    shifts = tuple(shift.name for shift in default_shifts()) if staffed_shifts is None else tuple(staffed_shifts)
    sure = default("staffing.confidence").number if confidence is None else confidence
    faults = [] if shifts else [Fault(column="staffed_shifts", value="[]", expected="at least one shift")]
    for crew in sorted(set(sites.crews)):
        if crew not in known:
            faults.append(Fault(column="staffing", value=crew, expected=nearest_name(crew, known)))
            continue
        faults += [
            Fault(column="staffed_shifts", value=shift, expected=nearest_name(shift, known[crew].turn_out))
            for shift in shifts
            if shift not in known[crew].turn_out
        ]
    if faults:
        raise InputError(list(dict.fromkeys(faults)))
    of_site = sites.units if units is None else units
    pairs = list(zip(sites.crews, of_site.tolist(), strict=True))
    by_pair = {(crew, n_units): known[crew].people(n_units, shifts, sure) for crew, n_units in set(pairs)}
    need = np.array([by_pair[pair] for pair in pairs], dtype=np.int64)
    given = np.zeros(len(sites), dtype=np.int64) if sites.roster is None else sites.roster
    short = [
        f"site {sites.ids[j]}: {given[j]} people on the roster, {need[j]} needed to muster with confidence "
        f"{sure:g}; {need[j]} are counted"
        for j in np.flatnonzero((given > 0) & (given < need))
    ]
    return np.maximum(need, given), tuple(short)
