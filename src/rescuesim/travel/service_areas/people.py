"""Who is inside: people and points within the limits of service areas, by township and zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.errors import InputError
from rescuesim.network import NetworkStates
from rescuesim.plan import PlanSite
from rescuesim.travel.from_network import travel_times
from rescuesim.travel.service_areas.area import ServiceArea
from rescuesim.travel.service_areas.sites import sites_of_plan
from rescuesim.travel.times import TravelTimes

__all__ = ["people_within"]


def people_within(
    areas: ServiceArea | Sequence[ServiceArea],
    demand: DemandPoints,
    *,
    by: Literal["township", "zone"] = "township",
    snap_limit_m: float | None = None,
) -> pd.DataFrame:
    """Count the people and points that are in time, by township or zone and in all.

    Parameters
    ----------
    areas : ServiceArea or sequence of ServiceArea
        Of one network, state and direction.
    demand : DemandPoints
    by : {'township', 'zone'}, optional
    snap_limit_m : float, optional
        As in `travel_times`.

    Returns
    -------
    DataFrame
        One row for each area and township or zone that has points, in the order in which they first appear, and a last
        one of each area for all of them. Columns ``area, limit_s``, ``township`` or ``zone`` (``all`` in the last
        row), ``points, points_within, people, people_within, share``; the share is that of the people, 0 where there
        are none. An area that was made for zones counts the points of these zones alone.

    Raises
    ------
    InputError
        If the areas are of several networks, states or directions.

    Notes
    -----
    A point is within if its travel time from one of the sites is at most the limit of that site, with the access legs
    of both counted: the polygon is not asked. So a village beside a reached road can be outside.
    """
    areas = [areas] if isinstance(areas, ServiceArea) else list(areas)
    if by not in ("township", "zone"):
        raise InputError(f"by {by!r}: expected township or zone")
    if not areas:
        raise InputError("service areas: expected at least one")
    first = areas[0]
    if any(
        area.network is not first.network or area.state is not first.state or area.towards != first.towards
        for area in areas
    ):
        raise InputError("service areas: expected those of one network, state and direction")
    sites, rows = _all_sites(areas)
    times = _times(first, sites, demand, max(area.limit_s for area in areas), snap_limit_m)
    of_point = np.array(demand.townships if by == "township" else demand.zones, dtype=object)
    zone = np.array(demand.zones, dtype=object)
    table = [
        row
        for area, which in zip(areas, rows, strict=True)
        for row in _counted(area, _within(times, which, area), demand, of_point, zone)
    ]
    columns = ["area", "limit_s", by, "points", "points_within", "people", "people_within", "share"]
    return pd.DataFrame(table, columns=columns)


def _all_sites(areas: Sequence[ServiceArea]) -> tuple[CandidateSites, list[NDArray[np.int64]]]:
    """Put the sites of all areas into one table, each place once, and say where those of each area stand."""
    places: dict[tuple[str, float, float], PlanSite] = {}
    rows = []
    for area in areas:
        assert area.sites.lon is not None
        assert area.sites.lat is not None
        keys = list(zip(area.sites.ids, area.sites.lon.tolist(), area.sites.lat.tolist(), strict=True))
        for id_, lon, lat in keys:
            site = PlanSite(id=id_, name=id_, crew="", status="existing", units=1, lon=lon, lat=lat)
            places.setdefault((id_, lon, lat), site)
        at = {key: row for row, key in enumerate(places)}
        rows.append(np.array([at[key] for key in keys], dtype=np.int64))
    return sites_of_plan(tuple(places.values())), rows


def _times(
    area: ServiceArea, sites: CandidateSites, demand: DemandPoints, limit_s: float, snap_limit_m: float | None
) -> TravelTimes:
    """Compute the travel times in the state of the areas."""
    network, towards, cutoff_s = area.network, area.towards, max(limit_s, 0.0)
    if area.state is None:
        return travel_times(network, sites, demand, cutoff_s=cutoff_s, towards=towards, snap_limit_m=snap_limit_m)
    here = replace(area.state, unusable_sites=area.state.unusable_sites & set(sites.ids), probability=1.0)
    states = NetworkStates(states=(here,))
    return travel_times(
        network, sites, demand, states=states, cutoff_s=cutoff_s, towards=towards, snap_limit_m=snap_limit_m
    )[0]


def _within(times: TravelTimes, rows: NDArray[np.int64], area: ServiceArea) -> NDArray[np.bool_]:
    """Mark the points that some site of the area reaches in time; bool, shape (n_demand,)."""
    limit = np.full(len(times.sites), -np.inf)
    limit[rows] = area.limits_s
    return np.asarray(times.within(limit[:, None] * np.ones(len(times.demand))).any(axis=1))


def _counted(
    area: ServiceArea,
    within: NDArray[np.bool_],
    demand: DemandPoints,
    of_point: NDArray[np.object_],
    zone: NDArray[np.object_],
) -> list[tuple[object, ...]]:
    counts = np.isin(zone, area.zones) if area.zones else np.ones(len(demand), dtype=np.bool_)
    names = list(dict.fromkeys(of_point[counts].tolist()))
    rows: list[tuple[object, ...]] = []
    for name, here in [*((name, counts & (of_point == name)) for name in names), ("all", counts)]:
        people, inside = float(demand.people[here].sum()), float(demand.people[here & within].sum())
        share = inside / people if people > 0 else 0.0
        rows.append(
            (area.label, area.limit_s, name, int(here.sum()), int((here & within).sum()), people, inside, share)
        )
    return rows
