"""Road elements: the bridges, tunnels, culverts and sections of roads that a hazard can break, one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim._defaults import default, defaults_under
from rescuesim._tables import Column, check_table, declared_crs, position_faults, read_text_table
from rescuesim._words import Note
from rescuesim.errors import Fault, InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import to_wgs84, unproject
from rescuesim.quality import snap_points

__all__ = ["ELEMENT_KINDS", "RoadElements", "cut_pieces", "road_elements"]

ELEMENT_KINDS = ("section", "bridge", "tunnel", "culvert")
_MAJOR = ("motorway", "trunk", "primary")
_HIGH_SPEED = ("motorway", "trunk")
_SLOPE_STEP_M = 30.0
_SPANNED = len(
    ELEMENT_KINDS
)  # a piece of a section that lies on a bridge or in a tunnel: an element of its own breaks there


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoadElements:
    """Parts of roads, each of one kind, with what decides how fragile it is.

    Parameters
    ----------
    road : ndarray of int64, shape (n_elements,), ascending
    from_m, to_m : ndarray of float64, shape (n_elements,)
        Part of the road, along its positions.
    kind : ndarray of int8, shape (n_elements,)
        Place in `ELEMENT_KINDS`. A culvert lies on a section that is an element of its own.
    x_m, y_m : ndarray of float64, shape (n_elements,)
        Middle of the part, in the network's metres.
    major, high_speed, paved : ndarray of bool, shape (n_elements,)
        Motorway, trunk or primary road; motorway or trunk road; whether the surface is bound.
    side_slope : ndarray of float64, shape (n_elements,)
        Fall of the ground across the road, as a ratio; NaN where it is not known.
    free_kph : ndarray of float64, shape (n_elements,)
        Speed on the dry road.
    road_length_m : ndarray of float64, shape (n_elements,)
        Of the whole road.
    notes : tuple of str
        What had to be assumed.
    """

    road: NDArray[np.int64]
    from_m: NDArray[np.float64]
    to_m: NDArray[np.float64]
    kind: NDArray[np.int8]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    major: NDArray[np.bool_]
    high_speed: NDArray[np.bool_]
    paved: NDArray[np.bool_]
    side_slope: NDArray[np.float64]
    free_kph: NDArray[np.float64]
    road_length_m: NDArray[np.float64]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.road)

    @property
    def length_m(self) -> NDArray[np.float64]:
        """Length of each part; float64, shape (n_elements,)."""
        return self.to_m - self.from_m

    def is_kind(self, *kinds: str) -> NDArray[np.bool_]:
        """Whether an element is of one of some kinds; bool array, shape (n_elements,)."""
        found: NDArray[np.bool_] = self.kind == ELEMENT_KINDS.index(kinds[0])
        for kind in kinds[1:]:
            found |= self.kind == ELEMENT_KINDS.index(kind)
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return the elements as a table."""
        return pd.DataFrame(
            {
                "road": self.road,
                "from_m": self.from_m,
                "to_m": self.to_m,
                "kind": np.array(ELEMENT_KINDS)[self.kind],
                "x_m": self.x_m,
                "y_m": self.y_m,
                "major": self.major,
                "paved": self.paved,
                "side_slope": self.side_slope,
            }
        )


_STRUCTURE_COLUMNS = (
    Column(name="lon", number=True, required=True),
    Column(name="lat", number=True, required=True),
    Column(name="kind", required=True, choices=ELEMENT_KINDS[1:]),
    Column(name="length_m", number=True, minimum=0),
)


def road_elements(
    network: RoadNetwork,
    *,
    structures: Path | str | pd.DataFrame | None = None,
    crs: str | None = None,
    elevation: Path | str | None = None,
) -> RoadElements:
    """Take a network apart into what a hazard can break.

    Roads over ``fragility.section_m`` (500 m) are cut into equal sections. A road that is flagged as a bridge or
    tunnel has one in its middle, unless a table of structures says where; a road of at most twice
    ``fragility.bridge_length_m`` is one from end to end.

    Parameters
    ----------
    network : RoadNetwork
    structures : path or DataFrame, optional
        Bridges, tunnels and culverts with their places: columns ``lon, lat, kind`` and, optionally, ``length_m``. Those
        of a road replace what its flags say.
    crs : str, optional
        Declared system of ``structures``.
    elevation : path, optional
        Elevation raster (extra ``raster``), for the slope of the ground across the roads.

    Returns
    -------
    RoadElements

    Raises
    ------
    InputError
        With every fault in the table; a structure must lie within 50 m of a road.
    """
    section_m = default("fragility.section_m").number
    length = network.road_length_m
    placed, notes = _placed_structures(network, structures, crs)
    flagged, more = _flagged_structures(network, {road for road, *_ in placed})
    notes += more
    whole = {road for road, begin, end, kind in flagged if kind != 3 and end - begin >= length[road]}
    cut = np.maximum(np.ceil(length / section_m - 1e-9), 1).astype(np.int64)
    cut[sorted(whole)] = 0
    road = np.repeat(np.arange(network.n_roads), cut)
    number = np.arange(len(road)) - np.repeat(np.cumsum(cut) - cut, cut)
    piece = length[road] / cut[road]
    parts = [*placed, *flagged]
    road = np.concatenate([road, np.array([part[0] for part in parts], dtype=np.int64)])
    begin = np.concatenate([number * piece, np.array([part[1] for part in parts])])
    end = np.concatenate([np.minimum((number + 1) * piece, length[road[: len(piece)]]), [part[2] for part in parts]])
    kind = np.concatenate([np.zeros(len(piece)), [part[3] for part in parts]]).astype(np.int8)
    order = np.lexsort((kind, begin, road))
    road, begin, end, kind = road[order], begin[order], end[order], kind[order]
    lines = network.projected_lines()[road]
    share = np.divide((begin + end) / 2, length[road], out=np.zeros(len(road)), where=length[road] > 0)
    at = shapely.line_interpolate_point(lines, share, normalized=True)
    x, y = shapely.get_x(at), shapely.get_y(at)
    edge = np.zeros(network.n_roads, dtype=np.int64)
    edge[network.road[::-1]] = np.arange(network.n_edges)[::-1]
    road_class = np.char.replace(network.road_class[edge].astype(np.str_), "_link", "")
    paved, more = _paved(network, road_class)
    notes += more
    slope = np.full(len(road), np.nan)
    if elevation is not None:
        slope, more = _side_slopes(network, lines, share, elevation)
        notes += more
    return RoadElements(
        road=road,
        from_m=begin,
        to_m=end,
        kind=kind,
        x_m=x,
        y_m=y,
        major=np.isin(road_class, _MAJOR)[road],
        high_speed=np.isin(road_class, _HIGH_SPEED)[road],
        paved=paved[road],
        side_slope=slope,
        free_kph=network.speed_kph[edge][road],
        road_length_m=length[road],
        notes=tuple(notes),
    )


def cut_pieces(network: RoadNetwork, elements: RoadElements) -> tuple[RoadElements, NDArray[np.int64]]:
    """Cut sections into pieces of ``fragility.piece_m`` at most, so that a narrow flood meets the road where it lies.

    Parameters
    ----------
    network : RoadNetwork
    elements : RoadElements

    Returns
    -------
    pieces : RoadElements
        In the order of the elements. Those of a section under a bridge or tunnel of its road are of no kind.
    first : ndarray of int64, shape (n_elements,)
        First piece of each element; every element has one at least.
    """
    section = elements.is_kind("section")
    most = default("fragility.piece_m").number
    cut = np.where(section, np.maximum(np.ceil(elements.length_m / most - 1e-9), 1), 1).astype(np.int64)
    first = np.cumsum(cut) - cut
    of = np.repeat(np.arange(len(elements)), cut)
    number = np.arange(len(of)) - first[of]
    size = (elements.length_m / cut)[of]
    begin = elements.from_m[of] + number * size
    end = np.where(number == cut[of] - 1, elements.to_m[of], begin + size)
    road, length = elements.road[of], elements.road_length_m[of]
    share = np.divide((begin + end) / 2, length, out=np.zeros(len(of)), where=length > 0)
    at = shapely.line_interpolate_point(network.projected_lines()[road], share, normalized=True)
    kind = elements.kind[of].copy()
    for structure in np.flatnonzero(elements.is_kind("bridge", "tunnel")).tolist():
        low, high = np.searchsorted(road, elements.road[structure] + np.array([0, 1]))
        middle = (begin[low:high] + end[low:high]) / 2
        under = (kind[low:high] == 0) & (middle >= elements.from_m[structure]) & (middle <= elements.to_m[structure])
        kind[low:high][under] = _SPANNED
    pieces = replace(
        elements,
        road=road,
        from_m=begin,
        to_m=end,
        kind=kind,
        x_m=shapely.get_x(at),
        y_m=shapely.get_y(at),
        major=elements.major[of],
        high_speed=elements.high_speed[of],
        paved=elements.paved[of],
        side_slope=elements.side_slope[of],
        free_kph=elements.free_kph[of],
        road_length_m=length,
    )
    return pieces, first


_Part = tuple[int, float, float, int]


def _placed_structures(
    network: RoadNetwork, source: Path | str | pd.DataFrame | None, crs: str | None
) -> tuple[list[_Part], list[str]]:
    """Put the structures of a table on their roads: road, from, to, kind."""
    if source is None:
        en = "no table of structures: culverts are not known, and none is counted"
        return [], [Note(en, "未提供构造物表：涵洞位置未知，不计涵洞")]
    table = read_text_table(source, label="structures", columns=_STRUCTURE_COLUMNS)
    frame, faults = check_table(table, _STRUCTURE_COLUMNS)
    code, unclear = declared_crs(table, crs)
    faults += [*position_faults(table, frame), *unclear]
    if faults:
        raise InputError(faults)
    frame = frame.reindex(columns=[column.name for column in _STRUCTURE_COLUMNS])
    lon, lat = to_wgs84(frame["lon"].to_numpy(np.float64), frame["lat"].to_numpy(np.float64), code)
    reach_m = default("closure.reach_m").number
    snapped = snap_points(network, lon, lat, snap_limit_m=reach_m, any_road=True)
    spans = frame["length_m"].fillna(default("fragility.bridge_length_m").number).to_numpy(np.float64)
    made: list[_Part] = []
    for at, (row, kind) in enumerate(zip(frame.index, frame["kind"], strict=True)):
        road = int(snapped.road[at])
        if road < 0:
            away = float(snapped.access_m[at])
            expected = f"a place within {reach_m:.0f} m of a road; the nearest is {away:.0f} m away"
            faults.append(table.fault(int(row), "lon", expected))
            continue
        made.append((road, *_span(float(snapped.position_m[at]), spans[at], network, road), ELEMENT_KINDS.index(kind)))
    if faults:
        raise InputError(faults)
    return made, []


def _span(middle: float, span: float, network: RoadNetwork, road: int) -> tuple[float, float]:
    length = float(network.road_length_m[road])
    return max(middle - span / 2, 0.0), min(middle + span / 2, length)


def _flagged_structures(network: RoadNetwork, known: set[int]) -> tuple[list[_Part], list[str]]:
    """Return the bridges and tunnels that roads are flagged as, but for roads whose structures are known."""
    length, span = network.road_length_m, default("fragility.bridge_length_m").number
    made: list[_Part] = []
    middle = 0
    for kind, flag in ((1, network.bridge), (2, network.tunnel)):
        for road in np.unique(network.road[flag]).tolist():
            if road in known:
                continue
            whole = length[road] <= 2 * span
            middle += not whole
            half = length[road] / 2 if whole else span / 2
            made.append((road, float(length[road] / 2 - half), float(length[road] / 2 + half), kind))
    if not middle:
        return made, []
    en = (
        f"{middle} bridges and tunnels stand on longer roads that do not say where: put in the middle, {span:.0f} m "
        "long; a table of structures says better"
    )
    return made, [Note(en, f"{middle} 处桥隧在路段上的位置未知：按路段中点、长 {span:.0f} 米计；可用构造物表给出")]


def _paved(network: RoadNetwork, road_class: NDArray[np.str_]) -> tuple[NDArray[np.bool_], list[str]]:
    loose = [word for name, entry in defaults_under("surface_words").items() if name != "paved" for word in entry.words]
    parts = {text: {part.strip() for part in text.split("/")} for text in np.unique(network.surface).tolist()}
    unpaved = [text for text, words in parts.items() if words & set(loose)]
    unknown = network.surface == ""
    paved = ~np.isin(network.surface, unpaved) & ~(unknown & (road_class == "track"))
    if not unknown.any():
        return paved, []
    share = float(network.road_length_m[unknown].sum() / network.road_length_m.sum())
    en = f"surface not known on {share:.0%} of the length: tracks taken as unpaved, other roads as paved"
    return paved, [Note(en, f"{share:.0%} 的里程路面未知：机耕路按未铺装计，其他道路按铺装计")]


def _side_slopes(
    network: RoadNetwork, lines: NDArray[np.object_], share: NDArray[np.float64], elevation: Path | str
) -> tuple[NDArray[np.float64], list[str]]:
    """Return the fall of the ground across the roads, over 60 m."""
    from rescuesim.network.vehicles.elevation import read_elevation

    whole = shapely.length(lines)
    before, after = (
        shapely.line_interpolate_point(lines, np.clip(share * whole + step, 0.0, whole)) for step in (-10.0, 10.0)
    )
    east = shapely.get_x(after) - shapely.get_x(before)
    north = shapely.get_y(after) - shapely.get_y(before)
    size = np.maximum(np.hypot(east, north), 1e-9)
    x = (shapely.get_x(before) + shapely.get_x(after)) / 2
    y = (shapely.get_y(before) + shapely.get_y(after)) / 2
    sides = []
    for sign in (-1, 1):
        aside_x, aside_y = x - sign * _SLOPE_STEP_M * north / size, y + sign * _SLOPE_STEP_M * east / size
        sides.append(unproject(aside_x, aside_y, network.crs))
    lon, lat = np.concatenate([side[0] for side in sides]), np.concatenate([side[1] for side in sides])
    raster = read_elevation(elevation, bounds=(lon.min(), lat.min(), lon.max(), lat.max()))
    left, right = (raster.at(*side) for side in sides)
    slope = np.abs(left - right) / (2 * _SLOPE_STEP_M)
    without = float(np.isnan(slope).mean()) if len(slope) else 0.0
    if without == 1:
        problem = f"{raster.source}: no elevation on any road: expected a raster of the county"
        raise InputError([Fault(file=raster.source, problem=problem)])
    if math.isclose(without, 0.0):
        return slope, []
    en = f"{raster.source}: no elevation for {without:.1%} of the road elements: taken as level ground"
    return slope, [Note(en, f"{raster.source}：{without:.1%} 的路段无高程，按平地计")]
