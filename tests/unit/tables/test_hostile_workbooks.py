"""Workbooks made to do harm, or so damaged that they might: none is unpacked further than it may."""

from __future__ import annotations

import re
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from tables_workbooks import refusal, rewrite_part, write_book

from rescuesim.demand import load_demand
from rescuesim.errors import DataFileError, InputError

SHEET = "xl/worksheets/sheet1.xml"


def bomb(path: Path, part: str, n_bytes: int) -> Path:
    """Write a workbook with one part that unpacks to many zeros."""
    write_book(path)
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    parts.pop(part, None)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
        with archive.open(part, "w", force_zip64=True) as file:
            for _ in range(n_bytes // 1_000_000):
                file.write(b" " * 1_000_000)
    return path


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml"])
def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, part: str) -> None:
    path = bomb(tmp_path / "v.xlsx", part, 100_000_000)
    assert path.stat().st_size < 200_000
    load_demand(write_book(tmp_path / "good.xlsx"))  # so that imports are not counted
    tracemalloc.start()
    try:
        said = refusal(path, tmp_path, DataFileError)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert f"{path}: {part} would unpack to 1,0" in said
    assert "times its size, expected 200 times at most: not opened" in said
    assert peak < 5_000_000


def test_a_zip_bomb_that_lies_about_its_size_is_read_no_further_than_it_claims(tmp_path: Path) -> None:
    path = bomb(tmp_path / "v.xlsx", SHEET, 50_000_000)
    raw = bytearray(path.read_bytes())
    true, false = struct.pack("<I", 50_000_000), struct.pack("<I", 1000)
    raw = bytearray(bytes(raw).replace(true, false))
    path.write_bytes(raw)
    tracemalloc.start()
    try:
        said = refusal(path, tmp_path, DataFileError)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "damaged or cut off" in said
    assert peak < 5_000_000


def test_a_workbook_of_more_than_the_limit_is_not_unpacked_however_many_parts_it_has(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx")
    noise = (b"<a>%d</a>" % 7919) * 10_000
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        for n in range(4):
            archive.writestr(f"xl/worksheets/more{n}.xml", noise)
    raw = path.read_bytes()
    true = struct.pack("<II", len(noise), len(noise))
    path.write_bytes(raw.replace(true, struct.pack("<II", 90_000_000, 90_000_000)))
    assert "would unpack to 360 MB, expected 300 MB at most: not opened" in refusal(path, tmp_path, DataFileError)


def test_a_row_far_to_the_right_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx")
    far = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(4, 2004))
    rewrite_part(path, SHEET, lambda xml: xml.replace("</sheetData>", far + "</sheetData>"))
    assert "expected a table of 10,000,000 cells at most" in refusal(path, tmp_path, DataFileError)


def test_entities_that_swell_are_refused(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx")
    entities = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    rewrite_part(path, SHEET, lambda xml: entities + re.sub(r"<\?xml.*?\?>", "", xml))
    assert "declares a document type" in refusal(path, tmp_path, DataFileError)


def test_a_sheet_that_hides_in_a_part_of_another_kind_is_not_read(tmp_path: Path) -> None:
    path = bomb(tmp_path / "v.xlsx", "xl/media/image1.png", 50_000_000)
    assert len(load_demand(path)) == 2  # what is not read is not unpacked either
    rels = "xl/_rels/workbook.xml.rels"
    rewrite_part(path, rels, lambda xml: xml.replace("worksheets/sheet1.xml", "media/image1.png"))
    assert "damaged or cut off" in refusal(path, tmp_path, DataFileError)


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        (SHEET, "<v>119.3</v>", "<v>north</v>"),
        (SHEET, 't="inlineStr"', 't="s"'),
        (SHEET, 'r="A1"', 'r="?1"'),
        (SHEET, "</sheetData>", ""),
        ("xl/workbook.xml", "<sheet ", "<sheet2 "),
        ("xl/workbook.xml", 'r:id="rId1"', ""),
        ("xl/styles.xml", "<cellXfs", "<cellXfs x"),
    ],
)
def test_parts_that_make_no_sense_are_damage_or_no_table(tmp_path: Path, part: str, old: str, new: str) -> None:
    path = rewrite_part(write_book(tmp_path / "v.xlsx"), part, lambda xml: xml.replace(old, new))
    with pytest.raises(
        (DataFileError, InputError), match=r"damaged or cut off|holds none that is shown|a value|at least"
    ):
        load_demand(path)


def test_a_row_number_beyond_any_sheet_is_damage(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx")
    rewrite_part(path, SHEET, lambda xml: xml.replace('<row r="3"', '<row r="99999999999"'))
    assert "damaged or cut off" in refusal(path, tmp_path, DataFileError)
