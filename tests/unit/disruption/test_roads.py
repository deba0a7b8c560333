"""Damage of roads: what breaks, when it passes, what mending it takes, and that draws are keyed."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.disruption import (
    ConstantSource,
    Disruption,
    ExposedRoads,
    FieldSource,
    Hazard,
    HazardLayer,
    HazardRegion,
    Marginal,
    RoadDamage,
    Timing,
    Variation,
    exposed_roads,
    road_damages,
    road_elements,
)
from rescuesim.disruption.fragility import flood_speed_kph
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork

FLOOD = Timing(from_s=1000, rise_s=2000, peak_s=3000, fall_s=4000)


def hazard(network: RoadNetwork, *layers: HazardLayer, horizon_s: float = 1e6) -> Hazard:
    return Hazard(name="test", layers=layers, horizon_s=horizon_s, region=HazardRegion.around(network))


def constant(kind: str, value: float, timing: Timing = FLOOD) -> HazardLayer:
    return HazardLayer(kind=kind, source=ConstantSource(value=value), timing=timing)


def of(damages: tuple[RoadDamage, ...], cause: str) -> list[RoadDamage]:
    return [damage for damage in damages if damage.cause == cause]


def many(network: RoadNetwork, *layers: HazardLayer, samples: int = 60) -> list[RoadDamage]:
    ready = exposed_roads(network, hazard(network, *layers))
    return [damage for sample in range(samples) for damage in ready.damages(seed=1, sample=sample)[0]]


def test_water_closes_roads_from_when_it_is_too_deep_until_it_has_fallen(town: RoadNetwork) -> None:
    damages, _ = road_damages(town, hazard(town, constant("flood_depth_m", 1.2)), seed=1, sample=0)
    water = of(damages, "flood")
    assert {(damage.at_s, damage.passes_s) for damage in water} == {(1000 + 500, 10000 - 1000)}
    assert {damage.closure.level for damage in water} == {"closed"}
    assert {(damage.work_h, damage.hold_s) for damage in water} == {(0, 0)}


def test_all_but_the_bridges_is_under_water(town: RoadNetwork) -> None:
    ready = exposed_roads(town, hazard(town, constant("flood_depth_m", 1.2)))
    closed = sum(part.closure.to_m - part.closure.from_m for part in of(ready.damages(seed=1, sample=0)[0], "flood"))
    spanned = ready.pieces.length_m[~ready.pieces.is_kind("section")].sum() - 60  # the bridge and the pieces under it
    assert closed == pytest.approx(town.road_length_m.sum() - spanned)
    assert any("water closes no bridge" in note for note in ready.notes)


def test_people_wade_through_what_stops_cars(town: RoadNetwork) -> None:
    for depth, levels in ((0.29, set()), (0.3, {"on_foot"}), (0.49, {"on_foot"}), (0.5, {"closed"})):
        damages, _ = road_damages(town, hazard(town, constant("flood_depth_m", depth)), seed=1, sample=0)
        # water of just the limit closes at its peak alone
        assert {damage.closure.level for damage in of(damages, "flood")} == levels, depth


def test_trucks_ford_deeper_than_cars(town: RoadNetwork) -> None:
    truck = replace(town, profile="heavy_truck")
    wet = hazard(town, constant("flood_depth_m", 0.4))
    assert of(road_damages(town, wet, seed=1, sample=0)[0], "flood")
    damages, slowings = road_damages(truck, wet, seed=1, sample=0)
    assert not of(damages, "flood")
    assert slowings
    assert all(1 < slowing.factor < 20 for slowing in slowings)


def test_shallow_water_slows_a_wholly_wet_road_by_the_curve(town: RoadNetwork) -> None:
    _, slowings = road_damages(town, hazard(town, constant("flood_depth_m", 0.2)), seed=1, sample=0)
    state = Disruption(label="wet", slowings=slowings)
    edge = int(np.flatnonzero(~town.bridge)[0])
    road, free = int(town.road[edge]), float(town.speed_kph[edge])
    at_peak = state.state_at(4000).slow_downs[road]
    assert at_peak == pytest.approx(free / float(flood_speed_kph(0.2, free)))
    factors = [state.state_at(at).slow_downs.get(road, 1.0) for at in (0, 1500, 2900, 4000, 7000, 9900, 10001)]
    assert factors[0] == factors[-1] == 1.0
    assert factors[:4] == sorted(factors[:4])
    assert factors[3:] == sorted(factors[3:], reverse=True)


def test_water_is_never_slower_to_come_than_the_steps_say(town: RoadNetwork) -> None:
    _, slowings = road_damages(town, hazard(town, constant("flood_depth_m", 0.28)), seed=1, sample=0)
    state = Disruption(label="wet", slowings=slowings)
    edge = int(np.flatnonzero(~town.bridge)[0])
    road, free = int(town.road[edge]), float(town.speed_kph[edge])
    for at in np.linspace(0, 11000, 111):
        true = free / float(flood_speed_kph(0.28 * FLOOD.share_at(float(at)), free))
        assert state.state_at(float(at)).slow_downs.get(road, 1.0) >= min(true, true / 1.05) - 1e-9


def test_the_same_sample_gives_the_same_bytes_and_another_does_not(town: RoadNetwork) -> None:
    field = FieldSource(marginal=Marginal.lognormal(median=0.4, p90=1.5), correlation_m=2000)
    storm = hazard(town, HazardLayer(kind="flood_depth_m", source=field, timing=FLOOD), constant("wind_force", 15))
    first = repr(road_damages(town, storm, seed=1, sample=3))
    ready = exposed_roads(town, storm)
    backwards = [repr(ready.damages(seed=1, sample=sample)) for sample in (5, 4, 3)]
    assert first == backwards[-1]
    assert len({*backwards, repr(ready.damages(seed=2, sample=3))}) == 4


def test_more_severity_never_mends_anything(town: RoadNetwork) -> None:
    shaken = hazard(town, constant("sa1_g", 0.3), constant("pgd_in", 8.0))
    ready = exposed_roads(town, shaken)
    rank = ("passable", "one_lane", "on_foot", "closed")

    def worst(severity: float) -> dict[tuple[int, str], int]:
        found: dict[tuple[int, str], int] = {}
        for damage in ready.damages(seed=1, sample=2, severity=severity)[0]:
            key = (damage.closure.road, damage.label)
            found[key] = max(found.get(key, 0), rank.index(damage.closure.level))
        return found

    mild, severe = worst(1.0), worst(3.0)
    assert all(severe.get(key, -1) >= level for key, level in mild.items())
    assert sum(severe.values()) > sum(mild.values())


def test_damage_lies_on_its_element_and_its_work_is_in_order(town: RoadNetwork) -> None:
    damages = many(town, constant("landslide_susceptibility", 1.0), constant("wind_force", 17), constant("pgd_in", 20))
    assert {damage.cause for damage in damages} == {"landslide", "trees", "ground_displacement"}
    for damage in damages:
        length = town.road_length_m[damage.closure.road]
        assert 0 <= damage.closure.from_m < damage.closure.to_m <= length + 1e-6
        assert 0 <= damage.one_lane_h <= damage.work_h
        assert FLOOD.from_s <= damage.at_s <= FLOOD.peak_until_s


def test_slides_are_held_and_cleared_by_their_volume(town: RoadNetwork) -> None:
    slides = many(town, constant("landslide_susceptibility", 1.0), samples=400)
    shut = [damage for damage in slides if damage.closure.level == "closed" and damage.work_h < 400]
    assert {damage.closure.level for damage in slides} == {"one_lane", "closed"}
    assert len(shut) > 50
    holds = np.array([damage.hold_s for damage in slides])
    assert np.median(holds) == pytest.approx(21600, rel=0.4)
    assert all(damage.passes_s == np.inf for damage in slides)
    lengths = np.array([damage.closure.to_m - damage.closure.from_m for damage in slides])
    assert lengths.min() >= 5 - 1e-6
    assert lengths.max() <= 500


def test_mapped_volumes_decide_the_work(town: RoadNetwork) -> None:
    flows = many(town, constant("debris_volume_m3", 600.0), samples=20)
    assert {damage.cause for damage in flows} == {"debris_flow"}
    cleared = {round(damage.work_h, 9) for damage in flows if damage.closure.level == "one_lane"}
    assert cleared == {10.0}


def test_a_hit_bridge_shuts_the_bridge_and_not_its_road(town: RoadNetwork) -> None:
    hits = many(town, constant("sa1_g", 0.6), samples=100)
    assert {damage.cause for damage in hits} == {"shaking"}
    assert {damage.closure.level for damage in hits} == {"passable", "one_lane", "on_foot", "closed"}
    assert {round(damage.closure.to_m - damage.closure.from_m, 6) for damage in hits} == {60.0}
    closed = next(damage for damage in hits if damage.closure.level == "closed")
    assert (closed.work_h, closed.one_lane_h) == (230 * 24, 48)
    # who is shut out waits for a temporary bridge, of days by the calendar, rather than for machine hours
    assert {damage.closure.level for damage in hits if damage.bridge} == {"on_foot", "closed"}
    assert {damage.closure.level for damage in hits if not damage.bridge} == {"passable", "one_lane"}


def test_a_bridge_that_is_down_waits_for_a_temporary_one_and_nothing_else_does(town: RoadNetwork) -> None:
    hits = many(town, constant("sa1_g", 1.2), constant("pgd_in", 30.0), samples=60)
    at_bridge = {"bridge shaking", "bridge displacement"}
    down = [damage for damage in hits if damage.label in at_bridge and damage.closure.level in ("on_foot", "closed")]
    assert down
    assert all(damage.bridge for damage in down)
    assert not any(damage.bridge for damage in hits if damage not in down)


def test_washouts_come_with_the_highest_water_and_wait_until_it_is_gone(town: RoadNetwork) -> None:
    gone = [damage for damage in many(town, constant("flood_depth_m", 3.0)) if damage.cause == "washout"]
    assert {(damage.at_s, damage.hold_s) for damage in gone} == {(3000, 7000)}
    assert {round(damage.closure.to_m - damage.closure.from_m, 6) for damage in gone} <= {20.0} | {
        round(float(length), 6) for length in town.road_length_m
    }


def test_what_happens_after_the_horizon_is_left_out(town: RoadNetwork) -> None:
    late = hazard(town, constant("flood_depth_m", 3.0), horizon_s=2500)
    damages, _ = road_damages(town, late, seed=1, sample=0)
    assert {damage.cause for damage in damages} == {"flood"}


def test_without_elevation_slopes_do_not_fail_and_that_is_said(town: RoadNetwork) -> None:
    shaken = hazard(town, constant("pga_g", 2.0))
    ready = exposed_roads(town, shaken)
    assert "no elevation: shaking of embankments and cuts is not counted" in ready.notes
    assert not any(ready.damages(seed=1, sample=sample)[0] for sample in range(20))
    steep = replace(road_elements(town), side_slope=np.full(len(road_elements(town)), 0.3))
    damages, _ = road_damages(town, shaken, seed=1, sample=0, elements=steep)
    assert {damage.label for damage in damages} <= {"embankment shaking"}


def test_a_hazard_in_other_metres_is_refused(town: RoadNetwork) -> None:
    elsewhere = replace(HazardRegion.around(town), crs="EPSG:32649")
    other = Hazard(name="test", layers=(constant("pga_g", 0.2),), horizon_s=1e6, region=elsewhere)
    with pytest.raises(InputError, match="expected one system"):
        exposed_roads(town, other)


def test_a_region_that_does_not_hold_the_roads_is_refused(town: RoadNetwork) -> None:
    small = replace(HazardRegion.around(town), east_m=HazardRegion.around(town).west_m + 2500)
    with pytest.raises(InputError, match="lie outside the region"):
        exposed_roads(town, Hazard(name="t", layers=(constant("pgd_in", 1),), horizon_s=1e6, region=small))


def test_chances_are_those_of_the_pieces_taken_together(town: RoadNetwork) -> None:
    ready: ExposedRoads = exposed_roads(town, hazard(town, constant("landslide_susceptibility", 0.5)))
    chances = ready.chances(ready.points.intensity(seed=1, sample=0))["slide"]
    section = ready.elements.is_kind("section")
    share = ready.elements.length_m[section] / 500
    spanned = np.isin(ready.elements.road[section], np.unique(town.road[town.bridge]))
    assert chances[0][section][~spanned] == pytest.approx(
        1 - (1 - 0.5 * default("fragility.slide_chance").number) ** share[~spanned]
    )
    assert chances[0][~section].max(initial=0.0) == 0


def test_a_variation_of_the_shaking_moves_the_severity_of_places(town: RoadNetwork) -> None:
    layer = HazardLayer(
        kind="sa1_g", source=ConstantSource(value=0.4), variation=Variation(sigma=0.6, correlation_m=3000)
    )
    ready = exposed_roads(town, replace(hazard(town, layer), severity=Lognormal(median=1.0, p90=1.3)))
    values = [float(ready.points.intensity(seed=1, sample=sample)["sa1_g"][0]) for sample in range(50)]
    assert len(set(values)) == 50


def test_a_flood_without_duration_is_refused(town: RoadNetwork) -> None:
    with pytest.raises(InputError, match="would close no road: expected a Timing"):
        exposed_roads(town, hazard(town, constant("flood_depth_m", 1.0, Timing())))


def test_prepared_roads_travel_to_workers(town: RoadNetwork) -> None:
    ready = exposed_roads(town, hazard(town, constant("flood_depth_m", 1.0), constant("wind_force", 16)))
    there = pickle.loads(pickle.dumps(ready))
    assert repr(there.damages(seed=4, sample=2)) == repr(ready.damages(seed=4, sample=2))
