"""Closures of the days of recorded incidents: from one moment to another."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pandas as pd

from rescuesim._tables import Column, moment_in, read_text_table
from rescuesim._words import Note
from rescuesim.disruption import RoadOutage
from rescuesim.disruption.tables import CLOSURE_COLUMNS, closures_in
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork

__all__ = ["RECORDED_CLOSURE_COLUMNS", "closures_of_days"]

_PLACE = tuple(column for column in CLOSURE_COLUMNS if column.name not in ("closed_at_h", "reopened_at_h"))
RECORDED_CLOSURE_COLUMNS = (
    *_PLACE,
    Column(name="closed_at", required=True, aliases=("from", "开始时间", "起始时间", "自")),
    Column(name="reopened_at", aliases=("until", "结束时间", "截止时间", "至")),
)


def closures_of_days(
    source: Path | str | pd.DataFrame, network: RoadNetwork, *, starts: datetime.datetime, crs: str | None = None
) -> tuple[tuple[RoadOutage, ...], tuple[Note, ...]]:
    """Read closures that have a date.

    Parameters
    ----------
    source : path or DataFrame
        Columns ``closed_at`` (中断时间) and, if it is known, ``reopened_at`` (恢复时间), each a day and a time of day;
        the place as in `rescuesim.load_closures`.
    network : RoadNetwork
    starts : datetime
        From here seconds count; what was closed before counts as closed from here.
    crs : str, optional

    Returns
    -------
    closures : tuple of RoadOutage
    notes : tuple of Note

    Raises
    ------
    InputError
        With every fault in the table.
    """
    table = read_text_table(source, label="closure table", columns=RECORDED_CLOSURE_COLUMNS)
    faults, notes = [], []
    frame = table.frame.copy()
    gone = []
    for name in ("closed_at", "reopened_at"):
        if name not in frame.columns:
            continue
        hours = []
        for row, cell in zip(frame.index, table.frame[name].to_list(), strict=True):
            moment = moment_in(cell)
            if cell and moment is None:
                expected = "a day and a time of day, such as 2023-05-01 08:30"
                faults.append(table.fault(int(row), name, expected))
            hour = None if moment is None else (moment - starts).total_seconds() / 3600
            if hour is not None and hour <= 0 and name == "reopened_at":
                gone.append(int(row))
            hours.append("" if hour is None else repr(max(hour, 0.0)))
        frame[f"{name}_h"] = hours
    if "closed_at" in frame.columns:
        faults += [
            table.fault(int(row), "closed_at", "a moment") for row in frame.index[table.frame["closed_at"] == ""]
        ]
    if gone:
        listed = ", ".join(map(str, gone))
        notes.append(
            Note(
                f"{table.label}: rows {listed} had ended before the first day of the incidents and count for nothing",
                f"{table.label}：第 {listed} 行在首起警情当日之前已结束，未采用",
            )
        )
    written = {**table.written, **{f"{name}_h": table.written.get(name, name) for name in ("closed_at", "reopened_at")}}
    outages, more = closures_in(replace(table, frame=frame.drop(index=gone), written=written), network, crs=crs)
    said = {(fault.row, fault.column) for fault in faults}
    faults += [fault for fault in more if (fault.row, fault.column) not in said]
    if faults:
        raise InputError(sorted(faults, key=lambda fault: -1 if fault.row is None else fault.row))
    return outages, (*map(_as_note, table.notes), *notes)


def _as_note(text: str) -> Note:
    return text if isinstance(text, Note) else Note(text, text)
