"""Writes a quality report as a GeoPackage that QGIS opens with its colours."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import shapely

from rescuesim._words import Lang, in_language
from rescuesim.errors import DataFileError, InputError
from rescuesim.quality.reasons import REASON_CODES, REASON_WORDS

if TYPE_CHECKING:
    from rescuesim.quality.report import QualityReport

__all__ = ["replaced", "write_quality_layer"]

POINTS_LAYER, LEGS_LAYER = "points", "access_legs"
# red for what is refused, orange for what is far, violet for what is doubtful, grey for the rest
_COLOURS = MappingProxyType(
    {
        "outside_network": "165,0,38",
        "outside_boundary": "215,48,39",
        "no_road_in_range": "244,109,67",
        "island_component": "253,174,97",
        "far_from_road": "254,224,144",
        "duplicate_position": "118,42,131",
        "zero_people": "69,117,180",
        "name_clash": "153,112,171",
        "ok": "150,150,150",
    }
)


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a name in the same folder to write to, and put the file in its place once it is whole."""
    try:
        with tempfile.TemporaryDirectory(prefix=".rescuesim-", dir=path.parent) as folder:
            part = Path(folder) / path.name
            yield part
            os.replace(part, path)
    except OSError as error:
        raise DataFileError(f"{path}: expected a place to write to; {error}") from None


def write_quality_layer(report: QualityReport, path: Path, *, lang: Lang = "en", style: bool = True) -> Path:
    """Write the points of a report and their access legs; see `QualityReport.write_layer`."""
    import geopandas

    if path.suffix.lower() != ".gpkg":
        raise InputError(f"{path}: expected a name that ends in .gpkg")
    frame = report.to_frame(lang=lang)
    frame["access_m"] = frame["access_m"].where(np.isfinite(frame["access_m"]))
    points = geopandas.GeoDataFrame(frame, geometry=shapely.points(report.lon, report.lat), crs="EPSG:4326")
    there = np.isfinite(report.access_m) & ~report.flags[:, REASON_CODES.index("outside_network")]
    ends = np.stack([np.column_stack([report.lon, report.lat]), np.column_stack([report.road_lon, report.road_lat])], 1)
    legs = geopandas.GeoDataFrame(
        frame.loc[there, ["id", "name", "reason", "access_m", "road_name"]],
        geometry=shapely.linestrings(ends[there]),
        crs="EPSG:4326",
    )
    with replaced(path) as part:
        points.to_file(part, layer=POINTS_LAYER, driver="GPKG", engine="pyogrio", geometry_type="Point")
        legs.to_file(part, layer=LEGS_LAYER, driver="GPKG", engine="pyogrio", geometry_type="LineString")
        if style:
            _add_styles(part, {POINTS_LAYER: _points_style(lang), LEGS_LAYER: _legs_style()})
    return path


def _add_styles(path: Path, styles: dict[str, str]) -> None:
    """Add the table from which QGIS takes the default style of a layer."""
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(
            "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, f_table_schema "
            "TEXT, f_table_name TEXT, f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, "
            "useAsDefault BOOLEAN, description TEXT, owner TEXT, ui TEXT, update_time DATETIME DEFAULT "
            "(strftime('%Y-%m-%dT%H:%M:%fZ','now')))"
        )
        file.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )
        file.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
            "styleQML, styleSLD, useAsDefault, description, owner) VALUES ('', '', ?, 'geom', ?, ?, '', 1, '', '')",
            [(layer, layer, text) for layer, text in styles.items()],
        )


def _points_style(lang: Lang) -> str:
    """Return a QGIS style that colours points by their primary reason."""
    root = ET.Element("qgis", {"styleCategories": "Symbology"})
    renderer = ET.SubElement(root, "renderer-v2", {"type": "categorizedSymbol", "attr": "reason"})
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for at, code in enumerate(REASON_CODES):
        label = in_language(REASON_WORDS[code], lang)
        ET.SubElement(categories, "category", {"value": code, "symbol": str(at), "label": label, "render": "true"})
        symbol = ET.SubElement(symbols, "symbol", {"type": "marker", "name": str(at), "alpha": "1"})
        size = "1.6" if code == "ok" else "2.6"
        layer = {"name": "circle", "color": f"{_COLOURS[code]},255", "outline_color": "40,40,40,255", "size": size}
        _symbol_layer(symbol, "SimpleMarker", layer)
    return ET.tostring(root, encoding="unicode")


def _legs_style() -> str:
    root = ET.Element("qgis", {"styleCategories": "Symbology"})
    renderer = ET.SubElement(root, "renderer-v2", {"type": "singleSymbol"})
    symbol = ET.SubElement(ET.SubElement(renderer, "symbols"), "symbol", {"type": "line", "name": "0", "alpha": "1"})
    _symbol_layer(symbol, "SimpleLine", {"line_color": "80,80,80,255", "line_width": "0.3", "line_style": "dash"})
    return ET.tostring(root, encoding="unicode")


def _symbol_layer(symbol: ET.Element, kind: str, properties: dict[str, str]) -> None:
    """Add a symbol layer with its properties both as versions from 3.26 and as older ones read them."""
    layer = ET.SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    options = ET.SubElement(layer, "Option", {"type": "Map"})
    for name, value in properties.items():
        ET.SubElement(options, "Option", {"type": "QString", "name": name, "value": value})
    for name, value in properties.items():
        ET.SubElement(layer, "prop", {"k": name, "v": value})
