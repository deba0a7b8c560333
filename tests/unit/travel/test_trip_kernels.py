"""Whole trips of pairs are those of the reference, for every tick."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE
from rescuesim.network.vehicles.start_up import free_ticks_within, with_start_up_ticks
from rescuesim.travel.contraction.lanes import N_STATES
from rescuesim.travel.trip_kernels import whole_trips

SECONDS = st.sampled_from([0.0, 18.5, 3600.0]) | st.floats(0, 3600).map(lambda s: round(s, 4))
TICKS = st.integers(0, UNREACHABLE - 1) | st.integers(0, 400_000) | st.just(UNREACHABLE)


@given(
    st.lists(st.tuples(TICKS, st.integers(0, 10**6)), min_size=1, max_size=200),
    SECONDS,
    SECONDS,
    st.sampled_from([-1, 0, 1, 9_000_000, UNREACHABLE - 1]) | TICKS,
    st.integers(1, N_STATES),
)
def test_trips_equal_the_reference(
    pairs: list[tuple[int, int]], start_up_s: float, launch_s: float, cutoff: int, n_states: int
) -> None:
    cutoff = min(cutoff, UNREACHABLE - 1)
    one = np.array([free for free, _ in pairs], dtype=np.int32)
    end = np.array([leg for _, leg in pairs], dtype=np.int32)
    found = np.stack([np.roll(one, lane) for lane in range(N_STATES)], axis=1)
    made = np.empty((n_states, len(pairs)), dtype=np.int32)
    start_up, launch = (round(seconds * TICKS_PER_SECOND) for seconds in (start_up_s, launch_s))
    limit = free_ticks_within(cutoff, start_up_s, launch_s=launch_s)
    middle = len(pairs) // 3
    first, begin = np.array([0, middle, len(pairs)]), np.array([len(pairs) - middle, 0])  # the second set comes first
    moved = np.r_[end[middle:], end[:middle]]
    whole_trips(found, first, begin, moved, start_up, launch, limit, made)
    made = np.concatenate([made[:, len(pairs) - middle :], made[:, : len(pairs) - middle]], axis=1)
    for state in range(n_states):
        free = found[:, state].astype(np.int64) + end
        free = np.where(found[:, state] == UNREACHABLE, UNREACHABLE, np.minimum(free, UNREACHABLE))
        total = with_start_up_ticks(free, start_up_s, launch_s=launch_s)
        assert made[state].tolist() == np.where(total <= cutoff, total, UNREACHABLE).tolist()


@given(st.integers(-5, UNREACHABLE + 5), SECONDS, SECONDS)
def test_the_most_free_ticks_are_the_inverse_of_the_loss(limit: int, start_up_s: float, launch_s: float) -> None:
    most = free_ticks_within(limit, start_up_s, launch_s=launch_s)
    if most >= 0:
        assert with_start_up_ticks(most, start_up_s, launch_s=launch_s) <= min(limit, UNREACHABLE - 1)
    if most + 1 < UNREACHABLE:
        assert with_start_up_ticks(most + 1, start_up_s, launch_s=launch_s) > min(limit, UNREACHABLE - 1)
