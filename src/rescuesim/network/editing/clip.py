"""Cuts roads down to an area and what lies around it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.errors import InputError
from rescuesim.network.editing.area import Area, check_buffer, read_area
from rescuesim.network.editing.way_runs import ways_of_runs
from rescuesim.network.ways import Ways

if TYPE_CHECKING:
    from rescuesim.network.editing.area import AreaLike

__all__ = ["clip_ways"]


def clip_ways(ways: Ways, area: AreaLike, *, buffer_m: float | None = None, crs: str | None = None) -> Ways:
    """Keep the roads in an area and within a distance of it.

    The way from one village of a county to another may lead through the next county, and the nearest station
    may stand there: roads cut off at the border make villages near it look farther than they are, or
    unreachable. So the area is widened, by default by what a car drives in 15 minutes at 40 km/h.

    Ways are cut at their nodes. A step from one node to the next stays whole if any of it lies in the widened
    area, so a road reaches past the border rather than ending before it.

    Parameters
    ----------
    ways : Ways
    area : Polygon, MultiPolygon, path, GeoDataFrame or tuple
        A shapely geometry in WGS84 degrees, a layer of polygons in any system, or a box
        ``(west, south, east, north)`` in WGS84 degrees.
    buffer_m : float, optional
        Metres around the area; default ``clip.buffer_m``.
    crs : str, optional
        Declared system of a layer that states none.

    Returns
    -------
    Ways
        A note says how much was kept and cut.

    Raises
    ------
    DataFileError
        If the file of the area is absent or no layer.
    InputError
        If the area is no valid polygon, or no road touches it.

    Examples
    --------
    >>> import geopandas, shapely
    >>> from rescuesim.network.reading.lines import ways_from_lines
    >>> line = shapely.LineString([(119.0, 28.7), (119.1, 28.7), (119.2, 28.7), (119.3, 28.7), (119.4, 28.7)])
    >>> road = ways_from_lines(geopandas.GeoDataFrame({"highway": ["primary"]}, geometry=[line], crs="EPSG:4326"))
    >>> clip_ways(road, (119.15, 28.6, 119.25, 28.8), buffer_m=0).lon.tolist()
    [119.1, 119.2, 119.3]
    """
    buffer_m = check_buffer(default("clip.buffer_m").number if buffer_m is None else buffer_m)
    wanted = read_area(area, crs=crs)
    place = wanted.places(ways.lon, ways.lat)
    keep = _steps_within(ways, place, wanted, buffer_m)
    if not keep.any() or not _steps_within(ways, place, wanted, 0.0).any():
        raise InputError(_no_overlap(ways, wanted))
    whole = keep.sum() == len(ways.at) - ways.n_ways
    start = np.flatnonzero(keep & ~np.r_[False, keep[:-1]])
    stop = np.flatnonzero(keep & ~np.r_[keep[1:], False]) + 2  # after the node in which the last step ends
    clipped = ways if whole else ways_of_runs(ways, ways.way_of[start], start, stop)
    return clipped.with_notes(*wanted.notes, _what_was_kept(ways, keep, wanted, buffer_m))


def _steps_within(ways: Ways, place: NDArray[np.float64], area: Area, by_m: float) -> NDArray[np.bool_]:
    """Whether any of the step from each entry of ``at`` lies within a distance of the area; bool, shape (n_refs,)."""
    west, south, east, north = area.metres.bounds
    low, high = np.array([west, south]) - by_m, np.array([east, north]) + by_m
    shapely.prepare(area.metres)
    inside = np.asarray(((place >= low) & (place <= high)).all(axis=1))
    inside[inside] = shapely.dwithin(area.metres, shapely.points(place[inside]), by_m)
    keep = np.zeros(len(ways.at), dtype=np.bool_)
    step = np.flatnonzero(~ways.is_last)
    start, end = ways.at[step], ways.at[step + 1]
    keep[step] = inside[start] | inside[end]
    # what remains to be looked at are steps that pass by or cut a corner
    passing = np.asarray(~keep[step]) & (np.maximum(place[start], place[end]) >= low).all(axis=1)
    passing &= (np.minimum(place[start], place[end]) <= high).all(axis=1)
    lines = shapely.linestrings(np.stack([place[start[passing]], place[end[passing]]], axis=1))
    keep[step[passing]] = shapely.dwithin(area.metres, lines, by_m)
    return keep


def _what_was_kept(ways: Ways, keep: NDArray[np.bool_], area: Area, buffer_m: float) -> Note:
    km, all_km = ways.step_m[keep].sum() / 1000, ways.step_m.sum() / 1000
    steps, kept = np.diff(ways.first) - 1, np.add.reduceat(keep.astype(np.int64), ways.first[:-1])
    gone, cut = int((kept == 0).sum()), int(((kept > 0) & (kept < steps)).sum())
    around = f"{buffer_m / 1000:g} km around {area.label}"
    around_zh = f"{'区域' if area.label == 'the area' else area.label}及其周边 {buffer_m / 1000:g} 公里"
    name = Path(ways.source).name
    return Note(
        f"{name}: clipped to {around}: {km:.1f} of {all_km:.1f} km of roads kept, "
        f"{gone} roads left out, {cut} cut at the border",
        f"{name}：按{around_zh}裁剪：{all_km:.1f} 公里道路保留 {km:.1f} 公里，{gone} 条在外略去，{cut} 条在边界处截断",
    )


def _no_overlap(ways: Ways, area: Area) -> str:
    """Say where the roads lie and where the area, and whether its columns look exchanged."""
    roads = (ways.lon.min(), ways.lat.min(), ways.lon.max(), ways.lat.max())
    west, south, east, north = area.degrees.bounds
    exchanged = south <= roads[2] and north >= roads[0] and west <= roads[3] and east >= roads[1]
    hint = "; lon and lat of the area look exchanged" if exchanged else "; check its coordinate system"
    return (
        f"{ways.source}: no road touches {area.label}: the roads lie at {_extent(roads)}, "
        f"the area at {_extent((west, south, east, north))}{hint}"
    )


def _extent(bounds: tuple[float, ...]) -> str:
    west, south, east, north = bounds
    return f"{west:.4f} to {east:.4f} east, {south:.4f} to {north:.4f} north"
