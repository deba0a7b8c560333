"""The order of repair that keeps most people covered for longest.

Few damages: every order is tried, so that the best is proved to be the best of all orders. Many: the lists of the
simple rules are the starts of a local search that moves one damage to another place in the list, or swaps two, as long
as anything gets better. Every list is judged by what the crews would really do with it, driving included.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rescuesim.disruption.repair.choosing import Schedule

__all__ = ["Best", "Judged", "best_order"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A schedule and the person-hours under its curve of covered people."""

    schedule: Schedule
    area_person_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """What the search found.

    Parameters
    ----------
    judged : Judged
    came_from : str
        The simple rule whose own schedule it is, or ``"search"``.
    all_orders : bool
        Whether every order was tried.
    tried : int
        Schedules that were worked out.
    """

    judged: Judged
    came_from: str
    all_orders: bool
    tried: int


def best_order(
    n: int,
    judge: Callable[[Sequence[int]], Judged],
    simple: Mapping[str, Judged],
    *,
    free: Sequence[int],
    try_all_up_to: int,
    most_tried: int,
) -> Best:
    """Search for the order of repair with the largest area under the curve.

    Parameters
    ----------
    n : int
        Damages.
    judge : callable
        Works out what comes of a list of all damages.
    simple : mapping of str to Judged
        What comes of the simple rules; the result is never worse than any of these.
    free : sequence of int
        The damages whose place in the list can matter: those that somebody mends.
    try_all_up_to : int
        With so many of them or fewer, every order is tried.
    most_tried : int
        Lists that the local search looks at, at most: a stop that does not depend on the machine.

    Returns
    -------
    Best
        Of equally good ones the first found, the simple rules first.

    References
    ----------
    Smith, W. E. (1956). Various optimizers for single-stage production. Naval Research Logistics Quarterly 3(1-2),
    59-66. doi:10.1002/nav.3800030106 (order by worth per hour of work, the best there is without driving)
    """
    name, best = max(simple.items(), key=lambda item: item[1].area_person_h)
    search = _Search(judge=judge, free=sorted(free), fixed=[job for job in range(n) if job not in free])
    search.keep(best)
    try:
        complete = len(free) <= try_all_up_to
        if complete:
            for order in itertools.permutations(search.free):
                search.try_out(order)
        else:
            for start in sorted(simple.values(), key=lambda one: -one.area_person_h):
                begun = [job for job in start.schedule.begun if job in search.free]
                search.climb([*begun, *(job for job in search.free if job not in begun)], most_tried)
    except KeyboardInterrupt:
        complete = False
    assert search.best is not None
    came_from = name if search.best is best else "search"
    return Best(judged=search.best, came_from=came_from, all_orders=complete, tried=search.tried + len(simple))


class _Search:
    """What has been tried, and the best of it."""

    def __init__(self, *, judge: Callable[[Sequence[int]], Judged], free: Sequence[int], fixed: Sequence[int]) -> None:
        self.judge, self.free, self.fixed = judge, list(free), list(fixed)
        self.best: Judged | None = None
        self.tried = 0
        self.known: dict[tuple[int, ...], float] = {}

    def keep(self, made: Judged) -> None:
        if self.best is None or made.area_person_h > self.best.area_person_h:
            self.best = made

    def try_out(self, order: Sequence[int]) -> float:
        key = tuple(order)
        if key not in self.known:
            made = self.judge([*key, *self.fixed])
            self.known[key] = made.area_person_h
            self.tried += 1
            self.keep(made)
        return self.known[key]

    def climb(self, order: list[int], most_tried: int) -> None:
        """Go to the first better neighbour until there is none."""
        if self.tried >= most_tried:
            return
        here, area = order, self.try_out(order)
        while True:
            for other in _neighbours(here):
                if self.tried >= most_tried:
                    return
                if (found := self.try_out(other)) > area:
                    here, area = other, found
                    break
            else:
                return


def _neighbours(order: Sequence[int]) -> Iterator[list[int]]:
    """Give the lists in which one damage stands elsewhere, then those in which two have changed places."""
    n = len(order)
    for taken in range(n):
        rest = [*order[:taken], *order[taken + 1 :]]
        for place in range(n):
            if place != taken:
                yield [*rest[:place], order[taken], *rest[place:]]
    for first in range(n):
        for second in range(first + 2, n):
            swapped = list(order)
            swapped[first], swapped[second] = order[second], order[first]
            yield swapped
