"""Which points lose cover when one road closes: every road alone, all roads in one pass.

A site keeps its time to a point while its shortest path avoids the closed road. So a point can only lose cover by a
road that lies on the paths of all the sites that cover it (of all but one, where a second unit is wanted), and only
for these roads and points are paths sought anew. The answer is that of `covered_points` on the times of each broken
network, to the tick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InvariantError
from rescuesim.network.road_network import UNREACHABLE, limit_ticks
from rescuesim.network.vehicles.start_up import with_start_up_ticks
from rescuesim.siting.limits import PairLimits, covered_points
from rescuesim.travel import TravelTimes
from rescuesim.travel.trees import ShortestPathTree, TreeEngine, tree_grower

__all__ = ["RoadLosses", "road_losses"]

_WAITING_MOST = 1_000_000  # pairs of point and road that are collected before those that cannot matter are dropped

Pairs = NDArray[np.int64]  # point * n_roads + road


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadLosses:
    """Points that lose cover, by the road that is closed.

    Parameters
    ----------
    road, point : ndarray of int64, shape (n_losses,)
        Road by road, both ascending; pairs that are not there lose nothing.
    on_road : ndarray of bool, shape (n_losses,)
        Whether the point itself lies on the closed road.
    covered : ndarray of bool, shape (n_demand,)
        The points that the sites cover on intact roads.
    """

    road: NDArray[np.int64]
    point: NDArray[np.int64]
    on_road: NDArray[np.bool_]
    covered: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspects:
    """Pairs of point and road that may lose cover, ascending, and how many covering paths use the road.

    Parameters
    ----------
    pair, first, second : ndarray of int64, shape (n_suspects,)
        The pair, and how many sites that cover the point as the first and as the second unit reach it by the road.
    """

    pair: Pairs
    first: NDArray[np.int64]
    second: NDArray[np.int64]


def road_losses(
    times: TravelTimes,
    limits: PairLimits,
    *,
    engine: TreeEngine = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> RoadLosses:
    """Find the points that lose cover by each road that closes, whole and alone.

    Parameters
    ----------
    times : TravelTimes
        Of the open sites on intact roads, towards the demand, with the graph that was driven.
    limits : PairLimits
        Of these times.
    engine : {'auto', 'scipy'}, optional
    progress : callable, optional
        Called with the steps done and in all: two for each site.

    Returns
    -------
    RoadLosses

    Notes
    -----
    One bounded shortest-path tree a site, twice, and one search among the nodes that a suspected road cuts off a tree,
    for each site whose path uses it: O(n_sites (n log n + paths) + sum of the parts cut off).
    """
    search = _Search(times, limits, engine)
    n_sites = len(search.sites)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, 2 * n_sites)

    suspects = search.suspects(step)
    pair = suspects.pair[search.lost(suspects, step)]
    point, road = pair // search.n_roads, pair % search.n_roads
    stuck = np.flatnonzero(search.covered & (search.point_road >= 0))
    road, point = np.r_[road, search.point_road[stuck]], np.r_[point, stuck]
    on_road = np.arange(len(road)) >= len(pair)
    order = np.lexsort((point, road))
    return RoadLosses(road=road[order], point=point[order], on_road=on_road[order], covered=search.covered)


class _Search:
    """One pass over the sites that finds suspects, and one that looks at each of them."""

    def __init__(self, times: TravelTimes, limits: PairLimits, engine: TreeEngine) -> None:
        graph = times.graph
        assert graph is not None
        n_sites = len(times.sites)
        self._times = times
        self._grow = tree_grower(graph, engine=engine)
        self._site_node, self._point_node = graph.point_node[:n_sites], graph.point_node[n_sites:]
        self.point_road = graph.point_road[n_sites:].astype(np.int64)
        self.n_roads = len(graph.first_of_road) - 1
        self.covered = covered_points(limits, np.ones(n_sites, dtype=np.bool_))
        self._first = limits.covers.toarray().T & self.covered
        self._second = limits.covers_second.toarray().T & self.covered
        self._limits = limits
        self._wants = limits.wants_second
        self._n_first, self._n_second = self._first.sum(axis=0), self._second.sum(axis=0)
        self.sites = np.flatnonzero((self._first | self._second).any(axis=1))

    def _tree(self, site: int, wanted: NDArray[np.bool_]) -> tuple[ShortestPathTree, Pairs] | None:
        """Grow the tree of a site to wanted points that it covers, and list the pairs of these and the roads there."""
        points = np.flatnonzero((self._first[site] | self._second[site]) & wanted)
        if not len(points):
            return None
        tree = self._grow(int(self._site_node[site]), int(np.maximum(*self._limit_ticks(site, points)).max()))
        trip = self._trip_ticks(site, points, tree.ticks_to(self._point_node[points]))
        if not np.array_equal(trip, self._times.ticks[site, points]):
            raise InvariantError(f"site {self._times.sites.ids[site]!r}: its tree and its travel times differ")
        which, road = tree.roads_to(self._point_node[points])
        return tree, points[which] * self.n_roads + road

    def _limit_ticks(self, site: int, points: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ticks in which the site must reach points as the first and as the second unit."""
        limits = self._limits
        return limit_ticks(limits.limit_s[site, points]), limit_ticks(limits.second_limit_s[site, points])

    def _trip_ticks(self, site: int, points: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.int64]:
        """Ticks of trips as `travel_times` counts them: access legs and the start-up loss of the whole are added."""
        times = self._times
        assert times.site_snap is not None
        assert times.demand_snap is not None
        free = found + times.site_snap.access_ticks[site] + times.demand_snap.access_ticks[points]
        free = np.where(found < UNREACHABLE, np.minimum(free, UNREACHABLE), UNREACHABLE)
        return with_start_up_ticks(free, times.start_up_s, launch_s=times.launch_s)

    # --- the first pass ---

    def suspects(self, step: Callable[[], None]) -> _Suspects:
        """Find the pairs of point and road with too few covering paths that avoid the road."""
        none = np.empty(0, dtype=np.int64)
        found = _Suspects(pair=none, first=none, second=none)
        seen_first, seen_second = (np.zeros(len(self.covered), dtype=np.int64) for _ in range(2))
        wanted = self.covered.copy()
        waiting: list[tuple[Pairs, NDArray[np.bool_], NDArray[np.bool_]]] = []
        for site in self.sites.tolist():
            if (grown := self._tree(site, wanted)) is not None:
                pair = grown[1]
                point = pair // self.n_roads
                waiting.append((pair, self._first[site, point], self._second[site, point]))
            seen_first += self._first[site]
            seen_second += self._second[site]
            if sum(len(part[0]) for part in waiting) > _WAITING_MOST:
                found, waiting = self._sifted(found, waiting, seen_first, seen_second), []
                # no road that was not suspected so far can be once enough sites were seen
                wanted = (seen_first < 1) | (self._wants & (seen_second < 2))
                wanted[found.pair // self.n_roads] = True
            step()
        found = self._sifted(found, waiting, seen_first, seen_second)
        point, road = found.pair // self.n_roads, found.pair % self.n_roads
        off = self.point_road[point] != road  # what lies on the road is lost in any case
        return _Suspects(pair=found.pair[off], first=found.first[off], second=found.second[off])

    def _sifted(
        self,
        found: _Suspects,
        waiting: list[tuple[Pairs, NDArray[np.bool_], NDArray[np.bool_]]],
        seen_first: NDArray[np.int64],
        seen_second: NDArray[np.int64],
    ) -> _Suspects:
        """Count the paths of the sites seen so far, and keep the pairs that these sites do not make safe."""
        every = np.concatenate([found.pair, *(part[0] for part in waiting)])
        pair, at = np.unique(every, return_inverse=True)
        first, second = (
            np.bincount(at, weights=np.concatenate([old, *(part[k] for part in waiting)]), minlength=len(pair))
            for k, old in ((1, found.first), (2, found.second))
        )
        point = pair // self.n_roads
        safe = (seen_first[point] > first) & (~self._wants[point] | (seen_second[point] - second > 1))
        return _Suspects(pair=pair[~safe], first=first[~safe].astype(np.int64), second=second[~safe].astype(np.int64))

    # --- the second pass ---

    def lost(self, suspects: _Suspects, step: Callable[[], None]) -> NDArray[np.bool_]:
        """Decide which suspects lose cover; bool, shape (n_suspects,)."""
        point = suspects.pair // self.n_roads
        first, second = self._n_first[point] - suspects.first, self._n_second[point] - suspects.second
        wants = self._wants[point]
        for site in self.sites.tolist():
            open_ = (first < 1) | (wants & (second < 2))
            wanted = np.zeros(len(self.covered), dtype=np.bool_)
            wanted[point[open_]] = True
            if (grown := self._tree(site, wanted)) is None:
                step()
                continue
            tree, pair = grown
            at = np.minimum(np.searchsorted(suspects.pair, pair), len(suspects.pair) - 1)
            at = at[(suspects.pair[at] == pair) & open_[at]]
            if len(at):
                road = suspects.pair[at] % self.n_roads
                order = np.argsort(road, kind="stable")
                at, road = at[order], road[order].astype(np.int32)
                points = point[at]
                latest = self._limit_ticks(site, points)
                either = np.maximum(*latest).astype(np.int32)
                trip = self._trip_ticks(site, points, tree.ticks_avoiding(road, self._point_node[points], either))
                first[at] += trip <= latest[0]
                second[at] += trip <= latest[1]
            step()
        return np.asarray((first < 1) | (wants & (second < 2)))
