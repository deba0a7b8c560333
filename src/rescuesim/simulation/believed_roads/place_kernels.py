"""Compiled: where units on the road are, how far that is from a stop, and the ways that begin there.

`Leg.place_at`, `Belief.ticks` and `Belief.way` are the plain code beside it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE
from rescuesim.simulation.believed_roads.search_kernels import settled
from rescuesim.travel.compiled import compiled

__all__ = ["nearest_on_road", "way_from_place", "write_down"]

# columns of the tables of `UnitsOnRoad` and `RoadSides`
_DEPART_S, _ARRIVES_S, _VARIATION, _START_M, _TARGET_M, _START_RETREAT_M = range(6)
_DOES, _N_STEPS, _LAUNCH, _ACCESS, _FINAL, _START_ROAD, _TARGET_ROAD, _START_ALONG = range(8)
_ROAD, _FORWARD, _EDGE = range(3)
_AWAY, _ON_ROAD, _TO_ASK = range(3)
_LOW, _HIGH, _EDGE_TICKS = range(3)
_HEAD, _ALONG, _PIECE = range(3)


@compiled
def _drive_to_root(
    via: NDArray[np.int32],
    arc_piece: NDArray[np.int32],
    next_node: NDArray[np.int32],
    node: int,
    is_changed: NDArray[np.bool_],
    first: tuple[int, float, float, bool, int],
    driven_enter_m: NDArray[np.float64],
    driven_leave_m: NDArray[np.float64],
    driven_up: NDArray[np.bool_],
    driven_ticks: NDArray[np.int64],
) -> tuple[
    NDArray[np.int32], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64], float, bool
]:
    """Write down the way from a node to the root of a search, after a step that leads to the node.

    Parameters
    ----------
    via : ndarray of int32, shape (n_nodes,)
    arc_piece : ndarray of int32, shape (n_arcs,)
    next_node : ndarray of int32, shape (n_pieces,)
    node : int
    is_changed : ndarray of bool, shape (n_pieces,)
        Pieces that must not be on the way.
    first : tuple
        Piece of the first step, -1 for none, where it is entered and left, whether upwards, and its ticks.
    driven_enter_m, driven_leave_m, driven_up, driven_ticks : ndarray, shape (n_pieces,)

    Returns
    -------
    piece, enter_m, leave_m, up, before, length_m, is_open
        As in `Way`; empty, and not open, if a changed piece is on it.
    """
    at = 1 if first[0] >= 0 else 0
    size, arc = at, via[node]
    while arc >= 0:
        one = arc_piece[arc]
        if is_changed[one]:
            size = -1
            break
        size += 1
        arc = via[next_node[one]]
    is_open = size >= 0
    size = max(size, 0)
    piece, up = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.bool_)
    enter_m, leave_m, before = np.empty(size), np.empty(size), np.zeros(size + 1, dtype=np.int64)
    length_m = 0.0
    if is_open:
        if at:
            piece[0], enter_m[0], leave_m[0], up[0] = first[0], first[1], first[2], first[3]
            before[1] = first[4]
            length_m = abs(leave_m[0] - enter_m[0])
        arc = via[node]
        while arc >= 0:
            one = arc_piece[arc]
            piece[at], enter_m[at], leave_m[at], up[at] = one, driven_enter_m[one], driven_leave_m[one], driven_up[one]
            before[at + 1] = before[at] + driven_ticks[one]
            length_m += abs(leave_m[at] - enter_m[at])
            at += 1
            arc = via[next_node[one]]
    return piece, enter_m, leave_m, up, before, length_m, is_open


@compiled
def way_from_place(
    road: int,
    at_m: float,
    along: int,
    retreat_m: float,
    side_first: NDArray[np.int64],
    side_m: NDArray[np.float64],
    side_to: NDArray[np.int32],
    end_node: NDArray[np.int32],
    length_m: NDArray[np.float64],
    intact: NDArray[np.int32],
    via: NDArray[np.int32],
    arc_piece: NDArray[np.int32],
    next_node: NDArray[np.int32],
    is_changed: NDArray[np.bool_],
    driven_enter_m: NDArray[np.float64],
    driven_leave_m: NDArray[np.float64],
    driven_up: NDArray[np.bool_],
    driven_ticks: NDArray[np.int64],
) -> tuple[
    NDArray[np.int32], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64], float, bool
]:
    """Write down the way from a place on a usual road to the root of an intact tree.

    Parameters
    ----------
    road, at_m, along, retreat_m
        The place; -1 and NaN for None.
    side_first, side_m, side_to, end_node, length_m : ndarray
        As in `RoadSides`.
    intact, via : ndarray of int32, shape (n_nodes,)
    arc_piece, next_node, is_changed, driven_enter_m, driven_leave_m, driven_up, driven_ticks : ndarray
        As in `_drive_to_root`; pieces that are changed must not be on the way.

    Returns
    -------
    piece, enter_m, leave_m, up, before, length_m, is_open
        As of a `Way`, and whether it is open; not open also where there is no way, or a unit may back out.
    """
    n_exits, leads, taken, sides = -1, (-1, -1), (0, 0), (-1, -1)
    if length_m[road] > 0:
        n_exits, leads, taken, sides = _exits(
            road, at_m, along, retreat_m, side_first, side_m, side_to, end_node, length_m
        )
    best, least = -1, UNREACHABLE
    for number in range(n_exits):
        if taken[number] + intact[leads[number]] < least:
            best, least = number, taken[number] + intact[leads[number]]
    if best < 0:
        nothing = np.zeros(0, dtype=np.int32)
        nowhere = np.zeros(0)
        return nothing, nowhere, nowhere, np.zeros(0, dtype=np.bool_), np.zeros(1, dtype=np.int64), 0.0, False
    side = sides[best]
    first = -1, 0.0, 0.0, True, 0
    if side >= 0:
        up = side >= side_first[2 * road + 1]
        low, high = side_m[side, _LOW], side_m[side, _HIGH]
        enter, leave = (max(low, at_m), high) if up else (min(high, at_m), low)
        first = side_to[side, _PIECE], enter, leave, up, taken[best]
    return _drive_to_root(
        via,
        arc_piece,
        next_node,
        leads[best],
        is_changed,
        first,
        driven_enter_m,
        driven_leave_m,
        driven_up,
        driven_ticks,
    )


@compiled
def write_down(
    row: int,
    numbers: NDArray[np.float64],
    codes: NDArray[np.int64],
    before: NDArray[np.int64],
    position_m: NDArray[np.float64],
    driven: NDArray[np.int32],
    own_numbers: tuple[float, float, float, float, float, float],
    own_codes: tuple[int, int, int, int, int, int],
    way_before: NDArray[np.int64],
    enter_m: NDArray[np.float64],
    leave_m: NDArray[np.float64],
    piece: NDArray[np.int32],
    up: NDArray[np.bool_],
) -> None:
    """Write the drive of a unit into the tables that `nearest_on_road` reads.

    Parameters
    ----------
    row : int
    numbers, codes, before, position_m, driven : ndarray
        As in `nearest_on_road`; written into.
    own_numbers, own_codes : tuple
        Of the unit.
    way_before, enter_m, leave_m, piece, up : ndarray
        Of its way.
    """
    size = len(piece)
    for column in range(6):
        numbers[row, column] = own_numbers[column]
    codes[row, 0], codes[row, 1] = _ON_ROAD, size
    for column in range(6):
        codes[row, column + 2] = own_codes[column]
    before[row, 0] = 0
    for step in range(size):
        before[row, step + 1] = way_before[step + 1]
        position_m[0, row, step], position_m[1, row, step] = enter_m[step], leave_m[step]
        driven[row, step] = 2 * piece[step] + up[step]


@compiled
def nearest_on_road(
    now_s: float,
    numbers: NDArray[np.float64],
    codes: NDArray[np.int64],
    before: NDArray[np.int64],
    position_m: NDArray[np.float64],
    driven: NDArray[np.int32],
    of_piece: NDArray[np.int32],
    side_first: NDArray[np.int64],
    side_m: NDArray[np.float64],
    side_to: NDArray[np.int32],
    end_node: NDArray[np.int32],
    length_m: NDArray[np.float64],
    start_up_ticks: int,
    launch_ticks: int,
    first: NDArray[np.int64],
    other: NDArray[np.int32],
    arc_piece: NDArray[np.int32],
    next_node: NDArray[np.int32],
    to_ask: NDArray[np.int64],
    node: int,
    target_road: int,
    target_m: float,
    target_access: int,
    intact: NDArray[np.int32],
    via: NDArray[np.int32],
    ticks: NDArray[np.int32],
    piece_changed: NDArray[np.bool_],
    road_changed: NDArray[np.bool_],
    is_slow: bool,
    may_go: NDArray[np.bool_],
    unit: int,
    seconds: float,
) -> tuple[int, float, int]:
    """Find the unit that is nearest to a stop as believed, of one given and those on the road.

    Each is placed as `Leg.place_at` does, and asked how far it is as `Belief.ticks` does, with the same numbers.

    Parameters
    ----------
    now_s : float
    numbers, codes : ndarray, shape (n_units, 6) and (n_units, 8)
        Of the drives, by unit: the columns above.
    before : ndarray of int64, shape (n_units, n_most_steps + 1)
    position_m : ndarray of float64, shape (2, n_units, n_most_steps)
        Where steps are entered and left.
    driven : ndarray of int32, shape (n_units, n_most_steps)
        Piece of each step, doubled, and 1 more if it is driven upwards.
    of_piece : ndarray of int32, shape (n_pieces, 3)
        Road, direction and edge.
    side_first, side_m, side_to, end_node, length_m : ndarray
        As in `RoadSides`.
    start_up_ticks, launch_ticks : int
        That a trip loses.
    first, other, arc_piece : ndarray
        Of the arcs towards nodes.
    next_node : ndarray of int32, shape (n_pieces,)
    to_ask : ndarray of int64, shape (n_units,)
        Units which `Belief` has to be asked about are written into it.
    node, target_road, target_m, target_access
        Of the stop; its access in ticks.
    intact, via : ndarray of int32, shape (n_nodes,)
        Ticks on intact roads to the node, and the arc by which each node is reached.
    ticks : ndarray of int32, shape (n_arcs,)
        As believed.
    piece_changed, road_changed : ndarray of bool
        Pieces and roads that are not as usual.
    is_slow : bool
        Whether any is slow.
    may_go : ndarray of bool, shape (n_units,)
    unit, seconds : int and float
        The unit given; -1 and ``inf`` for none.

    Returns
    -------
    unit, seconds, n_to_ask
        Of equally near ones the first of the fleet.
    """
    loss = start_up_ticks, launch_ticks
    n_units, n_to_ask, n_blocked = len(codes), 0, 0
    exits = np.empty((n_units, 2), dtype=np.int64)
    exit_ticks = np.empty((n_units, 2), dtype=np.int64)
    blocked = np.empty(n_units, dtype=np.int64)
    least_s = np.empty(n_units, dtype=np.float64)
    lost = np.empty(n_units, dtype=np.int64)
    for row in range(n_units):
        if codes[row, _DOES] == _AWAY or not may_go[row]:
            continue
        if codes[row, _DOES] == _TO_ASK or now_s >= numbers[row, _ARRIVES_S]:
            to_ask[n_to_ask] = row
            n_to_ask += 1
            continue
        road, at_m, along, retreat_m, access = _placed(
            row, now_s, numbers, codes, before, position_m, driven, of_piece, loss
        )
        if road < 0 or road_changed[road] or length_m[road] <= 0:
            to_ask[n_to_ask] = row
            n_to_ask += 1
            continue
        access += target_access
        from_stop = codes[row, _LAUNCH] == 1 and now_s <= numbers[row, _DEPART_S]  # it has not left
        lost[row] = launch_ticks if from_stop else 0
        if road == target_road and at_m == target_m:
            found_s = _seconds(access, loss, lost[row])
            if found_s < seconds or (found_s == seconds and found_s < math.inf and (unit < 0 or row < unit)):
                unit, seconds = row, found_s
            continue
        n_exits, leads, taken, _ = _exits(road, at_m, along, retreat_m, side_first, side_m, side_to, end_node, length_m)
        if n_exits < 0:
            to_ask[n_to_ask] = row
            n_to_ask += 1
            continue
        nearest, least = -1, UNREACHABLE
        for number in range(n_exits):
            exits[row, number], exit_ticks[row, number] = leads[number], access + taken[number]
            if exit_ticks[row, number] + intact[leads[number]] < least:
                nearest, least = leads[number], exit_ticks[row, number] + intact[leads[number]]
        found_s = _seconds(least, loss, lost[row]) if nearest >= 0 else math.inf
        if found_s > seconds or found_s == math.inf:
            continue
        arc, is_open = via[nearest], True
        while arc >= 0:
            piece = arc_piece[arc]
            if piece_changed[piece]:
                is_open = False
                break
            arc = via[next_node[piece]]
        if is_open:
            if found_s < seconds or unit < 0 or row < unit:
                unit, seconds = row, found_s
        elif is_slow:
            to_ask[n_to_ask] = row
            n_to_ask += 1
        else:
            if n_exits == 1:
                exits[row, 1], exit_ticks[row, 1] = exits[row, 0], exit_ticks[row, 0]
            blocked[n_blocked], least_s[row] = row, found_s
            n_blocked += 1
    n_asked = 0
    for number in range(n_blocked):
        if least_s[blocked[number]] <= seconds:
            blocked[n_asked] = blocked[number]
            n_asked += 1
    if n_asked:
        wanted = np.unique(exits[blocked[:n_asked]].ravel())
        most = UNREACHABLE if seconds == math.inf else int(seconds * TICKS_PER_SECOND) + 1
        believed, _ = settled(first, other, ticks, node, wanted, most)
        for number in range(n_asked):
            row = blocked[number]
            found = exit_ticks[row, 0] + believed[exits[row, 0]]
            found = min(found, exit_ticks[row, 1] + believed[exits[row, 1]])
            found_s = _seconds(found, loss, lost[row])
            if found_s < seconds or (found_s == seconds and found_s < math.inf and (unit < 0 or row < unit)):
                unit, seconds = row, found_s
    return unit, seconds, n_to_ask


@compiled
def _exits(
    road: int,
    at_m: float,
    along: int,
    retreat_m: float,
    side_first: NDArray[np.int64],
    side_m: NDArray[np.float64],
    side_to: NDArray[np.int32],
    end_node: NDArray[np.int32],
    length_m: NDArray[np.float64],
) -> tuple[int, tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Return how many nodes a unit can come to from a place on a usual road, which, the ticks, and the sides driven.

    As `Belief._usual_exits`, up the road first; -1 where a unit may back out. A side is -1 at the end of the road.
    """
    number = 0
    node_0, node_1, ticks_0, ticks_1, side_0, side_1 = -1, -1, 0, 0, -1, -1
    for down in range(2):
        up = 1 - down
        end_m = length_m[road] if up else 0.0
        begin, end = side_first[2 * road + up], side_first[2 * road + up + 1]
        node, ticks, driven = -1, 0, -1
        if at_m == end_m:
            node = end_node[road, up]
        elif begin < end:
            for side in range(begin, end):
                low, high = side_m[side, _LOW], side_m[side, _HIGH]
                if (high > at_m) if up else (low < at_m):
                    enter, leave = (max(low, at_m), high) if up else (min(high, at_m), low)
                    node, driven = side_to[side, _HEAD], side
                    ticks = _part_ticks(side_m[side, _EDGE_TICKS], enter, leave, length_m[road], side_to[side, _ALONG])
                    break
        elif retreat_m == end_m and along != up:
            return -1, (node_0, node_1), (ticks_0, ticks_1), (side_0, side_1)
        if node >= 0:
            if number == 0:
                node_0, ticks_0, side_0 = node, ticks, driven
            else:
                node_1, ticks_1, side_1 = node, ticks, driven
            number += 1
    return number, (node_0, node_1), (ticks_0, ticks_1), (side_0, side_1)


@compiled
def _placed(
    row: int,
    now_s: float,
    numbers: NDArray[np.float64],
    codes: NDArray[np.int64],
    before: NDArray[np.int64],
    position_m: NDArray[np.float64],
    driven: NDArray[np.int32],
    of_piece: NDArray[np.int32],
    loss: tuple[int, int],
) -> tuple[int, float, int, float, int]:
    """Return where a unit is on its road: road, position, direction, how far back it came, ticks to the road.

    The road is -1 where only `Leg.place_at` can tell; the direction is -1 where it does not matter.
    """
    trip = max(now_s - numbers[row, _DEPART_S], 0.0) / numbers[row, _VARIATION] * TICKS_PER_SECOND
    moved = trip - (loss[1] if codes[row, _LAUNCH] else 0)
    done = moved - loss[0]
    if moved <= 2 * loss[0]:
        done = moved * moved / (4 * loss[0]) if moved > 0 else 0.0
    on_road = done - codes[row, _ACCESS]
    if on_road <= 0:
        left = math.ceil(-on_road)
        return (
            codes[row, _START_ROAD],
            numbers[row, _START_M],
            codes[row, _START_ALONG],
            numbers[row, _START_RETREAT_M],
            left,
        )
    n_steps = codes[row, _N_STEPS]
    last = before[row, n_steps]
    if on_road >= last:
        back = min(math.ceil(on_road - last), codes[row, _FINAL])
        return codes[row, _TARGET_ROAD], numbers[row, _TARGET_M], -1, math.nan, back
    step = np.searchsorted(before[row, : n_steps + 1], on_road, side="right") - 1
    took = before[row, step + 1] - before[row, step]
    share = (on_road - before[row, step]) / took
    enter, leave = position_m[0, row, step], position_m[1, row, step]
    at_m = leave if share >= 1 else enter + share * (leave - enter)
    piece, up = driven[row, step] // 2, driven[row, step] % 2
    road = of_piece[piece, _ROAD]
    if up != of_piece[piece, _FORWARD]:  # backing out of a one-way road
        return -1, at_m, -1, math.nan, 0
    begin = step
    while begin > 0 and of_piece[driven[row, begin - 1] // 2, _EDGE] == of_piece[piece, _EDGE]:
        if position_m[1, row, begin - 1] != position_m[0, row, begin]:
            break
        begin -= 1
    retreat_m = position_m[0, row, begin]
    if (
        begin == 0
        and codes[row, _START_ROAD] == road
        and codes[row, _START_ALONG] == up
        and not math.isnan(numbers[row, _START_RETREAT_M])
    ):
        retreat_m = numbers[row, _START_RETREAT_M]
    return road, at_m, up, retreat_m, 0


@compiled
def _part_ticks(edge_ticks: float, enter_m: float, leave_m: float, length_m: float, along: int) -> int:
    """Ticks of a part of a piece; as `PlacedRoads.step_ticks` on an intact road."""
    if along:
        return int(abs(np.rint(edge_ticks * (leave_m / length_m)) - np.rint(edge_ticks * (enter_m / length_m))))
    return int(
        abs(
            np.rint(edge_ticks * ((length_m - leave_m) / length_m))
            - np.rint(edge_ticks * ((length_m - enter_m) / length_m))
        )
    )


@compiled
def _seconds(free_ticks: int, loss: tuple[int, int], launch_ticks: int) -> float:
    """Return how long a trip takes, ``inf`` if it counts as unreachable; as `RoadTruth.believed_s`."""
    if free_ticks >= UNREACHABLE:
        return math.inf
    trip = free_ticks
    if free_ticks > 0:
        trip = int(np.rint(math.sqrt(4.0 * free_ticks * loss[0]))) if free_ticks <= loss[0] else free_ticks + loss[0]
        if trip + loss[1] >= UNREACHABLE:
            return math.inf
        trip += launch_ticks
    return trip / TICKS_PER_SECOND
