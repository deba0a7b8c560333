"""Swaps that keep the coverage: each move is worth what counting anew says, and no better one is left."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from rescuesim.siting import mean_time_plain
from rescuesim.siting.found import Clock
from rescuesim.siting.mean_time_swaps import KeptSwaps
from rescuesim.siting.medians.going import Going
from rescuesim.siting.site_rows import row_of, tightened


def drawn(seed: int) -> KeptSwaps:
    rng = np.random.default_rng(seed)
    base = rng.integers(1, 100, (8, 25)).astype(float)
    return KeptSwaps(
        base=base,
        covers=base < 30,
        weight=np.ones(25),
        at=14.0,
        must_open=np.arange(8) == 0,
        must_close=np.arange(8) == 7,
        rows=row_of(rng.integers(1, 5, 8), "budget", upper=10),
        n_sites=4,
    )


def time_of(swaps: KeptSwaps, opened: np.ndarray) -> float:
    return float(swaps.base[opened].min(axis=0).sum())


def covered_by(swaps: KeptSwaps, opened: np.ndarray) -> float:
    return float(swaps.weight[swaps.covers[opened].any(axis=0)].sum())


def keeps_all(swaps: KeptSwaps, opened: np.ndarray) -> bool:
    statuses = bool(opened[swaps.must_open].all()) and not (opened & swaps.must_close).any()
    within = opened.sum() <= swaps.n_sites and bool(swaps.rows.kept(opened).all())
    return statuses and within and covered_by(swaps, opened) >= swaps.at


def best_of_all(swaps: KeptSwaps) -> float:
    plans = (np.isin(np.arange(8), some) for size in (2, 3, 4) for some in combinations(range(8), size))
    return min((time_of(swaps, plan) for plan in plans if keeps_all(swaps, plan)), default=math.inf)


def searched(swaps: KeptSwaps) -> np.ndarray:
    start = np.isin(np.arange(8), [0, 1])
    return swaps.improved(start, 1.0, Going(clock=Clock(limit_s=math.inf)), turns=200)


@pytest.mark.parametrize("seed", range(20))
def test_a_search_over_few_sites_ends_at_the_quickest_plan_that_keeps_all(seed: int) -> None:
    swaps = drawn(seed)
    end = searched(swaps)
    if best_of_all(swaps) == math.inf:
        assert not keeps_all(swaps, end)
    else:
        assert keeps_all(swaps, end)
        assert time_of(swaps, end) == best_of_all(swaps)


def test_some_of_these_problems_have_a_plan_that_keeps_all_and_begin_with_one_that_does_not() -> None:
    start = np.isin(np.arange(8), [0, 1])
    assert sum(best_of_all(drawn(seed)) < math.inf and not keeps_all(drawn(seed), start) for seed in range(20)) >= 5


def test_the_same_seed_gives_the_same_plan() -> None:
    assert np.array_equal(searched(drawn(3)), searched(drawn(3)))


def weighed(module: object, swaps: KeptSwaps, opened: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    there = np.flatnonzero(opened)
    change, covered = np.zeros((9, len(there) + 1)), np.zeros((9, len(there) + 1))
    lists = (swaps.base, swaps._order, swaps._cover_first, swaps._cover_site, swaps.weight)
    now = module.weigh_moves(*lists, there, change, covered)  # type: ignore[attr-defined]
    return change, covered, now


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("compiled", [True, False])
def test_changes_of_time_and_coverage_are_those_of_counting_anew(seed: int, compiled: bool) -> None:
    module = pytest.importorskip("rescuesim.siting.mean_time_kernels") if compiled else mean_time_plain
    swaps = drawn(seed)
    opened = np.isin(np.arange(8), [0, 2, 5])
    change, covered, (time, reached) = weighed(module, swaps, opened)
    assert (time, reached) == (time_of(swaps, opened), covered_by(swaps, opened))
    for row in [*np.flatnonzero(~opened), 8]:
        for column, old in enumerate([*np.flatnonzero(opened), 8]):
            plan = np.append(opened, False)
            plan[row], plan[old] = True, False
            assert change[row, column] == time_of(swaps, plan[:8]) - time
            assert covered[row, column] == covered_by(swaps, plan[:8]) - reached


@pytest.mark.parametrize("seed", range(30))
def test_compiled_and_plain_code_choose_the_same_move(seed: int) -> None:
    kernels = pytest.importorskip("rescuesim.siting.mean_time_kernels")
    swaps, rng = drawn(seed), np.random.default_rng(seed)
    opened = np.isin(np.arange(8), [0, 2, 5])
    change, covered, (_, reached) = weighed(mean_time_plain, swaps, opened)
    columns, rows = swaps._float_rows.columns, swaps._float_rows
    given = (
        change,
        covered,
        reached - swaps.at,
        float(rng.integers(1, 60)),
        np.flatnonzero(opened),
        ~(opened | swaps.must_close),
        opened & ~swaps.must_open,
        bool(rng.integers(2)),
        np.asarray(columns @ opened.astype(float)),
        columns.indptr.astype(np.int64),
        columns.indices.astype(np.int64),
        columns.data,
        rows.low,
        rows.high,
        np.full(len(rows), float(rng.integers(1, 500))),
        rng.random(8) < 0.4,
        float(rng.integers(-100, 300)),
    )
    assert kernels.best_move(*given) == mean_time_plain.best_move(*given)


@pytest.mark.parametrize("seed", range(10))
def test_a_tightened_row_lets_the_same_plans_pass(seed: int) -> None:
    rng = np.random.default_rng(seed)
    row = row_of(rng.integers(-3, 6, 6) * 7, "row", lower=int(rng.integers(-9, 5)), upper=int(rng.integers(20, 60)))
    tight = tightened(row)
    assert (tight.lower % 7 == 0).all()
    assert (tight.upper % 7 == 0).all()
    for number in range(64):
        opened = (number >> np.arange(6)) % 2 == 1
        assert row.kept(opened).all() == tight.kept(opened).all()
