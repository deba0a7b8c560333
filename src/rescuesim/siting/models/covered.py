"""Who is covered, point by point and from times and limits alone: what models are verified with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import TICKS_PER_SECOND
from rescuesim.siting.problem import SitingProblem
from rescuesim.travel import TravelTimePairs

__all__ = ["covered_one_by_one"]

_SAME_S = 1e-6  # limits and times are compared in ticks of 0.1 ms elsewhere


def covered_one_by_one(problem: SitingProblem, opened: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the points that the open sites cover; bool, shape (n_demand,).

    From times and limits by site, in seconds: no sparse matrix, no merged group, no row of a program is looked at.
    """
    times, limits = problem.times, problem.limits
    assert limits is not None
    n_demand = len(times.demand)
    first, second = np.zeros(n_demand, dtype=np.int64), np.zeros(n_demand, dtype=np.int64)
    everyone = np.arange(n_demand)
    for j in np.flatnonzero(opened).tolist():
        if isinstance(times, TravelTimePairs):
            pairs = slice(int(times.first[j]), int(times.first[j + 1]))
            points, seconds = times.point[pairs].astype(np.int64), times.ticks[pairs] / TICKS_PER_SECOND
        else:
            points, seconds = everyone, times.values[j]
        in_time = np.isfinite(seconds) & (seconds <= limits.limit_s[j, points] + _SAME_S)
        as_second = np.isfinite(seconds) & (seconds <= limits.second_limit_s[j, points] + _SAME_S)
        first[points[in_time]] += 1
        # whoever is in time as the first unit is so as the second
        second[points[in_time | as_second]] += 1
    return limits.in_standard & (first > 0) & (~limits.wants_second | (second > 1))
