"""Makes workbooks for tests, sound ones and broken ones."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from rescuesim.demand import load_demand
from rescuesim.errors import InputError

HEADER = ("编号", "名称", "经度", "纬度", "区域类型", "人口")
ROWS = (("v1", "上村", 119.3, 28.7, "建成区", 820), ("v2", "下村", 119.31, 28.71, "一般农村", 40))


def write_book(
    path: Path,
    rows: Sequence[Sequence[object]] = ROWS,
    *,
    header: Sequence[str] = HEADER,
    change: Callable[[Worksheet], None] | None = None,
    title: str = "村庄",
) -> Path:
    """Write a workbook with one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in (header, *rows):
        sheet.append(list(row))
    if change is not None:
        change(sheet)
    book.save(path)
    return path


def rewrite_part(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """Change the XML of a part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    parts[part] = change(parts[part].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def as_calculated(path: Path) -> Path:
    """Let a workbook claim that its formulas have been calculated, as Excel does when it saves."""
    return rewrite_part(path, "xl/workbook.xml", lambda xml: re.sub(r' fullCalcOnLoad="1"', "", xml))


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def refusal(
    source: Path | str | pd.DataFrame,
    folder: Path,
    error: type[Exception] = InputError,
    load: Callable[..., object] = load_demand,
) -> str:
    """Return the message with which a table is refused; the folder must be as it was."""
    before = contents(folder)
    with pytest.raises(error) as caught:
        load(source)
    assert contents(folder) == before
    return str(caught.value)


def write(folder: Path, data: str | bytes, name: str = "villages.csv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path
