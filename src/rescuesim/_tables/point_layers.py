"""Makes tables of layers of points: their fields, with the position taken from the geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from rescuesim._tables.columns import Column
from rescuesim._tables.grid import Grid, TextTable, column_letters, table_of
from rescuesim._tables.headers import known_cells
from rescuesim._tables.layers import OpenedLayer, open_layer, wrong_geometries
from rescuesim._tables.text_table import text_frame
from rescuesim._tables.words import header_names, plain
from rescuesim._words import Note
from rescuesim.errors import Fault, InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_points"]

_NAME_BYTES = 10  # of a field in a dbf file
_POSITION = (Column(name="lon", number=True), Column(name="lat", number=True))


def read_points(source: Path | str | pd.DataFrame, *, label: str, columns: Sequence[Column] | None) -> TextTable:
    """Read a layer of points as a table with ``lon`` and ``lat`` in the system of the layer.

    Parameters
    ----------
    source : path or GeoDataFrame
    label : str
    columns : sequence of Column, optional

    Returns
    -------
    TextTable
        Rows count features from 1. ``crs`` is empty where the layer states no system and none can be assumed.

    Raises
    ------
    DataFileError
        If the file is absent, damaged or no layer.
    InputError
        If it is empty or holds no points.
    """
    opened = open_layer(source, label=label)
    grid = Grid(label=opened.label, notes=list(opened.notes))
    fields = opened.frame.drop(columns=opened.frame.active_geometry_name)
    position = [str(name) for name in fields.columns if known_cells([str(name)], _POSITION)]
    fields = fields.drop(columns=[name for name in fields.columns if str(name) in position])
    if position:
        names = ", ".join(position)
        en = f"{opened.label}: positions are those of the points; fields not read: {names}"
        grid.notes.append(Note(en, f"{opened.label}：位置取自几何；未读取的字段：{names}"))
    head = [*(str(name).strip() or column_letters(at) for at, name in enumerate(fields.columns)), "lon", "lat"]
    frame = text_frame(fields)
    frame[len(head) - 2], frame[len(head) - 1] = _positions(opened, grid, len(head) - 2)
    if columns is not None and opened.label.lower().endswith(".shp"):
        head = _whole_names(head, columns, grid)
    table = table_of(grid, None, head, frame, columns)
    return replace(table, crs=_stated_crs(opened, table))


def _whole_names(head: Sequence[str], columns: Sequence[Column], grid: Grid) -> list[str]:
    """Return names of fields as they were before a dbf file cut them off at 10 bytes; what was done is noted."""
    names = header_names(columns)
    made = []
    for name in head:
        text = plain(name)
        whole = {
            alias
            for alias in names
            for codec in ("utf-8", "gb18030")
            if text not in names and alias.startswith(text)
            if 8 <= len(text.encode(codec)) <= _NAME_BYTES < len(alias.encode(codec))
        }
        if len({names[alias] for alias in whole}) == 1:
            found = min(whole, key=lambda alias: (len(alias), alias))
            en = f"{grid.label}: field {name}, cut off at {_NAME_BYTES} bytes, read as {found}"
            grid.notes.append(Note(en, f"{grid.label}：字段 {name} 被截断为 {_NAME_BYTES} 字节，按 {found} 读取"))
            name = found
        made.append(name)
    return made


def _positions(opened: OpenedLayer, grid: Grid, at: int) -> tuple[list[str], list[str]]:
    """Return the coordinates as text; what is no point has its type there, and the grid says what is expected."""
    points = opened.frame.geometry.array
    alone = np.asarray(shapely.get_num_geometries(points)) == 1
    multi = np.asarray(shapely.get_type_id(points)) == int(shapely.GeometryType.MULTIPOINT)
    single = np.where(multi & alone, shapely.get_geometry(points, 0), points)
    wrong = wrong_geometries(opened.frame.set_geometry(single), ("Point",))
    if len(wrong) == len(points) and len(set(wrong.values())) == 1:
        found = next(iter(wrong.values()))
        raise InputError(
            [Fault(file=opened.label, column="geometry", value=found, expected="Point; all features are such")]
        )
    x, y = ([repr(float(value)) for value in part(single)] for part in (shapely.get_x, shapely.get_y))
    for feature, found in wrong.items():
        x[feature - 1], y[feature - 1] = found, found
        grid.bad[feature, at] = "a geometry of type Point"
        grid.bad[feature, at + 1] = ""
    return x, y


def _stated_crs(opened: OpenedLayer, table: TextTable) -> str | None:
    if opened.stated and opened.frame.crs is not None and opened.crs is None:
        expected = f"a system with an EPSG code; the layer states {opened.frame.crs.name}: save it in another one"
        table.faults.append(Fault(file=opened.label, column="crs", expected=expected))
    if opened.stated:
        return opened.crs or ""
    en = f"{opened.label}: GeoJSON that states no coordinate system is WGS84 by RFC 7946, unless one is declared"
    table.notes.append(Note(en, f"{opened.label}：未注明坐标系的 GeoJSON 按 RFC 7946 为 WGS84，除非另行声明"))
    return None
