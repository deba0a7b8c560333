"""Intervals clustered by replication and differences on common random numbers, against plain computations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from oracles_simulation_statistics import left_out_error
from scipy.stats import t as student_t

from rescuesim.errors import InputError
from rescuesim.report.statistics import clustered_interval, mean_interval, paired_difference, share_interval


def share(total: np.ndarray) -> float:
    return float(total[0] / total[1])


def test_the_t_interval_of_a_mean_is_that_of_the_textbook() -> None:
    values = np.array([3.0, 8.0, 4.0, 9.0, 5.5])
    found = mean_interval(values, confidence=0.9)
    half = student_t.ppf(0.95, 4) * values.std(ddof=1) / math.sqrt(5)
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == (pytest.approx(values.mean() - half), pytest.approx(values.mean() + half))
    assert (found.n, found.method) == (5, "t")


def test_a_share_varies_by_whole_replications() -> None:
    kept, calls = [3.0, 11.0, 6.0, 9.0], [4.0, 20.0, 6.0, 15.0]
    found = share_interval(kept, calls)
    assert found.value == pytest.approx(29 / 45)
    assert found.method == "logit"
    reach = student_t.ppf(0.975, 3) * left_out_error(kept, calls) / (29 / 45 * 16 / 45)
    for bound, sign in ((found.low, -1), (found.high, 1)):
        assert math.log(bound / (1 - bound)) == pytest.approx(math.log(29 / 16) + sign * reach)


def test_a_full_share_is_not_certain() -> None:
    found = share_interval([5, 0, 7], [5, 0, 7])
    assert (found.value, found.high, found.method) == (1.0, 1.0, "exact")
    assert found.low == pytest.approx(math.sqrt(0.025))  # two of the replications had calls
    none = share_interval([0, 0], [5, 7])
    assert (none.value, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(1 - math.sqrt(0.025))


def test_one_replication_and_no_calls_leave_no_interval() -> None:
    one = clustered_interval(share, [[3.0, 4.0]])
    assert one.value == 0.75
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    assert one.method == ""
    assert math.isnan(share_interval([0, 0], [0, 0]).value)


@pytest.mark.parametrize("method", ["bca", "percentile"])
def test_the_bootstrap_agrees_with_t_where_both_hold_and_repeats_by_its_seed(method: str) -> None:
    rng = np.random.default_rng(5)
    calls = rng.poisson(30, 60).astype(float)
    rows = np.stack([rng.binomial(calls.astype(int), 0.7).astype(float), calls], axis=1)
    by_t = clustered_interval(share, rows)
    found = clustered_interval(share, rows, method=method, seed=3)  # type: ignore[arg-type]
    assert found.value == by_t.value
    assert found.low == pytest.approx(by_t.low, abs=0.3 * by_t.half_width)
    assert found.high == pytest.approx(by_t.high, abs=0.3 * by_t.half_width)
    assert found == clustered_interval(share, rows, method=method, seed=3)  # type: ignore[arg-type]
    assert found != clustered_interval(share, rows, method=method, seed=4)  # type: ignore[arg-type]


def test_a_bootstrap_of_equal_replications_says_what_t_says() -> None:
    found = clustered_interval(share, [[3.0, 4.0]] * 5, method="bca")
    assert (found.low, found.value, found.high) == (0.75, 0.75, 0.75)


def test_pairing_on_common_numbers_is_narrower_than_not_pairing() -> None:
    rng = np.random.default_rng(11)
    hard = rng.normal(0.6, 0.1, 40)  # how hard the calls of each replication are, for both plans
    first = np.stack([hard + 0.05 + rng.normal(0, 0.01, 40), np.ones(40)], axis=1)
    second = np.stack([hard + rng.normal(0, 0.01, 40), np.ones(40)], axis=1)
    found = paired_difference(share, first, second)
    assert found.clear
    assert found.paired.half_width < found.unpaired.half_width / 4
    assert found.variance_ratio > 16
    apart = first[:, 0] - second[:, 0]
    assert found.paired.half_width == pytest.approx(student_t.ppf(0.975, 39) * apart.std(ddof=1) / math.sqrt(40))


def test_equal_plans_differ_by_exactly_nothing() -> None:
    rows = [[3.0, 4.0], [5.0, 9.0], [2.0, 2.0]]
    found = paired_difference(share, rows, rows)
    assert (found.paired.low, found.paired.value, found.paired.high) == (0.0, 0.0, 0.0)
    assert not found.clear


def test_options_out_of_range_are_all_named() -> None:
    with pytest.raises(InputError, match="3 faults") as caught:
        clustered_interval(share, [[1.0, 2.0]], confidence=1.0, method="jackknife", resamples=5)  # type: ignore[arg-type]
    assert "confidence" in str(caught.value)
    assert "bca" in str(caught.value)
    with pytest.raises(InputError, match="finite"):
        clustered_interval(share, [[math.nan, 2.0]])
    with pytest.raises(InputError, match="no more kept than called"):
        share_interval([3], [2])
    with pytest.raises(InputError, match="same replications"):
        paired_difference(share, [[1.0, 2.0]], [[1.0, 2.0]] * 2)
