"""The words of the attainment tables in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rescuesim.errors import UnknownIdError, nearest_name
from rescuesim.report.labels import LANGUAGES, Lang, language

__all__ = ["milestone_words", "phase_words", "say"]

_TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "kept": ("各时限达标情况", "Who kept which limit"),
        "kept_note": (
            "自首次拨打起计时，失联村自事发起计时；无人接听、未获知、无人到场的事件在各时限均按实际计入。"
            "“卡点”是单独放开它能多救回最多次呼叫的时限；方括号内为按重复聚类的 95% 区间。",
            "The clock runs from the first attempt to call, in a silent place from the onset. The binding limit is the"
            " one that would gain most calls if it alone were lifted; brackets hold 95% intervals clustered by"
            " replication.",
        ),
        "limit": ("时限", "limit"),
        "reading": ("读法", "reading"),
        "within": ("{since}后 {limit} 秒内{until}", "{until} within {limit} s of {since}"),
        "all": ("全部时限", "all limits"),
        "binding": ("卡点", "binding"),
        "alone": ("仅此未达 {n} 次", "{n} missed by this alone"),
        "zones": ("各类区域", "By zone"),
        "zone": ("区域", "zone"),
        "phases": ("灾害各阶段", "By phase of the disaster"),
        "phases_note": (
            "灾害与平时不合并统计。用时自首次拨打（失联村自事发）至首个有能力、人数够的队伍开始处置，未处置的计为无穷大；"
            "不足 50 起不给 P90。",
            "Disasters are never pooled with normal days. Times run from the first attempt (silent places: the onset)"
            " to the first action of a capable unit with enough people; incidents never acted on count as endless. P90"
            " is withheld below 50 incidents.",
        ),
        "phase": ("阶段", "phase"),
        "p50": ("P50，秒", "P50, s"),
        "p90": ("P90，秒", "P90, s"),
        "main_reason": ("主要原因", "main reason"),
        "never": ("未处置", "never"),
        "villages": ("哪些村点未达标最多", "Where calls were missed most"),
        "villages_note": (
            "按未达标次数排列；“卡点”为该村单独放开能多救回最多次呼叫的时限。呼叫少的村，达标率的偶然成分大，须看区间。",
            "By missed calls; the binding limit is the one that, lifted alone, would gain most calls there. Where calls"
            " are few a share is mostly chance: see the intervals.",
        ),
        "villages_rest": ("其余 {n} 个点未达标 {missed} 次。", "{missed} more were missed in {n} other places."),
        "village": ("村、点", "village"),
        "missed": ("未达标", "missed"),
        "attained": ("达标率", "attained"),
        "binding_line": (
            "{condition}，{plan}，{reading}：卡点是“{stage}”，仅此一项未达标的 {alone} 次，共 {missed} 次未达。",
            "{condition}, {plan}, {reading}: the binding limit is {stage}; {alone} calls missed it alone, {missed} in"
            " all.",
        ),
        "reasons_line": (
            "{condition}，{plan}，未达标原因：{reasons}。",
            "{condition}, {plan}, why calls were missed: {reasons}.",
        ),
    }
)
_MILESTONES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ignition": ("起火", "ignition"),
        "arrived": ("首次拨打", "the first attempt"),
        "answered": ("接警", "answered"),
        "ordered": ("下达指令", "the order"),
        "rolling": ("出动", "rolling"),
        "on_scene": ("到场", "on scene"),
        "handling": ("启动处置", "handling started"),
    }
)
_PHASES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "before_impact": ("灾害来临前", "before impact"),
        "first_6_h": ("0–6 小时", "0–6 h"),
        "6_to_24_h": ("6–24 小时", "6–24 h"),
        "24_to_72_h": ("24–72 小时", "24–72 h"),
        "after_72_h": ("72 小时后", "after 72 h"),
    }
)


def say(key: str, lang: Lang, **values: object) -> str:
    """Return a text, with values filled in.

    Examples
    --------
    >>> say("alone", "en", n=3), say("binding", "zh")
    ('3 missed by this alone', '卡点')
    """
    if key not in _TEXTS:
        raise UnknownIdError(f"text {key!r}: expected {nearest_name(key, _TEXTS)}")
    words = _TEXTS[key][LANGUAGES.index(language(lang))]
    return words.format(**values) if values else words


def milestone_words(name: str, lang: Lang) -> str:
    """Return the words for a milestone."""
    return _MILESTONES[name][LANGUAGES.index(language(lang))]


def phase_words(name: str, lang: Lang) -> str:
    """Return the words for a phase; one that a user named is returned as it is."""
    return _PHASES[name][LANGUAGES.index(language(lang))] if name in _PHASES else name
