"""The contraction engine: ticks of source and target pairs in sixteen states at a time."""

from __future__ import annotations

from collections.abc import Sequence
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
    run_sweep,
    set_sources,
)

__all__ = ["N_STATES", "ContractionEngine", "Ends", "PreparedRoads", "Scratch", "plan_engine", "prepare_roads"]

_WIDEST = 4  # sets of sources that sweep together: enough to pay for loading a weight, few enough for the registers


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
    arcs : SweepArcs
    sources : Ends
    source_rank : ndarray of int32, shape (n_sources,)
        -1 for a source without a node.
    target_ticks : ndarray of int32, shape (n_targets,)
    first_target : ndarray of int64, shape (n_nodes + 1,)
    target : ndarray of int32
        Targets that have a node, by rank.
    limit : int
    """

    tree: Elimination
    intact_ticks: NDArray[np.int32]
    relaxations: Relaxations
    arcs: SweepArcs
    sources: Ends
    source_rank: NDArray[np.int32]
    target_ticks: NDArray[np.int32]
    first_target: NDArray[np.int64]
    target: NDArray[np.int32]
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """A sweep and where its pairs go.

    Parameters
    ----------
    plan : SweepPlan
    pair : ndarray of int64, shape (n_pairs,)
    source : ndarray of int64, shape (n_sources,)
        Numbers of its sources.
    lane : ndarray of int32, shape (n_sources,)
        The set of each, within the group.
    """

    plan: SweepPlan
    pair: NDArray[np.int64]
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
    roads : PreparedRoads
    groups : tuple
    width : int
        Sets of sources that sweep together.
    """

    first_pair: NDArray[np.int64]
    pair_target: NDArray[np.int32]
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
            found=lanes_array(self.n_pairs * N_STATES),
        )

    def run(self, broken: BrokenPieces, shut: NDArray[np.bool_], scratch: Scratch) -> NDArray[np.int32]:
        """Compute the ticks of all pairs in up to sixteen states.

        Parameters
        ----------
        broken : BrokenPieces
        shut : ndarray of bool, shape (n_states, n_sources)
            Sources that nobody can leave.
        scratch : Scratch
            Of this engine; not shared between threads.

        Returns
        -------
        ndarray of int32, shape (n_pairs, N_STATES)
            What the source begins with included, what the target ends with not; more than the limit where there is no
            way within it. Lives in the scratch, until the next run. Lanes after the last state are intact.
        """
        self.customise(broken, scratch)
        ticks = np.repeat(self.roads.sources.ticks[:, None], N_STATES, axis=1)
        ticks[:, : len(shut)][shut.T] = UNREACHABLE
        for group in self.groups:
            _run(group.plan, group.lane, ticks[group.source], group.pair, self.width, scratch.found, scratch)
        return scratch.found.reshape(-1, N_STATES)

    def customise(self, broken: BrokenPieces, scratch: Scratch) -> None:
        """Work out the weights of the arcs in up to sixteen states."""
        steps = self.roads.relaxations
        set_pieces(scratch.pieces, self.roads.intact_ticks, broken.state, broken.piece, broken.ticks)
        customise(
            steps.first_piece, steps.piece, steps.first_triangle, steps.down, steps.up, scratch.pieces, scratch.weights
        )


def _run(
    plan: SweepPlan,
    lane: NDArray[np.int32],
    ticks: NDArray[np.int32],
    pair: NDArray[np.int64],
    width: int,
    found: NDArray[np.int32],
    scratch: Scratch,
) -> None:
    set_sources(scratch.rows, lane, ticks, width)
    run_sweep(
        plan.place, plan.end_gather, plan.from_place, plan.arc, plan.end_pair, plan.pair_lane, pair,
        scratch.weights, scratch.rows, found, (0,) * width,
    )  # fmt: skip


def prepare_roads(
    structure: ContractionStructure,
    ticks: NDArray[np.int32],
    sources: Ends,
    targets: Ends,
    *,
    limit: int,
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
        Pairs that take longer on intact roads, both ends included, are left out.
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
    return PreparedRoads(
        tree=tree,
        intact_ticks=ticks,
        relaxations=steps,
        arcs=SweepArcs(**dict(zip(SweepArcs.__dataclass_fields__, arcs, strict=True))),
        sources=sources,
        source_rank=source_rank,
        target_ticks=targets.ticks,
        first_target=np.r_[0, np.cumsum(np.bincount(target, minlength=tree.n_nodes))].astype(np.int64),
        target=wanted[np.argsort(target, kind="stable")].astype(np.int32),
        limit=limit,
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
    width = _WIDEST if len(sets) >= _WIDEST else 1
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
        group = _Group(plan=plan, pair=np.empty(0, dtype=np.int64), source=own, lane=lane)
        planned.append((together, group))
    return _with_pairs(roads, planned, len(sets), width)


def _with_pairs(
    roads: PreparedRoads, planned: Sequence[tuple[NDArray[np.int64], _Group]], n_sets: int, width: int
) -> ContractionEngine:
    """Run the plans on intact roads and keep the pairs that are within the limit there."""
    intact = ContractionEngine(
        first_pair=np.zeros(n_sets + 1, dtype=np.int64),
        pair_target=np.empty(0, dtype=np.int32),
        roads=roads,
        groups=tuple(group for _, group in planned),
        width=width,
    )
    scratch = intact.scratch()
    nothing = np.empty(0, dtype=np.int64)
    intact.customise(BrokenPieces.none(), scratch)
    kept_plans, set_of_pair, target_of_pair = [], [nothing], [np.empty(0, dtype=np.int32)]
    for sets, group in planned:
        plan, n_pairs = group.plan, len(group.plan.pair_lane)
        found = lanes_array(n_pairs * N_STATES)
        begin = np.repeat(roads.sources.ticks[group.source, None], N_STATES, axis=1)
        _run(plan, group.lane, begin, np.arange(n_pairs), width, found, scratch)
        within = found[::N_STATES].astype(np.int64) + roads.target_ticks[plan.pair_target] <= roads.limit
        before = np.r_[0, np.cumsum(within)]
        kept_plans.append(
            replace(
                plan,
                end_pair=before[plan.end_pair],
                pair_lane=plan.pair_lane[within],
                pair_target=plan.pair_target[within],
            )
        )
        set_of_pair.append(sets[plan.pair_lane[within]])
        target_of_pair.append(plan.pair_target[within])
    pair_set, pair_target = np.concatenate(set_of_pair), np.concatenate(target_of_pair)
    order = np.lexsort((pair_target, pair_set))
    at = np.empty(len(order), dtype=np.int64)
    at[order] = np.arange(len(order))
    ends = np.cumsum([len(plan.pair_lane) for plan in kept_plans], dtype=np.int64)
    return ContractionEngine(
        first_pair=np.r_[0, np.cumsum(np.bincount(pair_set, minlength=n_sets))].astype(np.int64),
        pair_target=pair_target[order],
        roads=roads,
        groups=tuple(
            replace(group, plan=plan, pair=at[end - len(plan.pair_lane) : end])
            for plan, end, (_, group) in zip(kept_plans, ends, planned, strict=True)
        ),
        width=width,
    )
