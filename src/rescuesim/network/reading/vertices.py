"""Makes vertices that lie at one place one node."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.ways import EARTH_RADIUS_M

__all__ = ["distinct_vertices", "on_sphere_m"]


def on_sphere_m(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places as points of a sphere in metres, where near places are near each other all over the Earth.

    Returns
    -------
    ndarray of float64, shape (n, 3)
    """
    east, north = np.radians(lon), np.radians(lat)
    return EARTH_RADIUS_M * np.column_stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])


def distinct_vertices(
    lon: NDArray[np.float64], lat: NDArray[np.float64], *, within_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], int]:
    """Return the distinct places among vertices; those within a tolerance of another are one with it.

    Places are looked at from west to east; one that has an earlier one within the tolerance joins it, and is then
    joined by none itself, so no chain of near vertices collapses to a point. The order of the
    vertices does not matter. O(n log n).

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,)
    within_m : float

    Returns
    -------
    lon, lat : ndarray of float64, shape (n_places,)
        In the order of longitude, then latitude.
    at : ndarray of int64, shape (n,)
        Place of each vertex.
    merged : int
        Number of places that became one with another.

    Examples
    --------
    >>> lon = np.array([1.0, 0.0, 1.0, 1.0 + 1e-9])
    >>> places, _, at, merged = distinct_vertices(lon, np.zeros(4), within_m=0.01)
    >>> places.tolist(), at.tolist(), merged
    ([0.0, 1.0], [1, 0, 1, 1], 1)
    """
    from scipy.spatial import cKDTree

    exact, at = np.unique((lon + 0.0) + 1j * (lat + 0.0), return_inverse=True)
    east, north = exact.real, exact.imag
    pairs = cKDTree(on_sphere_m(east, north)).query_pairs(within_m, output_type="ndarray")
    joins = np.arange(len(exact))
    for low, high in sorted(map(tuple, np.sort(pairs, axis=1).tolist())):
        if joins[low] == low and joins[high] == high:
            joins[high] = low
    leads = joins == np.arange(len(exact))
    place = np.cumsum(leads) - 1
    return east[leads], north[leads], place[joins[at]].astype(np.int64), int((~leads).sum())
