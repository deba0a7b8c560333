"""Cells of the ground: what lies nearest to each place on the roads, and how much of it is served."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi, cKDTree

__all__ = ["STEP_M", "Places", "are_near", "cells_of", "dissolved", "served_in_cells"]

STEP_M = 10.0  # of road for a place
_COARSE = 5  # far from what is not reached, one cell in so many
_QUARTER = 4  # corners of a quarter of a disc; they lie on its edge, so that no disc is drawn too large
_LEAST_REACH_M = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Places on roads that stand for what is around them; arrays of shape (n_places,).

    Parameters
    ----------
    road : ndarray of int64
        -1 for a junction.
    xy : ndarray of float64, shape (n_places, 2)
        Metres.
    reach_m : ndarray of float64
        How far from the road a crew gets in the time that is left there, at most the full width; negative where none
        is in time.
    """

    road: NDArray[np.int64]
    xy: NDArray[np.float64]
    reach_m: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.road)

    def take(self, which: NDArray[np.bool_]) -> Places:
        """Return some of the places."""
        return Places(road=self.road[which], xy=self.xy[which], reach_m=self.reach_m[which])

    def and_also(self, others: Places) -> Places:
        """Return these places and then others."""
        return Places(
            road=np.r_[self.road, others.road],
            xy=np.concatenate([self.xy, others.xy]),
            reach_m=np.r_[self.reach_m, others.reach_m],
        )


def are_near(places: Places, others: Places, within_m: float) -> NDArray[np.bool_]:
    """Mark the places that have one of the others within a distance."""
    if not len(others) or not len(places):
        return np.zeros(len(places), dtype=np.bool_)
    apart, _ = cKDTree(others.xy).query(places.xy, distance_upper_bound=within_m)
    return np.asarray(apart < np.inf)


def cells_of(places: Places, wide: Places, width_m: float, wanted: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Return the cells of the wanted places among all places: convex polygons that share their corners.

    Empty for the others and for a place that stands on another. Wide places far from all others only keep cells from
    spreading over the ground within the width of them, for which few of them do.
    """
    if len(wide):
        first = np.r_[True, wide.road[1:] != wide.road[:-1]]
        few = first | (np.arange(len(wide)) % _COARSE == 0)
        wide = wide.take(few | are_near(wide, places, 2 * width_m + 2 * _COARSE * STEP_M))
    xy = np.concatenate([places.xy, wide.xy])
    # among places at one spot the road of the lowest index, to which a point would snap
    by_road = np.argsort(np.r_[places.road, wide.road], kind="stable")
    _, lowest = np.unique(np.round(xy[by_road], 3), axis=0, return_index=True)
    kept = np.sort(by_road[lowest])
    middle = xy.mean(axis=0)
    spread = np.abs(xy - middle).max() + 10 * width_m + 1.0
    far_corners = 4 * spread * np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])  # so that no cell is without end
    made = Voronoi(np.concatenate([xy[kept] - middle, far_corners]))
    which = np.flatnonzero(kept < len(places))
    which = which[wanted[kept[which]]]
    corners = [made.regions[made.point_region[at]] for at in which]
    cell = np.repeat(np.arange(len(which)), [len(of_one) for of_one in corners])
    vertex = np.fromiter((corner for of_one in corners for corner in of_one), np.int64, len(cell))
    around = made.vertices[vertex] - made.points[which][cell]
    order = np.lexsort((np.arctan2(around[:, 1], around[:, 0]), cell))
    cells = np.full(len(places), shapely.Polygon(), dtype=object)
    if len(which):
        cells[kept[which]] = shapely.polygons(shapely.linearrings(made.vertices[vertex[order]] + middle, indices=cell))
    return cells


def dissolved(cells: NDArray[np.object_]) -> shapely.Geometry:
    """Unite cells that share their corners."""
    try:
        return shapely.coverage_union_all(cells)
    except shapely.GEOSException:  # corners that differ in the last digit
        return shapely.union_all(cells)


def served_in_cells(cells: NDArray[np.object_], places: Places) -> list[shapely.Geometry]:
    """Return what is served of each cell: the part of it that lies within reach of its place."""
    some = np.flatnonzero((places.reach_m >= _LEAST_REACH_M) & ~shapely.is_empty(cells))
    corners, of_cell = shapely.get_coordinates(cells[some], return_index=True)
    farthest = np.zeros(len(some))
    np.maximum.at(farthest, of_cell, np.hypot(*(corners - places.xy[some][of_cell]).T))
    whole, cut = some[farthest <= places.reach_m[some]], some[farthest > places.reach_m[some]]
    discs = shapely.buffer(shapely.points(places.xy[cut]), places.reach_m[cut], quad_segs=_QUARTER)
    return [dissolved(cells[whole]), *shapely.intersection(cells[cut], discs)]
