"""Sound tables: every format a bureau has gives the same sites and demand."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import geopandas
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
import xlsxwriter
from tables_workbooks import HEADER, ROWS, rewrite_part, write_book

from rescuesim._tables import Column, check_table, declared_crs, read_layer, read_text_table
from rescuesim._tables.columns import decimal_degrees
from rescuesim._tables.words import aliases, choice_names, header_names, plain
from rescuesim._words import CREW_WORDS, ZONE_WORDS
from rescuesim.candidates import HOSTS, SITE_KINDS, STATUSES, load_sites, site_columns
from rescuesim.crew import default_crews
from rescuesim.demand import load_demand
from rescuesim.demand.points import DEMAND_COLUMNS, DemandPoints
from rescuesim.disruption.tables import CLOSURE_COLUMNS
from rescuesim.errors import InputError

FRAME = pd.DataFrame([dict(zip(HEADER, row, strict=True)) for row in ROWS])


def assert_same(found: DemandPoints, wanted: DemandPoints) -> None:
    pd.testing.assert_frame_equal(found.to_frame(), wanted.to_frame())


WANTED = load_demand(
    pd.DataFrame([dict(zip(("id", "name", "lon", "lat", "zone", "people"), row, strict=True)) for row in ROWS]).assign(
        zone=["built_up", "rural"]
    )
)


@pytest.mark.parametrize(
    ("name", "encoding", "sep", "said"),
    [
        ("v.csv", "utf-8", ",", None),
        ("v.csv", "utf-8-sig", ",", None),
        ("v.csv", "gb18030", ",", "v.csv: read as GB18030"),
        ("v.txt", "utf-16", "\t", "v.txt: read as UTF-16"),
        ("v.tsv", "utf-8", "\t", "v.tsv: cells parted by tabs"),
        ("v.csv", "gb18030", ";", "v.csv: cells parted by semicolons"),
    ],
)
def test_text_tables_of_every_encoding_and_separator_are_read(
    tmp_path: Path, name: str, encoding: str, sep: str, said: str | None
) -> None:
    (tmp_path / name).write_bytes(FRAME.to_csv(index=False, sep=sep).encode(encoding))
    demand = load_demand(tmp_path / name)
    assert_same(demand, WANTED)
    assert said is None or said in demand.notes


def test_a_text_with_semicolons_and_commas_in_its_cells_is_parted_as_its_header_is(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("编号;经度;纬度;名称\na;119.3;28.7;东村,西村,南村,北村,中村\n", encoding="utf-8")
    assert load_demand(tmp_path / "v.csv").names == ("东村,西村,南村,北村,中村",)


def test_codes_that_are_kept_as_text_by_a_formula_are_codes(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text('id,lon,lat\n="007",119.3,28.7\n"=""008""",119.3,28.7\n', encoding="utf-8")
    assert load_demand(tmp_path / "v.csv").ids == ("007", "008")


def test_chinese_headers_and_words_are_read_and_said_aloud(tmp_path: Path) -> None:
    demand = load_demand(write_book(tmp_path / "v.xlsx"))
    assert_same(demand, WANTED)
    read = "编号 = id, 名称 = name, 经度 = lon, 纬度 = lat, 区域类型 = zone, 人口 = people"
    assert f"v.xlsx: columns read: {read}" in demand.notes
    assert "v.xlsx: 区域类型 (zone): 建成区 = built_up, 一般农村 = rural" in demand.notes


def test_a_workbook_with_macros_is_read_without_them(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx")
    assert_same(load_demand(path.rename(tmp_path / "v.xlsm")), WANTED)


@pytest.mark.parametrize(
    "header",
    [
        ("編号", "村名", "ＬＯＮ", " 纬 度 ", "区域\n类型", "人口（人）"),
        ("*编号", "名称（村）", "经度(°)", "纬度（度）", "区域类型（必填）", "人口(人)(必填)"),
        ("ID", "Name", "Longitude", "Latitude", "Zone", "Population"),
        ("站点编号", "村庄名称", "X", "Y", "区域", "常住人口"),
        ("村编码", "行政村", "东坐标", "北坐标", "区域类别", "总人口"),
    ],
)
def test_headers_are_known_by_their_aliases_whatever_their_width_blanks_and_units(
    tmp_path: Path, header: tuple[str, ...]
) -> None:
    header = ("编号", *header[1:]) if header[0] == "編号" else header
    assert_same(load_demand(write_book(tmp_path / "v.xlsx", header=header)), WANTED)


def test_every_column_of_every_table_has_a_chinese_header_and_no_header_is_ambiguous() -> None:
    for columns in (site_columns(default_crews()), DEMAND_COLUMNS, CLOSURE_COLUMNS):
        for column in columns:
            assert aliases().columns[column.name], column.name
            assert not column.choices or set(column.choices) <= set(aliases().words[column.name])
        headers = [plain(alias) for column in columns for alias in aliases().columns[column.name]]
        assert len(headers) == len(set(headers))
        assert len(header_names(columns)) >= len(headers)


@pytest.mark.parametrize("columns", [site_columns(default_crews()), DEMAND_COLUMNS, CLOSURE_COLUMNS])
def test_no_word_means_two_choices_of_one_column(columns: tuple[Column, ...]) -> None:
    for column in columns:
        words = [{plain(word) for word in aliases().words[column.name][choice]} for choice in column.choices]
        assert sum(map(len, words)) == len(set().union(*words)), column.name
        assert all(set(choice_names(column)) >= some for some in words)


def test_the_words_of_reports_are_read_in_tables(tmp_path: Path) -> None:
    zones, crews = list(ZONE_WORDS), list(CREW_WORDS)
    frame = pd.DataFrame({"编号": range(5), "经度": 119.3, "纬度": 28.7, "区域类型": [ZONE_WORDS[z][0] for z in zones]})
    assert load_demand(frame).zones == tuple(zones)
    frame = pd.DataFrame({"编号": range(6), "经度": 119.3, "纬度": 28.7, "队伍类型": [CREW_WORDS[c][0] for c in crews]})
    assert load_sites(frame).crews == tuple(crews)
    assert load_sites(frame.replace({"村应急突击队（待召）": "村应急突击队"})).crews == tuple(crews)


def test_chinese_words_of_sites_are_their_choices() -> None:
    frame = pd.DataFrame(
        {
            "编号": ["a", "b", "c", "d"],
            "经度": 119.3,
            "纬度": 28.7,
            "状态": ["现有", "必建", "备选", "停用"],
            "类别": ["救援站", "物资库", "枢纽", "避难所"],
            "依托单位": ["消防站", "街道", "村委会", "企业"],
        }
    )
    sites = load_sites(frame)
    assert sites.statuses == STATUSES
    assert sites.kinds == SITE_KINDS
    assert sites.hosts == HOSTS[:4]


def test_titles_above_the_header_are_left_out_and_said(tmp_path: Path) -> None:
    rows = [["填报单位：某局", None, None, "日期：2024-05-01"], HEADER, *ROWS]
    path = write_book(tmp_path / "v.xlsx", rows, header=("某县村庄人口表",), change=lambda s: s.merge_cells("A1:F1"))
    demand = load_demand(path)
    assert_same(demand, WANTED)
    assert demand.rows == (4, 5)
    assert "v.xlsx: header in row 3; above it, not read: 某县村庄人口表 填报单位：某局 日期：2024-05-01" in demand.notes


def test_titles_above_the_header_of_a_text_table_are_left_out_too(tmp_path: Path) -> None:
    text = "某县村庄人口表,,,,,\n\n" + FRAME.to_csv(index=False)
    (tmp_path / "v.csv").write_text(text, encoding="utf-8")
    demand = load_demand(tmp_path / "v.csv")
    assert_same(demand, WANTED)
    assert demand.rows == (4, 5)


def test_a_header_below_the_tenth_row_is_none(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx", [["说明"]] * 9 + [HEADER, *ROWS], header=("标题",))
    with pytest.raises(InputError, match="column id: expected a column of this name"):
        load_demand(path)


def test_the_one_sheet_whose_header_fits_is_taken_and_hidden_ones_are_not(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx")
    book = openpyxl.load_workbook(path)
    book.create_sheet("说明", 0).append(["编号", "每个村一行"])
    hidden = book.copy_worksheet(book["村庄"])
    hidden.sheet_state, hidden.title = "hidden", "去年"
    book.create_sheet("空表")
    book.save(path)
    demand = load_demand(path)
    assert_same(demand, WANTED)
    assert demand.source == "v.xlsx#村庄"
    assert load_demand(f"{path}#去年").source == "v.xlsx#去年"


def test_numbers_dates_and_codes_become_the_text_that_people_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["整", "小", "码", "日", "时刻", "真", "长", "指数"])
    day, moment = datetime.date(2024, 5, 1), datetime.datetime(2024, 5, 1, 8, 30)
    sheet.append([330000.0, 28.71, 7, day, moment, True, 330382100201, 1e-7])
    sheet["C2"].number_format = "000000"
    book.save(tmp_path / "v.xlsx")
    table = read_text_table(tmp_path / "v.xlsx", label="")
    assert table.frame.loc[2].to_list() == [
        "330000",
        "28.71",
        "000007",
        "2024-05-01",
        "2024-05-01 08:30:00",
        "TRUE",
        "330382100201",
        "1e-07",
    ]


def test_dates_of_the_1904_calendar_are_the_same_days(tmp_path: Path) -> None:
    path = tmp_path / "v.xlsx"
    for name in ("1900", "1904"):
        book = openpyxl.Workbook()
        if name == "1904":
            book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        sheet = book.active
        assert sheet is not None
        sheet.append(["日"])
        sheet.append([datetime.date(2024, 2, 29)])
        book.save(path)
        assert read_text_table(path, label="").frame["日"].to_list() == ["2024-02-29"]


def test_hidden_rows_and_columns_without_a_header_are_said(tmp_path: Path) -> None:
    def change(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet["H2"] = "旁注"

    demand = load_demand(write_book(tmp_path / "v.xlsx", change=change))
    assert_same(demand, WANTED)
    assert "v.xlsx: 1 hidden rows are read too" in demand.notes
    assert "v.xlsx: columns without a header not read: H" in demand.notes


def test_a_workbook_whose_writer_leaves_out_places_and_uses_a_prefix_is_read(tmp_path: Path) -> None:
    path = write_book(tmp_path / "v.xlsx")

    def prefixed(xml: str) -> str:
        xml = re.sub(r' r="[A-Z]*\d+"', "", xml).replace('xmlns="', 'xmlns:x="')
        return re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", xml)

    rewrite_part(path, "xl/worksheets/sheet1.xml", prefixed)
    assert_same(load_demand(path), WANTED)


def test_formatted_text_in_a_cell_is_joined_and_its_reading_aid_left_out(tmp_path: Path) -> None:
    path = tmp_path / "v.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for at, row in enumerate(ROWS, 1):
            sheet.write_row(at, 0, row)
        sheet.write_rich_string(1, 1, "上", book.add_format({"bold": True}), "村 ")
    aid = '</r><rPh sb="0" eb="1"><t>Shang</t></rPh></si>'
    rewrite_part(path, "xl/sharedStrings.xml", lambda xml: xml.replace("</r></si>", aid))
    assert load_demand(path).names == ("上村", "下村")


def layer(crs: str = "EPSG:4490") -> geopandas.GeoDataFrame:
    places = [shapely.Point(row[2], row[3]) for row in ROWS]
    fields = FRAME.drop(columns=["经度", "纬度"])
    return geopandas.GeoDataFrame(fields, geometry=places, crs="EPSG:4490").to_crs(crs)


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4549", "EPSG:4326"])
@pytest.mark.parametrize("kind", [".shp", ".gpkg", ".geojson", ".parquet", "frame"])
def test_layers_of_points_give_the_places_of_their_own_system(tmp_path: Path, kind: str, crs: str) -> None:
    made = layer(crs)
    sites_like = made.drop(columns=["区域类型", "人口"])
    source: Path | geopandas.GeoDataFrame = tmp_path / f"v{kind}"
    if kind == "frame":
        source = sites_like
    elif kind == ".parquet":
        sites_like.to_parquet(source)
    else:
        sites_like.to_file(source, encoding="UTF-8")
    sites = load_sites(source)
    assert sites.ids == ("v1", "v2")
    assert sites.names == ("上村", "下村")
    wanted = np.array([row[2:4] for row in ROWS], dtype=float)
    assert sites.lon is not None
    assert sites.lat is not None
    np.testing.assert_allclose(np.column_stack([sites.lon, sites.lat]), wanted, atol=2e-9)


def test_points_win_over_fields_of_coordinates_and_this_is_said(tmp_path: Path) -> None:
    layer().assign(经度=0.0, 纬度=0.0).to_file(tmp_path / "v.gpkg")
    sites = load_sites(tmp_path / "v.gpkg")
    assert sites.lon is not None
    assert sites.lon.tolist() == [119.3, 119.31]
    assert "v.gpkg: positions are those of the points; fields not read: 经度, 纬度" in sites.notes


def test_a_multipoint_of_one_point_is_a_point() -> None:
    made = layer("EPSG:4326")
    many = made.set_geometry([shapely.MultiPoint([point]) for point in made.geometry], crs="EPSG:4326")
    sites = load_sites(many)
    assert sites.lon is not None
    assert sites.lon.tolist() == [119.3, 119.31]
    two = shapely.MultiPoint([(119, 28), (120, 29)])
    with pytest.raises(InputError, match="row 2, column lon: 'MultiPoint', expected a geometry of type Point"):
        load_sites(many.set_geometry([many.geometry.iloc[0], two], crs="EPSG:4326"))


def test_a_system_that_no_file_can_state_may_be_declared_over_wgs84_and_cgcs2000(tmp_path: Path) -> None:
    layer().to_file(tmp_path / "v.gpkg")
    sites = load_sites(tmp_path / "v.gpkg", crs="gcj02")
    wanted = load_sites(pd.DataFrame({"id": ["a", "b"], "lon": [119.3, 119.31], "lat": [28.7, 28.71]}), crs="gcj02")
    assert sites.lon is not None
    assert wanted.lon is not None
    np.testing.assert_allclose(sites.lon, wanted.lon, atol=1e-12)
    assert "v.gpkg: states EPSG:4490, taken as gcj02 as declared" in sites.notes
    layer("EPSG:4549").to_file(tmp_path / "p.gpkg")
    with pytest.raises(InputError, match="crs 'gcj02' is declared, but the layer states EPSG:4549"):
        load_sites(tmp_path / "p.gpkg", crs="gcj02")


def test_a_system_without_a_code_is_left_to_the_frame_and_no_table_of_points(tmp_path: Path) -> None:
    county = "+proj=tmerc +lat_0=0 +lon_0=117.2 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs +type=crs"
    made = layer(county)
    assert read_layer(made, label="").crs == ":unknown"
    with pytest.raises(InputError, match="expected a system with an EPSG code; the layer states unknown"):
        load_sites(made)


def geojson(folder: Path, **member: object) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"编号": row[0], "名称": row[1]},
            "geometry": {"type": "Point", "coordinates": [row[2], row[3], 12.5]},
        }
        for row in ROWS
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features, **member}, ensure_ascii=False)
    (folder / "v.geojson").write_text(text, encoding="utf-8")
    return folder / "v.geojson"


def test_geojson_states_its_system_or_is_wgs84_or_what_is_declared(tmp_path: Path) -> None:
    path = geojson(tmp_path)
    assert read_layer(path, label="").crs == "EPSG:4326"
    assert (
        "v.geojson: states no coordinate system: EPSG:4326, as RFC 7946 says of GeoJSON"
        in read_layer(path, label="").notes
    )
    declared = read_layer(path, label="", crs="gcj02")
    assert declared.crs == "gcj02"
    assert declared.frame.crs is None
    assert load_sites(path, crs="EPSG:4490").ids == ("v1", "v2")
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    assert read_layer(geojson(tmp_path, crs=named), label="").crs == "EPSG:4490"
    with pytest.raises(InputError, match="crs 'wgs84' is declared, but the layer states EPSG:4490"):
        read_layer(path, label="", crs="wgs84")
    with pytest.raises(InputError, match="the layer states no coordinate system"):
        read_layer(geojson(tmp_path, crs=None), label="")


def test_geojson_in_gb18030_is_read_and_said(tmp_path: Path) -> None:
    path = geojson(tmp_path)
    path.write_bytes(path.read_bytes().decode().encode("gb18030"))
    sites = load_sites(path)
    assert sites.names == ("上村", "下村")
    assert "v.geojson: read as GB18030" in sites.notes


@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
@pytest.mark.parametrize("cpg", [True, False])
def test_fields_of_shapefiles_are_right_with_and_without_cpg(tmp_path: Path, encoding: str, cpg: bool) -> None:
    layer().drop(columns="区域类型").to_file(tmp_path / "v.shp", encoding=encoding)
    if not cpg:
        (tmp_path / "v.cpg").unlink()
    found = read_layer(tmp_path / "v.shp", label="")
    assert list(found.frame.columns) == ["编号", "名称", "人口", "geometry"]
    assert found.frame["名称"].to_list() == ["上村", "下村"]
    assert any("names the encoding" in note for note in found.notes) == (not cpg)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # GDAL warns of the names it cuts
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:Normalized", "ignore:Column names")
def test_names_of_fields_that_a_dbf_cut_off_are_known(tmp_path: Path) -> None:
    made = layer("EPSG:4326").rename(columns={"人口": "calls_per_year"})
    made["区域类型"] = ["建成区", "一般农村"]
    made.to_file(tmp_path / "v.shp", encoding="UTF-8")
    demand = load_demand(tmp_path / "v.shp")
    assert demand.zones == ("built_up", "rural")
    assert demand.calls_per_year.tolist() == [820, 40]
    assert "v.shp: field 区域类, cut off at 10 bytes, read as 区域类型" in [
        note.replace("类别", "类型") for note in demand.notes
    ]


def test_the_language_byte_of_a_dbf_names_its_encoding(tmp_path: Path) -> None:
    layer().to_file(tmp_path / "v.shp", encoding="GBK")
    (tmp_path / "v.cpg").unlink()
    raw = bytearray((tmp_path / "v.dbf").read_bytes())
    raw[29] = 0x4D
    (tmp_path / "v.dbf").write_bytes(raw)
    found = read_layer(tmp_path / "v.shp", label="")
    assert found.frame["名称"].to_list() == ["上村", "下村"]
    assert found.notes == []


def test_a_text_cut_off_at_the_end_of_its_field_loses_only_its_last_character(tmp_path: Path) -> None:
    made = layer().drop(columns="区域类型").assign(名称=["村" * 100, "下村"])
    with pytest.warns(RuntimeWarning):
        made.to_file(tmp_path / "v.shp", encoding="UTF-8")
    name = read_layer(tmp_path / "v.shp", label="").frame["名称"].iloc[0]
    assert set(name) == {"村"}


def test_a_table_keeps_its_own_words_where_no_columns_are_looked_for(tmp_path: Path) -> None:
    table = read_text_table(write_book(tmp_path / "v.xlsx"), label="")
    assert table.frame.columns.to_list() == list(HEADER)
    with pytest.raises(InputError, match="row 2, column 人口: '=1', expected a value; the formula"):
        read_text_table(write_book(tmp_path / "v.xlsx", [(*ROWS[0][:5], "=1")]), label="")


def test_closures_are_read_from_a_workbook_with_chinese_headers(tmp_path: Path) -> None:
    rows = [("东溪桥", 119.3, 28.7, 100, "封闭", 2, None), ("西山", 119.4, 28.8, None, "半幅通行", 0, 12)]
    header = ("名称", "经度", "纬度", "长度（米）", "通行状态", "中断时间（小时）", "恢复时间（h）")
    path = write_book(tmp_path / "c.xlsx", rows, header=header)
    table = read_text_table(path, label="", columns=CLOSURE_COLUMNS)
    frame, faults = check_table(table, CLOSURE_COLUMNS)
    assert faults == []
    assert frame["level"].to_list() == ["closed", "one_lane"]
    assert frame["length_m"].fillna(-1).to_list() == [100, -1]
    assert declared_crs(table, "wgs84") == ("wgs84", [])


def test_unread_columns_may_stand_twice_and_hold_anything(tmp_path: Path) -> None:
    rows = [(*row, "#N/A", "=1+1") for row in ROWS]
    demand = load_demand(write_book(tmp_path / "v.xlsx", rows, header=(*HEADER, "备注", "备注")))
    assert_same(demand, WANTED)
    assert "v.xlsx: columns not read: 备注" in demand.notes


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_read_and_checked(tmp_path: Path) -> None:
    n = 100_000
    frame = pd.DataFrame({"编号": [f"330382{k:06d}" for k in range(n)], "经度": 119.3, "纬度": 28.7, "人口": 5})
    frame.to_excel(tmp_path / "v.xlsx", index=False, engine="xlsxwriter")
    frame.to_csv(tmp_path / "v.csv", index=False)
    for name in ("v.csv", "v.xlsx"):
        demand = load_demand(tmp_path / name)
        assert (len(demand), demand.ids[-1], demand.people.sum()) == (n, f"330382{n - 1:06d}", 5 * n)


def test_degrees_minutes_and_seconds_are_said_in_decimal_degrees() -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "lon": ["119°18′12″", "119.3"], "lat": ["28.7", "28.8"]})
    with pytest.raises(InputError) as caught:
        load_demand(frame)
    assert [(fault.row, fault.column, fault.expected) for fault in caught.value.faults] == [
        (1, "lon", "decimal degrees: 119.303333")
    ]


@pytest.mark.parametrize(
    ("cell", "degrees"),
    [
        ("119°18′12″", 119 + 18 / 60 + 12 / 3600),
        ("东经119°18′12.5″", 119 + 18 / 60 + 12.5 / 3600),
        ("119° 18' 12'' E", 119 + 18 / 60 + 12 / 3600),
        ("119度18分", 119.3),
        ("119:18:12", 119 + 18 / 60 + 12 / 3600),
        ("28°30′S", -28.5),
        ("南纬28°30′", -28.5),
        ("119°", 119.0),
        ("119.3", None),
        ("119", None),
        ("119°75′", None),
        ("", None),
        ("浙江", None),
    ],
)
def test_degrees_minutes_and_seconds_are_recognised(cell: str, degrees: float | None) -> None:
    found = decimal_degrees(cell)
    assert found == (None if degrees is None else pytest.approx(degrees, abs=1e-12))
