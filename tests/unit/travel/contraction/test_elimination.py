"""Symbolic elimination on graphs whose outcome is known."""

from __future__ import annotations

import numpy as np
import pytest

from rescuesim.errors import InputError
from rescuesim.travel.contraction.elimination import Elimination, eliminate


def eliminated(n_nodes: int, arcs: list[tuple[int, int]], order: list[int] | None = None) -> Elimination:
    """Eliminate a graph given as a list, in the order of its nodes if not told otherwise."""
    ends = np.array(arcs, dtype=np.int32).reshape(-1, 2)
    return eliminate(n_nodes, ends[:, 0], ends[:, 1], np.array(range(n_nodes) if order is None else order))


def test_a_path_from_end_to_end_has_no_shortcuts_and_is_as_deep_as_long() -> None:
    path = eliminated(100, [(node, node + 1) for node in range(99)])
    assert path.n_arcs == 99
    assert path.n_triangles == 0
    assert path.parent.tolist() == [*range(1, 100), -1]
    assert path.depth.tolist() == list(range(99, -1, -1))
    assert path.arcs_above().tolist() == list(range(99, -1, -1))


def test_a_path_by_halves_is_as_deep_as_its_logarithm() -> None:
    middles = sorted(range(127), key=lambda node: ((node + 1) & -(node + 1), node))
    path = eliminated(127, [(node, node + 1) for node in range(126)], middles)
    assert path.depth.max() == 6


def test_a_clique_keeps_its_arcs_in_any_order() -> None:
    arcs = [(a, b) for a in range(7) for b in range(a)]
    clique = eliminated(7, arcs, [3, 1, 4, 0, 5, 2, 6])
    assert clique.n_arcs == 21
    assert clique.n_triangles == 35  # 7 over 3
    assert clique.rank.tolist() == [3, 1, 5, 0, 2, 4, 6]


def test_eliminating_the_middle_of_a_star_first_makes_a_clique_of_its_tips() -> None:
    star = eliminated(6, [(0, tip) for tip in range(1, 6)])
    assert star.n_arcs == 15


def test_no_nodes_leave_nothing() -> None:
    nothing = eliminated(0, [])
    assert nothing.n_nodes == nothing.n_arcs == nothing.n_triangles == 0
    assert nothing.first.tolist() == [0]


def test_nodes_without_arcs_are_roots_in_their_order() -> None:
    apart = eliminated(4, [(2, 2), (2, 2)], [3, 0, 2, 1])
    assert apart.n_arcs == 0
    assert apart.parent.tolist() == [-1] * 4
    assert apart.order.tolist() == [3, 0, 2, 1]


def test_a_path_of_a_hundred_thousand_nodes_needs_no_recursion() -> None:
    n_nodes = 100_000
    node = np.arange(n_nodes, dtype=np.int32)
    path = eliminate(n_nodes, node[:-1], node[1:], node)
    assert path.subtree_size[-1] == n_nodes


@pytest.mark.parametrize("order", [[0, 1], [0, 1, 1], [0, 1, 3], [-1, 0, 1], [0, 1, 2, 3]])
def test_an_order_that_is_not_one_of_all_nodes_is_refused(order: list[int]) -> None:
    with pytest.raises(InputError, match="each of the 3 nodes once"):
        eliminated(3, [(0, 1)], order)


@pytest.mark.parametrize("arc", [(0, 3), (-1, 0)])
def test_an_arc_that_leaves_the_graph_is_refused(arc: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="expected 0 to 2"):
        eliminated(3, [arc])
