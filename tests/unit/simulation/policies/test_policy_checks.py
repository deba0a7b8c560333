from __future__ import annotations

import pytest

from rescuesim.errors import InputError
from rescuesim.simulation import (
    ComplianceTable,
    Fleet,
    JurisdictionFirst,
    MutualAid,
    NearestAvailable,
    NearestUncovered,
    NoMoveUp,
    PreparednessAware,
    RoadTimes,
    Setting,
    run_replication,
    simulate,
)
from rescuesim.simulation.policies import FirstOrdered, check_policies, for_replication


@pytest.fixture
def here(hand):
    units = [hand.unit("s", township="甲乡"), hand.unit("t", township="乙乡")]
    return hand.world(units, townships={"a": "甲乡"}, weights={"a": 1.0})


class TakesOneTooFew:
    def choose(self, call):
        return None


@pytest.mark.parametrize(
    "given",
    [
        {"policy": object()},
        {"policy": "nearest"},
        {"policy": NearestAvailable},  # the class instead of an object of it
        {"policy": TakesOneTooFew()},
        {"queue": NearestAvailable()},
        {"move_up": NearestAvailable()},
    ],
)
def test_an_object_without_its_method_is_refused(here, given):
    role = next(iter(given))
    method = {"policy": r"choose\(call, choices\)", "queue": r"key\(call\)", "move_up": r"moves\(view\)"}[role]
    with pytest.raises(InputError, match=rf"column {role}: .* expected an object with a method {method}"):
        check_policies(here, **given)


def test_sound_policies_pass(here):
    check_policies(here, policy=JurisdictionFirst(), queue=FirstOrdered(), move_up=NoMoveUp())
    check_policies(here, policy=MutualAid({"g": ["甲乡", "乙乡"]}), move_up=ComplianceTable({2: ["s", "t"]}))
    check_policies(here, policy=PreparednessAware(), move_up=NearestUncovered())


def test_groups_that_name_unknown_townships_are_refused_all_at_once(here):
    with pytest.raises(InputError, match="2 faults") as raised:
        check_policies(here, policy=MutualAid({"g": ["甲乡", "丁乡"], "h": ["戊乡"]}))
    assert [fault.value for fault in raised.value.faults] == ["丁乡", "戊乡"]


def test_points_that_belong_to_no_township_and_no_group_are_refused(hand):
    world = hand.world([hand.unit("s", township="甲乡")], [[1.0, 2.0]], ("a", "b"), townships={"a": "甲乡"})
    with pytest.raises(InputError, match="'b', expected a township, or to be a member of a group"):
        check_policies(world, policy=MutualAid({"g": ["甲乡"]}))
    check_policies(world, policy=MutualAid({"g": ["甲乡", "b"]}))
    check_policies(world, policy=JurisdictionFirst())


def test_a_policy_that_would_silently_be_another_one_is_refused(hand):
    bare = hand.world([hand.unit("s", "township_duty")])
    for given, message in [
        ({"policy": JurisdictionFirst()}, "NearestAvailable says what happens"),
        ({"policy": PreparednessAware()}, "a weight above 0"),
        ({"move_up": NearestUncovered(crews=["township_duty"])}, "a weight above 0"),
        ({"move_up": ComplianceTable({1: ["s"]})}, "one of township_duty"),
    ]:
        with pytest.raises(InputError, match=message):
            check_policies(bare, **given)


def test_a_compliance_table_that_names_unknown_sites_or_more_units_than_there_are_is_refused(here):
    with pytest.raises(InputError, match="2 faults") as raised:
        check_policies(here, move_up=ComplianceTable({2: ["s", "x"], 3: ["s", "t"]}))
    assert [str(fault.column) for fault in raised.value.faults] == ["row 2", "row 3"]


def test_units_alerted_in_parallel_need_draws_of_their_own(here):
    check_policies(here, policy=JurisdictionFirst(), n_slots={"fire": 5}, drawn_slots=7)
    check_policies(here, policy=NearestAvailable(), n_slots={"fire": 5}, drawn_slots=5)
    with pytest.raises(InputError, match=r"CallModel\(n_slots=7\)"):
        check_policies(here, policy=JurisdictionFirst(), n_slots={"fire": 5}, drawn_slots=6)


def test_faults_of_a_policy_within_a_group_are_told(here):
    class Picky(NearestAvailable):
        def check(self, world):
            return JurisdictionFirst().check(replace_townships(world))

    def replace_townships(world):
        return type(world)(fleet=world.fleet, roads=world.roads)

    with pytest.raises(InputError, match="JurisdictionFirst"):
        check_policies(here, policy=MutualAid({"g": ["甲乡"]}, policy=Picky()))
    with pytest.raises(InputError, match="expected an object with a method choose"):
        check_policies(here, policy=MutualAid({"g": ["甲乡"]}, policy=object()))


def test_each_replication_has_its_own_copy_that_knows_the_world(here):
    class Remembers(NearestAvailable):
        def begin(self, world):
            self.world = world

    policy = Remembers()
    own = for_replication(policy, here)
    assert own.world is here
    assert not hasattr(policy, "world")


def test_a_simulation_refuses_a_wrong_policy_before_the_first_event(valley):
    given = {name: getattr(valley, name) for name in ("network", "demand", "standard")}
    for policy, message in [(object(), "expected an object with a method choose"), (JurisdictionFirst(), "a township")]:
        with pytest.raises(InputError, match=message):
            simulate(valley.plan("s1"), calls=valley.calls(1.0, turnout_z=[[0.0] * 3]), policy=policy, **given)


def test_a_policy_that_fails_where_nobody_is_on_offer_is_refused(here):
    class First:
        def choose(self, call, choices):
            return next(choices).unit

    class FirstOfAList:
        def choose(self, call, choices):
            offered = list(choices)
            return offered[0].unit

    for policy in (First(), FirstOfAList()):
        with pytest.raises(InputError, match=f"'{type(policy).__name__}', expected None where nobody is on offer"):
            check_policies(here, policy=policy)


def test_a_trial_leaves_the_policy_as_it_was(here):
    class Counts(NearestAvailable):
        count = 0

        def choose(self, call, choices):
            self.count += 1
            return super().choose(call, choices)

    policy = Counts()
    check_policies(here, policy=policy)
    assert policy.count == 0


def test_a_policy_that_chooses_a_busy_unit_after_all_stops_the_replication(valley):
    class Learning:
        unit = None

        def choose(self, call, choices):
            self.unit = self.unit or next(choices).unit
            return self.unit

    plan, roads = valley.plan("s1", "s2"), RoadTimes.from_matrix([[1.0], [2.0]], sites=["s1", "s2"], points=["d"])
    fleet, setting = Fleet.from_plan(plan, valley.standard.crews), Setting(chain=valley.standard.chain, horizon_s=9e4)
    with pytest.raises(InputError, match="policy Learning chose unit 's1#1', which is busy"):
        run_replication(fleet, valley.calls(10.0, 20.0), roads, setting, policy=Learning())
