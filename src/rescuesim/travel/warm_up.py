"""Compiles the kernels beforehand, by computing every kind of travel times on a network of twelve junctions.

What is computed is what users ask for, so the kernels are compiled for just the types that they will be called with.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rescuesim.candidates import CandidateSites, load_sites
from rescuesim.demand import DemandPoints, load_demand
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.build import build_network
from rescuesim.network.states import Closure
from rescuesim.network.ways import Ways, measured
from rescuesim.travel.changing_trees import ChangingTrees
from rescuesim.travel.coverage_bits import CoverageBits
from rescuesim.travel.from_network import travel_time_pairs, travel_times
from rescuesim.travel.pairs import TravelTimePairs
from rescuesim.travel.times import Towards, times_in_state
from rescuesim.travel.trees import tree_grower

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
    folder : Path or None
        Where compiled code is kept; None if no folder can be written.
    """

    seconds: float
    kernels: tuple[KernelState, ...]
    folder: Path | None

    @property
    def n_compiled(self) -> int:
        """Kernels that were compiled here and now."""
        return sum(kernel.n_compiled > 0 for kernel in self.kernels)

    @property
    def n_from_cache(self) -> int:
        """Kernels that had been compiled before and were read."""
        return sum(kernel.n_compiled == 0 and kernel.n_from_cache > 0 for kernel in self.kernels)


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
    case = tiny_case()
    _one_matrix(*case)
    _trees(*case)
    _coverage(*case)
    _states(*case)
    from rescuesim.travel.compiled import kernel_folder, loaded_kernels

    return WarmUp(seconds=time.perf_counter() - began, kernels=loaded_kernels(), folder=kernel_folder())


_FAR = 10**8  # ticks, farther than anything in this network
_BROKEN = NetworkState(closures=(Closure(road=0), Closure(road=1, from_m=10, to_m=20)), slow_downs={2: 1.5})


def _one_matrix(network: RoadNetwork, sites: CandidateSites, demand: DemandPoints) -> None:
    """Compute times of one state, all and within a cutoff."""
    times_in_state(travel_times(network, sites, demand, cutoff_s=60.0, engine="bucket"), _BROKEN).reasons()
    travel_time_pairs(network, sites, demand, cutoff_s=60.0, towards="sites", engine="bucket").to_times()


def _trees(network: RoadNetwork, sites: CandidateSites, demand: DemandPoints) -> None:
    """Compute trees of shortest paths, and what becomes of them where a road is closed."""
    graph = travel_times(network, sites, demand, engine="bucket").graph
    assert graph is not None
    tree, nodes = tree_grower(graph)(int(graph.point_node[0]), _FAR), graph.point_node[-1:]
    tree.ticks_to(nodes)
    _, roads = tree.roads_to(nodes)
    tree.ticks_avoiding(roads[:1], nodes, np.array([_FAR], dtype=np.int32))
    trees = ChangingTrees.of(graph.tail, graph.head, graph.n_nodes)
    grown = trees.grown(int(graph.point_node[0]), trees.in_order(graph.piece_ticks()))
    trees.regrown(grown, trees.in_order(graph.piece_ticks(_BROKEN)))


def _coverage(network: RoadNetwork, sites: CandidateSites, demand: DemandPoints) -> None:
    """Pack coverage and weigh plans with it."""
    times = travel_times(network, sites, demand, engine="bucket")
    bits = CoverageBits.from_times(times, 60.0)
    CoverageBits.from_pairs(TravelTimePairs.from_times(times), 60.0)
    bits.weighted_coverage(np.ones((1, len(sites)), dtype=np.bool_), np.ones(len(demand)))


def _states(network: RoadNetwork, sites: CandidateSites, demand: DemandPoints) -> None:
    """Compute times of many states, in every form, from every site by itself and from all as one plan."""
    from rescuesim.travel.contraction.structure import contraction_structure

    states, ids = NetworkStates(states=(_BROKEN,)), sites.ids
    directions: tuple[Towards, ...] = ("demand", "sites")
    for towards in directions:
        ensemble = travel_times(
            network, sites, demand, states=states, cutoff_s=600.0, towards=towards, engine="contraction"
        )
        list(ensemble)
    graph = ensemble.intact.graph
    assert graph is not None
    contraction_structure(graph).elimination.arcs_above()
    list(ensemble.within_cutoff())
    list(ensemble.coverage_bits(60.0))
    ensemble.coverage({"all": ids}, 60.0, weights=np.ones(len(demand)))
    ensemble.chosen_pairs(ids[:1], demand.ids[:1])
    list(ensemble.nearest(ids))
    list(ensemble.nearest_times([ids]))
    list(ensemble.nearest_times([ids] * 8))
    _orders()


def _orders() -> None:
    """Put a grid in order that is large enough for cuts; the order of the tiny case may come from the cache."""
    from rescuesim.travel.contraction.order import elimination_order

    side = 12
    across, up = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    x_m, y_m = (100.0 * place.astype(np.float64) for place in (across, up))
    tail = np.r_[np.flatnonzero(across < side - 1), np.flatnonzero(up < side - 1)].astype(np.int32)
    head = tail + np.repeat([1, side], side * (side - 1)).astype(np.int32)
    elimination_order(side * side, tail, head, x_m, y_m, points=tail[:5])


def tiny_case() -> tuple[RoadNetwork, CandidateSites, DemandPoints]:
    """Return a network of a grid of streets with five sites and three points.

    Examples
    --------
    >>> network, sites, demand = tiny_case()
    >>> network.n_nodes, network.n_roads, len(sites), len(demand)
    (12, 17, 5, 3)
    """
    across, up = (axis.ravel() for axis in np.meshgrid(np.arange(4), np.arange(3)))
    lon, lat = 119.30 + 0.004 * across, 28.70 + 0.004 * up
    node = np.arange(12).reshape(3, 4)
    steps = np.r_[
        np.column_stack([node[:, :-1].ravel(), node[:, 1:].ravel()]),
        np.column_stack([node[:-1].ravel(), node[1:].ravel()]),
    ]
    network = build_network(_streets(lon, lat, steps))
    sites = load_sites(
        pd.DataFrame(
            {
                "id": [f"s{k}" for k in range(5)],
                "lon": 119.3001 + 0.0021 * np.arange(5),
                "lat": 28.7002 + 0.002 * np.arange(5),
            }
        )
    )
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
