"""Geometry of stretches of roads: drawn lines cut at positions, without a loop over roads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import project, unproject
from rescuesim.travel.broken_pieces import expanded
from rescuesim.travel.service_areas.intervals import RoadStretches

__all__ = ["LEAST_LINE_M", "DrawnStretches", "drawn_stretches"]

LEAST_LINE_M = 1e-3  # a shorter stretch is not drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnStretches:
    """Vertices of stretches of roads, one stretch after the other.

    Parameters
    ----------
    stretch : ndarray of int64, shape (n_vertices,)
        Index of the stretch, ascending.
    lon, lat, x_m, y_m : ndarray of float64, shape (n_vertices,)
        WGS84 degrees and metres of the network.
    position_m : ndarray of float64, shape (n_vertices,)
        On the road; it never falls along a stretch.
    """

    stretch: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    position_m: NDArray[np.float64]

    def lines(self) -> NDArray[np.object_]:
        """Return a line in degrees for each stretch."""
        return _lines(np.column_stack([self.lon, self.lat]), self.stretch)

    def projected_lines(self) -> NDArray[np.object_]:
        """Return a line in metres for each stretch."""
        return _lines(np.column_stack([self.x_m, self.y_m]), self.stretch)


def _lines(coordinates: NDArray[np.float64], index: NDArray[np.int64]) -> NDArray[np.object_]:
    if not len(index):
        return np.empty(0, dtype=object)
    return np.asarray(shapely.linestrings(coordinates, indices=index), dtype=object)


def drawn_stretches(network: RoadNetwork, stretches: RoadStretches) -> DrawnStretches:
    """Cut the drawn lines of roads where stretches begin and end.

    Parameters
    ----------
    network : RoadNetwork
    stretches : RoadStretches
        Longer than 0.

    Returns
    -------
    DrawnStretches
        A position lies at its share of the line as it is drawn in the metres of the network, as it does when points
        are snapped.
    """
    roads, line = np.unique(stretches.road, return_inverse=True)
    degrees, of_line = shapely.get_coordinates(network.road_line[roads], return_index=True)
    metres = np.column_stack(project(degrees[:, 0], degrees[:, 1], network.crs))
    counts = np.bincount(of_line, minlength=len(roads))
    first = np.r_[0, np.cumsum(counts)]
    step = np.r_[0.0, np.hypot(*np.diff(metres, axis=0).T)] if len(metres) else np.zeros(0)
    step[first[:-1]] = 0.0
    # one ruler over all lines, with a gap of a metre between them
    ruler = np.cumsum(step) + of_line
    begin, drawn_m = ruler[first[:-1]], ruler[first[1:] - 1] - ruler[first[:-1]]
    length = network.road_length_m[roads]
    scale = np.divide(drawn_m, length, out=np.zeros(len(roads)), where=length > 0)[line]
    low, high = (begin[line] + at * scale for at in (stretches.from_m, stretches.to_m))
    after = np.clip(np.searchsorted(ruler, low, side="right"), first[line] + 1, first[line + 1] - 1)
    until = np.clip(np.searchsorted(ruler, high, side="left"), after, first[line + 1] - 1)
    size = until - after + 2
    which, place = expanded(np.zeros(len(size), dtype=np.int64), size)
    vertex = after[which] + place - 1
    along = ruler[np.minimum(vertex, len(ruler) - 1)] if len(ruler) else np.zeros(0)
    is_first, is_last = place == 0, place == size[which] - 1
    xy, lonlat = metres[vertex], degrees[vertex]
    for at_end, at, before in ((is_first, low, after - 1), (is_last, high, until - 1)):
        share = np.clip((at - ruler[before]) / np.maximum(ruler[before + 1] - ruler[before], 1e-12), 0.0, 1.0)
        xy[at_end] = metres[before] + share[:, None] * (metres[before + 1] - metres[before])
        inside = (share > 0) & (share < 1)
        ends = np.where((share >= 1)[:, None], degrees[before + 1], degrees[before])
        ends[inside] = np.column_stack(unproject(xy[at_end][inside, 0], xy[at_end][inside, 1], network.crs))
        lonlat[at_end] = ends
        along[at_end] = at
    position = np.divide(along - begin[line[which]], scale[which], out=np.zeros(len(which)), where=scale[which] > 0)
    return DrawnStretches(
        stretch=which, lon=lonlat[:, 0], lat=lonlat[:, 1], x_m=xy[:, 0], y_m=xy[:, 1], position_m=position
    )
