"""Travel profiles: speeds of ways, what is passable, delays, notes, the table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ways_by_hand import ways_of

from rescuesim._defaults import default, defaults_under
from rescuesim._words import in_language
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network.reading.osm_filter import is_road
from rescuesim.network.vehicles.conditions import TravelConditions
from rescuesim.network.vehicles.profile_table import profile_table
from rescuesim.network.vehicles.profiles import (
    PROFILES,
    arc_delays_s,
    oneway_for,
    passable,
    profile_notes,
    surface_kind,
    travel_profile,
    way_speeds_kph,
)
from rescuesim.network.vehicles.speeds import class_speed_kph
from rescuesim.network.ways import Ways

PLAIN = TravelConditions()
CLASSES = ["motorway", "primary_link", "tertiary", "residential", "track", "path", "steps"]
LINE = [(0.0, 0.0), (100.0, 0.0)]


def some_ways(**of_way: object):  # type: ignore[no-untyped-def]
    n = len(next(iter(of_way.values())))  # type: ignore[arg-type]
    return ways_of(LINE, [[0, 1]] * n, **of_way)  # type: ignore[arg-type]


def speeds(profile: str, conditions: TravelConditions = PLAIN, **of_way: object) -> list[float]:
    return way_speeds_kph(some_ways(**of_way), travel_profile(profile), conditions).round(6).tolist()


def test_the_default_profile_drives_at_the_speeds_of_the_table() -> None:
    drivable = CLASSES[:5]
    assert speeds("rescue_car", road_class=drivable) == [class_speed_kph(name) for name in drivable]


def test_a_stated_maxspeed_is_the_speed_of_those_who_obey_it() -> None:
    stated = {"road_class": ["primary"] * 3, "maxspeed_kph": [np.nan, 30.0, 60.0]}
    assert speeds("rescue_car", **stated) == [45, 30, 60]
    assert speeds("heavy_truck", **stated) == [45 * 0.85, 30 * 0.85, 60 * 0.85]
    assert speeds("two_wheeler", **stated) == [45, 30, 45]  # at its own top speed
    assert speeds("on_foot", **stated) == [4, 4, 4]


def test_each_profile_goes_at_its_own_speed_on_paths() -> None:
    paths = {"road_class": ["path", "footway", "steps"]}
    assert speeds("two_wheeler", **paths)[:2] == [10, 10]
    assert speeds("on_foot", **paths) == [3, 4, 3]


def test_a_boat_takes_every_line_at_one_speed_both_ways() -> None:
    ways = some_ways(road_class=["river", "canal"], oneway=[True, False])
    boat = travel_profile("boat")
    assert way_speeds_kph(ways, boat, PLAIN).tolist() == [12, 12]
    assert passable(ways, boat).all()
    assert not oneway_for(ways, boat).any()
    assert boat.launch_s == 1200


def test_a_surface_slows_a_road_but_not_a_track_twice() -> None:
    surfaces = ["asphalt", "沥青", "水泥路", "砂石", "土路", "", "moon dust"]
    expected = [1, 1, 1, 0.7, 0.5, 1, 1]
    found = speeds("rescue_car", road_class=["tertiary"] * len(surfaces), surface=surfaces)
    assert found == [pytest.approx(35 * factor) for factor in expected]
    assert speeds("rescue_car", road_class=["track"], surface=["ground"]) == [12]
    assert speeds("on_foot", road_class=["tertiary"], surface=["mud"]) == [4]


def test_no_surface_word_has_two_meanings_and_the_slowest_of_several_counts() -> None:
    words = [word for entry in defaults_under("surface_words").values() for word in entry.words]
    assert len(words) == len(set(words))
    assert set(defaults_under("surface_words")) == set(defaults_under("surface_factor"))
    assert surface_kind("asphalt;ground") == "ground"
    assert surface_kind(" Asphalt ") == "paved"


def test_hours_and_weather_multiply_and_the_peak_slows_towns_alone() -> None:
    ways = {"road_class": ["primary", "residential", "motorway", "unclassified", "track"]}
    plain = np.array(speeds("rescue_car", **ways))
    peak = np.array(speeds("rescue_car", TravelConditions(hour=8), **ways))
    assert (peak / plain).tolist() == pytest.approx([0.75, 0.75, 1, 1, 1])
    wet_peak = np.array(speeds("rescue_car", TravelConditions(hour=8, weather="heavy_rain"), **ways))
    assert (wet_peak / peak).tolist() == pytest.approx([0.75] * 5)
    night = np.array(speeds("rescue_car", TravelConditions(hour=23), **ways))
    assert (night / plain).tolist() == pytest.approx([1.1] * 5)
    assert speeds("two_wheeler", TravelConditions(hour=8), **ways)[:2] == [45, 22]


def test_the_empty_roads_of_the_night_lift_nobody_over_a_limit() -> None:
    ways = {"road_class": ["primary"] * 2, "maxspeed_kph": [40.0, np.nan]}
    assert speeds("rescue_car", TravelConditions(hour=2), **ways) == [40, 49.5]
    assert speeds("rescue_car", TravelConditions(hour=2, weather="ice"), **ways) == pytest.approx([17.6, 19.8])


def test_ways_of_barred_classes_too_narrow_or_too_weak_are_not_passable() -> None:
    ways = some_ways(
        road_class=["tertiary", "tertiary", "tertiary", "path", "steps", "motorway"],
        width_m=[np.nan, 3.0, 2.0, np.nan, np.nan, np.nan],
    )
    limited = replace(ways, max_weight_t=np.array([10.0] + [np.nan] * 5))

    def able(profile: str, ways: Ways = ways) -> list[bool]:
        return passable(ways, travel_profile(profile)).tolist()

    assert able("rescue_car") == [True, True, False, False, False, True]
    assert able("heavy_truck") == [True, False, False, False, False, True]
    assert able("heavy_truck", limited)[0] is False
    assert able("rescue_car", limited)[0] is True
    assert able("two_wheeler") == [True, True, True, True, False, False]
    assert able("on_foot") == [True, True, True, True, True, False]


def test_one_way_streets_bind_wheels_and_not_feet() -> None:
    ways = some_ways(road_class=["primary", "primary"], oneway=[True, False])
    assert oneway_for(ways, travel_profile("two_wheeler")).tolist() == [True, False]
    assert oneway_for(ways, travel_profile("on_foot")).tolist() == [False, False]


def test_priority_at_signals_must_be_asked_for_and_is_for_marked_vehicles_alone() -> None:
    signals, junctions = [0, 1, 3, 0], [True, False, False, False]
    plain = arc_delays_s(travel_profile("rescue_car"), signals=signals, at_junction=junctions)
    lawful = arc_delays_s(travel_profile("rescue_car", priority=True), signals=signals, at_junction=junctions)
    assert plain.tolist() == [2, 15, 45, 0]
    assert lawful.tolist() == [2, 4, 12, 0]
    for profile in ("on_foot", "boat"):
        with pytest.raises(InputError, match="lawfully"):
            travel_profile(profile, priority=True)
    with pytest.raises(InputError, match="one of each an edge"):
        arc_delays_s(travel_profile("rescue_car"), signals=[1, 2], at_junction=[True])


def test_a_profile_is_refused_where_its_numbers_make_no_sense() -> None:
    car = travel_profile("rescue_car")
    for field in ("speed_factor", "top_kph", "acceleration_m_s2"):
        with pytest.raises(InputError, match=field):
            replace(car, **{field: 0.0})
    with pytest.raises(InputError, match="it slows"):
        replace(car, heavy_rain_factor=1.2)
    with pytest.raises(InputError, match="path_kph"):
        replace(car, path_classes=("path",))
    with pytest.raises(InputError, match="launch_s"):
        replace(car, launch_s=np.nan)
    with pytest.raises(UnknownIdError, match="grade_rule"):
        replace(car, grade_rule="hilly")
    with pytest.raises(UnknownIdError, match="did you mean rescue_car"):
        travel_profile("rescue_kar")


def test_notes_say_the_profile_the_hour_what_is_barred_and_what_is_not_known() -> None:
    ways = some_ways(road_class=["tertiary", "path"], surface=["moon dust", ""])
    notes = profile_notes(ways, travel_profile("rescue_car"), PLAIN)
    text = "\n".join(notes)
    assert "without priority" in text
    assert "no hour given" in text
    assert "1 ways are barred" in text
    assert "moon dust" in text
    assert all(in_language(note, "zh") != str(note) for note in notes)
    assert "night" in "\n".join(profile_notes(ways, travel_profile("boat"), TravelConditions(hour=23)))


def test_no_ways_at_all_are_no_fault() -> None:
    ways = some_ways(road_class=["tertiary"])
    none = replace(
        ways,
        **{name: getattr(ways, name)[:0] for name in ("node_id", "lon", "lat", "signal", "junction", "at", "step_m")},
        **{name: getattr(ways, name)[:0] for name in ("way_id", "oneway", "road_class", "maxspeed_kph", "width_m")},
        **{name: getattr(ways, name)[:0] for name in ("lanes", "max_weight_t", "name", "surface", "bridge", "tunnel")},
        first=ways.first[:1],
    )
    for name in PROFILES:
        assert way_speeds_kph(none, travel_profile(name), TravelConditions(hour=8)).shape == (0,)
        assert passable(none, travel_profile(name)).shape == (0,)
        assert profile_notes(none, travel_profile(name), PLAIN)


def test_the_filter_for_two_wheelers_lets_narrow_ways_through_and_no_stairs() -> None:
    assert is_road({"highway": "path"}, "two_wheel")
    assert is_road({"highway": "footway", "motor_vehicle": "no"}, "two_wheel")
    assert not is_road({"highway": "steps"}, "two_wheel")
    assert not is_road({"highway": "motorway"}, "two_wheel")
    assert not is_road({"highway": "path", "access": "private"}, "two_wheel")


def test_walk_has_the_meaning_of_osmnx() -> None:
    """Every key and value of OSMnx's filter, read from OSMnx itself, is answered in the same way."""
    import re

    from osmnx import _overpass

    clauses = re.findall(r'\["([\w:]+)"!~"([^"]+)"\]', _overpass._get_network_filter("walk"))
    values = (
        "abandoned bridleway busway construction corridor cycleway escalator footway living_street motorway no path"
    )
    values += " pedestrian planned platform primary proposed raceway razed residential rest_area service services steps"
    values += " track trunk_link unclassified yes private separate permissive designated parking_aisle"
    for key in {key for key, _ in clauses}:
        for value in values.split():
            tags = {"highway": "residential", key: value}
            expected = not any(name in tags and re.search(pattern, tags[name]) for name, pattern in clauses)
            assert is_road(tags, "walk") == expected, (key, value)
    assert not is_road({"foot": "yes"}, "walk")


def test_the_table_has_every_number_of_every_profile_with_its_basis() -> None:
    table = profile_table()
    assert set(table["profile"]) == set(PROFILES)
    assert set(table["basis"]) <= {"S", "U", "J"}
    assert set(table["confidence"]) <= {"high", "med", "low"}
    assert (table["value"] != "").all()
    assert not table.duplicated(["profile", "parameter"]).any()
    for name in table["default"]:
        assert default(name).name == name
    car = table[table["profile"] == "rescue_car"].set_index("parameter")["value"]
    assert float(car["start-up loss at most"]) == pytest.approx(travel_profile("rescue_car").start_up_s, abs=0.05)
    truck = table[table["profile"] == "heavy_truck"].set_index("parameter")["value"]
    assert float(truck["speed: primary"]) == pytest.approx(45 * 0.85)


def test_the_table_in_chinese_has_the_same_rows() -> None:
    english, chinese = profile_table("en"), profile_table("zh")
    assert len(english) == len(chinese)
    assert (english["value"].to_numpy() == chinese["取值"].to_numpy()).all()
    assert not chinese["参数"].str.fullmatch(r"[\x00-\x7f]+").any()
