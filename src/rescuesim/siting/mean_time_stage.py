"""The mean time after other objectives: a p-median whose prices make it keep the coverage found before.

A lack of coverage is priced: a point that no open site covers pays mu times its weight besides its travel time. With
the price the problem is a p-median over the points and, where a slower site may cover a point that a quicker one does
not, over their doubles, which pay the price alone. Whatever mu,

    mean time of a plan that keeps the coverage  >=  (least priced time - mu * weight that may stay uncovered) / weight

so every price gives a bound, and plans that keep the coverage are found as mu rises. Costs and numbers that must be
kept are rows over the sites.

References
----------
Geoffrion, A. M. (1974). Lagrangean relaxation for integer programming. Mathematical Programming Study 2, 82-114.
doi:10.1007/BFb0120690
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.siting.costs import budget_row
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.mean_time_swaps import KeptSwaps
from rescuesim.siting.medians.allocation import allocating
from rescuesim.siting.medians.branching import prove
from rescuesim.siting.medians.going import Going
from rescuesim.siting.medians.lagrangian import Pace, Prices, ascend, relaxation
from rescuesim.siting.medians.rows import float_rows
from rescuesim.siting.medians.swaps import SwapSearch
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.sequence import Goal, Kept, meets, value_of
from rescuesim.siting.site_rows import SiteRows, row_of, stacked, tightened

__all__ = ["solve_mean_time"]

logger = logging.getLogger(__name__)

_WORK = 2e8  # of a search for one price: a quarter of a second or so
_FIRST_PRICE = 0.05  # of the longest time of a point, for each unit of its weight
_MOST_PRICES, _MOST_PRICES_IN_ALL = 20, 60
_SMALL = 20_000  # pairs that the mixed program proves to the last digit in a moment
_LIKE = 1.2  # ratio of two prices up to which one begins where the other ended
_NARROW = 1.5  # ratio of the best price and its neighbours at which the search for it ends
_SHARE_OF_BOUNDS, _SHARE_OF_PROOF = 0.5, 0.3  # of the time that is left
_TURNS, _ROUNDS = 1500, 8  # of the swaps
_PACE = Pace(step=1.5, patience=20, cut=0.75, most=600)
_PACE_AFTER = Pace(step=1.2, patience=20, cut=0.75, most=2000)  # from prices that were good nearby
_NEARBY, _SMALLER, _MISSES = 0.02, 0.8, 4  # how far away, as a share; how it shrinks where that did not help
_WORTH = 2e-5  # of the bound, that counts as help


@dataclass(frozen=True, slots=True, kw_only=True)
class _Priced:
    """The p-median for any price.

    Parameters
    ----------
    base : ndarray of float64, shape (n_sites, n_points)
        Weighted times.
    lack : ndarray of float64, shape (n_sites, n_points), or None
        Weight of the point where the site does not cover it, for points that the quickest open site covers if any does;
        None where no coverage is kept.
    apart : ndarray of float64, shape (n_sites, n_doubles)
        The same for groups of the other points that the same sites cover.
    spare : float
        Weight that may stay uncovered, of the points that can be covered.
    covers : ndarray of bool, shape (n_sites, n_points), or None
        Who covers whom; None where no coverage is kept.
    weight : ndarray of float64, shape (n_points,)
    """

    base: NDArray[np.float64]
    lack: NDArray[np.float64] | None
    apart: NDArray[np.float64]
    spare: float
    covers: NDArray[np.bool_] | None
    weight: NDArray[np.float64]

    def cost(self, price: float) -> NDArray[np.float64]:
        """Return the costs of a p-median, shape (n_sites, n_points + n_doubles)."""
        if self.lack is None or price == 0:
            return self.base
        return np.hstack([self.base + price * self.lack, price * self.apart])


def solve_mean_time(problem: SitingProblem, goal: Goal, kept: Sequence[Kept], run: Run, plan: Found) -> Found | None:
    """Find the plan of least mean time that keeps coverage, cost and number.

    Parameters
    ----------
    problem : SitingProblem
    goal : Goal
        Of ``min_mean_time``.
    kept : sequence of Kept
        Their numbers and costs stand in the rows of the problem.
    run : Run
    plan : Found
        Keeps the earlier goals; what is returned is no worse.

    Returns
    -------
    Found or None
        None where the problem is small, an earlier goal is of another kind, a point needs a second unit, or the plan
        has more sites than this goal, or does not reach every point: `solve_stage` has a way for all.
    """
    side = _side(problem, kept)
    coverage = [one for one in kept if one.goal.model.name == "max_coverage"]
    if side is None or len(coverage) > 1 or goal.model.name != "min_mean_time":
        return None
    if coverage and (problem.limits is None or problem.limits.wants_second.any()):
        return None
    asked = allocating(problem)
    reached = np.isfinite(asked.times)
    if int(reached.sum()) <= _SMALL or plan.opened is None or not meets(problem, goal, plan.opened):
        return None
    base = np.where(reached, asked.times, 0.0) * asked.weight
    never = float(base.max(axis=0).sum()) + 1.0
    base[~reached] = never
    priced = _priced(problem, asked.points, asked.times, base, coverage[0] if coverage else None)
    walk = _Walk(problem=replace(problem, rows=side), goal=goal, coverage=coverage, priced=priced, run=run, never=never)
    return walk.best(plan, float(asked.weight.sum()))


def _side(problem: SitingProblem, kept: Sequence[Kept]) -> SiteRows | None:
    """Write the number and the budget of a coverage as rows; None if a kept objective is no coverage, number or cost.

    Numbers and costs that are kept stand in the rows of the problem.
    """
    parts = [problem.rows]
    every = np.ones(problem.n_sites, dtype=np.int64)
    for one in kept:
        if one.goal.only_counts:
            continue
        if one.goal.model.name == "max_coverage":
            if (number := getattr(one.goal.objective, "n_sites", None)) is not None:
                parts.append(row_of(every, "number kept", upper=int(number)))
            if (budget := getattr(one.goal.objective, "budget", None)) is not None:
                parts.append(replace(budget_row(problem.costs, float(budget)), limits=()))
        else:
            return None
    return tightened(stacked(parts))


def _priced(
    problem: SitingProblem,
    points: NDArray[np.int64],
    times: NDArray[np.float64],
    base: NDArray[np.float64],
    coverage: Kept | None,
) -> _Priced:
    """Work out who lacks coverage from which site."""
    if coverage is None or problem.limits is None:
        weight = problem.demand.weights[points]
        none = np.zeros((len(base), 0))
        return _Priced(base=base, lack=None, apart=none, spare=0.0, covers=None, weight=weight)
    limits = problem.limits
    openable = ~problem.must_close
    covers = limits.covers[points].toarray().astype(bool).T & limits.in_standard[points] & openable[:, None]
    coverable = covers.any(axis=0)
    weight = problem.demand.weights[points]
    lack = np.where(covers | ~coverable, 0.0, weight)
    last = np.where(covers, times, -np.inf).max(axis=0)
    first = np.where(~covers & openable[:, None], times, np.inf).min(axis=0)
    alone = coverable & (last > first)
    _, lead, group = np.unique(np.packbits(covers[:, alone], axis=0), axis=1, return_index=True, return_inverse=True)
    shared = np.bincount(group.ravel(), weights=weight[alone], minlength=len(lead))
    apart = np.where(covers[:, np.flatnonzero(alone)[lead]], 0.0, shared)
    spare = float(weight[coverable].sum()) - coverage.at
    return _Priced(base=base, lack=np.where(alone, 0.0, lack), apart=apart, spare=spare, covers=covers, weight=weight)


@dataclass(slots=True, kw_only=True)
class _Ascents:
    """Bounds at one price after the other; each ascent begins where one at a price nearby ended.

    Parameters
    ----------
    problem : SitingProblem
    priced : _Priced
    n_sites : int
        Most open sites.
    opened : ndarray of bool, shape (n_sites,)
        A plan that keeps all.
    best : float
        Its weighted time.
    going : Going
    """

    problem: SitingProblem
    priced: _Priced
    n_sites: int
    opened: NDArray[np.bool_]
    best: float
    going: Going
    _ends: dict[float, Prices] = field(default_factory=dict)

    def bound(self, price: float) -> float:
        """Return a bound on the weighted time of every plan that keeps all."""
        problem, rows = self.problem, float_rows(self.problem.rows)
        cost, kept = self.priced.cost(price), price * self.priced.spare
        relaxed = relaxation(cost, problem.must_open, problem.must_close, self.n_sites, rows)
        near = [one for one in self._ends if one > 0 and max(one / price, price / one) < _LIKE] if price > 0 else []
        if near:
            end = max((self._ends[one] for one in near), key=lambda one: one.bound)
            start = end.price, end.row_price
        else:
            second = min(1, int(self.opened.sum()) - 1)
            start = np.partition(cost[self.opened], second, axis=0)[second], np.zeros(len(rows))
        target = self.best + kept
        prices = ascend(
            relaxed,
            problem.must_open,
            problem.must_close,
            start,
            target=target,
            enough=target,
            pace=_PACE_AFTER if near else _PACE,
            going=self.going,
        )
        self._ends[price] = replace(prices, bound=prices.bound - kept)
        return prices.bound - kept


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """The search for the price at which the coverage is just kept."""

    problem: SitingProblem
    goal: Goal
    coverage: Sequence[Kept]
    priced: _Priced
    run: Run
    never: float

    def best(self, plan: Found, weight: float) -> Found:
        """Look for the price of the best bound, swap, then branch at that price."""
        assert plan.opened is not None
        best, opened, bounds = self._time(plan.opened), plan.opened, {0.0: -math.inf}
        going, swaps, price = Going(clock=self.run.clock), self._swaps(), 0.0
        if swaps is not None:
            best, opened = self._better(best, opened, opened, self._next({0.0: 0.0}, weight), going, swaps)
            part = Going(clock=Clock(limit_s=self.run.clock.left_s() * _SHARE_OF_BOUNDS), interrupted=going.interrupted)
            bounds = self._bounds(opened, best, weight, part)
            going.interrupted = part.interrupted
            price = max(bounds, key=lambda one: bounds[one])
            logger.debug("mean time %g, bound %g at a price of %g", best, bounds[price], price)
            for _ in range(_ROUNDS):
                if self._close(best, bounds) or not going():
                    break
                best, opened = self._better(best, opened, opened, price, going, swaps)
        if not self._close(best, bounds) and going():
            found, least = self._at(price, opened, going, share=_SHARE_OF_PROOF if swaps is not None else 1.0)
            bounds[price] = max(bounds[price], (least - price * self.priced.spare) / weight)
            best, opened = self._better(best, opened, found, price, going, swaps)
        bound = min(max(0.0, *bounds.values()), best)
        done = best - bound <= 1e-9 * abs(best)
        return Found(
            status="optimal" if done else "feasible",
            opened=opened,
            objective=best,
            best_bound=best if done else bound,
            bound_source="Lagrangian relaxation of the coverage" if self.coverage else "Lagrangian relaxation",
        )

    def _bounds(self, opened: NDArray[np.bool_], best: float, weight: float, going: Going) -> dict[float, float]:
        """Bound the mean time at one price after the other, around the best of them."""
        problem = self.problem
        ascents = _Ascents(
            problem=problem, priced=self.priced, n_sites=self._n_sites(), opened=opened, best=best * weight, going=going
        )
        bounds: dict[float, float] = {}
        price, at = 0.0, 0.0
        while price not in bounds and len(bounds) < _MOST_PRICES:
            bounds[price] = ascents.bound(price) / weight
            price = self._next(bounds, weight) if going() else price
        # a price nearby shakes the ascent out of where it stalled, much more than a new start at the same one does
        at = max(bounds, key=lambda one: bounds[one])
        width, misses = _NEARBY, 0
        while at > 0 and misses < _MISSES and len(bounds) < _MOST_PRICES_IN_ALL and going():
            price = at * (1 + width)
            bounds[price] = ascents.bound(price) / weight
            if bounds[price] > bounds[at] + _WORTH * abs(bounds[at]):
                at, misses = price, 0
            else:
                width, misses = _SMALLER * width, misses + 1
            width = -width
        return bounds

    def _n_sites(self) -> int:
        return min(int(getattr(self.goal.objective, "n_sites", self.problem.n_sites)), self.problem.n_sites)

    def _close(self, best: float, bounds: Mapping[float, float]) -> bool:
        return best - max(bounds.values()) <= max(self.run.relative_gap, 1e-9) * abs(best)

    def _swaps(self) -> KeptSwaps | None:
        """Return what makes up for coverage that a plan lacks, and finds quicker ones; None without a coverage."""
        priced, problem = self.priced, self.problem
        if priced.covers is None:
            return None
        return KeptSwaps(
            base=priced.base,
            covers=priced.covers,
            weight=priced.weight,
            at=self.coverage[0].at,
            must_open=problem.must_open,
            must_close=problem.must_close,
            rows=problem.rows,
            n_sites=self._n_sites(),
            seed=self.run.seed,
        )

    def _better(
        self,
        best: float,
        opened: NDArray[np.bool_],
        found: NDArray[np.bool_] | None,
        price: float,
        going: Going,
        swaps: KeptSwaps | None,
    ) -> tuple[float, NDArray[np.bool_]]:
        """Take a plan, mended and bettered by swaps, if it keeps all and is quicker."""
        if found is not None and swaps is not None:
            try:
                found = swaps.improved(found, price, going, turns=_TURNS)
            except KeyboardInterrupt:
                going.interrupted = True
        if found is not None and self._keeps(found) and (value := self._time(found)) < best:
            return value, found
        return best, opened

    def _next(self, bounds: Mapping[float, float], weight: float) -> float:
        """Return the next price to try: beyond the best one, between it and a neighbour, or again the best one."""
        prices = sorted(bounds)
        best = max(prices, key=lambda price: bounds[price])
        at = prices.index(best)
        if best == prices[-1]:
            longest = min(float(self.priced.base.max(axis=0).sum()), self.never)
            return max(4 * best, min(_FIRST_PRICE * longest / max(weight, 1e-300), 1e6), 1e-3)
        below, above = prices[max(at - 1, 0)], prices[at + 1]
        if best == 0.0:
            return above / 4
        down, up = best / below if below > 0 else 4.0, above / best
        if max(down, up) <= _NARROW:
            return best
        return best / math.sqrt(down) if down >= up else best * math.sqrt(up)

    def _at(
        self, price: float, start: NDArray[np.bool_], going: Going, *, share: float
    ) -> tuple[NDArray[np.bool_] | None, float]:
        """Return a plan for one price and a bound on the priced time of all plans."""
        problem = self.problem
        cost = self.priced.cost(price)
        search = SwapSearch(
            cost=np.ascontiguousarray(cost),
            must_open=problem.must_open,
            must_close=problem.must_close,
            n_sites=self._n_sites(),
            side=problem.rows,
            rows=float_rows(problem.rows),
            rng=np.random.default_rng(self.run.seed),
        )
        search.weigh(np.flatnonzero(start))
        part = Going(clock=Clock(limit_s=self.run.clock.left_s() * share))
        try:
            search.offer(np.flatnonzero(start))
            search.search(_WORK, going=part)
            if not len(search.opened):
                return None, 0.0
            enough = max(self.run.relative_gap / 4, 1e-6)
            least = prove(search, whole_step=0.0, relative_gap=enough, going=part).bound
        except KeyboardInterrupt:
            going.interrupted = True
            least = 0.0
        marks = np.zeros(problem.n_sites, dtype=np.bool_)
        marks[search.opened] = True
        return (marks if len(search.opened) else None), min(float(least), search.value)

    def _time(self, opened: NDArray[np.bool_]) -> float:
        probe = Found(status="feasible", opened=opened, objective=math.nan, best_bound=math.nan)
        return value_of(self.problem, self.goal, probe)

    def _keeps(self, opened: NDArray[np.bool_]) -> bool:
        """Whether a plan keeps side conditions, number and coverage, by code that knows no prices."""
        probe = Found(status="feasible", opened=opened, objective=math.nan, best_bound=math.nan)
        if not self.problem.keeps(opened) or self.priced.base[opened].min(axis=0).sum() >= self.never:
            return False
        return all(value_of(self.problem, one.goal, probe) >= one.at - 1e-9 * abs(one.at) for one in self.coverage)
