"""In which order to eliminate the nodes of a road graph.

Nested dissection says which nodes come last: cuts of few nodes, that leave even parts. Below the cuts, the node with
the smallest degree comes first. Any order gives the same travel times; a good one gives them sooner.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, diags_array
from scipy.sparse.linalg import splu

from rescuesim.errors import InputError
from rescuesim.travel.contraction.dissection import dissection_depths
from rescuesim.travel.contraction.minimum_degree import core, neighbours, order_by_degree

__all__ = ["elimination_order", "minimum_degree_order"]

_CORE_DEGREE = 4  # of the nodes among which cuts are looked for
_POINT_DELAY = 3  # neighbours more that an ancestor of points counts as having


def elimination_order(
    n_nodes: int,
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    *,
    points: NDArray[np.int32] | None = None,
) -> NDArray[np.int32]:
    """Put the nodes of a road graph in an order that leaves few shortcut arcs and a flat elimination tree.

    Parameters
    ----------
    n_nodes : int
    tail, head : ndarray of int32, shape (n_arcs,)
        Directions do not matter; parallel arcs and self loops may stand.
    x_m, y_m : ndarray of float64, shape (n_nodes,)
        Where the nodes lie. The nearer to the truth, the better the order.
    points : ndarray of int32, optional
        Nodes from and to which trips go, if they are known. Others are eliminated sooner, so that fewer nodes are
        ancestors of points, for some more shortcuts.

    Returns
    -------
    ndarray of int32, shape (n_nodes,)
        ``order[k]`` is the node to eliminate k-th.

    Raises
    ------
    InputError
        If a place is not finite or the arrays do not fit ``n_nodes``.

    Notes
    -----
    Nodes with few neighbours go first, but for the nodes of cuts, which are found in three steps: all nodes of fewer
    than four neighbours are eliminated for the time being, `dissection_depths` cuts what is left, and the cuts bind the
    elimination of the whole graph by degree.

    Measured on drive networks: arcs of all nodes, their triangles (which customising goes through), the most nodes
    from a node to its root, arcs above a node (which a search goes through), those of the ancestors of 4,200 and
    10,200 points (which sweeps go through), and CPU seconds:

    ======================= ========= =========== ======= =========== ============ =======
    Order                   arcs      triangles   height  above each  above points seconds
    ======================= ========= =========== ======= =========== ============ =======
    Wuhan, minimum degree   119,041   1,256,706   302     9,441       96,671       0.05
    Wuhan                   107,638   753,119     176     3,185       84,185       0.5
    Wuhan, points known     112,951   773,783     177     3,188       74,250       0.5
    Porto, minimum degree   206,923   1,246,531   327     7,557       155,511      0.1
    Porto                   193,844   834,743     180     3,160       137,769      0.9
    Porto, points known     207,719   880,212     179     3,163       111,794      0.9
    500,000, minimum degree 1,562,502 13,440,046  1,263   56,128      802,349      3.0
    500,000                 1,445,322 7,973,302   716     4,810       675,541      8.6
    500,000, points known   1,533,601 8,151,566   310     4,785       518,868      8.4
    ======================= ========= =========== ======= =========== ============ =======

    What helped, by triangles and arcs above each node on Wuhan with points known: cuts at all (without them 1,703,000
    and 10,366); weight for arcs to earlier cuts, so that a cut also splits the border of its part (without it 865,000
    and 3,092); eight directions rather than one (985,000 and 3,975) or two (821,000 and 3,510); letting cuts become
    even step by step rather than between ends that hold a quarter each (824,000 and 3,236); cutting down to 20 nodes
    rather than 200 (879,000 and 3,269). Cuts among nodes of four neighbours and more rather than among all take a third
    of the time and leave 5 % fewer triangles. What did not help: sixteen directions; the least fill instead of the
    least degree, which leaves 2 % fewer triangles; more weight for even cuts, which makes trees flatter but not
    searches shorter.

    References
    ----------
    George, A. (1973). Nested dissection of a regular finite element mesh. SIAM Journal on Numerical Analysis 10(2),
    345-363. doi:10.1137/0710032

    Examples
    --------
    Of a strip of three by eleven squares, a row across the middle comes last:

    >>> across, along = np.arange(33) % 3, np.arange(33) // 3
    >>> tail = np.r_[np.flatnonzero(across < 2), np.flatnonzero(along < 10)]
    >>> head = tail + np.r_[np.full(22, 1), np.full(30, 3)]
    >>> order = elimination_order(33, tail, head, 100.0 * across, 100.0 * along)
    >>> sorted(order[-3:].tolist())
    [15, 16, 17]
    """
    # one layout of memory, so that kernels are compiled once
    tail, head = np.ascontiguousarray(tail, dtype=np.int32), np.ascontiguousarray(head, dtype=np.int32)
    x_m, y_m = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
    if len(x_m) != n_nodes or len(y_m) != n_nodes:
        raise InputError(f"places of {len(x_m)} and {len(y_m)} nodes, expected {n_nodes}")
    if not (np.isfinite(x_m).all() and np.isfinite(y_m).all()):
        raise InputError("x_m, y_m: expected finite metres")
    _check_ends(n_nodes, tail, head)
    is_point = np.zeros(n_nodes, dtype=np.bool_)
    if points is not None:
        _check_ends(n_nodes, points, points)
        is_point[points] = True
    first, near = neighbours(n_nodes, tail, head)
    node, core_first, core_near = core(first, near, _CORE_DEGREE)
    depth = dissection_depths(core_first, core_near, x_m[node], y_m[node])
    # the deeper a cut, the sooner it goes; all nodes in no cut go first
    group = np.zeros(n_nodes, dtype=np.int32)
    group[node] = np.where(depth >= 0, depth.max(initial=0) + 1 - depth, 0)
    return order_by_degree(first, near, group, is_point, _POINT_DELAY)


def minimum_degree_order(n_nodes: int, tail: NDArray[np.int32], head: NDArray[np.int32]) -> NDArray[np.int32]:
    """Put nodes in the order of multiple minimum degree, as SuperLU finds it: the yardstick for `elimination_order`.

    Parameters
    ----------
    n_nodes : int
    tail, head : ndarray of int32, shape (n_arcs,)

    Returns
    -------
    ndarray of int32, shape (n_nodes,)
        ``order[k]`` is the node to eliminate k-th.

    Examples
    --------
    The middle of a star comes last, or last but one:

    >>> order = minimum_degree_order(4, np.array([0, 0, 0]), np.array([1, 2, 3]))
    >>> 0 in order[2:]
    True

    References
    ----------
    Liu, J. W. H. (1985). Modification of the minimum-degree algorithm by multiple elimination. ACM Transactions on
    Mathematical Software 11(2), 141-153. doi:10.1145/214392.214398
    """
    if n_nodes == 0:
        return np.zeros(0, dtype=np.int32)
    between = tail != head
    row, column = np.r_[tail[between], head[between]], np.r_[head[between], tail[between]]
    pattern = csc_array((np.ones(len(row)), (row, column)), shape=(n_nodes, n_nodes))
    pattern.sum_duplicates()
    # SuperLU gives the order only together with a factorisation: a dominant diagonal keeps it from pivoting
    dominant = diags_array(pattern.sum(axis=0) + 1.0) - pattern
    factors = splu(
        csc_array(dominant), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )
    return np.argsort(factors.perm_c).astype(np.int32)


def _check_ends(n_nodes: int, tail: NDArray[np.int32], head: NDArray[np.int32]) -> None:
    """Refuse nodes that are none: compiled code does not look."""
    ends = np.r_[tail, head]
    if ends.size and not 0 <= ends.min() <= ends.max() < n_nodes:
        raise InputError(f"nodes {ends.min()} to {ends.max()}, expected 0 to {n_nodes - 1}")
