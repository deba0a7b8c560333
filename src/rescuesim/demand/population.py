"""PopulationCells: how many people live where, from a raster, polygons or points with counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim._tables import Column, parse_number, read_identified
from rescuesim._tables.layers import LAYER_KINDS, Layer, read_layer
from rescuesim._words import Note
from rescuesim.demand.areas import Areas, read_areas, wgs84_shapes
from rescuesim.demand.placed import placed_rows
from rescuesim.demand.raster import RASTER_KINDS, RasterGrid, read_raster
from rescuesim.demand.rounding import whole_total
from rescuesim.errors import Fault, InputError
from rescuesim.network.coordinates.crs import metric_crs, project

if TYPE_CHECKING:
    import geopandas

    PopulationSource: TypeAlias = Path | str | pd.DataFrame | geopandas.GeoDataFrame

__all__ = ["PopulationCells", "in_blocks", "read_population"]

_PEOPLE_NAMES = ("people", "population", "人口", "人口数", "常住人口")
_MOST_PEOPLE = 1e10


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationCells:
    """Parts of the land with the people who live in each.

    Parameters
    ----------
    ids : tuple of str, length n_cells
    lon, lat : ndarray of float64, shape (n_cells,)
        Centres in WGS84 degrees: of a polygon its centre of area, or a point inside where that lies
        outside; of a block of raster cells the centre of its people.
    people : ndarray of float64, shape (n_cells,)
        Not always whole: rasters hold fractions.
    outlines : ndarray of shapely Polygon or MultiPolygon, shape (n_cells,), or None
        WGS84 degrees; None for points and single raster cells.
    grid : RasterGrid or None
        Where the cells are those of a raster.
    width_m : float
        Of point cells, the distance between neighbours; 0 for others.
    label : str
    notes : tuple of str
    """

    ids: tuple[str, ...]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    people: NDArray[np.float64]
    outlines: NDArray[np.object_] | None = None
    grid: RasterGrid | None = None
    width_m: float = 0.0
    label: str = "population"
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def total(self) -> int:
        """People in all cells, rounded half up: what spreading conserves."""
        return whole_total(self.people)

    def owner(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], *, reach_m: float = np.inf
    ) -> NDArray[np.int64]:
        """Return the cell that each position lies in.

        A position on the border of two polygons belongs to the first. A point cell is the part of the
        plane that is nearer to it than to any other, within 0.71 of the distance between neighbours: of a
        square or hexagonal grid just the squares and hexagons.

        Parameters
        ----------
        lon, lat : ndarray of float64, shape (n,)
        reach_m : float, optional
            Point cells own no position farther away, however far apart they stand.

        Returns
        -------
        ndarray of int64, shape (n,)
            -1 outside all cells.
        """
        found = np.full(len(lon), -1, dtype=np.int64)
        if self.grid is not None:
            return self.grid.owner(lon, lat)
        if self.outlines is not None:
            point, area = Areas(polygons=self.outlines, texts={}, label=self.label).pairs(lon, lat)
            first = np.flatnonzero(np.r_[True, point[1:] != point[:-1]]) if len(point) else np.zeros(0, np.int64)
            found[point[first]] = area[first]
            return found
        crs = metric_crs(self.lon, self.lat)
        at, distance_m = nearest(project(self.lon, self.lat, crs), project(lon, lat, crs))
        return np.where(distance_m <= min(reach_m, self.width_m * np.sqrt(0.5) * (1 + 1e-9)), at, -1)


def nearest(
    places: tuple[NDArray[np.float64], NDArray[np.float64]], points: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the place nearest to each point, of several at the same distance the first.

    Parameters
    ----------
    places, points : tuple of two ndarray of float64
        Easting and northing in metres.

    Returns
    -------
    at : ndarray of int64, shape (n_points,)
    distance_m : ndarray of float64, shape (n_points,)
    """
    from scipy.spatial import cKDTree

    tree, asked = cKDTree(np.column_stack(places)), np.column_stack(points)
    distance_m, at = tree.query(asked)
    alike = tree.query_ball_point(asked, distance_m * (1 + 1e-12) + 1e-9)
    one = np.asarray(at, dtype=np.int64).tolist()
    first = np.array([min(near, default=own) for near, own in zip(alike, one, strict=True)], dtype=np.int64)
    return first, np.asarray(distance_m, dtype=np.float64)


def in_blocks(cells: PopulationCells, block_m: float) -> PopulationCells:
    """Sum raster cells in square blocks; other cells come back as they are.

    Parameters
    ----------
    cells : PopulationCells
    block_m : float
        Width of a block, rounded to whole raster cells; 0 or under a cell's width: one cell a block, with its
        outline.

    Returns
    -------
    PopulationCells
        Centres are the centres of people, outlines the blocks. No person is lost or moved to another block.
    """
    grid = cells.grid
    if grid is None:
        return cells
    k = max(1, round(block_m / grid.cell_m()))
    coarse, block = grid.coarser(k)
    people = np.zeros(len(coarse.index))
    np.add.at(people, block, cells.people)
    lon, lat = (np.bincount(block, weights=cells.people * of) / people for of in (cells.lon, cells.lat))
    en = f"{cells.label}: {len(cells)} raster cells with people summed in {len(people)} blocks of {k} by {k}"
    note = Note(en, f"{cells.label}：{len(cells)} 个有人栅格按 {k}×{k} 合并为 {len(people)} 块")
    return replace(
        cells,
        ids=coarse.names(),
        lon=lon,
        lat=lat,
        people=people,
        outlines=coarse.outlines(),
        grid=coarse,
        notes=(*cells.notes, note) if k > 1 else cells.notes,
    )


def read_population(
    source: PopulationSource,
    *,
    crs: str | None = None,
    people_column: str | None = None,
    boundary: Path | str | geopandas.GeoDataFrame | None = None,
    nodata: float | None = None,
    cell_m: float | None = None,
) -> PopulationCells:
    """Read how many people live where.

    Parameters
    ----------
    source : path, DataFrame or GeoDataFrame
        A raster of people per cell (``.tif``; a density must be turned into people first), a layer of
        polygons or points with a field of people, or a table with ``id, lon, lat`` and people.
    crs : str, optional
        Declared system; of a plain table ``wgs84`` if absent, of a raster or layer needed where it states none.
    people_column : str, optional
        Column of people; if absent the one of ``people``, ``population``, ``人口``, ``人口数``, ``常住人口``.
    boundary : path or GeoDataFrame, optional
        Polygons; cells whose centre lies outside all of them are not counted. A raster is read only there.
    nodata : float, optional
        What stands for no data in a raster that does not state it, for instance ``float("nan")``.
    cell_m : float, optional
        Distance between neighbouring points of a table or layer of points; the median distance to the
        nearest neighbour if absent.

    Returns
    -------
    PopulationCells
        Cells with 0 people are left out and counted in the notes.

    Raises
    ------
    DataFileError
        If the file cannot be read, or rasterio is not there for a raster.
    InputError
        With every cell that is negative, not finite or empty.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": ["h1", "h2"], "lon": [119.3, 119.304], "lat": [28.7, 28.7], "people": [120, 0]})
    >>> cells = read_population(frame)
    >>> cells.ids, cells.total
    (('h1',), 120)
    """
    inside = None if boundary is None else read_areas(boundary, label="boundary")
    is_file = isinstance(source, (str, Path))
    suffix = Path(source).suffix.lower() if isinstance(source, (str, Path)) else ""
    if suffix in RASTER_KINDS:
        cells = _from_raster(Path(str(source)), crs, inside, nodata)
    elif suffix in LAYER_KINDS or (not is_file and hasattr(source, "geometry")):
        cells = _from_layer(read_layer(source, label="population layer", crs=crs), people_column)
    else:
        cells = _from_table(source, crs, people_column)
    if inside is not None:
        cells = _clipped(cells, inside)
    cells = _peopled(cells)
    if cells.outlines is None and cells.grid is None:
        cells = _with_width(cells, cell_m)
    return cells


def _from_raster(path: Path, crs: str | None, inside: Areas | None, nodata: float | None) -> PopulationCells:
    bounds = None if inside is None else tuple(float(edge) for edge in shapely.total_bounds(inside.polygons))
    grid, people, notes = read_raster(path, crs=crs, bounds=bounds, nodata=nodata)
    lon, lat = grid.centres()
    return PopulationCells(
        ids=grid.names(), lon=lon, lat=lat, people=people, grid=grid, label=path.name, notes=tuple(notes)
    )


def _from_layer(layer: Layer, people_column: str | None) -> PopulationCells:
    columns = [str(name) for name in layer.frame.columns if name != layer.frame.geometry.name]
    column = _people_column(columns, people_column, layer.label)
    kinds = ("Point",) if (layer.frame.geometry.geom_type == "Point").all() else ("Polygon", "MultiPolygon")
    shapes, notes, faults = wgs84_shapes(layer, kinds)
    people = np.zeros(len(layer.frame))
    for at, cell in enumerate(layer.frame[column]):
        try:
            people[at] = parse_number(str(cell).strip())
        except ValueError:
            people[at] = np.nan
        if not 0 <= people[at] <= _MOST_PEOPLE:
            expected = "a number of 0 or more"
            faults.append(Fault(file=layer.label, row=at + 1, column=column, value=str(cell), expected=expected))
    named = "id" in columns
    ids = tuple(str(id_).strip() for id_ in layer.frame["id"]) if named else tuple(map(str, layer.frame.index))
    twice = pd.Series(ids).duplicated() | (pd.Series(ids) == "")
    for at in np.flatnonzero(twice).tolist():
        expected = "an id that stands in no other feature"
        faults.append(Fault(file=layer.label, row=at + 1, column="id", value=ids[at], expected=expected))
    if faults:
        raise InputError(faults)
    centre = shapely.centroid(shapes)
    outside = ~shapely.intersects(shapes, centre)
    centre[outside] = shapely.point_on_surface(shapes[outside])
    return PopulationCells(
        ids=ids,
        lon=shapely.get_x(centre),
        lat=shapely.get_y(centre),
        people=people,
        outlines=None if kinds == ("Point",) else shapes,
        label=layer.label,
        notes=(*layer.notes, *notes),
    )


def _from_table(source: Path | str | pd.DataFrame, crs: str | None, people_column: str | None) -> PopulationCells:
    columns = (
        Column(name="id", required=True),
        Column(name="name"),
        Column(name="lon", number=True, required=True),
        Column(name="lat", number=True, required=True),
        *(
            Column(name=name, number=True, minimum=0, maximum=_MOST_PEOPLE)
            for name in ((people_column,) if people_column else _PEOPLE_NAMES[:2])
        ),
    )
    table, frame, faults = read_identified(source, columns, label="population table")
    here = [name for name in frame.columns if name not in ("id", "name", "lon", "lat")]
    column = _people_column(here, people_column if people_column in here else None, table.label)
    empty = frame.index[frame[column].isna()]
    faults += [table.fault(int(row), column, "a number of 0 or more") for row in empty]
    frame, lon, lat, off = placed_rows(table, frame.drop(index=empty), crs)
    if faults or off:
        raise InputError([*faults, *off])
    return PopulationCells(
        ids=tuple(frame["id"]),
        lon=lon,
        lat=lat,
        people=np.asarray(frame[column], dtype=np.float64),
        label=table.label,
        notes=tuple(table.notes),
    )


def _people_column(columns: list[str], wanted: str | None, label: str) -> str:
    names = (wanted,) if wanted else _PEOPLE_NAMES
    found = [name for name in names if name in columns]
    if len(found) != 1:
        expected = f"one column of people, {' or '.join(names)}; there are {', '.join(columns) or 'none'}"
        raise InputError([Fault(file=label, expected=expected)])
    return found[0]


def _clipped(cells: PopulationCells, inside: Areas) -> PopulationCells:
    kept = inside.holds(cells.lon, cells.lat)
    if kept.all():
        return cells
    out, people = int((~kept).sum()), float(cells.people[~kept].sum())
    en = f"{cells.label}: {out} cells with {people:.0f} people have their centre outside {inside.label}: not counted"
    note = Note(en, f"{cells.label}：{out} 个单元（{people:.0f} 人）中心在 {inside.label} 之外，未计入")
    return replace(_chosen(cells, kept), notes=(*cells.notes, note))


def _chosen(cells: PopulationCells, kept: NDArray[np.bool_]) -> PopulationCells:
    return replace(
        cells,
        ids=tuple(id_ for id_, keep in zip(cells.ids, kept, strict=True) if keep),
        lon=cells.lon[kept],
        lat=cells.lat[kept],
        people=cells.people[kept],
        outlines=None if cells.outlines is None else cells.outlines[kept],
        grid=None if cells.grid is None else replace(cells.grid, index=cells.grid.index[kept]),
    )


def _peopled(cells: PopulationCells) -> PopulationCells:
    """Leave out the cells without people; a source without anybody is a fault."""
    lived_in = cells.people > 0
    if not lived_in.any():
        raise InputError([Fault(file=cells.label, column="people", expected="at least one person in all")])
    if lived_in.all():
        return cells
    n = int((~lived_in).sum())
    note = Note(f"{cells.label}: {n} cells without people left out", f"{cells.label}：{n} 个无人单元已略去")
    # the width of point cells is that of the whole grid, so it is taken before the empty ones go
    width = cells if cells.outlines is not None or cells.grid is not None else _with_width(cells, None)
    return replace(_chosen(width, lived_in), notes=(*width.notes, note))


def _with_width(cells: PopulationCells, cell_m: float | None) -> PopulationCells:
    if cell_m is not None:
        if not cell_m > 0:
            raise InputError(f"cell_m {cell_m}: expected metres above 0")
        return replace(cells, width_m=float(cell_m))
    if cells.width_m > 0:
        return cells
    from scipy.spatial import cKDTree

    xy = np.unique(np.column_stack(project(cells.lon, cells.lat, metric_crs(cells.lon, cells.lat))), axis=0)
    width = float(np.median(np.asarray(cKDTree(xy).query(xy, k=[2])[0]))) if len(xy) > 1 else 0.0
    en = f"{cells.label}: cell_m not given: {width:.0f} m, the median distance between neighbouring points"
    note = Note(en, f"{cells.label}：未给出 cell_m，取相邻点间距中位数 {width:.0f} 米")
    return replace(cells, width_m=width, notes=(*cells.notes, note))
