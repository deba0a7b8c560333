"""The mean time as a later objective of a sequence, at sizes at which a program of all pairs is out of reach.

What earlier objectives ask becomes rows over the sites that no plan which keeps them breaks: number and cost as they
are, covered weight by weak duality. With multipliers 0 <= l_i <= w_i of the points,

    sum_i w_i y_i  <=  sum_i (w_i - l_i)  +  sum_j x_j sum_{i covered by j} l_i,

so that keeping a covered weight of K asks sum_j (A'l)_j x_j >= K - sum_i (w_i - l_i). The p-median under these rows
bounds the stage from below; its plan counts if it keeps all, and is cut off by a row of its own if it does not. Swaps
that keep all improve the plan that there is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, eye_array

from rescuesim.siting.explain.cover_counts import CoverCounts, cover_counts
from rescuesim.siting.explain.drives import drives_of
from rescuesim.siting.explain.mean_times import NearestTimes, nearest_times
from rescuesim.siting.explain.opened_sites import Swaps, swaps_by_cover, swaps_by_time
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.limits import covered_points
from rescuesim.siting.models import Model
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import SiteRows, row_of, stacked
from rescuesim.siting.whole_rows import as_decimal
from rescuesim.solver import MixedProgram, solve_linear

__all__ = ["Asks", "mean_time_stage"]

_SCALE = 1e5  # whole units of the mean multiplier in a row of covered weight
_MOST_PLACES = 6
_ROUNDS = 6
_TRIED = 200  # swaps of one look that are tried one after the other


class Asks:
    """What earlier objectives of a sequence ask of every later plan.

    Parameters
    ----------
    covered : float or None
        Least covered weight.
    sites : float or None
        Largest number of open sites.
    cost : float or None
        Largest cost.
    """

    __slots__ = ("cost", "covered", "sites")

    def __init__(self, covered: float | None = None, sites: float | None = None, cost: float | None = None) -> None:
        self.covered, self.sites, self.cost = covered, sites, cost


def mean_time_stage(
    problem: SitingProblem, model: Model, objective: object, asks: Asks, run: Run, plan: Found
) -> Found | None:
    """Find a plan of short mean time among those that keep what was asked.

    Parameters
    ----------
    problem : SitingProblem
    model : Model
        The p-median.
    objective : MinMeanTime
    asks : Asks
    run : Run
    plan : Found
        Keeps all.

    Returns
    -------
    Found or None
        None where costs have too many decimals, or points want a second unit: the general way is then the only one.
    """
    limits = problem.limits
    if plan.opened is None or (asks.covered is not None and (limits is None or limits.wants_second.any())):
        return None
    plain = _plain_rows(problem, asks)
    if plain is None:
        return None
    counts = None
    if asks.covered is not None and limits is not None:
        counts = cover_counts(limits, plan.opened, problem.demand.weights)
    rows = [problem.rows, *plain]
    if counts is not None:
        rows.append(_dual_row(problem, stacked(rows), counts, asks, run))
    best = _swapped(replace(problem, rows=stacked([problem.rows, *plain])), asks, plan.opened, run)
    value = model.value(problem, objective, replace(plan, opened=best))
    bound = -math.inf
    for turn in range(_ROUNDS):
        left = run.clock.left_s()
        if run.clock.elapsed_s() > 0.8 * run.clock.limit_s or value - bound <= run.relative_gap * value:
            break
        part = replace(run, clock=Clock(limit_s=left / 2))
        tighter = replace(problem, rows=stacked(rows), limits=None)
        found = model.solve(tighter, objective, part)
        bound = max(bound, found.best_bound)
        if found.opened is None:
            break
        after = None if counts is None else replace_opened(counts, problem, found.opened)
        if after is None or asks.covered is None or after.value >= asks.covered:
            if found.objective < value:
                best, value = found.opened, model.value(problem, objective, replace(plan, opened=found.opened))
            break
        rows.append(_cut(after, asks, f"covered weight, cut {turn + 1}"))
    done = math.isclose(value, bound, rel_tol=1e-9)
    return Found(
        status="optimal" if done else "feasible",
        opened=best,
        objective=value,
        best_bound=min(bound, value),
        bound_source="p-median under rows that every plan of the sequence keeps" if math.isfinite(bound) else "",
    )


def replace_opened(counts: CoverCounts, problem: SitingProblem, opened: NDArray[np.bool_]) -> CoverCounts:
    """Count again for another set of open sites."""
    ones = opened.astype(np.float64)
    n_first, n_either = (np.rint(np.asarray(part @ ones)).astype(np.int64) for part in (counts.first, counts.either))
    return replace(counts, opened=opened, n_first=n_first, n_either=n_either)


def _plain_rows(problem: SitingProblem, asks: Asks) -> list[SiteRows] | None:
    """Write number and cost as rows in whole numbers; None where that would round."""
    rows = []
    if asks.sites is not None:
        ones = np.ones(problem.n_sites, dtype=np.int64)
        rows.append(row_of(ones, "number of sites", upper=math.floor(asks.sites + 1e-9)))
    if asks.cost is not None:
        cost = problem.sites.cost
        exponents = {int(as_decimal(one).normalize().as_tuple().exponent) for one in set(cost.tolist())}
        places = max(0, *(-exponent for exponent in exponents), 0)
        if places > _MOST_PLACES:
            return None
        factors = np.rint(cost * 10**places).astype(np.int64)
        rows.append(row_of(factors, "cost", upper=math.floor(asks.cost * 10**places + 1e-6)))
    return rows


def _row_of_weight(counts: CoverCounts, price: NDArray[np.float64], asks: Asks, label: str) -> SiteRows:
    """Write what keeping a covered weight asks of the sites, at some multipliers; rounded so that no plan is lost."""
    assert asks.covered is not None
    worth = np.asarray(counts.first.T @ price)
    least = asks.covered * (1 - 1e-9) - float((counts.weight - price).sum())
    scale = _SCALE / max(float(worth.max(initial=0.0)), 1e-12)
    return row_of(np.ceil(worth * scale).astype(np.int64), label, lower=math.floor(least * scale))


def _cut(counts: CoverCounts, asks: Asks, label: str) -> SiteRows:
    """Cut off a plan that covers too little: what it does not cover has to come from other sites."""
    return _row_of_weight(counts, np.where(counts.covered, 0.0, counts.weight), asks, label)


def _dual_row(problem: SitingProblem, rows: SiteRows, counts: CoverCounts, asks: Asks, run: Run) -> SiteRows:
    """Write the row at the multipliers of the linear relaxation of the largest coverage."""
    covers = csr_array(counts.first)
    n, size = problem.n_sites, covers.shape[0]
    program = MixedProgram(
        objective=np.r_[np.zeros(n), -counts.weight],
        rows=csr_array(
            block_array(
                [
                    [covers, -eye_array(size, format="csr")],
                    [csr_array(rows.rows.astype(np.float64)), csr_array((len(rows), size), dtype=np.float64)],
                ]
            )
        ),
        lower=np.r_[np.zeros(size), np.where(rows.lower <= -(2**62), -np.inf, rows.lower)],
        upper=np.r_[np.full(size, np.inf), np.where(rows.upper >= 2**62, np.inf, rows.upper)],
        low=np.r_[problem.must_open.astype(np.float64), np.zeros(size)],
        high=np.r_[(~problem.must_close).astype(np.float64), np.ones(size)],
        whole=np.zeros(n + size, dtype=np.bool_),
    )
    found = solve_linear(program, limit_s=max(run.clock.left_s() / 4, 0.1), engine="highs")
    price = counts.weight if found.row_duals is None else np.clip(np.abs(found.row_duals[:size]), 0, counts.weight)
    return _row_of_weight(counts, price, asks, "covered weight")


def _swapped(problem: SitingProblem, asks: Asks, opened: NDArray[np.bool_], run: Run) -> NDArray[np.bool_]:
    """Swap sites while the mean time falls and everything asked is kept, for at most half of the time."""
    demand, best = problem.demand, opened.copy()
    values = drives_of(problem.times).seconds(np.arange(len(demand)))
    while run.clock.elapsed_s() < run.clock.limit_s / 2:
        nearest = nearest_times(values, demand.weights, best)
        if nearest is None:
            return best
        swaps = swaps_by_time(problem, best, nearest)
        total = swaps.swapped.copy()
        if asks.covered is not None and problem.limits is not None:
            counts = cover_counts(problem.limits, best, demand.weights)
            total[~(swaps_by_cover(problem, counts).swapped >= asks.covered)] = np.nan
        total[np.isnan(total)] = np.inf
        if not total.size or total.min() >= nearest.total * (1 - 1e-9):
            return best
        best = _taken(problem, asks, best, swaps, total, nearest, values)
    return best


def _taken(
    problem: SitingProblem,
    asks: Asks,
    opened: NDArray[np.bool_],
    swaps: Swaps,
    total: NDArray[np.float64],
    nearest: NearestTimes,
    values: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Take the swaps of one look one after the other, each if it still helps and all is still kept."""
    best, least = opened.copy(), nearest.total
    weight, reached = problem.demand.weights, np.isfinite(values[opened].min(axis=0)) & (problem.demand.weights > 0)
    order = np.argsort(total, axis=None, kind="stable")[:_TRIED]
    for at, into in zip(*np.unravel_index(order, total.shape), strict=True):
        if total[at, into] >= nearest.total * (1 - 1e-9):
            break
        out, new = int(swaps.shut[at]), int(swaps.put[into])
        if not best[out] or best[new]:
            continue
        after = best.copy()
        after[[out, new]] = [False, True]
        now = float(weight[reached] @ values[after][:, reached].min(axis=0))
        if now < least * (1 - 1e-9) and problem.keeps(after) and _covers_enough(problem, asks, after):
            best, least = after, now
    return best


def _covers_enough(problem: SitingProblem, asks: Asks, opened: NDArray[np.bool_]) -> bool:
    if asks.covered is None or problem.limits is None:
        return True
    covered = covered_points(problem.limits, opened)
    return float(problem.demand.weights[covered].sum()) >= asks.covered


def asks_of(kept: Sequence[tuple[str, float]]) -> Asks | None:
    """Collect what earlier objectives ask, by the names of their models; None where one cannot be written so."""
    asks = Asks()
    names = {"max_coverage": "covered", "min_sites": "sites", "min_cost": "cost"}
    for name, at in kept:
        if name not in names:
            return None
        setattr(asks, names[name], at)
    return asks
