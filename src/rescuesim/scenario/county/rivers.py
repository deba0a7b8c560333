"""Rivers as lines: each runs from its spring to the river it joins, smoothed and slightly meandering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rescuesim.scenario.county.geometry import Floats, Ints, resample, smooth
from rescuesim.scenario.county.terrain import Terrain, cell_xy

STREAM_KM2 = 9.0  # smaller brooks are not mapped
RIVER_KM2 = 60.0  # from here on the map says river, below it says stream


@dataclass(frozen=True, slots=True, kw_only=True)
class River:
    """One river from spring to mouth.

    Parameters
    ----------
    line : float array, shape (n, 2)
        Points downstream, metres; the last lies on the river it joins.
    area_km2 : float array, shape (n,)
        Area drained at each point.
    """

    line: Floats
    area_km2: Floats


def _stems(terrain: Terrain) -> list[list[int]]:
    """Cells of every river from spring to mouth (the cell of the next river included), big rivers first."""
    cells = np.flatnonzero(terrain.inside & (terrain.area_km2 >= STREAM_KM2))
    donors: dict[int, list[int]] = {}
    for cell in cells.tolist():
        down = int(terrain.receiver[cell])
        if down != cell:
            donors.setdefault(down, []).append(cell)
    for down, list_ in donors.items():
        donors[down] = sorted(list_, key=lambda c: (-terrain.area_km2[c], c))
    starts = [(o, -1) for o in terrain.outlets if terrain.area_km2[o] >= STREAM_KM2]
    stems: list[list[int]] = []
    while starts:
        cell, mouth = starts.pop(0)
        stem = [cell] if mouth < 0 else [mouth, cell]
        while cell in donors:
            main, *others = donors[cell]
            starts += [(other, cell) for other in others]
            cell = main
            stem.append(cell)
        if len(stem) > 3:
            stems.append(stem[::-1])
    return stems


def build_rivers(terrain: Terrain, rng: np.random.Generator) -> tuple[River, ...]:
    """Draw the rivers of the county.

    Parameters
    ----------
    terrain : Terrain
        Relief and drainage.
    rng : numpy.random.Generator
        Random stream of the meanders.

    Returns
    -------
    tuple of River
        The main river first; a tributary comes after the river it joins.
    """
    place: dict[int, Floats] = {}
    rivers = []
    for stem in _stems(terrain):
        xy = cell_xy(np.array(stem)) + rng.normal(0.0, 38.0, (len(stem), 2))
        if stem[-1] in place:
            xy[-1] = place[stem[-1]]
        xy = smooth(xy, 0.9)
        for cell, point in zip(stem, xy, strict=True):
            place.setdefault(cell, point)
        line = smooth(resample(xy, 70.0), 1.3)
        share = np.linspace(0, len(stem) - 1, len(line))
        area = np.interp(share, np.arange(len(stem)), terrain.area_km2[stem])
        rivers.append(River(line=line, area_km2=area))
    return tuple(rivers)


def reshape_near(rivers: tuple[River, ...], centre: Floats, reach_m: float) -> tuple[River, ...]:
    """Straighten the main river through the county seat, as embankments do.

    Parameters
    ----------
    rivers : tuple of River
        All rivers; the first is the main one.
    centre : float array, shape (2,)
        Centre of the seat, metres.
    reach_m : float
        Length of the embanked stretch to each side.

    Returns
    -------
    tuple of River
        The rivers, the main one replaced and its tributaries led to it again.
    """
    main = rivers[0]
    away = np.hypot(*(main.line - centre).T)
    calm = smooth(main.line, 14.0)
    weight = np.clip((1.35 * reach_m - away) / (0.35 * reach_m), 0, 1)[:, None]
    weight = weight * weight * (3 - 2 * weight)
    line = weight * calm + (1 - weight) * main.line
    out = [River(line=line, area_km2=main.area_km2)]
    for river in rivers[1:]:
        gap = np.hypot(*(main.line - river.line[-1]).T)
        bent = river.line.copy()
        if gap.min() < 60.0:
            k = min(8, len(bent) - 1)
            shift = line[int(gap.argmin())] - bent[-1]
            bent[-k:] += shift * np.linspace(1 / k, 1, k)[:, None]
        out.append(River(line=bent, area_km2=river.area_km2))
    return tuple(out)


def river_segments(rivers: tuple[River, ...]) -> tuple[Floats, Floats, Floats, Ints]:
    """All river segments in one table.

    Parameters
    ----------
    rivers : tuple of River
        The rivers.

    Returns
    -------
    start, end : float array, shape (n, 2)
        Ends of the segments, metres.
    area_km2 : float array, shape (n,)
        Area drained.
    river : int array, shape (n,)
        Number of the river.
    """
    start = np.vstack([r.line[:-1] for r in rivers])
    end = np.vstack([r.line[1:] for r in rivers])
    area = np.concatenate([r.area_km2[:-1] for r in rivers])
    number = np.concatenate([np.full(len(r.line) - 1, i) for i, r in enumerate(rivers)])
    return start, end, area, number
