"""The planning limit against DEFAULTS' own row, against sampling, and the presets as they are written."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rescuesim._defaults import default, default_names
from rescuesim.crew import Lognormal, crew_type, default_crews, default_shifts, shift_at
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.standard import CANNOT, PRESETS, load_standard, planning_limit_s

ALL_ZONES = ("built_up", "industrial_park", "suburb", "dense_rural")


def driving_left(crew: str, confidence: float, *, limit_s: float, set_up: bool) -> float:
    standard = load_standard(confidence=dict.fromkeys(ALL_ZONES, confidence))
    parts = (standard.chain["answering"], standard.chain["order"], default_crews()[crew].turnout["day"])
    parts += (standard.chain["set_up"],) if set_up else ()
    return planning_limit_s(parts, standard.chain["variation"], limit_s, confidence)


@pytest.mark.parametrize(
    ("crew", "at_80", "at_90"),
    [
        ("brigade", 129, 110),
        ("micro_station", 114, 93),
        ("township_duty", CANNOT, CANNOT),
        ("village_on_call", CANNOT, CANNOT),
    ],
)
def test_seconds_of_driving_left_by_135_are_those_of_the_defaults(crew: str, at_80: float, at_90: float) -> None:
    for confidence, expected in ((0.8, at_80), (0.9, at_90)):
        found = driving_left(crew, confidence, limit_s=300, set_up=True)
        assert found == expected or abs(found - expected) <= 2


@pytest.mark.parametrize(
    ("crew", "at_80", "at_90"),
    [
        ("brigade", 650, 582),
        ("micro_station", 638, 570),
        ("township_duty", 496, 420),
        ("village_on_call", 181, 13),
    ],
)
def test_seconds_of_driving_left_by_15_minutes_are_those_of_the_defaults(crew: str, at_80: float, at_90: float) -> None:
    assert driving_left(crew, 0.8, limit_s=900, set_up=False) == pytest.approx(at_80, abs=2)
    assert driving_left(crew, 0.9, limit_s=900, set_up=False) == pytest.approx(at_90, abs=2)


def test_the_standard_gives_each_crew_the_seconds_of_the_defaults_row() -> None:
    standard = load_standard()
    outer = {"brigade": 650, "micro_station": 638, "township_duty": 496, "village_on_call": 181}
    for zone in ("suburb", "dense_rural"):
        for crew, seconds in outer.items():
            assert standard.limit_s(crew, zone, "night") == pytest.approx(seconds, abs=2)
    for zone in ("built_up", "industrial_park"):
        for crew, seconds in {"brigade": 110, "micro_station": 93}.items():
            assert standard.limit_s(crew, zone, "day") == pytest.approx(seconds, abs=2)
    with pytest.raises(UnknownIdError, match="did you mean brigade"):
        standard.limit_s("brigadd", "suburb", "day")


def test_crews_without_the_shifts_of_the_day_are_refused() -> None:
    odd = replace(default_crews()["brigade"], turnout={"all": Lognormal(median=1, p90=2)}, availability={"all": 1.0})
    with pytest.raises(InputError, match="by day, night"):
        load_standard(crews={"brigade": odd})


def test_the_planning_limit_is_what_sampling_the_chain_gives() -> None:
    standard = load_standard()
    rng = np.random.default_rng(7)
    z = rng.standard_normal((5, 400_000))
    crew = default_crews()["micro_station"]
    spent = sum(
        part.from_normal(z[row])
        for row, part in enumerate(
            (
                standard.chain["answering"],
                standard.chain["order"],
                crew.turnout["day"],
                standard.chain["set_up"],
            )
        )
    )
    factor = standard.chain["variation"].from_normal(z[4])
    limit = standard.limit_s("micro_station", "built_up", "day")
    in_time = np.mean(spent + limit * factor <= 300)
    assert abs(in_time - 0.9) < 4 * math.sqrt(0.9 * 0.1 / 400_000) + 5e-4


def test_a_chain_without_spread_leaves_exactly_the_rest_of_the_limit() -> None:
    fixed = Lognormal(median=100.0, p90=100.0)
    certain = Lognormal(median=1.0, p90=1.0)
    assert planning_limit_s((fixed,), certain, 300.0, 0.9) == pytest.approx(200.0, abs=0.01)
    assert planning_limit_s((fixed,), certain, 99.0, 0.9) == CANNOT


def test_the_planning_limit_falls_as_the_confidence_grows() -> None:
    limits = [driving_left("brigade", alpha, limit_s=900, set_up=False) for alpha in (0.5, 0.7, 0.9, 0.99)]
    assert limits == sorted(limits, reverse=True)
    assert len(set(limits)) == 4


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_makes_a_standard_that_explains_itself_in_both_languages(name: str) -> None:
    standard = load_standard(inner=name, outer="circle_15min")
    for lang in ("zh", "en"):
        words = standard.explain(lang=lang)
        assert name in words
        assert len(words.splitlines()) > 8


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("quick_rescue_135", 300 - 180),
        ("quick_rescue_135_staged", 300),
        ("micro_station_135", 180 - 60),
        ("on_scene_135", 180 - 60),
        ("fire_station_5min", 300 - 60),
        ("fire_15min", 4 * 60),
        ("circle_15min", 900),
        ("circle_15min_drive", 900),
    ],
)
def test_statutory_caps_leave_what_the_reading_states(preset: str, expected: float) -> None:
    standard = load_standard(inner=preset, planning="statutory_caps")
    assert standard.limit_s("brigade", "built_up", "day") == expected
    assert "statutory_caps" in standard.name


def test_drive_only_readings_count_nothing_but_the_drive() -> None:
    standard = load_standard(outer="circle_15min_drive")
    variation = standard.chain["variation"]
    expected = 900 / variation.quantile(0.8)
    assert standard.limit_s("brigade", "suburb", "day") == pytest.approx(expected, abs=0.5)
    assert standard.limit_s("brigade", "suburb", "day") == standard.limit_s("micro_station", "suburb", "day")


def test_a_second_unit_is_wanted_by_the_micro_station_reading_alone() -> None:
    assert load_standard(inner="micro_station_135").wants_second_unit("built_up")
    assert not any(
        load_standard(inner=name).wants_second_unit("built_up") for name in PRESETS if name != "micro_station_135"
    )
    two_fold = load_standard(inner="micro_station_135")
    first, second = (two_fold.limit_s("brigade", "built_up", "day", unit_rank=rank) for rank in (1, 2))
    assert first < second < 300


def test_a_crew_that_lacks_a_capability_covers_nothing_there() -> None:
    standard = load_standard()
    assert standard.limit_s("township_duty", "built_up", "day") == CANNOT
    assert standard.limit_s("brigade", "rural", "day") == CANNOT


def test_unknown_presets_and_crews_name_the_nearest() -> None:
    with pytest.raises(UnknownIdError, match=r"did you mean quick_rescue_135\?"):
        load_standard(inner="quick_rescu_135")
    with pytest.raises(UnknownIdError, match=r"did you mean brigade\?"):
        crew_type("brigad")


@pytest.mark.parametrize(("median", "p90"), [(5, 4), (-1, 2), (0, 3), (math.nan, 3), (3, math.inf)])
def test_a_distribution_that_cannot_be_is_refused(median: float, p90: float) -> None:
    with pytest.raises(InputError, match="expected"):
        Lognormal(median=median, p90=p90)


def test_shifts_partition_the_day() -> None:
    hours = np.arange(0, 48, 0.25)
    assert set(shift_at(hours).tolist()) == {0, 1}
    assert sum(shift.hours for shift in default_shifts()) == 24


def test_every_default_says_its_unit_basis_and_confidence() -> None:
    names = default_names()
    assert len(names) > 150
    for name in names:
        entry = default(name)
        assert entry.unit
        assert entry.basis in {"S", "U", "J"}
        assert entry.confidence in {"high", "med", "low"}
        assert entry.value is not None or entry.median is not None
    with pytest.raises(UnknownIdError, match=r"did you mean turnout\.brigade"):
        default("turnout.brigad")
