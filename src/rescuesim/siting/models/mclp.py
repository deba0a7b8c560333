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
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from scipy.sparse import csr_array

from rescuesim.errors import InputError, SolverError
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
from rescuesim.siting.several_covers import Risk, check_risk
from rescuesim.siting.ties import improve_ties
from rescuesim.solver import BinaryProgram, solve_binary
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["MCLP", "MaxCoverage"]


@dataclass(frozen=True, slots=True)
class MaxCoverage:
    """Cover as much weight as possible with a given number of sites (MCLP).

    Parameters
    ----------
    n_sites : int
        Largest number of open sites, existing and required ones included. Fewer are opened where more
        would cover nothing more.
    risk : {'mean', 'cvar', 'worst'}, optional
        Expected just with times over states of a network: what counts is the mean over the states, the mean over the
        worst of them, or the worst.
    tail : float, optional
        Expected just with ``cvar``: share of the probability that counts, the worst first; above 0 and at most 1.

    References
    ----------
    Church, R., ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional Science
    Association 32, 101-118. doi:10.1007/BF01942293
    """

    n_sites: int
    risk: Risk | None = None
    tail: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.n_sites, bool) or not isinstance(self.n_sites, Integral) or self.n_sites < 1:
            raise InputError(f"n_sites {self.n_sites!r}: expected a whole number of 1 or more")
        check_risk(self.risk, self.tail)


def _check(problem: SitingProblem, objective: MaxCoverage) -> list[str]:
    openable = int((~problem.must_close).sum())
    if objective.n_sites > openable:
        return [f"n_sites {objective.n_sites}: expected at most the {openable} sites that may be open"]
    return []


def _formulate(problem: SitingProblem, objective: MaxCoverage) -> Formulation:
    """One column a group of points that the same sites cover, 1 only where it is covered."""
    groups = build_problem(problem)
    n, size = groups.n_sites, groups.n_groups
    per_site = np.r_[np.ones(n, dtype=np.int64), np.zeros(size, dtype=np.int64)]
    rows = stack_rows(group_rows(groups, optional=True), one_row(per_site, 0, objective.n_sites))
    return Formulation(
        sense="max",
        objective=np.r_[np.zeros(n), groups.weight / groups.scale],
        rows=csr_array(rows.rows.astype(np.float64)),
        lower=np.where(rows.lower <= -NO_BOUND, -np.inf, rows.lower),
        upper=np.where(rows.upper >= NO_BOUND, np.inf, rows.upper),
        low=np.zeros(size),
        high=np.ones(size),
        whole=groups.wants_second,  # of the others, whole x make whole y
    )


def _solve(asked: SitingProblem, objective: MaxCoverage, run: Run) -> Found:
    """Open at most so many sites that the covered weight is largest, then cheapest, then first in the table."""
    problem, n_sites = build_problem(asked), objective.n_sites
    clock, workers, seed = run.clock, run.workers, run.seed
    n, groups = problem.n_sites, problem.n_groups
    if int(problem.must_open.sum()) > n_sites:
        message = (
            f"n_sites {n_sites} is less than the {int(problem.must_open.sum())} existing and required sites, which "
            "stay open"
        )
        return Found(status="infeasible", opened=None, objective=0, best_bound=-math.inf, message=message)
    start = greedy_opening(problem, n_sites)
    per_site = np.r_[np.ones(n, dtype=np.int64), np.zeros(groups, dtype=np.int64)]
    rows = stack_rows(group_rows(problem, optional=True), status_rows(problem, groups), one_row(per_site, 0, n_sites))
    gains = np.r_[np.zeros(n, dtype=np.int64), problem.weight]
    program = BinaryProgram(objective=gains, rows=rows.rows, lower=rows.lower, upper=rows.upper)
    hint = np.r_[start, problem.covered(start)]
    found = solve_binary(program, hint=hint, limit_s=clock.left_s(), workers=workers, seed=seed)
    if found.x is None:
        bound = found.best_bound / problem.scale
        return Found(status=found.status, opened=None, objective=0, best_bound=bound)
    opened = found.x[:n]
    value = int(problem.weight[problem.covered(opened)].sum())
    slack = len(problem.coverable) * 0.5 if problem.rounded else 0.0
    first = Found(
        status=found.status,
        opened=opened,
        objective=value / problem.scale,
        best_bound=(max(found.best_bound, value) + slack) / problem.scale,
        bound_source=found.bound_source,
    )
    if found.status != "optimal":
        return first
    as_good = stack_rows(rows, one_row(gains, value, NO_BOUND))
    ties = tie_break(problem)
    costs = np.r_[ties.factors, np.zeros(groups, dtype=np.int64)]
    cheapest = BinaryProgram(objective=-costs, rows=as_good.rows, lower=as_good.lower, upper=as_good.upper)
    return improve_ties(
        first, cheapest, exact=ties.exact, hint=found.x, n_sites=n, clock=clock, workers=workers, seed=seed
    )


def _value(problem: SitingProblem, objective: MaxCoverage, found: Found) -> float:
    """Add up the weights of the covered points one by one."""
    assert found.opened is not None
    if int(found.opened.sum()) > objective.n_sites:
        raise SolverError(f"{int(found.opened.sum())} sites are open, expected at most {objective.n_sites}")
    return float(problem.demand.weights[covered_one_by_one(problem, found.opened)].sum())


MCLP = Model(
    name="max_coverage",
    sense="max",
    uses_limits=True,
    check=_check,
    formulate=_formulate,
    solve=_solve,
    value=_value,
)
