"""SitingSolution: the plan, how good it is proved to be, and what it does not cover and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.plan import Plan
from rescuesim.siting.found import Found, Stage
from rescuesim.siting.problem import SitingProblem
from rescuesim.solver.binary_program import Status
from rescuesim.standard import ResponseStandard
from rescuesim.travel.plan_coverage import PlanCoverage

if TYPE_CHECKING:
    from rescuesim.siting.constraints import SitingConstraints
    from rescuesim.siting.explain import Explanation
    from rescuesim.siting.models import Model

__all__ = ["Asked", "SitingSolution"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a solution is the answer to: explanations are worked out from it, when somebody wants them.

    Parameters
    ----------
    problem : SitingProblem
    model : Model
    objective : object
        Of the model.
    found : Found
    standard : ResponseStandard or None
        None where one limit held for all pairs, or none.
    constraints : SitingConstraints or None
        Side conditions, for the shifts and crews that they staff.
    kind : str
        Of the sites that take part.
    units_per_new_site : int or None
        Units of the sites that are opened; those of the site table if None.
    """

    problem: SitingProblem
    model: Model
    objective: Any
    found: Found
    standard: ResponseStandard | None = None
    constraints: SitingConstraints | None = None
    kind: str = "station"
    units_per_new_site: int | None = None

    def units(self) -> NDArray[np.int64]:
        """Units of each site if it is open: as the model placed them, else as the site table has them."""
        sites = self.problem.sites
        units = sites.units
        if self.units_per_new_site is not None:
            units = np.where(sites.with_status("existing"), units, self.units_per_new_site)
        if self.found.units is not None:
            units = np.where(self.found.units > 0, self.found.units, units)
        return np.asarray(units, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class SitingSolution:
    """Result of `rescuesim.site`.

    Parameters
    ----------
    objective_name : str
        Name of the model.
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
        Whether the plan is proved to be the cheapest, then the first in the table, among the optima. Coverage by number
        or budget, set covering and p-center look for it; the plans of all other models, p-median among them, are one of
        the optima as it came, and this is false. ``Lexicographic([..., MinCost()])`` asks for the cheapest.
    by_state : PlanCoverage or None
        Over states of a network: the covered weight state by state, with mean, worst and CVaR. `points` then are those
        of unbroken roads, and ``covered_share`` the probability of the states in which a point is covered.
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
    surely_open, surely_shut : tuple of str
        Sites that every plan better than this one would open, or leave shut, by proof; empty where nothing is proved.
    tables : mapping of str to DataFrame
        What else the model has to say, by name, such as coverage by state.
    asked : Asked or None
        What the solution is the answer to.

    Notes
    -----
    A model that has more to tell adds a table to `tables`: `to_frames`, the command line and the workbook take it from
    there.
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
    notes: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    relaxation: pd.DataFrame | None = None
    surely_open: tuple[str, ...] = ()
    surely_shut: tuple[str, ...] = ()
    allocation: pd.DataFrame | None = None
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    asked: Asked | None = field(default=None, repr=False, compare=False)
    _explained: list[Explanation] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def opened(self) -> tuple[str, ...]:
        """Ids of the open sites."""
        return self.plan.opened

    @property
    def units(self) -> dict[str, int]:
        """Units by site id."""
        return self.plan.units

    def __str__(self) -> str:
        if self.status in ("infeasible", "unknown"):
            return f"{self.objective_name}: {self.status}; {self.message}"
        proof = "" if self.gap == 0 else f", no plan is better than {self.best_bound:,.6g} (gap {self.gap:.2%})"
        new, missed = len(self.plan.new_sites()), int((~self.points["covered"]).sum())
        return (
            f"{self.objective_name}: {self.status}, {self.objective:,.6g}{proof}\n"
            f"{len(self.opened):,} sites open, {new:,} of them new, cost {self.plan.cost:g}; "
            f"{missed:,} of {len(self.points):,} points are not covered"
        )

    def to_frames(self) -> dict[str, pd.DataFrame]:
        """Return all tables by name.

        Returns
        -------
        dict of str to DataFrame
            ``summary`` (one row), ``sites``, ``points``, ``uncoverable``, ``allocation``, ``stages`` and
            ``relaxation`` where there are any, and those of `tables`.
        """
        names = ("objective_name", "status", "objective", "best_bound", "bound_source", "gap", "ties_broken")
        facts = {name: getattr(self, name) for name in names}
        facts |= {"sites": len(self.opened), "cost": self.plan.cost, "runtime_s": self.runtime_s, "seed": self.seed}
        frames = {"summary": pd.DataFrame([facts | {"message": self.message}]), "sites": self.plan.to_frame()}
        frames |= {"points": self.points, "uncoverable": self.uncoverable}
        if self.allocation is not None:
            frames["allocation"] = self.allocation
        if self.stages:
            frames["stages"] = pd.DataFrame([asdict(stage) for stage in self.stages])
        if self.relaxation is not None:
            frames["relaxation"] = self.relaxation
        return frames | dict(self.tables)

    def explain(self) -> Explanation:
        """Work out why points are not covered, what would help, what each site is there for and how sure it all is.

        Returns
        -------
        Explanation
            Worked out once; `rescuesim.explanation_in_words` says it in Chinese or English.

        Raises
        ------
        InputError
            If the solution does not know what it was the answer to.
        """
        if self.asked is None:
            raise InputError(f"solution of {self.objective_name}: expected one that rescuesim.site made")
        if not self._explained:
            from rescuesim.siting.explain import explain

            self._explained.append(explain(self.asked))
        return self._explained[0]
