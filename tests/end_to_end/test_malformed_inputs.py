"""Twenty ways in which what a bureau sends is broken: one message that lists it, exit code 2, nothing changed."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas
import openpyxl
import pytest
import shapely
from conftest import TOWN

from rescuesim.cli import main

SITES = (
    "id,name,lon,lat,status,crew\ns1,城区站,119.3001,28.7001,existing,brigade\ns2,河东站,119.3101,28.7051,candidate,\n"
)
VILLAGES = [
    ["编号", "名称", "经度", "纬度", "区域类型", "人口"],
    ["330382001", "人民社区", 119.3051, 28.7002, "建成区", 4000],
    ["330382002", "河东村", 119.3102, 28.7060, "郊区", 900],
    ["330382003", "溪滨村", 119.3250, 28.7101, "农村密集区", 700],
]
SCENARIO = """name = "小城"
[network]
file = "{network}"
[sites]
file = "sites.csv"
[demand]
file = "{demand}"
[siting]
n_sites = 2
[simulation]
replications = 2
"""


def as_csv(rows: list[list[object]], encoding: str = "utf-8") -> bytes:
    return "".join(",".join(map(str, row)) + "\n" for row in rows).encode(encoding)


def as_book(path: Path, rows: list[list[object]], merge: str = "") -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    book.save(path)
    return path


def changed(row: int, column: int, cell: object) -> list[list[object]]:
    rows = [list(line) for line in VILLAGES]
    rows[row][column] = cell
    return rows


def csv(rows: list[list[object]]) -> Callable[[Path], dict[str, str]]:
    def spoil(folder: Path) -> dict[str, str]:
        (folder / "villages.csv").write_bytes(as_csv(rows))
        return {"demand": "villages.csv"}

    return spoil


def book(rows: list[list[object]], merge: str = "") -> Callable[[Path], dict[str, str]]:
    def spoil(folder: Path) -> dict[str, str]:
        as_book(folder / "villages.xlsx", rows, merge)
        return {"demand": "villages.xlsx"}

    return spoil


def raw(name: str, content: Callable[[Path], bytes]) -> Callable[[Path], dict[str, str]]:
    def spoil(folder: Path) -> dict[str, str]:
        (folder / name).write_bytes(content(folder))
        return {"demand": name}

    return spoil


def half_book(folder: Path) -> bytes:
    whole = as_book(folder / "whole.xlsx", VILLAGES).read_bytes()
    return whole[: len(whole) // 2]


def bomb(folder: Path) -> bytes:
    path = as_book(folder / "bomb.xlsx", VILLAGES)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings2.xml", b" " * 60_000_000)
    return path.read_bytes()


def mixed(_folder: Path) -> bytes:
    return as_csv(VILLAGES[:3]) + as_csv([VILLAGES[3]], "gb18030")


def network(name: str, content: Callable[[], bytes]) -> Callable[[Path], dict[str, str]]:
    def spoil(folder: Path) -> dict[str, str]:
        (folder / name).write_bytes(content())
        return {"network": name}

    return spoil


def half_pbf(folder: Path) -> dict[str, str]:
    import osmium

    with osmium.SimpleWriter(str(folder / "whole.osm.pbf")) as writer:
        for element in osmium.FileProcessor(str(folder / "town.osm")):
            writer.add(element)
    whole = (folder / "whole.osm.pbf").read_bytes()
    (folder / "half.osm.pbf").write_bytes(whole[: len(whole) // 2])
    return {"network": "half.osm.pbf"}


def without_lengths(folder: Path) -> dict[str, str]:
    import networkx as nx
    import osmnx

    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=True)
    graph.add_node(1, x=119.30, y=28.70)
    graph.add_node(2, x=119.31, y=28.70)
    graph.add_edge(1, 2, highway="primary", osmid=1)
    graph.add_edge(2, 1, highway="primary", osmid=1)
    osmnx.save_graphml(graph, folder / "bare.graphml")
    return {"network": "bare.graphml"}


def points_for_lines(folder: Path) -> dict[str, str]:
    layer = geopandas.GeoDataFrame({"highway": ["primary"]}, geometry=[shapely.Point(119.3, 28.7)], crs="EPSG:4490")
    layer.to_file(folder / "roads.gpkg")
    return {"network": "roads.gpkg"}


def lines_for_points(folder: Path) -> dict[str, str]:
    line = shapely.LineString([(119.3, 28.7), (119.31, 28.7)])
    geopandas.GeoDataFrame({"编号": ["v1"]}, geometry=[line], crs="EPSG:4490").to_file(folder / "v.gpkg")
    return {"demand": "v.gpkg"}


def outside(_folder: Path) -> dict[str, str]:
    return {"demand": "../elsewhere.csv"}


CASES = {
    "truncated zip": (raw("v.xlsx", half_book), "v.xlsx"),
    "web page saved as xlsx": (raw("v.xlsx", lambda _: b"<html><table></table></html>"), "web page"),
    "codes in scientific notation": (csv(changed(1, 0, "3.30382E+11")), "expected all digits of a code"),
    "merged cells": (book(VILLAGES, "B2:B3"), "is merged"),
    "formula cells": (book(changed(2, 5, "=400+500")), "never calculated"),
    "blank cells in a required column": (csv(changed(2, 2, "")), "row 3, column 经度 (lon)"),
    "mixed encodings": (raw("v.csv", mixed), "row 4"),
    "nan": (csv(changed(1, 5, "NaN")), "row 2, column 人口 (people): 'NaN'"),
    "inf": (csv(changed(1, 5, "inf")), "row 2, column 人口 (people): 'inf'"),
    "exchanged lon and lat": (csv([*VILLAGES[:2], ["v", "x", 28.7, 119.3, "郊区", 3]]), "exchanged"),
    "zero zero": (csv([*VILLAGES[:3], ["v4", "村", 0, 0, "郊区", 3]]), "row 4, column 经度 (lon): '0'"),
    "duplicate ids": (csv([*VILLAGES, VILLAGES[1]]), "it stands in row 2 too"),
    "unknown zone": (csv(changed(1, 4, "水域")), "row 2, column 区域类型 (zone): '水域'"),
    "empty network": (network("no.osm", lambda: b"<osm></osm>"), "none of them a road"),
    "graph without lengths": (without_lengths, "have no length"),
    "pbf cut in half": (half_pbf, "expected a whole OSM PBF file"),
    "gz cut in half": (network("t.osm.gz", lambda: gzip.compress(TOWN.encode())[:150]), "whole OSM XML"),
    "points where lines are wanted": (points_for_lines, "roads.gpkg"),
    "lines where points are wanted": (lines_for_points, "v.gpkg"),
    "zip bomb": (raw("v.xlsx", bomb), "times its size, expected"),
    "path outside the scenario": (outside, "a file in the scenario's folder"),
    "header only": (csv(VILLAGES[:1]), "at least one row"),
}


@pytest.mark.parametrize("case", list(CASES))
def test_each_malformed_input_gives_one_clear_message_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    spoil, words = CASES[case]
    (tmp_path / "town.osm").write_text(TOWN, encoding="utf-8")
    (tmp_path / "sites.csv").write_text(SITES, encoding="utf-8")
    as_book(tmp_path / "good.xlsx", VILLAGES)
    files = {"network": "town.osm", "demand": "good.xlsx", **spoil(tmp_path)}
    (tmp_path / "scenario.toml").write_text(SCENARIO.format(**files), encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for command in (["check"], ["run", "--out", str(tmp_path / "out")]):
        with pytest.raises(SystemExit) as left:
            main([*command, str(tmp_path / "scenario.toml")])
        said = capsys.readouterr().err
        assert left.value.code == 2, said
        assert said.count("rescuesim: ") == 1
        assert words in said
        assert "Traceback" not in said
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_what_is_right_passes_the_same_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "town.osm").write_text(TOWN, encoding="utf-8")
    (tmp_path / "sites.csv").write_text(SITES, encoding="utf-8")
    rows = [*VILLAGES[:2], [], *VILLAGES[2:]]  # a blank row is skipped
    as_book(tmp_path / "good.xlsx", rows)
    text = SCENARIO.format(network="town.osm", demand="good.xlsx")
    (tmp_path / "scenario.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        main(["check", str(tmp_path / "scenario.toml")])
    assert left.value.code == 0
    assert "3 demand points" in capsys.readouterr().out
