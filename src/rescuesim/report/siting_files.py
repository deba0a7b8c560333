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

if TYPE_CHECKING:
    from rescuesim.network import RoadNetwork
    from rescuesim.siting import SitingSolution
    from rescuesim.standard import ResponseStandard

__all__ = ["in_table_language", "siting_summary", "siting_writers", "write_workbook"]

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
    }
)
_MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "steady": "各班次按最好的班次值守",
        "equip": "补齐能力",
        "staff": "更换力量",
        "open": "增设站点",
        "open_and_staff": "增设并更换力量",
        "none": "无单项措施",
    }
)
_LABELLED = {"zone": "zone", "reason": "reason", "crew": "crew", "crew_now": "crew", "fix_crew": "crew", "host": "host"}


def in_table_language(frame: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return a table with headings and words in a language; in English it stays as it is.

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
    for column in {"measure", "fix"} & set(made):
        made[column] = [_MEASURES.get(str(value), value) for value in made[column]]
    if "cause" in made:
        made["cause"] = [cause_words(str(value), lang) for value in made["cause"]]
    for column in made.select_dtypes("bool").columns:
        made[column] = made[column].map({True: "是", False: "否"})
    return made.rename(columns=_HEADINGS)


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, encoding="utf-8-sig")


def _frames(solution: SitingSolution) -> dict[str, pd.DataFrame]:
    """Return every table of a siting and of its explanation."""
    return solution.to_frames() | solution.explain().to_frames()


def write_workbook(path: Path, frames: Mapping[str, pd.DataFrame], lang: Lang) -> None:
    """Write tables as the sheets of one workbook; times and bounds that are not finite stay empty."""
    with pd.ExcelWriter(path, engine="xlsxwriter") as book:
        for name, frame in frames.items():
            sheet = _SHEETS.get(name, name) if lang == "zh" else name
            plain = in_table_language(frame, lang).replace([math.inf, -math.inf], math.nan)
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
    frames = _frames(solution)
    words = explanation_in_words(solution, lang=lang, n_shown=10)
    writers: dict[str, Callable[[Path], object]] = {
        "plan.json": lambda path: path.write_text(solution.plan.to_json() + "\n", encoding="utf-8"),
        "siting.json": lambda path: write_json(path, summary),
        "explanation.txt": lambda path: path.write_text(words + "\n", encoding="utf-8-sig"),
        "siting.xlsx": lambda path: write_workbook(path, frames, lang),
    }
    for name in _CSV:
        writers[f"{name}.csv"] = partial(_write_csv, in_table_language(frames[name], lang))
    assert solution.asked is not None
    problem = solution.asked.problem
    if network is not None and problem.demand.lon is not None and problem.sites.lon is not None:
        from rescuesim.report.siting_map import write_siting_png

        writers["map.png"] = lambda path: write_siting_png(solution, network, path, lang=lang)
    return writers
