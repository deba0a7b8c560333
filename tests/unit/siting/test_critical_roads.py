"""Loss of cover by closed road: against closing each road, and what stands in a row."""

from __future__ import annotations

import csv
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracles_critical import check_rows, lost_by_closing
from pandas.testing import assert_frame_equal
from placed_points import on_road
from ways_by_hand import ways_of

import rescuesim as rs
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network.build import build_network
from rescuesim.siting.critical_roads import critical_roads

STANDARDS: dict[str, dict[str, str]] = {
    "plain": {},
    "second_unit_inside": {"inner": "micro_station_135"},
    "second_unit": {"inner": "micro_station_135", "outer": "micro_station_135"},
}
County = tuple[rs.RoadNetwork, rs.CandidateSites, rs.DemandPoints]


@pytest.fixture(scope="module")
def points(county: Path) -> County:
    """Return the embedded county."""
    folder = county.parent
    return (
        rs.load_network(folder / "county.osm"),
        rs.load_sites(folder / "sites.csv"),
        rs.load_demand(folder / "demand.csv"),
    )


def sample(frame: pd.DataFrame, *, worst: int, drawn: int) -> list[int]:
    """Take the roads with the largest losses, and others by lot."""
    rest = np.random.default_rng(0).choice(frame["road"].to_numpy()[worst:], drawn, replace=False)
    return [*frame["road"].tolist()[:worst], *rest.tolist()]


def only(sites: rs.CandidateSites, opened: list[str]) -> rs.CandidateSites:
    """Return the open sites alone, which spares the oracle the times of all the others."""
    frame = sites.to_frame()
    return rs.load_sites(frame[frame["id"].isin(opened)].reset_index(drop=True))


# --- against closing each road -------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("which", STANDARDS)
def test_losses_on_the_county_are_those_of_closing_each_of_200_roads(points: County, which: str) -> None:
    network, sites, demand = points
    standard = rs.load_standard(**STANDARDS[which])
    # a second unit in 300 s needs many sites: all candidates are open
    opened = list(sites.ids if which == "second_unit" else rs.Plan.today(sites).opened)
    frame = critical_roads(network, sites, demand, standard, opened=opened)
    assert (frame["people_lost"] > 0).sum() > 40
    intact, lost = lost_by_closing(
        network,
        only(sites, opened),
        demand,
        standard,
        opened=opened,
        roads=sample(frame, worst=100, drawn=100),
    )
    check_rows(frame, demand, standard, intact, lost)


@pytest.fixture(scope="module")
def turkoglu() -> County:
    """Return Türkoğlu: its roads, its graded buildings as demand, stations where a lot puts them.

    The data has neither people nor stations: the footprint of a building in square metres stands for its people.
    """
    from conftest import shared_file

    folder = shared_file("data/kahramanmaras_quake")
    network = rs.load_network(folder / "graph_turkoglu.graphml")
    with (folder / "kahramanmaras_emsr648.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    buildings = pd.DataFrame(
        {
            "id": [f"b{k}" for k in range(len(rows))],
            "lon": [float(row["lon"]) for row in rows],
            "lat": [float(row["lat"]) for row in rows],
            "people": [float(row["area_m2"]) for row in rows],
            "zone": "built_up",
        }
    )
    rng = np.random.default_rng(0)
    road = rng.choice(network.n_roads, 12, replace=False)
    stations = pd.concat([on_road(network, r, [network.road_length_m[r] / 3], f"r{r}-") for r in road.tolist()])
    stations = stations.assign(status="existing", crew=["brigade", "micro_station"] * 6)
    return network, rs.load_sites(stations.reset_index(drop=True)), rs.load_demand(buildings)


@pytest.mark.shared
@pytest.mark.parametrize("which", STANDARDS)
def test_losses_on_turkoglu_are_those_of_closing_each_of_200_roads(turkoglu: County, which: str) -> None:
    network, sites, demand = turkoglu
    standard = rs.load_standard(**STANDARDS[which])
    frame = critical_roads(network, sites, demand, standard)
    roads = sample(frame, worst=100, drawn=100)
    intact, lost = lost_by_closing(network, sites, demand, standard, opened=sites.ids, roads=roads)
    assert 50 < intact.sum() < len(demand)
    assert sum(points.any() for points in lost.values()) > 40
    check_rows(frame, demand, standard, intact, lost)


@pytest.mark.shared
def test_the_engines_find_the_same_losses(turkoglu: County) -> None:
    network, sites, demand = turkoglu
    standard = rs.load_standard(inner="micro_station_135")
    compiled, reference = (critical_roads(network, sites, demand, standard, engine=e) for e in ("auto", "scipy"))
    assert_frame_equal(pd.DataFrame(compiled), pd.DataFrame(reference))
    assert any("numba" in note for note in reference.attrs["notes"])
    assert not any("numba" in note for note in compiled.attrs["notes"])


# --- small cases ---------------------------------------------------------------------------------

PLACES = [(0, 0), (1000, 0), (2000, 0), (2000, 400), (1000, 400), (3000, 0)]
# 0: west road, 1 and 2: two roads between the same places, 3: dead end with the last village
LINES = [[0, 1], [1, 2], [1, 4, 3, 2], [2, 5]]


@pytest.fixture(scope="module")
def roads() -> tuple[rs.RoadNetwork, list[int]]:
    """Return a street whose middle has a second road beside it that takes as long, and the roads as in `LINES`."""
    network = build_network(ways_of(PLACES, LINES, road_class="secondary", bridge=[False, True, False, False]))
    order = [network.road_ways.index((101 + line,)) for line in range(len(LINES))]
    names = np.empty(len(LINES), dtype="U2")
    names[order] = ["西街", "一桥", "二桥", "东街"]
    ticks = np.full(network.n_edges, 300_000, dtype=np.int32)  # 30 s each
    return replace(network, ticks=ticks, start_up_s=0.0, road_name=names), order


def village(network: rs.RoadNetwork, road: int, share: float, name: str, people: float) -> pd.DataFrame:
    frame = on_road(network, road, [share * network.road_length_m[road]], name)
    return frame.assign(name=name, people=people, zone="built_up")


@pytest.fixture(scope="module")
def case(roads: tuple[rs.RoadNetwork, list[int]]) -> County:
    """Return a station in the west street, one village there and two behind the bridges, all covered."""
    network, (west, _, _, east) = roads
    station = on_road(network, west, [100.0], "s").assign(id="站", status="existing", crew="brigade")
    spare = on_road(network, east, [900.0], "s").assign(id="备", status="candidate", crew="brigade")
    villages = [
        village(network, west, 0.5, "西村", 10.0),
        village(network, east, 0.25, "中村", 200.5),
        village(network, east, 0.5, "东村", 30.0),
    ]
    return network, rs.load_sites(pd.concat([station, spare])), rs.load_demand(pd.concat(villages))


def test_a_row_says_who_is_lost_by_which_road(case: County, roads: tuple[rs.RoadNetwork, list[int]]) -> None:
    west, one, two, east = roads[1]
    frame = critical_roads(*case, rs.load_standard())
    rows = frame.set_index("road")
    assert frame["people_covered"].tolist() == [240.5] * 4
    # the station stands in the west street: nobody leaves it
    assert rows.loc[west, ["people_lost", "points_lost", "people_lost_on_road", "sites_on_road"]].tolist() == [
        240.5,
        3,
        10.0,
        "站",
    ]
    assert rows.loc[west, "share_lost"] == 1.0
    assert rows.loc[west, "most_people_lost"] == "中村、东村、西村"
    assert rows.loc[east, ["people_lost", "people_lost_on_road", "people_lost_built_up"]].tolist() == [230.5] * 3
    assert rows.loc[east, "sites_on_road"] == ""  # the spare site is not open
    # the two roads in the middle take the same time and stand in for each other
    assert rows.loc[[one, two], "people_lost"].tolist() == [0.0, 0.0]
    assert rows.loc[one, ["name", "road_class", "bridge", "tunnel"]].tolist() == ["一桥", "secondary", True, False]
    assert rows.loc[one, "length_m"] == case[0].road_length_m[one]


def test_every_road_has_its_row_ranked_and_ties_stand_in_the_order_of_the_network(
    case: County, roads: tuple[rs.RoadNetwork, list[int]]
) -> None:
    network = case[0]
    west, one, two, east = roads[1]
    frame = critical_roads(*case, rs.load_standard())
    assert frame["road"].tolist() == [west, east, *sorted([one, two])]
    assert frame["rank"].tolist() == [1, 2, 3, 4]
    assert frame.crs == "EPSG:4326"
    assert [line.equals(network.road_line[road]) for line, road in zip(frame.geometry, frame["road"], strict=True)]


def test_the_sites_of_a_plan_are_counted_instead_of_those_of_today(
    case: County, roads: tuple[rs.RoadNetwork, list[int]]
) -> None:
    network, sites, demand = case
    west, _, _, east = roads[1]
    both = critical_roads(
        network, sites, demand, rs.load_standard(), opened=rs.Plan.from_opened(sites, sites.ids).opened
    )
    rows = both.set_index("road")
    assert rows.loc[west, "people_lost"] == 10.0
    assert rows.loc[east, ["people_lost", "sites_on_road"]].tolist() == [230.5, "备"]
    assert "those of the plan" in both.attrs["notes"][0]
    with pytest.raises(UnknownIdError, match="站1"):
        critical_roads(network, sites, demand, rs.load_standard(), opened=["站1"])


def test_no_open_site_is_a_fault_and_not_a_county_without_losses(
    case: County,
) -> None:
    network, sites, demand = case
    planned = replace(sites, statuses=("candidate", "required"))
    with pytest.raises(InputError, match="status existing"):
        critical_roads(network, planned, demand, rs.load_standard())
    with pytest.raises(InputError, match="at least one id"):
        critical_roads(network, sites, demand, rs.load_standard(), opened=[])


def test_where_nobody_is_covered_all_losses_are_nil_and_a_note_says_why(
    case: County,
) -> None:
    network, sites, demand = case
    for people, crews in ((demand, ("ambulance",) * 2), (replace(demand, zones=("rural",) * 3), sites.crews)):
        frame = critical_roads(network, replace(sites, crews=crews), people, rs.load_standard())
        assert frame["people_lost"].tolist() == [0.0] * 4
        assert frame["share_lost"].tolist() == [0.0] * 4
        assert any("nobody is covered" in note for note in frame.attrs["notes"])
    # covered, but nobody lives there
    empty = critical_roads(network, sites, replace(demand, people=np.zeros(3)), rs.load_standard())
    assert empty["points_lost"].sum() == 5
    assert empty["share_lost"].tolist() == [0.0] * 4


@pytest.mark.shared
def test_progress_is_told_to_its_end_and_an_interrupt_ends_it(turkoglu: County) -> None:
    network, sites, demand = turkoglu
    told: list[tuple[int, int]] = []
    critical_roads(network, sites, demand, rs.load_standard(), progress=lambda done, all_: told.append((done, all_)))
    assert [done for done, _ in told] == list(range(1, told[-1][1] + 1))
    assert {all_ for _, all_ in told} == {told[-1][0]}

    def interrupted(done: int, _: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        critical_roads(network, sites, demand, rs.load_standard(), progress=interrupted)


def test_without_numba_the_reference_serves_and_says_so(case: County, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = critical_roads(*case, rs.load_standard())
    monkeypatch.setitem(sys.modules, "numba", None)
    plain = critical_roads(*case, rs.load_standard())
    assert_frame_equal(pd.DataFrame(compiled), pd.DataFrame(plain))
    assert any("numba is absent" in note for note in plain.attrs["notes"])
    with pytest.raises(InputError, match="expected auto or scipy"):
        critical_roads(*case, rs.load_standard(), engine="dial")  # type: ignore[arg-type]


def test_the_frame_and_its_notes_survive_files_and_workers(case: County, tmp_path: Path) -> None:
    import geopandas

    frame = critical_roads(*case, rs.load_standard())
    sent = pickle.loads(pickle.dumps(frame))
    assert [note.zh for note in sent.attrs["notes"]] == [note.zh for note in frame.attrs["notes"]]
    frame.to_file(tmp_path / "roads.gpkg")
    frame.to_parquet(tmp_path / "roads.parquet")
    told = frame.columns.drop("geometry")
    for read in (geopandas.read_file(tmp_path / "roads.gpkg"), geopandas.read_parquet(tmp_path / "roads.parquet")):
        assert_frame_equal(pd.DataFrame(read[told]), pd.DataFrame(frame[told]), check_dtype=False)
        assert read.crs == frame.crs


def test_points_without_positions_are_refused(
    case: County,
) -> None:
    network, sites, demand = case
    with pytest.raises(InputError, match="expected lon and lat"):
        critical_roads(network, sites, replace(demand, lon=None, lat=None), rs.load_standard())
    with pytest.raises(InputError, match="expected lon and lat"):
        critical_roads(network, replace(sites, lon=None, lat=None), demand, rs.load_standard())


def test_points_far_from_any_road_are_never_covered_and_never_lost(
    case: County,
) -> None:
    network, sites, demand = case
    assert demand.lat is not None
    away = replace(demand, lat=demand.lat + 0.01)
    assert critical_roads(network, sites, away, rs.load_standard(), snap_limit_m=10)["points_lost"].sum() == 0
