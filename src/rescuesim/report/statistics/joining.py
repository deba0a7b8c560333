"""Results of several blocks of replications as one, where that is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

from rescuesim.errors import InputError
from rescuesim.simulation import SimulationResult

__all__ = ["joined_results", "replication_numbers"]


def replication_numbers(result: SimulationResult) -> NDArray[np.int64]:
    """Return the numbers of the replications of a result, also of those without a call.

    Returns
    -------
    ndarray of int64, shape (replications,)

    Raises
    ------
    InputError
        If records speak of more replications than the result has.
    """
    tables = [table["replication"] for table in (result.unit_records, result.records) if "replication" in table]
    found = np.unique(np.concatenate([table.to_numpy(np.int64) for table in tables] or [np.zeros(0, np.int64)]))
    if len(found) == result.replications:
        return np.asarray(found)
    if len(found) < result.replications and (not len(found) or found[-1] < result.replications):
        return np.arange(result.replications)  # those without a call left no record
    raise InputError(f"replications {found.tolist()[:5]}: expected {result.replications} of them, as the result says")


def joined_results(results: Sequence[SimulationResult]) -> SimulationResult:
    """Put blocks of replications of one study together.

    Parameters
    ----------
    results : sequence of SimulationResult
        Of the same plan, standard, points, horizon and seed, with replications that do not overlap.

    Returns
    -------
    SimulationResult

    Raises
    ------
    InputError
        If they are not of one study; also if some are of normal days and some of a disaster, which are never pooled.
    """
    if not results:
        raise InputError("results to join: expected at least one")
    first = results[0]
    broken = {result.condition != "intact" for result in results}
    if len(broken) > 1:
        raise InputError("normal days and disasters are never pooled: expected results of one kind of days")
    kept_apart = ("plan", "standard", "horizon_s", "seed")
    for result in results[1:]:
        odd = [name for name in kept_apart if getattr(result, name) != getattr(first, name)]
        odd += [] if result.demand.ids == first.demand.ids else ["demand"]
        if odd:
            raise InputError(f"results to join: expected the same {', '.join(odd)} in all of them")
    numbers = np.concatenate([replication_numbers(result) for result in results])
    if len(np.unique(numbers)) < len(numbers):
        twice = np.unique(numbers, return_counts=True)
        raise InputError(f"replication {twice[0][twice[1] > 1][0]}: expected once, stands in two of the results")
    labels = dict.fromkeys(label for result in results for label in result.condition.split(" | "))
    tables: dict[str, Any] = {
        name: _stacked([getattr(result, name) for result in results])
        for name in ("records", "unit_records", "mission_records")
        if hasattr(first, name) and getattr(first, name) is not None
    }
    return replace(first, condition=" | ".join(labels), replications=len(numbers), **tables)


def _stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Stack tables; columns of words keep being words whatever each block knew of."""
    tables = [table for table in tables if len(table.columns)]
    if not tables:
        return pd.DataFrame()
    stacked = pd.concat([table.astype(_plain(table)) for table in tables], ignore_index=True)
    for column, kind in tables[0].dtypes.items():
        if isinstance(kind, pd.CategoricalDtype):
            stacked[column] = union_categoricals([table[column] for table in tables])
    return stacked


def _plain(table: pd.DataFrame) -> dict[str, type]:
    return {str(name): object for name, kind in table.dtypes.items() if isinstance(kind, pd.CategoricalDtype)}
