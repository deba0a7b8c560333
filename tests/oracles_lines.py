"""Slow, obvious answers about roads drawn as lines: dictionaries of places, and networkx."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from pathlib import Path

import geopandas as gpd
import networkx as nx
import shapely

from rescuesim.network.ways import Ways

RADIUS_M = 6_371_009.0


def great_circle_by_hand_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two places in degrees, one pair at a time."""
    (x1, y1), (x2, y2) = [tuple(map(math.radians, place)) for place in (a, b)]
    h = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * RADIUS_M * math.asin(math.sqrt(min(h, 1.0)))


def graph_of_lines(frame: gpd.GeoDataFrame, *, decimals: int = 7) -> nx.MultiDiGraph:
    """Every vertex of two-way lines a node named by its rounded place, every step an edge each way."""
    graph = nx.MultiDiGraph()
    for number, (road_class, line) in enumerate(zip(frame["highway"], frame.geometry, strict=True)):
        places = [(round(x, decimals), round(y, decimals)) for x, y in shapely.get_coordinates(line).tolist()]
        exact = [tuple(place) for place in shapely.get_coordinates(line).tolist()]
        for k in range(len(places) - 1):
            if places[k] != places[k + 1]:
                metres = great_circle_by_hand_m(exact[k], exact[k + 1])
                values = {"length": metres, "highway": road_class, "osmid": number}
                graph.add_edge(places[k], places[k + 1], **values)
                graph.add_edge(places[k + 1], places[k], **values)
    return _placed(graph)


def graph_of_ways(ways: Ways) -> nx.MultiDiGraph:
    """Every node and every step of ways, one at a time."""
    graph = nx.MultiDiGraph()
    places = list(zip(ways.lon.tolist(), ways.lat.tolist(), strict=True))
    for way in range(ways.n_ways):
        for ref in range(int(ways.first[way]), int(ways.first[way + 1]) - 1):
            start, end = places[ways.at[ref]], places[ways.at[ref + 1]]
            values = {"length": float(ways.step_m[ref]), "highway": str(ways.road_class[way]), "osmid": way}
            graph.add_edge(start, end, **values)
            if not ways.oneway[way]:
                graph.add_edge(end, start, **values)
    return _placed(graph)


def _placed(graph: nx.MultiDiGraph) -> nx.MultiDiGraph:
    numbered = nx.convert_node_labels_to_integers(graph, ordering="sorted", label_attribute="place")
    for _, data in numbered.nodes(data=True):
        data["x"], data["y"] = data.pop("place")
    numbered.graph["crs"] = "epsg:4326"
    return numbered


def junction_graph(graph: nx.MultiDiGraph, *, class_changes: bool) -> nx.MultiDiGraph:
    """Contract to junctions with OSMnx and keep the largest strongly connected component.

    With ``class_changes`` a node where the class changes stays, as in the GraphML file of Wuhan.
    """
    import osmnx

    differ = ["highway"] if class_changes else None
    simple = osmnx.simplify_graph(graph, edge_attr_aggs={"length": sum}, edge_attrs_differ=differ)
    return osmnx.truncate.largest_component(simple, strongly=True)


def size(graph: nx.MultiDiGraph) -> tuple[int, int, float]:
    """Nodes, directed edges, kilometres of directed edges."""
    return len(graph), graph.number_of_edges(), sum(d["length"] for *_, d in graph.edges(data=True)) / 1000


def lines_of_osm(path: Path) -> gpd.GeoDataFrame:
    """The ways of an OSM XML file that have a highway tag, as a layer with a column for each tag of use."""
    root = ET.parse(path).getroot()
    places = {n.attrib["id"]: (float(n.attrib["lon"]), float(n.attrib["lat"])) for n in root.iter("node")}
    keys = ("highway", "name", "oneway", "maxspeed", "bridge", "tunnel", "lanes", "junction", "service", "access")
    rows: dict[str, list[object]] = {key: [] for key in ("osm_id", *keys)}
    lines = []
    for way in root.iter("way"):
        tags = {tag.attrib["k"]: tag.attrib["v"] for tag in way.iter("tag")}
        line = [places[nd.attrib["ref"]] for nd in way.iter("nd") if nd.attrib["ref"] in places]
        if "highway" in tags and len(line) > 1:
            rows["osm_id"].append(int(way.attrib["id"]))
            for key in keys:
                rows[key].append(tags.get(key))
            lines.append(shapely.LineString(line))
    return gpd.GeoDataFrame(rows, geometry=lines, crs="EPSG:4326")


def topology(ways: Ways, *, decimals: int = 7) -> dict[tuple[object, ...], int]:
    """What meets what, in words that do not depend on numbers: places, class, direction, values of each way."""
    places = list(zip(ways.lon.round(decimals).tolist(), ways.lat.round(decimals).tolist(), strict=True))
    found: dict[tuple[object, ...], int] = {}
    for way in range(ways.n_ways):
        path = [places[node] for node in ways.at[ways.first[way] : ways.first[way + 1]]]
        if not ways.oneway[way]:
            path = min(path, path[::-1])
        speed = float(ways.maxspeed_kph[way])
        key = (
            int(ways.way_id[way]),
            tuple(path),
            bool(ways.oneway[way]),
            str(ways.road_class[way]),
            str(ways.name[way]),
            None if math.isnan(speed) else speed,
            bool(ways.bridge[way]),
            bool(ways.tunnel[way]),
        )
        found[key] = found.get(key, 0) + 1
    return found
