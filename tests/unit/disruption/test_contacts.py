"""Contacts: what the simulation is told, who is looked for, and when somebody hears of a silent village."""

from __future__ import annotations

import itertools
import math

import pytest
from cascade_cases import HOUR, communication_of, exactly, ladder

from rescuesim.crew import Lognormal
from rescuesim.disruption import (
    BaseStation,
    ChannelOutage,
    CommunicationNetwork,
    ContactSpell,
    Disruption,
    SiteOutage,
    channel_outages,
    contact,
    default_channels,
    reconnaissance,
    silent_sites,
)
from rescuesim.disruption.channels import Channel
from rescuesim.errors import InputError

PHONE = Lognormal(median=180, p90=480)


def spell(
    place: str, channel: str, from_h: float, until_h: float, *, order: bool = False, hours: float = 1.0
) -> ContactSpell:
    delay = None if not channel else exactly(hours * HOUR) if channel == "runner" else PHONE
    return ContactSpell(
        place=place,
        direction="order" if order else "call",
        channel=channel,
        from_s=from_h * HOUR,
        until_s=until_h * HOUR,
        delay=delay,
        cause="battery",
    )


def test_orders_by_another_channel_become_outages_of_the_public_network() -> None:
    contacts = [
        spell("s1", "satellite_phone", 1, 5, order=True),
        spell("s2", "satellite_phone", 1, 5, order=True),
        spell("s3", "runner", 1, 5, order=True),
        spell("s4", "", 1, 5, order=True),
        spell("v1", "satellite_phone", 1, 5),
        spell("s5", "public_network", 0, 6, order=True),
    ]
    assert [(one.sites, one.from_s, one.until_s, one.fallback) for one in channel_outages(contacts)] == [
        (frozenset({"s3"}), HOUR, 5 * HOUR, "runner"),
        (frozenset({"s1", "s2"}), HOUR, 5 * HOUR, "satellite_phone"),
    ]
    assert isinstance(channel_outages(contacts)[0], ChannelOutage)


def test_a_crew_whose_phone_is_dead_does_not_turn_out() -> None:
    contacts = [spell("s2", "", 3, 4, order=True), spell("s1", "", 1, 5, order=True), spell("v1", "", 1, 5)]
    assert silent_sites(contacts) == (
        SiteOutage(site="s1", from_s=HOUR, until_s=5 * HOUR, label="no order", cause="battery"),
        SiteOutage(site="s2", from_s=3 * HOUR, until_s=4 * HOUR, label="no order", cause="battery"),
    )


def test_contact_tells_calls_from_orders_and_says_until_when() -> None:
    made = Disruption(label="cut", contacts=(spell("s", "", 1, 5, order=True), spell("s", "runner", 2, 3)))
    asked = [contact(made, "s", at_h * HOUR, "order") for at_h in (0, 1, 5)]
    assert [(one.channel, one.until_s) for one in asked] == [
        ("public_network", HOUR),
        ("", 5 * HOUR),
        ("public_network", math.inf),
    ]
    assert contact(made, "s", 2 * HOUR, "call").channel == "runner"
    with pytest.raises(InputError, match="expected call or order"):
        contact(made, "s", 0, "shout")  # type: ignore[arg-type]


def find(*contacts: ContactSpell, sample: int = 0, silence_h: float = 2) -> list[tuple[str, float, float, float, str]]:
    found = reconnaissance(contacts, seed=1, sample=sample, horizon_s=72 * HOUR, silence_s=silence_h * HOUR)
    return [(one.place, one.silent_from_s, one.sent_s, one.contact_s, one.by) for one in found]


def test_a_village_that_speaks_again_before_anybody_is_sent_is_not_looked_for() -> None:
    assert find(spell("v", "", 1, 2.5)) == [("v", HOUR, math.inf, 2.5 * HOUR, "channel")]


def test_its_own_runner_is_the_first_that_is_heard_of_a_near_village() -> None:
    assert find(spell("v", "runner", 1, 20, hours=0.5)) == [("v", HOUR, 3 * HOUR, 1.5 * HOUR, "own_runner")]


def test_silence_sends_a_drone_if_one_can_fly_and_nobody_if_no_way_is_left() -> None:
    found = [find(spell("v", "", 1, math.inf), sample=sample)[0] for sample in range(200)]
    flown = [one for one in found if one[4] == "uav"]
    assert {one[2] for one in found} == {3 * HOUR}
    assert all(one[3] > 3 * HOUR for one in flown)
    assert all(one[3:] == (math.inf, "") for one in found if one[4] != "uav")
    assert abs(len(flown) - 100) < 4 * math.sqrt(200 * 0.25)


def test_a_runner_is_sent_when_the_road_is_walkable_again_and_no_drone_flies() -> None:
    # nobody could leave when it fell silent; from the tenth hour on there is a way of two hours
    contacts = spell("v", "", 1, 10), spell("v", "runner", 10, 40, hours=2)
    found = [find(*contacts, sample=sample)[0] for sample in range(40)]
    assert {one[4] for one in found} == {"uav", "own_runner"}
    assert {one[3] for one in found if one[4] == "own_runner"} == {12 * HOUR}


def test_each_silence_of_a_place_counts() -> None:
    found = find(spell("v", "", 1, 2), spell("v", "satellite_phone", 2, 9), spell("v", "", 9, 10))
    assert [one[1] for one in found] == [HOUR, 9 * HOUR]


def test_no_default_channel_is_slower_than_the_next_one_down_the_ladder() -> None:
    rows = list(default_channels().values())
    for row, after in itertools.pairwise(rows[1:]):
        assert (row.message.median, row.message.p90) <= (after.message.median, after.message.p90)
    public = rows[0].congested_message
    assert (public.median, public.p90) <= (rows[1].message.median, rows[1].message.p90)


def test_one_message_lists_all_faults_of_a_channel() -> None:
    with pytest.raises(InputError) as raised:
        Channel(name="horn", delay=PHONE, ready=1.2, inbound=-0.1, set_up_s=-5, needs=frozenset({"luck"}))  # type: ignore[arg-type]
    assert "4 faults" in str(raised.value)


def test_one_message_lists_all_faults_of_a_communication_network() -> None:
    channels = ladder("public_network", "radio_370", "satellite_phone", "runner")
    with pytest.raises(InputError) as raised:
        CommunicationNetwork(
            base_stations=(
                BaseStation(id="b1", lon=119.3, lat=28.7, radius_m=100, backhaul=(("cabel",),)),
                BaseStation(id="b1", lon=119.3, lat=28.7, radius_m=-1, channel="radio", from_s=5, until_s=5),
            ),
            channels=channels,
            holders={"satellite_phone": frozenset(), "beidou": frozenset({"v"})},
        )
    said = str(raised.value)
    assert "9 faults" in said
    for word in (
        "nobody has this channel",
        "'radio_370', column base_stations",
        "'runner', column posts",
        "column holders: 'beidou'",
        "'cabel'",
        "0 <= from < until",
        "a radius of 0 m or more",
        "(did you mean radio_370?)",
        "column base station: 'b1'",
    ):
        assert word in said


def test_the_ladder_begins_with_the_public_network() -> None:
    with pytest.raises(InputError, match="expected public_network first"):
        communication_of(channels=ladder("satellite_phone"))
