"""DemandPoints: where people live and work, with three numbers that are never mixed (R09).

``people`` is what coverage by people counts, ``calls_per_year`` what the simulation draws, ``weight``
what siting maximises.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._tables import Column, TextTable, Values, read_identified
from rescuesim.errors import Fault, InputError
from rescuesim.network.crs import read_positions
from rescuesim.standard import ZONES

__all__ = ["DEMAND_COLUMNS", "DEMAND_KINDS", "DemandPoints", "load_demand", "read_demand"]

DEMAND_KINDS = ("residential", "industrial", "school", "hospital", "nursing_home", "hazard_site", "tourism")
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
)


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
    notes : tuple of str
        The defaults that were taken, to be said aloud.
    source : str
        File or table that messages name.
    rows : tuple of int, length n_demand
        Row of each point in the source.
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
    notes: tuple[str, ...] = ()
    source: str = "demand table"
    rows: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def to_frame(self) -> pd.DataFrame:
        """Return a table with WGS84 ``lon`` and ``lat`` and one row a point.

        Returns
        -------
        DataFrame
            Columns of the demand file; ``calls_per_year`` is NaN where it was not given.
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
        return frame


def read_demand(
    source: Path | str | pd.DataFrame, *, crs: str = "wgs84", positions: bool = True
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
    if "people" in frame and frame["people"].isna().any():
        empty = frame.index[frame["people"].isna()]
        faults += [table.fault(row, "people", "a number of 0 or more, or no people column at all") for row in empty]
        frame = frame.drop(index=empty)
    lon = lat = None
    if positions and not frame.empty:
        frame, lon, lat, off = read_positions(table, frame, crs)
        faults += off
    return (None if frame.empty else _demand_from_frame(frame, table, lon, lat)), faults


def _demand_from_frame(
    frame: pd.DataFrame, table: TextTable, lon: NDArray[np.float64] | None, lat: NDArray[np.float64] | None
) -> DemandPoints:
    values = Values(frame=frame, label=table.label, notes=list(table.notes))
    people = values.numbers("people", np.ones(len(frame)), "1, so coverage counts points", "1，即按点数计")
    calls = values.given("calls_per_year")
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
        notes=tuple(values.notes),
        source=table.label,
        rows=tuple(int(row) for row in frame.index),
    )


def load_demand(source: Path | str | pd.DataFrame, *, crs: str = "wgs84") -> DemandPoints:
    """Load demand points from a CSV file or a DataFrame.

    Parameters
    ----------
    source : path or DataFrame
        Columns ``id, lon, lat`` and, optionally, ``name, zone, people, calls_per_year, weight, township,
        kind``. What is not given is taken from a default and said in `DemandPoints.notes`.
    crs : str, optional
        Declared coordinate system of ``lon`` and ``lat``.

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
