"""Where roads go: cheapest ways over the terrain grid.

A move costs its length, more on steep ground and for every river crossed, less where a road lies already.
Roads thus follow valleys, share their lower parts, bridge rivers seldom and climb to passes only when
there is no way round.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from rescuesim.scenario.county.geometry import Floats, Ints
from rescuesim.scenario.county.terrain import COLUMNS, ROWS, Terrain, cell_xy, moves, within

_CROSSING_M = 2600.0
_STEEP = 0.07  # a grade at which a road costs twice its length


@dataclass(slots=True)
class Ground:
    """Moves over the grid with their cost before any road exists.

    Parameters
    ----------
    tail, head : int array, shape (moves,)
        Cells.
    cost : float array, shape (moves,)
        Metres of easy road.
    road : bool array, shape (cells,)
        Cells on a road already.
    linked : set of (int, int)
        Pairs of neighbouring cells (the smaller first) joined by a road.
    streets : list of (int, int, float)
        Pairs of town gates and the cost of driving through the town.
    """

    tail: Ints
    head: Ints
    cost: Floats
    road: NDArray[np.bool_]
    linked: set[tuple[int, int]]
    streets: list[tuple[int, int, float]]

    def graph(self, discount: float) -> csr_matrix:
        """Cost matrix, cells by cells, with the moves along existing roads made cheaper."""
        n = ROWS * COLUMNS
        share = np.ones(len(self.cost))
        if self.linked:
            code = np.array(sorted(a * n + b for a, b in self.linked), dtype=np.int64)
            mine = np.minimum(self.tail, self.head) * n + np.maximum(self.tail, self.head)
            spot = np.minimum(np.searchsorted(code, mine), len(code) - 1)
            share[code[spot] == mine] = discount
        return self._matrix(self.tail, self.head, self.cost * share)

    def _matrix(self, tail: Ints, head: Ints, cost: Floats) -> csr_matrix:
        """Matrix of moves, the ways through towns added."""
        n = ROWS * COLUMNS
        a = np.array([s[0] for s in self.streets], dtype=np.int64)
        b = np.array([s[1] for s in self.streets], dtype=np.int64)
        through = np.array([s[2] for s in self.streets], dtype=float)
        return csr_matrix((np.r_[cost, through, through], (np.r_[tail, a, b], np.r_[head, b, a])), (n, n))

    def open_town(self, gates: list[int], factor: float) -> None:
        """Let roads use a town's streets between its gates."""
        for k, a in enumerate(gates):
            for b in gates[k + 1 :]:
                self.streets.append((a, b, factor * float(np.hypot(*(cell_xy(a) - cell_xy(b))))))
                self.linked.add((min(a, b), max(a, b)))

    def path(self, start: int, end: int, discount: float) -> list[int]:
        """Cells of the cheapest way."""
        before = dijkstra(self.graph(discount), indices=[end], return_predecessors=True)[1][0]
        return walk(before.astype(np.int64), start)

    def link(self, path: list[int]) -> None:
        """Record a road over these cells."""
        for a, b in itertools.pairwise(path):
            self.linked.add((min(a, b), max(a, b)))
        self.road[path] = True

    def along_roads(self, centres: Ints) -> Floats:
        """Cost between cells along existing roads alone: shape (centres, centres)."""
        n = ROWS * COLUMNS
        code = np.array(sorted(a * n + b for a, b in self.linked), dtype=np.int64)
        mine = np.minimum(self.tail, self.head) * n + np.maximum(self.tail, self.head)
        spot = np.minimum(np.searchsorted(code, mine), len(code) - 1)
        on = code[spot] == mine
        graph = self._matrix(self.tail[on], self.head[on], self.cost[on])
        out: Floats = dijkstra(graph, indices=centres)[:, centres]
        return out

    def tree(self) -> tuple[Floats, Ints]:
        """Cost to the nearest road and the next cell towards it, for every cell."""
        cost, before, _ = dijkstra(
            self.graph(1.0), indices=np.flatnonzero(self.road), return_predecessors=True, min_only=True
        )
        return cost, before.astype(np.int64)


def walk(before: Ints, start: int) -> list[int]:
    """Follow predecessors from a cell to the source of the search."""
    out = [start]
    while before[out[-1]] >= 0:
        out.append(int(before[out[-1]]))
    return out


def build_ground(terrain: Terrain, rng: np.random.Generator, *, blocked: NDArray[np.bool_], river_km2: float) -> Ground:
    """Prepare the search.

    Parameters
    ----------
    terrain : Terrain
        Relief.
    rng : numpy.random.Generator
        Random stream: a fifth of the cost is chance, so that roads do not run straight in the plains.
    blocked : bool array, shape (cells,)
        Cells no road may enter (towns have their own streets).
    river_km2 : float
        Rivers that drain this much are obstacles.

    Returns
    -------
    Ground
        Moves and costs, no roads yet.
    """
    tail, head, length = moves(terrain.inside & ~blocked)
    grade = np.abs(terrain.height_m[head] - terrain.height_m[tail]) / length
    wild = 1.0 + rng.uniform(0.0, 0.45, ROWS * COLUMNS)
    abroad = np.where(within(terrain.outline, cell_xy(np.arange(ROWS * COLUMNS)), -200.0), 1.0, 2.5)
    cost = abroad[head] * length * (1.0 + (grade / _STEEP) ** 2) * (wild[tail] + wild[head]) / 2
    river = terrain.inside & (terrain.area_km2 >= river_km2)
    wide = np.clip((terrain.area_km2 / 60.0) ** 0.35, 0.5, 2.2) * _CROSSING_M
    touch = 0.5 * (river[tail] * wide[tail] + river[head] * wide[head])
    # A diagonal move slips between two river cells: both corners wet means it crosses as well.
    row_t, col_t = np.divmod(tail, COLUMNS)
    row_h, col_h = np.divmod(head, COLUMNS)
    corner1, corner2 = row_t * COLUMNS + col_h, row_h * COLUMNS + col_t
    slip = (row_t != row_h) & (col_t != col_h) & river[corner1] & river[corner2]
    touch = touch + slip * np.minimum(wide[corner1], wide[corner2])
    return Ground(
        tail=tail,
        head=head,
        cost=cost + touch,
        road=np.zeros(ROWS * COLUMNS, dtype=bool),
        linked=set(),
        streets=[],
    )
