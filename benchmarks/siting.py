"""Siting: the covering models as rescuesim solves them, against spopt, HiGHS and CP-SAT as they come.

Ratios are CPU times of the rival to ours. ``equal``: both proved the same optimum, or neither has a value beyond the bound
that the other one proved. Ours stops at the gap or the time that is required, the rival after a minute.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from runner import Row, main
from scipy.sparse import csr_array, vstack
from siting_cases import Case, case
from siting_rivals import run_rival

import rescuesim as rs
from rescuesim.siting.covering import Cover, maximise, merged_rows
from rescuesim.siting.found import Clock, Run
from rescuesim.siting.site_rows import row_of

RIVAL_S = 60.0
# seconds and gap that are required
MCLP_REQUIRED = {"XS": (20.0, 0.0), "S": (5.0, 0.015), "M": (25.0, 0.01), "L": (75.0, 0.005)}
LSCP_REQUIRED_S = {"XS": 10.0, "S": 10.0, "M": 10.0, "L": 30.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What we did on a case."""

    case: str
    wall_s: float
    cpu_s: float
    value: float
    bound: float
    gap: float
    status: str


def ours(name: str, one: Case, objective: rs.MaxCoverage | rs.MinSites, limit_s: float, gap: float = 0.0) -> Figure:
    """Site with verification and the reasons of every point included."""
    began, wall = time.process_time(), time.perf_counter()
    found = rs.site(one.times, objective, limit_s=one.limit_s, solve_limit_s=limit_s, relative_gap=gap)
    return Figure(
        case=name,
        wall_s=time.perf_counter() - wall,
        cpu_s=time.process_time() - began,
        value=found.objective,
        bound=found.best_bound,
        gap=found.gap,
        status=found.status,
    )


def covers_of(one: Case) -> csr_array:
    """Return who covers whom, points by sites."""
    return csr_array(rs.pair_limits(one.times, limit_s=one.limit_s).covers)


def against_rival(figure: Figure, one: Case, rival: str, n_sites: int | None, limit_s: float) -> Row:
    """Let a rival solve a case and compare."""
    weight = one.times.demand.weights
    theirs = run_rival(rival, covers_of(one), weight, n_sites, limit_s)
    more = 1 if n_sites is not None else -1
    proved = figure.status == "optimal"
    if theirs.proved and proved:
        equal = math.isclose(theirs.value, figure.value)
    elif theirs.message:
        equal = False
    else:
        allowed = math.isnan(theirs.value) or more * (figure.bound - theirs.value) >= -1e-6
        equal = allowed and (math.isnan(theirs.bound) or more * (theirs.bound - figure.value) >= -1e-6)
    spent = theirs.build_s + theirs.solve_s
    what = theirs.message or ("proved" if theirs.proved else f"stopped at {theirs.value:g}")
    return Row(
        case=figure.case,
        rival=f"{rival}: {what}",
        ratio=spent / max(figure.cpu_s, 1e-9),
        equal=equal,
        ours_s=figure.cpu_s,
        rival_s=spent,
    )


def build_row(one: Case) -> Row:
    """Compare how long it takes to build MCLP: covers, merged groups and bounds here, the whole model there."""
    covers_of(one)
    began = time.process_time()
    limits = rs.pair_limits(one.times, limit_s=one.limit_s)
    number = row_of(np.ones(len(one.times.sites), dtype=np.int64), "number of sites", upper=one.n_sites)
    merged_rows(Cover.of(limits.covers, one.times.demand.weights, rows=number))
    ours_s = time.process_time() - began
    theirs = run_rival("spopt_cbc", limits.covers, one.times.demand.weights, one.n_sites, 0.0)
    rival = "spopt, build" + (f": {theirs.message}" if theirs.message else "")
    return Row(
        case=f"MCLP {one.name}: build",
        rival=rival,
        ratio=theirs.build_s / ours_s,
        equal=not theirs.message,
        ours_s=ours_s,
        rival_s=theirs.build_s,
    )


def states_cover(n_states: int, n_sites: int = 300, n_points: int = 3_000) -> tuple[csr_array, NDArray[np.float64]]:
    """Draw who covers whom in states of broken roads: in each, some sites reach less and some nobody."""
    random = np.random.default_rng(7)
    place, points = random.uniform(0, 1, (n_sites, 2)), random.uniform(0, 1, (n_points, 2))
    away = np.hypot(*(points[:, None] - place[None]).transpose(2, 0, 1))
    people = np.ceil(random.lognormal(2.0, 1.0, n_points))
    blocks = []
    for _ in range(n_states):
        slower = np.where(random.random(n_sites) < 0.15, random.choice([1.5, np.inf], n_sites), 1.0)
        blocks.append(csr_array(away * slower <= 0.08))
    return csr_array(vstack(blocks)), np.tile(people / n_states, n_states)


def over_states(n_states: int) -> tuple[Figure, float]:
    """Solve MCLP by the mean over states; also return the seconds that merging took."""
    covers, weight = states_cover(n_states)
    number = row_of(np.ones(covers.shape[1], dtype=np.int64), "number of sites", upper=25)
    cover = Cover.of(covers, weight, rows=number)
    began = time.process_time()
    merged, _ = merged_rows(cover)
    merging_s = time.process_time() - began
    began, wall = time.process_time(), time.perf_counter()
    found = maximise(merged, Run(clock=Clock(limit_s=5.0), relative_gap=0.003))
    figure = Figure(
        case=f"MCLP, mean over {n_states} states, {len(weight):,} rows, {merged.n_groups:,} after merging",
        wall_s=time.perf_counter() - wall,
        cpu_s=time.process_time() - began,
        value=found.objective,
        bound=found.best_bound,
        gap=(found.best_bound - found.objective) / found.objective,
        status=found.status,
    )
    return figure, merging_s


def bench(quick: bool) -> list[Row]:
    """Compare both models at growing sizes."""
    rs_warm_up()
    rows = []
    for name in ("XS",) if quick else ("S", "M", "L"):
        one = case(name)
        lscp = ours(f"LSCP {name}", one, rs.MinSites(), LSCP_REQUIRED_S[name])
        limit_s, gap = MCLP_REQUIRED[name]
        mclp = ours(f"MCLP {name}, p = {one.n_sites}, to {gap:.1%}", one, rs.MaxCoverage(one.n_sites), limit_s, gap)
        limit = 10.0 if quick else RIVAL_S
        rivals = ("cp_sat",) if quick else ("cp_sat", "highs")
        for rival in (*rivals, *(() if quick or name != "S" else ("spopt_cbc", "spopt_highs"))):
            rows.append(against_rival(lscp, one, rival, None, limit))
            rows.append(against_rival(mclp, one, rival, one.n_sites, limit))
        if name != "L" and not quick:
            rows.append(build_row(one))
    return rows


def rs_warm_up() -> None:
    """Compile or load the kernels before any time is taken."""
    from rescuesim.siting.warm_up import warm_up

    warm_up()


def required() -> list[Figure]:
    """Measure what is required of each size, with the time limit and no gap to stop at."""
    rs_warm_up()
    figures = []
    for name in ("S", "M", "L"):
        one = case(name)
        figures.append(ours(f"LSCP {name}", one, rs.MinSites(), LSCP_REQUIRED_S[name]))
        objective = rs.MaxCoverage(one.n_sites)
        figures.append(ours(f"MCLP {name}, p = {one.n_sites}", one, objective, MCLP_REQUIRED[name][0]))
    figures.append(over_states(200)[0])
    return figures


def _figures() -> str:
    lines = ["| case | wall, s | CPU, s | value | bound | gap | status |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {f.case} | {f.wall_s:.1f} | {f.cpu_s:.1f} | {f.value:,.0f} | {f.bound:,.0f} | {f.gap:.2%} | {f.status} |"
        for f in required()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    figures: Callable[[], str] = _figures
    main("siting", ["ortools", "numpy", "scipy"], bench, figures=figures)
