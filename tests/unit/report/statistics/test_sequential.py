"""Sequential stopping: when it stops, what it says when it may not go on, and forecasts from a pilot."""

from __future__ import annotations

import math

import numpy as np
import pytest
from attained_calls import IN_TIME, call, result_of
from scipy.stats import t as student_t

from rescuesim.errors import InputError
from rescuesim.report.attainment import simulate_until
from rescuesim.report.statistics import joined_results, mean_interval, replicate_until, replications_needed
from rescuesim.simulation import SimulationResult

LATE = [6.0, 35.0, 0.0, 0.0, 50.0, 400.0, 30.0, 600.0, 100.0]


def block(numbers: range, seed: int = 0) -> SimulationResult:
    """Simulate by hand: in each replication ten calls, seven of them in time, more or less."""
    calls = []
    for replication in numbers:
        kept = int(np.random.default_rng([seed, replication]).binomial(10, 0.7))
        calls += [call(replication, k, "city", IN_TIME if k < kept else LATE) for k in range(10)]
    return result_of(calls, replications=len(numbers))


def noise(numbers: range) -> np.ndarray:
    return np.array([np.random.default_rng([9, number]).normal(5.0, 2.0) for number in numbers])


def test_it_stops_at_the_first_look_at_which_the_rule_holds() -> None:
    run = replicate_until(noise, mean_interval, half_width=0.5, least=10, step=5, most=500)
    assert run.met
    looks = range(10, 501, 5)
    values = noise(range(500))

    def holds(n: int) -> bool:
        quantile = student_t.ppf(0.975, n - 1)
        return bool(quantile**2 * (values[:n].var(ddof=1) + 0.5**2 / n) / n <= 0.5**2)

    assert run.replications == next(n for n in looks if holds(n))
    assert run.interval.half_width <= 0.5


def test_a_half_width_that_is_not_met_is_said_aloud() -> None:
    run = replicate_until(noise, mean_interval, half_width=0.01, least=10, step=7, most=40)
    assert (run.met, run.replications) == (False, 40)
    assert "NOT MET: a half-width of 0.0100 was wanted" in str(run)


def test_a_relative_half_width_allows_for_the_error_of_the_estimate() -> None:
    run = replicate_until(noise, mean_interval, relative=0.1, least=10, step=1, most=500)
    assert run.met
    assert run.wanted == pytest.approx(abs(run.interval.value) * 0.1 / 1.1)
    nothing = replicate_until(lambda numbers: np.zeros(len(numbers)), mean_interval, relative=0.1, least=5, most=20)
    assert not nothing.met  # a tenth of 0 is never met


def test_simulations_run_in_blocks_of_new_replications_until_attainment_is_known() -> None:
    asked: list[range] = []

    def counted(numbers: range) -> SimulationResult:
        asked.append(numbers)
        return block(numbers)

    run = simulate_until(counted, half_width=0.05, least=20, step=10, most=200)
    assert run.met
    assert asked[0] == range(20)
    assert [numbers.start for numbers in asked[1:]] == [numbers.stop for numbers in asked[:-1]]
    assert run.result is not None
    assert run.result.replications == run.replications == asked[-1].stop
    assert len(run.result.records) == 10 * run.replications
    kept = run.result.records["handling_at_s"] - run.result.records["arrived_at_s"] <= 300
    assert run.interval.value == pytest.approx(kept.mean())


def test_calls_that_were_all_in_time_do_not_stop_a_run_at_the_first_look() -> None:
    def perfect(numbers: range) -> SimulationResult:
        return result_of([call(number, 0, "city", IN_TIME) for number in numbers], replications=len(numbers))

    run = simulate_until(perfect, half_width=0.05, least=20, step=10, most=200)
    assert run.met
    assert run.replications == 80  # 0.025 ** (1 / n) is above 0.95 from 72 on, and the guard adds to it
    assert not simulate_until(perfect, half_width=0.05, least=20, step=10, most=60).met


def test_a_forecast_is_the_least_number_that_keeps_the_half_width() -> None:
    pilot = np.stack([noise(range(12)), np.ones(12)], axis=1)
    found = replications_needed(lambda total: total[0] / total[1], pilot, half_width=0.3)
    spread = noise(range(12)).std(ddof=1)

    def half(n: int) -> float:
        return float(student_t.ppf(0.975, n - 1) * spread / math.sqrt(n))

    assert half(found) <= 0.3 < half(found - 1)


def test_blocks_of_other_studies_or_of_other_days_are_not_pooled() -> None:
    normal = block(range(2))
    storm = result_of([call(5, 0, "city", IN_TIME)], replications=1, condition="storm")
    with pytest.raises(InputError, match="normal days and disasters are never pooled"):
        joined_results([normal, storm])
    with pytest.raises(InputError, match="replication 0: expected once"):
        joined_results([normal, block(range(1))])
    with pytest.raises(InputError, match="same horizon_s"):
        joined_results([normal, result_of([call(2, 0, "city", IN_TIME)], replications=1, horizon_s=5e5)])
    with pytest.raises(InputError, match="at least one"):
        joined_results([])
    with pytest.raises(InputError, match="replication 0: expected once"):
        simulate_until(lambda numbers: block(range(len(numbers))), half_width=1e-4, least=5, step=5, most=20)


def test_bad_options_are_named_before_anything_is_run() -> None:
    def never(numbers: range) -> np.ndarray:
        raise AssertionError("nothing is to be run")

    with pytest.raises(InputError, match="either half_width or relative"):
        replicate_until(never, mean_interval)
    with pytest.raises(InputError, match="half_width"):
        replicate_until(never, mean_interval, half_width=0.0)
    with pytest.raises(InputError, match="2 faults"):
        replicate_until(never, mean_interval, half_width=1.0, least=2, step=0)
    with pytest.raises(InputError, match="expected 20 rows"):
        replicate_until(lambda numbers: [1.0], mean_interval, half_width=1.0)
    with pytest.raises(InputError, match="two or more replications that differ"):
        replications_needed(lambda total: float(total), [1.0, 1.0], half_width=0.1)
