"""The kernels of the swaps that keep the coverage on whole arrays: for tests, and for where numba is absent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_move", "weigh_moves"]


def weigh_moves(
    base: NDArray[np.float64],
    order: NDArray[np.int32],
    cover_first: NDArray[np.int64],
    cover_site: NDArray[np.int64],
    weight: NDArray[np.float64],
    there: NDArray[np.int64],
    change: NDArray[np.float64],
    covered: NDArray[np.float64],
) -> tuple[float, float]:
    """Weigh moves as `rescuesim.siting.mean_time_kernels.weigh_moves` does, one column after the other."""
    n_sites, n_points = base.shape
    covers = np.zeros((n_sites, n_points), dtype=np.bool_)
    covers[cover_site, np.repeat(np.arange(n_points), np.diff(cover_first))] = True
    now, reached = float(base[there].min(axis=0).sum()), float(weight[covers[there].any(axis=0)].sum())
    for k in range(len(there) + 1):
        others = np.delete(there, k) if k < len(there) else there
        near, covered_by = base[others].min(axis=0), covers[others].any(axis=0)
        change[:-1, k] = np.minimum(base, near).sum(axis=1) - now
        covered[:-1, k] = (covers | covered_by) @ weight - reached
        change[-1, k] = near.sum() - now
        covered[-1, k] = weight[covered_by].sum() - reached
    return now, reached


def best_move(
    change: NDArray[np.float64],
    covered: NDArray[np.float64],
    spare: float,
    price: float,
    there: NDArray[np.int64],
    may_open: NDArray[np.bool_],
    may_close: NDArray[np.bool_],
    room: bool,
    activity: NDArray[np.float64],
    first: NDArray[np.int64],
    row: NDArray[np.int64],
    factor: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    row_price: NDArray[np.float64],
    rests: NDArray[np.bool_],
    aspired: float,
) -> tuple[int, int]:
    """Choose a move as `rescuesim.siting.mean_time_kernels.best_move` does."""
    n_sites, n_there = len(may_open), len(there)
    factors = np.zeros((len(activity), n_sites + 1))
    factors[row, np.repeat(np.arange(n_sites), np.diff(first))] = factor
    leaving = np.append(there, n_sites)
    after = activity[:, None, None] + factors[:, :, None] - factors[:, None, leaving]
    broken = np.maximum(after - high[:, None, None], 0) + np.maximum(low[:, None, None] - after, 0)
    paid = np.tensordot(row_price, broken, axes=1)
    lacking = np.maximum(-spare - covered, 0.0)
    worth = change + price * lacking + paid
    allowed = np.append(may_open, True)[:, None] & np.append(may_close[there], True)[None, :]
    allowed[:-1, -1] &= room
    allowed[-1, -1] = False
    resting = np.append(rests, False)
    allowed &= ~(resting[:, None] | resting[leaving]) | ((paid == 0) & (spare + covered >= 0) & (change < aspired))
    worth = np.where(allowed, worth, np.inf)
    if not np.isfinite(worth).any():
        return -1, -1
    site, k = divmod(int(worth.argmin()), n_there + 1)
    return site if site < n_sites else -1, int(there[k]) if k < n_there else -1
