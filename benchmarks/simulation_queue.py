"""Simulation: a queue that both the engine and Ciw can express, with the same arrivals and service times.

One station with several units beside a single place: no answering, no order, no turnout, no drive. Calls wait in the
order of their arrival, so both must give each call the same wait.
"""

from __future__ import annotations

from typing import NamedTuple

import ciw
import numpy as np
from numpy.typing import NDArray

import rescuesim as rs
from rescuesim.simulation import Fleet, RoadTimes, Setting, Unit, run_replication


class Queue(NamedTuple):
    """Arrivals and service times of a line with several servers."""

    n_servers: int
    arrived_s: NDArray[np.float64]
    service_s: NDArray[np.float64]


def queue(n_servers: int, n_calls: int, load: float) -> Queue:
    """Draw a line whose servers are busy for a share of the time; in 1024ths of a second, so that sums are exact."""
    rng = np.random.default_rng(3)
    between_s = np.rint(rng.exponential(600.0 / (n_servers * load), n_calls) * 1024) / 1024
    return Queue(n_servers, np.cumsum(between_s), np.rint(rng.gamma(2.0, 300.0, n_calls) * 1024) / 1024)


def ours(given: Queue) -> NDArray[np.float64]:
    """Wait of each call by the engine, with every stamp."""
    nothing, exactly = rs.Lognormal(median=0.0, p90=0.0), rs.Lognormal(median=1.0, p90=1.0)
    crew = rs.CrewType(
        name="crew",
        turnout=dict.fromkeys(("day", "night"), nothing),
        availability=dict.fromkeys(("day", "night"), 1.0),
        capabilities=frozenset({"fire"}),
    )
    fleet = Fleet(units=tuple(Unit(id=f"s#{number}", site="s", crew=crew) for number in range(given.n_servers)))
    calls = rs.CallLog.from_draws(["a"], ["fire"], arrived_at_s=given.arrived_s, on_scene_s=given.service_s)
    roads = RoadTimes.from_matrix([[0.0]], sites=["s"], points=["a"])
    chain = {"answering": nothing, "order": nothing, "set_up": nothing, "variation": exactly}
    setting = Setting(chain=chain, horizon_s=float(given.arrived_s[-1] + 1e6), seats=given.n_servers)
    return np.asarray(run_replication(fleet, calls, roads, setting).at_s("dispatched")) - given.arrived_s


def by_ciw(given: Queue) -> NDArray[np.float64]:
    """Wait of each call by Ciw."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*np.diff(given.arrived_s, prepend=0.0).tolist(), float("inf")])],
        service_distributions=[ciw.dists.Sequential(given.service_s.tolist())],
        number_of_servers=[given.n_servers],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(float(given.arrived_s[-1] + 1e6))
    waits = {record.id_number: record.waiting_time for record in simulation.get_all_records()}
    return np.array([waits[number] for number in sorted(waits)])
