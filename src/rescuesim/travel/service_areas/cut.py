"""Cutting pieces where the limit is used up, exactly to the last floating-point number."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.travel.broken_pieces import expanded
from rescuesim.travel.service_areas.arrivals import Arrivals
from rescuesim.travel.service_areas.drivable import DrivableRoads, slowing_on
from rescuesim.travel.split_graph import SplitGraph

__all__ = ["ReachedParts", "cut_parts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedParts:
    """Parts of edges that are reached within a limit: from where a crew enters them to where its time is up.

    Parameters
    ----------
    edge, road : ndarray of int32, shape (n_parts,)
        Of the network. An edge has one part for each of its pieces: sites and the ends of slowed parts cut it. Edges
        without length have none.
    near_m, far_m : ndarray of float64, shape (n_parts,)
        Positions on the road; both ends, and every position between them, are reached.
    near_ticks, far_ticks : ndarray of int32, shape (n_parts,)
        Free time to both ends along this edge: access leg of the site included, start-up loss not.
    limit : ndarray of int32, shape (n_parts,)
        Free time that may be used.
    """

    edge: NDArray[np.int32]
    road: NDArray[np.int32]
    near_m: NDArray[np.float64]
    far_m: NDArray[np.float64]
    near_ticks: NDArray[np.int32]
    far_ticks: NDArray[np.int32]
    limit: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.edge)

    @property
    def low_m(self) -> NDArray[np.float64]:
        """The lower position of both ends."""
        return np.minimum(self.near_m, self.far_m)

    @property
    def high_m(self) -> NDArray[np.float64]:
        """The higher position of both ends."""
        return np.maximum(self.near_m, self.far_m)

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> ReachedParts:
        """Return some of the parts."""
        return ReachedParts(
            edge=self.edge[which],
            road=self.road[which],
            near_m=self.near_m[which],
            far_m=self.far_m[which],
            near_ticks=self.near_ticks[which],
            far_ticks=self.far_ticks[which],
            limit=self.limit[which],
        )


def cut_parts(
    roads: DrivableRoads, arrivals: Arrivals, limit: NDArray[np.int64]
) -> tuple[ReachedParts, NDArray[np.int64], NDArray[np.float64]]:
    """Cut the pieces that lead on from reached nodes.

    Parameters
    ----------
    roads : DrivableRoads
    arrivals : Arrivals
        Within the limits.
    limit : ndarray of int64, shape (n_groups,)
        Free ticks of each group.

    Returns
    -------
    parts : ReachedParts
        In the order of groups.
    group : ndarray of int64, shape (n_parts,)
    driven_m : ndarray of float64, shape (n_parts,)
        Metres of road to the farthest place of the part that is reached first along this part.

    Notes
    -----
    A position is inside if the ticks of the piece from its entry to there, which are those that a point there would
    get, leave the arrival within the limit. The ticks never fall on the way in, so that bisection over floating-point
    numbers finds the last position inside: 62 rounds for all cut pieces together.
    """
    node = arrivals.node
    which, place = expanded(roads.first_by_entry[node], roads.first_by_entry[node + 1])
    piece = roads.pieces_by_entry[place]
    keep = roads.enterable[piece]
    which, piece = which[keep], piece[keep]
    group, entered = arrivals.group[which], arrivals.ticks[which]
    far_m, far_ticks = roads.exit_m[piece], entered + roads.ticks[piece]
    beyond = np.flatnonzero(~roads.is_open[piece] | (far_ticks > limit[group]))
    far_m[beyond], driven = _farthest(roads, piece[beyond], (limit[group] - entered)[beyond])
    far_ticks[beyond] = entered[beyond] + driven
    parts = ReachedParts(
        edge=roads.graph.edge[piece],
        road=roads.graph.road[piece],
        near_m=roads.entry_m[piece],
        far_m=far_m,
        near_ticks=entered.astype(np.int32),
        far_ticks=far_ticks.astype(np.int32),
        limit=limit[group].astype(np.int32),
    )
    first_m = np.minimum(np.abs(far_m - parts.near_m), _reached_first_m(roads, piece, group, entered))
    return parts, group, arrivals.driven_m[which] + first_m


def _farthest(
    roads: DrivableRoads, piece: NDArray[np.int64], left: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Find the last position of each piece that is at most `left` ticks from its entry, and its ticks.

    Positions are 0 or more, and such numbers are in the order of their bits read as whole numbers.
    """
    trial = _trial_pieces(roads, piece)
    state = slowing_on(roads.state, trial.road.tolist())
    whole = np.where(roads.length_m[trial.road] > 0, roads.length_m[trial.road], 1.0)

    def ticks_to(position_m: NDArray[np.float64]) -> NDArray[np.int64]:
        along = np.where(trial.forward, position_m, roads.length_m[trial.road] - position_m) / whole
        ends = {"end": along} if roads.towards == "demand" else {"begin": along}
        return replace(trial, **ends).piece_ticks(state)  # type: ignore[arg-type]

    inside, outside = (_bits(position_m[piece]) for position_m in (roads.entry_m, roads.stop_m))
    inside = np.where(ticks_to(_number(outside)) <= left, outside, inside)
    while (apart := np.abs(outside - inside) > 1).any():
        middle = np.where(apart, (inside & outside) + ((inside ^ outside) >> 1), inside)
        fits = ticks_to(_number(middle)) <= left
        inside, outside = np.where(fits, middle, inside), np.where(fits, outside, middle)
    far_m = _number(inside)
    return far_m, ticks_to(far_m)


def _bits(number: NDArray[np.float64]) -> NDArray[np.int64]:
    return (number + 0.0).view(np.int64)  # + 0.0 makes 0 of -0


def _number(bits: NDArray[np.int64]) -> NDArray[np.float64]:
    return bits.view(np.float64)


def _trial_pieces(roads: DrivableRoads, piece: NDArray[np.int64]) -> SplitGraph:
    """Return pieces to try other ends on: the split graph itself then tells their ticks, slowed parts included."""
    graph = roads.graph
    road = graph.road[piece]
    return replace(
        graph,
        tail=graph.tail[piece],
        head=graph.head[piece],
        edge=graph.edge[piece],
        road=road,
        forward=graph.forward[piece],
        begin=graph.begin[piece],
        end=graph.end[piece],
        from_m=np.zeros(len(piece)),
        to_m=roads.length_m[road],  # from which the length of the road is taken
        first_of_road=np.r_[0, np.cumsum(np.bincount(road, minlength=roads.network.n_roads))].astype(np.int64),
        pieces_by_road=np.argsort(road, kind="stable").astype(np.int32),
    )


def _reached_first_m(
    roads: DrivableRoads, piece: NDArray[np.int64], group: NDArray[np.int64], entered: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Metres into each piece up to where a crew that comes from the other side is there as early."""
    n_pieces = len(roads.ticks)
    key = group * n_pieces + piece
    order = np.argsort(key)
    other = roads.opposite[piece]
    asked = group * n_pieces + np.maximum(other, 0)
    place = order[np.minimum(np.searchsorted(key, asked, sorter=order), len(key) - 1)] if len(key) else order
    met = (other >= 0) & (key[place] == asked) & roads.is_open[piece]
    both = roads.ticks[piece] + roads.ticks[other]
    share = (entered[place] + roads.ticks[other] - entered) / np.maximum(both, 1)
    length = np.abs(roads.exit_m[piece] - roads.entry_m[piece])
    return np.where(met, np.clip(share, 0.0, 1.0), 1.0) * length
