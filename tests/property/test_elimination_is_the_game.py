"""Orders and symbolic elimination against the game of elimination, on graphs of any kind."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from oracles_elimination import upper_neighbours

from rescuesim.travel.contraction.elimination import Elimination, eliminate
from rescuesim.travel.contraction.order import elimination_order

Graph = tuple[int, list[tuple[int, int]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw a graph with self loops, parallel arcs and parts that hang on nothing."""
    n_nodes = draw(st.integers(1, 24))
    node = st.integers(0, n_nodes - 1)
    return n_nodes, draw(st.lists(st.tuples(node, node), max_size=60))


@st.composite
def ordered_graphs(draw: st.DrawFn) -> tuple[Graph, list[int]]:
    """Draw a graph and any order of its nodes."""
    graph = draw(graphs())
    return graph, draw(st.permutations(range(graph[0])))


def eliminated(graph: Graph, order: list[int]) -> Elimination:
    ends = np.array(graph[1], dtype=np.int32).reshape(-1, 2)
    return eliminate(graph[0], ends[:, 0], ends[:, 1], np.array(order, dtype=np.int32))


def upper_by_rank(found: Elimination) -> list[list[int]]:
    return [found.head[low:high].tolist() for low, high in zip(found.first[:-1], found.first[1:], strict=True)]


@given(ordered_graphs())
def test_the_upper_neighbours_are_those_of_the_game(drawn: tuple[Graph, list[int]]) -> None:
    graph, order = drawn
    found = eliminated(graph, order)
    node = found.order.tolist()
    upper = {node[k]: {node[above] for above in heads} for k, heads in enumerate(upper_by_rank(found))}
    assert upper == upper_neighbours(*graph, order)
    assert found.n_arcs == sum(map(len, upper.values()))  # none twice


@given(ordered_graphs())
def test_ranks_leave_the_same_game_as_the_order(drawn: tuple[Graph, list[int]]) -> None:
    graph, order = drawn
    found = eliminated(graph, order)
    again = eliminated(graph, found.order.tolist())
    assert np.array_equal(again.rank, found.rank)
    assert np.array_equal(again.head, found.head)
    assert np.array_equal(again.parent, found.parent)


@given(ordered_graphs())
def test_the_parent_is_the_lowest_upper_neighbour_and_all_are_ancestors(drawn: tuple[Graph, list[int]]) -> None:
    found = eliminated(*drawn)
    for k, heads in enumerate(upper_by_rank(found)):
        ancestors, above = [], int(found.parent[k])
        while above >= 0:
            ancestors.append(above)
            above = int(found.parent[above])
        assert heads == sorted(heads)
        assert found.parent[k] == (heads[0] if heads else -1)
        assert set(heads) <= set(ancestors)
        assert found.depth[k] == len(ancestors)
        assert found.arcs_above()[k] == sum(len(upper_by_rank(found)[at]) for at in [k, *ancestors])


@given(ordered_graphs())
def test_subtrees_are_ranges_of_ranks(drawn: tuple[Graph, list[int]]) -> None:
    found = eliminated(*drawn)
    below = [{k} for k in range(found.n_nodes)]
    for k, parent in enumerate(found.parent.tolist()):
        if parent >= 0:
            below[parent] |= below[k]
    for k, size in enumerate(found.subtree_size.tolist()):
        assert below[k] == set(range(k - size + 1, k + 1))


@given(graphs())
def test_an_order_holds_each_node_once(graph: Graph) -> None:
    n_nodes = graph[0]
    ends = np.array(graph[1], dtype=np.int32).reshape(-1, 2)
    place = np.arange(n_nodes, dtype=np.float64)
    order = elimination_order(n_nodes, ends[:, 0], ends[:, 1], place % 5, place // 5)
    assert sorted(order.tolist()) == list(range(n_nodes))
