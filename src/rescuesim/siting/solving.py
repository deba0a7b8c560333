"""How every model is solved: with weights of a size that solvers tell apart, and budgets kept to the last digit.

A budget of more digits than whole numbers hold stands in the rows rounded in the planner's favour, so bounds hold. A
plan that breaks it is cut off by a cover inequality: of a set of sites that cost more than the budget together, and all
that cost at least as much as its dearest, no more are open than the set has, less one.

References
----------
Balas, E. (1975). Facets of the knapsack polytope. Mathematical Programming 8, 146-164. doi:10.1007/BF01580440
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Context, Decimal, localcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescuesim.siting.costs import budget_row
from rescuesim.siting.found import Found, Run
from rescuesim.siting.models import Model, model_of
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import PLACES, AmountLimit, SiteRows, row_of, stacked
from rescuesim.siting.weight_sizes import UNRESOLVED, multiplied, unresolved, weight_factor

__all__ = ["in_given_weights", "solve_exactly", "value_factor", "well_sized"]

Solve = Callable[[SitingProblem, Any, Run], Found]


def well_sized(problem: SitingProblem, objective: Any) -> SitingProblem:
    """Multiply the weights of a problem by what makes them of a size that solvers tell apart.

    Parameters
    ----------
    problem : SitingProblem
    objective : object
        Where it weighs demand against capacities or costs, nothing is multiplied.

    Returns
    -------
    SitingProblem
        With a note on weights that are too small beside the others.
    """
    goals = getattr(objective, "objectives", (objective,))
    weights, notes = problem.times.demand.weights, problem.notes
    if light := int(unresolved(weights).sum()):
        notes = (*notes, f"{light} points weigh less than {UNRESOLVED:g} of all: no choice is proved to turn on them")
    if any(type(one).__name__.startswith("Capacitated") for one in goals):
        return replace(problem, notes=notes)
    factor = weight_factor(weights)
    sized = None if factor == 1 else replace(problem.times.demand, weights=multiplied(weights, factor))
    return replace(problem, weight_factor=factor, sized=sized, notes=notes)


def value_factor(problem: SitingProblem, model: Model, objective: Any) -> float:
    """Return what a well-sized problem's objective is larger by: the factor of the weights if it is a sum of them."""
    return problem.weight_factor if model.sums_weights(objective) else 1.0


def in_given_weights(problem: SitingProblem, model: Model, objective: Any, found: Found) -> Found:
    """Return what was found of a well-sized problem in the weights that were given.

    Parameters
    ----------
    problem : SitingProblem
        As it was solved.
    model : Model
    objective : object
    found : Found
    """
    factor = value_factor(problem, model, objective)
    goals = getattr(objective, "objectives", (objective,))
    stages = tuple(
        stage.divided(value_factor(problem, model_of(goal), goal))
        for stage, goal in zip(found.stages, goals, strict=False)
    )
    return replace(found, objective=found.objective / factor, best_bound=found.best_bound / factor, stages=stages)


def solve_exactly(problem: SitingProblem, objective: Any, run: Run, solve: Solve) -> Found:
    """Solve so that the plan keeps all limits on amounts to the last digit.

    Parameters
    ----------
    problem : SitingProblem
    objective : object
        Its own budget is looked at too.
    run : Run
    solve : callable
        From problem, objective and run to what was found, the limits of the problem's rows left out.

    Returns
    -------
    Found
        ``unknown``, with its bound, where time ended before a plan kept all.
    """
    limits = [one for one in (*problem.rows.limits, *_own_limits(problem, objective)) if one is not None]
    if not limits:
        return solve(problem, objective, run)
    rows = replace(problem.rows, limits=())
    while True:
        found = solve(replace(problem, rows=rows), objective, run)
        broken = None if found.opened is None else next((one for one in limits if not one.kept(found.opened)), None)
        if broken is None or found.opened is None:
            return found
        if run.clock.limit_s < math.inf and run.clock.elapsed_s() >= run.clock.limit_s:
            message = "stopped at the limit before a plan kept every amount to the last digit"
            return replace(found, status="unknown", opened=None, objective=math.nan, message=message)
        rows = stacked([rows, _cut(problem, broken, found.opened)])


def _own_limits(problem: SitingProblem, objective: Any) -> tuple[AmountLimit | None, ...]:
    """Return the limits of the budgets that objectives have of their own, where rows do not hold them."""
    goals = getattr(objective, "objectives", (objective,))
    budgets = [budget for one in goals if (budget := getattr(one, "budget", None)) is not None]
    return tuple(limit for budget in budgets for limit in budget_row(problem.costs, float(budget)).limits)


def _cut(problem: SitingProblem, limit: AmountLimit, opened: NDArray[np.bool_]) -> SiteRows:
    """Cut off a plan that breaks a limit, and all that hold as many sites as dear."""
    amounts = limit.amounts
    with localcontext(Context(prec=PLACES)):
        total = sum((amounts[j] for j in np.flatnonzero(problem.must_open).tolist()), Decimal(0))
        free = np.flatnonzero(opened & ~problem.must_open).tolist()
        taken: list[int] = []
        for j in sorted(free, key=lambda j: -amounts[j]):
            if total > limit.most:
                break
            taken.append(j)
            total += amounts[j]
    members = np.zeros(len(amounts), dtype=np.int64)
    members[taken] = 1
    dearest = max((amounts[j] for j in taken), default=Decimal(0))
    dear = [j for j in range(len(amounts)) if amounts[j] >= dearest and not problem.must_open[j]]
    members[dear if taken else []] = 1
    return row_of(members, "amounts to the last digit", upper=len(taken) - 1)
