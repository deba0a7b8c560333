"""Brute force for driving on believed roads: positions on roads, written anew, on networks of a few junctions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rescuesim.network import RoadNetwork

EPSILON_M = 1e-6


@dataclass(frozen=True)
class Shut:
    """A part of a road that vehicles cannot pass, and when."""

    road: int
    low: float
    high: float
    from_s: float = 0.0
    until_s: float = math.inf


@dataclass(frozen=True)
class Standing:
    """Somebody on a road: a stop, or a unit on its way that came along the road or against it."""

    road: int
    at: float
    is_stop: bool
    up: bool | None = None
    retreat: float | None = None


def lengths(network: RoadNetwork) -> list[float]:
    """Length of each road."""
    found = [0.0] * network.n_roads
    for road, length in zip(network.road.tolist(), network.length_m.tolist(), strict=True):
        found[road] = max(found[road], length)
    return found


def least_ticks(
    network: RoadNetwork, start: Standing, target: Standing, shut: list[Shut], factor: dict[int, float]
) -> float:
    """Return the ticks of the shortest way between two places on roads, with closures and whole roads slowed.

    Every road is cut at the two places; a stretch that a closed part touches cannot be driven. A unit on its way is
    just outside of a closed part that it stands before, and may leave one that it stands inside of.
    """
    shut = [Shut(one.road, one.low, min(one.high, lengths(network)[one.road])) for one in shut]
    for stop in (start, target):
        if stop.is_stop and 0 < stop.at < lengths(network)[stop.road] and _covers(shut, stop):
            return math.inf
    if (start.road, start.at) == (target.road, target.at) and 0 < start.at < lengths(network)[start.road]:
        return 0.0
    open_again = [part for one in shut for part in ([one] if start.is_stop else _outside(one, start))]
    arcs: dict[object, list[tuple[object, float]]] = {}
    for edge in range(network.n_edges):
        _cut(network, edge, (start, target), open_again, factor, arcs)
    has = {(int(r), bool(f)) for r, f in zip(network.road, network.forward, strict=True)}
    if not start.is_stop and start.up is not None and (start.road, not start.up) not in has:
        _back_out(network, start, open_again, factor, arcs)
    return _dijkstra(arcs, _node(network, start), _node(network, target))


def _covers(shut: list[Shut], place: Standing) -> bool:
    return any(one.road == place.road and one.low <= place.at <= one.high for one in shut)


def _outside(one: Shut, unit: Standing) -> list[Shut]:
    if one.road != unit.road or not one.low <= unit.at <= one.high:
        return [one]
    if one.low == one.high and unit.up is not None:
        ahead = unit.at + (EPSILON_M if unit.up else -EPSILON_M)
        return [Shut(one.road, ahead, ahead)]
    if unit.at == one.low:
        return [Shut(one.road, one.low + EPSILON_M, one.high)]
    if unit.at == one.high:
        return [Shut(one.road, one.low, one.high - EPSILON_M)]
    return []


def _ends(network: RoadNetwork, road: int) -> tuple[int, int]:
    for edge in range(network.n_edges):
        if network.road[edge] == road and network.forward[edge]:
            return int(network.tail[edge]), int(network.head[edge])
    raise AssertionError("every road has an edge along it")


def _node(network: RoadNetwork, place: Standing) -> object:
    start, end = _ends(network, place.road)
    length = lengths(network)[place.road]
    if length == 0:  # a unit has not passed
        return end if not place.is_stop and place.up is False else start
    return start if place.at <= 0 else end if place.at >= length else (place.road, place.at)


def _cut(network, edge, places, shut, factor, arcs) -> None:
    road, along = int(network.road[edge]), bool(network.forward[edge])
    length = lengths(network)[road]
    start, end = _ends(network, road)
    marks = sorted({0.0, length, *(p.at for p in places if p.road == road and 0 < p.at < length)})
    nodes = [start if m <= 0 else end if m >= length else (road, m) for m in marks]
    nodes[0], nodes[-1] = start, end
    stretches = list(zip(marks[:-1], marks[1:], nodes[:-1], nodes[1:], strict=True)) or [(0.0, 0.0, start, end)]
    for low, high, first, last in stretches:
        if any(one.road == road and one.low <= high and one.high >= low for one in shut):
            continue
        share = (high - low) / length if length else 1.0
        ticks = float(network.ticks[edge]) * share * factor.get(road, 1.0)
        a, b = (first, last) if along else (last, first)
        arcs.setdefault(a, []).append((b, ticks))


def _back_out(network, start, shut, factor, arcs) -> None:
    length = lengths(network)[start.road]
    junctions = _ends(network, start.road)
    behind = 0.0 if start.up else length
    if start.retreat != behind or not 0 < start.at < length:
        return
    low, high = min(behind, start.at), max(behind, start.at)
    if any(one.road == start.road and one.low <= high and one.high >= low for one in shut):
        return
    edge = next(e for e in range(network.n_edges) if network.road[e] == start.road)
    ticks = float(network.ticks[edge]) * (high - low) / length * factor.get(start.road, 1.0)
    arcs.setdefault((start.road, start.at), []).append((junctions[0] if start.up else junctions[1], ticks))


def _dijkstra(arcs, source, target) -> float:
    best, left = {source: 0.0}, {source}
    while left:
        node = min(left, key=lambda one: best[one])
        left.discard(node)
        for head, ticks in arcs.get(node, []):
            if best[node] + ticks < best.get(head, math.inf):
                best[head] = best[node] + ticks
                left.add(head)
    return best.get(target, math.inf)


def first_met(
    runs: list[tuple[int, float, float, float, float]], shut: list[Shut], *, from_stop: bool, up: bool | None
) -> tuple[int, float] | None:
    """Return road and position of the first closed part that somebody comes to.

    Parameters
    ----------
    runs : list of tuple
        Road, from and to in metres, moments at both, of stretches driven; time runs evenly within a stretch.
    shut : list of Shut
    from_stop : bool
        Whether the first stretch begins at a stop, that may lie in a closed part.
    up : bool or None
        How the unit came to where the first stretch begins, if it came on a road.
    """
    for number, (road, begin, end, begin_s, end_s) in enumerate(runs):
        sign = 1.0 if end >= begin else -1.0
        met = []
        for one in shut:
            if one.road != road:
                continue
            near, far = sign * (one.low if sign > 0 else one.high), sign * (one.high if sign > 0 else one.low)
            here, there = sign * begin, sign * end
            if near > there or far < here:
                continue
            if near < here and not (number == 0 and from_stop):
                continue  # it came in before
            turned = number == 0 and up is not None and up != (sign > 0)
            if near == here == far and turned:
                continue
            at = max(near, here)
            share = (at - here) / (there - here) if there > here else 0.0
            moment = begin_s + share * (end_s - begin_s)
            if one.from_s <= moment < one.until_s:
                met.append((at, sign * at))
        if met:
            return road, min(met)[1]
    return None
