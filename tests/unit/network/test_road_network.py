"""What a loaded network holds: ids, classes, speeds, ticks, roads with two directions."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from oracles_osm import write_roads

from rescuesim._defaults import default
from rescuesim.errors import InputError, WeightOverflowError
from rescuesim.network import RoadNetwork, load_network
from rescuesim.network.road_network import to_ticks
from rescuesim.network.vehicles.speeds import edge_speed_kph


def test_the_tables_have_the_promised_columns(town: RoadNetwork) -> None:
    assert list(town.nodes) == ["node_id", "lon", "lat", "x_m", "y_m"]
    promised = [
        "tail",
        "head",
        "road",
        "length_m",
        "speed_kph",
        "travel_time_s",
        "road_class",
        "bridge",
        "tunnel",
    ]
    assert list(town.edges)[:9] == promised
    assert set(town.edges["tail"]) <= set(town.nodes["node_id"])


def test_a_one_way_street_has_one_edge_and_others_two(town: RoadNetwork) -> None:
    per_road = town.edges.groupby("road").size()
    one_way = town.edges.query("tail == 4 and head == 1")["road"].item()
    assert per_road[one_way] == 1
    assert (per_road.drop(one_way) == 2).all()


def test_both_directions_of_a_road_mirror_each_other(guixi: RoadNetwork) -> None:
    edges = guixi.edges
    for _, pair in edges.groupby("road"):
        if len(pair) == 2:
            there, back = pair.iloc[0], pair.iloc[1]
            assert (there["tail"], there["head"]) == (back["head"], back["tail"])
            assert there["length_m"] == pytest.approx(back["length_m"], abs=0.11)


def test_maxspeed_is_honoured_and_other_edges_take_their_class(town: RoadNetwork) -> None:
    edges = town.edges
    assert edges.query("tail == 3 and head == 4")["speed_kph"].item() == pytest.approx(30)
    assert edges.query("tail == 3 and head == 6")["speed_kph"].item() == pytest.approx(35)


def test_a_merged_edge_takes_the_sum_of_the_times_of_its_ways(town: RoadNetwork) -> None:
    merged = town.edges.query("tail == 1 and head == 3").iloc[0]
    primary = merged["length_m"] - 1111.95
    junction = default("junction_delay_s.plain").number  # three roads end at node 3
    expected = primary / 45 * 3.6 + 1111.95 / 40 * 3.6 + junction
    assert merged["travel_time_s"] == pytest.approx(expected, abs=0.01)
    assert merged["road_class"] == "secondary"
    assert merged["bridge"]


def test_node_coordinates_and_lines_agree(guixi: RoadNetwork) -> None:
    first = np.flatnonzero(guixi.forward)
    for edge in first[:50]:
        line = guixi.road_line[guixi.road[edge]]
        assert line.coords[0] == (guixi.lon[guixi.tail[edge]], guixi.lat[guixi.tail[edge]])
        assert line.coords[-1] == (guixi.lon[guixi.head[edge]], guixi.lat[guixi.head[edge]])


def test_projected_lines_are_as_long_as_the_edges_say(guixi: RoadNetwork) -> None:
    drawn = shapely.length(guixi.projected_lines())
    assert np.abs(drawn / guixi.road_length_m - 1).max() < 0.005  # great circles on a sphere against an ellipsoid


def test_what_is_dropped_outside_the_strong_component_is_said(guixi: RoadNetwork) -> None:
    summary = guixi.summary()
    assert (summary.dropped_nodes, summary.dropped_edges) == (36, 74)
    assert "36 nodes" in str(summary)


def test_graphml_saved_by_osmnx_gives_the_network_of_the_file_it_came_from(town_file: Path, tmp_path: Path) -> None:
    import osmnx

    write_roads(town_file, tmp_path / "roads.osm")
    graph = osmnx.graph_from_xml(tmp_path / "roads.osm", simplify=False, retain_all=True)
    osmnx.save_graphml(graph, tmp_path / "town.graphml")
    (tmp_path / "town.graphml.gz").write_bytes(gzip.compress((tmp_path / "town.graphml").read_bytes()))
    from_xml = load_network(town_file)
    for name in ("town.graphml", "town.graphml.gz"):
        loaded = load_network(tmp_path / name)
        assert (loaded.ticks == from_xml.ticks).all()
        pd.testing.assert_frame_equal(loaded.edges, from_xml.edges, rtol=1e-9)


def test_graphml_without_lengths_or_with_projected_nodes_is_refused(town_file: Path, tmp_path: Path) -> None:
    import osmnx

    graph = osmnx.graph_from_xml(town_file, simplify=True)
    for *_, data in graph.edges(data=True):
        del data["length"]
    for u, v, k, data in list(graph.edges(keys=True, data=True)):
        if "highway" not in data:
            graph.remove_edge(u, v, k)
    osmnx.save_graphml(graph, tmp_path / "no_length.graphml")
    with pytest.raises(InputError, match="have no length"):
        load_network(tmp_path / "no_length.graphml")


def test_a_travel_time_of_a_day_and_more_does_not_wrap_around() -> None:
    assert to_ticks(np.array([0.0, 0.00004, 107_374.18])).tolist() == [0, 0, 1_073_741_800]
    for wrong in (107_374.19, np.nan, -1.0, np.inf):
        with pytest.raises(WeightOverflowError):
            to_ticks(np.array([wrong]))


@pytest.mark.parametrize(
    ("road_class", "maxspeeds", "expected"),
    [
        ("trunk", [], 55),
        ("trunk", ["80"], 80),
        ("tertiary", ["50 mph"], 80.4672),
        ("track", ["walk"], 12),
        ("path", [], 28),
    ],
)
def test_speeds_follow_the_table_and_the_signs(road_class: str, maxspeeds: list[str], expected: float) -> None:
    assert edge_speed_kph(road_class, maxspeeds) == pytest.approx(expected)
