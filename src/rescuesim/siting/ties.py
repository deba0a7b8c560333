"""Two objectives in sequence: the model's own, then the documented tie-break."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.siting.found import Clock, Found
from rescuesim.solver import BinaryProgram, solve_binary

__all__ = ["improve_ties"]


def improve_ties(
    first: Found,
    program: BinaryProgram,
    *,
    exact: bool,
    hint: NDArray[np.bool_],
    n_sites: int,
    clock: Clock,
    workers: int,
    seed: int,
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
    """
    if clock.limit_s < math.inf and clock.left_s() <= 0.01:
        return first
    second = solve_binary(program, hint=hint, limit_s=clock.left_s(), workers=workers, seed=seed)
    if second.x is None:
        return first
    return replace(first, opened=second.x[:n_sites], ties_broken=exact and second.status == "optimal")
