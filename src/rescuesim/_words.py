"""The words for zones, crews and milestones in Chinese and English, and a standard put into words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rescuesim.standard import ResponseStandard, Stage

__all__ = [
    "CALL_TYPE_WORDS",
    "CAPABILITY_WORDS",
    "CHANNEL_WORDS",
    "CREW_WORDS",
    "DEMAND_KIND_WORDS",
    "ZONE_WORDS",
    "Lang",
    "Note",
    "in_language",
    "standard_in_words",
]

Lang = Literal["zh", "en"]
Words = Mapping[str, tuple[str, str]]


class Note(str):
    """Something said aloud, such as a default that was taken: English text that knows its Chinese.

    Parameters
    ----------
    en, zh : str

    Examples
    --------
    >>> note = Note("weight not given", "未给出权重")
    >>> str(note), in_language(note, "zh"), in_language("a plain text", "zh")
    ('weight not given', '未给出权重', 'a plain text')
    """

    zh: str

    def __new__(cls, en: str, zh: str) -> Note:
        made = super().__new__(cls, en)
        made.zh = zh
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return str(self), self.zh


def in_language(text: str, lang: Lang) -> str:
    """Return a note in a language; a text that is no note is returned as it is."""
    return text.zh if lang == "zh" and isinstance(text, Note) else str(text)


ZONE_WORDS: Words = MappingProxyType(
    {
        "built_up": ("建成区", "built-up area"),
        "industrial_park": ("工业园区", "industrial park"),
        "suburb": ("城郊", "suburb"),
        "dense_rural": ("农村人口密集区", "dense rural"),
        "rural": ("一般农村", "sparse rural"),
    }
)
CREW_WORDS: Words = MappingProxyType(
    {
        "brigade": ("消防救援站", "fire brigade"),
        "micro_station": ("微型应急救援站", "micro rescue station"),
        "township_duty": ("乡镇值班队伍", "township duty crew"),
        "village_on_call": ("村应急突击队（待召）", "village crew on call"),
        "social_team": ("社会救援队", "volunteer rescue team"),
        "ambulance": ("急救车组", "ambulance"),
    }
)
DEMAND_KIND_WORDS: Words = MappingProxyType(
    {
        "residential": ("居民点", "residents"),
        "industrial": ("工业企业", "industry"),
        "school": ("学校", "school"),
        "hospital": ("医院", "hospital"),
        "nursing_home": ("养老院", "nursing home"),
        "small_place": ("九小场所", "small shop, inn or workshop"),
        "tourism": ("景区", "sight for tourists"),
        "hazard_site": ("其他隐患点", "other hazard site"),
        "low_lying": ("低洼易涝点", "low-lying place"),
        "reservoir": ("水库", "reservoir"),
        "tailings_pond": ("尾矿库", "tailings pond"),
        "geohazard": ("地质灾害隐患点", "geological hazard site"),
    }
)
CALL_TYPE_WORDS: Words = MappingProxyType(
    {
        "fire": ("火灾扑救", "fire"),
        "rescue": ("抢险救援", "rescue"),
        "social": ("社会救助", "social assistance"),
        "security": ("公务执勤", "security duty"),
        "false": ("虚假警", "false alarm"),
    }
)
CAPABILITY_WORDS: Words = MappingProxyType(
    {
        "assist": ("救助", "assistance"),
        "fire": ("灭火", "fire attack"),
        "rescue": ("抢险救援", "rescue"),
        "medical": ("急救", "medical care"),
    }
)
CHANNEL_WORDS: Words = MappingProxyType(
    {
        "public_network": ("公网", "the public network"),
        "uav_relay": ("无人机中继", "a relay in the air"),
        "radio_370": ("370 兆电台", "370 MHz radio"),
        "beidou": ("北斗短报文", "Beidou message"),
        "satellite_phone": ("卫星电话", "satellite phone"),
        "runner": ("徒步传信", "a runner"),
    }
)
_COUNTED_WORDS: Words = MappingProxyType(
    {"people": ("人口", "people"), "points": ("需求点", "points"), "area": ("面积", "area")}
)
_CLOCK_WORDS: Words = MappingProxyType(
    {
        "ring": ("来电振铃", "the first ring"),
        "each stage": ("各环节分别计时", "each stage anew"),
        "order": ("下达出动指令", "the order to the crew"),
        "answer": ("接起电话", "the answer of the call"),
        "ignition": ("起火", "ignition"),
        "rolling": ("车辆出动", "the crew rolling"),
    }
)
_MILESTONE_WORDS: Words = MappingProxyType(
    {
        "ignition": ("起火", "ignition"),
        "arrived": ("来电振铃", "the first ring"),
        "answered": ("接警", "the call answered"),
        "ordered": ("下达指令", "the order"),
        "rolling": ("出动", "the crew rolling"),
        "on_scene": ("到场", "the crew on scene"),
        "handling": ("启动处置", "handling started"),
    }
)
_TEXT: Words = MappingProxyType(
    {
        "head": (
            "响应标准：{name}。文件没有规定从何时起算，这是几种读法之一。",
            "Response standard: {name}. It is one reading among several: the policy papers fix no clock.",
        ),
        "preset": (
            "{name}，用于{zones}，从{clock}起算：",
            "{name}, for {zones}; the clock starts at {clock}:",
        ),
        "stage": ("{since}后 {limit:.0f} 秒内{until}", "{until} within {limit:.0f} s of {since}"),
        "second": ("第二支队伍（来自另一站点）", "a second unit from another site: "),
        "reach": (
            "  {crew}：行车 {limit:.0f} 秒以内，{share:.0%} 的呼叫能按时",
            "  {crew}: may drive {limit:.0f} s and be in time for {share:.0%} of the calls",
        ),
        "reach_caps": (
            "  {crew}：各环节都用满限值后，还可行车 {limit:.0f} 秒",
            "  {crew}: may drive {limit:.0f} s if every stage before takes its full cap",
        ),
        "cannot": (
            "  {crew}：靠行车达不到，布点解决不了，须先解决人员值守",
            "  {crew}: cannot keep it however near it is; siting cannot mend this, fix staffing",
        ),
        "incapable": ("  {crew}：不承担{missing}", "  {crew}: is not equipped for {missing}"),
        "goal": (
            "建成目标：{share:.0%} 的{counts}进入时限。这是建设目标，不是对每次呼叫的承诺。",
            "Goal once built out: {share:.0%} of the {counts} within the limit. A goal, no promise for each call.",
        ),
        "without": (
            "{zones}没有标准：只作统计，不设时限。",
            "No standard in {zones}: such points are reported and never given a limit.",
        ),
    }
)


def _column(lang: Lang) -> int:
    return 0 if lang == "zh" else 1


def _say(key: str, lang: Lang, **values: object) -> str:
    return _TEXT[key][_column(lang)].format(**values)


def _named(words: Words, keys: Sequence[str], lang: Lang) -> str:
    names = [words[key][_column(lang)] if key in words else key for key in keys]
    return ("、" if lang == "zh" else ", ").join(names)


def standard_in_words(standard: ResponseStandard, lang: Lang, crews: Sequence[str]) -> str:
    """Say what a standard asks for and how far each crew may drive to keep it.

    Parameters
    ----------
    standard : ResponseStandard
    lang : {'zh', 'en'}
    crews : sequence of str
        The crews to speak of.

    Returns
    -------
    str
        One line a statement.
    """
    lines = [_say("head", lang, name=standard.name)]
    by_preset: dict[str, list[str]] = {}
    for zone in standard.zones:
        by_preset.setdefault(standard.presets[zone].name, []).append(zone)
    for name, zones in by_preset.items():
        preset = standard.presets[zones[0]]
        clock = _named(_CLOCK_WORDS, [preset.clock_start], lang)
        head = _say("preset", lang, name=name, zones=_named(ZONE_WORDS, zones, lang), clock=clock)
        stages = [_stage_words(stage, lang) for stage in preset.stages]
        lines.append(head + (" " if lang == "en" else "") + ("，" if lang == "zh" else ", ").join(stages))
        for like in _alike(standard, zones):
            if len(like) < len(zones):
                lines.append(f" {_named(ZONE_WORDS, like, lang)}")
            lines += [_crew_words(standard, crew, like[0], lang) for crew in crews]
    counted = _named(_COUNTED_WORDS, [standard.counts], lang)
    lines.append(_say("goal", lang, share=standard.required_share, counts=counted))
    if without := [zone for zone in ZONE_WORDS if zone not in standard.presets]:
        lines.append(_say("without", lang, zones=_named(ZONE_WORDS, without, lang)))
    return "\n".join(lines)


def _alike(standard: ResponseStandard, zones: list[str]) -> list[list[str]]:
    """Group the zones in which the same confidence and capabilities are wanted."""
    groups: dict[tuple[float, frozenset[str]], list[str]] = {}
    for zone in zones:
        groups.setdefault((standard.confidence[zone], standard.needs.get(zone, frozenset())), []).append(zone)
    return list(groups.values())


def _stage_words(stage: Stage, lang: Lang) -> str:
    since, until = (_named(_MILESTONE_WORDS, [name], lang) for name in (stage.since, stage.until))
    second = _say("second", lang) if stage.unit_rank == 2 else ""
    return second + _say("stage", lang, since=since, until=until, limit=stage.limit_s)


def _crew_words(standard: ResponseStandard, crew: str, zone: str, lang: Lang) -> str:
    name, limit = _named(CREW_WORDS, [crew], lang), standard.worst_shift_limit_s(crew, zone)
    if limit > -math.inf:
        key = "reach_caps" if standard.planning == "statutory_caps" else "reach"
        return _say(key, lang, crew=name, limit=limit, share=standard.confidence[zone])
    if missing := standard.needs.get(zone, frozenset()) - standard.crews[crew].capabilities:
        return _say("incapable", lang, crew=name, missing=_named(CAPABILITY_WORDS, sorted(missing), lang))
    return _say("cannot", lang, crew=name)
