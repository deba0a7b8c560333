"""A linear program over continuous and whole variables, as arrays, and what a solver found of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.errors import InputError
from rescuesim.solver.binary_program import Status

__all__ = ["LinearSolution", "MixedProgram", "MixedSolution"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedProgram:
    """Minimise ``objective @ x`` subject to ``lower <= rows @ x <= upper`` and ``low <= x <= high``.

    Parameters
    ----------
    objective : ndarray of float64, shape (n_variables,)
    rows : csr_array of float64, shape (n_rows, n_variables)
    lower, upper : ndarray of float64, shape (n_rows,)
        Infinite where there is no bound.
    low, high : ndarray of float64, shape (n_variables,)
    whole : ndarray of bool, shape (n_variables,)
        Variables that take whole numbers only.
    """

    objective: NDArray[np.float64]
    rows: csr_array
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    whole: NDArray[np.bool_]

    def __post_init__(self) -> None:
        n_rows, n_variables = self.rows.shape
        by_variable = (self.objective, self.low, self.high, self.whole)
        if any(one.shape != (n_variables,) for one in by_variable) or any(
            one.shape != (n_rows,) for one in (self.lower, self.upper)
        ):
            raise InputError("mixed program: shapes of objective, rows and bounds do not fit")
        if not (np.isfinite(self.objective).all() and np.isfinite(self.rows.data).all()):
            raise InputError("mixed program: expected finite factors")
        if any(np.isnan(one).any() for one in (self.lower, self.upper, self.low, self.high)):
            raise InputError("mixed program: bounds that are no numbers")

    @property
    def n_variables(self) -> int:
        """Number of variables."""
        return len(self.objective)

    def is_feasible(self, x: NDArray[np.float64], tolerance: float = 1e-6) -> bool:
        """Whether an assignment keeps all rows and bounds, to a tolerance that grows with the bounds."""

        def inside(value: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> bool:
            slack_low = tolerance * np.maximum(1, np.abs(np.where(np.isfinite(low), low, 0)))
            slack_high = tolerance * np.maximum(1, np.abs(np.where(np.isfinite(high), high, 0)))
            return bool(((value >= low - slack_low) & (value <= high + slack_high)).all())

        whole = bool((np.abs(x[self.whole] - np.rint(x[self.whole])) <= tolerance).all())
        return whole and inside(x, self.low, self.high) and inside(self.rows @ x, self.lower, self.upper)


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedSolution:
    """What the solver found of a mixed program.

    Parameters
    ----------
    status : {'optimal', 'feasible', 'infeasible', 'unknown'}
    x : ndarray of float64, shape (n_variables,), or None
        The best assignment found; whole variables are whole.
    objective : float
        Of `x`; ``inf`` without one.
    best_bound : float
        No assignment is better than this; ``-inf`` if nothing is proved.
    bound_source : str
        What proves it.
    """

    status: Status
    x: NDArray[np.float64] | None
    objective: float
    best_bound: float
    bound_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearSolution:
    """What the solver found of the linear relaxation.

    Parameters
    ----------
    status : {'optimal', 'feasible', 'infeasible', 'unknown'}
        ``feasible`` where the solver stopped before it was done.
    x : ndarray of float64, shape (n_variables,), or None
    objective : float
    row_duals : ndarray of float64, shape (n_rows,), or None
        What one more on the bound of a row that binds would add to the objective; approximate.
    """

    status: Status
    x: NDArray[np.float64] | None
    objective: float
    row_duals: NDArray[np.float64] | None
