"""The coordinate system that a caller declares: checked, never guessed, and turned into WGS84.

A declaration is a text: ``wgs84``, ``gcj02``, ``bd09``, an EPSG code, or an EPSG code with the shift of its
datum, ``EPSG:2414 +towgs84=dx,dy,dz``. `check_crs` returns it in one spelling that all other functions take.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.crs import BoundCRS
from pyproj.crs.coordinate_operation import ToWGS84Transformation
from pyproj.exceptions import CRSError, ProjError

from rescuesim.errors import InputError
from rescuesim.network.coordinates.china_offset import bd09_to_wgs84, gcj02_to_wgs84

__all__ = ["OFFSET_SYSTEMS", "SHIFTED_DATUMS", "check_crs", "datum_of", "epsg_part", "to_wgs84"]

OFFSET_SYSTEMS = ("gcj02", "bd09")
SHIFTED_DATUMS = ("Beijing 1954", "Xian 1980", "New Beijing")
"""Datums of China whose shift to WGS84 is not public: PROJ has none, or one of an oil field."""

_SAME_AS_WGS84 = ("China 2000", "World Geodetic System 1984", "World Geodetic System 1984 ensemble")
_EXPECTED = "expected gcj02, bd09, wgs84 or an EPSG code such as EPSG:4490"
# beyond these a parameter is in the wrong unit: metres, seconds of arc and parts per million are asked for
_MOST_SHIFT = (3000.0, 3000.0, 3000.0, 120.0, 120.0, 120.0, 200.0)


def check_crs(crs: str, *, shift: Sequence[float] | None = None) -> str:
    """Return the declared system in the one spelling that is used further on.

    Parameters
    ----------
    crs : str
        ``"wgs84"``, ``"gcj02"``, ``"bd09"`` (in any case) or an EPSG code such as ``"EPSG:4490"``, which may be
        followed by ``+towgs84=`` and a shift. It is never guessed.
    shift : sequence of 3 or 7 floats, optional
        The same as a keyword: dx, dy, dz in metres and, optionally, rx, ry, rz in seconds of arc and the
        scale in parts per million, from the datum to WGS84, in the position vector sense of PROJ's ``+towgs84``.
        (The coordinate frame convention of some Chinese software has the signs of rx, ry and rz reversed.)

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the system is not known, or stands on a datum whose shift to WGS84 is not public and not given.

    Notes
    -----
    Beijing 1954 and Xian 1980 lie some 50 to 150 m off WGS84, differently from place to place. Asked for
    WGS84 coordinates, PROJ shifts nothing, or takes the shift of some oil field, and says nothing about
    it; here they are refused unless the caller gives the shift that the surveying office uses. The same holds
    for any other datum to which PROJ knows no transformation. CGCS2000 (EPSG:4490 and its Gauss-Kruger
    zones, 4491 to 4554) is taken as WGS84, as PROJ does: both follow the same terrestrial frame, and what
    the plates have moved since 2000 is within a metre or so.

    Examples
    --------
    >>> check_crs("wgs84"), check_crs("GCJ02"), check_crs("epsg:4549")
    ('EPSG:4326', 'gcj02', 'EPSG:4549')
    >>> check_crs("EPSG:2414", shift=(15.8, -154.4, -82.3))
    'EPSG:2414 +towgs84=15.8,-154.4,-82.3'
    """
    if not isinstance(crs, str):
        raise InputError(f"crs {crs!r}: expected gcj02, bd09, wgs84 or an EPSG code as text, such as EPSG:4490")
    text = crs.strip()
    found = re.fullmatch(r"(?is)(epsg:\d{4,6}|wgs-?84|gcj-?02|bd-?09)\s*(?:\+towgs84=(.*))?", text)
    if found is None:
        raise InputError(f"crs {crs!r}: {_EXPECTED}")
    name, tail = found[1].lower().replace("-", ""), found[2]
    if tail is not None and shift is not None:
        raise InputError(f"crs {crs!r}: expected the shift once, in the text or as shift=")
    given = _shift_of(tail.split(",") if tail is not None else shift, crs)
    if not name.startswith("epsg"):
        if given:
            raise InputError(f"crs {crs!r}: a shift belongs to an EPSG code, {name} takes none")
        return "EPSG:4326" if name == "wgs84" else name
    code = name.upper()
    if wrong := _epsg_fault(code, shifted=bool(given)):
        raise InputError(f"crs {crs!r}: {wrong}")
    return code + (" +towgs84=" + ",".join(f"{value:.15g}" for value in given) if given else "")


def _shift_of(values: Sequence[object] | None, crs: str) -> tuple[float, ...]:
    """Read the parameters of a shift; empty if none are given."""
    if values is None:
        return ()
    expected = "3 or 7 numbers: dx, dy, dz in metres, rx, ry, rz in seconds of arc, scale in parts per million"
    try:
        numbers = tuple(float(str(value).strip()) for value in values)
    except ValueError:
        numbers = ()
    sizes = zip(numbers, _MOST_SHIFT, strict=False)
    if len(numbers) not in (3, 7) or not all(math.isfinite(value) and abs(value) <= most for value, most in sizes):
        raise InputError(f"crs {crs!r}, shift {values!r}: expected {expected}")
    return numbers


@functools.lru_cache(maxsize=128)
def _epsg_fault(code: str, *, shifted: bool) -> str:
    """Say what is wrong with a code that does not exist, is not horizontal, or lacks or needs no shift."""
    try:
        found = CRS.from_user_input(code)
    except CRSError:
        return "expected an EPSG code that exists"
    if len(found.axis_info) != 2 or not (found.is_projected or found.is_geographic):
        return f"expected a system of two horizontal coordinates, not {found.name}"
    datum = datum_of(found)
    if datum in _SAME_AS_WGS84:
        return f"{found.name} needs no shift to WGS84: expected the code alone" if shifted else ""
    if shifted:
        return ""
    if datum not in SHIFTED_DATUMS:
        try:
            Transformer.from_crs(found, "EPSG:4326", always_xy=True, allow_ballpark=False)
        except ProjError:
            pass
        else:
            return ""
    return (
        f"{found.name} is on the datum {datum}, for which there is no public shift to WGS84; without one, places are "
        f"some hundred metres off: expected '{code} +towgs84=dx,dy,dz' or '…=dx,dy,dz,rx,ry,rz,scale' with the "
        "parameters of the surveying office, or data in CGCS2000"
    )


def datum_of(crs: CRS) -> str:
    """Return the name of the datum of a system."""
    datum = crs.geodetic_crs.datum if crs.geodetic_crs is not None else None
    return str(datum.name) if datum is not None else "unknown"


def epsg_part(code: str) -> CRS:
    """Return the EPSG system of a checked declaration, without the shift.

    Examples
    --------
    >>> epsg_part("EPSG:2414 +towgs84=15.8,-154.4,-82.3").name
    'Beijing 1954 / 3-degree Gauss-Kruger zone 38'
    """
    return CRS.from_user_input(code.split(" ", 1)[0])


@functools.lru_cache(maxsize=32)
def _transformer(code: str) -> Transformer:
    """Return the transformer of a checked EPSG declaration to WGS84."""
    source = epsg_part(code)
    if " +towgs84=" not in code:
        return Transformer.from_crs(source, "EPSG:4326", always_xy=True)
    # bound to its shift the system has one way to WGS84, and PROJ chooses no other by area
    shift = ToWGS84Transformation(source.geodetic_crs, *(float(v) for v in code.split("=", 1)[1].split(",")))
    return Transformer.from_crs(BoundCRS(source, "EPSG:4326", shift), "EPSG:4326", always_xy=True)


def to_wgs84(
    x: ArrayLike, y: ArrayLike, crs: str, *, shift: Sequence[float] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn coordinates of a declared system into WGS84 longitude and latitude in degrees.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Longitude and latitude, or easting and northing.
    crs : str
        As in `check_crs`.
    shift : sequence of 3 or 7 floats, optional
        As in `check_crs`.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Infinite where the system does not reach; `rescuesim.network.coordinates.crs.check_positions` says why.

    Raises
    ------
    InputError
        As `check_crs`; for ``gcj02`` and ``bd09`` also if a coordinate is not finite.

    Examples
    --------
    >>> lon, lat = to_wgs84([512345.6], [3177000.0], "EPSG:4549")
    >>> f"{lon[0]:.6f} {lat[0]:.6f}"
    '120.126348 28.708789'
    """
    code = check_crs(crs, shift=shift)
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if code == "EPSG:4326":
        return x, y
    if code in OFFSET_SYSTEMS:
        return (gcj02_to_wgs84 if code == "gcj02" else bd09_to_wgs84)(x, y)
    lon, lat = _transformer(code).transform(x, y)
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
