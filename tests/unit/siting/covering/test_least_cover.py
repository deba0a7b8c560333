"""Covers of least cost: search, bound and pieces, beside plain references and all plans tried."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import block_diag, csr_array

from rescuesim.siting.covering import Cover, minimise
from rescuesim.siting.covering import minimise as entry
from rescuesim.siting.covering.least_cover import LeastCover
from rescuesim.siting.covering.reductions import pieces_of
from rescuesim.siting.covering.whole_numbers import whole_numbers
from rescuesim.siting.found import Clock, Run
from rescuesim.siting.site_rows import no_rows, row_of

RUN = Run(clock=Clock(limit_s=math.inf))  # its clock runs from when the tests are collected


def drawn(seed: int, n_rows: int = 40, n_sites: int = 11) -> tuple[Cover, NDArray[np.float64]]:
    """Draw a cover all of whose rows some site covers, and costs."""
    random = np.random.default_rng(seed)
    covers = random.random((n_rows, n_sites)) < 0.25
    covers[np.arange(n_rows), random.integers(0, n_sites, n_rows)] = True
    cost = random.integers(1, 9, n_sites).astype(float) if seed % 2 else np.ones(n_sites)
    return Cover.of(covers, np.ones(n_rows), rows=no_rows(n_sites)), cost


def least_of_all(cover: Cover, cost: NDArray[np.float64]) -> float:
    """Try every plan."""
    covers = cover.covers.toarray().astype(bool)
    best = math.inf
    for plan in itertools.product([False, True], repeat=len(cost)):
        opened = np.array(plan)
        if covers[:, opened].any(axis=1).all():
            best = min(best, float(cost[opened].sum()))
    return best


@pytest.mark.parametrize("seed", range(10))
def test_search_finds_the_cheapest_cover_and_the_bound_stays_under_it(seed: int) -> None:
    cover, cost = drawn(seed)
    best = least_of_all(cover, cost)
    least = LeastCover(cover, cost, np.ones(len(cost), dtype=bool), whole_numbers(cost), seed=seed)
    least.search(500)
    least.advance(400)
    assert cover.covered(least.opened).all()
    assert least.value == best == float(cost[least.opened].sum())
    assert 0.85 * best <= least.relaxed <= best
    assert least.relaxed <= least.bound <= best
    assert least.bound == int(least.bound)


@pytest.mark.parametrize("seed", range(4))
def test_steps_of_the_relaxation_are_the_same_with_and_without_the_kernel(seed: int) -> None:
    cover, cost = drawn(seed)
    every = np.ones(len(cost), dtype=bool)
    one, other = (LeastCover(cover, cost, every, whole_numbers(cost), engine=engine) for engine in ("auto", "plain"))
    one.advance(30)
    other.advance(30)
    assert one.relaxed == pytest.approx(other.relaxed, rel=1e-9)
    assert one.reduced == pytest.approx(other.reduced, abs=1e-9)


def test_no_cheaper_cover_opens_a_site_that_is_called_hopeless() -> None:
    n_marked = 0
    for seed in range(8):
        cover, cost = drawn(seed)
        least = LeastCover(cover, cost, np.ones(len(cost), dtype=bool), whole_numbers(cost), seed=seed)
        least.search(200)
        least.advance(600)
        for site in np.flatnonzero(least.hopeless()).tolist():
            n_marked += 1
            must = np.zeros(len(cost), dtype=bool)
            must[site] = True
            rest = ~cover.covered(must)
            left = replace(cover, covers=csr_array(cover.covers[rest]), weight=cover.weight[rest])
            # opening it and covering the rest at best is no cheaper than what is known
            assert cost[site] + least_of_all(left, cost) >= least.value
    assert n_marked > 10


def test_a_cover_falls_apart_into_pieces_unless_a_side_condition_holds_them_together() -> None:
    blocks = [np.ones((2, 3)), np.ones((1, 2)), np.ones((4, 1))]
    covers = csr_array(block_diag(blocks))
    free = Cover.of(covers, np.ones(7), rows=no_rows(6))
    assert [sites.tolist() for sites, _ in pieces_of(free)] == [[3, 4], [5], [0, 1, 2]]
    number = row_of(np.array([1, 0, 0, 1, 0, 0]), "both", upper=1)
    bound = Cover.of(covers, np.ones(7), rows=number)
    pieces = pieces_of(bound)
    assert [sites.tolist() for sites, _ in pieces] == [[5], [0, 1, 2, 3, 4]]
    assert [len(piece.rows) for _, piece in pieces] == [0, 1]
    assert pieces[1][1].rows.rows.toarray().tolist() == [[1, 0, 0, 1, 0]]


@pytest.mark.parametrize("side", [False, True])
def test_pieces_solved_one_by_one_cost_what_the_whole_costs(side: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setattr(sys.modules[entry.__module__], "_SMALL", 0)
    for seed in range(12):
        parts = [drawn(seed + shift, n_rows=12, n_sites=5) for shift in (0, 2, 4)]
        cost = np.concatenate([of for _, of in parts])
        covers = csr_array(block_diag([part.covers for part, _ in parts]))
        rows = row_of(np.r_[np.ones(7, dtype=np.int64), np.zeros(8, dtype=np.int64)], "number", upper=7)
        cover = Cover.of(covers, np.ones(36), rows=rows if side else no_rows(15))
        found = minimise(cover, cost, RUN)
        assert found.status == "optimal"
        assert found.opened is not None
        assert cover.covered(found.opened).all()
        assert found.objective == found.best_bound == sum(least_of_all(part, of) for part, of in parts)


def test_two_workers_find_what_one_finds() -> None:
    cover, cost = drawn(3, n_rows=300, n_sites=60)
    plans = []
    for workers in (1, 2):
        least = LeastCover(cover, cost, np.ones(60, dtype=bool), whole_numbers(cost), seed=5)
        least.improve(replace(RUN, workers=workers), 1.0)
        plans.append((least.opened.tolist(), least.bound))
    assert plans[0] == plans[1]
