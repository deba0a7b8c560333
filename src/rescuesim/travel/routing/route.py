"""route: the way from one place to another, on intact and on broken roads."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.errors import InputError
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.vehicles.start_up import check_start_up, with_start_up_ticks
from rescuesim.quality import SnappedPoints, snap_points
from rescuesim.travel.from_network import check_closures
from rescuesim.travel.routing.alternatives import AlternativeLimits, alternative_paths
from rescuesim.travel.routing.arcs import ParallelPieces
from rescuesim.travel.routing.legs import legs_of
from rescuesim.travel.routing.lines import RoadLines, line_of
from rescuesim.travel.routing.routes import Route, Routes, once_in_a_row
from rescuesim.travel.routing.trees import fastest_tree, walked
from rescuesim.travel.split_graph import SplitGraph, build_split_graph

__all__ = ["Place", "foot_notes", "route"]

Place: TypeAlias = "tuple[float, float] | CandidateSites | DemandPoints"
"""Longitude and latitude in WGS84 degrees, or a table of one row."""


def _position(place: Place, name: str) -> tuple[float, float]:
    """Return longitude and latitude of a place."""
    if isinstance(place, (CandidateSites, DemandPoints)):
        if len(place) != 1:
            raise InputError(f"{name}: {len(place)} rows of {place.source}: expected one")
        if place.lon is None or place.lat is None:
            raise InputError(f"{name}: {place.source}: expected lon and lat")
        return float(place.lon[0]), float(place.lat[0])
    try:
        lon, lat = (float(value) for value in place)
    except (TypeError, ValueError):
        raise InputError(f"{name}: {place!r}, expected longitude and latitude, or a table of one row") from None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InputError(f"{name}: ({lon}, {lat}), expected longitude and latitude in WGS84 degrees, in this order")
    return lon, lat


def route(
    network: RoadNetwork,
    a: Place,
    b: Place,
    *,
    states: NetworkStates | None = None,
    alternatives: int = 0,
    limits: AlternativeLimits | None = None,
    snap_limit_m: float | None = None,
) -> Routes:
    """Find the fastest way from one place to another, and other ways that are worth knowing.

    Parameters
    ----------
    network : RoadNetwork
    a, b : tuple of float, CandidateSites or DemandPoints
        Longitude and latitude in WGS84 degrees, or a table of one row. A site that a state makes unusable is not
        left or reached in it.
    states : NetworkStates, optional
        Moments of the broken network; the intact one if absent.
    alternatives : int, optional
        How many other ways to look for in each state; a note says where fewer are worth showing.
    limits : AlternativeLimits, optional
        What makes another way worth showing; those of ``defaults.toml`` if absent.
    snap_limit_m : float, optional
        Farther from any road than this, a place has none.

    Returns
    -------
    Routes
        One `Route` a state. Times are those of `travel_times` for the same pair, to the integer.

    Raises
    ------
    InputError
        If a place is none, or a number is out of range. A place that cannot be reached is no fault but a `Route` with a
        reason; ``no_path`` is said too of ways of 29.8 hours and more.
    UnknownIdError
        If a state closes a road that the network does not have.

    Notes
    -----
    Of equally fast ways the one that leaves the fewest junctions is taken, then the one of the fewest pieces, then at
    each node the piece of the lowest index.

    References
    ----------
    Abraham, I., Delling, D., Goldberg, A. V., & Werneck, R. F. (2013). Alternative routes in road networks. ACM Journal
    of Experimental Algorithmics 18, 1.3. doi:10.1145/2444016.2444019

    Examples
    --------
    >>> found = route(network, (119.39, 28.69), (119.42, 28.70), alternatives=2)  # doctest: +SKIP
    >>> print(found[0].in_language("zh"))  # doctest: +SKIP
    """
    check_start_up(network.start_up_s, network.launch_s)
    if isinstance(alternatives, bool) or not isinstance(alternatives, int) or alternatives < 0:
        raise InputError(f"alternatives {alternatives!r}: expected a whole number of 0 or more")
    for state in states or ():
        check_closures(network, state)
    ends = _position(a, "a"), _position(b, "b")
    lon, lat = (np.array(values) for values in zip(*ends, strict=True))
    snap = snap_points(network, lon, lat, snap_limit_m=snap_limit_m)
    graph = build_split_graph(network, snap)
    search = _Search(network, graph, snap, ends, limits or AlternativeLimits.usual(), alternatives)
    sites = frozenset(id_ for place in (a, b) if isinstance(place, CandidateSites) for id_ in place.ids)
    found = [search.run(state, sites) for state in (states or (None,))]
    routes = search.drawn(found)
    return Routes(
        routes=routes,
        network=network,
        graph=graph,
        states=states,
        ends=ends,
        snap=snap,
        notes=(*_notes(routes, alternatives), *foot_notes(network, states)),
    )


def _notes(routes: tuple[Route, ...], asked: int) -> list[Note]:
    """Say in how many states fewer alternatives were found than asked for."""
    fewer = [way for way in routes if way.reachable and len(way.alternatives) < asked]
    out = []
    for found in sorted({len(way.alternatives) for way in fewer}):
        some = sum(len(way.alternatives) == found for way in fewer)
        where, where_zh = (
            (f" in {some} of {len(routes)} states", f"，{some}/{len(routes)} 个状态") if len(routes) > 1 else ("", "")
        )
        out.append(
            Note(
                f"{asked} alternatives asked for, {found} worth showing{where}",
                f"要求 {asked} 条备选路线，只有 {found} 条值得列出{where_zh}",
            )
        )
    return out


def foot_notes(network: RoadNetwork, states: NetworkStates | None) -> list[Note]:
    """Say that a road that is open on foot counts as closed, where walking is what is asked about."""
    on_foot = sum(closure.level == "on_foot" for state in states or () for closure in state.closures)
    if not on_foot or not network.profile.startswith("on_foot"):
        return []
    return [
        Note(
            f"{on_foot} closures that leave a road open on foot count as closed on this walking network too",
            f"{on_foot} 处“仅可步行”的断点在步行路网上也按中断计算",
        )
    ]


@dataclass(frozen=True, slots=True)
class _Found:
    """What a search found in one state, before lines are drawn."""

    state: NetworkState | None
    reason: str
    paths: tuple[NDArray[np.int64], ...]
    ticks: NDArray[np.int64]


class _Search:
    """The search for ways between two places, state by state."""

    def __init__(
        self,
        network: RoadNetwork,
        graph: SplitGraph,
        snap: SnappedPoints,
        ends: tuple[tuple[float, float], tuple[float, float]],
        limits: AlternativeLimits,
        alternatives: int,
    ) -> None:
        self.network, self.graph, self.snap, self.ends = network, graph, snap, ends
        self.limits, self.alternatives = limits, alternatives
        self.parallel = ParallelPieces.of(graph)
        self.access_ticks = int(snap.access_ticks.astype(np.int64).sum())

    def run(self, state: NetworkState | None, sites: frozenset[str]) -> _Found:
        """Find the pieces of the fastest way and of others in one state."""
        ticks = self.graph.piece_ticks(state)
        if not self.snap.in_range.all():
            return _Found(state, "no_road", (), ticks)
        if self.graph.closed_points(state).any():
            return _Found(state, "road_closed", (), ticks)
        if state is not None and sites & state.unusable_sites:
            return _Found(state, "site_unusable", (), ticks)
        arcs = self.parallel.arcs(state)
        origin, target = (int(node) for node in self.graph.point_node)
        tree = fastest_tree(arcs, np.array([target]), np.zeros(1, dtype=np.int64), towards=True)
        if (
            int(tree.ticks[origin]) + self.access_ticks >= UNREACHABLE
            or self._total(int(tree.ticks[origin])) >= UNREACHABLE
        ):
            return _Found(state, "no_path", (), ticks)
        best = walked(tree, arcs, np.array([origin]), towards=True)[1]
        others = alternative_paths(arcs, origin, target, best, self.limits, self.alternatives)
        others = [path for path in others if self._total(int(arcs.ticks[path].sum())) < UNREACHABLE]
        return _Found(state, "", tuple(arcs.piece[path] for path in (best, *others)), ticks)

    def _total(self, road_ticks: int) -> int:
        free = min(road_ticks + self.access_ticks, UNREACHABLE)
        return int(with_start_up_ticks(free, self.network.start_up_s, launch_s=self.network.launch_s))

    def drawn(self, found: list[_Found]) -> tuple[Route, ...]:
        """Make routes of what was found."""
        used = [self.graph.road[path] for each in found for path in each.paths]
        near = self.snap.road[self.snap.road >= 0]
        lines = RoadLines(self.network, np.concatenate([near, *used]).astype(np.int64))
        legs = tuple(self._access_leg(lines, end) for end in (0, 1))
        routes = []
        for each in found:
            ways = [self._way(each, path, lines, legs) for path in each.paths]
            if not ways:
                routes.append(self._way(each, np.zeros(0, dtype=np.int64), lines, legs))
                continue
            others = [replace(way, sharing=self._sharing(each, at)) for at, way in enumerate(ways) if at]
            routes.append(replace(ways[0], alternatives=tuple(others)))
        return tuple(routes)

    def _access_leg(self, lines: RoadLines, end: int) -> shapely.LineString:
        if self.snap.road[end] < 0:
            return shapely.LineString()
        on_road = lines.place(int(self.snap.road[end]), float(self.snap.position_m[end]))
        place = np.array(self.ends[end])
        return line_of([place, on_road] if end == 0 else [on_road, place])

    def _sharing(self, each: _Found, at: int) -> float:
        own = int(each.ticks[each.paths[at]].sum())
        shares = []
        for place, other in enumerate(each.paths):
            common = int(each.ticks[np.intersect1d(each.paths[at], other)].sum())
            if place != at:
                shares.append(common / max(min(own, int(each.ticks[other].sum())), 1))
        return max(shares)

    def _way(
        self,
        each: _Found,
        pieces: NDArray[np.int64],
        lines: RoadLines,
        access: tuple[shapely.LineString, ...],
    ) -> Route:
        network, graph = self.network, self.graph
        edge, road, ticks = graph.edge[pieces], graph.road[pieces], each.ticks[pieces]
        share = graph.end[pieces] - graph.begin[pieces]
        reached = not each.reason
        total = self._total(int(ticks.sum())) if reached else UNREACHABLE
        access_ticks = self.access_ticks if reached else 0
        return Route(
            state=each.state.label if each.state is not None else "",
            probability=each.state.probability if each.state is not None else 1.0,
            reason=each.reason,
            ticks=total,
            road_ticks=int(ticks.sum()),
            access_ticks=access_ticks,
            start_up_ticks=total - int(ticks.sum()) - access_ticks if reached else 0,
            slowed_ticks=int((ticks - self.parallel.free_ticks[pieces]).sum()),
            delay_s=float((network.delay_s[edge] * share).sum()),
            pieces=pieces,
            legs=legs_of(network, graph, lines, pieces, ticks),
            roads=once_in_a_row(road),
            bridges=tuple(dict.fromkeys(road[network.bridge[edge]].tolist())),
            tunnels=tuple(dict.fromkeys(road[network.tunnel[edge]].tolist())),
            geometry=line_of(lines.path(graph, pieces)),
            access_from=access[0],
            access_to=access[1],
            length_m=float((network.length_m[edge] * share).sum()) if reached else math.inf,
            access_from_m=float(self.snap.access_m[0]),
            access_to_m=float(self.snap.access_m[1]),
        )
