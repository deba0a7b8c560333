"""Evacuation routes: the nearest shelter of every village in every state, and what is said of it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from oracles_routes import grid_network
from placed_points import moving_only, on_road, places, random_state

import rescuesim as rs
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.states import Closure
from rescuesim.travel import EvacuationRoutes


def people_at(network: RoadNetwork, n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = places(network, n, seed, "v")
    return frame.assign(people=rng.integers(0, 900, n), township=rng.choice(["甲镇", "乙乡", ""], n))


def shelters_at(network: RoadNetwork, n: int, seed: int) -> pd.DataFrame:
    frame = places(network, n, seed, "s")
    return frame.assign(kind="shelter", status="existing", name=[f"第{k}中学" for k in range(n)])


def broken(network: RoadNetwork, n: int, *, unusable: frozenset[str] = frozenset()) -> NetworkStates:
    made = [
        replace(random_state(network, k), probability=1 / n, unusable_sites=unusable, label=f"断{k}") for k in range(n)
    ]
    return NetworkStates(states=tuple(made))


@pytest.fixture(scope="module")
def villages(guixi: RoadNetwork) -> rs.DemandPoints:
    return rs.load_demand(people_at(guixi, 80, 61))


@pytest.fixture(scope="module")
def shelters(guixi: RoadNetwork) -> rs.CandidateSites:
    return rs.load_sites(shelters_at(guixi, 9, 62))


@pytest.fixture(scope="module")
def found(guixi: RoadNetwork, villages: rs.DemandPoints, shelters: rs.CandidateSites) -> EvacuationRoutes:
    states = broken(guixi, 4, unusable=frozenset({"s2", "s5"}))
    return rs.evacuation_routes(guixi, villages, shelters, states=states, capacity={"s0": 10, "s1": 1e6})


def test_times_are_the_least_of_travel_times_towards_the_shelters(
    guixi: RoadNetwork, villages: rs.DemandPoints, shelters: rs.CandidateSites, found: EvacuationRoutes
) -> None:
    states = broken(guixi, 4, unusable=frozenset({"s2", "s5"}))
    ensemble = rs.travel_times(guixi, shelters, villages, states=states, towards="sites")
    for state, times in zip(found.every_state, (ensemble.intact, *ensemble), strict=True):
        ticks, at = times.ticks.copy(), np.arange(len(villages))
        assert np.array_equal(state.ticks, ticks.min(axis=0))
        reached = state.ticks < UNREACHABLE
        assert np.array_equal(state.nearest, np.where(reached, ticks.argmin(axis=0), -1))
        ticks[state.nearest[reached], at[reached]] = UNREACHABLE
        assert np.array_equal(state.second_ticks, ticks.min(axis=0))
        assert np.array_equal(state.second, np.where(ticks.min(axis=0) < UNREACHABLE, ticks.argmin(axis=0), -1))
        reasons = times.reasons()
        for village in np.flatnonzero(~reached).tolist():
            assert state.reasons[village] in {*reasons[:, village].tolist()}
        assert (state.reasons[reached] == "").all()
    assert sum((~state.reached).sum() for state in found) > 3


def test_each_way_is_that_of_route(guixi: RoadNetwork, found: EvacuationRoutes) -> None:
    """The same ticks and metres as a route between just these two places; almost always the same line."""
    villages, shelters, alike = found.villages, found.shelters, 0
    assert villages.lon is not None
    assert villages.lat is not None
    assert shelters.lon is not None
    assert shelters.lat is not None
    frame = found.to_frame()
    state = found.states[1]
    for village in range(0, len(villages), 4):
        if not state.reached[village]:
            continue
        to = int(found.chosen[state.nearest[village]])
        a, b = (
            (float(villages.lon[village]), float(villages.lat[village])),
            (float(shelters.lon[to]), float(shelters.lat[to])),
        )
        assert state.network_state is not None
        alone = rs.route(guixi, a, b, states=NetworkStates(states=(replace(state.network_state, probability=1.0),)))[0]
        row = frame[(frame["state_number"] == 2) & (frame["village"] == villages.ids[village])].iloc[0]
        assert alone.ticks == state.ticks[village]
        assert row["travel_time_s"] == alone.travel_time_s
        assert row["length_m"] == pytest.approx(alone.length_m, abs=1e-3)
        assert row["access_m"] == pytest.approx(alone.access_m)
        assert row["road_ids"] == ";".join(map(str, alone.roads))
        assert row["bridges"] == ";".join(map(str, alone.bridges))
        if alone.geometry.is_empty:
            assert row.geometry is None
        else:
            assert shapely.hausdorff_distance(row.geometry, alone.geometry) < 1e-8
        alike += 1
        assert [str(note) for note in found.directions(state, village)] == [str(note) for note in alone.directions()]
    assert alike > 12


def test_paths_run_over_open_pieces_from_the_village_to_its_shelter(found: EvacuationRoutes) -> None:
    graph, n_shelters = found.graph, len(found.chosen)
    for state in found.every_state:
        is_open, ticks = graph.open_pieces(state.network_state), graph.piece_ticks(state.network_state)
        for village in range(len(found.villages)):
            path = found.path(state, village)
            node = int(graph.point_node[n_shelters + village])
            assert is_open[path].all()
            for piece in path.tolist():
                assert graph.tail[piece] == node
                node = int(graph.head[piece])
            if state.reached[village]:
                assert node == graph.point_node[state.nearest[village]]
                legs = (
                    found.village_snap.access_ticks[village] + found.shelter_snap.access_ticks[state.nearest[village]]
                )
                assert int(ticks[path].sum()) + int(legs) <= state.ticks[village]
            else:
                assert len(path) == 0


def test_changes_say_what_is_other_than_on_intact_roads(found: EvacuationRoutes) -> None:
    intact = found.intact
    seen = set()
    for state in found.states:
        for village, change in enumerate(state.changes.tolist()):
            same_way = np.array_equal(found.path(state, village), found.path(intact, village))
            same_place = state.nearest[village] == intact.nearest[village]
            slower = state.ticks[village] > intact.ticks[village]
            expected = (
                "never"
                if not intact.reached[village]
                else "cut_off"
                if not state.reached[village]
                else "other_shelter"
                if not same_place
                else "detour"
                if not same_way
                else "slower"
                if slower
                else "same"
            )
            assert change == expected
            seen.add(change)
    assert {"same", "detour", "other_shelter", "cut_off"} <= seen


@pytest.fixture(scope="module")
def dead_end(town: RoadNetwork) -> tuple[RoadNetwork, int]:
    moving = moving_only(town)
    return moving, int(moving.edges.query("tail == 3 and head == 6")["road"].item())


def test_people_leave_by_the_direction_that_is_open_to_them(town: RoadNetwork) -> None:
    """Down a one-way street to the shelter at its end; from the shelter it would be all the way round."""
    network = moving_only(town)
    road = int(network.edges.query("tail == 4 and head == 1")["road"].item())
    village = rs.load_demand(on_road(network, road, [300.0], "v"))
    shelter = rs.load_sites(on_road(network, road, [700.0], "s").assign(kind="shelter"))
    found = rs.evacuation_routes(network, village, shelter)
    assert found.intact.length_m[0] == pytest.approx(400, abs=0.1)
    assert rs.travel_times(network, shelter, village).ticks[0, 0] > found.intact.ticks[0]


def test_reasons_tell_roads_from_shelters(dead_end: tuple[RoadNetwork, int]) -> None:
    network, road = dead_end
    spots = on_road(network, road, [300.0, 1000.0, 1500.0], "v")
    far = pd.DataFrame({"id": ["far"], "lon": [119.31], "lat": [28.80]})
    villages = rs.load_demand(pd.concat([spots, far]))
    shelters = rs.load_sites(
        pd.DataFrame({"id": ["a", "b"], "lon": [119.30, 119.31], "lat": [28.70, 28.71], "kind": "shelter"})
    )
    slide = (Closure(road=road, from_m=980, to_m=1040),)
    states = NetworkStates(
        states=(
            NetworkState(closures=slide, probability=0.5),
            NetworkState(closures=slide, unusable_sites=frozenset({"a", "b"}), probability=0.5),
        )
    )
    found = rs.evacuation_routes(network, villages, shelters, states=states)
    assert found.intact.reasons.tolist() == ["", "", "", "no_road"]
    assert found[0].reasons.tolist() == ["", "road_closed", "no_path", "no_road"]
    assert found[1].reasons.tolist() == ["site_unusable", "road_closed", "no_path", "no_road"]
    assert found[1].changes.tolist() == ["cut_off", "cut_off", "cut_off", "never"]
    assert (found[1].nearest == -1).all()


def test_bands_and_those_cut_off_sum_to_all_people(found: EvacuationRoutes) -> None:
    for table in (found.summary(), found.townships()):
        bands = [name for name in table.columns if name.startswith("people_") and name.endswith("_s")]
        assert len(bands) == len(found.bands_s) + 1
        assert np.allclose(table[bands].sum(axis=1) + table["people_cut_off"], table["people"])
    whole, parts = found.summary().set_index("state_number"), found.townships()
    assert set(parts["township"]) == {"甲镇", "乙乡", ""}
    for name in ("people", "villages", "people_cut_off", "villages_cut_off", "people_detour"):
        assert np.allclose(parts.groupby("state_number")[name].sum(), whole[name])
    state = found.states[0]
    assert whole.loc[1, "people_cut_off"] == found.villages.people[~state.reached].sum()


def test_a_time_equal_to_the_end_of_a_band_is_in_it(
    guixi: RoadNetwork, villages: rs.DemandPoints, shelters: rs.CandidateSites
) -> None:
    first = rs.evacuation_routes(guixi, villages, shelters)
    exact = float(np.sort(np.unique(first.intact.ticks))[20]) / 10_000
    found = rs.evacuation_routes(guixi, villages, shelters, bands_s=[exact])
    inside = first.intact.ticks <= round(exact * 10_000)
    assert found.summary().filter(like="people_0_to").iloc[0, 0] == villages.people[inside].sum()


def test_shelters_are_loaded_by_who_comes_and_overflow_is_said(found: EvacuationRoutes) -> None:
    loads = found.shelter_loads()
    for number, state in enumerate(found.every_state):
        here = loads[loads["state_number"] == number].set_index("shelter")
        for place, id_ in enumerate(found.shelter_ids):
            who = state.nearest == place
            assert here.loc[id_, "people"] == found.villages.people[who].sum()
            assert here.loc[id_, "villages"] == who.sum()
        assert here.loc["s0", "over_capacity"] == max(here.loc["s0", "people"] - 10, 0)
        assert here.loc["s1", "over_capacity"] == 0
        assert math.isnan(here.loc["s3", "over_capacity"])
        assert found.summary().loc[number, "people_over_capacity"] == here["over_capacity"].sum()
    assert any("第0中学" in note and "for 10 places" in note for note in found.notes)
    assert any("7 of 9 shelters have no capacity" in note for note in found.notes)


def test_of_equally_near_shelters_the_first_of_the_table_is_taken(
    guixi: RoadNetwork, villages: rs.DemandPoints
) -> None:
    one = shelters_at(guixi, 5, 63)
    twins = pd.concat([one, one.assign(id=[f"t{k}" for k in range(5)])])
    for table, first in ((twins, "s"), (twins.iloc[::-1], "t")):
        found = rs.evacuation_routes(guixi, villages, rs.load_sites(table))
        near = [found.shelter_ids[place] for place in found.intact.nearest]
        next_ = [found.shelter_ids[place] for place in found.intact.second]
        assert all(id_.startswith(first) for id_ in near)
        assert all(a[1:] == b[1:] and a != b for a, b in zip(near, next_, strict=True))
        assert np.array_equal(found.intact.ticks, found.intact.second_ticks)


def test_ties_on_an_even_grid_follow_the_table() -> None:
    network = grid_network(2, even=True, side=5)
    nodes = np.arange(network.n_nodes)
    spots = pd.DataFrame({"lon": network.lon, "lat": network.lat})
    villages = rs.load_demand(spots.assign(id=[f"v{k}" for k in nodes]))
    shelters = rs.load_sites(spots.iloc[[0, 3, 8, 14, len(nodes) - 1]].assign(id=list("abcde"), kind="shelter"))
    found = rs.evacuation_routes(network, villages, shelters).intact
    ticks = rs.travel_times(network, shelters, villages, towards="sites").ticks
    assert np.array_equal(found.nearest, ticks.argmin(axis=0))
    rest = ticks.copy()
    rest[found.nearest, np.arange(len(villages))] = UNREACHABLE
    assert np.array_equal(found.second, rest.argmin(axis=0))
    assert ((ticks == ticks.min(axis=0)).sum(axis=0) > 1).any()


def test_which_sites_are_shelters_is_said(guixi: RoadNetwork, villages: rs.DemandPoints) -> None:
    table = shelters_at(guixi, 4, 64)
    mixed = rs.load_sites(
        table.assign(
            kind=["shelter", "station", "shelter", "shelter"], status=["existing", "existing", "closed", "candidate"]
        )
    )
    found = rs.evacuation_routes(guixi, villages, mixed)
    assert found.shelter_ids == ("s0", "s3")
    said = " ".join(found.notes)
    for words in ("1 sites of other kinds", "1 closed shelters", "1 shelters have the status candidate"):
        assert words in said
    plain = rs.evacuation_routes(guixi, villages, rs.load_sites(table.drop(columns="kind")))
    assert len(plain.shelter_ids) == 4
    assert any("all 4 are taken as shelters" in note for note in plain.notes)
    with pytest.raises(InputError, match="at least one shelter"):
        rs.evacuation_routes(guixi, villages, rs.load_sites(table.assign(status="closed")))


def test_unusable_sites_that_are_no_shelters_change_nothing_and_are_named(
    guixi: RoadNetwork, villages: rs.DemandPoints, shelters: rs.CandidateSites
) -> None:
    states = NetworkStates(states=(NetworkState(unusable_sites=frozenset({"S001"})),))
    found = rs.evacuation_routes(guixi, villages, shelters, states=states)
    assert np.array_equal(found[0].ticks, found.intact.ticks)
    assert any("S001" in note for note in found.notes)


@pytest.mark.parametrize("bands", [[], [0.0], [600, 300], [math.inf], [math.nan]])
def test_bands_that_are_none_are_refused(
    guixi: RoadNetwork, villages: rs.DemandPoints, shelters: rs.CandidateSites, bands: list[float]
) -> None:
    with pytest.raises(InputError, match="bands_s"):
        rs.evacuation_routes(guixi, villages, shelters, bands_s=bands)


def test_capacities_that_are_none_are_refused_together(
    guixi: RoadNetwork, villages: rs.DemandPoints, shelters: rs.CandidateSites
) -> None:
    with pytest.raises(InputError) as caught:
        rs.evacuation_routes(guixi, villages, shelters, capacity={"s0": -1, "s1": math.nan, "s2": 5})
    assert len(caught.value.faults) == 2
    with pytest.raises(UnknownIdError, match="s99"):
        rs.evacuation_routes(guixi, villages, shelters, capacity={"s99": 5})


def test_where_all_roads_are_closed_only_places_at_one_junction_are_left(guixi: RoadNetwork) -> None:
    node = {"lon": guixi.lon[:2], "lat": guixi.lat[:2]}
    villages = rs.load_demand(pd.DataFrame({"id": ["here", "there"], **node}))
    shelters = rs.load_sites(pd.DataFrame({"id": ["s"], "lon": guixi.lon[:1], "lat": guixi.lat[:1], "kind": "shelter"}))
    states = NetworkStates.from_closures([set(range(guixi.n_roads))])
    state = rs.evacuation_routes(guixi, villages, shelters, states=states)[0]
    assert state.reached.tolist() == [True, False]
    assert (state.length_m[0], state.reasons[1]) == (0.0, "no_path")


def test_the_table_and_the_layers_hold_every_village_in_every_state(found: EvacuationRoutes, tmp_path: Path) -> None:
    frame = found.to_frame(lang="zh")
    assert len(frame) == 5 * len(found.villages)
    assert frame.crs == "EPSG:4326"
    assert "OpenStreetMap" in frame.attrs["attribution"]
    cut = frame[~frame["reached"]]
    assert cut[["travel_time_s", "length_m", "extra_s"]].isna().all().all()
    assert set(cut["reason_words"]) <= {"附近没有道路", "所在道路中断", "没有可通行的道路", "场所停用"}
    assert (frame.loc[frame["state_number"] == 0, "extra_s"] == 0).all()
    path = found.write_layer(tmp_path / "e.gpkg", lang="zh")
    names = {name for name, _ in pyogrio.list_layers(path)}
    assert names == {"routes", "access_legs", "villages", "shelters"}
    back = geopandas.read_file(path, layer="routes")
    assert len(back) == len(frame)
    assert back["village_name"].tolist() == frame["village_name"].tolist()
    assert "OpenStreetMap" in pyogrio.read_info(path, layer="routes")["layer_metadata"]["ATTRIBUTION"]
    legs = geopandas.read_file(path, layer="access_legs")
    assert set(legs["kind"]) == {"village", "shelter"}
    lines = geopandas.read_file(found.write_layer(tmp_path / "e.geojson"))
    assert len(lines) == len(frame)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_workbook_is_in_minutes_and_words(found: EvacuationRoutes, tmp_path: Path, lang: str) -> None:
    book = openpyxl.load_workbook(found.write_workbook(tmp_path / "e.xlsx", lang=lang))  # type: ignore[arg-type]
    sheets = {
        "zh": ["汇总", "乡镇", "避难场所", "转移路线", "说明"],
        "en": ["summary", "townships", "shelters", "routes", "notes"],
    }
    assert book.sheetnames == sheets[lang]
    rows = list(book.worksheets[3].values)
    heads = list(rows[0])
    assert len(rows) - 1 == 5 * len(found.villages)
    minutes = heads.index({"zh": "用时（分钟）", "en": "travel_time_min"}[lang])
    assert rows[1][minutes] == pytest.approx(found.intact.ticks[0] / 600_000, abs=0.006)
    assert rows[1][heads.index({"zh": "状态", "en": "state"}[lang])] == {"zh": "道路正常", "en": "intact"}[lang]
    assert {"zh": "0–15 分钟人口", "en": "people_0_to_15_min"}[lang] in next(book.worksheets[0].values)
    with pytest.raises(InputError, match=r"\.xlsx"):
        found.write_workbook(tmp_path / "e.csv")


def test_names_that_look_like_formulas_stay_text(
    guixi: RoadNetwork, shelters: rs.CandidateSites, tmp_path: Path
) -> None:
    frame = people_at(guixi, 3, 65).assign(name=["=1+1", "村\n庄", "ﾟ"])
    found = rs.evacuation_routes(guixi, rs.load_demand(frame), shelters)
    book = openpyxl.load_workbook(found.write_workbook(tmp_path / "e.xlsx"))
    cell = book.worksheets[3].cell(2, 4)
    assert (cell.value, cell.data_type) == (found.villages.names[0], "s")


def test_points_without_positions_and_unknown_roads_are_refused(
    guixi: RoadNetwork, villages: rs.DemandPoints, shelters: rs.CandidateSites
) -> None:
    with pytest.raises(InputError, match="lon and lat"):
        rs.evacuation_routes(guixi, replace(villages, lon=None, lat=None), shelters)
    with pytest.raises(UnknownIdError, match="road 99999"):
        rs.evacuation_routes(guixi, villages, shelters, states=NetworkStates.from_closures([{99999}]))


def test_the_outcome_is_said_in_both_languages(found: EvacuationRoutes) -> None:
    assert str(found).startswith("intact roads: ")
    assert found.in_language("zh").startswith("道路正常：")
    assert len(found) == len(list(found)) == 4
    assert found[0] is found.states[0]


def test_a_walking_network_gives_walking_times(town_file: Path) -> None:
    walking = rs.load_network(town_file, profile="on_foot")
    villages = rs.load_demand(pd.DataFrame({"id": ["v"], "lon": [119.33], "lat": [28.71]}))
    shelters = rs.load_sites(pd.DataFrame({"id": ["s"], "lon": [119.31], "lat": [28.71], "kind": "shelter"}))
    found = rs.evacuation_routes(walking, villages, shelters)
    kph = found.intact.length_m[0] / (found.intact.ticks[0] / 10_000) * 3.6
    assert 2 < kph < 6
    assert np.array_equal(found.intact.ticks, rs.travel_times(walking, shelters, villages, towards="sites").ticks[0])
