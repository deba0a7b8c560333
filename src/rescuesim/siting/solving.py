"""How every model is solved: with weights of a size that solvers tell apart, and budgets kept to the last digit.

A budget of more digits than whole numbers hold stands in the rows rounded in the planner's favour, so bounds hold.
Where the best plan of those rows breaks it, each amount is split into what the row holds and the digits left over,

    a_j = u h_j + r_j,  0 <= r_j < u,    and    b = u H + s,  0 <= s < u,

and the sum of a plan is within the budget if and only if, for some carry c = 0, 1, 2, ...,

    sum_j h_j x_j <= H - c    and    sum_j r_j x_j <= s + c u.

Each carry is a problem of its own, in whole numbers again; the largest carry needs no second row. So there are no more
problems than sites that a plan can open, however many plans lie at the edge of the budget. Amounts left over may have
too many digits too, and are then split in the same way.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal, localcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescuesim.siting.costs import budget_row
from rescuesim.siting.found import Found, Run
from rescuesim.siting.models import Model, model_of
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import PLACES, AmountLimit, SiteRows, row_of, stacked
from rescuesim.siting.weight_sizes import UNRESOLVED, multiplied, unresolved, weight_factor
from rescuesim.siting.whole_rows import at_most_row

__all__ = ["in_given_weights", "solve_exactly", "value_factor", "well_sized"]

Solve = Callable[[SitingProblem, Any, Run], Found]

_MOST_PARTS = 256  # problems that one is taken apart into
_FIRST_SHARE, _NEXT_SHARE = 0.6, 0.5  # of the time that is left: for the rounded problem, for each part
_EARLY = 0.5  # of its time
_NOISE = 1e-12  # of a value: sums in another order
_NO_TIME = "stopped at the limit before a plan kept every amount to the last digit"


def well_sized(problem: SitingProblem, objective: Any) -> SitingProblem:
    """Multiply the weights of a problem by what makes them of a size that solvers tell apart.

    Parameters
    ----------
    problem : SitingProblem
    objective : object
        Where it weighs demand against capacities or costs, nothing is multiplied.

    Returns
    -------
    SitingProblem
        With a note on weights that are too small beside the others.
    """
    goals = getattr(objective, "objectives", (objective,))
    weights, notes = problem.times.demand.weights, problem.notes
    if light := int(unresolved(weights).sum()):
        notes = (*notes, f"{light} points weigh less than {UNRESOLVED:g} of all: no choice is proved to turn on them")
    if any(type(one).__name__.startswith("Capacitated") for one in goals):
        return replace(problem, notes=notes)
    factor = weight_factor(weights)
    sized = None if factor == 1 else replace(problem.times.demand, weights=multiplied(weights, factor))
    return replace(problem, weight_factor=factor, sized=sized, notes=notes)


def value_factor(problem: SitingProblem, model: Model, objective: Any) -> float:
    """Return what a well-sized problem's objective is larger by: the factor of the weights if it is a sum of them."""
    return problem.weight_factor if model.sums_weights(objective) else 1.0


def in_given_weights(problem: SitingProblem, model: Model, objective: Any, found: Found) -> Found:
    """Return what was found of a well-sized problem in the weights that were given.

    Parameters
    ----------
    problem : SitingProblem
        As it was solved.
    model : Model
    objective : object
    found : Found
    """
    factor = value_factor(problem, model, objective)
    goals = getattr(objective, "objectives", (objective,))
    stages = tuple(
        stage.divided(value_factor(problem, model_of(goal), goal))
        for stage, goal in zip(found.stages, goals, strict=False)
    )
    return replace(found, objective=found.objective / factor, best_bound=found.best_bound / factor, stages=stages)


def solve_exactly(
    problem: SitingProblem, objective: Any, run: Run, solve: Solve, *, earlier: Sequence[Any] = ()
) -> Found:
    """Solve so that the plan keeps all limits on amounts to the last digit.

    Parameters
    ----------
    problem : SitingProblem
    objective : object
        Its own budget is looked at too. Of several in sequence each stage comes here by itself.
    run : Run
    solve : callable
        From problem, objective and run to what was found, the limits of the problem's rows left out.
    earlier : sequence of object, optional
        Objectives whose own budgets must be kept too.

    Returns
    -------
    Found
        ``feasible``, with its bound, where not all parts of the problem were solved; ``unknown`` where time ended
        before a plan kept all.
    """
    if hasattr(objective, "objectives"):
        return solve(problem, objective, run)
    limits = [*problem.rows.limits, *_own_limits(problem, (*earlier, objective))]
    kept = tuple(one for one in limits if one is not None)
    if not kept:
        return solve(problem, objective, run)
    sign = 1.0 if model_of(objective).sense == "max" else -1.0
    return _Parts(problem=problem, objective=objective, run=run, solve=solve, sign=sign).best(kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part of the plans: rows in whole numbers, and limits that they hold but for the last digits.

    Rows of a carry are made when the part is solved.
    """

    rows: SiteRows
    limits: tuple[AmountLimit, ...]
    bound: float
    split: _Split | None = None
    carry: int = 0

    def made(self) -> _Part:
        """Return the part with the rows of its carry."""
        if self.split is None:
            return self
        own = self.split.rows(self.carry)
        further = tuple(one for one in own.limits if one is not None)
        rows = stacked([self.rows, replace(own, limits=())])
        return _Part(rows=rows, limits=(*self.limits, *further), bound=self.bound)


@dataclass(slots=True, kw_only=True)
class _Parts:
    """The parts that a problem is taken apart into, the best bound first.

    Parameters
    ----------
    problem : SitingProblem
    objective : object
    run : Run
    solve : callable
    sign : float
        1 where the objective is maximised, -1 where it is minimised.
    """

    problem: SitingProblem
    objective: Any
    run: Run
    solve: Solve
    sign: float
    best_found: Found | None = None
    _heap: list[tuple[float, int, _Part]] = field(default_factory=list)
    _number: Any = field(default_factory=itertools.count)
    _left_open: list[float] = field(default_factory=list)
    _stopped: bool = False

    def best(self, limits: tuple[AmountLimit, ...]) -> Found:
        """Solve the rounded problem; where its plan breaks a limit, the parts of it."""
        rounded = _Part(rows=replace(self.problem.rows, limits=()), limits=limits, bound=self.sign * math.inf)
        first = self._solved(rounded, _FIRST_SHARE)
        broken = None if first.opened is None else self._broken(rounded, first.opened)
        if broken is None:
            return first
        n_solved = 1
        self._split(rounded, broken, rounded.bound if math.isnan(first.best_bound) else first.best_bound)
        while self._heap and not self._is_done() and n_solved < _MOST_PARTS and not self._is_over():
            if self._stopped and n_solved > 1:
                break
            part = heapq.heappop(self._heap)[2].made()
            found = self._solved(part, _NEXT_SHARE)
            n_solved += 1
            self._take(part, found)
        return self._result(first)

    def _solved(self, part: _Part, share: float) -> Found:
        run = self.run.part(share)
        found = self.solve(replace(self.problem, rows=part.rows), self.objective, run)
        near = abs(found.best_bound - found.objective) <= self.run.relative_gap * abs(found.objective)
        early = run.clock.elapsed_s() < _EARLY * run.clock.limit_s
        # one that ends long before its time and is not done was stopped by somebody: then just one more is begun
        self._stopped |= found.status in ("feasible", "unknown") and not near and early
        return found

    def _take(self, part: _Part, found: Found) -> None:
        """Take the plan of a part if it keeps all, else take the part apart."""
        if found.status == "infeasible":
            return
        bound = self.sign * min(self.sign * found.best_bound, self.sign * part.bound)
        bound = part.bound if math.isnan(bound) else bound
        broken = None if found.opened is None else self._broken(part, found.opened)
        if broken is not None:
            self._split(part, broken, bound)
            return
        if found.opened is not None and self._is_better(found.objective):
            self.best_found = found
        if found.status != "optimal":
            self._left_open.append(bound)

    def _broken(self, part: _Part, opened: NDArray[np.bool_]) -> AmountLimit | None:
        return next((one for one in part.limits if not one.kept(opened)), None)

    def _split(self, part: _Part, broken: AmountLimit, bound: float) -> None:
        """Put one part for each carry in the place of a part, those of large carries first."""
        others = tuple(one for one in part.limits if one is not broken)
        split = _Split.of(self.problem, broken)
        least = max(split.most_carried - _MOST_PARTS, 0)
        for carry in range(split.most_carried, least - 1, -1):
            made = _Part(rows=part.rows, limits=others, bound=bound, split=split, carry=carry)
            heapq.heappush(self._heap, (-self.sign * bound, next(self._number), made))
        if least:
            self._left_open.append(bound)

    def _is_better(self, value: float) -> bool:
        return self.best_found is None or self.sign * (value - self.best_found.objective) > 0

    def _is_done(self) -> bool:
        """Whether no part that is left can hold a better plan, or one that is better by more than was asked for."""
        return self.best_found is not None and self._is_near(self._bound(), self.run.relative_gap)

    def _is_near(self, bound: float, gap: float) -> bool:
        assert self.best_found is not None
        value = self.best_found.objective
        return self.sign * (bound - value) <= max(gap, _NOISE) * abs(value)

    def _bound(self) -> float:
        """Return what no plan of all parts is better than."""
        open_still = [*self._left_open, *(part.bound for _, _, part in self._heap)]
        open_still += [] if self.best_found is None else [self.best_found.objective]
        return self.sign * max((self.sign * one for one in open_still), default=-math.inf)

    def _is_over(self) -> bool:
        clock = self.run.clock
        return clock.limit_s < math.inf and clock.elapsed_s() >= clock.limit_s

    def _result(self, first: Found) -> Found:
        """Put together what was found of all parts."""
        bound, best = self._bound(), self.best_found
        if best is None and not self._heap and not self._left_open:
            worst = -self.sign * math.inf
            return Found(status="infeasible", opened=None, objective=worst, best_bound=worst)
        if best is None:
            blank = Found(status="unknown", opened=None, objective=math.nan, best_bound=bound, message=_NO_TIME)
            return replace(blank, bound_source=first.bound_source)
        proved = self._is_near(bound, 0.0)
        return replace(
            best,
            status="optimal" if proved else "feasible",
            best_bound=best.objective if proved else bound,
            bound_source=first.bound_source,
            ties_broken=False,
            surely_open=None,
            surely_shut=None,
        )


def _own_limits(problem: SitingProblem, goals: Sequence[Any]) -> tuple[AmountLimit | None, ...]:
    """Return the limits of the budgets that objectives have of their own, where rows do not hold them."""
    budgets = [budget for one in goals if (budget := getattr(one, "budget", None)) is not None]
    return tuple(limit for budget in budgets for limit in budget_row(problem.costs, float(budget)).limits)


@dataclass(frozen=True, slots=True)
class _Split:
    """A limit split into first digits, in whole numbers of a unit, and the digits left over.

    Parameters
    ----------
    held : ndarray of int64, shape (n_sites,)
        First digits.
    most : int
        Of the limit.
    left : tuple of Decimal, length n_sites
        What is left over, 0 or more and less than the unit.
    spare, unit : Decimal
        What is left over of the limit; the unit.
    most_carried : int
        Carry from which on digits left over need not be looked at, or that takes all of the first digits.
    """

    held: NDArray[np.int64]
    most: int
    left: tuple[Decimal, ...]
    spare: Decimal
    unit: Decimal
    most_carried: int

    @classmethod
    def of(cls, problem: SitingProblem, limit: AmountLimit) -> _Split:
        """Split a limit where its row in whole numbers does."""
        row, _ = at_most_row(limit.amounts, limit.most, "amounts to the last digit")
        held, most = row.rows.toarray().ravel().astype(np.int64), int(row.upper[0])
        with localcontext(Context(prec=PLACES)):
            unit = Decimal(10) ** -round(math.log10(row.scales[0]))
            left = tuple(amount - one * unit for amount, one in zip(limit.amounts, held.tolist(), strict=True))
            spare = limit.most - most * unit
            carried = math.ceil((_largest_left(problem, held.tolist(), most, left) - spare) / unit)
        return cls(held, most, left, spare, unit, min(max(carried, 0), most))

    def rows(self, carry: int) -> SiteRows:
        """Return the rows of one carry: a plan keeps the limit if and only if it keeps those of some carry."""
        with localcontext(Context(prec=PLACES)):
            last = at_most_row(self.left, self.spare + carry * self.unit, "last digits of amounts")[0]
        return stacked([row_of(self.held, "first digits of amounts", upper=self.most - carry), last])


def _largest_left(problem: SitingProblem, held: Sequence[int], most: int, left: Sequence[Decimal]) -> Decimal:
    """Return what the last digits of any plan sum to at most whose first digits keep their row."""
    fixed, free = np.flatnonzero(problem.must_open), np.flatnonzero(~(problem.must_open | problem.must_close))
    used, room = sum(held[j] for j in fixed.tolist()), 0
    for amount in sorted(held[j] for j in free.tolist()):
        used += amount
        if used > most:
            break
        room += 1
    largest = sorted((left[j] for j in free.tolist()), reverse=True)[:room]
    return sum(largest, sum((left[j] for j in fixed.tolist()), Decimal(0)))
