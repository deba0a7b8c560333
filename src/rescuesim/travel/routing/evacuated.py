"""EvacuationRoutes: where every village goes in every state, and what that asks of roads and shelters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._words import Lang, in_language
from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.quality import SnappedPoints
from rescuesim.travel.routing.legs import RouteLeg, directions, legs_of
from rescuesim.travel.routing.lines import RoadLines
from rescuesim.travel.split_graph import SplitGraph

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas

    from rescuesim._words import Note

__all__ = ["EvacuationRoutes", "EvacuationState", "arriving", "people_words"]


def people_words(people: float) -> str:
    """Write a number of people, without a fraction that is none.

    Examples
    --------
    >>> people_words(1820.0), people_words(0.5)
    ('1,820', '0.5')
    """
    return f"{people:,.0f}" if float(people).is_integer() else f"{people:,.1f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvacuationState:
    """Where every village goes in one state of the network.

    Parameters
    ----------
    network_state : NetworkState or None
        What is broken; None for intact roads.
    nearest, second : ndarray of int32, shape (n_villages,)
        The nearest shelter and the nearest other one, as places in `EvacuationRoutes.shelter_ids`; -1 where there is
        none.
    ticks, second_ticks : ndarray of int32, shape (n_villages,)
        Time of the trip there in 0.1 ms, access legs and start-up loss included; 2^30 - 1 where there is none.
    length_m : ndarray of float64, shape (n_villages,)
        On the roads; ``inf`` where no shelter is reached.
    reasons : ndarray of str, shape (n_villages,)
        Empty where a shelter is reached. ``no_road``: none in range of the village; ``road_closed``: the village itself
        lies on a closed part of a road; ``site_unusable``: every shelter that it can still reach is out of use;
        ``no_path``: no open road leads to any.
    changes : ndarray of str, shape (n_villages,)
        Against intact roads: ``same``, ``slower`` (the same way takes longer), ``detour`` (another way to the same
        shelter), ``other_shelter``, ``cut_off``, ``never`` (no shelter on intact roads either).
    as_intact : ndarray of bool, shape (n_villages,)
        Whether the way is that on intact roads, and is kept there alone; see `EvacuationRoutes.path`.
    first : ndarray of int64, shape (n_villages + 1,)
    pieces : ndarray of int32
        Pieces of `EvacuationRoutes.graph` that village i drives: ``pieces[first[i]:first[i + 1]]``.
    """

    network_state: NetworkState | None
    nearest: NDArray[np.int32]
    ticks: NDArray[np.int32]
    second: NDArray[np.int32]
    second_ticks: NDArray[np.int32]
    length_m: NDArray[np.float64]
    reasons: NDArray[np.str_]
    changes: NDArray[np.str_]
    as_intact: NDArray[np.bool_]
    first: NDArray[np.int64]
    pieces: NDArray[np.int32]

    @property
    def label(self) -> str:
        """Label of the state; empty for intact roads."""
        return self.network_state.label if self.network_state is not None else ""

    @property
    def probability(self) -> float | None:
        """Probability of the state; None for intact roads."""
        return self.network_state.probability if self.network_state is not None else None

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Whether each village reaches a shelter; bool, shape (n_villages,)."""
        return self.ticks < UNREACHABLE

    def compared(self, intact: EvacuationState) -> EvacuationState:
        """Say what is other than on intact roads, and keep only the ways that are."""
        size, whole = np.diff(self.first), np.diff(intact.first)
        owner = np.repeat(np.arange(len(size)), size)
        alike = size == whole
        of_intact = np.arange(len(self.pieces)) - self.first[owner] + intact.first[owner]
        # where a way has another length its pieces are not looked at: any piece will do, also where there are none
        pieces = np.r_[intact.pieces, -1][np.minimum(of_intact, len(intact.pieces))]
        other = np.zeros(len(size), dtype=np.bool_)
        other[owner[~alike[owner] | (pieces != self.pieces)]] = True
        same_way = alike & ~other & (self.nearest == intact.nearest)
        changes = np.select(
            [
                ~intact.reached,
                ~self.reached,
                self.nearest != intact.nearest,
                ~same_way,
                self.ticks > intact.ticks,
            ],
            ["never", "cut_off", "other_shelter", "detour", "slower"],
            default="same",
        ).astype("U13")
        own = self.reached & ~same_way
        return replace(
            self,
            changes=changes,
            as_intact=self.reached & same_way,
            first=np.r_[0, np.cumsum(np.where(own, size, 0))].astype(np.int64),
            pieces=self.pieces[own[owner]],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvacuationRoutes:
    """The way of every village to its nearest shelter, on intact roads and in every state.

    Parameters
    ----------
    villages : DemandPoints
    shelters : CandidateSites
        As given.
    chosen : ndarray of int64, shape (n_shelters,)
        Rows of `shelters` that people can go to.
    capacity : ndarray of float64, shape (n_shelters,)
        People; ``inf`` where it is not known.
    intact : EvacuationState
    states : tuple of EvacuationState
    network : RoadNetwork
    graph : SplitGraph
    village_snap, shelter_snap : SnappedPoints
    bands_s : tuple of float
        Upper ends of the bands of time in which people are counted.
    notes : tuple of str
        What was taken for granted, and which shelters overflow.
    """

    villages: DemandPoints
    shelters: CandidateSites
    chosen: NDArray[np.int64]
    capacity: NDArray[np.float64]
    intact: EvacuationState
    states: tuple[EvacuationState, ...]
    network: RoadNetwork
    graph: SplitGraph
    village_snap: SnappedPoints
    shelter_snap: SnappedPoints
    bands_s: tuple[float, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.states)

    def __getitem__(self, index: int) -> EvacuationState:
        return self.states[index]

    def __iter__(self) -> Iterator[EvacuationState]:
        return iter(self.states)

    @property
    def every_state(self) -> tuple[EvacuationState, ...]:
        """The intact state and all others: number 0, 1 and so on of the tables."""
        return (self.intact, *self.states)

    @property
    def shelter_ids(self) -> tuple[str, ...]:
        """Ids of the shelters that people can go to."""
        return tuple(self.shelters.ids[at] for at in self.chosen)

    @property
    def shelter_names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.shelters.names[at] for at in self.chosen)

    def with_notes(self, *notes: Note) -> EvacuationRoutes:
        """Return the same routes with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    def path(self, state: EvacuationState, village: int) -> NDArray[np.int32]:
        """Return the pieces that a village drives in a state, in their order; none where it reaches no shelter."""
        holder = self.intact if state.as_intact[village] else state
        return holder.pieces[holder.first[village] : holder.first[village + 1]]

    def legs(self, state: EvacuationState, village: int) -> tuple[RouteLeg, ...]:
        """Return what a village drives in a state, road after road.

        See Also
        --------
        rescuesim.route : The same for any two places.
        """
        pieces = self.path(state, village).astype(np.int64)
        lines = RoadLines(self.network, self.graph.road[pieces].astype(np.int64))
        ticks = self.graph.piece_ticks()[pieces]
        return legs_of(self.network, self.graph, lines, pieces, ticks)

    def directions(self, state: EvacuationState, village: int) -> tuple[Note, ...]:
        """Say how to drive, one note a step; none where no shelter is reached."""
        if not state.reached[village]:
            return ()
        return directions(
            self.legs(state, village),
            access_from_m=float(self.village_snap.access_m[village]),
            access_to_m=float(self.shelter_snap.access_m[state.nearest[village]]),
        )

    def to_frame(self, *, lang: Lang = "en") -> geopandas.GeoDataFrame:
        """Return a table with one row for each state and village; see `route_rows`.

        Returns
        -------
        GeoDataFrame
            EPSG:4326, lines along the roads, empty where there is no way. Intact roads have the number 0. Columns
            ``state_number, state, probability, village, village_name, township, people, reached, reason, reason_words,
            shelter, shelter_name, travel_time_s, extra_s, length_m, access_m, second_shelter, second_shelter_name,
            second_time_s, change, change_words, road_names, road_ids, bridge_names, bridges, tunnel_names, tunnels``:
            the roads that the way depends on, and those of them that are or contain a bridge or a tunnel.
        """
        from rescuesim.travel.routing.evacuation_tables import route_rows

        return route_rows(self, lang)

    def summary(self) -> pd.DataFrame:
        """Count people by state.

        Returns
        -------
        DataFrame
            ``state_number, state, probability, villages, people, people_<from>_to_<to>_s`` for each band, its upper end
            included, ``people_over_<to>_s, people_cut_off, villages_cut_off, people_detour`` (another way or another
            shelter), ``people_over_capacity``. The bands, those over the last and those cut off sum to all people.
        """
        from rescuesim.travel.routing.evacuation_tables import people_rows

        return people_rows(self)

    def townships(self) -> pd.DataFrame:
        """Count people by state and township, with the columns of `summary` but the last."""
        from rescuesim.travel.routing.evacuation_tables import people_rows

        return people_rows(self, by_township=True)

    def shelter_loads(self) -> pd.DataFrame:
        """Count who would arrive at each shelter if everybody goes to the nearest.

        Returns
        -------
        DataFrame
            ``state_number, state, probability, shelter, shelter_name, villages, people, capacity, over_capacity``; the
            last two are empty where the capacity is not known.
        """
        from rescuesim.travel.routing.evacuation_tables import load_rows

        return load_rows(self)

    def write_layer(self, path: Path | str, *, lang: Lang = "en") -> Path:
        """Write the routes as ``.geojson``, or with access legs, villages and shelters as ``.gpkg``.

        Returns
        -------
        Path
        """
        from rescuesim.travel.routing.evacuation_tables import layers
        from rescuesim.travel.routing.files import write_layers

        return write_layers(path, layers(self, lang))

    def write_workbook(self, path: Path | str, *, lang: Lang = "zh") -> Path:
        """Write routes, people by state and township, shelters and notes as an ``.xlsx`` workbook.

        Times are in minutes there; rows are those of `to_frame` and the other tables.

        Returns
        -------
        Path
        """
        from rescuesim.travel.routing.evacuation_tables import write_workbook

        return write_workbook(self, path, lang)

    def in_language(self, lang: Lang) -> str:
        """Say the outcome of every state and the notes in a language."""
        lines = []
        for number, state in enumerate(self.every_state):
            intact = ("道路正常", "intact roads") if number == 0 else (f"状态 {number}", f"state {number}")
            name = state.label or intact[0 if lang == "zh" else 1]
            reached = people_words(float(self.villages.people[state.reached].sum()))
            cut, n = people_words(float(self.villages.people[~state.reached].sum())), int((~state.reached).sum())
            lines.append(
                f"{name}：{reached} 人能到达避难场所，{n} 个村 {cut} 人不能"
                if lang == "zh"
                else f"{name}: {reached} people reach a shelter, {cut} people of {n} villages do not"
            )
        return "\n".join([*lines, *(in_language(note, lang) for note in self.notes)])

    def __str__(self) -> str:
        return self.in_language("en")


def arriving(found: EvacuationRoutes, state: EvacuationState) -> NDArray[np.float64]:
    """Count the people that go to each shelter in a state; float64, shape (n_shelters,)."""
    reached = state.reached
    people = np.bincount(state.nearest[reached], weights=found.villages.people[reached], minlength=len(found.chosen))
    return np.asarray(people, dtype=np.float64)
