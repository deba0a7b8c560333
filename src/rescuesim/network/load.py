"""Loads a road network from whatever file a bureau has, and keeps what was built for the next time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import shapely

from rescuesim.errors import DataFileError, InputError, UnknownIdError, nearest_name
from rescuesim.network.build import build_network, name_of
from rescuesim.network.editing.clip import clip_ways
from rescuesim.network.editing.supplement import with_supplement
from rescuesim.network.reading.graphml import ways_from_graphml
from rescuesim.network.reading.lines import ways_from_lines
from rescuesim.network.reading.osm_filter import RoadFilter
from rescuesim.network.reading.osm_pbf import read_osm_pbf
from rescuesim.network.reading.osm_ways import ways_from_osm
from rescuesim.network.reading.osm_xml import read_osm_xml
from rescuesim.network.road_network import RoadNetwork
from rescuesim.network.store import cache_folder, cache_key, load_saved, store_network, stored_network
from rescuesim.network.vehicles.conditions import TravelConditions
from rescuesim.network.vehicles.profiles import TravelProfile, travel_profile
from rescuesim.network.ways import Ways

if TYPE_CHECKING:
    import geopandas

    from rescuesim.network.editing.area import AreaLike

__all__ = ["load_network", "read_ways"]

_XML = (".osm", ".osm.gz", ".osm.bz2")
_PBF = (".osm.pbf", ".pbf")
_GRAPHML = (".graphml", ".graphml.gz")
_LINES = (".gpkg", ".geojson", ".shp", ".parquet")


def load_network(
    source: Path | str | geopandas.GeoDataFrame,
    *,
    profile: str | TravelProfile = "rescue_car",
    conditions: TravelConditions | None = None,
    roads: RoadFilter | None = None,
    fields: Mapping[str, str] | None = None,
    classes: Mapping[str, str] | None = None,
    crs: str | None = None,
    clip: AreaLike | None = None,
    buffer_m: float | None = None,
    supplement: Path | str | geopandas.GeoDataFrame | None = None,
    supplement_fields: Mapping[str, str] | None = None,
    supplement_classes: Mapping[str, str] | None = None,
    supplement_crs: str | None = None,
    elevation: Path | str | None = None,
    cache: bool | Path | str = True,
) -> RoadNetwork:
    """Load a road network from an OSM file, a graph saved by OSMnx or a layer of lines.

    Parameters
    ----------
    source : path or GeoDataFrame
        ``.osm``, ``.osm.gz``, ``.osm.bz2``, ``.osm.pbf``, ``.graphml``, ``.graphml.gz``; lines in ``.gpkg``,
        ``.geojson``, ``.shp``, ``.parquet``; or an ``.npz`` that `save_network` wrote, which is taken as it is.
    profile : str or TravelProfile, optional
        Whose times to take: ``rescue_car``, ``heavy_truck``, ``two_wheeler``, ``on_foot``, ``boat``.
    conditions : TravelConditions, optional
        Hour and weather; the plain speeds if absent.
    roads : {'drive', 'drive_service', 'two_wheel', 'walk', 'water'}, optional
        Which ways are roads; those of the profile if absent. ``drive`` and ``walk`` have OSMnx's meaning;
        ``drive_service`` adds service roads and tracks. Ways are filtered by tag, so a building never becomes a
        road.
    fields, classes : mapping of str to str, optional
        Columns of a layer of lines, and its words for road classes; see `rescuesim.network.reading.lines`.
    crs : str, optional
        Declared system of a layer of lines that states none.
    clip : Polygon, MultiPolygon, path, GeoDataFrame or tuple, optional
        Area to cut the roads down to: a geometry in WGS84 degrees, a layer of polygons, or a box
        ``(west, south, east, north)``.
    buffer_m : float, optional
        Metres around the area that are kept too, since routes leave the county; default ``clip.buffer_m``.
    supplement : path or GeoDataFrame, optional
        Layer of roads that the source lacks, tied to its roads.
    supplement_fields, supplement_classes, supplement_crs : optional
        As `fields`, `classes` and `crs`, for the supplement.
    elevation : path, optional
        Raster of elevations in metres (extra ``raster``): steep stretches are slower.
    cache : bool or path, optional
        Whether to keep the network for the next time, under a hash of the files' content and the options; or
        the folder to keep it in. Default folder: ``RESCUESIM_CACHE``, else the user's cache folder.

    Returns
    -------
    RoadNetwork
        The largest strongly connected component. Speeds are ``maxspeed`` where it is stated, else those of
        the road class; an edge that was merged of several ways takes the sum of their travel times.

    Raises
    ------
    DataFileError
        If a file is absent, unreadable or of another kind.
    InputError
        If it holds no road, or an option does not fit it.
    UnknownIdError
        If there is no such profile or filter.

    References
    ----------
    Boeing, G. (2025). Modeling and analyzing urban networks and amenities with OSMnx. Geographical
    Analysis 57(4), 567-577. doi:10.1111/gean.70009
    """
    made = travel_profile(profile) if isinstance(profile, str) else profile
    conditions = conditions or TravelConditions()
    wanted = made.roads if roads is None else roads
    if wanted not in get_args(RoadFilter):
        raise UnknownIdError(f"roads {wanted!r}: expected {nearest_name(str(wanted), get_args(RoadFilter))}")
    if (wanted == "water") != (made.roads == "water"):
        raise InputError(f"roads {wanted!r}, profile {made.name!r}: expected a boat on water, and all others on land")
    kind: RoadFilter = wanted  # type: ignore[assignment]
    files = [Path(part) for part in (source, clip, supplement, elevation) if isinstance(part, (str, Path))]
    for path in files:
        if not path.is_file() and "#" not in path.name:
            raise DataFileError(f"{path}: {'a folder, expected a file' if path.is_dir() else 'no such file'}")
    if isinstance(source, (str, Path)) and Path(source).suffix == ".npz":
        changed = [clip, buffer_m, supplement, supplement_fields, supplement_classes, supplement_crs]
        changed += [elevation, roads, fields, classes, crs]
        if any(option is not None for option in changed):
            text = "a saved network is taken as it is: expected no other option; build it again with them"
            raise InputError(f"{source}: {text}")
        saved = load_saved(Path(source))
        if (saved.profile, saved.conditions) != (name_of(made), conditions):
            is_of, asked = f"{saved.profile}, {saved.conditions.note()}", f"{name_of(made)}, {conditions.note()}"
            raise InputError(f"{source}: saved for {is_of}; expected the times asked for: {asked}; build it again")
        return saved

    def build() -> RoadNetwork:
        ways = read_ways(source, roads=kind, fields=fields, classes=classes, crs=crs)
        if supplement is not None:
            added = ways_from_lines(
                supplement, fields=supplement_fields, classes=supplement_classes, crs=supplement_crs, roads=kind
            )
            ways = with_supplement(ways, added)
        if clip is not None:
            ways = clip_ways(ways, clip, buffer_m=buffer_m)
        return build_network(ways, profile=made, conditions=conditions, elevation=elevation)

    options = {
        "names": [path.name for path in files],
        "profile": made,
        "conditions": conditions,
        "roads": kind,
        "fields": _sorted(fields),
        "classes": _sorted(classes),
        "crs": crs,
        "clip": shapely.to_wkb(clip, hex=True) if isinstance(clip, shapely.Geometry) else clip,
        "buffer_m": buffer_m,
        "supplement": (_sorted(supplement_fields), _sorted(supplement_classes), supplement_crs),
    }
    hashable = (str, Path, tuple, shapely.Geometry, type(None))
    in_memory = any(not isinstance(part, hashable) for part in (source, clip, supplement))
    # a sheet or layer after #, and a raster that only points to others, have no content of their own to be known by
    elusive = any("#" in path.name or path.suffix.lower() == ".vrt" for path in files)
    if cache is False or in_memory or elusive:
        return build()
    folder = cache_folder() if cache is True else Path(cache)
    key = cache_key(files, options)
    network = stored_network(folder, key)
    if network is None:
        network = build()
        store_network(network, folder, key)
    return network


def _sorted(words: Mapping[str, str] | None) -> list[tuple[str, str]] | None:
    return None if words is None else sorted(words.items())


def read_ways(
    source: Path | str | geopandas.GeoDataFrame,
    *,
    roads: RoadFilter = "drive",
    fields: Mapping[str, str] | None = None,
    classes: Mapping[str, str] | None = None,
    crs: str | None = None,
) -> Ways:
    """Read the roads of a file, of whatever kind; options as in `load_network`."""
    name = Path(source).name.lower().partition("#")[0] if isinstance(source, (str, Path)) else ""
    if not name or name.endswith(_LINES):
        return ways_from_lines(source, fields=fields, classes=classes, crs=crs, roads=roads)
    assert isinstance(source, (str, Path))
    if given := [option for option, value in (("fields", fields), ("classes", classes), ("crs", crs)) if value]:
        raise InputError(f"{source}: {', '.join(given)}: expected for a layer of lines only; this file says it itself")
    path = Path(source)
    if name.endswith(_XML):
        return ways_from_osm(read_osm_xml(path, roads=roads), path, roads=roads)
    if name.endswith(_PBF):
        return ways_from_osm(read_osm_pbf(path, roads=roads), path, roads=roads)
    if name.endswith(_GRAPHML):
        return ways_from_graphml(path, roads=roads)
    raise DataFileError(f"{path}: expected a file ending in {', '.join((*_XML, *_PBF, *_GRAPHML, *_LINES, '.npz'))}")
