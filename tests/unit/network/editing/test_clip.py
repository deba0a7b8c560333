"""Roads clipped to an area: against distances taken one step at a time, and by hand."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from oracles_lines import lines_of_osm, topology
from pyproj import Geod

from rescuesim._words import in_language
from rescuesim.errors import DataFileError, InputError
from rescuesim.network.editing.area import read_area
from rescuesim.network.editing.clip import clip_ways
from rescuesim.network.reading.lines import ways_from_lines
from rescuesim.network.ways import Ways


def roads(*lines: list[tuple[float, float]], **columns: list[object]) -> Ways:
    table = {"highway": ["primary"] * len(lines), **columns}
    return ways_from_lines(gpd.GeoDataFrame(table, geometry=[shapely.LineString(x) for x in lines], crs="EPSG:4326"))


EAST_WEST = [(119.0 + k / 10, 28.7) for k in range(8)]


@pytest.fixture(scope="module")
def guixi_ways() -> Ways:
    from conftest import shared_file

    return ways_from_lines(lines_of_osm(shared_file("data/guixi_jiangxi_town/guixi_drive.osm")))


def step_set(ways: Ways) -> list[tuple[int, tuple[float, float], tuple[float, float]]]:
    places = list(zip(ways.lon.tolist(), ways.lat.tolist(), strict=True))
    return sorted(
        (int(ways.way_id[ways.way_of[ref]]), places[ways.at[ref]], places[ways.at[ref + 1]])
        for ref in np.flatnonzero(~ways.is_last).tolist()
    )


@pytest.mark.parametrize("buffer_m", [0.0, 150.0, 900.0])
def test_the_steps_that_stay_are_those_within_the_distance_measured_one_at_a_time(
    guixi_ways: Ways, buffer_m: float
) -> None:
    import pyproj

    middle = (float(np.median(guixi_ways.lon)), float(np.median(guixi_ways.lat)))
    west, south = middle[0] - 0.006, middle[1] - 0.003
    area = shapely.Polygon([(west, south), (west + 0.012, south), (west + 0.009, south + 0.007), (west, south + 0.004)])
    clipped = clip_ways(guixi_ways, area, buffer_m=buffer_m)
    to_metres = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32650", always_xy=True).transform
    flat = shapely.Polygon([to_metres(*place) for place in area.exterior.coords])
    expected, unsure = [], set()
    for step in step_set(guixi_ways):
        away = shapely.LineString([to_metres(*step[1]), to_metres(*step[2])]).distance(flat)
        expected += [step] if away <= buffer_m else []
        unsure |= {step} if abs(away - buffer_m) < 1.0 and away > 0 else set()  # the projections differ by decimetres
    assert 0 < len(expected) < len(step_set(guixi_ways))
    assert set(step_set(clipped)) - unsure == set(expected) - unsure
    assert len(unsure) < 5
    assert clipped.step_m.sum() < guixi_ways.step_m.sum()


def test_a_step_over_the_border_stays_whole_and_no_road_ends_before_it() -> None:
    clipped = clip_ways(roads(EAST_WEST), (119.25, 28.6, 119.35, 28.8), buffer_m=0)
    assert clipped.lon.round(6).tolist() == [119.2, 119.3, 119.4]
    assert any("1 cut at the border" in note for note in clipped.notes)


def test_a_step_that_passes_through_without_a_node_inside_stays() -> None:
    clipped = clip_ways(roads([(119.0, 28.7), (119.7, 28.7)]), (119.25, 28.6, 119.35, 28.8), buffer_m=0)
    assert clipped.lon.tolist() == [119.0, 119.7]


def test_a_way_that_leaves_and_returns_becomes_two_of_the_same_number_and_none_bridges_the_gap() -> None:
    out_and_back = [(119.3, 28.7), (119.5, 28.7), (119.7, 28.7), (119.7, 28.75), (119.5, 28.75), (119.3, 28.75)]
    ways = roads(out_and_back, id=[77])
    clipped = clip_ways(ways, (119.2, 28.6, 119.4, 28.8), buffer_m=0)
    assert clipped.way_id.tolist() == [77, 77]
    assert step_set(clipped) == [
        step for step in step_set(ways) if {119.3} & {round(step[1][0], 6), round(step[2][0], 6)}
    ]


def test_the_buffer_reaches_as_far_as_it_says() -> None:
    # a road due east of the box, its nodes at measured distances from the border
    geod = Geod(ellps="WGS84")
    border = (119.3, 28.7)
    line = [border]
    for metres in (100, 4000, 9990, 10010, 12000, 20000):
        lon, lat, _ = geod.fwd(*border, 90, metres)
        line.append((lon, lat))
    ways = roads(line)
    box = (119.1, 28.5, 119.3, 28.9)
    assert clip_ways(ways, box, buffer_m=10000).n_nodes == 5  # 9990 m is in, 10010 m is its whole last step
    assert clip_ways(ways, box, buffer_m=10050).n_nodes == 6
    assert clip_ways(ways, box, buffer_m=0).n_nodes == 2


def test_without_a_buffer_given_the_default_is_taken_and_said_aloud() -> None:
    clipped = clip_ways(roads(EAST_WEST), (119.25, 28.6, 119.26, 28.8))
    assert any("10 km around the area" in note for note in clipped.notes)
    assert any("区域及其周边 10 公里" in in_language(note, "zh") for note in clipped.notes)


@pytest.mark.parametrize("kind", [".gpkg", ".shp", ".geojson", "frame"])
def test_the_area_may_be_a_layer_in_any_system(kind: str, guixi_ways: Ways, tmp_path: Path) -> None:
    middle = (float(np.median(guixi_ways.lon)), float(np.median(guixi_ways.lat)))
    left = shapely.box(middle[0] - 0.01, middle[1] - 0.01, middle[0], middle[1] + 0.01)
    right = shapely.box(middle[0], middle[1] - 0.01, middle[0] + 0.01, middle[1] + 0.01)
    towns = gpd.GeoDataFrame({"乡镇": ["甲", "乙"]}, geometry=[left, right], crs="EPSG:4326")
    source: object = towns.to_crs("EPSG:4549")
    if kind != "frame":
        path = tmp_path / f"towns{kind}"
        (towns if kind == ".geojson" else towns.to_crs("EPSG:4549")).to_file(path)
        source = path
    whole = shapely.union_all([left, right])
    expected = clip_ways(guixi_ways, whole, buffer_m=200)
    assert topology(clip_ways(guixi_ways, source, buffer_m=200)) == topology(expected)  # type: ignore[arg-type]


def test_an_area_that_holds_everything_changes_nothing(guixi_ways: Ways) -> None:
    clipped = clip_ways(guixi_ways, (117.0, 28.0, 118.0, 29.0))
    assert clipped.at is guixi_ways.at
    assert any("0 roads left out, 0 cut at the border" in note for note in clipped.notes)


@pytest.mark.parametrize(
    ("area", "words"),
    [
        ((110.0, 28.0, 111.0, 29.0), "no road touches the area"),
        ((28.6, 119.2, 28.8, 119.4), "lon and lat look exchanged"),
        (shapely.box(28.6, 89.2, 28.8, 89.4), "no road touches"),
        ((119.4, 28.6, 119.2, 28.8), "west under east"),
        ((119.2, 28.6, 119.4), "a box (west, south, east, north)"),
        ((119.2, 28.6, 119.4, float("nan")), "every side finite"),
        (("a", "b", "c", "d"), "a box (west, south, east, north)"),
        (shapely.Point(119.3, 28.7), "expected a polygon"),
        (shapely.Polygon(), "a polygon with an area"),
        (shapely.Polygon([(119, 28), (120, 29), (120, 28), (119, 29)]), "does not cross itself"),
        (shapely.box(13_270_000, 3_330_000, 13_290_000, 3_350_000), "longitude and latitude in degrees"),
    ],
)
def test_areas_that_cannot_be_meant_are_refused_with_what_is_likely(area: object, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        clip_ways(roads(EAST_WEST), area)  # type: ignore[arg-type]


def test_an_area_whose_columns_are_exchanged_is_told_from_the_roads() -> None:
    far_north = roads([(60.0, 50.0), (60.1, 50.0)])
    with pytest.raises(InputError, match="lon and lat of the area look exchanged"):
        clip_ways(far_north, (49.9, 59.9, 50.1, 60.1))


@pytest.mark.parametrize("buffer_m", [-1.0, float("nan"), float("inf"), True])
def test_a_buffer_that_is_no_distance_is_refused(buffer_m: float) -> None:
    with pytest.raises(InputError, match="metres of 0 or more"):
        clip_ways(roads(EAST_WEST), (119.2, 28.6, 119.4, 28.8), buffer_m=buffer_m)


def test_roads_that_only_come_near_the_area_are_not_enough() -> None:
    with pytest.raises(InputError, match="no road touches the area"):
        clip_ways(roads(EAST_WEST), (119.2, 28.71, 119.4, 28.8), buffer_m=5000)


def test_layers_of_lines_and_broken_polygons_are_faults_that_name_the_rows(tmp_path: Path) -> None:
    bow = shapely.Polygon([(119, 28), (120, 29), (120, 28), (119, 29)])
    shapes = [shapely.box(119, 28, 120, 29), shapely.LineString([(119, 28), (120, 29)]), bow, None]
    with pytest.raises(InputError) as caught:
        clip_ways(roads(EAST_WEST), gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4326"))
    assert [fault.row for fault in caught.value.faults] == [2, 3, 4]
    with pytest.raises(DataFileError):
        clip_ways(roads(EAST_WEST), tmp_path / "absent.gpkg")


def test_a_widened_area_is_wider_by_the_distance_on_every_side() -> None:
    area = read_area((119.2, 28.6, 119.4, 28.8))
    west, south, east, north = area.widened(10000).bounds
    geod = Geod(ellps="WGS84")
    assert geod.inv(west, 28.7, 119.2, 28.7)[2] == pytest.approx(10000, rel=2e-3)
    assert geod.inv(east, 28.7, 119.4, 28.7)[2] == pytest.approx(10000, rel=2e-3)
    assert geod.inv(119.3, south, 119.3, 28.6)[2] == pytest.approx(10000, rel=2e-3)
    assert geod.inv(119.3, north, 119.3, 28.8)[2] == pytest.approx(10000, rel=2e-3)
