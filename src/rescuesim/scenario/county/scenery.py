"""What else a real extract holds, none of it drivable.

Houses, land use, rivers, tracks, service roads, footpaths and a road under construction.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from rescuesim.scenario.county.drafting import DRIVABLE, Board
from rescuesim.scenario.county.geometry import Floats, normals, resample
from rescuesim.scenario.county.rivers import RIVER_KM2, River

Shape = tuple[Floats, dict[str, str]]
HOUSES = 620


def houses(board: Board, roads: cKDTree, rng: np.random.Generator) -> list[Shape]:
    """Draw closed outlines of houses along streets.

    Parameters
    ----------
    board : Board
        Finished drawing.
    roads : cKDTree
        Points of the connected roads; a house keeps 14 m off them.
    rng : numpy.random.Generator
        Random stream.

    Returns
    -------
    list of (float array of shape (5, 2), dict)
        Ring in metres (last point = first) and tags.
    """
    xy = board.xy()
    tail, head, owner, _ = board.segments()
    built = np.array([d.part in ("seat", "town", "park") and d.highway in DRIVABLE for d in board.drafts])[owner]
    pool = np.flatnonzero(built)
    out: list[Shape] = []
    for k in rng.choice(pool, size=min(len(pool), HOUSES), replace=False).tolist():
        a, b = xy[tail[k]], xy[head[k]]
        length = float(np.hypot(*(b - a)))
        if length < 35.0:
            continue
        t = (b - a) / length
        n = np.array([-t[1], t[0]]) * (1 if rng.random() < 0.5 else -1)
        works = board.drafts[int(owner[k])].part == "park"
        long, deep = (rng.uniform(40, 70), rng.uniform(25, 45)) if works else (rng.uniform(10, 26), rng.uniform(9, 14))
        centre = a + t * rng.uniform(0.35, 0.65) * length + n * (deep / 2 + rng.uniform(15, 20))
        corners = [centre + t * long / 2 * i + n * deep / 2 * j for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        ring = np.array([*corners, corners[0]])
        if float(np.min(roads.query(ring)[0])) < 10.0:
            continue
        tags = {"building": "industrial" if works else "yes"}
        if not works and rng.random() < 0.5:
            tags["building:levels"] = str(int(rng.integers(2, 8)))
        out.append((ring, tags))
    return out


def waterways(rivers: Sequence[River], names: Sequence[str]) -> list[Shape]:
    """Rivers and streams as open lines.

    Parameters
    ----------
    rivers : sequence of River
        The rivers.
    names : sequence of str
        Names in the same order.

    Returns
    -------
    list of (float array of shape (n, 2), dict)
        Line in metres and tags; a river starts as ``stream`` and becomes ``river`` as it grows.
    """
    out: list[Shape] = []
    for river, name in zip(rivers, names, strict=True):
        grown = int(np.searchsorted(river.area_km2, RIVER_KM2))
        if grown > 1:
            out.append((river.line[: grown + 1], {"waterway": "stream", "name": name}))
        if grown < len(river.line) - 1:
            out.append((river.line[grown:], {"waterway": "river", "name": name}))
    return out


def draw_byways(board: Board, rivers: Sequence[River], dead_ends: Sequence[int], rng: np.random.Generator) -> None:
    """Draw tracks, service roads, a riverside footpath and a road under construction.

    Parameters
    ----------
    board : Board
        Finished drawing; changed in place.
    rivers : sequence of River
        The rivers.
    dead_ends : sequence of int
        Nodes at dead ends of village roads, where tracks begin.
    rng : numpy.random.Generator
        Random stream.
    """
    for node in dead_ends[:40]:
        turn, line = rng.uniform(0, 2 * np.pi), [node]
        at = np.array(board.points[node])
        for _ in range(int(rng.integers(4, 9))):
            turn += rng.normal(0, 0.4)
            at = at + 55.0 * np.array([np.cos(turn), np.sin(turn)])
            line.append(board.node(at))
        board.draw(line, {"highway": "track", "tracktype": "grade4"}, "byway")
    seat = [d for d in board.drafts if d.part in ("seat", "park") and d.highway == "residential"]
    for k in rng.choice(len(seat), size=min(70, len(seat)), replace=False).tolist():
        a, b = seat[k].nodes[0], seat[k].nodes[1]
        p, q = np.array(board.points[a]), np.array(board.points[b])
        side = np.array([-(q - p)[1], (q - p)[0]]) / max(float(np.hypot(*(q - p))), 1.0)
        inner = [board.node(p + 0.4 * (q - p) + side * 30.0), board.node(p + 0.7 * (q - p) + side * 34.0)]
        board.draw([a, *inner], {"highway": "service", "service": "driveway"}, "byway")
    main = rivers[0].line
    middle = int(np.hypot(*(main - np.array(board.points[seat[0].nodes[0]])).T).argmin())
    walk = main[middle - 12 : middle + 20]
    for sign in (1, -1):
        path = walk + sign * 46.0 * normals(walk)
        board.draw([board.node(p) for p in path], {"highway": "footway", "name": "溪滨绿道"}, "byway")
    way = resample(np.array([walk[0], walk[0] + [1500.0, 2600.0], walk[0] + [4200.0, 4300.0]]), 120.0)
    tags = {"highway": "construction", "construction": "motorway", "name": "岚丽高速（在建）"}
    board.draw([board.node(p) for p in way], tags, "byway")
