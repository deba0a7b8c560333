"""Cover: who covers whom, with weights and side conditions, and rows that the same sites cover made one."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.errors import InputError
from rescuesim.siting.site_rows import SiteRows

__all__ = ["Cover", "equal_rows", "kernel", "merged_rows", "number_rows_compiled"]

_SMALL = 100_000  # entries; below that the plain code is done before numba is loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A covering problem over sites (columns) and groups of points that the same sites cover (rows).

    Parameters
    ----------
    covers : csr_array of int8, shape (n_groups, n_sites)
        1 where the site covers the group; column indices ascend within a row, no entry is stored twice and none is 0.
    weight : ndarray of float64, shape (n_groups,)
        Finite, 0 or more.
    must_open, must_close : ndarray of bool, shape (n_sites,)
        No site is both.
    rows : SiteRows
        All other side conditions: number, budget, staff, groups, conflicts.

    Raises
    ------
    InputError
        If shapes do not fit or a weight is negative or no number.

    Examples
    --------
    >>> from rescuesim.siting.site_rows import no_rows
    >>> covers = np.array([[1, 0], [1, 0], [1, 1]])
    >>> cover = Cover.of(covers, np.array([2.0, 3.0, 4.0]), rows=no_rows(2))
    >>> merged, group = merged_rows(cover)
    >>> merged.weight.tolist(), group.tolist()
    ([5.0, 4.0], [0, 0, 1])
    """

    covers: csr_array
    weight: NDArray[np.float64]
    must_open: NDArray[np.bool_]
    must_close: NDArray[np.bool_]
    rows: SiteRows

    def __post_init__(self) -> None:
        n_groups, n_sites = self.covers.shape
        if self.weight.shape != (n_groups,) or self.must_open.shape != (n_sites,) != self.must_close.shape:
            raise InputError("cover: shapes of covers, weights and statuses do not fit")
        if self.rows.rows.shape[1] != n_sites:
            raise InputError("cover: side conditions are of another number of sites")
        if not (np.isfinite(self.weight).all() and (self.weight >= 0).all()):
            raise InputError("cover: expected finite weights of 0 or more")
        if (self.must_open & self.must_close).any():
            raise InputError("cover: a site must be open and must be closed")

    @classmethod
    def of(
        cls,
        covers: Any,
        weight: NDArray[np.float64],
        *,
        rows: SiteRows,
        must_open: NDArray[np.bool_] | None = None,
        must_close: NDArray[np.bool_] | None = None,
    ) -> Cover:
        """Make a cover of any matrix, sparse or not, whose entries that are not 0 say who covers whom."""
        tidy = csr_array(covers, copy=True)
        tidy.data = (tidy.data != 0).astype(np.int8)
        tidy.sum_duplicates()
        tidy.eliminate_zeros()
        tidy.data[:] = 1
        none = np.zeros(tidy.shape[1], dtype=np.bool_)
        return cls(
            covers=tidy,
            weight=np.asarray(weight, dtype=np.float64),
            must_open=none if must_open is None else must_open,
            must_close=none if must_close is None else must_close,
            rows=rows,
        )

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.must_open)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.weight)

    def covered(self, opened: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Mark the groups that a set of open sites covers; bool, shape (n_groups,)."""
        return np.asarray(self.covers @ opened.astype(np.int32) > 0)

    def value(self, opened: NDArray[np.bool_]) -> float:
        """Weight that a set of open sites covers."""
        return float(self.weight[self.covered(opened)].sum())

    def keeps(self, opened: NDArray[np.bool_]) -> bool:
        """Whether a set of open sites keeps statuses and side conditions."""
        fixed = not (opened & self.must_close).any() and bool(opened[self.must_open].all())
        return fixed and bool(self.rows.kept(opened).all())


def kernel(module: str, name: str) -> Callable[..., Any] | None:
    """Return a compiled kernel of this folder, or None where numba cannot be imported: plain code serves then."""
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(f"{__package__}.{module}"), name)
    except ImportError:
        return None
    return found


def merged_rows(cover: Cover, *, engine: str = "auto") -> tuple[Cover, NDArray[np.int64]]:
    """Make one group of all groups that the same sites cover.

    Parameters
    ----------
    cover : Cover
    engine : {'auto', 'plain'}, optional
        A compiled kernel where numba is installed and the cover is large, or plain code in any case; both give the
        same.

    Returns
    -------
    merged : Cover
        Groups in the order of their first members, with the sums of their weights.
    group : ndarray of int64, shape (n_groups,)
        The new group of each old one.
    """
    group, first = equal_rows(cover.covers, engine=engine)
    if len(first) == cover.n_groups:
        return cover, group
    weight = np.bincount(group, weights=cover.weight, minlength=len(first)).astype(np.float64)
    return replace(cover, covers=cover.covers[first], weight=weight), group


def equal_rows(matrix: csr_array, *, engine: str = "auto") -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give a number to each of the different patterns of the rows of a matrix.

    Parameters
    ----------
    matrix : csr_array
        Column indices ascend within a row.
    engine : {'auto', 'plain'}, optional

    Returns
    -------
    group : ndarray of int64, shape (n_rows,)
        Number of the pattern of each row, in the order of first rows.
    first : ndarray of int64, shape (n_patterns,)
    """
    if engine == "auto" and matrix.nnz + matrix.shape[0] > _SMALL:
        found = number_rows_compiled(matrix)
        if found is not None:
            return found
    indptr, indices = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)
    seen: dict[bytes, int] = {}
    group, firsts = np.empty(matrix.shape[0], dtype=np.int64), list[int]()
    bounds = indptr.tolist()
    for row in range(matrix.shape[0]):
        number = seen.setdefault(indices[bounds[row] : bounds[row + 1]].tobytes(), len(seen))
        if number == len(firsts):
            firsts.append(row)
        group[row] = number
    return group, np.array(firsts, dtype=np.int64)


def number_rows_compiled(matrix: csr_array) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Give what `equal_rows` does, by the compiled kernel; None where numba cannot be imported."""
    numbered = kernel("row_kernels", "number_rows")
    if numbered is None:
        return None
    keys = np.random.default_rng(0).integers(1, 2**63, size=(2, matrix.shape[1]), dtype=np.uint64)
    group, first = numbered(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), keys[0], keys[1])
    return group, first
