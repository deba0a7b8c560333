"""The set covering problem under any side conditions: reductions, a greedy start, proof.

Reductions, again and again until nothing changes: rows that hold all sites of another row go, sites that another one
can stand in for go, sites that alone cover some row are opened. What is left often falls apart into pieces that share
neither rows nor side conditions; each is searched and bounded by itself (`least_cover`), and the bound of each is whole
where costs are.

References
----------
Toregas, C., Swain, R., ReVelle, C., Bergman, L. (1971). Operations Research 19(6), 1363-1373.
doi:10.1287/opre.19.6.1363
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from rescuesim.siting.covering.cover import Cover
from rescuesim.siting.covering.exact import TIE_EFFORT, Proof, cheapest_cover, is_over
from rescuesim.siting.covering.least_cover import LeastCover
from rescuesim.siting.covering.maximise import no_row_is_lost
from rescuesim.siting.covering.reductions import Core, columns_of, core_of, dominated_sites, pieces_of, rows_over_others
from rescuesim.siting.covering.whole_numbers import WholeNumbers, tie_factors, whole_numbers
from rescuesim.siting.found import Found, Run
from rescuesim.siting.site_rows import SiteRows, no_rows
from rescuesim.solver.binary_program import NO_BOUND, Status

__all__ = ["minimise"]

_SMALL = 4_000  # entries that the plain code reduces before numba is loaded, and that go to the solver at once
_SHARE_OF_TIME = 0.5  # for search and bound, before the solver


def minimise(cover: Cover, cost: NDArray[np.float64], run: Run, *, ties: NDArray[np.float64] | None = None) -> Found:
    """Open sites of least cost that cover every group.

    Parameters
    ----------
    cover : Cover
        Its weights are not looked at.
    cost : ndarray of float64, shape (n_sites,)
        0 or more.
    run : Run
    ties : ndarray of float64, shape (n_sites,), optional
        Second cost: among the best plans the one of least such is taken, and of these the first in the table (lowest
        sum of ranks); as it comes if absent.

    Returns
    -------
    Found
        Its objective is the cost of all open sites. At a limit, the best plan so far with a proved bound. Where costs
        have more digits than one sum holds, the optimum is of costs rounded down, and its bound allows for that.

    Examples
    --------
    >>> from rescuesim.siting.found import Clock
    >>> from rescuesim.siting.site_rows import no_rows
    >>> cover = Cover.of(np.array([[1, 0, 1], [0, 1, 1]]), np.ones(2), rows=no_rows(3))
    >>> found = minimise(cover, np.array([1.0, 1.0, 3.0]), Run(clock=Clock(limit_s=10.0)))
    >>> found.status, found.opened.tolist(), found.objective, found.best_bound
    ('optimal', [True, True, False], 2.0, 2.0)
    """
    first = core_of(cover, by_weight=False)
    if not no_row_is_lost(first.cover.rows) or (np.diff(first.cover.covers.indptr) == 0).any():
        return Found(status="infeasible", opened=None, objective=0.0, best_bound=math.inf)
    core = _reduced(first, cost)
    scaled = whole_numbers(np.where(cover.must_open | cover.must_close, 0.0, cost))
    base = math.fsum(cost[core.opened].tolist())
    found = _solved(core.cover, cost[core.sites], scaled, run)
    bound, source = base + max(found.bound, 0.0), found.source
    if found.bound <= 0:
        bound, source = base, "sites that must be open"
    if found.plan is None:
        worst = math.inf if found.status == "infeasible" else bound
        return Found(status=found.status, opened=None, objective=0.0, best_bound=worst, bound_source=source)
    opened = core.whole(found.plan)
    value = math.fsum(cost[opened].tolist())
    result = Found(
        status=found.status, opened=opened, objective=value, best_bound=min(bound, value), bound_source=source
    )
    if found.status != "optimal" or ties is None:
        return result
    return _cheapest_of_best(first, result, cost, scaled, ties, run)


def _solved(cover: Cover, cost: NDArray[np.float64], scaled: WholeNumbers, run: Run) -> Proof:
    """Solve a core: a large one piece by piece, search and bound before the solver; a small one by the solver."""
    if cover.covers.nnz <= _SMALL:
        return _by_solver(cover, cost, scaled, run, start=_greedy(cover, cost))
    if not no_row_is_lost(cover.rows):
        return Proof(status="infeasible", plan=None, bound=math.inf, source="")
    plan = np.zeros(cover.n_sites, dtype=np.bool_)
    bound, sources = 0.0, dict[str, float]()
    status: Status = "optimal"
    pieces = pieces_of(cover)
    for number, (sites, piece) in enumerate(pieces):
        # the largest comes last and may take all the time that the others left
        last = number == len(pieces) - 1
        found = _solved_piece(piece, cost[sites], scaled, run if last else _part_of(run, piece, cover))
        if found.plan is None:
            if found.status == "infeasible":
                return found
            status = "unknown"
        else:
            plan[sites] = found.plan
        if found.status != "optimal" and status == "optimal":
            status = found.status
        bound += found.bound
        sources[found.source] = max(sources.get(found.source, 0.0), found.bound)
    source = max(sources, key=lambda name: sources[name], default="")
    return Proof(status=status, plan=None if status == "unknown" else plan, bound=bound, source=source)


def _part_of(run: Run, piece: Cover, cover: Cover) -> Run:
    """Give a piece a share of the time after its entries, and at least a twentieth."""
    return run.part(max(piece.covers.nnz / max(cover.covers.nnz, 1), 0.05))


def _solved_piece(cover: Cover, cost: NDArray[np.float64], scaled: WholeNumbers, run: Run) -> Proof:
    """Solve one piece: search and bound first, where no side condition binds it; then the solver."""
    if len(cover.rows):
        return _by_solver(cover, cost, scaled, run, start=_greedy(cover, cost))
    least = LeastCover(cover, cost, _greedy(cover, cost), scaled, seed=run.seed)
    stopped = False
    try:
        least.improve(run, _SHARE_OF_TIME)
    except KeyboardInterrupt:
        # what was found until then, with its bound
        stopped = True
    value = least.value
    mine = Proof(
        status="optimal" if least.is_closed(0.0) else "feasible",
        plan=least.opened,
        bound=min(least.bound, value),
        source="linear relaxation",
    )
    if stopped or least.is_closed(run.relative_gap) or is_over(run.clock):
        return mine
    kept = np.flatnonzero(~least.hopeless())
    covers = columns_of(cover.covers, kept)
    if (np.diff(covers.indptr) == 0).any():
        return replace(mine, status="optimal", bound=value)
    none = np.zeros(len(kept), dtype=np.bool_)
    left = replace(cover, covers=covers, must_open=none, must_close=none, rows=no_rows(len(kept)))
    # no start: from a given one, rough or nearly the best, the solver takes longer, sometimes five times as long
    found = _by_solver(left, cost[kept], scaled, run, start=None)
    plan, better = least.opened, found.plan is not None and float(cost[kept][found.plan].sum()) < value
    if found.plan is not None and better:
        plan = np.zeros(cover.n_sites, dtype=np.bool_)
        plan[kept] = found.plan
        value = float(cost[plan].sum())
    if found.status in ("optimal", "infeasible"):
        # sites that were left out are in no cheaper cover
        bound = value if scaled.exact or found.status == "infeasible" else max(min(found.bound, value), mine.bound)
        return Proof(status="optimal", plan=plan, bound=bound, source=found.source or mine.source)
    if found.bound > mine.bound:
        return Proof(status="feasible", plan=plan, bound=min(found.bound, value), source=found.source)
    return replace(mine, plan=plan, status="optimal" if mine.bound >= value else "feasible")


def _by_solver(
    cover: Cover, cost: NDArray[np.float64], scaled: WholeNumbers, run: Run, *, start: NDArray[np.bool_] | None
) -> Proof:
    """Let the solver find the plan of least cost; costs of too many digits are rounded down."""
    factors = (np.rint if scaled.exact else np.floor)(cost * scaled.scale).astype(np.int64)
    found = cheapest_cover(cover, factors, run, start=start, relative_gap=run.relative_gap)
    bound = -found.best_bound / scaled.scale
    return Proof(status=found.status, plan=found.x, bound=bound, source=found.bound_source)


def _reduced(core: Core, cost: NDArray[np.float64]) -> Core:
    """Reduce a core, all of whose rows must be covered, until nothing changes."""
    while True:
        cover, sites = core.cover, core.sites
        engine = "plain" if cover.covers.nnz <= _SMALL else "auto"
        rows = ~rows_over_others(cover.covers, engine=engine)
        cover = replace(cover, covers=csr_array(cover.covers[rows]), weight=cover.weight[rows])
        needless = dominated_sites(cover, cost[sites], engine=engine)
        alone = cover.covers[np.flatnonzero(np.diff(cover.covers.indptr) == 1)]
        opens = np.zeros(cover.n_sites, dtype=np.bool_)
        opens[alone.indices] = True
        inner = core_of(replace(cover, must_open=opens, must_close=needless & ~opens), by_weight=False)
        if len(inner.sites) == len(sites) and inner.cover.n_groups == core.cover.n_groups:
            return core
        core = Core(
            cover=inner.cover, sites=sites[inner.sites], opened=core.whole(opens), base=core.base, group=inner.group
        )


def _greedy(cover: Cover, cost: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Open the site that covers most still uncovered rows for its cost, then close those that are not needed."""
    by_site = cover.covers.tocsc()
    by_site.sort_indices()
    count = np.zeros(cover.n_groups, dtype=np.int64)
    opened = np.zeros(cover.n_sites, dtype=np.bool_)
    price = np.maximum(cost, 1e-9 * (float(cost.max(initial=0.0)) or 1.0))
    adds = np.diff(by_site.indptr).astype(np.float64)
    order = []
    while cover.n_groups and (best := int(np.argmax(adds / price))) >= 0 and adds[best] > 0:
        opened[best] = True
        order.append(best)
        mine = by_site.indices[by_site.indptr[best] : by_site.indptr[best + 1]]
        new = mine[count[mine] == 0]
        count[mine] += 1
        np.subtract.at(adds, cover.covers[new].indices, 1.0)
    for site in sorted(order, key=lambda j: -price[j]):
        mine = by_site.indices[by_site.indptr[site] : by_site.indptr[site + 1]]
        if (count[mine] > 1).all():
            opened[site] = False
            count[mine] -= 1
    return opened


def _cheapest_of_best(
    first: Core,
    best: Found,
    cost: NDArray[np.float64],
    scaled: WholeNumbers,
    ties: NDArray[np.float64],
    run: Run,
) -> Found:
    """Take, among the covers of least cost, the one of least second cost, then the first in the table."""
    assert best.opened is not None
    if is_over(run.clock):
        return best
    factors = tie_factors(ties)
    core = _reduced(
        _with_row(first, scaled.values, int(scaled.values[best.opened].sum())), _ranked(cost, factors.values)
    )
    start = best.opened[core.sites]
    found = cheapest_cover(core.cover, factors.values[core.sites], run, start=start, effort=TIE_EFFORT)
    if found.x is None:
        return best
    opened = core.whole(found.x)
    if not scaled.exact and math.fsum(cost[opened].tolist()) > best.objective:
        return best  # as cheap but for digits that the row does not hold
    broken = factors.exact and scaled.exact and found.status == "optimal"
    return replace(best, opened=opened, ties_broken=broken)


def _ranked(cost: NDArray[np.float64], second: NDArray[np.int64]) -> NDArray[np.float64]:
    """Rank sites so that one of lower rank costs no more by either cost: by the second alone where the first are equal.

    Sites of different first cost have different parts in the row that holds the first objective, so that none stands
    in for the other anyway.
    """
    order = np.lexsort((second, cost))
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order))
    return rank


def _with_row(core: Core, factors: NDArray[np.int64], most: int) -> Core:
    """Add the row that the first objective is no worse than it can be."""
    rows = core.cover.rows
    left = most - int(factors[core.opened].sum())
    more = SiteRows(
        rows=csr_array(vstack([rows.rows, csr_array(factors[core.sites][None, :])])),
        lower=np.append(rows.lower, -NO_BOUND),
        upper=np.append(rows.upper, left),
        labels=(*rows.labels, "least cost"),
    )
    return replace(core, cover=replace(core.cover, rows=more))
