"""The embedded county: what its tables and its map promise."""

import csv
import math
from collections import Counter
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.disruption import load_closures
from rescuesim.network import load_network
from rescuesim.quality import place_faults
from rescuesim.scenario.county import County, build_county, write_county
from rescuesim.scenario.county.geometry import to_lonlat
from rescuesim.scenario.county.people import apportion

pytestmark = pytest.mark.slow  # a county takes seconds to build, and three are built
DRIVABLE = {"trunk", "primary", "secondary", "tertiary", "unclassified", "residential"}
FILES = ("county.osm", "sites.csv", "demand.csv", "closures.csv", "hazards.geojson")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("county")


@pytest.fixture(scope="module")
def county(folder: Path) -> County:
    return write_county(folder, seed=0)


@pytest.fixture(scope="module")
def other() -> County:
    return build_county(seed=1)


def metres(lon: float, lat: float) -> tuple[float, float]:
    return (lon - 119.3) * 111_320 * math.cos(math.radians(28.7)), (lat - 28.7) * 110_850


def drivable_segments(county: County) -> np.ndarray:
    place = {n.id: metres(n.lon, n.lat) for n in county.nodes}
    return np.array(
        [
            (*place[a], *place[b])
            for way in county.ways
            if way.tags.get("highway") in DRIVABLE
            for a, b in zip(way.nodes[:-1], way.nodes[1:], strict=True)
        ]
    )


def distance_to_road(segments: np.ndarray, lon: float, lat: float) -> float:
    point = np.array(metres(lon, lat))
    a, b = segments[:, :2], segments[:, 2:]
    along = np.clip(((point - a) * (b - a)).sum(1) / ((b - a) ** 2).sum(1), 0, 1)
    return float(np.hypot(*(a + along[:, None] * (b - a) - point).T).min())


def test_the_same_seed_writes_the_same_bytes(county: County, folder: Path, tmp_path: Path) -> None:
    assert write_county(tmp_path, seed=0) == county
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_another_seed_gives_another_county(county: County, other: County) -> None:
    assert other.nodes != county.nodes
    assert other.sites != county.sites


@pytest.mark.parametrize("which", ["county", "other"])
def test_people_sum_to_450000_for_every_seed(which: str, request: pytest.FixtureRequest) -> None:
    county: County = request.getfixturevalue(which)
    assert sum(row.people for row in county.demand) == 450_000
    assert min(row.people for row in county.demand) > 0


@pytest.mark.parametrize("which", ["county", "other"])
def test_about_sixty_roads_cross_rivers_on_bridges(which: str, request: pytest.FixtureRequest) -> None:
    county: County = request.getfixturevalue(which)
    assert 50 <= sum(way.tags.get("bridge") == "yes" for way in county.ways) <= 75
    assert 5 <= sum(way.tags.get("tunnel") == "yes" for way in county.ways) <= 10


def test_the_area_is_2000_square_kilometres(county: County) -> None:
    assert county.area_km2 == pytest.approx(2000, rel=1e-6)


def test_ids_and_names_are_not_repeated(county: County) -> None:
    for ids in (
        [row.id for row in county.demand],
        [row.id for row in county.sites],
        [node.id for node in county.nodes],
        [way.id for way in county.ways],
        [row.name for row in county.demand],
        [row.name for row in county.sites],
        list(county.townships),
    ):
        assert len(ids) == len(set(ids))


def test_columns_are_the_ones_the_loader_expects(county: County, folder: Path) -> None:
    expected = {
        "demand.csv": "id,name,lon,lat,zone,people,calls_per_year,weight,township,kind",
        "sites.csv": "id,name,lon,lat,kind,status,cost,township,host,crew,units",
        "closures.csv": "label,lon,lat,length_m,level,closed_at_h,reopened_at_h",
    }
    for name, columns in expected.items():
        raw = (folder / name).read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        with (folder / name).open(encoding="utf-8-sig", newline="") as file:
            assert ",".join(next(csv.reader(file))) == columns


def test_words_come_from_the_agreed_vocabularies(county: County) -> None:
    assert {row.zone for row in county.demand} == {
        "built_up",
        "industrial_park",
        "suburb",
        "dense_rural",
        "rural",
    }
    assert {row.kind for row in county.demand} == {"residential", "industrial", "school", "nursing_home"}
    assert {row.status for row in county.sites} == {"existing", "candidate"}
    assert {row.crew for row in county.sites} == {"brigade", "micro_station", "township_duty"}
    assert {row.host for row in county.sites} == {
        "brigade",
        "township",
        "village",
        "enterprise",
        "neighbour_county",
    }
    assert {row.level for row in county.closures} == {"closed", "one_lane"}


def test_every_row_belongs_to_a_township_of_the_county(county: County) -> None:
    assert {row.township for row in county.demand} == set(county.townships)
    assert {row.township for row in county.sites if row.host != "neighbour_county"} <= set(county.townships)
    assert set(county.outage_townships) <= set(county.townships[1:])
    assert 2 <= len(county.outage_townships) <= 4


def test_every_township_has_a_candidate_and_three_have_no_duty_crew(county: County) -> None:
    candidates = {row.township for row in county.sites if row.status == "candidate"}
    assert candidates == set(county.townships)
    assert sum(row.crew == "township_duty" for row in county.sites) == 13


def test_the_forces_of_today_are_two_brigades_a_neighbour_and_a_few_micro_stations(county: County) -> None:
    today = Counter((row.host, row.crew) for row in county.sites if row.status == "existing")
    assert today["brigade", "brigade"] == 2
    assert today["neighbour_county", "brigade"] == 1
    assert 6 <= sum(n for (_, crew), n in today.items() if crew == "micro_station") <= 9
    assert sum(row.status == "candidate" for row in county.sites) == 150


def test_zones_differ_in_size_as_planned(county: County) -> None:
    rows = Counter(row.zone for row in county.demand)
    assert 420 <= len(county.demand) <= 520
    assert rows["industrial_park"] == 10
    assert 75 <= rows["rural"] <= 105


def test_ways_refer_to_known_nodes_and_have_no_empty_segments(county: County) -> None:
    place = {node.id: (node.lon, node.lat) for node in county.nodes}
    for way in county.ways:
        assert len(way.nodes) >= 2
        assert all(place[a] != place[b] for a, b in zip(way.nodes[:-1], way.nodes[1:], strict=True))


def test_the_file_holds_things_that_are_no_roads(county: County) -> None:
    keys = {key for way in county.ways for key in way.tags}
    assert {"building", "waterway", "landuse", "boundary", "highway"} <= keys
    assert {"service", "track", "footway", "construction"} <= {way.tags.get("highway") for way in county.ways}
    assert {"town", "village"} <= {node.tags.get("place") for node in county.nodes}
    assert any(way.tags.get("oneway") == "yes" for way in county.ways)


def test_closures_lie_on_a_drivable_road_and_reopen(county: County) -> None:
    segments = drivable_segments(county)
    assert 14 <= len(county.closures) <= 18
    for row in county.closures:
        assert distance_to_road(segments, row.lon, row.lat) < 0.1
        assert 2 <= row.closed_at_h <= 20
        assert row.closed_at_h < row.reopened_at_h <= 80


def test_points_and_sites_stand_beside_a_road(county: County) -> None:
    segments = drivable_segments(county)
    for row in (*county.demand, *county.sites):
        assert 3 < distance_to_road(segments, row.lon, row.lat) < 150


def test_degrees_keep_distances_to_a_thousandth() -> None:
    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    for start, end in (
        ((-24e3, 19e3), (-23e3, 20e3)),
        ((24e3, -19e3), (25e3, -20e3)),
        ((0, 0), (20e3, 15e3)),
    ):
        (lon1, lat1), (lon2, lat2) = to_lonlat(np.array([start, end], dtype=float))
        wanted = math.dist(start, end)
        assert geod.inv(lon1, lat1, lon2, lat2)[2] == pytest.approx(wanted, rel=1e-3)


def test_apportioning_keeps_the_total_and_favours_the_largest_remainder() -> None:
    assert apportion(10, np.array([0.26, 0.26, 0.48])).tolist() == [3, 2, 5]
    assert apportion(7, np.array([1.0, 1.0])).tolist() == [4, 3]


def test_the_county_passes_through_the_loader_of_real_data(folder: Path, county: County) -> None:
    network = load_network(folder / "county.osm")
    summary = network.summary()
    assert 6_000 <= summary.nodes <= 10_000
    assert summary.dropped_nodes < 0.01 * summary.nodes
    assert 50 <= summary.bridges <= 75
    assert summary.tunnels >= 5
    assert 0 < summary.maxspeed_share < 1
    sites, demand = load_sites(folder / "sites.csv"), load_demand(folder / "demand.csv")
    assert place_faults(network, sites) == []
    assert place_faults(network, demand) == []
    assert len(load_closures(folder / "closures.csv", network)) == len(county.closures)


def test_water_stands_deepest_at_the_large_rivers_and_bridges_are_where_water_rises(
    county: County, folder: Path
) -> None:
    zones = geopandas.read_file(folder / "hazards.geojson")
    assert zones.geometry.is_valid.all()
    area = dict(zip(zones["name"], zones.to_crs("EPSG:32650").area, strict=True))
    depths = zones.loc[zones["kind"] == "flood_depth_m", "value"].tolist()
    assert depths == sorted(depths)
    assert len(depths) == 3
    assert 0.01 < sum(area.values()) / (county.area_km2 * 1e6) < 0.5
    wet = zones[zones["kind"] == "flood_depth_m"].union_all()
    nodes = {node.id: (node.lon, node.lat) for node in county.nodes}
    bridges = [way for way in county.ways if way.tags.get("bridge") == "yes"]
    over_water = [shapely.LineString([nodes[node] for node in way.nodes]).intersects(wet) for way in bridges]
    assert np.mean(over_water) > 0.6
