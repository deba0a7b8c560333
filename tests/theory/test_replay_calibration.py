"""The suggested calibration against statistics that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rescuesim.crew import Lognormal
from rescuesim.simulation.replay.suggested import holm, shrunk, suggestions

SIGMA = 0.4
NOW = Lognormal(median=60.0, p90=60.0 * np.exp(stats.norm.ppf(0.9) * SIGMA))
KEYS = [("turnout", f"crew{number}", "night") for number in range(8)]


def recorded(factors, n, seed):
    """Return n recorded turnouts of each crew, drawn from the model times a factor."""
    rng = np.random.default_rng([7001, seed])
    parts = []
    for (_, crew, shift), factor in zip(KEYS, factors, strict=True):
        times = 60.0 * factor * np.exp(SIGMA * rng.standard_normal(n))
        cells = {"stage": "turnout", "crew": crew, "shift": shift, "type": "fire", "by": "record"}
        parts.append(
            pd.DataFrame({**cells, "recorded_s": times, "predicted_s": 60.0, "step_s": 1.0, "too_coarse": False})
        )
    return pd.concat(parts, ignore_index=True)


def test_where_nothing_is_planted_anything_is_told_in_at_most_one_table_in_twenty():
    told = 0
    for seed in range(100):
        found, _ = suggestions(recorded([1.0] * 8, 20, seed), dict.fromkeys(KEYS, NOW))
        told += any(one.differs for one in found)
    # sixteen tests a table, together at 5 %: 100 tables lie under 14 with 99.9 %
    assert told <= stats.binom.ppf(0.999, 100, 0.05)


def test_a_planted_factor_lies_in_its_interval_as_often_as_it_says_and_is_found():
    covered = found_it = others = 0
    for seed in range(100):
        found, _ = suggestions(recorded([1.4, *[1.0] * 7], 40, seed), dict.fromkeys(KEYS, NOW))
        by_key = {one.key: one for one in found}
        planted = by_key[KEYS[0]]
        covered += planted.low <= 1.4 <= planted.high
        found_it += planted.differs
        others += any(one.differs for one in found if one.key != KEYS[0])
    low, high = stats.binom.ppf([0.0005, 0.9995], 100, 0.95)
    assert low <= covered <= high
    assert found_it >= 96  # the mean lies 5.3 standard errors off; Holm asks for about 3.1
    assert others <= stats.binom.ppf(0.999, 100, 0.05)


def test_shrinking_is_as_if_the_default_had_been_recorded_so_many_times():
    logs = np.random.default_rng(7002).normal(0.3, 0.5, 23)
    half = np.sqrt(6 / 6) * SIGMA
    pseudo = np.r_[np.full(3, half), np.full(3, -half)]  # six records with the default's mean and variance
    pooled = np.r_[logs, pseudo]
    made = shrunk(logs, NOW, counts_as=6)
    assert made.median == pytest.approx(60.0 * np.exp(pooled.mean()))
    assert made.sigma == pytest.approx(pooled.std())


def test_the_more_records_the_less_the_default_counts():
    made = [shrunk(np.full(n, np.log(2.0)), NOW, counts_as=5).median / 60.0 for n in (1, 10, 100, 10_000)]
    assert made == sorted(made)
    assert made[0] == pytest.approx(2 ** (1 / 6))
    assert made[-1] == pytest.approx(2.0, rel=1e-3)


def test_holm_agrees_with_its_definition():
    rng = np.random.default_rng(7003)
    for _ in range(50):
        chances = rng.random(7) ** 3
        order, running, expected = np.argsort(chances), 0.0, np.zeros(7)
        for rank, at in enumerate(order):
            running = max(running, min(1.0, (7 - rank) * chances[at]))
            expected[at] = running
        assert holm(chances.tolist()) == pytest.approx(expected.tolist())
