"""Side conditions over the sites as floating-point rows, scaled so that one step suits them and the points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, diags_array

from rescuesim.siting.site_rows import SiteRows
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["FloatRows", "float_rows"]

_SLACK = 1e-9  # of a scaled row


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatRows:
    """Rows ``low <= factors @ x <= high``, each divided by its largest factor.

    Parameters
    ----------
    factors : csr_array of float64, shape (n_rows, n_sites)
    columns : csc_array of float64, shape (n_rows, n_sites)
        The same by site.
    low, high : ndarray of float64, shape (n_rows,)
        Infinite where there is no bound; a hair wider than asked, against rounding.
    """

    factors: csr_array
    columns: csc_array
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.low)

    def kept(self, opened: NDArray[np.int64]) -> bool:
        """Whether a set of open sites, by row, keeps all rows."""
        activity = np.asarray(self.columns[:, opened].sum(axis=1)).ravel()
        return bool(((activity >= self.low) & (activity <= self.high)).all())

    def paid(self, row_price: NDArray[np.float64]) -> float:
        """Return what the bounds of the rows take from a relaxation's value."""
        bound = np.where(row_price > 0, self.high, self.low)
        return float((row_price[row_price != 0] * bound[row_price != 0]).sum())

    def slope(self, opened: NDArray[np.int64], row_price: NDArray[np.float64]) -> NDArray[np.float64]:
        """How the relaxation's value rises with the price of each row."""
        if not len(self):
            return np.zeros(0)
        activity = np.asarray(self.columns[:, opened].sum(axis=1)).ravel()
        over, under = activity - self.high, activity - self.low
        idle = np.where(over > 0, over, np.where(under < 0, under, 0.0))
        return np.where(row_price > 0, over, np.where(row_price < 0, under, idle))

    def clipped(self, row_price: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take away prices on bounds that a row does not have."""
        least = np.where(np.isfinite(self.low), -np.inf, 0.0)
        most = np.where(np.isfinite(self.high), np.inf, 0.0)
        return np.asarray(np.clip(row_price, least, most))

    def undecided(self, is_open: NDArray[np.bool_], is_shut: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
        """Decide the free sites that a row leaves no choice, in place, until none is left.

        Returns
        -------
        ndarray of bool, shape (n_sites,), or None
            The sites that stay free; None if a row can no longer be kept.
        """
        while True:
            free = ~(is_open | is_shut)
            if not len(self):
                return free
            fixed = self.factors @ is_open.astype(np.float64)
            up, down = self.factors.maximum(0), self.factors.minimum(0)
            least, most = fixed + down @ free.astype(np.float64), fixed + up @ free.astype(np.float64)
            if ((least > self.high) | (most < self.low)).any():
                return None
            # opening or shutting a free site moves the least or the most of a row by its factor
            at = self.factors.tocoo()
            row, site, factor = at.row, at.col, at.data
            gain, cut = np.maximum(factor, 0), np.minimum(factor, 0)
            no_open = (least[row] + gain > self.high[row]) | (most[row] + cut < self.low[row])
            no_shut = (least[row] - cut > self.high[row]) | (most[row] - gain < self.low[row])
            must_shut, must_open = np.zeros_like(free), np.zeros_like(free)
            must_shut[site[no_open]] = True
            must_open[site[no_shut]] = True
            must_shut &= free
            must_open &= free
            if (must_shut & must_open).any():
                return None
            if not (must_shut.any() or must_open.any()):
                return free
            is_shut |= must_shut
            is_open |= must_open


def float_rows(side: SiteRows) -> FloatRows:
    """Scale side conditions; a row without factors stays as it is."""
    largest = np.asarray(abs(side.rows).max(axis=1).toarray()).ravel().astype(np.float64) if len(side) else np.ones(0)
    scale = 1.0 / np.where(largest > 0, largest, 1.0)
    factors = csr_array(diags_array(scale) @ side.rows.astype(np.float64)) if len(side) else csr_array(side.rows.shape)
    factors.sum_duplicates()
    factors.eliminate_zeros()
    return FloatRows(
        factors=factors,
        columns=csc_array(factors),
        low=np.where(side.lower <= -NO_BOUND, -np.inf, side.lower * scale - _SLACK),
        high=np.where(side.upper >= NO_BOUND, np.inf, side.upper * scale + _SLACK),
    )
