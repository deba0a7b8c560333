"""Coverage over the states of a broken network: on average, in the worst share of the states, in the worst state.

    max  sum_s p_s C_s(x)   |   CVaR_a of C_s(x)   |   min_s C_s(x)        s.t.  sum_j x_j <= p,  x in {0, 1}

C_s(x): weight covered in state s; a point is covered in a state if an open site reaches it within the limit on the
roads of that state. Sites that cannot be used in a state are open and cover nothing in it. Points of all states that
the same sites cover are one group.

References
----------
Snyder, L. V. (2006). Facility location under uncertainty: a review. IIE Transactions 38(7), 547-564.
doi:10.1080/07408170500216480
Rockafellar, R. T., Uryasev, S. (2000). Optimization of conditional value-at-risk. Journal of Risk 2(3), 21-41.
doi:10.21314/JOR.2000.038
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from rescuesim.errors import SolverError
from rescuesim.siting.formulation import Formulation
from rescuesim.siting.found import Found, Run
from rescuesim.siting.mean_cover import cover_mean
from rescuesim.siting.models.covered import covered_one_by_one
from rescuesim.siting.models.mclp import MaxCoverage, number_and_budget, within_budget
from rescuesim.siting.models.model import Model
from rescuesim.siting.point_groups import coverable, grouped, joined, only_columns
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.several_covers import SeveralCovers, place_several, several_formulation, tail_mean
from rescuesim.siting.site_rows import stacked
from rescuesim.solver.binary_program import NO_BOUND
from rescuesim.travel.plan_coverage import PlanCoverage

__all__ = ["STATES", "coverage_by_state", "every_state", "solve_from", "state_covers"]

_STATES_AT_ONCE = 64  # whose points are grouped together, so that the points of all states never lie side by side


def state_covers(problem: SitingProblem, objective: MaxCoverage) -> SeveralCovers:
    """Group the points of all states by the sites that cover them there.

    Parameters
    ----------
    problem : SitingProblem
        With states and limits.
    objective : MaxCoverage
        With a risk.
    """
    states, limits = problem.states, problem.limits
    assert states is not None
    assert limits is not None
    assert objective.risk is not None
    openable, demand = ~problem.must_close, problem.demand
    chance = np.array([state.probability for state in states.states.states])
    blocks, state_of, weight = [], [], []
    pairs = iter(states.within_cutoff())
    for begin in range(0, len(chance), _STATES_AT_ONCE):
        size = min(_STATES_AT_ONCE, len(chance) - begin)
        firsts, eithers = [], []
        for some in itertools.islice(pairs, size):
            first = only_columns(limits.limit_s.covering(some), openable)
            firsts.append(first)
            eithers.append(
                csr_array(first + only_columns(limits.second_limit_s.covering(some), openable))
                if limits.wants_second.any()
                else first
            )
        first, either, wants = csr_array(vstack(firsts)), csr_array(vstack(eithers)), np.tile(limits.wants_second, size)
        row = np.flatnonzero(coverable(first, either, wants) & np.tile(limits.in_standard, size))
        weights = np.tile(demand.weights, size) * np.repeat(chance[begin : begin + size], len(demand))
        blocks.append(grouped(first, either, wants, weights, row))
        state_of.append(begin + row // len(demand))
        weight.append(demand.weights[row % len(demand)])
    groups, group = joined(blocks)
    entries = np.concatenate(weight), (np.concatenate(state_of), group)
    worth = csr_array(entries, shape=(len(chance), len(groups)))
    tail = 1.0 if objective.tail is None else float(objective.tail)
    return SeveralCovers(groups=groups, worth=worth, chance=chance / chance.sum(), risk=objective.risk, tail=tail)


def every_state(problem: SitingProblem) -> Formulation:
    """Ask that all that can be covered in a state is covered in it, in every state; nothing is optimised."""
    groups = state_covers(problem, MaxCoverage(1, risk="mean")).groups
    twice = np.flatnonzero(groups.wants_second)
    rows, none = csr_array(vstack([groups.first, groups.either[twice]])), np.empty(0)
    return Formulation(
        sense="min",
        objective=np.zeros(problem.n_sites),
        rows=rows,
        lower=np.r_[np.ones(len(groups)), np.full(len(twice), 2.0)],
        upper=np.full(rows.shape[0], np.inf),
        low=none,
        high=none,
        whole=none.astype(np.bool_),
    )


def coverage_by_state(problem: SitingProblem, opened: NDArray[np.bool_]) -> tuple[PlanCoverage, NDArray[np.float64]]:
    """Work out, state by state and from times and limits alone, what open sites cover.

    Parameters
    ----------
    problem : SitingProblem
        With states and limits.
    opened : ndarray of bool, shape (n_sites,)

    Returns
    -------
    coverage : PlanCoverage
        Weights by state, of one plan.
    share : ndarray of float64, shape (n_demand,)
        Probability of the states in which each point is covered.
    """
    states = problem.states
    assert states is not None
    chance = np.array([state.probability for state in states.states.states])
    weight, share = np.zeros(len(chance)), np.zeros(len(problem.demand))
    for number, pairs in enumerate(states.within_cutoff()):
        held = covered_one_by_one(replace(problem, times=pairs), opened)
        weight[number] = problem.demand.weights[held].sum()
        share += chance[number] * held
    labels = states.states.labels
    return PlanCoverage(plans=("plan",), labels=labels, probability=chance, covered=weight[:, None]), share


def _check(problem: SitingProblem, objective: MaxCoverage) -> list[str]:
    openable = int((~problem.must_close).sum())
    if objective.n_sites is not None and objective.n_sites > openable:
        return [f"n_sites {objective.n_sites}: expected at most the {openable} sites that may be open"]
    return []


def _with_budget(problem: SitingProblem, objective: MaxCoverage) -> tuple[SitingProblem, int]:
    """Put the objective's own number and budget among the side conditions; the number stands beside them too."""
    rows = stacked([problem.rows, number_and_budget(problem, objective)])
    return replace(problem, rows=rows), problem.n_sites if objective.n_sites is None else int(objective.n_sites)


def _formulate(problem: SitingProblem, objective: MaxCoverage) -> Formulation:
    limited, n_sites = _with_budget(problem, objective)
    program, own = several_formulation(state_covers(limited, objective), n_sites), number_and_budget(problem, objective)
    wide = csr_array((own.rows.data, own.rows.indices, own.rows.indptr), shape=(len(own), program.rows.shape[1]))
    return replace(
        program,
        rows=csr_array(vstack([program.rows, wide.astype(np.float64)])),
        lower=np.r_[program.lower, np.where(own.lower <= -NO_BOUND, -np.inf, own.lower)],
        upper=np.r_[program.upper, np.where(own.upper >= NO_BOUND, np.inf, own.upper)],
    )


def _solve(problem: SitingProblem, objective: MaxCoverage, run: Run) -> Found:
    return solve_from(problem, objective, run, None)


def solve_from(problem: SitingProblem, objective: MaxCoverage, run: Run, start: NDArray[np.bool_] | None) -> Found:
    """Solve the model from a plan, such as the best one of a smaller amount.

    Parameters
    ----------
    problem : SitingProblem
    objective : MaxCoverage
        With a risk.
    run : Run
    start : ndarray of bool, shape (n_sites,), or None

    Returns
    -------
    Found
    """
    limited, n_sites = _with_budget(problem, objective)
    covers = state_covers(limited, objective)

    def mean(weight: NDArray[np.float64], part: Run, start: NDArray[np.bool_]) -> Found:
        return cover_mean(limited, covers.groups, weight, n_sites, part, start)

    return place_several(limited, covers, n_sites, run, mean, start)


def _value(problem: SitingProblem, objective: Any, found: Found) -> float:
    """Rate what is covered state by state, each state gone through on its own."""
    assert found.opened is not None
    if objective.n_sites is not None and int(found.opened.sum()) > objective.n_sites:
        raise SolverError(f"{int(found.opened.sum())} sites are open, expected at most {objective.n_sites}")
    if not within_budget(problem, objective, found.opened):
        raise SolverError(f"the open sites cost more than {objective.budget:.15g}")
    coverage, _ = coverage_by_state(problem, found.opened)
    if objective.risk == "mean":
        return float(coverage.mean()[0])
    if objective.risk == "worst":
        return float(coverage.worst()[0])
    return float(tail_mean(coverage.covered, coverage.probability, objective.tail)[0])


STATES = Model(
    name="max_coverage_over_states",
    sense="max",
    uses_limits=True,
    check=_check,
    formulate=_formulate,
    solve=_solve,
    value=_value,
    sums_weights=lambda _: True,
)
