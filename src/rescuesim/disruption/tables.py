"""Reads a table of closures, placed by road or by a point on it."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rescuesim._defaults import default
from rescuesim._tables import Column, TextTable, check_table, declared_crs, position_faults, read_text_table
from rescuesim.disruption.outages import RoadOutage
from rescuesim.errors import Fault, InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import to_wgs84
from rescuesim.network.states import LEVELS, Closure
from rescuesim.quality import SnappedPoints, snap_points

__all__ = ["CLOSURE_COLUMNS", "closures_in", "load_closures", "read_closures"]

CLOSURE_COLUMNS = (
    Column(name="label"),
    Column(name="road", number=True, minimum=0, whole=True),
    Column(name="lon", number=True),
    Column(name="lat", number=True),
    Column(name="from_m", number=True, minimum=0),
    Column(name="to_m", number=True, minimum=0),
    Column(name="length_m", number=True, minimum=0),
    Column(name="level", choices=LEVELS),
    Column(name="closed_at_h", number=True, required=True, minimum=0),
    Column(name="reopened_at_h", number=True, minimum=0),
)


def read_closures(
    source: Path | str | pd.DataFrame, network: RoadNetwork, *, crs: str | None = None
) -> tuple[tuple[RoadOutage, ...], list[Fault]]:
    """Read closures and collect the faults instead of raising them."""
    return closures_in(read_text_table(source, label="closure table", columns=CLOSURE_COLUMNS), network, crs=crs)


def closures_in(
    table: TextTable, network: RoadNetwork, *, crs: str | None = None
) -> tuple[tuple[RoadOutage, ...], list[Fault]]:
    """Read the closures of a table that has been read as text, and collect the faults."""
    frame, faults = check_table(table, CLOSURE_COLUMNS)
    code, unclear = declared_crs(table, crs)
    no_place = position_faults(table, frame)
    frame = frame[~frame.index.isin([fault.row for fault in no_place])]
    faults += [*no_place, *unclear]
    if frame.empty or any(fault.row is None for fault in faults):
        return (), faults
    frame = frame.reindex(columns=[column.name for column in CLOSURE_COLUMNS])
    by_point = (frame["lon"].notna() & frame["lat"].notna()).to_numpy()
    lon, lat = to_wgs84(np.where(by_point, frame["lon"], 0.0), np.where(by_point, frame["lat"], 0.0), code)
    # rows without a point are placed at a node, and their snapping is not looked at
    lon, lat = np.where(by_point, lon, network.lon[0]), np.where(by_point, lat, network.lat[0])
    snapped = snap_points(network, lon, lat, snap_limit_m=default("closure.reach_m").number, any_road=True)
    made = []
    for at, (row, cells) in enumerate(zip(frame.index, frame.to_dict("records"), strict=True)):
        found = _read_closure(cells, network, snapped, at if by_point[at] else None)
        if isinstance(found, RoadOutage):
            made.append(found)
        else:
            faults.append(table.fault(int(row), *found))
    return tuple(made), faults


def _read_closure(
    cells: Mapping[Hashable, Any], network: RoadNetwork, snapped: SnappedPoints, at: int | None
) -> RoadOutage | tuple[str, str]:
    """Place one closure; what is wrong with it comes back as column and expectation."""

    def number(name: str, otherwise: float) -> float:
        return otherwise if math.isnan(cells[name]) else float(cells[name])

    if math.isnan(cells["lon"]) != math.isnan(cells["lat"]):
        return "lon", "both lon and lat, or neither"
    if at is not None and not (math.isnan(cells["from_m"]) and math.isnan(cells["to_m"])):
        return "from_m", "a length_m around a point; from_m and to_m go with a road"
    if at is not None and not math.isnan(cells["road"]):
        return "road", "a place given once: a point by lon and lat, or a road by its number"
    if at is None and not math.isnan(cells["length_m"]):
        return "length_m", "lon and lat with a length, or from_m and to_m with a road"
    if at is not None:
        road, away_m = int(snapped.road[at]), float(snapped.access_m[at])
        reach_m = default("closure.reach_m").number
        if road < 0:
            return "lon", f"a point within {reach_m:.0f} m of a road; the nearest is {away_m:.0f} m away"
        half, middle = number("length_m", math.inf) / 2, float(snapped.position_m[at])
        begin, end = max(middle - half, 0.0), middle + half
    elif not math.isnan(cells["road"]):
        road = int(cells["road"])
        if road >= network.n_roads:
            return "road", f"a road from 0 to {network.n_roads - 1}"
        begin, end = number("from_m", 0.0), number("to_m", math.inf)
    else:
        return "lon", "a point by lon and lat, or a road by its number"
    length = float(network.road_length_m[road])
    if begin > end or begin > length:
        return "from_m", f"a part of the road, which is {length:.0f} m long"
    closed, reopened = cells["closed_at_h"] * 3600, number("reopened_at_h", math.inf) * 3600
    if reopened <= closed:
        return "reopened_at_h", "a time after closed_at_h, or nothing"
    level, label = (cells[name] if isinstance(cells[name], str) else "" for name in ("level", "label"))
    closure = Closure(road=road, from_m=begin, to_m=end, level=level or "closed")
    return RoadOutage(closure=closure, from_s=closed, until_s=reopened, label=label or f"road {road}")


def load_closures(
    source: Path | str | pd.DataFrame, network: RoadNetwork, *, crs: str | None = None
) -> tuple[RoadOutage, ...]:
    """Load closures from a CSV file or a DataFrame.

    Parameters
    ----------
    source : path or DataFrame
        Columns ``closed_at_h`` and, optionally, ``reopened_at_h`` (hours after the onset; never if empty),
        ``level``, ``label``; and the place: ``lon, lat`` with ``length_m`` (the whole road if empty), or
        ``road`` with ``from_m, to_m``.
    network : RoadNetwork
    crs : str, optional
        Declared coordinate system of ``lon`` and ``lat``.

    Returns
    -------
    tuple of RoadOutage

    Raises
    ------
    InputError
        With every fault in the table; a point must lie within 50 m of a road.
    """
    outages, faults = read_closures(source, network, crs=crs)
    if faults:
        raise InputError(faults)
    return outages
