"""Slow and plain answers to what the policies answer fast; no code is shared with the library."""

from __future__ import annotations

import itertools
import math


def first_expected(choices):
    """Return the choice of least turnout and travel, the first given of equal ones."""
    best = None
    for choice in choices:
        if best is None or choice.turnout_s + choice.travel_s < best.turnout_s + best.travel_s:
            best = choice
    return best


def first_with_people(choices, people, wanted):
    """Return the first expected choice with enough people; if there is none, the first of those with most."""
    enough = [choice for choice in choices if people[choice.unit.crew.name] >= wanted]
    if enough:
        return first_expected(enough)
    most = max(people[choice.unit.crew.name] for choice in choices)
    return first_expected([choice for choice in choices if people[choice.unit.crew.name] == most])


def least_prepared(times_by_unit, weights, contribution):
    """Return the least preparedness of any point that some unit reaches: nearest units over time, over weight."""
    least = math.inf
    for point, weight in enumerate(weights):
        times = sorted(max(times[point], 1.0) for times in times_by_unit)
        if weight > 0:
            least = min(least, sum(g / t for g, t in zip(contribution, times, strict=False)) / weight)
    return least


def best_assignment(cost):
    """Return the most places held and the least cost of holding so many, over all ways to send each unit once."""
    n_units, n_places = len(cost), len(cost[0])
    best = (0, 0.0)
    for many in range(1, min(n_units, n_places) + 1):
        sums = [
            sum(cost[unit][place] for unit, place in zip(units, places, strict=True))
            for places in itertools.combinations(range(n_places), many)
            for units in itertools.permutations(range(n_units), many)
        ]
        if min(sums) < math.inf:
            best = (many, min(sums))
    return best
