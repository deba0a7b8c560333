"""Compiles the kernels of the p-median by siting two stations among three."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rescuesim.siting.constraints import SitingConstraints, siting_problem
from rescuesim.siting.found import Clock, Run
from rescuesim.siting.models.p_median import P_MEDIAN, MinMeanTime
from rescuesim.travel import TravelTimes

__all__ = ["warm_up_medians"]


def warm_up_medians() -> None:
    """Compile them, with side conditions and without.

    Raises
    ------
    InputError
        If a kernel is not compiled, because numba cannot be imported.
    """
    values = np.array([[1.0, 4.0, 5.0, 9.0], [5.0, 1.0, 4.0, 9.0], [4.0, 5.0, 1.0, 9.0], [7.0, 6.0, 8.0, 1.0]])
    sites, demand = (pd.DataFrame({"id": [f"{kind}{k}" for k in range(4)]}) for kind in "sd")
    times = TravelTimes.from_matrix(values, sites=sites, demand=demand)
    for constraints in (SitingConstraints(), SitingConstraints(conflicts=[["s0", "s1"]])):
        P_MEDIAN.solve(siting_problem(times, None, constraints), MinMeanTime(2), Run(clock=Clock(limit_s=60.0)))
