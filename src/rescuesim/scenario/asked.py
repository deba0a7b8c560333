"""What a scenario asks of the siting: objectives and side conditions made of its keys, and what is wrong with them."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

from rescuesim.candidates import CandidateSites
from rescuesim.disruption import disruption_presets
from rescuesim.disruption.repair.road_options import REPAIR_ORDERS
from rescuesim.errors import InputError, nearest_name
from rescuesim.network import RoadNetwork
from rescuesim.scenario.sections import ConstraintsSection, DisruptionSection, SitingSection, SubsidySection
from rescuesim.siting import GroupLimit, Lexicographic, Separation, SitingConstraints, Subsidy, sites_as_points
from rescuesim.siting.models import MODELS
from rescuesim.travel import travel_times

__all__ = [
    "OPTIONS",
    "asked_constraints",
    "asked_faults",
    "asked_objective",
    "constraint_faults",
    "drawing_faults",
    "must_fit",
    "objective_names",
    "risk_faults",
]

OPTIONS = (
    *("n_sites", "n_units", "units_per_site", "busy_fraction", "service_hours", "reliability", "weighted"),
    *("cover_all", "backup_share", "risk", "tail"),
)
_WANTED = {"n_sites": "a number of sites", "n_units": "a number of units", "busy_fraction": "a share from 0 to 1"}
_LIMITS = ("budget", "people", "n_new_sites")  # side conditions that say how much may be opened


def objective_names() -> dict[str, type[Any]]:
    """Return the objectives by the names that scenario and command line know them by."""
    return {model.name: objective for objective, model in MODELS.items()}


def asked_faults(siting: SitingSection) -> list[tuple[str, str | None, str]]:
    """Say what is wrong with the objectives, without the sites.

    Returns
    -------
    list of (str, str or None, str)
        Dotted key below ``siting``, value, and what is expected.
    """
    known = objective_names()
    faults: list[tuple[str, str | None, str]] = []
    if not siting.objectives:
        faults.append(("objective", "[]", nearest_name("", known)))
    faults += [("objective", name, nearest_name(name, known)) for name in siting.objectives if name not in known]
    if len(set(siting.objectives)) < len(siting.objectives):
        faults.append(("objective", ", ".join(siting.objectives), "each objective once"))
    if siting.tolerances and len(siting.tolerances) != len(siting.objectives) - 1:
        faults.append(("tolerances", str(list(siting.tolerances)), "one for each objective but the last"))
    faults += [
        ("tolerances", str(value), "a share of 0 or more, and under 1")
        for value in siting.tolerances
        if not 0 <= value < 1
    ]
    if faults:
        return faults
    taken: set[str] = set()
    for name in siting.objectives:
        fields = inspect.signature(known[name]).parameters
        taken |= set(fields)
        for option in OPTIONS:
            if (
                option in fields
                and getattr(siting, option) is None
                and _is_wanted(siting, name, fields[option], option)
            ):
                faults.append((option, None, f"{_WANTED.get(option, 'this key')} for {name}"))
    for option in OPTIONS:
        if (value := getattr(siting, option)) is not None and option not in taken:
            which = " and ".join(siting.objectives)
            reason = "which opens as many as it takes" if option == "n_sites" else "for which it would do nothing"
            faults.append((option, str(value), f"no {option} with {which}, {reason}"))
    if siting.risk == "cvar" and siting.tail is None:
        faults.append(("tail", None, "with cvar the probability of the worst states that count, above 0 and at most 1"))
    if siting.tail is not None and siting.risk != "cvar" and "tail" in taken:
        faults.append(("tail", str(siting.tail), "no tail without risk cvar, for which it would do nothing"))
    if siting.backup_share is not None and siting.cover_all is not False and "backup_share" in taken:
        faults.append(("backup_share", str(siting.backup_share), "cover_all = false with it"))
    return [fault for at, fault in enumerate(faults) if fault not in faults[:at]]


def risk_faults(siting: SitingSection, disruption: DisruptionSection | None) -> list[tuple[str, str | None, str]]:
    """Say that coverage over states is asked where no roads break; as `asked_faults` does."""
    if siting.risk is None or disruption is not None:
        return []
    return [("risk", siting.risk, "closed roads to rate it over: a section [disruption], or --closures")]


def drawing_faults(disruption: DisruptionSection) -> list[tuple[str, str | None, str]]:
    """Say what is wrong with an event that is drawn, without files; as `asked_faults` does."""
    faults: list[tuple[str, str | None, str]] = []
    presets = disruption_presets()
    if disruption.preset is not None and disruption.preset not in presets:
        faults.append(("preset", disruption.preset, nearest_name(disruption.preset, presets)))
    orders = [order for order in REPAIR_ORDERS if order != "given"]
    if disruption.order is not None and disruption.order not in orders:
        faults.append(("order", disruption.order, nearest_name(disruption.order, orders)))
    of_events = ("zones", "onset_h", "order", "crews")
    of_draws = ("samples", "seed", "supply_areas", "base_stations")
    for key in (*of_events, *of_draws):
        idle = disruption.preset is None if key in of_events else not disruption.is_drawn
        if getattr(disruption, key) is not None and idle:
            also = "preset too" if key in of_events else "preset or power_outages too"
            value = str(getattr(disruption, key))
            faults.append((key, value, f"{also}, or not this key: it would do nothing"))
    for number, crew in enumerate(disruption.crews or ()):
        placed = [crew.lon is not None, crew.lat is not None]
        if placed[0] != placed[1] or bool(crew.site) == all(placed):
            place = f"site {crew.site!r}, lon {crew.lon}, lat {crew.lat}"
            faults.append((f"crews.{number}", place, "a site, or both lon and lat"))
    ids = [crew.id for crew in disruption.crews or ()]
    faults += [("crews", id_, "an id of its own for each crew") for id_ in dict.fromkeys(ids) if ids.count(id_) > 1]
    return faults


def _is_wanted(siting: SitingSection, name: str, field: inspect.Parameter, option: str) -> bool:
    """Whether an option without a value must have one: a number of sites need not stand where money or staff do."""
    bounded = any(getattr(siting.constraints, one) is not None for one in _LIMITS)
    if option == "n_sites":
        return not bounded and (field.default is inspect.Parameter.empty or name == "max_coverage")
    return field.default is inspect.Parameter.empty


def _unbounded(siting: SitingSection) -> SitingSection:
    return siting.model_copy(update={"constraints": ConstraintsSection()})


def asked_objective(siting: SitingSection, sites: CandidateSites, *, kind: str = "station") -> Any:
    """Make the objective that a scenario asks for.

    Parameters
    ----------
    siting : SitingSection
        Without faults of `asked_faults`.
    sites : CandidateSites
        Where a side condition says how much may be opened and no number of sites is given, as many as may be open.
    kind : str, optional
        The sites that take part.

    Returns
    -------
    objective of `rescuesim.siting`

    Raises
    ------
    InputError
        If the objectives refuse what they are given.
    """
    if faults := asked_faults(siting):
        raise InputError("; ".join(f"siting.{key}: expected {expected}" for key, _, expected in faults))
    openable = sum(one == kind and status != "closed" for one, status in zip(sites.kinds, sites.statuses, strict=True))
    known, made = objective_names(), []
    for name in siting.objectives:
        fields = inspect.signature(known[name]).parameters
        options = {key: getattr(siting, key) for key in OPTIONS if key in fields and getattr(siting, key) is not None}
        asks_number = "n_sites" in fields and _is_wanted(_unbounded(siting), name, fields["n_sites"], "n_sites")
        if asks_number and "n_sites" not in options:
            options["n_sites"] = max(openable, 1)
        made.append(known[name](**options))
    return made[0] if len(made) == 1 else Lexicographic(made, tolerances=siting.tolerances)


def asked_constraints(
    section: ConstraintsSection, network: RoadNetwork, sites: CandidateSites, *, snap_limit_m: float
) -> SitingConstraints:
    """Make the side conditions that a scenario asks for.

    Parameters
    ----------
    section : ConstraintsSection
    network : RoadNetwork
        For drives between sites.
    sites : CandidateSites
    snap_limit_m : float

    Raises
    ------
    InputError
        With every condition that contradicts itself.
    """
    if faults := constraint_faults(section, sites):
        raise InputError("; ".join(f"siting.constraints.{key}: expected {expected}" for key, _, expected in faults))
    separation = None
    if section.min_distance_m is not None:
        separation = Separation(at_least_m=section.min_distance_m)
    elif section.min_drive_s is not None:
        between = travel_times(network, sites, sites_as_points(sites, kind=None), snap_limit_m=snap_limit_m)
        separation = Separation(at_least_s=section.min_drive_s, between=between)
    plain = ("required", "closed", "existing", "max_relocated", "n_new_sites", "budget", "people", "staffed_shifts")
    return SitingConstraints(
        **{name: getattr(section, name) for name in plain},
        muster_confidence=section.muster_confidence,
        groups=[GroupLimit(**dict(one)) for one in section.groups],
        subsidies=[Subsidy(**_subsidy(one)) for one in section.subsidies],
        separation=separation,
        conflicts=section.conflicts,
        implications=[(one.open, one.needs) for one in section.implications],
    )


def constraint_faults(section: ConstraintsSection, sites: CandidateSites) -> list[tuple[str, str | None, str]]:
    """Say what is wrong with side conditions, ids of sites included, before anything is computed.

    Returns
    -------
    list of (str, str or None, str)
        Dotted key below ``siting.constraints``, value, and what is expected.
    """
    named = [("required", section.required), ("closed", section.closed)]
    named += [("conflicts", ids) for ids in section.conflicts]
    named += [(f"groups.{at}.sites", one.sites or ()) for at, one in enumerate(section.groups)]
    named += [(f"subsidies.{at}.sites", one.sites or ()) for at, one in enumerate(section.subsidies)]
    named += [(f"implications.{at}", (one.open, *one.needs)) for at, one in enumerate(section.implications)]
    known = set(sites.ids)
    faults: list[tuple[str, str | None, str]] = [
        (key, id_, nearest_name(id_, known)) for key, ids in named for id_ in ids if id_ not in known
    ]
    made: list[tuple[str, type[Any], dict[str, Any]]] = [
        (f"groups.{at}", GroupLimit, dict(one)) for at, one in enumerate(section.groups)
    ]
    made += [(f"subsidies.{at}", Subsidy, _subsidy(one)) for at, one in enumerate(section.subsidies)]
    plain = {name: getattr(section, name) for name in ("existing", "max_relocated", "staffed_shifts")}
    made.append(("existing", SitingConstraints, plain))
    for key, kind, options in made:
        try:
            kind(**options)
        except InputError as error:
            faults.append((key, None, str(error)))
    if section.min_distance_m is not None and section.min_drive_s is not None:
        faults.append(("min_drive_s", str(section.min_drive_s), "min_distance_m or this key, not both"))
    return faults


def _subsidy(section: SubsidySection) -> dict[str, Any]:
    """Return what a subsidy is made of: no cap and no fund are no bound."""
    return {key: math.inf if value is None and key in ("cap", "fund") else value for key, value in section}


def must_fit(siting: SitingSection, sites: CandidateSites, *, kind: str = "station") -> tuple[str, str] | None:
    """Say what number of sites of a kind is expected, if the one that is asked for cannot be; else None."""
    if siting.n_sites is None:
        return None
    of_kind = np.array([one == kind for one in sites.kinds])
    kept = ("existing", "required") if siting.constraints.existing == "keep" else ("required",)
    fixed = int((sites.with_status(*kept) & of_kind).sum())
    openable = int((~sites.with_status("closed") & of_kind).sum())
    if fixed <= siting.n_sites <= openable or not of_kind.any():
        return None  # that there is no site of the kind is said by the siting itself
    names = "sites" if kind == "station" else f"{kind}s"
    expected = f"from {fixed} (existing and required {names} stay open and count) to {openable} (all that may be open)"
    return str(siting.n_sites), expected
