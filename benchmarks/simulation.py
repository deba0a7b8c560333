"""Simulation: the engine with every stamp against a textbook SimPy model of the same calls and units.

A line of calls before several servers, which Ciw can express too, is given to both with the same draws.
The textbook model keeps its units in a FilterStore, spends a process and its events on each call and works out
duration by duration. Both are given the same draws, so that their moments of arrival can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import simpy
import simulation_features
import simulation_queue
from numpy.typing import NDArray
from runner import Row, against, main

import rescuesim as rs
from rescuesim.simulation import Fleet, RoadTimes, Setting, Unit, run_replication
from rescuesim.simulation.calls import SLOT_DRAWS


def instance(n_sites: int, n_points: int, n_calls: int, load: float) -> tuple[Fleet, RoadTimes, rs.CallLog, Setting]:
    """Draw stations, points and calls so that units are busy for the given share of the time."""
    rng = np.random.default_rng(1)
    sites, points = rng.uniform(0, 1, (n_sites, 2)), rng.uniform(0, 1, (n_points, 2))
    drive = np.hypot(*(sites[:, None] - points[None]).transpose(2, 0, 1)) * 1500 + 1e-3 * rng.uniform(
        size=(n_sites, n_points)
    )
    always = dict.fromkeys(("day", "night"), 1.0)
    turnout = dict.fromkeys(("day", "night"), rs.Lognormal(median=60, p90=100))
    crew = rs.CrewType(name="crew", turnout=turnout, availability=always, capabilities=frozenset({"fire"}))
    units = tuple(Unit(id=f"s{j}#1", site=f"s{j}", crew=crew) for j in range(n_sites))
    roads = RoadTimes.from_matrix(
        drive, sites=[f"s{j}" for j in range(n_sites)], points=[f"d{i}" for i in range(n_points)]
    )
    busy_s = 60 * 1.1 + 2 * float(drive.min(axis=0).mean()) * 1.3 + 40 + 2400
    rate = n_sites * load / busy_s
    arrived = np.cumsum(rng.exponential(1 / rate, n_calls))
    z = {name: rng.standard_normal(n_calls) for name in ("answering_z", "order_z", "turnout_z", "travel_z", "set_up_z")}
    calls = rs.CallLog.from_draws(
        [f"d{i}" for i in range(n_points)],
        ["fire"],
        arrived_at_s=arrived,
        point=rng.integers(0, n_points, n_calls).tolist(),
        on_scene_s=rng.gamma(2.0, 1200.0, n_calls),
        **z,
    )
    setting = Setting(chain=rs.load_standard().chain, horizon_s=float(arrived[-1] + 1e6), seats=4)
    return Fleet(units=units), roads, calls, setting


def first_slots(calls: rs.CallLog) -> rs.CallLog:
    """Keep the draws of the first unit slot alone."""
    return replace(calls, **{name: calls.by_slot(name)[:, 0] for name in SLOT_DRAWS})  # type: ignore[arg-type]


def ours(fleet: Fleet, roads: RoadTimes, calls: rs.CallLog, setting: Setting) -> NDArray[np.float64]:
    """Moments at which help arrives, by the engine."""
    return np.asarray(run_replication(fleet, calls, roads, setting).at_s("on_scene"))


def textbook(fleet: Fleet, roads: RoadTimes, calls: rs.CallLog, setting: Setting) -> NDArray[np.float64]:
    """Moments at which help arrives, by a process a call and a store of units; durations are drawn one by one."""
    chain, crew = setting.chain, fleet.units[0].crew
    laws = chain["answering"], chain["order"], crew.turnout["day"], chain["variation"], chain["set_up"]
    answering, order, turnout, variation, set_up = ((law.median, law.sigma) for law in laws)
    drive, on_scene = roads.out_s[0], np.full(len(calls), np.nan)
    env = simpy.Environment()
    seats, store = simpy.Resource(env, setting.seats), simpy.FilterStore(env)
    store.items.extend(range(len(fleet.units)))

    def drawn(law: tuple[float, float], z: float) -> float:
        return law[0] * math.exp(law[1] * z)

    def story(call: int) -> Generator[simpy.Event, Any, None]:
        with seats.request() as seat:
            yield seat
            yield env.timeout(drawn(answering, calls.answering_z[call]))
        yield env.timeout(drawn(order, calls.order_z[call]))
        point = calls.point[call]
        if store.items:
            best = min(store.items, key=lambda unit: (drive[unit, point], unit))
            unit = yield store.get(lambda found: found == best)
        else:
            unit = yield store.get()
        yield env.timeout(drawn(turnout, calls.turnout_z[call]))
        factor = drawn(variation, calls.travel_z[call])
        yield env.timeout(drive[unit, point] * factor)
        on_scene[call] = env.now
        yield env.timeout(drawn(set_up, calls.set_up_z[call]))
        yield env.timeout(calls.on_scene_s[call])
        yield env.timeout(drive[unit, point] * factor)
        store.put(unit)

    def source() -> Generator[simpy.Event, Any, None]:
        for call, moment in enumerate(calls.arrived_at_s):
            yield env.timeout(moment - env.now)
            env.process(story(call))

    env.process(source())
    env.run()
    return on_scene


def bench(quick: bool) -> list[Row]:
    """Compare at light and heavy load."""
    rows = []
    for load in (0.3, 0.5, 0.8):
        given = instance(50, 500, 4_000 if quick else 60_000, load)
        rows.append(
            against(
                f"50 stations, load {load}, {len(given[2])} calls",
                "textbook SimPy",
                partial(ours, *given),
                partial(textbook, *given),
                same=lambda a, b: bool(np.allclose(a, b, rtol=0, atol=1e-3)),
                repeats=1 if quick else 3,
            )
        )
    line = simulation_queue.queue(20, 4_000 if quick else 60_000, 0.9)
    rows.append(
        against(
            f"line with 20 servers, load 0.9, {len(line.arrived_s)} calls, the same waits",
            "Ciw",
            partial(simulation_queue.ours, line),
            partial(simulation_queue.by_ciw, line),
            same=lambda a, b: bool(len(a) == len(b) and np.allclose(a, b, rtol=0, atol=1e-9)),
            repeats=1 if quick else 3,
        )
    )
    broken = simulation_features.case(4_000 if quick else 30_000, 0.5)
    given = broken.fleet, broken.roads, first_slots(broken.calls), broken.setting

    def featured() -> NDArray[np.float64]:
        return np.asarray(simulation_features.ours(broken).at_s("on_scene"))

    # trees and ways between stops are kept from one replication to the next, as in a simulation of many; other calls
    # are played first, since in the same ones every unit would stand where it has stood before
    simulation_features.ours(broken._replace(calls=broken.others))
    rows.append(
        against(
            f"all features and closures, {len(broken.calls)} calls, load 0.5 (other trajectories)",
            "textbook SimPy without them",
            featured,
            partial(textbook, *given),
            same=lambda a, b: bool(np.isfinite(a).all() and np.isfinite(b).all()),
            repeats=1 if quick else 3,
        )
    )
    return rows


if __name__ == "__main__":
    main("simulation", ["simpy", "ciw", "numpy"], bench)
