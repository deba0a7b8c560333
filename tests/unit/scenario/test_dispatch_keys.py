from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.scenario.dispatching import asked_policy, policy_faults, policy_faults_of_points
from rescuesim.scenario.model import parse_scenario
from rescuesim.scenario.sections import SimulationSection

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
