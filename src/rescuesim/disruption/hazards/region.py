"""The region of a hazard: the metres that it is asked in, and how far its fields reach."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import unproject

__all__ = ["HazardRegion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardRegion:
    """A box in the metres of a network.

    Parameters
    ----------
    crs : str
        Projected system, as `RoadNetwork.crs`.
    west_m, south_m, east_m, north_m : float

    Examples
    --------
    >>> HazardRegion(crs="EPSG:32650", west_m=0, south_m=0, east_m=9000, north_m=5000).bounds
    (0.0, 0.0, 9000.0, 5000.0)
    """

    crs: str
    west_m: float
    south_m: float
    east_m: float
    north_m: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, self.bounds)) or self.west_m >= self.east_m or self.south_m >= self.north_m:
            raise InputError(f"hazard region {self.bounds}: expected finite metres, west < east and south < north")

    @classmethod
    def around(cls, network: RoadNetwork, *, margin_m: float = 2000.0) -> HazardRegion:
        """Return the box of a network with a margin, to whole kilometres.

        Whole kilometres, so that a road more or less leaves the drawn fields as they are.
        """
        low = [math.floor((float(axis.min()) - margin_m) / 1000) * 1000.0 for axis in (network.x_m, network.y_m)]
        high = [math.ceil((float(axis.max()) + margin_m) / 1000) * 1000.0 for axis in (network.x_m, network.y_m)]
        return cls(crs=network.crs, west_m=low[0], south_m=low[1], east_m=high[0], north_m=high[1])

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north in metres."""
        return float(self.west_m), float(self.south_m), float(self.east_m), float(self.north_m)

    def frame(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return points all over the box in WGS84 degrees, its sides included."""
        side = np.linspace(0.0, 1.0, 33)
        u, v = (axis.ravel() for axis in np.meshgrid(side, side))
        x = self.west_m + u * (self.east_m - self.west_m)
        y = self.south_m + v * (self.north_m - self.south_m)
        return unproject(x, y, self.crs)
