"""MEXCLP: the maximum expected covering location problem.

    max sum_i w_i sum_k (1 - q) q^(k-1) y_ik
    s.t. sum_k y_ik <= sum_{j covers i} u_j,   x_j <= u_j <= c x_j,   sum_j u_j <= n,   x, y in {0, 1}, u whole

u_j: units at site j, each busy with probability q, whatever the others do; y_ik: at least k units are in time for
point i. The worth of point i is w_i (1 - q^(units in time)). With q = 0 and one unit a site it is MCLP.

References
----------
Daskin, M. S. (1983). A maximum expected covering location model: formulation, properties and heuristic solution.
Transportation Science 17(1), 48-70. doi:10.1287/trsc.17.1.48
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, vstack

from rescuesim.errors import InputError, SolverError
from rescuesim.siting.formulation import Formulation
from rescuesim.siting.found import Found, Run
from rescuesim.siting.models.model import Model
from rescuesim.siting.placing import SEARCH_SHARE, first_feasible, place
from rescuesim.siting.point_groups import PointGroups, point_groups
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.started import found_units, solve_started
from rescuesim.siting.unit_counts import StepColumns, UnitRows, step_columns, unit_rows

__all__ = ["MEXCLP", "MaxExpectedCoverage", "check_units", "unit_faults", "units_by_definition"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxExpectedCoverage:
    """Place units so that as much weight as possible is expected to find a free one in time (MEXCLP).

    Parameters
    ----------
    n_units : int
        Most units in all. Every open site has one at least, existing and required sites too; the units that the site
        table gives are placed anew.
    busy_fraction : float
        Share of the time in which a unit is on a call, from 0 to under 1; the same for all units.
    units_per_site : int, optional
        Most units at one site; `n_units` if absent.

    References
    ----------
    Daskin, M. S. (1983). A maximum expected covering location model: formulation, properties and heuristic solution.
    Transportation Science 17(1), 48-70. doi:10.1287/trsc.17.1.48

    Examples
    --------
    >>> import pandas as pd
    >>> from rescuesim.siting import site
    >>> from rescuesim.travel import TravelTimes
    >>> times = TravelTimes.from_matrix([[60, 400], [400, 90]], sites=pd.DataFrame({"id": ["a", "b"]}),
    ...     demand=pd.DataFrame({"id": [1, 2], "people": [50, 10]}))
    >>> solution = site(times, MaxExpectedCoverage(n_units=2, busy_fraction=0.4), limit_s=100)
    >>> solution.plan.units, solution.objective  # 50 (1 - 0.4 ** 2)
    ({'a': 2}, 42.0)
    """

    n_units: int
    busy_fraction: float
    units_per_site: int | None = None

    def __post_init__(self) -> None:
        faults = unit_faults(self.n_units, self.units_per_site)
        q = self.busy_fraction
        if isinstance(q, bool) or not isinstance(q, Real) or not 0 <= q < 1:
            faults.append(f"busy_fraction {q!r}: expected 0 or more, and under 1")
        if faults:
            raise InputError("; ".join(faults))

    @property
    def most(self) -> int:
        """Most units at one site."""
        return int(self.n_units if self.units_per_site is None else min(self.units_per_site, self.n_units))


def unit_faults(n_units: object, units_per_site: object) -> list[str]:
    """Say what is wrong with numbers of units."""
    faults = []
    if isinstance(n_units, bool) or not isinstance(n_units, Integral) or n_units < 1:
        faults.append(f"n_units {n_units!r}: expected a whole number of 1 or more")
    if units_per_site is not None and (
        isinstance(units_per_site, bool) or not isinstance(units_per_site, Integral) or units_per_site < 1
    ):
        faults.append(f"units_per_site {units_per_site!r}: expected a whole number of 1 or more, or None")
    return faults


def check_units(problem: SitingProblem, n_units: int, most: int) -> list[str]:
    """Say why units cannot be placed: more than there is room for, or points that want two at once."""
    limits, faults = problem.limits, []
    assert limits is not None
    openable = int((~problem.must_close).sum())
    if n_units > openable * most:
        room = f"{openable} sites that may be open" if most == 1 else f"{openable} sites hold, {most} each"
        faults.append(f"n_units {n_units}: expected at most the {openable * most} that the {room}")
    if (limits.wants_second & limits.in_standard).any():
        point = problem.demand.ids[int(np.flatnonzero(limits.wants_second & limits.in_standard)[0])]
        faults.append(
            f"point {point} wants a second unit from another site: this model counts one unit a call; expected a "
            "standard without second units, or MaxAvailableCoverage"
        )
    return faults


def _check(problem: SitingProblem, objective: MaxExpectedCoverage) -> list[str]:
    return check_units(problem, objective.n_units, objective.most)


@dataclass(frozen=True, slots=True)
class _ExpectedWorth:
    """Worth of units, of which each is free with a probability."""

    groups: PointGroups
    busy: float

    def value(self, units: NDArray[np.int64]) -> float:
        return float(self.groups.weight @ (1 - self.busy ** (self.groups.first @ units)))

    def gains(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        further = (1 - self.busy) * self.busy ** (self.groups.first @ units)
        return np.asarray(self.groups.first.T @ (self.groups.weight * further))


def _columns(groups: PointGroups, objective: MaxExpectedCoverage) -> StepColumns:
    reach = np.diff(groups.first.indptr) * objective.most
    n_steps = 1 if objective.busy_fraction == 0 else objective.n_units
    step = (1 - objective.busy_fraction) * objective.busy_fraction ** np.arange(n_steps)
    return step_columns(np.minimum(reach, objective.n_units), groups.weight[:, None] * step[None, :])


def _program(groups: PointGroups, columns: StepColumns, units: UnitRows) -> Formulation:
    n_own = units.n_own
    rows = vstack(
        [
            block_array([[units.rows, csr_array((units.rows.shape[0], len(columns.group)))]]),
            block_array([[units.in_time(groups), -columns.rows]]),
        ]
    )
    return Formulation(
        sense="max",
        objective=np.r_[np.zeros(units.n_sites + n_own), columns.worth],
        rows=csr_array(rows),
        lower=np.r_[units.lower, np.zeros(len(groups))],
        upper=np.r_[units.upper, np.full(len(groups), np.inf)],
        low=np.zeros(n_own + len(columns.group)),
        high=np.r_[np.full(n_own, float(units.most)), np.ones(len(columns.group))],
        # whole units make whole y: a further unit is never worth more
        whole=np.r_[np.ones(n_own, dtype=np.bool_), np.zeros(len(columns.group), dtype=np.bool_)],
    )


def _formulate(problem: SitingProblem, objective: MaxExpectedCoverage) -> Formulation:
    groups = point_groups(problem)
    return _program(groups, _columns(groups, objective), unit_rows(problem.n_sites, objective.n_units, objective.most))


def _solve(problem: SitingProblem, objective: MaxExpectedCoverage, run: Run) -> Found:
    """Place units by swaps, then prove by the mixed program."""
    groups = point_groups(problem)
    first = first_feasible(problem, objective.n_units, run, "n_units")
    if isinstance(first, Found):
        return first
    worth = _ExpectedWorth(groups, float(objective.busy_fraction))
    placed = place(problem, worth, first, run.part(SEARCH_SHARE), n_units=objective.n_units, most=objective.most)
    if placed.interrupted:
        bound, value = float(groups.weight.sum()), worth.value(placed.units)
        return found_units(placed.units, value, bound, status="feasible", bound_source="sum of weights", counted=True)
    columns = _columns(groups, objective)
    rows = unit_rows(problem.n_sites, objective.n_units, objective.most)
    in_time = np.asarray(groups.first @ placed.units).astype(np.int64)
    return solve_started(
        problem,
        _program(groups, columns, rows),
        run,
        start=np.r_[rows.filled(placed.units), columns.filled(in_time)],
        units_of=rows.units_of,
        value=worth.value,
        ceiling=float(groups.weight.sum()),
        counted=True,
    )


def units_by_definition(problem: SitingProblem, found: Found, n_units: int, most: int) -> NDArray[np.int64]:
    """Count the units in time for each point, and make sure that they are where they may be; int64, shape (n_demand,).

    Raises
    ------
    SolverError
        If there are more units than allowed, or units where no site is open.
    """
    units, limits = found.units, problem.limits
    assert units is not None
    assert found.opened is not None
    assert limits is not None
    if units.sum() > n_units or (units > most).any() or not np.array_equal(units > 0, found.opened):
        raise SolverError(
            f"units {units.tolist()}: expected up to {n_units}, up to {most} at each open site and one there"
        )
    in_time = np.zeros(len(problem.demand), dtype=np.int64)
    for j in np.flatnonzero(units).tolist():
        in_time += units[j] * (np.asarray(csr_array(limits.covers)[:, [j]].toarray()).ravel() > 0)
    return np.where(limits.in_standard, in_time, 0)


def _value(problem: SitingProblem, objective: MaxExpectedCoverage, found: Found) -> float:
    """Add up, point by point, the weight times the chance that not all units in time are busy."""
    in_time = units_by_definition(problem, found, objective.n_units, objective.most)
    busy = float(objective.busy_fraction)
    weights = problem.demand.weights
    return float(sum(w * (1 - busy**n) for w, n in zip(weights.tolist(), in_time.tolist(), strict=True)))


MEXCLP = Model(
    name="max_expected_coverage",
    sense="max",
    uses_limits=True,
    check=_check,
    formulate=_formulate,
    solve=_solve,
    value=_value,
    sums_weights=lambda _: True,
)
