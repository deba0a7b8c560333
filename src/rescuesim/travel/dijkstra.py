"""The readable reference engine: SciPy's Dijkstra on integer ticks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim.network.road_network import UNREACHABLE

__all__ = ["shortest_ticks"]

_CELLS_AT_ONCE = 2**22  # SciPy returns a dense row over all nodes for each origin


def shortest_ticks(
    matrix: csr_array,
    origins: NDArray[np.int32],
    destinations: NDArray[np.int32],
    origin_usable: NDArray[np.bool_],
    destination_usable: NDArray[np.bool_],
    *,
    limit: int,
) -> NDArray[np.int32]:
    """Compute the ticks of the shortest paths between nodes.

    Parameters
    ----------
    matrix : csr_array of float64, shape (n_nodes, n_nodes)
        Whole ticks; explicit zeros are edges that take no time.
    origins, destinations : ndarray of int32
        Nodes.
    origin_usable, destination_usable : ndarray of bool
        Where False, nothing is reached.
    limit : int
        Paths longer than this are not wanted.

    Returns
    -------
    ndarray of int32, shape (n_origins, n_destinations)
        2^30 - 1 where there is no path within the limit.

    Notes
    -----
    SciPy computes in float64, which holds whole numbers up to 2^53 exactly.
    """
    found = np.full((len(origins), len(destinations)), UNREACHABLE, dtype=np.int32)
    rows, columns = np.flatnonzero(origin_usable), np.flatnonzero(destination_usable)
    if not len(columns):
        return found
    at_once = max(_CELLS_AT_ONCE // matrix.shape[0], 1)
    within = float(min(limit, UNREACHABLE - 1))
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        ticks = dijkstra(matrix, directed=True, indices=origins[some], limit=within)[:, destinations[columns]]
        found[np.ix_(some, columns)] = np.where(np.isfinite(ticks), ticks, UNREACHABLE).astype(np.int32)
    return found
