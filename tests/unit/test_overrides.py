"""Overrides: read, refused with every fault, put into a standard and on roads."""

from __future__ import annotations

import numpy as np
import pytest

from rescuesim.crew import Lognormal
from rescuesim.errors import InputError
from rescuesim.network.calibrating.class_factors import with_time_factors
from rescuesim.overrides import Overrides, load_overrides
from rescuesim.standard import load_standard

SOUND = """
[turnout.brigade.night]
median = 70
p90 = 100
[chain.order]
median = 50
p90 = 80
[on_scene.fire]
median = 5000
p90 = 9000
[time_factor]
primary = 1.25
"""


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path):
    path = tmp_path / "calibration.toml"
    path.write_text(SOUND, encoding="utf-8")
    own = load_overrides(path)
    usual, changed = load_standard(), load_standard(overrides=own)
    assert changed.crews["brigade"].turnout["night"] == Lognormal(median=70, p90=100)
    assert changed.crews["brigade"].turnout["day"] == usual.crews["brigade"].turnout["day"]
    assert changed.chain == {**usual.chain, "order": Lognormal(median=50, p90=80)}
    assert own.on_scene == {"fire": Lognormal(median=5000, p90=9000)}
    assert changed.limit_s("brigade", "built_up", "night") < usual.limit_s("brigade", "built_up", "night")


def test_every_fault_of_a_file_is_said_at_once(tmp_path):
    path = tmp_path / "calibration.toml"
    path.write_text(
        "[turnout.brigades.night]\nmedian = 1\np90 = 2\n[turnout.brigade.noon]\nmedian = 1\np90 = 2\n"
        "[chain.order]\nmedian = 50\np90 = 20\n[chain.set_up]\nmedian = 0\np90 = 'long'\n"
        "[time_factor]\nprimary = 0\nlane = 2\n[speeds]\nx = 1\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError) as raised:
        load_overrides(path)
    said = str(raised.value)
    for words in ("brigades", "noon", "at least the median, 50", "chain.set_up.median", "chain.set_up.p90", "speeds"):
        assert words in said
    assert "time_factor.primary" in said
    assert "time_factor.lane" in said


def test_a_time_factor_slows_its_class_alone(town):
    slower = with_time_factors(town, {"tertiary": 2.0})
    own = town.road_class == "tertiary"
    moving = (slower.length_m / slower.speed_kph) / (town.length_m / town.speed_kph)
    assert own.any()
    assert np.allclose(moving[own], 2.0)
    assert np.allclose(moving[~own], 1.0)
    assert (slower.ticks[~own] == town.ticks[~own]).all()
    assert any("tertiary 2" in note for note in slower.summary().notes)


def test_unknown_crews_classes_and_factors_are_refused(town):
    with pytest.raises(InputError, match="crew 'brigades'"):
        Overrides(turnout={"brigades": {}}).crews()
    with pytest.raises(InputError, match="class 'lane'"):
        with_time_factors(town, {"lane": 2.0})
    with pytest.raises(InputError, match="above 0"):
        with_time_factors(town, {"tertiary": 0.0})
