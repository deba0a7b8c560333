"""Several coverages at once, of states of a network or of townships, and one number of them: mean, worst, tail.

    mean   max sum_s p_s C_s(x)
    worst  max t                            s.t.  t <= C_s(x) for every s with p_s > 0
    cvar   max t - sum_s p_s z_s / a        s.t.  z_s >= t - C_s(x), z >= 0

C_s(x): weight that is covered in s; a: the tail. For any q with 0 <= q_s <= p_s / a and sum q = 1, the mean of C with
chances q is no less than the CVaR, for every x: whatever bounds the covering problem with those chances bounds CVaR,
and, with the simplex for the set of q, the worst too. The bound is the least of those over the q that are tried, and
that of the mixed program.

References
----------
Rockafellar, R. T., Uryasev, S. (2000). Optimization of conditional value-at-risk. Journal of Risk 2(3), 21-41.
doi:10.21314/JOR.2000.038
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, eye_array, vstack

from rescuesim.errors import InputError
from rescuesim.siting.formulation import Formulation
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.placing import first_feasible, place
from rescuesim.siting.point_groups import PointGroups
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.started import found_units, solve_started
from rescuesim.siting.tail_swaps import swapped

__all__ = ["Risk", "SeveralCovers", "check_risk", "place_several", "several_formulation", "tail_mean"]

Risk = Literal["mean", "cvar", "worst"]
RISKS = ("mean", "cvar", "worst")
_MEAN_SHARES = (0.05, 1e-4)  # of the mean in what the search maximises: on a plateau of the worst it shows the way
_ROUNDS = 12
_FIRST_SHARE, _SEARCH_SHARE, _BOUND_SHARE = 0.15, 0.35, 0.4  # of the time that is left
_NEAR = 1e-4  # a mean proved so closely says what it can
_LARGE = 300_000  # entries; beyond, the mixed program never comes to anything


def check_risk(risk: object, tail: object) -> None:
    """Refuse what is no risk, and a tail that does not go with it.

    Raises
    ------
    InputError
    """
    if risk is not None and risk not in RISKS:
        raise InputError(f"risk {risk!r}: expected {', '.join(RISKS)}, or None for times in one state")
    if (tail is not None) != (risk == "cvar"):
        raise InputError(f"tail {tail!r}: expected with risk='cvar', and with nothing else")
    if tail is not None and (isinstance(tail, bool) or not isinstance(tail, int | float) or not 0 < tail <= 1):
        raise InputError(f"tail {tail!r}: expected above 0, and at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralCovers:
    """Groups of points with a worth in each of several coverages.

    Parameters
    ----------
    groups : PointGroups
    worth : csr_array of float64, shape (n_coverages, n_groups)
        0 or more.
    chance : ndarray of float64, shape (n_coverages,)
        Sums to 1.
    risk : {'mean', 'cvar', 'worst'}
    tail : float
        Of `cvar`: the share of the chances that counts, above 0 and at most 1.
    """

    groups: PointGroups
    worth: csr_array
    chance: NDArray[np.float64]
    risk: Risk
    tail: float = 1.0

    def covered(self, opened: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the covered weight in each coverage; float64, shape (n_coverages,)."""
        return np.asarray(self.worth @ (self.groups.fold(opened) >= 1).astype(np.float64))

    def value(self, units: NDArray[np.int64]) -> float:
        """Return the number that is maximised."""
        return float(self.rated(self.covered(units > 0)[:, None])[0])

    def merged(self) -> SeveralCovers:
        """Put coverages that are alike for every plan into one, with the sum of their chances."""
        worth = csr_array(self.worth)
        worth.sort_indices()
        row_of: dict[tuple[bytes, bytes], int] = {}
        number = np.empty(worth.shape[0], dtype=np.int64)
        for row, (begin, end) in enumerate(itertools.pairwise(worth.indptr.tolist())):
            key = worth.indices[begin:end].tobytes(), worth.data[begin:end].tobytes()
            number[row] = row_of.setdefault(key, len(row_of))
        lead = np.unique(number, return_index=True)[1]
        return replace(self, worth=worth[lead], chance=np.bincount(number, weights=self.chance).astype(np.float64))

    def rated(self, covered: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rate columns of covered weights, shape (n_coverages, n); float64, shape (n,)."""
        if self.risk == "mean":
            return np.asarray(self.chance @ covered)
        if not (self.chance > 0).any():  # nothing can be covered anywhere
            return np.zeros(covered.shape[1])
        if self.risk == "worst":
            return np.asarray(covered[self.chance > 0].min(axis=0))
        return tail_mean(covered, self.chance, self.tail)

    def worst_chances(self, covered: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the chances that rate covered weights lowest; float64, shape (n_coverages,)."""
        if self.risk == "mean":
            return self.chance
        order = np.argsort(np.where(self.chance > 0, covered, np.inf), kind="stable")
        if self.risk == "worst":
            return np.asarray(np.arange(len(covered)) == order[0], dtype=np.float64)
        most = self.chance[order] / self.tail
        taken = np.clip(1 - (np.cumsum(most) - most), 0.0, most)
        return np.asarray(taken[np.argsort(order, kind="stable")])


def tail_mean(covered: NDArray[np.float64], chance: NDArray[np.float64], tail: float) -> NDArray[np.float64]:
    """Mean of the lowest values, each column apart, over a tail of the chances.

    Parameters
    ----------
    covered : ndarray of float64, shape (n_coverages, n)
    chance : ndarray of float64, shape (n_coverages,)
    tail : float
        Above 0 and at most 1; what lies on its border counts in part.

    Returns
    -------
    ndarray of float64, shape (n,)

    Examples
    --------
    >>> tail_mean(np.array([[100.0], [80.0], [40.0]]), np.array([0.5, 0.3, 0.2]), 0.4).tolist()
    [60.0]
    """
    order = np.argsort(covered, axis=0, kind="stable")
    each = chance[order]
    counted = np.clip(tail - (np.cumsum(each, axis=0) - each), 0.0, each)
    return np.asarray((counted * np.take_along_axis(covered, order, axis=0)).sum(axis=0) / counted.sum(axis=0))


@dataclass(frozen=True, slots=True)
class _Sought:
    """What the search maximises: the number itself with a little of the mean."""

    covers: SeveralCovers
    mean_share: float

    def _rated(self, covered: NDArray[np.float64]) -> NDArray[np.float64]:
        mean = self.covers.chance @ covered
        return np.asarray((1 - self.mean_share) * self.covers.rated(covered) + self.mean_share * mean)

    def value(self, units: NDArray[np.int64]) -> float:
        return float(self._rated(self.covers.covered(units > 0)[:, None])[0])

    def gains(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        opened = units > 0
        now = self.covers.covered(opened)[:, None]
        if self.covers.risk == "mean":
            weight = np.asarray(self.covers.chance @ self.covers.worth)
            return self.covers.groups.lift(opened, 1, weight)
        further = self.covers.groups.lift(opened, 1, self.covers.worth)
        return self._rated(now + further) - self._rated(now)


def several_formulation(covers: SeveralCovers, n_sites: int) -> Formulation:
    """Write the mixed program: a column a group, and for CVaR and the worst the columns of the tail.

    Parameters
    ----------
    covers : SeveralCovers
    n_sites : int
    """
    groups, n, size = covers.groups, covers.groups.n_sites, len(covers.groups)
    twice = np.flatnonzero(groups.wants_second)
    ones = eye_array(size, format="csr")
    weight = np.asarray(covers.chance @ covers.worth)
    worth, chance = covers.worth[np.flatnonzero(covers.chance > 0)], covers.chance[covers.chance > 0]
    n_tail = {"mean": 0, "worst": 1, "cvar": 1 + len(chance)}[covers.risk]
    total = np.asarray(covers.worth.sum(axis=1)).max(initial=0.0)
    blocks = [
        block_array([[csr_array(np.r_[np.ones(n), np.zeros(size + n_tail)][None, :])]]),
        block_array([[groups.first, -ones, csr_array((size, n_tail))]]),
        block_array([[groups.either[twice], -2 * ones[twice], csr_array((len(twice), n_tail))]]),
    ]
    lower = np.r_[-np.inf, np.zeros(size + len(twice))]
    objective, high = np.r_[np.zeros(n), weight], np.ones(size)
    if covers.risk != "mean":
        minus_t = csr_array(-np.ones((len(chance), 1)))
        tail = [csr_array((len(chance), n)), worth, minus_t]
        tail += [eye_array(len(chance), format="csr")] if covers.risk == "cvar" else []
        blocks.append(block_array([tail]))
        lower = np.r_[lower, np.zeros(len(chance))]
        objective = np.r_[np.zeros(n + size), 1.0, -chance / covers.tail if covers.risk == "cvar" else np.empty(0)]
        high = np.r_[high, np.full(n_tail, total)]
    return Formulation(
        sense="max",
        objective=objective,
        rows=csr_array(vstack(blocks)),
        lower=lower,
        upper=np.r_[float(n_sites), np.full(len(lower) - 1, np.inf)],
        low=np.zeros(size + n_tail),
        high=high,
        # of groups that want one unit, whole x make whole y
        whole=np.r_[groups.wants_second, np.zeros(n_tail, dtype=np.bool_)],
    )


def _filled(covers: SeveralCovers, opened: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the values of all columns of the program for some open sites."""
    held = covers.groups.fold(opened) >= 1
    covered = covers.covered(opened)[covers.chance > 0]
    columns = np.r_[opened.astype(np.float64), held]
    if covers.risk == "worst":
        return np.asarray(np.r_[columns, covered.min()])
    if covers.risk == "cvar":
        order = np.argsort(covered, kind="stable")
        enough = np.cumsum(covers.chance[covers.chance > 0][order]) >= covers.tail - 1e-12
        border = covered[order][int(np.argmax(enough))] if enough.any() else covered.max()
        return np.asarray(np.r_[columns, border, np.maximum(border - covered, 0.0)])
    return np.asarray(columns)


MeanBound = Callable[[NDArray[np.float64], Run, NDArray[np.bool_]], Found]


def place_several(
    problem: SitingProblem,
    covers: SeveralCovers,
    n_sites: int,
    run: Run,
    mean: MeanBound,
    start: NDArray[np.bool_] | None = None,
) -> Found:
    """Search, bound by means with other chances, then prove by the mixed program.

    Parameters
    ----------
    problem : SitingProblem
    covers : SeveralCovers
    n_sites : int
    run : Run
    mean : callable
        Covers as much of a weight of each group as possible; from the weights, shape (n_groups,), a `Run` and a plan
        to start from.
    start : ndarray of bool, shape (n_sites,), optional
        A plan to start from, such as that of a smaller number; not looked at if it breaks a side condition.

    Returns
    -------
    Found
    """
    usable = start is not None and start.any() and int(start.sum()) <= n_sites and problem.keeps(start)
    first = start if usable and start is not None else first_feasible(problem, n_sites, run)
    if isinstance(first, Found):
        return first
    covers = covers.merged()
    if covers.risk == "mean" or not (covers.chance > 0).any():
        return mean(np.asarray(covers.chance @ covers.worth), run, first)
    state = _State(opened=first, value=covers.value(first.astype(np.int64)), bound=_trivial(covers))
    large = covers.groups.first.nnz + covers.worth.nnz > _LARGE
    _bounded_by_means(problem, covers, state, run.part(_FIRST_SHARE), mean)
    interrupted = _searched(problem, covers, state, run.part(_SEARCH_SHARE), n_sites, kicks=0 if large else 4)
    if not interrupted:
        _bounded_by_means(problem, covers, state, run.part(0.98 if large else _BOUND_SHARE), mean)
    if interrupted or run.clock.left_s() <= 0.01 or state.is_near(run):
        return state.found()
    found = solve_started(
        problem,
        several_formulation(covers, n_sites),
        run,
        start=_filled(covers, state.opened),
        units_of=lambda x: np.rint(x[: problem.n_sites]).astype(np.int64),
        value=covers.value,
        ceiling=_trivial(covers)[0],
    )
    if found.opened is not None:
        state.take(found.opened, found.objective)
    state.tighten(found.best_bound, found.bound_source)
    return state.found()


@dataclass(slots=True)
class _State:
    """Best plan and bound so far, and what each plan that was looked at does worst in."""

    opened: NDArray[np.bool_]
    value: float
    bound: tuple[float, str]
    chances: NDArray[np.float64] | None = None
    rounds: int = 0

    def take(self, opened: NDArray[np.bool_], value: float) -> None:
        """Take a plan if it is better."""
        if value > self.value:
            self.opened, self.value = opened, value

    def tighten(self, bound: float, source: str) -> None:
        """Take a bound if it is tighter."""
        if bound < self.bound[0]:
            self.bound = (bound, source)

    def is_near(self, run: Run) -> bool:
        """Whether the plan is proved to be as close to the best as asked for."""
        return self.bound[0] - self.value <= max(1e-9, run.relative_gap) * max(abs(self.value), 1e-6)

    def found(self) -> Found:
        """Say what was found."""
        bound, source = self.bound
        return found_units(self.opened.astype(np.int64), self.value, bound, status="feasible", bound_source=source)


def _searched(
    problem: SitingProblem, covers: SeveralCovers, state: _State, run: Run, n_sites: int, *, kicks: int
) -> bool:
    """Search from the best plan; True if Ctrl-C ended that."""
    if not covers.groups.wants_second.any():
        opened, interrupted = swapped(problem, covers, state.opened, run, n_sites, kicks=25 * kicks, patience=5 * kicks)
        state.take(opened, covers.value(opened.astype(np.int64)))
        return interrupted
    for share in _MEAN_SHARES:
        placed = place(problem, _Sought(covers, share), state.opened, run, n_units=n_sites, kicks=kicks)
        state.take(placed.opened, covers.value(placed.units))
        if placed.interrupted:
            return True
    return False


def _trivial(covers: SeveralCovers) -> tuple[float, str]:
    """Return what is rated where everything that can be covered is."""
    every = np.asarray(covers.worth.sum(axis=1), dtype=np.float64)
    return float(covers.rated(every[:, None])[0]), "sum of weights"


def _bounded_by_means(problem: SitingProblem, covers: SeveralCovers, state: _State, run: Run, mean: MeanBound) -> None:
    """Cover the mean with one set of chances after the other, each drawn towards what the last plan does worst in."""
    for _ in range(_ROUNDS if state.rounds else 1):
        left_s = run.clock.left_s()
        if left_s <= 0.01 or state.is_near(run):
            return
        if state.chances is None:
            state.chances = covers.chance
        part = replace(run, clock=Clock(limit_s=max(left_s / 4, 0.01)), relative_gap=max(run.relative_gap / 4, _NEAR))
        found = mean(np.asarray(state.chances @ covers.worth), part, state.opened)
        if found.status == "infeasible":  # no: there is a plan
            return
        state.tighten(found.best_bound, f"{found.bound_source}, other chances" if state.rounds else found.bound_source)
        if found.opened is None:
            return
        if problem.keeps(found.opened):
            state.take(found.opened, covers.value(found.opened.astype(np.int64)))
        state.rounds += 1
        step = 1 / (state.rounds + 1)
        worst = covers.worst_chances(covers.covered(found.opened))
        state.chances = (1 - step) * state.chances + step * worst
