"""A siting as files: tables with headings in the reader's language, one workbook, the words, the map."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from rescuesim.report.document import write_json
from rescuesim.report.labels import Lang, label
from rescuesim.report.siting_explained import cause_words, explanation_in_words
from rescuesim.report.siting_phrases import bound_source_words, cell_words, condition_words, kind_word, message_words
from rescuesim.report.siting_words import goal_words
from rescuesim.siting.force import force_composition, force_notes, force_totals

if TYPE_CHECKING:
    from rescuesim.network import RoadNetwork
    from rescuesim.siting import SitingSolution
    from rescuesim.standard import ResponseStandard

__all__ = ["force_summary", "in_table_language", "siting_summary", "siting_writers", "solution_force", "write_workbook"]

_CSV = ("summary", "sites", "points", "uncovered", "measures", "opened_sites", "alternatives")
_SHEETS: Mapping[str, str] = MappingProxyType(
    {
        "summary": "结论",
        "sites": "布点方案",
        "points": "逐点结果",
        "uncoverable": "无法覆盖",
        "uncovered": "未覆盖原因与措施",
        "measures": "单项措施",
        "opened_sites": "各站点作用",
        "alternatives": "相近方案",
        "allocation": "服务分配",
        "stages": "依次目标",
        "relaxation": "最小放宽",
        "states": "各路况覆盖",
        "missed_by_state": "各路况未覆盖",
    }
)
_HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "id": "编号",
        "name": "名称",
        "township": "乡镇街道",
        "zone": "区域",
        "people": "人口",
        "weight": "权重",
        "covered": "已覆盖",
        "nearest_site": "最近的适任站点",
        "nearest_s": "行车秒数",
        "limit_s": "时限秒数",
        "reason": "原因",
        "cause": "原因归类",
        "fix": "措施",
        "fix_site": "措施站点",
        "fix_crew": "所需力量",
        "fix_drive_s": "措施行车秒数",
        "fix_limit_s": "措施时限秒数",
        "open_site": "可增设站点",
        "open_cost": "增设费用",
        "open_drive_s": "增设行车秒数",
        "over_s": "超出最长时限秒数",
        "measure": "措施",
        "site": "站点",
        "crew_now": "现有力量",
        "crew": "力量",
        "points": "点数",
        "cost": "费用",
        "status": "状态",
        "fixed": "固定开设",
        "units": "车组",
        "kind": "类别",
        "host": "依托单位",
        "lon": "经度",
        "lat": "纬度",
        "covers_points": "覆盖点数",
        "covers_people": "覆盖人口",
        "alone_points": "独自覆盖点数",
        "alone_people": "独自覆盖人口",
        "alone_weight": "独自覆盖权重",
        "replacement": "可代替站点编号",
        "replacement_name": "可代替站点",
        "kept_share": "代替后保留比重",
        "lost": "不设的损失",
        "needed_for": "为满足条件",
        "shut": "不设",
        "opened": "改设",
        "value": "目标值",
        "share": "比重",
        "point": "需求点",
        "objective_name": "目标",
        "objective": "目标值",
        "best_bound": "界",
        "bound_source": "界的依据",
        "gap": "差距",
        "ties_broken": "并列已比较",
        "sites": "开设站点数",
        "runtime_s": "用时秒数",
        "seed": "随机种子",
        "message": "说明",
        "fix_people": "措施后编制人数",
        "fix_more_people": "须增人数",
        "fix_cost": "措施费用",
        "fix_margin_s": "措施余量秒数",
        "only_just": "刚刚够",
        "open_people": "增设编制人数",
        "open_margin_s": "增设余量秒数",
        "open_only_just": "增设刚刚够",
        "just_fix": "刚刚够的人员措施",
        "just_site": "该措施站点",
        "just_crew": "该措施力量",
        "just_more_people": "该措施须增人数",
        "just_margin_s": "该措施余量秒数",
        "people_sure": "其中余量充足的人口",
        "roster_now": "现有编制人数",
        "roster": "编制人数",
        "more_people": "须增人数",
        "kept_people": "代替后保留人口",
        "new_people": "代替后新覆盖人口",
        "turn_out": "一次出动人数",
        "same_people": "各班同一批人",
        "covered_share": "各路况覆盖概率",
        "state": "路况",
        "probability": "概率",
        "people_covered": "覆盖人口",
        "missed_share": "不能覆盖的概率",
        "cut_share": "断路的概率",
        "detour_share": "绕行超时的概率",
        "condition": "条件",
        "sense": "方向",
        "asked": "原要求",
        "needed": "须放宽到",
        "change": "变化",
        "kept_at": "后续须保持",
        "final": "最终值",
        "time": "行车用时",
    }
)
_SHIFTS = {"day": "白班", "night": "夜班"}
_LABELLED = {
    **{name: name for name in ("zone", "reason", "crew", "host")},
    **{"crew_now": "crew", "fix_crew": "crew", "just_crew": "crew"},
}
_SITING_STATUS = frozenset({"optimal", "feasible", "infeasible", "unknown"})


def in_table_language(frame: pd.DataFrame, lang: Lang, *, kind: str = "station") -> pd.DataFrame:
    """Return a table with headings and words in a language; in English it stays as it is.

    `kind` is that of the sites that were placed: causes speak of depots where depots were.

    Examples
    --------
    >>> in_table_language(pd.DataFrame({"id": ["s1"], "crew": ["brigade"]}), "zh").to_dict("records")
    [{'编号': 's1', '力量': '消防救援站'}]
    """
    if lang == "en":
        return frame
    made = frame.copy()
    for column, group in _LABELLED.items():
        if column in made:
            made[column] = [label(group, str(value), lang) if value else "" for value in made[column]]
    for column in {"measure", "fix", "just_fix", "sense"} & set(made):
        made[column] = [cell_words(column, str(value), lang) for value in made[column]]
    if "cause" in made:
        states = "missed_share" in made
        made["cause"] = [
            cell_words("state_cause", str(value), lang) if states else cause_words(str(value), lang, kind=kind)
            for value in made["cause"]
        ]
    if "status" in made:
        made["status"] = [_status_words(str(value), lang) for value in made["status"]]
    if "kind" in made:
        made["kind"] = [kind_word(str(value), lang) for value in made["kind"]]
    if "message" in made:
        made["message"] = [message_words(str(value), lang) for value in made["message"]]
    for column in {"condition", "needed_for"} & set(made):
        made[column] = [condition_words(str(value), lang) for value in made[column]]
    for column in {"bound_source"} & set(made):
        made[column] = [bound_source_words(str(value), lang) for value in made[column]]
    for column in {"objective_name", "objective"} & set(made):
        made[column] = [goal_words(value, lang) if isinstance(value, str) else value for value in made[column]]
    for column in made.select_dtypes("bool").columns:
        made[column] = made[column].map({True: "是", False: "否"})
    shifts = {
        name: f"{_SHIFTS.get(name.removeprefix('people_'), name.removeprefix('people_'))}在册人数"
        for name in map(str, made)
        if name.startswith("people_") and name not in _HEADINGS
    }
    return made.rename(columns={**_HEADINGS, **shifts})


def _status_words(status: str, lang: Lang) -> str:
    return label("status_of_siting" if status in _SITING_STATUS else "status", status, lang)


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, encoding="utf-8-sig")


def _frames(solution: SitingSolution) -> dict[str, pd.DataFrame]:
    """Return every table of a siting and of its explanation; the sites with the people that they take."""
    frames = solution.to_frames() | solution.explain().to_frames()
    force = solution_force(solution)
    staff = [name for name in force if name not in ("name", "kind", "status", "crew", "units")]
    return frames | {"sites": frames["sites"].merge(force[staff], on="id", how="left", validate="one_to_one")}


def solution_force(solution: SitingSolution) -> pd.DataFrame:
    """Return the force composition of a siting's plan, with the staffing that was asked for."""
    assert solution.asked is not None
    sites, constraints = solution.asked.problem.times.sites, solution.asked.constraints
    return force_composition(solution.plan, sites, constraints=constraints)


def force_summary(solution: SitingSolution) -> dict[str, object]:
    """Return the force composition as JSON holds it: totals, a row a site, and what is not known."""
    force = solution_force(solution)
    rows = [
        {str(name): None if value is pd.NA else value for name, value in row.items()}
        for row in force.drop(columns=["name", "status"]).astype(object).to_dict("records")
    ]
    return {**force_totals(force), "sites": rows, "notes": list(force_notes(force))}


def write_workbook(path: Path, frames: Mapping[str, pd.DataFrame], lang: Lang, *, kind: str = "station") -> None:
    """Write tables as the sheets of one workbook; times and bounds that are not finite stay empty."""
    with pd.ExcelWriter(path, engine="xlsxwriter") as book:
        for name, frame in frames.items():
            sheet = _SHEETS.get(name, name) if lang == "zh" else name
            plain = in_table_language(frame, lang, kind=kind).replace([math.inf, -math.inf], math.nan)
            plain.to_excel(book, sheet_name=sheet[:31], index=False)
            page = book.sheets[sheet[:31]]
            page.freeze_panes(1, 0)
            page.set_column(0, max(len(plain.columns) - 1, 0), 14)


def siting_summary(
    solution: SitingSolution, *, standard: ResponseStandard | None, limit_s: float | None
) -> dict[str, object]:
    """Collect what ``siting.json`` holds.

    Parameters
    ----------
    solution : SitingSolution
    standard : ResponseStandard or None
    limit_s : float or None
        The one limit, where no standard holds.
    """
    points = solution.points
    summary: dict[str, object] = {
        "standard": None if standard is None else standard.name,
        "limit_s": limit_s,
        "objective_name": solution.objective_name,
        "status": solution.status,
        "objective": solution.objective,
        "best_bound": solution.best_bound,
        "bound_source": solution.bound_source,
        "gap": solution.gap,
        "ties_broken": solution.ties_broken,
        "message": solution.message,
        "opened": list(solution.opened),
        "new_sites": [site.id for site in solution.plan.new_sites()],
        "units": solution.units,
        "cost": round(solution.plan.cost, 6),
        "surely_open": list(solution.surely_open),
        "surely_shut": list(solution.surely_shut),
        "covered_points": int(points["covered"].sum()),
        "uncovered_by_reason": points.loc[~points["covered"], "reason"].value_counts().sort_index().to_dict(),
        "uncoverable_by_reason": solution.uncoverable["reason"].value_counts().sort_index().to_dict(),
        "runtime_s": solution.runtime_s,
    }
    if solution.stages:
        summary["stages"] = solution.to_frames()["stages"].to_dict("records")
    if solution.relaxation is not None:
        summary["relaxation"] = solution.relaxation.to_dict("records")
    if solution.status in ("optimal", "feasible"):
        told = solution.explain()
        summary |= {"people": told.people, "people_covered": told.people_covered}
        summary |= {"people_only_just": told.people_only_just, "margin_s": told.margin_s}
        summary["force"] = force_summary(solution)
        if told.states is not None:
            worst, least = told.states.worst
            summary["states"] = {
                "n": len(told.states.table),
                "mean_share": told.states.mean_share,
                "worst": worst,
                "worst_share": least,
            }
        summary["uncovered_by_cause"] = told.points["cause"].value_counts().sort_index().to_dict()
        summary["alternatives"] = told.n_alternatives
    return summary


def siting_writers(
    solution: SitingSolution, network: RoadNetwork | None, *, summary: Mapping[str, object], lang: Lang
) -> dict[str, Callable[[Path], object]]:
    """Return what writes each file of a siting, by its name.

    Parameters
    ----------
    solution : SitingSolution
        With a plan.
    network : RoadNetwork or None
        Draws the map, where sites and points have positions.
    summary : mapping of str to object
        The content of ``siting.json``.
    lang : {'zh', 'en'}
    """
    frames, kind = _frames(solution), "station" if solution.asked is None else solution.asked.kind
    words = explanation_in_words(solution, lang=lang, n_shown=10)
    writers: dict[str, Callable[[Path], object]] = {
        "plan.json": lambda path: path.write_text(solution.plan.to_json() + "\n", encoding="utf-8"),
        "siting.json": lambda path: write_json(path, summary),
        "explanation.txt": lambda path: path.write_text(words + "\n", encoding="utf-8-sig"),
        "siting.xlsx": lambda path: write_workbook(path, frames, lang, kind=kind),
    }
    for name in _CSV:
        writers[f"{name}.csv"] = partial(_write_csv, in_table_language(frames[name], lang, kind=kind))
    assert solution.asked is not None
    problem = solution.asked.problem
    if network is not None and problem.demand.lon is not None and problem.sites.lon is not None:
        from rescuesim.report.siting_map import write_siting_png

        writers["map.png"] = lambda path: write_siting_png(solution, network, path, lang=lang)
    return writers
