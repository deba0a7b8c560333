"""CandidateSites: where crews stand or could stand, with crew, cost and status (R03, R06, R07, R69)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._tables import Column, TextTable, Values, declared_crs, read_identified
from rescuesim.crew import CrewType, default_crews
from rescuesim.errors import Fault, InputError
from rescuesim.network.coordinates.crs import read_positions

__all__ = ["HOSTS", "SITE_KINDS", "STATUSES", "CandidateSites", "load_sites", "read_sites"]

SITE_KINDS = ("station", "depot", "hub", "shelter")
STATUSES = ("existing", "required", "candidate", "closed")
HOSTS = ("brigade", "township", "village", "enterprise", "neighbour_county")


def site_columns(crews: Mapping[str, CrewType]) -> tuple[Column, ...]:
    """Return what the columns of a site table may hold, given the crew types."""
    return (
        Column(name="id", required=True),
        Column(name="name"),
        Column(name="lon", number=True, required=True),
        Column(name="lat", number=True, required=True),
        Column(name="kind", choices=SITE_KINDS),
        Column(name="status", choices=STATUSES),
        Column(name="cost", number=True, minimum=0, maximum=1e12),
        Column(name="township"),
        Column(name="host", choices=HOSTS),
        Column(name="crew", choices=tuple(crews)),
        Column(name="units", number=True, minimum=1, maximum=1000, whole=True),
        Column(name="capacity", number=True, minimum=0, maximum=1e12),
        Column(name="roster", number=True, minimum=0, maximum=1e6, whole=True),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateSites:
    """Sites that exist, must exist, could exist or are closed.

    Parameters
    ----------
    ids, names : tuple of str, length n_sites
    lon, lat : ndarray of float64, shape (n_sites,), or None
        WGS84 degrees; None for a problem given as a matrix without positions.
    kinds, statuses, townships, hosts, crews : tuple of str, length n_sites
    cost : ndarray of float64, shape (n_sites,)
        In the file's unit of money; existing and required sites cost 0 unless given.
    units : ndarray of int64, shape (n_sites,)
        Vehicles with crew that the site holds when it is open.
    capacity : ndarray of float64, shape (n_sites,)
        Weight of demand that the site can serve when it is open, asked for by the capacitated models alone; ``inf``
        where none is given.
    roster : ndarray of int64, shape (n_sites,), or None
        People on the roster when the site is open; 0, or None for all, where the table does not say, so that crew
        type and shifts decide.
    notes : tuple of str
        The defaults that were taken, to be said aloud.
    source : str
        File or table that messages name.
    rows : tuple of int, length n_sites
        Row of each site in the source.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    lon: NDArray[np.float64] | None
    lat: NDArray[np.float64] | None
    kinds: tuple[str, ...]
    statuses: tuple[str, ...]
    cost: NDArray[np.float64]
    townships: tuple[str, ...]
    hosts: tuple[str, ...]
    crews: tuple[str, ...]
    units: NDArray[np.int64]
    capacity: NDArray[np.float64]
    roster: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()
    source: str = "site table"
    rows: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def __str__(self) -> str:
        counts = Counter(self.statuses)
        return f"{len(self):,} sites: " + ", ".join(f"{counts[name]:,} {name}" for name in sorted(counts))

    def with_status(self, *statuses: str) -> NDArray[np.bool_]:
        """Mark the sites that have one of the statuses; bool array, shape (n_sites,)."""
        return np.array([status in statuses for status in self.statuses], dtype=np.bool_)

    def only(self, kept: NDArray[np.bool_]) -> CandidateSites:
        """Return some of the sites, in their order.

        Parameters
        ----------
        kept : ndarray of bool, shape (n_sites,)
        """
        rows = np.flatnonzero(kept)

        def some(values: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(values[row] for row in rows)

        return replace(
            self,
            ids=some(self.ids),
            names=some(self.names),
            lon=None if self.lon is None else self.lon[rows],
            lat=None if self.lat is None else self.lat[rows],
            kinds=some(self.kinds),
            statuses=some(self.statuses),
            townships=some(self.townships),
            hosts=some(self.hosts),
            crews=some(self.crews),
            cost=self.cost[rows],
            units=self.units[rows],
            capacity=self.capacity[rows],
            roster=None if self.roster is None else self.roster[rows],
            rows=tuple(self.rows[row] for row in rows) if self.rows else (),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a table with WGS84 ``lon`` and ``lat`` and one row a site; NaN where capacity has no limit."""
        frame = pd.DataFrame(
            {
                "id": self.ids,
                "name": self.names,
                "kind": self.kinds,
                "status": self.statuses,
                "cost": self.cost,
                "township": self.townships,
                "host": self.hosts,
                "crew": self.crews,
                "units": self.units,
                "capacity": np.where(np.isfinite(self.capacity), self.capacity, np.nan),
            }
        )
        if self.roster is not None:
            frame["roster"] = self.roster
        if self.lon is not None and self.lat is not None:
            frame.insert(2, "lon", self.lon)
            frame.insert(3, "lat", self.lat)
        return frame


def read_sites(
    source: Path | str | pd.DataFrame,
    *,
    crs: str | None = None,
    crews: Mapping[str, CrewType] | None = None,
    positions: bool = True,
) -> tuple[CandidateSites | None, list[Fault]]:
    """Read sites and collect the faults instead of raising them.

    Returns
    -------
    sites : CandidateSites or None
        The rows without a fault; None if there are none.
    faults : list of Fault
    """
    columns = site_columns(crews if crews is not None else default_crews())
    columns = columns if positions else tuple(c for c in columns if c.name not in ("lon", "lat"))
    table, frame, faults = read_identified(source, columns, label="site table")
    lon = lat = None
    if positions:
        code, unclear = declared_crs(table, crs)
        faults += unclear
        if not frame.empty and not unclear:
            frame, lon, lat, off = read_positions(table, frame, code)
            faults += off
    return (None if frame.empty else _sites_from_frame(frame, table, lon, lat)), faults


def _sites_from_frame(
    frame: pd.DataFrame, table: TextTable, lon: NDArray[np.float64] | None, lat: NDArray[np.float64] | None
) -> CandidateSites:
    values = Values(frame=frame, label=table.label, notes=list(table.notes), written=table.written)
    statuses = values.text("status", "candidate")
    free = np.array([status in ("existing", "required") for status in statuses])
    usual_cost = np.where(free, 0.0, 1.0)
    ids = tuple(frame["id"])
    return CandidateSites(
        ids=ids,
        names=tuple(name or id_ for name, id_ in zip(values.text("name"), ids, strict=True)),
        lon=lon,
        lat=lat,
        kinds=values.text("kind", "station"),
        statuses=statuses,
        cost=values.numbers("cost", usual_cost, "0 if existing or required, else 1", "已有和必建为 0，其余为 1"),
        townships=values.text("township"),
        hosts=values.text("host", "township"),
        crews=values.text("crew", "micro_station"),
        units=values.numbers("units", np.ones(len(frame)), "1", "1").astype(np.int64),
        capacity=values.numbers("capacity", np.full(len(frame), np.inf), "no limit", "不设上限"),
        roster=_rosters(frame),
        notes=tuple(values.notes),
        source=table.label,
        rows=tuple(int(row) for row in frame.index),
    )


def _rosters(frame: pd.DataFrame) -> NDArray[np.int64] | None:
    """Read the people on the roster of each site, 0 where the table does not say."""
    if "roster" not in frame or frame["roster"].isna().all():
        return None
    return pd.to_numeric(frame["roster"]).fillna(0).to_numpy().astype(np.int64)


def load_sites(
    source: Path | str | pd.DataFrame, *, crs: str | None = None, crews: Mapping[str, CrewType] | None = None
) -> CandidateSites:
    """Load sites from a table or a layer of points.

    Parameters
    ----------
    source : path or DataFrame
        ``.csv`` (UTF-8, UTF-16 or GB18030), ``.xlsx``, a layer of points (``.gpkg``, ``.geojson``, ``.shp``,
        ``.parquet``), a DataFrame or a GeoDataFrame; ``sites.xlsx#站点`` chooses a sheet. Columns ``id, lon, lat``
        and, optionally, ``name, kind, status, cost, township, host, crew, units, capacity, roster``, by these names or
        their Chinese ones. What is not given is taken from a default and said in `CandidateSites.notes`.
    crs : str, optional
        Declared coordinate system of ``lon`` and ``lat``. If absent, the one that a layer states, or ``wgs84`` for a
        plain table, which the notes say.
    crews : mapping of str to CrewType, optional
        Crew types that the table may name; those of ``defaults.toml`` if absent.

    Returns
    -------
    CandidateSites

    Raises
    ------
    DataFileError
        If the file cannot be read.
    InputError
        With every fault in the table.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": ["s1"], "lon": [119.3], "lat": [28.7], "status": ["existing"]})
    >>> load_sites(frame).cost.tolist()
    [0.0]
    """
    sites, faults = read_sites(source, crs=crs, crews=crews)
    if faults or sites is None:
        raise InputError(faults)
    return sites
