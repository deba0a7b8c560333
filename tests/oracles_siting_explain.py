"""Brute force for explanations: every measure and every swap, applied and counted with loops."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from rescuesim.crew import CAPABILITIES
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimes


def limit_s(standard: ResponseStandard, crew: str, zone: str, rank: int, staffing: str) -> float:
    """Limit of a crew: ``plain``, ``steady`` (its best shift in all) or ``equip`` (with all capabilities)."""
    if staffing == "equip":
        crews = dict(standard.crews)
        crews[crew] = replace(crews[crew], capabilities=frozenset(CAPABILITIES))
        standard = replace(standard, crews=crews)
    shifts = [standard.limit_s(crew, zone, shift, unit_rank=rank) for shift in standard.crews[crew].turnout]
    return max(shifts) if staffing == "steady" else min(shifts)


def covered(
    times: TravelTimes,
    standard: ResponseStandard,
    opened: Iterable[int],
    point: int,
    changed: Mapping[int, tuple[str, str]] | None = None,
    later: Mapping[int, float] | None = None,
) -> bool:
    """Whether a point is covered, with the crew and staffing of some sites changed and some drives longer."""
    zone = times.demand.zones[point]
    if zone not in standard.presets:
        return False
    first, either = set(), set()
    for site in opened:
        crew, staffing = (changed or {}).get(site, (times.sites.crews[site], "plain"))
        drive = times.values[site, point] + (later or {}).get(site, 0.0)
        if math.isinf(drive):
            continue
        if drive <= limit_s(standard, crew, zone, 1, staffing) + 1e-6:
            first.add(site)
        if site in first or drive <= limit_s(standard, crew, zone, 2, staffing) + 1e-6:
            either.add(site)
    return bool(first) and (len(either) >= 2 or not standard.wants_second_unit(zone))


def staffings(times: TravelTimes, standard: ResponseStandard, site: int) -> list[tuple[str, str, str]]:
    """Every other staffing of a site: kind, crew, staffing."""
    own = times.sites.crews[site]
    other = [("staff", crew, "plain") for crew in standard.crews if crew != own]
    return [("steady", own, "steady"), ("equip", own, "equip"), *other]
