"""Streets of township centres, villages and hamlets: nets hung on the road that serves them.

Lanes leave the road at its own nodes, at right angles to its mean direction; rows join them. Lanes stop at
water and at other roads, and a part of the rows is missing, so that no two nets look alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree

from rescuesim.scenario.county.drafting import Board, Draft
from rescuesim.scenario.county.geometry import Floats, resample
from rescuesim.scenario.county.rivers import River

_KEEP_OFF_RIVER_M = 42.0
_KEEP_OFF_ROAD_M = 34.0
_KEEP_OFF_LANE_M = 27.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a net may be.

    Parameters
    ----------
    columns : tuple of int
        Least and most lanes.
    near, far : tuple of int
        Least and most rows on the wide and on the narrow side of the road.
    row_m : tuple of float
        Least and greatest distance between rows.
    missing : float
        Share of the row pieces left out.
    """

    columns: tuple[int, int]
    near: tuple[int, int]
    far: tuple[int, int]
    row_m: tuple[float, float]
    missing: float


TOWN = Size(columns=(9, 15), near=(3, 4), far=(2, 4), row_m=(62.0, 95.0), missing=0.16)
VILLAGE = Size(columns=(4, 6), near=(1, 3), far=(1, 2), row_m=(42.0, 72.0), missing=0.28)
HAMLET = Size(columns=(2, 3), near=(1, 2), far=(0, 1), row_m=(45.0, 80.0), missing=0.4)


@dataclass(slots=True)
class Plots:
    """Finds the road at a settlement and free ground beside it.

    Parameters
    ----------
    board : Board
        Drawn upon.
    rng : numpy.random.Generator
        Random stream.
    place : dict
        For each node, the regional draft it lies on and its position there.
    roads, water : cKDTree
        Nodes of the country roads and points of the rivers.
    lanes : dict
        Nodes of the nets drawn so far, by 40 m square.
    """

    board: Board
    rng: np.random.Generator
    place: dict[int, tuple[Draft, int]]
    roads: cKDTree
    water: cKDTree
    lanes: dict[tuple[int, int], list[tuple[float, float]]] = field(default_factory=dict)

    def free(self, xy: Floats, own: Floats) -> bool:
        """Whether a lane may have a node here (``own``: the base of its lane)."""
        if self.water.query(xy)[0] < _KEEP_OFF_RIVER_M:
            return False
        for k in self.roads.query_ball_point(xy, _KEEP_OFF_ROAD_M):
            if np.hypot(*(self.roads.data[k] - own)) > 5.0:
                return False
        a, b = int(xy[0] // 40), int(xy[1] // 40)
        near = [p for i in (-1, 0, 1) for j in (-1, 0, 1) for p in self.lanes.get((a + i, b + j), [])]
        return not near or float(np.hypot(*(np.array(near) - xy).T).min()) > _KEEP_OFF_LANE_M

    def lane_node(self, xy: Floats) -> int:
        """Put a node of a lane on the board."""
        self.lanes.setdefault((int(xy[0] // 40), int(xy[1] // 40)), []).append((float(xy[0]), float(xy[1])))
        return self.board.node(xy)


def build_plots(board: Board, rivers: tuple[River, ...], rng: np.random.Generator) -> Plots:
    """Prepare the ground for the settlements.

    Parameters
    ----------
    board : Board
        With all country roads drawn.
    rivers : tuple of River
        The rivers.
    rng : numpy.random.Generator
        Random stream.

    Returns
    -------
    Plots
        Index of roads and water.
    """
    place: dict[int, tuple[Draft, int]] = {}
    used: list[int] = []
    for draft in board.drafts:
        used += draft.nodes
        if draft.part in ("regional", "island") and "tunnel" not in draft.tags:
            for k, node in enumerate(draft.nodes):
                place.setdefault(node, (draft, k))
    xy = board.xy()[used]
    wet = np.vstack([resample(r.line, 20.0) for r in rivers])
    return Plots(board=board, rng=rng, place=place, roads=cKDTree(xy), water=cKDTree(wet))


def settle_net(plots: Plots, node: int, size: Size, *, name: str, part: str) -> list[int]:
    """Draw the net of one settlement.

    Parameters
    ----------
    plots : Plots
        Ground; changed in place.
    node : int
        Node of a country road in the settlement.
    size : Size
        How large.
    name : str
        Name of the settlement; some lanes carry it.
    part : str
        Part of the county, for the drafts.

    Returns
    -------
    list of int
        Nodes of the net, the bases on the road first.
    """
    if node not in plots.place:
        return [node]
    rng = plots.rng
    draft, at = plots.place[node]
    columns = int(rng.integers(size.columns[0], size.columns[1] + 1))
    low = max(0, min(at - columns // 2, len(draft.nodes) - columns))
    base = draft.nodes[low : low + columns]
    xy = np.array([plots.board.points[n] for n in base])
    axis = xy[-1] - xy[0]
    if len(base) < 2 or not np.hypot(*axis) > 0:
        return [node]
    side = np.array([-axis[1], axis[0]]) / np.hypot(*axis)
    wide = 1 if rng.random() < 0.5 else -1
    found = list(base)
    for sign, (least, most) in ((wide, size.near), (-wide, size.far)):
        rows = int(rng.integers(least, most + 1))
        if rows:
            found += _side(plots, base, xy, sign * side, rows, size, name=name, part=part)
    return found


def _side(
    plots: Plots, base: list[int], xy: Floats, out: Floats, rows: int, size: Size, *, name: str, part: str
) -> list[int]:
    """Lanes and rows on one side of the road."""
    rng = plots.rng
    depth = np.cumsum(rng.uniform(*size.row_m, rows))
    net = np.full((len(base), rows), -1, dtype=np.int64)
    for k, start in enumerate(base):
        if 0 < k < len(base) - 1 and rng.random() < 0.12:
            continue
        lane = [start]
        for r in range(rows if rng.random() < 0.75 else max(1, rows - 1)):
            point = xy[k] + out * depth[r] + rng.normal(0, 6.5, 2)
            if not plots.free(point, xy[k]):
                break
            net[k, r] = plots.lane_node(point)
            lane.append(int(net[k, r]))
        if len(lane) > 1:
            plots.board.draw(lane, _lane_tags(rng, name, 0.12), part)
    for r in range(rows):
        run: list[int] = []
        for k in range(len(base)):
            if net[k, r] < 0 or (run and rng.random() < size.missing):
                if len(run) > 1:
                    plots.board.draw(run, _lane_tags(rng, name, 0.3), part)
                run = [int(net[k, r])] if net[k, r] >= 0 else []
            else:
                run.append(int(net[k, r]))
        if len(run) > 1:
            plots.board.draw(run, _lane_tags(rng, name, 0.3), part)
    return [int(n) for n in net.ravel() if n >= 0]


def _lane_tags(rng: np.random.Generator, name: str, named: float) -> dict[str, str]:
    """Tags of a lane; some carry a name."""
    tags = {"highway": "residential", "surface": "concrete"}
    if rng.random() < named:
        tags["name"] = name + ("中街", "老街", "新街", "东路", "西路", "溪边路", "村道")[int(rng.integers(0, 7))]
    return tags


def draw_island(board: Board, at: Floats, rng: np.random.Generator) -> None:
    """Draw a short road with no link to the rest, as extracts of real maps contain.

    Parameters
    ----------
    board : Board
        Drawn upon.
    at : float array, shape (2,)
        Where, metres.
    rng : numpy.random.Generator
        Random stream.
    """
    turn = rng.uniform(0, np.pi)
    ray = np.array([np.cos(turn), np.sin(turn)])
    nodes = [board.node(at + ray * d + rng.normal(0, 7.0, 2)) for d in np.arange(-180.0, 181.0, 60.0)]
    board.draw(nodes, {"highway": "residential", "name": "林场路"}, "island")
    spur = [board.node(at + np.array([-ray[1], ray[0]]) * d) for d in (55.0, 110.0)]
    board.draw([nodes[3], *spur], {"highway": "residential"}, "island")
