"""Each step of the contraction engine beside its slow, obvious version."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles_contraction import arcs_by_rank, shortest, way_up_or_down, weight_by_hand

from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.contraction.elimination import Elimination, eliminate
from rescuesim.travel.contraction.intact import (
    directed_arcs,
    intact_weights,
    reversed_weights,
    shortest_from,
    shortest_upward,
    subtree_needs,
)
from rescuesim.travel.contraction.lanes import N_STATES, lanes_array
from rescuesim.travel.contraction.relaxations import customise, find_relaxations, set_pieces

SEEDS = range(12)


def drawn(seed: int) -> tuple[Elimination, NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Draw a graph in up to a few parts, with loops, parallel pieces and pieces that take no time."""
    rng = np.random.default_rng(seed)
    n_nodes = int(rng.integers(1, 14))
    n_pieces = int(rng.integers(0, 4 * n_nodes))
    tail, head = (rng.integers(0, n_nodes, n_pieces).astype(np.int32) for _ in range(2))
    ticks = rng.integers(0, 50, n_pieces).astype(np.int32)
    tree = eliminate(n_nodes, tail, head, rng.permutation(n_nodes).astype(np.int32))
    return tree, tail, head, ticks


def arc_ends(tree: Elimination) -> list[tuple[int, int]]:
    return [(k, int(high)) for k in range(tree.n_nodes) for high in tree.head[tree.first[k] : tree.first[k + 1]]]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_piece_finds_its_directed_arc(seed: int) -> None:
    tree, tail, head, _ = drawn(seed)
    ends = arc_ends(tree)
    for piece, arc in enumerate(directed_arcs(tail, head, tree.rank, tree.first, tree.head)):
        begin, end = tree.rank[tail[piece]], tree.rank[head[piece]]
        if begin == end:
            assert arc == -1
        else:
            assert ends[arc // 2] == (min(begin, end), max(begin, end))
            assert arc % 2 == (begin > end)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_weight_is_the_shortest_way_over_lower_ranks(seed: int) -> None:
    tree, tail, head, ticks = drawn(seed)
    weight = intact_weights(tree.first, tree.head, directed_arcs(tail, head, tree.rank, tree.first, tree.head), ticks)
    arcs = arcs_by_rank(tree, tail, head, ticks)
    expected = [
        w for low, high in arc_ends(tree) for w in (weight_by_hand(arcs, low, high), weight_by_hand(arcs, high, low))
    ]
    assert weight.tolist() == expected
    assert reversed_weights(weight).tolist() == [
        w for pair in zip(expected[1::2], expected[::2], strict=True) for w in pair
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_ways_up_and_all_ways_from_several_sources_are_shortest(seed: int) -> None:
    tree, tail, head, ticks = drawn(seed)
    rng = np.random.default_rng(seed)
    source = rng.integers(0, tree.n_nodes, 3).astype(np.int32)
    begin = rng.integers(0, 30, 3).astype(np.int32)
    weight = intact_weights(tree.first, tree.head, directed_arcs(tail, head, tree.rank, tree.first, tree.head), ticks)
    arcs = arcs_by_rank(tree, tail, head, ticks)
    for found, one in (
        (shortest_from(tree.first, tree.head, weight, source, begin), lambda s: shortest(arcs, s)),
        (
            shortest_upward(tree.first, tree.head, weight, source, begin),
            lambda s: way_up_or_down(arcs, tree, s, up=True),
        ),
    ):
        reached = [one(int(s)) for s in source]
        for rank in range(tree.n_nodes):
            ways = [r[rank] + int(b) for r, b in zip(reached, begin, strict=True) if rank in r]
            assert found[rank] == min(ways, default=UNREACHABLE)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_subtree_needs_is_the_least_of_its_nodes(seed: int) -> None:
    tree, tail, head, ticks = drawn(seed)
    rng = np.random.default_rng(seed)
    to_target = np.where(rng.uniform(size=tree.n_nodes) < 0.5, rng.integers(0, 40, tree.n_nodes), UNREACHABLE)
    weight = intact_weights(tree.first, tree.head, directed_arcs(tail, head, tree.rank, tree.first, tree.head), ticks)
    needs = subtree_needs(tree.first, tree.head, tree.parent, weight, to_target.astype(np.int32))
    ends = arc_ends(tree)
    for arc, (k, high) in enumerate(ends):
        below = range(k - tree.subtree_size[k] + 1, k + 1)
        least = min(
            int(weight[2 * a + 1]) + int(to_target[c]) for a, (c, h) in enumerate(ends) if h == high and c in below
        )
        assert needs[arc] == min(least, UNREACHABLE)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("limit", [0, 40, 90, UNREACHABLE - 1])
def test_sixteen_states_customise_to_the_weights_of_each_on_ways_within_the_limit(seed: int, limit: int) -> None:
    tree, tail, head, ticks = drawn(seed)
    rng = np.random.default_rng(seed)
    source, target = (rng.integers(0, tree.n_nodes, 2).astype(np.int32) for _ in range(2))
    nothing = np.zeros(2, dtype=np.int32)
    arc_of_piece = directed_arcs(tail, head, tree.rank, tree.first, tree.head)
    weight = intact_weights(tree.first, tree.head, arc_of_piece, ticks)
    begin = shortest_from(tree.first, tree.head, weight, source, nothing)
    end = shortest_from(tree.first, tree.head, reversed_weights(weight), target, nothing)
    steps = find_relaxations(tree.first, tree.head, arc_of_piece, weight, begin, end, limit)

    broken = np.repeat(ticks[None, :], N_STATES, axis=0)
    change = rng.uniform(size=broken.shape)
    broken = np.where(change < 0.2, UNREACHABLE, np.where(change < 0.4, broken * 3, broken)).astype(np.int32)
    broken[0] = ticks
    state, piece = np.nonzero(broken != ticks)
    pieces, weights = lanes_array(len(ticks) * N_STATES), lanes_array((steps.n_live + 1) * N_STATES)
    set_pieces(pieces, ticks, state, piece, broken[state, piece])
    assert pieces.reshape(-1, N_STATES).T.tolist() == broken.tolist()
    customise(steps.first_piece, steps.piece, steps.first_triangle, steps.down, steps.up, pieces, weights)
    rows = weights.reshape(-1, N_STATES)
    assert not rows[steps.n_live].any()
    ends = [end for low, high in arc_ends(tree) for end in ((low, high), (high, low))]
    for lane in range(N_STATES):
        full = intact_weights(tree.first, tree.head, arc_of_piece, broken[lane])
        for arc, (a, b) in enumerate(ends):
            number = steps.number[arc]
            if number >= 0:
                assert rows[number, lane] >= full[arc]
            if int(begin[a]) + int(full[arc]) + int(end[b]) <= limit:  # on a way within the limit in this state
                assert number >= 0
                assert rows[number, lane] == full[arc]


def test_rows_of_lanes_begin_at_cache_lines() -> None:
    for size in (1, 16, 1000):
        made = lanes_array(size)
        assert made.ctypes.data % 64 == 0
        assert len(made) == size
