"""What the columns and words of a road layer mean."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from lines_by_hand import A, B, C, D, faults_of, layer

from rescuesim.errors import UnknownIdError
from rescuesim.network.reading.lines import ways_from_lines


def test_a_chinese_survey_is_read_by_its_own_names() -> None:
    table = {
        "技术等级": ["一级公路", "二级", "四级公路", "等外"],
        "行政等级": ["国道", "省道", "县道", "村道"],
        "路线名称": ["沪昆线", "余江路", "", "上洋村"],
        "路线编号": ["G320", "S207", "X601", ""],
        "车道数": [4, 2, 2, 1],
        "路面宽度": [16.0, 9.0, 6.5, 3.5],
        "路面类型": ["沥青混凝土", "水泥", "砂石", "红土"],
        "限速": [80, 60, "40公里/小时", 0],
        "单行": ["否", "否", "是", "双向"],
        "桥梁": ["", "贵溪大桥", "否", "无"],
        "隧道": ["否", "否", "否", "是"],
    }
    lines = [[A, B], [B, C], [B, D], [C, D]]
    ways = ways_from_lines(layer(lines, **table))
    by_id = {int(way): index for index, way in enumerate(ways.way_id)}
    order = [by_id[row] for row in (1, 2, 3, 4)]
    assert ways.road_class[order].tolist() == ["trunk", "primary", "tertiary", "unclassified"]
    assert ways.name[order].tolist() == ["沪昆线", "余江路", "X601", "上洋村"]
    assert ways.lanes[order].tolist() == [4, 2, 2, 1]
    assert ways.width_m[order].tolist() == [16.0, 9.0, 6.5, 3.5]
    assert ways.surface[order].tolist() == ["沥青混凝土", "水泥", "砂石", "红土"]
    assert ways.maxspeed_kph[order][:3].tolist() == [80, 60, 40]
    assert np.isnan(ways.maxspeed_kph[order][3])
    assert ways.oneway[order].tolist() == [False, False, True, False]
    assert ways.bridge[order].tolist() == [False, True, False, False]
    assert ways.tunnel[order].tolist() == [False, False, False, True]
    said = " | ".join(ways.notes)
    assert "一级公路 = trunk" in said
    assert "columns not read: 行政等级" in said
    assert "speed of 1 rows states no figure, taken as not stated: '0'" in said


def test_short_dbf_names_are_recognised(tmp_path: Path) -> None:
    path = tmp_path / "roads.shp"
    table = {"JSDJ": ["三级"], "LXMC": ["余江路"], "CDS": [2], "LMKD": [7.0]}
    gpd.GeoDataFrame(table, geometry=[shapely.LineString([A, B])], crs="EPSG:4490").to_file(path, encoding="GBK")
    ways = ways_from_lines(path)
    assert (ways.road_class[0], ways.name[0], ways.lanes[0], ways.width_m[0]) == ("secondary", "余江路", 2, 7)


def test_geofabrik_letters_of_direction_are_read_beside_a_b_and_refused_without_one() -> None:
    lines = [[A, B], [B, C], [B, D]]
    ways = ways_from_lines(layer(lines, fclass=["primary"] * 3, oneway=["F", "T", "B"], bridge=["T", "F", "F"]))
    paths = {
        int(w): [(float(ways.lon[n]), float(ways.lat[n])) for n in ways.at[ways.first[i] : ways.first[i + 1]]]
        for i, w in enumerate(ways.way_id)
    }
    assert paths[1] == [A, B]
    assert paths[2] == [C, B]
    assert [bool(ways.oneway[list(ways.way_id).index(w)]) for w in (1, 2, 3)] == [True, True, False]
    assert ways.bridge[list(ways.way_id).index(1)]
    assert ways.bridge.sum() == 1
    found = faults_of(layer(lines, fclass=["primary"] * 3, oneway=["T", "F", "F"]))
    assert len(found) == 2
    assert "only beside a B" in found[0]


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        (["yes", "1", 1, True, "是", "单向", "FT", "true"], [A, B]),
        (["-1", "reverse", -1, "逆向", "TF"], [B, A]),
    ],
)
def test_words_for_one_way_run_along_or_against_the_line(words: list[object], ends: list[object]) -> None:
    for word in words:
        ways = ways_from_lines(layer([[A, B]], oneway=[word]))
        assert ways.oneway.tolist() == [True]
        assert [(float(ways.lon[n]), float(ways.lat[n])) for n in ways.at] == ends


def test_words_for_two_way_and_an_empty_cell_are_two_way_and_the_empty_ones_are_counted() -> None:
    words = ["no", "0", 0, False, "否", "双向", None, "reversible"]
    lines = [[(119.3, 28.7), (119.31, 28.7 + k / 100)] for k in range(len(words))]
    ways = ways_from_lines(layer(lines, oneway=words))
    assert not ways.oneway.any()
    assert any("oneway not given in 1 of 8 rows: two-way" in note for note in ways.notes)


def test_a_roundabout_is_driven_along_its_line() -> None:
    ring = [A, B, C, A]
    ways = ways_from_lines(layer([ring, [B, D]], junction=["roundabout", None]))
    assert ways.oneway.sum() == 1
    ways = ways_from_lines(layer([ring, [B, D]], junction=["roundabout", None], oneway=["no", "no"]))
    assert not ways.oneway.any()


def test_a_field_map_names_columns_gives_constants_and_leaves_fields_out() -> None:
    table = {"DJ2": ["主干路", "支路"], "MC": ["甲", "乙"], "SJSS": [60, 40], "lanes": [4, 2]}
    frame = gpd.GeoDataFrame(table, geometry=[shapely.LineString([A, B]), shapely.LineString([B, C])], crs="EPSG:4326")
    fields = {"class": "DJ2", "name": "MC", "speed": "SJSS", "lanes": "", "surface": "=水泥"}
    ways = ways_from_lines(frame, fields=fields)
    assert ways.road_class.tolist() == ["primary", "tertiary"]
    assert ways.name.tolist() == ["甲", "乙"]
    assert ways.maxspeed_kph.tolist() == [60, 40]
    assert ways.surface.tolist() == ["水泥", "水泥"]
    assert np.isnan(ways.lanes).all()
    ways = ways_from_lines(frame[["geometry"]], fields={"class": "=unclassified"})
    assert ways.road_class.tolist() == ["unclassified"] * 2


def test_columns_and_fields_that_do_not_exist_are_named_all_at_once_with_the_nearest() -> None:
    frame = layer([[A, B]], 技术等级=["二级"], RNAME=["甲"])
    found = faults_of(frame, fields={"class": "技术等极", "name": "RNAM", "sped": "x", "speed": 3})
    assert len(found) == 4
    assert "did you mean 技术等级?" in found[0]
    assert "did you mean RNAME?" in found[1]
    assert "did you mean speed?" in found[2]
    assert "fields.speed" in found[3]


def test_a_layer_without_a_class_is_refused_and_says_how_to_give_one() -> None:
    frame = gpd.GeoDataFrame({"x": [1]}, geometry=[shapely.LineString([A, B])], crs="EPSG:4326")
    assert "=unclassified" in faults_of(frame)[0]


def test_every_word_that_is_no_class_is_named_once_and_can_be_given_a_meaning() -> None:
    table = {"技术等级": ["二级", "林班道", "林班道", None, "丙"]}
    lines = [[A, (119.31, 28.7 + k / 100)] for k in range(5)]
    found = faults_of(layer(lines, **table))
    assert len(found) == 3
    assert "'林班道'" in found[0]
    assert "row 2" in found[0]
    assert "(2 rows)" in found[0]
    ways = ways_from_lines(
        layer(lines, **table), classes={"林班道": "track", "": "unclassified", "丙": "tertiary"}, roads="drive_service"
    )
    assert sorted(ways.road_class.tolist()) == ["primary", "tertiary", "track", "track", "unclassified"]
    assert "a value of highway" in faults_of(layer(lines, **table), classes={"丙": "三级路"})[0]


def test_values_that_no_road_has_are_faults_and_words_that_state_no_figure_are_said_aloud() -> None:
    lines = [[A, (119.31, 28.7 + k / 100)] for k in range(4)]
    found = faults_of(
        layer(
            lines, maxspeed=["快", "400", "-5", "50"], width=[-3, 5, 1e6, 4], lanes=[2, 99, 2, 2], oneway=list("?nnn")
        )
    )
    assert len(found) == 7
    ways = ways_from_lines(
        layer(lines, maxspeed=["CN:urban", "none", "60;40", "30 mph"], width=["narrow", "3.5 m", "6;4", 0])
    )
    index = [list(ways.way_id).index(row) for row in (1, 2, 3, 4)]
    assert ways.maxspeed_kph[index][2:].tolist() == [40, pytest.approx(48.28032)]
    assert np.isnan(ways.maxspeed_kph[index][:2]).all()
    assert ways.width_m[index][1:3].tolist() == [3.5, 4]
    assert np.isnan(ways.width_m[index][[0, 3]]).all()
    assert any("'cn:urban'" in note.lower() for note in ways.notes)
    assert any("'narrow'" in note for note in ways.notes)


def test_lists_of_values_as_osmnx_writes_them_take_the_slowest_road_of_them() -> None:
    frame = layer(
        [[A, B], [B, C]],
        highway=["['primary', 'residential']", ["service", "tertiary"]],
        maxspeed=["['50', '30']", None],
        name=[["甲路", "乙路"], None],
        osmid=["[7, 8]", 9],
    )
    ways = ways_from_lines(frame)
    assert ways.road_class.tolist() == ["residential", "tertiary"]
    assert ways.maxspeed_kph[0] == 30
    assert ways.name[0] == "甲路 / 乙路"
    assert ways.way_id.tolist() == [7, 9]


def test_tags_that_gdal_packs_into_one_column_are_unpacked_and_rivers_are_no_roads() -> None:
    packed = '"oneway"=>"yes","bridge"=>"yes","note"=>"a \\"b\\""'
    frame = layer([[A, B], [B, C]], highway=["primary", None], other_tags=[packed, '"waterway"=>"river"'])
    ways = ways_from_lines(frame)
    assert (ways.n_ways, bool(ways.oneway[0]), bool(ways.bridge[0])) == (1, True, True)
    assert any("oneway, bridge taken from other_tags" in note for note in ways.notes)


def test_the_other_tags_that_osm_filters_roads_by_filter_lines_too() -> None:
    frame = layer([[A, B], [B, C], [B, D]], highway=["residential"] * 3, access=[None, "private", "yes"])
    assert ways_from_lines(frame).n_ways == 2


def test_rivers_are_ways_for_boats_and_for_nobody_else() -> None:
    frame = layer([[A, B], [B, C], [B, D]], 道路等级=["河流", "二级", "航道"]).rename(columns={"道路等级": "类型"})
    fields = {"class": "类型"}
    assert sorted(ways_from_lines(frame, fields=fields, roads="water").road_class.tolist()) == ["fairway", "river"]
    assert ways_from_lines(frame, fields=fields).road_class.tolist() == ["primary"]
    of_osm = layer([[A, B], [B, C]], highway=[None, "primary"], waterway=["river", None], access=["private", None])
    assert ways_from_lines(of_osm, fields={"class": "waterway"}, roads="water").n_ways == 1


def test_roads_are_filtered_by_class_and_both_filters_number_nodes_alike() -> None:
    frame = layer([[A, B], [B, C], [B, D]], highway=["residential", "track", "footway"])
    drive, service = ways_from_lines(frame), ways_from_lines(frame, roads="drive_service")
    assert (drive.n_ways, service.n_ways) == (1, 2)
    assert set(drive.node_id.tolist()) < set(service.node_id.tolist())
    assert "none of them a road" in faults_of(layer([[A, B]], highway=["footway"]))[0]
    assert ways_from_lines(frame, roads="walk").n_ways == 3
    with pytest.raises(UnknownIdError):
        ways_from_lines(frame, roads="wheel")  # type: ignore[arg-type]


def test_no_name_of_a_column_stands_for_two_fields_and_no_word_for_two_classes() -> None:
    from rescuesim.network.reading.line_fields import FIELDS, line_words, normal_name, normal_word

    tables = line_words()
    for table, normal in (("fields", normal_name), ("class", normal_word), ("oneway", normal_word)):
        words = [normal(word) for listed in tables[table].values() for word in listed]
        assert len(words) == len(set(words)), table
    assert set(tables["fields"]) == set(FIELDS)
    assert set(tables["class"]) <= {*tables["osm"]["class"], *tables["osm"]["water"]}
    assert not {normal_word(w) for listed in tables["class"].values() for w in listed} & set(tables["osm"]["class"])


# ---- geometry --------------------------------------------------------------------------------------------------
