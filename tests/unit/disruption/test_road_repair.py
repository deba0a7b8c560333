"""Who clears which road when: facts on a road that is drawn by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from ways_by_hand import ways_of

import rescuesim as rs
from rescuesim.disruption.repair.work_clock import WorkClock
from rescuesim.network.build import build_network
from rescuesim.network.states import Closure

HOUR = 3600.0
KM = 1000.0


@pytest.fixture(scope="module")
def street() -> rs.RoadNetwork:
    """Return a street of five roads of 1 km between six junctions, each with two lanes of 500 m; 10 m/s."""
    junctions = [(k * KM, 0.0) for k in range(6)]
    lanes = [(k * KM, y) for y in (500.0, -500.0) for k in range(6)]
    lines = [[k, k + 1] for k in range(5)] + [[k % 6, 6 + k] for k in range(12)]
    network = build_network(ways_of([*junctions, *lanes], lines))
    ticks = np.rint(network.length_m * 1000).astype(np.int32)
    return replace(network, ticks=ticks, start_up_s=0.0, launch_s=0.0)


def road(network: rs.RoadNetwork, place: int) -> int:
    """Return the road of the street from junction `place` to the next."""
    along = (network.x_m - network.x_m.min() + 0.5).astype(int)
    ends = {place * 1000, place * 1000 + 1000}
    for edge in range(network.n_edges):
        nodes = [network.tail[edge], network.head[edge]]
        flat = abs(network.y_m[nodes[0]] - network.y_m[nodes[1]]) < 100
        if flat and all(min(abs(along[node] - end) for end in ends) < 5 for node in nodes):
            return int(network.road[edge])
    raise AssertionError(f"no road at {place}")


def base(network: rs.RoadNetwork, id_: str, place: int, **more: object) -> rs.RepairCrew:
    """Return a crew at the upper end of the lane at a junction: 50 s from the street."""
    node = int(np.argmin(np.hypot(network.x_m - network.x_m.min() - place * KM, network.y_m - network.y_m.max())))
    return rs.RepairCrew(id=id_, lon=float(network.lon[node]), lat=float(network.lat[node]), **more)  # type: ignore[arg-type]


def slide(network: rs.RoadNetwork, place: int, work_h: float, **more: object) -> rs.RoadDamage:
    """Return a slide on 100 m in the middle of a road of the street."""
    options = {"at_s": 0.0, "cause": "landslide", "label": f"slide {place}"} | more
    closure = Closure(road=road(network, place), from_m=450.0, to_m=550.0)
    return rs.RoadDamage(closure=closure, work_h=work_h, **options)  # type: ignore[arg-type]


def repaired(network: rs.RoadNetwork, damages: list, crews: list, **options: object) -> rs.RoadRepairs:
    defaults = {"horizon_s": 72 * HOUR, "order": "nearest_first", "night_work": True, "crew_network": network}
    return rs.repair_roads(network, damages, crews, **(defaults | options))  # type: ignore[arg-type]


def spells(repairs: rs.RoadRepairs, number: int = 0) -> list[tuple[str, float, float, str]]:
    closure = repairs.outages[number].closure
    return [
        (one.closure.level, one.from_s, one.until_s, one.repaired_by)
        for one in repairs.outages
        if one.closure.road == closure.road
    ]


def test_a_road_is_open_after_the_drive_and_the_work(street: rs.RoadNetwork) -> None:
    repairs = repaired(street, [slide(street, 1, 2.0)], [base(street, "A", 0)])
    # 500 m of lane, 1000 m of road, 449 m up to 1 m before the slide
    [(level, from_s, until_s, by)] = spells(repairs)
    assert (level, from_s, by) == ("closed", 0.0, "A")
    assert until_s == pytest.approx(50 + 100 + 44.9 + 2 * HOUR, abs=0.2)
    assert repairs.work["doing"].tolist() == ["travel", "work"]
    assert repairs.work["until_h"].iloc[-1] == pytest.approx(until_s / HOUR)


def test_one_lane_is_open_first_and_has_a_record_of_its_own(street: rs.RoadNetwork) -> None:
    repairs = repaired(street, [slide(street, 0, 3.0, one_lane_h=1.0)], [base(street, "A", 0)])
    closed, one_lane = spells(repairs)
    assert [closed[0], one_lane[0]] == ["closed", "one_lane"]
    assert closed[2] == one_lane[1]
    assert one_lane[2] - closed[2] == pytest.approx(2 * HOUR)


def test_two_crews_work_from_both_ends_and_take_half_the_time(street: rs.RoadNetwork) -> None:
    crews = [base(street, "A", 2), base(street, "B", 3)]
    repairs = repaired(street, [slide(street, 2, 4.0)], crews)
    [(_, _, until_s, by)] = spells(repairs)
    assert by == "A + B"
    assert until_s == pytest.approx(50 + 44.9 + 2 * HOUR, abs=0.5)


def test_two_crews_on_one_side_do_not_work_at_one_end(street: rs.RoadNetwork) -> None:
    crews = [base(street, "A", 2), base(street, "B", 2)]
    repairs = repaired(street, [slide(street, 2, 4.0)], crews)
    assert [by for *_, by in spells(repairs)] == ["A"]


def test_more_machine_pairs_than_find_room_are_no_help(street: rs.RoadNetwork) -> None:
    took = {}
    for machines in (1, 2, 5):
        repairs = repaired(street, [slide(street, 0, 4.0)], [base(street, "A", 0, machines=machines)])
        took[machines] = spells(repairs)[0][2] - (50 + 44.9)
    assert took[1] == pytest.approx(4 * HOUR, abs=0.5)
    assert took[2] == pytest.approx(2 * HOUR, abs=0.5)
    assert took[5] == took[2]


def test_what_cannot_be_reached_waits_until_the_road_to_it_is_open(street: rs.RoadNetwork) -> None:
    far, near = slide(street, 3, 1.0), slide(street, 1, 2.0)
    repairs = repaired(street, [far, near], [base(street, "A", 0)], order="given", given=["slide 3", "slide 1"])
    assert repairs.sequence == (1, 0)
    far_end, near_end = repairs.outages[0].until_s, repairs.outages[1].until_s
    assert far_end == pytest.approx(near_end + 200 + 1 * HOUR, abs=1)


def test_work_waits_for_the_hold_and_the_crew_is_there_when_it_ends(street: rs.RoadNetwork) -> None:
    repairs = repaired(street, [slide(street, 1, 2.0, at_s=1 * HOUR, hold_s=6 * HOUR)], [base(street, "A", 0)])
    assert spells(repairs)[0][2] == pytest.approx(9 * HOUR, abs=1e-3)
    assert repairs.work["from_h"].iloc[0] == pytest.approx(7 - 194.9 / HOUR, abs=1e-3)


def test_nobody_clears_at_night_unless_told_to(street: rs.RoadNetwork) -> None:
    damages, crews = [slide(street, 0, 3.0, hold_s=1 * HOUR)], [base(street, "A", 0)]
    by_day = repaired(street, damages, crews, night_work=False, onset_h=17.0)  # work from 18 h, dark from 19 to 6 h
    by_night = repaired(street, damages, crews, night_work=True, onset_h=17.0)
    assert spells(by_day)[0][2] == pytest.approx((4 + 11) * HOUR)
    assert spells(by_night)[0][2] == pytest.approx(4 * HOUR)


def test_spells_of_rain_hold_the_work(street: rs.RoadNetwork) -> None:
    crews = [base(street, "A", 0)]
    repairs = repaired(street, [slide(street, 0, 3.0)], crews, stopped_s=[(1 * HOUR, 5 * HOUR)])
    assert spells(repairs)[0][2] == pytest.approx(7 * HOUR + 94.9, abs=0.5)


def test_a_crew_opens_one_lane_elsewhere_before_it_widens(street: rs.RoadNetwork) -> None:
    damages = [slide(street, 0, 5.0, one_lane_h=1.0), slide(street, 1, 5.0, one_lane_h=1.0)]
    lanes_first = repaired(street, damages, [base(street, "A", 0)])
    at_once = repaired(street, damages, [base(street, "A", 0)], widen_at_once=True)
    assert lanes_first.outages[2].until_s < 2.2 * HOUR
    assert at_once.outages[2].until_s > 6 * HOUR
    assert lanes_first.outages[1].until_s > at_once.outages[1].until_s


def test_a_crew_that_widens_leaves_for_a_road_that_shuts_and_loses_no_work(street: rs.RoadNetwork) -> None:
    damages = [slide(street, 0, 5.0, one_lane_h=1.0), slide(street, 1, 1.0, at_s=2 * HOUR)]
    repairs = repaired(street, damages, [base(street, "A", 0)])
    assert repairs.outages[2].until_s == pytest.approx(3 * HOUR + 100, abs=10)
    alone = repaired(street, damages[:1], [base(street, "A", 0)])
    assert repairs.outages[1].until_s - alone.outages[1].until_s == pytest.approx(1 * HOUR + 200, abs=20)


def test_water_that_passes_sends_the_crew_on_its_way_elsewhere(street: rs.RoadNetwork) -> None:
    damages = [slide(street, 0, 9.0, passes_s=2 * HOUR), slide(street, 1, 1.0)]
    repairs = repaired(street, damages, [base(street, "A", 0)])
    assert spells(repairs, 0) == [("closed", 0.0, 2 * HOUR, "")]
    assert repairs.outages[1].until_s == pytest.approx(3 * HOUR + 100, abs=1)
    assert repairs.outages[1].repaired_by == "A"


def test_a_repair_that_is_done_before_it_would_have_passed_counts(street: rs.RoadNetwork) -> None:
    repairs = repaired(street, [slide(street, 0, 1.0, passes_s=20 * HOUR)], [base(street, "A", 0)])
    assert spells(repairs)[0][2:] == (pytest.approx(1 * HOUR + 94.9, abs=0.5), "A")


def test_what_the_horizon_comes_before_stays_open_ended(street: rs.RoadNetwork) -> None:
    repairs = repaired(street, [slide(street, 0, 30.0, one_lane_h=2.0)], [base(street, "A", 0)], horizon_s=10 * HOUR)
    assert [one.until_s for one in repairs.outages] == [pytest.approx(2 * HOUR + 94.9, abs=0.5), math.inf]
    assert repairs.work["until_h"].max() == 10.0


def test_a_way_that_breaks_under_a_crew_is_driven_up_to_the_break(street: rs.RoadNetwork) -> None:
    # it drives to the slide between 3 and 4; the road between 1 and 2 shuts while it is between 0 and 1
    damages = [slide(street, 3, 1.0), slide(street, 1, 2.0, at_s=100.0)]
    repairs = repaired(street, damages, [base(street, "A", 0)])
    first, second = repairs.outages
    assert second.until_s == pytest.approx(194.9 + 2 * HOUR, abs=1)
    assert first.until_s == pytest.approx(second.until_s + 200 + 1 * HOUR, abs=1)
    assert repairs.work["label"].tolist() == ["", "slide 1", "slide 3", "slide 3"]
    assert repairs.work["until_h"].iloc[0] == pytest.approx(194.9 / HOUR, abs=1e-3)


def test_a_crew_caught_in_the_breaking_road_turns_back(street: rs.RoadNetwork) -> None:
    # on the part of road 1 that slides at 200 s: it is 50 m beyond the place before the slide, and turns round
    damages = [slide(street, 3, 1.0), slide(street, 1, 2.0, at_s=200.0)]
    repairs = repaired(street, damages, [base(street, "A", 0)])
    assert repairs.outages[1].until_s == pytest.approx(200 + 5.1 + 2 * HOUR, abs=1)


def test_a_crew_that_has_just_come_to_a_junction_when_its_way_breaks_turns_to_other_work_at_once(
    street: rs.RoadNetwork,
) -> None:
    # at the front of the slide between 1 and 2, and nowhere else, when that road breaks; work is to be had behind it
    arrives = repaired(street, [slide(street, 1, 1.0)], [base(street, "A", 1)]).work["until_h"].iloc[0] * HOUR
    damages = [slide(street, 3, 1.0), slide(street, 1, 30.0, at_s=arrives, hold_s=40 * HOUR), slide(street, 0, 2.0)]
    repairs = repaired(street, damages, [base(street, "A", 1)], order="given", given=[0, 1, 2])
    ends = {one.label: one.until_s for one in repairs.outages}
    assert ends["slide 0"] < 4 * HOUR
    assert repairs.work["from_h"].is_monotonic_increasing


def test_a_bridge_that_is_down_gets_a_temporary_one_in_days_and_stays_one_lane_wide(street: rs.RoadNetwork) -> None:
    crews = [base(street, "A", 2, machines=2), base(street, "B", 3)]
    damage = slide(street, 2, 1.0, bridge=True)
    repairs = repaired(street, [damage], crews, horizon_s=120 * HOUR)
    closed, one_lane = spells(repairs)
    assert 24 * HOUR <= closed[2] <= 72 * HOUR + 200
    assert one_lane[0] == "one_lane"
    assert one_lane[2] == math.inf
    assert closed[3] in ("A", "B")
    assert any("temporary" in note for note in repairs.notes)
    other = repaired(street, [slide(street, 0, 1.0), damage], crews, horizon_s=120 * HOUR)
    again = repaired(street, [damage], crews, horizon_s=120 * HOUR, sample=1)
    draw = closed[2] - 94.9
    assert [one.until_s for one in other.outages][1] >= draw  # the same days, whatever else is drawn
    assert spells(again)[0][2] != closed[2]


def test_bridge_crews_leave_the_slides_to_the_road_crews(street: rs.RoadNetwork) -> None:
    crews = [base(street, "A", 2), base(street, "P", 3, kind="bridge")]
    repairs = repaired(street, [slide(street, 2, 1.0, bridge=True), slide(street, 1, 1.0)], crews, horizon_s=99 * HOUR)
    assert {one.label: one.repaired_by for one in repairs.outages if one.repaired_by} == {
        "slide 2": "P",
        "slide 1": "A",
    }


def test_damage_without_work_stays_and_is_said_aloud(street: rs.RoadNetwork) -> None:
    repairs = repaired(street, [slide(street, 0, 0.0)], [base(street, "A", 0)])
    assert spells(repairs) == [("closed", 0.0, math.inf, "")]
    assert any("stay as they are" in note for note in repairs.notes)


def test_without_crews_only_what_passes_ends(street: rs.RoadNetwork) -> None:
    repairs = repaired(street, [slide(street, 0, 1.0, passes_s=5 * HOUR), slide(street, 1, 1.0)], [])
    assert [one.until_s for one in repairs.outages] == [5 * HOUR, math.inf]
    assert any("no road crew" in note for note in repairs.notes)


def test_trunk_roads_come_first_and_of_these_the_nearest(street: rs.RoadNetwork) -> None:
    classes = street.road_class.copy()
    classes[street.road == road(street, 2)] = "primary"
    ranked = replace(street, road_class=classes)
    # a way round, so that all three can be reached at once: from the two ends of the street
    damages = [slide(ranked, 0, 1.0), slide(ranked, 2, 1.0)]
    crews = [base(ranked, "A", 1)]
    assert repaired(ranked, damages, crews, order="nearest_first").sequence == (0, 1)
    assert repaired(ranked, damages, crews, order="trunk_first").sequence == (1, 0)


@pytest.fixture(scope="module")
def ring() -> rs.RoadNetwork:
    """Return a trunk road of 1 km with a ring of 3 km around it, a road on from its far end, and a yard; 10 m/s."""
    places = [(0.0, 0.0), (KM, 0.0), (KM, KM), (0.0, KM), (2 * KM, 0.0), (0.0, -500.0)]
    classes = ["trunk", "tertiary", "tertiary", "tertiary", "tertiary", "tertiary"]
    lines = [[0, 1], [1, 2], [2, 3], [3, 0], [1, 4], [5, 0]]
    network = build_network(ways_of(places, lines, road_class=classes))
    ticks = np.rint(network.length_m * 1000).astype(np.int32)
    return replace(network, ticks=ticks, start_up_s=0.0, launch_s=0.0)


def roads_of_ring(ring: rs.RoadNetwork) -> tuple[int, int]:
    """Return the trunk road and the road on."""
    trunk = int(ring.road[np.flatnonzero(ring.road_class == "trunk")[0]])
    east = int(ring.road[int(np.argmax(ring.x_m[ring.tail] + ring.x_m[ring.head]))])
    return trunk, east


def ring_case(ring: rs.RoadNetwork, **options: object) -> rs.RoadRepairs:
    trunk, east = roads_of_ring(ring)
    node = int(np.argmin(ring.y_m))
    damages = [
        rs.RoadDamage(closure=Closure(road=trunk, from_m=450, to_m=550), at_s=0.0, cause="landslide", work_h=4),
        rs.RoadDamage(closure=Closure(road=east, from_m=450, to_m=550), at_s=0.0, cause="landslide", work_h=2),
    ]
    crews = [rs.RepairCrew(id="A", lon=float(ring.lon[node]), lat=float(ring.lat[node]))]
    return repaired(ring, damages, crews, **({"order": "trunk_first"} | options))


def test_a_trunk_road_with_a_short_detour_is_mended_after_a_road_without_one(ring: rs.RoadNetwork) -> None:
    # 300 s of ring against 100 s of trunk road: vehicles get around
    assert ring_case(ring).sequence == (1, 0)
    # the ring takes 3,000 s: that is no detour
    slow = np.where(ring.road_class == "trunk", 1, 10) * ring.ticks
    assert ring_case(replace(ring, ticks=slow.astype(np.int32))).sequence == (0, 1)


def test_a_trunk_road_that_a_crew_does_not_finish_before_the_horizon_goes_last(street: rs.RoadNetwork) -> None:
    classes = street.road_class.copy()
    classes[street.road == road(street, 0)] = "trunk"
    ranked = replace(street, road_class=classes)
    for hours, sequence in [(40.0, (0, 1)), (100.0, (1, 0))]:
        damages = [slide(ranked, 0, hours), slide(ranked, 3, 2.0)]
        assert repaired(ranked, damages, [base(ranked, "A", 1)], order="trunk_first").sequence == sequence


@pytest.mark.parametrize("order", ["given", "nearest_first", "trunk_first"])
def test_what_nobody_can_finish_before_the_horizon_is_left_for_anything_else(
    street: rs.RoadNetwork, order: str
) -> None:
    damages = [slide(street, 1, 565.0), slide(street, 2, 2.0, at_s=10 * HOUR)]
    given = {"given": [0, 1]} if order == "given" else {}
    repairs = repaired(street, damages, [base(street, "A", 2)], order=order, **given)
    assert repairs.sequence == (0, 1)
    assert spells(repairs, 0)[0][2] == math.inf
    assert any(note.startswith("1 damages take longer than the 72 h") for note in repairs.notes)
    assert spells(repairs, 1)[0][2] == pytest.approx(12 * HOUR + 2 * 45 + 2 * 45 + 10, abs=120)


def people_along(network: rs.RoadNetwork, people: list[float]) -> dict[str, object]:
    """Return places at the lower ends of the lanes, and a site in the middle of the street."""
    lower = [
        int(np.argmin(np.hypot(network.x_m - network.x_m.min() - k * KM, network.y_m - network.y_m.min())))
        for k in range(6)
    ]
    table = pd.DataFrame({"id": [f"p{k}" for k in range(6)], "lon": network.lon[lower], "lat": network.lat[lower]})
    site = table.iloc[[2]].assign(id="S", status="existing")
    return {
        "demand": rs.load_demand(table.assign(people=people, zone="built_up"), crs="wgs84"),
        "sites": rs.load_sites(site, crs="wgs84"),
        "limit_s": 900.0,
    }


def test_the_isolated_place_with_most_patients_comes_first(street: rs.RoadNetwork) -> None:
    # the west end is behind two slides, the east behind one; the crew stands between
    damages = [slide(street, 0, 1.0), slide(street, 1, 1.0), slide(street, 3, 9.0)]
    options = {"order": "isolated_first", **people_along(street, [100.0] * 6)}
    crews = [base(street, "A", 2)]
    east = repaired(street, damages, crews, places={"p0": 2.0, "p5": 5.0}, **options)
    west = repaired(street, damages, crews, places={"p0": 5.0, "p5": 2.0}, **options)
    assert east.sequence == (2, 1, 0)
    assert west.sequence == (1, 0, 2)


def test_what_brings_most_people_back_an_hour_comes_first(street: rs.RoadNetwork) -> None:
    damages = [slide(street, 1, 4.0), slide(street, 3, 2.0)]
    crews = [base(street, "A", 2)]
    for west, east, first in [(900.0, 100.0, 0), (100.0, 900.0, 1), (300.0, 300.0, 1), (900.0, 300.0, 0)]:
        people = people_along(street, [west, 0.0, 50.0, 0.0, 0.0, east])
        repairs = repaired(street, damages, crews, order="most_people", **people)
        assert repairs.sequence[0] == first
        assert repairs.curve is not None
        assert repairs.curve.people.tolist() == [50.0, 50.0 + (west, east)[first], 50.0 + west + east]
        best = repaired(street, damages, crews, order="optimised", **people)
        assert best.sequence[0] == first
        assert best.status == "optimal"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"order": "fastest"}, "order 'fastest'"),
        ({"order": "optimised"}, "no demand, sites, limit_s"),
        ({"order": "given"}, "expected a list in given"),
        ({"order": "given", "given": ["slide 0"]}, "1 'slide 1' are missing"),
        ({"order": "given", "given": ["slide 0", "slide 1", "slide 9"]}, "'slide 9'"),
        ({"order": "given", "given": [0, 1, 1]}, "stand twice"),
        ({"order": "given", "given": [0, 7]}, "an index from 0 to 1"),
        ({"onset_h": 25.0, "night_work": False}, "hours from 0 to below 24"),
        ({"horizon_s": math.inf}, "finite horizon"),
        ({"stopped_s": [(5.0, 2.0)]}, "from < until"),
        ({"places": {"x": 1.0}}, "expected demand"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(street: rs.RoadNetwork, change: dict, said: str) -> None:
    damages = [slide(street, 0, 1.0), slide(street, 1, 1.0)]
    with pytest.raises(rs.InputError, match=said):
        repaired(street, damages, [base(street, "A", 0)], **change)


def test_all_that_is_wrong_with_damages_and_crews_is_said_at_once(street: rs.RoadNetwork) -> None:
    damages = [
        rs.RoadDamage(closure=Closure(road=999), at_s=0.0, cause="flood", work_h=1.0),
        rs.RoadDamage(closure=Closure(road=0, from_m=9e5), at_s=0.0, cause="flood", work_h=1.0),
    ]
    slow = [rs.RoadSlowing(road=500, factor=2.0, from_s=0.0, until_s=1.0)]
    crews = [rs.RepairCrew(id="far", lon=10.0, lat=50.0)]
    with pytest.raises(rs.InputError) as caught:
        repaired(street, damages, crews, slowings=slow)
    for said in ("slow road 500", "road 999, expected 0 to 16", "from 900000 m", "'far' at 10.0"):
        assert said in str(caught.value)


def test_a_crew_at_an_unknown_site_or_named_twice_is_refused(street: rs.RoadNetwork) -> None:
    crews = [rs.RepairCrew(id="A", site="S9"), rs.RepairCrew(id="A", site="S9")]
    with pytest.raises(rs.InputError, match="stands twice") as caught:
        repaired(street, [slide(street, 0, 1.0)], crews)
    assert "site 'S9'" in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"id": ""}, "a name"),
        ({"kind": "bakers"}, "one of road"),
        ({"machines": 0}, "1 or more"),
        ({"site": "S1", "lon": 1.0, "lat": 2.0}, "a site, or both"),
        ({"lon": math.nan}, "a site, or both"),
        ({"from_s": -1.0}, "0 or more"),
    ],
)
def test_crews_that_cannot_be_are_refused(fields: dict, said: str) -> None:
    with pytest.raises(rs.InputError, match=said):
        rs.RepairCrew(**({"id": "A", "lon": 1.0, "lat": 2.0} | fields))


def test_nothing_is_repaired_before_it_breaks(street: rs.RoadNetwork) -> None:
    with pytest.raises(rs.InputError, match="from < until"):
        slide(street, 0, 1.0, at_s=10.0, passes_s=5.0)
    rng = np.random.default_rng(3)
    for _ in range(10):
        damages = [
            slide(
                street,
                place,
                float(rng.uniform(0, 9)),
                at_s=float(rng.uniform(0, 9) * HOUR),
                hold_s=float(rng.uniform(0, 9) * HOUR),
                passes_s=float(rng.choice([math.inf, 40 * HOUR])),
            )
            for place in range(5)
        ]
        damages = [replace(one, one_lane_h=one.work_h * float(rng.uniform())) for one in damages]
        crews = [base(street, "A", 0), base(street, "B", int(rng.integers(0, 6)))]
        repairs = repaired(street, damages, crews, night_work=False, onset_h=float(rng.uniform(0, 24)))
        ready = {one.label: one.at_s + one.hold_s for one in damages}
        for outage in repairs.outages:
            assert outage.from_s < outage.until_s
            if outage.repaired_by:
                assert outage.until_s >= ready[outage.label]
        work = repairs.work.sort_values(["crew", "from_h"])
        for _, spells_ in work.groupby("crew"):
            assert (spells_["from_h"].to_numpy()[1:] >= spells_["until_h"].to_numpy()[:-1] - 1e-9).all()
        # seen from the side of the closures: no gap and no overlap between the records of one damage
        for damage in damages:
            records = [one for one in repairs.outages if one.label == damage.label]
            assert records[0].from_s == damage.at_s
            assert all(a.until_s == b.from_s for a, b in pairwise(records))


def test_another_network_for_the_crews_must_have_the_same_roads(street: rs.RoadNetwork, town: rs.RoadNetwork) -> None:
    with pytest.raises(rs.InputError, match="the 17 roads of the network"):
        repaired(street, [slide(street, 0, 1.0)], [base(street, "A", 0)], crew_network=town)


def test_without_a_network_of_their_own_crews_drive_at_the_pace_of_a_heavy_truck(street: rs.RoadNetwork) -> None:
    repairs = repaired(street, [slide(street, 1, 2.0)], [base(street, "A", 0)], crew_network=None)
    assert spells(repairs)[0][2] == pytest.approx((50 + 100 + 44.9) / 0.85 + 2 * HOUR, abs=0.5)


@pytest.mark.parametrize("onset_h", [0.0, 5.5, 12.0, 19.0, 23.9])
@pytest.mark.parametrize("night_h", [None, (19.0, 6.0), (0.0, 5.0)])
def test_the_clock_counts_the_seconds_that_lie_outside_night_and_rain(
    onset_h: float, night_h: tuple[float, float] | None
) -> None:
    rain = [(3 * HOUR, 7 * HOUR), (5 * HOUR, 8 * HOUR)]
    clock = WorkClock.of(horizon_s=50 * HOUR, onset_h=onset_h, night_h=night_h, stopped_s=rain)
    minutes = np.arange(0, 50 * 60) + 0.5
    hour = (onset_h + minutes / 60) % 24
    works = ~((minutes / 60 > 3) & (minutes / 60 < 8))
    if night_h is not None:
        inside = (hour >= night_h[0]) & (hour < night_h[1])
        if night_h[0] > night_h[1]:
            inside = (hour >= night_h[0]) | (hour < night_h[1])
        works &= ~inside
    for from_h, until_h in [(0, 50), (1, 9), (6, 30), (10, 10)]:
        chosen = (minutes / 60 > from_h) & (minutes / 60 < until_h)
        assert clock.worked(from_h * HOUR, until_h * HOUR) == pytest.approx(60 * (works & chosen).sum(), abs=61)
    done = clock.done_at(2 * HOUR, 4 * HOUR)
    assert clock.worked(2 * HOUR, done) == pytest.approx(4 * HOUR)
    assert clock.done_at(0, 49 * HOUR) == math.inf
