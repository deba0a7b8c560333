"""Siting: the covering models as rescuesim solves them, against spopt, HiGHS and CP-SAT as they come.

Cases are drawn twice, by our own generator and by the laboratory's, which is read where ``RESCUESIM_SHARED`` names it
and left out otherwise. Ratios are CPU times of the rival to ours. ``equal``: both proved the same optimum, or neither
has a value beyond the bound that the other one proved. Ours stops at the gap or the time that is required, the rival
after half a minute; building a model may take it five minutes.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from runner import Row, main
from scipy.sparse import csr_array, vstack
from siting_cases import SIZES, Case, case, laboratory, laboratory_case
from siting_rivals import Outcome, run_rival

import rescuesim as rs
from rescuesim.siting.covering import Cover, maximise, merged_rows
from rescuesim.siting.found import Clock, Run
from rescuesim.siting.site_rows import row_of

RIVAL_S, BUILD_S = 30.0, 300.0
PLOT = Path(__file__).with_name("siting_gaps.png")
# seconds and gap that are required
MCLP_REQUIRED = {"XS": (20.0, 0.0), "S": (5.0, 0.015), "M": (25.0, 0.01), "L": (75.0, 0.005)}
LSCP_REQUIRED_S = {"XS": 10.0, "S": 10.0, "M": 10.0, "L": 30.0}

# seconds, values and bounds by who and which size
_TRACES: dict[tuple[str, str], list[list[float]]] = {}


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
    theirs = run_rival(rival, covers_of(one), weight, n_sites, limit_s, build_limit_s=BUILD_S)
    if n_sites is not None:
        _TRACES[rival, one.name] = theirs.trace
    spent = theirs.build_s + (0.0 if math.isnan(theirs.solve_s) else theirs.solve_s)
    what = theirs.message or ("proved" if theirs.proved else f"stopped at {theirs.value:g}")
    return Row(
        case=figure.case,
        rival=f"{rival}: {what}",
        ratio=spent / max(figure.cpu_s, 1e-9),
        equal=_agree(figure, theirs, 1 if n_sites is not None else -1),
        ours_s=figure.cpu_s,
        rival_s=spent,
    )


def _agree(figure: Figure, theirs: Outcome, more: int) -> bool:
    """Whether both proved the same, or neither is beyond the bound of the other; what was never solved agrees."""
    if theirs.proved and figure.status == "optimal":
        return math.isclose(theirs.value, figure.value)
    allowed = math.isnan(theirs.value) or more * (figure.bound - theirs.value) >= -1e-6
    return allowed and (math.isnan(theirs.bound) or more * (theirs.bound - figure.value) >= -1e-6)


def build_row(one: Case) -> Row:
    """Compare how long it takes to build MCLP: covers, merged groups and bounds here, the whole model there."""
    covers_of(one)
    began = time.process_time()
    limits = rs.pair_limits(one.times, limit_s=one.limit_s)
    number = row_of(np.ones(len(one.times.sites), dtype=np.int64), "number of sites", upper=one.n_sites)
    merged_rows(Cover.of(limits.covers, one.times.demand.weights, rows=number))
    ours_s = time.process_time() - began
    theirs = run_rival("spopt_cbc", limits.covers, one.times.demand.weights, one.n_sites, 0.0, build_limit_s=BUILD_S)
    rival = "spopt, build" + (f": {theirs.message}" if theirs.message else "")
    return Row(
        case=f"MCLP {one.name}: build",
        rival=rival,
        ratio=theirs.build_s / ours_s,
        equal=True,  # nothing is solved
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
    for name in ("XS",) if quick else ("XS", "S", "M"):
        one = case(name) if laboratory() is None or name == "XS" else laboratory_case(name)
        lscp = ours(f"LSCP {name}", one, rs.MinSites(), LSCP_REQUIRED_S[name])
        limit_s, gap = MCLP_REQUIRED[name]
        mclp = ours(f"MCLP {name}, p = {one.n_sites}, to {gap:.1%}", one, rs.MaxCoverage(one.n_sites), limit_s, gap)
        for rival in rivals(name, quick):
            # spopt has no time for both models of S: it builds each for as long as all others take
            if not (rival.startswith("spopt") and name == "S"):
                rows.append(against_rival(lscp, one, rival, None, 5.0 if quick else RIVAL_S))
            rows.append(against_rival(mclp, one, rival, one.n_sites, 5.0 if quick else RIVAL_S))
        if name != "XS":
            rows.append(build_row(one))
    return rows


def rivals(name: str, quick: bool) -> tuple[str, ...]:
    """Return who is asked at a size: spopt up to S, where it builds in seconds."""
    if quick:
        return ("cp_sat",)
    return ("cp_sat", "highs", "spopt_cbc", "spopt_highs") if name != "M" else ("cp_sat", "highs")


def rs_warm_up() -> None:
    """Compile or load the kernels before any time is taken."""
    from rescuesim.siting.warm_up import warm_up

    warm_up()


class _Trace(logging.Handler):
    """Notes seconds, value and bound of what `maximise` tells."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.seen: list[list[float]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the three numbers of a message."""
        assert isinstance(record.args, tuple)
        self.seen.append([float(str(number)) for number in record.args])


def traced(name: str, one: Case, limit_s: float) -> tuple[Figure, list[list[float]]]:
    """Solve MCLP and return its trace too."""
    telling, trace = logging.getLogger("rescuesim.siting.covering.maximise"), _Trace()
    before = telling.level
    telling.addHandler(trace)
    telling.setLevel(logging.DEBUG)
    try:
        figure = ours(f"MCLP {name}, p = {one.n_sites}", one, rs.MaxCoverage(one.n_sites), limit_s)
    finally:
        telling.removeHandler(trace)
        telling.setLevel(before)
    return figure, trace.seen


def required() -> list[Figure]:
    """Measure what is required of each size, with the time limit and no gap to stop at, on each draw."""
    rs_warm_up()
    figures = []
    draws: dict[str, Callable[[str], Case]] = {"own draw": case}
    if laboratory() is not None:
        draws = {"laboratory": laboratory_case, **draws}
    for draw, drawn in draws.items():
        for name in ("S", "M", "L"):
            one = drawn(name)
            figures.append(ours(f"LSCP {name}, {draw}", one, rs.MinSites(), LSCP_REQUIRED_S[name]))
            found, _TRACES[f"ours, {draw}", name] = traced(f"{name}, {draw}", one, MCLP_REQUIRED[name][0])
            figures.append(found)
    figures.append(over_states(200)[0])
    return figures


def draw_gaps() -> None:
    """Draw the gap against the time of solving, a panel a size."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(11, 3.8), layout="constrained")
    FigureCanvasAgg(canvas)
    looks = {
        "ours, laboratory": ("#b2182b", "-"),
        "ours, own draw": ("#ef8a62", "-"),
        "highs": ("#2166ac", "--"),
        "cp_sat": ("#888888", "--"),
    }
    for ax, name in zip(canvas.subplots(1, 3, sharey=True), ("S", "M", "L"), strict=True):
        for who, (colour, line) in looks.items():
            at, gaps = gap_curve(_TRACES.get((who, name), []))
            if len(at):
                ax.step(at, gaps, line, color=colour, where="post", label=who)
        limit_s, gap = MCLP_REQUIRED[name]
        ax.plot(limit_s, 100 * gap, "k+", markersize=10, label="required")
        ax.set(xscale="log", yscale="log", xlim=(0.02, 100), ylim=(0.01, 10_000), xlabel="wall s of solving")
        sites, points, _, p = SIZES[name]
        ax.set_title(f"{name}: {sites:,} x {points:,}, p = {p}", fontsize=10)
        ax.grid(which="major", alpha=0.3)
        ax.legend(frameon=False, fontsize=8, loc="upper right")
    canvas.axes[0].set_ylabel("MCLP, gap, % of the value")
    canvas.savefig(PLOT, dpi=110)


def gap_curve(trace: list[list[float]]) -> tuple[list[float], list[float]]:
    """Return seconds and gaps in per cent, the best value and the best bound of each moment taken together.

    Proved optima end at the lower edge of the figure.
    """
    at, gaps, value, bound = list[float](), list[float](), 0.0, math.inf
    for seconds, now, limit in trace:
        value, bound = max(value, now) if math.isfinite(now) else value, min(bound, limit)
        if value > 0 and math.isfinite(bound):
            at.append(max(seconds, 0.02))
            gaps.append(max(100 * (bound - value) / value, 0.01))
    return at, gaps


def _figures() -> str:
    which = "Cases of the laboratory's generator and of our own, whose towns overlap more."
    if laboratory() is None:
        which = "Cases of our own generator; those of the laboratory: skipped, no generator."
    lines = [
        f"{which} Time limits of 5, 25, 75 s for MCLP and 10, 10, 30 s for LSCP, one worker; "
        " required are gaps of 1.5, 1 and 0.5 % and proofs. Gaps against time: "
        "siting_gaps.png (HiGHS and CP-SAT on S and M as in the table above; no line where they have no value and "
        "bound).",
        "",
        "| case | wall, s | CPU, s | value | bound | gap | status |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {f.case} | {f.wall_s:.1f} | {f.cpu_s:.1f} | {f.value:,.0f} | {f.bound:,.0f} | {f.gap:.2%} | {f.status} |"
        for f in required()
    ]
    draw_gaps()
    return "\n".join(lines)


if __name__ == "__main__":
    figures: Callable[[], str] = _figures
    main("siting", ["ortools", "numpy", "scipy"], bench, figures=figures)
