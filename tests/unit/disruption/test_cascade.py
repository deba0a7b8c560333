"""Cascades: what a dark feeder, a cut fibre and an empty tank do to towers, calls and orders."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from cascade_cases import HOUR, communication_of, demand_of, exactly, ladder, power_of, sites_of

from rescuesim.crew import Lognormal
from rescuesim.disruption import (
    AssetOutage,
    BaseStation,
    CommunicationNetwork,
    ContactSpell,
    Disruption,
    Generator,
    PowerNetwork,
    PowerOutage,
    RoadOutage,
    cascade,
    cascade_in,
    contact,
    prepare_cascade,
)
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.states import Closure

Made = tuple[tuple[AssetOutage, ...], tuple[ContactSpell, ...]]


def run(
    town: RoadNetwork,
    *,
    power: PowerNetwork | None = None,
    communication: CommunicationNetwork | None = None,
    outages: Sequence[PowerOutage] = (),
    roads: Sequence[RoadOutage] = (),
    assets: Sequence[AssetOutage] = (),
    sample: int = 0,
    towers_s: dict[str, float] | None = None,
    horizon_s: float = 72 * HOUR,
) -> Made:
    return cascade(
        power or power_of(),
        communication or communication_of(),
        sites_of(),
        demand_of(),
        town,
        outages=outages,
        roads=roads,
        assets=assets,
        towers_s=towers_s,
        seed=1,
        sample=sample,
        horizon_s=horizon_s,
    )


def of(assets: Sequence[AssetOutage], kind: str, asset: str) -> list[tuple[float, float, str]]:
    return [(one.from_s, one.until_s, one.cause) for one in assets if (one.kind, one.asset) == (kind, asset)]


def spells_of(made: Made, place: str, direction: str) -> list[tuple[str, float, float, str]]:
    return [
        (one.channel, one.from_s, one.until_s, one.cause)
        for one in made[1]
        if (one.place, one.direction) == (place, direction)
    ]


def road_of(town: RoadNetwork, name: str) -> int:
    return town.road_name.tolist().index(name)


def test_a_tower_goes_down_when_its_battery_is_empty_and_the_next_ready_channel_takes_over(town: RoadNetwork) -> None:
    t0 = 1000.0
    made = run(town, outages=[PowerOutage(area="f2", from_s=t0, until_s=t0 + 10 * HOUR, cause="trees")])
    assert of(made[0], "base_station", "b2") == [(t0 + 2 * HOUR, t0 + 10 * HOUR, "battery")]
    assert spells_of(made, "v2", "call") == [("satellite_phone", t0 + 2 * HOUR, t0 + 10 * HOUR, "battery")]
    assert spells_of(made, "north", "order") == [("satellite_phone", t0 + 2 * HOUR, t0 + 10 * HOUR, "battery")]
    dark = Disruption(label="dark", contacts=made[1])
    before, after = (contact(dark, "north", at_s, "order") for at_s in (t0 + 2 * HOUR - 1, t0 + 2 * HOUR))
    assert (before.channel, before.delay, before.until_s) == ("public_network", exactly(0), t0 + 2 * HOUR)
    assert (after.channel, after.delay, after.cause) == ("satellite_phone", Lognormal(median=180, p90=480), "battery")


def test_who_has_no_other_channel_sends_a_runner_who_takes_as_long_as_the_way(town: RoadNetwork) -> None:
    made = run(town, outages=[PowerOutage(area="f2", from_s=0, until_s=10 * HOUR)])
    (spell,) = [one for one in made[1] if one.place == "v3"]
    assert (spell.channel, spell.from_s, spell.until_s) == ("runner", 2 * HOUR, 10 * HOUR)
    # 1.11 km up against the one-way street, 0.98 km across and 1.86 km out to the east, at 4 km/h
    assert spell.delay is not None
    assert spell.delay.median == pytest.approx((1.11 + 0.98 + 1.86) / 4 * HOUR, rel=0.01)
    assert spell.delay.p90 == pytest.approx(1.3 * spell.delay.median)


def test_a_feeder_that_is_back_before_the_battery_is_empty_harms_no_tower(town: RoadNetwork) -> None:
    made = run(town, outages=[PowerOutage(area="f2", from_s=0, until_s=2 * HOUR)])
    assert of(made[0], "base_station", "b2") == []
    assert made[1] == ()
    assert of(made[0], "township_power", "hills") == [(0, 2 * HOUR, "grid")]
    assert of(made[0], "site_power", "north") == [(0, 2 * HOUR, "grid")]


def test_a_slide_on_the_fibre_cuts_a_tower_that_has_power_until_road_and_fibre_are_mended(town: RoadNetwork) -> None:
    slide = RoadOutage(closure=Closure(road=0), from_s=600, until_s=5 * HOUR, cause="landslide")
    made = run(town, roads=[slide])
    assert of(made[0], "fibre", "cable") == [(600, 6 * HOUR, "landslide")]
    assert of(made[0], "base_station", "b2") == [(600, 6 * HOUR, "backhaul")]
    assert spells_of(made, "north", "order") == [("satellite_phone", 600, 6 * HOUR, "backhaul")]
    assert of(made[0], "base_station", "b1") == []


@pytest.mark.parametrize("change", [{"cause": "flood"}, {"closure": Closure(road=0, level="one_lane")}])
def test_water_and_a_lane_that_is_left_do_not_cut_the_fibre(town: RoadNetwork, change: dict[str, object]) -> None:
    slide = RoadOutage(closure=Closure(road=0), from_s=600, until_s=5 * HOUR, cause="landslide")
    assert run(town, roads=[replace(slide, **change)]) == ((), ())  # type: ignore[arg-type]


def test_a_second_way_to_the_core_keeps_a_tower_on_the_air(town: RoadNetwork) -> None:
    plain = communication_of()
    ring = replace(plain.base_stations[1], backhaul=(("cable",), ("other",)))
    both = replace(
        plain,
        base_stations=(plain.base_stations[0], ring),
        fibres=(*plain.fibres, replace(plain.fibres[0], id="other", roads=())),
    )
    slide = RoadOutage(closure=Closure(road=0), from_s=600, until_s=5 * HOUR, cause="landslide")
    made = run(town, communication=both, roads=[slide])
    assert of(made[0], "fibre", "cable") != []
    assert made[1] == ()
    exchange = AssetOutage(kind="fibre", asset="other", from_s=HOUR, until_s=2 * HOUR)
    made = run(town, communication=both, roads=[slide], assets=[exchange])
    assert of(made[0], "base_station", "b2") == [(HOUR, 2 * HOUR, "backhaul")]


def test_a_fire_in_the_exchange_silences_every_tower_that_hangs_on_it(town: RoadNetwork) -> None:
    fire = AssetOutage(kind="base_station", asset="b1", from_s=HOUR, until_s=5 * HOUR)
    made = run(town, communication=communication_of(hubs=("b1",)), assets=[fire])
    assert of(made[0], "base_station", "b1") == [(HOUR, 5 * HOUR, "given")]
    assert of(made[0], "base_station", "b2") == [(HOUR, 5 * HOUR, "backhaul")]
    assert of(run(town, assets=[fire])[0], "base_station", "b2") == []
    with pytest.raises(InputError, match="column hubs: 'b9'"):
        communication_of(hubs=("b9",))


def generator(**changes: object) -> PowerNetwork:
    return power_of(generators=(replace(Generator(kind="site", asset="east", tank_h=8, start=1.0), **changes),))  # type: ignore[arg-type]


def cut_off(town: RoadNetwork, from_s: float, until_s: float) -> RoadOutage:
    """The road to the east, the only way there, from its west end to where the site is."""
    return RoadOutage(closure=Closure(road=road_of(town, "溪滨路"), to_m=500), from_s=from_s, until_s=until_s)


DARK = (PowerOutage(area="f2", from_s=0, until_s=48 * HOUR),)


def test_a_generator_without_a_fuel_route_stops_at_its_hours(town: RoadNetwork) -> None:
    closed = cut_off(town, 0, math.inf)
    made = run(town, power=generator(), outages=DARK, roads=[closed])
    assert of(made[0], "site_power", "east") == [(8 * HOUR, 48 * HOUR, "fuel")]
    made = run(town, power=replace(generator(), fuel_depots=()), outages=DARK)
    assert of(made[0], "site_power", "east") == [(8 * HOUR, 48 * HOUR, "fuel")]


def test_a_generator_with_an_open_road_runs_on(town: RoadNetwork) -> None:
    assert of(run(town, power=generator(), outages=DARK)[0], "site_power", "east") == []


def test_a_road_that_opens_too_late_leaves_a_gap_until_the_truck_arrives(town: RoadNetwork) -> None:
    made = run(town, power=generator(), outages=DARK, roads=[cut_off(town, 0, 12 * HOUR)])
    ((from_s, until_s, cause),) = of(made[0], "site_power", "east")
    assert (from_s, cause) == (8 * HOUR, "fuel")
    assert 12 * HOUR + 60 < until_s < 12 * HOUR + 1200  # it leaves when the road opens and drives some 4 km


def test_a_road_that_opens_in_time_leaves_none(town: RoadNetwork) -> None:
    made = run(town, power=generator(), outages=DARK, roads=[cut_off(town, 0, 7 * HOUR)])
    assert of(made[0], "site_power", "east") == []


def test_a_road_that_closes_for_good_leaves_one_tank(town: RoadNetwork) -> None:
    made = run(town, power=generator(), outages=DARK, roads=[cut_off(town, 20 * HOUR, math.inf)])
    assert of(made[0], "site_power", "east") == [(28 * HOUR, 48 * HOUR, "fuel")]


def test_a_generator_that_does_not_start_helps_nobody(town: RoadNetwork) -> None:
    made = run(town, power=generator(start=0.0), outages=DARK)
    assert of(made[0], "site_power", "east") == [(0, 48 * HOUR, "generator")]


def test_a_tower_with_a_generator_stays_up_while_it_runs_and_its_battery_after(town: RoadNetwork) -> None:
    power = power_of(generators=(Generator(kind="base_station", asset="b2", tank_h=8, start=1.0),), fuel_depots=())
    made = run(town, power=power, outages=DARK)
    assert of(made[0], "base_station", "b2") == [(10 * HOUR, 48 * HOUR, "battery")]


def test_a_tower_crew_has_a_tower_back_before_the_grid_but_not_before_its_fibre(town: RoadNetwork) -> None:
    made = run(town, outages=DARK, towers_s={"b2": 9 * HOUR})
    assert of(made[0], "base_station", "b2") == [(2 * HOUR, 9 * HOUR, "battery")]
    assert [one.repaired_by for one in made[0] if one.kind == "base_station"] == ["tower crew"]
    assert of(made[0], "township_power", "hills") == [(0, 48 * HOUR, "grid")]
    slide = RoadOutage(closure=Closure(road=0), from_s=HOUR, until_s=11 * HOUR, cause="landslide")
    made = run(town, outages=DARK, roads=[slide], towers_s={"b2": 9 * HOUR})
    assert of(made[0], "base_station", "b2") == [(HOUR, 12 * HOUR, "backhaul")]
    assert run(town, outages=DARK, towers_s={"b2": math.inf}) == run(town, outages=DARK)
    with pytest.raises(InputError, match="2 faults"):
        run(town, outages=DARK, towers_s={"b9": 3.0, "b2": -1.0})


def test_what_lasts_beyond_the_horizon_has_no_end(town: RoadNetwork) -> None:
    made = run(town, outages=DARK, horizon_s=24 * HOUR)
    assert of(made[0], "base_station", "b2") == [(2 * HOUR, math.inf, "battery")]
    assert spells_of(made, "v2", "call") == [("satellite_phone", 2 * HOUR, math.inf, "battery")]


def test_a_satellite_phone_in_a_drawer_calls_out_and_is_not_called(town: RoadNetwork) -> None:
    channels = ladder("public_network", "satellite_phone", satellite_phone={"inbound": 0.0})
    holders = {"satellite_phone": frozenset({"v2", "v3", "north", "east"})}
    communication = communication_of(channels=channels, holders=holders, scheduled=frozenset({"east"}))
    made = run(town, communication=communication, outages=[PowerOutage(area="f2", from_s=0, until_s=24 * HOUR)])
    assert [channel for channel, *_ in spells_of(made, "v2", "call")] == ["satellite_phone"]
    assert [channel for channel, *_ in spells_of(made, "north", "order")] == [""]
    # who listens every hour waits half an hour for the order in the median
    (heard,) = [one for one in made[1] if one.place == "east"]
    assert (heard.channel, heard.delay) == ("satellite_phone", Lognormal(median=180 + 1800, p90=480 + 3240))


def test_equipment_that_needs_power_is_empty_after_its_hours_until_power_is_back(town: RoadNetwork) -> None:
    channels = ladder("public_network", "satellite_phone", satellite_phone={"endurance_h": 20.0})
    made = run(town, communication=communication_of(channels=channels), outages=DARK)
    assert spells_of(made, "north", "order") == [
        ("satellite_phone", 2 * HOUR, 20 * HOUR, "battery"),
        ("", 20 * HOUR, 48 * HOUR, "battery"),
    ]


def test_the_share_of_phones_that_are_ready_is_their_probability(town: RoadNetwork) -> None:
    channels = ladder("public_network", "satellite_phone", satellite_phone={"ready": 0.7})
    county = prepare_cascade(power_of(), communication_of(channels=channels), sites_of(), demand_of(), town)
    n = 600
    ready = 0
    for sample in range(n):
        _, contacts = cascade_in(county, outages=DARK, roads=(), seed=3, sample=sample, horizon_s=72 * HOUR)
        ready += any(one.place == "v2" and one.channel == "satellite_phone" for one in contacts)
    assert abs(ready - 0.7 * n) < 4 * math.sqrt(n * 0.7 * 0.3)  # binomial


def test_draws_of_one_village_do_not_depend_on_who_else_there_is(town: RoadNetwork) -> None:
    channels = ladder("public_network", "satellite_phone", satellite_phone={"ready": 0.5})
    few = communication_of(channels=channels, holders={"satellite_phone": frozenset({"v2"})})
    many = communication_of(channels=channels, holders={"satellite_phone": frozenset({"v2", "v3", "v1", "east"})})
    seen = set()
    for sample in range(8):
        made = [run(town, communication=one, outages=DARK, sample=sample) for one in (few, many)]
        assert spells_of(made[0], "v2", "call") == spells_of(made[1], "v2", "call")
        seen |= {channel for channel, *_ in spells_of(made[0], "v2", "call")}
    assert seen == {"", "satellite_phone"}


def test_a_relay_carries_from_when_it_comes_until_it_goes_to_those_whom_its_users_leave_room(town: RoadNetwork) -> None:
    plain = communication_of()
    relay = BaseStation(
        id="uav", lon=119.304, lat=28.718, channel="uav_relay", radius_m=5000, battery=None,
        from_s=5 * HOUR, until_s=10 * HOUR,
    )  # fmt: skip
    channels = ladder("public_network", "uav_relay", uav_relay={"users": 8})
    communication = replace(plain, base_stations=(*plain.base_stations, relay), channels=channels, holders={})
    made = run(town, communication=communication, outages=DARK)
    # 300 people of v2 are 6 users at once; v3, farther away, no longer fits, but the site beside it has a line
    assert [one[:3] for one in spells_of(made, "v2", "call")] == [
        ("", 2 * HOUR, 5 * HOUR),
        ("uav_relay", 5 * HOUR, 10 * HOUR),
        ("", 10 * HOUR, 48 * HOUR),
    ]
    assert [one[0] for one in spells_of(made, "v3", "call")] == [""]
    assert [one[0] for one in spells_of(made, "east", "order")] == ["", "uav_relay", ""]
    assert of(made[0], "base_station", "uav") == []


def test_after_a_disaster_people_redial_and_on_a_quiet_day_they_do_not(town: RoadNetwork) -> None:
    busy = replace(ladder("public_network")[0], congested=Lognormal(median=60, p90=180))
    communication = communication_of(channels=(busy,), holders={}, congestion_s=6 * HOUR)
    assert run(town, communication=communication) == ((), ())
    made = run(town, communication=communication, outages=[PowerOutage(area="f1", from_s=HOUR, until_s=2 * HOUR)])
    assert spells_of(made, "v3", "call") == [("public_network", 0, 6 * HOUR, "congestion")]
    assert spells_of(made, "desk", "order") == []  # the dispatchers sit there


def test_a_runner_is_stopped_by_what_is_closed_and_not_by_what_is_left_to_feet(town: RoadNetwork) -> None:
    east = road_of(town, "溪滨路")
    for level, channel in (("on_foot", "runner"), ("closed", "")):
        part = RoadOutage(closure=Closure(road=east, from_m=200, to_m=300, level=level), from_s=0, until_s=80 * HOUR)
        made = run(town, outages=DARK, roads=[part])
        assert [one[0] for one in spells_of(made, "v3", "call")] == [channel]


def test_a_village_that_no_tower_covers_is_said_to_be_so(town: RoadNetwork) -> None:
    plain = communication_of()
    seat = replace(plain, base_stations=plain.base_stations[:1], fibres=())
    county = prepare_cascade(power_of(), seat, sites_of(), demand_of(), town)
    assert "2 demand points are covered by no base station: no public network at any time" in county.notes
    made = run(town, communication=seat)
    assert spells_of(made, "v2", "call") == [("satellite_phone", 0, math.inf, "equipment")]


def test_one_message_lists_all_that_does_not_fit_the_county(town: RoadNetwork) -> None:
    power = power_of(generators=(Generator(kind="site", asset="nroth"),))
    communication = communication_of(fibre_road=10**6, holders={"satellite_phone": frozenset({"v9"})}, posts=("dsek",))
    with pytest.raises(InputError) as raised:
        run(town, power=power, communication=communication)
    said = str(raised.value)
    assert "3 faults" in said
    for word in ("did you mean north", "'v9'", "did you mean desk"):
        assert word in said
    with pytest.raises(InputError, match="'1000000', expected a road from 0 to"):
        run(town, communication=communication_of(fibre_road=10**6))


def test_one_message_lists_all_that_is_wrong_with_the_outages(town: RoadNetwork) -> None:
    with pytest.raises(InputError) as raised:
        run(
            town,
            outages=[
                PowerOutage(area="f1", from_s=0, until_s=100),
                PowerOutage(area="f1", from_s=50, until_s=200),
                PowerOutage(area="f3", from_s=0, until_s=100),
            ],
            roads=[RoadOutage(closure=Closure(road=99999), from_s=0, until_s=1)],
            assets=[
                AssetOutage(kind="base_station", asset="b3", from_s=0, until_s=1),
                AssetOutage(kind="fibre", asset="cable", from_s=0, until_s=10),
                AssetOutage(kind="fibre", asset="cable", from_s=5, until_s=15),
            ],
        )
    said = str(raised.value)
    assert "5 faults" in said
    for word in ("'f1, from 50 to 200 s'", "'f3'", "'99999'", "'b3'", "'cable, from 5 to 15 s'"):
        assert word in said
