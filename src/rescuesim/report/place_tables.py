"""The table of places where calls were missed, in Chinese and English, for the console."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rescuesim.report.attainment.by_place import CAUSES, PlaceKind
from rescuesim.report.attainment.words import milestone_words
from rescuesim.report.labels import LANGUAGES, NOTHING, Lang, count, interval, label, language, share

__all__ = ["place_name", "print_places", "stage_limit"]

_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "village": ("村、点", "village"),
        "township": ("乡镇", "township"),
        "zone": ("区域", "zone"),
        "people": ("人口", "people"),
        "calls": ("警情", "calls"),
        "missed": ("未达标", "missed"),
        "attained": ("达标率", "attained"),
        "binding": ("卡点", "binding limit"),
        "reason": ("主要原因", "main reason"),
        "within": ("{until} ≤ {limit} 秒", "{until} ≤ {limit} s"),
        "head": (
            "{condition}，{plan}：{places} 处有警情，{bad} 处有未达标，共 {missed} 次；按未达标次数列出 {shown} 处。",
            "{condition}, {plan}: calls in {places} places, missed in {bad}, {missed} in all; the {shown} with most"
            " missed.",
        ),
        "causes": ("未达标合计：{causes}。", "All missed calls: {causes}."),
        "no_unit": ("力量都在忙 {n}", "no unit free {n}"),
        "no_crew": ("无适任人员 {n}", "no crew {n}"),
        "no_road": ("无路 {n}", "no road {n}"),
        "no_message": ("失联 {n}", "no message {n}"),
        "late": ("某环节超时 {n}", "a stage took too long {n}"),
        "other": ("其他 {n}", "other {n}"),
        "none": ("没有未达标的警情。", "No call was missed."),
        "few": (
            "一处警情少时，其达标率的偶然成分大，看区间。",
            "Where calls are few a share is mostly chance: see the intervals.",
        ),
    }
)


def print_places(
    table: pd.DataFrame,
    *,
    by: PlaceKind,
    condition: str,
    plan: str,
    most: int,
    lang: Lang,
    console: Console,
) -> None:
    """Print the places with most missed calls, with the limit that binds there and the main reason.

    Parameters
    ----------
    table : DataFrame
        Of `attainment_by_place`.
    by : {'village', 'township', 'zone'}
    condition, plan : str
    most : int
        Places at most; those without a missed call are left out.
    lang : {'zh', 'en'}
    console : Console
    """
    column = LANGUAGES.index(language(lang))
    bad = table[table["missed"] > 0]
    names = {"condition": label("condition", condition, lang), "plan": label("plan", plan, lang)}
    counts = {"places": int((table["calls"] > 0).sum()), "bad": len(bad), "missed": count(float(bad["missed"].sum()))}
    console.print(Text(_WORDS["head"][column].format(**names, **counts, shown=min(most, len(bad)))))
    if bad.empty:
        console.print(Text(_WORDS["none"][column]))
        return
    shown = Table(header_style="bold", padding=(0, 1, 0, 0))
    heads = (by, "people", "calls", "missed", "attained", "binding", "reason")
    for name in heads:
        shown.add_column(_WORDS[name][column], justify="right" if name in heads[1:5] else "left")
    for row in bad.head(most).to_dict("records"):
        attained = share(row["share"], row["calls"], "calls", lang)
        cells = (
            place_name(row, by, lang),
            count(row["people"]),
            count(row["calls"]),
            count(row["missed"]),
            f"{attained} {interval(row['low'], row['high'])}".strip(),
            stage_limit(row, lang),
            label("miss", str(row["reason"]), lang).replace("_", " "),
        )
        shown.add_row(*(Text(cell) for cell in cells))
    console.print(shown)
    sums = {cause: int(bad[cause].sum()) for cause in CAUSES}
    told = [_WORDS[cause][column].format(n=count(many)) for cause, many in sums.items() if many]
    console.print(Text(_WORDS["causes"][column].format(causes=("、" if lang == "zh" else "; ").join(told))))
    console.print(Text(_WORDS["few"][column]))


def place_name(row: Mapping[Any, Any], by: PlaceKind, lang: Lang) -> str:
    """Return the name of a place, a village with its id and township."""
    id_, name = str(row["id"]), str(row["name"])
    if by == "zone":
        return label("zone", id_, lang)
    if by == "township":
        return NOTHING if id_ == "-" else id_
    named = f"{name} {id_}" if name and name != id_ else id_
    if not row["township"]:
        return named
    return f"{named}（{row['township']}）" if lang == "zh" else f"{named} ({row['township']})"


def stage_limit(row: Mapping[Any, Any], lang: Lang) -> str:
    """Return the binding limit of a row of `attainment_by_place`; a dash if none binds."""
    if not row["binding"]:
        return NOTHING
    column = LANGUAGES.index(language(lang))
    return _WORDS["within"][column].format(
        until=milestone_words(str(row["binding"]), lang), limit=f"{row['limit_s']:g}"
    )
