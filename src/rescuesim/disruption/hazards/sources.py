"""Where the intensities of a hazard layer come from: polygons, points that radiate, a field, one value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim._tables import Column, check_table, declared_crs, parse_number, position_faults, read_text_table
from rescuesim._words import Note
from rescuesim.disruption.hazards.gaussian import Covariance
from rescuesim.disruption.hazards.marginals import Marginal
from rescuesim.disruption.hazards.region import HazardRegion
from rescuesim.errors import Fault, InputError
from rescuesim.network.coordinates.crs import project, to_wgs84, unproject

if TYPE_CHECKING:
    import geopandas

__all__ = [
    "ConstantSource",
    "FieldSource",
    "PolygonSource",
    "SiteSource",
    "hazard_polygons",
    "hazard_sites",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantSource:
    """The same intensity everywhere."""

    value: float

    def __post_init__(self) -> None:
        if not 0 <= self.value < math.inf:
            raise InputError(f"constant intensity {self.value}: expected a finite value of 0 or more")

    @property
    def most(self) -> float:
        """Largest intensity."""
        return self.value

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing to say."""
        return ()

    def at(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64], region: HazardRegion) -> NDArray[np.float64]:
        """Return the intensity at points."""
        return np.full(len(x_m), float(self.value))

    def reaches(self, region: HazardRegion) -> bool:
        """Whether it says anything about the region."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSource:
    """A correlated random field, where nobody has mapped the hazard.

    Parameters
    ----------
    marginal : Marginal
        Distribution at every point.
    correlation_m : float
        Correlation length of the Gaussian field beneath.
    covariance : {'exponential', 'matern_1_5', 'matern_2_5'}
    """

    marginal: Marginal
    correlation_m: float
    covariance: Covariance = "exponential"

    @property
    def most(self) -> float:
        """Largest intensity."""
        return self.marginal.most

    @property
    def notes(self) -> tuple[str, ...]:
        """Say that the field is drawn."""
        km = f"{self.correlation_m / 1000:g}"
        en = f"no map: drawn from a {self.marginal.shape} field, correlation length {km} km"
        return (Note(en, f"无分布图：按 {self.marginal.shape} 随机场抽样，相关长度 {km} 公里"),)

    def reaches(self, region: HazardRegion) -> bool:
        """Whether it says anything about the region."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolygonSource:
    """Polygons with an intensity each; where several overlap the highest holds.

    Parameters
    ----------
    polygons : ndarray of shapely Polygon or MultiPolygon, shape (n_polygons,)
        WGS84 degrees.
    value : ndarray of float64, shape (n_polygons,)
    outside : float
        Intensity outside all of them.
    label : str
    notes : tuple of str
    """

    polygons: NDArray[np.object_]
    value: NDArray[np.float64]
    outside: float = 0.0
    label: str = "polygons"
    notes: tuple[str, ...] = ()

    @property
    def most(self) -> float:
        """Largest intensity."""
        return max(float(self.value.max()), self.outside)

    def at(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64], region: HazardRegion) -> NDArray[np.float64]:
        """Return the intensity at points; the border of a polygon belongs to it."""
        lon, lat = unproject(x_m, y_m, region.crs)
        # asked the other way round, polygon by polygon, each is prepared once for all points in its frame
        tree = shapely.STRtree(np.asarray(shapely.points(lon, lat), dtype=object))
        polygon, point = tree.query(self.polygons, predicate="intersects")
        highest = np.full(len(lon), -np.inf)
        np.maximum.at(highest, point, self.value[polygon])
        return np.where(np.isneginf(highest), self.outside, highest)

    def reaches(self, region: HazardRegion) -> bool:
        """Whether it says anything about the region."""
        lon, lat = region.frame()
        box = shapely.box(lon.min(), lat.min(), lon.max(), lat.max())
        return bool(shapely.intersects(self.polygons, box).any())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteSource:
    """Hazard sites: full intensity within a radius, beyond it falling to 1/e over each decay length.

    Where several reach a point the highest holds.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n_sites,)
        WGS84 degrees.
    value, radius_m, decay_m : ndarray of float64, shape (n_sites,)
        A decay length of 0 ends the hazard at the radius.
    label : str
    notes : tuple of str
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    value: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    decay_m: NDArray[np.float64]
    label: str = "hazard sites"
    notes: tuple[str, ...] = ()

    @property
    def most(self) -> float:
        """Largest intensity."""
        return float(self.value.max())

    def at(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64], region: HazardRegion) -> NDArray[np.float64]:
        """Return the intensity at points; less than a thousandth of a site's value counts as 0."""
        from scipy.spatial import cKDTree

        east, north = project(self.lon, self.lat, region.crs)
        tree, found = cKDTree(np.column_stack([x_m, y_m])), np.zeros(len(x_m))
        reach = self.radius_m + self.decay_m * math.log(1000)
        for near, x, y, value, radius, decay in zip(
            tree.query_ball_point(np.column_stack([east, north]), reach),
            east,
            north,
            self.value,
            self.radius_m,
            self.decay_m,
            strict=True,
        ):
            at = np.asarray(near, dtype=np.int64)
            beyond = np.maximum(np.hypot(x_m[at] - x, y_m[at] - y) - radius, 0.0)
            found[at] = np.maximum(found[at], value * (np.exp(-beyond / decay) if decay > 0 else 1.0))
        return found

    def reaches(self, region: HazardRegion) -> bool:
        """Whether it says anything about the region."""
        east, north = project(self.lon, self.lat, region.crs)
        west_m, south_m, east_m, north_m = region.bounds
        reach = self.radius_m + self.decay_m * math.log(1000)
        over = np.hypot(
            np.maximum(np.maximum(west_m - east, east - east_m), 0.0),
            np.maximum(np.maximum(south_m - north, north - north_m), 0.0),
        )
        return bool((over <= reach).any())


def hazard_polygons(
    source: Path | str | geopandas.GeoDataFrame,
    *,
    value_field: str = "value",
    only: Mapping[str, str] | None = None,
    crs: str | None = None,
    outside: float = 0.0,
    label: str = "hazard polygons",
) -> PolygonSource:
    """Read a layer of polygons with an intensity in a field.

    Parameters
    ----------
    source : path or GeoDataFrame
        GeoPackage, GeoJSON, shapefile or GeoParquet; ``file.gpkg#layer`` where there are several.
    value_field : str, optional
        Field of the intensity, in the unit of the layer's kind.
    only : mapping of str to str, optional
        Fields and the text that features must have in them, for instance ``{"kind": "flood_depth_m"}`` where a map
        holds several hazards; others are left out.
    crs : str, optional
        Declared system, where the layer states none.
    outside : float, optional
        Intensity outside all polygons.
    label : str, optional
        What to call a GeoDataFrame in messages.

    Returns
    -------
    PolygonSource

    Raises
    ------
    DataFileError
        If the file cannot be read.
    InputError
        With every feature that is no polygon or has no number of 0 or more in the field.
    """
    from rescuesim.demand.areas import read_areas

    areas = read_areas(source, label=label, fields=(value_field, *(only or {})), crs=crs)
    wanted = [all(areas.texts[name][at] == text for name, text in (only or {}).items()) for at in range(len(areas))]
    values, faults = _numbers(areas.texts[value_field], wanted, file=areas.label, column=value_field)
    if not any(wanted):
        faults.append(Fault(file=areas.label, expected=f"a feature with {dict(only or {})}"))
    if not 0 <= outside < math.inf:
        faults.append(Fault(column="outside", value=str(outside), expected="a finite value of 0 or more"))
    if faults:
        raise InputError(faults)
    polygons = areas.polygons[np.array(wanted)]
    en = f"{areas.label}: intensity {outside:g} outside {len(polygons)} polygons"
    note = Note(en, f"{areas.label}：{len(polygons)} 个多边形之外按 {outside:g} 计")
    notes = (*areas.notes, note)
    return PolygonSource(polygons=polygons, value=values, outside=outside, label=areas.label, notes=notes)


def _numbers(
    texts: Sequence[str], wanted: Sequence[bool], *, file: str, column: str
) -> tuple[NDArray[np.float64], list[Fault]]:
    """Read the wanted numbers of 0 or more, with a fault for each text that is none."""
    made: list[float] = []
    faults = []
    for row, (text, is_wanted) in enumerate(zip(texts, wanted, strict=True), 1):
        if not is_wanted:
            continue
        try:
            number = parse_number(text)
        except ValueError:
            number = math.nan
        if not 0 <= number < math.inf:
            faults.append(Fault(file=file, row=row, column=column, value=text, expected="a number of 0 or more"))
        made.append(number)
    return np.array(made), faults


_SITE_COLUMNS = (
    Column(name="lon", number=True, required=True),
    Column(name="lat", number=True, required=True),
    Column(name="value", number=True, required=True, minimum=0),
    Column(name="radius_m", number=True, required=True, minimum=0),
    Column(name="decay_m", number=True, minimum=0),
)


def hazard_sites(source: Path | str | pd.DataFrame, *, crs: str | None = None) -> SiteSource:
    """Read a table of hazard sites, such as known slides, dams or tailings ponds (R60).

    Parameters
    ----------
    source : path or DataFrame
        Columns ``lon, lat, value, radius_m`` and, optionally, ``decay_m`` (0 if absent).
    crs : str, optional
        Declared coordinate system of ``lon`` and ``lat``.

    Returns
    -------
    SiteSource

    Raises
    ------
    InputError
        With every fault in the table.
    """
    table = read_text_table(source, label="hazard sites", columns=_SITE_COLUMNS)
    frame, faults = check_table(table, _SITE_COLUMNS)
    code, unclear = declared_crs(table, crs)
    faults += [*position_faults(table, frame), *unclear]
    if faults:
        raise InputError(faults)
    frame = frame.reindex(columns=[column.name for column in _SITE_COLUMNS])
    lon, lat = to_wgs84(frame["lon"].to_numpy(np.float64), frame["lat"].to_numpy(np.float64), code)
    return SiteSource(
        lon=lon,
        lat=lat,
        value=frame["value"].to_numpy(np.float64),
        radius_m=frame["radius_m"].to_numpy(np.float64),
        decay_m=frame["decay_m"].fillna(0.0).to_numpy(np.float64),
    )
