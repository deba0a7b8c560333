"""Budgets to the last digit, weights of any size, and states of a network in every way to ask, against brute force."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles_siting_amounts import (
    Matrix,
    affordable,
    backed_up,
    best_chain,
    covered,
    expected,
    farthest,
    mean_time,
    plans,
    rated,
)

import rescuesim as rs
from rescuesim.network.states import NetworkState, NetworkStates
from rescuesim.travel import TravelTimePairs, TravelTimes, TravelTimesEnsemble

LIMIT = 100.0
TIMES = [30.0, 60.0, 90.0, 150.0, 400.0]


def _times(matrix: Matrix, weights: Sequence[float], costs: Sequence[float] | None = None) -> TravelTimes:
    sites = {"id": [f"s{j}" for j in range(len(matrix))]} | ({"cost": list(costs)} if costs is not None else {})
    demand = {"id": [f"d{i}" for i in range(len(weights))], "weight": list(weights)}
    return TravelTimes.from_matrix(np.array(matrix), sites=pd.DataFrame(sites), demand=pd.DataFrame(demand))


class Drawn(TravelTimesEnsemble):
    """Times by state that were drawn."""

    __slots__ = ("by_state",)

    def __init__(self, by_state: Sequence[TravelTimes], chances: Sequence[float]) -> None:
        states = [NetworkState(label=f"state {k}", probability=chance) for k, chance in enumerate(chances)]
        super().__init__(intact=by_state[0], states=NetworkStates(states=tuple(states)))
        object.__setattr__(self, "by_state", tuple(by_state))

    def within_cutoff(self) -> Iterator[TravelTimePairs]:
        return (TravelTimePairs.from_times(one) for one in self.by_state)


@st.composite
def matrices(draw: st.DrawFn, most_sites: int = 6, most_points: int = 6) -> list[list[float]]:
    n_sites, n_points = draw(st.integers(1, most_sites)), draw(st.integers(1, most_points))
    return [[draw(st.sampled_from(TIMES)) for _ in range(n_points)] for _ in range(n_sites)]


@pytest.mark.slow
@settings(max_examples=60)
@given(matrices(), st.data())
def test_a_plan_keeps_a_budget_exactly_if_its_decimals_do_however_many_and_however_it_is_asked(
    matrix: list[list[float]], data: st.DataObject
) -> None:
    n, weights = len(matrix), [7.0 + i for i in range(len(matrix[0]))]
    digits = data.draw(st.integers(1, 17))
    power = data.draw(st.integers(-12, max(10 - digits, -12)))
    base = data.draw(st.integers(10 ** (digits - 1), 10**digits - 1))
    # amounts that are alike but for their last digits, so that sums differ there alone
    whole = [base + data.draw(st.integers(0, 3)) for _ in range(n)]
    costs = [float(f"{one}e{power}") for one in whole]
    some = data.draw(st.lists(st.integers(0, n - 1), unique=True))
    budget = float(sum(whole[j] for j in some) * Fraction(10) ** power)
    budget = data.draw(st.sampled_from([budget, math.nextafter(budget, math.inf), max(math.nextafter(budget, 0), 0.0)]))
    # what looks like the noise of floating-point sums is read as the short decimal it stands for
    assume(not any(re.search(r"(000|999)\d{0,2}(e|$)", repr(one)) and len(repr(one)) > 15 for one in (*costs, budget)))
    best = float(max(covered(matrix, weights, plan, LIMIT) for plan in affordable(costs, budget, n)))
    times = _times(matrix, weights, costs)
    by_objective = rs.site(times, rs.MaxCoverage(budget=budget), limit_s=LIMIT)
    by_condition = rs.site(times, rs.MaxCoverage(n), limit_s=LIMIT, constraints=rs.SitingConstraints(budget=budget))
    along = rs.frontier(times, rs.MaxCoverage(n), over="cost", amounts=[budget], limit_s=LIMIT, relative_gap=0.0)
    assert (by_objective.status, by_objective.objective) == ("optimal", best)
    assert (by_condition.status, by_condition.objective) == ("optimal", best)
    assert along.points[["status", "objective"]].to_numpy().tolist() == [["optimal", best]]


def _sizes(data: st.DataObject, n: int) -> list[float]:
    """Draw weights that are all of one size, or of several."""
    powers = st.integers(-12, 12)
    if data.draw(st.booleans()):
        power = data.draw(powers)
        return [float(f"{data.draw(st.integers(1, 999))}e{power - 3}") for _ in range(n)]
    return [float(f"{data.draw(st.integers(1, 999))}e{data.draw(powers) - 3}") / 3 for _ in range(n)]


OBJECTIVES: list[tuple[str, Any, Any]] = [
    ("max", lambda p: rs.MaxCoverage(p), lambda m, w, o: covered(m, w, o, LIMIT)),
    ("max", lambda p: rs.MaxBackupCoverage(p, cover_all=False), lambda m, w, o: backed_up(m, w, o, LIMIT)),
    (
        "max",
        lambda p: rs.MaxExpectedCoverage(n_units=p, busy_fraction=0.5, units_per_site=1),
        lambda m, w, o: expected(m, w, o, LIMIT, Fraction(1, 2)),
    ),
    ("min", lambda p: rs.MinMeanTime(p), mean_time),
    ("min", lambda p: rs.MinMaxTime(p, weighted=True), farthest),
]


@pytest.mark.slow
@pytest.mark.parametrize(("sense", "objective", "value"), OBJECTIVES)
@settings(max_examples=25)
@given(matrices(), st.data())
def test_weights_of_any_size_have_their_best_plan_found_and_proved(
    sense: str, objective: Any, value: Any, matrix: list[list[float]], data: st.DataObject
) -> None:
    weights = _sizes(data, len(matrix[0]))
    n_sites = data.draw(st.integers(1, len(matrix)))
    asked = objective(n_sites)
    limit = {} if sense == "min" else {"limit_s": LIMIT}
    solution = rs.site(_times(matrix, weights), asked, **limit)
    chosen = [plan for plan in plans(len(matrix), n_sites) if plan or sense == "max"]
    best = (max if sense == "max" else min)(value(matrix, weights, plan) for plan in chosen)
    opened = tuple(int(id_[1:]) for id_ in solution.opened)
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(float(best), rel=1e-9, abs=0)
    assert solution.best_bound == pytest.approx(float(best), rel=1e-9, abs=0)
    assert float(value(matrix, weights, opened)) == pytest.approx(float(best), rel=1e-9, abs=0)


@pytest.mark.slow
@settings(max_examples=10)
@given(st.integers(2, 5), st.integers(1, 5), st.data())
def test_frontiers_build_orders_and_sequences_over_states_are_those_of_brute_force(
    n: int, n_points: int, data: st.DataObject
) -> None:
    chances = data.draw(st.sampled_from([(1.0,), (0.5, 0.5), (0.5, 0.25, 0.25), (0.25, 0.75)]))
    entry = st.sampled_from(TIMES)
    by_state = [[[data.draw(entry) for _ in range(n_points)] for _ in range(n)] for _ in chances]
    weights = [data.draw(st.sampled_from([1.0, 5.0, 20.0])) for _ in range(n_points)]
    costs = [float(data.draw(st.integers(1, 4))) for _ in range(n)]
    risk, tail = data.draw(st.sampled_from([("mean", None), ("worst", None), ("cvar", 0.5), ("cvar", 0.3)]))
    ensemble = Drawn([_times(matrix, weights, costs) for matrix in by_state], chances)

    def value(plan: tuple[int, ...]) -> float:
        return rated([float(covered(one, weights, plan, LIMIT)) for one in by_state], chances, risk, tail)

    asked = rs.MaxCoverage(1, risk=risk, tail=tail)
    near = {"rel": 1e-7, "abs": 1e-7}
    counts = rs.frontier(ensemble, asked, limit_s=LIMIT, relative_gap=0.0, amounts=range(n + 1)).points
    wanted = [max(map(value, plans(n, amount))) for amount in range(n + 1)]
    assert counts["objective"].tolist() == pytest.approx(wanted, **near)
    assert counts["best_bound"].tolist() == pytest.approx(wanted, **near)
    money = rs.frontier(ensemble, asked, over="cost", limit_s=LIMIT, relative_gap=0.0, n_points=4).points
    for amount, found in money[["amount", "objective"]].to_numpy().tolist():
        assert found == pytest.approx(max(map(value, affordable(costs, amount, n))), **near)
    assert money["objective"].iloc[-1] == pytest.approx(value(tuple(range(n))), **near)
    order = rs.phases(ensemble, asked, [1, 2], limit_s=LIMIT)
    assert order.table["own_best"].tolist() == pytest.approx(wanted[1:3], **near)
    assert order.table["loss"].max() >= best_chain([1, 2], n, value) - 1e-7
    for plan, found in zip(order.plans, order.table["objective"], strict=True):
        assert value(tuple(int(id_[1:]) for id_ in plan.opened)) == pytest.approx(found, **near)
    number = rs.MaxCoverage(2, risk=risk, tail=tail)
    cheap = rs.site(ensemble, rs.Lexicographic([number, rs.MinCost()]), limit_s=LIMIT)
    as_good = [plan for plan in plans(n, 2) if value(plan) >= wanted[2] - 1e-9]
    assert cheap.status == "optimal"
    assert cheap.stages[0].final == pytest.approx(wanted[2], **near)
    assert cheap.stages[1].final == min(sum(costs[j] for j in plan) for plan in as_good)
    intact = rs.site(ensemble, rs.Lexicographic([number, rs.MaxCoverage(2)]), limit_s=LIMIT)
    assert intact.stages[1].final == max(covered(by_state[0], weights, plan, LIMIT) for plan in as_good)
    assert intact.notes == ("of unbroken roads: MaxCoverage",)
