"""Critical roads of small drawn networks: every road closed in turn, every number of every row."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles_critical import check_rows, lost_by_closing
from pandas.testing import assert_frame_equal
from small_networks import points_beside, small_network

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.network import NetworkState
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.states import Closure
from rescuesim.quality import snap_points
from rescuesim.siting.critical_roads import critical_roads
from rescuesim.standard import ZONES, load_standard
from rescuesim.travel.split_graph import SplitGraph, build_split_graph
from rescuesim.travel.trees import tree_grower

READINGS = ("quick_rescue_135", "micro_station_135", "circle_15min")
SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("engine", ["auto", "scipy"])
@settings(max_examples=150)
@given(
    SEEDS,
    st.sampled_from([0.0, 5.0, 25.0, 90.0]),
    st.sampled_from([0.0, 18.5]),
    st.sampled_from(READINGS),
    st.sampled_from(READINGS),
)
def test_every_road_of_a_small_network_loses_what_closing_it_loses(
    engine: str, seed: int, tick_s: float, tau_s: float, inner: str, outer: str
) -> None:
    network = small_network(seed, tick_s=tick_s, tau_s=tau_s)
    assume(network is not None)
    assert network is not None
    rng = np.random.default_rng(seed)
    n_sites, n_demand = int(rng.integers(1, 7)), int(rng.integers(1, 16))
    sites = load_sites(
        points_beside(network, n_sites, rng, "s").assign(
            crew=rng.choice(["brigade", "micro_station", "township_duty", "ambulance"], n_sites),
            kind=rng.choice(["station", "station", "station", "depot"], n_sites),
        )
    )
    demand = load_demand(
        points_beside(network, n_demand, rng, "d").assign(
            people=rng.choice([0.0, 1.0, 0.1, 0.2, 30.7, 1e6], n_demand), zone=rng.choice(ZONES, n_demand)
        )
    )
    standard = load_standard(inner=inner, outer=outer)
    opened = [id_ for id_ in sites.ids if rng.uniform() < 0.8] or [sites.ids[0]]
    frame = critical_roads(network, sites, demand, standard, opened=opened, engine=engine)  # type: ignore[arg-type]
    assert sorted(frame["road"]) == list(range(network.n_roads))
    intact, lost = lost_by_closing(network, sites, demand, standard, opened=opened, roads=range(network.n_roads))
    check_rows(frame, demand, standard, intact, lost)
    assert frame["people_lost"].is_monotonic_decreasing


def split(seed: int, tick_s: float) -> SplitGraph:
    network = small_network(seed, tick_s=tick_s, tau_s=0.0)
    assume(network is not None)
    assert network is not None
    rng = np.random.default_rng(seed)
    frame = points_beside(network, 12, rng, "p")
    return build_split_graph(network, snap_points(network, frame["lon"].to_numpy(), frame["lat"].to_numpy()))


def as_networkx(graph: SplitGraph, keep: np.ndarray) -> nx.DiGraph:
    made = nx.DiGraph()
    made.add_nodes_from(range(graph.n_nodes))
    ticks = graph.piece_ticks()
    for piece in np.flatnonzero(keep).tolist():
        tail, head = int(graph.tail[piece]), int(graph.head[piece])
        if not made.has_edge(tail, head) or made[tail][head]["ticks"] > ticks[piece]:
            made.add_edge(tail, head, ticks=int(ticks[piece]))
    return made


@pytest.mark.parametrize("engine", ["auto", "scipy"])
@settings(max_examples=80)
@given(SEEDS, st.sampled_from([0.0, 1.0, 100.0, 35_000.0]), st.sampled_from([0, 1, 2_000_000, UNREACHABLE - 1]))
def test_a_tree_knows_ticks_roads_and_ways_round(engine: str, seed: int, tick_s: float, limit: int) -> None:
    graph = split(seed, tick_s)
    origin = int(graph.point_node[seed % len(graph.point_node)])
    tree = tree_grower(graph, engine=engine)(origin, limit)  # type: ignore[arg-type]
    every = np.arange(graph.n_nodes, dtype=np.int32)
    lengths = nx.single_source_dijkstra_path_length(
        as_networkx(graph, np.ones(len(graph.road), dtype=bool)), origin, weight="ticks"
    )
    ticks = np.array([lengths.get(k, UNREACHABLE) for k in every.tolist()])
    ticks[ticks > limit] = UNREACHABLE
    assert tree.ticks_to(every).tolist() == ticks.tolist()

    inside = every[ticks < UNREACHABLE]
    which, road = tree.roads_to(inside)
    pairs = list(zip(which.tolist(), road.tolist(), strict=True))
    assert len(pairs) == len(set(pairs))
    assert which.tolist() == sorted(which.tolist())
    for k, node in enumerate(inside.tolist()):  # the roads named are enough to get there as fast
        along = as_networkx(graph, np.isin(graph.road, road[which == k]))
        assert nx.shortest_path_length(along, origin, node, weight="ticks") == ticks[node]

    n_roads = len(graph.first_of_road) - 1
    closed, nodes = (a.ravel().astype(np.int32) for a in np.meshgrid(np.arange(n_roads), inside, indexing="ij"))
    limits = np.full(len(closed), limit, dtype=np.int32)
    found = tree.ticks_avoiding(closed, nodes, limits).reshape(n_roads, len(inside))
    for r in range(n_roads):
        round_it = nx.single_source_dijkstra_path_length(
            as_networkx(graph, graph.open_pieces(NetworkState(closures=(Closure(road=r),)))), origin, weight="ticks"
        )
        wanted = np.array([round_it.get(node, UNREACHABLE) for node in inside.tolist()])
        assert (
            np.where(found[r] <= limit, found[r], UNREACHABLE).tolist()
            == np.where(wanted <= limit, wanted, UNREACHABLE).tolist()
        )


@settings(max_examples=60)
@given(SEEDS)
def test_the_order_of_sites_and_points_changes_no_loss(seed: int) -> None:
    network = small_network(seed, tick_s=25.0, tau_s=18.5)
    assume(network is not None)
    assert network is not None
    rng = np.random.default_rng(seed)
    sites = points_beside(network, 5, rng, "s").assign(status="existing")
    demand = points_beside(network, 12, rng, "d").assign(people=rng.uniform(0, 99, 12), zone="built_up")
    standard = load_standard(inner="micro_station_135")
    one, other = (
        critical_roads(network, load_sites(sites.iloc[::way]), load_demand(demand.iloc[::way]), standard)
        for way in (1, -1)
    )
    told = [name for name in one.columns if name not in ("geometry", "most_people_lost", "sites_on_road")]
    assert_frame_equal(one[told], other[told])
