"""Compiles the kernels of siting beforehand, besides those of travel times, on a cover of a dozen sites.

What is solved is what users ask for, so the kernels are compiled for just the types that they will be called with.
"""

from __future__ import annotations

import functools
import logging
import math
import time
from dataclasses import replace

import numpy as np

from rescuesim.siting.covering.bound import Relaxation
from rescuesim.siting.covering.cover import Cover, kernel, number_rows_compiled
from rescuesim.siting.covering.least_cover import LeastCover
from rescuesim.siting.covering.local_search import Searcher
from rescuesim.siting.covering.reductions import dominated_sites, rows_over_others
from rescuesim.siting.covering.whole_numbers import whole_numbers
from rescuesim.siting.found import Clock
from rescuesim.siting.mean_time_swaps import KeptSwaps
from rescuesim.siting.medians.going import Going
from rescuesim.siting.medians.warm_up import warm_up_medians
from rescuesim.siting.site_rows import no_rows, row_of
from rescuesim.travel import warm_up as travel_warm_up
from rescuesim.travel.warm_up import WarmUp

__all__ = ["clock_once_compiled", "warm_up"]

logger = logging.getLogger(__name__)
_LARGE = 20_000  # sites times points: under it plain code does most of the work


def clock_once_compiled(limit_s: float, n_sites: int, n_points: int) -> Clock:
    """Start the clock of a solve when the kernels are there: compiling them is no part of what a limit is set for.

    Parameters
    ----------
    limit_s : float
        Wall time; without a limit, and for small problems, nothing is compiled beforehand.
    n_sites, n_points : int

    Returns
    -------
    Clock
    """
    if limit_s < math.inf and n_sites * n_points >= _LARGE:
        _compile_once()
    return Clock(limit_s=limit_s)


@functools.cache
def _compile_once() -> None:
    began = time.perf_counter()
    if kernel("row_kernels", "number_rows") is None:
        return  # without numba plain code serves
    _covering()
    _kept_swaps()
    warm_up_medians()
    if (took_s := time.perf_counter() - began) > 5:
        logger.warning("compiled the kernels of siting, %.0f s, once on this machine: `rescuesim warmup` does", took_s)


def warm_up() -> WarmUp:
    """Compile every kernel of travel times and of siting, or read it where it was compiled before.

    Returns
    -------
    WarmUp

    Raises
    ------
    InputError
        If numba cannot be imported.
    """
    began = time.perf_counter()
    before = travel_warm_up.warm_up()
    _covering()
    _kept_swaps()
    warm_up_medians()
    from rescuesim.travel.compiled import loaded_kernels

    return replace(before, seconds=time.perf_counter() - began, kernels=loaded_kernels())


def _covering() -> None:
    """Reduce, search and bound a small cover."""
    random = np.random.default_rng(0)
    number = row_of(np.ones(12, dtype=np.int64), "number of sites", upper=3)
    cover = Cover.of(random.random((40, 12)) < 0.3, np.arange(1.0, 41.0), rows=number)
    number_rows_compiled(cover.covers)
    rows_over_others(cover.covers)
    dominated_sites(cover, np.ones(12))
    searcher = Searcher(cover)
    plan = searcher.improved(searcher.filled(np.arange(12)), moves=20, kicks=3)
    Relaxation(cover, start=plan.astype(np.float64)).advance(5)
    covers = np.hstack([cover.covers.toarray(), np.ones((40, 1))])
    free = Cover.of(covers, cover.weight, rows=no_rows(13))
    least = LeastCover(free, np.ones(13), np.ones(13, dtype=np.bool_), whole_numbers(np.ones(13)))
    least.search(5)
    least.advance(5)


def _kept_swaps() -> None:
    """Swap a few times among a dozen sites."""
    random = np.random.default_rng(0)
    base, none = random.random((12, 40)), np.zeros(12, dtype=np.bool_)
    swaps = KeptSwaps(
        base=base,
        covers=base < 0.3,
        weight=np.ones(40),
        at=10.0,
        must_open=none,
        must_close=none,
        rows=row_of(np.ones(12, dtype=np.int64), "number of sites", upper=3),
        n_sites=3,
    )
    swaps.improved(np.arange(12) < 3, 1.0, Going(clock=Clock(limit_s=math.inf)), turns=20)
