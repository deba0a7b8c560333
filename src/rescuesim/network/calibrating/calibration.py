"""Calibration: factors on the travel time by road class and hour, with what they rest on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._words import Note
from rescuesim.errors import InputError
from rescuesim.network.road_network import RoadNetwork
from rescuesim.network.vehicles.conditions import TravelConditions, hour_class
from rescuesim.network.vehicles.in_conditions import moving_times_s, with_moving_times
from rescuesim.network.vehicles.profiles import TravelProfile, condition_factors, travel_profile
from rescuesim.network.vehicles.speeds import class_group

__all__ = ["ANY_HOUR", "Calibration", "OutlierTrip", "TripErrors", "check_plain"]

ANY_HOUR = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class TripErrors:
    """How far computed times are from recorded ones, outliers included.

    Attributes
    ----------
    mean_absolute_s : float
    median_relative : float
        Median of ``|computed - recorded| / recorded``.
    median_ratio : float
        Median of ``computed / recorded``: under 1, the computed times are too short.
    """

    mean_absolute_s: float
    median_relative: float
    median_ratio: float

    @classmethod
    def of(cls, computed_s: NDArray[np.float64], recorded_s: NDArray[np.float64]) -> TripErrors:
        """Compare computed with recorded times."""
        apart = np.abs(computed_s - recorded_s)
        return cls(
            mean_absolute_s=float(apart.mean()),
            median_relative=float(np.median(apart / recorded_s)),
            median_ratio=float(np.median(computed_s / recorded_s)),
        )

    def __str__(self) -> str:
        return (
            f"mean absolute error {self.mean_absolute_s:.0f} s, median relative error {self.median_relative:.0%}, "
            f"median of computed over recorded {self.median_ratio:.2f}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlierTrip:
    """A trip that no factor explains, and that counts for nothing.

    Attributes
    ----------
    id : str
    recorded_s, computed_s : float
    """

    id: str
    recorded_s: float
    computed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Factors on the driving time, with what they rest on; prints as a short text.

    One row for each class of the network and ``any``, and one for each class and hour that has trips enough.

    Parameters
    ----------
    road_class, hour_class : tuple of str, length n
        Class of the speed table; ``any``, ``day``, ``peak`` or ``night``.
    time_factor : ndarray of float64, shape (n,)
        On the driving time at the plain speeds; 1 where trips are too few.
    standard_error : ndarray of float64, shape (n,)
        Of the logarithm of the factor; that of the prior where trips are too few.
    trips : ndarray of int64, shape (n,)
        Trips that support the factor.
    km : ndarray of float64, shape (n,)
        What the trips drove there.
    n_trips, n_left_out : int
        Trips that were fitted, and trips that begin and end at the same place.
    before, after : TripErrors
        With the network as it was, on all trips; and with factors fitted to *other* trips (cross-validation).
    unsupported : tuple of str
        Classes, and classes at an hour, with too few trips: they keep what they had.
    outliers : tuple of OutlierTrip
        Farthest off first.
    noise_sd : float
        Standard deviation of the log of recorded over computed times, outliers aside.
    rounds : int
        How often paths were sought.
    settled : bool
        Whether the factors stayed the same when paths were sought anew.
    notes : tuple of str
    """

    road_class: tuple[str, ...]
    hour_class: tuple[str, ...]
    time_factor: NDArray[np.float64]
    standard_error: NDArray[np.float64]
    trips: NDArray[np.int64]
    km: NDArray[np.float64]
    n_trips: int
    n_left_out: int
    before: TripErrors
    after: TripErrors
    unsupported: tuple[str, ...]
    outliers: tuple[OutlierTrip, ...]
    noise_sd: float
    rounds: int
    settled: bool
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the factors as a table.

        Returns
        -------
        DataFrame
            Columns ``road_class, hour_class, time_factor, low, high, trips, km``; low and high bound the factor with
            a probability of 95 %.
        """
        log, half = np.log(self.time_factor), 1.96 * self.standard_error
        return pd.DataFrame(
            {
                "road_class": self.road_class,
                "hour_class": self.hour_class,
                "time_factor": self.time_factor,
                "low": np.exp(log - half),
                "high": np.exp(log + half),
                "trips": self.trips,
                "km": self.km,
            }
        )

    def factor(self, road_class: str, hour: str = ANY_HOUR) -> float:
        """Return the factor on the time of a class at an hour: its own, else that of any hour, else 1."""
        for wanted in (hour, ANY_HOUR):
            for place, row in enumerate(zip(self.road_class, self.hour_class, strict=True)):
                if row == (class_group(road_class), wanted):
                    return float(self.time_factor[place])
        return 1.0

    def apply(
        self, network: RoadNetwork, *, hour: int | None = None, profile: TravelProfile | None = None
    ) -> RoadNetwork:
        """Return the network with the calibrated times.

        Parameters
        ----------
        network : RoadNetwork
            With the plain speeds that were calibrated.
        hour : int, optional
            From 0 to 23. A class that has a factor of its own at this hour takes it; another takes its factor of any
            hour, and the default for the hour on top, as `RoadNetwork.under` does.
        profile : TravelProfile, optional
            Whose defaults these are; the one that `RoadNetwork.profile` names if absent.

        Returns
        -------
        RoadNetwork

        Raises
        ------
        InputError
            If the network is under other than the plain conditions.
        """
        check_plain(network)
        conditions = TravelConditions(hour=hour)
        kind = None if hour is None else hour_class(hour)
        names, index = np.unique(network.road_class, return_inverse=True)
        factor = np.array([self.factor(str(name), kind or ANY_HOUR) for name in names])[index]
        if kind is not None:
            own = set(zip(self.road_class, self.hour_class, strict=True))
            has_own = np.array([(class_group(str(name)), kind) in own for name in names])[index]
            made = travel_profile(network.profile) if profile is None else profile
            speed = condition_factors(network.road_class, made, conditions)
            if network.maxspeed_stated is None:
                speed = np.minimum(speed, 1.0)
            else:
                speed = np.where(network.maxspeed_stated, np.minimum(speed, 1.0), speed)
            factor = np.where(has_own, factor, factor / speed)
        said = Note(
            f"travel times calibrated on {self.n_trips} trips"
            + ("" if kind is None else f", at {hour:02d}:00 ({kind})"),
            f"行车时间按 {self.n_trips} 次行程校准" + ("" if kind is None else f"，{hour:02d} 时"),
        )
        changed = with_moving_times(network, moving_times_s(network) * factor)
        summary = replace(network.summary_, notes=(*network.summary_.notes, said))
        return replace(changed, conditions=conditions, summary_=summary)

    def __str__(self) -> str:
        lines = [
            f"{self.n_trips} trips, {len(self.outliers)} of them outliers; scatter {self.noise_sd:.2f} (log)",
            f"before: {self.before}",
            f"after, on trips that were not fitted: {self.after}",
        ]
        lines += [
            f"  {row.road_class} ({row.hour_class}): time x {row.time_factor:.2f} "
            f"({row.low:.2f} to {row.high:.2f}), {row.trips} trips, {row.km:.0f} km"
            for row in self.to_frame().itertuples()
        ]
        if self.unsupported:
            lines.append(f"too few trips, unchanged: {', '.join(self.unsupported)}")
        lines += [
            f"  outlier {trip.id}: {trip.recorded_s:.0f} s recorded, {trip.computed_s:.0f} s computed"
            for trip in self.outliers[:20]
        ]
        return "\n".join([*lines, *self.notes])


def check_plain(network: RoadNetwork) -> None:
    """Refuse a network that is under other than the plain conditions.

    Raises
    ------
    InputError
    """
    if not network.conditions.plain:
        raise InputError(f"{network.conditions.note()}: expected a network of the plain speeds to calibrate")
