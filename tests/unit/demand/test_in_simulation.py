"""What builders add to demand points goes through travel and simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd

import rescuesim as rs
from rescuesim.demand import add_places, assign_zones, calls_from_rates, load_demand
from rescuesim.network import RoadNetwork
from rescuesim.simulation import CallModel, simulate


def test_points_with_calls_by_type_zones_and_places_are_simulated(town: RoadNetwork) -> None:
    frame = pd.DataFrame({"id": ["a", "b", "c"], "lon": [119.301, 119.309, 119.32], "lat": [28.7, 28.704, 28.71]})
    residents = load_demand(frame.assign(people=[9000, 7000, 10]))
    schools = pd.DataFrame({"id": ["s"], "lon": [119.305], "lat": [28.7]})
    demand = calls_from_rates(add_places(assign_zones(residents), schools, kind="school"))
    sites = rs.load_sites(
        pd.DataFrame({"id": ["x"], "lon": [119.3], "lat": [28.7], "status": "existing", "crew": "brigade"})
    )
    result = simulate(
        rs.Plan.today(sites), network=town, demand=demand, standard=rs.load_standard(), horizon_s=86_400 * 60.0,
        replications=3, seed=1,
    )  # fmt: skip
    calls = result.records["demand_id"].astype(str).value_counts()
    assert set(calls.index) <= {"a", "b", "c"}  # a school without people of its own calls nobody
    expected = CallModel().calls_per_year(residents)
    assert np.allclose(CallModel().calls_per_year(demand)[:3], expected)
    assert len(result.records) > 0
