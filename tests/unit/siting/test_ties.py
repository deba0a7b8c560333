"""Ties: which models take the cheapest of the best plans, and what the others say."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

import rescuesim as rs
from rescuesim.travel import TravelTimes


@pytest.mark.parametrize("seed", range(12))
def test_of_the_plans_whose_farthest_point_is_nearest_the_cheapest_is_taken_then_the_first(seed: int) -> None:
    random = np.random.default_rng(seed)
    n, number = 7, 3
    times = random.choice([60.0, 90.0, 120.0, 150.0], size=(n, 9))
    cost = random.integers(1, 4, n).astype(float)
    status = np.where(np.arange(n) == seed % n, "existing", "candidate") if seed % 2 else ["candidate"] * n
    sites = pd.DataFrame({"id": [f"s{j}" for j in range(n)], "cost": cost, "status": status})
    asked = TravelTimes.from_matrix(times, sites=sites, demand=pd.DataFrame({"id": range(9)}))
    conditions = rs.SitingConstraints(conflicts=[("s1", "s2")]) if seed % 3 == 0 else None
    solution = rs.site(asked, rs.MinMaxTime(number), constraints=conditions)

    def rank(plan: tuple[int, ...]) -> tuple[float, float, int]:
        return times[list(plan)].min(axis=0).max(), cost[list(plan)].sum(), sum(plan) + len(plan)

    every = [
        plan
        for size in range(1, number + 1)
        for plan in itertools.combinations(range(n), size)
        if (not seed % 2 or seed % n in plan) and not (conditions is not None and {1, 2} <= set(plan))
    ]
    assert solution.ties_broken
    assert rank(tuple(int(one[1:]) for one in solution.opened)) == min(map(rank, every))
    assert not any("may be cheaper" in note for note in solution.notes)


def test_a_median_says_that_its_ties_are_not_broken_and_what_asks_for_the_cheapest() -> None:
    sites = pd.DataFrame({"id": ["a", "b"], "cost": [5.0, 1.0]})
    times = TravelTimes.from_matrix([[60.0], [60.0]], sites=sites, demand=pd.DataFrame({"id": ["x"]}))
    solution = rs.site(times, rs.MinMeanTime(1))
    assert (solution.status, solution.ties_broken) == ("optimal", False)
    assert any("Lexicographic([MinMeanTime(...), MinCost()])" in note for note in solution.notes)
    assert rs.site(times, rs.Lexicographic([rs.MinMeanTime(1), rs.MinCost()])).opened == ("b",)
