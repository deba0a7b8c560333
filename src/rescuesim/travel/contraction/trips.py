"""Whole trips of pairs in sixteen states: the end's access leg, start-up loss and launch, cutoff."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.compiled import compiled

__all__ = ["whole_trips"]

_INF = np.int32(UNREACHABLE)
_BLOCK = 64  # pairs: their rows stay in the nearest cache while they are turned from pairs to states


@compiled
def whole_trips(
    found: NDArray[np.int32],
    end_ticks: NDArray[np.int32],
    start_up: int,
    launch: int,
    limit: int,
    ticks: NDArray[np.int32],
) -> None:
    """Write the ticks of whole trips, state by state.

    Parameters
    ----------
    found : ndarray of int32, shape (n_pairs, N_STATES)
        Free ticks up to the target's node, from `ContractionEngine.run`.
    end_ticks : ndarray of int32, shape (n_pairs,)
        What each trip ends with.
    start_up, launch : int
        Ticks, see `with_start_up_ticks`.
    limit : int
        Most free ticks of a trip that keeps the cutoff, see `free_ticks_within`.
    ticks : ndarray of int32, shape (n_states, n_pairs)
        Is overwritten; 2^30 - 1 where the trip is longer than the cutoff.
    """
    n_states, n_pairs = ticks.shape
    for start in range(0, n_pairs, _BLOCK):
        stop = min(n_pairs, start + _BLOCK)
        for state in range(n_states):
            any_short = False
            for pair in range(start, stop):  # without branches, for the vector unit
                free = np.int64(found[pair, state]) + end_ticks[pair]
                any_short |= free <= start_up
                ticks[state, pair] = free + start_up + launch if free <= limit else _INF
            if any_short:
                for pair in range(start, stop):
                    free = np.int64(found[pair, state]) + end_ticks[pair]
                    if 0 < free <= min(start_up, limit):
                        # a whole number under 2^53, whose root is never half a tick: rounded the same everywhere
                        ticks[state, pair] = np.int64(np.rint(math.sqrt(4.0 * free * start_up))) + launch
                    elif free <= min(0, limit):
                        ticks[state, pair] = 0
