"""The contraction engine: ticks of source and target pairs in sixteen states at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.broken_pieces import BrokenPieces
from rescuesim.travel.contraction.elimination import Elimination
from rescuesim.travel.contraction.intact import (
    intact_weights,
    reversed_weights,
    shortest_from,
    shortest_upward,
    subtree_needs,
)
from rescuesim.travel.contraction.lanes import N_STATES, lanes_array
from rescuesim.travel.contraction.relaxations import Relaxations, customise, find_relaxations, set_pieces
from rescuesim.travel.contraction.structure import ContractionStructure
from rescuesim.travel.contraction.sweep import (
    SweepArcs,
    SweepPlan,
    find_sweep_arcs,
    plan_sweep,
    run_intact_sweep,
    run_sweep,
    set_sources,
)
from rescuesim.travel.trip_kernels import whole_trips

__all__ = ["N_STATES", "ContractionEngine", "Ends", "PreparedRoads", "Scratch", "plan_engine", "prepare_roads"]

_BUNDLE = 16_384  # pairs whose rows are found before their trips are finished: 1 MiB, a processor's own cache
# sets of sources that sweep together: enough to pay for loading a weight, few enough for the registers; by measurement,
# four of single sites and eight of plans, which reach nearly all nodes
_SITES_TOGETHER, _PLANS_TOGETHER = 4, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Sources or targets of trips.

    Parameters
    ----------
    node, ticks : ndarray of int32, shape (n,)
        Node of the split graph, -1 for none, and what a trip there begins or ends with.
    """

    node: NDArray[np.int32]
    ticks: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRoads:
    """What all sweeps between some sources and targets within a limit have in common.

    Parameters
    ----------
    tree : Elimination
    intact_ticks : ndarray of int32, shape (n_pieces,)
    relaxations : Relaxations
    intact_weights : ndarray of int32, shape (n_live + 1,)
        Of the arcs of the relaxations; the last is 0.
    arcs : SweepArcs
    sources : Ends
    source_rank : ndarray of int32, shape (n_sources,)
        -1 for a source without a node.
    target_ticks : ndarray of int32, shape (n_targets,)
    first_target : ndarray of int64, shape (n_nodes + 1,)
    target : ndarray of int32
        Targets that have a node, by rank.
    limit : int
        Most free ticks of a trip.
    start_up, launch : int
        Ticks that whole trips take more, see `with_start_up_ticks`.
    """

    tree: Elimination
    intact_ticks: NDArray[np.int32]
    relaxations: Relaxations
    intact_weights: NDArray[np.int32]
    arcs: SweepArcs
    sources: Ends
    source_rank: NDArray[np.int32]
    target_ticks: NDArray[np.int32]
    first_target: NDArray[np.int64]
    target: NDArray[np.int32]
    limit: int
    start_up: int
    launch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """A sweep and where its pairs go.

    Parameters
    ----------
    plan : SweepPlan
    sets : ndarray of int64, shape (n_lanes,)
        Numbers of its sets of sources.
    row : ndarray of int64, shape (n_pairs,)
        Where the plan's pairs go: by set, then by target.
    first : ndarray of int64, shape (n_lanes + 1,)
        Where the rows of each set begin.
    source : ndarray of int64, shape (n_sources,)
        Numbers of its sources.
    lane : ndarray of int32, shape (n_sources,)
        The set of each, within the group.
    """

    plan: SweepPlan
    sets: NDArray[np.int64]
    row: NDArray[np.int64]
    first: NDArray[np.int64]
    source: NDArray[np.int64]
    lane: NDArray[np.int32]


@dataclass(slots=True, kw_only=True)
class Scratch:
    """Memory of one worker.

    Parameters
    ----------
    pieces, weights, rows, found : ndarray of int32
    """

    pieces: NDArray[np.int32]
    weights: NDArray[np.int32]
    rows: NDArray[np.int32]
    found: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractionEngine:
    """Ticks of all pairs that are within a limit on intact roads, in any state.

    Parameters
    ----------
    first_pair : ndarray of int64, shape (n_sets + 1,)
    pair_target : ndarray of int32, shape (n_pairs,)
        Targets by set of sources, ascending.
    end_ticks : ndarray of int32, shape (n_pairs,)
        What the trip of each pair ends with.
    roads : PreparedRoads
    groups : tuple
    width : int
        Sets of sources that sweep together.
    """

    first_pair: NDArray[np.int64]
    pair_target: NDArray[np.int32]
    end_ticks: NDArray[np.int32]
    roads: PreparedRoads
    groups: tuple[_Group, ...]
    width: int

    @property
    def n_pairs(self) -> int:
        """Number of pairs."""
        return len(self.pair_target)

    def scratch(self) -> Scratch:
        """Allocate the memory that one worker needs."""
        places = max((group.plan.n_places for group in self.groups), default=0)
        return Scratch(
            pieces=lanes_array(len(self.roads.intact_ticks) * N_STATES),
            weights=lanes_array((self.roads.relaxations.n_live + 1) * N_STATES),
            rows=lanes_array(places * self.width * N_STATES),
            found=lanes_array(max((len(group.row) for group in self.groups), default=0) * N_STATES),
        )

    def run(self, broken: BrokenPieces, shut: NDArray[np.bool_], scratch: Scratch) -> NDArray[np.int32]:
        """Compute the ticks of whole trips between all pairs in up to sixteen states.

        Parameters
        ----------
        broken : BrokenPieces
        shut : ndarray of bool, shape (n_states, n_sources)
            Sources that nobody can leave.
        scratch : Scratch
            Of this engine; not shared between threads.

        Returns
        -------
        ndarray of int32, shape (n_states, n_pairs)
            2^30 - 1 where there is no trip within the limit.
        """
        roads = self.roads
        self.customise(broken, scratch)
        begins = np.repeat(roads.sources.ticks[:, None], N_STATES, axis=1)
        begins[:, : len(shut)][shut.T] = UNREACHABLE
        ticks = np.empty((len(shut), self.n_pairs), dtype=np.int32)
        found = scratch.found.reshape(-1, N_STATES)
        for group in self.groups:  # one after the other, so that what is found is still in the cache when it is used
            _run(group, begins[group.source], self.width, scratch)
            begin = self.first_pair[group.sets]
            whole_trips(found, group.first, begin, self.end_ticks, roads.start_up, roads.launch, roads.limit, ticks)
        return ticks

    def customise(self, broken: BrokenPieces, scratch: Scratch) -> None:
        """Work out the weights of the arcs in up to sixteen states."""
        steps = self.roads.relaxations
        set_pieces(scratch.pieces, self.roads.intact_ticks, broken.state, broken.piece, broken.ticks)
        customise(
            steps.first_piece, steps.piece, steps.first_triangle, steps.down, steps.up, scratch.pieces, scratch.weights
        )


def _run(group: _Group, begins: NDArray[np.int32], width: int, scratch: Scratch) -> None:
    """Set what the sources begin with and sweep; what is found stands in the scratch."""
    plan = group.plan
    set_sources(scratch.rows, group.lane, begins, width)
    run_sweep(
        plan.place, plan.end_gather, plan.from_place, plan.arc, plan.end_pair, plan.pair_lane, group.row,
        scratch.weights, scratch.rows, scratch.found, (0,) * width,
    )  # fmt: skip


def prepare_roads(
    structure: ContractionStructure,
    ticks: NDArray[np.int32],
    sources: Ends,
    targets: Ends,
    *,
    limit: int,
    start_up: int = 0,
    launch: int = 0,
    backward: bool = False,
) -> PreparedRoads:
    """Find what ways between sources and targets within a limit can take on intact roads, and so in any state.

    Parameters
    ----------
    structure : ContractionStructure
    ticks : ndarray of int32, shape (n_pieces,)
        On intact roads. No state may make them less.
    sources, targets : Ends
    limit : int
        Pairs whose free ticks are more on intact roads, both ends included, are left out.
    start_up, launch : int, optional
        Ticks that whole trips take more, see `with_start_up_ticks`.
    backward : bool, optional
        Travel from the targets to the sources.

    Returns
    -------
    PreparedRoads
    """
    tree, arc_of_piece = structure.elimination, structure.arc_of_piece
    if backward:
        arc_of_piece = np.where(arc_of_piece >= 0, arc_of_piece ^ 1, -1).astype(np.int32)
    there, wanted = np.flatnonzero(sources.node >= 0), np.flatnonzero(targets.node >= 0)
    target = tree.rank[targets.node[wanted]]
    source_rank = np.full(len(sources.node), -1, dtype=np.int32)
    source_rank[there] = tree.rank[sources.node[there]]

    weight = intact_weights(tree.first, tree.head, arc_of_piece, ticks)
    begin = (tree.first, tree.head, weight, source_rank[there], sources.ticks[there])
    end = (tree.first, tree.head, reversed_weights(weight), target, targets.ticks[wanted])
    from_source, to_target = shortest_from(*begin), shortest_from(*end)
    down_to_target = shortest_upward(*end)
    steps = find_relaxations(tree.first, tree.head, arc_of_piece, weight, from_source, to_target, limit)
    needs = subtree_needs(tree.first, tree.head, tree.parent, weight, down_to_target)
    arcs = find_sweep_arcs(
        tree.first, tree.head, tree.depth, weight, steps.number, from_source, shortest_upward(*begin),
        to_target, down_to_target, needs, limit,
    )  # fmt: skip
    live = steps.number >= 0
    numbered = np.zeros(steps.n_live + 1, dtype=np.int32)
    numbered[steps.number[live]] = weight[live]
    return PreparedRoads(
        tree=tree,
        intact_ticks=ticks,
        relaxations=steps,
        intact_weights=numbered,
        arcs=arcs,
        sources=sources,
        source_rank=source_rank,
        target_ticks=targets.ticks,
        first_target=np.r_[0, np.cumsum(np.bincount(target, minlength=tree.n_nodes))].astype(np.int64),
        target=wanted[np.argsort(target, kind="stable")].astype(np.int32),
        limit=limit,
        start_up=start_up,
        launch=launch,
    )


def plan_engine(roads: PreparedRoads, sets: Sequence[NDArray[np.int64]]) -> ContractionEngine:
    """Plan the sweeps from sets of sources to the targets.

    Parameters
    ----------
    roads : PreparedRoads
    sets : sequence of ndarray of int64
        Sources that count together: one each for a matrix, the sites of a plan for the nearest of them.

    Returns
    -------
    ContractionEngine
        For the pairs of a set and a target that are within the limit on intact roads.
    """
    tree, steps = roads.tree, roads.relaxations
    members = [sources[roads.source_rank[sources] >= 0] for sources in sets]
    width = _PLANS_TOGETHER if max(map(len, members), default=0) > 1 else _SITES_TOGETHER
    width = width if len(sets) >= width else 1
    # sets that are neighbours in the tree reach the same nodes
    near = [roads.source_rank[sources].min(initial=tree.n_nodes) for sources in members]
    order = np.argsort(near, kind="stable")
    planned = []
    for start in range(0, len(sets), width):
        together = order[start : start + width]
        own = np.concatenate([members[number] for number in together])
        plan = plan_sweep(
            roads.source_rank[own], roads.sources.ticks[own], len(together), roads.arcs, tree.parent, tree.depth,
            tree.subtree_size, roads.first_target, roads.target, steps.n_live, roads.limit,
        )  # fmt: skip
        lane = np.repeat(np.arange(len(together)), [len(members[number]) for number in together]).astype(np.int32)
        every = np.arange(len(plan.pair_lane))
        planned.append(_Group(plan=plan, sets=together, row=every, first=every[:0], source=own, lane=lane))
    return _with_pairs(roads, planned, len(sets), width)


def _with_pairs(roads: PreparedRoads, planned: Sequence[_Group], n_sets: int, width: int) -> ContractionEngine:
    """Run the plans on intact roads and keep the pairs that are within the limit there."""
    kept = []
    targets: list[NDArray[np.int32]] = [np.empty(0, dtype=np.int32)] * n_sets
    for group in planned:
        plan = group.plan
        rows = np.full((plan.n_places, len(group.sets)), UNREACHABLE, dtype=np.int32)
        rows[np.arange(len(group.source)), group.lane] = roads.sources.ticks[group.source]
        free = run_intact_sweep(
            plan.place, plan.end_gather, plan.from_place, plan.arc, plan.end_pair, plan.pair_lane,
            roads.intact_weights, rows,
        )  # fmt: skip
        within = free.astype(np.int64) + roads.target_ticks[plan.pair_target] <= roads.limit
        lane, target = plan.pair_lane[within], plan.pair_target[within]
        order = np.argsort(lane.astype(np.int64) * len(roads.target_ticks) + target)
        row = np.empty(len(order), dtype=np.int64)
        row[order] = np.arange(len(order))
        first = np.r_[0, np.cumsum(np.bincount(lane, minlength=len(group.sets)))].astype(np.int64)
        for number, set_ in enumerate(group.sets):
            targets[set_] = target[order[first[number] : first[number + 1]]]
        end_pair = np.r_[0, np.cumsum(within)][plan.end_pair]
        some = replace(plan, end_pair=end_pair, pair_lane=lane, pair_target=target)
        kept.append(replace(group, plan=some, row=row, first=first))
    pair_target = np.concatenate([np.empty(0, dtype=np.int32), *targets])
    return ContractionEngine(
        first_pair=np.r_[0, np.cumsum([len(some) for some in targets])].astype(np.int64),
        pair_target=pair_target,
        end_ticks=roads.target_ticks[pair_target],
        roads=roads,
        groups=tuple(_merged(some) for some in _in_bundles(kept)),
        width=width,
    )


def _in_bundles(groups: Sequence[_Group]) -> Iterator[list[_Group]]:
    """Put groups together while what they find stays in the cache: with fewer, threads wait less for each other."""
    bundle: list[_Group] = []
    for group in groups:
        if bundle and sum(len(one.row) for one in (*bundle, group)) > _BUNDLE:
            yield bundle
            bundle = []
        bundle.append(group)
    if bundle:
        yield bundle


def _merged(groups: Sequence[_Group]) -> _Group:
    """Make one group of several, whose rows are filled one group after the other."""
    n_sources = [len(group.source) for group in groups]
    before, every = np.cumsum([0, *n_sources]), sum(n_sources)

    def placed(places: NDArray[np.int32], number: int) -> NDArray[np.int32]:
        # sources stand first, all of them at once; the other rows of a group take the places of those of the last
        moved = np.where(places < n_sources[number], before[number], every - n_sources[number])
        return (places + moved).astype(np.int32)

    def added_up(ends: Sequence[NDArray[np.int64]], sizes: Sequence[int]) -> NDArray[np.int64]:
        return np.concatenate([end + ahead for end, ahead in zip(ends, np.cumsum([0, *sizes]), strict=False)])

    plans = [group.plan for group in groups]
    n_pairs = [len(group.row) for group in groups]
    plan = SweepPlan(
        n_places=every + max(plan.n_places - own for plan, own in zip(plans, n_sources, strict=True)),
        place=np.concatenate([placed(plan.place, number) for number, plan in enumerate(plans)]),
        end_gather=added_up([plan.end_gather for plan in plans], [len(plan.arc) for plan in plans]),
        from_place=np.concatenate([placed(plan.from_place, number) for number, plan in enumerate(plans)]),
        arc=np.concatenate([plan.arc for plan in plans]),
        end_pair=added_up([plan.end_pair for plan in plans], n_pairs),
        pair_lane=np.concatenate([plan.pair_lane for plan in plans]),
        pair_target=np.concatenate([plan.pair_target for plan in plans]),
    )
    return _Group(
        plan=plan,
        sets=np.concatenate([group.sets for group in groups]),
        row=added_up([group.row for group in groups], n_pairs),
        first=np.r_[0, added_up([group.first[1:] for group in groups], n_pairs)].astype(np.int64),
        source=np.concatenate([group.source for group in groups]),
        lane=np.concatenate([group.lane for group in groups]),
    )
