"""Two objectives in sequence: the model's own, then the documented tie-break."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.siting.covering.exact import TIE_EFFORT, is_over
from rescuesim.siting.found import Found, Run
from rescuesim.solver import BinaryProgram, solve_binary

__all__ = ["improve_ties"]


def improve_ties(
    first: Found,
    program: BinaryProgram,
    *,
    exact: bool,
    hint: NDArray[np.bool_],
    n_sites: int,
    run: Run,
) -> Found:
    """Solve the second objective among the optima of the first and keep its sites.

    Parameters
    ----------
    first : Found
        Optimal for the first objective.
    program : BinaryProgram
        The second objective with a row that keeps the first at its optimum.
    exact : bool
        Whether the second objective tells all costs apart.
    hint : ndarray of bool
        The first solution.
    n_sites : int
        The leading columns that are sites.
    run : Run
        The effort among ties is limited besides, in deterministic time: that the objective is the best is proved.
    """
    if is_over(run.clock):
        return first
    second = solve_binary(
        program, hint=hint, limit_s=run.clock.left_s(), workers=run.workers, seed=run.seed, effort=TIE_EFFORT
    )
    if second.x is None:
        return first
    return replace(first, opened=second.x[:n_sites], ties_broken=exact and second.status == "optimal")
