"""Turns the nodes and tagged ways of OpenStreetMap, whatever file they came in, into Ways."""

from __future__ import annotations

import itertools
import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescuesim._words import Note
from rescuesim.errors import InputError
from rescuesim.network.reading.osm_filter import RoadFilter, way_class
from rescuesim.network.vehicles.speeds import stated_speed_kph
from rescuesim.network.ways import Ways, measured

__all__ = ["OsmRoads", "is_yes", "least_figure", "ways_from_osm"]

# as OSMnx reads them (osmnx.settings and its rule for roundabouts)
_ONEWAY = frozenset({"yes", "true", "1", "-1", "reverse", "T", "F"})
_REVERSED = frozenset({"-1", "reverse", "T"})
# units of width and weight, in metres and tonnes
_UNITS = {"": 1.0, "m": 1.0, "cm": 0.01, "ft": 0.3048, "t": 1.0, "kg": 0.001, "st": 0.907185, "lbs": 0.000453592}
_FIGURE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(m|metres?|meters?|cm|ft|t|kg|st|lbs)?")
_FEET = re.compile(r"(\d+)\s*'\s*(?:(\d+(?:\.\d+)?)\s*\")?")


@dataclass(slots=True, kw_only=True)
class OsmRoads:
    """What a reader found in a file: the ways that are roads, and where nodes lie.

    Attributes
    ----------
    ways : int
        Ways read, roads or not.
    way_id : list of int
    refs : list of sequence of int
        Ids of the nodes of each road.
    tags : list of mapping of str to str
    node_id : array of int
        Nodes in the order of the file; of a node that stands there twice the first counts.
    lon, lat : array of float
    signals : set of int
        Nodes with traffic signals.
    """

    ways: int = 0
    way_id: list[int] = field(default_factory=list)
    refs: list[Sequence[int]] = field(default_factory=list)
    tags: list[Mapping[str, str]] = field(default_factory=list)
    node_id: array[int] = field(default_factory=lambda: array("q"))
    lon: array[float] = field(default_factory=lambda: array("d"))
    lat: array[float] = field(default_factory=lambda: array("d"))
    signals: set[int] = field(default_factory=set)


def is_yes(value: str) -> bool:
    """Whether a tag such as ``bridge`` says that it is one (``no`` says that it is not)."""
    return value not in ("no", "", "False")


def ways_from_osm(found: OsmRoads, source: Path, *, roads: RoadFilter) -> Ways:
    """Cut roads where nodes are missing and put what their tags say into arrays.

    Parameters
    ----------
    found : OsmRoads
    source : Path
        File that messages name.
    roads : RoadFilter
        Filter that the roads passed, for messages.

    Returns
    -------
    Ways

    Raises
    ------
    InputError
        If none of the ways is a road.
    """
    twice = _drop_older(found)
    node_id, first_seen = np.unique(np.frombuffer(found.node_id, dtype=np.int64), return_index=True)
    lengths = np.array([len(refs) for refs in found.refs], dtype=np.int64)
    flat = np.fromiter(itertools.chain.from_iterable(found.refs), dtype=np.int64, count=int(lengths.sum()))
    way = np.repeat(np.arange(len(lengths)), lengths)
    place = np.minimum(np.searchsorted(node_id, flat), max(len(node_id) - 1, 0))
    known = node_id[place] == flat if len(node_id) else np.zeros(len(flat), dtype=np.bool_)
    whole = np.bincount(way, weights=known, minlength=len(lengths)) == lengths
    kept, run_way, first, at = _runs(way, place, known)
    if not len(run_way):
        text = f"{source}: {found.ways} ways, none of them a road for {roads!r}: expected at least one"
        raise InputError(text)
    tags = [found.tags[w] for w in run_way]
    used, at = np.unique(_turned(tags, first, at), return_inverse=True)
    lon = np.frombuffer(found.lon, dtype=np.float64)[first_seen[used]]
    lat = np.frombuffer(found.lat, dtype=np.float64)[first_seen[used]]
    ids = node_id[used]
    notes = [
        Note(
            f"{source.name}: {kept} of {found.ways} ways are roads for {roads!r}",
            f"{source.name}：{found.ways} 条路径中 {kept} 条是道路（{roads}）",
        )
    ]
    if twice:
        words = f"{source.name}: {twice} ways stand twice under one id and run over the same steps; the last counts"
        notes.append(Note(words, f"{source.name}：{twice} 条路径同一编号重复且路段相同，以最后一条为准"))
    if cut := int((~whole).sum()):
        words = f"{source.name}: {cut} roads cut where nodes are missing from the file"
        notes.append(Note(words, f"{source.name}：{cut} 条道路因文件缺少节点而截断"))
    return Ways(
        node_id=ids,
        lon=lon,
        lat=lat,
        signal=np.isin(ids, np.fromiter(found.signals, dtype=np.int64, count=len(found.signals))),
        junction=np.zeros(len(ids), dtype=np.bool_),
        first=first,
        at=at,
        step_m=measured(lon, lat, at, first),
        source=str(source),
        notes=tuple(notes),
        way_id=np.array(found.way_id, dtype=np.int64)[run_way],
        **_columns(tags),
    )


def _drop_older(found: OsmRoads) -> int:
    """Leave out ways that a later one of the same id replaces, as in merged extracts; returns how many.

    Parts of one way that share no step (a way cut at the border between two extracts) all stay.
    """
    by_id: dict[int, list[int]] = {}
    for at, way in enumerate(found.way_id):
        by_id.setdefault(way, []).append(at)
    older = set()
    for copies in (copies for copies in by_id.values() if len(copies) > 1):
        steps = [{frozenset(pair) for pair in itertools.pairwise(found.refs[at])} for at in copies]
        older |= {copies[k] for k in range(len(copies)) if any(steps[k] & later for later in steps[k + 1 :])}
    if older:
        keep = [at for at in range(len(found.way_id)) if at not in older]
        found.way_id = [found.way_id[at] for at in keep]
        found.refs = [found.refs[at] for at in keep]
        found.tags = [found.tags[at] for at in keep]
    return len(older)


def _runs(
    way: NDArray[np.int64], place: NDArray[np.int64], known: NDArray[np.bool_]
) -> tuple[int, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut ways at missing nodes into runs of two nodes or more, a node repeated at once counted once.

    Returns
    -------
    kept : int
        Ways of which a run is left.
    run_way, first, at : ndarray of int64
        Way of each run, and the runs over places of nodes.
    """
    new_way = np.r_[True, way[1:] != way[:-1]] if len(way) else np.zeros(0, dtype=np.bool_)
    again = np.zeros(len(way), dtype=np.bool_)
    if len(way):
        again[1:] = ~new_way[1:] & known[1:] & known[:-1] & (place[1:] == place[:-1])
    stay = known & ~again
    # a run begins with a way, and after every gap
    run = np.cumsum(new_way | ~known)[stay]
    way, place = way[stay], place[stay]
    _, start, count = np.unique(run, return_index=True, return_counts=True)
    long = count > 1
    chosen = np.repeat(long, count)
    run_way = way[start[long]]
    return len(np.unique(run_way)), run_way, np.r_[0, np.cumsum(count[long])].astype(np.int64), place[chosen]


def _turned(tags: Sequence[Mapping[str, str]], first: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Turn round the runs that are tagged to be driven against the order of their nodes."""
    turned = at.copy()
    for run in np.flatnonzero([tag.get("oneway") in _REVERSED for tag in tags]):
        span = slice(first[run], first[run + 1])
        turned[span] = at[span][::-1]
    return turned


def _columns(tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Read the tags of each run."""
    return {
        "oneway": np.array([_is_oneway(tag) for tag in tags], dtype=np.bool_),
        "road_class": np.array([way_class(tag) for tag in tags]),
        "maxspeed_kph": np.array([_maxspeed(tag) for tag in tags]),
        "width_m": np.array([least_figure(tag.get("width", "")) for tag in tags]),
        "max_weight_t": np.array([least_figure(tag.get("maxweight", "")) for tag in tags]),
        "lanes": np.array([least_figure(tag.get("lanes", "")) for tag in tags]),
        "name": np.array([tag.get("name") or tag.get("ref", "") for tag in tags]),
        "surface": np.array([tag.get("surface", "") for tag in tags]),
        "bridge": np.array([is_yes(tag.get("bridge", "")) for tag in tags]),
        "tunnel": np.array([is_yes(tag.get("tunnel", "")) for tag in tags]),
    }


def _is_oneway(tags: Mapping[str, str]) -> bool:
    return tags.get("oneway") in _ONEWAY or tags.get("junction") == "roundabout"


def _maxspeed(tags: Mapping[str, str]) -> float:
    text = tags.get("maxspeed")
    stated = stated_speed_kph([text]) if text else None
    return np.nan if stated is None else stated


def least_figure(text: str) -> float:
    """Return the least figure of a tag such as ``lanes``, ``width`` or ``maxweight``, in metres or tonnes.

    Returns
    -------
    float
        NaN where no figure is stated.

    Examples
    --------
    >>> least_figure("2;3"), least_figure("3,5 m"), least_figure("180 cm"), least_figure("2000 kg"), least_figure("6'")
    (2.0, 3.5, 1.8, 2.0, 1.8288)
    """
    found = [_figure(part.strip().lower()) for part in text.split(";")] if text else []
    return min((figure for figure in found if figure is not None), default=np.nan)


def _figure(part: str) -> float | None:
    if match := _FIGURE.fullmatch(part):
        unit = "m" if (match[2] or "").startswith("met") else match[2] or ""
        return round(float(match[1].replace(",", ".")) * _UNITS[unit], 6)
    if feet := _FEET.fullmatch(part):
        return round(float(feet[1]) * 0.3048 + float(feet[2] or 0) * 0.0254, 6)
    return None
