"""Where a steady-state run has forgotten that it began with every unit at home."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim.errors import InputError
from rescuesim.report.statistics.series import busy_units, waiting_calls
from rescuesim.simulation import SimulationResult
from rescuesim.simulation.checks.options import warm_up_faults
from rescuesim.simulation.records import after_warm_up

__all__ = ["WarmUp", "mser5", "settling", "warm_up", "welch_average", "without_warm_up"]

_BATCH = 5
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WarmUp:
    """Where MSER-5 cuts a series.

    Parameters
    ----------
    observations : int
        To be left out at the beginning; a multiple of 5.
    found : bool
        False if the best cut lies in the second half of the series: it is too short to tell.
    batch_means : ndarray of float64, shape (n_batches,)
    scores : ndarray of float64, shape (n_batches,)
        Marginal standard error, squared, of the mean of the batches from each on; ``inf`` for the last ones, which
        are too few.
    bucket_s : float
        Seconds an observation; 1 where the series has no clock.
    """

    observations: int
    found: bool
    batch_means: NDArray[np.float64]
    scores: NDArray[np.float64]
    bucket_s: float = 1.0

    @property
    def warm_up_s(self) -> float:
        """Seconds to be left out; ``inf`` if the series is too short to tell."""
        return self.observations * self.bucket_s if self.found else math.inf


def mser5(series: ArrayLike, *, bucket_s: float = 1.0) -> WarmUp:
    """Cut a series where the mean of what is left has the least marginal standard error (MSER-5).

    Parameters
    ----------
    series : array_like of float, shape (n,)
        In the order of time; a last batch of five that is not whole is left out.
    bucket_s : float, optional
        Seconds an observation.

    Returns
    -------
    WarmUp

    Raises
    ------
    InputError
        If there are fewer than 50 observations, or one is not finite.

    Notes
    -----
    With Y the k means of batches of five, the cut d minimises ``sum((Y[d:] - mean(Y[d:]))**2) / (k - d)**2``. The
    last five cuts are left out, where few batches that happen to agree make the score small; a minimum in the
    second half means that the series is too short (White, Cobb and Spratt). Ties go to the earlier cut.

    Examples
    --------
    >>> found = mser5(np.r_[np.zeros(20), np.tile([9.0, 11.0], 90)])
    >>> found.observations, found.found
    (20, True)

    References
    ----------
    White, K. P. (1997). An effective truncation heuristic for bias reduction in simulation output. Simulation 69(6),
    323-334. doi:10.1177/003754979706900601. White, K. P., Cobb, M. J., Spratt, S. C. (2000). A comparison of five
    steady-state truncation heuristics for simulation. Winter Simulation Conference, 755-760.
    doi:10.1109/WSC.2000.899787
    """
    values = np.asarray(series, dtype=np.float64)
    if values.ndim != 1 or len(values) < 10 * _BATCH or not np.isfinite(values).all():
        raise InputError(f"series of shape {values.shape}: expected at least {10 * _BATCH} finite numbers in a row")
    many = len(values) // _BATCH
    means = values[: many * _BATCH].reshape(many, _BATCH).mean(axis=1)
    apart = means - means[-1]  # near the level of the end, so that squares lose little
    left = np.arange(many, 0, -1)
    sums = np.cumsum(apart[::-1])[::-1]
    squares = np.cumsum(apart[::-1] ** 2)[::-1]
    scores = np.maximum(squares - sums**2 / left, 0.0) / left**2.0
    scores[many - _BATCH :] = math.inf
    cut = int(scores.argmin())
    return WarmUp(
        observations=cut * _BATCH, found=cut <= many // 2, batch_means=means, scores=scores, bucket_s=bucket_s
    )


def welch_average(series: ArrayLike, window: int) -> NDArray[np.float64]:
    """Average replications, then neighbours in time: the curve of which Welch's picture is made.

    Parameters
    ----------
    series : array_like of float, shape (replications, n)
    window : int
        Neighbours on each side; near the beginning as many as there are, and at most a quarter of the series.

    Returns
    -------
    ndarray of float64, shape (n - window,)

    Raises
    ------
    InputError
        If the window does not fit.

    Examples
    --------
    >>> welch_average([[0, 3, 6, 9, 9, 9, 9, 9]], 1).tolist()
    [0.0, 3.0, 6.0, 8.0, 9.0, 9.0, 9.0]

    References
    ----------
    Welch, P. D. (1983). The statistical analysis of simulation results. In: Lavenberg, S. S. (ed.), The Computer
    Performance Modeling Handbook, 268-328. Academic Press.
    """
    rows = np.atleast_2d(np.asarray(series, dtype=np.float64))
    n = rows.shape[1]
    if not 0 <= window <= n // 4:
        raise InputError(f"window {window}: expected from 0 to {n // 4}, a quarter of the series")
    mean = rows.mean(axis=0)
    sums = np.concatenate([[0.0], np.cumsum(mean)])
    at = np.arange(n - window)
    each = np.minimum(at, window)
    return np.asarray((sums[at + each + 1] - sums[at - each]) / (2 * each + 1))


def warm_up(result: SimulationResult, *, bucket_s: float = 3600.0, daily: bool = True) -> WarmUp:
    """Find the warm-up of a simulation of normal days in how many units are busy and how many calls wait.

    Parameters
    ----------
    result : SimulationResult
        Of normal days.
    bucket_s : float, optional
        Length of the stretches of time that are averaged.
    daily : bool, optional
        Calls follow the hour, so busy units never settle: each hour is told by how far it is from the same hour of
        the days of the second half.

    Returns
    -------
    WarmUp
        Of the mean over replications; the later of the two.

    Raises
    ------
    InputError
        If the result is of a disaster, which has no steady state, or the horizon is too short to tell.
    """
    found = settling(result, bucket_s=bucket_s, daily=daily).values()
    if not all(one.found for one in found):
        raise InputError(
            f"horizon of {result.horizon_s / _DAY_S:g} days: the run has not settled in its first half; "
            "expected a longer horizon"
        )
    return max(found, key=lambda one: one.observations)


def settling(result: SimulationResult, *, bucket_s: float = 3600.0, daily: bool = True) -> dict[str, WarmUp]:
    """Cut busy units and waiting calls each by itself, settled or not; arguments as of `warm_up`.

    Returns
    -------
    dict of str to WarmUp
        ``busy_units`` and ``waiting_calls``.

    Raises
    ------
    InputError
        If the result is of a disaster, or the horizon is too short to look.
    """
    if result.condition != "intact":
        raise InputError(f"{result.condition}: a disaster has no steady state; report it by phase over its horizon")
    found = {}
    for name, measured in (("busy_units", busy_units), ("waiting_calls", waiting_calls)):
        mean = measured(result, bucket_s=bucket_s).mean(axis=0)
        found[name] = mser5(_without_days(mean, bucket_s, result.horizon_s) if daily else mean, bucket_s=bucket_s)
    return found


def _without_days(mean: NDArray[np.float64], bucket_s: float, horizon_s: float) -> NDArray[np.float64]:
    """Take from each stretch the mean of the same time of day in the second half."""
    a_day = round(_DAY_S / bucket_s)
    if abs(a_day * bucket_s - _DAY_S) > 1e-6:
        raise InputError(f"bucket_s {bucket_s}: expected a part of a day, so that hours can be told apart")
    days = len(mean) // a_day
    if days < 4:
        raise InputError(f"horizon of {horizon_s / _DAY_S:g} days: expected 4 or more to tell hours from a warm-up")
    whole = mean[: days * a_day].reshape(days, a_day)
    return np.asarray((whole - whole[days // 2 :].mean(axis=0)).ravel())


def without_warm_up(result: SimulationResult, warm_up_s: float) -> SimulationResult:
    """Leave out the calls that rang during the warm-up.

    Parameters
    ----------
    result : SimulationResult
        Of normal days.
    warm_up_s : float

    Returns
    -------
    SimulationResult
        Records of the later calls. Records of units are sums over the whole horizon and cannot be cut: they are
        left out.

    Raises
    ------
    InputError
        If the horizon is not longer than the warm-up, or the result is of a disaster.
    """
    if faults := warm_up_faults(warm_up_s, horizon_s=result.horizon_s, condition=result.condition):
        raise InputError(faults)
    return after_warm_up(result, warm_up_s)
