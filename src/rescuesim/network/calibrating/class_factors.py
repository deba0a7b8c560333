"""Factors on the driving time by road class, put on a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rescuesim._words import Note
from rescuesim.errors import InputError, nearest_name
from rescuesim.network.road_network import RoadNetwork
from rescuesim.network.vehicles.in_conditions import moving_times_s, with_moving_times
from rescuesim.network.vehicles.speeds import class_group

__all__ = ["with_time_factors"]


def with_time_factors(network: RoadNetwork, factors: Mapping[str, float]) -> RoadNetwork:
    """Return a network on which driving takes longer or shorter by road class; waiting at signals stays.

    Parameters
    ----------
    network : RoadNetwork
    factors : mapping of str to float
        On the driving time, by class of the speed table; classes that are absent keep theirs.

    Returns
    -------
    RoadNetwork
        Its summary says what was changed.

    Raises
    ------
    InputError
        If a class does not exist or a factor is not above 0.
    """
    for name, factor in factors.items():
        if class_group(name) != name:
            known = sorted({class_group(str(one)) for one in np.unique(network.road_class)})
            raise InputError(f"time factor, class {name!r}: expected {nearest_name(name, known)}")
        if not 0 < factor < np.inf:
            raise InputError(f"time factor of {name}, {factor}: expected a number above 0")
    if not factors:
        return network
    names, index = np.unique(network.road_class, return_inverse=True)
    factor_of = np.array([factors.get(class_group(str(name)), 1.0) for name in names])[index]
    made = with_moving_times(network, moving_times_s(network) * factor_of)
    listed = ", ".join(f"{name} {factor:g}" for name, factor in factors.items())
    said = Note(f"driving times by own records, factors: {listed}", f"行车时间按自有记录修正，系数：{listed}")
    return replace(made, summary_=replace(made.summary_, notes=(*made.summary_.notes, said)))
