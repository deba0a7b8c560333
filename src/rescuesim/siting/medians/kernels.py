"""Compiled kernels of the p-median; `plain` has the same functions on whole arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.travel.compiled import compiled

__all__ = ["add_savings", "count_served", "swap_to_local_optimum"]


@compiled
def _two_nearest(
    cost: NDArray[np.float64],
    opened: NDArray[np.int64],
    point: int,
    near: NDArray[np.int64],
    second: NDArray[np.int64],
    near_cost: NDArray[np.float64],
    second_cost: NDArray[np.float64],
) -> None:
    """Find the slots of the nearest and the second open site of a point; of equals the first."""
    one, other, slot_one, slot_other = np.inf, np.inf, -1, -1
    for slot in range(len(opened)):
        value = cost[opened[slot], point]
        if value < one:
            other, slot_other, one, slot_one = one, slot_one, value, slot
        elif value < other:
            other, slot_other = value, slot
    near[point], second[point], near_cost[point], second_cost[point] = slot_one, slot_other, one, other


@compiled
def _keeps_rows(
    activity: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    first: NDArray[np.int64],
    row: NDArray[np.int64],
    factor: NDArray[np.float64],
    comes: int,
    goes: int,
    apply: bool,
) -> bool:
    """Whether all rows are kept when one site takes the place of another; if asked, keep the new activity."""
    for at in range(first[comes], first[comes + 1]):
        activity[row[at]] += factor[at]
    for at in range(first[goes], first[goes + 1]):
        activity[row[at]] -= factor[at]
    kept = True
    for site in (comes, goes):
        for at in range(first[site], first[site + 1]):
            if activity[row[at]] > high[row[at]] or activity[row[at]] < low[row[at]]:
                kept = False
    if not (kept and apply):
        for at in range(first[comes], first[comes + 1]):
            activity[row[at]] -= factor[at]
        for at in range(first[goes], first[goes + 1]):
            activity[row[at]] += factor[at]
    return kept


@compiled
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
    """Swap an open site for a shut one as soon as that pays, until no swap pays (FasterPAM's eager swaps).

    Each shut site is tried against all open ones at once, in one pass over the points.

    Parameters
    ----------
    cost : ndarray of float64, shape (n_sites, n_points)
        Finite.
    opened : ndarray of int64, shape (n_open,)
        Two sites or more; changed in place.
    movable : ndarray of bool, shape (n_sites,)
        Open sites that may be shut.
    order : ndarray of int64
        Shut sites that may be opened, in the order in which they are tried.
    first, row, factor : ndarray
        Side conditions by site: rows and factors of site j stand at ``first[j]:first[j + 1]``.
    low, high : ndarray of float64, shape (n_rows,)
    least : float
        A swap must save more than this.
    most_tried : int
        Sites tried at most.

    Returns
    -------
    cost : float
        Of the local optimum.
    tried : int

    References
    ----------
    Schubert, E., Rousseeuw, P. J. (2021). Fast and eager k-medoids clustering. Information Systems 101, 101804.
    doi:10.1016/j.is.2021.101804
    """
    n_sites, n_points = cost.shape
    n_open = len(opened)
    near, second = np.empty(n_points, dtype=np.int64), np.empty(n_points, dtype=np.int64)
    near_cost, second_cost = np.empty(n_points), np.empty(n_points)
    for point in range(n_points):
        _two_nearest(cost, opened, point, near, second, near_cost, second_cost)
    is_open = np.zeros(n_sites, dtype=np.bool_)
    activity = np.zeros(len(low))
    for slot in range(n_open):
        is_open[opened[slot]] = True
        for at in range(first[opened[slot]], first[opened[slot] + 1]):
            activity[row[at]] += factor[at]
    loss, change = np.zeros(n_open), np.empty(n_open)
    for point in range(n_points):
        loss[near[point]] += second_cost[point] - near_cost[point]
    since, at_site, tried = 0, 0, 0
    while since < len(order) and tried < most_tried:
        site = order[at_site]
        at_site = at_site + 1 if at_site + 1 < len(order) else 0
        since += 1
        if is_open[site]:
            continue
        tried += 1
        saved = 0.0
        change[:] = loss
        for point in range(n_points):
            value = cost[site, point]
            if value < near_cost[point]:
                saved += near_cost[point] - value
                change[near[point]] += near_cost[point] - second_cost[point]
            elif value < second_cost[point]:
                change[near[point]] += value - second_cost[point]
        best, best_slot = -least, -1
        for slot in range(n_open):
            if (
                change[slot] - saved < best
                and movable[opened[slot]]
                and _keeps_rows(activity, low, high, first, row, factor, site, opened[slot], False)
            ):
                best, best_slot = change[slot] - saved, slot
        if best_slot < 0:
            continue
        goes = opened[best_slot]
        _keeps_rows(activity, low, high, first, row, factor, site, goes, True)
        is_open[goes], is_open[site], opened[best_slot] = False, True, site
        for point in range(n_points):
            value = cost[site, point]
            if near[point] == best_slot or second[point] == best_slot:
                _two_nearest(cost, opened, point, near, second, near_cost, second_cost)
            elif value < near_cost[point]:
                second[point], second_cost[point] = near[point], near_cost[point]
                near[point], near_cost[point] = best_slot, value
            elif value < second_cost[point]:
                second[point], second_cost[point] = best_slot, value
        loss[:] = 0.0
        for point in range(n_points):
            loss[near[point]] += second_cost[point] - near_cost[point]
        since = 0
    return near_cost.sum(), tried


@compiled
def add_savings(
    first: NDArray[np.int64],
    point: NDArray[np.int32],
    cost: NDArray[np.float64],
    price: NDArray[np.float64],
    among: NDArray[np.int64],
    saving: NDArray[np.float64],
) -> None:
    """Sum up, for some sites, what they cost less than the prices of the points; never above 0.

    Parameters
    ----------
    first, point, cost : ndarray
        Points and costs of site j stand at ``first[j]:first[j + 1]``.
    price : ndarray of float64, shape (n_points,)
    among : ndarray of int64
        The sites.
    saving : ndarray of float64, shape (n_sites,)
        Filled for them.
    """
    for site in among:
        total = 0.0
        for at in range(first[site], first[site + 1]):
            below = cost[at] - price[point[at]]
            if below < 0:
                total += below
        saving[site] = total


@compiled
def count_served(
    first: NDArray[np.int64],
    point: NDArray[np.int32],
    cost: NDArray[np.float64],
    price: NDArray[np.float64],
    chosen: NDArray[np.int64],
    count: NDArray[np.float64],
) -> None:
    """Count for each point the chosen sites that cost less than its price; arguments as in `add_savings`."""
    count[:] = 0.0
    for site in chosen:
        for at in range(first[site], first[site + 1]):
            if cost[at] < price[point[at]]:
                count[point[at]] += 1.0
