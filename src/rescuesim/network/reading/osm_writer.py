"""Writes a graph that OSMnx downloaded as an OSM XML file, with the tags of its ways and nodes."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["chains", "write_osm"]

_REVERSED = ("-1", "reverse", "T")  # OSMnx turns such ways round and leaves the tag as it was
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ATTRIBUTION = "Data (c) OpenStreetMap contributors, ODbL 1.0"


def write_osm(graph: nx.MultiDiGraph, path: Path, *, node_tags: Iterable[str], way_tags: Iterable[str]) -> None:
    """Write an unsimplified graph, each way in the order of its nodes once, as an OSM XML file.

    `osmnx.save_graph_xml` orders the nodes of a way by their topology; where the border of the area cut
    a way in two, that would join the pieces by a road that is not there. Here each piece is a way.

    Parameters
    ----------
    graph : MultiDiGraph
        As OSMnx makes it with ``settings.all_oneway``, ``simplify=False``.
    path : Path
        The file appears only when it is whole.
    node_tags, way_tags : iterable of str
        Tags to be written where nodes and ways have them.
    """
    node_tags, way_tags = tuple(node_tags), tuple(way_tags)
    steps: dict[int, list[tuple[int, int]]] = defaultdict(list)
    tags: dict[int, Mapping[str, object]] = {}
    for tail, head, data in graph.edges(data=True):
        steps[data["osmid"]].append((tail, head))
        tags[data["osmid"]] = data
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8") as stream:
            stream.write('<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="rescuesim">\n')
            stream.write(f"<note>{_ATTRIBUTION}</note>\n")
            for node, data in sorted(graph.nodes(data=True)):
                own = _tags_xml({key: data[key] for key in node_tags if key in data})
                stream.write(f'<node id="{node}" lat="{data["y"]!r}" lon="{data["x"]!r}">{own}</node>\n')
            for way in sorted(steps):
                own = _tags_xml(_way_tags(tags[way], way_tags))
                for chain in chains(steps[way]):
                    refs = "".join(f'<nd ref="{node}"/>' for node in chain)
                    stream.write(f'<way id="{way}">{refs}{own}</way>\n')
            stream.write("</osm>\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _way_tags(data: Mapping[str, object], wanted: Iterable[str]) -> dict[str, object]:
    tags = {key: data[key] for key in wanted if key in data}
    return tags | {"oneway": "yes"} if tags.get("oneway") in _REVERSED else tags


def _tags_xml(tags: Mapping[str, object]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(_NO_XML.sub('', str(v)))}/>" for key, v in tags.items())


def chains(steps: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Put directed steps together to chains of nodes; each step stands in one chain, once.

    Examples
    --------
    >>> list(chains([(2, 3), (7, 8), (1, 2)]))
    [[1, 2, 3], [7, 8]]
    """
    onward: dict[int, list[int]] = defaultdict(list)
    surplus: dict[int, int] = defaultdict(int)
    for tail, head in steps:
        onward[tail].append(head)
        surplus[tail] += 1
        surplus[head] -= 1
    starts, tails = [node for node in sorted(surplus) for _ in range(surplus[node])], sorted(onward)
    # chains begin where more steps leave than arrive; what is left then are rings
    for start in starts:
        yield _chain(start, onward)
    for start in tails:
        while onward[start]:
            yield _chain(start, onward)


def _chain(start: int, onward: dict[int, list[int]]) -> list[int]:
    chain = [start]
    while onward[chain[-1]]:
        chain.append(onward[chain[-1]].pop(0))
    return chain
