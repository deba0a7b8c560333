"""Who is covered, point by point and from times and limits alone: what models are verified with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.siting.problem import SitingProblem

__all__ = ["covered_one_by_one"]

_SAME_S = 1e-6  # limits and times are compared in ticks of 0.1 ms elsewhere


def covered_one_by_one(problem: SitingProblem, opened: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the points that the open sites cover; bool, shape (n_demand,).

    Slow on purpose: no sparse matrix, no merged group, no row of a program is looked at.
    """
    times, limits = problem.times, problem.limits
    assert limits is not None
    covered = np.zeros(len(times.demand), dtype=np.bool_)
    sites = np.flatnonzero(opened).tolist()
    for point in np.flatnonzero(limits.in_standard).tolist():
        in_time = [j for j in sites if np.inf > times.values[j, point] <= limits.limit_s[j, point] + _SAME_S]
        covered[point] = bool(in_time)
        if in_time and limits.wants_second[point]:
            second = [j for j in sites if np.inf > times.values[j, point] <= limits.second_limit_s[j, point] + _SAME_S]
            covered[point] = any(j != k for j in in_time for k in second)
    return covered
