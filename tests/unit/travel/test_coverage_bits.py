"""Packed coverage against bool arrays: who is covered, by how many, and how much of the people."""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.travel import CoverageBits, TravelTimePairs, TravelTimes
from rescuesim.travel.coverage_bits import packed


def drawn_times(n_sites: int, n_demand: int, seed: int) -> TravelTimes:
    rng = np.random.default_rng(seed)
    seconds = np.round(rng.uniform(0, 1000, (n_sites, n_demand)), 4)
    seconds[rng.uniform(size=seconds.shape) < 0.2] = np.inf
    return TravelTimes.from_matrix(
        seconds,
        sites=pd.DataFrame({"id": [f"s{k}" for k in range(n_sites)]}),
        demand=pd.DataFrame({"id": [f"d{k}" for k in range(n_demand)]}),
    )


def drawn_limits(times: TravelTimes, seed: int) -> NDArray[np.float64]:
    """Limits of each pair, some of them the time itself, some that nobody keeps."""
    rng = np.random.default_rng(seed)
    some = rng.choice([-math.inf, -1.0, 0.0, 93.0, 500.0, 900.0], times.ticks.shape)
    exact = np.isfinite(times.values) & (rng.uniform(size=some.shape) < 0.2)
    return np.where(exact, times.values, some)


@pytest.mark.parametrize("n_demand", [1, 63, 64, 65, 200])
@pytest.mark.parametrize("compiled", [True, False])
def test_bits_equal_the_bool_array_with_and_without_numba(
    n_demand: int, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not compiled:
        monkeypatch.setitem(sys.modules, "rescuesim.travel.coverage_kernels", None)
    times = drawn_times(7, n_demand, 1)
    limits = drawn_limits(times, 2)
    within = times.within(limits).T
    assert within.any()
    bits = CoverageBits.from_times(times, limits)
    assert bits.words.shape == (7, -(-n_demand // 64))
    assert np.array_equal(bits.to_bool(), within)
    for site, point in np.ndindex(within.shape):
        assert bool(int(bits.words[site, point // 64]) >> (point % 64) & 1) == within[site, point]
    from_pairs = CoverageBits.from_pairs(TravelTimePairs.from_times(times), limits)
    assert np.array_equal(from_pairs.words, bits.words)
    plain = CoverageBits.from_times(times, 93.0)
    assert np.array_equal(plain.to_bool(), times.within(np.full(times.ticks.shape, 93.0)).T)


def test_costs_and_metres_are_packed_by_the_same_rule() -> None:
    frames = {"sites": pd.DataFrame({"id": ["a"]}), "demand": pd.DataFrame({"id": ["x", "y", "z"]})}
    times = TravelTimes.from_matrix([[2e9, 100.0, math.inf]], unit="cost", **frames)
    for limit in (100.0, 99.9, math.inf):
        bits = CoverageBits.from_times(times, limit)
        assert np.array_equal(bits.to_bool(), times.within(np.full((1, 3), limit)).T)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 140), st.integers(0, 11))
def test_points_are_counted_as_in_the_bool_array(seed: int, n_sites: int, n_demand: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    covers = rng.uniform(size=(n_sites, n_demand)) < rng.uniform()
    bits = replace(CoverageBits.from_times(drawn_times(n_sites, n_demand, 0), 0.0), words=packed(covers))
    opened = rng.uniform(size=n_sites) < 0.6
    assert np.array_equal(bits.to_bool(), covers)
    assert np.array_equal(bits.covered(opened), covers[opened].any(axis=0))
    assert np.array_equal(bits.k_fold(opened, k), covers[opened].sum(axis=0) >= k)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 140), st.integers(0, 300))
def test_plans_are_weighed_exactly_in_whole_numbers_and_the_same_without_numba(
    seed: int, n_sites: int, n_demand: int, n_plans: int
) -> None:
    rng = np.random.default_rng(seed)
    covers = rng.uniform(size=(n_sites, n_demand)) < 0.3
    bits = replace(CoverageBits.from_times(drawn_times(n_sites, n_demand, 0), 0.0), words=packed(covers))
    plans = rng.uniform(size=(n_plans, n_sites)) < 0.4
    people = rng.integers(0, 10**9, n_demand)
    reached = np.array([covers[plan].any(axis=0) for plan in plans]).reshape(n_plans, n_demand)
    assert bits.weighted_coverage(plans, people).tolist() == (reached @ people).tolist()
    odd = rng.normal(size=n_demand) * 10.0 ** rng.integers(-9, 9, n_demand)
    found = bits.weighted_coverage(plans, odd)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "rescuesim.travel.coverage_kernels", None)
        assert np.array_equal(bits.weighted_coverage(plans, odd), found)
    exact = np.array([math.fsum(odd[row]) for row in reached])
    assert np.allclose(found, exact, rtol=0, atol=1e-12 * np.abs(odd).sum())


def test_what_does_not_fit_is_refused() -> None:
    times = drawn_times(2, 3, 0)
    bits = CoverageBits.from_times(times, 500.0)
    for wrong in (np.zeros((2, 1), dtype=np.int64), np.zeros((1, 1), dtype=np.uint64)):
        with pytest.raises(InputError, match="expected uint64 of shape"):
            replace(bits, words=wrong)
    with pytest.raises(InputError, match="beyond the last point"):
        replace(bits, words=np.full((2, 1), 8, dtype=np.uint64))
    for given_ in ([True], [1, 0], [[True, False]]):
        with pytest.raises(InputError, match=r"opened: .* expected bool of shape \(2\)"):
            bits.covered(given_)
    for k in (-1, 1.5):
        with pytest.raises(InputError, match="whole number"):
            bits.k_fold([True, True], k)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="plans"):
        bits.weighted_coverage([True, False], [1, 1, 1])
    with pytest.raises(InputError, match="weights of shape"):
        bits.weighted_coverage([[True, False]], [1, 1])
    for weight in (math.nan, math.inf):
        with pytest.raises(InputError, match="point d1"):
            bits.weighted_coverage([[True, False]], [1, weight, 1])
    for limit in (math.nan, np.zeros((3, 2))):
        with pytest.raises(InputError, match="limit"):
            CoverageBits.from_times(times, limit)
    cut = replace(times, cutoff_s=100.0)
    for make in (lambda: CoverageBits.from_times(cut, 100.1), lambda: CoverageBits.from_pairs(pairs_of(cut), 100.1)):
        with pytest.raises(InputError, match="at most the cutoff"):
            make()


def pairs_of(times: TravelTimes) -> TravelTimePairs:
    return TravelTimePairs.from_times(times)


def test_no_plans_and_no_open_sites_cover_nobody() -> None:
    bits = CoverageBits.from_times(drawn_times(2, 70, 0), 900.0)
    assert bits.weighted_coverage(np.zeros((0, 2), dtype=np.bool_), np.ones(70)).shape == (0,)
    nobody = np.zeros(2, dtype=np.bool_)
    assert not bits.covered(nobody).any()
    assert not bits.k_fold(nobody, 1).any()
    assert bits.k_fold(nobody, 0).all()
    assert bits.weighted_coverage(nobody[None, :], np.ones(70)).tolist() == [0.0]
