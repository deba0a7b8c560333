"""Side conditions read from their definitions, one plan at a time, and brute force over all plans."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from rescuesim.siting import SitingConstraints
from rescuesim.travel import TravelTimes


def binomial_at_least(roster: int, crew: int, chance: Fraction) -> Fraction:
    """Probability that at least a crew of the roster comes, as an exact fraction."""
    return sum(
        (math.comb(roster, k) * chance**k * (1 - chance) ** (roster - k) for k in range(crew, roster + 1)), Fraction(0)
    )


def net_total(opened: Iterable[int], asked: SitingConstraints, times: TravelTimes) -> Fraction:
    """What the bureau pays for a plan: subsidies in their order, each up to its cap and its fund."""
    sites = times.sites
    left = {j: Fraction(repr(float(sites.cost[j]))) for j in opened}
    total = sum(left.values(), Fraction(0))
    for one in asked.subsidies:
        paid = Fraction(0)
        for j in left:
            everyone = one.hosts is None and one.sites is None
            if everyone or sites.hosts[j] in (one.hosts or ()) or sites.ids[j] in (one.sites or ()):
                cost = Fraction(repr(float(sites.cost[j])))
                grant = Fraction(repr(one.share)) * cost + Fraction(repr(one.amount))
                grant = min(grant, left[j], *([] if math.isinf(one.cap) else [Fraction(repr(one.cap))]))
                left[j] -= grant
                paid += grant
        total -= paid if math.isinf(one.fund) else min(paid, Fraction(repr(one.fund)))
    return total


def is_allowed(opened: frozenset[int], asked: SitingConstraints, times: TravelTimes, people: list[int]) -> bool:
    """Whether a plan keeps all conditions; `people` is what each site needs."""
    sites = times.sites
    index = {id_: j for j, id_ in enumerate(sites.ids)}
    for j, (kind, status) in enumerate(zip(sites.kinds, sites.statuses, strict=True)):
        stays = status == "required" or (status == "existing" and asked.existing == "keep")
        if j in opened and (kind != "station" or status == "closed" or sites.ids[j] in asked.closed):
            return False
        if j not in opened and ((stays and kind == "station") or sites.ids[j] in asked.required):
            return False
    existing = {j for j in index.values() if sites.statuses[j] == "existing" and sites.kinds[j] == "station"}
    if asked.max_relocated is not None and len(existing - opened) > asked.max_relocated:
        return False
    if asked.n_new_sites is not None and sum(sites.statuses[j] != "existing" for j in opened) > asked.n_new_sites:
        return False
    if asked.budget is not None and net_total(opened, asked, times) > Fraction(repr(float(asked.budget))):
        return False
    if asked.people is not None and sum(people[j] for j in opened) > asked.people:
        return False
    if any(len(opened & {index[id_] for id_ in ids}) > 1 for ids in asked.conflicts):
        return False
    for first, then in asked.implications:
        others = {index[id_] for id_ in ([then] if isinstance(then, str) else then)}
        if index[first] in opened and not opened & others:
            return False
    return all(_group_kept(group, opened, times) for group in asked.groups) and _apart(opened, asked, times)


def _group_kept(group: Any, opened: frozenset[int], times: TravelTimes) -> bool:
    sites = times.sites
    if group.sites is not None:
        sets = [{sites.ids.index(id_) for id_ in group.sites}]
    else:
        column = {"township": sites.townships, "host": sites.hosts, "crew": sites.crews}[group.per]
        values = {value for value, kind in zip(column, sites.kinds, strict=True) if value and kind == "station"}
        sets = [{j for j, value in enumerate(column) if value == one} for one in values]
    counts = [len(opened & members) for members in sets]
    return all(
        (group.at_least is None or count >= group.at_least) and (group.at_most is None or count <= group.at_most)
        for count in counts
    )


def _apart(opened: frozenset[int], asked: SitingConstraints, times: TravelTimes) -> bool:
    if asked.separation is None or asked.separation.at_least_s is None:
        return True
    table = np.asarray(asked.separation.between)

    def stays(j: int) -> bool:
        status = times.sites.statuses[j]
        return (
            status == "required"
            or (status == "existing" and asked.existing == "keep")
            or times.sites.ids[j] in asked.required
        )

    return all(
        min(table[j, k], table[k, j]) >= asked.separation.at_least_s or (stays(j) and stays(k))
        for j, k in itertools.combinations(sorted(opened), 2)
    )


def plans(n_sites: int) -> Iterator[frozenset[int]]:
    """All sets of sites."""
    for size in range(n_sites + 1):
        yield from map(frozenset, itertools.combinations(range(n_sites), size))


def best_value(
    times: TravelTimes,
    asked: SitingConstraints,
    people: list[int],
    value: Callable[[frozenset[int]], float | None],
) -> float | None:
    """Largest value over all plans that keep the conditions and for which it is not None; None if there are none."""
    values = [value(plan) for plan in plans(len(times.sites)) if is_allowed(plan, asked, times, people)]
    return max((one for one in values if one is not None), default=None)


def covered_weight(opened: frozenset[int], times: TravelTimes, limit_s: float) -> float:
    """Weight of the points that some open site reaches within the limit."""
    return float(
        sum(
            weight
            for point, weight in enumerate(times.demand.weights)
            if any(times.values[j, point] <= limit_s for j in opened)
        )
    )
