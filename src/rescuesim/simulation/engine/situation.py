"""Situation: the roads, the shift and the absences of the present moment."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from rescuesim.simulation.fleet import ShiftTimeline
from rescuesim.simulation.roads import RoadTimes

__all__ = ["Situation"]


class Situation:
    """What holds now, and when it changes.

    Parameters
    ----------
    roads : RoadTimes
    timeline : ShiftTimeline
    absences : ndarray of bool, shape (n_occurrences, n_sites)

    Attributes
    ----------
    epoch : int
        Of the roads.
    state : hashable
        Name of the matrix of travel times that the desk goes by.
    out_s, back_s : callable
        Seconds from a site to a point, and back, by row and column.
    believed_s : ndarray or None
        The matrix, where the desk goes by what it believes and not by `RoadTimes`.
    shift : str
    absent : list of bool
        By site of the fleet.
    nearest : dict
        What `Reach.nearest_first` says of the present state and shift, by point and capabilities.
    changes : int
        How often something has changed.
    """

    def __init__(self, roads: RoadTimes, timeline: ShiftTimeline, absences: NDArray[np.bool_]) -> None:
        self.roads, self.timeline = roads, timeline
        self._absences: list[list[bool]] = absences.tolist()
        self._nearest: dict[tuple[Hashable, str], dict[tuple[int, frozenset[str]], list[int]]] = {}
        self.changes = -1
        self.enter(0.0)

    def enter(self, now_s: float) -> None:
        """Let the roads and the shift of a moment hold."""
        self.epoch = bisect_right(self.roads.starts_s, now_s) - 1
        number = self.roads.states[self.epoch]
        self.state: Hashable = number
        self.believed_s: NDArray[np.float64] | None = None
        self.out_s: Callable[[int, int], float] = self.roads.out_s[number].item
        self.back_s: Callable[[int, int], float] = self.roads.back_s[number].item
        occurrence = bisect_right(self.timeline.starts_s, now_s) - 1
        self.shift = self.timeline.shifts[occurrence]
        self.absent = self._absences[occurrence]
        self._look_up()
        self.changes += 1

    def _look_up(self) -> None:
        self.nearest = self._nearest.setdefault((self.state, self.shift), {})

    def believe(self, state: Hashable, matrix: NDArray[np.float64]) -> None:
        """Let the desk go by a matrix that it believes."""
        self.state, self.believed_s, self.out_s = state, matrix, matrix.item
        self._look_up()

    def matrix(self) -> NDArray[np.float64]:
        """Return the times from sites to points that the desk goes by; float64, shape (n_sites, n_points)."""
        return self.roads.out_s[self.roads.states[self.epoch]] if self.believed_s is None else self.believed_s

    def moments_s(self, horizon_s: float) -> Sequence[float]:
        """Return when something changes before the horizon, ascending."""
        moments = {*self.roads.starts_s, *self.timeline.starts_s} - {0.0}
        return sorted(moment for moment in moments if moment < horizon_s)

    def next_road_change_s(self, now_s: float) -> float:
        """Return the next moment at which the roads change, ``inf`` if they never do again."""
        later = bisect_right(self.roads.starts_s, now_s)
        return self.roads.starts_s[later] if later < len(self.roads.starts_s) else math.inf

    def shift_at(self, at_s: float) -> str:
        """Return the shift of a moment."""
        return self.timeline.shifts[bisect_right(self.timeline.starts_s, at_s) - 1]
