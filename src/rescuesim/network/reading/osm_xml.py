"""Reads the roads of an OSM XML file, plain or packed, in one pass."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path
from typing import IO
from xml.parsers import expat

from rescuesim.errors import DataFileError
from rescuesim.network.reading.osm_filter import RoadFilter, is_road
from rescuesim.network.reading.osm_ways import OsmRoads

__all__ = ["read_osm_xml"]


class _Reader:
    """Listens to the parser; keeps every node's place and the ways that are roads."""

    def __init__(self, roads: RoadFilter) -> None:
        self.found = OsmRoads()
        self._roads: RoadFilter = roads
        self._depth = 0
        self._element = ""
        self._id = 0
        self._refs: list[int] = []
        self._tags: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            if name != "osm":
                raise ValueError("root")
        elif self._depth == 2:
            # an editor's file marks what the next upload will delete
            gone = attributes.get("action") == "delete" or attributes.get("visible") == "false"
            self._element = "" if gone else name
            if self._element == "node":
                self._id = _id(attributes["id"])
                lat, lon = _degrees(attributes["lat"], 90), _degrees(attributes["lon"], 180)
                self.found.node_id.append(self._id)
                self.found.lon.append(lon)
                self.found.lat.append(lat)
            elif self._element == "way":
                self._id, self._refs, self._tags = _id(attributes["id"]), [], {}
        elif name == "tag":
            if self._element == "way":
                self._tags[attributes["k"]] = attributes["v"]
            elif self._element == "node" and attributes["k"] == "highway" and attributes["v"] == "traffic_signals":
                self.found.signals.add(self._id)
        elif name == "nd" and self._element == "way":
            self._refs.append(_id(attributes["ref"]))

    def end(self, _name: str) -> None:
        self._depth -= 1
        if self._depth == 1:
            if self._element == "way":
                self.found.ways += 1
                if is_road(self._tags, self._roads):
                    self.found.way_id.append(self._id)
                    self.found.refs.append(self._refs)
                    self.found.tags.append(self._tags)
            self._element = ""


def read_osm_xml(source: Path, *, roads: RoadFilter = "drive") -> OsmRoads:
    """Read the roads of an OSM XML file.

    Parameters
    ----------
    source : Path
        ``.osm``, ``.osm.gz`` or ``.osm.bz2``.
    roads : RoadFilter, optional

    Returns
    -------
    OsmRoads

    Raises
    ------
    DataFileError
        If the file is no whole OSM XML file.
    """
    reader = _Reader(roads)
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    try:
        with _open(source) as stream:
            parser.ParseFile(stream)
    except (expat.ExpatError, EOFError, OSError) as error:
        raise DataFileError(f"{source}: expected a whole OSM XML file; {error}") from None
    except (KeyError, ValueError, OverflowError) as error:
        if str(error) == "root":
            raise DataFileError(f"{source}: expected an OSM XML file; its root is not <osm>") from None
        line = f"line {parser.CurrentLineNumber}"
        expected = "ids that are whole numbers, tags with k and v, and nodes with lat and lon on Earth"
        raise DataFileError(f"{source}, {line}: expected {expected}; found {error}") from None
    return reader.found


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return bz2.open(path, "rb") if path.suffix == ".bz2" else path.open("rb")


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
