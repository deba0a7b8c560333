"""Loads a road network from whatever file a bureau has, and keeps what was built for the next time."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from rescuesim.errors import DataFileError, UnknownIdError, nearest_name
from rescuesim.network.build import build_network
from rescuesim.network.graphml import ways_from_graphml
from rescuesim.network.osm_filter import RoadFilter
from rescuesim.network.osm_pbf import read_osm_pbf
from rescuesim.network.osm_ways import ways_from_osm
from rescuesim.network.osm_xml import read_osm_xml
from rescuesim.network.road_network import RoadNetwork
from rescuesim.network.store import cache_folder, cache_key, load_saved, store_network, stored_network
from rescuesim.network.ways import Ways

__all__ = ["load_network", "read_ways"]

_XML = (".osm", ".osm.gz", ".osm.bz2")
_PBF = (".osm.pbf", ".pbf")
_GRAPHML = (".graphml", ".graphml.gz")


def load_network(path: Path | str, *, roads: RoadFilter = "drive", cache: bool | Path | str = True) -> RoadNetwork:
    """Load a road network from an OSM file or a GraphML file saved by OSMnx.

    Parameters
    ----------
    path : path
        ``.osm``, ``.osm.gz``, ``.osm.bz2``, ``.osm.pbf``, ``.graphml`` or ``.graphml.gz``, or an ``.npz``
        that `save_network` wrote.
    roads : {'drive', 'drive_service'}, optional
        ``drive`` has OSMnx's meaning; ``drive_service`` adds service roads and tracks. Ways are filtered
        by tag, so a building never becomes a road.
    cache : bool or path, optional
        Whether to keep the network for the next time, under a hash of the file's content and the options;
        or the folder to keep it in. Default folder: ``RESCUESIM_CACHE``, else the user's cache folder.

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
        raise DataFileError(f"{source}: {'a folder, expected a file' if source.is_dir() else 'no such file'}")
    if source.suffix == ".npz":
        return load_saved(source)
    if cache is False:
        return build_network(read_ways(source, roads=roads))
    folder = cache_folder() if cache is True else Path(cache)
    key = cache_key([source], {"name": source.name, "roads": roads})
    network = stored_network(folder, key)
    if network is None:
        network = build_network(read_ways(source, roads=roads))
        store_network(network, folder, key)
    return network


def read_ways(source: Path, *, roads: RoadFilter = "drive") -> Ways:
    """Read the roads of a file, of whatever kind."""
    name = source.name.lower()
    if name.endswith(_XML):
        return ways_from_osm(read_osm_xml(source, roads=roads), source, roads=roads)
    if name.endswith(_PBF):
        return ways_from_osm(read_osm_pbf(source, roads=roads), source, roads=roads)
    if name.endswith(_GRAPHML):
        return ways_from_graphml(source, roads=roads)
    raise DataFileError(f"{source}: expected a file ending in {', '.join((*_XML, *_PBF, *_GRAPHML, '.npz'))}")
