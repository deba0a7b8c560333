"""The tables of the report page, as rows of words: what the template lays out and nothing more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from rescuesim.report.county_map import point_states
from rescuesim.report.labels import (
    NOTHING,
    P90_FROM,
    Lang,
    count,
    difference,
    group_words,
    interval,
    label,
    percent,
    reason_words,
    seconds,
    share,
    text,
)

if TYPE_CHECKING:
    from rescuesim.report.comparison import Comparison

__all__ = [
    "force_table",
    "headline_table",
    "misses_table",
    "new_sites_table",
    "site_names",
    "stages_table",
    "townships_table",
    "uncovered_table",
]

Block = dict[str, object]
_MOST_ROWS = 100  # of uncovered points; the others are on the map


def headline_table(comparison: Comparison, lang: Lang) -> list[Block]:
    """Return one part for each headline figure, with a row for every condition and way of counting."""
    parts: list[Block] = []
    for figure, name in group_words("figure", lang).items():
        frame = comparison.headline[comparison.headline["figure"] == figure]
        rows = [
            _headline_row(comparison, frame, condition, figure, str(counted), lang)
            for condition in comparison.conditions
            for counted in dict.fromkeys(frame.loc[frame["condition"] == condition, "counted"])
        ]
        if rows:
            meaning = label("figure_meaning", figure, lang)
            parts.append({"key": figure, "name": name, "meaning": meaning, "rows": rows})
    return parts


def _headline_row(
    comparison: Comparison, frame: pd.DataFrame, condition: str, figure: str, counted: str, lang: Lang
) -> Block:
    here = frame[(frame["condition"] == condition) & (frame["counted"] == counted)]
    found = comparison.differences
    found = found[(found["condition"] == condition) & (found["figure"] == figure) & (found["counted"] == counted)]
    plans = list(comparison.plans)
    return {
        "condition": label("condition", condition, lang),
        "counted": label("counted", counted, lang),
        "plans": [_value_cell(here[here["plan"] == plan], counted, lang) for plan in plans],
        "differences": [_difference_cell(found[found["plan"] == plan], lang) for plan in plans[1:]],
    }


def _value_cell(rows: pd.DataFrame, counted: str, lang: Lang) -> Block:
    if rows.empty:
        return {"value": NOTHING, "interval": "", "n": ""}
    row = rows.iloc[0]
    value, n = float(row["value"]), float(row["n"])
    written = share(value, n, counted, lang)
    whole = written != percent(value)  # then the count is in it
    return {
        "value": written,
        "interval": interval(float(row["low"]), float(row["high"])),
        "n": "" if whole else f"{count(n)} {label('unit', counted, lang)}",
    }


def _difference_cell(rows: pd.DataFrame, lang: Lang) -> Block:
    if rows.empty:
        return {"value": NOTHING, "n": ""}
    row = rows.iloc[0]
    replications = int(row["replications"])
    return {
        "value": difference(float(row["difference"]), float(row["low"]), float(row["high"])),
        "n": text("replications", lang, n=replications) if replications else "",
    }


def _by_condition(frame: pd.DataFrame, comparison: Comparison) -> Iterable[tuple[str, pd.DataFrame, list[str]]]:
    """Yield each condition with its rows and the plans that were tried under it."""
    for condition in comparison.conditions:
        rows = frame[frame["condition"] == condition]
        present = set(comparison.headline.loc[comparison.headline["condition"] == condition, "plan"])
        yield condition, rows, [plan for plan in comparison.plans if plan in present]


def _block(condition: str, plans: Iterable[str], rows: list[Block], lang: Lang) -> Block:
    return {
        "condition": label("condition", condition, lang),
        "plans": [label("plan", plan, lang) for plan in plans],
        "rows": rows,
    }


def townships_table(comparison: Comparison, lang: Lang) -> list[Block]:
    """Return the three figures and the calls of each township, by condition."""
    blocks = []
    for condition, frame, plans in _by_condition(comparison.townships, comparison):
        by_key = frame.set_index(["township", "plan"])
        rows: list[Block] = []
        for township in dict.fromkeys(frame["township"]):
            cells: list[str] = []
            people = math.nan
            for plan in plans:
                if (township, plan) not in by_key.index:
                    cells += [NOTHING] * 4
                    continue
                row = by_key.loc[(township, plan)]
                people, calls = float(row["people"]), float(row["calls"])
                cells += [
                    share(float(row["built_coverage"]), people, "people", lang),
                    share(float(row["available_coverage"]), people, "people", lang),
                    share(float(row["attainment"]), calls, "calls", lang),
                    count(calls),
                ]
            name = str(township) if township not in ("", "-") else text("no_township", lang)
            rows.append({"name": name, "people": count(people), "cells": cells})
        blocks.append(_block(condition, plans, rows, lang))
    return blocks


def stages_table(comparison: Comparison, lang: Lang) -> list[Block]:
    """Return planned and simulated times of each stage, by condition; a thin 90th percentile is withheld."""
    blocks = []
    for condition, frame, plans in _by_condition(comparison.stages, comparison):
        by_key = frame.set_index(["stage", "plan"])
        rows: list[Block] = []
        for stage in dict.fromkeys(frame["stage"]):
            cells: list[str] = []
            for plan in plans:
                if (stage, plan) not in by_key.index:
                    cells += [NOTHING] * 5
                    continue
                row = by_key.loc[(stage, plan)]
                n = float(row["n"])
                cells += [count(float(row[f"planned_{part}_s"])) for part in ("p50", "p90")]
                far = count(float(row["simulated_p90_s"])) if n >= P90_FROM else NOTHING
                cells += [count(float(row["simulated_p50_s"])), far, count(n)]
            rows.append({"name": label("stage", str(stage), lang), "cells": cells, "total": stage == "total"})
        blocks.append(_block(condition, plans, rows, lang))
    return blocks


def misses_table(comparison: Comparison, lang: Lang) -> list[Block]:
    """Return the missed calls by reason, by condition, the most frequent first."""
    blocks = []
    for condition, frame, plans in _by_condition(comparison.misses, comparison):
        by_key = frame.set_index(["reason", "plan"])
        totals = frame.groupby("reason", sort=True)["calls"].sum().sort_values(ascending=False, kind="stable")
        rows: list[Block] = []
        for reason in totals.index:
            cells = []
            for plan in plans:
                if (reason, plan) not in by_key.index:
                    cells.append(count(0))
                    continue
                row = by_key.loc[(reason, plan)]
                calls = float(row["calls"])
                cells.append(f"{count(calls)} ({share(float(row['share']), calls, 'calls', lang)})")
            rows.append({"name": label("miss", str(reason), lang).replace("_", " "), "cells": cells})
        blocks.append(_block(condition, plans, rows, lang))
    return blocks


def site_names(comparison: Comparison) -> dict[str, str]:
    """Return the names of all open sites, by id."""
    return {site.id: site.name or site.id for plan in comparison.plans.values() for site in plan.sites}


def uncovered_table(comparison: Comparison, lang: Lang) -> list[Block]:
    """Return the points that are not covered or have no standard, by condition and plan, by people."""
    blocks: list[Block] = []
    names = site_names(comparison)
    last = list(comparison.plans)[-1]
    for condition, frame, plans in _by_condition(comparison.points, comparison):
        for plan in plans:
            points = frame[frame["plan"] == plan]
            missed = points[point_states(points) != "covered"].sort_values(
                ["people", "id"], ascending=[False, True], kind="stable"
            )
            shown, rest = missed.iloc[:_MOST_ROWS], missed.iloc[_MOST_ROWS:]
            people = count(float(missed["people"].sum()))
            blocks.append(
                {
                    "name": f"{label('plan', plan, lang)} · {label('condition', condition, lang)}",
                    "summary": text("uncovered_count", lang, n=count(len(missed)), people=people)
                    if len(missed)
                    else text("none_uncovered", lang),
                    "open": plan == last,
                    "rows": [_uncovered_row(row, names, lang) for _, row in shown.iterrows()],
                    "rest": _rest_words(rest, lang),
                }
            )
    return blocks


def _rest_words(rest: pd.DataFrame, lang: Lang) -> str:
    if rest.empty:
        return ""
    people = count(float(rest["people"].sum()))
    return text("uncovered_rest", lang, shown=_MOST_ROWS, n=count(len(rest)), people=people)


def _uncovered_row(row: pd.Series, names: dict[str, str], lang: Lang) -> Block:
    site = str(row["nearest_site"]) if isinstance(row["nearest_site"], str) else ""
    return {
        "name": str(row["name"]),
        "township": str(row["township"]),
        "zone": label("zone", str(row["zone"]), lang),
        "people": count(float(row["people"])),
        "reason": reason_words(str(row["reason"]), lang),
        "site": names.get(site, site) or NOTHING,
        "drive": seconds(float(row["nearest_s"]), lang),
        "limit": seconds(float(row["limit_s"]), lang),
    }


def new_sites_table(comparison: Comparison, lang: Lang) -> list[Block]:
    """Return the sites of each plan that do not exist yet."""
    blocks: list[Block] = []
    for name, plan in comparison.plans.items():
        rows: list[Block] = [
            {
                "name": site.name,
                "township": site.township or NOTHING,
                "crew": label("crew", site.crew, lang),
                "units": count(site.units),
                "host": label("host", site.host, lang) or NOTHING,
                "status": label("status", site.status, lang),
                "position": NOTHING if site.lon is None or site.lat is None else f"{site.lon:.5f}, {site.lat:.5f}",
            }
            for site in plan.new_sites()
        ]
        if rows:
            blocks.append({"name": label("plan", name, lang), "rows": rows})
    return blocks


def force_table(force: Mapping[str, pd.DataFrame], lang: Lang) -> list[Block]:
    """Return the people of each open site by shift, plan by plan, with their sum."""
    blocks: list[Block] = []
    for name, frame in force.items():
        shifts = [column for column in map(str, frame) if column.startswith("people_")]
        numbers = ["units", "turn_out", *shifts, "roster"]
        rows: list[Block] = []
        for row in frame.to_dict("records"):
            crew = label("crew", row["crew"], lang) if row["crew"] else NOTHING
            same = text("same_people", lang) if row["same_people"] else ""
            crew += (f"（{same}）" if lang == "zh" else f" ({same})") if same else ""
            status = label("status", row["status"], lang)
            cells = [_people(row[one]) for one in numbers]
            rows.append(
                {"name": row["name"] or row["id"], "crew": crew, "status": status, "cells": cells, "total": False}
            )
        sums = [_people(frame[one].sum(min_count=1)) for one in numbers]
        rows.append({"name": text("together", lang), "crew": "", "status": "", "cells": sums, "total": True})
        columns = [text("units", lang), text("turn_out", lang)]
        columns += [text("in_shift", lang, shift=_shift(one.removeprefix("people_"), lang)) for one in shifts]
        blocks.append({"name": label("plan", name, lang), "columns": [*columns, text("roster", lang)], "rows": rows})
    return blocks


def _people(value: Any) -> str:
    return NOTHING if pd.isna(value) else count(float(value))


def _shift(name: str, lang: Lang) -> str:
    return text(name, lang) if name in ("day", "night") else name
