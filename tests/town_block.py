"""Four stations and four points in the hand-made town, simulated through a network."""

from __future__ import annotations

import hashlib
import io

import pandas as pd

from rescuesim.demand import load_demand
from rescuesim.plan import Plan, PlanSite
from rescuesim.simulation import CallModel, simulate
from rescuesim.standard import load_standard


def block_in(town):
    """Return plan, network, demand and standard."""
    at = {"p1": (119.301, 28.7001), "p2": (119.3099, 28.7050), "p3": (119.305, 28.7099), "p4": (119.327, 28.7101)}
    frame = pd.DataFrame([(id_, *place, 40_000) for id_, place in at.items()], columns=["id", "lon", "lat", "people"])
    frame["township"] = ["T", "T", "T", "U"]  # U has no station
    sites = (
        ("s1", 119.3001, 28.7001, "brigade"),
        ("s2", 119.3098, 28.7101, "township_duty"),
        ("s3", 119.3051, 28.7001, "ambulance"),
        ("s4", 119.3200, 28.7101, "village_on_call"),
    )
    plan = Plan(
        name="four",
        sites=tuple(
            PlanSite(id=id_, name=id_, crew=crew, status="existing", units=2, township="T", lon=lon, lat=lat)
            for id_, lon, lat, crew in sites
        ),
    )
    return {"plan": plan, "network": town, "demand": load_demand(frame), "standard": load_standard()}


def play_block(block, **options):
    """Simulate four replications of three days with about twelve calls a day."""
    model = CallModel(per_10k_people_year=300.0)
    return simulate(**block, **{"calls": model, "replications": 4, "horizon_s": 3 * 86400.0, "seed": 7, **options})


def in_bytes(result):
    """Digest all records as they are written to files."""
    digest = hashlib.sha256()
    for frame in (result.records, result.unit_records, result.mission_records):
        written = io.BytesIO()
        frame.to_parquet(written)
        digest.update(written.getvalue())
    return digest.hexdigest()
