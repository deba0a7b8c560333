"""Checks of options: kinds and bounds of what a simulation is given beside its artefacts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from rescuesim.demand import DemandPoints
from rescuesim.errors import Fault
from rescuesim.plan import Plan
from rescuesim.simulation.desk import Desk
from rescuesim.simulation.packages import ResponsePackage
from rescuesim.standard import ResponseStandard

__all__ = ["option_faults", "warm_up_faults", "yes_or_no_faults"]

_SWITCHES = ("preempt_on_scene", "divertible", "muster")


def option_faults(
    plan: object,
    standard: ResponseStandard,
    demand: DemandPoints,
    *,
    replications: int | range,
    seed: int,
    horizon_s: float,
    options: Mapping[str, Any],
) -> list[Fault]:
    """Say which options are of another kind than they must be, or out of bounds, before anything is made of them.

    Parameters
    ----------
    plan, standard, demand : artefacts
    replications, seed, horizon_s
        As in `simulate`.
    options : mapping of str to object
        ``seats``, ``desk``, ``packages`` and what must be True or False.
    """
    seats, desk, packages = options["seats"], options["desk"], options["packages"]
    faults = [] if isinstance(plan, Plan) else [_kind("plan", plan, "a Plan")]
    faults += [
        Fault(
            file=f"reading {standard.presets[zone].name}",
            value=zone,
            expected="a reading with one unit a call; two-unit responses cannot be simulated",
        )
        for zone in standard.zones
        if standard.wants_second_unit(zone)
    ]
    numbers: dict[str, tuple[Any, int]] = {
        "replications": (1 if isinstance(replications, range) else replications, 1),
        "seed": (seed, 0),
        "seats": (1 if seats is None else seats, 1),
    }
    faults += [
        Fault(column=name, value=str(value), expected=f"a whole number of {least} or more")
        for name, (value, least) in numbers.items()
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least
    ]
    faults += _horizon(horizon_s)
    if seats is not None and desk is not None:
        faults.append(Fault(column="seats", value=str(seats), expected="none beside desk, which has its own"))
    if isinstance(replications, range) and (not replications or replications.step < 1 or replications.start < 0):
        expected = "an ascending range of one or more numbers from 0 on"
        faults.append(Fault(column="replications", value=str(replications), expected=expected))
    if demand.lon is None or demand.lat is None:
        faults.append(Fault(file=demand.source, expected="lon and lat; travel needs positions"))
    if desk is not None and not isinstance(desk, Desk):
        faults.append(_kind("desk", desk, "a Desk"))
    return faults + _packages(packages) + yes_or_no_faults({name: options[name] for name in _SWITCHES})


def _horizon(horizon_s: float) -> list[Fault]:
    if not isinstance(horizon_s, Real) or isinstance(horizon_s, bool):
        return [Fault(column="horizon_s", value=str(horizon_s), expected="a number of seconds")]
    if not (math.isfinite(horizon_s) and horizon_s > 0):
        return [Fault(problem=f"horizon_s {horizon_s}: expected finite seconds above 0")]
    return []


def warm_up_faults(warm_up_s: float, *, horizon_s: float, condition: str = "intact") -> list[Fault]:
    """Say what is wrong with a warm-up: not shorter than the horizon, or of a disaster.

    Parameters
    ----------
    warm_up_s, horizon_s : float
    condition : str, optional
        ``intact``, or the label of a disruption.
    """
    faults = []
    if condition != "intact":
        faults.append(
            Fault(problem=f"{condition}: a disaster is told from its onset; there is no warm-up to leave out")
        )
    if not isinstance(warm_up_s, Real) or isinstance(warm_up_s, bool) or not 0 <= warm_up_s < horizon_s:
        shown = f"{warm_up_s:g}" if isinstance(warm_up_s, Real) else repr(warm_up_s)
        expected = f"expected 0 or more, and a horizon that is longer, not {horizon_s:g} s"
        faults.append(Fault(problem=f"warm-up of {shown} s: {expected}"))
    return faults


def _packages(packages: object) -> list[Fault]:
    if packages is None:
        return []
    if not isinstance(packages, Mapping):
        return [_kind("packages", packages, "a mapping of call types to ResponsePackage")]
    if not packages:
        return [Fault(column="packages", value="{}", expected="a package for each type of call, or None for one unit")]
    return [
        Fault(file="packages", column=str(name), value=type(one).__name__, expected="a ResponsePackage")
        for name, one in packages.items()
        if not isinstance(one, ResponsePackage)
    ]


def yes_or_no_faults(switches: Mapping[str, object]) -> list[Fault]:
    """Say which switches are neither True nor False: text such as "no" would count as yes.

    Examples
    --------
    >>> [str(fault) for fault in yes_or_no_faults({"divertible": "no", "muster": True})]
    ["column divertible: 'no', expected True or False"]
    """
    return [
        Fault(column=name, value=str(value), expected="True or False")
        for name, value in switches.items()
        if not isinstance(value, bool | np.bool_)
    ]


def _kind(column: str, given: object, expected: str) -> Fault:
    return Fault(column=column, value=type(given).__name__, expected=expected)
