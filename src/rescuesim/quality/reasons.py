"""Reason codes: what can be remarked on one point, and the points it holds for."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import project
from rescuesim.quality.snap import NearestRoads, in_network_area

__all__ = ["REASON_CODES", "REASON_WORDS", "reason_flags"]

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

REASON_CODES = (
    "outside_network",
    "outside_boundary",
    "no_road_in_range",
    "island_component",
    "far_from_road",
    "duplicate_position",
    "zero_people",
    "name_clash",
    "ok",
)
"""In order of gravity: the primary reason of a point is the first that applies, ``ok`` if none does."""

REASON_WORDS = MappingProxyType(
    {
        "outside_network": Note("outside the area of the road network", "在路网范围之外"),
        "outside_boundary": Note("outside the boundary", "在行政边界之外"),
        "no_road_in_range": Note("no road in range", "附近没有可到达的道路"),
        "island_component": Note("nearest drawn road is cut off from the network", "最近的道路与路网不连通"),
        "far_from_road": Note("far from any road", "离道路较远"),
        "duplicate_position": Note("same position as another point", "与其他点位置相同"),
        "zero_people": Note("zero people", "人口为零"),
        "name_clash": Note("same name as a point elsewhere", "同名而位置不同"),
        "ok": Note("nothing to remark", "正常"),
    }
)
_SAME_DEG = 1e-7  # about a centimetre


def reason_flags(
    network: RoadNetwork,
    points: CandidateSites | DemandPoints,
    nearest: NearestRoads,
    *,
    boundary: shapely.Geometry | None,
    snap_limit_m: float,
) -> Flags:
    """Mark which reason codes hold for which points.

    Parameters
    ----------
    network : RoadNetwork
    points : CandidateSites or DemandPoints
        With positions.
    nearest : NearestRoads
    boundary : Polygon or MultiPolygon in WGS84 degrees, optional
        Sites of a neighbour county may lie outside it.
    snap_limit_m : float

    Returns
    -------
    ndarray of bool, shape (n_points, n_codes)
        In the order of `REASON_CODES`; ``ok`` where no other holds.
    """
    assert points.lon is not None
    assert points.lat is not None
    lon, lat, n = points.lon, points.lat, len(points)
    out_of_range = nearest.access_m > snap_limit_m
    place = _place_ids(lon, lat)
    found = {
        "outside_network": out_of_range & ~in_network_area(network, lon, lat, margin_m=snap_limit_m),
        "outside_boundary": np.zeros(n, dtype=np.bool_) if boundary is None else _outside(points, lon, lat, boundary),
        "island_component": _on_island(network, lon, lat, nearest.access_m),
        "far_from_road": ~out_of_range & (nearest.access_m > default("quality.far_from_road_m").number),
        "duplicate_position": np.bincount(place, minlength=n)[place] > 1,
        "zero_people": points.people == 0 if isinstance(points, DemandPoints) else np.zeros(n, dtype=np.bool_),
        "name_clash": _name_clash(points.names, points.townships, place),
    }
    found["no_road_in_range"] = out_of_range & ~found["outside_network"]
    found["ok"] = ~np.logical_or.reduce(list(found.values()))
    return np.column_stack([found[code] for code in REASON_CODES])


def check_boundary(boundary: shapely.Geometry) -> None:
    """Raise InputError if a boundary is no valid area in degrees."""
    if not isinstance(boundary, (shapely.Polygon, shapely.MultiPolygon)) or boundary.is_empty:
        raise InputError(f"boundary: expected a polygon in WGS84 degrees, not {type(boundary).__name__}")
    west, south, east, north = boundary.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise InputError("boundary: expected a polygon in WGS84 degrees; its coordinates are none")
    if not boundary.is_valid:
        raise InputError(f"boundary: expected a valid polygon; {shapely.is_valid_reason(boundary)}")


def _outside(points: CandidateSites | DemandPoints, lon: Floats, lat: Floats, boundary: shapely.Geometry) -> Flags:
    shapely.prepare(boundary)
    outside = ~np.asarray(shapely.intersects_xy(boundary, lon, lat), dtype=np.bool_)
    if isinstance(points, CandidateSites):
        outside &= np.array([host != "neighbour_county" for host in points.hosts], dtype=np.bool_)
    return outside


def _on_island(network: RoadNetwork, lon: Floats, lat: Floats, access_m: Floats) -> Flags:
    """Mark the points that stand at a dropped road and are snapped to another, farther one."""
    island = np.zeros(len(lon), dtype=np.bool_)
    gain_m = default("quality.island_gain_m").number
    asked = np.flatnonzero(access_m > gain_m)
    if not len(network.dropped_lines) or not len(asked):
        return island

    def to_metres(degrees: Floats) -> Floats:
        return np.column_stack(project(degrees[:, 0], degrees[:, 1], network.crs))

    lines = shapely.transform(network.dropped_lines, to_metres)
    x, y = project(lon[asked], lat[asked], network.crs)
    on_earth = np.isfinite(x) & np.isfinite(y)
    asked, x, y = asked[on_earth], x[on_earth], y[on_earth]
    (at, _), metres = shapely.STRtree(lines).query_nearest(
        shapely.points(x, y), return_distance=True, all_matches=False
    )
    island[asked[at]] = metres + gain_m < access_m[asked[at]]
    return island


def _place_ids(lon: Floats, lat: Floats) -> NDArray[np.int64]:
    """Give each position a number, the same for those within 1e-7 degrees of each other."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    if not len(lon):
        return np.zeros(0, dtype=np.int64)
    exact, place = np.unique(np.column_stack([lon, lat]), axis=0, return_inverse=True)
    pairs = KDTree(exact).query_pairs(_SAME_DEG * 1.001, p=np.inf, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(exact), len(exact)))
    _, merged = connected_components(graph, directed=False)
    return np.asarray(merged, dtype=np.int64)[place.ravel()]


def _name_clash(names: tuple[str, ...], townships: tuple[str, ...], place: NDArray[np.int64]) -> Flags:
    """Mark the points that share their name with another place of the same township, or of one that is not given."""
    frame = pd.DataFrame({"name": names, "township": townships, "place": place})
    here = frame.groupby(["name", "township"])["place"].transform("nunique") > 1
    anywhere = frame.groupby("name")["place"].transform("nunique") > 1
    not_given = (frame["township"] == "").groupby(frame["name"]).transform("any")
    return np.asarray(here | (anywhere & not_given), dtype=np.bool_)
