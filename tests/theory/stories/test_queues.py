"""Queues: priority and pre-emption.

Worked out by hand; every line is a moment in seconds and what happens then.
"""

from __future__ import annotations

from story_county import calls_at, crew, line, told


def prio(q="priority"):
    j = line([0], [1000], ends_m=[0, 1000])
    c = calls_at(0.0, 100.0, 200.0, types=["fire", "social"], type_code=[0, 1, 0], priority=[0, 2, 0])
    return told(j, {"s0#1": crew()}, c, queue=q)


def preempt(on=False):
    j = line([0], [1000, 2000], ends_m=[0, 2000])
    c = calls_at(
        0.0,
        110.0 if not on else 400,
        points=[0, 1],
        n_points=2,
        types=["social", "fire"],
        type_code=[0, 1],
        priority=[2, 0],
    )
    return told(j, {"s0#1": crew()}, c, queue="preemptive", preempt_on_scene=on, drives=True)


def test_a_more_urgent_call_is_served_before_one_that_has_waited_longer():
    assert prio() == [
        "0 call 0 rings fire at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "90 call 0 s0#1 rolling",
        "100 call 1 rings social at d0",
        "110 call 1 answered",
        "130 call 1 ordered",
        "130 call 1 waits",
        "190 call 0 s0#1 on scene",
        "200 call 2 rings fire at d0",
        "210 call 2 answered",
        "220 call 0 s0#1 ready",
        "220 call 0 s0#1 first action",
        "230 call 2 ordered",
        "230 call 2 waits",
        "820 call 0 s0#1 cleared",
        "920 call 0 s0#1 available",
        "920 call 2 waits no more",
        "920 call 2 s0#1 dispatched",
        "920 call 2 s0#1 alerted",
        "980 call 2 s0#1 rolling",
        "1080 call 2 s0#1 on scene",
        "1110 call 2 s0#1 ready",
        "1110 call 2 s0#1 first action",
        "1710 call 2 s0#1 cleared",
        "1810 call 2 s0#1 available",
        "1810 call 1 waits no more",
        "1810 call 1 s0#1 dispatched",
        "1810 call 1 s0#1 alerted",
        "1870 call 1 s0#1 rolling",
        "1970 call 1 s0#1 on scene",
        "2000 call 1 s0#1 ready",
        "2000 call 1 s0#1 first action",
        "2600 call 1 s0#1 cleared",
        "2700 call 1 s0#1 available",
    ]


def test_a_unit_on_its_way_is_taken_by_a_more_urgent_call():
    assert preempt() == [
        "0 call 0 rings social at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "90 call 0 s0#1 rolling",
        "110 call 1 rings fire at d1",
        "120 call 1 answered",
        "140 call 1 ordered",
        "140 call 0 s0#1 diverted",
        "140 call 0 waits",
        "140 call 1 s0#1 dispatched",
        "140 call 1 s0#1 alerted",
        "140 call 1 s0#1 rolling",
        "290 call 1 s0#1 on scene",
        "320 call 1 s0#1 ready",
        "320 call 1 s0#1 first action",
        "920 call 1 s0#1 cleared",
        "1120 call 1 s0#1 available",
        "1120 call 0 waits no more",
        "1120 call 0 s0#1 dispatched",
        "1120 call 0 s0#1 alerted",
        "1180 call 0 s0#1 rolling",
        "1280 call 0 s0#1 on scene",
        "1310 call 0 s0#1 ready",
        "1310 call 0 s0#1 first action",
        "1910 call 0 s0#1 cleared",
        "2010 call 0 s0#1 available",
    ]


def test_work_that_was_broken_off_is_resumed_where_it_stood():
    assert preempt(True) == [
        "0 call 0 rings social at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "90 call 0 s0#1 rolling",
        "190 call 0 s0#1 on scene",
        "220 call 0 s0#1 ready",
        "220 call 0 s0#1 first action",
        "400 call 1 rings fire at d1",
        "410 call 1 answered",
        "430 call 1 ordered",
        "430 call 0 s0#1 diverted",
        "430 call 0 waits",
        "430 call 1 s0#1 dispatched",
        "430 call 1 s0#1 alerted",
        "430 call 1 s0#1 rolling",
        "530 call 1 s0#1 on scene",
        "560 call 1 s0#1 ready",
        "560 call 1 s0#1 first action",
        "1160 call 1 s0#1 cleared",
        "1360 call 1 s0#1 available",
        "1360 call 0 waits no more",
        "1360 call 0 s0#1 dispatched",
        "1360 call 0 s0#1 alerted",
        "1420 call 0 s0#1 rolling",
        "1520 call 0 s0#1 on scene",
        "1550 call 0 s0#1 ready",
        "1940 call 0 s0#1 cleared",
        "2040 call 0 s0#1 available",
    ]
