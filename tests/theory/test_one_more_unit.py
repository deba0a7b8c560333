"""What one more unit does at a single station, call by call, in every run and to the last bit.

Conditions under which it is a theorem: one station with equal units; every call holds whichever unit it gets for a
duration that is the call's own (one turnout by day and night, roads that do not change); calls are ordered at moments
on which units have no say; all units are present or absent together; first come, first served, or lost.

Elsewhere it is false. With several stations a unit that is added spares another one a call, which is then sent where
it is missed: the last test holds such a case, so that nobody takes the theorem for a law of dispatch.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from oracles_queueing import starts_in_turn

from rescuesim.crew import CrewType, Lognormal
from rescuesim.simulation import CallLog, Fleet, RoadTimes, Setting, Unit, run_replication

CHAIN = {
    "answering": Lognormal(median=40, p90=90),
    "order": Lognormal(median=35, p90=60),
    "set_up": Lognormal(median=30, p90=60),
    "variation": Lognormal(median=1, p90=1.4),
}
TURNOUT = Lognormal(median=60, p90=100)
POINTS, HORIZON_S = ("a", "b", "c"), 2 * 86400.0
ROADS = RoadTimes.from_matrix([[120.0, 900.0, np.inf]], [[150.0, 800.0, 60.0]], sites=["s"], points=POINTS)
DRAWN = ("answering_z", "order_z", "turnout_z", "travel_z", "set_up_z")


def station(n_units: int, present: float) -> Fleet:
    crew = CrewType(
        name="crew",
        turnout={"day": TURNOUT, "night": TURNOUT},
        availability={"day": present, "night": present},
        capabilities=frozenset({"fire", "assist"}),
    )
    return Fleet(units=tuple(Unit(id=f"s#{number}", site="s", crew=crew) for number in range(n_units)))


@st.composite
def days(draw):
    """Draw units, how often the crew is there, seats, seed, and calls, of which some may ring at the same moment."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.integers(0, 40))
    arrived_s = np.sort(rng.random(size)) * draw(st.sampled_from([3_000.0, 40_000.0, 170_000.0]))
    draws = {name: rng.standard_normal(size) for name in DRAWN}
    if draw(st.booleans()):  # whole minutes and medians: moments coincide
        arrived_s, draws = np.floor(arrived_s / 600.0) * 600.0, {}
    calls = CallLog.from_draws(
        POINTS,
        ("fire", "social"),
        arrived_at_s=arrived_s,
        point=rng.choice(3, size, p=[0.6, 0.3, 0.1]),
        type_code=rng.integers(0, 2, size),
        on_scene_s=np.round(rng.exponential(draw(st.sampled_from([600.0, 5_000.0])), size)),
        **draws,
    )
    return draw(st.integers(1, 4)), draw(st.sampled_from([1.0, 0.6])), draw(st.integers(1, 3)), rng.integers(9), calls


def play(n_units, present, seats, seed, calls, queue):
    setting = Setting(chain=CHAIN, horizon_s=HORIZON_S, seed=int(seed), seats=seats, queue=queue)
    return run_replication(station(n_units, present), calls, ROADS, setting)


def moments(trajectory, milestone):
    """Moments of a milestone, never as infinity."""
    return np.nan_to_num(trajectory.at_s(milestone), nan=np.inf)


@given(days())
def test_one_more_unit_never_raises_the_wait_of_any_call(day):
    """Prove it by Kiefer and Wolfowitz (1955): the starts rise in the moments at which units come free.

    Number the calls as they are ordered, at O(1) <= O(2) <= ...; call k holds a unit for D(k). Let V(k) be the moments
    from which the c units are free for call k, ascending, and f(t) the first moment from t on at which the crew is
    there. First come, first served: call k starts at S(k) = f(max(O(k), S(k - 1), V1(k))), and V(k + 1) is V(k) with
    its least entry V1(k) replaced by S(k) + D(k), sorted anew. (Which of several free units goes is all the same,
    since nothing starts before S(k) any more.) Let W be the same for c + 1 units, and compare its c + 1 entries with
    those of V, to which an infinite one is added: a unit that never comes. At first W <= V entry by entry. If
    W(k) <= V(k) and S'(k - 1) <= S(k - 1), then S'(k) <= S(k), since f and max rise; so what replaces the least entry
    of W is not later than in V; and sorting two vectors keeps the order of their entries. By induction S'(k) <= S(k)
    for all k. Adding and rounding rise as well, so it holds for the numbers of the machine without a tolerance. Calls
    that no unit reaches hold none, and nobody waits for them.

    What it takes: O(k), D(k) and f do not depend on how many units there are. O does not, as answering needs no unit.
    D would if turnout went by shift or roads changed, since a call that starts earlier could then take longer.
    """
    n_units, *rest = day
    fewer, more = play(n_units, *rest, "fifo"), play(n_units + 1, *rest, "fifo")
    np.testing.assert_array_equal(fewer.at_s("ordered"), more.at_s("ordered"))
    for milestone in ("dispatched", "rolling", "on_scene", "handling", "cleared", "available"):
        assert (moments(more, milestone) <= moments(fewer, milestone)).all()


@given(days())
def test_one_more_unit_never_loses_a_call_that_was_not_lost(day):
    """Prove it by overflow: the unit that is added can be the last to be asked.

    Equal units at one station may be asked in any order without a change to who is lost, since how long a call holds a
    unit is the call's own. Ask the first c units first: they then take the same calls as if the last were not there,
    which takes some of those that the others lose.
    """
    n_units, *rest = day
    fewer, more = play(n_units, *rest, "loss"), play(n_units + 1, *rest, "loss")
    taken = ~np.isnan(fewer.at_s("dispatched"))
    for milestone in ("dispatched", "on_scene", "available"):
        np.testing.assert_array_equal(more.at_s(milestone)[taken], fewer.at_s(milestone)[taken])


@given(days())
def test_the_starts_are_those_of_the_recursion(day):
    n_units, _, seats, seed, calls = day
    found = play(n_units, 1.0, seats, seed, calls, "fifo")
    order = np.argsort(found.at_s("ordered"), kind="stable")
    order = order[calls.point[order] < 2]  # nobody reaches c
    variation = CHAIN["variation"].from_normal(calls.travel_z)
    there_and_back = (ROADS.out_s[0] + ROADS.back_s[0])[0][calls.point] * variation
    holds_s = TURNOUT.from_normal(calls.turnout_z) + CHAIN["set_up"].from_normal(calls.set_up_z)
    holds_s = (holds_s + there_and_back + calls.on_scene_s)[order]
    ordered_s = found.at_s("ordered")[order]
    starts_s = np.array(starts_in_turn(ordered_s.tolist(), holds_s.tolist(), n_units))
    before = starts_s < HORIZON_S - 1e-6
    np.testing.assert_allclose(found.at_s("dispatched")[order][before], starts_s[before], rtol=0, atol=1e-6)


def test_with_several_stations_one_more_unit_can_raise_the_wait_of_a_call():
    """Keep the counterexample: u alone reaches b, and is spared the call at a that it would soon be back from.

    Without w, u goes to a, v to d, and u is back at 250 s for the call at b at 300 s. With w, which is nearer to a, u
    is free for d, being nearer than v, and is there for long.
    """
    nothing, always = dict.fromkeys(("day", "night"), Lognormal(median=0, p90=0)), {"day": 1.0, "night": 1.0}
    crew = CrewType(name="at_once", turnout=nothing, availability=always, capabilities=frozenset({"fire"}))
    chain = dict.fromkeys(CHAIN, Lognormal(median=0, p90=0)) | {"variation": Lognormal(median=1, p90=1)}
    never = np.inf
    out_s = [[100.0, 50.0, 20.0], [never, 80.0, never], [10.0, never, never]]
    roads = RoadTimes.from_matrix(out_s, sites=["u", "v", "w"], points=["a", "d", "b"])
    calls = CallLog.from_draws(
        ["a", "d", "b"],
        ["fire"],
        arrived_at_s=[0.0, 10.0, 300.0],
        point=[0, 1, 2],
        on_scene_s=[50.0, 1_000.0, 100.0],
    )
    waits = {}
    for sites in ("uv", "uvw"):
        fleet = Fleet(units=tuple(Unit(id=f"{site}#1", site=site, crew=crew) for site in sites))
        found = run_replication(fleet, calls, roads, Setting(chain=chain, horizon_s=HORIZON_S))
        waits[sites] = (found.at_s("dispatched") - found.at_s("ordered")).tolist()
    assert waits == {"uv": [0.0, 0.0, 0.0], "uvw": [0.0, 0.0, 810.0]}
