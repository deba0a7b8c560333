"""Trajectory: what happened in one replication, as arrays, checked against what can never happen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InvariantError

__all__ = ["OUTCOMES", "STAMPS", "Trajectory", "checked"]

STAMPS = (
    "arrived",
    "answered",
    "ordered",
    "dispatched",
    "alerted",
    "rolling",
    "on_scene",
    "handling",
    "cleared",
    "available",
)
OUTCOMES = ("handled", "lost", "waiting", "under_way")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trajectory:
    """One replication: stamps and outcome of every call, and every task of a unit.

    Parameters
    ----------
    stamps : ndarray of float64, shape (10, n_calls)
        Seconds from the start, in the order of `STAMPS`; NaN where not reached before the horizon.
    unit : ndarray of int32, shape (n_calls,)
        Index into the fleet's units; -1 without one.
    channel : tuple of str, length n_calls
        Channel of the order; empty without a unit.
    redispatched : ndarray of int32, shape (n_calls,)
        How often a unit stood down and the call was ordered anew.
    outcome : ndarray of int8, shape (n_calls,)
        Index into `OUTCOMES`.
    task_unit, task_call : ndarray of int32, shape (n_tasks,)
    task_from_s, task_until_s : ndarray of float64, shape (n_tasks,)
        From the dispatch to the return or the standing down; cut at the horizon.
    held_by : tuple of str, length n_calls or 0
        Why no unit went at the order, as `held.held_by` tells it; empty if nobody has asked.
    silent : ndarray of bool, shape (n_calls,), or None
        Whether the place was silent at the first attempt; None if nobody has asked.
    """

    stamps: NDArray[np.float64]
    unit: NDArray[np.int32]
    channel: tuple[str, ...]
    redispatched: NDArray[np.int32]
    outcome: NDArray[np.int8]
    task_unit: NDArray[np.int32]
    task_call: NDArray[np.int32]
    task_from_s: NDArray[np.float64]
    task_until_s: NDArray[np.float64]
    held_by: tuple[str, ...] = ()
    silent: NDArray[np.bool_] | None = None

    @classmethod
    def until(
        cls,
        horizon_s: float,
        *,
        stamps: NDArray[np.float64],
        unit: NDArray[np.int32],
        channel: tuple[str, ...],
        redispatched: NDArray[np.int32],
        lost: NDArray[np.bool_],
        task_unit: NDArray[np.int32],
        task_call: NDArray[np.int32],
        task_from_s: NDArray[np.float64],
        task_until_s: NDArray[np.float64],
    ) -> Trajectory:
        """Cut what lies at or after the horizon and name the outcome of each call."""
        seen = np.where(stamps < horizon_s, stamps, np.nan)
        reached = ~np.isnan(seen)
        dispatched, handling = reached[STAMPS.index("dispatched")], reached[STAMPS.index("handling")]
        outcome = np.select(
            [handling, lost, dispatched],
            [OUTCOMES.index("handled"), OUTCOMES.index("lost"), OUTCOMES.index("under_way")],
            default=OUTCOMES.index("waiting"),
        )
        return cls(
            stamps=seen,
            unit=unit,
            channel=channel,
            redispatched=redispatched,
            outcome=outcome.astype(np.int8),
            task_unit=task_unit,
            task_call=task_call,
            task_from_s=task_from_s,
            task_until_s=np.minimum(task_until_s, horizon_s),
        )

    def at_s(self, milestone: str) -> NDArray[np.float64]:
        """Stamps of one milestone of `STAMPS`, seconds; float64, shape (n_calls,)."""
        return np.asarray(self.stamps[STAMPS.index(milestone)])

    def outcomes(self) -> list[str]:
        """Outcome of each call, in words."""
        return [OUTCOMES[code] for code in self.outcome]


def checked(trajectory: Trajectory) -> Trajectory:
    """Return the trajectory if it can be true.

    Raises
    ------
    InvariantError
        If a stamp comes before the one it follows, a unit is on two calls at once, or an outcome does not
        fit the stamps. That is a fault in the program, not in the input.
    """
    stamps = trajectory.stamps
    missing = np.isnan(stamps)
    if missing[0].any() or (missing[:-1] & ~missing[1:]).any():
        raise InvariantError("fault in the simulation: a milestone is stamped after one that was not reached")
    if (stamps[1:] < stamps[:-1]).any():
        raise InvariantError("fault in the simulation: a milestone is stamped before the one it follows")
    order = np.lexsort((trajectory.task_from_s, trajectory.task_unit))
    unit, start, end = (
        values[order] for values in (trajectory.task_unit, trajectory.task_from_s, trajectory.task_until_s)
    )
    if (end < start).any() or ((unit[1:] == unit[:-1]) & (start[1:] < end[:-1])).any():
        raise InvariantError("fault in the simulation: a unit is on two calls at once")
    lost = trajectory.outcome == OUTCOMES.index("lost")
    if (lost & ~missing[STAMPS.index("dispatched")]).any():
        raise InvariantError("fault in the simulation: a lost call has a unit")
    if ((trajectory.unit >= 0) != ~missing[STAMPS.index("dispatched")]).any():
        raise InvariantError("fault in the simulation: a call has a unit without a dispatch, or the reverse")
    return trajectory
