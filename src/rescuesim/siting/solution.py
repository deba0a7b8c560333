"""SitingSolution: the plan, how good it is proved to be, and what it does not cover and why."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from rescuesim.plan import Plan
from rescuesim.siting.found import Stage
from rescuesim.solver.binary_program import Status

__all__ = ["SitingSolution"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SitingSolution:
    """Result of `rescuesim.site`.

    Parameters
    ----------
    objective_name : {'max_coverage', 'min_sites'}
    status : {'optimal', 'feasible', 'infeasible', 'unknown'}
    objective : float
        Covered weight (`MaxCoverage`) or number of open sites (`MinSites`), recomputed from the travel
        times by code that the solver never sees.
    best_bound : float
        No plan is better than this.
    bound_source : str
        What proves the bound; empty if nothing does.
    gap : float
        Distance of objective and bound as a share of the objective; 0 if proved optimal.
    plan : Plan
        The open sites; the fixed ones alone where there is no solution.
    points : DataFrame
        One row a demand point: ``id, covered, nearest_site, nearest_s, limit_s, reason``.
    uncoverable : DataFrame
        The rows of `points` that no choice of the given sites would cover, with the reason.
    allocation : DataFrame or None
        Where the model allocates points to sites, who serves whom, one row a pair: ``point, site, share, weight, time``
        (`rescuesim.siting.allocated.allocation_table`).
    runtime_s : float
        Wall time, reductions and verification included.
    seed : int
    ties_broken : bool
        Whether the plan is proved to be the cheapest, then the first in the table, among the optima.
    message : str
        In words, what an infeasible or unfinished status means.
    notes : tuple of str
        What is to be said of the side conditions: what was rounded, whom they leave out.
    stages : tuple of Stage
        Where several objectives were asked in sequence: each with its value, bound and gap. The status is that of the
        whole sequence; objective, bound and gap are the first objective's in the final plan, so the gap counts what a
        tolerance gave away.
    relaxation : DataFrame or None
        Where the status is infeasible: the least that would have to give way, one row a condition
        (`rescuesim.siting.relaxation.relax`).
    """

    objective_name: str
    status: Status
    objective: float
    best_bound: float
    bound_source: str
    gap: float
    plan: Plan
    points: pd.DataFrame
    uncoverable: pd.DataFrame
    runtime_s: float
    seed: int
    ties_broken: bool
    message: str = ""
    notes: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    relaxation: pd.DataFrame | None = None
    allocation: pd.DataFrame | None = None

    @property
    def opened(self) -> tuple[str, ...]:
        """Ids of the open sites."""
        return self.plan.opened
