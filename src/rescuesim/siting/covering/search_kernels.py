"""Kernels of the local search: open, close and swap sites while all side conditions hold.

The plain reference stands in `local_search`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.travel.compiled import compiled

__all__ = ["fill", "search"]

Index = int | np.int64


@compiled
def _count(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    t_indptr: NDArray[np.int64],
    t_indices: NDArray[np.int32],
    weight: NDArray[np.float64],
    side_indptr: NDArray[np.int64],
    side_rows: NDArray[np.int32],
    side_factors: NDArray[np.int64],
    opened: NDArray[np.bool_],
    count: NDArray[np.int32],
    owner: NDArray[np.int64],
    worth: NDArray[np.float64],
    activity: NDArray[np.int64],
) -> None:
    """Work out what a plan covers: open sites over a row, the sum of their numbers, worth of sites, activity of rows.

    The worth of an open site is what it alone covers, that of another what it would add.
    """
    count[:] = 0
    owner[:] = 0
    worth[:] = 0.0
    activity[:] = 0
    for site in range(len(opened)):
        if opened[site]:
            for k in range(t_indptr[site], t_indptr[site + 1]):
                count[t_indices[k]] += 1
                owner[t_indices[k]] += site
            for k in range(side_indptr[site], side_indptr[site + 1]):
                activity[side_rows[k]] += side_factors[k]
    for row in range(len(weight)):
        if count[row] == 0:
            for k in range(indptr[row], indptr[row + 1]):
                worth[indices[k]] += weight[row]
        elif count[row] == 1:
            worth[owner[row]] += weight[row]


@compiled
def _flip(
    site: Index,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    t_indptr: NDArray[np.int64],
    t_indices: NDArray[np.int32],
    weight: NDArray[np.float64],
    side_indptr: NDArray[np.int64],
    side_rows: NDArray[np.int32],
    side_factors: NDArray[np.int64],
    opened: NDArray[np.bool_],
    count: NDArray[np.int32],
    owner: NDArray[np.int64],
    worth: NDArray[np.float64],
    activity: NDArray[np.int64],
    stale: NDArray[np.bool_],
) -> None:
    """Open a site, or close it if it is open, keep what `_count` worked out, and mark sites to look at again."""
    opens = not opened[site]
    opened[site] = opens
    for k in range(side_indptr[site], side_indptr[site + 1]):
        activity[side_rows[k]] += side_factors[k] if opens else -side_factors[k]
    sign = 1.0 if opens else -1.0
    for at in range(t_indptr[site], t_indptr[site + 1]):
        row = t_indices[at]
        others = count[row] if opens else count[row] - 1
        if not opens:
            count[row] -= 1
            owner[row] -= site
        if others == 0:
            for k in range(indptr[row], indptr[row + 1]):
                worth[indices[k]] -= sign * weight[row]
                stale[indices[k]] = True
            worth[site] += sign * weight[row]
        elif others == 1:
            worth[owner[row]] -= sign * weight[row]
            for k in range(indptr[row], indptr[row + 1]):
                stale[indices[k]] = True
        if opens:
            count[row] += 1
            owner[row] += site


@compiled
def _may(
    opens: Index,
    closes: Index,
    side_indptr: NDArray[np.int64],
    side_rows: NDArray[np.int32],
    side_factors: NDArray[np.int64],
    lower: NDArray[np.int64],
    upper: NDArray[np.int64],
    activity: NDArray[np.int64],
) -> bool:
    """Whether all rows hold after a site opens and another closes; -1 is no site. Rows ascend within a site."""
    a, a_end = np.int64(0), np.int64(0)
    b, b_end = np.int64(0), np.int64(0)
    if opens >= 0:
        a, a_end = side_indptr[opens], side_indptr[opens + 1]
    if closes >= 0:
        b, b_end = side_indptr[closes], side_indptr[closes + 1]
    while a < a_end or b < b_end:
        if b >= b_end or (a < a_end and side_rows[a] < side_rows[b]):
            row, change = side_rows[a], side_factors[a]
            a += 1
        elif a >= a_end or side_rows[b] < side_rows[a]:
            row, change = side_rows[b], -side_factors[b]
            b += 1
        else:
            row, change = side_rows[a], side_factors[a] - side_factors[b]
            a += 1
            b += 1
        now = activity[row] + change
        # what is broken may be mended step by step, never made worse
        if (change > 0 and now > upper[row]) or (change < 0 and now < lower[row]):
            return False
    return True


@compiled
def _random(state: NDArray[np.uint64], below: Index) -> Index:
    """Draw a number of 0 or more and below some number (splitmix64)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.int64((z >> np.uint64(11)) % np.uint64(below))


@compiled
def _neighbour(
    site: Index,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    t_indptr: NDArray[np.int64],
    t_indices: NDArray[np.int32],
    random_state: NDArray[np.uint64],
) -> Index:
    """Draw a site that covers something that another one covers too; of one that covers nothing, any site."""
    n_covered = t_indptr[site + 1] - t_indptr[site]
    if n_covered == 0:
        return _random(random_state, len(t_indptr) - 1)
    row = t_indices[t_indptr[site] + _random(random_state, n_covered)]
    return np.int64(indices[indptr[row] + _random(random_state, indptr[row + 1] - indptr[row])])


@compiled
def _best_move(
    t_indptr: NDArray[np.int64],
    t_indices: NDArray[np.int32],
    weight: NDArray[np.float64],
    side_indptr: NDArray[np.int64],
    side_rows: NDArray[np.int32],
    side_factors: NDArray[np.int64],
    lower: NDArray[np.int64],
    upper: NDArray[np.int64],
    may_open: NDArray[np.bool_],
    may_close: NDArray[np.bool_],
    opened: NDArray[np.bool_],
    count: NDArray[np.int32],
    owner: NDArray[np.int64],
    worth: NDArray[np.float64],
    activity: NDArray[np.int64],
    shared: NDArray[np.float64],
    stale: NDArray[np.bool_],
    patience: int,
    least: float,
) -> tuple[Index, Index]:
    """Find the site to open, and the one to close for it or -1, that gain most weight; (-1, -1) if none gains.

    Sites are tried by what they would add, most first; after a gain was found, `patience` further ones are. Only stale
    ones are tried, and those that gain nothing are so no more until something near them changes.
    """
    n_sites = len(opened)
    n_open, n_shut = 0, 0
    shut = np.empty(n_sites, dtype=np.int64)
    standing = np.empty(n_sites, dtype=np.int64)
    for site in range(n_sites):
        if opened[site] and may_close[site]:
            standing[n_open] = site
            n_open += 1
        elif not opened[site] and may_open[site] and stale[site]:
            stale[site] = worth[site] > least
            if stale[site]:
                shut[n_shut] = site
                n_shut += 1
    shut, standing = shut[:n_shut], standing[:n_open]
    shut = shut[np.argsort(-worth[shut], kind="mergesort")]
    standing = standing[np.argsort(worth[standing], kind="mergesort")]
    touched = np.empty(n_sites, dtype=np.int64)
    best, waited = least, 0
    opens, closes = np.int64(-1), np.int64(-1)
    for new in shut:
        if worth[new] <= best or waited > patience:
            break
        if opens >= 0:
            waited += 1
        if _may(new, -1, side_indptr, side_rows, side_factors, lower, upper, activity):
            best, opens, closes = worth[new], new, np.int64(-1)
            continue
        before = best
        n_touched = 0
        for k in range(t_indptr[new], t_indptr[new + 1]):
            row = t_indices[k]
            if count[row] == 1:
                if shared[owner[row]] == 0.0:
                    touched[n_touched] = owner[row]
                    n_touched += 1
                shared[owner[row]] += weight[row]
        for at in range(n_touched):
            old = touched[at]
            gain = worth[new] - worth[old] + shared[old]
            if (
                gain > best
                and may_close[old]
                and _may(new, old, side_indptr, side_rows, side_factors, lower, upper, activity)
            ):
                best, opens, closes = gain, new, old
        for old in standing:
            gain = worth[new] - worth[old]
            if gain <= best:
                break
            if shared[old] == 0.0 and _may(new, old, side_indptr, side_rows, side_factors, lower, upper, activity):
                best, opens, closes = gain, new, old
                break
        for at in range(n_touched):
            shared[touched[at]] = 0.0
        stale[new] = opens >= 0 and best >= before
    return opens, closes


@compiled
def search(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    t_indptr: NDArray[np.int64],
    t_indices: NDArray[np.int32],
    weight: NDArray[np.float64],
    side_indptr: NDArray[np.int64],
    side_rows: NDArray[np.int32],
    side_factors: NDArray[np.int64],
    lower: NDArray[np.int64],
    upper: NDArray[np.int64],
    may_open: NDArray[np.bool_],
    may_close: NDArray[np.bool_],
    opened: NDArray[np.bool_],
    random_state: NDArray[np.uint64],
    n_moves: int,
    n_kicks: int,
    patience: int,
    least: float,
) -> int:
    """Improve a plan by moves that gain until none does, then kick it and try again.

    Parameters
    ----------
    indptr, indices : ndarray
        Sites of each row; t_indptr, t_indices: rows of each site.
    weight : ndarray of float64, shape (n_rows,)
    side_indptr, side_rows, side_factors : ndarray
        Side conditions of each site; ascending.
    lower, upper : ndarray of int64
        Of the side conditions.
    may_open, may_close : ndarray of bool, shape (n_sites,)
    opened : ndarray of bool, shape (n_sites,)
        Keeps the side conditions; written, the best plan found.
    random_state : ndarray of uint64, shape (1,)
        Written.
    n_moves, n_kicks, patience : int
        Moves and kicks at most; see `_best_move`.
    least : float
        Smaller gains are rounding.

    Returns
    -------
    int
        Moves made.
    """
    n_rows, n_sites = len(weight), len(opened)
    count, owner = np.empty(n_rows, dtype=np.int32), np.empty(n_rows, dtype=np.int64)
    worth, activity = np.empty(n_sites), np.empty(len(lower), dtype=np.int64)
    shared, stale = np.zeros(n_sites), np.ones(n_sites, dtype=np.bool_)
    now = opened.copy()
    _count(
        indptr, indices, t_indptr, t_indices, weight, side_indptr, side_rows, side_factors, now,
        count, owner, worth, activity,
    )  # fmt: skip
    standing = np.empty(n_sites, dtype=np.int64)
    moves, ahead = 0, 0.0  # ahead: value of `now` less that of `opened`
    for kick in range(n_kicks + 1):
        while moves < n_moves:
            opens, closes = _best_move(
                t_indptr, t_indices, weight, side_indptr, side_rows, side_factors, lower, upper, may_open, may_close,
                now, count, owner, worth, activity, shared, stale, patience, least,
            )  # fmt: skip
            if opens < 0:
                break
            moves += 1
            for site in (closes, opens):
                if site >= 0:
                    ahead += worth[site] if site == opens else -worth[site]
                    _flip(
                        site, indptr, indices, t_indptr, t_indices, weight, side_indptr, side_rows, side_factors,
                        now, count, owner, worth, activity, stale,
                    )  # fmt: skip
        if ahead > least:
            opened[:] = now
            ahead = 0.0
        else:
            for site in range(n_sites):
                if now[site] != opened[site]:
                    _flip(
                        site, indptr, indices, t_indptr, t_indices, weight, side_indptr, side_rows, side_factors,
                        now, count, owner, worth, activity, stale,
                    )  # fmt: skip
            ahead = 0.0
        if kick == n_kicks or moves >= n_moves:
            break
        n_shut, n_open = 0, 0
        for site in range(n_sites):
            if now[site] and may_close[site]:
                standing[n_open] = site
                n_open += 1
            elif not now[site] and may_open[site]:
                n_shut += 1
        if n_shut == 0 or n_open == 0:
            break
        # a few swaps near each other: what is far away stays as good as it is
        stale[:] = False
        wanted, tries = 1 + _random(random_state, 4), 0
        old = standing[_random(random_state, n_open)]
        while wanted > 0 and tries < 60:
            tries += 1
            if not now[old] or not may_close[old]:
                old = _neighbour(old, indptr, indices, t_indptr, t_indices, random_state)
                if tries % 20 == 0:
                    old = standing[_random(random_state, n_open)]
                continue
            new = _neighbour(old, indptr, indices, t_indptr, t_indices, random_state)
            if now[new] or not may_open[new]:
                continue
            if not _may(new, old, side_indptr, side_rows, side_factors, lower, upper, activity):
                if not _may(-1, old, side_indptr, side_rows, side_factors, lower, upper, activity):
                    continue
                new = -1
            wanted -= 1
            for site in (old, new):
                if site >= 0:
                    ahead += worth[site] if site == new else -worth[site]
                    _flip(
                        site, indptr, indices, t_indptr, t_indices, weight, side_indptr, side_rows, side_factors,
                        now, count, owner, worth, activity, stale,
                    )  # fmt: skip
    return moves


@compiled
def fill(
    order: NDArray[np.int64],
    side_indptr: NDArray[np.int64],
    side_rows: NDArray[np.int32],
    side_factors: NDArray[np.int64],
    lower: NDArray[np.int64],
    upper: NDArray[np.int64],
    opened: NDArray[np.bool_],
) -> None:
    """Open sites in an order, each if the side conditions allow it; `opened` is written."""
    activity = np.zeros(len(lower), dtype=np.int64)
    for site in range(len(opened)):
        if opened[site]:
            for k in range(side_indptr[site], side_indptr[site + 1]):
                activity[side_rows[k]] += side_factors[k]
    for site in order:
        if not opened[site] and _may(site, -1, side_indptr, side_rows, side_factors, lower, upper, activity):
            opened[site] = True
            for k in range(side_indptr[site], side_indptr[site + 1]):
                activity[side_rows[k]] += side_factors[k]
