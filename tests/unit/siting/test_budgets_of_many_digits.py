"""Budgets at whose edge thousands of plans lie, alike but for digits that no sum of whole numbers holds."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

import rescuesim as rs
from rescuesim.siting import solving
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.models import model_of
from rescuesim.travel import TravelTimes

LIMIT = 100.0


def _own_points(costs: Sequence[float], weights: Sequence[int]) -> TravelTimes:
    """Give each site a point of its own, so that the best plan is a knapsack."""
    n = len(costs)
    matrix = np.full((n, n), 400.0)
    np.fill_diagonal(matrix, 60.0)
    sites = pd.DataFrame({"id": [f"s{j}" for j in range(n)], "cost": costs})
    return TravelTimes.from_matrix(matrix, sites=sites, demand=pd.DataFrame({"id": range(n), "weight": weights}))


def _written(value: float) -> Fraction:
    return Fraction(repr(value))


def _most(costs: Sequence[float], weights: Sequence[int], budget: float) -> int:
    """Return the most weight that a budget pays for: the least cost of each weight, in fractions."""
    least: dict[int, Fraction] = {0: Fraction(0)}
    for cost, weight in zip(costs, weights, strict=True):
        for have, paid in list(least.items()):
            new = paid + _written(cost)
            if have + weight not in least or new < least[have + weight]:
                least[have + weight] = new
    # a plan of more weight may be cheaper than one of less
    return max(weight for weight, paid in least.items() if paid <= _written(budget))


def _thirds(seed: int, n: int) -> tuple[list[float], list[int], list[float]]:
    """Draw costs alike but for their last digits, weights, and budgets that some plan meets exactly, or just not."""
    random = np.random.default_rng(seed)
    costs = (1 / 3 + random.integers(-9, 10, n) * 2.0**-54).tolist()
    weights = random.integers(1, 4, n).tolist()
    some = random.choice(n, n // 2, replace=False)
    exact = float(sum((_written(costs[j]) for j in some), Fraction(0)))
    return costs, weights, [exact, math.nextafter(exact, 0), math.nextafter(exact, 9e9)]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_best_plan_at_the_edge_of_a_budget_is_proved_though_thousands_tie_there(seed: int) -> None:
    costs, weights, budgets = _thirds(seed, 40)
    times = _own_points(costs, weights)
    for budget in budgets:
        asked: list[tuple[Any, rs.SitingConstraints | None]] = [
            (rs.MaxCoverage(budget=budget), None),
            (rs.MaxCoverage(40), rs.SitingConstraints(budget=budget)),
        ]
        for objective, conditions in asked:
            solution = rs.site(times, objective, limit_s=LIMIT, constraints=conditions)
            paid = sum((_written(costs[int(one[1:])]) for one in solution.opened), Fraction(0))
            assert paid <= _written(budget)
            assert (solution.status, solution.objective) == ("optimal", _most(costs, weights, budget))
            assert solution.best_bound == solution.objective
