"""Checks of disruptions: roads, sites, places and townships that the simulation knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from rescuesim._words import Note
from rescuesim.demand import DemandPoints
from rescuesim.disruption import Disruption
from rescuesim.errors import Fault, nearest_name
from rescuesim.network import RoadNetwork
from rescuesim.plan import Plan

__all__ = ["check_disruptions"]

_NAMED = 5  # of the sites that a note lists


def check_disruptions(
    disruptions: Sequence[Disruption],
    *,
    network: RoadNetwork,
    plan: Plan,
    demand: DemandPoints,
    known_sites: Collection[str] | None = None,
    sites_elsewhere: Collection[str] = (),
) -> tuple[list[Fault], tuple[Note, ...]]:
    """Say what in disruptions the simulation does not know.

    Parameters
    ----------
    disruptions : sequence of Disruption
    network, plan, demand : artefacts
    known_sites : collection of str, optional
        Sites that exist beside those of the plan, such as all candidate sites.
    sites_elsewhere : collection of str, optional
        Sites of other plans of a study, which exist too.

    Returns
    -------
    faults : list of Fault
        Roads outside the network, closures beyond the end of their road, places of calls that are no demand point,
        townships of channel outages that nobody knows; with `known_sites`, sites that are none.
    notes : tuple of Note
        Without `known_sites`: sites that are none of the plan. A candidate site that the plan does not open cannot be
        told from a slip, so it is said and not refused.
    """
    sites = {site.id for site in plan.sites}
    townships = {*demand.townships, *(site.township for site in plan.sites)} - {""}
    points, there = set(demand.ids), sites | set(known_sites or ()) | set(sites_elsewhere)
    faults: list[Fault] = []
    missing: dict[str, list[str]] = {}
    length_m = network.road_length_m
    for disruption in disruptions:
        faults += disruption.unknown_townships(townships)
        faults += _road_faults(disruption, length_m)
        faults += _place_faults(disruption, points=points, sites=there, townships=townships)
        unknown = _sites_of(disruption, there)
        if known_sites is None:
            for _, _, site in unknown:
                missing.setdefault(site, []).append(disruption.label)
            continue
        faults += [
            Fault(
                file=f"disruption {disruption.label!r}, {what}",
                row=row,
                column="site",
                value=site,
                expected=f"a site of the plan or a known one, {nearest_name(site, there)}",
            )
            for what, row, site in unknown
        ]
    return faults, _said(missing, plan, sites)


def _road_faults(disruption: Disruption, length_m: NDArray[np.float64]) -> list[Fault]:
    file, faults, last = f"disruption {disruption.label!r}", [], len(length_m) - 1
    records = (
        ("roads", [outage.closure.road for outage in disruption.roads]),
        ("slowings", [slowing.road for slowing in disruption.slowings]),
    )
    for what, roads in records:
        for row, road in enumerate(roads):
            if not 0 <= road <= last:
                problem = f"{file}, road {road}: expected from 0 to {last} ({what}, row {row})"
                faults.append(Fault(file=file, problem=problem))
    for outage in disruption.roads:
        closure = outage.closure
        if 0 <= closure.road <= last and closure.from_m > (length := length_m.item(closure.road)):
            beyond = f"closure of road {closure.road} from {closure.from_m:g} m"
            faults.append(Fault(file=file, problem=f"{file}, {beyond}: expected at most its {length:.1f} m"))
    return faults


def _place_faults(
    disruption: Disruption, *, points: Collection[str], sites: Collection[str], townships: Collection[str]
) -> list[Fault]:
    """Say which contacts of calls are at no demand point: nobody calls from there."""
    faults = []
    for row, spell in enumerate(disruption.contacts):
        if spell.direction == "order" or spell.place in points:
            continue
        place = spell.place
        if place in sites:
            expected = f"a demand point; {place} is a site, to which direction 'order' goes"
        elif place in townships:
            expected = f"a demand point; {place} is a township, whose points are named one by one"
        else:
            expected = f"a demand point, {nearest_name(place, points)}"
        file = f"disruption {disruption.label!r}, contacts"
        faults.append(Fault(file=file, row=row, column="place", value=place, expected=expected))
    return faults


def _sites_of(disruption: Disruption, there: Collection[str]) -> list[tuple[str, int, str]]:
    """Return record, row and site of what meets a site that is not there."""
    met = [("sites", row, outage.site) for row, outage in enumerate(disruption.sites)]
    met += [("contacts", row, one.place) for row, one in enumerate(disruption.contacts) if one.direction == "order"]
    met += [("channels", row, site) for row, one in enumerate(disruption.channels) for site in sorted(one.sites)]
    return [one for one in met if one[2] not in there]


def _said(missing: dict[str, list[str]], plan: Plan, sites: Collection[str]) -> tuple[Note, ...]:
    if not missing:
        return ()
    named = ", ".join(sorted(missing)[:_NAMED]) + (
        f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    )
    named_zh = "、".join(sorted(missing)[:_NAMED]) + (f" 等 {len(missing)} 个" if len(missing) > _NAMED else "")
    labels = list(dict.fromkeys(label for some in missing.values() for label in some))[:_NAMED]
    known = nearest_name(min(missing), sites)
    return (
        Note(
            f"disruption {', '.join(labels)}: outages or contacts of {named}, which plan {plan.name} does not have, "
            f"change nothing there; known_sites= tells candidate sites from a slip; in the plan: {known}",
            f"扰动 {'、'.join(labels)} 涉及 {named_zh},方案 {plan.name} 中没有这些站点,对其不起作用;请核对编号",
        ),
    )
