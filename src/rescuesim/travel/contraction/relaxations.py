"""Relaxations: what customisation has to look at when the ticks of pieces change.

The weight of a directed arc is the least of its pieces and of its *triangles*: ways over one node that was eliminated
before both its ends, down to that node and up again. Arcs and triangles that are on no way from a source to a target
within the limit on intact roads are left out once and for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel.compiled import compiled
from rescuesim.travel.contraction.lanes import N_STATES, added, filled, least, loaded, stored

__all__ = ["Relaxations", "customise", "find_relaxations", "set_pieces"]

_INF = np.int32(UNREACHABLE)
_ONE = (0,)  # a group of one source: a row of lanes as wide as the states


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxations:
    """Pieces and triangles of the directed arcs that matter, which are numbered anew.

    Parameters
    ----------
    number : ndarray of int32, shape (2 * n_arcs,)
        Of each directed arc; -1 where it does not matter.
    first_piece : ndarray of int32, shape (n_live + 1,)
    piece : ndarray of int32
        Pieces by arc.
    first_triangle : ndarray of int64, shape (n_live + 1,)
    down, up : ndarray of int32, shape (n_triangles,)
        Numbers of the two arcs of each triangle, by the arc that they make shorter.
    """

    number: NDArray[np.int32]
    first_piece: NDArray[np.int32]
    piece: NDArray[np.int32]
    first_triangle: NDArray[np.int64]
    down: NDArray[np.int32]
    up: NDArray[np.int32]

    @property
    def n_live(self) -> int:
        """Number of directed arcs that matter; one more, of weight 0, stands after them."""
        return len(self.first_piece) - 1


def find_relaxations(
    first: NDArray[np.int64],
    upper: NDArray[np.int32],
    arc_of_piece: NDArray[np.int32],
    weight: NDArray[np.int32],
    from_source: NDArray[np.int32],
    to_target: NDArray[np.int32],
    limit: int,
) -> Relaxations:
    """Choose the arcs and triangles that a way within the limit can take.

    Parameters
    ----------
    first, upper : ndarray
        Of the `Elimination`.
    arc_of_piece : ndarray of int32, shape (n_pieces,)
    weight : ndarray of int32, shape (2 * n_arcs,)
        On intact roads.
    from_source, to_target : ndarray of int32, shape (n_nodes,)
        Ticks on intact roads from the nearest source and to the nearest target, by rank.
    limit : int
        Ticks.
    """
    number, n_live = _number_arcs(first, upper, weight, from_source, to_target, limit)
    first_triangle = _count_triangles(first, upper, weight, number, n_live, from_source, to_target, limit)
    down, up = _list_triangles(first, upper, weight, number, first_triangle, from_source, to_target, limit)
    of_piece = np.r_[number, np.int32(-1)][arc_of_piece]  # a piece without an arc, -1, takes the last
    order = np.argsort(of_piece, kind="stable")
    order = order[of_piece[order] >= 0]
    per_arc = np.bincount(of_piece[order], minlength=n_live)
    return Relaxations(
        number=number,
        first_piece=np.r_[0, np.cumsum(per_arc)].astype(np.int32),
        piece=order.astype(np.int32),
        first_triangle=first_triangle,
        down=down,
        up=up,
    )


@compiled
def _number_arcs(
    first: NDArray[np.int64],
    upper: NDArray[np.int32],
    weight: NDArray[np.int32],
    from_source: NDArray[np.int32],
    to_target: NDArray[np.int32],
    limit: int,
) -> tuple[NDArray[np.int32], int]:
    """Give numbers to the arcs on ways within the limit, by lower end: triangles come before what they make."""
    number = np.full(2 * len(upper), -1, dtype=np.int32)
    count = 0
    for k in range(len(first) - 1):
        for arc in range(first[k], first[k + 1]):
            if np.int64(from_source[k]) + weight[2 * arc] + to_target[upper[arc]] <= limit:
                number[2 * arc] = count
                count += 1
        for arc in range(first[k], first[k + 1]):
            if np.int64(from_source[upper[arc]]) + weight[2 * arc + 1] + to_target[k] <= limit:
                number[2 * arc + 1] = count
                count += 1
    return number, count


@compiled
def _matters(
    down: int,
    up: int,
    across: int,
    begin: int,
    end: int,
    weight: NDArray[np.int32],
    number: NDArray[np.int32],
    from_source: NDArray[np.int32],
    to_target: NDArray[np.int32],
    limit: int,
) -> bool:
    """Decide whether a way within the limit can go down one arc and up the other, from rank begin to rank end."""
    if number[down] < 0 or number[up] < 0 or number[across] < 0:
        return False
    total: int = np.int64(from_source[begin]) + weight[down] + weight[up] + to_target[end]
    return total <= limit


@compiled
def _count_triangles(
    first: NDArray[np.int64],
    upper: NDArray[np.int32],
    weight: NDArray[np.int32],
    number: NDArray[np.int32],
    n_live: int,
    from_source: NDArray[np.int32],
    to_target: NDArray[np.int32],
    limit: int,
) -> NDArray[np.int64]:
    """Count the triangles of each directed arc that matter, added up."""
    count = np.zeros(n_live + 1, dtype=np.int64)
    for k in range(len(first) - 1):
        for one in range(first[k], first[k + 1]):
            low, across = upper[one], first[upper[one]]
            for other in range(one + 1, first[k + 1]):
                high = upper[other]
                while upper[across] < high:
                    across += 1
                there, back = 2 * across, 2 * across + 1
                if _matters(2 * one + 1, 2 * other, there, low, high, weight, number, from_source, to_target, limit):
                    count[number[there] + 1] += 1
                if _matters(2 * other + 1, 2 * one, back, high, low, weight, number, from_source, to_target, limit):
                    count[number[back] + 1] += 1
    for arc in range(n_live):
        count[arc + 1] += count[arc]
    return count


@compiled
def _list_triangles(
    first: NDArray[np.int64],
    upper: NDArray[np.int32],
    weight: NDArray[np.int32],
    number: NDArray[np.int32],
    first_triangle: NDArray[np.int64],
    from_source: NDArray[np.int32],
    to_target: NDArray[np.int32],
    limit: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """List the two arcs of each triangle that matters, by the arc that they make shorter."""
    filled_to = first_triangle[:-1].copy()
    down = np.empty(first_triangle[-1], dtype=np.int32)
    up = np.empty(first_triangle[-1], dtype=np.int32)
    for k in range(len(first) - 1):
        for one in range(first[k], first[k + 1]):
            low, across = upper[one], first[upper[one]]
            for other in range(one + 1, first[k + 1]):
                high = upper[other]
                while upper[across] < high:
                    across += 1
                there, back = 2 * across, 2 * across + 1
                if _matters(2 * one + 1, 2 * other, there, low, high, weight, number, from_source, to_target, limit):
                    place = filled_to[number[there]]
                    down[place], up[place] = number[2 * one + 1], number[2 * other]
                    filled_to[number[there]] += 1
                if _matters(2 * other + 1, 2 * one, back, high, low, weight, number, from_source, to_target, limit):
                    place = filled_to[number[back]]
                    down[place], up[place] = number[2 * other + 1], number[2 * one]
                    filled_to[number[back]] += 1
    return down, up


@compiled
def set_pieces(
    rows: NDArray[np.int32],
    intact: NDArray[np.int32],
    state: NDArray[np.int64],
    piece: NDArray[np.int64],
    ticks: NDArray[np.int32],
) -> None:
    """Write the ticks of all pieces in each state: the intact ones, then what is broken.

    Parameters
    ----------
    rows : ndarray of int32, shape (n_pieces * N_STATES,)
        Is overwritten.
    intact : ndarray of int32, shape (n_pieces,)
    state, piece, ticks : ndarray
        As in `BrokenPieces`; states from 0 to 15.
    """
    for number in range(len(intact)):
        stored(rows, number * N_STATES, filled(intact[number], _ONE))
    for number in range(len(piece)):
        rows[piece[number] * N_STATES + state[number]] = ticks[number]


@compiled
def customise(
    first_piece: NDArray[np.int32],
    piece: NDArray[np.int32],
    first_triangle: NDArray[np.int64],
    down: NDArray[np.int32],
    up: NDArray[np.int32],
    pieces: NDArray[np.int32],
    weights: NDArray[np.int32],
) -> None:
    """Work out the weight of each directed arc in sixteen states at once.

    Parameters
    ----------
    first_piece, piece, first_triangle, down, up : ndarray
        Of the `Relaxations`.
    pieces : ndarray of int32, shape (n_pieces * N_STATES,)
    weights : ndarray of int32, shape ((n_live + 1) * N_STATES,)
        Is overwritten; the row after the last arc becomes 0.
    """
    n_live = len(first_piece) - 1
    for arc in range(n_live):
        best = filled(_INF, _ONE)
        for place in range(first_piece[arc], first_piece[arc + 1]):
            best = least(best, loaded(pieces, np.int64(piece[place]) * N_STATES, _ONE))
        for triangle in range(first_triangle[arc], first_triangle[arc + 1]):
            to_lower = loaded(weights, np.int64(down[triangle]) * N_STATES, _ONE)
            from_lower = loaded(weights, np.int64(up[triangle]) * N_STATES, _ONE)
            best = least(best, added(to_lower, from_lower))
        stored(weights, arc * N_STATES, best)
    stored(weights, n_live * N_STATES, filled(np.int32(0), _ONE))
