"""Service areas as a GeoPackage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from rescuesim.errors import InputError
from rescuesim.travel.routing.files import write_layers

if TYPE_CHECKING:
    from rescuesim.travel.service_areas.area import ServiceArea

__all__ = ["AREAS_LAYER", "ROADS_LAYER", "write_service_areas"]

AREAS_LAYER, ROADS_LAYER = "service_areas", "reached_roads"


def write_service_areas(areas: Sequence[ServiceArea], path: Path | str) -> Path:
    """Write service areas as a GeoPackage that QGIS opens, with the attribution of the roads.

    Parameters
    ----------
    areas : sequence of ServiceArea
    path : path
        Ends in ``.gpkg``, or ``.geojson`` for the polygons alone; a file that is there is replaced once the new one is
        whole.

    Returns
    -------
    Path
        With the layers ``service_areas`` (polygons, columns as in `ServiceArea.to_frame`) and ``reached_roads`` (lines,
        as in `ServiceArea.lines`, and ``area``, ``limit_s``). WGS84.

    Raises
    ------
    InputError
        If there are no areas or the name ends otherwise.
    DataFileError
        If the file cannot be written.
    """
    if not areas:
        raise InputError("service areas: expected at least one")
    polygons = pd.concat([area.to_frame() for area in areas], ignore_index=True)
    polygons["limit_s"] = polygons["limit_s"].astype(float)
    lines = pd.concat([area.lines.assign(area=area.label, limit_s=area.limit_s) for area in areas], ignore_index=True)
    return write_layers(path, {AREAS_LAYER: polygons, ROADS_LAYER: lines})
