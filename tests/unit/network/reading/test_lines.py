"""Roads from layers of lines: against networkx on Wuhan, through every format on Guixi, and by hand."""

from __future__ import annotations

import gzip
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import shared_file
from lines_by_hand import A, B, C, D, faults_of, layer
from oracles_lines import (
    graph_of_lines,
    graph_of_ways,
    great_circle_by_hand_m,
    junction_graph,
    lines_of_osm,
    size,
    topology,
)

from rescuesim._words import in_language
from rescuesim.errors import DataFileError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import wgs84_to_gcj02
from rescuesim.network.reading.lines import ways_from_lines
from rescuesim.network.ways import Ways

# ---- Wuhan: a layer in UTM without names, directions or limits --------------------------------------------------


@pytest.fixture(scope="module")
def wuhan_lines() -> Ways:
    return ways_from_lines(shared_file("data/wuhan_fua/wuhan_8989.parquet"))


@pytest.mark.slow
def test_the_lines_of_wuhan_hold_what_an_independent_graph_of_them_holds(wuhan_lines: Ways) -> None:
    frame = gpd.read_parquet(shared_file("data/wuhan_fua/wuhan_8989.parquet")).to_crs("EPSG:4326")
    frame = frame[frame["highway"] != "pedestrian"]
    # the file that was made of these lines elsewhere is what the independent construction gives, to the edge
    graph = graph_of_lines(frame)
    made = junction_graph(graph, class_changes=True)
    import osmnx

    raw = gzip.decompress(shared_file("data/wuhan_fua/wuhan_drive.graphml.gz").read_bytes()).decode()
    saved = osmnx.load_graphml(graphml_str=raw)
    drawn_km = sum(
        great_circle_by_hand_m(*pair) / 1000
        for *_, data in saved.edges(data=True)
        for pair in zip(data["geometry"].coords[:-1], data["geometry"].coords[1:], strict=True)
    )
    assert size(made)[:2] == size(saved)[:2] == (19595, 58536)
    assert size(made)[2] == pytest.approx(drawn_km, abs=0.01)  # its vertices are rounded to a centimetre
    # and the ways are that construction without the 8 roads drawn twice
    twice = frame.assign(wkb=frame.normalize().to_wkb()).duplicated(["wkb", "highway"])
    assert int(twice.sum()) == 8
    once = graph_of_lines(frame[~twice])
    ours = graph_of_ways(wuhan_lines)
    assert size(ours)[:2] == size(once)[:2]
    assert size(ours)[2] == pytest.approx(size(once)[2], abs=1e-6)
    assert size(junction_graph(ours, class_changes=True))[:2] == size(junction_graph(once, class_changes=True))[:2]


def test_a_layer_says_what_was_read_and_what_was_not(wuhan_lines: Ways) -> None:
    english = " | ".join(wuhan_lines.notes)
    for words in (
        "class is highway; no limits: the speed of the class",
        "all two-way",
        "columns not read: u, v, key",
        "92028 of 92667 lines are roads for 'drive'",
        "8 lines drawn twice",
    ):
        assert words in english
    chinese = " | ".join(in_language(note, "zh") for note in wuhan_lines.notes)
    assert "类别取 highway" in chinese
    assert "92667 条线中 92028 条是道路" in chinese


# ---- Guixi: the same roads through every format ----------------------------------------------------------------


@pytest.fixture(scope="module")
def guixi_layer() -> gpd.GeoDataFrame:
    return lines_of_osm(shared_file("data/guixi_jiangxi_town/guixi.osm"))


@pytest.fixture(scope="module")
def guixi_ways(guixi_layer: gpd.GeoDataFrame) -> Ways:
    return ways_from_lines(guixi_layer)


def test_a_layer_made_of_an_osm_file_gives_the_network_of_the_file(guixi_ways: Ways, guixi: RoadNetwork) -> None:
    simple = junction_graph(graph_of_ways(guixi_ways), class_changes=False)
    assert (len(simple), simple.number_of_edges()) == (guixi.n_nodes, guixi.n_edges)
    assert size(simple)[2] == pytest.approx(float(guixi.length_m.sum()) / 1000, abs=1e-6)


@pytest.mark.parametrize("kind", [".gpkg", ".geojson", ".parquet"])
def test_a_layer_comes_back_from_a_file_as_it_was(
    kind: str, guixi_layer: gpd.GeoDataFrame, guixi_ways: Ways, tmp_path: Path
) -> None:
    path = tmp_path / f"roads{kind}"
    if kind == ".parquet":
        guixi_layer.to_parquet(path)
    else:
        guixi_layer.to_file(path)
    assert topology(ways_from_lines(path)) == topology(guixi_ways)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4549", "EPSG:32650"])
def test_a_shapefile_in_gbk_and_in_projected_metres_gives_the_same_roads(
    crs: str, guixi_layer: gpd.GeoDataFrame, guixi_ways: Ways, tmp_path: Path
) -> None:
    path = tmp_path / "roads.shp"
    guixi_layer.to_crs(crs).to_file(path, encoding="GBK")
    assert (tmp_path / "roads.cpg").read_text().upper() == "GBK"
    read = ways_from_lines(path)
    assert topology(read) == topology(guixi_ways)
    assert np.sort(read.step_m) == pytest.approx(np.sort(guixi_ways.step_m), abs=1e-3)


def test_a_projected_system_without_a_code_is_taken_as_the_layer_describes_it(
    guixi_layer: gpd.GeoDataFrame, guixi_ways: Ways
) -> None:
    county = (
        'PROJCS["Xianju local",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
        'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
        'PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],'
        'PARAMETER["Central_Meridian",117.2],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],'
        'UNIT["Meter",1.0]]'
    )
    read = ways_from_lines(guixi_layer.to_crs(county))
    assert topology(read) == topology(guixi_ways)
    assert any("no EPSG code" in note for note in read.notes)
    assert "expected one of them" in faults_of(guixi_layer.to_crs(county), crs="EPSG:4549")[0]


def test_wgs84_by_its_other_names_is_wgs84(guixi_layer: gpd.GeoDataFrame, guixi_ways: Ways) -> None:
    for crs in ("OGC:CRS84", "EPSG:4979"):
        read = ways_from_lines(guixi_layer.set_crs(crs, allow_override=True))
        assert topology(read) == topology(guixi_ways)
        assert not any("EPSG code" in note for note in read.notes)


def test_a_system_whose_shift_is_secret_is_refused(guixi_layer: gpd.GeoDataFrame) -> None:
    for crs in ("EPSG:2437", "EPSG:4610"):
        assert "no public shift to WGS84" in faults_of(guixi_layer.set_crs(crs, allow_override=True))[0]
    old = (
        'PROJCS["of a county",GEOGCS["GCS_Xian_1980",DATUM["D_Xian_1980",SPHEROID["Xian_1980",6378140.0,298.257]],'
        'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],'
        'PARAMETER["False_Easting",500000.0],PARAMETER["Central_Meridian",117.2],PARAMETER["Scale_Factor",1.0],'
        'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    )
    assert "no public shift to WGS84" in faults_of(guixi_layer.set_crs(old, allow_override=True))[0]


def test_a_declared_system_that_the_layer_contradicts_is_refused_and_one_it_repeats_is_not(tmp_path: Path) -> None:
    roads = layer([[A, B]]).to_crs("EPSG:4549")
    assert "the layer states EPSG:4549" in faults_of(roads, crs="EPSG:4547")[0]
    assert ways_from_lines(roads, crs="EPSG:4549").n_ways == 1


def test_a_layer_without_a_system_needs_one_declared() -> None:
    roads = layer([[A, B]], crs=None)
    assert "states no coordinate system" in faults_of(roads)[0]
    assert ways_from_lines(roads, crs="wgs84").lon.tolist() == [119.30, 119.31]


def test_lines_drawn_over_an_online_map_of_china_come_to_lie_where_the_roads_are(
    guixi_layer: gpd.GeoDataFrame, guixi_ways: Ways, tmp_path: Path
) -> None:
    drawn = guixi_layer.set_geometry(
        shapely.transform(
            guixi_layer.geometry.to_numpy(), lambda xy: np.column_stack(wgs84_to_gcj02(xy[:, 0], xy[:, 1]))
        )
    )
    path = tmp_path / "drawn.geojson"
    path.write_text(drawn.to_json(drop_id=True), encoding="utf-8")  # GeoJSON that states no system
    read = ways_from_lines(path, crs="gcj02")
    # their inverse is good to a millimetre or so: compare places, not digits
    assert read.n_nodes == guixi_ways.n_nodes
    east = np.sort(read.lon) - np.sort(guixi_ways.lon)
    assert np.abs(east).max() * 111_195 < 0.02
    assert read.step_m.sum() == pytest.approx(guixi_ways.step_m.sum(), abs=1.0)
    assert abs(float(ways_from_lines(path).lon.mean() - guixi_ways.lon.mean())) * 111_195 > 100
    # and the same where a file calls them WGS84, as files of such lines do
    for crs in ("EPSG:4326", "EPSG:4490"):
        said = ways_from_lines(drawn.set_crs(crs, allow_override=True), crs="gcj02")
        np.testing.assert_array_equal(said.lon, read.lon)


# ---- fields ----------------------------------------------------------------------------------------------------


def test_lines_meet_where_they_share_a_vertex_and_cross_without_one_as_a_bridge() -> None:
    cross = [(119.305, 28.69), (119.305, 28.71)]
    ways = ways_from_lines(layer([[A, B], cross]))
    assert ways.n_nodes == 4
    assert any("1 crossings without a shared vertex stay bridges, 1 of them with no bridge" in n for n in ways.notes)
    middle = (119.305, 28.70)
    ways = ways_from_lines(layer([[A, middle, B], [cross[0], middle, cross[1]]]))
    assert ways.n_nodes == 5
    assert not any("crossings" in note for note in ways.notes)


def test_a_crossing_on_a_marked_bridge_is_told_from_one_that_is_not() -> None:
    cross = [(119.305, 28.69), (119.305, 28.71)]
    ways = ways_from_lines(layer([[A, B], cross], bridge=["yes", None]))
    assert any("1 crossings without a shared vertex stay bridges, 0 of them" in note for note in ways.notes)


def test_vertices_apart_by_the_dust_of_conversions_are_one_and_those_apart_by_more_are_not() -> None:
    near = (B[0] + 3e-8, B[1] - 3e-8)  # 3 mm
    ways = ways_from_lines(layer([[A, B], [near, C]]))
    assert ways.n_nodes == 3
    assert any("1 vertices within 1 cm" in note for note in ways.notes)
    far = (B[0] + 3e-7, B[1])  # 3 cm
    ways = ways_from_lines(layer([[A, B], [far, C]]))
    assert ways.n_nodes == 4
    assert any("2 lines end within 1 m of another" in note for note in ways.notes)


def test_a_line_that_ends_on_another_between_its_vertices_is_reported() -> None:
    ways = ways_from_lines(layer([[A, B], [(119.305, 28.70), (119.305, 28.71)]]))
    assert any("1 lines end within 1 m" in note for note in ways.notes)


def test_a_chain_of_vertices_closer_than_the_tolerance_does_not_collapse_to_a_point() -> None:
    chain = [(119.3 + k * 5e-8, 28.7) for k in range(201)]  # 5 mm apart, 1 m long
    ways = ways_from_lines(layer([chain]))
    assert ways.step_m.sum() == pytest.approx(great_circle_by_hand_m(chain[0], chain[-1]), abs=0.011)


def test_parts_of_multilines_become_ways_heights_are_dropped_and_repeated_vertices_too() -> None:
    parts = shapely.MultiLineString([[A, B], [C, D]])
    raised = shapely.LineString([(*A, 10.0), (*A, 12.0), (*C, 30.0)])
    ways = ways_from_lines(layer([parts, raised], highway=["primary", "secondary"]))
    assert sorted(zip(ways.way_id.tolist(), ways.road_class.tolist(), strict=True)) == [
        (1, "primary"),
        (1, "primary"),
        (2, "secondary"),
    ]
    assert np.diff(ways.first).tolist() == [2, 2, 2]
    assert any("heights" in note for note in ways.notes)


def test_points_and_polygons_are_faults_that_name_their_rows_and_empty_rows_are_said_aloud() -> None:
    square = shapely.box(119.3, 28.7, 119.31, 28.71)
    found = faults_of(layer([[A, B], square, shapely.Point(A), square, None]))
    assert len(found) == 2
    assert any("row 2, column geometry: 'Polygon', expected lines; 2 rows: 2, 4" in fault for fault in found)
    assert any("row 3, column geometry: 'Point'" in fault for fault in found)
    ways = ways_from_lines(layer([[A, B], None, shapely.LineString()]))
    assert any("no geometry in 2 rows: 2, 3" in note for note in ways.notes)
    assert "every row is empty" in faults_of(layer([None]))[0]


def test_a_line_of_no_length_is_left_out_aloud() -> None:
    ways = ways_from_lines(layer([[A, B], [C, C]]))
    assert ways.n_ways == 1
    assert any("1 lines of no length left out" in note for note in ways.notes)


def test_a_line_drawn_twice_counts_once_unless_its_class_or_direction_differs() -> None:
    ways = ways_from_lines(layer([[A, B], [B, A], [A, B]], highway=["primary", "primary", "tertiary"]))
    assert ways.road_class.tolist() == ["primary", "tertiary"]
    assert any("1 lines drawn twice" in note for note in ways.notes)
    assert any("1 lines lie on another of other class" in note for note in ways.notes)
    ways = ways_from_lines(layer([[A, B], [B, A]], oneway=["yes", "yes"]))
    assert ways.n_ways == 2


def test_exchanged_and_impossible_places_are_faults_that_say_what_is_likely() -> None:
    assert "lon and lat look exchanged" in faults_of(layer([[A[::-1], B[::-1]]]))[0]
    metres = layer([[(40500000.0, 3175000.0), (40500100.0, 3175000.0)]])
    assert "check the coordinate system" in faults_of(metres)[0]
    with np.errstate(invalid="ignore"):
        lost = shapely.linestrings([A, (np.nan, 28.7)])
    assert "places on Earth" in faults_of(layer([lost]))[0]


def test_lengths_are_great_circles_along_the_line() -> None:
    ways = ways_from_lines(layer([[A, C, D]]))
    assert ways.step_m.sum() == pytest.approx(great_circle_by_hand_m(A, C) + great_circle_by_hand_m(C, D), abs=1e-9)


def test_a_file_that_is_absent_or_no_layer_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DataFileError):
        ways_from_lines(tmp_path / "roads.gpkg")
    path = tmp_path / "roads.geojson"
    path.write_text("<html>")
    with pytest.raises(DataFileError):
        ways_from_lines(path)


def test_what_is_no_layer_and_no_mapping_is_said_so_and_columns_named_by_numbers_are_columns() -> None:
    assert "expected the path of a layer" in faults_of(pd.DataFrame({"highway": ["primary"]}))[0]
    assert "expected a mapping" in faults_of(layer([[A, B]]), fields=["class"])[0]
    assert ways_from_lines(layer([[A, B]]).rename(columns={"highway": 0}), fields={"class": "0"}).n_ways == 1


def test_a_column_twice_is_a_fault() -> None:
    frame = layer([[A, B]])
    frame = pd.concat([frame, frame[["highway"]]], axis=1)
    assert "each column once" in faults_of(frame)[0]
