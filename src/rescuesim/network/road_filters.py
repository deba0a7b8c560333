"""Which ways of OpenStreetMap serve those who are not in a car: rules by tag, as data.

Rules for ``drive`` and ``drive_service`` stand in `osm_filter`; these are of the same form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from rescuesim.errors import UnknownIdError, nearest_name

__all__ = ["FOOT_AND_WHEEL_RULES", "is_way_for"]

_NOT_A_WAY = "abandoned|construction|no|planned|platform|proposed|raceway|razed|rest_area|services"

# key -> pattern searched for in the value; a hit rules the way out
FOOT_AND_WHEEL_RULES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
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
)


def is_way_for(tags: Mapping[str, str], roads: str) -> bool:
    """Whether a way with these tags serves two-wheelers or people on foot.

    Parameters
    ----------
    tags : mapping of str to str
    roads : {'two_wheel', 'walk'}

    Raises
    ------
    UnknownIdError
        If there is no such filter.

    Examples
    --------
    >>> steps = {"highway": "steps"}
    >>> is_way_for(steps, "walk"), is_way_for(steps, "two_wheel"), is_way_for({"building": "yes"}, "walk")
    (True, False, False)
    """
    if roads not in FOOT_AND_WHEEL_RULES:
        raise UnknownIdError(f"roads {roads!r}: expected {nearest_name(roads, FOOT_AND_WHEEL_RULES)}")
    rules = FOOT_AND_WHEEL_RULES[roads]
    return "highway" in tags and not any(key in tags and re.search(rules[key], tags[key]) for key in rules)
