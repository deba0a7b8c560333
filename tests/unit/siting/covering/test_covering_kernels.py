"""Compiled kernels of the covering engine beside their plain references."""

from __future__ import annotations

import numpy as np
import pytest

from rescuesim.siting.covering import Cover
from rescuesim.siting.covering.bound import Relaxation
from rescuesim.siting.covering.cover import equal_rows, number_rows_compiled
from rescuesim.siting.covering.local_search import Searcher, best_move
from rescuesim.siting.covering.reductions import dominated_sites, rows_over_others
from rescuesim.siting.site_rows import SiteRows, no_rows, row_of, stacked


def drawn_cover(seed: int, n_groups: int = 60, n_sites: int = 14, share: float = 0.2) -> Cover:
    """Draw a cover with a number, a budget, a group that must have one, and a conflict."""
    random = np.random.default_rng(seed)
    group, pair = np.zeros(n_sites, dtype=np.int64), np.zeros(n_sites, dtype=np.int64)
    group[:4], pair[[5, 6]] = 1, 1
    rows = stacked(
        [
            row_of(np.ones(n_sites, dtype=np.int64), "number", upper=5),
            row_of(random.integers(1, 9, n_sites), "budget", upper=25),
            row_of(group, "at least one", lower=1),
            row_of(pair, "not both", upper=1),
        ]
    )
    covers = random.random((n_groups, n_sites)) < share
    return Cover.of(covers, random.integers(1, 50, n_groups).astype(float), rows=rows)


@pytest.mark.parametrize("seed", range(5))
def test_equal_rows_are_numbered_alike_with_and_without_the_kernel(seed: int) -> None:
    matrix = drawn_cover(seed, n_groups=400, n_sites=7).covers
    group, first = equal_rows(matrix, engine="plain")
    compiled = number_rows_compiled(matrix)
    assert compiled is not None
    assert compiled[0].tolist() == group.tolist()
    assert compiled[1].tolist() == first.tolist()
    dense = matrix.toarray()
    assert (dense == dense[first[group]]).all()
    assert len(np.unique(dense, axis=0)) == len(first)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("share", [0.15, 0.5])
def test_dominance_is_the_same_with_and_without_the_kernel(seed: int, share: float) -> None:
    cover = drawn_cover(seed, n_groups=40, n_sites=9, share=share)
    cost = np.random.default_rng(seed).integers(1, 4, 9).astype(float)
    free = Cover.of(cover.covers, cover.weight, rows=no_rows(9))
    for one in (cover, free):
        assert dominated_sites(one, cost).tolist() == dominated_sites(one, cost, engine="plain").tolist()
    assert rows_over_others(cover.covers).tolist() == rows_over_others(cover.covers, engine="plain").tolist()


def test_a_site_stands_in_for_another_only_if_side_conditions_treat_them_alike() -> None:
    covers, weight = np.array([[1, 1], [0, 1]]), np.ones(2)
    alike = row_of(np.array([1, 1]), "number", upper=1)
    asked = row_of(np.array([1, 1]), "at least two", lower=2)
    dearer = row_of(np.array([1, 2]), "budget", upper=2)
    for rows, marked in ((no_rows(2), True), (alike, True), (asked, False), (dearer, False)):
        cover = Cover.of(covers, weight, rows=rows)
        assert dominated_sites(cover, np.ones(2), engine="plain").tolist() == [marked, False]
    assert not dominated_sites(Cover.of(covers, weight, rows=alike), np.array([1.0, 2.0]), engine="plain").any()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("engine", ["auto", "plain"])
def test_a_search_ends_where_no_opening_and_no_swap_gains(seed: int, engine: str) -> None:
    cover = drawn_cover(seed)
    start = np.zeros(cover.n_sites, dtype=bool)
    start[0] = True
    plan = Searcher(cover, engine=engine).improved(start, moves=100)
    assert cover.keeps(plan)
    assert cover.value(plan) >= cover.value(start)
    assert best_move(cover, plan) == (0.0, -1, -1)


@pytest.mark.parametrize("seed", range(6))
def test_kicks_never_lose_what_was_found_and_keep_all_side_conditions(seed: int) -> None:
    cover = drawn_cover(seed, n_groups=300, n_sites=14)
    searcher = Searcher(cover, seed=seed)
    start = np.zeros(cover.n_sites, dtype=bool)
    start[1] = True
    first = searcher.improved(start, moves=100)
    kicked = searcher.improved(first, moves=10_000, kicks=50)
    assert cover.keeps(kicked)
    assert cover.value(kicked) >= cover.value(first)
    again = Searcher(cover, seed=seed)
    assert (again.improved(again.improved(start, moves=100), moves=10_000, kicks=50) == kicked).all()


def test_what_is_filled_keeps_upper_limits_and_takes_all_that_fits() -> None:
    cover = drawn_cover(3)
    order = np.random.default_rng(1).permutation(cover.n_sites)
    filled, plainly = (Searcher(cover, engine=engine).filled(order) for engine in ("auto", "plain"))
    assert filled.tolist() == plainly.tolist()
    activity = cover.rows.rows @ filled.astype(np.int64)
    assert (activity <= cover.rows.upper).all()


@pytest.mark.parametrize("seed", range(4))
def test_steps_of_the_relaxation_are_those_of_the_plain_reference(seed: int) -> None:
    cover = drawn_cover(seed)
    compiled, plain = (Relaxation(cover, engine=engine) for engine in ("auto", "plain"))
    for relaxation in (compiled, plain):
        for _ in range(4):
            relaxation.advance(30)
    assert compiled.certificate.bound == pytest.approx(plain.certificate.bound, rel=1e-9)
    np.testing.assert_allclose(compiled.x, plain.x, atol=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_closes_on_the_optimum_of_the_linear_relaxation(seed: int) -> None:
    from scipy.optimize import linprog

    cover = drawn_cover(seed)
    n, m = cover.n_sites, cover.n_groups
    upper, lower = cover.rows.upper < 2**52, cover.rows.lower > -(2**52)
    factors = cover.rows.rows.toarray()
    found = linprog(
        np.r_[np.zeros(n), -cover.weight],
        A_ub=np.block(
            [
                [-cover.covers.toarray().astype(float), np.eye(m)],
                [factors[upper], np.zeros((upper.sum(), m))],
                [-factors[lower], np.zeros((lower.sum(), m))],
            ]
        ),
        b_ub=np.r_[np.zeros(m), cover.rows.upper[upper], -cover.rows.lower[lower]],
        bounds=(0, 1),
    )
    relaxation = Relaxation(cover)
    for _ in range(60):
        relaxation.advance(100)
    assert -found.fun <= relaxation.certificate.bound <= -found.fun * (1 + 2e-3)


def test_a_cover_refuses_what_does_not_fit() -> None:
    from rescuesim.errors import InputError

    rows: SiteRows = no_rows(2)
    with pytest.raises(InputError, match="finite weights"):
        Cover.of(np.ones((1, 2)), np.array([np.nan]), rows=rows)
    with pytest.raises(InputError, match="finite weights"):
        Cover.of(np.ones((1, 2)), np.array([-1.0]), rows=rows)
    with pytest.raises(InputError, match="another number of sites"):
        Cover.of(np.ones((1, 3)), np.ones(1), rows=rows)
    both = np.array([True, False])
    with pytest.raises(InputError, match="must be open and must be closed"):
        Cover.of(np.ones((1, 2)), np.ones(1), rows=rows, must_open=both, must_close=both)
