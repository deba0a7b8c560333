"""Whether a number of sites can reach every point within a limit: set covering, reduced as far as it goes.

References
----------
Toregas, C., ReVelle, C. (1973). Binary logic solutions to a class of location problem. Geographical Analysis 5(2),
145-155. doi:10.1111/j.1538-4632.1973.tb01003.x
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from rescuesim.siting.covering.cover import Cover
from rescuesim.siting.covering.local_search import Searcher
from rescuesim.siting.covering.whole_numbers import tie_factors
from rescuesim.siting.found import Run
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import row_of
from rescuesim.solver import BinaryProgram, solve_binary
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["NO_PLAN", "cheapest_within", "plan_within"]

NO_PLAN = np.empty(0, dtype=np.int64)
_ROUNDS, _MOVES, _KICKS = 30, 1000, 20  # of the swaps before the solver is asked
_TIE_EFFORT = 2.0  # deterministic effort of a search among ties, about seconds
_LARGEST = 5000  # rows or columns that are compared all with all


def plan_within(problem: SitingProblem, within: NDArray[np.bool_], n_sites: int, run: Run) -> NDArray[np.int64] | None:
    """Find open sites that reach every point.

    Parameters
    ----------
    problem : SitingProblem
        Its statuses and side conditions are kept.
    within : ndarray of bool, shape (n_sites, n_points)
        Who reaches whom; closed sites nobody.
    n_sites : int
        Largest number of open sites.
    run : Run

    Returns
    -------
    ndarray of int64, or None
        Rows of open sites; `NO_PLAN` if it is proved that there are none, None if the time was over before.
    """
    fixed = np.flatnonzero(problem.must_open)
    points = np.flatnonzero(~within[fixed].any(axis=0))
    sites = np.flatnonzero(~(problem.must_open | problem.must_close))
    covers = within[np.ix_(sites, points)].T
    opened = fixed
    if not len(problem.rows):
        covers, rows, forced = _reduced(covers)
        opened, sites = np.concatenate([fixed, sites[forced]]), sites[rows]
    room = n_sites - len(opened)
    if room < 0 or not covers.any(axis=1).all():
        return NO_PLAN
    if not len(problem.rows):
        if not len(covers):
            return opened
        if room == 0 or _apart(covers) > room:
            return NO_PLAN
        greedy = _greedy(covers)
        if len(greedy) <= room:
            return np.concatenate([opened, sites[greedy]])
        swapped = _swapped(covers, greedy[:room], run.seed)
        if swapped is not None:
            return np.concatenate([opened, sites[swapped]])
    return _by_solver(problem, covers, sites, opened, room, run)


def _swapped(covers: NDArray[np.bool_], start: NDArray[np.int64], seed: int) -> NDArray[np.int64] | None:
    """Swap sites until all points are reached, those that stay out weighing more each round; None if they are not.

    References
    ----------
    Gao, C., Weise, T., Li, J. (2014). A weighting-based local search heuristic algorithm for the set covering problem.
    2014 IEEE Congress on Evolutionary Computation, 826-831. doi:10.1109/CEC.2014.6900313
    """
    n_points, n = covers.shape
    number = row_of(np.ones(n, dtype=np.int64), "number of sites", upper=len(start))
    plan, weight = np.isin(np.arange(n), start), np.ones(n_points)
    for turn in range(_ROUNDS):
        searcher = Searcher(Cover.of(covers, weight, rows=number), seed=seed + turn)
        plan = searcher.improved(plan, moves=_MOVES, kicks=_KICKS)
        out = ~covers[:, plan].any(axis=1)
        if not out.any():
            return np.flatnonzero(plan)
        weight[out] += 1.0
    return None


def _by_solver(
    problem: SitingProblem,
    covers: NDArray[np.bool_],
    sites: NDArray[np.int64],
    opened: NDArray[np.int64],
    room: int,
    run: Run,
) -> NDArray[np.int64] | None:
    """Ask CP-SAT for any plan; side conditions are over the free sites, less what open ones take."""
    side, n = problem.rows, len(sites)
    taken = np.asarray(side.rows @ np.isin(np.arange(problem.n_sites), opened).astype(np.int64))
    low = np.where(side.lower <= -NO_BOUND, -NO_BOUND, side.lower - taken)
    high = np.where(side.upper >= NO_BOUND, NO_BOUND, side.upper - taken)
    rows = [csr_array(covers.astype(np.int64)), csr_array(np.ones((1, n), dtype=np.int64))]
    if len(side):
        rows.append(csr_array(side.rows[:, sites]))
    program = BinaryProgram(
        objective=np.zeros(n, dtype=np.int64),
        rows=csr_array(vstack(rows)),
        lower=np.concatenate([np.ones(len(covers), dtype=np.int64), [0], low]).astype(np.int64),
        upper=np.concatenate([np.full(len(covers), NO_BOUND), [room], high]).astype(np.int64),
    )
    found = solve_binary(program, limit_s=run.clock.left_s(), workers=run.workers, seed=run.seed)
    if found.x is None:
        return NO_PLAN if found.status == "infeasible" else None
    return np.sort(np.concatenate([opened, sites[found.x]]))


def cheapest_within(
    problem: SitingProblem, within: NDArray[np.bool_], n_sites: int, run: Run, start: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], bool]:
    """Find, of the plans that reach every point, the cheapest, then the first in the table.

    Parameters
    ----------
    problem : SitingProblem
        Its statuses and side conditions are kept.
    within : ndarray of bool, shape (n_sites, n_points)
    n_sites : int
        Largest number of open sites.
    run : Run
    start : ndarray of bool, shape (n_sites,)
        A plan that reaches every point.

    Returns
    -------
    plan : ndarray of bool, shape (n_sites,)
    broken : bool
        Whether it is proved to be that.
    """
    if run.clock.left_s() <= _TIE_EFFORT < run.clock.limit_s:
        return start, False
    side, n = problem.rows, problem.n_sites
    decided = problem.must_open | problem.must_close
    needed = np.flatnonzero(~within[problem.must_open].any(axis=0))
    # points that the same sites reach are one, and one that holds all sites of another goes with it
    covers = np.unique((within & ~problem.must_close[:, None])[:, needed].T, axis=0)
    covers = covers[~_holds_another(covers)]
    ties = tie_factors(problem.sites.cost)
    number, status = csr_array(np.ones((1, n), dtype=np.int64)), csr_array(np.eye(n, dtype=np.int64)[decided])
    open_or_not = problem.must_open[decided]
    program = BinaryProgram(
        objective=-ties.values,
        rows=csr_array(vstack([csr_array(covers.astype(np.int64)), number, side.rows, status])),
        lower=np.concatenate([np.ones(len(covers)), [0], side.lower, open_or_not]).astype(np.int64),
        upper=np.concatenate([np.full(len(covers), NO_BOUND), [n_sites], side.upper, open_or_not]).astype(np.int64),
    )
    found = solve_binary(
        program, hint=start, limit_s=run.clock.left_s(), workers=run.workers, seed=run.seed, effort=_TIE_EFFORT
    )
    if found.x is None:
        return start, False
    return found.x, ties.exact and found.status == "optimal"


def _reduced(covers: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """Leave out what a smallest cover need not look at, until nothing more goes.

    A point that has all the sites of another is reached with it; a site that reaches no more than another
    need not be opened; the only site of a point must be.

    Returns
    -------
    covers : ndarray of bool, shape (n_points, n_sites)
        What is left.
    kept, forced : ndarray of int64
        Columns that are left, and that must be open.
    """
    columns, forced = np.arange(covers.shape[1]), list[int]()
    while len(covers):
        before = covers.shape
        covers = covers[~_holds_another(covers)]
        useful = ~_holds_another(~covers.T) & covers.any(axis=0)
        covers, columns = covers[:, useful], columns[useful]
        single = np.unique(covers[covers.sum(axis=1) == 1].argmax(axis=1))
        if len(single):
            forced += columns[single].tolist()
            left = np.setdiff1d(np.arange(len(columns)), single)
            covers, columns = covers[~covers[:, single].any(axis=1)][:, left], columns[left]
        if covers.shape == before:
            break
    return covers, columns, np.array(forced, dtype=np.int64)


def _holds_another(rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the rows that hold all entries of another; of equal ones all but the first."""
    if not 0 < len(rows) <= _LARGEST:
        return np.zeros(len(rows), dtype=np.bool_)
    dense = rows.astype(np.float32)
    common, size = dense @ dense.T, dense.sum(axis=1)
    holds = common >= size[None, :]  # row i holds row k
    equal = holds & holds.T
    earlier = np.tri(len(rows), k=-1, dtype=np.bool_)
    return np.asarray(((holds & ~equal) | (equal & earlier)).any(axis=1))


def _apart(covers: NDArray[np.bool_]) -> int:
    """Count points of which no two share a site, so that each needs one of its own: a bound from below."""
    free, count = np.ones(covers.shape[1], dtype=np.bool_), 0
    for point in np.argsort(covers.sum(axis=1), kind="stable"):
        if free[covers[point]].all():
            free[covers[point]] = False
            count += 1
    return count


def _greedy(covers: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Open the site that reaches most of what is not reached yet, until all is."""
    left, chosen = covers.astype(np.int32), list[int]()
    while len(left):
        chosen.append(int(left.sum(axis=0).argmax()))
        left = left[left[:, chosen[-1]] == 0]
    return np.array(chosen, dtype=np.int64)
