"""Duties: what units do besides calls, evacuation before the impact and moves to other sites."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from rescuesim.errors import Fault, InputError

__all__ = ["Duty", "EvacuationTask"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvacuationTask:
    """Help with an evacuation, ordered before the impact: people first (R13).

    Parameters
    ----------
    place : str
        Id of the demand point.
    from_s, until_s : float
        Seconds after the onset: `VillageWarning.evacuation_from_s`, and the impact.
    people : int
        So many are wanted there.
    crews : tuple of str
        Crew types that may be sent.

    Raises
    ------
    InputError
        With all that is out of bounds.

    Notes
    -----
    At its beginning the nearest free units of these crews are sent, until their people suffice; while they do not,
    units that come free go there before any call that waits. They stay until the end, and then drive home. Turnout is
    the median of the crew and the drive is undisturbed, since no call stands behind it whose draws could be taken.

    Examples
    --------
    >>> EvacuationTask(place="v1", from_s=3600, until_s=7200, people=6).crews
    ('township_duty', 'village_on_call')
    """

    place: str
    from_s: float
    until_s: float
    people: int = 1
    crews: tuple[str, ...] = ("township_duty", "village_on_call")

    def __post_init__(self) -> None:
        faults, name = [], f"evacuation of {self.place}"
        if not 0 <= self.from_s < self.until_s < math.inf:
            value = f"{self.from_s} to {self.until_s}"
            faults.append(Fault(file=name, column="from_s", value=value, expected="0 <= from < until"))
        if not isinstance(self.people, int) or self.people < 1:
            faults.append(Fault(file=name, column="people", value=str(self.people), expected="a whole number above 0"))
        if not self.crews:
            faults.append(Fault(file=name, column="crews", expected="at least one crew type"))
        if faults:
            raise InputError(faults)


class Duty(NamedTuple):
    """A duty of a unit as it went.

    Attributes
    ----------
    kind : str
        ``evacuation`` or ``move``.
    unit : int
        Index into the fleet's units.
    place : str
        Demand point, or site.
    from_s, arrived_s, until_s : float
        Ordered; there (NaN if not before the horizon); free again, or sent to a call on the way. Cut at the horizon.
    """

    kind: str
    unit: int
    place: str
    from_s: float
    arrived_s: float
    until_s: float
