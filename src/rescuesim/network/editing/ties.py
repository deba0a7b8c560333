"""Ties the ends of added roads to a network: where they meet it, and the roads that are cut there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from rescuesim._defaults import default
from rescuesim.network.editing.base_steps import BaseSteps
from rescuesim.network.reading.crossings import metric_places, steps_of
from rescuesim.network.ways import PER_WAY, Ways, measured

__all__ = ["Ties", "cut_at", "find_ties", "moved_to"]

_TOUCHES_M = 1e-3  # what lies on a road in one projection may lie this far off it in another


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """Where nodes of added roads are tied to a network.

    Parameters
    ----------
    node : ndarray of int64, shape (n_nodes of the added roads,)
        A node of the base; or, where a road is to be cut, its number of nodes plus the number of the cut;
        -1 for none.
    step : ndarray of int64, shape (n_cuts,), ascending
        Entry of ``at`` of the base whose step is cut.
    along : ndarray of float64, shape (n_cuts,)
        After which share of the step; ascending within a step.
    gap_m : ndarray of float64, shape (n_nodes of the added roads,)
        How far each node is moved; NaN where it is not.
    """

    node: NDArray[np.int64]
    step: NDArray[np.int64]
    along: NDArray[np.float64]
    gap_m: NDArray[np.float64]


def find_ties(base: BaseSteps, new: Ways, ends: NDArray[np.bool_], crs: str, *, snap_m: float) -> Ties:
    """Find for each end the nearest place on the base, and for the other nodes a node of the base at their place.

    Parameters
    ----------
    base : BaseSteps
    new : Ways
    ends : ndarray of bool, shape (n_nodes,)
        Nodes of ``new`` that are to be tied wherever the base is near.
    crs : str
        Projected system of the steps.
    snap_m : float
    """
    node_m = default("supplement.node_m").number
    place = metric_places(new, crs=crs)
    tied, gap = np.full(new.n_nodes, -1, dtype=np.int64), np.full(new.n_nodes, np.nan)
    step, start, end = base.step[base.cuttable], base.start[base.cuttable], base.end[base.cuttable]
    if not len(step):
        return Ties(node=tied, step=np.zeros(0, dtype=np.int64), along=np.zeros(0), gap_m=gap)
    nodes, where = np.unique(base.ways.at[np.r_[step, step + 1]], return_index=True)
    found = cKDTree(np.r_[start, end][where]).query(place, distance_upper_bound=node_m)
    away, nearest = np.asarray(found[0]), np.asarray(found[1])
    lies_on = np.isfinite(away) & ~ends
    tied[lies_on], gap[lies_on] = nodes[nearest[lies_on]], away[lies_on]
    node = np.flatnonzero(ends)
    pairs, metres = shapely.STRtree(base.lines(base.cuttable)).query_nearest(
        shapely.points(place[node]), max_distance=max(snap_m, _TOUCHES_M), return_distance=True
    )
    # of several steps that are equally near, the first
    order = np.lexsort((pairs[1], pairs[0]))
    which, at = np.unique(pairs[0][order], return_index=True)
    node, hit, metres = node[which], pairs[1][order][at], metres[order][at]
    vector = end[hit] - start[hit]
    length = np.hypot(*vector.T)
    share = ((place[node] - start[hit]) * vector).sum(axis=1) / np.where(length > 0, length**2, 1.0)
    share = np.clip(share, 0.0, 1.0)
    at_start = share * length <= node_m
    at_end = ~at_start & ((1 - share) * length <= node_m)
    gap[node] = metres
    tied[node[at_start]] = base.ways.at[step[hit[at_start]]]
    tied[node[at_end]] = base.ways.at[step[hit[at_end]] + 1]
    between = ~(at_start | at_end)
    cuts, number = np.unique(np.column_stack([step[hit], share])[between], axis=0, return_inverse=True)
    tied[node[between]] = base.ways.n_nodes + number.ravel()
    return Ties(node=tied, step=cuts[:, 0].astype(np.int64), along=cuts[:, 1], gap_m=gap)


def cut_at(ways: Ways, ties: Ties) -> tuple[Ways, NDArray[np.int64]]:
    """Cut roads of the base where others are tied to them.

    Returns
    -------
    Ways
        The pieces of a step that was cut have lengths that add up exactly to its own. The new nodes have the
        numbers below all others, and below zero.
    ndarray of int64
        ``ties.node`` as nodes of these ways.
    """
    n_cuts = len(ties.step)
    here, there = ways.at[ties.step], ways.at[ties.step + 1]
    length = ways.step_m[ties.step]
    # cuts stand at multiples of the last digit of the length: every difference and every sum of them is exact
    unit = np.spacing(length)
    until = np.round(ties.along * length / unit) * unit
    last_cut = np.r_[ties.step[1:] != ties.step[:-1], True][:n_cuts]
    onward = np.where(last_cut, length, np.r_[until[1:], 0.0][:n_cuts]) - until
    step_m = ways.step_m.copy()
    first_cut = np.r_[True, ties.step[1:] != ties.step[:-1]][:n_cuts]
    step_m[ties.step[first_cut]] = until[first_cut]
    new = np.arange(n_cuts)
    cut = replace(
        ways,
        node_id=np.r_[min(0, int(ways.node_id.min())) - n_cuts + new, ways.node_id],
        lon=np.r_[ways.lon[here] + ties.along * (ways.lon[there] - ways.lon[here]), ways.lon],
        lat=np.r_[ways.lat[here] + ties.along * (ways.lat[there] - ways.lat[here]), ways.lat],
        signal=np.r_[np.zeros(n_cuts, dtype=np.bool_), ways.signal],
        junction=np.r_[np.zeros(n_cuts, dtype=np.bool_), ways.junction],
        first=ways.first + np.searchsorted(ties.step, ways.first, side="left"),
        at=np.insert(ways.at + n_cuts, ties.step + 1, new),
        step_m=np.insert(step_m, ties.step + 1, onward),
    )
    return cut, np.where(ties.node < ways.n_nodes, ties.node + n_cuts, ties.node - ways.n_nodes)


def moved_to(cut: Ways, new: Ways, node: NDArray[np.int64]) -> Ways:
    """Put the tied nodes of added roads at the places of the base, and give all else numbers below zero.

    Steps at a node that moved are measured anew. Nodes of a road that were tied to one node of the base become one;
    a road of which no more than that is left is left out.

    Parameters
    ----------
    cut : Ways
        The base.
    new : Ways
    node : ndarray of int64, shape (new.n_nodes,)
        Node of the base that each is tied to; -1 for none.
    """
    tied = node >= 0
    node_id = min(0, int(cut.node_id.min())) - 1 - np.arange(new.n_nodes)
    node_id[tied] = cut.node_id[node[tied]]
    lon, lat = new.lon.copy(), new.lat.copy()
    lon[tied], lat[tied] = cut.lon[node[tied]], cut.lat[node[tied]]
    step = steps_of(new)
    moved = step[tied[new.at[step]] | tied[new.at[step + 1]]]
    step_m = new.step_m.copy()
    step_m[moved] = measured(lon, lat, new.at, new.first)[moved]
    ids = node_id[new.at]
    starts = np.zeros(len(ids), dtype=np.bool_)
    starts[new.first[:-1]] = True
    kept = np.flatnonzero(starts | np.r_[True, ids[1:] != ids[:-1]])
    step_m = step_m[np.r_[kept[1:], len(ids)] - 1]  # a run of one node is left from its last entry
    count = np.bincount(new.way_of[kept], minlength=new.n_ways)
    is_road = count >= 2
    whole = is_road[new.way_of[kept]]
    used, at = np.unique(ids[kept][whole], return_inverse=True)
    seen = {int(number): index for index, number in reversed(list(enumerate(node_id.tolist())))}
    source = np.array([seen[int(number)] for number in used], dtype=np.int64)
    left = replace(
        new,
        node_id=used,
        lon=lon[source],
        lat=lat[source],
        signal=new.signal[source],
        junction=new.junction[source],
        first=np.r_[0, np.cumsum(count[is_road])],
        at=at,
        step_m=step_m[whole],
        **{name: getattr(new, name)[is_road] for name in PER_WAY},
    )
    return replace(left, way_id=-np.abs(left.way_id))
