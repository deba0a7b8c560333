"""OSMnx itself as the oracle of our own readers: it is given the roads of a file and nothing else."""

from __future__ import annotations

import bz2
import gzip
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import networkx as nx
import numpy as np

from rescuesim.network import RoadNetwork
from rescuesim.network.reading.osm_filter import is_road


def write_roads(source: Path, target: Path) -> None:
    """Write an OSM XML file that holds only the roads of another, and only nodes and ways whose nodes it has."""
    raw = source.read_bytes()
    raw = gzip.decompress(raw) if source.suffix == ".gz" else bz2.decompress(raw) if source.suffix == ".bz2" else raw
    root = ET.fromstring(raw)
    for element in list(root):
        tags = {tag.attrib["k"]: tag.attrib["v"] for tag in element.iter("tag")}
        if element.tag == "relation" or (element.tag == "way" and not is_road(tags)):
            root.remove(element)
    ET.ElementTree(root).write(target, encoding="utf-8")


def graph_by_osmnx(source: Path, *, simplify: bool = True, strong: bool = True) -> nx.MultiDiGraph:
    """Read the roads of a file with OSMnx, simplified and cut to the largest strong component if asked."""
    import osmnx

    with tempfile.TemporaryDirectory() as folder:
        roads = Path(folder) / "roads.osm"
        write_roads(source, roads)
        graph = osmnx.graph_from_xml(roads, simplify=simplify, retain_all=True)
    return osmnx.truncate.largest_component(graph, strongly=True) if strong else graph


def differences_from_osmnx(network: RoadNetwork, graph: nx.MultiDiGraph) -> list[str]:
    """Compare nodes, edges, lengths, geometry and names with those of OSMnx; empty if all are the same."""
    found = []
    if network.node_id.tolist() != sorted(graph):
        found.append(f"{network.n_nodes} nodes, OSMnx {len(graph)}")
    ours = sorted(
        (int(u), int(v), round(length, 6))
        for u, v, length in zip(
            network.node_id[network.tail], network.node_id[network.head], network.length_m, strict=True
        )
    )
    theirs = sorted((u, v, round(float(data["length"]), 6)) for u, v, data in graph.edges(data=True))
    if [edge[:2] for edge in ours] != [edge[:2] for edge in theirs]:
        found.append(f"{len(ours)} edges, OSMnx {len(theirs)}, not the same ends")
    elif not np.allclose([edge[2] for edge in ours], [edge[2] for edge in theirs], rtol=0, atol=1e-5):
        found.append("lengths differ")
    ours_at = {
        (int(network.node_id[network.tail[e]]), int(network.node_id[network.head[e]])): network.road_line[
            network.road[e]
        ].coords[:]
        for e in np.flatnonzero(network.forward)
    }
    for u, v, data in graph.edges(data=True):
        alone = "geometry" in data and graph.number_of_edges(u, v) == 1
        if alone and (u, v) in ours_at and data["geometry"].coords[:] != ours_at[u, v]:
            found.append(f"{u} to {v} is drawn otherwise")
    return found
