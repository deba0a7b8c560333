"""Rasters of intensity, read around a region and asked cell by cell (extra ``raster``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from rescuesim._words import Note
from rescuesim.disruption.hazards.region import HazardRegion
from rescuesim.errors import DataFileError, Fault, InputError
from rescuesim.network.coordinates.crs import check_crs, unproject

if TYPE_CHECKING:
    import rasterio

__all__ = ["RasterSource", "hazard_raster"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RasterSource:
    """The part of a raster around a region.

    Parameters
    ----------
    value : ndarray of float64, shape (n_rows, n_columns)
        Cells without data hold `outside`.
    to_cell : tuple of 6 float
        a, b, c, d, e, f: column = floor(a x + b y + c) and row = floor(d x + e y + f).
    crs : str
        System of x and y.
    outside : float
        Intensity without data and beyond the raster.
    label : str
    notes : tuple of str
    """

    value: NDArray[np.float64]
    to_cell: tuple[float, float, float, float, float, float]
    crs: str
    outside: float = 0.0
    label: str = "raster"
    notes: tuple[str, ...] = ()

    @property
    def most(self) -> float:
        """Largest intensity."""
        return max(float(self.value.max()), self.outside)

    def at(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64], region: HazardRegion) -> NDArray[np.float64]:
        """Return the intensity of the cell that each point lies in."""
        lon, lat = unproject(x_m, y_m, region.crs)
        column, row = _cells(self.crs, self.to_cell, lon, lat)
        rows, columns = self.value.shape
        with np.errstate(invalid="ignore"):
            inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        found = np.full(len(lon), self.outside)
        found[inside] = self.value[row[inside].astype(np.int64), column[inside].astype(np.int64)]
        return found

    def reaches(self, region: HazardRegion) -> bool:
        """Whether a cell with data can lie in the region; the file was read around one."""
        return bool(self.value.size) and bool(np.any(self._inside(region)))

    def _inside(self, region: HazardRegion) -> NDArray[np.bool_]:
        column, row = _cells(self.crs, self.to_cell, *region.frame())
        with np.errstate(invalid="ignore"):
            return np.asarray(
                (column.max() >= 0)
                & (column.min() < self.value.shape[1])
                & (row.max() >= 0)
                & (row.min() < self.value.shape[0])
            )


def _cells(
    crs: str, to_cell: tuple[float, ...], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return column and row, as whole floats, of the cells that hold positions."""
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    a, b, c, d, e, f = to_cell
    x, y = np.asarray(x), np.asarray(y)
    return np.floor(a * x + b * y + c), np.floor(d * x + e * y + f)


def hazard_raster(
    path: Path | str,
    region: HazardRegion,
    *,
    crs: str | None = None,
    nodata: float | None = None,
    outside: float = 0.0,
) -> RasterSource:
    """Read the part of a raster of intensities around a region.

    Parameters
    ----------
    path : path
        A raster of one band that GDAL reads, such as a GeoTIFF. Its system may be any: points are carried over.
    region : HazardRegion
    crs : str, optional
        EPSG code of the system, where the raster states none.
    nodata : float, optional
        What stands for no data, where the raster does not state it.
    outside : float, optional
        Intensity where the raster has no data, or ends; said in the notes.

    Returns
    -------
    RasterSource

    Raises
    ------
    DataFileError
        If the file is absent or no raster, or rasterio (extra ``raster``) is not installed.
    InputError
        If no system is stated or declared, another is declared than stated, the raster and the region do not
        overlap, or values are negative or no numbers.
    """
    file = Path(path)
    if not file.is_file():
        raise DataFileError(f"{file}: no such file")
    try:
        import rasterio
    except ImportError:
        raise DataFileError(f"{file}: a raster needs rasterio: pip install 'rescuesim[raster]'") from None
    try:
        with rasterio.open(file) as raster:
            return _read(raster, file.name, region, crs, nodata, outside)
    except rasterio.errors.RasterioError as error:
        raise DataFileError(f"{file}: expected a raster that rasterio reads; {error}") from None


def _settled_crs(raster: rasterio.io.DatasetReader, label: str, declared: str | None, faults: list[Fault]) -> str:
    """Return the system of a raster as text that pyproj reads."""
    if raster.crs is None and declared is None:
        faults.append(
            Fault(
                file=label,
                problem=f"{label}: the raster states no coordinate system: declare it with crs; it is never guessed",
            )
        )
        return ""
    code = check_crs(declared) if declared is not None else ""
    if declared is not None and not (code.startswith("EPSG:") and " " not in code):
        faults.append(Fault(file=label, column="crs", value=declared, expected="an EPSG code for a raster"))
    elif raster.crs is not None and code and raster.crs != rasterio_crs(code):
        stated = raster.crs.to_string()[:40]
        problem = f"{label}: crs {declared!r} is declared, but the raster states {stated}: expected one of them"
        faults.append(Fault(file=label, problem=problem))
    return code if raster.crs is None else str(raster.crs.to_wkt())


def rasterio_crs(code: str) -> object:
    """Return a code as the raster library compares it."""
    from rasterio.crs import CRS

    return CRS.from_user_input(code)


def _read(
    raster: rasterio.io.DatasetReader,
    label: str,
    region: HazardRegion,
    crs: str | None,
    nodata: float | None,
    outside: float,
) -> RasterSource:
    from rasterio.windows import Window

    faults: list[Fault] = []
    if raster.count != 1:
        faults.append(Fault(file=label, value=f"{raster.count} bands", expected="one band of intensities"))
    if not 0 <= outside < np.inf:
        faults.append(Fault(column="outside", value=str(outside), expected="a finite value of 0 or more"))
    code = _settled_crs(raster, label, crs, faults)
    if faults:
        raise InputError(faults)
    whole = ~raster.transform
    to_cell = (whole.a, whole.b, whole.c, whole.d, whole.e, whole.f)
    column, row = _cells(code, to_cell, *region.frame())
    finite = np.isfinite(column) & np.isfinite(row)
    column, row = column[finite], row[finite]
    ends = (0, 0, 0, 0)
    if finite.any():
        left, right = max(int(column.min()) - 1, 0), min(int(column.max()) + 2, raster.width)
        above, below = max(int(row.min()) - 1, 0), min(int(row.max()) + 2, raster.height)
        ends = (left, right, above, below)
    left, right, above, below = ends
    if left >= right or above >= below:
        west, south, east, north = raster.bounds
        problem = (
            f"{label}: the raster ({west:.6g} to {east:.6g}, {south:.6g} to {north:.6g} in its own system) and the "
            "roads do not overlap: expected a raster of the county; check its coordinate system"
        )
        raise InputError([Fault(file=label, problem=problem)])
    window = Window(left, above, right - left, below - above)
    values = raster.read(1, window=window)
    known = raster.read_masks(1, window=window) > 0
    if nodata is not None and raster.nodata is None:
        known &= ~(np.isnan(values) if np.isnan(nodata) else values == np.asarray(nodata).astype(values.dtype))
    value = values.astype(np.float64) * float(raster.scales[0]) + float(raster.offsets[0])
    _check_values(value, known, label)
    if not known.any():
        problem = f"{label}: no cell with data in the region: expected a raster of the county"
        raise InputError([Fault(file=label, problem=problem)])
    without = 1 - float(known.mean())
    en = f"{label}: intensity {outside:g} beyond the raster and where it has no data ({without:.0%} of its cells here)"
    return RasterSource(
        value=np.where(known, value, outside),
        to_cell=(whole.a, whole.b, whole.c - left, whole.d, whole.e, whole.f - above),
        crs=code,
        outside=outside,
        label=label,
        notes=(Note(en, f"{label}：栅格之外及无数据处（此处 {without:.0%} 的单元）按 {outside:g} 计"),),
    )


def _check_values(value: NDArray[np.float64], known: NDArray[np.bool_], label: str) -> None:
    kinds = {
        "negative": (known & (value < 0), "intensities of 0 or more; declare nodata if it stands for no data"),
        "not a number": (known & np.isnan(value), "numbers; declare nodata=float('nan') if it stands for no data"),
        "infinite": (known & np.isinf(value), "finite numbers"),
    }
    faults = [
        Fault(file=label, value=f"{int(wrong.sum())} {kind} cells", expected=expected)
        for kind, (wrong, expected) in kinds.items()
        if wrong.any()
    ]
    if faults:
        raise InputError(faults)
