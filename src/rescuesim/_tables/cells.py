"""Checks every cell of a table of text and converts the numbers; all faults at once.

Codes stay text, an empty cell is "not given", and the value in a message is the value in the file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._tables.columns import Column, decimal_degrees
from rescuesim._tables.grid import TextTable
from rescuesim._tables.headers import column_in_words
from rescuesim._tables.words import choice_names, expected_choice, header_word, plain
from rescuesim._words import Note
from rescuesim.errors import Fault

__all__ = ["EXAMPLE_MARKS", "check_table"]

EXAMPLE_MARKS = ("示例", "EXAMPLE")  # how the first cell of a template's example row begins
_LOST_DIGITS = re.compile(r"[+-]?\d(\.\d*)?[eE]\+\d+")  # how Excel and NumPy write a number of many digits


def check_table(table: TextTable, columns: Sequence[Column]) -> tuple[pd.DataFrame, list[Fault]]:
    """Check every cell and convert the numbers.

    Each value that occurs is looked at once, so the time is linear in the values, not in the rows.

    Parameters
    ----------
    table : TextTable
    columns : sequence of Column

    Returns
    -------
    frame : DataFrame
        The rows without a fault; numbers as float64 (NaN where a cell that may be empty is), choices by their own
        name, other text as str; a column that is absent stays absent. No rows where the header has a fault.
    faults : list of Fault
        Those of the header, then in the order of rows and columns.
    """
    present = [column for column in columns if column.name in table.frame.columns]
    missing = _missing(table, columns)
    faults = [*table.faults, *missing]
    rows = table.frame.index
    bad = {place: expected for place, expected in table.bad.items() if place[1] in {c.name for c in present}}
    examples = _example_rows(table, present)
    converted: dict[str, pd.Series] = {}
    for column in present:
        converted[column.name], wrong = _check_column(table, column)
        for row, expected in wrong.items():
            bad.setdefault((row, column.name), expected)
    bad = {place: expected for place, expected in bad.items() if place[0] not in examples}
    bad |= dict.fromkeys(examples.items(), _EXAMPLE_EXPECTED)
    cells = {name: table.frame[name].to_dict() for name in {name for _, name in bad}}
    shown = {name: column_in_words(name, table.written) for name in cells}
    faults += [
        Fault(file=table.label, row=row, column=shown[name], value=str(cells[name][row]), expected=expected)
        for (row, name), expected in sorted(bad.items())
        if expected
    ]
    good = ~rows.isin({row for row, _ in bad}) if not (table.faults or missing) else np.zeros(len(rows), dtype=np.bool_)
    return pd.DataFrame(converted, index=rows)[good], faults


_EXAMPLE_EXPECTED = "no example row; delete it: it only shows how to fill in the template"


def _missing(table: TextTable, columns: Sequence[Column]) -> list[Fault]:
    """Describe the columns that must be there and are not, as far as the reading of the header has not done it."""
    said = {fault.column for fault in table.faults}
    listed = ", ".join(table.frame.columns)
    return [
        Fault(file=table.label, column=column.name, expected=f"a column of this name; there are {listed}")
        for column in columns
        if column.required and column.name not in table.frame.columns and column.name not in said
    ]


def _example_rows(table: TextTable, present: Sequence[Column]) -> dict[int, str]:
    """Return the rows that are a template's example, with the column that says so."""
    named = [column.name for column in present if column.name in ("id", "label")][:1]
    return {
        int(row): name
        for name in named
        for row in table.frame.index[table.frame[name].str.startswith(EXAMPLE_MARKS).to_numpy(dtype=np.bool_)]
    }


def _check_column(table: TextTable, column: Column) -> tuple[pd.Series, dict[int, str]]:
    """Convert a column; what is wrong comes back as what is expected, by row."""
    rows = table.frame.index
    codes, found = pd.factorize(table.frame[column.name].to_numpy(dtype=object))
    cells = [str(cell) for cell in found]
    wrong: dict[int, str] = {}
    values: NDArray[np.float64] | NDArray[np.object_]
    if column.number:
        numbers = [column.number_in(cell) if cell else math.nan for cell in cells]
        wrong = {at: _number_expected(column, cells[at]) for at, number in enumerate(numbers) if number is None}
        values = np.array([math.nan if number is None else number for number in numbers], dtype=np.float64)
    elif column.choices:
        values = _choices(table, column, cells, wrong)
    else:
        wrong = {at: _digits_expected(column) for at, cell in enumerate(cells) if _LOST_DIGITS.fullmatch(cell)}
        values = np.array(cells, dtype=object)
    if column.required and "" in cells:
        wrong[cells.index("")] = column.expected
    series = pd.Series(values[codes], index=rows, dtype=np.float64 if column.number else object)
    faulty = np.flatnonzero(np.isin(codes, list(wrong))).tolist() if wrong else []
    series = series if column.number else series.astype(str)
    return series, {int(rows[at]): wrong[int(codes[at])] for at in faulty}


def _number_expected(column: Column, cell: str) -> str:
    """Say what number to write; for degrees, minutes and seconds the very number."""
    degrees = decimal_degrees(cell) if column.name in ("lon", "lat") else None
    return column.expected if degrees is None else f"decimal degrees: {degrees:.6f}"


def _digits_expected(column: Column) -> str:
    name = header_word(column.name, "zh")
    return f"all digits of a code; some are lost: format the column {name} as text and enter the codes anew"


def _choices(table: TextTable, column: Column, cells: list[str], wrong: dict[int, str]) -> NDArray[np.object_]:
    """Return the choice that each cell means, and note the words that are not its name."""
    names = choice_names(column)
    exact = set(column.choices)
    meant = [cell if cell in exact or not cell else names.get(plain(cell), "") for cell in cells]
    for at, (cell, choice) in enumerate(zip(cells, meant, strict=True)):
        if cell and not choice:
            wrong[at] = expected_choice(cell, column)
    read = [f"{cell} = {choice}" for cell, choice in zip(cells, meant, strict=True) if choice and cell != choice]
    if read:
        name, words = column_in_words(column.name, table.written), ", ".join(read)
        note = Note(f"{table.label}: {name}: {words}", f"{table.label}：{name}：{words}")
        if note not in table.notes:
            table.notes.append(note)
    return np.array(meant, dtype=object)
