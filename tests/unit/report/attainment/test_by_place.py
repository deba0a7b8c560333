"""Attainment by village, township and zone: who missed the circle, by which limit and why."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from attained_calls import IN_TIME, call, result_of

from rescuesim.errors import UnknownIdError
from rescuesim.report.attainment import CAUSES, attainment_by_place, miss_reasons, stage_attainment
from rescuesim.report.attainment.by_place import cause_of

LONG_DRIVE = [6.0, 35.0, 0.0, 0.0, 50.0, 700.0, 30.0, 600.0, 100.0]
LONGER_DRIVE = [6.0, 35.0, 0.0, 0.0, 50.0, 2000.0, 30.0, 600.0, 100.0]
QUEUED = [6.0, 35.0, 900.0, 0.0, 50.0, 100.0, 30.0, 600.0, 100.0]


def county() -> list[dict[str, object]]:
    return [
        call(0, 0, "city", IN_TIME),
        call(0, 1, "city", LONG_DRIVE),
        call(0, 2, "village", LONGER_DRIVE),
        call(0, 3, "hills", LONGER_DRIVE),
        call(1, 0, "city", LONG_DRIVE),
        call(1, 1, "city", [6.0, 35.0], outcome="lost", held_by="no_way", unit=""),
        call(1, 2, "city", QUEUED, held_by="busy"),
        call(1, 3, "city", IN_TIME, outcome="duplicate"),
    ]


def test_every_village_says_how_many_it_lost_by_which_limit_and_why() -> None:
    table = attainment_by_place(result_of(county())).set_index("id")
    assert list(table.index) == ["city", "village"]  # the hills have no reading
    city = table.loc["city"]
    assert (city["calls"], city["attained"], city["missed"]) == (5, 1, 4)
    assert city["share"] == pytest.approx(0.2)
    assert city["low"] < 0.2 < city["high"]
    assert (city["binding"], city["since"], city["limit_s"], city["missed_alone"]) == ("handling", "arrived", 300.0, 2)
    assert city["reason"] == "travel"
    assert city[list(CAUSES)].tolist() == [1, 0, 1, 0, 2, 0]
    village = table.loc["village"]
    assert (village["binding"], village["limit_s"], village["reason"]) == ("on_scene", 900.0, "travel")
    assert village["township"] == "上乡"


@pytest.mark.parametrize("by", ["village", "township", "zone"])
def test_places_add_up_to_the_county(by: str) -> None:
    result = result_of(county())
    table = attainment_by_place(result, by=by)  # type: ignore[arg-type]
    whole = stage_attainment(result)
    whole = whole[whole["stage"] == "all"]
    assert table["calls"].sum() == whole["calls"].sum()
    assert table["missed"].sum() == whole["missed"].sum() == table[list(CAUSES)].to_numpy().sum()
    wanted = miss_reasons(result).groupby(cause_of).sum()
    assert {name: n for name, n in table[list(CAUSES)].sum().items() if n} == wanted.to_dict()
    assert table["people"].sum() == 1300
    assert table["missed"].is_monotonic_decreasing


def test_a_place_without_calls_has_no_share_and_comes_last() -> None:
    table = attainment_by_place(result_of([call(0, 0, "village", LONGER_DRIVE)], replications=1))
    assert table["id"].tolist() == ["village", "city"]
    assert math.isnan(table["share"].iloc[1])
    assert table[["binding", "reason"]].iloc[1].tolist() == ["", ""]
    assert pd.isna(table["low"].iloc[0]) or table["low"].iloc[0] == 0.0


def test_townships_take_the_binding_limit_over_all_readings_that_hold_there() -> None:
    zones = attainment_by_place(result_of(county()), by="zone").set_index("zone")
    assert zones.loc["built_up", "binding"] == "handling"
    assert zones.loc["dense_rural", "binding"] == "on_scene"


def test_another_kind_of_place_is_refused() -> None:
    with pytest.raises(UnknownIdError, match="expected"):
        attainment_by_place(result_of(county()), by="street")  # type: ignore[arg-type]
