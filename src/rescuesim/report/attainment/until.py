"""Simulating until attainment is known closely enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.report.attainment.marks import attainment_counts
from rescuesim.report.statistics.joining import joined_results
from rescuesim.report.statistics.sequential import LEAST, SequentialRun, replicate_until
from rescuesim.report.statistics.shares import share_interval
from rescuesim.simulation import SimulationResult

__all__ = ["simulate_until"]


def simulate_until(
    simulate_block: Callable[[range], SimulationResult],
    *,
    half_width: float | None = None,
    relative: float | None = None,
    least: int = LEAST,
    step: int = 10,
    most: int = 1_000,
    confidence: float = 0.95,
) -> SequentialRun:
    """Simulate until attainment is known closely enough, or as many replications are done as allowed.

    Parameters
    ----------
    simulate_block : callable
        From a range of replications to their result, such as ``lambda numbers: simulate(plan, replications=numbers,
        …)``. Blocks must not repeat replications.
    half_width, relative, least, step, most, confidence : optional
        As in `replicate_until`.

    Returns
    -------
    SequentialRun
        With `result`: all replications together.

    Raises
    ------
    InputError
        If an option is out of range, or the blocks are not of one study.

    References
    ----------
    See `replicate_until`.
    """
    blocks: list[SimulationResult] = []

    def rows_of(numbers: range) -> NDArray[np.float64]:
        result = simulate_block(numbers)
        blocks.append(result)
        joined_results(blocks)  # refuses, before more time is spent, what is not one study
        kept, calls = attainment_counts(result)
        return np.stack([kept.sum(axis=1), calls.sum(axis=1)], axis=1).astype(np.float64)

    run = replicate_until(
        rows_of,
        lambda rows: share_interval(rows[:, 0], rows[:, 1], confidence=confidence),
        half_width=half_width,
        relative=relative,
        least=least,
        step=step,
        most=most,
        confidence=confidence,
    )
    return replace(run, result=joined_results(blocks))
