"""Swaps that shorten the mean time and keep coverage and side conditions: plans that no price leads to.

The plans of one price after the other jump over the coverage that is to be kept; between two of them lie plans that
keep it and are quicker than the one that keeps too much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.siting.medians.going import Going
from rescuesim.siting.site_rows import SiteRows

__all__ = ["KeptSwaps"]

_DEARER, _DEAREST = 1.3, 1000.0  # a step of the price of coverage that is lacking, and all steps together


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSwaps:
    """Search by openings and swaps, best first.

    Parameters
    ----------
    base : ndarray of float64, shape (n_sites, n_points)
        Weighted times; a large number where a site does not reach a point.
    covers : ndarray of bool, shape (n_sites, n_points)
    weight : ndarray of float64, shape (n_points,)
    at : float
        Least weight that is covered.
    must_open, must_close : ndarray of bool, shape (n_sites,)
    rows : SiteRows
    n_sites : int
        Most open sites.
    """

    base: NDArray[np.float64]
    covers: NDArray[np.bool_]
    weight: NDArray[np.float64]
    at: float
    must_open: NDArray[np.bool_]
    must_close: NDArray[np.bool_]
    rows: SiteRows
    n_sites: int

    def improved(self, opened: NDArray[np.bool_], price: float, going: Going) -> NDArray[np.bool_]:
        """Take the best move until there is none that helps.

        Parameters
        ----------
        opened : ndarray of bool, shape (n_sites,)
            Keeps statuses, rows and number; it may lack coverage.
        price : float
            Of a unit of weight that is lacking, to begin with.
        going : Going

        Returns
        -------
        ndarray of bool, shape (n_sites,)
        """
        opened, lacking = opened.copy(), max(price, 1e-3)
        dearest = lacking * _DEAREST
        while going():
            move = self._best_move(opened, lacking)
            if move is not None:
                opened[move[0]] = True
                if move[1] >= 0:
                    opened[move[1]] = False
            elif self._lacks(opened) and lacking < dearest:
                lacking *= _DEARER  # coverage is made up for by moves that cost little time for it
            else:
                break
        return opened

    def _lacks(self, opened: NDArray[np.bool_]) -> bool:
        return float(self.weight[self.covers[opened].any(axis=0)].sum()) < self.at

    def _best_move(self, opened: NDArray[np.bool_], price: float) -> tuple[int, int] | None:
        """Return the site to open and the one to shut, -1 for none; None if no move helps."""
        there, new = np.flatnonzero(opened), np.flatnonzero(~opened & ~self.must_close)
        if not len(there) or not len(new):
            return None
        change, covered, now = self._changes(there, new)
        lack = price * np.maximum(self.at - covered, 0.0) - price * max(self.at - now, 0.0)
        worth = np.where(self._kept(opened, there, new), change + lack, np.inf)
        best = int(np.argmin(worth))
        # what is gained must be more than what sums of so many numbers are rounded by
        if not worth.flat[best] < -1e-9 * float(self.weight.sum()):
            return None
        row, column = divmod(best, worth.shape[1])
        return int(new[row]), int(there[column]) if column < len(there) else -1

    def _changes(
        self, there: NDArray[np.int64], new: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Weighted time won or lost and weight covered by each move, shape (n_new, n_there + 1), and covered now."""
        n_points, n_there = len(self.weight), len(there)
        at = np.arange(n_points)
        nearest = np.argmin(self.base[there], axis=0)
        first = self.base[there[nearest], at]
        others = self.base[there].copy()
        others[nearest, at] = np.inf
        second = np.minimum(others.min(axis=0), self.base.max())
        served = csr_array((np.ones(n_points), (at, nearest)), shape=(n_points, n_there + 1))
        to_new = self.base[new]
        quicker = np.minimum(to_new, first)
        change = (np.minimum(to_new, second) - quicker) @ served + (quicker - first).sum(axis=1)[:, None]
        count = self.covers[there].sum(axis=0)
        sole = np.where(count == 1, np.argmax(self.covers[there], axis=0), n_there)
        by_one = csr_array((np.where(count == 1, self.weight, 0.0), (at, sole)), shape=(n_points, n_there + 1))
        now = float(self.weight[count > 0].sum())
        covered = now - (~self.covers[new]).astype(np.float64) @ by_one
        covered = covered + (self.covers[new] @ np.where(count == 0, self.weight, 0.0))[:, None]
        return change, covered, now

    def _kept(self, opened: NDArray[np.bool_], there: NDArray[np.int64], new: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Mark the moves that keep statuses, number and rows; bool, shape (n_new, n_there + 1)."""
        kept = np.ones((len(new), len(there) + 1), dtype=np.bool_)
        kept[:, :-1] = ~self.must_open[there]
        kept[:, -1] = len(there) < self.n_sites
        factors = self.rows.rows.toarray()
        activity = factors @ opened.astype(np.int64)
        for row, now in enumerate(activity.tolist()):
            away = np.append(factors[row, there], 0)
            after = now + factors[row, new][:, None] - away
            kept &= (after >= self.rows.lower[row]) & (after <= self.rows.upper[row])
        return kept
