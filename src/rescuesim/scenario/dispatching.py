"""What a scenario asks of the dispatch: policies made of its keys, and what is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.crew import CrewType, default_crews
from rescuesim.demand import DemandPoints
from rescuesim.errors import nearest_name
from rescuesim.overrides import Overrides
from rescuesim.plan import Plan
from rescuesim.scenario.dispatch_words import left_out_notes
from rescuesim.scenario.sections import SimulationSection
from rescuesim.simulation import (
    CallModel,
    ClosestCapable,
    DispatchPolicy,
    JurisdictionFirst,
    MutualAid,
    NearestAvailable,
    NearestUncovered,
    Pooled,
    PreparednessAware,
    default_packages,
)
from rescuesim.standard import ResponseStandard

__all__ = [
    "asked_calls",
    "asked_options",
    "asked_policy",
    "policy_faults",
    "policy_faults_of_points",
    "simulation_options",
]

_PATIENT = ("jurisdiction", "pooled")
_GROUPED = ("mutual_aid", "pooled")


def asked_policy(section: SimulationSection) -> DispatchPolicy:
    """Return the dispatch policy of a scenario.

    Examples
    --------
    >>> type(asked_policy(SimulationSection(policy="jurisdiction", not_later_than_s=600.0))).__name__
    'JurisdictionFirst'
    """
    groups = {group.name: group.members for group in section.groups}
    match section.policy:
        case "nearest":
            return NearestAvailable()
        case "closest_capable":
            return ClosestCapable()
        case "jurisdiction":
            return JurisdictionFirst(not_later_than_s=section.not_later_than_s)
        case "preparedness":
            return PreparednessAware()
        case "mutual_aid":
            return MutualAid(groups)
        case "pooled":
            return Pooled(groups, not_later_than_s=section.not_later_than_s)


def asked_calls(section: SimulationSection, overrides: Overrides) -> CallModel:
    """Return the calls of a scenario, with the durations on the scene that its overrides give."""
    return CallModel(per_10k_people_year=section.per_10k_people_year, on_scene=dict(overrides.on_scene) or None)


def simulation_options(
    section: SimulationSection, plans: Iterable[Plan] = (), crews: Mapping[str, CrewType] | None = None
) -> dict[str, Any]:
    """Return what a scenario asks of the simulation, beside calls, horizon and replications.

    Parameters
    ----------
    section : SimulationSection
    plans : iterable of Plan, optional
        All that are compared: their formations escalate to what a crew of each of them can do.
    crews : mapping of str to CrewType, optional
        The default crews if absent.

    Returns
    -------
    dict of str to object
        Arguments of `rescuesim.simulate`; what the section leaves at its default is left out.

    Examples
    --------
    >>> simulation_options(SimulationSection(queue="priority", divertible=True))
    {'queue': 'priority', 'divertible': True}
    """
    plain = ("seats", "queue", "nobody_capable", "information", "divertible", "muster")
    fields = SimulationSection.model_fields
    options: dict[str, Any] = {
        name: getattr(section, name) for name in plain if getattr(section, name) != fields[name].default
    }
    if section.policy != fields["policy"].default:
        options["policy"] = asked_policy(section)
    if section.packages == "formation":
        names = [{site.crew for site in plan.stations} for plan in plans]
        common = sorted(set.intersection(*names)) if names else None
        known = default_crews() if crews is None else crews
        options["packages"] = default_packages(None if common is None else [known[name] for name in common])
    if section.move_up == "nearest_uncovered":
        options["move_up"] = NearestUncovered()
    return options


def asked_options(
    section: SimulationSection, plans: Iterable[Plan], standard: ResponseStandard
) -> tuple[dict[str, Any], tuple[Note, ...]]:
    """Return what a scenario asks of the simulation of some plans, and what must be said of it.

    A formation that leaves out what some plan has no crew for says so.
    """
    options = simulation_options(section, tuple(plans), standard.crews)
    kept = options.get("packages", {})
    left_out = {
        name: [need for need in package.escalation if need not in kept[name].escalation]
        for name, package in default_packages().items()
        if name in kept
    }
    return options, left_out_notes({name: needs for name, needs in left_out.items() if needs})


def policy_faults(section: SimulationSection) -> list[tuple[str, str | None, str]]:
    """Say what is wrong with the policy, without sites and points.

    Returns
    -------
    list of (str, str or None, str)
        Dotted key below ``simulation``, value, and what is expected.
    """
    faults: list[tuple[str, str | None, str]] = []
    if section.policy in _GROUPED and not section.groups:
        faults.append(("groups", None, f"at least one group for {section.policy}"))
    if section.policy not in _GROUPED and section.groups:
        expected = f"policy {' or '.join(_GROUPED)} too, or no groups: they would do nothing"
        faults.append(("groups", str(len(section.groups)), expected))
    if section.policy not in _PATIENT and section.not_later_than_s is not None:
        expected = f"policy {' or '.join(_PATIENT)} too, or not this key: it would do nothing"
        faults.append(("not_later_than_s", str(section.not_later_than_s), expected))
    names = Counter(group.name for group in section.groups)
    faults += [("groups", name, "each group once") for name, times in names.items() if times > 1]
    return faults


def policy_faults_of_points(
    section: SimulationSection, sites: CandidateSites, demand: DemandPoints
) -> list[tuple[str, str | None, str]]:
    """Say what the policy asks of sites and points that these do not have; as of `policy_faults`."""
    known = {*sites.townships, *demand.townships, *sites.ids, *demand.ids} - {""}
    faults: list[tuple[str, str | None, str]] = [
        (f"groups.{number}.members", member, nearest_name(member, sorted(known)))
        for number, group in enumerate(section.groups)
        for member in group.members
        if member not in known
    ]
    if section.policy == "jurisdiction" and not any(demand.townships):
        faults.append(("policy", section.policy, "a column township in the demand table, or policy nearest"))
    return faults
