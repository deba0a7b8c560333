"""What states of the network do to pieces of roads: which ones close, and what slow ones lose.

Many states are looked at together, as columns: the Python loops run over closures once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InputError, UnknownIdError, WeightOverflowError
from rescuesim.network import NetworkState
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.states import LEVELS, Closure, StateColumns, state_columns

if TYPE_CHECKING:
    from rescuesim.travel.split_graph import SplitGraph

__all__ = ["BrokenPieces", "broken_pieces", "driven_ticks", "expanded", "lost_share"]

_SHUTS = np.array([Closure(road=0, level=level).shuts for level in LEVELS])
_ONE_LANE = LEVELS.index("one_lane")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPieces:
    """Pieces whose ticks differ from the intact ones, state by state.

    Parameters
    ----------
    state : ndarray of int64, shape (n,)
        Index of the state.
    piece : ndarray of int64, shape (n,)
    ticks : ndarray of int32, shape (n,)
        Where a piece of a state stands twice, the last entry holds: 2^30 - 1, closed. Never below the intact ticks.
    point_state, point : ndarray of int64, shape (n_closed_points,)
        Points that lie on closed parts of roads; a point may stand twice.
    """

    state: NDArray[np.int64]
    piece: NDArray[np.int64]
    ticks: NDArray[np.int32]
    point_state: NDArray[np.int64]
    point: NDArray[np.int64]

    @classmethod
    def none(cls) -> BrokenPieces:
        """Return what a whole network has: nothing broken."""
        nothing = np.empty(0, dtype=np.int64)
        ticks = np.empty(0, dtype=np.int32)
        return cls(state=nothing, piece=nothing, ticks=ticks, point_state=nothing, point=nothing)


def broken_pieces(graph: SplitGraph, states: Sequence[NetworkState]) -> BrokenPieces:
    """List the pieces that states close or slow, and the points on them.

    Parameters
    ----------
    graph : SplitGraph
    states : sequence of NetworkState

    Returns
    -------
    BrokenPieces

    Raises
    ------
    WeightOverflowError
        If a slow-down makes an edge take 29.8 hours or more.
    UnknownIdError
        If a state closes or slows a road that there is not.
    InputError
        If a closure begins beyond the end of its road.
    """
    columns = state_columns(states)
    parts = _shut_parts(graph, states, columns)
    slowed_in, slowed, lost = _slowed(graph, states, columns)
    shut_in, shut = _shut_pieces(graph, parts)
    point_state, point = _closed_points(graph, parts)
    ticks = driven_ticks(graph, slowed) + lost
    return BrokenPieces(
        state=np.concatenate([slowed_in, shut_in]),
        piece=np.concatenate([slowed, shut]),
        ticks=np.concatenate([ticks, np.full(len(shut), UNREACHABLE)]).astype(np.int32),
        point_state=point_state,
        point=point,
    )


def driven_ticks(graph: SplitGraph, pieces: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ticks of intact pieces: differences of rounded cumulative ticks; int64, shape (n,)."""
    total = graph.edge_ticks[graph.edge[pieces]].astype(np.float64)
    return (np.rint(total * graph.end[pieces]) - np.rint(total * graph.begin[pieces])).astype(np.int64)


def expanded(low: NDArray[np.int64], high: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Write out ranges one after the other.

    Returns
    -------
    which, number : ndarray of int64
        Index of the range, and each whole number from its low to below its high.
    """
    size = high - low
    which = np.repeat(np.arange(len(low)), size)
    return which, np.arange(len(which)) - np.repeat(np.cumsum(size) - size, size) + low[which]


_Parts = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]


def _shut_parts(graph: SplitGraph, states: Sequence[NetworkState], columns: StateColumns) -> _Parts:
    """Return what vehicles cannot pass as columns: state, road, from and to in metres."""
    state, road, from_m = columns.closed_in, columns.road, columns.from_m
    _check_roads(graph, states, state, road)
    inside = np.flatnonzero(from_m > 0)
    which, place = expanded(graph.first_of_road[road[inside]], graph.first_of_road[road[inside] + 1])
    length = np.zeros(len(inside))
    np.maximum.at(length, which, graph.to_m[graph.pieces_by_road[place]])
    if (beyond := from_m[inside] > length).any():
        first = inside[beyond][0]
        raise InputError(
            f"state {states[state[first]].label!r}: closure of road {road[first]} from {from_m[first]:g} m, "
            f"expected at most its {length[beyond][0]:.1f} m"
        )
    shut = _SHUTS[columns.level]
    return state[shut], road[shut], from_m[shut], columns.to_m[shut]


def _check_roads(
    graph: SplitGraph, states: Sequence[NetworkState], state: NDArray[np.int64], road: NDArray[np.int64]
) -> None:
    """Refuse roads that the network does not have."""
    n_roads = len(graph.first_of_road) - 1
    if (wrong := (road < 0) | (road >= n_roads)).any():
        label = states[state[wrong][0]].label
        raise UnknownIdError(f"state {label!r}: road {road[wrong][0]}, expected 0 to {n_roads - 1}")


def _shut_pieces(graph: SplitGraph, parts: _Parts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """State and piece of all that a closure touches; some stand twice."""
    state, road, from_m, to_m = parts
    which, place = expanded(graph.first_of_road[road], graph.first_of_road[road + 1])
    piece = graph.pieces_by_road[place].astype(np.int64)
    touched = (graph.from_m[piece] <= to_m[which]) & (graph.to_m[piece] >= from_m[which])
    return state[which[touched]], piece[touched]


def _closed_points(graph: SplitGraph, parts: _Parts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """State and point of all that lie on closed parts."""
    state, road, from_m, to_m = parts
    order = np.argsort(graph.point_road, kind="stable")
    low = np.searchsorted(graph.point_road, road, side="left", sorter=order)
    high = np.searchsorted(graph.point_road, road, side="right", sorter=order)
    which, place = expanded(low, high)
    point = order[place]
    inside = (graph.point_m[point] >= from_m[which]) & (graph.point_m[point] <= to_m[which])
    return state[which[inside]], point[inside]


def _slowed(
    graph: SplitGraph, states: Sequence[NetworkState], columns: StateColumns
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """State and piece of slowed roads, each once, and the ticks that they lose."""
    state_of, road, factor = columns.slowed_in, columns.slowed, columns.factor
    _check_roads(graph, states, state_of, road)
    one_lane = columns.level == _ONE_LANE
    in_parts = set(_pairs(columns.closed_in[one_lane], columns.road[one_lane]))
    if in_parts:
        whole = np.fromiter((pair not in in_parts for pair in _pairs(state_of, road)), np.bool_, len(road))
        state_of, road, factor = state_of[whole], road[whole], factor[whole]
    which, place = expanded(graph.first_of_road[road], graph.first_of_road[road + 1])
    piece = graph.pieces_by_road[place].astype(np.int64)
    more = factor[which] - 1
    found = [(state_of[which], piece, _lost(graph, piece, graph.begin[piece] * more, graph.end[piece] * more))]
    parts_of = {index: states[index].slow_parts for index in {index for index, _ in in_parts}}
    for index, slowed_road in sorted(in_parts):
        for some, lost in _lost_in_parts(graph, slowed_road, parts_of[index][slowed_road]):
            found.append((np.full(len(some), index), some, lost))
    states_, pieces, losses = (np.concatenate(column) for column in zip(*found, strict=True))
    return states_, pieces, losses


def _pairs(first: NDArray[np.int64], second: NDArray[np.int64]) -> Iterable[tuple[int, int]]:
    return zip(first.tolist(), second.tolist(), strict=True)


def _lost_in_parts(
    graph: SplitGraph, road: int, parts: list[tuple[float, float, float]]
) -> Iterable[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pieces of a road that is slowed in parts and what they lose, direction by direction."""
    here = graph.pieces_by_road[graph.first_of_road[road] : graph.first_of_road[road + 1]].astype(np.int64)
    length = float(graph.to_m[here].max(initial=0.0))
    for along in (True, False):
        some = here[graph.forward[here] == along]
        share, until = lost_share(parts, length, along=along)
        before, after = (np.interp(place, share, until) for place in (graph.begin[some], graph.end[some]))
        yield some, _lost(graph, some, before, after)


def _lost(
    graph: SplitGraph, pieces: NDArray[np.int64], before: NDArray[np.float64], after: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Round what is lost by itself, so that a slowed part never makes another piece faster."""
    total = graph.edge_ticks[graph.edge[pieces]].astype(np.float64)
    lost = np.rint(total * after) - np.rint(total * before)
    # looked at as floats: what is too much for an integer would come out as a small number
    if not (driven_ticks(graph, pieces) + lost < UNREACHABLE).all():
        raise WeightOverflowError("a slow-down makes an edge take 29.8 hours or more")
    return lost.astype(np.int64)


def lost_share(
    parts: list[tuple[float, float, float]], length: float, *, along: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Time lost up to each share of an edge, as a share of its free time.

    Parameters
    ----------
    parts : list of tuple
        From and to in metres on the road, and the factor on the time; the largest of overlapping ones holds.
    length : float
        Of the road, metres.
    along : bool
        Whether the edge runs along the positions of the road.

    Returns
    -------
    share, lost : ndarray of float64, shape (n_breaks,)
        Breaks from 0 to 1 and the time lost up to them; linear in between.
    """
    whole = length or 1.0
    spans = [(min(low, length) / whole, min(high, length) / whole, factor) for low, high, factor in parts]
    if not along:
        spans = [(1 - high, 1 - low, factor) for low, high, factor in spans]
    share = np.unique(np.r_[0.0, 1.0, [edge for low, high, _ in spans for edge in (low, high)]])
    middle = (share[1:] + share[:-1]) / 2
    factor = np.ones(len(middle))
    for low, high, slower in spans:
        factor = np.where((low <= middle) & (middle <= high), np.maximum(factor, slower), factor)
    return share, np.r_[0.0, np.cumsum(np.diff(share) * (factor - 1))]
