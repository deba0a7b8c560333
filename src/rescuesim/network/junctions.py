"""Cuts ways at junctions: from lines over shared nodes to directed edges between junctions.

The rules are those of ``osmnx.simplify_graph``, worked out on arrays: a node stays if it is its own
neighbour, if all its arcs lead in or all lead out, or unless it has just two neighbours and two or four
arcs. Rings that meet no other road are left out. OSMnx itself is the oracle of the tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.ways import Ways

__all__ = ["Edges", "arc_heads", "edges_between_junctions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """Directed edges between junctions, each a chain of arcs.

    Arc ``2 s`` drives step s of the ways (from ``at[s]`` to ``at[s + 1]``) along, arc ``2 s + 1`` against it.

    Parameters
    ----------
    tail, head : ndarray of int64, shape (n_edges,)
        Indices of the ways' nodes.
    first : ndarray of int64, shape (n_edges + 1,)
        Edge e drives ``arcs[first[e]:first[e + 1]]``.
    arcs : ndarray of int64, shape (n_arcs,)
    mate : ndarray of int64, shape (n_edges,)
        The edge that drives the same arcs back; -1 if there is none.
    """

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    first: NDArray[np.int64]
    arcs: NDArray[np.int64]
    mate: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.tail)

    @property
    def steps(self) -> NDArray[np.int64]:
        """Step of the ways that each arc drives; int64, shape (n_arcs,)."""
        return self.arcs >> 1

    def chosen(self, keep: NDArray[np.int64]) -> Edges:
        """Return some of the edges, in the order given; mates that are left out become -1."""
        sizes = np.diff(self.first)[keep]
        first = np.r_[0, np.cumsum(sizes)]
        offset = np.repeat(self.first[:-1][keep] - first[:-1], sizes)
        place = np.full(len(self) + 1, -1, dtype=np.int64)
        place[keep] = np.arange(len(keep))
        return Edges(
            tail=self.tail[keep],
            head=self.head[keep],
            first=first,
            arcs=self.arcs[np.arange(len(offset)) + offset],
            mate=place[self.mate[keep]],  # -1 looks up the last entry, which is -1
        )

    def summed(self, per_arc: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum values of arcs, shape (n_arcs,), over each edge."""
        return np.add.reduceat(per_arc, self.first[:-1]) if len(self) else np.zeros(0)


def arc_heads(ways: Ways, edges: Edges) -> NDArray[np.int64]:
    """Return the node at which each arc of the edges ends; int64, shape (n_arcs,)."""
    along = (edges.arcs & 1) == 0
    return np.where(along, ways.at[np.minimum(edges.steps + 1, len(ways.at) - 1)], ways.at[edges.steps])


def edges_between_junctions(ways: Ways) -> Edges:
    """Merge the arcs of ways into edges from junction to junction.

    Parameters
    ----------
    ways : Ways

    Returns
    -------
    Edges
        In the order of tail, head, way and first arc.
    """
    arc, tail, head = _arcs(ways)
    stays = _junctions(ways, tail, head)
    # arcs between the same two nodes are one link where a chain runs through it: the first of them
    links, of_arc = _links(tail, head, ways.n_nodes)
    following = _following(links, stays, ways.n_nodes)
    while (dead := (following < 0) & ~stays[links.head]).any():
        stays[links.head[dead]] = True  # a chain that cannot go on ends here
        following = _following(links, stays, ways.n_nodes)
    chain, position = _chains(following)
    begins = stays[links.tail]
    in_chain = begins[chain] & ~(stays[links.tail] & stays[links.head])
    order = np.lexsort((position, chain))
    order = order[in_chain[order]]
    starts = np.flatnonzero(np.r_[True, chain[order][1:] != chain[order][:-1]]) if len(order) else np.zeros(0, np.int64)
    ends = np.r_[starts[1:], len(order)].astype(np.int64)
    direct = np.flatnonzero(stays[tail] & stays[head])
    edge_tail = np.r_[links.tail[order[starts]], tail[direct]]
    edge_head = np.r_[links.head[order[ends - 1]], head[direct]] if len(order) else head[direct]
    first = np.r_[0, np.cumsum(np.r_[ends - starts, np.ones(len(direct), dtype=np.int64)])].astype(np.int64)
    arcs = arc[np.r_[of_arc[order], direct].astype(np.int64)]
    edges = Edges(tail=edge_tail, head=edge_head, first=first, arcs=arcs, mate=np.full(len(edge_tail), -1))
    begun = edges.arcs[edges.first[:-1]]
    edges = edges.chosen(np.lexsort((begun, ways.way_id[ways.way_of[begun >> 1]], edges.head, edges.tail)))
    return Edges(tail=edges.tail, head=edges.head, first=edges.first, arcs=edges.arcs, mate=_mates(edges, ways))


@dataclass(frozen=True, slots=True)
class _Links:
    """Ordered pairs of nodes that an arc joins, sorted by tail and head."""

    tail: NDArray[np.int64]
    head: NDArray[np.int64]


def _arcs(ways: Ways) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return number, tail and head of every arc that may be driven."""
    step = np.flatnonzero(~ways.is_last)
    back = step[~ways.oneway[ways.way_of[step]]]
    tail = np.r_[ways.at[step], ways.at[back + 1]]
    head = np.r_[ways.at[step + 1], ways.at[back]]
    return np.r_[2 * step, 2 * back + 1], tail, head


def _junctions(ways: Ways, tail: NDArray[np.int64], head: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each node ends edges; bool, shape (n_nodes,)."""
    n = ways.n_nodes
    out, into = np.bincount(tail, minlength=n), np.bincount(head, minlength=n)
    pairs = np.unique(np.r_[tail * n + head, head * n + tail])
    neighbours = np.bincount(pairs // n, minlength=n)
    own = np.zeros(n, dtype=np.bool_)
    own[tail[tail == head]] = True
    degree = out + into
    between = (neighbours == 2) & ((degree == 2) | (degree == 4)) & (out > 0) & (into > 0) & ~own
    return np.asarray(~between | ways.junction)


def _links(tail: NDArray[np.int64], head: NDArray[np.int64], n: int) -> tuple[_Links, NDArray[np.int64]]:
    """Return the distinct ordered pairs and the first arc of each."""
    pairs, first = np.unique(tail * n + head, return_index=True)
    return _Links(pairs // n, pairs % n), first


def _following(links: _Links, stays: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
    """Return the link that goes on from each, through a node that does not stay; -1 where a chain ends."""
    n_links = len(links.tail)
    per_tail = np.bincount(links.tail, minlength=n)
    begin = np.r_[0, np.cumsum(per_tail)[:-1]]
    here = links.head
    result = np.full(n_links, -1, dtype=np.int64)
    for k in range(2):  # a node between two neighbours has at most two links out
        candidate = begin[here] + k
        there = (k < per_tail[here]) & ~stays[here]
        candidate = np.where(there, candidate, 0)
        on = there & (links.head[candidate] != links.tail)
        result[on] = candidate[on]
    return result


def _chains(following: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first link of each link's chain, and its place in the chain, by pointer doubling.

    The links of a ring get no true first link; none of them begins at a junction.
    """
    n = len(following)
    before = np.full(n, -1, dtype=np.int64)
    goes_on = np.flatnonzero(following >= 0)
    before[following[goes_on]] = goes_on
    pointer, place = np.where(before >= 0, before, np.arange(n)), (before >= 0).astype(np.int64)
    for _ in range(max(int(n).bit_length(), 1)):
        further = pointer[pointer]
        place = place + place[pointer]
        if (further == pointer).all():
            break
        pointer = further
    return pointer, place


def _mates(edges: Edges, ways: Ways) -> NDArray[np.int64]:
    """Pair each edge with the one that drives the same arcs the other way."""
    first, last = edges.arcs[edges.first[:-1]], edges.arcs[edges.first[1:] - 1]
    begun_by = np.full(2 * len(ways.at), -1, dtype=np.int64)
    begun_by[first] = np.arange(len(edges))
    mate = begun_by[last ^ 1]
    right = (mate >= 0) & (last[mate] == first ^ 1) & (np.diff(edges.first)[mate] == np.diff(edges.first))
    return np.where(right & (mate != np.arange(len(edges))), mate, -1)
