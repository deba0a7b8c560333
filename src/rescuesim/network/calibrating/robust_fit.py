"""Robust fit of factors on travel times: iteratively reweighted least squares on log ratios.

The free time of a trip is a sum over classes of road, t = sum_g phi_g m_g + d, with m_g the driving time on class g at
the plain speeds and d what is not driving. Its recorded time scatters around f(t) by a factor, so that the
residual is a logarithm. Huber's weights find the scale, Tukey's then leave gross outliers out (an MM-like
sequence). Factors are fitted as logarithms, so they are positive, with a normal prior around 0: the ridge toward
a factor of 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FactorFit", "FactorTerms", "fit_factors"]

_HUBER, _TUKEY = 1.345, 4.685  # 95 % efficient where the noise is normal
_LEAST_SCALE = 0.01  # times are not recorded finer than to a per cent
_MOST_STEPS = 60
_SETTLED = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorTerms:
    """Which parameters make the factor of each class and hour: log phi = sum of its parameters.

    Parameters
    ----------
    term : ndarray of bool, shape (n_hours + 1, n_groups, n_parameters)
        Whether a parameter counts for an hour and a class; the last row is for trips whose hour is not known.
    prior_sd : ndarray of float64, shape (n_parameters,)
        Standard deviation of each parameter before any trip is seen.
    """

    term: NDArray[np.bool_]
    prior_sd: NDArray[np.float64]

    def factors(self, parameter: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the factors on the time; float64, shape (n_hours + 1, n_groups)."""
        return np.asarray(np.exp(self.term @ parameter))

    def standard_errors(self, covariance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return those of the logarithms of the factors; float64, shape (n_hours + 1, n_groups)."""
        term = self.term.astype(np.float64)
        return np.asarray(np.sqrt(np.einsum("hgp,pq,hgq->hg", term, covariance, term)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorFit:
    """A robust fit.

    Parameters
    ----------
    parameter : ndarray of float64, shape (n_parameters,)
    covariance : ndarray of float64, shape (n_parameters, n_parameters)
        Of the parameters, by the sandwich formula with the prior.
    scale : float
        Standard deviation of the log ratio of recorded and fitted times, outliers aside.
    weight : ndarray of float64, shape (n_trips,)
        Tukey's weights; 0 for outliers.
    log_ratio : ndarray of float64, shape (n_trips,)
        Logarithm of the recorded over the fitted time.
    """

    parameter: NDArray[np.float64]
    covariance: NDArray[np.float64]
    scale: float
    weight: NDArray[np.float64]
    log_ratio: NDArray[np.float64]


def _huber(u: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.minimum(1.0, _HUBER / np.maximum(np.abs(u), 1e-12))


def _tukey(u: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.abs(u) < _TUKEY, (1 - (u / _TUKEY) ** 2) ** 2, 0.0)


def _mad(residual: NDArray[np.float64]) -> float:
    return max(1.4826 * float(np.median(np.abs(residual))), _LEAST_SCALE)


def fit_factors(
    moving_s: NDArray[np.float64],
    fixed_s: NDArray[np.float64],
    hour: NDArray[np.int64],
    recorded_s: NDArray[np.float64],
    terms: FactorTerms,
    *,
    with_loss: Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> FactorFit:
    """Fit the parameters of factors on driving times.

    Parameters
    ----------
    moving_s : ndarray of float64, shape (n_trips, n_groups)
    fixed_s : ndarray of float64, shape (n_trips,)
        Waiting and access legs: no factor holds for them.
    hour : ndarray of int64, shape (n_trips,)
        Row of the terms.
    recorded_s : ndarray of float64, shape (n_trips,)
    terms : FactorTerms
    with_loss : callable
        Gives the time of a trip, start-up loss included, and its slope, for free times.

    Returns
    -------
    FactorFit

    References
    ----------
    Huber, P. J. (1964). Robust estimation of a location parameter. Annals of Mathematical Statistics 35, 73-101.
    doi:10.1214/aoms/1177703732

    Yohai, V. J. (1987). High breakdown-point and high efficiency robust estimates for regression. Annals of
    Statistics 15, 642-656. doi:10.1214/aos/1176350366
    """
    n_parameters = len(terms.prior_sd)
    parameter = np.zeros(n_parameters)
    precision = np.diag(1 / terms.prior_sd**2)
    of_trip = terms.term[hour].astype(np.float64)  # trip, class, parameter

    def look(at: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return log ratios and the slopes of the logarithm of the fitted time."""
        driven = moving_s * terms.factors(at)[hour]
        whole, slope = with_loss(driven.sum(axis=1) + fixed_s)
        return np.log(recorded_s / whole), np.einsum("tg,tgp->tp", driven, of_trip) * (slope / whole)[:, None]

    scale = _mad(look(parameter)[0])
    for weigh, rescale in ((_huber, True), (_tukey, False)):
        for _ in range(_MOST_STEPS):
            residual, slopes = look(parameter)
            scale = _mad(residual) if rescale else scale
            weighted = slopes * weigh(residual / scale)[:, None]
            normal = weighted.T @ slopes / scale**2 + precision
            step = np.linalg.solve(normal, weighted.T @ residual / scale**2 - precision @ parameter)
            # a factor moves at most e-fold in a step: far from the optimum the slopes are not to be trusted
            parameter = parameter + np.clip(step, -1.0, 1.0)
            if not len(step) or np.abs(step).max() < _SETTLED:
                break
    residual, slopes = look(parameter)
    u = residual / scale
    weight = _tukey(u)
    bend = np.where(np.abs(u) < _TUKEY, (1 - (u / _TUKEY) ** 2) * (1 - 5 * (u / _TUKEY) ** 2), 0.0)
    bread = np.linalg.inv((slopes * max(float(bend.mean()), 0.05)).T @ slopes / scale**2 + precision)
    filling = (slopes * ((weight * u) ** 2)[:, None]).T @ slopes / scale**2 + precision
    return FactorFit(
        parameter=parameter, covariance=bread @ filling @ bread, scale=scale, weight=weight, log_ratio=residual
    )
