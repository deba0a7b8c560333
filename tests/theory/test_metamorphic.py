"""What must not change, or must change in a known way, when a run is told in another way."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from drawn_worlds import EXAMPLES, HORIZON_S, POINTS, SITES, TYPES, World, assert_same, sites_sent, worlds
from hypothesis import given, settings
from hypothesis import strategies as st
from town_block import block_in, in_bytes, play_block

from rescuesim.crew import Lognormal
from rescuesim.disruption import ChannelOutage, Disruption, RoadOutage, RoadSlowing, SiteOutage
from rescuesim.network.states import Closure
from rescuesim.simulation import Fleet, RoadTimes
from rescuesim.simulation.fleet import ShiftTimeline
from rescuesim.simulation.roads import Journeys

# -- told in another way ---------------------------------------------------------------------------------


@EXAMPLES
@given(worlds(), st.permutations(range(4)))
def test_names_and_order_of_demand_points_change_nothing(world, order):
    told, place = world.play(), np.argsort(order)
    names = [f"village {row}" for row in order]  # row k of the log is the old point order[k]
    calls = world.calls(points=names, point=place[world.point])
    columns = list(reversed(range(4)))
    roads = world.roads(points=[f"village {column}" for column in columns], columns=columns)
    assert_same(told, world.play(calls=calls, roads=roads))


@EXAMPLES
@given(worlds(), st.permutations(range(3)))
def test_the_order_of_types_of_calls_and_of_sites_on_the_roads_changes_nothing(world, order):
    place = np.argsort(order)
    calls = world.calls(types=[TYPES[row] for row in order], code=place[world.code])
    roads = world.roads(sites=[SITES[row] for row in order], rows=order)
    assert_same(world.play(), world.play(calls=calls, roads=roads))


@EXAMPLES
@given(worlds())
def test_names_of_units_change_nothing(world):
    renamed = [replace(unit, id=f"car {number}") for number, unit in enumerate(world.units())]
    assert_same(world.play(), world.play(units=renamed))


@EXAMPLES
@given(worlds(present=(1.0,)))
def test_names_of_sites_change_nothing_where_every_crew_is_there(world):
    names = ("north", "east", "west")
    renamed = world.play(units=world.units(names), roads=world.roads(sites=names), cut="east")
    assert_same(world.play(), renamed)


def test_absences_go_with_the_name_of_a_site_and_not_with_its_place():
    """Say what cannot be relabelled: the id of a site keys the absences of its crew, so that plans share them."""
    world = World(np.random.default_rng(1), 0.5, True, "fifo", 1)
    timeline = ShiftTimeline.until(60 * 86400.0)
    here, there = (
        Fleet(units=tuple(world.units(names))).absences(timeline, seed=3, replication=0)
        for names in (SITES, ("s2", "s0", "s1"))
    )
    np.testing.assert_array_equal(here[:, [2, 0, 1]], there)
    assert (here != there).any()


@EXAMPLES
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_units_changes_nothing_but_which_of_equal_ones_goes(world, random):
    units = world.units()
    shuffled = random.sample(units, len(units))
    one, other = world.play(), world.play(units=shuffled)
    np.testing.assert_array_equal(one.stamps, other.stamps)
    assert sites_sent(one, units) == sites_sent(other, shuffled)


@EXAMPLES
@given(worlds(present=(1.0,), by_shift=False), st.sampled_from([0.5, 4.0]))
def test_a_slower_clock_stretches_every_stamp(world, scale):
    """Powers of two scale without rounding. Shifts keep their hours, so turnout is the same by day and night.

    The turnout of a crew and the delay of a fallback channel are seconds of the real world: the one is scaled with the
    rest, the other left out.
    """
    stretched = {
        name: world.draws[name] * scale for name in ("arrived_at_s", "on_scene_s", "patience_s", "again_after_s")
    }
    quick = Lognormal(median=60 * scale, p90=100 * scale)
    units = [replace(unit, crew=replace(unit.crew, turnout={"day": quick, "night": quick})) for unit in world.units()]
    one = world.play(cut="")
    other = world.play(
        units=units,
        calls=world.calls(**stretched),
        roads=world.roads(scale=scale),
        cut="",
        horizon_s=HORIZON_S * scale,
        scale=scale,
    )
    np.testing.assert_array_equal(one.stamps * scale, other.stamps)
    np.testing.assert_array_equal(one.unit, other.unit)


@EXAMPLES
@given(worlds(), st.floats(0.05, 0.95))
def test_calls_that_ring_after_a_horizon_change_nothing_before_it(world, share):
    """The future has no say: a run that goes on, with more calls, is the shorter run up to its horizon."""
    horizon_s = HORIZON_S * share
    early = world.draws["arrived_at_s"] < horizon_s
    shorter = world.calls(
        point=world.point[early], code=world.code[early], **{name: row[early] for name, row in world.draws.items()}
    )
    cut, whole = world.play(calls=shorter, horizon_s=horizon_s), world.play()
    seen = whole.stamps[:, early]
    np.testing.assert_array_equal(cut.stamps, np.where(seen < horizon_s, seen, np.nan))


@EXAMPLES
@given(worlds())
def test_a_point_that_nobody_calls_from_a_site_without_units_and_roads_that_stay_change_nothing(world):
    roads = world.roads()
    matrix = np.full((4, 5), 77.0)
    more = [np.vstack([np.column_stack([rows, matrix[:3, 4]]), matrix[3]]) for rows in (*roads.out_s, *roads.back_s)]
    half = len(roads.out_s)
    twice = np.unique(np.r_[roads.starts_s, 12_345.0, 100_000.0])  # roads change there to what they were
    wider = RoadTimes(
        sites=(*SITES, "closed"),
        points=(*POINTS, "deserted"),
        starts_s=tuple(twice.tolist()),
        states=tuple((np.searchsorted(roads.starts_s, twice, side="right") - 1).tolist()),
        out_s=tuple(more[:half]),
        back_s=tuple(more[half:]),
    )
    assert_same(world.play(), world.play(roads=wider))


# -- policies ----------------------------------------------------------------------------------------------


class Nearest:
    """Looks at all on offer, in the reverse order."""

    def choose(self, call, choices):
        on_offer = list(reversed(list(choices)))
        return min(on_offer, key=lambda choice: choice.turnout_s + choice.travel_s).unit if on_offer else None


class Whichever:
    """Sends any unit on offer, by its own draw."""

    def __init__(self):
        self.rng = np.random.default_rng(5)

    def choose(self, call, choices):
        on_offer = [choice.unit for choice in choices]
        return on_offer[self.rng.integers(len(on_offer))] if on_offer else None


@EXAMPLES
@given(worlds())
def test_the_nearest_is_sent_whoever_looks_for_it(world):
    units = world.units()
    one, other = world.play(), world.play(policy=Nearest())
    np.testing.assert_array_equal(one.stamps, other.stamps)
    assert sites_sent(one, units) == sites_sent(other, units)


@EXAMPLES
@given(worlds(), st.integers(2, 4))
def test_at_one_station_of_equal_units_it_does_not_matter_which_of_them_a_policy_sends(world, n_units):
    first = world.units()[0]
    units = [replace(first, id=f"s0#{number}") for number in range(n_units)]
    one, other = world.play(units=units), world.play(units=units, policy=Whichever())
    np.testing.assert_array_equal(one.stamps, other.stamps)


# -- on a network, through simulate ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def block(town):
    return block_in(town)


def nothing_happens():
    slide = RoadOutage(closure=Closure(road=0), from_s=40 * 86400.0, until_s=50 * 86400.0)
    passable = RoadOutage(closure=Closure(road=1, level="passable"), from_s=3_600.0, until_s=7_200.0)
    return {
        "nothing breaks": Disruption(label="nothing"),
        "a slide after the horizon": Disruption(label="late", roads=(slide,)),
        "a closure that leaves the road passable": Disruption(label="passable", roads=(passable,)),
        "a slowing by the factor 1": Disruption(
            label="as fast", slowings=(RoadSlowing(road=0, factor=1.0, from_s=3_600.0, until_s=90_000.0),)
        ),
        "an outage of a site that is no station": Disruption(
            label="elsewhere", sites=(SiteOutage(site="s9", from_s=0.0, until_s=90_000.0),)
        ),
        "a dead network elsewhere": Disruption(
            label="far", channels=(ChannelOutage(sites=frozenset({"s9"}), from_s=0.0, until_s=90_000.0),)
        ),
    }


@pytest.mark.parametrize("what", nothing_happens())
def test_a_disruption_that_changes_nothing_equals_none(block, what):
    hit, intact = play_block(block, disruptions=nothing_happens()[what]), play_block(block)
    # the categories of the channel name those that an order could have gone by
    records = [result.records.astype({"channel": str}) for result in (hit, intact)]
    pd.testing.assert_frame_equal(*records, check_exact=True)
    pd.testing.assert_frame_equal(hit.unit_records, intact.unit_records, check_exact=True)


@settings(max_examples=15)
@given(data=st.data())
def test_no_epoch_of_a_disruption_has_a_shorter_way_than_the_intact_roads_or_a_part_of_it(block, data):
    network, demand = block["network"], block["demand"]
    road, moment = st.integers(0, network.n_roads - 1), st.floats(0, 86_400)
    level = st.sampled_from(["closed", "on_foot", "one_lane", "passable"])
    outages = data.draw(st.lists(st.tuples(road, level, moment, moment), min_size=1, max_size=6))
    made = [
        RoadOutage(closure=Closure(road=number, level=how), from_s=min(span), until_s=max(span) + 1.0)
        for number, how, *span in outages
    ]
    journeys = Journeys.on(network, block["plan"], demand, np.arange(len(demand.ids)))
    intact = journeys.during(None)
    some, whole = (
        journeys.during(Disruption(label="storm", roads=tuple(part))) for part in (made[: len(made) // 2], made)
    )
    for epoch, start_s in enumerate(whole.starts_s):
        part = some.states[int(np.searchsorted(some.starts_s, start_s, side="right")) - 1]
        for fewer, more, free in (
            (some.out_s[part], whole.out_s[whole.states[epoch]], intact.out_s[0]),
            (some.back_s[part], whole.back_s[whole.states[epoch]], intact.back_s[0]),
        ):
            assert (free <= fewer).all()
            assert (fewer <= more).all()


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_same_seed_gives_the_same_bytes_with_any_number_of_workers(block, pool, workers, monkeypatch):
    hits = [
        Disruption(label="cut", roads=(RoadOutage(closure=Closure(road=0), from_s=3_600.0, until_s=90_000.0),)),
        Disruption(label="dark", channels=(ChannelOutage(from_s=0.0, until_s=50_000.0),)),
    ]
    serial = in_bytes(play_block(block, disruptions=hits))
    monkeypatch.setattr("rescuesim.simulation.run._CALLS_A_CHUNK", 1)  # a chunk for every replication
    with pool(max_workers=workers) as executor:
        assert in_bytes(play_block(block, disruptions=hits, executor=executor)) == serial


def test_a_replication_does_not_depend_on_how_many_there_are(block):
    four, two = (play_block(block, replications=number) for number in (4, 2))
    first = four.records[four.records["replication"] < 2]
    pd.testing.assert_frame_equal(first, two.records, check_categorical=False)
