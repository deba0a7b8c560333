"""Writes nodes and ways as an OSM XML file (API 0.6), byte for byte the same for the same county."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

_STAMP = 'version="1" visible="true"'


@dataclass(frozen=True, slots=True, kw_only=True)
class OsmNode:
    """A node.

    Parameters
    ----------
    id : int
        Positive identifier.
    lon, lat : float
        WGS 84 degrees.
    tags : dict
        Tags; empty for most nodes.
    """

    id: int
    lon: float
    lat: float
    tags: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OsmWay:
    """A way.

    Parameters
    ----------
    id : int
        Positive identifier.
    nodes : tuple of int
        Identifiers of its nodes, in order.
    tags : dict
        Tags.
    """

    id: int
    nodes: tuple[int, ...]
    tags: dict[str, str]


def _tags(tags: dict[str, str]) -> list[str]:
    return [f"    <tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in sorted(tags.items())]


def write_osm(path: Path, nodes: Sequence[OsmNode], ways: Sequence[OsmWay]) -> None:
    """Write an OSM file.

    Parameters
    ----------
    path : Path
        File to write.
    nodes : sequence of OsmNode
        Nodes.
    ways : sequence of OsmWay
        Ways; their nodes must be among ``nodes``.
    """
    lon, lat = [n.lon for n in nodes], [n.lat for n in nodes]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<osm version="0.6" generator="rescuesim synthetic county">',
        f'  <bounds minlat="{min(lat):.7f}" minlon="{min(lon):.7f}" maxlat="{max(lat):.7f}" maxlon="{max(lon):.7f}"/>',
    ]
    for node in nodes:
        head = f'  <node id="{node.id}" {_STAMP} lat="{node.lat:.7f}" lon="{node.lon:.7f}"'
        lines += [head + ">", *_tags(node.tags), "  </node>"] if node.tags else [head + "/>"]
    for way in ways:
        lines.append(f'  <way id="{way.id}" {_STAMP}>')
        lines += [f'    <nd ref="{ref}"/>' for ref in way.nodes]
        lines += [*_tags(way.tags), "  </way>"]
    lines.append("</osm>\n")
    path.write_text("\n".join(lines), encoding="utf-8", newline="\n")
