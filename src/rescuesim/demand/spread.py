"""Spreads a population to places that roads reach, and loses nobody on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.demand.combine import demand_from_arrays, joined, no_zones, select, with_people
from rescuesim.demand.points import DemandPoints
from rescuesim.demand.population import PopulationCells, in_blocks, nearest, read_population
from rescuesim.demand.rounding import largest_remainder
from rescuesim.errors import Fault, InputError
from rescuesim.network.coordinates.crs import metric_crs, project, unproject

if TYPE_CHECKING:
    from rescuesim.demand.population import PopulationSource
    from rescuesim.network import RoadNetwork

__all__ = ["spread_population"]

Metres = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    reach_m: float
    snap_limit_m: float
    block_m: float

    def __post_init__(self) -> None:
        for name in ("reach_m", "snap_limit_m", "block_m"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise InputError(f"{name} {value}: expected metres of 0 or more")


def spread_population(
    population: PopulationCells | PopulationSource,
    places: DemandPoints | None = None,
    *,
    network: RoadNetwork | None = None,
    at: Literal["road", "junctions"] = "road",
    reach_m: float | None = None,
    snap_limit_m: float | None = None,
    block_m: float | None = None,
) -> DemandPoints:
    """Spread the people of cells to places, the sum conserved to the person.

    Onto given places: the people of a cell go to the places inside it, in equal parts; of a cell without
    a place, to the place nearest to its centre within `reach_m`; else they stay at its centre, a point of
    their own. Where a network is given too, only places with a road within `snap_limit_m` take people.

    Without given places, they are made of the network. With ``at="road"``, each cell becomes one point: the
    position on a road inside the cell that is nearest to its centre, or, where no road runs inside, the
    centre itself, whose way to the road `rescuesim.travel_times` counts. With ``at="junctions"`` the
    junctions are the places and the rule for given places holds, with `snap_limit_m` for `reach_m`.

    People are whole at the end: the source's total is rounded half up, and the parts by largest remainders.

    Parameters
    ----------
    population : PopulationCells, path, DataFrame or GeoDataFrame
        What is no `PopulationCells` is read by `read_population`.
    places : DemandPoints, optional
        Settlements; their own people are replaced.
    network : RoadNetwork, optional
        Needed where no places are given.
    at : {'road', 'junctions'}, optional
    reach_m : float, optional
        Farthest way from the centre of a cell to a place; ``population.reach_m`` if absent.
    snap_limit_m : float, optional
        Farther than this from any road, a place has none; ``access.snap_limit_m`` if absent.
    block_m : float, optional
        With ``at="road"``, raster cells are summed in blocks about this wide; ``population.block_m`` if absent.

    Returns
    -------
    DemandPoints
        Places that end without people are kept if they were given, and left out if they were made.

    Raises
    ------
    InputError
        If neither places nor a network is given, or the population has a fault.

    Notes
    -----
    O((n_cells + n_places) log n_places); a road's geometry is cut at the cells that it crosses.

    Examples
    --------
    >>> import pandas as pd
    >>> from rescuesim.demand import load_demand, spread_population
    >>> grid = pd.DataFrame({"id": ["g1", "g2"], "lon": [119.30, 119.31], "lat": [28.7, 28.7], "people": [101, 40]})
    >>> hamlets = pd.DataFrame({"id": ["a", "b"], "lon": [119.3001, 119.3002], "lat": [28.7, 28.7]})
    >>> spread_population(grid, load_demand(hamlets)).people.tolist()
    [51.0, 90.0]
    """
    cells = population if isinstance(population, PopulationCells) else read_population(population)
    options = _Options(
        reach_m=default("population.reach_m").number if reach_m is None else reach_m,
        snap_limit_m=default("access.snap_limit_m").number if snap_limit_m is None else snap_limit_m,
        block_m=default("population.block_m").number if block_m is None else block_m,
    )
    if cells.total == 0:
        expected = f"people in the population; the cells hold {cells.people.sum():.2f} in all, which is nobody"
        raise InputError([Fault(file=cells.label, column="people", expected=expected)])
    if at not in ("road", "junctions"):
        raise InputError(f"at {at!r}: expected road or junctions")
    if places is not None:
        return _onto_places(cells, places, network, options)
    if network is None:
        raise InputError("spread_population: expected places, a network, or both")
    if at == "road":
        return _onto_roads(in_blocks(cells, options.block_m), network, options)
    return _onto_junctions(cells, network, options)


def _onto_places(
    cells: PopulationCells, places: DemandPoints, network: RoadNetwork | None, options: _Options
) -> DemandPoints:
    if places.lon is None or places.lat is None:
        raise InputError(f"{places.source}: expected places with lon and lat to spread people to")
    crs = network.crs if network is not None else metric_crs(cells.lon, cells.lat)
    taking, notes = np.ones(len(places), dtype=np.bool_), list(cells.notes)
    if network is not None:
        taking = _on_road(network, project(places.lon, places.lat, crs))[0] <= options.snap_limit_m
    if not taking.all():
        n, limit_m = int((~taking).sum()), options.snap_limit_m
        en = f"{places.source}: {n} places without a road within {limit_m:.0f} m take no people"
        notes.append(Note(en, f"{places.source}：{n} 个地点 {limit_m:.0f} 米内无道路，不分配人口"))
    zh = f"{places.source}：人口改用 {cells.label}，共 {cells.total} 人，原有人口不再使用"
    notes.append(Note(f"{places.source}: people from {cells.label}, {cells.total} in all, replace their own", zh))
    people, left, said = _spread(cells, places.lon, places.lat, taking, crs, options.reach_m, options.block_m)
    spread = with_people(places, people, *notes, *said)
    return spread if left is None else joined(spread, left)


def _onto_junctions(cells: PopulationCells, network: RoadNetwork, options: _Options) -> DemandPoints:
    everywhere = np.ones(network.n_nodes, dtype=np.bool_)
    people, left, said = _spread(
        cells, network.lon, network.lat, everywhere, network.crs, options.snap_limit_m, options.block_m
    )
    lived_in = np.flatnonzero(people > 0)
    source = f"{cells.label} at junctions"
    made = demand_from_arrays(
        tuple(f"n{node}" for node in network.node_id[lived_in].tolist()),
        network.lon[lived_in],
        network.lat[lived_in],
        people[lived_in],
        source=source,
        zones=("dense_rural",) * len(lived_in),
        notes=[*cells.notes, *said, no_zones(source)],
    )
    if left is None or not len(made):
        return made if left is None else left
    return joined(made, left)


def _spread(
    cells: PopulationCells,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    taking: NDArray[np.bool_],
    crs: str,
    reach_m: float,
    block_m: float,
) -> tuple[NDArray[np.float64], DemandPoints | None, list[str]]:
    """Give each place its whole people.

    Returns
    -------
    people : ndarray of float64, shape (n_places,)
        0 where a place does not take any.
    left : DemandPoints or None
        Cells whose people no place takes.
    notes : list of str
    """
    takes = np.flatnonzero(taking)
    shares = np.zeros(len(lon))
    owner = cells.owner(lon[takes], lat[takes], reach_m=reach_m)
    shares[takes], kept, notes = _shares(cells, owner, project(lon[takes], lat[takes], crs), crs, reach_m)
    stay = _kept_points(cells, kept, reach_m, block_m) if kept.any() else None
    people = largest_remainder(np.r_[shares, stay.people if stay is not None else []], cells.total)
    if stay is not None:
        rest = people[len(lon) :]
        stay = select(replace(stay, people=rest, weights=rest), rest > 0)
    return people[: len(lon)], stay if stay is not None and len(stay) else None, notes


def _onto_roads(cells: PopulationCells, network: RoadNetwork, options: _Options) -> DemandPoints:
    xy = project(cells.lon, cells.lat, network.crs)
    distance_m, x, y, road_inside = _road_in_cell(cells, network, xy)
    off = distance_m > options.snap_limit_m
    inside = road_inside & ~off
    lon, lat = unproject(x, y, network.crs)
    people = largest_remainder(cells.people, cells.total)
    notes = list(cells.notes)
    moved = _mean(distance_m[inside], people[inside])
    en = (
        f"{cells.label}: {people[inside].sum():.0f} people in {int(inside.sum())} cells put on the road nearest to the "
        f"cell's centre, {moved:.0f} m away on average; {people[~inside & ~off].sum():.0f} people in "
        f"{int((~inside & ~off).sum())} cells without a road stay at the centre, and their way to the road counts"
    )
    zh = (
        f"{cells.label}：{int(inside.sum())} 个单元 {people[inside].sum():.0f} 人落到距单元中心最近的路上，"
        f"平均 {moved:.0f} 米；"
        f"{int((~inside & ~off).sum())} 个无路单元 {people[~inside & ~off].sum():.0f} 人留在中心，到路的距离计入行程"
    )
    notes += [Note(en, zh), *_off_road_note(cells.label, int(off.sum()), people[off].sum(), options.snap_limit_m)]
    made = demand_from_arrays(
        cells.ids,
        np.where(inside, lon, cells.lon),
        np.where(inside, lat, cells.lat),
        people,
        source=f"{cells.label} on roads",
        notes=notes,
    )
    return _without_empty(made)


def _off_road_note(label: str, cells: int, people: float, limit_m: float) -> list[str]:
    if not cells:
        return []
    en = f"{label}: {people:.0f} people in {cells} cells have no road within {limit_m:.0f} m; they stay where they are"
    return [Note(en, f"{label}：{cells} 个单元 {people:.0f} 人 {limit_m:.0f} 米内无路可达，保留在原处")]


def _mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return float(np.average(values, weights=weights)) if weights.sum() > 0 else 0.0


def _without_empty(demand: DemandPoints) -> DemandPoints:
    lived_in = demand.people > 0
    return demand if lived_in.all() else select(demand, lived_in)


def _shares(
    cells: PopulationCells, owner: NDArray[np.int64], places: Metres, crs: str, reach_m: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str]]:
    """Split the people of each cell over its places, else give them to the nearest place in reach.

    Returns
    -------
    shares : ndarray of float64, shape (n_places,)
    kept : ndarray of bool, shape (n_cells,)
        Cells that no place takes.
    notes : list of str
    """
    inside = np.flatnonzero(owner >= 0)
    count = np.bincount(owner[inside], minlength=len(cells))
    shares = np.zeros(len(places[0]))
    shares[inside] = cells.people[owner[inside]] / count[owner[inside]]
    kept = count == 0
    held, far_m = float(cells.people[~kept].sum()), np.zeros(0)
    alone = np.flatnonzero(kept)
    near = np.zeros(0, dtype=np.int64)
    if alone.size and len(places[0]):
        to, distance_m = nearest(places, project(cells.lon[alone], cells.lat[alone], crs))
        taken = distance_m <= reach_m
        near, far_m = alone[taken], distance_m[taken]
        np.add.at(shares, to[taken], cells.people[near])
        kept[near] = False
    moved = _mean(far_m, cells.people[near])
    en = (
        f"{cells.label}: {held:.0f} people in cells with places, in equal parts; {cells.people[near].sum():.0f} people "
        f"given to the nearest place within {reach_m:.0f} m, {moved:.0f} m away on average"
    )
    zh = (
        f"{cells.label}：{held:.0f} 人所在单元内有地点，均分；{cells.people[near].sum():.0f} 人归入 {reach_m:.0f} 米内"
        f"最近地点，平均移动 {moved:.0f} 米"
    )
    return shares, kept, [Note(en, zh)]


def _kept_points(cells: PopulationCells, kept: NDArray[np.bool_], reach_m: float, block_m: float) -> DemandPoints:
    """Make points of the cells that no place takes, at their centres; raster cells in blocks."""
    chosen = replace(
        cells,
        ids=tuple(id_ for id_, keep in zip(cells.ids, kept, strict=True) if keep),
        lon=cells.lon[kept],
        lat=cells.lat[kept],
        people=cells.people[kept],
        outlines=None if cells.outlines is None else cells.outlines[kept],
        grid=None if cells.grid is None else replace(cells.grid, index=cells.grid.index[kept]),
        notes=(),
    )
    chosen = in_blocks(chosen, block_m)
    people, n = float(cells.people[kept].sum()), int(kept.sum())
    en = (
        f"{cells.label}: {people:.0f} people in {n} cells have no road-accessible place within {reach_m:.0f} m: "
        "without road access, kept at the cells' centres"
    )
    zh = f"{cells.label}：{n} 个单元 {people:.0f} 人 {reach_m:.0f} 米内没有通路地点：按无路可达，保留在单元中心"
    return demand_from_arrays(
        tuple(f"cell-{id_}" for id_ in chosen.ids),
        chosen.lon,
        chosen.lat,
        chosen.people,
        source=f"{cells.label}, kept cells",
        zones=("dense_rural",) * len(chosen),
        notes=[*chosen.notes, Note(en, zh)],
    )


def _on_road(
    network: RoadNetwork, points: Metres
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the distance to the nearest road and the position on it; of roads at one distance the first."""
    lines, asked = network.projected_lines(), shapely.points(*points)
    near, distance_m = shapely.STRtree(lines).query_nearest(asked, all_matches=True, return_distance=True)
    order = np.lexsort((near[1], near[0]))
    first = order[np.flatnonzero(np.r_[True, np.diff(near[0][order]) > 0])]
    road = near[1][first]
    x, y = _touch(lines[road], np.asarray(asked, dtype=object))
    return distance_m[first], x, y


def _touch(lines: NDArray[np.object_], points: NDArray[np.object_]) -> Metres:
    """Return the position on each line that is nearest to its point."""
    ends = shapely.get_point(shapely.shortest_line(lines, points), 0)
    return shapely.get_x(ends), shapely.get_y(ends)


def _road_in_cell(
    cells: PopulationCells, network: RoadNetwork, centre: Metres
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Find the position on a road inside each cell that is nearest to its centre.

    Returns
    -------
    distance_m, x, y : ndarray of float64, shape (n_cells,)
        Of the nearest road anywhere, where none runs inside.
    inside : ndarray of bool, shape (n_cells,)
    """
    distance_m, x, y = _on_road(network, centre)
    if cells.outlines is None:
        return distance_m, x, y, cells.owner(*unproject(x, y, network.crs)) == np.arange(len(cells))

    def to_metres(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(project(degrees[:, 0], degrees[:, 1], network.crs))

    lines, outlines = network.projected_lines(), shapely.transform(cells.outlines, to_metres)
    inside = np.zeros(len(cells), dtype=np.bool_)
    cell, road = shapely.STRtree(lines).query(outlines, predicate="intersects")
    if cell.size:
        pieces = shapely.intersection(lines[road], outlines[cell])
        middle = np.asarray(shapely.points(*centre), dtype=object)[cell]
        away = shapely.distance(pieces, middle)
        order = np.lexsort((road, away, cell))
        best = order[np.flatnonzero(np.r_[True, np.diff(cell[order]) > 0])]
        at = cell[best]
        x[at], y[at] = _touch(pieces[best], middle[best])
        distance_m[at], inside[at] = away[best], True
    return distance_m, x, y, inside
