"""Budgets at whose edge thousands of plans lie, alike but for digits that no sum of whole numbers holds."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import rescuesim as rs
from rescuesim.siting import solving
from rescuesim.siting.site_rows import AmountLimit
from rescuesim.siting.whole_rows import as_decimal
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


def _plan_costs(seed: int) -> tuple[list[float], float]:
    """Draw amounts of many digits and sizes, and a budget at the edge of some plan."""
    random = np.random.default_rng(seed)
    n = int(random.integers(2, 9))
    costs = (random.integers(1, 9, n) * 10.0 ** random.integers(-9, 9, n) + random.random(n) / 3).tolist()
    some = random.choice(n, int(random.integers(1, n + 1)), replace=False)
    return costs, float(sum((_written(costs[j]) for j in some), Fraction(0)))


@pytest.mark.parametrize("seed", range(40))
def test_the_carries_hold_the_plans_within_an_amount_and_no_others(seed: int) -> None:
    costs, budget = _plan_costs(seed)
    n = len(costs)
    none = np.zeros(n, dtype=np.bool_)
    amounts = tuple(as_decimal(one) for one in costs)
    limit = AmountLimit(amounts, as_decimal(budget))
    problem: Any = SimpleNamespace(must_open=none, must_close=none)
    split = solving._Split.of(problem, limit)
    assert split.most_carried <= n
    parts = [split.rows(carry) for carry in range(split.most_carried + 1)]
    for chosen in itertools.product([False, True], repeat=n):
        opened = np.array(chosen)
        within = sum((Fraction(amounts[j]) for j in np.flatnonzero(opened)), Fraction(0)) <= Fraction(limit.most)
        assert any(part.kept(opened).all() for part in parts) == within


def test_with_few_parts_the_plan_is_feasible_and_its_bound_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    costs, weights, budgets = _thirds(2, 40)
    monkeypatch.setattr(solving, "_MOST_PARTS", 2)
    solution = rs.site(_own_points(costs, weights), rs.MaxCoverage(budget=budgets[0]), limit_s=LIMIT)
    best = _most(costs, weights, budgets[0])
    paid = sum((_written(costs[int(one[1:])]) for one in solution.opened), Fraction(0))
    assert paid <= _written(budgets[0])
    assert solution.objective <= best <= solution.best_bound
    assert solution.status == ("optimal" if solution.objective == solution.best_bound else "feasible")
