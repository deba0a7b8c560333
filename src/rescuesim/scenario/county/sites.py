"""Fire and rescue sites: what exists today and 150 candidates for micro stations.

Existing: two brigade stations (seat, park), eight micro stations, duty crews in thirteen of the sixteen
townships and one station of the neighbouring county. Candidates: thirty in the seat, nine in the park, one or
two at every township centre, the rest in the larger villages, spread out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from rescuesim.scenario.county.geometry import Floats, to_lonlat
from rescuesim.scenario.county.names import COUNTY, FIRMS, NEIGHBOUR, SEAT
from rescuesim.scenario.county.people import Point, beside_road, spread_over

CANDIDATES = 150
_SEAT_CANDIDATES, _PARK_CANDIDATES = 30, 9
_COST = {"enterprise": (9.0, 18.0), "township": (22.0, 36.0), "village": (15.0, 28.0)}  # 10,000 yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """One row of ``sites.csv``.

    Parameters
    ----------
    id, name : str
        Identifier (``S001``) and name.
    lon, lat : float
        WGS 84 degrees.
    kind : str
        ``station``.
    status : str
        ``existing`` or ``candidate``.
    cost : float
        In 10,000 yuan; 0 for existing sites.
    township : str
        Township; empty beyond the border.
    host : str
        ``brigade``, ``township``, ``village``, ``enterprise`` or ``neighbour_county``.
    crew : str
        ``brigade``, ``township_duty`` or ``micro_station``.
    units : int
        Fire engines or squads.
    """

    id: str
    name: str
    lon: float
    lat: float
    kind: str
    status: str
    cost: float
    township: str
    host: str
    crew: str
    units: int


@dataclass(slots=True)
class _Site:
    """A site while it is made."""

    name: str
    xy: Floats
    township: str
    host: str
    crew: str = "micro_station"
    units: int = 1
    status: str = "candidate"


def build_sites(
    points: Sequence[Point],
    townships: Sequence[str],
    border_xy: Floats,
    roads: cKDTree,
    rng: np.random.Generator,
) -> list[SiteRow]:
    """Place the sites.

    Parameters
    ----------
    points : sequence of Point
        Demand points with their people.
    townships : sequence of str
        The sixteen townships.
    border_xy : float array, shape (2,)
        Where the trunk road enters from the neighbouring county, metres.
    roads : cKDTree
        Points of the connected roads.
    rng : numpy.random.Generator
        Random stream.

    Returns
    -------
    list of SiteRow
        Existing sites first.
    """
    sites = _existing(points, townships, border_xy, rng)
    sites += _town_candidates(points, rng)
    sites += _township_candidates(points, townships, rng)
    sites += _village_candidates(points, CANDIDATES - sum(s.status == "candidate" for s in sites), rng)
    rows = []
    for k, site in enumerate(sites):
        xy = beside_road(site.xy + rng.normal(0, 60.0, 2), roads, rng, 10.0, 45.0)
        lon, lat = to_lonlat(xy)[0]
        cost = 0.0 if site.status == "existing" else round(float(rng.uniform(*_COST[site.host])), 1)
        rows.append(
            SiteRow(id=f"S{k + 1:03d}", name=site.name, lon=float(lon), lat=float(lat), kind="station",
                    status=site.status, cost=cost, township=site.township, host=site.host, crew=site.crew,
                    units=site.units)
        )  # fmt: skip
    return rows


def _group(points: Sequence[Point], name: str) -> list[Point]:
    return [p for p in points if p.group == name]


def _cores(points: Sequence[Point]) -> dict[str, Point]:
    """Core point of each township."""
    out: dict[str, Point] = {}
    for point in _group(points, "centres"):
        out.setdefault(point.township, point)
    return out


def _existing(
    points: Sequence[Point], townships: Sequence[str], border_xy: Floats, rng: np.random.Generator
) -> list[_Site]:
    """Place the forces of today."""
    seat, park = _group(points, "seat"), _group(points, "park")
    cores = _cores(points)
    short = COUNTY.removesuffix("县")
    out = [
        _Site(f"{COUNTY}消防救援大队城区站", seat[4].xy, SEAT, "brigade", "brigade", 3, "existing"),
        _Site(f"{short}开发区消防救援站", park[2].xy, SEAT, "brigade", "brigade", 2, "existing"),
    ]
    idle = {townships[int(k)] for k in rng.permutation(np.arange(4, len(townships)))[:3]}
    out += [
        _Site(f"{t}应急值班队", cores[t].xy, t, "township", "township_duty", 1, "existing")
        for t in townships
        if t not in idle
    ]
    for k in (11, 23):
        out.append(_Site(f"{seat[k].name}微型消防站", seat[k].xy, SEAT, "township", status="existing"))
    out.append(_Site(f"{FIRMS[7]}有限公司微型消防站", park[7].xy, SEAT, "enterprise", status="existing"))
    villages = _group(points, "villages")
    large = sorted(range(len(villages)), key=lambda k: (-villages[k].people, k))
    seen = {SEAT}
    for k in large:
        if len(seen) == 6:
            break
        if villages[k].township not in seen:
            seen.add(villages[k].township)
            place = villages[k]
            out.append(_Site(f"{place.name}微型消防站", place.xy, place.township, "village", status="existing"))
    out.append(_Site(f"{NEIGHBOUR}东岸消防救援站", border_xy, "", "neighbour_county", "brigade", 1, "existing"))
    return out


def _town_candidates(points: Sequence[Point], rng: np.random.Generator) -> list[_Site]:
    """Candidates in the seat and the park."""
    seat, park = _group(points, "seat"), _group(points, "park")
    firms = [*FIRMS]
    labels = ("商贸有限公司", "物业有限公司", "百货有限公司", "供电所", "人民医院", "客运站")
    out = []
    for n, k in enumerate(spread_over(np.array([p.xy for p in seat]), _SEAT_CANDIDATES, 0)):
        stem = seat[k].name.removesuffix("社区")
        if n % 3 == 2:
            name, host = f"{stem}{labels[n // 3 % len(labels)]}微型站", "enterprise"
        else:
            name, host = f"{seat[k].name}微型消防站（拟建）", "township"
        out.append(_Site(name, seat[k].xy, SEAT, host))
    for k in range(_PARK_CANDIDATES):
        at = park[(k * 3 + 1) % len(park)].xy + rng.normal(0, 120.0, 2)
        out.append(_Site(f"{firms[10 + k]}有限公司微型站", at, SEAT, "enterprise"))
    return out


def _township_candidates(points: Sequence[Point], townships: Sequence[str], rng: np.random.Generator) -> list[_Site]:
    """One candidate at the core of every township, in some a second at a firm."""
    out = []
    cores = _cores(points)
    trades = (
        "竹木有限公司",
        "茶业有限公司",
        "水电站",
        "石材有限公司",
        "食品有限公司",
        "加油站",
        "矿业有限公司",
    )
    for n, township in enumerate(townships):
        out.append(_Site(f"{township}微型消防站", cores[township].xy, township, "township"))
        if n < 9 or rng.random() < 0.4:
            edge = [p for p in _group(points, "centres") if p.township == township][-1]
            name = township.rstrip("镇乡") + trades[n % len(trades)] + "微型站"
            out.append(_Site(name, edge.xy, township, "enterprise"))
    return out


def _village_candidates(points: Sequence[Point], n: int, rng: np.random.Generator) -> list[_Site]:
    """Choose among the larger villages, none within 1.4 km of another."""
    villages = _group(points, "villages")
    key = np.array([-p.people * rng.lognormal(0, 0.5) for p in villages])
    out: list[_Site] = []
    placed: list[Floats] = []
    for k in np.argsort(key, kind="stable").tolist():
        place = villages[k]
        if len(out) == n:
            break
        if placed and float(np.hypot(*(np.array(placed) - place.xy).T).min()) < 1400.0:
            continue
        placed.append(place.xy)
        if rng.random() < 0.16:
            trade = ("竹制品有限公司", "茶业有限公司", "水电有限公司", "农业发展有限公司")[int(rng.integers(0, 4))]
            out.append(_Site(place.name.removesuffix("村") + trade + "微型站", place.xy, place.township, "enterprise"))
        else:
            out.append(_Site(f"{place.name}微型救援站", place.xy, place.township, "village"))
    return out
