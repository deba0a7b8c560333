"""Stories of work that is broken off for a more urgent call, and of who finishes it."""

from __future__ import annotations

import pytest
from story_county import calls_at, crew, exactly, line, package, told

from rescuesim.disruption import ContactSpell, Disruption, RoadOutage
from rescuesim.errors import InputError
from rescuesim.network.states import Closure

ROAD = line([0], [1000, 2000, 3000], ends_m=[0, 1000, 2000, 3000])


@pytest.mark.parametrize(
    ("third_s", "resumes_s", "while_it"),
    [(1450, 2460, "turns out"), (1520, 2500, "drives"), (1595, 2645, "sets up")],
)
def test_a_unit_taken_again_before_it_resumes_leaves_the_work_that_was_left(third_s, resumes_s, while_it):
    # it works from 220 to 830 of 2000 s, and sets out again at 1520; that it did not get there does no work
    calls = calls_at(
        0, 800, third_s, points=[0, 1, 2], n_points=3, on_scene_s=[2000, 100, 100], priority=[2, 0, 0]
    )  # fmt: skip
    story = told(ROAD, {"s0#1": crew()}, calls, queue="preemptive", preempt_on_scene=True)
    assert f"{resumes_s} call 0 s0#1 ready" in story, while_it
    assert f"{resumes_s + 2000 - 610} call 0 s0#1 cleared" in story, while_it


class AlertsTheOtherStation:
    """Sends the first on offer, and alerts the unit of s1 to fires besides."""

    most_parallel = 1

    def choose(self, call, choices):
        return next((choice.unit for choice in choices), None)

    def also(self, call, choices):
        return [choice.unit for choice in choices if choice.unit.site == "s1"] if call.type == "fire" else []


def test_where_others_go_on_with_the_work_nobody_replaces_a_unit_alerted_in_parallel():
    # the work lasts from 220 to 5220; s1, there from 290 on, is taken at 1030, and s0 goes on to the end
    calls = calls_at(
        0,
        1000,
        points=[0, 2],
        n_points=3,
        types=["fire", "social"],
        type_code=[0, 1],
        priority=[2, 0],
        on_scene_s=[[5000, 600, 600], [100, 100, 100]],
    )
    story = told(
        line([0, 3000], [1000, 2000, 3000], ends_m=[0, 1000, 2000, 3000]),
        {"s0#1": crew("fire rescue"), "s1#1": crew("assist")},
        calls,
        queue="preemptive",
        preempt_on_scene=True,
        policy=AlertsTheOtherStation(),
        packages={
            "fire": package("fire", "fire:1", reinforcement="fire:1", reinforce_after_s=1500.0),
            "social": package("social", "assist:1"),
        },
    )
    assert [event for event in story if event.startswith(("1030", "1720", "52"))] == [
        "1030 call 1 ordered",
        "1030 call 0 s1#1 diverted",
        "1030 call 1 s1#1 dispatched",
        "1030 call 1 s1#1 alerted",
        "1030 call 1 s1#1 rolling",
        "1720 call 0 waits",
        "5220 call 0 waits no more",
        "5220 call 0 s0#1 cleared",
    ]


def test_work_that_nobody_goes_on_with_stands_still_until_a_unit_is_there_again():
    # 2000 s from 220 on; at 1030 the only unit goes by its station to the urgent call and is back there at 1650,
    # for the 1190 s that are left
    calls = calls_at(0, 1000, points=[0, 1], n_points=2, priority=[2, 0], on_scene_s=[[2000, 50], [100, 50]])
    story = told(
        line([0], [1000, 1000], ends_m=[0, 1000]),
        {"s0#1": crew()},
        calls,
        queue="preemptive",
        preempt_on_scene=True,
        packages={"fire": package("fire", "fire:1", reinforcement="fire:1", reinforce_after_s=1500.0)},
    )
    assert story[story.index("1030 call 1 ordered") :] == [
        "1030 call 1 ordered",
        "1030 call 0 s0#1 diverted",
        "1030 call 0 waits",
        "1030 call 1 s0#1 dispatched",
        "1030 call 1 s0#1 alerted",
        "1030 call 1 s0#1 rolling",
        "1230 call 1 s0#1 on scene",
        "1260 call 1 s0#1 ready",
        "1260 call 1 s0#1 first action",
        "1360 call 1 s0#1 cleared",
        "1460 call 1 s0#1 available",
        "1460 call 0 waits no more",
        "1460 call 0 s0#1 dispatched",
        "1460 call 0 s0#1 alerted",
        "1520 call 0 s0#1 rolling",
        "1620 call 0 s0#1 on scene",
        "1650 call 0 s0#1 ready",
        "1720 call 0 waits",
        "2840 call 0 waits no more",
        "2840 call 0 s0#1 cleared",
        "2940 call 0 s0#1 available",
    ]


def test_a_unit_on_the_road_whose_new_call_cannot_be_reached_any_more_drives_home():
    # the order for call 1 takes 300 s by radio; the road breaks behind d0 meanwhile, with the unit 55 of 300 s out
    radio = ContactSpell(
        place="s0", direction="order", channel="radio_370", from_s=80.0, until_s=5000.0, delay=exactly(300)
    )
    slide = RoadOutage(closure=Closure(road=1, from_m=0, to_m=999), from_s=150.0, until_s=9000.0)
    calls = calls_at(0, 60, points=[2, 1], n_points=3, on_scene_s=[2000, 100], priority=[2, 0])
    story = told(
        ROAD,
        {"s0#1": crew(turnout_s=5)},
        calls,
        queue="preemptive",
        disruption=Disruption(label="slide", roads=(slide,), contacts=(radio,)),
    )
    assert story[9:17] == [
        "90 call 0 s0#1 diverted",
        "90 call 0 waits",
        "90 call 1 s0#1 dispatched",
        "390 call 1 s0#1 no way",
        "390 call 1 waits",
        "390 call 1 s0#1 alerted by radio_370",
        "9055 call 1 s0#1 available",
        "9055 call 1 waits no more",
    ]


class LossThatPreempts:
    """Nobody waits, and an urgent call takes the unit of a less urgent one."""

    waits, preempts = False, True

    def key(self, call):
        return (call.ordered_at_s,)


def test_where_nobody_waits_a_call_whose_unit_is_taken_on_the_way_is_lost():
    calls = calls_at(0, 80, points=[2, 0], n_points=3, priority=[2, 0])
    story = told(ROAD, {"s0#1": crew()}, calls, queue=LossThatPreempts())
    assert story[1:3] == ["10 call 0 answered lost", "30 call 0 ordered"]
    assert "110 call 0 s0#1 diverted" in story
    assert "230 call 1 s0#1 on scene" in story  # 20 s back and 100 s out


def test_work_that_is_broken_off_must_be_able_to_wait_for_somebody_who_resumes_it():
    # it would be called handled, and nobody would ever finish it
    calls = calls_at(0, 400, points=[0, 1], n_points=3, priority=[2, 0])
    with pytest.raises(InputError, match="preempt_on_scene with queue LossThatPreempts: expected a queue that waits"):
        told(ROAD, {"s0#1": crew()}, calls, queue=LossThatPreempts(), preempt_on_scene=True)
