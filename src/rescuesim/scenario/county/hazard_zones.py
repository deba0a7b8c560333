"""Where water rises and slopes slide in the county: the bureau's "one map" of risk (R59, R60) as polygons.

Water of a rare flood stands as deep and as wide as the river there drains (hydraulic geometry, Leopold and Maddock
1953: depth with about the 0.4th, width with about the 0.5th power of the discharge). Slopes slide where the relief of
the 200 m grid is steep.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from rescuesim.scenario.county.geometry import Floats, to_lonlat
from rescuesim.scenario.county.rivers import River
from rescuesim.scenario.county.terrain import CELL_M, COLUMNS, ROWS, Terrain, cell_xy, within

__all__ = ["HazardZone", "build_hazard_zones", "write_hazard_zones"]

# least drained area (km2), depth of the water in the middle of the zone (m), half width (m)
_FLOODS = ((12.0, 0.5, 40.0), (60.0, 1.0, 90.0), (300.0, 1.8, 200.0))
# least slope of the grid, susceptibility from 0 to 1
_SLIDES = ((0.30, 0.3), (0.42, 0.6))


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardZone:
    """One zone of the map.

    Parameters
    ----------
    name : str
    kind : {'flood_depth_m', 'landslide_susceptibility'}
    value : float
        Metres of water in a rare flood, or susceptibility from 0 to 1.
    shape : shapely geometry
        In local metres.
    """

    name: str
    kind: str
    value: float
    shape: Any


def build_hazard_zones(terrain: Terrain, rivers: Sequence[River]) -> tuple[HazardZone, ...]:
    """Draw the zones; where two of a kind overlap, the higher value comes later in the list.

    Parameters
    ----------
    terrain : Terrain
    rivers : sequence of River

    Returns
    -------
    tuple of HazardZone
        Those of low value first.
    """
    county = shapely.Polygon(terrain.outline)
    zones = []
    for least_km2, depth_m, half_width_m in _FLOODS:
        lines = [river.line[river.area_km2 >= least_km2] for river in rivers]
        wet = shapely.union_all(
            [shapely.buffer(shapely.LineString(line), half_width_m, quad_segs=4) for line in lines if len(line) > 1]
        )
        name = f"河谷淹没区（{depth_m:g} 米）"
        zones.append(
            HazardZone(name=name, kind="flood_depth_m", value=depth_m, shape=shapely.intersection(wet, county))
        )
    slope = _slope(terrain)
    for least, susceptibility in _SLIDES:
        cells = np.flatnonzero((slope >= least) & within(terrain.outline, cell_xy(np.arange(ROWS * COLUMNS)), 0.0))
        xy = cell_xy(cells)
        squares = shapely.box(*(xy - CELL_M / 2).T, *(xy + CELL_M / 2).T)
        zones.append(
            HazardZone(
                name=f"滑坡易发区（{susceptibility:g}）",
                kind="landslide_susceptibility",
                value=susceptibility,
                shape=shapely.union_all(squares),
            )
        )
    return tuple(zone for zone in zones if not zone.shape.is_empty)


def _slope(terrain: Terrain) -> Floats:
    """Slope of each cell, metres up per metre along; 0 where a neighbour is outside."""
    north, east = np.gradient(terrain.height_m.reshape(ROWS, COLUMNS), CELL_M)
    slope: Floats = np.nan_to_num(np.hypot(north, east).ravel(), nan=0.0)
    return slope


def _rings(shape: Any) -> list[list[list[list[float]]]]:
    """Coordinates of a shape as a GeoJSON MultiPolygon, degrees."""
    parts = shapely.get_parts(shape)
    return [
        [to_lonlat(np.asarray(ring.coords)).tolist() for ring in (part.exterior, *part.interiors)]
        for part in parts
        if part.geom_type == "Polygon"
    ]


def write_hazard_zones(path: Path, zones: Sequence[HazardZone]) -> None:
    """Write the zones as GeoJSON, in WGS 84 degrees as that format demands (RFC 7946)."""
    features = [
        {
            "type": "Feature",
            "properties": {"name": zone.name, "kind": zone.kind, "value": zone.value},
            "geometry": {"type": "MultiPolygon", "coordinates": _rings(zone.shape)},
        }
        for zone in zones
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
