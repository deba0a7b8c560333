"""What cannot be simulated is refused before the first event, with everything that is wrong in one message."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rescuesim.disruption import ChannelOutage, ContactSpell, Disruption, RoadOutage, RoadSlowing, SiteOutage
from rescuesim.errors import InputError
from rescuesim.network.states import Closure
from rescuesim.simulation import (
    CallModel,
    EvacuationTask,
    Fleet,
    MutualAid,
    Pooled,
    ResponsePackage,
    RoadTimes,
    Setting,
    UnitNeed,
    run_replication,
    simulate,
)


def play(valley, plan=None, **options):
    given = {name: getattr(valley, name) for name in ("network", "demand", "standard")}
    return simulate(
        plan or valley.plan("s1"), **{"calls": valley.calls(10.0, 20.0), "replications": 1, **given, **options}
    )


def refusal(valley, plan=None, **options):
    with pytest.raises(InputError) as caught:
        play(valley, plan, **options)
    return str(caught.value)


def crews(valley, **changed):
    """Return the standard of the valley with its brigade changed."""
    brigade = replace(valley.standard.crews["brigade"], **changed)
    return replace(valley.standard, crews={**valley.standard.crews, "brigade": brigade})


def fire(*people, start=1):
    needs = tuple(UnitNeed(capabilities=frozenset({"fire"}), people=number) for number in people)
    return {"fire": ResponsePackage(type="fire", first=needs, people_to_start=start)}


def test_a_capability_that_nobody_has_is_refused_with_the_calls_that_ask_for_it(valley):
    assert refusal(valley, valley.plan("s1", "s2", crew="township_duty")) == (
        "package fire, column slot 0: 'fire:1', expected a crew with fire; the fleet has 2 × township_duty (assist); "
        "asked for in vain by 2 calls of type fire. nobody_capable='wait' simulates that"
    )


def test_every_type_of_call_that_nobody_can_serve_is_told_with_how_many_there_are(valley):
    said = refusal(
        valley, valley.plan("s1", crew="township_duty"), calls=CallModel(type_shares={"fire": 0.5, "rescue": 0.5})
    )
    assert said.startswith("2 faults")
    assert said.count("calls of type fire a replication") == said.count("calls of type rescue a replication") == 1


def test_a_type_without_calls_asks_for_nothing(valley):
    found = play(valley, valley.plan("s1", crew="township_duty"), calls=CallModel(type_shares={"social": 1.0}))
    assert found.notes == ()


def test_calls_that_nobody_can_serve_wait_where_that_is_asked_for_and_the_notes_say_so(valley):
    found = play(valley, valley.plan("s1", crew="township_duty"), nobody_capable="wait")
    assert found.records["outcome"].tolist() == ["waiting"] * 2
    assert found.records["held_by"].tolist() == ["not_capable"] * 2
    assert ["in vain by 2 calls of type fire" in note for note in found.notes] == [True]
    assert [note.zh for note in found.notes] == ["火灾扑救：编成要求 fire:1（slot 0），现有力量无一能胜任"]


def test_one_replication_on_plain_matrices_refuses_a_missing_capability_too(valley):
    fleet = Fleet.from_plan(valley.plan("s1", crew="township_duty"), valley.standard.crews)
    roads = RoadTimes.from_matrix([[1.0]], sites=["s1"], points=["d"])
    setting = Setting(chain=valley.standard.chain, horizon_s=9e4)
    with pytest.raises(InputError, match="expected a crew with fire"):
        run_replication(fleet, valley.calls(10.0), roads, setting)
    waits = run_replication(fleet, valley.calls(10.0), roads, replace(setting, nobody_capable="wait"))
    assert np.isnan(waits.at_s("dispatched")).all()


def test_a_start_with_more_people_than_the_whole_fleet_is_refused(valley):
    asked = {"packages": fire(3, 3, start=6), "calls": valley.calls(10.0, turnout_z=[[0.0, 0.0]])}
    said = refusal(valley, **asked)
    assert "column people_to_start: '6', expected at most 3, whom the whole fleet brings at once" in said
    assert play(valley, valley.plan("s1", units=2), **asked).records["outcome"].tolist() == ["handled"]


def test_more_units_than_the_fleet_has_are_said_and_simulated_since_they_go_when_a_unit_is_back(valley):
    asked = {"packages": fire(1, 1, 1), "calls": valley.calls(10.0, turnout_z=[[0.0] * 3])}
    found = play(valley, **asked)
    assert found.records["outcome"].tolist() == ["handled"]
    assert ["3 units with fire, and the fleet has 1" in note for note in found.notes] == [True]
    assert play(valley, valley.plan("s1", units=3), **asked).notes == ()


def test_a_roster_below_the_people_of_a_slot_is_refused_where_crews_muster(valley):
    called_up = crews(valley, roster=3, attends={"day": 0.5, "night": 0.5})
    asked = {"packages": fire(5), "standard": called_up}
    assert "expected at most 3 people, the largest roster of a crew with fire" in refusal(valley, muster=True, **asked)
    assert play(valley, **asked).records["outcome"].tolist() == ["handled"] * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"packages": {}}, r"column packages: '\{\}', expected a package for each type of call"),
        ({"packages": {"fire": 3}}, "packages, column fire: 'int', expected a ResponsePackage"),
        ({"packages": [fire(1)]}, "column packages: 'list', expected a mapping"),
        ({"disruptions": [None]}, r"column disruptions\[0\]: 'None', expected a Disruption; normal days are"),
        ({"disruptions": "flood"}, "column disruptions: 'flood', expected a Disruption, several of them, or None"),
        (
            {"evacuation": EvacuationTask(place="d", from_s=0, until_s=9)},
            r"expected a list of EvacuationTask.*\[task\]",
        ),
        ({"evacuation": ["d"]}, r"column evacuation\[0\]: 'd', expected an EvacuationTask"),
        ({"divertible": "no"}, "column divertible: 'no', expected True or False"),
        ({"muster": 1}, "column muster: '1', expected True or False"),
        ({"nobody_capable": "ignore"}, "nobody_capable 'ignore': expected refuse or wait"),
        ({"replications": True}, "column replications: 'True'"),
        ({"calls": 5}, "column calls: '5', expected a CallModel, a CallLog, or one CallLog for each replication"),
        ({"desk": 3}, "column desk: 'int', expected a Desk"),
        ({"journeys": 3}, "journeys: expected those of the stations of plan"),
    ],
)
def test_an_option_of_another_kind_is_refused_by_name(valley, options, message):
    with pytest.raises(InputError, match=message):
        play(valley, **options)


def test_a_plan_that_is_none_is_refused(valley):
    assert refusal(valley, 3) == "column plan: 'int', expected a Plan"


def test_an_evacuation_of_unknown_places_by_nobody_after_the_horizon_is_refused_at_once(valley):
    task = EvacuationTask(place="e", from_s=9e4, until_s=1e5, crews=("brigad",))
    said = refusal(valley, evacuation=[task], horizon_s=86400.0)
    assert said.splitlines() == [
        "3 faults:",
        "  1. evacuation, row 0, column place: 'e', expected a point of the demand, one of d",
        "  2. evacuation, row 0, column crews: 'brigad', expected a crew of the fleet, one of brigade (did you mean "
        "brigade?)",
        "  3. evacuation, row 0, column from_s: '90000', expected before the horizon of 86400 s",
    ]


def test_an_evacuation_of_more_people_than_there_are_is_said(valley):
    task = EvacuationTask(place="d", from_s=0.0, until_s=60.0, people=9, crews=("brigade",))
    assert [
        "wants 9 people, and all brigade of the fleet have 1" in note for note in play(valley, evacuation=[task]).notes
    ]


def spell(place, direction="call"):
    return ContactSpell(place=place, direction=direction, channel="", from_s=0.0, until_s=9.0)


def test_every_road_and_place_of_a_disruption_that_does_not_exist_is_refused_at_once(valley):
    storm = Disruption(
        label="storm",
        roads=(RoadOutage(closure=Closure(road=7), from_s=0, until_s=1),),
        slowings=(RoadSlowing(road=-1, factor=2.0, from_s=0, until_s=1),),
        contacts=(spell("d"), spell("dd"), spell("s1"), spell("T")),
    )
    assert refusal(valley, disruptions=[Disruption(label="calm"), storm]).splitlines() == [
        "5 faults:",
        "  1. disruption 'storm', road 7: expected from 0 to 1 (roads, row 0)",
        "  2. disruption 'storm', road -1: expected from 0 to 1 (slowings, row 0)",
        "  3. disruption 'storm', contacts, row 1, column place: 'dd', expected a demand point, one of d "
        "(did you mean d?)",
        "  4. disruption 'storm', contacts, row 2, column place: 's1', expected a demand point; s1 is a site, to which "
        "direction 'order' goes",
        "  5. disruption 'storm', contacts, row 3, column place: 'T', expected a demand point; T is a township, whose "
        "points are named one by one",
    ]


@pytest.fixture
def dark():
    return Disruption(
        label="dark",
        sites=(SiteOutage(site="s1", from_s=0, until_s=9), SiteOutage(site="s2", from_s=0, until_s=9)),
        contacts=(spell("s2", "order"),),
        channels=(ChannelOutage(sites=frozenset({"s2"}), from_s=0, until_s=9),),
    )


def test_a_site_that_the_plan_does_not_open_is_said_since_it_may_be_a_candidate(valley, dark):
    (note,) = play(valley, disruptions=dark).notes
    assert note.startswith("disruption dark: outages or contacts of s2, which plan plan does not have")


def test_a_site_that_is_no_known_one_is_refused_where_the_known_ones_are_given(valley, dark):
    assert play(valley, disruptions=dark, known_sites=["s1", "s2"]).notes == ()
    said = refusal(valley, disruptions=dark, known_sites=["s3"]).splitlines()
    assert said[1:] == [
        f"  {number}. disruption 'dark', {what}, row {row}, column site: 's2', expected a site of the plan or a known "
        "one, one of s1, s3 (did you mean s3?)"
        for number, what, row in [(1, "sites", 1), (2, "contacts", 0), (3, "channels", 0)]
    ]


def test_faults_of_several_artefacts_are_told_at_once(valley):
    said = refusal(
        valley,
        valley.plan("s1", crew="township_duty"),
        disruptions=Disruption(label="x", contacts=(spell("e"),)),
        queue="lifo",
        policy=object(),
    )
    assert [word in said for word in ("'e', expected a demand point", "queue 'lifo'", "a method choose")] == [True] * 3


def test_groups_within_which_nobody_is_capable_are_refused_with_their_points(valley):
    plan = valley.plan("s1", "s2")
    plan = replace(plan, sites=(replace(plan.sites[0], crew="township_duty", township="甲"), plan.sites[1]))
    asked = {"demand": replace(valley.demand, townships=("甲",))}
    groups = {"a": ["甲"], "b": ["T"]}
    said = refusal(valley, plan, policy=MutualAid(groups, shared_crews=[]), **asked)
    assert said == (
        "groups, column package fire: 'd', expected a crew with fire in the group of each, or one that answers "
        "everywhere; there are 2 calls of type fire, and those from 1 of 1 points are in vain. "
        "nobody_capable='wait' simulates that"
    )
    waits = play(valley, plan, policy=MutualAid(groups, shared_crews=[]), nobody_capable="wait", **asked)
    assert waits.records["outcome"].tolist() == ["waiting"] * 2
    for policy in (MutualAid(groups, shared_crews=["brigade"]), Pooled(groups, shared_crews=[])):
        assert play(valley, plan, policy=policy, **asked).records["outcome"].tolist() == ["handled"] * 2


def test_a_warm_up_as_long_as_the_horizon_or_of_a_disaster_is_refused_before_the_first_event(valley):
    storm = Disruption(label="storm")
    assert refusal(valley, warm_up_s=86400.0, horizon_s=86400.0, disruptions=storm).splitlines() == [
        "2 faults:",
        "  1. storm: a disaster is told from its onset; there is no warm-up to leave out",
        "  2. warm-up of 86400 s: expected 0 or more, and a horizon that is longer, not 86400 s",
    ]
    assert "warm-up of -1 s" in refusal(valley, warm_up_s=-1)
    assert "warm-up of 'a day' s" in refusal(valley, warm_up_s="a day")


def test_calls_of_the_warm_up_are_simulated_and_left_out(valley):
    later, all_ = play(valley, warm_up_s=15.0), play(valley)
    assert later.records["arrived_at_s"].tolist() == [20.0]
    assert later.records["handling_at_s"].tolist() == all_.records["handling_at_s"].tolist()[1:]
    assert later.unit_records.empty
