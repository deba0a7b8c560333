"""Where people settled: townships at the foot of large valleys, villages up the side valleys.

Candidates are cells beside running water on gentle ground. They are taken by weighted chance, near the seat
and low down first, and keep a distance from each other that grows with the distance from the seat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, maximum_filter, minimum_filter

from rescuesim.scenario.county.geometry import Floats, Ints
from rescuesim.scenario.county.rivers import STREAM_KM2
from rescuesim.scenario.county.terrain import CELL_M, COLUMNS, ROWS, Terrain, cell_xy, within

TOWNSHIP_COUNT = 16
VILLAGE_COUNT = 300
HAMLET_COUNT = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Cells of the settlements.

    Parameters
    ----------
    townships : int array, shape (16,)
        Centres; the one with the largest valley first.
    villages : int array, shape (300,)
        Villages.
    hamlets : int array, shape (n,)
        Hamlets; they have a road but no row in the tables.
    """

    townships: Ints
    villages: Ints
    hamlets: Ints


def _spread(cells: Ints, key: Floats, gap_m: Floats, taken: list[int], taken_gap_m: float, n: int) -> list[int]:
    """Take up to ``n`` cells in the order of ``key``, each at its own distance from those taken."""
    kept: list[int] = []
    xy = cell_xy(cells)
    near = cell_xy(np.array(taken, dtype=np.int64)).reshape(-1, 2)
    free = (
        np.array([np.hypot(*(near - p).T).min() > taken_gap_m for p in xy]) if len(near) else np.ones(len(cells), bool)
    )
    points: list[Floats] = []
    for k in np.lexsort((cells, key)).tolist():
        if len(kept) == n:
            break
        if free[k] and (not points or np.hypot(*(np.array(points) - xy[k]).T).min() > gap_m[k]):
            kept.append(int(cells[k]))
            points.append(xy[k])
    return kept


def settle(terrain: Terrain, blocked: NDArray[np.bool_], rng: np.random.Generator) -> Places:
    """Choose the settlements.

    Parameters
    ----------
    terrain : Terrain
        Relief.
    blocked : bool array, shape (cells,)
        Ground of the seat and the park.
    rng : numpy.random.Generator
        Random stream.

    Returns
    -------
    Places
        Cells.
    """
    xy = cell_xy(np.arange(ROWS * COLUMNS))
    home = within(terrain.outline, xy, -900.0) & ~blocked
    height = np.where(terrain.inside, terrain.height_m, 9999.0).reshape(ROWS, COLUMNS)
    relief = (maximum_filter(height, 3) - minimum_filter(height, 3)).ravel()
    river = (terrain.inside & (terrain.area_km2 >= STREAM_KM2)).reshape(ROWS, COLUMNS)
    away, index = distance_transform_edt(~river, return_indices=True)
    away_m = away.ravel() * CELL_M
    drained = terrain.area_km2[(index[0] * COLUMNS + index[1]).ravel()]
    from_seat = np.hypot(*(xy - xy[terrain.seat_cell]).T)
    bank = home & (away_m > 0) & (away_m <= 1.5 * CELL_M)
    townships = _townships(terrain, xy, bank & (relief < 150), drained, from_seat, rng)
    brook = home & (away_m > CELL_M) & (terrain.area_km2 > 0.45) & (relief < 190)
    plain = home & (away_m > CELL_M) & (away_m < 1400) & (relief < 40) & (from_seat < 14000)
    pool = np.flatnonzero((brook | plain | (bank & (relief < 130))) & (from_seat > 2600))
    low = np.exp(-(terrain.height_m[pool] - 60.0) / 420.0) * np.exp(-from_seat[pool] / 22000.0)
    key = rng.exponential(size=len(pool)) / low
    gap = 780.0 + 0.028 * from_seat[pool]
    villages = _spread(pool, key, gap, townships, 1000.0, VILLAGE_COUNT)
    pool = np.flatnonzero(brook)
    key = rng.exponential(size=len(pool))
    hamlets = _spread(pool, key, np.full(len(pool), 900.0), townships + villages, 720.0, HAMLET_COUNT)
    return Places(townships=np.array(townships), villages=np.array(villages), hamlets=np.array(hamlets))


def _townships(
    terrain: Terrain, xy: Floats, good: NDArray[np.bool_], drained: Floats, from_seat: Floats,
    rng: np.random.Generator,
) -> list[int]:  # fmt: skip
    """Sixteen centres on large rivers, as far apart as the valleys allow."""
    pool = np.flatnonzero(good & (drained > 22) & (from_seat > 6000) & within(terrain.outline, xy, -2500.0))
    key = rng.exponential(size=len(pool)) / np.sqrt(drained[pool])
    chosen: list[int] = []
    for gap in np.arange(9500.0, 2000.0, -400.0):
        chosen = _spread(pool, key, np.full(len(pool), gap), [], 0.0, TOWNSHIP_COUNT)
        if len(chosen) == TOWNSHIP_COUNT:
            break
    return sorted(chosen, key=lambda c: (-drained[c], c))
