"""Brute force for covers: every set of sites, from the definition of coverage and of side conditions alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

Row = tuple[Sequence[int], int | None, int | None]  # factors, least, most


def allowed_sets(
    n_sites: int, must_open: Sequence[bool], must_close: Sequence[bool], rows: Sequence[Row]
) -> Iterator[tuple[int, ...]]:
    """Yield the sets of sites that keep statuses and rows."""
    for bits in itertools.product((False, True), repeat=n_sites):
        if any(bits[j] != must_open[j] for j in range(n_sites) if must_open[j] or (must_close[j] and bits[j])):
            continue
        opened = tuple(j for j in range(n_sites) if bits[j])
        sums = [sum(factors[j] for j in opened) for factors, _, _ in rows]
        if all(
            (least is None or total >= least) and (most is None or total <= most)
            for total, (_, least, most) in zip(sums, rows, strict=True)
        ):
            yield opened


def covered_weight(covers: Sequence[Sequence[bool]], weight: Sequence[float], opened: Sequence[int]) -> float:
    """Add up the weights of the rows that an open site covers."""
    return sum(w for row, w in zip(covers, weight, strict=True) if any(row[j] for j in opened))


def ranked(opened: Sequence[int], cost: Sequence[float]) -> tuple[float, int]:
    """Return the key of ties: cost, then the sum of ranks."""
    return sum(cost[j] for j in opened), sum(j + 1 for j in opened)
