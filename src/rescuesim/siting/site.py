"""`rescuesim.site`: check, solve, verify."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.candidates import SITE_KINDS, CandidateSites
from rescuesim.errors import InputError, SolverError, nearest_name
from rescuesim.plan import Plan
from rescuesim.siting.allocated import allocation_table, point_allocation, shares_of
from rescuesim.siting.conditions import is_number, whole_number
from rescuesim.siting.constraints import SitingConstraints, fund_faults, siting_problem
from rescuesim.siting.coverage import point_coverage
from rescuesim.siting.found import Found, Run
from rescuesim.siting.held_states import held_states
from rescuesim.siting.lexicographic import Lexicographic, lexicographic_model, needs_limits
from rescuesim.siting.limits import AnyTimes, covered_points, pair_limits
from rescuesim.siting.medians.allocation import nearest_open
from rescuesim.siting.models import MODELS, Model, model_of, risk_faults
from rescuesim.siting.models.states import coverage_by_state
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.relaxation import relax, relaxation_words
from rescuesim.siting.solution import Asked, SitingSolution
from rescuesim.siting.solving import in_given_weights, solve_exactly, well_sized
from rescuesim.siting.verification import verified
from rescuesim.siting.warm_up import clock_once_compiled
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimePairs, TravelTimes, TravelTimesEnsemble

__all__ = ["site"]

logger = logging.getLogger(__name__)


def site(
    times: AnyTimes | TravelTimesEnsemble,
    objective: Any,
    *,
    standard: ResponseStandard | None = None,
    limit_s: float | None = None,
    constraints: SitingConstraints | None = None,
    kind: str = "station",
    units_per_new_site: int | None = None,
    solve_limit_s: float = math.inf,
    relative_gap: float = 0.0,
    workers: int = 1,
    seed: int = 0,
) -> SitingSolution:
    """Choose which candidate sites to open (布点).

    Parameters
    ----------
    times : TravelTimes, TravelTimePairs or TravelTimesEnsemble
        Pairs within a cutoff are enough for models of coverage, and are what large regions fit in. Over states of a
        broken network, `TravelTimesEnsemble`, objectives with a risk are asked: ``MaxCoverage(n, risk="mean")``.
    objective : MaxCoverage, MinSites or another of `rescuesim.siting.models`
    standard : ResponseStandard, optional
        Gives each pair of site and point its own limit by crew, zone and worst shift.
    limit_s : float, optional
        One limit for all pairs instead, in the unit of the times.
    constraints : SitingConstraints, optional
        Side conditions.
    kind : {'station', 'depot', 'hub', 'shelter'}, optional
        Only sites of this kind take part. Those that are no stations have no crews: they are sited by `limit_s`, or by
        a model that has no limits.
    units_per_new_site : int, optional
        Units of the sites that are opened; those of the site table if absent.
    solve_limit_s : float, optional
        Wall time; at the limit, and at Ctrl-C, the best plan found is returned with its bound and gap.
    relative_gap : float, optional
        Stop when the plan is proved to be so close to the best, as a share of the objective.
    workers : int, optional
        Threads of the solver. With 1 and no limit met, the same input gives the same plan.
    seed : int, optional
        0 or more.

    Returns
    -------
    SitingSolution
        Existing and required sites are open and count; closed ones stay shut.

    Raises
    ------
    InputError
        If the model cannot be asked about these times, or the options contradict each other.
    SolverError
        If the recomputed objective is not the solver's.

    Examples
    --------
    >>> import pandas as pd
    >>> from rescuesim.siting import MaxCoverage
    >>> from rescuesim.travel import TravelTimes
    >>> times = TravelTimes.from_matrix([[60, 400, 400], [400, 90, 80]],
    ...     sites=pd.DataFrame({"id": ["a", "b"]}), demand=pd.DataFrame({"id": [1, 2, 3], "people": [50, 20, 20]}))
    >>> solution = site(times, MaxCoverage(1), limit_s=100)
    >>> solution.status, solution.objective, solution.opened
    ('optimal', 50.0, ('a',))
    """
    _check_options(
        times=times,
        limit_s=limit_s,
        constraints=constraints,
        units_per_new_site=units_per_new_site,
        solve_limit_s=solve_limit_s,
        relative_gap=relative_gap,
        workers=workers,
        seed=seed,
    )
    clock = clock_once_compiled(solve_limit_s, *_size(times))
    conditions = constraints or SitingConstraints()
    problem, model = _asked(
        times,
        objective,
        standard=standard,
        limit_s=limit_s,
        constraints=conditions,
        kind=kind,
        units_per_new_site=units_per_new_site,
    )
    run = Run(clock=clock, workers=workers, seed=seed, relative_gap=relative_gap)
    found, notes = _solved(problem, model, objective, run)
    relaxation = _relaxed(problem, model, objective, run) if found.status == "infeasible" else None
    asked = Asked(
        problem=problem,
        model=model,
        objective=objective,
        found=found,
        standard=standard,
        constraints=conditions,
        kind=kind,
        units_per_new_site=units_per_new_site,
    )
    solution = _solution(asked, run, relaxation, notes)
    said = (solution.status, solution.opened, solution.objective, solution.best_bound)
    logger.info("%s %s: %s %g, bound %g", type(objective).__name__, *said)
    return solution


def _size(times: AnyTimes | TravelTimesEnsemble) -> tuple[int, int]:
    """Return the numbers of sites and points."""
    one = times.intact if isinstance(times, TravelTimesEnsemble) else times
    return len(one.sites), len(one.demand)


def _asked(
    times: AnyTimes | TravelTimesEnsemble,
    objective: Any,
    *,
    standard: ResponseStandard | None,
    limit_s: float | None,
    constraints: SitingConstraints,
    kind: str,
    units_per_new_site: int | None,
) -> tuple[SitingProblem, Model]:
    """Make the problem, and find the model that is asked about it; what does not fit together is refused."""
    states = times if isinstance(times, TravelTimesEnsemble) else None
    times = times.intact if isinstance(times, TravelTimesEnsemble) else times
    _check_kind(times, kind)
    model = _model_asked(objective, over_states=states is not None)
    if isinstance(times, TravelTimePairs) and not model.uses_limits:
        raise InputError(f"{type(objective).__name__} needs the times of all pairs: expected TravelTimes, not pairs")
    limited = standard is not None or limit_s is not None
    uses_limits = model.uses_limits and (limited or needs_limits(objective))
    limits = pair_limits(times, standard=standard, limit_s=limit_s, kind=kind) if uses_limits else None
    problem = siting_problem(times, limits, constraints, kind=kind, units_per_new_site=units_per_new_site)
    problem = replace(problem, standard=standard, states=held_states(states, limits))
    if faults := model.check(problem, objective) + fund_faults(constraints, objective):
        raise InputError("; ".join(faults))
    return problem, model


def _solved(problem: SitingProblem, model: Model, objective: Any, run: Run) -> tuple[Found, list[str]]:
    """Solve, recompute the objective, and say what is to be said of the solve."""
    sized = well_sized(problem, objective)
    found = solve_exactly(sized, objective, run, model.solve)
    value = verified(sized, model, objective, found)
    # an optimum is its own bound, whatever rounding lies between the two
    if found.status == "optimal" and math.isclose(value, found.best_bound, abs_tol=1e-9):
        found = replace(found, best_bound=value)
    found = in_given_weights(sized, model, objective, replace(found, objective=value))
    notes = [*sized.notes]
    goals = getattr(objective, "objectives", ())
    if problem.states is not None and (plain := [one for one in goals if getattr(one, "risk", None) is None]):
        notes.append(f"of unbroken roads: {', '.join(type(one).__name__ for one in plain)}")
    may_open = problem.sites.cost[~problem.must_close & ~problem.must_open]
    if found.status == "optimal" and not found.ties_broken and not goals and len(set(may_open.tolist())) > 1:
        name = type(objective).__name__
        notes.append(
            f"plans as good as this one may be cheaper: Lexicographic([{name}(...), MinCost()]) asks for the cheapest"
        )
    return found, notes


def _solution(asked: Asked, run: Run, relaxation: pd.DataFrame | None, notes: Sequence[str]) -> SitingSolution:
    """Put together what was found and what there is to say about it."""
    problem, found = asked.problem, asked.found
    sites = problem.times.sites
    opened = problem.must_open if found.opened is None else found.opened
    ids = [id_ for id_, is_open in zip(sites.ids, opened, strict=True) if is_open]
    value, bound = found.objective, found.best_bound
    message = found.message or _message(found, run.relative_gap)
    return SitingSolution(
        objective_name=asked.model.name,
        status=found.status,
        objective=value,
        best_bound=bound,
        bound_source=found.bound_source,
        gap=abs(bound - value) / (abs(value) or 1e-9) if bound != value else 0.0,
        plan=_plan(sites, found, ids, asked.units_per_new_site),
        **_points(problem, found, opened),
        runtime_s=run.clock.elapsed_s(),
        seed=run.seed,
        ties_broken=found.ties_broken,
        message=". ".join(filter(None, (message, relaxation_words(relaxation)))),
        notes=tuple(notes),
        stages=found.stages,
        relaxation=relaxation,
        surely_open=_marked(sites.ids, found.surely_open),
        surely_shut=_marked(sites.ids, found.surely_shut),
        asked=asked,
    )


def _plan(sites: CandidateSites, found: Found, opened: list[str], units_per_new_site: int | None) -> Plan:
    """Make the plan, with the units that the model placed where it places any."""
    plan = Plan.from_opened(sites, opened, units_per_new_site=units_per_new_site)
    if found.units is None:
        return plan
    units = dict(zip(sites.ids, found.units.tolist(), strict=True))
    return replace(plan, sites=tuple(replace(one, units=units[one.id]) for one in plan.sites))


def _check_options(
    *,
    times: Any,
    limit_s: Any,
    constraints: Any,
    units_per_new_site: Any,
    solve_limit_s: Any,
    relative_gap: Any,
    workers: Any,
    seed: Any,
) -> None:
    """Refuse options that are wrong whatever the model, all of them in one message."""
    faults = []
    if not isinstance(times, (TravelTimes, TravelTimePairs, TravelTimesEnsemble)):
        faults.append(f"times {times!r}: expected TravelTimes, TravelTimePairs or TravelTimesEnsemble")
    if limit_s is not None and not (is_number(limit_s) and 0 <= limit_s < math.inf):
        faults.append(f"limit_s {limit_s!r}: expected 0 or more, and finite")
    if constraints is not None and not isinstance(constraints, SitingConstraints):
        faults.append(f"constraints {constraints!r}: expected SitingConstraints")
    if units_per_new_site is not None:
        faults += whole_number("units_per_new_site", units_per_new_site, 1)
    if not (is_number(solve_limit_s) and solve_limit_s > 0):
        faults.append(f"solve_limit_s {solve_limit_s!r}: expected a number of seconds above 0")
    if not (is_number(relative_gap) and 0 <= relative_gap < 1):
        faults.append(f"relative_gap {relative_gap!r}: expected 0 or more, and under 1")
    faults += whole_number("workers", workers, 1) + whole_number("seed", seed)
    if faults:
        raise InputError("; ".join(faults))


def _check_kind(times: AnyTimes, kind: str) -> None:
    """Refuse a kind that there is not, and depots and hubs to be sited among sites that are none."""
    if kind not in SITE_KINDS:
        raise InputError(f"kind {kind!r}: expected {nearest_name(str(kind), SITE_KINDS)}")
    if kind != "station" and kind not in times.sites.kinds:
        raise InputError(f"kind {kind!r}: expected sites of this kind, there is none among the {len(times.sites)}")


def _model_asked(objective: Any, *, over_states: bool) -> Model:
    """Return the model of an objective, for times in one state or over several."""
    goals = objective.objectives if isinstance(objective, Lexicographic) else (objective,)
    if wrong := [one for one in goals if type(one) not in MODELS]:
        names = ", ".join(sorted(kind.__name__ for kind in MODELS))
        raise InputError(f"objective {wrong[0]!r}: expected one of {names}")
    if faults := risk_faults(goals, over_states=over_states):
        raise InputError("; ".join(faults))
    return lexicographic_model(objective) if isinstance(objective, Lexicographic) else model_of(objective)


def _relaxed(problem: SitingProblem, model: Model, objective: Any, run: Run) -> pd.DataFrame | None:
    """Look for the smallest relaxation; that there is no plan is said also where none is found."""
    try:
        return relax(problem, model, objective, run)
    except SolverError as error:
        logger.warning("no relaxation was found: %s", error)
        return None


def _points(problem: SitingProblem, found: Found, opened: Any) -> dict[str, Any]:
    """Say of each point whether it is covered and why not, and list what no choice of sites covers."""
    if problem.limits is None:
        shares = shares_of(problem, found, opened)
        openable = ~problem.must_close
        nearest = np.zeros_like(shares)
        reached = np.flatnonzero((site := nearest_open(problem, openable)) >= 0)
        nearest[site[reached], reached] = 1.0
        all_open = point_allocation(problem, openable, nearest)
        return {
            "points": point_allocation(problem, opened, shares),
            "uncoverable": all_open[~all_open["covered"]].reset_index(drop=True),
            "allocation": allocation_table(problem, shares) if found.opened is not None else None,
        }
    points = point_coverage(problem.times, problem.limits, opened)
    beyond = ~covered_points(problem.limits, ~problem.must_close)
    by_state = None
    if problem.states is not None:
        by_state, points["covered_share"] = coverage_by_state(problem, opened)
    return {
        "by_state": by_state,
        "points": points,
        "uncoverable": point_coverage(problem.times, problem.limits, ~problem.must_close, points=beyond),
    }


def _marked(ids: tuple[str, ...], marks: NDArray[np.bool_] | None) -> tuple[str, ...]:
    """Return the ids that are marked."""
    return () if marks is None else tuple(id_ for id_, marked in zip(ids, marks, strict=True) if marked)


def _message(found: Found, relative_gap: float) -> str:
    if found.status == "feasible" and abs(found.best_bound - found.objective) <= relative_gap * abs(found.objective):
        return "stopped at the gap that was asked for"
    if found.status == "feasible":
        return "stopped at the limit: the plan is feasible and the gap says how far it may be from the best"
    if found.status == "unknown":
        return "stopped at the limit before any plan was found"
    return ""
