"""Compiles the kernels of driving beforehand, besides those of travel times and of siting."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np

from rescuesim.siting import warm_up as siting_warm_up
from rescuesim.travel.warm_up import WarmUp, tiny_case

__all__ = ["warm_up"]


def warm_up() -> WarmUp:
    """Compile every kernel of travel times, siting and driving, or read it where it was compiled before.

    Returns
    -------
    WarmUp

    Raises
    ------
    InputError
        If numba cannot be imported.
    """
    began = time.perf_counter()
    before = siting_warm_up.warm_up()
    _drives()
    from rescuesim.travel.compiled import loaded_kernels

    return replace(before, seconds=time.perf_counter() - began, kernels=loaded_kernels())


def _drives() -> None:
    """Drive from a site to a point, by a tree, by a search, and from the middle of a road; find who is near."""
    from rescuesim.simulation.believed_roads import PlacedRoads, RoadKnowledge, RoadTruth, UnitsOnRoad
    from rescuesim.travel import travel_times

    network, sites, demand = tiny_case()
    truth = RoadTruth(roads=PlacedRoads.of(travel_times(network, sites, demand)))
    first, second = truth.roads.point(demand.ids[0]), truth.roads.point(demand.ids[2])
    truth.drive(0, first, 0.0, RoadKnowledge())
    drive = truth.drive(first, second, 0.0, RoadKnowledge())
    truth.drive(drive.position_at(drive.ends_s / 2), first, 0.0, RoadKnowledge())
    on_road = UnitsOnRoad(truth.roads, 1)
    on_road.sets_out(0, drive)
    belief = truth.belief(frozenset())
    on_road.nearest(first, belief, drive.ends_s / 2, np.ones(1, dtype=np.bool_), (-1, math.inf))
