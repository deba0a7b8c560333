"""p-median: the smallest mean time from the sites to the demand.

    min sum_i sum_j w_i t_ij y_ij / sum_i w_i   s.t.   sum_j y_ij = 1,   y_ij <= x_j,   sum_j x_j <= p,
    x in {0, 1},   y >= 0

over the points that some openable site reaches; a pair that is unreachable has no y. The mean is in the unit of the
travel times; times the weight of these points it is the total.

References
----------
Hakimi, S. L. (1964). Optimum locations of switching centers and the absolute centers and medians of a graph. Operations
Research 12(3), 450-459. doi:10.1287/opre.12.3.450
ReVelle, C. S., Swain, R. W. (1970). Central facilities location. Geographical Analysis 2(1), 30-42.
doi:10.1111/j.1538-4632.1970.tb00142.x
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
    Allocating,
    all_times,
    allocating,
    check_number,
    cutoff_faults,
    nearest_open,
    number_faults,
    whole_step,
)
from rescuesim.siting.medians.branching import prove
from rescuesim.siting.medians.first_plan import first_plan, too_many_fixed, trimmed
from rescuesim.siting.medians.going import Going
from rescuesim.siting.medians.rows import float_rows
from rescuesim.siting.medians.swaps import SwapSearch
from rescuesim.siting.models.model import Model
from rescuesim.siting.problem import SitingProblem

__all__ = ["P_MEDIAN", "MinMeanTime"]

_WORK = 2e8  # of the search before any proof: a quarter of a second or so
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class MinMeanTime:
    """Make the mean time to the demand as short as possible with a given number of sites (p-median).

    The mean is weighted by the weights of the points. Points that no openable site reaches are listed and left out;
    every other point must be reached.

    Parameters
    ----------
    n_sites : int
        Largest number of open sites, existing and required ones included.

    References
    ----------
    Hakimi, S. L. (1964). Optimum locations of switching centers and the absolute centers and medians of a graph.
    Operations Research 12(3), 450-459. doi:10.1287/opre.12.3.450
    """

    n_sites: int

    def __post_init__(self) -> None:
        check_number(self.n_sites)


def _check(problem: SitingProblem, objective: MinMeanTime) -> list[str]:
    faults = number_faults(problem, objective.n_sites) + cutoff_faults(problem)
    asked = allocating(problem)
    if len(asked.points) and not asked.weight.sum() > 0:
        faults.append("the weights of all points that can be reached are 0: expected some above 0, to take a mean")
    return faults


def _formulate(problem: SitingProblem, objective: MinMeanTime) -> Formulation:
    """One column a pair of site and point, the share of the point that the site serves.

    A point is never served from farther than from its nearest site that stays open in any case.
    """
    asked, n = allocating(problem), problem.n_sites
    farthest = np.min(asked.times, axis=0, where=problem.must_open[:, None], initial=np.inf)
    site, point = np.nonzero(np.isfinite(asked.times) & (asked.times <= farthest))
    n_pairs, n_points = len(site), len(asked.points)
    pair, ones = np.arange(n_pairs), np.ones(n_pairs)
    served = csr_array((ones, (point, n + pair)), shape=(n_points, n + n_pairs))
    only_open = csr_array(
        (np.r_[ones, -ones], (np.r_[pair, pair], np.r_[n + pair, site])), shape=(n_pairs, n + n_pairs)
    )
    number = csr_array(np.r_[np.ones(n), np.zeros(n_pairs)][None, :])
    return Formulation(
        sense="min",
        objective=np.r_[np.zeros(n), asked.weight[point] * asked.times[site, point] / max(asked.weight.sum(), 1e-300)],
        rows=csr_array(vstack([served, only_open, number])),
        lower=np.r_[np.ones(n_points), np.full(n_pairs, -np.inf), 0.0],
        upper=np.r_[np.ones(n_points), np.zeros(n_pairs), float(objective.n_sites)],
        low=np.zeros(n_pairs),
        high=np.ones(n_pairs),
        whole=np.zeros(n_pairs, dtype=np.bool_),
    )


def _costs(asked: Allocating) -> tuple[NDArray[np.float64], float, float]:
    """Return weighted times, what they are multiples of, and a number that no plan without a missed point reaches.

    An unreachable pair costs that number, so that plans which miss a point come last and are known by their cost.
    """
    reached = np.isfinite(asked.times)
    cost = np.where(reached, asked.times, 0.0) * asked.weight
    step = whole_step(cost)
    never = float(cost.max(axis=0).sum()) + 1.0
    if step:
        never = step * math.ceil(never / step)
    cost[~reached] = never
    return cost, step, never


def _solve(problem: SitingProblem, objective: MinMeanTime, run: Run) -> Found:
    """Swap and kick, then bound and branch."""
    asked = allocating(problem)
    if message := too_many_fixed(problem, objective.n_sites):
        return Found(status="infeasible", opened=None, objective=math.inf, best_bound=math.inf, message=message)
    if not len(asked.points):
        message = "no openable site reaches any point"
        return Found(status="infeasible", opened=None, objective=math.inf, best_bound=math.inf, message=message)
    cost, step, never = _costs(asked)
    rng = np.random.default_rng(run.seed)
    start = first_plan(problem, cost, objective.n_sites, run, rng)
    if isinstance(start, Found):
        return start
    search = SwapSearch(
        cost=cost,
        must_open=problem.must_open,
        must_close=problem.must_close,
        n_sites=objective.n_sites,
        side=problem.rows,
        rows=float_rows(problem.rows),
        rng=rng,
    )

    going = Going(clock=run.clock)
    search.weigh(start)
    try:
        search.offer(start)
        search.search(_WORK, going=going)
    except KeyboardInterrupt:
        going.interrupted = True
    proof = prove(search, whole_step=step, relative_gap=run.relative_gap, going=going)
    total = float(asked.weight.sum())
    bound = min(proof.bound, search.value)
    if search.value >= never:
        done = proof.bound >= never
        return Found(
            status="infeasible" if done else "unknown",
            opened=None,
            objective=math.inf,
            best_bound=math.inf if done else bound / total,
            bound_source="Lagrangian relaxation",
            message="no plan within the side conditions reaches every point that can be reached" if done else "",
        )
    opened = trimmed(problem, cost, search.opened)
    optimal = search.value - bound <= _SAME * abs(search.value)
    value = search.value / total
    marks = np.zeros(problem.n_sites, dtype=np.bool_)
    marks[opened] = True
    return Found(
        status="optimal" if optimal else "feasible",
        opened=marks,
        objective=value,
        best_bound=value if optimal else bound / total,
        bound_source="Lagrangian relaxation" if proof.n_nodes <= 1 else "Lagrangian relaxation, branch and bound",
        allocation=nearest_open(problem, marks),
        surely_open=proof.surely_open,
        surely_shut=proof.surely_shut,
    )


def _value(problem: SitingProblem, objective: MinMeanTime, found: Found) -> float:
    """Take the mean over the points one by one."""
    assert found.opened is not None
    if int(found.opened.sum()) > objective.n_sites:
        raise SolverError(f"{int(found.opened.sum())} sites are open, expected at most {objective.n_sites}")
    open_sites, times = np.flatnonzero(found.opened).tolist(), all_times(problem)
    may_open = np.flatnonzero(~problem.must_close).tolist()
    total = weight = 0.0
    for point, value in enumerate(problem.demand.weights.tolist()):
        column = times.values[:, point]
        if not np.isfinite(column[may_open]).any():
            continue
        nearest = min(column[open_sites].tolist(), default=math.inf)
        if nearest == math.inf:
            raise SolverError(f"point {problem.demand.ids[point]} can be reached and no open site reaches it")
        total, weight = total + value * nearest, weight + value
    return total / weight


P_MEDIAN = Model(
    name="min_mean_time",
    sense="min",
    uses_limits=False,
    check=_check,
    formulate=_formulate,
    solve=_solve,
    value=_value,
    sums_weights=lambda _: False,
)
