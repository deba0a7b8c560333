"""Speeds by road class, with ``maxspeed`` honoured."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from rescuesim._defaults import defaults_under

__all__ = [
    "class_group",
    "class_speed_kph",
    "edge_speed_kph",
    "parse_maxspeed_kph",
    "slowest_class",
    "stated_speed_kph",
]

# classes of OpenStreetMap that drive like one of the table
_SAME_AS = {
    "living_street": "residential",
    "road": "unclassified",
    "busway": "residential",
    "unsurfaced": "track",
}
_KPH_PER_MPH = 1.609344


@functools.cache
def _table() -> dict[str, float]:
    return {name: entry.number for name, entry in defaults_under("speed_kph").items()}


def class_group(road_class: str) -> str:
    """Return the class of the speed table that a road class drives like.

    Examples
    --------
    >>> [class_group(name) for name in ("trunk_link", "living_street", "path", "trunk")]
    ['trunk', 'residential', 'unclassified', 'trunk']
    """
    name = road_class.removesuffix("_link")
    group = _SAME_AS.get(name, name)
    return group if group in _table() else "unclassified"


def class_speed_kph(road_class: str) -> float:
    """Return the free speed of a road class in km/h.

    A link takes the speed of its class; a class that the table does not know that of ``unclassified``.

    Examples
    --------
    >>> class_speed_kph("trunk"), class_speed_kph("trunk_link"), class_speed_kph("living_street")
    (55.0, 55.0, 22.0)
    """
    return _table()[class_group(road_class)]


def slowest_class(values: Iterable[str]) -> str:
    """Return the slowest of several road classes: the cautious one where an edge was merged."""
    return min(sorted(values), key=class_speed_kph)


def parse_maxspeed_kph(text: str) -> float | None:
    """Read a ``maxspeed`` value as OpenStreetMap writes it.

    Returns
    -------
    float or None
        km/h; None for words (``none``, ``CN:urban``) that state no figure.

    Examples
    --------
    >>> parse_maxspeed_kph("60"), parse_maxspeed_kph("30 mph"), parse_maxspeed_kph("CN:urban")
    (60.0, 48.28032, None)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph)?\s*", text)
    if not found or float(found[1]) <= 0:
        return None
    return float(found[1]) * (_KPH_PER_MPH if found[2] == "mph" else 1.0)


def stated_speed_kph(maxspeeds: Iterable[str]) -> float | None:
    """Return the least figure that ``maxspeed`` values state, None if they state none.

    Examples
    --------
    >>> stated_speed_kph(["60;40", "50|80"]), stated_speed_kph(["none"])
    (40.0, None)
    """
    stated = [parse_maxspeed_kph(part) for text in maxspeeds for part in re.split(r"[;|,]", text)]
    return min((figure for figure in stated if figure is not None), default=None)


def edge_speed_kph(road_class: str, maxspeeds: Iterable[str]) -> float:
    """Return the speed of an edge: the least stated ``maxspeed``, else that of its class.

    Examples
    --------
    >>> edge_speed_kph("primary", ["60;40"]), edge_speed_kph("primary", [])
    (40.0, 45.0)
    """
    stated = stated_speed_kph(maxspeeds)
    return class_speed_kph(road_class) if stated is None else stated
