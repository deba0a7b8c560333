"""Water on roads: what it closes until it falls, and how much slower shallow water makes a road."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.disruption.fragility import flood_speed_kph, ford_limit_m
from rescuesim.disruption.hazards import Timing
from rescuesim.disruption.outages import RoadDamage, RoadSlowing
from rescuesim.disruption.road_elements import RoadElements
from rescuesim.network.states import Closure

__all__ = ["flooded_parts", "water_slowings"]

_STEPS = (0.25, 0.5, 0.75, 1.0)  # shares of the peak that the depth is taken at while it is between two of them
_LEAST_FACTOR = 1.01


def flooded_parts(
    elements: RoadElements, depth_m: NDArray[np.float64], timing: Timing, *, vehicle: str, horizon_s: float
) -> list[RoadDamage]:
    """Return the parts of roads that water closes, from when it is too deep until it has fallen again.

    Parameters
    ----------
    elements : RoadElements
    depth_m : ndarray of float64, shape (n_elements,)
        At the peak.
    timing : Timing
    vehicle : str
        Travel profile of the network: trucks ford deeper than cars.
    horizon_s : float

    Returns
    -------
    list of RoadDamage
        Without work: nobody pumps a valley dry. ``on_foot`` where people may still wade.
    """
    limit, wading = ford_limit_m(vehicle), default("flood.wading_m").number
    made = []
    for at in np.flatnonzero((depth_m >= limit) & _on_the_ground(elements)).tolist():
        from_s, until_s = timing.above(limit / float(depth_m[at]))
        if from_s >= horizon_s or until_s <= from_s:
            continue
        level = "on_foot" if depth_m[at] < wading else "closed"
        closure = Closure(
            road=int(elements.road[at]), from_m=float(elements.from_m[at]), to_m=float(elements.to_m[at]), level=level
        )
        made.append(RoadDamage(closure=closure, at_s=from_s, cause="flood", passes_s=until_s, label="water"))
    return made


def _on_the_ground(elements: RoadElements) -> NDArray[np.bool_]:
    return elements.is_kind("section", "tunnel")


def water_slowings(
    elements: RoadElements, depth_m: NDArray[np.float64], timing: Timing, *, vehicle: str, horizon_s: float
) -> list[RoadSlowing]:
    """Return how much slower water makes whole roads while it rises, stands and falls.

    The depth is taken in quarters of its peak, at the upper end of each: never faster than the water allows. A road of
    which a part is wet is slower by that part alone; a part that is too deep is closed, not slow.

    Parameters
    ----------
    elements : RoadElements
    depth_m : ndarray of float64, shape (n_elements,)
        At the peak.
    timing : Timing
    vehicle : str
    horizon_s : float

    Returns
    -------
    list of RoadSlowing
        One within the other; the largest factor of those that hold at a moment counts.
    """
    limit = ford_limit_m(vehicle)
    wet = np.flatnonzero((depth_m > 0) & _on_the_ground(elements) & (elements.road_length_m > 0))
    if not len(wet) or vehicle == "on_foot":
        return []
    roads, place = np.unique(elements.road[wet], return_inverse=True)
    share = elements.length_m[wet] / elements.road_length_m[wet]
    free = elements.free_kph[wet]
    made = []
    lower = 0.0
    before = np.ones(len(roads))
    car_limit = ford_limit_m("rescue_car")
    deepest = car_limit - 1e-3  # at the limit itself the curve's speed is 0, and the part closed
    for upper in _STEPS:
        depth = depth_m[wet] * upper
        speed = flood_speed_kph(np.minimum(depth, deepest), free)
        if limit > car_limit:  # trucks crawl through what stops a car
            speed = np.minimum(np.maximum(speed, default("flood.fording_kph").number), free)
        closed = depth_m[wet] * lower >= limit
        extra = np.where(closed, 0.0, share * (free / speed - 1))
        factor = 1 + np.bincount(place, weights=extra, minlength=len(roads))
        from_s, until_s = timing.above(lower if lower > 0 else 1e-9)
        # what is closed at the next step was slow in this one: the wider interval keeps the factor of the lower water
        for at in np.flatnonzero((factor >= _LEAST_FACTOR) & (factor > before)).tolist():
            if from_s < min(until_s, horizon_s):
                made.append(
                    RoadSlowing(
                        road=int(roads[at]), factor=float(factor[at]), from_s=from_s, until_s=until_s, cause="flood"
                    )
                )
        before = np.maximum(before, factor)
        lower = upper
    return made
