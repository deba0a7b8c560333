"""Models that allocate points: messages for what cannot be asked, limits, allocation and reasons in the result."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import rescuesim as rs
from rescuesim.errors import InputError
from rescuesim.siting import CapacitatedLocation, CapacitatedMedian, MinMaxTime, MinMeanTime, SitingConstraints, site
from rescuesim.siting.allocated import allocation_table
from rescuesim.siting.medians import lagrangian, plain
from rescuesim.travel import TravelTimes

INF = np.inf
OBJECTIVES = (MinMeanTime(1), MinMaxTime(1), MinMaxTime(1, weighted=True), CapacitatedMedian(1), CapacitatedLocation())


def times_of(values: list[list[float]], weights: list[float] | None = None, **columns: object) -> TravelTimes:
    n_sites, n_points = np.shape(values)
    sites = pd.DataFrame({"id": [f"s{j}" for j in range(n_sites)], **columns})
    demand = pd.DataFrame({"id": [f"d{i}" for i in range(n_points)], "weight": weights or [1.0] * n_points})
    return TravelTimes.from_matrix(values, sites=sites, demand=demand)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "2"])
@pytest.mark.parametrize("kind", [MinMeanTime, MinMaxTime, CapacitatedMedian])
def test_a_number_of_sites_is_a_whole_number_of_one_or_more(kind: type, value: object) -> None:
    with pytest.raises(InputError, match="expected a whole number of 1 or more"):
        kind(value)


@pytest.mark.parametrize("objective", [MinMeanTime(3), MinMaxTime(3), CapacitatedMedian(3)])
def test_more_sites_than_there_are_is_refused(objective: object) -> None:
    with pytest.raises(InputError, match="n_sites 3: expected at most the 2 sites that may be open"):
        site(times_of([[1], [2], [3]], status=["candidate", "candidate", "closed"]), objective)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_times_unknown_because_of_a_cutoff_are_refused(objective: object, town: rs.RoadNetwork) -> None:
    sites = rs.load_sites(pd.DataFrame({"id": ["s"], "lon": [119.30], "lat": [28.70]}))
    demand = rs.load_demand(pd.DataFrame({"id": ["a", "b"], "lon": [119.301, 119.33], "lat": [28.70, 28.71]}))
    times = rs.travel_times(town, sites, demand, cutoff_s=60.0)
    with pytest.raises(InputError, match=r"beyond the cutoff of 60 s are unknown for 1 pairs.*point b"):
        site(times, objective)
    assert site(rs.travel_times(town, sites, demand), objective).status == "optimal"


@pytest.mark.parametrize("objective", [MinMeanTime(1), CapacitatedMedian(1)])
def test_a_mean_over_no_weight_is_refused(objective: object) -> None:
    with pytest.raises(InputError, match="weights of all points that can be reached are 0"):
        site(times_of([[1.0]], [0.0]), objective)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_if_no_site_reaches_any_point_that_is_said(objective: object) -> None:
    solution = site(times_of([[INF, INF], [INF, INF]]), objective)
    assert solution.status == "infeasible"
    assert "no openable site reaches any point" in solution.message
    assert solution.uncoverable["reason"].tolist() == ["not_given", "not_given"]


@pytest.mark.parametrize("objective", [MinMeanTime(1), MinMaxTime(1)])
def test_points_out_of_reach_are_listed_and_the_others_must_be_reached(objective: object) -> None:
    values = [[1.0, INF, INF], [9.0, 4.0, INF]]
    solution = site(times_of(values), objective)
    assert (solution.status, solution.opened) == ("optimal", ("s1",))
    assert solution.points["covered"].tolist() == [True, True, False]
    assert solution.points["nearest_s"].tolist() == [9.0, 4.0, INF]
    assert solution.points["limit_s"].isna().all()
    assert solution.uncoverable["id"].tolist() == ["d2"]
    apart = site(times_of([[1.0, INF], [INF, 1.0]]), objective)
    assert apart.status == "infeasible"
    assert "reaches every point" in apart.message


@pytest.mark.parametrize("objective", [MinMeanTime(1), MinMaxTime(1), CapacitatedMedian(1)])
def test_more_fixed_sites_than_the_number_are_infeasible(objective: object) -> None:
    solution = site(times_of([[1.0], [2.0]], status=["existing", "required"]), objective)
    assert solution.status == "infeasible"
    assert "n_sites 1 is less than the 2 existing and required sites" in solution.message


def test_a_site_that_serves_nobody_better_is_not_opened_the_dearest_first() -> None:
    times = times_of([[1.0, 2.0], [1.0, 2.0], [5.0, 5.0]], cost=[3.0, 2.0, 1.0])
    assert site(times, MinMeanTime(3)).opened == ("s1",)
    assert site(times, MinMaxTime(3)).opened in (("s0",), ("s1",))


def test_served_full_and_unreachable_are_told_apart() -> None:
    times = times_of([[1.0, 2.0, INF, 3.0]], [4.0, 4.0, 1.0, 0.0], capacity=[6.0])
    split = site(times, CapacitatedMedian(1))
    assert split.status == "optimal"
    assert split.points["reason"].tolist() == ["", "full", "not_given", ""]
    assert split.allocation is not None
    assert split.allocation["weight"].tolist() == [4.0, 2.0, 0.0]
    assert split.objective == pytest.approx((4 * 1 + 2 * 2) / 6)
    assert "6 of the weight of 8" in split.message
    single = site(times, CapacitatedMedian(1, single_source=True))
    assert single.points["reason"].tolist() == ["", "full", "not_given", ""]
    assert single.objective == 1.0
    assert split.uncoverable["id"].tolist() == ["d2"]


def test_more_pairs_than_rows_are_written_for_give_the_same_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    times = times_of(
        rng.uniform(1, 90, (12, 30)).tolist(),
        rng.integers(1, 9, 30).astype(float).tolist(),
        cost=rng.integers(20, 90, 12).astype(float),
        capacity=[45.0] * 12,
    )
    whole = site(times, CapacitatedLocation())
    monkeypatch.setattr("rescuesim.siting.medians.shares._ALL_ROWS", 10)
    rounds = site(times, CapacitatedLocation())
    assert (whole.status, rounds.status) == ("optimal", "optimal")
    assert rounds.objective == pytest.approx(whole.objective, rel=1e-9)


def hard(seed: int = 0, n: int = 120) -> TravelTimes:
    """Draw places in a square with whole distances."""
    x, y = np.random.default_rng(seed).uniform(0, 1000, (2, n))
    return times_of(np.rint(np.hypot(x[:, None] - x, y[:, None] - y)).tolist())


@pytest.mark.parametrize("objective", [MinMeanTime(12), MinMaxTime(12)])
def test_at_a_limit_the_plan_comes_with_a_bound_that_holds(objective: object) -> None:
    short = site(hard(), objective, solve_limit_s=0.05)
    full = site(hard(), objective)
    assert full.status == "optimal"
    assert short.status in ("optimal", "feasible", "unknown")
    assert short.best_bound <= full.objective * (1 + 1e-9)
    if short.status == "feasible":
        assert short.objective >= full.objective


@pytest.mark.parametrize("objective", [MinMeanTime(12), MinMaxTime(12), CapacitatedMedian(4)])
def test_the_same_seed_gives_the_same_plan(objective: object) -> None:
    one, other = (site(hard(n=50), objective, seed=3) for _ in range(2))
    assert (one.opened, one.objective, one.best_bound) == (other.opened, other.objective, other.best_bound)


def test_a_gap_that_is_asked_for_is_kept() -> None:
    full, loose = site(hard(), MinMeanTime(12)), site(hard(), MinMeanTime(12), relative_gap=0.05)
    assert loose.gap <= 0.05 + 1e-9
    assert loose.best_bound <= full.objective <= loose.objective


def test_sites_said_to_be_sure_are_those_of_every_optimum() -> None:
    times = times_of([[0, 9, 9, 9], [9, 0, 9, 9], [9, 9, 1, 2], [9, 9, 2, 1.5]])
    found = site(times, MinMeanTime(3))
    values = times.values
    best = {c: values[list(c)].min(axis=0).sum() for c in itertools.combinations(range(4), 3)}
    optimum = min(best.values())
    better_or_equal = [c for c, value in best.items() if value <= optimum]
    assert all(f"s{j}" in found.opened for j in set.intersection(*map(set, better_or_equal)))


def test_without_numba_the_plain_kernels_prove_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    times = hard(n=25)
    fast = site(times, MinMeanTime(4))
    monkeypatch.setattr(lagrangian, "kernels", lambda: plain)
    monkeypatch.setattr("rescuesim.siting.medians.swaps.kernels", lambda: plain)
    slow = site(times, MinMeanTime(4))
    assert (slow.status, slow.objective, slow.best_bound) == ("optimal", fast.objective, fast.best_bound)


def test_a_formulation_has_the_optimum_of_the_model() -> None:
    from rescuesim.siting.constraints import siting_problem
    from rescuesim.siting.formulation import solve_formulation
    from rescuesim.siting.found import Clock, Run
    from rescuesim.siting.models import MODELS

    times = hard(n=15)
    for objective in (MinMeanTime(3), MinMaxTime(3), CapacitatedMedian(3), CapacitatedLocation(n_sites=3)):
        problem = siting_problem(times, None, SitingConstraints(conflicts=[["s1", "s2"]]))
        model, run = MODELS[type(objective)], Run(clock=Clock(limit_s=60.0))
        by_rows = solve_formulation(problem, model.formulate(problem, objective), run)
        solved = model.solve(problem, objective, run)
        assert (by_rows.status, solved.status) == ("optimal", "optimal")
        assert by_rows.objective == pytest.approx(solved.objective, rel=1e-7)
        assert model.value(problem, objective, by_rows) == pytest.approx(solved.objective, rel=1e-7)


def test_the_table_of_who_serves_whom_has_times_and_weights() -> None:
    times = times_of([[3.0, 1.0]], [2.0, 5.0])
    table = allocation_table(site_problem(times), np.array([[1.0, 0.5]]))
    assert table.to_dict("list") == {
        "point": ["d0", "d1"],
        "site": ["s0", "s0"],
        "share": [1.0, 0.5],
        "weight": [2.0, 2.5],
        "time": [3.0, 1.0],
    }


def site_problem(times: TravelTimes) -> object:
    from rescuesim.siting.constraints import siting_problem

    return siting_problem(times, None, SitingConstraints())


INTERRUPTED = """
import _thread, threading
import numpy as np, pandas as pd
import rescuesim as rs
from rescuesim.siting import MinMeanTime
from rescuesim.siting.medians.warm_up import warm_up_medians
warm_up_medians()
n = 400
x, y = np.random.default_rng(0).uniform(0, 1000, (2, n))
table = pd.DataFrame({"id": [str(k) for k in range(n)]})
values = np.hypot(x[:, None] - x, y[:, None] - y) + np.random.default_rng(1).uniform(0, 400, (n, n))
times = rs.TravelTimes.from_matrix(values, sites=table, demand=table)
threading.Timer(2.0, _thread.interrupt_main).start()
found = rs.site(times, MinMeanTime(12))
print(found.status, 0 < found.best_bound < found.objective)
"""


@pytest.mark.slow
def test_ctrl_c_returns_the_plan_with_its_bound() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["feasible", "True"], done.stderr
