"""The calendar of people: by hour and season, with nobody doubled and nobody lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rescuesim._defaults import default
from rescuesim.demand import DEMAND_KINDS, DemandPoints, load_demand
from rescuesim.demand.calendar import (
    HOME_KINDS,
    HOUR_CLASSES,
    PLACE_KINDS,
    SEASONS,
    PeopleCalendar,
    demand_at,
    people_at,
)
from rescuesim.errors import InputError
from rescuesim.standard import ZONES


def county(seed: int = 0, *, places: int = 12) -> DemandPoints:
    """Return a county of 40 villages and some places, with people at random."""
    rng = np.random.default_rng(seed)
    kinds = (
        ["residential"] * 38 + ["low_lying", "geohazard"] + [PLACE_KINDS[i % len(PLACE_KINDS)] for i in range(places)]
    )
    n = len(kinds)
    people = np.r_[rng.integers(200, 3000, 40), rng.integers(50, 600, places)]
    frame = pd.DataFrame(
        {"id": [f"p{i}" for i in range(n)], "lon": 119.3, "lat": 28.7, "people": people, "kind": kinds}
    )
    return load_demand(frame.assign(zone=rng.choice(ZONES, n)))


def parts(demand: DemandPoints) -> tuple[np.ndarray, np.ndarray]:
    home = np.array([kind in HOME_KINDS for kind in demand.kinds])
    return home, ~home


@pytest.mark.parametrize("season", SEASONS)
@pytest.mark.parametrize("hour", [2, 7, 10, 17, 21.5, 24])
def test_homes_locals_and_those_who_left_are_the_people_of_the_season(hour: float, season: str) -> None:
    leaving = {("work", "ordinary"): 0.08, ("free", "holiday"): 0.02}
    calendar = PeopleCalendar(leaving=leaving)
    for seed in range(4):
        demand = county(seed)
        home, place = parts(demand)
        found = people_at(demand, calendar, hour=hour, season=season)
        hour_class = calendar.hour_class(hour)
        in_season = sum(
            people * calendar.season_share(zone, season)
            for people, zone, is_home in zip(demand.people, demand.zones, home, strict=True)
            if is_home
        )
        inside = np.array(
            [
                people * calendar.place_share(kind, hour_class, season)
                for people, kind in zip(demand.people[place], np.array(demand.kinds)[place], strict=True)
            ]
        )
        visitors = sum(
            n * (1 - calendar.local(kind)) for n, kind in zip(inside, np.array(demand.kinds)[place], strict=True)
        )
        gone = in_season * leaving.get((hour_class, season), 0.0)
        assert found.sum() == pytest.approx(in_season - gone + visitors, abs=0.5)
        assert (np.abs(found[place] - inside) < 1 + 1e-6).all()
        assert (found == np.rint(found)).all()
        assert (found >= 0).all()


def test_the_county_holds_the_same_people_at_every_hour_of_an_ordinary_day_without_visitors() -> None:
    demand = county(3)
    home, _ = parts(demand)
    calendar = PeopleCalendar(local_share=dict.fromkeys(PLACE_KINDS, 1.0))
    for hour in range(24):
        assert people_at(demand, calendar, hour=hour, season="ordinary").sum() == demand.people[home].sum()


def test_villages_fill_at_spring_festival_and_schools_and_parks_empty() -> None:
    demand = county(1)
    kinds, zones = np.array(demand.kinds), np.array(demand.zones)
    home, _ = parts(demand)
    ordinary = people_at(demand, hour=10, season="ordinary")
    festival = people_at(demand, hour=10, season="spring_festival")
    assert festival[home & (zones == "rural")].sum() > 1.3 * ordinary[home & (zones == "rural")].sum()
    assert festival[kinds == "school"].sum() == 0 < ordinary[kinds == "school"].sum()
    assert festival[kinds == "industrial"].sum() < 0.2 * ordinary[kinds == "industrial"].sum()
    night = people_at(demand, hour=2, season="ordinary")
    assert night[kinds == "school"].sum() < ordinary[kinds == "school"].sum()
    assert people_at(demand, hour=14, season="holiday")[kinds == "tourism"].sum() > ordinary[kinds == "tourism"].sum()


def test_a_register_of_people_who_left_is_thinned_and_never_overfilled_at_the_festival() -> None:
    frame = pd.DataFrame({"id": ["v"], "lon": [119.3], "lat": [28.7], "people": [1000], "zone": ["rural"]})
    demand, calendar = load_demand(frame), PeopleCalendar(base="registered")
    at_home = 1000 * default("calendar.registered.rural").number
    assert people_at(demand, calendar, hour=2, season="ordinary").tolist() == [at_home]
    assert people_at(demand, calendar, hour=2, season="spring_festival").tolist() == [pytest.approx(at_home * 1.4)]
    full = PeopleCalendar(base="registered", season={("rural", "spring_festival"): 3.0})
    assert people_at(demand, full, hour=2, season="spring_festival").tolist() == [1000]


def test_without_conservation_each_point_follows_its_own_share() -> None:
    demand = county(2)
    calendar = PeopleCalendar()
    found = demand_at(demand, calendar, hour=10, season="summer", conserve=False)
    exact = [
        people
        * (
            calendar.season_share(zone, "summer") * calendar.home_share(zone, "work")
            if kind in HOME_KINDS
            else calendar.place_share(kind, "work", "summer")
        )
        for people, zone, kind in zip(demand.people, demand.zones, demand.kinds, strict=True)
    ]
    assert (np.abs(found.people - exact) < 1 + 1e-6).all()
    assert any("the sum is not conserved" in note for note in found.notes)


def test_places_that_need_more_than_the_calendar_lets_out_take_the_rest_from_those_at_home() -> None:
    frame = pd.DataFrame({"id": ["a", "b", "s"], "lon": 119.3, "lat": 28.7, "people": [100, 300, 250]})
    demand = load_demand(
        frame.assign(zone=["built_up", "rural", "built_up"], kind=["residential", "residential", "school"])
    )
    found = people_at(demand, hour=10, season="ordinary")
    assert found.tolist()[2] == 250
    assert found.sum() == 400
    stay = np.array([100 * 0.45, 300 * 0.7])
    assert found[:2] == pytest.approx(stay * 150 / stay.sum(), abs=1)
    with pytest.raises(InputError, match="at most 400 people of homes who are in places"):
        people_at(load_demand(demand.to_frame().assign(people=[100, 300, 401], weight=1)), hour=10, season="ordinary")


def test_people_out_who_have_no_place_stay_at_home_and_that_is_said() -> None:
    frame = pd.DataFrame({"id": ["a"], "lon": [119.3], "lat": [28.7], "people": [1000], "zone": ["built_up"]})
    found = demand_at(load_demand(frame), hour=10, season="ordinary")
    assert found.people.tolist() == [1000]
    assert any("550 people who are out by the calendar have no place" in note for note in found.notes)
    assert any("residents on the census night" in note for note in found.notes)
    assert any("low confidence" in note for note in found.notes)


def test_weights_of_people_follow_and_calls_that_were_given_stay() -> None:
    frame = county(5).to_frame().drop(columns="weight")
    demand = load_demand(frame.assign(calls_per_year=3.0))
    found = demand_at(demand, hour=10, season="spring_festival")
    assert np.array_equal(found.weights, found.people)
    assert np.array_equal(found.calls_per_year, demand.calls_per_year)


def test_every_zone_kind_hour_and_season_has_a_default() -> None:
    calendar = PeopleCalendar()
    assert set(PLACE_KINDS) | set(HOME_KINDS) == set(DEMAND_KINDS)
    for hour_class in HOUR_CLASSES:
        assert all(0 <= calendar.home_share(zone, hour_class) <= 1 for zone in ZONES)
        for season in SEASONS:
            assert all(0 <= calendar.place_share(kind, hour_class, season) <= 1 for kind in PLACE_KINDS)
    for zone in ZONES:
        assert calendar.season_share(zone, "ordinary") == 1  # by definition: people are those of an ordinary night
        assert calendar.home_share(zone, "night") == 1


def test_wrong_calendars_hours_and_seasons_are_refused_with_all_faults() -> None:
    with pytest.raises(InputError) as caught:
        PeopleCalendar(
            home={("rurall", "night"): 1.2},
            place={("school", "work", "summer"): float("nan"), ("residential", "work", "summer"): 0.5},
            leaving={("noon", "ordinary"): 0.1},
            base="census",  # type: ignore[arg-type]
        )
    assert len(caught.value.faults) == 6
    assert "did you mean rural?" in str(caught.value)
    with pytest.raises(InputError, match="expected 0 to 24"):
        PeopleCalendar.hour_class(25)
    with pytest.raises(InputError, match="expected 0 to 24"):
        PeopleCalendar.hour_class(float("nan"))
    with pytest.raises(InputError, match="did you mean spring_festival"):
        people_at(county(), hour=3, season="spring")
