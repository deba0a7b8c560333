"""Reads a table as text from whatever it is in: a text file, a workbook, a layer of points, a DataFrame."""

from __future__ import annotations

import datetime
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from rescuesim._tables.columns import Column
from rescuesim._tables.grid import Grid, TextTable, column_letters, table_from_grid, table_of
from rescuesim._tables.layer_files import LAYER_KINDS, split_source
from rescuesim._tables.layers import NO_SYSTEM, contradicted, may_declare
from rescuesim._tables.text_files import TEXT_KINDS, read_text_file
from rescuesim._words import Note
from rescuesim.errors import DataFileError, Fault

__all__ = ["declared_crs", "read_text_table"]


def read_text_table(
    source: Path | str | pd.DataFrame, *, label: str, columns: Sequence[Column] | None = None
) -> TextTable:
    """Read a table as text.

    Parameters
    ----------
    source : path or DataFrame
        ``.csv``, ``.txt`` or ``.tsv`` (UTF-8, UTF-16 with a mark or GB18030; commas, tabs or semicolons), ``.xlsx`` or
        ``.xlsm``, a layer of points (``.gpkg``, ``.geojson``, ``.json``, ``.shp``, ``.parquet``), a DataFrame or a
        GeoDataFrame. ``file.xlsx#sheet`` and ``file.gpkg#layer`` choose a part of a file.
    label : str
        What to call a DataFrame in messages; a file is called by its name.
    columns : sequence of Column, optional
        The columns to look for, by their names and aliases; they get their own names. Without them, the header stands
        in the first row and keeps its words.

    Returns
    -------
    TextTable
        What is wrong with the header and cells that cannot be read is in it, for `check_table` to report. Without
        `columns`, both are raised here.

    Raises
    ------
    DataFileError
        If the file is absent, of an unknown kind or damaged.
    InputError
        If it holds no table, or has no rows.
    """
    if isinstance(source, pd.DataFrame):
        if _has_geometry(source):
            return _read_points(source, label, columns)
        return _read_frame(source, label, columns)
    path, part = split_source(source)
    kind = path.suffix.lower()
    if path.is_dir():
        raise DataFileError(f"{path}: a folder, expected a file")
    if not path.is_file():
        raise DataFileError(f"{path}: no such file")
    if kind in (".xlsx", ".xlsm", ".xls", ".xlsb", ".et", ".ods"):
        from rescuesim._tables.workbook import read_workbook

        return table_from_grid(read_workbook(path, part, columns), columns)
    if kind in LAYER_KINDS:
        return _read_points(source, label, columns)
    if kind not in TEXT_KINDS:
        raise DataFileError(
            f"{path}: expected a .csv file (or .txt, .tsv), a workbook (.xlsx, .xlsm) or a layer of points "
            f"({', '.join(LAYER_KINDS)})"
        )
    if part:
        raise DataFileError(f"{path}: a text table has no sheets; expected its name without #{part}")
    return table_from_grid(read_text_file(path, columns), columns)


def _has_geometry(frame: pd.DataFrame) -> bool:
    """Whether a DataFrame is a GeoDataFrame; looking for it loads nothing."""
    module = sys.modules.get("geopandas")
    return module is not None and isinstance(frame, module.GeoDataFrame)


def _read_points(source: Path | str | pd.DataFrame, label: str, columns: Sequence[Column] | None) -> TextTable:
    from rescuesim._tables.point_layers import read_points

    return read_points(source, label=label, columns=columns)


def _read_frame(source: pd.DataFrame, label: str, columns: Sequence[Column] | None) -> TextTable:
    head = [str(name).strip() or column_letters(at) for at, name in enumerate(source.columns)]
    return table_of(Grid(label=label), None, head, text_frame(source), columns)


def text_frame(source: pd.DataFrame) -> pd.DataFrame:
    """Return a DataFrame as text, rows and columns counted from 1 and 0; what is missing is empty."""
    cells = [
        [
            cell_text(cell) if given else ""
            for cell, given in zip(column.to_list(), column.notna().to_list(), strict=True)
        ]
        for _, column in source.items()
    ]
    return pd.DataFrame(
        dict(enumerate(cells)),
        index=pd.RangeIndex(1, len(source) + 1),
        columns=range(source.shape[1]),
        dtype=str,
    )


def cell_text(cell: object) -> str:
    """Return a value as text; whole numbers without a point, days without a time.

    Examples
    --------
    >>> cell_text(330382.0), cell_text(0.5), cell_text(datetime.datetime(2024, 5, 1))
    ('330382', '0.5', '2024-05-01')
    """
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < 1e15:  # beyond, a float no longer holds every digit of a code
            return str(int(cell))
        return repr(float(cell))
    if isinstance(cell, datetime.datetime):
        return re.sub(r" 00:00:00$", "", cell.isoformat(sep=" "))
    return str(cell).strip()


def declared_crs(table: TextTable, crs: str | None) -> tuple[str, list[Fault]]:
    """Return the system of a table's positions: the declared one, else the one that the file states, else WGS84.

    Parameters
    ----------
    table : TextTable
        What is taken without being declared is added to its notes.
    crs : str or None

    Returns
    -------
    crs : str
    faults : list of Fault
        One if the file states another system than is declared.

    Examples
    --------
    >>> table = read_text_table(pd.DataFrame({"id": ["a"]}), label="demand table")
    >>> declared_crs(table, "EPSG:4490")
    ('EPSG:4490', [])
    >>> declared_crs(table, None)[0], table.notes[-1]
    ('wgs84', 'demand table: no coordinate system declared: positions taken as wgs84')
    """
    if not table.crs:
        if crs is None and table.crs is not None:
            return "wgs84", [Fault(file=table.label, problem=f"{table.label}: {NO_SYSTEM}")]
        if crs is None:
            en = f"{table.label}: no coordinate system declared: positions taken as wgs84"
            table.notes.append(Note(en, f"{table.label}：未声明坐标系，按 wgs84 读取"))
        return "wgs84" if crs is None else crs, []
    if crs is None:
        en = f"{table.label}: positions in {table.crs}, as the file states"
        table.notes.append(Note(en, f"{table.label}：坐标系按文件所载为 {table.crs}"))
        return table.crs, []
    if not may_declare(str(crs), table.crs):
        return table.crs, [Fault(file=table.label, problem=f"{table.label}: {contradicted(str(crs), table.crs)}")]
    if crs.strip().upper() not in (table.crs, "WGS84"):
        en = f"{table.label}: states {table.crs}, taken as {crs} as declared"
        table.notes.append(Note(en, f"{table.label}：文件注明 {table.crs}，按声明作为 {crs}"))
    return crs, []
