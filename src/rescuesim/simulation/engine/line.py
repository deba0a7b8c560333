"""Line: the unit slots for which no unit could go, in the order in which they are served."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator
from typing import Any

from rescuesim.simulation.engine.mission import Mission

__all__ = ["Line"]


class Line:
    """Missions that wait for a unit.

    It counts the time in line twice, by mission and as the area under its length, so that the two can be compared
    (Little's law).

    Parameters
    ----------
    key : callable, optional
        What a mission is sorted by as it enters, the least first; the order of entering if absent.

    References
    ----------
    Little, J. D. C. (1961). A proof for the queuing formula L = λW. Operations Research 9, 383-387.
    doi:10.1287/opre.9.3.383
    """

    def __init__(self, key: Callable[[Mission], Any] | None = None) -> None:
        self._key, self._entered = key, 0
        self.missions: list[Mission] = []
        self._last_s = self.area_s = 0.0
        self.waits: list[tuple[int, float, float]] = []  # call, from, until

    def __len__(self) -> int:
        return len(self.missions)

    def __iter__(self) -> Iterator[Mission]:
        """List the missions as they stand now, the first to be served first."""
        return iter(tuple(self.missions))

    def enter(self, mission: Mission, now_s: float) -> None:
        """Put a mission into the line."""
        self._count(now_s)
        self._entered += 1
        mission.entered_line_s = now_s
        if self._key is None:
            self.missions.append(mission)
        else:
            mission.place_in_line = (self._key(mission), self._entered)
            insort(self.missions, mission, key=_place)

    def leave(self, mission: Mission, now_s: float) -> None:
        """Take a mission out of the line."""
        self._count(now_s)
        self.missions.remove(mission)
        self.waits.append((mission.call, mission.entered_line_s, now_s))

    def close(self, now_s: float) -> None:
        """Count up to the horizon."""
        self._count(now_s)
        self.waits += [(mission.call, mission.entered_line_s, now_s) for mission in self.missions]

    def _count(self, now_s: float) -> None:
        self.area_s += len(self.missions) * (now_s - self._last_s)
        self._last_s = now_s


def _place(mission: Mission) -> Any:
    return mission.place_in_line
