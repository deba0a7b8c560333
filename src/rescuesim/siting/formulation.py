"""Formulation: a location model as a mixed program, over the sites and columns of its own.

Any model can be solved through its formulation, with all side conditions, and formulations can be put in sequence;
models that the library is fast at have ways of their own besides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, vstack

from rescuesim.siting.found import Found, Run
from rescuesim.siting.problem import SitingProblem
from rescuesim.solver import MixedProgram, solve_mixed
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["Formulation", "mixed_program", "solve_formulation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Formulation:
    """Rows and objective over columns ``[x | own]``: x of the sites, then those of the model.

    Parameters
    ----------
    sense : {'max', 'min'}
    objective : ndarray of float64, shape (n_sites + n_own,)
    constant : float
        That the objective has besides.
    rows : csr_array of float64, shape (n_rows, n_sites + n_own)
    lower, upper : ndarray of float64, shape (n_rows,)
    low, high : ndarray of float64, shape (n_own,)
    whole : ndarray of bool, shape (n_own,)
    """

    sense: Literal["max", "min"]
    objective: NDArray[np.float64]
    constant: float = 0.0
    rows: csr_array
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    whole: NDArray[np.bool_]


def mixed_program(problem: SitingProblem, formulation: Formulation) -> MixedProgram:
    """Put a formulation and the side conditions of a problem together, to be minimised.

    Parameters
    ----------
    problem : SitingProblem
    formulation : Formulation

    Returns
    -------
    MixedProgram
        Its objective is that of the formulation, times -1 where that is maximised, without the constant.
    """
    n, n_own = problem.n_sites, len(formulation.whole)
    side = problem.rows
    blocks = [[csr_array(side.rows.astype(np.float64)), csr_array((len(side), n_own), dtype=np.float64)]]
    rows = csr_array(vstack([formulation.rows, block_array(blocks)])) if len(side) else formulation.rows
    low, high = (
        np.where(side.lower <= -NO_BOUND, -np.inf, side.lower),
        np.where(side.upper >= NO_BOUND, np.inf, side.upper),
    )
    sign = 1.0 if formulation.sense == "min" else -1.0
    return MixedProgram(
        objective=sign * formulation.objective,
        rows=csr_array(rows),
        lower=np.concatenate([formulation.lower, low]),
        upper=np.concatenate([formulation.upper, high]),
        low=np.concatenate([problem.must_open.astype(np.float64), formulation.low]),
        high=np.concatenate([(~problem.must_close).astype(np.float64), formulation.high]),
        whole=np.concatenate([np.ones(n, dtype=np.bool_), formulation.whole]),
    )


def solve_formulation(
    problem: SitingProblem, formulation: Formulation, run: Run, *, start: NDArray[np.float64] | None = None
) -> Found:
    """Solve a formulation with all side conditions.

    Parameters
    ----------
    problem : SitingProblem
    formulation : Formulation
    run : Run
    start : ndarray of float64, shape (n_sites + n_own,), optional
        Values to start from.

    Returns
    -------
    Found
    """
    program = mixed_program(problem, formulation)
    found = solve_mixed(program, hint=start, limit_s=run.clock.left_s(), seed=run.seed, relative_gap=run.relative_gap)
    sign = 1.0 if formulation.sense == "min" else -1.0
    bound = sign * found.best_bound + formulation.constant
    if found.x is None:
        return Found(
            status=found.status, opened=None, objective=np.nan, best_bound=bound, bound_source=found.bound_source
        )
    return Found(
        status=found.status,
        opened=found.x[: problem.n_sites] > 0.5,
        objective=sign * found.objective + formulation.constant,
        best_bound=bound,
        bound_source=found.bound_source,
    )
