"""Crews that muster person by person, or refuse.

Worked out by hand; every line is a moment in seconds and what happens then.
"""

from __future__ import annotations

from story_county import calls_at, crew, exactly, line, package, told


def muster():
    j = line([0, 4000], [1000], ends_m=[0, 4000])
    c = calls_at(0.0, types=["social"], muster_u=[0.3])
    v = crew("assist", roster=10, attends={"day": 0.35, "night": 0.35}, turnout_s=420)
    p = {"social": package("social", "assist:4")}
    return told(j, {"s0#1": v, "s1#1": crew("assist", turnout_s=600)}, c, packages=p, muster=True)


def refused():
    j = line([0, 4000], [1000], ends_m=[0, 4000])
    c = calls_at(0.0, types=["social"], accept_u=[0.9])
    v = crew("assist", accepts=0.8, acceptance=exactly(90))
    return told(j, {"s0#1": v, "s1#1": crew("assist", turnout_s=600)}, c, muster=True)


def test_a_village_crew_that_fails_to_muster_is_replaced():
    assert muster() == [
        "0 call 0 rings social at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "450 call 0 s0#1 not mustered",
        "450 call 0 s0#1 available",
        "450 call 0 s1#1 dispatched",
        "450 call 0 s1#1 alerted",
        "1050 call 0 s1#1 rolling",
        "1350 call 0 s1#1 on scene",
        "1380 call 0 s1#1 ready",
        "1380 call 0 s1#1 first action",
        "1980 call 0 s1#1 cleared",
        "2280 call 0 s1#1 available",
    ]


def test_a_crew_that_refuses_is_replaced_after_its_answer():
    assert refused() == [
        "0 call 0 rings social at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "120 call 0 s0#1 refused",
        "120 call 0 s0#1 available",
        "120 call 0 s1#1 dispatched",
        "120 call 0 s1#1 alerted",
        "720 call 0 s1#1 rolling",
        "1020 call 0 s1#1 on scene",
        "1050 call 0 s1#1 ready",
        "1050 call 0 s1#1 first action",
        "1650 call 0 s1#1 cleared",
        "1950 call 0 s1#1 available",
    ]


def test_a_crew_that_takes_every_order_takes_it_whatever_is_drawn():
    road = line([0], [1000], ends_m=[0, 1000])
    asked = crew(roster=8, attends={"day": 1.0, "night": 1.0}, acceptance=exactly(60))
    story = told(road, {"s0#1": asked}, calls_at(0, accept_u=[1.0]), muster=True)
    assert "150 call 0 s0#1 rolling" in story
