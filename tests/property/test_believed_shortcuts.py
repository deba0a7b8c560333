"""What is taken from trees and kernels on believed roads against the searches and the plain code it spares."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_drives import worlds
from hypothesis import given, settings
from hypothesis import strategies as st

from rescuesim.network import RoadNetwork
from rescuesim.simulation.believed_roads import Place, PlacedRoads, RoadKnowledge, RoadTruth, placed_roads
from rescuesim.simulation.believed_roads.placed_roads import drive_whole_plainly
from rescuesim.travel.trees import compiled_trees

World = tuple[RoadNetwork, RoadTruth, RoadKnowledge, int, int, float]


def without_room(truth: RoadTruth) -> RoadTruth:
    """Take the same roads, fresh, for a search at each question."""
    _, (roads, conditions) = truth.__reduce__()
    make, _ = roads.__reduce__()
    return RoadTruth(roads=make(), conditions=conditions)


def places_on(truth: RoadTruth, world: World, data: st.DataObject) -> list[Place]:
    """Give places on a drive, as a unit that can be diverted stands there."""
    _, _, knowledge, start, target, depart_s = world
    drive = truth.drive(start, target, depart_s, knowledge)
    if not drive.legs:
        return []
    shares = data.draw(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=4))
    found = [drive.position_at(depart_s + share * (drive.ends_s - depart_s)) for share in shares]
    return [place for place in found if isinstance(place, Place)]


@settings(max_examples=60)
@given(worlds(), st.data())
def test_the_time_from_a_place_is_that_of_the_way_that_a_search_finds(world: World, data: st.DataObject) -> None:
    _, truth, knowledge, *_ = world
    n_conditions = len(truth.conditions)
    alone = [RoadKnowledge(seen_s={number: 0.0}) for number in range(n_conditions)]
    beliefs = [knowledge, RoadKnowledge(seen_s=dict.fromkeys(range(n_conditions), 0.0)), *alone]
    asked = [
        (place, target, belief)
        for place in places_on(truth, world, data)
        for target in range(len(truth.roads.stop_road))
        for belief in beliefs
    ]
    searching = without_room(truth)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(placed_roads, "_MOST_TREES_BYTES", 0)
        assert not searching.roads.keeps_trees_of_points
        ways = [searching.way(*one) for one in asked]
        seconds = [searching.believed_s(*one) for one in asked]
    assert truth.roads.keeps_trees_of_points
    assert [truth.believed_s(*one) for one in asked] == seconds
    for one, way in zip(asked, ways, strict=True):
        same = truth.way(*one)
        assert (same.reason, same.piece.tolist(), same.before.tolist()) == (
            way.reason,
            way.piece.tolist(),
            way.before.tolist(),
        )


@settings(max_examples=100)
@given(worlds())
def test_a_way_kept_for_all_beliefs_is_the_one_that_a_search_under_each_finds(world: World) -> None:
    _, truth, knowledge, start, target, _ = world
    belief = truth._belief(knowledge.believed)[0]
    way = truth.way(start, target, knowledge)
    if way.reason:
        return
    roads = truth.roads
    nodes = roads.graph.point_node
    towards = start >= len(roads.sites)
    root, node = (nodes.item(target), nodes.item(start)) if towards else (nodes.item(start), nodes.item(target))
    found = belief._search(root, [node], towards=towards)
    assert roads.arcs(towards=towards).pieces_between(found, roads.graph, node) == way.piece.tolist()


@settings(max_examples=60)
@given(worlds())
def test_the_kernels_that_list_a_way_agree_with_the_plain_code(world: World) -> None:
    if not compiled_trees():
        pytest.skip("numba is not installed")
    roads: PlacedRoads = world[1].roads
    from rescuesim.simulation.believed_roads.search_kernels import drive_whole

    root = roads.graph.point_node.item(0)
    for towards in (True, False):
        arcs, found = roads.arcs(towards=towards), roads.tree(root, towards=towards)
        next_node = roads.graph.head if towards else roads.graph.tail
        for node in range(min(roads.graph.n_nodes, 20)):
            pieces = arcs.pieces_between(found, roads.graph, node)
            assert pieces == arcs.pieces_plainly(found[1], next_node, node)
            listed, driven = np.array(pieces, dtype=np.int32), roads._driven[0]
            size = len(listed) + 1
            made = [
                (np.zeros(size, dtype=np.int32), np.zeros(size), np.zeros(size), np.zeros(size, dtype=np.bool_),
                 np.array([0, 7] + [0] * (size - 1), dtype=np.int64))
                for _ in range(2)
            ]  # fmt: skip
            drive_whole(listed, 1, *driven, *made[0])
            drive_whole_plainly(listed, 1, driven, made[1])
            assert [one.tolist() for one in made[0]] == [one.tolist() for one in made[1]]
