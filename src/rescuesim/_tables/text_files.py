"""Reads text tables: finds the encoding, the character between the cells, and the rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from rescuesim._tables.columns import Column
from rescuesim._tables.grid import Grid
from rescuesim._tables.headers import SEARCHED_ROWS, known_cells
from rescuesim._words import Note
from rescuesim.errors import DataFileError, Fault, InputError

__all__ = ["TEXT_KINDS", "decode_text", "everyday_share", "read_text_file"]

TEXT_KINDS = (".csv", ".txt", ".tsv")
_DELIMITERS = {",": ("commas", "逗号"), "\t": ("tabs", "制表符"), ";": ("semicolons", "分号")}
_KEPT_TEXT = re.compile(r'="([^"]*)"')
_NOT_TEXT = {b"PK\x03\x04": "a workbook or zip file", b"\xd0\xcf\x11\xe0": "an old binary workbook", b"%PDF": "a PDF"}


def read_text_file(path: Path, columns: Sequence[Column] | None) -> Grid:
    """Read the rows of a text table.

    Parameters
    ----------
    path : Path
    columns : sequence of Column, optional
        Columns whose header tells by which character the cells are parted.

    Raises
    ------
    DataFileError
        If it is no text.
    InputError
        If its encodings are mixed, quotation marks are not closed, or it is empty.
    """
    raw = path.read_bytes()
    for begin, what in _NOT_TEXT.items():
        if raw.startswith(begin):
            raise DataFileError(f"{path}: expected a text table; this is {what} under another name: rename it")
    if raw.lstrip()[:9].lower().startswith((b"<!doctype", b"<html")):
        raise DataFileError(
            f"{path}: expected a text table; this is a web page: open it in a browser or Excel, save it as .csv"
        )
    grid = Grid(label=path.name, strict=True)
    text = decode_text(path, raw, grid.notes)
    if not text.strip():
        raise InputError([Fault(file=path.name, expected="a header and at least one row; the file is empty")])
    delimiter = _delimiter(text, columns)
    if delimiter != ",":
        en, zh = _DELIMITERS[delimiter]
        grid.notes.append(Note(f"{path.name}: cells parted by {en}", f"{path.name}：以{zh}分隔"))
    _parse(grid, text, delimiter)
    return grid


def decode_text(path: Path, raw: bytes, notes: list[str]) -> str:
    """Decode UTF-8 with or without a mark, UTF-16 with one, or GB18030; what it was stands in a note.

    Raises
    ------
    DataFileError
        If it is none of these.
    InputError
        If lines differ in their encoding.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = raw.decode("utf-16")
        except UnicodeDecodeError:
            raise DataFileError(f"{path}: begins like UTF-16 and is not; the file is damaged or cut off") from None
        notes.append(Note(f"{path.name}: read as UTF-16", f"{path.name}：按 UTF-16 读取"))
        return text
    if b"\0" in raw:
        raise DataFileError(f"{path}: expected a text file; it holds zero bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if faults := _mixed_lines(path.name, raw):
        raise InputError(faults)
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataFileError(
            f"{path}: expected text in UTF-8 or GB18030; it is neither, line {line} cannot be read"
        ) from None
    notes.append(Note(f"{path.name}: read as GB18030", f"{path.name}：按 GB18030 读取"))
    return text


def _mixed_lines(file: str, raw: bytes) -> list[Fault]:
    """Describe the lines of the rarer encoding, where some lines are UTF-8 and others are not.

    A line of GB18030 is at times UTF-8 by accident. It counts as UTF-8 only where that gives more everyday characters
    than GB18030 does.
    """
    utf8, others = [], []
    for number, line in enumerate(raw.split(b"\n"), 1):
        if line.isascii():
            continue
        try:
            text = line.decode("utf-8-sig")
        except UnicodeDecodeError:
            others.append(number)
        else:
            if everyday_share(text) > everyday_share(line.decode("gb18030", errors="replace")):
                utf8.append(number)
    if not utf8 or not others:
        return []
    rare, rare_name, usual_name = (
        (utf8, "UTF-8", "GB18030") if len(utf8) < len(others) else (others, "another encoding", "UTF-8")
    )
    expected = f"text in {usual_name} as in the other rows; this row is in {rare_name}: save the file again as UTF-8"
    return [Fault(file=file, row=number, expected=expected) for number in rare]


def everyday_share(text: str) -> float:
    """Return the share of characters beyond ASCII that are in GB 2312, the 6,763 everyday ones and some signs.

    Text decoded by the wrong codec has a small share.

    Examples
    --------
    >>> everyday_share("上村"), everyday_share("上村".encode().decode("gb18030")) < 0.7
    (1.0, True)
    """
    beyond = [character for character in text if not character.isascii()]
    known = "".join(beyond).encode("gb2312", errors="ignore").decode("gb2312")
    return len(known) / len(beyond) if beyond else 1.0


def _delimiter(text: str, columns: Sequence[Column] | None) -> str:
    """Return the character that parts the most known headers in one of the first rows, else the most cells."""
    begin = io.StringIO(text, newline="")
    lines = [line for _, line in zip(range(4 * SEARCHED_ROWS), begin, strict=False) if line.strip()][:SEARCHED_ROWS]

    def parted(delimiter: str) -> tuple[int, int, bool]:
        rows = [next(csv.reader([line[:100_000]], delimiter=delimiter), []) for line in lines]
        known = max(len(known_cells([cell.strip() for cell in row], columns or ())) for row in rows)
        return known, len(rows[0]), delimiter == ","

    return max(_DELIMITERS, key=parted)


def _parse(grid: Grid, text: str, delimiter: str) -> None:
    """Fill a grid with the rows of a text; a row's number is the line at which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    quoted = '="' in text
    line = 1
    try:
        for cells in reader:
            begins, line = line, reader.line_num + 1
            cells = [cell.strip() for cell in cells]
            if quoted:  # ="0001" is how people keep Excel from making a number of a code
                cells = [found[1].strip() if (found := _KEPT_TEXT.fullmatch(cell)) else cell for cell in cells]
            if any(cells):
                grid.rows.append(cells)
                grid.numbers.append(begins)
            else:
                grid.blank.append(begins)
    except csv.Error as error:
        expected = f"cells with their quotation marks closed; {error}"
        raise InputError([Fault(file=grid.label, row=line, expected=expected)]) from None
