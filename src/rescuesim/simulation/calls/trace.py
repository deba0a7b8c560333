"""load_calls: recorded calls from a table, each with a moment, a place and a type, as a `CallLog`."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._tables import Column, TextTable, check_table, moment_in, read_text_table
from rescuesim._words import Note
from rescuesim.crew import Lognormal
from rescuesim.demand import DemandPoints
from rescuesim.demand.incidents import call_type_words
from rescuesim.demand.placed import placed_rows
from rescuesim.demand.points import CALL_TYPES
from rescuesim.demand.population import nearest
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network.coordinates.crs import metric_crs, project
from rescuesim.simulation.calls.drawing import Keyed, slot_and_call_draws
from rescuesim.simulation.calls.growth import default_growth
from rescuesim.simulation.calls.log import CallLog, call_priorities

__all__ = ["CALL_COLUMNS", "call_type_codes", "load_calls"]

_LONGEST_MIN = 30 * 24 * 60.0
CALL_COLUMNS = (
    Column(name="id", aliases=("警情编号", "案件编号", "报警编号")),
    Column(name="time", aliases=("时间", "报警时间", "接警时间", "来电时间", "立案时间", "发生时间")),
    Column(name="arrived_at_s", number=True, minimum=0, maximum=1e10),
    Column(name="point", aliases=("需求点编号", "村编号", "村编码", "村代码", "demand_id")),
    Column(name="name", aliases=("地点", "地名")),
    Column(name="township"),
    Column(name="lon", number=True),
    Column(name="lat", number=True),
    Column(
        name="type",
        required=True,
        aliases=("类型", "警情类型", "警情类别", "灾害类型", "案件类型", "出动类型"),
    ),
    Column(name="on_scene_min", number=True, minimum=0, maximum=_LONGEST_MIN),
    Column(name="detected_min", number=True, minimum=0, maximum=_LONGEST_MIN),
    Column(name="priority", number=True, minimum=0, maximum=127, whole=True),
    Column(name="severity", number=True, minimum=1e-9, maximum=1e6),
    Column(name="patience_s", number=True, minimum=0, maximum=1e7),
    Column(name="again_after_s", number=True, minimum=0, maximum=1e7),
    Column(name="duplicate_of"),
)


def load_calls(
    source: Path | str | pd.DataFrame,
    demand: DemandPoints,
    *,
    starts: datetime.datetime | str | None = None,
    type_names: Mapping[str, str] | None = None,
    crs: str | None = None,
    match_limit_m: float | None = None,
    seed: int | None = None,
    replication: int = 0,
    n_slots: int = 1,
) -> CallLog:
    """Read recorded calls.

    Parameters
    ----------
    source : path or DataFrame
        A table, text in UTF-8 or GB18030, a workbook or a DataFrame, of the columns `CALL_COLUMNS` in English or
        Chinese: ``type`` (警情类型); ``time`` (报警时间, day and time of day) or ``arrived_at_s`` (报警秒数);
        ``point`` (需求点编号), or ``name`` (地点) with ``township``,
        or ``lon`` and ``lat``; and if known ``on_scene_min`` (处置时长),
        ``detected_min`` (发现时长), ``priority``, ``severity``, ``patience_s``, ``again_after_s``, ``id`` and
        ``duplicate_of`` (the ``id`` of the call an incident began with). In the order of the calls.
    demand : DemandPoints
    starts : datetime or str, optional
        Beginning of the replication; midnight before the first call if absent.
    type_names : mapping of str to str, optional
        A bureau's own words for types, and the types of ``calls.needs`` they mean.
    crs : str, optional
        System of ``lon`` and ``lat``, as in `load_demand`.
    match_limit_m : float, optional
        A position farther from every demand point belongs to none; ``calls.history.match_limit_m`` if absent.
    seed : int, optional
        Root of the draws of all that is not recorded, keyed as those of `CallModel`. Without it every duration
        that is not recorded is its median.
    replication : int, optional
    n_slots : int, optional
        Unit slots to draw for.

    Returns
    -------
    CallLog
        Its notes name the defaults that were taken.

    Raises
    ------
    InputError
        With every fault: a moment or a number that is none, calls out of order or before `starts`, an unknown place
        or type, a negative duration, a duplicate of nothing.
    DataFileError
        If the file cannot be read.

    Examples
    --------
    >>> from rescuesim.demand import load_demand
    >>> demand = load_demand(pd.DataFrame({"id": ["v1"], "name": ["上村"], "lon": [119.3], "lat": [28.7]}))
    >>> cells = {"报警时间": ["2023-07-01 08:00:30"], "地点": ["上村"], "警情类型": ["火灾"], "处置时长": [90]}
    >>> log = load_calls(pd.DataFrame(cells), demand)
    >>> log.arrived_at_s.tolist(), log.types, log.on_scene_s.tolist(), log.starts.isoformat()
    ([28830.0], ('fire',), [5400.0], '2023-07-01T00:00:00')
    """
    table = read_text_table(source, label="call table", columns=CALL_COLUMNS)
    frame, faults = check_table(table, CALL_COLUMNS)
    begin, more = _start(starts)
    faults += more
    # cells are looked at in rows with other faults too, so that one message has them all
    if "type" not in table.frame.columns:
        raise InputError(faults)
    faults += _lacking(table)
    codes = call_type_codes(table, type_names or {}, faults)
    limit_m = default("calls.history.match_limit_m").number if match_limit_m is None else match_limit_m
    near = _nearest_points(table, frame, demand, crs, limit_m, faults)
    points = _points(table, demand, near, faults)
    arrived, begin = _moments(table, begin, faults)
    duplicates = _duplicates(table, faults)
    if faults:
        raise InputError(sorted(faults, key=lambda fault: -1 if fault.row is None else fault.row))
    return _log(frame, demand, table, codes, points, arrived, duplicates, begin, seed, replication, n_slots)


def _start(starts: datetime.datetime | str | None) -> tuple[datetime.datetime | None, list[Fault]]:
    expected = "a moment such as 2026-07-01T06:00"
    try:
        begin = datetime.datetime.fromisoformat(starts) if isinstance(starts, str) else starts
    except ValueError:
        return None, [Fault(column="starts", value=str(starts), expected=expected)]
    if begin is not None and not isinstance(begin, datetime.datetime):
        return None, [Fault(column="starts", value=str(starts), expected=expected)]
    if begin is not None and begin.tzinfo is not None:
        return None, [Fault(column="starts", value=str(starts), expected="local time, without a zone")]
    return begin, []


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _lacking(table: TextTable) -> list[Fault]:
    """Describe what is missing where one of several columns would do."""
    have, faults = set(table.frame.columns), []
    if not {"time", "arrived_at_s"} & have:
        faults.append(Fault(file=table.label, expected="a column time (报警时间) or arrived_at_s (报警秒数)"))
    if not {"point", "name"} & have and not {"lon", "lat"} <= have:
        expected = "a column point (需求点编号), name (地点), or lon and lat (经度, 纬度)"
        faults.append(Fault(file=table.label, expected=expected))
    return faults


def _cells(table: TextTable, column: str) -> list[str]:
    return table.frame[column].to_list() if column in table.frame.columns else [""] * len(table.frame)


def call_type_codes(table: TextTable, type_names: Mapping[str, str], faults: list[Fault]) -> list[int]:
    """Return the type of each row as an index into `CALL_TYPES`; -1 where none is given or it is at fault."""
    words, codes = call_type_words(type_names), []
    for row, cell in zip(table.frame.index, _cells(table, "type"), strict=True):
        codes.append(words.get(_plain(cell), -1))
        if cell and codes[-1] < 0:
            known = nearest_name(cell, [*CALL_TYPES, *type_names])
            expected = f"a type of call, {known}, or its word in type_names (--type {cell}=rescue, say)"
            faults.append(table.fault(int(row), "type", expected))
    return codes


def _nearest_points(
    table: TextTable, frame: pd.DataFrame, demand: DemandPoints, crs: str | None, limit_m: float, faults: list[Fault]
) -> dict[int, int]:
    """Return the nearest demand point, by row, of calls that have no id and no name but a position."""
    named = [bool(id_ or name) for id_, name in zip(_cells(table, "point"), _cells(table, "name"), strict=True)]
    bare = table.frame.index[~np.array(named, dtype=np.bool_)]
    if not {"lon", "lat"} <= set(frame.columns) or demand.lon is None or demand.lat is None:
        return {}
    some = frame.loc[frame.index.isin(bare)].dropna(subset=["lon", "lat"])
    if some.empty:
        return {}
    placed, lon, lat, wrong = placed_rows(table, some, crs)
    faults += wrong
    if wrong:
        return dict.fromkeys((int(row) for row in some.index), -1)
    metric = metric_crs(demand.lon, demand.lat)
    to, distance_m = nearest(project(demand.lon, demand.lat, metric), project(lon, lat, metric))
    found = {}
    for row, point, away in zip(placed.index, to.tolist(), distance_m.tolist(), strict=True):
        found[int(row)] = point if away <= limit_m else -1
        if away > limit_m:
            expected = (
                f"a position within {limit_m:g} m of a point; {demand.ids[point]}, the nearest, is {away:.0f} m away"
            )
            faults.append(table.fault(int(row), "lon", expected))
    return found


def _points(table: TextTable, demand: DemandPoints, near: Mapping[int, int], faults: list[Fault]) -> list[int]:
    """Return the demand point of each row, by id, else by name and township or position; -1 where it is at fault."""
    by_id = {id_: at for at, id_ in enumerate(demand.ids)}
    by_name: dict[str, list[int]] = {}
    for at, name in enumerate(demand.names):
        by_name.setdefault(_plain(name), []).append(at)
    found = []
    cells = (_cells(table, name) for name in ("point", "name", "township"))
    for row, id_, name, township in zip(table.frame.index, *cells, strict=True):
        if int(row) in near:
            found.append(near[int(row)])
            continue
        some = [by_id[id_]] if id_ in by_id else [] if id_ else list(by_name.get(_plain(name), []))
        if len(some) > 1 and township:
            some = [at for at in some if _plain(demand.townships[at]) == _plain(township)]
        found.append(some[0] if len(some) == 1 else -1)
        if len(some) == 1:
            continue
        column = "point" if id_ or "name" not in table.frame.columns else "name"
        if id_:
            expected = f"the id of a point of {demand.source}"
        elif name:
            several = f"; {len(some)} points have this name, add township or point" if some else ""
            expected = f"the name of one point of {demand.source}{several}"
        else:
            expected = "a point's id, its name, or lon and lat"
        column = column if column in table.frame.columns else "lon"
        if column in table.frame.columns:
            faults.append(table.fault(int(row), column, expected))
    return found


def _moments(
    table: TextTable, begin: datetime.datetime | None, faults: list[Fault]
) -> tuple[list[float], datetime.datetime | None]:
    """Return the seconds of each call from the start, and the start; out of order or before it are faults."""
    column = "time" if "time" in table.frame.columns else "arrived_at_s"
    if column not in table.frame.columns:
        return [], begin
    seconds: list[float] = []
    arrived = next(known for known in CALL_COLUMNS if known.name == "arrived_at_s")
    if column == "time":
        stamps = [moment_in(cell) for cell in _cells(table, "time")]
        known = [stamp for stamp in stamps if stamp is not None]
        if begin is None and known:
            begin = min(known).replace(hour=0, minute=0, second=0, microsecond=0)
        for row, stamp in zip(table.frame.index, stamps, strict=True):
            if stamp is None or begin is None:
                expected = "a day and a time of day, such as 2023-05-01 08:30:00 or 2023年5月1日 8时30分"
                faults.append(table.fault(int(row), "time", expected))
            seconds.append(float("nan") if stamp is None or begin is None else (stamp - begin).total_seconds())
    else:
        for cell in _cells(table, "arrived_at_s"):
            found = arrived.number_in(cell) if cell else None
            seconds.append(float("nan") if found is None else found)
        for row, cell in zip(table.frame.index, _cells(table, "arrived_at_s"), strict=True):
            if not cell:
                faults.append(table.fault(int(row), "arrived_at_s", "seconds of 0 or more"))
    latest = -1.0
    for row, at in zip(table.frame.index, seconds, strict=True):
        if at < 0:
            faults.append(table.fault(int(row), column, f"a moment not before the start, {begin}"))
        elif at < latest:
            faults.append(
                table.fault(int(row), column, "calls in the order of arrival; one above rings later: sort them")
            )
        elif at >= latest:
            latest = at
    return seconds, begin


def _duplicates(table: TextTable, faults: list[Fault]) -> list[int]:
    """Return the row, from 0, of the call that each is a duplicate of; -1 for none."""
    ids, named = _cells(table, "id"), _cells(table, "duplicate_of")
    first: dict[str, int] = {}
    found: list[int] = []
    for at, (row, id_, of) in enumerate(zip(table.frame.index, ids, named, strict=True)):
        target = first.get(of, -1) if of else -1
        if of and (target < 0 or found[target] >= 0):
            faults.append(table.fault(int(row), "duplicate_of", "the id of a call above that is no duplicate itself"))
        found.append(target)
        if id_ and first.setdefault(id_, at) != at:
            faults.append(table.fault(int(row), "id", "each id once"))
    return found


def _log(
    frame: pd.DataFrame,
    demand: DemandPoints,
    table: TextTable,
    codes: list[int],
    points: list[int],
    arrived: list[float],
    duplicates: list[int],
    begin: datetime.datetime | None,
    seed: int | None,
    replication: int,
    n_slots: int,
) -> CallLog:
    size, notes = len(frame), list(table.notes)
    types = tuple(name for at, name in enumerate(CALL_TYPES) if at in set(codes))
    code = np.array([types.index(CALL_TYPES[at]) for at in codes], dtype=np.int8)
    draws: dict[str, NDArray[np.float64]] = {}
    if seed is not None:
        draws = slot_and_call_draws(Keyed(seed=seed, replication=replication), size, n_slots)
    shape = (size,) if n_slots == 1 else (size, n_slots)
    z = draws.pop("on_scene_s", np.zeros(shape))
    by_default = np.zeros(shape)
    for at, name in enumerate(types):
        by_default[code == at] = Lognormal.from_default(default(f"calls.on_scene.{name}")).from_normal(z[code == at])

    def given(name: str) -> NDArray[np.float64]:
        return frame[name].to_numpy(dtype=np.float64) if name in frame else np.full(size, np.nan)

    def filled(name: str, otherwise: NDArray[np.float64], en: str, zh: str) -> NDArray[np.float64]:
        values = given(name)
        if (blank := int(np.isnan(values).sum())) and en:
            notes.append(
                Note(
                    f"{table.label}: {name} not given in {blank} of {size} rows: {en}",
                    f"{table.label}：{size} 行中 {blank} 行未给出 {name}，取{zh}",
                )
            )
        return np.where(np.isnan(values), otherwise, values)

    how = ("drawn from calls.on_scene", "calls.on_scene 分布抽样") if seed is not None else ("medians", "中位数")
    recorded = given("on_scene_min") * 60.0
    filled("on_scene_min", np.zeros(size), *how)
    on_scene = recorded if n_slots == 1 else recorded[:, np.newaxis]
    detected = (
        filled("detected_min", np.zeros(size), "0, seen at once by the one who rang", "0（报警人当即发现）") * 60.0
    )
    grown = np.ones(size)
    for at, name in enumerate(types):
        grown[code == at] = default_growth()[name].severity(detected[code == at])
    if np.isnan(given("detected_min")).any():
        grown = np.where(np.isnan(given("detected_min")), 1.0, grown)
    severity = filled("severity", grown, "by detection, 1 where that is not given", "发现时长推算，未给出者为 1")
    usual = np.array([call_priorities()[name] for name in types])[code] if size else np.zeros(0)
    raised = severity >= default("calls.priority_raised_at_severity").number
    priority = filled("priority", np.maximum(usual - raised, 0), "by type and severity", "按类型和严重程度确定")
    log = CallLog.from_draws(
        demand.ids,
        types,
        arrived_at_s=arrived,
        point=points,
        type_code=code,
        on_scene_s=np.where(np.isnan(on_scene), by_default, on_scene),
        detected_s=detected,
        severity=severity,
        priority=priority,
        duplicate_of=duplicates,
        patience_s=filled("patience_s", np.full(size, np.inf), "nobody gives up", "无人放弃"),
        again_after_s=filled("again_after_s", np.full(size, np.inf), "", ""),
        **draws,
    )
    return replace(log, starts=begin, notes=tuple(notes))
