"""Recorded trips: read from a table, checked, and placed on the roads."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._tables import Column, TextTable, parse_number, read_identified
from rescuesim._words import Note
from rescuesim.errors import Fault, InputError
from rescuesim.network.coordinates.crs import check_crs, project, to_wgs84
from rescuesim.network.road_network import RoadNetwork
from rescuesim.network.vehicles.conditions import HOUR_CLASSES, hour_class
from rescuesim.network.ways import great_circle_m

__all__ = ["RecordedTrips", "TripEnds", "read_trips"]

_COLUMNS = (
    Column(name="id", required=True),
    *(Column(name=f"{end}_{axis}", number=True) for end in ("from", "to") for axis in ("lon", "lat")),
    Column(name="from_node"),
    Column(name="to_node"),
    Column(name="minutes", number=True),
    Column(name="seconds", number=True),
    Column(name="started_at"),
    Column(name="edges"),
)
_CLOCK = re.compile(r"(?:.*[\sT日])?\s*(\d{1,2})\s*[:：时点]\s*(?:\d{1,2}.*)?")
_END_TOLERANCE_M = 1e-3  # nearer to a junction than this, a trip begins or ends at the junction


@dataclass(frozen=True, slots=True, kw_only=True)
class TripEnds:
    """Where trips begin, or where they end.

    Parameters
    ----------
    node : ndarray of int64, shape (n_trips,)
        Index of the node; -1 for places between junctions.
    road : ndarray of int64, shape (n_trips,)
        Road of the place between junctions; -1 at nodes.
    position_m : ndarray of float64, shape (n_trips,)
        Metres along the road.
    access_m : ndarray of float64, shape (n_trips,)
        From the recorded place to the road.
    """

    node: NDArray[np.int64]
    road: NDArray[np.int64]
    position_m: NDArray[np.float64]
    access_m: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTrips:
    """Trips that were driven, placed on a network.

    Parameters
    ----------
    ids : tuple of str
    begins, ends : TripEnds
    seconds : ndarray of float64, shape (n_trips,)
    hour : ndarray of int64, shape (n_trips,)
        Index into `HOUR_CLASSES`; -1 where no start is given.
    edges : tuple of tuple of int, length n_trips
        Edges that were driven, where they are known; else empty.
    notes : tuple of str
    """

    ids: tuple[str, ...]
    begins: TripEnds
    ends: TripEnds
    seconds: NDArray[np.float64]
    hour: NDArray[np.int64]
    edges: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)


def read_trips(network: RoadNetwork, source: Path | str | pd.DataFrame, *, crs: str = "wgs84") -> RecordedTrips:
    """Read recorded trips and place them on a network.

    Parameters
    ----------
    network : RoadNetwork
    source : path or DataFrame
        Columns as in `rescuesim.network.calibrating.calibrate.calibrate`.
    crs : str, optional
        Declared system of the positions.

    Returns
    -------
    RecordedTrips

    Raises
    ------
    InputError
        With every fault of every row.
    """
    check_crs(crs)
    table, frame, faults = read_identified(source, _COLUMNS, label="trips")
    if any(fault.row in (None, 1) and fault.column for fault in faults) or frame.empty:
        raise InputError(faults)
    faults += _absent_columns(table)
    seconds, more = _durations(table, frame)
    faults += more
    hour, more = _hours(table, frame)
    faults += more
    edges, more = _paths(table, frame, network)
    faults += more
    ends = []
    places = {}
    for end, at in (("from", 0), ("to", -1)):
        driven = np.array([path[at] if path else -1 for path in edges], dtype=np.int64)
        found, lon, lat, more = _placed(network, table, frame, end, driven, crs)
        faults += more
        ends.append(found)
        places[end] = (lon, lat)
    if not faults:
        faults = _absurd_times(table, frame, seconds, places)
    if faults:
        raise InputError(faults)
    notes = list(table.notes)
    if untimed := int((hour < 0).sum()):
        notes.append(
            Note(
                f"{table.label}: no start time in {untimed} of {len(frame)} trips; they tell nothing of the hours",
                f"{table.label}：{len(frame)} 次行程中 {untimed} 次无出发时间，不用于分时段系数",
            )
        )
    return RecordedTrips(
        ids=tuple(frame["id"]),
        begins=ends[0],
        ends=ends[1],
        seconds=seconds,
        hour=hour,
        edges=tuple(edges),
        notes=tuple(notes),
    )


def _absent_columns(table: TextTable) -> list[Fault]:
    """Name what a table of trips cannot do without."""
    have = set(table.frame.columns)
    faults = []
    if not {"minutes", "seconds"} & have:
        faults.append(Fault(file=table.label, row=1, expected="a column minutes or seconds"))
    for end in ("from", "to"):
        if not ({f"{end}_lon", f"{end}_lat"} <= have or f"{end}_node" in have or "edges" in have):
            expected = f"columns {end}_lon and {end}_lat, or {end}_node, or edges"
            faults.append(Fault(file=table.label, row=1, expected=expected))
    return faults


def _durations(table: TextTable, frame: pd.DataFrame) -> tuple[NDArray[np.float64], list[Fault]]:
    """Return the recorded times in seconds; each row gives either minutes or seconds."""
    blank = pd.Series(math.nan, index=frame.index)
    minutes, seconds = frame.get("minutes", blank), frame.get("seconds", blank)
    limit_s = default("calibration.hours_max").number * 3600
    faults = []
    for row in frame.index:
        has = [name for name, given in (("minutes", minutes), ("seconds", seconds)) if not math.isnan(given[row])]
        if len(has) != 1:
            named = [name for name in ("minutes", "seconds") if name in table.frame.columns]
            if named:
                column = named[-1]
                faults.append(table.fault(int(row), column, "a time, in either minutes or seconds"))
            continue
        value_s = float(seconds[row]) if has[0] == "seconds" else float(minutes[row]) * 60
        if not 0 < value_s <= limit_s:
            faults.append(table.fault(int(row), has[0], f"a time above 0 and of at most {limit_s / 3600:g} h"))
    return np.asarray(seconds.fillna(minutes * 60), dtype=np.float64), faults


def _hours(table: TextTable, frame: pd.DataFrame) -> tuple[NDArray[np.int64], list[Fault]]:
    """Return the class of the hour in which each trip began; -1 without a start."""
    found = np.full(len(frame), -1, dtype=np.int64)
    faults = []
    for place, (row, cell) in enumerate(frame["started_at"].items() if "started_at" in frame else ()):
        if not cell:
            continue
        hour = _hour_in(str(cell))
        if hour is None:
            expected = "a time of day such as 2024-05-01 08:15, 8:15 or an hour from 0 to 23"
            faults.append(table.fault(int(str(row)), "started_at", expected))
        else:
            found[place] = HOUR_CLASSES.index(hour_class(hour))
    return found, faults


def _hour_in(cell: str) -> int | None:
    """Return the hour that a cell states, None if it states none."""
    clock = _CLOCK.fullmatch(cell)
    if clock:
        hour = int(clock[1])
    else:
        try:
            number = parse_number(cell)
        except ValueError:
            return None
        if number != math.floor(number):
            return None
        hour = int(number)
    return hour if 0 <= hour < 24 else None


def _paths(table: TextTable, frame: pd.DataFrame, network: RoadNetwork) -> tuple[list[tuple[int, ...]], list[Fault]]:
    """Read the edges that were driven: numbers of rows of `RoadNetwork.edges`, one after the other."""
    paths: list[tuple[int, ...]] = [()] * len(frame)
    faults = []
    for place, (row, cell) in enumerate(frame["edges"].items() if "edges" in frame else ()):
        words = re.findall(r"[^\s,;\[\]()，；]+", str(cell))
        if not words:
            continue
        if not all(word.isdecimal() and int(word) < network.n_edges for word in words):
            expected = f"numbers of edges from 0 to {network.n_edges - 1}"
            faults.append(table.fault(int(str(row)), "edges", expected))
            continue
        path = tuple(int(word) for word in words)
        if any(network.head[a] != network.tail[b] for a, b in itertools.pairwise(path)):
            expected = "edges of which each begins where the one before ends"
            faults.append(table.fault(int(str(row)), "edges", expected))
            continue
        paths[place] = path
    return paths, faults


def _placed(
    network: RoadNetwork, table: TextTable, frame: pd.DataFrame, end: str, driven: NDArray[np.int64], crs: str
) -> tuple[TripEnds, NDArray[np.float64], NDArray[np.float64], list[Fault]]:
    """Place the beginnings or the ends of trips: at the path's junction, at a node, or by position."""
    n = len(frame)
    blank = np.full(n, np.nan)
    x = np.asarray(frame[f"{end}_lon"], dtype=np.float64) if f"{end}_lon" in frame else blank
    y = np.asarray(frame[f"{end}_lat"], dtype=np.float64) if f"{end}_lat" in frame else blank
    named = frame[f"{end}_node"].to_list() if f"{end}_node" in frame else [""] * n
    node, road = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    position, access = np.zeros(n), np.zeros(n)
    lon, lat = blank.copy(), blank.copy()
    faults = []
    joint = network.tail if end == "from" else network.head
    known = driven >= 0
    node[known] = joint[driven[known]]
    for place, row in enumerate(frame.index):
        if not known[place] and named[place]:
            word = str(named[place])
            at = (
                int(np.searchsorted(network.node_id, int(word)))
                if re.fullmatch(r"-?\d{1,18}", word)
                else network.n_nodes
            )
            if at < network.n_nodes and network.node_id[at] == int(word):
                node[place] = at
            else:
                faults.append(table.fault(int(row), f"{end}_node", "the id of a node of the network"))
        elif not known[place] and not (math.isfinite(x[place]) and math.isfinite(y[place])):
            column = f"{end}_lon" if math.isnan(x[place]) else f"{end}_lat"
            faults.append(table.fault(int(row), column, f"a place: {end}_lon and {end}_lat, or {end}_node, or edges"))
    named_or_driven = known | np.array([bool(word) for word in named])
    placed = np.flatnonzero(~named_or_driven & np.isfinite(x) & np.isfinite(y))
    if len(placed):
        lon[placed], lat[placed] = to_wgs84(x[placed], y[placed], crs)
        on_road, metres, off_m = _nearest(network, lon[placed], lat[placed])
        limit = default("calibration.snap_limit_m").number
        for which in np.flatnonzero(~(off_m <= limit)):
            row = int(frame.index[placed[which]])
            away = f"{off_m[which]:.0f} m" if math.isfinite(off_m[which]) else "no place on Earth"
            expected = f"a place within {limit:.0f} m of a road of the network; {away}; check the crs and the columns"
            faults.append(table.fault(row, f"{end}_lon", expected))
        road[placed], position[placed], access[placed] = on_road, metres, off_m
        _to_junctions(network, node, road, position, placed)
    at_node = node >= 0
    lon[at_node], lat[at_node] = network.lon[node[at_node]], network.lat[node[at_node]]
    return TripEnds(node=node, road=road, position_m=position, access_m=access), lon, lat, faults


def _nearest(
    network: RoadNetwork, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the nearest road of each place, the position on it and the distance, inf off the Earth."""
    lines = network.projected_lines()
    x, y = project(lon, lat, network.crs)
    on_earth = np.isfinite(x) & np.isfinite(y)
    points = np.asarray(shapely.points(np.where(on_earth, x, 0.0), np.where(on_earth, y, 0.0)), dtype=object)
    pairs = shapely.STRtree(lines).query_nearest(points, all_matches=True)
    order = np.lexsort((pairs[1], pairs[0]))  # among roads at one distance, the first
    at, road = pairs[0][order], pairs[1][order]
    nearest = np.zeros(len(points), dtype=np.int64)
    first = np.flatnonzero(np.r_[True, at[1:] != at[:-1]])
    nearest[at[first]] = road[first]
    drawn, length = shapely.length(lines[nearest]), network.road_length_m[nearest]
    along = shapely.line_locate_point(lines[nearest], points)
    position = np.divide(along * length, drawn, out=np.zeros(len(points)), where=drawn > 0)
    return nearest, position, np.where(on_earth, shapely.distance(lines[nearest], points), np.inf)


def _to_junctions(
    network: RoadNetwork,
    node: NDArray[np.int64],
    road: NDArray[np.int64],
    position: NDArray[np.float64],
    placed: NDArray[np.int64],
) -> None:
    """Turn places at the end of a road into nodes, in place."""
    start, end = np.zeros(network.n_roads, dtype=np.int64), np.zeros(network.n_roads, dtype=np.int64)
    first = network.forward
    start[network.road[first]], end[network.road[first]] = network.tail[first], network.head[first]
    length = network.road_length_m
    for place in placed:
        here = road[place]
        if position[place] < _END_TOLERANCE_M:
            node[place], road[place] = start[here], -1
        elif position[place] > length[here] - _END_TOLERANCE_M:
            node[place], road[place] = end[here], -1


def _absurd_times(
    table: TextTable,
    frame: pd.DataFrame,
    seconds: NDArray[np.float64],
    places: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> list[Fault]:
    """Find trips that would have flown: faster as the crow flies than any vehicle drives."""
    limit = default("calibration.straight_kph_max").number
    straight_kph = great_circle_m(*places["from"], *places["to"]) / seconds * 3.6
    faults = []
    for which in np.flatnonzero(straight_kph > limit):
        row = int(frame.index.to_numpy()[which])
        given = "minutes" if str(table.frame.get("minutes", pd.Series("", index=table.frame.index))[row]) else "seconds"
        expected = (
            f"a time at which the trip is slower than {limit:g} km/h as the crow flies, not {straight_kph[which]:.0f}"
        )
        faults.append(table.fault(row, given, expected))
    return faults
