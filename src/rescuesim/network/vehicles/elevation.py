"""Grade: how an elevation raster makes the steps of ways slower (extra ``raster``).

Elevations are sampled along each step, no farther apart than the cells of the raster, with bilinear
interpolation. A grade is measured over a window of some cells (``grade.window_cells``) along the way, so that
the steps of the raster, and nodes that stand closer than its cells, make no hills. A way shorter than the
window is prolonged straight. Bridges and tunnels do not follow the ground: they rise evenly between the places
where they meet it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.linalg import spsolve

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.errors import DataFileError, InputError
from rescuesim.network.vehicles.conditions import TravelConditions
from rescuesim.network.vehicles.profiles import TravelProfile, way_speeds_kph
from rescuesim.network.ways import Ways

__all__ = ["Elevation", "GradeFactors", "read_elevation", "step_time_factors"]

_METRES_PER_DEGREE = 111_195.0
_ON_EARTH_M = (-500.0, 9_000.0)  # lower than the Dead Sea, higher than any road: no elevation


class GradeFactors(NamedTuple):
    """What grade does to the time of each step.

    Attributes
    ----------
    along, against : ndarray of float64, shape (n_refs,)
        Factors on the moving time in the order of the nodes of the way, and against it; 1 at the last node.
    notes : tuple of Note
        Which raster was used, and how much of the roads it does not hold.
    """

    along: NDArray[np.float64]
    against: NDArray[np.float64]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Elevation:
    """The part of an elevation raster around some roads.

    Parameters
    ----------
    metres : ndarray of float32, shape (n_rows, n_columns)
        NaN where there is no elevation.
    to_pixel : tuple of 6 float
        a, b, c, d, e, f: column = a x + b y + c and row = d x + e y + f, in whole numbers at the middles of cells.
    crs : str
        System of x and y, as text that pyproj reads.
    cell_m : float
        The longer side of a cell.
    source : str
    voids : int
        Cells of `metres` with values that are no elevation on Earth.
    """

    metres: NDArray[np.float32]
    to_pixel: tuple[float, float, float, float, float, float]
    crs: str
    cell_m: float
    source: str
    voids: int = 0

    def at(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return elevations by bilinear interpolation.

        Parameters
        ----------
        lon, lat : ndarray of float64, shape (n,)
            WGS84 degrees.

        Returns
        -------
        ndarray of float64, shape (n,)
            Metres; NaN outside the middles of the outer cells, and beside a cell without an elevation.
        """
        from pyproj import Transformer

        x, y = Transformer.from_crs("EPSG:4326", self.crs, always_xy=True).transform(lon, lat)
        a, b, c, d, e, f = self.to_pixel
        column, row = a * np.asarray(x) + b * np.asarray(y) + c, d * np.asarray(x) + e * np.asarray(y) + f
        n_rows, n_columns = self.metres.shape
        inside = (column >= 0) & (column <= n_columns - 1) & (row >= 0) & (row <= n_rows - 1)
        column, row = np.where(inside, column, 0.0), np.where(inside, row, 0.0)
        left = np.clip(np.floor(column).astype(np.int64), 0, max(n_columns - 2, 0))
        above = np.clip(np.floor(row).astype(np.int64), 0, max(n_rows - 2, 0))
        right, below = np.minimum(left + 1, n_columns - 1), np.minimum(above + 1, n_rows - 1)
        u, v = column - left, row - above
        upper = self.metres[above, left] * (1 - u) + self.metres[above, right] * u
        lower = self.metres[below, left] * (1 - u) + self.metres[below, right] * u
        return np.where(inside, upper * (1 - v) + lower * v, np.nan)


def read_elevation(path: Path | str, *, bounds: tuple[float, float, float, float]) -> Elevation:
    """Read the part of an elevation raster that holds a box.

    Parameters
    ----------
    path : path
        A raster of one band in metres that GDAL reads, such as a GeoTIFF, with its coordinate system.
    bounds : tuple of 4 float
        West, south, east, north in WGS84 degrees; a margin of some cells is added.

    Returns
    -------
    Elevation
        Memory is 4 bytes a cell of the box.

    Raises
    ------
    DataFileError
        If the file is absent or no raster, or rasterio (extra ``raster``) is not installed.
    InputError
        If the raster states no coordinate system, has several bands or is not in metres.
    """
    file = Path(path)
    if not file.is_file():
        raise DataFileError(f"{file}: no such file")
    try:
        import rasterio
    except ImportError:
        needed = "expected rasterio to read an elevation raster; install rescuesim[raster]"
        raise DataFileError(f"{file}: {needed}") from None
    from rasterio.errors import RasterioError
    from rasterio.windows import Window

    try:
        with rasterio.open(file) as raster:
            _check_raster(file, raster.count, raster.crs, raster.units[0] if raster.count else None)
            crs, whole = raster.crs.to_wkt(), ~raster.transform
            west, south, east, north = bounds
            edge_lon, edge_lat = np.r_[np.linspace(west, east, 21), west, east], np.linspace(south, north, 21)
            x, y = _to_raster(crs, *(axis.ravel() for axis in np.meshgrid(edge_lon, edge_lat)))
            columns, rows = whole.a * x + whole.b * y + whole.c, whole.d * x + whole.e * y + whole.f
            box = [columns.min() - 4, rows.min() - 4, columns.max() + 4, rows.max() + 4]
            limit = [raster.width, raster.height] * 2
            left, above, right, below = (
                int(np.clip(np.nan_to_num(edge, nan=0.0, posinf=1e12, neginf=-1e12), 0, most))
                for edge, most in zip(box, limit, strict=True)
            )
            window = Window(left, above, right - left, below - above)
            metres = raster.read(1, window=window, masked=True).astype(np.float32).filled(np.nan)
            cell_m = _cell_m(raster.crs, raster.res, (south + north) / 2)
    except (RasterioError, OSError) as error:
        raise DataFileError(f"{file}: expected a raster that GDAL reads, such as a GeoTIFF; {error}") from None
    absurd = np.isfinite(metres) & ((metres < _ON_EARTH_M[0]) | (metres > _ON_EARTH_M[1]))
    metres = np.where(absurd | ~np.isfinite(metres), np.float32(np.nan), metres)
    if not metres.size:
        metres = np.full((1, 1), np.nan, dtype=np.float32)
    # the middle of the first cell is pixel 0.5, 0.5 of the transform and place 0, 0 of the array
    shift = (whole.c - left - 0.5, whole.f - above - 0.5)
    to_pixel = (whole.a, whole.b, shift[0], whole.d, whole.e, shift[1])
    return Elevation(
        metres=metres, to_pixel=to_pixel, crs=crs, cell_m=cell_m, source=file.name, voids=int(absurd.sum())
    )


def _check_raster(file: Path, count: int, crs: object, unit: str | None) -> None:
    if count != 1:
        raise InputError(
            f"{file}: {count} bands: expected one, of elevations in metres (a picture is no raster of them)"
        )
    if not crs:
        raise InputError(f"{file}: expected a raster that states its coordinate system; it is never guessed")
    if unit and unit.strip().lower() not in ("m", "metre", "metres", "meter", "meters"):
        raise InputError(f"{file}: unit {unit!r}: expected elevations in metres")


def _to_raster(
    crs: str, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from pyproj import Transformer

    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def _cell_m(crs: object, res: tuple[float, float], lat: float) -> float:
    """Return the longer side of a cell in metres."""
    if crs.is_geographic:  # type: ignore[attr-defined]
        return float(max(res[0] * np.cos(np.radians(lat)), res[1]) * _METRES_PER_DEGREE)
    return float(max(res) * crs.linear_units_factor[1])  # type: ignore[attr-defined]


def step_time_factors(ways: Ways, profile: TravelProfile, elevation: Path | str | Elevation) -> GradeFactors:
    """Return what grade does to the moving time of each step of ways, in both directions.

    Parameters
    ----------
    ways : Ways
    profile : TravelProfile
        With ``steep``, stretches steeper than `steep_grade`, up or down, are driven at `steep_factor` of the speed.
        With ``climb`` (Naismith), each metre of climb costs an hour over `climb_m_per_h` on top of the time on
        the level at the plain speed of the way; going down neither costs nor saves.
    elevation : path or Elevation
        A raster of elevations in metres, as in `read_elevation`.

    Returns
    -------
    GradeFactors
        1 or more. Where the raster holds no elevation the factor is 1, and a note says on how many km.

    Raises
    ------
    DataFileError, InputError
        As `read_elevation`.

    Notes
    -----
    Time and memory grow with the length of the ways over the size of the cells.

    References
    ----------
    Naismith, W. W. (1892). Excursions: Cruach Ardran, Stobinian, and Ben More. Scottish Mountaineering Club
    Journal 2, 136: an hour for every three miles and another for every 2,000 feet of climb.
    """
    level = np.ones(len(ways.at))
    if profile.grade_rule == "level" or not ways.n_ways:
        return GradeFactors(level, level.copy(), ())
    if not isinstance(elevation, Elevation):
        box = (float(ways.lon.min()), float(ways.lat.min()), float(ways.lon.max()), float(ways.lat.max()))
        elevation = read_elevation(elevation, bounds=box)
    parts = _Parts.of(ways, elevation.cell_m)
    grade = _grades(ways, parts, elevation)
    known = np.isfinite(grade)
    rise = np.where(known, grade, 0.0)
    if profile.grade_rule == "steep":
        slow = np.where(np.abs(rise) > profile.steep_grade, 1 / profile.steep_factor, 1.0)
        along, against = slow, slow
    else:
        # on the level a metre takes 3.6 / v s; a metre of climb costs 3600 / climb_m_per_h s
        metre_s = 3.6 / way_speeds_kph(ways, profile, TravelConditions())[parts.way]
        climb_s = 3600 / profile.climb_m_per_h
        along = 1 + np.maximum(rise, 0.0) * climb_s / metre_s
        against = 1 + np.maximum(-rise, 0.0) * climb_s / metre_s
    if len(known) and not known.any():
        raise InputError(f"{elevation.source}: no elevation on any road: expected a raster of the county")
    unknown_km = float(parts.length_m[~known].sum() / 1000)
    return GradeFactors(
        parts.mean_per_step(along, len(ways.at)),
        parts.mean_per_step(against, len(ways.at)),
        _notes(elevation, unknown_km, float(parts.length_m.sum() / 1000)),
    )


def _notes(elevation: Elevation, unknown_km: float, whole_km: float) -> tuple[Note, ...]:
    name, cell = elevation.source, elevation.cell_m
    notes = [
        Note(
            f"{name}: grades from elevations in metres, cells of {cell:.0f} m",
            f"{name}：按高程栅格（单位米，网格 {cell:.0f} 米）计坡度",
        )
    ]
    if elevation.voids:
        notes.append(
            Note(
                f"{name}: {elevation.voids} cells below -500 m or above 9000 m taken as no data",
                f"{name}：{elevation.voids} 个低于 -500 米或高于 9000 米的网格按无数据处理",
            )
        )
    if unknown_km > 0:
        notes.append(
            Note(
                f"{name}: no elevation on {unknown_km:.1f} of {whole_km:.1f} km of ways; no grade counted there",
                f"{name}：{whole_km:.1f} 公里道路中 {unknown_km:.1f} 公里无高程数据，不计坡度",
            )
        )
    return tuple(notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Steps cut into parts no longer than a cell.

    Parameters
    ----------
    step, way : ndarray of int64, shape (n_parts,)
        Entry of ``at`` that the part's step begins at, and its way.
    share : ndarray of float64, shape (n_parts,)
        Share of the step at which the part begins.
    length_m : ndarray of float64, shape (n_parts,)
    """

    step: NDArray[np.int64]
    way: NDArray[np.int64]
    share: NDArray[np.float64]
    length_m: NDArray[np.float64]

    @classmethod
    def of(cls, ways: Ways, cell_m: float) -> _Parts:
        steps = np.flatnonzero(~ways.is_last)
        count = np.maximum(np.ceil(ways.step_m[steps] / cell_m), 1).astype(np.int64)
        step = np.repeat(steps, count)
        number = np.arange(len(step)) - np.repeat(np.r_[0, np.cumsum(count)[:-1]], count)
        each = np.repeat(count, count)
        return cls(step=step, way=ways.way_of[step], share=number / each, length_m=ways.step_m[step] / each)

    def mean_per_step(self, factor: NDArray[np.float64], n_refs: int) -> NDArray[np.float64]:
        """Average over the parts of each step, which are of one length; 1 for entries without a step."""
        total = np.bincount(self.step, weights=factor, minlength=n_refs)
        count = np.bincount(self.step, minlength=n_refs)
        return np.divide(total, count, out=np.ones(n_refs), where=count > 0)


def _grades(ways: Ways, parts: _Parts, elevation: Elevation) -> NDArray[np.float64]:
    """Return the grade in the middle of each part, in the order of the nodes; NaN where it is not known."""
    window = max(default("grade.window_cells").number, 2.0) * elevation.cell_m
    # ways laid end to end on one axis, with gaps between them, so that one interpolation serves all
    way_of = ways.way_of
    axis = np.r_[0.0, np.cumsum(ways.step_m)[:-1]] + way_of * (2 * window)
    begin, end = axis[ways.first[:-1]], axis[ways.first[1:] - 1]
    length = (end - begin)[parts.way]

    here, there = ways.at[parts.step], ways.at[parts.step + 1]
    lon = ways.lon[here] + (ways.lon[there] - ways.lon[here]) * parts.share
    lat = ways.lat[here] + (ways.lat[there] - ways.lat[here]) * parts.share
    last = ways.at[ways.first[1:] - 1]
    place = np.r_[axis[parts.step] + parts.share * ways.step_m[parts.step], end]
    ground = elevation.at(np.r_[lon, ways.lon[last]], np.r_[lat, ways.lat[last]])
    node_m = _deck_elevations(ways, elevation)
    off_ground = ways.bridge | ways.tunnel
    axis_of = np.r_[parts.way, np.arange(ways.n_ways)]
    span = np.maximum(end - begin, 1e-9)[axis_of]
    first_m, last_m = node_m[ways.at[ways.first[:-1]]][axis_of], node_m[last][axis_of]
    even = first_m + (last_m - first_m) * (place - begin[axis_of]) / span
    order = np.argsort(place, kind="stable")
    heights = np.where(off_ground[axis_of], even, ground)[order]

    middle = axis[parts.step] + parts.share * ways.step_m[parts.step] + parts.length_m / 2
    low = np.clip(middle - window / 2, begin[parts.way], np.maximum(end - window, begin)[parts.way])
    high = np.minimum(low + window, end[parts.way])
    grade = (np.interp(high, place[order], heights) - np.interp(low, place[order], heights)) / window
    short = length < window  # of a bridge, the rise is spread over the window; else the way is prolonged
    return np.where(short & ~off_ground[parts.way], _prolonged_grades(ways, parts, elevation, window, short), grade)


def _prolonged_grades(
    ways: Ways, parts: _Parts, elevation: Elevation, window: float, wanted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the grade over a window in the straight direction of each part's step; NaN where not wanted."""
    grade = np.full(len(parts.step), np.nan)
    some = np.flatnonzero(wanted)
    here, there = ways.at[parts.step[some]], ways.at[parts.step[some] + 1]
    d_lon, d_lat = ways.lon[there] - ways.lon[here], ways.lat[there] - ways.lat[here]
    step_m = ways.step_m[parts.step[some]]
    half = np.divide(window / 2, step_m, out=np.zeros(len(some)), where=step_m > 0)  # in shares of the step
    middle = parts.share[some] + np.divide(parts.length_m[some] / 2, step_m, out=np.zeros(len(some)), where=step_m > 0)
    at_low, at_high = (
        elevation.at(ways.lon[here] + d_lon * share, ways.lat[here] + d_lat * share)
        for share in (middle - half, middle + half)
    )
    grade[some] = (at_high - at_low) / window
    return grade


def _deck_elevations(ways: Ways, elevation: Elevation) -> NDArray[np.float64]:
    """Return the elevation of the nodes of bridges and tunnels; NaN elsewhere.

    Nodes that a way on the ground touches, and loose ends, lie on the ground. The others hang between them: along a
    chain of bridges the deck rises evenly, and where decks fork it is the mean that their lengths weigh.
    """
    heights = np.full(ways.n_nodes, np.nan)
    off = np.flatnonzero(ways.bridge | ways.tunnel)
    if not len(off):
        return heights
    steps = np.flatnonzero(~ways.is_last)
    is_off = (ways.bridge | ways.tunnel)[ways.way_of[steps]]
    tail, head = ways.at[steps], ways.at[steps + 1]
    on_ground = np.zeros(ways.n_nodes, dtype=np.bool_)
    on_ground[tail[~is_off]] = True
    on_ground[head[~is_off]] = True
    tail, head, metres = tail[is_off], head[is_off], np.maximum(ways.step_m[steps[is_off]], 1e-3)
    degree = np.bincount(np.r_[tail, head], minlength=ways.n_nodes)
    fixed = (degree > 0) & (on_ground | (degree == 1))
    nodes = np.flatnonzero(degree > 0)
    heights[nodes] = elevation.at(ways.lon[nodes], ways.lat[nodes])
    free = np.flatnonzero((degree > 0) & ~fixed)
    if not len(free):
        return heights
    index = np.full(ways.n_nodes, -1)
    index[free] = np.arange(len(free))
    return _hung(heights, index, free, tail, head, 1 / metres)


def _hung(
    heights: NDArray[np.float64],
    index: NDArray[np.int64],
    free: NDArray[np.int64],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Hang the free nodes between the fixed ones: each at the weighted mean of its neighbours."""
    ends, others, weights = np.r_[tail, head], np.r_[head, tail], np.r_[weight, weight]
    mine = index[ends] >= 0
    rows, to, w = index[ends[mine]], others[mine], weights[mine]
    inner = index[to] >= 0
    known = ~inner & np.isfinite(heights[to])
    # a tiny pull to its own ground keeps a deck without any end on the ground, as in a clipped file, where it is
    own = np.where(np.isfinite(heights[free]), heights[free], 0.0)
    pull = 1e-9
    diagonal = np.bincount(rows[inner | known], weights=w[inner | known], minlength=len(free)) + pull
    right = np.bincount(rows[known], weights=w[known] * heights[to[known]], minlength=len(free)) + pull * own
    links = coo_array((-w[inner], (rows[inner], index[to[inner]])), shape=(len(free), len(free)))
    matrix = csr_array(links) + csr_array(
        (diagonal, (np.arange(len(free)), np.arange(len(free)))), shape=(len(free), len(free))
    )
    hung = heights.copy()
    hung[free] = spsolve(matrix.tocsc(), right)
    return hung
