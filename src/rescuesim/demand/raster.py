"""Rasters of people per cell, read window by window; cells keep their place in the grid."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer

from rescuesim._words import Note
from rescuesim.errors import DataFileError, Fault, InputError
from rescuesim.network.coordinates.crs import check_crs

if TYPE_CHECKING:
    import rasterio

__all__ = ["RASTER_KINDS", "RasterGrid", "read_raster"]

RASTER_KINDS = (".tif", ".tiff", ".asc", ".img", ".vrt")
_WINDOW_CELLS = 4_000_000  # 32 MB of float64 at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterGrid:
    """The cells of a raster that hold people.

    Parameters
    ----------
    crs : str
        System of the raster, as WKT.
    transform : tuple of six float
        Easting = a·column + b·row + c and northing = d·column + e·row + f of the corner of a cell.
    shape : tuple of int
        Rows and columns of the whole raster.
    index : ndarray of int64, shape (n_cells,), ascending
        Row · columns + column of each cell.
    block : int
        Cells of the raster on a side of each cell here: 1 but for `coarser` grids.
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]
    index: NDArray[np.int64]
    block: int = 1

    def names(self) -> tuple[str, ...]:
        """Return an id for each cell, ``r12c7``: row and column of its first cell in the raster, counted from 0."""
        row, column = (at * self.block for at in np.divmod(self.index, self.shape[1]))
        return tuple(f"r{r}c{c}" for r, c in zip(row.tolist(), column.tolist(), strict=True))

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the centres of the cells in WGS84 degrees."""
        row, column = np.divmod(self.index, self.shape[1])
        return self._degrees(column + 0.5, row + 0.5)

    def cell_m(self) -> float:
        """Return the width of a cell in metres, in the middle of the raster: root of its two sides."""
        row, column = self.shape[0] / 2, self.shape[1] / 2
        lon, lat = self._degrees(np.array([column, column + 1, column]), np.array([row, row, row + 1]))
        _, _, sides = Geod(ellps="WGS84").inv(lon[[0, 0]], lat[[0, 0]], lon[1:], lat[1:])
        return float(np.sqrt(sides[0] * sides[1]))

    def owner(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the place in `index` of the cell that holds each position, -1 if none does."""
        x, y = self._projection().transform(lon, lat, direction="INVERSE")
        a, b, c, d, e, f = self.transform
        det = a * e - b * d
        x, y = np.asarray(x) - c, np.asarray(y) - f
        with np.errstate(invalid="ignore"):
            column, row = np.floor((e * x - b * y) / det), np.floor((a * y - d * x) / det)
            inside = (column >= 0) & (column < self.shape[1]) & (row >= 0) & (row < self.shape[0])
        flat = np.where(inside, row * self.shape[1] + column, -1).astype(np.int64)
        at = np.minimum(np.searchsorted(self.index, flat), len(self.index) - 1)
        return np.where(inside & (self.index[at] == flat), at, -1)

    def outlines(self) -> NDArray[np.object_]:
        """Return the outline of each cell as a Polygon in WGS84 degrees; edge blocks reach beyond."""
        row, column = np.divmod(self.index, self.shape[1])
        corners = [self._degrees(column + i, row + j) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))]
        rings = np.stack([np.column_stack(corner) for corner in corners], axis=1)
        return np.asarray(shapely.polygons(rings), dtype=object)

    def coarser(self, k: int) -> tuple[RasterGrid, NDArray[np.int64]]:
        """Group cells in blocks of k by k.

        Returns
        -------
        grid : RasterGrid
        block : ndarray of int64, shape (n_cells,)
            Place of each cell's block in the new index.
        """
        rows, columns = (-(-size // k) for size in self.shape)
        row, column = np.divmod(self.index, self.shape[1])
        index, block = np.unique((row // k) * columns + column // k, return_inverse=True)
        a, b, c, d, e, f = self.transform
        wide = (a * k, b * k, c, d * k, e * k, f)
        grid = replace(self, transform=wide, shape=(rows, columns), index=index, block=self.block * k)
        return grid, block.astype(np.int64)

    def _degrees(
        self, column: NDArray[np.float64], row: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        a, b, c, d, e, f = self.transform
        lon, lat = self._projection().transform(a * column + b * row + c, d * column + e * row + f)
        return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)

    def _projection(self) -> Transformer:
        return _to_wgs84(self.crs)


@functools.lru_cache(maxsize=8)
def _to_wgs84(crs: str) -> Transformer:
    return Transformer.from_crs(CRS.from_user_input(crs), "EPSG:4326", always_xy=True)


def read_raster(
    path: Path, *, crs: str | None, bounds: tuple[float, ...] | None, nodata: float | None
) -> tuple[RasterGrid, NDArray[np.float64], list[str]]:
    """Read the cells of a raster that hold people.

    Parameters
    ----------
    path : Path
    crs : str or None
        Declared system, where the raster states none.
    bounds : tuple of four float or None
        West, south, east, north in WGS84 degrees; only the window around them is read.
    nodata : float or None
        Declared value of no data, where the raster states none.

    Returns
    -------
    grid : RasterGrid
    people : ndarray of float64, shape (n_cells,)
        Above 0.
    notes : list of str

    Raises
    ------
    DataFileError
        If rasterio is not installed or the file is no raster.
    InputError
        With every kind of value that is no number of people.
    """
    try:
        import rasterio
    except ImportError:
        raise DataFileError(f"{path}: a raster needs rasterio: pip install 'rescuesim[raster]'") from None
    if not path.is_file():
        raise DataFileError(f"{path}: no such file")
    try:
        with rasterio.open(path) as raster:
            return _read(raster, path.name, crs, bounds, nodata)
    except rasterio.errors.RasterioError as error:
        raise DataFileError(f"{path}: expected a raster that rasterio reads; {error}") from None


def _read(
    raster: rasterio.io.DatasetReader,
    label: str,
    crs: str | None,
    bounds: tuple[float, ...] | None,
    nodata: float | None,
) -> tuple[RasterGrid, NDArray[np.float64], list[str]]:
    grid = _empty_grid(raster, label, crs)
    stated = raster.nodata if raster.nodata is not None else nodata
    scale, offset = float(raster.scales[0]), float(raster.offsets[0])
    index, people, bad = [], [], _Bad(label=label)
    for window in _windows(grid, bounds):
        top, left, height, width = window
        part = ((top, top + height), (left, left + width))
        values = raster.read(1, window=part)
        known = raster.read_masks(1, window=part) > 0
        if stated is not None:
            known &= ~(np.isnan(values) if np.isnan(stated) else values == np.asarray(stated).astype(values.dtype))
        values = values.astype(np.float64) * scale + offset
        bad.look(values, known, top, left)
        with np.errstate(invalid="ignore"):
            row, column = np.nonzero(known & (values > 0))
        index.append((row + top) * np.int64(grid.shape[1]) + column + left)
        people.append(values[row, column])
    if bad.faults:
        raise InputError(list(bad.faults.values()))
    notes: list[str] = []
    if bounds is not None:
        en = f"{label}: read within the box of the boundary only"
        notes.append(Note(en, f"{label}：仅读取边界外接矩形以内的部分"))
    if (scale, offset) != (1.0, 0.0):
        en = f"{label}: values times {scale:g} plus {offset:g}, as the raster states"
        notes.append(Note(en, f"{label}：按栅格说明，数值乘以 {scale:g} 再加 {offset:g}"))
    return replace(grid, index=np.concatenate(index)), np.concatenate(people), notes


def _empty_grid(raster: rasterio.io.DatasetReader, label: str, crs: str | None) -> RasterGrid:
    faults = []
    if raster.count != 1:
        faults.append(Fault(file=label, value=f"{raster.count} bands", expected="one band with people per cell"))
    if raster.crs is None and crs is None:
        faults.append(Fault(file=label, expected="a raster that states its coordinate system, or crs declared"))
    transform = tuple(float(term) for term in raster.transform[:6])
    if transform[0] * transform[4] == transform[1] * transform[3]:
        faults.append(Fault(file=label, expected="a raster with its place on Earth (a geotransform)"))
    if faults:
        raise InputError(faults)
    if raster.crs is None:
        code = check_crs(str(crs))
        if "towgs84" in code:
            expected = "a raster without a datum shift: reproject it to CGCS2000 or WGS84 first"
            raise InputError([Fault(file=label, column="crs", value=code, expected=expected)])
        if not code.upper().startswith("EPSG:"):
            raise InputError([Fault(file=label, column="crs", value=code, expected="an EPSG code for a raster")])
    else:
        code = raster.crs.to_wkt()
    a, b, c, d, e, f = transform
    return RasterGrid(
        crs=code,
        transform=(a, b, c, d, e, f),
        shape=(int(raster.height), int(raster.width)),
        index=np.zeros(0, dtype=np.int64),
    )


def _windows(grid: RasterGrid, bounds: tuple[float, ...] | None) -> list[tuple[int, int, int, int]]:
    """Cut the raster, or its part around the bounds, in strips: top, left, height, width."""
    top, left, bottom, right = 0, 0, *grid.shape
    if bounds is not None:
        # a fine frame of the box: its sides are bent in the raster's own system
        side = np.linspace(0.0, 1.0, 65)
        lon = bounds[0] + np.r_[side, side, 0 * side, 0 * side + 1] * (bounds[2] - bounds[0])
        lat = bounds[1] + np.r_[0 * side, 0 * side + 1, side, side] * (bounds[3] - bounds[1])
        a, b, c, d, e, f = grid.transform
        x, y = _to_wgs84(grid.crs).transform(lon, lat, direction="INVERSE")
        det = a * e - b * d
        column, row = (e * (x - c) - b * (y - f)) / det, (a * (y - f) - d * (x - c)) / det
        if not (np.isfinite(column).all() and np.isfinite(row).all()):
            raise InputError("boundary: expected a place that the raster's coordinate system can hold")
        top, bottom = max(0, int(np.floor(row.min())) - 1), min(grid.shape[0], int(np.ceil(row.max())) + 1)
        left, right = max(0, int(np.floor(column.min())) - 1), min(grid.shape[1], int(np.ceil(column.max())) + 1)
        if top >= bottom or left >= right:
            raise InputError("boundary: expected a place inside the raster; they do not meet")
    strip = max(1, _WINDOW_CELLS // (right - left))
    return [(row, left, min(strip, bottom - row), right - left) for row in range(top, bottom, strip)]


class _Bad:
    """Counts the cells that hold no number of people, one fault a kind."""

    def __init__(self, *, label: str) -> None:
        self.label = label
        self.faults: dict[str, Fault] = {}
        self._counts: dict[str, int] = {}
        self._first: dict[str, str] = {}

    def look(self, values: NDArray[np.float64], known: NDArray[np.bool_], top: int, left: int) -> None:
        kinds = {
            "negative": (known & (values < 0), "people of 0 or more; declare nodata if it stands for no data"),
            "not a number": (known & np.isnan(values), "a number; declare nodata=nan if it stands for no data"),
            "infinite": (known & np.isinf(values), "a finite number"),
        }
        for kind, (wrong, expected) in kinds.items():
            if not wrong.any():
                continue
            row, column = (int(at[0]) for at in np.nonzero(wrong))
            self._counts[kind] = self._counts.get(kind, 0) + int(wrong.sum())
            first = f"first at row {row + top}, column {column + left}: {values[row, column]:g}"
            value = f"{self._counts[kind]} {kind} cells, {self._first.setdefault(kind, first)}"
            self.faults[kind] = Fault(file=self.label, value=value, expected=expected)
