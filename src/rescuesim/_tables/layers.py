"""Reads layers of points, lines and polygons from the files that a GIS writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rescuesim.errors import DataFileError, InputError

if TYPE_CHECKING:
    import geopandas

__all__ = ["LAYER_KINDS", "Layer", "read_layer"]

LAYER_KINDS = (".gpkg", ".geojson", ".json", ".shp", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer as it was read: geometry in its own system, fields as they stand in the file.

    Parameters
    ----------
    frame : GeoDataFrame
        The index counts features from 1.
    crs : str
        Authority code of the system that the layer states or that the caller declared.
    label : str
        File name that messages use.
    notes : list of str
    """

    frame: geopandas.GeoDataFrame
    crs: str
    label: str
    notes: list[str] = field(default_factory=list)


def read_layer(source: Path | str | geopandas.GeoDataFrame, *, label: str, crs: str | None = None) -> Layer:
    """Read a layer from a file or a GeoDataFrame.

    Parameters
    ----------
    source : path or GeoDataFrame
        ``.gpkg``, ``.geojson``, ``.shp`` or ``.parquet``.
    label : str
        What to call a GeoDataFrame in messages; a file is called by its name.
    crs : str, optional
        Declared system; needed where the layer states none.

    Returns
    -------
    Layer

    Raises
    ------
    DataFileError
        If the file is absent or no layer.
    InputError
        If the layer has no features, or no system is stated or declared.
    """
    import geopandas

    if isinstance(source, geopandas.GeoDataFrame):
        frame = source.copy()
    else:
        path = Path(source)
        label = path.name
        if not path.is_file():
            raise DataFileError(f"{path}: no such file")
        try:
            frame = geopandas.read_parquet(path) if path.suffix == ".parquet" else geopandas.read_file(path)
        except Exception as error:
            raise DataFileError(f"{path}: expected a layer; {error}") from None
    if frame.empty:
        raise InputError(f"{label}: expected at least one feature; the layer is empty")
    if frame.crs is None and crs is None:
        raise InputError(f"{label}: the layer states no coordinate system: declare it with crs")
    code = crs if frame.crs is None else ":".join(frame.crs.to_authority() or ("", "unknown"))
    frame.index = range(1, len(frame) + 1)
    return Layer(frame=frame, crs=str(code), label=label)
