"""Kernels that find equal rows and rows that hold others. The plain references stand in `cover` and `reductions`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.travel.compiled import compiled

__all__ = ["dominated_columns", "number_rows", "rows_holding_others"]


@compiled
def number_rows(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], key: NDArray[np.uint64], other_key: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give numbers to the different rows of a sparse pattern, in the order of their first occurrence.

    Rows are looked up by sums of keys of their columns, 128 bits in all, and then compared entry by entry.

    Parameters
    ----------
    indptr : ndarray of int64, shape (n_rows + 1,)
    indices : ndarray of int32
        Ascending within a row.
    key, other_key : ndarray of uint64, shape (n_columns,)

    Returns
    -------
    group : ndarray of int64, shape (n_rows,)
    first : ndarray of int64, shape (n_different,)
    """
    n_rows = len(indptr) - 1
    size = 16
    while size < 2 * n_rows:
        size *= 2
    slots = np.full(size, -1, dtype=np.int64)
    group = np.empty(n_rows, dtype=np.int64)
    first = np.empty(n_rows, dtype=np.int64)
    sums = np.empty(n_rows, dtype=np.uint64)  # of the different rows
    others = np.empty(n_rows, dtype=np.uint64)
    count = 0
    for row in range(n_rows):
        total, other = np.uint64(0), np.uint64(0)
        for k in range(indptr[row], indptr[row + 1]):
            total += key[indices[k]]
            other += other_key[indices[k]]
        slot = np.int64((total ^ (total >> np.uint64(29))) & np.uint64(size - 1))
        length = indptr[row + 1] - indptr[row]
        while True:
            known = slots[slot]
            if known < 0:
                slots[slot] = count
                sums[count], others[count], first[count], group[row] = total, other, row, count
                count += 1
                break
            if sums[known] == total and others[known] == other:
                begin = indptr[first[known]]
                same = indptr[first[known] + 1] - begin == length
                k = 0
                while same and k < length:
                    same = indices[begin + k] == indices[indptr[row] + k]
                    k += 1
                if same:
                    group[row] = known
                    break
            slot = (slot + 1) & (size - 1)
    return group, first[:count].copy()


@compiled
def rows_holding_others(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], t_indptr: NDArray[np.int64], t_indices: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Mark the rows that hold all entries of another row, the later of equal ones.

    Parameters
    ----------
    indptr : ndarray of int64, shape (n_rows + 1,)
    indices : ndarray of int32
    t_indptr, t_indices : ndarray
        The same pattern by columns.

    Returns
    -------
    ndarray of bool, shape (n_rows,)
        Empty rows neither mark nor are marked.
    """
    n_rows, n_columns = len(indptr) - 1, len(t_indptr) - 1
    marked = np.zeros(n_rows, dtype=np.bool_)
    stamp = np.full(n_columns, -1, dtype=np.int64)
    order = np.argsort(indptr[1:] - indptr[:-1], kind="mergesort")
    for place in range(n_rows):
        row = order[place]
        size = indptr[row + 1] - indptr[row]
        if marked[row] or size == 0:
            continue
        rarest, fewest = -1, n_rows + 1
        for k in range(indptr[row], indptr[row + 1]):
            stamp[indices[k]] = row
            column = indices[k]
            if t_indptr[column + 1] - t_indptr[column] < fewest:
                rarest, fewest = column, t_indptr[column + 1] - t_indptr[column]
        for at in range(t_indptr[rarest], t_indptr[rarest + 1]):
            other = t_indices[at]
            other_size = indptr[other + 1] - indptr[other]
            if marked[other] or other == row or other_size < size or (other_size == size and other < row):
                continue
            held = 0
            for k in range(indptr[other], indptr[other + 1]):
                held += stamp[indices[k]] == row
                if held == size or indptr[other + 1] - k <= size - held:
                    break
            marked[other] = held == size
    return marked


@compiled
def dominated_columns(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    t_indptr: NDArray[np.int64],
    t_indices: NDArray[np.int32],
    cost: NDArray[np.float64],
    kind: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Mark the columns all of whose rows another column covers that costs no more and is of the same kind.

    Parameters
    ----------
    indptr : ndarray of int64, shape (n_columns + 1,)
        The pattern by columns.
    indices : ndarray of int32
        Rows, ascending within a column.
    t_indptr, t_indices : ndarray
        The same pattern by rows.
    cost : ndarray of float64, shape (n_columns,)
    kind : ndarray of int64, shape (n_columns,)
        Columns of one kind may stand in for each other; one of a negative kind is never marked and marks none.

    Returns
    -------
    ndarray of bool, shape (n_columns,)
        Of columns that dominate each other the first stays. Columns without rows are not marked.
    """
    n_columns, n_rows = len(indptr) - 1, len(t_indptr) - 1
    marked = np.zeros(n_columns, dtype=np.bool_)
    stamp = np.full(n_rows, -1, dtype=np.int64)
    for column in range(n_columns):
        size = indptr[column + 1] - indptr[column]
        if size == 0 or kind[column] < 0:
            continue
        rarest, fewest = -1, n_columns + 1
        for k in range(indptr[column], indptr[column + 1]):
            row = indices[k]
            stamp[row] = column
            if t_indptr[row + 1] - t_indptr[row] < fewest:
                rarest, fewest = row, t_indptr[row + 1] - t_indptr[row]
        for at in range(t_indptr[rarest], t_indptr[rarest + 1]):
            other = t_indices[at]
            other_size = indptr[other + 1] - indptr[other]
            if marked[other] or other == column or other_size < size or kind[other] != kind[column]:
                continue
            if cost[other] > cost[column]:
                continue
            if other_size == size and cost[other] == cost[column] and other > column:
                continue
            held = 0
            for k in range(indptr[other], indptr[other + 1]):
                held += stamp[indices[k]] == column
                if held == size or indptr[other + 1] - k <= size - held:
                    break
            if held == size:
                marked[column] = True
                break
    return marked
