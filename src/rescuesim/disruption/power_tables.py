"""Reads tables of supply areas, base stations and power outages, as grid company and operators give them."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from rescuesim._defaults import default
from rescuesim._tables import Column, TextTable, check_table, declared_crs, read_identified, read_text_table
from rescuesim.crew import Lognormal
from rescuesim.disruption.channels.channel import PUBLIC_NETWORK
from rescuesim.disruption.channels.communication import BaseStation
from rescuesim.disruption.outages import CAUSES, PowerOutage
from rescuesim.disruption.power import PowerNetwork, SupplyArea, overlap_faults
from rescuesim.errors import InputError, nearest_name
from rescuesim.network.coordinates.crs import read_positions

__all__ = ["load_base_stations", "load_power_outages", "load_supply_areas"]

_LON_LAT = (Column(name="lon", number=True, required=True), Column(name="lat", number=True, required=True))
AREA_COLUMNS = (
    Column(name="id", required=True),
    *_LON_LAT,
    Column(name="townships", aliases=("供电乡镇", "乡镇")),
    Column(name="sites", aliases=("供电站点", "站点")),
    Column(name="base_stations", aliases=("供电基站", "基站")),
    Column(name="mountain", number=True, minimum=0, maximum=1, whole=True, aliases=("山区",)),
)
STATION_COLUMNS = (
    Column(name="id", required=True),
    *_LON_LAT,
    Column(name="channel", aliases=("通道", "制式")),
    Column(name="radius_m", number=True, minimum=0, aliases=("覆盖半径", "覆盖半径米")),
    Column(name="townships", aliases=("覆盖乡镇",)),
    Column(name="township", aliases=("所属乡镇",)),
    Column(name="battery_h", number=True, minimum=0, aliases=("蓄电池时长", "电池小时")),
    Column(name="backhaul", aliases=("传输光缆", "光缆")),
)
OUTAGE_COLUMNS = (
    Column(name="area", required=True, aliases=("供电区", "供电区域", "馈线")),
    Column(name="out_at_h", number=True, required=True, minimum=0, aliases=("停电时刻", "停电小时")),
    Column(name="back_at_h", number=True, minimum=0, aliases=("复电时刻", "复电小时")),
    Column(name="cause", choices=CAUSES, aliases=("原因",)),
)


def load_power_outages(source: Path | str | pd.DataFrame, power: PowerNetwork) -> tuple[PowerOutage, ...]:
    """Load outages of the grid from a table.

    Parameters
    ----------
    source : path or DataFrame
        Columns ``area`` and ``out_at_h``; optionally ``back_at_h`` (never within reach if empty) and ``cause``. Hours
        after the onset.
    power : PowerNetwork
        Whose areas the table may name.

    Returns
    -------
    tuple of PowerOutage

    Raises
    ------
    InputError
        With every fault: unknown areas, power that is back before it fails, outages of one area that overlap.

    Examples
    --------
    >>> power = PowerNetwork(areas=(SupplyArea(id="f1", lon=119.3, lat=28.7),))
    >>> load_power_outages(pd.DataFrame({"area": ["f1"], "out_at_h": [0], "back_at_h": [12]}), power)[0].until_s
    43200.0
    """
    table = read_text_table(source, label="power outage table", columns=OUTAGE_COLUMNS)
    frame, faults = check_table(table, OUTAGE_COLUMNS)
    known = {area.id for area in power.areas}
    frame = frame.reindex(columns=[column.name for column in OUTAGE_COLUMNS])
    made, spans = [], []
    for row, cells in zip(frame.index, frame.to_dict("records"), strict=True):
        from_s = cells["out_at_h"] * 3600
        until_s = math.inf if math.isnan(cells["back_at_h"]) else cells["back_at_h"] * 3600
        good = True
        if cells["area"] not in known:
            faults.append(table.fault(int(row), "area", nearest_name(cells["area"], known)))
            good = False
        if until_s <= from_s:
            faults.append(table.fault(int(row), "back_at_h", "a time after out_at_h, or nothing"))
            good = False
        if good:
            cause = cells["cause"] if isinstance(cells["cause"], str) and cells["cause"] else "given"
            made.append(PowerOutage(area=cells["area"], from_s=from_s, until_s=until_s, cause=cause))
            spans.append((cells["area"], from_s, until_s))
    faults += overlap_faults("area", spans)
    if faults:
        raise InputError(faults)
    return tuple(made)


def load_supply_areas(source: Path | str | pd.DataFrame, *, crs: str | None = None) -> tuple[SupplyArea, ...]:
    """Load supply areas from a table.

    Parameters
    ----------
    source : path or DataFrame
        Columns ``id, lon, lat`` of the feeder and, optionally, ``townships, sites, base_stations`` (ids joined by
        semicolons) and ``mountain`` (0 or 1).
    crs : str, optional
        Declared coordinate system of ``lon`` and ``lat``.

    Returns
    -------
    tuple of SupplyArea

    Raises
    ------
    InputError
        With every fault in the table.
    """
    _, frame = _placed(source, "supply area table", AREA_COLUMNS, crs)
    return tuple(
        SupplyArea(
            id=cells["id"],
            lon=cells["lon"],
            lat=cells["lat"],
            townships=_listed(cells["townships"]),
            sites=_listed(cells["sites"]),
            base_stations=_listed(cells["base_stations"]),
            mountain=cells["mountain"] == 1,
        )
        for cells in frame.to_dict("records")
    )


def load_base_stations(source: Path | str | pd.DataFrame, *, crs: str | None = None) -> tuple[BaseStation, ...]:
    """Load base stations from a table.

    Parameters
    ----------
    source : path or DataFrame
        Columns ``id, lon, lat`` and, optionally, ``channel`` (the public network if empty), ``radius_m``, ``townships``
        that it covers (joined by semicolons), ``township`` whose feeder supplies it, ``battery_h`` (drawn from
        ``power.base_station_battery`` if empty) and ``backhaul``: fibres of a way joined by ``+``, other ways after a
        semicolon.
    crs : str, optional
        Declared coordinate system of ``lon`` and ``lat``.

    Returns
    -------
    tuple of BaseStation

    Raises
    ------
    InputError
        With every fault in the table; a station must cover something.

    Examples
    --------
    >>> row = {"id": "b1", "lon": 119.3, "lat": 28.7, "radius_m": 3000, "battery_h": 2, "backhaul": "f1+f2;f3"}
    >>> load_base_stations(pd.DataFrame([row]))[0].backhaul
    (('f1', 'f2'), ('f3',))
    """
    table, frame = _placed(source, "base station table", STATION_COLUMNS, crs)
    usual = Lognormal.from_default(default("power.base_station_battery"))
    made, faults = [], []
    for row, cells in zip(frame.index, frame.to_dict("records"), strict=True):
        radius = 0.0 if math.isnan(cells["radius_m"]) else float(cells["radius_m"])
        towns, hours = _listed(cells["townships"]), cells["battery_h"]
        if not radius and not towns:
            faults.append(table.fault(int(row), "radius_m", "a radius above 0 m, or townships that it covers"))
        made.append(
            BaseStation(
                id=cells["id"],
                lon=cells["lon"],
                lat=cells["lat"],
                channel=_text(cells["channel"]) or PUBLIC_NETWORK,
                radius_m=radius,
                townships=towns,
                township=_text(cells["township"]),
                battery=usual if math.isnan(hours) else Lognormal(median=hours * 3600, p90=hours * 3600),
                backhaul=tuple(
                    tuple(part.strip() for part in way.split("+") if part.strip()) for way in _listed(cells["backhaul"])
                ),
            )
        )
    if faults:
        raise InputError(faults)
    return tuple(made)


def _placed(
    source: Path | str | pd.DataFrame, label: str, columns: tuple[Column, ...], crs: str | None
) -> tuple[TextTable, pd.DataFrame]:
    """Read a table of places with ids; positions in WGS84, every column there."""
    table, frame, faults = read_identified(source, columns, label=label)
    code, unclear = declared_crs(table, crs)
    faults += unclear
    if not frame.empty and not unclear:
        frame, lon, lat, off = read_positions(table, frame, code)
        faults += off
        frame = frame.assign(lon=lon, lat=lat)
    if faults:
        raise InputError(faults)
    return table, frame.reindex(columns=[column.name for column in columns])


def _text(cell: object) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def _listed(cell: object) -> tuple[str, ...]:
    return tuple(part.strip() for part in _text(cell).replace("；", ";").split(";") if part.strip())
