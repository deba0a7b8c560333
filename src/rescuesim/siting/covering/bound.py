"""Bound of the maximal covering problem: a primal-dual method for its relaxation, made safe by weak duality.

For any shares m in [0, 1] of the weights w and any prices v of the side conditions R x <= r,

    covered weight  <=  sum w (1 - m)  +  v r  +  max { (A' (w m) - R' v) x : low <= x <= high, a x <= b }

whatever the method did to find them; the last term, over one row that is kept, is a fractional knapsack. The same
numbers tell which sites every better plan opens or leaves shut.

References
----------
Chambolle, A., Pock, T. (2011). A first-order primal-dual algorithm for convex problems. Journal of Mathematical
Imaging and Vision 40, 120-145. doi:10.1007/s10851-010-0251-1
Applegate, D., et al. (2021). Practical large-scale linear programming using primal-dual hybrid gradient. NeurIPS 34.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.siting.covering.cover import Cover, kernel
from rescuesim.siting.covering.local_search import compressed
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["Certificate", "Relaxation"]

_SLACK = 1e-11  # of the sum of all terms, for their rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A proved bound and what it says of sites.

    Parameters
    ----------
    bound : float
        No plan covers more weight.
    reduced : ndarray of float64, shape (n_sites,)
        A plan that opens a site of negative value, or not one of positive value, covers at most ``bound - |value|``.
    """

    bound: float
    reduced: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Side:
    """Side conditions: one row that x is kept in, ``use @ x <= most``, and all others with prices."""

    use: NDArray[np.float64]
    most: float
    rows: csr_array
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


def _side(cover: Cover) -> _Side:
    """Choose the row that x is kept in: the longest of those that only take up to some amount."""
    given = cover.rows
    rows = csr_array(given.rows.astype(np.float64))
    lower = np.where(given.lower <= -NO_BOUND, -np.inf, given.lower).astype(np.float64)
    upper = np.where(given.upper >= NO_BOUND, np.inf, given.upper).astype(np.float64)
    use, most = np.zeros(cover.n_sites), 0.0
    size = np.diff(rows.indptr).astype(np.int64)
    takes = np.array([bool((rows.data[rows.indptr[r] : rows.indptr[r + 1]] >= 0).all()) for r in range(len(given))])
    able = np.flatnonzero(takes & np.isfinite(upper)) if len(given) else np.empty(0, dtype=np.int64)
    if len(able):
        chosen = int(able[np.argmax(size[able])])
        use, most = rows[[chosen]].toarray().ravel(), float(upper[chosen])
        upper[chosen] = np.inf
    priced = np.flatnonzero((np.isfinite(lower) | np.isfinite(upper)) & (size > 0))
    return _Side(use=use, most=most, rows=csr_array(rows[priced]), lower=lower[priced], upper=upper[priced])


class Relaxation:
    """The linear relaxation of a cover, solved step by step, with the best proved bound so far.

    Parameters
    ----------
    cover : Cover
        All weights above 0, all side conditions kept by some plan.
    start : ndarray of float64, shape (n_sites,), optional
        Values to start from.
    engine : {'auto', 'plain'}, optional

    Attributes
    ----------
    certificate : Certificate
    x : ndarray of float64, shape (n_sites,)
        The fractional plan that covers most; it keeps the priced side conditions approximately.
    value : float
        What it covers.
    """

    def __init__(self, cover: Cover, *, start: NDArray[np.float64] | None = None, engine: str = "auto") -> None:
        self.cover = cover
        self._steps: Any = (kernel("bound_kernels", "primal_dual_steps") if engine == "auto" else None) or plain_steps
        self._side = side = _side(cover)
        covers = cover.covers
        self._a, self._t = covers.astype(np.float64), csr_array(covers.T.astype(np.float64))
        self._t.sort_indices()
        self._low, self._high = cover.must_open.astype(np.float64), (~cover.must_close).astype(np.float64)
        degree = np.maximum(np.diff(covers.indptr), 1)
        pull = np.asarray(self._t @ cover.weight)
        pull = np.maximum(pull, 1e-6 * pull.max(initial=0.0) + np.finfo(np.float64).tiny)
        scale = self._prices(pull)
        self._dual_step = 1.0 / degree
        size = np.asarray(abs(side.rows).sum(axis=1)).ravel()
        self._side_step = scale / np.maximum(size, 1.0)
        self._step = 1.0 / (pull + np.asarray(abs(side.rows).T @ scale).ravel())
        self._share = np.full(cover.n_groups, 0.5)
        self._price = np.zeros(len(side.lower))
        x = self._kept(np.zeros(cover.n_sites) if start is None else start)
        self._restart(x, self._share, self._price)
        self.x, self.value = self._x.copy(), self._covered(self._x)
        self.certificate = Certificate(bound=math.inf, reduced=np.zeros(cover.n_sites))
        self._last_gap, self.n_steps = math.inf, 0
        self._check(self._x, self._share, self._price)

    def inherit(self, parent: Relaxation, group: NDArray[np.int64], x: NDArray[np.float64]) -> None:
        """Go on from where the relaxation of a larger core stopped.

        Parameters
        ----------
        parent : Relaxation
        group : ndarray of int64
            Row here of each row of the parent, -1 for none.
        x : ndarray of float64, shape (n_sites,)
        """
        here = group >= 0
        weight = parent.cover.weight[here]
        paid = np.bincount(group[here], weights=weight * parent._share[here], minlength=self.cover.n_groups)
        price = parent._price if parent._price.shape == self._price.shape else self._price
        self._restart(self._kept(x), paid / self.cover.weight, price)
        self._check(self._x, self._share, self._price)

    def _kept(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the nearest values that keep statuses and the row that is kept."""
        side = self._side
        return np.asarray(_put_within(x, self._step, self._low, self._high, side.use, side.most))

    def _prices(self, pull: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the size that the price of each side condition may have, to be as strong as what sites cover."""
        rows = self._side.rows
        factors = np.maximum(abs(rows).max(axis=1).toarray().ravel() if rows.nnz else np.zeros(rows.shape[0]), 1.0)
        return np.asarray(np.mean(pull) / factors) if len(pull) else factors

    def _restart(self, x: NDArray[np.float64], share: NDArray[np.float64], price: NDArray[np.float64]) -> None:
        self._x, self._share, self._price = x.copy(), share.copy(), price.copy()
        self._cover, self._activity = np.asarray(self._a @ x), np.asarray(self._side.rows @ x)
        self._x_sum, self._share_sum, self._price_sum = np.zeros_like(x), np.zeros_like(share), np.zeros_like(price)
        self._since = 0

    def _covered(self, x: NDArray[np.float64]) -> float:
        return float(np.minimum(self._a @ x, 1.0) @ self.cover.weight)

    @property
    def gap(self) -> float:
        """Distance of the bound and the fractional plan as a share of the bound; below 0 while prices are rough."""
        bound = self.certificate.bound
        return (bound - self.value) / bound if bound > 0 else 0.0

    def advance(self, n_steps: int) -> None:
        """Take some steps and keep the better bound and the better fractional plan."""
        side = self._side
        self._steps(
            n_steps, *compressed(self._a), *compressed(self._t), self.cover.weight, self._dual_step, self._step,
            self._low, self._high, side.use, side.most, *compressed(side.rows), side.rows.data, side.lower, side.upper,
            self._side_step, self._x, self._share, self._price, self._cover, self._activity, self._x_sum,
            self._share_sum, self._price_sum,
        )  # fmt: skip
        self._since += n_steps
        self.n_steps += n_steps
        mean = self._x_sum / self._since, self._share_sum / self._since, self._price_sum / self._since
        now = self._check(self._x, self._share, self._price)
        averaged = self._check(*mean)
        # restart from the average once it has halved the gap, as in PDLP
        if self._since >= 400 or (self._since >= 40 and min(now, averaged) < 0.5 * self._last_gap):
            self._last_gap = min(now, averaged)
            self._restart(*(mean if averaged <= now else (self._x, self._share, self._price)))

    def _check(self, x: NDArray[np.float64], share: NDArray[np.float64], price: NDArray[np.float64]) -> float:
        """Keep bound and plan of a pair if they are better; return how far they are apart."""
        found = self.certified(share, price)
        if found.bound < self.certificate.bound:
            self.certificate = found
        value = self._covered(x)
        if value > self.value:
            self.x, self.value = x.copy(), value
        return found.bound - value

    def certified(self, share: NDArray[np.float64], price: NDArray[np.float64]) -> Certificate:
        """Work out the bound that any duals prove.

        Parameters
        ----------
        share : ndarray of float64, shape (n_groups,)
        price : ndarray of float64, shape (n_priced,)
        """
        side, weight = self._side, self.cover.weight
        share = np.clip(share, 0.0, 1.0)
        price = np.where(np.isfinite(side.upper), price, np.minimum(price, 0.0))
        price = np.where(np.isfinite(side.lower), price, np.maximum(price, 0.0))
        paid = np.where(price > 0, np.where(np.isfinite(side.upper), side.upper, 0), 0) * price
        paid = paid + np.where(price < 0, np.where(np.isfinite(side.lower), side.lower, 0), 0) * price
        worth = self._t @ (weight * share) - side.rows.T @ price
        rate, most = _knapsack(worth, side.use, self._low, self._high, side.most)
        reduced = worth - rate * side.use
        terms = np.concatenate([weight * (1 - share), paid, np.maximum(reduced, 0) * self._high, [rate * side.most]])
        fixed = np.minimum(reduced, 0) * self._low
        slack = _SLACK * float(np.abs(terms).sum() + np.abs(fixed).sum() + weight.sum() + most)
        reduced = np.where((self._low > 0) | (self._high < 1), 0.0, reduced)
        return Certificate(bound=math.fsum(terms.tolist()) + float(fixed.sum()) + slack, reduced=reduced)


def _knapsack(
    worth: NDArray[np.float64],
    use: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    most: float,
) -> tuple[float, float]:
    """Return the price of the kept row where worth x is largest, and the size of the terms."""
    left = most - float(use @ low)
    free = np.flatnonzero((worth > 0) & (use > 0) & (high > low))
    ratio = worth[free] / use[free]
    order = np.argsort(-ratio, kind="stable")
    taken = np.cumsum(use[free][order])
    over = int(np.searchsorted(taken, left, side="right"))
    size = float(np.abs(worth).sum())
    if over >= len(order):
        return 0.0, size
    return float(ratio[order[over]]), size


def plain_steps(
    n_steps: int, indptr: Any, indices: Any, t_indptr: Any, t_indices: Any, weight: Any, dual_step: Any, step: Any,
    low: Any, high: Any, use: Any, most: float, side_indptr: Any, side_indices: Any, side_factors: Any,
    side_lower: Any, side_upper: Any, side_step: Any, x: Any, share: Any, price: Any, cover: Any, activity: Any,
    x_sum: Any, share_sum: Any, price_sum: Any,
) -> None:  # fmt: skip
    """Take steps as `bound_kernels.primal_dual_steps`: its reference, and what serves without numba."""
    n_rows, n_sites, n_side = len(weight), len(x), len(price)
    a = csr_array((np.ones(len(indices)), indices, indptr), shape=(n_rows, n_sites))
    t = csr_array((np.ones(len(t_indices)), t_indices, t_indptr), shape=(n_sites, n_rows))
    side = csr_array((side_factors, side_indices, side_indptr), shape=(n_side, n_sites))
    for _ in range(n_steps):
        x[:] = _put_within(x + step * (t @ (weight * share) - side.T @ price), step, low, high, use, most)
        now = a @ x
        share[:] = np.clip(share - dual_step * (2 * now - cover - 1), 0, 1)
        cover[:] = now
        now = side @ x
        ahead = price + side_step * (2 * now - activity)
        price[:] = ahead - side_step * np.clip(ahead / side_step, side_lower, side_upper)
        activity[:] = now
        x_sum += x
        share_sum += share
        price_sum += price


def _put_within(v: Any, step: Any, low: Any, high: Any, use: Any, most: float) -> Any:
    """Project to the box and the kept row, in the metric of 1 / step."""
    if use @ np.clip(v, low, high) <= most:
        return np.clip(v, low, high)
    below, above = 0.0, float(((v - low)[use > 0] / (step * use)[use > 0]).max(initial=0.0))
    for _ in range(50):
        rate = 0.5 * (below + above)
        if use @ np.clip(v - rate * step * use, low, high) > most:
            below = rate
        else:
            above = rate
    return np.clip(v - above * step * use, low, high)
