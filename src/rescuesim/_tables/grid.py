"""Grid: the rows of a sheet or file as they stand, before it is known which of them is the header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rescuesim._defaults import default
from rescuesim._tables.columns import Column
from rescuesim._tables.headers import Header, column_in_words, find_header, resolve_header
from rescuesim._words import Note
from rescuesim.errors import Fault, InputError

__all__ = ["Grid", "Merged", "TextTable", "column_letters", "table_from_grid", "table_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """A table as text, with the name and first data row that messages use.

    Parameters
    ----------
    frame : DataFrame of str
        Cells stripped of blanks; the index counts lines as an editor does.
    label : str
        File name, or ``demand table`` and the like for a DataFrame.
    notes : list of str
        What was done to read it.
    crs : str or None
        Authority code of the system that the file states; None for a plain table, empty for a layer that ought to
        state one and does not.
    written : dict of str to str
        How the header of each known column stands in the file.
    faults : list of Fault
        What is wrong with the header; `check_table` reports it.
    bad : dict of (int, str) to str
        By row and column, what is expected in a cell that could not be read; empty where the fault is said of another
        cell. `check_table` reports it.
    """

    frame: pd.DataFrame
    label: str
    notes: list[str] = field(default_factory=list)
    crs: str | None = None
    written: Mapping[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    bad: Mapping[tuple[int, str], str] = field(default_factory=dict)

    def fault(self, row: int, column: str, expected: str) -> Fault:
        """Describe a fault in one cell."""
        value = str(self.frame.at[row, column]) if column in self.frame.columns else None
        shown = column_in_words(column, self.written)
        return Fault(file=self.label, row=row, column=shown, value=value, expected=expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Cells that are merged: rows and columns from first to last, both included, columns counted from 0."""

    name: str
    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(slots=True, kw_only=True)
class Grid:
    """Rows of cells as text.

    Attributes
    ----------
    label : str
    rows : list of list of str
        Rows that are not blank; cells stripped of blanks.
    numbers : list of int
        Their numbers in messages.
    blank : list of int
        Numbers of the blank rows.
    notes : list of str
    bad : dict of (int, int) to str
        By row number and column, what is expected in a cell that could not be read.
    merged : list of Merged
    dates : list of (int, int)
        Row number and column of the cells that held a date.
    strict : bool
        Whether every row must have as many cells as the header.
    """

    label: str
    rows: list[list[str]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bad: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[Merged] = field(default_factory=list)
    dates: list[tuple[int, int]] = field(default_factory=list)
    strict: bool = False


def column_letters(at: int) -> str:
    """Return the name of a column in a workbook.

    Examples
    --------
    >>> column_letters(0), column_letters(25), column_letters(26), column_letters(702)
    ('A', 'Z', 'AA', 'AAA')
    """
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def table_from_grid(grid: Grid, columns: Sequence[Column] | None) -> TextTable:
    """Take the header from a grid and make a table of the rows under it.

    Parameters
    ----------
    grid : Grid
    columns : sequence of Column, optional
        Columns to look for; without them the first row is the header and keeps its words.

    Raises
    ------
    InputError
        If there is no row under the header, or rows do not fit it.
    """
    if not grid.rows:
        raise InputError([Fault(file=grid.label, expected="a header and at least one row; the table is empty")])
    at = find_header(grid.label, grid.rows, grid.numbers, columns) if columns else 0
    head, row = grid.rows[at], grid.numbers[at]
    rows, numbers = grid.rows[at + 1 :], grid.numbers[at + 1 :]
    if grid.strict and (odd := [at for at, cells in enumerate(rows) if len(cells) != len(head)]):
        expected = f"{len(head)} cells as in the header, not "
        raise InputError([Fault(file=grid.label, row=numbers[at], expected=f"{expected}{len(rows[at])}") for at in odd])
    if at:
        _note_titles(grid, at)
    if between := [number for number in grid.blank if numbers and row < number < numbers[-1]]:
        count = len(between)
        grid.notes.append(Note(f"{grid.label}: {count} blank rows skipped", f"{grid.label}：跳过 {count} 个空行"))
    named = [place for place, cell in enumerate(head) if cell]
    _note_nameless(grid, set(named), rows)
    if not grid.strict and len(named) * len(rows) > (most := default("tables.xlsx_cells").number):
        expected = f"a table of {most:,.0f} cells at most, not {len(rows):,} rows of {len(named):,}"
        raise InputError([Fault(file=grid.label, expected=expected)])
    frame = pd.DataFrame(
        [[cells[place] if place < len(cells) else "" for place in named] for cells in rows],
        columns=named,
        index=pd.Index(numbers, dtype=np.int64),
        dtype=str,
    )
    return table_of(grid, row, [head[place] for place in named], frame, columns)


def _note_titles(grid: Grid, at: int) -> None:
    titles = " ".join(cell for cells in grid.rows[:at] for cell in cells if cell)
    en = f"{grid.label}: header in row {grid.numbers[at]}; above it, not read: {titles}"
    grid.notes.append(Note(en, f"{grid.label}：表头在第 {grid.numbers[at]} 行；其上未读取：{titles}"))


def _note_nameless(grid: Grid, named: set[int], rows: Sequence[Sequence[str]]) -> None:
    """Say which columns hold something but have no header."""
    filled = {place for cells in rows for place, cell in enumerate(cells) if cell and place not in named}
    if filled:
        names = ", ".join(column_letters(place) for place in sorted(filled))
        en = f"{grid.label}: columns without a header not read: {names}"
        grid.notes.append(Note(en, f"{grid.label}：无表头的列未读取：{names}"))


def table_of(
    grid: Grid, row: int | None, head: list[str], frame: pd.DataFrame, columns: Sequence[Column] | None
) -> TextTable:
    """Name the columns of a frame by its header.

    Parameters
    ----------
    grid : Grid
        Label, notes and what could not be read.
    row : int or None
        Row of the header.
    head : list of str
        Cells of the header that are not empty.
    frame : DataFrame of str
        Named by the places of the columns, counted from 0; one for each cell of the header.
    columns : sequence of Column, optional

    Raises
    ------
    InputError
        If the table has no rows or, where no columns are known, cells cannot be read.
    """
    header = Header(names=head) if columns is None else resolve_header(grid.label, row, head, columns)
    places = [int(place) for place in frame.columns]
    first: dict[str, int] = {}
    twice = [name for name, place in zip(header.names, places, strict=True) if first.setdefault(name, place) != place]
    if columns is None and twice:
        faults = [Fault(file=grid.label, column=name, expected="each column once") for name in sorted(set(twice))]
        raise InputError(faults)
    if frame.empty:
        expected = "at least one row under the header; the table is empty"
        raise InputError([*header.faults, Fault(file=grid.label, expected=expected)])
    frame = frame[list(first.values())]
    frame.columns = pd.Index(list(first), dtype=object)
    known = {at: name for name, at in first.items() if columns is None or name in header.written}
    bad = _unreadable(grid, frame, known)
    if columns is None and bad:
        table = TextTable(frame=frame, label=grid.label)
        raise InputError([table.fault(*place, expected) for place, expected in sorted(bad.items()) if expected])
    _note_dates(grid, frame, known, header.written)
    return TextTable(
        frame=frame,
        label=grid.label,
        notes=[*grid.notes, *header.notes],
        written=header.written,
        faults=header.faults + _merged_headers(grid, known, header.written, row),
        bad=bad,
    )


def _unreadable(grid: Grid, frame: pd.DataFrame, known: Mapping[int, str]) -> dict[tuple[int, str], str]:
    """Return the cells of known columns that could not be read; merged cells are told of once."""
    if not (grid.bad or grid.merged):
        return {}
    rows = np.sort(frame.index.to_numpy())
    inside = set(rows.tolist())
    bad = {(row, known[at]): expected for (row, at), expected in grid.bad.items() if at in known and row in inside}
    for merged in grid.merged:
        touched = rows[slice(*np.searchsorted(rows, [merged.first_row, merged.last_row + 1]))].tolist()
        names = [known[at] for at in range(merged.first_column, merged.last_column + 1) if at in known]
        for place in ((row, name) for row in touched for name in names):
            bad[place] = ""
        if touched and names:
            expected = f"a value of its own in every cell; {merged.name} is merged: unmerge it and fill the cells"
            bad[(touched[0], names[0])] = expected
    return bad


def _merged_headers(grid: Grid, known: Mapping[int, str], written: Mapping[str, str], row: int | None) -> list[Fault]:
    """Describe merged cells of the header itself; those that reach into the rows below are told of there."""
    return [
        Fault(
            file=grid.label,
            row=row,
            column=column_in_words(known[at], written),
            expected=f"one header a column; {merged.name} is merged: unmerge it",
        )
        for merged in grid.merged
        if row is not None and merged.first_row <= row == merged.last_row
        for at in [next((at for at in range(merged.first_column, merged.last_column + 1) if at in known), -1)]
        if at >= 0
    ]


def _note_dates(grid: Grid, frame: pd.DataFrame, known: Mapping[int, str], written: Mapping[str, str]) -> None:
    inside = set(frame.index) if grid.dates else set()
    found = {known[at] for row, at in grid.dates if at in known and row in inside}
    if found:
        names = ", ".join(column_in_words(name, written) for name in frame.columns if name in found)
        en = f"{grid.label}: cells formatted as dates read as text like 2024-05-01: {names}"
        grid.notes.append(Note(en, f"{grid.label}：日期格式的单元格按 2024-05-01 形式的文本读取：{names}"))
