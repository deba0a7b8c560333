"""Tells by its tags which way of OpenStreetMap is a road.

OSMnx applies its road filters on the server that it downloads from; a file on disk it reads whole, and
every building outline in it becomes a street. So the same filters are applied to files here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

__all__ = ["RoadFilter", "is_road"]

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
