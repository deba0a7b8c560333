"""Backup and expected coverage of published instances: values by brute force and by another solver."""

from __future__ import annotations

import re
import sys

import pandas as pd
import pytest
from conftest import ROOT, shared_file

from rescuesim.siting import MaxBackupCoverage, MaxCoverage, MaxExpectedCoverage, MaxReliableCoverage, site
from rescuesim.travel import TravelTimes

sys.path.insert(0, str(ROOT))
from benchmarks.instances import best_known, read_network, read_swain

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def tracts() -> TravelTimes:
    """Return San Francisco's stores and tracts, each tract of weight 1."""
    read = read_network(shared_file("bench/spopt_sf"))
    demand = read.demand.to_frame()[["id", "people"]].assign(weight=1.0)
    return TravelTimes.from_matrix(read.values, sites=read.sites, demand=demand, unit=read.unit)


@pytest.fixture(scope="module")
def swain() -> TravelTimes:
    """Return Swain's 55 nodes."""
    return read_swain(shared_file("bench/swain55/swain.txt"))


@pytest.mark.parametrize(("limit_m", "n_sites", "backed_up"), [(5000, 8, 145), (8000, 3, 140)])
def test_backup_in_san_francisco_counts_no_tract_that_has_one_site(
    tracts: TravelTimes, limit_m: float, n_sites: int, backed_up: int
) -> None:
    solution = site(tracts, MaxBackupCoverage(), limit_s=limit_m)
    assert solution.status == "optimal"
    assert (solution.objective, len(solution.opened)) == (backed_up, n_sites)
    assert site(tracts, MaxBackupCoverage(n_sites), limit_s=limit_m).objective == backed_up
    assert site(tracts, MaxBackupCoverage(n_sites - 1), limit_s=limit_m).status == "infeasible"


def test_expected_coverage_of_swains_nodes_is_that_of_another_solver(swain: TravelTimes) -> None:
    known = best_known(shared_file("bench/swain55/swain.txt").parent)
    compared = 0
    for quantity, value in zip(known["quantity"], known["value"], strict=True):
        case = re.match(r"MEXCLP S=(\d+) q=([\d.]+) P=(\d+)", quantity)
        if case is None:
            continue
        limit, busy, n_units = float(case[1]), float(case[2]), int(case[3])
        solution = site(swain, MaxExpectedCoverage(n_units=n_units, busy_fraction=busy), limit_s=limit)
        assert solution.status == "optimal"
        assert solution.objective == pytest.approx(value, abs=1e-5)
        assert sum(solution.plan.units.values()) <= n_units
        compared += 1
    assert compared == 40


def test_units_that_are_never_busy_cover_what_mclp_covers_of_swains_nodes(swain: TravelTimes) -> None:
    for n_units in (1, 4, 9):
        free = site(swain, MaxExpectedCoverage(n_units=n_units, busy_fraction=0.0), limit_s=8.0)
        assert free.objective == site(swain, MaxCoverage(n_units), limit_s=8.0).objective


def test_malp_with_a_busy_fraction_is_multiple_cover_of_swains_nodes(swain: TravelTimes) -> None:
    # one unit is reliable enough at 0.3 busy for 0.7, two for 0.9: twice the units, at the same places at worst
    once = site(swain, MaxReliableCoverage(n_units=3, reliability=0.7, busy_fraction=0.3), limit_s=10.0)
    twice = site(swain, MaxReliableCoverage(n_units=6, reliability=0.9, busy_fraction=0.3), limit_s=10.0)
    assert once.objective == site(swain, MaxCoverage(3), limit_s=10.0).objective
    assert twice.objective >= once.objective
    frame = pd.DataFrame({"id": ["a"]})
    alone = TravelTimes.from_matrix([[0.0]], sites=frame, demand=pd.DataFrame({"id": ["p"], "people": [9]}))
    wanted = MaxReliableCoverage(n_units=1, reliability=0.9, busy_fraction=0.3)
    assert site(alone, wanted, limit_s=10.0).objective == 0
