"""Builds the county stage by stage and writes its files."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from rescuesim.scenario.county import names
from rescuesim.scenario.county.bridges import build_bridges, cut_lanes_at_water
from rescuesim.scenario.county.closures import (
    ClosureRow,
    Storm,
    build_closures,
    middle_of,
    townships_without_network,
)
from rescuesim.scenario.county.drafting import DRIVABLE, Board, finish
from rescuesim.scenario.county.geometry import Floats, Ints, stream, to_lonlat
from rescuesim.scenario.county.hazard_zones import HazardZone, build_hazard_zones, write_hazard_zones
from rescuesim.scenario.county.osm_xml import OsmNode, OsmWay, write_osm
from rescuesim.scenario.county.people import (
    DemandRow,
    Point,
    care_points,
    centre_points,
    park_points,
    seat_points,
    settle_people,
    village_points,
)
from rescuesim.scenario.county.places import Places, settle
from rescuesim.scenario.county.rivers import STREAM_KM2, River, build_rivers, reshape_near
from rescuesim.scenario.county.roads import Survey, lay_county_roads, lay_main_roads, lay_village_roads
from rescuesim.scenario.county.routing import build_ground
from rescuesim.scenario.county.scenery import Shape, draw_byways, houses, waterways
from rescuesim.scenario.county.seat import (
    Town,
    build_park,
    build_seat,
    in_park,
    in_seat,
    park_frame,
    seat_frame,
)
from rescuesim.scenario.county.sites import SiteRow, build_sites
from rescuesim.scenario.county.terrain import COLUMNS, ROWS, Terrain, build_terrain, cell_of, cell_xy, within
from rescuesim.scenario.county.towns import HAMLET, TOWN, VILLAGE, build_plots, draw_island, settle_net
from rescuesim.scenario.county.travel import Drive, drive_from

_FIRST_NODE, _FIRST_WAY = 6_100_000_001, 700_000_001


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """The generated county as plain tables.

    Parameters
    ----------
    name : str
        Name of the county.
    neighbour : str
        Name of the county whose station lies across the border.
    seed : int
        Seed it was built from.
    area_km2 : float
        Area within the border.
    townships : tuple of str
        The seat's street office, then the sixteen townships.
    outage_townships : tuple of str
        Townships that lose the public network in the story.
    sites : tuple of SiteRow
        Existing and candidate sites.
    demand : tuple of DemandRow
        Demand points; their people sum to 450,000.
    closures : tuple of ClosureRow
        Road closures of the storm.
    hazard_zones : tuple of HazardZone
        Where water rises and slopes slide.
    nodes : tuple of OsmNode
        Nodes of the OSM file.
    ways : tuple of OsmWay
        Ways of the OSM file.
    """

    name: str
    neighbour: str
    seed: int
    area_km2: float
    townships: tuple[str, ...]
    outage_townships: tuple[str, ...]
    sites: tuple[SiteRow, ...]
    demand: tuple[DemandRow, ...]
    closures: tuple[ClosureRow, ...]
    hazard_zones: tuple[HazardZone, ...]
    nodes: tuple[OsmNode, ...]
    ways: tuple[OsmWay, ...]


@dataclass(slots=True)
class _Land:
    """Everything drawn before the tables are made."""

    terrain: Terrain
    rivers: tuple[River, ...]
    river_names: list[str]
    board: Board
    seat: Town
    park: Town
    places: Places
    village_names: list[str]
    nets: list[Floats]
    middles: Floats
    townships: list[str]
    border_xy: Floats
    dead_ends: list[int]


def _draw_land(seed: int) -> _Land:
    """Relief, rivers, roads and streets; the drawing is finished."""
    terrain = build_terrain(stream(seed, 1))
    centre = cell_xy(terrain.seat_cell)
    rivers = reshape_near(build_rivers(terrain, stream(seed, 2)), centre, 3500.0)
    wet = np.vstack([r.line for r in rivers])
    board = Board()
    frame = seat_frame(rivers[0], centre)
    seat = build_seat(board, frame, stream(seed, 3), list(names.STREETS))
    park_at = park_frame(frame, wet, stream(seed, 4))
    park = build_park(board, park_at, stream(seed, 5), list(names.PARK_STREETS), wet)
    xy = cell_xy(np.arange(ROWS * COLUMNS))
    blocked = in_seat(frame, xy, 60.0) | in_park(park_at, xy, 100.0)
    places = settle(terrain, blocked, stream(seed, 6))
    ground = build_ground(terrain, stream(seed, 7), blocked=blocked, river_km2=STREAM_KM2)
    survey = Survey(board, ground, terrain, stream(seed, 8))
    gates = {key: survey.gate(node, frame.origin) for key, node in seat.gates.items()}
    park_gates = [survey.gate(node, park_at.origin) for node in park.gates.values()]
    lay_main_roads(survey, gates)
    ground.open_town(sorted(gates.values()), 0.6)
    start = next(cell for key, cell in gates.items() if key.startswith("east_trunk"))
    lay_county_roads(survey, places, names.TOWNSHIPS, start, park_gates)
    settled = names.village_names(stream(seed, 9), len(places.villages) + len(places.hamlets))
    lay_village_roads(survey, places.villages, settled, first_ref=101)
    lay_village_roads(survey, places.hamlets, settled[len(places.villages) :], first_ref=501, dry=True)
    townships = _townships_of(survey, places, sorted(gates.values()))
    dead_ends = [survey.node_at[int(c)] for c in places.hamlets if int(c) in survey.node_at]
    nets, middles = _draw_streets(survey, places, rivers, settled, stream(seed, 10))
    river_names = _river_names(rivers, stream(seed, 11))
    cut_lanes_at_water(board, rivers)
    finish(board)
    near = np.vstack([middles, [net.mean(axis=0) for net in nets]])
    stems = [*settled[: len(middles)], *(name.rstrip("镇乡") for name in names.TOWNSHIPS)]
    build_bridges(board, rivers, near, stems)
    border = np.array(board.points[survey.exits["S214"]])
    return _Land(
        terrain=terrain,
        rivers=rivers,
        river_names=river_names,
        board=board,
        seat=seat,
        park=park,
        places=places,
        village_names=settled[: len(places.villages)],
        nets=nets,
        middles=middles,
        townships=townships,
        border_xy=border,
        dead_ends=dead_ends,
    )


def _townships_of(survey: Survey, places: Places, gates: list[int]) -> list[str]:
    """Township of every village: the centre it is cheapest to travel to."""
    sources = [*places.townships.tolist(), *gates]
    label = dict(zip(places.townships.tolist(), names.TOWNSHIPS, strict=True))
    _, _, origin = dijkstra(survey.ground.graph(0.5), indices=sources, min_only=True, return_predecessors=True)
    return [label.get(int(origin[cell]), names.SEAT) for cell in places.villages]


def _draw_streets(
    survey: Survey,
    places: Places,
    rivers: tuple[River, ...],
    settled: Sequence[str],
    rng: np.random.Generator,
) -> tuple[list[Floats], Floats]:
    """Nets of townships, villages and hamlets; two deliberate islands."""
    board = survey.board
    home = within(survey.terrain.outline, cell_xy(np.arange(ROWS * COLUMNS)), -1800.0)
    far = np.flatnonzero(home & ~survey.ground.road & (survey.terrain.area_km2 > 0.4))
    on_road = cKDTree(cell_xy(np.flatnonzero(survey.ground.road)))
    gap = np.asarray(on_road.query(cell_xy(far))[0])
    for cell in far[np.lexsort((far, -gap))][:40:25]:
        draw_island(board, cell_xy(int(cell)), rng)
    plots = build_plots(board, rivers, rng)
    nets = []
    for cell, name in zip(places.townships.tolist(), names.TOWNSHIPS, strict=True):
        net = settle_net(plots, survey.node_at[cell], TOWN, name=name.rstrip("镇乡"), part="town")
        nets.append(np.array([board.points[n] for n in net]))
    middles = []
    for cell, name in zip(places.villages.tolist(), settled, strict=False):
        net = settle_net(plots, survey.node_at[cell], VILLAGE, name=name, part="village")
        middles.append(np.array([board.points[n] for n in net]).mean(axis=0))
    for cell, name in zip(places.hamlets.tolist(), settled[len(places.villages) :], strict=False):
        if cell in survey.node_at:
            settle_net(plots, survey.node_at[cell], HAMLET, name=name, part="village")
    return nets, np.array(middles)


def _river_names(rivers: tuple[River, ...], rng: np.random.Generator) -> list[str]:
    """Names by size: the known ones first, then village-like brooks."""
    spare = [name + "坑" for name in names.village_names(rng, len(rivers)) if not name.endswith("坑")]
    order = sorted(range(len(rivers)), key=lambda k: (-rivers[k].area_km2[-1], k))
    pool = [*names.RIVERS, *spare, *(f"{name}源" for name in spare)]
    out = [""] * len(rivers)
    for place, k in enumerate(order):
        out[k] = pool[place]
    return out


def _road_points(board: Board, drive: Drive) -> cKDTree:
    """Points every few metres along the connected roads."""
    xy = board.xy()
    tail, head, owner, _ = board.segments()
    on = np.zeros(len(xy), dtype=bool)
    on[drive.node] = True
    road = np.array([d.highway in DRIVABLE and "tunnel" not in d.tags for d in board.drafts])[owner]
    a, b = xy[tail[road & on[tail] & on[head]]], xy[head[road & on[tail] & on[head]]]
    count = np.ceil(np.hypot(*(b - a).T) / 10.0).astype(np.int64) + 1
    segment = np.repeat(np.arange(len(a)), count)
    share = (np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count)) / np.repeat(count - 1, count)
    return cKDTree(a[segment] + share[:, None] * (b - a)[segment])


def _points(land: _Land, roads: cKDTree, seed: int) -> list[Point]:
    """All demand points without their people."""
    xy = land.board.xy()
    drained = land.terrain.area_km2[land.terrain.receiver[land.places.townships]]
    away = np.hypot(*(land.middles - land.seat.frame.origin).T)
    points = seat_points(xy[list(land.seat.nodes)], land.seat.frame.origin, roads, stream(seed, 21))
    points += park_points(xy[list(land.park.nodes)], roads, stream(seed, 22))
    points += centre_points(land.nets, names.TOWNSHIPS, drained, roads, stream(seed, 23))
    points += village_points(land.middles, land.village_names, land.townships, away, roads, stream(seed, 24))
    hosts = [p for p in points if p.group == "seat" or p.zone == "core"]
    return points + care_points(hosts, roads, stream(seed, 25))


def _osm(board: Board, shapes: Sequence[Shape], places: Sequence[tuple[Floats, dict[str, str]]]) -> tuple[
    tuple[OsmNode, ...], tuple[OsmWay, ...]
]:  # fmt: skip
    """Turn the drawing into numbered nodes and ways in degrees."""
    used = sorted({node for draft in board.drafts for node in draft.nodes})
    ids = {node: _FIRST_NODE + k for k, node in enumerate(used)}
    nodes = [
        OsmNode(id=ids[node], lon=float(at[0]), lat=float(at[1]), tags={})
        for node, at in zip(used, to_lonlat(board.xy()[used]), strict=True)
    ]
    ways: list[OsmWay] = []
    for draft in board.drafts:
        ways.append(OsmWay(id=_FIRST_WAY + len(ways), nodes=tuple(ids[n] for n in draft.nodes), tags=draft.tags))
    following = _FIRST_NODE + len(nodes)
    known: dict[tuple[float, float], int] = {}
    for line, tags in shapes:
        refs: list[int] = []
        for at in to_lonlat(line).tolist():
            key = (at[0], at[1])
            if key not in known:
                known[key] = following
                nodes.append(OsmNode(id=following, lon=at[0], lat=at[1], tags={}))
                following += 1
            if not refs or refs[-1] != known[key]:
                refs.append(known[key])
        ways.append(OsmWay(id=_FIRST_WAY + len(ways), nodes=tuple(refs), tags=tags))
    for point, tags in places:
        lon, lat = to_lonlat(point)[0]
        nodes.append(OsmNode(id=following, lon=float(lon), lat=float(lat), tags=tags))
        following += 1
    return tuple(nodes), tuple(ways)


def _place_nodes(land: _Land) -> list[tuple[Floats, dict[str, str]]]:
    """Named places."""
    out = [(land.seat.frame.origin, {"place": "town", "name": names.COUNTY, "capital": "6"})]
    for net, name in zip(land.nets, names.TOWNSHIPS, strict=True):
        out.append((net.mean(axis=0), {"place": "town" if name.endswith("镇") else "village", "name": name}))
    for at, name in zip(land.middles, land.village_names, strict=True):
        out.append((at, {"place": "village", "name": f"{name}村"}))
    return out


def _storm(land: _Land, drive: Drive, points: Sequence[Point]) -> tuple[Storm, tuple[str, ...]]:
    """Middle of the rain and the townships that lose the public network."""
    centres = np.array([net.mean(axis=0) for net in land.nets])
    outage = townships_without_network(names.TOWNSHIPS, drive.time_s[drive.nearest(centres)], centres)
    hit = np.array([name in outage for name in names.TOWNSHIPS]).astype(np.int64)
    xy: Floats = np.array([p.xy for p in points])
    people: Ints = np.array([p.people for p in points], dtype=np.int64)
    height = land.terrain.height_m[cell_of(land.board.xy())]
    named = [(p.xy, p.name) for p in points if p.group in ("seat", "villages")]
    storm = Storm(
        centre=0.7 * middle_of(centres, hit) + 0.3 * middle_of(xy, people),
        height_m=np.nan_to_num(height, nan=float(np.nanmin(height))),
        dependents=drive.dependents(xy, people),
        place_xy=np.array([at for at, _ in named]),
        place_names=tuple(name.removesuffix("村") for _, name in named),
    )
    return storm, outage


def build_county(*, seed: int = 0) -> County:
    """Build the demo county.

    Parameters
    ----------
    seed : int, default 0
        The same seed gives the same county, byte for byte, under the same numpy and scipy.

    Returns
    -------
    County
        Tables and map.
    """
    land = _draw_land(seed)
    drive = drive_from(land.board, land.seat.frame.origin)
    roads = _road_points(land.board, drive)
    points = _points(land, roads, seed)
    from_seat = np.hypot(*(np.array([p.xy for p in points]) - land.seat.frame.origin).T)
    demand = settle_people(points, from_seat)
    sites = build_sites(points, names.TOWNSHIPS, land.border_xy, roads, stream(seed, 31))
    storm, outage = _storm(land, drive, points)
    closures = build_closures(land.board, drive, storm, stream(seed, 32))
    shapes = houses(land.board, roads, stream(seed, 33)) + waterways(land.rivers, land.river_names)
    outline = np.vstack([land.terrain.outline, land.terrain.outline[:1]])
    shapes.append((outline, {"boundary": "administrative", "admin_level": "6", "name": names.COUNTY}))
    corners = (
        np.array([-1120.0, 1120.0, 1120.0, -1120.0, -1120.0]),
        np.array([-870.0, -870.0, 870.0, 870.0, -870.0]),
    )
    shapes.append((land.park.frame.to_xy(*corners), {"landuse": "industrial", "name": names.PARK}))
    draw_byways(land.board, land.rivers, land.dead_ends, stream(seed, 34))
    nodes, ways = _osm(land.board, shapes, _place_nodes(land))
    ring = land.terrain.outline
    area = 0.5e-6 * abs(float(np.sum(ring[:, 0] * np.roll(ring[:, 1], -1) - ring[:, 1] * np.roll(ring[:, 0], -1))))
    return County(
        name=names.COUNTY, neighbour=names.NEIGHBOUR, seed=seed, area_km2=area,
        townships=(names.SEAT, *names.TOWNSHIPS), outage_townships=outage, sites=tuple(sites),
        demand=tuple(demand), closures=tuple(closures),
        hazard_zones=build_hazard_zones(land.terrain, land.rivers), nodes=nodes, ways=ways,
    )  # fmt: skip


def _write_table(path: Path, kind: type[SiteRow] | type[DemandRow] | type[ClosureRow],
                 rows: Sequence[SiteRow | DemandRow | ClosureRow]) -> None:  # fmt: skip
    """Write rows as csv that Excel opens with its Chinese text whole."""
    columns = [f.name for f in fields(kind)]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def write_county(folder: Path, *, seed: int = 0) -> County:
    """Build the demo county and write its roads, its tables and the zones of its hazards.

    The files are ``county.osm``, ``sites.csv``, ``demand.csv``, ``closures.csv`` and ``hazards.geojson``.

    Parameters
    ----------
    folder : Path
        Made if it does not exist; files of these names are replaced.
    seed : int, default 0
        Seed of the county.

    Returns
    -------
    County
        The county as written.
    """
    county = build_county(seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    write_osm(folder / "county.osm", county.nodes, county.ways)
    _write_table(folder / "sites.csv", SiteRow, county.sites)
    _write_table(folder / "demand.csv", DemandRow, county.demand)
    _write_table(folder / "closures.csv", ClosureRow, county.closures)
    write_hazard_zones(folder / "hazards.geojson", county.hazard_zones)
    return county
