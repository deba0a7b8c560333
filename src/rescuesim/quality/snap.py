"""Snapping: where each point meets the roads, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.errors import Fault, InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import project
from rescuesim.network.road_network import to_ticks

__all__ = [
    "NearestRoads",
    "SnappedPoints",
    "in_network_area",
    "nearest_roads",
    "place_faults",
    "roads_with_access",
    "snap_points",
]

_END_TOLERANCE_M = 1e-3  # nearer to a junction than this, a point is at the junction


@dataclass(frozen=True, slots=True, kw_only=True)
class SnappedPoints:
    """Positions of points on the roads.

    Parameters
    ----------
    road : ndarray of int32, shape (n,)
        -1 where no road is in range.
    position_m : ndarray of float64, shape (n,)
        Metres along the road; 0 without a road.
    access_m : ndarray of float64, shape (n,)
        Straight distance from the point to its position, also where it is out of range.
    access_ticks : ndarray of int32, shape (n,)
        Time of the access leg in 0.1 ms.
    """

    road: NDArray[np.int32]
    position_m: NDArray[np.float64]
    access_m: NDArray[np.float64]
    access_ticks: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.road)

    @property
    def in_range(self) -> NDArray[np.bool_]:
        """Whether a road is in range; bool array, shape (n,)."""
        return self.road >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestRoads:
    """The nearest road of each point, however far it is.

    Parameters
    ----------
    road : ndarray of int64, shape (n,)
    position_m : ndarray of float64, shape (n,)
        Metres along the road.
    access_m : ndarray of float64, shape (n,)
        Straight distance to that position; infinite for a place that the network's projection cannot hold.
    x_m, y_m : ndarray of float64, shape (n,)
        That position in the metres of the network.
    """

    road: NDArray[np.int64]
    position_m: NDArray[np.float64]
    access_m: NDArray[np.float64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]


def nearest_roads(
    network: RoadNetwork, lon: NDArray[np.float64], lat: NDArray[np.float64], *, any_road: bool = False
) -> NearestRoads:
    """Find the nearest position on a road for each point; among roads at the same distance the lowest index.

    Parameters
    ----------
    network : RoadNetwork
    lon, lat : ndarray of float64, shape (n,)
        WGS84 degrees.
    any_road : bool, optional
        Whether a motorway counts too. No village opens into one (``access.never_from``); where there is
        no other road, all count.

    Returns
    -------
    NearestRoads
    """
    if not len(lon):  # projecting a county's roads for nobody takes most of the time of a caller who asks often
        none = np.empty(0)
        return NearestRoads(road=np.empty(0, dtype=np.int64), position_m=none, access_m=none, x_m=none, y_m=none)
    lines = network.projected_lines()
    open_to_all = np.arange(network.n_roads) if any_road else roads_with_access(network)
    x, y = project(lon, lat, network.crs)
    # a point that the projection cannot hold (swapped columns) is far from every road, wherever it is put
    on_earth = np.isfinite(x) & np.isfinite(y)
    points = np.asarray(shapely.points(np.where(on_earth, x, 0.0), np.where(on_earth, y, 0.0)), dtype=object)
    nearest = np.zeros(len(points), dtype=np.int64)
    pairs = shapely.STRtree(lines[open_to_all]).query_nearest(points, all_matches=True)
    order = np.lexsort((pairs[1], pairs[0]))
    at, road = pairs[0][order], open_to_all[pairs[1][order]]
    first = np.flatnonzero(np.r_[True, at[1:] != at[:-1]])
    nearest[at[first]] = road[first]
    along = shapely.line_locate_point(lines[nearest], points)
    access_m = np.where(on_earth, shapely.distance(lines[nearest], points), np.inf)
    drawn, length = shapely.length(lines[nearest]), network.road_length_m[nearest]
    position = np.divide(along * length, drawn, out=np.zeros(len(points)), where=drawn > 0)
    position = np.where(position < _END_TOLERANCE_M, 0.0, position)
    position = np.where(position > length - _END_TOLERANCE_M, length, position)
    on_road = shapely.line_interpolate_point(lines[nearest], along)
    return NearestRoads(
        road=nearest,
        position_m=position,
        access_m=access_m,
        x_m=np.asarray(shapely.get_x(on_road)),
        y_m=np.asarray(shapely.get_y(on_road)),
    )


def roads_with_access(network: RoadNetwork) -> NDArray[np.int64]:
    """Return the roads that points can open into, ascending."""
    first = network.forward
    barred = np.zeros(network.n_roads, dtype=np.bool_)
    barred[network.road[first]] = np.isin(network.road_class[first], default("access.never_from").words)
    return np.flatnonzero(~barred) if not barred.all() else np.arange(network.n_roads)


def snap_points(
    network: RoadNetwork,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    *,
    snap_limit_m: float | None = None,
    access_speed_kph: float | None = None,
    any_road: bool = False,
) -> SnappedPoints:
    """Snap points to the nearest positions on roads.

    Parameters
    ----------
    network : RoadNetwork
    lon, lat : ndarray of float64, shape (n,)
        WGS84 degrees.
    snap_limit_m : float, optional
        Farther from any road than this, a point has no road; default ``access.snap_limit_m``.
    access_speed_kph : float, optional
        Speed of the access leg; that of the network's vehicle if absent.
    any_road : bool, optional
        Whether a motorway counts too, which no village opens into.

    Returns
    -------
    SnappedPoints
        Among roads at the same distance the one of the lowest index is taken.

    Examples
    --------
    See `rescuesim.travel_times`, which snaps its points itself.
    """
    limit = default("access.snap_limit_m").number if snap_limit_m is None else snap_limit_m
    speed = network.access_kph if access_speed_kph is None else access_speed_kph
    if not (limit >= 0 and speed > 0):
        raise InputError(f"snap limit {limit} m, access speed {speed} km/h: expected 0 or more, and above 0")
    nearest = nearest_roads(network, lon, lat, any_road=any_road)
    out = nearest.access_m > limit
    return SnappedPoints(
        road=np.where(out, -1, nearest.road).astype(np.int32),
        position_m=np.where(out, 0.0, nearest.position_m),
        access_m=nearest.access_m,
        access_ticks=to_ticks(np.where(out, 0.0, nearest.access_m) / speed * 3.6),
    )


def in_network_area(
    network: RoadNetwork, lon: NDArray[np.float64], lat: NDArray[np.float64], *, margin_m: float
) -> NDArray[np.bool_]:
    """Mark the points in the box around the roads; bool array, shape (n,).

    Parameters
    ----------
    network : RoadNetwork
    lon, lat : ndarray of float64, shape (n,)
        WGS84 degrees.
    margin_m : float
        What is added to the box on each side.
    """
    west, south, east, north = shapely.total_bounds(network.road_line)
    margin_lat = margin_m / 111_000
    margin_lon = margin_lat / max(np.cos(np.radians((south + north) / 2)), 0.01)
    across = (lon >= west - margin_lon) & (lon <= east + margin_lon)
    return np.asarray(across & (lat >= south - margin_lat) & (lat <= north + margin_lat))


def place_faults(
    network: RoadNetwork,
    points: CandidateSites | DemandPoints,
    *,
    snap_limit_m: float | None = None,
    nearest: NearestRoads | None = None,
) -> list[Fault]:
    """Find the points that lie outside the network's area or have no road in range.

    Parameters
    ----------
    network : RoadNetwork
    points : CandidateSites or DemandPoints
    snap_limit_m : float, optional
        As in `snap_points`.
    nearest : NearestRoads, optional
        The points' nearest roads, where they are known already.

    Returns
    -------
    list of Fault
        One a point, in the order of rows.
    """
    if points.lon is None or points.lat is None:
        return []
    limit = default("access.snap_limit_m").number if snap_limit_m is None else snap_limit_m
    if not limit >= 0:
        raise InputError(f"snap limit {limit} m: expected 0 or more")
    access_m = (nearest if nearest is not None else nearest_roads(network, points.lon, points.lat)).access_m
    west, south, east, north = shapely.total_bounds(network.road_line)
    inside = in_network_area(network, points.lon, points.lat, margin_m=limit)
    faults = []
    for index in np.flatnonzero(access_m > limit):
        lon, lat = float(points.lon[index]), float(points.lat[index])
        row, value = (
            points.rows[index] if points.rows else None,
            f"{points.ids[index]} at {lon:.6f} {lat:.6f}",
        )
        expected = (
            f"a road within {limit:.0f} m; the nearest is {access_m[index]:.0f} m away"
            if inside[index]
            else f"a place in the network's area, lon {west:.4f} to {east:.4f}, lat {south:.4f} to {north:.4f}; "
            "check the declared crs and the order of the columns"
        )
        faults.append(Fault(file=points.source, row=row, column="lon, lat", value=value, expected=expected))
    return faults
