"""Swaps of open sites that raise the worst states: the true tail is rated, a linear bound says what to rate.

For chances q that rate the present plan lowest, the mean of the covered weights with chances q is no less than the tail
mean, for every plan. So one covering problem with the weights of q bounds what each swap can gain, for all swaps at
once, and only those that it lets through are rated state by state, the most promising first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, diags_array

from rescuesim.siting.found import Run
from rescuesim.siting.problem import SitingProblem

if TYPE_CHECKING:
    from rescuesim.siting.several_covers import SeveralCovers

__all__ = ["swapped"]

_MEAN_SHARE = 1e-4  # of the mean in what is maximised: on a plateau of the worst it shows the way
_MOVED_BY_KICK = 3
_LEAST = 1e-9  # of the value; less is no gain


@dataclass(slots=True)
class _Plan:
    opened: NDArray[np.bool_]
    count: NDArray[np.float64]  # open sites that cover each group
    covered: NDArray[np.float64]  # weight, of each state
    value: float


class _Search:
    """The covers by site and by group, and what is asked of a plan."""

    def __init__(self, problem: SitingProblem, covers: SeveralCovers, n_sites: int, run: Run) -> None:
        self.problem, self.covers, self.n_sites, self.run = problem, covers, n_sites, run
        self.by_site = csr_array(covers.groups.first.T)
        self.by_group = csc_array(covers.worth)
        self.mean = np.asarray(covers.chance @ covers.worth)

    def plan(self, opened: NDArray[np.bool_]) -> _Plan:
        count = np.asarray(self.covers.groups.first @ opened.astype(np.float64))
        covered = np.asarray(self.covers.worth @ (count > 0).astype(np.float64))
        return _Plan(opened, count, covered, self.rated(covered))

    def rated(self, covered: NDArray[np.float64]) -> float:
        risk = float(self.covers.rated(covered[:, None])[0])
        return (1 - _MEAN_SHARE) * risk + _MEAN_SHARE * float(self.covers.chance @ covered)

    def moved(self, plan: _Plan, opens: int, closes: int) -> _Plan:
        """Return the plan after a swap, or after an opening where nothing closes (-1)."""
        opened, count = plan.opened.copy(), plan.count.copy()
        opened[opens] = True
        touched = [self._groups(opens)]
        count[touched[0]] += 1
        if closes >= 0:
            opened[closes] = False
            touched.append(self._groups(closes))
            count[touched[1]] -= 1
        at = np.unique(np.concatenate(touched))
        change = (count[at] > 0).astype(np.float64) - (plan.count[at] > 0)
        at, change = at[change != 0], change[change != 0]
        covered = plan.covered + np.asarray(self.by_group[:, at] @ change)
        return _Plan(opened, count, covered, self.rated(covered))

    def _groups(self, site: int) -> NDArray[np.int64]:
        return self.by_site.indices[self.by_site.indptr[site] : self.by_site.indptr[site + 1]].astype(np.int64)

    def promising(self, plan: _Plan) -> list[tuple[float, int, int]]:
        """List what each swap or opening may gain at most, the most first: gain, site that opens, site that closes."""
        q = self.covers.worst_chances(plan.covered)
        weight = (1 - _MEAN_SHARE) * np.asarray(q @ self.covers.worth) + _MEAN_SHARE * self.mean
        adds = self.by_site @ np.where(plan.count == 0, weight, 0.0)
        alone = np.where(plan.count == 1, weight, 0.0)
        loses = self.by_site @ alone
        new = np.flatnonzero(~plan.opened & ~self.problem.must_close)
        found: list[tuple[float, int, int]] = []
        least = _LEAST * max(1.0, abs(plan.value))
        if plan.opened.sum() < self.n_sites:
            found += [(gain, int(site), -1) for gain, site in zip(adds[new].tolist(), new, strict=True) if gain > least]
        old = np.flatnonzero(plan.opened & ~self.problem.must_open)
        if len(new) and len(old):
            both = (self.by_site[new] @ diags_array(alone) @ self.by_site[old].T).toarray()
            gain = adds[new][:, None] - loses[old][None, :] + both
            rows, columns = np.nonzero(gain > least)
            triples = zip(gain[rows, columns].tolist(), new[rows].tolist(), old[columns].tolist(), strict=True)
            found += list(triples)
        return sorted(found, key=lambda one: (-one[0], one[1], one[2]))

    def filled(self, plan: _Plan) -> _Plan:
        """Open sites that cover the most more on average, until none covers more; short, and never cut by the clock."""
        while plan.opened.sum() < self.n_sites:
            adds = self.by_site @ np.where(plan.count == 0, self.mean, 0.0)
            free = np.flatnonzero(~plan.opened & ~self.problem.must_close & (adds > 0))
            order = free[np.argsort(-adds[free], kind="stable")]
            tries = (self.moved(plan, site, -1) for site in order.tolist())
            opened = next((tried for tried in tries if self.problem.keeps(tried.opened)), None)
            if opened is None:
                break
            plan = opened
        return plan

    def improved(self, plan: _Plan) -> _Plan:
        """Make the best swap until none gains."""
        while self.run.clock.left_s() > 0.01:
            best = plan
            for most, opens, closes in self.promising(plan):
                if plan.value + most <= best.value + _LEAST * max(1.0, abs(best.value)):
                    break
                if self.run.clock.left_s() <= 0.01:
                    break
                tried = self.moved(plan, opens, closes)
                if tried.value > best.value + _LEAST * max(1.0, abs(best.value)) and self.problem.keeps(tried.opened):
                    best = tried
            if best is plan:
                break
            plan = best
        return plan

    def kicked(self, plan: _Plan, rng: np.random.Generator) -> _Plan:
        """Swap some sites at random, side conditions kept."""
        for _ in range(_MOVED_BY_KICK):
            old = np.flatnonzero(plan.opened & ~self.problem.must_open)
            new = np.flatnonzero(~plan.opened & ~self.problem.must_close & (np.diff(self.by_site.indptr) > 0))
            if not (len(old) and len(new)):
                break
            tried = self.moved(plan, int(rng.choice(new)), int(rng.choice(old)))
            plan = tried if self.problem.keeps(tried.opened) else plan
        return plan


def swapped(
    problem: SitingProblem,
    covers: SeveralCovers,
    start: NDArray[np.bool_],
    run: Run,
    n_sites: int,
    *,
    kicks: int,
    patience: int,
) -> tuple[NDArray[np.bool_], bool]:
    """Improve a plan by swaps, then kick it loose and improve it again while that helps.

    Parameters
    ----------
    problem : SitingProblem
        Of which statuses and side conditions count.
    covers : SeveralCovers
        Of groups that want one unit.
    start : ndarray of bool, shape (n_sites,)
        Open sites that keep all side conditions.
    run : Run
    n_sites : int
        Most open sites.
    kicks : int
        At most.
    patience : int
        Kicks in a row that may fail.

    Returns
    -------
    opened : ndarray of bool, shape (n_sites,)
        At least as good; deterministic for a seed unless the limit is met.
    interrupted : bool
        Whether Ctrl-C ended the search.
    """
    search, rng = _Search(problem, covers, n_sites, run), np.random.default_rng(run.seed)
    best = search.plan(start)
    try:
        best = search.filled(best)
        best = search.improved(best)
        failed = 0
        for _ in range(kicks):
            if failed >= patience or run.clock.left_s() <= 0.01:
                break
            tried = search.improved(search.kicked(best, rng))
            failed += 1
            if tried.value > best.value + _LEAST * max(1.0, abs(best.value)):
                best, failed = tried, 0
    except KeyboardInterrupt:
        return best.opened, True
    return best.opened, False
