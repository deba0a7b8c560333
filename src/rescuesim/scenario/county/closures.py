"""A rain storm of three days: bridges out, slides on valley roads, a flooded street.

The storm sits over the remote townships that also lose the public network. Places are drawn among road
segments in proportion to the people whose drive from the seat passes there, so the closures matter; no
two lie close together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rescuesim.scenario.county.drafting import Board
from rescuesim.scenario.county.geometry import Floats, Ints, to_lonlat
from rescuesim.scenario.county.names import SEAT
from rescuesim.scenario.county.travel import Drive

# What is hit: cause, classes of road, how many, least and greatest length (m).
_PLAN = (
    ("bridge", ("secondary", "tertiary"), 3, (30.0, 80.0)),
    ("bridge", ("unclassified",), 3, (20.0, 50.0)),
    ("slide", ("primary",), 1, (60.0, 120.0)),
    ("slide", ("secondary", "tertiary"), 4, (40.0, 110.0)),
    ("slide", ("unclassified",), 4, (30.0, 90.0)),
    ("flood", ("tertiary", "secondary"), 1, (80.0, 120.0)),
)
_APART_M = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureRow:
    """One row of ``closures.csv``.

    Parameters
    ----------
    label : str
        Road, place and cause.
    lon, lat : float
        Middle of the closed stretch, on the road, WGS 84 degrees.
    length_m : float
        Length of the closed stretch.
    level : str
        ``closed`` or ``one_lane``.
    closed_at_h, reopened_at_h : float
        Hours from the start of the storm.
    """

    label: str
    lon: float
    lat: float
    length_m: float
    level: str
    closed_at_h: float
    reopened_at_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """What the storm needs to know of the county.

    Parameters
    ----------
    centre : float array, shape (2,)
        Middle of the worst rain, metres.
    height_m : float array, shape (nodes,)
        Height of the board's nodes.
    dependents : float array, shape (nodes,)
        People whose drive from the seat passes the node.
    place_xy : float array, shape (n, 2)
        Named places, metres.
    place_names : tuple of str
        Their names.
    """

    centre: Floats
    height_m: Floats
    dependents: Floats
    place_xy: Floats
    place_names: tuple[str, ...]


def build_closures(board: Board, drive: Drive, storm: Storm, rng: np.random.Generator) -> list[ClosureRow]:
    """Draw the closures of the storm.

    Parameters
    ----------
    board : Board
        Finished drawing.
    drive : Drive
        Drives from the seat.
    storm : Storm
        Rain and people.
    rng : numpy.random.Generator
        Random stream.

    Returns
    -------
    list of ClosureRow
        In order of ``closed_at_h``.
    """
    tail, head, owner, _ = board.segments()
    xy = board.xy()
    middle = (xy[tail] + xy[head]) / 2
    length = np.hypot(*(xy[head] - xy[tail]).T)
    connected = np.zeros(len(xy), dtype=bool)
    connected[drive.node] = True
    usable = connected[tail] & connected[head] & (length > 8.0)
    usable &= np.array(["tunnel" not in d.tags for d in board.drafts])[owner]
    bridge = np.array(["bridge" in d.tags for d in board.drafts])[owner]
    country = np.array([d.part == "regional" for d in board.drafts])[owner]
    highway = np.array([d.highway for d in board.drafts])[owner]
    named = np.array(["name" in d.tags for d in board.drafts])[owner]
    slope = np.abs(storm.height_m[head] - storm.height_m[tail]) / np.maximum(length, 1.0)
    people = np.minimum(storm.dependents[tail], storm.dependents[head])
    rain = np.exp(-np.hypot(*(middle - storm.centre).T) / 12000.0) + 0.04
    taken: list[Floats] = []
    rows: list[ClosureRow] = []
    for cause, classes, count, span in _PLAN:
        ok = usable & np.isin(highway, classes) & named & (people > 0)
        if cause == "bridge":
            weight = ok * bridge * country * np.sqrt(people) * rain
        elif cause == "slide":
            weight = ok * ~bridge * country * np.sqrt(people) * rain * np.clip(slope, 0.01, 0.2) * length
        else:
            town = np.array([d.part == "seat" for d in board.drafts])[owner]
            weight = ok * town * ~bridge * np.exp(-storm.height_m[tail] / 5.0 + storm.height_m.min() / 5.0)
        for _ in range(count):
            if taken:
                gap = np.min([np.hypot(*(middle - p).T) for p in taken], axis=0)
                weight = weight * (gap > _APART_M)
            if not weight.sum() > 0:
                break
            k = int(np.searchsorted(np.cumsum(weight), rng.random() * weight.sum(), side="right"))
            taken.append(middle[k])
            ends = to_lonlat(xy[[tail[k], head[k]]])
            rows.append(_row(board, int(owner[k]), ends, middle[k], cause, span, storm, rng))
    return sorted(rows, key=lambda r: (r.closed_at_h, r.label))


def _row(
    board: Board, number: int, ends: Floats, at: Floats, cause: str, span: tuple[float, float], storm: Storm,
    rng: np.random.Generator,
) -> ClosureRow:  # fmt: skip
    """One closure in the middle of a segment."""
    draft = board.drafts[number]
    road = draft.tags.get("ref") or draft.tags["name"]
    near = storm.place_names[int(np.hypot(*(storm.place_xy - at).T).argmin())]
    if cause == "bridge":
        label = f"{road} {draft.tags['bridge:name']}{('桥墩冲毁', '桥台冲毁', '水毁')[int(rng.integers(0, 3))]}"
        closed, lasts = rng.uniform(6, 18), rng.uniform(36, 62)
    elif cause == "slide":
        label = f"{road} {near}段{('塌方', '滑坡', '泥石流', '路基塌陷')[int(rng.integers(0, 4))]}"
        closed, lasts = rng.uniform(2.5, 20), rng.uniform(5, 46)
    else:
        label = f"{road} {near.removesuffix('社区')}段积水"
        closed, lasts = rng.uniform(3, 8), rng.uniform(6, 12)
    slight = cause == "slide" and draft.highway == "primary"
    lon, lat = ends.mean(axis=0)
    return ClosureRow(
        label=label,
        lon=round(float(lon), 7),
        lat=round(float(lat), 7),
        length_m=round(float(rng.uniform(*span)), 0),
        level="one_lane" if slight else "closed",
        closed_at_h=round(float(closed), 1),
        reopened_at_h=round(float(min(closed + lasts, 80.0)), 1),
    )


def townships_without_network(townships: tuple[str, ...], time_s: Floats, at: Floats) -> tuple[str, ...]:
    """Three townships that lose the public network: the most remote and the two nearest to it.

    Parameters
    ----------
    townships : tuple of str
        Names.
    time_s : float array, shape (n,)
        Drive from the seat.
    at : float array, shape (n, 2)
        Centres, metres.

    Returns
    -------
    tuple of str
        Three names, the most remote first; never the seat.
    """
    first = int(np.argmax(time_s))
    near = np.argsort(np.hypot(*(at - at[first]).T), kind="stable")[:3]
    return tuple(townships[int(k)] for k in near if townships[int(k)] != SEAT)


def middle_of(points: Floats, weights: Ints) -> Floats:
    """Weighted middle of points: float array, shape (2,)."""
    out: Floats = (points * weights[:, None]).sum(axis=0) / weights.sum()
    return out
