from __future__ import annotations

import math

import numpy as np
import pytest

from rescuesim.errors import InputError
from rescuesim.simulation import (
    Choice,
    ClosestCapable,
    JurisdictionFirst,
    MutualAid,
    NearestAvailable,
    Pooled,
    PreparednessAware,
    UnitNeed,
)
from rescuesim.simulation.policies import for_replication, most_parallel, parallel_units
from rescuesim.simulation.policies.preparedness import preparedness, preparedness_without

NEED = UnitNeed.from_text


def chosen(policy, call, offered):
    found = policy.choose(call, iter(offered))
    return None if found is None else found.id


POLICIES = [
    NearestAvailable(),
    ClosestCapable(),
    JurisdictionFirst(),
    PreparednessAware(),
    MutualAid({"g": ["T"]}),
    Pooled({"g": ["T"]}),
]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: type(policy).__name__)
def test_a_call_for_which_nobody_is_on_offer_gets_nobody(policy, hand):
    assert chosen(policy, hand.call(township="T", priority=2), []) is None


# -- nearest and closest capable -----------------------------------------------------------------------


def test_nearest_is_nearest_in_turnout_and_travel(hand):
    offered = hand.choices((hand.unit("far"), 50.0, 300.0), (hand.unit("near", "township_duty"), 180.0, 160.0))
    assert chosen(NearestAvailable(), hand.call(), offered) == "near#1"


def test_the_first_action_waits_for_the_unit_that_brings_enough_people(hand):
    few, many = hand.unit("few", "micro_station"), hand.unit("many")
    offered = hand.choices((few, 60.0, 10.0), (many, 50.0, 400.0))
    assert chosen(ClosestCapable(), hand.call(need=NEED("fire:3")), offered) == "few#1"
    assert chosen(ClosestCapable(), hand.call(need=NEED("fire:4")), offered) == "many#1"


def test_if_nobody_brings_enough_the_most_people_go_and_of_equal_ones_the_first(hand):
    offered = hand.choices(
        (hand.unit("three", "micro_station"), 60.0, 10.0),
        (hand.unit("five"), 50.0, 400.0),
        (hand.unit("five_too"), 50.0, 500.0),
    )
    assert chosen(ClosestCapable(), hand.call(need=NEED("fire:9")), offered) == "five#1"


def test_people_of_an_unknown_crew_are_not_guessed(hand):
    policy, fleet = ClosestCapable(people={"brigade": 5}), [hand.unit("x", "micro_station")]
    (fault,) = policy.check(hand.world(fleet))
    assert fault.value == "micro_station"
    with pytest.raises(InputError, match="people of crew 'micro_station': expected"):
        policy.choose(hand.call(), iter(hand.choices((fleet[0], 1.0, 1.0))))
    with pytest.raises(InputError, match="people of brigade"):
        ClosestCapable(people={"brigade": 0})


# -- jurisdiction --------------------------------------------------------------------------------------


@pytest.fixture
def border(hand):
    """A call in 东乡: its own station 400 s away, the neighbour's 200 s, a village crew of its own 450 s."""
    own, other = hand.unit("own", "micro_station", "东乡"), hand.unit("other", "brigade", "西乡")
    village, duty = hand.unit("village", "village_on_call", "东乡"), hand.unit("duty", "township_duty", "东乡")
    return hand.choices((own, 60.0, 340.0), (other, 50.0, 150.0), (village, 420.0, 30.0), (duty, 180.0, 600.0))


def test_the_station_of_the_township_goes_though_another_is_nearer(hand, border):
    assert chosen(JurisdictionFirst(), hand.call(township="东乡"), border) == "own#1"


@pytest.mark.parametrize(("patience_s", "goes"), [(400.0, "own#1"), (399.9, "other#1"), (math.inf, "own#1")])
def test_the_nearest_goes_when_the_own_station_is_later_than_the_patience(hand, border, patience_s, goes):
    assert chosen(JurisdictionFirst(not_later_than_s=patience_s), hand.call(township="东乡"), border) == goes


def test_a_call_without_township_or_of_a_township_without_units_gets_the_nearest(hand, border):
    for township in ("", "北乡"):
        assert chosen(JurisdictionFirst(), hand.call(township=township), border) == "other#1"
        assert parallel_units(JurisdictionFirst(), hand.call(township=township), iter(border)) == ()


def test_the_township_of_the_point_counts_if_the_call_does_not_say_it(hand, border):
    world = hand.world([choice.unit for choice in border], townships={"a": "东乡"})
    assert chosen(for_replication(JurisdictionFirst(), world), hand.call(), border) == "own#1"


def test_township_and_village_crews_are_alerted_beside_the_station(hand, border):
    call = hand.call(township="东乡", sent=(border[1].unit,))
    also = parallel_units(JurisdictionFirst(), call, iter(border))
    assert [unit.id for unit in also] == ["village#1", "duty#1"]
    assert most_parallel(JurisdictionFirst()) == 2
    soon = parallel_units(JurisdictionFirst(not_later_than_s=500.0), call, iter(border))
    assert [unit.id for unit in soon] == ["village#1"]


def test_no_second_crew_of_a_kind_that_has_its_orders_is_alerted(hand, border):
    duty = hand.unit("duty_2", "township_duty", "东乡")
    also = parallel_units(JurisdictionFirst(), hand.call(township="东乡", sent=(duty,)), iter(border))
    assert [unit.id for unit in also] == ["village#1"]


def test_the_backbone_comes_second_once(hand, border):
    own, brigade = hand.unit("own", "micro_station", "东乡"), hand.unit("first", "brigade", "南乡")
    second = hand.call(township="东乡", slot=1, sent=(own,))
    assert chosen(JurisdictionFirst(), second, border) == "other#1"
    assert chosen(JurisdictionFirst(), second._replace(sent=(brigade,)), border) == "own#1"
    assert chosen(JurisdictionFirst(backbone_crews=()), second, border) == "own#1"


@pytest.mark.parametrize("patience_s", [-1.0, math.nan])
def test_a_patience_that_is_none_is_refused(patience_s):
    for make in (JurisdictionFirst, lambda **given: Pooled({"g": ["T"]}, **given)):
        with pytest.raises(InputError, match="not_later_than_s"):
            make(not_later_than_s=patience_s)


# -- preparedness --------------------------------------------------------------------------------------


def test_preparedness_is_what_the_nearest_units_count_over_their_times_and_the_weight():
    times = np.array([[100.0, np.inf], [50.0, 200.0], [400.0, np.inf]])
    found = preparedness(times, np.array([2.0, 1.0]), (1.0, 0.5))
    assert found == pytest.approx([(1 / 50 + 0.5 / 100) / 2, 1 / 200])
    left = preparedness_without(times, np.array([2.0, 1.0]), (1.0, 0.5), [1, 2])
    assert left == pytest.approx(np.array([[(1 / 100 + 0.5 / 400) / 2, 0.0], found]))


@pytest.fixture
def two_villages(hand):
    """Both units reach the call in time; the nearer one alone is near village b."""
    units = [hand.unit("s"), hand.unit("t")]
    times = [[100.0, 100.0], [200.0, 900.0]]
    world = hand.world(units, times, ("a", "b"), weights={"a": 1.0, "b": 1.0})
    return world, hand.choices((units[0], 50.0, 100.0), (units[1], 50.0, 200.0))


def test_a_less_urgent_call_gets_the_unit_that_is_missed_least(hand, two_villages):
    world, offered = two_villages
    policy = for_replication(PreparednessAware(), world)
    assert chosen(policy, hand.call(priority=1), offered) == "t#1"
    assert chosen(policy, hand.call(priority=0), offered) == "s#1"
    assert chosen(for_replication(PreparednessAware(urgent=-1), world), hand.call(priority=0), offered) == "t#1"


@pytest.mark.parametrize(("limit_s", "goes"), [(250.0, "t#1"), (249.9, "s#1"), (100.0, "s#1")])
def test_nobody_goes_who_is_later_than_the_limit_unless_all_are(hand, two_villages, limit_s, goes):
    world, offered = two_villages
    policy = for_replication(PreparednessAware(limit_s=limit_s), world)
    assert chosen(policy, hand.call(priority=2), offered) == goes


def test_a_unit_that_moved_up_counts_where_it_stands(hand, two_villages):
    world, offered = two_villages
    crossed = [offered[0]._replace(site="t"), offered[1]._replace(site="s")]
    assert chosen(for_replication(PreparednessAware(), world), hand.call(priority=2), crossed) == "s#1"


def test_points_without_weight_are_no_reason_to_keep_a_unit(hand, two_villages):
    world, offered = two_villages
    light = hand.world(world.fleet.units, world.roads.out_s[0], ("a", "b"), weights={"a": 1.0})
    # without b, what is left at a decides: 1/250 without s, 1/150 without t
    assert chosen(for_replication(PreparednessAware(), light), hand.call(priority=2), offered) == "t#1"
    nobody = for_replication(PreparednessAware(), hand.world(world.fleet.units))
    assert chosen(nobody, hand.call(priority=2), offered) == "s#1"


@pytest.mark.parametrize("wrong", [{"limit_s": 0.0}, {"contribution": ()}, {"contribution": (0.5, 1.0)}])
def test_a_preparedness_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(InputError, match=f"PreparednessAware, column {next(iter(wrong))}"):
        PreparednessAware(**wrong)


def test_preparedness_without_roads_and_weights_is_not_guessed(hand, two_villages):
    with pytest.raises(InputError, match="begin"):
        PreparednessAware().choose(hand.call(priority=2), iter(two_villages[1]))


# -- mutual aid ----------------------------------------------------------------------------------------


@pytest.fixture
def three_townships(hand):
    """A call in 甲乡: units of 丙乡 200 s, 乙乡 500 s and 甲乡 800 s away, and a brigade at 950 s."""
    micro = [hand.unit(name, "micro_station", name) for name in ("丙乡", "乙乡", "甲乡")]
    seat = hand.unit("seat", "brigade", "城关镇")
    return hand.choices((micro[0], 60.0, 140.0), (micro[1], 60.0, 440.0), (micro[2], 60.0, 740.0), (seat, 50.0, 900.0))


def test_units_of_other_groups_are_not_offered(hand, three_townships):
    aid = MutualAid({"east": ["甲乡", "乙乡"]})
    assert chosen(aid, hand.call(township="甲乡"), three_townships) == "乙乡#1"
    assert chosen(aid, hand.call(township="丙乡"), three_townships) == "丙乡#1"
    assert chosen(MutualAid({"west": ["丙乡"]}), hand.call(township="甲乡"), three_townships) == "甲乡#1"


def test_the_backbone_answers_in_every_group_unless_groups_are_counties(hand, three_townships):
    only_afar = three_townships[:1] + three_townships[3:]
    assert chosen(MutualAid({"east": ["甲乡"]}), hand.call(township="甲乡"), only_afar) == "seat#1"
    walled = MutualAid({"east": ["甲乡"]}, shared_crews=())
    assert chosen(walled, hand.call(township="甲乡"), only_afar) is None


def test_a_village_in_two_groups_is_helped_by_both(hand, three_townships):
    aid = MutualAid({"one": ["甲乡", "a"], "two": ["丙乡", "a"]})
    assert chosen(aid, hand.call("a", township="甲乡"), three_townships) == "丙乡#1"
    assert chosen(aid, hand.call("b", township="甲乡"), three_townships) == "甲乡#1"


def test_a_policy_within_a_group_sees_the_group_alone(hand, three_townships):
    aid = MutualAid({"east": ["甲乡", "乙乡"]}, policy=JurisdictionFirst(parallel_crews=["micro_station"]))
    call = hand.call(township="甲乡")
    assert chosen(aid, call, three_townships) == "甲乡#1"
    assert most_parallel(aid) == 1
    seat = three_townships[3].unit
    assert [unit.id for unit in parallel_units(aid, call._replace(sent=(seat,)), iter(three_townships))] == ["甲乡#1"]
    assert most_parallel(MutualAid({"east": ["甲乡"]})) == 0


@pytest.mark.parametrize(("patience_s", "goes"), [(800.0, "甲乡#1"), (799.0, "丙乡#1"), (math.inf, "甲乡#1")])
def test_pooled_units_cross_the_border_when_the_own_are_late(hand, three_townships, patience_s, goes):
    pooled = Pooled({"own": ["甲乡"]}, not_later_than_s=patience_s)
    assert chosen(pooled, hand.call(township="甲乡"), three_townships) == goes


def test_pooled_units_cross_the_border_when_the_own_are_away(hand, three_townships):
    pooled = Pooled({"own": ["甲乡"]}, shared_crews=(), not_later_than_s=math.inf)
    assert chosen(pooled, hand.call(township="甲乡"), three_townships[:2]) == "丙乡#1"


def test_groups_without_members_are_refused():
    with pytest.raises(InputError, match="at least one group"):
        MutualAid({})
    with pytest.raises(InputError, match="2 faults"):
        MutualAid({"a": [], "b": "甲乡"})


def test_a_choice_knows_when_and_from_where_it_is_expected(hand):
    choice = Choice(hand.unit("s"), 50.0, 100.0)
    assert (choice.expected_s, choice.stands_at, choice._replace(site="t").stands_at) == (150.0, "s", "t")
