"""Places beside the residents, and management grids with a named person."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import shared_file

from rescuesim._words import CALL_TYPE_WORDS, DEMAND_KIND_WORDS
from rescuesim.demand import (
    CALL_TYPES,
    DEMAND_KINDS,
    DemandPoints,
    add_places,
    assign_grids,
    calls_from_rates,
    joined,
    load_demand,
    places_from_counts,
    read_population,
    select,
    spread_population,
)
from rescuesim.errors import InputError
from rescuesim.network import load_network


def villages(**columns: object) -> DemandPoints:
    frame = pd.DataFrame({"id": ["v1", "v2"], "lon": [119.3, 119.4], "lat": 28.7, "people": [820, 100]})
    frame = frame.assign(zone=["suburb", "rural"], township=["溪口镇", "山坑乡"])
    return load_demand(frame.assign(**columns))


SITES = pd.DataFrame(
    {
        "id": ["s1", "s2"],
        "lon": [119.31, 119.39],
        "lat": 28.7,
        "name": ["溪口小学", ""],
        "kind": ["school", "tailings_pond"],
    }
)


def test_every_kind_and_type_of_call_has_words_in_both_languages() -> None:
    assert set(DEMAND_KIND_WORDS) == set(DEMAND_KINDS)
    assert set(CALL_TYPE_WORDS) == set(CALL_TYPES)


def test_places_are_points_without_people_in_the_zone_of_the_nearest_point() -> None:
    made = add_places(villages(), SITES)
    assert made.ids == ("v1", "v2", "s1", "s2")
    assert made.kinds[2:] == ("school", "tailings_pond")
    assert made.people.tolist() == [820, 100, 0, 0]
    assert made.zones[2:] == ("suburb", "rural")
    assert made.townships[2:] == ("溪口镇", "山坑乡")
    assert made.names[2:] == ("溪口小学", "s2")
    said = "\n".join(made.notes)
    assert "table of places: people not given in 2 of 2 rows: 0" in said
    assert "zone not given in 2 of 2 rows: zone of the nearest demand point" in said
    assert "2 places added: 1 school, 1 tailings_pond" in said
    assert calls_from_rates(made).calls_per_year[2:].tolist() == [0, 0]  # who is in a school is counted at home


def test_people_of_places_that_are_given_are_said_to_come_on_top() -> None:
    made = add_places(
        villages(), SITES.assign(people=[600, np.nan], zone=["built_up", ""], weight=[np.nan, 50]), people=7
    )
    assert made.people.tolist() == [820, 100, 600, 7]
    assert made.weights.tolist() == [820, 100, 600, 50]
    assert made.zones[2:] == ("built_up", "rural")
    assert any("607 people of places are counted beside the residents" in note for note in made.notes)


def test_wrong_places_are_faults_at_once() -> None:
    wrong = pd.DataFrame(
        {"id": ["v1", "s2", "s3"], "lon": [119.3, 119.3, "x"], "lat": 28.7, "kind": ["school", "", "scool"]}
    )
    with pytest.raises(InputError) as caught:
        add_places(villages(), wrong)
    found = {(fault.row, fault.column) for fault in caught.value.faults}
    assert found == {(1, "id"), (2, "kind"), (3, "lon"), (3, "kind")}
    with pytest.raises(InputError, match="a column of this name, or kind= for all places"):
        add_places(villages(), SITES.drop(columns="kind"))
    with pytest.raises(InputError, match="did you mean school"):
        add_places(villages(), SITES, kind="scool")
    with pytest.raises(InputError, match="expected a finite number"):
        add_places(villages(), SITES, people=float("nan"))


def test_counts_of_cells_become_as_many_places() -> None:
    path = shared_file("data/portoalegre_pop/poa_hexgrid.csv")
    places = places_from_counts(path, {"schools": "school", "healthcare": "hospital"})
    assert places["kind"].value_counts().to_dict() == {"school": 194, "hospital": 141}
    assert places["id"].is_unique
    assert any("healthcare empty in 5 cells: taken as none" in note for note in places.attrs["notes"])
    network = load_network(shared_file("data/portoalegre_pop/portoalegre_drive.osm.gz"))
    city = add_places(spread_population(read_population(path), network=network), places)
    assert [city.kinds.count(kind) for kind in ("school", "hospital")] == [194, 141]
    assert city.people.sum() == 812_935
    assert any("healthcare empty in 5 cells" in note for note in city.notes)
    with pytest.raises(InputError, match="a whole number"):
        places_from_counts(pd.DataFrame({"id": ["a"], "lon": [1], "lat": [2], "schools": [1.5]}), {"schools": "school"})
    with pytest.raises(InputError, match="column clinics: expected a column of this name"):
        places_from_counts(path, {"clinics": "hospital"})
    with pytest.raises(InputError, match="did you mean hospital"):
        places_from_counts(path, {"schools": "hospitals"})


def grids(**columns: object) -> geopandas.GeoDataFrame:
    shapes = [shapely.box(119.25, 28.6, 119.35, 28.8), shapely.box(119.29, 28.6, 119.36, 28.8)]
    return geopandas.GeoDataFrame({"grid": ["一网格", "二网格"]}, geometry=shapes, crs="EPSG:4326").assign(**columns)


def test_points_get_their_grid_and_its_person_and_the_rest_is_reported(tmp_path: Path) -> None:
    demand = add_places(villages(), SITES.assign(lon=[119.26, 119.355]))
    made = assign_grids(demand, grids(grid_person=["张三", ""]).to_crs("EPSG:4549"))
    assert made.grids == ("", "", "一网格", "二网格")
    assert made.grid_persons == ("", "", "张三", "")
    said = "\n".join(made.notes)
    assert "1 points in no grid: v2" in said
    assert "1 points in more than one grid: left without: v1" in said
    assert "grids without a person: 二网格" in said
    path = tmp_path / "demand.csv"
    made.to_frame().to_csv(path, index=False)
    back = load_demand(path)
    assert (back.grids, back.grid_persons) == (made.grids, made.grid_persons)
    assert "grid" not in demand.to_frame()


def test_grids_without_names_or_with_two_persons_are_faults() -> None:
    with pytest.raises(InputError, match="row 2, column grid: '', expected a text"):
        assign_grids(villages(), grids(grid=["一网格", None]))
    with pytest.raises(InputError, match="one person for grid 一网格; another feature names 张三"):
        assign_grids(villages(), grids(grid="一网格", grid_person=["张三", "李四"]))
    one = assign_grids(villages(), grids(grid="一网格", grid_person=["张三", ""]))
    assert one.grids == ("一网格", "")  # two pieces of one grid are no conflict
    assert one.grid_persons == ("张三", "")


def test_points_are_cut_and_joined_with_everything_they_carry() -> None:
    demand = assign_grids(calls_from_rates(villages()), grids(grid_person="张三"))
    back = joined(select(demand, [False, True]), select(demand, [0]))
    order = select(demand, [1, 0])
    assert back.to_frame().equals(order.to_frame())
    assert select(demand, np.array([True, True])).to_frame().equals(demand.to_frame())
    with pytest.raises(InputError, match="ids that stand in one of the tables only"):
        joined(demand, demand)
    other = load_demand(pd.DataFrame({"id": ["x"], "lon": [119.3], "lat": [28.7], "calls_per_year": [2.0]}))
    with pytest.raises(InputError, match="calls split by type as in the other table"):
        joined(demand, other)
    with pytest.raises(InputError, match="a mask of shape"):
        select(demand, [True])


def test_demand_points_that_contradict_themselves_are_refused() -> None:
    demand = calls_from_rates(villages())
    from dataclasses import replace

    with pytest.raises(InputError, match="each id once"):
        replace(demand, ids=("v1", "v1"))
    with pytest.raises(InputError, match=r"column zones: '\(1,\)', expected the shape"):
        replace(demand, zones=("rural",))
    with pytest.raises(InputError, match="row 2, column people: 'v2: nan'"):
        replace(demand, people=np.array([1.0, np.nan]))
    with pytest.raises(InputError, match=r"row 1, column calls_per_year: .* the sum over the call types"):
        replace(demand, calls_per_year=demand.calls_per_year + np.array([1, 0]))
    with pytest.raises(InputError, match="did you mean fire"):
        replace(demand, calls_by_type={"fires": demand.calls_per_year})
