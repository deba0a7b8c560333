"""What a hazard layer may state: kinds of intensity with unit and range, and how an event grows with its severity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InputError, UnknownIdError, nearest_name

__all__ = ["INTENSITY_KINDS", "IntensityKind", "Timing", "intensity_kind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntensityKind:
    """A measure of intensity.

    Parameters
    ----------
    name, unit, meaning : str
    most : float
        Largest value that makes sense; values run from 0.
    grows : {'times', 'speed', 'chance'}
        What a severity s makes of an intensity i: ``times``: s·i. ``speed``: the wind is s times as fast, and force
        grows with its power 2/3. ``chance``: 1 - (1 - i)^s, as if s such events came one after the other.
    """

    name: str
    unit: str
    meaning: str
    most: float
    grows: Literal["times", "speed", "chance"] = "times"

    def severe(self, intensity: NDArray[np.float64], severity: float) -> NDArray[np.float64]:
        """Return the intensities of an event of a severity; 1 leaves them as they are.

        Examples
        --------
        >>> intensity_kind("landslide_susceptibility").severe(np.array([0.0, 0.5, 1.0]), 2.0).tolist()
        [0.0, 0.75, 1.0]
        """
        if severity == 1.0:
            return intensity
        if self.grows == "chance":
            with np.errstate(divide="ignore"):
                return np.asarray(-np.expm1(severity * np.log1p(-intensity)))
        return np.minimum(intensity * (severity if self.grows == "times" else severity ** (2 / 3)), self.most)


_KINDS = (
    IntensityKind(name="flood_depth_m", unit="m", meaning="water over the ground, at its peak", most=100.0),
    IntensityKind(
        name="landslide_susceptibility",
        unit="1",
        meaning="susceptibility to slides, 0 none to 1 most",
        most=1.0,
        grows="chance",
    ),
    IntensityKind(name="debris_volume_m3", unit="m3", meaning="volume of a flow that reaches the road", most=1e9),
    IntensityKind(name="pga_g", unit="g", meaning="peak ground acceleration", most=5.0),
    IntensityKind(name="sa1_g", unit="g", meaning="spectral acceleration at 1 s", most=10.0),
    IntensityKind(name="pgd_in", unit="inch", meaning="permanent ground displacement", most=1000.0),
    IntensityKind(name="wind_force", unit="Beaufort", meaning="wind force", most=17.0, grows="speed"),
    IntensityKind(name="ice_mm", unit="mm", meaning="radial thickness of ice on wires and branches", most=200.0),
)
INTENSITY_KINDS: Mapping[str, IntensityKind] = MappingProxyType({kind.name: kind for kind in _KINDS})


def intensity_kind(name: str) -> IntensityKind:
    """Look a kind of intensity up by its name.

    Raises
    ------
    UnknownIdError
        If there is no such kind.
    """
    if name not in INTENSITY_KINDS:
        raise UnknownIdError(f"hazard kind {name!r}: expected {nearest_name(name, INTENSITY_KINDS)}")
    return INTENSITY_KINDS[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a hazard comes and goes, in seconds after the onset: it rises evenly, stays, falls evenly.

    Parameters
    ----------
    from_s : float
        Begin of the rise.
    rise_s, peak_s, fall_s : float
        How long it rises, stays at its peak and falls. All 0: one blow, as an earthquake is.

    Examples
    --------
    >>> flood = Timing(from_s=3600, rise_s=7200, peak_s=3600, fall_s=14400)
    >>> flood.share_at(7200), flood.above(0.5)
    (0.5, (7200.0, 21600.0))
    """

    from_s: float = 0.0
    rise_s: float = 0.0
    peak_s: float = 0.0
    fall_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("from_s", "rise_s", "peak_s", "fall_s"):
            if not 0 <= getattr(self, name) < np.inf:
                raise InputError(f"timing: {name} {getattr(self, name)}, expected seconds of 0 or more")

    @property
    def peak_from_s(self) -> float:
        """Begin of the peak."""
        return float(self.from_s + self.rise_s)

    @property
    def peak_until_s(self) -> float:
        """End of the peak."""
        return float(self.peak_from_s + self.peak_s)

    @property
    def until_s(self) -> float:
        """When it is over."""
        return float(self.peak_until_s + self.fall_s)

    def share_at(self, at_s: float) -> float:
        """Return the intensity at a moment as a share of its peak."""
        if not self.from_s <= at_s <= self.until_s:
            return 0.0
        if at_s < self.peak_from_s:
            return float((at_s - self.from_s) / self.rise_s)
        return 1.0 if at_s <= self.peak_until_s else float((self.until_s - at_s) / self.fall_s)

    def above(self, share: float) -> tuple[float, float]:
        """Return from when until when a share of the peak, from 0 to 1, is reached or exceeded."""
        return float(self.from_s + share * self.rise_s), float(self.until_s - share * self.fall_s)
