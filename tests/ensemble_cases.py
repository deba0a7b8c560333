"""A small study on a valley of one road, made of public names alone, so that other processes can make it too."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from conftest import TOWN

from rescuesim.demand import load_demand
from rescuesim.disruption import Disruption, Disruptions, RoadOutage
from rescuesim.network import load_network
from rescuesim.network.states import Closure
from rescuesim.plan import Plan, PlanSite
from rescuesim.simulation import CallModel
from rescuesim.standard import load_standard

PLACES = {"a": (119.301, 28.7), "b": (119.31, 28.704), "c": (119.302, 28.71)}


def site(id_: str, crew: str) -> PlanSite:
    lon, lat = PLACES[id_]
    return PlanSite(id=id_, name=id_, crew=crew, status="existing", units=1, township="T", lon=lon, lat=lat)


def closed(label: str, road: int, probability: float = 1.0) -> Disruption:
    outage = RoadOutage(closure=Closure(road=road), from_s=3600.0, until_s=7 * 3600.0)
    return Disruption(label=label, roads=(outage,), probability=probability)


def town_study(folder: Path, **options: Any) -> dict[str, Any]:
    """Return the arguments of a study on the hand-made town: 2 plans × 3 sets of disruptions × 6 replications."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "town.osm"
    file.write_text(TOWN, encoding="utf-8")
    points = pd.DataFrame(
        {
            "id": ["v1", "v2", "v3"],
            "lon": [119.3, 119.31, 119.3],
            "lat": [28.705, 28.709, 28.7],
            "people": 50_000,
            "zone": ["built_up", "suburb", "dense_rural"],
        }
    )
    drawn = Disruptions(disruptions=tuple(closed(f"flood {k}", k % 3, 0.25) for k in range(4)))
    return {
        "plans": {
            "today": Plan(name="today", sites=(site("a", "brigade"),)),
            "plan": Plan(name="plan", sites=(site("a", "brigade"), site("b", "micro_station"))),
        },
        "network": load_network(file, cache=False),
        "demand": load_demand(points),
        "standard": load_standard(),
        "calls": CallModel(per_10k_people_year=200.0),
        "disruptions": {"intact": None, "bridge": closed("bridge", 1), "floods": drawn},
        "replications": 6,
        "horizon_s": 86400.0,
        "seed": 3,
        "block": 2,
        **options,
    }


def bytes_of(out: Path) -> dict[str, str]:
    """Hash every file of a folder by name, but the claim on it."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.iterdir())
        if path.name != ".lock"
    }


def with_another_seed(study: dict[str, Any]) -> dict[str, Any]:
    return {**study, "seed": study["seed"] + 1}


def without_people(study: dict[str, Any]) -> dict[str, Any]:
    return {**study, "demand": replace(study["demand"], people=study["demand"].people * 0)}
