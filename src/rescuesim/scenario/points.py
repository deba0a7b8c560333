"""The sites and the demand of a scenario: read, made what the scenario asks for, and looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from rescuesim.candidates import CandidateSites, read_sites
from rescuesim.demand import CensusTotals, DemandPoints, assign_zones, demand_at, read_census, read_demand, weigh
from rescuesim.demand.calendar import PeopleCalendar
from rescuesim.errors import Fault, InputError, RescueSimError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import check_crs
from rescuesim.network.editing.area import read_area
from rescuesim.quality import QualityReport, quality_report
from rescuesim.scenario.model import Scenario
from rescuesim.scenario.sections import TableSection

__all__ = ["points_of", "quality_of", "tried"]

_T = TypeVar("_T")
_Points = TypeVar("_Points", CandidateSites, DemandPoints)


def tried(faults: list[Fault], read: Callable[[], _T], file: str) -> _T | None:
    """Call a reader; what it raises becomes faults."""
    try:
        return read()
    except InputError as error:
        faults += error.faults or [Fault(file=file, problem=str(error))]
    except RescueSimError as error:
        faults.append(Fault(file=file, problem=str(error)))
    return None


def points_of(faults: list[Fault], scenario: Scenario) -> tuple[CandidateSites | None, DemandPoints | None]:
    """Read the sites and the demand of a scenario, and make of the demand what the scenario asks for.

    Parameters
    ----------
    faults : list of Fault
        Grows with what is wrong.
    scenario : Scenario
    """
    sites = _table(faults, scenario, scenario.sites, read_sites)
    demand = _table(faults, scenario, scenario.demand, read_demand)
    return sites, None if demand is None else _as_asked(faults, scenario, demand)


def _table(
    faults: list[Fault],
    scenario: Scenario,
    section: TableSection,
    read: Callable[..., tuple[_Points | None, list[Fault]]],
) -> _Points | None:
    if section.crs is not None and tried(faults, lambda: check_crs(section.crs or ""), scenario.path.name) is None:
        return None
    source = scenario.file(section.file)
    if not scenario.may_read(source):  # parse_scenario has said so
        return None
    found = tried(faults, lambda: read(source, crs=section.crs), section.file)
    if found is None:
        return None
    faults += found[1]
    return found[0]


def _as_asked(faults: list[Fault], scenario: Scenario, demand: DemandPoints) -> DemandPoints | None:
    """Give points their zones, their people of a season and hour, and their weights, in this order."""
    section, made = scenario.demand, demand
    if section.zone_boundaries is not None and scenario.may_read(where := scenario.file(section.zone_boundaries)):
        field = section.zone_field or "zone"
        zoned = tried(faults, lambda: assign_zones(demand, boundaries=where, zone_field=field), where.name)
        if zoned is None:
            return None
        made = zoned
    if section.season is not None or section.hour is not None:
        calendar = PeopleCalendar()
        season, hour = section.season or "ordinary", 12 if section.hour is None else section.hour
        peopled = made
        moved = tried(faults, lambda: demand_at(peopled, calendar, hour=hour, season=season), scenario.path.name)
        if moved is None:
            return None
        made = moved
    if section.weight is not None:
        formula, unweighed, columns = section.weight, made, scenario.file(section.file)
        weighed = tried(faults, lambda: weigh(unweighed, formula, columns=columns), scenario.path.name)
        if weighed is None:
            return None
        made = weighed
    return made


def quality_of(
    faults: list[Fault], scenario: Scenario, network: RoadNetwork, points: CandidateSites | DemandPoints | None
) -> QualityReport | None:
    """Look at points against the roads, the boundary and the census that a scenario names."""
    if points is None:
        return None
    section = scenario.quality
    table = scenario.sites if isinstance(points, CandidateSites) else scenario.demand
    boundary = None
    census: CensusTotals | dict[str, float] | None = None
    if section.boundary is not None and scenario.may_read(where := scenario.file(section.boundary)):
        area = tried(faults, lambda: read_area(where), section.boundary)
        boundary = None if area is None else area.degrees
    if section.census is not None and isinstance(points, DemandPoints):
        source = scenario.file(section.census)
        totals = tried(faults, lambda: read_census(source), section.census) if scenario.may_read(source) else None
        if totals is not None and section.county is not None:
            county = section.county
            people = tried(faults, lambda: totals.people_of(county), section.census)
            census = None if people is None else {county: float(people)}
        else:
            census = totals
    report = quality_report(
        network,
        points,
        boundary=boundary,
        census=census,
        declared_crs=table.crs or "wgs84",
        snap_limit_m=scenario.network.snap_limit_m,
    )
    if boundary is not None and report.counts_all["outside_boundary"] == len(report):
        expected = f"a boundary that holds at least one of the {len(report)} points of {report.source}"
        faults.append(Fault(file=section.boundary, expected=expected))
    return report
