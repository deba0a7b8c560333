"""LSCP: the location set covering problem, by number of sites and by cost.

    min sum_j c_j x_j   s.t.   sum_{j covers i} x_j >= 1 for every coverable i,   sum_{j in either set} x_j >= 2
    where a second unit is wanted,   x in {0, 1};   c_j = 1 for the number

Among the optima of the number, the one of the lowest cost is taken; among those of the cost, the one of fewest sites;
and then the one whose sites come first in the table (sum of ranks): the documented second objective.

References
----------
Toregas, C., Swain, R., ReVelle, C., Bergman, L. (1971). Operations Research 19(6), 1363-1373.
doi:10.1287/opre.19.6.1363
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.errors import SolverError
from rescuesim.siting.cover_groups import (
    build_problem,
    cover_of,
    greedy_opening,
    group_rows,
    one_row,
    stack_rows,
    status_rows,
)
from rescuesim.siting.covering import minimise
from rescuesim.siting.covering.whole_numbers import tie_factors, whole_numbers
from rescuesim.siting.formulation import Formulation
from rescuesim.siting.found import Found, Run
from rescuesim.siting.models.covered import covered_one_by_one
from rescuesim.siting.models.model import Model
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.ties import improve_ties
from rescuesim.solver import BinaryProgram, solve_binary
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["LSCP", "LSCP_BY_COST", "MinCost", "MinSites"]

_SAME = 1e-9  # of a cost: nobody tells plans apart that differ by less
_MORE_DIGITS = "costs of more digits than one sum holds: the gap says how far the plan may be from the cheapest"


@dataclass(frozen=True, slots=True)
class MinSites:
    """Cover every point that can be covered with the fewest open sites (LSCP); the rest is listed.

    References
    ----------
    Toregas, C., Swain, R., ReVelle, C., Bergman, L. (1971). The location of emergency service facilities.
    Operations Research 19(6), 1363-1373. doi:10.1287/opre.19.6.1363
    """


@dataclass(frozen=True, slots=True)
class MinCost:
    """Cover every point that can be covered at the lowest cost of open sites (LSCP by cost); the rest is listed.

    Costs are those of the site table; existing and required sites cost 0 unless it says otherwise.

    References
    ----------
    Toregas, C., Swain, R., ReVelle, C., Bergman, L. (1971). The location of emergency service facilities.
    Operations Research 19(6), 1363-1373. doi:10.1287/opre.19.6.1363
    """


def _costs(problem: SitingProblem, objective: MinSites | MinCost) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return first and second cost of the sites."""
    ones, cost = np.ones(problem.n_sites), problem.sites.cost.astype(np.float64)
    return (cost, ones) if isinstance(objective, MinCost) else (ones, cost)


def _check(problem: SitingProblem, objective: MinSites | MinCost) -> list[str]:
    return []


def _formulate(problem: SitingProblem, objective: MinSites | MinCost) -> Formulation:
    """Write one row a group of points that the same sites cover."""
    groups = build_problem(problem)
    rows = group_rows(groups, optional=False)
    none = np.empty(0)
    return Formulation(
        sense="min",
        objective=_costs(problem, objective)[0],
        rows=csr_array(rows.rows.astype(np.float64)),
        lower=rows.lower.astype(np.float64),
        upper=np.where(rows.upper >= NO_BOUND, np.inf, rows.upper),
        low=none,
        high=none,
        whole=none.astype(np.bool_),
    )


def _solve(asked: SitingProblem, objective: MinSites | MinCost, run: Run) -> Found:
    """Cover every coverable point at least cost, existing and required sites included.

    Costs of more digits than one sum holds are rounded. A site that costs more than the new sites of a plan together is
    in no cheaper plan; without such sites the sums are smaller and hold more digits, and all is solved again.
    """
    cost, second = _costs(asked, objective)
    found = _solve_rounded(asked, cost, second, run)
    while found.status == "optimal" and found.opened is not None:
        free = ~(asked.must_open | asked.must_close)
        if whole_numbers(np.where(free, cost, 0.0)).exact:
            return replace(found, best_bound=found.objective)
        room = math.fsum(cost[found.opened & ~asked.must_open].tolist())
        if not (dear := free & (cost > room)).any():
            closed = found.objective - found.best_bound <= _SAME * found.objective
            if closed:
                return replace(found, best_bound=found.objective)
            return replace(found, status="feasible", message=_MORE_DIGITS)
        asked = replace(asked, must_close=asked.must_close | dear)
        again = _solve_rounded(asked, cost, second, run)
        better = again.opened is not None and again.objective <= found.objective
        found = again if better else replace(found, status="feasible", ties_broken=False)
    return found


def _solve_rounded(asked: SitingProblem, cost: NDArray[np.float64], second: NDArray[np.float64], run: Run) -> Found:
    """Solve in whole numbers; an optimum is proved up to what was rounded, which its bound allows for."""
    cover = cover_of(asked)
    if cover is None:
        return _solve_with_second_units(asked, cost, second, run)
    return minimise(cover, cost, run, ties=second)


def _solve_with_second_units(
    asked: SitingProblem, cost: NDArray[np.float64], second: NDArray[np.float64], run: Run
) -> Found:
    """Solve the program as it stands where points want a second unit."""
    problem, clock = build_problem(asked), run.clock
    n = problem.n_sites
    rows = stack_rows(group_rows(problem, optional=False), status_rows(problem, 0))
    free = np.where(problem.must_open | problem.must_close, 0.0, cost)
    whole = whole_numbers(free)
    factors = whole.values if whole.exact else np.floor(free * whole.scale).astype(np.int64)
    program = BinaryProgram(objective=-factors, rows=rows.rows, lower=rows.lower, upper=rows.upper)
    # every group must be covered, those without weight too
    start = greedy_opening(problem, n, weight=np.ones(problem.n_groups, dtype=np.int64))
    found = solve_binary(
        program,
        hint=start,
        limit_s=clock.left_s(),
        workers=run.workers,
        seed=run.seed,
        relative_gap=run.relative_gap,
    )
    if found.x is None:
        bound = math.inf if found.status == "infeasible" else 0.0
        return Found(status=found.status, opened=None, objective=0, best_bound=bound)
    value, fixed = math.fsum(cost[found.x].tolist()), math.fsum(cost[problem.must_open].tolist())
    bound, source = fixed - found.best_bound / whole.scale, found.bound_source
    if bound <= fixed:
        bound, source = fixed, "sites that must be open"
    first = Found(
        status=found.status, opened=found.x, objective=value, best_bound=min(bound, value), bound_source=source
    )
    if found.status != "optimal" or not whole.exact:
        return first
    as_cheap = stack_rows(rows, one_row(factors, 0, int(factors[found.x].sum())))
    ties = tie_factors(second)
    program = BinaryProgram(objective=-ties.values, rows=as_cheap.rows, lower=as_cheap.lower, upper=as_cheap.upper)
    return improve_ties(first, program, exact=ties.exact, hint=found.x, n_sites=n, run=run)


def _value(problem: SitingProblem, objective: MinSites | MinCost, found: Found) -> float:
    """Add up open sites or costs, and make sure that they cover all that all openable sites cover."""
    assert found.opened is not None
    covered = covered_one_by_one(problem, found.opened)
    if (missed := covered_one_by_one(problem, ~problem.must_close) & ~covered).any():
        point = problem.demand.ids[int(np.flatnonzero(missed)[0])]
        raise SolverError(f"point {point} is coverable and was left uncovered")
    if isinstance(objective, MinCost):
        return math.fsum(problem.sites.cost[found.opened].tolist())
    return float(found.opened.sum())


def _model(name: str) -> Model:
    return Model(
        name=name,
        sense="min",
        uses_limits=True,
        check=_check,
        formulate=_formulate,
        solve=_solve,
        value=_value,
        sums_weights=lambda _: False,
    )


LSCP, LSCP_BY_COST = _model("min_sites"), _model("min_cost")
