"""Brute force for budgets in decimals, weights of any size and coverage over states, from the definitions alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

Matrix = Sequence[Sequence[float]]  # time of site j to point i at [j][i]
Plan = tuple[int, ...]


def plans(n_sites: int, most: int) -> Iterator[Plan]:
    """Give every set of at most so many sites."""
    for size in range(min(n_sites, most) + 1):
        yield from itertools.combinations(range(n_sites), size)


def written(value: float) -> Fraction:
    """Return the decimal that a float is written as."""
    return Fraction(repr(value))


def affordable(costs: Sequence[float], budget: float, n_sites: int) -> Iterator[Plan]:
    """Give every plan whose costs, as they are written, sum to no more than the budget."""
    for plan in plans(len(costs), n_sites):
        if sum((written(costs[j]) for j in plan), Fraction(0)) <= written(budget):
            yield plan


def in_time(times: Matrix, plan: Plan, point: int, limit: float) -> int:
    """Count the open sites that reach a point in time."""
    return sum(times[j][point] <= limit for j in plan)


def covered(times: Matrix, weights: Sequence[float], plan: Plan, limit: float) -> Fraction:
    """Add up the weights that are covered."""
    return sum((Fraction(w) for i, w in enumerate(weights) if in_time(times, plan, i, limit)), Fraction(0))


def backed_up(times: Matrix, weights: Sequence[float], plan: Plan, limit: float) -> Fraction:
    """Add up half of what is covered and half of what is covered twice."""
    once = covered(times, weights, plan, limit)
    twice = sum((Fraction(w) for i, w in enumerate(weights) if in_time(times, plan, i, limit) > 1), Fraction(0))
    return (once + twice) / 2


def expected(times: Matrix, weights: Sequence[float], plan: Plan, limit: float, busy: Fraction) -> Fraction:
    """Add up weights times the chance that one of the units in time is free."""
    return sum((Fraction(w) * (1 - busy ** in_time(times, plan, i, limit)) for i, w in enumerate(weights)), Fraction(0))


def mean_time(times: Matrix, weights: Sequence[float], plan: Plan) -> Fraction:
    """Return the weighted mean of the times to the nearest open site."""
    whole = sum((Fraction(w) for w in weights), Fraction(0))
    return (
        sum((Fraction(w) * Fraction(min(times[j][i] for j in plan)) for i, w in enumerate(weights)), Fraction(0))
        / whole
    )


def farthest(times: Matrix, weights: Sequence[float], plan: Plan) -> Fraction:
    """Return the largest weighted time to the nearest open site."""
    return max(Fraction(w) * Fraction(min(times[j][i] for j in plan)) for i, w in enumerate(weights))


def rated(by_state: Sequence[float], chances: Sequence[float], risk: str, tail: float | None) -> float:
    """Return the mean over states, the worst, or the mean over the worst tail of them."""
    if risk == "mean":
        return sum(c * v for c, v in zip(chances, by_state, strict=True))
    if risk == "worst":
        return min(v for c, v in zip(chances, by_state, strict=True) if c > 0)
    assert tail is not None
    left, total = tail, 0.0
    for value, chance in sorted(zip(by_state, chances, strict=True)):
        taken = min(left, chance)
        total, left = total + taken * value, left - taken
    return total / tail


def best_chain(amounts: Sequence[int], n_sites: int, value: Callable[[Plan], float]) -> float:
    """Return the smallest largest loss of any build order, each phase against its own best."""
    own = [max(value(plan) for plan in plans(n_sites, amount)) for amount in amounts]

    def lost(k: int, plan: Plan) -> float:
        return (own[k] - value(plan)) / own[k] if own[k] else 0.0

    def go(k: int, before: set[int]) -> float:
        if k == len(amounts):
            return 0.0
        fits = (plan for plan in plans(n_sites, amounts[k]) if before <= set(plan))
        return min(max(lost(k, plan), go(k + 1, set(plan))) for plan in fits)

    return go(0, set())
