"""Reads tables as text, checks every cell and reports all faults at once.

Codes stay text, an empty cell is "not given", and the value in a message is the value in the file.
"""

from __future__ import annotations

import csv
import difflib
import io
import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._words import Note
from rescuesim.errors import DataFileError, Fault, InputError, nearest_name

__all__ = [
    "Column",
    "TextTable",
    "Values",
    "check_table",
    "read_identified",
    "read_text_table",
]


_ANY_AMOUNT = 1e7  # a maximum from here on only guards the arithmetic


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a column may hold.

    Parameters
    ----------
    name : str
    number : bool
        Whether cells are numbers; text otherwise.
    required : bool
        Whether the column must be there and no cell may be empty.
    minimum, maximum : float
        Bounds of a number, inclusive.
    whole : bool
        Whether numbers must be whole.
    choices : tuple of str
        The words that are allowed; empty if any are.
    """

    name: str
    number: bool = False
    required: bool = False
    minimum: float = -math.inf
    maximum: float = math.inf
    whole: bool = False
    choices: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What a cell should hold, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if not self.number:
            return "a text that is not empty"
        words = "a whole number" if self.whole else "a number"
        if self.minimum > -math.inf and _ANY_AMOUNT <= self.maximum < math.inf:
            return f"{words} of {self.minimum:g} or more, at most {self.maximum:g}"
        if self.minimum > -math.inf and self.maximum < math.inf:
            return f"{words} from {self.minimum:g} to {self.maximum:g}"
        if self.minimum > -math.inf:
            return f"{words} of {self.minimum:g} or more"
        return words

    def accepts(self, cell: str) -> bool:
        """Whether a cell, stripped of blanks, is right."""
        if cell == "":
            return not self.required
        if self.choices:
            return cell in self.choices
        if not self.number:
            return True
        try:
            value = parse_number(cell)
        except ValueError:
            return False
        in_range = math.isfinite(value) and self.minimum <= value <= self.maximum
        return in_range and (not self.whole or value == int(value))


def parse_number(cell: str) -> float:
    """Read a number as people type it; full-width digits are digits too.

    Raises
    ------
    ValueError
        If the text is no number.
    """
    if "_" in cell:
        raise ValueError(cell)
    return float(unicodedata.normalize("NFKC", cell))


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
    """

    frame: pd.DataFrame
    label: str
    notes: list[str] = field(default_factory=list)

    def fault(self, row: int, column: str, expected: str) -> Fault:
        """Describe a fault in one cell."""
        value = str(self.frame.at[row, column]) if column in self.frame.columns else None
        return Fault(file=self.label, row=row, column=column, value=value, expected=expected)


def read_text_table(source: Path | str | pd.DataFrame, *, label: str) -> TextTable:
    """Read a CSV file (UTF-8 with or without mark, then GB18030) or a DataFrame as text.

    Parameters
    ----------
    source : path or DataFrame
    label : str
        What to call a DataFrame in messages; a file is called by its name.

    Returns
    -------
    TextTable

    Raises
    ------
    DataFileError
        If the file is absent, is no CSV file or cannot be decoded.
    InputError
        If it cannot be parsed as a table, or has no rows.
    """
    if isinstance(source, pd.DataFrame):
        frame = source.astype(object).where(source.notna(), "").map(_cell_text).reset_index(drop=True)
        frame.index = pd.RangeIndex(1, len(frame) + 1)
        frame.columns = [str(column) for column in frame.columns]
        table = TextTable(frame=frame, label=label)
    else:
        table = _read_csv(Path(source))
    if table.frame.columns.has_duplicates:
        twice = sorted(set(table.frame.columns[table.frame.columns.duplicated()]))
        raise InputError([Fault(file=table.label, column=name, expected="each column once") for name in twice])
    if table.frame.empty:
        raise InputError([Fault(file=table.label, expected="at least one row under the header; the table is empty")])
    return table


def _cell_text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _read_csv(path: Path) -> TextTable:
    if not path.is_file():
        raise DataFileError(f"{path}: no such file")
    if path.suffix.lower() not in (".csv", ".txt"):
        raise DataFileError(f"{path}: expected a .csv file")
    raw = path.read_bytes()
    notes: list[str] = []
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            raise DataFileError(f"{path}: expected text in UTF-8 or GB18030; it is neither") from None
        notes.append(Note(f"{path.name}: read as GB18030", f"{path.name}：按 GB18030 读取"))
    if "\0" in text:
        raise DataFileError(f"{path}: expected a text file; it holds zero bytes")
    if not text.strip():
        raise InputError([Fault(file=path.name, expected="a header and at least one row; the file is empty")])
    rows, lines, faults = [], [], []
    header: list[str] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            begins, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = [cell.strip() for cell in cells]
                continue
            if len(cells) != len(header):
                expected = f"{len(header)} cells as in the header, not {len(cells)}"
                faults.append(Fault(file=path.name, row=begins, expected=expected))
            rows.append([cell.strip() for cell in cells])
            lines.append(begins)
    except csv.Error as error:
        expected = f"cells with their quotation marks closed; {error}"
        faults.append(Fault(file=path.name, row=line, expected=expected))
    if faults:
        raise InputError(faults)
    frame = pd.DataFrame(rows, columns=header, index=pd.Index(lines, dtype=np.int64), dtype=str)
    return TextTable(frame=frame, label=path.name, notes=notes)


def check_table(table: TextTable, columns: Sequence[Column]) -> tuple[pd.DataFrame, list[Fault]]:
    """Check every cell and convert the numbers.

    Parameters
    ----------
    table : TextTable
    columns : sequence of Column

    Returns
    -------
    frame : DataFrame
        The rows without a fault; numbers as float64 (NaN where a cell that may be empty is), text as str;
        a column that is absent stays absent.
    faults : list of Fault
        In the order of rows, then columns.
    """
    import pandera.pandas as pandera

    present = [column for column in columns if column.name in table.frame.columns]
    faults = [
        Fault(
            file=table.label,
            column=column.name,
            expected=f"a column of this name; there are {', '.join(table.frame.columns)}",
        )
        for column in columns
        if column.required and column not in present
    ]
    schema = pandera.DataFrameSchema(
        {
            column.name: pandera.Column(
                checks=pandera.Check(_accepts(column), element_wise=True, error=column.expected, ignore_na=False)
            )
            for column in present
        }
    )
    bad: dict[tuple[int, str], str] = {}
    try:
        schema.validate(table.frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        for case in error.failure_cases.itertuples():
            bad[(int(case.index), str(case.column))] = str(case.check)
    known = {column.name: column for column in columns}
    for (row, name), expected in sorted(bad.items()):
        cell, choices = str(table.frame.at[row, name]), known[name].choices
        faults.append(table.fault(row, name, nearest_name(cell, choices) if choices and cell else expected))
    good = table.frame.drop(index=sorted({row for row, _ in bad}))
    converted = {
        column.name: pd.Series([parse_number(cell) if cell else math.nan for cell in good[column.name]], good.index)
        if column.number
        else good[column.name].astype(str)
        for column in present
    }
    return pd.DataFrame(converted, index=good.index), faults


def _accepts(column: Column) -> Callable[[object], bool]:
    return lambda cell: column.accepts(str(cell))


def read_identified(
    source: Path | str | pd.DataFrame, columns: Sequence[Column], *, label: str
) -> tuple[TextTable, pd.DataFrame, list[Fault]]:
    """Read and check a table whose rows have an ``id`` of their own.

    Returns
    -------
    table : TextTable
    frame : DataFrame
        The rows without a fault; none where a whole column is missing.
    faults : list of Fault
    """
    table = read_text_table(source, label=label)
    faults = _unread_columns(table, columns)
    frame, more = check_table(table, columns)
    faults += more
    if any(fault.row in (None, 1) for fault in faults):  # a fault in the header spoils every row
        return table, frame.iloc[:0], faults
    twice = _duplicate_faults(table, "id")
    return table, frame.drop(index=[fault.row for fault in twice], errors="ignore"), faults + twice


def _unread_columns(table: TextTable, columns: Sequence[Column]) -> list[Fault]:
    """Name columns that look like misspelt ones as faults, and note the others that are not read."""
    known = [column.name for column in columns]
    unread = [name for name in table.frame.columns if name not in known]
    misspelt = {
        name: close[0] for name in unread if (close := difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.75))
    }
    if others := [name for name in unread if name not in misspelt]:
        names = ", ".join(others)
        note = Note(f"{table.label}: columns not read: {names}", f"{table.label}：未读取的列：{names}")
        table.notes.append(note)
    return [
        Fault(file=table.label, row=1, column=name, value=name, expected=f"a known column; did you mean {meant}?")
        for name, meant in misspelt.items()
        if meant not in table.frame.columns
    ]


def _duplicate_faults(table: TextTable, column: str) -> list[Fault]:
    """Describe every value that stands in more than one row, at its second and later places."""
    first: dict[str, int] = {}
    faults = []
    for row, value in table.frame[column].items():
        if value in first:
            faults.append(
                table.fault(int(str(row)), column, f"each {column} once; it stands in row {first[value]} too")
            )
        elif value:
            first[value] = int(str(row))
    return faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Takes the columns of a checked table, and notes every default that fills what is not given.

    Parameters
    ----------
    frame : DataFrame
    label : str
        The table in the notes.
    notes : list of str
        Grows as defaults are taken.
    """

    frame: pd.DataFrame
    label: str
    notes: list[str]

    def text(self, name: str, otherwise: str = "") -> tuple[str, ...]:
        """Return a text column; a default that is not empty is noted."""
        found = self.frame[name].to_list() if name in self.frame else [""] * len(self.frame)
        if otherwise and "" in found:
            self.note(name, found.count(""), otherwise, otherwise)
        return tuple(value or otherwise for value in found)

    def numbers(self, name: str, otherwise: NDArray[np.float64], en: str, zh: str) -> NDArray[np.float64]:
        """Return a column of numbers, with a default for what is not given, noted in words."""
        found = self.given(name)
        if (blank := np.isnan(found)).any():
            self.note(name, int(blank.sum()), en, zh)
        return np.where(blank, otherwise, found)

    def given(self, name: str) -> NDArray[np.float64]:
        """Return a column of numbers with NaN for what is not given."""
        absent = pd.Series(np.nan, index=self.frame.index)
        return np.asarray(self.frame.get(name, absent), dtype=np.float64)

    def note(self, name: str, count: int, en: str, zh: str) -> None:
        """Note a default."""
        n = len(self.frame)
        self.notes.append(
            Note(
                f"{self.label}: {name} not given in {count} of {n} rows: {en}",
                f"{self.label}：{n} 行中 {count} 行未给出 {name}，取{zh}",
            )
        )
