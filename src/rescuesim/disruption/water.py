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
_LEAST_FACTOR = 1.05  # less is within what no driver notices


def flooded_parts(
    pieces: RoadElements,
    first: NDArray[np.int64],
    depth_m: NDArray[np.float64],
    timing: Timing,
    *,
    vehicle: str,
    horizon_s: float,
) -> list[RoadDamage]:
    """Return the parts of roads that water closes, from when it is too deep until it has fallen again.

    Neighbouring pieces of one element that are too deep become one part, with the deepest water in it.

    Parameters
    ----------
    pieces : RoadElements
    first : ndarray of int64, shape (n_elements,)
        First piece of each element.
    depth_m : ndarray of float64, shape (n_pieces,)
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
    deep = (depth_m >= limit) & _on_the_ground(pieces)
    opens = deep.copy()
    opens[1:] &= ~deep[:-1]
    opens[first] |= deep[first]
    begin = np.flatnonzero(opens)
    if not len(begin):
        return []
    run = np.cumsum(opens) - 1
    deepest = np.zeros(len(begin))
    np.maximum.at(deepest, run[deep], depth_m[deep])
    last = np.zeros(len(begin), dtype=np.int64)
    last[run[deep]] = np.flatnonzero(deep)  # the last assignment of a run stays
    roads, from_m, to_m = pieces.road[begin].tolist(), pieces.from_m[begin].tolist(), pieces.to_m[last].tolist()
    made = []
    for road, low, high, depth in zip(roads, from_m, to_m, deepest.tolist(), strict=True):
        from_s, until_s = timing.above(limit / depth)
        if from_s >= horizon_s or until_s <= from_s:
            continue
        closure = Closure(road=road, from_m=low, to_m=high, level="on_foot" if depth < wading else "closed")
        made.append(RoadDamage(closure=closure, at_s=from_s, cause="flood", passes_s=until_s, label="water"))
    return made


def _on_the_ground(elements: RoadElements) -> NDArray[np.bool_]:
    return elements.is_kind("section", "tunnel")


def water_slowings(
    pieces: RoadElements, depth_m: NDArray[np.float64], timing: Timing, *, vehicle: str, horizon_s: float
) -> list[RoadSlowing]:
    """Return how much slower water makes whole roads while it rises, stands and falls.

    The depth is taken in quarters of its peak, at the upper end of each: never faster than the water allows. A road of
    which a part is wet is slower by that part alone; a part that is too deep is closed, not slow.

    Parameters
    ----------
    pieces : RoadElements
    depth_m : ndarray of float64, shape (n_pieces,)
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
    wet = np.flatnonzero((depth_m > 0) & _on_the_ground(pieces) & (pieces.road_length_m > 0))
    if not len(wet) or vehicle == "on_foot":
        return []
    roads, place = np.unique(pieces.road[wet], return_inverse=True)
    share = pieces.length_m[wet] / pieces.road_length_m[wet]
    free = pieces.free_kph[wet]
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
        from_s, until_s = timing.above(lower)
        # what is closed at the next step was slow in this one: the wider interval keeps the factor of the lower water
        slower = np.flatnonzero((factor >= _LEAST_FACTOR) & (factor > before))
        if from_s < min(until_s, horizon_s):
            made += [
                RoadSlowing(road=road, factor=value, from_s=from_s, until_s=until_s, cause="flood")
                for road, value in zip(roads[slower].tolist(), factor[slower].tolist(), strict=True)
            ]
        before = np.maximum(before, factor)
        lower = upper
    return made
