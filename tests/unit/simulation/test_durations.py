from __future__ import annotations

import math
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rescuesim.crew import Lognormal
from rescuesim.errors import InputError
from rescuesim.simulation import Empirical, Frozen, duration_from_table
from rescuesim.simulation.durations import FAMILIES, as_duration


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"exponential", "fixed"}))
@pytest.mark.parametrize(("median", "p90"), [(60.0, 75.0), (60.0, 180.0), (2.0, 40.0)])
def test_a_family_has_the_median_and_the_p90_that_were_asked_for(family, median, p90):
    law = duration_from_table({"family": family, "median_s": median, "p90_s": p90})
    assert law.ppf([0.5, 0.9]) == pytest.approx([median, p90], rel=1e-9)


def test_exponential_and_fixed_durations_need_the_median_alone():
    assert duration_from_table({"family": "exponential", "median_s": 10}).ppf(0.9) == pytest.approx(
        10 * math.log(10) / math.log(2)
    )
    assert duration_from_table({"family": "fixed", "median_s": 30}).ppf([0.01, 0.99]).tolist() == [30.0, 30.0]


def test_normal_draws_through_scipy_are_those_of_the_lognormal():
    own, z = Lognormal(median=50.0, p90=70.0), np.linspace(-9, 9, 61)
    frozen = Frozen(distribution=stats.lognorm(own.sigma, scale=own.median))
    assert frozen.from_normal(z) == pytest.approx(own.from_normal(z), rel=1e-9)
    assert np.isfinite(frozen.from_normal(z)).all()
    assert own.ppf([0.5, 0.9]) == pytest.approx([50.0, 70.0])


def test_the_mean_of_many_draws_is_that_of_the_distribution():
    law = as_duration(stats.gamma(2.0, scale=30.0))
    drawn = law.from_normal(np.random.default_rng(3).standard_normal(40_000))
    assert abs(drawn.mean() - 60.0) < 4 * math.sqrt(1800.0 / 40_000)


def test_recorded_durations_are_drawn_as_often_as_they_stand():
    law = duration_from_table({"column": "处置秒"}, records=pd.DataFrame({"处置秒": [30.0, np.nan, 10.0, 10.0, 50.0]}))
    assert isinstance(law, Empirical)
    uniform = (np.arange(400) + 0.5) / 400
    values, counts = np.unique(law.ppf(uniform), return_counts=True)
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {10.0: 200, 30.0: 100, 50.0: 100}


def test_a_distribution_goes_to_a_worker_and_back():
    law = Frozen(distribution=stats.gamma(2.0, scale=30.0))
    assert pickle.loads(pickle.dumps(law)).ppf(0.3) == law.ppf(0.3)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"family": "gama", "median_s": 1, "p90_s": 2}, "did you mean gamma"),
        ({"median_s": 1, "p90": 2}, "did you mean p90_s"),
        ({"median_s": -1, "p90_s": 2}, "median_s -1"),
        ({"family": "weibull", "median_s": 3, "p90_s": 2}, "median_s < p90_s"),
        ({"family": "fixed", "median_s": 3, "p90_s": 4}, "expected none"),
        ({"column": "b"}, "there are a"),
        ({"column": "a", "family": "gamma"}, "expected no family"),
    ],
)
def test_an_entry_that_is_no_duration_is_refused(entry, message):
    with pytest.raises(InputError, match=message):
        duration_from_table(entry, records=pd.DataFrame({"a": [1.0]}))


@pytest.mark.parametrize(
    ("law", "message"),
    [(stats.norm(60, 10), "0 or more"), (stats.expon(scale=-1), "no finite"), ("60 s", "frozen distribution")],
)
def test_a_distribution_with_values_under_0_or_none_is_refused(law, message):
    with pytest.raises(InputError, match=message):
        as_duration(law)


def test_records_with_a_negative_duration_are_refused():
    with pytest.raises(InputError, match=r"-1\.0"):
        Empirical(values=np.array([3.0, -1.0]))
