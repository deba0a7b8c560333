"""The lines of routes: road geometry in WGS84 degrees, cut where points meet the roads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import project, unproject
from rescuesim.travel.split_graph import SplitGraph

__all__ = ["RoadLines", "line_of"]

_Floats = NDArray[np.float64]


class RoadLines:
    """Parts of road lines, found where they are asked for.

    Positions are shares of a road's length; between vertices they lie where snapping put them, on the straight line in
    the metres of the network.

    Parameters
    ----------
    network : RoadNetwork
    roads : ndarray of int
        The roads that may be asked for.
    """

    def __init__(self, network: RoadNetwork, roads: NDArray[np.int64]) -> None:
        self._crs = network.crs
        self._length_m = network.road_length_m
        self._roads = np.unique(roads)
        lines = network.road_line[self._roads]
        self._degrees, of = shapely.get_coordinates(lines, return_index=True)
        self._metres = np.column_stack(project(self._degrees[:, 0], self._degrees[:, 1], network.crs))
        self._first = np.r_[0, np.cumsum(np.bincount(of, minlength=len(self._roads)))]
        self._pieces: dict[int, _Floats] = {}

    def part(self, road: int, from_m: float, to_m: float) -> _Floats:
        """Return the vertices between two positions of a road, along its positions.

        Returns
        -------
        ndarray of float64, shape (n_vertices, 2)
            Longitude and latitude; the ends of the road are its own vertices.
        """
        place = int(np.searchsorted(self._roads, road))
        here = slice(int(self._first[place]), int(self._first[place + 1]))
        degrees, metres = self._degrees[here], self._metres[here]
        length = float(self._length_m[road])
        if from_m <= 0 and to_m >= length:
            return degrees
        along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(metres, axis=0).T))]
        low, high = (value / length * along[-1] for value in (from_m, min(to_m, length)))
        inner = degrees[(along > low) & (along < high)]
        start = degrees[:1] if from_m <= 0 else self._between(metres, along, low)
        end = degrees[-1:] if to_m >= length else self._between(metres, along, high)
        return np.concatenate([start, inner, end])

    def place(self, road: int, at_m: float) -> _Floats:
        """Return longitude and latitude of a position on a road; shape (2,)."""
        along = self.part(road, max(at_m, 0.0), float(self._length_m[road]))
        return np.asarray(along[-1 if at_m >= self._length_m[road] > 0 else 0])

    def _between(self, metres: _Floats, along: _Floats, at: float) -> _Floats:
        step = min(max(int(np.searchsorted(along, at, side="right")) - 1, 0), len(along) - 2)
        whole = along[step + 1] - along[step]
        share = (at - along[step]) / whole if whole > 0 else 0.0
        x, y = metres[step] + (metres[step + 1] - metres[step]) * share
        return np.column_stack(unproject([x], [y], self._crs))

    def piece(self, graph: SplitGraph, piece: int) -> _Floats:
        """Return the vertices of a piece in the direction of driving; float64, shape (n_vertices, 2)."""
        if piece not in self._pieces:
            found = self.part(int(graph.road[piece]), float(graph.from_m[piece]), float(graph.to_m[piece]))
            self._pieces[piece] = found if graph.forward[piece] else found[::-1]
        return self._pieces[piece]

    def path(self, graph: SplitGraph, pieces: NDArray[np.integer]) -> _Floats:
        """Return the vertices of pieces driven one after the other, none twice in a row."""
        if not len(pieces):
            return np.zeros((0, 2))
        vertices = np.concatenate([self.piece(graph, piece) for piece in pieces.tolist()])
        return np.asarray(vertices[np.r_[True, (np.diff(vertices, axis=0) != 0).any(axis=1)]])


def line_of(vertices: _Floats | Sequence[_Floats]) -> shapely.LineString:
    """Make a line of vertices; an empty one of fewer than two distinct ones."""
    found = np.asarray(vertices, dtype=np.float64).reshape(-1, 2)
    if len(found) < 2 or not (found != found[0]).any():
        return shapely.LineString()
    return shapely.LineString(found)
