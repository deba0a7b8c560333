"""Kernels of covers of least cost: a search that weights rows, and steps of the primal-dual hybrid gradient.

The plain references stand in `least_cover`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.travel.compiled import compiled

__all__ = ["least_cover_steps", "weighting_search"]

Index = int | np.int64


@compiled
def _turn(
    site: Index,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    t_indptr: NDArray[np.int64],
    t_indices: NDArray[np.int32],
    weight: NDArray[np.int64],
    now: NDArray[np.bool_],
    count: NDArray[np.int32],
    owner: NDArray[np.int64],
    score: NDArray[np.int64],
    fresh: NDArray[np.bool_],
    bare: NDArray[np.int64],
    place: NDArray[np.int64],
    n_bare: np.int64,
) -> np.int64:
    """Open a site, or close it if it is open; return how many rows are bare then.

    The score of an open site is the weight that it alone covers, that of another what it would add. The bare rows
    stand first in `bare`, each at its `place`. Sites near a change are `fresh`.
    """
    opens = not now[site]
    now[site] = opens
    for at in range(t_indptr[site], t_indptr[site + 1]):
        row = t_indices[at]
        others = count[row] if opens else count[row] - 1
        if not opens:
            count[row] -= 1
            owner[row] -= site
        if others == 0:
            change = -weight[row] if opens else weight[row]
            for k in range(indptr[row], indptr[row + 1]):
                score[indices[k]] += change
                fresh[indices[k]] = True
            score[site] -= change
            if opens:
                n_bare -= 1
                last = bare[n_bare]
                bare[place[row]] = last
                place[last] = place[row]
            else:
                bare[n_bare] = row
                place[row] = n_bare
                n_bare += 1
        elif others == 1:
            score[owner[row]] += -weight[row] if opens else weight[row]
            for k in range(indptr[row], indptr[row + 1]):
                fresh[indices[k]] = True
        if opens:
            count[row] += 1
            owner[row] += site
    # what was just turned waits until something near it changes
    fresh[site] = False
    return np.int64(n_bare)


@compiled
def _drawn(state: NDArray[np.uint64], below: Index) -> Index:
    """Draw a number of 0 or more and below some number (splitmix64)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.int64((z >> np.uint64(11)) % np.uint64(below))


@compiled
def weighting_search(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    t_indptr: NDArray[np.int64],
    t_indices: NDArray[np.int32],
    cost: NDArray[np.float64],
    least: float,
    opened: NDArray[np.bool_],
    now: NDArray[np.bool_],
    fresh: NDArray[np.bool_],
    turned_at: NDArray[np.int64],
    weight: NDArray[np.int64],
    random_state: NDArray[np.uint64],
    first_step: int,
    n_steps: int,
) -> int:
    """Look for cheaper covers: close sites, then cover what is bare again, rows long bare first.

    What is written lets the next call go on where this one stopped.

    Parameters
    ----------
    indptr, indices : ndarray
        Sites of each row; t_indptr, t_indices: rows of each site.
    cost : ndarray of float64, shape (n_sites,)
        Above 0.
    least : float
        Smaller differences of costs are rounding.
    opened : ndarray of bool, shape (n_sites,)
        Covers all rows; written, the cheapest cover found.
    now : ndarray of bool, shape (n_sites,)
        Where the search stands, `opened` at first; may leave rows bare. Written.
    fresh : ndarray of bool, shape (n_sites,)
        Whether something near a site has changed since it was turned; True at first. Written.
    turned_at : ndarray of int64, shape (n_sites,)
        Step after which a site was opened or closed last, 0 at first. Written.
    weight : ndarray of int64, shape (n_rows,)
        1 or more; written: grows where a row stays bare.
    random_state : ndarray of uint64, shape (1,)
        Written.
    first_step : int
        Steps that were taken before.
    n_steps : int

    Returns
    -------
    int
        How many times a cheaper cover was found.
    """
    n_rows, n_sites = len(weight), len(opened)
    count, owner = np.zeros(n_rows, dtype=np.int32), np.zeros(n_rows, dtype=np.int64)
    score, standing, kept_fresh = np.zeros(n_sites, dtype=np.int64), now.copy(), fresh.copy()
    bare, place = np.arange(n_rows), np.arange(n_rows)
    now[:] = False
    for row in range(n_rows):
        for k in range(indptr[row], indptr[row + 1]):
            score[indices[k]] += weight[row]
    n_bare, spent, best, found = np.int64(n_rows), 0.0, 0.0, 0
    for site in range(n_sites):
        if opened[site]:
            best += cost[site]
        if standing[site]:
            spent += cost[site]
            n_bare = _turn(
                site, indptr, indices, t_indptr, t_indices, weight, now, count, owner, score, fresh, bare, place, n_bare
            )  # fmt: skip
    fresh[:] = kept_fresh
    for step in range(first_step, first_step + n_steps):
        while n_bare == 0:
            if spent < best - least:
                best = spent
                opened[:] = now
                found += 1
            worst = np.int64(-1)
            for site in range(n_sites):
                if now[site] and (worst < 0 or score[site] * cost[worst] < score[worst] * cost[site]):
                    worst = np.int64(site)
            if worst < 0:
                return found
            spent -= cost[worst]
            n_bare = _turn(
                worst, indptr, indices, t_indptr, t_indices, weight, now, count, owner, score, fresh, bare, place,
                n_bare,
            )  # fmt: skip
        # one more goes: of those that lose least the one that has stood longest, not one opened in the last step
        worst = np.int64(-1)
        for site in range(n_sites):
            if now[site] and (turned_at[site] < step or step == 0):
                if worst >= 0:
                    more = score[site] * cost[worst] - score[worst] * cost[site]
                    if more > 0 or (more == 0 and turned_at[site] >= turned_at[worst]):
                        continue
                worst = np.int64(site)
        if worst >= 0:
            spent -= cost[worst]
            turned_at[worst] = step + 1
            n_bare = _turn(
                worst, indptr, indices, t_indptr, t_indices, weight, now, count, owner, score, fresh, bare, place,
                n_bare,
            )  # fmt: skip
        while n_bare > 0:
            at_random = bare[_drawn(random_state, n_bare)]
            chosen = np.int64(-1)
            for k in range(indptr[at_random], indptr[at_random + 1]):
                new = np.int64(indices[k])
                if not fresh[new] or spent + cost[new] >= best - least:
                    continue
                if chosen >= 0:
                    more = score[new] * cost[chosen] - score[chosen] * cost[new]
                    if more < 0 or (more == 0 and turned_at[new] >= turned_at[chosen]):
                        continue
                chosen = new
            if chosen < 0:
                break
            spent += cost[chosen]
            turned_at[chosen] = step + 1
            n_bare = _turn(
                chosen, indptr, indices, t_indptr, t_indices, weight, now, count, owner, score, fresh, bare, place,
                n_bare,
            )  # fmt: skip
            for at in range(n_bare):
                still = bare[at]
                weight[still] += 1
                for k in range(indptr[still], indptr[still + 1]):
                    score[indices[k]] += 1
    if n_bare == 0 and spent < best - least:
        opened[:] = now
        found += 1
    return found


@compiled
def least_cover_steps(
    n_steps: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    t_indptr: NDArray[np.int64],
    t_indices: NDArray[np.int32],
    cost: NDArray[np.float64],
    scale: float,
    x: NDArray[np.float64],
    price: NDArray[np.float64],
    cover: NDArray[np.float64],
    price_sum: NDArray[np.float64],
    x_sum: NDArray[np.float64],
) -> None:
    """Take steps towards the saddle point of the relaxation of the cover of least cost; what is from `x` on is written.

    Parameters
    ----------
    n_steps : int
    indptr, indices, t_indptr, t_indices : ndarray
        Sites of each row, rows of each site.
    cost : ndarray of float64, shape (n_sites,)
    scale : float
        About the size of prices.
    x : ndarray of float64, shape (n_sites,)
    price, cover : ndarray of float64, shape (n_rows,)
        Prices of rows; rows times x.
    price_sum, x_sum : ndarray of float64
        Sums over the steps.
    """
    n_rows, n_sites = len(price), len(x)
    for _ in range(n_steps):
        for site in range(n_sites):
            begin, end = t_indptr[site], t_indptr[site + 1]
            total = -cost[site]
            for k in range(begin, end):
                total += price[t_indices[k]]
            x[site] = min(max(x[site] + total / (scale * max(end - begin, 1)), 0.0), 1.0)
            x_sum[site] += x[site]
        for row in range(n_rows):
            begin, end = indptr[row], indptr[row + 1]
            total = 0.0
            for k in range(begin, end):
                total += x[indices[k]]
            price[row] = max(price[row] - scale * (2.0 * total - cover[row] - 1.0) / max(end - begin, 1), 0.0)
            cover[row] = total
            price_sum[row] += price[row]
