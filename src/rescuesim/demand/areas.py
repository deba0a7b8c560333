"""Areas: polygons of a layer in WGS84 with the text of a field, and which of them a point lies in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim._tables.layers import Layer, read_layer
from rescuesim._words import Note
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network.reading.layer_system import layer_lonlat

if TYPE_CHECKING:
    import geopandas

__all__ = ["Areas", "read_areas", "wgs84_shapes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """Polygons with texts.

    Parameters
    ----------
    polygons : ndarray of shapely Polygon or MultiPolygon, shape (n_areas,)
        WGS84 degrees.
    texts : dict of str to tuple of str
        By field, one text an area; empty where the layer has none.
    label : str
    notes : tuple of str
    """

    polygons: NDArray[np.object_]
    texts: dict[str, tuple[str, ...]]
    label: str
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.polygons)

    def pairs(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return every (point, area) pair where the area holds the point or has it on its border.

        Returns
        -------
        point, area : ndarray of int64
            In the order of points, then areas.
        """
        points = shapely.points(lon, lat)
        point, area = shapely.STRtree(self.polygons).query(points, predicate="intersects")
        order = np.lexsort((area, point))
        return point[order].astype(np.int64), area[order].astype(np.int64)

    def holds(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether a point lies in any area; bool array, shape (n,)."""
        inside = np.zeros(len(lon), dtype=np.bool_)
        inside[self.pairs(lon, lat)[0]] = True
        return inside


def read_areas(
    source: Path | str | geopandas.GeoDataFrame,
    *,
    label: str,
    fields: tuple[str, ...] = (),
    optional: tuple[str, ...] = (),
    crs: str | None = None,
) -> Areas:
    """Read a layer of polygons.

    Parameters
    ----------
    source : path or GeoDataFrame
    label : str
        What to call a GeoDataFrame in messages.
    fields, optional : tuple of str
        Fields whose text is wanted; those of `fields` must be there and filled.
    crs : str, optional
        Declared system, where the layer states none.

    Returns
    -------
    Areas

    Raises
    ------
    DataFileError
        If the file cannot be read.
    InputError
        With every feature that is no polygon, and every text that is missing.
    """
    layer = read_layer(source, label=label, crs=crs)
    shapes, notes, faults = wgs84_shapes(layer, ("Polygon", "MultiPolygon"))
    columns = [str(name) for name in layer.frame.columns if name != layer.frame.geometry.name]
    texts: dict[str, tuple[str, ...]] = {}
    for field in (*fields, *optional):
        if field not in columns:
            if field in fields:
                faults.append(
                    Fault(file=layer.label, column=field, expected=f"a field, {nearest_name(field, columns)}")
                )
            continue
        values = layer.frame[field]
        texts[field] = tuple(
            "" if blank else str(value).strip() for value, blank in zip(values, values.isna(), strict=True)
        )
        if field in fields:
            faults += [
                Fault(file=layer.label, row=row, column=field, value="", expected="a text that is not empty")
                for row, text in enumerate(texts[field], 1)
                if not text
            ]
    if faults:
        raise InputError(faults)
    return Areas(polygons=shapes, texts=texts, label=layer.label, notes=(*layer.notes, *notes))


def wgs84_shapes(layer: Layer, kinds: tuple[str, ...]) -> tuple[NDArray[np.object_], list[str], list[Fault]]:
    """Turn the geometry of a layer into WGS84 degrees and check it.

    Parameters
    ----------
    layer : Layer
    kinds : tuple of str
        Names of the geometry types that are right.

    Returns
    -------
    shapes : ndarray of shapely geometry, shape (n_features,)
    notes : list of str
        What was mended.
    faults : list of Fault
        Features without geometry, of a wrong type or not on Earth; the row counts features from 1.
    """
    given = np.asarray(layer.frame.geometry.to_numpy(), dtype=object)
    faults = []
    for row, shape in enumerate(given, 1):
        found = None if shape is None or shape.is_empty else shape.geom_type
        if found not in kinds:
            value = found or "no geometry"
            faults.append(Fault(file=layer.label, row=row, column="geometry", value=value, expected=f"a {kinds[0]}"))
    if faults:
        return given, [], faults

    def degrees(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(layer_lonlat(layer, xy[:, 0], xy[:, 1]))

    shapes = np.asarray(shapely.transform(shapely.force_2d(given), degrees), dtype=object)
    notes: list[str] = []
    bounds = shapely.bounds(shapes)
    for row in np.flatnonzero(
        ~(np.isfinite(bounds).all(axis=1) & (np.abs(bounds) <= (180, 90, 180, 90)).all(axis=1))
    ).tolist():
        expected = "a place on Earth; check the declared crs"
        faults.append(Fault(file=layer.label, row=row + 1, column="geometry", expected=expected))
    if not faults and (wrong := ~shapely.is_valid(shapes)).any():
        shapes[wrong] = shapely.make_valid(shapes[wrong])
        n = int(wrong.sum())
        en = f"{layer.label}: {n} polygons cross themselves and were mended"
        notes.append(Note(en, f"{layer.label}：{n} 个多边形自相交，已修复"))
    return shapes, notes, faults
