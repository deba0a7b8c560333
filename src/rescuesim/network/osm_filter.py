"""Filters the ways of an OSM XML file by tag before OSMnx sees it.

OSMnx applies its road filters on the server that it downloads from; a file on disk is read whole, and
every building outline in it becomes a street. So the same filters are applied here first.
"""

from __future__ import annotations

import gzip
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal
from xml.sax.saxutils import quoteattr

from rescuesim.errors import DataFileError

__all__ = ["RoadFilter", "filter_osm", "is_road"]

RoadFilter = Literal["drive", "drive_service"]

# key -> pattern searched for in the value; a hit rules the way out (the meaning of OSMnx's "drive")
_NEVER = {
    "area": "yes",
    "access": "private",
    "motor_vehicle": "no",
    "motorcar": "no",
}
_NOT_DRIVEN = (
    "abandoned|bridleway|bus_guideway|construction|corridor|cycleway|elevator|escalator|footway|no|path|"
    "pedestrian|planned|platform|proposed|raceway|razed|rest_area|services|steps"
)
_RULES: Mapping[RoadFilter, Mapping[str, str]] = {
    "drive": {
        **_NEVER,
        "highway": _NOT_DRIVEN + "|service|track",
        "service": "alley|driveway|emergency_access|parking|parking_aisle|private",
    },
    "drive_service": {
        **_NEVER,
        "highway": _NOT_DRIVEN,
        "service": "emergency_access|parking|parking_aisle|private",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterCount:
    """What the filter met: ways read, ways kept, and ways cut because a node of theirs is not in the file."""

    ways: int
    kept: int
    cut: int


def is_road(tags: Mapping[str, str], roads: RoadFilter = "drive") -> bool:
    """Whether a way with these tags is a road of the wanted kind.

    Examples
    --------
    >>> is_road({"highway": "residential"}), is_road({"building": "yes"}), is_road({"highway": "track"})
    (True, False, False)
    >>> is_road({"highway": "track"}, "drive_service")
    True
    """
    rules = _RULES[roads]
    return "highway" in tags and not any(key in tags and re.search(rules[key], tags[key]) for key in rules)


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _elements(path: Path, kinds: tuple[str, ...]) -> Iterator[ET.Element]:
    """Yield the top-level elements of the wanted kinds, forgetting each after use."""
    try:
        with _open(path) as stream:
            root: ET.Element | None = None
            depth = 0
            for event, element in ET.iterparse(stream, events=("start", "end")):
                if event == "start":
                    root = element if root is None else root
                    depth += 1
                    continue
                depth -= 1
                if depth == 1:
                    if element.tag in kinds:
                        yield element
                    assert root is not None
                    root.clear()
            if root is None or root.tag != "osm":
                raise DataFileError(f"{path}: expected an OSM XML file; its root is not <osm>")
    except (ET.ParseError, EOFError, gzip.BadGzipFile) as error:
        raise DataFileError(f"{path}: expected a whole OSM XML file; {error}") from None


def filter_osm(source: Path, target: Path, *, roads: RoadFilter = "drive") -> FilterCount:
    """Write an OSM XML file that holds only the roads of another and their nodes.

    Parameters
    ----------
    source : Path
        ``.osm`` or ``.osm.gz``.
    target : Path
        Where to write; plain XML.
    roads : {'drive', 'drive_service'}
        ``drive`` has OSMnx's meaning; ``drive_service`` adds service roads and tracks.

    Returns
    -------
    FilterCount

    Raises
    ------
    DataFileError
        If the file is no whole OSM XML file.
    """
    ways: list[tuple[str, list[str], dict[str, str]]] = []
    total = 0
    for way in _elements(source, ("way",)):
        total += 1
        tags = {tag.attrib["k"]: tag.attrib["v"] for tag in way.iter("tag")}
        if is_road(tags, roads):
            ways.append((way.attrib["id"], [nd.attrib["ref"] for nd in way.iter("nd")], tags))
    wanted = {ref for _, refs, _ in ways for ref in refs}
    found: set[str] = set()
    kept = cut = 0
    with target.open("w", encoding="utf-8") as stream:
        stream.write('<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">\n')
        for node in _elements(source, ("node",)):
            id_ = node.attrib["id"]
            if id_ in wanted and id_ not in found:
                found.add(id_)
                lat, lon = quoteattr(node.attrib["lat"]), quoteattr(node.attrib["lon"])
                tags = {tag.attrib["k"]: tag.attrib["v"] for tag in node.iter("tag")}
                stream.write(f"<node id={quoteattr(id_)} lat={lat} lon={lon}>{_tags_xml(tags)}</node>\n")
        for id_, refs, tags in ways:
            runs = _runs(refs, found)
            cut += len(runs) != 1 or len(runs[0]) != len(refs)
            for number, run in enumerate(runs):
                # OSMnx tells ways apart by id: later runs of a cut way need ids of their own
                way_id = id_ if number == 0 else f"-{id_}{number:03d}"
                nds = "".join(f"<nd ref={quoteattr(ref)}/>" for ref in run)
                stream.write(f"<way id={quoteattr(way_id)}>{nds}{_tags_xml(tags)}</way>\n")
                kept += 1
        stream.write("</osm>\n")
    return FilterCount(ways=total, kept=kept, cut=cut)


def _runs(refs: list[str], found: set[str]) -> list[list[str]]:
    """Cut a way where nodes are missing (clipped extracts) into runs of two nodes or more."""
    runs: list[list[str]] = [[]]
    for ref in refs:
        if ref in found:
            runs[-1].append(ref)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def _tags_xml(tags: Mapping[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())
