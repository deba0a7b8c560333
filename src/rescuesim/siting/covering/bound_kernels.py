"""Kernels of the bound: steps of the primal-dual hybrid gradient. The plain reference stands in `bound`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.travel.compiled import compiled

__all__ = ["primal_dual_steps"]


@compiled
def _put_within(
    x: NDArray[np.float64],
    step: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    use: NDArray[np.float64],
    most: float,
) -> None:
    """Project x to the box and to ``use @ x <= most``, in the metric of 1 / step; written."""
    n = len(x)
    total, top = 0.0, 0.0
    for j in range(n):
        total += use[j] * min(max(x[j], low[j]), high[j])
        if use[j] > 0.0:
            top = max(top, (x[j] - low[j]) / (step[j] * use[j]))
    price = 0.0
    if total > most:
        below, above = 0.0, top
        for _ in range(50):
            price = 0.5 * (below + above)
            total = 0.0
            for j in range(n):
                total += use[j] * min(max(x[j] - price * step[j] * use[j], low[j]), high[j])
            if total > most:
                below = price
            else:
                above = price
        price = above
    for j in range(n):
        x[j] = min(max(x[j] - price * step[j] * use[j], low[j]), high[j])


@compiled
def primal_dual_steps(
    n_steps: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    t_indptr: NDArray[np.int64],
    t_indices: NDArray[np.int32],
    weight: NDArray[np.float64],
    dual_step: NDArray[np.float64],
    step: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    use: NDArray[np.float64],
    most: float,
    side_indptr: NDArray[np.int64],
    side_indices: NDArray[np.int32],
    side_factors: NDArray[np.float64],
    side_lower: NDArray[np.float64],
    side_upper: NDArray[np.float64],
    side_step: NDArray[np.float64],
    x: NDArray[np.float64],
    share: NDArray[np.float64],
    price: NDArray[np.float64],
    cover: NDArray[np.float64],
    activity: NDArray[np.float64],
    x_sum: NDArray[np.float64],
    share_sum: NDArray[np.float64],
    price_sum: NDArray[np.float64],
) -> None:
    """Take steps towards the saddle point of the linear relaxation; what is from `x` on is written.

    Parameters
    ----------
    n_steps : int
    indptr, indices, t_indptr, t_indices : ndarray
        Sites of each row, rows of each site.
    weight, dual_step : ndarray of float64, shape (n_rows,)
    step, low, high, use : ndarray of float64, shape (n_sites,)
        Length of steps, bounds of x, and the row ``use @ x <= most`` that x is kept in.
    most : float
    side_indptr, side_indices, side_factors, side_lower, side_upper, side_step : ndarray
        All other side conditions, by rows.
    x : ndarray of float64, shape (n_sites,)
    share : ndarray of float64, shape (n_rows,)
        Dual of a row as a share of its weight.
    price : ndarray of float64, shape (n_side,)
        Dual of the side conditions.
    cover, activity : ndarray of float64
        Rows times x.
    x_sum, share_sum, price_sum : ndarray of float64
        Sums over the steps.
    """
    n_sites, n_rows, n_side = len(x), len(weight), len(price)
    paid, pull = np.empty(n_rows), np.empty(n_sites)
    for _ in range(n_steps):
        for row in range(n_rows):
            paid[row] = weight[row] * share[row]
        pull[:] = 0.0
        for row in range(n_side):
            for k in range(side_indptr[row], side_indptr[row + 1]):
                pull[side_indices[k]] -= side_factors[k] * price[row]
        for site in range(n_sites):
            total = pull[site]
            for k in range(t_indptr[site], t_indptr[site + 1]):
                total += paid[t_indices[k]]
            x[site] += step[site] * total
        _put_within(x, step, low, high, use, most)
        for row in range(n_rows):
            total = 0.0
            for k in range(indptr[row], indptr[row + 1]):
                total += x[indices[k]]
            share[row] = min(max(share[row] - dual_step[row] * (2.0 * total - cover[row] - 1.0), 0.0), 1.0)
            cover[row] = total
            share_sum[row] += share[row]
        for row in range(n_side):
            total = 0.0
            for k in range(side_indptr[row], side_indptr[row + 1]):
                total += side_factors[k] * x[side_indices[k]]
            ahead = price[row] + side_step[row] * (2.0 * total - activity[row])
            nearest = min(max(ahead / side_step[row], side_lower[row]), side_upper[row])
            price[row] = ahead - side_step[row] * nearest
            activity[row] = total
            price_sum[row] += price[row]
        for site in range(n_sites):
            x_sum[site] += x[site]
