"""Calibrates the travel times of a network: fits factors by road class and hour to recorded trips."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.errors import Fault, InputError
from rescuesim.network.calibrating.calibration import ANY_HOUR, Calibration, OutlierTrip, TripErrors, check_plain
from rescuesim.network.calibrating.calibration_task import CalibrationTask, Found, some_paths, some_trips
from rescuesim.network.calibrating.trip_paths import TripRoads, fastest_paths
from rescuesim.network.calibrating.trips import RecordedTrips, read_trips
from rescuesim.network.road_network import RoadNetwork
from rescuesim.network.vehicles.conditions import HOUR_CLASSES
from rescuesim.network.vehicles.in_conditions import moving_times_s
from rescuesim.network.vehicles.speeds import class_group

__all__ = ["calibrate"]

logger = logging.getLogger(__name__)


def calibrate(
    network: RoadNetwork, trips: Path | str | pd.DataFrame, *, crs: str = "wgs84", seed: int = 0
) -> Calibration:
    """Fit factors on the driving time, by road class and hour, to recorded trips.

    Parameters
    ----------
    network : RoadNetwork
        With the plain speeds: the hours are what is calibrated.
    trips : path or DataFrame
        One trip a row: ``id``; where it began and ended, as ``from_lon, from_lat, to_lon, to_lat`` or ids of nodes
        ``from_node, to_node``; how long it took, as ``minutes`` or ``seconds`` from rolling to arrival; optionally
        ``started_at`` (a time of day, with or without the date) and ``edges`` (rows of `RoadNetwork.edges` that
        were driven, one after the other, in place of positions).
    crs : str, optional
        Declared system of the positions.
    seed : int, optional
        Of the draw of the folds.

    Returns
    -------
    Calibration

    Raises
    ------
    InputError
        If trips are off the network, have no time above 0, would have flown, or are too few; or if the network
        is under other than the plain conditions.

    Notes
    -----
    The time of a trip is that of `rescuesim.travel_times`: driving, waiting at signals and junctions, access legs and
    start-up loss; only the driving takes a factor. Each trip is put on its fastest path, factors are fitted to the log
    ratios (`rescuesim.network.calibrating.robust_fit`), and paths are sought again with the new speeds until neither
    changes. A class needs ``calibration.support_min`` trips that spend a share of their driving on it. The standard
    errors are those of a quadratic around the fit: where trips can go round a class that is slow, how slow it is
    is hardly seen, and the errors are too small upwards. It takes one bounded Dijkstra for each distinct
    beginning, class of hours and round: trips from few stations are quick. Errors after the calibration are
    by cross-validation over ``calibration.folds`` folds, paths and factors of each from the other folds alone.

    Examples
    --------
    See `RoadNetwork.calibrate`.
    """
    check_plain(network)
    read = read_trips(network, trips, crs=crs)
    notes = list(read.notes)
    names, group = np.unique([class_group(str(name)) for name in network.road_class], return_inverse=True)
    roads = TripRoads(network=network, moving_s=moving_times_s(network), group=group, n_groups=len(names))
    plain = np.ones((len(HOUR_CLASSES) + 1, len(names)))
    paths = fastest_paths(roads, read, plain)
    still = ~(paths.moving_s.sum(axis=1) > 0)
    if still.any():
        shown = ", ".join(read.ids[at] for at in np.flatnonzero(still)[:10])
        notes.append(
            Note(
                f"{int(still.sum())} trips begin and end at the same place and are left out: {shown}",
                f"{int(still.sum())} 次行程起讫点相同，未采用：{shown}",
            )
        )
    least = int(default("calibration.trips_min").number)
    if (n := int((~still).sum())) < least:
        raise InputError([Fault(file="trips", expected=f"at least {least} trips that move, not {n}")])
    chosen = np.flatnonzero(~still)
    read, paths = some_trips(read, chosen), some_paths(paths, chosen)
    task = CalibrationTask(roads=roads, names=tuple(str(name) for name in names))
    found = task.fit(read, paths, rounds=int(default("calibration.rounds_max").number))
    before_s = task.computed_s(read, paths, plain)
    after_s, of_folds = task.cross_validated(read, found.paths, seed=seed)
    errors = TripErrors.of(before_s, read.seconds), TripErrors.of(after_s, read.seconds)
    made = _calibration(task, read, found, of_folds, *errors)
    if not found.settled:
        notes.append(
            Note(
                f"factors still moved when paths were sought for the {found.rounds}th time",
                f"第 {found.rounds} 次重新寻路后系数仍有变化",
            )
        )
    made = replace(made, n_left_out=int(still.sum()), notes=tuple(notes))
    logger.info("calibration: %s", made)
    return made


def _hours_of(found: Found, group: int) -> NDArray[np.int64]:
    """Return the classes of hours in which a class of road has trips enough; none where it has too few in all."""
    least = int(default("calibration.support_min").number)
    if found.support[-1, group] < least:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(found.support[:-1, group] >= least)


def _rows(found: Found, n_groups: int) -> list[tuple[int, int, NDArray[np.float64]]]:
    """List the factors to report: class, row of hours, and how its logarithm is made of those of the rows of hours.

    The factor of any hour is the mean over the hours, as the trips are spread over them.
    """
    rows = []
    for group in range(n_groups):
        hours = _hours_of(found, group)
        mean = np.zeros(len(found.support))
        mean[hours] = found.support[hours, group] / max(int(found.support[-1, group]), 1)
        mean[-1] = 1 - mean[:-1].sum()
        rows.append((group, -1, mean))
        rows += [(group, int(hour), np.eye(len(mean))[hour]) for hour in hours]
    return rows


def _standard_error(found: Found, of_folds: NDArray[np.float64], group: int, weights: NDArray[np.float64]) -> float:
    """Return the standard error of the logarithm of a factor: the greater of two estimates.

    That of the fit holds the paths fixed. The jackknife over the folds, noisier, has the paths sought anew.
    """
    term = weights @ found.terms.term[:, group].astype(np.float64)
    if not term.any():
        return default("calibration.prior_sd").number
    logs = np.log(of_folds[:, :, group]) @ weights
    jackknife = float(np.sqrt((len(logs) - 1) / len(logs) * ((logs - logs.mean()) ** 2).sum()))
    return max(float(np.sqrt(term @ found.fit.covariance @ term)), jackknife)


def _calibration(
    task: CalibrationTask,
    trips: RecordedTrips,
    found: Found,
    of_folds: NDArray[np.float64],
    before: TripErrors,
    after: TripErrors,
) -> Calibration:
    """Put the fit into rows, and say what is not supported and what lies out."""
    rows = _rows(found, len(task.names))
    hours = [*HOUR_CLASSES, ANY_HOUR]
    metres = found.paths.metres
    km = np.array([*(metres[trips.hour == at].sum(axis=0) for at in range(len(HOUR_CLASSES))), metres.sum(axis=0)])
    unsupported = []
    for group, name in enumerate(task.names):
        enough = _hours_of(found, group)
        if not found.terms.term[-1, group].any():
            unsupported.append(name)
        elif (trips.hour >= 0).any():
            unsupported += [f"{name} ({hour})" for at, hour in enumerate(HOUR_CLASSES) if at not in enough]
    computed = task.computed_s(trips, found.paths, found.factors)
    out = np.flatnonzero(found.fit.weight == 0)
    out = out[np.argsort(-np.abs(found.fit.log_ratio[out]), kind="stable")]
    return Calibration(
        road_class=tuple(task.names[group] for group, _, _ in rows),
        hour_class=tuple(hours[at] for _, at, _ in rows),
        time_factor=np.exp([weights @ np.log(found.factors[:, group]) for group, _, weights in rows]),
        standard_error=np.array([_standard_error(found, of_folds, group, weights) for group, _, weights in rows]),
        trips=np.array([found.support[at, group] for group, at, _ in rows], dtype=np.int64),
        km=np.array([km[at, group] / 1000 for group, at, _ in rows]),
        n_trips=len(trips),
        n_left_out=0,
        before=before,
        after=after,
        unsupported=tuple(unsupported),
        outliers=tuple(
            OutlierTrip(id=trips.ids[at], recorded_s=float(trips.seconds[at]), computed_s=float(computed[at]))
            for at in out
        ),
        noise_sd=found.fit.scale,
        rounds=found.rounds,
        settled=found.settled,
        notes=(),
    )
