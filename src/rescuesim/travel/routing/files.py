"""Writes routes as layers, with the attribution of the roads in the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rescuesim.errors import InputError
from rescuesim.quality.layers import replaced
from rescuesim.travel.routing.words import ATTRIBUTION

if TYPE_CHECKING:
    import geopandas

__all__ = ["write_layers"]


def write_layers(path: Path | str, layers: Mapping[str, geopandas.GeoDataFrame]) -> Path:
    """Write layers of lines or points to a GeoPackage, or the first of them as GeoJSON.

    Parameters
    ----------
    path : path
        Ends in ``.gpkg`` or ``.geojson``; a file that is there is replaced.
    layers : mapping of str to GeoDataFrame
        By name, each with a column ``geometry`` of one kind in EPSG:4326.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the name ends in something else.
    DataFileError
        If the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".gpkg", ".geojson"):
        raise InputError(f"{path}: expected a name that ends in .gpkg or .geojson")
    kinds = {name: next(iter(frame.geometry.dropna().geom_type), "LineString") for name, frame in layers.items()}
    with replaced(path) as part:
        for name, frame in layers.items():
            told = (
                {"description": ATTRIBUTION}
                if suffix == ".geojson"
                else {"layer_metadata": {"ATTRIBUTION": ATTRIBUTION}}
            )
            driver = {".gpkg": "GPKG", ".geojson": "GeoJSON"}[suffix]
            frame.to_file(part, layer=name, driver=driver, engine="pyogrio", geometry_type=kinds[name], **told)
            if suffix == ".geojson":
                break
    return path
