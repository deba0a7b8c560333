"""Trajectory: what happened in one replication, as arrays, checked against what can never happen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InvariantError
from rescuesim.simulation.duties import Duty
from rescuesim.simulation.missions import ENDED, Missions

__all__ = ["OUTCOMES", "STAMPS", "BlockMet", "Trajectory", "checked"]

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
OUTCOMES = ("handled", "lost", "waiting", "under_way", "abandoned", "duplicate", "unheard")


class BlockMet(NamedTuple):
    """A closure that a unit met.

    Attributes
    ----------
    unit : int
    call : int
        -1 on a duty.
    road : int
    position_m : float
    at_s : float
    """

    unit: int
    call: int
    road: int
    position_m: float
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trajectory:
    """One replication: stamps and outcome of every call, and every task of a unit.

    Parameters
    ----------
    stamps : ndarray of float64, shape (10, n_calls)
        Seconds from the start, in the order of `STAMPS`; NaN where not reached before the horizon. From ``dispatched``
        to ``handling`` they are those of the unit whose readiness let the first action start; ``cleared`` and
        ``available`` those of the unit that completed its slot, which is the same unless it was taken away.
    unit : ndarray of int32, shape (n_calls,)
        Index into the fleet's units; -1 without one.
    channel : tuple of str, length n_calls
        Channel of the order; empty without a unit.
    redispatched : ndarray of int32, shape (n_calls,)
        How often a unit could not come, or was taken away, and another was asked for.
    outcome : ndarray of int8, shape (n_calls,)
        Index into `OUTCOMES`.
    task_unit, task_call : ndarray of int32, shape (n_tasks,)
        What units do; call -1 for evacuation and for moves.
    task_from_s, task_until_s : ndarray of float64, shape (n_tasks,)
        From the dispatch to the return, the standing down or the next order; cut at the horizon.
    missions : Missions
        Every unit that was sent.
    rings : ndarray of int32, shape (n_calls,)
        How often the caller rang; 0 if nobody heard of it.
    guided : ndarray of bool, shape (n_calls,)
    severity_at_action : ndarray of float64, shape (n_calls,)
        NaN without a first action.
    closed_s : ndarray of float64, shape (n_calls,)
        When the last unit at the call was done.
    wait_call : ndarray of int32, shape (n_waits,)
    wait_from_s, wait_until_s : ndarray of float64, shape (n_waits,)
        Every stay of a unit slot in the line.
    line_area_s : float
        The length of the line over time, counted apart from the stays.
    horizon_s : float
    duties : tuple of Duty
        Evacuation and moves.
    blocks : tuple of BlockMet
        Closures that were met.
    held_by : tuple of str, length n_calls or 0
        Why no unit went at the order, or those who came could not begin, as `held.held_by` tells it; empty if
        nobody has asked.
    too_few : ndarray of bool, shape (n_calls,), or None
        Whether those who came were too few to begin, at least for a while; None if nobody has counted.
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
    missions: Missions
    rings: NDArray[np.int32]
    guided: NDArray[np.bool_]
    severity_at_action: NDArray[np.float64]
    closed_s: NDArray[np.float64]
    wait_call: NDArray[np.int32]
    wait_from_s: NDArray[np.float64]
    wait_until_s: NDArray[np.float64]
    line_area_s: float
    horizon_s: float
    duties: tuple[Duty, ...] = ()
    blocks: tuple[BlockMet, ...] = ()
    held_by: tuple[str, ...] = ()
    too_few: NDArray[np.bool_] | None = None
    silent: NDArray[np.bool_] | None = None

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
        If a stamp comes before the one it follows, a unit is on two tasks at once, an outcome does not fit the stamps,
        or the time in line is not the area under its length (Little's law). That is a fault in the program, not in the
        input.
    """
    _check_stamps(trajectory.stamps, begins=1)
    _check_units(trajectory)
    _check_missions(trajectory)
    _check_outcomes(trajectory)
    waited = math.fsum((trajectory.wait_until_s - trajectory.wait_from_s).tolist())
    if not math.isclose(waited, trajectory.line_area_s, rel_tol=1e-9, abs_tol=1e-6):
        raise InvariantError(
            f"fault in the simulation: missions waited {waited} s, but the line was {trajectory.line_area_s} s long"
        )
    return trajectory


def _check_stamps(stamps: NDArray[np.float64], *, begins: int) -> None:
    """Check that each column rises and has no gap; its first milestones are always there."""
    missing = np.isnan(stamps)
    if missing[:begins].any() or (missing[:-1] & ~missing[1:]).any():
        raise InvariantError("fault in the simulation: a milestone is stamped after one that was not reached")
    if (stamps[1:] < stamps[:-1]).any():
        raise InvariantError("fault in the simulation: a milestone is stamped before the one it follows")


def _check_units(trajectory: Trajectory) -> None:
    order = np.lexsort((trajectory.task_until_s, trajectory.task_from_s, trajectory.task_unit))
    unit, start, end = (
        values[order] for values in (trajectory.task_unit, trajectory.task_from_s, trajectory.task_until_s)
    )
    if (end < start).any() or ((unit[1:] == unit[:-1]) & (start[1:] < end[:-1])).any():
        raise InvariantError("fault in the simulation: a unit is on two calls at once")


def _check_missions(trajectory: Trajectory) -> None:
    """Check each mission by itself, and that a unit taken on the road goes on from there."""
    missions = trajectory.missions
    _check_stamps(missions.stamps, begins=2)
    completed = missions.ended == ENDED.index("completed")
    if (completed & np.isnan(missions.at_s("cleared"))).any():
        raise InvariantError("fault in the simulation: a mission is completed that was not cleared")
    diverted = missions.ended == ENDED.index("diverted")
    if diverted.any():
        ends = set(zip(missions.unit[diverted].tolist(), missions.until_s[diverted].tolist(), strict=True))
        begins = set(zip(missions.unit.tolist(), missions.at_s("dispatched").tolist(), strict=True))
        if ends - begins:
            raise InvariantError("fault in the simulation: a unit was taken from a call, and went to no other")


def _check_outcomes(trajectory: Trajectory) -> None:
    reached, outcome = ~np.isnan(trajectory.stamps), trajectory.outcome
    dispatched, handling = (reached[STAMPS.index(name)] for name in ("dispatched", "handling"))
    if ((outcome == OUTCOMES.index("lost")) & dispatched).any():
        raise InvariantError("fault in the simulation: a lost call has a unit")
    if ((trajectory.unit >= 0) != dispatched).any():
        raise InvariantError("fault in the simulation: a call has a unit without a dispatch, or the reverse")
    if ((outcome == OUTCOMES.index("handled")) != handling).any():
        raise InvariantError("fault in the simulation: a call is handled without a first action, or the reverse")
    alone = [OUTCOMES.index(name) for name in ("abandoned", "duplicate", "unheard")]
    if (np.isin(outcome, alone)[trajectory.missions.call]).any():
        raise InvariantError("fault in the simulation: a unit was sent to a call that nobody ordered")
    silent = np.isin(outcome, [OUTCOMES.index(name) for name in ("abandoned", "unheard")])
    if (silent & reached[STAMPS.index("answered")]).any():
        raise InvariantError("fault in the simulation: a call was answered that nobody heard")
