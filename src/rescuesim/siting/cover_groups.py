"""Points of a siting problem by the sites that cover them: as a cover, and with second units as rows of a program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array, hstack, vstack

from rescuesim.errors import InputError
from rescuesim.siting.covering.cover import Cover, equal_rows
from rescuesim.siting.covering.whole_numbers import LARGEST_SUM, whole_scale
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import SiteRows, stacked
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["CoverRows", "CoverageProblem", "build_problem", "cover_of", "greedy_opening"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageProblem:
    """A covering problem over sites (columns) and groups of identical points (rows).

    Parameters
    ----------
    first, either : csr_array of int64, shape (n_groups, n_sites)
        Sites that can send the first unit, and those that can send the first or the second.
    wants_second : ndarray of bool, shape (n_groups,)
    weight : ndarray of int64, shape (n_groups,)
        Sum of the weights of the points, times `scale`.
    scale : float
        1 where all weights are whole numbers.
    rounded : bool
        Whether `weight` is rounded, because no scale makes the weights whole.
    must_open, must_close : ndarray of bool, shape (n_sites,)
    side : SiteRows
    cost : ndarray of float64, shape (n_sites,)
    coverable : ndarray of bool, shape (n_demand,)
        Points that some openable sites cover together.
    """

    first: csr_array
    either: csr_array
    wants_second: NDArray[np.bool_]
    weight: NDArray[np.int64]
    scale: float
    rounded: bool
    must_open: NDArray[np.bool_]
    must_close: NDArray[np.bool_]
    side: SiteRows
    cost: NDArray[np.float64]
    coverable: NDArray[np.bool_]

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.must_open)

    @property
    def n_groups(self) -> int:
        """Number of groups of points that the same sites cover."""
        return len(self.weight)

    def covered(self, opened: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Mark the groups that a set of open sites covers; bool, shape (n_groups,)."""
        x = opened.astype(np.int64)
        twice = np.asarray(self.either @ x) >= 2
        return (np.asarray(self.first @ x) >= 1) & (twice | ~self.wants_second)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverRows:
    """Rows of a program over sites, then ``n_groups`` further columns: ``lower <= rows @ x <= upper``."""

    rows: csr_array
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]


def cover_of(problem: SitingProblem, *further: SiteRows) -> Cover | None:
    """Return the coverable points of a siting problem as a cover, or None if a second unit is wanted at one of them.

    Parameters
    ----------
    problem : SitingProblem
        With limits.
    *further : SiteRows
        Side conditions besides its own.
    """
    limits = problem.limits
    assert limits is not None
    openable = _among(limits.covers, ~problem.must_close)
    coverable = limits.in_standard & (np.diff(openable.indptr) > 0)
    if (coverable & limits.wants_second).any():
        return None
    covers = csr_array(openable[coverable])
    return Cover(
        covers=csr_array((np.ones(covers.nnz, dtype=np.int8), covers.indices, covers.indptr), shape=covers.shape),
        weight=problem.demand.weights[coverable].astype(np.float64),
        must_open=problem.must_open,
        must_close=problem.must_close,
        rows=stacked([problem.rows, *further]),
    )


def build_problem(problem: SitingProblem) -> CoverageProblem:
    """Reduce a siting problem to its groups of points.

    Points that no openable site covers are left out, and points that the same sites cover are merged; both
    leave every optimum as it is.

    Parameters
    ----------
    problem : SitingProblem
        With limits.

    Returns
    -------
    CoverageProblem
    """
    limits = problem.limits
    assert limits is not None
    first, either = (_among(covers, ~problem.must_close) for covers in (limits.covers, limits.covers_second))
    n_first, n_either = np.diff(first.indptr), np.diff(either.indptr)
    reach = np.where(limits.wants_second, n_either, n_first)
    coverable = limits.in_standard & (n_first > 0) & (reach >= np.where(limits.wants_second, 2, 1))
    weights = problem.demand.weights[coverable]
    if weights.sum() >= LARGEST_SUM:
        raise InputError(f"weights sum to {weights.sum():g}: expected under {LARGEST_SUM:g}")
    scale = whole_scale(weights)
    first, either = csr_array(first[coverable]), csr_array(either[coverable])
    pattern = csr_array(hstack([first, either, csr_array(limits.wants_second[coverable][:, None])]))
    pattern.sort_indices()
    group, lead = equal_rows(pattern)
    whole = np.rint(weights * scale)
    return CoverageProblem(
        first=csr_array(first[lead]),
        either=csr_array(either[lead]),
        wants_second=limits.wants_second[coverable][lead],
        weight=np.bincount(group, weights=whole, minlength=len(lead)).astype(np.int64),
        scale=scale,
        rounded=not np.array_equal(whole / scale, weights),
        must_open=problem.must_open,
        must_close=problem.must_close,
        side=problem.rows,
        cost=problem.sites.cost,
        coverable=coverable,
    )


def _among(covers: csr_array, openable: NDArray[np.bool_]) -> csr_array:
    """Keep the entries of the columns that may be open; csr_array of int64."""
    kept = csr_array((openable[covers.indices].astype(np.int64), covers.indices, covers.indptr), shape=covers.shape)
    kept.eliminate_zeros()
    return kept


def status_rows(problem: CoverageProblem, extra: int) -> CoverRows:
    """Rows of statuses and side conditions, over sites and `extra` columns."""
    fixed = np.flatnonzero(problem.must_open | problem.must_close)
    size = (len(fixed), problem.n_sites + extra)
    rows = csr_array((np.ones(len(fixed), dtype=np.int64), (np.arange(len(fixed)), fixed)), shape=size)
    to = problem.must_open[fixed].astype(np.int64)
    side = problem.side
    wide = csr_array((side.rows.data, side.rows.indices, side.rows.indptr), shape=(len(side), problem.n_sites + extra))
    return stack_rows(
        CoverRows(rows=rows, lower=to, upper=to), CoverRows(rows=wide, lower=side.lower, upper=side.upper)
    )


def group_rows(problem: CoverageProblem, *, optional: bool) -> CoverRows:
    """Rows that say when a group is covered.

    Parameters
    ----------
    problem : CoverageProblem
    optional : bool
        With one further column a group, 1 only if the group is covered (MCLP); without them, every group
        must be covered (LSCP).
    """
    twice = np.flatnonzero(problem.wants_second)
    minus_y = -eye_array(problem.n_groups, dtype=np.int64, format="csr") if optional else None
    blocks, lower = [], []
    for block, need in ((problem.first, 1), (problem.either[twice], 2)):
        if block.shape[0] == 0:
            continue
        at = np.arange(problem.n_groups) if need == 1 else twice
        blocks.append(block if minus_y is None else hstack([block, need * minus_y[at]]))
        lower.append(np.full(len(at), 0 if optional else need, dtype=np.int64))
    rows = csr_array(vstack(blocks)) if blocks else csr_array((0, problem.n_sites), dtype=np.int64)
    low = np.concatenate(lower) if lower else np.zeros(0, dtype=np.int64)
    return CoverRows(rows=rows, lower=low, upper=np.full(len(low), NO_BOUND))


def stack_rows(*parts: CoverRows) -> CoverRows:
    """Put groups of rows over the same columns together."""
    return CoverRows(
        rows=csr_array(vstack([part.rows for part in parts])),
        lower=np.concatenate([part.lower for part in parts]),
        upper=np.concatenate([part.upper for part in parts]),
    )


def one_row(factors: NDArray[np.int64], lower: int, upper: int) -> CoverRows:
    """Return one row over all columns."""
    return CoverRows(rows=csr_array(factors[None, :]), lower=np.array([lower]), upper=np.array([upper]))


def greedy_opening(
    problem: CoverageProblem, n_sites: int, weight: NDArray[np.int64] | None = None
) -> NDArray[np.bool_]:
    """Open, after those that must be, the site that covers most further weight, until the number is reached.

    Parameters
    ----------
    problem : CoverageProblem
    n_sites : int
    weight : ndarray of int64, shape (n_groups,), optional
        Instead of that of the problem.

    Returns
    -------
    ndarray of bool, shape (n_sites,)
        Ties go to the first site in the table; no site is opened that adds nothing.
    """
    worth = problem.weight if weight is None else weight
    opened = problem.must_open.copy()
    count_first = np.asarray(problem.first @ opened.astype(np.int64))
    count_either = np.asarray(problem.either @ opened.astype(np.int64))
    first, either = problem.first.tocsc(), problem.either.tocsc()
    while opened.sum() < n_sites:
        # a group wants a first unit, a second, or both; one more site is worth what it completes, or half of it
        misses = (count_first < 1).astype(np.int64) + (problem.wants_second & (count_either < 2))
        gain = first.T @ np.where(count_first < 1, worth / np.maximum(misses, 1), 0.0)
        gain = gain + either.T @ np.where(problem.wants_second & (count_either < 2), worth / 2, 0.0)
        gain = np.where(opened | problem.must_close, -1.0, gain)
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            break
        opened[best] = True
        count_first = count_first + first[:, [best]].toarray().ravel()
        count_either = count_either + either[:, [best]].toarray().ravel()
    return opened
