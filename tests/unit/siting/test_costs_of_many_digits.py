"""Costs of more digits than one sum of whole numbers holds: status, bound and gap say the same, and it is true."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

import rescuesim as rs
from rescuesim.travel import TravelTimes

LIMIT = 100.0


def _drawn(seed: int, *, n: int = 8, points: int = 10) -> tuple[np.ndarray[Any, Any], list[float]]:
    """Draw who covers whom, and costs that differ by size, by last digits, or by both."""
    random = np.random.default_rng(seed)
    costs = [
        np.concatenate([random.random(n // 2) * 1e11, random.random(n - n // 2) * 1e-6]),
        random.random(n) / 3,
        random.random(n) * 10.0 ** random.integers(-12, 11, n),
    ][seed % 3]
    times = random.choice([30.0, 400.0], size=(n, points), p=[0.35, 0.65])
    times[random.integers(0, n, points), np.arange(points)] = 30.0
    return times, costs.tolist()


def _asked(times: np.ndarray[Any, Any], costs: list[float]) -> TravelTimes:
    sites = pd.DataFrame({"id": [f"s{j}" for j in range(len(costs))], "cost": costs})
    return TravelTimes.from_matrix(times, sites=sites, demand=pd.DataFrame({"id": range(times.shape[1])}))


def _cost(costs: list[float], plan: Any) -> Fraction:
    return sum((Fraction(repr(costs[int(str(j).removeprefix("s"))])) for j in plan), Fraction(0))


def _least(times: np.ndarray[Any, Any], costs: list[float]) -> Fraction:
    """Return the least cost of a plan that covers all, of all plans."""
    every = (
        plan
        for size in range(1, len(costs) + 1)
        for plan in itertools.combinations(range(len(costs)), size)
        if (times[list(plan)].min(axis=0) <= LIMIT).all()
    )
    return min(_cost(costs, plan) for plan in every)


@pytest.mark.parametrize("seed", [2, 3, 5, 9, 23, 35, 39])
@pytest.mark.parametrize("in_sequence", [False, True])
def test_the_least_cost_is_found_however_far_costs_lie_apart_and_an_optimum_has_no_gap(
    seed: int, in_sequence: bool
) -> None:
    times, costs = _drawn(seed)
    objective: Any = rs.MinCost()
    if in_sequence:
        objective = rs.Lexicographic([rs.MaxCoverage(len(costs)), rs.MinCost()])
    solution = rs.site(_asked(times, costs), objective, limit_s=LIMIT)
    least, found = _least(times, costs), _cost(costs, solution.opened)
    assert float(found) == pytest.approx(float(least), rel=1e-9, abs=0)
    assert (solution.status, solution.gap) == ("optimal", 0.0)
    assert all((stage.status, stage.gap) == ("optimal", 0.0) for stage in solution.stages)


@pytest.mark.parametrize("small", [0, 20_000])
@pytest.mark.parametrize("more", [0.5, 1e-6])
def test_a_mean_time_after_a_cost_does_not_spend_a_fraction_of_a_unit_more(
    monkeypatch: pytest.MonkeyPatch, small: int, more: float
) -> None:
    monkeypatch.setattr("rescuesim.siting.mean_time_stage._SMALL", small)
    costs = [1e9, 1e9 + more, 3e9]
    times = np.array([[90.0, 400.0], [30.0, 400.0], [400.0, 60.0]])
    goals = [rs.MaxCoverage(2), rs.MinCost(), rs.MinMeanTime(2)]
    solution = rs.site(_asked(times, costs), rs.Lexicographic(goals), limit_s=LIMIT)
    assert solution.opened == ("s0", "s2")
    assert solution.stages[1].final == 4e9
    given = rs.Lexicographic(goals, tolerances=[0.0, rs.Tolerance(amount=more)])
    assert rs.site(_asked(times, costs), given, limit_s=LIMIT).opened == ("s1", "s2")
