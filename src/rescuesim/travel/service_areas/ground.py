"""The ground that reached roads serve: every place whose nearest road is reached in time for its access leg.

A place opens into the nearest road, as points do when they are snapped. So the ground is cut into cells, one for each
few metres of road and one for each junction: what lies nearest to them. In a cell, as much is served as the access leg
gets to in the time that is left there, at most ``service_area.width_m``. Where there is time for the full width, whole
roads are drawn that wide and only the cells of other roads are taken off. Nothing opens into a motorway
(``access.never_from``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import unproject
from rescuesim.network.road_network import TICKS_PER_SECOND
from rescuesim.quality.snap import roads_with_access
from rescuesim.travel.broken_pieces import expanded
from rescuesim.travel.service_areas.cells import STEP_M, Places, are_near, cells_of, dissolved, served_in_cells
from rescuesim.travel.service_areas.cut import ReachedParts
from rescuesim.travel.service_areas.intervals import RoadStretches, united
from rescuesim.travel.service_areas.lines import LEAST_LINE_M, drawn_stretches
from rescuesim.travel.split_graph import road_ends

__all__ = ["served_ground"]

_QUARTER = 4
_GRID_M = 0.01


def served_ground(
    network: RoadNetwork,
    parts: ReachedParts,
    node: NDArray[np.int32],
    node_left: NDArray[np.int64],
    *,
    width_m: float,
    filled_hole_m2: float,
) -> tuple[NDArray[np.object_], float]:
    """Draw the ground along reached roads.

    Parameters
    ----------
    network : RoadNetwork
    parts : ReachedParts
    node : ndarray of int32, shape (n_reached_nodes,)
        Junctions that are reached.
    node_left : ndarray of int64, shape (n_reached_nodes,)
        Free ticks that are left there.
    width_m : float
        Farther from a reached road, no ground is claimed.
    filled_hole_m2 : float
        Holes up to this size are filled if no road runs into them that is not reached in time for the full width.

    Returns
    -------
    polygons : ndarray of shapely Polygon
        WGS84 degrees, apart from each other.
    area_m2 : float
        In the projection of the network.

    Notes
    -----
    The line between two cells is off by a metre or two where roads of both sides are near each other.
    """
    if not len(node) and not len(parts):
        return np.empty(0, dtype=object), 0.0
    open_to_all = roads_with_access(network)
    near = _roads_near(network, parts, node, 2 * width_m)
    near = near[np.isin(near, open_to_all)]
    parts = parts.take(np.isin(parts.road, open_to_all))
    metre_ticks = 3.6 / network.access_kph * TICKS_PER_SECOND  # of the access leg
    wide = _full_width(parts, width_m * metre_ticks)
    others = wide.others(network.road_length_m)
    others = _longer(others.take(np.isin(others.road, near)))
    ground = shapely.union_all(
        shapely.buffer(drawn_stretches(network, wide).projected_lines(), width_m, quad_segs=_QUARTER)
    )
    early = _middles(network, wide, parts, metre_ticks, width_m)
    late = _middles(network, others, parts, metre_ticks, width_m)
    corners, at_wide = _corners(network, near, wide, node, node_left / metre_ticks, width_m)
    early, late = early.and_also(corners.take(at_wide)), late.and_also(corners.take(~at_wide))
    # who lies within the width of a reached place has its nearest place within twice that
    reached = early.and_also(late).take(np.r_[np.ones(len(early), dtype=np.bool_), late.reach_m >= 0])
    around_m = 2 * width_m + 2 * STEP_M
    late = late.take(are_near(late, reached, around_m))
    if len(late):
        cells = cells_of(late, early, width_m, (late.reach_m > 0) | are_near(late, early, around_m))
        rest = shapely.difference(ground, dissolved(cells))
        ground = shapely.union_all([rest, *served_in_cells(cells, late)])
    # a centimetre closes the seams between cells
    made = shapely.get_parts(shapely.set_precision(ground, _GRID_M))
    polygons = np.asarray([part for part in made if part.geom_type == "Polygon" and not part.is_empty], dtype=object)
    if filled_hole_m2 > 0 and len(polygons):
        polygons = _without_small_holes(polygons, drawn_stretches(network, others).projected_lines(), filled_hole_m2)
    area_m2 = float(shapely.area(polygons).sum()) if len(polygons) else 0.0

    def to_degrees(metres: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(unproject(metres[:, 0], metres[:, 1], network.crs))

    return np.asarray(shapely.transform(polygons, to_degrees), dtype=object), area_m2


def _united(parts: ReachedParts) -> RoadStretches:
    """Return what the parts hold of each road, without what is too short to draw."""
    return _longer(united(parts.road.astype(np.int64), parts.low_m, parts.high_m))


def _longer(stretches: RoadStretches) -> RoadStretches:
    """Leave out what is too short to draw."""
    return stretches.take(stretches.length_m >= LEAST_LINE_M)


def _full_width(parts: ReachedParts, full_ticks: float) -> RoadStretches:
    """Return what is reached so early that there is time for the full width."""
    near, far, at = parts.near_ticks, parts.far_ticks, parts.limit - full_ticks
    share = np.where(far <= at, 1.0, np.clip((at - near) / np.maximum(far - near, 1), 0.0, 1.0))
    early = replace(parts, far_m=parts.near_m + share * (parts.far_m - parts.near_m))
    return _united(early.take((near <= at) & (share > 0)))


def _roads_near(
    network: RoadNetwork, parts: ReachedParts, node: NDArray[np.int32], margin_m: float
) -> NDArray[np.int64]:
    """Return the roads in the box around what is reached."""
    box = shapely.bounds(network.road_line)
    places = np.column_stack([network.lon, network.lat])[node]
    around = np.concatenate([box[np.unique(parts.road)], np.column_stack([places, places])])
    lat = margin_m / 110_000  # a little more than the margin
    lon = lat / max(float(np.cos(np.radians(np.abs(around[:, [1, 3]]).max()))), 0.01)
    margin = np.array([lon, lat])
    low, high = around[:, :2].min(axis=0) - margin, around[:, 2:].max(axis=0) + margin
    return np.flatnonzero(((box[:, :2] <= high) & (box[:, 2:] >= low)).all(axis=1))


def _middles(
    network: RoadNetwork, stretches: RoadStretches, parts: ReachedParts, metre_ticks: float, width_m: float
) -> Places:
    """Cut stretches into equal short pieces and return their middles."""
    counts = np.maximum(np.ceil(stretches.length_m / STEP_M), 1).astype(np.int64)
    which, at = expanded(np.zeros(len(counts), dtype=np.int64), counts)
    road = stretches.road[which]
    position = stretches.from_m[which] + (at + 0.5) / counts[which] * stretches.length_m[which]
    drawn = drawn_stretches(network, RoadStretches(road=road, from_m=position, to_m=position))  # two vertices each
    reach_m = np.minimum(_time_left(parts, road, position) / metre_ticks, width_m)
    return Places(road=road, xy=np.column_stack([drawn.x_m[::2], drawn.y_m[::2]]), reach_m=reach_m)


def _corners(
    network: RoadNetwork,
    roads: NDArray[np.int64],
    wide: RoadStretches,
    node: NDArray[np.int32],
    left_m: NDArray[np.float64],
    width_m: float,
) -> tuple[Places, NDArray[np.bool_]]:
    """Return the junctions at which roads end, and whether a stretch of full width ends there."""
    start, end = road_ends(network)
    reach_m, is_wide = np.full(network.n_nodes, -1.0), np.zeros(network.n_nodes, dtype=np.bool_)
    reach_m[node] = np.minimum(left_m, width_m)
    is_wide[start[wide.road[wide.from_m <= 0]]] = True
    is_wide[end[wide.road[wide.to_m >= network.road_length_m[wide.road]]]] = True
    is_wide &= reach_m >= width_m
    at = np.unique(np.r_[start[roads], end[roads]])
    xy = np.column_stack([network.x_m, network.y_m])[at]
    return Places(road=np.full(len(at), -1, dtype=np.int64), xy=xy, reach_m=reach_m[at]), is_wide[at]


def _time_left(parts: ReachedParts, on: NDArray[np.int64], position_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ticks left when the first crew is at each position; negative where none gets there."""
    order = np.argsort(parts.road, kind="stable")
    road = parts.road[order]
    which, at = expanded(np.searchsorted(road, on), np.searchsorted(road, on, side="right"))
    part, position = order[at], position_m[which]
    inside = (parts.low_m[part] <= position) & (position <= parts.high_m[part])
    which, part, position = which[inside], part[inside], position[inside]
    length = np.maximum(np.abs(parts.far_m - parts.near_m)[part], 1e-12)
    share = np.abs(position - parts.near_m[part]) / length
    ticks = parts.near_ticks[part] + share * (parts.far_ticks - parts.near_ticks)[part]
    left = np.full(len(on), -1.0)
    np.maximum.at(left, which, parts.limit[part] - ticks)
    return left


def _without_small_holes(
    polygons: NDArray[np.object_], others: NDArray[np.object_], most_m2: float
) -> NDArray[np.object_]:
    """Fill small holes into which none of the other roads runs."""
    found, of_polygon = shapely.get_rings(polygons, return_index=True)
    rings = np.asarray(found, dtype=object)
    is_hole = np.r_[False, of_polygon[1:] == of_polygon[:-1]]
    holes = np.asarray(shapely.polygons(rings), dtype=object)
    small = np.flatnonzero(is_hole & (shapely.area(holes) <= most_m2))
    entered = np.unique(shapely.STRtree(others).query(holes[small], predicate="intersects")[0])
    fill = np.zeros(len(rings), dtype=np.bool_)
    fill[np.delete(small, entered)] = True
    kept = polygons.copy()
    for at in np.unique(of_polygon[fill]):
        outline = rings[(of_polygon == at) & ~fill]
        kept[at] = shapely.Polygon(outline[0], holes=list(outline[1:]))
    return kept
