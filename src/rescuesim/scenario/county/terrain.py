"""The county's relief: a landscape cut by its own rivers.

Heights are the steady state of the stream-power law (slope falls with drained area, Flint 1974), found by
a few rounds of steepest descent on a 200 m grid. The rivers therefore lie in their valleys by
construction, and divides, passes and side valleys are where real ones would be. Water leaves the county
at three places, so that the main basin is parted from two smaller ones by passes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, gaussian_filter1d
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from rescuesim.scenario.county.geometry import Floats, Ints

CELL_M = 200.0
ROWS, COLUMNS = 266, 326
AREA_KM2 = 2000.0
MARGIN_M = 1000.0  # relief and roads run this far beyond the border
_STEEPNESS = 0.085  # slope of a stream draining 1 km2
_CONCAVITY = 0.45
_OUTLETS = ((-0.25, 60.0), (2.65, 330.0), (4.05, 300.0))  # bearing (rad), height of the river there (m)
_ROUNDS = 7
_SEAT_NEAR = (4000.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """Heights and drainage on the grid; cells are numbered row by row.

    Parameters
    ----------
    height_m : float array, shape (cells,)
        Height above the sea; NaN outside.
    area_km2 : float array, shape (cells,)
        Area drained through each cell.
    receiver : int array, shape (cells,)
        Cell the water flows to; itself at an outlet and outside.
    inside : bool array, shape (cells,)
        Within the border or the margin around it.
    outlets : tuple of int
        Cells where rivers leave, the main river first.
    outline : float array, shape (n, 2)
        County border, metres.
    seat_cell : int
        Cell of the main river at which the county seat lies.
    """

    height_m: Floats
    area_km2: Floats
    receiver: Ints
    inside: NDArray[np.bool_]
    outlets: tuple[int, ...]
    outline: Floats
    seat_cell: int


def cell_xy(cells: Ints | int) -> Floats:
    """Centres of cells.

    Parameters
    ----------
    cells : int array, shape (n,), or int
        Cell numbers.

    Returns
    -------
    float array, shape (n, 2) or (2,)
        Metres in the local frame.
    """
    row, column = np.divmod(np.asarray(cells), COLUMNS)
    return np.stack([(column - (COLUMNS - 1) / 2) * CELL_M, (row - (ROWS - 1) / 2) * CELL_M], axis=-1)


def cell_of(xy: Floats) -> Ints:
    """Return the cells that contain points.

    Parameters
    ----------
    xy : float array, shape (n, 2)
        Metres in the local frame.

    Returns
    -------
    int array, shape (n,)
        Cell numbers; points beyond the grid give the nearest cell.
    """
    xy = np.asarray(xy, dtype=float).reshape(-1, 2)
    column = np.clip(np.rint(xy[:, 0] / CELL_M + (COLUMNS - 1) / 2), 0, COLUMNS - 1)
    row = np.clip(np.rint(xy[:, 1] / CELL_M + (ROWS - 1) / 2), 0, ROWS - 1)
    out: Ints = (row * COLUMNS + column).astype(np.int64)
    return out


def moves(inside: NDArray[np.bool_]) -> tuple[Ints, Ints, Floats]:
    """All moves to the eight neighbours between cells inside.

    Parameters
    ----------
    inside : bool array, shape (cells,)
        Cells that may be entered.

    Returns
    -------
    tail, head : int array, shape (moves,)
        Cell numbers.
    length_m : float array, shape (moves,)
        Distance between the centres.
    """
    number = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    tails, heads, lengths = [], [], []
    for dr, dc in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = number[: ROWS - dr, max(0, -dc) : COLUMNS - max(0, dc)].ravel()
        b = a + dr * COLUMNS + dc
        keep = inside[a] & inside[b]
        tails += [a[keep], b[keep]]
        heads += [b[keep], a[keep]]
        lengths.append(np.full(2 * int(keep.sum()), CELL_M * np.hypot(dr, dc)))
    return np.concatenate(tails), np.concatenate(heads), np.concatenate(lengths)


def noise(rng: np.random.Generator, scale_m: float) -> Floats:
    """Smooth noise over the grid with mean 0 and deviation 1.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random stream.
    scale_m : float
        Size of the features.

    Returns
    -------
    float array, shape (cells,)
        Values.
    """
    field = gaussian_filter(rng.standard_normal((ROWS, COLUMNS)), scale_m / CELL_M, mode="reflect")
    out: Floats = ((field - field.mean()) / field.std()).ravel()
    return out


def _outline(rng: np.random.Generator) -> Floats:
    """Border as a star-shaped polygon of exactly the wanted area."""
    bearing = np.linspace(0, 2 * np.pi, 481)[:-1]
    wobble = np.zeros_like(bearing)
    for k in range(2, 34):
        a, b = rng.normal(0, 0.15 / k**1.05, 2)
        wobble += a * np.cos(k * bearing) + b * np.sin(k * bearing)
    far = 1.0 / np.hypot(np.cos(bearing) / 1.18, np.sin(bearing) / 0.95) * np.exp(0.17 * np.tanh(wobble / 0.17))
    ring = np.column_stack([far * np.cos(bearing), far * np.sin(bearing)])
    area = 0.5 * abs(np.sum(ring[:, 0] * np.roll(ring[:, 1], -1) - ring[:, 1] * np.roll(ring[:, 0], -1)))
    scaled: Floats = ring * np.sqrt(AREA_KM2 * 1e6 / area)
    return scaled


def within(outline: Floats, xy: Floats, margin_m: float = 0.0) -> NDArray[np.bool_]:
    """Whether points lie inside the star-shaped border.

    Parameters
    ----------
    outline : float array, shape (n, 2)
        Border, ordered by bearing from the centre.
    xy : float array, shape (m, 2)
        Points, metres.
    margin_m : float, default 0
        Moves the border outward (inward if negative).

    Returns
    -------
    bool array, shape (m,)
        True inside.
    """
    bearing = np.arctan2(outline[:, 1], outline[:, 0]) % (2 * np.pi)
    order = np.argsort(bearing, kind="stable")
    far = np.interp(np.arctan2(xy[:, 1], xy[:, 0]), bearing[order], np.hypot(*outline[order].T), period=2 * np.pi)
    out: NDArray[np.bool_] = np.hypot(xy[:, 0], xy[:, 1]) <= far + margin_m
    return out


def _drained(receiver: Ints, order: Ints) -> Floats:
    """Drained area (km2), summing from the highest cell down."""
    area = [CELL_M**2 / 1e6] * len(receiver)
    to = receiver.tolist()
    for cell in order[::-1].tolist():
        if to[cell] != cell:
            area[to[cell]] += area[cell]
    return np.array(area)


def _raised(receiver: Ints, order: Ints, rise: Floats, height: Floats) -> Floats:
    """Heights from the outlets up, each cell above its receiver by its own rise."""
    z = height.tolist()
    to = receiver.tolist()
    up = rise.tolist()
    for cell in order.tolist():
        if to[cell] != cell:
            z[cell] = z[to[cell]] + up[cell]
    return np.array(z)


def _steepest(tail: Ints, head: Ints, length: Floats, height: Floats, fixed: Ints) -> Ints:
    """Receiver of every cell: the neighbour of the steepest descent."""
    slope = (height[tail] - height[head]) / length
    receiver = np.arange(len(height))
    best = np.zeros(len(height))
    # Moves come in runs, one per direction, with tails in order: each cell once in a run.
    # Ties go to the first run.
    cuts = np.flatnonzero(np.diff(tail) < 0) + 1
    for run in np.split(np.arange(len(tail)), cuts):
        better = run[slope[run] > best[tail[run]]]
        best[tail[better]] = slope[better]
        receiver[tail[better]] = head[better]
    receiver[fixed] = fixed
    return receiver


def build_terrain(rng: np.random.Generator) -> Terrain:
    """Grow the relief of the county.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random stream of the relief.

    Returns
    -------
    Terrain
        Heights, drainage and border.
    """
    outline = _outline(rng)
    xy = cell_xy(np.arange(ROWS * COLUMNS))
    inside = within(outline, xy, MARGIN_M)
    cells = np.flatnonzero(inside)
    outlets = np.array([_rim(xy, cells, bearing) for bearing, _ in _OUTLETS])
    rock = np.exp(0.35 * noise(rng, 2500) + 0.15 * noise(rng, 600))
    tail, head, length = moves(inside)
    resist = np.exp(0.9 * noise(rng, 500) + 0.5 * noise(rng, 3000))
    # Rivers keep away from the border, which follows the divides.
    resist *= np.where(within(outline, xy, -2200.0), 1.0, 5.0)
    receiver = _first_receivers(tail, head, length * resist[head], outlets)
    base = np.full(ROWS * COLUMNS, np.nan)
    base[outlets] = [h for _, h in _OUTLETS]
    rough = rng.uniform(0.85, 1.15, ROWS * COLUMNS)
    order = _upstream_order(receiver, cells)
    for _ in range(_ROUNDS):
        area = _drained(receiver, order)
        step = np.hypot(*(xy - xy[receiver]).T)
        rise = step * np.minimum(0.5, _STEEPNESS * rock * rough * area**-_CONCAVITY)
        height = _raised(receiver, order, rise, base)
        receiver = _steepest(tail, head, length, height, outlets)
        order = cells[np.argsort(height[cells], kind="stable")]
    area = _drained(receiver, order)
    seat = _seat_cell(area, xy, inside, receiver)
    flat = _plains(area, inside, np.hypot(*(xy - xy[seat]).T))
    step = np.hypot(*(xy - xy[receiver]).T)
    rise = step * np.minimum(0.5, _STEEPNESS * rock * rough * area**-_CONCAVITY) * flat
    height = _raised(receiver, order, rise, base)
    return Terrain(
        height_m=np.where(inside, height, np.nan),
        area_km2=np.where(inside, area, 0.0),
        receiver=receiver,
        inside=inside,
        outlets=tuple(int(o) for o in outlets[np.argsort(-area[outlets], kind="stable")]),
        outline=outline,
        seat_cell=seat,
    )


def _rim(xy: Floats, cells: Ints, bearing: float) -> int:
    """Outermost inside cell in a direction."""
    ray, side = np.array([np.cos(bearing), np.sin(bearing)]), np.array([-np.sin(bearing), np.cos(bearing)])
    return int(cells[np.argmax(xy[cells] @ ray - 3 * np.abs(xy[cells] @ side))])


def _first_receivers(tail: Ints, head: Ints, cost: Floats, outlets: Ints) -> Ints:
    """Drainage to start from: cheapest paths to the outlets, the high outlets handicapped."""
    n = ROWS * COLUMNS
    handicap = np.array([0.0] + [0.5 * (h - _OUTLETS[0][1]) * 100 for _, h in _OUTLETS[1:]]) + 1.0
    graph = csr_matrix(
        (np.r_[cost, handicap], (np.r_[tail, np.full(len(outlets), n)], np.r_[head, outlets])), (n + 1, n + 1)
    )
    before = dijkstra(graph, indices=[n], return_predecessors=True)[1][0]
    receiver = np.arange(n)
    known = (before[:n] >= 0) & (before[:n] < n)
    receiver[known] = before[:n][known]
    return receiver


def _upstream_order(receiver: Ints, cells: Ints) -> Ints:
    """Cells sorted so that each comes after its receiver (by number of steps to the outlet)."""
    hop = receiver.copy()
    depth = (hop != np.arange(len(hop))).astype(np.int64)
    while True:
        further = depth + depth[hop]
        if np.array_equal(further, depth):
            break
        depth, hop = further, hop[hop]
    return cells[np.argsort(depth[cells], kind="stable")]


def _seat_cell(area: Floats, xy: Floats, inside: NDArray[np.bool_], receiver: Ints) -> int:
    """Cell of the main river for the seat: amid the county, where the river runs straight for 5 km."""
    mouth = int(np.flatnonzero(inside)[np.argmax(area[inside])])
    donor = np.full(len(area), -1, dtype=np.int64)
    order = np.flatnonzero(inside & (receiver != np.arange(len(receiver))))
    order = order[np.lexsort((order, area[order]))]
    donor[receiver[order]] = order  # the last written, the one that drains most, stays
    stem = [mouth]
    while donor[stem[-1]] >= 0 and area[donor[stem[-1]]] > 0.22 * area[mouth]:
        stem.append(int(donor[stem[-1]]))
    course = gaussian_filter1d(xy[stem], 2.0, axis=0, mode="nearest")
    window = min(14, (len(stem) - 1) // 3)
    best, where = np.inf, stem[len(stem) // 2]
    for k in range(window, len(stem) - window):
        part = course[k - window : k + window + 1]
        chord = (part[-1] - part[0]) / max(float(np.hypot(*(part[-1] - part[0]))), 1.0)
        off = part - part[0]
        sag = float(np.abs(off[:, 0] * chord[1] - off[:, 1] * chord[0]).max())
        score = float(np.hypot(*(course[k] - _SEAT_NEAR))) + 9.0 * sag
        if score < best:
            best, where = score, stem[k]
    return where


def _plains(area: Floats, inside: NDArray[np.bool_], from_seat_m: Floats) -> Floats:
    """Factor on the rise of each cell that lays flood plains beside rivers and a basin at the seat."""
    river = (inside & (area > 4.0)).reshape(ROWS, COLUMNS)
    away, nearest = distance_transform_edt(~river, return_indices=True)
    drained = area[nearest[0] * COLUMNS + nearest[1]].ravel()
    width = np.clip(110.0 * drained**0.33, 150.0, 1200.0)
    away_m = away.ravel() * CELL_M
    bank = np.where(river.ravel(), 1.0, 0.12 + 0.88 * np.clip((away_m - width) / (0.8 * width), 0, 1))
    basin = 0.06 + 0.94 * np.clip((from_seat_m - 4500.0) / 2500.0, 0, 1)
    out: Floats = np.where(river.ravel(), bank, np.minimum(bank, basin))
    return out
