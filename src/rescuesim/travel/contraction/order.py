"""In which order to eliminate the nodes of a road graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, diags_array
from scipy.sparse.linalg import splu

__all__ = ["elimination_order", "minimum_degree_order"]


def elimination_order(
    n_nodes: int,
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
) -> NDArray[np.int32]:
    """Put the nodes of a road graph in an order that leaves few shortcut arcs.

    Parameters
    ----------
    n_nodes : int
    tail, head : ndarray of int32, shape (n_arcs,)
        Directions do not matter; parallel arcs and self loops may stand.
    x_m, y_m : ndarray of float64, shape (n_nodes,)
        Where the nodes lie.

    Returns
    -------
    ndarray of int32, shape (n_nodes,)
        ``order[k]`` is the node to eliminate k-th.
    """
    return minimum_degree_order(n_nodes, tail, head)


def minimum_degree_order(n_nodes: int, tail: NDArray[np.int32], head: NDArray[np.int32]) -> NDArray[np.int32]:
    """Put nodes in the order of multiple minimum degree, as SuperLU finds it.

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
