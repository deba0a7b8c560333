"""How many calls kept each stage of a reading and all of them, and which stage binds."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.report.attainment.marks import attained, counted_calls, counted_stages, stages_kept
from rescuesim.report.statistics.joining import replication_numbers
from rescuesim.report.statistics.shares import share_interval
from rescuesim.simulation import SimulationResult

__all__ = ["ALL_STAGES", "binding_stage", "stage_attainment"]

ALL_STAGES = "all"
_COLUMNS = [
    *("reading", "stage", "since", "limit_s", "calls", "kept", "share", "low", "high"),
    *("missed", "missed_alone", "binding"),
]


def binding_stage(kept: NDArray[np.bool_]) -> int:
    """Say which stage costs most calls.

    Parameters
    ----------
    kept : ndarray of bool, shape (n_stages, n_calls)

    Returns
    -------
    int
        The stage without which most calls would have been kept: those that missed this one alone. If two are equal,
        the one that more calls missed; then the earlier. -1 if no call was missed.

    Examples
    --------
    >>> kept = np.array([[1, 1, 1, 1], [1, 0, 1, 1], [1, 0, 0, 0]], dtype=bool)
    >>> binding_stage(kept), binding_stage(np.ones((3, 4), dtype=bool))
    (2, -1)
    """
    missed = ~kept
    if not missed.any():
        return -1
    alone = (missed & (missed.sum(axis=0) == 1)).sum(axis=1)
    every = missed.sum(axis=1)
    return min(range(len(kept)), key=lambda row: (-alone[row], -every[row], row))


def stage_attainment(result: SimulationResult, *, confidence: float = 0.95) -> pd.DataFrame:
    """Count by reading the calls that kept each stage, and all stages.

    Parameters
    ----------
    result : SimulationResult
    confidence : float, optional

    Returns
    -------
    DataFrame
        ``reading, stage, since, limit_s, calls, kept, share, low, high, missed, missed_alone, binding``: a row a
        stage (named by the milestone it ends with), then one named ``all``. ``missed_alone`` are calls that missed
        no other stage; one stage of a reading at most is binding, see `binding_stage`. Intervals are clustered by
        replication. Zones with the same reading are counted together; a reading without calls has NaN shares.
    """
    records, standard = counted_calls(result), result.standard
    zone = records["zone"].astype(str).to_numpy()
    numbers = replication_numbers(result)
    row = np.searchsorted(numbers, records["replication"].to_numpy(np.int64))
    zones_of: dict[str, list[str]] = {}
    for name in standard.zones:
        zones_of.setdefault(standard.presets[name].name, []).append(name)
    rows: list[tuple[object, ...]] = []
    for reading, zones in zones_of.items():
        here = np.flatnonzero(np.isin(zone, zones))
        some, which = records.iloc[here], row[here]
        stages = counted_stages(standard, zones[0])
        kept = stages_kept(some, standard, zones[0])
        joint = attained(some, standard)
        binding = binding_stage(kept)
        alone = ~kept & ((~kept).sum(axis=0) == 1)
        for at, stage in enumerate(stages):
            shares = _shares(kept[at], which, len(numbers), confidence)
            rows.append(
                (reading, stage.until, stage.since, stage.limit_s, *shares, int(alone[at].sum()), at == binding)
            )
        rows.append((reading, ALL_STAGES, "", math.nan, *_shares(joint, which, len(numbers), confidence), 0, False))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _shares(
    kept: NDArray[np.bool_], replication: NDArray[np.int64], many: int, confidence: float
) -> tuple[int, int, float, float, float, int]:
    """Count the calls, those kept, their share with its interval, and those missed."""
    calls, good = len(kept), int(kept.sum())
    if not calls:
        return 0, 0, math.nan, math.nan, math.nan, 0
    found = share_interval(
        np.bincount(replication[kept], minlength=many),
        np.bincount(replication, minlength=many),
        confidence=confidence,
    )
    return calls, good, found.value, found.low, found.high, calls - good
