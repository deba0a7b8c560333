"""Every preset on the embedded county and the earthquake of Türkoğlu: what each means for people, and maps of them.

The table is of the samples' means, by probability. Türkoğlu is a replay: graded buildings, their debris on the streets,
crews that clear them. The data there has neither stations nor people: 12 stations stand where a lot with a fixed seed
puts them, and 200 graded buildings, drawn by lot too, are places of 100 people. The timed row draws samples with the
roads prepared once; its rival prepares them for each sample.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from runner import Row, main
from travel_cases import SHARED

import rescuesim as rs
from rescuesim.report.disrupted.answer import answer_by_township
from rescuesim.scenario.demo import write_demo_county
from rescuesim.scenario.model import load_scenario
from rescuesim.scenario.prepare import Prepared, prepare

N_SAMPLES = 8
QUAKE = SHARED / "kahramanmaras_quake"
Case = tuple[str, rs.RoadNetwork, rs.DisruptionMeasures, rs.Disruptions]


def prepared_for(county: Path, preset: str, samples: int) -> Prepared:
    """Load the scenario of a preset that the demo writes."""
    scenario = load_scenario(county / f"{preset}.toml")
    assert scenario.disruption is not None
    section = scenario.disruption.model_copy(update={"samples": samples})
    checked = prepare(scenario.model_copy(update={"disruption": section}))
    assert checked.prepared is not None, checked.faults
    return checked.prepared


def preset_case(county: Path, preset: str, samples: int) -> Case:
    """Draw a preset and measure it."""
    ready = prepared_for(county, preset, samples)
    assert ready.drawing is not None
    hits = ready.drawing.draw()
    measures = rs.disruption_measures(
        hits,
        network=ready.network,
        sites=ready.sites,
        demand=ready.demand,
        standard=ready.standard,
        serves=ready.drawing.serves(),
        assets_of=0,
    )
    return rs.disruption_presets("en")[preset], ready.network, measures, hits


def turkoglu() -> Case:
    """Replay the debris of graded buildings, with crews that clear it."""
    network = rs.load_network(QUAKE / "graph_turkoglu.graphml")
    table = QUAKE / "kahramanmaras_emsr648.csv"
    frame = pd.read_csv(table)
    near = shapely.box(network.lon.min(), network.lat.min(), network.lon.max(), network.lat.max())
    frame = frame[shapely.contains_xy(near, frame["lon"], frame["lat"])].reset_index(drop=True)
    damages, _ = rs.debris_damages(network, rs.load_graded_buildings(frame))
    rng = np.random.default_rng(0)
    lines = network.road_line[rng.choice(network.n_roads, 12, replace=False)]
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    stations = pd.DataFrame({"id": [f"s{k}" for k in range(12)], "lon": middle[:, 0], "lat": middle[:, 1]})
    stations = stations.assign(status="existing", crew=["brigade", "micro_station"] * 6)
    chosen = frame.iloc[np.sort(rng.choice(len(frame), min(200, len(frame)), replace=False))]
    places = pd.DataFrame({"id": [f"b{k}" for k in chosen.index], "lon": chosen["lon"], "lat": chosen["lat"]})
    sites, demand = rs.load_sites(stations), rs.load_demand(places.assign(people=100, zone="built_up"))
    crews = [rs.RepairCrew(id=f"crew {k}", site=f"s{k}") for k in (0, 4, 8)]
    repairs = rs.repair_roads(network, damages, crews, horizon_s=72 * 3600, onset_h=4, sites=sites)
    replay = rs.Disruption(label="Türkoğlu 2023", roads=repairs.outages)
    hits = rs.Disruptions(disruptions=(replay,))
    measures = rs.disruption_measures(
        hits, network=network, sites=sites, demand=demand, standard=rs.load_standard(), assets_of=0
    )
    return "Türkoğlu replay", network, measures, hits


def line_of(case: Case) -> str:
    """Return the row of a case."""
    name, _, measures, hits = case
    answer = answer_by_township(measures).iloc[0]
    shut = [len({one.closure.road for one in each.roads if one.closure.shuts}) for each in hits]
    usual = answer["inner_normal"] + answer["outer_normal"]
    covered = (measures.summary["people_covered_least"].to_numpy() * hits.probability).sum()
    states = " | ".join(f"{answer[f'{state}_mean']:.1f}" for state in ("isolated", "flooded", "silent", "dark"))
    heard, reached = (
        f"{answer[key]:.1f}" if np.isfinite(answer[key]) else "not in 72 h"
        for key in ("contacted_h_worst", "reached_h_worst")
    )
    back = measures.summary["cover_back_min"].to_numpy(np.float64)
    late = "not in 72 h" if not np.isfinite(back).all() else f"{back.max():,.0f}"
    roads = f"{min(shut)} to {max(shut)}" if len(shut) > 1 else str(shut[0])
    return (
        f"| {name} | {len(hits)} | {roads} | {usual:,.0f} | {covered:,.0f} | {states} | {heard} | {reached} | {late} |"
    )


def draw_maps(case: Case, folder: Path) -> None:
    """Write the worst moment and the course of a case."""
    name, network, measures, _ = case
    folder.mkdir(parents=True, exist_ok=True)
    stem = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name)
    several: list[Any] = rs.plot_disruption_over_time(measures, network).ravel().tolist()
    drawn: dict[str, Any] = {"": rs.plot_disruption(measures, network), "_over_time": several[0]}
    for ending, axes in drawn.items():
        axes.get_figure(root=True).savefig(folder / f"{stem}{ending}.png", dpi=110)


def bench(quick: bool) -> list[Row]:
    """Draw with roads prepared once, and anew for each sample."""
    with tempfile.TemporaryDirectory() as folder:
        county = write_demo_county(Path(folder)).parent
        ready = prepared_for(county, "earthquake", 1)
        assert ready.drawing is not None
        hazard, network, n = ready.drawing.hazard, ready.network, 2 if quick else 4
        assert hazard is not None
        roads = rs.exposed_roads(network, hazard)
        roads.damages(seed=1, sample=0)
        began = time.process_time()
        exposed = rs.exposed_roads(network, hazard)
        ours = [exposed.damages(seed=1, sample=sample) for sample in range(n)]
        ours_s = time.process_time() - began
        began = time.process_time()
        theirs = [rs.road_damages(network, hazard, seed=1, sample=sample) for sample in range(n)]
        rival_s = time.process_time() - began
    same = all(mine[0] == other[0] and mine[1] == other[1] for mine, other in zip(ours, theirs, strict=True))
    case = f"damages of {n} earthquakes on the county"
    return [
        Row(
            case=case,
            rival="roads prepared for each",
            ratio=rival_s / ours_s,
            equal=same,
            ours_s=ours_s,
            rival_s=rival_s,
        )
    ]


def figures() -> str:
    """Measure every preset, and draw it where PRESET_MAPS names a folder."""
    head = (
        "| event | samples | roads shut | in circles, normal | at the worst | isolated | flooded | silent | dark | "
        "all heard of, h | all reached, h | cover back, min |\n" + "|---|" + "---|" * 11
    )
    lines, maps = [], os.environ.get("PRESET_MAPS")
    with tempfile.TemporaryDirectory() as folder:
        county = write_demo_county(Path(folder)).parent
        cases: list[Callable[[], Case]] = [
            partial(preset_case, county, name, N_SAMPLES) for name in rs.disruption_presets()
        ]
        if QUAKE.exists():
            cases.append(turkoglu)
        for make in cases:
            case = make()
            lines.append(line_of(case))
            if maps:
                draw_maps(case, Path(maps))
    return "\n".join(
        [
            head,
            *lines,
            "",
            "People and villages: the mean over the samples of their worst moments. Hours and minutes: the latest. "
            "Crews as in the files of `scenarios/`. Türkoğlu: stations and 200 places of 100 people by lot (seed 0).",
        ]
    )


if __name__ == "__main__":
    main("presets", ["numpy", "scipy", "numba"], bench, figures=figures)
