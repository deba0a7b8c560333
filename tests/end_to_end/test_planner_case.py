"""The planner's case, small: sequence, side conditions, frontier and words on the roads of Wuhan."""

from __future__ import annotations

import sys

import pytest
from conftest import ROOT

from rescuesim.network import RoadNetwork


@pytest.mark.slow
@pytest.mark.shared
def test_a_small_planners_case_is_solved_bounded_and_explained(wuhan: RoadNetwork) -> None:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import planner_case
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
    found = planner_case.run(wuhan, planner_case.SMALL, limit_s=30.0)
    assert found["status"] in ("optimal", "feasible")
    assert found["cost"] <= planner_case.SMALL.budget
    assert found["opened"] <= planner_case.SMALL.number
    coverage, cost, mean = found["stages"]
    assert coverage["best_bound"] * (1 - 0.005) * 0.995 <= coverage["final"] <= coverage["best_bound"]
    assert cost["final"] <= cost["kept_at"] + 1e-6
    assert mean["best_bound"] <= mean["final"]
    assert mean["final"] <= mean["best_bound"] * 1.01
    assert found["largest_gap"] < 0.01
    assert "先看人员" in "\n".join(found["words"]["zh"])
    assert "Staffing first" in "\n".join(found["words"]["en"])
