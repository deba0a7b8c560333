"""The contraction engine: ticks of source and target pairs in sixteen states at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.broken_pieces import BrokenPieces
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

__all__ = ["N_STATES", "ContractionEngine", "Scratch", "Sources", "Targets", "prepare_engine"]

_WIDEST = 4  # sets of sources that sweep together: enough to pay for loading a weight, few enough for the registers


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Sets of sources: one site each for a matrix, the sites of a plan for the nearest of them.

    Parameters
    ----------
    first : ndarray of int64, shape (n_sets + 1,)
    node, ticks : ndarray of int32, shape (n_sources,)
        Node of the split graph and what a trip from there begins with.
    """

    first: NDArray[np.int64]
    node: NDArray[np.int32]
    ticks: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Targets.

    Parameters
    ----------
    node, ticks : ndarray of int32, shape (n_targets,)
        Node of the split graph, -1 for none, and what a trip there ends with.
    """

    node: NDArray[np.int32]
    ticks: NDArray[np.int32]


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
    intact_ticks : ndarray of int32, shape (n_pieces,)
    relaxations : Relaxations
    groups : tuple
    width : int
        Sets of sources that sweep together.
    source_ticks : ndarray of int32, shape (n_sources,)
    """

    first_pair: NDArray[np.int64]
    pair_target: NDArray[np.int32]
    intact_ticks: NDArray[np.int32]
    relaxations: Relaxations
    groups: tuple[_Group, ...]
    width: int
    source_ticks: NDArray[np.int32]

    @property
    def n_pairs(self) -> int:
        """Number of pairs."""
        return len(self.pair_target)

    def scratch(self) -> Scratch:
        """Allocate the memory that one worker needs."""
        places = max((group.plan.n_places for group in self.groups), default=0)
        return Scratch(
            pieces=lanes_array(len(self.intact_ticks) * N_STATES),
            weights=lanes_array((self.relaxations.n_live + 1) * N_STATES),
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
        steps = self.relaxations
        set_pieces(scratch.pieces, self.intact_ticks, broken.state, broken.piece, broken.ticks)
        customise(
            steps.first_piece, steps.piece, steps.first_triangle, steps.down, steps.up, scratch.pieces, scratch.weights
        )
        ticks = np.repeat(self.source_ticks[:, None], N_STATES, axis=1)
        ticks[:, : len(shut)][shut.T] = UNREACHABLE
        for group in self.groups:
            _run(group.plan, group.lane, ticks[group.source], group.pair, self.width, scratch.found, scratch)
        return scratch.found.reshape(-1, N_STATES)


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


def prepare_engine(
    structure: ContractionStructure,
    ticks: NDArray[np.int32],
    sources: Sources,
    targets: Targets,
    *,
    limit: int,
    backward: bool = False,
) -> ContractionEngine:
    """Plan for sources, targets and a limit what has to be done in each state.

    Parameters
    ----------
    structure : ContractionStructure
    ticks : ndarray of int32, shape (n_pieces,)
        On intact roads. No state may make them less.
    sources : Sources
    targets : Targets
    limit : int
        Pairs that take longer on intact roads, both ends included, are left out.
    backward : bool, optional
        Travel from the targets to the sources.

    Returns
    -------
    ContractionEngine
    """
    tree = structure.elimination
    arc_of_piece = structure.arc_of_piece
    if backward:
        arc_of_piece = np.where(arc_of_piece >= 0, arc_of_piece ^ 1, -1).astype(np.int32)
    n_sets = len(sources.first) - 1
    set_of = np.repeat(np.arange(n_sets), np.diff(sources.first))
    usable = np.flatnonzero(targets.node >= 0)
    source, target = tree.rank[sources.node], tree.rank[targets.node[usable]]
    target_ticks = targets.ticks[usable]

    weight = intact_weights(tree.first, tree.head, arc_of_piece, ticks)
    turned = reversed_weights(weight)
    begin = (tree.first, tree.head, weight, source, sources.ticks)
    end = (tree.first, tree.head, turned, target, target_ticks)
    from_source, to_target = shortest_from(*begin), shortest_from(*end)
    down_to_target = shortest_upward(*end)
    steps = find_relaxations(tree.first, tree.head, arc_of_piece, weight, from_source, to_target, limit)
    needs = subtree_needs(tree.first, tree.head, tree.parent, weight, down_to_target)
    arcs = SweepArcs(
        **dict(
            zip(
                SweepArcs.__dataclass_fields__,
                find_sweep_arcs(
                    tree.first, tree.head, tree.depth, weight, steps.number, from_source, shortest_upward(*begin),
                    to_target, down_to_target, needs, limit,
                ),
                strict=True,
            )
        )
    )  # fmt: skip
    by_rank = usable[np.argsort(target, kind="stable")].astype(np.int32)
    first_target = np.r_[0, np.cumsum(np.bincount(target, minlength=tree.n_nodes))].astype(np.int64)

    width = _WIDEST if n_sets >= _WIDEST else 1
    # sets that are neighbours in the tree reach the same nodes
    near = np.full(n_sets, tree.n_nodes, dtype=np.int64)
    np.minimum.at(near, set_of, source)
    order = np.argsort(near, kind="stable")
    planned = []
    for start in range(0, n_sets, width):
        sets = order[start : start + width]
        members = [np.arange(sources.first[one], sources.first[one + 1]) for one in sets]
        own = np.concatenate(members)
        lane = np.repeat(np.arange(len(sets)), [len(some) for some in members]).astype(np.int32)
        plan = plan_sweep(
            source[own], sources.ticks[own], len(sets), arcs, tree.parent, tree.depth, tree.subtree_size,
            first_target, by_rank, steps.n_live, limit,
        )  # fmt: skip
        planned.append((sets, _Group(plan=plan, pair=np.empty(0, dtype=np.int64), source=own, lane=lane)))
    return _with_pairs(planned, steps, ticks, sources.ticks, targets.ticks, n_sets, width, limit)


def _with_pairs(
    planned: Sequence[tuple[NDArray[np.int64], _Group]],
    steps: Relaxations,
    ticks: NDArray[np.int32],
    source_ticks: NDArray[np.int32],
    target_ticks: NDArray[np.int32],
    n_sets: int,
    width: int,
    limit: int,
) -> ContractionEngine:
    """Run the plans on intact roads and keep the pairs that are within the limit there."""
    intact = ContractionEngine(
        first_pair=np.zeros(n_sets + 1, dtype=np.int64),
        pair_target=np.empty(0, dtype=np.int32),
        intact_ticks=ticks,
        relaxations=steps,
        groups=tuple(group for _, group in planned),
        width=width,
        source_ticks=source_ticks,
    )
    scratch = intact.scratch()
    nothing = np.empty(0, dtype=np.int64)
    set_pieces(scratch.pieces, ticks, nothing, nothing, np.empty(0, dtype=np.int32))
    customise(
        steps.first_piece, steps.piece, steps.first_triangle, steps.down, steps.up, scratch.pieces, scratch.weights
    )
    kept_plans, set_of_pair, target_of_pair = [], [], []
    for sets, group in planned:
        plan, n_pairs = group.plan, len(group.plan.pair_lane)
        found = lanes_array(n_pairs * N_STATES)
        begin = np.repeat(source_ticks[group.source, None], N_STATES, axis=1)
        _run(plan, group.lane, begin, np.arange(n_pairs), width, found, scratch)
        within = found[::N_STATES].astype(np.int64) + target_ticks[plan.pair_target] <= limit
        before = np.r_[0, np.cumsum(within)]
        kept_plans.append(
            SweepPlan(
                n_places=plan.n_places,
                place=plan.place,
                end_gather=plan.end_gather,
                from_place=plan.from_place,
                arc=plan.arc,
                end_pair=before[plan.end_pair],
                pair_lane=plan.pair_lane[within],
                pair_target=plan.pair_target[within],
            )
        )
        set_of_pair.append(sets[plan.pair_lane[within]])
        target_of_pair.append(plan.pair_target[within])
    pair_set = np.concatenate([nothing, *set_of_pair])
    pair_target = np.concatenate([np.empty(0, dtype=np.int32), *target_of_pair])
    order = np.lexsort((pair_target, pair_set))
    at = np.empty(len(order), dtype=np.int64)
    at[order] = np.arange(len(order))
    ends = np.cumsum([len(plan.pair_lane) for plan in kept_plans], dtype=np.int64)
    groups = tuple(
        _Group(plan=plan, pair=at[end - len(plan.pair_lane) : end], source=group.source, lane=group.lane)
        for plan, end, (_, group) in zip(kept_plans, ends, planned, strict=True)
    )
    return ContractionEngine(
        first_pair=np.r_[0, np.cumsum(np.bincount(pair_set, minlength=n_sets))].astype(np.int64),
        pair_target=pair_target[order],
        intact_ticks=ticks,
        relaxations=steps,
        groups=groups,
        width=width,
        source_ticks=source_ticks,
    )
