"""What would make travel times silently wrong is refused, by every engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import rescuesim as rs
from rescuesim.errors import InputError, UnknownIdError, WeightOverflowError
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.states import Closure
from rescuesim.travel import TravelTimesEnsemble

ENGINES = ("scipy", "bucket", "contraction")


@pytest.fixture
def sites() -> rs.CandidateSites:
    return rs.load_sites(pd.DataFrame({"id": ["s", "t"], "lon": [119.31, 119.30], "lat": [28.71, 28.71]}))


@pytest.fixture
def demand() -> rs.DemandPoints:
    return rs.load_demand(pd.DataFrame({"id": ["a", "b"], "lon": [119.30, 119.305], "lat": [28.70, 28.70]}))


@pytest.fixture
def intact(town: RoadNetwork, sites: rs.CandidateSites, demand: rs.DemandPoints) -> rs.TravelTimes:
    return rs.travel_times(town, sites, demand)


def one(**state: object) -> NetworkStates:
    return NetworkStates(states=(NetworkState(**state),))  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("factor", [1e9, 1e14, 1e20, 1e300])
def test_a_slow_down_that_no_number_holds_is_never_an_open_road(
    intact: rs.TravelTimes, engine: str, factor: float
) -> None:
    states = one(slow_downs=dict.fromkeys(range(4), factor))
    with pytest.raises(WeightOverflowError):
        list(TravelTimesEnsemble(intact=intact, states=states, engine=engine))  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ENGINES)
def test_roads_that_are_not_there_are_refused_without_travel_times_too(intact: rs.TravelTimes, engine: str) -> None:
    for states, error in (
        (one(closures=(Closure(road=1, from_m=99_999.0),)), InputError),
        (NetworkStates.from_closures([{99}]), UnknownIdError),
        (one(slow_downs={-1: 3.0}), UnknownIdError),
    ):
        with pytest.raises(error):
            list(TravelTimesEnsemble(intact=intact, states=states, engine=engine))  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ENGINES)
def test_pairs_follow_the_cutoff_whatever_ticks_the_intact_times_hold(
    town: RoadNetwork, sites: rs.CandidateSites, demand: rs.DemandPoints, engine: str
) -> None:
    states = NetworkStates.from_closures([set(), {0}])
    whole = rs.travel_times(town, sites, demand)
    cut = replace(rs.travel_times(town, sites, demand, cutoff_s=1), cutoff_s=np.inf)
    first, second = (
        TravelTimesEnsemble(intact=times, states=states, engine=engine)  # type: ignore[arg-type]
        .coverage({"p": ["s"]}, 500, weights=[1, 2])
        .covered.tolist()
        for times in (whole, cut)
    )
    assert first == second
    with pytest.raises(InputError, match="unbroken"):
        TravelTimesEnsemble(intact=TravelTimesEnsemble(intact=whole, states=states)[1], states=states)


def test_a_matrix_has_no_states(sites: rs.CandidateSites, demand: rs.DemandPoints) -> None:
    matrix = rs.TravelTimes.from_matrix([[1, 2], [3, 4]], sites=sites, demand=demand)
    for engine in ("auto", *ENGINES):
        with pytest.raises(InputError, match="not a matrix"):
            list(TravelTimesEnsemble(intact=matrix, states=one(), engine=engine))  # type: ignore[arg-type]


def test_one_text_is_not_a_list_of_ids(intact: rs.TravelTimes) -> None:
    ensemble = TravelTimesEnsemble(intact=intact, states=one())
    for ask in (
        lambda: list(ensemble.nearest("st")),
        lambda: list(ensemble.nearest_times(["st"])),
        lambda: ensemble.coverage({"p": "st"}, 500),
        lambda: ensemble.chosen_pairs("st", "ab"),
        lambda: rs.site_mask(intact, "st"),
    ):
        with pytest.raises(InputError, match="a list of ids"):
            ask()


def test_numbers_of_roads_are_whole() -> None:
    for road in (1.7, "1", True):
        with pytest.raises(InputError, match="whole number"):
            NetworkStates.from_closures([{road}])  # type: ignore[arg-type]
    assert NetworkStates.from_closures([{np.int32(3)}])[0].closures == (Closure(road=3),)
    with pytest.raises(InputError, match="whole number"):
        NetworkState(slow_downs={1.5: 2.0})  # type: ignore[dict-item]


def test_tables_in_the_wrong_place_and_odd_cutoffs_are_refused(
    town: RoadNetwork, sites: rs.CandidateSites, demand: rs.DemandPoints
) -> None:
    with pytest.raises(InputError, match="sites: a DemandPoints"):
        rs.travel_times(town, demand, sites)  # type: ignore[call-overload]
    with pytest.raises(InputError, match="states: a list"):
        rs.travel_times(town, sites, demand, states=[{1}])  # type: ignore[call-overload]
    for cutoff in ("900", None, [900], float("nan")):
        with pytest.raises(InputError, match="cutoff_s"):
            rs.travel_times(town, sites, demand, cutoff_s=cutoff)  # type: ignore[call-overload]


def test_a_user_without_a_home_only_loses_the_cache(intact: rs.TravelTimes, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("rescuesim.travel.contraction.structure.cache_folder", nobody_home)
    (times,) = TravelTimesEnsemble(intact=intact, states=one(), engine="contraction")
    assert times.ticks.tolist() == intact.ticks.tolist()
    assert times.engine == "contraction"
    assert times.reasons().tolist() == intact.reasons().tolist()


def test_a_village_at_its_shelter_drives_to_another_when_that_cannot_be_used(town: RoadNetwork) -> None:
    shelters = rs.load_sites(
        pd.DataFrame({"id": ["A", "B"], "lon": [119.31, 119.30], "lat": [28.71, 28.71], "kind": "shelter"})
    )
    village = rs.load_demand(pd.DataFrame({"id": ["v"], "lon": [119.31], "lat": [28.71], "people": [300]}))
    states = one(unusable_sites=frozenset({"A"}))
    found = rs.evacuation_routes(town, village, shelters, states=states)
    expected = rs.travel_times(town, shelters, village, states=states, towards="sites")[0].ticks[1, 0]
    assert found.every_state[1].ticks.tolist() == [expected]
    assert found.every_state[1].changes.tolist() == ["other_shelter"]


def test_a_service_area_has_one_limit_and_no_position_that_is_no_number(town: RoadNetwork) -> None:
    with pytest.raises(InputError, match="one number"):
        rs.service_area(town, (119.31, 28.71), [93, 582])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="NaN"):
        rs.service_area(town, (119.31, 28.71), 582).holds([0], [np.nan])
