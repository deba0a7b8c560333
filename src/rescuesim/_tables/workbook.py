"""Opens workbooks (.xlsx, .xlsm): safe to open, which sheets there are, their texts and which cells are dates.

The parts of a workbook are read here, not by openpyxl, because a bureau's table is only right if one knows which
cells are merged, which formulas were never calculated and how each number stands in the file; openpyxl tells none of
these while it streams, and it gives up on styles and filters that other programs write.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from rescuesim._defaults import default
from rescuesim._tables.columns import Column
from rescuesim._tables.grid import Grid
from rescuesim._tables.headers import SEARCHED_ROWS, known_cells
from rescuesim._tables.workbook_parts import feed, local, number_formats, shared_texts
from rescuesim.errors import DataFileError, Fault, InputError, RescueSimError

__all__ = ["Sheet", "Workbook", "open_workbook", "read_workbook"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CUT = "the file is damaged or cut off: copy it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet of a workbook: its name, the part it is in, and whether it is shown."""

    name: str
    part: zipfile.ZipInfo
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """An open workbook.

    Attributes
    ----------
    path : Path
    archive : ZipFile
    sheets : tuple of Sheet
    texts : list of str
        The texts that cells refer to by number.
    formats : list of str
        By style: ``date``, zeros such as ``000000`` that a code is filled up with, or nothing.
    from_1904 : bool
        Whether days count from 1904.
    stale : bool
        Whether the writer of the file wants all formulas calculated when it is opened, so that none has been.
    """

    path: Path
    archive: zipfile.ZipFile
    sheets: tuple[Sheet, ...]
    texts: list[str]
    formats: list[str]
    from_1904: bool
    stale: bool


def read_workbook(path: Path, name: str | None, columns: Sequence[Column] | None) -> Grid:
    """Read the sheet that holds the table.

    Parameters
    ----------
    path : Path
    name : str or None
        The sheet, where the caller chose one.
    columns : sequence of Column, optional
        Columns by whose header the sheet is found.

    Raises
    ------
    DataFileError
        If it is no workbook that can be read.
    InputError
        If several sheets could be meant.
    """
    from rescuesim._tables.sheet import read_sheet

    with open_workbook(path) as book:
        sheet = _chosen(book, name, columns)
        shown = sum(one.shown for one in book.sheets)
        label = f"{path.name}#{sheet.name}" if name or shown > 1 else path.name
        return read_sheet(book, sheet, label)


def _chosen(book: Workbook, name: str | None, columns: Sequence[Column] | None) -> Sheet:
    from rescuesim._tables.sheet import read_sheet

    file, shown = book.path.name, [sheet for sheet in book.sheets if sheet.shown]
    listed = ", ".join(sheet.name for sheet in book.sheets)
    if name is not None:
        for sheet in book.sheets:
            if sheet.name.strip() == name.strip():
                return sheet
        raise InputError([Fault(file=file, value=name, expected=f"one of its sheets: {listed}")])
    if len(shown) == 1:
        return shown[0]
    if not shown:
        raise InputError([Fault(file=file, expected="a sheet with a table; it holds none that is shown")])
    begins = [read_sheet(book, sheet, file, at_most=SEARCHED_ROWS).rows for sheet in shown]
    filled = [sheet for sheet, rows in zip(shown, begins, strict=True) if rows]
    known = [max((known_cells(row, columns or ()) for row in rows), key=len, default=set()) for rows in begins]
    required = {column.name for column in columns or () if column.required}
    whole = [s for s, found in zip(shown, known, strict=True) if columns and len(found) > 1 and required <= found]
    partly = [s for s, found in zip(shown, known, strict=True) if len(found) > 1]
    for some in (whole, partly, filled):
        if len(some) == 1:
            return some[0]
        if len(some) > 1:
            names = ", ".join(sheet.name for sheet in some)
            expected = f"one sheet with the table, or its name as in {file}#{some[0].name}; it could be {names}"
            raise InputError([Fault(file=file, expected=expected)])
    raise InputError([Fault(file=file, expected=f"a sheet with a table; these are empty: {listed}")])


@contextmanager
def open_workbook(path: Path) -> Iterator[Workbook]:
    """Open a workbook after looking at what it claims to hold.

    Raises
    ------
    DataFileError
        If it is another kind of file, damaged, locked with a password, or would unpack to more than is safe.
    """
    _check_kind(path)
    try:
        with zipfile.ZipFile(path) as archive:
            parts = _checked_parts(path, archive)
            yield _opened(path, archive, parts)
    except RescueSimError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, expat.ExpatError, KeyError, IndexError, ValueError) as error:
        raise DataFileError(f"{path}: expected a workbook; {_CUT} ({error})") from None
    except (NotImplementedError, RuntimeError) as error:
        raise DataFileError(f"{path}: expected a workbook; its parts cannot be unpacked ({error})") from None


def _check_kind(path: Path) -> None:
    """Say what a file is that is no workbook."""
    with path.open("rb") as file:
        begin = file.read(4096)
        if not begin:
            raise DataFileError(f"{path}: the file is empty")
        ole = file.read() if begin.startswith(_OLE) else b""
    text = begin.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if ole and "EncryptedPackage".encode("utf-16-le") in ole:
        raise DataFileError(f"{path}: the workbook is locked with a password: open it, take the password off, save it")
    if begin.startswith(_OLE):
        raise DataFileError(f"{path}: the old binary format of workbooks: open it in Excel or WPS and save it as .xlsx")
    if text.startswith((b"<!doctype", b"<html", b"<table", b"<meta", b"<?xml", b"mime-version")):
        what = "XML" if text.startswith(b"<?xml") and b"<html" not in text else "a web page"
        raise DataFileError(
            f"{path}: {what} under the name of a workbook: open it in Excel or WPS and save it as .xlsx"
        )
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        raise DataFileError(
            f"{path}: expected a workbook as .xlsx or .xlsm: open it in Excel or WPS and save it as .xlsx"
        )
    if not begin.startswith(b"PK"):
        raise DataFileError(f"{path}: expected a workbook; this is none, or a text table under its name")


def _checked_parts(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the XML parts, the only ones that are ever read, by their names in lower case.

    What they declare that they unpack to is limited; zipfile reads no part farther than it declares.
    """
    largest, ratio = default("tables.xlsx_mb").number * 1e6, default("tables.xlsx_ratio").number
    every = {info.filename.lstrip("/").lower(): info for info in archive.infolist()}
    parts = {name: info for name, info in every.items() if name.endswith((".xml", ".rels"))}
    read = parts.values()
    if any(info.flag_bits & 1 for info in read):
        raise DataFileError(f"{path}: the workbook is locked with a password: open it, take the password off, save it")
    total = sum(info.file_size for info in read)
    if total > largest:
        raise DataFileError(
            f"{path}: would unpack to {total / 1e6:,.0f} MB, expected {largest / 1e6:,.0f} MB at most: "
            "not opened; save the table alone as .xlsx or .csv"
        )
    for info in read:
        if info.file_size > 1e6 and info.file_size > ratio * max(info.compress_size, 1):
            raise DataFileError(
                f"{path}: {info.filename} would unpack to {info.file_size / max(info.compress_size, 1):,.0f} times its "
                f"size, expected {ratio:.0f} times at most: not opened; save the table alone as .xlsx or .csv"
            )
    if "[content_types].xml" not in parts or not any(name.startswith("xl/") for name in parts):
        raise DataFileError(f"{path}: a zip file, but no workbook: expected .xlsx as Excel or WPS save it")
    if "xl/workbook.bin" in every:
        raise DataFileError(f"{path}: a binary workbook (.xlsb): open it in Excel or WPS and save it as .xlsx")
    return parts


def _opened(path: Path, archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> Workbook:
    targets: dict[str, tuple[str, str]] = {}
    sheets: list[tuple[str, str, str]] = []
    properties: dict[str, dict[str, str]] = {}

    def relation(name: str, attributes: dict[str, str]) -> None:
        if local(name) == "Relationship":
            target = attributes["Target"]
            target = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            targets[attributes["Id"]] = (attributes["Type"].rpartition("/")[2], target.lower())

    def element(name: str, attributes: dict[str, str]) -> None:
        if local(name) == "sheet":
            keys = [value for key, value in attributes.items() if key.endswith(":id")]
            sheets.append((attributes["name"], keys[0], attributes.get("state", "visible")))
        elif local(name) in ("workbookPr", "calcPr"):
            properties[local(name)] = attributes

    feed(archive, parts["xl/_rels/workbook.xml.rels"], lambda parser: _starts(parser, relation))
    feed(archive, parts["xl/workbook.xml"], lambda parser: _starts(parser, element))
    by_kind = {kind: parts[name] for kind, name in targets.values() if name in parts}
    on = ("1", "true", "on")
    return Workbook(
        path=path,
        archive=archive,
        sheets=tuple(
            Sheet(name=name, part=parts[targets[key][1]], shown=state == "visible")
            for name, key, state in sheets
            if targets[key][0] == "worksheet"
        ),
        texts=shared_texts(archive, by_kind["sharedStrings"]) if "sharedStrings" in by_kind else [],
        formats=number_formats(archive, by_kind["styles"]) if "styles" in by_kind else [],
        from_1904=properties.get("workbookPr", {}).get("date1904", "") in on,
        stale=properties.get("calcPr", {}).get("fullCalcOnLoad", "") in on,
    )


def _starts(parser: expat.XMLParserType, handler: Callable[[str, dict[str, str]], None]) -> None:
    parser.StartElementHandler = handler
