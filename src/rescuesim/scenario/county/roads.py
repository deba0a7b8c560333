"""Country roads: the trunk, the provincial and county roads, then a road to every village.

Roads are found on the grid (``routing``) in the order of their rank and then drawn as smooth lines. A
road that follows an older one uses its line; where it leaves, it starts at a node of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d
from scipy.sparse.csgraph import dijkstra

from rescuesim.scenario.county.drafting import Board
from rescuesim.scenario.county.geometry import Floats, Ints, lengths_along, normals, smooth
from rescuesim.scenario.county.places import Places
from rescuesim.scenario.county.rivers import STREAM_KM2
from rescuesim.scenario.county.routing import Ground
from rescuesim.scenario.county.terrain import Terrain, cell_xy, within

_STEP_M = 66.0
_TUNNELS = 8
_LOOPS = 7


@dataclass(slots=True)
class Survey:
    """The country roads while they are laid.

    Parameters
    ----------
    board : Board
        Drawn upon.
    ground : Ground
        Costs and the roads so far.
    terrain : Terrain
        Relief.
    rng : numpy.random.Generator
        Random stream of the curves.
    node_at : dict
        Node that stands for a cell on a road.
    exits : dict
        Node where a road crosses the border, by the road's ref.
    """

    board: Board
    ground: Ground
    terrain: Terrain
    rng: np.random.Generator
    node_at: dict[int, int] = field(default_factory=dict)
    exits: dict[str, int] = field(default_factory=dict)
    tunnels: int = 0

    def gate(self, node: int, blocked_xy: Floats) -> int:
        """Open a gate: the nearest free cell outside a town stands for a node of its streets."""
        at = np.array(self.board.points[node])
        cells = self.ground.tail
        near = cells[np.hypot(*(cell_xy(cells) - at).T) < 650.0]
        outward = at - blocked_xy
        outward = outward / np.hypot(*outward)
        offset = cell_xy(near) - at
        score = np.hypot(*offset.T) - 0.5 * offset @ outward
        for cell in near[np.lexsort((near, score))].tolist():
            if cell not in self.node_at:
                self.node_at[cell] = node
                self.ground.road[cell] = True
                return int(cell)
        raise ValueError(f"no free ground at the gate {at}")

    def lay(self, path: Sequence[int], tags: dict[str, str], *, bored: bool = False) -> None:
        """Draw the new parts of a path over the grid."""
        run: list[int] = [path[0]]
        for a, b in itertools.pairwise(path):
            if (min(a, b), max(a, b)) in self.ground.linked:
                self._draw(run, tags, bored=bored)
                run = [b]
            else:
                run.append(b)
                if b in self.node_at:
                    self._draw(run, tags, bored=bored)
                    run = [b]
        self._draw(run, tags, bored=bored)

    def _draw(self, cells: list[int], tags: dict[str, str], *, bored: bool) -> None:
        """Draw one new piece; its inner cells have no road yet."""
        if len(cells) < 2:
            return
        line, spots = self._line(cells)
        nodes = [self.board.node(p) for p in line[1:-1]]
        first = self.node_at[cells[0]] if cells[0] in self.node_at else self.board.node(line[0])
        last = self.node_at[cells[-1]] if cells[-1] in self.node_at else self.board.node(line[-1])
        nodes = [first, *nodes, last]
        for cell, spot in zip(cells, spots, strict=True):
            self.node_at.setdefault(cell, nodes[spot])
        self.ground.link(cells)
        summit = self._summit(cells) if bored and self.tunnels < _TUNNELS else -1
        if summit < 0:
            self.board.draw(nodes, tags, "regional")
            return
        reach = int(self.rng.integers(2, 4))
        a, b = spots[summit - reach], spots[summit + reach]
        start, end = np.array(self.board.points[nodes[a]]), np.array(self.board.points[nodes[b]])
        for k in range(a + 1, b):
            share = (k - a) / (b - a)
            x, y = start + share * (end - start)
            self.board.points[nodes[k]] = (float(x), float(y))
        for k in range(summit - reach + 1, summit + reach):
            self.node_at[cells[k]] = nodes[a] if k <= summit else nodes[b]
            self.ground.road[cells[k]] = False
        self.board.draw(nodes[: a + 1], tags, "regional")
        self.board.draw(nodes[a : b + 1], tags | {"tunnel": "yes", "layer": "-1"}, "regional")
        self.board.draw(nodes[b:], tags, "regional")
        self.tunnels += 1

    def _summit(self, cells: list[int]) -> int:
        """Place of a pass worth a tunnel, or -1."""
        h = self.terrain.height_m[cells]
        if len(h) < 18:
            return -1
        side = 5
        spots = np.arange(side + 1, len(h) - side - 1)
        drop = h[spots] - np.maximum(h[spots - side], h[spots + side])
        wet = [self.terrain.area_km2[cells[k - 3 : k + 4]].max() > 5.0 for k in spots.tolist()]
        drop[wet] = 0.0
        return int(spots[np.argmax(drop)]) if drop.max() > 34.0 else -1

    def _line(self, cells: list[int]) -> tuple[Floats, list[int]]:
        """Smooth line over cells, and the place of each cell in it."""
        xy = cell_xy(np.array(cells)) + self.rng.normal(0, 30.0, (len(cells), 2))
        for end in (0, -1):
            if cells[end] in self.node_at:
                xy[end] = self.board.points[self.node_at[cells[end]]]
        xy = smooth(xy, 0.85)
        s = lengths_along(xy)
        pieces = np.maximum(1, np.rint(np.diff(s) / _STEP_M).astype(int))
        spots = np.concatenate([[0], np.cumsum(pieces)])
        at = np.interp(np.arange(spots[-1] + 1), spots, s)
        line = CubicSpline(s, xy)(at) if len(cells) > 2 else np.column_stack([np.interp(at, s, c) for c in xy.T])
        if len(line) > 6:
            line = line + normals(line) * self._winding(cells, at, s)[:, None]
        return line, [int(k) for k in spots]

    def _winding(self, cells: list[int], at: Floats, s: Floats) -> Floats:
        """Sideways displacement (m): a few metres in the valley, hairpins on steep grades."""
        h = self.terrain.height_m[cells]
        grade = np.interp(
            at,
            s,
            gaussian_filter1d(np.abs(np.gradient(h, np.maximum.accumulate(s + np.arange(len(s)) * 1e-6))), 1.0),
        )
        bend = gaussian_filter1d(self.rng.standard_normal(len(at)), 1.8) * 36.0
        steep = np.clip((grade - 0.075) / 0.07, 0.0, 1.0)
        phase = np.cumsum(np.r_[0.0, np.diff(at)]) / self.rng.uniform(44.0, 58.0)
        calm = np.clip(np.minimum(at, at[-1] - at) / 350.0, 0.0, 1.0)
        out: Floats = calm * (bend * (0.6 + 0.9 * np.clip(grade / 0.05, 0, 1)) + 62.0 * steep * np.sin(phase))
        return out


def _exit_cell(survey: Survey, start: int, low: float, high: float) -> int:
    """Cheapest cell beyond the border between two bearings."""
    terrain = survey.terrain
    xy = cell_xy(np.arange(len(terrain.inside)))
    bearing = np.arctan2(xy[:, 1], xy[:, 0]) % (2 * np.pi)
    rim = terrain.inside & ~within(terrain.outline, xy, 750.0)
    rim &= ((bearing - low) % (2 * np.pi)) < ((high - low) % (2 * np.pi))
    cost = dijkstra(survey.ground.graph(0.5), indices=[start])[0]
    cells = np.flatnonzero(rim)
    return int(cells[np.argmin(cost[cells])])


def lay_main_roads(survey: Survey, gates: dict[str, int]) -> None:
    """Trunk and provincial roads from the seat to the neighbouring counties.

    Parameters
    ----------
    survey : Survey
        Changed in place.
    gates : dict
        Cell of each gate of the seat.
    """
    trunk = {"highway": "trunk", "ref": "G536", "lanes": "2", "surface": "asphalt", "maxspeed": "60"}
    bearings = [float(np.arctan2(*cell_xy(o)[::-1])) % (2 * np.pi) for o in survey.terrain.outlets]
    ends = {key.split("_")[0] + "_trunk": cell for key, cell in gates.items() if "trunk" in key}
    out = survey.terrain.outlets[0]
    main = cell_xy(out)
    near, far = sorted(ends, key=lambda e: float(np.hypot(*(cell_xy(ends[e]) - main))))
    _lay_exit(survey, ends[near], out, trunk | {"name": "岚丽公路"})
    opposite = (bearings[0] + np.pi) % (2 * np.pi)
    out = _exit_cell(survey, ends[far], opposite - 0.45, opposite + 0.45)
    _lay_exit(survey, ends[far], out, trunk | {"name": "岚丽公路"})
    primary = {"highway": "primary", "lanes": "2", "surface": "asphalt", "maxspeed": "60"}
    doors = sorted(cell for key, cell in gates.items() if "primary" in key)
    for ref, name, turn in (("S214", "岚云线", 0.5), ("S327", "龙岚线", -0.5)):
        aim = opposite + turn * np.pi
        out_xy = 30000.0 * np.array([np.cos(aim), np.sin(aim)])
        door = min(doors, key=lambda c: (float(np.hypot(*(cell_xy(c) - out_xy))), c))
        out = _exit_cell(survey, door, aim - 0.5, aim + 0.5)
        _lay_exit(survey, door, out, primary | {"ref": ref, "name": name})


def _lay_exit(survey: Survey, start: int, end: int, tags: dict[str, str]) -> None:
    """Lay a road from a gate over the border."""
    survey.lay(survey.ground.path(start, end, 0.45), tags, bored=True)
    survey.exits.setdefault(tags["ref"], survey.node_at[end])


def lay_county_roads(survey: Survey, places: Places, names: Sequence[str], start: int, park: list[int]) -> None:
    """County roads: the park and every township to the seat, and a few over the passes between townships.

    Parameters
    ----------
    survey : Survey
        Changed in place.
    places : Places
        Settlements.
    names : sequence of str
        Township names in the order of ``places.townships``.
    start : int
        Cell of a gate of the seat.
    park : list of int
        Cells of the gates of the park.
    """
    asphalt = {"lanes": "2", "surface": "asphalt"}
    for number, cell in enumerate(park):
        tags = {"highway": "secondary", "name": ("园区大道", "园区连接线", "园东路", "园南路")[number % 4]}
        path = survey.ground.path(cell, start, 0.42)
        survey.lay(path, tags | asphalt)
    order = np.argsort(np.hypot(*(cell_xy(places.townships) - cell_xy(start)).T), kind="stable")
    for k, number in enumerate(order.tolist()):
        highway = "secondary" if number < 5 else "tertiary"
        tags = {"highway": highway, "ref": f"X{201 + k}", "name": f"{names[number][0]}岚线"}
        survey.lay(survey.ground.path(int(places.townships[number]), start, 0.42), tags | asphalt, bored=True)
    _lay_loops(survey, places.townships, names)


def _lay_loops(survey: Survey, centres: Ints, names: Sequence[str]) -> None:
    """Roads over the passes where the way round is longest for its distance."""
    xy = cell_xy(centres)
    joined: dict[int, int] = {}
    for number in range(_LOOPS):
        net = survey.ground.along_roads(centres)
        direct = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = np.where((direct > 3000) & (direct < 17000), net / direct, 0.0)
        gain[~np.isfinite(gain)] = 0.0
        for k, count in joined.items():
            gain[k] *= 0.6**count
            gain[:, k] *= 0.6**count
        a, b = (int(k) for k in np.unravel_index(int(np.argmax(gain)), gain.shape))
        for k in (a, b):
            joined[k] = joined.get(k, 0) + 1
        tags = {"highway": "tertiary", "ref": f"X{231 + number}", "name": f"{names[a][0]}{names[b][0]}线"}
        path = survey.ground.path(int(centres[a]), int(centres[b]), 0.8)
        survey.lay(path, tags | {"lanes": "2", "surface": "asphalt"}, bored=True)


def lay_village_roads(survey: Survey, cells: Ints, names: Sequence[str], *, first_ref: int, dry: bool = False) -> None:
    """Join settlements to the nearest road, those that are cheapest to reach first.

    Parameters
    ----------
    survey : Survey
        Changed in place.
    cells : int array, shape (n,)
        Settlements.
    names : sequence of str
        Their names.
    first_ref : int
        Number of the first village road (Y…).
    dry : bool, default False
        Leave out settlements whose road would need a bridge.
    """
    cost, before = survey.ground.tree()
    far = np.isfinite(cost[cells])
    for k in np.lexsort((cells, cost[cells])).tolist():
        cell = int(cells[k])
        if not far[k] or cell in survey.node_at:
            continue
        path = [cell]
        while path[-1] not in survey.node_at:
            path.append(int(before[path[-1]]))
        if dry and survey.terrain.area_km2[path].max() >= STREAM_KM2:
            continue
        tags = {"highway": "unclassified", "surface": "concrete", "name": f"{names[k]}线"}
        if survey.rng.random() < 0.7:
            tags["ref"] = f"Y{first_ref + k}"
        if survey.rng.random() < 0.3:
            tags["lanes"] = "1"
        survey.lay(path[::-1], tags)
