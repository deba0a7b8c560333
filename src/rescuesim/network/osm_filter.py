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
    try:
        return _filter(source, target, roads)
    except (KeyError, ValueError) as error:
        expected = "ids that are whole numbers, tags with k and v, and nodes with lat and lon on Earth"
        raise DataFileError(f"{source}: expected {expected}; found {error}") from None


def _filter(source: Path, target: Path, roads: RoadFilter) -> FilterCount:
    ways: list[tuple[int, list[int], dict[str, str]]] = []
    total = 0
    for way in _elements(source, ("way",)):
        total += 1
        tags = _tags(way)
        if is_road(tags, roads):
            ways.append((_id(way.attrib["id"]), [_id(nd.attrib["ref"]) for nd in way.iter("nd")], tags))
    wanted = {ref for _, refs, _ in ways for ref in refs}
    found: set[int] = set()
    used = {way_id for way_id, *_ in ways}
    kept = cut = 0
    seen: set[int] = set()
    with target.open("w", encoding="utf-8") as stream:
        stream.write('<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">\n')
        for node in _elements(source, ("node",)):
            node_id = _id(node.attrib["id"])
            if node_id in wanted and node_id not in found:
                found.add(node_id)
                lat, lon = _degrees(node.attrib["lat"], 90), _degrees(node.attrib["lon"], 180)
                stream.write(f'<node id="{node_id}" lat="{lat}" lon="{lon}">{_tags_xml(_tags(node))}</node>\n')
        for way_id, refs, tags in ways:
            runs = _runs(refs, found)
            cut += len(runs) != 1 or len(runs[0]) != len(refs)
            kept += bool(runs)
            for run in runs:
                # OSMnx tells ways apart by id: what repeats one needs an id of its own
                own = way_id if way_id not in seen else min(used | {0}) - 1
                used.add(own)
                seen.add(own)
                nds = "".join(f'<nd ref="{ref}"/>' for ref in run)
                stream.write(f'<way id="{own}">{nds}{_tags_xml(tags)}</way>\n')
        stream.write("</osm>\n")
    return FilterCount(ways=total, kept=kept, cut=cut)


def _runs(refs: list[int], found: set[int]) -> list[list[int]]:
    """Cut a way where nodes are missing (clipped extracts) into runs of two nodes or more."""
    runs: list[list[int]] = [[]]
    for ref in refs:
        if ref in found:
            runs[-1].append(ref)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def _id(text: str) -> int:
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"id {text}")
    return number


def _degrees(text: str, limit: float) -> float:
    value = float(text)
    if not abs(value) <= limit:
        raise ValueError(f"coordinate {text}")
    return value


def _tags(element: ET.Element) -> dict[str, str]:
    return {tag.attrib["k"]: tag.attrib["v"] for tag in element.iter("tag")}


def _tags_xml(tags: Mapping[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())
