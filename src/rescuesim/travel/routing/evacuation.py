"""evacuation_routes: where every village goes, on intact and on broken roads (R63, R71).

A state takes one run from all shelters together, against the direction of travel; the paths are read from its tree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.errors import Fault, InputError, UnknownIdError, nearest_name
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.vehicles.start_up import check_start_up, with_start_up_ticks
from rescuesim.quality import SnappedPoints, snap_points
from rescuesim.travel.from_network import check_closures
from rescuesim.travel.routing.arcs import Arcs, ParallelPieces
from rescuesim.travel.routing.evacuated import EvacuationRoutes, EvacuationState, arriving, people_words
from rescuesim.travel.routing.route import foot_notes
from rescuesim.travel.routing.trees import fastest_tree, second_roots, walked
from rescuesim.travel.split_graph import SplitGraph, build_split_graph

__all__ = ["evacuation_routes"]

_MOST_NAMED = 5  # shelters and ids that a note names


def evacuation_routes(
    network: RoadNetwork,
    villages: DemandPoints,
    shelters: CandidateSites,
    *,
    states: NetworkStates | None = None,
    capacity: Mapping[str, float] | None = None,
    bands_s: Sequence[float] | None = None,
    snap_limit_m: float | None = None,
) -> EvacuationRoutes:
    """Find the way of every village to its nearest shelter, in every state of the network.

    Parameters
    ----------
    network : RoadNetwork
        Of the vehicles that people are moved with, or a walking network.
    villages : DemandPoints
    shelters : CandidateSites
        Those of the kind ``shelter``; all of them if none is. Closed ones are left out.
    states : NetworkStates, optional
        Moments of the broken network, besides the intact one. Shelters that a state makes unusable take nobody.
    capacity : mapping of str to float, optional
        People that a shelter can take, by id; a shelter that is not named has no limit that is known.
    bands_s : sequence of float, optional
        Upper ends of the bands of time that people are counted in, ascending; ``evacuation.bands_s`` if absent.
    snap_limit_m : float, optional
        Farther from any road than this, a place has none.

    Returns
    -------
    EvacuationRoutes
        Times are the least over the shelters of ``travel_times(network, shelters, villages, towards="sites")``, to the
        integer. People go to the nearest shelter also where that is full: what it would take is told, not shared out.

    Raises
    ------
    InputError
        If there is no open shelter, the points have no positions, or a capacity or band is none.
    UnknownIdError
        If a capacity is of no shelter, or a state closes a road that the network does not have.

    Notes
    -----
    Of equally near shelters the first in the table is taken; of equally fast ways as in `route`.

    Examples
    --------
    >>> found = evacuation_routes(network, villages, shelters, states=states)  # doctest: +SKIP
    >>> found.summary()  # doctest: +SKIP
    """
    check_start_up(network.start_up_s, network.launch_s)
    if villages.lon is None or villages.lat is None or shelters.lon is None or shelters.lat is None:
        raise InputError("villages and shelters: expected lon and lat")
    for state in states or ():
        check_closures(network, state)
    chosen, notes = _chosen_shelters(shelters)
    notes += [*_unknown_site_notes(shelters, states), *foot_notes(network, states)]
    holds = _capacities(shelters, chosen, capacity)
    if (missing := int((~np.isfinite(holds)).sum())) > 0:
        notes.append(
            Note(
                f"{missing} of {len(chosen)} shelters have no capacity given: whether they overflow is not known",
                f"{len(chosen)} 个避难场所中有 {missing} 个未给出容量，是否超员无从判断",
            )
        )
    bands = _bands(bands_s)
    shelter_snap = snap_points(network, shelters.lon[chosen], shelters.lat[chosen], snap_limit_m=snap_limit_m)
    village_snap = snap_points(network, villages.lon, villages.lat, snap_limit_m=snap_limit_m)
    if off := int((~shelter_snap.in_range).sum()):
        notes.append(
            Note(
                f"{off} shelters have no road in range: nobody gets there", f"{off} 个避难场所附近没有道路，无人能到达"
            )
        )
    graph = build_split_graph(network, shelter_snap, village_snap)
    search = _Search.of(network, graph, tuple(shelters.ids[at] for at in chosen), shelter_snap, village_snap)
    intact = search.run(None, None)
    broken = tuple(search.run(state, intact) for state in states or ())
    found = EvacuationRoutes(
        villages=villages,
        shelters=shelters,
        chosen=chosen,
        capacity=holds,
        intact=intact,
        states=broken,
        network=network,
        graph=graph,
        village_snap=village_snap,
        shelter_snap=shelter_snap,
        bands_s=bands,
        notes=(*villages.notes, *shelters.notes, *notes),
    )
    return found.with_notes(*_overload_notes(found))


def _chosen_shelters(sites: CandidateSites) -> tuple[NDArray[np.int64], list[Note]]:
    """Return the rows of the sites that people can go to, and what was taken for granted."""
    notes = []
    kind = np.array([kind == "shelter" for kind in sites.kinds], dtype=np.bool_)
    shut = sites.with_status("closed")
    if not kind.any():
        kind[:] = True
        text = f"{sites.source}: no site is of the kind shelter, all {len(sites)} are taken as shelters"
        notes.append(Note(text, f"{sites.source}：没有类型为避难场所的站点，{len(sites)} 个全部按避难场所计算"))
    elif not kind.all():
        text = f"{sites.source}: {int((~kind).sum())} sites of other kinds are left out"
        notes.append(Note(text, f"{sites.source}：不计入其他类型的 {int((~kind).sum())} 个站点"))
    if (kind & shut).any():
        text = f"{sites.source}: {int((kind & shut).sum())} closed shelters are left out"
        notes.append(Note(text, f"{sites.source}：不计入已关闭的 {int((kind & shut).sum())} 个避难场所"))
    chosen = np.flatnonzero(kind & ~shut)
    if not len(chosen):
        raise InputError([Fault(file=sites.source, expected="at least one shelter that is not closed")])
    if planned := int(sites.with_status("candidate")[chosen].sum()):
        text = f"{sites.source}: {planned} shelters have the status candidate and count as open"
        notes.append(Note(text, f"{sites.source}：{planned} 个避难场所的状态为候选，按已启用计算"))
    return chosen, notes


def _unknown_site_notes(sites: CandidateSites, states: NetworkStates | None) -> list[Note]:
    """Say which unusable sites of the states are none of the table: most are rescue stations."""
    unknown = sorted({id_ for state in states or () for id_ in state.unusable_sites} - set(sites.ids))
    if not unknown:
        return []
    some = ", ".join(unknown[:_MOST_NAMED]) + (", …" if len(unknown) > _MOST_NAMED else "")
    text = f"{len(unknown)} unusable sites of the states are not in {sites.source} and change nothing: {some}"
    return [Note(text, f"状态中停用的 {len(unknown)} 个站点不在{sites.source}中，不影响结果：{some}")]


def _capacities(
    sites: CandidateSites, chosen: NDArray[np.int64], given: Mapping[str, float] | None
) -> NDArray[np.float64]:
    """Join capacities by id; ``inf`` where none is given."""
    faults = []
    for id_, people in (given or {}).items():
        if id_ not in sites.ids:
            raise UnknownIdError(f"capacity of {id_!r}: expected {nearest_name(str(id_), sites.ids)}")
        if isinstance(people, bool) or not isinstance(people, (int, float, np.number)) or not 0 <= people < math.inf:
            faults.append(Fault(column="capacity", value=f"{id_}: {people}", expected="people, 0 or more"))
    if faults:
        raise InputError(faults)
    return np.array([float((given or {}).get(sites.ids[at], math.inf)) for at in chosen])


def _bands(given: Sequence[float] | None) -> tuple[float, ...]:
    value = default("evacuation.bands_s").value if given is None else given
    assert isinstance(value, Sequence)
    bands = tuple(float(end) for end in value)
    if not bands or not all(0 < end < math.inf for end in bands) or any(np.diff(bands) <= 0):
        raise InputError(f"bands_s {bands}: expected ascending seconds above 0")
    return bands


def _overload_notes(found: EvacuationRoutes) -> list[Note]:
    """Say which shelters would be sent more people than they can take, and in how many states."""
    over = np.maximum([arriving(found, state) for state in found.every_state] - found.capacity, 0.0)
    some = np.flatnonzero((over > 0).any(axis=0))
    if not len(some):
        return []
    worst = some[np.argsort(-over[:, some].max(axis=0), kind="stable")]
    named, named_zh = [], []
    for at in worst[:_MOST_NAMED].tolist():
        number = int(np.argmax(over[:, at]))
        name, label = found.shelter_names[at], found.every_state[number].label
        holds, people = (people_words(value) for value in (found.capacity[at], over[number, at] + found.capacity[at]))
        times = f"{int((over[:, at] > 0).sum())}/{len(over)}"
        where, where_zh = (label or f"state {number}", label or f"状态 {number}") if number else ("intact", "道路正常")
        named.append(f"{name} {people} people for {holds} places ({where}; over in {times} states)")
        named_zh.append(f"{name} 到达 {people} 人、容量 {holds} 人（{where_zh}；{times} 个状态超员）")
    more = len(worst) - len(named)
    rest, rest_zh = (f"; and {more} more", f"；另有 {more} 个") if more else ("", "")
    return [
        Note(
            f"{len(worst)} shelters are sent more people than they can take: {'; '.join(named)}{rest}. "
            "Nobody is sent elsewhere instead",
            f"{len(worst)} 个避难场所到达人数超过容量：{'；'.join(named_zh)}{rest_zh}。未作分流",
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """The search for the nearest shelters, state by state."""

    network: RoadNetwork
    graph: SplitGraph
    ids: tuple[str, ...]
    shelters: SnappedPoints
    villages: SnappedPoints
    parallel: ParallelPieces
    length_m: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        network: RoadNetwork,
        graph: SplitGraph,
        ids: tuple[str, ...],
        shelters: SnappedPoints,
        villages: SnappedPoints,
    ) -> _Search:
        return cls(
            network=network,
            graph=graph,
            ids=ids,
            shelters=shelters,
            villages=villages,
            parallel=ParallelPieces.of(graph),
            length_m=network.length_m[graph.edge] * (graph.end - graph.begin),
        )

    def run(self, state: NetworkState | None, intact: EvacuationState | None) -> EvacuationState:
        """Find where every village goes in a state."""
        graph, n_shelters = self.graph, len(self.ids)
        arcs = self.parallel.arcs(state)
        closed = graph.closed_points(state)
        there = (graph.point_node >= 0) & ~closed
        out_of_use = np.array([state is not None and id_ in state.unusable_sites for id_ in self.ids], dtype=np.bool_)
        usable = np.flatnonzero(there[:n_shelters] & ~out_of_use)
        roots = graph.point_node[usable].astype(np.int64)
        legs = self.shelters.access_ticks[usable].astype(np.int64)
        tree = fastest_tree(arcs, roots, legs, towards=True)
        second_ticks, second = second_roots(arcs, tree, roots, legs, towards=True)
        at = np.where(there[n_shelters:], graph.point_node[n_shelters:], -1).astype(np.int64)
        ticks, other_ticks = self._whole(tree.ticks, at), self._whole(second_ticks, at)
        reached = ticks < UNREACHABLE
        place = np.r_[usable, -1]
        first, path = walked(tree, arcs, np.where(reached, at, -1), towards=True)
        pieces = arcs.piece[path].astype(np.int32)
        metres = np.bincount(
            np.repeat(np.arange(len(at)), np.diff(first)), weights=self.length_m[pieces], minlength=len(at)
        )
        reasons = self._reasons(arcs, closed, out_of_use, at, reached)
        made = EvacuationState(
            network_state=state,
            nearest=np.where(reached, place[np.where(reached, tree.root[at], -1)], -1).astype(np.int32),
            ticks=ticks,
            second=np.where(other_ticks < UNREACHABLE, place[second[at]], -1).astype(np.int32),
            second_ticks=other_ticks,
            length_m=np.where(reached, metres, np.inf),
            reasons=reasons,
            changes=np.where(reached, "same", "never").astype("U13"),
            as_intact=np.zeros(len(at), dtype=np.bool_),
            first=first,
            pieces=pieces,
        )
        return made if intact is None else made.compared(intact)

    def _whole(self, to_shelter: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int32]:
        """Add access legs and start-up loss of each village."""
        road = np.where(at >= 0, to_shelter[at], UNREACHABLE)
        free = np.where(road < UNREACHABLE, road + self.villages.access_ticks, UNREACHABLE)
        network = self.network
        total = with_start_up_ticks(np.minimum(free, UNREACHABLE), network.start_up_s, launch_s=network.launch_s)
        return total.astype(np.int32)

    def _reasons(
        self,
        arcs: Arcs,
        closed: NDArray[np.bool_],
        out_of_use: NDArray[np.bool_],
        at: NDArray[np.int64],
        reached: NDArray[np.bool_],
    ) -> NDArray[np.str_]:
        """Say why villages reach no shelter; what is wrong at the village itself comes first."""
        n_shelters = len(self.ids)
        reasons = np.where(reached, "", "no_path").astype("U13")
        shut = np.flatnonzero(out_of_use & (self.graph.point_node[:n_shelters] >= 0) & ~closed[:n_shelters])
        if len(shut) and (~reached).any():
            nodes = self.graph.point_node[shut].astype(np.int64)
            tree = fastest_tree(arcs, nodes, self.shelters.access_ticks[shut].astype(np.int64), towards=True)
            reasons[~reached & (self._whole(tree.ticks, at) < UNREACHABLE)] = "site_unusable"
        reasons[closed[n_shelters:]] = "road_closed"
        reasons[~self.villages.in_range] = "no_road"
        return reasons
