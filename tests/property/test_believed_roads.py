"""Drives on believed roads against brute force, on drawn networks with drawn closures, and what always holds."""

from __future__ import annotations

import math

import numpy as np
from drawn_drives import placed, worlds
from drawn_networks import states
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_simulation_believed_roads import Shut, Standing, first_met, least_ticks

from rescuesim.disruption import Disruption, RoadOutage
from rescuesim.disruption.outages import RoadSlowing
from rescuesim.network import RoadNetwork
from rescuesim.simulation.believed_roads import Leg, Place, PlacedRoads, RoadKnowledge, RoadTruth
from rescuesim.simulation.believed_roads.search import Arcs, search, search_plainly
from rescuesim.travel import TravelTimes
from rescuesim.travel.times import times_in_state


def standing(roads: PlacedRoads, start: int | Place) -> Standing:
    """Say where a way begins or ends, in the words of the oracle."""
    if isinstance(start, Place):
        return Standing(start.road, start.position_m, False, start.along, start.retreat_m)
    return Standing(roads.stop_road.item(start), roads.stop_m.item(start), True)


def shut_of(truth: RoadTruth, some: frozenset[int] | None = None) -> list[Shut]:
    """List the closures, all or the believed ones."""
    found = []
    for number, one in enumerate(truth.conditions):
        if isinstance(one, RoadOutage) and one.closure.shuts and (some is None or number in some):
            high = min(one.closure.to_m, truth.roads.length_m(one.closure.road))
            found.append(Shut(one.closure.road, one.closure.from_m, high, one.from_s, one.until_s))
    return found


def least_as_believed(network: RoadNetwork, truth: RoadTruth, leg: Leg, believed: frozenset[int]) -> float:
    factor: dict[int, float] = {}
    for number in believed:
        one = truth.conditions[number]
        if isinstance(one, RoadSlowing):
            factor[one.road] = max(one.factor, factor.get(one.road, 1.0))
    start, target = standing(truth.roads, leg.way.start), standing(truth.roads, leg.way.target)
    return least_ticks(network, start, target, shut_of(truth, believed), factor)


@settings(max_examples=60)
@given(placed(), st.data())
def test_who_knows_all_of_roads_that_stay_as_they_are_takes_the_time_of_the_travel_engine(
    case: tuple[RoadNetwork, TravelTimes, TravelTimes], data: st.DataObject
) -> None:
    network, out, back = case
    roads = PlacedRoads.of(out)
    state = data.draw(states(network, roads.stop_m.tolist()))
    disruption = Disruption(
        label="stays",
        roads=tuple(RoadOutage(closure=one, from_s=0.0, until_s=math.inf) for one in state.closures),
        slowings=tuple(
            RoadSlowing(road=road, factor=factor, from_s=0.0, until_s=math.inf)
            for road, factor in state.slow_downs.items()
        ),
    )
    truth = RoadTruth.under(roads, disruption)
    knows, n_sites = truth.knowledge_at(0.0), len(roads.sites)
    matrices = [times_in_state(times, state).values for times in (out, back)]
    for site in range(n_sites):
        for point in range(len(roads.points)):
            away = truth.drive(site, n_sites + point, 0.0, knows)
            home = truth.drive(n_sites + point, site, 0.0, knows)
            assert away.arrives_s == matrices[0][site, point] == truth.believed_s(site, n_sites + point, knows)
            assert home.arrives_s == matrices[1][site, point]
            assert not away.learned
            assert not away.blocks


@settings(max_examples=80)
@given(worlds())
def test_every_leg_is_the_shortest_way_under_what_is_believed_as_it_begins(
    world: tuple[RoadNetwork, RoadTruth, RoadKnowledge, int, int, float],
) -> None:
    network, truth, knowledge, start, target, depart_s = world
    if any(isinstance(one, RoadOutage) and one.closure.level == "one_lane" for one in truth.conditions):
        return  # the oracle slows whole roads alone
    drive = truth.drive(start, target, depart_s, knowledge)
    for leg in drive.legs:
        least = least_as_believed(network, truth, leg, leg.believed)
        slower = truth._beliefs[leg.believed][0].slower_by(leg.way)
        assert abs(leg.way.before.item(-1) + slower - least) <= 2 * len(leg.way.piece) + 2
    if drive.reason == "no_way_believed":
        last = truth.way(drive.stands, target, drive.knowledge)
        assert last.reason
        leg = Leg(roads=truth.roads, way=last, depart_s=0.0, arrives_s=0.0)
        assert least_as_believed(network, truth, leg, drive.knowledge.believed) == math.inf


@settings(max_examples=80)
@given(worlds(), st.sampled_from([1.0, 0.5, 1.7]))
def test_blocks_are_met_where_and_when_walking_the_roads_meets_them(
    world: tuple[RoadNetwork, RoadTruth, RoadKnowledge, int, int, float], variation: float
) -> None:
    _, truth, knowledge, start, target, depart_s = world
    drive = truth.drive(start, target, depart_s, knowledge, variation=variation)
    for number, leg in enumerate(drive.legs):
        if truth.roads.start_up_s > 0 or len(leg.way.piece) == 0:
            continue  # time does not run evenly within a stretch, or nothing is driven
        whole = leg.way
        entered = leg.entered_s.tolist()
        runs = []
        for step in range(leg.n_steps):
            one = truth.roads.step_of(whole, step)
            ends = entered[step + 1]
            leaves = leg.leaves_m.item(step)
            runs.append((one.road, one.enter_m, leaves, entered[step], ends))
        begins = leg.way.start
        met = first_met(
            runs,
            shut_of(truth),
            from_stop=not isinstance(begins, Place),
            up=begins.along if isinstance(begins, Place) else None,
        )
        if leg.stopped_at is None:
            assert met is None
        elif leg.n_steps:
            block = drive.blocks[number]
            assert met is not None
            assert met[0] == block.road
            assert abs(met[1] - block.position_m) < 1e-6
            assert abs(entered[-1] - block.at_s) < 1e-6


@settings(max_examples=80)
@given(worlds(), st.floats(0.0, 1.0))
def test_what_holds_on_every_drive(
    world: tuple[RoadNetwork, RoadTruth, RoadKnowledge, int, int, float], share: float
) -> None:
    _, truth, knowledge, start, target, depart_s = world
    drive = truth.drive(start, target, depart_s, knowledge)
    for news in drive.learned:
        one = truth.conditions[news.condition]
        assert one.from_s <= news.at_s < one.until_s if news.holds else news.at_s >= one.until_s
        assert news.at_s >= depart_s
        assert (news.condition in knowledge.believed) != news.holds
    for block, leg in zip(drive.blocks, drive.legs, strict=False):
        assert leg.arrives_s == block.at_s
        assert block.condition in drive.knowledge.seen_s
    moments = [depart_s] + [moment for leg in drive.legs for moment in (leg.depart_s, leg.arrives_s)]
    assert moments == sorted(moments)
    assert drive.arrives_s == drive.ends_s or drive.reason
    for leg in drive.legs:
        assert (np.diff(leg.entered_s) >= 0).all()
        shut = {piece for piece, ticks in truth._beliefs[leg.believed][0].changed.items() if ticks == 2**30 - 1}
        if not isinstance(leg.way.start, Place):  # a place may lie before or in what is closed
            assert shut.isdisjoint(leg.way.piece.tolist())
    if not truth.conditions:
        assert not drive.learned
        assert not drive.blocks
    if drive.legs and share < 1:
        at_s = depart_s + share * (drive.ends_s - depart_s)
        on_way = drive.position_at(at_s)
        if isinstance(on_way, Place):
            assert 0 <= on_way.position_m <= truth.roads.length_m(on_way.road)
        again = truth.drive(on_way, target, at_s, drive.knowledge)
        assert again.arrives_s >= at_s
    assert drive.position_at(math.inf) == drive.stands


@settings(max_examples=80)
@given(placed(), st.data())
def test_the_compiled_search_and_the_plain_one_find_the_same_paths(
    case: tuple[RoadNetwork, TravelTimes, TravelTimes], data: st.DataObject
) -> None:
    graph = case[1].graph
    assert graph is not None
    arcs = Arcs.of(graph, towards=data.draw(st.booleans()))
    root = data.draw(st.integers(0, graph.n_nodes - 1))
    wanted = data.draw(st.lists(st.integers(0, graph.n_nodes - 1), max_size=2))
    closed = np.array(data.draw(st.lists(st.integers(0, len(graph.road) - 1), max_size=3, unique=True)), dtype=np.int64)
    ticks = arcs.changed(closed, np.full(len(closed), 2**30 - 1, dtype=np.int32))
    for one, other in zip(search(arcs, ticks, root, wanted), search_plainly(arcs, ticks, root, wanted), strict=True):
        assert np.array_equal(one, other)
