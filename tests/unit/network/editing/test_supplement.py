"""Roads added to a network: by hand, and Guixi put together again from two halves."""

from __future__ import annotations

import math

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from conftest import shared_file
from oracles_lines import graph_of_ways, great_circle_by_hand_m, lines_of_osm
from pyproj import Geod

from rescuesim._words import in_language
from rescuesim.errors import InputError
from rescuesim.network.editing.supplement import with_supplement
from rescuesim.network.reading.lines import ways_from_lines
from rescuesim.network.ways import Ways, kept_ways

Place = tuple[float, float]
CORNER: Place = (119.30, 28.70)
SPHERE = Geod(a=6_371_009.0, b=6_371_009.0)  # lengths of roads are great circles on it


def at(east_m: float, north_m: float) -> Place:
    """The place so many metres east and north of a corner."""
    lon, lat, _ = SPHERE.fwd(*CORNER, 90, east_m)
    lon, lat, _ = SPHERE.fwd(lon, lat, 0, north_m)
    return lon, lat


def roads(*lines: list[Place], **columns: object) -> Ways:
    table = {"highway": ["tertiary"] * len(lines), **columns}
    return ways_from_lines(gpd.GeoDataFrame(table, geometry=[shapely.LineString(x) for x in lines], crs="EPSG:4326"))


STREET = [at(0, 0), at(1000, 0), at(2000, 0)]  # nodes 1 to 3 from west to east


def between_m(ways: Ways, start: int, end: int) -> float:
    """Shortest way between two nodes by their numbers, in metres; inf where there is none."""
    graph = nx.DiGraph()
    for ref in np.flatnonzero(~ways.is_last).tolist():
        a, b = int(ways.node_id[ways.at[ref]]), int(ways.node_id[ways.at[ref + 1]])
        for u, v in [(a, b)] if ways.oneway[ways.way_of[ref]] else [(a, b), (b, a)]:
            metres = float(ways.step_m[ref])
            if not graph.has_edge(u, v) or graph[u][v]["m"] > metres:
                graph.add_edge(u, v, m=metres)
    try:
        return float(nx.shortest_path_length(graph, start, end, weight="m"))
    except (nx.NetworkXNoPath, nx.NodeNotFound):
        return math.inf


def node_near(ways: Ways, place: Place) -> int:
    return int(ways.node_id[np.argmin(np.hypot(ways.lon - place[0], ways.lat - place[1]))])


def test_an_end_off_a_road_cuts_it_at_the_nearest_place_and_its_pieces_add_up_exactly() -> None:
    base = roads(STREET)
    village = at(400, 900)
    both = with_supplement(base, roads([at(400, 8), village], name=["上洋村路"]))
    assert both.n_ways == 2
    assert both.way_id.tolist() == [1, -1]
    assert both.n_nodes == 5
    assert between_m(both, 1, 3) == pytest.approx(base.step_m.sum(), abs=1e-9)
    assert math.fsum(both.step_m[both.first[0] : both.first[1]]) == math.fsum(base.step_m)
    assert between_m(both, 1, node_near(both, village)) == pytest.approx(400 + 900, abs=2.5)
    assert both.node_id.min() < 0
    assert set(base.node_id.tolist()) < set(both.node_id.tolist())
    assert any("added to road lines, tied to it at 1 places, 1 of them new nodes" in note for note in both.notes)
    assert any("moved by at most 8.0 m" in note for note in both.notes)


def test_an_end_near_a_node_is_tied_to_it_without_a_cut() -> None:
    both = with_supplement(roads(STREET), roads([at(1000.5, 8), at(1000, 900)]))
    assert both.n_nodes == 4
    assert between_m(both, 2, node_near(both, at(1000, 900))) == pytest.approx(900, abs=1.5)


def test_a_road_tied_at_both_ends_makes_a_second_way_round() -> None:
    base = roads(STREET)
    loop = roads([at(300, 5), at(300, 200), at(1700, 200), at(1700, -5)])
    both = with_supplement(base, loop)
    assert both.n_nodes == 3 + 2 + 2
    broken = kept_ways(both, np.arange(both.n_ways) > 0)
    ends = [node_near(both, at(300, 0)), node_near(both, at(1700, 0))]
    assert between_m(broken, *ends) == pytest.approx(200 + 1400 + 200, abs=6)


def test_several_roads_cut_one_step_at_their_own_places() -> None:
    base = roads(STREET)
    extra = roads(*[[at(east, 4), at(east, 500)] for east in (900, 100, 500, 500.0, 300)], name=list("甲乙丙丁戊"))
    both = with_supplement(base, extra)
    street = both.at[both.first[0] : both.first[1]]
    assert len(street) == 3 + 4
    assert np.all(np.diff(both.lon[street]) > 0)
    steps = both.step_m[both.first[0] : both.first[1]]
    assert steps[:5] == pytest.approx([100, 200, 200, 400, 100], abs=0.05)
    assert math.fsum(steps) == math.fsum(base.step_m)


def test_a_vertex_between_the_ends_that_lies_on_a_node_is_tied_and_one_beside_the_road_is_not() -> None:
    through = roads([at(1000, -500), at(1000, 0), at(1000, 500)])
    both = with_supplement(roads(STREET), through, snap_m=20)
    assert both.n_nodes == 5
    beside = roads([at(600, -500), at(600, 6), at(600, 500)], [at(100, 1), at(100, 300)])
    both = with_supplement(roads(STREET), beside)
    assert between_m(both, 1, node_near(both, at(600, 500))) == math.inf
    assert any("cross those of road lines at 1 places without meeting" in note for note in both.notes)


def test_what_is_farther_than_the_tolerance_stays_apart_and_is_named() -> None:
    extra = roads(
        [at(400, 8), at(400, 900)], [at(800, 60), at(800, 900)], [at(800, 900), at(900, 900)], name=list("甲乙丙")
    )
    both = with_supplement(roads(STREET), extra)
    assert between_m(both, 1, node_near(both, at(900, 900))) == math.inf
    assert any("2 added roads (0.9 km) have no end within 10 m" in note for note in both.notes)
    assert any(note.endswith("stay apart from it: 乙, 丙") for note in both.notes)
    assert any("2 条加入的道路" in in_language(note, "zh") for note in both.notes)
    nearer = with_supplement(roads(STREET), extra, snap_m=70)
    assert between_m(nearer, 1, node_near(nearer, at(900, 900))) == pytest.approx(800 + 900 + 100, abs=5)


def test_roads_of_the_base_that_are_surveyed_again_are_left_out_in_either_direction() -> None:
    again = [[at(1990, 6), at(1000, 5), at(20, 6)], [at(500, 3), at(500, 800)]]
    both = with_supplement(roads(STREET), roads(*again, name=["人民路", "上洋村路"]))
    assert both.name.tolist() == ["", "上洋村路"]
    assert any("1 roads (2.0 km) run along roads of the base, left out" in note for note in both.notes)


def test_where_only_duplicates_are_added_the_base_stays_as_it_was() -> None:
    base = roads(STREET)
    both = with_supplement(base, roads([at(0, 2), at(2000, 2)]))
    assert both.at is base.at
    assert any("left out" in note for note in both.notes)


def test_a_two_way_duplicate_of_a_one_way_road_does_not_open_it_and_is_said_aloud() -> None:
    base = roads(STREET, oneway=["yes"])
    both = with_supplement(base, roads([at(0, 2), at(2000, 2)], [at(500, 3), at(500, 800)]))
    assert between_m(both, 3, 1) == math.inf
    assert any("1 of them are two-way along a one-way road" in note for note in both.notes)


def test_a_parallel_road_beyond_the_tolerance_and_one_across_are_no_duplicates() -> None:
    both = with_supplement(
        roads(STREET), roads([at(0, 25), at(2000, 25)], [at(700, 4), at(700, -4)], [at(30, 25), at(30, 1)]), snap_m=5
    )
    assert both.n_ways >= 3
    assert not any("run along" in note for note in both.notes)


def test_a_road_half_along_the_base_is_added_whole_and_said_aloud() -> None:
    half = [at(0, 4), at(1000, 4), at(1700, 800)]
    both = with_supplement(roads(STREET), roads(half))
    assert both.n_ways == 2
    assert any("1 roads run within 10 m of the base over 20 %" in note for note in both.notes)


def test_a_short_road_that_goes_on_from_a_dead_end_of_the_base_is_no_duplicate_of_it() -> None:
    onward = roads([at(2000, 0), at(2009, 0), at(2018, 1)], [at(2018, 1), at(2600, 300)])
    both = with_supplement(roads(STREET), onward)
    assert both.n_ways == 3
    assert between_m(both, 1, node_near(both, at(2600, 300))) < 2700


def test_the_other_carriageway_is_no_duplicate_of_one() -> None:
    base = roads(STREET, oneway=["yes"])
    other = roads([at(2000, 8), at(1000, 8), at(0, 8)], oneway=["yes"])
    both = with_supplement(base, other)
    assert both.n_ways == 2
    assert between_m(both, 3, 1) == pytest.approx(2000, abs=20)
    again = roads([at(0, 8), at(1000, 8), at(2000, 8)], [at(500, 9), at(500, 400)], oneway=["yes", "no"])
    assert with_supplement(base, again).n_ways == 2


def test_a_crossing_with_a_road_that_was_left_out_is_tied_to_the_road_of_the_base_instead() -> None:
    again = [at(0, 8), at(700, 8), at(2000, 8)]
    through = [at(700, -400), at(700, 8), at(700, 400)]
    both = with_supplement(roads(STREET), roads(again, through))
    assert both.n_ways == 2
    assert between_m(both, 1, node_near(both, at(700, 400))) == pytest.approx(700 + 400, abs=10)


@pytest.mark.parametrize(
    "columns", [{"highway": ["motorway"]}, {"bridge": ["yes"]}, {"tunnel": ["yes"]}, {"highway": ["motorway_link"]}]
)
def test_motorways_bridges_and_tunnels_are_not_cut(columns: dict[str, object]) -> None:
    base = roads(STREET, **columns)
    with pytest.raises(InputError, match="no road of it ends within"):
        with_supplement(base, roads([at(400, 5), at(400, 900)]))


def test_a_road_beside_a_motorway_is_no_duplicate_of_it() -> None:
    base = roads(STREET, [at(0, 0), at(0, -500)], highway=["motorway", "tertiary"])
    both = with_supplement(base, roads([at(0, -8), at(2000, -8)]))
    assert both.n_ways == 3


def test_two_ends_at_one_place_of_the_base_leave_no_road() -> None:
    stub = roads([at(1000, -0.4), at(1000, 0.3)], [at(800, 3), at(800, 400)])
    both = with_supplement(roads(STREET), stub)
    assert both.n_ways == 2
    assert any("1 roads with both ends at one place" in note for note in both.notes)


def test_values_of_both_and_one_way_directions_survive() -> None:
    extra = roads([at(400, 8), at(400, 900)], oneway=["yes"], maxspeed=["30"], surface=["水泥"], name=["甲"])
    both = with_supplement(roads(STREET, maxspeed=["50"]), extra)
    assert both.maxspeed_kph.tolist() == [50, 30]
    assert both.surface.tolist() == ["", "水泥"]
    village = node_near(both, at(400, 900))
    assert between_m(both, 1, village) < math.inf
    assert between_m(both, village, 1) == math.inf


def test_ids_of_the_base_that_are_below_zero_already_are_not_taken_again() -> None:
    base = roads(STREET)
    from dataclasses import replace

    base = replace(base, node_id=np.array([-7, -1, 5]))
    both = with_supplement(base, roads([at(400, 8), at(400, 900)]))
    assert {-7, -1, 5} < set(both.node_id.tolist())
    assert len(set(both.node_id.tolist())) == both.n_nodes == 5
    assert np.all(np.diff(both.node_id) > 0)


def test_roads_in_another_place_are_refused_with_how_far_they_are() -> None:
    with pytest.raises(InputError, match=r"the nearest is 3[78]\d{3} m away"):
        with_supplement(roads(STREET), roads([at(40_000, 0), at(41_000, 0)]))


@pytest.mark.parametrize("snap_m", [-1.0, math.nan, math.inf, True])
def test_a_tolerance_that_is_no_distance_is_refused(snap_m: float) -> None:
    with pytest.raises(InputError, match="metres of 0 or more"):
        with_supplement(roads(STREET), roads([at(400, 5), at(400, 900)]), snap_m=snap_m)


def test_a_town_taken_apart_into_two_layers_is_put_together_again() -> None:
    whole = ways_from_lines(lines_of_osm(shared_file("data/guixi_jiangxi_town/guixi_drive.osm")))
    aside = (whole.road_class == "residential") & ~whole.bridge
    base, extra = kept_ways(whole, ~aside), kept_ways(whole, aside)
    both = with_supplement(base, extra, snap_m=0)
    assert not any("run along" in note for note in both.notes)

    def edges(ways: Ways) -> dict[tuple[Place, Place], float]:
        graph = graph_of_ways(ways)
        place = {n: (round(d["x"], 7), round(d["y"], 7)) for n, d in graph.nodes(data=True)}
        return {(place[u], place[v]): round(d["length"], 6) for u, v, d in graph.edges(data=True)}

    assert edges(both) == edges(whole)
    assert both.n_nodes == whole.n_nodes
    apart = [note for note in both.notes if "stay apart" in note]
    pieces = nx.weakly_connected_components(graph_of_ways(whole))
    of_base = {(round(x, 7), round(y, 7)) for x, y in zip(base.lon.tolist(), base.lat.tolist(), strict=True)}
    graph = graph_of_ways(whole)
    lonely = [
        p for p in pieces if not {(round(graph.nodes[n]["x"], 7), round(graph.nodes[n]["y"], 7)) for n in p} & of_base
    ]
    assert bool(apart) == bool(lonely)


def test_lengths_of_moved_ends_are_great_circles_to_where_they_were_moved() -> None:
    both = with_supplement(roads(STREET), roads([at(400, 8), at(400, 900)]))
    ref = int(both.first[1])
    start, end = (
        (float(both.lon[both.at[ref]]), float(both.lat[both.at[ref]])),
        (
            float(both.lon[both.at[ref + 1]]),
            float(both.lat[both.at[ref + 1]]),
        ),
    )
    assert both.step_m[ref] == pytest.approx(great_circle_by_hand_m(start, end), abs=1e-9)
