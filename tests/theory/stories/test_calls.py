"""Callers: abandoned and repeated, a duplicate whose original gave up.

Worked out by hand; every line is a moment in seconds and what happens then.
"""

from __future__ import annotations

from story_county import calls_at, crew, line, told


def again():
    j = line([0], [1000], ends_m=[0, 1000])
    c = calls_at(0.0, 2.0, 3.0, patience_s=[99, 5, 4.0], again_after_s=[9, 20, float("inf")])
    return told(j, {"s0#1": crew(), "s0#2": crew(), "s0#3": crew()}, c, seats=1)


def dup():
    j = line([0], [1000], ends_m=[0, 1000])
    c = calls_at(0.0, 2.0, 20.0, patience_s=[99, 5, 99], duplicate_of=[-1, -1, 1], on_scene_s=[100.0, 600.0, 60.0])
    return told(j, {"s0#1": crew(), "s0#2": crew()}, c, seats=1)


def test_a_caller_gives_up_and_rings_again_and_another_gives_up_for_good():
    assert again() == [
        "0 call 0 rings fire at d0",
        "2 call 1 rings fire at d0",
        "3 call 2 rings fire at d0, abandoned",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "37 call 1 answered ring 2",
        "57 call 1 ordered",
        "57 call 1 s0#2 dispatched",
        "57 call 1 s0#2 alerted",
        "90 call 0 s0#1 rolling",
        "117 call 1 s0#2 rolling",
        "190 call 0 s0#1 on scene",
        "217 call 1 s0#2 on scene",
        "220 call 0 s0#1 ready",
        "220 call 0 s0#1 first action",
        "247 call 1 s0#2 ready",
        "247 call 1 s0#2 first action",
        "820 call 0 s0#1 cleared",
        "847 call 1 s0#2 cleared",
        "920 call 0 s0#1 available",
        "947 call 1 s0#2 available",
    ]


def test_a_second_call_begins_the_incident_whose_first_caller_gave_up():
    assert dup() == [
        "0 call 0 rings fire at d0",
        "2 call 1 rings fire at d0",
        "10 call 0 answered",
        "20 call 2 rings fire at d0",
        "30 call 1 answered",
        "30 call 2 answered duplicate",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "50 call 1 ordered",
        "50 call 1 s0#2 dispatched",
        "50 call 1 s0#2 alerted",
        "90 call 0 s0#1 rolling",
        "110 call 1 s0#2 rolling",
        "190 call 0 s0#1 on scene",
        "210 call 1 s0#2 on scene",
        "220 call 0 s0#1 ready",
        "220 call 0 s0#1 first action",
        "240 call 1 s0#2 ready",
        "240 call 1 s0#2 first action",
        "320 call 0 s0#1 cleared",
        "420 call 0 s0#1 available",
        "840 call 1 s0#2 cleared",
        "940 call 1 s0#2 available",
    ]
