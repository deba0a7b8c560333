"""A replay in words: your records say this, the model said that."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from rescuesim._defaults import default
from rescuesim._words import CALL_TYPE_WORDS, CREW_WORDS, in_language
from rescuesim.report.labels import Lang
from rescuesim.simulation.replay import Replay, Suggestion

__all__ = ["duration_words", "findings", "limits", "replay_in_words", "stage_words", "suggestion_words", "table_words"]

_STAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "answering": ("接警", "answering"),
        "order": ("派警", "answer to order"),
        "turnout": ("出动准备", "turnout"),
        "travel": ("行车", "drive"),
        "set_up": ("展开", "set-up"),
        "on_scene": ("现场处置", "on scene"),
        "response": ("报警至到场", "ring to arrival"),
        "to_action": ("报警至启动处置", "ring to first action"),
    }
)
_SHIFTS = MappingProxyType({"day": ("白班", "by day"), "night": ("夜班", "at night")})
_CHAIN = MappingProxyType(
    {
        "answering": _STAGES["answering"],
        "order": _STAGES["order"],
        "set_up": _STAGES["set_up"],
        "variation": ("行车时间系数", "factor on every drive"),
    }
)
_HEADS: Mapping[str, str] = MappingProxyType(
    {
        **{"incident": "序号", "row": "行号", "id": "编号", "time": "报警时间", "place": "地点", "township": "乡镇"},
        "left_out_why": "未采用的原因",
        **{"type": "类型", "site": "出动站点", "crew": "队伍类型", "unit": "车组", "shift": "班次", "hours": "时段"},
        **{"stage": "环节", "since": "起点", "until": "终点", "n": "次数", "why": "可能的原因", "by": "出动依据"},
        **{"recorded_s": "记录（秒）", "predicted_s": "模型中位（秒）", "low_s": "模型P10（秒）"},
        **{"high_s": "模型P90（秒）", "mean_s": "模型均值（秒）", "pit": "分位", "chance": "偏离概率"},
        **{"recorded_median_s": "记录中位（秒）", "predicted_median_s": "模型中位（秒）", "bias_s": "平均偏差（秒）"},
        **{"bias_low_s": "偏差下限", "bias_high_s": "偏差上限", "mae_s": "平均绝对误差（秒）", "mae_low_s": "误差下限"},
        **{"mae_high_s": "误差上限", "inside_80": "落入80%区间的比重", "inside_80_low": "比重下限"},
        **{"inside_80_high": "比重上限", "too_coarse": "记录过粗", "step_s": "记录精度（秒）"},
        **{
            "recorded_site": "有站点记录",
            "drive_s": "模型行车（秒）",
            "intact_s": "畅通行车（秒）",
            "closures": "当时中断数",
        },
    }
)


def _of(pair: tuple[str, str], lang: Lang) -> str:
    return pair[0 if lang == "zh" else 1]


def stage_words(stage: str, lang: Lang) -> str:
    """Name a stage, or stages that are recorded as one.

    Examples
    --------
    >>> stage_words("answering + order", "en"), stage_words("travel", "zh")
    ('answering + answer to order', '行车')
    """
    return " + ".join(_of(_STAGES.get(part, (part, part)), lang) for part in stage.split(" + "))


def duration_words(seconds: float, lang: Lang, *, like: float | None = None) -> str:
    """Write a duration: seconds below two minutes, else minutes; in the unit of another one where that is given.

    Examples
    --------
    >>> duration_words(71.4, "en"), duration_words(655.0, "zh"), duration_words(-30.0, "en")
    ('71 s', '10.9 分钟', '-30 s')
    """
    if not math.isfinite(seconds):
        return "–"
    if abs(seconds if like is None else like) < 120:
        return f"{round(seconds)} {_of(('秒', 's'), lang)}"
    return f"{round(seconds / 60, 1) + 0.0:.1f} {_of(('分钟', 'min'), lang)}"


def group_words(crew: str, shift: str, hours: str, lang: Lang) -> str:
    """Name a group of incidents; all of them where nothing is given."""
    parts = [_of(CREW_WORDS.get(crew, (crew, crew)), lang)] if crew else []
    parts += [_of(_SHIFTS.get(shift, (shift, shift)), lang)] if shift else []
    parts += [f"{hours} {_of(('时', 'h'), lang)}"] if hours else []
    return _of(("，", ", "), lang).join(parts) or _of(("全部", "all"), lang)


def suggestion_words(key: tuple[str, ...], lang: Lang) -> str:
    """Name a distribution of the model."""
    if key[0] == "turnout":
        return f"{stage_words('turnout', lang)}{_of(('：', ': '), lang)}{group_words(key[1], key[2], '', lang)}"
    if key[0] == "chain":
        return _of(_CHAIN.get(key[1], (key[1], key[1])), lang)
    if key[0] == "on_scene":
        type_ = _of(CALL_TYPE_WORDS.get(key[1], (key[1], key[1])), lang)
        return f"{stage_words('on_scene', lang)}{_of(('：', ': '), lang)}{type_}"
    return _of((f"{key[1]} 级道路的行车时间", f"driving time on {key[1]} roads"), lang)


def _one(one: Suggestion, lang: Lang) -> str:
    """Say one difference: your records say X, the model said Y."""
    name, counts = suggestion_words(one.key, lang), one.n
    times = f"{one.factor:.2f} ({one.low:.2f}–{one.high:.2f})"
    if one.key[0] == "time_factor" or one.key == ("chain", "variation"):
        zh = f"{name}：按您的 {counts} 次行程，是模型的 {times} 倍；建议系数 {one.suggested.median:.2f}。"
        en = (
            f"{name}: your {counts} drives say {times} times what the model said; suggested {one.suggested.median:.2f}."
        )
        return _of((zh, en), lang)
    said, model = one.now.median * one.factor, one.now.median
    median, p90 = (duration_words(value, lang) for value in (one.suggested.median, one.suggested.p90))
    zh = (
        f"{name}：您的 {counts} 条记录为 {duration_words(said, lang)}（几何平均），"
        f"模型中位数为 {duration_words(model, lang)}，"
        f"为模型的 {times} 倍；建议改为 {median}，P90 {p90}。"
    )
    en = (
        f"{name}: your {counts} records say {duration_words(said, lang)} (geometric mean), the model said "
        f"{duration_words(model, lang)}: {times} times; suggested {median}, P90 {p90}."
    )
    return _of((zh, en), lang)


def findings(replay: Replay, lang: Lang) -> list[str]:
    """Say every difference that the data can tell, or that there is none."""
    told = [_one(one, lang) for one in replay.suggestions if one.differs]
    if told:
        return told
    if not replay.suggestions:
        zh, en = "记录太少，无法判断模型是否有偏差。", "The records are too few to tell whether the model is off."
    else:
        zh = "现有记录看不出模型与实际有差别。这不等于没有差别。"
        en = "These records tell no difference between the model and what happened; there may still be one."
    return [_of((zh, en), lang)]


def limits(replay: Replay, lang: Lang) -> list[str]:
    """Say what the comparison does not say."""
    least = int(default("replay.least_incidents").number)
    few = ", ".join(f"{suggestion_words(key, lang)} {n}" for key, n in replay.few.items())
    pairs = [
        (
            f"少于 {least} 条记录的，不给误差、区间和建议。" + (f"条数不足：{few}。" if few else ""),
            f"Nothing is told of fewer than {least} records." + (f" Too few: {few}." if few else ""),
        ),
        (
            "区间为 95%，按各起警情相互独立计；同一站点、同一场灾害的警情并不独立，实际不确定性更大。",
            "Intervals are 95 % and take incidents as independent; those of one station or one storm are not, "
            "so the truth is less certain than they say.",
        ),
        (
            "只说明有记录的警情，不说明未接到、未记录的，也不说明没去过的地方。",
            "It speaks of recorded incidents alone: not of those that were missed or not written down, nor of places "
            "that nobody went to.",
        ),
        (
            "各环节分别从各自起点比较；“可能的原因”只是同时存在的情况，不是认定。",
            "Each stage is compared from its own beginning; what might be why was there then, and is no verdict.",
        ),
    ]
    return [_of(pair, lang) for pair in pairs]


def head_words(replay: Replay, lang: Lang) -> str:
    """Say what was compared."""
    n, times, left = len(replay.incidents), len(replay.stages), len(replay.left_out)
    named = int(replay.incidents["recorded_site"].sum())
    zh = (
        f"{replay.label}：{replay.first} 至 {replay.last} 的 {n} 起警情，{times} 个有记录的用时；"
        f"{named} 起记录了出动站点；{left} 行自相矛盾，未采用。"
    )
    en = (
        f"{replay.label}: {n} incidents, {replay.first} to {replay.last}, with {times} recorded times; the station is "
        f"recorded for {named}; {left} rows contradict themselves and are left out."
    )
    return _of((zh, en), lang)


def table_words(frame: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return a table with headers and words in a language."""
    made = frame.copy()
    if "why" in made:
        made["why"] = ["; ".join(in_language(one, lang) for one in why) for why in made["why"]]
    if lang == "en":
        return made
    if "stage" in made:
        made["stage"] = [stage_words(stage, lang) for stage in made["stage"]]
    for name, words in (("crew", CREW_WORDS), ("shift", _SHIFTS), ("type", CALL_TYPE_WORDS)):
        if name in made:
            made[name] = [words.get(one, (one, one))[0] for one in made[name]]
    return made.rename(columns=dict(_HEADS))


def replay_in_words(replay: Replay, *, lang: Lang = "zh") -> str:
    """Say what a replay found: your records say this, the model said that.

    Parameters
    ----------
    replay : Replay
    lang : {'zh', 'en'}, optional

    Returns
    -------
    str
        One line a statement; nothing that the data cannot tell.
    """
    lines = [head_words(replay, lang), *findings(replay, lang)]
    whole = replay.errors[
        (replay.errors["crew"] == "") & (replay.errors["shift"] == "") & (replay.errors["hours"] == "")
    ]
    for row in whole.itertuples():
        name = stage_words(str(row.stage), lang)
        recorded, model, bias = (
            duration_words(float(value), lang)  # type: ignore[arg-type]
            for value in (row.recorded_median_s, row.predicted_median_s, row.bias_s)
        )
        share = f"{row.inside_80:.0%} ({row.inside_80_low:.0%}–{row.inside_80_high:.0%})"
        zh = (
            f"{name}（{row.n} 次）：记录中位 {recorded}，模型 {model}，平均偏差 {bias}；落入模型 80% 区间的占 {share}。"
        )
        en = (
            f"{name} ({row.n} times): recorded median {recorded}, model {model}, mean error {bias}; "
            f"{share} inside the model's 80 % interval."
        )
        lines.append(_of((zh, en), lang))
    lines += [
        _of((f"第 {one.row} 行（{one.id}）未采用：{one.why_zh}", f"row {one.row} ({one.id}) left out: {one.why}"), lang)
        for one in replay.left_out
    ]
    lines += [_of((f"说明：{in_language(note, 'zh')}", f"note: {note}"), lang) for note in replay.notes]
    return "\n".join([*lines, *limits(replay, lang)])
