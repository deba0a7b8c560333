"""Swaps that shorten the mean time and keep coverage and side conditions: plans that no price leads to.

The plans of one price after the other jump over the coverage that is to be kept; between two of them lie plans that
keep it and are quicker than the one that keeps too much. Under a tight budget no single swap leads from one such plan
to the next. So the search goes through plans that lack coverage or break a row, at a price that rises while they do and
falls while they do not, and does not move back at once what it has just moved.

References
----------
Glover, F. (1989). Tabu search, part I. ORSA Journal on Computing 1(3), 190-206. doi:10.1287/ijoc.1.3.190
Rolland, E., Schilling, D. A., Current, J. R. (1997). An efficient tabu search procedure for the p-median problem.
European Journal of Operational Research 96(2), 329-342. doi:10.1016/S0377-2217(96)00141-5
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from rescuesim.siting.medians.going import Going
from rescuesim.siting.medians.rows import FloatRows, float_rows
from rescuesim.siting.site_rows import SiteRows

__all__ = ["KeptSwaps"]

_PRICE_TURNS, _PRICE_STEP = 5, 1.1  # turns after which prices change, and by what
_PRICE_RANGE = 1e6  # of the first price, up and down
_REST_OPENED, _REST_CLOSED = 12, 6  # turns that a moved site stays, at least; at most twice as many
_SAVES = 1e-11  # of the time, that a better plan must save: sums in another order differ by less


@cache
def _kernels() -> ModuleType:
    """Return the compiled kernels, or the plain ones where numba cannot be loaded."""
    try:
        return importlib.import_module("rescuesim.siting.mean_time_kernels")
    except ImportError:
        return importlib.import_module("rescuesim.siting.mean_time_plain")


@dataclass(slots=True, kw_only=True)
class KeptSwaps:
    """Search by openings, closings and swaps, the best first.

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
    seed : int, optional
    """

    base: NDArray[np.float64]
    covers: NDArray[np.bool_]
    weight: NDArray[np.float64]
    at: float
    must_open: NDArray[np.bool_]
    must_close: NDArray[np.bool_]
    rows: SiteRows
    n_sites: int
    seed: int = 0
    _order: NDArray[np.int32] = field(init=False)
    _cover_first: NDArray[np.int64] = field(init=False)
    _cover_site: NDArray[np.int64] = field(init=False)
    _float_rows: FloatRows = field(init=False)
    _rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self._order = np.ascontiguousarray(np.argsort(self.base, axis=0, kind="stable").T.astype(np.int32))
        point, site = np.nonzero(self.covers.T)
        counts = np.bincount(point, minlength=len(self.weight))
        self._cover_first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self._cover_site = site.astype(np.int64)
        self._float_rows = float_rows(self.rows)
        self._rng = np.random.default_rng(self.seed)

    def improved(self, opened: NDArray[np.bool_], price: float, going: Going, *, turns: int) -> NDArray[np.bool_]:
        """Move for some turns, then swap from the best plan until no swap that keeps all is quicker.

        Parameters
        ----------
        opened : ndarray of bool, shape (n_sites,)
            Two sites or more, those that must be open among them; may lack coverage and break rows.
        price : float
            Of a unit of weight that is lacking, to begin with.
        going : Going
        turns : int

        Returns
        -------
        ndarray of bool, shape (n_sites,)
            The best plan met that keeps all; what was given if there was none.
        """
        if int(opened.sum()) < 2:
            return opened
        walk = _Walker(self, opened.copy(), max(price, 1e-3))
        for turn in range(turns):
            if not going() or not walk.moved(turn):
                break
        if walk.best is None:
            return opened
        last = _Walker(self, walk.best.copy(), max(price, 1e-3))
        while going() and last.stepped_down():
            pass
        return last.opened


class _Walker:
    """A plan on its way, and the best one met that keeps all."""

    def __init__(self, ground: KeptSwaps, opened: NDArray[np.bool_], price: float) -> None:
        self.ground, self.opened, self.price = ground, opened, price
        self.best: NDArray[np.bool_] | None = None
        self.best_time = np.inf
        n_sites, rows = len(opened), ground._float_rows
        self.change = self.covered = np.empty((0, 0))
        # to break a row by its largest factor costs, to begin with, about what a site saves
        first = float(ground.base[opened].min(axis=0).sum()) / int(opened.sum())
        self.row_price = np.full(len(rows), max(first, 1e-3))
        self.most, self.least = np.append(self.row_price, price) * _PRICE_RANGE, 1 / _PRICE_RANGE**2
        self.rests_until = np.zeros(n_sites, dtype=np.int64)
        self.factors = rows.columns

    def moved(self, turn: int) -> bool:
        """Make the best move at the prices of this turn; False if there is none."""
        rests = self.rests_until > turn
        time, spare, activity = self._weighed()
        self._noted(time, spare, activity)
        if turn % _PRICE_TURNS == 0:
            self._priced(spare, activity)
        comes, goes = self._chosen(spare, activity, self.price, self.row_price, rests, self.best_time - time)
        if comes < 0 and goes < 0:
            return bool(rests.any())  # those that rest may move later
        rng = self.ground._rng
        if comes >= 0:
            self.opened[comes] = True
            self.rests_until[comes] = turn + _REST_OPENED + rng.integers(_REST_OPENED)
        if goes >= 0:
            self.opened[goes] = False
            self.rests_until[goes] = turn + _REST_CLOSED + rng.integers(_REST_CLOSED)
        return True

    def stepped_down(self) -> bool:
        """Make the quickest move that keeps all, if it is quicker."""
        time, spare, activity = self._weighed()
        dear = 1e3 * max(abs(time), 1.0)
        # no move that gains is worth a broken row or a unit that is lacking
        none = np.ones(len(self.opened), dtype=np.bool_)
        comes, goes = self._chosen(spare, activity, dear, np.full(len(activity), dear), none, -_SAVES * abs(time))
        if comes >= 0:
            self.opened[comes] = True
        if goes >= 0:
            self.opened[goes] = False
        return comes >= 0 or goes >= 0

    def _weighed(self) -> tuple[float, float, NDArray[np.float64]]:
        """Weigh all moves; return time, weight covered beyond what must be, and activity of the rows."""
        ground, there = self.ground, np.flatnonzero(self.opened)
        shape = (len(self.opened) + 1, len(there) + 1)
        self.change, self.covered = np.empty(shape), np.empty(shape)
        time, reached = _kernels().weigh_moves(
            ground.base,
            ground._order,
            ground._cover_first,
            ground._cover_site,
            ground.weight,
            there,
            self.change,
            self.covered,
        )
        if len(there) <= 2:
            self.change[-1] = np.inf  # what is left would have no second site to weigh by
        return time, reached - ground.at, np.asarray(self.factors @ self.opened.astype(np.float64))

    def _noted(self, time: float, spare: float, activity: NDArray[np.float64]) -> None:
        rows = self.ground._float_rows
        keeps = spare >= 0 and bool(((activity >= rows.low) & (activity <= rows.high)).all())
        if keeps and int(self.opened.sum()) <= self.ground.n_sites and time < self.best_time - _SAVES * abs(time):
            self.best, self.best_time = self.opened.copy(), time

    def _priced(self, spare: float, activity: NDArray[np.float64]) -> None:
        """Raise the prices of what is lacking or broken, and lower those of what is not."""
        rows = self.ground._float_rows
        broken = (activity < rows.low) | (activity > rows.high)
        step = np.where(np.append(broken, spare < 0), _PRICE_STEP, 1 / _PRICE_STEP)
        prices = np.clip(np.append(self.row_price, self.price) * step, self.least * self.most, self.most)
        self.row_price, self.price = prices[:-1], float(prices[-1])

    def _chosen(
        self,
        spare: float,
        activity: NDArray[np.float64],
        price: float,
        row_price: NDArray[np.float64],
        rests: NDArray[np.bool_],
        aspired: float,
    ) -> tuple[int, int]:
        ground, rows, there = self.ground, self.ground._float_rows, np.flatnonzero(self.opened)
        comes, goes = _kernels().best_move(
            self.change,
            self.covered,
            spare,
            price,
            there,
            ~(self.opened | ground.must_close),
            self.opened & ~ground.must_open,
            len(there) < ground.n_sites,
            activity,
            rows.columns.indptr.astype(np.int64),
            rows.columns.indices.astype(np.int64),
            rows.columns.data,
            rows.low,
            rows.high,
            row_price,
            rests,
            aspired,
        )
        return int(comes), int(goes)
