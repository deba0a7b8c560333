"""Critical roads: all roads in one pass against closing them one by one.

Closing every road takes from minutes to hours, so the rival closes a sample, the roads with the largest losses and
others by lot, and its time is extrapolated to all roads; ``equal`` is about the sample. The rival is the library's own
`TravelTimesEnsemble` with a state for each road: it snaps and cuts the roads once, knows the open sites alone and looks
no farther than the longest limit. What it prepares once is not counted.
"""

from __future__ import annotations

import csv
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from runner import Row, cpu_median, main
from travel_cases import county, drawn

import rescuesim as rs
from rescuesim.siting import covered_points, pair_limits

Case = tuple[rs.RoadNetwork, rs.CandidateSites, rs.DemandPoints]


def demo_county() -> Case:
    """Return the embedded county with the sites of today."""
    with tempfile.TemporaryDirectory() as folder:
        network, sites, demand = county(Path(folder))
    frame = sites.to_frame()
    return network, rs.load_sites(frame[frame["status"] == "existing"].reset_index(drop=True)), demand


def shared(name: str) -> Path:
    """Return a path in the shared data."""
    return Path(os.environ.get("RESCUESIM_SHARED", "../shared")) / "data" / name


def turkoglu() -> Case:
    """Return Türkoğlu with its graded buildings as points and twelve stations by lot, of which the data has none."""
    network = rs.load_network(shared("kahramanmaras_quake/graph_turkoglu.graphml"))
    with shared("kahramanmaras_quake/kahramanmaras_emsr648.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    buildings = pd.DataFrame(
        {
            "id": [f"b{k}" for k in range(len(rows))],
            "lon": [float(row["lon"]) for row in rows],
            "lat": [float(row["lat"]) for row in rows],
            "people": [float(row["area_m2"]) for row in rows],
            "zone": "built_up",
        }
    )
    stations, _ = drawn(network, 12, 1)
    return network, open_(stations), rs.load_demand(buildings)


def wuhan() -> Case:
    """Return Wuhan with 200 stations and 4,000 points by lot."""
    network = rs.load_network(shared("wuhan_fua/wuhan_drive.graphml.gz"))
    sites, demand = drawn(network, 200, 4000)
    rng = np.random.default_rng(1)
    places = demand.to_frame()[["id", "lon", "lat"]].assign(
        people=rng.integers(1, 3000, len(demand)), zone=rng.choice(["built_up", "suburb", "dense_rural"], len(demand))
    )
    return network, open_(sites), rs.load_demand(places)


def open_(sites: rs.CandidateSites) -> rs.CandidateSites:
    """Return the sites as existing ones."""
    return rs.load_sites(sites.to_frame()[["id", "lon", "lat", "crew"]].assign(status="existing"))


def closing(case: Case, standard: rs.ResponseStandard, roads: list[int], longest_s: float) -> tuple[float, list[float]]:
    """Close roads one by one; return the CPU time of one, in seconds, and the people whom each loses."""
    network, sites, demand = case
    everyone = np.ones(len(sites), dtype=np.bool_)

    def people(times: rs.TravelTimes) -> float:
        return float(demand.people[covered_points(pair_limits(times, standard=standard), everyone)].sum())

    states = rs.NetworkStates.from_closures([{road} for road in roads])
    ensemble = rs.travel_times(network, sites, demand, states=states, cutoff_s=longest_s)
    intact = people(ensemble.intact)
    next(iter(ensemble))  # what is prepared once for all states is not counted
    began = time.process_time()
    lost = [intact - people(times) for times in ensemble]
    return (time.process_time() - began) / len(roads), lost


def compared(name: str, case: Case, standard: rs.ResponseStandard, *, sample: int, repeats: int) -> Row:
    """Compare the losses of all roads with those of closing a sample."""
    frame = rs.critical_roads(*case, standard)  # compiled by now
    ours_s, frame = cpu_median(lambda: rs.critical_roads(*case, standard), repeats=repeats)
    rest = np.random.default_rng(0).choice(frame["road"].to_numpy()[sample // 2 :], sample // 2, replace=False)
    rows = pd.concat([frame.head(sample // 2), frame[frame["road"].isin(rest)]])
    longest_s = float(standard.limits()["limit_s"].max())
    each_s, lost = closing(case, standard, rows["road"].tolist(), longest_s)
    return Row(
        case=f"{name}: {len(frame):,} roads, {len(case[1])} sites, {len(case[2]):,} points",
        rival=f"closing each road, from {len(rows)}",
        ratio=each_s * len(frame) / ours_s,
        equal=bool(np.allclose(rows["people_lost"].to_numpy(), lost, rtol=0, atol=1e-6)),
        ours_s=ours_s,
        rival_s=each_s * len(frame),
    )


def bench(quick: bool) -> list[Row]:
    """Compare on the county, and on Türkoğlu and Wuhan unless quick."""
    standard = rs.load_standard()
    cases: list[tuple[str, Callable[[], Case]]] = [("county", demo_county)]
    if not quick and shared("wuhan_fua").exists():
        cases += [("Türkoğlu", turkoglu), ("Wuhan", wuhan)]
    size = {"sample": 10, "repeats": 1} if quick else {"sample": 200, "repeats": 3}
    return [compared(name, make(), standard, **size) for name, make in cases]


if __name__ == "__main__":
    main("critical roads", ["numpy", "scipy", "numba"], bench)
