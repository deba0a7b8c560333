"""Proves the best p-median: bounds at every branch, sites decided by their reduced costs, best bound first.

References
----------
Narula, S. C., Ogbu, U. I., Samuelsson, H. M. (1977). An algorithm for the p-median problem. Operations Research 25(4),
709-713. doi:10.1287/opre.25.4.709
Beasley, J. E. (1985). A note on solving large p-median problems. European Journal of Operational Research 21(2),
270-273. doi:10.1016/0377-2217(85)90040-2
"""

from __future__ import annotations

import heapq
import itertools
import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.siting.medians.going import Going
from rescuesim.siting.medians.lagrangian import Pace, Prices, Relaxation, ascend, narrowed, relaxation
from rescuesim.siting.medians.reduced import Left, solved_exactly
from rescuesim.siting.medians.swaps import SwapSearch

__all__ = ["Proof", "prove"]

logger = logging.getLogger(__name__)
_SAME = 1e-10  # of the value: sums of costs in another order differ by less
_AT_THE_ROOT = Pace(step=1.5, patience=20, cut=0.75, most=3000)
_AT_A_BRANCH = Pace(step=0.8, patience=8, cut=0.6, most=60)
_EFFORT = 15.0  # seconds or so of CP-SAT on what the root leaves
_WORK_A_SITE = 1e7  # of a further search before branching, for each site that the bound leaves open


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How good the best plan of a search is proved to be.

    Parameters
    ----------
    bound : float
        No plan is better.
    n_nodes : int
        Branches that a bound was sought for.
    surely_open, surely_shut : ndarray of bool, shape (n_sites,)
        Sites that every better plan opens, or leaves shut; decided before any branching.
    """

    bound: float
    n_nodes: int
    surely_open: NDArray[np.bool_]
    surely_shut: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Node:
    is_open: NDArray[np.bool_]
    is_shut: NDArray[np.bool_]
    price: NDArray[np.float64]
    row_price: NDArray[np.float64]


class _Tree:
    """Branches that are still open, and what prunes them."""

    def __init__(self, search: SwapSearch, relaxed: Relaxation, step: float, relative_gap: float, going: Going) -> None:
        self.search, self.relaxed, self.whole_step, self.going = search, relaxed, step, going
        self.relative_gap = relative_gap
        self.heap: list[tuple[float, int, _Node]] = []
        self.n_nodes = 0
        self._turn = itertools.count()

    def enough(self) -> float:
        """Bound at which a branch holds nothing better than the best plan, or nothing worth the search."""
        return min(self._better(), self.search.value * (1 - self.relative_gap))

    def proved(self) -> float:
        """Bound that holds once every branch is pruned."""
        value = self.search.value
        return value if self._better() <= value * (1 - self.relative_gap) else value * (1 - self.relative_gap)

    def _better(self) -> float:
        """Bound from which on a branch holds nothing better than the best plan."""
        value, step = self.search.value, self.whole_step
        rounding = 1e-6 * step + _SAME * abs(value)
        # a better plan is a step better; no use is made of steps that rounding could swallow
        return value - step + rounding if rounding < 0.5 * step else value - _SAME * abs(value)

    def bounded(self, node: _Node, pace: Pace) -> tuple[Prices, _Node] | None:
        """Bound a branch and decide what it leaves no choice; None if it holds nothing better."""
        is_open, is_shut = node.is_open.copy(), node.is_shut.copy()
        if not self._settled(is_open, is_shut):
            return None
        self.n_nodes += 1
        start = (node.price, node.row_price)
        prices = ascend(
            self.relaxed,
            is_open,
            is_shut,
            start,
            target=self.search.value,
            enough=self.enough(),
            pace=pace,
            going=self.going,
        )
        if prices.bound >= self.enough():
            return None
        opened = np.concatenate([np.flatnonzero(is_open), prices.chosen])
        self.search.offer(opened, most_tried=len(is_open))
        if not self._decided(prices, is_open, is_shut):
            return None
        return prices, _Node(is_open, is_shut, prices.price, prices.row_price)

    def _decided(self, prices: Prices, is_open: NDArray[np.bool_], is_shut: NDArray[np.bool_]) -> bool:
        """Open and shut, in place, the sites whose other choice would cost too much; False if nothing is left."""
        free = np.flatnonzero(~(is_open | is_shut))
        room = self.relaxed.n_sites - int(is_open.sum())
        spare = self.enough() - prices.bound
        if spare <= 0:
            return False
        if not len(free):
            return True
        earning = np.minimum(prices.earning[free], 0.0)
        ranked = np.sort(earning)
        # opening a site that is not chosen drops the last of the chosen; shutting one lets the next in
        last = ranked[room - 1] if 0 < room <= len(ranked) else 0.0
        following = ranked[room] if room < len(ranked) else 0.0
        chosen = np.isin(free, prices.chosen)
        is_shut[free[~chosen & (prices.earning[free] - last >= spare)]] = True
        is_open[free[chosen & (following - earning >= spare)]] = True
        return self._settled(is_open, is_shut)

    def _settled(self, is_open: NDArray[np.bool_], is_shut: NDArray[np.bool_]) -> bool:
        """Let number and rows decide further sites, in place; weigh the plan if that decides all."""
        free = self.search.rows.undecided(is_open, is_shut)
        if free is None or is_open.sum() > self.relaxed.n_sites:
            return False
        if is_open.sum() == self.relaxed.n_sites:
            is_shut |= free
            free = np.zeros_like(free)
            if self.search.rows.undecided(is_open, is_shut) is None:
                return False
        if not len(self.search.rows) and is_open.sum() + free.sum() <= self.relaxed.n_sites:
            is_open |= free
            free = np.zeros_like(free)
        if free.any():
            return True
        self.search.weigh(np.flatnonzero(is_open))
        return False

    def rest(self, prices: Prices, node: _Node) -> float:
        """Return the bound that CP-SAT proves on what a branch leaves, if that is little; its plan is weighed."""
        enough = self.enough()
        left = Left(
            cost=self.search.cost,
            is_open=node.is_open,
            is_shut=node.is_shut,
            price=prices.price,
            spare=enough - prices.bound,
            n_sites=self.relaxed.n_sites,
            side=self.search.side,
            whole_step=self.whole_step,
        )
        limit_s, seed = self.going.clock.left_s(), int(self.search.rng.integers(2**31))
        exact = solved_exactly(left, limit_s=limit_s, effort=_EFFORT, seed=seed)
        if exact is None:
            return prices.bound
        self.search.weigh(exact.opened)
        logger.debug("the rest: bound %g, value %g", exact.bound, self.search.value)
        return min(enough, exact.bound)

    def branch(self, prices: Prices, node: _Node) -> None:
        """Put the two halves of a branch on the heap: one site open, and shut."""
        free = np.flatnonzero(~(node.is_open | node.is_shut))
        often = prices.often[free]
        site = free[np.abs(often - 0.5).argmin()] if often.max() > 0 else free[prices.earning[free].argmin()]
        for opens in (True, False):
            is_open, is_shut = node.is_open.copy(), node.is_shut.copy()
            (is_open if opens else is_shut)[site] = True
            half = _Node(is_open, is_shut, node.price, node.row_price)
            heapq.heappush(self.heap, (prices.bound, next(self._turn), half))


def prove(search: SwapSearch, *, whole_step: float, relative_gap: float, going: Going) -> Proof:
    """Raise the bound until it meets the best plan, which gets better on the way.

    Parameters
    ----------
    search : SwapSearch
        With a plan that keeps all side conditions.
    whole_step : float
        What all costs are multiples of; 0 if nothing.
    relative_gap : float
        Stop at this share of the value.
    going : Going
        Whether there is time left.

    Returns
    -------
    Proof
    """
    must_open, must_shut = search.must_open.copy(), search.must_close.copy()
    relaxed = relaxation(search.cost, must_open, must_shut, search.n_sites, search.rows)
    tree = _Tree(search, relaxed, whole_step, relative_gap, going)
    nearest = np.partition(search.cost[search.opened], min(1, len(search.opened) - 1), axis=0)
    price = np.minimum(nearest[min(1, len(search.opened) - 1)], relaxed.ceiling)
    root = _Node(must_open, must_shut, price, np.zeros(len(search.rows)))
    bound, known, done = 0.0, (must_open.copy(), must_shut.copy()), False
    try:
        found = tree.bounded(root, _AT_THE_ROOT)
        if found is not None:
            bound, known = found[0].bound, (found[1].is_open, found[1].is_shut)
            logger.debug("root bound %g, value %g, free %d", bound, search.value, (~(known[0] | known[1])).sum())
            free = int((~(known[0] | known[1])).sum())
            search.search(_WORK_A_SITE * free, going=going, enough=bound)
            tree.relaxed = narrowed(relaxed, found[0].price, known[1])
            bound = max(bound, tree.rest(*found))
            if bound < tree.enough():
                tree.branch(*found)
        while tree.heap and tree.heap[0][0] < tree.enough() and going():
            bound = max(bound, tree.heap[0][0])
            found = tree.bounded(tree.heap[0][2], _AT_A_BRANCH)
            heapq.heappop(tree.heap)
            if found is not None:
                tree.branch(*found)
        done = not tree.heap or tree.heap[0][0] >= tree.enough()
    except KeyboardInterrupt:
        going.interrupted = True
    if going.interrupted:
        logger.info("interrupted: the best plan so far stays, with its bound")
    return Proof(
        bound=max(bound, tree.proved()) if done else bound,
        n_nodes=tree.n_nodes,
        surely_open=known[0],
        surely_shut=known[1],
    )
