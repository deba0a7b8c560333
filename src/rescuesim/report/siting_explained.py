"""An explanation of a siting in words that a planner uses: the answer, what is missed and why, what helps, how sure.

Shares are never rounded up to all of it, and a full share is written as the count it stands for: built coverage is a
goal on paper, no promise for a call.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from rescuesim.errors import InputError
from rescuesim.report.explanation_words import CAUSES, WORDS
from rescuesim.report.labels import Lang, count, label, language, percent, seconds
from rescuesim.report.siting_phrases import condition_words, kind_word
from rescuesim.report.siting_words import answer_lines, siting_facts, technical_lines
from rescuesim.siting.explain.over_states import STATE_CAUSES

if TYPE_CHECKING:
    from rescuesim.siting import Explanation, SitingSolution

__all__ = ["cause_words", "explanation_in_words"]


def _say(key: str, lang: Lang, **values: object) -> str:
    said = WORDS[key][0 if lang == "zh" else 1].format(**values)
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
    ['  乙村 (20 people): too far from every open site; opening 西门 (cost 1, 8 people): drive 90 s, which covers it']
    """
    if n_shown < 1:
        raise InputError(f"n_shown {n_shown}: expected 1 or more")
    language(lang)
    if solution.status in ("infeasible", "unknown"):
        return "\n".join(siting_facts(solution, {}, lang))
    told, kind = solution.explain(), "station" if solution.asked is None else solution.asked.kind
    names = _names(solution)
    lines = [*answer_lines(solution, lang), *_missed(told, kind, lang)]
    lines += _over_states(told, kind, lang, n_shown)
    lines += _measures(told, kind, lang, n_shown)
    lines += _worst_points(told, names, kind, lang, n_shown)
    lines += _sites(told, kind, lang, n_shown)
    lines += _how_sure(solution, told, names, lang, n_shown)
    return "\n".join([*lines, *technical_lines(solution, lang)])


def _names(solution: SitingSolution) -> dict[str, str]:
    """Return the names of all sites by id."""
    assert solution.asked is not None
    sites = solution.asked.problem.sites
    return dict(zip(sites.ids, sites.names, strict=True))


def _missed(told: Explanation, kind: str, lang: Lang) -> list[str]:
    points = told.points
    if told.counted not in ("weight", "points"):
        people = count(points["people"].sum())
        return [_say("unserved", lang, points=count(len(points)), people=people)] if len(points) else []
    inside = points[points["cause"] != "not_in_standard"]
    roads = _say("on_intact", lang) if told.states is not None else ""
    if inside.empty:
        lines = [_say("nothing_missed", lang, roads=roads)]
    else:
        said = {"points": count(len(inside)), "people": count(inside["people"].sum())}
        lines = [_say("missed", lang, roads=roads, **said)]
    for cause, rows in sorted(inside.groupby("cause"), key=lambda pair: -pair[1]["people"].sum()):
        lines.append(
            _say(
                "cause_line",
                lang,
                cause=cause_words(str(cause), lang, kind=kind),
                points=count(len(rows)),
                people=count(rows["people"].sum()),
            )
        )
    if len(outside := points[points["cause"] == "not_in_standard"]):
        said = {"points": count(len(outside)), "people": count(outside["people"].sum())}
        lines.append(_say("outside", lang, **said))
    return lines


def cause_words(cause: str, lang: Lang, *, kind: str = "station") -> str:
    """Say a cause of `rescuesim.siting.explain.fixes.CAUSES`; others are looked up among the reasons."""
    if cause not in CAUSES:
        return label("reason", cause, lang)
    return CAUSES[cause][0 if lang == "zh" else 1].format(kind=kind_word(kind, lang))


def _over_states(told: Explanation, kind: str, lang: Lang, n_shown: int) -> list[str]:
    """Say how often points are missed over the states, and why; nothing without states."""
    if told.states is None:
        return []
    view, missed = told.states, told.states.points
    said = {"points": count(len(missed)), "people": count(missed["people"].sum())}
    lines = [_say("by_state", lang, n=count(len(view.table)), **said)]
    for cause in STATE_CAUSES:
        rows = missed[missed["cause"] == cause]
        said = {"points": count(len(rows)), "people": count(rows["people"].sum())}
        lines += [_say(f"state_{cause}", lang, kind=kind_word(kind, lang), **said)] if len(rows) else []
    hit = missed[missed["cause"] != "always"].head(n_shown)
    lines += [_say("state_worst", lang, n=len(hit))] if len(hit) else []
    for _, row in hit.iterrows():
        shares = {name: percent(row[f"{name}_share"]) for name in ("missed", "cut", "detour")}
        lines.append(_say("state_point", lang, name=row["name"], people=count(row["people"]), **shares))
    return [*lines, _say("intact_below", lang, kind=kind_word(kind, lang), kinds=kind_word(kind, lang, many=True))]


def _takes(roster: float, more: float, lang: Lang) -> str:
    """Say what a change at an open site takes in people, and that its money is not known."""
    if math.isnan(more):
        return _say("takes_unknown", lang)
    key = "takes_more" if more > 0 else "takes_no_more"
    return _say(key, lang, roster=count(roster), more=count(more))


def _staff_of_opening(roster: float, lang: Lang, kind: str) -> str:
    if kind != "station" and math.isnan(roster):
        return ""  # depots turn nobody out
    return _say("open_staff_unknown", lang) if math.isnan(roster) else _say("open_staff", lang, roster=count(roster))


def _measures(told: Explanation, kind: str, lang: Lang, n_shown: int) -> list[str]:
    if told.counted not in ("weight", "points") or told.points[told.points["cause"] != "not_in_standard"].empty:
        return []
    staff = told.measures[told.measures["measure"] != "open"]
    build = told.measures[told.measures["measure"] == "open"]
    lines = []
    if kind == "station":
        lines = [_say("staff_first" if len(staff) else "no_staff", lang, kind=kind_word(kind, lang))]
    # of a site, the cheapest change alone is told
    for _, row in staff.drop_duplicates("site").head(n_shown).iterrows():
        lines.append(
            _say(
                str(row["measure"]),
                lang,
                site=row["name"],
                now=label("crew", str(row["crew_now"]), lang),
                crew=label("crew", str(row["crew"]), lang),
                takes=_takes(row["roster"], row["more_people"], lang),
                **_gained(row, told, lang),
            )
        )
    kinds = {"kind": kind_word(kind, lang), "kinds": kind_word(kind, lang, many=True)}
    lines += [_say("build", lang, **kinds)] if len(build) else []
    for _, row in build.head(n_shown).iterrows():
        crew = label("crew", str(row["crew"]), lang) + ("，" if lang == "zh" else ", ") if kind == "station" else ""
        staff_words = _staff_of_opening(row["roster"], lang, kind)
        said = {"cost": f"{row['cost']:,.10g}", "staff": staff_words, **_gained(row, told, lang)}
        lines.append(_say("open", lang, site=row["name"], crew=crew, **said))
    return lines


def _gained(row: pd.Series, told: Explanation, lang: Lang) -> dict[str, str]:
    """Say how many a measure covers, and how many of them only just."""
    just = row["people"] - min(row["people_sure"], row["people"])
    sure = _say("sure_part", lang, n=count(just), margin=f"{told.margin_s:g}") if just > 0 else ""
    return {"points": count(row["points"]), "people": count(row["people"]), "sure": sure}


def _worst_points(told: Explanation, names: Mapping[str, str], kind: str, lang: Lang, n_shown: int) -> list[str]:
    rows = told.points[told.points["cause"] != "not_in_standard"]
    rows = rows.sort_values(["people", "id"], ascending=[False, True], kind="stable").head(n_shown)
    if rows.empty:
        return []
    lines = [_say("worst", lang, n=len(rows))]
    for _, row in rows.iterrows():
        cause = cause_words(str(row["cause"]), lang, kind=kind)
        fix = _fix(row, names, kind, lang) if "fix_site" in row else _say("fix_road", lang)
        lines.append(_say("point", lang, name=row["name"], people=count(row["people"]), cause=cause, fix=fix))
    return lines


def _fix(row: pd.Series, names: Mapping[str, str], kind: str, lang: Lang) -> str:
    """Say what would cover a point: the cheapest measure, and what else there is."""
    measure = str(row["fix"])
    if row["cause"] == "full":
        return _say("fix_full", lang)
    if measure == "none":
        if row["cause"] == "road" or (row["over_s"] == math.inf and row["nearest_s"] == math.inf):
            return _say("fix_road", lang)
        if math.isinf(row["over_s"]):
            return _say("fix_crewless", lang)
        of_crew = " of any crew" if kind == "station" else ""
        over = {"over": seconds(row["over_s"], lang), "kind": kind_word(kind, lang), "of_crew": of_crew}
        return _say("fix_far", lang, **over) if row["over_s"] > 0 else _say("fix_two", lang)
    said = _say(
        f"fix_{measure}",
        lang,
        site=names[str(row["fix_site"])],
        crew=label("crew", str(row["fix_crew"]), lang),
        takes=_takes(row["fix_people"], row["fix_more_people"], lang),
        staff=_staff_of_opening(row["fix_people"], lang, kind),
        limit=seconds(row["fix_limit_s"], lang),
        drive=seconds(row["fix_drive_s"], lang),
        cost=f"{row['fix_cost']:,.10g}",
        verdict=_say("only_just" if row["only_just"] else "enough", lang, margin=_spare(row["fix_margin_s"], lang)),
    )
    if measure in ("staff", "equip", "steady") and row["open_site"]:
        just = _say("or_just", lang, margin=_spare(row["open_margin_s"], lang)) if row["open_only_just"] else ""
        staff = _staff_of_opening(row["open_people"], lang, kind)
        cost = f"{row['open_cost']:,.10g}"
        said += _say("or_open", lang, site=names[str(row["open_site"])], cost=cost, staff=staff, just=just)
    if row["just_fix"]:
        more = row["just_more_people"]
        crew = label("crew", str(row["just_crew"]), lang) if row["just_crew"] else _say("same_crew", lang)
        said += _say(
            "but_just",
            lang,
            site=names[str(row["just_site"])] + ("改由" if lang == "zh" and row["just_crew"] else ""),
            crew=crew,
            more=_say("more_unknown", lang) if math.isnan(more) else _say("more_people", lang, more=count(more)),
            margin=_spare(row["just_margin_s"], lang),
        )
    return said


def _spare(margin_s: float, lang: Lang) -> str:
    """Write a margin in tenths of a second, never rounded up."""
    return f"{math.floor(max(margin_s, 0.0) * 10) / 10:.1f} {'秒' if lang == 'zh' else 's'}"


def _sites(told: Explanation, kind: str, lang: Lang, n_shown: int) -> list[str]:
    new = told.sites[~told.sites["fixed"].astype(bool)]
    # those that are hardest to do without, and then those that nobody would miss
    ordered = new.sort_values(["lost", "id"], ascending=[False, True], kind="stable")
    shown = ordered if len(ordered) <= n_shown else pd.concat([ordered.head(n_shown - 1), ordered.tail(1)])
    lines = [_say("sites", lang, kind=kind_word(kind, lang))] if len(shown) else []
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
        lines.append(said + _stand_in(row, told, kind, lang))
    if len(ordered) > len(shown):
        lines.append(_say("rest", lang, n=len(ordered) - len(shown)))
    return lines


def _stand_in(row: pd.Series, told: Explanation, kind: str, lang: Lang) -> str:
    if told.counted == "":
        return ""
    if row["needed_for"]:
        return _say("needed", lang, conditions=condition_words(str(row["needed_for"]), lang))
    if row["lost"] == 0:
        return _say("idle", lang)
    if not row["replacement"]:
        return _say("no_stand_in", lang, kind=kind_word(kind, lang))
    if told.counted == "time":
        key = "stand_in_reach" if math.isnan(row["kept_share"]) else "stand_in_time"
        return _say(key, lang, site=row["replacement_name"], kept=percent(row["kept_share"]))
    besides = _say("besides", lang, new=count(row["new_people"])) if row["new_people"] > 0 else ""
    if row["kept_share"] >= 1:
        return _say("stand_in_full", lang, site=row["replacement_name"], besides=besides)
    # without people, such as where points are counted, the share is of what is counted
    share_of = row["kept_people"] / row["alone_people"] if row["alone_people"] > 0 else row["kept_share"]
    said = {"alone_people": count(row["alone_people"]), "kept_people": count(row["kept_people"])}
    return _say(
        "stand_in", lang, site=row["replacement_name"], kept=percent(share_of, digits=0), besides=besides, **said
    )


def _never_open(solution: SitingSolution) -> set[str]:
    """Return the sites that are closed or of another kind: that they stay shut proves nothing."""
    if solution.asked is None:
        return set()
    problem = solution.asked.problem
    return {id_ for id_, shut in zip(problem.sites.ids, problem.must_close.tolist(), strict=True) if shut}


def _how_sure(
    solution: SitingSolution, told: Explanation, names: Mapping[str, str], lang: Lang, n_shown: int
) -> list[str]:
    lines, joint = [], "、" if lang == "zh" else ", "
    kind = kind_word("station" if solution.asked is None else solution.asked.kind, lang)
    fixed = set(told.sites.loc[told.sites["fixed"].astype(bool), "id"])
    if sure := [names[id_] for id_ in solution.surely_open if id_ not in fixed]:
        shown = joint.join(sure[:n_shown]) + (joint + "…" if len(sure) > n_shown else "")
        lines.append(_say("sure_open", lang, names=shown))
    if n_shut := len(set(solution.surely_shut) - _never_open(solution)):
        lines.append(_say("sure_shut", lang, n=count(n_shut), kind=kind))
    if told.counted == "":
        return lines
    if not told.n_alternatives:
        return [*lines, _say("no_alternatives", lang, kind=kind)]
    key = "alternatives" if told.within else "alternatives_equal"
    lines.append(_say(key, lang, n=count(told.n_alternatives), within=percent(told.within, digits=0), kind=kind))
    for _, row in told.alternatives.head(n_shown).iterrows():
        part = _say("part_of_it", lang, kept=percent(row["share"]))
        kept = _say("all_of_it", lang) if row["share"] >= 1 else part
        opened = names.get(str(row["opened"]), "")
        key = "swap" if opened else "drop"
        lines.append(_say(key, lang, shut=names[str(row["shut"])], opened=opened, kept=kept, cost=f"{row['cost']:g}"))
    return lines
