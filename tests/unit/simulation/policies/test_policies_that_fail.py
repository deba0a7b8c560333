"""A policy that fails is refused on paper where it can be seen, and else stopped with the moment, call and unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rescuesim.errors import InputError
from rescuesim.simulation import Fleet, Move, RoadTimes, Setting, Unit, run_replication, simulate
from rescuesim.simulation.policies import check_policies


class Does:
    """Does as a function says, as a policy, a queue or a move-up policy."""

    waits, preempts, most_parallel = True, False, 2

    def __init__(self, does):
        self.does = does


class Chooses(Does):
    def choose(self, call, choices):
        return self.does(call, choices)


class Sorts(Does):
    def key(self, call):
        return self.does(call)


class Moves(Does):
    def moves(self, view):
        return self.does(view)


def first(choices):
    return next((choice.unit for choice in choices), None)


def fails(*_):
    return 1 / 0


STRANGER = Unit(id="x#1", site="x", crew=None)


@pytest.fixture
def two(hand):
    units = (hand.unit("s"), hand.unit("t"))
    return hand.world(units)


def refusal(world, **given):
    with pytest.raises(InputError) as caught:
        check_policies(world, **given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("does", "message"),
    [
        (fails, "expected one of the units on offer (t#1) or None; it raised ZeroDivisionError: division by zero"),
        (lambda call, choices: first(choices) or fails(), "expected None where nobody is on offer; it raised ZeroDivi"),
        (lambda call, choices: 42, "it chose 42, which is no unit of the fleet"),
        (lambda call, choices: STRANGER, "it chose 'x#1', which is no unit of the fleet"),
        (
            lambda call, choices: fails() if call.now_s else None,
            "policy Chooses raised ZeroDivisionError: division by zero; asked at 86400 s for the call of type",
        ),
        (lambda call, choices: None, "at the order and a day later, it returned None for each of 5 calls"),
    ],
)
def test_a_policy_that_fails_on_paper_is_refused_before_the_first_event(two, does, message):
    assert message in refusal(two, policy=Chooses(does))


def test_a_check_of_its_own_that_fails_is_told(two):
    class Checks(Chooses):
        def check(self, world):
            return None

    said = refusal(two, policy=Checks(lambda call, choices: first(choices)))
    assert said.startswith(
        "column policy: 'Checks', expected a check(world) that returns a list of Fault; it raised TypeE"
    )


def test_a_policy_that_lets_calls_wait_for_an_hour_is_none_that_sends_nobody(two):
    check_policies(two, policy=Chooses(lambda call, choices: first(choices) if call.now_s >= 3600 else None))


@pytest.mark.parametrize(
    ("does", "message"),
    [
        (fails, "queue Sorts raised ZeroDivisionError: division by zero; asked at 0 s for the call of type"),
        (lambda call: None, "queue: 'Sorts', expected keys that can be compared"),
        (lambda call: call.type if call.type == "fire" else 1.0, "queue: 'Sorts', expected keys that can be compared"),
    ],
)
def test_a_queue_whose_keys_cannot_be_sorted_is_refused_before_the_first_event(two, does, message):
    assert message in refusal(two, queue=Sorts(does))


@pytest.mark.parametrize(
    ("does", "message"),
    [
        (fails, "move_up Moves raised ZeroDivisionError: division by zero; asked at 0 s"),
        (lambda view: None, "move_up Moves returned None at 0 s; expected moves, an empty list for none"),
        (lambda view: [3], "move_up Moves returned 3 at 0 s; expected Move(unit, site id)"),
        (lambda view: [Move(STRANGER, "s1")], "it moves 'x#1' to 's1', which is no unit of the fleet"),
        (lambda view: [Move(view.fleet.units[0], "s9")], "one of s1, s2 (did you mean s2?); it moves 's1#1' to 's9'"),
        (lambda view: [Move(view.fleet.units[0], "s2")], "it moves 's1#1' to 's2', which is away"),
    ],
)
def test_moves_that_cannot_be_made_are_refused_before_the_first_event(valley, does, message):
    given = {name: getattr(valley, name) for name in ("network", "demand", "standard")}
    with pytest.raises(InputError) as caught:
        simulate(valley.plan("s1", "s2"), calls=valley.calls(10.0), replications=1, move_up=Moves(does), **given)
    assert message in str(caught.value)


def replicate(valley, **given):
    fleet = Fleet.from_plan(valley.plan("s1", "s2"), valley.standard.crews)
    roads = RoadTimes.from_matrix([[1.0], [2.0]], sites=["s1", "s2"], points=["d"])
    roads = replace(roads, between_s=(np.array([[0.0, 5.0], [5.0, 0.0]]),))
    queue = given.pop("queue", "fifo")
    setting = Setting(chain=valley.standard.chain, horizon_s=9e4, queue=queue)
    calls = valley.calls(10.0, 20.0, 30.0, turnout_z=[[0.0] * 3] * 3)
    with pytest.raises(InputError) as caught:
        run_replication(fleet, calls, roads, setting, **given)
    return str(caught.value)


def test_a_policy_that_fails_later_is_stopped_with_the_moment_and_the_call(valley):
    late = Chooses(lambda call, choices: first(choices) if call.now_s < 45 else fails())
    assert replicate(valley, policy=late) == (
        "policy Chooses raised ZeroDivisionError: division by zero; asked at 50 s for the call of type fire at d, "
        "ordered at 50 s, slot 0"
    )
    odd = Chooses(lambda call, choices: 42)
    assert replicate(valley, policy=odd).startswith(
        "policy Chooses chose 42; expected a unit on offer or None; asked at"
    )


def test_a_policy_that_chooses_a_busy_unit_is_stopped_with_the_moment_the_call_and_the_unit(valley):
    taken = []

    def again(call, choices):
        taken.append(first(choices))
        return taken[0]

    assert replicate(valley, policy=Chooses(again)) == (
        "policy Chooses chose unit 's1#1', which is busy; expected one on offer; asked at 50 s for the call of type "
        "fire at d, ordered at 50 s, slot 0"
    )


def test_units_alerted_in_parallel_that_are_none_are_told_with_the_moment_and_the_call(valley):
    class Alerts(Chooses):
        def also(self, call, choices):
            return [3]

    said = replicate(valley, policy=Alerts(lambda call, choices: first(choices)))
    assert said.startswith("policy Alerts, also: alerts 3; expected units on offer; asked at 40 s for the call")


def test_a_queue_that_fails_later_is_stopped_with_the_moment_and_the_call(valley):
    said = replicate(valley, queue=Sorts(fails))
    assert said.startswith("queue Sorts raised ZeroDivisionError: division by zero; asked at 60 s for the call of type")


def test_moves_that_fail_later_are_stopped_with_the_moment(valley):
    said = replicate(valley, move_up=Moves(lambda view: [Move(view.fleet.units[0], "s9")]))
    assert said.startswith("move_up Moves at 40 s moves unit 's1#1' to 's9': it stands at no site")
