"""Where on a step a closure is met: the one rule for what somebody believes and for what is so.

A closure holds from end to end of its extent, both ends included, and is met where a unit comes to the end that is
nearer to it. Whether it holds is looked at in that moment: who is inside when a road closes drives out of it, and what
closes behind a unit does not stop it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rescuesim.simulation.believed_roads.places import Place, Step

__all__ = ["Extent", "met_at"]


@dataclass(frozen=True, slots=True)
class Extent:
    """Where and when a condition of a road holds.

    Parameters
    ----------
    condition : int
    shuts : bool
        Whether vehicles cannot pass.
    from_m, to_m : float
        ``to_m`` is at most the length of the road.
    from_s, until_s : float
    """

    condition: int
    shuts: bool
    from_m: float
    to_m: float
    from_s: float
    until_s: float

    def holds(self, at_s: float) -> bool:
        """Whether it holds at a moment: from its start to before its end."""
        return self.from_s <= at_s < self.until_s

    def touches(self, step: Step) -> bool:
        """Whether it touches a step, ends included."""
        low, high = (step.enter_m, step.leave_m) if step.enter_m <= step.leave_m else (step.leave_m, step.enter_m)
        return self.from_m <= high and self.to_m >= low


def met_at(extent: Extent, step: Step, start: int | Place | None) -> float | Literal["inside"] | None:
    """Return the position at which a unit on a step comes to a closure.

    Parameters
    ----------
    extent : Extent
        Of the same road.
    step : Step
    start : int, Place or None
        Where the way begins if this is its first step; None for later ones.

    Returns
    -------
    float, or "inside" where the unit is in the extent as the step begins and drives out, or None where they do not
    touch

    Notes
    -----
    A way from a stop (a site or point) that lies in a closed part is closed at once, as in `TravelTimes`; from a place
    on the way it is not: the unit came in before the road closed, or stands before the block and turns.
    """
    if not extent.touches(step):
        return None
    near, far = (extent.from_m, extent.to_m) if step.up else (extent.to_m, extent.from_m)
    is_behind = near < step.enter_m if step.up else near > step.enter_m
    if not is_behind:
        turned = isinstance(start, Place) and start.along is not None and start.along != step.up
        if turned and near == far == step.enter_m:
            return "inside"  # a closure of no length, met from the other side
        return near
    if start is None or isinstance(start, Place):
        return "inside"
    return step.enter_m
