"""Intervals of a known value hold it as often as they say, over 2,000 draws with seeds fixed in advance."""

from __future__ import annotations

import numpy as np
import pytest

from rescuesim.report.statistics import (
    clustered_interval,
    mean_interval,
    paired_difference,
    replicate_until,
    share_interval,
)

DRAWS = 2_000


def held(intervals: list[tuple[float, float]], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in intervals]))


def test_the_t_interval_of_a_mean_holds_it_in_95_percent() -> None:
    rng = np.random.default_rng(1_001)
    found = [mean_interval(rng.normal(7.0, 3.0, 10)) for _ in range(DRAWS)]
    assert 0.93 <= held([(one.low, one.high) for one in found], 7.0) <= 0.97


def test_the_interval_of_a_pooled_share_holds_it_where_calls_of_a_replication_hang_together() -> None:
    rng = np.random.default_rng(1_002)
    found, naive = [], []
    for _ in range(DRAWS):
        calls = rng.poisson(40, 30) + 1
        good = rng.beta(14, 6, 30)  # a bad day is bad for all of its calls; the mean is 0.7
        kept = rng.binomial(calls, good)
        one = share_interval(kept, calls)
        found.append((one.low, one.high))
        p, n = kept.sum() / calls.sum(), calls.sum()
        half = 1.96 * np.sqrt(p * (1 - p) / n)
        naive.append((p - half, p + half))
    assert 0.93 <= held(found, 0.7) <= 0.97
    assert held(naive, 0.7) < 0.75  # what an interval by calls would have promised


def test_a_share_of_all_calls_is_bounded_as_often_as_the_bound_says() -> None:
    rng = np.random.default_rng(1_003)
    lows = []
    for _ in range(DRAWS):
        kept = rng.binomial(20, 0.999, 40)
        found = share_interval(kept, np.full(40, 20))
        lows.append(found.low <= 0.999 <= found.high if found.method == "exact" else True)
    assert np.mean(lows) >= 0.95


def test_the_paired_interval_of_a_difference_holds_it_in_95_percent() -> None:
    rng = np.random.default_rng(1_004)
    found, wider = [], 0
    for _ in range(DRAWS):
        hard = rng.normal(0.0, 1.0, 25)
        rows = [np.stack([hard + gain + rng.normal(0, 0.3, 25), np.ones(25)], axis=1) for gain in (0.2, 0.0)]
        one = paired_difference(lambda total: total[0] / total[1], rows[0], rows[1])
        found.append((one.paired.low, one.paired.high))
        wider += one.unpaired.half_width > one.paired.half_width
    assert 0.93 <= held(found, 0.2) <= 0.97
    assert wider == DRAWS


@pytest.mark.slow
@pytest.mark.parametrize("method", ["bca", "percentile"])
def test_the_bootstrap_of_a_skew_ratio_holds_it_nearly_as_often(method: str) -> None:
    # 400 draws: a standard error of 1.1 points; bootstrap intervals of 40 replications are a little short
    rng = np.random.default_rng(1_005)
    found = []
    for draw in range(400):
        calls = rng.poisson(20, 40) + 1.0
        delay = rng.gamma(1.5, 60.0, 40) * calls
        rows = np.stack([delay, calls], axis=1)
        one = clustered_interval(
            lambda total: total[0] / total[1],
            rows,
            method=method,  # type: ignore[arg-type]
            resamples=400,
            seed=draw,
        )
        found.append((one.low, one.high))
    assert 0.90 <= held(found, 90.0) <= 0.98


def test_the_sequential_rule_holds_the_mean_in_95_percent_with_the_half_width_kept() -> None:
    rng = np.random.default_rng(1_006)
    found, most = [], 0.0
    for _ in range(DRAWS):
        run = replicate_until(
            lambda numbers: rng.normal(0.0, 1.0, len(numbers)),
            mean_interval,
            half_width=0.3,
            least=20,
            step=5,
            most=999,
        )
        assert run.met
        most = max(most, run.interval.half_width)
        found.append((run.interval.low, run.interval.high))
    assert 0.93 <= held(found, 0.0) <= 0.97
    assert most <= 0.3


def test_the_sequential_rule_holds_a_share_of_few_calls() -> None:
    rng = np.random.default_rng(1_007)
    found = []
    for _ in range(DRAWS):
        run = replicate_until(
            lambda numbers: np.stack([rng.binomial(8, 0.9, len(numbers)), np.full(len(numbers), 8)], axis=1),
            lambda rows: share_interval(rows[:, 0], rows[:, 1]),
            half_width=0.04,
            least=20,
            step=5,
            most=999,
        )
        assert run.met
        found.append((run.interval.low, run.interval.high))
    assert 0.93 <= held(found, 0.9) <= 0.97
