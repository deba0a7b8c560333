"""What frontiers and build orders are asked alike: amounts of a resource, checked together with the other options."""

from __future__ import annotations

import sys
from dataclasses import replace
from numbers import Real
from typing import Any, Literal

from rescuesim.errors import InputError
from rescuesim.siting.constraints import SitingConstraints, fund_faults, siting_problem
from rescuesim.siting.limits import AnyTimes, pair_limits
from rescuesim.siting.models import MODELS
from rescuesim.siting.problem import SitingProblem
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimePairs, TravelTimes

__all__ = ["Over", "amount_faults", "asked_problem", "check_asked", "is_number"]

Over = Literal["n_sites", "people", "cost"]


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


def check_asked(
    times: object,
    objective: Any,
    *,
    over: object,
    solve_limit_s: object,
    relative_gap: object,
    further: list[str],
) -> None:
    """Check all that can be said before a problem is made.

    Parameters
    ----------
    times, objective, over, solve_limit_s, relative_gap : object
        As they were given.
    further : list of str
        Faults that were found elsewhere, told together with these.

    Raises
    ------
    InputError
        With all faults.
    """
    faults = []
    if not isinstance(times, (TravelTimes, TravelTimePairs)):
        faults.append(
            f"times {type(times).__name__}: expected TravelTimes or TravelTimePairs, of one state of the network"
        )
    if over not in ("n_sites", "people", "cost"):
        faults.append(f"over {over!r}: expected n_sites, people or cost")
    if type(objective) not in MODELS:
        faults.append(f"objective {objective!r}: expected one of {', '.join(sorted(t.__name__ for t in MODELS))}")
    else:
        faults += _objective_faults(times, objective, over)
    if not (is_number(solve_limit_s) or solve_limit_s == float("inf")) or solve_limit_s == 0:
        faults.append(f"solve_limit_s {solve_limit_s!r}: expected above 0")
    if not is_number(relative_gap) or relative_gap >= 1:  # type: ignore[operator]
        faults.append(f"relative_gap {relative_gap!r}: expected 0 or more, and under 1")
    if faults := faults + further:
        raise InputError("; ".join(faults))


def _objective_faults(times: object, objective: Any, over: object) -> list[str]:
    faults = []
    if over == "n_sites" and not hasattr(objective, "n_sites"):
        faults.append(f"objective {objective!r}: expected one with a number of sites")
    if (risk := getattr(objective, "risk", None)) is not None:
        faults.append(f"risk {risk!r}: expected none, since the times are of one state of the network")
    if isinstance(times, TravelTimePairs) and not MODELS[type(objective)].uses_limits:
        faults.append(f"{type(objective).__name__} needs the times of all pairs: expected TravelTimes, not pairs")
    return faults


def asked_problem(
    times: AnyTimes,
    objective: Any,
    *,
    over: Over,
    standard: ResponseStandard | None,
    limit_s: float | None,
    constraints: SitingConstraints,
    most: float | None = None,
) -> SitingProblem:
    """Make the problem that all amounts share, as `rescuesim.site` makes it.

    Parameters
    ----------
    times, objective, over, standard, limit_s, constraints
    most : float, optional
        Largest amount that is asked; all sites that may be open, if absent.

    Returns
    -------
    SitingProblem

    Raises
    ------
    InputError
        If the model cannot be asked about these times.
    """
    model = MODELS[type(objective)]
    limits = pair_limits(times, standard=standard, limit_s=limit_s) if model.uses_limits else None
    problem = replace(siting_problem(times, limits, constraints), standard=standard)
    if over == "n_sites":
        openable = int((~problem.must_close).sum())
        objective = replace(objective, n_sites=max(openable if most is None else int(most), 1))
    if faults := model.check(problem, objective) + fund_faults(constraints, objective):
        raise InputError("; ".join(faults))
    return problem
