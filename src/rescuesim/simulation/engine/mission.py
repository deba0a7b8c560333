"""Mission: one unit slot of a call while it is asked for, waits, is manned and carried out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rescuesim.simulation.missions import ENDED

if TYPE_CHECKING:
    from rescuesim.simulation.believed_roads import Drive
    from rescuesim.simulation.clock import Story
    from rescuesim.simulation.engine.choosing import Anybody
    from rescuesim.simulation.engine.incident import Incident
    from rescuesim.simulation.packages import UnitNeed

__all__ = [
    "COMPLETED",
    "DIVERTED",
    "NOT_MUSTERED",
    "NOT_TOLD",
    "NO_WAY",
    "RECALLED",
    "REFUSED",
    "UNDER_WAY",
    "Mission",
]

COMPLETED, NO_WAY, REFUSED, NOT_MUSTERED, NOT_TOLD, DIVERTED, RECALLED, UNDER_WAY = range(len(ENDED))


class Mission:
    """One unit slot of a call; without a unit while it waits.

    What has not happened stands as in the class, so that a mission costs only what happens to it. Stamps may lie ahead
    of the present moment; `cut` takes those back.
    """

    incident: Incident
    story: Story
    call: int
    need: UnitNeed | Anybody
    column = -1  # point at which a duty without a call ends
    slot = 0
    tier = 0
    unit = -1
    number = -1
    asked_s = math.nan
    dispatched_s = math.nan
    alerted_s = math.nan
    rolling_s = math.nan
    on_scene_s = math.nan
    ready_s = math.nan
    cleared_s = math.nan
    available_s = math.nan
    until_s = math.inf
    channel = 0  # number in `Alerting.channels`
    people = 0
    counted = False  # whether it is known that its people are fewer than its slot asks for
    blocks = 0
    distance_m = math.nan
    ended = UNDER_WAY
    ended_s = math.nan
    # in the line
    entered_line_s = math.nan
    place_in_line: Any = None
    # on the road
    drive: Drive | None = None
    going_home = False
    taken_from: Mission | None = None  # mission of the unit that this one broke off
    _share = 1.0

    @property
    def share_driven(self) -> float:
        """Share of the way out that was driven when the mission was broken off."""
        return self._share

    def share_by(self, now_s: float) -> float:
        """Share of the way out that is driven by a moment."""
        whole = self.on_scene_s - self.rolling_s
        return min((now_s - self.rolling_s) / whole, 1.0) if whole > 0 else 1.0

    def cut(self, now_s: float) -> None:
        """Forget the stamps that lie ahead."""
        if self.on_scene_s > now_s >= self.rolling_s:
            self._share = self.share_by(now_s)
        for name in ("rolling_s", "on_scene_s", "ready_s", "cleared_s", "available_s"):
            if getattr(self, name) > now_s:
                setattr(self, name, math.nan)
