"""The engine with everything at once, on drawn counties: what can never happen does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from story_county import CHAIN, crew, line

from rescuesim.crew import Lognormal
from rescuesim.disruption import ContactSpell, Disruption, RoadOutage, RoadSlowing, reconnaissance
from rescuesim.network.states import Closure
from rescuesim.simulation import (
    BelievedTimes,
    CallLog,
    EvacuationTask,
    Fleet,
    ResponsePackage,
    Setting,
    Unit,
    UnitNeed,
    event_log,
    run_replication,
)
from rescuesim.simulation.believed_roads import UnitsOnRoad
from rescuesim.simulation.missions import ENDED
from rescuesim.simulation.policies import Move
from rescuesim.simulation.trajectory import OUTCOMES
from rescuesim.travel.trees import compiled_trees

HORIZON_S = 40_000.0


class Restless:
    """Moves the last free unit to the other end, to and fro."""

    def moves(self, view):
        free = view.movable()
        if len(free) == 1:
            here = view.site_row(view.stands_at(free[0]))
            yield Move(view.fleet.units[free[0]], view.sites[(here + 1) % len(view.sites)])


def spells(rng, places, direction):
    made = []
    for place in places:
        at = 0.0
        for _ in range(rng.integers(0, 3)):
            at, channel = at + rng.uniform(0, 8000), str(rng.choice(["", "runner", "radio_370", "public_network"]))
            until = at + rng.uniform(100, 8000)
            delay = Lognormal(median=200.0, p90=900.0) if channel else None
            made.append(
                ContactSpell(place=place, direction=direction, channel=channel, from_s=at, until_s=until, delay=delay)
            )
            at = until
    return made


def drawn(seed, n_calls=60):
    """Draw a county of four stations along a road with a way round it, its calls, what breaks, and a setting."""
    rng = np.random.default_rng(seed)
    journeys = line([0, 3000, 6000, 9000], [500, 2500, 4000, 7000, 8800], ends_m=[0, 2000, 5000, 9000], round_s=1500)
    outages = []
    for road in rng.integers(0, 4, 4).tolist():
        low, at = rng.uniform(0, 1500), rng.uniform(0, 20_000)
        closure = Closure(road=road, from_m=low, to_m=low + rng.uniform(0, 400))
        outages.append(RoadOutage(closure=closure, from_s=at, until_s=at + rng.uniform(100, 15_000)))
    slow = RoadSlowing(road=1, factor=2.0, from_s=5000.0, until_s=9000.0)
    sites, points = journeys.out.sites.ids, journeys.out.demand.ids
    contacts = (*spells(rng, sites, "order"), *spells(rng, points, "call"))
    storm = Disruption(label="storm", roads=tuple(outages), slowings=(slow,), contacts=contacts)
    some = [
        crew("assist fire rescue", name="brigade", people=5),
        crew("assist rescue", name="township_duty", turnout_s=180, people=4),
        crew("assist", name="village_on_call", turnout_s=400, roster=8, attends={"day": 0.5, "night": 0.5},
             accepts=0.8, acceptance=Lognormal(median=60, p90=120)),
    ]  # fmt: skip
    kinds = [some[0], some[int(rng.integers(0, 2))], some[2], some[0]]
    fleet = Fleet(
        units=tuple(
            Unit(id=f"{site}#{n}", site=site, crew=kinds[at], township=f"t{at}")
            for at, site in enumerate(sites)
            for n in range(1, 1 + int(rng.integers(1, 3)))
        )
    )
    arrived = np.sort(rng.uniform(0, 30_000, n_calls))
    duplicate = np.full(n_calls, -1)
    for row in np.flatnonzero(rng.random(n_calls) < 0.2).tolist():
        if row and duplicate[row - 1] < 0:
            duplicate[row] = row - 1
    slots = 4
    calls = CallLog.from_draws(
        points,
        ["fire", "social"],
        arrived_at_s=arrived,
        point=rng.integers(0, len(points), n_calls),
        type_code=rng.integers(0, 2, n_calls),
        on_scene_s=rng.exponential(900.0, (n_calls, slots)),
        muster_u=rng.random((n_calls, slots)),
        accept_u=rng.random((n_calls, slots)),
        travel_z=rng.standard_normal((n_calls, slots)),
        alerting_z=rng.standard_normal(n_calls),
        priority=rng.integers(0, 3, n_calls),
        patience_s=rng.exponential(30.0, n_calls),
        again_after_s=np.where(rng.random(n_calls) < 0.7, 40.0, np.inf),
        duplicate_of=duplicate,
        detected_s=rng.exponential(300.0, n_calls),
    )
    need = UnitNeed.from_text
    fire = ResponsePackage(
        type="fire",
        first=(need("fire:3"), need("assist:2")),
        people_to_start=2,
        reinforcement=(need("rescue:2"),),
        reinforce_after_s=600.0,
        reinforce_severity=2.0,
        escalation=(need("fire:2"),),
        escalate_after_s=900.0,
        command_post=Lognormal(median=200.0, p90=300.0),
    )
    packages = {"fire": fire, "social": ResponsePackage(type="social", first=(need("assist:2"),))}
    return rng, journeys, storm, fleet, calls, packages


def with_fewer_people(fleet, packages, seed):
    """Let crews bring one or two, and let fires take three."""
    rng = np.random.default_rng(seed)
    units = tuple(
        replace(unit, crew=replace(unit.crew, people=int(rng.integers(1, 4)), roster=None)) for unit in fleet.units
    )
    return Fleet(units=units), {**packages, "fire": replace(packages["fire"], people_to_start=3)}


def played(seed, *, information=None, n_calls=60, short=False):
    rng, journeys, storm, fleet, calls, packages = drawn(seed, n_calls)
    if short:
        fleet, packages = with_fewer_people(fleet, packages, seed)
    level = information or str(rng.choice(["complete", "unit", "desk", "platform"]))
    on_roads = level != "complete" or bool(rng.integers(0, 2))
    queue = str(rng.choice(["fifo", "priority", "preemptive", "loss"]))
    setting = Setting(
        chain={**CHAIN, "variation": Lognormal(median=1.0, p90=1.4)},
        horizon_s=HORIZON_S,
        seats=1,
        queue=queue,
        preempt_on_scene=queue == "preemptive" and bool(rng.integers(0, 2)),
        packages=packages,
        information=level,
        divertible=on_roads and bool(rng.integers(0, 2)),
        muster=bool(rng.integers(0, 2)),
        nobody_capable="wait" if short else "refuse",
    )
    roads = journeys.during(storm)
    position = np.array([0.0, 300.0, 600.0, 900.0])
    between = np.abs(position[:, None] - position[None])
    roads = replace(roads, between_s=(between,) * len(roads.out_s))
    evacuation = (EvacuationTask(place="d2", from_s=3000.0, until_s=9000.0, people=6),)
    trajectory = run_replication(
        fleet,
        calls,
        roads,
        setting,
        contacts=storm.contacts,
        found=reconnaissance(storm.contacts, seed=1, sample=seed, horizon_s=HORIZON_S),
        believed=BelievedTimes.under(journeys, storm) if on_roads else None,
        move_up=Restless() if rng.integers(0, 2) else None,
        evacuation=evacuation if rng.integers(0, 2) else (),
    )
    return trajectory, fleet, calls, setting


@pytest.mark.parametrize("seed", range(16))
def test_nothing_impossible_happens(seed):
    trajectory, fleet, calls, setting = played(seed)  # the invariants are checked in every run
    missions, handled = trajectory.missions, trajectory.outcome == OUTCOMES.index("handled")
    # whoever is handled had enough capable people ready at the first action, and nobody acted before
    for call in np.flatnonzero(handled).tolist():
        package = setting.packages[calls.types[calls.type_code[call]]]
        begins = trajectory.at_s("handling")[call]
        ready = (missions.call == call) & (missions.at_s("ready") <= begins)
        can = [fleet.units[unit].crew.can(package.starts_with) for unit in missions.unit]
        assert missions.people[ready & np.array(can)].sum() >= package.people_to_start
        worked = missions.at_s("cleared")[missions.call == call]
        assert not (worked < begins).any()
    assert (missions.at_s("dispatched") >= missions.at_s("asked")).all()
    assert set(np.unique(missions.ended)) <= set(range(len(ENDED)))
    log = event_log(trajectory, fleet, calls)
    assert log["at_s"].is_monotonic_increasing
    assert (log["at_s"] < setting.horizon_s).all()


@pytest.mark.parametrize("seed", [3, 11])
def test_the_same_draws_give_the_same_story(seed):
    (one, fleet, calls, _), (two, *_) = played(seed), played(seed)
    assert event_log(one, fleet, calls).equals(event_log(two, fleet, calls))


@pytest.mark.parametrize("seed", range(16, 28))
def test_where_crews_are_short_nobody_stands_at_a_scene_for_ever(seed):
    trajectory, fleet, calls, setting = played(seed, short=True)
    missions, handling = trajectory.missions, trajectory.at_s("handling")
    can = np.array([fleet.units[unit].crew.can(frozenset({"fire"})) for unit in missions.unit])
    fire = calls.type_code[missions.call] == 0
    begun_s = handling[missions.call]
    for row in np.flatnonzero(fire & can & (missions.at_s("on_scene") < setting.horizon_s)).tolist():
        stood_s = np.nanmin([begun_s[row], missions.ended_s[row], setting.horizon_s]) - missions.at_s("on_scene")[row]
        assert stood_s <= 4 * 3600.0
    short = np.array(trajectory.too_few)
    lost = trajectory.outcome == OUTCOMES.index("lost")
    if setting.queue != "loss":
        assert (short | ~lost).all()
    for call in np.flatnonzero(trajectory.outcome == OUTCOMES.index("handled")).tolist():
        package = setting.packages[calls.types[calls.type_code[call]]]
        starters = np.array([fleet.units[unit].crew.can(package.starts_with) for unit in missions.unit])
        ready = (missions.call == call) & (missions.at_s("ready") <= handling[call]) & starters
        assert missions.people[ready].sum() >= package.people_to_start


@pytest.mark.parametrize("short", [False, True], ids=["enough", "short"])
@pytest.mark.parametrize("information", ["complete", "unit", "desk", "platform"])
def test_a_replication_is_the_same_whether_units_are_placed_at_once_or_one_by_one(information, short, monkeypatch):
    if not compiled_trees():
        pytest.skip("numba is not installed")
    asked, nearest = [], UnitsOnRoad.nearest

    def counted(self, *question):
        asked.append(1)
        return nearest(self, *question)

    monkeypatch.setattr(UnitsOnRoad, "nearest", counted)
    seeds = range(1000, 1006)
    at_once = [played(seed, information=information, short=short)[0] for seed in seeds]
    assert asked
    monkeypatch.setattr(UnitsOnRoad, "serves", staticmethod(lambda roads: False))
    one_by_one = [played(seed, information=information, short=short)[0] for seed in seeds]
    for here, there in zip(at_once, one_by_one, strict=True):
        assert np.array_equal(here.stamps, there.stamps, equal_nan=True)
        assert np.array_equal(here.missions.stamps, there.missions.stamps, equal_nan=True)
        assert here.missions.unit.tolist() == there.missions.unit.tolist()
        assert here.missions.distance_m == pytest.approx(there.missions.distance_m, rel=0, abs=1e-9, nan_ok=True)
