from __future__ import annotations

import math
from dataclasses import replace

import pytest

from rescuesim.crew import default_crews
from rescuesim.errors import InputError
from rescuesim.simulation import ResponsePackage, UnitNeed, default_packages
from rescuesim.simulation.calls import call_needs
from rescuesim.simulation.checks.packages import check_packages
from rescuesim.simulation.packages import single_unit_packages

FIRE, ASSIST = UnitNeed.from_text("fire:3"), UnitNeed.from_text("assist:2")


def package(**changes):
    return ResponsePackage(**({"type": "fire", "first": (FIRE, ASSIST)} | changes))


def test_every_call_type_has_a_package_whose_first_unit_is_capable_of_the_call():
    for packages in (default_packages(), single_unit_packages()):
        assert set(packages) == set(call_needs())
        assert all(found.starts_with == call_needs()[name] for name, found in packages.items())


def test_slots_are_numbered_through_the_tiers():
    found = package(reinforcement=(FIRE,), reinforce_after_s=60.0, escalation=(FIRE, ASSIST), escalate_severity=3.0)
    tiers = [list(found.slots(tier)) for tier in ("first", "reinforcement", "escalation")]
    assert tiers == [[0, 1], [2], [3, 4]]
    assert [str(need) for need in found.needs] == ["fire:3", "assist:2", "fire:3", "fire:3", "assist:2"]


def test_a_tier_is_asked_for_at_once_when_it_is_severe_and_else_after_its_time():
    found = package(
        reinforcement=(FIRE,),
        reinforce_severity=2.0,
        reinforce_after_s=600.0,
        escalation=(FIRE,),
        escalate_severity=4.0,
    )
    assert [found.asked_after_s("reinforcement", severity=severity) for severity in (1.9, 2.0)] == [600.0, 0.0]
    assert [found.asked_after_s("escalation", severity=severity) for severity in (3.9, 4.0)] == [math.inf, 0.0]
    assert package().asked_after_s("reinforcement", severity=9.0) == math.inf


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "fires"}, "did you mean fire"),
        ({"first": ()}, "at least one unit"),
        ({"people_to_start": 4}, "from 1 to 3"),
        ({"reinforcement": (FIRE,)}, "never asked for"),
        ({"escalate_after_s": math.nan}, "escalate_after_s"),
        ({"command_post": -1.0}, "command_post"),
    ],
)
def test_a_package_that_cannot_be_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        package(**changes)


@pytest.mark.parametrize("text", ["water:3", "fire:0", "fire:x", ":3"])
def test_a_need_that_cannot_be_read_is_refused(text):
    with pytest.raises(InputError, match="expected"):
        UnitNeed.from_text(text)


def test_a_capability_nobody_has_a_missing_package_and_too_few_draws_are_told_at_once():
    crews = default_crews()
    diving = package(first=(UnitNeed(capabilities=frozenset({"fire", "medical"})), ASSIST))
    with pytest.raises(InputError) as caught:
        check_packages({"fire": diving}, types=["fire", "rescue"], crews=[crews["brigade"]], n_slots=1)
    message = str(caught.value)
    assert "slot 0: 'fire+medical:1'" in message
    assert "column rescue" in message
    assert "2 unit slots" in message
    check_packages(default_packages(), types=["fire", "rescue"], crews=crews.values(), n_slots=5)


def test_packages_are_refused_whose_first_action_takes_more_people_than_all_crews_bring():
    small = replace(default_crews()["brigade"], people=2)
    with pytest.raises(InputError, match=r"people_to_start: '3', expected at most 2"):
        check_packages({"fire": package(people_to_start=3, first=(FIRE,))}, types=["fire"], crews=[small], n_slots=5)
    two = package(people_to_start=4, first=(FIRE, FIRE))
    check_packages({"fire": two}, types=["fire"], crews=[small, small], n_slots=5)
    with_others = [small, default_crews()["brigade"]]
    check_packages({"fire": package(people_to_start=3)}, types=["fire"], crews=with_others, n_slots=5)
