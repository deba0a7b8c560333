"""What frontiers and build orders are asked alike: one problem, for one amount of a resource after the other."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

from rescuesim.errors import InputError
from rescuesim.siting.constraints import SitingConstraints, fund_faults, siting_problem
from rescuesim.siting.found import Found, Run
from rescuesim.siting.held_states import held_states
from rescuesim.siting.limits import AnyTimes, pair_limits
from rescuesim.siting.models import MODELS, Model, model_of, risk_faults
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.resources import Over, Resource, resource_of
from rescuesim.siting.site_rows import stacked
from rescuesim.siting.solving import solve_exactly, value_factor, well_sized
from rescuesim.siting.verification import verified
from rescuesim.siting.warm_up import clock_once_compiled
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimePairs, TravelTimes, TravelTimesEnsemble

__all__ = ["Along", "amount_faults", "asked_along", "is_number"]


def is_number(value: object) -> bool:
    """Whether something is a finite number of 0 or more.

    Examples
    --------
    >>> [is_number(one) for one in (2, 0.5, -1, True, "3", None, float("nan"))]
    [True, True, False, False, False, False, False]
    """
    return isinstance(value, Real) and not isinstance(value, bool) and bool(0 <= value <= sys.float_info.max)  # type: ignore[operator]


def amount_faults(amounts: object, over: object) -> list[str]:
    """Say which amounts are none; an empty list if all can be asked."""
    if isinstance(amounts, (str, bytes)) or not hasattr(amounts, "__len__") or not hasattr(amounts, "__iter__"):
        return [f"amounts {amounts!r}: expected a sequence of numbers"]
    given: list[Any] = list(amounts)
    wrong = [one for one in given if not is_number(one) or (over != "cost" and float(one) != int(one))]
    if wrong or not given:
        kind = "amounts of 0 or more" if over == "cost" else "whole numbers of 0 or more"
        return [f"amounts {wrong}: expected {kind}"]
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Along:
    """One problem that is solved for one amount of a resource after the other.

    Parameters
    ----------
    problem : SitingProblem
        Well-sized; without a row for the amount.
    model : Model
    objective : object
        Without amounts of its own that the resource takes the place of.
    resource : Resource
    run : Run
        For all amounts together.
    factor : float
        What objectives are larger by than in the weights that were given.
    notes : tuple of str
    """

    problem: SitingProblem
    model: Model
    objective: Any
    resource: Resource
    run: Run
    factor: float
    notes: tuple[str, ...]

    def at(self, amount: float, problem: SitingProblem | None = None) -> tuple[SitingProblem, Any]:
        """Return problem and objective of one amount.

        Parameters
        ----------
        amount : float
        problem : SitingProblem, optional
            Instead of the one that all amounts share.
        """
        problem = self.problem if problem is None else problem
        if self.resource.over == "n_sites":
            openable = int((~problem.must_close).sum())
            return problem, replace(self.objective, n_sites=max(1, min(int(amount), openable)))
        return replace(problem, rows=stacked([problem.rows, self.resource.row(amount)])), self.objective

    def solved(
        self,
        problem: SitingProblem,
        objective: Any,
        run: Run,
        solve: Callable[[SitingProblem, Any, Run], Found] | None = None,
    ) -> Found:
        """Solve for one amount, and recompute the objective.

        Parameters
        ----------
        problem, objective
            Of `at`.
        run : Run
        solve : callable, optional
            Instead of that of the model.

        Returns
        -------
        Found
            In the weights of `problem`; the objective is NaN without a plan.

        Raises
        ------
        InputError
            If the model cannot be asked.
        SolverError
            If the plan is not what the solver claims.
        """
        if faults := self.model.check(problem, objective):
            raise InputError("; ".join(faults))
        found = solve_exactly(problem, objective, run, solve or self.model.solve)
        value = verified(problem, self.model, objective, found)
        if found.opened is None:
            return replace(found, objective=math.nan)
        return replace(found, objective=value, best_bound=value if found.status == "optimal" else found.best_bound)


def asked_along(
    times: AnyTimes | TravelTimesEnsemble,
    objective: Any,
    *,
    over: Over,
    standard: ResponseStandard | None,
    limit_s: float | None,
    constraints: SitingConstraints | None,
    solve_limit_s: float,
    relative_gap: float,
    workers: int,
    seed: int,
    amounts: Sequence[float] | None,
    further: list[str],
) -> Along:
    """Check all that is asked alike, and make the problem that all amounts share as `rescuesim.site` makes it.

    Parameters
    ----------
    times, objective, over, standard, limit_s, constraints, solve_limit_s, relative_gap, workers, seed
        As in `rescuesim.frontier`.
    amounts : sequence of float or None
    further : list of str
        Faults that were found elsewhere, told together with these.

    Returns
    -------
    Along

    Raises
    ------
    InputError
        With all faults; or if the model cannot be asked about these times.
    """
    _check_asked(times, objective, over=over, solve_limit_s=solve_limit_s, relative_gap=relative_gap, further=further)
    states = times if isinstance(times, TravelTimesEnsemble) else None
    times = times.intact if isinstance(times, TravelTimesEnsemble) else times
    clock = clock_once_compiled(solve_limit_s, len(times.sites), len(times.demand))
    model, asked = model_of(objective), constraints or SitingConstraints()
    limits = pair_limits(times, standard=standard, limit_s=limit_s) if model.uses_limits else None
    problem = replace(siting_problem(times, limits, asked), standard=standard, states=held_states(states, limits))
    openable = int((~problem.must_close).sum())
    objective, notes = _without_own_amounts(objective, over, openable)
    notes += _further_limits(asked, over)
    most = openable if amounts is None else int(max(amounts))
    largest = replace(objective, n_sites=max(most, 1)) if over == "n_sites" else objective
    if faults := model.check(problem, largest) + fund_faults(asked, objective):
        raise InputError("; ".join(faults))
    problem = well_sized(problem, objective)
    return Along(
        problem=problem,
        model=model,
        objective=objective,
        resource=resource_of(problem, over, asked),
        run=Run(clock=clock, workers=workers, seed=seed, relative_gap=relative_gap),
        factor=value_factor(problem, model, objective),
        notes=(*problem.notes, *notes),
    )


def _without_own_amounts(objective: Any, over: Over, openable: int) -> tuple[Any, list[str]]:
    """Take away the amounts of an objective that the resource stands for, and say what was taken and what holds.

    Models are made with a number of sites; along money or people it would be a second limit that nobody asked for.
    """
    notes, n_sites, budget = [], getattr(objective, "n_sites", None), getattr(objective, "budget", None)
    if over != "n_sites" and n_sites is not None:
        objective = replace(objective, n_sites=max(openable, 1))
        if n_sites < openable:
            notes.append(
                f"n_sites {n_sites} of the objective is not asked over {over}: as many sites are open as the amount "
                "pays for; a largest number is asked by SitingConstraints(n_new_sites=...)"
            )
    if budget is not None and over == "cost":
        objective = replace(objective, budget=None, n_sites=max(openable, 1))
        notes.append(f"budget {budget:.15g} of the objective is not asked over cost: the amounts stand in its place")
    elif budget is not None:
        notes.append(f"budget {budget:.15g} of the objective holds at every amount")
    if (n_units := getattr(objective, "n_units", None)) is not None:
        notes.append(f"n_units {n_units} of the objective holds at every amount")
    return objective, notes


def _further_limits(constraints: SitingConstraints, over: Over) -> list[str]:
    """Say which side conditions limit the same resource."""
    name = {"n_sites": "n_new_sites", "people": "people", "cost": "budget"}[over]
    value = getattr(constraints, name)
    return [] if value is None else [f"{name} {value:.15g} of the side conditions holds at every amount"]


def _check_asked(
    times: object,
    objective: Any,
    *,
    over: object,
    solve_limit_s: object,
    relative_gap: object,
    further: list[str],
) -> None:
    """Refuse what is wrong before any problem is made, all of it in one message."""
    faults = []
    if not isinstance(times, (TravelTimes, TravelTimePairs, TravelTimesEnsemble)):
        faults.append(f"times {type(times).__name__}: expected TravelTimes, TravelTimePairs or TravelTimesEnsemble")
    if over not in ("n_sites", "people", "cost"):
        faults.append(f"over {over!r}: expected n_sites, people or cost")
    if type(objective) not in MODELS:
        faults.append(f"objective {objective!r}: expected one of {', '.join(sorted(t.__name__ for t in MODELS))}")
    else:
        if over == "n_sites" and not hasattr(objective, "n_sites"):
            faults.append(f"objective {objective!r}: expected one with a number of sites")
        faults += risk_faults((objective,), over_states=isinstance(times, TravelTimesEnsemble))
        if isinstance(times, TravelTimePairs) and not model_of(objective).uses_limits:
            faults.append(f"{type(objective).__name__} needs the times of all pairs: expected TravelTimes, not pairs")
    if not (is_number(solve_limit_s) or solve_limit_s == float("inf")) or solve_limit_s == 0:
        faults.append(f"solve_limit_s {solve_limit_s!r}: expected above 0")
    if not is_number(relative_gap) or relative_gap >= 1:  # type: ignore[operator]
        faults.append(f"relative_gap {relative_gap!r}: expected 0 or more, and under 1")
    if faults := faults + further:
        raise InputError("; ".join(faults))
