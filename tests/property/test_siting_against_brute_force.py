"""LSCP and MCLP against brute force on small drawn problems: objective, cost, status, feasibility."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_siting import best_by_brute_force, is_covered

from rescuesim.siting import MaxCoverage, MinSites, site
from rescuesim.standard import ZONES, load_standard
from rescuesim.travel import TravelTimes

CREWS = ("brigade", "micro_station", "township_duty", "village_on_call")


@st.composite
def problems(draw: st.DrawFn) -> TravelTimes:
    """Draw up to 7 sites and 9 points with limits, crews, zones, statuses and ties."""
    n_sites, n_demand = draw(st.integers(1, 7)), draw(st.integers(1, 9))
    seconds = st.sampled_from([0.0, 50.0, 70.0, 93.0, 100.0, 110.0, 170.0, 400.0, 600.0, 640.0, 2000.0, np.inf])
    rows = draw(st.lists(st.lists(seconds, min_size=n_demand, max_size=n_demand), min_size=n_sites, max_size=n_sites))
    status = st.sampled_from(["candidate", "candidate", "candidate", "existing", "required", "closed"])
    sites = pd.DataFrame(
        {
            "id": [f"s{j}" for j in range(n_sites)],
            "status": [draw(status) for _ in range(n_sites)],
            "crew": [draw(st.sampled_from(CREWS)) for _ in range(n_sites)],
            "kind": [draw(st.sampled_from(["station", "station", "station", "depot"])) for _ in range(n_sites)],
            "cost": [draw(st.sampled_from([0, 1, 2.5, 10])) for _ in range(n_sites)],
        }
    )
    demand = pd.DataFrame(
        {
            "id": [f"d{i}" for i in range(n_demand)],
            "people": [draw(st.integers(0, 50)) for _ in range(n_demand)],
            "zone": [draw(st.sampled_from(ZONES)) for _ in range(n_demand)],
        }
    )
    return TravelTimes.from_matrix(rows, sites=sites, demand=demand)


@pytest.mark.slow
@settings(max_examples=150)
@given(problems(), st.sampled_from(["quick_rescue_135", "micro_station_135", "fire_station_5min"]), st.data())
def test_the_plan_is_the_best_the_cheapest_and_its_bound_is_proved(
    times: TravelTimes, inner: str, data: st.DataObject
) -> None:
    standard = load_standard(inner=inner)
    openable = sum(
        s != "closed" and k == "station" for s, k in zip(times.sites.statuses, times.sites.kinds, strict=True)
    )
    n_sites = data.draw(st.integers(1, openable)) if openable and data.draw(st.booleans()) else None
    best = best_by_brute_force(times.values, times.sites, times.demand, standard, n_sites)
    solution = site(times, MinSites() if n_sites is None else MaxCoverage(n_sites), standard=standard)
    if best is None:
        assert solution.status == "infeasible"
        assert solution.message
        return
    objective, cost, opened = best
    assert solution.status == "optimal"
    assert solution.objective == objective == solution.best_bound
    assert solution.gap == 0
    assert solution.ties_broken
    assert solution.plan.cost == pytest.approx(cost)
    assert sum(times.sites.ids.index(id_) + 1 for id_ in solution.opened) == sum(j + 1 for j in opened)
    chosen = [times.sites.ids.index(id_) for id_ in solution.opened]
    for point, covered in enumerate(solution.points["covered"]):
        assert covered == is_covered(point, chosen, times.values, times.sites, times.demand, standard)


@settings(max_examples=60)
@given(problems())
def test_coverage_never_falls_as_sites_are_added(times: TravelTimes) -> None:
    standard = load_standard()
    openable = sum(
        s != "closed" and k == "station" for s, k in zip(times.sites.statuses, times.sites.kinds, strict=True)
    )
    found = [site(times, MaxCoverage(n), standard=standard) for n in range(1, openable + 1)]
    values = [solution.objective for solution in found if solution.status == "optimal"]
    assert values == sorted(values)
    if values:
        fewest = site(times, MinSites(), standard=standard)
        enough = site(times, MaxCoverage(max(int(fewest.objective), 1)), standard=standard)
        assert enough.objective == values[-1]
        assert set(fewest.points.loc[~fewest.points["covered"], "id"]) == set(fewest.uncoverable["id"])
