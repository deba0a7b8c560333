"""Reads a graph that OSMnx saved: its edges become ways, and its nodes stay junctions."""

from __future__ import annotations

import gzip
import math
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from rescuesim._words import Note
from rescuesim.errors import DataFileError, InputError
from rescuesim.network.reading.osm_filter import RoadFilter, is_road
from rescuesim.network.reading.osm_ways import is_yes, least_figure
from rescuesim.network.vehicles.speeds import slowest_class, stated_speed_kph
from rescuesim.network.ways import Ways, measured

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["ways_from_graphml"]

_Edge = tuple[int, int, dict[str, Any]]


def ways_from_graphml(source: Path, *, roads: RoadFilter = "drive") -> Ways:
    """Read a GraphML file saved by OSMnx, simplified or not, unprojected.

    Parameters
    ----------
    source : Path
        ``.graphml`` or ``.graphml.gz``.
    roads : RoadFilter, optional

    Returns
    -------
    Ways
        One for each edge, or for each two that are there and back over the same ways; each as long as its
        edge says. Where an edge lists several classes the slowest holds.

    Raises
    ------
    DataFileError
        If the file is no GraphML file of OSMnx.
    InputError
        If no edge is a road, or lengths or places are missing.
    """
    graph = _read(source)
    if str(graph.graph.get("crs", "")).lower() not in ("epsg:4326", "wgs84", "+init=epsg:4326"):
        raise InputError(f"{source}: crs {graph.graph.get('crs')!r}, expected epsg:4326 (an unprojected graph)")
    total = graph.number_of_edges()
    edges: list[_Edge] = [(u, v, data) for u, v, data in graph.edges(data=True) if _driven(data, roads)]
    if not edges:
        raise InputError(f"{source}: no edge is a road for {roads!r}: expected at least one")
    _check(graph, edges, source)
    edges.sort(key=lambda edge: (edge[0], edge[1], _osm_ways(edge[2]), float(edge[2]["length"])))
    two_way = _paired(edges)
    notes = []
    if dropped := total - len(edges):
        words = f"{source.name}: {dropped} edges are no roads for {roads!r}"
        notes.append(Note(words, f"{source.name}：{dropped} 条边不是道路（{roads}）"))
    simplified = bool(graph.graph.get("simplified", False))
    if simplified:
        words = f"{source.name}: simplified elsewhere; signals between its junctions are not in the file"
        notes.append(Note(words, f"{source.name}：图已简化，路口之间的信号灯不在文件中"))
    return _ways(graph, edges, two_way, simplified, source, roads).with_notes(*notes)


def _read(source: Path) -> nx.MultiDiGraph:
    import xml.etree.ElementTree as ET

    import networkx
    import osmnx

    try:
        if source.suffix == ".gz":
            return osmnx.load_graphml(graphml_str=gzip.decompress(source.read_bytes()).decode("utf-8"))
        return osmnx.load_graphml(source)
    except (
        ET.ParseError,
        networkx.NetworkXError,
        EOFError,
        OSError,
        UnicodeDecodeError,
        KeyError,
        ValueError,
    ) as error:
        raise DataFileError(f"{source}: expected a GraphML file saved by OSMnx; {error}") from None


def _check(graph: nx.MultiDiGraph, edges: list[_Edge], source: Path) -> None:
    lengths = [data.get("length", math.nan) for *_, data in edges]
    if missing := sum(not (math.isfinite(length) and length >= 0) for length in lengths):
        raise InputError(f"{source}: {missing} edges have no length: expected metres of 0 or more on every edge")
    places = [(data.get("x", math.nan), data.get("y", math.nan)) for _, data in graph.nodes(data=True)]
    if lost := sum(not (math.isfinite(x) and math.isfinite(y)) for x, y in places):
        raise InputError(f"{source}: {lost} nodes have no place: expected x and y of every node in degrees")
    if not all(-(2**63) <= node < 2**63 for node in graph):
        raise InputError(f"{source}: expected node ids that fit in 64 bits")


def _words(value: object) -> list[str]:
    """Return a tag value of OSMnx, absent, single or a list, as a list of text."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return []
    return [str(part) for part in value] if isinstance(value, (list, tuple, set)) else [str(value)]


def _osm_ways(data: dict[str, Any]) -> tuple[int, ...]:
    return tuple(sorted({int(word) for word in _words(data.get("osmid")) if word.lstrip("-").isdigit()}))


def _paired(edges: list[_Edge]) -> list[int]:
    """Find for each edge the one back over the same ways and length.

    Returns
    -------
    list of int, per edge
        Index of the edge back; -1 if there is none; -2 if the edge is itself the one back.
    """
    waiting: dict[tuple[int, int, tuple[int, ...], int], list[int]] = defaultdict(list)
    mate = [-1] * len(edges)
    for index, (u, v, data) in enumerate(edges):
        if bool(data.get("oneway", False)):
            continue
        ways, decimetres = _osm_ways(data), round(float(data["length"]) * 10)
        opposite = next((key for d in (0, -1, 1) if waiting.get(key := (v, u, ways, decimetres + d))), None)
        if opposite is not None:
            first = waiting[opposite].pop(0)
            mate[first], mate[index] = index, -2
        else:
            waiting[(u, v, ways, decimetres)].append(index)
    return mate


def _driven(data: dict[str, Any], roads: RoadFilter) -> list[str]:
    """Return the classes of an edge that are roads."""
    return [name for name in _words(data.get("highway")) if is_road({"highway": name}, roads)]


def _ways(
    graph: nx.MultiDiGraph, edges: list[_Edge], mate: list[int], simplified: bool, source: Path, roads: RoadFilter
) -> Ways:
    """Lay the edges out over the graph's nodes and new ones, of negative ids, where they bend."""
    chosen = [index for index in range(len(edges)) if mate[index] != -2]
    nodes = sorted({node for u, v, _ in edges for node in (u, v)})
    bends = [_bends(graph, *edges[index]) for index in chosen]
    count = np.array([len(bend) for bend in bends], dtype=np.int64)
    n_bends = int(count.sum())
    lowest = min(nodes[0], 0)
    place = {node: n_bends + number for number, node in enumerate(nodes)}
    lon = np.r_[[x for bend in bends for x, _ in bend], [float(graph.nodes[node]["x"]) for node in nodes]]
    lat = np.r_[[y for bend in bends for _, y in bend], [float(graph.nodes[node]["y"]) for node in nodes]]
    first = np.r_[0, np.cumsum(count + 2)].astype(np.int64)
    at = np.empty(int(first[-1]), dtype=np.int64)
    inner = np.ones(len(at), dtype=np.bool_)
    inner[first[:-1]] = inner[first[1:] - 1] = False
    at[inner] = np.arange(n_bends)
    at[first[:-1]] = [place[edges[index][0]] for index in chosen]
    at[first[1:] - 1] = [place[edges[index][1]] for index in chosen]
    step_m = measured(lon, lat, at, first)
    length = np.array([float(edges[index][2]["length"]) for index in chosen])
    drawn = np.add.reduceat(step_m, first[:-1])
    factor = np.divide(length, drawn, out=np.ones(len(length)), where=drawn > 0)
    step_m *= np.repeat(factor, count + 2)
    # straight, or drawn as a point: the length is that of the first step, to the last bit
    alone = (count == 0) | (drawn <= 0)
    step_m[first[:-1][alone]] = length[alone]
    data = [edges[index][2] for index in chosen]
    return Ways(
        node_id=np.r_[np.arange(lowest - n_bends, lowest), np.array(nodes, dtype=np.int64)],
        lon=lon,
        lat=lat,
        signal=np.r_[
            np.zeros(n_bends, dtype=np.bool_),
            [graph.nodes[node].get("highway") == "traffic_signals" for node in nodes],
        ].astype(np.bool_),
        junction=np.r_[np.zeros(n_bends, dtype=np.bool_), np.full(len(nodes), simplified)],
        way_id=np.array([(_osm_ways(d) or (0,))[0] for d in data], dtype=np.int64),
        first=first,
        at=at,
        step_m=step_m,
        oneway=np.array([mate[index] == -1 for index in chosen]),
        road_class=np.array([slowest_class(_driven(d, roads)) for d in data]),
        maxspeed_kph=np.array([_figure(stated_speed_kph(_words(d.get("maxspeed")))) for d in data]),
        width_m=np.array([least_figure(";".join(_words(d.get("width")))) for d in data]),
        max_weight_t=np.array([least_figure(";".join(_words(d.get("maxweight")))) for d in data]),
        lanes=np.array([least_figure(";".join(_words(d.get("lanes")))) for d in data]),
        name=np.array([" / ".join(dict.fromkeys(_words(d.get("name")) or _words(d.get("ref")))) for d in data]),
        surface=np.array([";".join(dict.fromkeys(_words(d.get("surface")))) for d in data]),
        bridge=np.array([any(is_yes(word) for word in _words(d.get("bridge"))) for d in data]),
        tunnel=np.array([any(is_yes(word) for word in _words(d.get("tunnel"))) for d in data]),
        source=str(source),
    )


def _figure(value: float | None) -> float:
    return math.nan if value is None else value


def _bends(graph: nx.MultiDiGraph, u: int, v: int, data: dict[str, Any]) -> list[tuple[float, float]]:
    """Return the places between an edge's ends; its geometry may be drawn from either."""
    line = data.get("geometry")
    if not isinstance(line, shapely.LineString):
        return []
    places = [(float(x), float(y)) for x, y, *_ in line.coords]
    begin, end = (
        (graph.nodes[u]["x"], graph.nodes[u]["y"]),
        (graph.nodes[v]["x"], graph.nodes[v]["y"]),
    )
    along = math.dist(places[0], begin) + math.dist(places[-1], end)
    against = math.dist(places[-1], begin) + math.dist(places[0], end)
    return (places if along <= against else places[::-1])[1:-1]
