"""What a calibration does again and again: fit factors to trips on paths, and seek paths with the factors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.network.calibrating.robust_fit import FactorFit, FactorTerms, fit_factors
from rescuesim.network.calibrating.trip_paths import TripPaths, TripRoads, fastest_paths
from rescuesim.network.calibrating.trips import RecordedTrips, TripEnds
from rescuesim.network.vehicles.conditions import HOUR_CLASSES
from rescuesim.network.vehicles.start_up import with_start_up_s, with_start_up_slope

__all__ = ["CalibrationTask", "Found", "some_paths", "some_trips"]

_ROUNDS_OF_FOLDS = 3  # they set out from paths that have settled
_STABLE = 0.005  # factors that move less than this between rounds have settled,
_STABLE_ERRORS = 0.25  # and so have those that move less than this share of their standard error


def _some_ends(ends: TripEnds, at: NDArray[np.int64]) -> TripEnds:
    return TripEnds(node=ends.node[at], road=ends.road[at], position_m=ends.position_m[at], access_m=ends.access_m[at])


def some_trips(trips: RecordedTrips, at: NDArray[np.int64]) -> RecordedTrips:
    """Return some of the trips."""
    return replace(
        trips,
        ids=tuple(trips.ids[i] for i in at),
        begins=_some_ends(trips.begins, at),
        ends=_some_ends(trips.ends, at),
        seconds=trips.seconds[at],
        hour=trips.hour[at],
        edges=tuple(trips.edges[i] for i in at),
    )


def some_paths(paths: TripPaths, at: NDArray[np.int64]) -> TripPaths:
    """Return the paths of some of the trips."""
    return TripPaths(moving_s=paths.moving_s[at], metres=paths.metres[at], delay_s=paths.delay_s[at])


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A fit with the paths that it settled on."""

    fit: FactorFit
    terms: FactorTerms
    factors: NDArray[np.float64]
    paths: TripPaths
    support: NDArray[np.int64]
    rounds: int
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationTask:
    """What stays the same over rounds and folds."""

    roads: TripRoads
    names: tuple[str, ...]

    def with_loss(self, free_s: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the time of trips with the loss at their start, and its slope."""
        network = self.roads.network
        whole = with_start_up_s(free_s, network.start_up_s, launch_s=network.launch_s)
        return whole, with_start_up_slope(free_s, network.start_up_s)

    def fixed_s(self, trips: RecordedTrips, paths: TripPaths) -> NDArray[np.float64]:
        """Return waiting and access legs."""
        access_m = trips.begins.access_m + trips.ends.access_m
        return np.asarray(paths.delay_s + access_m / default("access.speed_kph").number * 3.6)

    def computed_s(self, trips: RecordedTrips, paths: TripPaths, factors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the times of trips on given paths."""
        driven = (paths.moving_s * factors[trips.hour]).sum(axis=1)
        return self.with_loss(driven + self.fixed_s(trips, paths))[0]

    def support(self, trips: RecordedTrips, paths: TripPaths) -> NDArray[np.int64]:
        """Count the trips that support each class: rows of hours, the last for any; shape (n_hours + 1, n_groups)."""
        share = paths.moving_s / paths.moving_s.sum(axis=1, keepdims=True)
        counts = share >= default("calibration.share_min").number
        rows = [counts[trips.hour == hour].sum(axis=0) for hour in range(len(HOUR_CLASSES))]
        return np.array([*rows, counts.sum(axis=0)], dtype=np.int64)

    def terms(self, support: NDArray[np.int64]) -> FactorTerms:
        """Give each class with trips enough a parameter, and each hour of it another where two or more have."""
        least = int(default("calibration.support_min").number)
        sds = []
        columns = []
        n_rows, n_groups = support.shape
        for group in np.flatnonzero(support[-1] >= least):
            column = np.zeros((n_rows, n_groups), dtype=np.bool_)
            column[:, group] = True
            columns.append(column)
            sds.append(default("calibration.prior_sd").number)
            hours = np.flatnonzero(support[:-1, group] >= least)
            for hour in hours if len(hours) > 1 else ():
                column = np.zeros((n_rows, n_groups), dtype=np.bool_)
                column[hour, group] = True
                columns.append(column)
                sds.append(default("calibration.prior_hour_sd").number)
        term = np.stack(columns, axis=-1) if columns else np.zeros((n_rows, n_groups, 0), dtype=np.bool_)
        return FactorTerms(term=term, prior_sd=np.array(sds, dtype=np.float64))

    def fit(self, trips: RecordedTrips, paths: TripPaths, *, rounds: int) -> Found:
        """Fit and seek paths in turn, until neither changes or all rounds are done."""
        factors: NDArray[np.float64] | None = None
        settled = False
        for number in range(1, rounds + 1):
            support = self.support(trips, paths)
            terms = self.terms(support)
            fit = fit_factors(
                paths.moving_s, self.fixed_s(trips, paths), trips.hour, trips.seconds, terms, with_loss=self.with_loss
            )
            new = terms.factors(fit.parameter)
            if factors is not None:
                slack = np.maximum(_STABLE, _STABLE_ERRORS * terms.standard_errors(fit.covariance))
                settled = bool((np.abs(np.log(new / factors)) < slack).all())
            # between the last two: paths that swing to and fro between two ways come to rest
            sought = new if factors is None else np.sqrt(new * factors)
            factors = new
            if settled or number == rounds:
                break
            again = fastest_paths(self.roads, trips, sought, before=paths)
            if np.allclose(again.moving_s, paths.moving_s, rtol=1e-9, atol=1e-6):
                settled = True
                break
            paths = again
        assert factors is not None
        return Found(
            fit=fit, terms=terms, factors=factors, paths=paths, support=support, rounds=number, settled=settled
        )

    def cross_validated(
        self, trips: RecordedTrips, paths: TripPaths, *, seed: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Fit without a part of the trips, for each part in turn.

        Parameters
        ----------
        trips : RecordedTrips
        paths : TripPaths
            That all trips together settled on: the folds set out from them, and seek paths of their own.
        seed : int

        Returns
        -------
        computed_s : ndarray of float64, shape (n_trips,)
            Times from factors that were fitted without the trip.
        factors : ndarray of float64, shape (n_folds, n_hours + 1, n_groups)
        """
        folds = int(default("calibration.folds").number)
        fold = np.random.default_rng(seed).permutation(len(trips)) % folds
        computed = np.zeros(len(trips))
        factors = []
        for number in range(folds):
            rest, own = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            found = self.fit(some_trips(trips, rest), some_paths(paths, rest), rounds=_ROUNDS_OF_FOLDS)
            held = some_trips(trips, own)
            there = fastest_paths(self.roads, held, found.factors, before=some_paths(paths, own))
            computed[own] = self.computed_s(held, there, found.factors)
            factors.append(found.factors)
        return computed, np.array(factors)
