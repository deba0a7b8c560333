"""Reads one sheet of a workbook in one pass: the cells as text, and what of them cannot be read."""

from __future__ import annotations

import contextlib
import datetime
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from rescuesim._defaults import default
from rescuesim._tables.grid import Grid, Merged
from rescuesim._tables.workbook import Sheet, Workbook
from rescuesim._tables.workbook_parts import feed, local, unescaped
from rescuesim._words import Note
from rescuesim.errors import DataFileError

__all__ = ["number_text", "read_sheet"]

_MERGED = re.compile(r"\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?")
_DIGITS_KEPT = 15  # of a number in Excel
_NOT_CALCULATED = "a value; the formula was never calculated: open the file in Excel or WPS and save it"
_NO_VALUE = "a value; Excel could not calculate this one"


class _EnoughError(Exception):
    """As many rows as were asked for have been read."""


def read_sheet(book: Workbook, sheet: Sheet, label: str, *, at_most: int | None = None) -> Grid:
    """Read a sheet, or its first rows.

    Parameters
    ----------
    book : Workbook
    sheet : Sheet
    label : str
    at_most : int, optional
        Rows that are not blank to stop after.

    Returns
    -------
    Grid
        Rows have the numbers that Excel shows.

    Raises
    ------
    DataFileError
        If there are more cells than `tables.xlsx_cells` of the defaults.
    """
    grid = Grid(label=label)
    reader = _SheetReader(book=book, grid=grid, at_most=at_most)
    with contextlib.suppress(_EnoughError):
        feed(book.archive, sheet.part, reader.attach)
    order = sorted(range(len(grid.rows)), key=grid.numbers.__getitem__)
    if order != list(range(len(order))):  # no program that is known writes this, but nothing forbids it
        grid.rows, grid.numbers = [grid.rows[at] for at in order], [grid.numbers[at] for at in order]
    if grid.numbers:
        last, filled = grid.numbers[-1], set(grid.numbers)
        grid.blank = (
            [number for number in range(grid.numbers[0], last) if number not in filled] if at_most is None else []
        )
    if reader.hidden:
        en = f"{label}: {reader.hidden} hidden rows are read too"
        grid.notes.append(Note(en, f"{label}：隐藏的 {reader.hidden} 行也已读取"))
    return grid


def number_text(raw: str, shape: str = "", *, from_1904: bool = False) -> str:
    """Return a number as text: whole numbers without a point, days as 2024-05-01, codes filled up with zeros.

    Whole numbers of which digits are lost stay in scientific notation, for `check_table` to see.

    Parameters
    ----------
    raw : str
        As it stands in the file.
    shape : str, optional
        ``date``, or zeros to fill up with.
    from_1904 : bool, optional
        Whether days count from 1904.

    Examples
    --------
    >>> number_text("330382"), number_text("3.30382100201E11"), number_text("28.710000000000001")
    ('330382', '330382100201', '28.71')
    >>> number_text("3.3038219900101101E+17"), number_text("7", "000000"), number_text("45413", "date")
    ('3.30382199001011e+17', '000007', '2024-05-01')
    """
    value = float(raw)
    if shape == "date":
        return _date_text(value, from_1904)
    if not value.is_integer():
        return repr(value)
    digits = raw.lstrip("-")
    if abs(value) < 10**_DIGITS_KEPT or (digits.isdigit() and digits[_DIGITS_KEPT:].strip("0")):
        whole = str(int(raw) if digits.isdigit() else int(value))
        return whole.zfill(len(shape))
    return f"{value:.{_DIGITS_KEPT}g}"


def _date_text(value: float, from_1904: bool) -> str:
    """Return a day, a time, or both; the Excel of 1900 counts a 29 February that never was."""
    if not 0 <= value < 2_958_466:
        return repr(value)
    first = datetime.datetime(1904, 1, 1) if from_1904 else datetime.datetime(1899, 12, 31 if value < 60 else 30)
    moment = first + datetime.timedelta(seconds=round(value * 86400))
    if 0 < value < 1:
        return moment.time().isoformat()
    return moment.date().isoformat() if moment.time() == datetime.time() else moment.isoformat(sep=" ")


@dataclass(slots=True, kw_only=True)
class _SheetReader:
    """Takes the elements of a sheet as they come and fills a grid."""

    book: Workbook
    grid: Grid
    at_most: int | None
    hidden: int = 0
    row: int = 0
    column: int = -1
    cells: dict[int, str] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    kind: str = "n"
    style: int = 0
    value: list[str] = field(default_factory=list)
    formula: list[str] = field(default_factory=list)
    target: list[str] | None = None
    is_formula: bool = False
    has_value: bool = False
    pronounced: bool = False
    left: int = 0

    def attach(self, parser: expat.XMLParserType) -> None:
        """Let a parser call this reader."""
        self.left = int(default("tables.xlsx_cells").number)
        parser.StartElementHandler = self.begins
        parser.EndElementHandler = self.ends
        parser.CharacterDataHandler = self.text

    def text(self, data: str) -> None:
        """Take text."""
        if self.target is not None:
            self.target.append(data)

    def begins(self, name: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""
        if ":" in name:
            name = local(name)
        if name == "c":
            place = attributes.get("r", "")
            self.column = self._column(place) if place else self.column + 1
            self.kind, self.style = attributes.get("t", "n"), int(attributes.get("s", 0))
            self.is_formula = self.has_value = False
            self.value.clear()
            self.formula.clear()
        elif name == "v" or (name == "t" and not self.pronounced):
            self.target, self.has_value = self.value, True
        elif name == "f":
            self.target, self.is_formula = self.formula, True
        elif name == "row":
            self.row = int(attributes.get("r", self.row + 1))
            if not 0 < self.row <= 1_048_576:
                raise IndexError(f"row {self.row}")
            self.column = -1
            self.hidden += attributes.get("hidden") in ("1", "true")
        elif name == "rPh":
            self.pronounced = True
        elif name == "mergeCell":
            self._merge(attributes["ref"])

    def ends(self, name: str) -> None:
        """Take the end of an element."""
        if ":" in name:
            name = local(name)
        if name == "c":
            if self.has_value or self.is_formula:
                self._cell()
        elif name in ("v", "t", "f"):
            self.target = None
        elif name == "row":
            self._row()
        elif name == "rPh":
            self.pronounced = False

    def _column(self, place: str) -> int:
        letters = place.rstrip("0123456789")
        if letters not in self.columns:
            at = 0
            for letter in letters:
                at = 26 * at + ord(letter) - 64
            if not letters.isalpha() or not 0 < at <= 16384:
                raise IndexError(f"cell {place}")
            self.columns[letters] = at - 1
        return self.columns[letters]

    def _cell(self) -> None:
        raw, kind, shape = "".join(self.value), self.kind, ""
        if self.is_formula and (self.book.stale or (not raw and kind != "str")):
            text = "=" + "".join(self.formula)
            self.grid.bad[self.row, self.column] = _NOT_CALCULATED
        elif kind == "s":
            text = self.book.texts[int(raw)]
        elif kind == "n" and raw:
            shape = self.book.formats[self.style] if self.style < len(self.book.formats) else ""
            text = number_text(raw, shape, from_1904=self.book.from_1904)
        elif kind == "b":
            text = "TRUE" if raw.strip() == "1" else "FALSE"
        else:  # text in the cell, the result of a formula, a date in ISO form, an error
            text = unescaped(raw).strip()
        if kind == "e":
            self.grid.bad.setdefault((self.row, self.column), _NO_VALUE)
        if text:
            self.cells[self.column] = text
            if shape == "date" or kind == "d":
                self.grid.dates.append((self.row, self.column))

    def _row(self) -> None:
        if not self.cells:
            return
        self.left -= max(self.cells) + 1  # empty cells to the left count: a row far to the right costs as much
        if self.left < 0:
            most = default("tables.xlsx_cells").number
            expected = f"a table of {most:,.0f} cells at most: not read; save the table alone as .xlsx"
            raise DataFileError(f"{self.book.path}: expected {expected}")
        made = [""] * (max(self.cells) + 1)
        for column, text in self.cells.items():
            made[column] = text
        self.cells.clear()
        self.grid.rows.append(made)
        self.grid.numbers.append(self.row)
        if self.at_most is not None and len(self.grid.rows) >= self.at_most:
            raise _EnoughError

    def _merge(self, ref: str) -> None:
        found = _MERGED.fullmatch(ref)
        if found is None:
            raise IndexError(f"merged cells {ref}")
        first, last = self._column(found[1]), self._column(found[3] or found[1])
        rows = int(found[2]), int(found[4] or found[2])
        self.grid.merged.append(
            Merged(
                name=ref,
                first_row=min(rows),
                last_row=max(rows),
                first_column=min(first, last),
                last_column=max(first, last),
            )
        )
