"""Every engine and every form of output against SciPy on the same integers, on networks drawn to be awkward."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from drawn_cases import DrawnCase, cases, times_by_hand
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim.errors import WeightOverflowError
from rescuesim.network import NetworkState
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE, limit_ticks
from rescuesim.network.vehicles.start_up import with_start_up_ticks
from rescuesim.travel import travel_times
from rescuesim.travel.bucket_dijkstra import bucket_ticks
from rescuesim.travel.coverage_bits import CoverageBits
from rescuesim.travel.coverage_kernels import fill_limit_ticks
from rescuesim.travel.engines import Engine
from rescuesim.travel.forward_star import ForwardStar
from rescuesim.travel.pairs import TravelTimePairs, pairs_in_state
from rescuesim.travel.times import times_in_state
from rescuesim.travel.trip_kernels import make_whole_trips
from rescuesim.travel.warm_up import tiny_case

LIMITS_S = (-math.inf, -1.0, 0.0, 0.0001, 1.0, 25.0, 900.0, 100_000.0)


@settings(max_examples=500)
@given(cases(), st.integers(0, 2**32 - 1))
def test_every_engine_and_output_form_equals_scipy_to_the_integer(case: DrawnCase, seed: int) -> None:
    expected = times_by_hand(case)
    drawn = np.random.default_rng(seed).choice(LIMITS_S, (len(case.times.sites), len(case.times.demand)))
    limit = np.minimum(drawn, case.times.cutoff_s)
    for engine in ("scipy", "bucket"):
        asked = replace(case.times, engine=engine)
        times, pairs = times_in_state(asked, case.state), pairs_in_state(asked, case.state)
        assert times.ticks.dtype == np.int32
        assert times.ticks.tolist() == expected
        assert pairs.to_times().ticks.tolist() == expected
        assert np.array_equal(TravelTimePairs.from_times(times).point, pairs.point)
        within = times.within(limit).T
        assert within.tolist() == (np.array(expected) <= limit_ticks(limit)).tolist()
        for bits in (CoverageBits.from_times(times, limit), CoverageBits.from_pairs(pairs, limit)):
            assert np.array_equal(bits.to_bool(), within)


@settings(max_examples=150)
@given(cases())
def test_reasons_are_those_of_the_reference(case: DrawnCase) -> None:
    by = {engine: times_in_state(replace(case.times, engine=engine), case.state) for engine in ("scipy", "bucket")}
    assert np.array_equal(by["scipy"].reasons(), by["bucket"].reasons())
    beyond = by["bucket"].reasons() == "beyond_cutoff"
    whole = np.array(times_by_hand(replace(case, times=replace(case.times, cutoff_s=math.inf))))
    assert (whole[beyond] < UNREACHABLE).all()
    assert (whole[by["bucket"].reasons() == "no_path"] == UNREACHABLE).all()


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 50, 10**6, 2**29]), st.sampled_from([5, 200, 3000]))
def test_any_spread_of_weights_is_searched_exactly(seed: int, most: int, n_nodes: int) -> None:
    """One heavy piece among light ones makes buckets wide; what comes out must not depend on that."""
    rng = np.random.default_rng(seed)
    n_pieces = 3 * n_nodes
    tail, head = np.sort(rng.integers(0, n_nodes, n_pieces)), rng.integers(0, n_nodes, n_pieces)
    ticks = rng.integers(0, most + 1, n_pieces).astype(np.int32)
    ticks[rng.integers(0, n_pieces)] = UNREACHABLE - 1
    first = np.r_[0, np.cumsum(np.bincount(tail, minlength=n_nodes))].astype(np.uint32)
    each = np.arange(n_pieces, dtype=np.int32)
    place = np.arange(n_nodes, dtype=np.uint32)
    star = ForwardStar(place=place, first=first, head=head.astype(np.uint32), entry=each, ticks=ticks)
    order = np.lexsort((-ticks.astype(np.int64), head, tail))  # of parallel ones the last, the fastest, stays
    fastest = {(int(tail[k]), int(head[k])): float(ticks[k]) for k in order}
    rows, columns = np.array(list(fastest)).T
    matrix = csr_array((list(fastest.values()), (rows, columns)), shape=(n_nodes, n_nodes))
    origins = rng.integers(0, n_nodes, 3).astype(np.int32)
    for limit in (0, most, min(10 * most, UNREACHABLE - 1), UNREACHABLE - 1):
        for n_ends in (1, min(n_nodes, 40)):
            ends = rng.integers(0, n_nodes, n_ends).astype(np.int32)
            usable = np.ones(3, dtype=np.bool_), np.ones(n_ends, dtype=np.bool_)
            found = bucket_ticks(star, ticks, origins, ends, *usable, limit=limit)
            paths = dijkstra(matrix, indices=origins)[:, ends]
            assert np.array_equal(found, np.where(paths <= limit, paths, UNREACHABLE))


TICKS = st.integers(0, UNREACHABLE)


@settings(max_examples=300)
@given(
    st.lists(TICKS, min_size=1, max_size=60),
    st.one_of(st.sampled_from([0.0, 18.5, 3600.0]), st.floats(0, 3600)),
    st.sampled_from([0.0, 0.3, 3600.0]),
    st.integers(0, 2**30 - 1),
)
def test_the_kernel_of_whole_trips_equals_the_reference_on_every_tick(
    ticks: list[int], start_up_s: float, launch_s: float, access: int
) -> None:
    tau = round(start_up_s * TICKS_PER_SECOND)
    edges = [t for t in (0, 1, tau - 1, tau, tau + 1, UNREACHABLE - tau, UNREACHABLE - 1) if 0 <= t <= UNREACHABLE]
    paths = np.array([ticks + edges], dtype=np.int32)
    none, legs = np.zeros(paths.shape[1], dtype=np.int32), np.array([access], dtype=np.int32)
    for site_access in (np.zeros(1, dtype=np.int32), legs):
        free = np.where(paths < UNREACHABLE, paths + site_access[:, None].astype(np.int64), UNREACHABLE)
        expected = with_start_up_ticks(np.minimum(free, UNREACHABLE), start_up_s, launch_s=launch_s)
        found = paths.copy()
        make_whole_trips(found, site_access, none, start_up_s, launch_s, UNREACHABLE - 1)
        assert np.array_equal(found, expected)


def test_the_kernel_of_whole_trips_equals_the_reference_on_a_run_of_ticks() -> None:
    """Every tick up to beyond tau, where the root is: 400,000 of them."""
    paths = np.arange(400_000, dtype=np.int32)[None, :]
    found, none = paths.copy(), np.zeros(paths.shape[1], dtype=np.int32)
    make_whole_trips(found, np.zeros(1, dtype=np.int32), none, 18.5, 1.0, UNREACHABLE - 1)
    assert np.array_equal(found, with_start_up_ticks(paths, 18.5, launch_s=1.0))


@given(st.lists(st.one_of(st.floats(allow_nan=False), st.floats(-1, 120_000)), min_size=1, max_size=130))
def test_the_kernel_of_limits_equals_the_reference(seconds: list[float]) -> None:
    limit_s = np.array([[*seconds, 1.2737, 107_374.1822, 107_374.1823, -0.0, math.inf, -math.inf]])
    found = np.empty(limit_s.shape, dtype=np.int32)
    fill_limit_ticks(limit_s, found)
    assert np.array_equal(found, limit_ticks(limit_s))


@pytest.mark.parametrize("engine", ["scipy", "bucket"])
def test_a_slow_down_beyond_the_ticks_is_refused_by_every_engine(engine: Engine) -> None:
    times = travel_times(*tiny_case(), engine=engine)
    with pytest.raises(WeightOverflowError):
        times_in_state(times, NetworkState(slow_downs={0: 1e9}))
