"""Records of incidents: when, of what type, and at which demand point."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._tables import Column, TextTable, check_table, read_text_table
from rescuesim._words import CALL_TYPE_WORDS
from rescuesim.demand.placed import placed_rows
from rescuesim.demand.points import CALL_TYPES, DemandPoints
from rescuesim.demand.population import nearest
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network.coordinates.crs import metric_crs, project

__all__ = ["Incidents", "call_type_words", "read_incidents"]

_COLUMNS = (
    Column(
        name="time", required=True, aliases=("时间", "报警时间", "接警时间", "立案时间", "发生时间", "日期", "date")
    ),
    Column(name="type", required=True, aliases=("类型", "警情类型", "警情类别", "灾害类型", "案件类型", "出动类型")),
    Column(name="lon", number=True),
    Column(name="lat", number=True),
    Column(name="name", aliases=("地点", "地名")),
    Column(name="township"),
    Column(name="point", aliases=("需求点编号", "村编号", "村编码", "村代码", "demand_id")),
)
_TYPE_WORDS = {
    "fire": ("火灾", "火警"),
    "rescue": ("抢险", "救援", "应急救援"),
    "social": ("救助", "群众求助", "社会服务"),
    "security": ("公务", "安保", "执勤", "保卫"),
    "false": ("假警", "误报", "虚警", "谎报"),
}
_DAY = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})|^(\d{4})(\d{2})(\d{2})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents:
    """Incidents with the demand point that each belongs to.

    Parameters
    ----------
    rows : ndarray of int64, shape (n,)
        Rows in the source.
    days : tuple of date, length n
    type_code : ndarray of int64, shape (n,)
        Index into `CALL_TYPES`.
    point : ndarray of int64, shape (n,)
        Index of the demand point, -1 if it belongs to none.
    distance_m : ndarray of float64, shape (n,)
        To the nearest point, where a position was given; else 0.
    places, reasons : tuple of str, length n
        Where the record says it was, and why it belongs to no point; empty if it does.
    label : str
    notes : tuple of str
    """

    rows: NDArray[np.int64]
    days: tuple[datetime.date, ...]
    type_code: NDArray[np.int64]
    point: NDArray[np.int64]
    distance_m: NDArray[np.float64]
    places: tuple[str, ...]
    reasons: tuple[str, ...]
    label: str
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def matched(self, demand: DemandPoints) -> pd.DataFrame:
        """Return one row an incident that belongs to a point."""
        own = np.flatnonzero(self.point >= 0).tolist()
        return pd.DataFrame(
            {
                "row": self.rows[own],
                "id": pd.Series([demand.ids[self.point[at]] for at in own], dtype=str),
                "type": pd.Series([CALL_TYPES[self.type_code[at]] for at in own], dtype=str),
                "date": [self.days[at] for at in own],
                "distance_m": self.distance_m[own],
            }
        )

    def unmatched(self) -> pd.DataFrame:
        """Return one row an incident that belongs to no point."""
        lost = np.flatnonzero(self.point < 0).tolist()
        return pd.DataFrame(
            {
                "row": self.rows[lost],
                "type": pd.Series([CALL_TYPES[self.type_code[at]] for at in lost], dtype=str),
                "date": [self.days[at] for at in lost],
                "place": pd.Series([self.places[at] for at in lost], dtype=str),
                "reason": pd.Series([self.reasons[at] for at in lost], dtype=str),
            }
        )


def read_incidents(
    demand: DemandPoints,
    source: Path | str | pd.DataFrame,
    *,
    crs: str | None,
    match_limit_m: float,
    type_names: Mapping[str, str],
) -> Incidents:
    """Read incidents and find the demand point of each; see `calls_from_history`.

    Raises
    ------
    InputError
        With every date and type that is not understood, and every record that says nowhere.
    """
    table = read_text_table(source, label="incident table", columns=_COLUMNS)
    frame, faults = check_table(table, _COLUMNS)
    if frame.empty or not {"time", "type"} <= set(frame.columns):
        raise InputError(faults)
    words = call_type_words(type_names)
    earliest, today = default("calls.history.earliest_year").number, datetime.date.today()
    days, codes = [], []
    unknown: dict[str, int] = {}
    for row, time, kind in zip(frame.index, frame["time"], frame["type"], strict=True):
        day = _day(time)
        if day is not None and not earliest <= day.year <= today.year:
            expected = f"a day from {earliest:.0f} to {today.year}: a slip in one stretches the exposure of all"
            faults.append(table.fault(int(row), "time", expected))
        if day is None:
            faults.append(table.fault(int(row), "time", "a date such as 2023-05-01, 2023/5/1 or 2023年5月1日"))
        days.append(day or datetime.date.min)
        code = words.get(_plain(kind), -1)
        if code < 0 and unknown.setdefault(kind, int(row)) == row:
            expected = f"a type of call, {nearest_name(kind, [*CALL_TYPES, *type_names])}, or its word in type_names"
            faults.append(table.fault(int(row), "type", expected))
        codes.append(code)
    made = _Places(demand=demand, limit_m=match_limit_m, frame=frame)
    faults += made.find(table, crs)
    if faults:
        raise InputError(faults)
    return Incidents(
        rows=frame.index.to_numpy(dtype=np.int64),
        days=tuple(days),
        type_code=np.array(codes, dtype=np.int64),
        point=made.point,
        distance_m=made.distance_m,
        places=tuple(made.places),
        reasons=tuple(made.reasons),
        label=table.label,
        notes=tuple(table.notes),
    )


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def call_type_words(type_names: Mapping[str, str]) -> dict[str, int]:
    """Return the type that each word means, as an index into `CALL_TYPES`.

    Parameters
    ----------
    type_names : mapping of str to str
        A bureau's own words and the types they mean.

    Returns
    -------
    dict of str to int
        By word in NFKC, in lower case, without blanks.

    Raises
    ------
    InputError
        If a type is not known.
    """
    if wrong := sorted(set(type_names.values()) - set(CALL_TYPES)):
        faults = [Fault(column="type_names", value=name, expected=nearest_name(name, CALL_TYPES)) for name in wrong]
        raise InputError(faults)
    words = {}
    for code, name in enumerate(CALL_TYPES):
        for word in (name, *CALL_TYPE_WORDS[name], *_TYPE_WORDS.get(name, ())):
            words[_plain(word)] = code
    return words | {_plain(word): CALL_TYPES.index(name) for word, name in type_names.items()}


def _day(cell: str) -> datetime.date | None:
    found = _DAY.match(unicodedata.normalize("NFKC", cell).strip())
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups() if part is not None)
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


class _Places:
    """Finds the demand point of each record: by its id, else its position, else its name."""

    def __init__(self, *, demand: DemandPoints, limit_m: float, frame: pd.DataFrame) -> None:
        self.demand, self.limit_m, self.frame = demand, limit_m, frame
        size = len(frame)
        self.point, self.distance_m = np.full(size, -1, dtype=np.int64), np.zeros(size)
        self.places, self.reasons = [""] * size, [""] * size

    def find(self, table: TextTable, crs: str | None) -> list[Fault]:
        """Look for the points and return the records that say nowhere."""
        ids, names, townships = (self._text(name) for name in ("point", "name", "township"))
        blank = np.full(len(self.frame), np.nan)
        lon, lat = (self.frame.get(name, pd.Series(blank)).to_numpy(dtype=np.float64) for name in ("lon", "lat"))
        placed, half = ~np.isnan(lon) & ~np.isnan(lat), np.isnan(lon) != np.isnan(lat)
        faults = []
        by_id = {id_: at for at, id_ in enumerate(self.demand.ids)}
        by_name: dict[str, list[int]] = {}
        for at, name in enumerate(self.demand.names):
            by_name.setdefault(_plain(name), []).append(at)
        for at, row in enumerate(self.frame.index.tolist()):
            if half[at]:
                faults.append(table.fault(row, "lat" if np.isnan(lat[at]) else "lon", "lon and lat, or neither"))
            elif ids[at]:
                self._set(at, [by_id[ids[at]]] if ids[at] in by_id else [], ids[at], "no demand point has this id")
            elif placed[at]:
                continue
            elif names[at]:
                self._by_name(at, by_name.get(_plain(names[at]), []), names[at], townships[at])
            else:
                faults.append(table.fault(row, "point", "a point's id, lon and lat, or a name"))
        by_position = [not id_ for id_ in ids] & placed
        if by_position.any():
            faults += self._nearest(table, np.flatnonzero(by_position), crs)
        return faults

    def _text(self, name: str) -> list[str]:
        return self.frame[name].to_list() if name in self.frame else [""] * len(self.frame)

    def _set(self, at: int, found: list[int], place: str, reason: str) -> None:
        self.places[at] = place
        if len(found) == 1:
            self.point[at] = found[0]
        else:
            self.reasons[at] = reason

    def _by_name(self, at: int, found: list[int], name: str, township: str) -> None:
        if len(found) > 1 and township:
            found = [one for one in found if _plain(self.demand.townships[one]) == _plain(township)]
        where = f"{township}{name}"
        reason = f"{len(found)} demand points have this name" if found else "no demand point has this name"
        self._set(at, found, where, reason)

    def _nearest(self, table: TextTable, at: NDArray[np.int64], crs: str | None) -> list[Fault]:
        demand = self.demand
        if demand.lon is None or demand.lat is None:
            raise InputError(f"{demand.source}: expected points with lon and lat to find incidents by position")
        _, lon, lat, faults = placed_rows(table, self.frame.iloc[at], crs)
        if faults:
            return faults
        metric = metric_crs(demand.lon, demand.lat)
        to, distance_m = nearest(project(demand.lon, demand.lat, metric), project(lon, lat, metric))
        self.distance_m[at] = distance_m
        for one, point, away, x, y in zip(at.tolist(), to.tolist(), distance_m.tolist(), lon, lat, strict=True):
            reason = f"the nearest demand point, {demand.ids[point]}, is {away:.0f} m away"
            self._set(one, [point] if away <= self.limit_m else [], f"{x:.6f} {y:.6f}", reason)
        return []
