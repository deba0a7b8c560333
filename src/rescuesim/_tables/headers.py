"""Finds the header of a table and the column that each of its cells means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rescuesim._tables.columns import Column, parse_number
from rescuesim._tables.words import aliases, header_names, header_word, plain
from rescuesim._words import Note
from rescuesim.errors import Fault, InputError

__all__ = ["SEARCHED_ROWS", "Header", "column_in_words", "find_header", "known_cells", "resolve_header"]

SEARCHED_ROWS = 10  # titles stand in the first rows; a header farther down is none
_BRACKET = re.compile(r"^(?P<base>.+?)[(\[【〔](?P<unit>[^()\[\]【】〔〕]+)[)\]】〕]$")
_MARKS = frozenset({"必填", "选填", "可选", "可空", "非必填", "required", "optional"})


@dataclass(slots=True, kw_only=True)
class Header:
    """What the cells of a header mean.

    Attributes
    ----------
    names : list of str
        For each cell the name of its column; as it stands in the file where it is no known one.
    written : dict of str to str
        How the header of each known column stands in the file.
    faults, notes : list
    """

    names: list[str] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def column_in_words(name: str, written: Mapping[str, str]) -> str:
    """Name a column as the file does and, if that is another word, as it is called here.

    Examples
    --------
    >>> column_in_words("people", {"people": "人口"}), column_in_words("lon", {"lon": "lon"})
    ('人口 (people)', 'lon')
    """
    found = written.get(name, name)
    return found if found == name else f"{found} ({name})"


def _meaning(cell: str, names: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the column that a header means and what stands in its bracket, or None."""
    text = plain(cell).strip("*※:")
    for _ in range(2):  # 人口(人)(必填)
        if text in names:
            return names[text], ""
        parts = _BRACKET.match(text)
        if parts is None:
            return None
        if parts["unit"] in _MARKS:
            text = parts["base"].strip("*※:")
            continue
        return (names[parts["base"]], parts["unit"]) if parts["base"] in names else None
    return (names[text], "") if text in names else None


def known_cells(row: Sequence[str], columns: Sequence[Column]) -> set[str]:
    """Return the names of the columns that the cells of a row mean as headers."""
    names = header_names(columns)
    return {found[0] for cell in row if cell and (found := _meaning(cell, names))}


def find_header(label: str, rows: Sequence[Sequence[str]], numbers: Sequence[int], columns: Sequence[Column]) -> int:
    """Return which of the first rows is the header; the rows above it are titles.

    Parameters
    ----------
    label : str
    rows : sequence of sequence of str
        Rows that are not blank.
    numbers : sequence of int
        Their numbers in messages.
    columns : sequence of Column

    Raises
    ------
    InputError
        If several rows could be the header, or a row above it holds data.
    """
    required = {column.name for column in columns if column.required}
    known = [known_cells(row, columns) for row in rows[:SEARCHED_ROWS]]
    whole = [at for at, found in enumerate(known) if required <= found and len(found) >= min(2, len(columns))]
    if len(whole) > 1 and required:
        listed = ", ".join(str(numbers[at]) for at in whole)
        raise InputError([Fault(file=label, row=numbers[whole[1]], expected=f"one header; rows {listed} each are one")])
    if whole:
        at = whole[0]
    else:  # what is missing will be said of the row that is the most like a header
        counts = [len(found) for found in known]
        at = counts.index(max(counts)) if max(counts) > 1 else 0
    above = [numbers[above] for above in range(at) if _is_data(rows[above], rows[at], columns)]
    if above:
        expected = f"only titles above the header, which is row {numbers[at]}; this row looks like data"
        raise InputError([Fault(file=label, row=number, expected=expected) for number in above])
    return at


def _is_data(row: Sequence[str], header: Sequence[str], columns: Sequence[Column]) -> bool:
    """Whether a row above the header holds data: as many cells as the header, or a number under one of numbers."""
    if sum(map(bool, row)) >= max(3, sum(map(bool, header))):
        return True
    names, numbers = header_names(columns), {column.name for column in columns if column.number}
    return any(
        cell and (found := _meaning(head, names)) and found[0] in numbers and _is_number(cell)
        for cell, head in zip(row, header, strict=False)
    )


def _is_number(cell: str) -> bool:
    try:
        parse_number(cell)
    except ValueError:
        return False
    return True


def resolve_header(label: str, row: int | None, cells: Sequence[str], columns: Sequence[Column]) -> Header:
    """Find the column that each cell of a header means.

    Parameters
    ----------
    label : str
    row : int or None
        Number of the header's row; None for a DataFrame, which has none.
    cells : sequence of str
    columns : sequence of Column

    Returns
    -------
    Header
        Two headers that mean one column, units that change the numbers and names that look misspelt are faults.
    """
    made, names = Header(), header_names(columns)
    by_name = {column.name: column for column in columns}
    unread: list[str] = []
    for cell in cells:
        found = _meaning(cell, names)
        if found is None:
            made.names.append(cell)
            unread += [cell] if cell else []
            continue
        name, unit = found
        if name in made.written:
            expected = f"one column that means {name}; {made.written[name]} does too: keep one, rename the other"
            expected = "each column once" if cell == made.written[name] else expected
            made.faults.append(Fault(file=label, row=row, column=cell, expected=expected))
            made.names.append(cell)
            continue
        made.names.append(name)
        made.written[name] = cell
        if unit and by_name[name].number and unit not in aliases().units.get(name, frozenset()):
            made.faults.append(Fault(file=label, row=row, column=cell, value=cell, expected=_unit_expected(name)))
    made.faults += _missing(label, cells, columns, made.written)
    suspects = _suspects(label, row, unread, columns, made.written)
    made.faults += suspects.values()
    _say(made, label, [name for name in unread if name not in suspects])
    return made


def _unit_expected(name: str) -> str:
    units = ", ".join(sorted(aliases().units.get(name, frozenset())))
    read = f"one of {units} in the bracket" if units else "no bracket"
    return f"{header_word(name, 'zh')} ({name}) with {read}; convert the numbers and mend the header"


def _missing(label: str, cells: Sequence[str], columns: Sequence[Column], written: Mapping[str, str]) -> list[Fault]:
    listed = ", ".join(cell for cell in cells if cell)
    faults = []
    for column in columns:
        if column.required and column.name not in written:
            word = header_word(column.name, "zh")
            also = "" if word == column.name else f" (or {word})"
            expected = f"a column of this name{also}; there are {listed}"
            faults.append(Fault(file=label, column=column.name, expected=expected))
    return faults


def _suspects(
    label: str, row: int | None, unread: Sequence[str], columns: Sequence[Column], written: Mapping[str, str]
) -> dict[str, Fault]:
    """Find headers that are not read but look like those of a column that is absent."""
    names, found = header_names(columns), {}
    by_name = {column.name: column for column in columns}
    for cell in unread:
        text = plain(cell)
        base = parts["base"] if (parts := _BRACKET.match(text)) else text
        for name, others in aliases().lookalikes.items():
            if name in by_name and name not in written and base in others:
                word = header_word(name, "zh")
                expected = f"{word} ({name}); this is {others[base]}: name it {word} if it is to count as that"
                found[cell] = Fault(file=label, row=row, column=cell, value=cell, expected=expected)
        close = difflib.get_close_matches(base, names, n=1, cutoff=0.75)
        if cell not in found and close and (meant := names[close[0]]) not in written:
            meant = meant if close[0] == meant else f"{close[0]} ({meant})"
            expected = f"a known column; did you mean {meant}?"
            found[cell] = Fault(file=label, row=row, column=cell, value=cell, expected=expected)
    return found


def _say(made: Header, label: str, unread: Sequence[str]) -> None:
    renamed = ", ".join(f"{cell} = {name}" for name, cell in made.written.items() if cell != name)
    if renamed:
        made.notes.append(Note(f"{label}: columns read: {renamed}", f"{label}：列名对应：{renamed}"))
    if unread:
        names = ", ".join(dict.fromkeys(unread))
        made.notes.append(Note(f"{label}: columns not read: {names}", f"{label}：未读取的列：{names}"))
