"""Covers of least cost without further side conditions: search and bound in turns, until they meet or stand still.

For any prices of rows of 0 or more, no cover costs less than the sum of the prices plus, over all sites, what is
negative of their reduced costs, cost less the prices of the rows that they cover: weak duality. Where costs are whole
numbers the bound is the next whole one.

References
----------
Gao, C., Yao, X., Weise, T., Li, J. (2015). An efficient local search heuristic with row weighting for the unicost set
covering problem. European Journal of Operational Research 246(3), 750-761. doi:10.1016/j.ejor.2015.05.038
Chambolle, A., Pock, T. (2011). A first-order primal-dual algorithm for convex problems. Journal of Mathematical
Imaging and Vision 40, 120-145. doi:10.1007/s10851-010-0251-1
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.siting.covering.cover import Cover, kernel
from rescuesim.siting.covering.local_search import compressed
from rescuesim.siting.covering.whole_numbers import WholeNumbers
from rescuesim.siting.found import Run

__all__ = ["LeastCover", "whole_bound"]

_SLACK = 1e-11  # of the sum of all terms, for their rounding
_STEPS = 100  # of the relaxation a round
_LAP = 300  # steps after which it goes on from their average
_SEARCH = 1_000  # steps of the search in the first round; twice as many in the next, up to
_MOST_SEARCH = 4_000
_STALE = 4  # rounds without a cheaper cover and with a bound that hardly moves
_MOVES = 5e-4  # of the bound, in a round
_MOST_ROUNDS = 8
_MANY = 800_000  # entries of a cover whose model keeps the solver busy for longer than more rounds take
_MOST_ROUNDS_OF_MANY = 40


class LeastCover:
    """A cover of least cost: the cheapest found, the bound, and reduced costs.

    Parameters
    ----------
    cover : Cover
        Every row has a site; side conditions and statuses are not looked at.
    cost : ndarray of float64, shape (n_sites,)
        0 or more.
    opened : ndarray of bool, shape (n_sites,)
        Covers all rows.
    whole : WholeNumbers
        The costs of all sites of the problem as whole numbers.
    seed : int, optional
    engine : {'auto', 'plain'}, optional
        The plain one takes the same steps of the relaxation, and does not search.

    Attributes
    ----------
    opened : ndarray of bool, shape (n_sites,)
        The cheapest cover.
    value, bound : float
        What it costs, and what no cover costs less than.
    reduced : ndarray of float64, shape (n_sites,)
        A cover that opens a site of positive reduced cost costs at least `relaxed` plus it.
    relaxed : float
        The bound before it is made whole.

    Examples
    --------
    >>> from rescuesim.siting.covering.whole_numbers import whole_numbers
    >>> from rescuesim.siting.found import Clock
    >>> from rescuesim.siting.site_rows import no_rows
    >>> ring = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]])
    >>> cover = Cover.of(ring, np.ones(3), rows=no_rows(3))
    >>> least = LeastCover(cover, np.ones(3), np.ones(3, dtype=bool), whole_numbers(np.ones(3)))
    >>> least.improve(Run(clock=Clock(limit_s=60.0)), share=0.5)
    >>> least.value, least.bound, round(least.relaxed, 2)
    (2.0, 2.0, 1.5)
    """

    def __init__(
        self,
        cover: Cover,
        cost: NDArray[np.float64],
        opened: NDArray[np.bool_],
        whole: WholeNumbers,
        *,
        seed: int = 0,
        engine: str = "auto",
    ) -> None:
        covers = cover.covers
        self._a, self._t = covers.astype(np.float64), csr_array(covers.T.astype(np.float64))
        self._t.sort_indices()
        self._by = (*compressed(self._a), *compressed(self._t))
        self._search: Any = kernel("least_kernels", "weighting_search") if engine == "auto" else None
        self._steps: Any = (kernel("least_kernels", "least_cover_steps") if engine == "auto" else None) or plain_steps
        self.cost, self._whole = cost.astype(np.float64), whole
        self.opened, self.value = opened.copy(), float(cost[opened].sum())
        n, m = cover.n_sites, cover.n_groups
        self._scale = 5.0 * max(self.value, 1e-9) / max(m, 1)
        self._least = 1e-12 * max(float(cost.sum()), 1e-300)
        self._random = np.array([seed % 2**63], dtype=np.uint64)
        self._weight = np.ones(m, dtype=np.int64)
        self._now, self._fresh = opened.copy(), np.ones(n, dtype=np.bool_)
        self._turned_at, self._searched = np.zeros(n, dtype=np.int64), 0
        self.bound, self.relaxed, self.reduced = 0.0, -math.inf, np.zeros(n)
        self._x, self._price = np.full(n, opened.mean() if n else 0.0), np.full(m, self._scale / 5.0)
        self._restart(self._x, self._price)

    def _restart(self, x: NDArray[np.float64], price: NDArray[np.float64]) -> None:
        self._x, self._price = x.copy(), price.copy()
        self._cover = np.asarray(self._a @ x)
        self._x_sum, self._price_sum, self._since = np.zeros_like(x), np.zeros_like(price), 0

    def search(self, n_steps: int) -> None:
        """Look for cheaper covers."""
        if self._search is not None:
            self._search(
                *self._by, self.cost, self._least, self.opened, self._now, self._fresh, self._turned_at, self._weight,
                self._random, self._searched, n_steps,
            )  # fmt: skip
            self._searched += n_steps
            self.value = float(self.cost[self.opened].sum())

    def advance(self, n_steps: int) -> None:
        """Take steps of the relaxation and keep the best bound."""
        self._steps(
            n_steps, *self._by, self.cost, self._scale, self._x, self._price, self._cover, self._price_sum, self._x_sum
        )
        self._since += n_steps
        mean = self._price_sum / self._since
        self._look(self._price)
        self._look(mean)
        if self._since >= _LAP:
            self._restart(self._x_sum / self._since, mean)

    def _look(self, price: NDArray[np.float64]) -> None:
        """Take the bound of prices if it is better."""
        price = np.maximum(price, 0.0)
        reduced = self.cost - self._t @ price
        lost = np.minimum(reduced, 0.0)
        size = float(price.sum() + np.abs(reduced).sum() + self.cost.sum())
        relaxed = math.fsum(price.tolist()) + math.fsum(lost.tolist()) - _SLACK * size
        if relaxed > self.relaxed:
            self.relaxed, self.reduced = relaxed, reduced
            self.bound = max(whole_bound(relaxed, self._whole), 0.0)

    def is_closed(self, relative_gap: float) -> bool:
        """Whether cover and bound are near enough; exactly, where no gap is allowed."""
        return self.value - self.bound <= max(relative_gap * self.value, self._least)

    def improve(self, run: Run, share: float) -> None:
        """Search and bound in rounds, at the same time where there are two workers.

        Parameters
        ----------
        run : Run
            The search follows from its seed, not from its workers.
        share : float
            Of the time that is left.
        """
        until_s = run.clock.elapsed_s() + share * run.clock.left_s()
        n_steps, stale = _SEARCH, 0
        with ThreadPoolExecutor(1) as beside:
            for _ in range(_MOST_ROUNDS if self._a.nnz <= _MANY else _MOST_ROUNDS_OF_MANY):
                value, relaxed = self.value, self.relaxed
                other = beside.submit(self.advance, _STEPS) if run.workers > 1 else None
                self.search(n_steps)
                if other is not None:
                    other.result()
                else:
                    self.advance(_STEPS)
                moved = self.relaxed > relaxed + _MOVES * abs(relaxed)
                stale = 0 if self.value < value or moved else stale + 1
                n_steps = min(2 * n_steps, _MOST_SEARCH)
                if self.is_closed(run.relative_gap) or stale >= _STALE or run.clock.elapsed_s() > until_s:
                    break

    def hopeless(self) -> NDArray[np.bool_]:
        """Mark the sites that no cheaper cover opens; shape (n_sites,)."""
        unit = 1.0 / self._whole.scale if self._whole.exact else 0.0
        margin = 1e-9 * max(self.value, 1.0)
        return np.asarray(self.relaxed + self.reduced > self.value - unit + margin)


def whole_bound(bound: float, whole: WholeNumbers) -> float:
    """Return a lower bound on a sum of costs as the next sum that there can be.

    Examples
    --------
    >>> from rescuesim.siting.covering.whole_numbers import whole_numbers
    >>> whole_bound(53.3, whole_numbers(np.ones(3))), whole_bound(1.01, whole_numbers(np.array([0.5, 2.0])))
    (54.0, 1.1)
    """
    if not whole.exact or not math.isfinite(bound):
        return bound
    return math.ceil(bound * whole.scale - 1e-12 * abs(bound * whole.scale)) / whole.scale


def plain_steps(
    n_steps: int, indptr: Any, indices: Any, t_indptr: Any, t_indices: Any, cost: Any, scale: float, x: Any,
    price: Any, cover: Any, price_sum: Any, x_sum: Any,
) -> None:  # fmt: skip
    """Take steps as `least_kernels.least_cover_steps`: its reference, and what serves without numba."""
    n_rows, n_sites = len(price), len(x)
    a = csr_array((np.ones(len(indices)), indices, indptr), shape=(n_rows, n_sites))
    t = csr_array((np.ones(len(t_indices)), t_indices, t_indptr), shape=(n_sites, n_rows))
    step = 1.0 / (scale * np.maximum(np.diff(t_indptr), 1))
    dual_step = scale / np.maximum(np.diff(indptr), 1)
    for _ in range(n_steps):
        x[:] = np.clip(x + step * (t @ price - cost), 0.0, 1.0)
        now = a @ x
        price[:] = np.maximum(price - dual_step * (2 * now - cover - 1), 0.0)
        cover[:] = now
        x_sum += x
        price_sum += price
