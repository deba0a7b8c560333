"""Simulation: the engine with all features on broken roads against the textbook SimPy model of the same calls.

On the embedded county ours has what the textbook lacks: two units for a fire and reinforcement, priorities, diversion
of returning units, roads that close and open and are driven by what is believed, orders by other channels. The
trajectories differ, since the textbook knows none of it; the row says what it costs in time.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import rescuesim as rs
from rescuesim.candidates import load_sites
from rescuesim.disruption import ContactSpell, Disruption, RoadOutage
from rescuesim.simulation import (
    BelievedTimes,
    Fleet,
    Journeys,
    ResponsePackage,
    RoadTimes,
    Setting,
    Trajectory,
    Unit,
    UnitNeed,
    run_replication,
)
from rescuesim.simulation.policies import Reach
from rescuesim.travel import travel_times

N_SITES = 50


class Case(NamedTuple):
    """What both models are given, and what only ours knows."""

    fleet: Fleet
    roads: RoadTimes
    calls: rs.CallLog
    others: rs.CallLog  # another replication of them
    setting: Setting
    broken: RoadTimes
    believed: BelievedTimes
    contacts: tuple[ContactSpell, ...]
    reach: Reach


def case(n_calls: int, load: float, *, n_closures: int = 20) -> Case:
    """Draw stations, calls and closures on the embedded county; units are busy for the given share of the time."""
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        rs.write_demo_county(Path(folder))
        network = rs.load_network(next(Path(folder).rglob("county.osm")))
        demand = rs.load_demand(next(Path(folder).rglob("demand.csv")))
    assert demand.lon is not None
    assert demand.lat is not None
    at = rng.choice(len(demand.ids), N_SITES, replace=len(demand.ids) < N_SITES)
    table = {"id": [f"s{j}" for j in range(N_SITES)], "lon": demand.lon[at], "lat": demand.lat[at]}
    sites = load_sites(pd.DataFrame(table), crs="wgs84")
    journeys = Journeys(
        out=travel_times(network, sites, demand), back=travel_times(network, sites, demand, towards="sites")
    )
    always = dict.fromkeys(("day", "night"), 1.0)
    turnout = dict.fromkeys(("day", "night"), rs.Lognormal(median=60, p90=100))
    crew = rs.CrewType(
        name="crew", turnout=turnout, availability=always, capabilities=frozenset({"fire", "rescue", "assist"})
    )
    fleet = Fleet(units=tuple(Unit(id=f"s{j}#1", site=f"s{j}", crew=crew) for j in range(N_SITES)))
    types, share = ["fire", "rescue", "social"], np.array([0.2, 0.3, 0.5])
    code = rng.choice(3, n_calls, p=share)
    # a fire has 2.0 units, or 3 with reinforcement: the load counts those that are sent at once
    busy_s = 40 + 60 * 1.1 + 2 * float(np.median(journeys.out.values[np.isfinite(journeys.out.values)])) * 0.3 + 2400
    rate = N_SITES * load / (busy_s * (1 + share[0]))
    arrived = np.cumsum(rng.exponential(1 / rate, n_calls))
    z = {name: rng.standard_normal((n_calls, 3)) for name in ("turnout_z", "travel_z", "set_up_z")}
    calls = rs.CallLog.from_draws(
        demand.ids,
        types,
        arrived_at_s=arrived,
        point=rng.integers(0, len(demand.ids), n_calls),
        type_code=code,
        priority=np.array([0, 1, 2])[code],
        on_scene_s=rng.gamma(2.0, 1200.0, (n_calls, 3)),
        answering_z=rng.standard_normal(n_calls),
        order_z=rng.standard_normal(n_calls),
        **z,
    )
    horizon_s = float(arrived[-1] + 2e5)
    need = UnitNeed.from_text
    fire = ResponsePackage(
        type="fire",
        first=(need("fire:2"), need("assist:2")),
        people_to_start=2,
        reinforcement=(need("fire:2"),),
        reinforce_after_s=3600.0,
    )
    packages = {"fire": fire} | {name: ResponsePackage(type=name, first=(need(f"{what}:2"),)) for name, what in (
        ("rescue", "rescue"), ("social", "assist"))}  # fmt: skip
    setting = Setting(
        chain=rs.load_standard().chain,
        horizon_s=horizon_s,
        seats=4,
        packages=packages,
        queue="priority",
        information="desk",
        divertible=True,
    )
    starts = np.sort(rng.uniform(0, 0.9 * horizon_s, n_closures))
    roads = rng.choice(network.n_roads, n_closures, replace=False)
    storm = Disruption(
        label="storm",
        roads=tuple(
            RoadOutage(closure=rs.Closure(road=int(road)), from_s=float(start), until_s=float(start + horizon_s / 10))
            for road, start in zip(roads, starts, strict=True)
        ),
        contacts=tuple(
            ContactSpell(
                place=f"s{j}",
                direction="order",
                channel="radio_370",
                from_s=0.0,
                until_s=horizon_s / 2,
                delay=rs.Lognormal(median=60, p90=180),
            )
            for j in range(0, N_SITES, 5)
        ),
    )
    believed = BelievedTimes.under(journeys, storm)
    others = replace(
        calls,
        arrived_at_s=np.sort(rng.uniform(0.0, arrived[-1], n_calls)),
        detected_s=np.zeros(n_calls),
        point=rng.permutation(calls.point),
    )
    broken = journeys.during(storm)
    reach = Reach(fleet, broken)
    return Case(fleet, journeys.during(None), calls, others, setting, broken, believed, storm.contacts, reach)


def ours(given: Case) -> Trajectory:
    """Play all of it."""
    return run_replication(
        given.fleet,
        given.calls,
        given.broken,
        given.setting,
        contacts=given.contacts,
        believed=given.believed,
        reach=given.reach,
    )
