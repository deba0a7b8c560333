"""One replication as a log that can be read: who did what, and when."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from rescuesim._words import CALL_TYPE_WORDS, CHANNEL_WORDS, CREW_WORDS, ZONE_WORDS, Lang

__all__ = ["LogLine", "replication_log"]

_CALL: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "arrived": ("来电：{type}，{place}", "rings: {type}, {place}"),
        "answered": ("接起电话", "is answered"),
        "ordered": ("接警员要求派出力量", "the desk wants a crew to go"),
        "handling": ("启动处置，距来电 {since}", "first action, {since} after the ring"),
    }
)
_UNIT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "dispatched": ("选派 {unit}（{crew}），经{channel}下达", "{unit} ({crew}) is chosen, told over {channel}"),
        "alerted": ("{unit} 接到指令", "{unit} has the order"),
        "rolling": ("{unit} 出动", "{unit} rolls"),
        "on_scene": ("{unit} 到场", "{unit} is on scene"),
        "ready": ("{unit} 展开完毕", "{unit} is set up"),
        "cleared": ("{unit} 处置结束", "{unit} clears"),
        "available": ("{unit} 返回，恢复待命", "{unit} is back and free"),
    }
)
_NOTES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "false": ("事后查明为虚假警或重复报警", "turns out to be false, or a duplicate"),
        "stood_down": ("此前有 {n} 支力量因道路不通撤回", "{n} units had found the road closed and stood down"),
        "ended": ("{unit} 的任务未完成：{ended}", "the mission of {unit} ends: {ended}"),
        "lost": ("没有可派力量，未受理", "lost: no unit could go"),
        "waiting": ("到统计终点仍在等待", "still waits at the end of the replication"),
        "under_way": ("到统计终点力量仍在途", "help is still under way at the end of the replication"),
        "abandoned": ("来电者放弃", "the caller gave up"),
        "duplicate": ("并入先前的报警", "joined to an earlier call"),
        "unheard": ("电话打不通", "the call could not get through"),
    }
)
_ENDED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "no_way": ("无路可达", "no way"),
        "refused": ("拒绝出动", "it refused"),
        "not_mustered": ("人员未集结", "too few came"),
        "not_told": ("指令未送达", "the order did not reach it"),
        "diverted": ("改派他处", "diverted"),
        "recalled": ("召回", "recalled"),
        "under_way": ("到统计终点仍在执行", "under way at the end of the replication"),
    }
)


class LogLine(NamedTuple):
    """Something that happened.

    Attributes
    ----------
    at_s : float
        Seconds from the start of the replication; the horizon for what was never finished.
    call : int
        Number within the replication.
    text : str
    """

    at_s: float
    call: int
    text: str

    def __str__(self) -> str:
        return f"{clock(self.at_s)}  #{self.call:<4} {self.text}"


def clock(at_s: float) -> str:
    """Write a moment as days and time since the start.

    Examples
    --------
    >>> clock(93784.7)
    '1 d 02:03:04.7'
    """
    tenths = math.floor(at_s * 10 + 0.5)
    days, tenths = divmod(tenths, 864_000)
    hours, tenths = divmod(tenths, 36_000)
    minutes, tenths = divmod(tenths, 600)
    return f"{days} d {hours:02}:{minutes:02}:{tenths // 10:02}.{tenths % 10}"


def replication_log(
    records: pd.DataFrame,
    *,
    missions: pd.DataFrame | None = None,
    horizon_s: float,
    names: Mapping[str, str] = MappingProxyType({}),
    lang: Lang = "en",
) -> list[LogLine]:
    """Tell one replication from its records.

    Parameters
    ----------
    records : DataFrame
        Of one replication, as in `SimulationResult`.
    missions : DataFrame, optional
        What every unit did; told from the unit of the call if absent.
    horizon_s : float
        End of the replication.
    names : mapping of str to str, optional
        Of sites and of demand points by id, told beside their ids.
    lang : {'zh', 'en'}, optional

    Returns
    -------
    list of LogLine
        By time; what happens at the same moment by call and in the order of the chain.
    """
    column = 0 if lang == "zh" else 1
    told = list(_of_calls(records, horizon_s, names, column))
    told += _of_units(records if missions is None else missions, horizon_s, names, column)
    return [line for _, line in sorted(told, key=lambda one: (one[1].at_s, one[1].call, one[0]))]


_Told = tuple[int, LogLine]  # rank within a moment, and the line
_RANK = {
    name: rank
    for rank, name in enumerate(
        (
            *("arrived", "answered", "ordered", "dispatched", "alerted", "rolling", "on_scene", "ready", "handling"),
            *("cleared", "available", "ended"),
        )
    )
}


def _of_calls(records: pd.DataFrame, horizon_s: float, names: Mapping[str, str], column: int) -> Iterator[_Told]:
    for row in records.to_dict("records"):
        about = {"type": _word(CALL_TYPE_WORDS, row["type"], column), "place": _place(row, names, column)}
        call, ring_s = int(row["call"]), float(row["arrived_at_s"])
        for name, words in _CALL.items():
            at_s = float(row[f"{name}_at_s"])
            if not math.isnan(at_s):
                text = words[column].format(**about, since=_span(at_s - ring_s))
                yield _RANK[name], LogLine(at_s, call, text)
        outcome = str(row["outcome"])
        if outcome in _NOTES:
            last = [float(row[f"{name}_at_s"]) for name in ("arrived", "answered", "ordered")]
            at_s = horizon_s if outcome in ("waiting", "under_way") else max(one for one in last if not math.isnan(one))
            yield _RANK["ended"], LogLine(at_s, call, _NOTES[outcome][column])
        if not row["genuine"]:
            yield _RANK["ordered"], LogLine(ring_s, call, _NOTES["false"][column])
        if (stood_down := int(row.get("redispatched", 0))) and not math.isnan(row["dispatched_at_s"]):
            text = _NOTES["stood_down"][column].format(n=stood_down)
            yield _RANK["dispatched"], LogLine(float(row["dispatched_at_s"]), call, text)


def _of_units(rows: pd.DataFrame, horizon_s: float, names: Mapping[str, str], column: int) -> Iterator[_Told]:
    steps = [name for name in _UNIT if f"{name}_at_s" in rows]
    for row in rows.to_dict("records"):
        if not str(row["unit"]):
            continue
        about = {
            "unit": _named(str(row["unit"]), names.get(str(row["site"]), ""), str(row["site"])),
            "crew": _word(CREW_WORDS, row["crew"], column),
            "channel": _word(CHANNEL_WORDS, row["channel"] or "–", column),
        }
        call, last_s = int(row["call"]), math.nan
        for name in steps:
            at_s = float(row[f"{name}_at_s"])
            if not math.isnan(at_s):
                last_s = at_s
                yield _RANK[name], LogLine(at_s, call, _UNIT[name][column].format(**about))
        ended = str(row.get("ended", "completed"))
        if ended != "completed":
            at_s = horizon_s if ended == "under_way" or math.isnan(last_s) else last_s
            words = _NOTES["ended"][column].format(**about, ended=_word(_ENDED, ended, column))
            yield _RANK["ended"], LogLine(at_s, call, words)


def _word(words: Mapping[str, tuple[str, str]], name: object, column: int) -> str:
    return words[str(name)][column] if str(name) in words else str(name)


def _named(id_: str, name: str, own: str) -> str:
    """Put a name before an id, where there is one that says more.

    Examples
    --------
    >>> _named("S1#2", "城区站", "S1"), _named("S1#2", "S1", "S1"), _named("v1", "", "v1")
    ('城区站 S1#2', 'S1#2', 'v1')
    """
    return f"{name} {id_}" if name and name != own else id_


def _place(row: Mapping[Any, Any], names: Mapping[str, str], column: int) -> str:
    id_ = str(row["demand_id"])
    place = _named(id_, names.get(id_, ""), id_)
    township, zone = str(row["township"]), _word(ZONE_WORDS, row["zone"], column)
    within = [part for part in (zone, township) if part]
    if not within:
        return place
    return f"{place}（{'，'.join(within)}）" if column == 0 else f"{place} ({', '.join(within)})"


def _span(seconds: float) -> str:
    """Write a span as minutes and seconds, one of an hour or more with its hours.

    Examples
    --------
    >>> _span(754.2), _span(62809.0)
    ('12:34', '17:26:49')
    """
    whole = math.floor(seconds + 0.5)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
