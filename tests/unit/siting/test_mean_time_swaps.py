"""Swaps that keep the coverage: each move is worth what counting anew says, and no better one is left."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rescuesim.siting.found import Clock
from rescuesim.siting.mean_time_swaps import KeptSwaps
from rescuesim.siting.medians.going import Going
from rescuesim.siting.site_rows import row_of


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


def allowed(swaps: KeptSwaps, opened: np.ndarray) -> bool:
    statuses = bool(opened[swaps.must_open].all()) and not (opened & swaps.must_close).any()
    return statuses and opened.sum() <= swaps.n_sites and bool(swaps.rows.kept(opened).all())


@pytest.mark.parametrize("seed", range(20))
def test_no_opening_and_no_swap_is_quicker_than_where_the_search_ends(seed: int) -> None:
    swaps = drawn(seed)
    start = np.arange(8) == 0
    assert allowed(swaps, start)
    end = swaps.improved(start, 1.0, Going(clock=Clock(limit_s=math.inf)))
    assert allowed(swaps, end)
    if covered_by(swaps, end) < swaps.at:
        return  # no dearer price leads out of here; what is found is not taken then
    for new in np.flatnonzero(~end):
        for old in [-1, *np.flatnonzero(end)]:
            plan = end.copy()
            plan[new] = True
            if old >= 0:
                plan[old] = False
            if allowed(swaps, plan) and covered_by(swaps, plan) >= swaps.at:
                assert time_of(swaps, plan) >= time_of(swaps, end) - 1e-6


def test_most_searches_make_up_for_the_coverage_that_they_lack() -> None:
    ends = [
        (swaps, swaps.improved(np.arange(8) == 0, 1.0, Going(clock=Clock(limit_s=9.0))))
        for swaps in map(drawn, range(20))
    ]
    assert sum(covered_by(swaps, end) >= swaps.at for swaps, end in ends) >= 10


@pytest.mark.parametrize("seed", range(5))
def test_changes_of_time_and_coverage_are_those_of_counting_anew(seed: int) -> None:
    swaps = drawn(seed)
    opened = np.isin(np.arange(8), [0, 2, 5])
    there, new = np.flatnonzero(opened), np.flatnonzero(~opened)
    change, covered, now = swaps._changes(there, new)
    assert now == covered_by(swaps, opened)
    for row, site in enumerate(new):
        for column in range(len(there) + 1):
            plan = opened.copy()
            plan[site] = True
            if column < len(there):
                plan[there[column]] = False
            assert change[row, column] == pytest.approx(time_of(swaps, plan) - time_of(swaps, opened))
            assert covered[row, column] == pytest.approx(covered_by(swaps, plan))
