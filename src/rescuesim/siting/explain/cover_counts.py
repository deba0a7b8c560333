"""CoverCounts: how many open sites reach each point, and what a change of one or two sites does to the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from rescuesim.siting.limits import PairLimits

__all__ = ["CoverCounts", "cover_counts", "is_covered"]


def is_covered(n_first: NDArray[np.int64], n_either: NDArray[np.int64], wants: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the points that so many sites cover.

    Parameters
    ----------
    n_first, n_either : ndarray of int64
        Sites in time as the first unit; in time as the first or the second.
    wants : ndarray of bool
        Whether a second unit from another site is wanted; must broadcast to the counts.
    """
    return np.asarray((n_first >= 1) & ((n_either >= 2) | ~wants))


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverCounts:
    """A set of open sites and how often it covers each point.

    Parameters
    ----------
    first, either : csc_array of float64, shape (n_demand, n_sites)
        1 where the site is in time as the first unit; as the first or second unit, of points that want a second.
    wants : ndarray of bool, shape (n_demand,)
    weight : ndarray of float64, shape (n_demand,)
        What a covered point counts.
    opened : ndarray of bool, shape (n_sites,)
    n_first, n_either : ndarray of int64, shape (n_demand,)
    """

    first: csc_array
    either: csc_array
    wants: NDArray[np.bool_]
    weight: NDArray[np.float64]
    opened: NDArray[np.bool_]
    n_first: NDArray[np.int64]
    n_either: NDArray[np.int64]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Mark the points that the open sites cover."""
        return is_covered(self.n_first, self.n_either, self.wants)

    @property
    def value(self) -> float:
        """Weight of the covered points."""
        return float(self.weight[self.covered].sum())

    def column(self, site: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the points that a site reaches in time as the first unit, and as the first or second one."""
        first, either = (part.indices[part.indptr[site] : part.indptr[site + 1]] for part in (self.first, self.either))
        return first.astype(np.int64), either.astype(np.int64)

    def covered_after(self, shut: int, put: int) -> NDArray[np.bool_]:
        """Mark the points that are covered with one open site shut and another in its place."""
        n_first, n_either = self.n_first.copy(), self.n_either.copy()
        for site, change in ((shut, -1), (put, 1)):
            first, either = self.column(site)
            n_first[first] += change
            n_either[either] += change
        return is_covered(n_first, n_either, self.wants)

    def lost_without(self, site: int) -> NDArray[np.int64]:
        """Return the covered points that would not be covered without an open site."""
        first, either = self.column(site)
        touched = np.union1d(first, either)
        n_first = self.n_first[touched] - np.isin(touched, first)
        n_either = self.n_either[touched] - np.isin(touched, either)
        return touched[self.covered[touched] & ~is_covered(n_first, n_either, self.wants[touched])]

    def gains(self, without: int | None = None, *, only: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Return the weight that each site would add, to the open sites or to those without one of them.

        With `only`, the points that are counted.

        Returns
        -------
        ndarray of float64, shape (n_sites,)
            Meaningless for sites that are open.
        """
        n_first, n_either = self.n_first, self.n_either
        if without is not None:
            n_first, n_either = n_first.copy(), n_either.copy()
            first, either = self.column(without)
            n_first[first] -= 1
            n_either[either] -= 1
        by_first = (n_first == 0) & (~self.wants | (n_either >= 1))
        by_either = self.wants & (n_first >= 1) & (n_either == 1)
        if only is not None:
            counted = np.zeros(len(n_first), dtype=np.bool_)
            counted[only] = True
            by_first, by_either = by_first & counted, by_either & counted
        return np.asarray(self.first.T @ (self.weight * by_first) + self.either.T @ (self.weight * by_either))


def cover_counts(limits: PairLimits, opened: NDArray[np.bool_], weight: NDArray[np.float64]) -> CoverCounts:
    """Count who is in time for whom.

    Parameters
    ----------
    limits : PairLimits
    opened : ndarray of bool, shape (n_sites,)
    weight : ndarray of float64, shape (n_demand,)
        Points outside every standard count nothing, whatever stands here.
    """
    first = csc_array(limits.covers, dtype=np.float64)
    either = csc_array(limits.covers_second, dtype=np.float64)
    inside = limits.in_standard
    if not inside.all():
        first, either = (csc_array(part.multiply(inside[:, None].astype(np.float64))) for part in (first, either))
    for part in (first, either):
        part.eliminate_zeros()
        part.sort_indices()
    ones = opened.astype(np.float64)
    return CoverCounts(
        first=first,
        either=either,
        wants=limits.wants_second,
        weight=np.where(inside, weight, 0.0),
        opened=opened,
        n_first=np.rint(np.asarray(first @ ones)).astype(np.int64),
        n_either=np.rint(np.asarray(either @ ones)).astype(np.int64),
    )
