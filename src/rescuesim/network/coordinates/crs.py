"""Coordinate systems: a declared system to WGS84 longitude and latitude, and metres for a region."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer

from rescuesim.network.coordinates.china_offset import CHINA_BOX as CHINA_BOX
from rescuesim.network.coordinates.china_offset import bd09_to_gcj02 as bd09_to_gcj02
from rescuesim.network.coordinates.china_offset import bd09_to_wgs84 as bd09_to_wgs84
from rescuesim.network.coordinates.china_offset import gcj02_to_bd09 as gcj02_to_bd09
from rescuesim.network.coordinates.china_offset import gcj02_to_wgs84 as gcj02_to_wgs84
from rescuesim.network.coordinates.china_offset import in_china_box as in_china_box
from rescuesim.network.coordinates.china_offset import wgs84_to_bd09 as wgs84_to_bd09
from rescuesim.network.coordinates.china_offset import wgs84_to_gcj02 as wgs84_to_gcj02
from rescuesim.network.coordinates.declared_crs import check_crs as check_crs
from rescuesim.network.coordinates.declared_crs import to_wgs84 as to_wgs84
from rescuesim.network.coordinates.positions import CheckedPositions as CheckedPositions
from rescuesim.network.coordinates.positions import check_positions as check_positions
from rescuesim.network.coordinates.positions import read_positions as read_positions


def metric_crs(lon: ArrayLike, lat: ArrayLike) -> str:
    """Return the UTM zone of the middle of some points, as an EPSG code.

    Examples
    --------
    >>> metric_crs([119.3], [28.7])
    'EPSG:32650'
    """
    middle_lon = float(np.mean(np.asarray(lon)))
    zone = int((middle_lon + 180) // 6) % 60 + 1
    return f"EPSG:{(32600 if float(np.mean(np.asarray(lat))) >= 0 else 32700) + zone}"


def project(lon: ArrayLike, lat: ArrayLike, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project WGS84 degrees to the metres of a projected system."""
    x, y = _between("EPSG:4326", crs).transform(np.asarray(lon), np.asarray(lat))
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def unproject(x: ArrayLike, y: ArrayLike, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn metres of a projected system back into WGS84 degrees."""
    lon, lat = _between(crs, "EPSG:4326").transform(np.asarray(x), np.asarray(y))
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


@functools.lru_cache(maxsize=32)
def _between(source: str, target: str) -> Transformer:
    """Return the transformer between two systems; PROJ takes some 50 ms to find one."""
    return Transformer.from_crs(source, target, always_xy=True)
