"""An area of the Earth: a polygon, a box or a layer of polygons, checked, in WGS84 and in metres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from rescuesim._tables.layers import read_layer
from rescuesim.errors import Fault, InputError
from rescuesim.network.coordinates.crs import project, unproject
from rescuesim.network.reading.layer_system import layer_lonlat

if TYPE_CHECKING:
    import geopandas

    AreaLike: TypeAlias = (
        shapely.Polygon | shapely.MultiPolygon | Path | str | geopandas.GeoDataFrame | tuple[float, float, float, float]
    )

__all__ = ["Area", "check_buffer", "read_area"]

_POLYGONS = (3, 6)  # shapely's numbers of geometry types
_CHORD_DEGREE = 0.02  # longer sides are bent like the parallels that they follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A polygon in degrees, and in metres about its middle.

    Parameters
    ----------
    degrees : Polygon or MultiPolygon
        WGS84.
    metres : Polygon or MultiPolygon
        In ``crs``.
    crs : str
        Azimuthal equidistant projection about the middle of the area: distances across the border of a county are
        true to a few parts in 10,000, and no place on Earth is out of its reach.
    label : str
        What messages call the area.
    notes : tuple of str
        What was done to read it.
    """

    degrees: shapely.Polygon | shapely.MultiPolygon
    metres: shapely.Polygon | shapely.MultiPolygon
    crs: str
    label: str
    notes: tuple[str, ...] = ()

    def places(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
        """Return places in metres; float64, shape (n, 2)."""
        return np.column_stack(project(lon, lat, self.crs))

    def widened(self, by_m: float) -> shapely.Polygon | shapely.MultiPolygon:
        """Return the area in WGS84 degrees with all that lies within a distance of it."""
        wide = self.metres.buffer(by_m, quad_segs=32)
        return shapely.transform(wide, lambda xy: np.column_stack(unproject(xy[:, 0], xy[:, 1], self.crs)))


def check_buffer(buffer_m: float) -> float:
    """Return a distance around an area; raises InputError unless it is 0 metres or more."""
    if isinstance(buffer_m, bool) or not (math.isfinite(buffer_m) and buffer_m >= 0):
        raise InputError(f"buffer_m {buffer_m!r}: expected metres of 0 or more")
    return float(buffer_m)


def read_area(area: AreaLike, *, crs: str | None = None) -> Area:
    """Read an area.

    Parameters
    ----------
    area : Polygon, MultiPolygon, path, GeoDataFrame or tuple
        A shapely geometry in WGS84 degrees, a layer of polygons in any system, or a box
        ``(west, south, east, north)`` in WGS84 degrees.
    crs : str, optional
        Declared system of a layer that states none.

    Returns
    -------
    Area

    Raises
    ------
    DataFileError
        If the file is absent or no layer.
    InputError
        If it is no polygon, crosses itself, has no area or lies off the Earth.

    Examples
    --------
    >>> read_area((119.2, 28.6, 119.4, 28.8)).degrees.bounds
    (119.2, 28.6, 119.4, 28.8)
    """
    import geopandas

    label = "the area"
    notes: tuple[str, ...] = ()
    polygon: BaseGeometry
    if isinstance(area, (Path, str, geopandas.GeoDataFrame)):
        polygon, label, notes = _from_layer(area, crs)
    elif isinstance(area, BaseGeometry):
        polygon = area
    else:
        polygon = _box(area)
    if not isinstance(polygon, (shapely.Polygon, shapely.MultiPolygon)):
        raise InputError(f"{label}: {polygon.geom_type}, expected a polygon")
    if not polygon.is_empty and not polygon.is_valid:
        raise InputError(f"{label}: expected a polygon that does not cross itself; {shapely.is_valid_reason(polygon)}")
    if polygon.is_empty or polygon.area <= 0:
        raise InputError(f"{label}: expected a polygon with an area")
    west, south, east, north = polygon.bounds
    if min(west + 180, 180 - east, south + 90, 90 - north) < 0:
        hint = "; lon and lat look exchanged" if max(abs(west), abs(east)) <= 90 and north <= 180 else ""
        found = f"{west:.6g} to {east:.6g} east, {south:.6g} to {north:.6g} north"
        raise InputError(f"{label}: lies at {found}, expected longitude and latitude in degrees{hint}")
    centre = f"+proj=aeqd +lat_0={(south + north) / 2:.6f} +lon_0={(west + east) / 2:.6f} +datum=WGS84 +units=m"
    fine = shapely.segmentize(polygon, _CHORD_DEGREE)
    metres = shapely.transform(fine, lambda xy: np.column_stack(project(xy[:, 0], xy[:, 1], centre)))
    return Area(degrees=polygon, metres=metres, crs=centre, label=label, notes=notes)


def _box(area: Sequence[float]) -> shapely.Polygon:
    """Return a box as a polygon."""
    expected = "a polygon, a layer of polygons, or a box (west, south, east, north) in degrees"
    try:
        west, south, east, north = (float(side) for side in area)
    except (TypeError, ValueError):
        raise InputError(f"area {area!r}: expected {expected}") from None
    if not all(map(math.isfinite, (west, south, east, north))):
        raise InputError(f"area {area!r}: expected {expected}, every side finite")
    if not (west < east and south < north):
        raise InputError(f"area {area!r}: expected {expected}, west under east and south under north")
    return shapely.box(west, south, east, north)


def _from_layer(
    source: Path | str | geopandas.GeoDataFrame, crs: str | None
) -> tuple[BaseGeometry, str, tuple[str, ...]]:
    """Return all polygons of a layer as one, in WGS84."""
    layer = read_layer(source, label="the area", crs=crs)
    geometry = np.asarray(layer.frame.geometry.array, dtype=object)
    faults = []
    for row, shape in enumerate(geometry, 1):
        if shape is None or shape.is_empty or shapely.get_type_id(shape) not in _POLYGONS:
            value = "nothing" if shape is None or shape.is_empty else shape.geom_type
            faults.append(Fault(file=layer.label, row=row, column="geometry", value=value, expected="a polygon"))
        elif not shape.is_valid:
            reason = shapely.is_valid_reason(shape)
            expected = f"a polygon that does not cross itself; {reason}"
            faults.append(Fault(file=layer.label, row=row, column="geometry", value=shape.geom_type, expected=expected))
    if faults:
        raise InputError(faults)
    fine = geometry
    if layer.frame.crs is not None and layer.frame.crs.is_geographic:
        fine = shapely.segmentize(geometry, _CHORD_DEGREE)
    turned = shapely.transform(fine, lambda xy: np.column_stack(layer_lonlat(layer, xy[:, 0], xy[:, 1])))
    if not np.isfinite(shapely.bounds(turned)).all():
        raise InputError(f"{layer.label}: expected places that its coordinate system reaches; check the system")
    return shapely.union_all(turned), layer.label, tuple(layer.notes)
