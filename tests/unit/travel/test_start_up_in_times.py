"""Start-up loss in travel times: on whole trips, in every state and direction, seen by the cutoff and the reasons."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from oracles_roads import shortest_by_networkx, start_up_by_hand
from placed_points import on_road, places, random_state

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.errors import InputError
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE
from rescuesim.network.states import Closure
from rescuesim.plan import Plan
from rescuesim.simulation.roads import Journeys
from rescuesim.travel import TravelTimes, travel_times

TAU_S = 18.5


@pytest.fixture(scope="module")
def starting(guixi: RoadNetwork) -> RoadNetwork:
    return replace(guixi, start_up_s=TAU_S)


@pytest.fixture(scope="module")
def tables(guixi: RoadNetwork) -> tuple[pd.DataFrame, pd.DataFrame]:
    return places(guixi, 15, 21, "s"), places(guixi, 150, 22, "d")


@pytest.mark.parametrize("launch_s", [0.0, 90.0])
@pytest.mark.parametrize("towards", ["demand", "sites"])
def test_times_equal_the_oracle_to_the_tick(
    starting: RoadNetwork, tables: tuple[pd.DataFrame, pd.DataFrame], launch_s: float, towards: str
) -> None:
    network = replace(starting, launch_s=launch_s)
    sites, demand = load_sites(tables[0]), load_demand(tables[1])
    rng = np.random.default_rng(3)
    pairs = [(int(rng.integers(15)), point) for point in range(150)]
    for state in (None, random_state(network, 4)):
        states = None if state is None else NetworkStates(states=(state,))
        found = travel_times(network, sites, demand, states=states, towards=towards)  # type: ignore[call-overload]
        times = found if isinstance(found, TravelTimes) else found[0]
        assert times.start_up_s == TAU_S
        assert times.launch_s == launch_s
        if towards == "demand":
            expected = shortest_by_networkx(network, times.site_snap, times.demand_snap, pairs, state)
        else:
            turned = [(point, site) for site, point in pairs]
            expected = shortest_by_networkx(network, times.demand_snap, times.site_snap, turned, state)
        got = [int(times.ticks[site, point]) for site, point in pairs]
        assert got == [UNREACHABLE if ticks is None else ticks for ticks in expected]
        assert sum(ticks is not None for ticks in expected) > 80


def test_the_loss_is_that_of_the_trip_and_not_of_its_parts(
    guixi: RoadNetwork, starting: RoadNetwork, tables: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    sites, demand = load_sites(tables[0]), load_demand(tables[1])
    free = travel_times(replace(guixi, start_up_s=0.0), sites, demand)
    lossy = travel_times(starting, sites, demand)
    expected = [
        [start_up_by_hand(starting, int(t)) if t < UNREACHABLE else UNREACHABLE for t in row] for row in free.ticks
    ]
    assert lossy.ticks.tolist() == expected
    assert free.start_up_s == 0.0


def test_the_cutoff_holds_on_the_time_with_the_loss(
    starting: RoadNetwork, tables: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    sites, demand = load_sites(tables[0]), load_demand(tables[1])
    whole = travel_times(starting, sites, demand)
    reached = np.sort(whole.ticks[whole.ticks < UNREACHABLE])
    cutoff = int(reached[len(reached) // 2])
    cut = travel_times(starting, sites, demand, cutoff_s=cutoff / TICKS_PER_SECOND)
    assert np.array_equal(cut.ticks, np.where(whole.ticks <= cutoff, whole.ticks, UNREACHABLE))
    assert (cut.ticks == cutoff).any()
    # what is in time without the loss alone is beyond the cutoff, not without a path
    free = travel_times(replace(starting, start_up_s=0.0), sites, demand).ticks
    between = (free <= cutoff) & (whole.ticks > cutoff) & (whole.ticks < UNREACHABLE)
    assert between.any()
    assert set(cut.reasons()[between]) == {"beyond_cutoff"}


def test_a_point_at_the_site_is_there_at_once(town: RoadNetwork) -> None:
    here = on_road(town, 0, [100.0], "p")
    times = travel_times(replace(town, start_up_s=TAU_S, launch_s=60.0), load_sites(here), load_demand(here))
    # the projection there and back leaves a hair of an access leg
    assert times.values[0, 0] < 61 or times.values[0, 0] == 0
    exact = pd.DataFrame({"id": ["n"], "lon": [119.30], "lat": [28.70]})
    at_node = travel_times(replace(town, start_up_s=TAU_S), load_sites(exact), load_demand(exact))
    assert at_node.values[0, 0] < 1


def test_closed_roads_stay_closed(town: RoadNetwork) -> None:
    road = int(town.edges.query("tail == 3 and head == 6")["road"].item())
    sites = load_sites(pd.DataFrame({"id": ["s"], "lon": [119.31], "lat": [28.71]}))
    demand = load_demand(on_road(town, road, [300.0, 1500.0], "d"))
    states = NetworkStates(states=(NetworkState(closures=(Closure(road=road, from_m=500, to_m=600),)),))
    ensemble = travel_times(replace(town, start_up_s=TAU_S), sites, demand, states=states)
    assert ensemble[0].reasons().tolist() == [["", "no_path"]]
    assert ensemble[0].values[0, 0] == ensemble.intact.values[0, 0]
    assert ensemble[0].start_up_s == TAU_S


def test_siting_and_simulation_see_the_same_times(starting: RoadNetwork) -> None:
    sites, demand = (
        load_sites(places(starting, 4, 31, "s").assign(status="existing")),
        load_demand(places(starting, 20, 32, "d")),
    )
    times = travel_times(starting, sites, demand)
    plan = Plan.today(sites)
    journeys = Journeys.on(starting, plan, demand, np.arange(20))
    rows = [times.sites.ids.index(site) for site in journeys.out.sites.ids]
    assert np.array_equal(journeys.out.ticks, times.ticks[rows])
    assert np.array_equal(journeys.back.ticks, travel_times(starting, sites, demand, towards="sites").ticks[rows])


def test_times_given_as_a_matrix_are_taken_as_they_are() -> None:
    frames = {"sites": pd.DataFrame({"id": ["a"]}), "demand": pd.DataFrame({"id": ["x", "y"]})}
    times = TravelTimes.from_matrix([[5.0, 500.0]], **frames)
    assert times.values.tolist() == [[5.0, 500.0]]
    assert times.start_up_s == 0.0


def test_a_network_with_an_absurd_loss_is_refused(town: RoadNetwork) -> None:
    sites = load_sites(pd.DataFrame({"id": ["s"], "lon": [119.31], "lat": [28.71]}))
    demand = load_demand(pd.DataFrame({"id": ["d"], "lon": [119.30], "lat": [28.70]}))
    for wrong in (-1.0, math.nan, 1e9):
        with pytest.raises(InputError, match="start_up_s"):
            travel_times(replace(town, start_up_s=wrong), sites, demand)
