"""Builds a RoadNetwork from a file through OSMnx.

The order of the steps is that of OSMnx itself: the graph is read, simplified to junctions, and then cut
down to its largest strongly connected component, so the nodes are those a user of OSMnx would find.
"""

from __future__ import annotations

import gzip
import logging
import math
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import shapely

from rescuesim._words import Note
from rescuesim.errors import DataFileError, InputError, UnknownIdError, nearest_name
from rescuesim.network.crs import metric_crs, project
from rescuesim.network.osm_filter import RoadFilter, filter_osm, is_road
from rescuesim.network.road_network import NetworkSummary, RoadNetwork, to_ticks
from rescuesim.network.speeds import edge_speed_kph, slowest_class, stated_speed_kph

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["load_network"]

logger = logging.getLogger(__name__)
_KINDS = (".osm", ".osm.gz", ".graphml", ".graphml.gz")


def load_network(path: Path | str, *, roads: RoadFilter = "drive") -> RoadNetwork:
    """Load a road network from an OSM XML file or a GraphML file saved by OSMnx.

    Parameters
    ----------
    path : path
        ``.osm``, ``.osm.gz``, ``.graphml`` or ``.graphml.gz``.
    roads : {'drive', 'drive_service'}, optional
        ``drive`` has OSMnx's meaning; ``drive_service`` adds service roads and tracks. Ways are filtered
        by tag before OSMnx sees the file, so a building never becomes a road.

    Returns
    -------
    RoadNetwork
        The largest strongly connected component. Speeds are ``maxspeed`` where it is stated, else those of
        the road class; an edge that was merged of several ways takes the sum of their travel times.

    Raises
    ------
    DataFileError
        If the file is absent, unreadable or of another kind.
    InputError
        If it holds no road.

    References
    ----------
    Boeing, G. (2025). Modeling and analyzing urban networks and amenities with OSMnx. Geographical
    Analysis 57(4), 567-577. doi:10.1111/gean.70009
    """
    source = Path(path)
    if roads not in get_args(RoadFilter):
        raise UnknownIdError(f"roads {roads!r}: expected {nearest_name(roads, get_args(RoadFilter))}")
    if not source.is_file():
        raise DataFileError(f"{source}: no such file")
    if source.name.endswith((".osm", ".osm.gz")):
        graph, notes = _read_osm(source, roads)
    elif source.name.endswith((".graphml", ".graphml.gz")):
        graph, notes = _read_graphml(source, roads)
    else:
        raise DataFileError(f"{source}: expected a file ending in {', '.join(_KINDS)}")
    return _network_from_graph(graph, source, notes)


def _read_osm(source: Path, roads: RoadFilter) -> tuple[nx.MultiDiGraph, list[str]]:
    """Filter the ways, read them with OSMnx and simplify to junctions, with times summed."""
    import osmnx

    with tempfile.TemporaryDirectory(prefix="rescuesim-") as folder:
        filtered = Path(folder) / "roads.osm"
        count = filter_osm(source, filtered, roads=roads)
        if count.kept == 0:
            raise InputError(f"{source}: {count.ways} ways, none of them a road for {roads!r}: expected at least one")
        graph = osmnx.graph_from_xml(filtered, simplify=False, retain_all=True)
    notes: list[str] = [
        Note(
            f"{source.name}: {count.kept} of {count.ways} ways are roads for {roads!r}",
            f"{source.name}：{count.ways} 条路径中 {count.kept} 条是道路（{roads}）",
        )
    ]
    if count.cut:
        cut = f"{source.name}: {count.cut} roads cut where nodes are missing from the file"
        notes.append(Note(cut, f"{source.name}：{count.cut} 条道路因文件缺少节点而截断"))
    _add_travel_times(graph)
    return _simplified(graph), notes


def _read_graphml(source: Path, roads: RoadFilter) -> tuple[nx.MultiDiGraph, list[str]]:
    import xml.etree.ElementTree as ET

    import networkx
    import osmnx

    try:
        if source.suffix == ".gz":
            graph = osmnx.load_graphml(graphml_str=gzip.decompress(source.read_bytes()).decode("utf-8"))
        else:
            graph = osmnx.load_graphml(source)
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
    drop = [
        (u, v, k)
        for u, v, k, data in graph.edges(keys=True, data=True)
        if not any(is_road({"highway": name}, roads) for name in _words(data.get("highway")))
    ]
    graph.remove_edges_from(drop)
    graph.remove_nodes_from([node for node in list(graph) if graph.degree(node) == 0])
    notes: list[str] = []
    if drop:
        dropped = f"{source.name}: {len(drop)} edges are no roads for {roads!r}"
        notes.append(Note(dropped, f"{source.name}：{len(drop)} 条边不是道路（{roads}）"))
    if graph.number_of_edges() == 0:
        raise InputError(f"{source}: no edge is a road for {roads!r}: expected at least one")
    lengths = [data.get("length", math.nan) for *_, data in graph.edges(data=True)]
    if missing := sum(not (math.isfinite(length) and length >= 0) for length in lengths):
        raise InputError(f"{source}: {missing} edges have no length: expected metres of 0 or more on every edge")
    places = [(data.get("x", math.nan), data.get("y", math.nan)) for _, data in graph.nodes(data=True)]
    if lost := sum(not (math.isfinite(x) and math.isfinite(y)) for x, y in places):
        raise InputError(f"{source}: {lost} nodes have no place: expected x and y of every node in degrees")
    if not all(-(2**63) <= node < 2**63 for node in graph):
        raise InputError(f"{source}: expected node ids that fit in 64 bits")
    _add_travel_times(graph)
    if not graph.graph.get("simplified", False):
        graph = _simplified(graph)
    return graph, notes


def _add_travel_times(graph: nx.MultiDiGraph) -> None:
    for *_, data in graph.edges(data=True):
        maxspeeds = _words(data.get("maxspeed"))
        # in a graph that was simplified elsewhere an edge may list several classes: take the slowest
        road_class = slowest_class(_words(data["highway"]))
        speed = edge_speed_kph(road_class, maxspeeds)
        data["class_m"] = ((road_class, float(data["length"])),)
        data["travel_time_s"] = float(data["length"]) / speed * 3.6
        data["maxspeed_m"] = float(data["length"]) if stated_speed_kph(maxspeeds) is not None else 0.0


def _simplified(graph: nx.MultiDiGraph) -> nx.MultiDiGraph:
    import osmnx

    sums = dict.fromkeys(("length", "travel_time_s", "maxspeed_m"), sum)
    return osmnx.simplify_graph(graph, edge_attr_aggs={**sums, "class_m": lambda parts: sum(parts, ())})


def _longest_class(data: dict[str, Any]) -> str:
    """Return the road class that most of an edge's length has."""
    metres: dict[str, float] = defaultdict(float)
    for road_class, length in data["class_m"]:
        metres[road_class] += length
    return max(sorted(metres), key=lambda name: metres[name])


def _words(value: object) -> list[str]:
    """Return a tag value of OSMnx, absent, single or a list, as a list of text."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return []
    return [str(part) for part in value] if isinstance(value, (list, tuple, set)) else [str(value)]


def _ways(data: dict[str, Any]) -> tuple[int, ...]:
    return tuple(sorted({int(word) for word in _words(data.get("osmid")) if word.lstrip("-").isdigit()}))


def _is_yes(value: object) -> bool:
    """Whether a tag such as ``bridge`` says that it is one (``no`` says that it is not)."""
    return any(word not in ("no", "", "False") for word in _words(value))


def _line(graph: nx.MultiDiGraph, u: int, v: int, data: dict[str, Any]) -> shapely.LineString:
    line = data.get("geometry")
    if isinstance(line, shapely.LineString):
        return line
    ends = [(graph.nodes[node]["x"], graph.nodes[node]["y"]) for node in (u, v)]
    return shapely.LineString(ends)


def _pair_directions(edges: list[tuple[int, int, dict[str, Any]]]) -> tuple[list[int], list[bool]]:
    """Give each edge its road: an edge and the edge back over the same ways and length are one road.

    Returns
    -------
    road : list of int, per edge
    forward : list of bool, per edge
        The first edge of a road, in the order given, is its forward one.
    """
    waiting: dict[tuple[int, int, tuple[int, ...], int], list[int]] = defaultdict(list)
    road, forward = [-1] * len(edges), [True] * len(edges)
    count = 0
    for index, (u, v, data) in enumerate(edges):
        ways, decimetres = _ways(data), round(float(data["length"]) * 10)
        opposite = next((key for d in (0, -1, 1) if waiting.get(key := (v, u, ways, decimetres + d))), None)
        two_way = not bool(data.get("oneway", False))
        if opposite is not None and two_way:
            road[index], forward[index] = road[waiting[opposite].pop(0)], False
        else:
            road[index] = count
            count += 1
            if two_way:
                waiting[(u, v, ways, decimetres)].append(index)
    return road, forward


def _network_from_graph(graph: nx.MultiDiGraph, source: Path, notes: list[str]) -> RoadNetwork:
    """Cut the graph to its largest strongly connected component and turn it into arrays."""
    import osmnx

    if str(graph.graph.get("crs", "")).lower() not in ("epsg:4326", "wgs84", "+init=epsg:4326"):
        raise InputError(f"{source}: crs {graph.graph.get('crs')!r}, expected epsg:4326 (an unprojected graph)")
    whole_nodes, whole_edges = len(graph), graph.number_of_edges()
    if not whole_edges:
        raise InputError(f"{source}: no road meets another: expected a connected network")
    graph = osmnx.truncate.largest_component(graph, strongly=True)
    nodes = sorted(graph)
    index = {node: number for number, node in enumerate(nodes)}
    edges = sorted(
        ((u, v, data) for u, v, data in graph.edges(data=True)),
        key=lambda e: (e[0], e[1], _ways(e[2]), float(e[2]["length"]), _line(graph, *e).wkb),
    )
    if not edges:
        raise InputError(f"{source}: no two points can reach each other both ways: expected a connected network")
    road, forward = _pair_directions(edges)
    firsts = [edge for edge, is_first in zip(edges, forward, strict=True) if is_first]
    length = np.array([float(data["length"]) for *_, data in edges])
    seconds = np.array([float(data["travel_time_s"]) for *_, data in edges])
    lon = np.array([float(graph.nodes[node]["x"]) for node in nodes])
    lat = np.array([float(graph.nodes[node]["y"]) for node in nodes])
    crs = metric_crs(lon, lat)
    x_m, y_m = project(lon, lat, crs)
    classes = [_longest_class(data) for *_, data in edges]
    bridge = np.array([_is_yes(data.get("bridge")) for *_, data in edges], dtype=np.bool_)
    tunnel = np.array([_is_yes(data.get("tunnel")) for *_, data in edges], dtype=np.bool_)
    first = np.array(forward)
    speed = np.divide(length * 3.6, seconds, out=np.zeros_like(length), where=seconds > 0)
    # an edge of no length has no time to derive a speed from: take that of its class
    speed = np.where(seconds > 0, speed, [edge_speed_kph(name, ()) for name in classes])
    by_class: dict[str, float] = defaultdict(float)
    for name, metres, is_first in zip(classes, length, forward, strict=True):
        by_class[name] += metres / 1000 * is_first
    summary = NetworkSummary(
        nodes=len(nodes),
        edges=len(edges),
        roads=len(firsts),
        length_km=float(length[first].sum() / 1000),
        length_km_by_class=dict(sorted(by_class.items(), key=lambda item: -item[1])),
        bridges=int(bridge[first].sum()),
        tunnels=int(tunnel[first].sum()),
        dropped_nodes=whole_nodes - len(nodes),
        dropped_edges=whole_edges - len(edges),
        maxspeed_share=sum(float(d["maxspeed_m"]) for *_, d in firsts) / max(float(length[first].sum()), 1e-9),
        notes=tuple(notes),
    )
    logger.info("%s: %s", source.name, summary)
    return RoadNetwork(
        node_id=np.array(nodes, dtype=np.int64),
        lon=lon,
        lat=lat,
        x_m=x_m,
        y_m=y_m,
        tail=np.array([index[u] for u, *_ in edges], dtype=np.int32),
        head=np.array([index[v] for _, v, _ in edges], dtype=np.int32),
        road=np.array(road, dtype=np.int32),
        forward=first,
        length_m=length,
        speed_kph=speed,
        ticks=to_ticks(seconds),
        delay_s=np.zeros(len(edges)),
        road_class=np.array(classes, dtype=np.str_),
        bridge=bridge,
        tunnel=tunnel,
        road_name=np.array([_name(data) for *_, data in firsts], dtype=np.str_),
        surface=np.full(len(firsts), ""),
        width_m=np.full(len(firsts), np.nan),
        lanes=np.full(len(firsts), np.nan),
        road_ways=tuple(_ways(data) for *_, data in firsts),
        road_line=_object_array([_line(graph, *edge) for edge in firsts]),
        crs=crs,
        summary_=summary,
    )


def _name(data: dict[str, Any]) -> str:
    return " / ".join(dict.fromkeys(_words(data.get("name")) or _words(data.get("ref"))))


def _object_array(items: Iterable[shapely.LineString]) -> np.ndarray[Any, np.dtype[np.object_]]:
    lines = list(items)
    array = np.empty(len(lines), dtype=object)
    array[:] = lines
    return array
