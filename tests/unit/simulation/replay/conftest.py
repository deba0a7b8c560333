"""A town with two stations and three villages, and a replay on it."""

from __future__ import annotations

import pandas as pd
import pytest

from rescuesim.demand import load_demand
from rescuesim.plan import Plan, PlanSite
from rescuesim.simulation.replay import replay_incidents
from rescuesim.standard import load_standard


@pytest.fixture(scope="session")
def demand():
    frame = pd.DataFrame(
        {
            "id": ["v1", "v2", "v3"],
            "name": ["上村", "下村", "上村"],
            "township": ["东乡", "东乡", "西乡"],
            "lon": [119.310, 119.330, 119.300],
            "lat": [28.700, 28.710, 28.710],
            "people": 100,
        }
    )
    return load_demand(frame, crs="wgs84")


@pytest.fixture(scope="session")
def plan():
    first = PlanSite(id="s1", name="城区站", crew="brigade", status="existing", units=1, lon=119.3005, lat=28.700)
    second = PlanSite(id="s2", name="东站", crew="micro_station", status="existing", units=1, lon=119.3299, lat=28.710)
    return Plan(name="today", sites=(first, second))


@pytest.fixture
def replayed(town, plan, demand):
    """Replay rows of cells, given by header."""

    def replay(rows, **options):
        table = pd.DataFrame(rows) if isinstance(rows, list) else rows
        settings = {"plan": plan, "network": town, "demand": demand, "standard": load_standard(), **options}
        return replay_incidents(table, **settings)

    return replay
