"""Compiled kernels of the swaps that keep the coverage; `mean_time_plain` has the same functions on whole arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.travel.compiled import compiled

__all__ = ["best_move", "weigh_moves"]


@compiled
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
    """Work out what each opening, closing and swap changes in time and coverage.

    A point looks only at the sites that are nearer than its second open one, and at those that cover it.

    Parameters
    ----------
    base : ndarray of float64, shape (n_sites, n_points)
        Weighted times, finite.
    order : ndarray of int32, shape (n_points, n_sites)
        The sites of each point, nearest first.
    cover_first, cover_site : ndarray of int64
        The sites that cover point i stand at ``cover_first[i]:cover_first[i + 1]``.
    weight : ndarray of float64, shape (n_points,)
    there : ndarray of int64, shape (n_there,)
        Open sites, two or more.
    change, covered : ndarray of float64, shape (n_sites + 1, n_there + 1)
        Filled: weighted time and weight covered, in row j for the opening of site j and in column k for the closing of
        ``there[k]``; the last row opens nothing, the last column closes nothing. Rows of open sites mean nothing.

    Returns
    -------
    time, covered : float
        Of the open sites as they are.
    """
    n_sites, n_points = base.shape
    n_there = len(there)
    slot = np.full(n_sites, -1, dtype=np.int64)
    for k in range(n_there):
        slot[there[k]] = k
    change[:, :] = 0.0
    covered[:, :] = 0.0
    time, weight_covered = 0.0, 0.0
    for point in range(n_points):
        near, first, second = -1, 0.0, 0.0
        for rank in range(n_sites):
            site = order[point, rank]
            if slot[site] >= 0:
                if near < 0:
                    near, first = slot[site], base[site, point]
                else:
                    second = base[site, point]
                    break
        time += first
        change[n_sites, near] += second - first
        for rank in range(n_sites):
            site = order[point, rank]
            value = base[site, point]
            if value >= second:
                break
            if slot[site] >= 0:
                continue
            if value < first:
                change[site, n_there] += value - first
                change[site, near] += first - second
            else:
                change[site, near] += value - second
        count, sole = 0, -1
        for at in range(cover_first[point], cover_first[point + 1]):
            if slot[cover_site[at]] >= 0:
                count, sole = count + 1, slot[cover_site[at]]
        if count > 0:
            weight_covered += weight[point]
        if count == 0:
            for at in range(cover_first[point], cover_first[point + 1]):
                covered[cover_site[at], n_there] += weight[point]
        elif count == 1:
            covered[n_sites, sole] -= weight[point]
            for at in range(cover_first[point], cover_first[point + 1]):
                covered[cover_site[at], sole] += weight[point]
    for site in range(n_sites):
        if slot[site] < 0:
            for k in range(n_there):
                change[site, k] += change[site, n_there] + change[n_sites, k]
                covered[site, k] += covered[site, n_there] + covered[n_sites, k]
    return time, weight_covered


@compiled
def _row_price(
    activity: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    price: NDArray[np.float64],
) -> float:
    """Sum up what broken rows cost."""
    total = 0.0
    for row in range(len(activity)):
        if activity[row] > high[row]:
            total += price[row] * (activity[row] - high[row])
        elif activity[row] < low[row]:
            total += price[row] * (low[row] - activity[row])
    return total


@compiled
def _shift(
    activity: NDArray[np.float64],
    first: NDArray[np.int64],
    row: NDArray[np.int64],
    factor: NDArray[np.float64],
    site: int,
    sign: float,
) -> None:
    """Add a site to the activity of its rows, or take it away."""
    if site >= 0:
        for at in range(first[site], first[site + 1]):
            activity[row[at]] += sign * factor[at]


@compiled
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
    """Choose the move that is best when lacking coverage and broken rows have prices.

    Parameters
    ----------
    change, covered : ndarray of float64, shape (n_sites + 1, n_there + 1)
        As `weigh_moves` fills them.
    spare : float
        Weight that is covered beyond what must be; under 0 if some is lacking.
    price : float
        Of a unit of weight that is lacking.
    there : ndarray of int64, shape (n_there,)
        Open sites.
    may_open, may_close : ndarray of bool, shape (n_sites,)
        Shut sites that may be opened, open ones that may be closed.
    room : bool
        Whether a site may be opened for none.
    activity : ndarray of float64, shape (n_rows,)
        Of the rows as they are; as before in the end.
    first, row, factor : ndarray
        Rows by site: rows and factors of site j stand at ``first[j]:first[j + 1]``.
    low, high, row_price : ndarray of float64, shape (n_rows,)
    rests : ndarray of bool, shape (n_sites,)
        Sites that may not move, except to a plan that keeps all and changes the time by less than `aspired`.
    aspired : float

    Returns
    -------
    comes, goes : int
        Site to open and site to close, -1 for none; of equal moves the first by row, then by column, of `change`.
    """
    n_sites, n_there = len(may_open), len(there)
    now = _row_price(activity, low, high, row_price)
    lack = max(-spare, 0.0)
    best, comes, goes = np.inf, -1, -1
    for site in range(n_sites + 1):
        opens = site < n_sites
        if opens and not may_open[site]:
            continue
        for k in range(n_there + 1):
            closes = k < n_there
            if (closes and not may_close[there[k]]) or (not closes and (not opens or not room)):
                continue
            worth = change[site, k] + price * (max(-spare - covered[site, k], 0.0) - lack)
            if worth - now >= best:
                continue
            new, old = site if opens else -1, there[k] if closes else -1
            _shift(activity, first, row, factor, new, 1.0)
            _shift(activity, first, row, factor, old, -1.0)
            after = _row_price(activity, low, high, row_price)
            _shift(activity, first, row, factor, new, -1.0)
            _shift(activity, first, row, factor, old, 1.0)
            worth += after - now
            if worth >= best:
                continue
            if (opens and rests[new]) or (closes and rests[old]):
                keeps = after == 0.0 and spare + covered[site, k] >= 0
                if not (keeps and change[site, k] < aspired):
                    continue
            best, comes, goes = worth, new, old
    return comes, goes
