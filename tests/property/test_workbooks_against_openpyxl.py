"""Cells of any workbook are what openpyxl reads, as text."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from rescuesim._tables import read_text_table
from rescuesim._tables.text_table import cell_text

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=12
).filter(lambda text: "_x" not in text and not text.startswith(("=", "#")))
CELLS = st.one_of(
    st.none(),
    TEXT,
    st.integers(-(10**14), 10**14),
    st.floats(-1e14, 1e14, allow_nan=False),
    st.booleans(),
    st.dates(datetime.date(1900, 3, 1), datetime.date(2200, 1, 1)),
)


def as_text(cell: object) -> str:
    if cell is None:
        return ""
    return str(cell).upper() if isinstance(cell, bool) else cell_text(cell)


def write_with_openpyxl(path: Path, rows: list[list[object]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(path)


def write_with_xlsxwriter(path: Path, rows: list[list[object]]) -> None:
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "default_date_format": "yyyy-mm-dd"}
    with xlsxwriter.Workbook(path, plain) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)


@settings(max_examples=60)
@given(
    st.lists(st.lists(CELLS, min_size=4, max_size=4), min_size=1, max_size=6),
    st.sampled_from([write_with_openpyxl, write_with_xlsxwriter]),
)
def test_every_cell_is_what_openpyxl_reads(
    rows: list[list[object]], write: Callable[[Path, list[list[object]]], None]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.xlsx"
        write(path, [["a", "b", "c", "d"], *rows, ["last"] * 4])
        found = read_text_table(path, label="").frame
        read = list(openpyxl.load_workbook(path).active.iter_rows(min_row=2, values_only=True))  # type: ignore[union-attr]
    wanted = {at: [as_text(cell) for cell in row] for at, row in enumerate(read, 2)}
    wanted = {at: row for at, row in wanted.items() if any(row)}
    assert {int(row): list(cells) for row, cells in zip(found.index, found.to_numpy(), strict=True)} == wanted
