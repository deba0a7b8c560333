"""Robust against nominal plans: made on 1,000 flood states, judged on 1,000 fresh ones.

The nominal plan covers as much as possible on intact roads; the robust one as much as possible in the mean of the worst
tenth of the states (CVaR). Both are then judged on states that neither has seen, and the gain of the robust plan in the
worst tenth is bounded by a paired bootstrap over these states. The rival of the timed rows is the mixed program of the
same objective given to HiGHS at once, without groups that are shared by states, search or bounds of our own.
"""

from __future__ import annotations

import math
import tempfile
import time
from pathlib import Path

import numpy as np
from flood_states import flood_states, low_roads
from numpy.typing import NDArray
from runner import Row, cpu_median, main
from travel_cases import WUHAN, county, drawn

import rescuesim as rs
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.started import found_units, solve_started

TAIL, CONFIDENCE = 0.1, 0.95
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


def ensembles(case: Case, n: int) -> tuple[rs.TravelTimesEnsemble, rs.TravelTimesEnsemble]:
    """Draw the states to plan on, and as many fresh ones."""
    network, sites, demand, zones = case
    strength, cutoff_s = low_roads(network, zones), float(rs.load_standard().limits()["limit_s"].max())
    seen, unseen = (
        rs.travel_times(network, sites, demand, states=flood_states(network, strength, n, seed=seed), cutoff_s=cutoff_s)
        for seed in (1, 2)
    )
    return seen, unseen


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


def figures() -> str:
    """Judge the plans on the county and, where the data is there, on Wuhan."""
    began, cpu = time.time(), time.process_time()
    tables = []
    with tempfile.TemporaryDirectory() as folder:
        tables.append(("county", frontier(demo_county(Path(folder)), 1000, [26, 30, 45, 60, 100, 150], 12.0)))
        if WUHAN.exists():
            tables.append(("Wuhan", frontier(wuhan(), 1000, [20, 40], 32.0)))
    spent = f"{time.time() - began:.0f} s of wall time, {time.process_time() - cpu:.0f} s of CPU time"
    head = (
        "| network | sites | gap | intact weight given up | worst tenth, nominal | robust | gain | at least (95 %) |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    lines, without = [], []
    for name, found in tables:
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
    return "\n".join(
        [head, *lines, "", f"{said} Both networks from files to this table: {spent}, 2 × 1,000 states each."]
    )


if __name__ == "__main__":
    main("robust siting", ["numpy", "scipy", "ortools", "numba"], bench, figures=figures)
