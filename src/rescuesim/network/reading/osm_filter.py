"""Tells by its tags which way of OpenStreetMap is a road.

OSMnx applies its road filters on the server that it downloads from; a file on disk it reads whole, and
every building outline in it becomes a street. So the same filters are applied to files here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

__all__ = ["RoadFilter", "is_road", "way_class"]

RoadFilter = Literal["drive", "drive_service", "two_wheel", "walk", "water"]

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
_NOT_A_WAY = "abandoned|construction|no|planned|platform|proposed|raceway|razed|rest_area|services"
_RULES: Mapping[str, Mapping[str, str]] = {
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
    # a light motorcycle or an electric two-wheeler on any way that is not stairs; `motor_vehicle=no` is not heeded:
    # in old villages it stands for ways too narrow for cars, which are what the two-wheeler is for (R37)
    "two_wheel": {
        "area": "yes",
        "access": "private",
        "motorcycle": "no",
        "service": "private",
        "highway": _NOT_A_WAY + "|bus_guideway|corridor|elevator|escalator|motorway|steps",
    },
    # OSMnx's "walk"
    "walk": {
        "area": "yes",
        "access": "private",
        "foot": "no",
        "service": "private",
        "sidewalk": "separate",
        "sidewalk:both": "separate",
        "sidewalk:left": "separate",
        "sidewalk:right": "separate",
        "highway": _NOT_A_WAY + "|bus_guideway|cycleway|motor",
    },
}
# water that a boat can follow; not the outline of a lake, which nobody drives along
_WATER = frozenset({"river", "canal", "fairway", "tidal_channel", "flowline"})


def is_road(tags: Mapping[str, str], roads: RoadFilter = "drive") -> bool:
    """Whether a way with these tags is a road of the wanted kind.

    Parameters
    ----------
    tags : mapping of str to str
    roads : {'drive', 'drive_service', 'two_wheel', 'walk', 'water'}, optional
        ``drive`` and ``walk`` have OSMnx's meaning; ``drive_service`` adds service roads and tracks,
        ``two_wheel`` narrow ways too; ``water`` takes rivers and canals.

    Examples
    --------
    >>> is_road({"highway": "residential"}), is_road({"building": "yes"}), is_road({"highway": "track"})
    (True, False, False)
    >>> is_road({"highway": "track"}, "drive_service"), is_road({"highway": "steps"}, "walk")
    (True, True)
    >>> is_road({"waterway": "river"}, "water"), is_road({"waterway": "river"})
    (True, False)
    """
    if roads == "water":
        return way_class(tags) in _WATER
    rules = _RULES[roads]
    return "highway" in tags and not any(key in tags and re.search(rules[key], tags[key]) for key in rules)


def way_class(tags: Mapping[str, str]) -> str:
    """Return what kind of way it is: the value of ``highway``, else of ``waterway``; empty without either."""
    return tags.get("highway") or tags.get("waterway", "")
