"""A service area in words: the plain answer first, then what it counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from rescuesim._words import CREW_WORDS, ZONE_WORDS, Lang, Note, in_language
from rescuesim.travel.routing.words import CLASS_WORDS

if TYPE_CHECKING:
    from rescuesim.network import RoadNetwork
    from rescuesim.travel.service_areas.area import ServiceArea

__all__ = ["area_in_words", "figures_in_words", "limits_in_words", "notes_of"]

_REASON_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "no_road": ("附近没有道路", "no road is in range"),
        "road_closed": ("所在道路中断", "the road it lies on is closed"),
        "site_unusable": ("站点停用", "the site cannot be used"),
        "access_leg": ("到最近道路的一段已超过时限", "the way to the nearest road alone takes longer"),
        "no_crew": ("队伍靠行车达不到标准", "its crew cannot keep the standard by driving"),
    }
)
_TEXT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "from": ("从{who}出发：", "From {who}: "),
        "to": ("到{who}：", "To {who}: "),
        "sites": (" {n} 个站点", "{n} sites"),
        "in": ("{limit} 秒内", "in {limit} s "),
        "gets": (
            "沿道路最远可行 {road}（直线 {straight}）",
            "a crew gets {road} by road ({straight} as the crow flies)",
        ),
        "comes": (
            "最远可从 {road} 外沿道路赶到（直线 {straight}）",
            "a crew gets here from {road} away by road ({straight} as the crow flies)",
        ),
        "covers": ("，可达道路 {length}、面积 {area} 平方公里。", ", over {length} of roads and {area} km2 of ground."),
        "classes": ("可达道路：{classes}。", "Roads reached: {classes}."),
        "nothing": ("{limit} 秒内到不了任何道路：{why}。", "nothing is reached in {limit} s: {why}."),
        "nobody": ("没有队伍能按标准到达：{why}。", "no crew can keep the standard: {why}."),
        "without": ("{n} 个站点到不了任何道路：{why}。", "Sites that reach nothing: {n} ({why})."),
        "brief": (
            "最远 {road}（直线 {straight}），道路 {length}，{area} 平方公里",
            "up to {road} ({straight} straight), {length} of roads, {area} km2",
        ),
        "zones": ("用于{zones}，标准 {standard}；", "For {zones} under {standard}, "),
        "crew": ("{crew} {limit} 秒", "{crew} {limit} s"),
        "limits": ("行车时限：{crews}。", "Drive limits: {crews}."),
    }
)


def area_in_words(area: ServiceArea, lang: Lang) -> str:
    """Say what an area is; one line a statement, the answer first."""

    def say(key: str, **values: object) -> str:
        return _TEXT[key][0 if lang == "zh" else 1].format(**values)

    crews = _crew_limits(area)
    who = say("from" if area.towards == "demand" else "to", who=_who(area, lang))
    if area.zones:
        zones = _joined([ZONE_WORDS[zone] for zone in area.zones], lang)
        who = say("zones", zones=zones, standard=area.standard) + (who[:1].lower() + who[1:])
    shown = limits_in_words(area)
    why = _joined([_REASON_WORDS[reason] for reason in dict.fromkeys(area.reasons) if reason], lang)
    lines = []
    if not crews:
        lines.append(who + say("nobody", why=why))
    elif all(area.reasons):
        lines.append(who + say("nothing", limit=shown, why=why))
    else:
        distances = {"road": _metres(area.farthest_road_m, lang), "straight": _metres(area.farthest_straight_m, lang)}
        gets = say("gets" if area.towards == "demand" else "comes", **distances)
        covers = say("covers", length=_metres(area.length_m, lang), area=_number(area.area_km2))
        lines.append(who + say("in", limit=shown) + gets + covers)
        lines.append(say("classes", classes=_classes(area, lang)))
        if without := sum(bool(reason) for reason in area.reasons):
            lines.append(say("without", n=without, why=why))
    if area.zones and crews:
        words = [say("crew", crew=_crew(crew, lang), limit=_seconds(limit)) for crew, limit in crews]
        lines.append(say("limits", crews=("、" if lang == "zh" else ", ").join(words)))
    return "\n".join([*lines, *(in_language(note, lang) for note in area.notes)])


def limits_in_words(area: ServiceArea) -> str:
    """Return the limits that can be kept, in seconds, from the least to the largest; empty if there is none."""
    limits = sorted({limit for _, limit in _crew_limits(area)})
    return "–".join(dict.fromkeys(_seconds(limit) for limit in (limits[:1] + limits[-1:])))


def figures_in_words(area: ServiceArea, lang: Lang) -> str:
    """Return how far, how much road and how much ground, in a few words."""
    return _TEXT["brief"][0 if lang == "zh" else 1].format(
        road=_metres(area.farthest_road_m, lang),
        straight=_metres(area.farthest_straight_m, lang),
        length=_metres(area.length_m, lang),
        area=_number(area.area_km2),
    )


def _crew_limits(area: ServiceArea) -> list[tuple[str, float]]:
    """Return the limits that can be kept, by crew."""
    both = zip(area.sites.crews, area.limits_s, strict=True)
    return [(crew, limit) for crew, limit in dict.fromkeys(both) if math.isfinite(limit)]


def _who(area: ServiceArea, lang: Lang) -> str:
    if len(area.sites) == 1:
        return area.sites.names[0]
    return _TEXT["sites"][0 if lang == "zh" else 1].format(n=len(area.sites))


def _crew(crew: str, lang: Lang) -> str:
    return CREW_WORDS.get(crew, (crew, crew))[0 if lang == "zh" else 1]


def _joined(words: list[tuple[str, str]], lang: Lang) -> str:
    return "、".join(zh for zh, _ in words) if lang == "zh" else ", ".join(en for _, en in words)


def _classes(area: ServiceArea, lang: Lang) -> str:
    parts = [f"{_class(name, lang)} {_metres(length, lang)}" for name, length in area.length_m_by_class.items()]
    return ("，" if lang == "zh" else ", ").join(parts) or "–"


def _class(name: str, lang: Lang) -> str:
    """Name a road class, values of OpenStreetMap's ``highway``, in Chinese; a class without a name stays as it is."""
    if lang == "en":
        return name
    plain = name.removesuffix("_link")
    return CLASS_WORDS.get(plain, (plain, plain))[0] + ("匝道" if plain != name else "")


def _seconds(limit_s: float) -> str:
    return f"{limit_s:.1f}".removesuffix(".0")


def _metres(metres: float, lang: Lang) -> str:
    # the steps lie where the rounded figures meet
    if metres < 995:
        return f"{metres:.0f} 米" if lang == "zh" else f"{metres:.0f} m"
    kilometres = f"{metres / 1000:.1f}" if metres < 99_950 else f"{metres / 1000:,.0f}"
    return f"{kilometres} 公里" if lang == "zh" else f"{kilometres} km"


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"


def notes_of(
    network: RoadNetwork, *, access_m: float | None, width_m: float, filled_hole_m2: float, second_unit: bool
) -> tuple[Note, ...]:
    """Say what the times count and how the ground is drawn.

    Parameters
    ----------
    network : RoadNetwork
    access_m : float or None
        Access leg of the only site.
    width_m, filled_hole_m2 : float
    second_unit : bool
        Whether the standard asks for a second unit, which the area does not show.
    """
    kph = network.access_kph
    leg_en, leg_zh = (f" of {access_m:.0f} m", f" {access_m:.0f} 米") if access_m is not None else ("", "")
    notes = [
        Note(
            f"the access leg of the site{leg_en} at {kph:g} km/h is counted, and so is a start-up loss of up to "
            f"{network.start_up_s:.1f} s; a point beside a road needs its own access leg too",
            f"已计入站点到道路的一段{leg_zh}（{kph:g} 公里/小时）和最多 {network.start_up_s:.1f} 秒的起步损失；"
            "路旁的点还要加上自己到道路的一段",
        ),
        Note(
            f"ground: up to {width_m:g} m from reached roads, less where the time that is left is short for the access "
            "leg, and none that lies nearer to a road not reached in time; holes over "
            f"{filled_hole_m2:,.0f} m2 are kept (service_area.width_m, service_area.filled_hole_m2)",
            f"面积：可达道路两侧至多 {width_m:g} 米，剩余时间不够走完这段的地方相应收窄，"
            f"离未按时到达的道路更近的地方不算；大于 {filled_hole_m2:,.0f} 平方米的空洞保留"
            "（service_area.width_m、service_area.filled_hole_m2）",
        ),
    ]
    if second_unit:
        notes.append(
            Note(
                "the standard asks for a second unit from another site; the area is that of the first",
                "标准要求另一站点的第二支队伍到达；这里只是第一支队伍的范围",
            )
        )
    return tuple(notes)
