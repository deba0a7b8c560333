"""An explanation of a siting in words that a planner uses: what is missed and why, what helps, how sure it is.

Shares are never rounded up to all of it, and a full share is written as the count it stands for: built coverage is a
goal on paper, no promise for a call.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from rescuesim.errors import InputError
from rescuesim.report.labels import Lang, count, label, language, percent, seconds, share

if TYPE_CHECKING:
    from rescuesim.siting import Explanation, SitingSolution

__all__ = ["cause_words", "explanation_in_words"]

_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "no_plan": ("没有可用的方案：{message}", "There is no plan: {message}"),
        "built": (
            "建成覆盖率（静态）：标准管辖的 {people} 人中，{share} 在行车时限之内。"
            "这是建成后的目标，不是对每次呼叫的承诺。",
            "Built coverage (static): of {people} people under the standard, {share} are within the drive limit. "
            "A goal once built, no promise for each call.",
        ),
        "proved_weight": (
            "已证明：按给定的站点和条件，没有方案能覆盖更多。",
            "Proved: with these sites and conditions no plan can cover more.",
        ),
        "proved": (
            "已证明：按给定的站点和条件，没有更好的方案。",
            "Proved: with these sites and conditions no plan is better.",
        ),
        "bound_max": (
            "任何方案都不会超过 {bound}；本方案为 {value}，最多还差 {gap}。",
            "No plan can do better than {bound}; this one has {value}, so at most {gap} is missing.",
        ),
        "bound_min": (
            "任何方案都不会低于 {bound}；本方案为 {value}，最多高出 {gap}。",
            "No plan can need less than {bound}; this one needs {value}, at most {gap} more.",
        ),
        "no_bound": (
            "尚未证明离最好的方案还有多远。",
            "How far it is from the best plan is not proved.",
        ),
        "missed": ("未覆盖：{points} 个点、{people} 人。原因：", "Not covered: {points} points, {people} people. Why:"),
        "nothing_missed": (
            "标准管辖的点都在时限之内。",
            "Every point under the standard lies within its limit.",
        ),
        "outside": (
            "另有 {points} 个点、{people} 人所在区域没有标准，只作统计。",
            "Besides, {points} points with {people} people lie in zones without a standard: they are only reported.",
        ),
        "unserved": (
            "无路可达：{points} 个点、{people} 人。",
            "No road leads to {points} points with {people} people.",
        ),
        "cause_line": ("  {cause}：{points} 个点、{people} 人", "  {cause}: {points} points, {people} people"),
        "staff_first": (
            "先看人员（不建新站；逐项单独计算，不能相加）：",
            "Staffing first (no building; each by itself, they do not add up):",
        ),
        "no_staff": (
            "在已开设的站点调整人员，覆盖不了更多的点。",
            "No change of staff at an open site would cover more.",
        ),
        "staff": (
            "  {site}：由{now}改为{crew}，净增 {points} 个点、{people} 人",
            "  {site}: {crew} instead of {now} covers {points} more points, {people} people (net)",
        ),
        "equip": (
            "  {site}：为{crew}补齐所缺的能力，净增 {points} 个点、{people} 人",
            "  {site}: giving the {crew} the capabilities it lacks covers {points} more points, {people} people",
        ),
        "steady": (
            "  {site}：{crew}各班次都按最好的班次值守，净增 {points} 个点、{people} 人",
            "  {site}: staffing every shift of the {crew} as the best one covers {points} more points, {people} people",
        ),
        "build": ("再看增设站点（逐项单独计算，不能相加）：", "Then more sites (each by itself, they do not add up):"),
        "open": (
            "  {site}（{crew}，费用 {cost}）：增加 {points} 个点、{people} 人",
            "  {site} ({crew}, cost {cost}): {points} more points, {people} people",
        ),
        "worst": ("未覆盖的点，按人口列出前 {n} 个：", "The uncovered points with the most people:"),
        "point": ("  {name}（{people} 人）：{cause}；{fix}", "  {name} ({people} people): {cause}; {fix}"),
        "fix_staff": (
            "若{site}改由{crew}值守，时限为 {limit}，行车 {drive}，可以覆盖",
            "with a {crew} at {site} the limit would be {limit} and the drive of {drive} keeps it",
        ),
        "fix_equip": (
            "若{site}现有队伍补齐所缺的能力，时限为 {limit}，行车 {drive}，可以覆盖",
            "if the crew at {site} had all capabilities, its limit would be {limit} and the drive of {drive} keeps it",
        ),
        "fix_steady": (
            "若{site}各班次都按最好的班次值守，时限为 {limit}，行车 {drive}，可以覆盖",
            "if {site} were staffed in every shift as in the best, its limit would be {limit} and the drive of {drive} "
            "keeps it",
        ),
        "fix_open": (
            "开设{site}（费用 {cost}，行车 {drive}）可以覆盖",
            "opening {site} (cost {cost}, drive {drive}) would cover it",
        ),
        "fix_open_and_staff": (
            "须开设{site}并由{crew}值守（行车 {drive}，时限 {limit}）",
            "it takes {site} with a {crew} (drive {drive}, limit {limit})",
        ),
        "or_open": ("；或开设{site}（费用 {cost}）", "; or opening {site} (cost {cost})"),
        "fix_far": (
            "候选站点都够不着，最近的仍超出时限 {over}",
            "no candidate reaches it, the nearest is {over} over the longest limit of any crew",
        ),
        "fix_two": ("单项措施不够，须同时采取两项", "no single measure is enough, it takes two"),
        "fix_crewless": (
            "任何队伍从任何候选站点都达不到，须改变标准或出动方式",
            "no crew can keep the limit from any candidate: it takes another reading or another way to turn out",
        ),
        "fix_road": ("没有道路可达，须先修路或另设出动方式", "no road: it takes a road or another way to get there"),
        "fix_none": ("标准没有规定时限，只作统计", "the standard sets no limit here, it is only reported"),
        "fix_full": ("须增加容量或就近增设", "it takes more capacity or another site near it"),
        "sites": ("各站点的作用：", "What each site is there for:"),
        "site": (
            "  {name}：覆盖 {points} 个点、{people} 人，其中 {alone} 个点、{alone_people} 人只有它能覆盖",
            "  {name}: covers {points} points, {people} people; it alone covers {alone} points, {alone_people} people",
        ),
        "site_time": (
            "  {name}：若不设，总用时增加 {lost}",
            "  {name}: without it the total of weight times time grows by {lost}",
        ),
        "site_plain": ("  {name}", "  {name}"),
        "needed": ("；不设则违反条件（{conditions}）", "; without it a condition would be broken ({conditions})"),
        "idle": ("；不设也不减少覆盖", "; nothing is lost without it"),
        "stand_in": ("；可由{site}代替，保留 {kept}", "; {site} could stand in and would keep {kept}"),
        "stand_in_full": ("；可由{site}代替，不减少覆盖", "; {site} could stand in with nothing lost"),
        "no_stand_in": ("；没有可代替的站点", "; no site could stand in"),
        "fixed": ("；已有或必建，不变", "; existing or required, it stays"),
        "rest": ("  其余 {n} 处见表格。", "  The other {n} are in the table."),
        "sure_open": (
            "已证明：凡比本方案更好的方案都要开设：{names}。",
            "Proved: every better plan would open {names}.",
        ),
        "sure_shut": (
            "已证明：凡比本方案更好的方案都不开设其中 {n} 处候选站点。",
            "Proved: no better plan would open {n} of the other candidates.",
        ),
        "alternatives": (
            "只换一处站点、损失不超过 {within} 的方案还有 {n} 个，例如：",
            "{n} other plans differ by one site and lose no more than {within}, for instance:",
        ),
        "alternatives_equal": (
            "只换一处站点、同样覆盖的方案还有 {n} 个，例如：",
            "{n} other plans differ by one site and cover as much, for instance:",
        ),
        "no_alternatives": (
            "只换一处站点的方案都明显更差。",
            "Every plan that differs by one site is clearly worse.",
        ),
        "swap": ("  {shut}换成{opened}：{kept}，费用 {cost}", "  {opened} for {shut}: {kept}, cost {cost}"),
        "drop": ("  不设{shut}：{kept}，费用 {cost}", "  without {shut}: {kept}, cost {cost}"),
        "all_of_it": ("不减少", "nothing lost"),
        "part_of_it": ("保留 {kept}", "keeps {kept}"),
    }
)
_CAUSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "not_in_standard": ("标准对此类区域没有规定", "the standard sets no limit in this zone"),
        "road": ("没有道路可达或道路中断", "no road leads there, or it is cut"),
        "capability": ("近处的队伍不具备所需能力", "the crew that is near enough lacks a capability"),
        "crew": ("近处有站点，但队伍出动太慢", "a site is near enough, its crew turns out too slowly"),
        "second_unit": (
            "第一支队伍能到，没有另一站点的第二支",
            "the first unit is in time, no second one from another site",
        ),
        "full": ("近处的站点已满", "the sites in reach are full"),
        "limit": ("离已开设的站点太远", "too far from every open site"),
        "no_candidate": ("离所有候选站点都太远", "too far from every site that could be opened"),
    }
)


def _say(key: str, lang: Lang, **values: object) -> str:
    said = _WORDS[key][0 if lang == "zh" else 1].format(**values)
    return said if lang == "zh" else re.sub(r"(?<![\d,.])1 (more )?points", r"1 \1point", said)


def explanation_in_words(solution: SitingSolution, *, lang: Lang = "zh", n_shown: int = 5) -> str:
    """Say why points are not covered, what would help, what each site is there for and how sure the plan is.

    Parameters
    ----------
    solution : SitingSolution
        As `rescuesim.site` returned it.
    lang : {'zh', 'en'}, optional
    n_shown : int, optional
        How many points, sites, measures and other plans are named; the tables of `SitingSolution.explain` hold all.

    Returns
    -------
    str
        A line a statement.

    Raises
    ------
    InputError
        If `n_shown` is under 1.

    Examples
    --------
    >>> import rescuesim as rs
    >>> times = rs.TravelTimes.from_matrix([[60, 400], [400, 90]],
    ...     sites=pd.DataFrame({"id": ["a", "b"], "name": ["东门", "西门"]}),
    ...     demand=pd.DataFrame({"id": [1, 2], "name": ["甲村", "乙村"], "people": [50, 20]}))
    >>> text = explanation_in_words(rs.site(times, rs.MaxCoverage(1), limit_s=100), lang="en")
    >>> [line for line in text.splitlines() if "乙村" in line]
    ['  乙村 (20 people): too far from every open site; opening 西门 (cost 1, drive 90 s) would cover it']
    """
    if n_shown < 1:
        raise InputError(f"n_shown {n_shown}: expected 1 or more")
    language(lang)
    if solution.status in ("infeasible", "unknown"):
        return _say("no_plan", lang, message=solution.message)
    told = solution.explain()
    names = _names(solution)
    lines = [*_how_good(solution, told, lang), *_missed(told, lang)]
    lines += _measures(told, lang, n_shown)
    lines += _worst_points(told, names, lang, n_shown)
    lines += _sites(told, lang, n_shown)
    lines += _how_sure(solution, told, names, lang, n_shown)
    return "\n".join(lines)


def _names(solution: SitingSolution) -> dict[str, str]:
    """Return the names of all sites by id."""
    assert solution.asked is not None
    sites = solution.asked.problem.sites
    return dict(zip(sites.ids, sites.names, strict=True))


def _how_good(solution: SitingSolution, told: Explanation, lang: Lang) -> list[str]:
    lines = []
    if told.counted in ("weight", "points") and told.people > 0:
        part = share(told.people_covered / told.people, told.people, "people", lang)
        lines.append(_say("built", lang, people=count(told.people), share=part))
    if solution.status == "optimal" and solution.gap == 0:
        lines.append(_say("proved_weight" if solution.objective_name == "max_coverage" else "proved", lang))
    elif not math.isfinite(solution.best_bound):
        lines.append(_say("no_bound", lang))
    else:
        key = "bound_max" if solution.best_bound >= solution.objective else "bound_min"
        written = {name: f"{getattr(solution, name):,.6g}" for name in ("best_bound", "objective")}
        gap = percent(solution.gap, digits=2)
        lines.append(_say(key, lang, bound=written["best_bound"], value=written["objective"], gap=gap))
    return lines


def _missed(told: Explanation, lang: Lang) -> list[str]:
    points = told.points
    if told.counted not in ("weight", "points"):
        people = count(points["people"].sum())
        return [_say("unserved", lang, points=count(len(points)), people=people)] if len(points) else []
    inside = points[points["cause"] != "not_in_standard"]
    if inside.empty:
        lines = [_say("nothing_missed", lang)]
    else:
        lines = [_say("missed", lang, points=count(len(inside)), people=count(inside["people"].sum()))]
    for cause, rows in sorted(inside.groupby("cause"), key=lambda pair: -pair[1]["people"].sum()):
        lines.append(
            _say(
                "cause_line",
                lang,
                cause=cause_words(str(cause), lang),
                points=count(len(rows)),
                people=count(rows["people"].sum()),
            )
        )
    if len(outside := points[points["cause"] == "not_in_standard"]):
        said = {"points": count(len(outside)), "people": count(outside["people"].sum())}
        lines.append(_say("outside", lang, **said))
    return lines


def cause_words(cause: str, lang: Lang) -> str:
    """Say a cause of `rescuesim.siting.explain.fixes.CAUSES`; others are looked up among the reasons."""
    return _CAUSES[cause][0 if lang == "zh" else 1] if cause in _CAUSES else label("reason", cause, lang)


def _measures(told: Explanation, lang: Lang, n_shown: int) -> list[str]:
    if told.counted not in ("weight", "points") or told.points[told.points["cause"] != "not_in_standard"].empty:
        return []
    staff = told.measures[told.measures["measure"] != "open"]
    build = told.measures[told.measures["measure"] == "open"]
    lines = [_say("staff_first" if len(staff) else "no_staff", lang)]
    # of a site, the best change alone is told
    for _, row in staff.drop_duplicates("site").head(n_shown).iterrows():
        lines.append(
            _say(
                str(row["measure"]),
                lang,
                site=row["name"],
                now=label("crew", str(row["crew_now"]), lang),
                crew=label("crew", str(row["crew"]), lang),
                points=count(row["points"]),
                people=count(row["people"]),
            )
        )
    lines += [_say("build", lang)] if len(build) else []
    for _, row in build.head(n_shown).iterrows():
        crew, cost = label("crew", str(row["crew"]), lang), f"{row['cost']:g}"
        gained = {"points": count(row["points"]), "people": count(row["people"])}
        lines.append(_say("open", lang, site=row["name"], crew=crew, cost=cost, **gained))
    return lines


def _worst_points(told: Explanation, names: Mapping[str, str], lang: Lang, n_shown: int) -> list[str]:
    rows = told.points[told.points["cause"] != "not_in_standard"]
    rows = rows.sort_values(["people", "id"], ascending=[False, True], kind="stable").head(n_shown)
    if rows.empty:
        return []
    lines = [_say("worst", lang, n=len(rows))]
    for _, row in rows.iterrows():
        cause = cause_words(str(row["cause"]), lang)
        fix = _fix(row, names, lang) if "fix_site" in row else _say("fix_road", lang)
        lines.append(_say("point", lang, name=row["name"], people=count(row["people"]), cause=cause, fix=fix))
    return lines


def _fix(row: pd.Series, names: Mapping[str, str], lang: Lang) -> str:
    """Say what would cover a point."""
    kind = str(row["fix"])
    if row["cause"] == "full":
        return _say("fix_full", lang)
    if kind == "none":
        if row["cause"] == "road" or (row["over_s"] == math.inf and row["nearest_s"] == math.inf):
            return _say("fix_road", lang)
        if math.isinf(row["over_s"]):
            return _say("fix_crewless", lang)
        return _say("fix_far", lang, over=seconds(row["over_s"], lang)) if row["over_s"] > 0 else _say("fix_two", lang)
    said = _say(
        f"fix_{kind}",
        lang,
        site=names[str(row["fix_site"])],
        crew=label("crew", str(row["fix_crew"]), lang),
        limit=seconds(row["fix_limit_s"], lang),
        drive=seconds(row["fix_drive_s"], lang),
        cost=f"{row['open_cost']:g}",
    )
    if kind in ("staff", "equip", "steady") and row["open_site"]:
        said += _say("or_open", lang, site=names[str(row["open_site"])], cost=f"{row['open_cost']:g}")
    return said


def _sites(told: Explanation, lang: Lang, n_shown: int) -> list[str]:
    new = told.sites[~told.sites["fixed"].astype(bool)]
    # those that are hardest to do without, and then those that nobody would miss
    ordered = new.sort_values(["lost", "id"], ascending=[False, True], kind="stable")
    shown = ordered if len(ordered) <= n_shown else pd.concat([ordered.head(n_shown - 1), ordered.tail(1)])
    lines = [_say("sites", lang)] if len(shown) else []
    for _, row in shown.iterrows():
        if told.counted == "time":
            said = _say("site_time", lang, name=row["name"], lost=count(row["lost"]))
        elif told.counted in ("weight", "points"):
            said = _say(
                "site",
                lang,
                name=row["name"],
                points=count(row["covers_points"]),
                people=count(row["covers_people"]),
                alone=count(row["alone_points"]),
                alone_people=count(row["alone_people"]),
            )
        else:
            said = _say("site_plain", lang, name=row["name"])
        lines.append(said + _stand_in(row, told, lang))
    if len(ordered) > len(shown):
        lines.append(_say("rest", lang, n=len(ordered) - len(shown)))
    return lines


def _stand_in(row: pd.Series, told: Explanation, lang: Lang) -> str:
    if told.counted == "":
        return ""
    if row["needed_for"]:
        return _say("needed", lang, conditions=row["needed_for"])
    if row["lost"] == 0:
        return _say("idle", lang)
    if not row["replacement"]:
        return _say("no_stand_in", lang)
    if row["kept_share"] >= 1:
        return _say("stand_in_full", lang, site=row["replacement_name"])
    return _say("stand_in", lang, site=row["replacement_name"], kept=percent(row["kept_share"]))


def _how_sure(
    solution: SitingSolution, told: Explanation, names: Mapping[str, str], lang: Lang, n_shown: int
) -> list[str]:
    lines, joint = [], "、" if lang == "zh" else ", "
    fixed = set(told.sites.loc[told.sites["fixed"].astype(bool), "id"])
    if sure := [names[id_] for id_ in solution.surely_open if id_ not in fixed]:
        shown = joint.join(sure[:n_shown]) + (joint + "…" if len(sure) > n_shown else "")
        lines.append(_say("sure_open", lang, names=shown))
    if solution.surely_shut:
        lines.append(_say("sure_shut", lang, n=count(len(solution.surely_shut))))
    if told.counted == "":
        return lines
    if not told.n_alternatives:
        return [*lines, _say("no_alternatives", lang)]
    key = "alternatives" if told.within else "alternatives_equal"
    lines.append(_say(key, lang, n=count(told.n_alternatives), within=percent(told.within, digits=0)))
    for _, row in told.alternatives.head(n_shown).iterrows():
        part = _say("part_of_it", lang, kept=percent(row["share"]))
        kept = _say("all_of_it", lang) if row["share"] >= 1 else part
        opened = names.get(str(row["opened"]), "")
        key = "swap" if opened else "drop"
        lines.append(_say(key, lang, shut=names[str(row["shut"])], opened=opened, kept=kept, cost=f"{row['cost']:g}"))
    return lines
