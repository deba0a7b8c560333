"""A loaded network under another hour or weather, without loading it anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.network.road_network import TICKS_PER_SECOND, RoadNetwork, to_ticks
from rescuesim.network.vehicles.conditions import TravelConditions
from rescuesim.network.vehicles.profiles import TravelProfile, access_kph_in, condition_factors, travel_profile

__all__ = ["moving_times_s", "network_in", "with_moving_times"]


def moving_times_s(network: RoadNetwork) -> NDArray[np.float64]:
    """Return the part of each edge's time that is driving, not waiting; float64, shape (n_edges,)."""
    rounded = np.maximum(network.ticks / TICKS_PER_SECOND - network.delay_s, 0.0)
    speed = np.where(network.speed_kph > 0, network.speed_kph, np.inf)
    exact = network.length_m * 3.6 / speed
    # length over speed is the time before it was rounded to ticks, and is preferred where it is that time
    return np.where(np.abs(exact - rounded) * TICKS_PER_SECOND <= 1.0, exact, rounded)


def with_moving_times(network: RoadNetwork, moving_s: NDArray[np.float64]) -> RoadNetwork:
    """Return the network with other driving times; the waiting at signals and junctions stays.

    Parameters
    ----------
    network : RoadNetwork
    moving_s : ndarray of float64, shape (n_edges,)
    """
    speed = np.divide(network.length_m * 3.6, moving_s, out=network.speed_kph.copy(), where=moving_s > 0)
    return replace(network, speed_kph=speed, ticks=to_ticks(moving_s + network.delay_s))


def network_in(
    network: RoadNetwork, *, conditions: TravelConditions, profile: TravelProfile | None = None
) -> RoadNetwork:
    """Return a network with the times of other conditions.

    The driving time of each edge is divided by the factor of its class; the waiting at signals and junctions stays.
    Where an edge is of one class this gives, to the tick, what loading the file under these conditions
    gives. An edge that was merged of several classes takes the factor of the class that most of its
    length has, where loading takes each part's own. A stated ``maxspeed`` on any part of an edge keeps the whole of it
    from getting faster. Where a grade slows an edge, the top speed of the profile holds for the slowed speed.

    Parameters
    ----------
    network : RoadNetwork
        With the times of the plain conditions.
    conditions : TravelConditions
    profile : TravelProfile, optional
        The one that `network.profile` names if absent.

    Returns
    -------
    RoadNetwork

    Raises
    ------
    InputError
        If the network is under other than the plain conditions already: factors do not add up.
    UnknownIdError
        If the network's profile is none of ``defaults.toml`` and none is given.
    """
    if not network.conditions.plain:
        raise InputError(
            f"{network.conditions.note()}: expected a network of the plain speeds; take other conditions from that one"
        )
    if conditions.plain:
        return network
    made = travel_profile(network.profile) if profile is None else profile
    factor = condition_factors(network.road_class, made, conditions)
    bound = network.maxspeed_stated if network.maxspeed_stated is not None else np.ones(network.n_edges, np.bool_)
    factor = np.where(bound, np.minimum(factor, 1.0), factor)
    # what speeds traffic up lifts nothing over the top speed, and slows nothing that is loaded above it
    room = np.maximum(made.top_kph / np.maximum(network.speed_kph, 1e-9), 1.0)
    factor = np.minimum(factor, room)
    changed = with_moving_times(network, moving_times_s(network) / factor)
    kept = [note for note in network.summary_.notes if note != network.conditions.note()]
    summary = replace(network.summary_, notes=(*kept, conditions.note()))
    access = access_kph_in(made, conditions)
    return replace(changed, conditions=conditions, summary_=summary, access_kph=access)
