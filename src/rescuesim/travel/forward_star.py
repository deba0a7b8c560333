"""The pieces as a search wants them: listed by the node that they leave, near ones near in memory.

Nodes are put in the order of their Morton code (the bits of x and y, taken in turn), so that what a search touches one
after the other mostly lies in the same few pages of memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rescuesim.network import NetworkState
    from rescuesim.travel.split_graph import SplitGraph

__all__ = ["ForwardStar", "build_forward_star", "morton_order"]

_BITS = 16  # of each coordinate: finer than 4 m over 250 km
_SPREAD = (
    (8, 0x00FF00FF),
    (4, 0x0F0F0F0F),
    (2, 0x33333333),
    (1, 0x55555555),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardStar:
    """The pieces that leave each node; parallel pieces and pieces that take no time stand like all others.

    Parameters
    ----------
    place : ndarray of uint32, shape (n_nodes,)
        Where each node of the split graph stands in the order.
    first : ndarray of uint32, shape (n_nodes + 1,)
        The pieces that leave place p are entries ``first[p]`` to below ``first[p + 1]``.
    head : ndarray of uint32, shape (n_pieces,)
        The place that each entry leads to.
    entry : ndarray of int32, shape (n_pieces,)
        The entry of each piece.
    ticks : ndarray of int32, shape (n_pieces,)
        Of each entry, intact.
    """

    place: NDArray[np.uint32]
    first: NDArray[np.uint32]
    head: NDArray[np.uint32]
    entry: NDArray[np.int32]
    ticks: NDArray[np.int32]

    def ticks_in(self, graph: SplitGraph, state: NetworkState | None) -> NDArray[np.int32]:
        """Ticks of each entry in a state, 2^30 - 1 where closed; int32, shape (n_pieces,)."""
        if state is None:
            return self.ticks
        changed, changed_ticks = graph.changes(state)
        ticks = self.ticks.copy()
        ticks[self.entry[changed]] = changed_ticks
        return ticks


def morton_order(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Put places in the order of their Morton code, those of one code in the order given.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)

    Returns
    -------
    ndarray of int64, shape (n,)

    References
    ----------
    Morton, G. M. (1966). A computer oriented geodetic data base and a new technique in file sequencing. IBM.

    Examples
    --------
    >>> morton_order(np.array([0.0, 9.0, 0.0, 9.0]), np.array([9.0, 9.0, 0.0, 0.0])).tolist()
    [2, 3, 0, 1]
    """
    if not len(x):
        return np.zeros(0, dtype=np.int64)
    widest = max(float(np.ptp(x)), float(np.ptp(y))) or 1.0
    code = np.zeros(len(x), dtype=np.uint32)
    for turn, axis in enumerate((x, y)):
        bits = np.floor((axis - axis.min()) / widest * (2**_BITS - 1)).astype(np.uint32)
        for step, mask in _SPREAD:
            bits = (bits | (bits << np.uint32(step))) & np.uint32(mask)
        code |= bits << np.uint32(turn)
    return np.argsort(code, kind="stable")


def build_forward_star(graph: SplitGraph, towards: Literal["demand", "sites"] = "demand") -> ForwardStar:
    """List the pieces by the node that they leave, or by the one they enter for the way back.

    Parameters
    ----------
    graph : SplitGraph
    towards : {'demand', 'sites'}, optional
        With ``sites`` every piece is turned round, so that a search from a site finds the ways to it.

    Returns
    -------
    ForwardStar
    """
    order = morton_order(graph.node_x_m, graph.node_y_m)
    place = np.empty(graph.n_nodes, dtype=np.uint32)
    place[order] = np.arange(graph.n_nodes, dtype=np.uint32)
    left, entered = (graph.tail, graph.head) if towards == "demand" else (graph.head, graph.tail)
    piece = np.argsort(place[left], kind="stable").astype(np.int32)
    first = np.zeros(graph.n_nodes + 1, dtype=np.uint32)
    np.cumsum(np.bincount(place[left], minlength=graph.n_nodes), out=first[1:])
    entry = np.empty(len(piece), dtype=np.int32)
    entry[piece] = np.arange(len(piece), dtype=np.int32)
    return ForwardStar(
        place=place,
        first=first,
        head=place[entered[piece]],
        entry=entry,
        ticks=graph.piece_ticks()[piece].astype(np.int32),
    )
