"""Finds where roads cross without meeting, and ends that nearly touch another road."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim.network.coordinates.crs import metric_crs, project
from rescuesim.network.ways import Ways

__all__ = ["find_crossings", "loose_ends", "metric_places", "steps_of"]

_AT_ONCE = 100_000  # steps looked up in one call, so that memory stays small


def metric_places(ways: Ways, *, crs: str | None = None) -> NDArray[np.float64]:
    """Return the places of nodes in metres of a projected system, by default the UTM zone of their middle.

    Returns
    -------
    ndarray of float64, shape (n_nodes, 2)
    """
    code = metric_crs(ways.lon, ways.lat) if crs is None else crs
    return np.column_stack(project(ways.lon, ways.lat, code))


def steps_of(ways: Ways) -> NDArray[np.int64]:
    """Return the entries of ``at`` from which a step leads to the next node; int64, shape (n_steps,)."""
    return np.flatnonzero(~ways.is_last)


def find_crossings(ways: Ways) -> NDArray[np.int64]:
    """Find pairs of steps that cross between their ends and share no node.

    Parameters
    ----------
    ways : Ways

    Returns
    -------
    ndarray of int64, shape (n_crossings, 2)
        Entries of ``ways.at`` where the two steps begin, the lower first. Two roads drawn over the same nodes
        cross a third twice. Takes O(n log n) where roads lie as roads do.
    """
    steps = steps_of(ways)
    if not len(steps):
        return np.zeros((0, 2), dtype=np.int64)
    # straightness is what matters, not distance: degrees will do
    place = np.column_stack([ways.lon, ways.lat])
    start, end = ways.at[steps], ways.at[steps + 1]
    lines = np.asarray(shapely.linestrings(np.stack([place[start], place[end]], axis=1)))
    tree = shapely.STRtree(lines)
    found = []
    for begin in range(0, len(steps), _AT_ONCE):
        one, other = tree.query(lines[begin : begin + _AT_ONCE])
        one = one + begin
        new = one < other
        one, other = one[new], other[new]
        meet = (
            (start[one] == start[other])
            | (start[one] == end[other])
            | (end[one] == start[other])
            | (end[one] == end[other])
        )
        one, other = one[~meet], other[~meet]
        a, b, c, d = place[start[one]], place[end[one]], place[start[other]], place[end[other]]
        cross = (_side(a, b, c) * _side(a, b, d) < 0) & (_side(c, d, a) * _side(c, d, b) < 0)
        found.append(np.column_stack([one[cross], other[cross]]))
    return np.asarray(steps[np.concatenate(found)], dtype=np.int64)


def _side(start: NDArray[np.float64], end: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return on which side of a step a point lies: 1 left, -1 right, 0 on it."""
    along, off = end - start, point - start
    return np.asarray(np.sign(along[:, 0] * off[:, 1] - along[:, 1] * off[:, 0]))


def loose_ends(ways: Ways, *, within_m: float) -> int:
    """Count ends that meet no road but lie within a distance of another.

    Parameters
    ----------
    ways : Ways
    within_m : float

    Returns
    -------
    int
    """
    ends = np.r_[ways.first[:-1], ways.first[1:] - 1]
    ends = ends[np.bincount(ways.at, minlength=ways.n_nodes)[ways.at[ends]] == 1]
    steps = steps_of(ways)
    if not (len(ends) and len(steps)):
        return 0
    place = metric_places(ways)
    lines = np.asarray(shapely.linestrings(np.stack([place[ways.at[steps]], place[ways.at[steps + 1]]], axis=1)))
    points = shapely.points(place[ways.at[ends]])
    end, near = shapely.STRtree(lines).query(points, predicate="dwithin", distance=within_m)
    others = ways.way_of[ends[end]] != ways.way_of[steps[near]]
    return len(np.unique(end[others]))
