"""Local search over plans that keep all side conditions: open, close, swap, kick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, diags_array

from rescuesim.siting.covering.cover import Cover, kernel
from rescuesim.siting.site_rows import SiteRows

__all__ = ["Searcher"]


@dataclass(frozen=True, slots=True)
class _Arrays:
    """A cover by rows and by sites, and the side conditions by sites, as kernels take them."""

    by_row: tuple[NDArray[np.int64], NDArray[np.int32]]
    by_site: tuple[NDArray[np.int64], NDArray[np.int32]]
    side: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]


def compressed(matrix: csr_array | csc_array) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return starts and indices of a sparse matrix in the types that kernels take."""
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)


class Searcher:
    """Local search on one cover.

    Parameters
    ----------
    cover : Cover
        All weights above 0.
    seed : int, optional
        Of the kicks.
    engine : {'auto', 'plain'}, optional
        The plain search, which also serves without numba, makes the best move of all until none gains and does not
        kick.
    """

    def __init__(self, cover: Cover, *, seed: int = 0, engine: str = "auto") -> None:
        self.cover = cover
        self._least = 1e-12 * max(float(cover.weight.sum()), 1e-300)
        self._random = np.array([seed % 2**63], dtype=np.uint64)
        self._kernel: Any = kernel("search_kernels", "search") if engine == "auto" else None
        covers = cover.covers
        by_site = covers.tocsc()
        by_site.sort_indices()
        side = csc_array(cover.rows.rows)
        side.sum_duplicates()
        self._arrays = _Arrays(
            by_row=compressed(covers), by_site=compressed(by_site), side=(*compressed(side), side.data.astype(np.int64))
        )

    def improved(
        self, opened: NDArray[np.bool_], *, moves: int, kicks: int = 0, patience: int = 0
    ) -> NDArray[np.bool_]:
        """Improve a plan.

        Parameters
        ----------
        opened : ndarray of bool, shape (n_sites,)
            Keeps statuses; rows that it breaks are made no worse.
        moves, kicks : int
            At most.
        patience : int, optional
            Sites to try after the first that gains.

        Returns
        -------
        ndarray of bool, shape (n_sites,)
            At least as good.
        """
        cover, plan = self.cover, opened.copy()
        may_open, may_close = ~cover.must_close, ~cover.must_open
        if self._kernel is None:
            return _plainly_improved(cover, plan, moves, self._least)
        arrays = self._arrays
        self._kernel(
            *arrays.by_row,
            *arrays.by_site,
            cover.weight,
            *arrays.side,
            cover.rows.lower,
            cover.rows.upper,
            may_open,
            may_close,
            plan,
            self._random,
            moves,
            kicks,
            patience,
            self._least,
        )
        return plan

    def filled(self, order: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Open sites in an order, from those that must be open, each if the side conditions allow it."""
        plan = self.cover.must_open.copy()
        order = order[~self.cover.must_close[order]]
        rows = self.cover.rows
        if self._kernel is None:
            for site in order.tolist():
                plan[site] |= _allowed(rows, plan, np.array([site]), None)[0]
            return plan
        fill: Any = kernel("search_kernels", "fill")
        fill(order, *self._arrays.side, rows.lower, rows.upper, plan)
        return plan


def _plainly_improved(cover: Cover, plan: NDArray[np.bool_], moves: int, least: float) -> NDArray[np.bool_]:
    """Make the best of all openings and swaps until none gains: the reference of the kernel."""
    for _ in range(moves):
        gain, opens, closes = best_move(cover, plan)
        if gain <= least:
            break
        plan[opens] = True
        if closes >= 0:
            plan[closes] = False
    return plan


def best_move(cover: Cover, plan: NDArray[np.bool_]) -> tuple[float, int, int]:
    """Find the site to open, and the one to close for it or -1, that gain most weight, by trying all.

    Returns
    -------
    gain : float
        0 with sites -1 if nothing gains.
    opens, closes : int
    """
    count = np.asarray(cover.covers @ plan.astype(np.int64))
    by_site = csr_array(cover.covers.T.astype(np.float64))
    adds = by_site @ np.where(count == 0, cover.weight, 0.0)
    new = np.flatnonzero(~plan & ~cover.must_close & (adds > 0))
    old = np.flatnonzero(plan & ~cover.must_open)
    best = (0.0, -1, -1)
    if not len(new):
        return best
    alone = np.where(count == 1, cover.weight, 0.0)
    loses = by_site @ alone
    both = (by_site[new] @ diags_array(alone) @ by_site[old].T).toarray() if len(old) else np.zeros((len(new), 0))
    free = _allowed(cover.rows, plan, new, None)
    for place, site in enumerate(new.tolist()):
        if free[place] and adds[site] > best[0]:
            best = (float(adds[site]), site, -1)
    gain = adds[new][:, None] - loses[old][None, :] + both
    for flat in np.argsort(-gain, axis=None, kind="stable"):
        place, at = divmod(int(flat), max(len(old), 1))
        if gain[place, at] <= best[0]:
            break
        if _allowed(cover.rows, plan, new[place : place + 1], int(old[at]))[0]:
            return float(gain[place, at]), int(new[place]), int(old[at])
    return best


def _allowed(rows: SiteRows, plan: NDArray[np.bool_], new: NDArray[np.int64], closes: int | None) -> NDArray[np.bool_]:
    """Say for sites whether all rows that change hold after each of them opens and another closes."""
    if not len(rows):
        return np.ones(len(new), dtype=np.bool_)
    activity = rows.rows @ plan.astype(np.int64)
    change = rows.rows[:, new].toarray()
    if closes is not None:
        change = change - rows.rows[:, [closes]].toarray()
    now = activity[:, None] + change
    too_much = (change > 0) & (now > rows.upper[:, None])
    too_little = (change < 0) & (now < rows.lower[:, None])
    return np.asarray(~(too_much | too_little).any(axis=0))
