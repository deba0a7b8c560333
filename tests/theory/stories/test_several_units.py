"""Several units: a second from another station, escalation, recall, loss.

Worked out by hand; every line is a moment in seconds and what happens then.
"""

from __future__ import annotations

from story_county import calls_at, crew, exactly, line, package, told


def second():
    j = line([0, 4000], [1000], ends_m=[0, 4000])
    p = {"fire": package("fire", "fire:3 fire:3", people_to_start=4)}
    return told(
        j, {"s0#1": crew(people=3), "s1#1": crew(people=3)}, calls_at(0.0, on_scene_s=[[600.0, 300.0]]), packages=p
    )


def escal():
    j = line([0, 6000], [1000], ends_m=[0, 6000])
    p = {
        "fire": package(
            "fire",
            "fire:3",
            reinforcement="fire:3",
            reinforce_after_s=300.0,
            escalation="rescue:1",
            escalate_after_s=500.0,
            command_post=exactly(200),
        )
    }
    return told(
        j,
        {"s0#1": crew("fire", people=3), "s0#2": crew("fire", people=3), "s1#1": crew("rescue")},
        calls_at(0.0, on_scene_s=[[1800.0, 600, 600]]),
        packages=p,
    )


def recall():
    j = line([0, 9000], [1000], ends_m=[0, 9000])
    p = {"fire": package("fire", "fire:1 fire:1")}
    return told(j, {"s0#1": crew(), "s1#1": crew()}, calls_at(0.0, on_scene_s=[[300.0, 600]]), packages=p)


def loss():
    j = line([0], [1000], ends_m=[0, 1000])
    p = {"fire": package("fire", "fire:3 fire:3", people_to_start=4)}
    calls, asked = calls_at(0.0, on_scene_s=[[600.0, 300.0]]), {"packages": p, "nobody_capable": "wait"}
    return told(j, {"s0#1": crew(people=3)}, calls, queue="loss", **asked)


def test_the_first_action_waits_for_the_people_of_a_second_unit_from_another_station():
    assert second() == [
        "0 call 0 rings fire at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s1#1 dispatched",
        "30 call 0 s0#1 alerted",
        "30 call 0 s1#1 alerted",
        "90 call 0 s0#1 rolling",
        "90 call 0 s1#1 rolling",
        "190 call 0 s0#1 on scene",
        "220 call 0 s0#1 ready",
        "390 call 0 s1#1 on scene",
        "420 call 0 s1#1 ready",
        "420 call 0 s1#1 first action",
        "1020 call 0 s0#1 cleared",
        "1020 call 0 s1#1 cleared",
        "1120 call 0 s0#1 available",
        "1320 call 0 s1#1 available",
    ]


def test_a_long_call_is_reinforced_and_after_a_command_post_escalated():
    assert escal() == [
        "0 call 0 rings fire at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "90 call 0 s0#1 rolling",
        "190 call 0 s0#1 on scene",
        "220 call 0 s0#1 ready",
        "220 call 0 s0#1 first action",
        "520 call 0 s0#2 dispatched reinforcement",
        "520 call 0 s0#2 alerted",
        "580 call 0 s0#2 rolling",
        "680 call 0 s0#2 on scene",
        "710 call 0 s0#2 ready",
        "920 call 0 s1#1 dispatched escalation",
        "920 call 0 s1#1 alerted",
        "980 call 0 s1#1 rolling",
        "1480 call 0 s1#1 on scene",
        "1510 call 0 s1#1 ready",
        "2020 call 0 s0#1 cleared",
        "2020 call 0 s0#2 cleared",
        "2020 call 0 s1#1 cleared",
        "2120 call 0 s0#1 available",
        "2120 call 0 s0#2 available",
        "2520 call 0 s1#1 available",
    ]


def test_a_unit_that_is_still_on_its_way_when_the_call_is_cleared_is_recalled():
    assert recall() == [
        "0 call 0 rings fire at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s1#1 dispatched",
        "30 call 0 s0#1 alerted",
        "30 call 0 s1#1 alerted",
        "90 call 0 s0#1 rolling",
        "90 call 0 s1#1 rolling",
        "190 call 0 s0#1 on scene",
        "220 call 0 s0#1 ready",
        "220 call 0 s0#1 first action",
        "520 call 0 s1#1 recalled",
        "520 call 0 s0#1 cleared",
        "620 call 0 s0#1 available",
        "950 call 0 s1#1 available",
    ]


def test_without_a_queue_a_call_that_cannot_start_is_lost_and_its_unit_stands_down():
    assert loss() == [
        "0 call 0 rings fire at d0",
        "10 call 0 answered lost",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "30 call 0 s0#1 recalled",
        "30 call 0 s0#1 available",
    ]


def test_a_unit_alone_with_fewer_people_than_the_start_takes_does_not_start():
    road = line([0], [1000], ends_m=[0, 1000])
    for people, starts in ((2, False), (3, True)):
        asked = {"packages": {"fire": package("fire", "fire:3", 3)}, "nobody_capable": "wait"}
        story = told(road, {"s0#1": crew(people=people)}, calls_at(0), **asked)
        assert "220 call 0 s0#1 ready" in story
        assert ("220 call 0 s0#1 first action" in story) is starts
