"""Road networks drawn as layers of lines: Ways from a shapefile, a GeoPackage, GeoJSON or GeoParquet."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._tables.layers import Layer, read_layer
from rescuesim._words import Note
from rescuesim.errors import Fault, InputError, UnknownIdError, nearest_name
from rescuesim.network.editing.way_runs import ways_of_runs
from rescuesim.network.reading.crossings import find_crossings, loose_ends
from rescuesim.network.reading.layer_system import layer_lonlat
from rescuesim.network.reading.line_values import LineFields, read_line_fields
from rescuesim.network.reading.osm_filter import RoadFilter
from rescuesim.network.reading.vertices import distinct_vertices
from rescuesim.network.ways import Ways, measured

if TYPE_CHECKING:
    import geopandas

__all__ = ["ways_from_lines"]

_LINE, _RING, _LINES = 1, 2, 5  # shapely's numbers of geometry types
_NAMED = 5  # rows that a message names


def ways_from_lines(
    source: Path | str | geopandas.GeoDataFrame,
    *,
    fields: Mapping[str, str] | None = None,
    classes: Mapping[str, str] | None = None,
    crs: str | None = None,
    roads: RoadFilter = "drive",
) -> Ways:
    """Read roads from a layer of lines.

    Two lines meet where they share a vertex and nowhere else; vertices within a centimetre
    (``road_lines.vertex_m``) are one. Lines that cross without a shared vertex stay a bridge over a road;
    their number is noted, so that a layer whose lines were never cut at crossings is seen. Lengths are
    great-circle lengths of the geometry; a length column is not read.

    Parameters
    ----------
    source : path or GeoDataFrame
        ``.gpkg``, ``.geojson``, ``.shp`` or ``.parquet`` of LineStrings or MultiLineStrings; heights are dropped.
    fields : mapping of str to str, optional
        Column of each of ``class``, ``speed`` (km/h), ``width`` (m), ``lanes``, ``oneway``, ``bridge``,
        ``tunnel``, ``name``, ``surface``, ``id``, ``ref`` (a number such as G206, where the name is empty) and
        ``junction``. ``{"class": "=unclassified"}`` gives every row one value, ``{"speed": ""}`` leaves a field
        out. Fields that are not named here are looked for under the names of ``line_words.toml``.
    classes : mapping of str to str, optional
        Words of the layer for road classes that ``line_words.toml`` does not know, to values of ``highway``;
        ``""`` stands for an empty cell.
    crs : str, optional
        Declared system, where the layer states none.
    roads : {'drive', 'drive_service'}, optional
        Which classes are roads, as for a file of OpenStreetMap.

    Returns
    -------
    Ways
        Whatever the order of the rows, and whichever way a two-way line was drawn, the ways are the same; only
        ``way_id`` is that of the rows where the layer has no ids.

    Raises
    ------
    DataFileError
        If the file is absent or no layer.
    InputError
        With all faults: columns that do not exist, words for a class or a direction that are not known,
        speeds that are none, geometry other than lines, places off the Earth, no road at all.
    UnknownIdError
        If ``roads`` is none of its words.

    Examples
    --------
    >>> import geopandas, shapely
    >>> lines = shapely.from_wkt(["LINESTRING (119.30 28.70, 119.31 28.70)", "LINESTRING (119.31 28.70, 119.31 28.71)"])
    >>> table = {"技术等级": ["二级", "四级"], "路名": ["人民路", ""]}
    >>> layer = geopandas.GeoDataFrame(table, geometry=lines, crs="EPSG:4490")
    >>> ways = ways_from_lines(layer)
    >>> ways.n_nodes, ways.road_class.tolist(), ways.name.tolist()
    (3, ['primary', 'tertiary'], ['人民路', ''])
    """
    if roads not in get_args(RoadFilter):
        raise UnknownIdError(f"roads {roads!r}: expected {nearest_name(roads, get_args(RoadFilter))}")
    import geopandas

    if not isinstance(source, (str, Path, geopandas.GeoDataFrame)):
        raise InputError(f"road lines: {type(source).__name__}, expected the path of a layer or a GeoDataFrame")
    layer = read_layer(source, label="road lines", crs=crs)
    lines, faults = _lines(layer)
    values, more = read_line_fields(layer, fields=fields, classes=classes, roads=roads)
    if lines is None or values is None:
        raise InputError(faults + more)
    drawn = _drawn(layer, lines)
    return _checked(_ways(layer, values, drawn, roads), layer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """Vertices of single lines: ``x``, ``y`` (n_refs,), the line of each, and the row of each line from 0."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    line: NDArray[np.int64]
    row: NDArray[np.int64]


def _lines(layer: Layer) -> tuple[_Lines | None, list[Fault]]:
    """Take the lines of a layer apart; whatever is no line is a fault, an empty row a note."""
    geometry = np.asarray(layer.frame.geometry.array, dtype=object)
    empty = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    kind = np.where(empty, _LINE, shapely.get_type_id(geometry))
    faults = []
    for number in np.unique(kind[~np.isin(kind, (_LINE, _RING, _LINES))]).tolist():
        rows = np.flatnonzero(kind == number) + 1
        expected = f"lines; {_rows_in_words(rows)[0]}"
        name = geometry[rows[0] - 1].geom_type
        faults.append(Fault(file=layer.label, row=int(rows[0]), column="geometry", value=name, expected=expected))
    rows = np.flatnonzero(empty) + 1
    if len(rows) == len(geometry):
        faults.append(Fault(file=layer.label, column="geometry", expected="lines; every row is empty"))
    elif len(rows):
        en, zh = _rows_in_words(rows)
        layer.notes.append(Note(f"{layer.label}: no geometry in {en}", f"{layer.label}：以下无几何要素：{zh}"))
    if faults:
        return None, faults
    if shapely.has_z(geometry[~empty]).any():
        layer.notes.append(Note(f"{layer.label}: heights of vertices not read", f"{layer.label}：未读取节点高程"))
    lines, row = shapely.get_parts(geometry[~empty], return_index=True)
    row = np.flatnonzero(~empty)[row]
    xy, line = shapely.get_coordinates(lines, return_index=True)
    return _Lines(x=xy[:, 0], y=xy[:, 1], line=line.astype(np.int64), row=row.astype(np.int64)), []


def _rows_in_words(rows: NDArray[np.int64]) -> tuple[str, str]:
    """Return ``3 rows: 1, 5, 9`` in English and Chinese."""
    named = ", ".join(map(str, rows[:_NAMED].tolist())) + (", …" if len(rows) > _NAMED else "")
    return f"{len(rows)} row{'s' if len(rows) > 1 else ''}: {named}", f"{len(rows)} 行：{named}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """Lines over shared nodes: nodes in the order of their places, lines as runs of nodes without repeats."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    at: NDArray[np.int64]
    first: NDArray[np.int64]
    row: NDArray[np.int64]


def _drawn(layer: Layer, lines: _Lines) -> _Drawn:
    lon, lat = layer_lonlat(layer, lines.x, lines.y)
    on_earth = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    if not on_earth.all():
        rows = np.unique(lines.row[lines.line[~on_earth]]) + 1
        bad = int(np.argmin(on_earth))
        exchanged = abs(lon[bad]) <= 90 < abs(lat[bad]) <= 180
        hint = "lon and lat look exchanged" if exchanged else "check the coordinate system of the layer"
        place = f"{lines.x[bad]:.10g}, {lines.y[bad]:.10g}"
        expected = f"places on Earth; {hint}; {_rows_in_words(rows)[0]}"
        raise InputError([Fault(file=layer.label, row=int(rows[0]), column="geometry", value=place, expected=expected)])
    lon, lat, at, merged = distinct_vertices(lon, lat, within_m=default("road_lines.vertex_m").number)
    if merged:
        within = f"{default('road_lines.vertex_m').number * 100:g} cm"
        layer.notes.append(
            Note(
                f"{layer.label}: {merged} vertices within {within} of another became one with it",
                f"{layer.label}：{merged} 个节点与相邻节点相距不足 {within}，已合并",
            )
        )
    # a vertex that repeats the one before it adds nothing
    starts = np.r_[True, lines.line[1:] != lines.line[:-1]]
    moves = starts | np.r_[True, at[1:] != at[:-1]]
    at, line = at[moves], lines.line[moves]
    length = np.bincount(line, minlength=len(lines.row))
    if points := int((length < 2).sum()):
        layer.notes.append(
            Note(f"{layer.label}: {points} lines of no length left out", f"{layer.label}：略去 {points} 条长度为零的线")
        )
    whole = length >= 2
    return _Drawn(lon=lon, lat=lat, at=at[whole[line]], first=np.r_[0, np.cumsum(length[whole])], row=lines.row[whole])


def _ways(layer: Layer, values: LineFields, drawn: _Drawn, roads: RoadFilter) -> Ways:
    """Put lines and values together, in an order that does not depend on that of the rows."""
    row, direction = drawn.row, values.direction[drawn.row]
    at = _turned(drawn.at, drawn.first, direction)
    n_nodes = len(drawn.lon)
    ways = Ways(
        # numbered in the order of their places, before classes are filtered, so that both filters agree
        node_id=np.arange(1, n_nodes + 1, dtype=np.int64),
        lon=drawn.lon,
        lat=drawn.lat,
        signal=np.zeros(n_nodes, dtype=np.bool_),
        junction=np.zeros(n_nodes, dtype=np.bool_),
        way_id=values.row_id[row],
        first=drawn.first,
        at=at,
        step_m=measured(drawn.lon, drawn.lat, at, drawn.first),
        oneway=direction != 0,
        road_class=values.road_class[row],
        maxspeed_kph=values.maxspeed_kph[row],
        width_m=values.width_m[row],
        max_weight_t=values.max_weight_t[row],
        lanes=values.lanes[row],
        name=values.name[row],
        surface=values.surface[row],
        bridge=values.bridge[row],
        tunnel=values.tunnel[row],
        source=layer.label,
    )
    is_road = values.is_road[row]
    if not is_road.any():
        found = ", ".join(sorted(set(values.road_class.tolist())))
        raise InputError(f"{layer.label}: {len(row)} lines, none of them a road for {roads!r}; classes are {found}")
    order, again, apart = _order(ways, is_road)
    layer.notes.append(
        Note(
            f"{layer.label}: {int(is_road.sum())} of {len(row)} lines are roads for {roads!r}",
            f"{layer.label}：{len(row)} 条线中 {int(is_road.sum())} 条是道路（{roads}）",
        )
    )
    if again:
        layer.notes.append(
            Note(f"{layer.label}: {again} lines drawn twice, taken once", f"{layer.label}：{again} 条线重复，只取一条")
        )
    if apart:
        layer.notes.append(
            Note(
                f"{layer.label}: {apart} lines lie on another of other class or speed; both kept, the faster counts",
                f"{layer.label}：{apart} 条线与另一条类别或限速不同的线重合，均保留，以较快者为准",
            )
        )
    return replace(ways_of_runs(ways, order, ways.first[order], ways.first[order + 1]), notes=tuple(layer.notes))


def _turned(at: NDArray[np.int64], first: NDArray[np.int64], direction: NDArray[np.int8]) -> NDArray[np.int64]:
    """Turn lines that are driven against their drawing, and two-way ones to run up from their lower end."""
    length = np.diff(first)
    way = np.repeat(np.arange(len(length)), length)
    mirrored = (first[:-1] + first[1:] - 1)[way] - np.arange(len(at))
    # the first place where a line and its reverse differ says which of both comes first
    differs = np.flatnonzero(at != at[mirrored])
    ways, where = np.unique(way[differs], return_index=True)
    down = np.zeros(len(length), dtype=np.bool_)
    down[ways] = at[differs[where]] > at[mirrored[differs[where]]]
    turn = np.where(direction == 0, down, direction < 0)
    return np.where(turn[way], at[mirrored], at)


def _order(ways: Ways, is_road: NDArray[np.bool_]) -> tuple[NDArray[np.int64], int, int]:
    """Order roads by their nodes and values, and leave out the second of two that are the same.

    Returns
    -------
    order : ndarray of int64
    again : int
        Roads left out.
    apart : int
        Roads that lie on another and are kept, since their class, speed or direction differs.
    """
    big_endian = ways.at.astype(">i8")  # so that bytes compare like the numbers
    paths = [big_endian[start:stop].tobytes() for start, stop in itertools.pairwise(ways.first.tolist())]
    speed, width, lanes = (np.nan_to_num(a, nan=-1.0).tolist() for a in (ways.maxspeed_kph, ways.width_m, ways.lanes))
    keys = list(zip(paths, ways.oneway.tolist(), ways.road_class.tolist(), speed, strict=True))
    marks = (ways.name, ways.surface, ways.bridge, ways.tunnel, ways.way_id)
    rest = list(zip(width, lanes, *(array.tolist() for array in marks), strict=True))
    found = np.flatnonzero(is_road).tolist()
    order: list[int] = []
    for way in sorted(found, key=lambda way: (keys[way], rest[way])):
        if not order or keys[order[-1]] != keys[way]:
            order.append(way)
    apart = len(order) - len({keys[way][:2] for way in order})
    return np.array(order, dtype=np.int64), len(found) - len(order), apart


def _checked(ways: Ways, layer: Layer) -> Ways:
    """Note where lines cross or nearly touch without meeting: what a layer that was never noded looks like."""
    notes: list[str] = []
    pairs = find_crossings(ways)
    if len(pairs):
        raised = ways.bridge | ways.tunnel
        plain = int((~raised[ways.way_of[pairs]].any(axis=1)).sum())
        notes.append(
            Note(
                f"{layer.label}: {len(pairs)} crossings without a shared vertex stay bridges, "
                f"{plain} of them with no bridge or tunnel marked",
                f"{layer.label}：{len(pairs)} 处交叉无公共节点，按立交处理，其中 {plain} 处未标明桥梁或隧道",
            )
        )
    gap_m = default("road_lines.gap_m").number
    if loose := loose_ends(ways, within_m=gap_m):
        notes.append(
            Note(
                f"{layer.label}: {loose} lines end within {gap_m:g} m of another without meeting it: no way through",
                f"{layer.label}：{loose} 处线端距另一条线不足 {gap_m:g} 米而未相接，此处不通",
            )
        )
    return ways.with_notes(*notes)
