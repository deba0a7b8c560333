"""One stage of a sequence of objectives: the best of one among the plans that keep what the earlier ones asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from rescuesim.errors import SolverError
from rescuesim.siting.formulation import Formulation, mixed_program
from rescuesim.siting.found import Found, Run
from rescuesim.siting.models import Model
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.relaxation import no_columns
from rescuesim.siting.site_rows import PLACES, SiteRows, no_rows, row_of
from rescuesim.siting.whole_rows import as_decimal, at_most_row
from rescuesim.solver import MixedProgram, solve_mixed

__all__ = ["Goal", "Kept", "cost_of", "meets", "solve_stage", "value_of"]

_SLACK = 1e-9  # of a kept value, for sums in another order
_SIZE = 1e3  # about what a cost is brought to before it is minimised


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One objective of a sequence.

    Parameters
    ----------
    objective : object
        As the user gave it.
    model : Model
    only_counts : bool
        The number or the cost of the open sites alone counts, and nothing must be covered.
    """

    objective: Any
    model: Model
    only_counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What later stages must keep: `value` was found, and it may be no worse than `at`.

    Parameters
    ----------
    goal : Goal
    value, at : float
    most : Decimal, optional
        What `at` is to the last digit, where it is an amount of money.
    """

    goal: Goal
    value: float
    at: float
    most: Decimal | None = None

    def rows(self, problem: SitingProblem) -> SiteRows:
        """Write a number or a cost that must be kept as a row over the sites; no rows for other objectives."""
        if self.goal.model.name == "min_sites":
            every = np.ones(problem.n_sites, dtype=np.int64)
            return row_of(every, "sites kept", upper=math.floor(self.at + 1e-9))
        if self.goal.model.name == "min_cost" and self.most is not None:
            return at_most_row(problem.costs, self.most, "cost kept")[0]
        return no_rows(problem.n_sites)


def value_of(problem: SitingProblem, goal: Goal, found: Found) -> float:
    """Recompute an objective of a plan, by code that knows no program."""
    assert found.opened is not None
    if goal.only_counts:
        return float(found.opened.sum() if goal.model.name == "min_sites" else problem.sites.cost[found.opened].sum())
    return goal.model.value(problem, goal.objective, found)


def cost_of(problem: SitingProblem, opened: NDArray[np.bool_]) -> Decimal:
    """Return what open sites cost, to the last digit."""
    with localcontext(Context(prec=PLACES)):
        return sum((problem.costs[j] for j in np.flatnonzero(opened).tolist()), Decimal(0))


def meets(problem: SitingProblem, goal: Goal, opened: NDArray[np.bool_]) -> bool:
    """Whether open sites keep what a goal itself asks, such as its number: a plan of the goals before it need not."""
    try:
        value_of(problem, goal, Found(status="feasible", opened=opened, objective=math.nan, best_bound=math.nan))
    except SolverError:
        return False
    return True


def _formulate(problem: SitingProblem, goal: Goal) -> Formulation:
    if not goal.only_counts:
        return goal.model.formulate(problem, goal.objective)
    per_site = np.ones(problem.n_sites) if goal.model.name == "min_sites" else problem.sites.cost.astype(np.float64)
    return replace(no_columns(problem, "min"), objective=per_site)


def combined(problem: SitingProblem, goal: Goal, kept: Sequence[Kept]) -> Formulation:
    """Put the formulations of a sequence side by side, with a row for each objective that must be kept.

    Parameters
    ----------
    problem : SitingProblem
    goal : Goal
        Gives the objective.
    kept : sequence of Kept

    Returns
    -------
    Formulation
        Columns ``[x | own of the first | ... | own of the last]``.
    """
    parts = [_formulate(problem, one.goal) for one in kept] + [_formulate(problem, goal)]
    n = problem.n_sites
    sizes = [len(part.whole) for part in parts]
    starts = n + np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    width = int(starts[-1])
    rows, lower, upper = [], [], []
    for k, part in enumerate(parts):
        rows.append(_moved(part.rows, n, int(starts[k]), width))
        lower.append(part.lower)
        upper.append(part.upper)
        if k < len(kept):
            rows.append(_moved(csr_array(part.objective[None, :]), n, int(starts[k]), width))
            least, most = _bounds(part, kept[k])
            lower.append(np.array([least]))
            upper.append(np.array([most]))
    objective = _moved(csr_array(parts[-1].objective[None, :]), n, int(starts[-2]), width).toarray().ravel()
    return Formulation(
        sense=parts[-1].sense,
        objective=objective,
        constant=parts[-1].constant,
        rows=csr_array(vstack(rows)),
        lower=np.concatenate(lower),
        upper=np.concatenate(upper),
        low=np.concatenate([part.low for part in parts]),
        high=np.concatenate([part.high for part in parts]),
        whole=np.concatenate([part.whole for part in parts]),
    )


def _bounds(part: Formulation, kept: Kept) -> tuple[float, float]:
    """Bounds of the row that keeps an objective; sums may differ in their last digits."""
    slack = _SLACK * max(abs(kept.value), 1.0)
    at = kept.at - part.constant
    return (at - slack, math.inf) if part.sense == "max" else (-math.inf, at + slack)


def _moved(rows: csr_array, n_sites: int, start: int, width: int) -> csr_array:
    """Put the own columns of a formulation at their place among those of all."""
    tidy = csr_array(rows)
    columns = np.where(tidy.indices < n_sites, tidy.indices, tidy.indices + (start - n_sites))
    return csr_array((tidy.data, columns, tidy.indptr), shape=(tidy.shape[0], width))


def completed(program: MixedProgram, opened: NDArray[np.bool_], run: Run) -> NDArray[np.float64] | None:
    """Work out the other columns for a given set of open sites; None if there are none that fit."""
    n = len(opened)
    fixed = replace(
        program,
        low=np.concatenate([opened.astype(np.float64), program.low[n:]]),
        high=np.concatenate([opened.astype(np.float64), program.high[n:]]),
    )
    return solve_mixed(fixed, limit_s=run.clock.left_s() / 2, seed=run.seed).x


def solve_stage(problem: SitingProblem, goal: Goal, kept: Sequence[Kept], run: Run, plan: Found) -> Found:
    """Find the best plan for a goal that keeps all earlier ones.

    Parameters
    ----------
    problem : SitingProblem
    goal : Goal
    kept : sequence of Kept
        Their numbers and costs stand in the rows of the problem.
    run : Run
    plan : Found
        Keeps the earlier goals; what is returned is no worse, where it meets this one.

    Returns
    -------
    Found
        ``unknown`` where time ended before a plan that meets the goal was found.
    """
    assert plan.opened is not None
    formulation = combined(problem, goal, kept)
    program = mixed_program(problem, formulation)
    factor = 1.0
    if goal.only_counts:
        program, factor = _of_a_size(problem, goal, program, plan)
    start = completed(program, plan.opened, run)
    found = solve_mixed(program, hint=start, limit_s=run.clock.left_s(), seed=run.seed, relative_gap=run.relative_gap)
    sign = 1.0 if formulation.sense == "min" else -1.0
    bound = sign * found.best_bound / factor + formulation.constant
    if found.status == "infeasible":
        return Found(status="infeasible", opened=None, objective=math.nan, best_bound=bound)
    if found.x is None and not meets(problem, goal, plan.opened):
        return Found(status="unknown", opened=None, objective=math.nan, best_bound=bound)
    opened = plan.opened if found.x is None else found.x[: problem.n_sites] > 0.5
    made = Found(
        status="feasible",
        opened=opened,
        objective=math.nan,
        best_bound=_rounded_up(bound, formulation.objective) if goal.only_counts else bound,
        bound_source=found.bound_source,
    )
    value = value_of(problem, goal, made)
    closed = math.isclose(made.best_bound, value, rel_tol=1e-9, abs_tol=1e-9 / factor)
    return replace(made, status="optimal" if found.status == "optimal" or closed else "feasible", objective=value)


def _of_a_size(problem: SitingProblem, goal: Goal, program: MixedProgram, plan: Found) -> tuple[MixedProgram, float]:
    """Make a cost of a size that solvers tell apart: tolerances are absolute.

    A site that costs more than the new sites of the plan together is in no cheaper plan, and stays shut.

    Returns
    -------
    program : MixedProgram
    factor : float
        What its objective is multiplied with: a power of two, so that nothing is rounded.
    """
    assert plan.opened is not None
    n = problem.n_sites
    cost = program.objective[:n]
    worth = value_of(problem, goal, plan)
    room = math.fsum(cost[plan.opened & ~problem.must_open].tolist())
    dear = (cost > room) & ~problem.must_open & ~plan.opened
    factor = 2.0 ** round(math.log2(_SIZE / worth)) if worth > 0 else 1.0
    objective, high = program.objective * factor, program.high.copy()
    objective[:n][dear], high[:n][dear] = 0.0, 0.0
    return replace(program, objective=objective, high=high), factor


def _rounded_up(bound: float, factors: NDArray[np.float64]) -> float:
    """Lift a lower bound to the next sum that whole multiples of the smallest decimal of the factors can give."""
    if not math.isfinite(bound):
        return bound
    places = max(0, *(-int(as_decimal(one).normalize().as_tuple().exponent) for one in set(factors.tolist())), 0)
    return bound if places > 6 else math.ceil(bound * 10**places - 1e-6) / 10**places
