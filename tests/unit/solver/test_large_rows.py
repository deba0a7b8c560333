"""Rows of money: factors too large for floating point are kept to the last unit all the same."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.sparse import csr_array

from rescuesim.solver import MixedProgram, solve_mixed
from rescuesim.solver.large_rows import tamed


def knapsack(worth: list[float], size: list[int], most: int) -> MixedProgram:
    n = len(worth)
    return MixedProgram(
        objective=-np.array(worth),
        rows=csr_array(np.array([size], dtype=np.float64)),
        lower=np.array([-np.inf]),
        upper=np.array([float(most)]),
        low=np.zeros(n),
        high=np.ones(n),
        whole=np.ones(n, dtype=np.bool_),
    )


@pytest.mark.parametrize("size", [10**3, 10**7, 10**11, 10**14])
@pytest.mark.parametrize("seed", range(5))
def test_a_budget_is_kept_to_the_last_unit(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    worth, sizes = rng.integers(1, 50, 9).astype(float).tolist(), rng.integers(size, 2 * size, 9).tolist()
    some = rng.choice(9, 4, replace=False)
    most = sum(sizes[k] for k in some) - 1  # the sum of four sites is one unit too much
    best = max(
        sum(worth[k] for k in chosen)
        for n in range(10)
        for chosen in itertools.combinations(range(9), n)
        if sum(sizes[k] for k in chosen) <= most
    )
    found = solve_mixed(knapsack(worth, sizes, most))
    assert found.status == "optimal"
    assert found.x is not None
    assert sum(int(size) for size, x in zip(sizes, found.x, strict=True) if x > 0.5) <= most
    assert -found.objective == pytest.approx(best)


def test_an_assignment_that_breaks_a_large_row_is_cut_off_and_others_are_not() -> None:
    program = knapsack([3, 2, 2], [5 * 10**8, 4 * 10**8, 4 * 10**8], 9 * 10**8 - 1)
    held = tamed(program)
    assert held.without(np.array([1.0, 0, 0])) is None
    cut = held.without(np.array([1.0, 1, 0]))
    assert cut is not None
    assert not cut.program.is_feasible(np.array([1.0, 1, 0]))
    assert cut.program.is_feasible(np.array([0.0, 1, 1]))
