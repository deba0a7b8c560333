"""Places on roads, and the ways that lead from one to another."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Place", "Step", "Way"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place on a road where a unit stands or is passing.

    Parameters
    ----------
    road : int
        Index of the road in the network.
    position_m : float
        Metres along its positions.
    along : bool or None
        Whether the unit came along the positions of the road, or against them; None where it does not matter.
    retreat_m : float or None
        How far back the unit came along this road in one go. On a one-way road it may turn back there before a block,
        against the direction, if that is a junction; None: it keeps to the direction.
    access_ticks : int
        What the unit takes to the road from where it is, in 0.1 ms; above 0 between a road and a site or point.
    """

    road: int
    position_m: float
    along: bool | None = None
    retreat_m: float | None = None
    access_ticks: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A piece, or a part of one, driven from one position of its road to another.

    Parameters
    ----------
    piece : int
        Of the split graph.
    road : int
    enter_m, leave_m : float
    up : bool
        Whether it is driven along the positions; against the piece when a unit backs out of a one-way road.
    """

    piece: int
    road: int
    enter_m: float
    leave_m: float
    up: bool


@dataclass(slots=True, kw_only=True, eq=False)  # not frozen: that would make it three times as dear
class Way:
    """A way as somebody means to drive it.

    Parameters
    ----------
    start : int or Place
        A stop (site or point) or a place.
    target : int
        A stop.
    reason : str
        Why there is no way: ``no_road``, ``road_closed`` (the start or the target lies on a closed part) or
        ``no_way_believed``; empty where there is one.
    access_ticks, final_ticks : int
        From the start to the road, and from the road to the target.
    piece : ndarray of int32, shape (n_steps,)
    enter_m, leave_m : ndarray of float64, shape (n_steps,)
    up : ndarray of bool, shape (n_steps,)
    before : ndarray of int64, shape (n_steps + 1,)
        Ticks from the first step to the beginning of each, on intact roads, and of all of them.
    """

    start: int | Place
    target: int
    reason: str = ""
    access_ticks: int = 0
    final_ticks: int = 0
    piece: NDArray[np.int32]
    enter_m: NDArray[np.float64]
    leave_m: NDArray[np.float64]
    up: NDArray[np.bool_]
    before: NDArray[np.int64]
    _length_m: float = math.nan

    @property
    def length_m(self) -> float:
        """Metres on roads; added up step by step, as the kernel does that makes ways."""
        if self._length_m != self._length_m:
            steps = np.abs(self.leave_m - self.enter_m)
            self._length_m = float(np.cumsum(steps)[-1]) if steps.size else 0.0
        return self._length_m

    @property
    def free_ticks(self) -> int:
        """Ticks of the whole way on intact roads, access legs included, start-up loss not."""
        return self.access_ticks + self.before.item(-1) + self.final_ticks

    @classmethod
    def none(cls, start: int | Place, target: int, reason: str) -> Way:
        """Return that there is no way, and why."""
        return cls(
            start=start,
            target=target,
            reason=reason,
            piece=np.zeros(0, dtype=np.int32),
            enter_m=np.zeros(0),
            leave_m=np.zeros(0),
            up=np.zeros(0, dtype=np.bool_),
            before=np.zeros(1, dtype=np.int64),
        )
