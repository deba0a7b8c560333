"""Verification: what a model found is believed only after times and limits have said the same."""

from __future__ import annotations

import math
from typing import Any

from rescuesim.errors import SolverError
from rescuesim.siting.found import Found
from rescuesim.siting.models import Model
from rescuesim.siting.problem import SitingProblem

__all__ = ["verified"]


def verified(problem: SitingProblem, model: Model, objective: Any, found: Found) -> float:
    """Recompute the objective from times and limits alone and compare it with the model's.

    Parameters
    ----------
    problem : SitingProblem
    model : Model
    objective : object
    found : Found

    Returns
    -------
    float
        NaN without a plan where the solver stopped, infinite where there is none.

    Raises
    ------
    SolverError
        If the plan breaks a side condition, or the objective is not what the solver claims.
    """
    if found.opened is None:
        return math.nan if found.status == "unknown" else -math.inf if model.sense == "max" else math.inf
    if not problem.keeps(found.opened):
        raise SolverError("the plan breaks a side condition")
    value = model.value(problem, objective, found)
    slack = 1e-6 * max(abs(value), 1.0)
    if abs(value - found.objective) > slack:
        raise SolverError(f"the solver claims {found.objective:g}, recomputed {value:g}")
    if (found.best_bound - value) * (1 if model.sense == "max" else -1) < -slack:
        raise SolverError(f"recomputed {value:g} is better than the bound {found.best_bound:g}")
    return value
