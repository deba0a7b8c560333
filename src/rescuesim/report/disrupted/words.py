"""The words of the measures: headings in two languages, and the figures in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from rescuesim._words import DEMAND_KIND_WORDS, Lang, in_language

__all__ = ["CAUSE_WORDS", "STATE_WORDS", "measures_in_words", "table_in_language"]

STATE_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "isolated": ("孤立", "isolated"),
        "flooded": ("进水", "flooded"),
        "silent": ("失联", "silent"),
        "dark": ("停电", "dark"),
    }
)
CAUSE_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "given": ("已给定", "given"),
        "flood": ("积水", "flood"),
        "washout": ("水毁", "washout"),
        "landslide": ("滑坡", "landslide"),
        "debris_flow": ("泥石流", "debris flow"),
        "shaking": ("震动", "shaking"),
        "ground_displacement": ("地面变形", "ground displacement"),
        "debris": ("建筑倒塌", "debris of buildings"),
        "trees": ("倒树", "trees"),
        "ice": ("覆冰", "ice"),
        "grid": ("电网停电", "grid"),
        "generator": ("发电机故障", "generator"),
        "fuel": ("燃油耗尽", "fuel"),
        "battery": ("蓄电池耗尽", "battery"),
        "backhaul": ("光缆中断", "backhaul"),
        "congestion": ("网络拥塞", "congestion"),
        "equipment": ("设备不可用", "equipment"),
    }
)
_KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "road": ("道路", "road"),
        "two_roads": ("两条道路", "two roads"),
        "feeder": ("供电馈线", "feeder"),
        "base_station": ("通信基站", "base station"),
        "fibre": ("传输光缆", "fibre"),
        "township_power": ("乡镇供电", "power of a township"),
    }
)
_HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "disruption": "灾情",
        "probability": "概率",
        "township": "乡镇街道",
        "from_s": "起（秒）",
        "until_s": "止（秒）",
        "people": "人口",
        "people_covered": "圈内人口",
        "people_covered_inner": "135圈内人口",
        "people_covered_outer": "15分钟圈内人口",
        "people_covered_heard": "圈内且能呼救人口",
        "share_of_normal": "与平时之比",
        "people_covered_normal": "平时圈内人口",
        "people_covered_least": "最少时圈内人口",
        "person_hours_lost": "失去覆盖人时",
        "cover_back_min": "恢复覆盖分钟",
        "villages": "村社数",
        "villages_walked_to": "徒步到达村社数",
        "all_contacted_h": "失联村清零（小时）",
        "all_reached_h": "孤立村全部到达（小时）",
        "id": "编号",
        "name": "名称",
        "kind": "类别",
        "uncovered_h": "失去覆盖小时",
        "lost_at_h": "失联或孤立始于（小时）",
        "first_contact_h": "首次联系（小时）",
        "first_force_h": "首支力量到达（小时）",
        "force_from": "力量来自",
        "walks_in": "徒步进入",
        "rank": "序号",
        "asset": "设施",
        "bridge": "含桥梁",
        "cause": "原因",
        "out_h": "中断小时",
        "person_hours_uncovered": "失去覆盖人时",
        "people_cut_off": "影响人口",
        "cut_off_h": "最长影响小时",
        "who_walks_in": "徒步进入力量",
        **{name: words[0] for name, words in STATE_WORDS.items()},
        **{f"villages_{name}": f"{words[0]}村社数" for name, words in STATE_WORDS.items()},
        **{f"people_{name}": f"{words[0]}人口" for name, words in STATE_WORDS.items()},
        **{f"villages_{name}_most": f"{words[0]}村社最多时" for name, words in STATE_WORDS.items()},
        **{f"person_hours_{name}": f"{words[0]}人时" for name, words in STATE_WORDS.items()},
        **{f"{name}_h": f"{words[0]}小时" for name, words in STATE_WORDS.items()},
    }
)
_TEXT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cover": (
            "{label}：平时圈内 {normal:,.0f} 人，最少时 {least:,.0f} 人，{hours:g} 小时内共失去覆盖 {lost:,.0f} 人时。",
            "{label}: {normal:,.0f} people are in the circles on normal days and {least:,.0f} at the worst moment; "
            "{lost:,.0f} person-hours of cover are lost in {hours:g} h.",
        ),
        "back": ("覆盖恢复到平时的 {share:.0%}：{when}。", "Cover is back to {share:.0%} of normal {when}."),
        "never_fell": ("始终未低于", "at all times: it never fell below"),
        "not_back": ("{hours:g} 小时内未恢复", "not within {hours:g} h"),
        "states": (
            "最多时孤立 {isolated} 村、进水 {flooded} 村、失联 {silent} 村、停电 {dark} 村。",
            "At most {isolated} villages are isolated, {flooded} flooded, {silent} silent and {dark} dark.",
        ),
        "contact": ("失联村清零：{when}。", "The last village is heard of {when}."),
        "force": (
            "孤立村全部有力量到达：{when}；其中 {walked} 村靠徒步进入。",
            "The last isolated village is reached {when}; {walked} are first reached on foot.",
        ),
        "at_h": ("灾后 {hours:.1f} 小时", "{hours:.1f} h after the onset"),
        "nobody": ("没有这样的村", "at once: there is none"),
        "mean": (
            "按概率平均：失去覆盖 {lost:,.0f} 人时；共 {n} 次灾情，以下为失去最多的一次。",
            "On average over {n} disruptions {lost:,.0f} person-hours of cover are lost; the one that costs most:",
        ),
        "asset": (
            "代价最大：{kind}“{name}”（{cause}，中断 {out:.1f} 小时），影响 {people:,.0f} 人，"
            "最长 {cut:.1f} 小时{who}。",
            "Costs most: {kind} {name} ({cause}, out for {out:.1f} h); {people:,.0f} people are cut off, for up to "
            "{cut:.1f} h{who}.",
        ),
        "walks": ("；{who}徒步进入", "; {who} walks in"),
    }
)


def table_in_language(frame: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Put headings and words of a table into a language; an empty township is the whole."""
    column = 0 if lang == "zh" else 1
    made = frame.copy()
    if "township" in made and "id" not in made:
        made["township"] = [name or ("合计", "total")[column] for name in made["township"]]
    words = {
        **{key: pair[column] for key, pair in _KINDS.items()},
        **{k: p[column] for k, p in DEMAND_KIND_WORDS.items()},
    }
    if "kind" in made:
        made["kind"] = [words.get(kind, kind) for kind in made["kind"]]
    if "cause" in made:
        made["cause"] = [_causes(cause, lang) for cause in made["cause"]]
    return made.rename(columns=dict(_HEADINGS)) if lang == "zh" else made


def _causes(causes: str, lang: Lang) -> str:
    column = 0 if lang == "zh" else 1
    named = [CAUSE_WORDS[cause][column] if cause in CAUSE_WORDS else cause for cause in causes.split(", ")]
    return ("、" if lang == "zh" else ", ").join(named)


def measures_in_words(
    summary: pd.DataFrame,
    worst_assets: pd.DataFrame,
    share: float,
    until_s: float,
    notes: Sequence[str],
    lang: Lang,
) -> str:
    """Say the most important figures of the disruption that costs most, a line each, and what was assumed."""
    hours = until_s / 3600

    def say(key: str, **values: object) -> str:
        return _TEXT[key][0 if lang == "zh" else 1].format(**values)

    def moment(at_h: float) -> str:
        if at_h == 0:
            return say("nobody")
        return say("at_h", hours=at_h) if math.isfinite(at_h) else say("not_back", hours=hours)

    row = summary.iloc[int(summary["person_hours_lost"].to_numpy().argmax())]
    lines = []
    if len(summary) > 1:
        weight = summary["probability"] / summary["probability"].sum()
        lines.append(say("mean", n=len(summary), lost=float((weight * summary["person_hours_lost"]).sum())))
    values = {"normal": row["people_covered_normal"], "least": row["people_covered_least"]}
    lines.append(say("cover", label=row["disruption"], **values, lost=row["person_hours_lost"], hours=hours))
    back = float(row["cover_back_min"])
    if not math.isnan(back):
        when = say("at_h", hours=back / 60) if math.isfinite(back) else say("not_back", hours=hours)
        lines.append(say("back", share=share, when=when if back else say("never_fell")))
    lines.append(say("states", **{name: int(row[f"villages_{name}_most"]) for name in STATE_WORDS}))
    lines.append(say("contact", when=moment(float(row["all_contacted_h"]))))
    lines.append(say("force", when=moment(float(row["all_reached_h"])), walked=int(row["villages_walked_to"])))
    of_row = worst_assets[worst_assets["disruption"] == row["disruption"]]
    column = 0 if lang == "zh" else 1
    for _, asset in of_row[of_row["people_cut_off"].notna()].head(3).iterrows():
        who = say("walks", who=asset["who_walks_in"]) if asset["who_walks_in"] else ""
        described = {
            "kind": _KINDS[asset["kind"]][column],
            "name": asset["name"],
            "cause": _causes(asset["cause"], lang),
        }
        numbers = {"out": asset["out_h"], "people": asset["people_cut_off"], "cut": asset["cut_off_h"]}
        lines.append(say("asset", **described, **numbers, who=who))
    return "\n".join([*lines, *(in_language(note, lang) for note in notes)])
