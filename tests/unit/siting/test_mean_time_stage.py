"""The mean time at the end of a sequence, with rows in place of a program of all pairs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import rescuesim as rs
from rescuesim.siting import sequence


def drawn(seed: int) -> rs.TravelTimes:
    """Draw 12 sites and 40 points in a square."""
    rng = np.random.default_rng(seed)
    at, to = rng.uniform(0, 1, (12, 1, 2)), rng.uniform(0, 1, (1, 40, 2))
    return rs.TravelTimes.from_matrix(
        np.hypot(*(at - to).transpose(2, 0, 1)) * 1000,
        sites=pd.DataFrame({"id": [f"s{j}" for j in range(12)], "cost": rng.integers(1, 9, 12) / 2}),
        demand=pd.DataFrame({"id": [f"d{i}" for i in range(40)], "people": rng.integers(1, 90, 40)}),
    )


@pytest.mark.parametrize("seed", range(8))
def test_rows_bound_what_the_program_of_all_pairs_proves_and_the_plan_keeps_the_earlier_goals(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    goals = rs.Lexicographic([rs.MaxCoverage(5), rs.MinCost(), rs.MinMeanTime(5)], tolerances=[0.1, 0.2])
    exact = rs.site(drawn(seed), goals, limit_s=250)
    best = exact.stages[2]
    assert best.status == "optimal"
    monkeypatch.setattr(sequence, "_MANY_PAIRS", 0)
    quick = rs.site(drawn(seed), goals, limit_s=250, solve_limit_s=30)
    last = quick.stages[2]
    assert last.best_bound <= best.value + 1e-6 <= last.value + 2e-6
    assert last.value <= 1.25 * best.value
    assert quick.stages[0].final >= quick.stages[0].kept_at - 1e-6
    assert quick.stages[1].final <= quick.stages[1].kept_at + 1e-6
    if last.status == "optimal":
        assert last.value == pytest.approx(best.value)
