"""Orders of elimination: whole, and good on graphs whose best is known."""

from __future__ import annotations

import numpy as np

from rescuesim.travel.contraction.elimination import eliminate
from rescuesim.travel.contraction.order import elimination_order


def test_no_nodes_have_an_empty_order() -> None:
    none = np.zeros(0, dtype=np.int32)
    assert elimination_order(0, none, none, np.zeros(0), np.zeros(0)).shape == (0,)


def test_a_tree_is_eliminated_without_a_shortcut() -> None:
    rng = np.random.default_rng(1)
    n_nodes = 2_000
    head = np.arange(1, n_nodes, dtype=np.int32)
    tail = (rng.random(n_nodes - 1) * head).astype(np.int32)
    order = elimination_order(n_nodes, tail, head, rng.random(n_nodes), rng.random(n_nodes))
    assert eliminate(n_nodes, tail, head, order).n_arcs == n_nodes - 1
