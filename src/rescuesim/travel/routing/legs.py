"""Legs of a route: what is driven on one road after the other, and how to say it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rescuesim._words import Note
from rescuesim.network import RoadNetwork
from rescuesim.travel.routing.lines import RoadLines
from rescuesim.travel.routing.words import STRAIGHT_DEG, class_words, distance_words, heading_words, turn_words
from rescuesim.travel.split_graph import SplitGraph

__all__ = ["RouteLeg", "directions", "legs_of"]

_LOOK_M = 25.0  # a heading is taken over this much of the way, so that a kink at a junction does not count
_METRES_PER_DEGREE = 111_320.0
_BRIDGE, _TUNNEL = Note("bridge", "过桥"), Note("tunnel", "过隧道")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLeg:
    """A stretch of a route on roads of one name.

    Parameters
    ----------
    name : str
        Of the roads; empty where they have none.
    road_class : str
        Of the first of them.
    roads : tuple of int
        Indices of roads in the order of driving.
    length_m : float
    ticks : int
        Without start-up loss, in units of 0.1 ms.
    bridge, tunnel : bool
        Whether one of the roads is or contains one.
    heading_in_deg, heading_out_deg : float
        Where the leg heads at its beginning and at its end, degrees clockwise from north.
    """

    name: str
    road_class: str
    roads: tuple[int, ...]
    length_m: float
    ticks: int
    bridge: bool
    tunnel: bool
    heading_in_deg: float
    heading_out_deg: float

    @property
    def called(self) -> Note:
        """The name of the roads, or else their class in words."""
        return Note(self.name, self.name) if self.name else class_words(self.road_class)


def _heading(vertices: NDArray[np.float64], *, at_end: bool) -> float:
    """Return the heading at one end of a line, in degrees clockwise from north; 0 where nothing is driven."""
    if at_end:
        vertices = vertices[::-1]
    scale = _METRES_PER_DEGREE * np.array([np.cos(np.radians(vertices[0, 1])), 1.0])
    metres = (vertices - vertices[0]) * scale
    gone = np.r_[0.0, np.cumsum(np.hypot(*np.diff(metres, axis=0).T))]
    far = min(int(np.searchsorted(gone, _LOOK_M)), len(gone) - 1)
    east, north = metres[far] if not at_end else -metres[far]
    return float(np.degrees(np.arctan2(east, north)))


def legs_of(
    network: RoadNetwork,
    graph: SplitGraph,
    lines: RoadLines,
    pieces: NDArray[np.int64],
    ticks: NDArray[np.int64],
) -> tuple[RouteLeg, ...]:
    """Merge consecutive pieces by the name of their road, those without a name by their class.

    Parameters
    ----------
    network : RoadNetwork
    graph : SplitGraph
    lines : RoadLines
    pieces : ndarray of int64, shape (n_pieces,)
        In the order of driving.
    ticks : ndarray of int64, shape (n_pieces,)
        Of each piece in the state.

    Returns
    -------
    tuple of RouteLeg
    """
    edge, road = graph.edge[pieces], graph.road[pieces]
    names = network.road_name[road].tolist()
    classes = network.road_class[edge].tolist()
    metres = network.length_m[edge] * (graph.end[pieces] - graph.begin[pieces])
    keys = [(name, "" if name else class_words(kind)) for name, kind in zip(names, classes, strict=True)]
    legs = []
    for _, group in itertools.groupby(range(len(pieces)), key=keys.__getitem__):
        some = list(group)
        vertices = lines.path(graph, pieces[some])
        legs.append(
            RouteLeg(
                name=names[some[0]],
                road_class=classes[some[0]],
                roads=tuple(int(r) for r, _ in itertools.groupby(road[some].tolist())),
                length_m=float(metres[some].sum()),
                ticks=int(ticks[some].sum()),
                bridge=bool(network.bridge[edge[some]].any()),
                tunnel=bool(network.tunnel[edge[some]].any()),
                heading_in_deg=_heading(vertices, at_end=False),
                heading_out_deg=_heading(vertices, at_end=True),
            )
        )
    return tuple(legs)


def _merged(legs: Sequence[RouteLeg]) -> list[RouteLeg]:
    """Leave out roads that only join others, and drive straight on over roads without a name as on one."""
    out: list[RouteLeg] = []
    for leg in legs:
        if leg.length_m < 1 and len(legs) > 1:
            continue
        last = out[-1] if out else None
        if last is None or last.name or leg.name or abs(_turn(last, leg)) >= STRAIGHT_DEG:
            out.append(leg)
            continue
        out[-1] = replace(
            last,
            road_class=max(last, leg, key=lambda part: part.length_m).road_class,
            roads=last.roads + leg.roads,
            length_m=last.length_m + leg.length_m,
            ticks=last.ticks + leg.ticks,
            bridge=last.bridge or leg.bridge,
            tunnel=last.tunnel or leg.tunnel,
            heading_out_deg=leg.heading_out_deg,
        )
    return out


def _turn(before: RouteLeg, after: RouteLeg) -> float:
    return (after.heading_in_deg - before.heading_out_deg + 180) % 360 - 180


def directions(legs: Sequence[RouteLeg], *, access_from_m: float, access_to_m: float) -> tuple[Note, ...]:
    """Say how to drive, a note a step.

    Parameters
    ----------
    legs : sequence of RouteLeg
    access_from_m, access_to_m : float
        Straight access legs before and after.

    Returns
    -------
    tuple of Note
    """
    out = []
    if access_from_m >= 1:
        far = distance_words(access_from_m)
        out.append(Note(f"{far} to the road", f"到道路 {far.zh}"))
    before: RouteLeg | None = None
    for leg in _merged(legs):
        far, name = distance_words(leg.length_m), leg.called
        over = [note for held, note in ((leg.bridge, _BRIDGE), (leg.tunnel, _TUNNEL)) if held]
        said = f" ({', '.join(over)})" if over else ""
        said_zh = f"（{'、'.join(note.zh for note in over)}）" if over else ""
        if before is None:
            towards = heading_words(leg.heading_in_deg)
            out.append(Note(f"along {name} {towards} for {far}{said}", f"沿{name.zh}向{towards.zh} {far.zh}{said_zh}"))
        else:
            turn = turn_words(_turn(before, leg))
            out.append(Note(f"{turn} along {name} for {far}{said}", f"{turn.zh}，沿{name.zh} {far.zh}{said_zh}"))
        before = leg
    if access_to_m >= 1:
        far = distance_words(access_to_m)
        out.append(Note(f"{far} from the road to the place", f"离开道路 {far.zh}到达"))
    return tuple(out)
