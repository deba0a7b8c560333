"""Makes new ways of parts of others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.ways import PER_WAY, Ways, kept_ways

__all__ = ["ways_of_runs"]


def ways_of_runs(ways: Ways, way: NDArray[np.int64], start: NDArray[np.int64], stop: NDArray[np.int64]) -> Ways:
    """Return ways that run over parts of others, in the order given, with the nodes that they use.

    Parameters
    ----------
    ways : Ways
    way : ndarray of int64, shape (n_runs,)
        Way that each run is a part of, and takes its class, name and all else from.
    start, stop : ndarray of int64, shape (n_runs,)
        The run is ``ways.at[start:stop]``, two entries or more.
    """
    length = stop - start
    first = np.r_[0, np.cumsum(length)]
    refs = np.repeat(start - first[:-1], length) + np.arange(first[-1])
    step_m = ways.step_m[refs]
    step_m[first[1:] - 1] = 0.0
    per_way = {name: getattr(ways, name)[way] for name in PER_WAY}
    parts = replace(ways, first=first, at=ways.at[refs], step_m=step_m, **per_way)
    return kept_ways(parts, np.ones(len(way), dtype=np.bool_))
