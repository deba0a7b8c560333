"""The order of repair that keeps most people covered for longest.

Few damages: every order is tried, so that the best is proved to be the best of all orders. Many: the lists of the
simple rules and those of a plan by windows (`rolling`) are the starts of a local search that moves one damage to
another place in the list, or swaps two, as long as anything gets better. Every list is judged by what the crews would
really do with it, driving included.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
        The simple rule whose own schedule it is, ``"plan"`` if a list of the plan by windows, or ``"search"``.
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
    planned: Iterable[tuple[Sequence[int], Judged]] = (),
    is_over: Callable[[], bool] = lambda: False,
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
    planned : iterable of (list, Judged), optional
        Lists of all damages that were planned, and what comes of them; not asked for where every order is tried.
    is_over : callable, optional
        Whether the time is up: then the best so far is returned, as with Ctrl-C.

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
    fixed = [job for job in range(n) if job not in free]
    search = _Search(judge=judge, free=sorted(free), fixed=fixed, is_over=is_over)
    search.keep(best)
    from_plan: Judged | None = None
    n_planned = 0
    try:
        complete = len(free) <= try_all_up_to
        if complete:
            for order in itertools.permutations(search.free):
                if is_over():
                    complete = False
                    break
                search.try_out(order)
        else:
            starts = [(one.area_person_h, list(one.schedule.begun)) for one in simple.values()]
            for listed, made in planned:
                n_planned += 1
                starts.append((made.area_person_h, list(listed)))
                if made.area_person_h > search.best_area:
                    search.keep(made)
                    from_plan = made
            for _, start in sorted(starts, key=lambda one: -one[0]):
                begun = [job for job in start if job in search.free]
                search.climb([*begun, *(job for job in search.free if job not in begun)], most_tried)
    except KeyboardInterrupt:
        complete = False
    assert search.best is not None
    came_from = name if search.best is best else "plan" if search.best is from_plan else "search"
    tried = search.tried + len(simple) + n_planned
    return Best(judged=search.best, came_from=came_from, all_orders=complete, tried=tried)


class _Search:
    """What has been tried, and the best of it."""

    def __init__(
        self,
        *,
        judge: Callable[[Sequence[int]], Judged],
        free: Sequence[int],
        fixed: Sequence[int],
        is_over: Callable[[], bool],
    ) -> None:
        self.judge, self.free, self.fixed, self.is_over = judge, list(free), list(fixed), is_over
        self.best: Judged | None = None
        self.tried = 0
        self.known: dict[tuple[int, ...], float] = {}

    @property
    def best_area(self) -> float:
        return -math.inf if self.best is None else self.best.area_person_h

    def keep(self, made: Judged) -> None:
        if made.area_person_h > self.best_area:
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
        if self.tried >= most_tried or self.is_over():
            return
        here, area = order, self.try_out(order)
        while True:
            for other in _neighbours(here):
                if self.tried >= most_tried or self.is_over():
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
