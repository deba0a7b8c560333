"""Whole scenarios over real roads, with the coverage of the summary recomputed by other code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import shared_file
from oracles_siting import coverage_share

from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import unproject
from rescuesim.scenario import Outcome, load_scenario, run

pytestmark = pytest.mark.slow

SCENARIO = """name = "{name}"
seed = 3
data_folders = ["{folder}"]
[network]
file = "{network}"
[sites]
file = "sites.csv"
[demand]
file = "demand.csv"
[siting]
n_sites = {n_sites}
[simulation]
replications = 20
horizon_days = 10
[disruption]
label = "断路"
closures = "closures.csv"
horizon_h = 24
[[disruption.outages]]
from_h = 0
until_h = 12
"""


def write_scenario(
    folder: Path, file: Path, network: RoadNetwork, *, n_sites: int, n_demand: int, open_sites: int
) -> Path:
    """Write tables of points beside the roads, and closures of some roads, for a network on disk."""
    rng = np.random.default_rng(11)
    on_motorways = np.isin(network.road_class, ["motorway", "motorway_link"])
    open_roads = np.setdiff1d(np.arange(network.n_roads), network.road[on_motorways])

    def beside(n: int) -> dict[str, np.ndarray]:
        lines = network.projected_lines()[rng.choice(open_roads, n, replace=False)]
        at = [line.interpolate(share, normalized=True) for line, share in zip(lines, rng.uniform(0, 1, n), strict=True)]
        off = rng.uniform(-60, 60, (2, n))
        lon, lat = unproject([p.x for p in at] + off[0], [p.y for p in at] + off[1], network.crs)
        return {"lon": lon.round(7), "lat": lat.round(7)}

    crews = ["brigade", *rng.choice(["micro_station", "micro_station", "township_duty"], n_sites - 1)]
    status = ["existing", "existing", *["candidate"] * (n_sites - 2)]
    pd.DataFrame({"id": [f"s{k}" for k in range(n_sites)], **beside(n_sites), "crew": crews, "status": status}).to_csv(
        folder / "sites.csv", index=False
    )
    demand = {"id": [f"d{k}" for k in range(n_demand)], "name": [f"村{k}" for k in range(n_demand)], **beside(n_demand)}
    demand |= {"people": rng.integers(50, 6000, n_demand), "township": rng.choice(["东乡", "西镇"], n_demand)}
    demand |= {"zone": rng.choice(["built_up", "industrial_park", "suburb", "dense_rural", "rural"], n_demand)}
    pd.DataFrame(demand).to_csv(folder / "demand.csv", index=False, encoding="gb18030")
    roads = rng.choice(network.n_roads, 8, replace=False)
    closures = {"road": roads, "closed_at_h": rng.integers(0, 6, 8), "reopened_at_h": rng.integers(8, 40, 8)}
    pd.DataFrame(closures).to_csv(folder / "closures.csv", index=False)
    place = file.resolve()
    text = SCENARIO.format(name=file.name, folder=place.parent.as_posix(), network=place.as_posix(), n_sites=open_sites)
    (folder / "scenario.toml").write_text(text, encoding="utf-8")
    return folder / "scenario.toml"


def check_coverage(outcome: Outcome, out: Path) -> None:
    """Recompute the built coverage of the summary from times, crews and zones, and nothing of the package's own."""
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    times, standard = outcome.times, outcome.prepared.standard
    plans = {
        "plan": [times.sites.ids.index(id_) for id_ in summary["siting"]["opened"]],
        "today": [j for j, status in enumerate(times.sites.statuses) if status == "existing"],
    }
    found = {
        (row["plan"], row["counted"]): row["value"]
        for row in summary["headline"]
        if row["figure"] == "built_coverage" and row["condition"] == "intact"
    }
    assert len(found) == 4
    for (plan, counted), value in found.items():
        weights = times.demand.people if counted == "people" else np.ones(len(times.demand))
        share = coverage_share(plans[plan], times.values, times.sites, times.demand, standard, weights)
        assert value == pytest.approx(share, abs=1e-12)
    assert 0 < found[("today", "people")] < found[("plan", "people")]


def test_the_raw_and_the_filtered_extract_give_the_same_results(tmp_path: Path, guixi: RoadNetwork) -> None:
    summaries = []
    for name in ("guixi.osm", "guixi_drive.osm"):
        folder = tmp_path / name
        folder.mkdir()
        file = shared_file(f"data/guixi_jiangxi_town/{name}")
        scenario = load_scenario(write_scenario(folder, file, guixi, n_sites=30, n_demand=120, open_sites=10))
        outcome = run(scenario, out=folder / "out", lang="zh")
        check_coverage(outcome, folder / "out")
        summary = json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))
        summaries.append({key: summary[key] for key in ("network", "siting", "headline", "differences", "misses")})
    assert summaries[0] == summaries[1]
    assert summaries[0]["siting"]["status"] == "optimal"


def test_a_scenario_over_wuhan_runs_with_500_points_and_80_candidates(tmp_path: Path, wuhan: RoadNetwork) -> None:
    file = shared_file("data/wuhan_fua/wuhan_drive.graphml.gz")
    scenario = load_scenario(write_scenario(tmp_path, file, wuhan, n_sites=80, n_demand=500, open_sites=25))
    outcome = run(scenario, out=tmp_path / "out")
    check_coverage(outcome, tmp_path / "out")
    assert outcome.solution.status == "optimal"
    assert (tmp_path / "out" / "report.html").stat().st_size < 8_000_000
