"""Water on roads by plain loops, sharing no code with the library."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["closed_pieces", "share_of_peak", "true_factor"]


def share_of_peak(times: tuple[int, int, int, int], at_s: float) -> float:
    """The height of the water over its peak: it rises evenly, stands, falls evenly."""
    begin, rise, peak, fall = times
    if at_s < begin:
        return 0.0
    if at_s < begin + rise:
        return (at_s - begin) / rise
    if at_s <= begin + rise + peak:
        return 1.0
    if at_s < begin + rise + peak + fall:
        return (begin + rise + peak + fall - at_s) / fall
    return 0.0


def closed_pieces(
    depths: Sequence[float],
    kinds: Sequence[int],
    first: Sequence[int],
    times: tuple[int, int, int, int],
    at_s: float,
    *,
    limit: float,
) -> set[int]:
    """Pieces that are shut: a run of too deep neighbours of one element shuts with its deepest."""
    shut: set[int] = set()
    run: list[int] = []
    for number in range(len(depths) + 1):
        deep = number < len(depths) and depths[number] >= limit and kinds[number] in (0, 2)
        if run and (not deep or number in first):
            if max(depths[one] for one in run) * share_of_peak(times, at_s) >= limit:
                shut |= set(run)
            run = []
        if deep:
            run.append(number)
    return shut


def true_factor(
    depths: NDArray[np.float64],
    kinds: NDArray[np.int8],
    times: tuple[int, int, int, int],
    at_s: float,
    *,
    free_kph: float,
) -> float:
    """Factor on the time over the pieces of a road of equal length; pieces that are shut count as dry."""
    total = 0.0
    for depth, kind in zip(depths.tolist(), kinds.tolist(), strict=True):
        mm = depth * share_of_peak(times, at_s) * 1000
        speed = free_kph
        if kind in (0, 2) and 0 < mm < 299:
            speed = min(free_kph, 0.0009 * mm**2 - 0.5529 * mm + 86.9448)
        total += free_kph / speed
    return total / len(depths)
