"""Debris of graded buildings: how far it reaches, what it leaves of the road, what is refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import shared_file

from rescuesim.disruption.debris import GradedBuildings, debris_damages, debris_reach_m, load_graded_buildings
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork, load_network
from rescuesim.network.coordinates.crs import unproject


def beside(network: RoadNetwork, *, gap_m: float, length_m: float = 30.0) -> tuple[int, shapely.Polygon]:
    """A building beside the middle of the tertiary road, so far from its middle line; WGS84 degrees."""
    road = int(network.road[network.road_class == "tertiary"][0])
    line = network.projected_lines()[road]
    middle, ahead = line.interpolate(0.5, normalized=True), line.interpolate(line.length / 2 + 1)
    along = np.array([ahead.x - middle.x, ahead.y - middle.y])
    along /= np.hypot(*along)
    aside = np.array([-along[1], along[0]])
    corners = [
        np.array([middle.x, middle.y]) + along * a * length_m / 2 + aside * b
        for a, b in ((-1, gap_m), (1, gap_m), (1, gap_m + 10), (-1, gap_m + 10))
    ]
    lon, lat = unproject([c[0] for c in corners], [c[1] for c in corners], network.crs)
    return road, shapely.Polygon(np.column_stack([lon, lat]))


def buildings(outline: shapely.Polygon, grade: str, height_m: float) -> GradedBuildings:
    outlines = np.array([outline], dtype=object)
    return GradedBuildings(outlines=outlines, grade=np.array([grade]), height_m=np.array([height_m]))


@pytest.mark.parametrize(
    ("grade", "height_m", "level"),
    [
        ("destroyed", 15.0, "closed"),  # reaches 10 m: from 2 m beside the 7 m road over all of it
        ("destroyed", 11.5, "on_foot"),  # 7.7 m: 1.3 m are left
        ("major_damage", 17.0, "one_lane"),  # 5.7 m: 3.7 m thereof on the road, 3.3 m are left
        ("major_damage", 9.0, "passable"),  # 3 m: 1 m thereof on the road, 6 m are left
    ],
)
def test_what_debris_leaves_of_the_carriageway_is_the_level(
    town: RoadNetwork, grade: str, height_m: float, level: str
) -> None:
    road, outline = beside(town, gap_m=3.5 + 2.0)  # a tertiary road is 7 m wide
    damages, _ = debris_damages(town, buildings(outline, grade, height_m), at_s=60)
    worst = max(damages, key=lambda damage: damage.work_h)
    assert worst.closure.level == level
    assert worst.cause == "debris"
    assert {(damage.closure.road, damage.at_s) for damage in damages} == {(road, 60)}


def test_debris_from_both_sides_of_a_street_adds_up(town: RoadNetwork) -> None:
    one, other = (beside(town, gap_m=gap_m)[1] for gap_m in (3.5 + 2.0, -(3.5 + 2.0 + 10)))  # both 2 m from the road
    alone, _ = debris_damages(town, buildings(one, "major_damage", 14.0))  # 4.7 m: 2.7 m of 7 m are covered
    assert max(alone, key=lambda damage: damage.work_h).closure.level == "one_lane"
    outlines = np.array([one, other], dtype=object)
    grade, height_m = np.array(["major_damage"] * 2), np.array([14.0, 14.0])
    both, _ = debris_damages(town, GradedBuildings(outlines=outlines, grade=grade, height_m=height_m))
    worst = max(both, key=lambda damage: damage.work_h)
    assert worst.closure.level == "on_foot"  # 1.7 m are left
    work = sum(damage.work_h for damage in alone)
    assert sum(damage.work_h for damage in both) == pytest.approx(2 * work)


def test_only_the_road_beside_the_building_is_touched(town: RoadNetwork) -> None:
    road, outline = beside(town, gap_m=5.5)
    damages, _ = debris_damages(town, buildings(outline, "destroyed", 12.0))
    begin = min(damage.closure.from_m for damage in damages)
    end = max(damage.closure.to_m for damage in damages)
    middle = town.road_length_m[road] / 2
    # 30 m of front, and 8 m around its corners as far as the near side of the road, 3.5 m from its middle
    round_corners = np.sqrt((0.667 * 12 + 3.5) ** 2 - 5.5**2)
    assert abs((begin + end) / 2 - middle) < 4
    assert end - begin == pytest.approx(30 + 2 * round_corners, abs=4)
    parts = sorted((damage.closure.from_m, damage.closure.to_m) for damage in damages)
    assert all(after[0] == pytest.approx(before[1]) for before, after in pairwise(parts))


@pytest.mark.parametrize("grade", ["no_damage", "possibly_damaged"])
def test_a_standing_building_throws_nothing(town: RoadNetwork, grade: str) -> None:
    _, outline = beside(town, gap_m=5.5)
    assert debris_damages(town, buildings(outline, grade, 30.0))[0] == ()


def test_the_reach_falls_from_two_thirds_to_a_half_of_the_height() -> None:
    height = np.array([9.0, 24.0, 39.0, 54.0, 90.0])
    reach = debris_reach_m(height, np.full(5, "destroyed"))
    assert reach / height == pytest.approx([0.667, 0.667, (0.667 + 0.5) / 2, 0.5, 0.5])
    assert debris_reach_m(height, np.full(5, "major_damage")) == pytest.approx(reach / 2)


def test_work_is_the_volume_on_the_road(town: RoadNetwork) -> None:
    _, outline = beside(town, gap_m=5.5)
    damages, _ = debris_damages(town, buildings(outline, "destroyed", 15.0))
    # 30 m of front under 7 m of road and the corners, 1 m deep, at 60 m3/h
    assert 30 * 7 / 60 <= sum(damage.work_h for damage in damages) <= (30 + 20) * 7 / 60
    assert all(damage.one_lane_h <= damage.work_h for damage in damages)


def test_all_faults_of_the_buildings_come_together(town: RoadNetwork) -> None:
    _, outline = beside(town, gap_m=5.5)
    layer = geopandas.GeoDataFrame(
        {"damage_class": ["Destroyed", "broken", "no-damage"], "height": ["12", "-3", ""]},
        geometry=[outline] * 3,
        crs="EPSG:4326",
    )
    with pytest.raises(InputError) as caught:
        load_graded_buildings(layer, height_field="height")
    assert [fault.row for fault in caught.value.faults] == [2, 2]
    assert "expected one of destroyed, major_damage" in str(caught.value)
    table = pd.DataFrame({"damage_class": ["destroyed"], "footprint_wkt": ["no polygon"]})
    with pytest.raises(InputError, match="expected a Polygon"):
        load_graded_buildings(table)
    with pytest.raises(InputError, match="footprint_wkt"):
        load_graded_buildings(table.drop(columns="footprint_wkt"))


def test_a_missing_height_is_assumed_and_said(tmp_path: Path, town: RoadNetwork) -> None:
    _, outline = beside(town, gap_m=5.5)
    path = tmp_path / "grading.csv"
    frame = pd.DataFrame(
        {"footprint_wkt": [outline.wkt] * 2, "damage_class": ["major-damage", "destroyed"], "height": ["", "21"]}
    )
    frame.to_csv(path, index=False)
    found = load_graded_buildings(path, height_field="height")
    assert found.height_m.tolist() == [9.0, 21.0]
    assert found.grade.tolist() == ["major_damage", "destroyed"]
    assert any("no height for 1 of 2 buildings, taken as 9 m" in note for note in found.notes)


@pytest.mark.shared
def test_the_graded_buildings_of_turkoglu_close_streets_beside_them() -> None:
    network = load_network(shared_file("data/kahramanmaras_quake/graph_turkoglu.graphml"))
    graded = load_graded_buildings(shared_file("data/kahramanmaras_quake/kahramanmaras_emsr648.csv"))
    assert len(graded) == 288
    damages, notes = debris_damages(network, graded)
    assert {damage.closure.level for damage in damages} == {"passable", "one_lane", "on_foot", "closed"}
    assert any("blocks rather than buildings" in note for note in notes)
    lines = network.projected_lines()
    thrown = graded.outlines[np.isin(graded.grade, ["destroyed", "major_damage"])]
    for damage in damages:
        line = lines[damage.closure.road]
        middle = line.interpolate((damage.closure.from_m + damage.closure.to_m) / 2)
        lon, lat = unproject([middle.x], [middle.y], network.crs)
        away_m = shapely.distance(shapely.Point(lon[0], lat[0]), thrown).min() * 111_000
        assert away_m < 6.0 + 14 / 2 + 1
