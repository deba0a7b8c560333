"""The kernels of the p-median on whole arrays: the reference of the tests, and what serves without numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["add_savings", "count_served", "swap_to_local_optimum"]


def swap_to_local_optimum(
    cost: NDArray[np.float64],
    opened: NDArray[np.int64],
    movable: NDArray[np.bool_],
    order: NDArray[np.int64],
    first: NDArray[np.int64],
    row: NDArray[np.int64],
    factor: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    least: float,
    most_tried: int,
) -> tuple[float, int]:
    """Swap as `rescuesim.siting.medians.kernels.swap_to_local_optimum` does, swap by swap in the same order."""

    def rows_kept(sites: NDArray[np.int64]) -> bool:
        activity = np.zeros(len(low))
        for site in sites:
            np.add.at(activity, row[first[site] : first[site + 1]], factor[first[site] : first[site + 1]])
        return bool(((activity >= low) & (activity <= high)).all())

    value = float(cost[opened].min(axis=0).sum())
    since, turn, tried = 0, 0, 0
    while since < len(order) and tried < most_tried:
        site = order[turn % len(order)]
        turn, since = turn + 1, since + 1
        if site in opened:
            continue
        tried += 1
        best, best_slot = -least, -1
        for slot in np.flatnonzero(movable[opened]):
            swapped = opened.copy()
            swapped[slot] = site
            change = float(cost[swapped].min(axis=0).sum()) - value
            if change < best and rows_kept(swapped):
                best, best_slot = change, int(slot)
        if best_slot >= 0:
            opened[best_slot] = site
            value, since = float(cost[opened].min(axis=0).sum()), 0
    return value, tried


def add_savings(
    first: NDArray[np.int64],
    point: NDArray[np.int32],
    cost: NDArray[np.float64],
    price: NDArray[np.float64],
    among: NDArray[np.int64],
    saving: NDArray[np.float64],
) -> None:
    """Sum up savings as `rescuesim.siting.medians.kernels.add_savings` does."""
    site = np.repeat(np.arange(len(saving)), np.diff(first))
    saving[among] = np.bincount(site, np.minimum(cost - price[point], 0.0), len(saving))[among]


def count_served(
    first: NDArray[np.int64],
    point: NDArray[np.int32],
    cost: NDArray[np.float64],
    price: NDArray[np.float64],
    chosen: NDArray[np.int64],
    count: NDArray[np.float64],
) -> None:
    """Count sites below the price as `rescuesim.siting.medians.kernels.count_served` does."""
    count[:] = 0.0
    for site in chosen:
        some = slice(first[site], first[site + 1])
        count[point[some][cost[some] < price[point[some]]]] += 1.0
