"""Sweeps: from a group of sources up the elimination tree and down to the targets, planned once, run for every state.

A plan is a list of rows. A row gathers: it is the least, lane by lane, of other rows plus the weights of arcs. First
come the rows of the sources' ancestors, bottom up, then the rows of all nodes on the way down to targets, top down; the
latter lie in a stack with one place for each depth. Which rows and arcs are needed follows from intact roads and the
limit alone, so that running a plan takes no decisions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.compiled import compiled
from rescuesim.travel.contraction.lanes import N_STATES, added, filled, least, loaded, repeated, stored

__all__ = [
    "SweepArcs",
    "SweepPlan",
    "find_sweep_arcs",
    "plan_sweep",
    "run_intact_sweep",
    "run_sweep",
    "set_sources",
]

_INF = np.int32(UNREACHABLE)
_ONE = (0,)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepArcs:
    """Arcs that sweeps can take within the limit, with what is left to do beyond them on intact roads.

    Parameters
    ----------
    first_up : ndarray of int32, shape (n_nodes + 1,)
    up_to : ndarray of int32
        Rank of the upper end.
    up_arc : ndarray of int32
        Number of the directed arc among the `Relaxations`.
    up_weight, up_need : ndarray of int32
        Ticks on intact roads of the arc, and from its lower end over the arc to the nearest target.
    first_down : ndarray of int32, shape (n_nodes + 1,)
    down_depth : ndarray of int32
        Depth of the upper end.
    down_arc, down_weight : ndarray of int32
    down_need : ndarray of int32
        From the upper end over the arc and on down to a target; 2^30 - 1 where the arc itself does not matter.
    subtree_need : ndarray of int32
        The least need of all arcs from the upper end into the subtree.
    """

    first_up: NDArray[np.int32]
    up_to: NDArray[np.int32]
    up_arc: NDArray[np.int32]
    up_weight: NDArray[np.int32]
    up_need: NDArray[np.int32]
    first_down: NDArray[np.int32]
    down_depth: NDArray[np.int32]
    down_arc: NDArray[np.int32]
    down_weight: NDArray[np.int32]
    down_need: NDArray[np.int32]
    subtree_need: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """Rows to fill for a group of sources, in order.

    Parameters
    ----------
    n_places : int
        Rows that are held at a time. Those of the sources come first.
    place : ndarray of int32, shape (n_rows,)
        Where each row is put.
    end_gather : ndarray of int64, shape (n_rows,)
        Where its gathers end; they begin where those of the row before end.
    from_place, arc : ndarray of int32, shape (n_gathers,)
    end_pair : ndarray of int64, shape (n_rows,)
        Where the pairs that end in each row end.
    pair_lane, pair_target : ndarray of int32, shape (n_pairs,)
        Number of the set of sources within the group, and target.
    """

    n_places: int
    place: NDArray[np.int32]
    end_gather: NDArray[np.int64]
    from_place: NDArray[np.int32]
    arc: NDArray[np.int32]
    end_pair: NDArray[np.int64]
    pair_lane: NDArray[np.int32]
    pair_target: NDArray[np.int32]


def find_sweep_arcs(
    first: NDArray[np.int64],
    upper: NDArray[np.int32],
    depth: NDArray[np.int32],
    weight: NDArray[np.int32],
    number: NDArray[np.int32],
    from_source: NDArray[np.int32],
    up_from_source: NDArray[np.int32],
    to_target: NDArray[np.int32],
    down_to_target: NDArray[np.int32],
    subtree_need: NDArray[np.int32],
    limit: int,
) -> SweepArcs:
    """Choose the arcs that sweeps can take within the limit.

    Parameters
    ----------
    first, upper, depth : ndarray
        Of the `Elimination`.
    weight : ndarray of int32, shape (2 * n_arcs,)
    number : ndarray of int32, shape (2 * n_arcs,)
        Of the `Relaxations`.
    from_source, up_from_source : ndarray of int32, shape (n_nodes,)
        Ticks from the nearest source, by all ways and by ways up alone.
    to_target, down_to_target : ndarray of int32, shape (n_nodes,)
        Ticks to the nearest target, by all ways and by ways down alone.
    subtree_need : ndarray of int32, shape (n_arcs,)
    limit : int
    """
    arcs = _choose_arcs(
        first, upper, depth, weight, number, from_source, up_from_source, to_target, down_to_target, subtree_need, limit
    )
    return SweepArcs(**dict(zip(SweepArcs.__dataclass_fields__, arcs, strict=True)))


@compiled
def _choose_arcs(
    first: NDArray[np.int64],
    upper: NDArray[np.int32],
    depth: NDArray[np.int32],
    weight: NDArray[np.int32],
    number: NDArray[np.int32],
    from_source: NDArray[np.int32],
    up_from_source: NDArray[np.int32],
    to_target: NDArray[np.int32],
    down_to_target: NDArray[np.int32],
    subtree_need: NDArray[np.int32],
    limit: int,
) -> tuple[NDArray[np.int32], ...]:
    """List the arrays of `SweepArcs`, in the order of its fields."""
    n_nodes, n_arcs = len(first) - 1, len(upper)
    first_up, first_down = np.zeros(n_nodes + 1, np.int32), np.zeros(n_nodes + 1, np.int32)
    up_to, up_arc = np.empty(n_arcs, np.int32), np.empty(n_arcs, np.int32)
    up_weight, up_need = np.empty(n_arcs, np.int32), np.empty(n_arcs, np.int32)
    down_depth, down_arc = np.empty(n_arcs, np.int32), np.empty(n_arcs, np.int32)
    down_weight, down_need = np.empty(n_arcs, np.int32), np.empty(n_arcs, np.int32)
    needs = np.empty(n_arcs, np.int32)
    n_up, n_down = 0, 0
    for k in range(n_nodes):
        for arc in range(first[k], first[k + 1]):
            high = upper[arc]
            need = np.int64(weight[2 * arc]) + to_target[high]
            if up_from_source[k] + need <= limit:
                up_to[n_up], up_arc[n_up], up_weight[n_up] = high, number[2 * arc], weight[2 * arc]
                up_need[n_up] = need
                n_up += 1
            if np.int64(from_source[high]) + subtree_need[arc] <= limit:
                need = np.int64(weight[2 * arc + 1]) + down_to_target[k]
                own = from_source[high] + need <= limit
                down_depth[n_down], needs[n_down] = depth[high], subtree_need[arc]
                down_arc[n_down] = number[2 * arc + 1] if own else -1
                down_weight[n_down] = weight[2 * arc + 1] if own else _INF
                down_need[n_down] = need if own else _INF
                n_down += 1
        first_up[k + 1], first_down[k + 1] = n_up, n_down
    return (
        first_up,
        up_to[:n_up].copy(),
        up_arc[:n_up].copy(),
        up_weight[:n_up].copy(),
        up_need[:n_up].copy(),
        first_down,
        down_depth[:n_down].copy(),
        down_arc[:n_down].copy(),
        down_weight[:n_down].copy(),
        down_need[:n_down].copy(),
        needs[:n_down].copy(),
    )


@compiled
def _ancestors(
    source: NDArray[np.int32], parent: NDArray[np.int32], place: NDArray[np.int32], first_place: int
) -> NDArray[np.int32]:
    """List the sources' ranks and all their ancestors, bottom up, and give each a place."""
    count = 0
    for number in range(len(source)):
        k = source[number]
        while k >= 0 and place[k] < 0:
            place[k] = 0
            count += 1
            k = parent[k]
    found = np.empty(count, dtype=np.int32)
    count = 0
    for number in range(len(source)):
        k = source[number]
        while k >= 0 and place[k] == 0:
            place[k] = 1
            found[count] = k
            count += 1
            k = parent[k]
    found.sort()
    for number in range(count):
        place[found[number]] = first_place + number
    return found


@compiled
def _gather_upward(
    source: NDArray[np.int32],
    ancestors: NDArray[np.int32],
    place: NDArray[np.int32],
    reached: NDArray[np.int32],
    first_up: NDArray[np.int32],
    up_to: NDArray[np.int32],
    up_arc: NDArray[np.int32],
    up_weight: NDArray[np.int32],
    up_need: NDArray[np.int32],
    zero_arc: int,
    limit: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """List what each ancestor gathers from sources and from lower ancestors; `reached` becomes its intact ticks."""
    n_sources, n_rows = len(source), len(ancestors)
    end = np.zeros(n_rows + 1, dtype=np.int64)
    for number in range(n_sources):
        end[place[source[number]] - n_sources + 1] += 1
    for k in ancestors:
        for arc in range(first_up[k], first_up[k + 1]):
            if np.int64(reached[k]) + up_need[arc] <= limit:
                end[place[up_to[arc]] - n_sources + 1] += 1
                reached[up_to[arc]] = min(reached[up_to[arc]], reached[k] + up_weight[arc])
    for row in range(n_rows):
        end[row + 1] += end[row]
    from_place, by_arc = np.empty(end[n_rows], np.int32), np.empty(end[n_rows], np.int32)
    filled_to = end[:-1].copy()
    for number in range(n_sources):
        row = place[source[number]] - n_sources
        from_place[filled_to[row]], by_arc[filled_to[row]] = number, zero_arc
        filled_to[row] += 1
    for k in ancestors:
        for arc in range(first_up[k], first_up[k + 1]):
            if np.int64(reached[k]) + up_need[arc] <= limit:
                row = place[up_to[arc]] - n_sources
                from_place[filled_to[row]], by_arc[filled_to[row]] = place[k], up_arc[arc]
                filled_to[row] += 1
    return end[1:], from_place, by_arc


@compiled
def _gather_downward(
    ancestors: NDArray[np.int32],
    place: NDArray[np.int32],
    reached: NDArray[np.int32],
    first_place: int,
    at_depth: NDArray[np.int32],
    depth: NDArray[np.int32],
    subtree_size: NDArray[np.int32],
    first_down: NDArray[np.int32],
    down_depth: NDArray[np.int32],
    down_arc: NDArray[np.int32],
    down_weight: NDArray[np.int32],
    down_need: NDArray[np.int32],
    subtree_need: NDArray[np.int32],
    zero_arc: int,
    limit: int,
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """List the ranks that sweeps reach, top down, and what each gathers from itself on the way up and from above.

    `at_depth` holds, for the last rank of each depth, its ticks on intact roads; 2^30 - 1 if it is not reached.
    """
    n_nodes = len(depth)
    most = len(down_depth) + len(ancestors)
    rank, end = np.empty(n_nodes, np.int32), np.empty(n_nodes, np.int64)
    from_place, by_arc = np.empty(most, np.int32), np.empty(most, np.int32)
    n_rows, n_gathers = 0, 0
    k = n_nodes - 1
    while k >= 0:
        before, ticks = n_gathers, _INF
        inside = place[k] >= 0
        if inside and reached[k] <= limit:
            ticks = reached[k]
            from_place[n_gathers], by_arc[n_gathers] = place[k], zero_arc
            n_gathers += 1
        for arc in range(first_down[k], first_down[k + 1]):
            above = at_depth[down_depth[arc]]
            inside |= np.int64(above) + subtree_need[arc] <= limit
            if np.int64(above) + down_need[arc] <= limit:
                from_place[n_gathers], by_arc[n_gathers] = first_place + down_depth[arc], down_arc[arc]
                n_gathers += 1
                ticks = min(ticks, above + down_weight[arc])
        at_depth[depth[k]] = ticks
        if n_gathers > before:
            rank[n_rows], end[n_rows] = k, n_gathers
            n_rows += 1
        k -= 1 if inside else subtree_size[k]
    return rank[:n_rows].copy(), end[:n_rows].copy(), from_place[:n_gathers].copy(), by_arc[:n_gathers].copy()


def plan_sweep(
    source: NDArray[np.int32],
    ticks: NDArray[np.int32],
    lanes: int,
    arcs: SweepArcs,
    parent: NDArray[np.int32],
    depth: NDArray[np.int32],
    subtree_size: NDArray[np.int32],
    first_target: NDArray[np.int64],
    target: NDArray[np.int32],
    zero_arc: int,
    limit: int,
) -> SweepPlan:
    """Plan the sweep of a group: from each source, and to every target that is within the limit of any of them.

    Parameters
    ----------
    source, ticks : ndarray of int32, shape (n_sources,)
        Rank of each source and what it begins with, on intact roads.
    lanes : int
        Number of sets of sources in the group.
    arcs : SweepArcs
    parent, depth, subtree_size : ndarray of int32, shape (n_nodes,)
    first_target : ndarray of int64, shape (n_nodes + 1,)
    target : ndarray of int32, shape (n_targets,)
        Targets by rank.
    zero_arc : int
        Number of an arc of weight 0.
    limit : int

    Returns
    -------
    SweepPlan
        With a pair for each lane and each target that is reached.
    """
    place = np.full(len(parent), -1, dtype=np.int32)
    reached = np.full(len(parent), UNREACHABLE, dtype=np.int32)
    np.minimum.at(reached, source, ticks)
    ancestors = _ancestors(source, parent, place, len(source))
    up_end, up_from, up_arc = _gather_upward(
        source, ancestors, place, reached, arcs.first_up, arcs.up_to, arcs.up_arc, arcs.up_weight, arcs.up_need,
        zero_arc, limit,
    )  # fmt: skip
    first_place = len(source) + len(ancestors)
    n_depths = int(depth.max(initial=-1)) + 1
    rank, down_end, down_from, down_arc = _gather_downward(
        ancestors, place, reached, first_place, np.full(n_depths, UNREACHABLE, dtype=np.int32), depth, subtree_size,
        arcs.first_down, arcs.down_depth, arcs.down_arc, arcs.down_weight, arcs.down_need, arcs.subtree_need,
        zero_arc, limit,
    )  # fmt: skip
    per_row = (first_target[rank + 1] - first_target[rank]) * lanes
    end_pair = np.cumsum(per_row)
    n_pairs = int(end_pair[-1]) if len(end_pair) else 0
    within = np.arange(n_pairs) - np.repeat(end_pair - per_row, per_row)
    return SweepPlan(
        n_places=first_place + n_depths,
        place=np.concatenate([np.arange(len(source), first_place), first_place + depth[rank]]).astype(np.int32),
        end_gather=np.concatenate([up_end, len(up_from) + down_end]),
        from_place=np.concatenate([up_from, down_from]),
        arc=np.concatenate([up_arc, down_arc]),
        end_pair=np.concatenate([np.zeros(len(ancestors), dtype=np.int64), end_pair]),
        pair_lane=(within % lanes).astype(np.int32),
        pair_target=target[np.repeat(first_target[rank], per_row) + within // lanes],
    )


@compiled
def set_sources(rows: NDArray[np.int32], lane: NDArray[np.int32], ticks: NDArray[np.int32], lanes: int) -> None:
    """Write the rows of the sources: what they begin with in each state, in the lanes of their set.

    Parameters
    ----------
    rows : ndarray of int32, shape (n_places * lanes * N_STATES,)
    lane : ndarray of int32, shape (n_sources,)
        The set that each source belongs to.
    ticks : ndarray of int32, shape (n_sources, N_STATES)
        2^30 - 1 where nobody can leave.
    lanes : int
        Sets for which rows have space.
    """
    width = lanes * N_STATES
    for source in range(len(lane)):
        for at in range(width):
            rows[source * width + at] = _INF
        for state in range(N_STATES):
            rows[source * width + lane[source] * N_STATES + state] = ticks[source, state]


@compiled
def run_sweep(
    place: NDArray[np.int32],
    end_gather: NDArray[np.int64],
    from_place: NDArray[np.int32],
    arc: NDArray[np.int32],
    end_pair: NDArray[np.int64],
    pair_lane: NDArray[np.int32],
    row: NDArray[np.int64],
    weights: NDArray[np.int32],
    rows: NDArray[np.int32],
    found: NDArray[np.int32],
    group: tuple[int, ...],
) -> None:
    """Fill the rows of a plan in sixteen states and write the ticks of its pairs.

    Parameters
    ----------
    place, end_gather, from_place, arc, end_pair, pair_lane : ndarray
        Of the `SweepPlan`.
    row : ndarray of int64, shape (n_pairs,)
        Where the ticks of each pair go.
    weights : ndarray of int32
        From `customise`.
    rows : ndarray of int32, shape (n_places * len(group) * N_STATES,)
        With the sources set.
    found : ndarray of int32, shape (n_pairs * N_STATES,)
        Is written to; 2^30 - 1 and more where there is no way within the limit.
    group : tuple of int
        Its length is the number of sets that rows have space for.
    """
    width = len(group) * N_STATES
    gather, at_pair = 0, 0
    for number in range(len(place)):
        best = filled(_INF, group)
        for gather in range(gather, end_gather[number]):  # noqa: B020  (goes on where the row before ended)
            before = loaded(rows, np.int64(from_place[gather]) * width, group)
            weight = loaded(weights, np.int64(arc[gather]) * N_STATES, _ONE)
            best = least(best, added(before, repeated(weight, group)))
        gather = end_gather[number]
        start = np.int64(place[number]) * width
        stored(rows, start, best)
        while at_pair < end_pair[number]:
            stored(found, row[at_pair] * N_STATES, loaded(rows, start + pair_lane[at_pair] * N_STATES, _ONE))
            at_pair += 1


@compiled
def run_intact_sweep(
    place: NDArray[np.int32],
    end_gather: NDArray[np.int64],
    from_place: NDArray[np.int32],
    arc: NDArray[np.int32],
    end_pair: NDArray[np.int64],
    pair_lane: NDArray[np.int32],
    weights: NDArray[np.int32],
    rows: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Fill the rows of a plan in one state; as `run_sweep`, without lanes for states.

    Parameters
    ----------
    place, end_gather, from_place, arc, end_pair, pair_lane : ndarray
        Of the `SweepPlan`.
    weights : ndarray of int32
        By number of the arc.
    rows : ndarray of int32, shape (n_places, n_lanes)
        With the sources set.

    Returns
    -------
    ndarray of int32, shape (n_pairs,)
        2^30 - 1 and more where there is no way within the limit.
    """
    found = np.empty(len(pair_lane), dtype=np.int32)
    best = np.empty(rows.shape[1], dtype=np.int32)
    gather, at_pair = 0, 0
    for number in range(len(place)):
        best[:] = _INF
        for gather in range(gather, end_gather[number]):  # noqa: B020  (goes on where the row before ended)
            before, weight = rows[from_place[gather]], weights[arc[gather]]
            for lane in range(len(best)):
                best[lane] = min(best[lane], np.int32(before[lane] + weight))
        gather = end_gather[number]
        rows[place[number]] = best
        for at_pair in range(at_pair, end_pair[number]):  # noqa: B020
            found[at_pair] = best[pair_lane[at_pair]]
        at_pair = end_pair[number]
    return found
