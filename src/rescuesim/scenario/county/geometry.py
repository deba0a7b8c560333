"""Plane geometry of the county: the local frame, smooth lines, crossings of segments.

All functions work in metres in a local frame centred on the county; ``to_lonlat`` is the only way out.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LON0 = 119.3
LAT0 = 28.7
_AXIS_M = 6378137.0  # WGS 84
_ECC2 = 0.00669437999014


def stream(seed: int, key: int) -> np.random.Generator:
    """Return the random stream of one part of the county.

    Parameters
    ----------
    seed : int
        Seed of the county.
    key : int
        Number of the part; parts never share draws, so changing one leaves the others alone.

    Returns
    -------
    numpy.random.Generator
        A fresh generator.
    """
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(key,)))


def _curvatures(lat_rad: Floats | float) -> tuple[Floats, Floats]:
    """Radii of curvature in the meridian and the prime vertical (m)."""
    w2 = 1.0 - _ECC2 * np.sin(lat_rad) ** 2
    return np.asarray(_AXIS_M * (1 - _ECC2) / w2**1.5), np.asarray(_AXIS_M / np.sqrt(w2))


def to_lonlat(xy: Floats) -> Floats:
    """Turn local metres into WGS 84 degrees (inverse transverse Mercator, cut at second order).

    Parameters
    ----------
    xy : float array, shape (n, 2)
        East and north of the county's centre, metres.

    Returns
    -------
    float array, shape (n, 2)
        Longitude and latitude, degrees, rounded to 7 decimals as in OSM files.
    """
    x, y = np.asarray(xy, dtype=float).reshape(-1, 2).T
    lat0 = math.radians(LAT0)
    meridian0, _ = _curvatures(lat0)
    meridian, _ = _curvatures(lat0 + 0.5 * y / meridian0)
    foot = lat0 + y / meridian
    meridian_f, vertical_f = _curvatures(foot)
    lat = foot - np.tan(foot) * x**2 / (2 * meridian_f * vertical_f)
    lon = x / (vertical_f * np.cos(foot))
    return np.round(np.column_stack([LON0 + np.degrees(lon), np.degrees(lat)]), 7)


def lengths_along(line: Floats) -> Floats:
    """Distance from the line's start to each of its points.

    Parameters
    ----------
    line : float array, shape (n, 2)
        Points in metres.

    Returns
    -------
    float array, shape (n,)
        Metres.
    """
    steps = np.hypot(*np.diff(line, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def resample(line: Floats, step_m: float) -> Floats:
    """Points at about equal distances along a line, both ends kept.

    Parameters
    ----------
    line : float array, shape (n, 2)
        Points in metres.
    step_m : float
        Wanted distance between points.

    Returns
    -------
    float array, shape (m, 2)
        Points in metres, m at least 2.
    """
    s = lengths_along(line)
    n = max(1, round(float(s[-1]) / step_m))
    t = np.linspace(0.0, float(s[-1]), n + 1)
    out = np.column_stack([np.interp(t, s, line[:, 0]), np.interp(t, s, line[:, 1])])
    out[0], out[-1] = line[0], line[-1]
    return out


def smooth(line: Floats, sigma: float) -> Floats:
    """Smooth a line with a Gaussian over its points; the ends stay where they are.

    Parameters
    ----------
    line : float array, shape (n, 2)
        Points in metres.
    sigma : float
        Width in points.

    Returns
    -------
    float array, shape (n, 2)
        The smoothed line.
    """
    if len(line) < 3:
        return line.copy()
    # Point reflection at both ends keeps the direction in which a road leaves its junction.
    pad = min(len(line) - 1, max(1, int(4 * sigma)))
    head = 2 * line[0] - line[1 : pad + 1][::-1]
    tail = 2 * line[-1] - line[-pad - 1 : -1][::-1]
    whole = gaussian_filter1d(np.vstack([head, line, tail]), sigma, axis=0, mode="nearest")
    out: Floats = whole[pad : pad + len(line)]
    out[0], out[-1] = line[0], line[-1]
    return out


def normals(line: Floats) -> Floats:
    """Return the unit normals (to the left of travel) at the points of a line.

    Parameters
    ----------
    line : float array, shape (n, 2)
        Points in metres, n at least 2.

    Returns
    -------
    float array, shape (n, 2)
        Unit vectors.
    """
    tangent = np.gradient(line, axis=0)
    tangent = tangent / np.maximum(np.hypot(*tangent.T)[:, None], 1e-9)
    return np.column_stack([-tangent[:, 1], tangent[:, 0]])


def crossings(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[Floats, Floats]:
    """Where segments ``a-b`` meet segments ``c-d``, pair by pair.

    Parameters
    ----------
    a, b, c, d : float array, shape (n, 2)
        Ends of the segments.

    Returns
    -------
    t, u : float array, shape (n,)
        Share of the way along ``a-b`` and along ``c-d``; NaN where they do not meet.
    """
    r, s, q = b - a, d - c, c - a
    cross = r[:, 0] * s[:, 1] - r[:, 1] * s[:, 0]
    safe = np.where(np.abs(cross) < 1e-9, np.nan, cross)
    t = (q[:, 0] * s[:, 1] - q[:, 1] * s[:, 0]) / safe
    u = (q[:, 0] * r[:, 1] - q[:, 1] * r[:, 0]) / safe
    hit = (t >= 0) & (t <= 1) & (u >= 0) & (u <= 1)
    return np.where(hit, t, np.nan), np.where(hit, u, np.nan)


def near_pairs(a: Floats, b: Floats, c: Floats, d: Floats) -> Ints:
    """Pairs (segment of the first set, segment of the second) close enough to cross.

    Parameters
    ----------
    a, b : float array, shape (n, 2)
        Ends of the first segments.
    c, d : float array, shape (m, 2)
        Ends of the second segments.

    Returns
    -------
    int array, shape (k, 2)
        Index pairs in lexicographic order.
    """
    if len(a) == 0 or len(c) == 0:
        return np.zeros((0, 2), dtype=np.int64)
    reach = 0.5 * (np.hypot(*(b - a).T).max() + np.hypot(*(d - c).T).max()) + 1.0
    second = cKDTree((c + d) / 2)
    found = second.query_ball_point((a + b) / 2, reach, return_sorted=True)
    counts = np.array([len(row) for row in found], dtype=np.int64)
    if counts.sum() == 0:
        return np.zeros((0, 2), dtype=np.int64)
    heads = np.concatenate([np.asarray(row, dtype=np.int64) for row in found if row])
    return np.column_stack([np.repeat(np.arange(len(a), dtype=np.int64), counts), heads])


def along(line: Floats, s: Floats) -> Floats:
    """Points at given distances along a line.

    Parameters
    ----------
    line : float array, shape (n, 2)
        Points in metres.
    s : float array, shape (m,)
        Distances from the start, metres.

    Returns
    -------
    float array, shape (m, 2)
        Points in metres.
    """
    at = lengths_along(line)
    return np.column_stack([np.interp(s, at, line[:, 0]), np.interp(s, at, line[:, 1])])
