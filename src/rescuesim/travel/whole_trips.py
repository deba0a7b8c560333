"""Whole trips from shortest paths: access legs, start-up loss and launch, cutoff; as a kernel, on int32 alone.

`rescuesim.network.vehicles.start_up.with_start_up_ticks` is the reference; the two agree on every tick.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE
from rescuesim.network.vehicles.start_up import check_start_up
from rescuesim.travel.compiled import compiled

__all__ = ["make_whole_trips"]


def make_whole_trips(
    ticks: NDArray[np.int32],
    site_access: NDArray[np.int32],
    demand_access: NDArray[np.int32],
    start_up_s: float,
    launch_s: float,
    cutoff: int,
) -> None:
    """Turn ticks of shortest paths into ticks of whole trips, in place.

    Parameters
    ----------
    ticks : ndarray of int32, shape (n_sites, n_demand)
        2^30 - 1 where there is no path, and in the end where the trip is longer than the cutoff.
    site_access : ndarray of int32, shape (n_sites,)
    demand_access : ndarray of int32, shape (n_demand,)
        Ticks of the access legs.
    start_up_s, launch_s : float
    cutoff : int
        Ticks.
    """
    check_start_up(start_up_s, launch_s)
    tau, launch = round(start_up_s * TICKS_PER_SECOND), round(launch_s * TICKS_PER_SECOND)
    _add(ticks, site_access, demand_access, tau, launch, min(cutoff, UNREACHABLE - 1))


@compiled
def _add(
    ticks: NDArray[np.int32],
    site_access: NDArray[np.int32],
    demand_access: NDArray[np.int32],
    tau: int,
    launch: int,
    cutoff: int,
) -> None:
    """Go over the trips one by one, in 64 bits each."""
    for site in range(ticks.shape[0]):
        for point in range(ticks.shape[1]):
            if ticks[site, point] == UNREACHABLE:
                continue
            free = np.int64(ticks[site, point]) + site_access[site] + demand_access[point]
            if free <= 0:
                whole = free
            elif free <= tau:
                # a whole number under 2^53, whose root is never half a tick: rounded the same everywhere
                whole = np.int64(np.rint(math.sqrt(4.0 * free * tau))) + launch
            else:
                whole = free + tau + launch
            ticks[site, point] = whole if whole <= cutoff else UNREACHABLE
