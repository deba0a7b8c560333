"""What holds in every run, whatever the calls, the fleet, the roads and the outages."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rescuesim.crew import CrewType, Lognormal
from rescuesim.disruption import ChannelOutage
from rescuesim.simulation import CallLog, Fleet, RoadTimes, Setting, Unit, run_replication
from rescuesim.simulation.calls import DRAWS
from rescuesim.simulation.trajectory import OUTCOMES, STAMPS

POINTS, SITES, TYPES = ("a", "b", "c"), ("s0", "s1", "s2"), ("fire", "social")
CHAIN = {
    "answering": Lognormal(median=6, p90=12),
    "order": Lognormal(median=35, p90=60),
    "set_up": Lognormal(median=30, p90=60),
    "variation": Lognormal(median=1, p90=1.4),
}
HORIZON_S = 2 * 86400.0
HANDLED, LOST, WAITING, UNDER_WAY = range(4)


@st.composite
def worlds(draw):
    """Draw a fleet, calls, roads with epochs, outages of the network and a kind of queue."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    crew = CrewType(
        name="crew",
        turnout={"day": Lognormal(median=60, p90=100), "night": Lognormal(median=90, p90=100)},
        availability={"day": draw(st.sampled_from([1.0, 0.6])), "night": draw(st.sampled_from([1.0, 0.3]))},
        capabilities=frozenset({"assist"} | ({"fire"} if draw(st.booleans()) else set())),
    )
    able = CrewType(
        name="able",
        turnout=crew.turnout,
        availability=crew.availability,
        capabilities=frozenset({"assist", "fire"}),
    )
    units = tuple(
        Unit(id=f"{site}#{number}", site=site, crew=able if site == "s0" else crew)
        for site in SITES
        for number in range(draw(st.integers(1, 2)))
    )
    size = draw(st.integers(0, 60))
    calls = CallLog.from_draws(
        POINTS,
        TYPES,
        arrived_at_s=np.sort(rng.random(size)) * HORIZON_S,
        point=rng.integers(0, 3, size),
        type_code=rng.integers(0, 2, size),
        on_scene_s=rng.exponential(draw(st.sampled_from([600.0, 20_000.0])), size),
        **{name: rng.standard_normal(size) for name in DRAWS},
    )
    n_states = draw(st.integers(1, 3))
    epochs = np.unique(np.r_[0.0, np.sort(rng.random(draw(st.integers(0, 5)))) * HORIZON_S])

    def matrix():
        return np.where(rng.random((3, 3)) < 0.3, np.inf, rng.uniform(0, 3000, (3, 3)))

    roads = RoadTimes(
        sites=SITES,
        points=POINTS,
        starts_s=tuple(epochs.tolist()),
        states=tuple(int(state) for state in rng.integers(0, n_states, len(epochs))),
        out_s=tuple(matrix() for _ in range(n_states)),
        back_s=tuple(matrix() for _ in range(n_states)),
    )
    cut = ChannelOutage(sites=frozenset({"s1"}), from_s=20_000, until_s=90_000, fallback="satellite_phone")
    queue = draw(st.sampled_from(["fifo", "loss"]))
    return Fleet(units=units), calls, roads, Setting(chain=CHAIN, horizon_s=HORIZON_S, queue=queue), (cut,)


def run(world):
    fleet, calls, roads, setting, channels = world
    return run_replication(fleet, calls, roads, setting, channels=channels)


@settings(deadline=None, max_examples=150)
@given(worlds())
def test_stamps_never_decrease_and_end_before_the_horizon(world):
    stamps = run(world).stamps
    reached = ~np.isnan(stamps)
    assert (reached[:-1] | ~reached[1:]).all()
    assert (np.diff(stamps, axis=0)[reached[1:]] >= 0).all()
    assert (stamps[reached] < HORIZON_S).all()


@settings(deadline=None, max_examples=150)
@given(worlds())
def test_every_call_ends_in_one_outcome_that_its_stamps_bear_out(world):
    found = run(world)
    dispatched, handling = ~np.isnan(found.at_s("dispatched")), ~np.isnan(found.at_s("handling"))
    assert ((found.outcome == HANDLED) == handling).all()
    assert ((found.outcome == UNDER_WAY) == (dispatched & ~handling)).all()
    assert (np.isin(found.outcome, [LOST, WAITING]) == ~dispatched).all()
    assert world[3].queue == "loss" or not (found.outcome == LOST).any()
    assert set(found.outcomes()) <= set(OUTCOMES)


@settings(deadline=None, max_examples=150)
@given(worlds())
def test_a_unit_serves_one_call_at_a_time_and_no_order_is_forgotten(world):
    fleet, found = world[0], run(world)
    for unit in range(len(fleet.units)):
        mine = found.task_unit == unit
        start, end = found.task_from_s[mine], found.task_until_s[mine]
        assert (start[1:] >= end[:-1]).all()
    # every order is either the last of its call or one from which a unit stood down
    assert len(found.task_unit) == (found.unit >= 0).sum() + found.redispatched.sum()


@settings(deadline=None, max_examples=150)
@given(worlds())
def test_a_unit_that_goes_is_capable_present_and_has_a_way(world):
    from rescuesim.simulation.fleet import ShiftTimeline

    fleet, calls, roads, setting, _ = world
    found, timeline = run(world), ShiftTimeline.until(HORIZON_S)
    absent = fleet.absences(timeline, seed=setting.seed, replication=0)
    rolling, dispatched = found.at_s("rolling"), found.at_s("dispatched")
    for call in np.flatnonzero(~np.isnan(rolling)):
        unit = fleet.units[found.unit[call]]
        assert "fire" in unit.crew.capabilities or TYPES[calls.type_code[call]] != "fire"
        shift = np.searchsorted(timeline.starts_s, dispatched[call], side="right") - 1
        assert not absent[shift, SITES.index(unit.site)]
        state = roads.states[np.searchsorted(roads.starts_s, rolling[call], side="right") - 1]
        drive_s = roads.out_s[state][SITES.index(unit.site), calls.point[call]]
        factor = CHAIN["variation"].from_normal(calls.travel_z)[call]
        if not np.isnan(found.at_s("on_scene")[call]):
            assert found.at_s("on_scene")[call] == rolling[call] + drive_s * factor


@settings(deadline=None, max_examples=50)
@given(worlds())
def test_the_same_world_is_played_the_same_way_twice(world):
    one, two = run(world), run(world)
    np.testing.assert_array_equal(one.stamps, two.stamps)
    np.testing.assert_array_equal(one.unit, two.unit)
    assert len(one.stamps) == len(STAMPS)
