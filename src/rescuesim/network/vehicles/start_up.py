"""Start-up loss: what speeding up and slowing down cost, and the one place where it is computed.

Kolesar and Walker timed fire engines in New York: the time grows with the square root of the distance on short
trips and in proportion to it on longer ones, and the two meet with the same slope. With acceleration a and
cruise speed v, T(D) = 2 sqrt(D / a) up to D = v^2 / a, and v / a + D / v beyond. Written with the time at
cruise speed, t = D / v, and tau = v / a, this is f(t) = 2 sqrt(t tau) up to t = tau, and t + tau beyond. f
grows with t, so that the fastest path stays the fastest; it lies between t and t + tau.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim.errors import InputError
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE

__all__ = ["check_start_up", "free_ticks_within", "with_start_up_s", "with_start_up_slope", "with_start_up_ticks"]

_MOST_S = 3600.0  # 4 t tau stays a whole number below 2^53 up to here


def check_start_up(start_up_s: float, launch_s: float) -> None:
    """Refuse a start-up loss or a launch that is not from 0 to an hour.

    Raises
    ------
    InputError
    """
    for name, value in (("start_up_s", start_up_s), ("launch_s", launch_s)):
        if not 0 <= value <= _MOST_S:
            raise InputError(f"{name} {value}: expected seconds from 0 to {_MOST_S:.0f}")


def with_start_up_ticks(ticks: ArrayLike, start_up_s: float, *, launch_s: float = 0.0) -> NDArray[np.int64]:
    """Add the start-up loss to whole trips, in integers.

    Parameters
    ----------
    ticks : array_like of int
        Free times of trips in 0.1 ms, access legs included; 2^30 - 1 is unreachable and stays so.
    start_up_s : float
        What a long trip loses; itself rounded to ticks.
    launch_s : float, optional
        Fixed time before any trip that takes time at all, as to launch a boat.

    Returns
    -------
    ndarray of int64
        ``2 sqrt(t tau)`` rounded to the nearest tick up to ``t = tau``, ``t + tau`` beyond, plus the launch. 0 stays
        0: who is there need not start. What reaches 2^30 - 1 ticks is unreachable.

    Notes
    -----
    4 t tau is a whole number under 2^53, its root is rounded correctly and is never half a tick: so the rounding
    is exact, and the result is the same on every machine. It never falls when `ticks` grows.

    References
    ----------
    Kolesar, P., & Walker, W. (1974). Measuring the Travel Characteristics of New York City's Fire Companies.
    RAND R-1449-NYC.

    Examples
    --------
    >>> with_start_up_ticks([0, 50_000, 200_000, 300_000, UNREACHABLE], 20.0).tolist()
    [0, 200000, 400000, 500000, 1073741823]
    """
    check_start_up(start_up_s, launch_s)
    free = np.asarray(ticks, dtype=np.int64)
    tau, launch = round(start_up_s * TICKS_PER_SECOND), round(launch_s * TICKS_PER_SECOND)
    short = np.rint(np.sqrt(4.0 * np.minimum(free, tau) * tau)).astype(np.int64)
    driven = np.where(free <= tau, short, free + tau) + launch
    return np.where(free <= 0, free, np.where(free < UNREACHABLE, np.minimum(driven, UNREACHABLE), UNREACHABLE))


def with_start_up_s(seconds: ArrayLike, start_up_s: float, *, launch_s: float = 0.0) -> NDArray[np.float64]:
    """Add the start-up loss to whole trips, in seconds that are not rounded.

    Examples
    --------
    >>> with_start_up_s([5.0, 30.0], 20.0).tolist()
    [20.0, 50.0]
    """
    check_start_up(start_up_s, launch_s)
    free = np.asarray(seconds, dtype=np.float64)
    driven = np.where(free <= start_up_s, 2 * np.sqrt(np.maximum(free, 0.0) * start_up_s), free + start_up_s)
    return np.where(free > 0, driven + launch_s, free)


def with_start_up_slope(seconds: ArrayLike, start_up_s: float) -> NDArray[np.float64]:
    """Return how much longer a trip takes for each second of free time more; 1 or more.

    Examples
    --------
    >>> with_start_up_slope([5.0, 20.0, 30.0], 20.0).tolist()
    [2.0, 1.0, 1.0]
    """
    free = np.asarray(seconds, dtype=np.float64)
    return np.sqrt(np.maximum(start_up_s / np.maximum(free, 1e-9), 1.0))


def free_ticks_within(limit: int, start_up_s: float, *, launch_s: float = 0.0) -> int:
    """Return the most free ticks whose whole trip keeps a limit: the inverse of `with_start_up_ticks`.

    Parameters
    ----------
    limit : int
        Ticks of the whole trip.
    start_up_s, launch_s : float

    Returns
    -------
    int
        -1 where no trip keeps the limit.

    Examples
    --------
    >>> free_ticks_within(400_000, 20.0), free_ticks_within(399_999, 20.0), free_ticks_within(-1, 20.0)
    (200000, 199999, -1)
    """
    limit = min(limit, UNREACHABLE - 1)
    low, high = -1, max(limit, -1)
    while low < high:
        middle = (low + high + 1) // 2
        if int(with_start_up_ticks(middle, start_up_s, launch_s=launch_s)) <= limit:
            low = middle
        else:
            high = middle - 1
    return low
