"""Siting: the covering models as rescuesim builds and solves them, against CP-SAT as it comes.

The rival is the textbook formulation, a constraint at a time, with default parameters and one worker, stopped
after 60 s. Equal means that it proved the same optimum, or was stopped without a proof and is no better.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from runner import Row, against, main

import rescuesim as rs

LIMIT_S = 350.0


def instance(n_sites: int, n_demand: int, seed: int) -> rs.TravelTimes:
    """Draw sites and clustered points in a square, with seconds by distance."""
    rng = np.random.default_rng(seed)
    towns = rng.uniform(0, 1, (12, 2))
    points = towns[rng.integers(0, 12, n_demand)] + rng.normal(0, 0.07, (n_demand, 2))
    sites = rng.uniform(0, 1, (n_sites, 2))
    seconds = np.hypot(*(sites[:, None] - points[None]).transpose(2, 0, 1)) * 3000
    return rs.TravelTimes.from_matrix(
        seconds,
        sites=pd.DataFrame({"id": [f"s{j}" for j in range(n_sites)]}),
        demand=pd.DataFrame({"id": [f"d{i}" for i in range(n_demand)], "people": rng.integers(5, 900, n_demand)}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An objective value, whether more of it is better, and whether it is proved to be the best."""

    value: float
    maximised: bool
    proved: bool


def by_rescuesim(times: rs.TravelTimes, objective: rs.MaxCoverage | rs.MinSites) -> Answer:
    """Site with verification, tie-breaks and the reasons of every point included."""
    found = rs.site(times, objective, limit_s=LIMIT_S, solve_limit_s=60)
    maximised = isinstance(objective, rs.MaxCoverage)
    return Answer(value=found.objective, maximised=maximised, proved=found.status == "optimal")


def agree(ours: Answer, theirs: Answer) -> bool:
    """Whether the rival proved our optimum, or was stopped with nothing better."""
    if not ours.proved or theirs.proved:
        return ours.proved and theirs.proved and ours.value == theirs.value
    return ours.value >= theirs.value if ours.maximised else ours.value <= theirs.value


def textbook(times: rs.TravelTimes, limit_s: float, n_sites: int | None) -> Answer:
    """Solve MCLP, or LSCP without a number of sites, in the obvious way."""
    from ortools.sat.python import cp_model

    covers = limit_s >= times.values.T
    model = cp_model.CpModel()
    x = [model.new_bool_var(f"x{j}") for j in range(covers.shape[1])]
    served = []
    for point, row in enumerate(covers):
        near = [x[j] for j in np.flatnonzero(row)]
        if not near:
            continue
        if n_sites is None:
            model.add(sum(near) >= 1)
        else:
            y = model.new_bool_var(f"y{point}")
            model.add(y <= sum(near))
            served.append(int(times.demand.weights[point]) * y)
    if n_sites is None:
        model.minimize(sum(x))
    else:
        model.add(sum(x) <= n_sites)
        model.maximize(sum(served))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = 60
    status = solver.solve(model)
    proved = status == cp_model.OPTIMAL
    return Answer(value=solver.objective_value, maximised=n_sites is not None, proved=proved)


def bench(quick: bool) -> list[Row]:
    """Compare both models at growing sizes."""
    sizes = [(60, 600, 10)] if quick else [(60, 600, 10), (150, 2000, 20), (300, 5000, 30)]
    rows = []
    for n_sites, n_demand, p in sizes:
        times = instance(n_sites, n_demand, seed=n_sites)
        for name, objective, number in (("MCLP", rs.MaxCoverage(p), p), ("LSCP", rs.MinSites(), None)):
            rows.append(
                against(
                    f"{name} {n_sites} x {n_demand}" + (f", p = {p}" if number else ""),
                    "CP-SAT as it comes, 60 s",
                    partial(by_rescuesim, times, objective),
                    partial(textbook, times, LIMIT_S, number),
                    same=agree,
                    repeats=1 if quick else 3,
                )
            )
    return rows


if __name__ == "__main__":
    main("siting", ["ortools", "numpy", "scipy"], bench)
