"""What a model found, and the time and threads that it may take."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.solver.binary_program import Status

__all__ = ["Clock", "Found", "Run", "Stage"]


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
class Run:
    """How a model is to be solved.

    Parameters
    ----------
    clock : Clock
    workers, seed : int
    relative_gap : float
        A proof to this share of the objective is enough; 0 asks for the optimum.
    """

    clock: Clock
    workers: int = 1
    seed: int = 0
    relative_gap: float = 0.0

    def part(self, share: float) -> Run:
        """Return a run that may take a share of the time that is left."""
        limit_s = share * self.clock.left_s() if self.clock.limit_s < math.inf else math.inf
        return replace(self, clock=Clock(limit_s=limit_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One of several objectives in sequence.

    Parameters
    ----------
    objective : str
        Name of the model.
    sense : {'max', 'min'}
    status : {'optimal', 'feasible', 'infeasible', 'unknown'}
        Of this objective, with what the earlier ones had to keep.
    value, best_bound : float
        What was found at this stage, and the bound on it.
    bound_source : str
    kept_at : float
        What later stages had to keep of it; the value itself without a tolerance.
    final : float
        What the plan has in the end.
    runtime_s : float
    """

    objective: str
    sense: str
    status: Status
    value: float
    best_bound: float
    bound_source: str
    kept_at: float
    final: float
    runtime_s: float

    def divided(self, factor: float) -> Stage:
        """Return the stage in weights that are so many times smaller."""
        names = ("value", "best_bound", "kept_at", "final")
        return replace(self, **{name: getattr(self, name) / factor for name in names})

    @property
    def gap(self) -> float:
        """Distance of value and bound as a share of the value."""
        if self.value == self.best_bound:
            return 0.0
        return abs(self.best_bound - self.value) / (abs(self.value) or 1e-9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a model found.

    Parameters
    ----------
    status : {'optimal', 'feasible', 'infeasible', 'unknown'}
        Of the model's own objective.
    opened : ndarray of bool, shape (n_sites,), or None
    objective, best_bound : float
        Of the model's own objective, in its own unit.
    bound_source : str
        Who proved the bound; empty if nobody.
    ties_broken : bool
        Whether the second objective was proved optimal too.
    units : ndarray of int64, shape (n_sites,), or None
        Where the model places units.
    allocation : ndarray of int64, shape (n_demand,), or None
        The site that serves each point, -1 for none, where the model allocates points as wholes.
    shares : ndarray of float64, shape (n_sites, n_demand), or None
        Share of each point's demand that a site serves, where the model splits them.
    surely_open, surely_shut : ndarray of bool, shape (n_sites,), or None
        Sites that every better plan opens, or leaves shut, by their reduced costs.
    stages : tuple of Stage
        Where several objectives were asked in sequence.
    message : str
    """

    status: Status
    opened: NDArray[np.bool_] | None
    objective: float
    best_bound: float
    bound_source: str = ""
    ties_broken: bool = False
    units: NDArray[np.int64] | None = None
    allocation: NDArray[np.int64] | None = None
    shares: NDArray[np.float64] | None = None
    surely_open: NDArray[np.bool_] | None = None
    surely_shut: NDArray[np.bool_] | None = None
    stages: tuple[Stage, ...] = ()
    message: str = ""
