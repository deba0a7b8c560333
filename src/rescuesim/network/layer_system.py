"""The coordinates of a layer in WGS84 degrees, from the system that it states or that is declared."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from rescuesim._tables.layers import Layer
from rescuesim._words import Note
from rescuesim.errors import InputError
from rescuesim.network.crs import check_crs, to_wgs84

__all__ = ["layer_lonlat"]

# their shift to WGS84 is a secret of each survey: PROJ would take none, and be 50 to 150 m off
_UNSHIFTED = re.compile(r"beijing|xian.?(19)?80|pulkovo|krass|iag.?(19)?75", re.IGNORECASE)


def layer_lonlat(
    layer: Layer, x: NDArray[np.float64], y: NDArray[np.float64], *, declared: str | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn coordinates of a layer into WGS84 longitude and latitude.

    A system that a file cannot state, such as ``gcj02``, may be declared over geographic coordinates that the
    file calls WGS84 or CGCS2000. Any other contradiction is an error. A county's own projected system has no
    EPSG code: it is taken as the layer describes it.

    Parameters
    ----------
    layer : Layer
        Takes a note of what was done.
    x, y : ndarray of float64, shape (n,)
    declared : str or None
        System that the caller declared.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Degrees; not finite where the system does not reach.

    Raises
    ------
    InputError
        If the system is unknown, has no known way to WGS84, or is not the one that was declared.
    """
    stated = None if layer.frame.crs is None else CRS.from_user_input(layer.frame.crs)
    if declared is not None:
        code = check_crs(declared)
        if stated is not None and not _agrees(stated, code):
            raise InputError(
                f"{layer.label}: crs {declared!r} is declared, but the layer states {stated.name}: expected one of them"
            )
        return to_wgs84(x, y, code)
    if stated is None:
        raise InputError(f"{layer.label}: the layer states no coordinate system: declare it with crs")
    if _UNSHIFTED.search(_datum_words(stated)):
        raise InputError(
            f"{layer.label}: states {stated.name}, whose shift to WGS84 differs by place: "
            "expected a layer in CGCS2000 or WGS84"
        )
    authority = stated.to_authority()
    if authority and authority[0] == "EPSG" and len(stated.axis_info) == 2:
        return to_wgs84(x, y, check_crs(":".join(authority)))
    return _by_description(layer, stated, x, y)


def _agrees(stated: CRS, code: str) -> bool:
    """Whether a declared system may stand against the stated one, as `read_layer` said aloud."""
    if code.upper().startswith("EPSG:"):
        # a layer of heights, or one whose axes are told in another order, is the same to us
        return stated.to_2d().equals(CRS.from_user_input(code), ignore_axis_order=True)
    return bool(stated.is_geographic) and not _UNSHIFTED.search(_datum_words(stated))


def _by_description(
    layer: Layer, stated: CRS, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    flat = stated.sub_crs_list[0] if stated.is_compound else stated.to_2d()
    if not (flat.is_geographic or flat.is_projected):
        raise InputError(f"{layer.label}: states {stated.name}: expected a geographic or projected system")
    if flat.name not in ("WGS 84 (CRS84)", "WGS 84"):
        layer.notes.append(
            Note(
                f"{layer.label}: system {stated.name} has no EPSG code, taken as the layer describes it",
                f"{layer.label}：坐标系 {stated.name} 无 EPSG 代码，按文件中的定义换算",
            )
        )
    lon, lat = Transformer.from_crs(flat, "EPSG:4326", always_xy=True).transform(x, y)
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def _datum_words(crs: CRS) -> str:
    """Return the names of the datum and the ellipsoid, not of the system: a county may be called Xian too."""
    return " ".join(part.name for part in (crs.datum, crs.ellipsoid) if part is not None)
