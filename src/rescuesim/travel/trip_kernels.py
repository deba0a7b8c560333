"""Whole trips in compiled code: access legs, start-up loss and launch, cutoff; and pairs written into matrices.

`rescuesim.network.vehicles.start_up.with_start_up_ticks` is the reference; the kernels agree with it on every tick.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE
from rescuesim.network.vehicles.start_up import check_start_up
from rescuesim.travel.compiled import compiled

__all__ = ["make_whole_trips", "spread_seconds", "spread_ticks", "whole_trips"]

_INF = np.int32(UNREACHABLE)
_BLOCK = 64  # pairs: their rows stay in the nearest cache while they are turned from pairs to states


@compiled
def _short_trip(free: int, start_up: int, launch: int) -> int:
    """Ticks of a trip whose free time is at most the start-up loss."""
    if free <= 0:
        return 0
    # a whole number under 2^53, whose root is never half a tick: rounded the same everywhere
    return int(np.rint(math.sqrt(4.0 * free * start_up))) + launch


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
            whole = _short_trip(free, tau, launch) if free <= tau else free + tau + launch
            ticks[site, point] = whole if whole <= cutoff else UNREACHABLE


@compiled
def whole_trips(
    found: NDArray[np.int32],
    first: NDArray[np.int64],
    begin: NDArray[np.int64],
    end_ticks: NDArray[np.int32],
    start_up: int,
    launch: int,
    limit: int,
    ticks: NDArray[np.int32],
) -> None:
    """Write the ticks of whole trips, state by state, for the pairs of some sets of sources.

    Parameters
    ----------
    found : ndarray of int32, shape (n_found, N_STATES)
        Free ticks up to the targets' nodes, from `run_sweep`.
    first : ndarray of int64, shape (n_sets + 1,)
        The pairs of each set in `found`.
    begin : ndarray of int64, shape (n_sets,)
        Where they begin in `ticks`.
    end_ticks : ndarray of int32, shape (n_pairs,)
        What each trip ends with.
    start_up, launch : int
        Ticks, see `with_start_up_ticks`.
    limit : int
        Most free ticks of a trip that keeps the cutoff, see `free_ticks_within`.
    ticks : ndarray of int32, shape (n_states, n_pairs)
        Is written to; 2^30 - 1 where the trip is longer than the cutoff.
    """
    n_states = ticks.shape[0]
    # 32 bits hold the sum of two ticks, and twice as many fit into a register; what overflows is beyond the limit
    short, most, more = np.int32(start_up), np.int32(limit), np.int32(start_up + launch)
    for number in range(len(begin)):
        ahead = begin[number] - first[number]  # from a row of `found` to a column of `ticks`
        for start in range(first[number], first[number + 1], _BLOCK):
            stop = min(first[number + 1], start + _BLOCK)
            for state in range(n_states):
                any_short = False
                for row in range(start, stop):  # without branches, for the vector unit
                    free = np.int32(found[row, state] + end_ticks[row + ahead])
                    any_short |= bool(free <= short)
                    ticks[state, row + ahead] = np.int32(free + more) if free <= most else _INF
                if any_short:
                    for row in range(start, stop):
                        free = np.int64(found[row, state]) + end_ticks[row + ahead]
                        if free <= min(start_up, limit):
                            ticks[state, row + ahead] = _short_trip(free, start_up, launch)


@compiled
def spread_ticks(
    first: NDArray[np.int64], point: NDArray[np.int32], ticks: NDArray[np.int32], dense: NDArray[np.int32]
) -> None:
    """Write the pairs of one state into a matrix, 2^30 - 1 elsewhere.

    Parameters
    ----------
    first : ndarray of int64, shape (n_sets + 1,)
    point, ticks : ndarray of int32, shape (n_pairs,)
    dense : ndarray of int32, shape (n_sets, n_targets)
    """
    for number in range(len(first) - 1):
        row = dense[number]
        row[:] = _INF
        for pair in range(first[number], first[number + 1]):
            row[point[pair]] = ticks[pair]


@compiled
def spread_seconds(
    first: NDArray[np.int64], point: NDArray[np.int32], ticks: NDArray[np.int32], dense: NDArray[np.float64]
) -> None:
    """Write the seconds of the pairs of one state into a matrix, ``inf`` elsewhere; as `spread_ticks`."""
    for number in range(len(first) - 1):
        row = dense[number]
        row[:] = np.inf
        for pair in range(first[number], first[number + 1]):
            if ticks[pair] < _INF:
                row[point[pair]] = ticks[pair] / TICKS_PER_SECOND
