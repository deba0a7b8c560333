"""What must not change when packages, queues, the desk or what units know are told in another way."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from drawn_worlds import EXAMPLES, HORIZON_S, assert_same, worlds
from hypothesis import given
from town_block import block_in, in_bytes, play_block

from rescuesim.disruption import ChannelOutage, Disruption, RoadOutage
from rescuesim.network.states import Closure
from rescuesim.simulation import CallLog, Desk, NearestAvailable, default_packages
from rescuesim.simulation.calls.log import SLOT_DRAWS
from rescuesim.simulation.packages import single_unit_packages
from rescuesim.simulation.policies import FirstOrdered, Loss, MostUrgent, Preemptive


@pytest.fixture(scope="module")
def block(town):
    return block_in(town)


def with_more_slots(world):
    """Return the calls of a world with draws for two more units each."""
    rng, size = np.random.default_rng(7), len(world.point)
    more = {}
    for name in SLOT_DRAWS:
        if name in world.draws:
            more[name] = np.column_stack([world.draws[name], rng.random((size, 2))])
    return world.calls(**more)


class AlertsNobodyBesides(NearestAvailable):
    """Sends the nearest, and could alert others; so every call is played as one of several units."""

    def also(self, call, choices):
        return []


@EXAMPLES
@given(worlds())
def test_draws_for_further_units_change_nothing_where_one_is_sent(world):
    assert_same(world.play(), world.play(calls=with_more_slots(world)))


@EXAMPLES
@given(worlds())
def test_one_unit_is_played_alike_alone_and_as_a_package_that_never_gets_more(world):
    """A call of one unit takes a shorter way through the engine than one that may get several."""
    alone = world.play()
    never = {
        name: replace(package, reinforcement=package.first, reinforce_after_s=10 * HORIZON_S)
        for name, package in single_unit_packages().items()
    }
    assert_same(alone, world.play(calls=with_more_slots(world), packages=never))
    assert_same(alone, world.play(policy=AlertsNobodyBesides()))


@EXAMPLES
@given(worlds(queues=("fifo",)))
def test_calls_of_equal_urgency_are_served_in_turn(world):
    in_turn, equal = world.play(), world.calls(priority=np.ones(len(world.point), dtype=np.int8))
    for queue in ("priority", "preemptive"):
        assert_same(in_turn, world.play(calls=equal, queue=queue))
    # a queue in turn does not look at urgency
    assert_same(in_turn, world.play(calls=equal))


@EXAMPLES
@given(worlds(queues=("priority", "preemptive")))
def test_only_the_order_of_urgencies_counts(world):
    spread = np.array([0, 5, 100], dtype=np.int8)[world.draws["priority"]]
    assert_same(world.play(), world.play(calls=world.calls(priority=spread)))


@EXAMPLES
@given(worlds())
def test_a_queue_by_name_is_the_queue_as_an_object(world):
    by_name = {"fifo": FirstOrdered(), "priority": MostUrgent(), "preemptive": Preemptive(), "loss": Loss()}
    assert_same(world.play(), world.play(queue=by_name[world.queue]))


@EXAMPLES
@given(worlds())
def test_seats_are_a_desk_with_so_many(world):
    assert_same(world.play(), world.play(desk=Desk(seats=world.seats), seats=99))


# -- on a network, through simulate ------------------------------------------------------------------------

LEVELS = ("unit", "desk", "platform")
EVERYTHING = {
    "packages": default_packages(),
    "queue": "preemptive",
    "preempt_on_scene": True,
    "divertible": True,
    "information": "platform",
    "muster": True,
}
CUT = Disruption(label="cut", roads=(RoadOutage(closure=Closure(road=0), from_s=3_600.0, until_s=90_000.0),))
DARK = Disruption(label="dark", channels=(ChannelOutage(from_s=0.0, until_s=50_000.0),))


def assert_same_missions(one, other):
    """Compare what all units did; a drive on believed roads adds up its pieces in another order, to a microsecond."""
    assert len(one.mission_records) > 5
    without = [result.mission_records.drop(columns=["blocks", "distance_m"]) for result in (one, other)]
    pd.testing.assert_frame_equal(*without, check_exact=False, rtol=0, atol=1e-6)


@pytest.mark.parametrize("level", LEVELS)
def test_on_intact_roads_it_does_not_matter_who_knows_of_them(block, level):
    """What is believed is then true."""
    believed = play_block(block, information=level)
    assert_same_missions(play_block(block), believed)
    assert (believed.mission_records["blocks"] == 0).all()


def test_units_can_be_diverted_without_a_difference_where_none_is_on_its_way_home_when_it_is_wanted(block):
    points, times = block["demand"].ids, 6 * 3600.0 * np.arange(10)
    sparse = CallLog.from_draws(points, ["fire"], arrived_at_s=times, point=np.arange(10) % 4, on_scene_s=[900.0] * 10)
    assert_same_missions(
        play_block(block, calls=sparse, replications=1),
        play_block(block, calls=sparse, replications=1, divertible=True),
    )
    busy = play_block(block, divertible=True)
    assert not busy.records["on_scene_at_s"].equals(play_block(block).records["on_scene_at_s"])


def test_one_unit_for_each_call_is_what_is_sent_without_packages(block):
    assert in_bytes(play_block(block)) == in_bytes(play_block(block, packages=single_unit_packages()))


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_with_everything_on_the_same_seed_gives_the_same_bytes_with_any_number_of_workers(
    block, pool, workers, monkeypatch
):
    options = {**EVERYTHING, "disruptions": [CUT, DARK], "horizon_s": 2 * 86400.0}
    serial = in_bytes(play_block(block, **options))
    monkeypatch.setattr("rescuesim.simulation.run._CALLS_A_CHUNK", 1)  # a chunk for every replication
    with pool(max_workers=workers) as executor:
        assert in_bytes(play_block(block, **options, executor=executor)) == serial


def test_with_everything_on_names_of_demand_points_change_nothing(block):
    demand = block["demand"]
    renamed = {**block, "demand": replace(demand, ids=tuple(f"village {id_}" for id_ in demand.ids))}
    one, other = (play_block(each, **EVERYTHING, disruptions=CUT) for each in (block, renamed))
    pd.testing.assert_frame_equal(one.mission_records, other.mission_records, check_exact=True)
    names = {id_: f"village {id_}" for id_ in demand.ids}
    assert one.records["demand_id"].astype(str).map(names).tolist() == other.records["demand_id"].tolist()
    pd.testing.assert_frame_equal(*(r.records.drop(columns="demand_id") for r in (one, other)), check_exact=True)


def test_with_everything_on_a_replication_does_not_depend_on_how_many_there_are(block):
    four, two = (play_block(block, **EVERYTHING, disruptions=CUT, replications=number) for number in (4, 2))
    first = four.mission_records[four.mission_records["replication"] < 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, two.mission_records, check_exact=True)
