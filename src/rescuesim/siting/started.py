"""Solves a formulation from a plan at hand, and says what was found with its worth recomputed from the units."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import SolverError
from rescuesim.siting.formulation import Formulation, mixed_program
from rescuesim.siting.found import Found, Run
from rescuesim.siting.problem import SitingProblem
from rescuesim.solver import solve_mixed
from rescuesim.solver.binary_program import Status

__all__ = ["found_units", "solve_started"]


def solve_started(
    problem: SitingProblem,
    formulation: Formulation,
    run: Run,
    *,
    start: NDArray[np.float64] | None,
    units_of: Callable[[NDArray[np.float64]], NDArray[np.int64]],
    value: Callable[[NDArray[np.int64]], float],
    ceiling: float,
    counted: bool = False,
) -> Found:
    """Solve a formulation that is maximised, with all side conditions.

    Parameters
    ----------
    problem : SitingProblem
    formulation : Formulation
    run : Run
    start : ndarray of float64, shape (n_sites + n_own,), or None
        Values to start from.
    units_of : callable
        From values of all columns to the units at each site.
    value : callable
        From units to the objective.
    ceiling : float
        No units are worth more, whatever the solver proves: the sum of the weights, as a rule.
    counted : bool, optional
        Whether the model places units, not just sites.

    Returns
    -------
    Found
        Its objective is `value` of its units.
    """
    program = mixed_program(problem, formulation)
    found = solve_mixed(program, hint=start, limit_s=run.clock.left_s(), seed=run.seed, relative_gap=run.relative_gap)
    bound, source = -found.best_bound + formulation.constant, found.bound_source
    if not bound <= ceiling and found.status != "infeasible":
        bound, source = ceiling, "sum of weights"
    if found.x is None:
        return Found(status=found.status, opened=None, objective=math.nan, best_bound=bound, bound_source=source)
    units = units_of(found.x)
    exact = value(units)
    # stopped at a limit, the solver may have left columns lower than its sites allow
    if formulation.constant - found.objective - exact > 1e-6 * max(1.0, abs(exact)):
        raise SolverError(f"HiGHS claims {formulation.constant - found.objective:g}, its plan is worth {exact:g}")
    return found_units(units, exact, bound, status=found.status, bound_source=source, counted=counted)


def found_units(
    units: NDArray[np.int64], value: float, bound: float, *, status: Status, bound_source: str, counted: bool = False
) -> Found:
    """Say what was found, the bound never under the objective and equal to it where it is proved.

    Parameters
    ----------
    units : ndarray of int64, shape (n_sites,)
    value, bound : float
    status : {'optimal', 'feasible'}
    bound_source : str
    counted : bool, optional
        Whether the model places units, not just sites.
    """
    proved = status == "optimal" or bound <= value + 1e-9 * max(1.0, abs(value))
    return Found(
        status="optimal" if proved else "feasible",
        opened=np.asarray(units > 0),
        objective=value,
        best_bound=value if proved else bound,
        bound_source=bound_source,
        units=units if counted else None,
    )
