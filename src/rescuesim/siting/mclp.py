"""MCLP: the maximal covering location problem.

    max sum_i w_i y_i   s.t.   y_i <= sum_{j covers i} x_j,   2 y_i <= sum_{j in either set} x_j where a
    second unit is wanted,   sum_j x_j <= p,   x, y in {0, 1}

Among the optima the one of the lowest cost is taken, and among those the one whose sites come first in the
table (sum of ranks): the documented second objective.

References
----------
Church, R., ReVelle, C. (1974). Papers of the Regional Science Association 32, 101-118.
doi:10.1007/BF01942293
"""

from __future__ import annotations

import math

import numpy as np

from rescuesim.siting.problem import (
    CoverageProblem,
    greedy_opening,
    group_rows,
    one_row,
    stack_rows,
    status_rows,
    tie_break,
)
from rescuesim.siting.staged import Clock, Staged, improve_ties
from rescuesim.solver import BinaryProgram, solve_binary
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["solve_mclp"]


def solve_mclp(problem: CoverageProblem, n_sites: int, *, clock: Clock, workers: int, seed: int) -> Staged:
    """Open at most `n_sites` sites so that the covered weight is largest.

    Parameters
    ----------
    problem : CoverageProblem
    n_sites : int
    clock : Clock
        Time that is left.
    workers, seed : int

    Returns
    -------
    Staged
        Objective and bound in units of `CoverageProblem.weight`.
    """
    n, groups = problem.n_sites, problem.n_groups
    if int(problem.must_open.sum()) > n_sites:
        return Staged(status="infeasible", opened=None, objective=0, best_bound=-math.inf)
    start = greedy_opening(problem, n_sites)
    per_site = np.r_[np.ones(n, dtype=np.int64), np.zeros(groups, dtype=np.int64)]
    rows = stack_rows(group_rows(problem, optional=True), status_rows(problem, groups), one_row(per_site, 0, n_sites))
    objective = np.r_[np.zeros(n, dtype=np.int64), problem.weight]
    program = BinaryProgram(objective=objective, rows=rows.rows, lower=rows.lower, upper=rows.upper)
    hint = np.r_[start, problem.covered(start)]
    found = solve_binary(program, hint=hint, limit_s=clock.left_s(), workers=workers, seed=seed)
    if found.x is None:
        return Staged(status=found.status, opened=None, objective=0, best_bound=found.best_bound)
    opened = found.x[:n]
    value = int(problem.weight[problem.covered(opened)].sum())
    first = Staged(
        status=found.status,
        opened=opened,
        objective=value,
        best_bound=max(found.best_bound, value),
        bound_source=found.bound_source,
    )
    if found.status != "optimal":
        return first
    as_good = stack_rows(rows, one_row(objective, value, NO_BOUND))
    ties = tie_break(problem)
    costs = np.r_[ties.factors, np.zeros(groups, dtype=np.int64)]
    cheapest = BinaryProgram(objective=-costs, rows=as_good.rows, lower=as_good.lower, upper=as_good.upper)
    return improve_ties(
        first, cheapest, exact=ties.exact, hint=found.x, n_sites=n, clock=clock, workers=workers, seed=seed
    )
