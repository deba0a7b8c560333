"""Messages: order by runner, a generator out of fuel, a channel that breaks, a silent village.

Worked out by hand; every line is a moment in seconds and what happens then.
"""

from __future__ import annotations

from story_county import HOUR, calls_at, crew, exactly, line, told

from rescuesim.disruption import ContactSpell, Disruption, FirstContact


def runner():
    j = line([0], [1000], ends_m=[0, 1000])
    d = Disruption(
        label="x",
        contacts=(
            ContactSpell(place="s0", direction="order", channel="runner", from_s=0, until_s=HOUR, delay=exactly(1800)),
        ),
    )
    return told(j, {"s0#1": crew()}, calls_at(0.0), disruption=d)


def generator():
    j = line([0], [1000], ends_m=[0, 1000])
    d = Disruption(
        label="x",
        contacts=(ContactSpell(place="s0", direction="order", channel="", from_s=400, until_s=7200, cause="fuel"),),
    )
    return told(j, {"s0#1": crew()}, calls_at(0.0, 500.0), disruption=d)


def nottold():
    j = line([0, 4000], [1000], ends_m=[0, 4000])
    d = Disruption(
        label="x",
        contacts=(
            ContactSpell(place="s0", direction="order", channel="radio_370", from_s=0, until_s=100, delay=exactly(120)),
            ContactSpell(place="s0", direction="order", channel="", from_s=100, until_s=9000),
        ),
    )
    return told(j, {"s0#1": crew(), "s1#1": crew()}, calls_at(0.0), disruption=d)


def silent():
    j = line([0], [1000], ends_m=[0, 1000])
    d = Disruption(
        label="x", contacts=(ContactSpell(place="d0", direction="call", channel="", from_s=0, until_s=10 * HOUR),)
    )
    f = (FirstContact(place="d0", silent_from_s=0.0, sent_s=7200.0, contact_s=9000.0, by="uav"),)
    return told(j, {"s0#1": crew()}, calls_at(600.0, 20000.0), disruption=d, found=f)


def test_an_order_goes_by_runner():
    assert runner() == [
        "0 call 0 rings fire at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "1830 call 0 s0#1 alerted by runner",
        "1890 call 0 s0#1 rolling",
        "1990 call 0 s0#1 on scene",
        "2020 call 0 s0#1 ready",
        "2020 call 0 s0#1 first action",
        "2620 call 0 s0#1 cleared",
        "2720 call 0 s0#1 available",
    ]


def by(channel, direction, from_s, until_s, delay_s=None):
    place, delay = ("s0" if direction == "order" else "d0"), None if delay_s is None else exactly(delay_s)
    return ContactSpell(place=place, direction=direction, channel=channel, from_s=from_s, until_s=until_s, delay=delay)


def messages(*contacts):
    road = line([0], [1000], ends_m=[0, 1000])
    story = told(road, {"s0#1": crew()}, calls_at(0.0), disruption=Disruption(label="x", contacts=contacts))
    return [one for one in story if "alerted" in one or "answered" in one]


def test_the_telephone_that_is_back_overtakes_the_runner_with_an_order():
    assert messages(by("runner", "order", 0, 600, 1800)) == ["10 call 0 answered", "600 call 0 s0#1 alerted"]
    # after a silence, and by a channel that takes its time but less than is left of the way
    walks = by("runner", "order", 0, 600, 1800), by("", "order", 600, 900)
    assert messages(*walks)[1] == "900 call 0 s0#1 alerted"
    radio = by("radio_370", "order", 900, 9000, 120)
    assert messages(*walks, radio)[1] == "1020 call 0 s0#1 alerted by radio_370"
    late = by("radio_370", "order", 900, 9000, 1200)
    assert messages(*walks, late)[1] == "1830 call 0 s0#1 alerted by runner"


def test_the_telephone_that_is_back_overtakes_the_runner_with_a_call():
    assert messages(by("runner", "call", 0, 600, 1800))[0] == "610 call 0 answered"
    walks = by("runner", "call", 0, 600, 1800), by("", "call", 600, 9000)
    assert messages(*walks)[0] == "1810 call 0 answered"
    assert messages(*walks[:1], by("beidou", "call", 600, 9000, 60))[0] == "670 call 0 answered"


def test_a_station_whose_generator_runs_dry_while_its_crew_is_out_takes_it_back_and_sends_nobody():
    assert generator() == [
        "0 call 0 rings fire at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "30 call 0 s0#1 alerted",
        "90 call 0 s0#1 rolling",
        "190 call 0 s0#1 on scene",
        "220 call 0 s0#1 ready",
        "220 call 0 s0#1 first action",
        "500 call 1 rings fire at d0",
        "510 call 1 answered",
        "530 call 1 ordered",
        "530 call 1 waits",
        "820 call 0 s0#1 cleared",
        "920 call 0 s0#1 available",
        "7200 call 1 waits no more",
        "7200 call 1 s0#1 dispatched",
        "7200 call 1 s0#1 alerted",
        "7260 call 1 s0#1 rolling",
        "7360 call 1 s0#1 on scene",
        "7390 call 1 s0#1 ready",
        "7390 call 1 s0#1 first action",
        "7990 call 1 s0#1 cleared",
        "8090 call 1 s0#1 available",
    ]


def test_an_order_whose_channel_breaks_is_not_told_and_is_given_to_another():
    assert nottold() == [
        "0 call 0 rings fire at d0",
        "10 call 0 answered",
        "30 call 0 ordered",
        "30 call 0 s0#1 dispatched",
        "150 call 0 s0#1 not told",
        "150 call 0 s0#1 available",
        "150 call 0 s1#1 dispatched",
        "150 call 0 s1#1 alerted",
        "210 call 0 s1#1 rolling",
        "510 call 0 s1#1 on scene",
        "540 call 0 s1#1 ready",
        "540 call 0 s1#1 first action",
        "1140 call 0 s1#1 cleared",
        "1440 call 0 s1#1 available",
    ]


def test_a_silent_village_is_heard_when_somebody_comes_to_look_and_else_when_its_silence_ends():
    assert silent() == [
        "600 call 0 rings fire at d0",
        "9010 call 0 answered",
        "9030 call 0 ordered",
        "9030 call 0 s0#1 dispatched",
        "9030 call 0 s0#1 alerted",
        "9090 call 0 s0#1 rolling",
        "9190 call 0 s0#1 on scene",
        "9220 call 0 s0#1 ready",
        "9220 call 0 s0#1 first action",
        "9820 call 0 s0#1 cleared",
        "9920 call 0 s0#1 available",
        "20000 call 1 rings fire at d0",
        "36010 call 1 answered",
        "36030 call 1 ordered",
        "36030 call 1 s0#1 dispatched",
        "36030 call 1 s0#1 alerted",
        "36090 call 1 s0#1 rolling",
        "36190 call 1 s0#1 on scene",
        "36220 call 1 s0#1 ready",
        "36220 call 1 s0#1 first action",
        "36820 call 1 s0#1 cleared",
        "36920 call 1 s0#1 available",
    ]
