"""Networks derived where nobody has given any: what they assume is said, and they carry a cascade of a county."""

from __future__ import annotations

from pathlib import Path

import pytest
from cascade_cases import HOUR, demand_of, sites_of

import rescuesim as rs
from rescuesim._words import in_language
from rescuesim.disruption import (
    BaseStation,
    PowerOutage,
    RoadOutage,
    SupplyArea,
    cascade_in,
    default_communication,
    default_power,
    prepare_cascade,
)
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.states import Closure


def test_each_township_has_a_feeder_each_site_a_generator_and_each_square_a_tower(town: RoadNetwork) -> None:
    sites, demand = sites_of(), demand_of()
    communication = default_communication(sites, demand, town)
    power = default_power(sites, demand, town, communication=communication, mountains=["hills"])
    assert [(area.id, area.townships, area.mountain) for area in power.areas] == [
        ("feeder hills", ("hills",), True),
        ("feeder seat", ("seat",), False),
    ]
    assert [(one.kind, one.asset, one.tank_h) for one in power.generators] == [
        ("site", "desk", 8.0),
        ("site", "north", 8.0),
        ("site", "east", 8.0),
        ("base_station", communication.hubs[0], 72.0),
    ]
    assert communication.posts == ("desk",)
    assert communication.holders["satellite_phone"] == {"desk", "north", "east", "v2", "v3"}
    served = [place for one in communication.base_stations for place in one.places]
    assert sorted(served) == sorted([*sites.ids, *demand.ids])
    said = " ".join([*power.notes, *communication.notes])
    for word in (
        "2 supply areas derived",
        "no list of the operators",
        "generator of 8 h",
        "fuel is taken to come from 1",
    ):
        assert word in said


def test_mountains_that_are_no_township_are_refused(town: RoadNetwork) -> None:
    with pytest.raises(InputError, match=r"unknown mountains \['alps'\]"):
        default_power(sites_of(), demand_of(), town, mountains=["alps"])


@pytest.mark.slow
def test_the_fibre_of_every_tower_of_the_county_leads_to_the_hub_and_a_closed_road_cuts_it(county: Path) -> None:
    folder = county.parent
    network = rs.load_network(folder / "county.osm")
    sites, demand = rs.load_sites(folder / "sites.csv"), rs.load_demand(folder / "demand.csv")
    communication = default_communication(sites, demand, network)
    power = default_power(sites, demand, network, communication=communication)
    assert len(communication.fibres) >= len(communication.base_stations) - 3
    prepared = prepare_cascade(power, communication, sites, demand, network)
    fibre = max(communication.fibres, key=lambda one: len(one.roads))
    part = fibre.roads[len(fibre.roads) // 2]
    slide = RoadOutage(closure=Closure(road=part.road), from_s=HOUR, until_s=9 * HOUR, cause="landslide")
    outage = PowerOutage(area=power.areas[0].id, from_s=0.0, until_s=30 * HOUR)
    made = cascade_in(prepared, outages=[outage], roads=[slide], seed=1, sample=0, horizon_s=72 * HOUR)
    cut = {one.asset: one for one in made[0] if one.kind == "fibre"}
    assert fibre.id in cut
    assert cut[fibre.id].until_s > 9 * HOUR
    down = {one.asset for one in made[0] if one.kind == "base_station" and one.cause == "backhaul"}
    assert fibre.id.removeprefix("fibre ") in down
    assert {one.asset for one in made[0] if one.kind == "township_power"} == set(power.areas[0].townships)
    again = cascade_in(prepared, outages=[outage], roads=[slide], seed=1, sample=0, horizon_s=72 * HOUR)
    assert again == made
    other = cascade_in(prepared, outages=[outage], roads=[slide], seed=1, sample=1, horizon_s=72 * HOUR)
    assert other != made


def test_lists_of_the_grid_company_and_the_operators_stand_in_place_of_what_is_derived(town: RoadNetwork) -> None:
    sites, demand = sites_of(), demand_of()
    tower = BaseStation(id="铁塔", lon=119.30, lat=28.70, townships=("seat",), backhaul=(("光缆一",),))
    phones = default_communication(sites, demand, town, base_stations=[tower])
    assert (phones.base_stations, [one.id for one in phones.fibres], phones.hubs) == ((tower,), ["光缆一"], ())
    assert "no broken road cuts them" in " ".join(phones.notes)
    assert "no list of the operators" not in " ".join(phones.notes)
    area = SupplyArea(id="10 kV 一线", lon=119.30, lat=28.70, townships=("seat", "hills"))
    power = default_power(sites, demand, town, communication=phones, areas=[area])
    assert power.areas == (area,)
    assert "no list of the grid company" not in " ".join(power.notes)
    prepare_cascade(power, phones, sites, demand, town)


def test_what_was_assumed_about_power_messages_and_repair_is_said_in_chinese_too(town: RoadNetwork) -> None:
    sites, demand = sites_of(), demand_of()
    communication = default_communication(sites, demand, town)
    power = default_power(sites, demand, town, communication=communication)
    notes = prepare_cascade(power, communication, sites, demand, town).notes
    damage = rs.RoadDamage(closure=Closure(road=0), at_s=0, cause="shaking", bridge=True)
    notes += rs.repair_roads(town, [damage], [], horizon_s=3600, sites=sites, demand=demand, limit_s=900).notes
    assert len(notes) > 8
    for note in notes:
        assert in_language(note, "zh") != str(note)
