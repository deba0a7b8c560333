"""Coordinate systems: a declared system to WGS84 longitude and latitude, and metres for a region."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from rescuesim._tables import TextTable
from rescuesim.errors import Fault, InputError

__all__ = ["check_crs", "metric_crs", "project", "read_positions", "to_wgs84", "unproject"]


def check_crs(crs: str) -> str:
    """Return the declared system as an authority code.

    Parameters
    ----------
    crs : str
        ``"wgs84"`` or an EPSG code such as ``"EPSG:4490"``. It is never guessed.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the system is not known.

    Examples
    --------
    >>> check_crs("wgs84")
    'EPSG:4326'
    """
    if not isinstance(crs, str):
        raise InputError(f"crs {crs!r}: expected wgs84 or an EPSG code as text, such as EPSG:4490")
    if crs.strip().lower() == "wgs84":
        return "EPSG:4326"
    if not re.fullmatch(r"(?i)epsg:\d{4,6}", crs.strip()):
        raise InputError(f"crs {crs!r}: expected wgs84 or an EPSG code such as EPSG:4490")
    try:
        found = CRS.from_user_input(crs)
    except CRSError:
        raise InputError(f"crs {crs!r}: expected an EPSG code that exists") from None
    if len(found.axis_info) != 2 or not (found.is_projected or found.is_geographic):
        raise InputError(f"crs {crs!r}: expected a system of two horizontal coordinates, not {found.name}")
    return crs.strip().upper()


def to_wgs84(x: ArrayLike, y: ArrayLike, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn coordinates of a declared system into WGS84 longitude and latitude in degrees.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Longitude and latitude, or easting and northing.
    crs : str

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
    """
    code = check_crs(crs)
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if code == "EPSG:4326":
        return x, y
    lon, lat = Transformer.from_crs(code, "EPSG:4326", always_xy=True).transform(x, y)
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def read_positions(
    table: TextTable, frame: pd.DataFrame, crs: str
) -> tuple[pd.DataFrame, NDArray[np.float64], NDArray[np.float64], list[Fault]]:
    """Turn the ``lon`` and ``lat`` columns of a checked table into WGS84 degrees.

    Parameters
    ----------
    table : TextTable
    frame : DataFrame
        Rows of the table without a fault so far.
    crs : str
        Declared system of the columns.

    Returns
    -------
    frame : DataFrame
        The rows that lie on Earth.
    lon, lat : ndarray of float64, one a row
    faults : list of Fault
        One for each row that does not.
    """
    lon, lat = to_wgs84(frame["lon"], frame["lat"], crs)
    on_earth = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    faults = []
    for row, x, y in zip(frame.index[~on_earth], lon[~on_earth], lat[~on_earth], strict=True):
        exchanged = abs(x) <= 90 and 90 < abs(y) <= 180
        hint = "; lon and lat look exchanged" if exchanged else "; check the declared crs"
        faults.append(table.fault(int(row), "lon" if abs(x) > 180 else "lat", f"a place on Earth{hint}"))
    return frame[on_earth], lon[on_earth], lat[on_earth], faults


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
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(np.asarray(lon), np.asarray(lat))
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def unproject(x: ArrayLike, y: ArrayLike, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn metres of a projected system back into WGS84 degrees."""
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(np.asarray(x), np.asarray(y))
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
