"""LSCP: the location set covering problem.

    min sum_j x_j   s.t.   sum_{j covers i} x_j >= 1 for every coverable i,   sum_{j in either set} x_j >= 2
    where a second unit is wanted,   x in {0, 1}

Among the optima the one of the lowest cost is taken, and among those the one whose sites come first in the
table (sum of ranks): the documented second objective.

References
----------
Toregas, C., Swain, R., ReVelle, C., Bergman, L. (1971). Operations Research 19(6), 1363-1373.
doi:10.1287/opre.19.6.1363
"""

from __future__ import annotations

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

__all__ = ["solve_lscp"]


def solve_lscp(problem: CoverageProblem, *, clock: Clock, workers: int, seed: int) -> Staged:
    """Open the fewest sites that cover every coverable point.

    Parameters
    ----------
    problem : CoverageProblem
    clock : Clock
        Time that is left.
    workers, seed : int

    Returns
    -------
    Staged
        Objective: number of open sites, existing and required ones included.
    """
    n = problem.n_sites
    rows = stack_rows(group_rows(problem, optional=False), status_rows(problem, 0))
    ones = np.ones(n, dtype=np.int64)
    program = BinaryProgram(objective=-ones, rows=rows.rows, lower=rows.lower, upper=rows.upper)
    # every group must be covered, those without weight too
    start = greedy_opening(problem, n, weight=np.ones(problem.n_groups, dtype=np.int64))
    found = solve_binary(program, hint=start, limit_s=clock.left_s(), workers=workers, seed=seed)
    if found.x is None:
        return Staged(status=found.status, opened=None, objective=0, best_bound=-found.best_bound)
    count, fixed = int(found.x.sum()), int(problem.must_open.sum())
    bound, source = -found.best_bound, found.bound_source
    if bound < fixed:
        bound, source = fixed, "sites that must be open"
    first = Staged(
        status=found.status, opened=found.x, objective=count, best_bound=min(bound, count), bound_source=source
    )
    if found.status != "optimal":
        return first
    as_few = stack_rows(rows, one_row(ones, 0, count))
    ties = tie_break(problem)
    cheapest = BinaryProgram(objective=-ties.factors, rows=as_few.rows, lower=as_few.lower, upper=as_few.upper)
    return improve_ties(
        first, cheapest, exact=ties.exact, hint=found.x, n_sites=n, clock=clock, workers=workers, seed=seed
    )
