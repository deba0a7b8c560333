"""SitingSolution: the plan, how good it is proved to be, and what it does not cover and why."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from rescuesim.plan import Plan
from rescuesim.solver.binary_program import Status
from rescuesim.travel.plan_coverage import PlanCoverage

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
    runtime_s : float
        Wall time, reductions and verification included.
    seed : int
    ties_broken : bool
        Whether the plan is proved to be the cheapest, then the first in the table, among the optima.
    by_state : PlanCoverage or None
        Over states of a network: the covered weight state by state, with mean, worst and CVaR. `points` then are those
        of unbroken roads, and ``covered_share`` the probability of the states in which a point is covered.
    message : str
        In words, what an infeasible or unfinished status means.
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
    by_state: PlanCoverage | None = None
    message: str = ""

    @property
    def opened(self) -> tuple[str, ...]:
        """Ids of the open sites."""
        return self.plan.opened
