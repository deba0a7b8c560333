"""Route and Routes: the ways between two places, as pieces, lines, words and tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim._words import Lang, Note, in_language
from rescuesim.network import NetworkStates, RoadNetwork
from rescuesim.network.road_network import TICKS_PER_SECOND
from rescuesim.quality import SnappedPoints
from rescuesim.travel.routing.legs import RouteLeg, directions
from rescuesim.travel.routing.words import ATTRIBUTION, REASON_WORDS, distance_words, duration_words
from rescuesim.travel.split_graph import SplitGraph

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas

__all__ = ["Route", "Routes", "joined", "once_in_a_row", "or_empty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The fastest way between two places in one state of the network, or why there is none.

    Parameters
    ----------
    state : str
        Label of the state; empty for the intact network.
    probability : float
    reason : str
        Empty where there is a way, else one of `rescuesim.travel.times.REASONS`.
    ticks : int
        Time of the trip in 0.1 ms, as `travel_times` has it: driving, waiting, access legs, start-up loss and launch;
        2^30 - 1 where there is no way.
    road_ticks, access_ticks, start_up_ticks : int
        What of it is on the roads, on both access legs, and lost by starting up and launching; they sum to `ticks`.
        All 0 where there is no way.
    slowed_ticks : int
        What of `road_ticks` the state's slow-downs add.
    delay_s : float
        What of the road time is waiting at signals and junctions on open roads.
    pieces : ndarray of int64, shape (n_pieces,)
        Pieces of `Routes.graph` in the order of driving; none where both places lie at one spot of a road.
    legs : tuple of RouteLeg
        The pieces merged by the name of their road.
    roads : tuple of int
        Indices of roads in the order of driving.
    bridges, tunnels : tuple of int
        Those of them that are or contain a bridge or a tunnel, each once. A route that drives only a part of such a
        road may not meet it.
    geometry : LineString
        Along the roads in WGS84 degrees, without the access legs; empty where nothing is driven.
    access_from, access_to : LineString
        Straight legs between the places and the roads; empty where a place is on its road or has none.
    length_m : float
        Of the road part; ``inf`` where there is no way.
    access_from_m, access_to_m : float
        Straight distance from each place to its road, also where it is out of range.
    alternatives : tuple of Route
        Other ways, the fastest first.
    sharing : float
        Largest share of its road time, or of the other's if less, that an alternative has in common with another of the
        ways that are shown; 0 for the fastest way.
    """

    state: str
    probability: float
    reason: str
    ticks: int
    road_ticks: int
    access_ticks: int
    start_up_ticks: int
    slowed_ticks: int
    delay_s: float
    pieces: NDArray[np.int64]
    legs: tuple[RouteLeg, ...]
    roads: tuple[int, ...]
    bridges: tuple[int, ...]
    tunnels: tuple[int, ...]
    geometry: shapely.LineString
    access_from: shapely.LineString
    access_to: shapely.LineString
    length_m: float
    access_from_m: float
    access_to_m: float
    alternatives: tuple[Route, ...] = ()
    sharing: float = 0.0

    @property
    def reachable(self) -> bool:
        """Whether there is a way."""
        return not self.reason

    @property
    def travel_time_s(self) -> float:
        """Time of the trip in seconds; ``inf`` where there is no way."""
        return self.ticks / TICKS_PER_SECOND if self.reachable else math.inf

    @property
    def access_m(self) -> float:
        """Length of both access legs."""
        return self.access_from_m + self.access_to_m

    def directions(self) -> tuple[Note, ...]:
        """Say how to drive, one note a step; where there is no way, why."""
        if not self.reachable:
            return (REASON_WORDS[self.reason],)
        return directions(self.legs, access_from_m=self.access_from_m, access_to_m=self.access_to_m)

    def in_language(self, lang: Lang) -> str:
        """Say time, length and directions in a language."""
        head = f"{self.state}{'：' if lang == 'zh' else ': '}" if self.state else ""
        if not self.reachable:
            return head + in_language(REASON_WORDS[self.reason], lang)
        size = [
            in_language(words, lang) for words in (duration_words(self.travel_time_s), distance_words(self.length_m))
        ]
        steps = [in_language(step, lang) for step in self.directions()]
        if lang == "zh":
            return f"{head}{size[0]}，道路里程 {size[1]}：{'，然后'.join(steps)}" if steps else f"{head}{size[0]}"
        return f"{head}{size[0]}, {size[1]} by road: {', then '.join(steps)}" if steps else f"{head}{size[0]}"

    def __str__(self) -> str:
        return self.in_language("en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes(Sequence[Route]):
    """The ways between two places, one a state.

    Parameters
    ----------
    routes : tuple of Route
        In the order of the states; one for the intact network.
    network : RoadNetwork
    graph : SplitGraph
        Its pieces.
    states : NetworkStates or None
    ends : tuple of two pairs of float
        Longitude and latitude of the two places.
    snap : SnappedPoints
        Of the two places.
    notes : tuple of str
        What was found and taken.
    """

    routes: tuple[Route, ...]
    network: RoadNetwork
    graph: SplitGraph
    states: NetworkStates | None
    ends: tuple[tuple[float, float], tuple[float, float]]
    snap: SnappedPoints
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.routes)

    @overload
    def __getitem__(self, index: int) -> Route: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Route, ...]: ...
    def __getitem__(self, index: int | slice) -> Route | tuple[Route, ...]:
        return self.routes[index]

    def __iter__(self) -> Iterator[Route]:
        return iter(self.routes)

    def to_frame(self, *, lang: Lang = "en") -> geopandas.GeoDataFrame:
        """Return a table with one row for each way, alternatives after the way that they stand for.

        Parameters
        ----------
        lang : {'en', 'zh'}, optional
            Language of the words.

        Returns
        -------
        GeoDataFrame
            EPSG:4326. Columns ``state, probability, rank`` (0 the fastest), ``reachable, reason, reason_words,
            travel_time_s, delay_s, slowed_s, start_up_s, length_m, access_m, sharing, road_names, road_ids, bridges,
            tunnels, directions``. Where there is no way, times, lengths and lines are empty. ``attrs["attribution"]``
            names whose roads they are.
        """
        import geopandas

        every = [(rank, way) for first in self.routes for rank, way in enumerate((first, *first.alternatives))]
        strings = {"zh": "，然后", "en": ", then "}[lang]
        frame = geopandas.GeoDataFrame(
            {
                "state": [way.state for _, way in every],
                "probability": [way.probability for _, way in every],
                "rank": [rank for rank, _ in every],
                "reachable": [way.reachable for _, way in every],
                "reason": [way.reason for _, way in every],
                "reason_words": [in_language(REASON_WORDS[way.reason], lang) for _, way in every],
                "travel_time_s": or_empty([way.travel_time_s for _, way in every]),
                "delay_s": [way.delay_s for _, way in every],
                "slowed_s": [way.slowed_ticks / TICKS_PER_SECOND for _, way in every],
                "start_up_s": [way.start_up_ticks / TICKS_PER_SECOND for _, way in every],
                "length_m": or_empty([way.length_m for _, way in every]),
                "access_m": [way.access_m for _, way in every],
                "sharing": [way.sharing for _, way in every],
                "road_names": ["; ".join(in_language(leg.called, lang) for leg in way.legs) for _, way in every],
                "road_ids": [joined(way.roads) for _, way in every],
                "bridges": [joined(way.bridges) for _, way in every],
                "tunnels": [joined(way.tunnels) for _, way in every],
                "directions": [strings.join(in_language(step, lang) for step in way.directions()) for _, way in every],
            },
            geometry=[None if way.geometry.is_empty else way.geometry for _, way in every],
            crs="EPSG:4326",
        )
        frame.attrs["attribution"] = ATTRIBUTION
        return frame

    def write_layer(self, path: Path | str, *, lang: Lang = "en") -> Path:
        """Write the ways as a layer, ``.gpkg`` or ``.geojson``; a file that is there is replaced.

        Returns
        -------
        Path
        """
        from rescuesim.travel.routing.files import write_layers

        return write_layers(path, {"routes": self.to_frame(lang=lang)})

    def in_language(self, lang: Lang) -> str:
        """Say the ways and the notes in a language."""
        return "\n".join([*(way.in_language(lang) for way in self.routes), *(in_language(n, lang) for n in self.notes)])

    def __str__(self) -> str:
        return self.in_language("en")


def joined(numbers: Sequence[int]) -> str:
    """Write whole numbers as one text of a table."""
    return ";".join(str(number) for number in numbers)


def or_empty(values: list[float]) -> NDArray[np.float64]:
    """Leave cells empty where there is no way: files cannot hold infinity."""
    found = np.array(values, dtype=np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def once_in_a_row(values: NDArray[np.int32]) -> tuple[int, ...]:
    """Leave out what repeats the value before it."""
    return tuple(values[np.r_[True, np.diff(values) != 0]].tolist()) if len(values) else ()
