"""Cuts against networkx, and elimination by degree against the game, on graphs of any kind."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rescuesim.travel.contraction.dissection import dissection_depths
from rescuesim.travel.contraction.minimum_degree import core, neighbours, order_by_degree
from rescuesim.travel.contraction.vertex_cut import IN_CUT, best_cut

Lists = tuple[NDArray[np.int64], NDArray[np.int32]]


@st.composite
def graphs(draw: st.DrawFn, most: int = 24) -> nx.Graph:
    """Draw a graph with self loops and parts that hang on nothing."""
    n_nodes = draw(st.integers(1, most))
    node = st.integers(0, n_nodes - 1)
    graph = nx.empty_graph(n_nodes)
    graph.add_edges_from(draw(st.lists(st.tuples(node, node), max_size=3 * n_nodes)))
    return graph


@st.composite
def placed_graphs(draw: st.DrawFn) -> tuple[nx.Graph, NDArray[np.float64], NDArray[np.float64]]:
    """Draw a connected graph, and where its nodes lie; several may lie at one place."""
    n_nodes = draw(st.integers(4, 30))
    graph = nx.Graph([(draw(st.integers(0, node - 1)), node) for node in range(1, n_nodes)])
    node = st.integers(0, n_nodes - 1)
    graph.add_edges_from(draw(st.lists(st.tuples(node, node).filter(lambda ends: ends[0] != ends[1]), max_size=60)))
    place = st.lists(st.integers(0, 40), min_size=n_nodes, max_size=n_nodes).map(lambda some: np.array(some, float))
    return graph, draw(place), draw(place)


def lists_of(graph: nx.Graph) -> Lists:
    ends = np.array(list(graph.edges), dtype=np.int32).reshape(-1, 2)
    tail, head = np.ascontiguousarray(ends[:, 0]), np.ascontiguousarray(ends[:, 1])
    return neighbours(graph.number_of_nodes(), tail, head)


def graph_of(first: NDArray[np.int64], near: NDArray[np.int32], names: list[int]) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(names)
    for place, name in enumerate(names):
        graph.add_edges_from((name, names[other]) for other in near[first[place] : first[place + 1]])
    return graph


def least_cut(graph: nx.Graph, key: NDArray[np.float64], share: float) -> int | None:
    """Ask networkx for the least cut between the extremes, each drawn together to one node."""
    reach = share * (key.max() - key.min())
    low = {node for node in graph if key[node] <= key.min() + reach}
    high = {node for node in graph if key[node] >= key.max() - reach and not low & {node, *graph[node]}}
    if not reach or not high:
        return None
    ends = {**dict.fromkeys(low, -1), **dict.fromkeys(high, -2)}
    drawn = nx.Graph((ends.get(a, a), ends.get(b, b)) for a, b in graph.edges if ends.get(a, a) != ends.get(b, b))
    return len(nx.minimum_node_cut(drawn, -1, -2))


@given(placed_graphs())
@settings(max_examples=300)
def test_the_smallest_cut_is_that_of_networkx(drawn: tuple[nx.Graph, NDArray[np.float64], NDArray[np.float64]]) -> None:
    graph, x_m, y_m = drawn
    weight = np.ones(len(graph))
    # with no care for evenness, the cost of a cut is its size
    side = best_cut(*lists_of(graph), weight, x_m, y_m, 1, 0.05, 0.0, 0.0)
    expected = least_cut(graph, x_m, 0.05)
    assert (np.count_nonzero(side == IN_CUT) or None) == expected
    if expected is None:
        assert (side == -1).all()


@given(placed_graphs(), st.floats(0, 1.5), st.sampled_from([0.05, 0.25]), st.integers(0, 10**6))
@settings(max_examples=300)
def test_a_cut_parts_the_graph_into_two_with_enough_in_each(
    drawn: tuple[nx.Graph, NDArray[np.float64], NDArray[np.float64]], evenness: float, least: float, seed: int
) -> None:
    graph, x_m, y_m = drawn
    weight = np.random.default_rng(seed).uniform(1, 20, len(graph))
    side = best_cut(*lists_of(graph), weight, x_m, y_m, 3, 0.05, least, evenness)
    assume(side[0] >= 0)
    assert set(side.tolist()) == {0, 1, IN_CUT}
    assert not any({side[a], side[b]} == {0, 1} for a, b in graph.edges)
    for one in (0, 1):
        assert weight[side == one].sum() >= least * weight.sum() - 1e-9


@given(graphs(most=120), st.integers(0, 10**6))
def test_paths_between_cuts_of_one_depth_lead_through_less_deep_ones(graph: nx.Graph, seed: int) -> None:
    """The nodes at depth d within a part that less deep cuts leave are a cut of that part, or of nothing."""
    x_m, y_m = np.random.default_rng(seed).random((2, len(graph)))
    first, near = lists_of(graph)
    depth = dissection_depths(first, near, x_m, y_m)
    for at in range(depth.max(initial=-1) + 1):
        left = graph.subgraph(np.flatnonzero((depth >= at) | (depth < 0)).tolist())
        for part in nx.connected_components(left):
            cut = [node for node in part if depth[node] == at]
            if cut:
                assert nx.number_connected_components(graph.subgraph(part - set(cut))) > 1


@given(graphs())
def test_neighbours_are_each_listed_once(graph: nx.Graph) -> None:
    first, near = lists_of(graph)
    listed = [near[first[node] : first[node + 1]].tolist() for node in range(len(graph))]
    assert [sorted(some) for some in listed] == [sorted(set(graph[node]) - {node}) for node in range(len(graph))]


@given(graphs(), st.integers(0, 6))
def test_the_core_is_what_elimination_leaves(graph: nx.Graph, degree: int) -> None:
    """Two nodes that are left are neighbours if a path through eliminated nodes alone joins them."""
    node, first, near = core(*lists_of(graph), degree)
    left = node.tolist()
    expected = nx.Graph(graph.subgraph(left))
    expected.remove_edges_from(list(nx.selfloop_edges(expected)))
    for gone in nx.connected_components(graph.subgraph(set(graph) - set(left))):
        around = sorted(nx.node_boundary(graph, gone))
        expected.add_edges_from((a, b) for a in around for b in around if a < b)
    assert nx.utils.graphs_equal(graph_of(first, near, left), expected)
    assert all(expected.degree(one) >= degree for one in left)


@given(graphs(), st.data(), st.integers(0, 4))
def test_each_node_has_the_smallest_degree_of_its_group_when_it_goes(
    graph: nx.Graph, data: st.DataObject, delay: int
) -> None:
    some = st.lists(st.integers(0, 3), min_size=len(graph), max_size=len(graph))
    group = np.array(data.draw(some), dtype=np.int32)
    point = np.array(data.draw(some)) == 0
    order = order_by_degree(*lists_of(graph), group, point, delay).tolist()
    assert sorted(order) == list(range(len(graph)))
    near = {node: set(graph[node]) - {node} for node in graph}
    above = point.copy()
    for node in order:
        going = [other for other in near if group[other] == group[node]]
        assert group[node] == min(group[other] for other in near)
        assert len(near[node]) + delay * above[node] == min(len(near[other]) + delay * above[other] for other in going)
        later = near.pop(node)
        for other in later:
            near[other] = (near[other] | later) - {node, other}
            above[other] |= above[node]
