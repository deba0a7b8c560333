"""Which calls count, where the clock of each starts, and which stages each of them kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.report.statistics.joining import replication_numbers
from rescuesim.simulation import SimulationResult
from rescuesim.standard import ResponseStandard, Stage

__all__ = [
    "FAILED",
    "attained",
    "attainment_counts",
    "clock_from_s",
    "counted_calls",
    "counted_stages",
    "elapsed_s",
    "needed_s",
    "stages_kept",
]

# outcomes that are failures whatever was stamped before
FAILED = ("lost", "waiting", "abandoned", "unheard")
_SLACK_S = 1e-9  # sums of seconds miss a limit by rounding errors of less than this


def clock_from_s(records: pd.DataFrame) -> NDArray[np.float64]:
    """Return the moment from which the time of each call is counted.

    Parameters
    ----------
    records : DataFrame
        As in `SimulationResult.records`. Where a column ``silent`` marks calls from places that no channel
        reached, ``onset_at_s`` must say when each incident began.

    Returns
    -------
    ndarray of float64, shape (n_calls,)
        Seconds: the first attempt to call; in a silent place the onset, since nobody could call.

    Raises
    ------
    InputError
        If calls of silent places have no onset: an attempt that nobody could make would be taken for one.
    """
    arrived = records["arrived_at_s"].to_numpy(np.float64)
    silent = np.asarray(records["outcome"].astype(str) == "unheard")
    if "silent" in records:
        silent = silent | records["silent"].to_numpy(np.bool_)
    if not silent.any():
        return arrived
    if "onset_at_s" not in records:
        raise InputError(
            f"{int(silent.sum())} calls of silent places: expected onset_at_s, from which their clock runs"
        )
    onset = records["onset_at_s"].to_numpy(np.float64)
    if np.isnan(onset[silent]).any():
        raise InputError("onset_at_s: expected a moment for every call of a silent place")
    return np.where(silent, np.minimum(onset, arrived), arrived)


def counted_stages(standard: ResponseStandard, zone: str) -> list[Stage]:
    """Return the stages that one unit keeps or misses; `simulate` refuses readings that want a second unit."""
    return [stage for stage in standard.presets[zone].stages if stage.unit_rank == 1]


def elapsed_s(records: pd.DataFrame, stage: Stage, discovery_s: float) -> NDArray[np.float64]:
    """Return the seconds of a stage for each call; NaN where it was not finished."""
    until = records[f"{stage.until}_at_s"].to_numpy(np.float64)
    if stage.since in ("ignition", "arrived"):
        since = clock_from_s(records)
        # a reading that starts at ignition assumes the discovery; where the onset is known the clock has it already
        assumed = discovery_s if stage.since == "ignition" else 0.0
        known = since < records["arrived_at_s"].to_numpy(np.float64)
        return np.asarray(until - since + np.where(known, 0.0, assumed))
    return np.asarray(until - records[f"{stage.since}_at_s"].to_numpy(np.float64))


def stages_kept(records: pd.DataFrame, standard: ResponseStandard, zone: str) -> NDArray[np.bool_]:
    """Mark which stages of a zone's reading each call kept.

    Parameters
    ----------
    records : DataFrame
        All of the zone.
    standard : ResponseStandard
    zone : str

    Returns
    -------
    ndarray of bool, shape (n_stages, n_calls)
        Limits are inclusive; a stage that was not finished is missed.
    """
    discovery_s = standard.presets[zone].discovery_s
    stages = counted_stages(standard, zone)
    kept = np.zeros((len(stages), len(records)), dtype=np.bool_)
    for row, stage in enumerate(stages):
        # a stamp that was not reached is NaN, and no comparison with NaN holds
        kept[row] = elapsed_s(records, stage, discovery_s) <= stage.limit_s + _SLACK_S
    return kept


def attained(records: pd.DataFrame, standard: ResponseStandard) -> NDArray[np.bool_]:
    """Mark the calls for which every stage of their zone's reading was kept.

    Parameters
    ----------
    records : DataFrame
        As in `SimulationResult.records`.
    standard : ResponseStandard

    Returns
    -------
    ndarray of bool, shape (n_calls,)
        False for calls of zones without a reading, and for those that were lost, abandoned, unheard or waiting;
        limits are inclusive, a stamp that is missing is a miss.
    """
    kept = np.zeros(len(records), dtype=np.bool_)
    zone = records["zone"].astype(str).to_numpy()
    for name in standard.zones:
        here = np.flatnonzero(zone == name)
        if here.size:
            kept[here] = stages_kept(records.iloc[here], standard, name).all(axis=0)
    return kept & ~records["outcome"].astype(str).isin(FAILED).to_numpy()


def needed_s(standard: ResponseStandard) -> dict[str, float]:
    """Say, by zone, within how many seconds from the start of the clock a call is kept or missed."""
    return {zone: sum(stage.limit_s for stage in counted_stages(standard, zone)) for zone in standard.zones}


def counted_calls(result: SimulationResult) -> pd.DataFrame:
    """Return the calls that attainment counts.

    Returns
    -------
    DataFrame
        The genuine calls of zones with a reading, less those whose clock started so shortly before the horizon that
        their stages could not end before it (the sum of the limits of their reading), whatever became of
        them: such a call would count as missed without being late.
    """
    records = result.records
    closing = records["zone"].astype(str).map(needed_s(result.standard)).to_numpy(np.float64)  # NaN without a reading
    in_time = clock_from_s(records) <= result.horizon_s - closing
    genuine = records["genuine"].to_numpy(np.bool_) & (records["outcome"].astype(str) != "duplicate").to_numpy()
    return records[genuine & in_time]


def attainment_counts(result: SimulationResult) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count attained and all genuine calls by replication and point.

    Returns
    -------
    attained, calls : ndarray of int64, shape (replications, n_demand)
        Replications in the order of their numbers, also those without a call.
    """
    records = counted_calls(result)
    place = {id_: at for at, id_ in enumerate(result.demand.ids)}
    point = np.array([place[id_] for id_ in records["demand_id"]], dtype=np.int64)
    numbers = replication_numbers(result)
    shape = (len(numbers), len(result.demand))
    flat = np.searchsorted(numbers, records["replication"].to_numpy(np.int64)) * shape[1] + point
    size = shape[0] * shape[1]
    kept = attained(records, result.standard)
    return np.bincount(flat[kept], minlength=size).reshape(shape), np.bincount(flat, minlength=size).reshape(shape)
