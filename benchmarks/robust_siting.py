"""Robust against nominal plans: made on 1,000 flood states, judged on 1,000 fresh ones.

The states are the peaks of floods that the library draws: the water of the flash flood's preset, from the map of the
county, and from a field where there is none (Wuhan); what it closes, slows and washes out. The nominal plan covers as
much as possible on intact roads; the robust one as much as possible in the mean of the worst tenth of the states
(CVaR). Both are then judged on states of another seed, and the gain of the robust plan in the worst tenth is bounded by
a paired bootstrap over these states. The two networks are worked on side by side, a process each. The rival of the
timed rows is the mixed program of the same objective given to HiGHS at once, without groups that are shared by states,
search or bounds of our own.

The limits of the solver are wall time, meant for idle cores. On a shared machine set ROBUST_SLOWED to how many times
slower a process runs: the limits are then that much longer, and the CPU time of the longer process is what the whole
takes on two idle cores.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from runner import Row, cpu_median, main
from travel_cases import WUHAN, county, drawn

import rescuesim as rs
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.started import found_units, solve_started

TAIL, CONFIDENCE = 0.1, 0.95
N_STATES = 1000
NUMBERS = {"county": [26, 30, 45, 60, 100, 150], "Wuhan": [20, 40]}
LIMIT_S = {"county": 8.0, "Wuhan": 20.0}  # for each plan
SLOWED = float(os.environ.get("ROBUST_SLOWED", "1"))
Case = tuple[rs.RoadNetwork, rs.CandidateSites, rs.DemandPoints, Path | None]


def demo_county(folder: Path) -> Case:
    """Load the embedded county with its map of where water rises."""
    network, sites, demand = county(folder)
    return network, sites, demand, folder / "hazards.geojson"


def wuhan() -> Case:
    """Load Wuhan with 200 candidate sites and 4,000 points by lot."""
    network = rs.load_network(WUHAN)
    sites, demand = drawn(network, 200, 4000)
    rng = np.random.default_rng(1)
    places = demand.to_frame()[["id", "lon", "lat"]].assign(
        people=rng.integers(1, 3000, len(demand)), zone=rng.choice(["built_up", "suburb", "dense_rural"], len(demand))
    )
    return network, sites, rs.load_demand(places), None


def flood_of(network: rs.RoadNetwork, zones: Path | None) -> rs.Hazard:
    """Take the water of the flash flood alone: slides come at any time, water stands highest at one moment."""
    preset = rs.disruption_preset("flash_flood_landslides", network, zones=zones)
    assert preset.hazard is not None
    water = tuple(layer for layer in preset.hazard.layers if layer.kind == "flood_depth_m")
    return replace(preset.hazard, name="flood", layers=water)


def ensembles(case: Case, n: int) -> tuple[rs.TravelTimesEnsemble, rs.TravelTimesEnsemble]:
    """Draw the states to plan on, and as many fresh ones."""
    network, sites, demand, zones = case
    flood, cutoff_s = flood_of(network, zones), float(rs.load_standard().limits()["limit_s"].max())
    exposed = rs.exposed_roads(network, flood)
    peak_s = flood.timing_of("flood_depth_m").peak_from_s

    def drawn_times(seed: int) -> rs.TravelTimesEnsemble:
        floods = rs.sample_disruptions(network, flood, n, seed=seed, exposed=exposed)
        states = rs.network_states(floods, at_s=[peak_s]).merged()
        return rs.travel_times(network, sites, demand, states=states, cutoff_s=cutoff_s)

    return drawn_times(1), drawn_times(2)


def frontier(case: Case, n: int, numbers: list[int], limit_s: float) -> rs.RobustnessFrontier:
    """Plan on some states and judge on fresh ones."""
    seen, unseen = ensembles(case, n)
    return rs.robustness_frontier(
        seen,
        numbers,
        risks=["cvar"],
        tail=TAIL,
        fresh=unseen,
        standard=rs.load_standard(),
        solve_limit_s=limit_s,
        confidence=CONFIDENCE,
        seed=1,
    )


def against_one_program(folder: Path, n_states: int, n_sites: int, limit_s: float) -> Row:
    """Compare with the mixed program alone; it may prove less, and must not find more."""
    times, _ = ensembles(demo_county(folder), n_states)
    standard, objective = rs.load_standard(), rs.MaxCoverage(n_sites, risk="cvar", tail=TAIL)
    rs.site(times, objective, standard=standard, solve_limit_s=1)  # compiled by now
    ours_s, ours = cpu_median(lambda: rs.site(times, objective, standard=standard, solve_limit_s=limit_s), repeats=1)
    asked = ours.asked
    assert asked is not None
    problem = asked.problem

    def program() -> float:
        run = Run(clock=Clock(limit_s=limit_s), workers=1, seed=1, relative_gap=0.0)
        formulation = asked.model.formulate(problem, objective)
        found = solve_started(
            problem,
            formulation,
            run,
            start=np.r_[problem.must_open.astype(np.float64), np.zeros(len(formulation.objective) - problem.n_sites)],
            units_of=lambda x: np.rint(x[: problem.n_sites]).astype(np.int64),
            value=lambda units: asked.model.value(problem, objective, _found(units)),
            ceiling=math.fsum(problem.demand.weights.tolist()),
        )
        return found.objective

    theirs_s, theirs = cpu_median(program, repeats=1)
    return Row(
        case=f"county, CVaR of {n_states} states, {n_sites} sites",
        rival=f"mixed program alone, {limit_s:g} s",
        ratio=theirs_s / ours_s,
        equal=bool(ours.objective >= theirs - 1e-6 and ours.best_bound >= ours.objective - 1e-6),
        ours_s=ours_s,
        rival_s=theirs_s,
    )


def _found(units: NDArray[np.int64]) -> Found:
    return found_units(units, math.nan, math.inf, status="feasible", bound_source="")


def bench(quick: bool) -> list[Row]:
    """Compare the way to the plan with that of one mixed program."""
    with tempfile.TemporaryDirectory() as folder:
        n_states, limit_s = (60, 8.0) if quick else (300, 60.0)
        return [against_one_program(Path(folder), n_states, 45, limit_s)]


def judged(name: str) -> tuple[str, rs.RobustnessFrontier, float]:
    """Judge the plans of one network, from its files on; what a process does. Also its CPU time."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        case = demo_county(Path(folder)) if name == "county" else wuhan()
        found = frontier(case, N_STATES, NUMBERS[name], LIMIT_S[name] * SLOWED)
        return name, found, time.process_time() - began


def figures() -> str:
    """Judge the plans on the county and, where the data is there, on Wuhan."""
    began = time.time()
    names = ["county", "Wuhan"] if WUHAN.exists() else ["county"]
    with ProcessPoolExecutor(len(names), mp_context=get_context("spawn")) as processes:
        tables = list(processes.map(judged, names))
    each = " and ".join(f"{cpu_s:.0f} s ({name})" for name, _, cpu_s in tables)
    spent = f"{time.time() - began:.0f} s of wall time, {each} of CPU time in a process each"
    spent += f", on a machine {SLOWED:g} times slower than idle" if SLOWED > 1 else ""
    head = (
        "| network | sites | gap | intact weight given up | worst tenth, nominal | robust | gain | at least (95 %) |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    lines, without = [], []
    for name, found, _ in tables:
        rows = found.points.set_index(["n_sites", "aim"])
        for number in dict.fromkeys(found.points["n_sites"]):
            usual, robust = (rows.loc[(number, aim)] for aim in ("intact", f"cvar {TAIL:g}"))
            lines.append(
                f"| {name} | {number} | {robust['gap']:.2%} | {robust['given_up']:,.0f} of {usual['intact']:,.0f} "
                f"| {usual['fresh_tail']:,.0f} | {robust['fresh_tail']:,.0f} | {robust['fresh_gained']:,.0f} "
                f"| {robust['fresh_gained_low']:,.0f} |"
            )
            if not robust["fresh_gained_low"] > 0:
                without.append(f"{name} {number}")
    said = f"Numbers of sites at which the bound is not above 0: {', '.join(without) or 'none'}."
    return "\n".join([head, *lines, "", f"{said} From files to this table: {spent}, 2 × {N_STATES:,} states each."])


if __name__ == "__main__":
    main("robust siting", ["numpy", "scipy", "ortools", "numba"], bench, figures=figures)
