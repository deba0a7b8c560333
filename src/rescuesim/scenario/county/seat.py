"""The county seat and the industrial park: street grids laid along the river and over the plain.

The seat's streets follow two families of lines, u (across the river) and v (along it); near the river the
v lines bend with it, so the embankment roads run beside the water and only u lines cross, on bridges. The
lines that carry traffic stay whole; residential ones lose pieces and blocks, which gives T junctions and
lanes. The ends of the main streets are the gates at which country roads begin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from rescuesim.scenario.county.drafting import Board
from rescuesim.scenario.county.geometry import Floats, along, lengths_along
from rescuesim.scenario.county.rivers import River

_BANK_M = 72.0  # embankment road from the middle of the river
_HALF_U, _NORTH_V, _SOUTH_V = 2550.0, 1900.0, 1350.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Local axes of a town: ``u`` along the river downstream, ``v`` to its left.

    Parameters
    ----------
    origin : float array, shape (2,)
        Centre, metres.
    axis : float array, shape (2,)
        Unit vector of u.
    bend_u, bend_v : float array, shape (n,)
        Course of the river in the frame; empty if no river bends the grid.
    """

    origin: Floats
    axis: Floats
    bend_u: Floats
    bend_v: Floats

    def to_xy(self, u: Floats, v: Floats) -> Floats:
        """County coordinates of grid coordinates, the bend of the river included."""
        u, v = np.asarray(u, dtype=float), np.asarray(v, dtype=float)
        if len(self.bend_u):
            v = v + np.interp(u, self.bend_u, self.bend_v) * np.exp(-np.abs(v) / 1500.0)
            u = u + 22.0 * np.sin(v / 640.0 + 0.7)
            v = v + 18.0 * np.sin(u / 820.0 + 2.1) * np.clip(np.abs(v) / 600.0 - 0.3, 0, 1)
        side = np.array([-self.axis[1], self.axis[0]])
        out: Floats = self.origin + np.multiply.outer(u, self.axis) + np.multiply.outer(v, side)
        return out

    def to_uv(self, xy: Floats) -> Floats:
        """Straight local coordinates (without the bend): float array, shape (n, 2)."""
        side = np.array([-self.axis[1], self.axis[0]])
        d = np.asarray(xy, dtype=float).reshape(-1, 2) - self.origin
        return np.column_stack([d @ self.axis, d @ side])


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A town with a grid.

    Parameters
    ----------
    frame : Frame
        Its axes.
    gates : dict
        Node at which a country road may begin, by name (``east``, ``west_trunk``, …).
    nodes : tuple of int
        Junctions of the grid.
    """

    frame: Frame
    gates: dict[str, int]
    nodes: tuple[int, ...]


def seat_frame(river: River, centre: Floats) -> Frame:
    """Axes of the seat, along the main river.

    Parameters
    ----------
    river : River
        The main river.
    centre : float array, shape (2,)
        A point near the seat's centre, metres.

    Returns
    -------
    Frame
        The axes, with the river's course as bend.
    """
    s = lengths_along(river.line)
    here = s[int(np.hypot(*(river.line - centre).T).argmin())]
    reach = along(river.line, np.array([here - 3000.0, here + 3000.0]))
    axis = (reach[1] - reach[0]) / np.hypot(*(reach[1] - reach[0]))
    origin = along(river.line, np.array([here - 2200.0, here - 1000.0, here, here + 1000.0, here + 2200.0])).mean(0)
    plain = Frame(origin=origin, axis=axis, bend_u=np.zeros(0), bend_v=np.zeros(0))
    uv = plain.to_uv(along(river.line, np.arange(here - 4500.0, here + 4500.0, 60.0)))
    u = np.maximum.accumulate(uv[:, 0])
    keep = np.r_[True, np.diff(u) > 1.0]
    return Frame(origin=origin, axis=axis, bend_u=u[keep], bend_v=uv[keep, 1])


def in_seat(frame: Frame, xy: Floats, grow_m: float = 0.0) -> NDArray[np.bool_]:
    """Whether points lie in the built-up seat.

    Parameters
    ----------
    frame : Frame
        Axes of the seat.
    xy : float array, shape (n, 2)
        Points, metres.
    grow_m : float, default 0
        Moves the town's edge outward.

    Returns
    -------
    bool array, shape (n,)
        True inside.
    """
    uv = frame.to_uv(xy)
    return _in_oval(uv[:, 0], uv[:, 1] - np.interp(uv[:, 0], frame.bend_u, frame.bend_v), grow_m)


def _in_oval(u: Floats, v: Floats, grow_m: float = 0.0) -> NDArray[np.bool_]:
    """Oval of the town with a few lobes, so that it does not end on a line."""
    half_v = np.where(np.asarray(v) > 0, _NORTH_V, _SOUTH_V) + grow_m
    bearing = np.arctan2(v / half_v, u / (_HALF_U + grow_m))
    lobes = 1.0 + 0.10 * np.sin(3 * bearing + 0.6) + 0.06 * np.sin(7 * bearing + 2.0)
    out: NDArray[np.bool_] = np.hypot(u / (_HALF_U + grow_m), v / half_v) < lobes
    return out


def _lines(rng: np.random.Generator, low: float, high: float, start: float) -> Floats:
    """Positions of grid lines outward from a start, 78 to 128 m apart."""
    up, down = [start], [start]
    while up[-1] < high:
        up.append(up[-1] + rng.uniform(78, 128))
    while down[-1] > low:
        down.append(down[-1] - rng.uniform(78, 128))
    return np.array(down[:0:-1] + up)


def _street_class(k: int, every: int, phase: int) -> str:
    """Class of the k-th line of a family."""
    place = (k + phase) % every
    return "secondary" if place == 0 else "tertiary" if place == every // 2 else "residential"


def build_seat(board: Board, frame: Frame, rng: np.random.Generator, streets: list[str]) -> Town:
    """Draw the streets of the seat.

    Parameters
    ----------
    board : Board
        Drawn upon.
    frame : Frame
        Axes of the seat.
    rng : numpy.random.Generator
        Random stream of the seat.
    streets : list of str
        Street names, the best first; taken from the front.

    Returns
    -------
    Town
        Gates and junctions.
    """
    u = _lines(rng, -_HALF_U * 1.15, _HALF_U * 1.15, 0.0)
    south = -_BANK_M - np.r_[0.0, np.cumsum(rng.uniform(78, 128, 16))]
    v = np.concatenate([south[::-1], _BANK_M + np.r_[0.0, np.cumsum(rng.uniform(78, 128, 22))]])
    zero_u, bank_s = int(np.argmin(abs(u))), int(np.flatnonzero(v < 0)[-1])
    u_class = [_street_class(k - zero_u, 6, 0) for k in range(len(u))]
    v_class = ["tertiary" if k in (bank_s, bank_s + 1) else _street_class(k - bank_s, 6, -4) for k in range(len(v))]
    main_v = [k for k, c in enumerate(v_class) if c == "secondary"]
    trunk = max(k for k in main_v if v[k] < 0.8 * _NORTH_V)
    v_class[trunk] = "trunk"
    u_class[zero_u] = "primary"
    grid_u, grid_v = np.meshgrid(u, v, indexing="ij")
    grid = frame.to_xy(grid_u, grid_v) + rng.normal(0, 5.0, (*grid_u.shape, 2))
    alive = _in_oval(grid_u, grid_v)
    _open_blocks(alive, u_class, v_class, rng)
    node = np.full(alive.shape, -1, dtype=np.int64)
    for a, b in np.argwhere(alive).tolist():
        node[a, b] = board.node(grid[a, b])
    oneway = {("u", zero_u + 1): 1, ("u", zero_u + 2): -1, ("v", bank_s + 2): 1, ("v", bank_s + 3): -1}
    names = iter(streets)
    gates: dict[str, int] = {}
    families = [("v", k, node[:, k], v_class[k]) for k in range(len(v))]
    families += [("u", k, node[k, :], u_class[k]) for k in range(len(u))]
    families.sort(key=lambda f: ("trunk", "primary", "secondary", "tertiary", "residential").index(f[3]))
    for family, k, line, highway in families:
        way = oneway.get((family, k), 0)
        highway = "tertiary" if way else highway
        tags = _street_tags(highway, bool(way), rng)
        if highway == "trunk":
            tags |= {"name": "环城北路", "ref": "G536", "maxspeed": "60"}
        elif family == "v" and k in (bank_s, bank_s + 1):
            tags["name"] = "溪滨南路" if k == bank_s else "溪滨北路"
        elif highway != "residential" or rng.random() < 0.6:
            tags["name"] = next(names)
        gap = bank_s if family == "u" else -1
        for run in _runs(line.tolist(), highway, gap, rng, whole=bool(way)):
            board.draw(run[:: way or 1], tags, "seat")
        ends = [n for n in line.tolist() if n >= 0]
        if highway in ("trunk", "primary", "secondary") and len(ends) > 6:
            first, last = ("west", "east") if family == "v" else ("south", "north")
            gates[f"{first}_{highway}_{k}"], gates[f"{last}_{highway}_{k}"] = ends[0], ends[-1]
    return Town(frame=frame, gates=gates, nodes=tuple(int(n) for n in node[alive]))


def _street_tags(highway: str, way: bool, rng: np.random.Generator) -> dict[str, str]:
    """Tags of a street without its name."""
    lanes = {"trunk": "4", "primary": "4", "secondary": "4" if rng.random() < 0.5 else "2", "tertiary": "2"}
    tags = {"highway": highway, "surface": "asphalt" if highway != "residential" else "concrete"}
    if highway in lanes:
        tags["lanes"] = "2" if way else lanes[highway]
    if highway in ("primary", "secondary") and rng.random() < 0.4:
        tags["maxspeed"] = "50" if highway == "primary" else "40"
    if way:
        tags["oneway"] = "yes"
    return tags


def _open_blocks(alive: NDArray[np.bool_], u_class: list[str], v_class: list[str], rng: np.random.Generator) -> None:
    """Take out the junctions inside a few large blocks (schools, parks, works)."""
    for _ in range(16):
        a, b = int(rng.integers(2, alive.shape[0] - 4)), int(rng.integers(2, alive.shape[1] - 4))
        for k in range(a, a + int(rng.integers(1, 3))):
            for m in range(b, b + int(rng.integers(1, 3))):
                if u_class[k] == "residential" and v_class[m] == "residential":
                    alive[k, m] = False


def _runs(line: list[int], highway: str, gap: int, rng: np.random.Generator, *, whole: bool) -> list[list[int]]:
    """Cut a grid line into the pieces that are built; ``gap`` is the step that crosses the river."""
    runs: list[list[int]] = []
    run: list[int] = []
    lost = 0.17 if highway == "residential" and not whole else 0.0
    for k, n in enumerate(line):
        broken = (
            n < 0 or (rng.random() < lost) or (k == gap + 1 and gap >= 0 and highway in ("residential", "tertiary"))
        )
        if broken or not run:
            if len(run) > 1:
                runs.append(run)
            run = [n] if n >= 0 else []
        else:
            run.append(n)
    if len(run) > 1:
        runs.append(run)
    return runs


def park_frame(seat: Frame, river_points: Floats, rng: np.random.Generator) -> Frame:
    """Place the industrial park beside the seat, downstream, away from the rivers.

    Parameters
    ----------
    seat : Frame
        Axes of the seat.
    river_points : float array, shape (n, 2)
        Points of all rivers, metres.
    rng : numpy.random.Generator
        Random stream.

    Returns
    -------
    Frame
        Axes of the park, turned a little against the seat's.
    """
    turn = float(rng.uniform(0.12, 0.28))
    c, s = np.cos(turn), np.sin(turn)
    axis = np.array([c * seat.axis[0] - s * seat.axis[1], s * seat.axis[0] + c * seat.axis[1]])
    rim_u, rim_v = (m.ravel() for m in np.meshgrid(np.linspace(-1150, 1150, 9), np.linspace(-900, 900, 7)))
    water = cKDTree(river_points)
    best, where = -np.inf, seat.to_xy(np.array([5200.0]), np.array([0.0]))[0]
    for u in np.linspace(3700.0, 5200.0, 7):
        for v in np.linspace(-2600.0, 2600.0, 14):
            frame = Frame(
                origin=seat.to_xy(np.array([u]), np.array([v]))[0],
                axis=axis,
                bend_u=np.zeros(0),
                bend_v=np.zeros(0),
            )
            ground = frame.to_xy(rim_u, rim_v)
            if in_seat(seat, ground, 380.0).any():
                continue
            # Ground that a river runs through is the last resort, however near.
            dry = float(np.min(water.query(ground)[0]))
            free = 8.0 * min(dry, 150.0) - 0.3 * abs(v) - 0.3 * u
            if free > best:
                best, where = free, frame.origin
    return Frame(origin=where, axis=axis, bend_u=np.zeros(0), bend_v=np.zeros(0))


def in_park(frame: Frame, xy: Floats, grow_m: float = 0.0) -> NDArray[np.bool_]:
    """Whether points lie in the industrial park.

    Parameters
    ----------
    frame : Frame
        Axes of the park.
    xy : float array, shape (n, 2)
        Points, metres.
    grow_m : float, default 0
        Moves the edge outward.

    Returns
    -------
    bool array, shape (n,)
        True inside.
    """
    uv = np.abs(frame.to_uv(xy))
    out: NDArray[np.bool_] = (uv[:, 0] < 1080.0 + grow_m) & (uv[:, 1] < 830.0 + grow_m)
    return out


def build_park(board: Board, frame: Frame, rng: np.random.Generator, streets: list[str], wet: Floats) -> Town:
    """Draw the streets of the industrial park.

    Parameters
    ----------
    board : Board
        Drawn upon.
    frame : Frame
        Axes of the park.
    rng : numpy.random.Generator
        Random stream.
    streets : list of str
        Street names.
    wet : float array, shape (n, 2)
        Points of all rivers, metres; junctions keep off them.

    Returns
    -------
    Town
        Gates and junctions.
    """
    u = np.concatenate([[-1080.0], -1080.0 + np.cumsum(rng.uniform(175, 255, 10))])
    v = np.concatenate([[-830.0], -830.0 + np.cumsum(rng.uniform(165, 230, 8))])
    u, v = u * (1080.0 / u[-1]) if u[-1] > 1080 else u, v * (830.0 / v[-1]) if v[-1] > 830 else v
    grid_u, grid_v = np.meshgrid(u, v, indexing="ij")
    grid = frame.to_xy(grid_u, grid_v) + rng.normal(0, 3.0, (*grid_u.shape, 2))
    far = np.array([np.hypot(*(wet - p).T).min() for p in grid.reshape(-1, 2)]).reshape(grid_u.shape)
    node = np.full(grid_u.shape, -1, dtype=np.int64)
    for a, b in np.argwhere(far > 70.0).tolist():
        node[a, b] = board.node(grid[a, b])
    mid_u, mid_v = len(u) // 2, len(v) // 2
    gates: dict[str, int] = {}
    names = iter(streets)
    for family, k, line in [("v", k, node[:, k]) for k in range(len(v))] + [
        ("u", k, node[k, :]) for k in range(len(u))
    ]:
        middle = k == (mid_v if family == "v" else mid_u)
        highway = "secondary" if middle and family == "v" else "tertiary" if middle else "unclassified"
        tags = {"highway": highway, "surface": "asphalt", "lanes": "4" if middle else "2"}
        if middle or rng.random() < 0.85:
            tags["name"] = next(names)
        for run in _runs(line.tolist(), "residential" if not middle else highway, -1, rng, whole=rng.random() < 0.6):
            board.draw(run, tags, "park")
        ends = [n for n in line.tolist() if n >= 0]
        if middle:
            first, last = ("west", "east") if family == "v" else ("south", "north")
            gates[first], gates[last] = ends[0], ends[-1]
    return Town(frame=frame, gates=gates, nodes=tuple(int(n) for n in node[node >= 0]))
