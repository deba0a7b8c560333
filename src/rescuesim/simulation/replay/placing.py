"""Where recorded incidents were and who went to them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._tables import Column, TextTable
from rescuesim._tables.words import choice_names
from rescuesim.crew import default_crews
from rescuesim.demand import DemandPoints
from rescuesim.demand.placed import placed_rows
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.plan import Plan

__all__ = ["Who", "places_of", "who_went"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who went to an incident, as far as it is recorded; empty where it is not.

    Attributes
    ----------
    site : str
        Id of a station of the plan.
    crew : str
        Crew type.
    unit : str
        Id of a unit of the plan, or the bureau's own word for it.
    """

    site: str = ""
    crew: str = ""
    unit: str = ""


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _cells(table: TextTable, column: str) -> list[str]:
    return table.frame[column].to_list() if column in table.frame.columns else [""] * len(table.frame)


def places_of(
    table: TextTable, frame: pd.DataFrame, demand: DemandPoints, crs: str | None, faults: list[Fault]
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str], list[str]]:
    """Return where each row is: by point id, else by its own position, else by the name or address of a village.

    Parameters
    ----------
    table : TextTable
    frame : DataFrame
        Rows without a fault so far.
    demand : DemandPoints
    crs : str or None
    faults : list of Fault
        Grows with the rows that cannot be placed.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        WGS84; NaN where it is at fault.
    places, townships : list of str
    """
    if demand.lon is None or demand.lat is None:
        raise InputError(f"{demand.source}: expected lon and lat; travel needs positions")
    size = len(table.frame)
    lon, lat = np.full(size, np.nan), np.full(size, np.nan)
    places, townships = [""] * size, list(_cells(table, "township"))
    own = _own_positions(table, frame, crs, faults)
    by_id = {id_: at for at, id_ in enumerate(demand.ids)}
    names = [_plain(name) for name in demand.names]
    cells = (_cells(table, name) for name in ("point", "name", "township"))
    for at, (row, id_, name, township) in enumerate(zip(table.frame.index, *cells, strict=True)):
        if not id_ and int(row) in own:
            lon[at], lat[at] = own[int(row)]
            places[at] = name or f"{lon[at]:.5f}, {lat[at]:.5f}"
            continue
        found = [by_id[id_]] if id_ in by_id else [] if id_ else _named(names, demand, name, township)
        if len(found) == 1:
            point = found[0]
            lon[at], lat[at], places[at] = demand.lon[point], demand.lat[point], demand.names[point]
            townships[at] = demand.townships[point]
        elif (fault := _unplaced(table, int(row), id_, name, len(found), demand, faults)) is not None:
            faults.append(fault)
    return lon, lat, places, townships


def _own_positions(
    table: TextTable, frame: pd.DataFrame, crs: str | None, faults: list[Fault]
) -> dict[int, tuple[float, float]]:
    if not {"lon", "lat"} <= set(frame.columns):
        return {}
    half = table.frame.index[(table.frame["lon"] == "") != (table.frame["lat"] == "")]
    faults += [table.fault(int(row), "lon", "both lon and lat, or neither") for row in half]
    placed, lon, lat, wrong = placed_rows(table, frame.dropna(subset=["lon", "lat"]), crs)
    faults += wrong
    return {int(row): place for row, *place in zip(placed.index, lon.tolist(), lat.tolist(), strict=True)}  # type: ignore[misc]


def _named(names: list[str], demand: DemandPoints, text: str, township: str) -> list[int]:
    """Return the points of a name; else those whose name stands in an address, the longest name first."""
    wanted = _plain(text)
    if not wanted:
        return []
    found = [at for at, name in enumerate(names) if name == wanted]
    if not found:
        inside = [at for at, name in enumerate(names) if len(name) > 1 and name in wanted]
        longest = max((len(names[at]) for at in inside), default=0)
        found = [at for at in inside if len(names[at]) == longest]
    if len(found) > 1:
        of = _plain(township)
        near = [
            at for at in found if (own := _plain(demand.townships[at])) and (own == of or (not of and own in wanted))
        ]
        found = near or found
    return found


def _unplaced(
    table: TextTable, row: int, id_: str, name: str, several: int, demand: DemandPoints, faults: list[Fault]
) -> Fault | None:
    columns = table.frame.columns
    if any(fault.row == row and fault.column and ("lon" in fault.column or "lat" in fault.column) for fault in faults):
        return None  # its position is at fault, and that has been said
    if id_:
        return table.fault(row, "point", f"the id of a point of {demand.source}")
    if name:
        more = f"; {several} points have this name, add township or point" if several > 1 else ""
        return table.fault(row, "name", f"the name of one village of {demand.source}, or an address with it{more}")
    column = next((one for one in ("name", "point", "lon") if one in columns), None)
    expected = "where it was: point (需求点编号), name or address (地点), or lon and lat (经度, 纬度)"
    return Fault(file=table.label, row=row, expected=expected) if column is None else table.fault(row, column, expected)


def who_went(table: TextTable, plan: Plan, faults: list[Fault]) -> list[Who]:
    """Return who went to each incident.

    Parameters
    ----------
    table : TextTable
    plan : Plan
    faults : list of Fault
        Grows with the stations that are none of the plan's.
    """
    stations = plan.stations
    by_word: dict[str, list[str]] = {}
    for site in stations:
        for word in dict.fromkeys((_plain(site.id), _plain(site.name))):
            by_word.setdefault(word, []).append(site.id)
    crew_of = {site.id: site.crew for site in stations}
    unit_site = {f"{site.id}#{number}": site.id for site in stations for number in range(1, site.units + 1)}
    crews = choice_names(Column(name="crew", choices=tuple(default_crews())))
    made = []
    cells = (_cells(table, name) for name in ("site", "crew", "unit"))
    for row, site, crew, unit in zip(table.frame.index, *cells, strict=True):
        found = by_word.get(_plain(site), []) if site else []
        type_ = crews.get(_plain(crew), "") if crew else ""
        if type_ and len(found) > 1:
            found = [one for one in found if crew_of[one] == type_]
        if site and len(found) != 1:
            listed = [*(one.id for one in stations), *(one.name for one in stations)]
            several = f"; {len(found)} stations are called so, give the id" if len(found) > 1 else ""
            expected = f"id or name of a station of plan {plan.name}, {nearest_name(site, listed)}{several}"
            faults.append(table.fault(int(row), "site", expected))
        own = found[0] if len(found) == 1 else unit_site.get(unit, "")
        if own and unit in unit_site and unit_site[unit] != own:
            faults.append(table.fault(int(row), "unit", f"a unit of {own}, or another site"))
        if own and type_ and crew_of[own] != type_:
            faults.append(table.fault(int(row), "crew", f"{crew_of[own]}, the crew of {own}, or another site"))
        made.append(Who(site=own, crew=crew_of.get(own, type_), unit=unit))
    return made
