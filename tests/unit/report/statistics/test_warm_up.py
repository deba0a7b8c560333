"""Warm-up: MSER-5 against summing every tail, Welch's curve, series from records, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from attained_calls import IN_TIME, call, result_of
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_simulation_statistics import mean_going_on, moving_average, mser5_cut

from rescuesim.errors import InputError
from rescuesim.report.labels import Lang
from rescuesim.report.statistics import (
    busy_units,
    mser5,
    waiting_calls,
    warm_up,
    welch_average,
    without_warm_up,
)
from rescuesim.report.statistics.series import mean_in_state
from rescuesim.report.statistics.warm_up import settling
from rescuesim.report.warm_up_figure import plot_warm_up
from rescuesim.simulation import SimulationResult

DAY_S = 86_400.0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=50, max_size=140),
    st.integers(-1000, 1000),
)
def test_mser5_is_what_summing_every_tail_gives(values: list[int], level: int) -> None:
    series = [float(value + level) for value in values]
    found = mser5(series)
    cut, scores = mser5_cut(series)
    assert found.scores[: len(scores) - 5].tolist() == pytest.approx(scores[: len(scores) - 5], abs=1e-9)
    assert scores[found.observations // 5] == pytest.approx(scores[cut // 5], abs=1e-9)


def test_mser5_leaves_a_decaying_start_out_and_keeps_a_settled_series() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 0.5, 1000)
    start = 20 * np.exp(-np.arange(1000) / 25)
    assert 50 <= mser5(10 - start + noise).observations <= 200
    assert mser5(10 + noise).observations <= 100
    assert mser5(np.full(60, 3.7)).observations == 0


def test_a_series_that_has_not_settled_is_said_to_be_too_short() -> None:
    found = mser5(np.arange(200.0) ** 2)
    assert not found.found
    assert found.warm_up_s == math.inf
    with pytest.raises(InputError, match="at least 50"):
        mser5(np.ones(49))


def test_the_curve_of_welch_is_its_definition() -> None:
    rows = np.random.default_rng(1).normal(size=(4, 30)).tolist()
    for window in (0, 1, 7):
        assert welch_average(rows, window).tolist() == pytest.approx(moving_average(rows, window))
    with pytest.raises(InputError, match="from 0 to 7"):
        welch_average(rows, 8)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 60), st.booleans()), max_size=12))
def test_time_in_a_state_is_what_adding_the_spells_one_by_one_gives(drawn: list[tuple[int, int, bool]]) -> None:
    spells = [(float(since), math.nan if open_ else float(since + long)) for since, long, open_ in drawn]
    begin = np.array([since for since, _ in spells])
    end = np.array([until for _, until in spells])
    row = np.zeros(len(spells), dtype=np.int64)
    found = mean_in_state(begin, end, row, rows=1, horizon_s=100.0, bucket_s=15.0)
    wanted = [mean_going_on(spells, at, at + 15.0) for at in np.arange(0.0, 90.0, 15.0)]
    assert found[0].tolist() == pytest.approx(wanted, abs=1e-9)


def steady(days: int, *, settled_h: int) -> SimulationResult:
    """Two replications with a task of 4 h each hour from `settled_h` on, and half as many before."""
    calls = []
    for replication in range(2):
        number = 0
        for hour in range(days * 24):
            if hour < settled_h and hour % 2:
                continue
            one = call(replication, number, "city", [6, 35, 0, 0, 50, 100, 30, 14_000, 100])
            shift = 3600.0 * hour - one["arrived_at_s"]  # type: ignore[operator]
            for name in one:
                if name.endswith("_at_s"):
                    one[name] += shift  # type: ignore[operator]
            calls.append(one)
            number += 1
    return result_of(calls, horizon_s=days * DAY_S)


def test_the_warm_up_of_a_result_is_when_units_are_as_busy_as_later() -> None:
    result = steady(12, settled_h=30)
    busy = busy_units(result)
    assert busy.shape == (2, 288)
    assert busy[0, 100] == pytest.approx((50 + 100 + 30 + 14_000 + 100) / 3600, abs=0.02)
    assert waiting_calls(result).max() == 0
    found = warm_up(result)
    assert 29 <= found.warm_up_s / 3600 <= 40
    later = without_warm_up(result, found.warm_up_s)
    assert later.records["arrived_at_s"].min() >= found.warm_up_s
    assert later.records["replication"].nunique() == 2


def test_a_horizon_shorter_than_the_warm_up_is_refused() -> None:
    result = steady(5, settled_h=20)
    with pytest.raises(InputError, match="a horizon that is longer"):
        without_warm_up(result, 5 * DAY_S)
    with pytest.raises(InputError, match="expected 4 or more"):
        warm_up(steady(3, settled_h=0))
    growing = steady(12, settled_h=24 * 9)
    with pytest.raises(InputError, match="expected a longer horizon"):
        warm_up(growing)


@pytest.mark.parametrize(("lang", "words"), [("zh", "MSER-5 截去前"), ("en", "MSER-5 leaves out")])
def test_the_picture_of_welch_shows_the_curve_beside_the_cut(lang: Lang, words: str) -> None:
    result = steady(12, settled_h=30)
    ax = plot_warm_up(result, window_s=6 * 3600.0, lang=lang)
    ax.get_figure(root=True).canvas.draw()  # type: ignore[union-attr]
    curve = next(line for line in ax.lines if len(line.get_xdata()) == 288 - 6)  # type: ignore[arg-type]
    assert curve.get_ydata() == pytest.approx(welch_average(busy_units(result), 6))
    cut = settling(result)["busy_units"].warm_up_s
    assert any(set(line.get_xdata()) == {cut / DAY_S} for line in ax.lines)  # type: ignore[arg-type]
    assert words in str(ax.get_legend().get_texts()[0].get_text())  # type: ignore[union-attr]


def test_a_run_that_has_not_settled_is_drawn_without_a_cut() -> None:
    ax = plot_warm_up(steady(12, settled_h=24 * 9), lang="en")
    assert "not settled" in str(ax.get_legend().get_texts()[0].get_text())  # type: ignore[union-attr]
    storm = result_of([call(0, 0, "city", IN_TIME)], replications=1, condition="storm")
    with pytest.raises(InputError, match="no steady state"):
        plot_warm_up(storm)


def test_a_disaster_has_no_warm_up() -> None:
    storm = result_of([call(0, 0, "city", IN_TIME)], replications=1, condition="storm")
    with pytest.raises(InputError, match="no steady state"):
        warm_up(storm)
    with pytest.raises(InputError, match="no warm-up to leave out"):
        without_warm_up(storm, 0.0)
    with pytest.raises(InputError, match="at most the horizon"):
        busy_units(storm, bucket_s=2e6)
    with pytest.raises(InputError, match="a part of a day"):
        warm_up(steady(5, settled_h=0), bucket_s=1000.0)
