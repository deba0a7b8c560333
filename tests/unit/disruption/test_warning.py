"""Warning: who is told before the impact, by what, and from when people and forces can move."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from cascade_cases import HOUR, demand_of, exactly

from rescuesim.disruption import AssetOutage, ContactSpell, WarningChannel, default_warning_channels, warning
from rescuesim.disruption.warning import lead_s
from rescuesim.errors import InputError

DEMAND = demand_of()


def channel(name: str = "gong", **changes: object) -> WarningChannel:
    plain = WarningChannel(name=name, works=1.0, reach=0.5, acknowledge=0.4, delay=exactly(300))
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_levels_warn_six_three_and_one_hour_before() -> None:
    assert [lead_s(level) for level in ("province", "prefecture", "county")] == [6 * HOUR, 3 * HOUR, HOUR]
    with pytest.raises(InputError, match="did you mean county"):
        lead_s("conty")


def test_one_channel_reaches_its_share_of_the_people_and_lets_them_leave_when_it_does() -> None:
    found = warning(DEMAND, impact_s=5 * HOUR, channels=[channel()], seed=0, sample=0)
    assert [one.place for one in found] == ["v1", "v2", "v3"]
    assert found[0].prepositioning_from_s == -HOUR
    assert found[0].evacuation_from_s == 4 * HOUR + 300
    assert (found[0].warned_share, found[0].acknowledged_share) == pytest.approx((0.5, 0.2))
    assert found[0].by == ("gong",)


def test_channels_together_miss_only_those_whom_all_miss() -> None:
    two = [channel("gong"), channel("sms", reach=0.6, acknowledge=0.5, delay=exactly(60))]
    (first, *_) = warning(DEMAND, impact_s=5 * HOUR, channels=two, seed=0, sample=0)
    assert first.warned_share == pytest.approx(1 - 0.5 * 0.4)
    assert first.acknowledged_share == pytest.approx(1 - 0.8 * 0.7)
    assert first.by == ("sms", "gong")


def test_doors_that_are_not_knocked_at_before_the_impact_are_not_warned() -> None:
    # the village knows ten minutes after the issue, the first door opens five minutes later, the last 90 after that
    doors = channel("door_knocking", reach=1.0, spread_s=1.5 * HOUR, from_village=True)
    (first, *_) = warning(DEMAND, impact_s=5 * HOUR, channels=[doors], seed=0, sample=0)
    assert first.warned_share == pytest.approx((60 - 15) / 90)
    late = channel("sms", delay=exactly(HOUR))
    (first, *_) = warning(DEMAND, impact_s=5 * HOUR, channels=[late], seed=0, sample=0)
    assert (first.warned_share, first.evacuation_from_s, first.by) == (0.0, math.inf, ())


def test_a_dark_township_has_no_broadcast_and_a_place_without_network_no_message() -> None:
    both = [channel("broadcast", needs=frozenset({"power"})), channel("sms", needs=frozenset({"public_network"}))]
    dark = AssetOutage(kind="township_power", asset="hills", from_s=HOUR, until_s=9 * HOUR)
    deaf = ContactSpell(place="v3", direction="call", channel="", from_s=HOUR, until_s=9 * HOUR)
    found = warning(DEMAND, impact_s=5 * HOUR, channels=both, assets=[dark], contacts=[deaf], seed=0, sample=0)
    assert [one.by for one in found] == [("broadcast", "sms"), ("sms",), ()]
    # an outage that begins after the issue comes too late to stop it
    found = warning(DEMAND, impact_s=2 * HOUR - 1, channels=both, assets=[dark], contacts=[deaf], seed=0, sample=0)
    assert {one.by for one in found} == {("broadcast", "sms")}


def test_an_earlier_level_warns_more_people_in_time() -> None:
    shares = [
        np.mean(
            [
                one.warned_share
                for s in range(50)
                for one in warning(DEMAND, impact_s=0.0, level=level, seed=2, sample=s)
            ]
        )
        for level in ("county", "prefecture")
    ]
    assert 0.5 < shares[0] < shares[1] <= 1


def test_only_places_that_are_struck_are_warned() -> None:
    found = warning(DEMAND, impact_s={"v2": 3 * HOUR}, seed=0, sample=0)
    assert [one.place for one in found] == ["v2"]


def test_what_works_is_drawn_with_its_probability() -> None:
    half = [channel(works=0.5)]
    works = sum(
        bool(one.by)
        for sample in range(400)
        for one in warning(DEMAND, impact_s=0.0, channels=half, seed=7, sample=sample)
    )
    assert abs(works - 600) < 4 * math.sqrt(1200 * 0.25)


def test_faults_of_impacts_and_channels_are_all_named() -> None:
    with pytest.raises(InputError) as raised:
        warning(DEMAND, impact_s={"v9": 0.0, "v1": math.inf, "v2": -1.0}, seed=0, sample=0)
    assert "3 faults" in str(raised.value)
    with pytest.raises(InputError) as raised:
        channel(works=1.5, reach=-0.1, spread_s=-1.0, needs=frozenset({"luck"}))
    assert "4 faults" in str(raised.value)
    assert len(default_warning_channels()) == 5
