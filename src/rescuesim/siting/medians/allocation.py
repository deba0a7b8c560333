"""Who may be allocated to whom, and what that costs: what the p-median, p-center and capacitated models ask first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.siting.problem import SitingProblem
from rescuesim.travel import TravelTimes

__all__ = [
    "Allocating",
    "all_times",
    "allocating",
    "check_number",
    "cutoff_faults",
    "nearest_open",
    "number_faults",
    "whole_step",
]

_FINEST = 10**6  # no step is looked for beyond a millionth


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocating:
    """The points that some openable site reaches, and what they cost from each site.

    Parameters
    ----------
    points : ndarray of int64, shape (n_points,)
        Their rows among the demand points.
    weight : ndarray of float64, shape (n_points,)
    times : ndarray of float64, shape (n_sites, n_points)
        In the unit of the travel times; ``inf`` where a site may not serve a point, closed sites included.
    """

    points: NDArray[np.int64]
    weight: NDArray[np.float64]
    times: NDArray[np.float64]


def all_times(problem: SitingProblem) -> TravelTimes:
    """Return the times of a problem, which are those of all pairs.

    Raises
    ------
    InputError
        If they are of pairs within a cutoff alone.
    """
    if not isinstance(problem.times, TravelTimes):
        raise InputError("this model needs the times of all pairs: expected TravelTimes, not pairs within a cutoff")
    return problem.times


def check_number(n_sites: int) -> None:
    """Refuse a number of sites that is none.

    Raises
    ------
    InputError
    """
    if isinstance(n_sites, bool) or not isinstance(n_sites, Integral) or n_sites < 1:
        raise InputError(f"n_sites {n_sites!r}: expected a whole number of 1 or more")


def allocating(problem: SitingProblem) -> Allocating:
    """Leave out the points that no openable site reaches."""
    times = np.where(problem.must_close[:, None], np.inf, all_times(problem).values)
    points = np.flatnonzero(np.isfinite(times).any(axis=0))
    return Allocating(
        points=points, weight=problem.demand.weights[points], times=np.ascontiguousarray(times[:, points])
    )


def cutoff_faults(problem: SitingProblem) -> list[str]:
    """Say where a time is unknown because of the cutoff: a site may then serve a point and the model would not know."""
    times = all_times(problem)
    if not math.isfinite(times.cutoff_s):
        return []
    unknown = ~np.isfinite(times.values) & ~problem.must_close[:, None]
    if unknown.any() and times.graph is not None:
        unknown &= times.reasons() == "beyond_cutoff"
    if not unknown.any():
        return []
    site, point = np.argwhere(unknown)[0]
    return [
        f"travel times beyond the cutoff of {times.cutoff_s:g} s are unknown for {int(unknown.sum()):,} pairs, among "
        f"them site {times.sites.ids[site]} and point {times.demand.ids[point]}: expected times without a cutoff"
    ]


def number_faults(problem: SitingProblem, n_sites: int) -> list[str]:
    """Say that there are fewer openable sites than asked for."""
    openable = int((~problem.must_close).sum())
    return [f"n_sites {n_sites}: expected at most the {openable} sites that may be open"] if n_sites > openable else []


def nearest_open(problem: SitingProblem, opened: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the nearest open site of each point, the first of equals, -1 where none reaches it.

    Returns
    -------
    ndarray of int64, shape (n_demand,)
    """
    rows = np.flatnonzero(opened)
    if not len(rows):
        return np.full(len(problem.demand), -1, dtype=np.int64)
    values = all_times(problem).values[rows]
    return np.where(np.isfinite(values).any(axis=0), rows[values.argmin(axis=0)], -1)


def whole_step(values: NDArray[np.float64]) -> float:
    """Return a number that all values are whole multiples of, the largest that is found; 0 if none is.

    Sums of the values are multiples of it too, so that a bound may be raised to the next multiple.

    Examples
    --------
    >>> whole_step(np.array([4.0, 6.0])), whole_step(np.array([0.5, 1.25])), whole_step(np.array([np.pi]))
    (2.0, 0.25, 0.0)
    """
    scale = 1
    while scale <= _FINEST:
        whole = np.rint(values * scale)
        if np.abs(whole).max(initial=0.0) >= 2**52:
            return 0.0
        if np.array_equal(whole / scale, values):
            return int(np.gcd.reduce(whole.astype(np.int64), axis=None)) / scale
        scale *= 10
    return 0.0
