"""travel_times and travel_time_pairs: from roads and points to times."""

from __future__ import annotations

import math
from typing import overload

import numpy as np

from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.road_network import limit_ticks
from rescuesim.network.vehicles.start_up import check_start_up
from rescuesim.quality import snap_points
from rescuesim.travel.engines import Engine, check_engine, choose_engine, driven_matrix
from rescuesim.travel.ensemble import TravelTimesEnsemble
from rescuesim.travel.pairs import TravelTimePairs, pairs_in_state
from rescuesim.travel.split_graph import build_split_graph
from rescuesim.travel.times import Towards, TravelTimes, times_in_state

__all__ = ["check_closures", "travel_time_pairs", "travel_times"]


def check_closures(network: RoadNetwork, state: NetworkState) -> None:
    """Refuse closures of roads, or of parts of roads, that the network does not have."""
    roads = [closure.road for closure in state.closures] + list(state.slow_downs)
    if wrong := [road for road in roads if not 0 <= road < network.n_roads]:
        raise UnknownIdError(f"state {state.label!r}: road {wrong[0]}, expected 0 to {network.n_roads - 1}")
    length = network.road_length_m
    for closure in state.closures:
        if closure.from_m > length[closure.road]:
            beyond = f"closure of road {closure.road} from {closure.from_m:g} m"
            raise InputError(f"state {state.label!r}: {beyond}, expected at most its {length[closure.road]:.1f} m")


@overload
def travel_times(
    network: RoadNetwork,
    sites: CandidateSites,
    demand: DemandPoints,
    *,
    states: None = ...,
    cutoff_s: float = ...,
    towards: Towards = ...,
    snap_limit_m: float | None = ...,
    engine: Engine = ...,
) -> TravelTimes: ...
@overload
def travel_times(
    network: RoadNetwork,
    sites: CandidateSites,
    demand: DemandPoints,
    *,
    states: NetworkStates,
    cutoff_s: float = ...,
    towards: Towards = ...,
    snap_limit_m: float | None = ...,
    engine: Engine = ...,
) -> TravelTimesEnsemble: ...
def travel_times(
    network: RoadNetwork,
    sites: CandidateSites,
    demand: DemandPoints,
    *,
    states: NetworkStates | None = None,
    cutoff_s: float = math.inf,
    towards: Towards = "demand",
    snap_limit_m: float | None = None,
    engine: Engine = "auto",
) -> TravelTimes | TravelTimesEnsemble:
    """Compute how long every site takes to every demand point.

    Points snap to positions on roads, which split their edges; access legs are counted, and so is what the network's
    travel profile loses by starting up (`RoadNetwork.start_up_s`), once a trip.

    Parameters
    ----------
    network : RoadNetwork
    sites : CandidateSites
    demand : DemandPoints
    states : NetworkStates, optional
        Moments of the broken network; the intact one if absent.
    cutoff_s : float, optional
        Longer times are ``inf``; it only truncates.
    towards : {'demand', 'sites'}, optional
        Direction of travel; ``sites`` for the way back.
    snap_limit_m : float, optional
        Farther from any road than this, a point has none.
    engine : {'auto', 'scipy', 'bucket', 'contraction'}, optional
        What computes the paths; all give the same integers. ``auto`` takes the one that is done first
        (`rescuesim.travel.engines`), ``scipy`` the readable reference; ``contraction`` needs states.
        `TravelTimes.engine` says which one served.

    Returns
    -------
    TravelTimes, or TravelTimesEnsemble where states are given

    Raises
    ------
    InputError
        If the cutoff is negative or NaN, the points have no positions, or the engine does not exist.
    UnknownIdError
        If a state closes a road that the network does not have.

    References
    ----------
    Dijkstra, E. W. (1959). A note on two problems in connexion with graphs. Numerische Mathematik 1,
    269-271. doi:10.1007/BF01386390 (through scipy.sparse.csgraph)

    Kolesar, P., & Walker, W. (1974). Measuring the Travel Characteristics of New York City's Fire Companies. RAND
    R-1449-NYC. (the start-up loss)
    """
    if states is not None and not isinstance(states, NetworkStates):
        raise InputError(f"states: a {type(states).__name__}, expected NetworkStates, as from_closures makes")
    for state in states or ():
        check_closures(network, state)
    if states is None and engine == "contraction":
        raise InputError("engine 'contraction': expected states; one matrix is for auto, scipy or bucket")
    n_states = 1 if states is None else 1 + len(states)
    frame = _without_ticks(network, sites, demand, cutoff_s, towards, snap_limit_m, engine, n_states)
    intact = times_in_state(frame, None)
    return intact if states is None else TravelTimesEnsemble(intact=intact, states=states, engine=engine)


def travel_time_pairs(
    network: RoadNetwork,
    sites: CandidateSites,
    demand: DemandPoints,
    *,
    cutoff_s: float,
    towards: Towards = "demand",
    snap_limit_m: float | None = None,
    engine: Engine = "auto",
) -> TravelTimePairs:
    """Compute the travel times of the pairs within a cutoff alone; the matrix of all pairs is never held.

    Parameters
    ----------
    network : RoadNetwork
    sites : CandidateSites
    demand : DemandPoints
    cutoff_s : float
        Pairs that take longer are left out.
    towards, snap_limit_m, engine : optional
        As in `travel_times`.

    Returns
    -------
    TravelTimePairs
        The finite entries of ``travel_times(network, sites, demand, cutoff_s=cutoff_s)``.

    Raises
    ------
    InputError
        As `travel_times`.
    """
    if engine == "contraction":
        raise InputError("engine 'contraction': expected states; pairs of one state are for auto, scipy or bucket")
    return pairs_in_state(_without_ticks(network, sites, demand, cutoff_s, towards, snap_limit_m, engine, 1), None)


def _without_ticks(
    network: RoadNetwork,
    sites: CandidateSites,
    demand: DemandPoints,
    cutoff_s: float,
    towards: Towards,
    snap_limit_m: float | None,
    engine: Engine,
    n_states: int,
) -> TravelTimes:
    """Check the options, snap the points, split the roads and choose the engine: all but the times themselves."""
    check_start_up(network.start_up_s, network.launch_s)
    if not isinstance(cutoff_s, (int, float, np.integer, np.floating)) or not cutoff_s >= 0:
        raise InputError(f"cutoff_s {cutoff_s!r}: expected seconds of 0 or more")
    if towards not in ("demand", "sites"):
        raise InputError(f"towards {towards!r}: expected demand or sites")
    check_engine(engine)
    for name, given, kind in (("sites", sites, CandidateSites), ("demand", demand, DemandPoints)):
        if not isinstance(given, kind):
            raise InputError(f"{name}: a {type(given).__name__}, expected {kind.__name__} as load_{name} gives")
    if sites.lon is None or sites.lat is None or demand.lon is None or demand.lat is None:
        raise InputError("sites and demand: expected lon and lat")
    site_snap = snap_points(network, sites.lon, sites.lat, snap_limit_m=snap_limit_m)
    demand_snap = snap_points(network, demand.lon, demand.lat, snap_limit_m=snap_limit_m)
    graph = build_split_graph(network, site_snap, demand_snap)
    choice = choose_engine(
        engine,
        lambda: driven_matrix(graph, None, towards),
        graph.point_node[: len(sites)][site_snap.in_range],
        limit=int(limit_ticks(cutoff_s)),
        n_states=n_states,
    )
    return TravelTimes(
        sites=sites,
        demand=demand,
        ticks=np.zeros((0, 0), dtype=np.int32),
        cutoff_s=cutoff_s,
        towards=towards,
        graph=graph,
        site_snap=site_snap,
        demand_snap=demand_snap,
        start_up_s=network.start_up_s,
        launch_s=network.launch_s,
        engine=choice.engine,
        notes=choice.notes,
    )
