from __future__ import annotations

from pathlib import Path
from typing import get_args

import pandas as pd
import pytest

from rescuesim._words import in_language
from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.plan import Plan
from rescuesim.scenario.dispatch_words import simulated_in_words
from rescuesim.scenario.dispatching import (
    asked_options,
    asked_policy,
    policy_faults,
    policy_faults_of_points,
    simulation_options,
)
from rescuesim.scenario.model import parse_scenario
from rescuesim.scenario.sections import SimulationSection
from rescuesim.standard import load_standard

GROUPS = [{"name": "east", "members": ["甲乡", "S2"]}]


def section(**keys):
    return SimulationSection.model_validate(keys)


@pytest.mark.parametrize(
    ("keys", "policy"),
    [
        ({}, "NearestAvailable"),
        ({"policy": "nearest"}, "NearestAvailable"),
        ({"policy": "closest_capable"}, "ClosestCapable"),
        ({"policy": "jurisdiction"}, "JurisdictionFirst"),
        ({"policy": "preparedness"}, "PreparednessAware"),
        ({"policy": "mutual_aid", "groups": GROUPS}, "MutualAid"),
        ({"policy": "pooled", "groups": GROUPS}, "Pooled"),
    ],
)
def test_each_word_makes_its_policy(keys, policy):
    asked = section(**keys)
    assert policy_faults(asked) == []
    assert type(asked_policy(asked)).__name__ == policy


def test_patience_and_groups_reach_the_policy():
    asked = section(policy="pooled", groups=GROUPS, not_later_than_s=300.0)
    policy = asked_policy(asked)
    assert policy.not_later_than_s == 300.0
    assert policy.groups == {"east": frozenset({"甲乡", "S2"})}
    assert asked_policy(section(policy="jurisdiction")).not_later_than_s == 900.0


@pytest.mark.parametrize(
    ("keys", "faulty"),
    [
        ({"policy": "mutual_aid"}, ["groups"]),
        ({"groups": GROUPS}, ["groups"]),
        ({"policy": "nearest", "not_later_than_s": 60.0}, ["not_later_than_s"]),
        ({"policy": "mutual_aid", "groups": GROUPS * 2, "not_later_than_s": 60.0}, ["not_later_than_s", "groups"]),
    ],
)
def test_keys_that_would_do_nothing_and_groups_that_are_missing_are_said(keys, faulty):
    assert [key for key, _, _ in policy_faults(section(**keys))] == faulty


def points(township):
    site = {"id": ["S1", "S2"], "lon": [119.3, 119.4], "lat": [28.7, 28.7], "township": ["甲乡", "乙乡"]}
    place = {"id": ["a"], "lon": [119.3], "lat": [28.7], "people": [10], "township": [township]}
    return load_sites(pd.DataFrame(site)), load_demand(pd.DataFrame(place))


def test_members_that_do_not_exist_are_named_before_anything_is_sited():
    asked = section(policy="mutual_aid", groups=[*GROUPS, {"name": "west", "members": ["丙乡"]}])
    ((key, value, expected),) = policy_faults_of_points(asked, *points("甲乡"))
    assert (key, value) == ("groups.1.members", "丙乡")
    assert "甲乡" in expected


def test_jurisdiction_asks_for_townships():
    assert policy_faults_of_points(section(policy="jurisdiction"), *points("甲乡")) == []
    ((key, _, expected),) = policy_faults_of_points(section(policy="jurisdiction"), *points(""))
    assert key == "policy"
    assert "township" in expected


def test_a_fault_of_the_policy_stands_with_its_line(tmp_path: Path):
    file = tmp_path / "scenario.toml"
    file.write_text(
        'name = "n"\n[network]\nfile = "a.osm"\n[sites]\nfile = "s.csv"\n[demand]\nfile = "d.csv"\n'
        '[siting]\nn_sites = 1\n[simulation]\npolicy = "nearest"\nnot_later_than_s = 60.0\n',
        encoding="utf-8",
    )
    for name in ("a.osm", "s.csv", "d.csv"):
        (tmp_path / name).touch()
    _, faults = parse_scenario(file)
    assert [(fault.column, fault.row) for fault in faults] == [("simulation.not_later_than_s", 12)]


def plan_of(*crews):
    rows = {"id": [f"s{n}" for n in range(len(crews))], "lon": 119.3, "lat": 28.7, "crew": list(crews)}
    return Plan.today(load_sites(pd.DataFrame({**rows, "status": "existing"})))


def test_units_on_top_that_one_plan_cannot_man_are_left_out_of_all_and_it_is_said():
    asked, standard = section(packages="formation"), load_standard(inner="quick_rescue_135", outer="circle_15min")
    without, with_ = plan_of("brigade"), plan_of("brigade", "ambulance")
    options, (note,) = asked_options(asked, [without, with_], standard)
    assert [str(need) for need in options["packages"]["rescue"].needs] == [
        "rescue:3",
        "assist:2",
        "rescue:3",
        "rescue:3",
    ]
    assert "medical care (2 people)" in note
    assert "抢险救援的出动编成" in in_language(note, "zh")
    options, notes = asked_options(asked, [with_], standard)
    assert str(options["packages"]["rescue"].needs[-1]) == "medical:2"
    assert notes == ()


def test_what_is_sent_at_once_is_never_left_out():
    standard = load_standard(inner="quick_rescue_135", outer="circle_15min")
    options, _ = asked_options(section(packages="formation"), [plan_of("township_duty")], standard)
    assert str(options["packages"]["fire"].first[0]) == "fire:3"


@pytest.mark.parametrize("key", ["queue", "packages", "information", "policy", "divertible", "muster", "move_up"])
def test_every_choice_is_said_in_both_languages_and_tells_itself_from_the_others(key):
    field = SimulationSection.model_fields[key]
    choices = [True, False] if field.annotation is bool else get_args(field.annotation)
    for lang in ("zh", "en"):
        said = set()
        for choice in choices:
            groups = GROUPS if choice in ("mutual_aid", "pooled") else []
            lines = simulated_in_words(section(**{key: choice, "groups": groups}), [("intact", 3, 86_400.0)])
            told = "\n".join(in_language(line, lang) for line in lines)
            assert "{" not in told
            said.add(told)
        assert len(said) == len(choices)


def test_how_much_is_simulated_is_said_in_days_or_hours():
    lines = simulated_in_words(section(), [("intact", 3, 30 * 86_400.0), ("暴雨", 5, 72 * 3600.0)])
    assert lines[0].startswith("Simulated: intact, 3 replications of 30 days; 暴雨, 5 replications of 72 h; every plan")
    assert in_language(lines[0], "zh") == "仿真量：正常 3 次 × 30 天；暴雨 5 次 × 72 小时；各方案面对同一批呼叫。"


def test_calls_that_nobody_can_serve_may_be_asked_for_in_a_scenario():
    assert simulation_options(section(nobody_capable="wait")) == {"nobody_capable": "wait"}
    assert simulation_options(section()) == {}
