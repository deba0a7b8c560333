"""What a bound leaves of a p-median, as a binary program that CP-SAT solves to the end.

A plan that serves a point from farther than its price and what is left to the best plan costs too much. So few sites
and, for each point, few different costs remain. With z_ik 1 where no open site serves point i at its k-th cost or
under, a plan costs

    sum_i (D_i1 + sum_k (D_i,k+1 - D_ik) z_ik)   s.t.   z_ik + sum_j (x_j : c_ij <= D_ik) >= 1

References
----------
Avella, P., Sassano, A., Vasil'ev, I. (2007). Computational study of large-scale p-median problems. Mathematical
Programming 109, 89-114. doi:10.1007/s10107-005-0700-6
Elloumi, S. (2010). A tighter formulation of the p-median problem. Journal of Combinatorial Optimization 19(1), 69-83.
doi:10.1007/s10878-008-9162-0
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, vstack

from rescuesim.siting.site_rows import SiteRows
from rescuesim.solver import BinaryProgram, solve_binary
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["Exact", "Left", "solved_exactly"]

_MOST_PAIRS = 60_000  # of a free site and a point: beyond, branching is quicker
_MOST_FACTORS = 200_000
_UNITS = 2.0**45  # that the largest sum has where costs are no multiples of anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a bound leaves to be decided.

    Parameters
    ----------
    cost : ndarray of float64, shape (n_sites, n_points)
    is_open, is_shut : ndarray of bool, shape (n_sites,)
        Sites that are decided; at least one is free.
    price : ndarray of float64, shape (n_points,)
        Of the bound.
    spare : float
        Plans that cost this more than the bound are of no use.
    n_sites : int
        Most open sites.
    side : SiteRows
    whole_step : float
        What all costs are multiples of; 0 if nothing.
    """

    cost: NDArray[np.float64]
    is_open: NDArray[np.bool_]
    is_shut: NDArray[np.bool_]
    price: NDArray[np.float64]
    spare: float
    n_sites: int
    side: SiteRows
    whole_step: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """What CP-SAT made of it.

    Parameters
    ----------
    bound : float
        No plan of use is better; ``inf`` if there is none.
    opened : ndarray of int64
        Rows of the open sites of the best plan; empty if there is none of use or none was found.
    """

    bound: float
    opened: NDArray[np.int64]


def solved_exactly(left: Left, *, limit_s: float, effort: float, seed: int) -> Exact | None:
    """Solve what a bound leaves.

    Parameters
    ----------
    left : Left
    limit_s : float
        Wall time.
    effort : float
        Deterministic time of the solver, about seconds.
    seed : int

    Returns
    -------
    Exact or None
        None where too much is left for a program.
    """
    free = np.flatnonzero(~(left.is_open | left.is_shut))
    levels = _levels(left, free)
    if levels is None:
        return None
    least, members, saved = levels
    if not np.isfinite(least):
        return Exact(bound=np.inf, opened=np.empty(0, dtype=np.int64))
    most = max(float(saved[np.isfinite(saved)].sum()), 1e-300)
    unit = left.whole_step or most / _UNITS
    if sum(map(len, members)) > _MOST_FACTORS or most / unit > 2 * _UNITS:
        return None
    program = _program(left, free, members, saved, unit)
    found = solve_binary(program, limit_s=limit_s, workers=1, seed=seed, effort=effort)
    if found.status == "infeasible":
        return Exact(bound=np.inf, opened=np.empty(0, dtype=np.int64))
    opened = np.empty(0, dtype=np.int64)
    if found.x is not None:
        opened = np.concatenate([np.flatnonzero(left.is_open), free[found.x[: len(free)]]])
    return Exact(bound=least - unit * found.best_bound, opened=opened)


def _levels(left: Left, free: NDArray[np.int64]) -> tuple[float, list[NDArray[np.int64]], NDArray[np.float64]] | None:
    """Work out the rows of the program, those of equal sites together.

    Returns
    -------
    least : float
        Cost with every point at its first cost; ``inf`` if a point has none that is of use.
    members : list of ndarray
        Free sites of each row, by position.
    saved : ndarray of float64, shape (n_rows,)
        What a row saves if one of its sites is open; ``inf`` where one must be.
    """
    fixed = left.cost[left.is_open].min(axis=0, initial=np.inf)
    # a hair is added to what is left, so that rounding shuts nothing out
    far = left.price + left.spare + 1e-9 * np.abs(left.price + left.spare)
    costs = left.cost[free]
    useful = costs < np.minimum(fixed, far)
    if int(useful.sum()) > _MOST_PAIRS:
        return None
    least, rows = 0.0, dict[bytes, tuple[NDArray[np.int64], float]]()
    for point in range(costs.shape[1]):
        sites = np.flatnonzero(useful[:, point])
        at = costs[sites, point]
        steps = np.unique(at)
        ends = fixed[point] < far[point]
        if ends:
            steps = np.append(steps, fixed[point])
        if not len(steps):
            return np.inf, [], np.empty(0)
        least += float(steps[0])
        for k, step in enumerate(steps.tolist()):
            last = k == len(steps) - 1
            if last and ends:
                break
            some = sites[at <= step]
            key = some.tobytes()
            more = np.inf if last else float(steps[k + 1]) - step
            rows[key] = (some, more + rows[key][1] if key in rows else more)
    return least, [some for some, _ in rows.values()], np.array([saved for _, saved in rows.values()])


def _program(
    left: Left, free: NDArray[np.int64], members: list[NDArray[np.int64]], saved: NDArray[np.float64], unit: float
) -> BinaryProgram:
    """Write the program: columns of the free sites, then of the rows that need not be met.

    What is not a multiple of the unit is rounded down, so that the bound is safe.
    """
    n_free, n_rows, side = len(free), len(members), left.side
    soft = np.flatnonzero(np.isfinite(saved))
    whole = saved[soft] / unit
    whole = np.rint(whole) if left.whole_step else np.floor(whole)
    size = n_free + len(soft)
    row = np.concatenate([np.repeat(np.arange(n_rows), [len(some) for some in members]), soft]).astype(np.int64)
    column = np.concatenate([*members, n_free + np.arange(len(soft))]).astype(np.int64)
    reach = csr_array((np.ones(len(row), dtype=np.int64), (row, column)), shape=(n_rows, size))
    number = csr_array(np.r_[np.ones(n_free, dtype=np.int64), np.zeros(len(soft), dtype=np.int64)][None, :])
    room = left.n_sites - int(left.is_open.sum())
    rows = [reach, number]
    lower, upper = [np.ones(n_rows), np.zeros(1)], [np.full(n_rows, NO_BOUND), np.array([room])]
    if len(side):
        taken = np.asarray(side.rows @ left.is_open.astype(np.int64))
        none = csr_array((len(side), len(soft)), dtype=np.int64)
        rows.append(csr_array(hstack([side.rows[:, free], none])))
        lower.append(np.where(side.lower <= -NO_BOUND, -NO_BOUND, side.lower - taken))
        upper.append(np.where(side.upper >= NO_BOUND, NO_BOUND, side.upper - taken))
    return BinaryProgram(
        objective=np.concatenate([np.zeros(n_free), -whole]).astype(np.int64),
        rows=csr_array(vstack(rows)),
        lower=np.concatenate(lower).astype(np.int64),
        upper=np.concatenate(upper).astype(np.int64),
    )
