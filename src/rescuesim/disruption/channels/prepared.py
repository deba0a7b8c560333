"""What a cascade needs of a county, looked up once for all samples: who covers, supplies and reaches whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.disruption.channels.communication import CommunicationNetwork
from rescuesim.disruption.keyed_uniforms import id_keys
from rescuesim.disruption.power import PowerNetwork
from rescuesim.disruption.routes_over_time import NearestSource, fuel_truck_roads, snapped, walking_roads
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import project

__all__ = ["CascadeCounty", "prepare_cascade"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeCounty:
    """Networks and places of a county, ready for many cascades.

    *Users* are the demand points, which call, and after them the sites, which are ordered.

    Parameters
    ----------
    power : PowerNetwork
    communication : CommunicationNetwork
    sites : CandidateSites
    demand : DemandPoints
    n_roads : int
    users : tuple of str, length n_users
    townships : tuple of str
        That a user or supply area names, sorted.
    n_places : int
        So many of the users are demand points.
    keys : ndarray of uint64, shape (n_users,)
        Of the draws of each user.
    user_area, station_area : ndarray of int64, shape (n_users,) and (n_stations,)
        Place in `PowerNetwork.areas`; -1 where no area supplies.
    covered : mapping of str to ndarray of bool, shape (n_users, n_stations of the channel)
    nearest : ndarray of int64, shape (n_users,)
        The nearest station of the public network that covers the user, in `base_stations`; -1 if none does.
    holds : mapping of str to ndarray of bool, shape (n_users,)
        Who has the equipment of a channel.
    at_post : ndarray of bool, shape (n_users,)
    walking : NearestSource or None
        From the posts to the users; None if positions are not known, or nobody walks.
    fuel : NearestSource or None
        From the fuel depots to the generators, in their order; None without either.
    notes : tuple of str
        Defaults that were taken, to be said aloud.
    """

    power: PowerNetwork
    communication: CommunicationNetwork
    sites: CandidateSites
    demand: DemandPoints
    n_roads: int
    users: tuple[str, ...]
    townships: tuple[str, ...]
    n_places: int
    keys: NDArray[np.uint64]
    station_keys: NDArray[np.uint64]
    user_area: NDArray[np.int64]
    station_area: NDArray[np.int64]
    covered: dict[str, NDArray[np.bool_]]
    nearest: NDArray[np.int64]
    holds: dict[str, NDArray[np.bool_]]
    at_post: NDArray[np.bool_]
    walking: NearestSource | None
    fuel: NearestSource | None
    notes: tuple[str, ...]


def prepare_cascade(
    power: PowerNetwork,
    communication: CommunicationNetwork,
    sites: CandidateSites,
    demand: DemandPoints,
    network: RoadNetwork,
) -> CascadeCounty:
    """Check that the networks fit the county and look up all that does not change from sample to sample.

    Parameters
    ----------
    power : PowerNetwork
    communication : CommunicationNetwork
    sites : CandidateSites
    demand : DemandPoints
    network : RoadNetwork
        Of vehicles; runners walk on it too.

    Returns
    -------
    CascadeCounty
        Its notes name who is supplied by no feeder and covered by no base station.

    Raises
    ------
    InputError
        With every unknown site, township, base station, holder, post and road.
    """
    if faults := [*_power_faults(power, communication, sites, demand), *_user_faults(communication, sites, demand)]:
        raise InputError(faults)
    n_roads = network.n_roads
    if faults := _fibre_faults(communication, n_roads):
        raise InputError(faults)
    users = (*demand.ids, *sites.ids)
    townships = (*demand.townships, *sites.townships)
    n_places, posts = len(demand), set(communication.posts)
    placed = demand.lon is not None and sites.lon is not None
    lon, lat = _positions(demand, sites)
    covered, nearest = _coverage(communication, users, townships, demand, lon, lat, network)
    index = {area.id: at for at, area in enumerate(power.areas)} | {"": -1}
    kinds = ["township"] * n_places + ["site"] * len(sites)
    user_area = [
        index[power.area_of("site" if kind == "site" else "township", id_ if kind == "site" else town, town)]
        for kind, id_, town in zip(kinds, users, townships, strict=True)
    ]
    station_area = [
        index[power.area_of("base_station", one.id, one.township)] if one.battery is not None else -1
        for one in communication.base_stations
    ]
    at_post = np.array([at >= n_places and id_ in posts for at, id_ in enumerate(users)])
    walks = any("walk" in channel.needs for channel in communication.channels)
    return CascadeCounty(
        power=power,
        communication=communication,
        sites=sites,
        demand=demand,
        n_roads=n_roads,
        users=users,
        townships=tuple(sorted({town for town in townships if town} | {t for a in power.areas for t in a.townships})),
        n_places=n_places,
        keys=id_keys([f"{'call' if at < n_places else 'order'} {id_}" for at, id_ in enumerate(users)]),
        station_keys=id_keys([station.id for station in communication.base_stations]),
        user_area=np.array(user_area, dtype=np.int64),
        station_area=np.array(station_area, dtype=np.int64),
        covered=covered,
        nearest=nearest,
        holds={
            channel.name: np.array([id_ in communication.holders[channel.name] for id_ in users])
            if channel.name in communication.holders
            else np.ones(len(users), dtype=np.bool_)
            for channel in communication.channels
        },
        at_post=at_post,
        walking=_walking(network, lon, lat, at_post) if walks and placed else None,
        fuel=_fuel(power, communication, sites, network),
        notes=_notes(power, communication, user_area, station_area, nearest, at_post, walks and not placed, n_places),
    )


def _positions(demand: DemandPoints, sites: CandidateSites) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    tables = ((demand.lon, demand.lat, len(demand)), (sites.lon, sites.lat, len(sites)))
    lon = [lon if lon is not None else np.full(size, np.nan) for lon, _, size in tables]
    lat = [lat if lat is not None else np.full(size, np.nan) for _, lat, size in tables]
    return np.concatenate(lon), np.concatenate(lat)


def _coverage(
    communication: CommunicationNetwork,
    users: Sequence[str],
    townships: Sequence[str],
    demand: DemandPoints,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    network: RoadNetwork,
) -> tuple[dict[str, NDArray[np.bool_]], NDArray[np.int64]]:
    """Say which stations cover which users, by channel, and the nearest public one."""
    known = np.isfinite(lon)
    x, y = project(np.where(known, lon, network.lon[0]), np.where(known, lat, network.lat[0]), network.crs)
    share = np.r_[demand.people * default("channel.users_at_once").number, np.zeros(len(users) - len(demand))]
    covered, nearest = {}, np.full(len(users), -1, dtype=np.int64)
    for channel in communication.channels:
        rows = communication.stations_of(channel.name)
        if "base_station" not in channel.needs:
            continue
        stations = [communication.base_stations[row] for row in rows]
        sx, sy = project([one.lon for one in stations], [one.lat for one in stations], network.crs)
        away = np.hypot(x[:, None] - sx[None, :], y[:, None] - sy[None, :])
        radius = np.array([one.radius_m for one in stations])
        within = known[:, None] & (away <= radius) & (radius > 0)
        for column, one in enumerate(stations):
            named, towns = set(one.places), set(one.townships)
            if named or towns:
                within[:, column] |= [id_ in named or town in towns for id_, town in zip(users, townships, strict=True)]
            if channel.users < np.inf:
                order = np.lexsort((np.arange(len(users)), away[:, column]))
                order = order[within[order, column]]
                # sites have a line even where the people around are too many
                within[order, column] = (np.cumsum(share[order]) <= channel.users) | (order >= len(demand))
        covered[channel.name] = within
        if channel.name == communication.channels[0].name:
            distance = np.where(within, np.where(known[:, None], away, 0.0), np.inf)
            some = within.any(axis=1)
            nearest[some] = np.array(rows)[distance.argmin(axis=1)[some]]
    return covered, nearest


def _walking(
    network: RoadNetwork, lon: NDArray[np.float64], lat: NDArray[np.float64], at_post: NDArray[np.bool_]
) -> NearestSource:
    return walking_roads(network, snapped(network, lon[at_post], lat[at_post]), snapped(network, lon, lat))


def _fuel(
    power: PowerNetwork, communication: CommunicationNetwork, sites: CandidateSites, network: RoadNetwork
) -> NearestSource | None:
    if not power.generators or not power.fuel_depots:
        return None
    place = {("base_station", one.id): (one.lon, one.lat) for one in communication.base_stations}
    if sites.lon is not None and sites.lat is not None:
        place |= {
            ("site", id_): (float(lon), float(lat))
            for id_, lon, lat in zip(sites.ids, sites.lon, sites.lat, strict=True)
        }
    # a site without a position is far from every road, so that no truck finds it
    where = [place.get((one.kind, one.asset), (0.0, 0.0)) for one in power.generators]
    depots = snapped(network, [one.lon for one in power.fuel_depots], [one.lat for one in power.fuel_depots])
    return fuel_truck_roads(network, depots, snapped(network, [lon for lon, _ in where], [lat for _, lat in where]))


def _power_faults(
    power: PowerNetwork, communication: CommunicationNetwork, sites: CandidateSites, demand: DemandPoints
) -> list[Fault]:
    known = {
        "townships": {*demand.townships, *sites.townships, *(one.township for one in communication.base_stations)},
        "sites": set(sites.ids),
        "base_stations": {one.id for one in communication.base_stations},
    }
    faults = [
        Fault(file=f"area {area.id!r}", column=column, value=id_, expected=nearest_name(id_, ids - {""}))
        for area in power.areas
        for column, ids in known.items()
        for id_ in getattr(area, column)
        if id_ not in ids or not id_
    ]
    for one in power.generators:
        ids = known["sites" if one.kind == "site" else "base_stations"]
        if one.asset not in ids:
            expected = nearest_name(one.asset, ids)
            faults.append(Fault(file=f"generator of {one.kind}", column="asset", value=one.asset, expected=expected))
    return faults


def _user_faults(communication: CommunicationNetwork, sites: CandidateSites, demand: DemandPoints) -> list[Fault]:
    everybody, towns = {*demand.ids, *sites.ids}, {*demand.townships, *sites.townships}
    asked = [(f"holders of {name!r}", "id", sorted(ids), everybody) for name, ids in communication.holders.items()]
    asked += [("scheduled", "site", sorted(communication.scheduled), set(sites.ids))]
    asked += [("posts", "site", list(communication.posts), set(sites.ids))]
    for one in communication.base_stations:
        asked += [(f"base station {one.id!r}", "places", list(one.places), everybody)]
        asked += [(f"base station {one.id!r}", "townships", list(one.townships), towns)]
    return [
        Fault(file=file, column=column, value=id_, expected=nearest_name(id_, known - {""}))
        for file, column, ids, known in asked
        for id_ in ids
        if id_ not in known
    ]


def _fibre_faults(communication: CommunicationNetwork, n_roads: int) -> list[Fault]:
    return [
        Fault(file=f"fibre {fibre.id!r}", column="roads", value=str(road), expected=f"a road from 0 to {n_roads - 1}")
        for fibre in communication.fibres
        for road in sorted({part.road for part in fibre.roads})
        if road >= n_roads
    ]


_BARE = "are covered by no base station: no public network at any time", "无基站覆盖：始终无公网"


def _notes(
    power: PowerNetwork,
    communication: CommunicationNetwork,
    user_area: Sequence[int],
    station_area: Sequence[int],
    nearest: NDArray[np.int64],
    at_post: NDArray[np.bool_],
    no_walks: bool,
    n_places: int,
) -> tuple[str, ...]:
    said = [*power.notes, *communication.notes]
    dark = [int(user_area[at] < 0) for at in range(len(user_area))]
    fed = [
        one.battery is not None and area < 0
        for one, area in zip(communication.base_stations, station_area, strict=True)
    ]
    uncovered = (nearest < 0) & ~at_post
    bare = int(uncovered[:n_places].sum()), int(uncovered[n_places:].sum())
    for count, en, zh in (
        (
            sum(dark[:n_places]),
            "demand points are supplied by no area: they are never dark",
            "个需求点无供电区：不计停电",
        ),
        (sum(dark[n_places:]), "sites are supplied by no area: they are never dark", "个站点无供电区：不计停电"),
        (
            sum(fed),
            "base stations are supplied by no area: they never lose their supply",
            "座基站无供电区：不计断电",
        ),
        (bare[0], f"demand points {_BARE[0]}", f"个需求点{_BARE[1]}"),
        (bare[1], f"sites {_BARE[0]}", f"个站点{_BARE[1]}"),
    ):
        if count:
            said.append(Note(f"{count:,} {en}", f"{count:,} {zh}"))
    if power.generators and not power.fuel_depots:
        en = "no fuel depot is known: generators stop when their tanks are empty"
        said.append(Note(en, "未设供油点：发电机油箱用尽即停"))
    if no_walks:
        hours = (default("channel.delay.runner").median or 0) / 3600
        said.append(
            Note(
                f"no positions: runners take {hours:g} h in the median, and always get through",
                f"无坐标：送信人均能到达，用时中位数 {hours:g} 小时",
            )
        )
    return tuple(dict.fromkeys(said))
