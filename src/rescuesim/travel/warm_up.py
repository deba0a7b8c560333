"""Compiles the kernels beforehand, by computing every kind of travel times on a network of twelve junctions.

What is computed is what users ask for, so the kernels are compiled for just the types that they will be called with.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rescuesim.candidates import CandidateSites, load_sites
from rescuesim.demand import DemandPoints, load_demand
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.build import build_network
from rescuesim.network.states import Closure
from rescuesim.network.ways import Ways, measured
from rescuesim.travel.coverage_bits import CoverageBits
from rescuesim.travel.from_network import travel_time_pairs, travel_times

if TYPE_CHECKING:
    from rescuesim.travel.compiled import KernelState

__all__ = ["WarmUp", "tiny_case", "warm_up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """What became of the kernels.

    Parameters
    ----------
    seconds : float
        Wall time of all of it, the loading of numba included.
    kernels : tuple of KernelState
        By name.
    """

    seconds: float
    kernels: tuple[KernelState, ...]

    @property
    def n_compiled(self) -> int:
        """Kernels that were compiled here and now."""
        return sum(kernel.n_compiled > 0 for kernel in self.kernels)

    @property
    def n_from_cache(self) -> int:
        """Kernels that had been compiled before and were read."""
        return sum(kernel.n_compiled == 0 and kernel.n_from_cache > 0 for kernel in self.kernels)

    @property
    def folders(self) -> tuple[str, ...]:
        """Where compiled code is kept; empty if no folder can be written."""
        return tuple(sorted({kernel.folder for kernel in self.kernels if kernel.folder is not None}))


def warm_up() -> WarmUp:
    """Compile every kernel, or read it where it was compiled before.

    Returns
    -------
    WarmUp

    Raises
    ------
    InputError
        If numba cannot be imported.
    """
    began = time.perf_counter()
    network, sites, demand = tiny_case()
    _matrices(network, sites, demand)
    _trees(network, sites, demand)
    _coverage(network, sites, demand)
    from rescuesim.travel.compiled import loaded_kernels

    return WarmUp(seconds=time.perf_counter() - began, kernels=loaded_kernels())


def _matrices(network: RoadNetwork, sites: CandidateSites, demand: DemandPoints) -> None:
    """Compute times intact and broken, there and back, all and within a cutoff."""
    broken = NetworkState(closures=(Closure(road=0), Closure(road=1, from_m=10, to_m=20)), slow_downs={2: 1.5})
    ensemble = travel_times(network, sites, demand, states=NetworkStates(states=(broken,)), engine="bucket")
    for times in (ensemble.intact, *ensemble):
        times.reasons()
    travel_time_pairs(network, sites, demand, cutoff_s=60.0, towards="sites", engine="bucket").to_times()


def _trees(network: RoadNetwork, sites: CandidateSites, demand: DemandPoints) -> None:
    """Compute trees of shortest paths."""
    from rescuesim.travel.bucket_dijkstra import bucket_trees

    graph = travel_times(network, sites, demand, engine="bucket").graph
    assert graph is not None
    star = graph.forward_star()
    bucket_trees(star, star.ticks, graph.point_node[:1], limit=10**6)


def _coverage(network: RoadNetwork, sites: CandidateSites, demand: DemandPoints) -> None:
    """Pack coverage and weigh plans with it."""
    bits = CoverageBits.from_times(travel_times(network, sites, demand, engine="bucket"), 60.0)
    bits.weighted_coverage(np.ones((1, len(sites)), dtype=np.bool_), np.ones(len(demand)))


def tiny_case() -> tuple[RoadNetwork, CandidateSites, DemandPoints]:
    """Return a network of a grid of streets with two sites and three points.

    Examples
    --------
    >>> network, sites, demand = tiny_case()
    >>> network.n_nodes, network.n_roads, len(sites), len(demand)
    (12, 17, 2, 3)
    """
    across, up = (axis.ravel() for axis in np.meshgrid(np.arange(4), np.arange(3)))
    lon, lat = 119.30 + 0.004 * across, 28.70 + 0.004 * up
    node = np.arange(12).reshape(3, 4)
    steps = np.r_[
        np.column_stack([node[:, :-1].ravel(), node[:, 1:].ravel()]),
        np.column_stack([node[:-1].ravel(), node[1:].ravel()]),
    ]
    network = build_network(_streets(lon, lat, steps))
    sites = load_sites(pd.DataFrame({"id": ["s0", "s1"], "lon": [119.3001, 119.3085], "lat": [28.7002, 28.7081]}))
    demand = load_demand(
        pd.DataFrame({"id": ["d0", "d1", "d2"], "lon": [119.302, 119.302, 119.31], "lat": [28.7001, 28.7041, 28.708]})
    )
    return replace(network, start_up_s=18.5), sites, demand


def _streets(lon: np.ndarray, lat: np.ndarray, steps: np.ndarray) -> Ways:
    """Make a way of each step between two places; every place is a junction."""
    n_ways, n_places = len(steps), len(lon)
    first, at = 2 * np.arange(n_ways + 1), steps.ravel().astype(np.int64)
    unknown, unnamed, no = np.full(n_ways, np.nan), np.full(n_ways, ""), np.zeros(n_ways, dtype=np.bool_)
    return Ways(
        node_id=np.arange(1, n_places + 1),
        lon=lon,
        lat=lat,
        signal=np.zeros(n_places, dtype=np.bool_),
        junction=np.ones(n_places, dtype=np.bool_),
        way_id=np.arange(1, n_ways + 1),
        first=first,
        at=at,
        step_m=measured(lon, lat, at, first),
        oneway=no,
        road_class=np.full(n_ways, "residential"),
        maxspeed_kph=unknown,
        width_m=unknown,
        max_weight_t=unknown,
        lanes=unknown,
        name=unnamed,
        surface=unnamed,
        bridge=no,
        tunnel=no,
        source="warm-up",
    )
