"""The attainment tables of the report page and the console: limits kept, zones, phases, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from rescuesim.report.attainment.words import milestone_words, phase_words, say
from rescuesim.report.labels import NOTHING, Lang, count, interval, label, share
from rescuesim.report.place_tables import place_name, stage_limit

if TYPE_CHECKING:
    from rescuesim.report.comparison import Comparison

__all__ = ["attainment_lines", "kept_table", "phases_table", "villages_table", "zones_table"]

Block = dict[str, object]
_MOST_REASONS = 4  # said in one line; the page lists all
_MOST_VILLAGES = 25


def _plans_under(comparison: Comparison, condition: str) -> list[str]:
    present = set(comparison.headline.loc[comparison.headline["condition"] == condition, "plan"])
    return [plan for plan in comparison.plans if plan in present]


def _block(condition: str, plans: list[str], rows: list[Block], lang: Lang) -> Block:
    names = [label("plan", plan, lang) for plan in plans]
    return {"condition": label("condition", condition, lang), "plans": names, "rows": rows}


def _limit_words(row: pd.Series, lang: Lang) -> str:
    if not row["since"]:
        return say("all", lang)
    since, until = (milestone_words(str(row[name]), lang) for name in ("since", "stage"))
    return say("within", lang, since=since, until=until, limit=f"{row['limit_s']:g}")


def _share_cell(row: pd.Series, lang: Lang, value: str = "share") -> str:
    if not row["calls"]:
        return NOTHING
    written = share(float(row[value]), float(row["calls"]), "calls", lang)
    return f"{written} {interval(float(row['low']), float(row['high']))}".strip()


def kept_table(comparison: Comparison, lang: Lang) -> list[Block]:
    """Return, by condition, the share of calls that kept each limit and all limits, the binding one marked."""
    blocks = []
    for condition in comparison.conditions:
        frame = comparison.kept[comparison.kept["condition"] == condition]
        plans = _plans_under(comparison, condition)
        by_key = {(str(row["reading"]), str(row["stage"]), str(row["plan"])): row for _, row in frame.iterrows()}
        rows: list[Block] = []
        for reading, stage in dict.fromkeys(zip(frame["reading"].astype(str), frame["stage"].astype(str), strict=True)):
            cells = []
            for plan in plans:
                row = by_key[(reading, stage, plan)]
                alone = say("alone", lang, n=count(float(row["missed_alone"])))
                marked = f"{say('binding', lang)}; {alone}" if row["binding"] else ""
                cells.append({"value": _share_cell(row, lang), "binding": marked})
            first = by_key[(reading, stage, plans[0])]
            rows.append(
                {"reading": reading, "name": _limit_words(first, lang), "cells": cells, "total": stage == "all"}
            )
        blocks.append(_block(condition, plans, rows, lang))
    return blocks


def zones_table(comparison: Comparison, lang: Lang) -> list[Block]:
    """Return the three figures of each zone side by side, by condition."""
    blocks = []
    for condition in comparison.conditions:
        frame = comparison.zones[comparison.zones["condition"] == condition]
        plans = _plans_under(comparison, condition)
        by_key = frame.set_index(["zone", "plan"])
        rows: list[Block] = []
        for zone in dict.fromkeys(frame["zone"]):
            cells: list[str] = []
            people = math.nan
            for plan in plans:
                row = by_key.loc[(zone, plan)]
                people = float(row["people"])
                cells += [
                    share(float(row[f"{name}_coverage"]), people, "people", lang) for name in ("built", "available")
                ]
                cells += [_share_cell(row, lang, "attainment"), count(float(row["calls"]))]
            rows.append({"name": label("zone", str(zone), lang), "people": count(people), "cells": cells})
        blocks.append(_block(condition, plans, rows, lang))
    return blocks


def _seconds_cell(value: float, lang: Lang) -> str:
    if math.isnan(value):
        return NOTHING
    return say("never", lang) if math.isinf(value) else count(value)


def phases_table(comparison: Comparison, lang: Lang) -> list[Block]:
    """Return attainment and times of each phase, for the conditions that are disasters."""
    blocks = []
    for condition in comparison.conditions:
        if comparison.phases.empty or condition not in set(comparison.phases["condition"]):
            continue
        frame = comparison.phases[comparison.phases["condition"] == condition]
        plans = _plans_under(comparison, condition)
        by_key = frame.set_index(["phase", "plan"])
        rows: list[Block] = []
        for phase in dict.fromkeys(frame["phase"]):
            if not frame.loc[frame["phase"] == phase, "calls"].any():
                continue  # nothing rang, such as before an impact at the start
            cells: list[str] = []
            for plan in plans:
                row = by_key.loc[(phase, plan)]
                reason = label("miss", str(row["reason"]), lang).replace("_", " ") if row["reason"] else NOTHING
                cells += [_share_cell(row, lang), _seconds_cell(float(row["p50_s"]), lang)]
                cells += [_seconds_cell(float(row["p90_s"]), lang), count(float(row["calls"])), reason]
            rows.append({"name": phase_words(str(phase), lang), "cells": cells})
        blocks.append(_block(condition, plans, rows, lang))
    return blocks


def villages_table(comparison: Comparison, lang: Lang) -> list[Block]:
    """Return, by condition and plan, the villages with most missed calls, the limit that binds there and the reason."""
    blocks: list[Block] = []
    for condition in comparison.conditions:
        for plan in _plans_under(comparison, condition):
            frame = comparison.villages
            frame = frame[(frame["condition"] == condition) & (frame["plan"] == plan)]
            if frame.empty:
                continue
            rows = [
                {
                    "name": place_name(row, "village", lang),
                    "people": count(row["people"]),
                    "calls": count(row["calls"]),
                    "missed": count(row["missed"]),
                    "attained": _share_cell(pd.Series(row), lang),
                    "binding": stage_limit(row, lang),
                    "reason": label("miss", str(row["reason"]), lang).replace("_", " "),
                }
                for row in frame.head(_MOST_VILLAGES).to_dict("records")
            ]
            left = frame.iloc[_MOST_VILLAGES:]
            rest = say("villages_rest", lang, n=count(len(left)), missed=count(float(left["missed"].sum())))
            names = f"{label('condition', condition, lang)} · {label('plan', plan, lang)}"
            blocks.append({"name": names, "rows": rows, "rest": rest if len(left) else ""})
    return blocks


def attainment_lines(comparison: Comparison, lang: Lang) -> list[str]:
    """Say for each condition and plan which limit binds and why calls were missed, a line each.

    Returns
    -------
    list of str
        Nothing for a case in which no call was missed.
    """
    lines = []
    cases = [(condition, plan) for condition in comparison.conditions for plan in _plans_under(comparison, condition)]
    for condition, plan in cases:
        names = {"condition": label("condition", condition, lang), "plan": label("plan", plan, lang)}
        kept = comparison.kept
        kept = kept[(kept["condition"] == condition) & (kept["plan"] == plan) & kept["binding"].astype(bool)]
        for _, row in kept.iterrows():
            if (comparison.kept["reading"] == row["reading"]).sum() == 2 * len(cases):
                continue  # one limit and the row of all: nothing else could bind
            alone, missed = count(float(row["missed_alone"])), count(float(row["missed"]))
            stage = _limit_words(row, lang)
            counts = {"alone": alone, "missed": missed, "stage": stage, "reading": str(row["reading"])}
            lines.append(say("binding_line", lang, **names, **counts))
        misses = comparison.misses
        misses = misses[(misses["condition"] == condition) & (misses["plan"] == plan)]
        if len(misses):
            most = misses.sort_values(["calls", "reason"], ascending=[False, True]).head(_MOST_REASONS)
            told = [
                f"{label('miss', str(row['reason']), lang).replace('_', ' ')} {count(float(row['calls']))}"
                for _, row in most.iterrows()
            ]
            reasons = ("、" if lang == "zh" else "; ").join(told)
            lines.append(say("reasons_line", lang, **names, reasons=reasons))
    return lines
