"""service_area, service_areas, standard_service_areas: from roads and sites to what is reached."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from rescuesim.candidates import CandidateSites
from rescuesim.errors import InputError
from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.plan import Plan, PlanSite
from rescuesim.standard import ResponseStandard
from rescuesim.travel.service_areas.area import ServiceArea
from rescuesim.travel.service_areas.arrivals import earliest_arrivals
from rescuesim.travel.service_areas.cut import cut_parts
from rescuesim.travel.service_areas.search import Search, of_group
from rescuesim.travel.service_areas.sites import one_site, open_stations, rows_of_sites, site_table
from rescuesim.travel.times import Towards

__all__ = ["service_area", "service_areas", "standard_service_areas"]


def service_area(
    network: RoadNetwork,
    site: tuple[float, float] | PlanSite | CandidateSites,
    limit_s: float,
    *,
    state: NetworkState | None = None,
    towards: Towards = "demand",
    snap_limit_m: float | None = None,
    width_m: float | None = None,
) -> ServiceArea:
    """Find what a crew reaches from one site within a limit: how far, which roads, how much ground.

    Parameters
    ----------
    network : RoadNetwork
    site : tuple of float, PlanSite or CandidateSites
        Longitude and latitude in WGS84 degrees, a site of a plan, or a table of one site.
    limit_s : float
        Longest travel time in seconds, included; 0 or more.
    state : NetworkState, optional
        What is broken; nothing if absent.
    towards : {'demand', 'sites'}, optional
        ``sites`` for where a crew can come from.
    snap_limit_m : float, optional
        As in `travel_times`.
    width_m : float, optional
        How far from a reached road ground is drawn as served; default ``service_area.width_m``.

    Returns
    -------
    ServiceArea

    Raises
    ------
    InputError
        If there is not exactly one site with a position, or the limit is not a number of 0 or more.
    UnknownIdError
        If the state closes a road that the network does not have.

    References
    ----------
    Dijkstra, E. W. (1959). A note on two problems in connexion with graphs. Numerische Mathematik 1, 269-271.
    doi:10.1007/BF01386390 (through scipy.sparse.csgraph)

    Examples
    --------
    ``print(rs.service_area(network, (119.30, 28.70), 93))`` says how far a crew gets in 93 s.
    """
    one = one_site(site)
    if np.ndim(limit_s) > 0:
        raise InputError(f"limit_s {limit_s!r}: expected one number; service_areas takes several")
    return service_areas(
        network, one, limit_s, state=state, towards=towards, snap_limit_m=snap_limit_m, width_m=width_m
    )[0]


def service_areas(
    network: RoadNetwork,
    sites: CandidateSites | Plan,
    limits_s: float | Sequence[float],
    *,
    state: NetworkState | None = None,
    towards: Towards = "demand",
    snap_limit_m: float | None = None,
    width_m: float | None = None,
) -> tuple[ServiceArea, ...]:
    """Find what each site reaches within each limit.

    Parameters
    ----------
    network : RoadNetwork
    sites : CandidateSites or Plan
        All of them, or the stations of a plan.
    limits_s : float or sequence of float
        Seconds, the same for every site.
    state, towards, snap_limit_m, width_m : optional
        As in `service_area`.

    Returns
    -------
    tuple of ServiceArea
        By site and, within a site, by limit as given.

    Raises
    ------
    InputError
        If the sites have no positions, or a limit is not a number of 0 or more.
    UnknownIdError
        If the state closes a road that the network does not have.

    Notes
    -----
    One bounded run of Dijkstra's algorithm for each site, with the largest limit; O(n_sites x reached pieces). Lines
    and polygons are drawn when they are asked for.
    """
    limits = _checked_limits(limits_s)
    made = Search.of(network, site_table(sites), state, towards, snap_limit_m, width_m)
    free = np.array([made.free_limit(limit) for limit in limits])
    groups = [np.array([k] if not made.reasons[k] else [], dtype=np.int64) for k in range(len(made.sites))]
    areas: dict[tuple[int, int], ServiceArea] = {}
    for some in earliest_arrivals(
        made.roads, groups, made.snap.access_ticks, np.full(len(groups), free.max(), dtype=np.int64)
    ):
        for which, limit in enumerate(limits):
            enough = np.full(len(groups), free[which], dtype=np.int64)
            here = some.within(enough)
            cut = cut_parts(made.roads, here, enough)
            for site in range(some.first_group, some.end_group):
                areas[site, which] = made.area(
                    rows_of_sites(made.sites, [site]), [site], (limit,), [of_group(here, cut, enough, site)]
                )
    return tuple(areas[key] for key in sorted(areas))


def _checked_limits(limits_s: float | Sequence[float]) -> list[float]:
    try:
        limits: list[float] = np.atleast_1d(np.asarray(limits_s, dtype=np.float64)).tolist()
    except (TypeError, ValueError):
        raise InputError(f"limit {limits_s!r}: expected seconds") from None
    if not limits or not all(isinstance(limit, float) and 0 <= limit < math.inf for limit in limits):
        raise InputError(f"limit {limits_s!r}: expected seconds of 0 or more, and finite")
    return limits


def standard_service_areas(
    network: RoadNetwork,
    sites: CandidateSites | Plan,
    standard: ResponseStandard,
    *,
    opened: Iterable[str] | None = None,
    state: NetworkState | None = None,
    snap_limit_m: float | None = None,
    width_m: float | None = None,
) -> tuple[ServiceArea, ...]:
    """Find what all open stations together reach in the limits of a standard: the inner and the outer area.

    Parameters
    ----------
    network : RoadNetwork
    sites : CandidateSites or Plan
        Only stations send crews.
    standard : ResponseStandard
        Its limits by crew and zone, those of the worst shift.
    opened : iterable of str, optional
        Ids of the open sites; existing and required ones if absent, all of a plan.
    state, snap_limit_m, width_m : optional
        As in `service_area`.

    Returns
    -------
    tuple of ServiceArea
        One for each set of zones in which every crew has the same limit, in the order of the standard's zones. A
        village of such a zone is in time where it lies on a road that is inside, with its own access leg added.

    Raises
    ------
    InputError
        If no station is open.
    UnknownIdError
        If `opened` names a site that is not there.

    Notes
    -----
    One run for each type of crew, with all of its stations as sources: no polygons are united.
    """
    table = site_table(sites)
    rows = open_stations(table, opened if isinstance(sites, CandidateSites) or opened is not None else table.ids)
    made = Search.of(network, rows_of_sites(table, rows), state, "demand", snap_limit_m, width_m)
    crews = tuple(dict.fromkeys(made.sites.crews))
    together: dict[tuple[float, ...], list[str]] = {}
    for zone in standard.zones:
        together.setdefault(tuple(standard.worst_shift_limit_s(crew, zone) for crew in crews), []).append(zone)
    groups = [
        np.array([k for k, at in enumerate(made.sites.crews) if at == crew and not made.reasons[k]], dtype=np.int64)
        for crew in crews
    ]
    free = {limits: np.array([made.free_limit(limit) for limit in limits]) for limits in together}
    most = np.max(list(free.values()), axis=0)
    found = list(earliest_arrivals(made.roads, groups, made.snap.access_ticks, most))
    areas = []
    for limits, zones in together.items():
        parts = []
        for some in found:
            here = some.within(free[limits])
            cut = cut_parts(made.roads, here, free[limits])
            parts += [of_group(here, cut, free[limits], group) for group in range(some.first_group, some.end_group)]
        of_site = tuple(limits[crews.index(crew)] for crew in made.sites.crews)
        area = made.area(
            made.sites,
            range(len(made.sites)),
            of_site,
            parts,
            second_unit=any(standard.wants_second_unit(zone) for zone in zones),
        )
        areas.append(replace(area, zones=tuple(zones), standard=standard.name))
    return tuple(areas)
