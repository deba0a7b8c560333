"""A siting in words: how good the plan is proved to be, what it opens, what no site can cover."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rescuesim.report.labels import Lang, count, label

if TYPE_CHECKING:
    from rescuesim.siting import SitingSolution

__all__ = ["siting_facts"]

_GOALS: Mapping[str, tuple[str, str]] = {
    "max_coverage": ("覆盖权重", "covered weight"),
    "min_sites": ("站点数", "open sites"),
    "min_cost": ("费用", "cost"),
    "min_mean_time": ("加权平均行车秒数", "weighted mean drive in seconds"),
    "min_max_time": ("最远点行车秒数", "longest drive in seconds"),
    "max_backup_coverage": ("有后备的覆盖权重", "weight with backup"),
    "max_available_coverage": ("可用覆盖权重", "weight covered by crews that are there"),
    "max_expected_coverage": ("期望覆盖权重", "expected covered weight"),
    "max_reliable_coverage": ("可靠覆盖权重", "reliably covered weight"),
}
_WORDS: Mapping[str, tuple[str, str]] = {
    "max": (
        "布点：{status}，{goal} {value}，上界 {bound}（{source}）",
        "siting: {status}, {goal} {value}, no plan is above {bound} ({source})",
    ),
    "min": (
        "布点：{status}，{goal} {value}，下界 {bound}（{source}）",
        "siting: {status}, {goal} {value}, no plan is below {bound} ({source})",
    ),
    "min_sites": (
        "布点：{status}，开设 {value} 处即可覆盖所有能覆盖的点，下界 {bound}（{source}）",
        "siting: {status}, {value} sites cover every point that can be covered; it takes at least {bound} ({source})",
    ),
    "none": ("布点：{status}", "siting: {status}"),
    "stage": (
        "第 {n} 目标：{goal} {value}（{status}，界 {bound}）",
        "objective {n}: {goal} {value} ({status}, bound {bound})",
    ),
    "opened": (
        "共开设 {all} 处站点，其中新增 {new} 处，费用合计 {cost}（单位同站点表）",
        "{all} sites open, {new} of them new, cost {cost} in the unit of the site table",
    ),
    "names": ("新增站点：{names}", "new sites: {names}"),
    "uncoverable": (
        "有 {points} 个点、{people} 人，候选站点全部开设也覆盖不到：{reasons}",
        "{points} points with {people} people are out of reach even with every candidate open: {reasons}",
    ),
}


def _say(key: str, lang: Lang, **values: object) -> str:
    return _WORDS[key][0 if lang == "zh" else 1].format(**values)


def siting_facts(solution: SitingSolution, people: Mapping[str, float], lang: Lang) -> list[str]:
    """Say what a siting found, a line a statement.

    Parameters
    ----------
    solution : SitingSolution
    people : mapping of str to float
        By demand id.
    lang : {'zh', 'en'}

    Returns
    -------
    list of str
    """
    if solution.status in ("infeasible", "unknown"):
        return [
            _say("none", lang, status=label("status_of_siting", solution.status, lang)),
            _message(solution.message, lang),
        ]
    new = solution.plan.new_sites()
    lines = [
        _objective(solution, lang),
        _say("opened", lang, all=len(solution.plan.sites), new=len(new), cost=f"{solution.plan.cost:g}"),
    ]
    for number, stage in enumerate(solution.stages, 1):
        said = {"goal": _goal(stage.objective, lang), "value": _number(stage.final), "bound": _number(stage.best_bound)}
        lines.append(_say("stage", lang, n=number, status=label("status_of_siting", stage.status, lang), **said))
    if new:
        names = [site.name for site in new]
        lines.append(_say("names", lang, names=("、" if lang == "zh" else ", ").join(names)))
    beyond = solution.uncoverable[solution.uncoverable["reason"] != "not_in_standard"]
    if len(beyond):
        reasons = [
            f"{label('reason', str(reason), lang)} ({number})"
            for reason, number in beyond["reason"].value_counts().items()
        ]
        total = sum(people[id_] for id_ in beyond["id"])
        lines.append(_say("uncoverable", lang, points=len(beyond), people=count(total), reasons="; ".join(reasons)))
    if solution.message:
        lines.append(_message(solution.message, lang))
    return lines


_MESSAGES: Mapping[str, str] = {
    "stopped at the gap that was asked for": "已达到要求的差距，停止求解",
    "stopped at the limit: the plan is feasible and the gap says how far it may be from the best": (
        "求解到时停止：方案可行，差距即离最好方案的最大距离"
    ),
    "stopped at the limit before any plan was found": "求解到时停止，尚未找到方案",
}


def _message(message: str, lang: Lang) -> str:
    """Return what is said of the solving; what has no Chinese words stays in English."""
    return _MESSAGES.get(message, message) if lang == "zh" else message


def _goal(name: str, lang: Lang) -> str:
    return _GOALS[name][0 if lang == "zh" else 1] if name in _GOALS else name


def _number(value: float) -> str:
    """Write a value: whole ones as counts, others with the digits that matter."""
    if not math.isfinite(value):
        return "–"
    return count(value) if value == round(value) or abs(value) >= 1e5 else f"{value:,.5g}"


def _objective(solution: SitingSolution, lang: Lang) -> str:
    """Say what was reached, and what no plan can do better than."""
    name = solution.objective_name
    sense = "min_sites" if name == "min_sites" else "max" if name.startswith("max") else "min"
    return _say(
        sense,
        lang,
        status=label("status_of_siting", solution.status, lang),
        goal=_goal(name, lang),
        value=_number(solution.objective),
        bound=_number(solution.best_bound),
        source=solution.bound_source,
    )
