"""Swaps on the true tail against every plan there is."""

from __future__ import annotations

import itertools
import math
from typing import Any, cast

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_disruption_measures import tail_of
from scipy.sparse import csr_array

from rescuesim.siting.found import Clock, Run
from rescuesim.siting.point_groups import PointGroups
from rescuesim.siting.several_covers import SeveralCovers
from rescuesim.siting.tail_swaps import swapped


class _Problem:
    """What the search asks of a problem: nothing is open or shut beforehand; two sites may exclude each other."""

    def __init__(self, n: int, apart: tuple[int, int] | None) -> None:
        self.must_open, self.must_close = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self.apart = apart

    def keeps(self, opened: Any) -> bool:
        return self.apart is None or not (opened[self.apart[0]] and opened[self.apart[1]])


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_the_search_finds_the_best_plan_of_small_cases(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, n_groups, n_states, p = 6, 9, 5, 3
    first = csr_array((rng.uniform(size=(n_groups, n)) < 0.35).astype(np.float64))
    worth = csr_array(rng.integers(0, 4, (n_states, n_groups)).astype(np.float64))
    chance, tail = rng.dirichlet(np.ones(n_states)), float(rng.choice([0.1, 0.3, 0.7]))
    groups = PointGroups(
        first=first,
        either=first,
        wants_second=np.zeros(n_groups, dtype=bool),
        weight=np.ones(n_groups),
        point=np.arange(n_groups),
        group=np.arange(n_groups),
    )
    covers = SeveralCovers(groups=groups, worth=worth, chance=chance, risk="cvar", tail=tail)
    problem = _Problem(n, (0, 1) if rng.uniform() < 0.5 else None)
    run = Run(clock=Clock(limit_s=math.inf), workers=1, seed=1, relative_gap=0.0)
    opened, interrupted = swapped(cast(Any, problem), covers, np.zeros(n, dtype=bool), run, p, kicks=60, patience=60)

    def value(plan: tuple[int, ...]) -> float:
        held = (first.toarray()[:, list(plan)] > 0).any(axis=1)
        return tail_of((worth.toarray() @ held).tolist(), chance.tolist(), tail)

    plans = [plan for size in range(p + 1) for plan in itertools.combinations(range(n), size)]
    best = max(value(plan) for plan in plans if not {0, 1} <= set(plan) or problem.apart is None)
    assert not interrupted
    assert problem.keeps(opened)
    assert opened.sum() <= p
    assert value(tuple(np.flatnonzero(opened).tolist())) >= best - 1e-3


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_coverages_put_together_rate_every_plan_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, n_groups = 4, 6
    first = csr_array((rng.uniform(size=(n_groups, n)) < 0.4).astype(np.float64))
    few = rng.integers(0, 3, (3, n_groups)).astype(np.float64)
    worth = csr_array(few[rng.integers(0, 3, 8)])
    groups = PointGroups(
        first=first,
        either=first,
        wants_second=np.zeros(n_groups, dtype=bool),
        weight=np.ones(n_groups),
        point=np.arange(n_groups),
        group=np.arange(n_groups),
    )
    covers = SeveralCovers(groups=groups, worth=worth, chance=rng.dirichlet(np.ones(8)), risk="cvar", tail=0.3)
    merged = covers.merged()
    assert len(merged.chance) <= 3
    for bits in itertools.product((0, 1), repeat=n):
        units = np.array(bits, dtype=np.int64)
        assert math.isclose(covers.value(units), merged.value(units), abs_tol=1e-9)
