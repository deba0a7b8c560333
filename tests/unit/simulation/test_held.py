"""Why no unit went at the order of a call: each cause alone, and the one that came closest to going."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rescuesim.crew import default_crews
from rescuesim.disruption import ContactSpell, SiteOutage
from rescuesim.simulation import CallLog, Fleet, ResponsePackage, RoadTimes, Unit, UnitNeed
from rescuesim.simulation.held import held_by, silent_calls

CREWS = default_crews()
THERE = {name: replace(CREWS[name], availability={"day": 1.0, "night": 1.0}) for name in ("brigade", "village_on_call")}
NEVER = replace(CREWS["brigade"], availability={"day": 0.0, "night": 0.0})
NAN, INF = float("nan"), float("inf")


def why(units: list[Unit], out_s: list[list[float]], *, busy: tuple[int, ...] = (), **other: Any) -> str:
    """Order one fire at 100 s, to which nobody is sent; the given units have been on a task since 50 s."""
    fleet = Fleet(units=tuple(units))
    calls = CallLog.from_draws(["a"], ["fire"], arrived_at_s=[60.0])
    roads = RoadTimes.from_matrix(out_s, sites=list(fleet.sites), points=["a"])
    asked: dict[str, Any] = {
        "ordered_s": np.array([100.0]),
        "dispatched_s": np.array([NAN]),
        "task_unit": np.array(busy, dtype=np.int64),
        "task_from_s": np.full(len(busy), 50.0),
        "task_until_s": np.full(len(busy), 900.0),
        "horizon_s": 3600.0,
        "seed": 0,
        "replication": 0,
    }
    return held_by(fleet, calls, roads, **{**asked, **other})[0]


def unit(site: str, crew: Any = THERE["brigade"]) -> Unit:
    return Unit(id=f"{site}#1", site=site, crew=crew)


def test_each_cause_is_told() -> None:
    assert why([unit("s")], [[90.0]], busy=(0,)) == "busy"
    assert why([unit("s", NEVER)], [[90.0]]) == "absent"
    assert why([unit("s")], [[INF]]) == "no_way"
    assert why([unit("s")], [[90.0]], untold=[SiteOutage(site="s", from_s=0.0, until_s=101.0)]) == "not_told"
    assert why([unit("s", THERE["village_on_call"])], [[90.0]]) == "not_capable"


def test_who_is_capable_is_said_by_the_first_slot_of_the_package() -> None:
    with_rope = ResponsePackage(type="fire", first=(UnitNeed.from_text("fire+rescue:3"), UnitNeed.from_text("fire:3")))
    station, busy = unit("s", replace(THERE["brigade"], capabilities=frozenset({"fire"}))), (0,)
    assert why([station], [[90.0]], busy=busy) == "busy"
    assert why([station], [[90.0]], busy=busy, packages={"fire": with_rope}) == "not_capable"
    by_village = ResponsePackage(type="fire", first=(UnitNeed.from_text("assist:3"),))
    village = unit("v", THERE["village_on_call"])
    assert why([village], [[90.0]], busy=busy, packages={"fire": by_village}) == "busy"


def test_the_unit_that_came_closest_to_going_decides() -> None:
    every = [unit("s"), unit("t", NEVER), unit("u"), unit("v", THERE["village_on_call"])]
    assert why(every, [[90.0], [10.0], [INF], [5.0]], busy=(0,)) == "busy"
    assert why(every[1:], [[10.0], [INF], [5.0]]) == "absent"
    assert why(every[2:], [[INF], [5.0]]) == "no_way"


def test_a_unit_that_came_free_or_a_message_that_gets_through_at_the_order_holds_nobody_back() -> None:
    assert why([unit("s")], [[90.0]], busy=(0,), task_until_s=np.array([100.0])) == ""  # the policy let it wait
    assert why([unit("s")], [[90.0]], untold=[SiteOutage(site="s", from_s=0.0, until_s=100.0)]) == ""


@pytest.mark.parametrize(("ordered", "dispatched"), [(NAN, NAN), (100.0, 100.0)])
def test_a_call_that_was_never_ordered_or_served_at_once_was_not_held(ordered: float, dispatched: float) -> None:
    told = why([unit("s")], [[90.0]], busy=(0,), ordered_s=np.array([ordered]), dispatched_s=np.array([dispatched]))
    assert told == ""


def test_a_place_is_silent_only_while_nothing_carries_its_calls() -> None:
    calls = CallLog.from_draws(["a", "b"], ["fire"], arrived_at_s=[1.0, 20.0, 30.0, 40.0], point=[0, 0, 1, 0])
    spells = [
        ContactSpell(place="a", direction="call", channel="", from_s=0.0, until_s=20.0),
        ContactSpell(place="b", direction="order", channel="", from_s=0.0, until_s=99.0),
        ContactSpell(place="elsewhere", direction="call", channel="", from_s=0.0, until_s=99.0),
    ]
    assert silent_calls(calls, spells).tolist() == [True, False, False, False]


def test_who_is_busy_at_a_moment_is_found_among_many_tasks() -> None:
    fleet = Fleet(units=(unit("s"), unit("t")))
    calls = CallLog.from_draws(["a"], ["fire"], arrived_at_s=[0.0, 1.0, 2.0, 3.0])
    roads = RoadTimes.from_matrix([[90.0], [INF]], sites=["s", "t"], points=["a"])
    found = held_by(
        fleet,
        calls,
        roads,
        ordered_s=np.array([100.0, 250.0, 300.0, 450.0]),
        dispatched_s=np.full(4, NAN),
        # written in another order than that of time; the tasks of unit t play no part, it has no way
        task_unit=np.array([1, 0, 0, 1], dtype=np.int32),
        task_from_s=np.array([0.0, 300.0, 50.0, 260.0]),
        task_until_s=np.array([260.0, 400.0, 200.0, 900.0]),
        horizon_s=3600.0,
        seed=0,
        replication=0,
    )
    assert found == ("busy", "", "busy", "")
