"""How soon somebody stands at a place when vehicles cannot: drive to the break, then walk (徒步进入).

One search over two layers of the same nodes: on the first a crew drives what is open to vehicles, on the second it
walks along every road that is not closed to people, in both directions, and it may leave the vehicle at any node.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim._defaults import default
from rescuesim.network import NetworkState
from rescuesim.network.road_network import TICKS_PER_SECOND
from rescuesim.travel import TravelTimes
from rescuesim.travel.engines import driven_matrix
from rescuesim.travel.split_graph import NodePairs, SplitGraph

__all__ = ["Walks", "walked_in"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walks:
    """Seconds of walking each piece of the roads, both ways, ready for many states.

    Parameters
    ----------
    pairs : NodePairs
        Of all pieces, then of all pieces turned round.
    seconds : ndarray of float64, shape (n_pieces,)
    """

    pairs: NodePairs
    seconds: NDArray[np.float64]

    @classmethod
    def on(cls, graph: SplitGraph) -> Walks:
        """Take the pieces of a graph, at ``channel.runner_road_kph``."""
        ends = np.r_[graph.tail, graph.head], np.r_[graph.head, graph.tail]
        speed = default("channel.runner_road_kph").number / 3.6
        return cls(pairs=NodePairs.of(*ends, graph.n_nodes), seconds=(graph.to_m - graph.from_m) / speed)

    def open_in(self, graph: SplitGraph, state: NetworkState) -> csr_array:
        """Return the seconds of walking between nodes in a state; csr_array of float64, shape (n_nodes, n_nodes)."""
        took = np.where(graph.open_pieces(state), self.seconds, np.inf)
        return self.pairs.least(np.r_[took, took])


def walked_in(
    times: TravelTimes, state: NetworkState, acting: NDArray[np.bool_], walks: Walks
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Find who comes first where the last part is walked.

    Parameters
    ----------
    times : TravelTimes
        From a network; whose points and roads are taken.
    state : NetworkState
        Parts of level ``on_foot`` are shut to vehicles and open to people, ``closed`` ones shut to both.
    acting : ndarray of bool, shape (n_sites,)
        Sites that send somebody.
    walks : Walks
        Of the roads of `times`.

    Returns
    -------
    seconds : ndarray of float64, shape (n_demand,)
        ``inf`` where nobody can walk in.
    site : ndarray of int64, shape (n_demand,)
        Who it is; -1 if nobody.

    Notes
    -----
    People walk at ``channel.runner_road_kph`` and, off the roads, at ``channel.runner_path_kph``. Climbs are not
    counted, and of a trip that is driven in part the vehicle's start-up loss is not either.
    """
    graph, sites, demand = times.graph, times.site_snap, times.demand_snap
    assert graph is not None
    assert sites is not None
    assert demand is not None
    n, n_sites = graph.n_nodes, len(sites)
    on_foot = replace(state, closures=tuple(one for one in state.closures if one.level == "closed"))
    seconds, found = np.full(len(demand), np.inf), np.full(len(demand), -1, dtype=np.int64)
    shut_drive, shut_walk = graph.closed_points(state), graph.closed_points(on_foot)
    start = np.flatnonzero(acting & (graph.point_node[:n_sites] >= 0) & ~shut_walk[:n_sites])
    ends = np.flatnonzero((graph.point_node[n_sites:] >= 0) & ~shut_walk[n_sites:])
    if not (len(start) and len(ends)):
        return seconds, found
    path_speed = default("channel.runner_path_kph").number / 3.6
    node, stuck = graph.point_node[:n_sites][start], shut_drive[:n_sites][start]
    # crews that cannot drive off walk from their door
    offset = np.where(
        stuck, sites.access_m[start] / path_speed, sites.access_ticks[start] / TICKS_PER_SECOND + times.launch_s
    )
    rows = np.arange(len(start))
    doors = csr_array((offset, (rows, np.where(stuck, n + node, node))), shape=(len(start), 2 * n))
    layers = block_array(
        [
            [driven_matrix(graph, state, times.towards) / TICKS_PER_SECOND, _free(n), None],
            [None, walks.open_in(graph, on_foot), None],
            [doors[:, :n], doors[:, n:], csr_array((len(start), len(start)))],
        ],
        format="csr",
    )
    search: Any = dijkstra  # the stubs do not know that the last two options go together
    reached, _, source = search(layers, indices=2 * n + rows, return_predecessors=True, min_only=True)
    at = n + graph.point_node[n_sites:][ends]
    seconds[ends] = reached[at] + demand.access_m[ends] / path_speed
    who = source[at]
    found[ends] = np.where(np.isfinite(reached[at]), start[np.clip(who - 2 * n, 0, len(start) - 1)], -1)
    return seconds, found


def _free(n: int) -> csr_array:
    """Leave the vehicle at any node, which takes no time: explicit zeros, as in `SplitGraph.matrix`."""
    return csr_array((np.zeros(n), np.arange(n), np.arange(n + 1)), shape=(n, n))
