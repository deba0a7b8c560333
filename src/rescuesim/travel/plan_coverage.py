"""What plans cover over the states of a network: mean, worst state and the mean of the worst tail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.errors import InputError

__all__ = ["PlanCoverage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCoverage:
    """Covered weight of plans, state by state.

    Parameters
    ----------
    plans : tuple of str
    labels : tuple of str
        Of the states.
    probability : ndarray of float64, shape (n_states,)
    covered : ndarray of float64, shape (n_states, n_plans)
        In the unit of the weights, people as a rule.

    Examples
    --------
    >>> coverage = PlanCoverage(
    ...     plans=("today",),
    ...     labels=("open", "bridge out", "flood"),
    ...     probability=np.array([0.5, 0.3, 0.2]),
    ...     covered=np.array([[100.0], [80.0], [40.0]]),
    ... )
    >>> coverage.mean().tolist(), coverage.worst().tolist(), coverage.cvar(0.6).tolist()
    ([82.0], [40.0], [60.0])

    A state of probability 0 is in the table and in none of the three.
    """

    plans: tuple[str, ...]
    labels: tuple[str, ...]
    probability: NDArray[np.float64]
    covered: NDArray[np.float64]

    def __str__(self) -> str:
        rows = zip(self.plans, self.mean(), self.worst(), strict=True)
        lines = [f"{plan}: {mean:,.0f} on average, {worst:,.0f} in the worst state" for plan, mean, worst in rows]
        return "\n".join([f"covered in {len(self.labels):,} states", *lines])

    def mean(self) -> NDArray[np.float64]:
        """Return the expected covered weight of each plan; float64, shape (n_plans,)."""
        return np.asarray(self.probability @ self.covered)

    def worst(self) -> NDArray[np.float64]:
        """Covered weight of each plan in its worst state that can happen; float64, shape (n_plans,)."""
        return np.asarray(self.covered[self.probability > 0].min(axis=0))

    def cvar(self, level: float) -> NDArray[np.float64]:
        """Mean covered weight of each plan in its worst states.

        Parameters
        ----------
        level : float
            From 0, the mean of all states, to below 1. The worst ``1 - level`` of the probability counts; a state
            that lies on the border counts in part.

        Returns
        -------
        ndarray of float64, shape (n_plans,)

        Raises
        ------
        InputError
            If the level is not from 0 to below 1.

        References
        ----------
        Rockafellar, R. T., & Uryasev, S. (2002). Conditional value-at-risk for general loss distributions. Journal of
        Banking & Finance 26(7), 1443-1471. doi:10.1016/S0378-4266(02)00271-6
        """
        if not 0 <= level < 1:
            raise InputError(f"level {level}: expected 0 to below 1")
        tail = 1 - level
        order = np.argsort(self.covered, axis=0, kind="stable")
        chance = self.probability[order]
        before = np.cumsum(chance, axis=0) - chance
        counted = np.clip(tail - before, 0.0, chance)
        return np.asarray((counted * np.take_along_axis(self.covered, order, axis=0)).sum(axis=0) / tail)

    def to_frame(self) -> pd.DataFrame:
        """Return the covered weights as a table, states as rows and plans as columns."""
        return pd.DataFrame(self.covered, index=list(self.labels), columns=list(self.plans))
