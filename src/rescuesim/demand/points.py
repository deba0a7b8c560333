"""DemandPoints: where people live and work, with three numbers that are never mixed (R09).

``people`` is what coverage by people counts, ``calls_per_year`` what the simulation draws, ``weight``
what siting maximises.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._defaults import defaults_under
from rescuesim._tables import Column, TextTable, Values, read_identified
from rescuesim.demand.placed import placed_rows
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.standard import ZONES

__all__ = [
    "CALL_TYPES",
    "DEMAND_COLUMNS",
    "DEMAND_KINDS",
    "HAZARD_KINDS",
    "VULNERABLE_KINDS",
    "DemandPoints",
    "load_demand",
    "read_demand",
]

VULNERABLE_KINDS = ("school", "hospital", "nursing_home")  # R64
HAZARD_KINDS = (
    "hazard_site",
    "low_lying",
    "reservoir",
    "tailings_pond",
    "geohazard",
)  # R60; the first if no other fits
DEMAND_KINDS = ("residential", "industrial", *VULNERABLE_KINDS, "small_place", "tourism", *HAZARD_KINDS)
CALL_TYPES = tuple(defaults_under("calls.per_10k_people_year"))
DEMAND_COLUMNS = (
    Column(name="id", required=True),
    Column(name="name"),
    Column(name="lon", number=True, required=True),
    Column(name="lat", number=True, required=True),
    Column(name="zone", choices=ZONES),
    Column(name="people", number=True, minimum=0, maximum=1e9),
    Column(name="calls_per_year", number=True, minimum=0, maximum=1e7),
    Column(name="weight", number=True, minimum=0, maximum=1e12),
    Column(name="township"),
    Column(name="kind", choices=DEMAND_KINDS),
    Column(name="zone_basis"),
    Column(name="grid"),
    Column(name="grid_person"),
    *(Column(name=f"calls_{name}", number=True, minimum=0, maximum=1e7) for name in CALL_TYPES),
)
_SAME = 1e-9  # relative; sums of calls by type and their total differ by rounding at most


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandPoints:
    """Places that need help to arrive.

    Parameters
    ----------
    ids, names : tuple of str, length n_demand
    lon, lat : ndarray of float64, shape (n_demand,), or None
        WGS84 degrees; None for a problem given as a matrix without positions.
    zones, townships, kinds : tuple of str, length n_demand
    people : ndarray of float64, shape (n_demand,)
    calls_per_year : ndarray of float64, shape (n_demand,)
        0 where `calls_given` is False.
    calls_given : ndarray of bool, shape (n_demand,)
        Where False, the simulation's rate per 10,000 people holds.
    weights : ndarray of float64, shape (n_demand,)
    calls_by_type : mapping of str to ndarray of float64, shape (n_demand,), or None
        Calls a year by type of `CALL_TYPES`; they sum to `calls_per_year`. None: not split.
    zone_bases : tuple of str, length n_demand or 0
        What each zone rests on, where `assign_zones` set it.
    grids, grid_persons : tuple of str, length n_demand or 0
        Management grid that each point lies in and the person who answers for it (R62).
    notes : tuple of str
        The defaults that were taken, to be said aloud.
    source : str
        File or table that messages name.
    rows : tuple of int, length n_demand
        Row of each point in the source.

    Raises
    ------
    InputError
        With everything that is wrong: lengths, repeated ids, numbers that are not finite or under 0,
        calls by type that do not sum to the calls.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    lon: NDArray[np.float64] | None
    lat: NDArray[np.float64] | None
    zones: tuple[str, ...]
    people: NDArray[np.float64]
    calls_per_year: NDArray[np.float64]
    calls_given: NDArray[np.bool_]
    weights: NDArray[np.float64]
    townships: tuple[str, ...]
    kinds: tuple[str, ...]
    calls_by_type: Mapping[str, NDArray[np.float64]] | None = None
    zone_bases: tuple[str, ...] = ()
    grids: tuple[str, ...] = ()
    grid_persons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    source: str = "demand table"
    rows: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if faults := _length_faults(self) or _value_faults(self):
            raise InputError(faults)

    def __len__(self) -> int:
        return len(self.ids)

    def __str__(self) -> str:
        counts = Counter(self.zones)
        zones = ", ".join(f"{counts[name]:,} {name}" for name in sorted(counts))
        return f"{len(self):,} points with {self.people.sum():,.0f} people: {zones}"

    def to_frame(self) -> pd.DataFrame:
        """Return a table with WGS84 ``lon`` and ``lat`` and one row a point.

        Returns
        -------
        DataFrame
            Columns of the demand file; ``calls_per_year`` is NaN where it was not given. ``calls_<type>``,
            ``zone_basis``, ``grid`` and ``grid_person`` are there if they are known.
        """
        frame = pd.DataFrame(
            {
                "id": self.ids,
                "name": self.names,
                "zone": self.zones,
                "people": self.people,
                "calls_per_year": np.where(self.calls_given, self.calls_per_year, np.nan),
                "weight": self.weights,
                "township": self.townships,
                "kind": self.kinds,
            }
        )
        if self.lon is not None and self.lat is not None:
            frame.insert(2, "lon", self.lon)
            frame.insert(3, "lat", self.lat)
        for name, calls in (self.calls_by_type or {}).items():
            frame[f"calls_{name}"] = np.where(self.calls_given, calls, np.nan)
        texts = {"zone_basis": self.zone_bases, "grid": self.grids, "grid_person": self.grid_persons}
        for name, column in texts.items():
            if column:
                frame[name] = column
        return frame


def _length_faults(demand: DemandPoints) -> list[Fault]:
    size = len(demand.ids)
    must = ("names", "zones", "people", "calls_per_year", "calls_given", "weights", "townships", "kinds")
    found = {name: np.shape(getattr(demand, name)) for name in must}
    may = ("lon", "lat", "zone_bases", "grids", "grid_persons", "rows")
    found |= {name: np.shape(value) for name in may if (value := getattr(demand, name)) is not None and len(value)}
    found |= {f"calls_by_type[{name!r}]": np.shape(calls) for name, calls in (demand.calls_by_type or {}).items()}
    return [
        Fault(file=demand.source, column=name, value=str(shape), expected=f"the shape ({size},), one for each id")
        for name, shape in found.items()
        if shape != (size,)
    ]


def _value_faults(demand: DemandPoints) -> list[Fault]:
    faults = []

    def fault(at: int, column: str, value: object, expected: str) -> None:
        row = demand.rows[at] if demand.rows else None
        named = f"{demand.ids[at]}: {value}"
        faults.append(Fault(file=demand.source, row=row, column=column, value=named, expected=expected))

    first: dict[str, int] = {}
    for at, id_ in enumerate(demand.ids):
        if first.setdefault(id_, at) != at:
            fault(at, "id", id_, "each id once")
    numbers = {"people": demand.people, "calls_per_year": demand.calls_per_year, "weight": demand.weights}
    numbers |= {f"calls_{name}": calls for name, calls in (demand.calls_by_type or {}).items()}
    for name, values in numbers.items():
        for at in np.flatnonzero(~(np.isfinite(values) & (values >= 0))).tolist():
            fault(at, name, values[at], "a finite number of 0 or more")
    if demand.calls_by_type is not None and not faults:
        for name in set(demand.calls_by_type) - set(CALL_TYPES):
            faults.append(Fault(file=demand.source, column=f"calls_{name}", expected=nearest_name(name, CALL_TYPES)))
        total = np.sum([np.zeros(len(demand)), *demand.calls_by_type.values()], axis=0)
        apart = np.abs(total - demand.calls_per_year) > _SAME * np.maximum(1.0, demand.calls_per_year)
        for at in np.flatnonzero(apart).tolist():
            fault(at, "calls_per_year", demand.calls_per_year[at], f"the sum over the call types, {total[at]:g}")
    return faults


def read_demand(
    source: Path | str | pd.DataFrame, *, crs: str | None = None, positions: bool = True
) -> tuple[DemandPoints | None, list[Fault]]:
    """Read demand points and collect the faults instead of raising them.

    Returns
    -------
    demand : DemandPoints or None
        The rows without a fault; None if there are none.
    faults : list of Fault
    """
    columns = DEMAND_COLUMNS if positions else tuple(c for c in DEMAND_COLUMNS if c.name not in ("lon", "lat"))
    table, frame, faults = read_identified(source, columns, label="demand table")
    empty_faults, frame = _empty_faults(table, frame)
    faults += empty_faults
    lon = lat = None
    if positions:
        frame, lon, lat, off = placed_rows(table, frame, crs)
        faults += off
    return (None if frame.empty else _demand_from_frame(frame, table, lon, lat)), faults


def _empty_faults(table: TextTable, frame: pd.DataFrame) -> tuple[list[Fault], pd.DataFrame]:
    """Find cells that are empty where a column is filled only in part, and totals that are no sums."""
    faults = []
    if "people" in frame:
        empty = frame.index[frame["people"].isna()]
        faults += [table.fault(row, "people", "a number of 0 or more, or no people column at all") for row in empty]
    if typed := _call_columns(frame):
        total = frame[typed].sum(axis=1, skipna=False)
        stated = frame["calls_per_year"] if "calls_per_year" in frame else pd.Series(math.nan, index=frame.index)
        for row in frame.index[total.isna() & (frame[typed].notna().any(axis=1) | stated.notna())]:
            column = next(name for name in typed if bool(frame[name].isna()[row]))
            faults.append(table.fault(row, column, "calls of this type too, as the row has calls"))
        # files carry fewer digits than sums do
        for row in frame.index[((total - stated).abs() > 1e-6 * np.maximum(1.0, total)).fillna(False)]:
            faults.append(table.fault(row, "calls_per_year", f"the sum over the call types, {total[row]:g}"))
    return faults, frame.drop(index=[fault.row for fault in faults])


def _call_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns of calls by type; none if all of them are empty, as in a template filled in."""
    typed = [f"calls_{name}" for name in CALL_TYPES if f"calls_{name}" in frame]
    return typed if frame[typed].notna().to_numpy().any() else []


def _if_any(texts: tuple[str, ...]) -> tuple[str, ...]:
    return texts if any(texts) else ()


def _demand_from_frame(
    frame: pd.DataFrame, table: TextTable, lon: NDArray[np.float64] | None, lat: NDArray[np.float64] | None
) -> DemandPoints:
    values = Values(frame=frame, label=table.label, notes=list(table.notes), written=table.written)
    people = values.numbers("people", np.ones(len(frame)), "1, so coverage counts points", "1，即按点数计")
    by_type = {column.removeprefix("calls_"): values.given(column) for column in _call_columns(frame)}
    calls = np.sum(list(by_type.values()), axis=0) if by_type else values.given("calls_per_year")
    if missing := int(np.isnan(calls).sum()):
        values.note("calls_per_year", missing, "the simulation's rate per 10,000 people", "仿真的每万人呼叫率")
    ids = tuple(frame["id"])
    return DemandPoints(
        ids=ids,
        names=tuple(name or id_ for name, id_ in zip(values.text("name"), ids, strict=True)),
        lon=lon,
        lat=lat,
        zones=values.text("zone", "dense_rural"),
        people=people,
        calls_per_year=np.nan_to_num(calls),
        calls_given=~np.isnan(calls),
        weights=values.numbers("weight", people, "= people", "人口"),
        townships=values.text("township"),
        kinds=values.text("kind", "residential"),
        calls_by_type={name: np.nan_to_num(found) for name, found in by_type.items()} or None,
        zone_bases=_if_any(values.text("zone_basis")),
        grids=_if_any(values.text("grid")),
        grid_persons=_if_any(values.text("grid_person")),
        notes=tuple(values.notes),
        source=table.label,
        rows=tuple(int(row) for row in frame.index),
    )


def load_demand(source: Path | str | pd.DataFrame, *, crs: str | None = None) -> DemandPoints:
    """Load demand points from a table or a layer of points.

    Parameters
    ----------
    source : path or DataFrame
        ``.csv`` (UTF-8, UTF-16 or GB18030), ``.xlsx``, a layer of points (``.gpkg``, ``.geojson``, ``.shp``,
        ``.parquet``), a DataFrame or a GeoDataFrame; ``villages.xlsx#村庄`` chooses a sheet. Columns ``id, lon, lat``
        and, optionally, ``name, zone, people, calls_per_year, weight, township, kind, zone_basis, grid,
        grid_person`` and ``calls_fire`` and so on for each of `CALL_TYPES`, by these names or their Chinese ones.
        What is not given is taken from a default and said in `DemandPoints.notes`.
    crs : str, optional
        Declared coordinate system of ``lon`` and ``lat``. If absent, the one that a layer states, or ``wgs84`` for a
        plain table, which the notes say.

    Returns
    -------
    DemandPoints

    Raises
    ------
    DataFileError
        If the file cannot be read.
    InputError
        With every fault in the table.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": ["v1"], "lon": [119.3], "lat": [28.7], "people": [820]})
    >>> load_demand(frame).weights.tolist()
    [820.0]
    """
    demand, faults = read_demand(source, crs=crs)
    if faults or demand is None:
        raise InputError(faults)
    return demand
