"""Builds a RoadNetwork of ways: cuts them at junctions, keeps the largest strongly connected component.

The order of the steps is that of OSMnx: the graph is simplified to junctions and then cut down to its
largest strongly connected component, so the nodes are those a user of OSMnx would find.
"""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.errors import InputError
from rescuesim.network.coordinates.crs import metric_crs, project
from rescuesim.network.junctions import Edges, arc_heads, edges_between_junctions
from rescuesim.network.road_network import NetworkSummary, RoadNetwork, to_ticks
from rescuesim.network.vehicles.conditions import TravelConditions
from rescuesim.network.vehicles.elevation import step_time_factors
from rescuesim.network.vehicles.profiles import (
    PROFILES,
    TravelProfile,
    access_kph_in,
    arc_delays_s,
    oneway_for,
    passable,
    profile_notes,
    travel_profile,
    way_speeds_kph,
)
from rescuesim.network.ways import Ways, kept_ways

__all__ = ["build_network", "name_of"]

logger = logging.getLogger(__name__)


def build_network(
    ways: Ways,
    *,
    profile: TravelProfile | None = None,
    conditions: TravelConditions | None = None,
    elevation: Path | str | None = None,
) -> RoadNetwork:
    """Turn ways into a network.

    Parameters
    ----------
    ways : Ways
    profile : TravelProfile, optional
        Whose times to take; ``rescue_car`` if absent.
    conditions : TravelConditions, optional
        Hour and weather; the plain speeds if absent.
    elevation : path, optional
        Raster of elevations in metres, for what grade does to the times.

    Returns
    -------
    RoadNetwork

    Raises
    ------
    InputError
        If no two places can reach each other both ways.
    """
    times = _Times.of(ways, profile or travel_profile("rescue_car"), conditions or TravelConditions(), elevation)
    ways = times.ways
    whole = edges_between_junctions(ways)
    if not len(whole):
        raise InputError(f"{ways.source}: no road meets another: expected a connected network")
    nodes, inside = _largest_strong_component(whole, ways.n_nodes)
    edges = whole.chosen(np.flatnonzero(inside))
    if not len(edges):
        text = "no two points can reach each other both ways: expected a connected network"
        raise InputError(f"{ways.source}: {text}")
    dropped = _one_a_road(whole.chosen(np.flatnonzero(~inside)))
    dropped_nodes = len(np.unique(np.r_[whole.tail, whole.head])) - len(nodes)
    return _network(times, edges, nodes, dropped, dropped_nodes, len(whole) - len(edges))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Times:
    """The ways that a profile can use, and how long each step of them takes.

    Parameters
    ----------
    ways : Ways
    profile : TravelProfile
    conditions : TravelConditions
    speed_kph : ndarray of float64, shape (n_ways,)
    along_s, against_s : ndarray of float64, shape (n_refs,)
        Moving time of each step in the order of the way's nodes and the other way round.
    """

    ways: Ways
    profile: TravelProfile
    conditions: TravelConditions
    speed_kph: NDArray[np.float64]
    along_s: NDArray[np.float64]
    against_s: NDArray[np.float64]

    @classmethod
    def of(
        cls, ways: Ways, profile: TravelProfile, conditions: TravelConditions, elevation: Path | str | None
    ) -> _Times:
        """Leave out what the profile cannot use and time the rest."""
        notes = profile_notes(ways, profile, conditions)
        able = passable(ways, profile)
        if not able.any():
            raise InputError(f"{ways.source}: no way is passable for {profile.name}: expected at least one")
        usable = kept_ways(ways, able) if not able.all() else ways
        usable = replace(usable, oneway=oneway_for(usable, profile), notes=(*usable.notes, *notes))
        speed = way_speeds_kph(usable, profile, conditions)
        level_s = usable.step_m / speed[usable.way_of] * 3.6
        along = against = level_s
        if elevation is not None:
            grade = step_time_factors(usable, profile, elevation)
            usable = usable.with_notes(*grade.notes)
            along, against = level_s * grade.along, level_s * grade.against
        return cls(
            ways=usable, profile=profile, conditions=conditions, speed_kph=speed, along_s=along, against_s=against
        )

    def moving_s(self, edges: Edges) -> NDArray[np.float64]:
        """Return the moving time of each edge."""
        steps, along = edges.steps, (edges.arcs & 1) == 0
        return edges.summed(np.where(along, self.along_s[steps], self.against_s[steps]))

    def delay_s(self, edges: Edges, first: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the waiting on each edge: at the signals that it passes, and at the junction that it enters.

        Parameters
        ----------
        edges : Edges
        first : ndarray of bool, shape (n_edges,)
            Whether each edge is the first of its road: a junction is where three roads or more end.
        """
        signal = self.ways.signal
        roads_at = np.bincount(np.r_[edges.tail[first], edges.head[first]], minlength=self.ways.n_nodes)
        passed = edges.summed(signal[arc_heads(self.ways, edges)].astype(np.float64))
        return arc_delays_s(self.profile, signals=passed, at_junction=(roads_at[edges.head] >= 3) & ~signal[edges.head])


def _largest_strong_component(edges: Edges, n: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the nodes of the largest strongly connected component and whether each edge is inside it."""
    graph = sparse.coo_matrix((np.ones(len(edges)), (edges.tail, edges.head)), shape=(n, n))
    _, label = csgraph.connected_components(graph.tocsr(), directed=True, connection="strong")
    used = np.unique(np.r_[edges.tail, edges.head])
    size = np.bincount(label[used])
    # of components of one size, that of the lowest node
    largest = label[used][np.flatnonzero(size[label[used]] == size.max())[0]]
    inside = (label[edges.tail] == largest) & (label[edges.head] == largest)
    return used[label[used] == largest], inside


def _component_notes(source: str, kept: int, dropped: int) -> list[str]:
    """Say aloud when much of a file is cut off: most likely it was clipped, or roads are missing."""
    share = kept / (kept + dropped)
    if share >= 1 - default("network.dropped_share_warning").number:
        return []
    name = Path(source).name
    return [
        Note(
            f"{name}: ONLY {share:.0%} OF THE JUNCTIONS are in the largest part whose places reach each other both "
            f"ways; {dropped} of {kept + dropped} are cut off. The file looks clipped or lacks roads: take a larger "
            "extract, or add a supplement layer",
            f"{name}：最大双向可达部分只含 {share:.0%} 的路口，{kept + dropped} 个中有 {dropped} 个被截掉。"
            "文件可能被裁剪或缺少道路：请用更大范围的数据，或补充道路图层",
        )
    ]


def name_of(profile: TravelProfile) -> str:
    """Name a profile; one that was changed says so, so that nobody takes it for the one of the defaults."""
    usual = profile.name in PROFILES and profile == travel_profile(profile.name, priority=profile.priority)
    return profile.name if usual else f"{profile.name} (changed)"


def _is_first(edges: Edges) -> NDArray[np.bool_]:
    """Whether each edge is the first of its road, in their order; bool, shape (n_edges,)."""
    return np.asarray((edges.mate < 0) | (np.arange(len(edges)) < edges.mate))


def _one_a_road(edges: Edges) -> Edges:
    return edges.chosen(np.flatnonzero(_is_first(edges)))


def _network(
    times: _Times, edges: Edges, nodes: NDArray[np.int64], dropped: Edges, dropped_nodes: int, dropped_edges: int
) -> RoadNetwork:
    """Put what the ways say of each edge and road into arrays."""
    ways, first = times.ways, _is_first(edges)
    way = ways.way_of[edges.steps]
    length, seconds = edges.summed(ways.step_m[edges.steps]), times.moving_s(edges)
    delay = times.delay_s(edges, first)
    road = np.cumsum(first) - 1
    road = np.where(first, road, road[edges.mate]).astype(np.int32)
    of_road = _one_a_road(edges)
    road_way = ways.way_of[of_road.steps]
    road_class = _longest_class(ways, edges)
    # an edge of no length has no time to derive a speed from: take that of its first way
    speed = np.divide(length * 3.6, seconds, out=times.speed_kph[way[edges.first[:-1]]].copy(), where=seconds > 0)
    place = np.full(ways.n_nodes, -1, dtype=np.int32)
    place[nodes] = np.arange(len(nodes))
    lon, lat = ways.lon[nodes], ways.lat[nodes]
    crs = metric_crs(lon, lat)
    x_m, y_m = project(lon, lat, crs)
    bridge, tunnel = _any(ways.bridge[way], edges.first), _any(ways.tunnel[way], edges.first)
    known = np.isfinite(ways.maxspeed_kph[road_way])
    summary = NetworkSummary(
        nodes=len(nodes),
        edges=len(edges),
        roads=len(of_road),
        length_km=float(length[first].sum() / 1000),
        length_km_by_class=_km_by_class(road_class[first], length[first]),
        bridges=int(bridge[first].sum()),
        tunnels=int(tunnel[first].sum()),
        dropped_nodes=dropped_nodes,
        dropped_edges=dropped_edges,
        maxspeed_share=float(ways.step_m[of_road.steps] @ known / max(length[first].sum(), 1e-9)),
        notes=(*ways.notes, *_component_notes(ways.source, len(nodes), dropped_nodes)),
    )
    logger.info("%s: %s", ways.source, summary)
    return RoadNetwork(
        node_id=ways.node_id[nodes],
        lon=lon,
        lat=lat,
        x_m=x_m,
        y_m=y_m,
        tail=place[edges.tail],
        head=place[edges.head],
        road=road,
        forward=first,
        length_m=length,
        speed_kph=speed,
        ticks=to_ticks(seconds + delay),
        delay_s=delay,
        road_class=road_class,
        bridge=bridge,
        tunnel=tunnel,
        road_name=_distinct_text(ways.name[road_way], of_road.first),
        surface=_distinct_text(ways.surface[road_way], of_road.first),
        width_m=_least(ways.width_m[road_way], of_road.first),
        lanes=_least(ways.lanes[road_way], of_road.first),
        road_ways=_way_ids(ways.way_id[road_way], of_road.first),
        road_line=_lines(ways, of_road),
        crs=crs,
        summary_=summary,
        profile=name_of(times.profile),
        start_up_s=times.profile.start_up_s,
        launch_s=times.profile.launch_s,
        access_kph=access_kph_in(times.profile, times.conditions),
        conditions=times.conditions,
        maxspeed_stated=_any(np.isfinite(ways.maxspeed_kph[way]), edges.first) & times.profile.obeys_maxspeed,
        dropped_lines=_lines(ways, dropped),
    )


def _km_by_class(road_class: NDArray[np.str_], length_m: NDArray[np.float64]) -> dict[str, float]:
    names, of_name = np.unique(road_class, return_inverse=True)
    km = np.bincount(of_name, weights=length_m) / 1000
    return {str(names[k]): float(km[k]) for k in np.argsort(-km, kind="stable")}


def _longest_class(ways: Ways, edges: Edges) -> NDArray[np.str_]:
    """Return the class that most of each edge's length has, the first in the alphabet of several."""
    names, of_name = np.unique(ways.road_class, return_inverse=True)
    step_m, code = ways.step_m[edges.steps], of_name[ways.way_of[edges.steps]]
    edge = np.repeat(np.arange(len(edges)), np.diff(edges.first))
    key, of_key = np.unique(edge * len(names) + code, return_inverse=True)
    metres = np.bincount(of_key, weights=step_m)
    order = np.lexsort((key % len(names), -metres, key // len(names)))
    owner = key[order] // len(names)
    foremost = order[np.r_[True, owner[1:] != owner[:-1]]]
    return np.asarray(names[key[foremost] % len(names)])


def _any(flag: NDArray[np.bool_], first: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.logical_or.reduceat(flag, first[:-1])


def _least(value: NDArray[np.float64], first: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.fmin.reduceat(value, first[:-1])


def _segments(first: NDArray[np.int64], value: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return the starts of the runs of equal values within each group."""
    new = np.r_[True, value[1:] != value[:-1]]
    new[first[:-1]] = True
    return np.flatnonzero(new)


def _distinct_text(value: NDArray[np.str_], first: NDArray[np.int64]) -> NDArray[np.str_]:
    """Return the distinct texts of each group, in their order, with strokes between."""
    runs = _segments(first, value)
    group = np.searchsorted(first, runs, side="right") - 1
    texts: list[list[str]] = [[] for _ in range(len(first) - 1)]
    for g, text in zip(group.tolist(), value[runs].tolist(), strict=True):
        if text and text not in texts[g]:
            texts[g].append(text)
    return np.array([" / ".join(found) for found in texts], dtype=np.str_)


def _way_ids(way_id: NDArray[np.int64], first: NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    runs = _segments(first, way_id)
    bounds = np.searchsorted(runs, first).tolist()
    ids = way_id[runs].tolist()
    return tuple(tuple(sorted(set(ids[low:high]))) for low, high in itertools.pairwise(bounds))


def _lines(ways: Ways, edges: Edges) -> NDArray[np.object_]:
    """Draw each edge as a line in degrees."""
    if not len(edges):
        return np.empty(0, dtype=object)
    heads = arc_heads(ways, edges)
    sizes = np.diff(edges.first) + 1
    begin = np.r_[0, np.cumsum(sizes)[:-1]]
    nodes = np.empty(int(sizes.sum()), dtype=np.int64)
    nodes[begin] = edges.tail
    rest = np.ones(len(nodes), dtype=np.bool_)
    rest[begin] = False
    nodes[rest] = heads
    coordinates = np.column_stack([ways.lon[nodes], ways.lat[nodes]])
    return np.asarray(shapely.linestrings(coordinates, indices=np.repeat(np.arange(len(edges)), sizes)), dtype=object)
