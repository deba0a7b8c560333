"""Compiled search over pieces of roads; `rescuesim.simulation.believed_roads.search` holds the plain one beside it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE
from rescuesim.travel.compiled import compiled

__all__ = ["drive_to_root", "drive_whole", "nearest_on_road", "pieces_to_root", "search_arcs", "write_down"]

_NODES = 2**31  # an entry is ticks * _NODES + node: ticks are under 2^30, so it fits int64


@compiled
def search_arcs(
    first: NDArray[np.int64],
    other: NDArray[np.int32],
    ticks: NDArray[np.int32],
    root: int,
    wanted: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Find the shortest paths between a root and the nodes that are wanted; as `search_plainly`.

    Parameters
    ----------
    first : ndarray of int64, shape (n_nodes + 1,)
    other, ticks : ndarray of int32, shape (n_arcs,)
    root : int
    wanted : ndarray of int64, shape (n_wanted,)
        Each once; all nodes if empty.

    Returns
    -------
    found, via : ndarray of int32, shape (n_nodes,)
    """
    return _settled(first, other, ticks, root, wanted, UNREACHABLE)


@compiled
def _settled(
    first: NDArray[np.int64],
    other: NDArray[np.int32],
    ticks: NDArray[np.int32],
    root: int,
    wanted: NDArray[np.int64],
    most: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Search as `search_arcs` does, but not beyond some ticks: what is found above them is not final."""
    n_nodes = len(first) - 1
    found = np.full(n_nodes, np.int32(UNREACHABLE), dtype=np.int32)
    via = np.full(n_nodes, np.int32(-1), dtype=np.int32)
    is_wanted = np.zeros(n_nodes if len(wanted) else 0, dtype=np.bool_)
    for node in wanted:
        is_wanted[node] = True
    missing = len(wanted)
    heap = np.empty(1024, dtype=np.int64)
    heap[0] = root
    size = 1
    found[root] = 0
    while size > 0:
        entry = heap[0]
        size -= 1
        # sink the last entry from the top
        moved = heap[size]
        at = 0
        while 2 * at + 1 < size:
            below = 2 * at + 1
            if below + 1 < size and heap[below + 1] < heap[below]:
                below += 1
            if heap[below] >= moved:
                break
            heap[at] = heap[below]
            at = below
        heap[at] = moved
        here = entry // _NODES
        node = entry - here * _NODES
        if here > most:
            break
        if found[node] != here:  # it was reached sooner since
            continue
        if len(wanted) and is_wanted[node]:
            is_wanted[node] = False
            missing -= 1
            if missing == 0:
                break
        for arc in range(first[node], first[node + 1]):
            there = here + ticks[arc]
            if there < found[other[arc]]:
                found[other[arc]] = there
                via[other[arc]] = arc
                if size == len(heap):
                    larger = np.empty(2 * size, dtype=np.int64)
                    larger[:size] = heap
                    heap = larger
                entry = there * _NODES + other[arc]
                at = size
                size += 1
                while at > 0 and heap[(at - 1) // 2] > entry:
                    heap[at] = heap[(at - 1) // 2]
                    at = (at - 1) // 2
                heap[at] = entry
    return found, via


@compiled
def pieces_to_root(
    via: NDArray[np.int32], piece: NDArray[np.int32], next_node: NDArray[np.int32], node: int
) -> NDArray[np.int32]:
    """List the pieces from a node to the root of a search; as `Arcs.pieces_plainly` before it turns them round.

    Parameters
    ----------
    via : ndarray of int32, shape (n_nodes,)
    piece : ndarray of int32, shape (n_arcs,)
    next_node : ndarray of int32, shape (n_pieces,)
    node : int

    Returns
    -------
    ndarray of int32, shape (n_steps,)
    """
    listed = np.empty(64, dtype=np.int32)
    size = 0
    arc = via[node]
    while arc >= 0:
        if size == len(listed):
            larger = np.empty(2 * size, dtype=np.int32)
            larger[:size] = listed
            listed = larger
        listed[size] = piece[arc]
        arc = via[next_node[piece[arc]]]
        size += 1
    return listed[:size]


@compiled
def drive_whole(
    listed: NDArray[np.int32],
    at: int,
    driven_enter_m: NDArray[np.float64],
    driven_leave_m: NDArray[np.float64],
    driven_up: NDArray[np.bool_],
    driven_ticks: NDArray[np.int64],
    piece: NDArray[np.int32],
    enter_m: NDArray[np.float64],
    leave_m: NDArray[np.float64],
    up: NDArray[np.bool_],
    before: NDArray[np.int64],
) -> None:
    """Write down that whole pieces are driven, from a step on; as `placed_roads.drive_whole_plainly`.

    Parameters
    ----------
    listed : ndarray of int32, shape (n_listed,)
    at : int
    driven_enter_m, driven_leave_m, driven_up, driven_ticks : ndarray, shape (n_pieces,)
    piece, enter_m, leave_m, up, before : ndarray
        Written into.
    """
    for number in range(len(listed)):
        one = listed[number]
        piece[at] = one
        enter_m[at] = driven_enter_m[one]
        leave_m[at] = driven_leave_m[one]
        up[at] = driven_up[one]
        before[at + 1] = before[at] + driven_ticks[one]
        at += 1


@compiled
def drive_to_root(
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


# columns of the tables of `UnitsOnRoad` and `RoadSides`
_DEPART_S, _ARRIVES_S, _VARIATION, _START_M, _TARGET_M, _START_RETREAT_M = range(6)
_DOES, _N_STEPS, _LAUNCH, _ACCESS, _FINAL, _START_ROAD, _TARGET_ROAD, _START_ALONG = range(8)
_ROAD, _FORWARD, _EDGE = range(3)
_AWAY, _ON_ROAD, _TO_ASK = range(3)
_LOW, _HIGH, _EDGE_TICKS = range(3)
_HEAD, _ALONG = range(2)


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
        n_exits = 0
        nearest, least = -1, UNREACHABLE
        for up in range(2):
            end_m = length_m[road] if up else 0.0
            begin, end = side_first[2 * road + up], side_first[2 * road + up + 1]
            leads, taken = -1, 0
            if at_m == end_m:
                leads = end_node[road, up]
            elif begin < end:
                for side in range(begin, end):
                    low, high = side_m[side, _LOW], side_m[side, _HIGH]
                    if (high > at_m) if up else (low < at_m):
                        enter, leave = (max(low, at_m), high) if up else (min(high, at_m), low)
                        leads = side_to[side, _HEAD]
                        whole_ticks, along_edge = side_m[side, _EDGE_TICKS], side_to[side, _ALONG]
                        taken = _part_ticks(whole_ticks, enter, leave, length_m[road], along_edge)
                        break
            elif retreat_m == end_m and along != up:
                n_exits = -1
                break
            if leads >= 0:
                exits[row, n_exits], exit_ticks[row, n_exits] = leads, access + taken
                if access + taken + intact[leads] < least:
                    nearest, least = leads, access + taken + intact[leads]
                n_exits += 1
        if n_exits < 0:
            to_ask[n_to_ask] = row
            n_to_ask += 1
            continue
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
        believed, _ = _settled(first, other, ticks, node, wanted, most)
        for number in range(n_asked):
            row = blocked[number]
            found = exit_ticks[row, 0] + believed[exits[row, 0]]
            found = min(found, exit_ticks[row, 1] + believed[exits[row, 1]])
            found_s = _seconds(found, loss, lost[row])
            if found_s < seconds or (found_s == seconds and found_s < math.inf and (unit < 0 or row < unit)):
                unit, seconds = row, found_s
    return unit, seconds, n_to_ask


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
