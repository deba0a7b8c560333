"""`rescuesim.site`: reduce, solve, verify."""

from __future__ import annotations

import logging
import math

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InputError, SolverError
from rescuesim.plan import Plan
from rescuesim.siting.coverage import point_coverage
from rescuesim.siting.limits import PairLimits, pair_limits
from rescuesim.siting.lscp import solve_lscp
from rescuesim.siting.mclp import solve_mclp
from rescuesim.siting.objectives import MaxCoverage, MinSites, Objective
from rescuesim.siting.problem import CoverageProblem, build_problem
from rescuesim.siting.solution import SitingSolution
from rescuesim.siting.staged import Clock, Staged
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimes

__all__ = ["site"]

logger = logging.getLogger(__name__)


def site(
    times: TravelTimes,
    objective: Objective,
    *,
    standard: ResponseStandard | None = None,
    limit_s: float | None = None,
    units_per_new_site: int | None = None,
    solve_limit_s: float = math.inf,
    workers: int = 1,
    seed: int = 0,
) -> SitingSolution:
    """Choose which candidate sites to open (布点).

    Parameters
    ----------
    times : TravelTimes
    objective : MaxCoverage or MinSites
    standard : ResponseStandard, optional
        Gives each pair of site and point its own limit by crew, zone and worst shift.
    limit_s : float, optional
        One limit for all pairs instead, in the unit of the times.
    units_per_new_site : int, optional
        Units of the sites that are opened; those of the site table if absent.
    solve_limit_s : float, optional
        Wall time; at the limit the best plan found is returned with its bound and gap.
    workers : int, optional
        Threads of the solver. With 1 and no limit met, the same input gives the same plan.
    seed : int, optional

    Returns
    -------
    SitingSolution
        Existing and required sites are open and count; closed ones stay shut. Only sites of kind
        ``station`` take part.

    Raises
    ------
    InputError
        If `n_sites` is above the number of sites, or the options contradict each other.
    SolverError
        If the recomputed objective is not the solver's.

    Examples
    --------
    >>> import pandas as pd
    >>> times = TravelTimes.from_matrix([[60, 400, 400], [400, 90, 80]],
    ...     sites=pd.DataFrame({"id": ["a", "b"]}), demand=pd.DataFrame({"id": [1, 2, 3], "people": [50, 20, 20]}))
    >>> solution = site(times, MaxCoverage(1), limit_s=100)
    >>> solution.status, solution.objective, solution.opened
    ('optimal', 50.0, ('a',))
    """
    clock = Clock(limit_s=solve_limit_s)
    _check_options(solve_limit_s, units_per_new_site)
    limits = pair_limits(times, standard=standard, limit_s=limit_s)
    problem = build_problem(times, limits)
    found = _solve(problem, objective, clock=clock, workers=workers, seed=seed)
    opened = problem.must_open if found.opened is None else found.opened
    value = _verified(times, limits, problem, objective, found, opened)
    bound = _bound(problem, objective, found, value)
    ids = [id_ for id_, is_open in zip(times.sites.ids, opened, strict=True) if is_open]
    points = point_coverage(times, limits, opened)
    all_open = point_coverage(times, limits, ~problem.must_close)
    solution = SitingSolution(
        objective_name="max_coverage" if isinstance(objective, MaxCoverage) else "min_sites",
        status=found.status,
        objective=value,
        best_bound=bound,
        bound_source=found.bound_source,
        gap=abs(bound - value) / max(abs(value), 1e-9) if bound != value else 0.0,
        plan=Plan.from_opened(times.sites, ids, units_per_new_site=units_per_new_site),
        points=points,
        uncoverable=all_open[~all_open["covered"]].reset_index(drop=True),
        runtime_s=clock.elapsed_s(),
        seed=seed,
        ties_broken=found.ties_broken,
        message=_message(found, problem, objective),
    )
    logger.info("%s %s: %s %g, bound %g", type(objective).__name__, solution.status, ids, value, bound)
    return solution


def _check_options(solve_limit_s: float, units_per_new_site: int | None) -> None:
    if not solve_limit_s > 0:
        raise InputError(f"solve_limit_s {solve_limit_s}: expected above 0")
    if units_per_new_site is not None and (not isinstance(units_per_new_site, int) or units_per_new_site < 1):
        raise InputError(f"units_per_new_site {units_per_new_site}: expected 1 or more")


def _solve(problem: CoverageProblem, objective: Objective, *, clock: Clock, workers: int, seed: int) -> Staged:
    """Hand the problem to the model of its objective."""
    if isinstance(objective, MinSites):
        return solve_lscp(problem, clock=clock, workers=workers, seed=seed)
    if not isinstance(objective, MaxCoverage):
        raise InputError(f"objective {objective!r}: expected MaxCoverage or MinSites")
    openable = int((~problem.must_close).sum())
    if objective.n_sites > openable:
        raise InputError(f"n_sites {objective.n_sites}: expected at most the {openable} sites that may be open")
    return solve_mclp(problem, int(objective.n_sites), clock=clock, workers=workers, seed=seed)


def _bound(problem: CoverageProblem, objective: Objective, found: Staged, value: float) -> float:
    """Return what no plan is better than, in the unit of the objective."""
    if isinstance(objective, MinSites):
        return found.best_bound
    if problem.rounded:
        return (found.best_bound + len(problem.coverable) * 0.5) / problem.scale
    return value if found.status == "optimal" else found.best_bound / problem.scale


def _verified(
    times: TravelTimes,
    limits: PairLimits,
    problem: CoverageProblem,
    objective: Objective,
    found: Staged,
    opened: NDArray[np.bool_],
) -> float:
    """Recompute the objective from times and limits alone, point by point, and compare with the solver's."""
    if found.opened is None:
        return math.nan if found.status == "unknown" else -math.inf
    value = float(opened.sum()) if isinstance(objective, MinSites) else 0.0
    for point, weight in enumerate(times.demand.weights.tolist()):
        in_time = [
            j
            for j in np.flatnonzero(opened).tolist()
            if times.values[j, point] < math.inf and times.values[j, point] <= limits.limit_s[j, point] + 1e-6
        ]
        elsewhere = [j for j in np.flatnonzero(opened).tolist() if limits.covers_second[point, j]]
        held = bool(in_time) and limits.in_standard[point]
        if held and limits.wants_second[point]:
            held = any(j != k for j in in_time for k in elsewhere)
        if held and isinstance(objective, MaxCoverage):
            value += weight
        if isinstance(objective, MinSites) and problem.coverable[point] and not held:
            raise SolverError(f"point {times.demand.ids[point]} is coverable and was left uncovered")
    if isinstance(objective, MaxCoverage):
        slack = len(times.demand) / problem.scale if problem.rounded else 0.0
        if abs(value - found.objective / problem.scale) > slack + 1e-6 * max(abs(value), 1):
            raise SolverError(f"the solver claims {found.objective / problem.scale:g}, recomputed {value:g}")
    return value


def _message(found: Staged, problem: CoverageProblem, objective: Objective) -> str:
    fixed = int(problem.must_open.sum())
    if found.status == "infeasible" and isinstance(objective, MaxCoverage):
        return f"n_sites {objective.n_sites} is less than the {fixed} existing and required sites, which stay open"
    if found.status == "feasible":
        return "stopped at the limit: the plan is feasible and the gap says how far it may be from the best"
    if found.status == "unknown":
        return "stopped at the limit before any plan was found"
    return ""
