"""Recorded incidents: read from a table as a bureau keeps it, with whatever moments and durations it has."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._tables import Column, TextTable, check_table, clock_in, has_seconds, moment_in, read_text_table
from rescuesim.crew import default_crews
from rescuesim.demand import DemandPoints
from rescuesim.demand.points import CALL_TYPES
from rescuesim.errors import Fault, InputError
from rescuesim.plan import Plan
from rescuesim.simulation.calls.trace import call_type_codes
from rescuesim.simulation.replay.placing import Who, places_of, who_went

__all__ = ["INCIDENT_COLUMNS", "MILESTONES", "STAGES", "LeftOut", "RecordedIncidents", "read_incident_times"]

MILESTONES = ("arrived", "answered", "ordered", "rolling", "on_scene", "handling", "cleared")
STAGES = ("answering", "order", "turnout", "travel", "set_up", "on_scene")  # stage k ends with milestone k + 1
_MOMENTS = ("time", *(f"{name}_at" for name in MILESTONES[1:]))
_DURATIONS = (
    ("answering_s", 0, 1.0),
    ("order_s", 1, 1.0),
    ("turnout_s", 2, 1.0),
    ("turnout_min", 2, 60.0),
    ("travel_s", 3, 1.0),
    ("travel_min", 3, 60.0),
    ("set_up_s", 4, 1.0),
    ("on_scene_min", 5, 60.0),
)
# the headers of the Chinese workbook, by which a reason can be found in it
_MOMENTS_ZH = ("报警时间", "接听时间", "派警时间", "出动时间", "到场时间", "启动处置时间", "处置完毕时间")
_STAGES_ZH = ("接警用时", "派警用时", "出动用时", "行车用时", "展开用时", "处置时长")
INCIDENT_COLUMNS = (
    Column(name="id", aliases=("警情编号", "案件编号", "报警编号")),
    Column(
        name="time",
        required=True,
        aliases=("时间", "报警时间", "接警时间", "来电时间", "立案时间", "发生时间"),
    ),
    Column(name="type", aliases=("警情类型", "类型", "警情类别", "灾害类型", "案件类型", "出动类型")),
    Column(name="point", aliases=("需求点编号", "村编号", "村编码", "村代码", "demand_id")),
    Column(name="name", aliases=("地点", "地名", "地址", "详细地址", "发生地点", "address")),
    Column(name="township"),
    Column(name="lon", number=True),
    Column(name="lat", number=True),
    Column(name="site", aliases=("站点", "站点名称", "站名", "站点编号")),
    Column(name="crew", choices=tuple(default_crews())),
    Column(name="unit"),
    *(Column(name=name) for name in _MOMENTS[1:]),
    *(Column(name=name, number=True) for name, *_ in _DURATIONS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A row whose recorded facts cannot all be true.

    Attributes
    ----------
    row : int
        As an editor or Excel counts it.
    id : str
    why, why_zh : str
    """

    row: int
    id: str
    why: str
    why_zh: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordedIncidents:
    """Incidents as they were recorded, in the order of their rings.

    Parameters
    ----------
    label : str
        The table that messages name.
    starts : datetime
        Midnight before the first ring; seconds count from here.
    rows, ids, places, townships, types : tuple, length n
        Row in the table, id (else the row), place, township and call type; empty where it is not given.
    lon, lat : ndarray of float64, shape (n,)
        WGS84 degrees.
    who : tuple of Who, length n
        Station, crew and unit that went, as far as they are recorded.
    moment_s : ndarray of float64, shape (n, 7)
        Of `MILESTONES`; NaN where it is not recorded and follows from no duration.
    stage_s : ndarray of float64, shape (n, 6)
        Of `STAGES`; NaN where it is not recorded.
    step_s : ndarray of float64, shape (6,)
        How exactly the stages are written: 60 where moments or durations are whole minutes.
    left_out : tuple of LeftOut
    notes : tuple of str
    """

    label: str
    starts: datetime.datetime
    rows: tuple[int, ...]
    ids: tuple[str, ...]
    places: tuple[str, ...]
    townships: tuple[str, ...]
    types: tuple[str, ...]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    who: tuple[Who, ...]
    moment_s: NDArray[np.float64]
    stage_s: NDArray[np.float64]
    step_s: NDArray[np.float64]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def moment(self, at_s: float) -> datetime.datetime:
        """Return the moment of so many seconds."""
        return self.starts + datetime.timedelta(seconds=float(at_s))


def read_incident_times(
    source: Path | str | pd.DataFrame,
    *,
    plan: Plan,
    demand: DemandPoints,
    type_names: Mapping[str, str] | None = None,
    crs: str | None = None,
) -> RecordedIncidents:
    """Read recorded incidents.

    Parameters
    ----------
    source : path or DataFrame
        Columns as in `INCIDENT_COLUMNS`.
    plan : Plan
        The stations that were there.
    demand : DemandPoints
    type_names : mapping of str to str, optional
    crs : str, optional

    Returns
    -------
    RecordedIncidents
        Without the rows whose facts cannot be true; these are in `left_out`.

    Raises
    ------
    InputError
        With every cell that cannot be read: a moment that is none, an unknown place, type, station or crew.
    """
    table = read_text_table(source, label="incident table", columns=INCIDENT_COLUMNS)
    frame, faults = check_table(table, INCIDENT_COLUMNS)
    if "time" not in table.frame.columns:
        raise InputError(faults)
    codes = call_type_codes(table, type_names or {}, faults)
    rings = _rings(table, faults)
    given = _moments(table, rings, faults)
    lon, lat, places, townships = places_of(table, frame, demand, crs, faults)
    who = who_went(table, plan, faults)
    if faults:
        raise InputError(sorted(faults, key=lambda fault: -1 if fault.row is None else fault.row))
    starts = min(moment for moment in rings if moment is not None).replace(hour=0, minute=0, second=0, microsecond=0)
    moment_s = np.array(
        [[np.nan if one is None else (one - starts).total_seconds() for one in row] for row in given], dtype=np.float64
    ).reshape(len(given), len(MILESTONES))
    stage_s = _durations(frame)
    ids = _column(table, "id")
    names = tuple(id_ or str(row) for id_, row in zip(ids, table.frame.index, strict=True))
    _fill(moment_s, stage_s)
    left_out = _impossible(table, names, moment_s, stage_s, starts)
    dropped = {one.row for one in left_out}
    keep = [
        at for at in np.argsort(moment_s[:, 0], kind="stable").tolist() if int(table.frame.index[at]) not in dropped
    ]
    return RecordedIncidents(
        label=table.label,
        starts=starts,
        rows=tuple(int(table.frame.index[at]) for at in keep),
        ids=tuple(names[at] for at in keep),
        places=tuple(places[at] for at in keep),
        townships=tuple(townships[at] for at in keep),
        types=tuple(CALL_TYPES[codes[at]] if codes[at] >= 0 else "" for at in keep),
        lon=lon[keep],
        lat=lat[keep],
        who=tuple(who[at] for at in keep),
        moment_s=moment_s[keep],
        stage_s=stage_s[keep],
        step_s=_steps(table, frame),
        left_out=tuple(left_out),
        notes=tuple(table.notes),
    )


def _column(table: TextTable, name: str) -> list[str]:
    return table.frame[name].to_list() if name in table.frame.columns else [""] * len(table.frame)


def _rings(table: TextTable, faults: list[Fault]) -> list[datetime.datetime | None]:
    rings = [moment_in(cell) for cell in _column(table, "time")]
    said = {fault.row for fault in faults if fault.row is not None}
    for row, cell, ring in zip(table.frame.index, _column(table, "time"), rings, strict=True):
        if ring is None and (cell or int(row) not in said):
            expected = "a day and a time of day, such as 2023-05-01 08:30:00 or 2023年5月1日 8时30分"
            faults.append(table.fault(int(row), "time", expected))
    return rings


def _moments(
    table: TextTable, rings: list[datetime.datetime | None], faults: list[Fault]
) -> list[list[datetime.datetime | None]]:
    """Return the moments of each row; a time of day without a date is on the day of the ring or the next."""
    found: list[list[datetime.datetime | None]] = [[ring] for ring in rings]
    later_s = default("replay.next_day_from_h").number * 3600
    for name in _MOMENTS[1:]:
        for row, cell, ring, moments in zip(table.frame.index, _column(table, name), rings, found, strict=True):
            moment, clock = moment_in(cell), clock_in(cell)
            if cell and moment is None and clock is None:
                expected = "a moment such as 2023-05-01 08:30:00, a time of day such as 08:30:00, or nothing"
                faults.append(table.fault(int(row), name, expected))
            if moment is None and clock is not None and ring is not None:
                midnight = ring.replace(hour=0, minute=0, second=0, microsecond=0)
                moment = midnight + datetime.timedelta(seconds=clock)
                if (ring - moment).total_seconds() > later_s:
                    moment += datetime.timedelta(days=1)
            moments.append(moment)
    return found


def _durations(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return the durations that are given; shape (n, 6), seconds."""
    made = np.full((len(frame), len(STAGES)), np.nan)
    for name, stage, factor in _DURATIONS:
        if name in frame:
            values = frame[name].to_numpy(dtype=np.float64) * factor
            made[:, stage] = np.where(np.isnan(values), made[:, stage], values)
    return made


def _steps(table: TextTable, frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return how exactly each stage is written: 60 s where its moments or durations are all whole minutes."""
    moments = [60.0 if any(cells) and not any(map(has_seconds, cells)) else 1.0 for cells in _cells_of_moments(table)]
    steps = np.maximum(moments[:-1], moments[1:])
    for name, stage, factor in _DURATIONS:
        values = frame[name].dropna().to_numpy(dtype=np.float64) if name in frame else np.zeros(0)
        if factor > 1 and values.size and (values == np.round(values)).all():
            steps[stage] = max(steps[stage], factor)
    return steps


def _cells_of_moments(table: TextTable) -> list[list[str]]:
    return [_column(table, name) for name in _MOMENTS]


def _impossible(
    table: TextTable,
    names: tuple[str, ...],
    moment_s: NDArray[np.float64],
    stage_s: NDArray[np.float64],
    starts: datetime.datetime,
) -> list[LeftOut]:
    """List the rows of which the facts contradict each other: which of them is wrong cannot be told."""
    longest_s = default("replay.longest_h").number * 3600
    found = []
    for at, (row, name) in enumerate(zip(table.frame.index, names, strict=True)):
        why = []
        known = [k for k in range(len(MILESTONES)) if not np.isnan(moment_s[at, k])]
        for before, after in itertools.pairwise(known):
            gap_s = moment_s[at, after] - moment_s[at, before]
            first, second = (_MOMENTS[k] for k in (before, after))
            first_zh, second_zh = (_MOMENTS_ZH[k] for k in (before, after))
            if gap_s < 0:
                shown = [
                    f"{starts + datetime.timedelta(seconds=moment_s[at, k]):%Y-%m-%d %H:%M:%S}" for k in (after, before)
                ]
                why.append(
                    (
                        f"{second} {shown[0]} is before {first} {shown[1]}",
                        f"{second_zh} {shown[0]} 早于{first_zh} {shown[1]}",
                    )
                )
            elif gap_s > longest_s:
                why.append(
                    (
                        f"{first} to {second} is {gap_s / 3600:.0f} h",
                        f"{first_zh}至{second_zh}长达 {gap_s / 3600:.0f} 小时",
                    )
                )
            elif after == before + 1 and abs(gap_s - stage_s[at, before]) > 120:
                stage, stage_zh, value = STAGES[before], _STAGES_ZH[before], stage_s[at, before]
                why.append(
                    (
                        f"{stage} is given as {value:.0f} s and is {gap_s:.0f} s by {first} and {second}",
                        f"{stage_zh}填 {value:.0f} 秒，而按{first_zh}与{second_zh}为 {gap_s:.0f} 秒",
                    )
                )
        for stage, stage_zh, value in zip(STAGES, _STAGES_ZH, stage_s[at].tolist(), strict=True):
            if value < 0 or value > longest_s:
                why.append((f"{stage} of {value:g} s", f"{stage_zh}为 {value:g} 秒"))
        if why:
            en, zh = "; ".join(one for one, _ in why), "；".join(one for _, one in why)
            found.append(LeftOut(row=int(row), id=name, why=en, why_zh=zh))
    return found


def _fill(moment_s: NDArray[np.float64], stage_s: NDArray[np.float64]) -> None:
    """Let moments follow from durations, and durations from moments; in place."""
    for stage in range(len(STAGES)):
        ends = moment_s[:, stage] + stage_s[:, stage]
        moment_s[:, stage + 1] = np.where(np.isnan(moment_s[:, stage + 1]), ends, moment_s[:, stage + 1])
    for stage in reversed(range(1, len(STAGES))):
        begins = moment_s[:, stage + 1] - stage_s[:, stage]
        moment_s[:, stage] = np.where(np.isnan(moment_s[:, stage]), begins, moment_s[:, stage])
    between = np.diff(moment_s, axis=1)
    stage_s[:] = np.where(np.isnan(stage_s), between, stage_s)
