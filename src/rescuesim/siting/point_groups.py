"""PointGroups: points that the same sites cover, as one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, vstack

from rescuesim.siting.covering.cover import equal_rows
from rescuesim.siting.problem import SitingProblem

__all__ = ["PointGroups", "coverable", "grouped", "joined", "only_columns", "point_groups"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointGroups:
    """Groups of points that the same openable sites cover.

    Parameters
    ----------
    first, either : csr_array of float64, shape (n_groups, n_sites)
        Sites that can send the first unit, and those that can send the first or the second; equal where no second
        unit is wanted.
    wants_second : ndarray of bool, shape (n_groups,)
    weight : ndarray of float64, shape (n_groups,)
    point : ndarray of int64, shape (n_coverable,)
        Points that all openable sites together cover; the others are in no group.
    group : ndarray of int64, shape (n_coverable,)
        Group of each of them.
    """

    first: csr_array
    either: csr_array
    wants_second: NDArray[np.bool_]
    weight: NDArray[np.float64]
    point: NDArray[np.int64]
    group: NDArray[np.int64]

    @property
    def n_sites(self) -> int:
        """Number of sites, closed ones too."""
        return int(self.first.shape[1])

    def __len__(self) -> int:
        return len(self.weight)

    def fold(self, opened: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Count how many open sites each group may lose and stay covered, plus one; int64, shape (n_groups,).

        0 is uncovered, 1 covered, 2 backed up.
        """
        x = opened.astype(np.float64)
        first, either = self.first @ x, self.either @ x
        return np.asarray(np.where(self.wants_second, np.minimum(first, either - 1), first).clip(0), dtype=np.int64)

    def lift(
        self, opened: NDArray[np.bool_], level: int, worth: NDArray[np.float64] | csr_array
    ) -> NDArray[np.float64]:
        """Add up, for each site, the worth of the groups that one more site there lifts to a fold.

        Parameters
        ----------
        opened : ndarray of bool, shape (n_sites,)
        level : int
            The fold, 1 or more.
        worth : ndarray of float64, shape (n_groups,), or csr_array of float64, shape (n_rows, n_groups)
            Several rows are added up one by one.

        Returns
        -------
        ndarray of float64, shape (n_sites,) or (n_rows, n_sites)
            Of open sites, what a second one at the same place would add.
        """
        x = opened.astype(np.float64)
        first, either = self.first @ x, self.either @ x
        enough = ~self.wants_second | (either >= level)
        lacks_first = (first == level - 1) & enough
        lacks_other = (first >= level) & self.wants_second & (either == level)
        if isinstance(worth, np.ndarray):
            return np.asarray(self.first.T @ (worth * lacks_first) + self.either.T @ (worth * lacks_other))
        first_rows = csr_array(worth * lacks_first[None, :]) @ self.first
        other_rows = csr_array(worth * lacks_other[None, :]) @ self.either
        return np.asarray((first_rows + other_rows).toarray())


def point_groups(problem: SitingProblem, apart: NDArray[np.int64] | None = None) -> PointGroups:
    """Group the points of a problem; points that no choice of openable sites covers are left out.

    Parameters
    ----------
    problem : SitingProblem
        With limits.
    apart : ndarray of int64, shape (n_demand,), optional
        Points of different numbers, from 0, are not put into one group.

    Returns
    -------
    PointGroups
    """
    limits = problem.limits
    assert limits is not None
    openable, wants = ~problem.must_close, limits.wants_second
    first = only_columns(limits.covers, openable)
    # where no second unit is wanted, nobody could send one
    either = csr_array(first + only_columns(limits.covers_second, openable))
    point = np.flatnonzero(coverable(first, either, wants) & limits.in_standard)
    return grouped(first, either, wants, problem.demand.weights, point, apart)


def coverable(first: csr_array, either: csr_array, wants_second: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the rows that all sites together cover; bool, shape (n_rows,)."""
    return np.asarray((np.diff(first.indptr) >= 1) & (~wants_second | (np.diff(either.indptr) >= 2)))


def grouped(
    first: csr_array,
    either: csr_array,
    wants_second: NDArray[np.bool_],
    weights: NDArray[np.float64],
    point: NDArray[np.int64],
    apart: NDArray[np.int64] | None = None,
) -> PointGroups:
    """Group some points.

    Parameters
    ----------
    first, either : csr_array, shape (n_points, n_sites)
    wants_second : ndarray of bool, shape (n_points,)
    weights : ndarray of float64, shape (n_points,)
    point : ndarray of int64, shape (n_kept,)
        The points that are put into groups.
    apart : ndarray of int64, shape (n_points,), optional
        Points of different numbers, from 0, are not put into one group.

    Returns
    -------
    PointGroups
    """
    marks = wants_second[point].astype(np.int64) if apart is None else wants_second[point] + 2 * apart[point]
    size = (len(point), int(marks.max(initial=0)) + 1)
    mark = csr_array((np.ones(len(point)), (np.arange(len(point)), marks)), shape=size)
    # where nobody wants a second unit, the two say the same
    whole = [first[point], either[point], mark] if wants_second[point].any() else [first[point], mark]
    pattern = csr_array(hstack(whole, format="csr"))
    pattern.sort_indices()
    group, lead = equal_rows(pattern)
    ones = [csr_array(one[point[lead]]) for one in (first, either)]
    for one in ones:
        one.data[:] = 1.0
    return PointGroups(
        first=ones[0],
        either=ones[1],
        wants_second=wants_second[point[lead]],
        weight=np.bincount(group, weights=weights[point], minlength=len(lead)).astype(np.float64),
        point=point,
        group=group,
    )


def joined(blocks: Sequence[PointGroups]) -> tuple[PointGroups, NDArray[np.int64]]:
    """Put groups of several lots of points together, equal ones into one.

    Parameters
    ----------
    blocks : sequence of PointGroups
        At least one; of the same sites.

    Returns
    -------
    groups : PointGroups
        Its points count the groups of the blocks, one block after the other.
    group : ndarray of int64, shape (n_points,)
        Group of each point of the blocks, one block after the other.
    """
    first, either = (csr_array(vstack(some)) for some in zip(*((one.first, one.either) for one in blocks), strict=True))
    wants = np.concatenate([one.wants_second for one in blocks])
    weight = np.concatenate([one.weight for one in blocks])
    groups = grouped(first, either, wants, weight, np.arange(len(weight)))
    begin = np.r_[0, np.cumsum([len(one) for one in blocks])]
    lots = [groups.group[start + one.group] for start, one in zip(begin.tolist(), blocks, strict=False)]
    return groups, np.concatenate(lots)


def only_columns(covers: csr_array, kept: NDArray[np.bool_]) -> csr_array:
    """Leave the entries of some columns only; csr_array of float64 ones, of the same shape."""
    rows = np.repeat(np.arange(covers.shape[0]), np.diff(covers.indptr))
    columns, data = covers.indices[: covers.nnz], covers.data[: covers.nnz]
    there = data.astype(np.bool_) & kept[columns]
    return csr_array((np.ones(there.sum()), (rows[there], columns[there])), shape=covers.shape)
