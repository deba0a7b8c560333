"""A first plan that keeps all side conditions, and the last touch: no site that serves nobody."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from rescuesim.siting.found import Found, Run
from rescuesim.siting.problem import SitingProblem
from rescuesim.solver import BinaryProgram, solve_binary

__all__ = ["first_plan", "too_many_fixed", "trimmed"]

_SCALE = 10**6  # savings as whole numbers


def too_many_fixed(problem: SitingProblem, n_sites: int) -> str:
    """Say that more sites must be open than may be; empty if not."""
    fixed = int(problem.must_open.sum())
    if fixed <= n_sites:
        return ""
    return f"n_sites {n_sites} is less than the {fixed} existing and required sites, which stay open"


def first_plan(
    problem: SitingProblem, cost: NDArray[np.float64], n_sites: int, run: Run, rng: np.random.Generator
) -> NDArray[np.int64] | Found:
    """Choose sites that keep all side conditions: drawn without rows, by CP-SAT with them.

    Parameters
    ----------
    problem : SitingProblem
    cost : ndarray of float64, shape (n_sites, n_points)
        Says which sites are worth something to many points.
    n_sites : int
    run : Run
    rng : Generator

    Returns
    -------
    ndarray of int64, or Found
        Rows of open sites, at least one; or that there is no such plan, or none was found in time.
    """
    fixed = np.flatnonzero(problem.must_open)
    free = np.flatnonzero(~(problem.must_open | problem.must_close))
    if not len(problem.rows):
        size = min(n_sites - len(fixed), len(free))
        return np.sort(np.concatenate([fixed, rng.choice(free, size, replace=False)]))
    n, wide = problem.n_sites, min(len(cost) - 1, 2 * len(cost) // n_sites)
    saving = np.maximum(np.partition(cost, wide, axis=0)[wide] - cost, 0.0).sum(axis=1)
    worth = np.rint(saving / max(float(saving.max()), 1e-300) * _SCALE).astype(np.int64)
    status = csr_array(np.eye(n, dtype=np.int64)[problem.must_open | problem.must_close])
    decided = problem.must_open[problem.must_open | problem.must_close].astype(np.int64)
    number = csr_array(np.ones((1, n), dtype=np.int64))
    program = BinaryProgram(
        objective=worth,
        rows=csr_array(vstack([problem.rows.rows, number, status])),
        lower=np.concatenate([problem.rows.lower, [1], decided]),
        upper=np.concatenate([problem.rows.upper, [n_sites], decided]),
    )
    # any plan will do: the swaps bring what is missing
    found = solve_binary(program, limit_s=run.clock.left_s(), workers=run.workers, seed=run.seed)
    if found.x is None:
        message = f"no choice of 1 to {n_sites} sites keeps all side conditions" if found.status == "infeasible" else ""
        bound = math.inf if found.status == "infeasible" else 0.0
        return Found(status=found.status, opened=None, objective=math.inf, best_bound=bound, message=message)
    return np.flatnonzero(found.x)


def trimmed(problem: SitingProblem, cost: NDArray[np.float64], opened: NDArray[np.int64]) -> NDArray[np.int64]:
    """Shut open sites that save nothing, dearest first, then last in the table first, as the side conditions allow."""
    value = cost[opened].min(axis=0)
    for site in sorted(opened.tolist(), key=lambda j: (-problem.sites.cost[j], -j)):
        others = opened[opened != site]
        if problem.must_open[site] or not len(others):
            continue
        marks = np.zeros(problem.n_sites, dtype=np.bool_)
        marks[others] = True
        if problem.keeps(marks) and np.array_equal(cost[others].min(axis=0), value):
            opened = others
    return opened
