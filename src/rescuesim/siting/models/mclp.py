"""MCLP: the maximal covering location problem, by number of sites and by budget.

    max sum_i w_i y_i   s.t.   y_i <= sum_{j covers i} x_j,   2 y_i <= sum_{j in either set} x_j where a
    second unit is wanted,   sum_j x_j <= p,   sum_j c_j x_j <= B,   x, y in {0, 1}

Among the optima the one of the lowest cost is taken, and among those the one whose sites come first in the
table (sum of ranks): the documented second objective.

References
----------
Church, R., ReVelle, C. (1974). Papers of the Regional Science Association 32, 101-118.
doi:10.1007/BF01942293
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.errors import InputError, SolverError
from rescuesim.siting.costs import budget_row
from rescuesim.siting.cover_groups import (
    CoverRows,
    build_problem,
    cover_of,
    greedy_opening,
    group_rows,
    one_row,
    stack_rows,
    status_rows,
)
from rescuesim.siting.covering import maximise
from rescuesim.siting.covering.whole_numbers import tie_factors
from rescuesim.siting.formulation import Formulation
from rescuesim.siting.found import Found, Run
from rescuesim.siting.models.covered import covered_one_by_one
from rescuesim.siting.models.model import Model
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.several_covers import Risk, check_risk
from rescuesim.siting.site_rows import AmountLimit, SiteRows, no_rows, row_of, stacked
from rescuesim.siting.ties import improve_ties
from rescuesim.siting.whole_rows import as_decimal
from rescuesim.solver import BinaryProgram, solve_binary
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["MCLP", "MaxCoverage", "number_and_budget", "within_budget"]


@dataclass(frozen=True, slots=True)
class MaxCoverage:
    """Cover as much weight as possible with a given number of sites, or a given budget, or both (MCLP).

    Parameters
    ----------
    n_sites : int, optional
        Largest number of open sites, existing and required ones included. Fewer are opened where more
        would cover nothing more.
    budget : float, optional
        Largest cost of all open sites, in the unit of the site table. Existing and required sites cost 0 unless the
        table says otherwise.
    risk : {'mean', 'cvar', 'worst'}, optional
        Expected just with times over states of a network: what counts is the mean over the states, the mean over the
        worst of them, or the worst.
    tail : float, optional
        Expected just with ``cvar``: share of the probability that counts, the worst first; above 0 and at most 1.

    Raises
    ------
    InputError
        If neither number nor budget is given, or one is no such number.

    References
    ----------
    Church, R., ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional Science
    Association 32, 101-118. doi:10.1007/BF01942293
    """

    n_sites: int | None = None
    budget: float | None = None
    risk: Risk | None = None
    tail: float | None = None

    def __post_init__(self) -> None:
        n, budget = self.n_sites, self.budget
        faults = []
        if n is None and budget is None:
            faults.append("MaxCoverage: expected n_sites or budget, or both")
        if n is not None and (isinstance(n, bool) or not isinstance(n, Integral) or n < 1):
            faults.append(f"n_sites {n!r}: expected a whole number of 1 or more")
        if budget is not None and (isinstance(budget, bool) or not isinstance(budget, Real) or not 0 <= budget < 1e15):
            faults.append(f"budget {budget!r}: expected a number of 0 or more")
        if faults:
            raise InputError("; ".join(faults))
        check_risk(self.risk, self.tail)


def _check(problem: SitingProblem, objective: MaxCoverage) -> list[str]:
    openable = int((~problem.must_close).sum())
    if objective.n_sites is not None and objective.n_sites > openable:
        return [f"n_sites {objective.n_sites}: expected at most the {openable} sites that may be open"]
    return []


def number_and_budget(problem: SitingProblem, objective: MaxCoverage) -> SiteRows:
    """Write number and budget as rows over the sites."""
    n, rows = problem.n_sites, [no_rows(problem.n_sites)]
    if objective.n_sites is not None:
        rows.append(row_of(np.ones(n, dtype=np.int64), "number of sites", upper=int(objective.n_sites)))
    if objective.budget is not None:
        # whoever solves looks at the last digits (`rescuesim.siting.solving`)
        rows.append(replace(budget_row(problem.costs, float(objective.budget)), limits=()))
    return stacked(rows)


def _formulate(problem: SitingProblem, objective: MaxCoverage) -> Formulation:
    """One column a group of points that the same sites cover, 1 only where it is covered."""
    groups = build_problem(problem)
    n, size = groups.n_sites, groups.n_groups
    rows = stack_rows(group_rows(groups, optional=True), *_wide(number_and_budget(problem, objective), size))
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


def _wide(rows: SiteRows, extra: int) -> list[CoverRows]:
    """Rows over the sites as rows of a program with further columns."""
    padding = np.zeros(extra, dtype=np.int64)
    dense = rows.rows.toarray()
    return [
        one_row(np.concatenate([dense[row], padding]), int(rows.lower[row]), int(rows.upper[row]))
        for row in range(len(rows))
    ]


def _solve(asked: SitingProblem, objective: MaxCoverage, run: Run) -> Found:
    """Open sites within number and budget so that the covered weight is largest, then cheapest, then first."""
    if message := _too_many(asked, objective):
        return Found(status="infeasible", opened=None, objective=0, best_bound=-math.inf, message=message)
    cover = cover_of(asked, number_and_budget(asked, objective))
    if cover is None:
        return _solve_with_second_units(asked, objective, run)
    return maximise(cover, run, cost=asked.sites.cost)


def _too_many(problem: SitingProblem, objective: MaxCoverage) -> str:
    """Say whether the sites that stay open are more, or cost more, than is allowed."""
    fixed = int(problem.must_open.sum())
    if objective.n_sites is not None and fixed > objective.n_sites:
        return f"n_sites {objective.n_sites} is less than the {fixed} existing and required sites, which stay open"
    if not within_budget(problem, objective, problem.must_open):
        cost = math.fsum(problem.sites.cost[problem.must_open].tolist())
        return f"budget {objective.budget:.15g} is less than the cost of existing and required sites, {cost:.15g}"
    return ""


def _solve_with_second_units(asked: SitingProblem, objective: MaxCoverage, run: Run) -> Found:
    """Solve the program as it stands where points want a second unit."""
    problem, clock = build_problem(asked), run.clock
    n, groups = problem.n_sites, problem.n_groups
    start = greedy_opening(problem, n if objective.n_sites is None else objective.n_sites)
    within = _wide(number_and_budget(asked, objective), groups)
    rows = stack_rows(group_rows(problem, optional=True), status_rows(problem, groups), *within)
    gains = np.r_[np.zeros(n, dtype=np.int64), problem.weight]
    program = BinaryProgram(objective=gains, rows=rows.rows, lower=rows.lower, upper=rows.upper)
    hint = np.r_[start, problem.covered(start)]
    found = solve_binary(
        program,
        hint=hint,
        limit_s=clock.left_s(),
        workers=run.workers,
        seed=run.seed,
        relative_gap=run.relative_gap,
    )
    if found.x is None:
        bound = found.best_bound / problem.scale
        return Found(status=found.status, opened=None, objective=0, best_bound=bound, bound_source=found.bound_source)
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
    ties = tie_factors(problem.cost)
    costs = np.r_[ties.values, np.zeros(groups, dtype=np.int64)]
    cheapest = BinaryProgram(objective=-costs, rows=as_good.rows, lower=as_good.lower, upper=as_good.upper)
    return improve_ties(first, cheapest, exact=ties.exact, hint=found.x, n_sites=n, run=run)


def within_budget(problem: SitingProblem, objective: MaxCoverage, opened: NDArray[np.bool_]) -> bool:
    """Whether open sites cost no more than the objective's own budget, if it has one; exact."""
    if objective.budget is None:
        return True
    return AmountLimit(problem.costs, as_decimal(float(objective.budget))).kept(opened)


def _value(problem: SitingProblem, objective: MaxCoverage, found: Found) -> float:
    """Add up the weights of the covered points one by one."""
    assert found.opened is not None
    if objective.n_sites is not None and int(found.opened.sum()) > objective.n_sites:
        raise SolverError(f"{int(found.opened.sum())} sites are open, expected at most {objective.n_sites}")
    if not within_budget(problem, objective, found.opened):
        raise SolverError(f"the open sites cost more than {objective.budget:.15g}")
    return float(problem.demand.weights[covered_one_by_one(problem, found.opened)].sum())


MCLP = Model(
    name="max_coverage",
    sense="max",
    uses_limits=True,
    check=_check,
    formulate=_formulate,
    solve=_solve,
    value=_value,
    sums_weights=lambda _: True,
)
