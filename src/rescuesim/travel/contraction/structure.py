"""The contraction structure of a split graph: built once, whatever breaks, and kept by content."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.store import cache_folder
from rescuesim.travel.contraction.elimination import Elimination, eliminate
from rescuesim.travel.contraction.intact import directed_arcs
from rescuesim.travel.contraction.order import elimination_order
from rescuesim.travel.split_graph import SplitGraph

__all__ = ["ContractionStructure", "contraction_structure"]

_FORMAT = b"rescuesim order 2"  # raise the number when orders get better
_MOST_KEPT = 64  # orders in the cache folder; those not used for longest go first


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractionStructure:
    """What travel times in all states have in common.

    Parameters
    ----------
    elimination : Elimination
    arc_of_piece : ndarray of int32, shape (n_pieces,)
        Directed arc of each piece, see `directed_arcs`; -1 where a piece ends where it begins.
    """

    elimination: Elimination
    arc_of_piece: NDArray[np.int32]


def contraction_structure(graph: SplitGraph) -> ContractionStructure:
    """Contract a split graph, or find its order in the cache folder.

    Parameters
    ----------
    graph : SplitGraph

    Returns
    -------
    ContractionStructure

    Notes
    -----
    The order takes most of the time; it is kept under a hash of the pieces' ends, the nodes' places and the points. A
    cache folder that cannot be written costs the time again and changes nothing else.

    References
    ----------
    Dibbelt, J., Strasser, B., & Wagner, D. (2016). Customizable contraction hierarchies. ACM Journal of Experimental
    Algorithmics 21, 1.5. doi:10.1145/2886843
    """
    kept = _place(graph)
    order = None if kept is None else _kept_order(kept, graph.n_nodes)
    if order is None:
        order = elimination_order(
            graph.n_nodes,
            graph.tail,
            graph.head,
            graph.node_x_m,
            graph.node_y_m,
            points=np.unique(graph.point_node[graph.point_node >= 0]),
        )
        if kept is not None:
            _keep(kept, order)
    elimination = eliminate(graph.n_nodes, graph.tail, graph.head, order)
    return ContractionStructure(
        elimination=elimination,
        arc_of_piece=directed_arcs(graph.tail, graph.head, elimination.rank, elimination.first, elimination.head),
    )


def _place(graph: SplitGraph) -> Path | None:
    """Where the order is kept; None for a user without a home folder."""
    try:
        return cache_folder() / "orders" / f"{_content(graph)}.npy"
    except RuntimeError:
        return None


def _content(graph: SplitGraph) -> str:
    digest = hashlib.blake2b(_FORMAT, digest_size=16)
    for array in (graph.tail, graph.head, graph.node_x_m, graph.node_y_m, graph.point_node):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(str(graph.n_nodes).encode())
    return digest.hexdigest()


def _kept_order(path: Path, n_nodes: int) -> NDArray[np.int32] | None:
    """Read an order, if there is one and it is whole."""
    try:
        order = np.load(path, allow_pickle=False)
        os.utime(path)
    except (OSError, ValueError, EOFError):
        return None
    if order.dtype != np.int32 or not np.array_equal(np.sort(order), np.arange(n_nodes)):
        return None
    return np.asarray(order)


def _keep(path: Path, order: NDArray[np.int32]) -> None:
    """Write an order, whole or not at all, and drop the oldest of too many."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            np.save(stream, order, allow_pickle=False)
        part.replace(path)
        by_age = sorted(path.parent.glob("*.npy"), key=lambda kept: kept.stat().st_mtime)
        for old in by_age[:-_MOST_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return
