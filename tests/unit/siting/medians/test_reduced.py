"""What a bound leaves of a p-median is solved to the end, and nothing that is of use is left out of it."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from rescuesim.siting.medians.reduced import Left, solved_exactly
from rescuesim.siting.medians.within_reach import _swapped
from rescuesim.siting.site_rows import no_rows, row_of


def left(seed: int, *, whole: bool, spare: float) -> Left:
    rng = np.random.default_rng(seed)
    cost = rng.integers(1, 40, (9, 14)).astype(float) if whole else rng.uniform(1, 40, (9, 14))
    return Left(
        cost=cost,
        is_open=np.arange(9) == 0,
        is_shut=np.arange(9) == 8,
        price=np.sort(cost, axis=0)[2],
        spare=spare,
        n_sites=3,
        side=row_of(rng.integers(1, 4, 9), "row", upper=7) if seed % 2 else no_rows(9),
        whole_step=1.0 if whole else 0.0,
    )


def best_of_all(asked: Left) -> float:
    """Least cost of plans that serve no point from as far as its price and what is left."""
    best = math.inf
    for size in (0, 1, 2):
        for more in combinations(range(1, 8), size):
            plan = np.isin(np.arange(9), [0, *more])
            near = asked.cost[plan].min(axis=0)
            if asked.side.kept(plan).all() and (near < asked.price + asked.spare).all():
                best = min(best, float(near.sum()))
    return best


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("spare", [12.0, 1000.0])
def test_the_best_plan_of_those_left_is_found_and_proved(seed: int, whole: bool, spare: float) -> None:
    asked = left(seed, whole=whole, spare=spare)
    exact = solved_exactly(asked, limit_s=60.0, effort=math.inf, seed=0)
    assert exact is not None
    known = best_of_all(asked)
    if known == math.inf:
        assert exact.bound == math.inf
        assert not len(exact.opened)
    else:
        assert asked.cost[exact.opened].min(axis=0).sum() == pytest.approx(known, rel=1e-12)
        assert exact.bound <= known * (1 + 1e-12)
        assert exact.bound == pytest.approx(known, rel=1e-9)


def test_too_much_is_not_written_as_a_program() -> None:
    cost = np.random.default_rng(0).uniform(1, 2, (300, 300))
    none = np.zeros(300, dtype=np.bool_)
    asked = Left(
        cost=cost,
        is_open=none,
        is_shut=none,
        price=cost.max(axis=0),
        spare=1.0,
        n_sites=5,
        side=no_rows(300),
        whole_step=0,
    )
    assert solved_exactly(asked, limit_s=60.0, effort=1.0, seed=0) is None


@pytest.mark.parametrize("seed", range(10))
def test_swaps_reach_every_point_or_say_that_they_do_not(seed: int) -> None:
    rng = np.random.default_rng(seed)
    covers = rng.random((30, 12)) < 0.35
    covers[:, 0] |= ~covers.any(axis=1)
    plan = _swapped(covers, np.array([1, 2, 3, 4]), seed)
    possible = any(covers[:, some].any(axis=1).all() for some in combinations(range(12), 4))
    assert (plan is not None) == possible
    if plan is not None:
        assert len(plan) <= 4
        assert covers[:, plan].any(axis=1).all()
