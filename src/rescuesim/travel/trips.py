"""Ticks of whole trips, some sites at a time: paths, access legs, start-up loss, cutoff.

What is needed at any moment is a block of rows, so the full matrix is held once, as int32, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import UNREACHABLE, limit_ticks
from rescuesim.network.vehicles.start_up import with_start_up_ticks
from rescuesim.travel.engines import path_search

if TYPE_CHECKING:
    from rescuesim.network import NetworkState
    from rescuesim.travel.times import TravelTimes

__all__ = ["row_blocks", "trip_ticks_by_rows"]

_CELLS_AT_ONCE = 2**21  # of a block: 8 MiB of int32, and the temporaries of the reference stay under 100 MiB


def row_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Cut the rows of a matrix into blocks of about 8 MiB of int32.

    Examples
    --------
    >>> [(block.start, block.stop) for block in row_blocks(5, 2**20)]
    [(0, 2), (2, 4), (4, 5)]
    """
    at_once = max(_CELLS_AT_ONCE // max(n_columns, 1), 1)
    return (slice(start, min(start + at_once, n_rows)) for start in range(0, n_rows, at_once))


def trip_ticks_by_rows(
    times: TravelTimes, state: NetworkState | None, *, cutoff_s: float
) -> Iterator[tuple[slice, NDArray[np.int32]]]:
    """Compute the ticks of trips in a state of the network, block by block.

    The loss is that of the whole trip: the access legs are driven too, and a trip starts once. It grows with the
    free time, so the path is the fastest all the same, and a longer access leg never makes a shorter time.

    Parameters
    ----------
    times : TravelTimes
        Whose points, roads, direction and engine are taken; its ticks are not looked at.
    state : NetworkState or None
    cutoff_s : float

    Yields
    ------
    rows : slice
        Of the sites, in their order.
    ticks : ndarray of int32, shape (n_rows, n_demand)
        2^30 - 1 where unreachable: closed, unsnapped and unusable ones too.
    """
    graph, sites, demand = times.graph, times.site_snap, times.demand_snap
    assert graph is not None
    assert sites is not None
    assert demand is not None
    n_sites = len(sites)
    usable = (graph.point_node >= 0) & ~graph.closed_points(state)
    if state is not None and state.unusable_sites:
        usable[:n_sites] &= [id_ not in state.unusable_sites for id_ in times.sites.ids]
    cutoff = int(limit_ticks(cutoff_s))
    # the free time is never longer than the whole: what is beyond the cutoff without the rest is so with it
    search = path_search(times.engine, graph, state, towards=times.towards, limit=cutoff)
    points, points_usable = graph.point_node[n_sites:], usable[n_sites:]
    for rows in row_blocks(n_sites, len(demand)):
        ticks = search(graph.point_node[:n_sites][rows], points, usable[:n_sites][rows], points_usable)
        legs = sites.access_ticks[rows], demand.access_ticks
        if times.engine == "scipy":
            yield rows, _whole_trips(ticks, *legs, times.start_up_s, times.launch_s, cutoff)
        else:
            from rescuesim.travel.trip_kernels import make_whole_trips

            make_whole_trips(ticks, *legs, times.start_up_s, times.launch_s, cutoff)
            yield rows, ticks


def _whole_trips(
    ticks: NDArray[np.int32],
    site_access: NDArray[np.int32],
    demand_access: NDArray[np.int32],
    start_up_s: float,
    launch_s: float,
    cutoff: int,
) -> NDArray[np.int32]:
    """Turn ticks of paths into ticks of trips, as `make_whole_trips`."""
    free = ticks + site_access[:, None].astype(np.int64) + demand_access[None, :]
    free = np.where(ticks < UNREACHABLE, np.minimum(free, UNREACHABLE), UNREACHABLE)
    total = with_start_up_ticks(free, start_up_s, launch_s=launch_s)
    return np.where(total <= cutoff, total, UNREACHABLE).astype(np.int32)
