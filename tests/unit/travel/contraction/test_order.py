"""Orders of elimination: whole, and good on graphs whose best is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.travel.contraction.elimination import Elimination, eliminate
from rescuesim.travel.contraction.order import elimination_order, minimum_degree_order

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]


def grid(width: int, height: int) -> tuple[int, Ints, Ints, Floats, Floats]:
    """Lay out a grid of squares of 100 m."""
    node = np.arange(width * height, dtype=np.int32)
    x, y = node % width, node // width
    right, up = node[x < width - 1], node[y < height - 1]
    tail, head = np.r_[right, up], np.r_[right + 1, up + width]
    return len(node), tail.astype(np.int32), head.astype(np.int32), 100.0 * x, 100.0 * y


def n_ancestors(tree: Elimination, points: Ints) -> int:
    """Count the points and all their ancestors, one by one."""
    found: set[int] = set()
    for at in tree.rank[points].tolist():
        while at >= 0 and at not in found:
            found.add(at)
            at = int(tree.parent[at])
    return len(found)


def test_no_nodes_have_an_empty_order() -> None:
    none = np.zeros(0, dtype=np.int32)
    assert elimination_order(0, none, none, np.zeros(0), np.zeros(0)).shape == (0,)
    assert minimum_degree_order(0, none, none).shape == (0,)


def test_a_tree_is_eliminated_without_a_shortcut() -> None:
    rng = np.random.default_rng(1)
    n_nodes = 2_000
    head = np.arange(1, n_nodes, dtype=np.int32)
    tail = (rng.random(n_nodes - 1) * head).astype(np.int32)
    order = elimination_order(n_nodes, tail, head, rng.random(n_nodes), rng.random(n_nodes))
    assert eliminate(n_nodes, tail, head, order).n_arcs == n_nodes - 1


def test_a_ring_road_is_eliminated_by_halves() -> None:
    """A chain eliminated from its end is as deep as long; each half that goes away adds one."""
    n_nodes = 4_096
    node = np.arange(n_nodes, dtype=np.int32)
    angle = 2 * np.pi * node / n_nodes
    order = elimination_order(n_nodes, node, np.roll(node, 1), np.cos(angle), np.sin(angle))
    tree = eliminate(n_nodes, node, np.roll(node, 1), order)
    assert tree.depth.max() < 2 * np.log2(n_nodes)
    assert tree.n_arcs == 2 * n_nodes - 3  # every triangulation of a polygon


def test_a_grid_has_a_flatter_tree_and_fewer_triangles_than_by_minimum_degree() -> None:
    n_nodes, tail, head, x_m, y_m = grid(60, 60)
    cut = eliminate(n_nodes, tail, head, elimination_order(n_nodes, tail, head, x_m, y_m))
    plain = eliminate(n_nodes, tail, head, minimum_degree_order(n_nodes, tail, head))
    assert cut.n_triangles < plain.n_triangles
    assert cut.depth.max() < plain.depth.max()
    # no tree is lower than the treewidth of a k by k grid, k, and one node; straight cuts into halves give 3 k
    assert 61 <= cut.depth.max() + 1 <= 4 * 60


def test_the_ancestors_of_known_points_are_fewer() -> None:
    n_nodes, tail, head, x_m, y_m = grid(60, 60)
    points = np.random.default_rng(2).choice(n_nodes, 300, replace=False).astype(np.int32)
    blind = eliminate(n_nodes, tail, head, elimination_order(n_nodes, tail, head, x_m, y_m))
    seeing = eliminate(n_nodes, tail, head, elimination_order(n_nodes, tail, head, x_m, y_m, points=points))
    assert n_ancestors(seeing, points) < n_ancestors(blind, points)


@pytest.mark.shared
def test_wuhan_has_a_third_fewer_triangles_and_half_the_search_of_minimum_degree(wuhan: RoadNetwork) -> None:
    arcs = (wuhan.n_nodes, wuhan.tail, wuhan.head)
    cut = eliminate(*arcs, elimination_order(*arcs, wuhan.x_m, wuhan.y_m))
    plain = eliminate(*arcs, minimum_degree_order(*arcs))
    assert cut.n_triangles < plain.n_triangles * 2 / 3
    assert cut.arcs_above().mean() < plain.arcs_above().mean() / 2


@pytest.mark.parametrize("places", ["one place", "one line", "places of others"])
def test_an_order_holds_each_node_once_wherever_the_nodes_are_said_to_lie(places: str) -> None:
    n_nodes, tail, head, x_m, y_m = grid(20, 20)
    if places == "one place":
        x_m, y_m = np.zeros(n_nodes), np.zeros(n_nodes)
    elif places == "one line":
        y_m = np.zeros(n_nodes)
    else:
        x_m = np.random.default_rng(3).permutation(x_m)
    order = elimination_order(n_nodes, tail, head, x_m, y_m)
    assert np.array_equal(np.sort(order), np.arange(n_nodes))


def test_nodes_far_apart_in_many_parts_are_ordered() -> None:
    """Ten thousand islands of five nodes that all know each other: none can be cut, none is lost."""
    n_islands = 10_000
    low, high = np.triu_indices(5, 1)
    tail = (5 * np.arange(n_islands)[:, None] + low).ravel().astype(np.int32)
    head = (5 * np.arange(n_islands)[:, None] + high).ravel().astype(np.int32)
    place = np.arange(5.0 * n_islands)
    order = elimination_order(5 * n_islands, tail, head, place, place)
    assert eliminate(5 * n_islands, tail, head, order).n_arcs == 10 * n_islands


def test_the_same_graph_has_the_same_order() -> None:
    graph = grid(25, 17)
    assert np.array_equal(elimination_order(*graph), elimination_order(*graph))


def test_arrays_of_any_layout_and_kind_of_integer_are_taken() -> None:
    n_nodes, tail, head, x_m, y_m = grid(8, 8)
    ends = np.column_stack([tail, head]).astype(np.int64)
    ends.setflags(write=False)
    order = elimination_order(n_nodes, ends[:, 0], ends[:, 1], x_m, y_m)
    assert np.array_equal(order, elimination_order(n_nodes, tail, head, x_m, y_m))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_place_that_is_none_is_refused(wrong: float) -> None:
    n_nodes, tail, head, x_m, y_m = grid(3, 3)
    x_m[4] = wrong
    with pytest.raises(InputError, match="finite metres"):
        elimination_order(n_nodes, tail, head, x_m, y_m)


def test_places_of_too_few_nodes_are_refused() -> None:
    n_nodes, tail, head, x_m, y_m = grid(3, 3)
    with pytest.raises(InputError, match="expected 9"):
        elimination_order(n_nodes, tail, head, x_m[1:], y_m)


@pytest.mark.parametrize("node", [-1, 9])
def test_nodes_that_are_not_there_are_refused(node: int) -> None:
    n_nodes, tail, head, x_m, y_m = grid(3, 3)
    with pytest.raises(InputError, match="expected 0 to 8"):
        elimination_order(n_nodes, np.r_[tail, node], np.r_[head, 0], x_m, y_m)
    with pytest.raises(InputError, match="expected 0 to 8"):
        elimination_order(n_nodes, tail, head, x_m, y_m, points=np.array([node], dtype=np.int32))
