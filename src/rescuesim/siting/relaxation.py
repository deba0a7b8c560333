"""The smallest relaxation of an infeasible siting: which conditions have to give way, and by how much.

Every condition may be broken at a price (an elastic program). First as few conditions as possible give way, sites that
must be open last of all; then these give way by the smallest amounts, each counted as a share of what was asked. The
outcome is irreducible: with one of its rows less, or a smaller change in all of them, no plan keeps the rest.

References
----------
Chinneck, J. W. (2008). Feasibility and Infeasibility in Optimization. Springer. doi:10.1007/978-0-387-74932-7
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, diags_array, eye_array, vstack

from rescuesim.siting.costs import budget_row
from rescuesim.siting.formulation import Formulation, mixed_program
from rescuesim.siting.found import Run
from rescuesim.siting.models import MODELS, Model
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import SiteRows, no_rows, row_of, stacked
from rescuesim.solver import MixedProgram, solve_mixed
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["relax", "relaxation_words"]

_LIMIT_S = 30.0  # for each of the two programs
COLUMNS = ("condition", "sense", "asked", "needed", "change")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Elastic:
    """Rows that may be broken: ``rows @ [x | own] >= lower`` or ``<= upper``, one side each."""

    rows: csr_array
    bound: NDArray[np.float64]
    at_least: NDArray[np.bool_]
    labels: tuple[str, ...]
    scales: NDArray[np.float64]


def relax(problem: SitingProblem, model: Model, objective: Any, run: Run) -> pd.DataFrame | None:
    """Find the least that would have to give way for a plan to exist.

    Parameters
    ----------
    problem : SitingProblem
        Infeasible.
    model : Model
    objective : object
    run : Run

    Returns
    -------
    DataFrame or None
        One row a condition that gives way: ``condition``, ``sense`` (``at least``, ``at most`` or ``open``), ``asked``,
        ``needed`` and ``change``, in the unit of the condition. None if nothing was found within the time, or if the
        model is infeasible whatever gives way.
    """
    if (sequence := getattr(objective, "objectives", None)) is not None:
        objective, model = sequence[0], MODELS[type(sequence[0])]
    problem, objective = _numbers_as_rows(problem, objective)
    free = replace(problem, must_open=np.zeros_like(problem.must_open), rows=no_rows(problem.n_sites))
    # what is left uncovered never stands in the way of a plan, so models that maximise need no columns of their own
    formulation = no_columns(free, "max") if model.sense == "max" else model.formulate(free, objective)
    hard = mixed_program(free, formulation)
    elastic = _elastic(problem, hard.n_variables)
    if not elastic.labels:
        return None
    fewest = _solve(hard, elastic, run, None)
    if fewest is None:
        return None
    least = _solve(hard, elastic, run, fewest > 0)
    amounts = fewest if least is None else least
    sign = np.where(elastic.at_least, -1.0, 1.0)
    rows = []
    for row in np.flatnonzero(amounts > 0.5):
        asked = elastic.bound[row] / elastic.scales[row]
        change = sign[row] * round(amounts[row]) / elastic.scales[row]
        is_site = elastic.labels[row].startswith("site ")
        sense = "open" if is_site else "at least" if elastic.at_least[row] else "at most"
        rows.append((elastic.labels[row], sense, asked, asked + change, change))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def relaxation_words(relaxation: pd.DataFrame | None) -> str:
    """Say a relaxation in a sentence; empty if there is none.

    Examples
    --------
    >>> relaxation_words(pd.DataFrame([("budget 30", "at most", 30.0, 32.5, 2.5)], columns=list(COLUMNS)))
    'No plan keeps all conditions; the smallest change that allows one: budget 30: raise from 30 to 32.5.'
    """
    if relaxation is None or relaxation.empty:
        return ""
    said = []
    for label, sense, asked, needed, _ in relaxation.itertuples(index=False):
        if sense == "open":
            said.append(f"{label}: let it close")
        elif sense == "at least" and needed <= 0:
            said.append(f"{label}: give it up")
        else:
            verb = "lower" if sense == "at least" else "raise"
            said.append(f"{label}: {verb} from {asked:.15g} to {needed:.15g}")
    return f"No plan keeps all conditions; the smallest change that allows one: {'; '.join(said)}."


def no_columns(problem: SitingProblem, sense: Literal["max", "min"]) -> Formulation:
    """Return a formulation over the sites alone, with no rows and nothing to optimise."""
    none = np.empty(0)
    return Formulation(
        sense=sense,
        objective=np.zeros(problem.n_sites),
        rows=csr_array((0, problem.n_sites), dtype=np.float64),
        lower=none,
        upper=none,
        low=none,
        high=none,
        whole=none.astype(np.bool_),
    )


def _numbers_as_rows(problem: SitingProblem, objective: Any) -> tuple[SitingProblem, Any]:
    """Turn the number of sites and the budget of an objective into rows that can give way like all others."""
    parts = [problem.rows]
    changes: dict[str, Any] = {}
    if (n_sites := getattr(objective, "n_sites", None)) is not None:
        parts.append(row_of(np.ones(problem.n_sites, dtype=np.int64), f"n_sites {n_sites}", upper=int(n_sites)))
        changes["n_sites"] = problem.n_sites
    if (budget := getattr(objective, "budget", None)) is not None:
        parts.append(budget_row(problem.costs, budget))
        changes["budget"] = float(problem.sites.cost.sum()) + 1.0
    if not changes:
        return problem, objective
    return replace(problem, rows=stacked(parts)), replace(objective, **changes)


def _elastic(problem: SitingProblem, n_variables: int) -> _Elastic:
    """Take the side conditions and the sites that must be open as rows that may be broken."""
    side, n = problem.rows, problem.n_sites
    fixed = np.flatnonzero(problem.must_open)
    status = problem.sites.statuses
    opens = SiteRows(
        rows=csr_array(eye_array(n, dtype=np.int64, format="csr")[fixed]),
        lower=np.ones(len(fixed), dtype=np.int64),
        upper=np.full(len(fixed), NO_BOUND),
        labels=tuple(f"site {problem.sites.ids[j]}, {_why_open(status[j])}" for j in fixed),
    )
    both = stacked([side, opens])
    low, high = np.flatnonzero(both.lower > -NO_BOUND), np.flatnonzero(both.upper < NO_BOUND)
    take = np.r_[low, high]
    chosen = csr_array(both.rows[take].astype(np.float64))
    return _Elastic(
        rows=csr_array((chosen.data, chosen.indices, chosen.indptr), shape=(len(take), n_variables)),
        bound=np.r_[both.lower[low], both.upper[high]].astype(np.float64),
        at_least=np.r_[np.ones(len(low), dtype=np.bool_), np.zeros(len(high), dtype=np.bool_)],
        labels=tuple(both.labels[row] for row in take),
        scales=np.array(both.scales)[take],
    )


def _why_open(status: str) -> str:
    return status if status in ("existing", "required") else "required"


def _solve(
    hard: MixedProgram, elastic: _Elastic, run: Run, gives_way: NDArray[np.bool_] | None
) -> NDArray[np.float64] | None:
    """Return by how much each row is broken in the best elastic plan.

    With `gives_way` None the number of broken rows is smallest; else only those rows may be broken, and the sum of
    their amounts, as shares of what was asked, is smallest.
    """
    n, m = hard.n_variables, len(elastic.labels)
    sign = np.where(elastic.at_least, 1.0, -1.0)
    # rows of any size are told apart by the solver when their largest factor is 1
    size = np.maximum(np.asarray(abs(elastic.rows).max(axis=1).toarray()).ravel(), 1.0)
    asked, bound = csr_array(diags_array(1.0 / size) @ elastic.rows), elastic.bound / size
    reach = np.asarray(abs(asked).sum(axis=1)).ravel() + np.abs(bound)  # no plan breaks a row by more
    slack = csr_array(eye_array(m, format="csr") * sign[:, None])
    soft = block_array([[asked, slack, csr_array((m, m))]])
    only_if = block_array(
        [[csr_array((m, n)), csr_array(eye_array(m, format="csr")), csr_array(-np.diag(reach))]], format="csr"
    )
    rows = vstack([_wider(hard.rows, 2 * m), soft, only_if])
    share = size / np.maximum(np.abs(elastic.bound), 1.0)
    # a site that must be open may close only where giving up all other conditions would not do
    each = np.array([m + 1.0 if label.startswith("site ") else 1.0 for label in elastic.labels])
    price = np.r_[np.zeros(m), each] if gives_way is None else np.r_[share, np.zeros(m)]
    may = np.ones(m) if gives_way is None else gives_way.astype(np.float64)
    program = MixedProgram(
        objective=np.r_[np.zeros(n), price],
        rows=csr_array(rows),
        lower=np.r_[hard.lower, np.where(elastic.at_least, bound, -np.inf), np.full(m, -np.inf)],
        upper=np.r_[hard.upper, np.where(elastic.at_least, np.inf, bound), np.zeros(m)],
        low=np.r_[hard.low, np.zeros(2 * m)],
        high=np.r_[hard.high, reach, may],
        whole=np.r_[hard.whole, np.zeros(m, dtype=np.bool_), np.ones(m, dtype=np.bool_)],
    )
    found = solve_mixed(program, limit_s=min(run.clock.left_s(), _LIMIT_S), seed=run.seed)
    if found.x is None:
        return None
    x = found.x[:n]
    broken = np.asarray(elastic.rows @ x - elastic.bound) * -sign
    return np.maximum(np.rint(broken), 0.0)


def _wider(rows: csr_array, n_more: int) -> csr_array:
    """Return rows with further columns that are zero."""
    return csr_array((rows.data, rows.indices, rows.indptr), shape=(rows.shape[0], rows.shape[1] + n_more))
