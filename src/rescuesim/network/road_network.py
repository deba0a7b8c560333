"""RoadNetwork: the roads of a county as arrays, with ids, integer travel times and geometry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Lang, in_language
from rescuesim.errors import InputError, WeightOverflowError
from rescuesim.network.vehicles.conditions import TravelConditions

if TYPE_CHECKING:
    from pathlib import Path

    from rescuesim.network.calibrating.calibration import Calibration
    from rescuesim.network.vehicles.profiles import TravelProfile

__all__ = ["TICKS_PER_SECOND", "UNREACHABLE", "NetworkSummary", "RoadNetwork", "limit_ticks", "to_ticks"]

TICKS_PER_SECOND = 10_000  # 0.1 ms: min and + are exact in integers, so every engine agrees with ==
UNREACHABLE = 2**30 - 1


def to_ticks(seconds: NDArray[np.float64]) -> NDArray[np.int32]:
    """Round seconds to integer ticks of 0.1 ms.

    Raises
    ------
    WeightOverflowError
        If a time is 2^30 - 1 ticks (29.8 h) or more.
    """
    ticks = np.rint(seconds * TICKS_PER_SECOND)
    if ticks.size and (not np.isfinite(ticks).all() or ticks.min() < 0 or ticks.max() >= UNREACHABLE):
        raise WeightOverflowError("a travel time is negative, not finite or 29.8 hours and more on one edge")
    return ticks.astype(np.int32)


def limit_ticks(seconds: NDArray[np.float64] | float) -> NDArray[np.int64]:
    """Turn limits into the largest ticks that keep them; a time equal to its limit is in time.

    Parameters
    ----------
    seconds : ndarray of float64 or float
        Limits; negative ones (no time keeps them) become -1.

    Examples
    --------
    >>> limit_ticks(np.array([1.2737, np.inf, -np.inf])).tolist()
    [12737, 1073741822, -1]
    """
    clipped = np.clip(np.asarray(seconds, dtype=np.float64), -1.0, UNREACHABLE / TICKS_PER_SECOND)
    # a hundredth of a tick makes up for limits such as 1.2737 s that binary fractions fall short of
    ticks = np.floor(clipped * TICKS_PER_SECOND + 0.01)
    return np.where(clipped < 0, -1, np.minimum(ticks, UNREACHABLE - 1)).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSummary:
    """What a network holds and what was dropped to make it; prints as a short text.

    Attributes
    ----------
    nodes, edges, roads : int
    length_km : float
        Length of the roads, each counted once.
    length_km_by_class : dict of str to float
    bridges, tunnels : int
        Roads that are or contain one.
    dropped_nodes, dropped_edges : int
        Outside the largest strongly connected component.
    maxspeed_share : float
        Share of the road length whose speed comes from ``maxspeed``.
    notes : tuple of str
    """

    nodes: int
    edges: int
    roads: int
    length_km: float
    length_km_by_class: dict[str, float]
    bridges: int
    tunnels: int
    dropped_nodes: int
    dropped_edges: int
    maxspeed_share: float
    notes: tuple[str, ...]

    def __str__(self) -> str:
        return self.in_language("en")

    def in_language(self, lang: Lang) -> str:
        """Say it in a language."""
        if lang == "zh":
            classes = "，".join(f"{name} {km:.0f} 公里" for name, km in self.length_km_by_class.items())
            lines = [
                f"{self.nodes} 个路口，{self.edges} 条有向边，{self.roads} 条道路，"
                f"共 {self.length_km:.0f} 公里（{classes}）",
                f"含桥梁的道路 {self.bridges} 条，含隧道的 {self.tunnels} 条；{self.maxspeed_share:.0%} 的里程有限速值",
                f"最大双向可达部分之外截去：{self.dropped_nodes} 个路口，{self.dropped_edges} 条边",
            ]
        else:
            classes = ", ".join(f"{name} {km:.0f} km" for name, km in self.length_km_by_class.items())
            lines = [
                f"{self.nodes} nodes, {self.edges} edges, {self.roads} roads, {self.length_km:.0f} km ({classes})",
                f"{self.bridges} roads with a bridge, {self.tunnels} with a tunnel; "
                f"maxspeed known on {self.maxspeed_share:.0%} of the length",
                f"dropped outside the largest strongly connected component: {self.dropped_nodes} nodes, "
                f"{self.dropped_edges} edges",
            ]
        return "\n".join([*lines, *(in_language(note, lang) for note in self.notes)])


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadNetwork:
    """Directed edges on roads, strongly connected, with integer travel times.

    A *road* runs junction to junction and carries one edge or, two-way, two. Positions on a road are
    metres from the end where its `forward` edge begins.

    Parameters
    ----------
    node_id : ndarray of int64, shape (n_nodes,), ascending
    lon, lat, x_m, y_m : ndarray of float64, shape (n_nodes,)
        WGS84 degrees and metres of `crs`.
    tail, head : ndarray of int32, shape (n_edges,)
        Indices of nodes.
    road : ndarray of int32, shape (n_edges,)
        Index of the road.
    forward : ndarray of bool, shape (n_edges,)
        Whether the edge runs along its road's positions.
    length_m, speed_kph : ndarray of float64, shape (n_edges,)
    ticks : ndarray of int32, shape (n_edges,)
        Travel time in units of 0.1 ms.
    road_class : ndarray of str, shape (n_edges,)
    delay_s : ndarray of float64, shape (n_edges,)
        The part of the travel time that is waiting at signals and junctions.
    bridge, tunnel : ndarray of bool, shape (n_edges,)
    road_name : ndarray of str, shape (n_roads,)
        Empty where the road has none.
    surface : ndarray of str, shape (n_roads,)
        Empty where it is not known.
    width_m, lanes : ndarray of float64, shape (n_roads,)
        The least along the road; NaN where not known.
    road_ways : tuple of tuple of int, length n_roads
        OSM way ids, for looking a road up.
    road_line : ndarray of shapely LineString, shape (n_roads,)
        WGS84 degrees, in the direction of positions.
    crs : str
        Projected system of the metres.
    summary_ : NetworkSummary
    profile : str
        Name of the travel profile that the times are of.
    start_up_s : float
        What speeding up and slowing down costs a long trip; short ones lose less.
    dropped_lines : ndarray of shapely LineString, shape (n_dropped,)
        Roads outside the largest strongly connected component, WGS84 degrees; nothing snaps to them.
    launch_s : float
        Fixed time before any trip, as to launch a boat.
    access_kph : float
        Speed between a point and its road.
    conditions : TravelConditions
        Hour and weather that the times are of.
    maxspeed_stated : ndarray of bool, shape (n_edges,), or None
        Whether ``maxspeed`` is stated and obeyed on any part of the edge, so that the empty roads of the night
        make it no faster. None where it is not known: then nothing gets faster.
    """

    node_id: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    road: NDArray[np.int32]
    forward: NDArray[np.bool_]
    length_m: NDArray[np.float64]
    speed_kph: NDArray[np.float64]
    ticks: NDArray[np.int32]
    delay_s: NDArray[np.float64]
    road_class: NDArray[np.str_]
    bridge: NDArray[np.bool_]
    tunnel: NDArray[np.bool_]
    road_name: NDArray[np.str_]
    surface: NDArray[np.str_]
    width_m: NDArray[np.float64]
    lanes: NDArray[np.float64]
    road_ways: tuple[tuple[int, ...], ...]
    road_line: NDArray[np.object_]
    crs: str
    summary_: NetworkSummary
    profile: str = "rescue_car"
    start_up_s: float = 0.0
    dropped_lines: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=object))
    launch_s: float = 0.0
    access_kph: float = field(default_factory=lambda: default("access.speed_kph").number)
    conditions: TravelConditions = field(default_factory=TravelConditions)
    maxspeed_stated: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if self.n_nodes == 0 or self.n_edges == 0:
            raise InputError("the network has no roads: expected at least one drivable edge")
        if (self.length_m < 0).any() or not np.isfinite(self.length_m).all():
            raise InputError("edge lengths: expected finite metres of 0 or more")
        if (self.ticks < 0).any() or (self.ticks >= UNREACHABLE).any():
            raise WeightOverflowError("edge travel times: expected 0 to under 2^30 - 1 ticks")

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_id)

    @property
    def n_edges(self) -> int:
        """Number of directed edges."""
        return len(self.tail)

    @property
    def n_roads(self) -> int:
        """Number of roads."""
        return len(self.road_line)

    @property
    def road_length_m(self) -> NDArray[np.float64]:
        """Length of each road in metres; float64, shape (n_roads,)."""
        length = np.zeros(self.n_roads)
        np.maximum.at(length, self.road, self.length_m)
        return length

    @property
    def nodes(self) -> pd.DataFrame:
        """Nodes as a table: ``node_id, lon, lat, x_m, y_m``."""
        return pd.DataFrame(
            {"node_id": self.node_id, "lon": self.lon, "lat": self.lat, "x_m": self.x_m, "y_m": self.y_m}
        )

    @property
    def edges(self) -> pd.DataFrame:
        """Edges as a table; ``tail`` and ``head`` are node ids.

        Returns
        -------
        DataFrame
            Columns ``tail, head, road, length_m, speed_kph, travel_time_s, road_class, bridge, tunnel, name``.
        """
        return pd.DataFrame(
            {
                "tail": self.node_id[self.tail],
                "head": self.node_id[self.head],
                "road": self.road,
                "length_m": self.length_m,
                "speed_kph": self.speed_kph,
                "travel_time_s": self.ticks / TICKS_PER_SECOND,
                "road_class": self.road_class,
                "bridge": self.bridge,
                "tunnel": self.tunnel,
                "name": self.road_name[self.road],
            }
        )

    def __str__(self) -> str:
        return str(self.summary_)

    def summary(self) -> NetworkSummary:
        """Say what the network holds and what was dropped."""
        return self.summary_

    def under(
        self, *, hour: int | None = None, weather: str = "dry", profile: TravelProfile | None = None
    ) -> RoadNetwork:
        """Return the same roads with the times of another hour or weather, without loading them anew.

        Parameters
        ----------
        hour : int, optional
            From 0 to 23; the plain speeds if absent.
        weather : {'dry', 'heavy_rain', 'ice'}, optional
        profile : TravelProfile, optional
            Whose factors to take; the one that `RoadNetwork.profile` names if absent.

        See Also
        --------
        rescuesim.network.vehicles.in_conditions.network_in : The rule, and where it is exact.
        """
        from rescuesim.network.vehicles.in_conditions import network_in

        return network_in(self, conditions=TravelConditions(hour=hour, weather=weather), profile=profile)

    def calibrate(self, trips: Path | str | pd.DataFrame, *, crs: str = "wgs84", seed: int = 0) -> Calibration:
        """Fit factors on the travel time, by road class and hour, to recorded trips.

        Parameters
        ----------
        trips : path or DataFrame
            One trip a row; columns as in `rescuesim.network.calibrating.calibrate.calibrate`.
        crs : str, optional
            Declared system of the positions.
        seed : int, optional
            Of the draw of the folds of the cross-validation.

        See Also
        --------
        rescuesim.network.calibrating.calibrate.calibrate : Columns, method, what is reported.
        """
        from rescuesim.network.calibrating.calibrate import calibrate

        return calibrate(self, trips, crs=crs, seed=seed)

    def projected_lines(self) -> NDArray[np.object_]:
        """Return the road lines in the metres of `crs`; LineString array, shape (n_roads,)."""
        from rescuesim.network.coordinates.crs import project

        def to_metres(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.column_stack(project(degrees[:, 0], degrees[:, 1], self.crs))

        return np.asarray(shapely.transform(self.road_line, to_metres), dtype=object)
