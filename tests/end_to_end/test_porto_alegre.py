"""Porto Alegre from its hexagons to a plan: nobody lost, both circles planned, the quality of the data shown."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import shared_file

import rescuesim as rs
from rescuesim.cli import main
from rescuesim.quality import REASON_CODES

pytestmark = pytest.mark.slow

SCENARIO = """name = "Porto Alegre"
seed = 1
[network]
file = "portoalegre_drive.osm.gz"
elevation = "poa_elevation.tif"
off_road = "report"
[sites]
file = "sites.csv"
[demand]
file = "demand.csv"
[siting]
n_sites = 20
[simulation]
replications = 4
horizon_days = 7
"""
PEOPLE = 812_935


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a scenario made of the hexagons: people on roads, schools and hospitals, zones by density."""
    made = tmp_path_factory.mktemp("porto_alegre")
    for name in ("portoalegre_drive.osm.gz", "poa_elevation.tif"):
        shutil.copy(shared_file(f"data/portoalegre_pop/{name}"), made)
    hexagons = shared_file("data/portoalegre_pop/poa_hexgrid.csv")
    network = rs.load_network(made / "portoalegre_drive.osm.gz")
    city = rs.assign_zones(rs.spread_population(rs.read_population(hexagons), network=network))
    city = rs.add_places(city, rs.places_from_counts(hexagons, {"schools": "school", "healthcare": "hospital"}))
    rs.calls_from_rates(city).to_frame().to_csv(made / "demand.csv", index=False, encoding="utf-8-sig")
    write_sites(city, made / "sites.csv")
    (made / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
    return made


def write_sites(city: rs.DemandPoints, path: Path, n: int = 60) -> None:
    """Write sites at points with people, each the farthest from those before it."""
    assert city.lon is not None
    assert city.lat is not None
    places = np.column_stack([city.lon * np.cos(np.radians(30)), city.lat])
    chosen = [int(np.argmax(city.people))]
    nearest = np.full(len(city), np.inf)
    while len(chosen) < n:
        nearest = np.minimum(nearest, np.hypot(*(places - places[chosen[-1]]).T))
        chosen.append(int(np.argmax(np.where(city.people > 0, nearest, -1))))
    frame = {
        "id": [f"s{k:02d}" for k in range(n)],
        "lon": city.lon[chosen],
        "lat": city.lat[chosen],
        "status": ["existing"] * 4 + ["candidate"] * (n - 4),
        "crew": ["brigade"] * 4 + ["micro_station"] * (n - 4),
    }
    pd.DataFrame(frame).to_csv(path, index=False)


def test_nobody_is_lost_and_schools_and_hospitals_are_classes_of_their_own(folder: Path) -> None:
    demand = rs.load_demand(folder / "demand.csv")
    assert demand.people.sum() == PEOPLE
    assert (demand.people == np.rint(demand.people)).all()
    hexagons = pd.read_csv(shared_file("data/portoalegre_pop/poa_hexgrid.csv"))
    kinds = pd.Series(demand.kinds)
    assert (kinds == "school").sum() == hexagons["schools"].sum()
    assert (kinds == "hospital").sum() == hexagons["healthcare"].sum()


def test_check_shows_the_quality_of_the_data(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["check", str(folder / "scenario.toml"), "--out", str(tmp_path)])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert "no_road_in_range" in said
    assert "grades from elevations" in said
    table = pd.read_csv(tmp_path / "demand_quality.csv")
    demand = rs.load_demand(folder / "demand.csv")
    assert len(table) == len(demand)
    assert set(table["reason"]) <= set(REASON_CODES)
    off_road = table["id"].isin([id_ for id_, people in zip(demand.ids, demand.people, strict=True) if people > 0])
    assert (off_road & (table["reason"] == "no_road_in_range")).sum() == 8  # cells whose roads the map lacks
    assert (tmp_path / "demand_quality.gpkg").stat().st_size > 0


def test_both_circles_are_planned_and_every_person_is_in_the_figures(folder: Path, tmp_path: Path) -> None:
    outcome = rs.run(rs.load_scenario(folder / "scenario.toml"), out=tmp_path / "out")
    assert outcome.solution.status == "optimal"
    points = outcome.solution.points
    zones = dict(zip(outcome.prepared.demand.ids, outcome.prepared.demand.zones, strict=True))
    covered = {zones[id_] for id_, is_covered in zip(points["id"], points["covered"], strict=True) if is_covered}
    assert "built_up" in covered
    assert {"suburb", "dense_rural"} & covered
    assert sum(outcome.prepared.people.values()) == PEOPLE
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    built = {
        row["plan"]: row["value"]
        for row in summary["headline"]
        if (row["figure"], row["condition"], row["counted"]) == ("built_coverage", "intact", "people")
    }
    assert 0 < built["today"] < built["plan"] < 1
