"""Coverage over states and by township against brute force: objective, status, side conditions, bound."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from drawn_problems import NEAR, problems
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_siting_reliability import Case, best, tail_mean

from rescuesim.siting import MaxCoverage, MaxMinCoverage, gini, pair_limits
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.models import MODELS, Model
from rescuesim.siting.models.states import STATES
from rescuesim.siting.problem import SitingProblem
from rescuesim.travel import TravelTimePairs, TravelTimes


@dataclass(frozen=True)
class _State:
    probability: float


@dataclass(frozen=True)
class _States:
    states: tuple[_State, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(f"state {number}" for number in range(len(self.states)))


@dataclass(frozen=True)
class DrawnStates:
    """Times by state that were drawn, read as an ensemble is."""

    times: tuple[TravelTimes, ...]
    chances: tuple[float, ...]

    @property
    def states(self) -> _States:
        return _States(tuple(_State(chance) for chance in self.chances))

    def within_cutoff(self) -> list[TravelTimePairs]:
        return [TravelTimePairs.from_times(one) for one in self.times]


def _solved(model: Model, problem: SitingProblem, objective: object, wanted: float | None) -> Found:
    found = model.solve(problem, objective, Run(clock=Clock(limit_s=math.inf)))
    if wanted is None:
        assert found.status == "infeasible"
        return found
    assert found.status == "optimal"
    assert found.opened is not None
    assert problem.keeps(found.opened)
    assert found.objective == pytest.approx(wanted, rel=1e-7, abs=1e-7)
    assert found.best_bound == pytest.approx(wanted, rel=1e-7, abs=1e-7)
    assert model.value(problem, objective, found) == pytest.approx(wanted, rel=1e-7, abs=1e-7)
    return found


@pytest.mark.slow
@settings(max_examples=60)
@given(
    st.sampled_from(["fire_station_5min", "micro_station_135"]).flatmap(lambda inner: problems(inner=inner)), st.data()
)
def test_coverage_over_states_is_the_best_of_all_choices(
    drawn: tuple[SitingProblem, Case], data: st.DataObject
) -> None:
    problem, case = drawn
    chances = data.draw(st.sampled_from([(1.0,), (0.5, 0.5), (0.25, 0.75), (0.5, 0.25, 0.25), (0.5, 0.0, 0.5)]))
    shape = (problem.n_sites, len(problem.demand))
    per_state = []
    for _ in chances:
        row = st.lists(st.sampled_from(NEAR), min_size=shape[1], max_size=shape[1])
        values = data.draw(st.lists(row, min_size=shape[0], max_size=shape[0]))
        per_state.append(TravelTimes.from_matrix(values, sites=problem.sites, demand=problem.demand))
    limits = [pair_limits(one, standard=problem.standard) for one in per_state]
    inside = limits[0].in_standard[:, None]
    cases = [
        replace(case, first=one.covers.toarray() & inside, second=one.covers_second.toarray() & inside)
        for one in limits
    ]
    with_states = replace(problem, states=DrawnStates(tuple(per_state), chances))
    n_sites = data.draw(st.integers(1, max(len(case.openable()), 1)))
    tail = data.draw(st.sampled_from([0.1, 0.3, 0.5, 1.0]))

    def by_state(opened: tuple[int, ...]) -> list[float]:
        return [sum(case.weight[p] for p in case.points if one.covered(p, opened)) for one in cases]

    rated = {opened: by_state(opened) for opened in case.choices(n_sites)}
    mean = best(float(np.dot(chances, values)) for values in rated.values())
    _solved(STATES, with_states, MaxCoverage(n_sites, risk="mean"), mean)
    worst = best(min(v for v, c in zip(values, chances, strict=True) if c > 0) for values in rated.values())
    _solved(STATES, with_states, MaxCoverage(n_sites, risk="worst"), worst)
    cvar = best(tail_mean(values, chances, tail) for values in rated.values())
    _solved(STATES, with_states, MaxCoverage(n_sites, risk="cvar", tail=tail), cvar)


@pytest.mark.slow
@settings(max_examples=60)
@given(problems(), st.data())
def test_the_township_that_is_worst_off_is_as_well_off_as_can_be(
    drawn: tuple[SitingProblem, Case], data: st.DataObject
) -> None:
    problem, case = drawn
    names = [data.draw(st.sampled_from(["城关", "山口", "河东"])) for _ in case.points]
    named = replace(problem, times=replace(problem.times, demand=replace(problem.demand, townships=tuple(names))))
    inside = problem.limits.in_standard if problem.limits is not None else np.zeros(0)
    n_sites = data.draw(st.integers(1, max(len(case.openable()), 1)))

    def share(name: str, opened: list[int] | tuple[int, ...]) -> float:
        of_name = [p for p in case.points if names[p] == name and inside[p]]
        whole = sum(case.weight[p] for p in of_name)
        return sum(case.weight[p] for p in of_name if case.covered(p, opened)) / whole if whole else 0.0

    counted = [name for name in dict.fromkeys(names) if share(name, case.openable()) > 0]
    wanted = best(min((share(name, opened) for name in counted), default=0.0) for opened in case.choices(n_sites))
    _solved(MODELS[MaxMinCoverage], named, MaxMinCoverage(n_sites), wanted)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.5, 1.0]), st.integers(0, 4)), min_size=1, max_size=5))
def test_gini_is_half_the_mean_difference_of_two_people_over_the_mean(groups: list[tuple[float, int]]) -> None:
    people = [share for share, number in groups for _ in range(number)]
    found = gini([share for share, _ in groups], [number for _, number in groups])
    if not people or sum(people) == 0:
        assert math.isnan(found)
        return
    mean = sum(people) / len(people)
    differences = sum(abs(one - other) for one in people for other in people)
    assert found == pytest.approx(differences / (2 * len(people) ** 2 * mean), abs=1e-12)


def test_townships_without_a_name_are_refused() -> None:
    from rescuesim.errors import InputError
    from rescuesim.siting import site

    frames = {"sites": pd.DataFrame({"id": ["a"]}), "demand": pd.DataFrame({"id": [1, 2], "township": ["城关", ""]})}
    with pytest.raises(InputError, match="township: expected one for every point, 1 have none, the first is 2"):
        site(TravelTimes.from_matrix([[60, 60]], **frames), MaxMinCoverage(1), limit_s=100)
