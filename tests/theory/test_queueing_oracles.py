"""The oracles of queueing theory against tables, hand solutions and each other."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from oracles_queueing import (
    cobham_waits,
    erlang_b,
    erlang_c,
    hypercube,
    mean_wait,
    poisson,
    resumed_sojourns,
    starts_in_turn,
)

RATES, PREFERENCES, MEANS = [0.5, 0.3, 0.4], [[0, 1, 2], [1, 2, 0], [2, 1, 0]], [1.0, 1.5, 0.7]


def test_the_formulas_give_the_values_of_the_tables():
    assert erlang_b(4, 3.0) == pytest.approx(0.2061, abs=5e-5)
    assert erlang_c(5, 4.0) == pytest.approx(0.5541, abs=5e-5)
    assert sum(poisson(number, 4.0) for number in range(60)) == pytest.approx(1.0, abs=1e-12)
    assert erlang_b(4, 3.0) == pytest.approx(poisson(4, 3.0) / sum(poisson(number, 3.0) for number in range(5)))
    assert mean_wait(1, 0.5) == pytest.approx(1.0)  # M/M/1: load / (1 - load)


def test_priorities_share_out_the_wait_that_all_have_in_turn():
    for servers, offered in ((1, [0.3, 0.5]), (3, [0.8, 0.4, 1.2])):
        waits = cobham_waits(servers, offered)
        # Kleinrock's conservation law
        shared = sum(load * wait for load, wait in zip(offered, waits, strict=True)) / sum(offered)
        assert shared == pytest.approx(mean_wait(servers, sum(offered)))
        assert waits == sorted(waits)
    assert cobham_waits(3, [1.8]) == pytest.approx([mean_wait(3, 1.8)])


def test_interrupted_calls_that_go_on_spend_the_time_of_m_m_1_together():
    # equal means: who is interrupted when does not change how many are there
    first, second = resumed_sojourns([0.3, 0.5], [1.0, 1.0])
    assert first == pytest.approx(1 / (1 - 0.3))
    assert 0.3 * first + 0.5 * second == pytest.approx(0.8 / (1 - 0.8))


def test_one_line_before_one_unit_is_lindleys_recursion():
    assert starts_in_turn([0.0, 1.0, 2.0, 30.0], [10.0, 5.0, 1.0, 1.0], 1) == [0.0, 10.0, 15.0, 30.0]
    assert starts_in_turn([0.0, 1.0, 2.0, 30.0], [10.0, 5.0, 1.0, 1.0], 2) == [0.0, 1.0, 6.0, 30.0]


def test_two_units_have_the_solution_that_is_worked_out_by_hand():
    # equal units, one call per handling, 7 in 10 nearer to unit 0:
    # none busy 1 / 2.5, one 1 / 2.5, both 0.5 / 2.5; unit 0 alone: 2 p(0) = 0.7 p(none) + p(both)
    found = hypercube([0.7, 0.3], [[0, 1], [1, 0]], [1.0, 1.0], queue=False)
    alone = (0.7 * 0.4 + 0.2) / 2
    np.testing.assert_allclose(found.states, [0.4, alone, 0.4 - alone, 0.2], rtol=1e-12)
    np.testing.assert_allclose(found.utilisation, [alone + 0.2, 0.4 - alone + 0.2], rtol=1e-12)
    to_first = [0.7 * (0.4 + 0.4 - alone), 0.3 * (0.4 - alone)]
    np.testing.assert_allclose(found.dispatched[0], to_first, rtol=1e-12)


@pytest.mark.parametrize("n_units", [1, 2, 4, 8])
def test_equal_units_together_are_erlangs(n_units):
    rng = np.random.default_rng(n_units)
    preferences = [rng.permutation(n_units).tolist() for _ in range(5)]
    rates = rng.uniform(0.5, 1, 5) * n_units / 6
    offered = float(rates.sum())
    lost = hypercube(rates.tolist(), preferences, [1.0] * n_units, queue=False)
    assert lost.delayed == pytest.approx(erlang_b(n_units, offered))
    waits = hypercube(rates.tolist(), preferences, [1.0] * n_units, queue=True)
    assert waits.delayed == pytest.approx(erlang_c(n_units, offered))
    assert waits.wait == pytest.approx(mean_wait(n_units, offered))


@pytest.mark.parametrize("queue", [False, True])
def test_each_unit_is_busy_for_as_long_as_its_calls_take(queue):
    found = hypercube(RATES, PREFERENCES, MEANS, queue=queue)
    # Little's law, unit by unit
    np.testing.assert_allclose(found.utilisation, found.dispatched.sum(axis=1) * sum(RATES) * MEANS, rtol=1e-12)
    served = 1.0 if queue else 1 - found.delayed
    np.testing.assert_allclose(found.dispatched.sum(axis=0), np.array(RATES) / sum(RATES) * served, rtol=1e-12)


def test_the_tail_of_waiting_calls_is_that_of_the_chain_with_its_line_written_out():
    longest = 150
    states = [(free, 0) for free in itertools.product((0, 1), repeat=3)]
    states += [((1, 1, 1), length) for length in range(1, longest + 1)]
    row = {state: index for index, state in enumerate(states)}
    flow = np.zeros((len(states), len(states)))
    for (busy, length), index in row.items():
        if all(busy):
            if length < longest:
                flow[index, row[busy, length + 1]] += sum(RATES)
        else:
            for rate, order in zip(RATES, PREFERENCES, strict=True):
                unit = [unit for unit in order if not busy[unit]][0]  # noqa: RUF015 - as one reads it
                flow[index, row[(*busy[:unit], 1, *busy[unit + 1 :]), 0]] += rate
        for unit in range(3):
            if busy[unit] and length:
                flow[index, row[busy, length - 1]] += 1 / MEANS[unit]
            elif busy[unit]:
                flow[index, row[(*busy[:unit], 0, *busy[unit + 1 :]), 0]] += 1 / MEANS[unit]
    balance = flow.T - np.diag(flow.sum(axis=1))
    balance[-1] = 1
    long_run = np.linalg.solve(balance, np.r_[np.zeros(len(states) - 1), 1.0])
    found = hypercube(RATES, PREFERENCES, MEANS, queue=True)
    for unit in range(3):
        busy_share = sum(long_run[index] for (busy, _), index in row.items() if busy[unit])
        assert found.utilisation[unit] == pytest.approx(busy_share, rel=1e-9)
    assert found.delayed == pytest.approx(sum(long_run[i] for (busy, _), i in row.items() if all(busy)), rel=1e-9)
    line = sum(long_run[index] * length for (_, length), index in row.items())
    assert found.wait == pytest.approx(line / sum(RATES), rel=1e-9)
