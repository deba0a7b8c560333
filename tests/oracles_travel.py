"""Travel times from scipy.sparse.csgraph.dijkstra alone, over the open pieces of a split graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from rescuesim.network import NetworkState
from rescuesim.network.road_network import UNREACHABLE, limit_ticks
from rescuesim.network.vehicles.start_up import with_start_up_ticks
from rescuesim.travel import TravelTimes


def ticks_by_scipy(times: TravelTimes, state: NetworkState) -> NDArray[np.int64]:
    """Ask SciPy for all pairs in a state; the ticks of the given times are not looked at."""
    graph, site_snap, demand_snap = times.graph, times.site_snap, times.demand_snap
    assert graph is not None
    assert site_snap is not None
    assert demand_snap is not None
    n_sites, cutoff = len(times.sites), int(limit_ticks(times.cutoff_s))
    usable = (graph.point_node >= 0) & ~graph.closed_points(state)
    usable[:n_sites] &= [id_ not in state.unusable_sites for id_ in times.sites.ids]
    node = np.where(graph.point_node >= 0, graph.point_node, 0)
    matrix = graph.matrix(state)
    if times.towards == "sites":
        matrix = matrix.T.tocsr()
    reached = dijkstra(matrix, indices=node[:n_sites], limit=cutoff)[:, node[n_sites:]]
    free = reached + site_snap.access_ticks[:, None] + demand_snap.access_ticks[None, :]
    there = np.isfinite(free) & usable[:n_sites, None] & usable[None, n_sites:]
    free = np.where(there, np.minimum(np.where(there, free, 0), UNREACHABLE), UNREACHABLE).astype(np.int64)
    total = with_start_up_ticks(free, times.start_up_s, launch_s=times.launch_s)
    return np.where(total <= cutoff, total, UNREACHABLE)
