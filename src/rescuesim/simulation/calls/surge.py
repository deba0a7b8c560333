"""Surge: what a disaster adds to the usual calls: more incidents, several callers for each, false calls."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.errors import Fault, InputError
from rescuesim.simulation.durations import Duration

__all__ = ["Surge"]

_HOUR_S = 3600.0


def _default_phases() -> tuple[tuple[float, float], ...]:
    return ((6.0, default("surge.first_6_h").number), (24.0, default("surge.until_24_h").number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """What a disaster adds to the usual calls. The usual calls go on unchanged, draw by draw.

    Parameters
    ----------
    onset_s : float
        Seconds from the start of the replication.
    phases : tuple of (float, float)
        ``(until_h, factor)``: until so many hours after the onset all calls, duplicates among them, are so many
        times the usual; ``surge`` of ``defaults.toml`` if absent: 10 to 6 h, 4 to 24 h.
    duplicates : float
        Share of the calls that are about an incident already called in. The factor times the rest is 1 or more.
    duplicate_lag : Duration
        Seconds from the first call about an incident to another; a duplicate after the surge still comes.
    false_share : float, optional
        Share of false calls among the incidents that the surge adds; as usual if absent.
    weights : mapping of str to float, optional
        Demand id to a factor on the incidents that the surge adds there, 0 for a place that is not struck; places
        that are not named have 1. The county's total stays.

    Raises
    ------
    InputError
        With all that is out of bounds.

    Examples
    --------
    >>> surge = Surge(onset_s=3600.0)
    >>> surge.phases, surge.until_s
    (((6.0, 10.0), (24.0, 4.0)), 90000.0)
    >>> surge.added([0.0, 3600.0, 30000.0, 90000.0]).round(3).tolist()  # incidents beside the usual, 1 for as many
    [0.0, 5.0, 1.4, 0.0]
    """

    onset_s: float = 0.0
    phases: tuple[tuple[float, float], ...] = field(default_factory=_default_phases)
    duplicates: float = field(default_factory=lambda: default("surge.duplicates").number)
    duplicate_lag: Duration = field(default_factory=lambda: Lognormal.from_default(default("surge.duplicate_lag")))
    false_share: float | None = None
    weights: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        faults = []
        if not 0 <= self.onset_s < math.inf:
            faults.append(Fault(column="onset_s", value=str(self.onset_s), expected="finite seconds of 0 or more"))
        if not 0 <= self.duplicates < 1:
            faults.append(Fault(column="duplicates", value=str(self.duplicates), expected="from 0 to below 1"))
        ends = [until_h for until_h, _ in self.phases]
        if not ends or ends != sorted(set(ends)) or not ends[0] > 0 or not ends[-1] < math.inf:
            faults.append(Fault(column="phases", value=str(self.phases), expected="ends in ascending hours above 0"))
        for _, factor in self.phases:
            if not (factor * (1 - self.duplicates) >= 1 - 1e-12 and factor < math.inf):
                least = 1 / max(1e-12, 1 - self.duplicates)
                expected = f"a finite factor of {least:.3g} or more, for the usual calls go on"
                faults.append(Fault(column="phases", value=str(factor), expected=expected))
        if self.false_share is not None and not 0 <= self.false_share <= 1:
            faults.append(Fault(column="false_share", value=str(self.false_share), expected="from 0 to 1"))
        for id_, weight in (self.weights or {}).items():
            if not 0 <= weight < math.inf:
                faults.append(
                    Fault(column="weights", value=f"{id_}: {weight}", expected="a finite number of 0 or more")
                )
        if faults:
            raise InputError(faults)

    @property
    def until_s(self) -> float:
        """End of the last phase, seconds from the start of the replication."""
        return self.onset_s + self.phases[-1][0] * _HOUR_S

    @property
    def edges_s(self) -> tuple[float, ...]:
        """Moments at which the factor changes."""
        return (self.onset_s, *(self.onset_s + until_h * _HOUR_S for until_h, _ in self.phases))

    def added(self, at_s: NDArray[np.float64] | list[float]) -> NDArray[np.float64]:
        """Return how many new incidents come beside one usual one, at each moment."""
        factors = np.array([1.0, *(factor * (1 - self.duplicates) for _, factor in self.phases), 1.0])
        phase = np.searchsorted(np.array(self.edges_s), np.asarray(at_s, dtype=np.float64), side="right")
        return np.maximum(factors[phase] - 1.0, 0.0)

    def contains(self, at_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether each moment lies in the surge; calls of that time have duplicates."""
        return (at_s >= self.onset_s) & (at_s < self.until_s)
