"""Random ways cut at junctions, against OSMnx."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oracles_osm import differences_from_osmnx, graph_by_osmnx

from rescuesim.errors import InputError
from rescuesim.network.build import build_network
from rescuesim.network.junctions import edges_between_junctions
from rescuesim.network.load import read_ways

NODES = 9
WAYS = st.lists(
    st.tuples(
        st.lists(st.integers(1, NODES), min_size=2, max_size=5),
        st.sampled_from(["", "yes", "-1"]),
    ),
    min_size=2,
    max_size=9,
)


def write_osm(path: Path, ways: list[tuple[list[int], str]]) -> Path:
    rng = np.random.default_rng(0)
    places = 28 + rng.random((NODES, 2)) / 10
    nodes = "".join(f'<node id="{k + 1}" lat="{y:.6f}" lon="{x + 91:.6f}"/>' for k, (x, y) in enumerate(places))
    lines = []
    for number, (refs, oneway) in enumerate(ways):
        nds = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        tag = f'<tag k="oneway" v="{oneway}"/>' if oneway else ""
        lines.append(f'<way id="{100 + number}">{nds}<tag k="highway" v="residential"/>{tag}</way>')
    path.write_text(f"<osm>{nodes}{''.join(lines)}</osm>", encoding="utf-8")
    return path


def steps_of(ways: list[tuple[list[int], str]]) -> list[tuple[int, int]]:
    """Return the pairs of nodes that ways join, the lower first, once for each time they do."""
    return [(min(a, b), max(a, b)) for refs, _ in ways for a, b in itertools.pairwise(refs) if a != b]


@pytest.mark.slow
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much])
@given(ways=WAYS)
def test_random_ways_give_the_graph_that_osmnx_gives(tmp_path: Path, ways: list[tuple[list[int], str]]) -> None:
    steps = steps_of(ways)
    # where two ways run over the same two nodes, OSMnx keeps whichever of the two it meets first
    assume(len(set(steps)) == len(steps) and steps)
    path = write_osm(tmp_path / "random.osm", ways)
    try:
        graph = graph_by_osmnx(path)
    except ValueError:  # OSMnx found nothing to simplify or to keep
        graph = None
    try:
        network = build_network(read_ways(path))
    except InputError:
        assert graph is None or graph.number_of_edges() == 0
        return
    assert graph is not None
    if len(graph) == network.n_nodes:  # of components of the same size either may be kept
        assume(sorted(graph) == network.node_id.tolist())
    assert differences_from_osmnx(network, graph) == []


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ways=WAYS)
def test_every_arc_is_driven_once_or_lies_on_a_ring_or_beside_another(
    tmp_path: Path, ways: list[tuple[list[int], str]]
) -> None:
    assume(any(a != b for a, b in steps_of(ways)))
    edges = edges_between_junctions(made := read_ways(write_osm(tmp_path / "random.osm", ways)))
    assert len(np.unique(edges.arcs)) == len(edges.arcs)
    allowed = np.flatnonzero(~made.is_last)
    both = allowed[~made.oneway[made.way_of[allowed]]]
    assert set(edges.arcs.tolist()) <= set((2 * allowed).tolist()) | set((2 * both + 1).tolist())
    mated = np.flatnonzero(edges.mate >= 0)
    assert (edges.mate[edges.mate[mated]] == mated).all()
    for edge in mated:
        back = edges.mate[edge]
        there = edges.arcs[edges.first[edge] : edges.first[edge + 1]]
        assert (edges.arcs[edges.first[back] : edges.first[back + 1]] == (there ^ 1)[::-1]).all()
