"""Where the 450,000 people of the county live, and the demand points that stand for them.

The rule: schools and nursing homes are given their people first. Of the rest, 30 % live in the seat (50
communities, denser in the middle), 4 % in the dormitories of the industrial park, 18 % in the sixteen
township centres (in proportion to the square root of the drained area of their valley, with lognormal
chance) and 48 % in the villages (lognormal, falling with the distance from the seat by a factor e every
30 km). Integers by largest remainder.

Zones: communities are ``built_up``; the core of a 镇 of at least 4,500 people is ``built_up``, of other
centres ``dense_rural``, their edges ``suburb``. Villages within 7 km of the seat are ``suburb``; the
smallest and most remote 30 % (people times exp(-distance / 25 km)) are ``rural``; the others
``dense_rural``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from rescuesim.scenario.county.geometry import Floats, Ints, to_lonlat
from rescuesim.scenario.county.names import COMMUNITIES, FIRMS, SEAT

PEOPLE = 450_000
SHARES = {"seat": 0.30, "park": 0.04, "centres": 0.18, "villages": 0.48}
ZONES = ("built_up", "industrial_park", "suburb", "dense_rural", "rural")
_BUILT_UP_FROM = 4500
_SUBURB_M = 7000.0
_RURAL_SHARE = 0.30


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandRow:
    """One row of ``demand.csv``; empty fields are filled by the scenario.

    Parameters
    ----------
    id, name : str
        Identifier (``D001``) and name.
    lon, lat : float
        WGS 84 degrees.
    zone : str
        One of ``ZONES``.
    people : int
        Residents.
    calls_per_year, weight : str
        Left empty.
    township : str
        Township or street office it belongs to.
    kind : str
        ``residential``, ``industrial``, ``school`` or ``nursing_home``.
    """

    id: str
    name: str
    lon: float
    lat: float
    zone: str
    people: int
    calls_per_year: str
    weight: str
    township: str
    kind: str


@dataclass(slots=True)
class Point:
    """A demand point while it is made: place in metres, share of its group, zone decided later."""

    name: str
    xy: Floats
    group: str
    share: float
    township: str
    zone: str = ""
    kind: str = "residential"
    people: int = 0


def apportion(total: int, shares: Floats) -> Ints:
    """Split a whole number in proportion to shares, by largest remainder.

    Parameters
    ----------
    total : int
        Number to split.
    shares : float array, shape (n,)
        Positive shares, of any sum.

    Returns
    -------
    int array, shape (n,)
        Parts that sum to ``total``; ties go to the earlier part.

    Examples
    --------
    >>> apportion(10, np.array([1.0, 1.0, 1.0])).tolist()
    [4, 3, 3]
    """
    exact = total * np.asarray(shares, dtype=float) / float(np.sum(shares))
    parts = np.floor(exact).astype(np.int64)
    missing = total - int(parts.sum())
    parts[np.lexsort((np.arange(len(parts)), parts - exact))[:missing]] += 1
    return parts


def spread_over(nodes: Floats, n: int, start: int) -> list[int]:
    """Choose points that cover a set evenly (farthest-point order).

    Parameters
    ----------
    nodes : float array, shape (m, 2)
        Points, metres.
    n : int
        How many to choose.
    start : int
        The first.

    Returns
    -------
    list of int
        Numbers of the chosen points.
    """
    chosen = [start]
    far = np.hypot(*(nodes - nodes[start]).T)
    while len(chosen) < min(n, len(nodes)):
        chosen.append(int(np.argmax(far)))
        far = np.minimum(far, np.hypot(*(nodes - nodes[chosen[-1]]).T))
    return chosen


def beside_road(at: Floats, roads: cKDTree, rng: np.random.Generator, low_m: float, high_m: float) -> Floats:
    """Step off the road by a realistic bit.

    Parameters
    ----------
    at : float array, shape (2,)
        A point on or near a road, metres.
    roads : cKDTree
        Points of the connected roads.
    rng : numpy.random.Generator
        Random stream.
    low_m, high_m : float
        Wanted distance from the nearest road.

    Returns
    -------
    float array, shape (2,)
        The point beside the road.
    """
    base: Floats = np.asarray(roads.data[int(roads.query(at)[1])])
    best, best_gap = base, -1.0
    for _ in range(24):
        turn, reach = rng.uniform(0, 2 * np.pi), rng.uniform(low_m, high_m)
        point = base + reach * np.array([np.cos(turn), np.sin(turn)])
        gap = float(roads.query(point)[0])
        if low_m <= gap <= high_m:
            return point
        if best_gap < gap <= high_m:
            best, best_gap = point, gap
    return best


def seat_points(nodes: Floats, centre: Floats, roads: cKDTree, rng: np.random.Generator) -> list[Point]:
    """Fifty communities over the seat.

    Parameters
    ----------
    nodes : float array, shape (n, 2)
        Junctions of the seat, metres.
    centre : float array, shape (2,)
        Middle of the seat.
    roads : cKDTree
        Points of the connected roads.
    rng : numpy.random.Generator
        Random stream.

    Returns
    -------
    list of Point
        In order of the names.
    """
    away = np.hypot(*(nodes - centre).T)
    chosen = spread_over(nodes, 50, int(np.argmin(away)))
    out = []
    for k, name in zip(chosen, COMMUNITIES, strict=False):
        share = float(np.exp(-away[k] / 1800.0) * rng.lognormal(0, 0.3))
        xy = beside_road(nodes[k], roads, rng, 12.0, 60.0)
        out.append(Point(f"{name}社区", xy, "seat", share, SEAT, "built_up"))
    return out


def park_points(nodes: Floats, roads: cKDTree, rng: np.random.Generator) -> list[Point]:
    """Ten plants with dormitories in the park.

    Parameters
    ----------
    nodes : float array, shape (n, 2)
        Junctions of the park, metres.
    roads : cKDTree
        Points of the connected roads.
    rng : numpy.random.Generator
        Random stream.

    Returns
    -------
    list of Point
        In order of the firms' names.
    """
    out = []
    for k, firm in zip(spread_over(nodes, 10, 0), FIRMS, strict=False):
        xy = beside_road(nodes[k], roads, rng, 20.0, 95.0)
        out.append(
            Point(f"{firm}厂区", xy, "park", float(rng.lognormal(0, 0.5)), SEAT, "industrial_park", "industrial")
        )
    return out


def centre_points(
    nets: Sequence[Floats],
    names: Sequence[str],
    drained_km2: Floats,
    roads: cKDTree,
    rng: np.random.Generator,
) -> list[Point]:
    """Two to four points in each township centre: the core, then edges.

    Parameters
    ----------
    nets : sequence of float array, shape (n, 2)
        Street nodes of each centre, metres.
    names : sequence of str
        Townships.
    drained_km2 : float array, shape (16,)
        Area drained at each centre, a measure of its valley.
    roads : cKDTree
        Points of the connected roads.
    rng : numpy.random.Generator
        Random stream.

    Returns
    -------
    list of Point
        Township by township.
    """
    out = []
    for name, net, drained in zip(names, nets, drained_km2, strict=True):
        size = float(np.sqrt(min(drained, 600.0)) * rng.lognormal(0, 0.25))
        size *= 1.5 if name.endswith("镇") else 1.0
        core = int(np.argmin(np.hypot(*(net - net.mean(0)).T)))
        chosen = spread_over(net, 2 + int(rng.integers(0, 3)), core)
        for k, (place, label) in enumerate(zip(chosen, ("集镇", "东片", "西片", "新区"), strict=False)):
            share = size * (0.62 if k == 0 else 0.38 / (len(chosen) - 1))
            xy = beside_road(net[place], roads, rng, 12.0, 70.0)
            out.append(Point(f"{name}{label}", xy, "centres", share, name, "core" if k == 0 else "suburb"))
    return out


def village_points(
    at: Floats, names: Sequence[str], townships: Sequence[str], from_seat_m: Floats, roads: cKDTree,
    rng: np.random.Generator,
) -> list[Point]:  # fmt: skip
    """One point per village.

    Parameters
    ----------
    at : float array, shape (n, 2)
        Middles of the villages, metres.
    names, townships : sequence of str
        Names, and the townships they belong to.
    from_seat_m : float array, shape (n,)
        Distance from the seat.
    roads : cKDTree
        Points of the connected roads.
    rng : numpy.random.Generator
        Random stream.

    Returns
    -------
    list of Point
        In the order of the villages.
    """
    out = []
    for xy, name, township, away in zip(at, names, townships, from_seat_m, strict=True):
        share = float(rng.lognormal(0, 0.5) * np.exp(-away / 30000.0))
        out.append(Point(f"{name}村", beside_road(xy, roads, rng, 15.0, 90.0), "villages", share, township))
    return out


def care_points(hosts: Sequence[Point], roads: cKDTree, rng: np.random.Generator) -> list[Point]:
    """Schools and nursing homes near some of the other points, with their own people.

    Parameters
    ----------
    hosts : sequence of Point
        Communities and township cores.
    roads : cKDTree
        Points of the connected roads.
    rng : numpy.random.Generator
        Random stream.

    Returns
    -------
    list of Point
        Twelve schools, then nine nursing homes.
    """
    picked = rng.permutation(len(hosts))[:21]
    out = []
    for k, place in enumerate(picked.tolist()):
        host = hosts[place]
        stem = host.name.removesuffix("社区").replace("集镇", "")
        xy = beside_road(host.xy + rng.normal(0, 160.0, 2), roads, rng, 20.0, 110.0)
        kind = "school" if k < 12 else "nursing_home"
        label = (
            ("中心学校" if host.group == "centres" else "小学")
            if k < 12
            else ("敬老院" if host.group == "centres" else "养老院")
        )
        people = int(rng.integers(280, 900)) if k < 12 else int(rng.integers(45, 160))
        zone = "built_up" if host.group == "seat" else "core"
        out.append(Point(stem + label, xy, "care", 0.0, host.township, zone, kind, people))
    return out


def settle_people(points: list[Point], from_seat_m: Floats) -> list[DemandRow]:
    """Give every point its people and zone and number the rows.

    Parameters
    ----------
    points : list of Point
        All points, in the order of the table; filled in place.
    from_seat_m : float array, shape (n,)
        Their distance from the seat.

    Returns
    -------
    list of DemandRow
        Rows that sum to 450,000 people.
    """
    rest = PEOPLE - sum(p.people for p in points if p.group == "care")
    for group, part in zip(SHARES, apportion(rest, np.array(list(SHARES.values()))), strict=True):
        members = [p for p in points if p.group == group]
        for point, people in zip(members, apportion(int(part), np.array([p.share for p in members])), strict=True):
            point.people = int(people)
    size: dict[str, int] = {}
    for point in points:
        if point.group == "centres":
            size[point.township] = size.get(point.township, 0) + point.people
    villages = [k for k, p in enumerate(points) if p.group == "villages"]
    outer = [k for k in villages if from_seat_m[k] >= _SUBURB_M]
    sparse = np.array([points[k].people * np.exp(-from_seat_m[k] / 25000.0) for k in outer])
    remote = {outer[int(r)] for r in np.argsort(sparse, kind="stable")[: round(_RURAL_SHARE * len(villages))]}
    for k, point in enumerate(points):
        if point.zone == "core":
            town = point.township.endswith("镇") and size[point.township] >= _BUILT_UP_FROM
            point.zone = "built_up" if town else "dense_rural"
        elif point.group == "villages":
            near = from_seat_m[k] < _SUBURB_M
            point.zone = "suburb" if near else "rural" if k in remote else "dense_rural"
    lonlat = to_lonlat(np.array([p.xy for p in points]))
    return [
        DemandRow(
            id=f"D{k + 1:03d}",
            name=p.name,
            lon=float(at[0]),
            lat=float(at[1]),
            zone=p.zone,
            people=p.people,
            calls_per_year="",
            weight="",
            township=p.township,
            kind=p.kind,
        )
        for k, (p, at) in enumerate(zip(points, lonlat, strict=True))
    ]
