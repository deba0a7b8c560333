"""Calls and results written by hand, for the tests of attainment."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from rescuesim.demand import load_demand
from rescuesim.plan import Plan, PlanSite
from rescuesim.simulation import SimulationResult
from rescuesim.simulation.trajectory import STAMPS
from rescuesim.standard import ResponseStandard, load_standard

DEMAND = load_demand(
    pd.DataFrame(
        {
            "id": ["city", "village", "hills"],
            "lon": [119.3] * 3,
            "lat": [28.7] * 3,
            "people": [1000, 300, 50],
            "zone": ["built_up", "dense_rural", "rural"],
            "township": ["城关镇", "上乡", "上乡"],
        }
    )
)
PLAN = Plan(name="plan", sites=(PlanSite(id="s1", name="站", crew="brigade", status="existing", units=1),))


def call(replication: int, number: int, point: str, spent: list[float], **other: object) -> dict[str, object]:
    """Write one call whose intervals are given in the order of the stamps; missing ones are NaN."""
    at = [100.0 * number, *(100.0 * number + np.cumsum(spent)).tolist()]
    at += [math.nan] * (len(STAMPS) - len(at))
    zone = DEMAND.zones[DEMAND.ids.index(point)]
    found = {
        "replication": replication,
        "call": number,
        "demand_id": point,
        "zone": zone,
        "township": "t",
        "type": "fire",
    }
    found |= {"genuine": True, "unit": "s1#1", "site": "s1", "crew": "brigade", "channel": "public_network"}
    found |= {"redispatched": 0, "outcome": "handled", **other}
    return found | {f"{name}_at_s": stamp for name, stamp in zip(STAMPS, at, strict=True)}


def result_of(
    calls: list[dict[str, object]],
    *,
    replications: int = 2,
    standard: ResponseStandard | None = None,
    horizon_s: float = 1e6,
    condition: str = "intact",
) -> SimulationResult:
    return SimulationResult(
        plan=PLAN,
        standard=standard or load_standard(),
        demand=DEMAND,
        condition=condition,
        replications=replications,
        horizon_s=horizon_s,
        seed=0,
        records=pd.DataFrame(calls),
        unit_records=pd.DataFrame(),
    )


IN_TIME = [6.0, 35.0, 0.0, 0.0, 50.0, 100.0, 30.0, 600.0, 100.0]
