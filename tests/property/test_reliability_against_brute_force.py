"""Backup, available, expected and reliable coverage against brute force: objective, status, side conditions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
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
from scipy.sparse import csr_array

from rescuesim.crew import default_crews
from rescuesim.siting import (
    MaxAvailableCoverage,
    MaxBackupCoverage,
    MaxCoverage,
    MaxExpectedCoverage,
    MaxReliableCoverage,
    pair_limits,
)
from rescuesim.siting.constraints import SitingConstraints, siting_problem
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.models import MODELS
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import SiteRows, no_rows
from rescuesim.standard import ResponseStandard, load_standard
from rescuesim.travel import TravelTimes

CREWS = ("brigade", "micro_station", "township_duty", "village_on_call")
NEAR = [0.0, 50.0, 90.0, 110.0, 170.0, 400.0, 640.0, np.inf]


def _standard(draw: st.DrawFn, inner: str) -> ResponseStandard:
    """Draw how often crews are there, never and always too."""
    chance = st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0])
    crews = {
        name: replace(crew, availability={shift: draw(chance) for shift in crew.availability})
        for name, crew in default_crews().items()
    }
    return load_standard(inner=inner, crews=crews)


@st.composite
def problems(draw: st.DrawFn, inner: str = "micro_station_135") -> tuple[SitingProblem, Case]:
    """Draw up to 6 sites and 6 points with crews, zones, statuses, zero weights, ties and rows over the sites."""
    n_sites, n_demand = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    seconds = [[draw(st.sampled_from(NEAR)) for _ in range(n_demand)] for _ in range(n_sites)]
    status = st.sampled_from(["candidate", "candidate", "candidate", "candidate", "existing", "closed"])
    sites = pd.DataFrame(
        {
            "id": [f"s{j}" for j in range(n_sites)],
            "status": [draw(status) for _ in range(n_sites)],
            "crew": [draw(st.sampled_from(CREWS)) for _ in range(n_sites)],
        }
    )
    demand = pd.DataFrame(
        {
            "id": [f"d{i}" for i in range(n_demand)],
            "people": [draw(st.sampled_from([0, 1, 7, 20, 33])) for _ in range(n_demand)],
            "zone": [draw(st.sampled_from(["built_up", "suburb", "dense_rural", "rural"])) for _ in range(n_demand)],
            "calls_per_year": [draw(st.sampled_from([0.0, 100.0, 2000.0])) for _ in range(n_demand)],
        }
    )
    times = TravelTimes.from_matrix(seconds, sites=sites, demand=demand)
    standard = _standard(draw, inner)
    limits = pair_limits(times, standard=standard)
    problem = siting_problem(times, limits, SitingConstraints())
    rows = [
        ([draw(st.integers(-1, 2)) for _ in range(n_sites)], draw(st.integers(-2, 2)), draw(st.integers(1, 5)))
        for _ in range(draw(st.integers(0, 2)))
    ]
    side = SiteRows(
        rows=csr_array(np.array([factors for factors, _, _ in rows], dtype=np.int64).reshape(len(rows), n_sites)),
        lower=np.array([low for _, low, _ in rows], dtype=np.int64),
        upper=np.array([high for _, _, high in rows], dtype=np.int64),
        labels=tuple(f"row {number}" for number in range(len(rows))),
    )
    inside = limits.in_standard[:, None]
    case = Case(
        first=limits.covers.toarray() & inside,
        second=limits.covers_second.toarray() & inside,
        wants_second=limits.wants_second,
        weight=times.demand.weights.tolist(),
        must_open=problem.must_open,
        must_close=problem.must_close,
        rows=rows,
    )
    return replace(problem, rows=side, standard=standard), case


def _agrees(problem: SitingProblem, objective: object, wanted: float | None) -> Found:
    """Solve, and compare status, objective, bound and the value that is recomputed."""
    model = MODELS[type(objective)]
    found = model.solve(problem, objective, Run(clock=Clock(limit_s=math.inf)))
    if wanted is None:
        assert found.status == "infeasible"
        assert found.opened is None
        assert found.message
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
