"""Reads layers of points, lines and polygons from the files that a GIS writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rescuesim._tables.layer_files import LAYER_KINDS, open_layer_file
from rescuesim._words import Note
from rescuesim.errors import Fault, InputError

if TYPE_CHECKING:
    import geopandas
    from pyproj import CRS

__all__ = [
    "LAYER_KINDS",
    "NO_SYSTEM",
    "Layer",
    "OpenedLayer",
    "contradicted",
    "may_declare",
    "open_layer",
    "read_layer",
    "wrong_geometries",
]

_PLAIN_CODES = {"WGS84": "EPSG:4326", "OGC:CRS84": "EPSG:4326"}
_SHIFTED, _UNSHIFTED = ("GCJ02", "BD09"), ("EPSG:4326", "EPSG:4490")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer as it was read: geometry in its own system, fields as they stand in the file.

    Parameters
    ----------
    frame : GeoDataFrame
        The index counts features from 1. Its own ``crs`` is None where only the caller declared one.
    crs : str
        The system that the caller declared, else the authority code of the one that the layer states; ``:unknown``
        where that has no code, and `frame` describes it.
    label : str
        File name that messages use.
    notes : list of str
        What was done to read it.
    """

    frame: geopandas.GeoDataFrame
    crs: str
    label: str
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLayer:
    """A layer before its system is settled.

    Parameters
    ----------
    frame : GeoDataFrame
        The index counts features from 1.
    crs : str or None
        Authority code of the system; None where there is none or it has no code.
    stated : bool
        Whether the file states the system; GeoJSON without a ``crs`` member does not.
    label : str
    notes : list of str
    """

    frame: geopandas.GeoDataFrame
    crs: str | None
    stated: bool
    label: str
    notes: list[str]


def open_layer(source: Path | str | geopandas.GeoDataFrame, *, label: str) -> OpenedLayer:
    """Read a layer without settling its system; see `read_layer`."""
    import geopandas

    notes: list[str] = []
    if isinstance(source, geopandas.GeoDataFrame):
        frame, stated = source.copy(), True
    else:
        frame, label, stated = open_layer_file(source, notes)
    if not isinstance(frame, geopandas.GeoDataFrame) or frame.active_geometry_name is None:
        raise InputError([Fault(file=label, expected="a layer with geometry; this is a table")])
    if frame.empty:
        raise InputError([Fault(file=label, expected="at least one feature; the layer is empty")])
    frame.index = range(1, len(frame) + 1)
    return OpenedLayer(frame=frame, crs=_code(frame.crs), stated=stated, label=label, notes=notes)


def _code(crs: CRS | None) -> str | None:
    """Return the authority code of a system's horizontal part, or None."""
    if crs is None:
        return None
    flat = crs.sub_crs_list[0] if crs.is_compound else crs.to_2d()
    if (number := flat.to_epsg()) is not None:
        return f"EPSG:{number}"
    code = ":".join(flat.to_authority() or ())
    return _PLAIN_CODES.get(code, code) or None


def read_layer(
    source: Path | str | geopandas.GeoDataFrame,
    *,
    label: str,
    crs: str | None = None,
    geometry: Sequence[str] | None = None,
) -> Layer:
    """Read a layer from a file or a GeoDataFrame.

    Parameters
    ----------
    source : path or GeoDataFrame
        ``.gpkg``, ``.geojson``, ``.json``, ``.shp`` or ``.parquet``; ``file.gpkg#layer`` where there are several.
    label : str
        What to call a GeoDataFrame in messages; a file is called by its name.
    crs : str, optional
        Declared system; needed where the layer states none.
    geometry : sequence of str, optional
        Types of geometry that are allowed, such as ``("LineString", "MultiLineString")``. If given, missing and empty
        geometries are faults too; if not, everything is passed on as it is.

    Returns
    -------
    Layer

    Raises
    ------
    DataFileError
        If the file is absent, damaged or no layer.
    InputError
        If the layer has no features, states no system or another than is declared, or holds other geometry; with
        every feature at fault.
    """
    opened = open_layer(source, label=label)
    notes = list(opened.notes)
    faults = _wrong_features(opened, geometry) if geometry is not None else []
    code = _settled_crs(opened, crs, notes, faults)
    if faults:
        raise InputError(faults)
    frame = opened.frame
    if not opened.stated and crs is not None:  # the declared system may be one that has no code, such as gcj02
        frame = frame.set_crs(None, allow_override=True)
    return Layer(frame=frame, crs=code, label=opened.label, notes=notes)


def _settled_crs(opened: OpenedLayer, declared: str | None, notes: list[str], faults: list[Fault]) -> str:
    """Return the declared or the stated system; a contradiction is a fault, and what RFC 7946 says a note."""
    label = opened.label
    if opened.frame.crs is None or not opened.stated:
        if declared is None and opened.crs is not None:
            en = f"{label}: states no coordinate system: {opened.crs}, as RFC 7946 says of GeoJSON"
            notes.append(Note(en, f"{label}：未注明坐标系，按 RFC 7946 为 {opened.crs}"))
            return opened.crs
        if declared is None:
            faults.append(Fault(file=label, problem=f"{label}: {NO_SYSTEM}"))
        return declared or ""
    if declared is None or opened.crs is None:
        return declared or opened.crs or ":unknown"
    if not may_declare(declared, opened.crs):
        faults.append(Fault(file=label, problem=f"{label}: {contradicted(declared, opened.crs)}"))
    return declared


NO_SYSTEM = "the layer states no coordinate system (a shapefile does in its .prj): declare it with crs"


def may_declare(declared: str, stated: str) -> bool:
    """Whether a system may be declared of a layer that states one: the same, or one that no file can state.

    Points drawn over a map of Amap or Baidu are in its shifted system, and their file calls it WGS84 or CGCS2000.

    Examples
    --------
    >>> may_declare("wgs84", "EPSG:4326"), may_declare("wgs84", "EPSG:4490"), may_declare("gcj02", "EPSG:4490")
    (True, False, True)
    """
    plain = declared.strip().upper().partition(" ")[0]  # without a shift to WGS84
    plain = _PLAIN_CODES.get(plain, plain)
    return plain == stated or (plain in _SHIFTED and stated in _UNSHIFTED)


def contradicted(declared: str, stated: str) -> str:
    """Say that a declared system is not the one that a layer states."""
    return f"crs {declared!r} is declared, but the layer states {stated}: expected one of them"


def wrong_geometries(frame: geopandas.GeoDataFrame, allowed: Sequence[str]) -> dict[int, str]:
    """Return the features whose geometry is missing, empty or of another type, with what they have.

    Returns
    -------
    dict of int to str
        By feature, the type; ``missing`` or ``empty`` where there is none.
    """
    shapes = frame.geometry
    missing, empty = shapes.isna().to_numpy(), shapes.is_empty.to_numpy()
    types = np.where(missing, "missing", np.where(empty, "empty", shapes.geom_type.fillna("").to_numpy(dtype=object)))
    wrong = missing | empty | ~np.isin(types.astype(str), list(allowed))
    return {int(feature): str(found) for feature, found in zip(frame.index[wrong], types[wrong], strict=True)}


def _wrong_features(opened: OpenedLayer, allowed: Sequence[str]) -> list[Fault]:
    wrong = wrong_geometries(opened.frame, allowed)
    expected = " or ".join(allowed)
    if len(wrong) == len(opened.frame) and len(set(wrong.values())) == 1:
        found = next(iter(wrong.values()))
        return [Fault(file=opened.label, column="geometry", value=found, expected=f"{expected}; all features are such")]
    return [
        Fault(file=opened.label, row=feature, column="geometry", value=found, expected=expected)
        for feature, found in wrong.items()
    ]
