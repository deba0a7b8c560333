"""A siting in words: how good the plan is proved to be, what it opens, what no site can cover."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rescuesim.report.labels import Lang, count, label

if TYPE_CHECKING:
    from rescuesim.siting import SitingSolution

__all__ = ["siting_facts"]

_WORDS: Mapping[str, tuple[str, str]] = {
    "max_coverage": (
        "布点：{status}，覆盖权重 {value}，上界 {bound}（{source}）",
        "siting: {status}, covered weight {value}, no plan is above {bound} ({source})",
    ),
    "min_sites": (
        "布点：{status}，开设 {value} 处即可覆盖所有能覆盖的点，下界 {bound}（{source}）",
        "siting: {status}, {value} sites cover every point that can be covered; it takes at least {bound} ({source})",
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
    new = solution.plan.new_sites()
    bound = count(solution.best_bound) if math.isfinite(solution.best_bound) else "–"
    lines = [
        _say(
            solution.objective_name,
            lang,
            status=label("status_of_siting", solution.status, lang),
            value=count(solution.objective),
            bound=bound,
            source=solution.bound_source,
        ),
        _say("opened", lang, all=len(solution.plan.sites), new=len(new), cost=f"{solution.plan.cost:g}"),
    ]
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
        lines.append(solution.message)
    return lines
