"""Lexicographic: objectives in sequence, each among the plans that are as good in all earlier ones, or nearly.

    stage k:  best f_k(x)   s.t.   f_i(x) no worse than f_i* by more than its tolerance, i < k,   side conditions

References
----------
Ehrgott, M. (2005). Multicriteria Optimization, 2nd ed., chapter 5. Springer. doi:10.1007/3-540-27659-9
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rescuesim.errors import InputError
from rescuesim.siting.found import Clock, Found, Run, Stage
from rescuesim.siting.mean_time_stage import solve_mean_time
from rescuesim.siting.medians.allocation import allocating
from rescuesim.siting.models import MODELS, Model, model_of
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.sequence import Goal, Kept, cost_of, solve_stage, value_of
from rescuesim.siting.site_rows import stacked
from rescuesim.siting.solving import solve_exactly, value_factor
from rescuesim.siting.whole_rows import as_decimal

__all__ = ["Lexicographic", "Tolerance", "lexicographic_model", "needs_limits"]

_COUNTED = ("min_sites", "min_cost")  # after another objective nothing must be covered
_BY_TIME = ("min_mean_time", "min_max_time")  # of points that can be reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How much of an objective later ones may give away; exactly one of the two.

    Parameters
    ----------
    share : float, optional
        Of its best value found, 0 or more and under 1.
    amount : float, optional
        In the unit of the objective, 0 or more.

    Examples
    --------
    >>> Tolerance(share=0.01).of(-200.0), Tolerance(amount=3).of(50)
    (2.0, 3.0)
    """

    share: float | None = None
    amount: float | None = None

    def __post_init__(self) -> None:
        if (self.share is None) == (self.amount is None):
            raise InputError("tolerance: expected either a share or an amount")
        most = 1.0 if self.amount is None else math.inf
        given: Any = self.share if self.amount is None else self.amount
        if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given < most:
            upto = "0 or more, and under 1" if self.amount is None else "0 or more"
            raise InputError(f"tolerance {given!r}: expected {upto}")

    def of(self, value: float, factor: float = 1.0) -> float:
        """Return what may be given away of a value, given in a unit so many times smaller than that of the amount."""
        return float(self.amount) * factor if self.amount is not None else float(self.share or 0.0) * abs(value)


@dataclass(frozen=True, slots=True)
class Lexicographic:
    """Several objectives in sequence.

    Parameters
    ----------
    objectives : sequence of objectives
        The most important first. Over states of a broken network at least one has a risk; those without a risk are
        of unbroken roads. After another objective, ``MinSites`` and ``MinCost`` ask for the fewest sites and
        the lowest cost among the plans that keep the earlier objectives, and not that everything be covered.
    tolerances : sequence of float or Tolerance, optional
        What later objectives may give away of each but the last; a number is a share of its value. None if absent.

    Raises
    ------
    InputError
        If fewer than two objectives are given, or tolerances do not fit.

    Examples
    --------
    >>> from rescuesim.siting import MaxCoverage, MinSites
    >>> len(Lexicographic([MaxCoverage(12), MinSites()], tolerances=[0.01]).objectives)
    2
    """

    objectives: Sequence[Any]
    tolerances: Sequence[float | Tolerance] = ()

    def __post_init__(self) -> None:
        faults = []
        if isinstance(self.objectives, str) or not isinstance(self.objectives, Sequence) or len(self.objectives) < 2:
            raise InputError(f"objectives {self.objectives!r}: expected a list of two or more")
        names = ", ".join(sorted(kind.__name__ for kind in MODELS))
        faults += [f"objective {one!r}: expected one of {names}" for one in self.objectives if type(one) not in MODELS]
        given: Any = self.tolerances
        if isinstance(given, str) or not isinstance(given, Sequence):
            faults.append(f"tolerances {given!r}: expected a list, one for each objective but the last")
        elif len(given) not in (0, len(self.objectives) - 1):
            faults.append(f"{len(given)} tolerances: expected one for each objective but the last")
        if faults:
            raise InputError("; ".join(faults))
        self.allowed()

    def allowed(self) -> tuple[Tolerance, ...]:
        """Return the tolerance of each objective but the last."""
        given = self.tolerances or [0.0] * (len(self.objectives) - 1)
        return tuple(one if isinstance(one, Tolerance) else Tolerance(share=one) for one in given)


def lexicographic_model(objective: Lexicographic) -> Model:
    """Return the model of a sequence: its name, sense and value are those of the first objective."""
    models = [model_of(one) for one in objective.objectives]
    goals = [
        Goal(objective=one, model=model, only_counts=k > 0 and model.name in _COUNTED)
        for k, (one, model) in enumerate(zip(objective.objectives, models, strict=True))
    ]

    def check(problem: SitingProblem, _: Any) -> list[str]:
        return [fault for goal in goals for fault in goal.model.check(problem, goal.objective)]

    def formulate(problem: SitingProblem, _: Any) -> Any:
        return models[0].formulate(problem, objective.objectives[0])

    def solve(problem: SitingProblem, _: Any, run: Run) -> Found:
        return _solve(problem, goals, objective.allowed(), run)

    def value(problem: SitingProblem, _: Any, found: Found) -> float:
        return models[0].value(problem, objective.objectives[0], found)

    def sums_weights(_: Any) -> bool:
        return models[0].sums_weights(objective.objectives[0])

    return Model(
        name=models[0].name,
        sense=models[0].sense,
        uses_limits=any(model.uses_limits for model in models),
        check=check,
        formulate=formulate,
        solve=solve,
        value=value,
        sums_weights=sums_weights,
    )


def needs_limits(objective: Any) -> bool:
    """Whether an objective, or one of a sequence, cannot be asked without saying who is in time for whom."""
    first, *later = getattr(objective, "objectives", (objective,))
    asked = [first, *(one for one in later if model_of(one).name not in _COUNTED)]
    return any(model_of(one).uses_limits for one in asked)


def _solve(problem: SitingProblem, goals: Sequence[Goal], tolerances: Sequence[Tolerance], run: Run) -> Found:
    """Solve stage after stage, each with its part of the time that is left."""
    stages: list[Stage] = []
    kept: list[Kept] = []
    plan: Found | None = None
    for k, goal in enumerate(goals):
        share = Clock(limit_s=run.clock.left_s() / (len(goals) - k))
        part = replace(run, clock=share)
        if plan is None:
            found = solve_exactly(problem, goal.objective, part, goal.model.solve)
        elif goal.model.name in _BY_TIME and not len(allocating(problem).points):
            message = "no openable site reaches any point"
            return Found(status="infeasible", opened=None, objective=math.inf, best_bound=math.inf, message=message)
        else:
            found = _further(problem, goal, kept, part, plan)
        if found.opened is None:
            if plan is None or found.status == "infeasible":
                return replace(found, message=found.message or _which(k, goal))
            plan = replace(plan, message=f"stopped before objective {k + 1}, {goal.model.name}, had a plan")
            break
        plan = found
        value = value_of(problem, goal, found)
        sign = 1.0 if goal.model.sense == "max" else -1.0
        allowed = tolerances[k].of(value, _size(problem, goal)) if k < len(tolerances) else 0.0
        most = None
        if goal.model.name == "min_cost" and found.opened is not None:
            most = cost_of(problem, found.opened) + as_decimal(allowed)
        kept.append(Kept(goal=goal, value=value, at=value - sign * allowed, most=most))
        stages.append(
            Stage(
                objective=goal.model.name,
                sense=goal.model.sense,
                status=found.status,
                value=value,
                best_bound=value if found.status == "optimal" else found.best_bound,
                bound_source=found.bound_source,
                kept_at=value - sign * allowed,
                final=math.nan,
                runtime_s=share.elapsed_s(),
            )
        )
    assert plan is not None
    finals = [value_of(problem, goal, plan) for goal in goals[: len(stages)]]
    stages = [replace(stage, final=final) for stage, final in zip(stages, finals, strict=True)]
    proved = len(stages) == len(goals) and all(stage.status == "optimal" for stage in stages)
    return replace(
        plan,
        status="optimal" if proved else "feasible",
        objective=finals[0],
        best_bound=stages[0].best_bound,
        bound_source=stages[0].bound_source,
        surely_open=None,
        surely_shut=None,
        stages=tuple(stages),
    )


def _further(problem: SitingProblem, goal: Goal, kept: Sequence[Kept], run: Run, plan: Found) -> Found:
    """Solve a later stage; numbers, costs and budgets of those before it are kept to the last digit."""
    rows = stacked([problem.rows, *(one.rows(problem) for one in kept)])

    def solve(rounded: SitingProblem, _: Any, part: Run) -> Found:
        return solve_mean_time(rounded, goal, kept, part, plan) or solve_stage(rounded, goal, kept, part, plan)

    earlier = [one.goal.objective for one in kept]
    return solve_exactly(replace(problem, rows=rows), goal.objective, run, solve, earlier=earlier)


def _size(problem: SitingProblem, goal: Goal) -> float:
    """Return what values of a goal are larger by than in the weights that were given."""
    return value_factor(problem, goal.model, goal.objective)


def _which(k: int, goal: Goal) -> str:
    if k == 0:
        return ""
    return f"objective {k + 1}, {goal.model.name}, cannot be met by any plan that keeps the objectives before it"
