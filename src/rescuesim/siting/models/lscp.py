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

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from rescuesim.errors import SolverError
from rescuesim.siting.cover_groups import (
    build_problem,
    greedy_opening,
    group_rows,
    one_row,
    stack_rows,
    status_rows,
    tie_break,
)
from rescuesim.siting.formulation import Formulation
from rescuesim.siting.found import Found, Run
from rescuesim.siting.models.covered import covered_one_by_one
from rescuesim.siting.models.model import Model
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.ties import improve_ties
from rescuesim.solver import BinaryProgram, solve_binary
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["LSCP", "MinSites"]


@dataclass(frozen=True, slots=True)
class MinSites:
    """Cover every point that can be covered with the fewest open sites (LSCP); the rest is listed.

    References
    ----------
    Toregas, C., Swain, R., ReVelle, C., Bergman, L. (1971). The location of emergency service facilities.
    Operations Research 19(6), 1363-1373. doi:10.1287/opre.19.6.1363
    """


def _check(problem: SitingProblem, objective: MinSites) -> list[str]:
    return []


def _formulate(problem: SitingProblem, objective: MinSites) -> Formulation:
    """Write one row a group of points that the same sites cover."""
    groups = build_problem(problem)
    rows = group_rows(groups, optional=False)
    none = np.empty(0)
    return Formulation(
        sense="min",
        objective=np.ones(groups.n_sites),
        rows=csr_array(rows.rows.astype(np.float64)),
        lower=rows.lower.astype(np.float64),
        upper=np.where(rows.upper >= NO_BOUND, np.inf, rows.upper),
        low=none,
        high=none,
        whole=none.astype(np.bool_),
    )


def _solve(asked: SitingProblem, objective: MinSites, run: Run) -> Found:
    """Open the fewest sites that cover every coverable point, existing and required ones included."""
    problem, clock, workers, seed = build_problem(asked), run.clock, run.workers, run.seed
    n = problem.n_sites
    rows = stack_rows(group_rows(problem, optional=False), status_rows(problem, 0))
    ones = np.ones(n, dtype=np.int64)
    program = BinaryProgram(objective=-ones, rows=rows.rows, lower=rows.lower, upper=rows.upper)
    # every group must be covered, those without weight too
    start = greedy_opening(problem, n, weight=np.ones(problem.n_groups, dtype=np.int64))
    found = solve_binary(program, hint=start, limit_s=clock.left_s(), workers=workers, seed=seed)
    if found.x is None:
        return Found(status=found.status, opened=None, objective=0, best_bound=-found.best_bound)
    count, fixed = int(found.x.sum()), int(problem.must_open.sum())
    bound, source = -found.best_bound, found.bound_source
    if bound < fixed:
        bound, source = fixed, "sites that must be open"
    first = Found(
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


def _value(problem: SitingProblem, objective: MinSites, found: Found) -> float:
    """Count the open sites, and make sure that they cover all that all openable sites cover."""
    assert found.opened is not None
    covered = covered_one_by_one(problem, found.opened)
    if (missed := covered_one_by_one(problem, ~problem.must_close) & ~covered).any():
        point = problem.demand.ids[int(np.flatnonzero(missed)[0])]
        raise SolverError(f"point {point} is coverable and was left uncovered")
    return float(found.opened.sum())


LSCP = Model(
    name="min_sites", sense="min", uses_limits=True, check=_check, formulate=_formulate, solve=_solve, value=_value
)
