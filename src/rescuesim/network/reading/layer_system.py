"""The coordinates of a layer in WGS84 degrees, from the system that it states or that is declared."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from rescuesim._tables.layers import Layer
from rescuesim._words import Note
from rescuesim.errors import InputError
from rescuesim.network.coordinates.crs import to_wgs84
from rescuesim.network.coordinates.declared_crs import SHIFTED_DATUMS, datum_of

__all__ = ["layer_lonlat"]

_DECLARABLE = re.compile("(epsg:|wgs|gcj|bd)", re.IGNORECASE)


def layer_lonlat(
    layer: Layer, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn coordinates of a layer into WGS84 longitude and latitude.

    The projected system of many a county is CGCS2000 about a meridian of its own: no code stands for it, so
    nobody could declare it, but the layer describes it in full, and is taken at its word.

    Parameters
    ----------
    layer : Layer
        As `read_layer` returns it; takes a note where a system was taken as described.
    x, y : ndarray of float64, shape (n,)

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Degrees; not finite where the system does not reach.

    Raises
    ------
    InputError
        If the system is unknown, has no known way to WGS84, or is described as another than was declared.
    """
    stated = None if layer.frame.crs is None else CRS.from_user_input(layer.frame.crs)
    if stated is None or _DECLARABLE.match(layer.crs):
        if stated is not None and stated.to_epsg() is None and not _is_described(stated, layer.crs):
            text = f"crs {layer.crs!r} is declared, but the layer describes {stated.name}: expected one of them"
            raise InputError(f"{layer.label}: {text}")
        finite = np.isfinite(x) & np.isfinite(y)  # what is not finite is the caller's fault to tell, with its row
        lon, lat = np.full(len(x), np.nan), np.full(len(x), np.nan)
        lon[finite], lat[finite] = to_wgs84(x[finite], y[finite], layer.crs)
        return lon, lat
    flat = stated.sub_crs_list[0] if stated.is_compound else stated.to_2d()
    if not (flat.is_geographic or flat.is_projected):
        raise InputError(f"{layer.label}: states {stated.name}: expected a geographic or projected system")
    if not _has_way_to_wgs84(flat):
        raise InputError(
            f"{layer.label}: states {stated.name} on the datum {datum_of(flat)}, for which there is no public shift to "
            "WGS84: expected a layer in CGCS2000 or WGS84"
        )
    layer.notes.append(
        Note(
            f"{layer.label}: system {stated.name} has no EPSG code, taken as the layer describes it",
            f"{layer.label}：坐标系 {stated.name} 无 EPSG 代码，按文件中的定义换算",
        )
    )
    lon, lat = Transformer.from_crs(flat, "EPSG:4326", always_xy=True).transform(x, y)
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def _is_described(stated: CRS, code: str) -> bool:
    """Whether a system without a code of its own is the one that a code stands for."""
    flat = stated.sub_crs_list[0] if stated.is_compound else stated.to_2d()
    if code.upper().startswith("EPSG:"):
        return bool(flat.equals(CRS.from_user_input(code.split(" ", 1)[0]), ignore_axis_order=True))
    return bool(flat.is_geographic) and _has_way_to_wgs84(flat)


def _has_way_to_wgs84(crs: CRS) -> bool:
    """Whether a system is on a datum that is WGS84's, or from which a transformation is known or given."""
    datum = datum_of(crs)
    if datum == "China 2000" or datum.startswith("World Geodetic System 1984"):
        return True
    if datum in SHIFTED_DATUMS and not crs.is_bound:
        return False
    try:
        Transformer.from_crs(crs, "EPSG:4326", always_xy=True, allow_ballpark=False)
    except ProjError:
        return False
    return True
