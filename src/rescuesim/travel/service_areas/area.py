"""ServiceArea: the roads that crews reach from their sites within a limit, and the ground along them (服务范围)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from rescuesim._words import Lang
from rescuesim.candidates import CandidateSites
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.coordinates.crs import project
from rescuesim.network.vehicles.start_up import with_start_up_ticks
from rescuesim.network.ways import great_circle_m
from rescuesim.quality import SnappedPoints
from rescuesim.travel.service_areas.cut import ReachedParts
from rescuesim.travel.service_areas.ground import served_ground
from rescuesim.travel.service_areas.intervals import RoadStretches, united
from rescuesim.travel.service_areas.lines import LEAST_LINE_M, DrawnStretches, drawn_stretches
from rescuesim.travel.service_areas.words import area_in_words
from rescuesim.travel.split_graph import road_ends
from rescuesim.travel.times import Towards

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

__all__ = ["ServiceArea"]

_DEGREES = "EPSG:4326"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ServiceArea:
    """What crews reach within their limits: parts of roads, exactly cut, and the ground along them.

    A position on a road is inside if and only if a demand point that lies there would have travel times, those of
    `rescuesim.travel_times`, of at most the limit from one of the sites: the access leg of the site and the start-up
    loss are counted, closed parts are outside, slowed parts take longer. The polygon is drawn for the eye: whether a
    village is in time is decided by its travel time.

    Parameters
    ----------
    network : RoadNetwork
    sites : CandidateSites
        One or more.
    limits_s : tuple of float, length n_sites
        Limit of each; ``-inf`` for one whose crew cannot keep the standard by driving.
    towards : {'demand', 'sites'}
        Whether crews drive out, or come to the sites.
    state : NetworkState or None
        What was broken; None if nothing.
    site_snap : SnappedPoints
        Where the sites meet the roads.
    reasons : tuple of str, length n_sites
        Why a site reaches nothing: ``no_road``, ``road_closed``, ``site_unusable``, ``access_leg`` (it alone takes
        longer than the limit), ``no_crew``; empty where it reaches something.
    parts : ReachedParts
        Parts of edges; on a two-way road both directions have theirs, and each type of crew.
    node : ndarray of int32, shape (n_reached_nodes,)
        Junctions that are reached, ascending.
    node_ticks : ndarray of int64, shape (n_reached_nodes,)
        When, in 0.1 ms, start-up loss included.
    node_left : ndarray of int64, shape (n_reached_nodes,)
        Free time that is left there, in 0.1 ms.
    farthest_road_m : float
        Metres of road on the longest of the fastest ways; 0 if nothing is reached.
    width_m, filled_hole_m2 : float
        How the ground is drawn; see `polygon`.
    zones : tuple of str
        Zones for whose limits the area was made; empty for a plain limit.
    standard : str
        Name of the response standard; empty for a plain limit.
    notes : tuple of str
    """

    network: RoadNetwork = field(repr=False)
    sites: CandidateSites
    limits_s: tuple[float, ...]
    towards: Towards
    state: NetworkState | None = field(repr=False)
    site_snap: SnappedPoints = field(repr=False)
    reasons: tuple[str, ...]
    parts: ReachedParts = field(repr=False)
    node: NDArray[np.int32] = field(repr=False)
    node_ticks: NDArray[np.int64] = field(repr=False)
    node_left: NDArray[np.int64] = field(repr=False)
    farthest_road_m: float
    width_m: float
    filled_hole_m2: float
    zones: tuple[str, ...] = ()
    standard: str = ""
    notes: tuple[str, ...] = ()
    _stretches: list[RoadStretches] = field(default_factory=list, init=False, repr=False)
    _drawn: list[tuple[RoadStretches, DrawnStretches]] = field(default_factory=list, init=False, repr=False)
    _ground: list[tuple[shapely.MultiPolygon, float]] = field(default_factory=list, init=False, repr=False)

    @property
    def limit_s(self) -> float:
        """The largest limit of the sites; ``-inf`` if no crew can keep the standard."""
        return max(self.limits_s)

    @property
    def label(self) -> str:
        """Id of the only site, or how many there are, and the zones."""
        who = self.sites.ids[0] if len(self.sites) == 1 else f"{len(self.sites)} sites"
        return f"{who}, {'+'.join(self.zones)}" if self.zones else who

    @property
    def stretches(self) -> RoadStretches:
        """What is reached of each road, both directions united."""
        if not self._stretches:
            self._stretches.append(united(self.parts.road.astype(np.int64), self.parts.low_m, self.parts.high_m))
        return self._stretches[0]

    def holds(self, road: ArrayLike, position_m: ArrayLike) -> NDArray[np.bool_]:
        """Say which positions on roads are reached within the limit.

        Parameters
        ----------
        road : array_like of int, shape (n,) or one
        position_m : array_like of float, shape (n,) or one
            Metres along the road; its ends are the junctions there, which other roads may reach too.

        Returns
        -------
        ndarray of bool, shape (n,)

        Raises
        ------
        UnknownIdError
            If the network has no such road.
        """
        on, at = np.broadcast_arrays(np.atleast_1d(road), np.asarray(position_m, dtype=np.float64))
        if np.isnan(at).any():
            raise InputError("position_m: NaN, expected metres")
        if (wrong := (on < 0) | (on >= self.network.n_roads)).any():
            raise UnknownIdError(f"road {on[wrong][0]}: expected 0 to {self.network.n_roads - 1}")
        length = self.network.road_length_m[on]
        start, end = road_ends(self.network)
        reached = np.zeros(self.network.n_nodes, dtype=np.bool_)
        reached[self.node] = True
        at_end = np.where(at <= 0, start[on], end[on])
        return np.where((at > 0) & (at < length), self.stretches.hold(on, at), reached[at_end])

    # --- what is reached of the roads ----------------------------------------------------------------

    def _lines(self) -> tuple[RoadStretches, DrawnStretches]:
        if not self._drawn:
            long = self.stretches.take(self.stretches.length_m >= LEAST_LINE_M)
            self._drawn.append((long, drawn_stretches(self.network, long)))
        return self._drawn[0]

    @property
    def length_m(self) -> float:
        """Length of the roads reached, each place counted once."""
        return math.fsum(self.stretches.length_m)

    @property
    def length_m_by_class(self) -> dict[str, float]:
        """Length of the roads reached by road class, longest first."""
        first = self.network.forward
        classes = np.empty(self.network.n_roads, dtype=self.network.road_class.dtype)
        classes[self.network.road[first]] = self.network.road_class[first]
        names, at = np.unique(classes[self.stretches.road], return_inverse=True)
        length = np.bincount(at, weights=self.stretches.length_m, minlength=len(names))
        return {str(names[k]): float(length[k]) for k in np.argsort(-length, kind="stable") if length[k] > 0}

    @property
    def farthest_straight_m(self) -> float:
        """Straight distance to the place on a reached road that is farthest from its nearest site."""
        _, drawn = self._lines()
        going = [k for k, reason in enumerate(self.reasons) if not reason]
        if not len(drawn.lon) or not going:
            return 0.0
        assert self.sites.lon is not None
        assert self.sites.lat is not None
        lon, lat = self.sites.lon[going], self.sites.lat[going]
        tree = cKDTree(np.column_stack(project(lon, lat, self.network.crs)))
        _, nearest = tree.query(np.column_stack([drawn.x_m, drawn.y_m]))
        return float(great_circle_m(lon[nearest], lat[nearest], drawn.lon, drawn.lat).max())

    @property
    def lines(self) -> GeoDataFrame:
        """Reached stretches of roads, exactly cut.

        Returns
        -------
        GeoDataFrame
            Columns ``road, name, road_class, from_m, to_m, length_m, geometry``; WGS84. Stretches under a millimetre
            are left out.
        """
        import geopandas

        stretches, drawn = self._lines()
        first = self.network.forward
        classes = np.empty(self.network.n_roads, dtype=self.network.road_class.dtype)
        classes[self.network.road[first]] = self.network.road_class[first]
        columns = {
            "road": stretches.road,
            "name": self.network.road_name[stretches.road],
            "road_class": classes[stretches.road],
            "from_m": stretches.from_m,
            "to_m": stretches.to_m,
            "length_m": stretches.length_m,
        }
        return geopandas.GeoDataFrame(columns, geometry=drawn.lines(), crs=_DEGREES)

    def parts_frame(self) -> pd.DataFrame:
        """Return the reached parts of edges as a table.

        Returns
        -------
        DataFrame
            Columns ``edge, road, near_m, far_m, near_ticks, far_ticks``: positions of both ends, the one that is
            reached first before the other, and when a crew that comes along this edge is there, in 0.1 ms, with the
            start-up loss.
        """
        near, far = (
            with_start_up_ticks(ticks, self.network.start_up_s, launch_s=self.network.launch_s)
            for ticks in (self.parts.near_ticks, self.parts.far_ticks)
        )
        return pd.DataFrame(
            {
                "edge": self.parts.edge,
                "road": self.parts.road,
                "near_m": self.parts.near_m,
                "far_m": self.parts.far_m,
                "near_ticks": near,
                "far_ticks": far,
            }
        )

    # --- the ground ----------------------------------------------------------------------------------

    @property
    def polygon(self) -> shapely.MultiPolygon:
        """The ground along the reached roads, WGS84; drawn when it is first asked for.

        It is every place whose nearest road is reached so early that the access leg from there, of at most `width_m`,
        is within the limit too: it narrows to nothing where the limit is used up, and ends half way to a road that is
        not reached. Nothing opens into a motorway, which serves no ground. Holes are kept, but for those of up to
        `filled_hole_m2` into which no road runs. Its edges are good to a metre or two.
        """
        return self._served()[0]

    @property
    def area_km2(self) -> float:
        """Area of `polygon`, in the projection of the network."""
        return self._served()[1] / 1e6

    def _served(self) -> tuple[shapely.MultiPolygon, float]:
        if not self._ground:
            polygons, area_m2 = served_ground(
                self.network,
                self.parts,
                self.node,
                self.node_left,
                width_m=self.width_m,
                filled_hole_m2=self.filled_hole_m2,
            )
            self._ground.append((shapely.MultiPolygon(list(polygons)), area_m2))
        return self._ground[0]

    # --- for people and files ------------------------------------------------------------------------

    def __str__(self) -> str:
        return self.in_language("en")

    def in_language(self, lang: Lang) -> str:
        """Say the plain answer first, then what it counts and which defaults it takes.

        Parameters
        ----------
        lang : {'zh', 'en'}
        """
        return area_in_words(self, lang)

    def to_frame(self) -> GeoDataFrame:
        """Return the area as a layer of one row.

        Returns
        -------
        GeoDataFrame
            Columns ``area, site, name, zones, standard, limit_s, towards, state, reason, area_km2, length_km,
            farthest_road_m, farthest_straight_m, answer_zh, answer_en, geometry``; WGS84.
        """
        import geopandas

        row = {
            "area": self.label,
            "site": ", ".join(self.sites.ids),
            "name": ", ".join(self.sites.names),
            "zones": ", ".join(self.zones),
            "standard": self.standard,
            "limit_s": self.limit_s if math.isfinite(self.limit_s) else None,
            "towards": self.towards,
            "state": self.state.label if self.state is not None else "",
            "reason": ", ".join(dict.fromkeys(reason for reason in self.reasons if reason)),
            "area_km2": self.area_km2,
            "length_km": self.length_m / 1000,
            "farthest_road_m": self.farthest_road_m,
            "farthest_straight_m": self.farthest_straight_m,
            "answer_zh": self.in_language("zh").splitlines()[0],
            "answer_en": self.in_language("en").splitlines()[0],
        }
        return geopandas.GeoDataFrame(pd.DataFrame([row]), geometry=[self.polygon], crs=_DEGREES)

    def write_layer(self, path: Path | str) -> Path:
        """Write the area as a GeoPackage with the layers ``service_areas`` and ``reached_roads``.

        Parameters
        ----------
        path : path
            Ends in ``.gpkg``, or ``.geojson`` for the polygon alone; a file that is there is replaced.

        Raises
        ------
        InputError
            If the name ends otherwise.
        DataFileError
            If the file cannot be written.
        """
        from rescuesim.travel.service_areas.layers import write_service_areas

        return write_service_areas([self], path)
