"""Power and communication networks of a county whose grid company and operators have given nothing.

Everything here is a guess from where people live and how the roads run; the notes say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.crew import Lognormal
from rescuesim.demand import DemandPoints
from rescuesim.disruption.channels.channel import PUBLIC_NETWORK, default_channels
from rescuesim.disruption.channels.communication import BaseStation, CommunicationNetwork, Fibre, FibreRoad
from rescuesim.disruption.outages import RUNNER
from rescuesim.disruption.power import FuelDepot, Generator, PowerNetwork, SupplyArea
from rescuesim.disruption.routes_over_time import snapped
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import project, unproject
from rescuesim.travel import build_split_graph

__all__ = ["default_communication", "default_power"]

_RURAL = ("dense_rural", "rural")  # zones whose villages have the kit of R32


def default_power(
    sites: CandidateSites,
    demand: DemandPoints,
    network: RoadNetwork,
    *,
    communication: CommunicationNetwork | None = None,
    mountains: Iterable[str] = (),
    areas: Sequence[SupplyArea] | None = None,
) -> PowerNetwork:
    """Derive supply areas where the grid company has given none: one feeder a township.

    Parameters
    ----------
    sites : CandidateSites
    demand : DemandPoints
    network : RoadNetwork
        Its metres place the feeders.
    communication : CommunicationNetwork, optional
        Its hubs get generators of ``power.hub_generator_h``.
    mountains : iterable of str, optional
        Townships in the mountains, where power takes longer to come back.
    areas : sequence of SupplyArea, optional
        The grid company's own; only generators and fuel are derived then.

    Returns
    -------
    PowerNetwork
        A feeder stands in the middle of its township's people. Every site has a generator of
        ``power.generator_tank_h``. Fuel comes from the existing sites of brigades.

    Raises
    ------
    InputError
        If nothing has a position or a township, or `mountains` names unknown townships.
    """
    lon, lat = _positions(demand, "demand")
    towns = sorted({town for town in demand.townships if town})
    high = frozenset(mountains)
    if not towns or high - set(towns):
        raise InputError(
            f"default power: {len(towns)} townships, unknown mountains {sorted(high - set(towns))}; expected demand "
            "points with townships, and mountains among these"
        )
    of = np.array(demand.townships)
    feeders = list(areas or ())
    for town in towns if areas is None else ():
        middle = _middle(network, lon[of == town], lat[of == town], demand.people[of == town])
        area = SupplyArea(id=f"feeder {town}", lon=middle[0], lat=middle[1], townships=(town,), mountain=town in high)
        feeders.append(area)
    tank_h = default("power.generator_tank_h").number
    hub_h = default("power.hub_generator_h").number
    posts = _brigades(sites)
    site_lon, site_lat = _positions(sites, "sites")
    depots = tuple(
        FuelDepot(id=f"fuel at {sites.ids[at]}", lon=float(site_lon[at]), lat=float(site_lat[at])) for at in posts
    )
    starts = default("power.generator_start").number
    derived = [
        Note(
            f"power: {len(feeders)} supply areas derived, one feeder a township; no list of the grid company",
            f"供电：无电网公司清单，按每个乡镇街道一条馈线推定 {len(feeders)} 个供电区",
        ),
        Note(
            f"power: {len(high)} townships are taken to lie in the mountains, as named",
            f"供电：按指定有 {len(high)} 个山区乡镇（复电较慢）",
        ),
    ]
    said = [
        *(derived[:1] if areas is None else []),
        Note(
            f"power: every site is taken to have a generator of {tank_h:g} h that starts with probability {starts:g}",
            f"供电：按每个站点有一台可运行 {tank_h:g} 小时的发电机计，启动成功率 {starts:g}",
        ),
        Note(
            f"power: fuel is taken to come from {len(depots)} existing sites of brigades",
            f"供电：按燃油由 {len(depots)} 个现有消防救援站供给计",
        ),
        *(derived[1:] if areas is None else []),
    ]
    return PowerNetwork(
        areas=tuple(feeders),
        generators=(
            *(Generator(kind="site", asset=id_) for id_ in sites.ids),
            *(
                Generator(kind="base_station", asset=id_, tank_h=hub_h)
                for id_ in (communication.hubs if communication is not None else ())
            ),
        ),
        fuel_depots=depots,
        notes=tuple(said),
    )


def default_communication(
    sites: CandidateSites,
    demand: DemandPoints,
    network: RoadNetwork,
    *,
    base_stations: Sequence[BaseStation] | None = None,
) -> CommunicationNetwork:
    """Derive base stations, fibres and equipment where the operators and the bureau have given none.

    Parameters
    ----------
    sites : CandidateSites
    demand : DemandPoints
    network : RoadNetwork
    base_stations : sequence of BaseStation, optional
        The operators' own; only equipment is derived then. Where their fibres run is not known: a given outage cuts
        them, no road does. Channels that they carry besides the public network are taken to be held by the sites.

    Returns
    -------
    CommunicationNetwork
        One base station for each square of ``channel.station_cell_m`` with people or sites, in their middle, that
        covers its square and what lies as near. Each has a battery and one fibre along the quickest roads to the hub,
        the station with the most people, which has a battery of its own length. Sites, and villages in rural zones
        (R32), have a satellite phone; sites of brigades a Beidou terminal. No 370 MHz repeater and no relay is
        assumed. Dispatchers sit at the existing sites of brigades.

    Raises
    ------
    InputError
        If positions are missing.
    """
    if base_stations is not None:
        made = _with_equipment(sites, demand, tuple(base_stations))
        unknown = Note(
            f"communication: where the {len(made.fibres)} fibres run is not given: no broken road cuts them",
            f"通信：{len(made.fibres)} 条光缆的走向未给出，断路不致其中断",
        )
        return replace(made, notes=(unknown, *made.notes)) if made.fibres else made
    stations, hub = _stations(sites, demand, network)
    fibres = _fibres_to(network, stations, hub)
    by_station = {fibre.id.removeprefix("fibre "): ((fibre.id,),) for fibre in fibres}
    hours = default("power.hub_battery_h").number * 3600
    stations = [
        BaseStation(
            id=one.id,
            lon=one.lon,
            lat=one.lat,
            radius_m=one.radius_m,
            places=one.places,
            township=one.township,
            backhaul=by_station.get(one.id, ()),
            battery=Lognormal(median=hours, p90=hours) if at == hub else one.battery,
        )
        for at, one in enumerate(stations)
    ]
    side = default("channel.station_cell_m").number
    said = [
        Note(
            f"communication: {len(stations)} base stations derived, one for each square of {side:g} m with people or "
            "sites; no list of the operators",
            f"通信：无运营商清单，按每个有人口或站点的 {side:g} 米方格一座推定 {len(stations)} 座基站",
        ),
        Note(
            f"communication: {len(fibres)} fibres taken to run along the quickest roads to {stations[hub].id}",
            f"通信：按 {len(fibres)} 条光缆沿最快道路通至基站 {stations[hub].id} 计",
        ),
    ]
    made = _with_equipment(sites, demand, tuple(stations))
    return replace(made, fibres=tuple(fibres), hubs=(stations[hub].id,), notes=(*said, *made.notes))


def _with_equipment(
    sites: CandidateSites, demand: DemandPoints, stations: tuple[BaseStation, ...]
) -> CommunicationNetwork:
    """Give base stations the channels, the equipment and the dispatchers that nobody has listed."""
    posts = tuple(sites.ids[at] for at in _brigades(sites))
    villages = {id_ for id_, zone in zip(demand.ids, demand.zones, strict=True) if zone in _RURAL}
    brigades = frozenset(id_ for id_, host in zip(sites.ids, sites.hosts, strict=True) if host == "brigade")
    holders = {"satellite_phone": frozenset({*sites.ids, *villages}), "beidou": brigades}
    carried = {one.channel for one in stations} - {PUBLIC_NETWORK}
    holders |= {name: frozenset(sites.ids) for name in carried}
    wanted = [PUBLIC_NETWORK, "beidou", "satellite_phone", RUNNER, *carried]
    channels = [row for name, row in default_channels().items() if name in wanted and (name != "beidou" or brigades)]
    if not posts:
        channels = [row for row in channels if row.name != RUNNER]
    known = sorted({fibre for one in stations for way in one.backhaul for fibre in way})
    said = [
        Note(
            f"communication: {len(sites)} sites and {len(villages)} villages are taken to have a satellite phone, "
            f"{len(brigades)} sites of brigades a Beidou terminal; "
            + (
                f"sites hold {', '.join(sorted(carried))}" if carried else "no 370 MHz repeater and no relay in the air"
            ),
            f"通信：按 {len(sites)} 个站点、{len(villages)} 个村社有卫星电话，"
            f"{len(brigades)} 个消防救援站有北斗终端计；"
            + (f"站点另有 {'、'.join(sorted(carried))}" if carried else "无 370 兆中继台，无空中中继"),
        ),
        Note(
            f"communication: dispatchers are taken to sit at {', '.join(posts) or 'no site: nobody runs'}",
            f"通信：按指挥调度设在 {'、'.join(posts)} 计" if posts else "通信：无调度席位，无人送信",
        ),
    ]
    return CommunicationNetwork(
        base_stations=stations,
        fibres=tuple(Fibre(id=name) for name in known),
        channels=tuple(channels),
        holders={row.name: holders[row.name] for row in channels if row.name in holders},
        posts=posts,
        notes=tuple(said),
    )


def _positions(table: CandidateSites | DemandPoints, what: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if table.lon is None or table.lat is None:
        raise InputError(f"default networks: {what} without lon and lat; expected positions")
    return table.lon, table.lat


def _brigades(sites: CandidateSites) -> list[int]:
    rows = zip(sites.hosts, sites.statuses, strict=True)
    return [at for at, (host, status) in enumerate(rows) if host == "brigade" and status in ("existing", "required")]


def _middle(
    network: RoadNetwork, lon: NDArray[np.float64], lat: NDArray[np.float64], people: NDArray[np.float64]
) -> tuple[float, float]:
    """Mean position, by people if there are any."""
    x, y = project(lon, lat, network.crs)
    weights = people if people.sum() > 0 else np.ones(len(people))
    middle = unproject(np.average(x, weights=weights), np.average(y, weights=weights), network.crs)
    return float(middle[0]), float(middle[1])


def _stations(sites: CandidateSites, demand: DemandPoints, network: RoadNetwork) -> tuple[list[BaseStation], int]:
    lon = np.concatenate([_positions(demand, "demand")[0], _positions(sites, "sites")[0]])
    lat = np.concatenate([_positions(demand, "demand")[1], _positions(sites, "sites")[1]])
    people = np.r_[demand.people, np.zeros(len(sites))]
    users, towns = (*demand.ids, *sites.ids), (*demand.townships, *sites.townships)
    side = default("channel.station_cell_m").number
    x, y = project(lon, lat, network.crs)
    cell = np.column_stack([np.floor(x / side), np.floor(y / side)]).astype(np.int64)
    cells, of = np.unique(cell, axis=0, return_inverse=True)
    of = of.ravel()
    made, crowd = [], []
    for number in range(len(cells)):
        inside = np.flatnonzero(of == number)
        middle = _middle(network, lon[inside], lat[inside], people[inside])
        town = Counter(towns[at] for at in inside if towns[at]).most_common(1)
        made.append(
            BaseStation(
                id=f"tower {number + 1}",
                lon=middle[0],
                lat=middle[1],
                radius_m=side,
                places=tuple(users[at] for at in inside),
                township=town[0][0] if town else "",
            )
        )
        crowd.append(float(people[inside].sum()))
    return made, int(np.argmax(crowd))


def _fibres_to(network: RoadNetwork, stations: Sequence[BaseStation], hub: int) -> list[Fibre]:
    """Lay a fibre from each station along the quickest roads to the hub; none for those at its place on the road."""
    graph = build_split_graph(network, snapped(network, [one.lon for one in stations], [one.lat for one in stations]))
    node = graph.point_node.tolist()
    if node[hub] < 0:
        return []
    found = dijkstra(graph.matrix(), indices=np.array([node[hub]]), return_predecessors=True)
    before = found[1][0]
    quickest: dict[tuple[int, int], tuple[int, int]] = {}
    pieces = zip(graph.tail.tolist(), graph.head.tolist(), graph.piece_ticks().tolist(), strict=True)
    for piece, (tail, head, ticks) in enumerate(pieces):
        quickest[tail, head] = min(quickest.get((tail, head), (ticks, piece)), (ticks, piece))
    laid = []
    for at, one in enumerate(stations):
        here = node[at]
        parts: dict[int, tuple[float, float]] = {}
        while here >= 0 and here != node[hub] and before[here] >= 0:
            piece = quickest[int(before[here]), here][1]
            road, from_m, to_m = int(graph.road[piece]), float(graph.from_m[piece]), float(graph.to_m[piece])
            known = parts.get(road, (from_m, to_m))
            parts[road] = (min(known[0], from_m), max(known[1], to_m))
            here = int(before[here])
        if parts and here == node[hub]:
            roads = tuple(FibreRoad(road=road, from_m=from_m, to_m=to_m) for road, (from_m, to_m) in parts.items())
            laid.append(Fibre(id=f"fibre {one.id}", roads=roads))
    return laid
