"""Malformed tables: each gives one message with every fault at its place, and changes no file."""

from __future__ import annotations

import math
import re
import zipfile
from pathlib import Path

import geopandas
import pandas as pd
import pytest
import shapely
from tables_workbooks import HEADER, ROWS, as_calculated, refusal, rewrite_part, write, write_book

from rescuesim._tables import read_layer
from rescuesim._tables.text_files import decode_text
from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.errors import DataFileError, InputError

SHEET = "xl/worksheets/sheet1.xml"
CSV = "id,lon,lat,people\nv1,119.3,28.7,820\nv2,119.31,28.71,40\n"


def test_a_workbook_cut_in_half_is_damaged(tmp_path: Path) -> None:
    path = write_book(tmp_path / "villages.xlsx")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert refusal(path, tmp_path, DataFileError) == (
        f"{path}: expected a workbook; the file is damaged or cut off: copy it again (File is not a zip file)"
    )


def test_a_workbook_with_a_flipped_bit_is_damaged(tmp_path: Path) -> None:
    path = write_book(tmp_path / "villages.xlsx")
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(SHEET)
    raw = bytearray(path.read_bytes())
    raw[info.header_offset + 30 + len(info.filename) + info.compress_size // 2] ^= 0xFF
    path.write_bytes(raw)
    assert "the file is damaged or cut off: copy it again" in refusal(path, tmp_path, DataFileError)


def test_a_web_page_under_the_name_of_a_workbook_is_named_as_such(tmp_path: Path) -> None:
    for name in ("villages.xlsx", "villages.xls"):
        path = write(tmp_path, "<html><table><tr><td>编号</td></tr></table></html>", name)
        assert refusal(path, tmp_path, DataFileError) == (
            f"{path}: a web page under the name of a workbook: open it in Excel or WPS and save it as .xlsx"
        )


def test_an_old_binary_workbook_and_a_locked_one_are_told_apart(tmp_path: Path) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000
    old = write(tmp_path, ole + "Workbook".encode("utf-16-le"), "villages.xls")
    assert refusal(old, tmp_path, DataFileError) == (
        f"{old}: the old binary format of workbooks: open it in Excel or WPS and save it as .xlsx"
    )
    locked = write(tmp_path, ole + "EncryptedPackage".encode("utf-16-le"), "locked.xlsx")
    assert "locked with a password: open it, take the password off" in refusal(locked, tmp_path, DataFileError)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.xlsx", b"", "the file is empty"),
        ("a.xlsx", CSV.encode(), "expected a workbook; this is none, or a text table under its name"),
        ("a.csv", b"PK\x03\x04abc", "this is a workbook or zip file under another name: rename it"),
        ("a.csv", b"<!DOCTYPE html><html></html>", "this is a web page"),
        ("a.ods", b"PK\x03\x04", "expected a workbook as .xlsx or .xlsm"),
        ("a.docx", b"PK\x03\x04", "expected a .csv file (or .txt, .tsv), a workbook (.xlsx, .xlsm) or a layer"),
        ("a.csv", b"id,lon,lat\na\x00,1,2\n", "it holds zero bytes"),
        ("a.csv", b"\xff\xfei\x00d\x00\n", "begins like UTF-16 and is not"),
    ],
)
def test_files_of_another_kind_are_named(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    assert said in refusal(write(tmp_path, data, name), tmp_path, DataFileError)


def test_a_zip_file_that_is_no_workbook_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("roads.shp", "x")
    assert "a zip file, but no workbook" in refusal(tmp_path / "a.xlsx", tmp_path, DataFileError)


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "villages.xlsx").mkdir()
    assert refusal(tmp_path / "villages.xlsx", tmp_path, DataFileError).endswith("a folder, expected a file")
    assert refusal(tmp_path / "none.xlsx", tmp_path, DataFileError).endswith("none.xlsx: no such file")


def test_codes_in_scientific_notation_have_lost_digits(tmp_path: Path) -> None:
    expected = "expected all digits of a code; some are lost: format the column 编号 as text and enter the codes anew"
    table = "id,lon,lat\n3.30382E+11,119.3,28.7\nv2,119.31,28.71\n"
    assert refusal(write(tmp_path, table), tmp_path) == f"villages.csv, row 2, column id: '3.30382E+11', {expected}"
    rows = [(330382199001011234.0, *ROWS[0][1:]), ROWS[1]]
    book = write_book(tmp_path / "villages.xlsx", rows)
    assert refusal(book, tmp_path) == (f"villages.xlsx, row 2, column 编号 (id): '3.30382199001011e+17', {expected}")
    frame = pd.DataFrame({"id": [3.30382199001011234e17], "lon": [119.3], "lat": [28.7]})
    assert expected in refusal(frame, tmp_path)


def test_merged_cells_are_named_by_their_range_once(tmp_path: Path) -> None:
    rows = [(*row[:4], "东镇", row[5]) for row in (*ROWS, ("v3", "庄", 119.2, 28.6, "", 5))]
    header = (*HEADER[:4], "乡镇", HEADER[5])
    path = write_book(tmp_path / "v.xlsx", rows, header=header, change=lambda sheet: sheet.merge_cells("E2:E4"))
    assert refusal(path, tmp_path) == (
        "v.xlsx, row 2, column 乡镇 (township): '东镇', expected a value of its own in every cell; E2:E4 is merged: "
        "unmerge it and fill the cells"
    )


def test_merged_headers_are_named(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx", change=lambda sheet: sheet.merge_cells("E1:F1"))
    assert refusal(path, tmp_path) == (
        "v.xlsx, row 1, column 区域类型 (zone): expected one header a column; E1:F1 is merged: unmerge it"
    )


def test_formulas_that_were_never_calculated_have_no_value(tmp_path: Path) -> None:
    rows = [(*ROWS[0][:5], "=400+420"), ROWS[1]]
    path = write_book(tmp_path / "v.xlsx", rows)
    said = (
        "v.xlsx, row 2, column 人口 (people): '=400+420', expected a value; the formula was never calculated: open the "
        "file in Excel or WPS and save it"
    )
    assert refusal(path, tmp_path) == said
    assert refusal(as_calculated(path), tmp_path) == said  # the claim alone gives the cell no value


def test_a_formula_that_was_calculated_is_its_value(tmp_path: Path) -> None:
    path = as_calculated(write_book(tmp_path / "v.xlsx", [(*ROWS[0][:5], "=400+420"), ROWS[1]]))
    calculated = r"<f>400+420</f><v>820</v>"
    rewrite_part(path, SHEET, lambda xml: re.sub(r"<f>400\+420</f><v ?/?>(</v>)?", calculated, xml))
    assert load_demand(path).people.tolist() == [820, 40]


def test_formulas_of_a_file_that_asks_for_calculation_are_not_believed(tmp_path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "v.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "lon", "lat", "people"])
        sheet.write_row(1, 0, ["v1", 119.3, 28.7])
        sheet.write_formula(1, 3, "=400+420")  # this library writes 0 as the value
    assert "v.xlsx, row 2, column people: '=400+420', expected a value; the formula was never calculated" in refusal(
        tmp_path / "v.xlsx", tmp_path
    )


def test_error_cells_are_faults_in_columns_that_are_read(tmp_path: Path) -> None:
    rows = [(*ROWS[0][:5], "#N/A", "#REF!"), (*ROWS[1][:3], "#REF!", *ROWS[1][4:], "")]
    path = write_book(tmp_path / "v.xlsx", rows, header=(*HEADER, "备注"))
    assert refusal(path, tmp_path).splitlines()[1:] == [
        "  1. v.xlsx, row 2, column 人口 (people): '#N/A', expected a value; Excel could not calculate this one",
        "  2. v.xlsx, row 3, column 纬度 (lat): '#REF!', expected a value; Excel could not calculate this one",
    ]


def test_blank_rows_are_skipped_and_counted_and_row_numbers_are_those_of_excel(tmp_path: Path) -> None:
    rows = [ROWS[0], [None] * 6, [None] * 6, (*ROWS[1][:2], "east", *ROWS[1][3:])]
    path = write_book(tmp_path / "v.xlsx", rows)
    assert refusal(path, tmp_path) == "v.xlsx, row 5, column 经度 (lon): 'east', expected a number"
    demand = load_demand(write_book(path, [*rows[:3], ROWS[1]]))
    assert "v.xlsx: 2 blank rows skipped" in demand.notes
    assert demand.rows == (2, 5)


def test_a_file_of_mixed_encodings_names_the_rows_of_the_rarer_one(tmp_path: Path) -> None:
    head = b"id,name,lon,lat,township\n"
    gbk = "v{n},上溪村,119.3,28.7,东山镇\n"
    lines = [gbk.format(n=n).encode("gb18030") for n in range(6)]
    lines[3] = "v3,下坑畈村,119.3,28.7,西溪乡\n".encode()
    lines[5] = "v5,石塘村,119.3,28.7,西溪乡\n".encode()
    expected = "expected text in GB18030 as in the other rows; this row is in UTF-8: save the file again as UTF-8"
    assert refusal(write(tmp_path, head + b"".join(lines)), tmp_path).splitlines()[1:] == [
        f"  1. villages.csv, row 5: {expected}",
        f"  2. villages.csv, row 7: {expected}",
    ]
    lines = [gbk.format(n=n).encode() for n in range(6)]
    lines[0] = gbk.format(n=0).encode("gb18030")
    assert refusal(write(tmp_path, head + b"".join(lines)), tmp_path) == (
        "villages.csv, row 2: expected text in UTF-8 as in the other rows; this row is in another encoding: save the "
        "file again as UTF-8"
    )


def test_nan_and_inf_and_blanks_in_numbers_are_faults(tmp_path: Path) -> None:
    table = "id,lon,lat,people\nv1,NaN,28.7,1\nv2,119.3,Inf,1\nv3,119.3,28.7,-inf\nv4,,28.7,1\n"
    amount = "a number of 0 or more, at most 1e+09"
    assert refusal(write(tmp_path, table), tmp_path).splitlines()[1:] == [
        "  1. villages.csv, row 2, column lon: 'NaN', expected a number",
        "  2. villages.csv, row 3, column lat: 'Inf', expected a number",
        f"  3. villages.csv, row 4, column people: '-inf', expected {amount}",
        "  4. villages.csv, row 5, column lon: '', expected a number",
    ]
    frame = pd.DataFrame({"id": ["a", "b"], "lon": [math.inf, 119.3], "lat": [28.7, math.nan]})
    assert refusal(frame, tmp_path).splitlines()[1:] == [
        "  1. demand table, row 1, column lon: 'inf', expected a number",
        "  2. demand table, row 2, column lat: '', expected a number",
    ]


def test_exchanged_coordinates_are_said_to_be(tmp_path: Path) -> None:
    said = refusal(write_book(tmp_path / "v.xlsx", [("v1", "上村", 28.7, 119.3, "", 1)]), tmp_path)
    assert said.startswith("v.xlsx, row 2, column 纬度 (lat): '119.3', expected a place on Earth; ")
    assert "exchanged" in said


def test_zero_zero_is_no_place(tmp_path: Path) -> None:
    table = "id,lon,lat\nv1,119.3,28.7\nv2,0,0.0\nv3,0,28\n"
    assert refusal(write(tmp_path, table), tmp_path) == (
        "villages.csv, row 3, column lon: '0', expected a place; 0, 0 is what programs write where the position is not "
        "known"
    )


def test_ids_that_stand_twice_name_the_first_row(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx", [ROWS[0], ROWS[1], ("v1", *ROWS[1][1:]), ("v1", *ROWS[1][1:])])
    assert refusal(path, tmp_path).splitlines()[1:] == [
        "  1. v.xlsx, row 4, column 编号 (id): 'v1', expected each id once; it stands in row 2 too",
        "  2. v.xlsx, row 5, column 编号 (id): 'v1', expected each id once; it stands in row 2 too",
    ]


def test_an_unknown_zone_lists_the_words_of_both_languages(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx", [(*ROWS[0][:4], "城效", 1), (*ROWS[1][:4], "sub-urb", 1)])
    listed = (
        "expected one of built_up (建成区), industrial_park (工业园区), suburb (城郊), dense_rural (农村人口密集区), "
        "rural (一般农村) (did you mean"
    )
    first, second = refusal(path, tmp_path).splitlines()[1:]
    assert first.startswith(f"  1. v.xlsx, row 2, column 区域类型 (zone): '城效', {listed}")
    assert second == f"  2. v.xlsx, row 3, column 区域类型 (zone): 'sub-urb', {listed} suburb?)"


def test_an_unknown_column_that_looks_misspelt_is_a_fault(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx", header=(*HEADER[:5], "常驻人口"))
    assert refusal(path, tmp_path) == (
        "v.xlsx, row 1, column 常驻人口: '常驻人口', expected a known column; did you mean 常住人口 (people)?"
    )


def test_registered_people_are_not_taken_for_residents(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx", header=(*HEADER[:5], "户籍人口"))
    assert refusal(path, tmp_path) == (
        "v.xlsx, row 1, column 户籍人口: '户籍人口', expected 人口 (people); this is registered people, not those who "
        "live there: name it 人口 if it is to count as that"
    )


def test_two_headers_that_mean_one_column_are_a_fault(tmp_path: Path) -> None:
    rows = [(*row[:4], row[5], row[5]) for row in ROWS]
    path = write_book(tmp_path / "v.xlsx", rows, header=(*HEADER[:4], "总人口", "人口"))
    assert refusal(path, tmp_path) == (
        "v.xlsx, row 1, column 人口: expected one column that means people; 总人口 does too: keep one, rename the other"
    )


def test_a_unit_that_changes_the_numbers_is_a_fault(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx", header=(*HEADER[:5], "人口（万人）"))
    assert refusal(path, tmp_path) == (
        "v.xlsx, row 1, column 人口（万人）: '人口（万人）', expected 人口 (people) with one of people, persons, 个, "
        "人, 口, 常住 in the bracket; convert the numbers and mend the header"
    )


def test_two_sheets_that_could_be_meant_are_listed(tmp_path: Path) -> None:
    import openpyxl

    path = write_book(tmp_path / "v.xlsx")
    book = openpyxl.load_workbook(path)
    other = book.copy_worksheet(book["村庄"])
    other.title = "旧表"
    book.save(path)
    assert refusal(path, tmp_path) == (
        "v.xlsx: expected one sheet with the table, or its name as in v.xlsx#村庄; it could be 村庄, 旧表"
    )
    assert len(load_demand(f"{path}#旧表")) == 2
    assert refusal(f"{path}#新表", tmp_path) == "v.xlsx: '新表', expected one of its sheets: 村庄, 旧表"


@pytest.mark.parametrize("name", ["v.csv", "v.xlsx"])
def test_an_empty_table_and_one_with_a_header_only_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "v.csv":
        write(tmp_path, " \n", name)
    else:
        write_book(path, [], header=())
    assert refusal(path, tmp_path).startswith(f"{name}: expected a header and at least one row; the")
    if name == "v.csv":
        write(tmp_path, "id,lon,lat\n", name)
    else:
        write_book(path, [])
    assert refusal(path, tmp_path) == f"{name}: expected at least one row under the header; the table is empty"


def test_one_row_is_a_table(tmp_path: Path) -> None:
    assert load_demand(write_book(tmp_path / "v.xlsx", ROWS[:1])).ids == ("v1",)


def test_data_above_the_header_is_not_taken_for_a_title(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx", [HEADER, ROWS[1]], header=[str(cell) for cell in ROWS[0]])
    assert refusal(path, tmp_path) == (
        "v.xlsx, row 1: expected only titles above the header, which is row 2; this row looks like data"
    )


def test_a_header_that_stands_twice_is_a_fault(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx", [("id", "name", "lon", "lat", "zone", "people"), *ROWS])
    assert refusal(path, tmp_path) == "v.xlsx, row 2: expected one header; rows 1, 2 each are one"


def test_an_example_row_left_in_a_template_is_refused(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx", [("示例-1", *ROWS[0][1:]), ("v2", *ROWS[1][1:4], "城区", -1)])
    assert refusal(path, tmp_path).splitlines()[1:] == [
        "  1. v.xlsx, row 2, column 编号 (id): '示例-1', expected no example row; delete it: it only shows how to fill "
        "in the template",
        "  2. v.xlsx, row 3, column 人口 (people): '-1', expected a number of 0 or more, at most 1e+09",
    ]


def test_northings_in_a_column_called_x_are_a_fault(tmp_path: Path) -> None:
    table = "id,X,Y\nv1,3176220.1,431595.8\nv2,3176320.1,431695.8\n"
    with pytest.raises(InputError) as caught:
        load_demand(write(tmp_path, table), crs="EPSG:4549")
    assert str(caught.value) == (
        "villages.csv, column X (lon): expected eastings; these are northings, as surveyors call x: name the columns "
        "东坐标 (east) and 北坐标 (north)"
    )


def points(**fields: list[object]) -> geopandas.GeoDataFrame:
    places = [shapely.Point(119.3 + n / 100, 28.7) for n in range(len(next(iter(fields.values()))))]
    return geopandas.GeoDataFrame(fields, geometry=places, crs="EPSG:4490")


def test_a_dbf_without_cpg_in_gbk_is_read_right_and_said_aloud(tmp_path: Path) -> None:
    points(编号=["a", "b"], 名称=["垟头村", "下坑村"], 人口=[3, 4]).to_file(tmp_path / "v.shp", encoding="GBK")
    (tmp_path / "v.cpg").unlink()
    sites = load_sites(tmp_path / "v.shp")
    assert sites.names == ("垟头村", "下坑村")
    assert "v.shp: no v.cpg that names the encoding of the fields: read as GB18030" in sites.notes
    assert "v.shp: positions in EPSG:4490, as the file states" in sites.notes


def test_a_cpg_that_names_the_wrong_encoding_is_a_fault(tmp_path: Path) -> None:
    points(编号=["a", "b"], 名称=["西溪村", "下坑村"]).to_file(tmp_path / "v.shp", encoding="GBK")
    (tmp_path / "v.cpg").write_text("UTF-8")
    assert refusal(tmp_path / "v.shp", tmp_path) == (
        "v.shp: expected texts in UTF-8, as v.cpg says, which seem to be GB18030: mend or delete v.cpg"
    )


@pytest.mark.parametrize("kind", [".shx", ".dbf"])
def test_a_shapefile_without_its_other_files_names_them(tmp_path: Path, kind: str) -> None:
    points(id=["a"]).to_file(tmp_path / "v.shp")
    (tmp_path / f"v{kind}").unlink()
    assert refusal(tmp_path / "v.shp", tmp_path, DataFileError) == (
        f"{tmp_path / 'v.shp'}: expected v{kind} beside it; a shapefile is .shp, .shx, .dbf and .prj together"
    )


def test_a_shapefile_without_prj_needs_a_declared_system(tmp_path: Path) -> None:
    points(id=["a"]).to_file(tmp_path / "v.shp")
    (tmp_path / "v.prj").unlink()
    assert refusal(tmp_path / "v.shp", tmp_path, load=load_sites) == (
        "v.shp: the layer states no coordinate system (a shapefile does in its .prj): declare it with crs"
    )
    assert len(load_sites(tmp_path / "v.shp", crs="EPSG:4490")) == 1


def test_a_declared_system_that_the_layer_contradicts_is_a_fault(tmp_path: Path) -> None:
    points(id=["a"]).to_file(tmp_path / "v.gpkg")
    with pytest.raises(InputError) as caught:
        load_sites(tmp_path / "v.gpkg", crs="wgs84")
    assert str(caught.value) == (
        "v.gpkg: crs 'wgs84' is declared, but the layer states EPSG:4490: expected one of them"
    )


@pytest.mark.parametrize("kind", [".shp", ".shx", ".dbf"])
def test_a_part_of_a_shapefile_that_is_cut_off_is_named(tmp_path: Path, kind: str) -> None:
    points(id=[str(n) for n in range(50)]).to_file(tmp_path / "v.shp")
    part = tmp_path / f"v{kind}"
    part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])
    assert refusal(tmp_path / "v.shp", tmp_path, DataFileError) == (
        f"{part}: expected a part of a shapefile; the file is damaged or cut off: copy it again"
    )


@pytest.mark.parametrize("kind", [".gpkg", ".geojson", ".parquet"])
def test_a_layer_that_is_cut_off_is_damaged(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"v{kind}"
    layer = points(id=[str(n) for n in range(500)]).to_crs("EPSG:4326")
    layer.to_parquet(path) if kind == ".parquet" else layer.to_file(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "damaged or cut off" in refusal(path, tmp_path, DataFileError)


def test_geometry_of_another_type_names_its_rows(tmp_path: Path) -> None:
    layer = points(id=["a", "b", "c", "d"], people=[1, 2, 3, -4])
    shapes = list(layer.geometry)
    shapes[1], shapes[2] = shapely.LineString([(119, 28), (119.1, 28)]), None
    layer.set_geometry(shapes, crs="EPSG:4490").to_file(tmp_path / "v.gpkg")
    assert refusal(tmp_path / "v.gpkg", tmp_path).splitlines()[1:] == [
        "  1. v.gpkg, row 2, column lon: 'LineString', expected a geometry of type Point",
        "  2. v.gpkg, row 3, column lon: 'missing', expected a geometry of type Point",
        "  3. v.gpkg, row 4, column people: '-4', expected a number of 0 or more, at most 1e+09",
    ]
    lines = geopandas.GeoDataFrame({"id": ["a", "b"]}, geometry=[shapes[1]] * 2, crs="EPSG:4490")
    lines.to_file(tmp_path / "roads.gpkg")
    assert refusal(tmp_path / "roads.gpkg", tmp_path) == (
        "roads.gpkg, column geometry: 'LineString', expected Point; all features are such"
    )


def test_lines_where_polygons_are_wanted_name_their_rows(tmp_path: Path) -> None:
    line, box = shapely.LineString([(119, 28), (119.1, 28)]), shapely.box(119, 28, 120, 29)
    layer = geopandas.GeoDataFrame({"n": [1, 2]}, geometry=[box, line], crs="EPSG:4490")
    with pytest.raises(InputError) as caught:
        read_layer(layer, label="zones", geometry=("Polygon", "MultiPolygon"))
    assert str(caught.value) == ("zones, row 2, column geometry: 'LineString', expected Polygon or MultiPolygon")


def test_frames_without_columns_or_rows_are_no_tables(tmp_path: Path) -> None:
    none = "demand table: expected at least one row under the header; the table is empty"
    assert refusal(pd.DataFrame({"id": [], "lon": [], "lat": []}), tmp_path) == none
    assert none in refusal(pd.DataFrame(), tmp_path)
    bare = geopandas.GeoDataFrame(geometry=[shapely.Point(119.3, 28.7)], crs="EPSG:4326")
    assert refusal(bare, tmp_path) == (
        "demand table, column id: expected a column of this name (or 编号); there are lon, lat"
    )
    with pytest.raises(InputError, match="roads: expected at least one feature; the layer is empty"):
        read_layer(bare.iloc[:0], label="roads")


def test_several_layers_in_one_file_are_listed(tmp_path: Path) -> None:
    for name in ("villages", "sites"):
        points(id=["a", "b"]).to_file(tmp_path / "v.gpkg", layer=name)
    assert refusal(tmp_path / "v.gpkg", tmp_path) == (
        "v.gpkg: expected one layer, or its name as in v.gpkg#villages; there are villages, sites"
    )
    assert len(load_sites(f"{tmp_path / 'v.gpkg'}#sites")) == 2
    assert refusal(f"{tmp_path / 'v.gpkg'}#roads", tmp_path) == (
        "v.gpkg: 'roads', expected one of its layers: villages, sites"
    )


def test_files_that_are_no_layers_are_named(tmp_path: Path) -> None:
    pd.DataFrame({"id": ["a"]}).to_parquet(tmp_path / "v.parquet")
    assert "a parquet table without geometry" in refusal(tmp_path / "v.parquet", tmp_path, DataFileError)
    assert "this is none" in refusal(write(tmp_path, "[1, 2]", "v.json"), tmp_path, DataFileError)
    assert "expected a layer; it cannot be read" in refusal(
        write(tmp_path, '{"a": 1}', "v.json"), tmp_path, DataFileError
    )
    assert "this is no database" in refusal(write(tmp_path, "x", "v.gpkg"), tmp_path, DataFileError)


def test_every_fault_of_every_row_stands_in_one_message(tmp_path: Path) -> None:
    rows = [
        ("v1", "上村", 119.3, 28.7, "镇区", -3),
        ("v1", "中村", "#N/A", 28.7, "城区", 3),
        ("", "下村", 119.3, 28.7, "城区", "=1+1"),
        ("v4", "无", 0, 0, "城区", 3),
    ]
    lines = refusal(write_book(tmp_path / "v.xlsx", rows), tmp_path).splitlines()
    places = [line.partition(". ")[2].partition(":")[0] for line in lines[1:]]
    assert lines[0] == "7 faults:"
    assert sorted(places) == sorted(
        [
            "v.xlsx, row 2, column 区域类型 (zone)",
            "v.xlsx, row 2, column 人口 (people)",
            "v.xlsx, row 3, column 经度 (lon)",
            "v.xlsx, row 3, column 编号 (id)",
            "v.xlsx, row 4, column 编号 (id)",
            "v.xlsx, row 4, column 人口 (people)",
            "v.xlsx, row 5, column 经度 (lon)",
        ]
    )


def test_a_line_of_gb18030_that_happens_to_be_utf8_does_not_make_a_file_mixed() -> None:
    notes: list[str] = []
    raw = "编号,名称\n1,小\n2,上溪村\n".encode("gb18030")
    assert "小".encode("gb18030").decode("utf-8") == "С"
    assert decode_text(Path("v.csv"), raw, notes) == "编号,名称\n1,小\n2,上溪村\n"
    assert notes == ["v.csv: read as GB18030"]
