"""Travel times against networkx on a split graph made by hand, and the rules of pieces and closures."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from oracles_roads import shortest_by_networkx
from placed_points import moving_only, on_road, places, random_state

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE
from rescuesim.network.states import Closure
from rescuesim.travel import TravelTimes, travel_times


@pytest.mark.parametrize("name", ["guixi", pytest.param("wuhan", marks=pytest.mark.slow)])
def test_random_times_equal_networkx_on_the_split_graph(name: str, request: pytest.FixtureRequest) -> None:
    network = request.getfixturevalue(name)
    sites = load_sites(places(network, 20, 1, "s"))
    demand = load_demand(places(network, 200, 2, "d"))
    rng = np.random.default_rng(3)
    pairs = [(int(rng.integers(20)), point) for point in range(200)]
    for state in (None, random_state(network, 4)):
        states = None if state is None else NetworkStates(states=(state,))
        found = travel_times(network, sites, demand, states=states)
        times = found if isinstance(found, TravelTimes) else found[0]
        assert times.site_snap is not None
        assert times.demand_snap is not None
        expected = shortest_by_networkx(network, times.site_snap, times.demand_snap, pairs, state)
        got = [int(times.ticks[site, point]) for site, point in pairs]
        assert got == [UNREACHABLE if ticks is None else ticks for ticks in expected]
        assert sum(ticks is not None for ticks in expected) > 100


def test_points_on_nodes_agree_with_the_edge_table(guixi: RoadNetwork) -> None:
    guixi = replace(guixi, start_up_s=0.0)  # the table is of edges, the loss of trips
    nodes, edges = guixi.nodes.set_index("node_id"), guixi.edges
    some = edges.sample(60, random_state=0)
    sites = load_sites(pd.DataFrame({"id": [f"s{k}" for k in range(60)], **_at(nodes, some["tail"])}))
    demand = load_demand(pd.DataFrame({"id": [f"d{k}" for k in range(60)], **_at(nodes, some["head"])}))
    times = travel_times(guixi, sites, demand)
    direct = edges.groupby(["tail", "head"])["travel_time_s"].min()
    for row, edge in enumerate(some.itertuples()):
        # the edge is a way to go; another may be faster, but none is slower than the table says
        assert times.values[row, row] <= direct[(edge.tail, edge.head)] + 1e-4
    shortest = edges.loc[edges["travel_time_s"].idxmin()]
    one = travel_times(
        guixi,
        load_sites(pd.DataFrame({"id": ["s"], **_at(nodes, [shortest["tail"]])})),
        load_demand(pd.DataFrame({"id": ["d"], **_at(nodes, [shortest["head"]])})),
    )
    assert one.values[0, 0] == pytest.approx(shortest["travel_time_s"], abs=1e-4)


def _at(nodes: pd.DataFrame, ids: object) -> dict[str, np.ndarray]:
    rows = nodes.loc[list(ids)]  # type: ignore[call-overload]
    return {"lon": rows["lon"].to_numpy(), "lat": rows["lat"].to_numpy()}


@pytest.fixture(scope="module")
def town(town: RoadNetwork) -> RoadNetwork:
    """Return the town without waiting and start-up loss: here it is the driving that is looked at."""
    return moving_only(town)


@pytest.fixture(scope="module")
def dead_end(town: RoadNetwork) -> int:
    """Return the road from the town out to node 6."""
    road = int(town.edges.query("tail == 3 and head == 6")["road"].item())
    return road


def test_a_village_before_the_slide_keeps_its_road(town: RoadNetwork, dead_end: int) -> None:
    sites = load_sites(pd.DataFrame({"id": ["s"], "lon": [119.31], "lat": [28.71]}))
    demand = load_demand(on_road(town, dead_end, [300.0, 1000.0, 1500.0], "d"))
    slide = NetworkState(closures=(Closure(road=dead_end, from_m=980, to_m=1040),))
    ensemble = travel_times(town, sites, demand, states=NetworkStates(states=(slide,)))
    before, broken = ensemble.intact, ensemble[0]
    assert broken.values[0, 0] == before.values[0, 0] < math.inf
    assert broken.values[0, 1] == math.inf
    assert broken.values[0, 2] == math.inf
    assert broken.reasons().tolist() == [["", "road_closed", "no_path"]]


def test_closing_the_whole_road_closes_every_point_on_it_but_not_its_junctions(
    town: RoadNetwork, dead_end: int
) -> None:
    sites = load_sites(pd.DataFrame({"id": ["s"], "lon": [119.30], "lat": [28.70]}))
    points = pd.concat(
        [
            on_road(town, dead_end, [500.0], "on"),
            pd.DataFrame({"id": ["end"], "lon": [119.31], "lat": [28.71]}),
        ]
    )
    demand = load_demand(points)
    states = NetworkStates.from_closures([{dead_end}])
    broken = travel_times(town, sites, demand, states=states)[0]
    assert np.isinf(broken.values[0, 0])
    assert np.isfinite(broken.values[0, 1])


def test_two_points_on_a_one_way_street_are_near_one_way_and_far_the_other(town: RoadNetwork) -> None:
    road = int(town.edges.query("tail == 4 and head == 1")["road"].item())
    both = on_road(town, road, [300.0, 700.0], "p")
    times = travel_times(town, load_sites(both), load_demand(both))
    along, against = times.values[0, 1], times.values[1, 0]
    assert along == pytest.approx(400 / 22 * 3.6, abs=0.1)
    assert against > 300
    back = travel_times(town, load_sites(both), load_demand(both), towards="sites")
    assert np.array_equal(back.ticks, times.ticks.T)


def test_two_points_at_one_place_need_no_time_but_their_access(town: RoadNetwork, dead_end: int) -> None:
    here = on_road(town, dead_end, [400.0], "p")
    times = travel_times(town, load_sites(here), load_demand(here))
    assert times.values[0, 0] == pytest.approx(0, abs=1e-3)
    off = here.assign(lat=here["lat"] + 50 / 111_000)
    legs = travel_times(town, load_sites(off), load_demand(off)).values[0, 0]
    assert legs == pytest.approx(2 * 50 / 12 * 3.6, rel=0.01)


def test_pieces_sum_to_their_edge_after_slow_downs_too(guixi: RoadNetwork) -> None:
    sites, demand = load_sites(places(guixi, 30, 5, "s")), load_demand(places(guixi, 300, 6, "d"))
    times = travel_times(guixi, sites, demand)
    assert times.graph is not None
    for state in (None, NetworkState(slow_downs=dict.fromkeys(range(0, guixi.n_roads, 3), 1.37))):
        sums = np.bincount(times.graph.edge, weights=times.graph.piece_ticks(state), minlength=guixi.n_edges)
        factor = np.array([(state.slow_downs if state else {}).get(int(road), 1.0) for road in guixi.road])
        assert np.array_equal(sums, guixi.ticks + np.rint(guixi.ticks * (factor - 1)))
        assert (times.graph.piece_ticks(state) >= 0).all()


def test_the_cutoff_only_truncates_and_is_inclusive(guixi: RoadNetwork) -> None:
    sites, demand = load_sites(places(guixi, 10, 7, "s")), load_demand(places(guixi, 100, 8, "d"))
    whole = travel_times(guixi, sites, demand)
    reached = np.sort(whole.ticks[whole.ticks < UNREACHABLE])
    cutoff = int(reached[len(reached) // 2])
    cut = travel_times(guixi, sites, demand, cutoff_s=cutoff / TICKS_PER_SECOND)
    assert np.array_equal(cut.ticks, np.where(whole.ticks <= cutoff, whole.ticks, UNREACHABLE))
    assert (cut.ticks == cutoff).any()
    assert set(np.unique(cut.reasons())) == {"", "beyond_cutoff"}
    nothing = travel_times(guixi, sites, demand, cutoff_s=0)
    assert (nothing.ticks[nothing.ticks < UNREACHABLE] == 0).all()


def test_every_pair_that_is_not_reached_has_a_reason(guixi: RoadNetwork) -> None:
    far = pd.DataFrame({"id": ["far"], "lon": [118.9], "lat": [28.3]})
    sites = load_sites(pd.concat([places(guixi, 5, 9, "s"), far]))
    demand = load_demand(places(guixi, 60, 10, "d"))
    state = NetworkState(
        closures=tuple(Closure(road=road) for road in range(0, guixi.n_roads, 4)),
        unusable_sites=frozenset({"s1"}),
    )
    broken = travel_times(guixi, sites, demand, states=NetworkStates(states=(state,)), cutoff_s=120)[0]
    why = broken.reasons()
    assert ((why != "") == np.isinf(broken.values)).all()
    assert set(why[-1]) == {"no_road"}
    assert set(np.unique(why)) == {"", "no_road", "road_closed", "site_unusable", "no_path", "beyond_cutoff"}


def test_one_lane_slows_a_road_and_on_foot_shuts_it_to_vehicles(town: RoadNetwork, dead_end: int) -> None:
    sites = load_sites(pd.DataFrame({"id": ["s"], "lon": [119.31], "lat": [28.71]}))
    demand = load_demand(on_road(town, dead_end, [1000.0], "d"))
    made = [
        NetworkState(closures=(Closure(road=dead_end, level=level),), probability=1 / 3)
        for level in ("one_lane", "on_foot", "passable")
    ]
    ensemble = travel_times(town, sites, demand, states=NetworkStates(states=tuple(made)))
    free = ensemble.intact.values[0, 0]
    one_lane, on_foot, passable = (times.values[0, 0] for times in ensemble)
    assert one_lane == pytest.approx(2 * free, abs=1e-3)
    assert on_foot == math.inf
    assert passable == free


def test_one_lane_slows_its_part_alone_in_both_directions(town: RoadNetwork, dead_end: int) -> None:
    length = town.road_length_m[dead_end]
    ends = on_road(town, dead_end, [0.0, 0.25 * length, length], "p")
    part = Closure(road=dead_end, from_m=0.5 * length, to_m=0.75 * length, level="one_lane")
    states = NetworkStates(states=(NetworkState(closures=(part,)),))
    ensemble = travel_times(town, load_sites(ends), load_demand(ends), states=states)
    free, slowed = ensemble.intact.values, ensemble[0].values
    assert slowed[0, 1] == free[0, 1]
    assert slowed[0, 2] == pytest.approx(1.25 * free[0, 2], abs=1e-3)
    assert slowed[2, 0] == pytest.approx(slowed[0, 2], abs=1e-3)
    assert slowed[1, 2] == pytest.approx(free[1, 2] + 0.25 * free[0, 2], abs=1e-3)


def test_wrong_options_and_unknown_roads_are_refused(town: RoadNetwork) -> None:
    sites = load_sites(pd.DataFrame({"id": ["s"], "lon": [119.31], "lat": [28.71]}))
    demand = load_demand(pd.DataFrame({"id": ["d"], "lon": [119.30], "lat": [28.70]}))
    with pytest.raises(InputError, match="cutoff_s"):
        travel_times(town, sites, demand, cutoff_s=-1)
    with pytest.raises(InputError, match="cutoff_s"):
        travel_times(town, sites, demand, cutoff_s=math.nan)
    beyond = NetworkStates(states=(NetworkState(closures=(Closure(road=0, from_m=1e6),)),))
    with pytest.raises(InputError, match="from 1e\\+06 m, expected at most"):
        travel_times(town, sites, demand, states=beyond)
    with pytest.raises(UnknownIdError, match="road 99"):
        travel_times(town, sites, demand, states=NetworkStates.from_closures([{99}]))
    nobody = NetworkStates(states=(NetworkState(unusable_sites=frozenset({"t"})),))
    with pytest.raises(UnknownIdError, match="expected one of s"):
        _ = travel_times(town, sites, demand, states=nobody)[0]
    with pytest.raises(UnknownIdError):
        travel_times(town, sites, demand).row("t")


def test_a_matrix_is_taken_as_it_is_and_its_faults_are_named() -> None:
    frames = {"sites": pd.DataFrame({"id": ["a", "b"]}), "demand": pd.DataFrame({"id": ["x"]})}
    times = TravelTimes.from_matrix([[1.5], [np.inf]], **frames)
    assert times.ticks.tolist() == [[15_000], [UNREACHABLE]]
    assert times.reasons().tolist() == [[""], ["not_given"]]
    assert TravelTimes.from_matrix([[1e9], [2.0]], **frames, unit="cost").values[0, 0] == 1e9
    for wrong in ([[np.nan], [1]], [[-1], [1]], [[1, 2]], [[1e9], [1]]):
        with pytest.raises(InputError, match="expected"):
            TravelTimes.from_matrix(wrong, **frames)


def test_who_is_in_time_is_decided_with_the_limit_included() -> None:
    frames = {"sites": pd.DataFrame({"id": ["a"]}), "demand": pd.DataFrame({"id": ["x", "y", "z"]})}
    times = TravelTimes.from_matrix([[99.9999, 100.0, 100.0001]], **frames)
    assert times.within(np.full((1, 3), 100.0)).ravel().tolist() == [True, True, False]
    assert times.within(np.full((1, 3), -np.inf)).ravel().tolist() == [False, False, False]


def test_a_matrix_with_labels_must_have_the_ids_in_order() -> None:
    frames = {"sites": pd.DataFrame({"id": ["a", "b"]}), "demand": pd.DataFrame({"id": ["x"]})}
    times = TravelTimes.from_matrix([[1.0], [2.0]], **frames)
    again = TravelTimes.from_matrix(times.to_frame(), sites=times.sites, demand=times.demand)
    assert np.array_equal(again.ticks, times.ticks)
    for odd in (times.to_frame().loc[["b", "a"]], times.to_frame().rename(index={"a": "z"}), times.to_frame().iloc[:1]):
        with pytest.raises(InputError, match="labels must be the ids in order"):
            TravelTimes.from_matrix(odd, sites=times.sites, demand=times.demand)
    with pytest.raises(InputError, match="expected numbers"):
        TravelTimes.from_matrix([["a"], ["b"]], **frames)


def test_an_unknown_direction_is_refused(town: RoadNetwork) -> None:
    sites = load_sites(pd.DataFrame({"id": ["s"], "lon": [119.31], "lat": [28.71]}))
    demand = load_demand(pd.DataFrame({"id": ["d"], "lon": [119.30], "lat": [28.70]}))
    with pytest.raises(InputError, match="expected demand or sites"):
        travel_times(town, sites, demand, towards="site")  # type: ignore[call-overload]
