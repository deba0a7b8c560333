"""The simulation against Erlang's formulas: one site, no travel, exponential handling, all else at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from oracles import erlang_b, erlang_c

from rescuesim.crew import CrewType, Lognormal
from rescuesim.simulation import CallLog, Fleet, RoadTimes, Setting, Unit, run_replication

SEEDS = (20250101, 20250202, 20250303)  # named before the first run
REPLICATIONS = 40
HANDLING_S = 1800.0
WARM_UP_S = 100 * HANDLING_S  # calls that ring before are not counted: the units start free
NOTHING, ONE = Lognormal(median=0.0, p90=0.0), Lognormal(median=1.0, p90=1.0)
CHAIN = {"answering": NOTHING, "order": NOTHING, "set_up": NOTHING, "variation": ONE}
SHIFTS = ("day", "night")


def at_once(servers: int) -> Fleet:
    crew = CrewType(
        name="at_once",
        turnout=dict.fromkeys(SHIFTS, NOTHING),
        availability=dict.fromkeys(SHIFTS, 1.0),
        capabilities=frozenset({"fire"}),
    )
    return Fleet(units=tuple(Unit(id=f"s#{number}", site="s", crew=crew) for number in range(servers)))


def poisson_calls(offered: float, expected: int, rng: np.random.Generator) -> tuple[CallLog, float]:
    horizon_s = expected * HANDLING_S / offered
    size = rng.poisson(expected)
    arrived, handling = np.sort(rng.random(size)) * horizon_s, rng.exponential(HANDLING_S, size)
    return CallLog.from_draws(["p"], ["fire"], arrived_at_s=arrived, on_scene_s=handling), horizon_s


def shares(servers: int, offered: float, expected: int, queue: str, seed: int) -> np.ndarray:
    """Share of the calls after the warm-up that wait (fifo) or are lost (loss), by replication."""
    fleet, roads = at_once(servers), RoadTimes.from_matrix([[0.0]], sites=["s"], points=["p"])
    found = []
    for replication in range(REPLICATIONS):
        calls, horizon_s = poisson_calls(offered, expected, np.random.default_rng([seed, replication]))
        setting = Setting(chain=CHAIN, horizon_s=horizon_s, queue=queue)
        trajectory = run_replication(fleet, calls, roads, setting)
        at_once_ = trajectory.at_s("dispatched") == trajectory.at_s("ordered")  # NaN is neither
        found.append(1 - at_once_[calls.arrived_at_s >= WARM_UP_S].mean())
    return np.array(found)


def assert_agrees(found: np.ndarray, theory: float) -> None:
    error = found.std(ddof=1) / math.sqrt(len(found))
    assert error <= 0.01 * theory
    assert abs(found.mean() - theory) <= 4 * error


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_share_of_calls_that_wait_is_that_of_erlang_c(seed):
    assert_agrees(shares(5, 4.0, 8_000, "fifo", seed), erlang_c(5, 4.0))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_share_of_calls_that_are_lost_is_that_of_erlang_b(seed):
    assert_agrees(shares(4, 3.0, 5_000, "loss", seed), erlang_b(4, 3.0))


def test_the_formulas_give_the_values_of_the_tables():
    assert erlang_b(4, 3.0) == pytest.approx(0.2061, abs=5e-5)
    assert erlang_c(5, 4.0) == pytest.approx(0.5541, abs=5e-5)
