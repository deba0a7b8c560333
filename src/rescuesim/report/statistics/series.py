"""How busy a system was over time, from its records: what a warm-up is looked for in."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.report.statistics.joining import replication_numbers
from rescuesim.simulation import SimulationResult

__all__ = ["busy_units", "mean_in_state", "waiting_calls"]


def mean_in_state(
    from_s: NDArray[np.float64],
    until_s: NDArray[np.float64],
    row: NDArray[np.int64],
    *,
    rows: int,
    horizon_s: float,
    bucket_s: float,
) -> NDArray[np.float64]:
    """Average, over each stretch of time, how many spells are going on.

    Parameters
    ----------
    from_s, until_s : ndarray of float64, shape (n_spells,)
        Seconds; NaN in `until_s` is the horizon.
    row : ndarray of int64, shape (n_spells,)
        Replication of each, from 0.
    rows : int
    horizon_s, bucket_s : float
        A last stretch that is not whole is left out.

    Returns
    -------
    ndarray of float64, shape (rows, n_stretches)

    Raises
    ------
    InputError
        If a stretch is longer than the horizon or not above 0.

    Examples
    --------
    >>> one = dict(rows=1, horizon_s=30.0, bucket_s=10.0)
    >>> mean_in_state(np.array([5.0, 12.0]), np.array([15.0, np.nan]), np.array([0, 0]), **one).tolist()
    [[0.5, 1.3, 1.0]]
    """
    if not 0 < bucket_s <= horizon_s:
        raise InputError(f"bucket_s {bucket_s}: expected above 0 and at most the horizon of {horizon_s} s")
    many = int(horizon_s / bucket_s + 1e-9)
    edges = np.asarray(np.arange(many + 1) * bucket_s, dtype=np.float64)
    begin = np.clip(from_s, 0.0, horizon_s)
    end = np.clip(np.where(np.isnan(until_s), horizon_s, until_s), 0.0, horizon_s)
    spent = np.zeros((rows, many))
    for number in range(rows):
        here = row == number
        # time spent before each edge: sum over spells of min(edge, end) - min(edge, begin)
        until_edge = _sum_of_least(edges, end[here]) - _sum_of_least(edges, begin[here])
        spent[number] = np.diff(until_edge)
    return spent / bucket_s


def _sum_of_least(edges: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum, for each edge, of the lesser of the edge and every value."""
    ordered = np.sort(values)
    below = np.searchsorted(ordered, edges, side="right")
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    return np.asarray(sums[below] + edges * (len(ordered) - below))


def _spells(
    result: SimulationResult, table: pd.DataFrame, since: str, until: str, bucket_s: float
) -> NDArray[np.float64]:
    begun = table[table[since].notna()]
    numbers = replication_numbers(result)
    return mean_in_state(
        begun[since].to_numpy(np.float64),
        begun[until].to_numpy(np.float64),
        np.searchsorted(numbers, begun["replication"].to_numpy(np.int64)),
        rows=len(numbers),
        horizon_s=result.horizon_s,
        bucket_s=bucket_s,
    )


def busy_units(result: SimulationResult, *, bucket_s: float = 3600.0) -> NDArray[np.float64]:
    """Average number of units on a task, from dispatch to return, in each stretch of time.

    Parameters
    ----------
    result : SimulationResult
        Tasks are those of `mission_records` where it has them, else those of the calls' last units.
    bucket_s : float, optional

    Returns
    -------
    ndarray of float64, shape (replications, n_stretches)
    """
    missions = getattr(result, "mission_records", None)
    table = missions if missions is not None and len(missions) else result.records
    return _spells(result, table, "dispatched_at_s", "available_at_s", bucket_s)


def waiting_calls(result: SimulationResult, *, bucket_s: float = 3600.0) -> NDArray[np.float64]:
    """Average number of ordered calls that wait for a unit in each stretch of time; as `busy_units`."""
    records = result.records[result.records["outcome"].astype(str) != "lost"]
    return _spells(result, records, "ordered_at_s", "dispatched_at_s", bucket_s)
