"""Two objectives in sequence: the model's own, then the documented tie-break."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.solver import BinaryProgram, solve_binary
from rescuesim.solver.binary_program import Status

__all__ = ["Clock", "Staged", "improve_ties"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Wall time that a solve may take in all its stages.

    Parameters
    ----------
    limit_s : float
    began_s : float
        Reading of `time.perf_counter` at the start.
    """

    limit_s: float
    began_s: float = field(default_factory=time.perf_counter)

    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.began_s

    def left_s(self) -> float:
        """Seconds left, at least a hundredth."""
        return max(self.limit_s - self.elapsed_s(), 0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What a model found.

    Parameters
    ----------
    status : str
        Of the model's own objective.
    opened : ndarray of bool, shape (n_sites,), or None
    objective, best_bound : float
        Of the model's own objective.
    bound_source : str
        Who proved the bound; empty if nobody.
    ties_broken : bool
        Whether the second objective was proved optimal too.
    """

    status: Status
    opened: NDArray[np.bool_] | None
    objective: float
    best_bound: float
    bound_source: str = ""
    ties_broken: bool = False


def improve_ties(
    first: Staged,
    program: BinaryProgram,
    *,
    exact: bool,
    hint: NDArray[np.bool_],
    n_sites: int,
    clock: Clock,
    workers: int,
    seed: int,
) -> Staged:
    """Solve the second objective among the optima of the first and keep its sites.

    Parameters
    ----------
    first : Staged
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
