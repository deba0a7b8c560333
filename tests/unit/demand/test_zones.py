"""Zones: boundaries before codes before density, each point's basis kept and conflicts said."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import shared_file

from rescuesim.demand import DemandPoints, assign_zones, load_demand, read_population, spread_population
from rescuesim.demand.zones import URBAN_RURAL_CODES, people_per_km2
from rescuesim.errors import InputError
from rescuesim.network import load_network
from rescuesim.network.coordinates.crs import metric_crs, project


def points(lon: list[float], people: list[float], **columns: object) -> DemandPoints:
    frame = pd.DataFrame({"id": [f"p{i}" for i in range(len(lon))], "lon": lon, "lat": 28.7, "people": people})
    return load_demand(frame.assign(**columns))


def boundaries(
    zones: list[str], west: list[float], east: list[float], crs: str = "EPSG:4326"
) -> geopandas.GeoDataFrame:
    shapes = [shapely.box(a, 28.6, b, 28.8) for a, b in zip(west, east, strict=True)]
    return geopandas.GeoDataFrame({"zone": zones}, geometry=shapes, crs="EPSG:4326").to_crs(crs)


def test_boundaries_come_before_codes_and_codes_before_density() -> None:
    demand = points([119.3, 119.4, 119.5, 119.6], [10, 10, 5000, 10])
    made = assign_zones(
        demand,
        boundaries=boundaries(["工业园区", "suburb"], [119.25, 119.35], [119.34, 119.45], crs="EPSG:4549"),
        codes={"p0": "111", "p1": "112", "p3": "122"},
    )
    assert made.zones == ("industrial_park", "suburb", "built_up", "suburb")
    assert made.zone_bases == ("boundary", "boundary", "density", "code")
    said = "\n".join(made.notes)
    assert "boundary and code disagree on 1 points, the boundary holds: p0 industrial_park/built_up" in said
    assert "zones by boundary 1 industrial_park, 1 suburb; by code 1 suburb; by density 1 built_up" in said


@pytest.mark.parametrize(
    ("code", "zone"),
    [
        ("111", "built_up"),
        ("112", "suburb"),
        ("121", "built_up"),
        ("122", "suburb"),
        ("123", "industrial_park"),
        ("210", "dense_rural"),
    ],
)
def test_every_statistical_code_has_its_zone_whatever_the_density(code: str, zone: str) -> None:
    for people in (0, 100_000):
        assert assign_zones(points([119.3], [people]), codes={"p0": code}).zones == (zone,)
    assert len(URBAN_RURAL_CODES) == 7


def test_a_village_by_its_code_is_dense_or_sparse_by_its_density_and_no_more() -> None:
    per_km2 = 1 / np.pi
    for people, zone in ((49 / per_km2, "rural"), (51 / per_km2, "dense_rural"), (1e5, "dense_rural")):
        made = assign_zones(points([119.3], [people]), codes={"p0": "220"})
        assert (made.zones, made.zone_bases) == ((zone,), ("code",))
    assert assign_zones(points([119.3], [0]), codes={"p0": "220"}, code_zones={"220": "suburb"}).zones == ("suburb",)


def test_density_counts_the_people_within_the_distance_and_no_others() -> None:
    rng = np.random.default_rng(7)
    n = 300
    frame = pd.DataFrame({"id": [f"p{i}" for i in range(n)], "lon": rng.uniform(119.3, 119.36, n),
                          "lat": rng.uniform(28.7, 28.75, n), "people": rng.integers(0, 500, n)})  # fmt: skip
    demand = load_demand(frame)
    found = people_per_km2(demand, within_m=800)
    assert demand.lon is not None
    assert demand.lat is not None
    x, y = project(demand.lon, demand.lat, metric_crs(demand.lon, demand.lat))
    for i in range(n):
        near = np.hypot(x - x[i], y - y[i]) <= 800
        assert found[i] == pytest.approx(demand.people[near].sum() / (np.pi * 0.64))
    made = assign_zones(demand, within_m=800, thresholds={"built_up": 4000, "suburb": 2500})
    wanted = np.select([found >= 4000, found >= 2500, found >= 50], ["built_up", "suburb", "dense_rural"], "rural")
    assert list(made.zones) == wanted.tolist()
    assert set(made.zone_bases) == {"density"}


def test_a_point_in_polygons_of_two_zones_is_a_fault_and_in_two_of_one_zone_is_none() -> None:
    demand = points([119.3, 119.4], [1, 1])
    overlap = boundaries(["built_up", "suburb"], [119.2, 119.2], [119.5, 119.35])
    with pytest.raises(
        InputError, match=r"'p0', expected polygons of one zone .* built_up \(feature 1\) and suburb \(feature 2\)"
    ):
        assign_zones(demand, boundaries=overlap)
    same = boundaries(["built_up", "建成区"], [119.2, 119.2], [119.5, 119.35])
    assert assign_zones(demand, boundaries=same).zones == ("built_up", "built_up")


def test_a_point_that_nothing_decides_is_a_fault_where_density_may_not() -> None:
    demand = points([119.3, 119.4, 119.5], [1, 1, 1])
    with pytest.raises(InputError) as caught:
        assign_zones(demand, codes={"p1": "111"}, density=False)
    assert [fault.value for fault in caught.value.faults] == ["p0", "p2"]
    assert assign_zones(demand, codes={"p0": "111", "p1": "220", "p2": "112"}, density=False).zones[1] == "rural"


def test_codes_are_read_from_tables_and_every_wrong_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_bytes("编号,城乡分类代码\np0,111\np1,\n".encode("gb18030"))
    assert assign_zones(points([119.3, 119.4], [1, 1]), codes=path).zone_bases == ("code", "density")
    table = pd.DataFrame({"id": ["p0", "p0", "p9"], "code": ["11", "220", "112"]})
    with pytest.raises(InputError) as caught:
        assign_zones(points([119.3, 119.4], [1, 1]), codes=table)
    found = {(fault.row, fault.column) for fault in caught.value.faults}
    assert found == {(1, "code"), (2, "id"), (3, "id")}
    assert "one of 111 主城区, 112 城乡结合区" in str(caught.value)
    with pytest.raises(InputError, match="columns id and code"):
        assign_zones(points([119.3], [1]), codes=pd.DataFrame({"id": ["p0"], "a": ["p0"]}))


def test_wrong_words_and_thresholds_are_refused() -> None:
    demand = points([119.3], [1])
    with pytest.raises(InputError, match=r"row 1, column zone: '城郊区', expected .*did you mean 城郊"):
        assign_zones(demand, boundaries=boundaries(["城郊区"], [119.2], [119.4]))
    with pytest.raises(InputError, match="column class: expected a field, one of zone"):
        assign_zones(demand, boundaries=boundaries(["suburb"], [119.2], [119.4]), zone_field="class")
    with pytest.raises(InputError, match="built_up ≥ suburb ≥ dense_rural"):
        assign_zones(demand, thresholds={"suburb": 9999})
    with pytest.raises(InputError, match="did you mean suburb"):
        assign_zones(demand, thresholds={"suburbs": 1})
    with pytest.raises(InputError, match="did you mean suburb"):
        assign_zones(demand, codes={"p0": "111"}, code_zones={"111": "suburbs"})
    with pytest.raises(InputError, match="above 0"):
        assign_zones(demand, within_m=0)
    line = geopandas.GeoDataFrame({"zone": ["suburb"]}, geometry=[shapely.Point(1, 2)], crs="EPSG:4326")
    with pytest.raises(InputError, match="'Point', expected a Polygon"):
        assign_zones(demand, boundaries=line)


def test_bases_survive_the_table(tmp_path: Path) -> None:
    made = assign_zones(points([119.3, 119.4], [1, 1]), codes={"p0": "111"})
    path = tmp_path / "demand.csv"
    made.to_frame().to_csv(path, index=False)
    back = load_demand(path)
    assert (back.zones, back.zone_bases) == (made.zones, made.zone_bases)


def test_a_city_of_800_000_is_mostly_built_up_by_density() -> None:
    cells = read_population(shared_file("data/portoalegre_pop/poa_hexgrid.csv"))
    network = load_network(shared_file("data/portoalegre_pop/portoalegre_drive.osm.gz"))
    made = assign_zones(spread_population(cells, network=network))
    built = np.array([zone == "built_up" for zone in made.zones])
    assert made.people[built].sum() > 0.9 * 812_935
    assert set(made.zone_bases) == {"density"}
