"""Queues and formations of drawn counties, mission by mission, against lists of events."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_simulation_queues import Case, Formations, Preemption
from story_county import crew, exactly

from rescuesim.crew import Lognormal
from rescuesim.simulation import (
    CallLog,
    Fleet,
    ResponsePackage,
    RoadTimes,
    Setting,
    Trajectory,
    Unit,
    UnitNeed,
    run_replication,
)
from rescuesim.simulation.missions import ENDED

HORIZON_S = 20_000.0
ASKED_S = 30.0  # answered and ordered
TYPES = ("fire", "social", "rescue")
ALONE = {"fire": [("fire", 1)], "social": [("assist", 1)], "rescue": [("rescue", 1)]}
TOGETHER = {"fire": [("fire", 3), ("assist", 2)], "social": [("assist", 1), ("assist", 2)], "rescue": [("rescue", 2)]}
VARIATION = Lognormal(median=1.0, p90=1.4)
CHAIN = {"answering": exactly(10), "order": exactly(20), "set_up": exactly(30), "variation": VARIATION}


def drawn_case(seed: int, queue: str) -> tuple[Case, np.ndarray]:
    """Return a case, and the normal draws that its factors come from."""
    rng = np.random.default_rng(seed)
    sites, points, calls = (int(n) for n in rng.integers([1, 1, 0], [4, 4, 30]))
    out = rng.uniform(0, 900, (sites, points))
    out[rng.random((sites, points)) < 0.15] = math.inf
    z = rng.standard_normal((calls, 3))
    abilities = [{name for name in ("assist", "fire", "rescue") if rng.random() < 0.7} or {"assist"} for _ in out]
    # what nobody can do is refused before the first event
    abilities[-1] |= {"assist", "fire", "rescue"}.difference(*abilities)
    alone = queue == "preemptive"
    case = Case(
        queue=queue,
        horizon=HORIZON_S,
        site=[site for site in range(sites) for _ in range(int(rng.integers(1, 3)))],
        can=abilities,
        people=[None if rng.random() < 0.5 else int(rng.integers(3, 5)) for _ in out],
        turnout=[float(rng.uniform(0, 120)) for _ in out],
        out=out.tolist(),
        back=rng.uniform(0, 900, (sites, points)).tolist(),
        ordered=(np.sort(rng.uniform(0, 0.9 * HORIZON_S, calls)) + ASKED_S).tolist(),
        point=rng.integers(0, points, calls).tolist(),
        type=[TYPES[code] for code in rng.integers(0, 3, calls)],
        priority=rng.integers(0, 3, calls).tolist(),
        factor=VARIATION.from_normal(z).tolist(),
        work=rng.exponential(900, calls).tolist(),
        needs=ALONE if alone else TOGETHER,
        start_with={"fire": int(rng.integers(1, 3)), "social": 1, "rescue": 1},  # every fleet brings so many
        more_after=math.inf if alone else float(rng.choice([0.5, 300.0, 1200.0, math.inf])),
        take_working=bool(rng.random() < 0.5),
    )
    return case, z


def packages_of(case: Case) -> dict[str, ResponsePackage]:
    made = {}
    for name, needs in case.needs.items():
        more = (UnitNeed.from_text("assist:1"),) if name == "fire" and case.more_after < math.inf else ()
        made[name] = ResponsePackage(
            type=name,
            first=tuple(UnitNeed.from_text(f"{ability}:{people}") for ability, people in needs),
            people_to_start=1 if case.queue == "preemptive" else case.start_with[name],
            reinforcement=more,
            reinforce_after_s=case.more_after if more else math.inf,
        )
    return made


def played(case: Case, z: np.ndarray) -> Trajectory:
    """Let the library play a case."""
    crews = [
        crew(" ".join(sorted(can)), turnout_s=case.turnout[site], name=f"crew {site}", people=case.people[site])
        for site, can in enumerate(case.can)
    ]
    units = tuple(Unit(id=f"s{site}#{row}", site=f"s{site}", crew=crews[site]) for row, site in enumerate(case.site))
    sites, points = (
        tuple(f"{kind}{row}" for row in range(many)) for kind, many in zip("sp", np.shape(case.out), strict=True)
    )
    slots = 1 if case.queue == "preemptive" else 3
    calls = CallLog.from_draws(
        list(points),
        list(TYPES),
        arrived_at_s=np.array(case.ordered) - ASKED_S,
        point=case.point,
        type_code=[TYPES.index(name) for name in case.type],
        priority=case.priority,
        travel_z=z[:, :slots],
        on_scene_s=np.repeat(np.array(case.work)[:, None], slots, axis=1),
    )
    roads = RoadTimes(
        sites=sites,
        points=points,
        starts_s=(0.0,),
        states=(0,),
        out_s=(np.array(case.out),),
        back_s=(np.array(case.back),),
    )
    setting = Setting(
        chain=CHAIN,
        horizon_s=HORIZON_S,
        queue=case.queue,
        seats=max(1, len(calls)),
        packages=packages_of(case),
        preempt_on_scene=case.queue == "preemptive" and case.take_working,
    )
    return run_replication(Fleet(units=units), calls, roads, setting)


def agree(found: Trajectory, told: Formations | Preemption) -> None:
    """Compare missions in the order of their orders, with where each ended."""
    missions, case = found.missions, told.case
    assert missions.call.tolist() == [one.call for one in told.sent]
    assert missions.slot.tolist() == [one.slot for one in told.sent]
    assert missions.unit.tolist() == [one.unit for one in told.sent]
    assert [ENDED[code] for code in missions.ended] == [one.ended for one in told.sent]
    for name in ("dispatched", "rolling", "on_scene", "ready", "cleared"):
        expected = [one.stamp(name, case.horizon) for one in told.sent]
        np.testing.assert_allclose(missions.at_s(name), expected, rtol=0, atol=1e-6, err_msg=name)


QUEUES = st.sampled_from(["fifo", "priority", "loss"])


@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 10**6), queue=QUEUES)
def test_formations_send_start_and_end_as_plain_events_do(seed: int, queue: str) -> None:
    case, z = drawn_case(seed, queue)
    found, told = played(case, z), Formations(case)
    agree(found, told)
    states = [told.calls.get(call) for call in range(len(case.ordered))]
    for name, got in (("began", found.at_s("handling")), ("closed", found.closed_s)):
        expected = [math.nan if state is None else getattr(state, name) for state in states]
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6, err_msg=name)
    assert [outcome == "lost" for outcome in found.outcomes()] == [state is not None and state.lost for state in states]


@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_units_are_taken_and_work_goes_on_as_plain_events_do(seed: int) -> None:
    case, z = drawn_case(seed, "preemptive")
    found, told = played(case, z), Preemption(case)
    agree(found, told)
    for name, got, expected in (
        ("began", found.at_s("handling"), told.began),
        ("closed", found.at_s("cleared"), told.closed),
    ):
        wanted = [expected.get(call, math.nan) for call in range(len(case.ordered))]
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    ("queue", "ends"),
    [
        ("loss", {"completed", "recalled"}),
        ("fifo", {"completed", "recalled"}),
        ("preemptive", {"completed", "diverted"}),
    ],
)
def test_the_drawn_cases_reach_what_they_are_drawn_for(queue: str, ends: set[str]) -> None:
    reached: set[str] = set()
    lost = waited = 0
    for seed in range(40):
        case, _ = drawn_case(seed, queue)
        told = Preemption(case) if queue == "preemptive" else Formations(case)
        reached |= {one.ended for one in told.sent}
        waited += sum(one.dispatched > case.ordered[one.call] for one in told.sent)
        lost += 0 if isinstance(told, Preemption) else sum(state.lost for state in told.calls.values())
    assert ends <= reached
    assert (lost > 0) == (queue == "loss")
    assert waited > 10
