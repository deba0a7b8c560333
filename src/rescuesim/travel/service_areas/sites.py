"""Sites in the forms in which they are given, as tables of sites."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.errors import InputError, UnknownIdError, nearest_name
from rescuesim.plan import Plan, PlanSite

__all__ = ["one_site", "open_stations", "rows_of_sites", "site_table", "sites_of_plan"]


def one_site(site: tuple[float, float] | PlanSite | CandidateSites) -> CandidateSites:
    """Return a table of one site; see `service_area`."""
    if isinstance(site, CandidateSites):
        if len(site) != 1:
            raise InputError(f"{len(site)} sites: expected one; service_areas takes many")
        return site
    if isinstance(site, PlanSite):
        return sites_of_plan((site,))
    try:
        lon, lat = (float(number) for number in site)
    except (TypeError, ValueError):
        raise InputError(f"site {site!r}: expected longitude and latitude, or a site") from None
    name = f"{lon:.5f}, {lat:.5f}"
    return sites_of_plan((PlanSite(id=name, name=name, crew="", status="candidate", units=1, lon=lon, lat=lat),))


def site_table(sites: CandidateSites | Plan) -> CandidateSites:
    """Return a table of sites; of a plan the stations."""
    return sites_of_plan(sites.stations) if isinstance(sites, Plan) else sites


def sites_of_plan(sites: Sequence[PlanSite]) -> CandidateSites:
    """Turn sites of a plan into a table of sites."""
    if without := [site.id for site in sites if site.lon is None or site.lat is None]:
        raise InputError(f"site {without[0]!r}: expected lon and lat")
    return CandidateSites(
        ids=tuple(site.id for site in sites),
        names=tuple(site.name for site in sites),
        lon=np.array([site.lon for site in sites], dtype=np.float64),
        lat=np.array([site.lat for site in sites], dtype=np.float64),
        kinds=tuple(site.kind for site in sites),
        statuses=tuple(site.status for site in sites),
        cost=np.array([site.cost for site in sites], dtype=np.float64),
        townships=tuple(site.township for site in sites),
        hosts=tuple(site.host for site in sites),
        crews=tuple(site.crew for site in sites),
        units=np.array([site.units for site in sites], dtype=np.int64),
        capacity=np.full(len(sites), np.inf),
        source="plan",
    )


def rows_of_sites(sites: CandidateSites, rows: Sequence[int] | NDArray[np.int64]) -> CandidateSites:
    """Return some rows of a table of sites."""
    taken: dict[str, Any] = {}
    for column in fields(CandidateSites):
        values = getattr(sites, column.name)
        if isinstance(values, np.ndarray):
            taken[column.name] = values[np.asarray(rows, dtype=np.int64)]
        elif isinstance(values, tuple) and column.name != "notes" and values:
            taken[column.name] = tuple(values[row] for row in rows)
    return replace(sites, **taken)


def open_stations(sites: CandidateSites, opened: Iterable[str] | None) -> NDArray[np.int64]:
    """Return the rows of the open stations: those that are named, else existing and required ones."""
    if opened is None:
        is_open = sites.with_status("existing", "required")
    else:
        if isinstance(opened, str):
            raise InputError(f"opened {opened!r}: expected a list of ids")
        wanted = set(opened)
        if unknown := wanted - set(sites.ids):
            first = sorted(unknown)[0]
            raise UnknownIdError(f"site {first!r}: expected {nearest_name(first, sites.ids)}")
        is_open = np.array([id_ in wanted for id_ in sites.ids], dtype=np.bool_)
    rows = np.flatnonzero(is_open & np.array([kind == "station" for kind in sites.kinds], dtype=np.bool_))
    if not len(rows):
        raise InputError("sites: expected at least one open station; opened= names those that are to be open")
    return rows
