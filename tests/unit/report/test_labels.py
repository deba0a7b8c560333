from __future__ import annotations

import math

import pytest

from rescuesim.crew import default_crews
from rescuesim.errors import UnknownIdError
from rescuesim.report import labels
from rescuesim.siting import POINT_REASONS
from rescuesim.standard import ZONES


def test_percent_never_rounds_a_share_below_one_up_to_a_hundred() -> None:
    assert labels.percent(0.99999) == "99.9%"
    assert labels.percent(0.9996, digits=2) == "99.96%"
    assert labels.percent(0.996, digits=0) == "99%"
    assert labels.percent(math.nextafter(1.0, 0.0) - 1e-9) == "99.9%"


def test_percent_takes_a_sum_that_misses_one_by_rounding_for_one() -> None:
    assert labels.percent(math.nextafter(1.0, 0.0)) == "100%"


def test_percent_never_rounds_a_share_above_zero_down_to_zero() -> None:
    assert labels.percent(0.0001) == "<0.1%"
    assert labels.percent(0.0) == "0.0%"


def test_percent_of_nothing_is_a_dash() -> None:
    assert labels.percent(math.nan) == labels.NOTHING


def test_a_full_share_is_written_with_what_was_counted() -> None:
    assert labels.share(1.0, 86, "calls", "en") == "86 of 86 calls"
    assert labels.share(1.0, 31204, "people", "zh") == "31,204/31,204 人"
    assert labels.share(0.5, 86, "calls", "en") == "50.0%"


def test_an_interval_that_reaches_one_is_written_by_its_lower_end() -> None:
    assert labels.interval(0.957, 1.0) == "[≥ 95.7%]"
    assert "100" not in labels.interval(0.957, 0.99999)
    assert labels.interval(math.nan, math.nan) == ""


def test_differences_carry_their_sign_and_interval_in_percentage_points() -> None:
    assert labels.difference(0.0571, 0.02, 0.09) == "+5.7 [+2.0, +9.0]"
    assert labels.difference(-0.0004, -0.011, 0.01) == "0.0 [−1.1, +1.0]"


def test_the_three_headline_figures_have_their_names() -> None:
    assert list(labels.group_words("figure", "zh").values()) == ["建成覆盖率", "可用覆盖率", "达标率"]
    assert list(labels.group_words("figure", "en").values()) == [
        "built coverage",
        "available coverage",
        "attainment",
    ]


@pytest.mark.parametrize("lang", labels.LANGUAGES)
def test_every_zone_crew_and_reason_of_the_library_has_words(lang: labels.Lang) -> None:
    for group, keys in (("zone", ZONES), ("crew", default_crews()), ("reason", [key for key in POINT_REASONS if key])):
        assert set(keys) <= set(labels.group_words(group, lang))


def test_a_name_without_words_stands_as_it_is() -> None:
    assert labels.label("condition", "洪水", "en") == "洪水"
    assert labels.reason_words("bridge_down", "zh") == "bridge down"


def test_an_unknown_language_group_or_text_is_refused_by_name() -> None:
    with pytest.raises(UnknownIdError, match="'de'"):
        labels.language("de")
    with pytest.raises(UnknownIdError, match="did you mean crew"):
        labels.label("crews", "brigade", "zh")
    with pytest.raises(UnknownIdError, match="headlines"):
        labels.text("headlines", "zh")


def test_times_and_counts_that_are_not_finite_are_dashes() -> None:
    assert labels.seconds(math.inf, "zh") == labels.count(math.nan) == labels.NOTHING
    assert labels.seconds(-math.inf, "en") == labels.NOTHING
