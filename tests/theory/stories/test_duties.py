"""Duties besides calls: move-up and evacuation.

Worked out by hand; every line is a moment in seconds and what happens then.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from story_county import calls_at, crew, line, told

from rescuesim.simulation import EvacuationTask
from rescuesim.simulation.policies import Move


def moveup():
    j = line([0, 6000], [1000, 5000], ends_m=[0, 6000])
    b = np.array([[0, 600.0], [600.0, 0]])
    r = replace(j.during(None), between_s=(b,))

    class Fill:
        def moves(self, view):
            free = view.movable()
            if len(free) == 1 and view.stands_at(free[0]) == "s0":
                yield Move(view.fleet.units[free[0]], "s1")

    return told(
        j,
        {"s0#1": crew(), "s1#1": crew()},
        calls_at(0.0, 700.0, points=[1, 1], n_points=2, on_scene_s=[3000.0, 600.0]),
        move_up=Fill(),
        roads=r,
    )


def evac():
    j = line([0], [3000, 1000], ends_m=[0, 3000])
    c = calls_at(1000.0, types=["social"], n_points=2, points=[1])
    return told(
        j,
        {"s0#1": crew("assist", name="township_duty")},
        c,
        evacuation=(EvacuationTask(place="d0", from_s=600, until_s=4200, people=2),),
    )


def test_a_free_unit_moves_up_and_answers_from_there_and_returns_home():
    assert moveup() == [
        "0 call 0 rings fire at d1",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s1#1 dispatched",
        "30 call 0 s1#1 alerted",
        "30 s0#1 moves to s1",
        "90 call 0 s1#1 rolling",
        "190 call 0 s1#1 on scene",
        "220 call 0 s1#1 ready",
        "220 call 0 s1#1 first action",
        "630 s0#1 there s1",
        "700 call 1 rings fire at d1",
        "710 call 1 answered",
        "730 call 1 ordered",
        "730 call 1 s0#1 dispatched",
        "730 call 1 s0#1 alerted",
        "790 call 1 s0#1 rolling",
        "890 call 1 s0#1 on scene",
        "920 call 1 s0#1 ready",
        "920 call 1 s0#1 first action",
        "1520 call 1 s0#1 cleared",
        "2020 call 1 s0#1 available",
        "2020 s0#1 moves to s1",
        "2620 s0#1 there s1",
        "3220 call 0 s1#1 cleared",
        "3320 call 0 s1#1 available",
    ]


def test_a_crew_that_helps_with_an_evacuation_makes_a_call_wait():
    assert evac() == [
        "600 s0#1 evacuation to d0",
        "960 s0#1 there d0",
        "1000 call 0 rings social at d1",
        "1010 call 0 answered",
        "1030 call 0 ordered",
        "1030 call 0 waits",
        "4500 s0#1 available",
        "4500 call 0 waits no more",
        "4500 call 0 s0#1 dispatched",
        "4500 call 0 s0#1 alerted",
        "4560 call 0 s0#1 rolling",
        "4660 call 0 s0#1 on scene",
        "4690 call 0 s0#1 ready",
        "4690 call 0 s0#1 first action",
        "5290 call 0 s0#1 cleared",
        "5390 call 0 s0#1 available",
    ]
