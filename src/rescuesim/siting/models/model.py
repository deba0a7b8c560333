"""Model: what every location model has, whatever it is called in the field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from rescuesim.siting.formulation import Formulation
from rescuesim.siting.found import Found, Run
from rescuesim.siting.problem import SitingProblem

__all__ = ["Model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One location model, as functions of a problem and an objective.

    Parameters
    ----------
    name : str
        Of the objective, in results and tables.
    sense : {'max', 'min'}
    uses_limits : bool
        Whether it asks who is in time for whom.
    check : callable
        From problem and objective to the reasons why the model cannot be asked about them, as text; empty if it can.
    formulate : callable
        From problem and objective to its `Formulation`.
    solve : callable
        From problem, objective and `Run` to what was `Found`.
    value : callable
        From problem, objective and what was found to the objective, recomputed from times, limits and weights alone,
        by code that shares nothing with `formulate` and `solve`. Raises SolverError where a promise is broken.
    sums_weights : callable
        From an objective to whether its value is so many times larger where all weights are.
    """

    name: str
    sense: Literal["max", "min"]
    uses_limits: bool
    check: Callable[[SitingProblem, Any], list[str]]
    formulate: Callable[[SitingProblem, Any], Formulation]
    solve: Callable[[SitingProblem, Any, Run], Found]
    value: Callable[[SitingProblem, Any, Found], float]
    sums_weights: Callable[[Any], bool]
