"""A linear program over binary variables, as arrays, and what a solver found of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.errors import InputError

__all__ = ["NO_BOUND", "BinaryProgram", "BinarySolution", "Status"]

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
NO_BOUND = 2**53  # rows without an upper bound; also the largest whole number that float64 tells apart


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryProgram:
    """Maximise ``objective @ x`` subject to ``lower <= rows @ x <= upper``, x in {0, 1}.

    Parameters
    ----------
    objective : ndarray of int64, shape (n_variables,)
    rows : csr_array of int64, shape (n_rows, n_variables)
    lower, upper : ndarray of int64, shape (n_rows,)
        ``upper`` is `NO_BOUND` where there is none, ``lower`` its negative.
    """

    objective: NDArray[np.int64]
    rows: csr_array
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]

    def __post_init__(self) -> None:
        n_rows, n_variables = self.rows.shape
        if self.objective.shape != (n_variables,) or self.lower.shape != (n_rows,) or self.upper.shape != (n_rows,):
            raise InputError("binary program: shapes of objective, rows and bounds do not fit")
        if np.abs(self.objective).sum(dtype=np.float64) >= NO_BOUND:
            raise InputError("binary program: the objective's sum must stay under 2^53 to be exact")

    @property
    def n_variables(self) -> int:
        """Number of variables."""
        return len(self.objective)

    def is_feasible(self, x: NDArray[np.bool_]) -> bool:
        """Whether an assignment keeps every row."""
        activity = self.rows @ x.astype(np.int64)
        return bool(((activity >= self.lower) & (activity <= self.upper)).all())

    def value(self, x: NDArray[np.bool_]) -> int:
        """Objective of an assignment."""
        return int(self.objective[x].sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class BinarySolution:
    """What the solver found.

    Parameters
    ----------
    status : {'optimal', 'feasible', 'infeasible', 'unknown'}
    x : ndarray of bool, shape (n_variables,), or None
        The best assignment found.
    best_bound : float
        No assignment is better than this.
    bound_source : str
        What proves it: ``CP-SAT``, or ``sum of the objective`` where the solver proved nothing; empty for an
        infeasible program.
    """

    status: Status
    x: NDArray[np.bool_] | None
    best_bound: float
    bound_source: str
