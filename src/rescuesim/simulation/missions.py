"""Missions: every unit that was sent to a call, with its own stamps and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ENDED", "MISSION_STAMPS", "TIERS", "Missions"]

MISSION_STAMPS = ("asked", "dispatched", "alerted", "rolling", "on_scene", "ready", "cleared", "available")
ENDED = (
    "completed",  # worked, or came to a call that others had cleared, and may still be on the way home
    "no_way",  # found no way to the call
    "refused",
    "not_mustered",  # too few people came
    "not_told",  # the channel broke before the order was through
    "diverted",  # taken by a more urgent call
    "recalled",  # the call was cleared, or lost, before it began its work
    "under_way",  # at the horizon
)
TIERS = ("first", "reinforcement", "escalation", "parallel", "further")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Missions:
    """The missions of one replication, in the order of their dispatch.

    Parameters
    ----------
    call, slot, unit : ndarray of int32, shape (n_missions,)
        Unit slot of the call, and index into the fleet's units.
    tier : ndarray of int8, shape (n_missions,)
        Index into `TIERS`; ``parallel`` is alerted by the policy besides the package, ``further`` is asked for the
        slot of a unit that came with too few people to begin.
    stamps : ndarray of float64, shape (8, n_missions)
        Seconds from the start, in the order of `MISSION_STAMPS`; NaN where not reached before the horizon. ``asked``
        is when a unit was wanted for the slot, ``ready`` when it is set up, ``cleared`` when its own work is done,
        ``available`` when it is back or takes another order on its way home.
    until_s : ndarray of float64, shape (n_missions,)
        When the unit was free of it; cut at the horizon.
    ended_s : ndarray of float64, shape (n_missions,)
        When it ended as `ended` says: its work done, stood down, taken away, called back; NaN if under way.
    channel : tuple of str, length n_missions
        That carried the order.
    people : ndarray of int32, shape (n_missions,)
        Who came.
    blocks : ndarray of int32, shape (n_missions,)
        Closures met on the way.
    distance_m : ndarray of float64, shape (n_missions,)
        Driven on roads to the call; NaN where only travel times are known, or it did not leave.
    ended : ndarray of int8, shape (n_missions,)
        Index into `ENDED`.
    """

    call: NDArray[np.int32]
    slot: NDArray[np.int32]
    unit: NDArray[np.int32]
    tier: NDArray[np.int8]
    stamps: NDArray[np.float64]
    until_s: NDArray[np.float64]
    ended_s: NDArray[np.float64]
    channel: tuple[str, ...]
    people: NDArray[np.int32]
    blocks: NDArray[np.int32]
    distance_m: NDArray[np.float64]
    ended: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.call)

    def at_s(self, milestone: str) -> NDArray[np.float64]:
        """Stamps of one milestone of `MISSION_STAMPS`, seconds; float64, shape (n_missions,)."""
        return np.asarray(self.stamps[MISSION_STAMPS.index(milestone)])

    def endings(self) -> list[str]:
        """How each mission ended, in words."""
        return [ENDED[code] for code in self.ended]
