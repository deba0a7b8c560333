"""The search over orders, on worths that are made up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from rescuesim.disruption.repair.choosing import Schedule
from rescuesim.disruption.repair.optimised import Judged, best_order

HOURS = (4.0, 1.0, 6.0, 2.0, 3.0, 5.0, 2.5)
PEOPLE = (100.0, 90.0, 600.0, 20.0, 300.0, 45.0, 40.0)


def judge(order: Sequence[int]) -> Judged:
    """Work on one job after the other: people are back when their job is done."""
    done, area = 0.0, 0.0
    for job in order:
        done += HOURS[job]
        area += PEOPLE[job] * (100 - done)
    return Judged(schedule=Schedule(spells=(), done=(), levels=(), begun=tuple(order)), area_person_h=area)


@pytest.mark.parametrize("n", [3, 5, 7])
@pytest.mark.parametrize("all_up_to", [0, 7])
def test_without_driving_it_is_the_order_of_people_per_hour(n: int, all_up_to: int) -> None:
    start = {"as given": judge(range(n))}
    found = best_order(n, judge, start, free=range(n), try_all_up_to=all_up_to, most_tried=1000)
    expected = sorted(range(n), key=lambda job: -PEOPLE[job] / HOURS[job])
    assert found.judged.schedule.begun == tuple(expected)
    assert found.all_orders == (all_up_to == 7)
    assert found.came_from == "search"


def test_a_rule_that_is_the_best_already_is_named() -> None:
    expected = sorted(range(5), key=lambda job: -PEOPLE[job] / HOURS[job])
    found = best_order(
        5, judge, {"bad": judge(expected[::-1]), "good": judge(expected)}, free=range(5), try_all_up_to=6, most_tried=9
    )
    assert found.came_from == "good"


def test_the_number_of_lists_that_are_tried_is_kept() -> None:
    tried = 0

    def counted(order: Sequence[int]) -> Judged:
        nonlocal tried
        tried += 1
        return judge(order)

    found = best_order(7, counted, {"as given": judge(range(7))}, free=range(7), try_all_up_to=0, most_tried=10)
    assert tried == 10
    assert found.tried == 11
    assert not found.all_orders


def test_an_interrupt_leaves_the_best_so_far_and_claims_no_more() -> None:
    tried = 0

    def interrupted(order: Sequence[int]) -> Judged:
        nonlocal tried
        tried += 1
        if tried == 5:
            raise KeyboardInterrupt
        return judge(order)

    start = judge(range(5))
    found = best_order(5, interrupted, {"as given": start}, free=range(5), try_all_up_to=6, most_tried=9)
    assert not found.all_orders
    assert found.judged.area_person_h >= start.area_person_h


def test_a_planned_list_that_is_better_than_the_rules_is_named_and_improved_on() -> None:
    expected = sorted(range(7), key=lambda job: -PEOPLE[job] / HOURS[job])
    almost = [expected[0], expected[2], expected[1], *expected[3:]]
    rules = {"as given": judge(range(7))}
    options: dict[str, Any] = {"free": range(7), "try_all_up_to": 0}
    found = best_order(7, judge, rules, most_tried=1, planned=[(almost, judge(almost))], **options)
    assert found.came_from == "plan"
    assert found.tried == 3
    found = best_order(7, judge, rules, most_tried=50, planned=[(almost, judge(almost))], **options)
    assert found.judged.schedule.begun == tuple(expected)


def test_when_the_time_is_up_the_best_so_far_is_returned() -> None:
    worst = sorted(range(7), key=lambda job: PEOPLE[job] / HOURS[job])
    for all_up_to in (0, 7):
        asked = 0

        def is_over() -> bool:
            nonlocal asked
            asked += 1
            return asked > 4

        rules = {"worst": judge(worst)}
        found = best_order(7, judge, rules, free=range(7), try_all_up_to=all_up_to, most_tried=1000, is_over=is_over)
        assert not found.all_orders
        assert found.judged.area_person_h > rules["worst"].area_person_h
        assert found.tried <= 6


def test_an_interrupt_while_planning_leaves_the_best_so_far() -> None:
    good = sorted(range(7), key=lambda job: -PEOPLE[job] / HOURS[job])

    def planned() -> Iterator[tuple[list[int], Judged]]:
        yield good, judge(good)
        raise KeyboardInterrupt

    found = best_order(
        7, judge, {"as given": judge(range(7))}, free=range(7), try_all_up_to=0, most_tried=9, planned=planned()
    )
    assert found.came_from == "plan"
    assert not found.all_orders
