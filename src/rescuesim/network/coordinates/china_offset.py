"""GCJ-02 and BD-09, the offset coordinates of Chinese web maps, both ways and vectorised.

Amap, Tencent and most official web maps of China serve GCJ-02, Baidu BD-09. Both are WGS84 moved by a few
hundred metres that change from place to place. The forward formulas have been public for many years; the
way back has no formula and is iterated until the forward image is met.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim.errors import InputError, InvariantError

__all__ = [
    "CHINA_BOX",
    "bd09_to_gcj02",
    "bd09_to_wgs84",
    "gcj02_to_bd09",
    "gcj02_to_wgs84",
    "in_china_box",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
]

Floats = NDArray[np.float64]
Formula = Callable[[Floats, Floats], tuple[Floats, Floats]]

CHINA_BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east and north of the box in which the public formula moves positions, in degrees."""

_AXIS_M = 6_378_245.0  # Krasovsky 1940, as in the public formula
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BD_WAVE = np.pi * 3000.0 / 180.0
_REACH_DEG = 0.05  # farther than any offset: what lies this far outside the box cannot come from inside
_LAST_STEP_DEG = 3e-10  # what is left after such a step is a tenth of it or less, 3 micrometres
_HAIR_DEG = 1e-9  # what comes from the border itself may come back a rounding error outside it
_MOST_STEPS = 20  # each step gains a digit and a half or more: eight are enough
_CHUNK = 8192  # the dozen arrays of a chunk fit the second-level cache


def in_china_box(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Mark the positions in the box in which the public formula applies, its border included.

    The box takes in Hong Kong, Macao and Taiwan and parts of the neighbouring countries: the public formula
    makes no exception of them, though some maps do.

    Examples
    --------
    >>> in_china_box([119.3, -8.6], [28.7, 41.1]).tolist()
    [True, False]
    """
    west, south, east, north = CHINA_BOX
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Move WGS84 positions to GCJ-02; outside the box nothing moves.

    Parameters
    ----------
    lon, lat : array_like of float, shape (n,)
        Degrees.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)

    Raises
    ------
    InputError
        If a value is not finite.

    Examples
    --------
    >>> lon, lat = wgs84_to_gcj02([116.391], [39.907])
    >>> f"{lon[0]:.6f} {lat[0]:.6f}"
    '116.397241 39.908401'
    """
    return _moved(lon, lat, _to_gcj02, boxed=True)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Turn GCJ-02 positions into WGS84, so that `wgs84_to_gcj02` gives them back to 1e-9 degrees.

    At the border of the box the forward formula jumps, and two rules make the way back unambiguous: a
    position that some place *inside* the box is moved to comes from that place; any other stays where it
    is. So every place in the box makes the round trip, and every place outside it but for a strip of under 1.5
    km along the border, all of it in other countries or at sea.

    Parameters
    ----------
    lon, lat : array_like of float, shape (n,)
        Degrees.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)

    Raises
    ------
    InputError
        If a value is not finite.

    Examples
    --------
    >>> lon, lat = gcj02_to_wgs84(*wgs84_to_gcj02([116.391], [39.907]))
    >>> f"{lon[0]:.9f} {lat[0]:.9f}"
    '116.391000000 39.907000000'
    """
    return _moved(lon, lat, _inverse(_to_gcj02), boxed=True, backwards=True)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Move GCJ-02 positions to BD-09.

    The public formula of this step knows no box: it moves every position, also abroad.

    Parameters
    ----------
    lon, lat : array_like of float, shape (n,)
        Degrees.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
    """
    return _moved(lon, lat, _to_bd09)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Turn BD-09 positions into GCJ-02; the inverse of `gcj02_to_bd09` everywhere."""
    return _moved(lon, lat, _inverse(_to_bd09))


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Move WGS84 positions to BD-09; outside the box nothing moves.

    Examples
    --------
    >>> lon, lat = wgs84_to_bd09([116.391, -8.6], [39.907, 41.1])
    >>> lon.round(5).tolist(), lat.round(5).tolist()
    ([116.40361, -8.6], [39.91474, 41.1])
    """
    return _moved(lon, lat, lambda x, y: _to_bd09(*_to_gcj02(x, y)), boxed=True)


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Turn BD-09 positions into WGS84, with the rules of `gcj02_to_wgs84` at the border of the box."""
    to_gcj02, to_wgs84 = _inverse(_to_bd09), _inverse(_to_gcj02)
    return _moved(lon, lat, lambda x, y: to_wgs84(*to_gcj02(x, y)), boxed=True, backwards=True)


def _moved(
    lon: ArrayLike, lat: ArrayLike, formula: Formula, *, boxed: bool = False, backwards: bool = False
) -> tuple[Floats, Floats]:
    """Apply a formula in chunks; `boxed` where only places in the box move, `backwards` if they are what comes out."""
    x, y = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError("longitude, latitude: expected finite degrees")
    to_x, to_y = np.array(x, ndmin=1).ravel(), np.array(y, ndmin=1).ravel()
    west, south, east, north = CHINA_BOX
    reach = _REACH_DEG if backwards else 0.0
    for start in range(0, len(to_x), _CHUNK):
        part_x, part_y = to_x[start : start + _CHUNK], to_y[start : start + _CHUNK]
        if not boxed:
            part_x[:], part_y[:] = formula(part_x, part_y)
            continue
        near = (part_x >= west - reach) & (part_x <= east + reach)
        near &= (part_y >= south - reach) & (part_y <= north + reach)
        if not near.any():
            continue
        moved_x, moved_y = formula(part_x[near], part_y[near])
        if backwards:
            inside = (moved_x >= west - _HAIR_DEG) & (moved_x <= east + _HAIR_DEG)
            inside &= (moved_y >= south - _HAIR_DEG) & (moved_y <= north + _HAIR_DEG)
            near[near] = inside
            moved_x, moved_y = moved_x[inside], moved_y[inside]
        part_x[near], part_y[near] = moved_x, moved_y
    return to_x.reshape(x.shape), to_y.reshape(y.shape)


def _inverse(formula: Formula) -> Formula:
    """Return the inverse of a formula that nearly is a plain shift, by fixed-point iteration.

    What the formulas add changes by under 3 per cent of the distance between two places (by under 1 per cent for
    GCJ-02), so each step leaves no more than that of the error. The one exception is a cusp of GCJ-02 at
    105 E, the root of the distance from it, which slows the steps there below 1e-10 degrees only.
    """

    def back(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        at_x, at_y = x.copy(), y.copy()
        for _ in range(_MOST_STEPS):
            image_x, image_y = formula(at_x, at_y)
            step_x, step_y = x - image_x, y - image_y
            at_x += step_x
            at_y += step_y
            if not len(x) or max(np.abs(step_x).max(), np.abs(step_y).max()) < _LAST_STEP_DEG:
                return at_x, at_y
        raise InvariantError(f"an offset did not invert within {_MOST_STEPS} steps")

    return back


def _to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Apply the public formula: waves over the distance from 105 E, 35 N, in metres, turned into degrees."""
    x, y = lon - 105.0, lat - 35.0
    quick, (x3, x1, x12, x30) = _waves(x)
    _, (y3, y1, y12, y30) = _waves(y, quick=False)
    xy, abs_x = 0.1 * x * y, np.abs(x)
    root = np.sqrt(abs_x)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + xy + 0.2 * root
    north_m += (quick + 20.0 * y1 + 40.0 * y3 + 160.0 * y12 + 320.0 * y30) * (2.0 / 3.0)
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + xy + 0.1 * root
    east_m += (quick + 20.0 * x1 + 40.0 * x3 + 150.0 * x12 + 300.0 * x30) * (2.0 / 3.0)
    radians = np.radians(lat)
    sine = np.sin(radians)
    flat = 1.0 - _ECCENTRICITY_SQUARED * sine * sine
    root_flat = np.sqrt(flat)
    degrees = 180.0 / (np.pi * _AXIS_M)
    to_lon = lon + east_m * root_flat / np.cos(radians) * degrees
    to_lat = lat + north_m * flat * root_flat * (degrees / (1.0 - _ECCENTRICITY_SQUARED))
    return to_lon, to_lat


def _waves(x: Floats, *, quick: bool = True) -> tuple[Floats, tuple[Floats, Floats, Floats, Floats]]:
    """Return the waves of the formula from one sine and one cosine, by the laws of sums of angles.

    Returns
    -------
    quick : ndarray
        20 sin 6πx + 20 sin 2πx; zeros if not wanted.
    slow : tuple of ndarray
        Sines of πx/3, πx, πx/12 and πx/30.
    """
    angle = x * (np.pi / 60.0)
    s1, c1 = np.sin(angle), np.cos(angle)
    s2, c2 = _doubled(s1, c1)  # πx/30
    s4, c4 = _doubled(s2, c2)
    s5, c5 = s4 * c1 + c4 * s1, c4 * c1 - s4 * s1  # πx/12
    s10, c10 = _doubled(s5, c5)
    s20, c20 = _doubled(s10, c10)  # πx/3
    s60 = s20 * (3.0 - 4.0 * s20 * s20)  # πx
    slow = (s20, s60, s5, s2)
    if not quick:
        return x, slow
    s120 = 2.0 * s60 * (c20 * (4.0 * c20 * c20 - 3.0))  # 2πx
    return 20.0 * s120 * (4.0 - 4.0 * s120 * s120), slow  # 6πx is three times 2πx


def _doubled(sine: Floats, cosine: Floats) -> tuple[Floats, Floats]:
    """Return sine and cosine of twice the angle."""
    return 2.0 * sine * cosine, 1.0 - 2.0 * sine * sine


def _to_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Apply the public formula: a wave on the distance from 0, 0 and one on the direction, then a shift.

    The turn is at most 3e-6, so its sine and cosine are two terms of their series to the last bit.
    """
    away = np.hypot(lon, lat)
    stretch = 1.0 + 2e-5 * np.sin(lat * _BD_WAVE) / np.where(away > 0.0, away, 1.0)
    turn = 3e-6 * np.cos(lon * _BD_WAVE)
    sine, cosine = turn * (1.0 - turn * turn / 6.0), 1.0 - turn * turn / 2.0
    return (lon * cosine - lat * sine) * stretch + 0.0065, (lat * cosine + lon * sine) * stretch + 0.006
