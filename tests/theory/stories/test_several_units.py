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


class AlertsTheVillage:
    """Sends the first on offer, and alerts the unit of s1 besides, whatever it can do."""

    most_parallel = 1

    def choose(self, call, choices):
        return next((choice.unit for choice in choices), None)

    def also(self, call, choices):
        return [choice.unit for choice in choices if choice.unit.site == "s1"]


def test_without_a_queue_a_call_is_not_lost_before_those_who_are_alerted_in_parallel_are_asked():
    # the second slot wants both, which nobody has; three of s0 and the village's one are the four who can start
    story = told(
        line([0, 2000], [1000], ends_m=[0, 2000]),
        {"s0#1": crew("fire", people=3), "s1#1": crew("fire", people=1)},
        calls_at(0.0, on_scene_s=[[600.0, 600, 600]]),
        packages={"fire": package("fire", "fire:3 fire+rescue:1", people_to_start=4)},
        queue="loss",
        policy=AlertsTheVillage(),
        nobody_capable="wait",
    )
    assert "30 call 0 s1#1 dispatched parallel" in story
    assert "220 call 0 s1#1 first action" in story or "220 call 0 s0#1 first action" in story


def test_without_a_queue_a_call_that_those_alerted_in_parallel_cannot_start_either_is_lost():
    story = told(
        line([0, 2000], [1000], ends_m=[0, 2000]),
        {"s0#1": crew("fire", people=3), "s1#1": crew("assist", people=1)},
        calls_at(0.0, on_scene_s=[[600.0, 600, 600]]),
        packages={"fire": package("fire", "fire:3 fire+rescue:1", people_to_start=4)},
        queue="loss",
        policy=AlertsTheVillage(),
        nobody_capable="wait",
    )
    assert story[1] == "10 call 0 answered lost"
    assert [line for line in story if "recalled" in line] == ["30 call 0 s0#1 recalled", "30 call 0 s1#1 recalled"]


def test_without_a_queue_a_call_is_lost_when_the_crew_alerted_in_parallel_that_it_counted_on_refuses():
    story = told(
        line([0, 2000], [1000], ends_m=[0, 2000]),
        {"s0#1": crew("fire", people=3), "s1#1": crew("fire", people=1, accepts=0.8, acceptance=exactly(90))},
        calls_at(0.0, on_scene_s=[[600.0, 600, 600]], accept_u=[[0.5, 0.5, 0.9]]),
        packages={"fire": package("fire", "fire:3 fire+rescue:1", people_to_start=4)},
        queue="loss",
        policy=AlertsTheVillage(),
        muster=True,
        nobody_capable="wait",
    )
    assert story[1] == "10 call 0 answered lost"
    assert [line for line in story if "refused" in line or "recalled" in line] == [
        "120 call 0 s1#1 refused",
        "120 call 0 s0#1 recalled",
    ]
