"""p-median and p-center: against the textbook program in HiGHS, and against spopt with CBC and HiGHS.

The textbook program has one column a pair of site and point, and 30 s; spopt runs in a process of its own and has 60 s.
Equal means that both proved the same optimum, or that the rival was stopped and is no better. The published
instances are read where ``RESCUESIM_SHARED`` names them; drawn ones are graphs of the same kind.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from instances import MedianInstance, best_known, read_pmed
from runner import Row, against, cpu_median, main

import rescuesim as rs
from rescuesim.siting import MinMaxTime, MinMeanTime, SitingConstraints
from rescuesim.siting.constraints import siting_problem
from rescuesim.siting.formulation import solve_formulation
from rescuesim.siting.found import Clock, Run
from rescuesim.siting.medians.warm_up import warm_up_medians
from rescuesim.siting.models import MODELS

MODEL_NAMES: tuple[Literal["p-median", "p-center"], ...] = ("p-median", "p-center")
TEXTBOOK_S, SPOPT_S = 30.0, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A value, and whether it is proved to be the best."""

    value: float
    proved: bool


def drawn(n: int, p: int, seed: int) -> MedianInstance:
    """Draw a graph as those of the OR-Library are: n²/50 edges of lengths 1 to 100, one path through all nodes."""
    rng = np.random.default_rng(seed)
    order, more = rng.permutation(n), rng.integers(0, n, (max(n * n // 50 - n + 1, n), 2))
    ends = np.concatenate([np.column_stack([order[:-1], order[1:]]), more[more[:, 0] != more[:, 1]]])
    lengths = rng.integers(1, 101, len(ends))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.txt"
        edges = (f"{a + 1} {b + 1} {length}" for (a, b), length in zip(ends.tolist(), lengths.tolist(), strict=True))
        path.write_text("\n".join([f"{n} {len(ends)} {p}", *edges]), encoding="utf-8")
        return read_pmed(path)


def objective(model: str, p: int) -> MinMeanTime | MinMaxTime:
    """Return the objective of a model."""
    return MinMeanTime(p) if model == "p-median" else MinMaxTime(p)


def scale(model: str, instance: MedianInstance) -> int:
    """Return what turns our value into the published one: a mean into a sum."""
    return len(instance.times.demand) if model == "p-median" else 1


def by_rescuesim(model: str, instance: MedianInstance, limit_s: float = 60.0) -> Answer:
    """Site with verification and tables included."""
    found = rs.site(instance.times, objective(model, instance.n_sites), solve_limit_s=limit_s)
    return Answer(value=found.objective * scale(model, instance), proved=found.status == "optimal")


def textbook(model: str, instance: MedianInstance) -> Answer:
    """Solve the program over all pairs."""
    problem = siting_problem(instance.times, None, SitingConstraints())
    asked = objective(model, instance.n_sites)
    run = Run(clock=Clock(limit_s=TEXTBOOK_S))
    found = solve_formulation(problem, MODELS[type(asked)].formulate(problem, asked), run)
    value = np.inf if found.opened is None else found.objective * scale(model, instance)
    return Answer(value=value, proved=found.status == "optimal")


def agree(ours: Answer, theirs: Answer) -> bool:
    """Whether the rival proved our optimum, or was stopped with nothing better."""
    slack = 1e-6 * max(abs(ours.value), 1.0)
    if ours.proved and theirs.proved:
        return abs(ours.value - theirs.value) <= slack
    return ours.value <= theirs.value + slack


def against_spopt(name: str, model: str, instance: MedianInstance, solver: str) -> Row:
    """Compare with spopt, building and solving."""
    ours_s, ours = cpu_median(partial(by_rescuesim, model, instance), repeats=1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "distances.npy"
        np.save(path, instance.times.values)
        script = Path(__file__).with_name("by_spopt.py")
        given = [model, solver, str(instance.n_sites), str(SPOPT_S), str(path)]
        done = subprocess.run([sys.executable, str(script), *given], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.strip().splitlines()[-1])
    value = np.inf if found["value"] is None else found["value"]
    theirs = Answer(value=value, proved=found["proved"] and found["total_s"] < SPOPT_S)
    return Row(
        case=f"{model} {name}",
        rival=f"spopt, {solver}" + ("" if theirs.proved else ", stopped"),
        ratio=found["total_s"] / max(ours_s, 1e-9),
        equal=agree(ours, theirs),
        ours_s=ours_s,
        rival_s=found["total_s"],
    )


def published() -> dict[str, MedianInstance]:
    """Return the published instances, by name; none where the shared data is absent."""
    folder = Path(os.environ.get("RESCUESIM_SHARED", "")) / "bench" / "pmed"
    return {path.stem: read_pmed(path) for path in sorted(folder.glob("pmed*.txt"))}


def bench(quick: bool) -> list[Row]:
    """Compare both models."""
    warm_up_medians()
    cases = {f"{n} nodes, p = {p}": drawn(n, p, seed=n) for n, p in ([(50, 5)] if quick else [(100, 5), (200, 20)])}
    rows = []
    for name, instance in cases.items():
        for model in MODEL_NAMES:
            ours, theirs = partial(by_rescuesim, model, instance), partial(textbook, model, instance)
            rows.append(against(f"{model} {name}", "textbook program, HiGHS", ours, theirs, same=agree, repeats=1))
    if quick or importlib.util.find_spec("spopt") is None:
        return rows
    name = "100 nodes, p = 5"
    for model in MODEL_NAMES:
        rows += [against_spopt(name, model, cases[name], solver) for solver in ("CBC", "HiGHS")]
    return rows


def figures() -> str:
    """Tabulate the published instances, and gaps against time on large drawn graphs."""
    lines = [
        "| instance | model | best known | ours | after 1 s | gap | proved in, s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, instance in published().items():
        table = best_known(Path(os.environ["RESCUESIM_SHARED"]) / "bench" / "pmed")
        for model in MODEL_NAMES:
            mine = table[(table["instance"] == name) & table["quantity"].str.contains(model)]
            known = f"{mine['value'].iloc[0]:g}" if len(mine) else ""
            soon = by_rescuesim(model, instance, limit_s=1.0)
            began = time.process_time()
            found = rs.site(instance.times, objective(model, instance.n_sites), solve_limit_s=60)
            spent, times = time.process_time() - began, scale(model, instance)
            lines.append(
                f"| {name} | {model} | {known} | {found.objective * times:g} | {soon.value:g} | {found.gap:.2%} | "
                f"{spent:.2f} |"
            )
    limits = (1.0, 5.0, 20.0)
    lines += ["", "Gap after so many seconds, on drawn graphs:", ""]
    lines += ["| nodes, p | " + " | ".join(f"{limit:g} s" for limit in limits) + " |", "|---|" + "---|" * len(limits)]
    for n, p in ((600, 10), (900, 10), (900, 90)):
        instance, gaps = drawn(n, p, seed=n), list[str]()
        for limit in limits:
            found = rs.site(instance.times, MinMeanTime(p), solve_limit_s=limit)
            gaps.append("proved" if found.status == "optimal" else f"{found.gap:.3%}")
            if found.status == "optimal":
                break
        gaps += [""] * (len(limits) - len(gaps))
        lines.append(f"| {n}, {p} | " + " | ".join(gaps) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main("siting_medians", ["ortools", "numba", "numpy", "scipy"], bench, figures=figures)
