"""Debris of graded buildings on the roads beside them: closures after an earthquake that has happened.

A collapsed building throws debris a share of its height far: two thirds under 24 m, a half from 54 m, where its long
side faces the road (Table 7 of doi:10.1155/2020/7034517). Less damage throws a share of that. What the debris leaves
of the carriageway says how the road can be used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim._defaults import default, defaults_under
from rescuesim._tables import read_text_table, split_source
from rescuesim._tables.layers import LAYER_KINDS, Layer
from rescuesim._words import Note
from rescuesim.disruption.outages import RoadDamage
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import check_crs, project, to_wgs84
from rescuesim.network.states import LEVELS, Closure

if TYPE_CHECKING:
    import geopandas

__all__ = ["GradedBuildings", "debris_damages", "debris_reach_m", "load_graded_buildings"]

_STEP_M = 2.0
_BLOCK_M2 = 2000.0
_GRADES = ("destroyed", "major_damage", "possibly_damaged", "no_damage")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GradedBuildings:
    """Buildings with the grade of their damage.

    Parameters
    ----------
    outlines : ndarray of shapely Polygon or MultiPolygon, shape (n_buildings,)
        WGS84 degrees.
    grade : ndarray of str, shape (n_buildings,)
        ``destroyed``, ``major_damage``, ``possibly_damaged`` or ``no_damage``.
    height_m : ndarray of float64, shape (n_buildings,)
    notes : tuple of str
        What had to be assumed.
    """

    outlines: NDArray[np.object_]
    grade: NDArray[np.str_]
    height_m: NDArray[np.float64]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.outlines)


def load_graded_buildings(
    source: Path | str | pd.DataFrame | geopandas.GeoDataFrame,
    *,
    crs: str | None = None,
    grade_field: str = "damage_class",
    height_field: str | None = None,
    footprint_field: str = "footprint_wkt",
) -> GradedBuildings:
    """Load building outlines with damage grades, as Copernicus EMS maps them.

    Parameters
    ----------
    source : path, DataFrame or GeoDataFrame
        A layer of polygons, or a table with outlines as well-known text.
    crs : str, optional
        Declared system; of a plain table ``wgs84`` if absent.
    grade_field : str, optional
        Field with ``destroyed``, ``major-damage``, ``possibly-damaged`` or ``no-damage``, in any case, with space,
        hyphen or underscore.
    height_field : str, optional
        Field with the height in metres; empty cells and an absent field take ``debris_reach.height_m``.
    footprint_field : str, optional
        Column of the outlines of a table.

    Returns
    -------
    GradedBuildings

    Raises
    ------
    DataFileError
        If the file cannot be read.
    InputError
        With every fault: no polygon, an unknown grade, a height that is no number above 0.
    """
    outlines, texts, label, notes = _outlines(source, crs, footprint_field, (grade_field, height_field))
    faults = []
    grades = []
    for row, text in enumerate(texts[grade_field], 1):
        grade = text.strip().lower().replace("-", "_").replace(" ", "_")
        if grade not in _GRADES:
            faults.append(
                Fault(file=label, row=row, column=grade_field, value=text, expected=nearest_name(grade, _GRADES))
            )
        grades.append(grade)
    assumed = default("debris_reach.height_m").number
    height = np.full(len(outlines), assumed)
    given = texts[height_field] if height_field is not None else [""] * len(outlines)
    for row, text in enumerate(given, 1):
        if not text:
            continue
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not 0 < number < 1000:
            expected = "a height in metres above 0, or nothing"
            faults.append(Fault(file=label, row=row, column=height_field, value=text, expected=expected))
        height[row - 1] = number
    if faults:
        raise InputError(faults)
    if unknown := sum(not text for text in given):
        en = f"{label}: no height for {unknown} of {len(outlines)} buildings, taken as {assumed:g} m"
        notes.append(Note(en, f"{label}：{len(outlines)} 栋中 {unknown} 栋无高度，按 {assumed:g} 米计"))
    return GradedBuildings(outlines=outlines, grade=np.array(grades), height_m=height, notes=tuple(notes))


def _is_layer(source: Path | str | pd.DataFrame) -> bool:
    """Whether a source has geometry of its own, as a GeoDataFrame and the files of layers have."""
    if isinstance(source, pd.DataFrame):
        return hasattr(source, "geometry")
    return split_source(source)[0].suffix.lower() in LAYER_KINDS


def _outlines(
    source: Path | str | pd.DataFrame | geopandas.GeoDataFrame,
    crs: str | None,
    footprint_field: str,
    fields: tuple[str, str | None],
) -> tuple[NDArray[np.object_], dict[str, tuple[str, ...]], str, list[str]]:
    """Read outlines in WGS84 degrees and the texts of fields."""
    from rescuesim.demand.areas import read_areas, wgs84_shapes

    wanted = tuple(field for field in fields if field is not None)
    if _is_layer(source):
        areas = read_areas(source, label="buildings", fields=wanted[:1], optional=wanted[1:], crs=crs)
        texts = {field: areas.texts.get(field, ("",) * len(areas)) for field in wanted}
        return areas.polygons, texts, areas.label, list(areas.notes)
    import geopandas

    read = read_text_table(source, label="buildings")
    table, label = read.frame, read.label
    columns = [str(name) for name in table.columns]
    if missing := [name for name in (footprint_field, wanted[0]) if name not in columns]:
        raise InputError(
            [Fault(file=label, column=name, expected=f"a column, {nearest_name(name, columns)}") for name in missing]
        )
    shapes = np.asarray(
        shapely.from_wkt(table[footprint_field].to_numpy(dtype=object), on_invalid="ignore"), dtype=object
    )
    code = check_crs(crs or "wgs84")

    def degrees(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], code))

    known = np.array([shape is not None for shape in shapes])
    shapes[known] = shapely.transform(shapely.force_2d(shapes[known]), degrees)
    frame = geopandas.GeoDataFrame(geometry=shapes, crs="EPSG:4326")
    polygons, notes, faults = wgs84_shapes(
        Layer(frame=frame, crs="EPSG:4326", label=label), ("Polygon", "MultiPolygon")
    )
    if faults:
        raise InputError(faults)
    texts = {
        field: tuple("" if pd.isna(cell) else str(cell) for cell in table[field])
        if field in columns
        else ("",) * len(table)
        for field in wanted
    }
    return polygons, texts, label, notes


def debris_reach_m(height_m: NDArray[np.float64], grade: NDArray[np.str_]) -> NDArray[np.float64]:
    """Return how far debris lies from the outline of a building.

    Parameters
    ----------
    height_m : ndarray of float64, shape (n_buildings,)
    grade : ndarray of str, shape (n_buildings,)

    Returns
    -------
    ndarray of float64, shape (n_buildings,)

    References
    ----------
    A Study of Influence Distance and Road Safety Avoidance Distance from Postearthquake Building Debris Accumulation,
    Advances in Civil Engineering 2020, doi:10.1155/2020/7034517: Table 7, long side parallel to the road. Shares of
    the lesser grades are a judgement of ours.

    Examples
    --------
    >>> debris_reach_m(np.array([9.0, 54.0, 9.0]), np.array(["destroyed", "destroyed", "no_damage"])).round(2).tolist()
    [6.0, 27.0, 0.0]
    """
    low, high = default("debris_reach.height_share").number, default("debris_reach.height_share_54_m").number
    share = np.interp(height_m, [24.0, 54.0], [low, high])
    by_grade = defaults_under("debris_reach")
    return np.asarray(share * height_m * np.array([by_grade[name].number for name in grade.tolist()]))


def debris_damages(
    network: RoadNetwork, buildings: GradedBuildings, *, at_s: float = 0.0
) -> tuple[tuple[RoadDamage, ...], tuple[str, ...]]:
    """Return what the debris of graded buildings does to the roads beside them.

    Debris covers the carriageway from the building's side as far as it reaches, and from both sides where buildings
    stand on both. Two lanes' width left: ``passable``; one lane's: ``one_lane``; a way on foot: ``on_foot``; less:
    ``closed``.

    Parameters
    ----------
    network : RoadNetwork
    buildings : GradedBuildings
    at_s : float, optional
        Of the earthquake, in seconds after the onset.

    Returns
    -------
    damages : tuple of RoadDamage
        Parts of roads, by road and place; work from the volume on the road.
    notes : tuple of str
        What was assumed.
    """
    reach = debris_reach_m(buildings.height_m, buildings.grade)
    thrown = np.flatnonzero(reach > 0)
    notes = list(buildings.notes)
    width, unknown = _widths(network)
    if unknown:
        en = f"width of the carriageway not known on {unknown:.0%} of the roads: taken by class"
        notes.append(Note(en, f"{unknown:.0%} 的道路无路面宽度，按道路等级取值"))
    if not len(thrown):
        return (), tuple(notes)

    def metres(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(project(degrees[:, 0], degrees[:, 1], network.crs))

    shapes = shapely.transform(buildings.outlines[thrown], metres)
    shapely.prepare(shapes)
    if blocks := int((shapely.area(shapes) > _BLOCK_M2).sum()):
        en = (
            f"{blocks} of {len(shapes)} damaged outlines are over {_BLOCK_M2:.0f} m2, blocks rather than buildings: "
            "debris reaches from the edge of the block, and roads inside count as beside a building"
        )
        notes.append(
            Note(en, f"{len(shapes)} 个受损轮廓中 {blocks} 个超过 {_BLOCK_M2:.0f} 平方米，似为街区：按街区边线起算")
        )
    lines = network.projected_lines()
    far = reach[thrown] + float(width.max()) / 2
    building, road = shapely.STRtree(lines).query(shapely.buffer(shapes, far), predicate="intersects")
    made: list[RoadDamage] = []
    for one in np.unique(road).tolist():
        near = building[road == one]
        made += _on_road(network, one, lines[one], float(width[one]), shapes[near], reach[thrown][near], at_s)
    return tuple(made), tuple(notes)


def _widths(network: RoadNetwork) -> tuple[NDArray[np.float64], float]:
    """Return the carriageway width of each road, and the share of roads that do not state it."""
    by_class = {name: entry.number for name, entry in defaults_under("road_width_m").items()}
    edge = np.zeros(network.n_roads, dtype=np.int64)
    edge[network.road[::-1]] = np.arange(network.n_edges)[::-1]
    classes = [str(name).removesuffix("_link") for name in network.road_class[edge].tolist()]
    assumed = np.array([by_class.get(name, by_class["residential"]) for name in classes])
    unknown = np.isnan(network.width_m)
    return np.where(unknown, assumed, network.width_m), float(unknown.mean())


def _on_road(
    network: RoadNetwork,
    road: int,
    line: shapely.LineString,
    width_m: float,
    shapes: NDArray[np.object_],
    reach_m: NDArray[np.float64],
    at_s: float,
) -> list[RoadDamage]:
    """Return the parts of one road that debris lies on."""
    length = float(network.road_length_m[road])
    n = max(math.ceil(length / _STEP_M), 1)
    points = shapely.line_interpolate_point(line, (np.arange(n) + 0.5) / n, normalized=True)
    covered = _covered_m(line, points, width_m, shapes, reach_m)
    left = width_m - covered
    needs = [default(f"debris_reach.{name}").number for name in ("two_lanes_m", "lane_m", "walk_m")]
    # a road that never had two lanes is as open as it was while its debris leaves the width of its own traffic
    needs[0] = min(needs[0], max(width_m - 0.5, needs[1]))
    state = (left[:, None] < np.array(needs)).sum(axis=1)
    rate = default("clearing.rate_m3_per_h").number
    depth = default("debris_reach.depth_m").number
    made = []
    key = np.where(covered > 0, state, -1)
    edges = np.flatnonzero(np.r_[True, key[1:] != key[:-1], True])
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if key[low] < 0:
            continue
        step = length / n
        volume = float(covered[low:high].sum() * step * depth)
        short = np.maximum(needs[1] - left[low:high], 0.0)
        level = LEVELS[int(key[low])]
        closure = Closure(road=road, from_m=low * step, to_m=min(high * step, length), level=level)
        lane = float(short.sum() * step * depth) / rate if level in ("on_foot", "closed") else 0.0
        made.append(
            RoadDamage(
                closure=closure,
                at_s=at_s,
                cause="debris",
                work_h=volume / rate,
                one_lane_h=lane,
                label="debris of buildings",
            )
        )
    return made


def _covered_m(
    line: shapely.LineString,
    points: NDArray[np.object_],
    width_m: float,
    shapes: NDArray[np.object_],
    reach_m: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the width under debris at each point: the farthest from the left and the farthest from the right."""
    away = shapely.distance(points[:, None], shapes[None, :])
    thrown = np.clip(reach_m - np.maximum(away - width_m / 2, 0.0), 0.0, width_m)
    at, building = np.nonzero(thrown)
    ends = shapely.line_interpolate_point(line, np.arange(len(points) + 1) / len(points), normalized=True)
    along_x, along_y = np.diff(shapely.get_x(ends)), np.diff(shapely.get_y(ends))
    nearest = shapely.get_point(shapely.shortest_line(points[at], shapes[building]), 1)
    to_x = shapely.get_x(nearest) - shapely.get_x(points[at])
    to_y = shapely.get_y(nearest) - shapely.get_y(points[at])
    on_right = (along_x[at] * to_y - along_y[at] * to_x < 0).astype(np.int64)
    sides = np.zeros((2, len(points)))
    np.maximum.at(sides, (on_right, at), thrown[at, building])
    return np.asarray(np.minimum(sides.sum(axis=0), width_m))
