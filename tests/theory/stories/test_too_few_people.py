"""Stories of units that come together with too few people to begin.

Worked out by hand; every line is a moment in seconds and what happens then. The start takes three, a crew has two.
"""

from __future__ import annotations

import pytest
from story_county import HOUR, calls_at, crew, exactly, line, package, told

from rescuesim.disruption import ContactSpell, Disruption

PAIR = crew(people=2)
THREE = {"fire": package("fire", "fire:3", people_to_start=3)}
ROAD = line([0, 4000], [1000, 3000], ends_m=[0, 4000])
ORDERED = ["0 call 0 rings fire at d0", "10 call 0 answered", "30 call 0 ordered"]


def by(channel, from_s, until_s, delay=None):
    return ContactSpell(place="s0", direction="order", channel=channel, from_s=from_s, until_s=until_s, delay=delay)


def test_a_pair_that_is_too_few_reports_it_on_the_scene_and_a_second_pair_lets_the_first_action_start():
    story = told(ROAD, {"s0#1": PAIR, "s1#1": PAIR}, calls_at(0), packages=THREE)
    assert story == [
        *ORDERED,
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "90 call 0 s0#1 rolling",
        "190 call 0 s1#1 dispatched further",
        "190 call 0 s1#1 alerted",
        "190 call 0 s0#1 on scene",
        "220 call 0 s0#1 ready",
        "250 call 0 s1#1 rolling",
        "550 call 0 s1#1 on scene",
        "580 call 0 s1#1 ready",
        "580 call 0 s1#1 first action",
        "1180 call 0 s0#1 cleared",
        "1180 call 0 s1#1 cleared",
        "1280 call 0 s0#1 available",
        "1480 call 0 s1#1 available",
    ]


@pytest.mark.parametrize(
    ("spells", "asked_s"),
    [
        ([by("radio_370", 100, 9000, exactly(60))], 250),
        ([by("", 100, 1000)], 1000),
        ([by("", 100, 1000), by("radio_370", 1000, 9000, exactly(60))], 1060),
        ([by("runner", 100, 9000, exactly(1500))], 1690),
    ],
)
def test_the_desk_learns_that_they_are_too_few_by_the_channel_that_works_then(spells, asked_s):
    storm = Disruption(label="storm", contacts=tuple(spells))
    story = told(ROAD, {"s0#1": PAIR, "s1#1": PAIR}, calls_at(0), packages=THREE, disruption=storm)
    assert f"{asked_s} call 0 s1#1 dispatched further" in story
    assert f"{asked_s + 390} call 0 s1#1 first action" in story


def test_a_further_unit_that_is_busy_is_waited_for():
    # s1#1 works at d1 from 220 to 820 and is home at 920
    calls = calls_at(0, 0, points=[1, 0], n_points=2, types=["social", "fire"], type_code=[0, 1])
    packages = {**THREE, "social": package("social", "assist:2")}
    story = told(ROAD, {"s0#1": PAIR, "s1#1": PAIR}, calls, packages=packages)
    waits = [line for line in story if "waits" in line or "further" in line]
    assert waits == ["190 call 1 waits", "920 call 1 waits no more", "920 call 1 s1#1 dispatched further"]
    assert "1310 call 1 s1#1 first action" in story


def test_where_nobody_else_is_capable_the_call_is_lost_and_those_who_came_go_home():
    fleet = {"s0#1": PAIR, "s1#1": crew("assist", people=9)}
    story = told(ROAD, fleet, calls_at(0), packages=THREE, nobody_capable="wait")
    assert story == [
        ORDERED[0],
        "10 call 0 answered lost",
        ORDERED[2],
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "90 call 0 s0#1 rolling",
        "190 call 0 s0#1 recalled",
        "190 call 0 s0#1 on scene",
        "290 call 0 s0#1 available",
    ]


def test_two_calls_that_hold_one_pair_each_do_not_wait_for_each_other_for_ever():
    # after an hour without a second pair the first is given up, and its pair lets the other begin
    calls = calls_at(0, 150, points=[0, 1], n_points=2)
    story = told(ROAD, {"s0#1": PAIR, "s1#1": PAIR}, calls, packages=THREE)
    assert story[1] == "10 call 0 answered lost"
    late = [line for line in story if float(line.split()[0]) > 600]
    assert late == [
        f"{190 + HOUR:g} call 0 s0#1 recalled",
        f"{190 + HOUR:g} call 0 waits no more",
        f"{290 + HOUR:g} call 0 s0#1 available",
        f"{290 + HOUR:g} call 1 waits no more",
        f"{290 + HOUR:g} call 1 s0#1 dispatched further",
        f"{290 + HOUR:g} call 1 s0#1 alerted",
        f"{350 + HOUR:g} call 1 s0#1 rolling",
        f"{650 + HOUR:g} call 1 s0#1 on scene",
        f"{680 + HOUR:g} call 1 s0#1 ready",
        f"{680 + HOUR:g} call 1 s0#1 first action",
        f"{1280 + HOUR:g} call 1 s0#1 cleared",
        f"{1280 + HOUR:g} call 1 s1#1 cleared",
        f"{1380 + HOUR:g} call 1 s1#1 available",
        f"{1580 + HOUR:g} call 1 s0#1 available",
    ]


def test_two_calls_that_hold_one_full_crew_each_do_not_wait_for_each_other_for_ever_either():
    # four are wanted, three come; the second slots wait in line. The crews are ready at 320 and 470
    calls = calls_at(0, 150, points=[0, 1], n_points=2, on_scene_s=[[600.0, 600]] * 2)
    packages = {"fire": package("fire", "fire:3 fire:3", people_to_start=4)}
    units = {"s0#1": crew(people=3, turnout_s=160), "s1#1": crew(people=3, turnout_s=160)}
    story = told(ROAD, units, calls, packages=packages, policy=OneEach())
    assert story[1] == "10 call 0 answered lost"
    assert f"{320 + HOUR:g} call 0 s0#1 recalled" in story
    assert f"{420 + HOUR:g} call 1 s0#1 dispatched" in story
    assert any("call 1" in line and "first action" in line for line in story)


class OneEach:
    """Sends each station to its own point, and seconds later on only."""

    def choose(self, call, choices):
        own = {"d0": "s0", "d1": "s1"}[call.demand_id]
        if call.slot:
            return next((choice.unit for choice in choices if call.now_s > 1000), None)
        return next((choice.unit for choice in choices if choice.unit.site == own), None)


def test_where_a_crew_that_only_helps_is_short_nobody_else_is_asked_in_its_place():
    # one of the two who assist is missing; the second pair of firemen is asked for when the first has come
    packages = {"fire": package("fire", "fire:3 assist:2", people_to_start=3)}
    units = {"s0#1": crew("assist", people=1), "s1#1": crew("fire", people=2), "s1#2": crew("fire", people=2)}
    story = told(ROAD, units, calls_at(0, on_scene_s=[[600.0, 600]]), packages=packages)
    assert [line for line in story if "dispatched" in line] == [
        "30 call 0 s0#1 dispatched",
        "30 call 0 s1#1 dispatched",
        "390 call 0 s1#2 dispatched further",
    ]
    assert "780 call 0 s1#2 first action" in story


def test_a_short_crew_in_another_slot_is_made_up_for_by_a_unit_that_lets_the_call_begin():
    # s0#1 takes the first slot, s0#2 that of those who assist; one and one are there, and two of s1 let them begin
    packages = {"fire": package("fire", "fire:3 assist:2", people_to_start=3)}
    units = {"s0#1": crew(people=1), "s0#2": crew(people=1), "s1#1": crew("fire", people=2)}
    story = told(ROAD, units, calls_at(0, on_scene_s=[[600.0, 600]]), packages=packages)
    assert "190 call 0 s1#1 dispatched further" in story
    assert "580 call 0 s1#1 first action" in story


def test_they_stay_beyond_the_hour_while_a_further_unit_is_on_its_way():
    # the second pair turns out for 4000 s
    units = {"s0#1": PAIR, "s1#1": crew(people=2, turnout_s=4000)}
    story = told(ROAD, units, calls_at(0), packages=THREE)
    assert "4490 call 0 s1#1 on scene" in story
    assert "4520 call 0 s1#1 first action" in story


def test_the_reply_of_a_crew_alerted_in_parallel_that_was_counted_on_asks_for_another():
    # s1 says no at 500; until then two and one are enough
    class AlertsOne:
        most_parallel = 1

        def choose(self, call, choices):
            return next((choice.unit for choice in choices), None)

        def also(self, call, choices):
            return [choice.unit for choice in choices if choice.unit.site == "s1"]

    units = {"s0#1": PAIR, "s1#1": crew(people=1, accepts=0.8, acceptance=exactly(470)), "s2#1": PAIR}
    story = told(
        line([0, 2000, 4000], [1000], ends_m=[0, 4000]),
        units,
        calls_at(0, on_scene_s=[[600.0, 600]], accept_u=[[0.5, 0.9]]),
        packages=THREE,
        policy=AlertsOne(),
        muster=True,
    )
    assert [line for line in story if "refused" in line or "further" in line] == [
        "500 call 0 s1#1 refused",
        "500 call 0 s2#1 dispatched further",
    ]


def test_who_is_recalled_as_the_call_is_cleared_is_not_sent_to_its_slots_that_wait():
    # three slots, two units; s1 has not turned out when s0 is done, and the third slot is wanted no more
    packages = {"fire": package("fire", "fire:1 fire:1 fire:1")}
    units = {"s0#1": crew(), "s1#1": crew(turnout_s=5000)}
    story = told(ROAD, units, calls_at(0, on_scene_s=[[600.0] * 3]), packages=packages)
    assert [line for line in story if "wait" in line or "recalled" in line] == [
        "30 call 0 waits",
        "820 call 0 s1#1 recalled",
        "820 call 0 waits no more",
    ]
    assert sum("dispatched" in line for line in story) == 2
