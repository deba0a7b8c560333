"""HazardGrowth: how much worse an incident is for each minute it goes unseen and unattended (R12)."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim._defaults import default, defaults_under
from rescuesim.crew import Lognormal
from rescuesim.errors import Fault, InputError

__all__ = ["HazardGrowth", "default_growth"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardGrowth:
    """Severity of an incident as a power of the time from its onset to the first action.

        severity = ((detected_s + response_s) / (usual_detected_s + usual_response_s)) ^ exponent

    held between `least` and `most`. With the exponent 2 this is the t-squared fire: heat, and with it the burnt
    area, grow with the square of time. With 0 nothing grows.

    Parameters
    ----------
    exponent : float
        0 or more.
    usual_detected_s, usual_response_s : float
        Seconds at which the severity is 1; together above 0 where anything grows.
    least, most : float
        Bounds of the severity, around 1.

    Raises
    ------
    InputError
        With all that is out of bounds.

    Examples
    --------
    >>> fire = HazardGrowth(exponent=2, usual_detected_s=240, usual_response_s=600)
    >>> fire.severity([240.0, 660.0], 600.0).round(3).tolist()
    [1.0, 2.25]

    References
    ----------
    NFPA 92, Standard for Smoke Control Systems: t-squared design fires. R12.
    """

    exponent: float
    usual_detected_s: float
    usual_response_s: float
    least: float = 0.0
    most: float = math.inf

    def __post_init__(self) -> None:
        faults = [
            Fault(column=name, value=str(value), expected="a finite number of 0 or more")
            for name in ("exponent", "usual_detected_s", "usual_response_s")
            if not 0 <= (value := getattr(self, name)) < math.inf
        ]
        if not faults and self.exponent > 0 and self.usual_detected_s + self.usual_response_s == 0:
            faults.append(Fault(column="usual_response_s", value="0", expected="usual seconds above 0"))
        if not 0 <= self.least <= 1 <= self.most:
            value = f"{self.least:g} to {self.most:g}"
            faults.append(Fault(column="least, most", value=value, expected="bounds of 0 or more, around 1"))
        if faults:
            raise InputError(faults)

    def severity(self, detected_s: ArrayLike, response_s: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return the severity at the first action.

        Parameters
        ----------
        detected_s : array_like of float
            Onset to the first ring.
        response_s : array_like of float, optional
            First ring to the first action; the usual one if absent, as for `CallLog.severity`.

        Returns
        -------
        ndarray of float64
            Between `least` and `most`. Ask again when the response is known, rather than multiply the severity
            of the log, which may have met a bound.
        """
        response = np.asarray(self.usual_response_s if response_s is None else response_s, dtype=np.float64)
        passed = np.asarray(detected_s, dtype=np.float64) + response
        if self.exponent == 0:
            return np.ones(passed.shape)
        usual = self.usual_detected_s + self.usual_response_s
        return np.clip((passed / usual) ** self.exponent, max(self.least, math.ulp(0.0)), self.most)


@functools.cache
def default_growth() -> Mapping[str, HazardGrowth]:
    """Return the growth of each call type (``calls.growth_exponent``, ``calls.growth``, ``calls.detection``).

    Examples
    --------
    >>> default_growth()["fire"].exponent, default_growth()["social"].severity(3600.0).item()
    (2.0, 1.0)
    """
    return MappingProxyType(
        {
            name: HazardGrowth(
                exponent=entry.number,
                usual_detected_s=Lognormal.from_default(default(f"calls.detection.{name}")).median,
                usual_response_s=default("calls.growth.usual_response_s").number,
                least=default("calls.growth.least").number,
                most=default("calls.growth.most").number,
            )
            for name, entry in defaults_under("calls.growth_exponent").items()
        }
    )
