"""A siting in words, the answer first: who is reached, where, with what people and money, and how sure that is.

Built coverage has one denominator everywhere: the people in zones with a standard. Weights and bounds, which planners
do not speak in, stand below as technical figures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rescuesim.report.labels import NOTHING, Lang, count, label, percent, share
from rescuesim.report.siting_phrases import bound_source_words, kind_word, message_words
from rescuesim.siting.force import force_composition, force_totals

if TYPE_CHECKING:
    from rescuesim.siting import Explanation, SitingSolution

__all__ = ["answer_lines", "force_words", "goal_words", "siting_facts", "technical_lines"]

_SHOWN = 30  # names of new sites in a line
_GOALS: Mapping[str, tuple[str, str]] = {
    "max_coverage": ("覆盖权重", "covered weight"),
    "max_coverage_over_states": ("各路况下的覆盖权重", "covered weight over states"),
    "min_sites": ("站点数", "open sites"),
    "min_cost": ("费用", "cost"),
    "min_mean_time": ("加权平均行车秒数", "weighted mean drive in seconds"),
    "min_max_time": ("最远点行车秒数", "longest drive in seconds"),
    "max_backup_coverage": ("双重覆盖的权重（后备覆盖，BACOP）", "weight of backup coverage (BACOP)"),
    "max_available_coverage": ("可用覆盖权重", "weight covered by crews that are there"),
    "max_expected_coverage": ("期望覆盖权重", "expected covered weight"),
    "max_min_coverage": ("最差乡镇的覆盖比重", "share covered in the township that is worst off"),
    "max_reliable_coverage": ("可靠覆盖权重", "reliably covered weight"),
    "capacitated_median": ("受容量限制的平均行车秒数", "mean drive in seconds within capacities"),
    "capacitated_location": ("费用与行车之和", "cost plus driving"),
}
_WORDS: Mapping[str, tuple[str, str]] = {
    "none": ("没有可用的方案（{status}）：{message}", "There is no plan ({status}): {message}"),
    "built": (
        "建成覆盖率（静态，{roads}以{denominator} {people} 人为分母）：{share}，即 {covered} 人在行车时限之内。"
        "这是建成后的目标，不是对每次呼叫的承诺。",
        "Built coverage (static, {roads}of the {people} people {denominator}): {share}, {covered} people within the "
        "drive limit. A goal once built, no promise for each call.",
    ),
    "supplied": (
        "行车时限之内的人口（静态，{roads}以{denominator} {people} 人为分母）：{share}，即 {covered} 人。",
        "Within the drive limit (static, {roads}of the {people} people {denominator}): {share}, {covered} people.",
    ),
    "states": (
        "按 {n} 种路况：平均 {mean}，最差的路况（{label}）{worst}，分母同上。",
        "Over {n} states of the roads: {mean} on average, {worst} in the worst one ({label}), of the same people.",
    ),
    "mean_time": ("加权平均行车 {value} {unit}。", "The weighted mean drive is {value} {unit}."),
    "max_time": ("最远的点行车 {value} {unit}。", "The farthest point is a drive of {value} {unit} away."),
    "opened": (
        "开设 {all} 处{kind}：已有 {old} 处，新增 {new} 处{names}。",
        "{all} {kind} open, {old} existing and {new} new{names}.",
    ),
    "people": (
        "力量编成：编制共 {people} 人，其中新增{kind} {new} 人（在册人数，不是一次出动人数）；{shifts}{unknown}。"
        "分力量：{crews}。",
        "Staff: {people} people on all rosters (not turnouts), {new} of them at new {kind}; {shifts}{unknown}. "
        "By crew: {crews}.",
    ),
    "crew": ("{crew} {n} 处 {people} 人", "{crew} {n} with {people} people"),
    "no_people": ("人员：没有编配数据，人数未知。", "Staff: no staffing is known, so neither is the number of people."),
    "shift": ("{shift}在册 {people} 人", "{people} in shift {shift}"),
    "unknown": ("；另有 {n} 处人数未知，未计入", "; the people of {n} more are not known and not counted"),
    "cost": ("费用合计 {cost}（单位同站点表）{net}。", "Cost {cost} in the unit of the site table{net}."),
    "net": ("，扣除补助后 {net}", ", {net} after subsidies"),
    "funds": ("，未扣补助（补助资金有上限）", ", before subsidies (their funds are limited)"),
    "sure_cover": (
        "把握：已证明，按给定的{kind}和条件，没有方案能覆盖更多。",
        "How sure: proved, with these {kind} and conditions no plan can cover more.",
    ),
    "sure": (
        "把握：已证明，按给定的{kind}和条件，没有更好的方案。",
        "How sure: proved, with these {kind} and conditions no plan is better.",
    ),
    "gap": (
        "把握：方案可行，未证明最好；离最好的方案至多差 {gap}。",
        "How sure: the plan is feasible and not proved best; it is at most {gap} from the best.",
    ),
    "no_bound": (
        "把握：方案可行，尚未证明离最好的方案还有多远。",
        "How sure: the plan is feasible; how far it is from the best is not proved.",
    ),
    "only_just": (
        "已覆盖的人中有 {people} 人只是刚刚够：行车离时限不足 {margin} 秒，宜实测行车时间。",
        "Of those covered, {people} people only just are: within the limit by less than {margin} s, measure the drive.",
    ),
    "uncoverable": (
        "所有候选{kind}全部开设也覆盖不到的：{points} 个点、{people} 人。",
        "Out of reach even with every candidate open: {points} points with {people} people.",
    ),
    "technical": (
        "技术指标：{status}，{goal} {value}，{side} {bound}（依据：{source}）。",
        "Technical: {status}, {goal} {value}, {side} {bound} (by {source}).",
    ),
    "stage": (
        "  第 {n} 目标：{goal} {value}（{status}，界 {bound}）",
        "  objective {n}: {goal} {value} ({status}, bound {bound})",
    ),
}
_SHIFTS: Mapping[str, tuple[str, str]] = {"day": ("白班", "day"), "night": ("夜班", "night")}


def _say(key: str, lang: Lang, **values: object) -> str:
    return _WORDS[key][0 if lang == "zh" else 1].format(**values)


def siting_facts(solution: SitingSolution, people: Mapping[str, float], lang: Lang) -> list[str]:
    """Say what a siting found, a line a statement: the answer first, technical figures last.

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
        status = label("status_of_siting", solution.status, lang)
        return [_say("none", lang, status=status, message=message_words(solution.message, lang))]
    return [*answer_lines(solution, lang, people=people), *technical_lines(solution, lang)]


def answer_lines(solution: SitingSolution, lang: Lang, *, people: Mapping[str, float] | None = None) -> list[str]:
    """Say who is reached, what opens, what it takes and how sure it is.

    Parameters
    ----------
    solution : SitingSolution
        With a plan.
    lang : {'zh', 'en'}
    people : mapping of str to float, optional
        By demand id; those of the demand points that were asked about if absent.
    """
    kind, told = _kind(solution), None if solution.asked is None else solution.explain()
    lines = _reached(solution, told, lang)
    new = solution.plan.new_sites()
    names = ("、" if lang == "zh" else ", ").join(site.name for site in new[:_SHOWN])
    names += ("" if len(new) <= _SHOWN else "…") if names else ""
    names = (f"（{names}）" if lang == "zh" else f" ({names})") if names else ""
    n_all = len(solution.plan.sites)
    said = {"all": n_all, "old": n_all - len(new), "new": len(new), "names": names}
    lines.append(_say("opened", lang, kind=kind_word(kind, lang, many=n_all != 1), **said))
    if solution.asked is not None:
        lines.append(force_words(solution, lang))
    lines.append(_say("cost", lang, cost=f"{solution.plan.cost:,.10g}", net=_net_words(solution, lang)))
    lines += _sure(solution, told, kind, lang)
    beyond = solution.uncoverable[solution.uncoverable["reason"] != "not_in_standard"]
    if len(beyond):
        if people is None:
            demand = solution.asked.problem.demand if solution.asked is not None else None
            people = {} if demand is None else dict(zip(demand.ids, demand.people.tolist(), strict=True))
        total = sum(people.get(id_, math.nan) for id_ in beyond["id"])
        said_kind = kind_word(kind, lang)
        lines.append(_say("uncoverable", lang, kind=said_kind, points=len(beyond), people=count(total)))
    return lines


def _net_words(solution: SitingSolution, lang: Lang) -> str:
    """Say what the sites cost after subsidies; nothing where none are given."""
    asked = solution.asked
    if asked is None or asked.constraints is None or not asked.constraints.subsidies:
        return ""
    if asked.constraints.has_funds:
        return _say("funds", lang)
    cost = dict(zip(asked.problem.sites.ids, asked.problem.sites.cost.tolist(), strict=True))
    return _say("net", lang, net=f"{math.fsum(cost[id_] for id_ in solution.opened):,.10g}")


def _kind(solution: SitingSolution) -> str:
    return "station" if solution.asked is None else solution.asked.kind


def _reached(solution: SitingSolution, told: Explanation | None, lang: Lang) -> list[str]:
    """Say how many people lie within the limits, or how long the drives are where there are none."""
    name = solution.objective_name
    if told is not None and told.counted in ("weight", "points") and told.people > 0:
        assert solution.asked is not None
        zh = lang == "zh"
        denominator = ("标准管辖的" if zh else "under the standard") if solution.asked.standard is not None else ""
        denominator = denominator or ("全部" if zh else "in all")
        roads = ("道路完好时，" if zh else "on unbroken roads, ") if told.states is not None else ""
        lines = [
            _say(
                "built" if solution.asked.kind == "station" else "supplied",  # depots answer no calls
                lang,
                roads=roads,
                denominator=denominator,
                people=count(told.people),
                share=share(told.people_covered / told.people, told.people, "people", lang),
                covered=count(told.people_covered),
            )
        ]
        if told.states is not None:
            worst, least = told.states.worst
            unnamed = "未命名" if zh else "unnamed"
            said = {"mean": percent(told.states.mean_share), "worst": percent(least), "label": worst or unnamed}
            lines.append(_say("states", lang, n=count(len(told.states.table)), **said))
        return lines
    if name not in ("min_mean_time", "capacitated_median", "min_max_time"):
        return []
    unit: str = "s" if solution.asked is None else solution.asked.problem.times.unit
    unit = "秒" if unit == "s" and lang == "zh" else unit
    key = "max_time" if name == "min_max_time" else "mean_time"
    return [_say(key, lang, value=_number(solution.objective), unit=unit)]


def force_words(solution: SitingSolution, lang: Lang) -> str:
    """Say how many people a plan takes: on all rosters, at new sites, by shift."""
    asked = solution.asked
    assert asked is not None
    force = force_composition(solution.plan, asked.problem.times.sites, constraints=asked.constraints)
    totals, crews = force_totals(force), []
    if totals["sites_unknown"] == len(solution.plan.sites):
        return _say("no_people", lang)
    shifts = []
    for name, people in totals.items():
        if name.startswith("people_") and name != "people_new":
            shift = name.removeprefix("people_")
            words = _SHIFTS[shift][0 if lang == "zh" else 1] if shift in _SHIFTS else shift
            shifts.append(_say("shift", lang, shift=words, people=count(people)))
    for crew, rows in force[force["roster"].notna()].groupby("crew", sort=True):
        held = count(int(rows["roster"].sum()))
        crews.append(_say("crew", lang, crew=label("crew", str(crew), lang), n=len(rows), people=held))
    unknown = _say("unknown", lang, n=totals["sites_unknown"]) if totals["sites_unknown"] else ""
    return _say(
        "people",
        lang,
        people=count(totals["people"]),
        new=count(totals["people_new"]),
        kind=kind_word(asked.kind, lang, many=True),
        shifts=("、" if lang == "zh" else ", ").join(shifts),
        unknown=unknown,
        crews=("、" if lang == "zh" else ", ").join(crews),
    )


def _sure(solution: SitingSolution, told: Explanation | None, kind: str, lang: Lang) -> list[str]:
    """Say how good the plan is proved to be, and who is covered only just."""
    kinds = kind_word(kind, lang, many=True)
    if solution.status == "optimal" and solution.gap == 0:
        lines = [_say("sure_cover" if solution.objective_name == "max_coverage" else "sure", lang, kind=kinds)]
    elif not math.isfinite(solution.best_bound):
        lines = [_say("no_bound", lang)]
    else:
        lines = [_say("gap", lang, gap=percent(solution.gap, digits=2))]
    if told is not None and told.people_only_just > 0:
        lines.append(_say("only_just", lang, people=count(told.people_only_just), margin=f"{told.margin_s:g}"))
    return lines


def technical_lines(solution: SitingSolution, lang: Lang) -> list[str]:
    """Say objective, bound and who proved it, the objectives in sequence, and what the solving says."""
    at, name = 0 if lang == "zh" else 1, solution.objective_name
    above = solution.best_bound >= solution.objective if solution.gap else name.startswith("max")
    side = (("上界", "no plan is above") if above else ("下界", "no plan is below"))[at]
    source = bound_source_words(solution.bound_source, lang) or NOTHING
    lines = [
        _say(
            "technical",
            lang,
            status=label("status_of_siting", solution.status, lang),
            goal=goal_words(name, lang),
            value=_number(solution.objective),
            side=side,
            bound=_number(solution.best_bound),
            source=source,
        )
    ]
    for number, stage in enumerate(solution.stages, 1):
        said = {
            "goal": goal_words(stage.objective, lang),
            "value": _number(stage.final),
            "bound": _number(stage.best_bound),
        }
        lines.append(_say("stage", lang, n=number, status=label("status_of_siting", stage.status, lang), **said))
    return [*lines, message_words(solution.message, lang)] if solution.message else lines


def goal_words(name: str, lang: Lang) -> str:
    """Say what an objective counts, by the name of its model."""
    return _GOALS[name][0 if lang == "zh" else 1] if name in _GOALS else name


def _number(value: float) -> str:
    """Write a value: whole ones as counts, others with the digits that matter."""
    if not math.isfinite(value):
        return NOTHING
    return count(value) if value == round(value) or abs(value) >= 1e5 else f"{value:,.5g}"
