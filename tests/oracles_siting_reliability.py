"""Brute force for backup, reliability, units, states and equity, written from the definitions alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Case:
    """A small problem: who is in time as first and as second, who must and may be open, rows over the sites."""

    first: NDArray[np.bool_]  # (points, sites)
    second: NDArray[np.bool_]  # (points, sites)
    wants_second: NDArray[np.bool_]
    weight: Sequence[float]
    must_open: NDArray[np.bool_]
    must_close: NDArray[np.bool_]
    rows: list[tuple[list[int], int, int]] = field(default_factory=list)

    @property
    def n_sites(self) -> int:
        return self.first.shape[1]

    @property
    def points(self) -> range:
        return range(self.first.shape[0])

    def choices(self, most_sites: int) -> Iterator[tuple[int, ...]]:
        """Give every set of open sites that keeps statuses and rows."""
        for size in range(most_sites + 1):
            for opened in itertools.combinations(range(self.n_sites), size):
                fixed = all(j in opened for j in range(self.n_sites) if self.must_open[j])
                if not fixed or any(self.must_close[j] for j in opened):
                    continue
                sums = [(sum(factors[j] for j in opened), low, high) for factors, low, high in self.rows]
                if all(low <= total <= high for total, low, high in sums):
                    yield opened

    def covered(self, point: int, opened: Iterable[int]) -> bool:
        """Whether a site is in time and, where wanted, another as second."""
        there = list(opened)
        firsts = [j for j in there if self.first[point, j]]
        if not self.wants_second[point]:
            return bool(firsts)
        return any(k != j and (self.first[point, k] or self.second[point, k]) for j in firsts for k in there)

    def openable(self) -> list[int]:
        return [j for j in range(self.n_sites) if not self.must_close[j]]


def best(values: Iterable[float]) -> float | None:
    """Largest value, None if there is none."""
    return max(values, default=None)


def backup_value(case: Case, opened: Sequence[int], covered_worth: float, backup_worth: float) -> float:
    """Weight that is covered, and weight that stays covered whichever open site fails."""
    total = 0.0
    for point in case.points:
        if not case.covered(point, opened):
            continue
        safe = all(case.covered(point, [k for k in opened if k != j]) for j in opened)
        total += case.weight[point] * (covered_worth + (backup_worth if safe else 0.0))
    return total


def covers_all(case: Case, opened: Sequence[int]) -> bool:
    """Whether every point that all openable sites cover is covered."""
    return all(case.covered(p, opened) for p in case.points if case.covered(p, case.openable()))


def available_value(case: Case, opened: Sequence[int], there: NDArray[np.float64], hours: NDArray[np.float64]) -> float:
    """Go through every set of crews that are there, shift by shift."""
    total = 0.0
    for shift, share in enumerate(hours):
        for present in itertools.product((False, True), repeat=len(opened)):
            chance = 1.0
            for j, is_there in zip(opened, present, strict=True):
                chance *= there[j, shift] if is_there else 1 - there[j, shift]
            some = [j for j, is_there in zip(opened, present, strict=True) if is_there]
            total += share * chance * sum(case.weight[p] for p in case.points if case.covered(p, some))
    return total


def placements(case: Case, n_units: int, most: int) -> Iterator[tuple[int, ...]]:
    """Give every way to place units at sites that keep statuses and rows."""
    for opened in case.choices(case.n_sites):
        for units in itertools.product(range(1, most + 1), repeat=len(opened)):
            if sum(units) <= n_units:
                placed = [0] * case.n_sites
                for j, number in zip(opened, units, strict=True):
                    placed[j] = number
                yield tuple(placed)


def counted_value(case: Case, units: Sequence[int], worth: Callable[[int, int], float]) -> float:
    """Add up the worth of each point by the number of units in time."""
    return sum(
        case.weight[p] * worth(p, sum(units[j] for j in range(case.n_sites) if case.first[p, j])) for p in case.points
    )


def tail_mean(values: Sequence[float], chances: Sequence[float], tail: float) -> float:
    """Mean over the worst `tail` of the probability."""
    left, total = tail, 0.0
    for value, chance in sorted(zip(values, chances, strict=True)):
        taken = min(chance, left)
        total, left = total + taken * value, left - taken
    return total / tail
