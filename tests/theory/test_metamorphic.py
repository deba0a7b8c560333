"""What must not change, or must change in a known way, when a run is told in another way."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescuesim.crew import CrewType, Lognormal
from rescuesim.demand import load_demand
from rescuesim.disruption import ChannelOutage, Disruption, RoadOutage, RoadSlowing, SiteOutage
from rescuesim.network.states import Closure
from rescuesim.plan import Plan, PlanSite
from rescuesim.simulation import CallLog, CallModel, Fleet, RoadTimes, Setting, Unit, run_replication, simulate
from rescuesim.simulation.fleet import ShiftTimeline
from rescuesim.simulation.roads import Journeys
from rescuesim.standard import load_standard

SITES, POINTS, TYPES = ("s0", "s1", "s2"), ("a", "b", "c", "d"), ("fire", "social", "rescue")
HORIZON_S = 2 * 86400.0
DRAWN = ("answering_z", "order_z", "alerting_z", "turnout_z", "travel_z", "set_up_z")
ABLE = {"s0": {"fire", "assist", "rescue", "medical"}, "s1": {"assist"}, "s2": {"fire", "assist"}}
EXAMPLES = settings(max_examples=60)


class World:
    """A fleet, calls, roads, a setting and outages, which can be told in another way."""

    def __init__(self, rng, present, by_shift, queue, n_states):
        self.rng, self.present, self.by_shift = rng, present, by_shift
        size = int(rng.integers(0, 50))
        self.draws = {name: rng.standard_normal(size) for name in DRAWN}
        self.draws |= {
            "arrived_at_s": np.sort(rng.random(size)) * HORIZON_S,
            "on_scene_s": rng.exponential(rng.choice([600.0, 20_000.0]), size),
            "patience_s": rng.exponential(60.0, size),
            "again_after_s": rng.exponential(300.0, size),
        }
        self.point, self.code = rng.integers(0, 4, size), rng.integers(0, 3, size)
        self.starts_s = np.unique(np.r_[0.0, rng.random(n_states) * HORIZON_S])[:n_states]
        self.out_s, self.back_s = ([self.matrix() for _ in range(n_states)] for _ in range(2))
        self.counts = rng.integers(1, 3, 3)
        self.queue, self.seats = queue, int(rng.integers(1, 3))

    def matrix(self):
        return np.where(self.rng.random((3, 4)) < 0.25, np.inf, self.rng.uniform(0, 3000, (3, 4)))

    def units(self, names=SITES):
        """Return the units; two of a site are alike, and no two sites are equally far from a point."""
        night = 90 if self.by_shift else 60
        crews = {
            site: CrewType(
                name=f"crew of {site}",
                turnout={"day": Lognormal(median=60, p90=100), "night": Lognormal(median=night, p90=night * 5 / 3)},
                availability={"day": self.present, "night": self.present},
                capabilities=frozenset(ABLE[site]),
            )
            for site in SITES
        }
        return [
            Unit(id=f"{name}#{number}", site=name, crew=crews[site])
            for name, site, count in zip(names, SITES, self.counts, strict=True)
            for number in range(1, count + 1)
        ]

    def calls(self, points=POINTS, types=TYPES, point=None, code=None, **changed):
        point, code = (self.point if point is None else point), (self.code if code is None else code)
        return CallLog.from_draws(points, types, point=point, type_code=code, **{**self.draws, **changed})

    def roads(self, sites=SITES, points=POINTS, rows=(0, 1, 2), columns=(0, 1, 2, 3), scale=1.0):
        pick = np.ix_(rows, columns)
        return RoadTimes(
            sites=tuple(sites),
            points=tuple(points),
            starts_s=tuple((self.starts_s * scale).tolist()),
            states=tuple(range(len(self.starts_s))),
            out_s=tuple(matrix[pick] * scale for matrix in self.out_s[: len(self.starts_s)]),
            back_s=tuple(matrix[pick] * scale for matrix in self.back_s[: len(self.starts_s)]),
        )

    def play(self, *, units=None, calls=None, roads=None, cut="s1", horizon_s=HORIZON_S, scale=1.0, policy=None):
        setting = Setting(chain=chain(scale), horizon_s=horizon_s, seed=3, seats=self.seats, queue=self.queue)
        outage = ChannelOutage(sites=frozenset({cut}), from_s=20_000.0, until_s=90_000.0)
        return run_replication(
            Fleet(units=tuple(units or self.units())),
            self.calls() if calls is None else calls,
            roads or self.roads(),
            setting,
            channels=(outage,) if cut else (),
            policy=policy,
        )


def chain(scale=1.0):
    medians = {"answering": (40, 90), "order": (35, 60), "set_up": (30, 60)}
    scaled = {name: Lognormal(median=one * scale, p90=nine * scale) for name, (one, nine) in medians.items()}
    return scaled | {"variation": Lognormal(median=1, p90=1.4)}


@st.composite
def worlds(draw, present=(1.0, 0.6), by_shift=True, queues=("fifo", "loss")):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    present, queue = draw(st.sampled_from(present)), draw(st.sampled_from(queues))
    return World(rng, present, by_shift, queue, draw(st.integers(1, 4)))


def assert_same(one, other):
    np.testing.assert_array_equal(one.stamps, other.stamps)
    np.testing.assert_array_equal(one.unit, other.unit)
    np.testing.assert_array_equal(one.outcome, other.outcome)
    assert one.channel == other.channel


def sites_sent(trajectory, units):
    return [units[row].site if row >= 0 else "" for row in trajectory.unit]


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
    """Two stations and four points in the hand-made town."""
    at = {"p1": (119.301, 28.7001), "p2": (119.3099, 28.7050), "p3": (119.305, 28.7099), "p4": (119.327, 28.7101)}
    frame = pd.DataFrame([(id_, *place, 40_000) for id_, place in at.items()], columns=["id", "lon", "lat", "people"])
    sites = (("s1", 119.3001, 28.7001, "brigade"), ("s2", 119.3098, 28.7101, "township_duty"))
    plan = Plan(
        name="two",
        sites=tuple(
            PlanSite(id=id_, name=id_, crew=crew, status="existing", units=2, township="T", lon=lon, lat=lat)
            for id_, lon, lat, crew in sites
        ),
    )
    return {"plan": plan, "network": town, "demand": load_demand(frame), "standard": load_standard()}


def play_block(block, **options):
    model = CallModel(per_10k_people_year=300.0)
    given_ = {"calls": model, "replications": 4, "horizon_s": 3 * 86400.0, "seed": 7}
    return simulate(**block, **{**given_, **options})


def in_bytes(result):
    """Digest all records as they are written to files."""
    digest = hashlib.sha256()
    for frame in (result.records, result.unit_records):
        written = io.BytesIO()
        frame.to_parquet(written)
        digest.update(written.getvalue())
    return digest.hexdigest()


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
            label="far", channels=(ChannelOutage(townships=frozenset({"U"}), from_s=0.0, until_s=90_000.0),)
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
