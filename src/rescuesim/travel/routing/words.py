"""The words of routes in Chinese and English: classes of roads, reasons, changes, distances, times, turns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from rescuesim._words import Note

__all__ = [
    "ATTRIBUTION",
    "CHANGE_WORDS",
    "CLASS_WORDS",
    "REASON_WORDS",
    "STRAIGHT_DEG",
    "class_words",
    "distance_words",
    "duration_words",
    "heading_words",
    "turn_words",
]

Pairs = Mapping[str, tuple[str, str]]
ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"  # of the roads; the licence asks that it be shown

REASON_WORDS: Mapping[str, Note] = MappingProxyType(
    {
        "": Note("", ""),
        "no_road": Note("no road in range", "附近没有道路"),
        "road_closed": Note("the road it lies on is closed", "所在道路中断"),
        "site_unusable": Note("the place is out of use", "场所停用"),
        "no_path": Note("no open road leads there", "没有可通行的道路"),
    }
)
CHANGE_WORDS: Mapping[str, Note] = MappingProxyType(
    {
        "same": Note("as on intact roads", "与正常时相同"),
        "slower": Note("same way, slower", "原路线，用时增加"),
        "detour": Note("another way to the same shelter", "绕行，避难场所不变"),
        "other_shelter": Note("to another shelter", "改去其他避难场所"),
        "cut_off": Note("cut off", "中断，无法到达"),
        "never": Note("unreachable on intact roads too", "正常时也无法到达"),
    }
)
CLASS_WORDS: Pairs = MappingProxyType(
    {
        "motorway": ("高速公路", "motorway"),
        "trunk": ("快速路", "trunk road"),
        "primary": ("国省道", "primary road"),
        "secondary": ("县道", "secondary road"),
        "tertiary": ("乡道", "tertiary road"),
        "unclassified": ("村道", "minor road"),
        "residential": ("居民区道路", "residential street"),
        "living_street": ("生活街道", "living street"),
        "service": ("内部道路", "service road"),
        "track": ("机耕路", "track"),
        "path": ("小路", "path"),
        "footway": ("步行道", "footway"),
        "steps": ("台阶", "steps"),
        "pedestrian": ("步行街", "pedestrian street"),
        "bridleway": ("小路", "bridleway"),
        "cycleway": ("非机动车道", "cycleway"),
    }
)
_HEADINGS = (
    ("北", "north"),
    ("东北", "north-east"),
    ("东", "east"),
    ("东南", "south-east"),
    ("南", "south"),
    ("西南", "south-west"),
    ("西", "west"),
    ("西北", "north-west"),
)
STRAIGHT_DEG, _ROUND_DEG = 30.0, 150.0  # a bend below the one is no turn, one from the other on is a turn back


def class_words(road_class: str) -> Note:
    """Name a road that has no name by its class.

    Examples
    --------
    >>> class_words("primary_link").zh, class_words("busway").zh
    ('未命名国省道', '未命名道路')
    """
    zh, en = CLASS_WORDS.get(road_class.removesuffix("_link"), ("道路", "road"))
    return Note(f"an unnamed {en}", f"未命名{zh}")


def distance_words(metres: float) -> Note:
    """Write a distance as people say it.

    Examples
    --------
    >>> [str(distance_words(m)) for m in (4.0, 347.0, 999.0, 2345.0, 23456.0)]
    ['under 10 m', '350 m', '1.0 km', '2.3 km', '23 km']
    """
    if metres < 10:
        return Note("under 10 m", "不到 10 米")
    if round(metres, -1) < 1000:
        return Note(f"{round(metres, -1):.0f} m", f"{round(metres, -1):.0f} 米")
    km = f"{metres / 1000:.1f}" if metres < 9950 else f"{metres / 1000:.0f}"
    return Note(f"{km} km", f"{km} 公里")


def duration_words(seconds: float) -> Note:
    """Write a time as people say it, to the next second above, or from an hour on to the next minute.

    Examples
    --------
    >>> [str(duration_words(s)) for s in (42.0, 185.2, 601.0, 7205.0)]
    ['42 s', '3 min 6 s', '10 min 1 s', '2 h 1 min']
    """
    whole = math.ceil(seconds - 1e-6)
    if whole < 60:
        return Note(f"{whole} s", f"{whole} 秒")
    if whole < 3600:
        return Note(f"{whole // 60} min {whole % 60} s", f"{whole // 60} 分 {whole % 60} 秒")
    minutes = math.ceil(whole / 60)
    return Note(f"{minutes // 60} h {minutes % 60} min", f"{minutes // 60} 小时 {minutes % 60} 分")


def heading_words(degrees: float) -> Note:
    """Name a heading, clockwise from north, by one of eight directions.

    Examples
    --------
    >>> heading_words(93.0).zh, heading_words(-10.0).zh, str(heading_words(247.0))
    ('东', '北', 'south-west')
    """
    zh, en = _HEADINGS[round(degrees / 45) % 8]
    return Note(en, zh)


def turn_words(turn: float) -> Note:
    """Name a turn of so many degrees to the right, from -180 to 180.

    Examples
    --------
    >>> [turn_words(turn).zh for turn in (10, 90, -90, 175)]
    ['直行', '右转', '左转', '掉头']
    """
    if abs(turn) < STRAIGHT_DEG:
        return Note("straight on", "直行")
    if abs(turn) >= _ROUND_DEG:
        return Note("turn back", "掉头")
    return Note("turn right", "右转") if turn > 0 else Note("turn left", "左转")
