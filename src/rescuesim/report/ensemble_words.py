"""What an ensemble simulated and what it tells, in words: which plan is better by how much, and what an event takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._words import in_language
from rescuesim.report.attainment import attained, clock_from_s, counted_calls, miss_reasons, stage_attainment
from rescuesim.report.attainment.words import milestone_words
from rescuesim.report.labels import LANGUAGES, Lang, count, difference, interval, label, language, share
from rescuesim.report.statistics.intervals import pooled_share
from rescuesim.report.statistics.paired import paired_difference
from rescuesim.report.statistics.shares import share_interval

if TYPE_CHECKING:
    from rescuesim.simulation import SimulationResult
    from rescuesim.simulation.ensemble import Ensemble

__all__ = ["ensemble_attainment", "ensemble_in_words", "event_result"]

Row = Mapping[str, Any]
_Counts = tuple[int, int]  # attained, and all that count
_MOST_REASONS = 3
_TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "simulated": (
            "仿真量：{plans} 个方案（{plan_names}）× {conditions} 种情景（{condition_names}），各 {n} 次重复，"
            "每次{span}，随机种子 {seed}；各方案、各情景面对同一批呼叫。",
            "Simulated: {plans} (plans: {plan_names}; conditions: {condition_names}), {n} of {span} each, seed"
            " {seed}; every plan and condition meets the same calls.",
        ),
        "drawn": (
            "“{condition}”：{drawn}；{over}只计此前来电的警情，平时取同一时段对比，恢复后的日子不混入。",
            "{condition}: {drawn}; {over} Only calls until then count, against those of the same time on normal days:"
            " the days after are not mixed in.",
        ),
        "one_event": ("灾情 1 种", "1 event"),
        "events": ("灾情 {n} 种，各次重复依次采用", "{n} events, replications go through them in turn"),
        "first_events": (
            "灾情抽取 {n} 种，{met} 次重复依次采用前 {met} 种",
            "{n} events are drawn, of which {met} replications meet the first {met}",
        ),
        "table": (
            "上表按每次{span}全程统计；“呼叫”含虚假警，“已处置”只计真实警情，且只表示得到处置，不表示及时。",
            "The table counts all {span} of each; calls include false ones, handled counts genuine ones and"
            " means at all, not in time.",
        ),
        "over": ("道路、站点、通信在灾后 {lasts} 小时全部恢复；", "all is as before after {lasts} h."),
        "never": ("到统计终点仍未全部恢复；", "not all is as before at the end."),
        "some_never": (
            "其中 {n} 种到统计终点仍未全部恢复，其余在灾后 {lasts} 小时全部恢复；",
            "in {n} of them not all is as before at the end, in the others after {lasts} h.",
        ),
        "standard": (
            "达标：真实警情按“{standard}”的全部时限得到处置；无人到场、放弃、仍在等待的都算未达标；"
            "没有标准的区域（一般农村）不计。区间为 95%，按重复计，只反映随机波动，不代表参数准确。",
            "Attained: genuine calls that kept all limits of {standard}; lost, abandoned and waiting ones are failures,"
            " places without a standard (rural) do not count. Intervals are of 95% over replications; they tell luck,"
            " not whether the inputs are right.",
        ),
        "share": (
            "{condition}，{plan}：{calls} 次警情中达标 {share}{between}。",
            "{condition}, {plan}: {share}{between} of {calls} calls attained.",
        ),
        "none": ("{condition}，{plan}：没有应计的警情。", "{condition}, {plan}: no call that counts."),
        "why": (
            "  主要卡在{stage}；未达标原因：{reasons}。",
            "  Most are lost by the limit {stage}; why they were missed: {reasons}.",
        ),
        "rest": ("其他原因 {n}", "other reasons {n}"),
        "within": ("“{since}后 {limit} 秒内{until}”", "“{until} within {limit} s of {since}”"),
        "better": (
            "{condition}：{plan}比{baseline}好 {points} 个百分点，超出随机波动。",
            "{condition}: {plan} is better than {baseline} by {points} points, beyond chance.",
        ),
        "worse": (
            "{condition}：{plan}比{baseline}差 {points} 个百分点，超出随机波动。",
            "{condition}: {plan} is worse than {baseline} by {points} points, beyond chance.",
        ),
        "alike": (
            "{condition}：{plan}与{baseline}相差 {points} 个百分点，未超出随机波动，尚不能说谁更好；可增加重复次数。",
            "{condition}: {plan} differs from {baseline} by {points} points, which may be chance: more replications"
            " would be needed to tell which is better.",
        ),
        "one": (
            "{condition}：{plan}与{baseline}相差 {points} 个百分点；重复次数不足，无法判断是否出于偶然。",
            "{condition}: {plan} differs from {baseline} by {points} points; too few replications to tell it from"
            " chance.",
        ),
        "same": (
            "{condition}：{plan}与{baseline}在每次重复中达标数都相同。",
            "{condition}: {plan} and {baseline} attained as many calls in every replication.",
        ),
        "taken": (
            "{condition}使{plan}的达标率比{normal}低 {points} 个百分点{usual}，超出随机波动。",
            "{condition} takes {points} points from {plan}, against {normal}{usual}, beyond chance.",
        ),
        "given": (
            "{condition}下{plan}的达标率比{normal}高 {points} 个百分点{usual}，超出随机波动；应查明原因。",
            "{condition}: {plan} attains {points} points more than under {normal}{usual}, beyond chance; find out why.",
        ),
        "taken_alike": (
            "{condition}使{plan}的达标率与{normal}相比变化 {points} 个百分点{usual}，未超出随机波动。",
            "{condition} changes {plan} by {points} points, against {normal}{usual}, which may be chance.",
        ),
        "taken_one": (
            "{condition}使{plan}的达标率与{normal}相比变化 {points} 个百分点{usual}；重复次数不足，"
            "无法判断是否出于偶然。",
            "{condition} changes {plan} by {points} points, against {normal}{usual}; too few replications to tell it"
            " from chance.",
        ),
        # what the points are counted from: not the share of all the days, which stands above
        "usual": (
            "（{normal}同一时段 {calls} 次警情中达标 {share}）",
            " (the same time: {share} of {calls} calls)",
        ),
        "taken_same": (
            "与{normal}相比，{condition}未改变{plan}任何一次重复的达标数{usual}。",
            "{condition} changes nothing for {plan}, against {normal}{usual}, in any replication.",
        ),
    }
)


def _say(key: str, lang: Lang, **values: object) -> str:
    return _TEXTS[key][LANGUAGES.index(language(lang))].format(**values)


def _by_replication(result: SimulationResult) -> NDArray[np.float64]:
    """Attained and all counted calls of each replication, shape (replications, 2)."""
    records, numbers = counted_calls(result), np.arange(result.replications)
    row = np.searchsorted(numbers, records["replication"].to_numpy(np.int64))
    kept = attained(records, result.standard)
    counts = (np.bincount(row[kept], minlength=len(numbers)), np.bincount(row, minlength=len(numbers)))
    return np.stack(counts, axis=1).astype(np.float64)


def event_result(ensemble: Ensemble, *, plan: str, disruption: str, during: str | None = None) -> SimulationResult:
    """Return a plan under a condition with the calls that began before the event was over.

    An ensemble gives a disruption as long a time as normal days. The days after the event are normal days, and the two
    are never pooled.

    Parameters
    ----------
    ensemble : Ensemble
    plan, disruption : str
    during : str, optional
        Name of the condition whose time is meant; `disruption` if absent. Normal days are never over.

    Returns
    -------
    SimulationResult
        Its units' records are of the whole horizon.
    """
    result = ensemble.result(plan=plan, disruption=disruption)
    lasts = ensemble.county.lasts_s.get(during or disruption, ())
    if not lasts:
        return result
    number = result.records["replication"].to_numpy(np.int64) % len(lasts)
    within = clock_from_s(result.records) < np.array(lasts)[number]
    return replace(result, records=result.records[within].reset_index(drop=True))


def _normal(ensemble: Ensemble) -> str | None:
    """Return the name of the condition of normal days, if there is one."""
    return next((name for name, labels in ensemble.manifest.disruptions.items() if not labels), None)


# for a difference above 0, under 0, within chance, without an interval, and of nothing in any replication
_SENTENCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "gain": ("better", "worse", "alike", "one", "same"),
        "change": ("given", "taken", "taken_alike", "taken_one", "taken_same"),
    }
)
_COLUMNS = [
    *("disruption", "plan", "calls", "attained", "share", "low", "high"),
    *("baseline", "gain", "gain_low", "gain_high", "normal", "change", "change_low", "change_high"),
]


def ensemble_attainment(ensemble: Ensemble) -> pd.DataFrame:
    """Count attainment of every plan and condition, against the first plan and against normal days.

    Parameters
    ----------
    ensemble : Ensemble
        Finished; opened from its folder or as `simulate_ensemble` gave it.

    Returns
    -------
    DataFrame
        A row for each condition and plan: ``disruption, plan, calls, attained, share, low, high``; ``gain`` over the
        first plan (``baseline``) under the same condition, with ``gain_low, gain_high``; ``change`` from normal days
        (``normal``) with the same plan, with ``change_low, change_high``. Shares of genuine calls; differences are
        paired by replication on the same calls, intervals of 95 %. Under a disruption only calls that began before
        the event was over count, see `event_result`, and for ``change`` those of the same time on normal days. NaN
        where there is nothing to compare with, or replications are too few.

    Raises
    ------
    InputError
        If the ensemble is not finished, or its folder does not say its standard.

    Examples
    --------
    ``ensemble_attainment(open_ensemble("study"))``
    """
    found, _, _ = _attainment_and_reasons(ensemble, reasons=False)
    return found


def _attainment_and_reasons(
    ensemble: Ensemble, *, reasons: bool
) -> tuple[pd.DataFrame, dict[tuple[str, str], tuple[pd.Series | None, pd.Series]], dict[tuple[str, str], _Counts]]:
    """Return the table, why calls were missed, and what normal days attained in the time of each disruption."""
    counts: dict[tuple[str, str], NDArray[np.float64]] = {}
    same_time: dict[tuple[str, str], _Counts] = {}
    why: dict[tuple[str, str], tuple[pd.Series | None, pd.Series]] = {}
    for disruption in ensemble.disruptions:
        for plan in ensemble.plans:
            result = event_result(ensemble, plan=plan, disruption=disruption)
            counts[(disruption, plan)] = _by_replication(result)
            if reasons:
                stages = stage_attainment(result)
                binding = stages[stages["binding"].astype(bool)].sort_values("missed_alone", ascending=False)
                why[(disruption, plan)] = (binding.iloc[0] if len(binding) else None, miss_reasons(result))
    base, normal = ensemble.plans[0], _normal(ensemble)
    rows = []
    for (disruption, plan), one in counts.items():
        total = one.sum(axis=0)
        if total[1]:
            own = share_interval(one[:, 0], one[:, 1])
            shares = (own.value, own.low, own.high)
        else:
            shares = (np.nan,) * 3
        gain = _paired(one, counts[(disruption, base)] if plan != base else None)
        usual = None
        if normal is not None and disruption != normal:
            usual = _by_replication(event_result(ensemble, plan=plan, disruption=normal, during=disruption))
            kept, met = usual.sum(axis=0).tolist()
            if met != counts[(normal, plan)][:, 1].sum():
                same_time[(disruption, plan)] = (int(kept), int(met))
        change = _paired(one, usual)
        head = (disruption, plan, int(total[1]), int(total[0]), *shares)
        rows.append(
            (*head, base if plan != base else "", *gain, (normal or "") if disruption != normal else "", *change)
        )
    return pd.DataFrame(rows, columns=_COLUMNS), why, same_time


def _paired(one: NDArray[np.float64], other: NDArray[np.float64] | None) -> tuple[float, float, float]:
    if other is None or not (one[:, 1].sum() and other[:, 1].sum()):
        return (np.nan,) * 3
    if len(one) < 2:
        return pooled_share(one.sum(axis=0)) - pooled_share(other.sum(axis=0)), np.nan, np.nan
    found = paired_difference(pooled_share, one, other).paired
    return found.value, found.low, found.high


def ensemble_in_words(ensemble: Ensemble, *, lang: Lang = "en") -> list[str]:
    """Say what an ensemble simulated and what it tells, a sentence a line.

    Parameters
    ----------
    ensemble : Ensemble
        Finished.
    lang : {'zh', 'en'}, optional

    Returns
    -------
    list of str
        What was simulated; attainment of every plan under every condition, with the limit and the reasons that lose
        most; how much each plan gains over the first and whether that is beyond chance; what each event takes from
        each plan. A share of all calls is told as a count, never as 100 %.

    Raises
    ------
    InputError
        As `ensemble_attainment`.
    """
    table, why, same_time = _attainment_and_reasons(ensemble, reasons=True)
    zh = lang == "zh"
    lines = [_say("table", lang, span=_span(ensemble.manifest.horizon_s, zh)), *_simulated(ensemble, lang)]
    rows: list[Row] = [dict(zip(table.columns, values, strict=True)) for values in table.itertuples(index=False)]
    for row in rows:
        lines += _attained_lines(row, why[(row["disruption"], row["plan"])], lang)
    for value, keys in _SENTENCES.items():
        for row in rows:
            usual = same_time.get((row["disruption"], row["plan"])) if value == "change" else None
            lines += _difference_line(row, value, keys, lang, usual)
    return lines


def _simulated(ensemble: Ensemble, lang: Lang) -> list[str]:
    told, county, zh = ensemble.manifest, ensemble.county, lang == "zh"
    comma = "、" if zh else ", "
    plans, conditions = len(told.plans), len(told.disruptions)
    span = _span(told.horizon_s, zh)
    lines = [
        _say(
            "simulated",
            lang,
            plans=plans if zh else f"{_many(plans, 'plan')} through {_many(conditions, 'condition')}",
            conditions=conditions,
            plan_names=comma.join(label("plan", name, lang) for name in told.plans),
            condition_names=comma.join(_named(label("condition", name, lang), zh) for name in told.disruptions),
            n=told.replications if zh else _many(told.replications, "replication"),
            span=span,
            seed=told.seed,
        )
    ]
    for name, labels in told.disruptions.items():
        if labels:
            met = min(told.replications, len(labels))  # the others happen to nobody
            events = "one_event" if len(labels) == 1 else "first_events" if met < len(labels) else "events"
            drawn = _say(events, lang, n=len(labels), met=met)
            over = _over(county.lasts_s.get(name, ())[:met], told.horizon_s, lang)
            lines.append(_say("drawn", lang, condition=label("condition", name, lang), drawn=drawn, over=over))
    lines += [in_language(line, lang) for line in county.said]
    return [*lines, _say("standard", lang, standard=county.standard.name)]


def _over(lasts_s: Sequence[float], horizon_s: float, lang: Lang) -> str:
    """Say when an event is over, or from when to when several are, as far as they are before the end."""
    hours = [value / 3600 for value in lasts_s if value <= horizon_s]
    if not hours:
        return _say("never", lang)
    least, most = (f"{value:.0f}" for value in (min(hours), max(hours)))
    lasts = least if least == most else f"{least}–{most}"
    still = len(lasts_s) - len(hours)
    return _say("some_never", lang, n=still, lasts=lasts) if still else _say("over", lang, lasts=lasts)


def _named(name: str, zh: bool) -> str:
    """Quote a name that would look like several in a list.

    Examples
    --------
    >>> _named("台风洪水", zh=True), _named("断路、断网、断电", zh=True)
    ('台风洪水', '“断路、断网、断电”')
    """
    if not any(mark in name for mark in "、，,"):
        return name
    return f"“{name}”" if zh else f'"{name}"'


def _many(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number > 1)}"


def _span(seconds: float, zh: bool) -> str:
    """Write a horizon in days, one of under two days in hours."""
    if seconds >= 2 * 86_400:
        return f" {seconds / 86_400:g} 天" if zh else f"{seconds / 86_400:g} days"
    return f" {seconds / 3600:g} 小时" if zh else f"{seconds / 3600:g} h"


def _attained_lines(row: Row, why: tuple[pd.Series | None, pd.Series], lang: Lang) -> list[str]:
    names = {
        "condition": label("condition", str(row["disruption"]), lang),
        "plan": label("plan", str(row["plan"]), lang),
    }
    calls, value = float(row["calls"]), float(row["share"])
    if not calls:
        return [_say("none", lang, **names)]
    between = interval(float(row["low"]), float(row["high"]))
    written = share(value, calls, "calls", lang)
    lines = [_say("share", lang, **names, calls=count(calls), share=written, between=f" {between}".rstrip())]
    binding, reasons = why
    if binding is None or not len(reasons):
        return lines
    since, until = (milestone_words(str(binding[name]), lang) for name in ("since", "stage"))
    stage = _say("within", lang, since=since, until=until, limit=f"{binding['limit_s']:g}")
    most = sorted(reasons.items(), key=lambda one: (-one[1], str(one[0])))[:_MOST_REASONS]
    told = [f"{label('miss', str(name), lang).replace('_', ' ')} {count(float(many))}" for name, many in most]
    if rest := sum(float(many) for many in reasons) - sum(float(many) for _, many in most):
        told.append(_say("rest", lang, n=count(rest)))
    return [*lines, _say("why", lang, stage=stage, reasons=("、" if lang == "zh" else "; ").join(told))]


def _difference_line(row: Row, value: str, keys: Sequence[str], lang: Lang, usual: _Counts | None = None) -> list[str]:
    """Say a difference, if there is one to say, and what it is counted from where that stands nowhere else."""
    by, low, high = (float(row[name]) for name in (value, f"{value}_low", f"{value}_high"))
    if by != by:
        return []
    above, under, alike, one, same = keys
    known = low == low and high == high
    key = same if by == low == high == 0 else one if not known else above if low > 0 else under if high < 0 else alike
    names = {
        "condition": label("condition", str(row["disruption"]), lang),
        "plan": label("plan", str(row["plan"]), lang),
        "baseline": label("plan", str(row["baseline"]), lang),
        "normal": label("condition", str(row["normal"]), lang),
    }
    normal = ""
    if usual is not None and usual[1]:
        written = share(usual[0] / usual[1], float(usual[1]), "calls", lang)
        normal = _say("usual", lang, normal=names["normal"], share=written, calls=count(float(usual[1])))
    told = (-by, -high, -low) if key == under else (by, low, high)
    points = difference(*told) if known else difference(by)
    points = points.replace("+", "") if key in (above, under) else points
    return [_say(key, lang, **names, points=points, usual=normal)]
