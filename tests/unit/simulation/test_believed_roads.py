"""Drives that meet blocks, with times worked out by hand; messages about roads."""

from __future__ import annotations

import math
import pickle

import pytest
from roads_by_hand import roads_by_hand, times_between

from rescuesim.disruption import Disruption, RoadOutage
from rescuesim.disruption.outages import RoadSlowing
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network.states import Closure
from rescuesim.simulation.believed_roads import (
    DESK,
    KnowledgeBoard,
    News,
    Place,
    PlacedRoads,
    RoadKnowledge,
    RoadTruth,
)

# A -- road 0, 1000 m, 100 s -- B -- road 1, 1000 m, 100 s -- C; A -- road 2, 500 s -- C
PLACES = [(0.0, 0.0), (1000.0, 0.0), (2000.0, 0.0)]
ROADS = [(0, 1, 100.0, 100.0), (1, 2, 100.0, 100.0), (0, 2, 500.0, 500.0)]
KNOWS_NOTHING = RoadKnowledge()


def outage(road: int, low: float = 0.0, high: float = math.inf, *, during: tuple[float, float] = (0.0, math.inf)):
    return RoadOutage(closure=Closure(road=road, from_m=low, to_m=high), from_s=during[0], until_s=during[1])


def truth_of(*conditions: RoadOutage | RoadSlowing, roads=ROADS, places=PLACES, start_up_s: float = 0.0) -> RoadTruth:
    """Site s0 at A, s1 at 300 m of road 0; point d0 at C, d1 at 800 m of road 0."""
    network = roads_by_hand(places, roads, start_up_s=start_up_s)
    out, _ = times_between(network, [places[0], (300.0, 0.0)], [places[2], (800.0, 0.0)])
    disruption = Disruption(
        label="storm",
        roads=tuple(one for one in conditions if isinstance(one, RoadOutage)),
        slowings=tuple(one for one in conditions if isinstance(one, RoadSlowing)),
    )
    return RoadTruth.under(PlacedRoads.of(out), disruption)


def test_a_bridge_found_down_costs_the_way_there_and_back_and_round() -> None:
    truth = truth_of(outage(1, 400, 600))
    drive = truth.drive(0, 2, 1000.0, KNOWS_NOTHING)
    # 100 s to B, 40 s to the bridge, 140 s back to A, 500 s round
    assert drive.arrives_s == pytest.approx(1000 + 140 + 140 + 500, abs=0.01)
    (block,) = drive.blocks
    assert (block.condition, block.road) == (0, 1)
    assert (block.position_m, block.at_s) == (pytest.approx(400), pytest.approx(1140, abs=0.01))
    assert [(news.condition, news.holds) for news in drive.learned] == [(0, True)]
    assert drive.knowledge.believed == {0}
    assert drive.stands == 2
    assert drive.distance_m == pytest.approx(1400 + 1400 + 2000, abs=0.1)
    told = truth.drive(0, 2, 1000.0, drive.knowledge)
    assert told.arrives_s == pytest.approx(1500, abs=0.01)
    assert not told.blocks
    assert not told.learned


def test_each_leg_has_a_start_up_loss_of_its_own_and_the_factor_on_its_time() -> None:
    truth = truth_of(outage(1, 400, 600), start_up_s=20.0)
    drive = truth.drive(0, 2, 0.0, KNOWS_NOTHING, variation=1.5)
    assert drive.blocks[0].at_s == pytest.approx(1.5 * 160, abs=0.01)
    assert drive.arrives_s == pytest.approx(1.5 * (160 + 640 + 20), abs=0.01)


def test_a_road_that_closes_behind_a_unit_does_not_stop_it() -> None:
    drive = truth_of(outage(0, 0, 500, during=(60.0, math.inf))).drive(0, 2, 0.0, KNOWS_NOTHING)
    assert drive.arrives_s == pytest.approx(200, abs=0.01)
    assert not drive.blocks
    assert not drive.learned


def test_a_unit_in_the_middle_of_a_closure_that_comes_down_drives_out_of_it() -> None:
    drive = truth_of(outage(1, 200, 800, during=(150.0, math.inf))).drive(0, 2, 0.0, KNOWS_NOTHING)
    assert drive.arrives_s == pytest.approx(200, abs=0.01)
    assert not drive.blocks


def test_a_closure_that_comes_down_ahead_on_the_same_piece_is_met() -> None:
    drive = truth_of(outage(1, 600, 800, during=(150.0, math.inf))).drive(0, 2, 0.0, KNOWS_NOTHING)
    assert drive.blocks[0].at_s == pytest.approx(160, abs=0.01)
    assert drive.arrives_s == pytest.approx(160 + 160 + 500, abs=0.01)


def test_a_road_that_opens_before_the_unit_is_there_is_open() -> None:
    drive = truth_of(outage(1, 600, 800, during=(0.0, 155.0))).drive(0, 2, 0.0, KNOWS_NOTHING)
    assert drive.arrives_s == pytest.approx(200, abs=0.01)
    assert not drive.learned


def test_who_believes_a_road_closed_that_has_opened_goes_round() -> None:
    truth = truth_of(outage(1, 600, 800, during=(0.0, 10.0)))
    drive = truth.drive(0, 2, 50.0, RoadKnowledge(seen_s={0: 0.0}))
    assert drive.arrives_s == pytest.approx(550, abs=0.01)
    assert drive.knowledge.believed == {0}
    assert truth.drive(0, 2, 50.0, truth.knowledge_at(50.0)).arrives_s == pytest.approx(250, abs=0.01)


def test_with_no_way_left_the_unit_stands_before_the_last_block() -> None:
    drive = truth_of(outage(1, 400, 600), outage(2, 1000, 1100)).drive(0, 2, 0.0, KNOWS_NOTHING)
    assert (drive.arrives_s, drive.reason) == (math.inf, "no_way_believed")
    assert [(block.road, round(block.position_m)) for block in drive.blocks] == [(1, 400), (2, 1000)]
    assert isinstance(drive.stands, Place)
    assert (drive.stands.road, drive.stands.position_m) == (2, pytest.approx(1000))
    assert drive.ends_s == pytest.approx(140 + 140 + 250, abs=0.01)
    assert drive.position_at(math.inf) == drive.stands


def test_slow_water_is_learned_by_driving_through_it_and_its_end_too() -> None:
    truth = truth_of(RoadSlowing(road=1, factor=2.0, from_s=0.0, until_s=1000.0))
    drive = truth.drive(0, 2, 0.0, KNOWS_NOTHING)
    assert drive.arrives_s == pytest.approx(300, abs=0.01)
    assert [(news.condition, news.holds, round(news.at_s)) for news in drive.learned] == [(0, True, 100)]
    later = truth.drive(0, 2, 2000.0, drive.knowledge)
    assert later.arrives_s == pytest.approx(2200, abs=0.01)
    assert not later.knowledge.believed
    assert later.knowledge.over_s[0] == pytest.approx(2100, abs=0.01)


def test_two_stops_on_one_road_are_driven_between_without_leaving_it() -> None:
    truth = truth_of(outage(0, 500, 600))
    assert truth_of().drive(1, 3, 0.0, KNOWS_NOTHING).arrives_s == pytest.approx(50, abs=0.01)
    drive = truth.drive(1, 3, 0.0, KNOWS_NOTHING)
    # 20 s to 500 m, back to A 50 s, round by C 500 s, to B 100 s, back to 800 m 20 s
    assert drive.arrives_s == pytest.approx(20 + 50 + 500 + 100 + 20, abs=0.01)


def test_a_station_in_a_closed_part_sends_nobody_whether_it_is_known_or_not() -> None:
    truth = truth_of(outage(0, 200, 400))
    unknown, known = truth.drive(1, 2, 5.0, KNOWS_NOTHING), truth.drive(1, 2, 5.0, truth.knowledge_at(5.0))
    assert (unknown.reason, unknown.stands, len(unknown.blocks)) == ("road_closed", 1, 1)
    assert unknown.knowledge.believed == {0}
    assert unknown.distance_m == 0
    assert (known.reason, known.legs, known.arrives_s) == ("road_closed", (), math.inf)


def test_a_unit_before_a_block_on_a_one_way_road_backs_out_to_the_junction_it_came_from() -> None:
    one_way = [(0, 1, 100.0, None), (1, 2, 100.0, 100.0), (0, 2, 500.0, 500.0)]
    drive = truth_of(outage(0, 600, 700), roads=one_way).drive(0, 2, 0.0, KNOWS_NOTHING)
    assert drive.arrives_s == pytest.approx(60 + 60 + 500, abs=0.01)
    backing = drive.position_at(90.0)
    assert isinstance(backing, Place)
    assert (backing.road, backing.position_m, backing.along) == (0, pytest.approx(300, abs=0.1), True)
    again = drive.legs[1].way.target, 90.0, drive.knowledge
    assert RoadTruth.drive(truth_of(outage(0, 600, 700), roads=one_way), backing, *again).arrives_s == pytest.approx(
        620, abs=0.01
    )


def test_from_the_middle_of_a_one_way_road_nobody_backs_out_past_where_it_began() -> None:
    one_way = [(0, 1, 100.0, None), (1, 2, 100.0, 100.0), (0, 2, 500.0, 500.0)]
    drive = truth_of(outage(0, 600, 700), roads=one_way).drive(1, 2, 0.0, KNOWS_NOTHING)
    assert (drive.reason, drive.ends_s) == ("no_way_believed", pytest.approx(30, abs=0.01))


def test_a_unit_is_where_its_drive_says_and_can_be_sent_on_from_there() -> None:
    truth = truth_of()
    drive = truth.drive(0, 2, 0.0, KNOWS_NOTHING)
    place = drive.position_at(130.0)
    assert place == Place(road=1, position_m=pytest.approx(300, abs=0.1), along=True, retreat_m=0.0)
    assert drive.position_at(0.0) == 0
    assert drive.position_at(200.0) == 2
    diverted = truth.drive(place, 3, 130.0, KNOWS_NOTHING)
    assert diverted.arrives_s == pytest.approx(130 + 30 + 20, abs=0.01)


def test_a_closure_of_no_length_is_met_from_either_side_and_left_on_that_side() -> None:
    truth = truth_of(outage(1, 500, 500))
    out, home = truth.drive(0, 2, 0.0, KNOWS_NOTHING), truth.drive(2, 0, 0.0, KNOWS_NOTHING)
    assert out.arrives_s == pytest.approx(150 + 150 + 500, abs=0.01)
    assert home.arrives_s == pytest.approx(50 + 50 + 500, abs=0.01)


def test_bad_requests_are_refused_by_name() -> None:
    truth = truth_of()
    with pytest.raises(InputError, match="finite moment"):
        truth.drive(0, 2, math.nan, KNOWS_NOTHING)
    with pytest.raises(InputError, match="factor of 0 or more"):
        truth.drive(0, 2, 0.0, KNOWS_NOTHING, variation=-1.0)
    with pytest.raises(UnknownIdError, match="believed conditions"):
        truth.drive(0, 2, 0.0, RoadKnowledge(seen_s={7: 0.0}))
    with pytest.raises(UnknownIdError, match="site 's9'"):
        truth.roads.site("s9")
    with pytest.raises(UnknownIdError, match="road 9"):
        truth_of(outage(9))
    with pytest.raises(InputError, match="information level"):
        KnowledgeBoard(level="all")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="delay_s"):
        KnowledgeBoard().share("a", DESK, 0.0, delay_s=-1.0)


def test_what_a_unit_saw_reaches_another_by_the_desk_when_channels_carry_it() -> None:
    board = KnowledgeBoard()
    board.learn("u1", [News(100.0, 5, True)])
    board.share("u1", DESK, 90.0, delay_s=0.0)  # it has seen nothing yet
    board.share("u1", "u2", 150.0, delay_s=0.0)  # units do not speak to each other at this level
    board.share("u1", DESK, 150.0, delay_s=30.0)
    board.share(DESK, "u2", 200.0, delay_s=math.inf)  # silent
    assert not board.of("u2", 1000.0).believed
    board.share(DESK, "u2", 1000.0, delay_s=60.0)
    assert not board.of("u2", 1059.0).believed
    assert board.of("u2", 1060.0).seen_s == {5: 1060.0}


@pytest.mark.parametrize(("level", "knows"), [("unit", set()), ("desk", set()), ("platform", {5})])
def test_levels_of_information_say_who_may_tell_whom(level, knows) -> None:
    board = KnowledgeBoard(level=level)
    board.learn("u1", [News(100.0, 5, True)])
    board.share("u1", "u2", 150.0, delay_s=0.0)
    assert board.of("u2", 200.0).believed == knows


def test_with_complete_information_everybody_knows_the_roads_as_they_are() -> None:
    truth = truth_of(outage(1, during=(50.0, 100.0)))
    board = KnowledgeBoard(level="complete", truth=truth.knowledge_at)
    assert [set(board.of("anybody", at_s).believed) for at_s in (0.0, 50.0, 99.0, 100.0)] == [set(), {0}, {0}, set()]


def test_news_that_a_road_is_open_wins_over_older_news_however_it_comes() -> None:
    closed = RoadKnowledge(seen_s={1: 10.0})
    opened = RoadKnowledge(seen_s={1: 10.0}, over_s={1: 90.0})
    assert not opened.with_message(closed, 200.0).believed
    assert not closed.with_message(opened, 200.0).believed
    assert pickle.loads(pickle.dumps(opened)).over_s == {1: 90.0}
    assert closed.with_message(closed, 300.0) is closed
