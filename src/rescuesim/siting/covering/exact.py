"""Cores as binary programs: proofs of what is left, feasible plans where search finds none, ties."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, eye_array, vstack

from rescuesim.siting.covering.cover import Cover
from rescuesim.siting.covering.whole_numbers import WholeNumbers, whole_numbers
from rescuesim.siting.found import Clock, Run
from rescuesim.siting.site_rows import SiteRows
from rescuesim.solver import BinaryProgram, BinarySolution, solve_binary
from rescuesim.solver.binary_program import NO_BOUND, Status

__all__ = ["Proof", "cheapest_cover", "cheapest_of_best", "is_over", "mended", "prove"]

# deterministic effort that a search among ties may take; about seconds
TIE_EFFORT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a solver made of a core.

    Parameters
    ----------
    status : {'optimal', 'feasible', 'infeasible', 'unknown'}
    plan : ndarray of bool, shape (n_sites,), or None
    bound : float
        In the unit of the weights or costs, rounding allowed for.
    source : str
    """

    status: Status
    plan: NDArray[np.bool_] | None
    bound: float
    source: str


def mended(cover: Cover, plan: NDArray[np.bool_], run: Run) -> BinarySolution:
    """Find the plan nearest to another one that keeps all side conditions of a core."""
    rows = cover.rows
    program = BinaryProgram(
        objective=np.where(plan, 1, -1).astype(np.int64), rows=rows.rows, lower=rows.lower, upper=rows.upper
    )
    return solve_binary(program, limit_s=run.clock.left_s(), workers=run.workers, seed=run.seed)


def _covering(cover: Cover) -> csr_array:
    """Rows that let a group count only where it is covered, over sites and groups."""
    minus = -eye_array(cover.n_groups, dtype=np.int64, format="csr")
    return csr_array(block_array([[cover.covers.astype(np.int64), minus]], format="csr"))


def _program(cover: Cover, objective: NDArray[np.int64], further: SiteRows | None, n_own: int) -> BinaryProgram:
    """Put covering rows, side conditions and further rows over all columns together."""
    n_groups = cover.n_groups
    covering = _covering(cover) if n_own else csr_array(cover.covers.astype(np.int64))
    side = csr_array(
        (cover.rows.rows.data, cover.rows.rows.indices, cover.rows.rows.indptr),
        shape=(len(cover.rows), cover.n_sites + n_own),
    )
    rows, lower = [covering, side], [np.full(n_groups, 0 if n_own else 1), cover.rows.lower]
    upper = [np.full(n_groups, NO_BOUND), cover.rows.upper]
    if further is not None:
        rows.append(further.rows)
        lower.append(further.lower)
        upper.append(further.upper)
    return BinaryProgram(
        objective=objective,
        rows=csr_array(vstack(rows, format="csr")),
        lower=np.concatenate(lower).astype(np.int64),
        upper=np.concatenate(upper).astype(np.int64),
    )


def prove(cover: Cover, run: Run, *, start: NDArray[np.bool_], limit_s: float) -> Proof:
    """Find the plan of a core that covers most weight."""
    n = cover.n_sites
    weight = whole_numbers(cover.weight)
    objective = np.concatenate([np.zeros(n, dtype=np.int64), weight.values])
    program = _program(cover, objective, None, cover.n_groups)
    hint = np.concatenate([start, cover.covered(start)])
    found = solve_binary(program, hint=hint, limit_s=limit_s, workers=run.workers, seed=run.seed)
    slack = 0.0 if weight.exact else 0.5 * cover.n_groups
    return Proof(
        status=found.status,
        plan=None if found.x is None else found.x[:n],
        bound=(found.best_bound + slack) / weight.scale,
        source=found.bound_source,
    )


def cheapest_of_best(
    cover: Cover, ties: WholeNumbers, run: Run, *, start: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], bool]:
    """Find, among the best plans of a core, the cheapest, then the first in the table.

    Parameters
    ----------
    cover : Cover
    ties : WholeNumbers
        Second cost of each site, from `tie_factors` of all sites, those too that are decided.
    run : Run
    start : ndarray of bool, shape (n_sites,)
        A best plan.

    Returns
    -------
    plan : ndarray of bool, shape (n_sites,)
    broken : bool
        Whether it is proved to be that.
    """
    n = cover.n_sites
    if is_over(run.clock) or not start.any():
        return start, not start.any()
    weight = whole_numbers(cover.weight)
    worth = np.concatenate([np.zeros(n, dtype=np.int64), weight.values])
    hint = np.concatenate([start, cover.covered(start)])
    as_good = SiteRows(
        rows=csr_array(worth[None, :]),
        lower=np.array([int(worth[hint].sum())]),
        upper=np.array([NO_BOUND]),
        labels=("as much weight",),
    )
    program = _program(
        cover, np.concatenate([-ties.values, np.zeros(cover.n_groups, dtype=np.int64)]), as_good, cover.n_groups
    )
    found = solve_binary(
        program, hint=hint, limit_s=run.clock.left_s(), workers=run.workers, seed=run.seed, effort=TIE_EFFORT
    )
    if found.x is None:
        return start, False
    return found.x[:n], ties.exact and weight.exact and found.status == "optimal"


def cheapest_cover(
    cover: Cover,
    factors: NDArray[np.int64],
    run: Run,
    *,
    start: NDArray[np.bool_] | None,
    effort: float = math.inf,
    relative_gap: float = 0.0,
) -> BinarySolution:
    """Find the plan of least cost, in whole numbers, that covers every group of a core."""
    program = _program(cover, -factors, None, 0)
    return solve_binary(
        program,
        hint=start,
        limit_s=run.clock.left_s(),
        workers=run.workers,
        seed=run.seed,
        effort=effort,
        relative_gap=relative_gap,
    )


def is_over(clock: Clock) -> bool:
    """Whether a limit has come."""
    return clock.limit_s < math.inf and clock.left_s() <= 0.01
