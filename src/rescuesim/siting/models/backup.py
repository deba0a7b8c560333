"""Backup coverage: BACOP1, BACOP2 and the set covering problem with backup (LSCP-B).

    max sum_i w_i [(1 - b) y_i + b u_i]
    s.t. y_i + u_i <= sum_{j covers i} x_j,   u_i <= y_i,   sum_j x_j <= p,   x, y, u in {0, 1}

y: covered, u: backed up, that is still covered whichever one of the open sites fails. A point with one open site in
time is covered and not backed up. Where a second unit is wanted, backed up means one more of both: two sites in time
as first, three as first or second.

BACOP1 fixes y = 1 for every coverable point and has b = 1: first coverage is mandatory, so p must be as large as in
LSCP at least. BACOP2 gives that up and trades first coverage for backup, the two weighed with b; it is the one to ask
where the number of sites is what can be afforded (Hogan and ReVelle 1986). LSCP-B takes for p the fewest sites that
cover all coverable points (that of LSCP) and then is BACOP1.

References
----------
Hogan, K., ReVelle, C. (1986). Concepts and applications of backup coverage. Management Science 32(11), 1434-1444.
doi:10.1287/mnsc.32.11.1434
Daskin, M. S., Stern, E. H. (1981). A hierarchical objective set covering model for emergency medical service vehicle
deployment. Transportation Science 15(2), 137-152. doi:10.1287/trsc.15.2.137
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, eye_array, vstack

from rescuesim.errors import InputError, SolverError
from rescuesim.siting.formulation import Formulation
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.models.lscp import LSCP, MinSites
from rescuesim.siting.models.model import Model
from rescuesim.siting.placing import SEARCH_SHARE, first_feasible, place
from rescuesim.siting.point_groups import PointGroups, point_groups
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.started import found_units, solve_started

__all__ = ["BACOP", "MaxBackupCoverage"]

_SHARE_OF_FEWEST = 0.5  # of the time that is left, for the message of an infeasible siting
_EVEN = 0.5  # who is covered and backed up counts once, who is just covered half


@dataclass(frozen=True, slots=True)
class MaxBackupCoverage:
    """Have as much weight as possible still covered when any one site fails (BACOP, LSCP-B).

    Parameters
    ----------
    n_sites : int or None, optional
        Largest number of open sites, existing and required ones included. None: the fewest that cover every coverable
        point (LSCP-B); only with `cover_all`.
    cover_all : bool, optional
        Whether every coverable point must be covered (BACOP1), as it must by default: that takes as many sites as
        `MinSites` finds, and with fewer is infeasible, with a message that says how many it takes. If not, coverage
        and backup are weighed against each other (BACOP2).
    backup_share : float, optional
        Of BACOP2: what backup counts, from 0 to 1, coverage counting the rest; a half if absent, so that the objective
        is half of the weight that is covered and half of the weight that is backed up. Expected just without
        `cover_all`.

    References
    ----------
    Hogan, K., ReVelle, C. (1986). Concepts and applications of backup coverage. Management Science 32(11), 1434-1444.
    doi:10.1287/mnsc.32.11.1434

    Examples
    --------
    >>> import pandas as pd
    >>> from rescuesim.siting import site
    >>> from rescuesim.travel import TravelTimes
    >>> times = TravelTimes.from_matrix([[60, 400], [80, 90], [90, 400]], sites=pd.DataFrame({"id": ["a", "b", "c"]}),
    ...     demand=pd.DataFrame({"id": [1, 2], "people": [50, 20]}))
    >>> solution = site(times, MaxBackupCoverage(2), limit_s=100)
    >>> solution.objective, solution.opened  # point 2 has one site in time: covered, not backed up
    (50.0, ('a', 'b'))
    >>> both = site(times, MaxBackupCoverage(2, cover_all=False), limit_s=100)
    >>> both.objective  # half of 70 covered, half of 50 backed up
    60.0
    """

    n_sites: int | None = None
    cover_all: bool = True
    backup_share: float | None = None

    def __post_init__(self) -> None:
        n, share = self.n_sites, self.backup_share
        if n is not None and (isinstance(n, bool) or not isinstance(n, Integral) or n < 1):
            raise InputError(f"n_sites {n!r}: expected a whole number of 1 or more, or None")
        if n is None and not self.cover_all:
            raise InputError("n_sites None: expected a number of sites, or cover_all=True for as few as cover all")
        if self.cover_all and share is not None:
            raise InputError(f"backup_share {share!r}: expected just with cover_all=False")
        if share is not None and (isinstance(share, bool) or not isinstance(share, Real) or not 0 <= share <= 1):
            raise InputError(f"backup_share {share!r}: expected from 0 to 1, or None for a half")

    @property
    def worth(self) -> tuple[float, float]:
        """What it counts to be covered and what to be backed up besides."""
        if self.cover_all:
            return 0.0, 1.0
        share = _EVEN if self.backup_share is None else float(self.backup_share)
        return 1 - share, share


def _check(problem: SitingProblem, objective: MaxBackupCoverage) -> list[str]:
    openable = int((~problem.must_close).sum())
    if objective.n_sites is not None and objective.n_sites > openable:
        return [f"n_sites {objective.n_sites}: expected at most the {openable} sites that may be open"]
    return []


def _formulate(problem: SitingProblem, objective: MaxBackupCoverage) -> Formulation:
    """Write two columns a group of points, covered and backed up.

    Without a number of sites the fewest that cover all are worked out first; that is a solve of its own.
    """
    number = _number(problem, objective, Run(clock=Clock(limit_s=math.inf)))
    # where even the fewest cannot be had, no number makes the program feasible
    return _program(problem, objective, point_groups(problem), 0 if isinstance(number, Found) else number)


def _number(problem: SitingProblem, objective: MaxBackupCoverage, run: Run) -> int | Found:
    """Return the number of sites, that of LSCP if none is given, or what LSCP found where that is not the fewest."""
    if objective.n_sites is not None:
        return int(objective.n_sites)
    fewest = LSCP.solve(problem, MinSites(), run)
    if fewest.status == "optimal":
        return round(fewest.objective)
    if fewest.status == "infeasible":
        message = fewest.message or "no choice of sites that keeps all side conditions covers every coverable point"
        return Found(status="infeasible", opened=None, objective=math.nan, best_bound=-math.inf, message=message)
    message = "stopped at the limit before the fewest sites that cover all were known; expected more time, or n_sites"
    return Found(status="unknown", opened=None, objective=math.nan, best_bound=math.inf, message=message)


def _program(problem: SitingProblem, objective: MaxBackupCoverage, groups: PointGroups, n_sites: int) -> Formulation:
    size, n, second = len(groups), groups.n_sites, np.flatnonzero(groups.wants_second)
    ones, pick = eye_array(size, format="csr"), eye_array(size, format="csr")[second]
    rows = vstack(
        [
            block_array([[groups.first, -ones, -ones]]),
            block_array([[groups.either[second], -2 * pick, -pick]]),
            block_array([[csr_array((size, n)), ones, -ones]]),
            csr_array(np.r_[np.ones(n), np.zeros(2 * size)][None, :]),
        ]
    )
    n_rows = rows.shape[0]
    covered, backed_up = objective.worth
    return Formulation(
        sense="max",
        objective=np.r_[np.zeros(n), covered * groups.weight, backed_up * groups.weight],
        rows=csr_array(rows),
        lower=np.r_[np.zeros(n_rows - 1), -np.inf],
        upper=np.r_[np.full(n_rows - 1, np.inf), n_sites],
        low=np.r_[np.full(size, 1.0 if objective.cover_all else 0.0), np.zeros(size)],
        high=np.ones(2 * size),
        # whole x and y make u whole; whole x make y whole unless backup counts more or a second unit is wanted
        whole=np.r_[(groups.wants_second | (backed_up > covered)) & (not objective.cover_all), np.zeros(size)] > 0,
    )


@dataclass(frozen=True, slots=True)
class _BackupWorth:
    """Worth of open sites: what is covered and what is backed up."""

    groups: PointGroups
    covered: NDArray[np.float64]
    backed_up: NDArray[np.float64]

    def value(self, units: NDArray[np.int64]) -> float:
        fold = self.groups.fold(units > 0)
        return float(self.covered[fold >= 1].sum() + self.backed_up[fold >= 2].sum())

    def gains(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        groups, opened = self.groups, units > 0
        return groups.lift(opened, 1, self.covered) + groups.lift(opened, 2, self.backed_up)


def _solve(problem: SitingProblem, objective: MaxBackupCoverage, run: Run) -> Found:
    """Place sites by swaps, then prove by the mixed program."""
    groups = point_groups(problem)
    n_sites = _number(problem, objective, run)
    if isinstance(n_sites, Found):
        return n_sites
    first = first_feasible(problem, n_sites, run)
    if isinstance(first, Found):
        return first
    share = objective.worth
    worth = _BackupWorth(groups, share[0] * groups.weight, share[1] * groups.weight)
    # where all must be covered, the search seeks that first
    must = groups.weight.sum() + 1.0
    sought = replace(worth, covered=np.full(len(groups), must)) if objective.cover_all else worth
    placed = place(problem, sought, first, run.part(SEARCH_SHARE), n_units=n_sites)
    fold = groups.fold(placed.opened)
    good = not objective.cover_all or bool((fold >= 1).all())
    if placed.interrupted and good:
        bound = float(groups.weight.sum())
        value = worth.value(placed.units)
        return found_units(placed.units, value, bound, status="feasible", bound_source="sum of weights")
    start = np.r_[placed.opened, fold >= 1, fold >= 2].astype(np.float64) if good else None
    found = solve_started(
        problem,
        _program(problem, objective, groups, n_sites),
        run,
        start=start,
        units_of=lambda x: np.rint(x[: problem.n_sites]).astype(np.int64),
        value=worth.value,
        ceiling=float(groups.weight.sum()),
    )
    if found.status == "infeasible":
        return replace(found, message=_too_few(problem, n_sites, run))
    return found


def _too_few(problem: SitingProblem, n_sites: int, run: Run) -> str:
    """Say that not all can be covered, with how many sites they could, and what else may be asked."""
    none = f"no {n_sites} sites that keep all side conditions cover every coverable point"
    fewest = LSCP.solve(problem, MinSites(), run.part(_SHARE_OF_FEWEST))
    if fewest.status == "infeasible":
        return f"{none}, nor does any number: expected cover_all=False, which weighs coverage and backup"
    least = math.ceil(fewest.best_bound - 1e-6)
    more = (
        f"n_sites of {least} or more" if fewest.status == "optimal" else f"n_sites of more than {max(least, n_sites)}"
    )
    return f"{none}: expected {more}, or cover_all=False, which weighs coverage and backup"


def _value(problem: SitingProblem, objective: MaxBackupCoverage, found: Found) -> float:
    """Let each open site fail in turn, and add up the weights of the points that stay covered all the time."""
    limits, opened = problem.limits, found.opened
    assert limits is not None
    assert opened is not None
    first, second = (
        np.asarray(csr_array(one)[:, opened].toarray()) > 0 for one in (limits.covers, limits.covers_second)
    )
    either = first | second

    def covered(without: NDArray[np.bool_]) -> NDArray[np.bool_]:
        once, twice = first[:, ~without].any(axis=1), either[:, ~without].sum(axis=1) >= 2
        return np.asarray(once & (twice | ~limits.wants_second) & limits.in_standard)

    n_open = int(opened.sum())
    held = covered(np.zeros(n_open, dtype=np.bool_))
    if objective.n_sites is not None and n_open > objective.n_sites:
        raise SolverError(f"{n_open} sites are open, expected at most {objective.n_sites}")
    if objective.cover_all:
        all_open = np.asarray(csr_array(limits.covers)[:, ~problem.must_close].sum(axis=1)) > 0
        missed = all_open & ~held & limits.in_standard & ~limits.wants_second
        if missed.any():
            point = problem.demand.ids[int(np.flatnonzero(missed)[0])]
            raise SolverError(f"point {point} is coverable and was left uncovered")
    safe = held.copy()
    for failed in range(n_open):
        safe &= covered(np.arange(n_open) == failed)
    share = objective.worth
    weights = problem.demand.weights
    return float(share[0] * weights[held].sum() + share[1] * weights[safe].sum())


BACOP = Model(
    name="max_backup_coverage",
    sense="max",
    uses_limits=True,
    check=_check,
    formulate=_formulate,
    solve=_solve,
    value=_value,
    sums_weights=lambda _: True,
)
