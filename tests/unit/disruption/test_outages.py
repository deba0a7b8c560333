"""Records of what is out of order: what they accept, and how they become states."""

from __future__ import annotations

import math

import pytest

from rescuesim.crew import Lognormal
from rescuesim.disruption import AssetOutage, ContactSpell, Disruption, PowerOutage, RoadDamage, RoadSlowing
from rescuesim.errors import InputError
from rescuesim.network.states import Closure


def test_an_outage_ends_after_it_begins() -> None:
    with pytest.raises(InputError, match=r"power outage of 'f1': from 20 s to 10 s"):
        PowerOutage(area="f1", from_s=20, until_s=10)


def test_causes_are_of_one_vocabulary() -> None:
    with pytest.raises(InputError, match="expected one of given, flood"):
        AssetOutage(kind="base_station", asset="b1", from_s=0, until_s=1, cause="bad luck")


def test_a_channel_has_a_delay_and_silence_has_none() -> None:
    hour = Lognormal(median=3600, p90=3600)
    assert ContactSpell(place="v", direction="call", channel="runner", from_s=0, until_s=9, delay=hour).delay == hour
    with pytest.raises(InputError, match="none without"):
        ContactSpell(place="v", direction="call", channel="", from_s=0, until_s=9, delay=hour)
    with pytest.raises(InputError, match="expected a delay"):
        ContactSpell(place="v", direction="order", channel="runner", from_s=0, until_s=9)


def test_one_lane_is_not_open_after_the_whole_work() -> None:
    with pytest.raises(InputError, match="one lane after 3 h, work of 2 h"):
        RoadDamage(closure=Closure(road=1), at_s=0, cause="landslide", work_h=2, one_lane_h=3)


def test_the_worst_slowing_of_a_road_holds_while_several_do() -> None:
    wet = Disruption(
        label="wet",
        slowings=(
            RoadSlowing(road=4, factor=2.0, from_s=0, until_s=100, cause="flood"),
            RoadSlowing(road=4, factor=3.0, from_s=50, until_s=80, cause="flood"),
        ),
    )
    assert wet.changes_s() == (0.0, 50.0, 80.0, 100.0)
    assert [dict(wet.state_at(at).slow_downs) for at in (0, 50, 80, 100)] == [{4: 2.0}, {4: 3.0}, {4: 2.0}, {}]


@pytest.mark.parametrize("factor", [0.5, math.inf, math.nan])
def test_a_slowing_has_a_factor_of_one_or_more(factor: float) -> None:
    with pytest.raises(InputError, match="expected 1 or more"):
        RoadSlowing(road=1, factor=factor, from_s=0, until_s=1)


def test_a_site_that_no_order_reaches_is_unusable_and_one_with_another_channel_is_not() -> None:
    hour = Lognormal(median=3600, p90=3600)
    cut = Disruption(
        label="cut",
        contacts=(
            ContactSpell(place="s1", direction="order", channel="", from_s=10, until_s=50),
            ContactSpell(place="s2", direction="order", channel="runner", from_s=10, until_s=50, delay=hour),
            ContactSpell(place="v1", direction="call", channel="", from_s=10, until_s=50),
        ),
    )
    assert cut.changes_s() == (0.0, 10.0, 50.0)
    assert [sorted(cut.state_at(at).unusable_sites) for at in (0, 10, 50)] == [[], ["s1"], []]
