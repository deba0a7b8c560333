"""The planner's answer over all samples: by township who is in the circles, cut off, flooded, silent and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rescuesim._words import Lang
from rescuesim.report.disrupted.measures import DisruptionMeasures
from rescuesim.report.disrupted.words import STATE_WORDS
from rescuesim.report.labels import count

__all__ = ["answer_by_township", "answer_in_language", "answer_table", "worst_by_kind"]

_HEADINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "township": ("乡镇街道", "township"),
        "people": ("人口", "people"),
        "inner_normal": ("135圈内平时人口", "inner circle, normal days"),
        "inner_least_mean": ("135圈内最少时人口（平均）", "inner circle at the worst moment, mean"),
        "inner_least_worst": ("135圈内最少时人口（最重一次）", "inner circle at the worst moment, worst sample"),
        "outer_normal": ("15分钟圈内平时人口", "outer circle, normal days"),
        "outer_least_mean": ("15分钟圈内最少时人口（平均）", "outer circle at the worst moment, mean"),
        "outer_least_worst": ("15分钟圈内最少时人口（最重一次）", "outer circle at the worst moment, worst sample"),
        **{f"{key}_mean": (f"{zh}村社（平均）", f"{en} villages, mean") for key, (zh, en) in STATE_WORDS.items()},
        **{f"{key}_worst": (f"{zh}村社（最重一次）", f"{en} villages, worst") for key, (zh, en) in STATE_WORDS.items()},
        "contacted_h_median": ("失联村清零小时（中位）", "hours until the last village is heard of, median"),
        "contacted_h_worst": ("失联村清零小时（最重一次）", "hours until the last village is heard of, worst"),
        "reached_h_median": ("孤立村全部到达小时（中位）", "hours until the last cut-off village is reached, median"),
        "reached_h_worst": ("孤立村全部到达小时（最重一次）", "hours until the last cut-off village is reached, worst"),
    }
)
_TEXT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "whole": ("全县", "county"),
        "inner": ("135圈内人口\n平时→最少", "inner circle\nnormal → least"),
        "outer": ("15分钟圈内人口\n平时→最少", "outer circle\nnormal → least"),
        "village": ("{state}村社", "{state}\nvillages"),
        "contact": ("失联村清零\n（小时）", "all heard of\n(h)"),
        "reached": ("孤立村到达\n（小时）", "all reached\n(h)"),
        "key": (
            "最少、村社数：各次样本最重时刻的平均值，括号内为最重一次；"
            "小时：中位数，括号内为最晚一次，∞ 为 {hours:g} 小时内未恢复。",
            "Least and villages: the mean over the samples of their worst moments, the worst sample in brackets; "
            "hours: the median, the latest in brackets, ∞ for not within {hours:g} h.",
        ),
        "nothing": ("没有这样的设施", "none"),
    }
)
_ASSETS = ("two_roads", "road", "feeder", "base_station")


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the least value that half of the weight does not exceed; ``inf`` counts as late."""
    order = np.argsort(values, kind="stable")
    at = int(np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2 - 1e-12))
    return float(values[order[min(at, len(order) - 1)]])


def answer_by_township(measures: DisruptionMeasures) -> pd.DataFrame:
    """Sum the samples up for each township; an empty name is the whole, and comes first.

    Parameters
    ----------
    measures : DisruptionMeasures
        Of one disruption or of many with probabilities.

    Returns
    -------
    DataFrame
        ``township, people``; people in the inner and outer circle on normal days and at the worst moment; most villages
        in each state; hours until the last village is heard of and reached. Means are weighted by probability.
    """
    places, weights = measures.places, measures.summary["probability"].to_numpy(np.float64)
    weights = weights / weights.sum()
    labels = measures.summary["disruption"]
    least = measures.over_time.groupby(["disruption", "township"], sort=False)[
        ["people_covered_inner", "people_covered_outer"]
    ].min()
    most = measures.by_township.set_index(["disruption", "township"])
    normal = {
        "inner": places.people((places.normal & places.inner)[None, :])[0],
        "outer": places.people((places.normal & ~places.inner)[None, :])[0],
    }
    rows = []
    for at, name in enumerate(places.names):
        keys = pd.MultiIndex.from_product([labels, [name]])
        row: dict[str, object] = {"township": name, "people": float(places.member[at] @ places.demand.people)}
        for circle in ("inner", "outer"):
            values = least[f"people_covered_{circle}"].reindex(keys).to_numpy(np.float64)
            row[f"{circle}_normal"] = float(normal[circle][at])
            row[f"{circle}_least_mean"] = float(weights @ values)
            row[f"{circle}_least_worst"] = float(values.min())
        for state in STATE_WORDS:
            values = most[f"villages_{state}_most"].reindex(keys).to_numpy(np.float64)
            row[f"{state}_mean"], row[f"{state}_worst"] = float(weights @ values), float(values.max())
        for what in ("contacted", "reached"):
            values = most[f"all_{what}_h"].reindex(keys).to_numpy(np.float64)
            row[f"{what}_h_median"], row[f"{what}_h_worst"] = _weighted_median(values, weights), float(values.max())
        rows.append(row)
    return pd.DataFrame(rows)[list(_HEADINGS)]


def answer_in_language(answer: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Put headings and the name of the whole into a language."""
    column = 0 if lang == "zh" else 1
    made = answer.assign(township=[name or _TEXT["whole"][column] for name in answer["township"]])
    return made.rename(columns={key: words[column] for key, words in _HEADINGS.items()})


def worst_by_kind(measures: DisruptionMeasures) -> pd.DataFrame:
    """Return the costliest pair of roads, road, feeder and base station of the costliest disruption.

    Returns
    -------
    DataFrame
        Rows of `DisruptionMeasures.worst_assets`; bridges before other roads, no row for a kind that nothing is of.
    """
    assets = measures.worst_assets.sort_values("rank", kind="stable")
    chosen = []
    for kind in _ASSETS:
        of_kind = assets[assets["kind"] == kind]
        of_kind = of_kind[of_kind["people_cut_off"].gt(0) | of_kind["person_hours_uncovered"].gt(0)]
        if kind in ("two_roads", "road") and of_kind["bridge"].astype(bool).any():
            of_kind = of_kind[of_kind["bridge"].astype(bool)]
        chosen.append(of_kind.head(1))
    return pd.concat(chosen, ignore_index=True)


def answer_table(measures: DisruptionMeasures, answer: pd.DataFrame, console: Console, lang: Lang) -> None:
    """Print the answer as a table, the whole first, and how it is read.

    Parameters
    ----------
    measures : DisruptionMeasures
    answer : DataFrame
        Of `answer_by_township`.
    console : Console
    lang : {'zh', 'en'}
    """
    column = 0 if lang == "zh" else 1
    table = Table(header_style="bold", padding=(0, 1, 0, 0))
    table.add_column(_HEADINGS["township"][column], no_wrap=True)
    heads = [_HEADINGS["people"][column], _TEXT["inner"][column], _TEXT["outer"][column]]
    heads += [_TEXT["village"][column].format(state=words[column]) for words in STATE_WORDS.values()]
    heads += [_TEXT["contact"][column], _TEXT["reached"][column]]
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for number, row in enumerate(answer.to_dict("records")):
        cells: Sequence[str] = [
            count(row["people"]),
            *(
                f"{count(row[f'{circle}_normal'])}→{count(row[f'{circle}_least_mean'])} "
                f"({count(row[f'{circle}_least_worst'])})"
                for circle in ("inner", "outer")
            ),
            *(f"{row[f'{state}_mean']:.1f} ({row[f'{state}_worst']:.0f})" for state in STATE_WORDS),
            *(f"{_hours(row[f'{what}_h_median'])} ({_hours(row[f'{what}_h_worst'])})" for what in _MOMENTS),
        ]
        table.add_row(Text(row["township"] or _TEXT["whole"][column]), *cells, end_section=number == 0)
    console.print(table)
    console.print(Text(_TEXT["key"][column].format(hours=measures.until_s / 3600)))


_MOMENTS = ("contacted", "reached")


def _hours(value: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else "∞"
