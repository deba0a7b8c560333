"""Roads: a block at a bridge, no way at all, news on the way, a unit diverted while returning.

Worked out by hand; every line is a moment in seconds and what happens then.
"""

from __future__ import annotations

from story_county import calls_at, crew, line, package, told

from rescuesim.disruption import Disruption, RoadOutage
from rescuesim.network.states import Closure


def out(road, low=0.0, high=float("inf")):
    return RoadOutage(closure=Closure(road=road, from_m=low, to_m=high), from_s=0.0, until_s=float("inf"))


def bridge(information="desk"):
    j = line([0], [3000], ends_m=[0, 1000, 2000, 3000], round_s=500)
    d = Disruption(label="x", roads=(out(1, 400, 600),))
    return told(j, {"s0#1": crew()}, calls_at(0.0, 5000.0), disruption=d, drives=True, information=information)


def noway():
    j = line([0, 4000], [1000], ends_m=[0, 800, 4000])
    d = Disruption(label="x", roads=(out(0, 500, 600),))
    return told(j, {"s0#1": crew(), "s1#1": crew()}, calls_at(0.0), disruption=d, drives=True, information="desk")


def platform(level):
    # two units from s0; the first meets the block, the second is on its way
    j = line([0], [3000], ends_m=[0, 1000, 2000, 3000], round_s=500)
    d = Disruption(label="x", roads=(out(1, 800, 900),))
    return told(
        j,
        {"s0#1": crew(), "s0#2": crew(turnout_s=180)},
        calls_at(0.0, on_scene_s=[[600.0, 600.0]]),
        packages={"fire": package("fire", "fire:1 fire:1")},
        disruption=d,
        drives=True,
        information=level,
    )


def diverted():
    j = line([0], [3000, 2000], ends_m=[0, 3000])
    return told(j, {"s0#1": crew()}, calls_at(0.0, 1000.0, points=[0, 1], n_points=2), drives=True, divertible=True)


def test_a_bridge_found_down_costs_the_way_there_and_back_and_is_known_the_next_time():
    assert bridge() == [
        "0 call 0 rings fire at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "90 call 0 s0#1 rolling",
        "230 call 0 s0#1 block road 1 at 400 m",
        "870 call 0 s0#1 on scene",
        "900 call 0 s0#1 ready",
        "900 call 0 s0#1 first action",
        "1500 call 0 s0#1 cleared",
        "2000 call 0 s0#1 available",
        "5000 call 1 rings fire at d0",
        "5010 call 1 answered",
        "5030 call 1 ordered",
        "5030 call 1 s0#1 dispatched",
        "5030 call 1 s0#1 alerted",
        "5090 call 1 s0#1 rolling",
        "5590 call 1 s0#1 on scene",
        "5620 call 1 s0#1 ready",
        "5620 call 1 s0#1 first action",
        "6220 call 1 s0#1 cleared",
        "6720 call 1 s0#1 available",
    ]


def test_a_unit_that_finds_no_way_gives_up_and_the_call_is_ordered_anew():
    assert noway() == [
        "0 call 0 rings fire at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "90 call 0 s0#1 rolling",
        "140 call 0 s0#1 no way",
        "140 call 0 s1#1 dispatched",
        "140 call 0 s1#1 alerted",
        "140 call 0 s0#1 block road 0 at 500 m",
        "190 call 0 s0#1 available",
        "200 call 0 s1#1 rolling",
        "500 call 0 s1#1 on scene",
        "530 call 0 s1#1 ready",
        "530 call 0 s1#1 first action",
        "1130 call 0 s1#1 cleared",
        "1430 call 0 s1#1 available",
    ]


def test_what_the_desk_hears_helps_nobody_who_is_on_the_way():
    assert platform("desk") == [
        "0 call 0 rings fire at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#2 dispatched",
        "30 call 0 s0#1 alerted",
        "30 call 0 s0#2 alerted",
        "90 call 0 s0#1 rolling",
        "210 call 0 s0#2 rolling",
        "270 call 0 s0#1 block road 1 at 800 m",
        "390 call 0 s0#2 block road 1 at 800 m",
        "950 call 0 s0#1 on scene",
        "980 call 0 s0#1 ready",
        "980 call 0 s0#1 first action",
        "1070 call 0 s0#2 on scene",
        "1100 call 0 s0#2 ready",
        "1580 call 0 s0#1 cleared",
        "1580 call 0 s0#2 cleared",
        "2080 call 0 s0#1 available",
        "2080 call 0 s0#2 available",
    ]


def test_on_a_platform_a_unit_on_its_way_hears_of_the_block_and_turns():
    assert platform("platform") == [
        "0 call 0 rings fire at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#2 dispatched",
        "30 call 0 s0#1 alerted",
        "30 call 0 s0#2 alerted",
        "90 call 0 s0#1 rolling",
        "210 call 0 s0#2 rolling",
        "270 call 0 s0#1 block road 1 at 800 m",
        "830 call 0 s0#2 on scene",
        "860 call 0 s0#2 ready",
        "860 call 0 s0#2 first action",
        "950 call 0 s0#1 on scene",
        "980 call 0 s0#1 ready",
        "1460 call 0 s0#1 cleared",
        "1460 call 0 s0#2 cleared",
        "1960 call 0 s0#1 available",
        "1960 call 0 s0#2 available",
    ]


def test_a_unit_on_its_way_home_is_diverted_from_where_it_is():
    assert diverted() == [
        "0 call 0 rings fire at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "90 call 0 s0#1 rolling",
        "390 call 0 s0#1 on scene",
        "420 call 0 s0#1 ready",
        "420 call 0 s0#1 first action",
        "1000 call 1 rings fire at d1",
        "1010 call 1 answered",
        "1020 call 0 s0#1 cleared",
        "1030 call 1 ordered",
        "1030 call 0 s0#1 available",
        "1030 call 1 s0#1 dispatched",
        "1030 call 1 s0#1 alerted",
        "1030 call 1 s0#1 rolling",
        "1120 call 1 s0#1 on scene",
        "1150 call 1 s0#1 ready",
        "1150 call 1 s0#1 first action",
        "1750 call 1 s0#1 cleared",
        "1950 call 1 s0#1 available",
    ]
