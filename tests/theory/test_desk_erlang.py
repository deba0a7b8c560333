"""The desk against Erlang C (nobody gives up) and Erlang A (callers give up and stay away)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from oracles import erlang_c
from oracles_simulation_desk import erlang_a_abandoned

from rescuesim.simulation.desk import Callers, answer

SEEDS = (20260101, 20260202, 20260303)  # named before the first run
REPLICATIONS, CALLS, WARM_UP, TAKES_S = 20, 25_000, 1_000, 60.0


def callers(seed: int, replication: int, offered: float, patience_s: float | None) -> Callers:
    rng = np.random.default_rng([seed, replication])
    return Callers(
        arrived_s=np.cumsum(rng.exponential(TAKES_S / offered, CALLS)),
        answering_s=rng.exponential(TAKES_S, CALLS),
        patience_s=None if patience_s is None else rng.exponential(patience_s, CALLS),
    )


def assert_agrees(found: list[float], theory: float) -> None:
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    assert error <= 0.01 * theory
    assert abs(np.mean(found) - theory) <= 4 * error


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_share_of_callers_who_wait_is_that_of_erlang_c(seed):
    found = [
        (answer(callers(seed, number, 2.0, None), 3).waited_s[WARM_UP:] > 0).mean() for number in range(REPLICATIONS)
    ]
    assert_agrees(found, erlang_c(3, 2.0))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_share_of_callers_who_give_up_is_that_of_erlang_a(seed):
    found = [answer(callers(seed, number, 2.2, 90.0), 2).abandoned[WARM_UP:].mean() for number in range(REPLICATIONS)]
    assert_agrees(found, erlang_a_abandoned(2, 2.2 / TAKES_S, 1 / TAKES_S, 1 / 90.0))


def test_with_endless_patience_erlang_a_is_erlang_c_and_with_none_it_is_erlang_b():
    waiting = erlang_c(3, 2.0) * 2.0 / (3 - 2.0)  # callers in line
    assert erlang_a_abandoned(3, 2.0, 1.0, 1e-9) / 1e-9 * 2.0 == pytest.approx(waiting, rel=1e-6)
    assert erlang_a_abandoned(4, 3.0, 1.0, 1e9) == pytest.approx(0.2061, abs=5e-5)
