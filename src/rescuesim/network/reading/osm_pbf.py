"""Reads the roads of an OSM PBF file with pyosmium (extra ``pbf``)."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rescuesim.errors import DataFileError
from rescuesim.network.reading.osm_filter import RoadFilter, is_road
from rescuesim.network.reading.osm_ways import OsmRoads

__all__ = ["read_osm_pbf"]


def read_osm_pbf(source: Path, *, roads: RoadFilter = "drive") -> OsmRoads:
    """Read the roads of an OSM PBF file.

    The ways are read first, then only the nodes that roads use: the filters run inside pyosmium, so that no
    other element ever becomes a Python object.

    Parameters
    ----------
    source : Path
        ``.osm.pbf``.
    roads : RoadFilter, optional

    Returns
    -------
    OsmRoads

    Raises
    ------
    DataFileError
        If pyosmium is absent, or the file is no whole PBF file.
    """
    try:
        import osmium
    except ImportError:
        expected = "install rescuesim[pbf], which brings pyosmium, or convert the file to .osm.gz"
        raise DataFileError(f"{source}: a PBF file needs pyosmium; {expected}") from None

    def read(kind: Any, *filters: Any) -> Iterator[Any]:
        elements = osmium.FileProcessor(str(source), kind)
        for one in filters:
            elements = elements.with_filter(one)
        return iter(elements)

    found = OsmRoads()
    count = itertools.count()
    try:
        for way in read(osmium.osm.WAY, _Counting(count), osmium.filter.KeyFilter("highway", "waterway")):
            tags = dict(way.tags)
            if is_road(tags, roads):
                found.way_id.append(way.id)
                found.refs.append(array("q", [node.ref for node in way.nodes]))
                found.tags.append(tags)
        found.ways = next(count)
        wanted = set(itertools.chain.from_iterable(found.refs))
        if wanted:
            for node in read(osmium.osm.NODE, osmium.filter.IdFilter(wanted)):
                found.node_id.append(node.id)
                found.lon.append(node.lon)
                found.lat.append(node.lat)
            at_signals = osmium.filter.TagFilter(("highway", "traffic_signals"))
            found.signals.update(node.id for node in read(osmium.osm.NODE, at_signals))
    except (RuntimeError, OSError) as error:
        raise DataFileError(f"{source}: expected a whole OSM PBF file; {error}") from None
    return found


class _Counting:
    """Counts the ways that pass, and lets them all through."""

    def __init__(self, count: itertools.count[int]) -> None:
        self._count = count

    def way(self, _way: object) -> bool:
        next(self._count)
        return False
