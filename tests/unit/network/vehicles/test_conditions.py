"""Hours, weather, and a loaded network under other conditions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import shared_file
from planted_trips import with_delays
from ways_by_hand import ways_of_network

from rescuesim._words import in_language
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network import RoadNetwork, load_network
from rescuesim.network.road_network import to_ticks
from rescuesim.network.vehicles.conditions import WEATHERS, TravelConditions, hour_class
from rescuesim.network.vehicles.in_conditions import moving_times_s, network_in
from rescuesim.network.vehicles.profiles import PROFILES, travel_profile, way_speeds_kph

EVERY = [TravelConditions(hour=hour, weather=weather) for hour in (None, 2, 8, 12, 18) for weather in WEATHERS]


def test_every_hour_has_a_class_and_the_bounds_are_begun_hours() -> None:
    classes = [hour_class(hour) for hour in range(24)]
    assert [hour for hour in range(24) if classes[hour] == "peak"] == [7, 8, 17, 18]
    assert [hour for hour in range(24) if classes[hour] == "night"] == [0, 1, 2, 3, 4, 5, 22, 23]


@pytest.mark.parametrize("wrong", [-1, 24, 7.5, "8", True])
def test_an_hour_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(InputError, match="from 0 to 23"):
        TravelConditions(hour=wrong)  # type: ignore[arg-type]


def test_an_unknown_weather_is_refused_with_the_nearest_known() -> None:
    with pytest.raises(UnknownIdError, match="did you mean heavy_rain"):
        TravelConditions(weather="heavy rain")


def loaded(network: RoadNetwork, conditions: TravelConditions, profile: str = "rescue_car") -> RoadNetwork:
    """Make the network as a loader would that takes the speeds of ways under these conditions, delays added."""
    ways = ways_of_network(network)
    ways = replace(ways, maxspeed_kph=np.where(np.arange(ways.n_ways) % 3 == 0, 33.0, np.nan))
    made = travel_profile(profile)
    speed = way_speeds_kph(ways, made, conditions)[network.road]
    ticks = to_ticks(network.length_m * 3.6 / speed + network.delay_s)
    stated = np.isfinite(ways.maxspeed_kph)[network.road] & made.obeys_maxspeed
    # one class an edge, as roads have it, so that both directions are of the class of their way
    classes = ways.road_class[network.road]
    return replace(
        network,
        speed_kph=speed,
        ticks=ticks,
        conditions=conditions,
        maxspeed_stated=stated,
        road_class=classes,
        profile=profile,
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_other_conditions_give_to_the_tick_what_loading_under_them_gives(guixi: RoadNetwork, profile: str) -> None:
    network = with_delays(guixi)
    plain = loaded(network, TravelConditions(), profile)
    for conditions in EVERY:
        anew = loaded(network, conditions, profile)
        derived = network_in(plain, conditions=conditions)
        assert np.array_equal(derived.ticks, anew.ticks)
        assert derived.speed_kph == pytest.approx(anew.speed_kph)
        assert derived.conditions == conditions


def test_waiting_at_signals_does_not_grow_with_bad_weather(guixi: RoadNetwork) -> None:
    network = with_delays(guixi)
    icy = network.under(weather="ice")
    moving = moving_times_s(network)
    assert icy.ticks == pytest.approx((moving / 0.4 + network.delay_s) * 10_000, abs=1)
    assert np.array_equal(icy.delay_s, network.delay_s)


def test_nothing_gets_faster_at_night_where_limits_are_not_known(guixi: RoadNetwork) -> None:
    unknown = replace(guixi, maxspeed_stated=None)
    assert np.array_equal(unknown.under(hour=2).ticks, guixi.ticks)
    known = replace(guixi, maxspeed_stated=np.zeros(guixi.n_edges, dtype=np.bool_))
    assert (known.under(hour=2).ticks < known.ticks).mean() > 0.9


def test_the_plain_conditions_change_nothing_and_others_do_not_add_up(guixi: RoadNetwork) -> None:
    assert guixi.under() is guixi
    wet = guixi.under(weather="heavy_rain")
    with pytest.raises(InputError, match="plain speeds"):
        wet.under(hour=8)


def test_what_was_done_is_said_in_the_notes(guixi: RoadNetwork) -> None:
    note = guixi.under(hour=8, weather="heavy_rain").summary().notes[-1]
    assert "08:00 (peak); heavy rain" in note
    assert "暴雨" in in_language(note, "zh")


def test_a_network_of_a_profile_of_ones_own_needs_it_again(guixi: RoadNetwork) -> None:
    own = replace(travel_profile("rescue_car"), name="quad", heavy_rain_factor=0.5)
    network = replace(guixi, profile="quad")
    with pytest.raises(UnknownIdError, match="quad"):
        network.under(weather="heavy_rain")
    wet = network.under(weather="heavy_rain", profile=own)
    assert wet.ticks - wet.delay_s * 10_000 == pytest.approx((network.ticks - network.delay_s * 10_000) * 2, abs=3)


def test_moving_times_are_what_is_left_without_the_waiting(guixi: RoadNetwork) -> None:
    network = with_delays(guixi)
    assert moving_times_s(network) == pytest.approx(network.ticks / 10_000 - network.delay_s, abs=2e-4)
    # where speed and length say something else, the ticks hold
    odd = replace(network, speed_kph=network.speed_kph / 2)
    assert moving_times_s(odd) == pytest.approx(network.ticks / 10_000 - network.delay_s, abs=1e-9)


@pytest.mark.parametrize("profile", ["rescue_car", "heavy_truck", "two_wheeler", "on_foot"])
def test_loading_a_file_under_conditions_and_taking_them_afterwards_agree(profile: str) -> None:
    """On edges of one way, to the tick; on merged ones the class of most of the length stands for all."""
    file = shared_file("data/guixi_jiangxi_town/guixi.osm")
    plain = load_network(file, profile=profile, cache=False)
    one_way = np.array([len(ways) == 1 for ways in plain.road_ways])[plain.road]
    assert one_way.mean() > 0.3
    for conditions in (TravelConditions(hour=8), TravelConditions(hour=23), TravelConditions(hour=2, weather="ice")):
        anew = load_network(file, profile=profile, conditions=conditions, cache=False)
        derived = plain.under(hour=conditions.hour, weather=conditions.weather)
        assert np.array_equal(derived.ticks[one_way], anew.ticks[one_way])
        assert derived.conditions == anew.conditions
        # the others lie between the least and the greatest factor of their parts
        assert np.abs(derived.ticks / np.maximum(anew.ticks, 1) - 1).max() < 0.36
