from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from rescuesim._words import in_language
from rescuesim.candidates import load_sites
from rescuesim.demand import DemandPoints, load_demand, read_census
from rescuesim.errors import DataFileError, InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import project, unproject, wgs84_to_gcj02
from rescuesim.quality import REASON_CODES, REASON_WORDS, place_faults, quality_report
from rescuesim.quality.findings import township_roads

# metres per degree in the hand-made town at 28.7 N, good to a per cent
NORTH_M, EAST_M = 110_850.0, 97_700.0


def points(rows: list[Mapping[str, object]]) -> DemandPoints:
    frame = pd.DataFrame(
        [
            {"id": f"v{at}", "name": f"村{at}", "lon": 119.302, "lat": 28.7, "people": 10, **row}
            for at, row in enumerate(rows)
        ]
    )
    return load_demand(frame)


def spread(rows: list[Mapping[str, object]]) -> DemandPoints:
    """Points of their own along the main street."""
    return points([{"lon": 119.3005 + 0.0005 * at, **row} for at, row in enumerate(rows)])


def test_every_reason_is_found_where_it_holds_and_only_there(town: RoadNetwork) -> None:
    dropped = np.array([shapely.LineString([(119.30, 28.715), (119.31, 28.715)])])
    network = replace(town, dropped_lines=dropped)
    report = quality_report(
        network,
        points(
            [
                {},
                {"lat": 28.7 - 400 / NORTH_M},
                {"lat": 28.6999, "lon": 119.325},
                {"lon": 100.0},
                {"lat": 28.7149, "lon": 119.301},
                {"lon": 119.303, "people": 0},
                {"lon": 119.304},
                {"lon": 119.304 + 5e-8},
                {"lon": 119.306, "name": "王家村", "township": "甲镇"},
                {"lon": 119.307, "name": "王家村", "township": "甲镇"},
                {"lon": 119.308, "name": "王家村", "township": "乙镇"},
            ]
        ),
        snap_limit_m=1000,
    )
    assert report.reasons == (
        "ok",
        "far_from_road",
        "no_road_in_range",
        "outside_network",
        "island_component",
        "zero_people",
        "duplicate_position",
        "duplicate_position",
        "name_clash",
        "name_clash",
        "ok",
    )
    assert report.access_m[1] == pytest.approx(400, rel=0.01)
    frame = report.to_frame()
    assert frame["reasons"][4] == "island_component;far_from_road"
    assert sum(report.counts.values()) == len(report) == 11
    assert report.counts_all["far_from_road"] == 2
    assert report.flags.any(axis=1).all()


def test_a_point_with_several_reasons_takes_the_gravest_as_its_primary_one(town: RoadNetwork) -> None:
    report = quality_report(town, points([{"people": 0}, {"people": 0}]))
    assert report.reasons == ("duplicate_position",) * 2
    assert report.to_frame()["reasons"].tolist() == ["duplicate_position;zero_people"] * 2
    assert report.to_frame(lang="zh")["remark"][0] == "与其他点位置相同；人口为零"


@pytest.mark.shared
def test_points_at_the_roads_that_a_real_network_dropped_are_on_an_island(guixi: RoadNetwork) -> None:
    dropped = guixi.dropped_lines
    assert len(dropped) > 0
    at = shapely.line_interpolate_point(dropped, 0.5, normalized=True)
    report = quality_report(guixi, points([{"lon": p.x, "lat": p.y} for p in at]))
    # by hand: the distance to the kept roads beyond the 50 m that a dropped one must be nearer by
    x, y = project(shapely.get_x(at), shapely.get_y(at), guixi.crs)
    away = shapely.distance(shapely.union_all(guixi.projected_lines()), shapely.points(x, y))
    assert (away > 60).any()
    island = np.array([reason == "island_component" for reason in report.reasons])
    refused = np.isin(report.reasons, ["no_road_in_range", "outside_network"])
    assert np.array_equal(island | refused, away > 50)


def test_a_point_on_a_road_off_the_network_is_no_island_if_a_kept_road_is_as_near(town: RoadNetwork) -> None:
    beside = shapely.LineString([(119.30, 28.7 + 20 / NORTH_M), (119.31, 28.7 + 20 / NORTH_M)])
    network = replace(town, dropped_lines=np.array([beside]))
    report = quality_report(network, spread([{"lat": 28.7 + 15 / NORTH_M}] * 3))
    assert report.counts["ok"] == 3


def test_names_clash_in_the_county_where_the_township_is_not_given(town: RoadNetwork) -> None:
    rows = [
        {"name": "王家村", "township": "甲镇"},
        {"name": "王家村", "township": ""},
        {"name": "李家村", "township": "甲镇"},
        {"name": "李家村", "township": "乙镇"},
        {"name": "", "township": ""},
        {"name": "", "township": ""},
    ]
    assert quality_report(town, spread(rows)).reasons == ("name_clash",) * 2 + ("ok",) * 4


def test_the_same_name_at_the_same_place_is_a_duplicate_and_no_clash(town: RoadNetwork) -> None:
    report = quality_report(town, points([{"name": "王家村"}, {"name": "王家村"}]))
    assert report.counts_all["duplicate_position"] == 2
    assert report.counts_all["name_clash"] == 0


@pytest.mark.parametrize(("apart", "same"), [(0.0, True), (9e-8, True), (2e-7, False)])
def test_positions_within_a_ten_millionth_of_a_degree_are_the_same(town: RoadNetwork, apart: float, same: bool) -> None:
    report = quality_report(town, points([{}, {"lon": 119.302 + apart}]))
    assert (report.counts["duplicate_position"] == 2) is same


def test_a_boundary_marks_what_lies_outside_it_but_not_the_stations_of_a_neighbour(town: RoadNetwork) -> None:
    boundary = shapely.box(119.30, 28.69, 119.305, 28.72)
    assert quality_report(town, points([{}, {"lon": 119.305}, {"lon": 119.309}]), boundary=boundary).reasons == (
        "ok",
        "ok",
        "outside_boundary",
    )
    frame = pd.DataFrame(
        {"id": ["a", "b"], "lon": [119.309, 119.308], "lat": 28.7, "host": ["township", "neighbour_county"]}
    )
    assert quality_report(town, load_sites(frame), boundary=boundary).reasons == ("outside_boundary", "ok")


@pytest.mark.parametrize(
    ("boundary", "words"),
    [
        (shapely.LineString([(0, 0), (1, 1)]), "expected a polygon"),
        (shapely.Polygon(), "expected a polygon"),
        (shapely.box(500_000, 3e6, 6e5, 4e6), "WGS84 degrees"),
        (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "valid polygon"),
    ],
)
def test_a_boundary_that_is_none_is_refused(town: RoadNetwork, boundary: shapely.Geometry, words: str) -> None:
    with pytest.raises(InputError, match=words):
        quality_report(town, points([{}]), boundary=boundary)


def test_the_faults_are_those_that_a_scenario_refuses(town: RoadNetwork) -> None:
    demand = points([{}, {"lat": 28.705, "lon": 119.32}, {"lon": 100.0}, {"people": 0, "lon": 119.303}])
    report = quality_report(town, demand, snap_limit_m=500)
    assert report.faults() == place_faults(town, demand, snap_limit_m=500)
    assert [fault.row for fault in report.faults()] == [2, 3]
    refused = report.counts_all["no_road_in_range"] + report.counts_all["outside_network"]
    assert refused == len(report.faults())


def test_township_totals_off_the_census_are_findings(town: RoadNetwork) -> None:
    demand = spread(
        [
            {"township": name, "people": people}
            for name, people in (("甲镇", 600), ("甲镇", 420), ("乙镇", 300), ("丁镇", 5), ("", 7))
        ]
    )
    census = {"甲镇": 1000, "乙镇": 1000, "丙镇": 50}
    report = quality_report(town, demand, census=census)
    assert [(finding.code, finding.township) for finding in report.findings] == [
        ("census_total", "乙镇"),
        ("census_without_points", "丙镇"),
        ("not_in_census", ""),
        ("not_in_census", "丁镇"),
    ]
    assert (report.findings[0].found, report.findings[0].expected) == (300, 1000)
    assert "-70%" in report.findings[0].note
    table = pd.DataFrame({"township": list(census), "people": list(census.values())})
    assert quality_report(town, demand, census=table).findings == report.findings
    assert quality_report(town, demand, census=read_census(table)).findings == report.findings
    assert not report.faults()


@pytest.mark.parametrize(("total", "off"), [(100, False), (95, True), (96, False), (105, False), (106, True)])
def test_one_entry_of_the_census_is_the_total_of_the_county(town: RoadNetwork, total: float, off: bool) -> None:
    demand = spread([{"people": 50}, {"people": 50}])
    report = quality_report(town, demand, census={"某县": total})
    assert bool(report.findings) is off


def test_a_census_of_zero_people_is_kept_by_zero_people_only(town: RoadNetwork) -> None:
    empty, lived_in = spread([{"township": "甲镇", "people": 0}]), spread([{"township": "甲镇", "people": 1}])
    assert not quality_report(town, empty, census={"甲镇": 0}).findings
    assert quality_report(town, lived_in, census={"甲镇": 0}).findings[0].code == "census_total"


@pytest.mark.parametrize(
    ("census", "words"),
    [
        (pd.DataFrame({"name": ["甲镇"], "people": [1]}), "township"),
        (pd.DataFrame({"township": ["甲镇", "甲镇"], "people": [1, 2]}), "once"),
        ({"甲镇": float("nan")}, "0 or more"),
        ({"甲镇": -1.0}, "0 or more"),
        ({"甲镇": "many"}, "0 or more"),
        (read_census(pd.DataFrame({"代码": ["361102"], "县": ["信州区"], "人口": [4]})), "expected townships"),
    ],
)
def test_a_census_that_is_none_is_refused(town: RoadNetwork, census: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        quality_report(town, points([{}]), census=census)  # type: ignore[arg-type]


def test_a_census_for_sites_and_points_without_positions_are_refused(town: RoadNetwork) -> None:
    sites = load_sites(pd.DataFrame({"id": ["a"], "lon": [119.302], "lat": [28.7]}))
    with pytest.raises(InputError, match="sites have no people"):
        quality_report(town, sites, census={"甲镇": 1})
    with pytest.raises(InputError, match="with positions"):
        quality_report(town, replace(points([{}]), lon=None, lat=None))


def test_the_roads_of_a_township_are_those_within_reach_of_its_points(town: RoadNetwork) -> None:
    demand = spread([{"township": "甲镇"}, {"township": "甲镇", "lat": 28.712}, {"township": "甲镇", "lon": 119.325}])
    found = township_roads(town, demand, inside=np.ones(3, dtype=bool))
    around = shapely.union_all(
        shapely.buffer(shapely.points(*project(demand.lon, demand.lat, town.crs)), 1000, quad_segs=64)
    )
    roads = shapely.length(shapely.intersection(shapely.union_all(town.projected_lines()), around))
    assert found.area_km2[0] == pytest.approx(around.area / 1e6, rel=0.01)
    assert found.road_km[0] == pytest.approx(roads / 1000, rel=0.01)
    assert found.to_frame()["km_per_1000_people"][0] == pytest.approx(roads / 1000 / 0.03, rel=0.01)


def test_two_townships_share_the_land_between_them_by_the_nearer_point(town: RoadNetwork) -> None:
    x, y = project([119.305], [28.705], town.crs)
    lon, lat = unproject(np.array([x[0] - 300, x[0] + 300]), np.array([y[0], y[0]]), town.crs)
    demand = points(
        [{"township": "甲镇", "lon": lon[0], "lat": lat[0]}, {"township": "乙镇", "lon": lon[1], "lat": lat[1]}]
    )
    found = township_roads(town, demand, inside=np.ones(2, dtype=bool))
    both = shapely.union_all(
        shapely.buffer(shapely.points(*project(demand.lon, demand.lat, town.crs)), 1000, quad_segs=64)
    )
    assert found.area_km2.sum() == pytest.approx(both.area / 1e6, rel=0.01)
    # to a column of cells, 50 m wide and 2 km long
    assert found.area_km2[0] == pytest.approx(found.area_km2[1], abs=0.1)


@pytest.mark.shared
@pytest.mark.slow
def test_a_township_whose_roads_the_map_lacks_stands_out(wuhan: RoadNetwork) -> None:
    draw = np.random.default_rng(0)
    x0, y0 = (float(part[0]) for part in project([114.3], [30.58], wuhan.crs))
    centres = [(x0 + 8000 * i, y0 + 8000 * j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    rows = []
    for at, (x, y) in enumerate(centres):
        lon, lat = unproject(x + draw.normal(0, 800, 12), y + draw.normal(0, 800, 12), wuhan.crs)
        rows += [{"lon": a, "lat": b, "township": f"镇{at}"} for a, b in zip(lon, lat, strict=True)]
    demand = points(rows)
    whole = [f.township for f in quality_report(wuhan, demand).findings if f.code == "road_density_low"]
    assert "镇4" not in whole  # the centre of Wuhan
    hole = shapely.Point(x0, y0).buffer(4000)
    lacking = ~shapely.intersects(hole, wuhan.projected_lines())
    bare = wuhan.road_line.copy()
    bare[~lacking] = shapely.LineString([(114.0, 30.40), (114.0001, 30.40)])
    findings = quality_report(replace(wuhan, road_line=bare), demand).findings
    low = [finding.township for finding in findings if finding.code == "road_density_low"]
    assert set(low) == {*whole, "镇4"}
    assert "supplement layer" in next(f.note for f in findings if f.township == "镇4")


def test_fewer_than_four_townships_have_no_median_to_be_below(town: RoadNetwork) -> None:
    rows = [{"township": f"镇{at % 3}", "lon": 119.301 + 0.0005 * at} for at in range(12)]
    assert not quality_report(town, points(rows)).findings


@pytest.mark.shared
def test_a_file_in_gcj02_declared_wgs84_is_flagged_first_and_refuses_nothing(guixi: RoadNetwork) -> None:
    lines = guixi.projected_lines()
    at = shapely.line_interpolate_point(lines[:300], 0.4, normalized=True)
    lon, lat = wgs84_to_gcj02(*unproject(shapely.get_x(at), shapely.get_y(at) + 8, guixi.crs))
    demand = points([{"lon": a, "lat": b} for a, b in zip(lon, lat, strict=True)])
    report = quality_report(guixi, demand, census={"某县": 1})
    assert report.suspicion is not None
    assert report.suspicion.best == "gcj02"
    assert [finding.code for finding in report.findings] == ["crs_suspected", "census_total"]
    assert (
        str(report).splitlines()[1].startswith("warning: declared wgs84, but your points fit the roads best as gcj02")
    )
    assert report.in_language("zh").splitlines()[1].startswith("警告：声明为 wgs84")
    right = quality_report(guixi, replace(demand, lon=lon, lat=lat), declared_crs="wgs84")
    assert right.suspicion == report.suspicion


def test_the_summary_names_reasons_and_points_in_both_languages(town: RoadNetwork) -> None:
    report = quality_report(town, spread([{"people": 0}] * 5 + [{"lat": 28.6999, "lon": 119.325}, {}]))
    assert "demand table: 7 points, 1 with nothing to remark" in str(report)
    assert "remark: zero people (zero_people), 5 points: v0 村0, v1 村1, v2 村2 and others" in str(report)
    assert "error: no road in range (no_road_in_range), 1 point: v5 村5" in str(report)
    chinese = report.in_language("zh")
    assert "提示：人口为零（zero_people）5 个点：v0 村0、v1 村1、v2 村2等" in chinese
    assert "错误：附近没有可到达的道路（no_road_in_range）1 个点：v5 村5" in chinese


def test_every_reason_has_words_in_both_languages() -> None:
    assert set(REASON_WORDS) == set(REASON_CODES)
    for words in REASON_WORDS.values():
        assert in_language(words, "zh") != in_language(words, "en")


def test_the_csv_holds_a_row_for_each_point_and_opens_in_a_spreadsheet(town: RoadNetwork, tmp_path: Path) -> None:
    report = quality_report(town, spread([{}, {"people": 0}]))
    path = report.write_csv(tmp_path / "quality.csv", lang="zh")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    found = pd.read_csv(path, keep_default_na=False)
    assert found["id"].tolist() == ["v0", "v1"]
    assert found["row"].tolist() == [1, 2]
    assert found["remark"].tolist() == ["正常", "人口为零"]
    assert found["road_name"].tolist() == ["人民路", "人民路"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["quality.csv"]


def test_the_layer_holds_the_points_and_legs_that_end_on_the_roads(town: RoadNetwork, tmp_path: Path) -> None:
    demand = points([{}, {"lat": 28.6995}, {"lon": 100.0}, {"people": 0, "lon": 119.304}])
    report = quality_report(town, demand)
    path = report.write_layer(tmp_path / "quality.gpkg", lang="zh")
    assert {name for name, _ in pyogrio.list_layers(path)} == {"points", "access_legs", "layer_styles"}
    found = pyogrio.read_dataframe(path, layer="points")
    assert found["reason"].tolist() == list(report.reasons)
    assert found["remark"].tolist()[3] == "人口为零"
    assert np.allclose(shapely.get_coordinates(found.geometry), np.column_stack([demand.lon, demand.lat]))
    legs = pyogrio.read_dataframe(path, layer="access_legs")
    assert legs["id"].tolist() == ["v0", "v1", "v3"]
    ends = shapely.get_point(legs.geometry.to_numpy(), 1)
    assert shapely.distance(shapely.union_all(town.road_line), ends).max() < 1e-6
    metres = legs.to_crs(town.crs).length
    assert np.allclose(metres, legs["access_m"], atol=0.06)
    styles = pyogrio.read_dataframe(path, layer="layer_styles")
    assert set(styles["f_table_name"]) == {"points", "access_legs"}
    assert all(code in styles["styleQML"].str.cat() for code in REASON_CODES)


def test_a_layer_replaces_the_one_before_and_has_no_style_if_none_is_wanted(town: RoadNetwork, tmp_path: Path) -> None:
    path = tmp_path / "quality.gpkg"
    quality_report(town, spread([{}] * 5)).write_layer(path)
    quality_report(town, spread([{}] * 2)).write_layer(path, style=False)
    assert {name for name, _ in pyogrio.list_layers(path)} == {"points", "access_legs"}
    assert len(pyogrio.read_dataframe(path, layer="points")) == 2


def test_a_place_that_cannot_be_written_to_is_said(town: RoadNetwork, tmp_path: Path) -> None:
    report = quality_report(town, points([{}]))
    with pytest.raises(InputError, match=r"\.gpkg"):
        report.write_layer(tmp_path / "quality.shp")
    for write in (report.write_layer, report.write_csv):
        with pytest.raises(DataFileError, match="a place to write to"):
            write(tmp_path / "no" / "quality.gpkg")


def test_a_single_point_has_a_report(town: RoadNetwork) -> None:
    report = quality_report(town, points([{}]))
    assert report.reasons == ("ok",)
    assert "1 point, 1 with" in str(report)


@pytest.mark.shared
@pytest.mark.slow
def test_a_hundred_thousand_points_each_get_one_reason(wuhan: RoadNetwork) -> None:
    draw = np.random.default_rng(0)
    n = 100_000
    demand = load_demand(
        pd.DataFrame(
            {
                "id": [f"v{at}" for at in range(n)],
                "name": [f"村{at}" for at in range(n)],
                "lon": draw.uniform(114.0, 114.5, n),
                "lat": draw.uniform(30.4, 30.75, n),
                "people": 1,
                "township": [f"镇{at % 50}" for at in range(n)],
            }
        )
    )
    report = quality_report(wuhan, demand)
    assert sum(report.counts.values()) == n
