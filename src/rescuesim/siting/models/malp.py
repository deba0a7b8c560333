"""MALP: the maximum availability location problem.

    max sum_i w_i z_i   s.t.   b_i z_i <= sum_{j covers i} u_j,   x_j <= u_j <= c x_j,   sum_j u_j <= n,
    x, z in {0, 1}, u whole

z_i: a unit is free in time for point i with probability of at least a. b_i: the fewest units in time that give it.
MALP I takes one busy fraction q for all: the smallest b with 1 - q^b >= a. MALP II works it out for each point: the
smallest b with 1 - (r_i / b)^b >= a, r_i being the hours of work in an hour that arise around the point.

References
----------
ReVelle, C., Hogan, K. (1989). The maximum availability location problem. Transportation Science 23(3), 192-200.
doi:10.1287/trsc.23.3.192
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from numbers import Real

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, diags_array, vstack

from rescuesim.errors import InputError
from rescuesim.network.road_network import TICKS_PER_SECOND
from rescuesim.siting.formulation import Formulation
from rescuesim.siting.found import Found, Run
from rescuesim.siting.models.mexclp import check_units, unit_faults, units_by_definition
from rescuesim.siting.models.model import Model
from rescuesim.siting.placing import SEARCH_SHARE, first_feasible, place
from rescuesim.siting.point_groups import PointGroups, point_groups
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.started import found_units, solve_started
from rescuesim.siting.unit_counts import UnitRows, unit_rows
from rescuesim.travel import TravelTimePairs

__all__ = ["MALP", "MaxReliableCoverage", "local_workload", "units_needed"]

_HOURS_A_YEAR = 8760.0
_MOST_COUNTED = 2**62  # units; more are not told apart from no number that is enough
_OUT_OF_REACH = 1_000_000  # units: a point that needs more than these, and than there are, is never reliable


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxReliableCoverage:
    """Place units so that as much weight as possible finds a free one in time reliably (MALP).

    Parameters
    ----------
    n_units : int
        Most units in all; every open site has one at least, existing and required sites too.
    reliability : float, optional
        Probability that a unit is free in time, above 0 and under 1.
    busy_fraction : float, optional
        MALP I: share of the time in which a unit is on a call, from 0 to under 1.
    service_hours : float, optional
        MALP II: hours of a unit that a call takes, with the way back; the busy fraction then follows, place by place,
        from ``calls_per_year`` of the points. Expected instead of `busy_fraction`.
    units_per_site : int, optional
        Most units at one site; `n_units` if absent.

    References
    ----------
    ReVelle, C., Hogan, K. (1989). The maximum availability location problem. Transportation Science 23(3), 192-200.
    doi:10.1287/trsc.23.3.192

    Examples
    --------
    >>> import pandas as pd
    >>> from rescuesim.siting import site
    >>> from rescuesim.travel import TravelTimes
    >>> times = TravelTimes.from_matrix([[60, 400], [400, 90]], sites=pd.DataFrame({"id": ["a", "b"]}),
    ...     demand=pd.DataFrame({"id": [1, 2], "people": [50, 10]}))
    >>> wanted = MaxReliableCoverage(n_units=3, reliability=0.9, busy_fraction=0.3)  # 2 units: 1 - 0.3 ** 2 = 0.91
    >>> site(times, wanted, limit_s=100).objective
    50.0
    """

    n_units: int
    reliability: float = 0.9
    busy_fraction: float | None = None
    service_hours: float | None = None
    units_per_site: int | None = None

    def __post_init__(self) -> None:
        faults = unit_faults(self.n_units, self.units_per_site)
        if not _is_number(self.reliability) or not 0 < self.reliability < 1:
            faults.append(f"reliability {self.reliability!r}: expected above 0 and under 1")
        q, hours = self.busy_fraction, self.service_hours
        if (q is None) == (hours is None):
            faults.append("expected either busy_fraction (MALP I) or service_hours (MALP II)")
        if q is not None and (not _is_number(q) or not 0 <= q < 1):
            faults.append(f"busy_fraction {q!r}: expected 0 or more, and under 1")
        if hours is not None and (not _is_number(hours) or not 0 < hours < math.inf):
            faults.append(f"service_hours {hours!r}: expected above 0, and finite")
        if faults:
            raise InputError("; ".join(faults))

    @property
    def most(self) -> int:
        """Most units at one site."""
        return int(self.n_units if self.units_per_site is None else min(self.units_per_site, self.n_units))


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def units_needed(
    workload: NDArray[np.float64] | None, busy_fraction: float | None, reliability: float
) -> NDArray[np.int64]:
    """Return the fewest units that leave one free with a probability.

    Parameters
    ----------
    workload : ndarray of float64, shape (n,), or None
        Hours of work that arise in an hour, shared by the units (MALP II).
    busy_fraction : float or None
        That of any unit instead (MALP I); the answer is one number.
    reliability : float

    Returns
    -------
    ndarray of int64, shape (n,) or (1,)

    Raises
    ------
    InputError
        If the work is so much that no number of units can be told.

    Examples
    --------
    >>> units_needed(None, 0.3, 0.9).tolist(), units_needed(np.array([0.0, 0.2, 1.5]), None, 0.9).tolist()
    ([2], [1, 2, 4])
    """
    load = np.array([busy_fraction], dtype=np.float64) if workload is None else workload

    def enough(count: NDArray[np.int64]) -> NDArray[np.bool_]:
        busy = load if workload is None else np.minimum(load / count, 1.0)
        return np.asarray(1 - busy**count >= reliability - 1e-12)

    # more units never make it worse, so that the fewest are found by doubling and halving
    low, high = np.zeros(len(load), dtype=np.int64), np.ones(len(load), dtype=np.int64)
    while (short := ~enough(high)).any():
        if high[short].max() >= _MOST_COUNTED:
            raise InputError(f"workload {load.max():g}: expected less than {_MOST_COUNTED:g} hours in an hour")
        low, high = np.where(short, high, low), np.where(short, 2 * high, high)
    while (apart := high - low > 1).any():
        middle = np.where(apart, low + (high - low) // 2, high)
        done = enough(middle)
        low, high = np.where(apart & ~done, middle, low), np.where(apart & done, middle, high)
    return high


def local_workload(problem: SitingProblem, service_hours: float) -> NDArray[np.float64]:
    """Hours of work that arise in an hour around each point.

    Around a point is what the openable site that is nearest to it covers; where every point is a site, as in the
    paper, that is what lies within the limit of the point.

    Parameters
    ----------
    problem : SitingProblem
    service_hours : float

    Returns
    -------
    ndarray of float64, shape (n_demand,)
        0 where no openable site is in time.
    """
    limits = problem.limits
    assert limits is not None
    times, covers = problem.times, limits.covers.tocsc()
    calls = np.where(limits.in_standard, problem.demand.calls_per_year, 0.0)
    nearest_s, workload = np.full(len(calls), np.inf), np.zeros(len(calls))
    for j in np.flatnonzero(~problem.must_close).tolist():
        points = covers.indices[covers.indptr[j] : covers.indptr[j + 1]]
        if isinstance(times, TravelTimePairs):
            pairs = slice(int(times.first[j]), int(times.first[j + 1]))
            seconds = times.ticks[pairs][np.searchsorted(times.point[pairs], points)] / TICKS_PER_SECOND
        else:
            seconds = times.values[j, points]
        closer = points[seconds < nearest_s[points]]
        nearest_s[points] = np.minimum(nearest_s[points], seconds)
        workload[closer] = calls[points].sum() * service_hours / _HOURS_A_YEAR
    return np.where(limits.in_standard, workload, 0.0)


def _needed(problem: SitingProblem, objective: MaxReliableCoverage) -> NDArray[np.int64]:
    """Return the units that each point needs; int64, shape (n_demand,)."""
    if objective.service_hours is None:
        return np.repeat(units_needed(None, objective.busy_fraction, objective.reliability), len(problem.demand))
    return units_needed(local_workload(problem, objective.service_hours), None, objective.reliability)


def _check(problem: SitingProblem, objective: MaxReliableCoverage) -> list[str]:
    faults = check_units(problem, objective.n_units, objective.most)
    demand = problem.demand
    if objective.service_hours is not None and not demand.calls_given.all():
        first = demand.ids[int(np.flatnonzero(~demand.calls_given)[0])]
        faults.append(f"service_hours: expected calls_per_year of every point, point {first} has none")
    return faults


@dataclass(frozen=True, slots=True)
class _ReliableWorth:
    """Worth of units where a group counts as soon as it has all it needs, or bit by bit, for the search."""

    groups: PointGroups
    needed: NDArray[np.int64]
    bit_by_bit: bool = False

    def _share(self, count: NDArray[np.int64]) -> NDArray[np.float64]:
        done = np.minimum(count / self.needed, 1.0)
        return np.asarray(done if self.bit_by_bit else np.floor(done + 1e-9))

    def value(self, units: NDArray[np.int64]) -> float:
        return float(self.groups.weight @ self._share(self.groups.first @ units))

    def gains(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        count = self.groups.first @ units
        return np.asarray(self.groups.first.T @ (self.groups.weight * (self._share(count + 1) - self._share(count))))


def _program(groups: PointGroups, needed: NDArray[np.int64], units: UnitRows) -> Formulation:
    size, n_own = len(groups), units.n_own
    rows = vstack(
        [
            block_array([[units.rows, csr_array((units.rows.shape[0], size))]]),
            block_array([[units.in_time(groups), -diags_array(needed.astype(np.float64))]]),
        ]
    )
    return Formulation(
        sense="max",
        objective=np.r_[np.zeros(units.n_sites + n_own), groups.weight],
        rows=csr_array(rows),
        lower=np.r_[units.lower, np.zeros(size)],
        upper=np.r_[units.upper, np.full(size, np.inf)],
        low=np.zeros(n_own + size),
        high=np.r_[np.full(n_own, float(units.most)), np.ones(size)],
        whole=np.ones(n_own + size, dtype=np.bool_),
    )


def _grouped(problem: SitingProblem, objective: MaxReliableCoverage) -> tuple[PointGroups, NDArray[np.int64]]:
    """Group the points that the same sites cover and that need as many units, and say how many."""
    by_point = _needed(problem, objective)
    groups = point_groups(problem, apart=by_point)
    needed = np.zeros(len(groups), dtype=np.int64)
    needed[groups.group] = by_point[groups.point]
    # beyond any number that there are, larger factors would only spoil the program
    return groups, np.minimum(needed, max(_OUT_OF_REACH, objective.n_units + 1))


def _formulate(problem: SitingProblem, objective: MaxReliableCoverage) -> Formulation:
    groups, needed = _grouped(problem, objective)
    return _program(groups, needed, unit_rows(problem.n_sites, objective.n_units, objective.most))


def _solve(problem: SitingProblem, objective: MaxReliableCoverage, run: Run) -> Found:
    """Place units by swaps, then prove by the mixed program."""
    groups, needed = _grouped(problem, objective)
    first = first_feasible(problem, objective.n_units, run, "n_units")
    if isinstance(first, Found):
        return first
    worth = _ReliableWorth(groups, needed)
    n_units, most = objective.n_units, objective.most
    begun = place(problem, replace(worth, bit_by_bit=True), first, run.part(SEARCH_SHARE), n_units=n_units, most=most)
    value = worth.value(begun.units)
    if begun.interrupted:
        bound = float(groups.weight.sum())
        return found_units(begun.units, value, bound, status="feasible", bound_source="sum of weights", counted=True)
    rows = unit_rows(problem.n_sites, n_units, most)
    reliable = np.asarray(groups.first @ begun.units) >= needed
    return solve_started(
        problem,
        _program(groups, needed, rows),
        run,
        start=np.r_[rows.filled(begun.units), reliable.astype(np.float64)],
        units_of=rows.units_of,
        value=worth.value,
        ceiling=float(groups.weight.sum()),
        counted=True,
    )


def _value(problem: SitingProblem, objective: MaxReliableCoverage, found: Found) -> float:
    """Add up the weights of the points that have all the units in time that they need."""
    in_time = units_by_definition(problem, found, objective.n_units, objective.most)
    return float(problem.demand.weights[in_time >= _needed(problem, objective)].sum())


MALP = Model(
    name="max_reliable_coverage",
    sense="max",
    uses_limits=True,
    check=_check,
    formulate=_formulate,
    solve=_solve,
    value=_value,
    sums_weights=lambda _: True,
)
