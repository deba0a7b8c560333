"""Disruptions as one thing: weights, merging, saving."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from rescuesim._words import Note, in_language
from rescuesim.crew import Lognormal
from rescuesim.disruption import (
    AssetOutage,
    ChannelOutage,
    ContactSpell,
    Disruption,
    Disruptions,
    PowerOutage,
    RoadOutage,
    RoadSlowing,
    SiteOutage,
    load_disruptions,
    network_states,
)
from rescuesim.errors import DataFileError, InputError
from rescuesim.network.states import Closure


def everything(label: str, *, probability: float) -> Disruption:
    hour = Lognormal(median=3600.0, p90=7200.0)
    return Disruption(
        label=label,
        probability=probability,
        roads=(
            RoadOutage(
                closure=Closure(road=3, from_m=10.5, to_m=20.25, level="one_lane"),
                from_s=0.0,
                until_s=math.inf,
                label="老鹰嘴塌方",
                cause="landslide",
                repaired_by="crew 1",
            ),
            RoadOutage(closure=Closure(road=4), from_s=5.0, until_s=6.0),
        ),
        slowings=(RoadSlowing(road=7, factor=2.5, from_s=1.0, until_s=2.0, cause="flood"),),
        sites=(SiteOutage(site="s1", from_s=0.0, until_s=9.0, cause="flood"),),
        channels=(ChannelOutage(townships=frozenset({"乙镇", "甲乡"}), from_s=0.0, until_s=9.0),),
        power=(PowerOutage(area="f1", from_s=0.0, until_s=9.0, cause="ice"),),
        assets=(AssetOutage(kind="base_station", asset="b1", from_s=3.0, until_s=8.0, cause="battery"),),
        contacts=(
            ContactSpell(place="v1", direction="call", channel="", from_s=3.0, until_s=8.0, cause="battery"),
            ContactSpell(place="s1", direction="order", channel="runner", from_s=3.0, until_s=8.0, delay=hour),
        ),
    )


def some() -> Disruptions:
    return Disruptions(
        disruptions=(
            everything("a", probability=0.25),
            Disruption(label="nothing", probability=0.5),
            everything("b", probability=0.25),
        ),
        notes=(Note("depths are judged", "水深为估计"),),
    )


def test_what_was_saved_is_read_back_equal(tmp_path: Path) -> None:
    some().save(tmp_path / "hits.parquet")
    loaded = load_disruptions(tmp_path / "hits.parquet")
    assert loaded == some()
    assert in_language(loaded.notes[0], "zh") == "水深为估计"


def test_the_same_disruptions_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        some().save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_disruption_in_which_nothing_breaks_is_kept(tmp_path: Path) -> None:
    calm = Disruptions(disruptions=(Disruption(label="calm"),))
    calm.save(tmp_path / "calm.parquet")
    assert load_disruptions(tmp_path / "calm.parquet") == calm


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="does not exist"):
        load_disruptions(tmp_path / "absent.parquet")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(DataFileError, match="something else"):
        load_disruptions(tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text("no table", encoding="utf-8")
    with pytest.raises(DataFileError, match="expected a file of disruptions"):
        load_disruptions(tmp_path / "text.parquet")


def test_equal_timelines_merge_with_their_probabilities() -> None:
    merged = some().merged()
    assert [(one.label, one.probability) for one in merged] == [("a", 0.5), ("nothing", 0.5)]
    assert merged.notes == some().notes


def test_the_table_has_a_row_for_every_record() -> None:
    frame = some().to_frame()
    assert frame["record"].value_counts().to_dict() == {
        "roads": 4, "contacts": 4, "disruption": 3, "slowings": 2, "sites": 2, "channels": 2, "power": 2, "assets": 2,
    }  # fmt: skip
    slide = frame[(frame["record"] == "roads") & (frame["disruption"] == "a")].iloc[0]
    assert (slide["road"], slide["from_m"], slide["level"], slide["cause"]) == (3, 10.5, "one_lane", "landslide")


def test_equal_weights_are_worth_their_number_and_one_weight_is_worth_one() -> None:
    four = Disruptions(disruptions=tuple(Disruption(label=f"d{k}", probability=0.25) for k in range(4)))
    assert four.effective_sample_size == pytest.approx(4)
    heavy = tuple(Disruption(label=f"d{k}", probability=1.0 if k == 0 else 0.0) for k in range(4))
    assert Disruptions(disruptions=heavy).effective_sample_size == pytest.approx(1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((), "0 disruptions"),
        ((Disruption(label="a", probability=0.4),), "sum to 0.4"),
        ((Disruption(label="a", probability=0.5), Disruption(label="a", probability=0.5)), "'a' stands 2 times"),
    ],
)
def test_weights_and_labels_are_checked(given: tuple[Disruption, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Disruptions(disruptions=given)


def test_states_that_break_the_same_are_one_state() -> None:
    states = network_states(some(), at_s=[0.0, 5.5]).merged()
    assert [round(state.probability, 6) for state in states] == [0.25, 0.25, 0.5]
    assert states[0].label.endswith("and 1 more")
    assert not states[2].closures
