"""Lower bounds of the p-median by Lagrangian relaxation, and the sites that they decide.

Every point pays a price for being served, once, and no longer has to be served; a site then earns what it costs less
than the prices of the points, and the best sites are simply those that earn most. Side conditions over the sites have
prices too. Whatever the prices, the sum is a bound; a subgradient method seeks prices that make it large.

References
----------
Cornuejols, G., Fisher, M. L., Nemhauser, G. L. (1977). Location of bank accounts to optimize float. Management Science
23(8), 789-810. doi:10.1287/mnsc.23.8.789
Beasley, J. E. (1993). Lagrangean heuristics for location problems. European Journal of Operational Research 65(3),
383-399. doi:10.1016/0377-2217(93)90118-7
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from rescuesim.siting.medians.going import Going
from rescuesim.siting.medians.rows import FloatRows

__all__ = ["Pace", "Prices", "Relaxation", "ascend", "kernels", "narrowed", "relaxation"]

_SMALLEST_STEP = 2e-3
_HEADROOM = 1.25  # of prices at branches over those at the root
_WORTH = 1e-5  # of the target, that a bound must rise by for the step to stay
_MEMORY = 0.1  # share of the last choice in the running mean that says where to branch


@cache
def kernels() -> ModuleType:
    """Return the compiled kernels, or the plain ones where numba cannot be loaded."""
    try:
        return importlib.import_module("rescuesim.siting.medians.kernels")
    except ImportError:
        return importlib.import_module("rescuesim.siting.medians.plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """The p-median as its relaxation sees it.

    Parameters
    ----------
    first, point, cost : ndarray
        Points and costs of site j stand at ``first[j]:first[j + 1]``; pairs that cost `ceiling` or more are left out.
    ceiling : ndarray of float64, shape (n_points,)
        Prices stay under it, so that pairs left out never earn.
    n_sites : int
        Largest number of open sites.
    rows : FloatRows
    """

    first: NDArray[np.int64]
    point: NDArray[np.int32]
    cost: NDArray[np.float64]
    ceiling: NDArray[np.float64]
    n_sites: int
    rows: FloatRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a subgradient method goes on.

    Parameters
    ----------
    step : float
        First length of a step, as a share of the distance to the target.
    patience : int
        Evaluations without a better bound before the step is cut.
    cut : float
        By what.
    most : int
        Evaluations at most.
    """

    step: float
    patience: int
    cut: float
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """A bound and the prices that prove it.

    Parameters
    ----------
    bound : float
    price : ndarray of float64, shape (n_points,)
    row_price : ndarray of float64, shape (n_rows,)
        0 or more presses on the upper bound of a row, 0 or less on the lower.
    earning : ndarray of float64, shape (n_sites,)
        What each site adds to the bound if it is open; ``inf`` for shut ones.
    chosen : ndarray of int64
        The free sites that the bound opens.
    often : ndarray of float64, shape (n_sites,)
        How often each site was chosen of late.
    """

    bound: float
    price: NDArray[np.float64]
    row_price: NDArray[np.float64]
    earning: NDArray[np.float64]
    chosen: NDArray[np.int64]
    often: NDArray[np.float64]


def relaxation(
    cost: NDArray[np.float64], is_open: NDArray[np.bool_], is_shut: NDArray[np.bool_], n_sites: int, rows: FloatRows
) -> Relaxation:
    """Keep of each point the pairs that can matter, generously: a bound holds whatever is left out.

    Parameters
    ----------
    cost : ndarray of float64, shape (n_sites, n_points)
    is_open, is_shut : ndarray of bool, shape (n_sites,)
        Sites that must be.
    n_sites : int
    rows : FloatRows
    """
    openable = cost[~is_shut]
    wide = min(len(openable) - 1, max(60, 8 * len(openable) // max(n_sites, 1)))
    ceiling = np.partition(openable, wide, axis=0)[wide]
    # with the farthest site of all among the pairs, nothing need be left out
    ceiling = np.where(ceiling >= openable.max(axis=0), ceiling + np.maximum(1.0, np.abs(ceiling)), ceiling)
    if is_open.any():
        ceiling = np.minimum(ceiling, cost[is_open].min(axis=0))
    matters = (cost < ceiling) & ~is_shut[:, None]
    site, point = np.nonzero(matters)
    first = np.concatenate([[0], np.cumsum(np.bincount(site, minlength=len(cost)))]).astype(np.int64)
    return Relaxation(
        first=first, point=point.astype(np.int32), cost=cost[matters], ceiling=ceiling, n_sites=n_sites, rows=rows
    )


def narrowed(relaxed: Relaxation, price: NDArray[np.float64], is_shut: NDArray[np.bool_]) -> Relaxation:
    """Leave out the pairs of shut sites, and those that cost far more than prices found to be good."""
    ceiling = np.minimum(relaxed.ceiling, _HEADROOM * price + 1e-9)
    site = np.repeat(np.arange(len(is_shut)), np.diff(relaxed.first))
    matters = (relaxed.cost < ceiling[relaxed.point]) & ~is_shut[site]
    first = np.concatenate([[0], np.cumsum(np.bincount(site[matters], minlength=len(is_shut)))]).astype(np.int64)
    return replace(relaxed, first=first, point=relaxed.point[matters], cost=relaxed.cost[matters], ceiling=ceiling)


def ascend(
    relaxed: Relaxation,
    is_open: NDArray[np.bool_],
    is_shut: NDArray[np.bool_],
    start: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    target: float,
    enough: float,
    pace: Pace,
    going: Going | None = None,
) -> Prices:
    """Seek prices with a large bound.

    Parameters
    ----------
    relaxed : Relaxation
    is_open, is_shut : ndarray of bool, shape (n_sites,)
        Sites that are decided.
    start : tuple of ndarray
        Prices of the points and of the rows.
    target : float
        The value of a plan, which steps are measured by.
    enough : float
        Stop at a bound of so much.
    pace : Pace
    going : Going, optional
        Asked, now and then, whether there is time left; told of a KeyboardInterrupt, after which the best so far holds.
    """
    ascent = _Ascent(relaxed, is_open, is_shut)
    price, row_price = np.minimum(start[0], relaxed.ceiling), start[1].copy()
    direction, row_direction = np.zeros(len(price)), np.zeros(len(row_price))
    best = now = ascent.priced(price, row_price)
    since, step = 0, pace.step
    try:
        for turn in range(1, pace.most):
            if best.bound >= enough or step < _SMALLEST_STEP or (turn % 32 == 0 and going is not None and not going()):
                break
            slope, row_slope = ascent.slopes(now)
            direction, row_direction = 0.7 * slope + 0.3 * direction, 0.7 * row_slope + 0.3 * row_direction
            norm = float(slope @ slope + row_slope @ row_slope)
            if norm < 1e-12:
                break
            length = step * max(target - now.bound, 1e-6 * abs(target)) / norm
            price = np.clip(now.price + length * direction, 0.0, relaxed.ceiling)
            now = ascent.priced(price, relaxed.rows.clipped(now.row_price + length * row_direction))
            since = 0 if now.bound > best.bound + _WORTH * abs(target) else since + 1
            best = now if now.bound > best.bound else best
            if since >= pace.patience:
                step, since, now = step * pace.cut, 0, best
                direction[:], row_direction[:] = 0.0, 0.0
    except KeyboardInterrupt:
        if going is None:
            raise
        going.interrupted = True
    return best


class _Ascent:
    """What evaluations of one relaxation share."""

    def __init__(self, relaxed: Relaxation, is_open: NDArray[np.bool_], is_shut: NDArray[np.bool_]) -> None:
        self.relaxed, self.made = relaxed, kernels()
        self.fixed, self.free = np.flatnonzero(is_open), np.flatnonzero(~(is_open | is_shut))
        self.among = np.flatnonzero(~is_shut)
        self.room = min(relaxed.n_sites - len(self.fixed), len(self.free))
        self.often = np.zeros(len(is_open))

    def priced(self, price: NDArray[np.float64], row_price: NDArray[np.float64]) -> Prices:
        """Let the sites earn at these prices, and open those that earn most."""
        relaxed, free, room = self.relaxed, self.free, self.room
        earning = np.full(len(self.often), np.inf)
        self.made.add_savings(relaxed.first, relaxed.point, relaxed.cost, price, self.among, earning)
        if len(relaxed.rows):
            earning[self.among] += (relaxed.rows.factors.T @ row_price)[self.among]
        chosen = free
        if room < len(free):
            chosen = free[np.argpartition(earning[free], room)[:room]]
        chosen = chosen[earning[chosen] < 0]
        bound = price.sum() + earning[self.fixed].sum() + earning[chosen].sum() - relaxed.rows.paid(row_price)
        self.often *= 1 - _MEMORY
        self.often[chosen] += _MEMORY
        return Prices(
            bound=float(bound), price=price, row_price=row_price, earning=earning, chosen=chosen, often=self.often
        )

    def slopes(self, at: Prices) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how the bound rises with the price of each point, and of each row."""
        relaxed, count = self.relaxed, np.empty(len(at.price))
        opened = np.concatenate([self.fixed, at.chosen])
        self.made.count_served(relaxed.first, relaxed.point, relaxed.cost, at.price, opened, count)
        return 1.0 - count, relaxed.rows.slope(opened, at.row_price)
