"""Bounds on coverage for all amounts at once: one set of prices bounds every right-hand side.

For any prices m in [0, w] of the groups of points, and with a(j) the amount that site j uses,

    covered weight <= sum (w - m) + max { sum_j x_j (sum of m over the points that j covers) : sum_j a_j x_j <= b }

and the last term, with x between 0 and 1, is a fractional knapsack: it is worked out for all b by one sort. The prices
are improved for one b after the other by subgradient steps; whatever they are, the bounds hold.

References
----------
Galvao, R. D., ReVelle, C. (1996). A Lagrangean heuristic for the maximal covering location problem. European Journal
of Operational Research 88(1), 114-123. doi:10.1016/0377-2217(94)00159-6
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["SharedBounds"]

_SLACK = 1e-11  # of the sum of all terms, for their rounding


class SharedBounds:
    """Proved bounds on the covered weight for amounts of a resource.

    Parameters
    ----------
    covers : csr_array, shape (n_groups, n_sites)
        1 where a site covers a group.
    weight : ndarray of float64, shape (n_groups,)
    use : ndarray of float64, shape (n_sites,)
        Of the resource, 0 or more.
    must_open, must_close : ndarray of bool, shape (n_sites,)
    amounts : ndarray of float64, shape (n_amounts,)

    Attributes
    ----------
    bounds : ndarray of float64, shape (n_amounts,)

    Examples
    --------
    >>> covers = csr_array(np.array([[1, 0], [0, 1], [1, 1]]))
    >>> none = np.zeros(2, dtype=bool)
    >>> shared = SharedBounds(covers, np.array([3.0, 2.0, 1.0]), np.ones(2), none, none, np.array([1.0, 2.0]))
    >>> shared.improve(0, 4.0, n_steps=60)
    >>> (shared.bounds.round(2) + 0.0).tolist()
    [4.0, 6.0]
    """

    def __init__(
        self,
        covers: csr_array,
        weight: NDArray[np.float64],
        use: NDArray[np.float64],
        must_open: NDArray[np.bool_],
        must_close: NDArray[np.bool_],
        amounts: NDArray[np.float64],
    ) -> None:
        self._a = csr_array(covers.astype(np.float64))
        self._t = csr_array(self._a.T)
        self._weight, self._use, self._amounts = weight, use, amounts
        self._fixed, self._free = must_open, ~must_open & ~must_close
        self._prices = weight / np.maximum(np.asarray(self._a.sum(axis=1)).ravel(), 1.0)
        self._at_all = weight.sum()
        self.bounds = np.full(len(amounts), float(self._at_all))

    def _look(self, prices: NDArray[np.float64], at: int) -> tuple[float, NDArray[np.float64]]:
        """Bound all amounts by prices; return the bound of one and the plan that it is the value of."""
        worth = self._t @ prices
        free = np.flatnonzero(self._free & (worth > 0))
        with np.errstate(divide="ignore"):
            rate = worth[free] / self._use[free]
        order = free[np.argsort(-rate, kind="stable")]
        steps = np.concatenate([[0.0], np.cumsum(self._use[order])])
        gains = np.concatenate([[0.0], np.cumsum(worth[order])])
        left = self._amounts - self._use[self._fixed].sum()
        base = float((self._weight - prices).sum() + worth[self._fixed].sum())
        # sites that use nothing come first: their steps are of length 0, and the last of them counts
        first = np.searchsorted(steps, 0.0, side="right") - 1
        knapsack = np.interp(np.maximum(left, 0.0), steps[first:], gains[first:])
        slack = _SLACK * (self._at_all + float(np.abs(worth).sum()))
        found = base + knapsack + slack
        self.bounds = np.minimum(self.bounds, found)
        x = self._fixed.astype(np.float64)
        room = max(float(left[at]), 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(self._use[order] > 0, (room - steps[:-1]) / self._use[order], 1.0)
        x[order] = np.clip(share, 0.0, 1.0)
        return float(found[at]), x

    def improve(self, at: int, value: float, *, n_steps: int = 200, enough: float = 0.0) -> None:
        """Improve the prices for one amount.

        Parameters
        ----------
        at : int
            Index of the amount.
        value : float
            Of a plan that is known for it.
        n_steps : int, optional
        enough : float, optional
            Stop when the bound is so close to the value, as a share of it.
        """
        prices, length, since = self._prices.copy(), 1.0, 0
        best, kept = np.inf, prices
        for _ in range(n_steps):
            bound, x = self._look(prices, at)
            if bound < best - 1e-4 * abs(best - value) or not np.isfinite(best):
                best, kept, since = bound, prices, 0
            else:
                since += 1
                if since >= 10:
                    length, since, prices = length / 2, 0, kept
            if self.bounds[at] - value <= enough * abs(value) or length < 1e-3:
                break
            slope = np.asarray(self._a @ x) - 1.0
            norm = float(slope @ (slope * self._weight))
            if norm <= 0:
                break
            # the step is longer for heavier groups, whose prices lie in a wider range
            prices = np.clip(prices - length * max(bound - value, 0.0) / norm * slope * self._weight, 0.0, self._weight)
        self._prices = kept
