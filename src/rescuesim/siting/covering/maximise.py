"""The maximal covering problem under any side conditions: search, bound, fixing, proof, in this order and again.

1. What statuses decide goes, equal rows become one (`core_of`).
2. Local search gives a plan, the relaxation a bound and a fractional plan, which sampled plans start from.
3. Sites whose reduced cost says that no better plan opens them, or shuts them, are fixed; the core shrinks.
4. What is left goes to the solver, with the plan as a hint.

Every stage is limited in steps, not in time, so that with one worker the same input gives the same plan unless the
limit is met.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.siting.covering.bound import Relaxation
from rescuesim.siting.covering.cover import Cover, merged_rows
from rescuesim.siting.covering.exact import cheapest_of_best, mended, prove
from rescuesim.siting.covering.local_search import Searcher
from rescuesim.siting.covering.reductions import Core, columns_of, core_of, fixed_further
from rescuesim.siting.covering.whole_numbers import tie_factors, whole_numbers
from rescuesim.siting.found import Found, Run
from rescuesim.siting.site_rows import SiteRows

__all__ = ["maximise", "no_row_is_lost"]

logger = logging.getLogger(__name__)

_SMALL = 4_000  # entries of a core that goes to the solver at once
_PROVABLE = 1_500_000  # entries of a core that the solver is worth its model
_STEPS = 100  # of the relaxation between two looks at the gap
_MOST_STEPS = 6_000
_KICKS = 100  # a round, of the best plan and of each sampled one
_STARTS = 3  # sampled plans a round
_STALE = 8  # rounds without a better plan or bound, once the relaxation is solved
_MOST_MOVES = 1_000_000  # of a search; kicks end it first
_SHARE_OF_TIME = 0.6  # for search and bound, where a proof may follow


@dataclass
class _Progress:
    """The best plan of the whole cover, the best bound, and the core that is left."""

    core: Core
    opened: NDArray[np.bool_]
    value: float
    bound: float = math.inf
    source: str = ""
    stopped: bool = False
    searcher: Searcher = field(init=False)

    def take(self, plan: NDArray[np.bool_], cover: Cover) -> bool:
        """Take a plan of the core if it is better."""
        opened = self.core.whole(plan)
        value = cover.value(opened)
        if value <= self.value:
            return False
        self.opened, self.value = opened, value
        return True

    @property
    def plan(self) -> NDArray[np.bool_]:
        """The best plan, of the core."""
        return self.opened[self.core.sites]


def maximise(
    cover: Cover,
    run: Run,
    start: NDArray[np.bool_] | None = None,
    *,
    cost: NDArray[np.float64] | None = None,
) -> Found:
    """Open sites so that the covered weight is largest.

    Parameters
    ----------
    cover : Cover
        Its side conditions must say how many sites, or how much cost, there may be; without any, all are opened.
    run : Run
        With its relative gap, a plan proved to be so close to the best is enough.
    start : ndarray of bool, shape (n_sites,), optional
        A plan to start from; not looked at if it breaks a side condition.
    cost : ndarray of float64, shape (n_sites,), optional
        Among the best plans the cheapest is taken, and of these the first in the table (lowest sum of ranks); as it
        comes if absent.

    Returns
    -------
    Found
        At a limit, the best plan so far with a proved bound.

    Examples
    --------
    >>> from rescuesim.siting.found import Clock
    >>> from rescuesim.siting.site_rows import row_of
    >>> two = row_of(np.ones(3, dtype=np.int64), "number", upper=1)
    >>> cover = Cover.of(np.array([[1, 0, 1], [0, 1, 1], [0, 1, 0]]), np.array([5.0, 2.0, 4.0]), rows=two)
    >>> found = maximise(cover, Run(clock=Clock(limit_s=10.0)))
    >>> found.status, found.opened.tolist(), found.objective, found.best_bound
    ('optimal', [False, False, True], 7.0, 7.0)
    """
    core = core_of(cover, by_weight=True)
    if not no_row_is_lost(core.cover.rows):
        return _infeasible()
    searcher = Searcher(core.cover, seed=run.seed, engine=_engine(core))
    first = _first_plan(cover, core, searcher, run, start)
    if isinstance(first, Found):
        return first
    progress = _Progress(core=core, opened=core.whole(first), value=cover.value(core.whole(first)))
    progress.searcher = searcher
    limit = core.base + float(core.cover.weight.sum())
    progress.bound, progress.source = limit, "all that can be covered"
    _tell(progress, run)
    if core.cover.covers.nnz > max(_SMALL, 0):
        try:
            _narrow(cover, progress, run)
        except KeyboardInterrupt:
            # what was found until then, with its bound
            progress.stopped, progress.value = True, cover.value(progress.opened)
    return _finished(cover, progress, run, cost)


def _engine(core: Core) -> str:
    return "plain" if core.cover.covers.nnz <= _SMALL else "auto"


def _infeasible() -> Found:
    return Found(status="infeasible", opened=None, objective=0.0, best_bound=-math.inf)


def no_row_is_lost(rows: SiteRows) -> bool:
    """Whether each row by itself can hold."""
    factors = rows.rows
    most, least = np.asarray(factors.maximum(0).sum(axis=1)), np.asarray(factors.minimum(0).sum(axis=1))
    return bool(((most >= rows.lower) & (least <= rows.upper) & (rows.lower <= rows.upper)).all())


def _first_plan(
    cover: Cover, core: Core, searcher: Searcher, run: Run, start: NDArray[np.bool_] | None
) -> NDArray[np.bool_] | Found:
    """Return a plan of the core that keeps all side conditions, or say that there is none or none was found."""
    inner = core.cover
    empty = np.zeros(inner.n_sites, dtype=np.bool_)
    plan = start[core.sites] if start is not None and cover.keeps(start) else empty
    moves = inner.n_sites if inner.covers.nnz > _SMALL else min(inner.n_sites, 50)
    plan = searcher.improved(plan, moves=moves)
    if not inner.rows.kept(plan).all():
        repaired = mended(inner, plan, run)
        if repaired.status == "infeasible":
            return _infeasible()
        if repaired.x is None:
            bound = core.base + float(inner.weight.sum())
            return Found(
                status="unknown", opened=None, objective=0.0, best_bound=bound, bound_source="all that can be covered"
            )
        plan = searcher.improved(repaired.x, moves=moves)
    return plan


def _near_enough(progress: _Progress, run: Run) -> bool:
    return progress.bound - progress.value <= max(run.relative_gap * progress.value, 0.0)


def _is_time(run: Run, share: float) -> bool:
    return run.clock.elapsed_s() > share * run.clock.limit_s


def _narrow(cover: Cover, progress: _Progress, run: Run) -> None:
    """Better the plan and the bound in turns, and fix sites between them."""
    random = np.random.default_rng([run.seed, 1])
    relaxation = Relaxation(progress.core.cover, start=_spread(progress.core.cover))
    base, stale, steps = progress.core.base, 0, 0
    provable = _is_provable(progress, run)
    share = _SHARE_OF_TIME if provable else 0.97
    while (stale < _STALE or not provable) and not _near_enough(progress, run) and not _is_time(run, share):
        better = False
        if steps < _MOST_STEPS and abs(relaxation.gap) > 1e-5:
            relaxation.advance(_STEPS)
            steps += _STEPS
            before = progress.bound
            _take_bound(progress, base + relaxation.certificate.bound, cover)
            better = progress.bound < before
        better |= _searched(cover, progress, relaxation, random, run, share)
        stale = 0 if better else stale + 1
        _tell(progress, run)
        smaller = _fixed(progress, relaxation, base)
        if smaller is not None:
            parent, left = relaxation, np.isin(progress.core.sites, smaller.sites)
            progress.core, base = smaller, smaller.base
            progress.searcher = Searcher(smaller.cover, seed=int(random.integers(2**62)))
            relaxation = Relaxation(smaller.cover)
            relaxation.inherit(parent, smaller.group, parent.x[left])


def _tell(progress: _Progress, run: Run) -> None:
    logger.debug("%.3f s: covered weight %.9g, bound %.9g", run.clock.elapsed_s(), progress.value, progress.bound)


def _is_provable(progress: _Progress, run: Run) -> bool:
    """Whether the solver is to be asked for a proof: of smaller cores, and of any where time is not limited."""
    return progress.core.cover.covers.nnz <= _PROVABLE or run.clock.limit_s == math.inf


def _take_bound(progress: _Progress, bound: float, cover: Cover) -> None:
    """Take a bound if it is better; weights that are whole make it whole."""
    scaled = whole_numbers(cover.weight)
    if scaled.exact:
        bound = math.floor(bound * scaled.scale) / scaled.scale
    if bound < progress.bound:
        progress.bound, progress.source = max(bound, progress.value), "linear relaxation"


def _spread(cover: Cover) -> NDArray[np.float64]:
    """Start from all sites open in part."""
    return np.full(cover.n_sites, 0.05)


def _searched(
    cover: Cover, progress: _Progress, relaxation: Relaxation, random: np.random.Generator, run: Run, share: float
) -> bool:
    """Search from the best plan with kicks and from plans sampled by the fractional one; say if one was better."""
    inner = progress.core.cover
    better = progress.take(progress.searcher.improved(progress.plan, moves=_MOST_MOVES, kicks=_KICKS), cover)
    some = np.flatnonzero((relaxation.x > 1e-3) | progress.plan)
    part, _ = merged_rows(_among(inner, some))
    searcher = Searcher(part, seed=int(random.integers(2**62)))
    plan = searcher.improved(progress.plan[some], moves=_MOST_MOVES, kicks=2 * _KICKS)
    better |= _taken(progress, plan, some, cover)
    chance = np.clip(relaxation.x[some], 1e-9, 1.0)
    for _ in range(_STARTS):
        if _is_time(run, share):
            break
        # sampling without replacement: the largest of u^(1/chance)
        order = np.argsort(np.log(random.random(len(some))) / chance)[::-1]
        plan = searcher.filled(order)
        if not part.rows.kept(plan).all():
            continue
        plan = searcher.improved(plan, moves=_MOST_MOVES, kicks=_KICKS)
        better |= _taken(progress, plan, some, cover)
    return better


def _taken(progress: _Progress, plan: NDArray[np.bool_], some: NDArray[np.int64], cover: Cover) -> bool:
    """Take a plan over some sites of the core if it is better."""
    whole = np.zeros(progress.core.cover.n_sites, dtype=np.bool_)
    whole[some[plan]] = True
    return progress.take(whole, cover)


def _among(cover: Cover, sites: NDArray[np.int64]) -> Cover:
    """Return a cover of some sites alone, the others shut; rows that none of them covers are left out."""
    covers = columns_of(cover.covers, sites)
    kept = np.diff(covers.indptr) > 0
    none = np.zeros(len(sites), dtype=np.bool_)
    rows = cover.rows
    return Cover(
        covers=csr_array(covers[kept]),
        weight=cover.weight[kept],
        must_open=none,
        must_close=none,
        rows=SiteRows(rows=csr_array(rows.rows[:, sites]), lower=rows.lower, upper=rows.upper, labels=rows.labels),
    )


def _fixed(progress: _Progress, relaxation: Relaxation, base: float) -> Core | None:
    """Fix the sites that every plan as good as the best opens, or shuts; None if they are few."""
    certificate = relaxation.certificate
    margin = 1e-9 * max(abs(progress.value), 1.0)
    lost = base + certificate.bound - np.abs(certificate.reduced) < progress.value - margin
    opens, shuts = lost & (certificate.reduced > 0), lost & (certificate.reduced < 0)
    if lost.sum() < max(0.1 * len(lost), 1):
        return None
    return fixed_further(progress.core, opens, shuts)


def _finished(cover: Cover, progress: _Progress, run: Run, cost: NDArray[np.float64] | None) -> Found:
    """Prove what is left, break ties, and put together what was found."""
    core, broken = progress.core, False
    near = _near_enough(progress, run)
    optimal = progress.bound <= progress.value
    if not near and not progress.stopped and _is_provable(progress, run) and not _is_time(run, 1.0):
        proof = prove(core.cover, run, start=progress.plan, limit_s=run.clock.left_s())
        if proof.plan is not None:
            progress.take(proof.plan, cover)
        bound = core.base + proof.bound if proof.status != "infeasible" else progress.value
        if proof.status == "optimal" or bound < progress.bound:
            progress.bound, progress.source = max(min(bound, progress.bound), progress.value), proof.source
        optimal = proof.status == "optimal" or progress.bound <= progress.value
    _tell(progress, run)
    if optimal and not progress.stopped and cost is not None:
        ties = tie_factors(cost)
        of_core = replace(ties, values=ties.values[core.sites])
        plan, broken = cheapest_of_best(core.cover, of_core, run, start=progress.plan)
        progress.opened = core.whole(plan)
    fixed = np.zeros(cover.n_sites, dtype=np.bool_)
    fixed[core.sites] = True
    return Found(
        status="optimal" if optimal else "feasible",
        opened=progress.opened,
        objective=progress.value,
        best_bound=progress.bound,
        bound_source=progress.source,
        ties_broken=broken,
        surely_open=core.opened.copy(),
        surely_shut=~fixed & ~core.opened,
    )
