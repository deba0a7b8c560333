"""Who serves how much of whom under capacities, as a mixed program: the capacitated models in common.

Strong rows ``y_ij <= x_j`` make the relaxation tight and are many; where they are too many, those that the relaxation
breaks are added round by round.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from rescuesim.siting.formulation import Formulation, mixed_program
from rescuesim.siting.found import Run
from rescuesim.siting.medians.allocation import Allocating, allocating, nearest_open
from rescuesim.siting.problem import SitingProblem
from rescuesim.solver import MixedSolution, solve_linear, solve_mixed

__all__ = ["Asked", "Served", "serve", "shares_formulation"]

_ALL_ROWS = 20_000  # pairs up to which every strong row is written
_ROUNDS = 20
_BROKEN = 1e-4  # of a strong row, that is worth adding
_TINY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a capacitated model asks.

    Parameters
    ----------
    n_sites : int
        Largest number of open sites.
    charge : ndarray of float64, shape (n_sites,)
        What an open site costs.
    single_source : bool
        Whether a point is served by one site alone.
    """

    n_sites: int
    charge: NDArray[np.float64]
    single_source: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The best shares that were found.

    Parameters
    ----------
    status : {'optimal', 'feasible', 'infeasible', 'unknown'}
    opened : ndarray of bool, shape (n_sites,)
    shares : ndarray of float64, shape (n_sites, n_demand)
    cost, bound : float
        Charges and weighted times of what is served, and what no plan that serves as much is under.
    weight : float
        That is served.
    reachable : float
        Weight of the points that some openable site reaches.
    """

    status: str
    opened: NDArray[np.bool_]
    shares: NDArray[np.float64]
    cost: float
    bound: float
    weight: float
    reachable: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """Pairs of sites and points with weight that may be allocated, by row of the arrays of `Allocating`."""

    asked: Allocating
    site: NDArray[np.int64]
    point: NDArray[np.int64]

    @property
    def weight(self) -> NDArray[np.float64]:
        return self.asked.weight[self.point]

    @property
    def cost(self) -> NDArray[np.float64]:
        return self.weight * self.asked.times[self.site, self.point]


def _pairs(problem: SitingProblem) -> _Pairs:
    every = allocating(problem)
    some = every.weight > 0
    asked = Allocating(points=every.points[some], weight=every.weight[some], times=every.times[:, some])
    site, point = np.nonzero(np.isfinite(asked.times))
    return _Pairs(asked=asked, site=site, point=point)


def shares_formulation(problem: SitingProblem, asked: Asked) -> Formulation:
    """Write the model that serves every point that can be reached, all strong rows included."""
    pairs = _pairs(problem)
    return _linked(problem, pairs, _formulation(problem, pairs, asked), np.arange(len(pairs.site)))


def _formulation(problem: SitingProblem, pairs: _Pairs, asked: Asked, least: float | None = None) -> Formulation:
    """Write the rows of points, capacities and number; with `least`, that weight is to be served instead of all.

    Columns are the sites, then one share a pair.
    """
    n, size = problem.n_sites, len(pairs.site)
    n_points, column = len(pairs.asked.points), n + np.arange(size)
    served = csr_array((np.ones(size), (pairs.point, column)), shape=(n_points, n + size))
    capacity = problem.sites.capacity
    bounded = np.flatnonzero(np.isfinite(capacity))
    mine = np.isin(pairs.site, bounded)
    at = np.searchsorted(bounded, pairs.site[mine])
    held = csr_array(
        (
            np.r_[pairs.weight[mine], -capacity[bounded]],
            (np.r_[at, np.arange(len(bounded))], np.r_[column[mine], bounded]),
        ),
        shape=(len(bounded), n + size),
    )
    count = np.bincount(pairs.site, minlength=n).astype(np.float64)
    any_of = csr_array(
        (np.r_[np.ones(size), -count], (np.r_[pairs.site, np.arange(n)], np.r_[column, np.arange(n)])),
        shape=(n, n + size),
    )
    number = csr_array(np.r_[np.ones(n), np.zeros(size)][None, :])
    blocks = [served, held, any_of, number]
    lower = [np.full(n_points, 1.0 if least is None else 0.0), np.full(len(bounded) + n + 1, -np.inf)]
    upper = [np.ones(n_points), np.zeros(len(bounded) + n), np.array([float(asked.n_sites)])]
    if least is not None:
        blocks.append(csr_array(np.r_[np.zeros(n), pairs.weight][None, :]))
        lower.append(np.array([least]))
        upper.append(np.array([np.inf]))
    return Formulation(
        sense="min",
        objective=np.r_[asked.charge, pairs.cost],
        rows=csr_array(vstack(blocks)),
        lower=np.concatenate(lower),
        upper=np.concatenate(upper),
        low=np.zeros(size),
        high=np.ones(size),
        whole=np.full(size, asked.single_source),
    )


def _linked(problem: SitingProblem, pairs: _Pairs, formulation: Formulation, chosen: NDArray[np.int64]) -> Formulation:
    """Add the strong rows of some pairs."""
    k, n = len(chosen), problem.n_sites
    row = np.arange(k)
    strong = csr_array(
        (np.r_[np.ones(k), -np.ones(k)], (np.r_[row, row], np.r_[n + chosen, pairs.site[chosen]])),
        shape=(k, n + len(pairs.site)),
    )
    return replace(
        formulation,
        rows=csr_array(vstack([formulation.rows, strong])),
        lower=np.r_[formulation.lower, np.full(k, -np.inf)],
        upper=np.r_[formulation.upper, np.zeros(k)],
    )


def _tightened(problem: SitingProblem, pairs: _Pairs, formulation: Formulation, run: Run) -> Formulation:
    """Add all strong rows, or those that the relaxation breaks until it breaks none."""
    if len(pairs.site) <= _ALL_ROWS:
        return _linked(problem, pairs, formulation, np.arange(len(pairs.site)))
    n, added = problem.n_sites, np.zeros(len(pairs.site), dtype=np.bool_)
    for _ in range(_ROUNDS):
        relaxed = solve_linear(mixed_program(problem, formulation), limit_s=run.clock.left_s(), engine="highs")
        if relaxed.x is None or relaxed.status != "optimal":
            return formulation
        broken = np.flatnonzero((relaxed.x[n:] - relaxed.x[pairs.site] > _BROKEN) & ~added)
        if not len(broken):
            return formulation
        added[broken] = True
        formulation = _linked(problem, pairs, formulation, broken)
    return formulation


def _solved(problem: SitingProblem, formulation: Formulation, run: Run, start: MixedSolution | None) -> MixedSolution:
    hint = None if start is None else start.x
    program = mixed_program(problem, formulation)
    return solve_mixed(program, hint=hint, limit_s=run.clock.left_s(), seed=run.seed, relative_gap=run.relative_gap)


def serve(problem: SitingProblem, asked: Asked, run: Run) -> Served:
    """Serve as much weight as possible, and that at least cost.

    Parameters
    ----------
    problem : SitingProblem
    asked : Asked
    run : Run

    Returns
    -------
    Served
        ``infeasible`` if no choice of sites keeps the side conditions. ``optimal`` if both the weight served and its
        cost are proved.
    """
    pairs = _pairs(problem)
    reachable = float(pairs.asked.weight.sum())
    capacity = problem.sites.capacity[~problem.must_close].sum()
    if capacity >= reachable:
        formulation = _tightened(problem, pairs, _formulation(problem, pairs, asked), run)
        found = _solved(problem, formulation, run, None)
        if found.status != "infeasible":
            return _served(problem, pairs, asked, found, reachable)
    most = _formulation(problem, pairs, asked, 0.0)
    most = replace(most, objective=np.r_[np.zeros(problem.n_sites), -pairs.weight])
    full = _solved(problem, most, run, None)
    if full.x is None:
        return _served(problem, pairs, asked, full, reachable)
    least = -full.objective
    formulation = _tightened(problem, pairs, _formulation(problem, pairs, asked, least), run)
    found = _solved(problem, formulation, run, full)
    served = _served(problem, pairs, asked, found, reachable)
    if full.status == "optimal" or served.status != "optimal":
        return served
    return replace(served, status="feasible", bound=0.0)


def _served(problem: SitingProblem, pairs: _Pairs, asked: Asked, found: MixedSolution, reachable: float) -> Served:
    """Read shares and sites from a solution, and weigh them anew."""
    n = problem.n_sites
    shares = np.zeros((n, len(problem.demand)))
    if found.x is None:
        bound = max(found.best_bound, 0.0)
        none = np.zeros(n, dtype=np.bool_)
        return Served(
            status=found.status, opened=none, shares=shares, cost=math.inf, bound=bound, weight=0.0, reachable=reachable
        )
    opened = found.x[:n] > 0.5
    share = np.where(opened[pairs.site] & (found.x[n:] > _TINY), np.minimum(found.x[n:], 1.0), 0.0)
    if asked.single_source:
        share = np.rint(share)
    total = np.bincount(pairs.point, share, len(pairs.asked.points))
    # what lies within the solver's tolerance of all is all
    share = np.where(total[pairs.point] > 1 - 1e-6, share / np.maximum(total[pairs.point], 1e-300), share)
    shares[pairs.site, pairs.asked.points[pairs.point]] = share
    _serve_weightless(problem, opened, shares)
    cost = float(asked.charge[opened].sum() + (pairs.cost * share).sum())
    return Served(
        status=found.status,
        opened=opened,
        shares=shares,
        cost=cost,
        bound=cost if found.status == "optimal" else min(found.best_bound, cost),
        weight=float((pairs.weight * share).sum()),
        reachable=reachable,
    )


def _serve_weightless(problem: SitingProblem, opened: NDArray[np.bool_], shares: NDArray[np.float64]) -> None:
    """Give each point without weight to its nearest open site, in place: it asks for nothing and takes no room."""
    nearest = nearest_open(problem, opened)
    points = np.flatnonzero((problem.demand.weights == 0) & (nearest >= 0))
    shares[nearest[points], points] = 1.0
