"""Ensembles: every engine and every thread count gives the same, on real roads too."""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import shared_file
from oracles_travel import ticks_by_scipy
from placed_points import places, random_state

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork, load_network
from rescuesim.network.states import Closure
from rescuesim.travel import PlanCoverage, TravelTimes, TravelTimesEnsemble, travel_times
from rescuesim.travel.contraction.lanes import N_STATES
from rescuesim.travel.pair_ticks import BATCH
from rescuesim.travel.times import times_in_state


def broken_states(network: RoadNetwork, count: int) -> NetworkStates:
    """Draw states: 1 to 5 % of the roads closed whole and 2 % slowed, or closed in parts, or all open."""
    rng = np.random.default_rng(count)
    made = [NetworkState()]
    for number in range(count - 1):
        if number % 3 == 0:
            made.append(random_state(network, number))
            continue
        closed = rng.choice(network.n_roads, int(rng.uniform(0.01, 0.05) * network.n_roads), replace=False)
        slow = rng.choice(network.n_roads, int(0.02 * network.n_roads), replace=False)
        made.append(
            NetworkState(
                closures=tuple(Closure(road=int(road)) for road in closed), slow_downs={int(road): 3.0 for road in slow}
            )
        )
    return NetworkStates(states=tuple(replace(state, probability=1 / count) for state in made))


def drawn_times(network: RoadNetwork, n_sites: int, n_demand: int, cutoff_s: float) -> TravelTimes:
    sites, demand = load_sites(places(network, n_sites, 1, "s")), load_demand(places(network, n_demand, 2, "d"))
    return travel_times(network, sites, demand, cutoff_s=cutoff_s)


def assert_equal_to_scipy(network: RoadNetwork, n_sites: int, n_demand: int, cutoff_s: float, n_states: int) -> None:
    intact, states = drawn_times(network, n_sites, n_demand, cutoff_s), broken_states(network, n_states)
    ensemble = TravelTimesEnsemble(intact=intact, states=states, engine="contraction", n_threads=2)
    changed = 0
    for times, state in zip(ensemble, states, strict=True):
        expected = ticks_by_scipy(intact, state)
        assert np.array_equal(times.ticks, expected)
        assert times.state == state
        changed += not np.array_equal(expected, intact.ticks)
    assert changed > n_states / 10  # what is broken shows


@pytest.mark.parametrize("cutoff_s", [60.0, 300.0, math.inf])
def test_a_town_with_broken_roads_equals_scipy(guixi: RoadNetwork, cutoff_s: float) -> None:
    assert_equal_to_scipy(guixi, 20, 60, cutoff_s, 20)


@pytest.mark.slow
@pytest.mark.parametrize("cutoff_s", [300.0, 900.0])
def test_wuhan_with_broken_roads_equals_scipy(wuhan: RoadNetwork, cutoff_s: float) -> None:
    assert_equal_to_scipy(wuhan, 60, 1500, cutoff_s, 18)


@pytest.mark.slow
def test_porto_with_broken_roads_equals_scipy() -> None:
    porto = load_network(shared_file("data/porto_metro/porto_drive.osm.gz"))
    assert_equal_to_scipy(porto, 60, 3000, 900.0, 18)


def test_threads_and_engines_change_nothing(guixi: RoadNetwork) -> None:
    intact, states = drawn_times(guixi, 6, 15, 400.0), broken_states(guixi, 40)
    opened = intact.sites.ids[::2]
    found = []
    for engine, n_threads in (("scipy", None), ("contraction", 1), ("contraction", 3)):
        ensemble = TravelTimesEnsemble(intact=intact, states=states, engine=engine, n_threads=n_threads)  # type: ignore[arg-type]
        found.append(
            (
                [times.ticks.tolist() for times in ensemble],
                [nearest.to_frame().to_dict() for nearest in ensemble.nearest(opened)],
                [times.tolist() for times in ensemble.nearest_times([opened, intact.sites.ids, []])],
                ensemble.chosen_pairs(intact.sites.ids, intact.demand.ids[:6]).tolist(),
            )
        )
    assert found[0] == found[1] == found[2]


def test_the_nearest_of_a_plan_without_sites_is_nobody(guixi: RoadNetwork) -> None:
    intact = drawn_times(guixi, 3, 5, math.inf)
    ensemble = TravelTimesEnsemble(intact=intact, states=broken_states(guixi, 2), engine="contraction")
    for nearest in ensemble.nearest([]):
        assert nearest.to_frame()["nearest_site"].tolist() == [""] * 5
        assert nearest.to_frame()["nearest_s"].tolist() == [math.inf] * 5


def test_one_open_site_leaves_no_second(guixi: RoadNetwork) -> None:
    intact = drawn_times(guixi, 3, 5, math.inf)
    ensemble = TravelTimesEnsemble(intact=intact, states=broken_states(guixi, 2), engine="contraction")
    (first, _) = ensemble.nearest([intact.sites.ids[1]])
    assert (first.first_ticks == intact.ticks[1]).all()
    assert (first.second == -1).all()


def test_iterating_can_stop_early(guixi: RoadNetwork) -> None:
    intact = drawn_times(guixi, 5, 9, 400.0)
    states = broken_states(guixi, 100)
    ensemble = TravelTimesEnsemble(intact=intact, states=states, engine="contraction", n_threads=2)
    for number, times in enumerate(ensemble):
        if number == 3:
            assert np.array_equal(times.ticks, ticks_by_scipy(intact, states[3]))
            break


def test_unknown_ids_and_odd_options_are_refused(guixi: RoadNetwork) -> None:
    intact, states = drawn_times(guixi, 2, 3, 400.0), broken_states(guixi, 2)
    ensemble = TravelTimesEnsemble(intact=intact, states=states, engine="contraction")
    with pytest.raises(UnknownIdError, match=r"site 'nobody'"):
        next(ensemble.nearest(["nobody"]))
    with pytest.raises(UnknownIdError, match=r"point 'nowhere'"):
        ensemble.chosen_pairs(["s0"], ["nowhere"])
    with pytest.raises(InputError, match=r"2 sites and 1 points"):
        ensemble.chosen_pairs(["s0", "s1"], ["d0"])
    with pytest.raises(InputError, match=r"engine 'fast'"):
        TravelTimesEnsemble(intact=intact, states=states, engine="fast")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"n_threads 0"):
        TravelTimesEnsemble(intact=intact, states=states, n_threads=0)
    odd = NetworkStates(states=(NetworkState(unusable_sites=frozenset({"t"}), label="odd"),))
    for engine in ("scipy", "contraction"):
        with pytest.raises(UnknownIdError, match=r"state 'odd', site 't'"):
            list(TravelTimesEnsemble(intact=intact, states=odd, engine=engine))  # type: ignore[arg-type]


def test_large_ensembles_contract_and_small_ones_do_not(guixi: RoadNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    intact, states = drawn_times(guixi, 4, 6, 400.0), broken_states(guixi, 17)
    ensemble = TravelTimesEnsemble(intact=intact, states=states)
    assert not ensemble.contracts
    monkeypatch.setattr("rescuesim.travel.ensemble._WORTH_CONTRACTING", 1)
    assert ensemble.contracts
    for times, state in zip(ensemble, states, strict=True):
        assert np.array_equal(times.ticks, ticks_by_scipy(intact, state))


def test_without_numba_the_reference_serves_and_contraction_is_refused(
    guixi: RoadNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    intact, states = drawn_times(guixi, 3, 4, 400.0), broken_states(guixi, 2)
    monkeypatch.setattr("rescuesim.travel.ensemble._WORTH_CONTRACTING", 1)
    monkeypatch.setitem(sys.modules, "rescuesim.travel.contraction.engine", None)
    ensemble = TravelTimesEnsemble(intact=intact, states=states)
    assert not ensemble.contracts
    for times, state in zip(ensemble, states, strict=True):
        assert np.array_equal(times.ticks, ticks_by_scipy(intact, state))
    with pytest.raises(InputError, match=r"numba cannot be imported"):
        list(TravelTimesEnsemble(intact=intact, states=states, engine="contraction"))


def test_a_given_matrix_has_no_roads_to_contract() -> None:
    frames = {"sites": pd.DataFrame({"id": ["s"]}), "demand": pd.DataFrame({"id": ["a"]})}
    states = NetworkStates(states=(NetworkState(),))
    ensemble = TravelTimesEnsemble(
        intact=TravelTimes.from_matrix([[60]], **frames), states=states, engine="contraction"
    )
    with pytest.raises(InputError, match=r"from a network"):
        list(ensemble)


def test_batches_are_as_wide_as_the_lanes() -> None:
    assert BATCH == N_STATES


def test_a_state_that_cannot_happen_is_nobodys_worst() -> None:
    coverage = PlanCoverage(
        plans=("p",), labels=("a", "never"), probability=np.array([1.0, 0.0]), covered=np.array([[100.0], [0.0]])
    )
    assert coverage.worst().tolist() == coverage.mean().tolist() == coverage.cvar(0.99).tolist() == [100.0]


def test_what_the_contraction_served_says_so_and_can_be_computed_again(guixi: RoadNetwork) -> None:
    intact, states = drawn_times(guixi, 3, 8, 120.0), broken_states(guixi, 2)
    by_scipy = TravelTimesEnsemble(intact=intact, states=states, engine="scipy")
    by_contraction = TravelTimesEnsemble(intact=intact, states=states, engine="contraction")
    for one, other in zip(by_scipy, by_contraction, strict=True):
        assert (one.engine, other.engine) == ("scipy", "contraction")
        assert one.reasons().tolist() == other.reasons().tolist()
        assert times_in_state(other, states[1]).ticks.tolist() == by_scipy[1].ticks.tolist()
    assert [pairs.engine for pairs in by_contraction.within_cutoff()] == ["contraction"] * 2
