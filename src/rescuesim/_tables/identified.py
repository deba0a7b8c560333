"""Reads tables of which every row has an id of its own and, perhaps, a position."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rescuesim._tables.cells import EXAMPLE_MARKS, check_table
from rescuesim._tables.columns import Column
from rescuesim._tables.grid import TextTable
from rescuesim._tables.headers import column_in_words
from rescuesim._tables.text_table import read_text_table
from rescuesim._tables.words import plain
from rescuesim.errors import Fault

__all__ = ["position_faults", "read_identified"]

_X_HEADERS = frozenset({"x", "x坐标", "坐标x", "point_x"})
_NORTHINGS_M = (1.8e6, 6.1e6)  # of China in any Gauss-Krüger or UTM zone: 18 to 54 degrees north


def read_identified(
    source: Path | str | pd.DataFrame, columns: Sequence[Column], *, label: str
) -> tuple[TextTable, pd.DataFrame, list[Fault]]:
    """Read and check a table whose rows have an ``id`` of their own.

    Returns
    -------
    table : TextTable
    frame : DataFrame
        The rows without a fault; none where the header has one.
    faults : list of Fault
    """
    table = read_text_table(source, label=label, columns=columns)
    frame, faults = check_table(table, columns)
    more = _duplicate_faults(table, "id") if "id" in table.frame else []
    more += position_faults(table, frame)
    off = {fault.row for fault in more}
    return table, frame[~frame.index.isin(off)] if None not in off else frame.iloc[:0], faults + more


def _duplicate_faults(table: TextTable, column: str) -> list[Fault]:
    """Describe every value that stands in more than one row, at its second and later places."""
    cells = table.frame[column]
    again = cells[cells.duplicated() & (cells != "")]
    first = cells[cells.isin(set(again)) & ~cells.duplicated()]
    rows = dict(zip(first, first.index, strict=True))
    return [
        table.fault(int(str(row)), column, f"each {column} once; it stands in row {rows[value]} too")
        for row, value in again.items()
        if not value.startswith(EXAMPLE_MARKS)
    ]


def position_faults(table: TextTable, frame: pd.DataFrame) -> list[Fault]:
    """Describe positions that are none in any system: 0, 0, and northings in a column called x.

    Parameters
    ----------
    table : TextTable
    frame : DataFrame
        Checked rows.

    Returns
    -------
    list of Fault
    """
    if frame.empty or "lon" not in frame or "lat" not in frame:
        return []
    lon, lat = frame["lon"].to_numpy(dtype=np.float64), frame["lat"].to_numpy(dtype=np.float64)
    unset = frame.index[(lon == 0) & (lat == 0)]
    expected = "a place; 0, 0 is what programs write where the position is not known"
    faults = [table.fault(int(row), "lon", expected) for row in unset]
    low, high = _NORTHINGS_M
    if plain(table.written.get("lon", "")) in _X_HEADERS and bool(np.all((lon >= low) & (lon <= high))):
        # surveyors call the northing x, GIS programs the easting: here the numbers tell
        expected = (
            "eastings; these are northings, as surveyors call x: name the columns 东坐标 (east) and 北坐标 (north)"
        )
        faults.append(Fault(file=table.label, column=column_in_words("lon", table.written), expected=expected))
    return faults
