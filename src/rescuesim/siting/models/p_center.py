"""p-center: the shortest longest time from the sites to a point.

    min max_i min_{j open} t_ij   (or w_i t_ij)   s.t.   sum_j x_j <= p,   x in {0, 1}

over the points that some openable site reaches. The optimum is one of the times, so that it is found by bisection: can
every point be reached within this one? That is set covering, with all side conditions. Among the optima the plan of the
lowest cost is taken, and among those the one whose sites come first in the table (sum of ranks), where that is proved
without much effort.

References
----------
Minieka, E. (1970). The m-center problem. SIAM Review 12(1), 138-139. doi:10.1137/1012016
Hakimi, S. L. (1965). Optimum distribution of switching centers in a communication network and some related graph
theoretic problems. Operations Research 13(3), 462-475. doi:10.1287/opre.13.3.462
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from rescuesim.errors import SolverError
from rescuesim.siting.formulation import Formulation
from rescuesim.siting.found import Found, Run
from rescuesim.siting.medians.allocation import (
    all_times,
    allocating,
    check_number,
    cutoff_faults,
    nearest_open,
    number_faults,
)
from rescuesim.siting.medians.first_plan import too_many_fixed, trimmed
from rescuesim.siting.medians.within_reach import cheapest_within, plan_within
from rescuesim.siting.models.model import Model
from rescuesim.siting.problem import SitingProblem

__all__ = ["P_CENTER", "MinMaxTime"]


@dataclass(frozen=True, slots=True)
class MinMaxTime:
    """Make the longest time to a point as short as possible with a given number of sites (p-center).

    Points that no openable site reaches are listed and left out; every other point must be reached.

    Parameters
    ----------
    n_sites : int
        Largest number of open sites, existing and required ones included.
    weighted : bool, optional
        Count each time as many times as the point weighs.

    References
    ----------
    Minieka, E. (1970). The m-center problem. SIAM Review 12(1), 138-139. doi:10.1137/1012016
    """

    n_sites: int
    weighted: bool = False

    def __post_init__(self) -> None:
        check_number(self.n_sites)


def _check(problem: SitingProblem, objective: MinMaxTime) -> list[str]:
    return number_faults(problem, objective.n_sites) + cutoff_faults(problem)


def _costs(problem: SitingProblem, objective: MinMaxTime) -> NDArray[np.float64]:
    """Return times, weighted if asked for, ``inf`` where a site may not serve a point; shape (n_sites, n_points)."""
    asked = allocating(problem)
    if not objective.weighted:
        return asked.times
    reached = np.isfinite(asked.times)
    return np.where(reached, np.where(reached, asked.times, 0.0) * asked.weight, np.inf)


def _formulate(problem: SitingProblem, objective: MinMaxTime) -> Formulation:
    """One column a pair of site and point, the share of the point that the site serves, and one for the longest."""
    cost, n = _costs(problem, objective), problem.n_sites
    site, point = np.nonzero(np.isfinite(cost))
    n_pairs, n_points = len(site), cost.shape[1]
    pair, ones, size = n + np.arange(n_pairs), np.ones(n_pairs), n + n_pairs + 1
    served = csr_array((ones, (point, pair)), shape=(n_points, size))
    only_open = csr_array((np.r_[ones, -ones], (np.r_[pair - n, pair - n], np.r_[pair, site])), shape=(n_pairs, size))
    longest = csr_array(
        (
            np.r_[cost[site, point], -np.ones(n_points)],
            (np.r_[point, np.arange(n_points)], np.r_[pair, np.full(n_points, size - 1)]),
        ),
        shape=(n_points, size),
    )
    number = csr_array(np.r_[np.ones(n), np.zeros(n_pairs + 1)][None, :])
    none = np.full(n_points + n_pairs, -np.inf)
    return Formulation(
        sense="min",
        objective=np.r_[np.zeros(size - 1), 1.0],
        rows=csr_array(vstack([served, only_open, longest, number])),
        lower=np.r_[np.ones(n_points), none, 0.0],
        upper=np.r_[np.ones(n_points), np.zeros(n_pairs + n_points), float(objective.n_sites)],
        low=np.zeros(n_pairs + 1),
        high=np.r_[ones, np.inf],
        whole=np.r_[np.ones(n_pairs, dtype=np.bool_), False],
    )


def _solve(problem: SitingProblem, objective: MinMaxTime, run: Run) -> Found:
    """Bisect over the different times."""
    cost, n_sites = _costs(problem, objective), objective.n_sites
    message = too_many_fixed(problem, n_sites)
    if not message and not cost.shape[1]:
        message = "no openable site reaches any point"
    if message:
        return _nothing("infeasible", math.inf, message)
    values = np.unique(cost[np.isfinite(cost)])
    # no plan reaches the point that is farthest from its nearest site sooner than that site does
    low = int(np.searchsorted(values, cost.min(axis=0).max()))
    high, asked = len(values) - 1, _upper(problem, cost, values, n_sites)
    best: NDArray[np.int64] | None = None
    while best is None or values[high] - values[low] > run.relative_gap * values[high]:
        within = cost <= values[asked]
        try:
            plan = plan_within(problem, within, n_sites, run)
        except KeyboardInterrupt:
            plan = None
        if plan is None:
            break
        if len(plan):
            best, high = plan, int(np.searchsorted(values, cost[plan].min(axis=0).max()))
        elif asked == len(values) - 1:
            return _nothing("infeasible", math.inf, _UNREACHED)
        else:
            low = asked + 1
        asked = (low + high) // 2 if best is not None or low < high else high
        if run.clock.left_s() <= 0.01 < run.clock.limit_s:
            break
    bound = float(values[low])
    if best is None:
        return _nothing("unknown", bound, "")
    value, broken = float(values[high]), False
    marks = np.zeros(problem.n_sites, dtype=np.bool_)
    marks[_leanest(problem, cost, best, value)] = True
    if low >= high:
        marks, broken = cheapest_within(problem, cost <= value, n_sites, run, marks)
    return Found(
        status="optimal" if low >= high else "feasible",
        opened=marks,
        objective=value,
        best_bound=bound,
        bound_source="set covering",
        ties_broken=broken,
        allocation=nearest_open(problem, marks),
    )


_UNREACHED = "no plan within the side conditions reaches every point that can be reached"


def _nothing(status: str, bound: float, message: str) -> Found:
    kind = "infeasible" if status == "infeasible" else "unknown"
    return Found(status=kind, opened=None, objective=math.inf, best_bound=bound, message=message)  # type: ignore[arg-type]


def _upper(problem: SitingProblem, cost: NDArray[np.float64], values: NDArray[np.float64], n_sites: int) -> int:
    """Guess a time to begin with: that of sites opened one after the other for the point that is worst off."""
    opened = np.flatnonzero(problem.must_open).tolist()
    near = cost[opened].min(axis=0) if opened else np.full(cost.shape[1], np.inf)
    for _ in range(n_sites - len(opened)):
        site = int(cost[:, int(near.argmax())].argmin())
        near = np.minimum(near, cost[site])
    return int(np.searchsorted(values, near.max())) if np.isfinite(near.max()) else len(values) - 1


def _leanest(
    problem: SitingProblem, cost: NDArray[np.float64], opened: NDArray[np.int64], value: float
) -> NDArray[np.int64]:
    """Shut sites without which no point is farther than the farthest."""
    return trimmed(problem, np.maximum(cost, value), opened)


def _value(problem: SitingProblem, objective: MinMaxTime, found: Found) -> float:
    """Look for the longest time point by point."""
    assert found.opened is not None
    if int(found.opened.sum()) > objective.n_sites:
        raise SolverError(f"{int(found.opened.sum())} sites are open, expected at most {objective.n_sites}")
    open_sites, times = np.flatnonzero(found.opened).tolist(), all_times(problem)
    may_open = np.flatnonzero(~problem.must_close).tolist()
    longest = 0.0
    for point, weight in enumerate(problem.demand.weights.tolist()):
        column = times.values[:, point]
        if not np.isfinite(column[may_open]).any():
            continue
        nearest = min(column[open_sites].tolist(), default=math.inf)
        if nearest == math.inf:
            raise SolverError(f"point {problem.demand.ids[point]} can be reached and no open site reaches it")
        longest = max(longest, nearest * weight if objective.weighted else nearest)
    return longest


P_CENTER = Model(
    name="min_max_time",
    sense="min",
    uses_limits=False,
    check=_check,
    formulate=_formulate,
    solve=_solve,
    value=_value,
    sums_weights=lambda objective: objective.weighted,
)
