"""Backup, available, expected and reliable coverage against brute force: objective, status, side conditions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from drawn_problems import problems
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_siting_reliability import (
    Case,
    available_value,
    backup_value,
    best,
    counted_value,
    covers_all,
    placements,
)

from rescuesim.siting import (
    MaxAvailableCoverage,
    MaxBackupCoverage,
    MaxCoverage,
    MaxExpectedCoverage,
    MaxReliableCoverage,
)
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.models import MODELS
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import no_rows


def _agrees(problem: SitingProblem, objective: object, wanted: float | None, *, said: bool = True) -> Found:
    """Solve, and compare status, objective, bound and the value that is recomputed."""
    model = MODELS[type(objective)]
    found = model.solve(problem, objective, Run(clock=Clock(limit_s=math.inf)))
    if wanted is None:
        assert found.status == "infeasible"
        assert found.opened is None
        assert found.message or not said
        return found
    assert found.status == "optimal"
    assert found.opened is not None
    assert problem.keeps(found.opened)
    assert found.objective == pytest.approx(wanted, rel=1e-7, abs=1e-7)
    assert found.best_bound == pytest.approx(wanted, rel=1e-7, abs=1e-7)
    assert model.value(problem, objective, found) == pytest.approx(wanted, rel=1e-7, abs=1e-7)
    return found


def _number(problem: SitingProblem, data: st.DataObject) -> int:
    """Draw a number of sites up to those that may be open, or 1."""
    return data.draw(st.integers(1, max(int((~problem.must_close).sum()), 1)))


@pytest.mark.slow
@settings(max_examples=80)
@given(problems(), st.data())
def test_backup_coverage_is_the_best_of_all_choices(drawn: tuple[SitingProblem, Case], data: st.DataObject) -> None:
    problem, case = drawn
    n_sites = _number(problem, data)
    share = data.draw(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
    weighed = best(backup_value(case, opened, 1 - share, share) for opened in case.choices(n_sites))
    _agrees(problem, MaxBackupCoverage(n_sites, cover_all=False, backup_share=share), weighed)
    full = [opened for opened in case.choices(case.n_sites) if covers_all(case, opened)]
    first = best(backup_value(case, opened, 0.0, 1.0) for opened in full if len(opened) <= n_sites)
    _agrees(problem, MaxBackupCoverage(n_sites), first)
    fewest = min((len(opened) for opened in full), default=0)
    lscp_b = best(backup_value(case, opened, 0.0, 1.0) for opened in full if len(opened) <= fewest)
    _agrees(problem, MaxBackupCoverage(), lscp_b)


@pytest.mark.slow
@settings(max_examples=80)
@given(problems(), st.data())
def test_available_coverage_is_the_best_of_all_choices(drawn: tuple[SitingProblem, Case], data: st.DataObject) -> None:
    problem, case = drawn
    n_sites = _number(problem, data)
    standard = problem.standard
    assert standard is not None
    there = np.array(
        [[standard.crews[crew].availability[shift] for shift in ("day", "night")] for crew in problem.sites.crews]
    )
    hours = np.array([0.5, 0.5])
    wanted = best(available_value(case, opened, there, hours) for opened in case.choices(n_sites))
    _agrees(problem, MaxAvailableCoverage(n_sites), wanted)


@pytest.mark.slow
@settings(max_examples=100)
@given(problems(inner="micro_station_135"), st.data())
def test_cover_with_a_second_unit_is_the_best_of_all_choices_under_side_conditions(
    drawn: tuple[SitingProblem, Case], data: st.DataObject
) -> None:
    problem, case = drawn
    n_sites = _number(problem, data)
    wanted = best(
        sum(case.weight[p] for p in case.points if case.covered(p, opened)) for opened in case.choices(n_sites)
    )
    _agrees(problem, MaxCoverage(n_sites), wanted, said=False)


@pytest.mark.slow
@settings(max_examples=60)
@given(problems(inner="fire_station_5min"), st.data())
def test_units_stand_where_most_is_expected(drawn: tuple[SitingProblem, Case], data: st.DataObject) -> None:
    problem, case = drawn
    n_units, most = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    busy = data.draw(st.sampled_from([0.0, 0.2, 0.6]))
    ways = list(placements(case, n_units, most))
    wanted = best(counted_value(case, units, lambda _, n: 1 - busy**n) for units in ways)
    expected = MaxExpectedCoverage(n_units=n_units, busy_fraction=busy, units_per_site=most)
    found = _agrees(problem, expected, wanted)
    if found.units is not None:
        assert tuple(found.units.tolist()) in ways
    reliability = data.draw(st.sampled_from([0.5, 0.9, 0.99]))
    needed = next(b for b in range(1, 40) if 1 - busy**b >= reliability - 1e-12)
    reliable = best(counted_value(case, units, lambda _, n: float(n >= needed)) for units in ways)
    asked = MaxReliableCoverage(n_units=n_units, reliability=reliability, busy_fraction=busy, units_per_site=most)
    _agrees(problem, asked, reliable)


@settings(max_examples=40)
@given(problems(inner="fire_station_5min"), st.data())
def test_units_that_are_never_busy_cover_what_mclp_covers(
    drawn: tuple[SitingProblem, Case], data: st.DataObject
) -> None:
    problem, case = drawn
    n = _number(problem, data)
    free = replace(problem, rows=no_rows(case.n_sites))
    plain = MODELS[MaxCoverage].solve(free, MaxCoverage(n), Run(clock=Clock(limit_s=math.inf)))
    objective = MaxExpectedCoverage(n_units=n, busy_fraction=0.0, units_per_site=1)
    found = MODELS[MaxExpectedCoverage].solve(free, objective, Run(clock=Clock(limit_s=math.inf)))
    assert found.status == plain.status
    if plain.opened is not None:
        assert found.objective == pytest.approx(plain.objective)
