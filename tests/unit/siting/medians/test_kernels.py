"""Compiled kernels of the p-median against the plain ones."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csc_array

from rescuesim.siting.medians import kernels, plain
from rescuesim.siting.medians.lagrangian import Pace, ascend, relaxation
from rescuesim.siting.medians.rows import float_rows
from rescuesim.siting.site_rows import no_rows, row_of, stacked


def drawn(seed: int, n_sites: int = 30, n_points: int = 50) -> NDArray[np.float64]:
    """Draw whole costs with many ties."""
    return np.random.default_rng(seed).integers(0, 40, (n_sites, n_points)).astype(np.float64)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("bounded", [False, True])
def test_swaps_are_the_same_swap_by_swap(seed: int, bounded: bool) -> None:
    cost, rng = drawn(seed), np.random.default_rng(seed)
    rows = csc_array(rng.integers(0, 3, (4, 30)).astype(np.float64))
    opened = rng.choice(30, 5, replace=False)
    activity = np.asarray(rows[:, opened].sum(axis=1)).ravel()
    low, high = (activity - 1, activity + 1) if bounded else (activity - np.inf, activity + np.inf)
    movable = np.ones(30, dtype=np.bool_)
    movable[opened[0]] = False
    order = rng.permutation(30)
    found = []
    for made in (kernels, plain):
        mine = opened.copy()
        value, tried = made.swap_to_local_optimum(
            cost,
            mine,
            movable,
            order,
            rows.indptr.astype(np.int64),
            rows.indices.astype(np.int64),
            rows.data,
            low,
            high,
            1e-9,
            10**6,
        )
        assert value == cost[mine].min(axis=0).sum()
        found.append((value, tried, mine.tolist()))
    assert found[0] == found[1]
    assert opened[0] in found[0][2]
    after = np.asarray(rows[:, found[0][2]].sum(axis=1)).ravel()
    assert ((after >= low) & (after <= high)).all()


@pytest.mark.parametrize("seed", range(3))
def test_savings_and_counts_are_the_same(seed: int) -> None:
    cost, rng = drawn(seed), np.random.default_rng(seed)
    relaxed = relaxation(cost, np.zeros(30, dtype=np.bool_), np.zeros(30, dtype=np.bool_), 5, float_rows(no_rows(30)))
    price = rng.uniform(0, 30, 50)
    some = np.sort(rng.choice(30, 12, replace=False))
    savings, counts = np.zeros((2, 30)), np.empty((2, 50))
    for at, made in enumerate((kernels, plain)):
        made.add_savings(relaxed.first, relaxed.point, relaxed.cost, price, some, savings[at])
        made.count_served(relaxed.first, relaxed.point, relaxed.cost, price, some, counts[at])
    assert savings[0] == pytest.approx(savings[1])
    assert savings[0][some] == pytest.approx(np.minimum(cost[some] - price, 0).sum(axis=1))
    assert np.array_equal(counts[0], counts[1])
    assert np.array_equal(counts[0], (cost[some] < price).sum(axis=0))


@pytest.mark.parametrize("seed", range(4))
def test_no_plan_is_under_the_bound_and_decided_rows_count(seed: int) -> None:
    cost, rng = drawn(seed, 12, 20), np.random.default_rng(seed)
    side = stacked([row_of(rng.integers(0, 4, 12), "budget", upper=6), row_of(np.arange(12) % 2, "odd", lower=1)])
    none = np.zeros(12, dtype=np.bool_)
    rows = float_rows(side)
    relaxed = relaxation(cost, none, none, 3, rows)
    start = (np.full(20, 10.0), np.zeros(2))
    pace = Pace(step=1.0, patience=10, cut=0.7, most=200)
    found = ascend(relaxed, none, none, start, target=cost.sum(), enough=np.inf, pace=pace)
    best = np.inf
    for plan in range(1, 2**12):
        opened = np.array([plan >> j & 1 for j in range(12)], dtype=np.bool_)
        if opened.sum() <= 3 and side.kept(opened).all():
            best = min(best, float(cost[opened].min(axis=0).sum()))
    assert found.bound <= best + 1e-9
    assert found.bound > 0


def test_rows_decide_the_sites_that_they_leave_no_choice() -> None:
    rows = float_rows(
        stacked([row_of(np.array([1, 1, 0]), "one of two", lower=1), row_of(np.array([0, 1, 1]), "x", upper=1)])
    )
    is_open, is_shut = np.array([False, False, True]), np.zeros(3, dtype=np.bool_)
    free = rows.undecided(is_open, is_shut)
    assert free is not None
    assert not free.any()
    assert (is_open.tolist(), is_shut.tolist()) == ([True, False, True], [False, True, False])
    assert rows.undecided(np.array([False, True, True]), np.zeros(3, dtype=np.bool_)) is None
